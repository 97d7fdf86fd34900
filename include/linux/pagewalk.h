/* A walk over the page tables of an address space, with a function for each level. */
#ifndef _LINUX_PAGEWALK_H
#define _LINUX_PAGEWALK_H

#include <linux/pagewalk_levels.h>

/* mmap_lock of @mm is held. 0, what a function returned, or -EINVAL: an empty range. */
static inline int walk_page_range(struct mm_struct *mm, unsigned long start, unsigned long end,
				  const struct mm_walk_ops *ops, void *private)
{
	struct mm_walk one = { .ops = ops, .mm = mm, .pgd = mm->pgd, .private = private };
	struct mm_walk *walk = &one;
	unsigned long next;
	int err = 0;

	if (start >= end)
		return -EINVAL;
	for (; start < end && !err; start = next) {
		struct vm_area_struct *vma = find_vma(mm, start);

		walk->vma = vma && vma->vm_start <= start ? vma : NULL;
		next = !vma ? end : walk->vma ? vma->vm_end : vma->vm_start;
		next = next < end ? next : end;
		err = walk->vma ? walk_in_vma(start, next, walk)
				: WALK_CALL(pte_hole, start, next, -1, walk);
	}
	return err;
}

static inline int walk_page_vma(struct vm_area_struct *vma, const struct mm_walk_ops *ops,
				void *private)
{
	struct mm_walk walk = {
		.ops = ops, .mm = vma->vm_mm, .pgd = vma->vm_mm->pgd, .vma = vma, .private = private
	};

	return walk_in_vma(vma->vm_start, vma->vm_end, &walk);
}

/* Without regard to vmas; @pgd NULL: that of @mm. */
static inline int walk_page_range_novma(struct mm_struct *mm, unsigned long start,
					unsigned long end, const struct mm_walk_ops *ops,
					pgd_t *pgd, void *private)
{
	struct mm_walk walk = {
		.ops = ops, .mm = mm, .pgd = pgd ? pgd : mm->pgd, .private = private, .no_vma = true
	};

	return start >= end ? -EINVAL : walk_tables(start, end, &walk);
}

#endif
