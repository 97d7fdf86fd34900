/*
 * Virtio devices: agreeing on features, reading their configuration, finding their driver.
 *
 * OWNS     struct virtio_device of every device that has a driver.
 * I1       a device that cannot do version 1 of the specification is left alone: nothing here speaks the older tongue.
 * CONTEXT  start: a thread.
 * SOURCES  Virtual I/O Device (VIRTIO) 1.1, 3.1 "Device Initialization".
 */
#include "drivers/virtio.h"
#include "base/errno.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "sync/klog.h"
#include "virtio_impl.h"

enum { RESET_LOOKS = 1000 * 1000 };

uint16_t virtio_config16(struct virtio_device *dev, unsigned off)
{
	return (uint16_t)(dev->bus->config8(dev, off) | dev->bus->config8(dev, off + 1) << 8);
}

uint32_t virtio_config32(struct virtio_device *dev, unsigned off)
{
	return virtio_config16(dev, off) | (uint32_t)virtio_config16(dev, off + 2) << 16;
}

uint64_t virtio_config64(struct virtio_device *dev, unsigned off)
{
	return virtio_config32(dev, off) | (uint64_t)virtio_config32(dev, off + 4) << 32;
}

static void add_status(struct virtio_device *dev, uint8_t bit)
{
	dev->bus->set_status(dev, dev->bus->get_status(dev) | bit);
}

static int reset(struct virtio_device *dev)
{
	dev->bus->set_status(dev, 0);
	for (unsigned i = 0; dev->bus->get_status(dev); i++) {
		if (i == RESET_LOOKS)
			return -ENODEV;
	}
	return 0;
}

int virtio_negotiate(struct virtio_device *dev, uint64_t known)
{
	uint64_t offered;
	int err = reset(dev);

	if (err)
		return err;
	add_status(dev, VIRTIO_ACKNOWLEDGE);
	add_status(dev, VIRTIO_DRIVER);
	offered = dev->bus->get_features(dev, 0) | (uint64_t)dev->bus->get_features(dev, 1) << 32;
	dev->features = offered & (known | VIRTIO_F_VERSION_1);
	if (!(dev->features & VIRTIO_F_VERSION_1))
		return -ENODEV;
	dev->bus->set_features(dev, 0, (uint32_t)dev->features);
	dev->bus->set_features(dev, 1, (uint32_t)(dev->features >> 32));
	add_status(dev, VIRTIO_FEATURES_OK);
	return dev->bus->get_status(dev) & VIRTIO_FEATURES_OK ? 0 : -ENODEV;
}

void virtio_ready(struct virtio_device *dev)
{
	add_status(dev, VIRTIO_DRIVER_OK);
}

void virtio_fail(struct virtio_device *dev)
{
	add_status(dev, VIRTIO_FAILED);
}

void virtio_found(const struct virtio_device *found)
{
	struct virtio_device *dev;
	int err;

	if (!virtio_has_driver(found->id))
		return;
	dev = failpoint("virtio_device") ? NULL : kzalloc(sizeof(*dev), GFP_KERNEL);
	if (!dev)
		return;
	*dev = *found;
	if (CFG_INET && dev->id == VIRTIO_ID_NET)
		err = virtio_net_probe(dev);
	else if (dev->id == VIRTIO_ID_9P)
		err = virtio_9p_probe(dev);
	else if (dev->id == VIRTIO_ID_CONSOLE)
		err = virtio_console_probe(dev);
	else
		err = virtio_blk_probe(dev);
	if (err) /* an interrupt of its may be under way: it is not freed */
		pr_warn("virtio: a %s cannot be used (error %d)",
			dev->id == VIRTIO_ID_BLOCK     ? "disk"
			: dev->id == VIRTIO_ID_9P      ? "shared folder"
			: dev->id == VIRTIO_ID_CONSOLE ? "console"
						       : "network device",
			-err);
}

void virtio_init(void)
{
	virtio_pci_scan();
	virtio_mmio_scan();
}
