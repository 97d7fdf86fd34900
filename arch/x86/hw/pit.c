/*
 * The 8254 interval timer, channel 0: one interrupt after a count, and a count that can be read.
 *
 * WHY      it is the one timer whose frequency every PC knows. Used to calibrate the others, and as
 *          the timer where there is no local APIC.
 * HOW      mode 0: the output falls when the count is written and rises at zero; the count then
 *          goes on from 0xffff, so that the time since arming can be read up to 54 ms after it.
 * LOCKS    none: boot CPU at calibration, afterwards the only CPU of a machine without APICs.
 *          Interrupts off.
 * SOURCES  Intel 8254 data sheet (231164): mode 0, counter latch command.
 */
#include "arch/io.h"
#include "arch/x86/hw/irqchip.h"

enum { PIT_CH0 = 0x40, PIT_CMD = 0x43, CMD_CH0_MODE0 = 0x30, CMD_CH0_LATCH = 0x00 };

void pit_oneshot(unsigned count)
{
	outb(PIT_CMD, CMD_CH0_MODE0);
	outb(PIT_CH0, (uint8_t)count);
	outb(PIT_CH0, (uint8_t)(count >> 8));
}

unsigned pit_count(void)
{
	unsigned lo;

	outb(PIT_CMD, CMD_CH0_LATCH);
	lo = inb(PIT_CH0);
	return lo | (unsigned)inb(PIT_CH0) << 8;
}

void pit_stop(void)
{
	outb(PIT_CMD, CMD_CH0_MODE0); /* without a count it never rises */
}
