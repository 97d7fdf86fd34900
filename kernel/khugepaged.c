/*
 * khugepaged: the thread around khugepaged_step (mm/aspace/collapse.c).
 *
 * OWNS     the thread; it is made when somebody first wants huge pages, so a system that never does has none.
 * WHY      mm makes no threads; a step is bounded, says when the next one is due, and leaves the waiting to us.
 * LOCKS    none.
 * CONTEXT  khugepaged_wake: a thread that may sleep.
 * TESTED BY huge_thp.c
 */
#include "kernel/khugepaged.h"

#include "kernel/kthread.h"
#include "kernel/task.h"
#include "mm/thp.h"

static void khugepaged(void *unused)
{
	for (;;) {
		unsigned ms = 0;

		if (READ_ONCE(thp_enabled) != THP_NEVER)
			ms = khugepaged_step();
		(void)thread_park(PARK_INTERRUPTIBLE,
				  ms ? clock_ns() + ms * NSEC_PER_MSEC : PARK_FOREVER);
	}
}

void khugepaged_wake(void)
{
	static struct kthread_daemon daemon = { .fn = khugepaged, .name = "khugepaged" };

	kthread_daemon_wake(&daemon);
}
