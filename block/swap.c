/*
 * Swap on a disk, a partition, or a file of a file system: which sectors a slot is, and its I/O.
 *
 *   slot ── extents, by halves ── sector ── one bio of a page ── the queue, until the kick
 *
 * OWNS     struct block_swap.
 * WHY      a file's blocks are looked up once, at swapon: reclaim, which writes pages because memory is short, asks no file
 *          system, takes none of its locks, and needs nothing but a bio, of the reserve if there is no other.
 * I1       extents are sorted by slot, without holes; two that follow each other are not side by side on the device.
 * LOCKS    none: nothing changes while it is used.
 * CONTEXT  read, write, discard: threads that may sleep. Ends: interrupts.
 * COST     a binary search, and a bio; of a disk that is memory its own call.
 * FAILS    the device's errors, by page_io_done.   TESTED BY  tests/guest/disk_swap.c
 */
#include "block/swap.h"

#include "base/errno.h"
#include "block/gendisk.h"
#include "mm/mapping.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

enum { FIRST_ROOM = 4 };

static const struct swap_extent *find(const struct block_swap *s, unsigned long slot)
{
	unsigned low = 0, high = s->nr;

	while (high - low > 1) {
		unsigned mid = low + (high - low) / 2;

		if (s->extents[mid].slot <= slot)
			low = mid;
		else
			high = mid;
	}
	kassert(slot - s->extents[low].slot < s->extents[low].nr);
	return &s->extents[low];
}

static uint64_t sector_in(const struct swap_extent *e, unsigned long slot)
{
	return e->sector + (uint64_t)(slot - e->slot) * PAGE_SECTORS;
}

static void transfer_end(struct bio *bio)
{
	struct page *page = bio->private;
	int err = bio->error;

	bio_put(bio);
	page_io_done(page, err);
}

static int transfer(struct swapdev *dev, unsigned long slot, struct page *page, enum req_op op)
{
	const struct block_swap *s = block_swap_of(dev);
	struct gendisk *disk = s->bdev->disk;
	uint64_t sector = sector_in(find(s, slot), slot);
	struct bio *bio;

	if (disk->ops->rw_page && !READ_ONCE(s->bdev->make_it_fail))
		return disk->ops->rw_page(disk, s->bdev->start + sector, page, op);
	bio = bio_alloc_reserved(s->bdev, op, sector);
	must(bio_add_page(bio, page, PAGE_SIZE, 0));
	bio->end_io = transfer_end;
	bio->private = page;
	submit_bio(bio);
	return 0;
}

static int swap_read(struct swapdev *dev, unsigned long slot, struct page *page)
{
	return transfer(dev, slot, page, REQ_OP_READ);
}

static int swap_write(struct swapdev *dev, unsigned long slot, struct page *page)
{
	return transfer(dev, slot, page, REQ_OP_WRITE);
}

static void kick_queue(struct swapdev *dev)
{
	block_kick(block_swap_of(dev)->bdev);
}

/* A hint: whether the device took it does not matter. */
static void swap_discard(struct swapdev *dev, unsigned long slot, unsigned long nr)
{
	const struct block_swap *s = block_swap_of(dev);

	while (nr) {
		const struct swap_extent *e = find(s, slot);
		unsigned long n = min_of(unsigned long, nr, e->slot + e->nr - slot);

		(void)!block_discard(s->bdev, sector_in(e, slot), (uint64_t)n * PAGE_SECTORS);
		slot += n;
		nr -= n;
	}
}

static void slot_free(struct swapdev *dev, unsigned long slot)
{
	const struct block_swap *s = block_swap_of(dev);
	struct gendisk *disk = s->bdev->disk;

	disk->ops->swap_slot_free(disk, s->bdev->start + sector_in(find(s, slot), slot));
}

int block_swap_new(struct block_device *bdev, bool file, struct block_swap **out)
{
	struct block_swap *s = failpoint("block_swap") ? NULL : kzalloc(sizeof(*s), GFP_KERNEL);

	if (!s)
		return -ENOMEM;
	s->bdev = bdev;
	s->ops = (struct swapdev_ops){ .read = swap_read, .write = swap_write, .kick = kick_queue };
	if (block_can_discard(bdev))
		s->ops.discard = swap_discard;
	if (bdev->disk->ops->swap_slot_free)
		s->ops.slot_free = slot_free;
	s->dev.ops = &s->ops;
	s->dev.sync = bdev->disk->memory;
	s->dev.file = file;
	s->dev.owner = s;
	*out = s;
	return 0;
}

static int make_room(struct block_swap *s)
{
	unsigned room = s->room ? 2 * s->room : FIRST_ROOM;
	struct swap_extent *e = failpoint("swap_extents") ? NULL
							  : krealloc(s->extents, room * sizeof(*e),
								     GFP_KERNEL | __GFP_NOWARN);

	if (!e)
		return -ENOMEM;
	s->extents = e;
	s->room = room;
	return 0;
}

int block_swap_add(struct block_swap *s, uint64_t sector, unsigned long nr)
{
	struct swap_extent *last = s->nr ? &s->extents[s->nr - 1] : NULL;
	unsigned long slot = s->dev.nr_slots;

	if (last && last->sector + (uint64_t)last->nr * PAGE_SECTORS == sector) {
		last->nr += nr;
	} else {
		int err = s->nr == s->room ? make_room(s) : 0;

		if (err)
			return err;
		s->extents[s->nr++] = (struct swap_extent){ slot, nr, sector };
	}
	s->dev.nr_slots += nr;
	return 0;
}

void block_swap_free(struct block_swap *s)
{
	kfree(s->extents);
	kfree(s);
}
