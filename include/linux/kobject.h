/* Objects in /sys. */
#ifndef _LINUX_KOBJECT_H
#define _LINUX_KOBJECT_H

#include <linux/kref.h>
#include <linux/sysfs.h>

void module_kobject_init(struct kobject *k, const struct kobj_type *type);
int module_kobject_add(struct kobject *k, struct kobject *parent, const char *name);
struct kobject *module_kobject_create(const char *name, struct kobject *parent);
void module_kobject_del(struct kobject *k);
struct kobject *module_kobject_get(struct kobject *k);
void module_kobject_put(struct kobject *k);
struct kset *module_kset_create(const char *name, struct kobject *parent);
extern struct kobject module_kernel_kobj;

#define kernel_kobj			     (&module_kernel_kobj)
#define kobject_name(k)			     ((k)->name)
#define kobject_init(k, type)		     module_kobject_init(k, type)
#define kobject_get(k)			     module_kobject_get(k)
#define kobject_put(k)			     module_kobject_put(k)
#define kobject_del(k)			     module_kobject_del(k)
#define kobject_create_and_add(name, parent) module_kobject_create(name, parent)
#define kobject_add(k, parent, ...)                                                                \
	({                                                                                         \
		char kobject_text_[64];                                                            \
		snprintf(kobject_text_, sizeof(kobject_text_), __VA_ARGS__);                       \
		module_kobject_add(k, parent, kobject_text_);                                      \
	})
#define kobject_init_and_add(k, type, parent, ...)                                                 \
	(module_kobject_init(k, type), kobject_add(k, parent, __VA_ARGS__))
#define kset_create_and_add(name, ops, parent) ((void)(ops), module_kset_create(name, parent))

static inline void kset_unregister(struct kset *k)
{
	module_kobject_del(&k->kobj);
	module_kobject_put(&k->kobj);
}

enum kobject_action { KOBJ_ADD, KOBJ_REMOVE, KOBJ_CHANGE };

/* Nobody listens to events. */
static inline int kobject_uevent(struct kobject *k, enum kobject_action action)
{
	return 0;
}

struct kobj_attribute {
	struct attribute attr;
	ssize_t (*show)(struct kobject *kobj, struct kobj_attribute *attr, char *buf);
	ssize_t (*store)(struct kobject *kobj, struct kobj_attribute *attr, const char *buf,
			 size_t n);
};

#endif
