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
 * FAILS    never for want of memory: a cut needs none, where memory is the store. With a store the page that the end cuts is
 *          read first, which may fail; then nothing has changed.
 * NOT HERE the file's blocks, its times (fs).   TESTED BY mapping_test.c, mm/aspace/fault_test.c
 */
#include "base/errno.h"
#include "lib/string.h"
#include "mm/backing/backing_impl.h"
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

/* @page has the caller's reference and is somewhere in @m. A write that runs is waited for: it reads the page. */
static void remove_one(struct address_space *m, struct page *page)
{
	lock_page(page);
	page_wait_writeback(page);
	if (!mapping_owns(m, page)) {
		unlock_page(page);
		return;
	}
	mapping_remove_page(m, page);
	if (page_mapcount(page) > 0 || page_ref_count(page) > REFS_ALONE)
		mapping_unmap_pages(m, page->index, page->index + (1UL << page_order(page)) - 1,
				    false);
	unlock_page(page);
	put_page(page); /* the cache's */
	if (!m->ops->store && m->ops->release)
		m->ops->release(m, 1);
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

struct page *mapping_next_page(struct address_space *m, unsigned long *index, unsigned long last)
{
	struct page *page;

	spin_lock(&m->lock);
	page = xindex_next(&m->pages, index);
	if (page && *index <= last)
		get_page(page);
	else
		page = NULL;
	spin_unlock(&m->lock);
	return page;
}

void mapping_remove_range(struct address_space *m, unsigned long first, unsigned long last,
			  bool private_too)
{
	unsigned long index = first;
	struct page *page;

	mapping_unmap_pages(m, first, last, private_too);
	while ((page = mapping_next_page(m, &index, last))) {
		remove_one(m, page);
		put_page(page);
		if (index == last)
			break;
		index++;
	}
}

/* The page that the new end cuts, in the cache and allowed to get dirty: the store is to have zeroes behind the end. */
static int hold_tail(struct address_space *m, uint64_t size)
{
	unsigned long index = (unsigned long)(size >> PAGE_SHIFT);
	struct page *page;
	int err = m->ops->reserve ? m->ops->reserve(m, index, 1) : 0;

	if (!err)
		err = mapping_get_page(m, index, &page);
	if (!err)
		put_page(page); /* makers and cutters are kept out: it stays */
	return err;
}

int mapping_truncate(struct address_space *m, uint64_t size)
{
	uint64_t old = mapping_size(m);
	uint64_t cut = old < size ? old : size;
	unsigned tail = cut & (PAGE_SIZE - 1);

	if (size && (size - 1) >> PAGE_SHIFT > ULONG_MAX - 1)
		return -EFBIG;
	if (seal_resize_ok(m, size))
		return -EPERM;
	rwsem_down_write(&m->invalidate_lock);
	if (m->ops->store && size < old && tail) {
		int err = hold_tail(m, size);

		if (err) {
			rwsem_up_write(&m->invalidate_lock);
			return err;
		}
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
	return 0;
}

int mapping_punch(struct address_space *m, uint64_t start, uint64_t end)
{
	unsigned long first = (unsigned long)((start + PAGE_SIZE - 1) >> PAGE_SHIFT);
	unsigned long stop = (unsigned long)(end >> PAGE_SHIFT);
	unsigned head = start & (PAGE_SIZE - 1), tail = end & (PAGE_SIZE - 1);

	if (m->flags & MAPPING_HUGETLB)
		return hugetlb_punch(m, start, end);
	if (seal_forbids_write(m))
		return -EPERM;
	rwsem_down_write(&m->invalidate_lock);
	if (first > stop) { /* inside one page */
		zero_part(m, stop, head, tail);
	} else {
		if (head)
			zero_part(m, first - 1, head, PAGE_SIZE);
		if (tail)
			zero_part(m, stop, 0, tail);
		if (first < stop)
			mapping_remove_range(m, first, stop - 1, false);
	}
	rwsem_up_write(&m->invalidate_lock);
	return 0;
}
