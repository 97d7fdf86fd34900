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

#endif
