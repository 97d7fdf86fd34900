/* Between the interrupt files of arch/x86/entry: dispatch calls the timer's and the IPIs' parts. */
#ifndef ENTRY_IRQ_H
#define ENTRY_IRQ_H

#include "arch/machine.h"

/* Interrupts that are no line's, counted per CPU. */
enum irq_local {
	IRQ_LOCAL_TIMER,
	IRQ_LOCAL_SPURIOUS,
	IRQ_LOCAL_RESCHEDULE,
	IRQ_LOCAL_CALL,
	IRQ_LOCAL_TLB,
	IRQ_LOCAL_ERROR,
	IRQ_NR_LOCAL
};
void irq_count_local(enum irq_local kind);

bool irq_dispatch_dynamic(unsigned vector); /* irq_dynamic.c; false: not one of its vectors */
/* Pin of global interrupt @gsi: level, active high, to @vector on the boot CPU. 0, -ENODEV. */
int must_check irq_route_pin(uint32_t gsi, unsigned vector);
void ipi_interrupt(enum ipi kind); /* ipi.c; interrupts off, already ended */
void timer_interrupt(void);	   /* timer.c; likewise */
void irq_init_secondary(void);	   /* this CPU's local APIC and timer; interrupts off */
void timer_init_secondary(void);

#endif
