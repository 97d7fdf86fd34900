/* Inside tracefs: its switches (tracefs.c) and what has been recorded (tracefs_pipe.c). */
#ifndef FS_TRACEFS_IMPL_H
#define FS_TRACEFS_IMPL_H

#include "fs/sysfs.h"

/* Records are read, or not wanted any more: without points that are on, memory of empty rings goes. Sleeps. */
void tracefs_settle(void);
void tracefs_pipe_init(void);

#endif
