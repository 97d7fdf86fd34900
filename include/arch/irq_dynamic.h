/* Interrupts beyond the 16 ISA lines: messages, and other pins of I/O APICs. */
#ifndef ARCH_IRQ_DYNAMIC_H
#define ARCH_IRQ_DYNAMIC_H

#include "arch/machine.h"

/* An interrupt of its own for a device that sends messages (MSI): what the device shall write. 0, -ENODEV (no local APIC), -ENOSPC. */
struct irq_message {
	uint32_t address, data;
};
int must_check irq_request_message(irq_handler_fn fn, void *arg, const char *name,
				   struct irq_message *out);
/* Global interrupt @gsi: an ISA line, or a level-triggered pin of an I/O APIC. 0 or -errno. */
int must_check irq_request_gsi(unsigned gsi, irq_handler_fn fn, void *arg, const char *name);
/* The @n-th of these, for /proc/interrupts; *name NULL: unused; *gsi -1: a message. */
enum { IRQ_NR_DYNAMIC = 16 };
unsigned long irq_dynamic_count(unsigned n, unsigned cpu, const char **name, int *gsi);

#endif
