/*
 * Swap: pages of programs and of shared memory on a store of their own. docs/book/swap.md has the theory.
 */
#ifndef MM_SWAP_H
#define MM_SWAP_H

#include "base/atomic.h"
#include "mm/page.h"
#include "mm/swapped.h"

/* ---- what swaps: a device, a file, compressed memory; filled by its owner ---- */
struct swapdev;
struct swapdev_ops {
	/* Read, write the locked @page: 0, and page_io_done(page, err) comes once, now or later; or an error at once. Sleep. */
	int (*read)(struct swapdev *dev, unsigned long slot, struct page *page);
	int (*write)(struct swapdev *dev, unsigned long slot, struct page *page);
	/* What read and write have been told may start now. NULL: they start at once. */
	void (*kick)(struct swapdev *dev);
	/* Nobody wants the contents of @nr slots. Sleeps. NULL: nothing to tell. */
	void (*discard)(struct swapdev *dev, unsigned long slot, unsigned long nr);
	/* The same of one slot, at once: spinlocks are held, interrupts off; locks of rank OBJECT and above. May be NULL. */
	void (*slot_free)(struct swapdev *dev, unsigned long slot);
};

struct swapdev {
	const struct swapdev_ops *ops; /* i */
	unsigned long nr_slots;	       /* i: pages it has room for */
	unsigned long nr_header;       /* i: pages that its header may speak of, if more; else 0 */
	const char *name;	       /* i: for /proc/swaps */
	bool file;		       /* i: a file, else a device */
	bool sync; /* i: reads end before they return: reading ahead gains nothing */
	void *owner;
};

/* swapon(2) flags. */
enum {
	SWAP_FLAG_PRIO_MASK = 0x7fff,
	SWAP_FLAG_PREFER = 0x8000,
	SWAP_FLAG_DISCARD = 0x10000,
	SWAP_FLAG_DISCARD_ONCE = 0x20000,
	SWAP_FLAG_DISCARD_PAGES = 0x40000
};

/**
 * swap_area_on - use @dev for swap: reads its header, then gives its slots out.
 * Return: 0, *type its number; -EINVAL: no swap header, or one of another kind; -EPERM: too many areas;
 * -ENOMEM, -EIO.   Sleeps.   See: swapon(2).
 */
int must_check swap_area_on(struct swapdev *dev, int flags, unsigned *type);
/* All of it comes back to memory and nobody knows @dev any more. 0, -ENOMEM: it does not fit; -EINTR. Sleeps. swapoff(2). */
int must_check swap_area_off(unsigned type);
/* Its steps, for mm/aspace/swapoff.c: no slot is given out any more; or they are again; nothing is in it any more. */
int must_check
swap_area_leave(unsigned type); /* 0, -EINVAL, -ENOMEM: the promises made would not be kept */
void swap_area_stay(unsigned type);
/* Pages that no entry stands for leave. 0: the area is empty, and gone; -EAGAIN: entries are left; -EINTR. Sleeps. */
int must_check swap_area_end(unsigned type);
struct swap_info {
	char name[256];
	bool file;
	unsigned long pages, used;
	int prio;
};
/* For /proc/swaps. False: no area @type. */
bool swap_area_info(unsigned type, struct swap_info *out);
unsigned long total_swap_pages(void), swap_pages_free(void);
bool swap_space_left(void);
extern int nr_swap_areas; /* a: while it is 0, no page is in the swap cache */
static inline bool swap_in_use(void)
{
	return READ_ONCE(nr_swap_areas);
}
extern int sysctl_page_cluster; /* read-ahead: 1 << it pages */

/* ---- counts: how many entries stand for a slot. Any context; a table lock may be held ---- */
void swap_dup(swp_entry_t entry);
/* One fewer; the last one frees the slot, and a page that only the swap cache knows. */
void swap_put(swp_entry_t entry);
unsigned swap_count(swp_entry_t entry);
/* Is its device memory of some kind, so that a copy in both places is one too many? */
bool swap_reads_at_once(swp_entry_t entry);
/* Is the page of @entry in memory, readable at once? */
bool swap_is_cached(swp_entry_t entry);

