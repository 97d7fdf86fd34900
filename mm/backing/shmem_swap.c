/*
 * Shared memory in swap: tmpfs, MAP_SHARED|MAP_ANONYMOUS, memfd, System V segments.
 *
 *   index:  page ──shmem_swap_out──► value: area and slot ──shmem_swap_in──► page
 *                      │                                        ▲
 *                      ▼   an ordinary page of the swap cache   │
 *                      written, dropped ····· found, or read ───┘
 *
 * A place of the object's index has a page, or the number of a slot (a value: lib/xindex.h). On the way out the page leaves
 * the index as soon as it has a slot, and is from then on what a page is that swap has read and nobody maps: state ANON,
 * without a mapping. So the swap cache, reclaim's writes, migration and swapoff need not know whose it is. Who wants it
 * finds the value, takes the page from the swap cache (or reads the slot) and puts it back into the index.
 *
 * OWNS     values in the index of a mapping without a store, nr_values, the list of objects that have had any.
 * WHY      as on Linux: contents cannot change while swap has them, as nobody can get at the page but through here; so a slot
 *          never has to be compared with its page, and no write path looks for swap.
 * I1       a value is one count of its slot (swapmap.c, I2); or says that swapoff could not read it (SWP_LOST).
 * I2       a page goes out only when unmapped and known to nobody but index, swap cache and caller, looked at under m->lock
 *          and the page lock: who has found it before may still write to it, and whoever comes later finds the value.
 * I3       a page comes back dirty, and without a slot.
 * I4       the charge of the object (shmem.c), of its mount and st_blocks are for pages and values alike.
 * I5       an object with values is on the list; it leaves it when it has neither pages nor values and swapoff has left it.
 * LOCKS    the page lock, then m->lock; area->lock under neither (rank SWAPMAP < INDEX). list_lock: the list, swap_pins.
 * CONTEXT  threads; sleeps for reads and for writes that run.
 * FAILS    out: -EBUSY, -ENOSPC. In: -EIO, -ENOMEM, -EINTR; the value stays.
 * NOT HERE slots (swapmap.c), which pages go (mm/reclaim, mm/aspace/pageout.c), locked objects (shmem_lock).
 * SOURCES  swapon(2), tmpfs(5); Gorman 2004, ch. 12.   TESTED BY shmem_swap_test.c
 */
#include "base/errno.h"
#include "lib/list.h"
#include "mm/backing/backing_impl.h"
#include "mm/backing/swap_impl.h"
#include "mm/hugetlb.h"
#include "mm/imports.h"
#include "mm/vmalloc.h"
#include "mm/vmevent.h"
#include "sync/failpoint.h"

enum { WALK_BATCH = 512 }; /* places looked at under one m->lock */

static struct spinlock list_lock = SPINLOCK_INIT(RANK_SWAPMAP);
static struct list_head objects = LIST_HEAD_INIT(objects); /* by wb_link */

static void *value_of(swp_entry_t entry)
{
	return xindex_value(entry.val);
}

static swp_entry_t entry_of(const void *value)
{
	return (swp_entry_t){ xindex_number(value) };
}

static bool is_lost(swp_entry_t entry)
{
	return swp_type(entry) == SWP_LOST;
}

/* ---- out ---- */

static void note_object(struct address_space *m)
{
	spin_lock(&list_lock);
	if (list_empty(&m->wb_link))
		list_add_tail(&m->wb_link, &objects);
	spin_unlock(&list_lock);
}

/* References of a page that is on its way: the index's, the swap cache's and the caller's. */
enum { REFS_LEAVING = 3 };

/* The page in the swap cache leaves the index, if nobody else knows it. @m may be gone afterwards. */
static bool move_out(struct address_space *m, struct page *page)
{
	bool unused;

	spin_lock(&m->lock);
	unused = page_ref_count(page) == REFS_LEAVING;
	if (unused) {
		xindex_replace(&m->pages, page->index, value_of(page_swap_entry(page)));
		m->nr_pages--;
		WRITE_ONCE(m->nr_values, m->nr_values + 1);
		WRITE_ONCE(page->mapping, NULL);
		page_become(page, PS_FILE, PS_ANON);
		mapping_count_pages(m, page, -1);
	}
	spin_unlock(&m->lock);
	if (unused)
		put_page(page); /* the index's */
	return unused;
}

/* fallocate has made the page, nobody has used it: zeroes go to swap. Not while a call may want to take it back. */
static bool give_contents(const struct address_space *m, struct page *page)
{
	void *p;

	if (page_test(page, PG_uptodate))
		return true;
	if (READ_ONCE(m->allocating) || page_test(page, PG_hwpoison))
		return false;
	p = kmap_local_page(page);
	frame_zero(p);
	kunmap_local(p);
	page_set(page, PG_uptodate);
	return true;
}

