/* Page-table entries of 4- and 5-level paging: 8 bytes, read and written whole (SDM volume 3A, "4-Level Paging …"). */
#ifndef PT_ENTRY_H
#define PT_ENTRY_H

#include "base/types.h"

typedef uint64_t pteval_t;
#define PTE_BITS_PFN ((pteval_t)0x000ffffffffff000)
#define PTE_BITS_NX  pt_nx_mask

#include "arch/x86/hw/pt_word.h"

static inline pte_t pte_make_table(int level, phys_t pa)
{
	(void)level;
	return (pte_t){ pa | PTE_BIT_P | PTE_BIT_RW | PTE_BIT_US | PTE_BIT_A | PTE_BIT_D };
}

#endif
