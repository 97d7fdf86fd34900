/*
 * The pool of huge pages in /sys/kernel/mm/hugepages, in the nodes of /sys/devices/system/node, and in /proc/sys/vm.
 *
 * OWNS     nothing: the pool is mm/backing/hugetlb.c's.
 * WHY      a number that cannot be reached is no error: the file shows how far the pool got, as on Linux.
 * CONTEXT  boot; tasks, may sleep.   FAILS  -EINVAL for what is no number.
 * SOURCES  Linux Documentation/admin-guide/mm/hugetlbpage.rst.   TESTED BY huge_tlb.c
 */
#include "fs/sysfs.h"

#include "base/errno.h"
#include "lib/fmt.h"
#include "mm/hugetlb.h"
#include "proc_impl.h"
#include "vfs_impl.h"

/* The node of a file: the directory's object is one of these; NULL: all nodes. */
static int node_numbers[CFG_MAX_NODES];

static int node_of(const void *data)
{
	return data ? *(const int *)data : HUGETLB_ANY_NODE;
}

static struct hugetlb_counts counts(const struct seq_file *m)
{
	struct hugetlb_counts c;

	hugetlb_count(node_of(m->private), &c);
	return c;
}

static int nr_show(struct seq_file *m)
{
	seq_printf(m, "%lu\n", counts(m).nr);
	return 0;
}

/* /proc/sys/vm shows what was asked for. */
static int asked_show(struct seq_file *m)
{
	struct hugetlb_counts c = counts(m);

	seq_printf(m, "%lu\n", c.nr - c.surplus);
	return 0;
}

static int free_show(struct seq_file *m)
{
	seq_printf(m, "%lu\n", counts(m).free);
	return 0;
}

static int resv_show(struct seq_file *m)
{
	seq_printf(m, "%lu\n", counts(m).resv);
	return 0;
}

static int surplus_show(struct seq_file *m)
{
	seq_printf(m, "%lu\n", counts(m).surplus);
	return 0;
}

static int overcommit_show(struct seq_file *m)
{
	seq_printf(m, "%lu\n", hugetlb_overcommit());
	return 0;
}

static int nr_store(struct proc_entry *e, char *text, size_t len)
{
	long v;

	if (proc_parse_long(text, &v) || v < 0)
		return -EINVAL;
	hugetlb_resize((unsigned long)v, node_of(e->data));
	return 0;
}

static int nr_policy_store(struct proc_entry *e, char *text, size_t len)
{
	long v;

	if (proc_parse_long(text, &v) || v < 0)
		return -EINVAL;
	hugetlb_resize_by_policy((unsigned long)v);
	return 0;
}

static int overcommit_store(struct proc_entry *e, char *text, size_t len)
{
	long v;

	if (proc_parse_long(text, &v) || v < 0)
		return -EINVAL;
	hugetlb_set_overcommit((unsigned long)v);
	return 0;
}

static const struct sysfs_attr all_attrs[] = {
	{ .name = "nr_hugepages", .mode = 0644, .show = nr_show, .store = nr_store },
	{ .name = "nr_overcommit_hugepages",
	  .mode = 0644,
	  .show = overcommit_show,
	  .store = overcommit_store },
	{ .name = "free_hugepages", .mode = 0444, .show = free_show },
	{ .name = "resv_hugepages", .mode = 0444, .show = resv_show },
	{ .name = "surplus_hugepages", .mode = 0444, .show = surplus_show },
};
static const struct sysfs_attr policy_attr = {
	.name = "nr_hugepages_mempolicy", .mode = 0644, .show = nr_show, .store = nr_policy_store
};
static const struct sysfs_attr node_attrs[] = {
	{ .name = "nr_hugepages", .mode = 0644, .show = nr_show, .store = nr_store },
	{ .name = "free_hugepages", .mode = 0444, .show = free_show },
	{ .name = "surplus_hugepages", .mode = 0444, .show = surplus_show },
};

void sysfs_hugetlb_init(void)
{
	char dir[80];
	size_t n = fmt_scnprintf(dir, sizeof(dir), "kernel/mm/hugepages/hugepages-%lukB",
				 HPAGE_SIZE >> 10);

	kassert(n < sizeof(dir));
	boot_need(sysfs_create_files(dir, all_attrs, ARRAY_SIZE(all_attrs), NULL), "/sys/", dir);
	if (CFG_NUMA)
		boot_need(sysfs_create_files(dir, &policy_attr, 1, NULL), "/sys/", dir);
	for (unsigned i = 0; i < nr_nodes; i++) {
		node_numbers[i] = (int)i;
		fmt_scnprintf(dir, sizeof(dir),
			      "devices/system/node/node%u/hugepages/hugepages-%lukB", i,
			      HPAGE_SIZE >> 10);
		boot_need(sysfs_create_files(dir, node_attrs, ARRAY_SIZE(node_attrs),
					     &node_numbers[i]),
			  "/sys/", dir);
	}
}

/* ---- /proc/sys/vm ---- */

static struct proc_entry nr_hugepages = { .show = asked_show, .store = nr_store },
			 nr_by_policy = { .show = asked_show, .store = nr_policy_store },
			 nr_overcommit = { .show = overcommit_show, .store = overcommit_store };

int proc_hugetlb_init(void)
{
	int err = proc_register("sys/vm/nr_hugepages", 0644, &nr_hugepages);

	if (!err && CFG_NUMA)
		err = proc_register("sys/vm/nr_hugepages_mempolicy", 0644, &nr_by_policy);
	if (!err)
		err = proc_register("sys/vm/nr_overcommit_hugepages", 0644, &nr_overcommit);
	return err ? err
		   : proc_register_int("sys/vm/hugetlb_shm_group", &sysctl_hugetlb_shm_group, 0,
				       INT_MAX);
}
