/*
 * Pages that must stay in memory: how many locked mappings show each.
 *
 * OWNS     PG_mlocked, PG_unevictable and page->mlock_count of user pages; NR_MLOCK, NR_UNEVICTABLE, NR_ZONE_UNEVICTABLE.
 * WHY      a page may be shown by several locked mappings, of several programs, and by others that are not locked: it is
 *          free to go when the last locked one has lost it, so they are counted. The count lies where a page on an LRU
 *          list has its links: a page that may not be evicted is on none.
 * I1       PG_mlocked set: mlock_count entries of VM_LOCKED vmas map the page (while nobody is changing them), else none.
 * I2       NR_MLOCK is the number of pages with PG_mlocked.
 * LOCKS    mlock_lock (rank LRU): count and flags change together. Callers hold the lock of the entry's table.
 * CONTEXT  threads.   FAILS never.
 * COST     one lock around three counters: only programs that lock memory pay.
 * ALTERNATIVES a flag without a count, as Linux had before 5.18: every munlock must then look for other locked mappings.
 * NOT HERE who calls when (mm/aspace/fault*.c, mlock.c, mm/pt/range.c).   TESTED BY fault_test.c
 */
#include "mm/page.h"
#include "mm/vmevent.h"
#include "mm/zone.h"
#include "sync/spinlock.h"

static struct spinlock mlock_lock = SPINLOCK_INIT(RANK_LRU);

static void account(struct page *page, long n)
{
	mod_zone_stat(page_zone(page), NR_MLOCK, n);
	mod_zone_stat(page_zone(page), NR_ZONE_UNEVICTABLE, n);
	mod_node_stat(page, NR_UNEVICTABLE, n);
}

void page_mlock(struct page *page)
{
	spin_lock(&mlock_lock);
	if (page_test(page, PG_mlocked)) {
		page->mlock_count++;
	} else {
		page->mlock_count = 1;
		page_set(page, PG_mlocked);
		page_set(page, PG_unevictable);
		account(page, 1);
		count_vm_event(UNEVICTABLE_PGMLOCKED);
	}
	spin_unlock(&mlock_lock);
}

void page_munlock(struct page *page)
{
	spin_lock(&mlock_lock);
	/* A mapping that is just being locked may lose a page before it was counted. */
	if (page_test(page, PG_mlocked) && !--page->mlock_count) {
		page_clear(page, PG_mlocked);
		page_clear(page, PG_unevictable);
		account(page, -1);
		count_vm_event(UNEVICTABLE_PGMUNLOCKED);
	}
	spin_unlock(&mlock_lock);
}
