/*
 * Reader-writer semaphores, first come first served: a waiting writer stops new readers, so neither side starves.
 *
 * OWNS     struct rwsem: one word with WRITER, WAITING and the readers' count, and a queue.
 * I1       WRITER excludes readers: count is one of {0 or more readers} and {WRITER}, plus perhaps WAITING.
 * I2       WAITING is set exactly while the queue is not empty (changed under waitq.lock); it closes the fast paths, so
 *          only the queue hands out the semaphore then.
 * I3       a waiter whose link points to itself has been granted what it waits for.
 * I4       waking is set from the grant to a sleeping writer until that writer runs.
 * WHY      who finds it taken looks again for SPIN_NS, while the writer runs on another CPU or is getting up, or readers have it:
 *          two threads that hold it for less time than going to sleep and getting up takes would else do nothing but that, for
 *          each release hands it to a sleeper. As long as somebody is queued nobody spins: the queue's order holds.
 * LOCKS    waitq.lock (rank WAITQ) guards the queue and every grant.
 * COST     uncontended: one atomic operation for each lock and unlock. A grant wakes all readers at the queue's head
 *          or one writer.
 */
#include "sync/rwsem.h"
#include "arch/irqflags.h"
#include "sync/kassert.h"

enum { SPIN_NS = 100 * 1000 };

void rwsem_init(struct rwsem *s, enum lock_rank rank)
{
	atomic_long_set(&s->count, 0);
	s->owner = NULL;
	s->waking = false;
	waitq_init(&s->waitq);
	s->rank = (uint8_t)rank;
}

static bool count_replace(struct rwsem *s, long old, long new_value)
{
	return __atomic_compare_exchange_n(&s->count.v, &old, new_value, false, __ATOMIC_SEQ_CST,
					   __ATOMIC_RELAXED);
}

static bool try_read(struct rwsem *s)
{
	long c = atomic_long_read(&s->count);

	while (!(c & (RWSEM_WRITER | RWSEM_WAITING))) {
		if (count_replace(s, c, c + RWSEM_READER))
			return true;
		c = atomic_long_read(&s->count);
	}
	return false;
}

static bool try_write(struct rwsem *s)
{
	return count_replace(s, 0, RWSEM_WRITER);
}

/* What the waiter at the head wants is added to the count, if it is free. waitq.lock held. */
static bool grant_head(struct rwsem *s, bool write)
{
	long c = atomic_long_read(&s->count);

	for (;;) {
		if (c & RWSEM_WRITER || (write && c >= RWSEM_READER))
			return false;
		if (count_replace(s, c, c + (write ? RWSEM_WRITER : RWSEM_READER)))
			return true;
		c = atomic_long_read(&s->count);
	}
}

/* Grant to waiters from the head on as long as it is possible; keeps I2. waitq.lock held. */
static void grant_waiters(struct rwsem *s)
{
	while (!list_empty(&s->waitq.waiters)) {
		struct waiter *w = list_first(&s->waitq.waiters, struct waiter, link);
		struct thread *t = w->thread;

		if (!grant_head(s, w->exclusive))
			return;
		if (w->exclusive) {
			WRITE_ONCE(s->waking, true);
			WRITE_ONCE(s->owner, t);
		}
		list_del_init(&w->link);
		thread_unpark(t);
	}
	(void)__atomic_fetch_and(&s->count.v, ~(long)RWSEM_WAITING, __ATOMIC_SEQ_CST);
}

static void grant(struct rwsem *s)
{
	irqflags_t flags = spin_lock_irqsave(&s->waitq.lock);

	grant_waiters(s);
	spin_unlock_irqrestore(&s->waitq.lock, flags);
}

/* Queue @w and close the fast paths; it may be granted at once. */
static void enter_queue(struct rwsem *s, struct waiter *w, bool write)
{
	irqflags_t flags;

	w->thread = thread_self();
	w->wake = NULL;
	w->exclusive = write;
	flags = spin_lock_irqsave(&s->waitq.lock);
	list_add_tail(&w->link, &s->waitq.waiters);
	(void)__atomic_fetch_or(&s->count.v, RWSEM_WAITING, __ATOMIC_SEQ_CST);
	grant_waiters(s); /* it may have become free since the fast path failed */
	spin_unlock_irqrestore(&s->waitq.lock, flags);
}

/* Under the lock, so that no granter touches @w after we return. @leave: give up waiting. */
static bool granted(struct rwsem *s, struct waiter *w, bool leave)
{
	irqflags_t flags = spin_lock_irqsave(&s->waitq.lock);
	bool yes = list_empty(&w->link);

	if (!yes && leave) {
		list_del_init(&w->link);
		grant_waiters(s); /* a writer that leaves lets the readers behind it in */
	}
	spin_unlock_irqrestore(&s->waitq.lock, flags);
	return yes;
}

