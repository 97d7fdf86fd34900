/*
 * The way of a secondary CPU from its start-up interrupt (real mode) to smp_secondary_entry(). One
 * CPU at a time: trampoline_cpu() may be called again only when the CPU before has arrived or has
 * been given up.
 */
#ifndef X86_TRAMPOLINE_H
#define X86_TRAMPOLINE_H

#include "base/compiler.h"
#include "base/types.h"

#define TRAMPOLINE_PHYS 0x1000 /* the page below MACHINE_LOW_RESERVED, which init reserves */

/* Copy the code, build the page tables it runs on. Return: the SIPI vector, or -ENOMEM. May sleep. */
int must_check trampoline_install(void);
/* The next CPU to be started is @cpu and runs on the kernel stack that ends at @stack_top. */
void trampoline_cpu(unsigned cpu, void *stack_top);
/* All CPUs have arrived or are given up: free the page tables. */
void trampoline_remove(void);

#endif
