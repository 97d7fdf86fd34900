/*
 * Interval trees: a red-black tree by first, each node with the largest last below it.
 *
 *              [4,9] max 15            overlapping [10,12]?   left: max 6 < 10, nothing there
 *             /     \                                          itself: 9 < 10, no
 *       [1,3]max 6  [8,15] max 15                              right: [8,15] overlaps
 *         \
 *         [2,6] max 6
 *
 * OWNS     struct ivtree_node while it is in a tree.
 * WHY      from a page offset to the vmas that show it: a file may be mapped by thousands, most of them elsewhere in it.
 * I1       nodes ascend by first; equals stand in the order of their insertion. rmap relies on it: fork inserts the
 *          child's vma behind the parent's and then copies entries, so a walk that comes first to the parent
 *          misses neither.
 * I2       max_last is the largest last of the node and those below it.
 * LOCKS    the caller's.
 * COST     insert, remove, change O(log n), a few instructions in a tree of one; all k overlaps O(log n + k log n) at worst, usually O(log n + k).
 * SOURCES  Cormen et al., "Interval trees".   TESTED BY ivtree_test.c
 */
#include "lib/ivtree.h"

static struct ivtree_node *node_of(const struct rb_node *rb)
{
	return container_of(rb, struct ivtree_node, rb);
}

/* Does the subtree reach up to @first? Then it may overlap. */
static bool reaches(const struct rb_node *rb, unsigned long first)
{
	return rb && node_of(rb)->max_last >= first;
}

static unsigned long max_of_node(const struct ivtree_node *n)
{
	const struct rb_node *left = n->rb.child[0], *right = n->rb.child[1];
	unsigned long max = n->last;

	if (left && node_of(left)->max_last > max)
		max = node_of(left)->max_last;
	if (right && node_of(right)->max_last > max)
		max = node_of(right)->max_last;
	return max;
}

static bool update(struct rb_node *rb)
{
	struct ivtree_node *n = node_of(rb);
	unsigned long max = max_of_node(n);

	if (n->max_last == max)
		return false;
	n->max_last = max;
	return true;
}

void ivtree_init(struct ivtree *t)
{
	t->rb.node = NULL;
	t->rb.update = update;
}

void ivtree_insert(struct ivtree *t, struct ivtree_node *n, unsigned long first, unsigned long last)
{
	struct rb_node *parent = NULL, *rb = t->rb.node;
	int side = 0;

	n->first = first;
	n->last = last;
	n->max_last = last;
	if (!rb) {
		rbtree_insert_first(&t->rb, &n->rb);
		return;
	}
	while (rb) {
		struct ivtree_node *above = node_of(rb);

		if (above->max_last < last)
			above->max_last = last;
		parent = rb;
		side = first >= above->first;
		rb = rb->child[side];
	}
	rbtree_insert(&t->rb, parent, side, &n->rb);
}

void ivtree_remove(struct ivtree *t, struct ivtree_node *n)
{
	struct rb_node *parent = rb_parent(&n->rb);

	if (n->rb.child[0] || n->rb.child[1] || (parent && !rb_is_red(&n->rb))) {
		rbtree_remove(&t->rb, &n->rb);
		return;
	}
	if (!parent) { /* the only one, as mostly */
		t->rb.node = NULL;
		return;
	}
	parent->child[parent->child[1] == &n->rb] = NULL; /* a red leaf: nothing to balance */
	while (parent && update(parent))
		parent = rb_parent(parent);
}

/* Does @n, when it begins at @first, come where it is, as the last of those that begin there? */
static bool keeps_place(const struct ivtree_node *n, unsigned long first)
{
	const struct rb_node *next = rbtree_next(&n->rb), *prev;

	if (next && node_of(next)->first <= first)
		return false;
	if (first > n->first)
		return true;
	prev = rbtree_prev(&n->rb);
	return !prev || node_of(prev)->first <= first;
}

void ivtree_change(struct ivtree *t, struct ivtree_node *n, unsigned long first, unsigned long last)
{
	struct rb_node *rb = &n->rb;

	if (n->first != first && !keeps_place(n, first)) {
		ivtree_remove(t, n);
		ivtree_insert(t, n, first, last);
		return;
	}
	n->first = first;
	n->last = last;
	while (rb && update(rb))
		rb = rb_parent(rb);
}

