/*
 * The lists of reclaim: which pages there are to choose from, and in which order they came.
 *
 *                        made ─────────────► inactive, newest ··· oldest ─► looked at by a scan
 *                                                ▲    │ used again                │ unused: leaves memory
 *   deactivated by a scan, unused for long ──────┘    ▼                           │ used: newest again, or active
 *                                            active, newest ··· oldest ◄──────────┘
 *
 * Four lists a node: anonymous (all that swap could take: PG_swapbacked, shared memory too) and file, each active and
 * inactive. PG_lru says that a page is on one, PG_swapbacked and PG_active on which.
 *
 * OWNS     page->lru, PG_lru and PG_active of ANON and FILE pages; NR_INACTIVE_ANON ... NR_UNEVICTABLE, and the zones'.
 * WHY      links in the page itself: a page is found, moved and taken off in a handful of instructions, without memory.
 *          Lists and not a look at every frame, because the few old pages of a kind must be found among very many.
 * I1       PG_lru set: the page is on the list lru_of(flags) of its node. Clear: on none, page->lru is free.  [lru_check]
 * I2       the counters of the zones are their shares of the lists; a node's are their sums (zone.c). LRU_UNEVICTABLE:
 *          pages with PG_unevictable, which have no list.                                            [lru_check]
 * I3       lists hold no reference: a page whose last one goes is taken off by who frees it. A scan takes a reference
 *          unless the count is 0 (then the page is on its way out). So nothing here delays a free.
 * I4       a page taken by a scan is in an array of the scanner's: it is on no list, and others may link it again meanwhile
 *          (munlock): lru_putback links what is not linked yet, and flags that say which list change only under the lock.
 * LOCKS    lruvec.lock of the page's node, irqsave (an interrupt ends writes, and may drop a last reference). Rank LRU: below
 *          tables and indices, above the allocator.
 * CONTEXT  any.
 * COST     a page alone: about 30 instructions each way. Pages that come or go together share lock and counting:
 *          then it is a link, a flag and a look at the kind, about 8.
 * FAILS    never.
 * ALTERNATIVES Linux's per-CPU batches of new pages: they hold references, so that a freed page stays a while, and every
 *          exact count must first empty them everywhere. Batches come from the faults themselves here.
 * NOT HERE who is chosen (mm/reclaim/vmscan.c); locked pages (mlocked.c); pages that left (workingset.c).
 * SOURCES  Gorman 2004, ch. 10; Linux's page flags and counters.   TESTED BY lru_test.c
 */
#include "mm/track/lru_impl.h"
#include "mm/vmevent.h"
#include "mm/workingset.h"
#include "sync/klog.h"

/* What must be equal for pages to be handled together. */
#define LRU_CLASS                                                                                  \
	(PAGE_PLACE_MASK | 1UL << PG_lru | 1UL << PG_active | 1UL << PG_swapbacked |               \
	 1UL << PG_unevictable)

static irqflags_t lock_lists(struct page *page) no_lock_analysis
{
	return spin_lock_irqsave(&page_lruvec(page)->lock);
}

static void unlock_lists(struct page *page, irqflags_t flags) no_lock_analysis
{
	spin_unlock_irqrestore(&page_lruvec(page)->lock, flags);
}

/* ---- runs: either pages[0..n) or, @block, the n pages from *pages on; the compiler makes two of each ---- */

static always_inline_ struct page *nth(struct page *const *pages, bool block, unsigned i)
{
	return block ? *pages + i : pages[i];
}

