/* Control registers. */
#ifndef _ASM_SPECIAL_INSNS_H
#define _ASM_SPECIAL_INSNS_H

#define READ_CONTROL_REGISTER(n)                                                                   \
	static inline unsigned long read_cr##n(void)                                               \
	{                                                                                          \
		unsigned long v;                                                                   \
                                                                                                   \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(v));                                  \
		return v;                                                                          \
	}
READ_CONTROL_REGISTER(0)
READ_CONTROL_REGISTER(2)
READ_CONTROL_REGISTER(3)
READ_CONTROL_REGISTER(4)
#define __read_cr3	read_cr3
#define __read_cr4	read_cr4
#define native_read_cr0 read_cr0
#define native_read_cr3 read_cr3
#define native_read_cr4 read_cr4

#define native_read_cr2 read_cr2
#define read_cr3_pa()	(read_cr3() & ~0xfffUL)
#define __read_cr3_pa	read_cr3_pa

static inline unsigned long native_save_fl(void)
{
	unsigned long flags;

	__asm__ volatile("pushf; pop %0" : "=rm"(flags)::"memory");
	return flags;
}

static inline void wbinvd(void)
{
	__asm__ volatile("wbinvd" ::: "memory");
}

#include <asm/processor-flags.h>

#define CR3_ADDR_MASK	     (~0xfffUL)
#define CR3_PCID_MASK	     0xfffUL
#define __native_read_cr3()  read_cr3()
#define native_read_cr3_pa() read_cr3_pa()

#ifdef __x86_64__
#define MODULE_SP "rsp"
#else
#define MODULE_SP "esp"
#endif
static inline unsigned long native_read_sp(void)
{
	unsigned long sp;

	__asm__ volatile("mov %%" MODULE_SP ", %0" : "=r"(sp));
	return sp;
}
#define current_stack_pointer native_read_sp()

#endif
