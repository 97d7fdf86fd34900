/*
 * Buses of modules: devices and drivers that find each other. /sys/bus/BUS/{devices,drivers}, /sys/devices.
 *
 *   device_register ──┐                           ┌── bus->probe, or driver->probe: 0, the device is the driver's
 *   driver_register ──┴─ every pair without ── bus->match ── not 0
 *
 * OWNS     the lists of buses, of devices and drivers of each; what devm_* calls have noted.
 * WHY      exercises about drivers need no hardware: a bus of their own, or the platform bus (platform.c).
 * I1       device->driver is set from before its probe until after its remove; two links in /sys say so while it lasts.
 * LOCKS    bus_enter: one thread at a time registers, binds and unbinds; probe and remove run inside and may register more.
 * CONTEXT  threads; sleeps.   COST  O(devices x drivers) of one bus.
 * FAILS    -ENOMEM, -EEXIST, -EINVAL, -EBUSY; what probe returns only the log says, as on Linux.
 * SOURCES  Linux Documentation/driver-api/driver-model/{bus,binding,devres}.rst.   TESTED BY  module_course (guest)
 */
#include "module/bus.h"

#include "base/errno.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "module/device.h"
#include "module/module_impl.h"
#include "module/text.h"
#include "sync/failpoint.h"
#include "sync/klog.h"

enum { EPROBE_DEFER = 517 };

static struct list_head buses = LIST_HEAD_INIT(buses); /* b: inside bus_enter */
static struct waitq bus_free = WAITQ_INIT(bus_free);
static struct thread *bus_owner; /* a */
static unsigned bus_depth;	 /* by bus_owner */

static void bus_enter(void)
{
	struct thread *none = NULL, *me = thread_self();

	if (READ_ONCE(bus_owner) != me)
		wait_event(&bus_free, (none = NULL, __atomic_compare_exchange_n(
							    &bus_owner, &none, me, false,
							    __ATOMIC_ACQUIRE, __ATOMIC_RELAXED)));
	bus_depth++;
}

static void bus_leave(void)
{
	if (--bus_depth)
		return;
	__atomic_store_n(&bus_owner, NULL, __ATOMIC_RELEASE);
	waitq_wake_all(&bus_free);
}

/* ---- what a device is given ---- */

struct device_memo {
	struct device_memo *next;
	void (*fn)(void *data); /* NULL: only memory */
	void *data;
	uint64_t memory[];
};

static struct device_memo *memo_new(struct device_view *d, size_t n, gfp_t gfp)
{
	struct device_memo *m = failpoint("module_devm") ? NULL : kzalloc(sizeof(*m) + n, gfp);

	if (m) {
		m->next = d->memos;
		d->memos = m;
	}
	return m;
}

void *module_devm_alloc(struct device_view *d, size_t n, gfp_t gfp)
{
	struct device_memo *m = memo_new(d, n, gfp);

	return m ? m->memory : NULL;
}

void module_devm_free(struct device_view *d, const void *p)
{
	for (struct device_memo **at = &d->memos, *m; (m = *at); at = &m->next) {
		if (m->memory != p)
			continue;
		*at = m->next;
		kfree(m);
		return;
	}
}

int module_devm_action(struct device_view *d, void (*fn)(void *data), void *data)
{
	struct device_memo *m = memo_new(d, 0, GFP_KERNEL);

	if (!m)
		return -ENOMEM;
	m->fn = fn;
	m->data = data;
	return 0;
}

void module_devm_release(struct device_view *d)
{
	for (struct device_memo *m; (m = d->memos);) {
		d->memos = m->next;
		if (m->fn)
			m->fn(m->data);
		kfree(m);
	}
}

/* ---- binding ---- */

static int call_probe(struct device_view *d)
{
	struct driver_view *drv = d->driver;
	int err = 0;

	module_entered();
	if (d->bus->probe)
		err = d->bus->probe(d);
	else if (drv->probe)
		err = drv->probe(d);
	return err;
}

static void unlink_pair(struct device_view *d, struct driver_view *drv)
{
	module_sysfs_remove_link(&drv->kobj, d->kobj.name);
	module_sysfs_remove_link(&d->kobj, "driver");
	for (unsigned i = 0; drv->dev_groups && drv->dev_groups[i]; i++)
		module_sysfs_remove_group(&d->kobj, drv->dev_groups[i]);
}

static int link_pair(struct device_view *d, struct driver_view *drv)
{
	int err = module_sysfs_create_link(&drv->kobj, &d->kobj, d->kobj.name);

	if (!err)
		err = module_sysfs_create_link(&d->kobj, &drv->kobj, "driver");
	for (unsigned i = 0; !err && drv->dev_groups && drv->dev_groups[i]; i++)
		err = module_sysfs_create_group(&d->kobj, drv->dev_groups[i]);
	return err;
}

