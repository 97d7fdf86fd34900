/* Sets of processors. */
#ifndef _LINUX_CPUMASK_H
#define _LINUX_CPUMASK_H

#include <linux/mm_types.h>
#include <linux/smp.h>

#define cpumask_bits(m)		  ((m)->bits)
#define cpumask_test_cpu(cpu, m)  ((int)((m)->bits[0] >> (cpu)&1))
#define cpumask_set_cpu(cpu, m)	  ((void)((m)->bits[0] |= 1UL << (cpu)))
#define cpumask_clear_cpu(cpu, m) ((void)((m)->bits[0] &= ~(1UL << (cpu))))
#define cpumask_clear(m)	  ((void)((m)->bits[0] = 0))
#define cpumask_weight(m)	  count_cpus((m)->bits[0] & module_cpus_online())
#define cpumask_empty(m)	  (!((m)->bits[0]))
#define cpumask_equal(a, b)	  ((a)->bits[0] == (b)->bits[0])
#define cpumask_first(m)	  ((m)->bits[0] ? (unsigned int)__builtin_ctzl((m)->bits[0]) : NR_CPUS)
#define cpumask_copy(to, from)	  ((void)((to)->bits[0] = (from)->bits[0]))
#define cpumask_pr_args(m)	  NR_CPUS, (m)->bits
#define for_each_cpu(cpu, m)                                                                       \
	for ((cpu) = 0; (cpu) < NR_CPUS; (cpu)++)                                                  \
		if (cpumask_test_cpu(cpu, m))

static inline struct cpumask *module_online_mask(void)
{
	static struct cpumask mask;

	mask.bits[0] = module_cpus_online();
	return &mask;
}
#define cpu_online_mask	  module_online_mask()
#define cpu_possible_mask module_online_mask()
#define cpu_present_mask  module_online_mask()

#endif
