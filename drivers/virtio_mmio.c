/*
 * Virtio devices whose registers lie in memory: machines without PCI (QEMU's microvm, Firecracker).
 *
 *   virtio_mmio.device=SIZE@BASE:IRQ[:ID] on the command line, as often as there are devices
 *
 * OWNS     nothing: the device's registers are its own.
 * I1       version 2 of the register layout only; what is at the address has to say that it is one.
 * CONTEXT  start: a thread.
 * SOURCES  Virtual I/O Device (VIRTIO) 1.1, 4.2 "Virtio Over MMIO"; Linux's kernel-parameters, virtio_mmio.device.
 */
#include "arch/io.h"
#include "arch/irq_dynamic.h"
#include "arch/machine.h"
#include "base/errno.h"
#include "lib/cmdline.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/vmalloc.h"
#include "virtio_impl.h"

enum {
	MAGIC = 0x00,
	VERSION = 0x04,
	DEVICE_ID = 0x08,
	FEATURES = 0x10,
	FEATURES_SEL = 0x14,
	DRIVER_FEATURES = 0x20,
	DRIVER_FEATURES_SEL = 0x24,
	QUEUE_SEL = 0x30,
	QUEUE_MAX = 0x34,
	QUEUE_NUM = 0x38,
	QUEUE_READY = 0x44,
	QUEUE_NOTIFY = 0x50,
	INT_STATUS = 0x60,
	INT_ACK = 0x64,
	STATUS = 0x70,
	QUEUE_DESC = 0x80,
	QUEUE_AVAIL = 0x90,
	QUEUE_USED = 0xa0,
	CONFIG = 0x100,
	MAGIC_VALUE = 0x74726976 /* "virt" */
};

static uint32_t get(const struct virtio_device *dev, unsigned reg)
{
	return mmio_read32(dev->regs + reg);
}

static void put(struct virtio_device *dev, unsigned reg, uint32_t v)
{
	mmio_write32(dev->regs + reg, v);
}

static uint8_t get_status(struct virtio_device *dev)
{
	return (uint8_t)get(dev, STATUS);
}

static void set_status(struct virtio_device *dev, uint8_t status)
{
	put(dev, STATUS, status);
}

static uint32_t get_features(struct virtio_device *dev, unsigned word)
{
	put(dev, FEATURES_SEL, word);
	return get(dev, FEATURES);
}

static void set_features(struct virtio_device *dev, unsigned word, uint32_t bits)
{
	put(dev, DRIVER_FEATURES_SEL, word);
	put(dev, DRIVER_FEATURES, bits);
}

static unsigned queue_max(struct virtio_device *dev, unsigned index)
{
	put(dev, QUEUE_SEL, index);
	return get(dev, QUEUE_READY) ? 0 : get(dev, QUEUE_MAX);
}

static void put_address(struct virtio_device *dev, unsigned reg, const void *p)
{
	phys_t pa = virt_to_phys(p);

	put(dev, reg, (uint32_t)pa);
	put(dev, reg + 4, (uint32_t)(pa >> 32));
}

static int queue_start(struct virtio_device *dev, struct virtq *q)
{
	put(dev, QUEUE_SEL, q->index);
	put(dev, QUEUE_NUM, q->size);
	put_address(dev, QUEUE_DESC, q->desc);
	put_address(dev, QUEUE_AVAIL, q->avail);
	put_address(dev, QUEUE_USED, q->used);
	q->notify = dev->regs + QUEUE_NOTIFY;
	q->notify32 = true;
	put(dev, QUEUE_READY, 1);
	return 0;
}

static uint8_t config8(struct virtio_device *dev, unsigned off)
{
	return mmio_read8(dev->regs + CONFIG + off);
}

static void interrupt(void *arg)
{
	struct virtio_device *dev = arg;
	uint32_t status = get(dev, INT_STATUS);

	put(dev, INT_ACK, status);
	if (status)
		dev->interrupt(dev);
}

static int start_interrupts(struct virtio_device *dev)
{
	return irq_request_gsi(dev->irq, interrupt, dev, "virtio-mmio");
}

static const struct virtio_bus mmio_bus = {
	.get_status = get_status,
	.set_status = set_status,
	.get_features = get_features,
	.set_features = set_features,
	.queue_max = queue_max,
	.queue_start = queue_start,
	.config8 = config8,
	.start_interrupts = start_interrupts,
};

/* A number of the command line, with k, m, g, or 0x; *s moves behind it and the character @end. */
static bool number(const char **s, char end, uint64_t *out)
{
	const char *p = *s;

	*out = str_to_size(p, &p);
	if (p == *s || (end && *p != end))
		return false;
	*s = end ? p + 1 : p;
	return true;
}

static void probe(const char *text)
{
	struct virtio_device dev = { .bus = &mmio_bus };
	uint64_t size, base, irq;

	if (!number(&text, '@', &size) || !number(&text, ':', &base) || !number(&text, 0, &irq) ||
	    size < CONFIG || size > PAGE_SIZE || (base & 3))
		return;
	dev.regs = ioremap((phys_t)base, (size_t)size);
	dev.irq = (unsigned)irq;
	dev.config_len = (unsigned)size - CONFIG;
	if (!dev.regs)
		return;
	dev.id = get(&dev, MAGIC) == MAGIC_VALUE && get(&dev, VERSION) == 2 ? get(&dev, DEVICE_ID)
									    : 0;
	if (dev.id)
		virtio_found(&dev);
	else
		iounmap((const void *)(uintptr_t)dev.regs);
}

void virtio_mmio_scan(void)
{
	static const char key[] = "virtio_mmio.device=";
	const char *pos = boot_info.cmdline, *word;
	size_t len;

	while ((len = cmdline_word(&pos, &word)) != 0) {
		char text[64];

		if (len < sizeof(key) - 1 || strncmp(word, key, sizeof(key) - 1) != 0)
			continue;
		len = min_of(size_t, len - (sizeof(key) - 1), sizeof(text) - 1);
		memcpy(text, word + sizeof(key) - 1, len);
		text[len] = '\0';
		probe(text);
	}
}
