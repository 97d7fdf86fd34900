/*
 * Classes and devices of modules: /sys/class/CLASS/DEVICE and the node /dev/DEVICE.
 *
 * OWNS     the lists of classes and devices.
 * WHY      device_create does what udev would: the node is there when it returns, and gone when device_destroy does.
 * I1       a device's node and directory are there from device_add to device_del. What a module forgets goes with it.
 * LOCKS    devices_lock (a mutex) for the lists.   CONTEXT  threads; sleeps.
 * FAILS    ERR_PTR(-ENOMEM), ERR_PTR(-EEXIST), ERR_PTR(-EINVAL).
 * SOURCES  Linux Documentation/driver-api/driver-model/.   TESTED BY  module_api (guest)
 */
#include "module/device.h"

#include "base/errno.h"
#include "fs/fs.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "module/bus.h"
#include "module/module_impl.h"
#include "module/text.h"
#include "sync/failpoint.h"
#include "sync/klog.h"

static struct mutex devices_lock = MUTEX_INIT(devices_lock, RANK_MODULE_PARAM);
static struct list_head classes = LIST_HEAD_INIT(classes); /* d: devices_lock */
static struct list_head devices = LIST_HEAD_INIT(devices); /* d */

static void link_up(struct list_head *l, struct list_head *to)
{
	mutex_lock(&devices_lock);
	list_add_tail(l, to);
	mutex_unlock(&devices_lock);
}

static void unlink_it(struct list_head *l)
{
	mutex_lock(&devices_lock);
	list_del(l);
	mutex_unlock(&devices_lock);
}

/* ---- classes ---- */

int module_class_register(struct class_view *c)
{
	char path[96];
	int err;

	if (fmt_snprintf(path, sizeof(path), "class/%s", c->name) >= sizeof(path))
		return -EINVAL;
	module_kobject_init(&c->kobj, NULL);
	err = module_kobject_add(&c->kobj, NULL, path);
	for (unsigned i = 0; !err && c->class_groups && c->class_groups[i]; i++)
		err = module_sysfs_create_group(&c->kobj, c->class_groups[i]);
	if (err)
		module_kobject_del(&c->kobj);
	else
		link_up(&c->link, &classes);
	return err;
}

struct class_view *module_class_create(struct module *owner, const char *name)
{
	struct class_view *c = failpoint("module_class") ? NULL : kzalloc(sizeof(*c), GFP_KERNEL);
	int err = -ENOMEM;

	if (!c)
		return (struct class_view *)(long)err;
	c->owner = owner;
	c->own = true;
	c->name = kstrdup(name, GFP_KERNEL);
	if (c->name)
		err = module_class_register(c);
	if (!err)
		return c;
	kfree(c->name);
	kfree(c);
	return (struct class_view *)(long)err;
}

void module_class_destroy(struct class_view *c)
{
	if (!c || (uintptr_t)c >= (uintptr_t)-4095L)
		return;
	unlink_it(&c->link);
	module_kobject_del(&c->kobj);
	if (!c->own)
		return;
	kfree(c->name);
	kfree(c);
}

/* ---- devices ---- */

static long show_dev(void *obj, struct attr_view *attr, char *buf)
{
	const struct device_view *d = container_of(obj, struct device_view, kobj);

	return module_sysfs_emit(buf, "%u:%u\n", MAJOR(d->devt), MINOR(d->devt));
}

static long show_uevent(void *obj, struct attr_view *attr, char *buf)
{
	const struct device_view *d = container_of(obj, struct device_view, kobj);

	if (!d->node)
		return 0;
	return module_sysfs_emit(buf, "MAJOR=%u\nMINOR=%u\nDEVNAME=%s\n", MAJOR(d->devt),
				 MINOR(d->devt), d->node);
}

static struct attr_view dev_attr = { { "dev", 0444 }, show_dev, NULL };
static struct attr_view uevent_attr = { { "uevent", 0444 }, show_uevent, NULL };

/* The node's name and mode: the class may have a say. */
static int make_node(struct device_view *d)
{
	char *(*devnode)(struct device_view *, unsigned short *) =
		d->class ? (char *(*)(struct device_view *, unsigned short *))d->class->devnode
			 : NULL;
	unsigned short mode = d->node_mode;
	char *name = devnode ? devnode(d, &mode) : NULL;
	int err;

	d->node = name ? name : kstrdup(d->kobj.name, GFP_KERNEL);
	if (!d->node)
		return -ENOMEM;
	for (char *p = d->node; *p; p++)
		if (*p == '!')
			*p = '/';
	err = devtmpfs_create(d->node, mode ? mode & 07777u : 0600, d->devt);
	if (err) {
		kfree(d->node);
		d->node = NULL;
	}
	return err;
}

static int add_files(struct device_view *d)
{
	int err = module_sysfs_create_file(&d->kobj, &uevent_attr.attr);

	if (!err && d->devt)
		err = module_sysfs_create_file(&d->kobj, &dev_attr.attr);
	for (unsigned i = 0; !err && d->class && d->class->dev_groups && d->class->dev_groups[i];
	     i++)
		err = module_sysfs_create_group(&d->kobj, d->class->dev_groups[i]);
	for (unsigned i = 0; !err && d->groups && d->groups[i]; i++)
		err = module_sysfs_create_group(&d->kobj, d->groups[i]);
	return err;
}