/* Without sleep. A semaphore that nobody writes has readers, or is on its way from one hand to the other. */
static bool spin(struct rwsem *s, bool write)
{
	const uint64_t until = clock_ns() + SPIN_NS;

	while (!(atomic_long_read(&s->count) & RWSEM_WAITING) &&
	       thread_may_spin_for(READ_ONCE(s->waking) ? NULL : READ_ONCE(s->owner)) &&
	       clock_ns() < until) {
		cpu_relax();
		if (write ? try_write(s) : try_read(s))
			return true;
	}
	return false;
}

static int wait_queued(struct rwsem *s, bool write, enum park_mode mode)
{
	struct waiter w;
	int err = 0;

	enter_queue(s, &w, write);
	while (!err && !granted(s, &w, false))
		err = thread_park(mode, PARK_FOREVER);
	if (err && granted(s, &w, true))
		err = 0;
	if (!err && write)
		WRITE_ONCE(s->waking, false);
	return err;
}

static noinline_ int wait_slow(struct rwsem *s, bool write, enum park_mode mode)
{
	return spin(s, write) ? 0 : wait_queued(s, write, mode);
}

static void note_acquire(struct rwsem *s)
{
	if (CFG_DEBUG) {
		might_sleep();
		lockorder_acquire(s, (enum lock_rank)s->rank);
	}
}

static int down_read(struct rwsem *s, enum park_mode mode)
{
	int err;

	note_acquire(s);
	if (likely(try_read(s)))
		return 0;
	err = wait_slow(s, false, mode);
	if (CFG_DEBUG && err)
		lockorder_release(s, (enum lock_rank)s->rank);
	return err;
}

static int down_write(struct rwsem *s, enum park_mode mode)
{
	int err = 0;

	note_acquire(s);
	if (unlikely(!try_write(s)))
		err = wait_slow(s, true, mode);
	if (!err)
		WRITE_ONCE(s->owner, thread_self());
	else if (CFG_DEBUG)
		lockorder_release(s, (enum lock_rank)s->rank);
	return err;
}

void rwsem_down_read(struct rwsem *s) no_lock_analysis
{
	(void)down_read(s, PARK_UNINTERRUPTIBLE);
}

void rwsem_down_write(struct rwsem *s) no_lock_analysis
{
	(void)down_write(s, PARK_UNINTERRUPTIBLE);
}

int rwsem_down_read_killable(struct rwsem *s) no_lock_analysis
{
	return down_read(s, PARK_KILLABLE);
}

int rwsem_down_write_killable(struct rwsem *s) no_lock_analysis
{
	return down_write(s, PARK_KILLABLE);
}

bool rwsem_try_read(struct rwsem *s) no_lock_analysis
{
	if (!try_read(s))
		return false;
	if (CFG_DEBUG)
		lockorder_try_acquired(s, (enum lock_rank)s->rank);
	return true;
}

bool rwsem_try_write(struct rwsem *s) no_lock_analysis
{
	if (!try_write(s))
		return false;
	WRITE_ONCE(s->owner, thread_self());
	if (CFG_DEBUG)
		lockorder_try_acquired(s, (enum lock_rank)s->rank);
	return true;
}

void rwsem_up_read(struct rwsem *s) no_lock_analysis
{
	long c;

	if (CFG_DEBUG)
		lockorder_release(s, (enum lock_rank)s->rank);
	c = __atomic_sub_fetch(&s->count.v, (long)RWSEM_READER, __ATOMIC_SEQ_CST);
	kassert(c >= 0);
	if (unlikely(c == RWSEM_WAITING))
		grant(s);
}

void rwsem_up_write(struct rwsem *s) no_lock_analysis
{
	long c;

	if (CFG_DEBUG)
		lockorder_release(s, (enum lock_rank)s->rank);
	kassert(s->owner == thread_self());
	WRITE_ONCE(s->owner, NULL);
	c = __atomic_sub_fetch(&s->count.v, (long)RWSEM_WRITER, __ATOMIC_SEQ_CST);
	if (unlikely(c))
		grant(s);
}

void rwsem_downgrade(struct rwsem *s) no_lock_analysis
{
	long c;

	kassert(s->owner == thread_self());
	WRITE_ONCE(s->owner, NULL);
	c = __atomic_add_fetch(&s->count.v, (long)(RWSEM_READER - RWSEM_WRITER), __ATOMIC_SEQ_CST);
	if (unlikely(c & RWSEM_WAITING))
		grant(s);
}

bool rwsem_is_write_locked(const struct rwsem *s)
{
	return atomic_long_read(&s->count) & RWSEM_WRITER;
}
