/*
 * Swap areas: which slots are free, and how many page-table entries stand for each.
 *
 *   swap_areas[type]   prio 5 ── area ─┐ equal priorities take turns, slot by slot of one cluster's length
 *                      prio 5 ── area ─┘
 *                      prio -2 ─ area    only when the others are full
 *
 *   slot = { count: entries that stand for it │ pfn: its page in the swap cache, or the shadow of the one that has left }
 *
 *   free ──swap_slot_get──► cached, count 0 ──try_to_unmap──► cached, count n ──written, page freed──► count n
 *     ▲                          │    ▲                                                                  │
 *     └──── page leaves ─────────┘    └── the last entry goes (swap-in, unmap) ◄── cached ◄── read ──────┘
 *
 * OWNS     struct swap_area, its slots, the pages' sums.
 * WHY      count and cached page side by side, in one array made by swapon: a page is put into swap without any memory, so
 *          reclaim cannot fail for want of what it is to bring. 8 bytes a slot are 1/512 of the area. A count of 32 bits
 *          never overflows: an address space has at most one entry for a slot (KSM's pages stay in memory).
 *          A whole free cluster is looked for first, so that pages which leave together lie together, and come together.
 * I1       a slot is free exactly when count and pfn are 0; used is the number of those that are not, the header and bad
 *          slots left out; cluster_free[c] is the number of free ones in the cluster.                        [swap_check]
 * I2       count is the number of swapped entries of all address spaces, and of places of shared objects, with this slot.
 * I3       a page in slots[].pfn has PG_swapcache, page->private says the slot, and one reference is the cache's.
 *                                                                                                          [swap_check]
 * I4       a slot whose entry somebody sees under its table's lock stays: its count is not 0.
 * LOCKS    area->lock (rank SWAPMAP), interrupts off: slots; a table's lock may be
 *          held. swap_put of an entry and swapoff meet in it: an area that goes has slots == NULL.
 * CONTEXT  counts: any. swapon, swapoff: threads.
 * COST     a slot: O(1), and once in a cluster a look at the counts of the clusters.
 * FAILS    swap_slot_get: -ENOSPC.
 * NOT HERE pages (swapcache.c), devices (swapio.c), getting everything back (mm/aspace/swapoff.c).
 * SOURCES  swapon(2); Gorman 2004, ch. 11.   TESTED BY swap_test.c
 */
#include "base/errno.h"
#include "lib/string.h"
#include "mm/backing/swap_impl.h"
#include "sync/failpoint.h"

struct swap_area swap_areas[MAX_SWAPFILES] = {
	[0 ... MAX_SWAPFILES - 1] = { .lock = SPINLOCK_INIT(RANK_SWAPMAP) },
};
static unsigned turn; /* racy hint: the area after the one that gave the last cluster */

/* ---- sums ---- */

unsigned long total_swap_pages(void)
{
	unsigned long sum = 0;

	for (unsigned i = 0; i < MAX_SWAPFILES; i++) {
		if (READ_ONCE(swap_areas[i].state) == AREA_ON)
			sum += READ_ONCE(swap_areas[i].pages);
	}
	return sum;
}

/* Free slots of an area that gives them out. */
static unsigned long area_left(const struct swap_area *a)
{
	unsigned long used = READ_ONCE(a->used), pages = READ_ONCE(a->pages);

	return READ_ONCE(a->state) == AREA_ON && used < pages ? pages - used : 0;
}

unsigned long swap_pages_free(void)
{
	unsigned long sum = 0;

	for (unsigned i = 0; i < MAX_SWAPFILES; i++)
		sum += area_left(&swap_areas[i]);
	return sum;
}

bool swap_space_left(void)
{
	for (unsigned i = 0; i < MAX_SWAPFILES; i++) {
		if (area_left(&swap_areas[i]))
			return true;
	}
	return false;
}

/* ---- slots ---- */

static bool slot_is_free(const struct swap_slot *s)
{
	return !s->count && !s->pfn;
}

