/*
 * Hardware interrupts: from a device's line to its handler.
 *
 * OWNS     lines[] (handlers of the 16 ISA lines), the I/O APICs, the per-CPU counts.
 * WHY      two worlds behind one interface: local APIC with I/O APICs, or the PIC. A line has the
 *          same vector in both, so dispatch differs only in the end-of-interrupt.
 * I1       a line is unmasked only while lines[] has its handler.
 * I2       a handler runs on the boot CPU with interrupts off; handlers do not nest.
 * I3       edge-triggered interrupts are ended before their handler runs (an edge during it must
 *          not be lost), level-triggered ones after it (the line is still asserted before).
 * LOCKS    irq_lock (rank IRQCHIP) for lines[] and the chips' registers; dispatch reads a line
 *          without it: handler and argument are written before the line is unmasked, and kept until
 *          after it is masked.
 * CONTEXT  irq_dispatch: interrupt, interrupts off. The rest: threads.
 * NOT HERE the timer (timer.c), interrupts between CPUs (ipi.c).
 * SOURCES  Intel SDM 3A, chapter "Advanced Programmable Interrupt Controller (APIC)";
 *          MultiProcessor Specification 1.4.
 */
#include "arch/x86/entry/irq.h"
#include "arch/acpi.h"
#include "arch/machine.h"
#include "arch/x86/hw/irqchip.h"
#include "base/errno.h"
#include "lib/cmdline.h"
#include "mm/vmalloc.h"
#include "sync/kassert.h"
#include "sync/klog.h"
#include "sync/percpu.h"
#include "sync/spinlock.h"

struct irq_line {
	irq_handler_fn fn; /* l: irq_lock; read by dispatch */
	void *arg;
	const char *name;
};

static struct spinlock irq_lock = SPINLOCK_INIT(RANK_IRQCHIP);
static struct irq_line lines[NR_ISA_LINES];
static struct ioapic ioapics[ACPI_MAX_IOAPICS];
static unsigned nr_ioapics;

static DEFINE_PER_CPU(struct pt_regs *, irq_regs_now);
static DEFINE_PER_CPU(unsigned long[NR_ISA_LINES], line_counts);
static DEFINE_PER_CPU(unsigned long[IRQ_NR_LOCAL], local_counts);

static const char *const local_names[IRQ_NR_LOCAL][2] = {
	[IRQ_LOCAL_TIMER] = { "LOC", "Local timer interrupts" },
	[IRQ_LOCAL_SPURIOUS] = { "SPU", "Spurious interrupts" },
	[IRQ_LOCAL_RESCHEDULE] = { "RES", "Rescheduling interrupts" },
	[IRQ_LOCAL_CALL] = { "CAL", "Function call interrupts" },
	[IRQ_LOCAL_TLB] = { "TLB", "TLB shootdowns" },
	[IRQ_LOCAL_ERROR] = { "ERR", "APIC errors" },
};

struct pt_regs *irq_regs(void)
{
	return this_cpu(irq_regs_now);
}

bool in_interrupt(void)
{
	return this_cpu(irq_regs_now) != NULL;
}

void irq_count_local(enum irq_local kind)
{
	this_cpu(local_counts)[kind]++;
}

static void eoi(unsigned line)
{
	if (nr_ioapics)
		lapic_eoi();
	else
		pic_eoi(line);
}

static void dispatch_line(unsigned line)
{
	struct irq_line *l = &lines[line];
	bool level = nr_ioapics && acpi.isa[line].level;

	if (!nr_ioapics && pic_spurious(line)) {
		irq_count_local(IRQ_LOCAL_SPURIOUS);
		return;
	}
	this_cpu(line_counts)[line]++;
	if (!level)
		eoi(line);
	if (l->fn)
		l->fn(l->arg);
	if (level)
		eoi(line);
}

static void dispatch_local(unsigned vector)
{
	switch (vector) {
	case VEC_TIMER:
		lapic_eoi();
		irq_count_local(IRQ_LOCAL_TIMER);
		timer_interrupt();
		break;
	case VEC_IPI0 ... VEC_IPI0 + IPI_NR - 1:
		lapic_eoi();
		ipi_interrupt((enum ipi)(vector - VEC_IPI0));
		break;
	case VEC_ERROR:
		lapic_eoi();
		irq_count_local(IRQ_LOCAL_ERROR);
		break;
	default: /* the spurious vector must not be ended; others are nobody's */
		if (!irq_dispatch_dynamic(vector))
			irq_count_local(IRQ_LOCAL_SPURIOUS);
		break;
	}
}

void irq_dispatch(struct pt_regs *regs, unsigned vector)
{
	struct pt_regs *outer = this_cpu(irq_regs_now);

	kassert(!irqs_enabled());
	this_cpu(irq_regs_now) = regs;
	if (vector - VEC_LINE0 < NR_ISA_LINES)
		dispatch_line(vector - VEC_LINE0);
	else
		dispatch_local(vector);
	this_cpu(irq_regs_now) = outer;
}

/* The chip with global interrupt @gsi, NULL when none has it. */
static struct ioapic *ioapic_of(uint32_t gsi)
{
	for (unsigned i = 0; i < nr_ioapics; i++)
		if (gsi - ioapics[i].gsi_base < ioapics[i].nr_pins)
			return &ioapics[i];
	return NULL;
}

