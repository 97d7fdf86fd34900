/* Shared among fs/tmpfs*.c. */
#ifndef FS_TMPFS_IMPL_H
#define FS_TMPFS_IMPL_H

#include "fs/special_fs.h"
#include "mm/seal.h"
#include "mm/shmem.h"
#include "vfs_impl.h"

struct tmpfs { /* sb->private */
	struct shmem_space space;
	atomic_long_t nr_inodes;
	unsigned long max_inodes;
	uint32_t mode, uid, gid; /* of the root */
	bool size_set, inodes_set;
	const struct special_files *files; /* i; NULL: regular files are data */
};

static inline struct tmpfs *tmpfs_of(const struct super_block *sb)
{
	return sb->private;
}

enum { TMPFS_MAGIC = 0x01021994 };

/* ---- tmpfs.c ---- */
/* 0 and a new inode owned by the caller's ids (and @dir's group), or -ENOSPC, -ENOMEM. @text: of a symlink. */
int must_check tmpfs_inode(struct super_block *sb, const struct inode *dir, uint32_t mode,
			   const char *text, struct inode **out);
void tmpfs_evict(struct inode *inode);
/* For special_fs.c: a super block whose regular files are @files'; a new one in @dir, locked, for the negative @d. */
int must_check tmpfs_special(const struct fs_type *type, const struct special_files *files,
			     struct super_block **out);
int must_check tmpfs_make_special(struct inode *dir, struct dentry *d, uint32_t mode,
				  const void *arg);
int tmpfs_statfs(struct super_block *sb, struct statfs_k *out);

/* ---- tmpfs_file.c ---- */
extern const struct inode_ops tmpfs_file_iops;
void tmpfs_file_setup(struct inode *inode); /* of a regular file: its calls and an empty mapping */

#endif
