/*
 * B+tree of disjoint ranges, with gaps.
 *
 *          inner  [s0 e0 g0 | s1 e1 g1 | ...]      one slot per child: first start, last end, g: no gap INSIDE is larger
 *                   |           |
 *          leaf   [s e item | s e item | ...]      one slot per range, gap 0
 *
 * The gap between two neighbours of one node is start[i+1] - end[i]; so every gap of the tree is either inside one
 * slot or between two, and no slot describes space outside its own [start, end): a change below touches only the
 * slots on its own path.
 *
 * A gap that shrinks does not lower g, which would mean to look for the next largest; a search that finds nothing below
 * a slot does. So a change between two ranges of the leaf used last touches that leaf and nothing else: node->gap
 * repeats g, so that the leaf itself says whether a new gap is still within it.
 *
 * OWNS     struct rangetree_node.
 * WHY      a balanced binary tree of 10,000 ranges is 14 dependent cache misses deep; this one is 5 or 6. A list
 *          beside the tree would be a second structure to keep true; stepping uses the last leaf instead.
 * I1       ranges are disjoint, not empty, and ascend.
 * I2       a slot of an inner node has its child's first start and last end; its gap is the child's node->gap and no
 *          smaller than any gap in there.
 * I3       every node but the root holds MIN_SLOTS..MAX_SLOTS slots; an inner root holds at least two.
 * I4       all leaves have level 0, a child's level is one less; height is the root's level + 1.
 * I5       t->nr is the number of ranges; last_leaf is NULL or a leaf of this tree.
 * LOCKS    the caller's. Finds may run at once with finds; they race on last_leaf and last_at, two words that are only
 *          hints: any leaf of the tree is a right value, and writers clear it when they free a leaf; last_at is held
 *          against the leaf before it is used. Searches for gaps lower bounds: they count as changes.
 * COST     O(log n), O(1) mostly next to what was used last: whoever looks a place up leaves last_at there, so the
 *          change that follows compares two bounds and is at its slot. A search goes in vain into a slot at most once for each change
 *          below it. A node is 8 cache lines on 64 bits, 4 on 32: 15 slots, so that a small program's tree is one leaf.
 * FAILS    only rangetree_reserve. An insertion splits at most every level and adds a root: height + 1 nodes.
 * NOT HERE alignment of gaps (callers ask for page multiples), locks, items.
 * SOURCES  Bayer & McCreight 1972; the augmented-tree idea as in Linux's maple tree.
 * TESTED BY rangetree_test.c
 */
#include "lib/rangetree.h"

#include "base/errno.h"
#include "lib/string.h"

struct slot {
	unsigned long start, end;
	unsigned long gap; /* no free run between two ranges of the child is larger; 0 in a leaf */
	void *ptr;	   /* child, or the item */
};

enum {
	MAX_SLOTS = (RANGETREE_NODE_SIZE - 2 * sizeof(void *)) / sizeof(struct slot),
	MIN_SLOTS = MAX_SLOTS / 4,
	SPILL_MIN = MAX_SLOTS / 3, /* fewer slots are not worth moving to the next leaf */
	MAX_HEIGHT = 24,	   /* 2 * 3^23 ranges: more than fit into memory */
};

struct rangetree_node {
	union {
		struct {
			uint16_t nr;
			uint16_t level; /* 0: leaf */
		};
		struct rangetree_node *next_reserved;
	};
	unsigned long gap; /* as in the slot above; of the root: nothing */
	struct slot slot[MAX_SLOTS];
};

_Static_assert(sizeof(struct rangetree_node) <= RANGETREE_NODE_SIZE, "node size");

/* The nodes from leaf (0) to root, and the slot taken in each. */
struct path {
	struct rangetree_node *node[MAX_HEIGHT];
	unsigned at[MAX_HEIGHT];
};

void rangetree_init(struct rangetree *t, void *(*node_alloc)(void), void (*node_free)(void *))
{
	*t = (struct rangetree){ .node_alloc = node_alloc, .node_free = node_free };
}

