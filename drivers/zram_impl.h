/* A disk in compressed memory: what zram.c gives to its files. */
#ifndef DRIVERS_ZRAM_IMPL_H
#define DRIVERS_ZRAM_IMPL_H

#include "lib/lz4.h"
#include "mm/swap.h"
#include "sync/mutex.h"
#include "sync/spinlock.h"
#include "zspool.h"

enum { ZRAM_DEVICES = 4, ZRAM_MAJOR = 252 };

enum zram_slot_kind { ZRAM_NONE, ZRAM_SAME, ZRAM_OBJECT };
struct zram_slot {
	union {
		struct zs_page *zp;
		unsigned long word; /* ZRAM_SAME: all of the page */
	};
	uint16_t object, len;
	uint8_t kind;
};

/* z: lock; c: codec; s: state_lock */
struct zram {
	struct mutex state_lock; /* rank FS_FILE: size, users */
	struct mutex codec;	 /* rank FS_INNER: the scratch memory */
	struct spinlock lock;	 /* rank OBJECT, interrupts off: slots, pool, figures */
	struct swapdev dev;
	unsigned index;
	unsigned long nr_pages;	 /* s: disksize; 0: not set up */
	struct zram_slot *slots; /* s: [nr_pages], the elements z */
	struct zs_pool pool;	 /* z */
	uint8_t *raw, *packed;	 /* s, c: a page each */
	uint16_t *table;	 /* s, c */
	unsigned openers;	 /* s: open files */
	bool swapping;		 /* s: a swap area */
	unsigned long limit;	 /* z: pages; 0: none */
	uint64_t stored, packed_bytes, same, huge, huge_since, max_used; /* z: mm_stat */
	uint64_t failed_reads, failed_writes, invalid_io, notify_free;	 /* z: io_stat */
};

extern struct zram zrams[ZRAM_DEVICES];

/* One page of the device. 0, -ENOMEM, -EIO (beyond the end). Sleep. */
int must_check zram_read_page(struct zram *z, unsigned long index, struct page *page);
int must_check zram_write_page(struct zram *z, unsigned long index, struct page *page);
void zram_free_slot(struct zram *z, unsigned long index);
/* New size in pages. 0, -EBUSY: it has one, -ENOMEM. */
int must_check zram_setup(struct zram *z, uint64_t pages);
int must_check zram_reset(struct zram *z); /* 0, -EBUSY: in use */
void zram_files_init(struct zram *z);	   /* zram_sysfs.c */
void zram_nodes_init(unsigned n);	   /* zram_dev.c */

#endif