static void call_remove(struct device_view *d, struct driver_view *drv)
{
	module_entered();
	if (d->bus->remove)
		d->bus->remove(d);
	else if (drv->remove)
		(void)drv->remove(d);
}

/* A device that no driver has is offered to @drv. */
static void try_bind(struct device_view *d, struct driver_view *drv)
{
	int err;

	module_entered();
	if (d->driver || (d->bus->match && d->bus->match(d, drv) <= 0))
		return;
	d->driver = drv;
	err = call_probe(d);
	if (!err) {
		err = link_pair(d, drv);
		if (!err)
			return;
		unlink_pair(d, drv);
		call_remove(d, drv);
	}
	d->driver = NULL;
	d->driver_data = NULL;
	module_devm_release(d);
	if (err != -ENODEV && err != -ENXIO && err != -EPROBE_DEFER)
		pr_warn("%s: probe of %s failed with error %d", drv->name, d->kobj.name, err);
}

static void unbind(struct device_view *d)
{
	struct driver_view *drv = d->driver;

	if (!drv)
		return;
	unlink_pair(d, drv);
	call_remove(d, drv);
	module_devm_release(d);
	d->driver = NULL;
	d->driver_data = NULL;
}

/* ---- attributes ---- */

/* BUS_ATTR, DRIVER_ATTR: they are not told which of them is meant. */
struct plain_attr {
	struct attribute_view attr;
	long (*show)(void *object, char *buf);
	long (*store)(void *object, const char *buf, size_t n);
};

static long plain_show(struct attribute_view *a, void *object, char *buf)
{
	const struct plain_attr *attr = container_of(a, struct plain_attr, attr);

	return attr->show ? attr->show(object, buf) : -EIO;
}

static long plain_store(struct attribute_view *a, void *object, const char *buf, size_t n)
{
	const struct plain_attr *attr = container_of(a, struct plain_attr, attr);

	return attr->store ? attr->store(object, buf, n) : -EIO;
}

static long bus_show(struct kobject_view *k, struct attribute_view *a, char *buf)
{
	return plain_show(a, container_of(k, struct bus_view, kobj), buf);
}

static long bus_store(struct kobject_view *k, struct attribute_view *a, const char *buf, size_t n)
{
	return plain_store(a, container_of(k, struct bus_view, kobj), buf, n);
}

static long driver_show(struct kobject_view *k, struct attribute_view *a, char *buf)
{
	return plain_show(a, container_of(k, struct driver_view, kobj), buf);
}

static long driver_store(struct kobject_view *k, struct attribute_view *a, const char *buf,
			 size_t n)
{
	return plain_store(a, container_of(k, struct driver_view, kobj), buf, n);
}

static const struct sysfs_ops_view bus_ops = { bus_show, bus_store },
				   driver_ops = { driver_show, driver_store };
static const struct kobj_type_view bus_type = { .sysfs_ops = &bus_ops },
				   driver_type = { .sysfs_ops = &driver_ops };

/* ---- buses ---- */

static bool is_registered(const struct bus_view *b)
{
	struct bus_view *other;

	list_for_each_entry (other, &buses, link)
		if (other == b)
			return true;
	return false;
}

static int add_groups(struct kobject_view *k, const struct group_view **groups)
{
	int err = 0;

	for (unsigned i = 0; !err && groups && groups[i]; i++)
		err = module_sysfs_create_group(k, groups[i]);
	return err;
}

static int add_dirs(struct bus_view *b)
{
	static struct kobject_view all = { .name = "bus", .path = (char *)"bus" };
	int err;

	module_kobject_init(&b->kobj, &bus_type);
	module_kobject_init(&b->devices_dir, NULL);
	module_kobject_init(&b->drivers_dir, NULL);
	err = module_kobject_add(&b->kobj, &all, b->name);
	if (err)
		return err;
	err = module_kobject_add(&b->devices_dir, &b->kobj, "devices");
	if (!err)
		err = module_kobject_add(&b->drivers_dir, &b->kobj, "drivers");
	if (!err)
		err = add_groups(&b->kobj, b->bus_groups);
	return err;
}

static void remove_dirs(struct bus_view *b)
{
	module_kobject_del(&b->drivers_dir);
	module_kobject_del(&b->devices_dir);
	module_kobject_del(&b->kobj);
}

int module_bus_register(struct bus_view *b)
{
	int err = -EINVAL;

	if (!b->name)
		return err;
	bus_enter();
	err = is_registered(b) ? -EEXIST : 0;
	if (!err) {
		list_init(&b->devices);
		list_init(&b->drivers);
		err = add_dirs(b);
		if (err)
			remove_dirs(b);
		else
			list_add_tail(&b->link, &buses);
	}
	bus_leave();
	return err;
}

