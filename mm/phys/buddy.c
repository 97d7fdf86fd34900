/*
 * The buddy allocator: power-of-two blocks of one zone, kept apart by how movable their contents are.
 *
 * OWNS     zone->free_area, pages in state BUDDY and FREE, zone->block_types.
 * WHY      large contiguous blocks must be found and rebuilt in O(log n). The buddy of a block is its pfn with one
 *          bit flipped, so merging needs no search and no boundary tags.
 * I1       a listed block: state BUDDY, private = its order, aligned to it, inside the zone, no users.   [buddy_check]
 * I2       merging is maximal: the buddy of a free block below MAX_ORDER is not free in that order.     [buddy_check]
 * I3       nr_free of an order = blocks on its lists; NR_FREE_PAGES = sum of nr_free << order.           [buddy_check]
 * I4       every other page of a free block is FREE; no page is in two blocks: in the zone's span there are as many
 *          BUDDY pages as blocks and as many FREE pages as the blocks have besides their first.          [buddy_check]
 * LOCKS    zone->lock for everything here, interrupts off.
 * CONTEXT  any. Never sleeps, never allocates.
 * COST     at most 10 splits or merges; a bulk take of n pages costs one block per power of two in n.
 * FAILS    alloc: NULL when no list has a block of the order or above. free: never.
 *
 * Migrate types. A pageblock (the size of a large page) carries the type of what it was first used for, so that
 * one unmovable page does not pin a block that could become whole again. A block is freed to the list of its
 * pageblock. When a type has nothing left it takes from another (order of preference in fallbacks[]), the LARGEST block
 * there is, and where it is big enough the whole pageblock changes owner:
 *
 *	take a block >= half a pageblock, or for an unmovable or reclaimable use: claim
 *	claim: all free pages of the pageblock move to our list; if free pages and pages that suit us
 *	are at least half of it, the pageblock changes type
 *	else (movable, small): take the SMALLEST block that fits and leave the pageblock alone
 *
 * Alternatives: per-type zones (would fix the sizes in advance); no types (the 2-year-old machine without one free large
 * page). NOT HERE per-CPU lists (pcp.c); watermarks (alloc.c).
 * SOURCES  Knowlton 1965; Gorman & Whitcroft 2006 (grouping by mobility).  TESTED BY  buddy_test.c, sim/fuzz_buddy.c.
 */
#include "mm/alloc.h"
#include "mm/phys/phys_impl.h"

static const enum migratetype fallbacks[MIGRATE_HIGHATOMIC][2] = {
	[MIGRATE_UNMOVABLE] = { MIGRATE_RECLAIMABLE, MIGRATE_MOVABLE },
	[MIGRATE_MOVABLE] = { MIGRATE_RECLAIMABLE, MIGRATE_UNMOVABLE },
	[MIGRATE_RECLAIMABLE] = { MIGRATE_UNMOVABLE, MIGRATE_MOVABLE },
};

enum { PAGEBLOCK_PAGES = 1 << PAGEBLOCK_ORDER };

void buddy_zone_init(struct zone *z)
{
	for (unsigned o = 0; o < NR_ORDERS; o++) {
		for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++)
			list_init(&z->free_area[o].free_list[mt]);
		z->free_area[o].nr_free = 0;
	}
}

/* ---- pageblocks ---- */

enum migratetype pageblock_type(const struct zone *z, pfn_t pfn)
{
	return block_type(z, pfn);
}

static pfn_t zone_end(const struct zone *z)
{
	return z->start_pfn + z->spanned_pages;
}

static bool in_zone(const struct zone *z, pfn_t pfn)
{
	return pfn - z->start_pfn < z->spanned_pages;
}

/* ---- lists ---- */

static void count_free(struct zone *z, long pages)
{
	unsigned long *free = zone_free_pages(z);

	/* Only written under the lock: no atomic addition is needed. */
	WRITE_ONCE(*free, *free + (unsigned long)pages);
}

