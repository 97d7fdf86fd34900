/* What kernel/ needs from above. */
#ifndef KERNEL_IMPORTS_H
#define KERNEL_IMPORTS_H

#include "base/compiler.h"

/* sys/exit.c: the calling thread lets go of everything and ends. @status: wait status (code << 8, or a signal number). */
noreturn_ void do_exit(int status);
/* sys/exec.c: execve of a kernel thread that has fs and files. 0: it then enters user mode (arch_enter_user). */
int must_check exec_kernel(const char *path, const char *const *argv, const char *const *envp);
struct siginfo_k;
/* sys/core.c: @sig ends the caller's process; write its core file if that is wanted. Then it is ending. Sleeps. */
void core_dump(const struct siginfo_k *info, int sig);

#endif
