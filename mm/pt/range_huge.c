/*
 * Ranges of large entries with the accounting of their pages: zap, protect, copy, age, count as callbacks of the walk.
 *
 * OWNS     the accounts of transparent large entries: zone->huge_maps, NR_ANON_THPS.
 * I1       a transparent large entry that is not special holds one reference and one _mapcount of each of its HPAGE_NR
 *          pages, and counts them in RSS as anonymous: as that many small entries would.              [mm_check]
 * I2       zone->huge_maps of a pageblock is the number of transparent large entries that map it; NR_ANON_THPS counts
 *          the pages of the blocks that have any.                                                     [huge_test]
 * I3       it is writable only if every page of it is exclusive (I4 of range.c).                      [mm_check]
 * WHY      what concerns only a part of a large entry splits it (PT_SPLIT) and goes on in range.c.
 * LOCKS    the lock of the entry's table, from the walk; in copy_huge that of the child's table as well.
 * CONTEXT  as range.c: never sleeps, PT_AGAIN leaves the lock for what must.
 * FAILS    copy_huge_prepare: -ENOMEM.
 * NOT HERE splitting (huge.c), hugetlb's own accounts (mm/backing/hugetlb.c).
 * TESTED BY  huge_test.c
 */
#include "base/errno.h"
#include "mm/huge.h"
#include "mm/pt/range_impl.h"
#include "mm/swap_entry.h"

static bool covers(uaddr_t va, uaddr_t last)
{
	return last - va == HPAGE_SIZE - 1;
}

/* ---- accounts ---- */

static void block_mapped(struct page *page)
{
	if (atomic_add_return(huge_maps_of(page), 1) == 1)
		mod_node_stat(page, NR_ANON_THPS, HPAGE_NR);
}

static void block_unmapped(struct page *page)
{
	if (atomic_add_return(huge_maps_of(page), -1) == 0)
		mod_node_stat(page, NR_ANON_THPS, -HPAGE_NR);
}

void range_account_split(pte_t large)
{
	if (!pte_special(large))
		block_unmapped(entry_page(large));
}

void range_account_join(struct page *page)
{
	block_mapped(page);
}

void range_account_map_huge(struct mm_struct *mm, struct page *page)
{
	long first = 0;

	for (unsigned i = 0; i < HPAGE_NR; i++)
		first += mapcount_inc(page + i);
	if (first)
		mod_node_stat(page, NR_ANON_MAPPED, first);
	mm_rss_add(mm, MM_ANONPAGES, HPAGE_NR);
	block_mapped(page);
}

static void account_unmap_huge(struct mm_struct *mm, struct page *page, bool mlocked)
{
	long last = 0;

	for (unsigned i = 0; mlocked && i < HPAGE_NR; i++)
		page_munlock(page + i);
	for (unsigned i = 0; i < HPAGE_NR; i++)
		last += mapcount_dec(page + i, MM_ANONPAGES);
	if (last)
		mod_node_stat(page, NR_ANON_MAPPED, -last);
	mm_rss_add(mm, MM_ANONPAGES, -HPAGE_NR);
	block_unmapped(page);
}

/* ---- hugetlb: one reference and one _mapcount for the whole, not in RSS ---- */

static int zap_hugetlb(struct mmu_gather *g, pte_t *e, uaddr_t va, uaddr_t last)
{
	struct page *page;
	pte_t old;

	kassert(covers(va, last));
	old = pte_clear(e);
	page = entry_page(old);
	if (unlikely(g->keep_uffd_wp) && pte_uffd_wp(old))
		pte_set(e, pte_uffd_marker());
	gather_note_range(g, va, va + HPAGE_SIZE);
	if (pte_dirty(old) && !page_test(page, PG_dirty))
		page_set(page, PG_dirty);
	atomic_dec(&page->_mapcount);
	atomic_long_add(&g->mm->hugetlb_pages, -1);
	return gather_block(g, page) ? PT_AGAIN : 0;
}

/* The child's entry, locked; NULL: its table is missing, copy_huge_prepare and come again. */
static pte_t *copy_target(struct pt_walk *w, uaddr_t va, struct page **dst_table)
{
	struct copy_ctx *c = w->arg;
	pte_t *d = pt_huge_locked(&c->dst->root, va, dst_table);

	if (!d) {
		c->want_huge = true;
		w->resume = va;
	}
	return d;
}

static int copy_hugetlb(struct pt_walk *w, pte_t *e, uaddr_t va)
{
	struct copy_ctx *c = w->arg;
	struct page *dst_table, *page = entry_page(pte_read(e));
	pte_t *d = copy_target(w, va, &dst_table);

	if (!d)
		return PT_AGAIN;
	get_page(page);
	atomic_inc(&page->_mapcount);
	atomic_long_add(&c->dst->hugetlb_pages, 1);
	pte_set(d, copy_bits(c, e, pte_read(e), va, HPAGE_SIZE));
	pt_table_unlock(dst_table);
	return 0;
}

/* ---- hugetlb's markers ---- */

int zap_mark(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last)
{
	const struct mmu_gather *g = w->arg;

	if (!g->keep_uffd_wp)
		(void)pte_clear(e);
	return 0;
}

