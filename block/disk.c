/*
 * Disks and partitions: which there are, who has them open.
 *
 * OWNS     the list of disks, the partitions of each; openers, writers, holder of every device.
 * WHY      a device is used by many who only look (openers) or by one who relies on what is there (holder): then nobody
 *          writes it behind his back.
 * I1       holder set: no writers, and no holder of a device that covers the same sectors. A device with MAPPING_SWAP may be
 *          open for writing, but no write is let through (fs/blkdev.c).
 * I2       a device that nobody has open has no dirty page and no page that is not the device's contents.
 * I3       partitions come and go only while nobody has one of them open; a disk goes, or gets smaller, only while nobody has it
 *          open.
 * LOCKS    table_lock (mutex, rank FS_FILE) for the partitions of a disk as a whole; block_lock (rank OBJECT) for counts.
 * CONTEXT  threads; may sleep.
 * FAILS    -ENXIO, -EBUSY, -EACCES.   NOT HERE names and nodes (fs/blkdev.c).   TESTED BY  tests/guest/disk_block.c
 */
#include "base/errno.h"
#include "block/fail.h"
#include "block/partition.h"
#include "block_impl.h"
#include "kernel/flusher.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "sync/klog.h"

struct spinlock block_lock = SPINLOCK_INIT(RANK_OBJECT);

static struct list_head disks = LIST_HEAD_INIT(disks); /* b */
static const struct block_watch *watch;

void block_set_watch(const struct block_watch *w)
{
	watch = w;
}

bool block_is_readonly(const struct block_device *bdev)
{
	return READ_ONCE(bdev->readonly) || bdev->disk->readonly;
}

void block_set_readonly(struct block_device *bdev, bool on)
{
	WRITE_ONCE(bdev->readonly, on);
}

unsigned block_size(const struct block_device *bdev)
{
	return bdev->disk->block_size;
}

bool block_can_discard(const struct block_device *bdev)
{
	return bdev->disk->can_discard;
}

/* ---- open and held ---- */

static struct block_device *find(uint32_t dev) must_hold(block_lock)
{
	struct gendisk *d;

	list_for_each_entry (d, &disks, link) {
		unsigned n = (dev & 0xfffff) - d->first_minor;

		if (dev >> 20 == d->major && n < DISK_MINORS && d->parts[n])
			return d->parts[n]; /* a number without a device may be another disk's */
	}
	return NULL;
}

/* Does somebody hold a device that shares sectors with @bdev? */
static bool overlap_held(const struct block_device *bdev) must_hold(block_lock)
{
	const struct gendisk *d = bdev->disk;

	for (unsigned i = 1; !bdev->partno && i < DISK_MINORS; i++) {
		if (d->parts[i] && d->parts[i]->holder)
			return true;
	}
	return bdev->partno && d->whole.holder;
}

static int may_get(const struct block_device *bdev, bool write, const void *holder)
	must_hold(block_lock)
{
	if (!bdev)
		return -ENXIO;
	if (!holder)
		return write && bdev->holder && !mapping_is_swap(&bdev->mapping) ? -EBUSY : 0;
	if (bdev->holder || bdev->writers || overlap_held(bdev))
		return -EBUSY;
	return write && block_is_readonly(bdev) ? -EACCES : 0;
}

int block_get(uint32_t dev, bool write, void *holder, struct block_device **out)
{
	struct block_device *bdev;
	int err;

	spin_lock(&block_lock);
	bdev = find(dev);
	err = may_get(bdev, write, holder);
	if (!err) {
		bdev->openers++;
		bdev->writers += write && !holder;
		if (holder)
			bdev->holder = holder;
	}
	spin_unlock(&block_lock);
	if (err)
		return err;
	if (holder) /* what was written by its bytes is on the device before its blocks are used */
		bdev_cache_drop(bdev);
	*out = bdev;
	return 0;
}

