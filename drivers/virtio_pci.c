/*
 * Virtio devices on PCI: the structures that their capabilities point at, and their interrupt, a message.
 *
 *   capability 9 (vendor): common configuration | where to notify | interrupt status | the device's own configuration
 *   capability 17 (MSI-X): a table of messages; ours is number 0, for all queues
 *
 * OWNS     nothing but the mapping of the structures.
 * WHY      a message has a vector of its own; a line would have to be looked up in the firmware's byte code. Without a local
 *          APIC the line that the firmware has noted is used, if nobody has it yet.
 * I1       every structure lies inside its BAR, by the capability's word and the BAR's kind; else the device is left alone.
 * CONTEXT  start: a thread.   FAILS  a device that is not understood is passed over.
 * SOURCES  Virtual I/O Device (VIRTIO) 1.1, 4.1 "Virtio Over PCI Bus"; PCI Local Bus Specification 3.0, 6.7, 6.8.
 */
#include "arch/io.h"
#include "arch/irq_dynamic.h"
#include "arch/machine.h"
#include "arch/pci.h"
#include "base/errno.h"
#include "mm/alloc.h"
#include "mm/vmalloc.h"
#include "virtio_impl.h"

enum {
	VENDOR_VIRTIO = 0x1af4,
	DEVICE_TRANSITIONAL = 0x1000, /* + 0..0x3f: the kind is in the subsystem id */
	DEVICE_MODERN = 0x1040,	      /* + kind */
	DEVICE_END = 0x1080,
	PCI_STATUS = 0x06,
	PCI_SUBSYSTEM = 0x2e,
	PCI_CAPS = 0x34,
	STATUS_HAS_CAPS = 0x10,
	COMMAND_MEMORY = 2,
	COMMAND_MASTER = 4,
	COMMAND_NO_LINE = 0x400,
	CAP_VENDOR = 9,
	CAP_MSIX = 17,
	CAPS_MAX = 48
};
enum { CFG_COMMON = 1, CFG_NOTIFY = 2, CFG_ISR = 3, CFG_DEVICE = 4 };
/* Common configuration. */
enum {
	FEATURES_SEL = 0x00,
	FEATURES = 0x04,
	DRIVER_FEATURES_SEL = 0x08,
	DRIVER_FEATURES = 0x0c,
	CONFIG_VECTOR = 0x10,
	STATUS = 0x14,
	QUEUE_SEL = 0x16,
	QUEUE_SIZE = 0x18,
	QUEUE_VECTOR = 0x1a,
	QUEUE_ENABLE = 0x1c,
	QUEUE_NOTIFY_OFF = 0x1e,
	QUEUE_DESC = 0x20,
	QUEUE_AVAIL = 0x28,
	QUEUE_USED = 0x30,
	COMMON_SIZE = 0x38,
	NO_VECTOR = 0xffff
};
enum { MSIX_ENABLE = 0x8000, MSIX_ENTRY = 16 };

static struct pci_addr addr_of(const struct virtio_device *dev)
{
	return (struct pci_addr){ (uint8_t)(dev->pci >> 16), (uint8_t)(dev->pci >> 8),
				  (uint8_t)dev->pci };
}

/* ---- the bus's calls ---- */

static uint8_t get_status(struct virtio_device *dev)
{
	return mmio_read8(dev->regs + STATUS);
}

static void set_status(struct virtio_device *dev, uint8_t status)
{
	mmio_write8(dev->regs + STATUS, status);
}

static uint32_t get_features(struct virtio_device *dev, unsigned word)
{
	mmio_write32(dev->regs + FEATURES_SEL, word);
	return mmio_read32(dev->regs + FEATURES);
}

static void set_features(struct virtio_device *dev, unsigned word, uint32_t bits)
{
	mmio_write32(dev->regs + DRIVER_FEATURES_SEL, word);
	mmio_write32(dev->regs + DRIVER_FEATURES, bits);
}

