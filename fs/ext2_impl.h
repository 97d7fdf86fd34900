/* Shared among fs/ext2_*.c. */
#ifndef FS_EXT2_IMPL_H
#define FS_EXT2_IMPL_H

#include "block/block.h"
#include "ext2_format.h"
#include "fs/file.h"
#include "vfs_impl.h"

enum { EXT2_BUCKETS = 256 };

/* sb->private. a: alloc_lock. */
struct ext2_fs {
	struct ext2_geometry g; /* i; ro_compat: a */
	struct super_block *sb;
	struct block_device *bdev;
	struct backing_dev_info bdi;
	bool has_bdi, writable;		   /* writable: the mount's lock */
	uint16_t state;			   /* of the superblock, when it was mounted */
	uint32_t resuid, resgid;	   /* who may use the reserved blocks, beside root */
	struct mutex alloc_lock;	   /* rank FS_ALLOC */
	struct ext2_group_disk *groups;	   /* a: as in the descriptors' blocks */
	uint32_t free_blocks, free_inodes; /* a */
	bool has_attrs;			   /* a: the superblock has to say so */
	bool old_revision;		   /* i: revision 0 */
	bool broken;			   /* a contradiction was met: the state says so */
	struct mutex iget_lock;		   /* rank FS_IGET: an inode is read once */
	struct spinlock hash_lock;	   /* rank OBJECT (letter h) */
	struct list_head hash[EXT2_BUCKETS], inodes;
	struct waitq gone; /* an inode has left the hash */
};

/* inode->private. m: map_lock. */
struct ext2_inode {
	struct inode *inode;
	struct list_head hash_link, link; /* h */
	struct mutex map_lock;		  /* rank FS_INNER */
	uint32_t block[EXT2_NR_BLOCKS];	  /* m; of a short symlink: its text */
	uint64_t nr_blocks;		  /* m: of the file, indirect and pending ones as well */
	struct xindex pending; /* m: block of the file -> block got for it, not in the map yet */
	uint32_t goal;	       /* m: where its next block had best be */
	uint32_t flags, file_acl, dtime;
	bool is_new, has_mapping, bad;
};

static inline struct ext2_fs *ext2_of(const struct super_block *sb)
{
	return sb->private;
}

static inline struct ext2_inode *ext2_inode_of(const struct inode *inode)
{
	return inode->private;
}

/* ---- ext2_super.c ---- */
/* Something on the disk contradicts itself. Return: -EIO. */
int ext2_broken(struct ext2_fs *fs, const char *what, unsigned long ino);
int must_check ext2_sync(struct super_block *sb); /* everything is on the disk. 0 or -EIO */

/* ---- ext2_alloc.c ---- */
/* Is @block one that a file may have? */
bool ext2_block_ok(const struct ext2_fs *fs, uint32_t block);
/* A free block, near @goal. 0, -ENOSPC (@caller: the reserved ones are not for the calling thread), -EIO, -ENOMEM. */
int must_check ext2_block_alloc(struct ext2_fs *fs, uint32_t goal, bool caller, uint32_t *out);
int ext2_block_free(struct ext2_fs *fs, uint32_t block);
int must_check ext2_ino_alloc(struct ext2_fs *fs, const struct inode *dir, bool is_dir,
			      uint32_t *out);
void ext2_ino_free(struct ext2_fs *fs, uint32_t ino, bool is_dir);
/* The block of attributes @block loses a user. */
void ext2_acl_put(struct ext2_fs *fs, uint32_t block);

/* ---- ext2_map.c: map_lock held ---- */
/* Where block @n of the file is; *out 0: a hole. 0, -EIO, -ENOMEM, -EFBIG. */
int must_check ext2_map_find(struct ext2_inode *ei, uint32_t n, uint32_t *out);
/* Room for block @n: it has a place, or one is pending. @caller as above. */
int must_check ext2_map_reserve(struct ext2_inode *ei, uint32_t n, bool caller);
/* The same, and it is in the map. */
int must_check ext2_map_commit(struct ext2_inode *ei, uint32_t n, uint32_t *out);
/* Blocks from @from on are given back. Errors leave some of them behind. */
int ext2_map_cut(struct ext2_inode *ei, uint32_t from);
/* Pending blocks from @from on are given back. Return: how many are left (all, with @from beyond). */
void ext2_pending_drop(struct ext2_inode *ei, uint32_t from);

/* ---- ext2_inode.c ---- */
int must_check ext2_iget(struct super_block *sb, uint32_t ino, struct inode **out);
/* A new one in @dir, with @rdev if it is a device. Its link count is 1, of a directory 2. */
int must_check ext2_new_inode(struct inode *dir, uint32_t mode, dev_k rdev, struct inode **out);
int must_check ext2_new_symlink(struct inode *dir, size_t len,
				struct inode **out); /* of @len bytes */
int ext2_write_inode(struct inode *inode);	     /* to its place in the device's cache */
void ext2_evict(struct inode *inode);
void ext2_set_size(struct inode *inode, uint64_t size);

/* ---- ext2_xattr.c ---- */
/* The attributes of an inode that has just been read. 0, -EIO, -ENOMEM. */
int must_check ext2_attrs_read(struct inode *inode);
int must_check ext2_attrs_store(struct inode *inode, struct posix_acl *const acl[2]);

/* ---- ext2_file.c ---- */
extern const struct address_space_ops ext2_aops;
extern const struct inode_ops ext2_file_iops;
extern const struct file_ops ext2_file_fops;
int ext2_fsync(struct file *f, uint64_t start, uint64_t last, bool data_only);

/* ---- ext2_swap.c ---- */
int ext2_swap_on(struct file *f, struct swapdev **out);
void ext2_swap_off(struct file *f, struct swapdev *dev);

/* ---- ext2_dir.c; dir->lock held ---- */
struct ext2_place {			  /* of an entry */
	struct page *page;		  /* referenced; NULL: none */
	struct ext2_dirent *entry, *prev; /* prev: before it in the same block, or NULL */
};
/* 0, -ENOENT, -EIO, -ENOMEM. */
int must_check ext2_dir_find(struct inode *dir, const struct qstr *name, struct ext2_place *out);
void ext2_place_put(struct ext2_place *p);
int must_check ext2_dir_add(struct inode *dir, const struct qstr *name, const struct inode *inode);
void ext2_dir_remove(struct inode *dir, struct ext2_place *p);
void ext2_dir_set(struct inode *dir, struct ext2_place *p, const struct inode *inode);
int must_check ext2_dir_make(struct inode *dir, const struct inode *parent); /* "." and ".." */
int must_check ext2_dir_empty(struct inode *dir); /* 0, -ENOTEMPTY, -EIO */
extern const struct file_ops ext2_dir_fops;

/* ---- ext2_namei.c ---- */
extern const struct inode_ops ext2_dir_iops, ext2_link_iops, ext2_special_iops;

#endif
