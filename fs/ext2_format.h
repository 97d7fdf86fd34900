/* ext2 on the disk, and what may be believed of it. Pure: host tests and fuzzers read it too. */
#ifndef FS_EXT2_FORMAT_H
#define FS_EXT2_FORMAT_H

#include "base/compiler.h"
#include "base/types.h"

enum {
	EXT2_MAGIC = 0xef53,
	EXT2_ROOT_INO = 2,
	EXT2_SUPER_OFFSET = 1024,
	EXT2_SUPER_SIZE = 1024,
	EXT2_DIRECT = 12, /* block[12..14]: single, double, triple indirect */
	EXT2_NR_BLOCKS = 15,
	EXT2_LINK_MAX = 32000,
	EXT2_NAME_LEN = 255,
	EXT2_INODE_SIZE = 128, /* of revision 0, and what we know of later ones */
	EXT2_STATE_VALID = 1,
	EXT2_STATE_ERROR = 2,
	EXT2_FL_INDEX = 0x1000, /* a hashed directory: ext3's, kept as a plain one */
	EXT2_DIRENT_HEAD = 8,
	EXT2_COMPAT_ATTRS = 8
};
enum { EXT2_INCOMPAT_FILETYPE = 2, EXT2_INCOMPAT_KNOWN = EXT2_INCOMPAT_FILETYPE };
enum {
	EXT2_RO_SPARSE = 1,
	EXT2_RO_LARGE_FILE = 2,
	EXT2_RO_BTREE = 4,
	EXT2_RO_KNOWN = EXT2_RO_SPARSE | EXT2_RO_LARGE_FILE | EXT2_RO_BTREE
};

struct ext2_super_disk {
	uint32_t inodes, blocks, reserved_blocks, free_blocks, free_inodes, first_data_block;
	uint32_t log_block_size, log_frag_size, blocks_per_group, frags_per_group, inodes_per_group;
	uint32_t mtime, wtime;
	uint16_t mount_count, max_mounts, magic, state, errors, minor_rev;
	uint32_t last_check, check_interval, creator, rev;
	uint16_t def_resuid, def_resgid;
	uint32_t first_ino;
	uint16_t inode_size, group_of_copy;
	uint32_t compat, incompat, ro_compat;
	uint8_t uuid[16], label[16], last_mounted[64];
	uint8_t rest[1024 - 200];
} packed_;
_Static_assert(sizeof(struct ext2_super_disk) == 1024, "superblock");

struct ext2_group_disk {
	uint32_t block_bitmap, inode_bitmap, inode_table;
	uint16_t free_blocks, free_inodes, used_dirs, pad;
	uint32_t reserved[3];
} packed_;
_Static_assert(sizeof(struct ext2_group_disk) == 32, "group descriptor");

struct ext2_inode_disk {
	uint16_t mode, uid;
	uint32_t size, atime, ctime, mtime, dtime;
	uint16_t gid, links;
	uint32_t sectors, flags, osd1, block[EXT2_NR_BLOCKS], generation, file_acl, size_high,
		faddr;
	uint8_t frag, fsize;
	uint16_t pad;
	uint16_t uid_high, gid_high;
	uint32_t reserved;
} packed_;
_Static_assert(sizeof(struct ext2_inode_disk) == EXT2_INODE_SIZE, "inode");

struct ext2_dirent {
	uint32_t inode; /* 0: free */
	uint16_t rec_len;
	uint8_t name_len, type; /* type 0 without EXT2_INCOMPAT_FILETYPE */
	char name[];
} packed_;

/* A block of extended attributes: this, entries one behind the other up to one of zeroes; values from the block's end down. */
#define EXT2_ATTR_MAGIC 0xea020000U
struct ext2_attr_head {
	uint32_t magic, refs, blocks, hash, reserved[4];
} packed_;
_Static_assert(sizeof(struct ext2_attr_head) == 32, "head of attributes");

enum {
	EXT2_ATTR_USER = 1,
	EXT2_ATTR_ACL = 2,
	EXT2_ATTR_DEFAULT_ACL = 3,
	EXT2_ATTR_TRUSTED = 4,
	EXT2_ATTR_SECURITY = 6
};
struct ext2_attr {
	uint8_t name_len, prefix;
	uint16_t value_off;
	uint32_t value_block, value_size, hash;
	char name[];
} packed_;
_Static_assert(sizeof(struct ext2_attr) == 16, "attribute");

/* What follows from a superblock. */
struct ext2_geometry {
	unsigned block_bits, block_size, inode_size, nr_groups, desc_blocks, ptr_bits;
	uint32_t inodes, blocks, reserved, first_data, blocks_per_group, inodes_per_group,
		first_ino;
	uint32_t incompat, ro_compat;
	bool sparse, filetype;
	uint64_t max_bytes; /* largest file */
};

/* 0; -EINVAL: none, of another kind, or it contradicts itself or the device of @device_bytes: *why. */
int must_check ext2_read_super(const struct ext2_super_disk *d, uint64_t device_bytes,
			       struct ext2_geometry *g, const char **why);
/* Does group @n begin with a copy of the superblock and of the descriptors? */
bool ext2_group_has_super(const struct ext2_geometry *g, unsigned n);
uint32_t ext2_group_first(const struct ext2_geometry *g, unsigned n);
uint32_t ext2_group_blocks(const struct ext2_geometry *g, unsigned n); /* the last may be shorter */
/* Do the group's own blocks lie in the group, and beside each other? */
bool ext2_group_ok(const struct ext2_geometry *g, unsigned n, const struct ext2_group_disk *d);
/* Is @block, of the file system, one that a file can have? @d: the descriptor of its group. */
bool ext2_data_block(const struct ext2_geometry *g, const struct ext2_group_disk *d,
		     uint32_t block);
static inline unsigned ext2_group_of(const struct ext2_geometry *g, uint32_t block)
{
	return (block - g->first_data) / g->blocks_per_group;
}

/* The entry at @off of a directory's block; NULL: it is none. */
const struct ext2_dirent *ext2_dirent_at(const struct ext2_geometry *g, const void *block,
					 unsigned off);
static inline unsigned ext2_dirent_size(unsigned name_len)
{
	return (EXT2_DIRENT_HEAD + name_len + 3) & ~3U;
}

bool ext2_attr_head_ok(const void *block);
/* The entry at *@off of a block of attributes of @size bytes, *off behind it; NULL at the end. *off begins behind the
 * head, and becomes 0 (NULL) where the block contradicts itself. */
const struct ext2_attr *ext2_attr_at(const void *block, unsigned size, unsigned *off);
static inline unsigned ext2_attr_size(unsigned name_len)
{
	return (unsigned)sizeof(struct ext2_attr) + ((name_len + 3) & ~3U);
}
/* Of its name and of its value, which zeroes fill up to four bytes. */
uint32_t ext2_attr_hash(const struct ext2_attr *a, const void *value);

/* Where block @n of a file is found: indices from the inode's block[] down. Return: how many, 1 to 4; 0: beyond the largest file. */
unsigned ext2_path(const struct ext2_geometry *g, uint32_t n, unsigned path[4]);

#endif
