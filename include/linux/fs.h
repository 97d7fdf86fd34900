/* Open files as a module's calls see them. */
#ifndef _LINUX_FS_H
#define _LINUX_FS_H

#include <linux/err.h>
#include <linux/errno.h>
#include <linux/ioctl.h>
#include <linux/kernel.h>
#include <linux/mm_types.h>
#include <linux/semaphore.h>
#include <linux/stat.h>

#define FMODE_READ  1
#define FMODE_WRITE 2
#define O_ACCMODE   3
#define O_RDONLY    0
#define O_WRONLY    1
#define O_RDWR	    2
#define O_CREAT	    0100
#define O_EXCL	    0200
#define O_TRUNC	    01000
#define O_APPEND    02000
#define O_NONBLOCK  04000
#define O_NDELAY    O_NONBLOCK
#define O_SYNC	    04010000
#define O_CLOEXEC   02000000
#define SEEK_SET    0
#define SEEK_CUR    1
#define SEEK_END    2

struct module;
struct poll_table_struct;

struct file_operations {
	struct module *owner;
	loff_t (*llseek)(struct file *file, loff_t off, int whence);
	ssize_t (*read)(struct file *file, char __user *buf, size_t len, loff_t *pos);
	ssize_t (*write)(struct file *file, const char __user *buf, size_t len, loff_t *pos);
	unsigned int (*poll)(struct file *file, struct poll_table_struct *table);
	long (*unlocked_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	long (*compat_ioctl)(struct file *file, unsigned int cmd, unsigned long arg);
	int (*mmap)(struct file *file, struct vm_area_struct *vma);
	int (*open)(struct inode *inode, struct file *file);
	int (*flush)(struct file *file, void *id);
	int (*release)(struct inode *inode, struct file *file);
	int (*fsync)(struct file *file, loff_t start, loff_t end, int datasync);
	int (*fasync)(int fd, struct file *file, int on);
	unsigned long (*get_unmapped_area)(struct file *file, unsigned long addr, unsigned long len,
					   unsigned long pgoff, unsigned long flags);
	ssize_t (*read_iter)(void *iocb, void *iter);
	ssize_t (*write_iter)(void *iocb, void *iter);
};

#include "module/calls.h"

/* The same in the form that the kernel keeps. */
static inline struct module_calls file_calls(const struct file_operations *ops)
{
	return (struct module_calls){ .open = ops->open,
				      .release = ops->release,
				      .read = ops->read,
				      .write = ops->write,
				      .lseek = ops->llseek,
				      .ioctl = ops->unlocked_ioctl,
				      .poll = (unsigned int (*)(struct file *, void *))ops->poll,
				      .mmap = ops->mmap,
				      .flush = ops->flush,
				      .fasync = ops->fasync,
				      .owner = ops->owner };
}

static inline struct inode *file_inode(const struct file *file)
{
	return file->f_inode;
}

#define f_dentry	  f_path.dentry
#define file_dentry(file) ((file)->f_path.dentry)

static inline char *d_path(const struct path *path, char *buf, int len)
{
	return snprintf(buf, (size_t)len, "%s", path->dentry->full) < len ? buf
									  : (char *)-ENAMETOOLONG;
}

static inline char *file_path(struct file *file, char *buf, int len)
{
	return d_path(&file->f_path, buf, len);
}

static inline ssize_t simple_read_from_buffer(void __user *to, size_t n, loff_t *pos,
					      const void *from, size_t size)
{
	extern unsigned long copy_to_user(void *to_, const void *from_, unsigned long n_);
	size_t at = (size_t)*pos, left;

	if (*pos < 0)
		return -EINVAL;
	if (at >= size || !n)
		return 0;
	n = n < size - at ? n : size - at;
	left = copy_to_user(to, (const char *)from + at, n);
	if (left == n)
		return -EFAULT;
	*pos += (loff_t)(n - left);
	return (ssize_t)(n - left);
}

#include <linux/chrdev_regions.h>
#include <linux/fs_open.h>
#include <linux/fs_seek.h>
#include <linux/slab.h>

#endif
