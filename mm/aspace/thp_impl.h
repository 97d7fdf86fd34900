/* Between the files of mm/aspace that make transparent huge pages: thp.c (faults) and collapse.c (of small pages). */
#ifndef MM_ASPACE_THP_IMPL_H
#define MM_ASPACE_THP_IMPL_H

#include "arch/pt.h"
#include "mm/gfp.h"
#include "mm/huge.h"
#include "mm/numa.h"
#include "mm/vma.h"

/* thp_allowed but for thp_enabled: MADV_COLLAPSE does not ask the system. */
bool thp_possible(const struct vm_area_struct *vma);

/* Does the block that begins at @start lie in @vma whole? */
static inline bool thp_block_in(const struct vm_area_struct *vma, unsigned long start)
{
	return start >= vma->vm_start && start < vma->vm_end && vma->vm_end - start >= HPAGE_SIZE;
}

/* vma_page_mapped for the pages that a large entry maps. */
static inline void thp_block_mapped(const struct vm_area_struct *vma, struct page *block)
{
	for (unsigned i = 0; (vma->vm_flags & VM_LOCKED) && i < HPAGE_NR; i++)
		page_mlock(block + i);
}

/* HPAGE_NR pages side by side, aligned, a reference each; contents undefined. NULL: none. */
struct page *must_check thp_alloc(gfp_t gfp, int node, nodemask_t nodes);
void thp_free(struct page *block); /* nobody else has a reference */
/* The large entry that a write fault makes of it. */
pte_t thp_entry(const struct vm_area_struct *vma, struct page *block);

/* ---- thp_zero.c ---- */
/* The huge page of zeroes, which stays while @mm lives. NULL: no memory. */
struct page *must_check thp_zero_get(struct mm_struct *mm);

/* MADV_COLLAPSE: every block of [start, end). 0 or -errno as madvise(2). No lock held; sleeps. */
int must_check thp_collapse(struct mm_struct *mm, unsigned long start, unsigned long end);

#endif
