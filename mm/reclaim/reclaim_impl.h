/* Shared by the files of mm/reclaim that choose and take pages. */
#ifndef MM_RECLAIM_RECLAIM_IMPL_H
#define MM_RECLAIM_RECLAIM_IMPL_H

#include "mm/vmscan.h"

enum {
	DEF_PRIORITY = 12, /* a scan looks at 1 / 2^priority of each list; it falls to 0 (Linux) */
};

struct scan_control {
	struct pglist_data *node;
	enum zone_type highest; /* pages of higher zones are of no use */
	gfp_t gfp;
	unsigned priority;
	bool kswapd;
	bool force;	      /* whether a page was used does not matter */
	bool chosen;	      /* by a policy, which has asked whether they were used */
	bool clean_only;      /* only cached pages that are clean and unmapped: drop_caches */
	unsigned long wanted; /* pages to free */
	/* found: */
	unsigned long scanned, freed, dirty, writeback;
};

/* What a daemon is asked for: @asked becomes @v if it is less. Of two at once the lesser may win. */
static inline void raise_to(unsigned *asked, unsigned v)
{
	if (READ_ONCE(*asked) < v)
		WRITE_ONCE(*asked, v);
}

/* ---- compact.c ---- */
/* Would moving pages make a block of @order in @z? Not when there is one, nor when memory is short altogether. */
bool compact_suitable(const struct zone *z, unsigned order, enum zone_type highest);
/* For kcompactd, which waits for locks. Return: is a block of @order free now? Sleeps. */
bool compact_in_background(struct zone *z, unsigned order);
/* How much of the node's free memory is no use for huge pages, in percent, zones weighed by their size. A snapshot. */
unsigned fragmentation_score(const struct pglist_data *node);
/* Compact @z until the node's score is @goal or less, or to its end. Sleeps. */
void compact_proactively(struct zone *z, unsigned goal);

/* ---- take.c: one page's fate ---- */
/* Free those of @s->pages, isolated, that may go. The others come first in it afterwards, @s->taken of them, active or not as
 * they are to be put back. */
void take_pages(struct scan_control *sc, struct lru_scan *s);

/* ---- vmscan.c ---- */
/* What a scan took and nobody freed: back on its list, without our references. */
void lru_give_back(struct lru_scan *s);
/* One round over the lists of sc->node at sc->priority; stops early when sc->wanted is reached. */
void shrink_node(struct scan_control *sc);
/* One round at sc->priority over the cached pages of sc->node: those that are clean and that nobody maps go. */
void shrink_clean(struct scan_control *sc);
/* Lists of zones up to @highest that could give something, in pages. */
unsigned long reclaimable_pages(const struct pglist_data *node, enum zone_type highest);

#endif
