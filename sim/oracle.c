/*
 * What must be true at the end of every world: nothing leaked, every checker content.
 *
 * OWNS     the number of pages that were free when the world began.
 * WHY      tests look at what they test; this looks at everything else, each time. (Stale translations are caught at the
 *          free itself: arch/sim/hw/phys.c.)
 * I1       free pages + pages in kernel tables are as at the beginning, once all caches are emptied: vmalloc
 *          never gives its tables back.
 * I2       NR_PAGETABLE == tables of the kernel root; no page is mapped.
 */
#include "mm/alloc.h"
#include "mm/lru.h"
#include "mm/shrinker.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "sim/sim_impl.h"
#include "sync/kassert.h"
#include <stdio.h>

/* Absent in a program that links only the lower part of mm. */
extern __typeof__(slab_shrink_all) slab_shrink_all __attribute__((weak));
extern __typeof__(slab_check_all) slab_check_all __attribute__((weak));
extern __typeof__(vmalloc_purge) vmalloc_purge __attribute__((weak));

static unsigned long pages_at_begin;
static bool compare_pages;

/* Pages of the tables below @tbl, a table of @level. */
static unsigned long count_tables(const pte_t *tbl, int level)
{
	unsigned long n = 0;
	int next = level - 1;

	while (next > PT_PTE && pt_folded(next))
		next--;
	for (unsigned i = 0; i < 1U << pt_bits(level); i++) {
		pte_t e = pte_read(tbl + i);

		if (!pte_present(e) || pte_is_leaf(e, level))
			continue;
		n += 1 + (next > PT_PTE ? count_tables(pt_table_ptr(e), next) : 0);
	}
	return n;
}

static unsigned long settled_pages(unsigned long *kernel_tables)
{
	*kernel_tables = count_tables(kernel_root.top, pt_top_level());
	(void)shrink_caches(GFP_KERNEL); /* the huge zero page is one */
	if (vmalloc_purge)
		(void)vmalloc_purge();
	if (slab_shrink_all)
		(void)slab_shrink_all();
	drain_all_pages();
	return nr_free_pages() + *kernel_tables;
}

void sim_oracle_begin(bool compare)
{
	unsigned long kernel_tables;

	compare_pages = compare;
	pages_at_begin = settled_pages(&kernel_tables);
}

void sim_check_leaks(void)
{
	unsigned long kernel_tables;
	unsigned long now = settled_pages(&kernel_tables);

	if (global_node_stat(NR_PAGETABLE) != kernel_tables)
		panic("leak: %lu page tables, the kernel has %lu", global_node_stat(NR_PAGETABLE),
		      kernel_tables);
	if (global_node_stat(NR_ANON_MAPPED) || global_node_stat(NR_FILE_MAPPED))
		panic("leak: %lu anonymous and %lu file pages are mapped",
		      global_node_stat(NR_ANON_MAPPED), global_node_stat(NR_FILE_MAPPED));
	if (global_node_stat(NR_ANON_THPS))
		panic("leak: %lu pages of huge pages", global_node_stat(NR_ANON_THPS));
	if (now != pages_at_begin)
		panic("leak: %ld pages (%lu were free, now %lu)", (long)(pages_at_begin - now),
		      pages_at_begin, now);
}

void sim_oracle_end(void)
{
	struct zone *zone;

	if (compare_pages)
		sim_check_leaks();
	if (slab_check_all)
		slab_check_all();
	lru_check();
	for (unsigned node = 0; node < nr_nodes; node++) {
		for_each_zone (node_data[node], zone) {
			if (!zone_has_memory(zone))
				continue;
			buddy_check(zone);
			pcp_check(zone);
		}
	}
}
