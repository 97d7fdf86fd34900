/*
 * Futexes: threads waiting for a user word to change.
 *
 * OWNS     the hash of waiters.
 * WHY      the word is compared under the bucket's lock, and a waker takes the same lock after it has changed the word: a
 *          wake-up cannot fall between the comparison and the sleep.
 * I1       a waiter's link points to itself exactly when it has been woken; it is in the bucket of its key otherwise.
 * I2       a key of shared memory is the page's mapping and place there; of private memory the address space and address.
 *          So processes that map the same file or shared memory meet, wherever they map it.
 * LOCKS    bucket->lock (rank FUTEX); two by address. User memory is read under it without faulting: a fault is taken
 *          outside and the whole attempt repeated.
 * COST     O(waiters of the bucket) for wake; 256 buckets.
 * SOURCES  futex(2), get_robust_list(2), set_tid_address(2); Drepper, "Futexes Are Tricky".
 */
#include "kernel/futex.h"
#include "arch/abi.h"
#include "base/errno.h"
#include "kernel/task.h"
#include "mm/mm.h"
#include "sync/kassert.h"

enum { BUCKETS = 256, ROBUST_MAX = 2048 };
#define FUTEX_WAITERS	 0x80000000U
#define FUTEX_OWNER_DIED 0x40000000U
#define FUTEX_TID_MASK	 0x3fffffffU

struct futex_key {
	const void *space;   /* mm_struct or address_space */
	unsigned long place; /* address, or page offset in the mapping */
	unsigned offset;     /* in the page; bit 0: shared */
};

struct futex_waiter {
	struct list_head link; /* b: bucket->lock */
	struct thread *thread;
	struct futex_key key;  /* b: a requeue changes it */
	struct bucket *bucket; /* b */
	uint32_t bitset;
};

struct bucket {
	struct spinlock lock;
	struct list_head waiters; /* next NULL: not initialised */
};

static struct bucket buckets[BUCKETS];

static struct bucket *bucket_of(const struct futex_key *k)
{
	unsigned long h = (unsigned long)(uintptr_t)k->space / 64 + k->place * 31 + k->offset / 4;

	h ^= h >> 16;
	h ^= h >> 8;
	return &buckets[h % BUCKETS];
}

static irqflags_t lock_bucket(struct bucket *b) no_lock_analysis
{
	irqflags_t flags = irq_save();

	b->lock.rank = RANK_FUTEX;
	spin_lock(&b->lock);
	if (!b->waiters.next)
		list_init(&b->waiters);
	return flags;
}

static void unlock_bucket(struct bucket *b, irqflags_t flags) no_lock_analysis
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

static int make_key(uaddr_t addr, bool shared, struct futex_key *k)
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

static bool same_key(const struct futex_key *a, const struct futex_key *b)
{
	return a->space == b->space && a->place == b->place && a->offset == b->offset;
}

/* ---- waiting ---- */

/* Compare and queue. Return: 0 when queued; -EAGAIN: the word differs; -EFAULT: it must be faulted in first. */
static int enqueue_if_equal(uaddr_t addr, uint32_t val, struct futex_waiter *w)
{
	struct bucket *b = bucket_of(&w->key);
	irqflags_t flags = lock_bucket(b);
	uint32_t now;
	int err = 0;

	if (copy_from_user_nofault(&now, addr, sizeof(now)))
		err = -EFAULT;
	else if (now != val)
		err = -EAGAIN;
	else
		list_add_tail(&w->link, &b->waiters);
	w->bucket = b;
	unlock_bucket(b, flags);
	return err;
}

/* Leave the queue, wherever a requeue has put us. Return: a waker took us out first. */
static bool leave(struct futex_waiter *w)
{
	for (;;) {
		struct bucket *b = READ_ONCE(w->bucket);
		irqflags_t flags = lock_bucket(b);
		bool woken = list_empty(&w->link);

		if (b != w->bucket) {
			unlock_bucket(b, flags);
			continue;
		}
		if (!woken)
			list_del_init(&w->link);
		unlock_bucket(b, flags);
		return woken;
	}
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
		err = make_key(addr, shared, &w.key);
		if (err)
			return err;
		err = enqueue_if_equal(addr, val, &w);
		if (!err)
			return sleep_on(&w, timeout_ns);
		if (err != -EFAULT)
			return err;
		if (get_user(&now, addr))
			return -EFAULT;
	}
}

/* ---- waking ---- */