/* Link those pages that are of one class with the first. Return: how many. */
static always_inline_ unsigned add_run(struct page *const *pages, bool block, unsigned n)
{
	struct page *page = nth(pages, block, 0);
	struct zone *z = page_zone(page);
	struct lruvec *v = &z->pgdat->lruvec;
	irqflags_t flags = spin_lock_irqsave(&v->lock);
	const unsigned long class = READ_ONCE(page->flags) & LRU_CLASS;
	const enum lru_list l = lru_of(class);
	struct list_head *newest = v->lists[l].next;
	unsigned i = 0;

	if (unlikely(class & (1UL << PG_lru | 1UL << PG_unevictable))) {
		spin_unlock_irqrestore(&v->lock, flags);
		return 1;
	}
	do { /* each before the one that came before it */
		page->lru.next = newest;
		newest->prev = &page->lru;
		newest = &page->lru;
		page_set(page, PG_lru);
		if (++i == n)
			break;
		page = nth(pages, block, i);
	} while ((READ_ONCE(page->flags) & LRU_CLASS) == class);
	newest->prev = &v->lists[l];
	v->lists[l].next = newest;
	lru_count(z, l, i);
	spin_unlock_irqrestore(&v->lock, flags);
	return i;
}

/* What is left of a page's place on the lists when it is freed. The caller sets all flags anew; only debug builds look
 * whether one is on a list still. */
static inline void forget(struct page *page)
{
	if (CFG_DEBUG)
		WRITE_ONCE(page->flags, page->flags & ~(1UL << PG_lru | 1UL << PG_active |
							1UL << PG_unevictable));
}

/* @n pages of @class less. Lock held. */
static inline void count_freed(struct zone *z, unsigned long class, unsigned n)
{
	if (likely(class & 1UL << PG_lru))
		lru_count(z, lru_of(class), -(long)n);
	else if (class & 1UL << PG_unevictable)
		lru_count(z, LRU_UNEVICTABLE, -(long)n);
}

static inline unsigned long class_of(const struct page *page)
{
	return READ_ONCE(page->flags) & LRU_CLASS;
}

/* Unlink those of @pages that are of one class with the first. Nobody has a reference. Return: how many. */
static inline unsigned free_run(struct page **pages, unsigned n)
{
	const unsigned long class = class_of(pages[0]);
	struct zone *z = page_zone(pages[0]);
	irqflags_t flags;
	unsigned i = 0;

	if (!(class & (1UL << PG_lru | 1UL << PG_active | 1UL << PG_unevictable)))
		return 1;
	flags = spin_lock_irqsave(&z->pgdat->lruvec.lock);
	do {
		if (likely(class & 1UL << PG_lru))
			list_del(&pages[i]->lru);
		forget(pages[i]);
	} while (++i < n && class_of(pages[i]) == class);
	count_freed(z, class, i);
	spin_unlock_irqrestore(&z->pgdat->lruvec.lock, flags);
	return i;
}

/*
 * The pages from @page to @end - 1 that are of one class and follow each other on the list, too, as those of one fault do: only
 * the ends of such a chain are linked anew. Lock held. Return: behind the last one.
 */
static inline struct page *unlink_chain(struct page *page, struct page *end, unsigned long class)
{
	struct list_head *older = page->lru.next, *newer;

	forget(page);
	while (page + 1 < end && class_of(page + 1) == class && page->lru.prev == &page[1].lru) {
		page++;
		forget(page);
	}
	newer = page->lru.prev;
	newer->next = older;
	older->prev = newer;
	return page + 1;
}

/* free_run for pages side by side. */
static inline unsigned free_span(struct page *page, unsigned n)
{
	const unsigned long class = class_of(page);
	struct page *p = page, *const end = page + n;
	struct zone *z = page_zone(page);
	irqflags_t flags;

	if (!(class & (1UL << PG_lru | 1UL << PG_active | 1UL << PG_unevictable)))
		return 1;
	flags = spin_lock_irqsave(&z->pgdat->lruvec.lock);
	do {
		if (likely(class & 1UL << PG_lru))
			p = unlink_chain(p, end, class);
		else
			forget(p++);
	} while (p < end && class_of(p) == class);
	count_freed(z, class, (unsigned)(p - page));
	spin_unlock_irqrestore(&z->pgdat->lruvec.lock, flags);
	return (unsigned)(p - page);
}

