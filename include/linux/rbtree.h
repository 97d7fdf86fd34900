/* Red-black trees: the kernel's (lib/rbtree.c), as Linux's modules use them. */
#ifndef _LINUX_RBTREE_H
#define _LINUX_RBTREE_H

#include <linux/kernel.h>
#include <linux/mm_types.h>

struct rb_root_cached {
	struct rb_root rb_root;
	struct rb_node *rb_leftmost;
};

/* @n hangs where rb_link_node has put it. */
void rb_insert_color(struct rb_node *n, struct rb_root *root);
void rb_erase(struct rb_node *n, struct rb_root *root);
struct rb_node *rb_next(const struct rb_node *n);
struct rb_node *rb_prev(const struct rb_node *n);
void rb_replace_node(struct rb_node *old, struct rb_node *fresh, struct rb_root *root);

#define RB_ROOT                                                                                    \
	(struct rb_root)                                                                           \
	{                                                                                          \
		NULL                                                                               \
	}
#define RB_ROOT_CACHED                                                                             \
	(struct rb_root_cached)                                                                    \
	{                                                                                          \
		{ NULL }, NULL                                                                     \
	}
#define RB_EMPTY_ROOT(root)  (READ_ONCE((root)->rb_node) == NULL)
#define RB_EMPTY_NODE(n)     ((n)->__rb_parent_color == (unsigned long)(n))
#define RB_CLEAR_NODE(n)     ((void)((n)->__rb_parent_color = (unsigned long)(n)))
#define rb_parent(n)	     ((struct rb_node *)((n)->__rb_parent_color & ~3UL))
#define rb_entry(p, type, m) container_of(p, type, m)
#define rb_entry_safe(p, type, m)                                                                  \
	({                                                                                         \
		struct rb_node *rb_entry_ = (p);                                                   \
		rb_entry_ ? rb_entry(rb_entry_, type, m) : NULL;                                   \
	})

static inline void rb_link_node(struct rb_node *n, struct rb_node *parent, struct rb_node **link)
{
	n->__rb_parent_color = (unsigned long)parent;
	n->rb_left = n->rb_right = NULL;
	*link = n;
}

static inline struct rb_node *rb_first(const struct rb_root *root)
{
	struct rb_node *n = root->rb_node;

	while (n && n->rb_left)
		n = n->rb_left;
	return n;
}

static inline struct rb_node *rb_last(const struct rb_root *root)
{
	struct rb_node *n = root->rb_node;

	while (n && n->rb_right)
		n = n->rb_right;
	return n;
}

#define rb_first_cached(c)    ((c)->rb_leftmost)
#define rb_first_postorder(r) rb_deepest_left((r)->rb_node)
#define rbtree_postorder_for_each_entry_safe(pos, n, root, m)                                      \
	for (pos = rb_entry_safe(rb_first_postorder(root), __typeof__(*pos), m);                   \
	     pos && ({                                                                             \
		     n = rb_entry_safe(rb_next_postorder(&pos->m), __typeof__(*pos), m);           \
		     1;                                                                            \
	     });                                                                                   \
	     pos = n)

static inline struct rb_node *rb_deepest_left(struct rb_node *n)
{
	while (n && (n->rb_left || n->rb_right))
		n = n->rb_left ? n->rb_left : n->rb_right;
	return n;
}

static inline struct rb_node *rb_next_postorder(const struct rb_node *n)
{
	struct rb_node *up = n ? rb_parent(n) : NULL;

	return up && n == up->rb_left && up->rb_right ? rb_deepest_left(up->rb_right) : up;
}

static inline void rb_insert_color_cached(struct rb_node *n, struct rb_root_cached *c,
					  bool leftmost)
{
	if (leftmost)
		c->rb_leftmost = n;
	rb_insert_color(n, &c->rb_root);
}

static inline void rb_erase_cached(struct rb_node *n, struct rb_root_cached *c)
{
	if (c->rb_leftmost == n)
		c->rb_leftmost = rb_next(n);
	rb_erase(n, &c->rb_root);
}

#include <linux/rbtree_find.h>

#endif
