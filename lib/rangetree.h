/*
 * A B+tree of disjoint ranges [start, end) with a bound of the gaps of each subtree in its nodes. Find, insert, delete and
 * find-gap are O(log n); stepping is O(1) amortised. Nodes come from the caller's allocator, reserved before a
 * change, so that a change cannot fail halfway.
 */
#ifndef LIB_RANGETREE_H
#define LIB_RANGETREE_H

#include "base/compiler.h"
#include "base/types.h"

struct rangetree_node;

struct rangetree {
	struct rangetree_node *root;
	unsigned height;
	unsigned long nr;		/* ranges */
	struct rangetree_node *reserve; /* nodes put aside by rangetree_reserve */
	unsigned nr_reserved;
	void *(*node_alloc)(void); /* i: nodes of RANGETREE_NODE_SIZE; may sleep; NULL: no memory */
	void (*node_free)(void *node); /* i */
	struct rangetree_node
		*last_leaf; /* where rangetree_find ended last; readers race on it, one word */
	unsigned last_at;   /* the slot there; so too, and any number */
	unsigned insert_at; /* the slot of the last insertion */
	bool in_turn;	    /* the present one is at or behind it */
};

enum { RANGETREE_NODE_SIZE = 64 * sizeof(long) };

void rangetree_init(struct rangetree *t, void *(*node_alloc)(void), void (*node_free)(void *));
/* Put aside the nodes that @changes insertions can need. 0 or -ENOMEM. What is put aside stays until used. */
int must_check rangetree_reserve_more(struct rangetree *t, unsigned need);
static inline int must_check rangetree_reserve(struct rangetree *t, unsigned changes)
{
	/* + 2: the new root, and the height it adds for the next */
	unsigned need = changes * (t->height + 2);

	return likely(t->nr_reserved >= need) ? 0 : rangetree_reserve_more(t, need);
}
void rangetree_unreserve(struct rangetree *t);
/* Insert [start, end) -> item; must not overlap; nodes reserved. */
void rangetree_insert(struct rangetree *t, unsigned long start, unsigned long end, void *item);
/* Remove the range that starts at @start. Return: the item of the one that follows; NULL: none. Never needs memory. */
void *rangetree_remove(struct rangetree *t, unsigned long start);
/* Change the bounds of the range that starts at @old_start, without passing a neighbour. */
void rangetree_resize(struct rangetree *t, unsigned long old_start, unsigned long start,
		      unsigned long end);
/* Cut the range that starts at @start in two at @at; the upper part is @upper's. As one insertion: nodes reserved. */
void rangetree_split(struct rangetree *t, unsigned long start, unsigned long at, void *upper);
struct rangetree_cut {
	unsigned long start, end;
	void *lower, *upper;
};
/* The same in three: the range keeps [c->start, c->end), the parts below and above get their items. As two insertions. */
void rangetree_cut(struct rangetree *t, unsigned long start, const struct rangetree_cut *c);
/* The range that starts at @start takes over the @nr that follow it without a gap, and is @item's from now on. */
void rangetree_join(struct rangetree *t, unsigned long start, unsigned nr, void *item);
/* Replace the item of the range that starts at @start. */
void rangetree_set_item(struct rangetree *t, unsigned long start, void *item);
/* First range with end > addr; NULL when none. Read-only: many readers at once. */
void *rangetree_find(struct rangetree *t, unsigned long addr);
/* Last range with start < addr: the one before; NULL when none. */
void *rangetree_find_prev(struct rangetree *t, unsigned long addr);
/* Both: the last range with start < @start, and the first with end > @end; NULL where none.
 * Read-only. */
void rangetree_around(struct rangetree *t, unsigned long start, unsigned long end, void **prev,
		      void **next);
struct rangetree_gap {
	unsigned long start;
	void *prev, *next; /* items around it, as of rangetree_around */
};
/* Lowest / highest address a with [a, a+size) free and inside [low, high). Return: false when none. Not at once with other
 * searches of this kind. */
bool rangetree_gap_lowest(struct rangetree *t, unsigned long low, unsigned long high,
			  unsigned long size, struct rangetree_gap *out);
bool rangetree_gap_highest(struct rangetree *t, unsigned long low, unsigned long high,
			   unsigned long size, struct rangetree_gap *out);
/* Free all nodes (items are the caller's). */
void rangetree_destroy(struct rangetree *t);
/* Checker: order, fill, gaps, height. Return: NULL, or what is wrong. */
const char *rangetree_check(struct rangetree *t);

#endif