int rangetree_reserve_more(struct rangetree *t, unsigned need)
{
	while (t->nr_reserved < need) {
		struct rangetree_node *n = t->node_alloc();

		if (!n)
			return -ENOMEM;
		n->next_reserved = t->reserve;
		t->reserve = n;
		t->nr_reserved++;
	}
	return 0;
}

static struct rangetree_node *node_take(struct rangetree *t, unsigned level)
{
	struct rangetree_node *n = t->reserve;

	t->reserve = n->next_reserved;
	t->nr_reserved--;
	n->nr = 0;
	n->level = (uint16_t)level;
	return n;
}

void rangetree_unreserve(struct rangetree *t)
{
	while (t->nr_reserved)
		t->node_free(node_take(t, 0));
}

static inline struct slot *slot_last(struct rangetree_node *n)
{
	return &n->slot[n->nr - 1u];
}

/* The largest gap in or between slots @lo to @hi. */
static unsigned long gap_within(const struct rangetree_node *n, unsigned lo, unsigned hi)
{
	const struct slot *s = &n->slot[lo], *last = &n->slot[hi];
	unsigned long gap = s->gap;

	while (s != last) {
		unsigned long between = s[1].start - s->end;

		s++;
		if (between > gap)
			gap = between;
		if (s->gap > gap)
			gap = s->gap;
	}
	return gap;
}

/* The slot for @n in a node above. */
static struct slot node_summary(struct rangetree_node *n)
{
	n->gap = gap_within(n, 0, n->nr - 1u);
	return (struct slot){ n->slot[0].start, slot_last(n)->end, n->gap, n };
}

/* Bound of the gaps of @n, whose slots at and beside @at have changed. */
static unsigned long gap_bound(const struct rangetree_node *n, unsigned at)
{
	unsigned last = n->nr - 1u, lo = at ? at - 1 : 0, hi = at + 2 < last ? at + 2 : last;

	return max_of(unsigned long, n->gap, gap_within(n, lo < last ? lo : last, hi));
}

/* The nodes of @p above @level take over what changed below; stops where nothing did. */
static void path_refresh(struct rangetree *t, struct path *p, unsigned level)
{
	for (; level + 1 < t->height; level++) {
		struct rangetree_node *n = p->node[level];
		struct slot *s = &p->node[level + 1]->slot[p->at[level + 1]];
		unsigned long start = n->slot[0].start, end = slot_last(n)->end;
		unsigned long gap = gap_bound(n, p->at[level]);

		if (s->start == start && s->end == end && s->gap == gap)
			return;
		s->start = start;
		s->end = end;
		s->gap = gap;
		n->gap = gap;
	}
}

/* How many ranges of the leaf start below @start. */
static inline unsigned slots_below(const struct rangetree_node *n, unsigned long start)
{
	unsigned at = 0;

	while (at < n->nr && n->slot[at].start < start)
		at++;
	return at;
}

/* Descend to where a range that starts at @start is or would be: at[0] is the first leaf slot with start >= @start. */
static void path_to(struct rangetree *t, struct path *p, unsigned long start)
{
	struct rangetree_node *n = t->root;

	for (unsigned level = t->height; level-- > 1;) {
		struct slot *s = &n->slot[n->nr - 1u];
		while (s != n->slot && s->start > start)
			s--;
		p->node[level] = n;
		p->at[level] = (unsigned)(s - n->slot);
		n = s->ptr;
	}
	p->node[0] = n;
	p->at[0] = slots_below(n, start);
}

/* The same in a leaf, where no slot has a gap inside. */
static always_inline_ void leaf_open(struct rangetree_node *n, unsigned at, unsigned long start,
				     unsigned long end, void *item)
{
	struct slot *s = &n->slot[n->nr++], *new = &n->slot[at];

	for (s->gap = 0; s != new; s--) {
		s->start = s[-1].start;
		s->end = s[-1].end;
		s->ptr = s[-1].ptr;
	}
	s->start = start;
	s->end = end;
	s->ptr = item;
}

