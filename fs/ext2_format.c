/*
 * ext2 as it lies on the disk: is it one, how large, what may point where.
 *
 *   | boot 1 KiB | super 1 KiB | ... group 0: super, descriptors, block bitmap, inode bitmap, inodes, data | group 1 ... |
 *
 * WHY      whoever makes the disk writes this input. What is checked once here needs no second look: after ext2_read_super all
 *          sizes are sane, after ext2_group_ok a group's metadata lie in the group.
 * I1       a geometry that is accepted: every group number, inode number and block number below its limit has a place on the
 *          device; products of its fields fit their types.
 * LOCKS    none.   CONTEXT  any.   FAILS  -EINVAL.
 * SOURCES  Card, Ts'o, Tweedie 1994; Poirier, "The Second Extended File System".   TESTED BY  ext2_format_test.c
 */
#include "ext2_format.h"
#include "base/errno.h"
#include "lib/string.h"

enum { LOG_MAX = 2 /* 4 KiB */, GROUPS_MAX = 1 << 20 };

static int refuse(const char **why, const char *text)
{
	*why = text;
	return -EINVAL;
}

static uint64_t data_limit(const struct ext2_geometry *g)
{
	uint64_t p = 1ULL << g->ptr_bits, sectors = UINT32_MAX;
	uint64_t by_tree = EXT2_DIRECT + p + p * p + p * p * p;
	uint64_t by_count = sectors >> (g->block_bits - 9);

	/* The inode counts its indirect blocks too, in 32 bits of 512 bytes. */
	by_count -= (by_count >> g->ptr_bits) + (by_count >> 2 * g->ptr_bits) + 3;
	by_tree = by_tree < UINT32_MAX ? by_tree : UINT32_MAX;
	return (by_tree < by_count ? by_tree : by_count) << g->block_bits;
}

static int read_sizes(const struct ext2_super_disk *d, struct ext2_geometry *g, const char **why)
{
	bool old = d->rev == 0;

	if (d->log_block_size > LOG_MAX)
		return refuse(why, "blocks larger than a page");
	g->block_bits = 10 + d->log_block_size;
	g->block_size = 1U << g->block_bits;
	g->ptr_bits = g->block_bits - 2;
	g->inode_size = old ? EXT2_INODE_SIZE : d->inode_size;
	g->first_ino = old ? 11 : d->first_ino;
	g->incompat = old ? 0 : d->incompat;
	g->ro_compat = old ? 0 : d->ro_compat;
	g->sparse = g->ro_compat & EXT2_RO_SPARSE;
	g->filetype = g->incompat & EXT2_INCOMPAT_FILETYPE;
	if (g->incompat & ~(uint32_t)EXT2_INCOMPAT_KNOWN)
		return refuse(why, "features that are not known");
	if (g->inode_size < EXT2_INODE_SIZE || g->inode_size > g->block_size ||
	    !is_pow2(g->inode_size))
		return refuse(why, "inodes of a strange size");
	if (g->first_ino <= EXT2_ROOT_INO)
		return refuse(why, "no reserved inodes");
	return 0;
}

static int read_counts(const struct ext2_super_disk *d, struct ext2_geometry *g, const char **why)
{
	unsigned bits = g->block_size * 8;
	uint64_t groups;

	g->blocks = d->blocks;
	g->inodes = d->inodes;
	g->reserved = d->reserved_blocks;
	g->first_data = d->first_data_block;
	g->blocks_per_group = d->blocks_per_group;
	g->inodes_per_group = d->inodes_per_group;
	if (g->first_data != (g->block_bits == 10) || g->blocks <= g->first_data + 1)
		return refuse(why, "too few blocks");
	if (g->blocks_per_group < 8 || g->blocks_per_group > bits || g->inodes_per_group == 0 ||
	    g->inodes_per_group > bits || g->inodes_per_group % (g->block_size / g->inode_size))
		return refuse(why, "groups of a strange size");
	groups = ((uint64_t)g->blocks - g->first_data + g->blocks_per_group - 1) /
		 g->blocks_per_group;
	if (groups > GROUPS_MAX || groups * g->inodes_per_group != g->inodes ||
	    g->inodes < g->first_ino)
		return refuse(why, "inodes and groups do not agree");
	g->nr_groups = (unsigned)groups;
	g->desc_blocks = div_round_up(g->nr_groups, g->block_size / 32);
	if (g->reserved > g->blocks)
		return refuse(why, "more blocks reserved than there are");
	if ((uint64_t)g->first_data + 1 + g->desc_blocks >= g->blocks)
		return refuse(why, "no room for the descriptors");
	return 0;
}

int ext2_read_super(const struct ext2_super_disk *d, uint64_t device_bytes, struct ext2_geometry *g,
		    const char **why)
{
	int err;

	*why = "";
	if (d->magic != EXT2_MAGIC)
		return refuse(why, "no ext2 here");
	err = read_sizes(d, g, why);
	if (!err)
		err = read_counts(d, g, why);
	if (err)
		return err;
	if ((uint64_t)g->blocks << g->block_bits > device_bytes)
		return refuse(why, "the device is smaller");
	g->max_bytes = data_limit(g);
	return 0;
}

static bool is_power(unsigned n, unsigned base)
{
	while (n > 1 && n % base == 0)
		n /= base;
	return n == 1;
}

