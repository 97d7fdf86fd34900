/*
 * The one page-table walk, for 2, 3, 4 and 5 levels, and the single-address descent.
 *
 * OWNS     nothing: tables belong to table.c, entries to whoever holds their table's lock.
 * WHY      one recursion over a level number instead of a copy of the loop per level and mode. A folded level is
 *          skipped by a test on a constant, so the compiler removes it. The callback gets a run of entries of one
 *          table: measured, that costs no more than hand-unrolled loops; a callback per entry costs 2.4 times as much.
 *
 *              top (PGD) ── P4D ── PUD ── PMD ── table of PTEs ── e[0] e[1] … one run
 *                 │ hole        │ large entry: huge(), or split and run()
 *
 * I1       every entry above PT_PTE is none, large, or points to a table page.              [pt_walk_test]
 * I2       run() sees every present entry of the range exactly once, addresses rising.       [pt_walk_test]
 * I3       a table, once hooked, stays until pt_free_tables, pt_unhook_table or range_move, which exclude walkers (below).
 * LOCKS    the walker holds mm->mmap_lock in any mode, or for a mapping's own pages its i_mmap_lock: either keeps
 *          the tables in place, because pt_free_tables runs with mmap_lock held for write and after the vma has
 *          left its mapping, and the two others with that and the rmap locks. Table lock (rank PT) around run(). Tables are hooked by compare-and-exchange.
 * CONTEXT  with fill: may sleep. Without: any context that may take rank PT.
 * COST     O(tables + entries) of the range; an absent upper table is passed in one step.
 * FAILS    -ENOMEM with fill; tables installed before stay (empty tables are legal).
 * NOT HERE what to do with entries (range.c); freeing (table.c, gather.c).
 * SOURCES  SDM volume 3A, chapter "Paging".  TESTED BY  walk_test.c
 */
#include "base/errno.h"
#include "mm/pt.h"
#include "mm/pt/pt_impl.h"

static struct page *table_page_of(pte_t e)
{
	return pfn_to_page(pte_pfn(e));
}

static int walk_leaf_table(struct pt_walk *w, pte_t parent, uaddr_t va, uaddr_t last)
{
	struct page *page = table_page_of(parent);
	pte_t *e = pt_table_ptr(parent) + pt_index(PT_PTE, va);
	int r;

	pt_table_lock(page);
	r = w->ops->run(w, e, PT_PTE, va, last);
	pt_table_unlock(page);
	return r;
}

/* *e was large a moment ago. Return: what the callback says; PT_SPLIT: look at *e again, it is not large any more. */
static int walk_large(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last)
{
	struct page *table = virt_to_page(e);
	int r = PT_SPLIT;
	pte_t cur;

	kassert(level == pt_huge_level() && last < USER_TOP);
	pt_table_lock(table);
	cur = pte_read(e);
	if (pte_is_leaf(cur, level)) {
		if (unlikely(!pte_present(cur)))
			r = w->ops->mark ? w->ops->mark(w, e, va, last) : 0;
		else if (w->ops->huge)
			r = w->ops->huge(w, e, va, last);
		if (r == PT_SPLIT && !pt_split_locked(w->root, e, va))
			r = 0;
	}
	pt_table_unlock(table);
	return r;
}

static int walk_table(struct pt_walk *w, pte_t *tbl, int level, uaddr_t va, uaddr_t last);

static int walk_entry(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last)
{
	pte_t cur = pte_read(e); /* one snapshot: PAE entries can tear */

	while (unlikely(pte_none(cur) || pte_is_leaf(cur, level))) {
		int r;

		if (pte_none(cur) && !w->ops->fill)
			return w->ops->hole ? w->ops->hole(w, level, va, last) : 0;
		if (pte_none(cur))
			r = pt_install_table(w->mm, w->root, e, level);
		else
			r = walk_large(w, e, level, va, last);
		if (r != (pte_none(cur) ? 0 : PT_SPLIT))
			return r;
		cur = pte_read(e); /* maybe another CPU's table, or large page */
	}
	do
		level--;
	while (pt_folded(level)); /* constant per mode */
	if (level == PT_PTE)
		return walk_leaf_table(w, cur, va, last);
	return walk_table(w, pt_table_ptr(cur), level, va, last);
}

static int walk_table(struct pt_walk *w, pte_t *tbl, int level, uaddr_t va, uaddr_t last)
{
	for (;;) {
		uaddr_t stop = min_of(uaddr_t, va | (pt_span(level) - 1), last);
		int r = walk_entry(w, tbl + pt_index(level, va), level, va, stop);

		if (r || stop == last)
			return r;
		va = stop + 1; /* cannot wrap: stop < last */
	}
}

/* An index mask would silently alias a non-canonical address, so both ends are tested, and that no hole is between. */
bool pt_range_ok(uaddr_t va, uaddr_t last)
{
	const uaddr_t half = (uaddr_t)1 << (VA_BITS - 1);

	if (va > last || (va & ~PAGE_MASK) || (~last & ~PAGE_MASK))
		return false;
	if (!pt_canonical(va) || !pt_canonical(last))
		return false;
	return VA_BITS == 32 || (va < half) == (last < half);
}

