/*
 * sysfs: what programs made for Linux look for in /sys. The usual directories, and the lists of processors; this
 * kernel has no devices with drivers to show.
 *
 * WHY      start-up scripts mount it before anything else, and C libraries count processors there.
 * CONTEXT  boot; then tasks, may sleep.
 * SOURCES  sysfs(5), Linux's ABI description of /sys/devices/system/cpu.
 * SEE      proc_core.c: the tree and its files.
 */
#include "proc_impl.h"

#include "sync/percpu.h"
#include "vfs_impl.h"

enum { CPU_BITS = 8 * sizeof(long) };

/* "0", "0-3", "0,2-3". */
static void put_cpu_list(struct seq_file *m, unsigned long mask)
{
	const char *comma = "";
	unsigned first, last;

	for (first = 0; first < CPU_BITS; first = last + 1) {
		last = first;
		if (!(mask >> first & 1))
			continue;
		while (last + 1 < CPU_BITS && mask >> (last + 1) & 1)
			last++;
		if (last > first)
			seq_printf(m, "%s%u-%u", comma, first, last);
		else
			seq_printf(m, "%s%u", comma, first);
		comma = ",";
	}
	seq_puts(m, "\n");
}

static int online_show(struct seq_file *m)
{
	put_cpu_list(m, cpu_online_mask());
	return 0;
}

static int possible_show(struct seq_file *m)
{
	put_cpu_list(m, ~0UL >> (CPU_BITS - nr_cpus));
	return 0;
}

static struct proc_entry online = { .show = online_show };
static struct proc_entry possible = { .show = possible_show };

void sysfs_init(void)
{
	static const char *const dirs[] = { "block",	"bus", "class",	 "dev",	   "devices",
					    "firmware", "fs",  "kernel", "module", "power" };

	for (unsigned i = 0; i < ARRAY_SIZE(dirs); i++)
		must(sysfs_register(dirs[i], NULL) == 0);
	must(sysfs_register("devices/system/cpu/online", &online) == 0);
	must(sysfs_register("devices/system/cpu/possible", &possible) == 0);
	must(sysfs_register("devices/system/cpu/present", &possible) == 0);
}
