/*
 * Radix index with tags.
 *
 * A tree of 64-way nodes; a node at level l (leaf 0) spends index bits [6l, 6l+6). The tree is as high as the largest
 * index stored needs, and a single item at index 0 needs no node at all (most small files). Each node has, per
 * tag, one bit per slot: set when the item, or any item below the slot, has the tag. So finding the next
 * dirty page of a large file touches only nodes that have one.
 *
 * OWNS     struct xindex_node.
 * I1       a node has at least one slot used, and count is their number.
 * I2       an inner slot's tag bit is set exactly when some bit of that tag is set in its child.
 * I3       the root has a used slot beyond 0, or height is 0 (the tree is no higher than it needs to be).
 * I4       x->nr is the number of items.
 * I5       a leaf's values are the number of its items that are numbers.
 * LOCKS    the caller's, for every call but the two of the reserve.
 * COST     find: one load per level; 1 level per factor of 64 in size (a 1 GiB file: 3).
 * FAILS    xindex_insert asks for nodes and changes nothing. Worst case, a tree of height 0 that gets the largest index:
 *          11 new roots (64 bits / 6 bits) and a path of 11 - 1 below the topmost = XINDEX_MAX_NODES.
 * SOURCES  Morrison 1968 (radix trees); tags as in Linux's radix tree.   TESTED BY xindex_test.c
 */
#include "lib/xindex.h"

#include "base/errno.h"
#include "lib/string.h"

enum { BITS = 6, SLOTS = XINDEX_LEAF_SLOTS, INDEX_BITS = sizeof(unsigned long) * 8 };

struct xindex_node {
	struct xindex_keep keep;
	uint8_t level;	/* 0: leaf */
	uint8_t count;	/* used slots */
	uint8_t values; /* leaf: of these, numbers */
	uint64_t tags[XINDEX_NR_TAGS];
	void *slot[SLOTS];
};

const size_t xindex_node_size = sizeof(struct xindex_node);

_Static_assert(SLOTS == 1 << BITS, "slots");
_Static_assert((INDEX_BITS + BITS - 1) / BITS <= XINDEX_MAX_HEIGHT, "height");

void xindex_init(struct xindex *x)
{
	*x = (struct xindex){ .root = NULL };
}

static unsigned slot_of(unsigned long index, unsigned level)
{
	return index >> (level * BITS) & (SLOTS - 1);
}

/* Can a tree of @height nodes hold @index? */
static bool fits(unsigned long index, unsigned height)
{
	return height * BITS >= INDEX_BITS || index >> (height * BITS) == 0;
}

static void set_height(struct xindex *x, unsigned height)
{
	x->height = height;
	x->last = height * BITS >= INDEX_BITS ? ~0UL : (1UL << (height * BITS)) - 1;
}

/* The leaf whose slots @index belongs to; NULL: it is not there. Height at least 1, index at most x->last. */
static inline struct xindex_node *leaf_of(const struct xindex *x, unsigned long index)
{
	struct xindex_node *n = x->root; /* a tree with height has one */

	for (unsigned shift = (x->height - 1) * BITS; shift; shift -= BITS) {
		n = n->slot[index >> shift & (SLOTS - 1)];
		if (!n)
			return NULL;
	}
	return n;
}

void *xindex_find(const struct xindex *x, unsigned long index)
{
	struct xindex_node *leaf;

	if (index > x->last)
		return NULL;
	if (!x->height)
		return x->root;
	leaf = leaf_of(x, index);
	return leaf ? leaf->slot[index & (SLOTS - 1)] : NULL;
}

void *const *xindex_slots(const struct xindex *x, unsigned long first, unsigned *nr)
{
	unsigned at = first & (SLOTS - 1);
	const struct xindex_node *leaf;

	if (first > x->last)
		return NULL;
	if (!x->height) {
		*nr = 1;
		return &x->root;
	}
	*nr = min_of(unsigned, *nr, SLOTS - at);
	leaf = leaf_of(x, first);
	return leaf ? leaf->slot + at : NULL;
}

int xindex_reserve_fill(struct xindex_reserve *r, void *(*alloc)(void), void (*free_fn)(void *))
{
	while (r->nr < r->want) {
		void *n = alloc();

		if (!n) {
			xindex_reserve_drop(r, free_fn);
			return -ENOMEM;
		}
		r->nodes[r->nr++] = n;
	}
	return 0;
}

void xindex_reserve_drop(struct xindex_reserve *r, void (*free_fn)(void *))
{
	while (r->nr)
		free_fn(r->nodes[--r->nr]);
}

static struct xindex_node *node_new(struct xindex_reserve *r, unsigned level)
{
	struct xindex_node *n = r->nodes[--r->nr];

	memset(n, 0, sizeof(*n));
	n->level = (uint8_t)level;
	return n;
}

