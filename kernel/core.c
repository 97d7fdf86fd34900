/*
 * Stopping a process for its core file.
 *
 *	core_begin: the others get SIGKILL --> each comes to core_join, as a first act of its end, and sleeps
 *	the file is written; registers and memory rest --> core_end: all go on ending
 *
 * OWNS     signal->core, core_left.
 * WHY      a thread that is killed comes to its end by itself, whatever it was doing; there its registers are on its stack
 *          and it still has the memory. Nothing else has to know that a file is being written.
 * I1       core_left is the number of threads that were not exiting at core_begin and have not come to core_join.
 * I2       a thread that sleeps in core_join is not exiting yet: it is counted as living.
 * LOCKS    tasklist_lock (with sighand->lock to begin).   CONTEXT  a thread of the process; sleeps.
 * SOURCES  core(5).   TESTED BY  tests/guest/core_file.c
 */
#include "kernel/core.h"
#include "kernel/task_impl.h"

static unsigned count_others(const struct signal_struct *s, const struct task *me)
{
	const struct task *t;
	unsigned n = 0;

	list_for_each_entry (t, &s->threads, thread_link)
		n += t != me && !t->exiting;
	return n;
}

static bool begin(struct task *me, int sig)
{
	struct signal_struct *s = me->signal;
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	bool ok;

	spin_lock(&me->sighand->lock);
	ok = !s->group_exit && !s->exec_task;
	if (ok) {
		signal_begin_group_exit_locked(s, sig, me);
		s->core = me;
		s->core_left = count_others(s, me);
	}
	spin_unlock(&me->sighand->lock);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return ok;
}

/* They have said that they are about to sleep; now they are off their CPUs. */
static void wait_asleep(const struct task *me)
{
	int pid = 0;
	struct task *t;

	while ((t = task_next_thread(me->signal->leader, &pid))) {
		if (t != me && !t->exiting)
			sched_wait_gone(&t->thread);
		task_put(t);
		pid++;
	}
}

bool core_begin(int sig)
{
	struct task *me = current_task();

	if (!begin(me, sig))
		return false;
	while (READ_ONCE(me->signal->core_left))
		(void)thread_park(PARK_UNINTERRUPTIBLE, PARK_FOREVER);
	wait_asleep(me);
	return true;
}

void core_end(bool written)
{
	struct task *me = current_task();
	struct signal_struct *s = me->signal;
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);

	if (written)
		s->exit_code |= STATUS_CORE;
	s->core = NULL;
	spin_unlock_irqrestore(&tasklist_lock, flags);
	waitq_wake_all(&s->wait_child);
}

void core_join(void)
{
	struct task *me = current_task();
	struct signal_struct *s = me->signal;
	irqflags_t flags;
	bool waits;

	if (likely(!READ_ONCE(s->group_exit)))
		return;
	flags = spin_lock_irqsave(&tasklist_lock);
	waits = s->core && s->core != me && !me->exiting;
	if (waits && !--s->core_left)
		thread_unpark(&s->core->thread);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	if (waits)
		wait_event(&s->wait_child, !READ_ONCE(s->core));
}
