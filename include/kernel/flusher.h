/* The thread that writes dirty pages of file systems with a store. */
#ifndef KERNEL_FLUSHER_H
#define KERNEL_FLUSHER_H

#include "base/compiler.h"

/* Before the first page of a store can get dirty. 0 (it runs, or ran already) or -ENOMEM. Sleeps. */
int must_check flusher_start(void);

#endif