/* Nodes that storing at @index creates: new roots, then the missing end of the path. */
static unsigned nodes_needed(const struct xindex *x, unsigned long index)
{
	unsigned height = x->height, need = 0;
	struct xindex_node *n;

	if (!x->root) {
		while (!fits(index, need))
			need++;
		return need;
	}
	while (!fits(index, height))
		height++;
	need = height - x->height;
	if (need) /* the new root's path down to level 0 is new but for the root itself */
		return need + height - 1;
	n = x->root;
	for (unsigned level = height; level-- > 1;) {
		n = n->slot[slot_of(index, level)];
		if (!n)
			return level;
	}
	return 0;
}

static void root_raise(struct xindex *x, struct xindex_reserve *r)
{
	struct xindex_node *n = node_new(r, x->height);
	struct xindex_node *old = x->root;

	n->slot[0] = old;
	n->count = 1;
	for (unsigned t = 0; t < XINDEX_NR_TAGS; t++) {
		bool set = x->height ? old->tags[t] != 0 : x->root_tags >> t & 1;

		n->tags[t] = set;
	}
	n->values = !x->height && xindex_is_value(old);
	x->root = n;
	x->root_tags = 0;
	set_height(x, x->height + 1);
}

/* An empty tree gets as many levels as @index needs, all new. */
static void root_first(struct xindex *x, unsigned long index, void *item, struct xindex_reserve *r)
{
	void *below = item;

	while (!fits(index, x->height)) {
		struct xindex_node *n = node_new(r, x->height);

		n->slot[slot_of(index, x->height)] = below;
		n->count = 1;
		n->values = !x->height && xindex_is_value(item);
		below = n;
		set_height(x, x->height + 1);
	}
	x->root = below;
	x->nr = 1;
}

static void store(struct xindex *x, unsigned long index, void *item, struct xindex_reserve *r)
{
	struct xindex_node *n = x->root;

	for (unsigned level = x->height - 1;; level--) {
		void **slot = &n->slot[slot_of(index, level)];

		if (!*slot) {
			*slot = level ? node_new(r, level - 1) : item;
			n->count++;
			n->values += !level && xindex_is_value(item);
		}
		if (!level)
			break;
		n = *slot;
	}
	x->nr++;
}

static int leaf_insert(struct xindex *x, struct xindex_node *leaf, unsigned long index, void *item)
{
	void **slot = &leaf->slot[index & (SLOTS - 1)];

	if (*slot)
		return -EEXIST;
	*slot = item;
	leaf->count++;
	leaf->values += xindex_is_value(item);
	x->nr++;
	return 0;
}

int xindex_insert(struct xindex *x, unsigned long index, void *item, struct xindex_reserve *r)
{
	if (likely(x->height && index <= x->last)) {
		struct xindex_node *leaf = leaf_of(x, index);

		if (likely(leaf != NULL))
			return leaf_insert(x, leaf, index, item);
	} else if (!x->height && !index && x->root) {
		return -EEXIST;
	}
	r->want = nodes_needed(x, index);
	if (r->nr < r->want)
		return -ENOMEM;
	if (!x->root) {
		root_first(x, index, item, r);
		return 0;
	}
	while (!fits(index, x->height))
		root_raise(x, r);
	store(x, index, item, r);
	return 0;
}

/* The nodes from the leaf (0) up on the way to @index. Return: false when a node is missing. */
static bool path_find(const struct xindex *x, unsigned long index, struct xindex_node **path)
{
	struct xindex_node *n = x->root;

	if (!n || !fits(index, x->height))
		return false;
	for (unsigned level = x->height; level-- > 0;) {
		if (!n)
			return false;
		path[level] = n;
		n = n->slot[slot_of(index, level)];
	}
	return n != NULL;
}

static void root_lower(struct xindex *x, void (*free_fn)(void *))
{
	while (x->height) {
		struct xindex_node *root = x->root;

		if (root->count > 1 || !root->slot[0])
			return;
		x->root = root->slot[0];
		set_height(x, x->height - 1);
		if (!x->height) {
			for (unsigned t = 0; t < XINDEX_NR_TAGS; t++)
				x->root_tags |= (unsigned)(root->tags[t] & 1) << t;
		}
		free_fn(root);
	}
}

void xindex_replace(struct xindex *x, unsigned long index, void *item)
{
	struct xindex_node *leaf;
	void **slot;

	if (!x->height) {
		x->root = item;
		return;
	}
	leaf = leaf_of(x, index);
	slot = &leaf->slot[index & (SLOTS - 1)];
	leaf->values = (uint8_t)(leaf->values + xindex_is_value(item) - xindex_is_value(*slot));
	*slot = item;
}

struct xindex_keep *xindex_leaf(const struct xindex *x, unsigned long index, bool *all_values)
{
	struct xindex_node *leaf = x->height && index <= x->last ? leaf_of(x, index) : NULL;

	if (!leaf)
		return NULL;
	*all_values = leaf->values == leaf->count;
	return &leaf->keep;
}

void xindex_untag(struct xindex *x, unsigned long index)
{
	for (unsigned t = 0; t < XINDEX_NR_TAGS; t++)
		xindex_tag_clear(x, index, t);
}

