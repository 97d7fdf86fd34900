/* Control registers and INVLPG. */
#ifndef X86_CR_H
#define X86_CR_H

#include "base/types.h"

enum { CR4_TSD = 4, CR4_BIT_PGE = 0x80 };

static inline unsigned long cr3_read(void)
{
	unsigned long v;

	__asm__ volatile("mov %%cr3, %0" : "=r"(v)::"memory");
	return v;
}

/* Flushes this CPU's translations that are not global. */
static inline void cr3_write(unsigned long v)
{
	__asm__ volatile("mov %0, %%cr3" ::"r"(v) : "memory");
}

static inline unsigned long cr4_read(void)
{
	unsigned long v;

	__asm__ volatile("mov %%cr4, %0" : "=r"(v)::"memory");
	return v;
}

static inline void cr4_write(unsigned long v)
{
	__asm__ volatile("mov %0, %%cr4" ::"r"(v) : "memory");
}

/* Also drops all cached table entries (paging-structure caches) of this CPU's current root. */
static inline void invlpg(uaddr_t va)
{
	__asm__ volatile("invlpg (%0)" ::"r"(va) : "memory");
}

/* Everything, global translations included. */
static inline void tlb_flush_all_local(void)
{
	unsigned long cr4 = cr4_read();

	if (!(cr4 & CR4_BIT_PGE)) {
		cr3_write(cr3_read());
		return;
	}
	cr4_write(cr4 & ~(unsigned long)CR4_BIT_PGE);
	cr4_write(cr4);
}

#endif
