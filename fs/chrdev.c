/*
 * Character devices: numbers to file operations.
 *
 * OWNS     the table of ranges.
 * I1       ranges do not overlap and are never removed, so a pointer to their operations stays valid.
 * LOCKS    devs_lock to add; readers see a count that grows after the entry is complete.
 * CONTEXT  add: boot and tasks. find: any.
 * SOURCES  null(4), mknod(2), proc(5) /proc/devices.
 */
#include "vfs_impl.h"

#include "base/errno.h"
#include "fs/proc.h"

struct dev_range {
	unsigned major, minor, nr;
	const struct file_ops *ops;
	const char *name;
};

enum { MAX_RANGES = 64 };

static struct dev_range ranges[MAX_RANGES];
static unsigned nr_ranges;
static struct spinlock devs_lock = SPINLOCK_INIT(RANK_OBJECT);

int chrdev_register(unsigned major, unsigned minor, unsigned nr, const struct file_ops *ops,
		    const char *name)
{
	int err = -ENOSPC;
	unsigned i;

	if (!nr || major >= 1 << 12 || minor + nr > 1 << 20)
		return -EINVAL;
	spin_lock(&devs_lock);
	for (i = 0; i < nr_ranges; i++)
		if (ranges[i].major == major && minor < ranges[i].minor + ranges[i].nr &&
		    ranges[i].minor < minor + nr)
			err = -EBUSY;
	if (err == -ENOSPC && nr_ranges < MAX_RANGES) {
		ranges[nr_ranges] = (struct dev_range){ major, minor, nr, ops, name };
		__atomic_store_n(&nr_ranges, nr_ranges + 1, __ATOMIC_RELEASE);
		err = 0;
	}
	spin_unlock(&devs_lock);
	return err;
}

const struct file_ops *chrdev_find(dev_k dev)
{
	unsigned n = __atomic_load_n(&nr_ranges, __ATOMIC_ACQUIRE), i;

	for (i = 0; i < n; i++)
		if (ranges[i].major == MAJOR(dev) && MINOR(dev) - ranges[i].minor < ranges[i].nr)
			return ranges[i].ops;
	return NULL;
}

const struct file_ops *special_fops(const struct inode *inode)
{
	if (S_ISFIFO(inode->mode))
		return &fifo_fops;
	return S_ISCHR(inode->mode) ? chrdev_find(inode->rdev) : NULL;
}

/* /proc/devices: one line for each major number and name. */
static int devices_show(struct seq_file *m)
{
	unsigned i, j;

	seq_puts(m, "Character devices:\n");
	for (i = 0; i < nr_ranges; i++) {
		for (j = 0; j < i; j++)
			if (ranges[j].major == ranges[i].major && ranges[j].name == ranges[i].name)
				break;
		if (j == i)
			seq_printf(m, "%3u %s\n", ranges[i].major, ranges[i].name);
	}
	seq_puts(m, "\nBlock devices:\n");
	return 0;
}

void chrdev_init(void)
{
	static struct proc_entry devices = { .show = devices_show };

	must(proc_register("devices", 0444, &devices) == 0);
}
