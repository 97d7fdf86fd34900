/* From an address to its entry, from a list of vmas to a tree; included by linux/mm.h. */
#include <linux/mm.h>

#ifndef _LINUX_MM_FOLLOW_H
#define _LINUX_MM_FOLLOW_H

void mmgrab(struct mm_struct *mm);
void mmdrop(struct mm_struct *mm);
/* The program; with a reference (fput). NULL: it has none. */
struct file *get_mm_exe_file(struct mm_struct *mm);

/* The entry of @addr in the lowest table; NULL: there is none, or a huge page. */
static inline pte_t *module_find_pte(struct mm_struct *mm, unsigned long addr)
{
	pgd_t *pgd = pgd_offset(mm, addr);
	p4d_t *p4d;
	pud_t *pud;
	pmd_t *pmd;

	if (pgd_none(*pgd) || pgd_bad(*pgd))
		return NULL;
	p4d = p4d_offset(pgd, addr);
	if (p4d_none(*p4d) || p4d_bad(*p4d))
		return NULL;
	pud = pud_offset(p4d, addr);
	if (pud_none(*pud) || pud_bad(*pud) || pud_large(*pud))
		return NULL;
	pmd = pmd_offset(pud, addr);
	if (pmd_none(*pmd) || pmd_bad(*pmd) || pmd_large(*pmd))
		return NULL;
	return pte_offset_kernel(pmd, addr);
}

extern struct page *zero_page; /* of zeroes, which read faults map */
#define ZERO_PAGE(addr)	 (zero_page)
#define is_zero_pfn(pfn) ((pfn) == page_to_pfn(zero_page))

/* The page behind @e if it has a descriptor that counts; not the page of zeroes. */
static inline struct page *vm_normal_page(struct vm_area_struct *vma, unsigned long addr, pte_t e)
{
	(void)vma;
	(void)addr;
	if (!pte_present(e) || !pfn_valid(pte_pfn(e)) || is_zero_pfn(pte_pfn(e)) || pte_special(e))
		return NULL;
	return pfn_to_page(pte_pfn(e));
}
#define vm_normal_folio(vma, addr, e)                                                              \
	({                                                                                         \
		struct page *normal_ = vm_normal_page(vma, addr, e);                               \
		normal_ ? page_folio(normal_) : NULL;                                              \
	})

static inline int module_follow_pte(struct mm_struct *mm, unsigned long addr, pte_t **entry,
				    spinlock_t **lock)
{
	pte_t *at = module_find_pte(mm, addr);

	if (!at || !pte_present(*at))
		return -EINVAL;
	*lock = &mm->page_table_lock;
	*entry = at;
	return 0;
}

static inline int module_follow_pte_vma(struct vm_area_struct *vma, unsigned long addr,
					pte_t **entry, spinlock_t **lock)
{
	if (addr < vma->vm_start || addr >= vma->vm_end || !(vma->vm_flags & (VM_IO | VM_PFNMAP)))
		return -EINVAL;
	return module_follow_pte(vma->vm_mm, addr, entry, lock);
}

/* (mm, addr, &entry, &lock); from Linux 6.10 on (vma, addr, &entry, &lock). 0, -EINVAL: not mapped. */
#define follow_pte(from, addr, entry, lock)                                                        \
	_Generic((from), struct mm_struct *                                                        \
		 : module_follow_pte, struct vm_area_struct *                                      \
		 : module_follow_pte_vma)(from, addr, entry, lock)

/* Of memory that is no page of programs: devices'. */
static inline int follow_pfn(struct vm_area_struct *vma, unsigned long addr, unsigned long *pfn)
{
	spinlock_t *lock;
	pte_t *entry;
	int err = module_follow_pte_vma(vma, addr, &entry, &lock);

	if (!err)
		*pfn = pte_pfn(*entry);
	return err;
}

#define vma_is_initial_stack(vma)                                                                  \
	((vma)->vm_start <= (vma)->vm_mm->start_stack && (vma)->vm_end >= (vma)->vm_mm->start_stack)
#define vma_is_stack_for_current(vma) vma_is_initial_stack(vma)
#define vma_is_initial_heap(vma)                                                                   \
	((vma)->vm_start < (vma)->vm_mm->brk && (vma)->vm_end > (vma)->vm_mm->start_brk)

/* ---- the tree of vmas by its own calls (Linux 6.1 on) ---- */
#define mas_pause(mas)	    ((void)(mas))
#define mas_destroy(mas)    ((void)(mas))
#define vma_find(vmi, last) vma_next(vmi)

static inline struct vm_area_struct *vma_prev(struct vma_iterator *vmi)
{
	struct vm_area_struct *vma;

	if (vmi->at) {
		vma = vmi->at->vm_prev;
	} else {
		vma = vmi->mm->mmap;
		while (vma && vma->vm_next && vma->vm_next->vm_start <= vmi->addr)
			vma = vma->vm_next;
	}
	vmi->at = vma;
	return vma;
}

#endif
