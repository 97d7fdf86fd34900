/*
 * Huge pages made of small ones: MADV_COLLAPSE and the daemon khugepaged.
 *
 *   look     mmap_lock for read: is the block worth it, may it be?            nothing has changed
 *   fetch    no lock: pages in swap come back, pages that are just being moved are waited for
 *   get      no lock: a block of memory, unless the pages lie side by side already
 *   collapse mmap_lock for write, rmap kept out:
 *            table unhooked, TLBs flushed ─► look again ─► copy, old pages go ─► large entry, the table becomes its spare
 *                                             └ not any more: table hooked again, nothing has changed
 *
 * OWNS     the tunables of khugepaged, and where it is: scan_mm (grabbed) and scan_addr.
 * WHY      a program that touches its memory a page at a time, or was given small pages when no block was free, gets
 *          huge pages later, at the cost of copying. Pages that form a block already are not copied (Linux copies).
 * I1       between unhooking and hooking nobody reaches the block: programs fault and wait for mmap_lock, walkers with
 *          mmap_lock are kept out by it, rmap by its lock. It is looked at under that lock, so that no migration entry
 *          is hidden from the mover, who would not find it again.
 * I2       a page is copied only if every reference to it is an entry's or the swap cache's: what is pinned stays where it is.
 * I3       pages between the present ones become zeroes that count in RSS (max_ptes_none bounds them).
 * LOCKS    mmap_lock; table locks. scan_mm and scan_addr are the daemon thread's.
 * CONTEXT  threads; sleeps.
 * COST     a look: 10 instructions a page; a collapse: a copy of the block.
 * FAILS    as madvise(2) says of MADV_COLLAPSE: -ENOMEM, -EAGAIN (a page is pinned, or has left again), -EINVAL.
 * NOT HERE the daemon's thread (kernel/khugepaged.c), the first touch of a block (thp.c).
 * SOURCES  madvise(2); Linux Documentation/admin-guide/mm/transhuge.rst.   TESTED BY thp_test.c
 */
#include "base/errno.h"
#include "lib/string.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/aspace/thp_impl.h"
#include "mm/gather.h"
#include "mm/imports.h"
#include "mm/range.h"
#include "mm/rmap.h"
#include "mm/swap.h"
#include "mm/thp.h"
#include "mm/vmalloc.h"
#include "mm/vmevent.h"

int khugepaged_defrag = 1;
unsigned khugepaged_pages_to_scan = 8 * HPAGE_NR;
unsigned khugepaged_max_ptes_none = HPAGE_NR - 1;
unsigned khugepaged_max_ptes_swap = HPAGE_NR / 8;
unsigned khugepaged_max_ptes_shared = HPAGE_NR / 2;
unsigned khugepaged_scan_sleep_ms = 10000, khugepaged_alloc_sleep_ms = 60000;
unsigned long khugepaged_pages_collapsed, khugepaged_full_scans;

struct collapse {
	struct mm_struct *mm;
	uaddr_t addr;	    /* of the block */
	bool advised;	    /* MADV_COLLAPSE: no bounds, no sampling of what is used */
	struct page *block; /* the new pages; NULL while there are none */
	/* what the last look saw */
	unsigned none, shared, young, on_node[CFG_MAX_NODES];
	bool in_place, exclusive, writable;
	/* pages in swap or on the move: how many, and which */
	unsigned nr_away;
	uint8_t away[HPAGE_NR / 8];
};

/* ---- looking ---- */

/* A bound of the daemon is passed: counted under its name. */
static int exceed(const struct collapse *c, unsigned n, unsigned max, enum vm_event event)
{
	if (c->advised || n <= max)
		return 0;
	count_vm_event(event);
	return -EINVAL;
}

/* Page number @i of the block, by its entry. 0: it can be collapsed. */
static int look_at(struct collapse *c, pte_t e, unsigned i, pfn_t *first)
{
	const struct page *page;

	if (pte_none(e) || (pte_present(e) && pte_special(e) && !pte_uffd_wp(e))) {
		c->in_place = false;
		return exceed(c, ++c->none, READ_ONCE(khugepaged_max_ptes_none),
			      THP_SCAN_EXCEED_NONE_PTE);
	}
	if (pte_is_swapped(e) || pte_is_migration(e)) {
		c->in_place = false;
		c->away[i / 8] |= (uint8_t)(1u << i % 8);
		c->writable |= pte_is_migration(e) && migration_is_write(e);
		return exceed(c, ++c->nr_away, READ_ONCE(khugepaged_max_ptes_swap),
			      THP_SCAN_EXCEED_SWAP_PTE);
	}
	if (!pte_present(e) || pte_uffd_wp(e))
		return -EINVAL;
	page = pfn_to_page(pte_pfn(e));
	if (page_state(page) != PS_ANON)
		return -EINVAL;
	c->on_node[page_node_id(page)]++;
	c->young += pte_young(e) ||
		    mmu_notify_young(c->mm, c->addr + ((uaddr_t)i << PAGE_SHIFT),
				     c->addr + ((uaddr_t)(i + 1) << PAGE_SHIFT), MMU_TEST_YOUNG);
	c->writable |= pte_write(e);
	c->exclusive &= page_test(page, PG_anon_exclusive);
	if (i == 0)
		*first = pte_pfn(e);
	c->in_place &= pte_pfn(e) == *first + i && !page_is_ksm(page);
	if (page_mapcount(page) > 1)
		return exceed(c, ++c->shared, READ_ONCE(khugepaged_max_ptes_shared),
			      THP_SCAN_EXCEED_SHARE_PTE);
	return 0;
}

