/* Model-specific registers, the clock of cycles, CPUID. */
#ifndef _ASM_MSR_H
#define _ASM_MSR_H

#include <linux/types.h>

#define MSR_IA32_TSC	      0x10
#define MSR_IA32_APICBASE     0x1b
#define MSR_IA32_SYSENTER_CS  0x174
#define MSR_IA32_SYSENTER_ESP 0x175
#define MSR_IA32_SYSENTER_EIP 0x176
#define EFER_SCE	      0x001
#define EFER_LME	      0x100
#define EFER_LMA	      0x400
#define EFER_NX		      0x800
#define MSR_EFER	      0xc0000080
#define MSR_STAR	      0xc0000081
#define MSR_LSTAR	      0xc0000082
#define MSR_FS_BASE	      0xc0000100
#define MSR_GS_BASE	      0xc0000101
#define MSR_KERNEL_GS_BASE    0xc0000102

static inline u64 native_read_msr(unsigned int nr)
{
	u32 low, high;

	__asm__ volatile("rdmsr" : "=a"(low), "=d"(high) : "c"(nr));
	return low | (u64)high << 32;
}

static inline void native_write_msr(unsigned int nr, u32 low, u32 high)
{
	__asm__ volatile("wrmsr" : : "c"(nr), "a"(low), "d"(high) : "memory");
}

static inline u64 rdtsc(void)
{
	u32 low, high;

	__asm__ volatile("rdtsc" : "=a"(low), "=d"(high));
	return low | (u64)high << 32;
}

#define rdmsr(nr, low, high)                                                                       \
	do {                                                                                       \
		u64 msr_ = native_read_msr(nr);                                                    \
		(low) = (u32)msr_;                                                                 \
		(high) = (u32)(msr_ >> 32);                                                        \
	} while (0)
#define rdmsrl(nr, v)	     ((void)((v) = native_read_msr(nr)))
#define wrmsr(nr, low, high) native_write_msr(nr, low, high)
#define wrmsrl(nr, v)	     native_write_msr(nr, (u32)(u64)(v), (u32)((u64)(v) >> 32))
#define rdtsc_ordered()                                                                            \
	({                                                                                         \
		__asm__ volatile("" : : : "memory");                                               \
		rdtsc();                                                                           \
	})
#define rdtscll(v)   ((void)((v) = rdtsc()))
#define rdtscl(v)    ((void)((v) = (unsigned long)rdtsc()))
#define get_cycles() ((cycles_t)rdtsc())
typedef unsigned long long cycles_t;

#endif
