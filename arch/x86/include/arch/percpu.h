/* Per-CPU access on x86: the segment base (GS on x86_64, FS on i386) is the CPU's offset from section "percpu". */
#ifndef ARCH_PERCPU_H
#define ARCH_PERCPU_H

#include "base/compiler.h"
#include "base/types.h"

#ifdef __x86_64__
#define this_cpu(name) (*(__seg_gs __typeof__(name) *)(uintptr_t) & (name))
#else
#define this_cpu(name) (*(__seg_fs __typeof__(name) *)(uintptr_t) & (name))
#endif

extern unsigned long percpu_this_offset; /* a per-CPU variable holding its own CPU's offset */
extern unsigned long percpu_offsets[];	 /* by CPU number; 0 for CPU 0 */
extern unsigned cpu_number;		 /* a per-CPU variable */

#define this_cpu_ptr(ptr) ((__typeof__(ptr))((char *)(ptr) + this_cpu(percpu_this_offset)))

static inline unsigned long percpu_offset_of(unsigned cpu)
{
	return percpu_offsets[cpu];
}

/* The running CPU, 0..nr_cpus-1. */
static inline unsigned cpu_id(void)
{
	return this_cpu(cpu_number);
}

#endif