/* Do programs use the block, and enough of it that what is in swap is wanted, too? */
static bool is_used(const struct collapse *c)
{
	return c->advised || (c->young && (!c->nr_away || c->young >= HPAGE_NR / 2));
}

/* The table of the block's entries, which nobody changes. 0: worth collapsing, when nothing is away. */
static int look(struct collapse *c, const pte_t *table)
{
	pfn_t first = 0;
	int err = 0;

	c->none = 0;
	c->shared = 0;
	c->young = 0;
	c->nr_away = 0;
	memset(c->away, 0, sizeof(c->away));
	memset(c->on_node, 0, sizeof(c->on_node));
	c->in_place = true;
	c->exclusive = true;
	c->writable = false;
	for (unsigned i = 0; i < HPAGE_NR && !err; i++)
		err = look_at(c, pte_read(table + i), i, &first);
	c->in_place = c->in_place && !(first & (HPAGE_NR - 1));
	if (!err && (!c->writable || !is_used(c)))
		err = -EINVAL;
	return err;
}

/* May the block be huge, in the vma that is there now? mmap_lock held. */
static bool block_allowed(const struct collapse *c)
{
	struct vm_area_struct *vma = find_vma(c->mm, c->addr);

	return vma && thp_block_in(vma, c->addr) &&
	       (c->advised ? thp_possible(vma) : thp_allowed(vma));
}

/* mmap_lock held. 0, -EINVAL, or -EEXIST: it is huge. */
static int look_locked(struct collapse *c)
{
	struct page *table;
	pte_t *pte;
	int err;

	if (!block_allowed(c))
		return -EINVAL;
	if (pte_is_leaf(pt_peek(&c->mm->root, c->addr, pt_huge_level()), pt_huge_level()))
		return -EEXIST;
	pte = pt_find_small_locked(&c->mm->root, c->addr, &table);
	if (!pte)
		return -EINVAL;
	err = look(c, pte);
	pt_unlock(table);
	return err;
}

/* ---- collapsing ---- */

static void copy_page(struct page *to, pte_t e)
{
	void *dst = kmap_local_page(to);
	const void *src;

	if (pte_none(e) || pte_special(e)) {
		frame_zero(dst);
	} else {
		src = kmap_local_page(pfn_to_page(pte_pfn(e)));
		frame_copy(dst, src);
		kunmap_local(src);
	}
	kunmap_local(dst);
}

/* I2. The swap cache gives the page up if no entry stands for its slot. */
static bool only_entries_use(struct page *page)
{
	int users = page_mapcount(page);
	bool only;

	if (page_ref_count(page) == users)
		return true;
	if (!page_test(page, PG_swapcache) || !trylock_page(page))
		return false;
	(void)page_free_swap(page);
	only = page_ref_count(page) == users + page_test(page, PG_swapcache);
	unlock_page(page);
	return only;
}

static bool none_pinned(const pte_t *table)
{
	for (unsigned i = 0; i < HPAGE_NR; i++) {
		pte_t e = pte_read(table + i);

		if (pte_present(e) && !pte_special(e) && !only_entries_use(pfn_to_page(pte_pfn(e))))
			return false;
	}
	return true;
}

/* The pages of @table, which is unhooked, get copies in the block and lose their entries. */
static void move_to_block(struct collapse *c, const struct vm_area_struct *vma, pte_t *table)
{
	struct mmu_gather g;

	gather_begin(&g, c->mm);
	for (unsigned i = 0; i < HPAGE_NR; i++) {
		pte_t e = pte_read(table + i);

		copy_page(c->block + i, e);
		page_set_anon_rmap(c->block + i, vma, c->addr + ((uaddr_t)i << PAGE_SHIFT));
		pte_set(table + i, pte_from_raw(0));
		if (pte_none(e) || pte_special(e))
			continue;
		vma_page_unmapped(vma, pfn_to_page(pte_pfn(e)));
		range_account_unmap(c->mm, pfn_to_page(pte_pfn(e)));
		if (gather_page(&g, pfn_to_page(pte_pfn(e))))
			gather_relieve(&g);
	}
	gather_end(&g);
	lru_add_block(c->block, HPAGE_NR);
	range_account_map_huge(c->mm, c->block);
	thp_block_mapped(vma, c->block);
}