/* The directory of @d's, below /sys. */
static const char *place_of(const struct device_view *d)
{
	if (d->class)
		return d->class->kobj.path;
	if (d->parent && d->parent->kobj.path)
		return d->parent->kobj.path;
	if (d->devt)
		return MAJOR(d->devt) == MISC_MAJOR ? "class/misc" : "devices/virtual";
	return "devices";
}

static void take_off(struct device_view *d)
{
	if (d->node)
		devtmpfs_remove(d->node);
	kfree(d->node);
	d->node = NULL;
	module_kobject_del(&d->kobj);
	if (d->set_name)
		d->kobj.name = d->set_name;
}

/* @d has class, devt, parent and bus. The first reference is the caller's. */
int module_device_add(struct device_view *d, const char *name)
{
	char path[128];
	int err;

	if (fmt_snprintf(path, sizeof(path), "%s/%s", place_of(d), name) >= sizeof(path))
		return -EINVAL;
	if (!d->kobj.refs.counter)
		module_kobject_init(&d->kobj, NULL);
	err = module_kobject_add(&d->kobj, NULL, path);
	if (err)
		return err;
	d->kobj.name = strrchr(d->kobj.path, '/') + 1;
	err = add_files(d);
	if (!err && d->devt)
		err = make_node(d);
	if (!err)
		err = module_device_on_bus(d);
	if (err)
		take_off(d);
	else
		link_up(&d->link, &devices);
	return err;
}

int module_device_add_mode(struct device_view *d, const char *name, unsigned mode)
{
	d->node_mode = (unsigned short)mode;
	return module_device_add(d, name);
}

void module_device_del(struct device_view *d)
{
	unlink_it(&d->link);
	module_device_off_bus(d);
	take_off(d);
}

struct device_view *module_device_get(struct device_view *d)
{
	if (d)
		(void)module_kobject_get(&d->kobj);
	return d;
}

void module_device_put(struct device_view *d)
{
	char *name;

	if (!d || __atomic_sub_fetch(&d->kobj.refs.counter, 1, __ATOMIC_SEQ_CST))
		return;
	module_devm_release(d);
	name = d->set_name;
	if (d->release)
		d->release(d);
	else if (d->kobj.own)
		kfree(d);
	kfree(name);
}

static struct device_view *create(const struct device_view *like, const char *fmt, va_list ap)
{
	struct device_view *d = failpoint("module_device") ? NULL : kzalloc(sizeof(*d), GFP_KERNEL);
	char name[64];
	int err;

	if (!d)
		return (struct device_view *)-ENOMEM;
	(void)module_vsnprintf(name, sizeof(name), fmt, ap);
	*d = *like;
	d->kobj.own = true;
	err = module_device_add(d, name);
	if (!err)
		return d;
	kfree(d);
	return (struct device_view *)(long)err;
}

struct device_view *module_device_create(struct class_view *c, struct device_view *parent,
					 unsigned devt, void *data, const char *fmt, ...)
{
	const struct device_view like = {
		.class = c, .parent = parent, .devt = devt, .driver_data = data
	};
	struct device_view *d;
	va_list ap;

	va_start(ap, fmt);
	d = create(&like, fmt, ap);
	va_end(ap);
	return d;
}

struct device_view *module_device_create_groups(struct class_view *c, struct device_view *parent,
						unsigned devt, void *data,
						const struct group_view **groups, const char *fmt,
						...)
{
	const struct device_view like = {
		.class = c, .parent = parent, .devt = devt, .driver_data = data, .groups = groups
	};
	struct device_view *d;
	va_list ap;

	va_start(ap, fmt);
	d = create(&like, fmt, ap);
	va_end(ap);
	return d;
}

static struct device_view *device_of(const struct class_view *c, unsigned devt)
{
	struct device_view *d, *found = NULL;

	mutex_lock(&devices_lock);
	list_for_each_entry (d, &devices, link)
		if (d->class == c && (d->devt == devt || !devt))
			found = d;
	mutex_unlock(&devices_lock);
	return found;
}

void module_device_destroy(struct class_view *c, unsigned devt)
{
	struct device_view *d = device_of(c, devt);

	if (!d)
		return;
	module_device_del(d);
	module_device_put(d);
}

/* ---- a module goes ---- */

static struct class_view *class_left(const struct module *mod)
{
	struct class_view *c, *found = NULL;

	mutex_lock(&devices_lock);
	list_for_each_entry (c, &classes, link)
		if (c->owner == mod || module_has(mod, (kaddr_t)c))
			found = c;
	mutex_unlock(&devices_lock);
	return found;
}

/* A device that is in the module's own memory, as of a misc device. */
static struct device_view *device_left(const struct module *mod)
{
	struct device_view *d, *found = NULL;

	mutex_lock(&devices_lock);
	list_for_each_entry (d, &devices, link)
		if (module_has(mod, (kaddr_t)d))
			found = d;
	mutex_unlock(&devices_lock);
	return found;
}

void module_devices_left(const struct module *mod)
{
	struct device_view *d;
	struct class_view *c;

	while ((d = device_left(mod))) {
		pr_warn("%s: device %s was left behind; removed", mod->name, d->kobj.name);
		module_device_del(d);
	}
	while ((c = class_left(mod))) {
		pr_warn("%s: class %s was left behind; removed", mod->name, c->name);
		while (device_of(c, 0))
			module_device_destroy(c, 0);
		module_class_destroy(c);
	}
}
