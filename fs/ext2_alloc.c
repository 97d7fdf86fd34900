/*
 * Free blocks and inodes of ext2: bitmaps, one block of each per group.
 *
 * OWNS     the bitmaps, the counts in the descriptors and (written with the superblock) in the superblock.
 * WHY      a file's blocks side by side, in the group of its inode, inodes of a directory in its group; directories where there
 *          is room. So a walk over a tree walks over the disk.
 * I1       groups[] has what the descriptors' blocks have; free_blocks and free_inodes are the sums.
 * I2       a bit that says free but belongs to metadata is passed over: a broken bitmap does not hand out the inode table.
 * LOCKS    alloc_lock (rank FS_ALLOC) for all of it; the device's pages are read under it.
 * CONTEXT  threads; may sleep.
 * COST     O(group) worst; the next block after the last one: a look at its bit.
 * FAILS    -ENOSPC, -EIO, -ENOMEM. Freeing does not fail: what cannot be freed stays used, e2fsck(8) finds it.
 * SOURCES  Card, Ts'o, Tweedie 1994, "Performance optimizations".   TESTED BY  tests/guest/disk_ext2.c
 */
#include "base/errno.h"
#include "ext2_impl.h"
#include "kernel/task.h"
#include "lib/string.h"

bool ext2_block_ok(const struct ext2_fs *fs, uint32_t block)
{
	if (block <= fs->g.first_data || block >= fs->g.blocks)
		return false;
	return ext2_data_block(&fs->g, &fs->groups[ext2_group_of(&fs->g, block)], block);
}

/* groups[@n] has changed. */
static void write_group(struct ext2_fs *fs, unsigned n)
{
	unsigned per_block = fs->g.block_size / sizeof(struct ext2_group_disk);
	struct ext2_group_disk *d;
	struct block_buf b;

	if (block_buf_get(fs->bdev, fs->g.first_data + 1 + n / per_block, fs->g.block_size, &b))
		return;
	d = (struct ext2_group_disk *)b.data + n % per_block;
	*d = fs->groups[n];
	block_buf_dirty(fs->bdev, &b);
	block_buf_put(&b);
}

/* The first clear bit of [from, nr); nr: none. */
static unsigned find_clear(const uint8_t *map, unsigned from, unsigned nr)
{
	for (unsigned i = from; i < nr; i++) {
		if (!(i & 7) && map[i / 8] == 0xff) {
			i += 7;
			continue;
		}
		if (!(map[i / 8] >> (i & 7) & 1))
			return i;
	}
	return nr;
}

/* A clear bit of group @n that is a file's to have, from bit @from on, else from the first: set. 0 or -ENOSPC. */
static int take_bit(struct ext2_fs *fs, unsigned n, uint8_t *map, unsigned from, uint32_t *out)
{
	uint32_t first = ext2_group_first(&fs->g, n);
	unsigned nr = ext2_group_blocks(&fs->g, n), end = nr, i = from < nr ? from : 0;

	for (;;) {
		i = find_clear(map, i, end);
		if (i == end) {
			if (end != nr || !from)
				return -ENOSPC;
			end = min_of(unsigned, from, nr); /* once more, from the beginning */
			from = i = 0;
			continue;
		}
		if (ext2_data_block(&fs->g, &fs->groups[n], first + i))
			break;
		i++;
	}
	map[i / 8] |= (uint8_t)(1 << (i & 7));
	*out = first + i;
	return 0;
}

static int alloc_in(struct ext2_fs *fs, unsigned n, unsigned from, uint32_t *out)
{
	struct block_buf b;
	int err = block_buf_get(fs->bdev, fs->groups[n].block_bitmap, fs->g.block_size, &b);

	if (err)
		return err;
	err = take_bit(fs, n, (uint8_t *)b.data, from, out);
	if (!err) {
		block_buf_dirty(fs->bdev, &b);
		fs->groups[n].free_blocks--;
		fs->free_blocks -= fs->free_blocks > 0;
		write_group(fs, n);
	}
	block_buf_put(&b);
	return err;
}

/* May the calling thread use the last blocks? */
static bool may_use_reserve(const struct ext2_fs *fs)
{
	const struct cred *c = current_task()->cred;

	return !c || capable(CAP_SYS_RESOURCE) || c->fsuid == fs->resuid ||
	       (fs->resgid && cred_in_group(c, fs->resgid));
}

int ext2_block_alloc(struct ext2_fs *fs, uint32_t goal, bool caller, uint32_t *out)
{
	unsigned n, from = 0;
	int err = -ENOSPC;

	if (goal <= fs->g.first_data || goal >= fs->g.blocks)
		goal = fs->g.first_data;
	n = ext2_group_of(&fs->g, goal);
	from = goal - ext2_group_first(&fs->g, n);
	mutex_lock(&fs->alloc_lock);
	if (fs->free_blocks <= fs->g.reserved && caller && !may_use_reserve(fs))
		goto out;
	for (unsigned tried = 0; tried < fs->g.nr_groups && err == -ENOSPC; tried++) {
		if (fs->groups[n].free_blocks)
			err = alloc_in(fs, n, from, out);
		from = 0;
		n = n + 1 == fs->g.nr_groups ? 0 : n + 1;
	}
out:
	mutex_unlock(&fs->alloc_lock);
	return err;
}

