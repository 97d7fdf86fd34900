/*
 * Pages that must stay in memory: how many locked mappings show each.
 *
 * OWNS     PG_mlocked and page->mlock_count of user pages; NR_MLOCK.
 * WHY      a page may be shown by several locked mappings, of several programs, and by others that are not locked: it is
 *          free to go when the last locked one has lost it, so they are counted. The count lies where a page on an LRU
 *          list has its links: a page that may not be evicted is on none.
 * I1       PG_mlocked set: mlock_count entries of VM_LOCKED vmas map the page (while nobody is changing them), else none;
 *          PG_unevictable is set, too, and PG_lru is not.
 * I2       NR_MLOCK is the number of pages with PG_mlocked.
 * LOCKS    the lock of the node's lists: count, flags and links change together. Callers hold the lock of the entry's table.
 *          A page that a scan has isolated is on no list: its links are free for the count, and the scan's putback
 *          finds PG_unevictable.
 * CONTEXT  threads.   FAILS never.
 * COST     one lock around three counters: only programs that lock memory pay.
 * ALTERNATIVES a flag without a count, as Linux had before 5.18: every munlock must then look for other locked mappings.
 * NOT HERE who calls when (mm/aspace/fault*.c, mlock.c, mm/pt/range.c); PG_unevictable of SHM_LOCK's pages (lru.c).
 * TESTED BY lru_test.c, fault_test.c
 */
#include "mm/track/lru_impl.h"
#include "mm/vmevent.h"

static void first_mlock(struct page *page)
{
	if (page_test(page, PG_lru))
		lru_unlink(page);
	if (!page_test(page, PG_unevictable)) {
		page_set(page, PG_unevictable);
		lru_count(page_zone(page), LRU_UNEVICTABLE, 1);
	}
	page->mlock_count = 1;
	page_set(page, PG_mlocked);
	mod_zone_stat(page_zone(page), NR_MLOCK, 1);
	count_vm_event(UNEVICTABLE_PGMLOCKED);
}

static void last_munlock(struct page *page)
{
	page_clear(page, PG_mlocked);
	page_clear(page, PG_unevictable);
	lru_count(page_zone(page), LRU_UNEVICTABLE, -1);
	if (!page_test(page, PG_head)) /* a page of hugetlb's pool is on no list */
		lru_link(page, true);
	mod_zone_stat(page_zone(page), NR_MLOCK, -1);
	count_vm_event(UNEVICTABLE_PGMUNLOCKED);
}

void page_mlock(struct page *page)
{
	struct lruvec *v = page_lruvec(page);
	irqflags_t flags = spin_lock_irqsave(&v->lock);

	if (page_test(page, PG_mlocked))
		page->mlock_count++;
	else
		first_mlock(page);
	spin_unlock_irqrestore(&v->lock, flags);
}

void page_munlock(struct page *page)
{
	struct lruvec *v = page_lruvec(page);
	irqflags_t flags = spin_lock_irqsave(&v->lock);

	/* A mapping that is just being locked may lose a page before it was counted. */
	if (page_test(page, PG_mlocked) && !--page->mlock_count)
		last_munlock(page);
	spin_unlock_irqrestore(&v->lock, flags);
}
