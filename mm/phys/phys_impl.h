/* Shared by the files of mm/phys only. */
#ifndef MM_PHYS_PHYS_IMPL_H
#define MM_PHYS_PHYS_IMPL_H

#include "mm/zone.h"

/* No x86 CPU has more physical address bits (SDM volume 3A, "4-Level Paging and 5-Level Paging"). */
#define PHYS_MAX ((phys_t)1 << 52)

enum {
	SECTION_ORDER = MAX_ORDER, /* unit in which the page array is backed */
	SECTION_PAGES = 1 << SECTION_ORDER,
	SWAP_CLUSTER_MAX = 32, /* Linux's unit of reclaim; also the least reserve of high memory */
	PAGE_POISON = 0xaa,    /* debug: every byte of a free lowmem frame, as Linux's PAGE_POISON */
};

/* ---- memblock.c ---- */
void memblock_hand_over(void); /* from now on memblock_free gives to the buddy, memblock_alloc is an error */
void memblock_check(void);     /* invariants I1-I3 */

/* ---- meminit.c ---- */
void meminit_release(phys_t start, phys_t end); /* reserved frames become free ones; page aligned */
void pagelock_init(void);

/* ---- page.c ---- */
/* Bits that say someone still uses the page: fatal when it is freed. */
#define PAGE_BUSY_FLAGS                                                                            \
	(1UL << PG_locked | 1UL << PG_lru | 1UL << PG_active | 1UL << PG_writeback |               \
	 1UL << PG_unevictable | 1UL << PG_private | 1UL << PG_mlocked)
/* What a freed page keeps: where it lies, and whether it is filled with the poison. */
#define PAGE_PLACE_MASK (~0UL << PAGE_ZONE_SHIFT)
#define PAGE_KEEP_FLAGS (PAGE_PLACE_MASK | 1UL << PG_poisoned)

noreturn_ void page_bad(const struct page *page, const char *why);

/* State of a page nobody else can see (free or just taken): a plain store, all other flags go. */
static inline void page_set_state(struct page *page, enum page_state s)
{
	page->flags = (page->flags & PAGE_KEEP_FLAGS) | (unsigned long)s << PAGE_STATE_SHIFT;
}

/* Panic unless the block may be freed (state, users, mappings, flags); then all its pages are @to, refcount 0. */
void page_free_prepare(struct page *page, unsigned order, enum page_state to);
/* A block just taken from a free list: all pages PS_KERNEL (or compound), the first with one reference. */
void page_alloc_prepare(struct page *page, unsigned order, gfp_t gfp);

/* ---- zone.c ---- */
void zone_build_zonelists(void);
void zone_set_name(struct zone *z);
/* Frames that a zone type may hold: [*start, *end). */
void zone_type_range(enum zone_type t, pfn_t *start, pfn_t *end);
bool zone_type_is_high(enum zone_type t);
/* ---- alloc.c ---- */
void alloc_init(void);
void zone_set_min_free(void); /* min_free_kbytes from the size of lowmem, and the watermarks */

/* ---- buddy.c ---- all under zone->lock */
static inline unsigned long *zone_free_pages(struct zone *z)
{
	return (unsigned long *)&z->stat[NR_FREE_PAGES].v;
}
void buddy_zone_init(struct zone *z);
/* Take a block; NULL: none of this order, in no migrate type. */
struct page *buddy_alloc_locked(struct zone *z, unsigned order, enum migratetype mt) must_hold(z->lock);
/* Take up to @n single pages, state PS_PCP, to the end of @out by rising address per block. Return: how many. */
int buddy_take_pages_locked(struct zone *z, int n, enum migratetype mt, struct list_head *out)
	must_hold(z->lock);
/* Put a block back; its pages are prepared: state PS_FREE. */
void buddy_free_locked(struct zone *z, struct page *page, unsigned order) must_hold(z->lock);
/* Put all of [start, end) of @z back in the largest blocks: boot, and memblock_free. Pages are PS_FREE. */
void buddy_free_range(struct zone *z, pfn_t start, pfn_t end);

/* ---- pcp.c ---- */
struct page *pcp_alloc(struct zone *z, enum migratetype mt); /* PS_PCP page or NULL */
int pcp_alloc_bulk(struct zone *z, enum migratetype mt, int n, struct page **pages);
void pcp_free(struct zone *z, struct page *page); /* PS_PCP page */
/* Free pages[0..n), all of @z and PS_PCP, under one lock. */
void pcp_free_bulk(struct zone *z, struct page **pages, unsigned n);
void pcp_drain_zone(struct zone *z);
unsigned long pcp_count(const struct zone *z); /* pages on all CPUs' lists */
void pcp_zone_init(struct zone *z, struct pcp *array);
void pcp_set_limits(struct zone *z);

#endif