/* zone_watermark_ok looks without the lock. */
static void count_blocks(struct free_area *a, long n)
{
	WRITE_ONCE(a->nr_free, a->nr_free + (unsigned long)n);
}

static void list_block(struct zone *z, struct page *page, unsigned order, enum migratetype mt)
{
	page_set_state(page, PS_BUDDY);
	page->private = order;
	list_add(&page->lru, &z->free_area[order].free_list[mt]);
	count_blocks(&z->free_area[order], 1);
}

static void unlist_block(struct zone *z, struct page *page, unsigned order)
{
	list_del(&page->lru);
	count_blocks(&z->free_area[order], -1);
	page_set_state(page, PS_FREE);
}

/*
 * The head of a free block of exactly @order in the same zone? Every pfn of a section has a descriptor. If it is not free its
 * owner may be writing its flags now; but only this zone's lock makes it PS_BUDDY, or anything else from that.
 */
static racy_ inline bool is_free_block(const struct page *page, unsigned long place, unsigned order)
{
	return (READ_ONCE(page->flags) & (PAGE_PLACE_MASK | PAGE_STATE_MASK)) ==
		       (place | (unsigned long)PS_BUDDY << PAGE_STATE_SHIFT) &&
	       page->private == order;
}

/* ---- free ---- */

void buddy_free_locked(struct zone *z, struct page *page, unsigned order)
{
	pfn_t pfn = page_to_pfn(page);
	unsigned long place = page->flags & PAGE_PLACE_MASK;

	kassert(!(pfn & ((1UL << order) - 1)) && in_zone(z, pfn) && page_zone(page) == z);
	count_free(z, 1L << order);
	while (order < MAX_ORDER) {
		struct page *buddy = page + (long)((pfn ^ 1UL << order) - pfn);

		if (!is_free_block(buddy, place, order))
			break;
		unlist_block(z, buddy, order);
		if (buddy < page)
			page = buddy;
		pfn &= ~(1UL << order);
		order++;
	}
	list_block(z, page, order, block_type(z, pfn));
}

void buddy_free_range(struct zone *z, pfn_t start, pfn_t end)
{
	irqflags_t flags = spin_lock_irqsave(&z->lock);

	while (start < end) {
		unsigned order = block_order_at(start, end - start);

		arch_frames_freed(start, order);
		buddy_free_locked(z, pfn_to_page(start), order);
		start += 1UL << order;
	}
	spin_unlock_irqrestore(&z->lock, flags);
}

/* ---- alloc ---- */

/* Of a block taken off its list: keep the first 1 << @low pages, list the rest. */
static void split_block(struct zone *z, struct page *page, unsigned low, unsigned high,
			enum migratetype mt)
{
	while (high > low) {
		high--;
		list_block(z, page + (1UL << high), high, mt);
	}
}

/* The smallest block of @mt that holds @order, cut to size; NULL. */
static struct page *take_smallest(struct zone *z, unsigned order, enum migratetype mt)
{
	for (unsigned o = order; o < NR_ORDERS; o++) {
		struct list_head *list = &z->free_area[o].free_list[mt];

		if (list_empty(list))
			continue;
		struct page *page = list_first(list, struct page, lru);

		unlist_block(z, page, o);
		split_block(z, page, order, o, mt);
		count_free(z, -(1L << order));
		return page;
	}
	return NULL;
}

