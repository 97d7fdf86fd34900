/* Devices and their classes. */
#ifndef _LINUX_DEVICE_H
#define _LINUX_DEVICE_H

#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kdev_t.h>
#include <linux/kobject.h>
#include <linux/module.h>
#include <linux/pm.h>
#include <linux/slab.h>
#include <linux/uaccess.h>

int module_class_register(struct class *c);
struct class *module_class_create(struct module *owner, const char *name);
void module_class_destroy(struct class *c);
struct device *device_create(struct class *c, struct device *parent, dev_t devt, void *data,
			     const char *fmt, ...);
struct device *device_create_with_groups(struct class *c, struct device *parent, dev_t devt,
					 void *data, const struct attribute_group **groups,
					 const char *fmt, ...);
void device_destroy(struct class *c, dev_t devt);

/* class_create(THIS_MODULE, name), and from Linux 6.4 on (name). */
#define CLASS_FORM(a, b, c, ...)    c
#define CLASS_CREATE_1(name)	    module_class_create(THIS_MODULE, name)
#define CLASS_CREATE_2(owner, name) module_class_create(owner, name)
#define class_create(...)	    CLASS_FORM(__VA_ARGS__, CLASS_CREATE_2, CLASS_CREATE_1)(__VA_ARGS__)
#define class_destroy(c)	    module_class_destroy(c)
#define class_register(c)	    module_class_register(c)
#define class_unregister(c)	    module_class_destroy(c)

#include <linux/device_driver.h>

struct device_attribute {
	struct attribute attr;
	ssize_t (*show)(struct device *dev, struct device_attribute *attr, char *buf);
	ssize_t (*store)(struct device *dev, struct device_attribute *attr, const char *buf,
			 size_t n);
};

#define DEVICE_ATTR(name, mode, show, store)                                                       \
	struct device_attribute dev_attr_##name = __ATTR(name, mode, show, store)
#define DEVICE_ATTR_RO(name)	   struct device_attribute dev_attr_##name = __ATTR_RO(name)
#define DEVICE_ATTR_WO(name)	   struct device_attribute dev_attr_##name = __ATTR_WO(name)
#define DEVICE_ATTR_RW(name)	   struct device_attribute dev_attr_##name = __ATTR_RW(name)
#define device_create_file(dev, a) sysfs_create_file(&(dev)->kobj, &(a)->attr)
#define device_remove_file(dev, a) sysfs_remove_file(&(dev)->kobj, &(a)->attr)

struct class_attribute {
	struct attribute attr;
	ssize_t (*show)(struct class *class, struct class_attribute *attr, char *buf);
	ssize_t (*store)(struct class *class, struct class_attribute *attr, const char *buf,
			 size_t n);
};

#define CLASS_ATTR(name, mode, show, store)                                                        \
	struct class_attribute class_attr_##name = __ATTR(name, mode, show, store)
#define CLASS_ATTR_RO(name)	struct class_attribute class_attr_##name = __ATTR_RO(name)
#define CLASS_ATTR_WO(name)	struct class_attribute class_attr_##name = __ATTR_WO(name)
#define CLASS_ATTR_RW(name)	struct class_attribute class_attr_##name = __ATTR_RW(name)
#define class_create_file(c, a) sysfs_create_file(&(c)->kobj, &(a)->attr)
#define class_remove_file(c, a) sysfs_remove_file(&(c)->kobj, &(a)->attr)

#define dev_get_drvdata(dev)	   ((dev)->driver_data)
#define dev_set_drvdata(dev, data) ((void)((dev)->driver_data = (data)))
#define dev_name(dev)		   ((dev)->kobj.name)
#define dev_get_platdata(dev)	   ((dev)->platform_data)
#define dev_driver_string(dev)	   ((dev)->driver ? (dev)->driver->name : "")

/* Its driver, bus or class. */
static inline const char *module_device_owner(const struct device *dev)
{
	return dev->driver  ? dev->driver->name
	       : dev->bus   ? dev->bus->name
	       : dev->class ? dev->class->name
			    : "";
}
#define dev_text(level, dev, fmt, ...)                                                             \
	printk(level "%s %s: " fmt, module_device_owner(dev), dev_name(dev), ##__VA_ARGS__)
#define dev_emerg(dev, fmt, ...)  dev_text(KERN_EMERG, dev, fmt, ##__VA_ARGS__)
#define dev_crit(dev, fmt, ...)	  dev_text(KERN_CRIT, dev, fmt, ##__VA_ARGS__)
#define dev_err(dev, fmt, ...)	  dev_text(KERN_ERR, dev, fmt, ##__VA_ARGS__)
#define dev_warn(dev, fmt, ...)	  dev_text(KERN_WARNING, dev, fmt, ##__VA_ARGS__)
#define dev_notice(dev, fmt, ...) dev_text(KERN_NOTICE, dev, fmt, ##__VA_ARGS__)
#define dev_info(dev, fmt, ...)	  dev_text(KERN_INFO, dev, fmt, ##__VA_ARGS__)
#define dev_dbg(dev, fmt, ...)	  no_printk(fmt, ##__VA_ARGS__)

#include <linux/devres.h>

#endif
