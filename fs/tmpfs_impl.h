/* Shared among fs/tmpfs*.c. */
#ifndef FS_TMPFS_IMPL_H
#define FS_TMPFS_IMPL_H

#include "fs/special_fs.h"
#include "mm/mempolicy.h"
#include "mm/seal.h"
#include "mm/shmem.h"
#include "mount_opts.h"
#include "vfs_impl.h"

struct tmpfs { /* sb->private */
	struct shmem_space space;
	atomic_long_t nr_inodes;
	unsigned long max_inodes;
	struct mount_owner owner; /* of the root */
	unsigned entry_size;	  /* i: bytes of a directory per name, as stat shows it */
	struct mempolicy *mpol;	  /* policy_lock: of new files; NULL: none */
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
void tmpfs_kill(struct super_block *sb);
/* The root directory of @sb, whose tmpfs is filled in. 0, -ENOSPC, -ENOMEM. */
int must_check tmpfs_make_root(struct super_block *sb);

/* The mount's memory policy for a new file. */
void tmpfs_file_policy(struct inode *inode);

/* ---- tmpfs_file.c ---- */
extern const struct inode_ops tmpfs_file_iops;
int tmpfs_setattr(struct inode *inode, uint32_t mode, uint32_t uid, uint32_t gid); /* F_SEAL_EXEC */
void tmpfs_file_setup(struct inode *inode); /* of a regular file: its calls and an empty mapping */

/* ---- memfd.c: super_ops.dname, as d_path shows a name in no tree ---- */
size_t unnamed_dname(const struct dentry *d, char *buf, size_t size);

/* ---- hugetlbfs.c ---- */
extern const struct inode_ops hugetlbfs_file_iops;
extern struct vfsmount *hugetlbfs_mount; /* i after init: for files without a name */

#endif
