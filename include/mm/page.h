/* What may be done with a page: flags, state, references, the page lock. The descriptor itself: mm/memmap.h. */
#ifndef MM_PAGE_H
#define MM_PAGE_H

#include "mm/memmap.h"
#include "sync/kassert.h"
#include "sync/waitq.h"

struct anon_vma;

static inline bool page_test(const struct page *page, enum page_flag f)
{
	return test_bit(f, &page->flags);
}

static inline void page_set(struct page *page, enum page_flag f)
{
	atomic_set_bit(f, &page->flags);
}

static inline void page_clear(struct page *page, enum page_flag f)
{
	atomic_clear_bit(f, &page->flags);
}

static inline enum page_state page_state(const struct page *page)
{
	return (enum page_state)(READ_ONCE(page->flags) >> PAGE_STATE_SHIFT & 15);
}

/* The low bits of page->mapping: of an anonymous page it is an anon_vma; of one that KSM shares, KSM's record of it. */
#define PAGE_MAPPING_ANON  ((uintptr_t)1)
#define PAGE_MAPPING_KSM   ((uintptr_t)3)
#define PAGE_MAPPING_FLAGS ((uintptr_t)3)

/* The anon_vma @page was made in; NULL for any other page. May be a snapshot: rmap.h says how to use it. */
static inline struct anon_vma *page_anon_vma(const struct page *page)
{
	uintptr_t m = (uintptr_t)READ_ONCE(page->mapping);

	return (m & PAGE_MAPPING_FLAGS) == PAGE_MAPPING_ANON
		       ? (struct anon_vma *)(m & ~PAGE_MAPPING_FLAGS)
		       : NULL;
}

/* Is the anonymous @page one that KSM shares between programs? */
static inline bool page_is_ksm(const struct page *page)
{
	return ((uintptr_t)READ_ONCE(page->mapping) & PAGE_MAPPING_FLAGS) == PAGE_MAPPING_KSM;
}

/* The cache @page is in; NULL for any other page. */
static inline struct address_space *page_mapping(const struct page *page)
{
	return page_state(page) == PS_FILE ? READ_ONCE(page->mapping) : NULL;
}

static inline unsigned page_zone_id(const struct page *page)
{
	return READ_ONCE(page->flags) >> PAGE_ZONE_SHIFT & 7;
}

static inline unsigned page_node_id(const struct page *page)
{
	return READ_ONCE(page->flags) >> PAGE_NODE_SHIFT & 3;
}

/* Panic unless @page is in @from and the edge to @to is in the table of mm/phys/page.c. */
void page_check_edge(const struct page *page, enum page_state from, enum page_state to);

/* Change state; a debug build asserts that the page is in @from and that the edge exists. The owner of the page calls it. */
static inline void page_become(struct page *page, enum page_state from, enum page_state to)
{
	if (CFG_DEBUG)
		page_check_edge(page, from, to);
	(void)__atomic_fetch_xor(&page->flags, (unsigned long)(from ^ to) << PAGE_STATE_SHIFT,
				 __ATOMIC_SEQ_CST);
}

const char *page_state_name(enum page_state s);
const char *page_flag_name(enum page_flag f);

/* The page whose refcount counts for @page: itself, or the first page of its compound block. */
static inline struct page *page_head(struct page *page)
{
	return page_state(page) == PS_TAIL ? page->compound_head : page;
}

/* Order of a compound page's head; 0 for any other page. */
static inline unsigned page_order(const struct page *page)
{
	return page_test(page, PG_head) ? (unsigned)page[1].private : 0;
}

/* Reference counts. The page must be allocated; the last put frees it. Any context for get. */
static inline void get_page(struct page *page)
{
	kassert(atomic_read(&page->_refcount) > 0);
	atomic_inc(&page->_refcount);
}
/* The page of frame @pfn with a reference, if it is a program's or in a page cache; NULL: not, or it is being freed. Such
 * a page may be locked, and may have changed its place when it is. Any context. */
struct page *page_get_by_pfn(pfn_t pfn);
/* Migration: @to, nobody else's yet, gets what the flags of @from say of its contents. */
void page_copy_flags(struct page *to, const struct page *from);
/* Drop one reference; the last one frees the page (order from its compound head). Any context. */
void put_page(struct page *page);
/* The same for @n pages side by side, none of them part of a compound one. */
void put_pages(struct page *page, unsigned n);

static inline int page_ref_count(const struct page *page)
{
	return atomic_read(&page->_refcount);
}

static inline int page_mapcount(const struct page *page)
{
	return atomic_read(&page->_mapcount) + 1;
}

/* The page lock: a bit, waiters sleep in hashed queues (mm/phys/pagelock.c). */
void lock_page(struct page *page);
bool must_check trylock_page(struct page *page);
void unlock_page(struct page *page);
/* Return 0 or -EINTR when a fatal signal came first. */
int must_check lock_page_killable(struct page *page);

extern struct page *zero_page; /* the frame of zeroes that read faults map (mm/aspace/fault.c) */
/* An entry of a VM_LOCKED vma maps @page from now on, or no longer: mm/track/mlocked.c. Threads; a table lock may be held. */
void page_mlock(struct page *page);
void page_munlock(struct page *page);
/* The lock belongs to a running I/O from now on, which ends it by page_clear_wake(page, PG_locked). */
void page_lock_give(struct page *page);
/* Wait until PG_locked or PG_writeback is clear, without taking it. 0, or -EINTR as @mode allows. */
int must_check page_wait_clear(struct page *page, enum page_flag bit, enum park_mode mode);
/* Clear one of them and wake who waits. Any context. */
void page_clear_wake(struct page *page, enum page_flag bit);
/* Wait for the lock without a reference: begin while something (a table lock) keeps @page locked; end sleeps until the
 * lock is given back, a fatal signal comes, or for nothing. */
struct page_wait {
	struct waitq *q;
	struct waiter waiter;
};
void page_wait_begin(struct page *page, struct page_wait *w);
void page_wait_end(struct page_wait *w);

/* Print everything about a page through klog. */
void page_dump(const struct page *page, const char *why);

#endif
