/* Small operations of files; included by linux/fs.h. */
#ifndef _LINUX_FS_SEEK_H
#define _LINUX_FS_SEEK_H

#include <linux/fs.h>

/* ---- seeking ---- */
static inline loff_t noop_llseek(struct file *file, loff_t off, int whence)
{
	return file->f_pos;
}

static inline loff_t no_llseek(struct file *file, loff_t off, int whence)
{
	return -ESPIPE;
}

static inline loff_t fixed_size_llseek(struct file *file, loff_t off, int whence, loff_t size)
{
	loff_t pos = whence == SEEK_SET ? off : whence == SEEK_CUR ? file->f_pos + off : size + off;

	if (whence < SEEK_SET || whence > SEEK_END || pos < 0 || pos > size)
		return -EINVAL;
	file->f_pos = pos;
	return pos;
}

static inline loff_t default_llseek(struct file *file, loff_t off, int whence)
{
	return fixed_size_llseek(file, off, whence, (loff_t)(~0ULL >> 1));
}
#define generic_file_llseek default_llseek

static inline ssize_t simple_write_to_buffer(void *to, size_t size, loff_t *pos,
					     const void __user *from, size_t n)
{
	extern unsigned long copy_from_user(void *to_, const void *from_, unsigned long n_);
	size_t at = (size_t)*pos, left;

	if (*pos < 0)
		return -EINVAL;
	if (at >= size || !n)
		return 0;
	n = n < size - at ? n : size - at;
	left = copy_from_user((char *)to + at, from, n);
	if (left == n)
		return -EFAULT;
	*pos += (loff_t)(n - left);
	return (ssize_t)(n - left);
}

static inline int nonseekable_open(struct inode *inode, struct file *file)
{
	return 0;
}
#define stream_open nonseekable_open

static inline int simple_open(struct inode *inode, struct file *file)
{
	if (inode->i_private)
		file->private_data = inode->i_private;
	return 0;
}

#endif