/* Clear bit @bit of the bitmap in @block. Return: it was set. */
static bool clear_bit_in(struct ext2_fs *fs, uint32_t block, unsigned bit)
{
	struct block_buf b;
	uint8_t *byte;
	bool was;

	if (block_buf_get(fs->bdev, block, fs->g.block_size, &b))
		return false;
	byte = (uint8_t *)b.data + bit / 8;
	was = *byte >> (bit & 7) & 1;
	if (was) {
		*byte &= (uint8_t) ~(1 << (bit & 7));
		block_buf_dirty(fs->bdev, &b);
	}
	block_buf_put(&b);
	return was;
}

int ext2_block_free(struct ext2_fs *fs, uint32_t block)
{
	unsigned n;
	int err = 0;

	if (!ext2_block_ok(fs, block))
		return ext2_broken(fs, "a block that no file can have is freed", block);
	n = ext2_group_of(&fs->g, block);
	mutex_lock(&fs->alloc_lock);
	if (clear_bit_in(fs, fs->groups[n].block_bitmap, block - ext2_group_first(&fs->g, n))) {
		fs->groups[n].free_blocks++;
		fs->free_blocks++;
		write_group(fs, n);
	} else {
		err = ext2_broken(fs, "a free block is freed", block);
	}
	mutex_unlock(&fs->alloc_lock);
	return err;
}

/* ---- inodes ---- */

/* Directories spread out: the group with the most free inodes. */
static unsigned dir_group(const struct ext2_fs *fs)
{
	unsigned best = 0;

	for (unsigned n = 1; n < fs->g.nr_groups; n++) {
		if (fs->groups[n].free_inodes > fs->groups[best].free_inodes)
			best = n;
	}
	return best;
}

static int ino_in(struct ext2_fs *fs, unsigned n, bool is_dir, uint32_t *out)
{
	unsigned first = n == 0 ? fs->g.first_ino - 1 : 0, i;
	struct block_buf b;
	int err = block_buf_get(fs->bdev, fs->groups[n].inode_bitmap, fs->g.block_size, &b);

	if (err)
		return err;
	i = find_clear((uint8_t *)b.data, first, fs->g.inodes_per_group);
	if (i < fs->g.inodes_per_group) {
		b.data[i / 8] = (char)(b.data[i / 8] | 1 << (i & 7));
		block_buf_dirty(fs->bdev, &b);
		fs->groups[n].free_inodes--;
		fs->groups[n].used_dirs = (uint16_t)(fs->groups[n].used_dirs + is_dir);
		fs->free_inodes -= fs->free_inodes > 0;
		write_group(fs, n);
		*out = n * fs->g.inodes_per_group + i + 1;
	} else {
		err = -ENOSPC;
	}
	block_buf_put(&b);
	return err;
}

int ext2_ino_alloc(struct ext2_fs *fs, const struct inode *dir, bool is_dir, uint32_t *out)
{
	int err = -ENOSPC;
	unsigned n;

	mutex_lock(&fs->alloc_lock);
	n = is_dir ? dir_group(fs) : ((unsigned)dir->ino - 1) / fs->g.inodes_per_group;
	for (unsigned tried = 0; tried < fs->g.nr_groups && err == -ENOSPC; tried++) {
		if (fs->groups[n].free_inodes)
			err = ino_in(fs, n, is_dir, out);
		n = n + 1 == fs->g.nr_groups ? 0 : n + 1;
	}
	mutex_unlock(&fs->alloc_lock);
	return err;
}

void ext2_ino_free(struct ext2_fs *fs, uint32_t ino, bool is_dir)
{
	unsigned n = (ino - 1) / fs->g.inodes_per_group;
	struct ext2_group_disk *d = &fs->groups[n];

	mutex_lock(&fs->alloc_lock);
	if (clear_bit_in(fs, d->inode_bitmap, (ino - 1) % fs->g.inodes_per_group)) {
		d->free_inodes++;
		d->used_dirs = (uint16_t)(d->used_dirs - (is_dir && d->used_dirs));
		fs->free_inodes++;
		write_group(fs, n);
	} else {
		(void)ext2_broken(fs, "a free inode is freed", ino);
	}
	mutex_unlock(&fs->alloc_lock);
}

/* ---- blocks of extended attributes ---- */

void ext2_acl_put(struct ext2_fs *fs, uint32_t block)
{
	struct ext2_attr_head *head;
	struct block_buf b;
	bool last = false;

	if (!ext2_block_ok(fs, block) || block_buf_get(fs->bdev, block, fs->g.block_size, &b))
		return;
	head = (struct ext2_attr_head *)b.data;
	mutex_lock(&fs->alloc_lock);
	if (head->magic == EXT2_ATTR_MAGIC && head->refs > 1) {
		head->refs--;
		block_buf_dirty(fs->bdev, &b);
	} else {
		last = head->magic == EXT2_ATTR_MAGIC;
	}
	mutex_unlock(&fs->alloc_lock);
	block_buf_put(&b);
	if (!last)
		return;
	block_buf_forget(fs->bdev, block, fs->g.block_size);
	(void)ext2_block_free(fs, block);
}
