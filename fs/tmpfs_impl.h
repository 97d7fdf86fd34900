/* Shared among fs/tmpfs*.c. */
#ifndef FS_TMPFS_IMPL_H
#define FS_TMPFS_IMPL_H

#include "mm/shmem.h"
#include "vfs_impl.h"

struct tmpfs { /* sb->private */
	struct shmem_space space;
	atomic_long_t nr_inodes;
	unsigned long max_inodes;
	uint32_t mode, uid, gid; /* of the root */
	bool size_set, inodes_set;
};

static inline struct tmpfs *tmpfs_of(const struct super_block *sb)
{
	return sb->private;
}

/* ---- tmpfs_file.c ---- */
extern const struct inode_ops tmpfs_file_iops;
void tmpfs_file_setup(struct inode *inode); /* of a regular file: its calls and an empty mapping */

#endif
