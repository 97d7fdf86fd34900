/*
 * ksmd: the thread around ksm_step (mm/aspace/ksm.c).
 *
 * OWNS     the thread; it is made when somebody first turns merging on.
 * WHY      a step is short and says when the next is due, so a scan of many pages does not keep the CPU from others.
 * LOCKS    none.   CONTEXT  ksmd_wake: a thread that may sleep.
 * TESTED BY mem_ksm.c
 */
#include "kernel/ksmd.h"

#include "kernel/kthread.h"
#include "kernel/sched.h"
#include "kernel/task.h"
#include "mm/ksm.h"

enum { KSMD_NICE = 5 };

static void ksmd(void *unused)
{
	sched_set_nice(&current_task()->thread, KSMD_NICE);
	for (;;) {
		unsigned ms = ksm_step();

		if (ms == KSM_IDLE)
			(void)thread_park(PARK_INTERRUPTIBLE, PARK_FOREVER);
		else if (ms)
			(void)thread_park(PARK_INTERRUPTIBLE, clock_ns() + ms * NSEC_PER_MSEC);
		else
			cond_resched();
	}
}

void ksmd_wake(void)
{
	static struct kthread_daemon daemon = { .fn = ksmd, .name = "ksmd" };

	kthread_daemon_wake(&daemon);
}