/* The entry of @va in its leaf table; NULL: *stopped is the entry above, none or large, where the way ends. */
static always_inline_ pte_t *descend(const struct pt_root *root, uaddr_t va, pte_t *stopped)
{
	pte_t *tbl = root->top;

#pragma GCC unroll 5
	for (int level = pt_top_level(); level > PT_PTE; level--) {
		if (pt_folded(level))
			continue;
		*stopped = pte_read_upper(tbl + pt_index(level, va));
		if (likely(pte_is_plain_table(*stopped))) {
			tbl = pt_plain_table_ptr(*stopped);
			continue;
		}
		if (pte_none(*stopped) || pte_is_leaf(*stopped, level))
			return NULL;
		tbl = pt_table_ptr(*stopped);
	}
	return tbl + pt_index(PT_PTE, va);
}

pte_t *pt_descend(const struct pt_root *root, uaddr_t va, struct page **table_page)
{
	pte_t last = pte_from_raw(0);
	pte_t *e = descend(root, va, &last);

	if (e)
		*table_page = table_page_of(last);
	return e;
}

/* The range lies under one leaf table, or under none and nobody asks: no need for the recursion. Return: false when not so. */
static bool walk_one_table(struct pt_walk *w, uaddr_t start, uaddr_t last, int *r)
{
	pte_t parent = pte_from_raw(0);
	struct page *page;
	pte_t *e;

	if ((start ^ last) >= pt_span(PT_PMD))
		return false;
	e = descend(w->root, start, &parent);
	if (!e) {
		*r = 0;
		return pte_none(parent) && !w->ops->fill && !w->ops->hole;
	}
	page = table_page_of(parent);
	pt_table_lock(page);
	*r = w->ops->run(w, e, PT_PTE, start, last);
	pt_table_unlock(page);
	return true;
}

int pt_walk_range(struct pt_walk *w, uaddr_t start, uaddr_t last)
{
	kassert(pt_range_ok(start, last));
	for (;;) {
		int r;

		if (!walk_one_table(w, start, last, &r))
			r = walk_table(w, w->root->top, pt_top_level(), start, last);
		if (r != PT_AGAIN)
			return r;
		start = w->resume;
		r = w->ops->again ? w->ops->again(w) : 0;
		if (r || start > last || start == 0)
			return r;
	}
}

pte_t *pt_find_small_locked(struct pt_root *root, uaddr_t va, struct page **table_page)
{
	pte_t *e = pt_descend(root, va, table_page);

	if (e)
		pt_table_lock(*table_page);
	return e;
}

pte_t *pt_find_fault_locked(struct pt_root *root, uaddr_t va, struct page **table_page,
			    pte_t *upper)
{
	pte_t *e = descend(root, va, upper);

	if (likely(e)) {
		*table_page = table_page_of(*upper);
		pt_table_lock(*table_page);
	}
	return e;
}

pte_t *pt_find_locked(struct pt_root *root, uaddr_t va, struct page **table_page)
{
	pte_t *e = pt_descend(root, va, table_page);

	if (unlikely(!e) && pt_split_at(root, va))
		e = pt_descend(root, va, table_page);
	if (e)
		pt_table_lock(*table_page);
	return e;
}

/* Entry @e of @level, on the way to @va, has no table: hook one, or split what is large. Return: the entry then; none: no
 * memory, or hugetlb. */
static noinline_ pte_t table_at(struct mm_struct *mm, struct pt_root *root, pte_t *e, int level,
				uaddr_t va)
{
	for (;;) {
		pte_t cur = pte_read_upper(e);
		bool failed = false;

		if (pte_none(cur))
			failed = pt_install_table(mm, root, e, level) != 0;
		else if (pte_is_leaf(cur, level))
			failed = !pt_split_at(root, va);
		else
			return cur;
		if (failed)
			return pte_from_raw(0);
	}
}

/* The descent, hooking what is missing and splitting what is large. NULL: no memory, or hugetlb. */
static always_inline_ pte_t *descend_alloc(struct mm_struct *mm, struct pt_root *root, uaddr_t va,
					   pte_t *last)
{
	pte_t *tbl = root->top;

#pragma GCC unroll 5
	for (int level = pt_top_level(); level > PT_PTE; level--) {
		pte_t *e = tbl + pt_index(level, va);

		if (pt_folded(level))
			continue;
		*last = pte_read_upper(e);
		if (unlikely(!pte_is_plain_table(*last))) {
			*last = table_at(mm, root, e, level, va);
			if (pte_none(*last))
				return NULL;
		}
		tbl = pt_table_ptr(*last);
	}
	return tbl + pt_index(PT_PTE, va);
}

pte_t *pt_find_alloc_locked(struct mm_struct *mm, struct pt_root *root, uaddr_t va,
			    struct page **table_page)
{
	pte_t last = pte_from_raw(0);
	pte_t *e = descend_alloc(mm, root, va, &last);

	if (!e)
		return NULL;
	*table_page = table_page_of(last);
	pt_table_lock(*table_page);
	return e;
}

pte_t pt_peek(const struct pt_root *root, uaddr_t va, int level)
{
	const pte_t *tbl = root->top;
	pte_t cur = pte_from_raw(0);

	if (pt_folded(level) || !pt_canonical(va))
		return cur;
	for (int l = pt_top_level(); l >= level; l--) {
		if (pt_folded(l))
			continue;
		cur = pte_read(tbl + pt_index(l, va));
		if (l == level)
			break;
		if (pte_none(cur) || pte_is_leaf(cur, l))
			return pte_from_raw(0);
		tbl = pt_table_ptr(cur);
	}
	return cur;
}
