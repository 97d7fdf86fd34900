/* What the rest of mm/aspace asks of hugetlb.c; for vmas with VM_HUGETLB. */
#ifndef MM_ASPACE_HUGETLB_VMA_H
#define MM_ASPACE_HUGETLB_VMA_H

#include "mm/aspace/aspace_impl.h"
#include "mm/huge.h"
#include "mm/hugetlb.h"

/* May such a vma be cut at @addr? Others: anywhere. */
static inline bool vma_may_split(const struct vm_area_struct *vma, unsigned long addr)
{
	return !(vma->vm_flags & VM_HUGETLB) || !(addr & ~HPAGE_MASK);
}

/* mmap(2): offset, and address of MAP_FIXED. 0 or -EINVAL. */
int must_check hugetlb_map_check(const struct vm_map_args *a);
/* vm_find_area, for a place in whole huge pages. */
int must_check hugetlb_find_area(struct mm_struct *mm, unsigned long addr, unsigned long len,
				 unsigned flags, struct vma_gap *out);
/* Pages for the new mapping @r are promised; its ops and private_data are set. 0 or -ENOMEM. */
int must_check hugetlb_map_reserve(struct mm_struct *mm, struct vma_req *r);
void hugetlb_map_undo(struct vma_req *r); /* it is not mapped after all */
/* [start, end) of @vma, a part or all, is no longer mapped by it: promises of places without a page end. */
void hugetlb_unmapped(struct vm_area_struct *vma, uaddr_t start, uaddr_t end);
/* fork: what a copy of @vma begins with: promised pages stay the parent's. */
void *hugetlb_forked(const struct vm_area_struct *vma);
/* @to, made like @from, is in the trees now: what happened to @from meanwhile concerns it too. */
void hugetlb_copied(struct vm_area_struct *to, const struct vm_area_struct *from);
/* No lock held but mmap_lock. Return: enum fault_result or STAGE_RETRY. */
int fault_hugetlb(struct fault_ctx *f);

#endif
