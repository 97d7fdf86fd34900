/*
 * Faults on entries that are neither none nor present.
 *
 *   swapped     the page comes back: found in the swap cache, or read; the entry maps it again
 *   migration   the page is just being moved: wait until whoever moves it unlocks it, then look again
 *   hwpoison    the frame is broken
 *   lost        swapoff could not read it
 *
 *   swapped:  entry seen, slot's page looked for, table locked │ lock dropped: read, wait for the page lock │ table locked:
 *             entry as it was? one count of the slot becomes a mapping of the page
 *
 * WHY      who waits for a move takes no reference: the mover must see none but its own to know that nobody uses the page.
 * I1       while a migration entry stands, its page is locked, and the mover cannot unlock it without this table's lock:
 *          so who queues himself with the table locked is woken.
 * I2       the page lock and PG_swapcache with our entry say that the page is the slot's; the entry, compared under the
 *          table lock, that the slot is still ours. Meanwhile the slot may have become another's: then the entry has changed.
 * I3       writable at once only what is exclusive: the entry said so (it was so before it left, and no fork came between),
 *          or no other entry stands for the slot and nobody else knows the page. Else the next write copies it (fault_cow.c).
 * I4       a page that stays in the swap cache is clean with respect to its slot; when it leaves the cache it is dirty.
 * LOCKS    table lock at the call. Sleeps.
 * COST     a minor fault when the page is cached; else major, and the read.
 * FAILS    FAULT_HWPOISON for a broken frame; FAULT_BUS when the area cannot be read; FAULT_OOM.
 * TESTED BY migrate_test.c, poison_test.c, swap_test.c
 */
#include "base/errno.h"
#include "mm/aspace/anon_vma_impl.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/pt.h"
#include "mm/range.h"
#include "mm/swap.h"
#include "mm/vmevent.h"

static int wait_for_move(struct fault_ctx *f)
{
	struct page_wait w;

	page_wait_begin(pfn_to_page(migration_pfn(f->entry)), &w);
	pt_unlock(f->table);
	page_wait_end(&w);
	return STAGE_RETRY;
}

/* ---- swapped ---- */

/* The locked page's fields, for an entry of f->vma that has it alone, or not. Table lock held. */
static void set_rmap(const struct fault_ctx *f, struct page *page, bool exclusive)
{
	struct anon_vma *av = f->vma->anon_vma;

	if (exclusive) {
		page->index = vma_index(f->vma, f->addr);
		page_move_anon_rmap(page, f->vma);
	} else if (!page_anon_vma(
			   page)) { /* just read: whose it was is not known, but the family is */
		page->index = vma_index(f->vma, f->addr);
		WRITE_ONCE(page->mapping, anon_vma_as_mapping(av->root));
	}
}

/* The present entry that takes the place of f->entry. */
static pte_t swapped_in(const struct fault_ctx *f, const struct page *page, bool exclusive)
{
	pte_t e = pte_mkyoung(pte_make(page_to_pfn(page), f->vma->vm_page_prot));
	bool watched = swapped_test(f->entry, SWAP_UFFD_WP);

	e = pte_wrprotect(e);
	if (f->access.write && exclusive && !watched) {
		e = pte_mksoft_dirty(pte_mkdirty(e));
		if (f->vma->vm_flags & VM_WRITE)
			e = pte_mkwrite(e);
	}
	if (swapped_test(f->entry, SWAP_SOFT_DIRTY))
		e = pte_mksoft_dirty(e);
	return watched ? pte_mkuffd_wp(e) : e;
}

/* Half of swap is in use: what is in memory again had better give its slot back. */
static bool swap_is_scarce(void)
{
	return swap_pages_free() * 2 < total_swap_pages();
}

/* The locked page is mapped, its slot has lost our count. Is it worth keeping what swap has? Not what changes at once. */
static void leave_swap(const struct fault_ctx *f, struct page *page)
{
	if (f->access.write || (f->vma->vm_flags & VM_LOCKED) || page_test(page, PG_mlocked) ||
	    swap_is_scarce() || swap_reads_at_once(page_swap_entry(page)))
		(void)page_free_swap(page);
}

/* The page is locked, valid and in the cache for @entry. */
static int map_swapped(struct fault_ctx *f, struct page *page, swp_entry_t entry)
{
	bool exclusive, done = false;

	pt_table_lock(f->table);
	if (pte_raw(pte_read(f->pte)) != pte_raw(f->entry)) {
		pt_unlock(f->table);
		return STAGE_RETRY;
	}
	/* Ours, the cache's, and no other entry: nobody else can get at it while we have both locks. */
	exclusive = swapped_test(f->entry, SWAP_EXCLUSIVE) ||
		    (swap_count(entry) == 1 && page_ref_count(page) == 2);
	set_rmap(f, page, exclusive);
	get_page(page); /* the entry's */
	range_account_map(f->mm, page);
	vma_page_mapped(f->vma, page);
	mm_rss_add(f->mm, MM_SWAPENTS, -1);
	pte_set(f->pte, swapped_in(f, page, exclusive));
	done = !f->access.write || exclusive;
	swap_put(entry);
	pt_unlock(f->table);
	leave_swap(f, page);
	return done && !(f->access.write && swapped_test(f->entry, SWAP_UFFD_WP)) ? FAULT_OK
										  : STAGE_RETRY;
}

/* The slot's page, referenced, is read or being read; @mine: by us. */
static int wait_and_map(struct fault_ctx *f, struct page *page, swp_entry_t entry, bool mine)
{
	int r = STAGE_RETRY;

	if (lock_page_killable(page))
		return FAULT_KILLED;
	if (swapcache_owns(page, entry)) {
		if (page_test(page, PG_uptodate)) {
			r = map_swapped(f, page, entry);
		} else { /* whoever comes next reads it anew */
			swapcache_del(page);
			r = mine ? FAULT_BUS : STAGE_RETRY;
		}
	}
	unlock_page(page);
	return r;
}

/* The page is not in memory. Return: it, being read; NULL: *r says why not. */
static struct page *read_in(struct fault_ctx *f, swp_entry_t entry, int *r)
{
	struct page *page = fault_anon_page(f->vma, f->addr);

	*r = FAULT_OOM;
	if (!page)
		return NULL;
	f->major = true;
	if (!swap_read_page(entry, page, true))
		return page;
	put_page(page); /* somebody was faster, or the entry is gone */
	*r = STAGE_RETRY;
	return NULL;
}

static int swap_in(struct fault_ctx *f)
{
	swp_entry_t entry = pte_swp_entry(f->entry);
	struct page *page = swapcache_use(entry);
	bool found = page;
	int r;

	pt_unlock(f->table);
	if (!page)
		page = read_in(f, entry, &r);
	if (!page)
		return r;
	r = wait_and_map(f, page, entry, !found);
	swap_put_page(page);
	return r;
}

int fault_swap(struct fault_ctx *f)
{
	if (likely(pte_is_swapped(f->entry)))
		return swap_in(f);
	if (pte_is_migration(f->entry))
		return wait_for_move(f);
	pt_unlock(f->table);
	if (pte_is_hwpoison(f->entry))
		return FAULT_HWPOISON;
	kassert(pte_swap_type(f->entry) == SWP_LOST);
	return FAULT_BUS;
}
