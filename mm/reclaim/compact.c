/*
 * Compaction: large free blocks out of small ones, by moving what lies between.
 *
 *	zone   │ migrate scanner ──►                              ◄── free scanner │
 *	       │ used pages that can move: up to 32 at a time     free blocks taken │
 *	       until they meet, or a block of the order wanted is free
 *
 * OWNS     nothing but what a run holds: pages with references, frames off the free lists.
 * WHY      after some time free memory is everywhere and a large block nowhere; what programs and caches use can move.
 * I1       the free scanner stays above the migrate scanner: a page moves upwards, at most once in a run.
 * I2       frames come from MOVABLE pageblocks that are not wholly free: no block is broken that large requests could have.
 * I3       a part of a transparent huge page stays: moving it would cut the huge page.
 * I4       what was taken off the free lists is given back, or is the new place of a page, when a run ends.
 * LOCKS    zone->lock for taking a free block; the rest is migrate_pages'. Several runs in one zone do each other no harm.
 * CONTEXT  threads. COST  a look at each frame of the zone at most, and the moves.
 * FAILS    nothing moves: no block.
 * NOT HERE how a page moves (migrate.c); compaction in the background (kcompactd.c); keeping kinds of pages apart so that this is rarely needed (mm/phys/buddy.c).
 * SOURCES  Linux Documentation/admin-guide/sysctl/vm.rst; Gorman, LWN 368869.   TESTED BY compact_test.c
 */
#include "mm/compact.h"
#include "lib/string.h"
#include "mm/huge.h"
#include "mm/imports.h"
#include "mm/migrate.h"
#include "mm/reclaim/reclaim_impl.h"
#include "mm/swap.h"
#include "mm/vmevent.h"

enum { CLUSTER = 32, WHOLE_ZONE = NR_ORDERS };

struct compaction {
	struct zone *zone;
	unsigned order; /* a free block of it ends the run; WHOLE_ZONE: none does */
	enum migrate_mode mode;
	bool daemon;	/* it is kcompactd's */
	bool proactive; /* ends when the node's score is goal */
	unsigned goal;
	pfn_t migrate, free; /* scanners: [start, migrate) is done, [free, end) is done */
	struct page *pages[CLUSTER];
	int status[CLUSTER];
	unsigned nr;
	struct list_head frames; /* off the free lists, one reference each */
	unsigned nr_frames;
};

int sysctl_extfrag_threshold = 500;
int sysctl_compact_unevictable_allowed = 1;

/* ---- how bad it is ---- */

struct free_blocks {
	unsigned long pages, blocks,
		suitable; /* suitable: blocks of the order, counting the larger ones by what they hold */
};

static struct free_blocks count_blocks(const struct zone *z, unsigned order)
{
	struct free_blocks f = { 0 };

	for (unsigned o = 0; o < NR_ORDERS; o++) {
		unsigned long n = READ_ONCE(z->free_area[o].nr_free);

		f.blocks += n;
		f.pages += n << o;
		if (o >= order)
			f.suitable += n << (o - order);
	}
	return f;
}

int fragmentation_index(const struct zone *z, unsigned order)
{
	struct free_blocks f = count_blocks(z, order);

	if (!f.blocks)
		return 0;
	if (f.suitable)
		return -1000;
	return 1000 - (int)((1000 + (f.pages * 1000 >> order)) / f.blocks);
}

int unusable_free_index(const struct zone *z, unsigned order)
{
	struct free_blocks f = count_blocks(z, order);

	return f.pages ? (int)((f.pages - (f.suitable << order)) * 1000 / f.pages) : 1000;
}

unsigned fragmentation_score(const struct pglist_data *node)
{
	uint64_t sum = 0;

	for (unsigned t = 0; t < MAX_NR_ZONES; t++) {
		const struct zone *z = &node->node_zones[t];

		if (zone_has_memory(z) && zone_stat(z, NR_FREE_PAGES))
			sum += (uint64_t)z->present_pages *
			       ((unsigned)unusable_free_index(z, PAGEBLOCK_ORDER) / 10) /
			       (node->present_pages + 1);
	}
	return (unsigned)sum;
}

/* ---- the scanners ---- */

static pfn_t end_of_block(pfn_t pfn)
{
	return round_down_pow2(pfn, (pfn_t)1 << PAGEBLOCK_ORDER) + ((pfn_t)1 << PAGEBLOCK_ORDER);
}

/* A page that can move, with a reference; NULL. */
static struct page *movable_page(const struct zone *z, pfn_t pfn)
{
	struct page *page = page_get_by_pfn(pfn);

	if (!page)
		return NULL;
	if (page_zone(page) == z && !page_test(page, PG_head) && !page_test(page, PG_hugetlb) &&
	    !page_is_thp(page) &&
	    (sysctl_compact_unevictable_allowed || !page_test(page, PG_mlocked)))
		return page;
	swap_put_page(page);
	return NULL;
}

/* Frames looked at: by @e, and if kcompactd looked, by the event beside it. */
static void count_scanned(const struct compaction *c, enum vm_event e, enum vm_event of_daemon,
			  unsigned long n)
{
	count_vm_events(e, n);
	if (c->daemon)
		count_vm_events(of_daemon, n);
}

/* Up to CLUSTER pages from where the migrate scanner stands, at most to the end of its pageblock. */
static void collect_pages(struct compaction *c)
{
	pfn_t end = min_of(pfn_t, end_of_block(c->migrate), c->free), begin = c->migrate;

	for (c->nr = 0; c->migrate < end && c->nr < CLUSTER; c->migrate++) {
		struct page *page = movable_page(c->zone, c->migrate);

		if (page)
			c->pages[c->nr++] = page;
	}
	count_scanned(c, COMPACTMIGRATE_SCANNED, KCOMPACTD_MIGRATE_SCANNED, c->migrate - begin);
	count_vm_events(COMPACTISOLATED, c->nr);
}

