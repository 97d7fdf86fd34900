/* Files, their names and inodes as Linux's modules see them; a part of module/views.h. */
#ifndef MODULE_FILE_VIEW_H
#define MODULE_FILE_VIEW_H

#include "base/types.h"

struct name_view { /* struct qstr */
	unsigned int len;
	const unsigned char *name;
};
struct inode_view {
	unsigned long i_ino;
	unsigned short i_mode;
	void *i_private;
	void *pde_data;
	unsigned int i_rdev;
	void *i_cdev; /* struct cdev * */
	long long i_size;
};
struct dentry_view {
	struct name_view d_name;
	unsigned char d_iname[64];
	struct inode_view *d_inode;
	const char *full; /* for d_path */
};
struct path_view {
	void *mnt;
	struct dentry_view *dentry;
};
struct file_view {
	struct path_view f_path;
	struct inode_view *f_inode;
	long long f_pos;
	unsigned int f_flags, f_mode;
	void *private_data;
	const void *f_op; /* struct file_operations * */
};

struct mapped_file_view {
	struct file_view file;
	struct dentry_view dentry;
	struct inode_view inode;
	char name[128];
};

#endif
