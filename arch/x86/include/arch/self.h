/* The running thread: sync/thread.h's thread_self(), one load. NULL before the scheduler. */
#ifndef ARCH_SELF_H
#define ARCH_SELF_H

#include "arch/percpu.h"

struct thread;
struct arch_thread; /* its first member: kernel/sched.h */
extern struct arch_thread *current_arch_thread;

static inline struct thread *thread_self(void)
{
	return (struct thread *)(void *)this_cpu(current_arch_thread);
}

#endif
