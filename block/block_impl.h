/* Between the files of block/. */
#ifndef BLOCK_IMPL_H
#define BLOCK_IMPL_H

#include "block/gendisk.h"
#include "mm/seal.h"

extern struct spinlock
	block_lock; /* rank OBJECT: the list of disks, who has what open (letter b) */

int must_check bio_init(void); /* with the first disk. 0 or -ENOMEM */
/* The cache of @bdev: its mapping and its bdi. */
void bdev_cache_init(struct block_device *bdev);
void bdev_cache_resize(struct block_device *bdev);
/* Write what is dirty and drop the pages that nobody uses. Sleeps. */
void bdev_cache_drop(struct block_device *bdev);

/* ---- which sectors of a dirty page of the cache are to be written: page->private ---- */
#define BUF_PARTIAL (1UL << 31) /* those whose bits are set, low bits; without: all of it */
static inline unsigned long buf_mask(unsigned offset, unsigned len)
{
	return ((1UL << (len >> SECTOR_SHIFT)) - 1) << (offset >> SECTOR_SHIFT);
}

#endif