static always_inline_ void leaf_close(struct rangetree_node *n, unsigned at)
{
	struct slot *end = &n->slot[--n->nr];

	for (struct slot *s = &n->slot[at]; s != end; s++) {
		s->start = s[1].start;
		s->end = s[1].end;
		s->ptr = s[1].ptr;
	}
}

/* A few slots of some words: moved by hand, not by a call. */
static void slots_open(struct rangetree_node *n, unsigned at, const struct slot *new)
{
	struct slot *s = &n->slot[n->nr];

	for (; s != &n->slot[at]; s--)
		s[0] = s[-1];
	*s = *new;
	n->nr++;
}

static void slots_close(struct rangetree_node *n, unsigned at)
{
	struct slot *end = &n->slot[--n->nr];

	for (struct slot *s = &n->slot[at]; s != end; s++)
		s[0] = s[1];
}

/* How many of MAX_SLOTS and one more slots stay left, when the new one, @at, follows or precedes the one before it: the
 * half that will not be inserted into is left full. */
static unsigned split_point(unsigned at)
{
	unsigned left = at > MAX_SLOTS / 2 ? at : at + 1;

	if (left < MIN_SLOTS)
		return MIN_SLOTS;
	return left < MAX_SLOTS + 1 - MIN_SLOTS ? left : MAX_SLOTS + 1 - MIN_SLOTS;
}

/* Split the full @n around the new slot at @at. Return: the right part. */
static struct rangetree_node *node_split(struct rangetree *t, struct rangetree_node *n, unsigned at,
					 const struct slot *s)
{
	struct rangetree_node *right = node_take(t, n->level);
	unsigned left = t->in_turn ? split_point(at) : (MAX_SLOTS + 1) / 2;
	unsigned keep = at < left ? left - 1 : left; /* of the old slots */

	right->nr = (uint16_t)(n->nr - keep);
	memcpy(right->slot, &n->slot[keep], right->nr * sizeof(*s));
	n->nr = (uint16_t)keep;
	if (at < left)
		slots_open(n, at, s);
	else
		slots_open(right, at - keep, s);
	return right;
}

/*
 * The full leaf of @p hands what lies above the new place to the next one, if that has room for some of it. Who maps one thing
 * below the other so leaves full leaves behind. The parent's bounds hold: both leaves are its.
 */
static bool leaf_spill(const struct rangetree *t, const struct path *p)
{
	struct rangetree_node *n = p->node[0], *parent, *next;
	struct slot *mine;
	unsigned nr;

	if (t->height == 1)
		return false;
	parent = p->node[1];
	mine = &parent->slot[p->at[1]];
	if (mine == slot_last(parent))
		return false;
	next = mine[1].ptr;
	nr = min_of(unsigned, MAX_SLOTS - next->nr, n->nr - p->at[0]);
	if (nr < SPILL_MIN)
		return false;
	memmove(&next->slot[nr], next->slot, next->nr * sizeof(*mine));
	n->nr = (uint16_t)(n->nr - nr);
	memcpy(next->slot, &n->slot[n->nr], nr * sizeof(*mine));
	next->nr = (uint16_t)(next->nr + nr);
	mine[0] = node_summary(n);
	mine[1] = node_summary(next);
	return true;
}

static void root_grow(struct rangetree *t, struct rangetree_node *right)
{
	struct rangetree_node *root = node_take(t, t->height);

	root->slot[0] = node_summary(t->root);
	root->slot[1] = node_summary(right);
	root->nr = 2;
	t->root = root;
	t->height++;
}

static void first_insert(struct rangetree *t, const struct slot *s)
{
	t->root = node_take(t, 0);
	t->height = 1;
	slots_open(t->root, 0, s);
}

static inline void remember(struct rangetree *t, struct rangetree_node *n, unsigned at)
{
	WRITE_ONCE(t->last_leaf, n);
	WRITE_ONCE(t->last_at, at);
}

/* Lies @start between two ranges of the leaf used last, or is that the only leaf? Then a change there may need no other. */
static inline bool is_local(const struct rangetree *t, struct rangetree_node *n,
			    unsigned long start)
{
	return n && (t->height == 1 || (n->slot[0].start < start && start < slot_last(n)->start));
}

