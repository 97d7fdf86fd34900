/* Shared by the files of mm/phys only. */
#ifndef MM_PHYS_PHYS_IMPL_H
#define MM_PHYS_PHYS_IMPL_H

#include "arch/frame_hook.h"
#include "arch/pt.h"
#include "mm/zone.h"
#include "sync/percpu.h"

/* No x86 CPU has more physical address bits (SDM volume 3A, "4-Level Paging and 5-Level Paging"). */
#define PHYS_MAX ((phys_t)1 << 52)

enum {
	SECTION_ORDER = MAX_ORDER, /* unit in which the page array is backed */
	SECTION_PAGES = 1 << SECTION_ORDER,
	SWAP_CLUSTER_MAX = 32, /* Linux's unit of reclaim; also the least reserve of high memory */
	PAGE_POISON = 0xaa, /* debug: every byte of a free lowmem frame, as Linux's PAGE_POISON */
};

/* ---- memblock.c ---- */
void memblock_hand_over(
	void); /* from now on memblock_free gives to the buddy, memblock_alloc is an error */
void memblock_check(void); /* invariants I1-I3 */

/* ---- meminit.c ---- */
void meminit_release(phys_t start, phys_t end); /* reserved frames become free ones; page aligned */
void pagelock_init(void);

/* ---- page.c ---- */
/* Bits that say someone still uses the page: fatal when it is freed. Those of reclaim's lists are asked about when
 * debugging only: mm/track/lru.c takes a page off before it is freed, and leaves them. */
#define PAGE_LIST_FLAGS (1UL << PG_lru | 1UL << PG_active | 1UL << PG_unevictable)
#define PAGE_BUSY_FLAGS                                                                            \
	(1UL << PG_locked | 1UL << PG_writeback | 1UL << PG_private | 1UL << PG_mlocked |          \
	 (CFG_DEBUG ? PAGE_LIST_FLAGS : 0))
/* What a freed page keeps: where it lies, and whether it is known to be zero (when debugging: full of poison). */
#define PAGE_KEEP_FLAGS (PAGE_PLACE_MASK | 1UL << PG_poisoned)

noreturn_ void page_bad(const struct page *page, const char *why);

/* State of a page nobody else changes (free or just taken): a plain store, all other flags go. */
static inline void page_set_state(struct page *page, enum page_state s)
{
	WRITE_ONCE(page->flags,
		   (page->flags & PAGE_KEEP_FLAGS) | (unsigned long)s << PAGE_STATE_SHIFT);
}

/* The same for a page that is being allocated: what was known of its contents is not known any more. */
static inline void page_set_taken(struct page *page, enum page_state s)
{
	WRITE_ONCE(page->flags,
		   (page->flags & PAGE_PLACE_MASK) | (unsigned long)s << PAGE_STATE_SHIFT);
}

/* Panic unless the block may be freed (state, users, mappings, flags); then all its pages are @to, refcount 0. */
void page_free_prepare(struct page *page, unsigned order, enum page_state to);
/* A compound block whose references are gone, but which stays allocated: as new, its head PS_KERNEL, refcount 0. */
void page_recycle(struct page *page, unsigned order);
/* A block just taken from a free list: all pages PS_KERNEL (or compound), the first with one reference. */
void page_alloc_prepare(struct page *page, unsigned order, gfp_t gfp);

/* Is the free @page known to be zero? */
static inline bool page_known_zero(const struct page *page)
{
	return !CFG_DEBUG && (page->flags & 1UL << PG_zeroed);
}

/* One page just taken from a list: what page_alloc_prepare does for order 0, inline in release builds. */
static inline void page_alloc_prepare_one(struct page *page)
{
	if (CFG_DEBUG) {
		page_alloc_prepare(page, 0, 0);
		return;
	}
	arch_frames_allocated(page_to_pfn(page), 0);
	if (unlikely(page->_refcount.v != 0 || page->_mapcount.v != -1))
		page_bad(page, "free, but in use");
	page_set_taken(page, PS_KERNEL);
	page->private = 0;
	atomic_set(&page->_refcount, 1);
}

/* The usual page passes here: a state that may be freed directly, no busy flag, no mapping left. */
static inline bool page_may_be_freed(const struct page *page)
{
	const unsigned direct = 1U << PS_KERNEL | 1U << PS_ANON | 1U << PS_FILE;
	unsigned long f = page->flags;
	unsigned s = f >> PAGE_STATE_SHIFT & 15;

	return (1U << s & direct) && !(f & PAGE_BUSY_FLAGS) && page->_refcount.v == 0 &&
	       page->_mapcount.v == -1 && (s != PS_FILE || !page->mapping);
}

