/*
 * Pages that left memory, and come back: refault distances.
 *
 *   leaves ── shadow: age of the node's lists ──► · · · other pages leave or become active: the age grows · · · ──► comes back
 *                                 distance = age now - age in the shadow
 *
 * A page that is used again after its list has moved by the distance would have stayed if the inactive list had been longer by it;
 * that much room is in the lists that may give it: the others' active pages. So one whose distance is at most their
 * size is active at once, and competes with them; a longer one would not have stayed whatever had been done.
 *
 * OWNS     lruvec.nonresident_age; WORKINGSET_REFAULT_*, _ACTIVATE_*, _RESTORE_*. PG_workingset: it was active once.
 * WHY      two lists alone throw out what is used just a little more rarely than the inactive list turns over, round after round.
 * I1       the age is the number of pages of the node that have left or become active: it only grows, and wraps.
 * I2       a shadow has 28 bits of the age: a distance beyond 2^28 pages (1 TiB) is not told from a short one.
 * LOCKS    none: the age is atomic, lists' sizes are read as they are.
 * CONTEXT  any.
 * FAILS    never.
 * NOT HERE where shadows are kept (the slot: mm/backing/swap_impl.h; the index of a file: mm/backing/shadow.c).
 * SOURCES  Linux mm/workingset.c's model, as Documentation/ and proc(5) tell it; Megiddo & Modha 2003 (ghost lists).
 * TESTED BY workingset_test.c
 */
#include "mm/workingset.h"

#include "mm/lru.h"

enum { AGE_BITS = 28, NODE_SHIFT = AGE_BITS, WORKINGSET_SHIFT = 30 };
#define AGE_MASK ((1U << AGE_BITS) - 1)

static uint32_t age_of(const struct lruvec *v)
{
	return (uint32_t)atomic_long_read(&v->nonresident_age) & AGE_MASK;
}

uint32_t workingset_eviction(const struct page *page)
{
	unsigned node = page_node_id(page);
	struct lruvec *v = &node_data[node]->lruvec;
	uint32_t age = age_of(v);

	workingset_activation(v);
	return SHADOW_BIT | (uint32_t)page_test(page, PG_workingset) << WORKINGSET_SHIFT |
	       node << NODE_SHIFT | age;
}

static struct pglist_data *node_of(uint32_t shadow)
{
	return node_data[shadow >> NODE_SHIFT & 3];
}

/* Pages that could have made room for one of its kind. */
static unsigned long room_for(const struct pglist_data *node, bool file, bool swap)
{
	unsigned long n = lru_size(node, LRU_ACTIVE_FILE);

	if (!file)
		n += lru_size(node, LRU_INACTIVE_FILE);
	if (swap)
		n += lru_size(node, LRU_ACTIVE_ANON) +
		     (file ? lru_size(node, LRU_INACTIVE_ANON) : 0);
	return n;
}

bool workingset_is_recent(uint32_t shadow, bool file, bool swap)
{
	const struct pglist_data *node = node_of(shadow);

	return ((age_of(&node->lruvec) - shadow) & AGE_MASK) <= room_for(node, file, swap);
}

void workingset_refault(struct page *page, uint32_t shadow, bool swap)
{
	bool file = !page_test(page, PG_swapbacked);

	mod_node_stat(page, file ? WORKINGSET_REFAULT_FILE : WORKINGSET_REFAULT_ANON, 1);
	if (!workingset_is_recent(shadow, file, swap))
		return;
	page_set(page, PG_active);
	workingset_activation(&node_of(shadow)->lruvec);
	mod_node_stat(page, file ? WORKINGSET_ACTIVATE_FILE : WORKINGSET_ACTIVATE_ANON, 1);
	if (!(shadow >> WORKINGSET_SHIFT & 1))
		return;
	page_set(page, PG_workingset);
	mod_node_stat(page, file ? WORKINGSET_RESTORE_FILE : WORKINGSET_RESTORE_ANON, 1);
}
