/*
 * Interval trees: which of many intervals [first, last] overlap a given one? The nodes are embedded in their objects. A
 * change needs no memory. The caller locks.
 */
#ifndef LIB_IVTREE_H
#define LIB_IVTREE_H

#include "lib/rbtree.h"

struct ivtree_node {
	struct rb_node rb;
	unsigned long first, last; /* the interval, inclusive */
	unsigned long max_last;	   /* the largest last of the subtree */
};

struct ivtree {
	struct rb_root rb;
};

void ivtree_init(struct ivtree *t);
/* @n stands for [first, last]. Among intervals with the same first the new one comes last. */
void ivtree_insert(struct ivtree *t, struct ivtree_node *n, unsigned long first,
		   unsigned long last);
void ivtree_remove(struct ivtree *t, struct ivtree_node *n);
/* @n, in the tree, stands for [first, last] from now on; with the same first it keeps its place among equals. */
void ivtree_change(struct ivtree *t, struct ivtree_node *n, unsigned long first,
		   unsigned long last);
/* @n keeps [first, last] of its interval; @low and @high, in no tree, get what it had below and above, neither empty. */
void ivtree_cut(struct ivtree *t, struct ivtree_node *n, unsigned long first, unsigned long last,
		struct ivtree_node *low, struct ivtree_node *high);
/* The reverse: @n, between @low and @high, takes over theirs, and they leave the tree. */
void ivtree_join(struct ivtree *t, struct ivtree_node *n, struct ivtree_node *low,
		 struct ivtree_node *high);
static inline bool ivtree_empty(const struct ivtree *t)
{
	return rbtree_empty(&t->rb);
}

/* The nodes that overlap [first, last], by rising first. NULL: no more. */
struct ivtree_node *ivtree_first(const struct ivtree *t, unsigned long first, unsigned long last);
struct ivtree_node *ivtree_next(const struct ivtree_node *n, unsigned long first,
				unsigned long last);
#define ivtree_for_each(n, t, first, last)                                                         \
	for (n = ivtree_first(t, first, last); n; n = ivtree_next(n, first, last))

/* Checker: order, summaries, balance. Return: NULL, or what is wrong. */
const char *ivtree_check(const struct ivtree *t);

#endif
