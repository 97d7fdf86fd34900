/*
 * From a condition to its mutex: FUTEX_WAIT_REQUEUE_PI, FUTEX_CMP_REQUEUE_PI.
 *
 * WHY      a broadcast would wake all waiters of a condition only for them to queue at the mutex. So the first one gets the
 *          mutex if it is free, and the others are moved to its queue, asleep, and lend its owner their priority.
 * I1       a waiter's target is set until it has been moved or given the lock; then its key and bucket are the mutex's.
 * LOCKS    both buckets by address, then pi_mutex.
 * FAILS    as futex(2).
 * SOURCES  futex(2); Hart, Guniguntala, "Requeue-PI: Making Glibc Condvars PI-Aware", 2009.
 * TESTED BY  tests/guest/futex_pi.c
 */
#include "arch/uaccess.h"
#include "base/errno.h"
#include "kernel/futex_impl.h"
#include "kernel/pi.h"
#include "kernel/task.h"
#include "mm/slab.h"

/* ---- waiting ---- */

static int enqueue(uaddr_t addr, bool shared, uint32_t val, struct futex_waiter *w)
{
	uint32_t now;
	int err;

	for (;;) {
		err = futex_key_of(addr, shared, &w->key);
		if (!err && futex_same_key(&w->key, w->target))
			err = -EINVAL;
		if (err)
			return err;
		err = futex_enqueue(addr, val, w);
		if (err != -EFAULT || get_user(&now, addr))
			return err;
	}
}

/* A signal: before it was moved the call starts again, afterwards the caller looks at its condition. */
static long interrupted(struct futex_waiter *w)
{
	irqflags_t flags;
	struct bucket *b = futex_lock_home(w, &flags);
	bool moved = !w->target;

	if (!moved)
		list_del_init(&w->link);
	futex_unlock_bucket(b, flags);
	return moved ? -EAGAIN : -ERESTARTNOINTR;
}

long futex_wait_requeue_pi(uaddr_t addr, bool shared, uint32_t val, uint64_t timeout_ns,
			   uaddr_t addr2)
{
	struct pi_waiter p = { .task = current_task() };
	struct futex_key target;
	struct futex_waiter w = {
		.thread = thread_self(), .bitset = UINT32_MAX, .pi = &p, .target = &target
	};
	long err = addr == addr2 ? -EINVAL : futex_key_of(addr2, shared, &target);

	if (!err)
		err = enqueue(addr, shared, val, &w);
	if (err)
		return err;
	while (!err && !READ_ONCE(p.granted))
		err = thread_park(PARK_INTERRUPTIBLE, timeout_ns);
	if (err == -EINTR)
		err = interrupted(&w);
	return pi_wait_end(&w, addr2, err);
}

/* ---- moving ---- */

struct requeue {
	struct pi_attempt a; /* at the mutex */
	uaddr_t addr;	     /* the condition's word */
	struct futex_key key;
	uint32_t val;
	int nr_requeue;
	struct bucket *from, *to;
	struct pi_lock *lock; /* NULL: not known yet */
	int done;
};

/* The mutex was free: @w has it, and is what the others wait for. */
static void give(struct requeue *r, struct futex_waiter *w)
{
	list_del(&w->link);
	w->key = r->a.key;
	w->target = NULL;
	futex_queue(r->to, w);
	w->pi->granted = true;
	if (!pi_lock_start(r->a.spare, w->pi->task))
		r->lock = r->a.spare;
	thread_unpark(w->thread);
}

/* 0: given or moved; else why nothing was. All locked. */
static int move_one(struct requeue *r, struct futex_waiter *w)
{
	int err;

	if (!w->pi || !w->target || !futex_same_key(w->target, &r->a.key))
		return -EINVAL;
	if (!r->lock) {
		r->a.task = w->pi->task;
		r->a.mark = r->nr_requeue > 0;
		err = pi_attempt_do(&r->a, r->to, &r->lock);
		if (err == PI_ACQUIRED)
			give(r, w);
		if (err != PI_WAIT)
			return err == PI_ACQUIRED ? 0 : err;
	}
	list_del(&w->link);
	err = pi_attempt_wait(&r->a, r->lock, w, r->to);
	if (err)
		futex_queue(r->from, w);
	return err;
}

/* r->done: how many were given the lock or moved. 0, PI_RETRY, -errno. PI_RETRY and -EFAULT come before the first only. */
static int move_all(struct requeue *r)
{
	struct futex_waiter *w, *tmp;
	uint32_t now;
	int err = 0;

	r->done = 0;
	r->lock = NULL;
	if (copy_from_user_nofault(&now, r->addr, sizeof(now)))
		return -EFAULT;
	if (now != r->val)
		return -EAGAIN;
	list_for_each_entry_safe (w, tmp, &r->from->waiters, link) {
		if (r->done > r->nr_requeue)
			break;
		if (!futex_same_key(&w->key, &r->key))
			continue;
		err = move_one(r, w);
		if (err)
			break;
		r->done++;
	}
	return err;
}

static int move_locked(struct requeue *r) no_lock_analysis
{
	irqflags_t flags;
	int err;

	r->from = futex_bucket(&r->key);
	r->to = futex_bucket(&r->a.key);
	flags = futex_lock_buckets(r->from, r->to);
	spin_lock(&pi_mutex);
	err = move_all(r);
	spin_unlock(&pi_mutex);
	futex_unlock_buckets(r->from, r->to, flags);
	return err;
}

long futex_cmp_requeue_pi(uaddr_t addr, bool shared, int nr_wake, int nr_requeue, uaddr_t addr2,
			  uint32_t val)
{
	struct requeue r = {
		.a = { .addr = addr2 }, .addr = addr, .val = val, .nr_requeue = nr_requeue
	};
	bool bad = false;
	uint32_t now;
	int err;

	if (nr_requeue < 0 || nr_wake != 1 || addr == addr2)
		return -EINVAL;
	do {
		err = futex_key_of(addr, shared, &r.key);
		if (!err)
			err = pi_attempt_begin(&r.a, shared);
		if (err)
			break;
		err = futex_same_key(&r.key, &r.a.key) ? -EINVAL : move_locked(&r);
		bad = err == -EFAULT && get_user(&now, addr);
		err = pi_attempt_end(&r.a, err);
	} while (err == PI_RETRY && !bad);
	kfree(r.a.spare);
	return bad ? -EFAULT : err ? err : r.done;
}
