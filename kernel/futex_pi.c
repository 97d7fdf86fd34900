/*
 * Futexes with an owner: FUTEX_LOCK_PI, LOCK_PI2, TRYLOCK_PI, UNLOCK_PI.
 *
 *	word: 0 free | tid owned | tid|WAITERS others sleep in the kernel | OWNER_DIED, with or without a tid: the owner ended
 *
 * OWNS     the words while a lock's bucket is held; who waits for what is pi.c's.
 * WHY      the lock is handed over: the one who unlocks writes its heir's number into the word before the heir wakes, so no
 *          other thread takes the lock in between, and the most urgent waiter is the next owner.
 * I1       while the kernel knows of waiters the word has FUTEX_WAITERS, so that the owner's unlock comes here.
 * I2       the word holds the number of pi_lock.owner, but for an owner that died: then its heir writes the word when it
 *          runs (the dying thread may have the word at another address, or not at all), and until then who looks finds the
 *          heir among the bucket's waiters (pi_waiter.died, pi_lock.died).
 * I3       waiters of one key are all of one kind: ordinary, for a lock, or for one after a requeue. Mixing is -EINVAL.
 * LOCKS    bucket, then pi_mutex; the word is read and changed under both without faulting, and faulted in outside.
 * FAILS    as futex(2): EAGAIN EDEADLK EFAULT EINVAL ENOMEM EPERM ESRCH ETIMEDOUT.
 * SOURCES  futex(2) "Priority-inheritance futexes".   TESTED BY  tests/guest/futex_pi.c
 */
#include "arch/uaccess.h"
#include "base/errno.h"
#include "kernel/futex_impl.h"
#include "kernel/pi.h"
#include "kernel/task.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

static uint32_t tid_in(uint32_t word)
{
	return word & FUTEX_TID_MASK;
}

static int peek(uaddr_t addr, uint32_t *word)
{
	return copy_from_user_nofault(word, addr, sizeof(*word)) ? -EFAULT : 0;
}

/* 0, -EFAULT, PI_RETRY: it was not @old. */
static int replace(uaddr_t addr, uint32_t old, uint32_t fresh)
{
	uint32_t seen;

	if (user_cmpxchg_u32_nofault(addr, old, fresh, &seen))
		return -EFAULT;
	return seen == old ? 0 : PI_RETRY;
}

static int fault_in(uaddr_t addr)
{
	uint32_t now;

	return get_user(&now, addr) || user_cmpxchg_u32(addr, now, now, &now) ? -EFAULT : 0;
}

/* ---- an attempt ---- */

int pi_attempt_begin(struct pi_attempt *a, bool shared)
{
	int err = futex_key_of(a->addr, shared, &a->key);

	if (err)
		return err;
	if (!a->spare)
		a->spare = failpoint("pi_lock") ? NULL : kmalloc(sizeof(*a->spare), GFP_KERNEL);
	if (!a->spare)
		return -ENOMEM;
	if (get_user(&a->seen, a->addr))
		return -EFAULT;
	a->holder = tid_in(a->seen) ? task_find((int)tid_in(a->seen)) : NULL;
	return 0;
}

int pi_attempt_end(struct pi_attempt *a, int ret)
{
	if (a->holder)
		task_put(a->holder);
	a->holder = NULL;
	if (ret == -EFAULT && !fault_in(a->addr))
		ret = PI_RETRY;
	if (ret == PI_RETRY)
		cond_resched();
	return ret;
}

/* The lock with that key, or whoever has it but could not say so in the word yet. 0, -EINVAL. */
static int find(struct bucket *b, const struct futex_key *key, struct pi_lock **lock,
		struct task **heir)
{
	struct futex_waiter *w;

	*lock = NULL;
	*heir = NULL;
	list_for_each_entry (w, &b->waiters, link) {
		if (!futex_same_key(&w->key, key))
			continue;
		if (!w->pi || w->target)
			return -EINVAL;
		if (w->pi->lock) {
			*lock = w->pi->lock;
			return 0;
		}
		if (w->pi->granted && w->pi->died)
			*heir = w->pi->task;
	}
	return 0;
}

