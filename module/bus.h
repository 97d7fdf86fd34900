/* Buses of modules; shared by the files of module/ only. */
#ifndef MODULE_BUS_H
#define MODULE_BUS_H

#include "mm/gfp.h"
#include "module/bus_view.h"

struct module;

int module_bus_register(struct bus_view *b);
void module_bus_unregister(struct bus_view *b);
int module_driver_register(struct driver_view *d);
void module_driver_unregister(struct driver_view *d);
int module_device_register(struct device_view *d);
void module_device_unregister(struct device_view *d);
int module_device_on_bus(struct device_view *d);
void module_device_off_bus(struct device_view *d);
int module_device_set_name(struct device_view *d, const char *fmt, ...);
int module_bus_each(struct bus_view *b, struct device_view *from, void *data,
		    int (*fn)(struct device_view *dev, void *data));

/* What a device is given until it loses its driver: memory (@fn NULL) or a call. */
void *module_devm_alloc(struct device_view *d, size_t n, gfp_t gfp);
void module_devm_free(struct device_view *d, const void *p);
int module_devm_action(struct device_view *d, void (*fn)(void *data), void *data);
void module_devm_release(struct device_view *d);

/* ---- platform.c ---- */
extern struct bus_view module_platform_bus;
extern struct device_view module_platform_root;
int module_platform_driver_register(struct platform_driver_view *d, struct module *owner);
int module_platform_device_add(struct platform_device_view *p);
struct platform_device_view *module_platform_device_alloc(const char *name, int id);

#endif
