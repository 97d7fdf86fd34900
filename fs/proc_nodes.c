/*
 * /proc/sys/vm of machines with several nodes: which node gives when its own has nothing left, and how that is counted.
 *
 * OWNS     nothing: each variable belongs to the file of mm/ that uses it.
 * LOCKS    none: an aligned word is written whole.   CONTEXT  a task; sleeps.
 * FAILS    -EINVAL for text that is no number or out of bounds.
 * SOURCES  Documentation of /proc/sys/vm (admin-guide/sysctl/vm).   TESTED BY proc_sysvm.c, numa_nodes.c, node_reclaim_test.c
 */
#include "base/errno.h"
#include "fs/sysctl.h"
#include "mm/node_reclaim.h"
#include "mm/zone.h"
#include "proc_impl.h"

static const struct sysctl node_table[] = {
	{ "vm/zone_reclaim_mode", .number = &node_reclaim_mode, .max = INT_MAX },
	{ "vm/min_unmapped_ratio", .number = &sysctl_min_unmapped_ratio, .max = 100 },
	{ "vm/min_slab_ratio", .number = &sysctl_min_slab_ratio, .max = 100 },
};

/* Switched on or off, the counters begin again; what is on stays. */
static int numa_stat_store(struct proc_entry *e, char *text, size_t len)
{
	long v;
	int err = proc_parse_long(text, &v);

	if (err || v < 0 || v > 1)
		return -EINVAL;
	if (v != READ_ONCE(sysctl_numa_stat))
		zone_numa_restart();
	WRITE_ONCE(sysctl_numa_stat, (int)v);
	return 0;
}

static int numa_stat_show(struct seq_file *m)
{
	seq_printf(m, "%d\n", READ_ONCE(sysctl_numa_stat));
	return 0;
}

/* Linux kept the file when the choice went away. */
static int zonelist_order_show(struct seq_file *m)
{
	seq_puts(m, "Node\n");
	return 0;
}

static int zonelist_order_store(struct proc_entry *e, char *text, size_t len)
{
	char c = text[0] | 0x20;

	return c == 'd' || c == 'n' ? 0 : -EINVAL;
}

int proc_nodes_init(void)
{
	static struct proc_entry numa_stat = { .show = numa_stat_show, .store = numa_stat_store },
				 order = { .show = zonelist_order_show,
					   .store = zonelist_order_store };
	int err = sysctl_register(node_table, ARRAY_SIZE(node_table));

	err = err ? err : proc_register("sys/vm/numa_zonelist_order", 0644, &order);
	return err ? err : proc_register("sys/vm/numa_stat", 0644, &numa_stat);
}
