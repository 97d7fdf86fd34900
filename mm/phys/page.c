/*
 * struct page: states, reference counts, and what must hold when a page is taken or freed.
 *
 * OWNS     the state machine; the checks at both ends of a page's life.
 * WHY      most memory bugs show first as a page in a wrong state: freed twice, freed while mapped, used as a table
 *          and as a user page at once. Every free passes here, in release builds too.
 * I1       one state at a time; edges only as drawn.                          [page_check_edge]
 * I2       refcount is 0 in RESERVED-free states BUDDY, FREE, PCP and TAIL, above 0 in all others.
 * I3       _mapcount is -1 except while PTEs map the page; it survives alloc and free unwritten.
 * I4       mapping is NULL and no PG_ flag but PG_poisoned (PG_zeroed: it is all zero) is set while free; a page that is
 *          taken has neither.
 * LOCKS    the state belongs to whoever owns the page at that moment: the zone lock (BUDDY, FREE), a pcp lock (PCP),
 *          the holder of the only reference (the rest). Flags are atomic bits because PG_locked and the reclaim
 *          bits are set by others.
 * CONTEXT  any.
 * FAILS    never: a violation panics and prints the page, because going on would corrupt memory.
 * NOT HERE free lists (buddy.c, pcp.c); the page lock (pagelock.c).
 *
 *	RESERVED --(boot, memblock_free)--> FREE <--> BUDDY      a free block: BUDDY is its first page
 *	                                      |        |
 *	                                     PCP <-----+         single pages in front of the buddy
 *	                                      |        |
 *	                                      +--> KERNEL <--+   allocated
 *	                                             |  ^
 *	               SLAB, TABLE, ANON, FILE, TAIL +--+        what the owner uses it for
 *
 * ANON and FILE may be freed directly: the last reference can be dropped by anyone (unmap, I/O, a reader), who does
 * not know what the page was. SLAB and TABLE have one owner, who must turn the page back first.
 * SOURCES  the field's usual descriptor; Linux names.  TESTED BY  page_test.c, buddy_test.c.
 */
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/phys/phys_impl.h"
#include "mm/vmalloc.h"
#include "sync/klog.h"

#define EDGE(to) (1U << (to))

static const uint16_t edges[PS_NR] = {
	[PS_RESERVED] = EDGE(PS_FREE),
	[PS_BUDDY] = EDGE(PS_FREE) | EDGE(PS_PCP) | EDGE(PS_KERNEL),
	[PS_FREE] = EDGE(PS_BUDDY) | EDGE(PS_PCP) | EDGE(PS_KERNEL) | EDGE(PS_RESERVED),
	[PS_PCP] = EDGE(PS_FREE) | EDGE(PS_KERNEL),
	[PS_KERNEL] = EDGE(PS_FREE) | EDGE(PS_PCP) | EDGE(PS_SLAB) | EDGE(PS_TABLE) |
		      EDGE(PS_ANON) | EDGE(PS_FILE) | EDGE(PS_TAIL),
	[PS_SLAB] = EDGE(PS_KERNEL),
	[PS_TABLE] = EDGE(PS_KERNEL),
	[PS_ANON] = EDGE(PS_KERNEL) | EDGE(PS_FREE) | EDGE(PS_PCP) | EDGE(PS_FILE),
	[PS_FILE] = EDGE(PS_KERNEL) | EDGE(PS_FREE) | EDGE(PS_PCP) | EDGE(PS_ANON),
	[PS_TAIL] = EDGE(PS_KERNEL) | EDGE(PS_FREE),
};

static const char *const state_names[PS_NR] = {
	[PS_RESERVED] = "reserved", [PS_BUDDY] = "buddy", [PS_FREE] = "free",	[PS_PCP] = "pcp",
	[PS_KERNEL] = "kernel",	    [PS_SLAB] = "slab",	  [PS_TABLE] = "table", [PS_ANON] = "anon",
	[PS_FILE] = "file",	    [PS_TAIL] = "tail",
};

