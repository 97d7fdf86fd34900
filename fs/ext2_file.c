/*
 * The data of ext2 files, directories and long symlinks: pages of their mappings, to and from the device.
 *
 *   fill     each block of the page: mapped -> read it;  a hole -> zeroes
 *   reserve  each block of the page: has a place, or one is pending (ext2_map.c)
 *   store    each block below the end: its place, pending ones get into the map; all in as few bios as lie side by side
 *
 * OWNS     nothing: the map is ext2_map.c's.
 * WHY      a page is the unit of the cache, a block of the disk: 1, 2 or 4 to a page.
 * I1       no block behind the one with the file's last byte is in the map: e2fsck(8) takes it for a wrong size. Pending ones
 *          there go with the last writer.
 * LOCKS    the page lock, then map_lock.   CONTEXT  threads; may sleep. Ends of I/O: interrupts.
 * FAILS    -ENOSPC, -EIO, -ENOMEM.   SOURCES  fsync(2), truncate(2).   TESTED BY  tests/guest/disk_ext2.c
 */
#include "base/errno.h"
#include "ext2_impl.h"
#include "lib/string.h"
#include "mm/vmalloc.h"

static struct ext2_inode *ei_of(const struct address_space *m)
{
	return ext2_inode_of(m->owner);
}

static struct ext2_fs *fs_of(const struct address_space *m)
{
	return ext2_of(((struct inode *)m->owner)->sb);
}

static unsigned blocks_per_page(const struct ext2_fs *fs)
{
	return PAGE_SIZE >> fs->g.block_bits;
}

/* The file's block with which page @index begins; UINT32_MAX: beyond what can be counted. */
static uint32_t first_block(const struct ext2_fs *fs, unsigned long index)
{
	uint64_t n = (uint64_t)index << (PAGE_SHIFT - fs->g.block_bits);

	return n > UINT32_MAX - 8 ? UINT32_MAX : (uint32_t)n;
}

/* Blocks of the page that hold bytes of the file. */
static unsigned blocks_below_end(struct address_space *m, unsigned long index)
{
	struct ext2_fs *fs = fs_of(m);
	uint64_t start = (uint64_t)index << PAGE_SHIFT, size = mapping_size(m);

	if (size <= start)
		return 0;
	return (unsigned)((min_of(uint64_t, size - start, PAGE_SIZE) + fs->g.block_size - 1) >>
			  fs->g.block_bits);
}

static int add_block(struct page_parts *p, const struct ext2_fs *fs, uint32_t block, unsigned i)
{
	return page_parts_add(p, (uint64_t)block << (fs->g.block_bits - SECTOR_SHIFT),
			      i << fs->g.block_bits, fs->g.block_size);
}

static void zero_blocks(struct page *page, unsigned from, unsigned to)
{
	char *p = kmap_local_page(page);

	memset(p + from, 0, to - from);
	kunmap_local(p);
}

static int fill_parts(struct address_space *m, struct page *page, struct page_parts *p)
{
	struct ext2_inode *ei = ei_of(m);
	struct ext2_fs *fs = fs_of(m);
	unsigned nr = blocks_below_end(m, page->index), i;
	uint32_t block;
	int err = 0;

	mutex_lock(&ei->map_lock);
	for (i = 0; i < nr && !err; i++) {
		err = ext2_map_find(ei, first_block(fs, page->index) + i, &block);
		if (!err && block)
			err = add_block(p, fs, block, i);
		else if (!err)
			zero_blocks(page, i << fs->g.block_bits, (i + 1) << fs->g.block_bits);
	}
	mutex_unlock(&ei->map_lock);
	if (!err && nr < blocks_per_page(fs))
		zero_blocks(page, nr << fs->g.block_bits, PAGE_SIZE);
	return err;
}

static int ext2_fill(struct address_space *m, struct page *page)
{
	struct page_parts p;
	int err;

	page_parts_init(&p, fs_of(m)->bdev, page, REQ_OP_READ);
	err = fill_parts(m, page, &p);
	if (err) {
		page_parts_drop(&p);
		return err;
	}
	page_parts_submit(&p);
	return 0;
}

static int store_parts(struct address_space *m, struct page *page, struct page_parts *p)
{
	struct ext2_inode *ei = ei_of(m);
	struct ext2_fs *fs = fs_of(m);
	unsigned nr = blocks_below_end(m, page->index);
	uint32_t block;
	int err = 0;

	mutex_lock(&ei->map_lock);
	for (unsigned i = 0; i < nr && !err; i++) {
		err = ext2_map_commit(ei, first_block(fs, page->index) + i, &block);
		if (!err)
			err = add_block(p, fs, block, i);
	}
	mutex_unlock(&ei->map_lock);
	return err;
}

