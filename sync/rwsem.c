/*
 * Reader-writer semaphores: first come first served, but who runs may pass who sleeps, for PATIENCE_NS.
 *
 *   down   fast path, nobody waits | take it past the sleepers | look again for SPIN_NS while its writer runs | queue, sleep
 *   up     nobody waits: done | readers at the queue's head are given it; a writer there is woken, and takes it if it can
 *
 * OWNS     struct rwsem: one word with WRITER, WAITING, FAIR and the readers' count, and a queue.
 * I1       WRITER excludes readers: count is one of {0 or more readers} and {WRITER}, plus perhaps WAITING and FAIR.
 * I2       WAITING is set exactly while the queue is not empty (changed under waitq.lock); it closes the fast paths.
 * I3       a waiter whose link points to itself has been granted what it waits for.
 * I4       FAIR is set only with WAITING: a waiter has been in the queue for PATIENCE_NS, and from then on only the queue hands
 *          the semaphore out, in its order, until the one at the head has not waited for so long. So nobody starves.
 * I5       waking is set from the time when the writer at the head is woken until it has looked: it is woken once.
 * WHY      giving it to a sleeper at each release makes every holder wait for a wake-up: two threads that hold it for less time
 *          than a wake-up takes would do nothing but hand it over. Who runs takes it meanwhile.
 * LOCKS    waitq.lock (rank WAITQ) guards the queue, every grant, FAIR and waking.
 * COST     uncontended: one atomic operation for each lock and unlock.
 */
#include "sync/rwsem.h"
#include "arch/irqflags.h"
#include "base/errno.h"
#include "sync/kassert.h"

enum { SPIN_NS = 100 * 1000, PATIENCE_NS = 4 * 1000 * 1000 };

struct rw_waiter {
	struct waiter w;
	uint64_t until; /* i: then it is impatient */
};

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

/* Past the queue. */
static bool steal(struct rwsem *s, bool write)
{
	const long excludes = RWSEM_FAIR | RWSEM_WRITER;
	long c = atomic_long_read(&s->count);

	while (!(c & excludes) && !(write && c >= RWSEM_READER)) {
		if (count_replace(s, c, c + (write ? RWSEM_WRITER : RWSEM_READER)))
			return true;
		c = atomic_long_read(&s->count);
	}
	return false;
}

