/* How the ranges of a maple tree come and go. Included by linux/maple_tree.h. */
#include <linux/maple_tree.h>

#ifndef _LINUX_MAPLE_STORE_H
#define _LINUX_MAPLE_STORE_H

static inline void maple_link(struct maple_tree *mt, struct maple_range *new)
{
	struct rb_node **link = &mt->root.rb_node, *parent = NULL;

	while (*link) {
		parent = *link;
		link = new->index < rb_entry(parent, struct maple_range, node)->index
			       ? &parent->rb_left
			       : &parent->rb_right;
	}
	rb_link_node(&new->node, parent, link);
	rb_insert_color(&new->node, &mt->root);
}

static inline void maple_drop(struct maple_tree *mt, struct maple_range *r)
{
	rb_erase(&r->node, &mt->root);
	kfree(r);
}

/* Nothing has [first, last] any more. @tail: for what is left behind a hole in the middle. Return: was it used? */
static inline bool maple_cut(struct maple_tree *mt, unsigned long first, unsigned long last,
			     struct maple_range *tail)
{
	struct maple_range *r = maple_at(mt, first), *next;

	for (; r && r->index <= last; r = next) {
		next = maple_next(r);
		if (r->index < first && r->last > last) {
			*tail = (struct maple_range){ .index = last + 1,
						      .last = r->last,
						      .entry = r->entry };
			r->last = first - 1;
			maple_link(mt, tail);
			return true;
		}
		if (r->index < first)
			r->last = first - 1;
		else if (r->last > last)
			r->index = last + 1;
		else
			maple_drop(mt, r);
	}
	return false;
}

/* Under the tree's lock; @new and @tail are spare. What is left of them is freed. */
static inline void maple_put(struct maple_tree *mt, struct maple_range *new,
			     struct maple_range *tail)
{
	if (!maple_cut(mt, new->index, new->last, tail))
		kfree(tail);
	if (new->entry)
		maple_link(mt, new);
	else
		kfree(new);
}

/* @over: what is there may go. 0, -EINVAL, -EEXIST, -ENOMEM. */
static inline int maple_store(struct maple_tree *mt, struct maple_range want, gfp_t gfp, bool over,
			      bool locked)
{
	struct maple_range *new, *tail, *r;
	int err = 0;

	if (want.index > want.last)
		return -EINVAL;
	new = kmalloc(sizeof(*new), gfp);
	tail = kmalloc(sizeof(*tail), gfp);
	if (!locked)
		mtree_lock(mt);
	r = maple_at(mt, want.index);
	if (!new || !tail)
		err = -ENOMEM;
	else if (!over && r && r->index <= want.last)
		err = -EEXIST;
	if (!err) {
		*new = want;
		maple_put(mt, new, tail);
	}
	if (!locked)
		mtree_unlock(mt);
	if (err) {
		kfree(new);
		kfree(tail);
	}
	return err;
}

#endif
