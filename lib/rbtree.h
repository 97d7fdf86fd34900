/*
 * Red-black trees of nodes embedded in their objects. The caller compares, locks, and says where a node goes; a tree
 * may keep a value in each node that sums up its subtree (lib/ivtree.h).
 */
#ifndef LIB_RBTREE_H
#define LIB_RBTREE_H

#include "base/compiler.h"
#include "base/types.h"

struct rb_node {
	uintptr_t parent_black; /* the parent's address, plus 1 when the node is black */
	struct rb_node *child[2];
};

struct rb_root {
	struct rb_node *node; /* NULL: empty */
	/* Compute @n's summary from its children. Return: has it changed? NULL: nodes have none. */
	bool (*update)(struct rb_node *n);
};

static inline struct rb_node *rb_parent(const struct rb_node *n)
{
	return (struct rb_node *)(n->parent_black & ~(uintptr_t)1);
}

static inline bool rb_is_red(const struct rb_node *n)
{
	return !(n->parent_black & 1);
}

static inline bool rbtree_empty(const struct rb_root *t)
{
	return !READ_ONCE(t->node);
}

/* Hang @n below @parent (NULL: the tree is empty) as child @side, which is free: 0 before it, 1 after it. The caller
 * has brought the summaries of @n and of all above it up to date. */
void rbtree_insert(struct rb_root *t, struct rb_node *parent, int side, struct rb_node *n);
void rbtree_remove(struct rb_root *t, struct rb_node *n);
/* The same of the first node. */
static inline void rbtree_insert_first(struct rb_root *t, struct rb_node *n)
{
	n->parent_black = 1;
	n->child[0] = NULL;
	n->child[1] = NULL;
	t->node = n;
}
/* @n takes @old's place; the same order and summary. */
void rbtree_replace(struct rb_root *t, struct rb_node *old, struct rb_node *n);
/* In order. NULL: none. */
struct rb_node *rbtree_first(const struct rb_root *t);
struct rb_node *rbtree_next(const struct rb_node *n);
struct rb_node *rbtree_prev(const struct rb_node *n);
/* Checker: links, colours, black height. Return: NULL, or what is wrong; *nr gets the number of nodes. */
const char *rbtree_check(const struct rb_root *t, unsigned long *nr);

#endif
