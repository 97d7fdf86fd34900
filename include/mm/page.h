/*
 * struct page: the descriptor of one frame. mem_map[pfn] for every frame that exists (holes are not backed).
 * 64 bytes on 64 bits, 32 on 32 bits.
 */
#ifndef MM_PAGE_H
#define MM_PAGE_H

#include "arch/physmap.h"
#include "base/atomic.h"
#include "lib/list.h"
#include "sync/kassert.h"

struct address_space;
struct kmem_cache;

/* Bits of page->flags, Linux's names. Zone and node live in the top bits (see page_zone_id). */
enum page_flag {
	PG_locked,     /* page lock; sleeps */
	PG_referenced, /* seen by the reclaim clock */
	PG_uptodate,   /* contents valid */
	PG_dirty,      /* contents newer than the backing store */
	PG_lru,        /* on an LRU list */
	PG_active,
	PG_workingset,
	PG_waiters,    /* someone waits for PG_locked or PG_writeback */
	PG_error,
	PG_owner_priv_1,
	PG_private,
	PG_writeback,
	PG_head,       /* first page of a compound page */
	PG_mappedtodisk,
	PG_reclaim,
	PG_swapbacked, /* anonymous or shmem: goes to swap, not to a file */
	PG_unevictable,
	PG_mlocked,
	PG_swapcache,
	PG_young,
	PG_idle,
	PG_poisoned, /* debug: free, and filled with the poison pattern */
	NR_PAGE_FLAGS
};

/* What a frame is now. One state at a time; edges are in mm/phys/page.c, page_become() asserts them. */
enum page_state {
	PS_RESERVED, /* firmware, kernel image, page array: never allocated; the value of zeroed memory */
	PS_BUDDY,    /* first page of a free block; private = order */
	PS_FREE,     /* another page of a free block */
	PS_PCP,      /* on a per-CPU list */
	PS_KERNEL,   /* allocated, no special use */
	PS_SLAB,     /* slab page; page->slab_cache */
	PS_TABLE,    /* page table; page->ptl */
	PS_ANON,     /* anonymous user page */
	PS_FILE,     /* in a page cache: mapping, index */
	PS_TAIL,     /* not the first page of a compound page; page->compound_head */
	PS_NR
};

struct page {
	unsigned long flags; /* a: low bits enum page_flag, then state (4 bits), zone (3), node (2) */
	union {
		struct list_head lru;   /* BUDDY, PCP: free list; ANON, FILE: LRU; TABLE: deferred free */
		struct {                /* SLAB */
			struct kmem_cache *slab_cache;
			void *slab_freelist;
		};
		struct page *compound_head; /* TAIL */
	};
	union {
		struct {
			struct address_space *mapping; /* FILE: owner; ANON: anon_vma (later); else NULL */
			unsigned long index;           /* FILE: offset in pages; ANON: vma page offset */
		};
		struct list_head slab_list; /* SLAB: the cache's partial, full or empty list */
	};
	unsigned long private; /* BUDDY: order; TABLE: page-table lock; SLAB: objects in use; first TAIL: order */
	atomic_t _mapcount;            /* PTEs that map it, minus 1 (as Linux) */
	atomic_t _refcount;            /* users; 0 while free */
#if UINTPTR_MAX > UINT32_MAX
	unsigned long memcg_data;
#endif
};

_Static_assert(sizeof(struct page) == (sizeof(long) == 8 ? 64 : 32), "struct page size");

#define PAGE_STATE_SHIFT 22
#define PAGE_ZONE_SHIFT  26
#define PAGE_NODE_SHIFT  29
#define PAGE_STATE_MASK  (15UL << PAGE_STATE_SHIFT)
_Static_assert(NR_PAGE_FLAGS <= PAGE_STATE_SHIFT, "page flags");

/* The page array: the descriptor of frame n is mem_map[n]. A constant address on hardware. */
extern struct page *const mem_map;
extern pfn_t max_pfn; /* one past the last frame of RAM */

/* Does the frame have a descriptor (backed part of mem_map)? */
bool pfn_valid(pfn_t pfn);

static inline struct page *pfn_to_page(pfn_t pfn)
{
	return mem_map + pfn;
}

static inline pfn_t page_to_pfn(const struct page *page)
{
	return (pfn_t)(page - mem_map);
}

static inline phys_t page_to_phys(const struct page *page)
{
	return pfn_to_phys(page_to_pfn(page));
}

static inline struct page *virt_to_page(const void *linear)
{
	return pfn_to_page(phys_to_pfn(virt_to_phys(linear)));
}

/* Linear address of a lowmem page; NULL for a high page that is not kmapped. */
static inline void *page_address(const struct page *page)
{
	pfn_t pfn = page_to_pfn(page);

	return pfn_is_lowmem(pfn) ? phys_to_virt(pfn_to_phys(pfn)) : NULL;
}

static inline bool page_test(const struct page *page, enum page_flag f)
{
	return test_bit(f, &page->flags);
}

static inline void page_set(struct page *page, enum page_flag f)
{
	atomic_set_bit(f, &page->flags);
}

static inline void page_clear(struct page *page, enum page_flag f)
{
	atomic_clear_bit(f, &page->flags);
}

static inline enum page_state page_state(const struct page *page)
{
	return (enum page_state)(READ_ONCE(page->flags) >> PAGE_STATE_SHIFT & 15);
}

static inline unsigned page_zone_id(const struct page *page)
{
	return page->flags >> PAGE_ZONE_SHIFT & 7;
}

static inline unsigned page_node_id(const struct page *page)
{
	return page->flags >> PAGE_NODE_SHIFT & 3;
}

/* Panic unless @page is in @from and the edge to @to is in the table of mm/phys/page.c. */
void page_check_edge(const struct page *page, enum page_state from, enum page_state to);

/* Change state; a debug build asserts that the page is in @from and that the edge exists. The owner of the page calls it. */
static inline void page_become(struct page *page, enum page_state from, enum page_state to)
{
	if (CFG_DEBUG)
		page_check_edge(page, from, to);
	(void)__atomic_fetch_xor(&page->flags, (unsigned long)(from ^ to) << PAGE_STATE_SHIFT, __ATOMIC_SEQ_CST);
}

const char *page_state_name(enum page_state s);

/* The page whose refcount counts for @page: itself, or the first page of its compound block. */
static inline struct page *page_head(struct page *page)
{
	return page_state(page) == PS_TAIL ? page->compound_head : page;
}

/* Order of a compound page's head; 0 for any other page. */
static inline unsigned page_order(const struct page *page)
{
	return page_test(page, PG_head) ? (unsigned)page[1].private : 0;
}

/* Reference counts. The page must be allocated; the last put frees it. Any context for get. */
static inline void get_page(struct page *page)
{
	kassert(atomic_read(&page->_refcount) > 0);
	atomic_inc(&page->_refcount);
}
/* Drop one reference; the last one frees the page (order from its compound head). Any context. */
void put_page(struct page *page);

static inline int page_ref_count(const struct page *page)
{
	return atomic_read(&page->_refcount);
}

static inline int page_mapcount(const struct page *page)
{
	return atomic_read(&page->_mapcount) + 1;
}

/* The page lock: a bit, waiters sleep in hashed queues (mm/phys/pagelock.c). */
void lock_page(struct page *page);
bool must_check trylock_page(struct page *page);
void unlock_page(struct page *page);
/* Return 0 or -EINTR when a fatal signal came first. */
int must_check lock_page_killable(struct page *page);

/* Print everything about a page through klog. */
void page_dump(const struct page *page, const char *why);

#endif
