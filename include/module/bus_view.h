/* Buses, drivers and platform devices: the layouts that both sides know. include/linux gives them Linux's names. */
#ifndef MODULE_BUS_VIEW_H
#define MODULE_BUS_VIEW_H

#include "module/device_view.h"
#include "module/resource_view.h"

struct driver_view { /* struct device_driver */
	const char *name;
	struct bus_view *bus;
	struct module *owner;
	const char *mod_name;
	bool suppress_bind_attrs;
	int probe_type;
	const struct of_id_view *of_match_table;
	const void *acpi_match_table;
	int (*probe)(struct device_view *dev);
	int (*remove)(struct device_view *dev);
	void (*shutdown)(struct device_view *dev);
	void *suspend, *resume;
	const struct group_view **groups, **dev_groups;
	const void *pm;
	struct kobject_view kobj;
	struct list_head link; /* of the bus */
};

struct bus_view { /* struct bus_type */
	const char *name, *dev_name;
	struct device_view *dev_root;
	const struct group_view **bus_groups, **dev_groups, **drv_groups;
	int (*match)(struct device_view *dev, struct driver_view *drv);
	int (*uevent)(struct device_view *dev, void *env);
	int (*probe)(struct device_view *dev);
	void (*remove)(struct device_view *dev);
	void (*shutdown)(struct device_view *dev);
	void *suspend, *resume;
	const void *pm;
	struct kobject_view kobj, devices_dir, drivers_dir;
	struct list_head devices, drivers; /* in the order in which they came */
	struct list_head link;		   /* of all */
};

struct of_id_view { /* struct of_device_id */
	char name[32], type[32], compatible[128];
	const void *data;
};
struct platform_id_view { /* struct platform_device_id */
	char name[24];
	unsigned long driver_data;
};

struct platform_device_view {
	const char *name;
	int id;
	bool id_auto;
	struct device_view dev;
	unsigned long long platform_dma_mask;
	unsigned int num_resources;
	struct resource_view *resource;
	const struct platform_id_view *id_entry;
	const char *driver_override;
};

struct platform_driver_view {
	int (*probe)(struct platform_device_view *dev);
	int (*remove)(struct platform_device_view *dev);
	void (*remove_new)(struct platform_device_view *dev);
	void (*shutdown)(struct platform_device_view *dev);
	void *suspend, *resume;
	struct driver_view driver;
	const struct platform_id_view *id_table;
	bool prevent_deferred_probe;
};

#endif
