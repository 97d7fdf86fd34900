/*
 * The interrupt descriptor table: 256 interrupt gates, one table for all CPUs.
 *
 * OWNS     idt[].
 * WHY      interrupt gates (not trap gates) everywhere: the entry code runs its first instructions
 *          with interrupts off, so that a half-built frame, or a user's GS, is never seen by an
 *          interrupt handler.
 * GATES    0-31   exceptions; 3 (int3) and 4 (into) for user mode too; i386: 8 is a task gate;
 *          32-255 hardware; 128 is the system call of i386, callable from user mode.
 * STACKS   x86_64: vectors 8 and 18 on IST 1, vector 2 on IST 2, vector 1 on IST 3; all others on the current or the
 *          TSS's stack.
 * TCG      QEMU's own processor traps twice for an instruction that is stepped and writes what is watched, the second time
 *          before the first handler has begun: on IST 3 that frame would overwrite the first. There "mov ss" does not put
 *          off the trap, which is what IST 3 is for: vector 1 uses the thread's stack.
 * CONTEXT  built once at boot, then only read.
 * NOT HERE what the vectors do (entry/trap.c, entry/irq.c).
 * SOURCES  SDM volume 3A, "IDT Descriptors", "Interrupt Stack Table".
 */
#include "desc.h"

#include "arch/msr.h"

enum { NR_VECTORS = 256, NR_EXCEPTIONS = 32, VECTOR_SYSCALL = 0x80 };
enum { GATE_INTERRUPT = 0x8e, GATE_USER = 0xee, GATE_TASK = 0x85 };

/* arch/x86/entry/trap{32,64}.S */
extern const unsigned long exception_entries[NR_EXCEPTIONS];
extern const char irq_entries[];
void int80_entry(void);
void debug_entry_split(void);

#ifdef __x86_64__
struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_mid;
	uint32_t offset_high, reserved;
};
#else
struct gate {
	uint16_t offset_low, selector;
	uint8_t ist, type;
	uint16_t offset_mid;
};
#endif

static struct gate idt[NR_VECTORS] aligned_(64);

static void set_gate(unsigned vector, unsigned long entry, uint8_t type)
{
	struct gate g = { .selector = SEL_KERNEL_CS, .type = type };

	g.offset_low = (uint16_t)entry;
	g.offset_mid = (uint16_t)(entry >> 16);
#ifdef __x86_64__
	g.offset_high = (uint32_t)(entry >> 32);
#endif
	idt[vector] = g;
}

#ifdef __x86_64__
static bool cpu_is_tcg(void)
{
	struct cpuid_regs r;

	if (!(cpuid(1, 0).c >> 31)) /* under no hypervisor */
		return false;
	r = cpuid(0x40000000, 0);
	return r.b == 0x54474354 && r.c == 0x43544743 && r.d == 0x47435447; /* TCGTCGTCGTCG */
}
#endif

void idt_build(void)
{
	unsigned v;

	for (v = 0; v < NR_EXCEPTIONS; v++)
		set_gate(v, exception_entries[v], GATE_INTERRUPT);
	for (; v < NR_VECTORS; v++)
		set_gate(v, (unsigned long)irq_entries + (v - FIRST_IRQ_VECTOR) * IRQ_STUB_SIZE,
			 GATE_INTERRUPT);
	idt[3].type = GATE_USER;
	idt[4].type = GATE_USER;
#ifdef __x86_64__
	idt[8].ist = 1;
	idt[18].ist = 1;
	idt[2].ist = 2;
	if (cpu_is_tcg())
		set_gate(1, (unsigned long)debug_entry_split, GATE_INTERRUPT);
	else
		idt[1].ist = 3;
#else
	set_gate(8, 0, GATE_TASK);
	idt[8].selector = SEL_DF_TSS;
#endif
	set_gate(VECTOR_SYSCALL, (unsigned long)int80_entry, GATE_USER);
}

void idt_load(void)
{
	const struct desc_ptr ptr = { sizeof(idt) - 1, (unsigned long)idt };

	__asm__ volatile("lidt %0" ::"m"(ptr));
}
