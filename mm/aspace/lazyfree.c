/*
 * Memory that programs gave up by MADV_FREE, taken when memory is short.
 *
 * WHY      such a page waits among the inactive file pages (mm/track/lru.c), and goes like a clean one of these: its contents are
 *          nobody's. A program that wrote it again has it back.
 * I1       a page goes only if no entry of it is dirty when that is cleared, and nobody but the entries and the caller has a
 *          reference: who pinned it may be writing to it.
 * LOCKS    page lock held by the caller, who has a reference; rmap's inside. The entry is cleared and flushed under its table's lock.
 * FAILS    false: it stays; dirty ones are what they were before MADV_FREE.
 * NOT HERE which entries are given up (mm/pt/range_lazy.c), when they are asked for (mm/reclaim/take.c).
 * TESTED BY vmscan_test.c, mmap_test.c
 */
#include "mm/aspace/aspace_impl.h"
#include "mm/range.h"

/* Entry by entry: gone, or set again, with PG_swapbacked, because the page is wanted. */
static int discard_entry(const struct rmap_entry *e, void *arg)
{
	struct mm_struct *mm = e->vma->vm_mm;
	struct page *page = e->page;
	pte_t old;

	if (READ_ONCE(e->vma->vm_flags) & VM_LOCKED)
		return 1;
	if (unlikely(!mmu_notify_told(arg, mm, e->addr, e->addr + PAGE_SIZE)))
		return 1;
	old = pte_clear(e->pte);
	rmap_flush_entry(e, old);
	if (pte_dirty(old) || page_test(page, PG_dirty))
		lru_unlazy(page);
	if (page_test(page, PG_swapbacked) || page_ref_count(page) != page_mapcount(page) + 1) {
		pte_set(e->pte, old);
		return 1;
	}
	mm_update_hiwater_rss(mm);
	range_account_unmap(mm, page);
	put_page(page); /* not the last: the caller has one */
	return 0;
}

bool try_to_discard(struct page *page)
{
	kassert(page_test(page, PG_locked) && page_state(page) == PS_ANON);
	if (page_mapcount(page) > 0)
		rmap_unmap(page, discard_entry);
	return page_mapcount(page) == 0;
}
