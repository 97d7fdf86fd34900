/*
 * Per-CPU page lists: single pages in front of the buddy.
 *
 * OWNS     struct pcp, one per (zone, CPU); pages in state PCP.
 * WHY      one page at a time from the buddy takes the zone lock, splits and merges for each fault; a batch of B
 *          pages pays that once. Last in, first out: the page just freed is still in the cache.
 * I1       pcp->count = pages on its lists.                                                      [pcp_check]
 * I2       a listed page is PCP, of this zone, without users.                                    [pcp_check]
 * I3       NR_FREE_PAGES does not include them; nr_free_pages() adds them.
 * LOCKS    pcp->lock, then zone->lock; interrupts off for both. The lock is the CPU's own and nobody waits for it but
 *          pcp_drain_zone, which may take every CPU's: so draining needs no interrupt to the others.
 * CONTEXT  any, interrupts included. Never sleeps.
 * COST     hit: a lock nobody else holds, one list operation. Miss: at least batch pages under one zone lock.
 * FAILS    NULL when the buddy has no page of any type.
 * NOT HERE higher orders (buddy.c): they are rare here and would fill the lists with memory in use by nobody.
 *
 * A page goes back to the list of its pageblock's type, or, if it is known to be all zero, to that of such pages, from which
 * allocations that want a zeroed unmovable page take first. The type is read again then: the block may have changed owner.
 * SOURCES  Bonwick & Adams 2001 (magazines).  TESTED BY  pcp_test.c, sim/fuzz_buddy.c.
 */
#include "arch/irqflags.h"
#include "mm/alloc.h"
#include "mm/phys/phys_impl.h"

void pcp_zone_init(struct zone *z, struct pcp *array)
{
	z->pcp = array;
	for (unsigned cpu = 0; cpu < CFG_NR_CPUS; cpu++) {
		struct pcp *p = &array[cpu];

		spin_init(&p->lock, RANK_PCP);
		p->count = 0;
		p->high = 0;
		p->batch = 1;
		for (unsigned mt = 0; mt < ARRAY_SIZE(p->lists); mt++)
			list_init(&p->lists[mt]);
	}
}

static int zone_batch(const struct zone *z)
{
	unsigned long batch = (unsigned long)atomic_long_read(&z->managed_pages) / 1024;

	batch = min_of(unsigned long, batch, MIB(1) / PAGE_SIZE) / 4;
	if (batch < 1)
		return 1;
	batch += batch / 2;
	batch = (1UL << (8 * sizeof(long) - 1 - (unsigned)__builtin_clzl(batch))) - 1;
	return batch ? (int)batch : 1;
}

/* CPUs that share a zone's pages: those of its node; all, where it has none. */
static unsigned sharing_cpus(const struct zone *z)
{
	unsigned cpu, own = 0, all = 0;

	for_each_online_cpu (cpu) {
		own += cpu_to_node(cpu) == z->pgdat->node_id;
		all++;
	}
	return own ? own : max_of(unsigned, all, 1);
}

int percpu_pagelist_high_fraction;

void pcp_set_limits(struct zone *z)
{
	unsigned fraction = (unsigned)READ_ONCE(percpu_pagelist_high_fraction);
	unsigned long all = fraction ? (unsigned long)atomic_long_read(&z->managed_pages) / fraction
				     : z->watermark[WMARK_LOW];
	int batch = zone_batch(z);
	int high = (int)(all / sharing_cpus(z));

	for (unsigned cpu = 0; cpu < CFG_NR_CPUS; cpu++) {
		struct pcp *p = &z->pcp[cpu];
		irqflags_t flags = spin_lock_irqsave(&p->lock);

		p->batch = batch;
		p->high = max_of(int, high, batch * 4);
		spin_unlock_irqrestore(&p->lock, flags);
	}
}

/* ---- to and from the buddy ---- */

static noinline_ bool refill(struct zone *z, struct pcp *p, enum migratetype mt)
{
	/* batch is one less than a power of two (or 1): one page more is one block, for one look at the lists. */
	int batch = p->batch > 1 ? p->batch + 1 : 1, n;

	spin_lock(&z->lock);
	n = buddy_take_pages_locked(z, batch, mt, &p->lists[mt],
				    &p->lists[mt == MIGRATE_UNMOVABLE ? PCP_ZEROED : mt]);
	spin_unlock(&z->lock);
	p->count += n;
	return n != 0;
}

/* Give @n pages back, the coldest of each list in turn. */
static noinline_ void flush(struct zone *z, struct pcp *p, int n)
{
	unsigned mt = 0;

	n = min_of(int, n, p->count);
	p->count -= n;
	spin_lock(&z->lock);
	while (n) {
		struct list_head *list = &p->lists[mt];

		mt = mt + 1 == ARRAY_SIZE(p->lists) ? 0 : mt + 1;
		if (list_empty(list))
			continue;
		struct page *page = list_last(list, struct page, lru);

		list_del(&page->lru);
		page_set_state(page, PS_FREE);
		buddy_free_locked(z, page, 0);
		n--;
	}
	spin_unlock(&z->lock);
}

