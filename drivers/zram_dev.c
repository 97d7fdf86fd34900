/*
 * Which disks in compressed memory there are: at boot, and by /sys/class/zram-control.
 *
 * OWNS     zrams[]: who of them is there.
 * WHY      a disk's memory must stay while somebody may still look at it: a device that goes leaves its place for the next.
 * I1       the numbers of those that are there are the lowest that were free when they came.
 * I2       one that goes is reset first, and nobody can set it up again: there is false before its names go. Taking the names away
 *          waits for calls that want zram_lock, so it is not held.
 * LOCKS    zram_lock (rank FS_FILE).   CONTEXT  a task; sleeps.   FAILS  -ENOSPC, -ENOMEM, -EBUSY, -ENODEV.
 * SOURCES  Linux Documentation/admin-guide/blockdev/zram.rst.   TESTED BY tests/guest/mem_zram.c
 */
#include "zram_impl.h"

#include "arch/machine.h"
#include "base/errno.h"
#include "drivers/zram.h"
#include "lib/cmdline.h"
#include "lib/fmt.h"
#include "sync/klog.h"

struct mutex zram_lock;
static struct zram zrams[ZRAM_DEVICES];
static bool taken[ZRAM_DEVICES]; /* s: there, or on the way in or out */

static int take_number(void)
{
	int n = -ENOSPC;

	mutex_lock(&zram_lock);
	for (unsigned i = 0; i < ZRAM_DEVICES && n < 0; i++) {
		if (!taken[i])
			n = (int)i;
	}
	if (n >= 0)
		taken[n] = true;
	mutex_unlock(&zram_lock);
	return n;
}

/* @there: it is, from now on; else its number is free again. */
static void settle(struct zram *z, bool there)
{
	mutex_lock(&zram_lock);
	z->there = there;
	taken[z->index] = there;
	mutex_unlock(&zram_lock);
}

static void prepare(struct zram *z, unsigned n)
{
	struct gendisk *d = &z->disk;

	*z = (struct zram){ .index = n };
	mutex_init(&z->codec, RANK_ZRAM);
	spin_init(&z->lock, RANK_OBJECT);
	zs_pool_init(&z->pool);
	d->ops = &zram_disk_ops;
	d->private = z;
	d->driver = "zram";
	d->major = ZRAM_MAJOR;
	d->first_minor = n;
	d->memory = d->can_discard = true;
	d->block_size = PAGE_SIZE;
	d->max_vecs = BIO_VECS;
	d->max_sectors = BIO_VECS * PAGE_SECTORS;
	d->max_discard = UINT32_MAX / PAGE_SIZE * PAGE_SECTORS;
	d->discard_align = PAGE_SECTORS;
	(void)fmt_snprintf(d->name, sizeof(d->name), "zram%u", n);
	disk_init(d);
}

int zram_add(void)
{
	int n = take_number(), err;
	struct zram *z;

	if (n < 0)
		return n;
	z = &zrams[n];
	prepare(z, (unsigned)n);
	err = disk_add(&z->disk, 0);
	if (!err) {
		err = zram_files_init(z);
		if (err)
			(void)!disk_del(&z->disk);
	}
	settle(z, !err);
	return err ? err : n;
}

int zram_remove(unsigned index)
{
	struct zram *z = &zrams[index];
	int err = -ENODEV;

	if (index >= ZRAM_DEVICES)
		return -ENODEV;
	mutex_lock(&zram_lock);
	if (z->there)
		err = zram_reset_locked(z);
	z->there = z->there && err;
	mutex_unlock(&zram_lock);
	if (err)
		return err;
	err = disk_del(&z->disk);
	settle(z, err); /* somebody has opened it: it stays, empty */
	return err;
}

/* zram.num_devices= of the command line. */
static unsigned devices_wanted(void)
{
	char text[8];

	if (!cmdline_get(boot_info.cmdline, "zram.num_devices", text, sizeof(text)) ||
	    text[0] < '0' || text[0] > '0' + ZRAM_DEVICES || text[1])
		return 1;
	return (unsigned)(text[0] - '0');
}

void zram_init(void)
{
	unsigned wanted = devices_wanted();

	mutex_init(&zram_lock, RANK_FS_FILE);
	zram_control_init();
	for (unsigned i = 0; i < wanted; i++) {
		if (zram_add() < 0)
			pr_warn("zram%u: no memory", i);
	}
}
