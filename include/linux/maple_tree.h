/*
 * Maple trees: entries over ranges of numbers. A module's own are red-black trees of ranges here: the same calls, more steps. That of
 * an address space (mm->mm_mt) is the list of its vmas, which is told by its member mm.
 */
#ifndef _LINUX_MAPLE_TREE_H
#define _LINUX_MAPLE_TREE_H

#include <linux/mm.h>
#include <linux/rbtree.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

struct maple_tree {
	struct mm_struct *mm; /* NULL: a module's own */
	spinlock_t ma_lock;
	unsigned int ma_flags;
	struct rb_root root; /* of struct maple_range, by index; none overlap */
};

struct maple_range {
	struct rb_node node;
	unsigned long index, last;
	void *entry;
};

#define MT_FLAGS_ALLOC_RANGE 0x01
#define MT_FLAGS_USE_RCU     0x02
#define MTREE_INIT(name, flags)                                                                    \
	{                                                                                          \
		.ma_flags = (flags)                                                                \
	}
#define DEFINE_MTREE(name) struct maple_tree name = MTREE_INIT(name, 0)
#define mtree_lock(mt)	   spin_lock(&(mt)->ma_lock)
#define mtree_unlock(mt)   spin_unlock(&(mt)->ma_lock)

static inline void mt_init_flags(struct maple_tree *mt, unsigned int flags)
{
	*mt = (struct maple_tree)MTREE_INIT(mt, flags);
}
#define mt_init(mt) mt_init_flags(mt, 0)

/* The first range that ends at or above @index; NULL. */
static inline struct maple_range *maple_at(const struct maple_tree *mt, unsigned long index)
{
	struct rb_node *n = mt->root.rb_node;
	struct maple_range *found = NULL;

	while (n) {
		struct maple_range *r = rb_entry(n, struct maple_range, node);

		if (r->last >= index)
			found = r;
		n = r->last >= index ? n->rb_left : n->rb_right;
	}
	return found;
}

static inline struct maple_range *maple_next(const struct maple_range *r)
{
	return rb_entry_safe(rb_next(&r->node), struct maple_range, node);
}

/* The last range that begins at or below @index; NULL. */
static inline struct maple_range *maple_below(const struct maple_tree *mt, unsigned long index)
{
	struct rb_node *n = mt->root.rb_node;
	struct maple_range *found = NULL;

	while (n) {
		struct maple_range *r = rb_entry(n, struct maple_range, node);

		if (r->index <= index)
			found = r;
		n = r->index <= index ? n->rb_right : n->rb_left;
	}
	return found;
}

#include <linux/maple_store.h>

#include <linux/maple_calls.h>
#include <linux/maple_state.h>

#include <linux/maple_gap.h>

#endif
