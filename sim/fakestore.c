/*
 * A disk in host memory.
 *
 * OWNS     struct fake_store and its disk.
 * WHY      what a page cache does wrong shows when reads and writes end late, in another order than they began, or badly.
 * I1       each request ends in one page_io_done.
 * I2       a write takes the page's bytes when it begins or when it ends, as chance wants: a DMA engine may do either.
 * LOCKS    none of its own.   CONTEXT  fakequeue's.
 */
#include "sim/fakestore.h"
#include "base/errno.h"
#include "mm/vmalloc.h"
#include "sim/sim.h"
#include <stdlib.h>
#include <string.h>

static struct fake_store *store_of(struct address_space *m)
{
	return container_of(m, struct fake_store, m);
}

static void take_bytes(struct fake_store *s, struct page *page)
{
	const void *p = kmap_local_page(page);

	if (page->index < FAKE_PAGES)
		memcpy(s->disk + page->index * PAGE_SIZE, p, PAGE_SIZE);
	kunmap_local(p);
}

static void give_bytes(struct fake_store *s, struct page *page)
{
	uint64_t size = mapping_size(&s->m), start = (uint64_t)page->index << PAGE_SHIFT;
	size_t n = size > start ? (size_t)min_of(uint64_t, size - start, PAGE_SIZE) : 0;
	uint8_t *p = kmap_local_page(page);

	if (page->index < FAKE_PAGES)
		memcpy(p, s->disk + page->index * PAGE_SIZE, n);
	memset(p + n, 0, PAGE_SIZE - n);
	kunmap_local(p);
}

static void finish(struct fake_queue *q, const struct fake_request *r)
{
	struct fake_store *s = container_of(q, struct fake_store, queue);
	long index = (long)r->page->index;
	int err = 0;

	if (r->write && index == s->fail_write)
		err = s->write_error;
	else if (!r->write && index == s->fail_read)
		err = -EIO;
	else if (r->write && sim_random(2))
		take_bytes(s, r->page);
	else if (!r->write)
		give_bytes(s, r->page);
	page_io_done(r->page, err);
}

static void submit(struct fake_store *s, struct page *page, bool write)
{
	if (write && (long)page->index != s->fail_write)
		take_bytes(s, page);
	fake_submit(&s->queue, page, page->index, write);
}

static int fake_fill(struct address_space *m, struct page *page)
{
	struct fake_store *s = store_of(m);

	s->reads++;
	if (page->index < FAKE_PAGES)
		s->read_of[page->index]++;
	if ((long)page->index == s->refuse_read)
		return -EIO;
	submit(s, page, false);
	return 0;
}

static int fake_write(struct address_space *m, struct page *page, const struct writeback_ctl *ctl)
{
	struct fake_store *s = store_of(m);

	if (s->refuse > 0) {
		s->refuse--;
		return -ENOMEM;
	}
	s->writes++;
	submit(s, page, true);
	return 0;
}

static int fake_reserve(struct address_space *m, unsigned long index, unsigned long nr)
{
	struct fake_store *s = store_of(m);

	if (s->room == FAKE_NEVER)
		return 0;
	if (!s->room)
		return -ENOSPC;
	s->room--;
	return 0;
}

static void fake_kick(struct address_space *m)
{
	store_of(m)->kicks++;
}

static void fake_hold(struct address_space *m)
{
}

static const struct address_space_ops ops = {
	.fill = fake_fill,
	.store = fake_write,
	.kick = fake_kick,
	.reserve = fake_reserve,
	.hold = fake_hold,
	.drop = fake_hold,
};

void fake_store_begin(struct fake_store *s, unsigned pages)
{
	*s = (struct fake_store){ .fail_read = FAKE_NEVER,
				  .fail_write = FAKE_NEVER,
				  .refuse_read = FAKE_NEVER,
				  .write_error = -EIO,
				  .room = FAKE_NEVER };
	s->disk = malloc((size_t)FAKE_PAGES * PAGE_SIZE);
	for (size_t i = 0; i < (size_t)FAKE_PAGES * PAGE_SIZE; i++)
		s->disk[i] = (uint8_t)(i * 7 + i / PAGE_SIZE);
	bdi_register(&s->bdi, "fake");
	mapping_init(&s->m, &ops, s, GFP_HIGHUSER, 0);
	s->m.bdi = &s->bdi;
	s->m.size = (uint64_t)pages << PAGE_SHIFT;
	ra_init(&s->m.ra, &s->m);
	mutex_init(&s->lock, RANK_FS);
	fake_queue_init(&s->queue, finish);
}

void fake_store_end(struct fake_store *s)
{
	mapping_destroy(&s->m);
	bdi_unregister(&s->bdi);
	free(s->disk);
}
