/*
 * Pages out of memory: anonymous ones and shared memory one by one, and (MADV_PAGEOUT) all of a range.
 *
 *   locked ─► a slot ─► every entry becomes a swapped one ─► flush ─► nobody else has a reference? ─► written ─► dropped
 *                │            └ mlocked: stays mapped                      └ somebody reads or pins it: it stays in the
 *                └ none: KEEP, FULL                                          swap cache, where a fault finds it
 *
 * Many go together: all are unhooked, other CPUs' TLBs flushed once, then all are written; what has slots side by side is one
 * request to the device. They stay locked until the writes have been started.
 *
 * A file's page goes by the same ways when it is clean, and needs no slot; a dirty one stays until write-back has been there, and
 * all stay whose file the caller may not write: what others have in memory is none of his business. So does a clean page of
 * shared memory, which holds zeroes (mm/backing/shmem.c, I3); a dirty one is unmapped though there is no slot for it. What
 * MADV_FREE gave up is discarded (lazyfree.c).
 *
 * WHY      a clean page of the swap cache goes without a write: what came in by a read and was not written leaves free of
 *          cost.
 * I1       a page is written only when nobody but the cache and the caller refers to it: a pin through which the kernel
 *          writes is an entry's or older than the unmapping, so it would be seen. Whoever comes later finds the page in the
 *          cache, and what he writes makes it dirty again.
 *          Entries that were dirty may be written through until the flush, by their program, which finds out at its next
 *          fault (mm->unhooked): as the page is locked, nobody has taken its contents before.
 * I2       a page leaves the cache only clean, unmapped, and without any other reference, checked in one step.
 * LOCKS    page lock from the caller; rmap's and table locks in try_to_unmap. Sleeps in the write.
 * FAILS    PAGEOUT_KEEP, PAGEOUT_FULL: the page is as usable as before, its entries may be swapped ones.
 * NOT HERE which pages reclaim takes (vmscan).   TESTED BY swap_test.c, tests/guest/disk_pages.c
 */
#include "mm/aspace/aspace_impl.h"
#include "mm/gather.h"
#include "mm/pt.h"
#include "mm/range.h"
#include "mm/shmem.h"
#include "mm/swap.h"
#include "mm/vmevent.h"
#include "mm/writeback.h"

/* Locked, in the cache. Whoever wants it from now on waits for the page lock. */
static enum pageout_result keep(struct page *page)
{
	(void)page_free_swap(page);
	return PAGEOUT_KEEP;
}

/* Shared memory's: its object gets the slot. Who else has a reference may be writing to it. */
static enum pageout_result unhook_shared(struct page *page)
{
	struct address_space *m = page_mapping(page);

	if (!m || !page_test(page, PG_swapbacked) || (READ_ONCE(m->flags) & MAPPING_UNEVICTABLE))
		return PAGEOUT_KEEP;
	if (page_ref_count(page) > 2 + page_mapcount(page) || !try_to_unmap(page))
		return PAGEOUT_KEEP;
	if (!page_test(page, PG_dirty)) /* zeroes: they need no slot */
		return PAGEOUT_READY;
	if (!swap_space_left())
		return PAGEOUT_FULL;
	return shmem_swap_out(page) ? PAGEOUT_KEEP : PAGEOUT_READY;
}

/* What has a store: nobody writes it for us. */
static bool is_of_file(const struct page *page)
{
	return page_state(page) == PS_FILE && !page_test(page, PG_swapbacked);
}

static enum pageout_result unhook_cached(struct page *page)
{
	struct address_space *m = page_mapping(page);

	if (!m || (READ_ONCE(m->flags) & MAPPING_UNEVICTABLE) || page_test(page, PG_writeback))
		return PAGEOUT_KEEP;
	return try_to_unmap(page) && !page_test(page, PG_dirty) ? PAGEOUT_READY : PAGEOUT_KEEP;
}

enum pageout_result swap_unhook_page(struct page *page)
{
	kassert(page_test(page, PG_locked));
	if (is_of_file(page))
		return unhook_cached(page);
	if (page_state(page) == PS_FILE)
		return unhook_shared(page);
	if (page_test(page, PG_writeback))
		return PAGEOUT_WRITING;
	if (!page_test(page, PG_swapcache)) {
		if (!page_mapcount(page)) /* its program has just ended */
			return PAGEOUT_KEEP;
		if (add_to_swap(page))
			return swap_space_left() ? PAGEOUT_KEEP : PAGEOUT_FULL;
	}
	return try_to_unmap(page) ? PAGEOUT_READY : keep(page);
}

/* Unmapped, flushed, in the cache. Who does not wait has it first again when it is written. */
static enum pageout_result write_start(struct page *page, bool wait)
{
	if (page_state(page) == PS_FILE || !page_test(page, PG_dirty))
		return PAGEOUT_READY;
	if (page_ref_count(page) != 2)
		return PAGEOUT_KEEP;
	if (!wait)
		page_set(page, PG_reclaim);
	return swap_writepage(page) ? PAGEOUT_KEEP : PAGEOUT_READY;
}

