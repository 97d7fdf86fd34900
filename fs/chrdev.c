/*
 * Devices: numbers to file operations. Character devices, and block devices that have operations of their own.
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
	bool block;
};

enum { MAX_RANGES = 64 };

static struct dev_range ranges[MAX_RANGES];
static unsigned nr_ranges;
static struct spinlock devs_lock = SPINLOCK_INIT(RANK_OBJECT);

static bool overlap(const struct dev_range *a, const struct dev_range *b)
{
	return a->block == b->block && a->major == b->major && a->minor < b->minor + b->nr &&
	       b->minor < a->minor + a->nr;
}

static int add_range(const struct dev_range *r)
{
	int err = -ENOSPC;

	if (!r->nr || r->major >= 1 << 12 || r->minor + r->nr > 1 << 20)
		return -EINVAL;
	spin_lock(&devs_lock);
	for (unsigned i = 0; i < nr_ranges; i++) {
		if (overlap(&ranges[i], r))
			err = -EBUSY;
	}
	if (err == -ENOSPC && nr_ranges < MAX_RANGES) {
		ranges[nr_ranges] = *r;
		__atomic_store_n(&nr_ranges, nr_ranges + 1, __ATOMIC_RELEASE);
		err = 0;
	}
	spin_unlock(&devs_lock);
	return err;
}

int chrdev_register(unsigned major, unsigned minor, unsigned nr, const struct file_ops *ops,
		    const char *name)
{
	return add_range(&(struct dev_range){ major, minor, nr, ops, name, false });
}

int blkdev_register(unsigned major, unsigned minor, unsigned nr, const struct file_ops *ops,
		    const char *name)
{
	return add_range(&(struct dev_range){ major, minor, nr, ops, name, true });
}

static const struct file_ops *find(dev_k dev, bool block)
{
	unsigned n = __atomic_load_n(&nr_ranges, __ATOMIC_ACQUIRE);

	for (unsigned i = 0; i < n; i++) {
		if (ranges[i].block == block && ranges[i].major == MAJOR(dev) &&
		    MINOR(dev) - ranges[i].minor < ranges[i].nr)
			return ranges[i].ops;
	}
	return NULL;
}

const struct file_ops *chrdev_find(dev_k dev)
{
	return find(dev, false);
}

const struct file_ops *blkdev_find(dev_k dev)
{
	return find(dev, true);
}

const struct file_ops *special_fops(const struct inode *inode)
{
	if (S_ISFIFO(inode->mode))
		return &fifo_fops;
	if (S_ISBLK(inode->mode)) {
		const struct file_ops *ops = blkdev_find(inode->rdev); /* with calls of its own */

		return ops ? ops : &blkdev_fops;
	}
	return S_ISCHR(inode->mode) ? chrdev_find(inode->rdev) : NULL;
}

/* One line for each major number and name. */
static void put_devices(struct seq_file *m, bool block)
{
	for (unsigned i = 0, j; i < nr_ranges; i++) {
		for (j = 0; j < i; j++) {
			if (ranges[j].major == ranges[i].major && ranges[j].block == block &&
			    ranges[j].name == ranges[i].name)
				break;
		}
		if (j == i && ranges[i].block == block)
			seq_printf(m, "%3u %s\n", ranges[i].major, ranges[i].name);
	}
}

static int devices_show(struct seq_file *m)
{
	seq_puts(m, "Character devices:\n");
	put_devices(m, false);
	seq_puts(m, "\nBlock devices:\n");
	put_devices(m, true);
	blkdev_majors(m);
	return 0;
}

void chrdev_init(void)
{
	static struct proc_entry devices = { .show = devices_show };

	must(proc_register("devices", 0444, &devices) == 0);
}
