/*
 * Interval trees: a red-black tree by first, each node with the largest last below it.
 *
 *              [4,9] max 15            overlapping [10,12]?   left: max 6 < 10, nothing there
 *             /     \                                          itself: 9 < 10, no
 *       [1,3]max 6  [8,15] max 15                              right: [8,15] overlaps
 *         \
 *         [2,6] max 6
 *
 * OWNS     the order and the summaries; the intervals are the objects'.
 * WHY      from a page offset to the vmas that show it: a file may be mapped by thousands, most of them elsewhere in it.
 * I1       nodes ascend by first; equals stand in the order of their insertion. rmap relies on it: fork inserts the
 *          child's vma behind the parent's and then copies entries, so a walk that comes first to the parent
 *          misses neither.
 * I2       max_last is the largest last of the node and those below it.
 * LOCKS    the caller's.
 * COST     insert, remove O(log n); all k overlaps O(log n + k log n) at worst, usually O(log n + k).
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

static unsigned long max_of_node(const struct ivtree *t, const struct ivtree_node *n)
{
	unsigned long max = t->interval(n).last;

	for (int side = 0; side < 2; side++) {
		if (n->rb.child[side] && node_of(n->rb.child[side])->max_last > max)
			max = node_of(n->rb.child[side])->max_last;
	}
	return max;
}

static void update(struct rb_root *rb, struct rb_node *n)
{
	node_of(n)->max_last = max_of_node(container_of(rb, struct ivtree, rb), node_of(n));
}

void ivtree_init(struct ivtree *t, struct interval (*interval)(const struct ivtree_node *n))
{
	t->rb.node = NULL;
	t->rb.update = update;
	t->interval = interval;
}

void ivtree_insert(struct ivtree *t, struct ivtree_node *n)
{
	struct rb_node *parent = NULL, *rb = t->rb.node;
	unsigned long first = t->interval(n).first;
	int side = 0;

	while (rb) {
		parent = rb;
		side = first >= t->interval(node_of(rb)).first;
		rb = rb->child[side];
	}
	rbtree_insert(&t->rb, parent, side, &n->rb);
}

void ivtree_remove(struct ivtree *t, struct ivtree_node *n)
{
	rbtree_remove(&t->rb, &n->rb);
}

/* The lowest overlap in the subtree of @rb, which reaches @first. NULL: all that reach it begin beyond @last. */
static struct ivtree_node *lowest_below(const struct ivtree *t, struct rb_node *rb,
					unsigned long first, unsigned long last)
{
	for (;;) {
		struct interval i;

		if (reaches(rb->child[0], first)) {
			rb = rb->child[0];
			continue;
		}
		i = t->interval(node_of(rb));
		if (i.first > last)
			return NULL;
		if (i.last >= first)
			return node_of(rb);
		if (!reaches(rb->child[1], first))
			return NULL;
		rb = rb->child[1];
	}
}

struct ivtree_node *ivtree_first(const struct ivtree *t, unsigned long first, unsigned long last)
{
	return reaches(t->rb.node, first) ? lowest_below(t, t->rb.node, first, last) : NULL;
}

struct ivtree_node *ivtree_next(const struct ivtree *t, const struct ivtree_node *n,
				unsigned long first, unsigned long last)
{
	const struct rb_node *rb = &n->rb, *below;

	for (;;) {
		struct interval i;

		if (reaches(rb->child[1], first))
			return lowest_below(t, rb->child[1], first, last);
		do {
			below = rb;
			rb = rb_parent(rb);
		} while (rb && rb->child[1] == below);
		if (!rb)
			return NULL;
		i = t->interval(node_of(rb));
		if (i.first > last)
			return NULL;
		if (i.last >= first)
			return node_of(rb);
	}
}

const char *ivtree_check(const struct ivtree *t)
{
	unsigned long nr, before = 0;
	const char *bad = rbtree_check(&t->rb, &nr);
	struct rb_node *rb;

	for (rb = bad ? NULL : rbtree_first(&t->rb); rb; rb = rbtree_next(rb)) {
		struct interval i = t->interval(node_of(rb));

		if (i.first < before || i.last < i.first)
			return "I1: order";
		if (node_of(rb)->max_last != max_of_node(t, node_of(rb)))
			return "I2: summary";
		before = i.first;
	}
	return bad;
}
