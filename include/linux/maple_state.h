/* Maple trees by a state: a place in a tree; mas.index and mas.last are the range of what was found. Included by linux/maple_tree.h. */
#include <linux/maple_tree.h>

#ifndef _LINUX_MAPLE_STATE_H
#define _LINUX_MAPLE_STATE_H

static inline void *maple_found(struct vma_iterator *mas, const struct maple_range *r)
{
	mas->index = r->index;
	mas->last = r->last;
	mas->started = true;
	return r->entry;
}

static inline void *maple_find(struct vma_iterator *mas, unsigned long last)
{
	struct vm_area_struct *vma;
	struct maple_range *r;

	if (mas->mm) {
		vma = vma_next(mas);
		if (!vma || vma->vm_start > last)
			return NULL;
		mas->index = vma->vm_start;
		mas->last = vma->vm_end - 1;
		return vma;
	}
	if (mas->started && mas->last >= last)
		return NULL;
	r = maple_at(mas->tree, mas->started ? mas->last + 1 : mas->index);
	return r && r->index <= last ? maple_found(mas, r) : NULL;
}
#define mas_find(mas, last) maple_find(mas, last)

static inline void *maple_walk(struct vma_iterator *mas)
{
	struct maple_range *r;

	if (mas->mm)
		return vma_lookup(mas->mm, mas->addr);
	r = maple_at(mas->tree, mas->index);
	return r && r->index <= mas->index ? maple_found(mas, r) : NULL;
}
#define mas_walk(mas) maple_walk(mas)

static inline void *maple_after(struct vma_iterator *mas, unsigned long last)
{
	if (!mas->mm && !mas->started)
		(void)maple_walk(mas);
	return maple_find(mas, last);
}
#define mas_next(mas, last) maple_after(mas, last)

static inline void *maple_before(struct vma_iterator *mas, unsigned long first)
{
	struct maple_range *r;

	if (mas->mm)
		return vma_prev(mas);
	r = mas->index ? maple_below(mas->tree, mas->index - 1) : NULL;
	return r && r->last >= first ? maple_found(mas, r) : NULL;
}
#define mas_prev(mas, first) maple_before(mas, first)

#define mas_for_each(mas, entry, last) while (((entry) = mas_find(mas, last)) != NULL)
#define mas_lock(mas)		       maple_lock((mas)->tree, true)
#define mas_unlock(mas)		       maple_lock((mas)->tree, false)

static inline void maple_lock(struct maple_tree *mt, bool on)
{
	if (mt->mm) /* the vmas' lock is mmap_lock */
		return;
	if (on)
		mtree_lock(mt);
	else
		mtree_unlock(mt);
}

static inline void mas_set_range(struct vma_iterator *mas, unsigned long first, unsigned long last)
{
	mas->at = NULL;
	mas->addr = mas->index = first;
	mas->last = last;
	mas->started = false;
}
#define mas_set(mas, at) mas_set_range(mas, at, at)
#define mas_reset(mas)	 mas_set_range(mas, (mas)->index, (mas)->last)

/* The lock is the caller's. 0, -EINVAL, -ENOMEM. */
static inline int mas_store_gfp(struct vma_iterator *mas, void *entry, gfp_t gfp)
{
	struct maple_range r = { .index = mas->index, .last = mas->last, .entry = entry };

	return maple_store(mas->tree, r, gfp, true, true);
}
#define mas_store(mas, entry) ((void)mas_store_gfp(mas, entry, GFP_ATOMIC))

static inline void *mas_erase(struct vma_iterator *mas)
{
	struct maple_range *r = maple_at(mas->tree, mas->index);
	void *entry = NULL;

	if (r && r->index <= mas->index) {
		entry = maple_found(mas, r);
		maple_drop(mas->tree, r);
	}
	return entry;
}

#endif