void module_bus_unregister(struct bus_view *b)
{
	bus_enter();
	if (is_registered(b)) {
		list_del(&b->link);
		remove_dirs(b);
	}
	bus_leave();
}

/* @fn of every device behind @from (NULL: of all), until it does not return 0. */
int module_bus_each(struct bus_view *b, struct device_view *from, void *data,
		    int (*fn)(struct device_view *dev, void *data))
{
	struct device_view *d, *next;
	bool on = !from;
	int ret = 0;

	bus_enter();
	list_for_each_entry_safe (d, next, &b->devices, bus_link) {
		if (on && (ret = fn(d, data)))
			break;
		on |= d == from;
	}
	bus_leave();
	return ret;
}

/* ---- drivers ---- */

static int driver_add(struct driver_view *drv)
{
	struct device_view *d, *next;
	struct driver_view *other;
	int err;

	list_for_each_entry (other, &drv->bus->drivers, link) {
		if (strcmp(other->name, drv->name))
			continue;
		pr_err("Error: Driver '%s' is already registered, aborting...", drv->name);
		return -EBUSY;
	}
	module_kobject_init(&drv->kobj, &driver_type);
	err = module_kobject_add(&drv->kobj, &drv->bus->drivers_dir, drv->name);
	if (!err)
		err = add_groups(&drv->kobj, drv->groups);
	if (!err)
		err = add_groups(&drv->kobj, drv->bus->drv_groups);
	if (err) {
		module_kobject_del(&drv->kobj);
		return err;
	}
	list_add_tail(&drv->link, &drv->bus->drivers);
	list_for_each_entry_safe (d, next, &drv->bus->devices, bus_link)
		try_bind(d, drv);
	return 0;
}

int module_driver_register(struct driver_view *drv)
{
	int err = -EINVAL;

	bus_enter();
	if (drv->bus && drv->name && is_registered(drv->bus))
		err = driver_add(drv);
	bus_leave();
	return err;
}

void module_driver_unregister(struct driver_view *drv)
{
	struct device_view *d, *next;

	bus_enter();
	list_for_each_entry_safe (d, next, &drv->bus->devices, bus_link)
		if (d->driver == drv)
			unbind(d);
	list_del(&drv->link);
	module_kobject_del(&drv->kobj);
	bus_leave();
}

/* ---- devices ---- */

int module_device_set_name(struct device_view *d, const char *fmt, ...)
{
	char text[64];
	va_list ap;

	va_start(ap, fmt);
	(void)module_vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	kfree(d->set_name);
	d->set_name = kstrdup(text, GFP_KERNEL);
	d->kobj.name = d->set_name;
	return d->set_name ? 0 : -ENOMEM;
}

/* Its directory is there (device.c). */
int module_device_on_bus(struct device_view *d)
{
	struct driver_view *drv, *next;
	int err;

	if (!d->bus)
		return 0;
	bus_enter();
	err = is_registered(d->bus) ? add_groups(&d->kobj, d->bus->dev_groups) : -EINVAL;
	if (!err)
		err = module_sysfs_create_link(&d->bus->devices_dir, &d->kobj, d->kobj.name);
	if (!err) {
		list_add_tail(&d->bus_link, &d->bus->devices);
		list_for_each_entry_safe (drv, next, &d->bus->drivers, link)
			try_bind(d, drv);
	}
	bus_leave();
	return err;
}

void module_device_off_bus(struct device_view *d)
{
	if (!d->bus)
		return;
	bus_enter();
	unbind(d);
	list_del(&d->bus_link);
	module_sysfs_remove_link(&d->bus->devices_dir, d->kobj.name);
	bus_leave();
}

int module_device_register(struct device_view *d)
{
	const char *name = d->set_name ? d->set_name : d->init_name;

	return name ? module_device_add(d, name) : -EINVAL;
}

void module_device_unregister(struct device_view *d)
{
	module_device_del(d);
	module_device_put(d);
}

/* ---- a module goes ---- */

static struct driver_view *driver_left(const struct module *mod, const struct bus_view *b)
{
	struct driver_view *drv;

	list_for_each_entry (drv, &b->drivers, link)
		if (module_has(mod, (kaddr_t)drv))
			return drv;
	return NULL;
}

void module_buses_left(const struct module *mod)
{
	struct driver_view *drv;
	struct bus_view *b, *next;

	bus_enter();
	list_for_each_entry_safe (b, next, &buses, link) {
		while ((drv = driver_left(mod, b))) {
			pr_warn("%s: driver %s was left behind; removed", mod->name, drv->name);
			module_driver_unregister(drv);
		}
		if (!module_has(mod, (kaddr_t)b))
			continue;
		pr_warn("%s: bus %s was left behind; removed", mod->name, b->name);
		module_bus_unregister(b);
	}
	bus_leave();
}