/* Free pages of the pageblock of @pfn go to @mt's lists. Return: how many; *suits: pages in use that are of that kind. */
static unsigned move_pageblock(struct zone *z, pfn_t pfn, enum migratetype mt, unsigned *suits)
{
	pfn_t start = round_down_pow2(pfn, (pfn_t)PAGEBLOCK_PAGES);
	pfn_t end = min_of(pfn_t, start + PAGEBLOCK_PAGES, zone_end(z));
	enum migratetype old = block_type(z, pfn);
	unsigned moved = 0, movable = 0, used = 0;

	for (start = max_of(pfn_t, start, z->start_pfn); start < end;) {
		struct page *page = pfn_to_page(start);
		enum page_state s = page_state(page);

		if (page_zone(page) != z) { /* another node's, in the middle of ours */
			start++;
			continue;
		}
		if (s == PS_BUDDY) {
			list_del(&page->lru);
			list_add(&page->lru, &z->free_area[page->private].free_list[mt]);
			moved += 1U << page->private;
			start += 1UL << page->private;
			continue;
		}
		movable += s == PS_ANON || s == PS_FILE;
		used++;
		start++;
	}
	/* What is in use counts as ours when it moves (for movable), or when it is neither movable nor another's. */
	*suits = mt == MIGRATE_MOVABLE ? movable : old == MIGRATE_MOVABLE ? used - movable : 0;
	return moved;
}

static void set_block_types(struct zone *z, pfn_t pfn, unsigned order, enum migratetype mt)
{
	for (pfn_t p = pfn; p < pfn + (1UL << order); p += PAGEBLOCK_PAGES)
		z->block_types[p >> PAGEBLOCK_ORDER] = (uint8_t)mt;
}

/* Make the block at @page, of another type, one of @mt's, with as much of its pageblock as the rules allow. */
static void claim_block(struct zone *z, struct page *page, unsigned order, enum migratetype mt)
{
	pfn_t pfn = page_to_pfn(page);
	unsigned suits, moved;

	if (order >= PAGEBLOCK_ORDER) {
		set_block_types(z, pfn, order, mt);
		list_del(&page->lru);
		list_add(&page->lru, &z->free_area[order].free_list[mt]);
		return;
	}
	moved = move_pageblock(z, pfn, mt, &suits);
	if (moved + suits >= PAGEBLOCK_PAGES / 2)
		set_block_types(z, pfn, 0, mt);
}

/* First block of another type in @order that @mt may take; *from its type. */
static struct page *find_foreign(struct zone *z, unsigned order, enum migratetype mt)
{
	for (unsigned i = 0; i < ARRAY_SIZE(fallbacks[0]); i++) {
		struct list_head *list = &z->free_area[order].free_list[fallbacks[mt][i]];

		if (!list_empty(list))
			return list_first(list, struct page, lru);
	}
	return NULL;
}

static bool may_claim(unsigned order, enum migratetype mt)
{
	return order >= PAGEBLOCK_ORDER / 2 || mt != MIGRATE_MOVABLE;
}

/* Nothing of our own type is left: bring a block of another type to our lists. Return: false when there is none. */
static bool steal_block(struct zone *z, unsigned order, enum migratetype mt)
{
	for (unsigned o = NR_ORDERS; o-- > order;) {
		struct page *page = find_foreign(z, o, mt);

		if (!page)
			continue;
		if (may_claim(o, mt)) {
			claim_block(z, page, o, mt);
			return true;
		}
		for (o = order; !(page = find_foreign(z, o, mt));)
			o++;
		list_del(&page->lru);
		list_add(&page->lru, &z->free_area[o].free_list[mt]);
		return true;
	}
	return false;
}

struct page *buddy_alloc_own_locked(struct zone *z, unsigned order, enum migratetype mt)
{
	return take_smallest(z, order, mt);
}

struct page *buddy_alloc_locked(struct zone *z, unsigned order, enum migratetype mt)
{
	struct page *page = take_smallest(z, order, mt);

	while (!page && steal_block(z, order, mt))
		page = take_smallest(z, order, mt);
	return page;
}

struct page *buddy_take_block_locked(struct zone *z, pfn_t pfn, unsigned max_order, unsigned *order)
{
	struct page *page = pfn_to_page(pfn);

	if (page_state(page) != PS_BUDDY || page_zone(page) != z || page->private > max_order)
		return NULL;
	*order = (unsigned)page->private;
	unlist_block(z, page, *order);
	count_free(z, -(1L << *order));
	return page;
}

