/* Pages that somebody pins, so that devices may read and write them for as long as they like: mm/aspace/pin.c. */
#ifndef MM_PIN_H
#define MM_PIN_H

#include "mm/page.h"

struct mm_struct;

enum { PIN_BIAS = 1024 }; /* references that one pin counts as */

/**
 * pin_user_page - pin one page of a program, faulted in with the program's rights.
 * @write: the page is written; otherwise it is read. A private page is the program's own in both cases.
 * Return: 0 and *out; -EFAULT, -ENOMEM, -EINTR.   Locks: takes mmap_lock for read.   Sleeps.   See: get_user_page.
 */
int must_check pin_user_page(struct mm_struct *mm, unsigned long addr, bool write,
			     struct page **out);
/* Give one pin back. Any context. */
void unpin_user_page(struct page *page);

/* Is @page pinned? "Maybe": so many references that came otherwise look the same. */
static inline bool page_maybe_dma_pinned(struct page *page)
{
	return (unsigned)page_ref_count(page_head(page)) >= PIN_BIAS;
}

#endif
