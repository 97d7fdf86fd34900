/* A pool of small objects in pages that need not lie in the linear map: what zram compresses to. */
#ifndef DRIVERS_ZSPOOL_H
#define DRIVERS_ZSPOOL_H

#include "lib/list.h"
#include "mm/gfp.h"
#include "mm/page.h"

enum {
	ZS_STEP = 64,
	ZS_CLASSES = PAGE_SIZE / ZS_STEP,
	ZS_PAGES = 4,
	ZS_OBJECTS = ZS_PAGES * ZS_CLASSES
};

/* Pages that hold objects of one class, one behind the other, over the borders of the pages. */
struct zs_page {
	struct list_head link; /* of the pool's class, while an object is free */
	struct page *pages[ZS_PAGES];
	uint16_t class, nr_pages, objects, used;
	unsigned long taken[ZS_OBJECTS / (8 * sizeof(long))];
};

struct zs_handle {
	struct zs_page *zp; /* NULL: none */
	uint16_t object;
};

/* All calls but zs_page_make and _free: with the owner's spinlock held. */
struct zs_pool {
	struct list_head partial[ZS_CLASSES];
	unsigned long nr_pages;
};

void zs_pool_init(struct zs_pool *pool);
/* Room for @len bytes, 1 to PAGE_SIZE; false: add a zs_page_make(len). */
bool must_check zs_take(struct zs_pool *pool, size_t len, struct zs_handle *out);
/* Empty pages for objects of @len bytes. NULL: no memory. Sleeps as @gfp says. */
struct zs_page *must_check zs_page_make(size_t len, gfp_t gfp);
void zs_page_free(struct zs_page *zp);
void zs_add(struct zs_pool *pool, struct zs_page *zp);
/* Return: pages to be freed by zs_page_free, or NULL. */
struct zs_page *must_check zs_put(struct zs_pool *pool, struct zs_handle h);
void zs_write(struct zs_handle h, const void *from, size_t len);
void zs_read(struct zs_handle h, void *to, size_t len);

#endif
