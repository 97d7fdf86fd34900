/* Pages without a file: tmpfs files and MAP_SHARED|MAP_ANONYMOUS. Memory is the store. */
#ifndef MM_SHMEM_H
#define MM_SHMEM_H

#include "mm/mapping.h"

/* Limit of one mount: pages. NULL sb limits nothing. */
struct shmem_space {
	atomic_long_t used_pages;
	unsigned long max_pages; /* 0: no limit */
};

/* Address-space operations for a tmpfs inode: fill, reserve and release are these; hold, drop, name the file system's. */
int shmem_fill(struct address_space *m, struct page *page);

/* An unnamed shared object of @size bytes ("/dev/zero (deleted)" in maps); reference 1, dropped by ops->drop. NULL: no memory. */
struct address_space *must_check shmem_anon_create(uint64_t size);

#endif