/* The waiter may return as soon as its link points to itself and the bucket is unlocked. */
static void wake(struct futex_waiter *w)
{
	struct thread *t = w->thread;

	list_del_init(&w->link);
	thread_unpark(t);
}

static long wake_in(struct bucket *b, const struct futex_key *key, int nr, uint32_t bitset)
{
	struct futex_waiter *w, *tmp;
	long woken = 0;

	list_for_each_entry_safe (w, tmp, &b->waiters, link) {
		if (woken >= nr)
			break;
		if (!same_key(&w->key, key) || !(w->bitset & bitset))
			continue;
		wake(w);
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
	int err = bitset ? make_key(addr, shared, &key) : -EINVAL;

	if (err)
		return err;
	b = bucket_of(&key);
	flags = lock_bucket(b);
	ret = wake_in(b, &key, max_of(int, nr, 1),
		      bitset); /* Linux looks at the count behind a wake */
	unlock_bucket(b, flags);
	return ret;
}

static irqflags_t lock_buckets(struct bucket *a, struct bucket *b) no_lock_analysis
{
	irqflags_t flags = lock_bucket(a < b ? a : b);

	if (a != b)
		(void)lock_bucket(a < b ? b : a);
	return flags;
}

static void unlock_buckets(struct bucket *a, struct bucket *b, irqflags_t flags) no_lock_analysis
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

	if (same_key(key, key2))
		return 0;
	list_for_each_entry_safe (w, tmp, &from->waiters, link) {
		if (moved >= nr)
			break;
		if (!same_key(&w->key, key))
			continue;
		list_move_tail(&w->link, &to->waiters);
		w->key = *key2;
		w->bucket = to;
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
	long ret;

	if (nr_wake < 0 || nr_requeue < 0)
		return -EINVAL;
	for (;;) {
		ret = make_key(addr, shared, &key);
		if (!ret)
			ret = make_key(addr2, shared, &key2);
		if (ret)
			return ret;
		b = bucket_of(&key);
		b2 = bucket_of(&key2);
		flags = lock_buckets(b, b2);
		if (!compare || !copy_from_user_nofault(&now, addr, sizeof(now)))
			break;
		unlock_buckets(b, b2, flags);
		if (get_user(&now, addr))
			return -EFAULT;
	}
	ret = -EAGAIN;
	if (now == val) {
		ret = wake_in(b, &key, nr_wake, UINT32_MAX);
		ret += move_waiters(b, b2, &key, &key2, nr_requeue);
	}
	unlock_buckets(b, b2, flags);
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

/* ---- the end of a thread ---- */

/* A lock word of a dead owner: mark it, let one waiter see it. */
static void owner_died(uaddr_t addr, uint32_t tid)
{
	uint32_t old, seen;

	if (addr % sizeof(uint32_t) || get_user(&seen, addr))
		return;
	do {
		old = seen;
		if ((old & FUTEX_TID_MASK) != tid)
			return;
		if (user_cmpxchg_u32(addr, old, (old & FUTEX_WAITERS) | FUTEX_OWNER_DIED, &seen))
			return;
	} while (seen != old);
	if (old & FUTEX_WAITERS)
		(void)futex_wake(addr, true, 1, UINT32_MAX);
}

/* struct robust_list_head: list, futex_offset, list_op_pending. Bit 0 of an entry marks a priority-inheritance lock. */
static void walk_robust_list(struct task *t)
{
	unsigned long head[3], entry, next;
	unsigned i;

	if (get_abi(&head, t->robust_list, "plp"))
		return;
	entry = head[0];
	for (i = 0; i < ROBUST_MAX && (entry & ~1UL) != t->robust_list; i++) {
		bool last = get_abi(&next, entry & ~1UL, "p");

		if ((entry & ~1UL) != (head[2] & ~1UL))
			owner_died((entry & ~1UL) + head[1], (uint32_t)t->pid);
		if (last)
			return;
		entry = next;
	}
	if (head[2])
		owner_died((head[2] & ~1UL) + head[1], (uint32_t)t->pid);
}

void futex_exit_thread(struct task *t)
{
	static const uint32_t zero;

	if (!t->mm_ctx.mm)
		return;
	if (t->robust_list)
		walk_robust_list(t);
	t->robust_list = 0;
	if (t->clear_child_tid && atomic_read(&t->mm_ctx.mm->mm_users) > 1 &&
	    !put_user(t->clear_child_tid, &zero))
		(void)futex_wake(t->clear_child_tid, true, 1, UINT32_MAX);
	t->clear_child_tid = 0;
}
