/* Kernel threads: no user memory, no files. */
#ifndef KERNEL_KTHREAD_H
#define KERNEL_KTHREAD_H

#include "base/compiler.h"

#include "base/atomic.h"

struct task;
/* A kernel thread that is made when it is first needed. Guard of both fields: compare and exchange of @started. */
struct kthread_daemon {
	void (*fn)(void *); /* never returns */
	const char *name;
	atomic_t started;
	struct task *task; /* whoever set started; never goes back */
};
/* It is made, or unparked. Without memory for it nothing happens: the next call tries again. May sleep. */
void kthread_daemon_wake(struct kthread_daemon *d);
/* Start fn(arg) as a task named @name, child of kthreadd (pid 2). NULL: no memory. fn may return: the thread ends. */
struct task *must_check kthread_run(void (*fn)(void *), void *arg, const char *name);
/* The same without starting it (sched_start does), as child of @parent (NULL: nobody's). */
struct task *must_check kthread_make(void (*fn)(void *), void *arg, const char *name,
				     struct task *parent);
/* Pid 2, whose children the kernel threads are. */
void kthreadd_start(void);

/* ---- signals (sigstate.c) ---- */

/* @t, a kernel thread that nobody else knows yet, is reached by no signal, not even SIGKILL. */
void signal_ignore_all(struct task *t);
/* The caller is a kernel thread no longer, but about to be a program: default actions. */
void signal_heed_all(void);
/* The caller, a kernel thread, is reached by @sig (1 to NSIG), or no longer: signal_pending() says so, nothing else happens. */
void signal_allow(int sig, bool allowed);

#endif
