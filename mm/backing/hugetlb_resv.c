/*
 * Sets of huge page numbers as sorted regions: which places of an object are reserved.
 *
 *      region [2, 5)      region [7, 8)           in the set: 2 3 4 7
 *
 *   of a shared object      places that a mapping reserved, or that have a page: a fault there takes a promised page, once
 *   of a private mapping    places whose promise is used up; the others of the mapping still have one
 *
 * OWNS     struct resv_region.
 * I1       regions are sorted, disjoint, not empty and do not touch.                          [hugetlb_check_object]
 * LOCKS    r->lock (rank OBJECT). The one region that a change may need is the caller's (resv_spare), got before.
 * COST     O(regions): a program maps few.
 * FAILS    resv_spare: NULL.
 * TESTED BY hugetlb_test.c
 */
#include "base/errno.h"
#include "mm/hugetlb_pool.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

struct resv_region {
	struct list_head link;
	unsigned long from, to;
};

void resv_init(struct resv_map *r)
{
	atomic_set(&r->refs, 1);
	spin_init(&r->lock, RANK_OBJECT);
	list_init(&r->regions);
}

void resv_clear(struct resv_map *r)
{
	while (!list_empty(&r->regions)) {
		struct resv_region *g = list_first(&r->regions, struct resv_region, link);

		list_del(&g->link);
		kfree(g);
	}
}

struct resv_map *resv_alloc(void)
{
	struct resv_map *r = failpoint("resv_map") ? NULL : kmalloc(sizeof(*r), GFP_KERNEL);

	if (r)
		resv_init(r);
	return r;
}

void resv_get(struct resv_map *r)
{
	atomic_inc(&r->refs);
}

void resv_put(struct resv_map *r)
{
	if (!atomic_dec_and_test(&r->refs))
		return;
	resv_clear(r);
	kfree(r);
}

/* How much of [from, to) is in the set. Lock held. */
static unsigned long present(const struct resv_map *r, unsigned long from, unsigned long to)
{
	struct resv_region *g;
	unsigned long n = 0;

	list_for_each_entry (g, &r->regions, link) {
		unsigned long a = max_of(unsigned long, from, g->from);
		unsigned long b = min_of(unsigned long, to, g->to);

		if (a < b)
			n += b - a;
	}
	return n;
}

unsigned long resv_missing(struct resv_map *r, unsigned long from, unsigned long to)
{
	unsigned long n;

	spin_lock(&r->lock);
	n = to - from - present(r, from, to);
	spin_unlock(&r->lock);
	return n;
}

struct resv_region *resv_spare(void)
{
	return failpoint("resv_region") ? NULL : kmalloc(sizeof(struct resv_region), GFP_KERNEL);
}

void resv_spare_free(struct resv_region *spare)
{
	kfree(spare);
}

unsigned long resv_add(struct resv_map *r, unsigned long from, unsigned long to,
		       struct resv_region *n)
{
	struct list_head *at = &r->regions;
	struct resv_region *g, *next;
	unsigned long added;

	spin_lock(&r->lock);
	added = to - from - present(r, from, to);
	n->from = from;
	n->to = to;
	/* Regions that overlap or touch become part of the new one, which goes where the first of them was. */
	list_for_each_entry_safe (g, next, &r->regions, link) {
		if (g->to < from) {
			at = &g->link;
			continue;
		}
		if (g->from > to)
			break;
		n->from = min_of(unsigned long, n->from, g->from);
		n->to = max_of(unsigned long, n->to, g->to);
		list_del(&g->link);
		kfree(g);
	}
	list_add(&n->link, at);
	spin_unlock(&r->lock);
	return added;
}

unsigned long resv_del(struct resv_map *r, unsigned long from, unsigned long to,
		       struct resv_region *spare)
{
	struct resv_region *g, *next;
	unsigned long removed = 0;

	spin_lock(&r->lock);
	list_for_each_entry_safe (g, next, &r->regions, link) {
		unsigned long a = max_of(unsigned long, from, g->from);
		unsigned long b = min_of(unsigned long, to, g->to);

		if (a >= b)
			continue;
		removed += b - a;
		if (a > g->from && b < g->to) { /* cut in two: the only region concerned */
			must(spare);
			spare->from = b;
			spare->to = g->to;
			list_add(&spare->link, &g->link);
			spare = NULL;
			g->to = a;
		} else if (a > g->from) {
			g->to = a;
		} else if (b < g->to) {
			g->from = b;
		} else {
			list_del(&g->link);
			kfree(g);
		}
	}
	spin_unlock(&r->lock);
	kfree(spare);
	return removed;
}
