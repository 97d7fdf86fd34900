/* Walks over ranges of addresses: where an entry's range ends, entries that lead nowhere. Included by asm/pgtable.h. */
#ifndef _ASM_PGTABLE_RANGE_H
#define _ASM_PGTABLE_RANGE_H

#include <asm/pgtable.h>

/* The end of what the entry of @a at @level spans, or @end if that comes first. Both may be 0: the end of all addresses. */
static inline unsigned long pt_range_end(int level, unsigned long a, unsigned long end)
{
	unsigned long next = (a | (pt_span(level) - 1)) + 1;

	return pt_folded(level) || next - 1 >= end - 1 ? end : next;
}

static inline unsigned long pgd_addr_end(unsigned long a, unsigned long end)
{
	unsigned long next = (a | (PGDIR_SIZE - 1)) + 1;

	return next - 1 < end - 1 ? next : end;
}
#define p4d_addr_end(a, end) pt_range_end(PT_P4D, a, end)
#define pud_addr_end(a, end) pt_range_end(PT_PUD, a, end)
#define pmd_addr_end(a, end) pt_range_end(PT_PMD, a, end)

/* Entries that are wrong are only told, not cleared: they are not the module's. */
#define TABLE_NONE_OR_BAD(kind, e)                                                                 \
	(kind##_none(*(e)) ||                                                                      \
	 (kind##_bad(*(e)) && (printk("bad " #kind " %llx\n", (unsigned long long)(e)->v), 1)))
#define pgd_none_or_clear_bad(e) TABLE_NONE_OR_BAD(pgd, e)
#define p4d_none_or_clear_bad(e) TABLE_NONE_OR_BAD(p4d, e)
#define pud_none_or_clear_bad(e) (pud_large(*(e)) || TABLE_NONE_OR_BAD(pud, e))
#define pmd_none_or_clear_bad(e) (pmd_large(*(e)) || TABLE_NONE_OR_BAD(pmd, e))

#define pgd_leaf(e)	     0
#define p4d_leaf(e)	     0
#define pgd_large(e)	     0
#define pud_huge(e)	     pud_large(e)
#define pud_trans_huge(e)    pud_large(e)
#define pgdp_get(e)	     (*(e))
#define p4dp_get(e)	     (*(e))
#define pudp_get(e)	     (*(e))
#define pmdp_get(e)	     (*(e))
#define pmdp_get_lockless(e) (*(e))
#define ptep_get(e)	     (*(e))
#define ptep_get_lockless(e) (*(e))
#define pmd_offset_kernel    pmd_offset
#define pte_offset_map_nolock(mm, pmd, a, lock)                                                    \
	(*(lock) = &(mm)->page_table_lock, pte_offset_map(pmd, a))
#define mm_p4d_folded(mm) pt_folded(PT_P4D)
#define mm_pud_folded(mm) pt_folded(PT_PUD)
#define mm_pmd_folded(mm) pt_folded(PT_PMD)

#endif
