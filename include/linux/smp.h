/* Processors. */
#ifndef _LINUX_SMP_H
#define _LINUX_SMP_H

#include <linux/types.h>

void module_preempt_add(int n);
unsigned int module_cpu_id(void);
unsigned long module_cpus_online(void); /* bits */
/* fn(info) on @cpu, which the caller goes to and comes back from; interrupts off. 0 or -ENXIO. */
int module_on_cpu(unsigned int cpu, void (*fn)(void *info), void *info);

#define smp_processor_id()     module_cpu_id()
#define raw_smp_processor_id() module_cpu_id()
#define get_cpu()	       (module_preempt_add(1), (int)module_cpu_id())
#define put_cpu()	       module_preempt_add(-1)
#define NR_CPUS		       8
#define nr_cpu_ids	       num_online_cpus()
#define cpu_online(cpu)	       ((int)(module_cpus_online() >> (cpu)&1))
#define cpu_possible(cpu)      cpu_online(cpu)
#define num_online_cpus()      ((unsigned int)count_cpus(module_cpus_online()))
#define num_possible_cpus()    num_online_cpus()
#define num_present_cpus()     num_online_cpus()
#define for_each_online_cpu(cpu)                                                                   \
	for ((cpu) = 0; (cpu) < NR_CPUS; (cpu)++)                                                  \
		if (cpu_online(cpu))
#define for_each_possible_cpu(cpu) for_each_online_cpu (cpu)
#define for_each_present_cpu(cpu)  for_each_online_cpu (cpu)

static inline unsigned int count_cpus(unsigned long w)
{
	unsigned int n;

	for (n = 0; w; n++)
		w &= w - 1;
	return n;
}

static inline int smp_call_function_single(int cpu, void (*fn)(void *info), void *info, int wait)
{
	(void)wait;
	return module_on_cpu((unsigned int)cpu, fn, info);
}

static inline void on_each_cpu(void (*fn)(void *info), void *info, int wait)
{
	unsigned int cpu;

	for_each_online_cpu (cpu)
		(void)smp_call_function_single((int)cpu, fn, info, wait);
}

static inline void smp_call_function(void (*fn)(void *info), void *info, int wait)
{
	unsigned int cpu, me = module_cpu_id();

	for_each_online_cpu (cpu)
		if (cpu != me)
			(void)smp_call_function_single((int)cpu, fn, info, wait);
}

#endif
