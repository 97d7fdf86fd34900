/* What the rest of mm/aspace asks of hugetlb.c; for vmas with VM_HUGETLB. */
#ifndef MM_ASPACE_HUGETLB_VMA_H
#define MM_ASPACE_HUGETLB_VMA_H

#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/huge.h"
#include "mm/hugetlb_pool.h"

/* Does @addr lie between huge pages of @vma, if it has such? */
static inline bool vma_between_huge(const struct vm_area_struct *vma, unsigned long addr)
{
	return !(vma->vm_flags & VM_HUGETLB) || !(addr & ~HPAGE_MASK);
}

/* May @vma, of huge pages or a device's, be cut at @addr, unless that is its end? 0 or -errno. */
static inline int vma_may_split(struct vm_area_struct *vma, unsigned long addr)
{
	if (addr <= vma->vm_start || addr >= vma->vm_end)
		return 0;
	if (!vma_between_huge(vma, addr))
		return -EINVAL;
	return vma->vm_ops && vma->vm_ops->may_split ? vma->vm_ops->may_split(vma, addr) : 0;
}

/* mmap(2): offset, and address of MAP_FIXED. 0 or -EINVAL. */
int must_check hugetlb_map_check(const struct vm_map_args *a);
/* vm_find_area, for a place in whole huge pages. */
int must_check hugetlb_find_area(struct mm_struct *mm, unsigned long addr, unsigned long len,
				 unsigned flags, struct rangetree_gap *out);
/* Pages for the new mapping @r are promised; its ops and private_data are set. 0 or -ENOMEM. */
int must_check hugetlb_map_reserve(struct mm_struct *mm, struct vma_req *r);
void hugetlb_map_undo(struct vma_req *r); /* it is not mapped after all */
/* [start, end) of @vma, a part or all, is no longer mapped by it: promises of places without a page end. */
void hugetlb_unmapped(struct vm_area_struct *vma, uaddr_t start, uaddr_t end);
/* fork: what a copy of @vma begins with: promised pages stay the parent's. */
void *hugetlb_forked(const struct vm_area_struct *vma);
/* @to, made like @from, is in the trees now: what happened to @from meanwhile concerns it too. */
void hugetlb_copied(struct vm_area_struct *to, const struct vm_area_struct *from);
/* No lock held but mmap_lock. Return: enum fault_result, STAGE_RETRY or STAGE_WAIT. */
int fault_hugetlb(struct fault_ctx *f);

/* One place of a mapping, in a fault or a userfaultfd's fill. */
struct huge_fault {
	struct fault_ctx *f;
	struct vm_area_struct *vma;
	struct address_space *m;
	uaddr_t addr; /* of the huge page */
	unsigned long place;
	bool wp,
		unmark; /* the entry gets a userfaultfd's mark; a marker there counts for nothing */
};

/* The place of @f->addr in @f->vma. */
struct huge_fault hugetlb_place(struct fault_ctx *f);
static inline bool hugetlb_at_end(const struct huge_fault *h)
{
	return h->place >= mapping_size(h->m) >> HPAGE_SHIFT; /* nor is a part of a page there */
}
/* A page of the program's own, PS_ANON, filled. 0 or -errno. Place locked, invalidate_lock for read. */
int must_check hugetlb_own_page(struct huge_fault *h, const struct hugetlb_filler *fill,
				struct page **out);
/* Nothing is mapped there yet; @page's reference goes to the entry, or is put. @own: private. The same locks. Return: FAULT_OK, FAULT_OOM, or STAGE_RETRY: not writable yet. */
int hugetlb_map_page(struct huge_fault *h, struct page *page, bool own);

/* The frames, and that they are up to date. */
void hugetlb_copy_page(struct page *to, struct page *from);

/* ---- hugetlb_uffd.c: the pages that a userfaultfd's monitor brings ---- */
/* Whose is the place where nothing is mapped: VM_UFFD_*, or 0. */
unsigned long hugetlb_monitored(const struct huge_fault *h);
/* Tell the monitor. Return: STAGE_WAIT or FAULT_BUS. */
int hugetlb_deliver(struct huge_fault *h, unsigned long reason);
/*
 * The huge page at @addr of @vma: from *@src, or (NULL) the one that the object has. @wp: with the mark. mmap_lock held for read. Return: 0,
 * -EEXIST, -ENOMEM, -EFAULT (no such place, no page), -ENOENT: a part of *@src must be faulted in first, without mmap_lock.
 */
int must_check hugetlb_fill_place(struct vm_area_struct *vma, unsigned long addr,
				  const uaddr_t *src, bool wp);

#endif
