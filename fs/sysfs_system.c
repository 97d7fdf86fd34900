/*
 * /sys/devices/system/node: memory nodes.
 *
 * OWNS     nothing: every number is read from its counter when the file is opened.
 * WHY      numactl(8) and numastat(8) read nodes. Formats are Linux 6.1's.
 * CONTEXT  boot; then tasks, may sleep.
 * SOURCES  Linux Documentation/ABI/{stable/sysfs-devices-node,testing/sysfs-devices-system-cpu}; captured texts.
 * NOT HERE processors (sysfs_cpu.c), pools of huge pages.   TESTED BY proc_sysfs.c
 */
#include "fs/sysfs.h"

#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/compact.h"
#include "mm/hugetlb.h"
#include "mm/numa.h"
#include "mm/zone.h"
#include "proc_impl.h"
#include "sync/percpu.h"
#include "vfs_impl.h"

enum { PATH_ROOM = 64 };

/* ---- one node: m->private is its pglist_data ---- */

/* Sum over the node's zones. */
static unsigned long node_zone_stat(struct pglist_data *node, enum zone_stat_item item)
{
	unsigned long n = 0;
	struct zone *z;

	for_each_zone (node, z)
		n += zone_stat(z, item);
	return n;
}

static unsigned long node_managed(struct pglist_data *node)
{
	unsigned long n = 0;
	struct zone *z;

	for_each_zone (node, z)
		n += (unsigned long)atomic_long_read(&z->managed_pages);
	return n;
}

/* The last two rows of Linux lack a blank. */
static bool is_narrow(const char *label)
{
	return !strcmp(label, "FileHugePages") || !strcmp(label, "FilePmdMapped");
}

static void node_line(struct seq_file *m, const char *label, unsigned long kb)
{
	const struct pglist_data *node = m->private;
	char head[24];

	fmt_snprintf(head, sizeof(head), "%s:", label);
	seq_printf(m, "Node %d %-*s %8lu kB\n", node->node_id, is_narrow(label) ? 14 : 15, head,
		   kb);
}

static void node_pages(struct seq_file *m, const char *label, unsigned long pages)
{
	node_line(m, label, pages << (PAGE_SHIFT - 10));
}

/* What a line is made of: up to two counters of the node. */
struct node_row {
	const char *label;
	int first, second; /* -1: none */
};

static const struct node_row lru_rows[] = {
	{ "SwapCached", NR_SWAPCACHE, -1 },
	{ "Active", NR_ACTIVE_ANON, NR_ACTIVE_FILE },
	{ "Inactive", NR_INACTIVE_ANON, NR_INACTIVE_FILE },
	{ "Active(anon)", NR_ACTIVE_ANON, -1 },
	{ "Inactive(anon)", NR_INACTIVE_ANON, -1 },
	{ "Active(file)", NR_ACTIVE_FILE, -1 },
	{ "Inactive(file)", NR_INACTIVE_FILE, -1 },
	{ "Unevictable", NR_UNEVICTABLE, -1 },
};

static const struct node_row file_rows[] = {
	{ "Dirty", NR_FILE_DIRTY, -1 },	     { "Writeback", NR_WRITEBACK, -1 },
	{ "FilePages", NR_FILE_PAGES, -1 },  { "Mapped", NR_FILE_MAPPED, -1 },
	{ "AnonPages", NR_ANON_MAPPED, -1 }, { "Shmem", NR_SHMEM, -1 },
};

static const struct node_row kernel_rows[] = {
	{ "PageTables", NR_PAGETABLE, -1 },
	{ "SecPageTables", NR_SECONDARY_PAGETABLE, -1 },
};

