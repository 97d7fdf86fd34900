/*
 * Priority inheritance: the owner of a lock runs with the priority of the most urgent thread that waits for it, directly or
 * through other locks.
 *
 *	waiter --lock--> pi_lock --owner--> task --pi_waiter--> pi_lock --owner--> task ...
 *
 * OWNS     struct pi_lock, pi_waiter, task_futex.owned, blocked_on; thread->rt_lent.
 * WHY      else a thread of middle priority keeps the owner off the CPU, and with it the urgent thread for as long as it likes.
 *          One spin lock for all chains: a chain leads through threads of any process, and such a lock is asked for only
 *          when somebody has to sleep. Real-time priorities alone are lent, as in Linux: ordinary threads queue by time.
 * I1       l->waiters is ordered by falling prio, equal ones by arrival; it is empty only until the first pi_block.
 * I2       l is on owner->futex.owned exactly while it has waiters.
 * I3       owner->thread.rt_lent is the greatest prio of the first waiters of the owner's locks; 0: none.
 * I4       following owner and blocked_on never leads back: who would close the circle gets -EDEADLK.
 * I5       a task with futex.exited owns nothing and never will.
 * LOCKS    pi_mutex (rank PI, irqsave); run queues under it.
 * COST     O(waiters of the lock + length of the chain).
 * NOT HERE the user's words (futex_pi.c).
 * SOURCES  futex(2) "Priority-inheritance futexes"; Sha, Rajkumar, Lehoczky 1990.   TESTED BY  tests/guest/futex_pi.c
 */
#include "kernel/pi.h"
#include "base/errno.h"
#include "kernel/task.h"
#include "sync/kassert.h"

struct spinlock pi_mutex = SPINLOCK_INIT(RANK_PI);

/* A task that never met such a lock has no list yet. */
static struct list_head *owned_of(struct task *t)
{
	if (!t->futex.owned.next)
		list_init(&t->futex.owned);
	return &t->futex.owned;
}

struct pi_waiter *pi_first(const struct pi_lock *l)
{
	return list_first(&l->waiters, struct pi_waiter, link);
}

static void insert(struct pi_lock *l, struct pi_waiter *w)
{
	struct list_head *at = l->waiters.prev;

	while (at != &l->waiters && list_entry(at, struct pi_waiter, link)->prio < w->prio)
		at = at->prev;
	list_add(&w->link, at);
}

/* What @t's waiters lend it. Return: that is something else than before. */
static bool relend(struct task *t)
{
	struct pi_lock *l;
	int prio = 0;

	list_for_each_entry (l, owned_of(t), owned)
		prio = max_of(int, prio, pi_first(l)->prio);
	if (t->thread.rt_lent == prio)
		return false;
	sched_lend_priority(&t->thread, prio);
	return true;
}

/* @t's priority may have changed: so does its place in the queue it waits in, and then what it lends. */
static void follow(struct task *t)
{
	struct pi_waiter *w = t->futex.blocked_on;

	while (w && w->prio != t->thread.rt_effective) {
		struct pi_lock *l = w->lock;

		w->prio = t->thread.rt_effective;
		list_del(&w->link);
		insert(l, w);
		t = l->owner;
		if (!relend(t))
			return;
		w = t->futex.blocked_on;
	}
}

static void update(struct task *owner)
{
	if (relend(owner))
		follow(owner);
}

static bool waits_for(const struct task *t, const struct task *other)
{
	while (t != other) {
		if (!t->futex.blocked_on)
			return false;
		t = t->futex.blocked_on->lock->owner;
	}
	return true;
}

int pi_lock_start(struct pi_lock *l, struct task *owner)
{
	if (owner->futex.exited)
		return -ESRCH;
	*l = (struct pi_lock){ .owner = owner };
	list_init(&l->waiters);
	return 0;
}

int pi_block(struct pi_lock *l, struct pi_waiter *w)
{
	struct task *t = w->task;

	kassert(!t->futex.blocked_on);
	if (waits_for(l->owner, t))
		return -EDEADLK;
	if (list_empty(&l->waiters))
		list_add(&l->owned, owned_of(l->owner));
	w->lock = l;
	w->prio = t->thread.rt_effective;
	insert(l, w);
	t->futex.blocked_on = w;
	update(l->owner);
	return 0;
}

/* @w leaves the queue; the last one takes the lock's memory along. */
static void take_out(struct pi_waiter *w)
{
	struct pi_lock *l = w->lock;

	list_del(&w->link);
	w->task->futex.blocked_on = NULL;
	w->lock = NULL;
	if (!list_empty(&l->waiters))
		return;
	list_del(&l->owned);
	w->spent = l;
}

void pi_unblock(struct pi_waiter *w)
{
	struct task *owner = w->lock->owner;

	take_out(w);
	update(owner);
}

void pi_hand_over(struct pi_lock *l, bool died)
{
	struct pi_waiter *w = pi_first(l);
	struct task *from = l->owner, *to = w->task;

	take_out(w);
	if (w->spent != l) {
		l->owner = to;
		l->died = died;
		list_del(&l->owned);
		list_add(&l->owned, owned_of(to));
	}
	w->died = died;
	w->granted = true;
	update(from);
	update(to);
	thread_unpark(&to->thread);
}

void pi_priority_changed(struct task *t)
{
	irqflags_t flags = spin_lock_irqsave(&pi_mutex);

	follow(t);
	spin_unlock_irqrestore(&pi_mutex, flags);
}

void pi_task_exit(struct task *t, bool for_good)
{
	irqflags_t flags = spin_lock_irqsave(&pi_mutex);

	t->futex.exited = for_good;
	while (!list_empty(owned_of(t)))
		pi_hand_over(list_first(&t->futex.owned, struct pi_lock, owned), true);
	spin_unlock_irqrestore(&pi_mutex, flags);
}