int copy_mark(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last)
{
	const struct copy_ctx *c = w->arg;
	struct page *dst_table;
	pte_t *d;

	if (!c->uffd_wp)
		return 0;
	d = copy_target(w, va, &dst_table);
	if (!d)
		return PT_AGAIN;
	pte_set(d, pte_read(e));
	pt_table_unlock(dst_table);
	return 0;
}

/* ---- the callbacks ---- */

int zap_huge(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last)
{
	struct mmu_gather *g = w->arg;
	pte_t old;

	if (g->keep_anon && is_private_entry(pte_read(e)))
		return 0;
	w->resume = last + 1;
	if (entry_is_hugetlb(pte_read(e)))
		return zap_hugetlb(g, e, va, last);
	if (!covers(va, last))
		return PT_SPLIT;
	old = pte_clear(e);
	gather_note_range(g, va, va + HPAGE_SIZE);
	gather_table(g, pt_withdraw(virt_to_page(e)));
	if (pte_special(old))
		return 0;
	account_unmap_huge(g->mm, entry_page(old), g->mlocked);
	return gather_block(g, entry_page(old)) ? PT_AGAIN : 0;
}

bool range_huge_exclusive(pte_t e)
{
	if (entry_is_hugetlb(e))
		return page_state(entry_page(e)) == PS_ANON && page_ref_count(entry_page(e)) == 1;
	for (unsigned i = 0; i < HPAGE_NR; i++) {
		if (!page_is_exclusive(pte_small_of(e, i)))
			return false;
	}
	return true;
}

int protect_huge(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last)
{
	struct protect_ctx *c = w->arg;
	pte_t cur = pte_read(e), to = pte_modify(cur, c->prot);

	if (!covers(va, last))
		return PT_SPLIT;
	if (((c->care & CARE_PRIVATE) && !range_huge_exclusive(cur)) ||
	    ((c->care & CARE_TRACKED) && !pte_soft_dirty(cur)) || unlikely(pte_uffd_wp(cur)))
		to = pte_wrprotect(to);
	if (pte_raw(to) == pte_raw(cur))
		return 0;
	entry_change(e, cur, to);
	c->changed += HPAGE_NR;
	if (loses_rights(cur, to))
		gather_note_range(c->g, va, va + HPAGE_SIZE);
	return 0;
}

int copy_huge_prepare(struct pt_walk *w)
{
	struct copy_ctx *c = w->arg;
	struct page *table;

	c->want_huge = false;
	if (!c->spare)
		c->spare = pt_table_alloc(c->dst);
	if (!c->spare || !pt_huge_alloc_locked(c->dst, &c->dst->root, w->resume, &table))
		return -ENOMEM;
	pt_table_unlock(table);
	return 0;
}

int copy_huge(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last)
{
	struct copy_ctx *c = w->arg;
	struct page *dst_table, *page;
	pte_t *d, cur = pte_read(e);

	if (entry_is_hugetlb(cur))
		return copy_hugetlb(w, e, va);
	if (!covers(va, last) ||
	    (c->partly && !pte_none(pt_peek(&c->dst->root, va, pt_huge_level()))))
		return PT_SPLIT;
	d = c->spare ? pt_huge_locked(&c->dst->root, va, &dst_table) : NULL;
	if (!d) {
		c->want_huge = true;
		w->resume = va;
		return PT_AGAIN;
	}
	kassert(pte_none(pte_read(d)));
	page = entry_page(cur);
	cur = copy_bits(c, e, cur, va, HPAGE_SIZE);
	if (!pte_special(cur)) {
		for (unsigned i = 0; i < HPAGE_NR; i++) {
			get_page(page + i);
			page_share(page + i);
		}
		range_account_map_huge(c->dst, page);
	}
	pt_deposit(dst_table, c->spare);
	c->spare = NULL;
	pte_set(d, cur);
	pt_table_unlock(dst_table);
	return 0;
}

int age_huge(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last)
{
	struct age_ctx *c = w->arg;

	if (!covers(va, last))
		return PT_SPLIT;
	if (pte_test_and_clear_young(e)) {
		c->young += HPAGE_NR;
		gather_note_range(c->g, va, va + HPAGE_SIZE);
	}
	return 0;
}

int each_huge(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last)
{
	struct each_ctx *c = w->arg;
	unsigned i = (unsigned)((va & ~HPAGE_MASK) >> PAGE_SHIFT);
	pte_t cur = pte_read(e);

	for (;; i++, va += PAGE_SIZE) {
		int r = c->fn(pte_small_of(cur, i), va, c->arg);

		if (r || (va | ~PAGE_MASK) == last)
			return r;
	}
}

/* ---- how much of a range is large ---- */

static int no_run(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last)
{
	return 0;
}

static int count_huge(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last)
{
	if (!pte_special(pte_read(e)) && !entry_is_hugetlb(pte_read(e)))
		*(unsigned long *)w->arg += ((last - va) >> PAGE_SHIFT) + 1;
	return 0;
}

unsigned long range_count_huge(struct mm_struct *mm, uaddr_t start, uaddr_t end)
{
	static const struct pt_walk_ops ops = { .run = no_run, .huge = count_huge };
	unsigned long pages = 0;
	struct pt_walk w = { .ops = &ops, .root = &mm->root, .mm = mm, .arg = &pages };

	if (start < end)
		must(pt_walk_range(&w, start, end - 1) == 0);
	return pages;
}
