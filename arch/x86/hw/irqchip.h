/* Register-level drivers of the interrupt controllers and of the two interval timers. Used by
 * arch/x86 only. */
#ifndef HW_IRQCHIP_H
#define HW_IRQCHIP_H

#include "base/compiler.h"
#include "base/types.h"

/* Vectors. Lines are the same whichever controller delivers them. */
enum {
	VEC_LINE0 = 0x30,    /* ISA lines 0..15: 0x30..0x3f, as on Linux */
	VEC_DYNAMIC0 = 0x40, /* messages and other pins */
	VEC_TIMER = 0xec,
	VEC_IPI0 = 0xf0, /* + enum ipi */
	VEC_ERROR = 0xfe,
	VEC_SPURIOUS = 0xff,
	NR_ISA_LINES = 16,
};

/* ---- the two 8259 (pic.c) ---- */
void pic_init(unsigned first_vector); /* all lines masked */
void pic_mask(unsigned line, bool masked);
void pic_eoi(unsigned line);
/* Lines 7 and 15 fire without a request when one is withdrawn. Return: true, and it needs no
 * pic_eoi. */
bool pic_spurious(unsigned line);

/* ---- local APIC (lapic.c): of the running CPU ---- */
bool lapic_in_cpu(void);	 /* CPUID */
phys_t lapic_default_regs(void); /* from the MSR */
void lapic_attach(void *regs);	 /* mapped registers; ignored in x2APIC mode */
bool lapic_attached(void);
/* Enable it. @extint: pass the 8259's interrupts through (the boot CPU without an I/O APIC). */
void lapic_setup(bool extint);
uint32_t lapic_id(void);
void lapic_eoi(void);
/* Fixed interrupt @vector to one CPU. */
void lapic_send_fixed(uint32_t apic_id, unsigned vector);
void lapic_send_init(uint32_t apic_id);
void lapic_send_startup(uint32_t apic_id, unsigned page); /* real-mode start at page << 12 */
void lapic_timer_oneshot_mode(void);			  /* counts at the divided bus clock */
void lapic_timer_deadline_mode(void);
void lapic_timer_start(uint32_t count); /* 0 stops */
uint32_t lapic_timer_left(void);

/* ---- I/O APIC (ioapic.c); calls on one chip are serialised by the caller ---- */
struct ioapic {
	volatile char *regs;
	uint32_t gsi_base;
	unsigned nr_pins;
};
struct ioapic_route {
	unsigned vector;
	uint32_t apic_id;
	bool level, active_low, masked;
};
void ioapic_init(struct ioapic *io, void *regs, uint32_t gsi_base); /* every pin masked */
void ioapic_set(struct ioapic *io, unsigned pin, const struct ioapic_route *r);

/* ---- 8254 channel 0 (pit.c) ---- */
enum { PIT_HZ = 1193182, PIT_MAX_COUNT = 0xffff };
void pit_oneshot(
	unsigned count);  /* 1..PIT_MAX_COUNT, then line 0 rises; the count goes on from 0xffff */
unsigned pit_count(void); /* counts down */
void pit_stop(void);

#endif
