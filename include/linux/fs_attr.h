/* Files of one number: DEFINE_SIMPLE_ATTRIBUTE. Included by linux/fs.h. */
#ifndef _LINUX_FS_ATTR_H
#define _LINUX_FS_ATTR_H

#include <linux/fs.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

struct module_simple_attr {
	int (*get)(void *data, u64 *val);
	int (*set)(void *data, u64 val);
	void *data;
	const char *fmt;
};

static inline int simple_attr_open(struct inode *inode, struct file *file,
				   int (*get)(void *data, u64 *val),
				   int (*set)(void *data, u64 val), const char *fmt)
{
	struct module_simple_attr *a = kzalloc(sizeof(*a), GFP_KERNEL);

	if (!a)
		return -ENOMEM;
	*a = (struct module_simple_attr){ get, set, inode->i_private, fmt };
	file->private_data = a;
	return 0;
}

static inline int simple_attr_release(struct inode *inode, struct file *file)
{
	(void)inode;
	kfree(file->private_data);
	return 0;
}

static inline ssize_t simple_attr_read(struct file *file, char __user *buf, size_t n, loff_t *pos)
{
	struct module_simple_attr *a = file->private_data;
	char text[24];
	u64 val;
	int err;

	if (!a->get)
		return -EACCES;
	err = a->get(a->data, &val);
	if (err)
		return err;
	return simple_read_from_buffer(buf, n, pos, text,
				       (size_t)scnprintf(text, sizeof(text), a->fmt, val));
}

static inline ssize_t simple_attr_write(struct file *file, const char __user *buf, size_t n,
					loff_t *pos)
{
	struct module_simple_attr *a = file->private_data;
	unsigned long long val;
	long long below;
	int err;

	(void)pos;
	if (!a->set)
		return -EACCES;
	err = kstrtoull_from_user(buf, n, 0, &val);
	if (err == -EINVAL && !kstrtoll_from_user(buf, n, 0, &below)) {
		val = (unsigned long long)below;
		err = 0;
	}
	if (!err)
		err = a->set(a->data, val);
	return err ? err : (ssize_t)n;
}

#define DEFINE_SIMPLE_ATTRIBUTE(name, get_fn, set_fn, fmt)                                         \
	static int name##_open(struct inode *inode, struct file *file)                             \
	{                                                                                          \
		return simple_attr_open(inode, file, get_fn, set_fn, fmt);                         \
	}                                                                                          \
	static const struct file_operations name = { .owner = THIS_MODULE,                         \
						     .open = name##_open,                          \
						     .release = simple_attr_release,               \
						     .read = simple_attr_read,                     \
						     .write = simple_attr_write,                   \
						     .llseek = no_llseek }
#define DEFINE_DEBUGFS_ATTRIBUTE       DEFINE_SIMPLE_ATTRIBUTE
#define DEFINE_SIMPLE_ATTRIBUTE_SIGNED DEFINE_SIMPLE_ATTRIBUTE

#endif
