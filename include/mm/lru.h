/*
 * The lists that reclaim looks through: a node's pages of programs and caches, by kind and by how lately they were used.
 * A page is put on one by whoever gives it its contents, and leaves it by itself when it is freed.
 */
#ifndef MM_LRU_H
#define MM_LRU_H

#include "mm/zone.h"

/* Pages taken off the lists by one scan; each with a reference. */
enum { LRU_CLUSTER = 32 };

/* The list that the flags @f of a page belong to. Only what swap could take is anonymous here: Linux's "swap-backed". */
static inline enum lru_list lru_of(unsigned long f)
{
	return (enum lru_list)((~f >> (PG_swapbacked - 1) & LRU_FILE) +
			       (f >> PG_active & LRU_ACTIVE));
}

/* ---- who makes pages (mm/track/lru.c) ---- any context; a table's or an index's lock may be held ---- */
/* @page is ANON or FILE by now: onto the list that its flags say. One that is on a list, or may not leave, stays as it is. */
void lru_add(struct page *page);
/* @n new pages, the last one the newest. */
void lru_add_pages(struct page **pages, unsigned n);
/* The same for those that lie side by side from @page on. */
void lru_add_block(struct page *page, unsigned n);

/* ---- who uses pages ---- */
/* The cached page was read or written by a call: the second time makes it active. */
void mark_page_accessed_slow(struct page *page);
static inline void mark_page_accessed(struct page *page)
{
	const unsigned long done = 1UL << PG_referenced | 1UL << PG_active;

	if ((READ_ONCE(page->flags) & done) != done)
		mark_page_accessed_slow(page);
}
/* The same for a page that only swap could take: whether it becomes active is seen by a scan. */
static inline void page_mark_referenced(struct page *page)
{
	if (!page_test(page, PG_referenced))
		page_set(page, PG_referenced);
}
void lru_activate(struct page *page);
/* Not active any more: the newest of the inactive. */
void lru_deactivate(struct page *page);
/* A page that a scan has taken goes back as an inactive one. */
void lru_retire(struct page *page);
/* As an active one, though nobody used it. */
void lru_admit(struct page *page);
/* What reclaim had written is in its store: the next that a scan comes to. */
void lru_rotate(struct page *page);
/* MADV_FREE: the page lost PG_swapbacked, and waits among the inactive file pages. */
void lru_lazyfree(struct page *page);
/* It is the program's again. */
void lru_unlazy(struct page *page);
/* No mapping may lose it (SHM_LOCK): off the lists; and back. */
void lru_cull(struct page *page);
void lru_rescue(struct page *page);

/* ---- who scans (mm/reclaim) ---- */
/* Which pages of a list are taken; results behind them. */
struct lru_scan {
	enum lru_list list;
	enum zone_type highest; /* pages of zones above it are passed over */
	unsigned nr;		/* to look at; LRU_CLUSTER at most */
	unsigned scanned, taken;
	struct page *pages[LRU_CLUSTER];
};
/* Take the oldest pages of a list of @node off it, each with a reference. */
void lru_isolate(struct pglist_data *node, struct lru_scan *s);
/* They are ours no more: back onto the lists that their flags say by now. References stay the caller's. */
void lru_putback(struct page **pages, unsigned n);
/* The same for one, of which the caller has a reference, by its address. Return: false: it is on no list. */
bool lru_isolate_page(struct page *page);

/* ---- who frees (mm/phys/alloc.c): no reference is left ---- */
void lru_free_pages(struct page **pages, unsigned n);
void lru_free_block(struct page *page, unsigned n);

static inline unsigned long lru_size(const struct pglist_data *node, enum lru_list l)
{
	return node_stat(node, (enum node_stat_item)(NR_INACTIVE_ANON + l));
}

/* Checker: every page on the list it belongs to, counters exact; panics. Exact at any time, under the lists' locks. */
void lru_check(void);

#endif
