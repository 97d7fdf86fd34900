/*
 * Red-black trees.
 *
 *          B            a red node has black children, every way down to a missing child meets as many black nodes:
 *        /   \          so no way is more than twice as long as another
 *       R     B
 *
 * Left and right are child[0] and child[1], so each case is written once, for a side and its opposite (!side).
 *
 * OWNS     struct rb_node while it is in a tree.
 * WHY      intrusive: a change needs no memory and cannot fail, and a node in hand is removed without a search, also
 *          among equals. At most two rotations an insertion, three a removal.
 * I1       the root is black; a red node has no red child.
 * I2       all ways from a node down to missing children hold the same number of black nodes.
 * I3       a child's parent link points back.
 * I4       every node's summary is what update makes of its children and itself.                       [users]
 * LOCKS    the caller's.
 * COST     O(log n), at most 2 log2(n + 1) levels.
 * SOURCES  Bayer 1972; Guibas & Sedgewick 1978; cases as in Cormen et al., "Red-Black Trees".   TESTED BY rbtree_test.c
 */
#include "lib/rbtree.h"

static bool is_red(const struct rb_node *n)
{
	return n && rb_is_red(n); /* a missing child counts as black */
}

static void set_parent(struct rb_node *n, const struct rb_node *parent)
{
	n->parent_black = (uintptr_t)parent | (n->parent_black & 1);
}

static void set_black(struct rb_node *n)
{
	n->parent_black |= 1;
}

static void set_red(struct rb_node *n)
{
	n->parent_black &= ~(uintptr_t)1;
}

static void update(struct rb_root *t, struct rb_node *n)
{
	if (t->update)
		(void)t->update(n);
}

/* The set of nodes below @n has changed: so did the summaries upwards, as far as it makes a difference. */
static void update_upwards(struct rb_root *t, struct rb_node *n)
{
	while (t->update && n && t->update(n))
		n = rb_parent(n);
}

/* Whoever pointed down at @old points at @n (may be NULL). */
static void relink(struct rb_root *t, const struct rb_node *old, struct rb_node *n)
{
	struct rb_node *parent = rb_parent(old);

	if (!parent)
		t->node = n;
	else
		parent->child[parent->child[1] == old] = n;
	if (n)
		set_parent(n, parent);
}

/* @n goes down to @side, its child of the other side takes its place. */
static void rotate(struct rb_root *t, struct rb_node *n, int side)
{
	struct rb_node *up = n->child[!side], *between = up->child[side];

	relink(t, n, up);
	n->child[!side] = between;
	if (between)
		set_parent(between, n);
	up->child[side] = n;
	set_parent(n, up);
	update(t, n);
	update(t, up);
}

/* @n is red: so must its parent not be. */
static void fix_red(struct rb_root *t, struct rb_node *n)
{
	struct rb_node *parent;

	while (is_red(parent = rb_parent(n))) {
		struct rb_node *grand = rb_parent(parent); /* a red node is not the root */
		int side = grand->child[1] == parent;
		struct rb_node *uncle = grand->child[!side];

		if (is_red(uncle)) {
			set_black(parent);
			set_black(uncle);
			set_red(grand);
			n = grand;
			continue;
		}
		if (parent->child[!side] == n) { /* bent: make it straight */
			rotate(t, parent, side);
			parent = n;
		}
		set_black(parent);
		set_red(grand);
		rotate(t, grand, !side);
		break;
	}
	set_black(t->node);
}

void rbtree_insert(struct rb_root *t, struct rb_node *parent, int side, struct rb_node *n)
{
	if (!parent) {
		rbtree_insert_first(t, n);
		return;
	}
	n->child[0] = NULL;
	n->child[1] = NULL;
	n->parent_black = (uintptr_t)parent;
	parent->child[side] = n;
	if (is_red(parent))
		fix_red(t, n);
}