static int pin_set(uint32_t gsi, const struct ioapic_route *r) must_hold(irq_lock)
{
	struct ioapic *io = ioapic_of(gsi);

	if (!io)
		return -ENODEV;
	ioapic_set(io, gsi - io->gsi_base, r);
	return 0;
}

/* Return: 0, or -ENODEV when no controller has the line. */
static int line_set_masked(unsigned line, bool masked) must_hold(irq_lock)
{
	const struct acpi_isa_route *isa = &acpi.isa[line];
	struct ioapic_route r = {
		.vector = VEC_LINE0 + line,
		.apic_id = acpi.apic_ids[0],
		.level = isa->level,
		.active_low = isa->active_low,
		.masked = masked,
	};

	if (!nr_ioapics) {
		pic_mask(line, masked);
		return 0;
	}
	/* The timer is wired to pin 2, where the PIC would be; not every table says so (QEMU's
	 * microvm does not). */
	if (line == 0 && isa->gsi == 0)
		(void)pin_set(2, &r);
	return pin_set(isa->gsi, &r);
}

int irq_request(unsigned line, irq_handler_fn fn, void *arg, const char *name)
{
	irqflags_t f;
	int err = -EBUSY;

	if (line >= NR_ISA_LINES || !fn)
		return -EINVAL;
	f = spin_lock_irqsave(&irq_lock);
	if (!lines[line].fn) {
		lines[line] = (struct irq_line){ fn, arg, name };
		err = line_set_masked(line, false);
		if (err)
			lines[line] = (struct irq_line){ NULL, NULL, NULL };
	}
	spin_unlock_irqrestore(&irq_lock, f);
	return err;
}

int irq_route_pin(uint32_t gsi, unsigned vector)
{
	struct ioapic_route r = { .vector = vector, .apic_id = acpi.apic_ids[0], .level = true };
	irqflags_t f = spin_lock_irqsave(&irq_lock);
	int err = pin_set(gsi, &r);

	spin_unlock_irqrestore(&irq_lock, f);
	return err;
}

void irq_free(unsigned line)
{
	irqflags_t f = spin_lock_irqsave(&irq_lock);

	must(line < NR_ISA_LINES && lines[line].fn);
	must(line_set_masked(line, true) == 0);
	lines[line] = (struct irq_line){ NULL, NULL, NULL };
	spin_unlock_irqrestore(&irq_lock, f);
}

void irq_mask(unsigned line, bool masked)
{
	irqflags_t f = spin_lock_irqsave(&irq_lock);

	must(line < NR_ISA_LINES && lines[line].fn);
	must(line_set_masked(line, masked) == 0);
	spin_unlock_irqrestore(&irq_lock, f);
}

bool machine_ports(unsigned n, unsigned *start, unsigned *last, const char **name)
{
	static const struct {
		unsigned short start, last;
		const char *name;
	} ports[] = { { 0x20, 0x21, "pic1" },	  { 0x40, 0x43, "timer0" },
		      { 0x70, 0x71, "rtc0" },	  { 0xa0, 0xa1, "pic2" },
		      { 0x3f8, 0x3ff, "serial" }, { 0xcf8, 0xcff, "PCI conf1" } };

	if (n >= ARRAY_SIZE(ports))
		return false;
	*start = ports[n].start;
	*last = ports[n].last;
	*name = ports[n].name;
	return true;
}

unsigned long irq_count(unsigned line, unsigned cpu, const char **name)
{
	if (line >= NR_ISA_LINES)
		return 0;
	if (name)
		*name = lines[line].name;
	return per_cpu(line_counts, cpu)[line];
}

bool irq_local_count(unsigned n, unsigned cpu, unsigned long *count, const char **name,
		     const char **text)
{
	if (n >= IRQ_NR_LOCAL)
		return false;
	*count = per_cpu(local_counts, cpu)[n];
	*name = local_names[n][0];
	*text = local_names[n][1];
	return true;
}

static void ioapics_attach(void)
{
	for (unsigned i = 0; i < acpi.nr_ioapics; i++) {
		void *regs = ioremap(acpi.ioapics[i].regs, PAGE_SIZE);

		if (regs)
			ioapic_init(&ioapics[nr_ioapics++], regs, acpi.ioapics[i].gsi_base);
	}
}

static bool option(const char *name)
{
	return cmdline_get(boot_info.cmdline, name, NULL, 0);
}

void irq_init(void)
{
	phys_t regs = acpi.lapic_regs;

	pic_init(VEC_LINE0);
	if (!lapic_in_cpu() || option("nolapic")) {
		pr_info("irq: PIC");
		return;
	}
	if (!regs)
		regs = lapic_default_regs();
	lapic_attach(ioremap(regs, PAGE_SIZE));
	if (!lapic_attached())
		return;
	if (!option("noapic"))
		ioapics_attach();
	lapic_setup(nr_ioapics == 0);
	pr_info("irq: local APIC %u, %s", lapic_id(), nr_ioapics ? "I/O APIC" : "PIC");
}

void irq_init_secondary(void)
{
	lapic_setup(false);
	timer_init_secondary();
}
