/*
 * Programs wait for who reads what is recorded of them: a recording that is to be whole is made at the reader's pace.
 *
 *   a record fills a ring to a quarter ──► WORK_TRACE: the thread waits before it goes on in user mode ──► less is left: all go on
 *
 * OWNS     whether it is on (tracefs' options/wait-for-reader, ours), who waits, and the readers' queue.
 * WHY      a ring that is full loses its oldest. A reader with any priority may still be too late: its own output makes it sleep, and the
 *          timer that wakes it may be late on a busy host. Only waiting is sure.
 *          In user mode: records are written under any lock, and there nothing is held. What one system call writes must have room in the
 *          other three quarters; what kernel threads write, too. More is lost as ever, and said.
 * I1       the reader never waits.
 * LOCKS    none; the words are single.   CONTEXT  trace_hold: threads without locks, on the way to user mode. The rest: threads.
 * TESTED BY tests/guest/proc_tracefs.c
 */
#include "kernel/trace_hold.h"

#include "base/errno.h"
#include "kernel/sched.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "sync/tracepoint.h"

struct waitq trace_readers = WAITQ_INIT(trace_readers);
static struct waitq held = WAITQ_INIT(held);
static const struct task
	*reader; /* compared only: who has taken records last, or switched waiting on */
enum { LOOK_NS = 100 * NSEC_PER_MSEC }; /* rings may be emptied otherwise: made anew, forgotten */

static void mark(void)
{
	sched_work_set(thread_self(), WORK_TRACE);
}

bool trace_hold_is_on(void)
{
	return READ_ONCE(tracebuf_on_filling) != NULL;
}

void trace_hold_switch(bool on)
{
	WRITE_ONCE(tracebuf_on_filling, on ? mark : NULL);
	WRITE_ONCE(reader, current_task());
	waitq_wake_all(&held);
}

void trace_hold_taken(void)
{
	WRITE_ONCE(reader, current_task());
	if (waitq_active(&held) && !tracebuf_is_filling())
		waitq_wake_all(&held);
}

void trace_hold(void)
{
	int r = READ_ONCE(reader) == current_task() ? 0 : -ETIMEDOUT;

	sched_work_clear(WORK_TRACE);
	while (r == -ETIMEDOUT) {
		waitq_wake_all(&trace_readers);
		r = wait_event_mode(&held, !trace_hold_is_on() || !tracebuf_is_filling(),
				    PARK_KILLABLE, clock_ns() + LOOK_NS);
	}
}
