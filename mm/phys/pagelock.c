/*
 * The page lock: one bit of page->flags, waiters in hashed queues.
 *
 * OWNS     PG_locked and PG_waiters; the table of queues. PG_writeback is waited for in the same way.
 * WHY      a lock in every descriptor would cost 24 bytes a page; almost no page is ever waited for.
 * I1       PG_locked set: exactly one holder, until unlock_page.
 * I2       a thread parks only after it has set PG_waiters and then still found PG_locked: so whoever clears PG_locked
 *          either sees PG_waiters in the same atomic operation, or the waiter saw the lock free.
 *          page_wait_begin does without the second look: a spinlock of its caller keeps the page locked until then.
 * I3       PG_waiters may be set with nobody waiting (costs one needless wake-up), never clear with a sleeper.
 * LOCKS    rank PAGE; several of one mapping by rising index, others by trylock. The queue's own lock inside.
 * CONTEXT  threads that may sleep; trylock and unlock: any.
 * COST     free: one atomic operation each way. Contended: wakes all waiters of the queue, which may be of
 *          other pages: they test and park again.
 * TESTED BY  page_test.c.
 */
#include "base/errno.h"
#include "mm/page.h"
#include "mm/phys/phys_impl.h"
#include "sync/waitq.h"

enum { QUEUE_BITS = 6, NR_QUEUES = 1 << QUEUE_BITS };

static struct waitq queues[NR_QUEUES];

void pagelock_init(void)
{
	for (unsigned i = 0; i < NR_QUEUES; i++)
		waitq_init(&queues[i]);
}

static struct waitq *queue_of(const struct page *page)
{
	/* Fibonacci hashing of the pfn: neighbours go to different queues. */
	return &queues[(uint32_t)page_to_pfn(page) * 0x9e3779b1u >> (32 - QUEUE_BITS)];
}

static inline bool try_bit(struct page *page)
{
	return !atomic_test_and_set_bit(PG_locked, &page->flags);
}

static int wait_for_bit(struct page *page, enum park_mode mode)
{
	struct waitq *q = queue_of(page);
	struct waiter w;
	int err = 0;

	waitq_add(q, &w);
	for (;;) {
		page_set(page, PG_waiters);
		if (try_bit(page)) {
			err = 0;
			break;
		}
		if (err)
			break;
		err = thread_park(mode, PARK_FOREVER);
	}
	waitq_del(q, &w);
	return err;
}

bool trylock_page(struct page *page)
{
	if (!try_bit(page))
		return false;
	lockorder_try_acquired(page, RANK_PAGE);
	return true;
}

void lock_page(struct page *page)
{
	might_sleep();
	lockorder_acquire(page, RANK_PAGE);
	if (unlikely(!try_bit(page)))
		(void)wait_for_bit(page, PARK_UNINTERRUPTIBLE);
}

int lock_page_killable(struct page *page)
{
	int err;

	might_sleep();
	lockorder_acquire(page, RANK_PAGE);
	if (likely(try_bit(page)))
		return 0;
	err = wait_for_bit(page, PARK_KILLABLE);
	if (err)
		lockorder_release(page, RANK_PAGE);
	return err;
}

void page_wait_begin(struct page *page, struct page_wait *w)
{
	kassert(page_test(page, PG_locked));
	w->q = queue_of(page);
	waitq_add(w->q, &w->waiter);
	page_set(page, PG_waiters);
}

void page_wait_end(struct page_wait *w)
{
	(void)thread_park(PARK_KILLABLE, PARK_FOREVER);
	waitq_del(w->q, &w->waiter);
}

static always_inline_ void clear_wake(struct page *page, enum page_flag bit, unsigned long others)
{
	const unsigned long bits = 1UL << bit | 1UL << PG_waiters | others;
	unsigned long old = __atomic_fetch_and(&page->flags, ~bits, __ATOMIC_SEQ_CST);

	if (unlikely(!(old & 1UL << bit)))
		page_bad(page, "unlocked, but it was not locked");
	if (unlikely(old & 1UL << PG_waiters))
		waitq_wake_all(queue_of(page));
}

void page_clear_wake(struct page *page, enum page_flag bit)
{
	clear_wake(page, bit, 0);
}

void page_clear_writeback(struct page *page)
{
	clear_wake(page, PG_writeback, 1UL << PG_reclaim);
}

bool page_set_reclaim(struct page *page)
{
	unsigned long old = READ_ONCE(page->flags);

	while (old & 1UL << PG_writeback) {
		if (__atomic_compare_exchange_n(&page->flags, &old, old | 1UL << PG_reclaim, false,
						__ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			return true;
	}
	return false;
}

void unlock_page(struct page *page)
{
	lockorder_release(page, RANK_PAGE);
	page_clear_wake(page, PG_locked);
}

void page_lock_give(struct page *page)
{
	lockorder_release(page, RANK_PAGE);
}

int page_wait_clear(struct page *page, enum page_flag bit, enum park_mode mode)
{
	struct waitq *q = queue_of(page);
	struct waiter w;
	int err = 0;

	might_sleep();
	if (!page_test(page, bit))
		return 0;
	waitq_add(q, &w);
	for (;;) {
		page_set(page, PG_waiters);
		if (!page_test(page, bit)) {
			err = 0;
			break;
		}
		if (err)
			break;
		err = thread_park(mode, PARK_FOREVER);
	}
	waitq_del(q, &w);
	return err;
}