/* The same for freeing one page, inline in release builds; @to: PS_PCP, a per-CPU list, or PS_FREE, in a block. */
static inline void page_free_prepare_one(struct page *page, enum page_state to)
{
	if (CFG_DEBUG || unlikely(!page_may_be_freed(page))) {
		page_free_prepare(page, 0, to);
		return;
	}
	page_set_state(page, to);
	page->mapping = NULL;
	arch_frames_freed(page_to_pfn(page), 0);
}

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
struct page *buddy_alloc_locked(struct zone *z, unsigned order, enum migratetype mt)
	must_hold(z->lock);
/* The same, not at the cost of another migrate type. */
struct page *buddy_alloc_own_locked(struct zone *z, unsigned order, enum migratetype mt)
	must_hold(z->lock);
/* Take @n single pages, or up to twice as many, state PS_PCP, to the end of @out by rising address per block, those that are
 * known to be zero to the end of @zeroed. Return: how many; fewer: there are no more. */
int buddy_take_pages_locked(struct zone *z, int n, enum migratetype mt, struct list_head *out,
			    struct list_head *zeroed) must_hold(z->lock);
/* Take the free block that begins at @pfn, of at most @max_order; NULL: there is none. *order: its order. */
struct page *buddy_take_block_locked(struct zone *z, pfn_t pfn, unsigned max_order, unsigned *order)
	must_hold(z->lock);
/* Put a block back; its pages are prepared: state PS_FREE. */
void buddy_free_locked(struct zone *z, struct page *page, unsigned order) must_hold(z->lock);
/* Put all of [start, end) of @z back in the largest blocks: boot, and memblock_free. Pages are PS_FREE. */
void buddy_free_range(struct zone *z, pfn_t start, pfn_t end);

static inline enum migratetype block_type(const struct zone *z, pfn_t pfn)
{
	return (enum migratetype)z->block_types[pfn >> PAGEBLOCK_ORDER];
}

/* ---- pcp.c ---- */
static inline struct pcp *pcp_mine(const struct zone *z)
{
	return &z->pcp[cpu_id()];
}
/* An allocation from @z, whose list is @p, that @wanted should have given. Interrupts off. */
static inline void pcp_count_alloc(struct pcp *p, const struct zone *z, const struct zone *wanted)
{
	if (likely(z->pgdat == wanted->pgdat)) {
		p->numa_hit++;
	} else {
		p->numa_miss++;
		pcp_mine(wanted)->numa_foreign++;
	}
}
/* PS_PCP page or NULL */
struct page *pcp_alloc(struct zone *z, enum migratetype mt, const struct zone *wanted);
int pcp_alloc_bulk(struct zone *z, enum migratetype mt, int n, struct page **pages);
/* Free one prepared page, whatever it takes: wait for a CPU that drains our list, give a batch back. */
void pcp_free_slow(struct zone *z, struct page *page);
/* A list is longer than it may be: give a batch back, then end the critical section. */
void pcp_overflow(struct zone *z, struct pcp *p, irqflags_t flags) releases(p->lock);

/* The list for a page of a pageblock of type @mt; reserved and isolated blocks have none of their own. */
static inline unsigned pcp_list_of(enum migratetype mt)
{
	return likely(mt < MIGRATE_HIGHATOMIC) ? (unsigned)mt : (unsigned)MIGRATE_MOVABLE;
}

/* The list of the prepared @page. */
static inline struct list_head *pcp_list_for(struct pcp *p, const struct zone *z,
					     const struct page *page)
{
	if (unlikely(page_known_zero(page)))
		return &p->lists[PCP_ZEROED];
	return &p->lists[pcp_list_of(block_type(z, page_to_pfn(page)))];
}

/* Free one prepared page. Nothing is called in the usual case, so the compiler needs no stack frame for it. */
static inline void pcp_free(struct zone *z, struct page *page) no_lock_analysis
{
	struct pcp *p = pcp_mine(z);
	irqflags_t flags = irq_save();

	if (unlikely(!spin_trylock(&p->lock))) {
		irq_restore(flags);
		pcp_free_slow(z, page);
		return;
	}
	list_add(&page->lru, pcp_list_for(p, z, page));
	if (unlikely(++p->count > p->high)) {
		pcp_overflow(z, p, flags);
		return;
	}
	spin_unlock_irqrestore(&p->lock, flags);
}
/* Free pages[0..n) up to the first that is not of @z, refcounts 0, under one lock. Return: how many. */
unsigned pcp_free_bulk(struct zone *z, struct page **pages, unsigned n);
void pcp_drain_zone(struct zone *z);
unsigned long pcp_count(const struct zone *z); /* pages on all CPUs' lists */
void pcp_zone_init(struct zone *z, struct pcp *array);
void pcp_set_limits(struct zone *z);

#endif
