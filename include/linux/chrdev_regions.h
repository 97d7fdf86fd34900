/* Numbers of character devices; included by linux/fs.h. */
#ifndef _LINUX_CHRDEV_REGIONS_H
#define _LINUX_CHRDEV_REGIONS_H

#include <linux/fs.h>
#include <linux/kdev_t.h>

/* @major 0: any. Return: the major number, or -errno. */
int module_region_add(unsigned int major, unsigned int minor, unsigned int nr, const char *name);
void module_region_remove(unsigned int major, unsigned int minor, unsigned int nr);
int module_register_chrdev(unsigned int major, const char *name, const struct module_calls *calls,
			   const void *ops);
void module_unregister_chrdev(unsigned int major);

static inline int alloc_chrdev_region(dev_t *dev, unsigned int minor, unsigned int nr,
				      const char *name)
{
	int major = module_region_add(0, minor, nr, name);

	if (major < 0)
		return major;
	*dev = MKDEV(major, minor);
	return 0;
}

static inline int register_chrdev_region(dev_t from, unsigned int nr, const char *name)
{
	int major = MAJOR(from) ? module_region_add(MAJOR(from), MINOR(from), nr, name) : -EINVAL;

	return major < 0 ? major : 0;
}

static inline void unregister_chrdev_region(dev_t from, unsigned int nr)
{
	module_region_remove(MAJOR(from), MINOR(from), nr);
}

/* @major 0: any; then it is returned, else 0; -errno. */
static inline int register_chrdev(unsigned int major, const char *name,
				  const struct file_operations *ops)
{
	const struct module_calls calls = file_calls(ops);

	return module_register_chrdev(major, name, &calls, ops);
}

static inline void unregister_chrdev(unsigned int major, const char *name)
{
	(void)name;
	module_unregister_chrdev(major);
}

#endif
