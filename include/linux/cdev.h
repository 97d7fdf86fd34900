/* Character devices. */
#ifndef _LINUX_CDEV_H
#define _LINUX_CDEV_H

#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/kobject.h>

int module_cdev_add(struct cdev *c, const struct module_calls *calls, dev_t dev, unsigned int nr);
struct cdev *module_cdev_alloc(void);
void module_cdev_del(struct cdev *c);

#define cdev_alloc() module_cdev_alloc()
#define cdev_del(c)  module_cdev_del(c)

static inline void cdev_init(struct cdev *c, const struct file_operations *ops)
{
	*c = (struct cdev){ .ops = ops };
}

static inline int cdev_add(struct cdev *c, dev_t dev, unsigned int nr)
{
	const struct file_operations *ops = (const struct file_operations *)c->ops;
	const struct module_calls calls = file_calls(ops);

	return module_cdev_add(c, &calls, dev, nr);
}

static inline void cdev_put(struct cdev *c)
{
	(void)c;
}

struct device;
int module_device_add(struct device *d, const char *name);
void module_device_del(struct device *d);
int module_device_register(struct device *d);

/* With a device of the same number; the device's name and reference are the caller's affair. */
static inline int cdev_device_add(struct cdev *c, struct device *d)
{
	int err = d->devt ? cdev_add(c, d->devt, 1) : 0;

	if (err)
		return err;
	err = module_device_register(d);
	if (err && d->devt)
		module_cdev_del(c);
	return err;
}

static inline void cdev_device_del(struct cdev *c, struct device *d)
{
	module_device_del(d);
	if (d->devt)
		module_cdev_del(c);
}
#define cdev_set_parent(c, k) ((void)(c), (void)(k))

#endif
