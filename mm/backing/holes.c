/*
 * Where a memory-backed object has pages and where it has holes: SEEK_DATA, SEEK_HOLE, fallocate, cachestat.
 *
 *   byte range is data      a page with valid contents (PG_uptodate) is there
 *   allocated, not data     fallocate has made the page; nobody has looked at it or written it: it is not even zeroed
 *   hole                    no page
 *
 * WHY      an allocated page stays without contents until its first use: fallocate costs a page and an insertion, not
 *          512 stores, and a failed call can tell its own pages from data that must stay.
 * I1       mapping_allocate that fails leaves the pages, the charge and the size as they were: it takes back the pages that
 *          it has made and that nobody has used since. So that it cannot take an older call's for its own, it first gives
 *          contents to pages that it finds allocated but empty.
 * LOCKS    the owner's lock (rank FS) from the caller of mapping_allocate; m->lock in pieces of WALK_BATCH entries.
 * CONTEXT  threads; may sleep.
 * COST     seek: O(pages passed); allocate: one allocation and one insertion per page.
 * FAILS    -ENOSPC (limit, commit), -ENOMEM, -EINTR on a fatal signal, -EPERM (sealed).
 * NOT HERE the size of the object, seals, modes (fs); punching (truncate.c).
 * SOURCES  lseek(2), fallocate(2), cachestat(2).   TESTED BY  holes_test.c
 */
#include "base/errno.h"
#include "mm/backing/backing_impl.h"
#include "mm/backing/shadow.h"
#include "mm/cachestat.h"
#include "mm/imports.h"

enum { WALK_BATCH = 512 }; /* entries looked at under one m->lock */

/* Is what stands at a place data? What is in swap is. */
static bool is_data(const void *item)
{
	return item && (xindex_is_value(item) || page_test(item, PG_uptodate));
}

/* The first index >= *index that is data; within a batch. Return: 1 found, 0 none at all, -1 look on from *index. */
static int data_step(struct address_space *m, unsigned long *index)
{
	int r = -1;

	spin_lock(&m->lock);
	for (unsigned n = 0; n < WALK_BATCH && r < 0; n++) {
		const void *item = xindex_next(&m->pages, index);

		if (!item)
			r = 0;
		else if (is_data(item))
			r = 1;
		else if (!++*index)
			r = 0;
	}
	spin_unlock(&m->lock);
	return r;
}

/* The same for what is not data. */
static int hole_step(struct address_space *m, unsigned long *index)
{
	int r = -1;

	spin_lock(&m->lock);
	for (unsigned n = 0; n < WALK_BATCH && r < 0; n++) {
		if (!is_data(xindex_find(&m->pages, *index)))
			r = 1;
		else if (!++*index)
			r = 0;
	}
	spin_unlock(&m->lock);
	return r;
}

int64_t mapping_seek(struct address_space *m, uint64_t pos, bool hole)
{
	uint64_t size = mapping_size(m), at;
	unsigned long index = (unsigned long)(pos >> PAGE_SHIFT);
	int r;

	if (pos >= size)
		return -ENXIO;
	do
		r = hole ? hole_step(m, &index) : data_step(m, &index);
	while (r < 0);
	at = max_of(uint64_t, (uint64_t)index << PAGE_SHIFT, pos);
	if (r && at < size)
		return (int64_t)at;
	return hole ? (int64_t)size : -ENXIO;
}

/* ---- fallocate ---- */

/* A page of its own at @index. 0 or -errno; -EAGAIN: somebody else was faster. */
static int make_empty(struct address_space *m, unsigned long index)
{
	struct page *page = mapping_new_page(m, index);
	int err;

	if (!page)
		return -ENOMEM;
	page_set(page, PG_dirty);
	err = mapping_add_page(m, page);
	put_page(page);
	return err == -EEXIST ? -EAGAIN : err;
}

/* The page that is there, with contents from now on; or an empty one. Dirty: reclaim is to keep what was asked for. */
static int allocate_one(struct address_space *m, unsigned long index)
{
	struct page *page;
	int err;

	do {
		err = mapping_lookup_page(m, index, &page);
		if (!err) {
			mapping_dirty_page(m, page);
			put_page(page);
		} else if (err == -ENOENT) {
			err = make_empty(m, index);
		}
	} while (err == -EAGAIN);
	return err;
}

/* Take the allocated but unused pages of [first, end) back. */
static void undo(struct address_space *m, unsigned long first, unsigned long end)
{
	for (unsigned long index = first; index < end; index++) {
		struct page *page = mapping_find(m, index);

		if (!page)
			continue;
		lock_page(page);
		if (mapping_owns(m, page) && !page_test(page, PG_uptodate) &&
		    !page_test(page, PG_hwpoison)) {
			mapping_remove_page(m, page);
			put_page(page); /* the cache's */
			if (m->ops->release)
				m->ops->release(m, 1);
		}
		unlock_page(page);
		put_page(page);
	}
}

int mapping_allocate(struct address_space *m, uint64_t start, uint64_t end)
{
	unsigned long first = (unsigned long)(start >> PAGE_SHIFT), index;
	unsigned long stop = (unsigned long)((end + PAGE_SIZE - 1) >> PAGE_SHIFT);
	int err = 0;

	if ((m->seals & F_SEAL_GROW) && end > mapping_size(m))
		return -EPERM;
	WRITE_ONCE(m->allocating, true); /* the owner's lock is held */
	for (index = first; index < stop; index++) {
		err = mm_ctx_current()->fatal_signal ? -EINTR : allocate_one(m, index);
		if (err)
			break;
	}
	if (err)
		undo(m, first, index);
	WRITE_ONCE(m->allocating, false);
	return err;
}

/* ---- cachestat ---- */

static void count_page(struct address_space *m, const struct page *page, unsigned long index,
		       struct mapping_counts *out)
{
	if (xindex_is_value(page)) {
		out->evicted++;
		out->recent += m->ops->store ? shadow_is_recent(page) : shmem_left_recently(page);
		return;
	}
	out->cached++;
	if (page_test(page, PG_writeback))
		out->writeback++;
	if (xindex_tag_get(&m->pages, index, XINDEX_TAG_DIRTY))
		out->dirty++;
}

/* One batch of mapping_count. Return: more is to come from *index. */
static bool count_step(struct address_space *m, unsigned long *index, unsigned long last,
		       struct mapping_counts *out)
{
	bool more = true;

	spin_lock(&m->lock);
	for (unsigned n = 0; n < WALK_BATCH && more; n++) {
		const struct page *page = xindex_next(&m->pages, index);

		if (!page || *index > last) {
			more = false;
			break;
		}
		count_page(m, page, *index, out);
		more = (*index)++ != last;
	}
	spin_unlock(&m->lock);
	return more;
}

void mapping_count(struct address_space *m, unsigned long first, unsigned long last,
		   struct mapping_counts *out)
{
	*out = (struct mapping_counts){ 0 };
	while (first <= last && count_step(m, &first, last, out))
		;
}
