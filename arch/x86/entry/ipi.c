/*
 * Interrupts from one CPU to another.
 *
 * OWNS     handlers[].
 * I1       a kind is sent only after its handler is registered; IPI_STOP has one from the start.
 * LOCKS    none: handlers are registered by the boot CPU before the others start.
 * CONTEXT  ipi_send: any. Handlers: interrupt.
 */
#include "arch/acpi.h"
#include "arch/irqflags.h"
#include "arch/x86/entry/irq.h"
#include "arch/x86/hw/irqchip.h"
#include "sync/kassert.h"
#include "sync/percpu.h"

static void stop_here(void)
{
	machine_halt();
}

static void (*handlers[IPI_NR])(void) = { [IPI_STOP] = stop_here };

static const enum irq_local counter_of[IPI_NR] = {
	[IPI_RESCHEDULE] = IRQ_LOCAL_RESCHEDULE,
	[IPI_TLB] = IRQ_LOCAL_TLB,
	[IPI_CALL] = IRQ_LOCAL_CALL,
	[IPI_STOP] = IRQ_LOCAL_CALL,
};

void ipi_register(enum ipi kind, void (*fn)(void))
{
	handlers[kind] = fn;
}

void ipi_send(unsigned cpu, enum ipi kind)
{
	kassert(cpu < nr_cpus && handlers[kind]);
	if (lapic_attached())
		lapic_send_fixed(acpi.apic_ids[cpu], VEC_IPI0 + kind);
}

void ipi_interrupt(enum ipi kind)
{
	irq_count_local(counter_of[kind]);
	if (handlers[kind])
		handlers[kind]();
}

void smp_stop_others(void)
{
	irqflags_t f = irq_save();
	unsigned cpu;

	for_each_online_cpu (cpu)
		if (cpu != cpu_id())
			ipi_send(cpu, IPI_STOP);
	irq_restore(f);
}
