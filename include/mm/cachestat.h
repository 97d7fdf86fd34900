/* What of an object is in the page cache, in figures: cachestat(2). */
#ifndef MM_CACHESTAT_H
#define MM_CACHESTAT_H

struct address_space;

struct mapping_counts {
	unsigned long cached, dirty, writeback, evicted, recent; /* pages; recent: of evicted */
};
/* What of pages [first, last] is in the cache, and what has left it: cachestat(2). */
void mapping_count(struct address_space *m, unsigned long first, unsigned long last,
		   struct mapping_counts *out);

#endif
