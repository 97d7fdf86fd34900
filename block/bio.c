/*
 * Bios: requests for sectors, their memory, and the pieces of a page.
 *
 * OWNS     the cache of bios and the reserve of RESERVE bios.
 * WHY      writing pages out is how memory is made, so it must not need memory that is not there: who writes takes a bio
 *          of the reserve when there is no other, and waits for one that a request gives back.
 * I1       a bio of the reserve is on the reserve's list or in one request. Each request ends, so each comes back.
 * I2       who waits for the reserve has started his device's queue: what he waits for is not left lying there.
 * I3       of the pieces of a page the first counts those that are left; it is freed with the last.
 * LOCKS    reserve_lock (rank OBJECT, irqsave).
 * CONTEXT  bio_alloc_reserved: threads that may sleep. bio_put and the ends: any.
 * FAILS    bio_alloc: NULL.   NOT HERE the queue (queue.c).   TESTED BY  tests/guest/disk_block.c
 */
#include "base/errno.h"
#include "block_impl.h"
#include "kernel/task.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

enum { RESERVE = 32 };

static struct kmem_cache *bio_cache;
static struct spinlock reserve_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct list_head reserve = LIST_HEAD_INIT(reserve); /* reserve_lock */
static struct waitq reserve_wait = WAITQ_INIT(reserve_wait);

int bio_init(void)
{
	struct kmem_cache *c;

	if (bio_cache)
		return 0;
	c = kmem_cache_create("bio", sizeof(struct bio), 0, SLAB_HWCACHE_ALIGN, NULL);
	if (!c)
		return -ENOMEM;
	bio_cache = c;
	for (unsigned i = 0; i < RESERVE; i++) {
		struct bio *bio = kmem_cache_zalloc(c, GFP_KERNEL);

		if (!bio) /* the first allocations of a machine: fewer will do */
			return i ? 0 : -ENOMEM;
		bio->reserved = true;
		list_add_tail(&bio->link, &reserve);
	}
	return 0;
}

static struct bio *bio_set(struct bio *bio, struct block_device *bdev, enum req_op op,
			   uint64_t sector)
{
	bio->bdev = bdev;
	bio->op = op;
	bio->sector = sector;
	bio->nr_sectors = 0;
	bio->nr_vecs = 0;
	bio->error = 0;
	bio->end_io = NULL;
	bio->private = NULL;
	bio->parent = NULL;
	return bio;
}

struct bio *bio_alloc(struct block_device *bdev, enum req_op op, uint64_t sector, gfp_t gfp)
{
	struct bio *bio = failpoint("bio") ? NULL : kmem_cache_alloc(bio_cache, gfp);

	if (!bio)
		return NULL;
	bio->reserved = false;
	return bio_set(bio, bdev, op, sector);
}

static struct bio *reserve_take(void)
{
	irqflags_t flags = spin_lock_irqsave(&reserve_lock);
	struct bio *bio = NULL;

	if (!list_empty(&reserve)) {
		bio = list_first(&reserve, struct bio, link);
		list_del(&bio->link);
	}
	spin_unlock_irqrestore(&reserve_lock, flags);
	return bio;
}

struct bio *bio_alloc_reserved(struct block_device *bdev, enum req_op op, uint64_t sector)
{
	struct bio *bio = bio_alloc(bdev, op, sector, GFP_NOWAIT | __GFP_NOWARN);

	if (bio)
		return bio;
	bio = reserve_take();
	if (!bio) {
		block_kick(bdev);
		wait_event(&reserve_wait, (bio = reserve_take()) != NULL);
	}
	return bio_set(bio, bdev, op, sector);
}

void bio_put(struct bio *bio)
{
	irqflags_t flags;

	if (!bio->reserved) {
		kmem_cache_free(bio_cache, bio);
		return;
	}
	flags = spin_lock_irqsave(&reserve_lock);
	list_add(&bio->link, &reserve);
	spin_unlock_irqrestore(&reserve_lock, flags);
	waitq_wake_all(&reserve_wait);
}

bool bio_add_page(struct bio *bio, struct page *page, unsigned len, unsigned offset)
{
	struct bio_vec *v = bio->vecs + bio->nr_vecs;

	kassert(len && !((len | offset) & (SECTOR_SIZE - 1)) && offset + len <= PAGE_SIZE);
	if (bio->nr_vecs && v[-1].page == page && v[-1].offset + v[-1].len == offset) {
		v[-1].len += len;
	} else {
		if (bio->nr_vecs == BIO_VECS)
			return false;
		*v = (struct bio_vec){ page, offset, len };
		bio->nr_vecs++;
	}
	bio->nr_sectors += len >> SECTOR_SHIFT;
	return true;
}

