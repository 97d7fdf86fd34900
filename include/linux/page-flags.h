/* What a page is. The bits of page->flags are the kernel's own; what it is used for is its state. */
#ifndef _LINUX_PAGE_FLAGS_H
#define _LINUX_PAGE_FLAGS_H

#include <linux/mm_types.h>

#include "mm/page_flags.h"

unsigned int module_page_state(const struct page *page);

#define PAGE_BIT(p, b)	     ((int)(READ_ONCE((p)->flags) >> (b)&1))
#define PAGE_STATE(p, s)     ((int)(module_page_state(p) == (s)))
#define PageLocked(p)	     PAGE_BIT(p, PG_locked)
#define PageReferenced(p)    PAGE_BIT(p, PG_referenced)
#define PageUptodate(p)	     PAGE_BIT(p, PG_uptodate)
#define PageDirty(p)	     PAGE_BIT(p, PG_dirty)
#define PageLRU(p)	     PAGE_BIT(p, PG_lru)
#define PageActive(p)	     PAGE_BIT(p, PG_active)
#define PageWorkingset(p)    PAGE_BIT(p, PG_workingset)
#define PageError(p)	     PAGE_BIT(p, PG_error)
#define PagePrivate(p)	     PAGE_BIT(p, PG_private)
#define PageWriteback(p)     PAGE_BIT(p, PG_writeback)
#define PageHead(p)	     PAGE_BIT(p, PG_head)
#define PageReclaim(p)	     PAGE_BIT(p, PG_reclaim)
#define PageSwapBacked(p)    PAGE_BIT(p, PG_swapbacked)
#define PageUnevictable(p)   PAGE_BIT(p, PG_unevictable)
#define PageMlocked(p)	     PAGE_BIT(p, PG_mlocked)
#define PageSwapCache(p)     PAGE_BIT(p, PG_swapcache)
#define PageYoung(p)	     PAGE_BIT(p, PG_young)
#define PageIdle(p)	     PAGE_BIT(p, PG_idle)
#define PageHWPoison(p)	     PAGE_BIT(p, PG_hwpoison)
#define PageReserved(p)	     (PAGE_STATE(p, PS_RESERVED) || page_is_set_aside(p))
#define PageBuddy(p)	     PAGE_STATE(p, PS_BUDDY)
#define PageSlab(p)	     PAGE_STATE(p, PS_SLAB)
#define PageTable(p)	     PAGE_STATE(p, PS_TABLE)
#define PageTail(p)	     PAGE_STATE(p, PS_TAIL)
#define PageCompound(p)	     (PageHead(p) || PageTail(p))
#define PageTransHuge(p)     PageHead(p)
#define PageTransCompound(p) PageCompound(p)
#define PageHuge(p)	     (PageHead(p) && PAGE_BIT(p, PG_hugetlb))
#define PageAnon(p)	     PAGE_STATE(compound_head(p), PS_ANON)
#define PageKsm(p)	     ((((unsigned long)(p)->mapping) & 3) == 3)
#define PageMappingFlags(p)  ((((unsigned long)(p)->mapping) & 3) != 0)

/*
 * What SetPageReserved has set: on memory of modules, where the bit means nothing else. Such a page is never moved or taken anyway;
 * who frees it clears all bits.
 */
#define PG_reserved PG_mappedtodisk

static inline int page_is_set_aside(const struct page *p)
{
	return PAGE_STATE(p, PS_KERNEL) && PAGE_BIT(p, PG_reserved);
}

/* A bit of a page that is a module's; those of others' pages are the kernel's to set. */
static inline void page_set_bit(struct page *p, unsigned int b, int on)
{
	const unsigned long bit = 1UL << b;

	if (!PAGE_STATE(p, PS_KERNEL))
		return;
	if (on)
		(void)__atomic_fetch_or(&p->flags, bit, __ATOMIC_SEQ_CST);
	else
		(void)__atomic_fetch_and(&p->flags, ~bit, __ATOMIC_SEQ_CST);
}

static inline struct page *compound_head(const struct page *p)
{
	return PageTail(p) ? p->compound_head : (struct page *)p;
}

static inline unsigned int compound_order(const struct page *p)
{
	return PageHead(p) ? (unsigned int)p[1].private : 0;
}

#define SetPageReserved(p)     page_set_bit(p, PG_reserved, 1)
#define ClearPageReserved(p)   page_set_bit(p, PG_reserved, 0)
#define SetPageDirty(p)	       set_page_dirty(p)
#define ClearPageDirty(p)      page_set_bit(p, PG_dirty, 0)
#define SetPageUptodate(p)     page_set_bit(p, PG_uptodate, 1)
#define ClearPageUptodate(p)   page_set_bit(p, PG_uptodate, 0)
#define SetPageReferenced(p)   page_set_bit(p, PG_referenced, 1)
#define ClearPageReferenced(p) page_set_bit(p, PG_referenced, 0)
#define SetPagePrivate(p)      page_set_bit(p, PG_private, 1)
#define ClearPagePrivate(p)    page_set_bit(p, PG_private, 0)
#define page_private(p)	       ((p)->private)
#define set_page_private(p, v) ((p)->private = (v))

#endif
