/* Attributes: files of /sys. */
#ifndef _LINUX_SYSFS_H
#define _LINUX_SYSFS_H

#include <linux/kernel.h>
#include <linux/mm_types.h>
#include <linux/stat.h>

#define attribute_view attribute
#define kobject_view   kobject
#define attr_view      module_attr
#define sysfs_ops_view sysfs_ops
#define group_view     attribute_group
#define kobj_type_view kobj_type
#define class_view     class
#define device_view    device
#define cdev_view      cdev

#include "module/device_view.h"

int sysfs_create_file(struct kobject *k, const struct attribute *a);
void sysfs_remove_file(struct kobject *k, const struct attribute *a);
int sysfs_create_group(struct kobject *k, const struct attribute_group *g);
void sysfs_remove_group(struct kobject *k, const struct attribute_group *g);
int sysfs_emit(char *buf, const char *fmt, ...);

#define sysfs_emit_at(buf, at, ...) scnprintf((buf) + (at), PAGE_SIZE - (size_t)(at), __VA_ARGS__)
#define sysfs_attr_init(a)	    ((void)(a))
#define __stringify_1(x)	    #x
#define __stringify(x)		    __stringify_1(x)

#define __ATTR(name_, mode_, show_, store_)                                                        \
	{                                                                                          \
		.attr = { .name = __stringify(name_), .mode = (mode_) }, .show = (show_),          \
		.store = (store_)                                                                  \
	}
#define __ATTR_RO(name) __ATTR(name, 0444, name##_show, NULL)
#define __ATTR_WO(name) __ATTR(name, 0200, NULL, name##_store)
#define __ATTR_RW(name) __ATTR(name, 0644, name##_show, name##_store)
#define __ATTR_NULL                                                                                \
	{                                                                                          \
		.attr = {.name = NULL }                                                            \
	}
#define ATTRIBUTE_GROUPS(name)                                                                     \
	static const struct attribute_group name##_group = { .attrs = name##_attrs };              \
	static const struct attribute_group *name##_groups[] = { &name##_group, NULL }

static inline int sysfs_create_files(struct kobject *k, const struct attribute *const *a)
{
	int err = 0;

	for (; *a && !err; a++)
		err = sysfs_create_file(k, *a);
	return err;
}

#endif
