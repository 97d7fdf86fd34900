/*
 * What the log says about memory when it has run out: where all of it is.
 *
 * OWNS     nothing.
 * WHY      Linux's report to the letter: people search it, programs parse it. Reading it is a lesson of its own: every figure is
 *          one of /proc/meminfo, zoneinfo, buddyinfo at the moment that counts.
 * LOCKS    zone->lock for the free lists of one zone, none while printing.   CONTEXT  a thread, or a panic's; does not sleep.
 * COST     some 30 records of the log; a walk over free lists' heads.
 * NOT HERE processes (kernel/oom_report.c), what would have helped (oom_verdict.c).
 * SOURCES  logs of a real 6.1; Documentation/admin-guide/mm.   TESTED BY tests/guest/oom.c
 */
#include "mm/show_mem.h"

#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/hugetlb.h"
#include "mm/poison.h"
#include "mm/slab.h"
#include "mm/swap.h"
#include "mm/vmscan.h"
#include "mm/zone.h"
#include "sync/klog.h"
#include "sync/percpu.h"

enum { KB_SHIFT = PAGE_SHIFT - 10, LINE = 256 };

static unsigned long on_cpus(const struct zone *z)
{
	unsigned long sum = 0;

	for (unsigned cpu = 0; z->pcp && cpu < CFG_NR_CPUS; cpu++)
		sum += (unsigned)READ_ONCE(z->pcp[cpu].count);
	return sum;
}

static unsigned long all_on_cpus(void)
{
	unsigned long sum = 0;
	struct zone *z;

	for (unsigned n = 0; n < nr_nodes; n++) {
		for_each_zone (node_data[n], z)
			sum += on_cpus(z);
	}
	return sum;
}

static void show_all(void)
{
	unsigned long pcp = all_on_cpus(), free = global_zone_stat(NR_FREE_PAGES);

	pr_warn("Mem-Info:");
	pr_warn("active_anon:%lu inactive_anon:%lu isolated_anon:%lu",
		global_node_stat(NR_ACTIVE_ANON), global_node_stat(NR_INACTIVE_ANON),
		global_node_stat(NR_ISOLATED_ANON));
	pr_warn(" active_file:%lu inactive_file:%lu isolated_file:%lu",
		global_node_stat(NR_ACTIVE_FILE), global_node_stat(NR_INACTIVE_FILE),
		global_node_stat(NR_ISOLATED_FILE));
	pr_warn(" unevictable:%lu dirty:%lu writeback:%lu", global_node_stat(NR_UNEVICTABLE),
		global_node_stat(NR_FILE_DIRTY), global_node_stat(NR_WRITEBACK));
	pr_warn(" slab_reclaimable:%lu slab_unreclaimable:%lu",
		global_node_stat(NR_SLAB_RECLAIMABLE), global_node_stat(NR_SLAB_UNRECLAIMABLE));
	pr_warn(" mapped:%lu shmem:%lu pagetables:%lu", global_node_stat(NR_FILE_MAPPED),
		global_node_stat(NR_SHMEM), global_node_stat(NR_PAGETABLE));
	pr_warn(" sec_pagetables:%lu bounce:%lu", global_node_stat(NR_SECONDARY_PAGETABLE),
		global_zone_stat(NR_BOUNCE));
	pr_warn(" kernel_misc_reclaimable:%lu", global_node_stat(NR_KERNEL_MISC_RECLAIMABLE));
	pr_warn(" free:%lu free_pcp:%lu free_cma:%lu", free > pcp ? free - pcp : 0, pcp,
		global_zone_stat(NR_FREE_CMA_PAGES));
}

static unsigned long node_kb(const struct pglist_data *node, enum node_stat_item item)
{
	return node_stat(node, item) << KB_SHIFT;
}

