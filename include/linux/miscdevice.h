/* Devices of major number 10, one minor each. */
#ifndef _LINUX_MISCDEVICE_H
#define _LINUX_MISCDEVICE_H

#include <linux/cdev.h>
#include <linux/device.h>

#define MISC_MAJOR	   10
#define MISC_DYNAMIC_MINOR 255

struct miscdevice {
	int minor;
	const char *name;
	const struct file_operations *fops;
	struct list_head list;
	struct device *parent, *this_device;
	const struct attribute_group **groups;
	const char *nodename;
	umode_t mode;
	struct cdev cdev;
	struct device device;
};

#define module_misc_device(d)                                                                      \
	static int __init d##_init(void)                                                           \
	{                                                                                          \
		return misc_register(&d);                                                          \
	}                                                                                          \
	static void __exit d##_exit(void)                                                          \
	{                                                                                          \
		misc_deregister(&d);                                                               \
	}                                                                                          \
	module_init(d##_init);                                                                     \
	module_exit(d##_exit)

/* Its minor number, registered. -errno. */
static inline int misc_number(struct miscdevice *m)
{
	int err = -EBUSY, minor;

	if (m->minor != MISC_DYNAMIC_MINOR)
		return module_region_add(MISC_MAJOR, (unsigned int)m->minor, 1, m->name);
	for (minor = 127; minor > 63 && err == -EBUSY; minor--) {
		err = module_region_add(MISC_MAJOR, (unsigned int)minor, 1, m->name);
		if (err >= 0)
			m->minor = minor;
	}
	return err;
}

int module_device_add_mode(struct device *d, const char *name, umode_t mode);

static inline int misc_register(struct miscdevice *m)
{
	int err = misc_number(m);

	if (err < 0)
		return err;
	cdev_init(&m->cdev, m->fops);
	err = cdev_add(&m->cdev, MKDEV(MISC_MAJOR, m->minor), 1);
	m->device = (struct device){ .devt = MKDEV(MISC_MAJOR, m->minor),
				     .driver_data = m,
				     .parent = NULL,
				     .groups = m->groups };
	if (!err) {
		m->this_device = &m->device;
		err = module_device_add_mode(&m->device, m->nodename ? m->nodename : m->name,
					     m->mode);
		if (err)
			cdev_del(&m->cdev);
	}
	if (err)
		module_region_remove(MISC_MAJOR, (unsigned int)m->minor, 1);
	return err;
}

static inline void misc_deregister(struct miscdevice *m)
{
	module_device_del(&m->device);
	cdev_del(&m->cdev);
	module_region_remove(MISC_MAJOR, (unsigned int)m->minor, 1);
}

#endif
