/* The tree of items below linux/xarray.h. */
#ifndef _LINUX_XARRAY_ITEMS_H
#define _LINUX_XARRAY_ITEMS_H

#include <linux/err.h>
#include <linux/kernel.h>
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

struct xa_item {
	struct rb_node node;
	unsigned long index;
	void *entry;
	unsigned int marks;
};
struct xarray {
	spinlock_t xa_lock;
	unsigned int xa_flags;
	struct rb_root root;
	unsigned int next; /* xa_alloc_cyclic's */
};
#define xa_lock(xa)   spin_lock(&(xa)->xa_lock)
#define xa_unlock(xa) spin_unlock(&(xa)->xa_lock)

/* The first item with @index or a higher one and one of @marks (bits; 0: any); NULL: none. */
static inline struct xa_item *xa_item_from(struct xarray *xa, unsigned long index,
					   unsigned int marks)
{
	struct rb_node *n = xa->root.rb_node;
	struct xa_item *best = NULL, *item;

	while (n) {
		item = rb_entry(n, struct xa_item, node);
		if (item->index >= index)
			best = item;
		n = item->index >= index ? n->rb_left : n->rb_right;
	}
	while (best && marks && !(best->marks & marks)) {
		n = rb_next(&best->node);
		best = n ? rb_entry(n, struct xa_item, node) : NULL;
	}
	return best;
}

static inline struct xa_item *xa_item_at(struct xarray *xa, unsigned long index)
{
	struct xa_item *item = xa_item_from(xa, index, 0);

	return item && item->index == index ? item : NULL;
}

static inline void *xa_load(struct xarray *xa, unsigned long index)
{
	struct xa_item *item;
	void *entry;

	xa_lock(xa);
	item = xa_item_at(xa, index);
	entry = item ? item->entry : NULL;
	xa_unlock(xa);
	return entry;
}

static inline void xa_item_add(struct xarray *xa, struct xa_item *fresh)
{
	struct rb_node **at = &xa->root.rb_node, *up = NULL;

	while (*at) {
		up = *at;
		at = fresh->index < rb_entry(up, struct xa_item, node)->index ? &up->rb_left
									      : &up->rb_right;
	}
	rb_link_node(&fresh->node, up, at);
	rb_insert_color(&fresh->node, &xa->root);
}

/* The old entry, or ERR_PTR(-ENOMEM). @only_new: an old one stays. NULL takes the entry away. */
static inline void *xa_put(struct xarray *xa, unsigned long index, void *entry, gfp_t gfp,
			   bool only_new)
{
	struct xa_item *fresh = entry ? kzalloc(sizeof(*fresh), gfp) : NULL, *item;
	void *old;

	if (entry && !fresh)
		return ERR_PTR(-ENOMEM);
	xa_lock(xa);
	item = xa_item_at(xa, index);
	old = item ? item->entry : NULL;
	if (item && entry && !only_new) {
		item->entry = entry;
	} else if (item && !entry) {
		rb_erase(&item->node, &xa->root);
		swap(item, fresh);
	} else if (!item && entry) {
		fresh->index = index;
		fresh->entry = entry;
		xa_item_add(xa, fresh);
		fresh = NULL;
	}
	xa_unlock(xa);
	kfree(fresh);
	return old;
}

#endif
