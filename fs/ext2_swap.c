/*
 * A file of an ext2 file system as a swap area: its blocks are looked up once, then swap writes to the device itself.
 *
 *   written back ── map read, page by page ── MAPPING_SWAP: nobody writes, cuts or removes it ── swapoff
 *
 * WHY      reclaim must not depend on the file system, which needs memory and holds locks; and blocks do not move.
 * I1       while it is an area the file's map does not change, and no page of its cache is dirty.
 * I2       a page whose blocks do not lie side by side is left out: with blocks smaller than a page that is where a block of
 *          pointers stands between data. The area has as many slots fewer.
 * LOCKS    inode->lock, then map_lock.   CONTEXT  tasks; may sleep.
 * FAILS    -EINVAL: a hole, or no page at all; -EBUSY: somebody maps it to write; -EIO, -ENOMEM.
 * SOURCES  swapon(2) NOTES.   TESTED BY  tests/guest/disk_swap.c
 */
#include "base/errno.h"
#include "block/swap.h"
#include "ext2_impl.h"
#include "sync/klog.h"

/* Where page @index of the file is, in blocks; *out 0: not side by side. 0, -EINVAL: a hole. map_lock held. */
static int page_place(struct ext2_inode *ei, const struct ext2_fs *fs, unsigned long index,
		      uint32_t *out)
{
	unsigned nr = PAGE_SIZE >> fs->g.block_bits;
	bool together = true;
	uint32_t first = 0, block;

	for (unsigned i = 0; i < nr; i++) {
		int err = ext2_map_find(ei, (uint32_t)index * nr + i, &block);

		if (err)
			return err;
		if (!block) {
			pr_err("swapon: swapfile has holes");
			return -EINVAL;
		}
		first = i ? first : block;
		together = together && block == first + i;
	}
	*out = together ? first : 0;
	return 0;
}

static int map_pages(struct ext2_inode *ei, unsigned long pages, struct block_swap *s)
{
	const struct ext2_fs *fs = ext2_of(ei->inode->sb);
	int err = 0;

	mutex_lock(&ei->map_lock);
	for (unsigned long i = 0; i < pages && !err; i++) {
		uint32_t block;

		err = page_place(ei, fs, i, &block);
		if (!err && block)
			err = block_swap_add(
				s, (uint64_t)block << (fs->g.block_bits - SECTOR_SHIFT), 1);
		else if (!err && !i) /* the header is there */
			err = -EINVAL;
	}
	mutex_unlock(&ei->map_lock);
	return err;
}

/* inode->lock held. */
static int make_area(struct inode *inode, struct swapdev **out)
{
	unsigned long pages = (unsigned long)(mapping_size(&inode->mapping) >> PAGE_SHIFT);
	struct block_swap *s;
	int err;

	mapping_sync(&inode->mapping, 0, ULONG_MAX);
	(void)mapping_invalidate(&inode->mapping, 0, ULONG_MAX);
	err = block_swap_new(ext2_of(inode->sb)->bdev, true, &s);
	if (err)
		return err;
	s->dev.nr_header = pages;
	err = map_pages(ext2_inode_of(inode), pages, s);
	if (err)
		block_swap_free(s);
	else
		*out = &s->dev;
	return err;
}

int ext2_swap_on(struct file *f, struct swapdev **out)
{
	struct inode *inode = f->inode;
	struct address_space *m = &inode->mapping;
	int err;

	mutex_lock(&inode->lock);
	m->flags |= MAPPING_SWAP; /* from here on no new writable mapping */
	err = READ_ONCE(m->i_mmap_writable) ? -EBUSY : make_area(inode, out);
	if (err)
		m->flags &= ~(unsigned)MAPPING_SWAP;
	mutex_unlock(&inode->lock);
	return err;
}

void ext2_swap_off(struct file *f, struct swapdev *dev)
{
	struct inode *inode = f->inode;

	mutex_lock(&inode->lock);
	(void)mapping_invalidate(&inode->mapping, 0, ULONG_MAX); /* read meanwhile: it is old */
	inode->mapping.flags &= ~(unsigned)MAPPING_SWAP;
	mutex_unlock(&inode->lock);
	block_swap_free(block_swap_of(dev));
}
