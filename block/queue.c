/*
 * The queue of a disk: bios come in, requests go out.
 *
 *   submit_bio ── queue: bio bio bio ... ── block_kick ──> driver's start ── disk_next: neighbours in one request ──> device
 *                                                                            disk_ended <── its interrupt
 *   a disk that is memory:  submit_bio ──> driver's submit ──> bio_done, all in the thread that asks
 *
 * OWNS     disk->queue and the counts of /proc/diskstats; PGPGIN and PGPGOUT, in sectors.
 * WHY      a page is a bio, and a device is as long about one page as about thirty: what the page cache asks for in one go
 *          waits for the kick that ends it, and goes out as one request. Only neighbours in the queue are looked at: those
 *          who write much write in order.
 * I1       a bio is in the queue, in one request of the driver, or ended: once. With ops->submit the queue is empty.
 * I2       a queue that is not empty is started by a kick, by QUEUE_LONG bios, or UNPLUG_NS after its first one came.
 * LOCKS    disk->lock (rank OBJECT, irqsave), which is the driver's as well.
 * CONTEXT  any.   COST  O(1) a bio.   FAILS  a bio that breaks the rules ends with -EIO, at once.
 * NOT HERE order: writes that must be on the disk before others are waited for, then flushed.
 * TESTED BY  tests/guest/disk_block.c
 */
#include "base/errno.h"
#include "block/fail.h"
#include "block_impl.h"
#include "mm/imports.h"
#include "mm/vmevent.h"
#include "mm/writeback.h"

enum { QUEUE_LONG = 128, UNPLUG_NS = 1000 * 1000 };

static void unplug(struct ktimer *t)
{
	struct gendisk *disk = container_of(t, struct gendisk, unplug);

	block_kick(&disk->whole);
}

void disk_init(struct gendisk *disk)
{
	spin_init(&disk->lock, RANK_OBJECT);
	list_init(&disk->queue);
	disk->nr_queued = 0;
	ktimer_init(&disk->unplug, unplug);
}

void block_kick(struct block_device *bdev)
{
	struct gendisk *disk = bdev->disk;
	irqflags_t flags;

	if (!READ_ONCE(disk->nr_queued))
		return;
	flags = spin_lock_irqsave(&disk->lock);
	disk->ops->start(disk);
	spin_unlock_irqrestore(&disk->lock, flags);
}

/* 0: may go to the device; else how it ends now. */
static int check(const struct bio *bio)
{
	const struct gendisk *disk = bio->bdev->disk;
	uint64_t size = READ_ONCE(bio->bdev->nr_sectors);

	if (unlikely(fail_make_request.probability) && block_should_fail(bio))
		return -EIO;
	if (bio->op == REQ_OP_FLUSH)
		return 0;
	if (!bio->nr_sectors || bio->sector > size || bio->nr_sectors > size - bio->sector)
		return -EIO;
	return bio->op != REQ_OP_READ && disk->readonly ? -EIO : 0;
}

/* Devices that count: the partition, and the whole disk. */
static void count_start(struct disk_stats *s, uint64_t now)
{
	if (s->in_flight++ == 0)
		s->queue_ns = now; /* busy since */
}

static void count_end(struct disk_stats *s, const struct bio *bio, uint64_t now)
{
	s->ios[bio->op]++;
	s->sectors[bio->op] += bio->nr_sectors;
	s->ns[bio->op] += now - bio->start_ns;
	if (--s->in_flight == 0)
		s->busy_ns += now - s->queue_ns;
}

static void account(struct gendisk *disk, struct bio *bio)
{
	if (bio->op == REQ_OP_READ)
		count_vm_events(PGPGIN, bio->nr_sectors);
	else if (bio->op == REQ_OP_WRITE)
		count_vm_events(PGPGOUT, bio->nr_sectors);
	bio->start_ns = clock_ns();
	bio->sector += bio->bdev->start;
	count_start(&disk->whole.stats, bio->start_ns);
	if (bio->bdev != &disk->whole)
		count_start(&bio->bdev->stats, bio->start_ns);
}

static void enqueue(struct gendisk *disk, struct bio *bio)
{
	account(disk, bio);
	list_add_tail(&bio->link, &disk->queue);
	WRITE_ONCE(disk->nr_queued, disk->nr_queued + 1);
	if (disk->nr_queued >= QUEUE_LONG)
		disk->ops->start(disk);
	else if (disk->nr_queued == 1)
		ktimer_arm(&disk->unplug, bio->start_ns + UNPLUG_NS);
}