/* Is slot @at of @n, which is not its first, the one where a range that starts at @start is or would be? */
static always_inline_ bool is_there(const struct rangetree_node *n, unsigned at,
				    unsigned long start)
{
	return likely(at && at < n->nr && n->slot[at - 1].start < start &&
		      start <= n->slot[at].start);
}

static noinline_ void insert_anywhere(struct rangetree *t, unsigned long start, unsigned long end,
				      void *item)
{
	struct slot s = { start, end, 0, item };
	struct path p;

	if (!t->root) {
		first_insert(t, &s);
		return;
	}
	path_to(t, &p, start);
	t->in_turn = p.at[0] == t->insert_at || p.at[0] == t->insert_at + 1;
	t->insert_at = p.at[0];
	remember(t, p.node[0], p.at[0]);
	for (unsigned level = 0; level < t->height; level++) {
		struct rangetree_node *n = p.node[level], *right;
		unsigned at = level ? p.at[level] + 1 : p.at[0];

		if (level) /* the child has lost its upper half */
			n->slot[p.at[level]] = node_summary(p.node[level - 1]);
		if (n->nr < MAX_SLOTS || (!level && leaf_spill(t, &p))) {
			slots_open(n, at, &s);
			path_refresh(t, &p, level);
			return;
		}
		right = node_split(t, n, at, &s);
		s = node_summary(right);
		if (level == t->height - 1) {
			root_grow(t, right);
			return;
		}
	}
}

/* In another leaf than last or at another place of it. */
static noinline_ void insert_apart(struct rangetree *t, unsigned long start, unsigned long end,
				   void *item)
{
	struct rangetree_node *last = READ_ONCE(t->last_leaf);
	unsigned at;

	if (!is_local(t, last, start) || last->nr == MAX_SLOTS) {
		insert_anywhere(t, start, end, item);
		return;
	}
	at = slots_below(last, start);
	WRITE_ONCE(t->last_at, at);
	t->insert_at = at;
	leaf_open(last, at, start, end, item);
}

void rangetree_insert(struct rangetree *t, unsigned long start, unsigned long end, void *item)
{
	struct rangetree_node *last = READ_ONCE(t->last_leaf);
	unsigned at = READ_ONCE(t->last_at);

	t->nr++;
	if (likely(last) && is_there(last, at, start) && likely(last->nr < MAX_SLOTS)) {
		t->insert_at = at; /* between two of its ranges: is_local */
		leaf_open(last, at, start, end, item);
		return;
	}
	insert_apart(t, start, end, item);
}

static void node_drop(struct rangetree *t, struct rangetree_node *n)
{
	if (READ_ONCE(t->last_leaf) == n)
		WRITE_ONCE(t->last_leaf, NULL);
	if (t->nr_reserved < t->height + 2) { /* the next insertion will want it */
		n->next_reserved = t->reserve;
		t->reserve = n;
		t->nr_reserved++;
		return;
	}
	t->node_free(n);
}

/* Child @at of @parent is below MIN_SLOTS: join it with a neighbour, or take a slot from it. */
static void child_refill(struct rangetree *t, struct rangetree_node *parent, unsigned at)
{
	unsigned l = at ? at - 1 : 0;
	struct rangetree_node *left = parent->slot[l].ptr, *right = parent->slot[l + 1].ptr;

	if (left->nr + right->nr <= MAX_SLOTS) {
		memcpy(&left->slot[left->nr], right->slot, right->nr * sizeof(struct slot));
		left->nr = (uint16_t)(left->nr + right->nr);
		slots_close(parent, l + 1);
		node_drop(t, right);
	} else if (left->nr > right->nr) {
		slots_open(right, 0, &left->slot[left->nr - 1]);
		left->nr--;
		parent->slot[l + 1] = node_summary(right);
	} else {
		slots_open(left, left->nr, &right->slot[0]);
		slots_close(right, 0);
		parent->slot[l + 1] = node_summary(right);
	}
	parent->slot[l] = node_summary(left);
}