void block_put(struct block_device *bdev, bool write, void *holder)
{
	bool last;

	spin_lock(&block_lock);
	last = bdev->openers == 1;
	spin_unlock(&block_lock);
	if (last || holder)
		bdev_cache_drop(bdev);
	spin_lock(&block_lock);
	if (holder) {
		kassert(bdev->holder == holder);
		bdev->holder = NULL;
	}
	bdev->writers -= write && !holder;
	bdev->openers--;
	spin_unlock(&block_lock);
}

int block_swap_claim(struct block_device *bdev, void *holder)
{
	int err = 0;

	spin_lock(&block_lock);
	if (bdev->holder || overlap_held(bdev)) {
		err = -EBUSY;
	} else if (block_is_readonly(bdev)) {
		err = -EACCES;
	} else {
		bdev->holder = holder;
		bdev->mapping.flags |= MAPPING_SWAP;
	}
	spin_unlock(&block_lock);
	if (!err) /* what mkswap has written is on the device */
		bdev_cache_drop(bdev);
	return err;
}

void block_swap_unclaim(struct block_device *bdev, void *holder)
{
	bdev_cache_drop(bdev); /* what was read meanwhile may be old */
	spin_lock(&block_lock);
	kassert(bdev->holder == holder);
	bdev->holder = NULL;
	bdev->mapping.flags &= ~(unsigned)MAPPING_SWAP;
	spin_unlock(&block_lock);
}

struct block_device *block_next(unsigned *pos)
{
	struct block_device *found = NULL;
	unsigned at = 0;
	struct gendisk *d;

	spin_lock(&block_lock);
	list_for_each_entry (d, &disks, link) {
		for (unsigned i = 0; i < DISK_MINORS && !found; i++, at++) {
			if (at >= *pos && d->parts[i])
				found = d->parts[i];
		}
	}
	spin_unlock(&block_lock);
	*pos = found ? at : at + 1;
	return found;
}

unsigned long block_cached_pages(void)
{
	unsigned long n = 0;
	struct gendisk *d;

	spin_lock(&block_lock);
	list_for_each_entry (d, &disks, link) {
		for (unsigned i = 0; i < DISK_MINORS; i++)
			n += d->parts[i] ? READ_ONCE(d->parts[i]->mapping.nr_pages) : 0;
	}
	spin_unlock(&block_lock);
	return n;
}

/* ---- partitions ---- */

static int read_sector(void *arg, uint64_t sector, void *buf)
{
	struct block_device *bdev = arg;
	long n = mapping_read_kernel(&bdev->mapping, buf, SECTOR_SIZE, sector << SECTOR_SHIFT);

	if (n == SECTOR_SIZE)
		return 0;
	return n < 0 ? (int)n : -EIO;
}

static void name_device(struct block_device *bdev)
{
	const struct gendisk *d = bdev->disk;
	size_t len = strlen(d->name);
	bool digit = len && d->name[len - 1] >= '0' && d->name[len - 1] <= '9';

	if (bdev->partno)
		fmt_snprintf(bdev->name, sizeof(bdev->name), "%s%s%u", d->name, digit ? "p" : "",
			     bdev->partno);
	else
		str_copy(bdev->name, d->name, sizeof(bdev->name));
}

static void bdev_init(struct block_device *bdev, struct gendisk *d, unsigned n, uint64_t start,
		      uint64_t nr)
{
	*bdev = (struct block_device){ .disk = d, .partno = n, .start = start, .nr_sectors = nr };
	bdev->dev = d->major << 20 | (d->first_minor + n);
	name_device(bdev);
	bdev_cache_init(bdev);
}