/* Nobody has it: @a->task does. */
static int take(const struct pi_attempt *a, uint32_t now)
{
	uint32_t fresh = (uint32_t)a->task->pid | (now & FUTEX_OWNER_DIED);
	int err = replace(a->addr, now, fresh | (a->mark ? FUTEX_WAITERS : 0));

	return err ? err : PI_ACQUIRED;
}

/* The holder that the word names, before the first one waits. Word unchanged since it was looked for, or retry. */
static int check_holder(const struct pi_attempt *a, uint32_t now)
{
	uint32_t again;

	if (tid_in(now) != tid_in(a->seen))
		return PI_RETRY;
	if (a->holder && a->holder->thread.is_kthread)
		return -EPERM;
	if (a->holder && !a->holder->futex.exited)
		return 0;
	/* It has ended; has it marked the word meanwhile? */
	if (peek(a->addr, &again))
		return -EFAULT;
	return again == now ? -ESRCH : PI_RETRY;
}

int pi_attempt_do(struct pi_attempt *a, struct bucket *b, struct pi_lock **lock)
{
	struct task *heir;
	uint32_t now;
	int err;

	if (peek(a->addr, &now))
		return -EFAULT;
	if (tid_in(now) == (uint32_t)a->task->pid)
		return -EDEADLK;
	err = find(b, &a->key, lock, &heir);
	if (err)
		return err;
	if (*lock)
		return !(*lock)->died && tid_in(now) != (uint32_t)(*lock)->owner->pid ? -EINVAL
										      : PI_WAIT;
	if (!heir && !tid_in(now))
		return take(a, now);
	err = heir ? 0 : check_holder(a, now);
	if (!err && !(now & FUTEX_WAITERS))
		err = replace(a->addr, now, now | FUTEX_WAITERS);
	if (!err)
		err = pi_lock_start(a->spare, heir ? heir : a->holder);
	if (err)
		return err;
	a->spare->died = heir;
	*lock = a->spare;
	return PI_WAIT;
}

int pi_attempt_wait(struct pi_attempt *a, struct pi_lock *lock, struct futex_waiter *w,
		    struct bucket *b)
{
	int err = pi_block(lock, w->pi);

	if (err)
		return err;
	if (lock == a->spare)
		a->spare = NULL;
	w->key = a->key;
	w->target = NULL;
	futex_queue(b, w);
	return 0;
}

/* ---- the waiter ---- */

/* The owner before @w died: the word is told who has the lock now. Bucket and pi_mutex locked. 0, -EFAULT. */
static int claim(const struct futex_waiter *w, uaddr_t addr)
{
	uint32_t now, fresh = (uint32_t)w->pi->task->pid | FUTEX_WAITERS | FUTEX_OWNER_DIED;
	struct pi_lock *lock;
	struct task *heir;
	int err;

	do {
		err = peek(addr, &now);
		if (!err)
			err = replace(addr, now, fresh);
	} while (err == PI_RETRY);
	if (!err && !find(w->bucket, &w->key, &lock, &heir) && lock)
		lock->died = false;
	return err;
}

/* The lock cannot be had, because its word cannot be written: the next waiter may try. Both locked. */
static void pass_on(const struct futex_waiter *w)
{
	struct pi_lock *lock;
	struct task *heir;

	if (!find(w->bucket, &w->key, &lock, &heir) && lock && lock->owner == w->pi->task)
		pi_hand_over(lock, true);
}

/* Both locked. */
static long wait_end_locked(struct futex_waiter *w, uaddr_t addr, long err, bool hopeless)
{
	struct pi_waiter *p = w->pi;

	if (!p->granted) {
		if (p->lock)
			pi_unblock(p);
	} else {
		err = p->died ? claim(w, addr) : 0;
		if (err && !hopeless)
			return PI_RETRY;
		if (err)
			pass_on(w);
	}
	list_del_init(&w->link);
	return err;
}

