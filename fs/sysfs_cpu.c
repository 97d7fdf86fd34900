/*
 * /sys/devices/system/cpu: which processors there are, where they sit, what they cache.
 *
 * OWNS     nothing: every number is asked for when the file is opened. A directory's object is a number: CPU << 8 | cache.
 * WHY      C libraries count processors here; lscpu(1), hwloc and numactl(8) read the rest. Formats are Linux 6.1's.
 * CONTEXT  boot; then tasks, may sleep.
 * SOURCES  Linux Documentation/ABI/{stable,testing}/sysfs-devices-system-cpu; captured texts.   TESTED BY proc_sysfs.c
 */
#include "fs/sysfs.h"

#include "arch/cpu_place.h"
#include "lib/fmt.h"
#include "sync/percpu.h"
#include "vfs_impl.h"

enum { PATH_ROOM = 64, NO_CLUSTER = 65535 };

static unsigned long possible_cpus(void)
{
	return ~0UL >> (8 * sizeof(long) - nr_cpus);
}

static int cpu_online_show(struct seq_file *m)
{
	seq_bit_list(m, cpu_online_mask());
	return 0;
}

static int cpu_possible_show(struct seq_file *m)
{
	seq_bit_list(m, possible_cpus());
	return 0;
}

static int cpu_offline_show(struct seq_file *m)
{
	seq_bit_list(m, possible_cpus() & ~cpu_online_mask());
	return 0;
}

static int kernel_max_show(struct seq_file *m)
{
	seq_printf(m, "%d\n", CFG_NR_CPUS - 1);
	return 0;
}

static const struct sysfs_attr cpu_attrs[] = {
	{ .name = "online", .mode = 0444, .show = cpu_online_show },
	{ .name = "possible", .mode = 0444, .show = cpu_possible_show },
	{ .name = "present", .mode = 0444, .show = cpu_possible_show },
	{ .name = "offline", .mode = 0444, .show = cpu_offline_show },
	{ .name = "kernel_max", .mode = 0444, .show = kernel_max_show },
};

/* ---- cpuN/topology ---- */

static unsigned cpu_of(const struct seq_file *m)
{
	return (unsigned)((uintptr_t)m->private >> 8);
}

static struct cpu_place place_of(const struct seq_file *m)
{
	struct cpu_place p;

	cpu_place_get(cpu_of(m), &p);
	return p;
}

static int number_show(struct seq_file *m, unsigned n)
{
	seq_printf(m, "%u\n", n);
	return 0;
}

static int core_id_show(struct seq_file *m)
{
	return number_show(m, place_of(m).core);
}

static int package_id_show(struct seq_file *m)
{
	return number_show(m, place_of(m).package);
}

static int die_id_show(struct seq_file *m)
{
	return number_show(m, 0); /* one die is a package */
}

static int cluster_id_show(struct seq_file *m)
{
	return number_show(m, NO_CLUSTER);
}

static int core_map_show(struct seq_file *m)
{
	seq_bit_map(m, place_of(m).core_cpus, nr_cpus);
	return 0;
}

static int core_list_show(struct seq_file *m)
{
	seq_bit_list(m, place_of(m).core_cpus);
	return 0;
}

static int package_map_show(struct seq_file *m)
{
	seq_bit_map(m, place_of(m).package_cpus, nr_cpus);
	return 0;
}

static int package_list_show(struct seq_file *m)
{
	seq_bit_list(m, place_of(m).package_cpus);
	return 0;
}

static const struct sysfs_attr topology_attrs[] = {
	{ .name = "core_id", .mode = 0444, .show = core_id_show },
	{ .name = "physical_package_id", .mode = 0444, .show = package_id_show },
	{ .name = "die_id", .mode = 0444, .show = die_id_show },
	{ .name = "cluster_id", .mode = 0444, .show = cluster_id_show },
	{ .name = "thread_siblings", .mode = 0444, .show = core_map_show },
	{ .name = "thread_siblings_list", .mode = 0444, .show = core_list_show },
	{ .name = "core_cpus", .mode = 0444, .show = core_map_show },
	{ .name = "core_cpus_list", .mode = 0444, .show = core_list_show },
	{ .name = "cluster_cpus", .mode = 0444, .show = core_map_show },
	{ .name = "cluster_cpus_list", .mode = 0444, .show = core_list_show },
	{ .name = "core_siblings", .mode = 0444, .show = package_map_show },
	{ .name = "core_siblings_list", .mode = 0444, .show = package_list_show },
	{ .name = "die_cpus", .mode = 0444, .show = package_map_show },
	{ .name = "die_cpus_list", .mode = 0444, .show = package_list_show },
	{ .name = "package_cpus", .mode = 0444, .show = package_map_show },
	{ .name = "package_cpus_list", .mode = 0444, .show = package_list_show },
};

