/*
 * Write protection of entries for userfaultfd.
 *
 *   present    the write right goes, the mark pte_uffd_wp comes; lifted: only the mark goes, the next write fault decides
 *   none       in a file's mapping: a marker, so that the page which a fault brings is protected from the start
 *   hugetlb    the same with large entries
 *
 * WHY      lifting gives no right back: the page may be shared by a fork meanwhile.
 * I1       an entry with pte_uffd_wp is not writable.                                                       [mm_check]
 * LOCKS    mmap_lock in any mode; table locks inside. Large entries are split by the walk.
 * FAILS    never: a table that cannot be had leaves its part of the range without markers.
 * TESTED BY hugetlb_test.c, tests/guest/mem_uffd.c
 */
#include "mm/huge.h"
#include "mm/pt/pt_impl.h"
#include "mm/pt/range_impl.h"
#include "mm/range.h"
#include "mm/swapped.h"

struct wp_ctx {
	struct mmu_gather *g;
	bool protect, markers;
};

/* What the entry becomes. */
static pte_t wp_entry(const struct wp_ctx *c, pte_t cur)
{
	if (pte_present(cur))
		return c->protect ? pte_mkuffd_wp(cur) : pte_clear_uffd_wp(cur);
	if (pte_none(cur))
		return c->protect && c->markers ? pte_uffd_marker() : cur;
	if (pte_is_migration(cur))
		return migration_set_uffd_wp(cur, c->protect);
	if (pte_is_swapped(cur))
		return swapped_set(cur, SWAP_UFFD_WP, c->protect);
	return pte_is_uffd_marker(cur) && !c->protect ? pte_from_raw(0) : cur;
}

static int wp_run(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last)
{
	struct wp_ctx *c = w->arg;

	for (unsigned n = run_entries(va, last); n > 0; n--, e++, va += PAGE_SIZE) {
		pte_t cur = pte_read(e), to = wp_entry(c, cur);

		if (pte_raw(to) == pte_raw(cur))
			continue;
		if (!pte_present(cur)) {
			pte_set(e, to);
			continue;
		}
		entry_change(e, cur, to);
		if (loses_rights(cur, to))
			gather_note(c->g, va);
	}
	return 0;
}

static const struct pt_walk_ops mark_ops = { .fill = true, .run = wp_run };
static const struct pt_walk_ops wp_ops = { .run = wp_run };

void range_uffd_wp(struct mmu_gather *g, uaddr_t start, uaddr_t end, bool protect, bool markers)
{
	struct wp_ctx c = { .g = g, .protect = protect, .markers = markers };
	struct pt_walk w = { .ops = protect && markers ? &mark_ops : &wp_ops,
			     .root = &g->mm->root,
			     .mm = g->mm,
			     .arg = &c };

	(void)!pt_walk_range(&w, start, end - 1);
}

void range_uffd_wp_hugetlb(struct mmu_gather *g, uaddr_t start, uaddr_t end, bool protect)
{
	const struct wp_ctx c = { .g = g, .protect = protect, .markers = true };
	struct pt_root *root = &g->mm->root;

	for (uaddr_t va = start; va < end; va += HPAGE_SIZE) {
		struct page *table;
		pte_t cur, to,
			*e = protect ? pt_huge_alloc_locked(g->mm, root, va, &table)
				     : pt_huge_locked(root, va, &table);

		if (!e)
			continue;
		cur = pte_read(e);
		to = wp_entry(&c, cur);
		if (!pte_present(cur))
			pte_set(e, to);
		else
			entry_change(e, cur, to);
		if (pte_present(cur) && loses_rights(cur, to))
			gather_note_range(g, va, va + HPAGE_SIZE);
		pt_unlock(table);
	}
}
