/* What CPUID says of the processor, as Linux keeps it; included by asm/processor.h. */
#ifndef _ASM_CPUINFO_H
#define _ASM_CPUINFO_H

#include <asm/processor.h>

struct cpuinfo_x86 {
	u8 x86, x86_model, x86_stepping; /* family */
	int cpuid_level;
	u32 x86_capability[8]; /* leaf 1 in 0 (edx) and 4 (ecx), 0x80000001 edx in 1, ecx in 6 */
	char x86_vendor_id[16], x86_model_id[64];
	u8 x86_virt_bits, x86_phys_bits, x86_clflush_size;
	u32 extended_cpuid_level;
};

#define X86_FEATURE_FPU	       (0 * 32 + 0)
#define X86_FEATURE_PSE	       (0 * 32 + 3)
#define X86_FEATURE_TSC	       (0 * 32 + 4)
#define X86_FEATURE_MSR	       (0 * 32 + 5)
#define X86_FEATURE_PAE	       (0 * 32 + 6)
#define X86_FEATURE_APIC       (0 * 32 + 9)
#define X86_FEATURE_SEP	       (0 * 32 + 11)
#define X86_FEATURE_PGE	       (0 * 32 + 13)
#define X86_FEATURE_CMOV       (0 * 32 + 15)
#define X86_FEATURE_PAT	       (0 * 32 + 16)
#define X86_FEATURE_MMX	       (0 * 32 + 23)
#define X86_FEATURE_FXSR       (0 * 32 + 24)
#define X86_FEATURE_XMM	       (0 * 32 + 25)
#define X86_FEATURE_XMM2       (0 * 32 + 26)
#define X86_FEATURE_NX	       (1 * 32 + 20)
#define X86_FEATURE_GBPAGES    (1 * 32 + 26)
#define X86_FEATURE_RDTSCP     (1 * 32 + 27)
#define X86_FEATURE_LM	       (1 * 32 + 29)
#define X86_FEATURE_XMM3       (4 * 32 + 0)
#define X86_FEATURE_VMX	       (4 * 32 + 5)
#define X86_FEATURE_PCID       (4 * 32 + 17)
#define X86_FEATURE_XMM4_1     (4 * 32 + 19)
#define X86_FEATURE_XMM4_2     (4 * 32 + 20)
#define X86_FEATURE_X2APIC     (4 * 32 + 21)
#define X86_FEATURE_XSAVE      (4 * 32 + 26)
#define X86_FEATURE_AVX	       (4 * 32 + 28)
#define X86_FEATURE_HYPERVISOR (4 * 32 + 31)
#define X86_FEATURE_SVM	       (6 * 32 + 2)

static inline void module_cpu_names(struct cpuinfo_x86 *c)
{
	unsigned int r[4];

	cpuid(0, &r[0], &r[1], &r[2], &r[3]);
	c->cpuid_level = (int)r[0];
	__builtin_memcpy(c->x86_vendor_id, &r[1], 4);
	__builtin_memcpy(c->x86_vendor_id + 4, &r[3], 4);
	__builtin_memcpy(c->x86_vendor_id + 8, &r[2], 4);
	for (unsigned int i = 0; i < 3 && c->extended_cpuid_level >= 0x80000004; i++) {
		cpuid(0x80000002 + i, &r[0], &r[1], &r[2], &r[3]);
		__builtin_memcpy(c->x86_model_id + 16 * i, r, 16);
	}
}

static inline void module_cpu_signature(struct cpuinfo_x86 *c)
{
	unsigned int sign, misc;

	cpuid(1, &sign, &misc, &c->x86_capability[4], &c->x86_capability[0]);
	c->x86 = (u8)(sign >> 8 & 15);
	c->x86_model = (u8)(sign >> 4 & 15);
	if (c->x86 == 6 || c->x86 == 15)
		c->x86_model = (u8)(c->x86_model + (sign >> 16 & 15) * 16);
	if (c->x86 == 15)
		c->x86 = (u8)(c->x86 + (sign >> 20 & 255));
	c->x86_stepping = (u8)(sign & 15);
	c->x86_clflush_size = (u8)((misc >> 8 & 255) * 8);
}

/* Of the running processor; all are alike. */
static inline struct cpuinfo_x86 *module_cpuinfo(void)
{
	static struct cpuinfo_x86 info;
	unsigned int sizes = 0x2020, b, c, d;

	info.extended_cpuid_level = cpuid_eax(0x80000000);
	module_cpu_names(&info);
	module_cpu_signature(&info);
	if (info.extended_cpuid_level >= 0x80000001)
		cpuid(0x80000001, &b, &c, &info.x86_capability[6], &info.x86_capability[1]);
	if (info.extended_cpuid_level >= 0x80000008)
		cpuid(0x80000008, &sizes, &b, &c, &d);
	info.x86_phys_bits = (u8)sizes;
	info.x86_virt_bits = (u8)(sizes >> 8);
	return &info;
}

#define boot_cpu_data		 (*module_cpuinfo())
#define cpu_data(cpu)		 (*module_cpuinfo())
#define cpu_has(c, bit)		 ((int)((c)->x86_capability[(bit) / 32] >> ((bit) % 32) & 1))
#define boot_cpu_has(bit)	 cpu_has(module_cpuinfo(), bit)
#define static_cpu_has(bit)	 boot_cpu_has(bit)
#define this_cpu_has(bit)	 boot_cpu_has(bit)
#define cpu_feature_enabled(bit) boot_cpu_has(bit)

#endif