/* ---- cpuN/cache/indexI ---- */

static struct cpu_cache cache_of(const struct seq_file *m)
{
	struct cpu_cache c = { 0 };

	(void)cpu_cache_get((uintptr_t)m->private & 255, &c); /* it was there at boot */
	return c;
}

static unsigned long cache_cpus(const struct seq_file *m)
{
	return cache_of(m).of_package ? place_of(m).package_cpus : place_of(m).core_cpus;
}

static int level_show(struct seq_file *m)
{
	return number_show(m, cache_of(m).level);
}

static int line_show(struct seq_file *m)
{
	return number_show(m, cache_of(m).line_bytes);
}

static int ways_show(struct seq_file *m)
{
	return number_show(m, cache_of(m).ways);
}

static int sets_show(struct seq_file *m)
{
	return number_show(m, cache_of(m).sets);
}

static int partition_show(struct seq_file *m)
{
	return number_show(m, 1);
}

/* The first CPU that has it: a number of each cache of its kind. */
static int cache_id_show(struct seq_file *m)
{
	return number_show(m, (unsigned)__builtin_ctzl(cache_cpus(m) | 1UL << cpu_of(m)));
}

static int size_show(struct seq_file *m)
{
	seq_printf(m, "%uK\n", cache_of(m).kib);
	return 0;
}

static int type_show(struct seq_file *m)
{
	static const char *const names[] = { "", "Data", "Instruction", "Unified" };

	seq_printf(m, "%s\n", names[cache_of(m).type]);
	return 0;
}

static int shared_map_show(struct seq_file *m)
{
	seq_bit_map(m, cache_cpus(m), nr_cpus);
	return 0;
}

static int shared_list_show(struct seq_file *m)
{
	seq_bit_list(m, cache_cpus(m));
	return 0;
}

static const struct sysfs_attr cache_attrs[] = {
	{ .name = "level", .mode = 0444, .show = level_show },
	{ .name = "type", .mode = 0444, .show = type_show },
	{ .name = "size", .mode = 0444, .show = size_show },
	{ .name = "id", .mode = 0444, .show = cache_id_show },
	{ .name = "coherency_line_size", .mode = 0444, .show = line_show },
	{ .name = "ways_of_associativity", .mode = 0444, .show = ways_show },
	{ .name = "number_of_sets", .mode = 0444, .show = sets_show },
	{ .name = "physical_line_partition", .mode = 0444, .show = partition_show },
	{ .name = "shared_cpu_map", .mode = 0444, .show = shared_map_show },
	{ .name = "shared_cpu_list", .mode = 0444, .show = shared_list_show },
};

static void add_caches(unsigned cpu)
{
	struct cpu_cache c;
	char path[PATH_ROOM];

	for (unsigned i = 0; i < CPU_CACHES_MAX && cpu_cache_get(i, &c); i++) {
		fmt_snprintf(path, sizeof(path), "devices/system/cpu/cpu%u/cache/index%u", cpu, i);
		boot_need(sysfs_create_files(path, cache_attrs, ARRAY_SIZE(cache_attrs),
					     (void *)(uintptr_t)(cpu << 8 | i)),
			  "/sys/", path);
	}
}

void sysfs_cpu_init(void)
{
	char path[PATH_ROOM];

	boot_need(sysfs_create_files("devices/system/cpu", cpu_attrs, ARRAY_SIZE(cpu_attrs), NULL),
		  "/sys/", "devices/system/cpu");
	for (unsigned cpu = 0; cpu < nr_cpus; cpu++) {
		fmt_snprintf(path, sizeof(path), "devices/system/cpu/cpu%u/topology", cpu);
		boot_need(sysfs_create_files(path, topology_attrs, ARRAY_SIZE(topology_attrs),
					     (void *)(uintptr_t)(cpu << 8)),
			  "/sys/", path);
		add_caches(cpu);
	}
}
