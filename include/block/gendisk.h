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
};

struct gendisk {
	const struct gendisk_ops *ops; /* i, and what follows: the driver's, before disk_add */
	void *private;
	char name[DISK_NAME];
	unsigned major, first_minor;
	bool readonly, can_flush, can_discard;
	unsigned block_size;		     /* bytes: 512 to PAGE_SIZE */
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
/* The disk is there, with the partitions that its table lists. @disk lives for ever. 0 or -ENOMEM. Sleeps. */
int must_check disk_add(struct gendisk *disk, uint64_t nr_sectors);
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
