/*
 * Read-ahead: pages of a store are asked for before they are needed.
 *
 *        window, asked for last                        the next one is asked for when page M is used
 *   |-------------------------M----------------|- - - - - - - - - - - - - - -|
 *   start                     start + size - async_size      start + size
 *
 *   first read of a file, or right behind the last one    window: some pages more than wanted, mark M behind these
 *   read at M (PG_readahead) or at the window's end       next window: twice as large, up to ra_pages, all of it marked
 *   miss with a run of cached pages before it             several readers of one file: a window as long as that run
 *   any other miss, or advice RANDOM                      what is wanted, nothing more
 *   fault                                                 around the page, half before it; ahead with MADV_SEQUENTIAL
 *
 * WHY      a disk needs as long for a page as for thirty, and can work while the program does: with the mark the next window
 *          is under way before the last is used up, so a sequential reader waits once.
 * I1       pages asked for lie below the end of the object, and none that is cached is asked for again.
 * I2       exactly one page of a window has PG_readahead when async_size is not 0.               [readahead_test]
 * LOCKS    invalidate_lock for read while pages are made (truncation is kept out). The state has none: it is a hint.
 * CONTEXT  threads; may sleep for memory, never for the store.
 * COST     a hit: one test of a bit. A window: its pages, and one kick.
 * FAILS    never: pages that cannot be had are read when they are needed.
 * NOT HERE waiting (mapping.c).   SOURCES  readahead(2), posix_fadvise(2), madvise(2); Wu et al. 2008.
 * TESTED BY  readahead_test.c
 */
#include "mm/readahead.h"
#include "base/errno.h"
#include "mm/backing/backing_impl.h"
#include "mm/vma.h"
#include "mm/writeback.h"

enum { MISS_LOTS = 100, MISS_MAX = 10 * MISS_LOTS, FORCE_CHUNK = 512 /* 2 MiB */ };

void ra_init(struct file_ra_state *ra, const struct address_space *m)
{
	*ra = (struct file_ra_state){ .ra_pages = m->bdi ? READ_ONCE(m->bdi->ra_pages) : 0 };
	ra->prev_pos = UINT64_MAX;
}

/* Ask for the pages of [start, start + nr) that are not there; page @mark of the object gets PG_readahead. */
static void ask(struct address_space *m, unsigned long start, unsigned long nr, unsigned long mark)
{
	gfp_t gfp = m->gfp | __GFP_NORETRY | __GFP_NOWARN;
	bool asked = false;
	unsigned long end;

	rwsem_down_read(&m->invalidate_lock);
	end = (unsigned long)((mapping_size(m) + PAGE_SIZE - 1) >> PAGE_SHIFT);
	end = start + nr < start ? end : min_of(unsigned long, end, start + nr);
	for (unsigned long index = start; index < end; index++) {
		struct page *page = mapping_find(m, index);
		int err = page ? -EEXIST : mapping_start_page(m, index, gfp, &page);

		if (err && err != -EEXIST)
			break;
		asked |= !err;
		if (!page)
			continue;
		if (!err && index == mark)
			page_set(page, PG_readahead);
		put_page(page);
	}
	rwsem_up_read(&m->invalidate_lock);
	if (asked && m->ops->kick)
		m->ops->kick(m);
}

static void ask_window(struct address_space *m, const struct file_ra_state *ra)
{
	ask(m, ra->start, ra->size,
	    ra->async_size ? ra->start + ra->size - ra->async_size : ULONG_MAX);
}

static unsigned pow2_from(unsigned n)
{
	unsigned p = 1;

	while (p < n)
		p *= 2;
	return p;
}

/* A first window: small reads get four times as much, larger ones twice. */
static unsigned first_size(unsigned req, unsigned max)
{
	unsigned n = pow2_from(req);

	if (n <= max / 32)
		return n * 4;
	return n <= max / 4 ? n * 2 : max;
}

static unsigned next_size(const struct file_ra_state *ra, unsigned max)
{
	if (ra->size < max / 16)
		return ra->size * 4;
	return ra->size <= max / 2 ? ra->size * 2 : max;
}

static void window_first(struct file_ra_state *ra, unsigned long index, unsigned req, unsigned max)
{
	ra->start = index;
	ra->size = first_size(req, max);
	ra->async_size = ra->size > req ? ra->size - req : ra->size;
}

/* The reader has come to the mark or to the end of the window. */
static bool window_next(struct file_ra_state *ra, unsigned long index, unsigned max)
{
	if (!ra->size ||
	    (index != ra->start + ra->size - ra->async_size && index != ra->start + ra->size))
		return false;
	ra->start += ra->size;
	ra->size = next_size(ra, max);
	ra->async_size = ra->size;
	return true;
}

