/*
 * Block devices: disks, their partitions, and requests for their sectors. Linux's names.
 *
 *   struct gendisk          what a driver registers: its queue of bios, its partitions
 *   struct block_device     a whole disk or a partition: /dev/vda, /dev/vda1; what file systems and swap use
 *   struct bio              one request: sectors of a block_device, and the memory they come from or go to
 */
#ifndef BLOCK_BLOCK_H
#define BLOCK_BLOCK_H

#include "mm/writeback.h"
#include "sync/mutex.h"

enum { SECTOR_SHIFT = 9, SECTOR_SIZE = 512, DISK_NAME = 16, DISK_MINORS = 16, BIO_VECS = 4 };
#define PAGE_SECTORS (PAGE_SIZE >> SECTOR_SHIFT)

struct bio;
struct gendisk;

enum req_op { REQ_OP_READ, REQ_OP_WRITE, REQ_OP_FLUSH, REQ_OP_DISCARD, REQ_OP_NR };

/* Requests ended since boot, as /proc/diskstats shows them; by enum req_op. */
struct disk_stats {
	unsigned long ios[REQ_OP_NR], merges[REQ_OP_NR], in_flight;
	uint64_t sectors[REQ_OP_NR], ns[REQ_OP_NR], busy_ns, queue_ns; /* queue_ns: busy since */
};

struct block_device {
	struct gendisk *disk;	    /* i */
	unsigned partno;	    /* i: 0: the whole disk */
	uint32_t dev;		    /* i: major << 20 | minor, as fs/inode.h's dev_k */
	char name[DISK_NAME];	    /* i: "vda1" */
	uint64_t start, nr_sectors; /* b: of the disk; partitions: table_lock */
	unsigned openers, writers;  /* b: block_lock: open files; those that may write */
	void *holder; /* b: who alone uses it (a file system, a swap area); NULL: nobody */
	struct address_space mapping; /* its bytes, cached */
	struct backing_dev_info bdi;
	struct disk_stats stats; /* q: disk->lock */
	bool make_it_fail;	 /* a: block/fail.h asks about its transfers */
	bool readonly;		 /* a: BLKROSET */
};

struct bio_vec {
	struct page *page;
	unsigned offset, len; /* bytes; multiples of SECTOR_SIZE */
};

/* From bio_alloc until end_io returns it belongs to the block layer; end_io puts it. */
struct bio {
	struct list_head link; /* q */
	struct block_device *bdev;
	enum req_op op;
	unsigned short nr_vecs;
	bool reserved;	 /* i: of the reserve */
	uint64_t sector; /* of bdev; once submitted, of the disk */
	uint64_t nr_sectors;
	uint64_t start_ns;
	int error;
	void (*end_io)(
		struct bio *bio); /* any context, interrupts included; error is 0 or -errno */
	void *private;
	struct bio *parent; /* page_parts: the first, which counts */
	atomic_t parts_left;
	int parts_error; /* a */
	struct bio_vec vecs[BIO_VECS];
};

/* ---- requests ---- */
/* An empty one, referenced by the caller. NULL: no memory. Without __GFP_DIRECT_RECLAIM it does not sleep. */
struct bio *must_check bio_alloc(struct block_device *bdev, enum req_op op, uint64_t sector,
				 gfp_t gfp);
/* The same, never NULL: waits for one of a reserve, which others' requests give back. For who writes pages out to get memory. */
struct bio *must_check bio_alloc_reserved(struct block_device *bdev, enum req_op op,
					  uint64_t sector);
void bio_put(struct bio *bio);
/* Return: false: it is full. */
bool bio_add_page(struct bio *bio, struct page *page, unsigned len, unsigned offset);
/* Queue it; end_io comes once, maybe before this returns (refused: beyond the end, read-only: -EIO). It may stay in the queue,
 * waiting for neighbours, until block_kick. Any context. */
