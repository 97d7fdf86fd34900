/*
 * The I/O APIC: routes a device's line to a vector on a CPU.
 *
 * OWNS     the redirection table, reached through an index and a data register.
 * I1       an entry is written with its high half (destination) first and unmasked by its low half
 *          last.
 * LOCKS    the caller's: the index register makes an access two writes.
 * SOURCES  Intel 82093AA data sheet (290566), sections 3.1 and 3.2.
 */
#include "arch/io.h"
#include "arch/x86/hw/irqchip.h"

enum {
	IO_INDEX = 0x00,
	IO_DATA = 0x10,
	REG_VERSION = 1,
	REG_TABLE = 0x10,
	ENTRY_ACTIVE_LOW = 1 << 13,
	ENTRY_LEVEL = 1 << 15,
	ENTRY_MASKED = 1 << 16,
};

static void reg_write(struct ioapic *io, unsigned reg, uint32_t v)
{
	mmio_write32(io->regs + IO_INDEX, reg);
	mmio_write32(io->regs + IO_DATA, v);
}

void ioapic_init(struct ioapic *io, void *regs, uint32_t gsi_base)
{
	io->regs = regs;
	io->gsi_base = gsi_base;
	mmio_write32(io->regs + IO_INDEX, REG_VERSION);
	io->nr_pins = (mmio_read32(io->regs + IO_DATA) >> 16 & 0xff) + 1;
	for (unsigned pin = 0; pin < io->nr_pins; pin++)
		reg_write(io, REG_TABLE + 2 * pin, ENTRY_MASKED);
}

void ioapic_set(struct ioapic *io, unsigned pin, const struct ioapic_route *r)
{
	uint32_t low = r->vector;

	low |= r->level ? ENTRY_LEVEL : 0;
	low |= r->active_low ? ENTRY_ACTIVE_LOW : 0;
	reg_write(io, REG_TABLE + 2 * pin, low | ENTRY_MASKED);
	reg_write(io, REG_TABLE + 2 * pin + 1, r->apic_id << 24);
	if (!r->masked)
		reg_write(io, REG_TABLE + 2 * pin, low);
}
