/*
 * Where the blocks of an ext2 file are: 12 in the inode, the rest below blocks of pointers one, two and three deep.
 *
 *   block[0..11] -> data    block[12] -> pointers -> data    block[13] -> pointers -> pointers -> data    block[14] -> ...
 *
 *   hole ── reserve: a block is taken, the path to it made ──> pending ── commit: the pointer is set, the data written ──> mapped
 *
 * OWNS     ei->block, the blocks of pointers, ei->pending, ei->nr_blocks.
 * WHY      a page may get dirty only with room for it, but its block is not the file's before its bytes go there: until then
 *          the file reads as zeroes at that place, and whatever happens the block's old bytes are nobody's to see.
 * I1       a pending block is used in the bitmap and in no map; commit moves it, ext2_pending_drop gives it back.
 * I2       nr_blocks is the number of data blocks in the map, pointer blocks, and pending ones.
 * I3       a pointer is believed only when it names a block that a file can have.
 * LOCKS    map_lock (rank FS_INNER), from the caller; alloc_lock inside.
 * CONTEXT  threads; may sleep.
 * COST     one look-up in the device's cache per level.
 * FAILS    -ENOSPC, -EIO, -ENOMEM, -EFBIG; a path that was made for nothing stays, empty.
 * SOURCES  Card, Ts'o, Tweedie 1994.   TESTED BY  tests/guest/disk_ext2.c
 */
#include "base/errno.h"
#include "ext2_impl.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

static struct ext2_fs *fs_of(const struct ext2_inode *ei)
{
	return ext2_of(ei->inode->sb);
}

/* ---- looking ---- */

/* The pointer @at of the block of pointers @block. */
static int read_pointer(struct ext2_fs *fs, uint32_t block, unsigned at, uint32_t *out)
{
	struct block_buf b;
	int err = block_buf_get(fs->bdev, block, fs->g.block_size, &b);

	if (err)
		return err;
	*out = READ_ONCE(((uint32_t *)b.data)[at]);
	block_buf_put(&b);
	return 0;
}

static int write_pointer(struct ext2_fs *fs, uint32_t block, unsigned at, uint32_t value)
{
	struct block_buf b;
	int err = block_buf_get(fs->bdev, block, fs->g.block_size, &b);

	if (err)
		return err;
	((uint32_t *)b.data)[at] = value;
	block_buf_dirty(fs->bdev, &b);
	block_buf_put(&b);
	return 0;
}

int ext2_map_find(struct ext2_inode *ei, uint32_t n, uint32_t *out)
{
	struct ext2_fs *fs = fs_of(ei);
	unsigned path[4], depth = ext2_path(&fs->g, n, path);
	uint32_t block;

	if (!depth)
		return -EFBIG;
	block = ei->block[path[0]];
	for (unsigned i = 1;; i++) {
		int err;

		if (block && !ext2_block_ok(fs, block))
			return ext2_broken(fs, "an inode points outside the data", ei->inode->ino);
		if (!block || i == depth)
			break;
		err = read_pointer(fs, block, path[i], &block);
		if (err)
			return err;
	}
	*out = block;
	return 0;
}

/* ---- pending blocks ---- */

static void *node_alloc(void)
{
	return failpoint("ext2_pending") ? NULL : kmalloc(xindex_node_size, GFP_NOFS | __GFP_ZERO);
}

static void node_free(void *node)
{
	kfree(node);
}

static int pending_add(struct ext2_inode *ei, uint32_t n, uint32_t block)
{
	struct xindex_reserve r;
	int err;

	xindex_reserve_init(&r);
	while ((err = xindex_insert(&ei->pending, n, (void *)(uintptr_t)block, &r)) == -ENOMEM) {
		if (xindex_reserve_fill(&r, node_alloc, node_free))
			break;
	}
	xindex_reserve_drop(&r, node_free);
	return err;
}

void ext2_pending_drop(struct ext2_inode *ei, uint32_t from)
{
	unsigned long n = from;
	void *item;

	while ((item = xindex_next(&ei->pending, &n)) != NULL) {
		xindex_remove(&ei->pending, n, node_free);
		(void)ext2_block_free(fs_of(ei), (uint32_t)(uintptr_t)item);
		ei->nr_blocks--;
	}
}

/* ---- making ---- */

/* Where the file's next block had best be: behind the one of block @n - 1. */
static uint32_t goal_of(struct ext2_inode *ei, uint32_t n)
{
	uint32_t before = 0;

	if (n)
		before = (uint32_t)(uintptr_t)xindex_find(&ei->pending, n - 1);
	if (n && !before && ext2_map_find(ei, n - 1, &before))
		before = 0;
	return before ? before + 1 : ei->goal;
}

static int get_block(struct ext2_inode *ei, uint32_t goal, bool caller, uint32_t *out)
{
	int err = ext2_block_alloc(fs_of(ei), goal, caller, out);

	if (err)
		return err;
	ei->nr_blocks++;
	ei->goal = *out + 1;
	return 0;
}

/* A block of pointers, all holes. */
static int new_pointers(struct ext2_inode *ei, bool caller, uint32_t *out)
{
	struct ext2_fs *fs = fs_of(ei);
	struct block_buf b;
	int err = get_block(ei, ei->goal, caller, out);

	if (err)
		return err;
	err = block_buf_get(fs->bdev, *out, fs->g.block_size, &b);
	if (err) {
		(void)ext2_block_free(fs, *out);
		ei->nr_blocks--;
		return err;
	}
	memset(b.data, 0, b.size);
	block_buf_dirty(fs->bdev, &b);
	block_buf_put(&b);
	return 0;
}