bool ext2_group_has_super(const struct ext2_geometry *g, unsigned n)
{
	return n <= 1 || !g->sparse || is_power(n, 3) || is_power(n, 5) || is_power(n, 7);
}

uint32_t ext2_group_first(const struct ext2_geometry *g, unsigned n)
{
	return g->first_data + n * g->blocks_per_group;
}

uint32_t ext2_group_blocks(const struct ext2_geometry *g, unsigned n)
{
	uint32_t first = ext2_group_first(g, n);

	return g->blocks - first < g->blocks_per_group ? g->blocks - first : g->blocks_per_group;
}

static uint32_t table_blocks(const struct ext2_geometry *g)
{
	return g->inodes_per_group / (g->block_size / g->inode_size);
}

/* Blocks [at, + nr) inside group @n, behind its copies of the superblock and descriptors? */
static bool in_group(const struct ext2_geometry *g, unsigned n, uint32_t at, uint32_t nr)
{
	uint32_t first = ext2_group_first(g, n), size = ext2_group_blocks(g, n);
	uint32_t head = ext2_group_has_super(g, n) ? 1 + g->desc_blocks : 0;

	return at >= first + head && at - first < size && nr <= size - (at - first);
}

bool ext2_group_ok(const struct ext2_geometry *g, unsigned n, const struct ext2_group_disk *d)
{
	uint32_t table = table_blocks(g);

	if (!in_group(g, n, d->block_bitmap, 1) || !in_group(g, n, d->inode_bitmap, 1) ||
	    !in_group(g, n, d->inode_table, table))
		return false;
	return d->block_bitmap != d->inode_bitmap && d->block_bitmap - d->inode_table >= table &&
	       d->inode_bitmap - d->inode_table >= table &&
	       d->free_blocks <= ext2_group_blocks(g, n) && d->free_inodes <= g->inodes_per_group;
}

bool ext2_data_block(const struct ext2_geometry *g, const struct ext2_group_disk *d, uint32_t block)
{
	unsigned n = ext2_group_of(g, block);
	uint32_t off = block - ext2_group_first(g, n);

	if (ext2_group_has_super(g, n) && off < 1 + g->desc_blocks)
		return false;
	return block != d->block_bitmap && block != d->inode_bitmap &&
	       block - d->inode_table >= table_blocks(g);
}

const struct ext2_dirent *ext2_dirent_at(const struct ext2_geometry *g, const void *block,
					 unsigned off)
{
	const struct ext2_dirent *e = (const void *)((const char *)block + off);

	if (off + EXT2_DIRENT_HEAD > g->block_size)
		return NULL;
	if (e->rec_len < ext2_dirent_size(e->name_len) || (e->rec_len & 3) ||
	    e->rec_len > g->block_size - off)
		return NULL;
	if (e->inode > g->inodes || (e->inode && !e->name_len))
		return NULL;
	return e;
}

unsigned ext2_path(const struct ext2_geometry *g, uint32_t n, unsigned path[4])
{
	unsigned mask = (1U << g->ptr_bits) - 1, depth = 1;

	if (n < EXT2_DIRECT) {
		path[0] = n;
		return 1;
	}
	n -= EXT2_DIRECT;
	while (depth < 3 && n >> depth * g->ptr_bits) {
		n -= 1U << depth * g->ptr_bits;
		depth++;
	}
	if (depth == 3 && 3 * g->ptr_bits < 32 && n >> 3 * g->ptr_bits)
		return 0;
	path[0] = EXT2_DIRECT + depth - 1;
	for (unsigned i = 1; i <= depth; i++)
		path[i] = n >> (depth - i) * g->ptr_bits & mask;
	return depth + 1;
}

/* ---- attributes ---- */

bool ext2_attr_head_ok(const void *block)
{
	const struct ext2_attr_head *h = block;

	return h->magic == EXT2_ATTR_MAGIC && h->blocks == 1 && h->refs;
}

const struct ext2_attr *ext2_attr_at(const void *block, unsigned size, unsigned *off)
{
	const char *at = (const char *)block + *off;
	const struct ext2_attr *a = (const struct ext2_attr *)at;
	unsigned left = size - *off, len;

	if (left >= 4 && !at[0] && !at[1] && !at[2] && !at[3])
		return NULL;
	*off = 0;
	if (left < sizeof(*a) + 4)
		return NULL;
	len = ext2_attr_size(a->name_len);
	if (len + 4 > left || a->value_block || a->value_size > size ||
	    a->value_off > size - a->value_size || memchr(a->name, 0, a->name_len))
		return NULL;
	*off = size - left + len;
	return a;
}

uint32_t ext2_attr_hash(const struct ext2_attr *a, const void *value)
{
	const unsigned char *bytes = value;
	uint32_t hash = 0;

	for (unsigned i = 0; i < a->name_len; i++)
		hash = hash << 5 ^ hash >> 27 ^ (unsigned char)a->name[i];
	for (unsigned i = 0; i < a->value_size; i += 4) {
		uint32_t word = 0;

		memcpy(&word, bytes + i, a->value_size - i < 4 ? a->value_size - i : 4);
		hash = hash << 16 ^ hash >> 16 ^ word;
	}
	return hash;
}