void *xindex_remove(struct xindex *x, unsigned long index, void (*free_fn)(void *))
{
	struct xindex_node *path[XINDEX_MAX_HEIGHT];
	unsigned height = x->height;
	void *item;

	if (!path_find(x, index, path))
		return NULL;
	xindex_untag(x, index);
	x->nr--;
	if (!height) {
		item = x->root;
		x->root = NULL;
		return item;
	}
	item = path[0]->slot[slot_of(index, 0)];
	path[0]->values -= xindex_is_value(item);
	for (unsigned level = 0; level < height; level++) {
		path[level]->slot[slot_of(index, level)] = NULL;
		if (--path[level]->count) {
			root_lower(x, free_fn);
			return item;
		}
		free_fn(path[level]);
	}
	x->root = NULL;
	set_height(x, 0);
	return item;
}

void xindex_tag_set(struct xindex *x, unsigned long index, unsigned tag)
{
	struct xindex_node *path[XINDEX_MAX_HEIGHT];

	if (!path_find(x, index, path))
		return;
	if (!x->height)
		x->root_tags |= 1u << tag;
	for (unsigned level = 0; level < x->height; level++)
		path[level]->tags[tag] |= 1ULL << slot_of(index, level);
}

void xindex_tag_clear(struct xindex *x, unsigned long index, unsigned tag)
{
	struct xindex_node *path[XINDEX_MAX_HEIGHT];

	if (!path_find(x, index, path))
		return;
	if (!x->height)
		x->root_tags &= ~(1u << tag);
	for (unsigned level = 0; level < x->height; level++) {
		path[level]->tags[tag] &= ~(1ULL << slot_of(index, level));
		if (path[level]->tags[tag])
			return;
	}
}

bool xindex_tag_get(const struct xindex *x, unsigned long index, unsigned tag)
{
	struct xindex_node *path[XINDEX_MAX_HEIGHT];

	if (!path_find(x, index, path))
		return false;
	if (!x->height)
		return x->root_tags >> tag & 1;
	return path[0]->tags[tag] >> slot_of(index, 0) & 1;
}

unsigned xindex_tag_range(struct xindex *x, unsigned long *first, unsigned long last, unsigned from,
			  unsigned to, unsigned max)
{
	unsigned n = 0;

	for (; n < max && xindex_next_tagged(x, first, from) && *first <= last; n++) {
		xindex_tag_set(x, *first, to);
		if ((*first)++ == last)
			return n + 1;
	}
	return n;
}

/* Does slot @i of @n lead to an item, to one with @tag when @tag >= 0? */
static bool slot_leads(const struct xindex_node *n, unsigned i, int tag)
{
	return tag < 0 ? n->slot[i] != NULL : (n->tags[tag] >> i & 1) != 0;
}

/* First item below @n with index >= *index; the bits of *index above @n's level are right already. */
static void *next_below(const struct xindex_node *n, unsigned long *index, int tag)
{
	unsigned shift = n->level * BITS;
	unsigned long base = *index >> shift & ~(SLOTS - 1UL);

	for (unsigned i = slot_of(*index, n->level); i < SLOTS; i++) {
		if (slot_leads(n, i, tag)) {
			void *p = n->level ? next_below(n->slot[i], index, tag) : n->slot[i];

			if (p)
				return p;
		}
		*index = (base + i + 1) << shift; /* the first of the next slot */
	}
	return NULL;
}

static void *next_from(const struct xindex *x, unsigned long *index, int tag)
{
	unsigned long at = *index;
	void *p = x->root;

	if (!p || !fits(at, x->height))
		return NULL;
	if (!x->height) {
		if (tag >= 0 && !(x->root_tags >> tag & 1))
			return NULL;
	} else {
		p = next_below(p, &at, tag);
	}
	if (p)
		*index = at;
	return p;
}

void *xindex_next(const struct xindex *x, unsigned long *index)
{
	return next_from(x, index, -1);
}

void *xindex_next_tagged(const struct xindex *x, unsigned long *index, unsigned tag)
{
	return next_from(x, index, (int)tag);
}

static const char *node_check(const struct xindex_node *n, unsigned level, unsigned long *nr)
{
	unsigned used = 0, values = 0;

	if (n->level != level)
		return "level";
	for (unsigned i = 0; i < SLOTS; i++) {
		const struct xindex_node *child = n->slot[i];
		const char *bad;

		used += child != NULL;
		values += !level && xindex_is_value(child);
		for (unsigned t = 0; t < XINDEX_NR_TAGS; t++) {
			bool set = n->tags[t] >> i & 1;

			if (!child ? set : level && set != (child->tags[t] != 0))
				return "I2: tag";
		}
		bad = child && level ? node_check(child, level - 1, nr) : NULL;
		if (bad)
			return bad;
	}
	if (!used || used != n->count)
		return "I1: count";
	if (values != n->values)
		return "I5: values";
	if (!level)
		*nr += used;
	return NULL;
}

const char *xindex_check(const struct xindex *x)
{
	unsigned long nr = x->root && !x->height;
	const struct xindex_node *root = x->root;

	if (root && x->height) {
		const char *bad = node_check(root, x->height - 1, &nr);

		if (bad)
			return bad;
		if (root->count == 1 && root->slot[0])
			return "I3: too high";
	}
	return nr == x->nr ? NULL : "I4: count of items";
}
