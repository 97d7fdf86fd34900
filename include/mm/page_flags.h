/* What page->flags says: Linux's flags in the low bits, then the state of the frame. */
#ifndef MM_PAGE_FLAGS_H
#define MM_PAGE_FLAGS_H

#include "base/types.h"

/* Bits of page->flags, Linux's names. Zone and node live in the top bits (see page_zone_id). */
enum page_flag {
	PG_locked,     /* page lock; sleeps */
	PG_referenced, /* seen by the reclaim clock */
	PG_uptodate,   /* contents valid */
	PG_dirty,      /* contents newer than the backing store */
	PG_lru,	       /* on an LRU list */
	PG_active,
	PG_workingset,
	PG_waiters, /* someone waits for PG_locked or PG_writeback */
	PG_error,
	PG_owner_priv_1,
	PG_private,
	PG_writeback,
	PG_head, /* first page of a compound page */
	PG_mappedtodisk,
	PG_anon_exclusive = PG_mappedtodisk, /* anonymous: no other entry anywhere maps it */
	PG_reclaim,
	PG_readahead = PG_reclaim, /* cached page of a store: read it, and the next window is due */
	PG_swapbacked,		   /* anonymous or shmem: goes to swap, not to a file */
	PG_unevictable,
	PG_mlocked,
	PG_swapcache,
	PG_young,
	PG_idle,
	PG_poisoned,		 /* debug: free, and filled with the poison pattern */
	PG_zeroed = PG_poisoned, /* without debugging: free, and all zero, as its last owner said */
	NR_PAGE_FLAGS,
	PG_hugetlb = PG_owner_priv_1, /* head of a page of hugetlb's pool */
	PG_hwpoison = 31	      /* out of use: mm/poison.h. The bit above the node's */
};

/* What a frame is now. One state at a time; edges are in mm/phys/page.c, page_become() asserts them. */
enum page_state {
	PS_RESERVED, /* firmware, kernel image, page array: never allocated; the value of zeroed memory */
	PS_BUDDY,  /* first page of a free block; private = order */
	PS_FREE,   /* another page of a free block */
	PS_PCP,	   /* on a per-CPU list */
	PS_KERNEL, /* allocated, no special use */
	PS_SLAB,   /* slab page; page->slab_cache */
	PS_TABLE,  /* page table; page->ptl */
	PS_ANON,   /* anonymous user page */
	PS_FILE,   /* in a page cache: mapping, index */
	PS_TAIL,   /* not the first page of a compound page; page->compound_head */
	PS_NR
};

struct page;
/* The end of a write: PG_writeback and, with it, PG_reclaim, which means something else without. Any context. */
void page_clear_writeback(struct page *page);
/* PG_reclaim, if the page is being written: reclaim waits for the end. Return: it is. Any context. */
bool page_set_reclaim(struct page *page);

#endif