static bool leave_cache(struct page *page)
{
	return page_state(page) == PS_FILE ? mapping_evict_page(page_mapping(page), page)
					   : swap_drop_page(page);
}

static enum pageout_result write_end(struct page *page, bool wait)
{
	if (!wait && page_test(page, PG_writeback))
		return PAGEOUT_WRITING;
	(void)!page_wait_clear(page, PG_writeback, PARK_UNINTERRUPTIBLE);
	return leave_cache(page) ? PAGEOUT_FREED : PAGEOUT_KEEP;
}

void swap_out_ready(struct page **pages, enum pageout_result *r, unsigned n, bool wait)
{
	for (unsigned i = 0; i < n; i++) {
		if (r[i] == PAGEOUT_READY)
			r[i] = write_start(pages[i], wait);
	}
	swap_kick(pages, n);
	for (unsigned i = 0; i < n; i++) {
		if (r[i] == PAGEOUT_READY)
			r[i] = write_end(pages[i], wait);
	}
}

enum pageout_result swap_out_page(struct page *page, bool wait)
{
	enum pageout_result r = swap_unhook_page(page);

	if (wait && r == PAGEOUT_WRITING) {
		(void)!page_wait_clear(page, PG_writeback, PARK_UNINTERRUPTIBLE);
		r = swap_unhook_page(page);
	}
	swap_out_ready(&page, &r, 1, wait);
	return r;
}

/* ---- MADV_PAGEOUT ---- */

enum { PAGEOUT_BATCH = 32 };

/* Pages on their way, each with a reference. */
struct pageout {
	unsigned nr;
	struct page *pages[PAGEOUT_BATCH];
	uaddr_t next; /* where to go on */
};

/* Given up by MADV_FREE, and nobody has wanted it again as far as is known: it needs no slot. */
static bool is_given_up(const struct page *page)
{
	return page_state(page) == PS_ANON && !page_test(page, PG_swapbacked);
}

/* A page that this program has alone, or the last one does (Linux spares what others may use, too). */
static int collect(pte_t e, uaddr_t va, void *arg)
{
	struct pageout *p = arg;
	struct page *page;

	p->next = va + PAGE_SIZE;
	if (!pte_present(e) || pte_special(e))
		return 0;
	page = pfn_to_page(pte_pfn(e));
	if (page_test(page, PG_head) || page_mapcount(page) != 1)
		return 0;
	if (page_state(page) == PS_ANON && !is_given_up(page) && !swap_space_left())
		return 0;
	get_page(page);
	p->pages[p->nr++] = page;
	return p->nr == PAGEOUT_BATCH ? RANGE_STOP : 0;
}

/* Those that nobody has locked, together. Return: how many are left, the first in p->pages. */
static unsigned page_out_free(struct pageout *p)
{
	enum pageout_result r[PAGEOUT_BATCH];
	struct page *locked[PAGEOUT_BATCH];
	unsigned left = 0, n = 0;
	unsigned long cpus;

	unhook_begin(&cpus);
	for (unsigned i = 0; i < p->nr; i++) {
		struct page *page = p->pages[i];

		if (is_given_up(page) || !trylock_page(page)) {
			p->pages[left++] = page;
			continue;
		}
		page_lock_give(
			page); /* many locks, in no order: nobody waits for one with another */
		r[n] = swap_unhook_page(page);
		locked[n++] = page;
	}
	unhook_end(&cpus);
	swap_out_ready(locked, r, n, true);
	for (unsigned i = 0; i < n; i++) {
		page_clear_wake(locked[i], PG_locked);
		if (r[i] == PAGEOUT_WRITING)
			p->pages[left++] = locked[i];
		else
			swap_put_page(locked[i]);
	}
	return left;
}

static void page_out_batch(struct pageout *p)
{
	unsigned left = page_out_free(p);

	for (unsigned i = 0; i < left; i++) {
		struct page *page = p->pages[i];

		lock_page(page);
		if (!is_given_up(page))
			(void)swap_out_page(page, true);
		else if (try_to_discard(page))
			count_vm_event(PGLAZYFREED);
		unlock_page(page);
		swap_put_page(page);
	}
}

void vma_page_out(struct vm_area_struct *vma, uaddr_t start, uaddr_t end)
{
	struct pageout p = { .next = start };
	int r = RANGE_STOP;

	if (vma->mapping && vma->mapping->ops->may_write &&
	    !vma->mapping->ops->may_write(vma->mapping))
		return;
	while (r == RANGE_STOP) {
		p.nr = 0;
		r = range_each(vma->vm_mm, p.next, end, collect, &p);
		page_out_batch(&p);
	}
}
