/* Files, their names and inodes as Linux's modules see them; a part of module/views.h. */
#ifndef MODULE_FILE_VIEW_H
#define MODULE_FILE_VIEW_H

#include "base/types.h"

struct counter_view { /* atomic_t */
	int counter;
};
struct long_counter_view { /* atomic_long_t */
	long counter;
};
struct lock_view { /* spinlock_t */
	unsigned int word;
};

struct name_view { /* struct qstr */
	unsigned int len;
	const unsigned char *name;
};
struct id_view { /* kuid_t, kgid_t */
	unsigned int val;
};
struct fs_type_view { /* struct file_system_type */
	const char *name;
};
struct super_view { /* struct super_block */
	const struct fs_type_view *s_type;
	unsigned long s_magic, s_blocksize;
	unsigned int s_dev;
};
struct time_view { /* struct timespec64 */
	long long tv_sec;
	long tv_nsec;
};
struct inode_view {
	unsigned long i_ino;
	unsigned short i_mode;
	struct id_view i_uid, i_gid;
	unsigned int i_nlink;
	struct super_view *i_sb;
	void *i_private;
	void *pde_data;
	unsigned int i_rdev;
	void *i_cdev; /* struct cdev * */
	long long i_size;
	unsigned long long i_blocks; /* of 512 bytes */
	struct time_view i_atime, i_mtime, i_ctime;
};
struct mount_view { /* struct vfsmount */
	struct super_view *mnt_sb;
	int mnt_flags;
	void *opened; /* what a module holds behind it (module/files.c); NULL: nothing */
	void *anon;   /* the file, where it has no name (module/cdev.c) */
};
struct dentry_view {
	struct name_view d_name;
	unsigned char d_iname[64];
	struct inode_view *d_inode;
	struct dentry_view *d_parent;
	const char *full; /* for d_path */
};
struct path_view {
	struct mount_view *mnt;
	struct dentry_view *dentry;
};
struct file_view {
	struct path_view f_path;
	struct inode_view *f_inode;
	long long f_pos;
	unsigned int f_flags, f_mode;
	void *private_data;
	const void *f_op; /* struct file_operations * */
	struct long_counter_view f_count;
};

/* A file with all that it points to. */
struct mapped_file_view {
	struct file_view file;
	struct dentry_view dentry, parent;
	struct inode_view inode;
	struct mount_view mount;
	struct super_view sb;
	struct fs_type_view type;
	char name[128];
};

struct kstat_view { /* struct kstat */
	unsigned int result_mask;
	unsigned short mode;
	unsigned int nlink, blksize;
	unsigned long long attributes, attributes_mask, ino;
	unsigned int dev, rdev;
	struct id_view uid, gid;
	long long size;
	struct time_view atime, mtime, ctime, btime;
	unsigned long long blocks; /* of 512 bytes */
};

/* ---- open files and places of a task ---- */
struct fdtable_view { /* struct fdtable */
	unsigned int max_fds;
	struct file_view **fd;
	unsigned long *open_fds;
};
struct files_view { /* struct files_struct */
	struct counter_view count;
	struct fdtable_view *fdt, fdtab;
	struct lock_view file_lock;
	unsigned int next_fd;
};
struct fs_view { /* struct fs_struct */
	int users, umask;
	struct lock_view lock;
	struct path_view root, pwd;
};

#endif