static void root_shrink(struct rangetree *t)
{
	struct rangetree_node *old = t->root;

	if (old->level == 0 && old->nr == 0)
		t->root = NULL;
	else if (old->level && old->nr == 1)
		t->root = old->slot[0].ptr;
	else
		return;
	t->height--;
	node_drop(t, old);
}

/* Can slot @at go without any other node's knowing? */
static bool may_close(const struct rangetree *t, const struct rangetree_node *n, unsigned at)
{
	if (t->height == 1)
		return n->nr > 1;
	return n->nr > MIN_SLOTS && n->slot[at + 1].start - n->slot[at - 1].end <= n->gap;
}

/* A node may become too small, or a bound above change. */
static noinline_ void remove_apart(struct rangetree *t, unsigned long start)
{
	struct path p;
	unsigned level;

	path_to(t, &p, start);
	slots_close(p.node[0], p.at[0]);
	for (level = 0; level + 1 < t->height; level++) {
		struct rangetree_node *parent = p.node[level + 1];

		if (p.node[level]->nr >= MIN_SLOTS) {
			path_refresh(t, &p, level);
			return;
		}
		child_refill(t, parent, p.at[level + 1]);
	}
	root_shrink(t);
}

void *rangetree_remove(struct rangetree *t, unsigned long start)
{
	struct rangetree_node *last = READ_ONCE(t->last_leaf);

	t->nr--;
	if (is_local(t, last, start)) {
		unsigned at = READ_ONCE(t->last_at);

		if (!is_there(last, at, start))
			at = slots_below(last, start);
		if (may_close(t, last, at)) {
			WRITE_ONCE(t->last_at, at);
			leaf_close(last, at);
			return at < last->nr ? last->slot[at].ptr : NULL;
		}
	}
	remove_apart(t, start);
	return rangetree_find(t, start);
}

/* First slot from @at on with end > addr; the caller knows that there is one. */
static inline struct slot *slot_beyond(struct rangetree_node *n, unsigned at, unsigned long addr)
{
	struct slot *s = &n->slot[at];

	while (s->end <= addr)
		s++;
	return s;
}

/* A slot to begin from for slot_beyond: half of those of @n are passed by one look. */
static inline unsigned half_of(const struct rangetree_node *n, unsigned long addr)
{
	unsigned half = n->nr / 2u;

	return n->slot[half].end <= addr ? half + 1 : 0;
}

/* The slot that @addr is in or before, but not behind, in another leaf than last or at another place of it. */
static noinline_ struct slot *slot_seek(struct rangetree *t, unsigned long addr)
{
	struct rangetree_node *n = READ_ONCE(t->last_leaf);
	unsigned at = READ_ONCE(t->last_at);
	struct slot *s;

	if (!n || addr < n->slot[0].start || addr >= slot_last(n)->end) {
		n = t->root;
		if (!n || addr >= slot_last(n)->end)
			return NULL;
		while (n->level)
			n = slot_beyond(n, half_of(n, addr), addr)->ptr;
		at = half_of(n, addr);
	} else { /* upwards from where the last one was, as those do who step */
		at = at < n->nr && n->slot[at].end <= addr ? at + 1 : 0;
	}
	s = slot_beyond(n, at, addr);
	remember(t, n, (unsigned)(s - n->slot));
	return s;
}

/* The slot that @addr is in or before, but not behind; NULL: behind all ranges. Its leaf is t->last_leaf then. */
static inline struct slot *slot_of(struct rangetree *t, unsigned long addr)
{
	struct rangetree_node *n = READ_ONCE(t->last_leaf);
	unsigned at = READ_ONCE(t->last_at);

	if (likely(n && at < n->nr)) {
		struct slot *s = &n->slot[at];

		if (addr < s->end && (addr >= s->start || (at && addr >= s[-1].end)))
			return s;
	}
	return slot_seek(t, addr);
}

