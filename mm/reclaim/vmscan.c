/*
 * Reclaim: which pages are asked to leave, and how many.
 *
 *   a round     1 / 2^priority of each list, in clusters, lists in turn. It begins at 1/4096; while that does not give enough
 *               the priority falls, until at 0 every page of every list has been asked (relieve.c, kswapd.c)
 *   inactive    the oldest cluster: each page goes or stays (take.c); the oldest stay of those that were used comes first again
 *   active      only while the inactive list is too short for its size: the oldest cluster becomes inactive, but for code
 *               that runs
 *   policy      another one than these lists' own, chosen by name, is asked instead of them (stand_in.c)
 *   caches      each registered cache gives its share (mm/track/shrinker.c)
 *
 * OWNS     vm_swappiness.
 * WHY      two lists and one bit: a page must be found used twice before it crowds out others, so reading a large file once
 *          goes through the inactive list and leaves the active one alone.
 * I1       what a scan took is freed or back on a list when the function returns: nothing stays isolated.  [vmscan_test]
 * I2       a round looks at no more pages than the lists had when it began.
 * LOCKS    none kept; lruvec.lock inside lru_isolate and lru_putback, page locks by try in take.c.
 * CONTEXT  a thread with MM_CTX_MEMALLOC: what it allocates comes from the reserve and never enters here again.
 * COST     per page looked at: taking off and putting back (mm/track/lru.c), and take.c's.
 * FAILS    never: it frees what it can.
 * NOT HERE one page's fate (take.c); when (kswapd.c, relieve.c).
 * SOURCES  Linux Documentation/admin-guide/sysctl/vm; Gorman 2004, ch. 10.   TESTED BY vmscan_test.c
 */
#include "mm/page.h"
#include "mm/reclaim/stand_in.h"
#include "mm/rmap.h"
#include "mm/shrinker.h"
#include "mm/swap.h"
#include "mm/vma.h"
#include "mm/vmevent.h"
#include "sync/tracepoint.h"

enum { MAX_SWAPPINESS = 200 };
int vm_swappiness = 60;

/* ---- lists ---- */

static void count_isolated(const struct scan_control *sc, enum lru_list l, long n)
{
	enum node_stat_item item = l & LRU_FILE ? NR_ISOLATED_FILE : NR_ISOLATED_ANON;

	atomic_long_add(&sc->node->stat[item], n);
}

/* The inactive list shall be long enough that a page on it has a chance to be used: Linux's ratio by size in GiB. */
static bool inactive_is_low(const struct pglist_data *node, enum lru_list inactive)
{
	unsigned long i = lru_size(node, inactive),
		      a = lru_size(node, (enum lru_list)(inactive | LRU_ACTIVE));
	unsigned long gib = (i + a) >> (30 - PAGE_SHIFT), ratio = 1;

	while (gib && ratio * ratio < gib * 10)
		ratio++;
	return i * ratio < a;
}

static void count_scan(struct scan_control *sc, const struct lru_scan *s)
{
	bool file = s->list & LRU_FILE;

	count_vm_events(sc->kswapd ? PGSCAN_KSWAPD : PGSCAN_DIRECT, s->scanned);
	count_vm_events(file ? PGSCAN_FILE : PGSCAN_ANON, s->scanned);
	sc->scanned += s->scanned;
}

static void count_steal(const struct scan_control *sc, enum lru_list l, unsigned long n)
{
	count_vm_events(sc->kswapd ? PGSTEAL_KSWAPD : PGSTEAL_DIRECT, n);
	count_vm_events(l & LRU_FILE ? PGSTEAL_FILE : PGSTEAL_ANON, n);
}

void lru_give_back(struct lru_scan *s)
{
	lru_putback(s->pages, s->taken);
	for (unsigned i = 0; i < s->taken; i++)
		swap_put_page(s->pages[i]);
}

/* The fate of what @s has taken; afterwards it has those that stay. */
static void shrink_taken(struct scan_control *sc, struct lru_scan *s)
{
	unsigned long freed = sc->freed;
	unsigned taken = s->taken;

	count_scan(sc, s);
	count_isolated(sc, s->list, taken);
	take_pages(sc, s);
	count_steal(sc, s->list, sc->freed - freed);
	count_isolated(sc, s->list, -(long)taken);
	tracepoint(mm_vmscan_lru_shrink_inactive, (unsigned)sc->node->node_id, s->scanned,
		   sc->freed - freed, (unsigned)sc->priority);
}