int shmem_swap_out(struct page *page)
{
	struct address_space *m = page_mapping(page);
	swp_entry_t entry;
	int err;

	kassert(page_test(page, PG_locked) && !page_mapcount(page));
	if (!give_contents(m, page))
		return -EBUSY;
	err = add_to_swap(page);
	if (err)
		return err;
	note_object(m);
	entry = page_swap_entry(page);
	swap_dup(entry);
	if (move_out(m, page))
		return 0;
	swap_put(entry);
	(void)page_free_swap(page);
	return -EBUSY;
}

/* ---- in ---- */

/* What is at @index? 0: *entry; -ENOENT: nothing; -EAGAIN: a page. */
static int find_entry(struct address_space *m, unsigned long index, swp_entry_t *entry)
{
	void *item;

	spin_lock(&m->lock);
	item = xindex_find(&m->pages, index);
	spin_unlock(&m->lock);
	if (!item)
		return -ENOENT;
	*entry = entry_of(item);
	return xindex_is_value(item) ? 0 : -EAGAIN;
}

bool shmem_swapped(struct address_space *m, unsigned long index, bool *cached)
{
	swp_entry_t entry;

	if (!shmem_has_swapped(m) || find_entry(m, index, &entry))
		return false;
	*cached = !is_lost(entry) && swap_is_cached(entry);
	return true;
}

/* Start to read the slot. 0 and the page; -EAGAIN: somebody was faster, or the value has changed; -ENOMEM. */
static int start_read(struct address_space *m, unsigned long index, swp_entry_t entry, bool around,
		      struct page **out)
{
	struct page *page =
		failpoint("shmem_swap_in") ? NULL : mapping_alloc_frame(m, index, m->gfp);

	if (!page)
		return -ENOMEM;
	if (swap_read_page(entry, page, around)) {
		put_page(page);
		return -EAGAIN;
	}
	*out = page;
	return 0;
}

/* The locked page of the swap cache is the object's again. */
static int move_in(struct address_space *m, unsigned long index, struct page *page)
{
	swp_entry_t entry = page_swap_entry(page);
	bool same;

	spin_lock(&m->lock);
	same = xindex_find(&m->pages, index) == value_of(entry);
	if (same) {
		page_set(page, PG_dirty);
		page_clear(page, PG_error);
		get_page(page); /* the index's */
		page_become(page, PS_ANON, PS_FILE);
		page->index = index;
		xindex_replace(&m->pages, index, page);
		m->nr_pages++;
		WRITE_ONCE(m->nr_values, m->nr_values - 1);
		mapping_count_pages(m, page, 1);
		WRITE_ONCE(page->mapping, m);
	}
	spin_unlock(&m->lock);
	if (!same)
		return -EAGAIN;
	swap_put(entry);
	(void)page_free_swap(page);
	return 0;
}

/* @page, referenced, is the slot's, or was; @mine: we have asked for its read. */
static int take_back(struct address_space *m, unsigned long index, swp_entry_t entry,
		     struct page *page, bool mine)
{
	int err = lock_page_killable(page);

	if (err)
		return err;
	err = page_wait_clear(page, PG_writeback, PARK_KILLABLE);
	if (!err && !swapcache_owns(page, entry)) {
		err = -EAGAIN;
	} else if (!err && !page_test(page, PG_uptodate)) {
		swapcache_del(page); /* whoever comes next reads it anew */
		err = mine ? -EIO : -EAGAIN;
	} else if (!err) {
		err = move_in(m, index, page);
	}
	unlock_page(page);
	return err;
}

int shmem_swap_in(struct address_space *m, unsigned long index, struct page **out)
{
	swp_entry_t entry;
	struct page *page;
	bool found;
	int err = find_entry(m, index, &entry);

	if (err)
		return err;
	if (is_lost(entry))
		return -EIO;
	page = swapcache_use(entry);
	found = page;
	if (!found) {
		err = start_read(m, index, entry, true, &page);
		if (err)
			return err;
	}
	err = take_back(m, index, entry, page, !found);
	if (err)
		swap_put_page(page);
	else
		*out = page;
	return err;
}

/* The first value of [*index, last]; NULL: none in a batch of places: look on from *index if *more. */
static void *next_value(struct address_space *m, unsigned long *index, unsigned long last,
			bool *more)
{
	void *item = NULL;

	spin_lock(&m->lock);
	*more = m->nr_values != 0;
	for (unsigned n = 0; n < WALK_BATCH && *more; n++) {
		item = xindex_next(&m->pages, index);
		if (!item || *index > last)
			*more = false;
		else if (xindex_is_value(item))
			break;
		else if ((*index)++ == last)
			*more = false;
		item = NULL;
	}
	spin_unlock(&m->lock);
	return item;
}

