/* Pages without a file: tmpfs files and MAP_SHARED|MAP_ANONYMOUS. Memory is the store. */
#ifndef MM_SHMEM_H
#define MM_SHMEM_H

#include "mm/mapping.h"

/* Limit of one mount: pages. NULL sb limits nothing. */
struct shmem_space {
	atomic_long_t used_pages;
	unsigned long max_pages; /* 0: no limit */
};

/* Address-space operations for a tmpfs inode: fill is this; hold, drop, name, and reserve and release, which find the
 * mount and call shmem_charge and shmem_uncharge, are the file system's; store is NULL. Flags MAPPING_SHMEM. */
int shmem_fill(struct address_space *m, struct page *page);
/* @nr pages more in @space (NULL: no limit), and in the commit account. 0 or -ENOSPC. */
int must_check shmem_charge(struct shmem_space *space, unsigned long nr);
void shmem_uncharge(struct shmem_space *space, unsigned long nr);

/* Inode number of an object on the kernel's own mount, device 0:1. */
unsigned long shmem_next_ino(void);
/* An unnamed shared object of @size bytes ("/dev/zero (deleted)" in maps); reference 1, dropped by ops->drop. @reserve: commit
 * all of it now. NULL: no memory. */
struct address_space *must_check shmem_anon_create(uint64_t size, bool reserve);
/* The same with a name, of at most 15 characters: "/NAME (deleted)" in maps; @ino may be set until it is mapped. */
struct address_space *must_check shmem_named_create(const char *name, uint64_t size, bool reserve);
void shmem_set_ino(struct address_space *m, unsigned long ino);
/* Pages of @m stay in memory, or (@lock false) may be reclaimed again: shmctl(2) SHM_LOCK. */
void shmem_lock(struct address_space *m, bool lock);

/* ---- in swap: mm/backing/shmem_swap.c ---- */
/* The locked and unmapped page, with a reference of the caller's and nobody else's, goes into the swap cache; its object has
 * the slot instead. 0; -EBUSY, -ENOSPC: nothing has changed. */
int must_check shmem_swap_out(struct page *page);
/* Is the place in swap? Then *cached: its page is in memory, too. */
bool shmem_swapped(struct address_space *m, unsigned long index, bool *cached);
/* Of all its places how many are in swap, and how many of [first, last]. */
static inline unsigned long shmem_nr_swapped(const struct address_space *m)
{
	unsigned long n = READ_ONCE(m->nr_values);

	return n && !m->ops->store ? n : 0;
}
unsigned long shmem_swap_usage(struct address_space *m, unsigned long first, unsigned long last);
/* Start to read them: MADV_WILLNEED. Sleeps. */
void shmem_read_ahead(struct address_space *m, unsigned long first, unsigned long last);
/* swapoff: all that is in area @type comes back. 0, -ENOMEM, -EINTR. Sleeps. */
int must_check shmem_unuse(unsigned type);

/* ---- a page made outside of the cache (fallocate, userfaultfd) ---- */
/* A page for @index that nobody else sees yet: PS_FILE, refcount 1, contents undefined, not in the index. NULL: no memory. */
struct page *must_check mapping_new_page_gfp(struct address_space *m, unsigned long index,
					     gfp_t gfp);
static inline struct page *must_check mapping_new_page(struct address_space *m, unsigned long index)
{
	return mapping_new_page_gfp(m, index, m->gfp);
}
/* Put a new page into the index; the cache takes its own reference. 0, -EEXIST, -ENOMEM, or ops->reserve's error. */
int must_check mapping_add_page(struct address_space *m, struct page *page);

#endif
