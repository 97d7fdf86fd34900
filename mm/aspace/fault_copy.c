/*
 * Writes upwards through anonymous pages shared by fork: several copies for one fault.
 *
 *   run:   how many entries lack the write right, and have pages that only entries refer to?  lock dropped: frames | lock: as many as still are such: copied, set
 *
 * WHY      as for zeroed pages (fault_anon.c, which says how long a run may be): a fault costs as much as copying a page.
 * I1       a page is copied under the table lock, which the entry that maps it needs to change: so it needs no reference, and
 *          is looked at once. Nobody writes it meanwhile: every entry of it lacks the write right, and it has more than
 *          one. 16 pages take a processor 2 µs.
 * I2       not copied ahead: what anybody but entries refers to (a pin, the swap cache, KSM, migration): its user may tell
 *          the copy from the page. Nor what no other program maps any more: its own fault takes it over.
 * I3       pages beyond the written one are not young.
 * LOCKS    table lock at the call, not on return; the mapping's lock inside.
 * FAILS    never: without memory for a run the fault comes again, as one of one page.
 * NOT HERE one page alone: fault_cow.c. Pages of a file, which are not copied ahead: what is written to the file later shows in
 *          pages that nobody wrote through the mapping.   TESTED BY  fork_test.c
 */
#include "mm/alloc.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/range.h"
#include "mm/swap.h"
#include "mm/vmalloc.h"
#include "mm/zone.h"
#include "sync/failpoint.h"

/* Might a write of the program copy the page of @e? */
static inline bool is_read_only(pte_t e)
{
	return pte_present(e) && !pte_write(e) && !pte_special(e) && !pte_uffd_wp(e);
}

/* I2. */
static inline bool is_entries_only(const struct page *page)
{
	const unsigned long not = 1UL << PG_anon_exclusive | 1UL << PG_swapcache | 1UL << PG_head;
	int maps = page_mapcount(page);

	return (READ_ONCE(page->flags) & (PAGE_STATE_MASK | not )) == (unsigned long)PS_ANON
									      << PAGE_STATE_SHIFT &&
	       maps > 1 && page_ref_count(page) == maps && !page_is_ksm(page);
}

/* Of @n entries from @pte on, how many in a row map something that cannot be written? Table lock held. */
static inline unsigned count_unwritable(const pte_t *pte, unsigned n)
{
	const pte_t *e = pte, *const end = pte + n;

	while (e < end && pte_present(pte_read_locked(e)) && !pte_write(pte_read_locked(e)))
		e++;
	return (unsigned)(e - pte);
}

/* As many pages of the @n entries from @pte on as can be are copied to @new, and their entries go. @old: these pages. Table lock
 * held. Return: how many. */
static unsigned copy_shared(pte_t *pte, unsigned n, struct page **new, struct page **old)
{
	unsigned i = 0;

	for (; i < n; i++) {
		pte_t e = pte_read_locked(pte + i);
		struct page *page;

		if (!is_read_only(e))
			break;
		page = pfn_to_page(pte_pfn(e));
		if (!is_entries_only(page))
			break;
		pte_forget(pte + i);
		if (unlikely(atomic_add_return(&page->_mapcount, -1) < 0))
			mod_node_stat(page, NR_ANON_MAPPED, -1);
		old[i] = page; /* the entry's reference is ours now */
		copy_highpage(new[i], page);
	}
	return i;
}

/* Entries of the @n pages are gone, those of the copies come. Table lock held. */
static void exchange_run(struct fault_ctx *f, unsigned n, struct page **new, struct page **old)
{
	for (unsigned i = 0; unlikely(f->vma->vm_flags & VM_LOCKED) && i < n; i++)
		vma_page_unmapped(f->vma, old[i]);
	mm_rss_add(f->mm, MM_ANONPAGES, -(long)n);
	tlb_flush_range(&f->mm->root, f->addr, f->addr + n * PAGE_SIZE, PAGE_SIZE);
	fault_set_batch(f, new, n);
}

/* The references are ours, and seen a moment ago: only whether one is the last is asked, which costs least. */
static void put_all(struct page **pages, unsigned n)
{
	for (unsigned i = 0; i < n; i++) {
		kassert(page_ref_count(pages[i]) > 0);
		if (unlikely(atomic_add_return(&pages[i]->_refcount, -1) == 0))
			page_put_last(pages[i], 0);
	}
}

/* @n frames, if so many are to be had; the table's lock, which is dropped meanwhile, is held again. Return: how many; 0: not held. */
static unsigned get_frames(struct fault_ctx *f, unsigned n, struct page **pages)
{
	unsigned got = 0;

	pt_unlock(f->table);
	if (!anon_vma_prepare(f->vma) && !failpoint("copy_batch"))
		got = vma_alloc_bulk(f->vma, f->addr, GFP_HIGHUSER_MOVABLE | __GFP_NOWARN, n,
				     pages);
	if (got)
		pt_table_lock(f->table);
	else
		fault_forget_run(f); /* next time it is one page */
	return got;
}

/* @done of the @n frames are mapped: the others go. */
static int end_run(struct fault_ctx *f, struct page **frames, unsigned n, unsigned done)
{
	if (unlikely(done < n))
		put_all(frames + done, n - done);
	if (unlikely(!done)) {
		fault_forget_run(f);
		return STAGE_RETRY;
	}
	fault_note_run(f, done);
	return FAULT_OK;
}

int fault_copy_shared(struct fault_ctx *f)
{
	struct page *old[FAULT_BATCH_MAX], *new[FAULT_BATCH_MAX];
	unsigned n = fault_batch_wish(f), got;

	if (n > 1)
		n = f->vma->vm_flags & VM_WRITE ? count_unwritable(f->pte, n) : 1;
	if (n <= 1)
		return STAGE_SMALL;
	got = get_frames(f, n, new);
	if (!got)
		return STAGE_RETRY;
	n = copy_shared(f->pte, got, new, old);
	if (n)
		exchange_run(f, n, new, old);
	pt_unlock(f->table);
	put_all(old, n);
	for (unsigned i = 0; unlikely(swap_in_use()) && i < n; i++)
		swap_page_left(old[i]);
	return end_run(f, new, got, n);
}
