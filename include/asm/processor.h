/* The processor: CPUID, pauses, the place of the stack. */
#ifndef _ASM_PROCESSOR_H
#define _ASM_PROCESSOR_H

#include <linux/types.h>

#include <asm/desc.h>
#include <asm/msr.h>
#include <asm/special_insns.h>

static inline void native_cpuid(unsigned int *eax, unsigned int *ebx, unsigned int *ecx,
				unsigned int *edx)
{
	__asm__ volatile("cpuid"
			 : "=a"(*eax), "=b"(*ebx), "=c"(*ecx), "=d"(*edx)
			 : "0"(*eax), "2"(*ecx)
			 : "memory");
}
#define __cpuid native_cpuid

static inline void cpuid(unsigned int leaf, unsigned int *eax, unsigned int *ebx, unsigned int *ecx,
			 unsigned int *edx)
{
	*eax = leaf;
	*ecx = 0;
	native_cpuid(eax, ebx, ecx, edx);
}

static inline void cpuid_count(unsigned int leaf, unsigned int sub, unsigned int *eax,
			       unsigned int *ebx, unsigned int *ecx, unsigned int *edx)
{
	*eax = leaf;
	*ecx = sub;
	native_cpuid(eax, ebx, ecx, edx);
}

#define CPUID_ONE(name, reg)                                                                       \
	static inline unsigned int cpuid_##name(unsigned int leaf)                                 \
	{                                                                                          \
		unsigned int eax, ebx, ecx, edx;                                                   \
                                                                                                   \
		cpuid(leaf, &eax, &ebx, &ecx, &edx);                                               \
		return reg;                                                                        \
	}
CPUID_ONE(eax, eax)
CPUID_ONE(ebx, ebx)
CPUID_ONE(ecx, ecx)
CPUID_ONE(edx, edx)

#define cpu_relax() __asm__ volatile("pause" ::: "memory")
#define rep_nop()   cpu_relax()

#include <asm/cpuinfo.h>

#endif
