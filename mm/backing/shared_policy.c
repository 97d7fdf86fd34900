/*
 * Memory policies of shared objects: what mbind(2) says of a tmpfs file or a System V segment holds for the object, whoever
 * maps it, and stays when nobody does.
 *
 *   address_space.policy ──► tree of ranges of pages, disjoint:  [0,4) bind:1   [10,12) interleave:0-1
 *                            what is in no range has no policy of its own
 *
 * OWNS     struct shared_policy, its ranges and their references to policies.
 * WHY      pages are made by whoever touches them first, not by who bound them: so the object has to know.
 * I1       ranges are not empty and do not overlap.                                         [shared_policy_set]
 * I2       a policy object, once there, stays until its mapping is destroyed.
 * LOCKS    its lock (rank OBJECT) for the tree; m->lock to hang it into the mapping.
 * COST     without any policy in the machine: nothing. A page: O(log ranges).
 * FAILS    -ENOMEM, before anything has changed.
 * NOT HERE policies themselves (mm/track/mempolicy.c).
 * SOURCES  numa(7), "Shared policy" of Linux's admin-guide/mm/numa_memory_policy.   TESTED BY mempolicy_test.c
 */
#include "base/errno.h"
#include "lib/rbtree.h"
#include "mm/imports.h"
#include "mm/mapping.h"
#include "mm/mempolicy.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

struct shared_policy {
	struct spinlock lock;
	struct rb_root ranges; /* lock: struct policy_range by start */
};

struct policy_range {
	struct rb_node node;
	unsigned long start, end; /* pages */
	struct mempolicy *policy; /* referenced, not NULL */
};

static struct policy_range *range_of(struct rb_node *n)
{
	return container_of(n, struct policy_range, node);
}

/* The first range that ends after @index. NULL: none. */
static struct policy_range *range_find(const struct shared_policy *sp, unsigned long index)
{
	struct policy_range *found = NULL;
	struct rb_node *n = sp->ranges.node;

	while (n) {
		struct policy_range *r = range_of(n);

		if (r->end > index)
			found = r;
		n = n->child[r->end <= index];
	}
	return found;
}

static struct policy_range *range_next(const struct policy_range *r)
{
	struct rb_node *n = rbtree_next(&r->node);

	return n ? range_of(n) : NULL;
}

static void range_insert(struct shared_policy *sp, struct policy_range *r)
{
	struct rb_node *parent = NULL, *n = sp->ranges.node;
	int side = 0;

	kassert(r->start < r->end);
	while (n) {
		parent = n;
		side = r->start > range_of(n)->start;
		n = n->child[side];
	}
	rbtree_insert(&sp->ranges, parent, side, &r->node);
}

static void range_free(struct policy_range *r)
{
	if (r)
		mpol_put(r->policy);
	kfree(r);
}

static struct policy_range *range_alloc(void)
{
	return failpoint("policy_range") ? NULL : kzalloc(sizeof(struct policy_range), GFP_KERNEL);
}

/* @r loses what it has of [first, end); of two parts that remain *spare becomes the upper. */
static void range_cut(struct shared_policy *sp, struct policy_range *r, unsigned long first,
		      unsigned long end, struct policy_range **spare)
{
	if (r->start < first && r->end > end) {
		struct policy_range *upper = *spare;

		*spare = NULL;
		upper->start = end;
		upper->end = r->end;
		upper->policy = mpol_get(r->policy);
		r->end = first;
		range_insert(sp, upper);
	} else if (r->start < first) {
		r->end = first;
	} else if (r->end > end) {
		r->start = end; /* the order stays */
	} else {
		rbtree_remove(&sp->ranges, &r->node);
		range_free(r);
	}
}

/* [first, end) belongs to @new from now on; NULL: to nobody. */
static void ranges_replace(struct shared_policy *sp, unsigned long first, unsigned long end,
			   struct policy_range *new, struct policy_range **spare)
{
	struct policy_range *r, *next;

	spin_lock(&sp->lock);
	for (r = range_find(sp, first); r && r->start < end; r = next) {
		next = range_next(r);
		range_cut(sp, r, first, end, spare);
	}
	if (new)
		range_insert(sp, new);
	spin_unlock(&sp->lock);
}

/* The mapping's, made now if it has none. NULL: no memory. */
static struct shared_policy *policy_of(struct address_space *m)
{
	struct shared_policy *sp = READ_ONCE(m->policy), *mine;

	if (sp)
		return sp;
	mine = failpoint("shared_policy") ? NULL : kzalloc(sizeof(*mine), GFP_KERNEL);
	if (!mine)
		return NULL;
	spin_init(&mine->lock, RANK_OBJECT);
	spin_lock(&m->lock);
	sp = m->policy;
	if (!sp)
		WRITE_ONCE(m->policy, mine);
	spin_unlock(&m->lock);
	if (!sp)
		return mine;
	kfree(mine);
	return sp;
}

int shared_policy_set(struct address_space *m, unsigned long first, unsigned long end,
		      struct mempolicy *pol)
{
	struct policy_range *new = NULL, *spare;
	struct shared_policy *sp;

	if (!pol && !READ_ONCE(m->policy))
		return 0;
	sp = policy_of(m);
	spare = sp ? range_alloc() : NULL;
	if (spare && pol)
		new = range_alloc();
	if (!spare || (pol && !new)) {
		kfree(spare);
		return -ENOMEM;
	}
	if (new) {
		new->start = first;
		new->end = end;
		new->policy = mpol_get(pol);
	}
	ranges_replace(sp, first, end, new, &spare);
	kfree(spare);
	return 0;
}

struct mempolicy *shared_policy_get(struct address_space *m, unsigned long index)
{
	struct shared_policy *sp = READ_ONCE(m->policy);
	struct mempolicy *pol = NULL;
	struct policy_range *r;

	if (!sp)
		return NULL;
	spin_lock(&sp->lock);
	r = range_find(sp, index);
	if (r && r->start <= index)
		pol = mpol_get(r->policy);
	spin_unlock(&sp->lock);
	return pol;
}

void shared_policy_free(struct address_space *m)
{
	struct shared_policy *sp = m->policy;

	if (!sp)
		return;
	ranges_replace(sp, 0, ULONG_MAX, NULL, NULL);
	m->policy = NULL;
	kfree(sp);
}

/* Objects begin at different nodes, or the first nodes would get most: the inode number sets the row off. */
static unsigned long turn_of(struct address_space *m, unsigned long index)
{
	unsigned major, minor;
	unsigned long ino = 0;

	if (m->ops->ident)
		m->ops->ident(m, &major, &minor, &ino);
	return index + ino;
}

struct page *shared_policy_alloc(struct address_space *m, unsigned long index, gfp_t gfp)
{
	struct mempolicy *pol = shared_policy_get(m, index);
	struct page *page;

	if (!pol)
		pol = mpol_get_task(mm_ctx_current());
	page = mpol_alloc(pol, gfp, 0, turn_of(m, index));
	mpol_put(pol);
	return page;
}