/* The pages of @table are a block: the large entry takes over what the small ones held. */
static struct page *take_in_place(pte_t *table)
{
	struct page *block = pfn_to_page(pte_pfn(pte_read(table)));

	for (unsigned i = 0; i < HPAGE_NR; i++)
		pte_set(table + i, pte_from_raw(0));
	range_account_join(block);
	return block;
}

/* mmap_lock held for write. 0, or why not: then nothing has changed. */
static int collapse_locked(struct collapse *c)
{
	struct vm_area_struct *vma = find_vma(c->mm, c->addr);
	struct page *table = NULL, *block;
	struct mmu_notify_range watch;
	pte_t *entries, large;
	int err;

	if (!vma)
		return -EINVAL;
	mmu_notify_begin(&watch, c->mm, c->addr, c->addr + HPAGE_SIZE, MMU_NOTIFY_CLEAR);
	rmap_lock_vma(vma);
	err = look_locked(c);
	if (!err && c->nr_away) /* gone again */
		err = -EAGAIN;
	if (!err)
		table = pt_unhook_table(&c->mm->root, c->addr);
	rmap_unlock_vma(
		vma); /* walks find nothing from now on, and pages that are still counted as mapped */
	if (err)
		goto end;
	entries = page_address(table);
	err = look(c, entries); /* the CPUs might have changed only A and D; pins need mmap_lock */
	if (!err && !c->in_place && (!c->block || !none_pinned(entries)))
		err = -EAGAIN;
	if (err) {
		pt_hook_table(&c->mm->root, c->addr, table);
		goto end;
	}
	if (c->in_place) {
		block = take_in_place(entries);
	} else {
		move_to_block(c, vma, entries);
		block = c->block;
		c->block = NULL;
		c->exclusive = true;
	}
	large = thp_entry(vma, block);
	pt_hook_huge(&c->mm->root, c->addr, c->exclusive ? large : pte_wrprotect(large), table);
end:
	mmu_notify_end(&watch);
	return err;
}

/* A block where most of the pages are; of several such nodes near the first. */
static struct page *block_alloc(const struct collapse *c, gfp_t gfp)
{
	nodemask_t nodes = 0;
	unsigned most = 0;
	int first = 0;

	for (unsigned n = 0; n < nr_nodes; n++) {
		if (c->on_node[n] > most) {
			most = c->on_node[n];
			first = (int)n;
			nodes = 0;
		}
		nodes |= (nodemask_t)(c->on_node[n] == most) << n;
	}
	return thp_alloc(gfp, first, nodes);
}

static int look_at_block(struct collapse *c)
{
	int err;

	rwsem_down_read(&c->mm->mmap_lock);
	err = look_locked(c);
	rwsem_up_read(&c->mm->mmap_lock);
	return err;
}

/* What the last look found away is there again, unless it leaves again at once. 0, -ENOMEM, -EINVAL: it cannot be read. */
static int fetch(const struct collapse *c)
{
	for (unsigned i = 0; i < HPAGE_NR; i++) {
		struct page *page;
		int err;

		if (!(c->away[i / 8] >> i % 8 & 1))
			continue;
		err = get_user_page(c->mm, c->addr + ((uaddr_t)i << PAGE_SHIFT), false, &page);
		if (err)
			return err == -ENOMEM ? err : -EINVAL;
		swap_put_page(page);
	}
	return 0;
}

/* 0, -ENOMEM, -EAGAIN, -EINVAL, or -EEXIST: it is huge already. No lock held. */
static int collapse_block(struct collapse *c)
{
	gfp_t gfp = GFP_HIGHUSER_MOVABLE | __GFP_NOWARN | __GFP_NORETRY;
	int err = look_at_block(c);

	if (!err && c->nr_away) {
		err = fetch(c);
		if (!err)
			err = look_at_block(c);
	}
	if (err)
		return err;
	if (!c->advised && !khugepaged_defrag)
		gfp &= ~__GFP_RECLAIM;
	c->block = c->in_place ? NULL : block_alloc(c, gfp);
	if (!c->in_place && !c->block) {
		count_vm_event(THP_COLLAPSE_ALLOC_FAILED);
		return -ENOMEM;
	}
	if (c->block)
		count_vm_event(THP_COLLAPSE_ALLOC);
	rwsem_down_write(&c->mm->mmap_lock);
	err = collapse_locked(c);
	rwsem_up_write(&c->mm->mmap_lock);
	if (c->block)
		thp_free(c->block);
	return err;
}