/* Can slot @s of @n change so without any other node's knowing? */
static bool may_resize(const struct rangetree *t, struct rangetree_node *n, const struct slot *s,
		       unsigned long start, unsigned long end)
{
	if (t->height == 1)
		return true;
	if (s == n->slot ? start != s->start : start - s[-1].end > n->gap)
		return false;
	return s == slot_last(n) ? end == s->end : s[1].start - end <= n->gap;
}

void rangetree_resize(struct rangetree *t, unsigned long old_start, unsigned long start,
		      unsigned long end)
{
	struct slot *s = slot_of(t, old_start);
	bool local = may_resize(t, t->last_leaf, s, start, end);
	struct path p;

	if (!local)
		path_to(t, &p, old_start);
	s->start = start;
	s->end = end;
	if (!local)
		path_refresh(t, &p, 0);
}

void rangetree_split(struct rangetree *t, unsigned long start, unsigned long at, void *upper)
{
	struct slot *low = slot_of(t, start);
	struct rangetree_node *leaf = t->last_leaf;
	unsigned long end = low->end;

	if (leaf->nr == MAX_SLOTS) {
		rangetree_resize(t, start, start, at);
		rangetree_insert(t, at, end, upper);
		return;
	}
	low->end = at; /* no summary changes: the leaf covers what it did, without a new gap */
	leaf_open(leaf, (unsigned)(low - leaf->slot) + 1, at, end, upper);
	t->nr++;
}

/* The leaf has no room for two more. */
static noinline_ void cut_apart(struct rangetree *t, unsigned long start,
				const struct rangetree_cut *c)
{
	void *item = slot_of(t, start)->ptr;

	rangetree_split(t, start, c->end, c->upper);
	rangetree_split(t, start, c->start, item);
	rangetree_set_item(t, start, c->lower);
}

void rangetree_cut(struct rangetree *t, unsigned long start, const struct rangetree_cut *c)
{
	struct slot *low = slot_of(t, start), *s;
	struct rangetree_node *leaf = t->last_leaf;

	if (leaf->nr + 2u > MAX_SLOTS) {
		cut_apart(t, start, c);
		return;
	}
	leaf->nr = (uint16_t)(leaf->nr + 2);
	for (s = slot_last(leaf); s != low + 2; s--)
		s[0] = s[-2];
	low[2] = (struct slot){ c->end, low->end, 0, c->upper };
	low[1] = (struct slot){ c->start, c->end, 0, low->ptr };
	low->end = c->start;
	low->ptr = c->lower;
	WRITE_ONCE(t->last_at, (unsigned)(low - leaf->slot) + 1);
	t->nr += 2;
}

/* The two are in different leaves, or the leaf must not shrink. */
static noinline_ void join_apart(struct rangetree *t, unsigned long start)
{
	unsigned long next = slot_of(t, start)->end, end = slot_of(t, next)->end;

	(void)rangetree_remove(t, next);
	rangetree_resize(t, start, start, end);
}

/* The slot that begins at @start: mostly the one before that used last, which has become like it. */
static inline struct slot *slot_before_last(struct rangetree *t, unsigned long start)
{
	struct rangetree_node *n = t->last_leaf;
	unsigned at = t->last_at;

	if (n && at && at < n->nr && n->slot[at - 1].start == start) {
		t->last_at = at - 1;
		return &n->slot[at - 1];
	}
	return slot_of(t, start);
}

void rangetree_join(struct rangetree *t, unsigned long start, unsigned nr, void *item)
{
	struct slot *s = slot_before_last(t, start), *end;
	struct rangetree_node *leaf = t->last_leaf;

	s->ptr = item;
	if (s + nr > slot_last(leaf) || (leaf->nr < MIN_SLOTS + nr && t->height > 1)) {
		while (nr--)
			join_apart(t, start);
		return;
	}
	s->end = s[nr].end;
	end = slot_last(leaf) - nr;
	leaf->nr = (uint16_t)(leaf->nr - nr);
	t->nr -= nr;
	while (s++ != end)
		s[0] = s[nr];
}

void rangetree_set_item(struct rangetree *t, unsigned long start, void *item)
{
	slot_of(t, start)->ptr = item;
}

