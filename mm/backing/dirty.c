/*
 * How many pages may be dirty, and who waits when there are more.
 *
 *   0 ------- background ------- (background + threshold) / 2 ------- threshold
 *     nothing            the flusher writes, nobody waits   ...   who makes pages dirty waits for it
 *
 * Percentages are of the memory that can be dirty at all: free pages above the reserves, and the cached pages of
 * stores; high memory is left out, because a store's own structures have to fit below it.
 *
 * OWNS     the limits; the queue of who waits.
 * WHY      memory full of dirty pages cannot be given back in a hurry, and a writer faster than its disk would fill it; the
 *          writer sleeps instead, and the flusher begins long before.
 * I1       NR_FILE_DIRTY is the number of dirty pages of stores, NR_WRITEBACK of those being written.   [writeback_test]
 * I2       dirty pages exceed the threshold by no more than THROTTLE_EVERY a thread.                    [writeback_test]
 * LOCKS    m->lock for a page's change of state (I4 of mapping.c).
 * CONTEXT  dirty_throttle: a thread without locks that the store needs; the rest: any.
 * FAILS    never; a fatal signal ends the wait.
 * SOURCES  admin-guide/sysctl/vm: dirty_ratio and its family.   TESTED BY  writeback_test.c
 */
#include "base/errno.h"
#include "mm/backing/backing_impl.h"
#include "mm/imports.h"
#include "mm/vmevent.h"
#include "mm/writeback.h"
#include "mm/zone.h"

enum { PAUSE_NS = 10 * 1000 * 1000 }; /* longest time between two looks */

int vm_dirty_ratio = 20, dirty_background_ratio = 10;
unsigned long vm_dirty_bytes, dirty_background_bytes;

static struct waitq throttled = WAITQ_INIT(throttled);

void dirty_account(const struct page *page, long n)
{
	mod_node_stat(page, NR_FILE_DIRTY, n);
	mod_zone_stat(page_zone(page), NR_ZONE_WRITE_PENDING, n);
	if (n > 0)
		mod_node_stat(page, NR_DIRTIED, n);
}

void dirty_drop(const struct page *page)
{
	dirty_account(page, -1);
	mm_ctx_current()->disk_dropped += PAGE_SIZE;
}

/* Being written from now on, or (not @starts) written. */
void writeback_account(const struct page *page, bool starts)
{
	long n = starts ? 1 : -1;

	mod_node_stat(page, NR_WRITEBACK, n);
	mod_zone_stat(page_zone(page), NR_ZONE_WRITE_PENDING, n);
	if (!starts)
		mod_node_stat(page, NR_WRITTEN, 1);
}

void mapping_dirty_page(struct address_space *m, struct page *page)
{
	if (!m->ops->store) {
		page_set(page, PG_dirty);
		return;
	}
	spin_lock(&m->lock);
	if (mapping_owns(m, page) && !page_test(page, PG_dirty)) {
		page_set(page, PG_dirty);
		dirty_account(page, 1);
		mm_ctx_current()->disk_dirtied += PAGE_SIZE;
		xindex_tag_set(&m->pages, page->index, XINDEX_TAG_DIRTY);
		writeback_note(m);
	}
	spin_unlock(&m->lock);
}

void page_mark_dirty(struct page *page)
{
	struct address_space *m;

	bool given_up = page_state(page) == PS_ANON && !page_test(page, PG_swapbacked);

	if (given_up || page_test(page, PG_swapcache)) /* wanted again; what swap has is older */
		page_set(page, PG_dirty);
	if (page_state(page) != PS_FILE || page_test(page, PG_dirty))
		return;
	lock_page(page);
	m = page->mapping;
	if (m)
		mapping_set_dirty(m, page);
	unlock_page(page);
}

/* Pages of a zone that may become dirty. */
static unsigned long zone_dirtyable(const struct zone *z)
{
	long n = (long)zone_stat(z, NR_FREE_PAGES) - (long)z->watermark[WMARK_HIGH];

	return n > 0 ? (unsigned long)n : 0;
}

static unsigned long dirtyable_pages(void)
{
	unsigned long shmem = global_node_stat(NR_SHMEM), n = global_node_stat(NR_FILE_PAGES);
	struct zone *z;

	n = n > shmem ? n - shmem : 0;
	for (unsigned node = 0; node < nr_nodes; node++) {
		for_each_zone (node_data[node], z) {
			if (z - node_data[node]->node_zones != ZONE_HIGHMEM)
				n += zone_dirtyable(z);
		}
	}
	return n + 1;
}

static unsigned long limit_of(unsigned long bytes, int ratio, unsigned long available)
{
	if (bytes)
		return (bytes + PAGE_SIZE - 1) >> PAGE_SHIFT;
	return (unsigned long)((uint64_t)available * (unsigned)ratio / 100);
}

void global_dirty_limits(unsigned long *background, unsigned long *thresh)
{
	unsigned long available = dirtyable_pages();

	*thresh = limit_of(READ_ONCE(vm_dirty_bytes), READ_ONCE(vm_dirty_ratio), available);
	*background = limit_of(READ_ONCE(dirty_background_bytes), READ_ONCE(dirty_background_ratio),
			       available);
	if (*background >= *thresh)
		*background = *thresh / 2;
}

static bool over_limit(void)
{
	unsigned long background, thresh, dirty = global_node_stat(NR_FILE_DIRTY);

	global_dirty_limits(&background, &thresh);
	if (dirty > (READ_ONCE(laptop_mode) ? thresh : background))
		writeback_wake();
	return dirty + global_node_stat(NR_WRITEBACK) > thresh;
}

void dirty_throttle(void)
{
	while (over_limit() && !mm_ctx_current()->fatal_signal) {
		struct waiter w;

		waitq_add(&throttled, &w);
		(void)thread_park(PARK_KILLABLE, clock_ns() + PAUSE_NS);
		waitq_del(&throttled, &w);
	}
}

void dirty_progress(void)
{
	if (waitq_active(&throttled))
		waitq_wake_all(&throttled);
}