/* ---- waiting for one ---- */

/* One queue for all: whoever is woken may be gone, with all that is on its stack, before the waker has finished. */
static struct waitq waiters = WAITQ_INIT(waiters);

static void wake_waiter(struct bio *bio)
{
	__atomic_store_n((bool *)bio->private, true, __ATOMIC_SEQ_CST);
	waitq_wake_all(&waiters);
}

int submit_bio_wait(struct bio *bio)
{
	bool done = false;

	bio->end_io = wake_waiter;
	bio->private = &done;
	submit_bio(bio);
	block_kick(bio->bdev);
	wait_event(&waiters, __atomic_load_n(&done, __ATOMIC_SEQ_CST));
	return bio->error;
}

/* ---- without data ---- */

int block_flush(struct block_device *bdev)
{
	struct bio *bio;
	int err;

	if (!bdev->disk->can_flush)
		return 0;
	bio = bio_alloc_reserved(bdev, REQ_OP_FLUSH, 0);
	err = submit_bio_wait(bio);
	bio_put(bio);
	return err;
}

int block_discard(struct block_device *bdev, uint64_t sector, uint64_t nr)
{
	int err = 0;

	if (!bdev->disk->can_discard)
		return -EOPNOTSUPP;
	while (nr && !err) {
		uint64_t n = min_of(uint64_t, nr, bdev->disk->max_discard);
		struct bio *bio = bio_alloc_reserved(bdev, REQ_OP_DISCARD, sector);

		bio->nr_sectors = n;
		err = submit_bio_wait(bio);
		bio_put(bio);
		sector += n;
		nr -= n;
	}
	return err;
}

int block_zeroout(struct block_device *bdev, uint64_t sector, uint64_t nr)
{
	int err = 0;

	while (nr && !err) {
		unsigned n = (unsigned)min_of(uint64_t, nr, PAGE_SECTORS);
		struct bio *bio = bio_alloc_reserved(bdev, REQ_OP_WRITE, sector);

		must(bio_add_page(bio, zero_page, n << SECTOR_SHIFT, 0));
		err = submit_bio_wait(bio);
		bio_put(bio);
		sector += n;
		nr -= n;
		if (!err && fatal_signal_pending())
			err = -EINTR;
	}
	return err;
}

/* ---- the pieces of a page ---- */

void page_parts_init(struct page_parts *p, struct block_device *bdev, struct page *page,
		     enum req_op op)
{
	p->bdev = bdev;
	p->page = page;
	p->op = op;
	p->nr = 0;
}

static void part_end(struct bio *bio)
{
	struct bio *first = bio->parent;
	int err = bio->error;

	if (err)
		__atomic_store_n(&first->parts_error, err, __ATOMIC_SEQ_CST);
	if (bio != first)
		bio_put(bio);
	if (!atomic_dec_and_test(&first->parts_left))
		return;
	page_io_done(first->private, first->parts_error);
	bio_put(first);
}

static struct bio *part_alloc(const struct page_parts *p, uint64_t sector)
{
	struct bio *bio = bio_alloc(p->bdev, p->op, sector, GFP_NOFS | __GFP_NOWARN);

	/* One of the reserve at most: two threads with one each would wait for each other. */
	if (!bio && p->op == REQ_OP_WRITE && !p->nr)
		bio = bio_alloc_reserved(p->bdev, p->op, sector);
	return bio;
}

int page_parts_add(struct page_parts *p, uint64_t sector, unsigned offset, unsigned len)
{
	struct bio *bio = p->nr ? p->bios[p->nr - 1] : NULL;

	if (!bio || bio->sector + bio->nr_sectors != sector) {
		kassert(p->nr < PAGE_PARTS);
		bio = part_alloc(p, sector);
		if (!bio)
			return -ENOMEM;
		p->bios[p->nr++] = bio;
	}
	must(bio_add_page(bio, p->page, len, offset));
	return 0;
}

void page_parts_drop(struct page_parts *p)
{
	while (p->nr)
		bio_put(p->bios[--p->nr]);
}

void page_parts_submit(struct page_parts *p)
{
	struct bio *first = p->nr ? p->bios[0] : NULL;

	if (!first) {
		page_io_done(p->page, 0);
		return;
	}
	atomic_set(&first->parts_left, (int)p->nr);
	first->parts_error = 0;
	first->private = p->page;
	for (unsigned i = 0; i < p->nr; i++) {
		p->bios[i]->parent = first;
		p->bios[i]->end_io = part_end;
	}
	for (unsigned i = 0; i < p->nr; i++)
		submit_bio(p->bios[i]);
}
