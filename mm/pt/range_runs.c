/*
 * Neighbours that lie side by side in memory, too: zapped and copied as runs.
 *
 * WHY      what faults map in batches and the buddy hands out in blocks is a run of entries whose frames follow each other.
 *          Of such a run the kind of page, the limits and the sums are looked at once: what is left for each page is
 *          its entry, its counts and its flags, some fifteen instructions.
 * I1       a run has one zone and one node, and is of anonymous pages only: the flags of each page say so, compared with the first's.
 * I2       of a page that is exclusive this entry is the only one (I4 of range.c), so its _mapcount needs no atomic change; of any
 *          other page the counts are changed as for a page alone.
 * LOCKS    the table's, by the caller's walk; of copy, the child's table's, too.
 * CONTEXT  run functions: no sleep.   COST  zap 17, copy 20 instructions a page.   FAILS  never: a run may be short.
 * NOT HERE what must be looked at one by one (range.c).   TESTED BY  range_test.c
 */
#include "mm/pt/range_impl.h"

/* Is @page, whose neighbour has @flags, anonymous and of the same zone? */
static inline bool is_like(const struct page *page, unsigned long flags)
{
	return !((READ_ONCE(page->flags) ^ flags) & (PAGE_STATE_MASK | PAGE_PLACE_MASK));
}

/* An entry of the anonymous @page is gone. Return: 1 if it was the last, otherwise 0. */
static inline unsigned unmapped_by(struct page *page)
{
	return mapcount_dec(page, MM_ANONPAGES);
}

unsigned zap_neighbours(pte_t *e, unsigned n, pte_t first, unsigned *unmapped)
{
	struct page *page = entry_page(first);
	const unsigned long flags = READ_ONCE(page->flags);
	pte_t *const from = e, *const end = e + n;
	pte_t before = first;
	unsigned last = 0;

	for (; e < end; e++) {
		pte_t cur = pte_read_locked(e);

		if (!pte_follows(cur, before) || !is_like(++page, flags))
			break;
		pte_forget(e);
		last += unmapped_by(page);
		before = cur;
	}
	*unmapped = last;
	return (unsigned)(e - from);
}

void keep_access_bits(struct page *page, pte_t old)
{
	if (pte_dirty(old) && !page_test(page, PG_dirty))
		page_set(page, PG_dirty);
	if (pte_young(old) && !page_test(page, PG_referenced))
		page_set(page, PG_referenced);
	if (pte_young(old) && page_test(page, PG_idle))
		page_clear(page, PG_idle);
}

/* Does @old say of its page what the page's @flags do not say yet? */
static inline bool tells_more(pte_t old, unsigned long flags)
{
	const unsigned long used = 1UL << PG_referenced, idle = 1UL << PG_idle;

	return (pte_dirty(old) && !(flags & 1UL << PG_dirty)) ||
	       (pte_young(old) && (flags & (used | idle)) != used);
}

/* The loop of zap_files. @full: no user code of the mm runs, so A and D cannot change. */
static always_inline_ unsigned clear_files(pte_t *e, unsigned n, bool full, unsigned *unmapped)
{
	pte_t *const from = e, *const end = e + n;
	pte_t cur = pte_read_locked(e);
	struct page *page = entry_page(cur);
	const unsigned long like = READ_ONCE(page->flags);
	unsigned last = 0;

	for (;;) {
		pte_t old = cur;

		if (full)
			pte_forget(e);
		else
			old = pte_clear(e);
		if (unlikely(tells_more(old, READ_ONCE(page->flags))))
			keep_access_bits(page, old);
		if (atomic_add_return(&page->_mapcount, -1) < 0)
			last++;
		if (++e == end)
			break;
		old = cur;
		cur = pte_read_locked(e);
		page++;
		if (!pte_follows(cur, old) || (READ_ONCE(page->flags) ^ like) & PAGE_ALIKE_MASK)
			break;
	}
	*unmapped = last;
	return (unsigned)(e - from);
}

unsigned zap_files(pte_t *e, unsigned n, bool full, unsigned *unmapped)
{
	return full ? clear_files(e, n, true, unmapped) : clear_files(e, n, false, unmapped);
}

unsigned copy_neighbours(pte_t *e, pte_t *d, unsigned n, pte_t first, bool *weakened)
{
	struct page *page = entry_page(first);
	const unsigned long flags = READ_ONCE(page->flags);
	pte_t *const from = e, *const end = e + n;
	pte_t before = first;

	for (; e < end; e++, d++) {
		pte_t cur = pte_read_locked(e);

		if (!pte_follows(cur, before) || !is_like(++page, flags))
			break;
		if (pte_write(cur)) {
			pte_wrprotect_in_place(e);
			*weakened = true;
		}
		get_page(page);
		page_share(page);
		atomic_inc(&page->_mapcount);
		pte_set(d, pte_mkold(pte_wrprotect(cur)));
		before = cur;
	}
	return (unsigned)(e - from);
}