void shrink_chosen(struct scan_control *sc, struct lru_scan *s)
{
	sc->chosen = true;
	shrink_taken(sc, s);
	sc->chosen = false;
}

static void isolate(const struct scan_control *sc, struct lru_scan *s)
{
	lru_isolate(sc->node, s);
	tracepoint(mm_vmscan_lru_isolate, s->nr, s->scanned, s->taken, s->list);
}

static void shrink_inactive(struct scan_control *sc, enum lru_list l, unsigned nr)
{
	struct lru_scan s = { .list = l, .highest = sc->highest, .nr = nr };

	isolate(sc, &s);
	shrink_taken(sc, &s);
	lru_give_back(&s);
}

/* Code that runs stays active while it runs. */
static bool stays_active(struct page *page)
{
	unsigned long vm_flags;

	return page_referenced(page, &vm_flags) && (vm_flags & VM_EXEC) &&
	       !page_test(page, PG_swapbacked);
}

static void deactivate(struct page *page)
{
	if (!trylock_page(page)) /* rmap wants a cached page locked */
		return;
	if (!stays_active(page)) {
		lru_retire(page);
		page_set(page, PG_workingset);
		count_vm_event(PGDEACTIVATE);
	}
	unlock_page(page);
}

static void shrink_active(struct scan_control *sc, enum lru_list l, unsigned nr)
{
	struct lru_scan s = { .list = l, .highest = sc->highest, .nr = nr };

	isolate(sc, &s);
	count_isolated(sc, l, s.taken);
	count_vm_events(PGREFILL, s.scanned);
	for (unsigned i = 0; i < s.taken; i++)
		deactivate(s.pages[i]);
	lru_give_back(&s);
	count_isolated(sc, l, -(long)s.taken);
	tracepoint(mm_vmscan_lru_shrink_active, (unsigned)sc->node->node_id, s.taken,
		   (unsigned)sc->priority);
}

static void shrink_list(struct scan_control *sc, enum lru_list l, unsigned nr)
{
	if (shrink_by_policy(sc, l / LRU_FILE, nr))
		return;
	if (!(l & LRU_ACTIVE))
		shrink_inactive(sc, l, nr);
	else if (inactive_is_low(sc->node, (enum lru_list)(l & ~LRU_ACTIVE)))
		shrink_active(sc, l, nr);
}

/* ---- a round ---- */

static bool may_swap(const struct scan_control *sc)
{
	return (sc->gfp & __GFP_IO) && swap_space_left();
}

static unsigned long file_pages(const struct pglist_data *node)
{
	return lru_size(node, LRU_INACTIVE_FILE) + lru_size(node, LRU_ACTIVE_FILE);
}

/* Are free and cached pages together no more than the high watermarks? Then cached pages cannot bring the zones back. */
static bool files_are_few(const struct scan_control *sc)
{
	unsigned long have = file_pages(sc->node), high = 0;

	for (unsigned t = 0; t <= (unsigned)sc->highest; t++) {
		const struct zone *z = &sc->node->node_zones[t];
		long usable = (long)zone_stat(z, NR_FREE_PAGES) - z->lowmem_reserve[sc->highest];

		have += usable > 0 ? (unsigned long)usable : 0;
		high += z->watermark[WMARK_HIGH];
	}
	return have <= high;
}

/*
 * How much of each list. Without swap there is nowhere to put what anonymous pages hold: they are not asked. Else the kinds
 * share the scan as swappiness says, 0 to 200, half of it 100; at priority 0 all are asked for all. At swappiness 0 swap is for
 * the case that cached pages cannot suffice (Linux).
 */
static void plan(const struct scan_control *sc, unsigned long *nr)
{
	unsigned weight[2] = { (unsigned)READ_ONCE(vm_swappiness), 0 };

	weight[1] = MAX_SWAPPINESS - weight[0];
	if (!may_swap(sc)) {
		weight[0] = 0;
		weight[1] = MAX_SWAPPINESS;
	} else if (!file_pages(sc->node) || (!weight[0] && files_are_few(sc))) {
		weight[0] = MAX_SWAPPINESS;
	}
	for (unsigned l = 0; l < LRU_EVICTABLE_LISTS; l++) {
		unsigned w = weight[l / LRU_FILE];
		uint64_t size = lru_size(sc->node, (enum lru_list)l) >> sc->priority;

		if (w && sc->priority)
			size = (size * w + MAX_SWAPPINESS - 1) / MAX_SWAPPINESS;
		nr[l] = w ? (unsigned long)size : 0;
	}
}

