/*
 * Futexes: threads waiting for a user word to change.
 *
 * OWNS     the hash of waiters.
 * WHY      the word is compared under the bucket's lock, and a waker takes the same lock after it has changed the word: a
 *          wake-up cannot fall between the comparison and the sleep.
 * I1       a waiter's link points to itself exactly when it has been woken; it is in the bucket of its key otherwise.
 * I2       real-time waiters come first in a bucket, by priority; the others and equal ones in order of arrival.
 * I3       a key of shared memory is the page's mapping and place there; of private memory the address space and address.
 *          So processes that map the same file or shared memory meet, wherever they map it.
 * LOCKS    bucket->lock (rank FUTEX); two by address. User memory is read under it without faulting: a fault is taken
 *          outside and the whole attempt repeated.
 * COST     O(waiters of the bucket) for wake; 256 buckets.
 * NOT HERE locks with priority inheritance (futex_pi.c, futex_requeue.c), the end of a thread (futex_exit.c).
 * SOURCES  futex(2), futex_waitv(2); Drepper, "Futexes Are Tricky".   TESTED BY  tests/guest/thread_basic.c, futex_pi.c
 */
#include "arch/uaccess.h"
#include "base/errno.h"
#include "kernel/futex_impl.h"
#include "kernel/task.h"
#include "mm/mm.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "sync/kassert.h"

enum { BUCKETS = 256 };

static struct bucket buckets[BUCKETS];

struct bucket *futex_bucket(const struct futex_key *k)
{
	unsigned long h = (unsigned long)(uintptr_t)k->space / 64 + k->place * 31 + k->offset / 4;

	h ^= h >> 16;
	h ^= h >> 8;
	return &buckets[h % BUCKETS];
}

irqflags_t futex_lock_bucket(struct bucket *b)
{
	irqflags_t flags = irq_save();

	b->lock.rank = RANK_FUTEX;
	spin_lock(&b->lock);
	if (!b->waiters.next)
		list_init(&b->waiters);
	return flags;
}

void futex_unlock_bucket(struct bucket *b, irqflags_t flags)
{
	spin_unlock_irqrestore(&b->lock, flags);
}

/*
 * The page of a shared futex tells which object it lies in; anonymous memory counts as private. A page that the program may
 * write is asked for as for a write: in a private mapping of a file it is the program's own from now on, so the key is the
 * same before the program writes to it and after.
 */
static int shared_key(uaddr_t addr, struct futex_key *k)
{
	struct mm_struct *mm = current_task()->mm_ctx.mm;
	struct page *page;
	int err = get_user_page(mm, addr, true, &page);

	if (err == -EFAULT)
		err = get_user_page(mm, addr, false, &page);
	if (err)
		return err;
	if (page_state(page) == PS_FILE && page->mapping) {
		k->space = page->mapping;
		k->place = page->index;
		k->offset |= 1;
	}
	put_page(page);
	return 0;
}

int futex_key_of(uaddr_t addr, bool shared, struct futex_key *k)
{
	if (addr % sizeof(uint32_t))
		return -EINVAL;
	if (!access_ok(addr, sizeof(uint32_t)))
		return -EFAULT;
	k->space = current_task()->mm_ctx.mm;
	k->place = addr & PAGE_MASK;
	k->offset = (unsigned)(addr & ~PAGE_MASK);
	return shared ? shared_key(addr, k) : 0;
}

/* ---- waiting ---- */

void futex_queue(struct bucket *b, struct futex_waiter *w)
{
	struct list_head *at = b->waiters.prev;
	int prio = w->thread->rt_effective;

	while (unlikely(prio > 0) && at != &b->waiters &&
	       list_entry(at, struct futex_waiter, link)->prio < prio)
		at = at->prev;
	w->prio = prio;
	w->bucket = b;
	list_add(&w->link, at);
}

int futex_enqueue(uaddr_t addr, uint32_t val, struct futex_waiter *w)
{
	struct bucket *b = futex_bucket(&w->key);
	irqflags_t flags = futex_lock_bucket(b);
	uint32_t now;
	int err = 0;

	if (copy_from_user_nofault(&now, addr, sizeof(now)))
		err = -EFAULT;
	else if (now != val)
		err = -EAGAIN;
	else
		futex_queue(b, w);
	futex_unlock_bucket(b, flags);
	return err;
}

struct bucket *futex_lock_home(struct futex_waiter *w, irqflags_t *flags)
{
	for (;;) {
		struct bucket *b = READ_ONCE(w->bucket);

		*flags = futex_lock_bucket(b);
		if (b == w->bucket)
			return b;
		futex_unlock_bucket(b, *flags);
	}
}

/* Leave the queue, wherever a requeue has put us. Return: a waker took us out first. */
static bool leave(struct futex_waiter *w)
{
	irqflags_t flags;
	struct bucket *b = futex_lock_home(w, &flags);
	bool woken = list_empty(&w->link);

	if (!woken)
		list_del_init(&w->link);
	futex_unlock_bucket(b, flags);
	return woken;
}