static const char *const flag_names[NR_PAGE_FLAGS] = {
	"locked",     "referenced",   "uptodate", "dirty",	  "lru",	 "active",
	"workingset", "waiters",      "error",	  "owner_priv_1", "private",	 "writeback",
	"head",	      "mappedtodisk", "reclaim",  "swapbacked",	  "unevictable", "mlocked",
	"swapcache",  "young",	      "idle",	  "poisoned",
};

const char *page_state_name(enum page_state s)
{
	return (unsigned)s < PS_NR ? state_names[s] : "invalid";
}

const char *page_flag_name(enum page_flag f)
{
	return (unsigned)f < NR_PAGE_FLAGS ? flag_names[f] : "invalid";
}

void page_dump(const struct page *page, const char *why)
{
	char flags[200];
	size_t n = 0;

	flags[0] = '\0';
	for (unsigned f = 0; f < NR_PAGE_FLAGS; f++) {
		if (!page_test(page, (enum page_flag)f))
			continue;
		flags[n++] = ' ';
		n += str_copy(flags + n, flag_names[f], sizeof(flags) - n);
	}
	pr_err("page %p pfn %#lx: %s", (const void *)page, page_to_pfn(page), why);
	pr_err("  state %s, refcount %d, mapcount %d, zone %u, node %u, flags:%s",
	       page_state_name(page_state(page)), page_ref_count(page), page_mapcount(page),
	       page_zone_id(page), page_node_id(page), flags);
	pr_err("  mapping %p, index %#lx, private %#lx", (void *)page->mapping, page->index,
	       page->private);
}

void page_bad(const struct page *page, const char *why)
{
	page_dump(page, why);
	panic("bad page %#lx: %s", page_to_pfn(page), why);
}

void page_check_edge(const struct page *page, enum page_state from, enum page_state to)
{
	if (page_state(page) != from)
		page_bad(page, "not in the state its user expects");
	if (!(edges[from] & EDGE(to)))
		page_bad(page, "no such change of state");
}

void page_copy_flags(struct page *to, const struct page *from)
{
	const unsigned long mask = 1UL << PG_uptodate | 1UL << PG_referenced | 1UL << PG_dirty |
				   1UL << PG_active | 1UL << PG_workingset | 1UL << PG_error |
				   1UL << PG_swapbacked | 1UL << PG_young | 1UL << PG_idle;

	to->flags |= READ_ONCE(from->flags) & mask;
}

/* Does the page belong to a program or a cache? Then its lock bit may be touched by who has a reference. */
static bool page_is_users(const struct page *page)
{
	enum page_state s = page_state(page);

	return (s == PS_ANON || s == PS_FILE) && READ_ONCE(page->mapping);
}

struct page *page_get_by_pfn(pfn_t pfn)
{
	struct page *page = pfn_to_page(pfn);

	if (!pfn_valid(pfn) || !page_is_users(page) || !atomic_inc_not_zero(&page->_refcount))
		return NULL;
	if (page_is_users(page)) /* still: now it stays one until the reference goes */
		return page;
	put_page(page);
	return NULL;
}

/* ---- poison: debug builds, lowmem only (a high frame would need a window in any context) ---- */

static void poison_fill(struct page *page)
{
	void *addr = page_address(page);

	if (!addr || page_test(page, PG_poisoned))
		return;
	memset(addr, PAGE_POISON, PAGE_SIZE);
	WRITE_ONCE(page->flags, page->flags | 1UL << PG_poisoned);
}

static void poison_verify(struct page *page)
{
	const unsigned long want = (unsigned long)0xaaaaaaaaaaaaaaaaULL;
	const unsigned long *word = page_address(page);

	if (!page_test(page, PG_poisoned))
		return;
	WRITE_ONCE(page->flags, page->flags & ~(1UL << PG_poisoned));
	for (size_t i = 0; i < PAGE_SIZE / sizeof(*word); i++) {
		if (word[i] != want)
			page_bad(page, "written after it was freed");
	}
}

/* ---- free ---- */

