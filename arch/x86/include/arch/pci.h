/* PCI configuration space by ports (mechanism #1). Any context. */
#ifndef ARCH_PCI_H
#define ARCH_PCI_H

#include "base/compiler.h"
#include "base/types.h"

struct pci_addr {
	uint8_t bus, dev, fn; /* 0..255, 0..31, 0..7 */
};

enum {
	PCI_VENDOR = 0x00, /* 16 bits; 0xffff: nothing there */
	PCI_DEVICE = 0x02,
	PCI_COMMAND = 0x04,
	PCI_CLASS = 0x0a, /* 16 bits: class << 8 | subclass */
	PCI_HEADER_TYPE = 0x0e,
	PCI_BAR0 = 0x10,
	PCI_SECONDARY_BUS = 0x19,
	PCI_IRQ_LINE = 0x3c,
};

/* @off aligned to the access. */
uint32_t pci_read32(struct pci_addr a, unsigned off);
uint16_t pci_read16(struct pci_addr a, unsigned off);
uint8_t pci_read8(struct pci_addr a, unsigned off);
void pci_write32(struct pci_addr a, unsigned off, uint32_t v);
void pci_write16(struct pci_addr a, unsigned off, uint16_t v);

/**
 * pci_scan - every function of every bus, in the order of addresses, bridges followed.
 * @fn: called without a lock; true ends the scan.   Return: whether @fn ended it.
 */
bool pci_scan(bool (*fn)(struct pci_addr a, void *arg), void *arg);

#endif