void lru_add_pages(struct page **pages, unsigned n)
{
	for (unsigned i = 0; i < n;)
		i += add_run(pages + i, false, n - i);
}

void lru_add_block(struct page *page, unsigned n)
{
	for (unsigned i = 0; i < n;)
		i += add_run(&(struct page *){ page + i }, true, n - i);
}

void lru_free_pages(struct page **pages, unsigned n)
{
	for (unsigned i = 0; i < n;)
		i += free_run(pages + i, n - i);
}

void lru_free_block(struct page *page, unsigned n)
{
	for (unsigned i = 0; i < n;)
		i += free_span(page + i, n - i);
}

void lru_add(struct page *page)
{
	(void)add_run(&page, true, 1);
}

/* ---- one page ---- */

/* Flags @set and @clear change, and with them the list. Lock held. */
static void move(struct page *page, unsigned long set, unsigned long clear, bool newest)
{
	bool on_list = page_test(page, PG_lru);

	if (on_list)
		lru_unlink(page);
	(void)__atomic_fetch_or(&page->flags, set, __ATOMIC_RELAXED);
	(void)__atomic_fetch_and(&page->flags, ~clear, __ATOMIC_RELAXED);
	if (on_list)
		lru_link(page, newest);
}

void lru_activate(struct page *page)
{
	struct zone *z = page_zone(page);
	struct lruvec *v = &z->pgdat->lruvec;
	irqflags_t flags = spin_lock_irqsave(&v->lock);
	unsigned long f = READ_ONCE(page->flags);
	enum lru_list l = lru_of(f);

	if (!(f & (1UL << PG_active | 1UL << PG_unevictable))) {
		if (f & 1UL << PG_lru) {
			list_del(&page->lru);
			list_add(&page->lru, &v->lists[l | LRU_ACTIVE]);
			lru_count(z, l, -1);
			lru_count(z, (enum lru_list)(l | LRU_ACTIVE), 1);
		}
		page_set(page, PG_active);
		workingset_activation(v);
		count_vm_event(PGACTIVATE);
	}
	spin_unlock_irqrestore(&v->lock, flags);
}

void mark_page_accessed_slow(struct page *page)
{
	if (!page_test(page, PG_referenced)) {
		page_set(page, PG_referenced);
		return;
	}
	if (!page_test(page, PG_lru))
		return;
	lru_activate(page);
	page_clear(page, PG_referenced);
}

void lru_deactivate(struct page *page)
{
	irqflags_t flags = lock_lists(page);

	if (page_test(page, PG_lru) && page_test(page, PG_active)) {
		move(page, 0, 1UL << PG_active | 1UL << PG_referenced, true);
		count_vm_event(PGDEACTIVATE);
	}
	unlock_lists(page, flags);
}

void lru_retire(struct page *page)
{
	irqflags_t flags = lock_lists(page);

	move(page, 0, 1UL << PG_active, true);
	unlock_lists(page, flags);
}

void lru_admit(struct page *page)
{
	irqflags_t flags = lock_lists(page);

	move(page, 1UL << PG_active, 0, true);
	unlock_lists(page, flags);
}

void lru_rotate(struct page *page)
{
	irqflags_t flags = lock_lists(page);

	if (page_test(page, PG_lru) && !page_test(page, PG_active)) {
		move(page, 0, 0, false);
		count_vm_event(PGROTATED);
	}
	unlock_lists(page, flags);
}

void lru_lazyfree(struct page *page)
{
	irqflags_t flags = lock_lists(page);

	move(page, 0, 1UL << PG_swapbacked | 1UL << PG_active | 1UL << PG_referenced, true);
	unlock_lists(page, flags);
}

void lru_unlazy(struct page *page)
{
	irqflags_t flags = lock_lists(page);

	move(page, 1UL << PG_swapbacked, 0, true);
	unlock_lists(page, flags);
}

