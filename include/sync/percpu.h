/*
 * Per-CPU variables. DEFINE_PER_CPU makes one initial copy in section "percpu"; CPU 0 uses that copy itself,
 * the others get copies at boot. this_cpu(x) is an lvalue of the running CPU's copy (one instruction with a segment
 * prefix on x86); the caller cannot migrate, because the kernel is not preemptible and threads move only
 * when they sleep.
 */
#ifndef SYNC_PERCPU_H
#define SYNC_PERCPU_H

#include "arch/percpu.h"
#include "base/config.h"

#define DECLARE_PER_CPU(type, name) extern __typeof__(type) name
#define DEFINE_PER_CPU(type, name)  section_("percpu") __typeof__(type) name

/* arch/percpu.h gives: this_cpu(name), an lvalue; this_cpu_ptr(&name); percpu_offset_of(cpu). */
#define per_cpu(name, cpu) (*(__typeof__(name) *)((uintptr_t) & (name) + percpu_offset_of(cpu)))

extern char __start_percpu[], __stop_percpu[]; /* the section, from the linker */

#define for_each_possible_cpu(cpu) for ((cpu) = 0; (cpu) < nr_cpus; (cpu)++)
#define for_each_online_cpu(cpu)                                                                   \
	for ((cpu) = 0; (cpu) < nr_cpus; (cpu)++)                                                  \
		if (cpu_is_online(cpu))

/* CPUs found at boot (set before the second one starts); 1..CFG_NR_CPUS. */
extern unsigned nr_cpus;
bool cpu_is_online(unsigned cpu);
void cpu_set_online(unsigned cpu);
unsigned long cpu_online_mask(void); /* bit n: CPU n is online */

#endif