/* Ways through @parent's child @n (may be NULL) lack one black node. */
static void fix_black(struct rb_root *t, struct rb_node *n, struct rb_node *parent)
{
	while (parent && !is_red(n)) {
		int side = parent->child[1] == n;
		struct rb_node *sibling = parent->child[!side]; /* has black nodes to spare */

		if (is_red(sibling)) {
			set_black(sibling);
			set_red(parent);
			rotate(t, parent, side);
			sibling = parent->child[!side];
		}
		if (!is_red(sibling->child[0]) && !is_red(sibling->child[1])) {
			set_red(sibling);
			n = parent;
			parent = rb_parent(n);
			continue;
		}
		if (!is_red(sibling->child[!side])) {
			set_black(sibling->child[side]);
			set_red(sibling);
			rotate(t, sibling, !side);
			sibling = parent->child[!side];
		}
		if (is_red(parent))
			set_red(sibling);
		set_black(parent);
		set_black(sibling->child[!side]);
		rotate(t, parent, side);
		return;
	}
	if (n)
		set_black(n);
}

/* @n has two children: the node after it, which has no left one, comes into its place. Return: that one's old parent. */
static struct rb_node *take_successor(struct rb_root *t, struct rb_node *n, struct rb_node *next)
{
	struct rb_node *parent = rb_parent(next);

	if (parent == n) {
		parent = next;
	} else {
		relink(t, next, next->child[1]);
		next->child[1] = n->child[1];
		set_parent(next->child[1], next);
	}
	relink(t, n, next);
	next->child[0] = n->child[0];
	set_parent(next->child[0], next);
	return parent;
}

void rbtree_remove(struct rb_root *t, struct rb_node *n)
{
	struct rb_node *below, *parent; /* what is left below the place that lost a node */
	struct rb_node *next = NULL;	/* what came into the place of @n */
	bool lost_black = !is_red(n);

	if (!n->child[0] || !n->child[1]) {
		below = n->child[!n->child[0]];
		parent = rb_parent(n);
		relink(t, n, below);
	} else {
		next = n->child[1];
		while (next->child[0])
			next = next->child[0];
		below = next->child[1];
		lost_black = !is_red(next);
		parent = take_successor(t, n, next);
		if (is_red(n))
			set_red(next);
		else
			set_black(next);
	}
	update_upwards(t, parent);
	if (next) { /* what it said before was about another place */
		update(t, next);
		update_upwards(t, rb_parent(next));
	}
	if (lost_black)
		fix_black(t, below, parent);
}

void rbtree_replace(struct rb_root *t, struct rb_node *old, struct rb_node *n)
{
	*n = *old;
	relink(t, old, n);
	for (int side = 0; side < 2; side++) {
		if (n->child[side])
			set_parent(n->child[side], n);
	}
}

struct rb_node *rbtree_first(const struct rb_root *t)
{
	struct rb_node *n = t->node;

	while (n && n->child[0])
		n = n->child[0];
	return n;
}

/* The neighbour on @side. */
static always_inline_ struct rb_node *step(const struct rb_node *n, int side)
{
	struct rb_node *up, *next = n->child[side];

	if (next) {
		while (next->child[!side])
			next = next->child[!side];
		return next;
	}
	for (up = rb_parent(n); up && up->child[side] == n; up = rb_parent(n))
		n = up;
	return up;
}

struct rb_node *rbtree_next(const struct rb_node *n)
{
	return step(n, 1);
}

struct rb_node *rbtree_prev(const struct rb_node *n)
{
	return step(n, 0);
}

struct check {
	const char *bad;
	unsigned long nr;
};

/* Return: the black height below and with @n. Recursion: at most as deep as the tree. */
static unsigned check_below(struct check *c, const struct rb_node *n, const struct rb_node *parent)
{
	unsigned left, right;

	if (!n || c->bad)
		return 0;
	if (rb_parent(n) != parent)
		c->bad = "I3: parent link";
	if (is_red(n) && (!parent || is_red(parent)))
		c->bad = "I1: a red node below a red one, or at the root";
	c->nr++;
	left = check_below(c, n->child[0], n);
	right = check_below(c, n->child[1], n);
	if (left != right && !c->bad)
		c->bad = "I2: black height";
	return left + !is_red(n);
}

const char *rbtree_check(const struct rb_root *t, unsigned long *nr)
{
	struct check c = { NULL, 0 };

	(void)check_below(&c, t->node, NULL);
	*nr = c.nr;
	return c.bad;
}
