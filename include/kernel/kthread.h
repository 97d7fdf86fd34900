/* Kernel threads: no user memory, no files. */
#ifndef KERNEL_KTHREAD_H
#define KERNEL_KTHREAD_H

#include "base/compiler.h"

struct task;
/* Start fn(arg) as a task named @name, child of kthreadd (pid 2). NULL: no memory. fn may return: the thread ends. */
struct task *must_check kthread_run(void (*fn)(void *), void *arg, const char *name);
/* The same without starting it (sched_start does), as child of @parent (NULL: nobody's). */
struct task *must_check kthread_make(void (*fn)(void *), void *arg, const char *name,
				     struct task *parent);
/* Pid 2, whose children the kernel threads are. */
void kthreadd_start(void);

#endif