static const struct node_row slab_rows[] = {
	{ "WritebackTmp", NR_WRITEBACK_TEMP, -1 },
	{ "KReclaimable", NR_SLAB_RECLAIMABLE, NR_KERNEL_MISC_RECLAIMABLE },
	{ "Slab", NR_SLAB_RECLAIMABLE, NR_SLAB_UNRECLAIMABLE },
	{ "SReclaimable", NR_SLAB_RECLAIMABLE, -1 },
	{ "SUnreclaim", NR_SLAB_UNRECLAIMABLE, -1 },
	{ "AnonHugePages", NR_ANON_THPS, -1 },
	{ "ShmemHugePages", NR_SHMEM_THPS, -1 },
	{ "ShmemPmdMapped", NR_SHMEM_PMDMAPPED, -1 },
	{ "FileHugePages", NR_FILE_THPS, -1 },
	{ "FilePmdMapped", NR_FILE_PMDMAPPED, -1 },
};

static void node_rows(struct seq_file *m, const struct node_row *rows, unsigned nr)
{
	const struct pglist_data *node = m->private;

	for (unsigned i = 0; i < nr; i++) {
		unsigned long n = node_stat(node, (enum node_stat_item)rows[i].first);

		if (rows[i].second >= 0)
			n += node_stat(node, (enum node_stat_item)rows[i].second);
		node_pages(m, rows[i].label, n);
	}
}

static int node_meminfo_show(struct seq_file *m)
{
	struct hugetlb_counts c;
	struct pglist_data *node = m->private;
	unsigned long total = node_managed(node), free = node_zone_stat(node, NR_FREE_PAGES);

	node_pages(m, "MemTotal", total);
	node_pages(m, "MemFree", free);
	node_pages(m, "MemUsed", total > free ? total - free : 0);
	node_rows(m, lru_rows, ARRAY_SIZE(lru_rows));
	node_pages(m, "Mlocked", node_zone_stat(node, NR_MLOCK));
	node_rows(m, file_rows, ARRAY_SIZE(file_rows));
	node_line(m, "KernelStack", node_stat(node, NR_KERNEL_STACK_KB));
	node_rows(m, kernel_rows, ARRAY_SIZE(kernel_rows));
	node_line(m, "NFS_Unstable", 0);
	node_pages(m, "Bounce", node_zone_stat(node, NR_BOUNCE));
	node_rows(m, slab_rows, ARRAY_SIZE(slab_rows));
	hugetlb_count(node->node_id, &c);
	seq_printf(m,
		   "Node %d HugePages_Total: %5lu\nNode %d HugePages_Free:  %5lu\n"
		   "Node %d HugePages_Surp:  %5lu\n",
		   node->node_id, c.nr, node->node_id, c.free, node->node_id, c.surplus);
	return 0;
}

static void node_numa(struct pglist_data *node, struct zone_numa *sum)
{
	struct zone *z;

	*sum = (struct zone_numa){ 0 };
	for_each_zone (node, z)
		zone_numa_add(sum, z);
}

static int node_numastat_show(struct seq_file *m)
{
	struct zone_numa n;

	node_numa(m->private, &n);
	seq_printf(m,
		   "numa_hit %lu\nnuma_miss %lu\nnuma_foreign %lu\ninterleave_hit %lu\n"
		   "local_node %lu\nother_node %lu\n",
		   n.hit, n.miss, n.foreign, n.interleave, n.local, n.other);
	return 0;
}

static int node_vmstat_show(struct seq_file *m)
{
	struct pglist_data *node = m->private;
	struct zone_numa n;

	for (unsigned i = 0; i < NR_ZONE_STATS; i++)
		seq_printf(m, "%s %lu\n", zone_stat_names[i],
			   node_zone_stat(node, (enum zone_stat_item)i));
	node_numa(node, &n);
	seq_numa_events(m, &n);
	for (unsigned i = 0; i < NR_NODE_STATS; i++) {
		enum node_stat_item item = (enum node_stat_item)i;

		seq_printf(m, "%s %lu\n", node_stat_names[i],
			   node_stat_shown(item, node_stat(node, item)));
	}
	return 0;
}

static int node_distance_show(struct seq_file *m)
{
	const struct pglist_data *node = m->private;

	for (unsigned n = 0; n < nr_nodes; n++)
		seq_printf(m, n ? " %d" : "%d", node_distance(node->node_id, (int)n));
	seq_putc(m, '\n');
	return 0;
}

