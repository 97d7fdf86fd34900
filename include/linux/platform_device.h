/* Devices that are just there, and their drivers: the platform bus. */
#ifndef _LINUX_PLATFORM_DEVICE_H
#define _LINUX_PLATFORM_DEVICE_H

#include <linux/device.h>
#include <linux/ioport.h>
#include <linux/mod_devicetable.h>

#define PLATFORM_DEVID_NONE (-1)
#define PLATFORM_DEVID_AUTO (-2)
#define platform_bus_type   module_platform_bus
#define platform_bus	    module_platform_root
extern struct bus_type module_platform_bus;
extern struct device module_platform_root;

int module_platform_driver_register(struct platform_driver *d, struct module *owner);
int module_platform_device_add(struct platform_device *p);
struct platform_device *module_platform_device_alloc(const char *name, int id);

#define platform_driver_register(d)   module_platform_driver_register(d, THIS_MODULE)
#define platform_driver_unregister(d) module_driver_unregister(&(d)->driver)
#define platform_device_alloc(...)    module_platform_device_alloc(__VA_ARGS__)
#define platform_device_add(p)	      module_platform_device_add(p)
#define platform_device_del(p)	      module_device_del(&(p)->dev)
#define platform_device_put(p)	      module_device_put(&(p)->dev)
#define to_platform_device(d)	      container_of(d, struct platform_device, dev)
#define to_platform_driver(d)	      container_of(d, struct platform_driver, driver)
#define platform_get_drvdata(p)	      dev_get_drvdata(&(p)->dev)
#define platform_set_drvdata(p, data) dev_set_drvdata(&(p)->dev, data)
#define platform_get_device_id(p)     ((p)->id_entry)
#define module_platform_driver(d)                                                                  \
	module_driver(d, platform_driver_register, platform_driver_unregister)
#define builtin_platform_driver(d) module_platform_driver(d)

static inline int platform_device_register(struct platform_device *p)
{
	return module_platform_device_add(p);
}

static inline void platform_device_unregister(struct platform_device *p)
{
	if (!IS_ERR_OR_NULL(p))
		module_device_unregister(&p->dev);
}

static inline int platform_device_add_resources(struct platform_device *p,
						const struct resource *res, unsigned int nr)
{
	p->resource = kmemdup(res, nr * sizeof(*res), GFP_KERNEL);
	p->num_resources = p->resource ? nr : 0;
	return p->resource || !nr ? 0 : -ENOMEM;
}

static inline int platform_device_add_data(struct platform_device *p, const void *data, size_t n)
{
	kfree(p->dev.platform_data);
	p->dev.platform_data = data ? kmemdup(data, n, GFP_KERNEL) : NULL;
	return data && !p->dev.platform_data ? -ENOMEM : 0;
}

/* ERR_PTR(-errno). @res and @data are copied. */
static inline struct platform_device *platform_device_register_resndata(struct device *parent,
									const char *name, int id,
									const struct resource *res,
									unsigned int nr,
									const void *data, size_t n)
{
	struct platform_device *p = module_platform_device_alloc(name, id);
	int err;

	if (!p)
		return ERR_PTR(-ENOMEM);
	p->dev.parent = parent;
	err = platform_device_add_resources(p, res, nr);
	if (!err)
		err = platform_device_add_data(p, data, n);
	if (!err)
		err = module_platform_device_add(p);
	if (!err)
		return p;
	platform_device_put(p);
	return ERR_PTR(err);
}
#define platform_device_register_simple(name, id, res, nr)                                         \
	platform_device_register_resndata(NULL, name, id, res, nr, NULL, 0)
#define platform_device_register_data(parent, name, id, data, n)                                   \
	platform_device_register_resndata(parent, name, id, NULL, 0, data, n)

static inline int platform_add_devices(struct platform_device **p, int nr)
{
	for (int i = 0, err; i < nr; i++) {
		err = module_platform_device_add(p[i]);
		if (!err)
			continue;
		while (i)
			platform_device_unregister(p[--i]);
		return err;
	}
	return 0;
}

/* The @n-th of @type (with @name, if not NULL); NULL: it has none. */
static inline struct resource *module_platform_resource(struct platform_device *p,
							unsigned long type, unsigned int n,
							const char *name)
{
	for (unsigned int i = 0; i < p->num_resources; i++) {
		struct resource *r = &p->resource[i];

		if ((r->flags & type) && (!name || (r->name && !strcmp(r->name, name))) && !n--)
			return r;
	}
	return NULL;
}
#define platform_get_resource(p, type, n)	    module_platform_resource(p, type, n, NULL)
#define platform_get_resource_byname(p, type, name) module_platform_resource(p, type, 0, name)

static inline int platform_get_irq(struct platform_device *p, unsigned int n)
{
	const struct resource *r = platform_get_resource(p, IORESOURCE_IRQ, n);

	return r ? (int)r->start : -ENXIO;
}
#define platform_get_irq_optional platform_get_irq

static inline int platform_driver_probe(struct platform_driver *d,
					int (*probe)(struct platform_device *p))
{
	d->probe = probe;
	return platform_driver_register(d);
}

#endif
