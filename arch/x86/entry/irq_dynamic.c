/*
 * Interrupts beyond the 16 ISA lines: messages (MSI-X), and I/O APIC pins that no ISA line uses.
 *
 * OWNS     dynamic[]: vectors VEC_DYNAMIC0 and on, and their handlers.
 * WHY      a PCI device's line is routed by the firmware's byte code; a message needs no route: the device writes a vector to
 *          a CPU's local APIC.
 * I1       as in irq.c: handlers run on the boot CPU, interrupts off; one is set before its source can fire, and stays.
 * I2       a message is edge-triggered, ended before its handler; a pin may be level-triggered, ended after it.
 * LOCKS    irq_lock of irq.c for a pin's registers; dynamic_lock (rank IRQCHIP) for the table.
 * CONTEXT  requests: threads. Dispatch: interrupt.   FAILS  -ENODEV without a local APIC, -ENOSPC.
 * SOURCES  Intel SDM 3A, "Message Signalled Interrupts".
 */
#include "arch/irq_dynamic.h"
#include "arch/acpi.h"
#include "arch/x86/entry/irq.h"
#include "arch/x86/hw/irqchip.h"
#include "base/errno.h"
#include "sync/percpu.h"
#include "sync/spinlock.h"

enum { MSI_ADDRESS = 0xfee00000u };

struct irq_dynamic {
	irq_handler_fn fn; /* d: dynamic_lock; read by dispatch */
	void *arg;
	const char *name;
	bool level;
	int gsi; /* -1: a message */
};

static struct spinlock dynamic_lock = SPINLOCK_INIT(RANK_IRQCHIP);
static struct irq_dynamic dynamic[IRQ_NR_DYNAMIC];
static DEFINE_PER_CPU(unsigned long[IRQ_NR_DYNAMIC], dynamic_counts);

bool irq_dispatch_dynamic(unsigned vector)
{
	unsigned n = vector - VEC_DYNAMIC0;

	if (n >= IRQ_NR_DYNAMIC)
		return false;
	this_cpu(dynamic_counts)[n]++;
	if (!dynamic[n].level)
		lapic_eoi();
	if (dynamic[n].fn)
		dynamic[n].fn(dynamic[n].arg);
	if (dynamic[n].level)
		lapic_eoi();
	return true;
}

static int reserve(const struct irq_dynamic *d, unsigned *out)
{
	irqflags_t f = spin_lock_irqsave(&dynamic_lock);
	int err = -ENOSPC;

	for (unsigned n = 0; n < IRQ_NR_DYNAMIC; n++) {
		if (!dynamic[n].fn) {
			dynamic[n] = *d;
			*out = n;
			err = 0;
			break;
		}
	}
	spin_unlock_irqrestore(&dynamic_lock, f);
	return err;
}

int irq_request_message(irq_handler_fn fn, void *arg, const char *name, struct irq_message *out)
{
	struct irq_dynamic d = { fn, arg, name, false, -1 };
	unsigned n;
	int err = lapic_attached() ? reserve(&d, &n) : -ENODEV;

	if (err)
		return err;
	out->address = MSI_ADDRESS | (acpi.apic_ids[0] & 0xff) << 12;
	out->data = VEC_DYNAMIC0 + n;
	return 0;
}

int irq_request_gsi(unsigned gsi, irq_handler_fn fn, void *arg, const char *name)
{
	struct irq_dynamic d = { fn, arg, name, true, (int)gsi };
	unsigned n;
	int err;

	if (gsi < NR_ISA_LINES)
		return irq_request(gsi, fn, arg, name);
	err = lapic_attached() ? reserve(&d, &n) : -ENODEV;
	if (err)
		return err;
	err = irq_route_pin(gsi, VEC_DYNAMIC0 + n);
	if (err) /* no such pin: nothing fires */
		dynamic[n].fn = NULL;
	return err;
}

unsigned long irq_dynamic_count(unsigned n, unsigned cpu, const char **name, int *gsi)
{
	*name = dynamic[n].fn ? dynamic[n].name : NULL;
	*gsi = dynamic[n].gsi;
	return per_cpu(dynamic_counts, cpu)[n];
}
