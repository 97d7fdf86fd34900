/* Red-black trees by comparison functions; included by linux/rbtree.h. */
#ifndef _LINUX_RBTREE_FIND_H
#define _LINUX_RBTREE_FIND_H

#include <linux/rbtree.h>

static inline bool module_rb_add(struct rb_node *n, struct rb_root *root,
				 bool (*less)(struct rb_node *a, const struct rb_node *b))
{
	struct rb_node **link = &root->rb_node, *parent = NULL;
	bool leftmost = true;

	while (*link) {
		parent = *link;
		if (less(n, parent)) {
			link = &parent->rb_left;
		} else {
			link = &parent->rb_right;
			leftmost = false;
		}
	}
	rb_link_node(n, parent, link);
	rb_insert_color(n, root);
	return leftmost;
}
#define rb_add(n, root, less) ((void)module_rb_add(n, root, less))

/* Return: @n when it is the first now; else NULL. */
static inline struct rb_node *rb_add_cached(struct rb_node *n, struct rb_root_cached *c,
					    bool (*less)(struct rb_node *a,
							 const struct rb_node *b))
{
	if (!module_rb_add(n, &c->rb_root, less))
		return NULL;
	c->rb_leftmost = n;
	return n;
}

static inline struct rb_node *rb_find(const void *key, const struct rb_root *root,
				      int (*cmp)(const void *key, const struct rb_node *n))
{
	struct rb_node *n = root->rb_node;

	while (n) {
		int c = cmp(key, n);

		if (!c)
			return n;
		n = c < 0 ? n->rb_left : n->rb_right;
	}
	return NULL;
}

static inline struct rb_node *rb_find_first(const void *key, const struct rb_root *root,
					    int (*cmp)(const void *key, const struct rb_node *n))
{
	struct rb_node *n = root->rb_node, *found = NULL;

	while (n) {
		int c = cmp(key, n);

		if (!c)
			found = n;
		n = c <= 0 ? n->rb_left : n->rb_right;
	}
	return found;
}

/* NULL: it was not there, @n is now. */
static inline struct rb_node *rb_find_add(struct rb_node *n, struct rb_root *root,
					  int (*cmp)(struct rb_node *a, const struct rb_node *b))
{
	struct rb_node **link = &root->rb_node, *parent = NULL;

	while (*link) {
		int c = cmp(n, *link);

		parent = *link;
		if (!c)
			return parent;
		link = c < 0 ? &parent->rb_left : &parent->rb_right;
	}
	rb_link_node(n, parent, link);
	rb_insert_color(n, root);
	return NULL;
}

#endif