/* The first free slot of [first, end), or @end. */
static unsigned long find_free(const struct swap_area *a, unsigned long first, unsigned long end)
{
	while (first < end && !slot_is_free(&a->slots[first]))
		first++;
	return first;
}

static unsigned long nr_clusters(const struct swap_area *a)
{
	return (a->nr_slots + SWAP_CLUSTER - 1) / SWAP_CLUSTER;
}

/* A cluster with at least @want free slots, looked for from the one after @from. Return: nr_clusters: none. */
static unsigned long find_cluster(const struct swap_area *a, unsigned long from, unsigned want)
{
	unsigned long nr = nr_clusters(a);

	for (unsigned long i = 1; i <= nr; i++) {
		unsigned long c = (from + i) % nr;

		if (a->cluster_free[c] >= want)
			return c;
	}
	return nr;
}

/* The next slot to give out: behind the last one, or in an empty cluster, or wherever one is free. 0: none. */
static unsigned long next_slot(const struct swap_area *a)
{
	unsigned long c = a->next / SWAP_CLUSTER, end, slot;

	if (a->next % SWAP_CLUSTER && a->cluster_free[c]) {
		end = min_of(unsigned long, (c + 1) * SWAP_CLUSTER, a->nr_slots);
		slot = find_free(a, a->next, end);
		if (slot < end)
			return slot;
	}
	c = find_cluster(a, a->next ? (a->next - 1) / SWAP_CLUSTER : nr_clusters(a) - 1,
			 SWAP_CLUSTER);
	if (c == nr_clusters(a))
		c = find_cluster(a, (a->next ? a->next - 1 : 0) / SWAP_CLUSTER, 1);
	if (c == nr_clusters(a))
		return 0;
	end = min_of(unsigned long, (c + 1) * SWAP_CLUSTER, a->nr_slots);
	slot = find_free(a, c * SWAP_CLUSTER, end);
	must(slot < end);
	return slot;
}

/* Give a slot of @a to @page. Return: it, or 0. */
static unsigned long take_slot(struct swap_area *a, struct page *page)
{
	unsigned long slot = 0;
	irqflags_t irq = spin_lock_irqsave(&a->lock);

	if (READ_ONCE(a->state) == AREA_ON && a->used < a->pages)
		slot = next_slot(a);
	if (slot) {
		a->slots[slot].pfn = (uint32_t)page_to_pfn(page);
		a->cluster_free[slot / SWAP_CLUSTER]--;
		WRITE_ONCE(a->used, a->used + 1);
		a->next = slot + 1;
	}
	spin_unlock_irqrestore(&a->lock, irq);
	return slot;
}

/* The area that is to give the next slot: of the highest priority that has any; of equals, in turn. NULL: all are full. */
static struct swap_area *choose_area(void)
{
	struct swap_area *best = NULL;
	unsigned first = READ_ONCE(turn);

	for (unsigned i = 0; i < MAX_SWAPFILES; i++) {
		struct swap_area *a = &swap_areas[(first + i) % MAX_SWAPFILES];

		if (area_left(a) && (!best || a->prio > best->prio))
			best = a;
	}
	return best;
}

int swap_slot_get(struct page *page, swp_entry_t *out)
{
	struct swap_area *a;

	if (failpoint("swap_slot"))
		return -ENOSPC;
	while ((a = choose_area())) {
		unsigned long slot = take_slot(a, page);

		if (!slot)
			continue; /* somebody was faster, or it is leaving */
		if (!((slot + 1) % SWAP_CLUSTER))
			WRITE_ONCE(turn, (unsigned)(a - swap_areas) + 1);
		*out = swp_entry((unsigned)(a - swap_areas), slot);
		return 0;
	}
	return -ENOSPC;
}

void swap_slot_freed(struct swap_area *a, unsigned long slot)
{
	if (!slot_is_free(&a->slots[slot]))
		return;
	if (a->dev->ops->slot_free)
		a->dev->ops->slot_free(a->dev, slot);
	a->cluster_free[slot / SWAP_CLUSTER]++;
	WRITE_ONCE(a->used, a->used - 1);
}