void *rangetree_find(struct rangetree *t, unsigned long addr)
{
	const struct slot *s = slot_of(t, addr);

	return s ? s->ptr : NULL;
}

void *rangetree_find_prev(struct rangetree *t, unsigned long addr)
{
	struct rangetree_node *n = t->root, *last = READ_ONCE(t->last_leaf);

	if (!n || n->slot[0].start >= addr)
		return NULL;
	if (last && last->slot[0].start < addr && addr <= slot_last(last)->end)
		n = last;
	for (;;) {
		struct slot *s = slot_last(n);

		while (s->start >= addr)
			s--;
		if (!n->level)
			return s->ptr;
		n = s->ptr;
	}
}

void rangetree_around(struct rangetree *t, unsigned long start, unsigned long end, void **prev,
		      void **next)
{
	struct rangetree_node *n = READ_ONCE(t->last_leaf);
	unsigned at = READ_ONCE(t->last_at);

	if (likely(n && at && at + 1 < n->nr)) { /* all of the range found last, or a part? */
		struct slot *s = &n->slot[at];

		if (s->start <= start && end <= s->end) {
			*prev = s[s->start < start ? 0 : -1].ptr;
			*next = s[s->end > end ? 0 : 1].ptr;
			return;
		}
	}
	*prev = rangetree_find_prev(t, start);
	*next = rangetree_find(t, end);
}

struct gap_search {
	unsigned long edge; /* free space is known to begin (lowest) or end (highest) here */
	unsigned long size;
	unsigned long limit;	     /* do not look beyond */
	struct rangetree_node *leaf; /* where it was found, if between two ranges of a leaf, */
	unsigned at;		     /* and the slot above it */
};

/* Nothing was found below @s: what it promised was too much, perhaps. */
static void slot_tighten(struct slot *s)
{
	struct rangetree_node *n = s->ptr;

	n->gap = gap_within(n, 0, n->nr - 1u);
	s->gap = n->gap;
}

/* The gap lies just below slot @at of @n. */
static inline bool gap_found(struct gap_search *g, struct rangetree_node *n, unsigned at)
{
	if (!n->level && at && at < n->nr) {
		g->leaf = n;
		g->at = at;
	}
	return true;
}

/* Look for the lowest gap that begins before or inside @n. Recursion: at most height deep. */
static bool gap_up(struct rangetree_node *n, struct gap_search *g)
{
	for (unsigned i = 0; i < n->nr; i++) {
		struct slot *s = &n->slot[i];

		if (s->end <= g->edge)
			continue;
		if (g->edge >= g->limit)
			return false;
		if (s->start > g->edge && s->start - g->edge >= g->size)
			return gap_found(g, n, i);
		if (n->level && s->gap >= g->size) {
			if (gap_up(s->ptr, g))
				return true;
			slot_tighten(s);
		}
		g->edge = s->end;
	}
	return false;
}

static bool gap_down(struct rangetree_node *n, struct gap_search *g)
{
	for (struct slot *s = slot_last(n); s >= n->slot; s--) {
		if (s->start >= g->edge)
			continue;
		if (g->edge <= g->limit)
			return false;
		if (s->end < g->edge && g->edge - s->end >= g->size)
			return gap_found(g, n, (unsigned)(s - n->slot) + 1);
		if (n->level && s->gap >= g->size) {
			if (gap_down(s->ptr, g))
				return true;
			slot_tighten(s);
		}
		g->edge = s->start;
	}
	return false;
}

/* What lies around the gap, of which the search knows mostly. */
static inline void gap_around(struct rangetree *t, const struct gap_search *g,
			      struct rangetree_gap *out)
{
	struct rangetree_node *n = g->leaf;

	if (likely(n)) {
		out->prev = n->slot[g->at - 1].ptr;
		out->next = n->slot[g->at].ptr;
		remember(t, n, g->at);
	} else {
		rangetree_around(t, out->start, out->start + g->size, &out->prev, &out->next);
	}
}

