/* Read-ahead: what an open file (or the mappings of an object) has been reading, and what was asked for in advance. */
#ifndef MM_READAHEAD_H
#define MM_READAHEAD_H

#include "base/types.h"

struct address_space;
struct page;

enum { RA_PAGES_DEFAULT = 32 /* 128 KiB */ };

/* Hints without a lock: a torn one reads too much or too little. Linux's names. */
struct file_ra_state {
	unsigned long start;	   /* the window: pages [start, start + size) were asked for last */
	unsigned size, async_size; /* the page async_size before its end has PG_readahead */
	unsigned ra_pages;	   /* largest window; 0: none */
	unsigned mmap_miss;	   /* faults that read-ahead would have helped, less those it has */
	bool random;		   /* POSIX_FADV_RANDOM: what is asked for, nothing more */
	uint64_t prev_pos;	   /* byte after the last read */
};

/* Of a file of @m just opened, or given the advice NORMAL. */
void ra_init(struct file_ra_state *ra, const struct address_space *m);
/* Page @index, the first of @req that are wanted, is not in the cache: start reading it and what comes next. */
void ra_sync(struct address_space *m, struct file_ra_state *ra, unsigned long index, unsigned req);
/* @page at @index is in the cache and has the mark PG_readahead: time for the next window. */
void ra_async(struct address_space *m, struct file_ra_state *ra, struct page *page,
	      unsigned long index, unsigned req);
/* Start reading pages [first, first + nr), whatever the window (WILLNEED). */
void ra_force(struct address_space *m, unsigned long first, unsigned long nr);
/* A fault needs page @index, which is not in the cache; @vm_flags of its vma. Reads around, or ahead. */
void ra_fault(struct address_space *m, unsigned long index, unsigned long vm_flags);
/* A fault has mapped @page, which has the mark. */
void ra_fault_mark(struct address_space *m, struct page *page, unsigned long index,
		   unsigned long vm_flags);

#endif
