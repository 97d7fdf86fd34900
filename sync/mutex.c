/*
 * Mutexes: one owner, waiters sleep in the order they came.
 *
 * OWNS     struct mutex.
 * WHY      barging (a running thread may take a free mutex before the woken waiter) avoids a task switch per unlock;
 *          a waiter that lost once is handed the mutex at the next unlock, so nobody starves.
 * I1       owner is NULL exactly when the mutex is free, once there are threads; only the owner unlocks.
 * I2       nr_waiters counts queued waiters; it is raised before the waiter's last try and read after the owner's
 *          release, so one of the two sees the other (Dekker): no lost wake-up.
 * I3       a waiter whose link points to itself has been given the mutex.
 * LOCKS    waitq.lock (rank WAITQ) guards queue and hand-over.
 * CONTEXT  threads only; may sleep. Before the scheduler runs there is no contention and the owner is a mark.
 * COST     uncontended: one atomic operation each way, inline (sync/mutex.h): 4 instructions.
 */
#include "sync/mutex.h"
#include "sync/kassert.h"

/* Stands for the boot code, which runs before threads exist; inline it is NULL, and nothing then looks. */
static char boot_owner;

static struct thread *self(void)
{
	struct thread *t = thread_self();

	return t ? t : (struct thread *)(void *)&boot_owner;
}

void mutex_init(struct mutex *m, enum lock_rank rank)
{
	m->owner = NULL;
	atomic_set(&m->nr_waiters, 0);
	waitq_init(&m->waitq);
	m->rank = (uint8_t)rank;
}

/* The first waiter gets the mutex if it lost it once already, else a chance. waitq.lock held. */
static void wake_first(struct mutex *m)
{
	struct waiter *w;
	struct thread *t;

	if (list_empty(&m->waitq.waiters))
		return;
	w = list_first(&m->waitq.waiters, struct waiter, link);
	t = w->thread;
	if (w->woken && mutex_take(m, t))
		list_del_init(&w->link);
	w->woken = true;
	thread_unpark(t);
}

/* Leave the queue. Return: the mutex is ours after all. */
static bool leave_queue(struct mutex *m, struct waiter *w, bool give_up)
{
	irqflags_t flags = spin_lock_irqsave(&m->waitq.lock);
	bool granted = list_empty(&w->link);

	if (!granted)
		list_del_init(&w->link);
	atomic_dec(&m->nr_waiters);
	if (give_up && !granted && !READ_ONCE(m->owner))
		wake_first(m); /* the wake-up we do not use belongs to the next */
	spin_unlock_irqrestore(&m->waitq.lock, flags);
	return granted;
}

static int lock_slow(struct mutex *m, struct thread *me, enum park_mode mode)
{
	struct waiter w;
	int err = 0;

	atomic_inc(&m->nr_waiters);
	waitq_add_exclusive(&m->waitq, &w);
	while (READ_ONCE(m->owner) != me && !mutex_take(m, me)) {
		err = thread_park(mode, PARK_FOREVER);
		if (err)
			break;
	}
	if (leave_queue(m, &w, err != 0))
		err = 0;
	return err;
}

void mutex_lock_slow(struct mutex *m)
{
	struct thread *me = self();

	if (CFG_DEBUG) {
		might_sleep();
		lockorder_acquire(m, (enum lock_rank)m->rank);
	}
	if (!mutex_take(m, me))
		(void)lock_slow(m, me, PARK_UNINTERRUPTIBLE);
	kassert(READ_ONCE(m->owner) == me);
}

int mutex_lock_interruptible(struct mutex *m) no_lock_analysis
{
	struct thread *me = self();
	int err;

	if (CFG_DEBUG) {
		might_sleep();
		lockorder_acquire(m, (enum lock_rank)m->rank);
	}
	if (likely(mutex_take(m, me)))
		return 0;
	err = lock_slow(m, me, PARK_INTERRUPTIBLE);
	if (CFG_DEBUG && err)
		lockorder_release(m, (enum lock_rank)m->rank);
	return err;
}

bool mutex_trylock(struct mutex *m) no_lock_analysis
{
	if (!mutex_take(m, self()))
		return false;
	if (CFG_DEBUG)
		lockorder_try_acquired(m, (enum lock_rank)m->rank);
	return true;
}

static void wake_waiter(struct mutex *m)
{
	irqflags_t flags = spin_lock_irqsave(&m->waitq.lock);

	if (!READ_ONCE(m->owner))
		wake_first(m);
	spin_unlock_irqrestore(&m->waitq.lock, flags);
}

void mutex_unlock_slow(struct mutex *m)
{
	if (CFG_DEBUG) {
		kassert(READ_ONCE(m->owner) == self());
		lockorder_release(m, (enum lock_rank)m->rank);
		(void)__atomic_exchange_n(&m->owner, NULL, __ATOMIC_SEQ_CST);
	}
	if (atomic_read(&m->nr_waiters))
		wake_waiter(m);
}

bool mutex_is_locked(const struct mutex *m)
{
	return READ_ONCE(m->owner) != NULL;
}
