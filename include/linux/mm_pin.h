/* Pins: references for devices (Linux 5.6 on). fork does not share what is pinned. Included by linux/mm.h. */
#ifndef _LINUX_MM_PIN_H
#define _LINUX_MM_PIN_H

#include <linux/mm_pages.h>

#define GUP_PIN_COUNTING_BIAS (1U << 10) /* references that one pin counts as */

void unpin_user_page(struct page *page);

#define PIN_PAGES(mm, start, n, flags, pages)                                                      \
	module_get_pages(mm, start, (unsigned long)(n), ((flags)&FOLL_WRITE) | FOLL_PIN, pages)
#define PIN_4(start, n, flags, pages)	    PIN_PAGES(current->mm, start, n, flags, pages)
#define PIN_5(start, n, flags, pages, vmas) PIN_PAGES(current->mm, start, n, flags, pages)
/* (start, n, flags, pages); before Linux 6.5 with vmas behind. */
#define pin_user_pages(...)                                                                        \
	GUP_FORM(__VA_ARGS__, GUP_NONE, GUP_NONE, GUP_NONE, PIN_5, PIN_4, GUP_NONE, GUP_NONE,      \
		 GUP_NONE)                                                                         \
	(__VA_ARGS__)
#define PINR_6(mm, start, n, flags, pages, locked)	       PIN_PAGES(mm, start, n, flags, pages)
#define PINR_7(mm, start, n, flags, pages, vmas, locked)       PIN_PAGES(mm, start, n, flags, pages)
#define PINR_8(task, mm, start, n, flags, pages, vmas, locked) PIN_PAGES(mm, start, n, flags, pages)
/* (mm, start, n, flags, pages[, vmas], locked); before Linux 5.9 a task in front. */
#define pin_user_pages_remote(...)                                                                 \
	GUP_FORM(__VA_ARGS__, PINR_8, PINR_7, PINR_6, GUP_NONE, GUP_NONE, GUP_NONE, GUP_NONE,      \
		 GUP_NONE)                                                                         \
	(__VA_ARGS__)
#define pin_user_pages_fast(start, n, flags, pages)	 ((int)PIN_PAGES(NULL, start, n, flags, pages))
#define pin_user_pages_fast_only(start, n, flags, pages) pin_user_pages_fast(start, n, flags, pages)
#define pin_user_pages_unlocked(start, n, pages, flags)	 PIN_PAGES(NULL, start, n, flags, pages)

/* So many references at once that they are taken for a pin. */
static inline bool page_maybe_dma_pinned(struct page *page)
{
	return (unsigned int)page_count(page) >= GUP_PIN_COUNTING_BIAS;
}
#define folio_maybe_dma_pinned(f) page_maybe_dma_pinned(&(f)->page)

static inline void unpin_user_pages(struct page **pages, unsigned long n)
{
	while (n)
		unpin_user_page(pages[--n]);
}

static inline void unpin_user_pages_dirty_lock(struct page **pages, unsigned long n, bool dirty)
{
	for (unsigned long i = 0; dirty && i < n; i++)
		set_page_dirty_lock(pages[i]);
	unpin_user_pages(pages, n);
}

static inline void unpin_user_page_range_dirty_lock(struct page *page, unsigned long n, bool dirty)
{
	for (; n; n--, page++)
		unpin_user_pages_dirty_lock(&page, 1, dirty);
}

#endif