static void hang_red(struct ivtree_node *below, int side, struct ivtree_node *n,
		     unsigned long first, unsigned long last)
{
	n->rb.parent_black = (uintptr_t)&below->rb;
	n->rb.child[0] = NULL;
	n->rb.child[1] = NULL;
	n->first = first;
	n->last = last;
	n->max_last = last;
	below->rb.child[side] = &n->rb;
}

/* Does what comes behind the leaf @n begin at @first or later? Others may overlap @n. */
static inline bool next_begins_from(const struct ivtree_node *n, unsigned long first)
{
	const struct rb_node *below = &n->rb, *rb = rb_parent(below);

	while (rb && rb->child[1] == below) {
		below = rb;
		rb = rb_parent(rb);
	}
	return !rb || node_of(rb)->first >= first;
}

/* Two red leaves below a black one: all ways stay as black as they were, and what is above sums up the same. */
void ivtree_cut(struct ivtree *t, struct ivtree_node *n, unsigned long first, unsigned long last,
		struct ivtree_node *low, struct ivtree_node *high)
{
	unsigned long low_first = n->first, high_last = n->last;

	if (likely(!n->rb.child[0] && !n->rb.child[1] && !rb_is_red(&n->rb)) &&
	    likely(next_begins_from(n, last + 1))) {
		hang_red(n, 0, low, low_first, first - 1);
		hang_red(n, 1, high, last + 1, high_last);
		n->first = first;
		n->last = last;
		return;
	}
	ivtree_change(t, n, first, last);
	ivtree_insert(t, low, low_first, first - 1);
	ivtree_insert(t, high, last + 1, high_last);
}

static inline bool is_red_leaf(const struct rb_node *rb)
{
	return rb_is_red(rb) && !rb->child[0] && !rb->child[1];
}

void ivtree_join(struct ivtree *t, struct ivtree_node *n, struct ivtree_node *low,
		 struct ivtree_node *high)
{
	unsigned long first = low->first, last = high->last;

	if (likely(n->rb.child[0] == &low->rb && n->rb.child[1] == &high->rb &&
		   is_red_leaf(&low->rb) && is_red_leaf(&high->rb))) {
		n->rb.child[0] = NULL;
		n->rb.child[1] = NULL;
		n->first = first;
		n->last = last; /* the largest there was: the summaries stay */
		return;
	}
	ivtree_change(t, n, first, last); /* first, so that the summaries above the others stay */
	ivtree_remove(t, low);
	ivtree_remove(t, high);
}

/* The lowest overlap in the subtree of @rb, which reaches @first. NULL: all that reach it begin beyond @last. */
static struct ivtree_node *lowest_below(struct rb_node *rb, unsigned long first, unsigned long last)
{
	for (;;) {
		struct ivtree_node *n = node_of(rb);

		if (reaches(rb->child[0], first)) {
			rb = rb->child[0];
			continue;
		}
		if (n->first > last)
			return NULL;
		if (n->last >= first)
			return n;
		if (!reaches(rb->child[1], first))
			return NULL;
		rb = rb->child[1];
	}
}

struct ivtree_node *ivtree_first(const struct ivtree *t, unsigned long first, unsigned long last)
{
	return reaches(t->rb.node, first) ? lowest_below(t->rb.node, first, last) : NULL;
}

struct ivtree_node *ivtree_next(const struct ivtree_node *n, unsigned long first,
				unsigned long last)
{
	const struct rb_node *rb = &n->rb, *below;

	for (;;) {
		if (reaches(rb->child[1], first))
			return lowest_below(rb->child[1], first, last);
		do {
			below = rb;
			rb = rb_parent(rb);
		} while (rb && rb->child[1] == below);
		if (!rb || node_of(rb)->first > last)
			return NULL;
		if (node_of(rb)->last >= first)
			return node_of(rb);
	}
}

const char *ivtree_check(const struct ivtree *t)
{
	unsigned long nr, before = 0;
	const char *bad = rbtree_check(&t->rb, &nr);
	struct rb_node *rb;

	for (rb = bad ? NULL : rbtree_first(&t->rb); rb; rb = rbtree_next(rb)) {
		const struct ivtree_node *n = node_of(rb);

		if (n->first < before || n->last < n->first)
			return "I1: order";
		if (n->max_last != max_of_node(n))
			return "I2: summary";
		before = n->first;
	}
	return bad;
}
