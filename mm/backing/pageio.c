/*
 * The end of an I/O on a cached page.
 *
 *   fill    the page is locked by the I/O:   valid -> PG_uptodate    failed -> PG_error, the errno in page->private
 *   store   the page has PG_writeback:       written                 failed -> PG_error, the error noted in the mapping
 *
 * WHY      one call for both, because a device's interrupt does not know what it was for.
 * I1       a page has PG_locked or PG_writeback from the start of its I/O to this call, and keeps its mapping so long: who
 *          wants it out of the cache waits first. So the mapping may be touched here, but not after the bit is clear.
 * I2       a page under PG_writeback has a reference of the I/O's, given back here.
 * LOCKS    none.   CONTEXT  any, interrupts included: the index's tags are put right by who waits (writeback.c).
 * FAILS    never.   TESTED BY  writeback_test.c, readahead_test.c
 */
#include "base/errno.h"
#include "mm/backing/backing_impl.h"
#include "mm/swap.h"
#include "mm/vmevent.h"
#include "mm/writeback.h"
#include "mm/zone.h"

static void fill_done(struct page *page, int err)
{
	if (err) {
		page->private = (unsigned long)-err;
		page_set(page, PG_error);
	} else {
		page_set(page, PG_uptodate);
	}
	page_clear_wake(page, PG_locked);
}

/* Programs are told EIO, ENOSPC or EDQUOT. */
void mapping_note_error(struct address_space *m, int err)
{
	if (err != -ENOSPC && err != -EDQUOT)
		err = -EIO;
	errseq_set(&m->wb_err, err);
	errseq_set(&m->bdi->wb_err, err);
	__atomic_store_n(&m->wb_error, err, __ATOMIC_SEQ_CST);
}

void page_written(struct page *page)
{
	writeback_account(page, false);
	if (page_test(page,
		      PG_reclaim)) /* reclaim waits for it: it is the next that a scan comes to */
		lru_rotate(page);
	page_clear_writeback(page);
}

void page_io_done(struct page *page, int err)
{
	if (page_test(page, PG_swapcache)) {
		swap_io_done(page, err);
		return;
	}
	if (!page_test(page, PG_writeback)) {
		fill_done(page, err);
		return;
	}
	if (err) {
		mapping_note_error(page->mapping, err);
		page_set(page, PG_error);
	}
	page_written(page);
	put_page(page);
	dirty_progress();
}