/* Pointer @at of @parent (0: of the inode) becomes @value. */
static int set_pointer(struct ext2_inode *ei, uint32_t parent, unsigned at, uint32_t value)
{
	if (parent)
		return write_pointer(fs_of(ei), parent, at, value);
	ei->block[at] = value;
	return 0;
}

/* All blocks of pointers on the way to block @n are there; where its own pointer is: *parent (0: the inode), *at. */
static int make_path(struct ext2_inode *ei, uint32_t n, bool caller, uint32_t *parent, unsigned *at)
{
	struct ext2_fs *fs = fs_of(ei);
	unsigned path[4], depth = ext2_path(&fs->g, n, path);
	uint32_t above = 0, block;
	int err;

	if (!depth)
		return -EFBIG;
	for (unsigned i = 0; i + 1 < depth; i++) {
		err = above ? read_pointer(fs, above, path[i], &block) : 0;
		if (err)
			return err;
		if (!above)
			block = ei->block[path[i]];
		if (!block) {
			err = new_pointers(ei, caller, &block);
			if (!err)
				err = set_pointer(ei, above, path[i], block);
			if (err)
				return err;
		} else if (!ext2_block_ok(fs, block)) {
			return ext2_broken(fs, "an inode points outside the data", ei->inode->ino);
		}
		above = block;
	}
	*parent = above;
	*at = path[depth - 1];
	return 0;
}

int ext2_map_reserve(struct ext2_inode *ei, uint32_t n, bool caller)
{
	uint32_t block, parent;
	unsigned at;
	int err;

	if (xindex_find(&ei->pending, n))
		return 0;
	err = ext2_map_find(ei, n, &block);
	if (err || block)
		return err;
	err = make_path(ei, n, caller, &parent, &at);
	if (!err)
		err = get_block(ei, goal_of(ei, n), caller, &block);
	if (err)
		return err;
	err = pending_add(ei, n, block);
	if (err) {
		(void)ext2_block_free(fs_of(ei), block);
		ei->nr_blocks--;
	}
	return err;
}

int ext2_map_commit(struct ext2_inode *ei, uint32_t n, uint32_t *out)
{
	uint32_t parent, block;
	unsigned at;
	int err = ext2_map_find(ei, n, out);

	if (err || *out)
		return err;
	err = ext2_map_reserve(ei, n, false); /* a page that got dirty unasked */
	if (!err)
		err = make_path(ei, n, false, &parent, &at);
	if (err)
		return err;
	block = (uint32_t)(uintptr_t)xindex_find(&ei->pending, n);
	err = set_pointer(ei, parent, at, block);
	if (err)
		return err;
	xindex_remove(&ei->pending, n, node_free);
	*out = block;
	return 0;
}

/* ---- cutting ---- */

struct cut {
	struct ext2_inode *ei;
	uint64_t from; /* first block of the file that goes */
	int err;
};

static void cut_block(struct cut *c, uint32_t block)
{
	if (ext2_block_free(fs_of(c->ei), block))
		c->err = -EIO;
	c->ei->nr_blocks -= c->ei->nr_blocks > 0;
}

/* The pointer *@p to what is @level levels above data, for the file's blocks from @first on. */
static void cut_tree(struct cut *c, uint32_t *p, unsigned level, uint64_t first);

static void cut_pointers(struct cut *c, struct block_buf *b, unsigned level, uint64_t first)
{
	struct ext2_fs *fs = fs_of(c->ei);
	uint64_t span = 1ULL << (level - 1) * fs->g.ptr_bits;
	uint32_t *p = (uint32_t *)b->data;

	/* An error ends it: a tree that leads to itself would take for ever. */
	for (unsigned i = 0; i < 1U << fs->g.ptr_bits && !c->err; i++)
		cut_tree(c, &p[i], level - 1, first + i * span);
}

static void cut_tree(struct cut *c, uint32_t *p, unsigned level, uint64_t first)
{
	struct ext2_fs *fs = fs_of(c->ei);
	uint32_t block = *p;
	struct block_buf b;
	int err;

	if (!block || first + (1ULL << level * fs->g.ptr_bits) <= c->from)
		return;
	if (!ext2_block_ok(fs, block)) {
		c->err = ext2_broken(fs, "an inode points outside the data", c->ei->inode->ino);
		return;
	}
	if (level) {
		err = block_buf_get(fs->bdev, block, fs->g.block_size, &b);
		if (err) {
			c->err = err;
			return;
		}
		cut_pointers(c, &b, level, first);
		if (first < c->from)
			block_buf_dirty(fs->bdev, &b);
		block_buf_put(&b);
	}
	if (first < c->from)
		return;
	*p = 0;
	if (level)
		block_buf_forget(fs->bdev, block, fs->g.block_size);
	cut_block(c, block);
}

int ext2_map_cut(struct ext2_inode *ei, uint32_t from)
{
	struct cut c = { ei, from, 0 };
	unsigned bits = fs_of(ei)->g.ptr_bits;
	uint64_t first = EXT2_DIRECT;

	ext2_pending_drop(ei, from);
	for (unsigned i = 0; i < EXT2_DIRECT; i++)
		cut_tree(&c, &ei->block[i], 0, i);
	for (unsigned level = 1; level <= 3; level++) {
		cut_tree(&c, &ei->block[EXT2_DIRECT + level - 1], level, first);
		first += 1ULL << level * bits;
	}
	return c.err;
}
