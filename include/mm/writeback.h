/*
 * Dirty pages on their way to a store: the device behind a file system, limits, the flusher's steps. Nothing here
 * concerns objects that memory is the store of. docs/book/backing.md, "For the author of a file system".
 */
#ifndef MM_WRITEBACK_H
#define MM_WRITEBACK_H

#include "mm/errseq.h"
#include "mm/mapping.h"

/* A device that pages are read from and written to; embedded in what mounts it. */
struct backing_dev_info {
	const char *name;
	struct list_head link; /* all devices: bdi_lock */
	unsigned users;	       /* bdi_lock: who looks through its mappings */
	struct spinlock lock;  /* rank OBJECT */
	struct list_head
		dirty;	   /* b: lock: mappings with dirty pages, by the time the first got dirty */
	errseq_t wb_err;   /* a: the last error of any of its mappings */
	unsigned ra_pages; /* largest read-ahead window of files opened from now on */
	struct waitq idle; /* who waits for a mapping to be left alone by the flusher */
};

void bdi_register(struct backing_dev_info *bdi, const char *name);
void bdi_unregister(struct backing_dev_info *bdi); /* no mapping uses it any more. Sleeps. */
/* What mapping_init gives to a mapping with a store, until its owner says better. */
extern struct backing_dev_info default_bdi;

struct writeback_ctl {
	bool sync;	    /* everything, waiting for pages under write; else what can be had */
	unsigned long left; /* not sync: pages to write yet */
	bool partial;	    /* result: some page that was dirty still is */
};

/* Start writing the dirty pages of [first, last]. Errors are recorded in the mapping. Sleeps. */
void mapping_writeback(struct address_space *m, unsigned long first, unsigned long last,
		       struct writeback_ctl *ctl);
/* Wait until no page of [first, last] is being written. */
void mapping_wait_writeback(struct address_space *m, unsigned long first, unsigned long last);
/* Both: what was dirty at the call is in the store, or its error in m->wb_err. */
void mapping_sync(struct address_space *m, unsigned long first, unsigned long last);
/* The error of any write since the last call, for who has no open file (msync). 0 or -EIO, -ENOSPC. */
int must_check mapping_take_error(struct address_space *m);
/* @page, locked, leaves the cache if it is clean and nobody refers to it but the cache and the caller, whose reference stays. */
bool mapping_drop_page(struct address_space *m, struct page *page);
/* The same for reclaim: its place remembers when, as a shadow, if there is a store. */
bool mapping_evict_page(struct address_space *m, struct page *page);
/* Drop clean pages of [first, last] that nobody maps or uses. Return: how many. */
unsigned long mapping_invalidate(struct address_space *m, unsigned long first, unsigned long last);

void bdi_sync(struct backing_dev_info *bdi); /* what is dirty at the call; waits */
void writeback_sync_all(void);

/* ---- the flusher: kernel/flusher.c loops these two ---- */
bool writeback_step(void); /* a bounded piece of work. Return: there is more. */
void writeback_wait(void); /* until there may be work */
void writeback_wake(void);
void writeback_press(
	void); /* memory is short, and dirty pages are in the way: all of them, now. Any context. */

/* ---- limits ---- */
extern int vm_dirty_ratio, dirty_background_ratio;	     /* % of what may be dirty */
extern unsigned long vm_dirty_bytes, dirty_background_bytes; /* not 0: instead */
extern int dirty_expire_centisecs, dirty_writeback_centisecs;
/* vm.laptop_mode: so many seconds after a disk was used, and therefore turns, all that is dirty is written; until then background
 * does not count. 0: off. */
extern int laptop_mode;
void writeback_disk_used(void); /* a transfer has ended. Any context. */
/* Pages: above background the flusher writes, above @thresh who makes pages dirty waits. */
void global_dirty_limits(unsigned long *background, unsigned long *thresh);
/* The caller has made pages dirty; it may sleep now, and does while there are too many. No lock that the store needs. */
void dirty_throttle(void);

#endif