long pi_wait_end(struct futex_waiter *w, uaddr_t addr, long err) no_lock_analysis
{
	bool hopeless = false;
	long ret;

	for (;;) {
		irqflags_t flags;
		struct bucket *b = futex_lock_home(w, &flags);

		spin_lock(&pi_mutex);
		ret = wait_end_locked(w, addr, err, hopeless);
		spin_unlock(&pi_mutex);
		futex_unlock_bucket(b, flags);
		if (ret != PI_RETRY)
			break;
		hopeless = fault_in(addr);
	}
	kfree(w->pi->spent);
	return ret;
}

/* ---- the operations ---- */

static int lock_once(struct pi_attempt *a, struct futex_waiter *w, bool try_only) no_lock_analysis
{
	struct bucket *b = futex_bucket(&a->key);
	irqflags_t flags = futex_lock_bucket(b);
	struct pi_lock *lock;
	int ret;

	spin_lock(&pi_mutex);
	ret = pi_attempt_do(a, b, &lock);
	if (ret == PI_WAIT)
		ret = try_only ? -EAGAIN : pi_attempt_wait(a, lock, w, b);
	spin_unlock(&pi_mutex);
	futex_unlock_bucket(b, flags);
	return ret;
}

long futex_lock_pi(uaddr_t addr, bool shared, bool try_only, uint64_t timeout_ns)
{
	struct pi_waiter p = { .task = current_task() };
	struct futex_waiter w = { .thread = thread_self(), .bitset = UINT32_MAX, .pi = &p };
	struct pi_attempt a = { .addr = addr, .task = current_task() };
	int err;

	do {
		err = pi_attempt_begin(&a, shared);
		if (!err)
			err = pi_attempt_end(&a, lock_once(&a, &w, try_only));
	} while (err == PI_RETRY);
	kfree(a.spare);
	if (err)
		return err == PI_ACQUIRED ? 0 : err;
	while (!err && !READ_ONCE(p.granted))
		err = thread_park(PARK_INTERRUPTIBLE, timeout_ns);
	return pi_wait_end(&w, addr, err == -EINTR ? -ERESTARTNOINTR : err);
}

/* Both locked; @now: the word. */
static int unlock_locked(uaddr_t addr, const struct futex_key *key, struct bucket *b, uint32_t now)
{
	struct pi_lock *lock;
	struct task *heir;
	int err = find(b, key, &lock, &heir);

	if (err)
		return err;
	if (!lock)
		return replace(addr, now, 0);
	if (lock->owner != current_task())
		return -EINVAL;
	err = replace(addr, now, (uint32_t)pi_first(lock)->task->pid | FUTEX_WAITERS);
	if (!err)
		pi_hand_over(lock, false);
	return err;
}

static int unlock_once(uaddr_t addr, const struct futex_key *key) no_lock_analysis
{
	struct bucket *b = futex_bucket(key);
	irqflags_t flags = futex_lock_bucket(b);
	uint32_t now;
	int err;

	spin_lock(&pi_mutex);
	err = peek(addr, &now);
	if (!err && tid_in(now) != (uint32_t)current_task()->pid)
		err = -EPERM;
	if (!err)
		err = unlock_locked(addr, key, b, now);
	spin_unlock(&pi_mutex);
	futex_unlock_bucket(b, flags);
	return err;
}

long futex_unlock_pi(uaddr_t addr, bool shared)
{
	struct futex_key key;
	int err;

	do {
		err = futex_key_of(addr, shared, &key);
		if (!err)
			err = unlock_once(addr, &key);
		if (err == -EFAULT && !fault_in(addr))
			err = PI_RETRY;
		if (err == PI_RETRY)
			cond_resched();
	} while (err == PI_RETRY);
	return err;
}