static unsigned queue_max(struct virtio_device *dev, unsigned index)
{
	mmio_write16(dev->regs + QUEUE_SEL, (uint16_t)index);
	return mmio_read16(dev->regs + QUEUE_SIZE);
}

static void put_address(struct virtio_device *dev, unsigned reg, const void *p)
{
	phys_t pa = virt_to_phys(p);

	mmio_write32(dev->regs + reg, (uint32_t)pa);
	mmio_write32(dev->regs + reg + 4, (uint32_t)(pa >> 32));
}

static int queue_start(struct virtio_device *dev, struct virtq *q)
{
	uint16_t vector = dev->msix ? 0 : NO_VECTOR;

	mmio_write16(dev->regs + QUEUE_SEL, (uint16_t)q->index);
	mmio_write16(dev->regs + QUEUE_SIZE, (uint16_t)q->size);
	mmio_write16(dev->regs + QUEUE_VECTOR, vector);
	if (mmio_read16(dev->regs + QUEUE_VECTOR) != vector)
		return -ENODEV;
	put_address(dev, QUEUE_DESC, q->desc);
	put_address(dev, QUEUE_AVAIL, q->avail);
	put_address(dev, QUEUE_USED, q->used);
	q->notify =
		dev->notify + (size_t)mmio_read16(dev->regs + QUEUE_NOTIFY_OFF) * dev->notify_step;
	mmio_write16(dev->regs + QUEUE_ENABLE, 1);
	return 0;
}

static uint8_t config8(struct virtio_device *dev, unsigned off)
{
	return off < dev->config_len ? mmio_read8(dev->config + off) : 0;
}

static void message(void *arg)
{
	struct virtio_device *dev = arg;

	dev->interrupt(dev);
}

static void line(void *arg)
{
	struct virtio_device *dev = arg;

	if (mmio_read8(dev->isr)) /* reading it ends the request */
		dev->interrupt(dev);
}

static unsigned cap_find(struct pci_addr a, uint8_t id, unsigned after);

static int start_message(struct virtio_device *dev)
{
	struct pci_addr a = addr_of(dev);
	unsigned cap = cap_find(a, CAP_MSIX, 0);
	struct irq_message m;
	int err = irq_request_message(message, dev, "virtio", &m);

	if (err)
		return err;
	mmio_write32(dev->msix + 0, m.address);
	mmio_write32(dev->msix + 4, 0);
	mmio_write32(dev->msix + 8, m.data);
	mmio_write32(dev->msix + 12, 0); /* unmasked */
	pci_write16(a, cap + 2, (uint16_t)(pci_read16(a, cap + 2) | MSIX_ENABLE));
	mmio_write16(dev->regs + CONFIG_VECTOR, NO_VECTOR);
	return 0;
}

static int start_interrupts(struct virtio_device *dev)
{
	struct pci_addr a = addr_of(dev);
	uint16_t command = pci_read16(a, PCI_COMMAND);

	if (dev->msix) {
		int err = start_message(dev);

		if (!err) {
			pci_write16(a, PCI_COMMAND, command | COMMAND_NO_LINE);
			return 0;
		}
		dev->msix = NULL;
	}
	pci_write16(a, PCI_COMMAND, command & (uint16_t)~COMMAND_NO_LINE);
	return irq_request(pci_read8(a, PCI_IRQ_LINE), line, dev, "virtio");
}

static const struct virtio_bus pci_bus = {
	.get_status = get_status,
	.set_status = set_status,
	.get_features = get_features,
	.set_features = set_features,
	.queue_max = queue_max,
	.queue_start = queue_start,
	.config8 = config8,
	.start_interrupts = start_interrupts,
};

/* ---- finding ---- */

