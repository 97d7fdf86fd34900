/*
 * PCI configuration space through ports 0xcf8 and 0xcfc.
 *
 * OWNS     the address/data port pair.
 * I1       a scan visits each bus once: a bridge is followed only to a bus number above its own, so
 *          that a chain of bridges has at most 255 links.
 * LOCKS    pci_lock (rank IRQCHIP) makes an access of two port writes one.
 * CONTEXT  any.
 * SOURCES  PCI Local Bus Specification 3.0, 3.2.2.3.2 "Software Generation of Configuration
 *          Transactions".
 */
#include "arch/pci.h"
#include "arch/io.h"
#include "sync/spinlock.h"

enum { CONFIG_ADDRESS = 0xcf8, CONFIG_DATA = 0xcfc, HEADER_BRIDGE = 1, HEADER_MULTI = 0x80 };

static struct spinlock pci_lock = SPINLOCK_INIT(RANK_IRQCHIP);

static void select_register(struct pci_addr a, unsigned off)
{
	outl(CONFIG_ADDRESS, 1u << 31 | (uint32_t)a.bus << 16 | (a.dev & 31u) << 11 |
				     (a.fn & 7u) << 8 | (off & 0xfc));
}

uint32_t pci_read32(struct pci_addr a, unsigned off)
{
	irqflags_t f = spin_lock_irqsave(&pci_lock);
	uint32_t v;

	select_register(a, off);
	v = inl(CONFIG_DATA);
	spin_unlock_irqrestore(&pci_lock, f);
	return v;
}

uint16_t pci_read16(struct pci_addr a, unsigned off)
{
	return (uint16_t)(pci_read32(a, off) >> (off & 2) * 8);
}

uint8_t pci_read8(struct pci_addr a, unsigned off)
{
	return (uint8_t)(pci_read32(a, off) >> (off & 3) * 8);
}

void pci_write32(struct pci_addr a, unsigned off, uint32_t v)
{
	irqflags_t f = spin_lock_irqsave(&pci_lock);

	select_register(a, off);
	outl(CONFIG_DATA, v);
	spin_unlock_irqrestore(&pci_lock, f);
}

void pci_write16(struct pci_addr a, unsigned off, uint16_t v)
{
	irqflags_t f = spin_lock_irqsave(&pci_lock);

	select_register(a, off);
	outw((uint16_t)(CONFIG_DATA + (off & 2)), v);
	spin_unlock_irqrestore(&pci_lock, f);
}

struct scan {
	bool (*fn)(struct pci_addr a, void *arg);
	void *arg;
};

static bool scan_bus(const struct scan *s, unsigned bus, unsigned depth);

static bool scan_function(const struct scan *s, struct pci_addr a, unsigned depth)
{
	unsigned below;

	if (s->fn(a, s->arg))
		return true;
	if ((pci_read8(a, PCI_HEADER_TYPE) & 0x7f) != HEADER_BRIDGE)
		return false;
	below = pci_read8(a, PCI_SECONDARY_BUS);
	return below > a.bus && depth < 8 && scan_bus(s, below, depth + 1);
}

static bool scan_bus(const struct scan *s, unsigned bus, unsigned depth)
{
	for (unsigned dev = 0; dev < 32; dev++) {
		struct pci_addr a = { (uint8_t)bus, (uint8_t)dev, 0 };
		unsigned nr_fns;

		if (pci_read16(a, PCI_VENDOR) == 0xffff)
			continue;
		nr_fns = pci_read8(a, PCI_HEADER_TYPE) & HEADER_MULTI ? 8 : 1;
		for (unsigned fn = 0; fn < nr_fns; fn++) {
			a.fn = (uint8_t)fn;
			if (pci_read16(a, PCI_VENDOR) != 0xffff && scan_function(s, a, depth))
				return true;
		}
	}
	return false;
}

bool pci_scan(bool (*fn)(struct pci_addr a, void *arg), void *arg)
{
	struct scan s = { fn, arg };

	outl(CONFIG_ADDRESS, 1u << 31);
	if (inl(CONFIG_ADDRESS) != 1u << 31)
		return false; /* no PCI here */
	return scan_bus(&s, 0, 0);
}
