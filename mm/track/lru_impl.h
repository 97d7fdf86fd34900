/* Shared by the files of mm/track that move pages between lists. The lock of the node's lists is held in all of these. */
#ifndef MM_TRACK_LRU_IMPL_H
#define MM_TRACK_LRU_IMPL_H

#include "mm/lru.h"

static inline struct lruvec *page_lruvec(const struct page *page)
{
	return &page_zone(page)->pgdat->lruvec;
}

/* @n pages of zone @z more on list @l. The counters change only here: no atomics. */
static inline void lru_count(struct zone *z, enum lru_list l, long n)
{
	WRITE_ONCE(z->stat[NR_ZONE_INACTIVE_ANON + l].v, z->stat[NR_ZONE_INACTIVE_ANON + l].v + n);
}

/* Off its list. */
static inline void lru_unlink(struct page *page)
{
	list_del(&page->lru);
	page_clear(page, PG_lru);
	lru_count(page_zone(page), lru_of(READ_ONCE(page->flags)), -1);
}

/* Onto the list that its flags say, as the newest, or as the next to be scanned. */
static inline void lru_link(struct page *page, bool newest)
{
	enum lru_list l = lru_of(READ_ONCE(page->flags));
	struct zone *z = page_zone(page);
	struct list_head *list = &z->pgdat->lruvec.lists[l];

	if (newest)
		list_add(&page->lru, list);
	else
		list_add_tail(&page->lru, list);
	page_set(page, PG_lru);
	lru_count(z, l, 1);
}

#endif
