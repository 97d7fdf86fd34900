/*
 * Large entries in user tables: one entry that maps HPAGE_NR small pages, at the level above the PTEs.
 *
 *       table of the huge level          ┌─ large entry ──► HPAGE_NR pages side by side
 *       (PMD; 2-level: the top table)    │
 *            [ e0 ][ e1 ][ e2 ] … ───────┼─ table entry ──► table of PTEs ──► pages
 *              lock, spare_tables        └─ none
 *                     └► spare ► spare       one for each transparent large entry of this table
 *
 *   none ──► large   huge fault, hugetlb fault, fork: compare-and-exchange, table lock held
 *   large ──► none   zap of all of it, table lock held
 *   large ──► table  split: table lock held. Anybody who keeps tables in place may do it (mmap_lock in any mode, an rmap
 *                    lock): it changes no page and no account, and the spare table is there already, so it cannot fail
 *   table ──► large  collapse: mmap_lock for write and the vma's rmap locks, because walkers may stand in the table
 *   all of it to another place of the mm (range_move.c): the same locks
 *
 * OWNS     the spare tables.
 * WHY      TRANSPARENT huge pages are not compound: each of the HPAGE_NR pages is an ordinary anonymous page, and the
 *          large entry holds a reference and a _mapcount of each. So partial unmapping frees at once what it unmaps,
 *          COW, pins, reclaim and rmap see pages as ever, counts are exact, and a split is a matter of the table only.
 *          The price is a loop over HPAGE_NR pages when a large entry is made, copied or zapped: a fortieth of what
 *          zeroing the memory costs. (Linux keeps them compound, defers splits and counts in two ways.)
 *          HUGETLB pages are compound: one reference, one _mapcount, never split.
 * I1       a large entry is in a table of pt_huge_level(), in the user half; its frame is aligned.      [pt_check_large]
 * I2       a table has as many spare tables as transparent large entries; they are empty.              [pt_check_large]
 * I3       a present entry above the PTEs is large or points to a table; the lock holder alone takes a large one away,
 *          so who has read one without the lock looks again with it.
 * LOCKS    the lock of the table in which the large entry stands. Spare tables are never locked.
 * CONTEXT  split flushes TLBs: interrupts on. Never sleeps.
 * COST     split: HPAGE_NR stores and one flush.
 * FAILS    never; the spare table is got before the large entry is set.
 * NOT HERE accounts (range_huge.c), who gets a huge page (mm/aspace/thp.c).
 * SOURCES  Navarro et al. 2002 (superpages of base pages); SDM volume 3A, "Propagation of Paging-Structure Changes" and
 *          "Recommended Invalidation": a page size changes through an entry that is not present.
 * TESTED BY  huge_test.c
 */
#include "mm/huge.h"
#include "mm/pt.h"
#include "mm/pt/range_impl.h"
#include "mm/vmevent.h"

void pt_deposit(struct page *table, struct page *spare)
{
	spare->spare_tables = table->spare_tables;
	table->spare_tables = spare;
}

struct page *pt_withdraw(struct page *table)
{
	struct page *spare = table->spare_tables;

	must(spare);
	table->spare_tables = spare->spare_tables;
	spare->spare_tables = NULL;
	return spare;
}

/* What the huge page of zeroes, the only special large page, becomes. */
static pte_t small_zeroes(pte_t large)
{
	return pte_with_pfn(pte_small_of(large, 0), page_to_pfn(zero_page));
}

bool pt_split_locked(struct pt_root *root, pte_t *e, uaddr_t va)
{
	pte_t cur = pte_read(e);
	struct page *spare;
	pte_t *small;

	if (entry_is_hugetlb(cur))
		return false;
	spare = pt_withdraw(virt_to_page(e));
	small = page_address(spare);
	/* Not present, but still large: walkers without the lock wait for it. A and D can no longer be set. */
	cur = pte_replace(e, pte_modify(cur, PTE_PROT_NONE_));
	tlb_flush_range(root, va & HPAGE_MASK, (va & HPAGE_MASK) + HPAGE_SIZE, HPAGE_SIZE);
	for (unsigned i = 0; i < HPAGE_NR; i++)
		pte_set(small + i, pte_special(cur) ? small_zeroes(cur) : pte_small_of(cur, i));
	range_account_split(cur);
	count_vm_event(THP_SPLIT_PMD);
	(void)pte_replace(e, pte_make_table(pt_huge_level(), page_to_phys(spare)));
	return true;
}

pte_t *pt_descend_huge(const struct pt_root *root, uaddr_t va)
{
	pte_t *tbl = root->top;

	for (int level = pt_top_level(); level > pt_huge_level(); level--) {
		pte_t cur;

		if (pt_folded(level))
			continue;
		cur = pte_read(tbl + pt_index(level, va));
		if (pte_none(cur))
			return NULL;
		tbl = pt_table_ptr(cur);
	}
	return tbl + pt_index(pt_huge_level(), va);
}

pte_t *pt_huge_locked(struct pt_root *root, uaddr_t va, struct page **table_page)
{
	pte_t *e = pt_descend_huge(root, va);

	*table_page = e ? virt_to_page(e) : NULL;
	if (e)
		pt_table_lock(*table_page);
	return e;
}

pte_t *pt_huge_alloc_locked(struct mm_struct *mm, struct pt_root *root, uaddr_t va,
			    struct page **table_page)
{
	pte_t *tbl = root->top;