static struct rw_waiter *head_of(struct rwsem *s)
{
	return list_empty(&s->waitq.waiters)
		       ? NULL
		       : list_first(&s->waitq.waiters, struct rw_waiter, w.link);
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

/* @w leaves the queue; keeps I2 and I4. waitq.lock held. */
static void leave_queue(struct rwsem *s, struct rw_waiter *w)
{
	struct rw_waiter *head;
	long clear = 0;

	list_del_init(&w->w.link);
	head = head_of(s);
	if (!head)
		clear = RWSEM_WAITING | RWSEM_FAIR;
	else if ((atomic_long_read(&s->count) & RWSEM_FAIR) && clock_ns() < head->until)
		clear = RWSEM_FAIR;
	if (clear)
		(void)__atomic_fetch_and(&s->count.v, ~clear, __ATOMIC_SEQ_CST);
}

/* The writer at the head may take it, if it is free: it is told so, once. waitq.lock held. */
static void wake_writer(struct rwsem *s, struct rw_waiter *w)
{
	long c = atomic_long_read(&s->count);

	if (s->waking || (c & RWSEM_WRITER) || c >= RWSEM_READER)
		return;
	s->waking = true;
	thread_unpark(w->w.thread);
}

/* If @w, which cannot have it yet, has waited for long, nobody passes the queue any more. waitq.lock held. */
static void be_fair(struct rwsem *s, const struct rw_waiter *w)
{
	if (clock_ns() >= w->until)
		(void)__atomic_fetch_or(&s->count.v, RWSEM_FAIR, __ATOMIC_SEQ_CST);
}

/* Waiters are served from the head on, as long as it is possible. waitq.lock held. */
static void serve_waiters(struct rwsem *s)
{
	struct rw_waiter *w;

	while ((w = head_of(s)) != NULL) {
		struct thread *t = w->w.thread;

		if (w->w.exclusive && !(atomic_long_read(&s->count) & RWSEM_FAIR)) {
			wake_writer(s, w);
			return;
		}
		if (!grant_head(s, w->w.exclusive)) {
			be_fair(s, w);
			return;
		}
		if (w->w.exclusive) {
			s->waking = false;
			WRITE_ONCE(s->owner, t);
		}
		leave_queue(s, w); /* which may be gone at once */
		thread_unpark(t);
	}
}

static void serve(struct rwsem *s)
{
	irqflags_t flags = spin_lock_irqsave(&s->waitq.lock);

	serve_waiters(s);
	spin_unlock_irqrestore(&s->waitq.lock, flags);
}

/* Close the fast paths. */
static void enter_queue(struct rwsem *s, struct rw_waiter *w, bool write)
{
	irqflags_t flags;

	w->w.thread = thread_self();
	w->w.wake = NULL;
	w->w.exclusive = write;
	w->until = clock_ns() + PATIENCE_NS;
	flags = spin_lock_irqsave(&s->waitq.lock);
	list_add_tail(&w->w.link, &s->waitq.waiters);
	(void)__atomic_fetch_or(&s->count.v, RWSEM_WAITING, __ATOMIC_SEQ_CST);
	if (head_of(s) != w)
		serve_waiters(s); /* it may have become free since the fast path failed */
	spin_unlock_irqrestore(&s->waitq.lock, flags);
}

/* A writer at the head takes it if it is free; whoever is impatient closes the way past the queue. waitq.lock held. */
static bool take_turn(struct rwsem *s, struct rw_waiter *w)
{
	if (head_of(s) == w) {
		s->waking = false;
		if (grant_head(s, w->w.exclusive)) {
			leave_queue(s, w);
			return true;
		}
	}
	be_fair(s, w);
	return false;
}

/* Has @w what it waits for? Under the lock, so that nobody touches @w after we return. */
static bool granted(struct rwsem *s, struct rw_waiter *w)
{
	irqflags_t flags = spin_lock_irqsave(&s->waitq.lock);
	bool yes = list_empty(&w->w.link);

	if (!yes && take_turn(s, w)) {
		yes = true;
		serve_waiters(s); /* more readers */
	}
	spin_unlock_irqrestore(&s->waitq.lock, flags);
	return yes;
}

/* Give up waiting. Return: too late, it is granted. */
static bool give_up(struct rwsem *s, struct rw_waiter *w)
{
	irqflags_t flags = spin_lock_irqsave(&s->waitq.lock);
	bool yes = list_empty(&w->w.link);

	if (!yes) {
		if (head_of(s) == w)
			s->waking = false;
		leave_queue(s, w);
		serve_waiters(s); /* a writer that leaves lets the readers behind it in */
	}
	spin_unlock_irqrestore(&s->waitq.lock, flags);
	return yes;
}

/* Without sleep. A semaphore that nobody writes has readers, or is on its way from one hand to the other. */
static bool spin(struct rwsem *s, bool write)
{
	uint64_t until;

	if (steal(s, write))
		return true;
	until = clock_ns() + SPIN_NS;
	while (!(atomic_long_read(&s->count) & RWSEM_FAIR) &&
	       thread_may_spin_for(READ_ONCE(s->owner)) && clock_ns() < until) {
		cpu_relax();
		if (steal(s, write))
			return true;
	}
	return false;
}

static int wait_queued(struct rwsem *s, bool write, enum park_mode mode)
{
	struct rw_waiter w;
	int err = 0;

	enter_queue(s, &w, write);
	while (!granted(s, &w)) {
		err = thread_park(mode, clock_ns() < w.until ? w.until : PARK_FOREVER);
		if (err == -EINTR)
			break;
		err = 0;
	}
	return err && !give_up(s, &w) ? err : 0;
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
	if (unlikely(c) && c < RWSEM_READER)
		serve(s);
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
		serve(s);
}

void rwsem_downgrade(struct rwsem *s) no_lock_analysis
{
	long c;

	kassert(s->owner == thread_self());
	WRITE_ONCE(s->owner, NULL);
	c = __atomic_add_fetch(&s->count.v, (long)(RWSEM_READER - RWSEM_WRITER), __ATOMIC_SEQ_CST);
	if (unlikely(c & RWSEM_WAITING))
		serve(s);
}

bool rwsem_is_write_locked(const struct rwsem *s)
{
	return atomic_long_read(&s->count) & RWSEM_WRITER;
}