/* The next capability @id behind @after (0: from the first); 0: there is none. */
static unsigned cap_find(struct pci_addr a, uint8_t id, unsigned after)
{
	unsigned cap;

	if (!(pci_read16(a, PCI_STATUS) & STATUS_HAS_CAPS))
		return 0;
	cap = pci_read8(a, after ? after + 1 : PCI_CAPS) & 0xfc;
	for (unsigned n = 0; cap && n < CAPS_MAX; n++) {
		if (pci_read8(a, cap) == id)
			return cap;
		cap = pci_read8(a, cap + 1) & 0xfc;
	}
	return 0;
}

/* Bytes [@off, + @len) of memory BAR @bar, mapped. NULL: it is none, or lies where this CPU does not reach. */
static volatile char *map_bar(struct pci_addr a, unsigned bar, uint32_t off, uint32_t len)
{
	unsigned reg = PCI_BAR0 + 4 * bar;
	uint64_t pa;
	uint32_t low;

	if (bar > 5 || off + len < off)
		return NULL;
	low = pci_read32(a, reg);
	pa = low & ~15U;
	if (low & 1)
		return NULL;
	if ((low & 6) == 4 && bar < 5)
		pa |= (uint64_t)pci_read32(a, reg + 4) << 32;
	if (!pa || (cpu_phys_bits() < 64 && pa >> cpu_phys_bits()))
		return NULL;
	return ioremap(pa + off, len);
}

static void use_cap(struct virtio_device *dev, struct pci_addr a, unsigned cap)
{
	unsigned bar = pci_read8(a, cap + 4);
	uint32_t off = pci_read32(a, cap + 8), len = pci_read32(a, cap + 12);

	switch (pci_read8(a, cap + 3)) {
	case CFG_COMMON:
		if (!dev->regs && len >= COMMON_SIZE)
			dev->regs = map_bar(a, bar, off, len);
		break;
	case CFG_NOTIFY:
		if (!dev->notify && len >= 2) {
			dev->notify = map_bar(a, bar, off, len);
			dev->notify_step = pci_read32(a, cap + 16);
		}
		break;
	case CFG_ISR:
		if (!dev->isr && len >= 1)
			dev->isr = map_bar(a, bar, off, len);
		break;
	case CFG_DEVICE:
		if (!dev->config) {
			dev->config = map_bar(a, bar, off, len);
			dev->config_len = dev->config ? len : 0;
		}
		break;
	default:
		break;
	}
}

static void map_msix(struct virtio_device *dev, struct pci_addr a)
{
	unsigned cap = cap_find(a, CAP_MSIX, 0);
	uint32_t table;

	if (!cap)
		return;
	table = pci_read32(a, cap + 4);
	dev->msix = map_bar(a, table & 7, table & ~7U, MSIX_ENTRY);
}

static bool probe(struct pci_addr a, void *unused)
{
	struct virtio_device dev = { .bus = &pci_bus };
	unsigned id = pci_read16(a, PCI_DEVICE), cap = 0;

	if (pci_read16(a, PCI_VENDOR) != VENDOR_VIRTIO || id < DEVICE_TRANSITIONAL ||
	    id >= DEVICE_END)
		return false;
	dev.id = id >= DEVICE_MODERN ? id - DEVICE_MODERN : pci_read16(a, PCI_SUBSYSTEM);
	if (!virtio_has_driver(dev.id)) /* nothing is mapped for what has no driver */
		return false;
	dev.pci = (uint32_t)a.bus << 16 | (uint32_t)a.dev << 8 | a.fn;
	pci_write16(a, PCI_COMMAND,
		    (uint16_t)(pci_read16(a, PCI_COMMAND) | COMMAND_MEMORY | COMMAND_MASTER));
	for (unsigned n = 0; n < CAPS_MAX && (cap = cap_find(a, CAP_VENDOR, cap)) != 0; n++)
		use_cap(&dev, a, cap);
	map_msix(&dev, a);
	if (dev.regs && dev.notify && dev.isr && dev.config)
		virtio_found(&dev);
	return false;
}

void virtio_pci_scan(void)
{
	(void)pci_scan(probe, NULL);
}