static int ext2_store(struct address_space *m, struct page *page, const struct writeback_ctl *ctl)
{
	struct page_parts p;
	int err;

	page_parts_init(&p, fs_of(m)->bdev, page, REQ_OP_WRITE);
	err = store_parts(m, page, &p);
	if (err) {
		page_parts_drop(&p);
		return err;
	}
	page_parts_submit(&p);
	return 0;
}

static void ext2_kick(struct address_space *m)
{
	block_kick(fs_of(m)->bdev);
}

static int ext2_reserve(struct address_space *m, unsigned long index, unsigned long nr_pages)
{
	struct ext2_inode *ei = ei_of(m);
	struct ext2_fs *fs = fs_of(m);
	uint32_t first = first_block(fs, index);
	int err = 0;

	if (!fs->writable)
		return -EROFS;
	if (first == UINT32_MAX)
		return -EFBIG;
	mutex_lock(&ei->map_lock);
	for (unsigned i = 0; i < nr_pages * blocks_per_page(fs) && !err; i++)
		err = ext2_map_reserve(ei, first + i, true);
	mutex_unlock(&ei->map_lock);
	return err;
}

const struct address_space_ops ext2_aops = {
	.fill = ext2_fill,
	.store = ext2_store,
	.kick = ext2_kick,
	.reserve = ext2_reserve,
	.hold = inode_map_hold,
	.drop = inode_map_drop,
	.name = inode_map_name,
	.may_write = inode_map_may_write,
	.ident = inode_map_ident,
};

/* ---- the file as a whole ---- */

/* inode->lock held. */
static int ext2_truncate(struct inode *inode, uint64_t size)
{
	struct ext2_inode *ei = ext2_inode_of(inode);
	struct ext2_fs *fs = ext2_of(inode->sb);
	int err = mapping_truncate(&inode->mapping, size);

	if (err)
		return err;
	mutex_lock(&ei->map_lock);
	err = ext2_map_cut(ei, (uint32_t)((size + fs->g.block_size - 1) >> fs->g.block_bits));
	mutex_unlock(&ei->map_lock);
	return err;
}

/* A writer's end: what was got for blocks that did not become the file's goes back. */
static void ext2_release(struct file *f)
{
	struct inode *inode = f->inode;
	struct ext2_inode *ei = ext2_inode_of(inode);
	struct ext2_fs *fs = ext2_of(inode->sb);
	uint64_t end;

	if (!f->opened_write || !READ_ONCE(ei->pending.nr))
		return;
	mutex_lock(&inode->lock); /* no write is between reserving and growing */
	end = (mapping_size(&inode->mapping) + fs->g.block_size - 1) >> fs->g.block_bits;
	mutex_lock(&ei->map_lock);
	ext2_pending_drop(ei, (uint32_t)end);
	mutex_unlock(&ei->map_lock);
	mutex_unlock(&inode->lock);
}

int ext2_fsync(struct file *f, uint64_t start, uint64_t last, bool data_only)
{
	struct ext2_fs *fs = ext2_of(f->inode->sb);
	struct address_space *meta = &fs->bdev->mapping;
	int err, more;

	err = generic_fsync(f, start, last, data_only);
	more = ext2_write_inode(f->inode);
	mapping_sync(meta, 0, ULONG_MAX);
	if (!more)
		more = mapping_take_error(meta);
	if (!more)
		more = block_flush(fs->bdev);
	return err ? err : more;
}

/* inode->lock held. */
static int ext2_bmap(struct inode *inode, uint64_t n, uint64_t *out)
{
	struct ext2_inode *ei = ext2_inode_of(inode);
	uint32_t block = 0;
	int err = -EFBIG;

	mutex_lock(&ei->map_lock);
	if (n < UINT32_MAX)
		err = ext2_map_find(ei, (uint32_t)n, &block);
	mutex_unlock(&ei->map_lock);
	*out = block;
	return err;
}

const struct inode_ops ext2_file_iops = { .truncate = ext2_truncate, .bmap = ext2_bmap };
const struct file_ops ext2_file_fops = {
	.release = ext2_release,
	.read = generic_read,
	.write = generic_write,
	.mmap = generic_mmap,
	.read_kernel = generic_read_kernel,
	.write_kernel = generic_write_kernel,
	.fsync = ext2_fsync,
	.swap_on = ext2_swap_on,
	.swap_off = ext2_swap_off,
};
