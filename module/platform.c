/*
 * The platform bus: devices that are just there, told by name. /sys/bus/platform, /sys/devices/platform.
 *
 * OWNS     the bus and its root, made with the first module that names it (module_platform_start) and kept.
 * WHY      courses write drivers for devices that they make themselves.
 * CONTEXT  threads; sleeps.   FAILS  -ENOMEM, -EEXIST, -EINVAL.
 * NOT HERE the binding (bus.c); firmware that lists devices: there is none.
 * SOURCES  Linux Documentation/driver-api/driver-model/platform.rst.   TESTED BY  module_course (guest)
 */
#include "module/bus.h"

#include "base/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "module/device.h"
#include "sync/failpoint.h"

enum { ID_NONE = -1, ID_AUTO = -2 };

static struct platform_device_view *device_of(struct device_view *d)
{
	return container_of(d, struct platform_device_view, dev);
}

static struct platform_driver_view *driver_of(struct driver_view *d)
{
	return container_of(d, struct platform_driver_view, driver);
}

/* By the override, then by the table of names where there is one, then by the driver's name. */
static int match(struct device_view *d, struct driver_view *drv)
{
	struct platform_device_view *p = device_of(d);
	const struct platform_id_view *id = driver_of(drv)->id_table;

	if (p->driver_override)
		return !strcmp(p->driver_override, drv->name);
	if (!id)
		return !strcmp(p->name, drv->name);
	for (; id->name[0]; id++) {
		if (strcmp(p->name, id->name))
			continue;
		p->id_entry = id;
		return 1;
	}
	return 0;
}

static int probe(struct device_view *d)
{
	const struct platform_driver_view *drv = driver_of(d->driver);

	return drv->probe ? drv->probe(device_of(d)) : 0;
}

static void remove(struct device_view *d)
{
	const struct platform_driver_view *drv = driver_of(d->driver);

	if (drv->remove_new)
		drv->remove_new(device_of(d));
	else if (drv->remove)
		(void)drv->remove(device_of(d));
}

struct bus_view module_platform_bus = {
	.name = "platform", .match = match, .probe = probe, .remove = remove
};
struct device_view module_platform_root = { .kobj = { .name = "platform",
						      .path = (char *)"devices/platform" } };

/* 0 also when it is there already. */
static int start(void)
{
	int err = module_bus_register(&module_platform_bus);

	if (err == -EEXIST)
		return 0;
	if (!err)
		err = sysfs_create_dir(module_platform_root.kobj.path);
	return err == -EEXIST ? 0 : err;
}

int module_platform_driver_register(struct platform_driver_view *d, struct module *owner)
{
	int err = start();

	d->driver.owner = owner;
	d->driver.bus = &module_platform_bus;
	return err ? err : module_driver_register(&d->driver);
}

static int set_name(struct platform_device_view *p)
{
	static int last_auto = -1;

	if (p->id == ID_NONE)
		return module_device_set_name(&p->dev, "%s", p->name);
	if (p->id != ID_AUTO)
		return module_device_set_name(&p->dev, "%s.%d", p->name, p->id);
	p->id = __atomic_add_fetch(&last_auto, 1, __ATOMIC_RELAXED);
	p->id_auto = true;
	return module_device_set_name(&p->dev, "%s.%d.auto", p->name, p->id);
}

int module_platform_device_add(struct platform_device_view *p)
{
	int err = p->name ? start() : -EINVAL;

	if (!err)
		err = set_name(p);
	if (err)
		return err;
	if (!p->dev.parent)
		p->dev.parent = &module_platform_root;
	p->dev.bus = &module_platform_bus;
	return module_device_register(&p->dev);
}

/* ---- devices of the kernel's memory ---- */

static void release(struct device_view *d)
{
	struct platform_device_view *p = device_of(d);

	kfree(d->platform_data);
	kfree(p->resource);
	kfree(p);
}

/* NULL: no memory. The name is the device's own. */
struct platform_device_view *module_platform_device_alloc(const char *name, int id)
{
	size_t n = strlen(name) + 1;
	struct platform_device_view *p =
		failpoint("module_platform") ? NULL : kzalloc(sizeof(*p) + n, GFP_KERNEL);

	if (!p)
		return NULL;
	memcpy(p + 1, name, n);
	p->name = (const char *)(p + 1);
	p->id = id;
	p->dev.release = release;
	module_kobject_init(&p->dev.kobj, NULL);
	return p;
}
