/*
 * Huge pages: what one large entry of a user table maps. Geometry, and the accounts of transparent huge pages; the
 * entries themselves: mm/pt.h.
 */
#ifndef MM_HUGE_H
#define MM_HUGE_H

#include "arch/pt.h"
#include "mm/zone.h"

enum { HPAGE_ORDER = PAGEBLOCK_ORDER, HPAGE_NR = 1 << HPAGE_ORDER };
#define HPAGE_SHIFT (PAGE_SHIFT + HPAGE_ORDER)
#define HPAGE_SIZE  (PAGE_SIZE << HPAGE_ORDER)
#define HPAGE_MASK  (~(HPAGE_SIZE - 1))

/* Large entries that map the block of @page, a page of RAM. */
static inline atomic_t *huge_maps_of(const struct page *page)
{
	return &page_zone(page)->huge_maps[page_to_pfn(page) >> HPAGE_ORDER];
}

/* Is @page a part of a transparent huge page: one of HPAGE_NR anonymous pages that some large entry maps? */
static inline bool page_is_thp(const struct page *page)
{
	return page_state(page) == PS_ANON && !page_test(page, PG_head) &&
	       atomic_read(huge_maps_of(page)) > 0;
}

/* @n of a node statistic as vmstat and zoneinfo print it: huge pages are counted in small ones, but shown as such. */
static inline unsigned long node_stat_shown(enum node_stat_item item, unsigned long n)
{
	switch (item) {
	case NR_ANON_THPS:
	case NR_SHMEM_THPS:
	case NR_SHMEM_PMDMAPPED:
	case NR_FILE_THPS:
	case NR_FILE_PMDMAPPED:
		return n >> HPAGE_ORDER;
	default:
		return n;
	}
}

#endif
