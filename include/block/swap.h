/* Swapping on sectors of a block device: all of it, or those of a file. */
#ifndef BLOCK_SWAP_H
#define BLOCK_SWAP_H

#include "block/block.h"
#include "mm/swap.h"

/* Slots that lie side by side. */
struct swap_extent {
	unsigned long slot, nr;
	uint64_t sector;
};

/* Made, filled slot by slot from 0 on, then used; i from then on. */
struct block_swap {
	struct swapdev dev;
	struct swapdev_ops ops; /* dev.ops */
	struct block_device *bdev;
	struct swap_extent *extents;
	unsigned nr, room;
};

/* No slots yet. 0 or -ENOMEM. */
int must_check block_swap_new(struct block_device *bdev, bool file, struct block_swap **out);
/* The next @nr slots are at @sector. 0 or -ENOMEM. */
int must_check block_swap_add(struct block_swap *s, uint64_t sector, unsigned long nr);
void block_swap_free(struct block_swap *s);
static inline struct block_swap *block_swap_of(struct swapdev *dev)
{
	return dev->owner;
}

#endif
