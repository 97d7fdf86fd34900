/* What the CPU has, found once on the boot CPU. Private to arch/x86. */
#ifndef HW_CPU_H
#define HW_CPU_H

#include "base/types.h"

struct cpu_features {
	uint32_t max_leaf, max_ext_leaf;
	uint32_t leaf1_c, leaf1_d; /* CPUID 1 */
	uint32_t leaf7_b;	   /* CPUID 7.0 */
	uint32_t ext1_c, ext1_d;   /* CPUID 80000001 */
	uint32_t microcode;	   /* revision; 0: not known */
};
extern struct cpu_features cpu_features;

/* Per-CPU: its number in the interrupt controllers' eyes (CPUID 1, EBX). */
extern unsigned cpu_apic_id;

/* Per-CPU scratch of the x86_64 system-call entry. */
extern unsigned long syscall_user_sp;

/* FPU off (CR0.TS) with a clean state to load: called once by each CPU. */
void fpu_init_cpu(void);

#endif