/* The free blocks of [start, end), of one pageblock, come to c->frames. */
static void take_frames(struct compaction *c, pfn_t start, pfn_t end)
{
	for (pfn_t pfn = start; pfn < end; pfn++) {
		unsigned order;
		struct page *page = alloc_free_block(c->zone, pfn, PAGEBLOCK_ORDER - 1, &order);

		if (!page)
			continue;
		for (struct page *p = page; p < page + (1UL << order); p++)
			list_add_tail(&p->lru, &c->frames);
		c->nr_frames += 1U << order;
		count_vm_events(COMPACTISOLATED, 1UL << order);
		pfn += (1UL << order) - 1;
	}
}

/* As many frames as there are pages to move, if the free scanner finds them above the other one. */
static void collect_frames(struct compaction *c)
{
	while (c->nr_frames < c->nr && c->free > end_of_block(c->migrate)) {
		pfn_t end = c->free, start = round_down_pow2(end - 1, (pfn_t)1 << PAGEBLOCK_ORDER);

		start = max_of(pfn_t, start, c->zone->start_pfn);
		c->free = start;
		count_scanned(c, COMPACTFREE_SCANNED, KCOMPACTD_FREE_SCANNED, end - start);
		if (pageblock_type(c->zone, start) == MIGRATE_MOVABLE)
			take_frames(c, start, end);
	}
}

/* migrate_control.new_page */
static struct page *next_frame(struct page *old, void *arg)
{
	struct compaction *c = arg;
	struct page *page;

	if (list_empty(&c->frames))
		return NULL;
	page = list_first(&c->frames, struct page, lru);
	list_del(&page->lru);
	c->nr_frames--;
	return page;
}

static void give_back(struct compaction *c)
{
	while (!list_empty(&c->frames))
		__free_page(next_frame(NULL, c));
	drain_all_pages(); /* frames and left places are on per-CPU lists: whole blocks are in the buddy only */
}

/* ---- a run ---- */

static bool reached(const struct compaction *c)
{
	if (c->proactive)
		return fragmentation_score(c->zone->pgdat) <= c->goal;
	for (unsigned o = c->order; o < NR_ORDERS; o++)
		if (READ_ONCE(c->zone->free_area[o].nr_free))
			return true;
	return false;
}

static void move_cluster(struct compaction *c)
{
	const struct migrate_control control = { .new_page = next_frame,
						 .arg = c,
						 .mode = c->mode };

	collect_frames(c);
	if (c->nr_frames) {
		(void)migrate_pages(c->pages, c->status, c->nr, &control);
		return;
	}
	for (unsigned i = 0; i < c->nr; i++)
		swap_put_page(c->pages[i]);
}

/* Return: is it reached? */
static bool run(struct compaction *c)
{
	unsigned since_drain = 0;

	c->migrate = c->zone->start_pfn;
	c->free = c->zone->start_pfn + c->zone->spanned_pages;
	list_init(&c->frames);
	drain_all_pages();
	while (c->migrate < c->free && !reached(c) && !mm_ctx_current()->fatal_signal) {
		collect_pages(c);
		if (c->nr)
			move_cluster(c);
		since_drain += c->nr;
		if (since_drain >= 1U << PAGEBLOCK_ORDER) { /* so that reached() sees them */
			drain_all_pages();
			since_drain = 0;
		}
	}
	give_back(c);
	return reached(c);
}

/* Return: is a block of @order free now? */
static bool compact_zone(struct zone *z, unsigned order, enum migrate_mode mode, bool daemon)
{
	struct compaction c = { .zone = z, .order = order, .mode = mode, .daemon = daemon };

	return run(&c);
}

void compact_proactively(struct zone *z, unsigned goal)
{
	struct compaction c = { .zone = z,
				.order = WHOLE_ZONE,
				.mode = MIGRATE_SYNC,
				.daemon = true,
				.proactive = true,
				.goal = goal };

	(void)run(&c);
}

void compact_node(int node)
{
	struct zone *z;

	for_each_zone (node_data[node], z)
		if (zone_has_memory(z))
			(void)compact_zone(z, WHOLE_ZONE, MIGRATE_SYNC, false);
}

bool compact_in_background(struct zone *z, unsigned order)
{
	return compact_zone(z, order, MIGRATE_SYNC, true);
}

bool compact_suitable(const struct zone *z, unsigned order, enum zone_type highest)
{
	int index = fragmentation_index(z, order);

	if (index < 0 || (order > COSTLY_ORDER && index <= sysctl_extfrag_threshold))
		return false;
	return zone_watermark_ok(z, 0, z->watermark[WMARK_LOW] + (2UL << order), highest);
}

bool phys_compact(struct alloc_ctx *ctx)
{
	bool done = false, tried = false;

	for (unsigned n = 0; n < nr_nodes && !done; n++) {
		struct zone *z;

		if (!(ctx->nodes >> n & 1))
			continue;
		for_each_zone (node_data[n], z) {
			if (z->type > ctx->highest || !zone_has_memory(z) ||
			    !compact_suitable(z, ctx->order, ctx->highest))
				continue;
			tried = true;
			done = compact_zone(z, ctx->order, MIGRATE_ASYNC, false);
			if (done)
				break;
		}
	}
	if (tried) {
		count_vm_event(COMPACTSTALL);
		count_vm_event(done ? COMPACTSUCCESS : COMPACTFAIL);
	}
	return done;
}
