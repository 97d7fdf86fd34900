/*
 * Character devices of the kernel by name: /dev/NAME, /sys/class/CLASS/NAME, /sys/dev/char/MAJOR:MINOR.
 *
 * OWNS     struct device_name: one for each, for ever; its directory is /sys/devices/virtual/CLASS/NAME.
 * CONTEXT  boot and the start of a driver; may sleep.   FAILS  -ENOMEM.
 * SOURCES  sysfs(5); Linux Documentation/admin-guide/devices.rst.
 * NOT HERE modules' devices (module/device.c), block devices (blkdev_info.c).   TESTED BY  proc_sysfs.c
 */
#include "fs/sysfs.h"

#include "base/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "vfs_impl.h"

enum { PATH_ROOM = 64, MODE_OF_CLASS = 0600 };

struct device_name {
	dev_k dev;
	uint32_t mode;
	char name[16];
};

static int dev_show(struct seq_file *m)
{
	const struct device_name *d = m->private;

	seq_printf(m, "%u:%u\n", MAJOR(d->dev), MINOR(d->dev));
	return 0;
}

/* DEVMODE is said of nodes that others than root may use. */
static int uevent_show(struct seq_file *m)
{
	const struct device_name *d = m->private;

	seq_printf(m, "MAJOR=%u\nMINOR=%u\nDEVNAME=%s\n", MAJOR(d->dev), MINOR(d->dev), d->name);
	if (d->mode != MODE_OF_CLASS)
		seq_printf(m, "DEVMODE=0%o\n", d->mode);
	return 0;
}

static const struct sysfs_attr attrs[] = {
	{ .name = "dev", .mode = 0444, .show = dev_show },
	{ .name = "uevent", .mode = 0444, .show = uevent_show },
};

/* The directory @dir in /sys, and the ways to it. */
static int make_sysfs(const char *class, const char *dir, struct device_name *d)
{
	char path[PATH_ROOM], target[PATH_ROOM];
	int err = sysfs_create_files(dir, attrs, ARRAY_SIZE(attrs), d);

	fmt_snprintf(path, sizeof(path), "%s/subsystem", dir);
	fmt_snprintf(target, sizeof(target), "../../../../class/%s", class);
	if (!err)
		err = sysfs_create_link(path, target);
	fmt_snprintf(target, sizeof(target), "../../%s", dir);
	fmt_snprintf(path, sizeof(path), "class/%s/%s", class, d->name);
	if (!err)
		err = sysfs_create_link(path, target);
	fmt_snprintf(path, sizeof(path), "dev/char/%u:%u", MAJOR(d->dev), MINOR(d->dev));
	return err ? err : sysfs_create_link(path, target);
}

int chrdev_create(const char *class, const char *name, uint32_t mode, dev_k dev)
{
	struct device_name *d;
	char dir[PATH_ROOM];
	int err = devtmpfs_create(name, S_IFCHR | mode, dev);

	if (err)
		return err;
	d = kzalloc(sizeof(*d), GFP_KERNEL);
	if (!d)
		return -ENOMEM;
	d->dev = dev;
	d->mode = mode;
	(void)str_copy(d->name, name, sizeof(d->name));
	fmt_snprintf(dir, sizeof(dir), "devices/virtual/%s/%s", class, name);
	return make_sysfs(class, dir, d);
}
