/* What modules call maple trees by. Included by linux/maple_tree.h. */
#include <linux/maple_tree.h>

#ifndef _LINUX_MAPLE_CALLS_H
#define _LINUX_MAPLE_CALLS_H

static inline int mtree_store_range(struct maple_tree *mt, unsigned long first, unsigned long last,
				    void *entry, gfp_t gfp)
{
	return maple_store(mt, (struct maple_range){ .index = first, .last = last, .entry = entry },
			   gfp, true, false);
}
#define mtree_store(mt, index, entry, gfp) mtree_store_range(mt, index, index, entry, gfp)

static inline int mtree_insert_range(struct maple_tree *mt, unsigned long first, unsigned long last,
				     void *entry, gfp_t gfp)
{
	return maple_store(mt, (struct maple_range){ .index = first, .last = last, .entry = entry },
			   gfp, false, false);
}
#define mtree_insert(mt, index, entry, gfp) mtree_insert_range(mt, index, index, entry, gfp)

/* The range that has @index goes as a whole. Return: its entry; NULL. */
static inline void *mtree_erase(struct maple_tree *mt, unsigned long index)
{
	struct maple_range *r;
	void *entry = NULL;

	mtree_lock(mt);
	r = maple_at(mt, index);
	if (r && r->index <= index) {
		entry = r->entry;
		maple_drop(mt, r);
	}
	mtree_unlock(mt);
	return entry;
}

/* The caller has the lock. */
static inline void __mt_destroy(struct maple_tree *mt)
{
	struct rb_node *n;

	while ((n = mt->root.rb_node))
		maple_drop(mt, rb_entry(n, struct maple_range, node));
}

static inline void mtree_destroy(struct maple_tree *mt)
{
	mtree_lock(mt);
	__mt_destroy(mt);
	mtree_unlock(mt);
}

static inline bool mtree_empty(const struct maple_tree *mt)
{
	return !mt->mm && !mt->root.rb_node;
}

static inline void *maple_load(void *tree, unsigned long index)
{
	struct maple_tree *mt = tree;
	struct maple_range *r;

	if (mt->mm)
		return vma_lookup(mt->mm, index);
	r = maple_at(mt, index);
	return r && r->index <= index ? r->entry : NULL;
}
#define mtree_load(tree, index) maple_load(tree, index)

/* The first entry that ends at or above *@index and begins at or below @last; *@index is behind it then. */
static inline void *mt_find(void *tree, unsigned long *index, unsigned long last)
{
	struct maple_tree *mt = tree;
	struct vm_area_struct *vma;
	struct maple_range *r;

	if (!mt->mm) {
		r = maple_at(mt, *index);
		if (!r || r->index > last)
			return NULL;
		*index = r->last + 1;
		return r->entry;
	}
	vma = find_vma(mt->mm, *index);
	if (!vma || vma->vm_start > last)
		return NULL;
	*index = vma->vm_end;
	return vma;
}
/* The same, when an earlier call has been at the end of all numbers: nothing. */
#define mt_find_after(tree, index, last) (*(index) ? mt_find(tree, index, last) : NULL)
#define mt_for_each(tree, entry, index, last)                                                      \
	for ((entry) = mt_find(tree, &(index), last); (entry);                                     \
	     (entry) = mt_find_after(tree, &(index), last))

static inline void *mt_next(struct maple_tree *mt, unsigned long index, unsigned long max)
{
	struct maple_range *r = index == ULONG_MAX ? NULL : maple_at(mt, index + 1);

	if (r && r->index <= index)
		r = maple_next(r);
	return r && r->index <= max ? r->entry : NULL;
}

static inline void *mt_prev(struct maple_tree *mt, unsigned long index, unsigned long min)
{
	struct maple_range *r = index ? maple_below(mt, index - 1) : NULL;

	if (r && r->last >= index)
		r = r->index ? maple_below(mt, r->index - 1) : NULL;
	return r && r->last >= min ? r->entry : NULL;
}

#endif
