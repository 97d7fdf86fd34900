/* Folios: pages that are no tail pages, by another name (Linux 5.16 on). Included by linux/mm.h. */
#ifndef _LINUX_FOLIO_H
#define _LINUX_FOLIO_H

#include <linux/mm_pages.h>

struct folio {
	union {
		struct page page;
		struct {
			unsigned long flags;
			struct list_head lru;
			void *mapping;
			unsigned long index, private;
			atomic_t _mapcount, _refcount;
		};
	};
};

#define page_folio(p)		((struct folio *)compound_head(p))
#define folio_page(f, n)	(&(f)->page + (n))
#define virt_to_folio(v)	page_folio(virt_to_page(v))
#define pfn_folio(n)		page_folio(pfn_to_page(n))
#define folio_pfn(f)		page_to_pfn(&(f)->page)
#define folio_order(f)		compound_order(&(f)->page)
#define folio_nr_pages(f)	((long)compound_nr(&(f)->page))
#define folio_size(f)		page_size(&(f)->page)
#define folio_address(f)	page_address(&(f)->page)
#define folio_zone(f)		page_zone(&(f)->page)
#define folio_nid(f)		page_to_nid(&(f)->page)
#define folio_ref_count(f)	page_count(&(f)->page)
#define folio_mapcount(f)	page_mapcount(&(f)->page)
#define folio_mapped(f)		page_mapped(&(f)->page)
#define folio_mapping(f)	page_mapping(&(f)->page)
#define folio_get(f)		get_page(&(f)->page)
#define folio_put(f)		put_page(&(f)->page)
#define folio_lock(f)		lock_page(&(f)->page)
#define folio_trylock(f)	trylock_page(&(f)->page)
#define folio_unlock(f)		unlock_page(&(f)->page)
#define folio_mark_dirty(f)	set_page_dirty(&(f)->page)
#define folio_alloc(gfp, order) ((struct folio *)alloc_pages((gfp) | __GFP_COMP, order))

#define folio_test_locked(f)	  PageLocked(&(f)->page)
#define folio_test_referenced(f)  PageReferenced(&(f)->page)
#define folio_test_uptodate(f)	  PageUptodate(&(f)->page)
#define folio_test_dirty(f)	  PageDirty(&(f)->page)
#define folio_test_lru(f)	  PageLRU(&(f)->page)
#define folio_test_active(f)	  PageActive(&(f)->page)
#define folio_test_workingset(f)  PageWorkingset(&(f)->page)
#define folio_test_private(f)	  PagePrivate(&(f)->page)
#define folio_test_writeback(f)	  PageWriteback(&(f)->page)
#define folio_test_reclaim(f)	  PageReclaim(&(f)->page)
#define folio_test_swapbacked(f)  PageSwapBacked(&(f)->page)
#define folio_test_unevictable(f) PageUnevictable(&(f)->page)
#define folio_test_mlocked(f)	  PageMlocked(&(f)->page)
#define folio_test_swapcache(f)	  PageSwapCache(&(f)->page)
#define folio_test_young(f)	  PageYoung(&(f)->page)
#define folio_test_idle(f)	  PageIdle(&(f)->page)
#define folio_test_anon(f)	  PageAnon(&(f)->page)
#define folio_test_ksm(f)	  PageKsm(&(f)->page)
#define folio_test_slab(f)	  PageSlab(&(f)->page)
#define folio_test_large(f)	  PageHead(&(f)->page)
#define folio_test_hugetlb(f)	  PageHuge(&(f)->page)
#define folio_test_reserved(f)	  PageReserved(&(f)->page)

#endif