static const char *why_not_free(const struct page *page, unsigned order)
{
	enum page_state s = page_state(page);

	if (s == PS_BUDDY || s == PS_FREE || s == PS_PCP)
		return "freed twice";
	if (s != PS_KERNEL && s != PS_ANON && s != PS_FILE)
		return "freed in a state that its owner must end first";
	if (page_ref_count(page) != 0)
		return "freed with references";
	if (atomic_read(&page->_mapcount) != -1)
		return "freed while mapped";
	if (s == PS_FILE && page->mapping)
		return "freed while in a page cache";
	if (page->flags & PAGE_BUSY_FLAGS)
		return "freed while locked, listed or under I/O";
	if (page_test(page, PG_head) && page_order(page) != order)
		return "freed with another order than its compound one";
	return "bad";
}

static void free_prepare_tails(struct page *page, unsigned order, bool compound)
{
	for (struct page *p = page + 1; p < page + (1UL << order); p++) {
		if (unlikely(page_state(p) != (compound ? PS_TAIL : PS_KERNEL)))
			page_bad(p, "freed as a part of a block it does not belong to");
		if (unlikely(page_ref_count(p) || atomic_read(&p->_mapcount) != -1))
			page_bad(p, "freed while in use");
		page_set_state(p, PS_FREE);
		p->mapping = NULL;
		if (CFG_DEBUG)
			poison_fill(p);
	}
}

void page_free_prepare(struct page *page, unsigned order, enum page_state to)
{
	if (unlikely(!page_may_be_freed(page)))
		page_bad(page, why_not_free(page, order));
	if (unlikely(order)) {
		bool compound = page_test(page, PG_head);

		if (compound && page_order(page) != order)
			page_bad(page, why_not_free(page, order));
		free_prepare_tails(page, order, compound);
	}
	page_set_state(page, to);
	page->mapping = NULL;
	if (CFG_DEBUG)
		poison_fill(page);
	arch_frames_freed(page_to_pfn(page), order);
}

void page_recycle(struct page *page, unsigned order)
{
	const unsigned long keep = PAGE_KEEP_FLAGS | 1UL << PG_head | 1UL << PG_owner_priv_1;

	if (unlikely(!page_may_be_freed(page) || !page_test(page, PG_head)))
		page_bad(page, why_not_free(page, order));
	page->flags = (page->flags & keep) | (unsigned long)PS_KERNEL << PAGE_STATE_SHIFT;
	page->mapping = NULL;
	for (struct page *p = page + 1; p < page + (1UL << order); p++) {
		if (unlikely(page_state(p) != PS_TAIL || page_ref_count(p) || page_mapcount(p)))
			page_bad(p, "freed while in use");
		page_set_state(p, PS_TAIL);
	}
	arch_frames_freed(page_to_pfn(page), order); /* nobody reaches them any more */
	arch_frames_allocated(page_to_pfn(page), order);
}

/* ---- alloc ---- */

static void alloc_prepare_block(struct page *page, unsigned order, bool compound)
{
	for (struct page *p = page + 1; p < page + (1UL << order); p++) {
		if (CFG_DEBUG)
			poison_verify(p);
		if (unlikely(page_state(p) != PS_FREE || page_ref_count(p) != 0))
			page_bad(p, "in a free block, but not free");
		page_set_taken(p, compound ? PS_TAIL : PS_KERNEL);
		WRITE_ONCE(p->private, 0); /* who has put the page before may look: swap_put_page */
		if (compound)
			p->compound_head = page;
	}
	if (compound)
		page[1].private = order;
}

void page_alloc_prepare(struct page *page, unsigned order, gfp_t gfp)
{
	bool compound = order && (gfp & __GFP_COMP);

	arch_frames_allocated(page_to_pfn(page), order);
	if (CFG_DEBUG)
		poison_verify(page);
	if (unlikely(page->_refcount.v != 0 || page->_mapcount.v != -1))
		page_bad(page, "free, but in use");
	if (unlikely(order))
		alloc_prepare_block(page, order, compound);
	page_set_taken(page, PS_KERNEL);
	if (compound)
		page->flags |= 1UL << PG_head;
	WRITE_ONCE(page->private, 0);
	atomic_set(&page->_refcount, 1);
}