static long sleep_on(struct futex_waiter *w, uint64_t timeout_ns)
{
	int err = 0;

	while (!err && !list_empty(&w->link))
		err = thread_park(PARK_INTERRUPTIBLE, timeout_ns);
	if (leave(w))
		return 0;
	return err == -ETIMEDOUT ? -ETIMEDOUT : -ERESTARTSYS;
}

long futex_wait(uaddr_t addr, bool shared, uint32_t val, uint32_t bitset, uint64_t timeout_ns)
{
	struct futex_waiter w = { .thread = thread_self(), .bitset = bitset };
	uint32_t now;
	int err;

	if (!bitset)
		return -EINVAL;
	for (;;) {
		err = futex_key_of(addr, shared, &w.key);
		if (err)
			return err;
		err = futex_enqueue(addr, val, &w);
		if (!err)
			return sleep_on(&w, timeout_ns);
		if (err != -EFAULT)
			return err;
		if (get_user(&now, addr))
			return -EFAULT;
	}
}

/* ---- waiting for one of many ---- */

static bool all_queued(const struct futex_waiter *w, unsigned nr)
{
	for (unsigned i = 0; i < nr; i++)
		if (list_empty(&w[i].link))
			return false;
	return true;
}

/* Leave all queues. Return: the number of the last one that was woken; -1: none. */
static long leave_all(struct futex_waiter *w, unsigned nr)
{
	long woken = -1;

	for (unsigned i = 0; i < nr; i++)
		if (leave(&w[i]))
			woken = i;
	return woken;
}

/* Queue on each word. 0; else on none: -EAGAIN, -EFAULT, or 1 + the number of a word that was woken meanwhile. */
static long enqueue_all(const struct futex_wait_one *one, struct futex_waiter *w, unsigned nr,
			uaddr_t *fault)
{
	for (unsigned i = 0; i < nr; i++) {
		int err = futex_key_of(one[i].addr, one[i].shared, &w[i].key);
		long woken;

		*fault = 0;
		if (!err) {
			err = futex_enqueue(one[i].addr, one[i].val, &w[i]);
			*fault = err == -EFAULT ? one[i].addr : 0;
		}
		if (!err)
			continue;
		woken = leave_all(w, i);
		return woken < 0 ? err : woken + 1;
	}
	return 0;
}

static long sleep_on_all(struct futex_waiter *w, unsigned nr, uint64_t timeout_ns)
{
	int err = 0;
	long woken;

	while (!err && all_queued(w, nr))
		err = thread_park(PARK_INTERRUPTIBLE, timeout_ns);
	woken = leave_all(w, nr);
	if (woken >= 0)
		return woken;
	return err == -ETIMEDOUT ? -ETIMEDOUT : -ERESTARTSYS;
}

long futex_wait_many(const struct futex_wait_one *one, unsigned nr, uint64_t timeout_ns)
{
	struct futex_waiter *w =
		failpoint("futex_waiters") ? NULL : kmalloc(nr * sizeof(*w), GFP_KERNEL);
	uaddr_t fault;
	uint32_t now;
	long ret;

	if (!w)
		return -ENOMEM;
	for (unsigned i = 0; i < nr; i++)
		w[i] = (struct futex_waiter){ .thread = thread_self(), .bitset = UINT32_MAX };
	do {
		ret = enqueue_all(one, w, nr, &fault);
	} while (ret == -EFAULT && fault && !get_user(&now, fault));
	if (ret > 0)
		ret--;
	else if (!ret)
		ret = sleep_on_all(w, nr, timeout_ns);
	kfree(w);
	return ret;
}

/* ---- waking ---- */

void futex_wake_one(struct futex_waiter *w)
{
	struct thread *t = w->thread;

	list_del_init(&w->link);
	thread_unpark(t);
}

/* -EINVAL: among the waiters is one of a lock, which only the lock's owner wakes. */
static long wake_in(struct bucket *b, const struct futex_key *key, int nr, uint32_t bitset)
{
	struct futex_waiter *w, *tmp;
	long woken = 0;

	list_for_each_entry_safe (w, tmp, &b->waiters, link) {
		if (woken >= nr)
			break;
		if (!futex_same_key(&w->key, key))
			continue;
		if (unlikely(w->pi))
			return -EINVAL;
		if (!(w->bitset & bitset))
			continue;
		futex_wake_one(w);
		woken++;
	}
	return woken;
}

long futex_wake(uaddr_t addr, bool shared, int nr, uint32_t bitset)
{
	struct futex_key key;
	struct bucket *b;
	irqflags_t flags;
	long ret;
	int err = bitset ? futex_key_of(addr, shared, &key) : -EINVAL;

	if (err)
		return err;
	b = futex_bucket(&key);
	flags = futex_lock_bucket(b);
	ret = wake_in(b, &key, max_of(int, nr, 1),
		      bitset); /* Linux looks at the count behind a wake */
	futex_unlock_bucket(b, flags);
	return ret;
}