static bool some_left(const unsigned long *nr)
{
	return nr[LRU_INACTIVE_ANON] || nr[LRU_ACTIVE_ANON] || nr[LRU_INACTIVE_FILE] ||
	       nr[LRU_ACTIVE_FILE];
}

static void shrink_lists(struct scan_control *sc)
{
	unsigned long nr[LRU_EVICTABLE_LISTS];

	plan(sc, nr);
	while (some_left(nr)) {
		for (unsigned l = 0; l < LRU_EVICTABLE_LISTS; l++) {
			unsigned n = (unsigned)min_of(unsigned long, nr[l], LRU_CLUSTER);

			nr[l] -= n;
			if (n)
				shrink_list(sc, (enum lru_list)l, n);
		}
		if (sc->freed >= sc->wanted && sc->priority < DEF_PRIORITY)
			return;
	}
}

void shrink_node(struct scan_control *sc)
{
	shrink_lists(sc);
	(void)shrink_slab(sc->gfp, sc->priority);
}

unsigned long reclaimable_pages(const struct pglist_data *node, enum zone_type highest)
{
	unsigned long sum = 0;

	for (unsigned t = 0; t <= (unsigned)highest; t++) {
		const struct zone *z = &node->node_zones[t];

		sum += zone_stat(z, NR_ZONE_INACTIVE_FILE) + zone_stat(z, NR_ZONE_ACTIVE_FILE);
		if (swap_space_left())
			sum += zone_stat(z, NR_ZONE_INACTIVE_ANON) +
			       zone_stat(z, NR_ZONE_ACTIVE_ANON);
	}
	return sum;
}

unsigned long reclaim_node(int node, gfp_t gfp)
{
	struct scan_control sc = {
		.node = node_data[node], .highest = ZONE_MOVABLE, .gfp = gfp, .wanted = ULONG_MAX
	};

	shrink_node(&sc);
	return sc.freed;
}

/* The oldest @left of a list, until there are enough; what stays is put back in its order. */
static void take_clean(struct scan_control *sc, enum lru_list l, unsigned long left)
{
	while (left && sc->freed < sc->wanted) {
		struct lru_scan s = { .list = l, .highest = sc->highest };

		s.nr = (unsigned)min_of(unsigned long, left, LRU_CLUSTER);
		left -= s.nr;
		lru_isolate(sc->node, &s);
		take_pages(sc, &s);
		lru_give_back(&s);
	}
}

void shrink_clean(struct scan_control *sc)
{
	sc->clean_only = true;
	take_clean(sc, LRU_INACTIVE_FILE, lru_size(sc->node, LRU_INACTIVE_FILE) >> sc->priority);
	take_clean(sc, LRU_ACTIVE_FILE, lru_size(sc->node, LRU_ACTIVE_FILE) >> sc->priority);
	sc->clean_only = false;
}

/* All cached pages of a node. */
static unsigned long drop_node(struct pglist_data *node)
{
	struct scan_control sc = { .node = node, .highest = ZONE_MOVABLE, .wanted = ULONG_MAX };

	shrink_clean(&sc);
	return sc.freed;
}

unsigned long drop_cached_pages(void)
{
	unsigned long freed = 0;

	count_vm_event(DROP_PAGECACHE);
	for (unsigned n = 0; n < nr_nodes; n++)
		freed += drop_node(node_data[n]);
	return freed;
}

static void take_cluster(struct scan_control *sc, struct lru_scan *s)
{
	take_pages(sc, s);
	lru_give_back(s);
	s->taken = 0;
}

unsigned reclaim_these(struct page **pages, unsigned n)
{
	struct scan_control sc = { .highest = ZONE_MOVABLE, .gfp = GFP_KERNEL, .force = true };
	struct lru_scan s = { .taken = 0 };

	for (unsigned i = 0; i < n; i++) {
		if (!lru_isolate_page(pages[i])) {
			put_page(pages[i]);
			continue;
		}
		s.pages[s.taken++] = pages[i];
		if (s.taken == LRU_CLUSTER)
			take_cluster(&sc, &s);
	}
	take_cluster(&sc, &s);
	return (unsigned)sc.freed;
}