void shmem_read_ahead(struct address_space *m, unsigned long first, unsigned long last)
{
	unsigned long index = first;
	bool more = shmem_has_swapped(m);

	while (more) {
		void *value = next_value(m, &index, last, &more);
		struct page *page;

		if (!value)
			continue;
		if (!is_lost(entry_of(value)) && !swap_is_cached(entry_of(value)) &&
		    !start_read(m, index, entry_of(value), false, &page))
			swap_put_page(page);
		more = index++ != last;
	}
}

bool shmem_left_recently(const void *item)
{
	uint32_t shadow = is_lost(entry_of(item)) ? 0 : swap_entry_shadow(entry_of(item));

	return shadow && workingset_is_recent(shadow, false, swap_space_left());
}

/* ---- gone ---- */

bool shmem_swap_drop(struct address_space *m, unsigned long index, void *item)
{
	bool same;

	spin_lock(&m->lock);
	same = xindex_find(&m->pages, index) == item;
	if (same)
		mapping_forget_value(m, index);
	spin_unlock(&m->lock);
	if (!same)
		return false;
	if (!is_lost(entry_of(item)))
		swap_put(entry_of(item));
	if (m->ops->release)
		m->ops->release(m, 1);
	return true;
}

/* ---- figures ---- */

unsigned long shmem_swap_usage(struct address_space *m, unsigned long first, unsigned long last)
{
	unsigned long index = first, n = 0;
	bool more = shmem_has_swapped(m);

	if (more && !first && last >= (mapping_size(m) - 1) >> PAGE_SHIFT)
		return READ_ONCE(m->nr_values);
	while (more) {
		if (!next_value(m, &index, last, &more))
			continue;
		n++;
		more = index++ != last;
	}
	return n;
}

/* ---- swapoff ---- */

/* The object after @m, whose pin goes; pinned: it stays an object while swapoff works on it. NULL: no more. */
static struct address_space *next_object(struct address_space *m)
{
	struct list_head *next;

	spin_lock(&list_lock);
	next = m ? m->wb_link.next : objects.next;
	if (m)
		m->swap_pins--;
	m = next == &objects ? NULL : list_entry(next, struct address_space, wb_link);
	if (m)
		m->swap_pins++;
	spin_unlock(&list_lock);
	return m;
}

static void unpin_object(struct address_space *m)
{
	spin_lock(&list_lock);
	m->swap_pins--;
	spin_unlock(&list_lock);
}

void shmem_swap_end(struct address_space *m)
{
	bool pinned = !list_empty(&m->wb_link); /* most have never been on it */

	while (pinned) {
		spin_lock(&list_lock);
		pinned = m->swap_pins;
		if (!pinned)
			list_del_init(&m->wb_link);
		spin_unlock(&list_lock);
		if (pinned)
			(void)thread_park(PARK_UNINTERRUPTIBLE, clock_ns() + NSEC_PER_MSEC);
	}
}

/* The slot cannot be read: nobody shall wait for it. */
static void mark_lost(struct address_space *m, unsigned long index, void *value)
{
	bool same;

	spin_lock(&m->lock);
	same = xindex_find(&m->pages, index) == value;
	if (same)
		xindex_replace(&m->pages, index, value_of(swp_entry(SWP_LOST, 0)));
	spin_unlock(&m->lock);
	if (same)
		swap_put(entry_of(value));
}

/* The value at @index comes back, if it still is one. */
static int unuse_place(struct address_space *m, unsigned long index, void *value)
{
	struct page *page;
	int err = shmem_swap_in(m, index, &page);

	if (!err)
		put_page(page);
	if (err == -EIO)
		mark_lost(m, index, value);
	return err == -ENOMEM || err == -EINTR ? err : 0;
}

static int unuse_object(struct address_space *m, unsigned type)
{
	unsigned long index = 0;
	bool more = true;
	int err = 0;

	while (more && !err) {
		void *value = next_value(m, &index, ULONG_MAX, &more);

		if (value && swp_type(entry_of(value)) == type)
			err = unuse_place(m, index, value);
		else if (value)
			more = ++index;
	}
	return err;
}

int shmem_unuse(unsigned type)
{
	struct address_space *m;
	int err = 0;

	for (m = next_object(NULL); m && !err; m = next_object(m))
		err = unuse_object(m, type);
	if (m)
		unpin_object(m);
	return err;
}
