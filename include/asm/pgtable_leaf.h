/* The lower levels of page tables, and the entries of pages; included by asm/pgtable.h. */
#include <asm/pgtable.h> /* before the guard: it includes this file where its place is */

#ifndef _ASM_PGTABLE_LEAF_H
#define _ASM_PGTABLE_LEAF_H

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

#define _PAGE_PRESENT	 ((pteval_t)0x001)
#define _PAGE_RW	 ((pteval_t)0x002)
#define _PAGE_USER	 ((pteval_t)0x004)
#define _PAGE_PWT	 ((pteval_t)0x008)
#define _PAGE_PCD	 ((pteval_t)0x010)
#define _PAGE_ACCESSED	 ((pteval_t)0x020)
#define _PAGE_DIRTY	 ((pteval_t)0x040)
#define _PAGE_PSE	 ((pteval_t)0x080)
#define _PAGE_PAT	 ((pteval_t)0x080)
#define _PAGE_GLOBAL	 ((pteval_t)0x100)
#define _PAGE_SPECIAL	 ((pteval_t)0x200)
#define _PAGE_SOFT_DIRTY ((pteval_t)0x800)
#define _PAGE_PROTNONE	 _PAGE_GLOBAL
#define _PAGE_NX	 (sizeof(pteval_t) == 8 ? (pteval_t)(1ULL << 63) : 0)

/* ---- frames ---- */
#define ENTRY_PFN(e) ((unsigned long)(((e).v & PTE_PFN_MASK) >> PAGE_SHIFT))
#define pmd_pfn(e)   ENTRY_PFN(e)
#define pud_pfn(e)   ENTRY_PFN(e)
#define p4d_pfn(e)   ENTRY_PFN(e)
#define pgd_pfn(e)   ENTRY_PFN(e)
#define pte_page(e)  pfn_to_page(pte_pfn(e))
#define pmd_page(e)  pfn_to_page(pmd_pfn(e))
#define pud_page(e)  pfn_to_page(pud_pfn(e))
#define p4d_page(e)  pfn_to_page(p4d_pfn(e))
#define pgd_page(e)  pfn_to_page(pgd_pfn(e))
#define pte_flags(e) (pte_val(e) & ~(pteval_t)PTE_PFN_MASK)
#define pmd_flags(e) (pmd_val(e) & ~(pteval_t)PTE_PFN_MASK)
#define pud_flags(e) (pud_val(e) & ~(pteval_t)PTE_PFN_MASK)
/* Not 1, but the bit, as on Linux: that is what a module prints. */
#define ENTRY_BIT(e, bit) ((int)((e).v & (bit)))
#define pmd_write(e)	  ENTRY_BIT(e, _PAGE_RW)
#define pmd_young(e)	  ENTRY_BIT(e, _PAGE_ACCESSED)
#define pmd_dirty(e)	  ENTRY_BIT(e, _PAGE_DIRTY)
#define pte_write(e)	  ENTRY_BIT(e, _PAGE_RW)
#define pte_young(e)	  ENTRY_BIT(e, _PAGE_ACCESSED)
#define pte_dirty(e)	  ENTRY_BIT(e, _PAGE_DIRTY)
#define pte_huge(e)	  ENTRY_BIT(e, _PAGE_PSE)
#define pte_global(e)	  ENTRY_BIT(e, _PAGE_GLOBAL)
#define pte_special(e)	  ENTRY_BIT(e, _PAGE_SPECIAL)
#define pte_same(a, b)	  (pte_val(a) == pte_val(b))
#define pte_offset_map_lock(mm, pmd, a, lock)                                                      \
	(*(lock) = &(mm)->page_table_lock, pte_offset_map(pmd, a))
#define pte_unmap_unlock(e, lock) ((void)(lock))
#define pte_lockptr(mm, pmd)	  (&(mm)->page_table_lock)

/* ---- rights ---- */
#define __pgprot(v)	       ((pgprot_t){ (v) })
#define KERNEL_PAGE_PROT       (_PAGE_PRESENT | _PAGE_RW | _PAGE_ACCESSED | _PAGE_DIRTY)
#define PAGE_KERNEL	       __pgprot(KERNEL_PAGE_PROT | _PAGE_NX)
#define PAGE_KERNEL_EXEC       __pgprot(KERNEL_PAGE_PROT)
#define PAGE_KERNEL_RO	       __pgprot((KERNEL_PAGE_PROT & ~_PAGE_RW) | _PAGE_NX)
#define USER_PAGE_PROT	       (_PAGE_PRESENT | _PAGE_USER | _PAGE_ACCESSED)
#define PAGE_NONE	       __pgprot(_PAGE_PROTNONE | _PAGE_ACCESSED)
#define PAGE_SHARED	       __pgprot(USER_PAGE_PROT | _PAGE_RW | _PAGE_NX)
#define PAGE_SHARED_EXEC       __pgprot(USER_PAGE_PROT | _PAGE_RW)
#define PAGE_COPY	       __pgprot(USER_PAGE_PROT | _PAGE_NX)
#define PAGE_COPY_EXEC	       __pgprot(USER_PAGE_PROT)
#define PAGE_READONLY	       PAGE_COPY
#define PAGE_READONLY_EXEC     PAGE_COPY_EXEC
#define pgprot_noncached(p)    __pgprot(pgprot_val(p) | _PAGE_PCD | _PAGE_PWT)
#define pgprot_writecombine(p) __pgprot(pgprot_val(p) | _PAGE_PWT)

#endif