static void show_node(const struct pglist_data *node)
{
	pr_warn("Node %d active_anon:%lukB inactive_anon:%lukB active_file:%lukB inactive_file:%lukB "
		"unevictable:%lukB isolated(anon):%lukB isolated(file):%lukB mapped:%lukB dirty:%lukB "
		"writeback:%lukB shmem:%lukB shmem_thp: %lukB shmem_pmdmapped: %lukB anon_thp: %lukB "
		"writeback_tmp:%lukB kernel_stack:%lukB pagetables:%lukB sec_pagetables:%lukB "
		"all_unreclaimable? %s",
		node->node_id, node_kb(node, NR_ACTIVE_ANON), node_kb(node, NR_INACTIVE_ANON),
		node_kb(node, NR_ACTIVE_FILE), node_kb(node, NR_INACTIVE_FILE),
		node_kb(node, NR_UNEVICTABLE), node_kb(node, NR_ISOLATED_ANON),
		node_kb(node, NR_ISOLATED_FILE), node_kb(node, NR_FILE_MAPPED),
		node_kb(node, NR_FILE_DIRTY), node_kb(node, NR_WRITEBACK), node_kb(node, NR_SHMEM),
		node_kb(node, NR_SHMEM_THPS), node_kb(node, NR_SHMEM_PMDMAPPED),
		node_kb(node, NR_ANON_THPS), node_kb(node, NR_WRITEBACK_TEMP),
		node_stat(node, NR_KERNEL_STACK_KB), node_kb(node, NR_PAGETABLE),
		node_kb(node, NR_SECONDARY_PAGETABLE),
		kswapd_gave_up(node->node_id) ? "yes" : "no");
}

static unsigned long zone_kb(const struct zone *z, enum zone_stat_item item)
{
	return zone_stat(z, item) << KB_SHIFT;
}

/* Names are padded in zoneinfo, not here. */
static const char *bare_name(const struct zone *z)
{
	const char *name = z->name;

	while (*name == ' ')
		name++;
	return name;
}

static void show_reserve(const struct zone *z)
{
	char text[LINE];
	size_t n = 0;

	for (unsigned t = 0; t < MAX_NR_ZONES; t++) {
		if (zone_type_exists((enum zone_type)t))
			n += fmt_scnprintf(text + n, sizeof(text) - n, " %ld",
					   z->lowmem_reserve[t]);
	}
	pr_warn("lowmem_reserve[]:%s", text);
}

static void show_zone(const struct zone *z)
{
	pr_warn("Node %d %s free:%lukB boost:%lukB min:%lukB low:%lukB high:%lukB "
		"reserved_highatomic:0KB active_anon:%lukB inactive_anon:%lukB active_file:%lukB "
		"inactive_file:%lukB unevictable:%lukB writepending:%lukB present:%lukB managed:%lukB "
		"mlocked:%lukB bounce:%lukB free_pcp:%lukB local_pcp:%lukB free_cma:%lukB",
		z->pgdat->node_id, bare_name(z), zone_kb(z, NR_FREE_PAGES),
		z->watermark_boost << KB_SHIFT, z->watermark[WMARK_MIN] << KB_SHIFT,
		z->watermark[WMARK_LOW] << KB_SHIFT, z->watermark[WMARK_HIGH] << KB_SHIFT,
		zone_kb(z, NR_ZONE_ACTIVE_ANON), zone_kb(z, NR_ZONE_INACTIVE_ANON),
		zone_kb(z, NR_ZONE_ACTIVE_FILE), zone_kb(z, NR_ZONE_INACTIVE_FILE),
		zone_kb(z, NR_ZONE_UNEVICTABLE), zone_kb(z, NR_ZONE_WRITE_PENDING),
		z->present_pages << KB_SHIFT,
		(unsigned long)atomic_long_read(&z->managed_pages) << KB_SHIFT,
		zone_kb(z, NR_MLOCK), zone_kb(z, NR_BOUNCE), on_cpus(z) << KB_SHIFT,
		(unsigned long)READ_ONCE(z->pcp[cpu_id()].count) << KB_SHIFT,
		zone_kb(z, NR_FREE_CMA_PAGES));
	show_reserve(z);
}

struct order_of {
	unsigned long nr;
	char types[MIGRATE_TYPES + 1]; /* of the free blocks */
};

