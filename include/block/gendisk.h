/* The driver's side of the block layer: a disk, and requests taken from its queue. */
#ifndef BLOCK_GENDISK_H
#define BLOCK_GENDISK_H

#include "block/block.h"
#include "kernel/time.h"

/* What the driver does at once: bios of one kind that lie side by side. */
struct request {
	struct list_head bios;
	enum req_op op;
	uint64_t sector, nr_sectors;
	unsigned nr_vecs;
};

struct gendisk_ops {
	/* Take requests (disk_next) while there is room. disk->lock held, interrupts off. */
	void (*start)(struct gendisk *disk);
	/* Instead, for a disk that is memory: do @bio now, then bio_done. A thread that may sleep, maybe under a page's lock and
	 * those of a file system. No queue, no flush. */
	void (*submit)(struct gendisk *disk, struct bio *bio);
	/* For swap, may be NULL: the whole of the locked @page at @sector; 0, and page_io_done has come; or an error. Sleeps. */
	int (*rw_page)(struct gendisk *disk, uint64_t sector, struct page *page, enum req_op op);
	/* Swap does not want the page at @sector any more. Spinlocks are held, interrupts off; locks of rank OBJECT and above. */
	void (*swap_slot_free)(struct gendisk *disk, uint64_t sector);
};

struct gendisk {
	const struct gendisk_ops *ops; /* i, and what follows: the driver's, before disk_add */
	void *private;
	char name[DISK_NAME];
	unsigned major, first_minor;
	const char *driver; /* as /proc/devices names it */
	bool readonly, can_flush, can_discard;
	bool memory;	     /* nothing turns and nothing waits; no partitions are looked for */
	unsigned block_size; /* bytes: 512 to PAGE_SIZE */
	unsigned max_vecs, max_sectors;	     /* of one request */
	uint64_t max_discard, discard_align; /* sectors */

	struct spinlock
		lock; /* rank OBJECT, irqsave: the queue (letter q); the driver's ring as well */
	struct list_head queue;	 /* q: bios, oldest first */
	unsigned nr_queued;	 /* q */
	struct ktimer unplug;	 /* starts what nobody has started */
	struct mutex table_lock; /* rank FS: the partitions as a whole */
	struct block_device whole;
	struct block_device *parts[DISK_MINORS]; /* b: block_lock; 0 is the whole disk */
	struct list_head link;			 /* b */
};

void disk_init(struct gendisk *disk); /* its lock and queue: before the first interrupt */
/* The disk is there, with the partitions that its table lists. @disk's memory stays for ever. 0 or -ENOMEM. Sleeps. */
int must_check disk_add(struct gendisk *disk, uint64_t nr_sectors);
/* A disk without partitions has so many sectors from now on. 0, -ENOMEM, -EBUSY (smaller: somebody has it open). Sleeps. */
int must_check disk_set_capacity(struct gendisk *disk, uint64_t nr_sectors);
/* It is gone with all its names; disk_add may bring it back. 0, -EBUSY: open. Sleeps. */
int must_check disk_del(struct gendisk *disk);
/* @bio, which ops->submit was given, has ended. */
void bio_done(struct gendisk *disk, struct bio *bio, int err);
/* The next request of at most @max_vecs pieces of memory. Return: false: none, or it has more than @max_vecs. disk->lock held. */
bool must_check disk_next(struct gendisk *disk, struct request *rq, unsigned max_vecs);
/* @rq has ended with @err: its bios go to @done. disk->lock held. */
void disk_ended(struct gendisk *disk, struct request *rq, int err, struct list_head *done);
/* Tell those who wait for them; without disk->lock. Any context. */
void bios_end(struct list_head *done);

/* Told of every device that comes and goes: who names them in /dev, /proc and /sys. One, set at boot. Threads. */
struct block_watch {
	void (*added)(struct block_device *bdev);
	void (*removed)(struct block_device *bdev);
};
void block_set_watch(const struct block_watch *watch);

#endif
