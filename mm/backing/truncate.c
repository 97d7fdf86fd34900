/*
 * Cutting a mapping while others fault on it.
 *
 *   truncate:   set size | unmap the range | for each page: lock, out of the index, unmap again if referenced, put
 *   fault:      table lock: look up page, take a reference, set entry
 *
 * A fault looks the page up and sets its entry under one hold of the table lock. One that found the page has a reference,
 * got under the mapping's lock: so truncate, which takes the page out of the index under that lock, sees the reference, and
 * its second unmapping waits for the table lock and finds the entry. Making pages is kept out altogether: makers hold invalidate_lock for read and
 * check the size inside, the cutter holds it for write. So do those who move entries between tables
 * (fork, mremap), because an entry in flight is in neither place.
 *
 * LOCKS    the owner's lock (rank FS) from the caller; invalidate_lock; a page's lock; m->lock. Sleeps.
 * FAILS    a page that an end cuts, and that a store or swap has, is read first, which may fail; then nothing has changed.
 *          Else never: a cut needs no memory.
 * NOT HERE the file's blocks, its times (fs).   TESTED BY mapping_test.c, mm/aspace/fault_test.c
 */
#include "base/errno.h"
#include "lib/string.h"
#include "mm/backing/backing_impl.h"
#include "mm/backing/shadow.h"
#include "mm/hugetlb.h"
#include "mm/poison.h"
#include "mm/vmalloc.h"

/* Zero bytes [from, to) of the cached page @index, if there is one with contents. */
static void zero_part(struct address_space *m, unsigned long index, unsigned from, unsigned to)
{
	struct page *page = mapping_find(m, index);
	char *p;

	if (!page)
		return;
	lock_page(page);
	if (mapping_owns(m, page) && page_test(page, PG_uptodate)) {
		p = kmap_local_page(page);
		memset(p + from, 0, to - from);
		kunmap_local(p);
		mapping_set_dirty(m, page);
	}
	unlock_page(page);
	put_page(page);
}

/* References of a page that is out of the index, and that nobody else has found: the caller's and the cache's. */
enum { REFS_ALONE = 2 };

/* @page has the caller's reference and was somewhere in @m. A write that runs is waited for: it reads the page. Return: it
 * has left. */
static bool remove_one(struct address_space *m, struct page *page)
{
	lock_page(page);
	page_wait_writeback(page);
	if (!mapping_owns(m, page)) { /* the place is looked at again */
		unlock_page(page);
		return false;
	}
	mapping_remove_page(m, page);
	if (page_mapcount(page) > 0 || page_ref_count(page) > REFS_ALONE)
		mapping_unmap_pages(m, page->index, page->index + (1UL << page_order(page)) - 1,
				    false);
	unlock_page(page);
	put_page(page); /* the cache's */
	if (!m->ops->store && m->ops->release)
		m->ops->release(m, 1);
	return true;
}

/* Without a store a hole would read as zeroes: the page stays, and says so. */
void mapping_poison_page(struct address_space *m, struct page *page, bool lost)
{
	if (!m->ops->store)
		return;
	if (lost)
		mapping_note_error(m, -EIO);
	mapping_remove_page(m, page);
	put_page(page); /* the cache's: not the last */
}

bool mapping_is_poisoned(struct address_space *m, unsigned long index)
{
	struct page *page = mapping_find(m, index);
	bool poisoned = page && page_test(page, PG_hwpoison);

	if (page)
		put_page(page);
	return poisoned;
}

enum { VALUES_BATCH = 512 }; /* looked at under one m->lock */

/* mapping_next_page, or the last value of a batch. */
static struct page *next_page_step(struct address_space *m, unsigned long *index,
				   unsigned long last)
{
	struct page *page;
	unsigned n = 0;

	spin_lock(&m->lock);
	do
		page = xindex_next(&m->pages, index);
	while (unlikely(xindex_is_value(page)) && ++n < VALUES_BATCH && *index < last && ++*index);
	if (!page || *index > last)
		page = NULL;
	if (item_page(page))
		get_page(page);
	spin_unlock(&m->lock);
	return page;
}

struct page *mapping_next_page(struct address_space *m, unsigned long *index, unsigned long last)
{
	struct page *page;

	do
		page = next_page_step(m, index, last);
	while (unlikely(xindex_is_value(page)) && (*index)++ < last);
	return item_page(page);
}

/* The first place of [*index, last] that is in use: a page with a reference, or a value. NULL: none. */
static void *next_item(struct address_space *m, unsigned long *index, unsigned long last)
{
	void *item;

	spin_lock(&m->lock);
	item = xindex_next(&m->pages, index);
	if (*index > last)
		item = NULL;
	if (item_page(item))
		get_page(item);
	spin_unlock(&m->lock);
	return item;
}

enum { REMOVE_BATCH = 16 };

