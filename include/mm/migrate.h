/*
 * Moving pages of programs and caches to other frames, for compaction, NUMA placement, taking memory out of use.
 * docs/book/rmap.md has the theory.
 */
#ifndef MM_MIGRATE_H
#define MM_MIGRATE_H

#include "mm/page.h"

enum migrate_mode {
	MIGRATE_ASYNC, /* wait for nobody: a page that is locked is left where it is */
	MIGRATE_SYNC,  /* wait for page locks and for references that go away soon */
};

struct migrate_control {
	/* A frame for @old, of the caller's choice: PS_KERNEL, refcount 1, contents undefined; NULL: there is none.
	 * Without this function any frame will do. */
	struct page *(*new_page)(struct page *old, void *arg);
	void *arg;
	enum migrate_mode mode;
	bool keep; /* the caller's references stay his: of pages that have moved, the last ones */
};

/**
 * migrate_pages - move pages.
 * @pages: each with one reference of the caller's, which is dropped here, unless @c->keep. @status: of each: 0 it has moved (or was gone
 *         already); -EAGAIN somebody uses it and did not let go; -EBUSY it is of a kind that does not move;
 *         -ENOMEM no new page.
 * Return: how many have not moved.   Locks: none but mmap_lock in any mode.   Sleeps.   Counts PGMIGRATE_SUCCESS, _FAIL.
 */
unsigned migrate_pages(struct page **pages, int *status, unsigned n,
		       const struct migrate_control *c);

/* new_page for who only names a node: @arg points to an int, its number. */
struct page *migrate_target_node(struct page *old, void *nid);

/* The page cache's part (mm/backing/mapping.c): @new, unmapped and unknown, takes the place of @old, locked and unmapped,
 * with its contents. 0; -EAGAIN: @old has other references than the @expected ones, the cache's included. */
int must_check mapping_replace_page(struct address_space *m, struct page *old, struct page *new,
				    int expected);

#endif