static int add_partition(struct gendisk *d, unsigned n, const struct partition_range *r)
{
	struct block_device *p = failpoint("partition") ? NULL : kzalloc(sizeof(*p), GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	bdev_init(p, d, n, r->start, r->nr);
	spin_lock(&block_lock);
	d->parts[n] = p;
	spin_unlock(&block_lock);
	if (watch)
		watch->added(p);
	return 0;
}

/* All partitions leave the table of devices, if nobody has one open. */
static int detach_partitions(struct gendisk *d, struct block_device *out[DISK_MINORS])
{
	int err = 0;

	spin_lock(&block_lock);
	if (d->whole.holder)
		err = -EBUSY;
	for (unsigned i = 1; i < DISK_MINORS && !err; i++) {
		if (d->parts[i] && d->parts[i]->openers)
			err = -EBUSY;
	}
	for (unsigned i = 1; i < DISK_MINORS; i++) {
		out[i] = err ? NULL : d->parts[i];
		d->parts[i] = err ? d->parts[i] : NULL;
	}
	spin_unlock(&block_lock);
	return err;
}

static void free_partition(struct block_device *p)
{
	if (watch)
		watch->removed(p);
	mapping_destroy(&p->mapping);
	bdi_unregister(&p->bdi);
	kfree(p);
}

/* table_lock held. */
static int read_table(struct gendisk *d)
{
	struct partition_range parts[PARTITIONS_MAX];
	struct partition_source src = { read_sector, &d->whole, d->whole.nr_sectors,
					d->block_size };
	int err = partitions_read(&src, parts);

	for (unsigned n = 0; n < PARTITIONS_MAX && !err; n++) {
		if (parts[n].nr)
			err = add_partition(d, n + 1, &parts[n]);
	}
	return err;
}

int block_rescan(struct block_device *bdev)
{
	struct gendisk *d = bdev->disk;
	struct block_device *old[DISK_MINORS];
	int err;

	if (bdev->partno)
		return -EINVAL;
	mutex_lock(&d->table_lock);
	err = detach_partitions(d, old);
	if (!err) {
		for (unsigned i = 1; i < DISK_MINORS; i++) {
			if (old[i])
				free_partition(old[i]);
		}
		mapping_sync(&bdev->mapping, 0, ULONG_MAX);
		err = read_table(d);
	}
	mutex_unlock(&d->table_lock);
	return err;
}

/* What requests need: with the first disk that has sectors. */
static int bring_up(void)
{
	int err = bio_init();

	return err ? err : flusher_start();
}

static void read_partitions(struct gendisk *d)
{
	int err;

	mutex_lock(&d->table_lock);
	err = read_table(d);
	mutex_unlock(&d->table_lock);
	if (err)
		pr_warn("%s: its partitions cannot be read (error %d)", d->name, -err);
}

int disk_add(struct gendisk *d, uint64_t nr_sectors)
{
	int err = nr_sectors ? bring_up() : 0;

	if (err)
		return err;
	mutex_init(&d->table_lock, RANK_FS_FILE);
	bdev_init(&d->whole, d, 0, 0, nr_sectors);
	d->whole.make_it_fail = fail_make_request_all;
	d->parts[0] = &d->whole;
	spin_lock(&block_lock);
	d->whole.openers = 1; /* while its table is read */
	list_add_tail(&d->link, &disks);
	spin_unlock(&block_lock);
	if (nr_sectors)
		pr_info("%s: %llu 512-byte sectors%s", d->name, (unsigned long long)nr_sectors,
			d->readonly ? ", read-only" : "");
	if (watch)
		watch->added(&d->whole);
	if (!d->memory)
		read_partitions(d);
	block_put(&d->whole, false, NULL);
	return 0;
}

int disk_set_capacity(struct gendisk *d, uint64_t nr_sectors)
{
	struct block_device *bdev = &d->whole;
	int err = nr_sectors ? bring_up() : 0;

	if (err)
		return err;
	spin_lock(&block_lock);
	if (nr_sectors < bdev->nr_sectors && bdev->openers)
		err = -EBUSY;
	else
		WRITE_ONCE(bdev->nr_sectors, nr_sectors);
	spin_unlock(&block_lock);
	if (!err)
		bdev_cache_resize(bdev);
	return err;
}

int disk_del(struct gendisk *d)
{
	struct block_device *bdev = &d->whole;
	int err = 0;

	spin_lock(&block_lock);
	if (bdev->openers) {
		err = -EBUSY;
	} else {
		list_del(&d->link);
		d->parts[0] = NULL;
	}
	spin_unlock(&block_lock);
	if (err)
		return err;
	if (watch)
		watch->removed(bdev);
	mapping_destroy(&bdev->mapping);
	bdi_unregister(&bdev->bdi);
	return 0;
}
