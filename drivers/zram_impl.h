/* A disk in compressed memory: what its files share. */
#ifndef DRIVERS_ZRAM_IMPL_H
#define DRIVERS_ZRAM_IMPL_H

#include "block/gendisk.h"
#include "lib/lz4.h"
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

/* s: zram_lock; c: codec; z: lock */
struct zram {
	struct mutex codec;   /* rank ZRAM: the scratch memory */
	struct spinlock lock; /* rank OBJECT, interrupts off: slots, pool, figures */
	struct gendisk disk;
	unsigned index;
	bool there;		 /* s: it has its names */
	unsigned long nr_pages;	 /* s, c: disksize; 0: not set up */
	struct zram_slot *slots; /* s, c: [nr_pages], the elements z */
	struct zs_pool pool;	 /* z */
	uint8_t *raw, *packed;	 /* s, c: a page each */
	uint16_t *table;	 /* s, c */
	unsigned long limit;	 /* z: pages; 0: none */
	uint64_t stored, packed_bytes, same, huge, huge_since, max_used; /* z: mm_stat */
	uint64_t failed_reads, failed_writes, invalid_io, notify_free;	 /* z: io_stat */
};

extern struct mutex zram_lock; /* rank FS_FILE: which there are, and their sizes */
extern const struct gendisk_ops zram_disk_ops;

void zram_free_slot(struct zram *z, unsigned long index);
/* New size in pages. 0, -EBUSY: it has one, -EINVAL, -ENOMEM, -ENODEV: it is going. */
int must_check zram_setup(struct zram *z, uint64_t pages);
int must_check zram_reset(struct zram *z);	  /* 0, -EBUSY: in use, -ENODEV */
int must_check zram_reset_locked(struct zram *z); /* the same, zram_lock held */
/* One more device. Return: its number; -ENOSPC, -ENOMEM. */
int must_check zram_add(void);
int must_check zram_remove(unsigned index);	/* 0, -EBUSY: in use, -ENODEV */
int must_check zram_files_init(struct zram *z); /* zram_sysfs.c */
void zram_control_init(void);

#endif
