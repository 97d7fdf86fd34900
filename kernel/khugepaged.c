/*
 * khugepaged: the thread around khugepaged_step (mm/aspace/collapse.c).
 *
 * OWNS     the thread; it is made when somebody first wants huge pages, so a system that never does has none.
 * WHY      mm makes no threads; a step is bounded, says when the next one is due, and leaves the waiting to us.
 * LOCKS    none: compare and exchange decides who starts it.
 * CONTEXT  khugepaged_wake: a thread that may sleep.
 * TESTED BY huge_thp.c
 */
#include "kernel/khugepaged.h"

#include "base/atomic.h"
#include "kernel/kthread.h"
#include "kernel/task.h"
#include "mm/thp.h"

static atomic_t started;
static struct task *daemon; /* whoever set started; never goes back */

static void khugepaged(void *unused)
{
	for (;;) {
		unsigned ms = 0;

		if (READ_ONCE(thp_enabled) != THP_NEVER)
			ms = khugepaged_step();
		(void)thread_park(PARK_UNINTERRUPTIBLE,
				  ms ? clock_ns() + ms * NSEC_PER_MSEC : PARK_FOREVER);
	}
}

void khugepaged_wake(void)
{
	struct task *t = READ_ONCE(daemon);

	if (t) {
		thread_unpark(&t->thread);
		return;
	}
	if (!atomic_cmpxchg(&started, 0, 1))
		return;
	t = kthread_run(khugepaged, NULL, "khugepaged");
	WRITE_ONCE(daemon, t);
	if (!t)
		atomic_set(&started, 0);
}
