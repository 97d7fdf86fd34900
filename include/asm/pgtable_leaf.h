/* The lower levels of page tables, and the entries of pages; included by asm/pgtable.h. */
#ifndef _ASM_PGTABLE_LEAF_H
#define _ASM_PGTABLE_LEAF_H

#include <asm/pgtable.h>

static inline pmd_t *pmd_offset(pud_t *e, unsigned long a)
{
	return pt_below(e, PT_PMD, pmd_index(a), sizeof(pmd_t));
}

static inline pte_t *pte_offset_kernel(pmd_t *e, unsigned long a)
{
	return (pte_t *)TABLE_PAGE(*e) + pte_index(a);
}

#define pte_offset_map(e, a) pte_offset_kernel(e, a) /* tables always have a linear address */
#define pte_unmap(e)	     ((void)(e))
#define pte_special(e)	     ((pte_val(e) & _PAGE_SPECIAL) != 0)

#define _PAGE_PRESENT  ((pteval_t)0x001)
#define _PAGE_RW       ((pteval_t)0x002)
#define _PAGE_USER     ((pteval_t)0x004)
#define _PAGE_PWT      ((pteval_t)0x008)
#define _PAGE_PCD      ((pteval_t)0x010)
#define _PAGE_ACCESSED ((pteval_t)0x020)
#define _PAGE_DIRTY    ((pteval_t)0x040)
#define _PAGE_PSE      ((pteval_t)0x080)
#define _PAGE_PAT      ((pteval_t)0x080)
#define _PAGE_GLOBAL   ((pteval_t)0x100)
#define _PAGE_SPECIAL  ((pteval_t)0x200)
#define _PAGE_NX       (sizeof(pteval_t) == 8 ? (pteval_t)(1ULL << 63) : 0)

#endif
