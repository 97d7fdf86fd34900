/* Radix trees as modules use them: an xarray under its old names. */
#ifndef _LINUX_RADIX_TREE_H
#define _LINUX_RADIX_TREE_H

#include <linux/xarray.h>

#define radix_tree_root			   xarray
#define RADIX_TREE_INIT(name, gfp)	   XARRAY_INIT(name, 0)
#define RADIX_TREE(name, gfp)		   DEFINE_XARRAY(name)
#define INIT_RADIX_TREE(root, gfp)	   xa_init(root)
#define RADIX_TREE_MAX_TAGS		   XA_MARKS
#define radix_tree_empty(root)		   xa_empty(root)
#define radix_tree_lookup(root, i)	   xa_load(root, i)
#define radix_tree_delete(root, i)	   xa_erase(root, i)
#define radix_tree_preload(gfp)		   ({ 0; })
#define radix_tree_preload_end()	   ((void)0)
#define radix_tree_tag_set(root, i, tag)   (xa_set_mark(root, i, tag), xa_load(root, i))
#define radix_tree_tag_clear(root, i, tag) (xa_clear_mark(root, i, tag), xa_load(root, i))
#define radix_tree_tag_get(root, i, tag)   ((int)xa_get_mark(root, i, tag))
#define radix_tree_tagged(root, tag)	   ((int)xa_marked(root, tag))

/* 0, -EEXIST, -ENOMEM */
static inline int radix_tree_insert(struct xarray *root, unsigned long index, void *item)
{
	int err = xa_insert(root, index, item, GFP_KERNEL);

	return err == -EBUSY ? -EEXIST : err;
}

/* The place where the entry is kept; NULL: there is none. */
static inline void **radix_tree_lookup_slot(struct xarray *root, unsigned long index)
{
	struct xa_item *item = xa_item_at(root, index);

	return item ? &item->entry : NULL;
}
#define radix_tree_deref_slot(slot)	    (*(slot))
#define radix_tree_replace_slot(root, s, e) ((void)(*(s) = (e)))

/* Up to @max entries from @first on, of those with @marks (0: all). Return: how many. */
static inline unsigned int radix_tree_gang(struct xarray *root, void **results, unsigned long first,
					   unsigned int max, unsigned int marks)
{
	struct xa_item *item = xa_item_from(root, first, marks);
	unsigned int n = 0;

	for (; item && n < max; item = xa_item_from(root, item->index + 1, marks)) {
		results[n++] = item->entry;
		if (item->index == ~0UL)
			break;
	}
	return n;
}
#define radix_tree_gang_lookup(root, results, first, max)                                          \
	radix_tree_gang(root, results, first, max, 0)
#define radix_tree_gang_lookup_tag(root, results, first, max, tag)                                 \
	radix_tree_gang(root, results, first, max, 1U << (tag))

struct radix_tree_iter {
	unsigned long index;
	struct xa_item *item;
};

static inline void **radix_tree_iter_slot(struct radix_tree_iter *iter)
{
	if (iter->item)
		iter->index = iter->item->index;
	return iter->item ? &iter->item->entry : NULL;
}

static inline void **radix_tree_step(struct xarray *root, struct radix_tree_iter *iter,
				     unsigned int marks)
{
	iter->item = iter->index == ~0UL ? NULL : xa_item_from(root, iter->index + 1, marks);
	return radix_tree_iter_slot(iter);
}

#define RADIX_TREE_WALK(slot, root, iter, start, marks)                                            \
	for ((iter)->item = xa_item_from(root, start, marks), (slot) = radix_tree_iter_slot(iter); \
	     slot; (slot) = radix_tree_step(root, iter, marks))
#define radix_tree_for_each_slot(slot, root, iter, start)                                          \
	RADIX_TREE_WALK(slot, root, iter, start, 0)
#define radix_tree_for_each_tagged(slot, root, iter, start, tag)                                   \
	RADIX_TREE_WALK(slot, root, iter, start, 1U << (tag))
#define radix_tree_iter_delete(root, iter, slot) ((void)xa_erase(root, (iter)->index))

#endif
