/* The page allocator: Linux's calls. NULL / 0 is the only failure, and means no memory under @gfp's rules. */
#ifndef MM_ALLOC_H
#define MM_ALLOC_H

#include "mm/zone.h"

/**
 * alloc_pages - 1 << @order contiguous frames, naturally aligned, refcount 1, state PS_KERNEL.
 * @gfp: zones by __GFP_DMA/DMA32/HIGHMEM/MOVABLE; may sleep only with __GFP_DIRECT_RECLAIM; __GFP_ZERO;
 *       __GFP_COMP makes a compound page. @order: 0..MAX_ORDER, more is NULL.
 * Context: any for GFP_ATOMIC/NOWAIT.   Cost: order 0: O(1), the CPU's own list.
 */
struct page *must_check alloc_pages(gfp_t gfp, unsigned order);
/* The same, from @node (NUMA_NO_NODE: the running CPU's) and then its neighbours by distance; __GFP_THISNODE: not from them. */
struct page *must_check alloc_pages_node(int node, gfp_t gfp, unsigned order);
/* The same, but only from the nodes of @allowed; the search starts at @node, which need not be one of them. */
struct page *must_check alloc_pages_nodemask(gfp_t gfp, unsigned order, int node,
					     nodemask_t allowed);
static inline struct page *must_check alloc_page(gfp_t gfp)
{
	return alloc_pages(gfp, 0);
}
/* Up to @n order-0 pages into pages[]. Return: how many. */
unsigned must_check alloc_pages_bulk(gfp_t gfp, unsigned n, struct page **pages);
unsigned must_check alloc_pages_bulk_node(int node, gfp_t gfp, unsigned n, struct page **pages);
/* @page was got from the node whose turn it was: interleave_hit of its zone. */
void numa_count_interleave(const struct page *page);
/* Drop a reference of a block allocated with @order; the last frees it. */
void __free_pages(struct page *page, unsigned order);
static inline void __free_page(struct page *page)
{
	__free_pages(page, 0);
}
static inline unsigned floor_log2(unsigned long n)
{
	return 8 * sizeof(n) - 1 - (unsigned)__builtin_clzl(n);
}
/* Order of the largest block that begins at @pfn and has no more than @n pages, n > 0. */
static inline unsigned block_order_at(pfn_t pfn, unsigned long n)
{
	return min_of(unsigned, (unsigned)__builtin_ctzl(pfn | 1UL << MAX_ORDER), floor_log2(n));
}
/* A block of @order that is not compound becomes single pages, each with a reference of its own. */
void split_page(struct page *page, unsigned order);
/* The opposite: free the single pages of an aligned block, whose refcounts are 0, together. */
void free_pages_block(struct page *page, unsigned order);
/* The free block of @z that begins at @pfn, if there is one of at most @max_order and the zone is not short of memory: its pages
 * become single ones with a reference each, *order says how many. NULL. Any context. For compaction: counted as nobody's. */
struct page *alloc_free_block(struct zone *z, pfn_t pfn, unsigned max_order, unsigned *order);
/* Free @n order-0 pages whose refcount is already 0, in one go (gather.c). */
void free_pages_bulk(struct page **pages, unsigned n);

/* Lowmem by linear address. @gfp must not have __GFP_HIGHMEM. Return: 0 when there is none. */
unsigned long must_check __get_free_pages(gfp_t gfp, unsigned order);
static inline unsigned long must_check __get_free_page(gfp_t gfp)
{
	return __get_free_pages(gfp, 0);
}
unsigned long must_check get_zeroed_page(gfp_t gfp);
void free_pages(unsigned long addr, unsigned order);
static inline void free_page(unsigned long addr)
{
	free_pages(addr, 0);
}

/* Give every per-CPU list back to the buddy (all CPUs). */
void drain_all_pages(void);

/* Watermarks, lowmem reserves and per-CPU list limits from min_free_kbytes and the CPUs online: called by meminit,
 * after the last CPU has started, and by sysctl. */
void setup_per_zone_wmarks(void);
extern int min_free_kbytes;
extern int watermark_scale_factor;		      /* from mark to mark, of 10000 of a zone */
extern int sysctl_lowmem_reserve_ratio[MAX_NR_ZONES]; /* 0: no reserve */
extern int percpu_pagelist_high_fraction; /* of a zone, on all lists; 0: by the watermarks */
bool zone_watermark_ok(const struct zone *z, unsigned order, unsigned long mark,
		       enum zone_type highest);

/* Above it reclaim is not repeated: it rarely makes blocks that large (Linux). */
enum { COSTLY_ORDER = 3 };

/* Highest zone type allowed by @gfp. */
enum zone_type gfp_zone(gfp_t gfp);
enum migratetype gfp_migratetype(gfp_t gfp);

/* Up-calls to mm/reclaim (a later floor): try to free something; Return: true when a retry makes sense. */
struct alloc_ctx {
	gfp_t gfp;
	unsigned order;
	enum zone_type highest;
	nodemask_t nodes;	      /* those that may give */
	const struct zone *preferred; /* the first of them that the search came to */
	unsigned retries;
};
bool phys_relieve(struct alloc_ctx *ctx);
bool phys_compact(struct alloc_ctx *ctx); /* mm/compact.h */
/* @node has no zone up to @highest that is above its low watermark and has a block of @order: background reclaim, and
 * compaction. Any context. */
void phys_wake(int node, enum zone_type highest, unsigned order);
/* And to mm/backing: the last reference of a page of hugetlb's pool is gone. Any context. */
void hugetlb_page_freed(struct page *page);

/* Checkers (tests): every invariant of the zone's free lists / of the per-CPU lists; panic on a violation. */
void buddy_check(struct zone *zone);
void pcp_check(struct zone *zone);

/* What put_page does when @left references are left, and that is not one. */
void page_put_last(struct page *page, int left);

/* put_page for one that is no tail of a compound one: what a cache's index has. */
static inline void put_page_cached(struct page *page)
{
	int had = __atomic_fetch_sub(&page->_refcount.v, 1, __ATOMIC_SEQ_CST);

	if (unlikely(had <= 1))
		page_put_last(page, had - 1);
}

#endif
