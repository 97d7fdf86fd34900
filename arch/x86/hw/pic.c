/*
 * The two 8259 interrupt controllers of the PC.
 *
 * OWNS     the chips and the shadow of their mask registers.
 * WHY      a machine without an I/O APIC (v86, QEMU -no-acpi) delivers its lines through them;
 *          everywhere else they must be silenced, because firmware leaves them on vectors that are
 *          CPU exceptions.
 * I1       mask[] equals the chips' mask registers after pic_init.
 * I2       line 2 (the second chip's cascade) is open exactly when some line of the second chip is.
 * LOCKS    the caller's (irq.c: irq_lock) for pic_mask; pic_eoi needs none: one write per chip.
 * CONTEXT  any, interrupts off.
 * SOURCES  Intel 8259A data sheet (231468): initialization and operation command words.
 */
#include "arch/io.h"
#include "arch/x86/hw/irqchip.h"

enum {
	PIC1 = 0x20,
	PIC2 = 0xa0, /* command port; mask port is the next */
	ICW1_INIT = 0x11,
	ICW4_8086 = 0x01,
	OCW2_EOI = 0x20,
	OCW3_READ_ISR = 0x0b,
	CASCADE = 2,
};

static uint8_t mask[2] = { 0xff, 0xff };

void pic_init(unsigned first_vector)
{
	outb(PIC1, ICW1_INIT);
	outb(PIC2, ICW1_INIT);
	outb(PIC1 + 1, (uint8_t)first_vector);
	outb(PIC2 + 1, (uint8_t)(first_vector + 8));
	outb(PIC1 + 1, 1 << CASCADE);
	outb(PIC2 + 1, CASCADE);
	outb(PIC1 + 1, ICW4_8086);
	outb(PIC2 + 1, ICW4_8086);
	mask[0] = mask[1] = 0xff;
	outb(PIC1 + 1, mask[0]);
	outb(PIC2 + 1, mask[1]);
}

void pic_mask(unsigned line, bool masked)
{
	unsigned chip = line / 8;
	uint8_t bit = (uint8_t)(1u << line % 8);

	mask[chip] = masked ? mask[chip] | bit : mask[chip] & (uint8_t)~bit;
	if (mask[1] == 0xff)
		mask[0] |= 1 << CASCADE;
	else
		mask[0] &= (uint8_t) ~(1 << CASCADE);
	outb(PIC2 + 1, mask[1]);
	outb(PIC1 + 1, mask[0]);
}

void pic_eoi(unsigned line)
{
	if (line >= 8)
		outb(PIC2, OCW2_EOI);
	outb(PIC1, OCW2_EOI);
}

bool pic_spurious(unsigned line)
{
	uint16_t port = line < 8 ? PIC1 : PIC2;

	if (line % 8 != 7)
		return false;
	outb(port, OCW3_READ_ISR);
	if (inb(port) & 0x80)
		return false;
	if (line >= 8)
		outb(PIC1, OCW2_EOI); /* the first chip did serve a real cascade request */
	return true;
}
