/* Page-table entries of 32-bit paging: 4 bytes, no NX (SDM volume 3A, "32-Bit Paging"). */
#ifndef PT_ENTRY_H
#define PT_ENTRY_H

#include "base/types.h"

typedef uint32_t pteval_t;
#define PTE_BITS_PFN ((pteval_t)0xfffff000)
#define PTE_BITS_NX  ((pteval_t)0)

#include "arch/x86/hw/pt_word.h"

static inline pte_t pte_make_table(int level, phys_t pa)
{
	(void)level;
	return (pte_t){ (pteval_t)pa | PTE_BIT_P | PTE_BIT_RW | PTE_BIT_US | PTE_BIT_A |
			PTE_BIT_D };
}

#endif
