/* What kernel/ needs from above. */
#ifndef KERNEL_IMPORTS_H
#define KERNEL_IMPORTS_H

#include "base/compiler.h"

/* sys/exit.c: the calling thread lets go of everything and ends. @status: wait status (code << 8, or a signal number). */
noreturn_ void do_exit(int status);
struct siginfo_k;
/* sys/core.c: @sig ends the caller's process; write its core file if that is wanted. Then it is ending. Sleeps. */
void core_dump(const struct siginfo_k *info, int sig);

#endif