/* Linux's letters: unmovable, movable, reclaimable ("E"), high-order atomic, isolated. */
static void look_at_order(struct zone *z, unsigned order, struct order_of *o)
{
	static const char letters[MIGRATE_TYPES] = { 'U', 'M', 'E', 'H', 'I' };
	irqflags_t flags = spin_lock_irqsave(&z->lock);
	char *c = o->types;

	o->nr = z->free_area[order].nr_free;
	for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++) {
		if (!list_empty(&z->free_area[order].free_list[mt]))
			*c++ = letters[mt];
	}
	*c = '\0';
	spin_unlock_irqrestore(&z->lock, flags);
}

static void show_blocks(struct zone *z)
{
	unsigned long total = 0;
	char text[LINE];
	size_t n = 0;

	for (unsigned order = 0; order < NR_ORDERS; order++) {
		struct order_of o;

		look_at_order(z, order, &o);
		total += o.nr << order;
		n += fmt_scnprintf(text + n, sizeof(text) - n, "%lu*%lukB ", o.nr,
				   PAGE_SIZE << order >> 10);
		if (o.nr)
			n += fmt_scnprintf(text + n, sizeof(text) - n, "(%s) ", o.types);
	}
	pr_warn("Node %d %s: %s= %lukB", z->pgdat->node_id, bare_name(z), text, total << KB_SHIFT);
}

static void show_huge_pages(const struct pglist_data *node)
{
	struct hugetlb_counts c;

	hugetlb_count(node->node_id, &c);
	pr_warn("Node %d hugepages_total=%lu hugepages_free=%lu hugepages_surp=%lu "
		"hugepages_size=%lukB",
		node->node_id, c.nr, c.free, c.surplus, (unsigned long)HPAGE_SIZE >> 10);
}

static void show_sums(void)
{
	unsigned long present = 0, managed = totalram_pages();

	for (unsigned n = 0; n < nr_nodes; n++)
		present += node_data[n]->present_pages;
	pr_warn("%lu total pagecache pages", global_node_stat(NR_FILE_PAGES));
	pr_warn("%lu pages in swap cache", global_node_stat(NR_SWAPCACHE));
	pr_warn("Free swap  = %lukB", swap_pages_free() << KB_SHIFT);
	pr_warn("Total swap = %lukB", total_swap_pages() << KB_SHIFT);
	pr_warn("%lu pages RAM", present);
	pr_warn("%lu pages HighMem/MovableOnly", totalhigh_pages());
	pr_warn("%lu pages reserved", present > managed ? present - managed : 0);
	pr_warn("%ld pages hwpoisoned", atomic_long_read(&num_poisoned_pages));
}

void show_mem(void)
{
	struct zone *z;

	show_all();
	for (unsigned n = 0; n < nr_nodes; n++)
		show_node(node_data[n]);
	for (unsigned n = 0; n < nr_nodes; n++) {
		for_each_zone (node_data[n], z)
			if (zone_has_memory(z))
				show_zone(z);
	}
	for (unsigned n = 0; n < nr_nodes; n++) {
		for_each_zone (node_data[n], z)
			if (zone_has_memory(z))
				show_blocks(z);
	}
	for (unsigned n = 0; n < nr_nodes; n++)
		show_huge_pages(node_data[n]);
	show_sums();
}

void show_unreclaimable_slabs(void)
{
	unsigned long lists = 0;
	struct slabinfo s;
	unsigned pos = 0;

	for (unsigned i = NR_INACTIVE_ANON; i <= NR_UNEVICTABLE; i++)
		lists += global_node_stat((enum node_stat_item)i);
	if (global_node_stat(NR_SLAB_UNRECLAIMABLE) <= lists)
		return;
	pr_info("Unreclaimable slab info:");
	pr_info("Name                      Used          Total");
	while (slabinfo_next(&pos, &s)) {
		if (s.num_objs)
			pr_info("%-17s %10luKB %10luKB", s.name, s.active_objs * s.objsize >> 10,
				s.num_objs * s.objsize >> 10);
	}
}
