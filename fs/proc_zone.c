/*
 * /proc files about zones: zoneinfo, buddyinfo, pagetypeinfo.
 *
 * OWNS     nothing.
 * WHY      Linux 6.1's formats to the byte. buddyinfo and pagetypeinfo walk free lists under the zone's lock, so that
 *          their rows agree with themselves.
 * LOCKS    zone->lock for one zone at a time, copied out before printing.   CONTEXT  a task; sleeps.
 * SOURCES  proc(5), Documentation of the zone and buddy terms, the captured texts of a real 6.1.
 */
#include "fs/proc_impl.h"

#include "base/errno.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/huge.h"
#include "mm/slab.h"
#include "mm/vmevent.h"
#include "mm/vmscan.h"
#include "pt_geom.h"
#include "sync/klog.h"

/* Zones that Linux prints: those of the build; empty ones only where @empty. */
static bool zone_shown(const struct zone *z, bool empty)
{
	return zone_type_exists(z->type) && (empty || zone_has_memory(z));
}

static void zoneinfo_node(struct seq_file *m, struct pglist_data *node)
{
	seq_puts(m, "\n  per-node stats");
	for (unsigned i = 0; i < NR_NODE_STATS; i++) {
		enum node_stat_item item = (enum node_stat_item)i;

		if (node_stat_exists(item))
			seq_printf(m, "\n      %-12s %lu", node_stat_names[i],
				   node_stat_shown(item, node_stat(node, item)));
	}
}

static void zoneinfo_protection(struct seq_file *m, const struct zone *z)
{
	bool first = true;

	seq_puts(m, "\n        protection: (");
	for (unsigned t = 0; t < MAX_NR_ZONES; t++) {
		if (!zone_type_exists(t))
			continue;
		seq_printf(m, first ? "%ld" : ", %ld", z->lowmem_reserve[t]);
		first = false;
	}
	seq_putc(m, ')');
}

static void zoneinfo_pcp(struct seq_file *m, const struct zone *z)
{
	unsigned cpu;

	seq_puts(m, "\n  pagesets");
	for_each_online_cpu (cpu) {
		const struct pcp *p = &z->pcp[cpu];

		seq_printf(
			m,
			"\n    cpu: %u\n              count: %i\n              high:  %i\n              batch: %i",
			cpu, READ_ONCE(p->count), p->high, p->batch);
	}
}

static void zoneinfo_numa(struct seq_file *m, const struct zone *z)
{
	struct zone_numa numa;

	zone_numa_stat(z, &numa);
	seq_printf(
		m,
		"\n      %-12s %lu\n      %-12s %lu\n      %-12s %lu\n      %-12s %lu\n      %-12s %lu\n      %-12s %lu",
		"numa_hit", numa.hit, "numa_miss", numa.miss, "numa_foreign", numa.foreign,
		"numa_interleave", numa.interleave, "numa_local", numa.local, "numa_other",
		numa.other);
}

/* How far a per-CPU difference may be from the shared counter: counters here are shared, so 0. */
static void zoneinfo_zone(struct seq_file *m, struct zone *z, bool first)
{
	seq_printf(m, "Node %d, zone %8s", z->pgdat->node_id, z->name);
	if (first)
		zoneinfo_node(m, z->pgdat);
	seq_printf(
		m,
		"\n  pages free     %lu\n        boost    %lu\n        min      %lu\n        low      %lu\n        high     %lu"
		"\n        spanned  %lu\n        present  %lu\n        managed  %lu\n        cma      %lu",
		zone_stat(z, NR_FREE_PAGES), z->watermark_boost, z->watermark[WMARK_MIN],
		z->watermark[WMARK_LOW], z->watermark[WMARK_HIGH], z->spanned_pages,
		z->present_pages, (unsigned long)atomic_long_read(&z->managed_pages), 0UL);
	zoneinfo_protection(m, z);
	if (!zone_has_memory(z)) {
		seq_putc(m, '\n');
		return;
	}
	for (unsigned i = 0; i < NR_ZONE_STATS; i++)
		seq_printf(m, "\n      %-12s %lu", zone_stat_names[i], zone_stat(z, i));
	if (CFG_NUMA)
		zoneinfo_numa(m, z);
	zoneinfo_pcp(m, z);
	seq_printf(
		m,
		"\n  vm stats threshold: 0\n  node_unreclaimable:  %d\n  start_pfn:           %lu\n",
		kswapd_gave_up(z->pgdat->node_id), z->start_pfn);
}