/* ---- counts ---- */

void swap_dup(swp_entry_t entry)
{
	struct swap_area *a = swap_area_of(entry);
	irqflags_t irq = spin_lock_irqsave(&a->lock);
	struct swap_slot *s = swap_slot_locked(entry);

	must(s && !slot_is_free(s) && s->count < SLOT_BAD - 1);
	s->count++;
	spin_unlock_irqrestore(&a->lock, irq);
}

void swap_put(swp_entry_t entry)
{
	struct swap_area *a = swap_area_of(entry);
	irqflags_t irq = spin_lock_irqsave(&a->lock);
	struct swap_slot *s = swap_slot_locked(entry);
	struct page *orphan = NULL;

	must(s && s->count && s->count != SLOT_BAD);
	if (!--s->count) {
		orphan = swap_take_orphan(a, swp_offset(entry));
		s->pfn = slot_pfn(s); /* no shadow of what nobody wants */
		swap_slot_freed(a, swp_offset(entry));
	}
	spin_unlock_irqrestore(&a->lock, irq);
	if (orphan)
		swap_free_orphan(orphan);
}

unsigned swap_count(swp_entry_t entry)
{
	struct swap_area *a = swap_area_of(entry);
	irqflags_t irq = spin_lock_irqsave(&a->lock);
	const struct swap_slot *s = swap_slot_locked(entry);
	unsigned count = s ? s->count : 0;

	spin_unlock_irqrestore(&a->lock, irq);
	return count;
}

bool swap_area_info(unsigned type, struct swap_info *out)
{
	struct swap_area *a = &swap_areas[type];
	irqflags_t irq = spin_lock_irqsave(&a->lock);
	bool on = READ_ONCE(a->state) >= AREA_ON;

	if (on) {
		(void)str_copy(out->name, a->dev->name, sizeof(out->name));
		out->file = a->dev->file;
		out->pages = a->pages;
		out->used = a->used;
		out->prio = a->prio;
	}
	spin_unlock_irqrestore(&a->lock, irq);
	return on;
}

/* ---- checker ---- */

static const char *check_slot(const struct swap_area *a, unsigned long slot)
{
	const struct swap_slot *s = &a->slots[slot];
	const struct page *page;

	if (!slot_pfn(s))
		return s->pfn && !s->count ? "I1: shadow in a free slot" : NULL;
	page = pfn_to_page(s->pfn);
	if (s->count == SLOT_BAD)
		return "page in a bad slot";
	if (!page_test(page, PG_swapcache) ||
	    page_swap_entry(page).val != swp_entry((unsigned)(a - swap_areas), slot).val)
		return "I3: page says another place";
	return page_ref_count(page) < 1 + page_mapcount(page) ? "I3: references" : NULL;
}

static const char *check_area(const struct swap_area *a)
{
	unsigned long used = 0;
	const char *bad = NULL;

	for (unsigned long c = 0; c < nr_clusters(a) && !bad; c++) {
		unsigned long end = min_of(unsigned long, (c + 1) * SWAP_CLUSTER, a->nr_slots);
		unsigned free = 0;

		for (unsigned long slot = c * SWAP_CLUSTER; slot < end && !bad; slot++) {
			bad = check_slot(a, slot);
			free += slot_is_free(&a->slots[slot]);
			used += !slot_is_free(&a->slots[slot]) && a->slots[slot].count != SLOT_BAD;
		}
		if (!bad && free != a->cluster_free[c])
			bad = "I1: free slots of a cluster";
	}
	return bad ? bad : used != a->used ? "I1: used slots" : NULL;
}

void swap_check(void)
{
	for (unsigned i = 0; i < MAX_SWAPFILES; i++) {
		struct swap_area *a = &swap_areas[i];
		irqflags_t irq = spin_lock_irqsave(&a->lock);
		const char *bad = a->slots ? check_area(a) : NULL;

		spin_unlock_irqrestore(&a->lock, irq);
		if (bad)
			panic("swap_check: area %u: %s", i, bad);
	}
}
