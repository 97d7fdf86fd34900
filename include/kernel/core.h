/* Core files: stopping the process; sys/core.c writes. */
#ifndef KERNEL_CORE_H
#define KERNEL_CORE_H

#include "base/compiler.h"
#include "base/types.h"

enum { STATUS_CORE = 0x80 }; /* of a wait status */

/* The caller's process ends by @sig, its other threads rest until core_end. False: it ends already, or another one executes. */
bool must_check core_begin(int sig);
void core_end(bool written);
/* First act of an ending thread. May sleep. */
void core_join(void);

#endif
