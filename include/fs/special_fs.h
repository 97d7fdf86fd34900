/*
 * A file system of one directory whose files are the kernel's objects: names, rights and listing are tmpfs's, what a file is
 * comes from its maker (POSIX message queues). One tree, mounted as often as anybody likes.
 */
#ifndef FS_SPECIAL_FS_H
#define FS_SPECIAL_FS_H

#include "fs/file.h"

struct special_files {
	/* A new regular file: set fops and private. @arg: special_open's; NULL: made by open(2) on a mount. 0 or -errno. */
	int (*make)(struct inode *inode, const void *arg);
	void (*gone)(
		struct inode *inode); /* the last reference is gone; also after make has failed */
	bool tree; /* directories and all other types as well, not one directory of files */
};

struct special_fs {
	struct fs_type type; /* name */
	unsigned long magic;
	const struct special_files *files;
	struct super_block *sb; /* i after init */
	struct vfsmount *mount;
};

void special_fs_init(struct special_fs *fs); /* boot: registers the type */
/* As open(2) with O_CREAT, O_EXCL and the access mode of @flags. -EACCES: a name with a slash, empty, "." or "..". */
int must_check special_open(struct special_fs *fs, const char *name, unsigned flags, uint32_t mode,
			    const void *arg, struct file **out);
int must_check special_unlink(struct special_fs *fs, const char *name);

#endif