bool rangetree_gap_lowest(struct rangetree *t, unsigned long low, unsigned long high,
			  unsigned long size, struct rangetree_gap *out)
{
	struct gap_search g = { low, size, high, NULL, 0 };

	if (t->root)
		(void)gap_up(t->root, &g);
	if (g.edge >= high || high - g.edge < size)
		return false;
	out->start = g.edge;
	gap_around(t, &g, out);
	return true;
}

static bool gap_highest_anywhere(struct rangetree *t, unsigned long low, unsigned long high,
				 unsigned long size, struct rangetree_gap *out)
{
	struct gap_search g = { high, size, low, NULL, 0 };

	if (t->root)
		(void)gap_down(t->root, &g);
	if (g.edge <= low || g.edge - low < size)
		return false;
	out->start = g.edge - size;
	gap_around(t, &g, out);
	return true;
}

/*
 * From where the last search, or change, was, often nothing else need be looked at: in the leaf used last, from the slot
 * used last, where that is no higher than need be.
 */
bool rangetree_gap_highest(struct rangetree *t, unsigned long low, unsigned long high,
			   unsigned long size, struct rangetree_gap *out)
{
	struct rangetree_node *n = READ_ONCE(t->last_leaf);
	unsigned at = READ_ONCE(t->last_at);
	struct slot *s;

	if (!n || n->slot[0].start >= high || high > slot_last(n)->end)
		return gap_highest_anywhere(t, low, high, size, out);
	if (at + 1 >= n->nr || n->slot[at + 1].start < high)
		at = n->nr - 1u;
	for (s = &n->slot[at]; s >= n->slot; s--) {
		if (s->start >= high)
			continue;
		if (s->end < high && high - s->end >= size)
			break;
		high = s->start;
	}
	if (s < n->slot || s == slot_last(n))
		return gap_highest_anywhere(t, low, high, size, out);
	if (high <= low || high - low < size)
		return false;
	out->start = high - size;
	out->prev = s->ptr;
	out->next = s[1].ptr;
	WRITE_ONCE(t->last_at, (unsigned)(s - n->slot) + 1);
	return true;
}

static void node_destroy(struct rangetree *t, struct rangetree_node *n)
{
	if (n->level) {
		for (unsigned i = 0; i < n->nr; i++)
			node_destroy(t, n->slot[i].ptr);
	}
	t->node_free(n);
}

void rangetree_destroy(struct rangetree *t)
{
	if (t->root)
		node_destroy(t, t->root);
	t->root = NULL;
	t->last_leaf = NULL;
	t->last_at = 0;
	t->height = 0;
	t->nr = 0;
	rangetree_unreserve(t);
}

static bool summary_holds(const struct slot *s)
{
	struct rangetree_node *n = s->ptr;

	return s->start == n->slot[0].start && s->end == slot_last(n)->end && s->gap == n->gap &&
	       n->gap >= gap_within(n, 0, n->nr - 1u);
}

static const char *node_check(struct rangetree *t, struct rangetree_node *n, unsigned level,
			      unsigned long *nr)
{
	if (n->level != level)
		return "I4: level";
	if (n->nr > MAX_SLOTS || n->nr < (n != t->root ? (unsigned)MIN_SLOTS : level ? 2u : 1u))
		return "I3: fill";
	for (unsigned i = 0; i < n->nr; i++) {
		struct slot *s = &n->slot[i];
		const char *bad;

		if (s->start >= s->end || (i && n->slot[i - 1].end > s->start))
			return "I1: order";
		if (!level) {
			++*nr;
			continue;
		}
		bad = node_check(t, s->ptr, level - 1, nr);
		if (bad)
			return bad;
		if (!summary_holds(s))
			return "I2: summary";
	}
	return NULL;
}

const char *rangetree_check(struct rangetree *t)
{
	unsigned long nr = 0;
	const char *bad = NULL;

	if (t->root)
		bad = node_check(t, t->root, t->height - 1, &nr);
	else if (t->height)
		return "I4: height of an empty tree";
	if (!bad && nr != t->nr)
		return "I5: count";
	return bad;
}
