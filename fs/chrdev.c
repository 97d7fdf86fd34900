/*
 * Devices: numbers to file operations. Character devices, and block devices that have operations of their own.
 *
 * OWNS     the table of ranges.
 * I1       ranges do not overlap. Operations are constants of the kernel: a pointer to them stays valid when a range goes.
 * LOCKS    devs_lock (rank OBJECT) for all of it.
 * CONTEXT  add: boot and tasks. find: any.
 * SOURCES  null(4), mknod(2), proc(5) /proc/devices, /proc/misc.
 */
#include "vfs_impl.h"

#include "base/errno.h"
#include "fs/proc.h"
#include "lib/string.h"

struct dev_range {
	unsigned major, minor, nr; /* nr 0: free */
	const struct file_ops *ops;
	char name[CHRDEV_NAME_MAX];
	bool block;
};

enum { MAX_RANGES = 128, MAJOR_DYNAMIC_TOP = 254, MAJOR_DYNAMIC_END = 234 };

static struct dev_range ranges[MAX_RANGES]; /* d: devs_lock */
static struct spinlock devs_lock = SPINLOCK_INIT(RANK_OBJECT);

/* The range that shares a number with [minor, minor + nr); NULL: none. */
static struct dev_range *overlaps(bool block, unsigned major, unsigned minor, unsigned nr)
	must_hold(devs_lock)
{
	for (unsigned i = 0; i < MAX_RANGES; i++)
		if (ranges[i].block == block && ranges[i].major == major &&
		    minor < ranges[i].minor + ranges[i].nr && ranges[i].minor < minor + nr)
			return &ranges[i];
	return NULL;
}

static int add(bool block, unsigned major, unsigned minor, unsigned nr, const struct file_ops *ops,
	       const char *name) must_hold(devs_lock)
{
	if (overlaps(block, major, minor, nr))
		return -EBUSY;
	for (unsigned i = 0; i < MAX_RANGES; i++)
		if (!ranges[i].nr) {
			ranges[i] = (struct dev_range){ major, minor, nr, ops, "", block };
			str_copy(ranges[i].name, name, sizeof(ranges[i].name));
			return 0;
		}
	return -ENOSPC;
}

static int reg(bool block, unsigned major, unsigned minor, unsigned nr, const struct file_ops *ops,
	       const char *name)
{
	int err;

	if (!nr || major >= 1 << 12 || minor + nr > 1 << 20)
		return -EINVAL;
	spin_lock(&devs_lock);
	err = add(block, major, minor, nr, ops, name);
	spin_unlock(&devs_lock);
	return err;
}

int chrdev_register(unsigned major, unsigned minor, unsigned nr, const struct file_ops *ops,
		    const char *name)
{
	return reg(false, major, minor, nr, ops, name);
}

int blkdev_register(unsigned major, unsigned minor, unsigned nr, const struct file_ops *ops,
		    const char *name)
{
	return reg(true, major, minor, nr, ops, name);
}

static bool major_is_free(unsigned major) must_hold(devs_lock)
{
	return !overlaps(false, major, 0, 1 << 20);
}

int chrdev_register_any(unsigned minor, unsigned nr, const struct file_ops *ops, const char *name)
{
	int err = -EBUSY;

	if (!nr || minor + nr > 1 << 20)
		return -EINVAL;
	spin_lock(&devs_lock);
	for (unsigned major = MAJOR_DYNAMIC_TOP; major >= MAJOR_DYNAMIC_END; major--)
		if (major_is_free(major)) {
			err = add(false, major, minor, nr, ops, name);
			err = err ? err : (int)major;
			break;
		}
	spin_unlock(&devs_lock);
	return err;
}

void chrdev_unregister(unsigned major, unsigned minor, unsigned nr)
{
	struct dev_range *r;

	spin_lock(&devs_lock);
	r = overlaps(false, major, minor, nr);
	if (r && r->minor == minor && r->nr == nr)
		r->nr = 0;
	spin_unlock(&devs_lock);
}

static const struct file_ops *find(dev_k dev, bool block)
{
	const struct dev_range *r;
	const struct file_ops *ops;

	spin_lock(&devs_lock);
	r = overlaps(block, MAJOR(dev), MINOR(dev), 1);
	ops = r ? r->ops : NULL;
	spin_unlock(&devs_lock);
	return ops;
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

/* Devices of this number are told apart by their minor: /proc/misc has the names, /proc/devices one for all. */
static bool is_misc(const struct dev_range *r)
{
	return !r->block && r->major == MISC_MAJOR;
}

/* Range @n, unless one before it has its major number and name. */
static bool first_of_name(unsigned n, struct dev_range *out)
{
	bool first;

	spin_lock(&devs_lock);
	*out = ranges[n];
	first = out->nr != 0;
	for (unsigned i = 0; i < n; i++)
		if (ranges[i].nr && ranges[i].block == out->block &&
		    ranges[i].major == out->major &&
		    (is_misc(out) || !strcmp(ranges[i].name, out->name)))
			first = false;
	spin_unlock(&devs_lock);
	return first;
}

/* One line for each major number and name. */
static void put_devices(struct seq_file *m, bool block)
{
	struct dev_range r;

	for (unsigned i = 0; i < MAX_RANGES; i++)
		if (first_of_name(i, &r) && r.block == block)
			seq_printf(m, "%3u %s\n", r.major, is_misc(&r) ? "misc" : r.name);
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

static int misc_show(struct seq_file *m)
{
	struct dev_range r;

	for (unsigned i = MAX_RANGES; i--;) {
		spin_lock(&devs_lock);
		r = ranges[i];
		spin_unlock(&devs_lock);
		if (r.nr && is_misc(&r))
			seq_printf(m, "%3u %s\n", r.minor, r.name);
	}
	return 0;
}

void chrdev_init(void)
{
	static struct proc_entry devices = { .show = devices_show }, misc = { .show = misc_show };

	boot_need(proc_register("devices", 0444, &devices), "/proc/", "devices");
	boot_need(proc_register("misc", 0444, &misc), "/proc/", "misc");
}
