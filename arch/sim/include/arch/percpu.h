/* Per-CPU access in the simulator: the running virtual CPU is a variable. */
#ifndef ARCH_PERCPU_H
#define ARCH_PERCPU_H

#include "arch/sim_local.h"
#include "base/compiler.h"
#include "base/types.h"

extern unsigned long percpu_offsets[]; /* by CPU number; 0 for CPU 0 */
extern sim_local unsigned sim_cpu;     /* the virtual CPU now running */

/* By integers: the sanitizer would take the copy of another CPU for an overrun of CPU 0's. */
#define this_cpu_ptr(ptr) ((__typeof__(ptr))((uintptr_t)(ptr) + percpu_offsets[sim_cpu]))
#define this_cpu(name)	  (*this_cpu_ptr(&(name)))

static inline unsigned long percpu_offset_of(unsigned cpu)
{
	return percpu_offsets[cpu];
}

/* The running CPU, 0..nr_cpus-1. */
static inline unsigned cpu_id(void)
{
	return sim_cpu;
}

#endif