/* ---- the swap cache: pages on the way to or from swap ---- */
static inline swp_entry_t page_swap_entry(const struct page *page)
{
	return (swp_entry_t){ READ_ONCE(page->private) };
}
/* Put the locked @page, anonymous or shared memory's, into swap's care: a slot, PG_swapcache, PG_dirty. Needs no memory.
 * 0, -ENOSPC, -EBUSY: of a kind that stays. */
int must_check add_to_swap(struct page *page);
/* Its page in memory with a reference, contents valid or not; NULL: none. */
struct page *must_check swapcache_find(swp_entry_t entry);
/* The same for who is going to use it: reading ahead was right. */
struct page *must_check swapcache_use(swp_entry_t entry);
/* The page of @entry is to be read into @page, new and unlocked, whose reference stays the caller's. 0: it is, or will be
 * when it is unlocked; -EEXIST: another page is there; -ENOENT: the slot is free. Sleeps. @around: its neighbours too, as far as
 * there is memory. */
int must_check swap_read_page(swp_entry_t entry, struct page *page, bool around);
/* Is it in the cache for @entry? Stable with the page lock. */
static inline bool swapcache_owns(const struct page *page, swp_entry_t entry)
{
	return page_test(page, PG_swapcache) && page_swap_entry(page).val == entry.val;
}
/* The locked @page leaves the cache; slots with a count keep what was written. */
void swapcache_del(struct page *page);
/* The locked @page does not need its slot, as no entry stands for it: it leaves the cache, dirty. Return: it has. */
bool page_free_swap(struct page *page);
/* After a reference to @page is gone: if only the cache has it and no entry, it goes. Any context. */
void swap_page_dropped(struct page *page);
static inline void swap_page_left(struct page *page)
{
	if (unlikely(swap_in_use()) && page_test(page, PG_swapcache))
		swap_page_dropped(page);
}
static inline void swap_put_page(struct page *page)
{
	put_page(page);
	swap_page_left(page);
}
/* Start writing the locked, dirty @page: PG_writeback until page_io_done. 0, or -errno: it stays dirty. Sleeps. It may wait for
 * neighbours until swap_kick. */
int must_check swap_writepage(struct page *page);
void swap_kick(struct page **pages, unsigned n); /* of locked pages, those in the cache */
/* Is the locked page clean, unmapped and known to nobody but the cache and the caller? Then it leaves the cache; the
 * caller's reference is the last. */
bool swap_drop_page(struct page *page);
/* Migration: @new takes the place of the locked @old, of which only the cache and the caller know. 0 or -EAGAIN. */
int must_check swapcache_replace(struct page *old, struct page *new);
void swap_io_done(struct page *page, int err); /* page_io_done for a page of the cache */
void swap_check(void);			       /* checker: every area's counts and pages */

/* ---- mm/aspace/pageout.c ---- */
enum pageout_result {
	PAGEOUT_READY,	 /* unmapped: swap_out_ready */
	PAGEOUT_FREED,	 /* the caller's reference is the last */
	PAGEOUT_WRITING, /* come again when it is written */
	PAGEOUT_KEEP,	 /* somebody uses it */
	PAGEOUT_FULL	 /* no slot */
};
/* Take the locked page, anonymous, shared memory's or a file's clean one, with a reference of the caller's, out of memory. @wait: for the write. Sleeps. */
enum pageout_result swap_out_page(struct page *page, bool wait);
/* Its parts, for many together. The first between unhook_begin and unhook_end (mm/gather.h): READY, WRITING, KEEP, FULL; the page
 * stays locked whatever it says. Then those that are READY: FREED, WRITING, KEEP. */
enum pageout_result swap_unhook_page(struct page *page);
void swap_out_ready(struct page **pages, enum pageout_result *r, unsigned n, bool wait);

#endif
