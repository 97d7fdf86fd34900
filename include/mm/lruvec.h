/* The lists of a node's pages: which there are, and their anchor in struct pglist_data. What is done with them: mm/lru.h. */
#ifndef MM_LRUVEC_H
#define MM_LRUVEC_H

#include "base/atomic.h"
#include "lib/list.h"
#include "sync/waitq.h"

/* In the order of NR_INACTIVE_ANON ... NR_UNEVICTABLE and of NR_ZONE_INACTIVE_ANON ... */
enum lru_list {
	LRU_INACTIVE_ANON,
	LRU_ACTIVE_ANON,
	LRU_INACTIVE_FILE,
	LRU_ACTIVE_FILE,
	LRU_EVICTABLE_LISTS,
	LRU_UNEVICTABLE = LRU_EVICTABLE_LISTS, /* no list: such pages are counted only */
	NR_LRU_LISTS
};
enum { LRU_ACTIVE = 1, LRU_FILE = 2 }; /* the bits of its number */

struct lruvec {
	struct spinlock lock cacheline_;	     /* irqsave; rank LRU */
	struct list_head lists[LRU_EVICTABLE_LISTS]; /* l: lock: newest first */
	unsigned long anon_cost, file_cost; /* l: what it cost lately to take pages of each kind */
	atomic_long_t nonresident_age;	    /* a: mm/track/workingset.c */
};

/* Background reclaim of a node: mm/reclaim/kswapd.c. */
struct kswapd {
	struct waitq wait;
	bool wanted;	   /* a: set by phys_wake */
	unsigned highest;  /* a: enum zone_type that was asked for */
	unsigned order;	   /* a: of the largest block that was not found */
	unsigned failures; /* a: steps in a row that freed nothing */
};

/* Background compaction of a node: mm/reclaim/kcompactd.c. */
struct kcompactd {
	struct waitq wait;
	unsigned order;	  /* a: of the largest block wanted; 0: none is */
	unsigned highest; /* a: enum zone_type */
	bool look;	  /* a: whether free memory is in small pieces is to be looked at now */
	/* The thread's own. A run for so large a block was in vain: 1 << (shift - 1) wishes are left out, and were. */
	unsigned failed_order, shift, left_out;
	uint64_t next_look;
};

static inline void lruvec_init(struct lruvec *v)
{
	spin_init(&v->lock, RANK_LRU);
	for (unsigned l = 0; l < LRU_EVICTABLE_LISTS; l++)
		list_head_init(&v->lists[l]);
}

#endif
