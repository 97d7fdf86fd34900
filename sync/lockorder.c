/*
 * Lock order: a thread takes locks with rising rank only; debug builds assert it at every acquire.
 *
 * OWNS     nothing; the record of a context belongs to its thread (struct lockorder_held).
 * WHY      a deadlock needs two threads at the right moment; a falling rank needs only one run of the path.
 * I1       held->nr entries are in the order of acquiring; releases may come in any order.
 * I2       an acquire that can wait has a rank above every held one; the same rank only for the kinds that
 *          sync/rank.h orders by other means (two inodes, two mms, page locks, table pages, run queues,
 *          wait queues of a callback, epoll sets that watch one another).
 * I3       no lock is taken twice by one context.
 * LOCKS    none: only the running context touches its record.
 * CONTEXT  any. A context without a record (early boot) is not checked.
 * COST     debug only: O(locks held), at most 24.
 */
#include "sync/lockorder.h"
#include "arch/irqflags.h"
#include "sync/kassert.h"
#include "sync/spinlock.h"

/* Replaced by the scheduler's; a program without one is not checked. */
__attribute__((weak)) struct lockorder_held *lockorder_current(void)
{
	return NULL;
}

/* Kinds of which one thread may hold two. */
static bool rank_may_repeat(enum lock_rank rank)
{
	return rank == RANK_FS || rank == RANK_MM_MAP || rank == RANK_PAGE || rank == RANK_PT ||
	       rank == RANK_FUTEX || rank == RANK_RUNQ || rank == RANK_WAITQ ||
	       rank == RANK_EPOLL || rank == RANK_TEXT;
}

static void assert_order(const struct lockorder_held *h, const void *obj, enum lock_rank rank)
{
	unsigned i;

	for (i = 0; i < h->nr; i++) {
		if (h->obj[i] == obj)
			panic("lock %p (rank %d) taken twice", obj, (int)rank);
		if (h->rank[i] > rank || (h->rank[i] == rank && !rank_may_repeat(rank)))
			panic("lock order: rank %d taken while holding rank %d", (int)rank,
			      (int)h->rank[i]);
	}
}

static void push(struct lockorder_held *h, const void *obj, enum lock_rank rank)
{
	if (h->nr == LOCKORDER_DEPTH)
		panic("lock order: more than %d locks held", (int)LOCKORDER_DEPTH);
	h->obj[h->nr] = obj;
	h->rank[h->nr] = (uint8_t)rank;
	h->nr++;
}

static void pop(struct lockorder_held *h, const void *obj, enum lock_rank rank)
{
	unsigned i = h->nr;

	while (i > 0 && h->obj[i - 1] != obj)
		i--;
	if (i == 0)
		panic("lock %p (rank %d) released but not held", obj, (int)rank);
	for (; i < h->nr; i++) {
		h->obj[i - 1] = h->obj[i];
		h->rank[i - 1] = h->rank[i];
	}
	h->nr--;
}

static struct lockorder_held *record(void)
{
	return CFG_DEBUG ? lockorder_current() : NULL;
}

void lockorder_acquire(const void *obj, enum lock_rank rank)
{
	struct lockorder_held *h = record();

	if (!h)
		return;
	assert_order(h, obj, rank);
	push(h, obj, rank);
}

void lockorder_try_acquired(const void *obj, enum lock_rank rank)
{
	struct lockorder_held *h = record();

	if (h)
		push(h, obj, rank);
}

void lockorder_release(const void *obj, enum lock_rank rank)
{
	struct lockorder_held *h = record();

	if (h)
		pop(h, obj, rank);
}

void lockorder_spin_acquire(const void *obj, enum lock_rank rank, bool try_only)
{
	struct lockorder_held *h = record();

	if (!h)
		return;
	if (!try_only)
		assert_order(h, obj, rank);
	push(h, obj, rank);
	h->nr_spin++;
}

void lockorder_spin_release(const void *obj, enum lock_rank rank)
{
	struct lockorder_held *h = record();

	if (!h)
		return;
	pop(h, obj, rank);
	h->nr_spin--;
}

void might_sleep(void)
{
	struct lockorder_held *h = record();

	if (!h)
		return;
	if (h->nr_spin)
		panic("sleeping with a spinlock held (rank %d)", (int)h->rank[h->nr - 1]);
	kassert(irqs_enabled());
}