void submit_bio(struct bio *bio)
{
	struct gendisk *disk = bio->bdev->disk;
	irqflags_t flags;
	int err = check(bio);

	if (err || (bio->op == REQ_OP_FLUSH && !disk->can_flush)) {
		bio->error = err;
		bio->end_io(bio);
		return;
	}
	if (bio->op == REQ_OP_READ)
		mm_ctx_current()->disk_read += bio->nr_sectors * SECTOR_SIZE;
	flags = spin_lock_irqsave(&disk->lock);
	if (disk->ops->submit)
		account(disk, bio);
	else
		enqueue(disk, bio);
	spin_unlock_irqrestore(&disk->lock, flags);
	if (disk->ops->submit)
		disk->ops->submit(disk, bio);
}

/* ---- the driver's side ---- */

static bool continues(const struct gendisk *disk, const struct request *rq, const struct bio *bio,
		      unsigned max_vecs)
{
	return (rq->op == REQ_OP_READ || rq->op == REQ_OP_WRITE) && bio->op == rq->op &&
	       bio->sector == rq->sector + rq->nr_sectors &&
	       rq->nr_vecs + bio->nr_vecs <= max_vecs &&
	       rq->nr_sectors + bio->nr_sectors <= disk->max_sectors;
}

static void take(struct gendisk *disk, struct request *rq, struct bio *bio)
{
	list_move_tail(&bio->link, &rq->bios);
	WRITE_ONCE(disk->nr_queued, disk->nr_queued - 1);
	rq->nr_sectors += bio->nr_sectors;
	rq->nr_vecs += bio->nr_vecs;
}

bool disk_next(struct gendisk *disk, struct request *rq, unsigned max_vecs)
{
	struct bio *bio, *tmp;

	max_vecs = min_of(unsigned, max_vecs, disk->max_vecs);
	if (list_empty(&disk->queue))
		return false;
	bio = list_first(&disk->queue, struct bio, link);
	if (bio->nr_vecs > max_vecs)
		return false;
	*rq = (struct request){ .op = bio->op, .sector = bio->sector };
	list_init(&rq->bios);
	take(disk, rq, bio);
	list_for_each_entry_safe (bio, tmp, &disk->queue, link) {
		if (!continues(disk, rq, bio, max_vecs))
			break;
		take(disk, rq, bio);
		disk->whole.stats.merges[rq->op]++;
		if (bio->bdev != &disk->whole)
			bio->bdev->stats.merges[rq->op]++;
	}
	return true;
}

/* disk->lock held. */
static void account_end(struct gendisk *disk, struct bio *bio, int err, uint64_t now)
{
	writeback_disk_used();
	bio->error = err;
	count_end(&disk->whole.stats, bio, now);
	if (bio->bdev != &disk->whole)
		count_end(&bio->bdev->stats, bio, now);
}

void disk_ended(struct gendisk *disk, struct request *rq, int err, struct list_head *done)
{
	uint64_t now = clock_ns();
	struct bio *bio;

	list_for_each_entry (bio, &rq->bios, link)
		account_end(disk, bio, err, now);
	list_splice_tail_init(&rq->bios, done);
}

void bio_done(struct gendisk *disk, struct bio *bio, int err)
{
	irqflags_t flags = spin_lock_irqsave(&disk->lock);

	account_end(disk, bio, err, clock_ns());
	spin_unlock_irqrestore(&disk->lock, flags);
	bio->end_io(bio);
}

void bios_end(struct list_head *done)
{
	while (!list_empty(done)) {
		struct bio *bio = list_first(done, struct bio, link);

		list_del(&bio->link);
		bio->end_io(bio);
	}
}

void block_stats(struct block_device *bdev, struct disk_stats *out)
{
	irqflags_t flags = spin_lock_irqsave(&bdev->disk->lock);
	uint64_t now = clock_ns();

	*out = bdev->stats;
	if (out->in_flight)
		out->busy_ns += now - out->queue_ns;
	for (unsigned op = 0; op < REQ_OP_NR; op++) /* merged ones are one request */
		out->ios[op] -= min_of(unsigned long, out->merges[op], out->ios[op]);
	spin_unlock_irqrestore(&bdev->disk->lock, flags);
}