void submit_bio(struct bio *bio);
/* What is queued starts now. Any context. */
void block_kick(struct block_device *bdev);
/* submit_bio, block_kick, and wait; the bio stays the caller's. 0 or its error. */
int must_check submit_bio_wait(struct bio *bio);
/* What the device has said is written is written for good. Waits. 0, -EIO, -ENOMEM. */
int must_check block_flush(struct block_device *bdev);
/* The sectors' contents are not needed any more. Waits. 0, -EOPNOTSUPP, -EIO, -ENOMEM. */
int must_check block_discard(struct block_device *bdev, uint64_t sector, uint64_t nr);

/* They are full of zeroes, written for good or not. Waits. 0, -EINTR (a fatal signal), -EIO. */
int must_check block_zeroout(struct block_device *bdev, uint64_t sector, uint64_t nr);

/* The pieces of one page of a mapping on their way: page_io_done(page) once, when the last has ended. */
enum { PAGE_PARTS = 8 };
struct page_parts {
	struct block_device *bdev;
	struct page *page;
	enum req_op op;
	unsigned nr;
	struct bio *bios[PAGE_PARTS];
};
void page_parts_init(struct page_parts *p, struct block_device *bdev, struct page *page,
		     enum req_op op);
/* Bytes [@offset, + @len) of the page, at @sector. 0, or -ENOMEM: then page_parts_drop. */
int must_check page_parts_add(struct page_parts *p, uint64_t sector, unsigned offset, unsigned len);
void page_parts_drop(struct page_parts *p);
void page_parts_submit(struct page_parts *p); /* none at all: page_io_done(page, 0) at once */

/* ---- devices ---- */
/* The device of number @dev, open once more. @holder: alone (a file system); NULL: shared. 0, -ENXIO, -EBUSY, -EROFS. */
int must_check block_get(uint32_t dev, bool write, void *holder, struct block_device **out);
/* The last one writes back what is dirty and drops the cache. Sleeps. */
void block_put(struct block_device *bdev, bool write, void *holder);
/* An open device belongs to @holder, who swaps on it: only reading goes on. 0, -EBUSY, -EACCES (read-only). Sleep. */
int must_check block_swap_claim(struct block_device *bdev, void *holder);
void block_swap_unclaim(struct block_device *bdev, void *holder);
/* Of the device's own, or by block_set_readonly: nobody mounts it or swaps on it to write. */
bool block_is_readonly(const struct block_device *bdev);
void block_set_readonly(struct block_device *bdev, bool on);
unsigned block_size(const struct block_device *bdev); /* bytes: what the device can write at once */
bool block_can_discard(const struct block_device *bdev);
/* Read the table of partitions anew. 0, -EBUSY (some are in use), -EINVAL (of a partition), -EIO, -ENOMEM. */
int must_check block_rescan(struct block_device *bdev);
/* In the order of disks and partitions, from *pos = 0. NULL at the end. The device stays; its partition may go. */
struct block_device *block_next(unsigned *pos);
void block_stats(struct block_device *bdev, struct disk_stats *out);
unsigned long block_cached_pages(void); /* of all devices together: what free(1) calls buffers */

/* ---- blocks of a file system's own, in the cache of its device (bdev->holder); block/buffer.c ---- */
struct block_buf {
	struct page *page; /* referenced; in the linear map */
	char *data;
	unsigned size;
};
/* Block @nr of @size bytes (512 to PAGE_SIZE), read. Sleeps; allocates without calling file systems. 0, -EIO, -ENOMEM. */
int must_check block_buf_get(struct block_device *bdev, uint64_t nr, unsigned size,
			     struct block_buf *b);
void block_buf_dirty(struct block_device *bdev, const struct block_buf *b); /* it was changed */
void block_buf_put(struct block_buf *b);
/* The block is not metadata any more: what the cache has is never written over what others write there. Sleeps. */
void block_buf_forget(struct block_device *bdev, uint64_t nr, unsigned size);

#endif
