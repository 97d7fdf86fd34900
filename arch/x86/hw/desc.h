/* Descriptor tables and task state, one set per CPU. Private to arch/x86. */
#ifndef HW_DESC_H
#define HW_DESC_H

#include "arch/processor.h"
#include "base/compiler.h"
#include "base/types.h"

/* GDTR and IDTR images. */
struct packed_ desc_ptr {
	uint16_t limit;
	unsigned long base;
};

#ifdef __x86_64__
struct packed_ tss {
	uint32_t reserved0;
	uint64_t sp[3];
	uint64_t reserved1;
	uint64_t ist[7]; /* ist[0] is IST 1 */
	uint64_t reserved2;
	uint16_t reserved3;
	uint16_t iomap_base;
};
#else
struct packed_ tss {
	uint32_t link;
	struct packed_ {
		uint32_t sp, ss;
	} stack[3];
	uint32_t cr3, ip, flags, ax, cx, dx, bx, sp, bp, si, di;
	uint32_t es, cs, ss, ds, fs, gs, ldt;
	uint16_t trap, iomap_base;
	/*
	 * sysenter's stack pointer is the end of this struct. Its first instruction leaves it for
	 * sp0; only a single-step trap or an NMI right before that uses it, twelve bytes each.
	 */
	uint32_t sysenter_stack[16];
};
#endif

/*
 * Stack of the double-fault (and on x86_64 machine-check) handler, which trusts nothing: on x86_64
 * the word above it tells the handler its CPU's per-CPU offset, because GS may be the user's.
 */
enum { FATAL_STACK_SIZE = 4096, NMI_STACK_SIZE = 256 };
struct fatal_stack {
	char bytes[FATAL_STACK_SIZE - 16];
	unsigned long percpu_offset;
	unsigned long unused;
} aligned_(16);

/* Per-CPU: this_cpu() or per_cpu() only. */
extern struct tss cpu_tss;
extern uint64_t cpu_gdt[GDT_ENTRIES];

/* Build and load GDT, per-CPU segment and TSS of @cpu, the caller. Interrupts off. */
void gdt_init_cpu(unsigned cpu);
/* Where lsl gives a program its CPU and node: x86_64. The CPU has its per-CPU data. */
void gdt_set_node(unsigned cpu, unsigned node);
/* CR3 that the i386 double-fault task loads; x86_64 has no such task. */
void gdt_fault_cr3(phys_t top);
/* The gates (first call builds them), and IDTR of the calling CPU. */
void idt_build(void);
void idt_load(void);

#endif
