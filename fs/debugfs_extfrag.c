/*
 * debugfs extfrag: extfrag_index and unusable_index, one line for each zone that has memory, a figure for each order.
 *
 * OWNS     nothing.   LOCKS  none: snapshots of counters.
 * SOURCES  Linux mm/vmstat.c's formats; admin-guide/sysctl/vm.rst (extfrag_threshold).   TESTED BY tests/guest/mem_compact.c
 */
#include "fs/sysfs.h"
#include "mm/compact.h"
#include "sync/kassert.h"
#include "vfs_impl.h"

static int show(struct seq_file *m, const char *format, int (*index)(const struct zone *, unsigned))
{
	for (unsigned n = 0; n < nr_nodes; n++) {
		struct zone *z;

		for_each_zone (node_data[n], z) {
			if (!zone_has_memory(z))
				continue;
			seq_printf(m, "Node %u, zone %8s ", n, z->name);
			for (unsigned o = 0; o < NR_ORDERS; o++) {
				int i = index(z, o);

				seq_printf(m, format, i / 1000, (i < 0 ? -i : i) % 1000);
			}
			seq_putc(m, '\n');
		}
	}
	return 0;
}

static int extfrag_show(struct seq_file *m)
{
	return show(m, "%2d.%03d ", fragmentation_index);
}

static int unusable_show(struct seq_file *m)
{
	return show(m, "%d.%03d ", unusable_free_index);
}

void debugfs_extfrag_init(void)
{
	static const struct sysfs_attr attrs[] = {
		{ .name = "extfrag_index", .mode = 0444, .show = extfrag_show },
		{ .name = "unusable_index", .mode = 0444, .show = unusable_show },
	};

	boot_need(debugfs_create_files("extfrag", attrs, ARRAY_SIZE(attrs), NULL),
		  "/sys/kernel/debug/", "extfrag");
}