void lru_cull(struct page *page)
{
	irqflags_t flags = lock_lists(page);

	if (page_test(page, PG_lru))
		lru_unlink(page);
	if (!page_test(page, PG_unevictable)) {
		page_set(page, PG_unevictable);
		lru_count(page_zone(page), LRU_UNEVICTABLE, 1);
		count_vm_event(UNEVICTABLE_PGCULLED);
	}
	unlock_lists(page, flags);
}

void lru_rescue(struct page *page)
{
	irqflags_t flags = lock_lists(page);

	if (page_test(page, PG_unevictable) && !page_test(page, PG_mlocked)) {
		page_clear(page, PG_unevictable);
		lru_count(page_zone(page), LRU_UNEVICTABLE, -1);
		lru_link(page, true);
		count_vm_event(UNEVICTABLE_PGRESCUED);
	}
	unlock_lists(page, flags);
}

/* ---- scans ---- */

/* The oldest page that may be taken, off the list, with a reference; NULL: not that one. */
static struct page *take_oldest(struct list_head *list, enum zone_type highest)
{
	struct page *page = list_last(list, struct page, lru);

	if (page_zone_id(page) <= (unsigned)highest && atomic_inc_not_zero(&page->_refcount)) {
		lru_unlink(page);
		return page;
	}
	if (page_zone_id(page) > (unsigned)highest)
		count_vm_event((enum vm_event)(PGSKIP_DMA + page_zone_id(page)));
	list_del(&page->lru);
	list_add(&page->lru, list);
	return NULL;
}

void lru_isolate(struct pglist_data *node, struct lru_scan *s)
{
	struct list_head *list = &node->lruvec.lists[s->list];
	irqflags_t flags = spin_lock_irqsave(&node->lruvec.lock);

	s->scanned = 0;
	s->taken = 0;
	while (s->scanned < s->nr && !list_empty(list)) {
		struct page *page = take_oldest(list, s->highest);

		s->scanned++;
		if (page)
			s->pages[s->taken++] = page;
	}
	spin_unlock_irqrestore(&node->lruvec.lock, flags);
}

void lru_putback(struct page **pages, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		lru_add(pages[i]);
}

bool lru_isolate_page(struct page *page)
{
	irqflags_t flags = lock_lists(page);
	bool taken = page_test(page, PG_lru);

	if (taken)
		lru_unlink(page);
	unlock_lists(page, flags);
	return taken;
}

/* ---- checker ---- */

static void bad(const struct page *page, const char *why)
{
	page_dump(page, why);
	panic("lru_check: %s", why);
}

static void check_page(const struct pglist_data *node, const struct page *page, unsigned l)
{
	enum page_state s = page_state(page);

	if (page_node_id(page) != (unsigned)node->node_id || lru_of(page->flags) != l)
		bad(page, "I1: on a list of another node or kind");
	if (!page_test(page, PG_lru) || page_test(page, PG_unevictable))
		bad(page, "I1: on a list, but its flags say no");
	if (s != PS_ANON && s != PS_FILE)
		bad(page, "on a list, but of no program or cache");
}

/* The lengths of a node's lists, added up by zone type, against its counters. Lock held. */
static void check_node(const struct pglist_data *node)
{
	for (unsigned l = 0; l < LRU_EVICTABLE_LISTS; l++) {
		long by_zone[MAX_NR_ZONES] = { 0 };
		const struct page *page;

		list_for_each_entry (page, &node->lruvec.lists[l], lru) {
			check_page(node, page, l);
			by_zone[page_zone_id(page)]++;
		}
		for (unsigned t = 0; t < MAX_NR_ZONES; t++) {
			const struct zone *z = &node->node_zones[t];

			must(by_zone[t] == z->stat[NR_ZONE_INACTIVE_ANON + l].v); /* I2 */
		}
	}
}

void lru_check(void)
{
	for (unsigned n = 0; n < nr_nodes; n++) {
		irqflags_t flags = spin_lock_irqsave(&node_data[n]->lruvec.lock);

		check_node(node_data[n]);
		spin_unlock_irqrestore(&node_data[n]->lruvec.lock, flags);
	}
}
