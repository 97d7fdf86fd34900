/* Drivers as courses write them: platform devices, a bus of the module's own, what devm_ calls give; what is forgotten. */
#include <linux/device.h>
#include <linux/module.h>
#include <linux/platform_device.h>
#include <linux/slab.h>
#include <linux/string.h>

#include "want.h"

static int probes, removes, freed;
static bool forget;
module_param(forget, bool, 0444);

/* ---- the platform bus ---- */

struct part {
	int number;
};

static ssize_t number_show(struct device *dev, struct device_attribute *attr, char *buf)
{
	const struct part *p = dev_get_drvdata(dev);

	return sysfs_emit(buf, "%d\n", p->number);
}
static DEVICE_ATTR_RO(number);
static struct attribute *part_attrs[] = { &dev_attr_number.attr, NULL };
ATTRIBUTE_GROUPS(part);

static void count_freed(void *data)
{
	freed += *(int *)data;
}

static int part_probe(struct platform_device *pdev)
{
	static int one = 1;
	struct resource *r = platform_get_resource(pdev, IORESOURCE_MEM, 0);
	struct part *p = devm_kzalloc(&pdev->dev, sizeof(*p), GFP_KERNEL);

	if (!p)
		return -ENOMEM;
	WANT(devm_add_action_or_reset(&pdev->dev, count_freed, &one) == 0);
	if (pdev->id == 9)
		return -EIO;
	WANT(r && resource_size(r) == 0x1000 && platform_get_irq(pdev, 0) == 11);
	WANT(platform_get_irq(pdev, 1) == -ENXIO);
	WANT(platform_get_device_id(pdev)->driver_data == 7);
	WANT(*(int *)dev_get_platdata(&pdev->dev) == 5);
	p->number = 40 + pdev->id;
	platform_set_drvdata(pdev, p);
	probes++;
	return 0;
}

static int part_remove(struct platform_device *pdev)
{
	const struct part *p = platform_get_drvdata(pdev);

	removes += p->number == 40 + pdev->id;
	return 0;
}

static const struct platform_device_id part_ids[] = { { "course-part", 7 }, {} };
static struct platform_driver part_driver = { .probe = part_probe,
					      .remove = part_remove,
					      .id_table = part_ids,
					      .driver = { .name = "course-driver",
							  .dev_groups = part_groups } };
static const struct resource part_resources[] = { DEFINE_RES_MEM(0xfd100000, 0x1000),
						  DEFINE_RES_IRQ(11) };
static struct platform_device *early, *late, *refused;

static struct platform_device *part_new(int id)
{
	const int data = 5;

	return platform_device_register_resndata(NULL, "course-part", id, part_resources, 2, &data,
						 sizeof(data));
}

static void platform(void)
{
	early = part_new(2);
	WANT(!IS_ERR(early) && probes == 0 && !early->dev.driver);
	WANT(platform_driver_register(&part_driver) == 0 && probes == 1);
	WANT(early->dev.driver == &part_driver.driver);
	WANT(platform_driver_register(&part_driver) == -EBUSY);
	late = part_new(PLATFORM_DEVID_NONE);
	WANT(!IS_ERR(late) && probes == 2 && strcmp(dev_name(&late->dev), "course-part") == 0);
	WANT(PTR_ERR(part_new(2)) == -EEXIST);
	refused = part_new(9);
	WANT(!IS_ERR(refused) && probes == 2 && !refused->dev.driver && freed == 1);
}

/* ---- a bus of its own, as in LDD3 ---- */

static int own_match(struct device *dev, struct device_driver *driver)
{
	return !strncmp(dev_name(dev), driver->name, strlen(driver->name));
}

static int own_probed, own_released;
static int own_probe(struct device *dev)
{
	own_probed++;
	return 0;
}

static int own_remove(struct device *dev)
{
	own_probed--;
	return 0;
}

static struct bus_type own_bus = { .name = "course_bus", .match = own_match };
static struct device_driver own_driver = {
	.name = "thing", .bus = &own_bus, .probe = own_probe, .remove = own_remove
};
static void own_release(struct device *dev)
{
	own_released++;
}
static struct device thing = { .bus = &own_bus, .release = own_release };

static ssize_t version_show(struct bus_type *bus, char *buf)
{
	return snprintf(buf, PAGE_SIZE, "%s 1.0\n", bus->name);
}
static BUS_ATTR_RO(version);
static ssize_t state_show(struct device_driver *driver, char *buf)
{
	return snprintf(buf, PAGE_SIZE, "%s %d\n", driver->name, own_probed);
}
static DRIVER_ATTR_RO(state);

static int count_device(struct device *dev, void *data)
{
	++*(int *)data;
	return 0;
}

static void own(void)
{
	int nr = 0;

	WANT(driver_register(&own_driver) == -EINVAL);
	WANT(bus_register(&own_bus) == 0 && bus_register(&own_bus) == -EEXIST);
	WANT(bus_create_file(&own_bus, &bus_attr_version) == 0);
	WANT(driver_register(&own_driver) == 0 && own_probed == 0);
	WANT(driver_create_file(&own_driver, &driver_attr_state) == 0);
	WANT(dev_set_name(&thing, "thing%d", 3) == 0 && device_register(&thing) == 0);
	WANT(own_probed == 1 && thing.driver == &own_driver);
	WANT(bus_for_each_dev(&own_bus, NULL, &nr, count_device) == 0 && nr == 1);
}

static int __init bus_init(void)
{
	platform();
	own();
	pr_info("course_bus: %d failures\n", failures);
	return 0;
}

static void __exit bus_exit(void)
{
	platform_device_unregister(refused);
	platform_device_unregister(late);
	WANT(removes == 1 && freed == 2);
	if (!forget)
		platform_driver_unregister(&part_driver);
	platform_device_unregister(early);
	if (!forget) {
		WANT(removes == 2 && freed == 3);
		device_unregister(&thing);
		WANT(own_probed == 0 && own_released == 1);
		driver_unregister(&own_driver);
		bus_unregister(&own_bus);
	}
	pr_info("course_bus: exit %d failures\n", failures);
}
module_init(bus_init);
module_exit(bus_exit);
MODULE_LICENSE("GPL");
