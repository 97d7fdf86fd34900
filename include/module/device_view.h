/* Devices, classes and attributes of modules: the layouts that both sides know. include/linux gives them Linux's names. */
#ifndef MODULE_DEVICE_VIEW_H
#define MODULE_DEVICE_VIEW_H

#include "module/calls.h"

struct attribute_view {
	const char *name;
	unsigned short mode;
};

struct kobject_view {
	const char *name;
	struct list_head entry;
	struct kobject_view *parent;
	const struct kobj_type_view *ktype;
	struct kset_view *kset; /* its parent, where it is given none */
	struct counter_view refs;
	char *path; /* below /sys; NULL: it is not there */
	bool own;   /* freed with its last reference: kobject_create */
};

struct kset_view { /* struct kset */
	struct kobject_view kobj;
};

/* One attribute: kobj_attribute, device_attribute and class_attribute differ only in what @obj is. */
struct attr_view {
	struct attribute_view attr;
	long (*show)(void *obj, struct attr_view *attr, char *buf);
	long (*store)(void *obj, struct attr_view *attr, const char *buf, size_t n);
};

struct sysfs_ops_view {
	long (*show)(struct kobject_view *kobj, struct attribute_view *attr, char *buf);
	long (*store)(struct kobject_view *kobj, struct attribute_view *attr, const char *buf,
		      size_t n);
};

struct bin_attr_view { /* struct bin_attribute */
	struct attribute_view attr;
	size_t size; /* 0: not known */
	void *private;
	long (*read)(struct file_view *file, struct kobject_view *kobj, struct bin_attr_view *attr,
		     char *buf, long long pos, size_t n);
	long (*write)(struct file_view *file, struct kobject_view *kobj, struct bin_attr_view *attr,
		      char *buf, long long pos, size_t n);
};

struct group_view { /* struct attribute_group */
	const char *name;
	unsigned short (*is_visible)(struct kobject_view *kobj, struct attribute_view *attr, int n);
	struct attribute_view **attrs;
	struct bin_attr_view **bin_attrs;
};

struct kobj_type_view {
	void (*release)(struct kobject_view *kobj);
	const struct sysfs_ops_view *sysfs_ops;
	struct attribute_view **default_attrs;
	const struct group_view **default_groups;
};

struct class_view {		  /* struct class */
	struct kobject_view kobj; /* first: what attributes are given */
	const char *name;
	struct module *owner;
	void *devnode;			      /* char *(*)(struct device *, umode_t *mode) */
	const struct group_view **dev_groups; /* of each device */
	const struct group_view **class_groups;
	struct list_head link; /* of all */
	bool own;
};

struct device_view { /* struct device */
	struct kobject_view kobj;
	struct device_view *parent;
	struct class_view *class;
	unsigned int devt;
	void *driver_data, *platform_data;
	const char *init_name;
	struct list_head link; /* of all */
	char *node;	       /* below /dev; NULL: none */
	unsigned short node_mode;
	void (*release)(struct device_view *dev); /* with the last reference */
	const struct group_view **groups;
	char *set_name; /* dev_set_name */
	/* On a bus (module/bus.c). */
	struct bus_view *bus;
	struct driver_view *driver; /* that has it */
	struct list_head bus_link;
	struct device_memo *memos; /* of devm_*: newest first */
	void *of_node, *fwnode;
	unsigned long long *dma_mask, coherent_dma_mask;
	unsigned int id;
};

struct cdev_view { /* struct cdev */
	struct kobject_view kobj;
	struct module *owner;
	const void *ops; /* struct file_operations, of which calls is made */
	struct list_head list;
	unsigned int dev, count;
	struct module_calls calls;
	bool own, added;
};

#endif
