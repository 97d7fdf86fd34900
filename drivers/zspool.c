/*
 * A pool of small objects in loose pages.
 *
 *   class c: objects of (c + 1) * 64 bytes;  zs_page: 1 to 4 pages, as many as leave the least over
 *
 *      page 0        page 1        page 2          an object may begin in one page and end in the next
 *     [ A ][ B ][ C ][ D ][ E ][ F ][ G ]
 *
 * WHY      compressed pages are of any size; powers of two would lose a quarter of what compressing wins. Pages come one by one
 *          and from anywhere, so the pool works where no block of them is to be had: that is when it is needed.
 * I1       used is the number of bits in taken, below objects; a zs_page is in partial[class] exactly while used < objects.
 * I2       pool->nr_pages is the pages of all its zs_pages; they are in NR_ZSPAGES.
 * LOCKS    the owner's, a spinlock; windows on pages are opened and closed under it.
 * FAILS    zs_page_make: NULL.   NOT HERE moving objects together (Linux's compaction).
 * SOURCES  the layout is the idea of Linux's zsmalloc.   TESTED BY tests/guest/mem_swap.c
 */
#include "zspool.h"

#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "mm/zone.h"
#include "sync/failpoint.h"

static unsigned class_of(size_t len)
{
	return (unsigned)((len - 1) / ZS_STEP);
}

static size_t size_of(unsigned class)
{
	return (size_t)(class + 1) * ZS_STEP;
}

/* How many pages lose the smallest part of themselves. */
static unsigned best_pages(size_t size)
{
	unsigned best = 1;

	for (unsigned n = 2; n <= ZS_PAGES; n++) {
		if ((n * PAGE_SIZE % size) * best < (best * PAGE_SIZE % size) * n)
			best = n;
	}
	return best;
}

void zs_pool_init(struct zs_pool *pool)
{
	pool->nr_pages = 0;
	for (unsigned c = 0; c < ZS_CLASSES; c++)
		list_init(&pool->partial[c]);
}

struct zs_page *zs_page_make(size_t len, gfp_t gfp)
{
	struct zs_page *zp =
		failpoint("zs_page") ? NULL : kzalloc(sizeof(*zp), gfp & ~__GFP_HIGHMEM);
	unsigned n;

	if (!zp)
		return NULL;
	zp->class = (uint16_t)class_of(len);
	n = best_pages(size_of(zp->class));
	zp->objects = (uint16_t)(n * PAGE_SIZE / size_of(zp->class));
	while (zp->nr_pages < n) {
		struct page *page = alloc_page(gfp);

		if (!page) {
			zs_page_free(zp);
			return NULL;
		}
		mod_zone_stat(page_zone(page), NR_ZSPAGES, 1);
		zp->pages[zp->nr_pages++] = page;
	}
	return zp;
}

void zs_page_free(struct zs_page *zp)
{
	for (unsigned i = 0; i < zp->nr_pages; i++) {
		mod_zone_stat(page_zone(zp->pages[i]), NR_ZSPAGES, -1);
		__free_page(zp->pages[i]);
	}
	kfree(zp);
}

void zs_add(struct zs_pool *pool, struct zs_page *zp)
{
	pool->nr_pages += zp->nr_pages;
	list_add(&zp->link, &pool->partial[zp->class]);
}

bool zs_take(struct zs_pool *pool, size_t len, struct zs_handle *out)
{
	struct list_head *list = &pool->partial[class_of(len)];
	struct zs_page *zp;
	unsigned i = 0;

	if (list_empty(list))
		return false;
	zp = list_first(list, struct zs_page, link);
	while (test_bit(i % (8 * sizeof(long)), &zp->taken[i / (8 * sizeof(long))]))
		i++;
	zp->taken[i / (8 * sizeof(long))] |= 1UL << i % (8 * sizeof(long));
	if (++zp->used == zp->objects)
		list_del(&zp->link);
	*out = (struct zs_handle){ zp, (uint16_t)i };
	return true;
}

struct zs_page *zs_put(struct zs_pool *pool, struct zs_handle h)
{
	struct zs_page *zp = h.zp;

	zp->taken[h.object / (8 * sizeof(long))] &= ~(1UL << h.object % (8 * sizeof(long)));
	if (zp->used-- == zp->objects)
		list_add(&zp->link, &pool->partial[zp->class]);
	if (zp->used)
		return NULL;
	list_del(&zp->link);
	pool->nr_pages -= zp->nr_pages;
	return zp;
}

/* The bytes of the object, page by page. */
static void copy(struct zs_handle h, uint8_t *buf, size_t len, bool write)
{
	size_t at = h.object * size_of(h.zp->class);

	while (len) {
		size_t in_page = at % PAGE_SIZE, n = min_of(size_t, len, PAGE_SIZE - in_page);
		uint8_t *p = kmap_local_page(h.zp->pages[at / PAGE_SIZE]);

		if (write)
			memcpy(p + in_page, buf, n);
		else
			memcpy(buf, p + in_page, n);
		kunmap_local(p);
		buf += n;
		at += n;
		len -= n;
	}
}

void zs_write(struct zs_handle h, const void *from, size_t len)
{
	copy(h, (uint8_t *)(uintptr_t)from, len, true);
}

void zs_read(struct zs_handle h, void *to, size_t len)
{
	copy(h, to, len, false);
}
