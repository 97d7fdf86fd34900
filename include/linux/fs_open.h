/* Files that a module opens itself. Included by linux/fs.h. */
#ifndef _LINUX_FS_OPEN_H
#define _LINUX_FS_OPEN_H

#include <linux/fs.h>

struct file *filp_open(const char *name, int flags, umode_t mode);
int module_filp_close(struct file *file);
#define filp_close(file, id) module_filp_close(file)
#define fput(file)	     ((void)module_filp_close(file))
#define i_size_read(inode)   ((inode)->i_size)

/* By the address: a program's or the kernel's. At *pos, which advances; NULL: the file's own position. */
ssize_t module_kernel_read(struct file *file, void *buf, size_t n, loff_t *pos);
ssize_t module_kernel_write(struct file *file, const void *buf, size_t n, loff_t *pos);

#define FS_IS_POINTER(x) (__builtin_classify_type(x) == __builtin_classify_type((void *)0))

static inline ssize_t fs_read_form(struct file *file, bool by_pos, unsigned long a, unsigned long b,
				   unsigned long c)
{
	loff_t off = (loff_t)a;

	return by_pos ? module_kernel_read(file, (void *)a, b, (loff_t *)c)
		      : module_kernel_read(file, (void *)b, c, &off);
}

static inline ssize_t fs_write_form(struct file *file, const void *buf, size_t n, bool by_pos,
				    unsigned long c)
{
	loff_t off = (loff_t)c;

	return module_kernel_write(file, buf, n, by_pos ? (loff_t *)c : &off);
}

/* (file, buf, n, &pos); before Linux 4.14 (file, off, buf, n) and, to write, (file, buf, n, off). */
#define kernel_read(file, a, b, c)                                                                 \
	fs_read_form(file, FS_IS_POINTER(a), (unsigned long)(a), (unsigned long)(b),               \
		     (unsigned long)(c))
#define kernel_write(file, buf, n, c)                                                              \
	fs_write_form(file, buf, n, FS_IS_POINTER(c), (unsigned long)(c))
#define vfs_read(file, buf, n, pos)   module_kernel_read(file, (void *)(buf), n, pos)
#define vfs_write(file, buf, n, pos)  module_kernel_write(file, (const void *)(buf), n, pos)
#define vfs_llseek(file, off, whence) fixed_size_llseek(file, off, whence, (file)->f_inode->i_size)

static inline long compat_ptr_ioctl(struct file *file, unsigned int cmd, unsigned long arg)
{
	(void)file;
	(void)cmd;
	(void)arg;
	return -ENOIOCTLCMD;
}

/* Until Linux 5.10: copies from the kernel's own memory. Here the address says whose it is. */
typedef int mm_segment_t;
#define KERNEL_DS  0
#define USER_DS	   1
#define get_ds()   KERNEL_DS
#define get_fs()   USER_DS
#define set_fs(ds) ((void)(ds))

#include <linux/fs_path.h>

#endif
