/* Kernel threads: no user memory, no files. */
#ifndef KERNEL_KTHREAD_H
#define KERNEL_KTHREAD_H

#include "base/compiler.h"

struct task;
/* Start fn(arg) as a task named @name, child of kthreadd's place (parent pid 2 or 0). NULL: no memory. fn may return: the thread ends. */
struct task *must_check kthread_run(void (*fn)(void *), void *arg, const char *name);

#endif
