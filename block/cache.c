/*
 * The cache of a block device: its bytes as pages of a mapping, read and written in place.
 *
 * OWNS     bdev->mapping and its calls; page->private of its dirty pages.
 * WHY      a file system's own blocks and the bytes of /dev/vda are the same pages. A page may hold blocks of several
 *          kinds: a bitmap, and next to it a block that belongs to a file by now, whose bytes here are old. Only sectors
 *          that the file system has marked are written, or the old bytes would overwrite the file.
 * I1       page->private with BUF_PARTIAL: its low bits are the sectors to write. Without: the whole page.
 * I2       whole pages get dirty (write(2), mmap of /dev/vda) only while no file system holds the device, and are written
 *          before one does (disk.c).
 * I3       the sectors of a page are taken when PG_writeback is set already: who changes a block and marks it later makes the
 *          page dirty once more.
 * I4       a device does not get smaller while it is open, so its pages are made without invalidate_lock.
 * LOCKS    page lock.   CONTEXT  threads that may sleep.
 * FAILS    -ENOMEM (no bio), the device's errors.   TESTED BY  tests/guest/disk_block.c
 */
#include "base/errno.h"
#include "block_impl.h"
#include "lib/fmt.h"
#include "lib/string.h"

static struct block_device *bdev_of(struct address_space *m)
{
	return m->owner;
}

/* Bytes of page @index that the device has. */
static unsigned page_bytes(const struct block_device *bdev, unsigned long index)
{
	uint64_t first = (uint64_t)index * PAGE_SECTORS, size = READ_ONCE(bdev->nr_sectors);

	return size <= first
		       ? 0
		       : (unsigned)min_of(uint64_t, size - first, PAGE_SECTORS) << SECTOR_SHIFT;
}

static int cache_fill(struct address_space *m, struct page *page)
{
	struct block_device *bdev = bdev_of(m);
	unsigned len = page_bytes(bdev, page->index);
	struct page_parts p;

	page->private = 0;
	if (len < PAGE_SIZE)
		memset((char *)page_address(page) + len, 0, PAGE_SIZE - len);
	page_parts_init(&p, bdev, page, REQ_OP_READ);
	if (len && page_parts_add(&p, (uint64_t)page->index * PAGE_SECTORS, 0, len))
		return -ENOMEM;
	page_parts_submit(&p);
	return 0;
}

/* Sectors [from, to) of @page. */
static int add_run(struct page_parts *p, unsigned from, unsigned to)
{
	uint64_t first = (uint64_t)p->page->index * PAGE_SECTORS;

	return page_parts_add(p, first + from, from << SECTOR_SHIFT, (to - from) << SECTOR_SHIFT);
}

static int add_marked(struct page_parts *p, unsigned long mask, unsigned nr)
{
	int err = 0;

	for (unsigned from = 0, to; from < nr && !err; from = to) {
		to = from + 1;
		if (!(mask >> from & 1))
			continue;
		while (to < nr && mask >> to & 1)
			to++;
		err = add_run(p, from, to);
	}
	return err;
}

static int cache_store(struct address_space *m, struct page *page, const struct writeback_ctl *ctl)
{
	struct block_device *bdev = bdev_of(m);
	unsigned nr = page_bytes(bdev, page->index) >> SECTOR_SHIFT;
	unsigned long mask = READ_ONCE(page->private), taken = mask;
	struct page_parts p;
	int err;

	if (mask & BUF_PARTIAL)
		taken = __atomic_exchange_n(&page->private, BUF_PARTIAL, __ATOMIC_SEQ_CST);
	else
		taken = (1UL << PAGE_SECTORS) - 1;
	page_parts_init(&p, bdev, page, REQ_OP_WRITE);
	err = add_marked(&p, taken, nr);
	if (err) {
		page_parts_drop(&p);
		if (mask & BUF_PARTIAL)
			(void)__atomic_fetch_or(&page->private, taken, __ATOMIC_SEQ_CST);
		return err;
	}
	page_parts_submit(&p);
	return 0;
}

static void cache_kick(struct address_space *m)
{
	block_kick(bdev_of(m));
}

/* A vma keeps the device open, as a file does: only open ones are mapped. */
static void cache_hold(struct address_space *m)
{
	spin_lock(&block_lock);
	bdev_of(m)->openers++;
	spin_unlock(&block_lock);
}

static void cache_drop(struct address_space *m)
{
	block_put(bdev_of(m), false, NULL);
}

static size_t cache_name(struct address_space *m, char *buf, size_t size)
{
	return fmt_scnprintf(buf, size, "/dev/%s", bdev_of(m)->name);
}

static void cache_ident(struct address_space *m, unsigned *major, unsigned *minor,
			unsigned long *ino)
{
	*major = bdev_of(m)->dev >> 20;
	*minor = bdev_of(m)->dev & 0xfffff;
	*ino = 0;
}

static const struct address_space_ops cache_ops = {
	.fill = cache_fill,
	.store = cache_store,
	.kick = cache_kick,
	.hold = cache_hold,
	.drop = cache_drop,
	.name = cache_name,
	.ident = cache_ident,
};

void bdev_cache_init(struct block_device *bdev)
{
	mapping_init(&bdev->mapping, &cache_ops, bdev, GFP_NOFS, 0);
	bdi_register(&bdev->bdi, bdev->name);
	bdev->mapping.bdi = &bdev->bdi;
	ra_init(&bdev->mapping.ra, &bdev->mapping);
	bdev_cache_resize(bdev);
}

void bdev_cache_resize(struct block_device *bdev)
{
	spin_lock(&bdev->mapping.lock);
	bdev->mapping.size = bdev->nr_sectors << SECTOR_SHIFT;
	spin_unlock(&bdev->mapping.lock);
}

void bdev_cache_drop(struct block_device *bdev)
{
	mapping_sync(&bdev->mapping, 0, ULONG_MAX);
	(void)mapping_invalidate(&bdev->mapping, 0, ULONG_MAX);
}