static int node_cpulist_show(struct seq_file *m)
{
	const struct pglist_data *node = m->private;

	seq_bit_list(m, node_cpu_mask(node->node_id) & cpu_online_mask());
	return 0;
}

static int node_cpumap_show(struct seq_file *m)
{
	const struct pglist_data *node = m->private;

	seq_bit_map(m, node_cpu_mask(node->node_id) & cpu_online_mask(), nr_cpus);
	return 0;
}

static int node_compact_store(struct proc_entry *e, char *text, size_t len)
{
	const struct pglist_data *node = e->data;

	compact_node(node->node_id);
	return 0;
}

static const struct sysfs_attr node_attrs[] = {
	{ .name = "cpumap", .mode = 0444, .show = node_cpumap_show },
	{ .name = "cpulist", .mode = 0444, .show = node_cpulist_show },
	{ .name = "meminfo", .mode = 0444, .show = node_meminfo_show },
	{ .name = "numastat", .mode = 0444, .show = node_numastat_show },
	{ .name = "distance", .mode = 0444, .show = node_distance_show },
	{ .name = "vmstat", .mode = 0444, .show = node_vmstat_show },
	{ .name = "compact", .mode = 0200, .store = node_compact_store },
};

/* ---- all nodes ---- */

/* Nodes for which @has holds. */
static int show_nodes(struct seq_file *m, bool (*has)(struct pglist_data *node))
{
	unsigned long mask = 0;

	for (unsigned n = 0; n < nr_nodes; n++)
		mask |= (unsigned long)has(node_data[n]) << n;
	seq_bit_list(m, mask);
	return 0;
}

static bool node_exists(struct pglist_data *node)
{
	return true;
}

static bool node_has_memory(struct pglist_data *node)
{
	return node_managed(node) != 0;
}

static bool node_has_cpu(struct pglist_data *node)
{
	return node_cpu_mask(node->node_id) & cpu_online_mask();
}

static int nodes_show(struct seq_file *m)
{
	return show_nodes(m, node_exists);
}

static int nodes_memory_show(struct seq_file *m)
{
	return show_nodes(m, node_has_memory);
}

static int nodes_cpu_show(struct seq_file *m)
{
	return show_nodes(m, node_has_cpu);
}

static const struct sysfs_attr nodes_attrs[] = {
	{ .name = "possible", .mode = 0444, .show = nodes_show },
	{ .name = "online", .mode = 0444, .show = nodes_show },
	{ .name = "has_normal_memory", .mode = 0444, .show = nodes_memory_show },
	{ .name = "has_memory", .mode = 0444, .show = nodes_memory_show },
	{ .name = "has_cpu", .mode = 0444, .show = nodes_cpu_show },
};

static void link_cpu(unsigned cpu)
{
	char path[PATH_ROOM], target[PATH_ROOM];
	int node = cpu_to_node(cpu);

	fmt_snprintf(path, sizeof(path), "devices/system/cpu/cpu%u/node%d", cpu, node);
	fmt_snprintf(target, sizeof(target), "../../node/node%d", node);
	boot_need(sysfs_create_link(path, target), "/sys/", path);
	fmt_snprintf(path, sizeof(path), "devices/system/node/node%d/cpu%u", node, cpu);
	fmt_snprintf(target, sizeof(target), "../../cpu/cpu%u", cpu);
	boot_need(sysfs_create_link(path, target), "/sys/", path);
}

static void nodes_init(void)
{
	char path[PATH_ROOM];

	boot_need(sysfs_create_files("devices/system/node", nodes_attrs, ARRAY_SIZE(nodes_attrs),
				     NULL),
		  "/sys/", "devices/system/node");
	for (unsigned n = 0; n < nr_nodes; n++) {
		fmt_snprintf(path, sizeof(path), "devices/system/node/node%u", n);
		boot_need(
			sysfs_create_files(path, node_attrs, ARRAY_SIZE(node_attrs), node_data[n]),
			"/sys/", path);
	}
}

void sysfs_system_init(void)
{
	sysfs_cpu_init();
	nodes_init();
	if (CFG_NUMA)
		sysfs_memory_init();
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++)
		link_cpu(cpu);
}
