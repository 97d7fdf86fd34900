/* Buses, drivers and devices on them. Included by linux/device.h. */
#ifndef _LINUX_DEVICE_DRIVER_H
#define _LINUX_DEVICE_DRIVER_H

#include <linux/kobject.h>
#include <linux/mod_devicetable.h>
#include <linux/module.h>

int module_bus_register(struct bus_type *b);
void module_bus_unregister(struct bus_type *b);
int module_driver_register(struct device_driver *d);
void module_driver_unregister(struct device_driver *d);
int module_device_register(struct device *d);
void module_device_unregister(struct device *d);
void module_device_del(struct device *d);
int module_device_set_name(struct device *d, const char *fmt, ...);
struct device *module_device_get(struct device *d);
void module_device_put(struct device *d);
int module_bus_each(struct bus_type *b, struct device *from, void *data,
		    int (*fn)(struct device *dev, void *data));

#define bus_register(b)			    module_bus_register(b)
#define bus_unregister(b)		    module_bus_unregister(b)
#define driver_register(d)		    module_driver_register(d)
#define driver_unregister(d)		    module_driver_unregister(d)
#define device_register(d)		    module_device_register(d)
#define device_unregister(d)		    module_device_unregister(d)
#define device_add(d)			    module_device_register(d)
#define device_del(d)			    module_device_del(d)
#define device_initialize(d)		    module_kobject_init(&(d)->kobj, NULL)
#define dev_set_name(d, ...)		    module_device_set_name(d, __VA_ARGS__)
#define get_device(d)			    module_device_get(d)
#define put_device(d)			    module_device_put(d)
#define device_is_registered(d)		    ((d)->kobj.path != NULL)
#define kobj_to_dev(k)			    container_of(k, struct device, kobj)
#define bus_for_each_dev(b, from, data, fn) module_bus_each(b, from, data, fn)
#define EPROBE_DEFER			    517

#define module_driver(d, register, unregister)                                                     \
	static int __init d##_init(void)                                                           \
	{                                                                                          \
		return register(&(d));                                                             \
	}                                                                                          \
	module_init(d##_init);                                                                     \
	static void __exit d##_exit(void)                                                          \
	{                                                                                          \
		unregister(&(d));                                                                  \
	}                                                                                          \
	module_exit(d##_exit)

enum probe_type { PROBE_DEFAULT_STRATEGY, PROBE_PREFER_ASYNCHRONOUS, PROBE_FORCE_SYNCHRONOUS };

/* ---- attributes of drivers and buses ---- */
struct driver_attribute {
	struct attribute attr;
	ssize_t (*show)(struct device_driver *driver, char *buf);
	ssize_t (*store)(struct device_driver *driver, const char *buf, size_t n);
};
#define DRIVER_ATTR(name, mode, show, store)                                                       \
	struct driver_attribute driver_attr_##name = __ATTR(name, mode, show, store)
#define DRIVER_ATTR_RO(name)	 struct driver_attribute driver_attr_##name = __ATTR_RO(name)
#define DRIVER_ATTR_WO(name)	 struct driver_attribute driver_attr_##name = __ATTR_WO(name)
#define DRIVER_ATTR_RW(name)	 struct driver_attribute driver_attr_##name = __ATTR_RW(name)
#define driver_create_file(d, a) sysfs_create_file(&(d)->kobj, &(a)->attr)
#define driver_remove_file(d, a) sysfs_remove_file(&(d)->kobj, &(a)->attr)

struct bus_attribute {
	struct attribute attr;
	ssize_t (*show)(struct bus_type *bus, char *buf);
	ssize_t (*store)(struct bus_type *bus, const char *buf, size_t n);
};
#define BUS_ATTR(name, mode, show, store)                                                          \
	struct bus_attribute bus_attr_##name = __ATTR(name, mode, show, store)
#define BUS_ATTR_RO(name)     struct bus_attribute bus_attr_##name = __ATTR_RO(name)
#define BUS_ATTR_WO(name)     struct bus_attribute bus_attr_##name = __ATTR_WO(name)
#define BUS_ATTR_RW(name)     struct bus_attribute bus_attr_##name = __ATTR_RW(name)
#define bus_create_file(b, a) sysfs_create_file(&(b)->kobj, &(a)->attr)
#define bus_remove_file(b, a) sysfs_remove_file(&(b)->kobj, &(a)->attr)

#endif
