/* What kernel/ needs from above. */
#ifndef KERNEL_IMPORTS_H
#define KERNEL_IMPORTS_H

#include "base/compiler.h"

/* sys/exit.c: the calling thread lets go of everything and ends. @status: wait status (code << 8, or a signal number). */
noreturn_ void do_exit(int status);

#endif