static int zoneinfo_show(struct seq_file *m)
{
	for (unsigned n = 0; n < nr_nodes; n++) {
		bool first = true;
		struct zone *z;

		for_each_zone (node_data[n], z) {
			if (!zone_shown(z, true))
				continue;
			zoneinfo_zone(m, z, first && zone_has_memory(z));
			first = first && !zone_has_memory(z);
		}
	}
	return 0;
}

/* ---- free blocks ---- */

struct free_counts {
	unsigned long nr[MIGRATE_TYPES][NR_ORDERS];
	unsigned long blocks[MIGRATE_TYPES];
};

/* Count the blocks on the zone's lists, and its pageblocks by type. */
static void count_free(struct zone *z, struct free_counts *c)
{
	pfn_t block = 1UL << PAGEBLOCK_ORDER;
	irqflags_t f;

	memset(c, 0, sizeof(*c));
	f = spin_lock_irqsave(&z->lock);
	for (unsigned order = 0; order < NR_ORDERS; order++) {
		for (unsigned t = 0; t < MIGRATE_TYPES; t++) {
			struct list_head *pos;

			list_for_each (pos, &z->free_area[order].free_list[t])
				c->nr[t][order]++;
		}
	}
	spin_unlock_irqrestore(&z->lock, f);
	for (pfn_t pfn = round_down_pow2(z->start_pfn, block);
	     pfn < z->start_pfn + z->spanned_pages; pfn += block) {
		pfn_t at = max_of(pfn_t, pfn, z->start_pfn);

		if (pfn_valid(at) && page_zone(pfn_to_page(at)) == z)
			c->blocks[pageblock_type(z, at)]++;
	}
}

static int buddyinfo_show(struct seq_file *m)
{
	struct zone *z;

	for (unsigned n = 0; n < nr_nodes; n++) {
		for_each_zone (node_data[n], z) {
			if (!zone_shown(z, false))
				continue;
			seq_printf(m, "Node %d, zone %8s ", z->pgdat->node_id, z->name);
			for (unsigned order = 0; order < NR_ORDERS; order++)
				seq_printf(m, "%6lu ", READ_ONCE(z->free_area[order].nr_free));
			seq_putc(m, '\n');
		}
	}
	return 0;
}

static void pagetypeinfo_node(struct seq_file *m, struct pglist_data *node, struct free_counts *c)
{
	struct zone *z;

	seq_printf(m, "Page block order: %d\nPages per block:  %lu\n\n", PAGEBLOCK_ORDER,
		   1UL << PAGEBLOCK_ORDER);
	seq_printf(m, "%-43s ", "Free pages count per migrate type at order");
	for (unsigned order = 0; order < NR_ORDERS; order++)
		seq_printf(m, "%6u ", order);
	seq_putc(m, '\n');
	for_each_zone (node, z) {
		if (!zone_shown(z, false))
			continue;
		count_free(z, c);
		for (unsigned t = 0; t < MIGRATE_TYPES; t++) {
			seq_printf(m, "Node %4d, zone %8s, type %12s ", node->node_id, z->name,
				   migratetype_names[t]);
			for (unsigned order = 0; order < NR_ORDERS; order++)
				seq_printf(m, "%6lu ", c->nr[t][order]);
			seq_putc(m, '\n');
		}
	}
	seq_printf(m, "\n%-23s", "Number of blocks type ");
	for (unsigned t = 0; t < MIGRATE_TYPES; t++)
		seq_printf(m, "%12s ", migratetype_names[t]);
	seq_putc(m, '\n');
	for_each_zone (node, z) {
		if (!zone_shown(z, false))
			continue;
		count_free(z, c);
		seq_printf(m, "Node %d, zone %8s ", node->node_id, z->name);
		for (unsigned t = 0; t < MIGRATE_TYPES; t++)
			seq_printf(m, "%12lu ", c->blocks[t]);
		seq_putc(m, '\n');
	}
}

static int pagetypeinfo_show(struct seq_file *m)
{
	struct free_counts *c = kmalloc(sizeof(*c), GFP_KERNEL);

	if (!c)
		return -ENOMEM;
	for (unsigned n = 0; n < nr_nodes; n++) {
		if (node_state((int)n, N_MEMORY))
			pagetypeinfo_node(m, node_data[n], c);
	}
	kfree(c);
	return 0;
}

static struct proc_entry zoneinfo = { .show = zoneinfo_show },
			 buddyinfo = { .show = buddyinfo_show },
			 pagetypeinfo = { .show = pagetypeinfo_show };

void proc_zone_init(void)
{
	int err = proc_register("zoneinfo", 0444, &zoneinfo);

	err = err ? err : proc_register("buddyinfo", 0444, &buddyinfo);
	err = err ? err : proc_register("pagetypeinfo", 0400, &pagetypeinfo);
	if (err)
		pr_warn("procfs: no memory for the files about zones");
}