/* Cut a block of the most suitable order: the smallest there is, but not more than @n pages. */
static struct page *take_up_to(struct zone *z, unsigned n, enum migratetype mt, unsigned *order)
{
	unsigned top = floor_log2(n);

	for (*order = 0; *order < top; (*order)++) {
		if (!list_empty(&z->free_area[*order].free_list[mt]))
			return take_smallest(z, *order, mt);
	}
	return take_smallest(z, *order, mt);
}

int buddy_take_pages_locked(struct zone *z, int n, enum migratetype mt, struct list_head *out,
			    struct list_head *zeroed)
{
	int taken = 0;

	while (taken < n) {
		unsigned order;
		/* Not only what is missing still: to cut blocks that small would leave odd pieces for the next time. */
		struct page *page = take_up_to(z, (unsigned)n, mt, &order);

		if (!page && !steal_block(z, 0, mt))
			break;
		if (!page)
			continue;
		for (struct page *p = page; p < page + (1UL << order); p++) {
			page_set_state(p, PS_PCP);
			list_add_tail(&p->lru, page_known_zero(p) ? zeroed : out);
		}
		taken += 1 << order;
	}
	return taken;
}

/* ---- checker ---- */

static void check_block(const struct zone *z, const struct page *page, unsigned order)
{
	pfn_t pfn = page_to_pfn(page);
	const struct page *buddy = page + (long)((pfn ^ 1UL << order) - pfn);

	if (page_state(page) != PS_BUDDY || page->private != order)
		page_bad(page, "I1: listed, but not a free block of this order");
	if ((pfn & ((1UL << order) - 1)) || !in_zone(z, pfn) ||
	    !in_zone(z, pfn + (1UL << order) - 1))
		page_bad(page, "I1: block not aligned or not in its zone");
	if (page_ref_count(page) || atomic_read(&page->_mapcount) != -1 || page_zone(page) != z)
		page_bad(page, "I1: free block in use");
	if (order < MAX_ORDER && is_free_block(buddy, page->flags & PAGE_PLACE_MASK, order))
		page_bad(page, "I2: two free buddies not merged");
	for (const struct page *p = page + 1; p < page + (1UL << order); p++) {
		if (page_state(p) != PS_FREE || page_ref_count(p))
			page_bad(p, "I4: in a free block, but not free");
	}
}

static unsigned long check_order(const struct zone *z, unsigned order)
{
	unsigned long nr = 0;
	struct page *page;

	for (unsigned mt = 0; mt < MIGRATE_TYPES; mt++) {
		list_for_each_entry (page, &z->free_area[order].free_list[mt], lru) {
			check_block(z, page, order);
			nr++;
		}
	}
	must(nr == z->free_area[order].nr_free); /* I3 */
	return nr;
}

/* I4: blocks do not overlap and none is lost. */
static void check_span(const struct zone *z, unsigned long blocks, unsigned long pages)
{
	unsigned long heads = 0, others = 0;

	for (pfn_t pfn = z->start_pfn; pfn < zone_end(z); pfn++) {
		if (!pfn_valid(pfn) || page_zone(pfn_to_page(pfn)) != z)
			continue;
		heads += page_state(pfn_to_page(pfn)) == PS_BUDDY;
		others += page_state(pfn_to_page(pfn)) == PS_FREE;
	}
	must(heads == blocks);
	must(heads + others == pages);
}

void buddy_check(struct zone *z)
{
	irqflags_t flags = spin_lock_irqsave(&z->lock);
	unsigned long blocks = 0, pages = 0;

	for (unsigned o = 0; o < NR_ORDERS; o++) {
		unsigned long nr = check_order(z, o);

		blocks += nr;
		pages += nr << o;
	}
	must(pages == *zone_free_pages(z)); /* I3 */
	check_span(z, blocks, pages);
	spin_unlock_irqrestore(&z->lock, flags);
}
