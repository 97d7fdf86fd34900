/* Attributes: files of /sys. */
#ifndef _LINUX_SYSFS_H
#define _LINUX_SYSFS_H

#include <linux/kernel.h>
#include <linux/mm_types.h>
#include <linux/stat.h>

#define attribute_view attribute
#define kobject_view   kobject
#define kset_view      kset
#define bin_attr_view  bin_attribute
#define attr_view      module_attr
#define sysfs_ops_view sysfs_ops
#define group_view     attribute_group
#define kobj_type_view kobj_type
#define class_view     class
#define device_view    device
#define cdev_view      cdev
#define driver_view    device_driver
#define bus_view       bus_type

#include "module/device_view.h"

int sysfs_create_file(struct kobject *k, const struct attribute *a);
void sysfs_remove_file(struct kobject *k, const struct attribute *a);
int sysfs_create_group(struct kobject *k, const struct attribute_group *g);
void sysfs_remove_group(struct kobject *k, const struct attribute_group *g);
int sysfs_create_bin_file(struct kobject *k, const struct bin_attribute *a);
void sysfs_remove_bin_file(struct kobject *k, const struct bin_attribute *a);
int sysfs_create_link(struct kobject *k, struct kobject *target, const char *name);
void sysfs_remove_link(struct kobject *k, const char *name);
int sysfs_emit(char *buf, const char *fmt, ...);

#define sysfs_emit_at(buf, at, ...) scnprintf((buf) + (at), PAGE_SIZE - (size_t)(at), __VA_ARGS__)
#define sysfs_notify(k, dir, name)  ((void)(k), (void)(dir), (void)(name)) /* nobody polls */
#define sysfs_attr_init(a)	    ((void)(a))
#define __stringify_1(x)	    #x
#define __stringify(x)		    __stringify_1(x)

#define __ATTR(name_, mode_, show_, store_)                                                        \
	{                                                                                          \
		.attr = { .name = __stringify(name_), .mode = (mode_) }, .show = (show_),          \
		.store = (store_)                                                                  \
	}
#define __ATTR_RO(name)		   __ATTR(name, 0444, name##_show, NULL)
#define __ATTR_RO_MODE(name, mode) __ATTR(name, mode, name##_show, NULL)
#define __ATTR_RW_MODE(name, mode) __ATTR(name, mode, name##_show, name##_store)
#define __ATTR_WO(name)		   __ATTR(name, 0200, NULL, name##_store)
#define __ATTR_RW(name)		   __ATTR(name, 0644, name##_show, name##_store)
#define __ATTR_NULL                                                                                \
	{                                                                                          \
		.attr = {.name = NULL }                                                            \
	}
#define __BIN_ATTR(name_, mode_, read_, write_, size_)                                             \
	{                                                                                          \
		.attr = { .name = __stringify(name_), .mode = (mode_) }, .size = (size_),          \
		.read = (read_), .write = (write_)                                                 \
	}
#define BIN_ATTR(name, mode, read, write, size)                                                    \
	struct bin_attribute bin_attr_##name = __BIN_ATTR(name, mode, read, write, size)
#define BIN_ATTR_RO(name, size) BIN_ATTR(name, 0444, name##_read, NULL, size)
#define BIN_ATTR_WO(name, size) BIN_ATTR(name, 0200, NULL, name##_write, size)
#define BIN_ATTR_RW(name, size) BIN_ATTR(name, 0644, name##_read, name##_write, size)
#define sysfs_bin_attr_init(a)	sysfs_attr_init(a)
#define ATTRIBUTE_GROUPS(name)                                                                     \
	static const struct attribute_group name##_group = { .attrs = name##_attrs };              \
	static const struct attribute_group *name##_groups[] = { &name##_group, NULL }

static inline int sysfs_create_groups(struct kobject *k, const struct attribute_group **g)
{
	int err = 0;

	for (; g && *g && !err; g++)
		err = sysfs_create_group(k, *g);
	return err;
}

static inline void sysfs_remove_groups(struct kobject *k, const struct attribute_group **g)
{
	for (; g && *g; g++)
		sysfs_remove_group(k, *g);
}

static inline int sysfs_create_files(struct kobject *k, const struct attribute *const *a)
{
	int err = 0;

	for (; *a && !err; a++)
		err = sysfs_create_file(k, *a);
	return err;
}

#endif
