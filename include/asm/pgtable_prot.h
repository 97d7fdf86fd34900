/* Entries as plain numbers, and the rights of a mapping as entries have them. Included by asm/pgtable.h. */
#ifndef _ASM_PGTABLE_PROT_H
#define _ASM_PGTABLE_PROT_H

#include <linux/vm_flags.h>

#include <asm/pgtable.h>

#define native_pgd_val(e)  pgd_val(e)
#define native_p4d_val(e)  p4d_val(e)
#define native_pud_val(e)  pud_val(e)
#define native_pmd_val(e)  pmd_val(e)
#define native_pte_val(e)  pte_val(e)
#define native_make_pte(v) ((pte_t){ (v) })
#define native_make_pmd(v) ((pmd_t){ (v) })
#define native_make_pud(v) ((pud_t){ (v) })
#define native_make_p4d(v) ((p4d_t){ (v) })
#define native_make_pgd(v) ((pgd_t){ (v) })
#define pte_soft_dirty(e)  ((pte_val(e) & _PAGE_SOFT_DIRTY) != 0)
#define pte_leaf(e)	   1

/* What the entries of a mapping with @flags are made with: private ones are written to by copying. */
static inline pgprot_t vm_get_page_prot(unsigned long flags)
{
	pteval_t v = USER_PAGE_PROT;

	if (!(flags & (VM_READ | VM_WRITE | VM_EXEC)))
		return PAGE_NONE;
	if ((flags & (VM_WRITE | VM_SHARED)) == (VM_WRITE | VM_SHARED))
		v |= _PAGE_RW;
	return __pgprot(flags & VM_EXEC ? v : v | _PAGE_NX);
}

#endif
