/* Free ranges between the entries of a maple tree. Included by linux/maple_tree.h. */
#include <linux/maple_tree.h>

#ifndef _LINUX_MAPLE_GAP_H
#define _LINUX_MAPLE_GAP_H

/* The first entry that ends at or above @at (@up), or the last that begins at or below it. False: there is none. */
static inline bool maple_near(struct maple_tree *mt, unsigned long at, bool up,
			      unsigned long *first, unsigned long *last)
{
	struct maple_range *r = mt->mm ? NULL : up ? maple_at(mt, at) : maple_below(mt, at);
	struct vm_area_struct *vma = NULL;

	for (struct vm_area_struct *v = mt->mm ? mt->mm->mmap : NULL; v; v = v->vm_next) {
		if (up ? v->vm_end > at : v->vm_start > at) {
			vma = up ? v : vma;
			break;
		}
		vma = up ? NULL : v;
	}
	*first = r ? r->index : vma ? vma->vm_start : 0;
	*last = r ? r->last : vma ? vma->vm_end - 1 : 0;
	return r || vma;
}

/* The lowest @size numbers in [min, max] without an entry are those of @mas then. 0, -EBUSY, -EINVAL. */
static inline int mas_empty_area(struct vma_iterator *mas, unsigned long min, unsigned long max,
				 unsigned long size)
{
	unsigned long at = min, first, last;

	if (!size || min > max)
		return -EINVAL;
	while (size - 1 <= max - at) {
		if (!maple_near(mas->tree, at, true, &first, &last) ||
		    (first > at && first - at >= size)) {
			mas_set_range(mas, at, at + size - 1);
			return 0;
		}
		if (last >= max)
			break;
		at = last + 1;
	}
	return -EBUSY;
}

/* The same with the highest. */
static inline int mas_empty_area_rev(struct vma_iterator *mas, unsigned long min, unsigned long max,
				     unsigned long size)
{
	unsigned long end = max, first, last;

	if (!size || min > max)
		return -EINVAL;
	while (size - 1 <= end - min) {
		if (!maple_near(mas->tree, end, false, &first, &last) ||
		    (last < end && end - last >= size)) {
			mas_set_range(mas, end - size + 1, end);
			return 0;
		}
		if (first <= min)
			break;
		end = first - 1;
	}
	return -EBUSY;
}

#endif