/* The list of @mt that has a page, if one can be had: the last is that of zeroed pages, which other uses are kept off. */
static inline struct list_head *list_with(struct zone *z, struct pcp *p, enum migratetype mt)
{
	if (likely(!list_empty(&p->lists[mt])))
		return &p->lists[mt];
	if (!refill(z, p, mt) && (mt != MIGRATE_UNMOVABLE || list_empty(&p->lists[PCP_ZEROED])))
		return NULL;
	return list_empty(&p->lists[mt]) ? &p->lists[PCP_ZEROED] : &p->lists[mt];
}

/* ---- one page ---- */

struct page *pcp_alloc(struct zone *z, enum migratetype mt, const struct zone *wanted)
{
	struct pcp *p = pcp_mine(z);
	irqflags_t flags = spin_lock_irqsave(&p->lock);
	struct list_head *list = list_with(z, p, mt);
	struct page *page = NULL;

	if (likely(list != NULL)) {
		page = list_first(list, struct page, lru);
		list_del_first(list, &page->lru);
		p->count--;
		pcp_count_alloc(p, z, wanted);
	}
	spin_unlock_irqrestore(&p->lock, flags);
	return page;
}

void pcp_overflow(struct zone *z, struct pcp *p, irqflags_t flags)
{
	flush(z, p, p->batch);
	spin_unlock_irqrestore(&p->lock, flags);
}

void pcp_free_slow(struct zone *z, struct page *page)
{
	struct pcp *p = pcp_mine(z);
	irqflags_t flags = spin_lock_irqsave(&p->lock);

	list_add(&page->lru, pcp_list_for(p, z, page));
	p->count++;
	if (p->count > p->high)
		flush(z, p, p->batch);
	spin_unlock_irqrestore(&p->lock, flags);
}

/* ---- many pages ---- */

int pcp_alloc_bulk(struct zone *z, enum migratetype mt, int n, struct page **pages)
{
	struct pcp *p = pcp_mine(z);
	irqflags_t flags = spin_lock_irqsave(&p->lock);
	struct list_head *list;
	int got = 0;

	while (got < n && (list = list_with(z, p, mt)) != NULL) {
		pages[got] = list_first(list, struct page, lru);
		list_del_first(list, &pages[got++]->lru);
		p->count--;
	}
	p->numa_hit += (unsigned)got;
	spin_unlock_irqrestore(&p->lock, flags);
	return got;
}

unsigned pcp_free_bulk(struct zone *z, struct page **pages, unsigned n)
{
	struct pcp *p = pcp_mine(z);
	irqflags_t flags = spin_lock_irqsave(&p->lock);
	unsigned i = 0;

	for (; i < n && page_zone(pages[i]) == z; i++) {
		struct page *page = pages[i];

		page_free_prepare_one(page, PS_PCP);
		list_add(&page->lru, pcp_list_for(p, z, page));
	}
	p->count += (int)i;
	if (unlikely(p->count > p->high))
		flush(z, p, max_of(int, p->batch, p->count - p->high));
	spin_unlock_irqrestore(&p->lock, flags);
	return i;
}

/* ---- drain ---- */

void pcp_drain_zone(struct zone *z)
{
	if (!z->pcp)
		return;
	for (unsigned cpu = 0; cpu < CFG_NR_CPUS; cpu++) {
		struct pcp *p = &z->pcp[cpu];
		irqflags_t flags = spin_lock_irqsave(&p->lock);

		if (p->count)
			flush(z, p, p->count);
		spin_unlock_irqrestore(&p->lock, flags);
	}
}

unsigned long pcp_count(const struct zone *z)
{
	unsigned long sum = 0;

	if (!z->pcp)
		return 0;
	for (unsigned cpu = 0; cpu < CFG_NR_CPUS; cpu++)
		sum += (unsigned)READ_ONCE(z->pcp[cpu].count);
	return sum;
}

/* ---- checker ---- */

static void check_one(const struct zone *z, const struct pcp *p)
{
	struct page *page;
	int n = 0;

	for (unsigned mt = 0; mt < ARRAY_SIZE(p->lists); mt++) {
		list_for_each_entry (page, &p->lists[mt], lru) {
			if (page_state(page) != PS_PCP || page_zone(page) != z)
				page_bad(page, "I2: on a per-CPU list of the wrong zone or state");
			if (page_ref_count(page) || atomic_read(&page->_mapcount) != -1)
				page_bad(page, "I2: on a per-CPU list while in use");
			n++;
		}
	}
	must(n == p->count); /* I1 */
}

void pcp_check(struct zone *z)
{
	if (!z->pcp)
		return;
	for (unsigned cpu = 0; cpu < CFG_NR_CPUS; cpu++) {
		irqflags_t flags = spin_lock_irqsave(&z->pcp[cpu].lock);

		check_one(z, &z->pcp[cpu]);
		spin_unlock_irqrestore(&z->pcp[cpu].lock, flags);
	}
}