	for (int level = pt_top_level(); level > pt_huge_level(); level--) {
		pte_t *e = tbl + pt_index(level, va);

		if (pt_folded(level))
			continue;
		if (pte_none(pte_read(e)) && pt_install_table(mm, root, e, level))
			return NULL;
		tbl = pt_table_ptr(pte_read(e));
	}
	return pt_huge_locked(root, va, table_page);
}

/* ---- collapse ---- */

struct page *pt_unhook_table(struct pt_root *root, uaddr_t va)
{
	struct page *parent;
	pte_t *e = pt_huge_locked(root, va, &parent), old;

	must(e);
	old = pte_clear(e);
	kassert(!pte_none(old) && !pte_is_leaf(old, pt_huge_level()));
	tlb_flush_range(root, va & HPAGE_MASK, (va & HPAGE_MASK) + HPAGE_SIZE, PAGE_SIZE);
	pt_table_unlock(parent);
	return pfn_to_page(pte_pfn(old));
}

void pt_hook_table(struct pt_root *root, uaddr_t va, struct page *table)
{
	struct page *parent;
	pte_t *e = pt_huge_locked(root, va, &parent);

	must(pte_set_if_none(e, pte_make_table(pt_huge_level(), page_to_phys(table))));
	pt_table_unlock(parent);
}

void pt_hook_huge(struct pt_root *root, uaddr_t va, pte_t large, struct page *spare)
{
	struct page *parent;
	pte_t *e = pt_huge_locked(root, va, &parent);

	pt_deposit(parent, spare);
	must(pte_set_if_none(e, large));
	pt_table_unlock(parent);
}

/* ---- single addresses ---- */

bool pt_split_at(struct pt_root *root, uaddr_t va)
{
	pte_t *e = pt_descend_huge(root, va);
	struct page *table;
	bool done = true;

	if (!e || !pte_is_leaf(pte_read(e), pt_huge_level()))
		return true;
	table = virt_to_page(e);
	pt_table_lock(table);
	if (pte_is_leaf(pte_read(e), pt_huge_level()))
		done = pt_split_locked(root, e, va);
	pt_table_unlock(table);
	return done;
}

static pte_t small_view(pte_t large, uaddr_t va)
{
	if (!pte_present(large))
		return large; /* a marker is the same for all sizes */
	return pte_small_of(large, (unsigned)((va & ~HPAGE_MASK) >> PAGE_SHIFT));
}

pte_t *pt_entry_locked(struct pt_root *root, uaddr_t va, struct page **table_page, bool *large)
{
	for (;;) {
		pte_t *e = pt_descend(root, va, table_page);

		*large = !e;
		if (e) {
			pt_table_lock(*table_page);
			return e;
		}
		*table_page = NULL;
		e = pt_descend_huge(root, va);
		if (!e || pte_none(pte_read(e)))
			return NULL;
		*table_page = virt_to_page(e);
		pt_table_lock(*table_page);
		if (pte_is_leaf(pte_read(e), pt_huge_level()))
			return e;
		pt_table_unlock(*table_page); /* split or gone meanwhile */
	}
}

pte_t pt_lookup_locked(struct pt_root *root, uaddr_t va, struct page **table_page)
{
	bool large;
	pte_t *e = pt_entry_locked(root, va, table_page, &large);

	if (!e)
		return pte_from_raw(0);
	return large ? small_view(pte_read(e), va) : pte_read(e);
}

pte_t pt_peek_page(const struct pt_root *root, uaddr_t va)
{
	const pte_t *e;
	pte_t cur;

	if (!pt_canonical(va))
		return pte_from_raw(0);
	e = pt_descend_huge(root, va);
	cur = e ? pte_read(e) : pte_from_raw(0);
	if (pte_none(cur))
		return cur;
	if (pte_is_leaf(cur, pt_huge_level()))
		return small_view(cur, va);
	return pte_read(pt_table_ptr(cur) + pt_index(PT_PTE, va));
}

/* ---- checker ---- */

/* Spare tables of the table at hand: counted at its first large entry. */
struct check_large {
	const struct page *table;
	unsigned entries, spares;
};

static void check_spares(struct check_large *c, const struct page *table)
{
	must(c->entries == c->spares); /* I2, of the table before */
	c->table = table;
	c->entries = 0;
	c->spares = 0;
	for (const struct page *s = table ? table->spare_tables : NULL; s; s = s->spare_tables)
		c->spares++;
}

static int check_large(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last)
{
	struct check_large *c = w->arg;
	pte_t cur = pte_read(e);

	if (virt_to_page(e) != c->table)
		check_spares(c, virt_to_page(e));
	must(!(pte_pfn(cur) & (HPAGE_NR - 1)) && va < USER_TOP); /* I1 */
	c->entries += !entry_is_hugetlb(cur);
	return 0;
}

static int pass_over(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last)
{
	return 0;
}

void pt_check_large(struct mm_struct *mm, struct pt_root *root)
{
	static const struct pt_walk_ops ops = { .run = pass_over, .huge = check_large };
	struct check_large c = { .table = NULL };
	struct pt_walk w = { .ops = &ops, .root = root, .mm = mm, .arg = &c };

	must(pt_walk_range(&w, 0, USER_TOP - 1) == 0);
	check_spares(&c, NULL);
}
