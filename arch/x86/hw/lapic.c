/*
 * The local APIC: end of interrupt, interrupts between CPUs, and a timer per CPU.
 *
 * OWNS     the registers of the running CPU's APIC, in memory (xAPIC) or as MSRs (x2APIC, if
 *          firmware left it on).
 * I1       regs and x2 are set once, on the boot CPU, before any other call (lapic_attach).
 * I2       the two writes of an xAPIC command are not interrupted: an interrupt handler sends
 *          commands too.
 * LOCKS    none: every register is the CPU's own.
 * CONTEXT  any.
 * SOURCES  Intel SDM 3A, chapter "Advanced Programmable Interrupt Controller (APIC)".
 */
#include "arch/io.h"
#include "arch/irqflags.h"
#include "arch/msr.h"
#include "arch/x86/hw/irqchip.h"

enum {
	REG_ID = 0x20,
	REG_TPR = 0x80,
	REG_EOI = 0xb0,
	REG_SVR = 0xf0,
	REG_ESR = 0x280,
	REG_ICR = 0x300,
	REG_ICR_DEST = 0x310,
	REG_LVT_TIMER = 0x320,
	REG_LVT_LINT0 = 0x350,
	REG_LVT_LINT1 = 0x360,
	REG_LVT_ERROR = 0x370,
	REG_TIMER_INITIAL = 0x380,
	REG_TIMER_CURRENT = 0x390,
	REG_TIMER_DIVIDE = 0x3e0,
	SVR_ENABLE = 0x100,
	LVT_MASKED = 1 << 16,
	LVT_NMI = 4 << 8,
	LVT_EXTINT = 7 << 8,
	LVT_TIMER_DEADLINE = 2 << 17,
	DIVIDE_BY_1 = 0xb,
	ICR_INIT = 5 << 8,
	ICR_STARTUP = 6 << 8,
	ICR_PENDING = 1 << 12,
	ICR_ASSERT = 1 << 14,
	ICR_LEVEL = 1 << 15,
};

#define APIC_BASE_ENABLE (1u << 11)
#define APIC_BASE_X2	 (1u << 10)

static volatile char *regs; /* i */
static bool x2;		    /* i */

static uint32_t reg_read(unsigned reg)
{
	if (x2)
		return (uint32_t)rdmsr(MSR_X2APIC + reg / 16);
	return mmio_read32(regs + reg);
}

static void reg_write(unsigned reg, uint32_t v)
{
	if (x2)
		wrmsr(MSR_X2APIC + reg / 16, v);
	else
		mmio_write32(regs + reg, v);
}

bool lapic_in_cpu(void)
{
	return cpuid(1, 0).d >> 9 & 1;
}

phys_t lapic_default_regs(void)
{
	return rdmsr(MSR_APIC_BASE) & 0xffffff000ULL;
}

void lapic_attach(void *mapped)
{
	regs = mapped;
	x2 = rdmsr(MSR_APIC_BASE) & APIC_BASE_X2;
}

bool lapic_attached(void)
{
	return regs || x2;
}

void lapic_setup(bool extint)
{
	uint64_t base = rdmsr(MSR_APIC_BASE) | APIC_BASE_ENABLE;

	wrmsr(MSR_APIC_BASE, x2 ? base | APIC_BASE_X2 : base);
	reg_write(REG_TPR, 0);
	reg_write(REG_LVT_TIMER, LVT_MASKED | VEC_TIMER);
	reg_write(REG_LVT_LINT0, extint ? LVT_EXTINT : LVT_MASKED);
	reg_write(REG_LVT_LINT1, LVT_NMI);
	reg_write(REG_LVT_ERROR, VEC_ERROR);
	reg_write(REG_ESR, 0);
	reg_write(REG_SVR, SVR_ENABLE | VEC_SPURIOUS);
	reg_write(REG_EOI, 0); /* whatever firmware left in service */
}

uint32_t lapic_id(void)
{
	uint32_t id = reg_read(REG_ID);

	return x2 ? id : id >> 24;
}

void lapic_eoi(void)
{
	reg_write(REG_EOI, 0);
}

static void send(uint32_t apic_id, uint32_t command)
{
	irqflags_t f;

	if (x2) {
		__asm__ volatile(
			"mfence" ::
				: "memory"); /* the MSR write does not wait for earlier stores */
		wrmsr(MSR_X2APIC + REG_ICR / 16, (uint64_t)apic_id << 32 | command);
		return;
	}
	f = irq_save();
	while (reg_read(REG_ICR) & ICR_PENDING)
		cpu_relax();
	reg_write(REG_ICR_DEST, apic_id << 24);
	reg_write(REG_ICR, command);
	irq_restore(f);
}

void lapic_send_fixed(uint32_t apic_id, unsigned vector)
{
	send(apic_id, ICR_ASSERT | vector);
}

void lapic_send_init(uint32_t apic_id)
{
	send(apic_id, ICR_INIT | ICR_LEVEL | ICR_ASSERT);
	if (!x2)
		send(apic_id, ICR_INIT | ICR_LEVEL);
}

void lapic_send_startup(uint32_t apic_id, unsigned page)
{
	send(apic_id, ICR_STARTUP | ICR_ASSERT | (page & 0xff));
}

void lapic_timer_oneshot_mode(void)
{
	reg_write(REG_TIMER_DIVIDE, DIVIDE_BY_1);
	reg_write(REG_LVT_TIMER, VEC_TIMER);
}

void lapic_timer_deadline_mode(void)
{
	reg_write(REG_LVT_TIMER, LVT_TIMER_DEADLINE | VEC_TIMER);
	__asm__ volatile("mfence" ::
				 : "memory"); /* SDM: before the first write of the deadline MSR */
}

void lapic_timer_start(uint32_t count)
{
	reg_write(REG_TIMER_INITIAL, count);
}

uint32_t lapic_timer_left(void)
{
	return reg_read(REG_TIMER_CURRENT);
}