/* ---- MADV_COLLAPSE ---- */

/* The part of [*start, end) in one vma, and how far it goes. 0; -EINVAL: no huge pages there; -ENOMEM: nothing is mapped. */
static int part_to_collapse(struct mm_struct *mm, unsigned long *start, unsigned long *end)
{
	const struct vm_area_struct *vma;
	int err = 0;

	rwsem_down_read(&mm->mmap_lock);
	vma = find_vma(mm, *start);
	if (!vma || vma->vm_start >= *end) {
		err = -ENOMEM;
	} else {
		*start = max_of(unsigned long, *start, vma->vm_start);
		*end = min_of(unsigned long, *end, vma->vm_end);
		if (!thp_possible(vma) ||
		    !thp_block_in(vma, round_up_pow2(vma->vm_start, HPAGE_SIZE)))
			err = -EINVAL;
	}
	rwsem_up_read(&mm->mmap_lock);
	return err;
}

/* The whole blocks of [start, end): -EINVAL for a part of one block, 0 for parts of two. */
static int collapse_part(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	unsigned long first = round_up_pow2(start, HPAGE_SIZE), stop = end & HPAGE_MASK;
	int failed = 0;

	if (first < start || first > stop)
		return -EINVAL;
	for (unsigned long addr = first; addr < stop; addr += HPAGE_SIZE) {
		struct collapse c = { .mm = mm, .addr = addr, .advised = true };
		int err = collapse_block(&c);

		if (mm_ctx_current()->fatal_signal)
			return -EINTR;
		if (err && err != -EEXIST)
			failed = err;
		if (err == -ENOMEM)
			break;
	}
	return failed;
}

int thp_collapse(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	int err, hole = 0;

	while (start < end) {
		unsigned long from = start, to = end;

		err = part_to_collapse(mm, &from, &to);
		if (from > start)
			hole = -ENOMEM;
		if (!err)
			err = collapse_part(mm, from, to);
		if (err)
			return err;
		start = to;
	}
	return hole;
}

/* ---- the daemon ---- */

static struct mm_struct *scan_mm;
static uaddr_t scan_addr;

/* The next block at or after scan_addr that is worth a look; mmap_lock taken here. Return: false: none in this mm. */
static bool next_block(struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	bool found = false;

	rwsem_down_read(&mm->mmap_lock);
	for (vma = find_vma(mm, scan_addr); vma && !found; vma = vma_next(mm, vma)) {
		unsigned long addr = max_of(unsigned long, scan_addr, vma->vm_start);

		addr = round_up_pow2(addr, HPAGE_SIZE);
		found = thp_allowed(vma) && addr >= vma->vm_start && thp_block_in(vma, addr);
		if (found)
			scan_addr = addr;
	}
	rwsem_up_read(&mm->mmap_lock);
	return found;
}

/* Blocks of @mm from scan_addr on, while there is a budget. Return: false when none is left; *nomem: no memory. */
static bool scan_blocks(struct mm_struct *mm, long *budget, bool *nomem)
{
	while (*budget > 0 && !*nomem) {
		struct collapse c = { .mm = mm };
		int err;

		if (!next_block(mm))
			return false;
		c.addr = scan_addr;
		err = collapse_block(&c);
		khugepaged_pages_collapsed += !err;
		*nomem = err == -ENOMEM;
		*budget -= HPAGE_NR;
		scan_addr += HPAGE_SIZE;
		if (!scan_addr)
			return false;
	}
	return true;
}

void khugepaged_rewind(void)
{
	if (scan_mm)
		mmdrop(scan_mm);
	scan_mm = NULL;
}

unsigned khugepaged_step(void)
{
	long budget = READ_ONCE(khugepaged_pages_to_scan);
	bool nomem = false;

	while (budget > 0 && !nomem) {
		bool more = false;

		if (!scan_mm) {
			scan_mm = mm_list_next(NULL);
			scan_addr = 0;
		}
		if (scan_mm && scan_mm->thp_seen && mmget_not_zero(scan_mm)) {
			more = scan_blocks(scan_mm, &budget, &nomem);
			mmput(scan_mm);
		}
		if (more)
			continue;
		budget--;
		scan_mm = scan_mm ? mm_list_next(scan_mm) : NULL;
		scan_addr = 0;
		if (!scan_mm) {
			khugepaged_full_scans++;
			break;
		}
	}
	return nomem ? READ_ONCE(khugepaged_alloc_sleep_ms) : READ_ONCE(khugepaged_scan_sleep_ms);
}