/* The page freed last is the first to be given again: so what has lain side by side may do so in the next file. */
static void put_backwards(struct page **pages, unsigned *nr)
{
	while (*nr)
		put_page(pages[--*nr]);
}

/* A place is left only when it is found empty: a page may go to swap, or come back, while it is looked at. */
void mapping_remove_range(struct address_space *m, unsigned long first, unsigned long last,
			  bool private_too)
{
	struct page *gone[REMOVE_BATCH];
	unsigned long index = first;
	unsigned nr = 0;
	void *item;

	mapping_unmap_pages(m, first, last, private_too);
	while ((item = next_item(m, &index, last))) {
		if (xindex_is_value(item) && m->ops->store) {
			shadows_drop(m, index, last);
			continue;
		}
		if (xindex_is_value(item)) {
			(void)shmem_swap_drop(m, index, item);
			continue;
		}
		if (remove_one(m, item))
			gone[nr++] = item;
		else
			put_page(item);
		if (nr == REMOVE_BATCH)
			put_backwards(gone, &nr);
	}
	put_backwards(gone, &nr);
}

/* Memory is the store: the page at @index, if it is in swap, comes back and stays while it is held. */
static int hold_swapped(struct address_space *m, unsigned long index, struct page **out)
{
	int err;

	do {
		*out = mapping_find(m, index);
		err = *out ? 0 : shmem_swap_in(m, index, out);
	} while (err == -EAGAIN);
	return err == -ENOENT ? 0 : err;
}

/* The page that an end at @at cuts, in memory with a reference, NULL where there is none; with a store in the cache and
 * allowed to get dirty: the store is to have zeroes behind the end. 0 or -errno. */
static int hold_part(struct address_space *m, uint64_t at, struct page **out)
{
	unsigned long index = (unsigned long)(at >> PAGE_SHIFT);
	int err = 0;

	*out = NULL;
	if (!(at & (PAGE_SIZE - 1)))
		return 0;
	if (!m->ops->store)
		return hold_swapped(m, index, out);
	if (m->ops->reserve)
		err = m->ops->reserve(m, index, 1);
	return err ? err : mapping_get_page(m, index, out);
}

static void drop_part(struct page *page)
{
	if (page)
		put_page(page);
}

int mapping_truncate(struct address_space *m, uint64_t size)
{
	uint64_t old = mapping_size(m);
	uint64_t cut = old < size ? old : size;
	unsigned tail = cut & (PAGE_SIZE - 1);
	struct page *part = NULL;
	int err = 0;

	if (size && (size - 1) >> PAGE_SHIFT > ULONG_MAX - 1)
		return -EFBIG;
	if (seal_resize_ok(m, size))
		return -EPERM;
	rwsem_down_write(&m->invalidate_lock);
	if (!m->ops->store || size < old)
		err = hold_part(m, cut, &part);
	if (err) {
		rwsem_up_write(&m->invalidate_lock);
		return err;
	}
	if (size <= old)
		mapping_set_size(m, size);
	/* Growing too: a program may have written behind the end of the last page through a mapping. */
	if (tail)
		zero_part(m, (unsigned long)(cut >> PAGE_SHIFT), tail, PAGE_SIZE);
	if (size <= old) /* the same size: fallocate may have made pages behind it */
		mapping_remove_range(m, (unsigned long)((size + PAGE_SIZE - 1) >> PAGE_SHIFT),
				     ULONG_MAX, true);
	if (size > old)
		mapping_set_size(m, size);
	rwsem_up_write(&m->invalidate_lock);
	drop_part(part);
	return 0;
}

/* What of pages [first - 1] and [stop] is in the hole becomes zero, all of those between goes. */
static void punch(struct address_space *m, uint64_t start, uint64_t end)
{
	unsigned long first = (unsigned long)((start + PAGE_SIZE - 1) >> PAGE_SHIFT);
	unsigned long stop = (unsigned long)(end >> PAGE_SHIFT);
	unsigned head = start & (PAGE_SIZE - 1), tail = end & (PAGE_SIZE - 1);

	if (first > stop) { /* inside one page */
		zero_part(m, stop, head, tail);
		return;
	}
	if (head)
		zero_part(m, first - 1, head, PAGE_SIZE);
	if (tail)
		zero_part(m, stop, 0, tail);
	if (first < stop)
		mapping_remove_range(m, first, stop - 1, false);
}

int mapping_punch(struct address_space *m, uint64_t start, uint64_t end)
{
	struct page *head, *tail = NULL;
	int err;

	if (m->flags & MAPPING_HUGETLB)
		return hugetlb_punch(m, start, end);
	if (seal_forbids_write(m))
		return -EPERM;
	rwsem_down_write(&m->invalidate_lock);
	err = hold_part(m, start, &head);
	if (!err)
		err = hold_part(m, end, &tail);
	if (!err)
		punch(m, start, end);
	rwsem_up_write(&m->invalidate_lock);
	drop_part(head);
	drop_part(tail);
	return err;
}
