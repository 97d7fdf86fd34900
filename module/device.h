/* Classes, devices, kobjects and their files; shared by the files of module/ only. */
#ifndef MODULE_DEVICE_H
#define MODULE_DEVICE_H

#include "fs/sysfs.h"
#include "module/device_view.h"

struct module;

/* ---- procfs.c: files of modules in any tree. @from: an address of the module. 0 or -errno ---- */
int must_check module_tree_file(enum pseudo_kind tree, const char *path, uint32_t mode,
				const struct module_calls *calls, void *private, void *data,
				kaddr_t from);
int must_check module_tree_link(enum pseudo_kind tree, const char *path, const char *target,
				kaddr_t from);
int must_check module_tree_dir(enum pseudo_kind tree, const char *path, kaddr_t from);
void module_tree_remove(enum pseudo_kind tree, const char *path);

struct module_proc *module_debugfs_file(const char *name, unsigned mode, struct module_proc *parent,
					const struct module_calls *calls, void *data);
struct module_proc *module_debugfs_new(const char *name, unsigned mode, struct module_proc *parent,
				       const struct module_calls *calls, void *private, void *data);
struct module_proc *module_debugfs_lookup(const char *name, struct module_proc *parent);
struct module_proc *module_debugfs_symlink(const char *name, struct module_proc *parent,
					   const char *target);
struct module_proc *module_debugfs_dir(const char *name, struct module_proc *parent);

/* ---- kobject.c ---- */
extern struct kobject_view module_kernel_kobj;
int module_sysfs_create_file(struct kobject_view *k, const struct attribute_view *a);
void module_sysfs_remove_file(struct kobject_view *k, const struct attribute_view *a);
int module_sysfs_create_group(struct kobject_view *k, const struct group_view *g);
void module_sysfs_remove_group(struct kobject_view *k, const struct group_view *g);
int module_sysfs_create_bin_file(struct kobject_view *k, const struct bin_attr_view *a);
void module_sysfs_remove_bin_file(struct kobject_view *k, const struct bin_attr_view *a);
int module_sysfs_create_link(struct kobject_view *k, struct kobject_view *target, const char *name);
void module_sysfs_remove_link(struct kobject_view *k, const char *name);
struct kset_view *module_kset_create(const char *name, struct kobject_view *parent);
void module_kobject_init(struct kobject_view *k, const struct kobj_type_view *type);
int module_kobject_add(struct kobject_view *k, struct kobject_view *parent, const char *name);
struct kobject_view *module_kobject_create(const char *name, struct kobject_view *parent);
void module_kobject_del(struct kobject_view *k);
struct kobject_view *module_kobject_get(struct kobject_view *k);
void module_kobject_put(struct kobject_view *k);
int module_sysfs_emit(char *buf, const char *fmt, ...);

/* ---- device.c ---- */
int module_class_register(struct class_view *c);
struct class_view *module_class_create(struct module *owner, const char *name);
void module_class_destroy(struct class_view *c);
int module_device_add(struct device_view *d, const char *name);
void module_device_del(struct device_view *d);
struct device_view *module_device_create(struct class_view *c, struct device_view *parent,
					 unsigned devt, void *data, const char *fmt, ...);
void module_device_destroy(struct class_view *c, unsigned devt);

struct device_view *module_device_create_groups(struct class_view *c, struct device_view *parent,
						unsigned devt, void *data,
						const struct group_view **groups, const char *fmt,
						...);
struct device_view *module_device_get(struct device_view *d);
void module_device_put(struct device_view *d);
int module_device_add_mode(struct device_view *d, const char *name, unsigned mode);
struct module_proc *module_debugfs_blob(const char *name, unsigned mode, struct module_proc *parent,
					void *blob);
struct module_proc *module_debugfs_number(const char *name, unsigned mode,
					  struct module_proc *parent, void *value, unsigned kind);

#endif