irqflags_t futex_lock_buckets(struct bucket *a, struct bucket *b)
{
	irqflags_t flags = futex_lock_bucket(a < b ? a : b);

	if (a != b)
		(void)futex_lock_bucket(a < b ? b : a);
	return flags;
}

void futex_unlock_buckets(struct bucket *a, struct bucket *b, irqflags_t flags)
{
	if (a != b)
		spin_unlock(&b->lock);
	spin_unlock_irqrestore(&a->lock, flags);
}

static long move_waiters(struct bucket *from, struct bucket *to, const struct futex_key *key,
			 const struct futex_key *key2, int nr)
{
	struct futex_waiter *w, *tmp;
	long moved = 0;

	if (futex_same_key(key, key2))
		return 0;
	list_for_each_entry_safe (w, tmp, &from->waiters, link) {
		if (moved >= nr)
			break;
		if (!futex_same_key(&w->key, key))
			continue;
		if (unlikely(w->pi))
			return -EINVAL;
		list_del(&w->link);
		w->key = *key2;
		futex_queue(to, w);
		moved++;
	}
	return moved;
}

long futex_requeue(uaddr_t addr, bool shared, int nr_wake, int nr_requeue, uaddr_t addr2,
		   bool compare, uint32_t val)
{
	struct futex_key key, key2;
	struct bucket *b, *b2;
	irqflags_t flags;
	uint32_t now = val;
	long ret, moved;

	if (nr_wake < 0 || nr_requeue < 0)
		return -EINVAL;
	for (;;) {
		ret = futex_key_of(addr, shared, &key);
		if (!ret)
			ret = futex_key_of(addr2, shared, &key2);
		if (ret)
			return ret;
		b = futex_bucket(&key);
		b2 = futex_bucket(&key2);
		flags = futex_lock_buckets(b, b2);
		if (!compare || !copy_from_user_nofault(&now, addr, sizeof(now)))
			break;
		futex_unlock_buckets(b, b2, flags);
		if (get_user(&now, addr))
			return -EFAULT;
	}
	ret = -EAGAIN;
	if (now == val) {
		ret = wake_in(b, &key, nr_wake, UINT32_MAX);
		moved = ret < 0 ? ret : move_waiters(b, b2, &key, &key2, nr_requeue);
		ret = moved < 0 ? moved : ret + moved;
	}
	futex_unlock_buckets(b, b2, flags);
	return ret;
}

/* ---- FUTEX_WAKE_OP ---- */

/* 12 bits, signed. */
static uint32_t sign_extend(uint32_t v)
{
	return v & 0x800 ? v | 0xfffff000 : v;
}

static int new_value(uint32_t op, uint32_t old, uint32_t *out)
{
	uint32_t arg = sign_extend(op >> 12 & 0xfff);

	if (op >> 28 & 8)
		arg = 1U << (arg & 31);
	switch (op >> 28 & 7) {
	case 0:
		*out = arg;
		return 0;
	case 1:
		*out = old + arg;
		return 0;
	case 2:
		*out = old | arg;
		return 0;
	case 3:
		*out = old & ~arg;
		return 0;
	case 4:
		*out = old ^ arg;
		return 0;
	default:
		return -ENOSYS;
	}
}

static int compare_holds(uint32_t op, uint32_t old_value)
{
	int32_t old = (int32_t)old_value, arg = (int32_t)sign_extend(op & 0xfff);

	switch (op >> 24 & 15) {
	case 0:
		return old == arg;
	case 1:
		return old != arg;
	case 2:
		return old < arg;
	case 3:
		return old <= arg;
	case 4:
		return old > arg;
	case 5:
		return old >= arg;
	default:
		return -ENOSYS;
	}
}

/* Change the word atomically. *old gets what it was. May fault, so no lock is held: the wake-ups come after it. */
static int apply_op(uaddr_t addr, uint32_t op, uint32_t *old)
{
	uint32_t seen, fresh;
	int err;

	if (get_user(&seen, addr))
		return -EFAULT;
	do {
		*old = seen;
		err = new_value(op, *old, &fresh);
		if (!err)
			err = user_cmpxchg_u32(addr, *old, fresh, &seen);
		if (err)
			return err;
	} while (seen != *old);
	return 0;
}

long futex_wake_op(uaddr_t addr, bool shared, int nr_wake, int nr_wake2, uaddr_t addr2, uint32_t op)
{
	uint32_t old;
	long ret, more = 0;
	int holds = compare_holds(op, 0);

	if (holds < 0)
		return holds;
	ret = apply_op(addr2, op, &old);
	if (ret)
		return ret;
	ret = futex_wake(addr, shared, nr_wake, UINT32_MAX);
	if (ret >= 0 && compare_holds(op, old))
		more = futex_wake(addr2, shared, nr_wake2, UINT32_MAX);
	return ret < 0 ? ret : more < 0 ? more : ret + more;
}
