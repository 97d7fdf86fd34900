/* Inside mm/backing: how pages enter and leave a mapping. */
#ifndef MM_BACKING_IMPL_H
#define MM_BACKING_IMPL_H

#include "mm/lru.h"
#include "mm/seal.h"
#include "mm/shmem.h"

/* The page of an item of m->pages; NULL: none, or a value. */
static inline struct page *item_page(void *item)
{
	return unlikely(xindex_is_value(item)) ? NULL : item;
}
/* The object's size; the owner's lock serialises writers. Readers of 32-bit CPUs need m->lock to see 8 bytes whole. */
void mapping_set_size_locked(struct address_space *m, uint64_t size);
static inline void mapping_set_size(struct address_space *m, uint64_t size)
{
	if (sizeof(long) == sizeof(size))
		WRITE_ONCE(m->size, size);
	else
		mapping_set_size_locked(m, size);
}
/* mapping_find_run with pages that have no contents yet. */
void mapping_find_all(struct address_space *m, unsigned long first, unsigned nr,
		      struct page **pages);
/*
 * How many pages from @first on, @max at most, can be read and written at once: there, valid, side by side in the linear map.
 * The first in *out; a reference of each. 0: not one; then *out says only whether one is there.
 */
unsigned mapping_find_span(struct address_space *m, unsigned long first, unsigned max,
			   struct page **out);
/* @n new pages, side by side if it goes, for places that their ->index will say. Return: how many; 0: as mapping_new_page then,
 * for a policy says which node they come from, or there is no memory. */
unsigned mapping_new_pages(struct address_space *m, unsigned n, struct page **pages);
/* A new page in the cache whose fill has started (and maybe ended); a reference in *out. 0, -EEXIST, -ENOMEM, -ENOSPC.
 * With a store: invalidate_lock held. */
int must_check mapping_start_page(struct address_space *m, unsigned long index, gfp_t gfp,
				  struct page **out);
/* Take @page, locked, out of the index; the cache's reference is now the caller's to put, ops->release to call. */
void mapping_remove_page(struct address_space *m, struct page *page);
/* The first page of [*index, last] with a reference, values passed over; *index is its place. NULL: none. */
struct page *mapping_next_page(struct address_space *m, unsigned long *index, unsigned long last);
/* Unmap and remove all pages of [first, last]; @private_too: beyond the end, private copies go as well. Sleeps. */
void mapping_remove_range(struct address_space *m, unsigned long first, unsigned long last,
			  bool private_too);

/* ---- dirty.c, writeback.c ---- */
void dirty_account(const struct page *page, long n); /* a page of a store gets dirty or clean */
void dirty_drop(const struct page *page);	     /* a dirty one leaves, never written */
void writeback_account(const struct page *page, bool starts);
/* The end of the write of @page, of a file or in swap's cache. Any context. */
void page_written(struct page *page);
static inline void page_wait_writeback(struct page *page)
{
	(void)!page_wait_clear(page, PG_writeback, PARK_UNINTERRUPTIBLE);
}
void mapping_note_error(struct address_space *m,
			int err); /* for wb_err and wb_error. Any context. */
void dirty_progress(void); /* a page has been written: who is throttled looks again. Any context. */
enum { THROTTLE_EVERY = 32 }; /* pages made dirty between two calls of dirty_throttle */
void writeback_note(struct address_space *m); /* m->lock held: it has a dirty page */
void writeback_forget(
	struct address_space *m); /* it has no pages and gets none: off its device's list */

/* ---- shmem_swap.c ---- */
/* The page at @index comes back, uptodate, with a reference. 0; -ENOENT: there is none in swap; -EAGAIN: look again; -EIO,
 * -ENOMEM, -EINTR. Sleeps. */
int must_check shmem_swap_in(struct address_space *m, unsigned long index, struct page **out);
/* May a place of @m be in swap? Asked by who has looked at it under m->lock. */
static inline bool shmem_has_swapped(const struct address_space *m)
{
	return unlikely(shmem_nr_swapped(m));
}
/* A place has value @item, m->lock is held: would memory have had room for its page, if it came back now? */
bool shmem_left_recently(const void *item);
/* A place with value @item becomes empty. False: it has changed. */
bool shmem_swap_drop(struct address_space *m, unsigned long index, void *item);
void shmem_swap_end(struct address_space *m); /* it has no pages any more: swapoff forgets it */
/* In mapping.c: a frame for @index, from where the object's policy says. */
struct page *must_check mapping_alloc_frame(struct address_space *m, unsigned long index,
					    gfp_t gfp);
/* m->lock held: a page more, or fewer, in NR_FILE_PAGES and NR_SHMEM; a value fewer. */
void mapping_forget_value(struct address_space *m, unsigned long index);
void mapping_count_pages(struct address_space *m, const struct page *page, long n);

/* ---- seal.c ---- */
bool seal_forbids_write(const struct address_space *m);
/* How much of a write of @len > 0 bytes at @pos the seals allow; 0: -EPERM. Owner's lock held. */
size_t seal_write_len(const struct address_space *m, uint64_t pos, size_t len);
int must_check seal_resize_ok(const struct address_space *m, uint64_t size); /* 0 or -EPERM */

#endif
