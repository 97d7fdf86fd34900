/*
 * Page tables, level by level, as the hardware has them. A level that the mode lacks is folded: its entry is that of the level
 * above, seen as its own type. pud_offset() takes a p4d_t * (Linux 4.11 on) or a pgd_t * (before).
 */
#ifndef _ASM_PGTABLE_H
#define _ASM_PGTABLE_H

#include <linux/mm_types.h>

#include <asm/page.h>

/* Numbers that a module may ask for in #if; those that depend on the machine, with 4 levels or 5, are no constants on Linux either. */
#ifdef __x86_64__
#define PGDIR_SHIFT  pt_shift(PT_PGD)
#define P4D_SHIFT    39
#define PUD_SHIFT    30
#define PMD_SHIFT    21
#define PTRS_PER_PGD 512
#define PTRS_PER_P4D (1U << pt_bits(PT_P4D))
#define PTRS_PER_PUD 512
#define PTRS_PER_PMD 512
#define PTRS_PER_PTE 512
#elif defined(MODULE_PAE)
#define PGDIR_SHIFT  30
#define P4D_SHIFT    30
#define PUD_SHIFT    30
#define PMD_SHIFT    21
#define PTRS_PER_PGD 4
#define PTRS_PER_P4D 1
#define PTRS_PER_PUD 1
#define PTRS_PER_PMD 512
#define PTRS_PER_PTE 512
#else
#define PGDIR_SHIFT  22
#define P4D_SHIFT    22
#define PUD_SHIFT    22
#define PMD_SHIFT    22
#define PTRS_PER_PGD 1024
#define PTRS_PER_P4D 1
#define PTRS_PER_PUD 1
#define PTRS_PER_PMD 1
#define PTRS_PER_PTE 1024
#endif
#define PGDIR_SIZE pt_span(PT_PGD)
#define P4D_SIZE   pt_span(PT_P4D)
#define PUD_SIZE   pt_span(PT_PUD)
#define PMD_SIZE   pt_span(PT_PMD)
#define PGDIR_MASK (~(PGDIR_SIZE - 1))
#define P4D_MASK   (~(P4D_SIZE - 1))
#define PUD_MASK   (~(PUD_SIZE - 1))
#define PMD_MASK   (~(PMD_SIZE - 1))

typedef struct {
	pteval_t v;
} pgd_t;
typedef struct {
	pteval_t v;
} p4d_t;
typedef struct {
	pteval_t v;
} pud_t;
typedef struct {
	pteval_t v;
} pmd_t;
typedef struct pgprot_view pgprot_t;
typedef pteval_t pgdval_t, p4dval_t, pudval_t, pmdval_t;

#define pgd_val(e)    ((e).v)
#define p4d_val(e)    ((e).v)
#define pud_val(e)    ((e).v)
#define pmd_val(e)    ((e).v)
#define pte_val(e)    ((e).v)
#define pgprot_val(p) ((p).pgprot)

/* What is in an entry that points to a table; of folded levels only the highest says anything. */
#define TABLE_NONE(e)	  ((e).v == 0)
#define TABLE_PRESENT(e)  (((e).v & 1) != 0)
#define TABLE_LARGE(e)	  (((e).v & 0x81) == 0x81)
#define TABLE_BAD(e)	  (!TABLE_NONE(e) && !TABLE_LARGE(e) && !TABLE_PRESENT(e))
#define pgd_none(e)	  (pt_folded(PT_P4D) ? 0 : TABLE_NONE(e))
#define pgd_bad(e)	  (pt_folded(PT_P4D) ? 0 : TABLE_BAD(e))
#define pgd_present(e)	  (pt_folded(PT_P4D) ? 1 : TABLE_PRESENT(e))
#define p4d_none(e)	  (pt_folded(PT_PUD) ? 0 : TABLE_NONE(e))
#define p4d_bad(e)	  (pt_folded(PT_PUD) ? 0 : TABLE_BAD(e))
#define p4d_present(e)	  (pt_folded(PT_PUD) ? 1 : TABLE_PRESENT(e))
#define p4d_large(e)	  0
#define pud_none(e)	  (pt_folded(PT_PMD) ? 0 : TABLE_NONE(e))
#define pud_bad(e)	  (pt_folded(PT_PMD) ? 0 : TABLE_BAD(e))
#define pud_present(e)	  (pt_folded(PT_PMD) ? 1 : TABLE_PRESENT(e))
#define pud_large(e)	  (pt_folded(PT_PUD) ? 0 : TABLE_LARGE(e))
#define pmd_none(e)	  TABLE_NONE(e)
#define pmd_bad(e)	  TABLE_BAD(e)
#define pmd_present(e)	  TABLE_PRESENT(e)
#define pmd_large(e)	  TABLE_LARGE(e)
#define pud_leaf	  pud_large
#define pmd_leaf	  pmd_large
#define pmd_trans_huge(e) TABLE_LARGE(e)
#define pmd_huge(e)	  TABLE_LARGE(e)

#define TABLE_PAGE(e)	  ((unsigned long)((e).v & PTE_PFN_MASK) + PAGE_OFFSET)
#define pgd_page_vaddr(e) TABLE_PAGE(e)
#define p4d_page_vaddr(e) TABLE_PAGE(e)
#define pud_page_vaddr(e) TABLE_PAGE(e)
#define pmd_page_vaddr(e) TABLE_PAGE(e)

#define pgd_index(a) pt_index(PT_PGD, (unsigned long)(a))
#define p4d_index(a) (pt_folded(PT_P4D) ? 0U : pt_index(PT_P4D, (unsigned long)(a)))
#define pud_index(a) (pt_folded(PT_PUD) ? 0U : pt_index(PT_PUD, (unsigned long)(a)))
#define pmd_index(a) (pt_folded(PT_PMD) ? 0U : pt_index(PT_PMD, (unsigned long)(a)))
#define pte_index(a) pt_index(PT_PTE, (unsigned long)(a))

#define pgd_offset_pgd(top, a) ((pgd_t *)(top) + pgd_index(a))
#define pgd_offset(mm_, a)     pgd_offset_pgd((mm_)->pgd, a)
#define pgd_offset_k(a)	       pgd_offset(&init_mm, a)
#define swapper_pg_dir	       ((pgd_t *)init_mm.pgd)

/* The table that entry *@e points to; of a level that is folded, *@e itself. */
static inline void *pt_below(const void *e, int level, unsigned index, size_t size)
{
	if (pt_folded(level))
		return (void *)e;
	return (char *)TABLE_PAGE(*(const pgd_t *)e) + index * size;
}

static inline p4d_t *p4d_offset(pgd_t *e, unsigned long a)
{
	return pt_below(e, PT_P4D, p4d_index(a), sizeof(p4d_t));
}

static inline pud_t *pud_of_p4d(p4d_t *e, unsigned long a)
{
	return pt_below(e, PT_PUD, pud_index(a), sizeof(pud_t));
}

static inline pud_t *pud_of_pgd(pgd_t *e, unsigned long a)
{
	return pud_of_p4d(p4d_offset(e, a), a);
}
#define pud_offset(e, a) _Generic((e), pgd_t * : pud_of_pgd, p4d_t * : pud_of_p4d)(e, a)

#include <asm/pgtable_leaf.h>
#include <asm/pgtable_prot.h>
#include <asm/pgtable_range.h>

#define pgtable_l5_enabled() (!pt_folded(PT_P4D))

#endif