/* Cached pages in a row, from @index - 1 downwards. */
static unsigned cached_before(struct address_space *m, unsigned long index, unsigned max)
{
	unsigned n = 0;

	spin_lock(&m->lock);
	while (n < max && n < index && item_page(xindex_find(&m->pages, index - 1 - n)))
		n++;
	spin_unlock(&m->lock);
	return n;
}

/* The first page from @index on that is not cached. */
static unsigned long next_missing(struct address_space *m, unsigned long index, unsigned max)
{
	unsigned n = 0;

	spin_lock(&m->lock);
	while (n < max && item_page(xindex_find(&m->pages, index + n)))
		n++;
	spin_unlock(&m->lock);
	return index + n;
}

/* Another's reads are before it: several read one file, each in sequence. */
static bool window_from_cache(struct address_space *m, struct file_ra_state *ra,
			      unsigned long index, unsigned req, unsigned max)
{
	unsigned run = cached_before(m, index, max);

	if (run <= req)
		return false;
	if (run >= index) /* from the beginning of the file */
		run *= 2;
	ra->start = index;
	ra->size = min_of(unsigned, run + req, max);
	ra->async_size = 1;
	return true;
}

/* The window that the missing page @index calls for. Return: false: none, what is wanted is all. */
static bool choose_window(struct address_space *m, struct file_ra_state *ra, unsigned long index,
			  unsigned req, unsigned max)
{
	unsigned long prev = (unsigned long)(ra->prev_pos >> PAGE_SHIFT);

	if (index && window_next(ra, index, max))
		return true;
	if (index && req < max && index - prev > 1)
		return window_from_cache(m, ra, index, req, max);
	window_first(ra, index, req, max);
	return true;
}

void ra_sync(struct address_space *m, struct file_ra_state *ra, unsigned long index, unsigned req)
{
	unsigned max = READ_ONCE(ra->ra_pages);

	req = min_of(unsigned, req, max_of(unsigned, max, 1));
	if (!max || ra->random || !choose_window(m, ra, index, req, max)) {
		ask(m, index, req, ULONG_MAX);
		return;
	}
	/* The mark is on the first page: the next window is due at once, so it comes along. */
	if (index == ra->start && ra->size == ra->async_size) {
		unsigned more = next_size(ra, max);

		ra->async_size = ra->size + more <= max ? more : max / 2;
		ra->size = min_of(unsigned, ra->size + more, max);
	}
	ask_window(m, ra);
}

void ra_async(struct address_space *m, struct file_ra_state *ra, struct page *page,
	      unsigned long index, unsigned req)
{
	unsigned max = READ_ONCE(ra->ra_pages);

	page_clear(page, PG_readahead);
	if (!max || ra->random)
		return;
	if (!window_next(ra, index, max)) { /* somebody else's mark: go on where his window ends */
		unsigned long start = next_missing(m, index + 1, max);

		if (start - index > max)
			return;
		ra->start = start;
		ra->size = (unsigned)(start - index) + req;
		ra->size = min_of(unsigned, next_size(ra, max), max);
		ra->async_size = ra->size;
	}
	ask_window(m, ra);
}

void ra_force(struct address_space *m, unsigned long first, unsigned long nr)
{
	while (nr) {
		unsigned long n = min_of(unsigned long, nr, FORCE_CHUNK);

		if ((uint64_t)first << PAGE_SHIFT >= mapping_size(m))
			return;
		ask(m, first, n, ULONG_MAX);
		first += n;
		nr -= n;
	}
}

/* ---- faults ---- */

void ra_fault(struct address_space *m, unsigned long index, unsigned long vm_flags)
{
	struct file_ra_state *ra = &m->ra;
	unsigned max = READ_ONCE(ra->ra_pages);

	if ((vm_flags & VM_RAND_READ) || !max)
		return;
	if (vm_flags & VM_SEQ_READ) {
		ra_sync(m, ra, index, 1);
		ra->prev_pos = (uint64_t)index << PAGE_SHIFT;
		return;
	}
	if (ra->mmap_miss < MISS_MAX)
		ra->mmap_miss++;
	if (ra->mmap_miss > MISS_LOTS) /* it has not helped so far */
		return;
	ra->start = index > max / 2 ? index - max / 2 : 0;
	ra->size = max;
	ra->async_size = max / 4;
	ask_window(m, ra);
}

void ra_fault_mark(struct address_space *m, struct page *page, unsigned long index,
		   unsigned long vm_flags)
{
	if (m->ra.mmap_miss)
		m->ra.mmap_miss--;
	if (vm_flags & VM_RAND_READ)
		page_clear(page, PG_readahead);
	else
		ra_async(m, &m->ra, page, index, 1);
}
