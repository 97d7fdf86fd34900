/*
 * A swap device in host memory.
 *
 * OWNS     struct fakeswap and its disk.
 * WHY      what swap does wrong shows when reads and writes end late, in another order than they began, or badly.
 * I1       each request ends in one page_io_done, unless it was refused.
 * I2       a slot that was freed is overwritten at once: who still reads it gets nonsense, and the test sees it.
 * LOCKS    none of its own.   CONTEXT  fakequeue's.
 */
#include "sim/fakeswap.h"
#include "base/errno.h"
#include "mm/mapping.h"
#include "mm/vmalloc.h"
#include "sim/sim.h"
#include <stdlib.h>
#include <string.h>

static struct fakeswap *swap_of(struct swapdev *dev)
{
	return container_of(dev, struct fakeswap, dev);
}

static uint8_t *place(const struct fakeswap *s, unsigned long slot)
{
	if (slot >= s->dev.nr_slots)
		panic("fakeswap: slot %lu of %lu", slot, s->dev.nr_slots);
	return s->disk + slot * PAGE_SIZE;
}

static bool fails(unsigned one_of)
{
	return one_of && !sim_random(one_of);
}

static void finish(struct fake_queue *q, const struct fake_request *r)
{
	struct fakeswap *s = container_of(q, struct fakeswap, queue);
	void *p = kmap_local_page(r->page);
	int err = fails(r->write ? s->fail_writes : r->place ? s->fail_reads : 0) ? -EIO : 0;

	if (!err && r->write)
		memcpy(place(s, r->place), p, PAGE_SIZE);
	else if (!err)
		memcpy(p, place(s, r->place), PAGE_SIZE);
	kunmap_local(p);
	page_io_done(r->page, err);
}

static int submit(struct fakeswap *s, unsigned long slot, struct page *page, bool write)
{
	if (s->refuse && fails(write ? s->fail_writes : s->fail_reads))
		return -EIO;
	fake_submit(&s->queue, page, slot, write);
	return 0;
}

static int fake_read(struct swapdev *dev, unsigned long slot, struct page *page)
{
	swap_of(dev)->reads++;
	return submit(swap_of(dev), slot, page, false);
}

static int fake_write(struct swapdev *dev, unsigned long slot, struct page *page)
{
	swap_of(dev)->writes++;
	return submit(swap_of(dev), slot, page, true);
}

static void fake_discard(struct swapdev *dev, unsigned long slot, unsigned long nr)
{
	swap_of(dev)->discarded += nr;
	memset(place(swap_of(dev), slot), 0xdd, nr * PAGE_SIZE);
}

static void fake_slot_free(struct swapdev *dev, unsigned long slot)
{
	swap_of(dev)->freed++;
	memset(place(swap_of(dev), slot), 0xee, PAGE_SIZE);
}

static const struct swapdev_ops ops = {
	.read = fake_read, .write = fake_write, .discard = fake_discard, .slot_free = fake_slot_free
};

static void put32(uint8_t *p, uint32_t v)
{
	memcpy(p, &v, sizeof(v));
}

void fakeswap_begin(struct fakeswap *s, unsigned long slots)
{
	*s = (struct fakeswap){ .dev = { .ops = &ops, .nr_slots = slots, .name = "/dev/fake" } };
	s->disk = malloc(slots * PAGE_SIZE);
	memset(s->disk, 0xcc, slots * PAGE_SIZE);
	memset(s->disk + 1024, 0, PAGE_SIZE - 1024);
	put32(s->disk + 1024, 1); /* version */
	put32(s->disk + 1028, (uint32_t)slots - 1);
	memcpy(s->disk + PAGE_SIZE - 10, "SWAPSPACE2", 10);
	fake_queue_init(&s->queue, finish);
	s->queue.max_delay_ns = 100000;
}

void fakeswap_on(struct fakeswap *s, int prio)
{
	if (swap_area_on(&s->dev, prio < 0 ? 0 : SWAP_FLAG_PREFER | prio, &s->type))
		panic("fakeswap: swapon");
}

void fakeswap_end(struct fakeswap *s)
{
	free(s->disk);
}
