/* Inside mm/backing: swap areas and their slots. The theory is in swapmap.c. */
#ifndef MM_SWAP_IMPL_H
#define MM_SWAP_IMPL_H

#include "mm/swap.h"
#include "mm/workingset.h"
#include "sync/spinlock.h"

/* A slot is free when all of it is 0. */
struct swap_slot {
	uint32_t count; /* entries that stand for it; SLOT_BAD: never to be used */
	uint32_t
		pfn; /* its page in the swap cache; 0: none (frame 0 is never a user's); or the shadow of the last one */
};

/* The frame of its page in the swap cache; 0: none. */
static inline uint32_t slot_pfn(const struct swap_slot *s)
{
	return s->pfn & SHADOW_BIT ? 0 : s->pfn;
}

enum {
	SWAP_CLUSTER = 256
}; /* slots given out one after the other, as long as a whole cluster is free */
#define SLOT_BAD UINT32_MAX

enum area_state { AREA_NONE, AREA_SETUP, AREA_ON, AREA_LEAVING };

/* s: lock; i: immutable while the area is on */
struct swap_area {
	struct spinlock lock;	 /* rank SWAPMAP, interrupts off: an I/O's end may free a slot */
	enum area_state state;	 /* s: to ON, LEAVING, NONE; an atomic exchange to SETUP */
	struct swapdev *dev;	 /* i */
	struct swap_slot *slots; /* i: [nr_slots], the elements s */
	uint16_t *cluster_free;	 /* s: free slots of each cluster */
	unsigned long nr_slots;	 /* i: with the header */
	unsigned long pages;	 /* i: that can be used */
	unsigned long used;	 /* s: slots that are not free */
	unsigned long next;	 /* s: where the last one was given out, + 1 */
	int prio;		 /* i: higher first; equal ones take turns */
	bool sync;		 /* a: the device reads at once */
	atomic_t pins;		 /* a: readers that have not kicked the device yet: it stays */
};
extern struct swap_area swap_areas[MAX_SWAPFILES];

static inline struct swap_area *swap_area_of(swp_entry_t entry)
{
	return &swap_areas[swp_type(entry)];
}

/* The slot of @entry, its area's lock held; NULL: there is no such slot any more. */
static inline struct swap_slot *swap_slot_locked(swp_entry_t entry)
{
	struct swap_area *a = swap_area_of(entry);

	return a->slots && swp_offset(entry) < a->nr_slots ? &a->slots[swp_offset(entry)] : NULL;
}

/* What is known of the page that was in the slot of @entry last, which something stands for; 0: nothing, or it is in memory. */
static inline uint32_t swap_entry_shadow(swp_entry_t entry)
{
	uint32_t pfn = READ_ONCE(swap_area_of(entry)->slots[swp_offset(entry)].pfn);

	return pfn & SHADOW_BIT ? pfn : 0;
}

/* A free slot becomes @page's place, without any entry yet. 0 or -ENOSPC. */
int must_check swap_slot_get(struct page *page, swp_entry_t *out);
/* The slot may have become free: neither count nor page. Area's lock held. */
void swap_slot_freed(struct swap_area *a, unsigned long slot);
/* In swapcache.c: the page of the slot, that nobody else refers to and no entry stands for, leaves it. Area's lock held.
 * Return: it, for swap_free_orphan without the lock; or NULL. */
struct page *swap_take_orphan(struct swap_area *a, unsigned long slot);
void swap_free_orphan(struct page *page);
/* If the page of @entry is one, it goes. Any context. */
void swap_drop_orphan(swp_entry_t entry);
void swap_ra_reset(void); /* nothing is known of how reading ahead has worked */
/* All pages of the area's slots that no entry stands for leave the cache. Sleeps. 0 or -EINTR. */
int must_check swap_area_purge(unsigned type);

#endif
