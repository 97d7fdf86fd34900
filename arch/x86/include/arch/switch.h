/* The switch of kernel stacks, inline in the scheduler: whoever is left there saves what it needs, and nothing is saved twice. */
#ifndef ARCH_SWITCH_H
#define ARCH_SWITCH_H

#include "arch/thread.h"

/* What a thread that does not run has at its saved stack pointer. Below it, of one that never ran: hw/switch.c. */
struct switch_frame {
	unsigned long bp;
	void (*go_on)(void);
};

/* Everything of the two threads but the stack: user state, FPU, current_arch_thread. Interrupts off. */
void arch_switch_state(struct arch_thread *prev, struct arch_thread *next);

/*
 * Leave @prev's kernel stack, continue on @next's; returns when @prev is chosen again. Interrupts off. Switches TSS sp0,
 * TLS, FS and GS bases and the FPU (eagerly, where a thread has used it), not the page tables: pt_activate does that.
 */
static always_inline_ void arch_switch(struct arch_thread *prev, struct arch_thread *next)
{
	arch_switch_state(prev, next);
#ifdef __x86_64__
	__asm__ volatile(
		"pushq $1f\n\tpushq %%rbp\n\tmovq %%rsp, (%0)\n\tmovq (%1), %%rsp\n\tpopq %%rbp\n\tret\n1:"
		: "+a"(prev), "+d"(next)
		:
		: "rbx", "rcx", "rsi", "rdi", "r8", "r9", "r10", "r11", "r12", "r13", "r14", "r15",
		  "memory", "cc");
#else
	__asm__ volatile(
		"pushl $1f\n\tpushl %%ebp\n\tmovl %%esp, (%0)\n\tmovl (%1), %%esp\n\tpopl %%ebp\n\tret\n1:"
		: "+a"(prev), "+d"(next)
		:
		: "ebx", "ecx", "esi", "edi", "memory", "cc");
#endif
}

#endif
