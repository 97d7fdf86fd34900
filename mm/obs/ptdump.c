/*
 * The walk behind debugfs's page_tables: every entry, also those of huge ranges that nobody mapped.
 *
 * OWNS     nothing.
 * WHY      pt_walk_range is for ranges of a vma: it takes table locks and splits large entries. A dump must change nothing,
 *          and shows holes at the level where they are.
 * I1       the entries reported cover [va, last] without gap or overlap, addresses rising.             [ptdump_test]
 * LOCKS    none; the caller keeps the tables (mmap_lock; the kernel's stay).   CONTEXT  threads.
 * COST     O(entries of the tables that exist).   FAILS  never.
 * NOT HERE the text (fs/debugfs_pt.c).   TESTED BY ptdump_test.c
 */
#include "mm/ptdump.h"

struct dump {
	ptdump_fn fn;
	void *arg;
};

static int level_below(int level)
{
	do
		level--;
	while (pt_folded(level));
	return level;
}

static void dump_table(const struct dump *d, const pte_t *tbl, int level, uaddr_t va, uaddr_t last)
{
	for (;;) {
		uaddr_t stop = min_of(uaddr_t, va | (pt_span(level) - 1), last);
		pte_t e = pte_read(tbl + pt_index(level, va));

		if (level == PT_PTE || !pte_present(e) || pte_is_leaf(e, level))
			d->fn(d->arg, va, level, e);
		else
			dump_table(d, pt_table_ptr(e), level_below(level), va, stop);
		if (stop == last)
			return;
		va = stop + 1;
	}
}

void ptdump_walk(const struct pt_root *root, uaddr_t va, uaddr_t last, ptdump_fn fn, void *arg)
{
	const struct dump d = { fn, arg };

	dump_table(&d, root->top, pt_top_level(), va, last);
}
