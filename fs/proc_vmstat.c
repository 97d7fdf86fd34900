/*
 * /proc/vmstat: every counter of mm/, one to a line.
 *
 * OWNS     nothing.
 * WHY      Linux 6.1's names and order, so that vmstat, sar and scripts read it. A counter of something that this kernel does
 *          not do is a true zero. What Debian's kernels of a word size have no lines for has none here either; the lines
 *          nr_tlb_* are those of a Linux with CONFIG_DEBUG_TLBFLUSH.
 * LOCKS    none.   CONTEXT  a task; sleeps.
 * SOURCES  proc(5), the captured texts of a real 6.1.   TESTED BY proc_files.c, proc_keys.c
 */
#include "fs/proc_impl.h"

#include "arch/tlb.h"
#include "mm/huge.h"
#include "mm/vmevent.h"
#include "mm/writeback.h"
#include "mm/zone.h"
#include "sync/klog.h"

static void line(struct seq_file *m, const char *name, unsigned long n)
{
	seq_puts(m, name);
	seq_putc(m, ' ');
	seq_put_decimal(m, n, 0);
	seq_putc(m, '\n');
}

/* Of the lines of each zone type: does the build have the zone? */
static bool zone_line_exists(enum vm_event e, enum vm_event first)
{
	return zone_type_exists((enum zone_type)(e - first));
}

static bool event_exists(enum vm_event e)
{
	if (e >= PGALLOC_DMA && e < PGALLOC_DMA + MAX_NR_ZONES)
		return zone_line_exists(e, PGALLOC_DMA);
	if (e >= ALLOCSTALL_DMA && e < ALLOCSTALL_DMA + MAX_NR_ZONES)
		return zone_line_exists(e, ALLOCSTALL_DMA);
	if (e >= PGSKIP_DMA && e < PGSKIP_DMA + MAX_NR_ZONES)
		return zone_line_exists(e, PGSKIP_DMA);
	switch (e) {
	case PGSCAN_ZONE_RECLAIM_FAILED:
	case NUMA_PTE_UPDATES ... NUMA_PAGE_MIGRATE:
	case THP_SPLIT_PUD:
		return CFG_NUMA;
	case ZSWPIN:
	case ZSWPOUT:
		return !CFG_NUMA;
	default:
		return true;
	}
}

void seq_numa_events(struct seq_file *m, const struct zone_numa *n)
{
	seq_printf(m,
		   "numa_hit %lu\nnuma_miss %lu\nnuma_foreign %lu\nnuma_interleave %lu\n"
		   "numa_local %lu\nnuma_other %lu\n",
		   n->hit, n->miss, n->foreign, n->interleave, n->local, n->other);
}

static void put_numa(struct seq_file *m)
{
	struct zone_numa sum = { 0 };
	struct zone *z;

	for (unsigned n = 0; n < nr_nodes; n++) {
		for_each_zone (node_data[n], z)
			zone_numa_add(&sum, z);
	}
	seq_numa_events(m, &sum);
}

static void put_tlb(struct seq_file *m)
{
	struct tlb_stats tlb;

	tlb_stats_read(&tlb);
	seq_printf(m,
		   "nr_tlb_remote_flush %lu\nnr_tlb_remote_flush_received %lu\n"
		   "nr_tlb_local_flush_all %lu\nnr_tlb_local_flush_one %lu\n",
		   tlb.remote_flush, tlb.remote_received, tlb.local_flush_all, tlb.local_flush_one);
}

static void put_dirty_limits(struct seq_file *m)
{
	unsigned long background, thresh;

	global_dirty_limits(&background, &thresh);
	seq_printf(m, "nr_dirty_threshold %lu\nnr_dirty_background_threshold %lu\n", thresh,
		   background);
}

/* What is read and written is counted in sectors, and shown in KiB. */
static unsigned long event_shown(enum vm_event e)
{
	return e == PGPGIN || e == PGPGOUT ? vm_event_sum(e) / 2 : vm_event_sum(e);
}

static int vmstat_show(struct seq_file *m)
{
	for (unsigned i = 0; i < NR_ZONE_STATS; i++)
		line(m, zone_stat_names[i], global_zone_stat((enum zone_stat_item)i));
	if (CFG_NUMA)
		put_numa(m);
	for (unsigned i = 0; i < NR_NODE_STATS; i++) {
		enum node_stat_item item = (enum node_stat_item)i;

		if (node_stat_exists(item))
			line(m, node_stat_names[i], node_stat_shown(item, global_node_stat(item)));
	}
	put_dirty_limits(m);
	for (unsigned i = 0; i < NR_VM_EVENTS; i++) {
		if (i == SWAP_RA)
			put_tlb(m);
		if (event_exists((enum vm_event)i))
			line(m, vm_event_names[i], event_shown((enum vm_event)i));
	}
	seq_puts(m, "nr_unstable 0\n");
	return 0;
}

void proc_vmstat_init(void)
{
	static struct proc_entry vmstat = { .show = vmstat_show };

	if (proc_register("vmstat", 0444, &vmstat))
		pr_warn("procfs: no memory for vmstat");
}
