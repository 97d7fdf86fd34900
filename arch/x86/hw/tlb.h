/* The parts of tlb.c that only arch/x86 uses. */
#ifndef X86_TLB_H
#define X86_TLB_H

#include "arch/tlb.h"

/* Carry out the flushes other CPUs have asked this one for. The IPI_TLB handler; interrupts off. */
void tlb_service(void);
/* From now on @cpu, the caller, takes part in flushes; nothing stale is left in it. Needs no per-CPU base. */
void tlb_cpu_online(unsigned cpu);
/* Every CPU that runs in @root uses root->ldt on return, and none what was there before. Interrupts on. */
void tlb_update_ldt(struct pt_root *root);
/* No CPU has @root loaded any more on return; it must not be in use, only kept lazily. */
void tlb_drop_root(struct pt_root *root);

#endif
