/*
 * The fate of one page that a scan has taken off its list: it goes, or it stays.
 *
 *   busy: locked, being written                          stays; a written one is looked at again when that ends
 *   used since the last look (accessed bits, calls)      stays; a second time, or as a program's code: active
 *   only swap could take it                              a slot, unmapped, written with the others of its cluster, freed
 *                                                        (mm/aspace/pageout.c); or active. Shared memory that was only
 *                                                        read holds zeroes: out of its object, without a slot
 *   given up by MADV_FREE, and not written since         unmapped, freed
 *   cached, clean                                        unmapped, out of the cache, freed
 *   cached, dirty                                        stays; the flusher is told
 *
 * OWNS     nothing. PG_reclaim: a page whose write reclaim waits for.
 * WHY      all questions about a page are asked under its lock, so that none who maps, cuts, moves or writes it is in the middle.
 * I1       a page is freed only when nobody but the scan has a reference: the cache's was the last other one, checked in one
 *          step with taking it out (mapping_evict_page); of an anonymous page the last entry's.
 * I2       an entry is unhooked before its page is looked at for the last time: what a program wrote until then is seen
 *          (PG_dirty, or a dirty entry), and the page stays. A cluster's entries are flushed together before its pages are
 *          written, unlocked, leave their cache or are freed: until then a CPU may read through clean ones, and write through
 *          dirty ones of pages that go to swap; whoever gives an address another page or other rights flushes first
 *          (gather_flush_unhooked). A dirty entry of a file's page is flushed at once: write-back asks for no page lock before.
 * LOCKS    page lock by try only: who waits for memory may hold one. Then rmap's.
 * CONTEXT  a thread; sleeps for nobody but TLB flushes.
 * COST     a clean unmapped page: some 200 instructions. A mapped one: its entries' walks twice, a flush each.
 * FAILS    a page that cannot go stays.
 * NOT HERE which pages are asked about (vmscan.c).
 * SOURCES  Linux's page states and counters; Gorman 2004, ch. 10.   TESTED BY vmscan_test.c
 */
#include "mm/gather.h"
#include "mm/mapping.h"
#include "mm/reclaim/reclaim_impl.h"
#include "mm/rmap.h"
#include "mm/swap.h"
#include "mm/vma.h"
#include "mm/vmevent.h"
#include "mm/writeback.h"
#include "sync/tracepoint.h"

enum fate {
	FATE_KEEP,
	FATE_ACTIVATE,
	FATE_FREE,
	FATE_UNHOOKED, /* free when it is flushed */
	FATE_SWAP      /* to be unhooked, flushed, written */
};

/* Locked, and its object says that it may not leave. */
static bool is_unevictable(struct page *page)
{
	struct address_space *m = page_mapping(page);

	if (m && (READ_ONCE(m->flags) & MAPPING_UNEVICTABLE)) {
		lru_cull(page);
		return true;
	}
	return page_test(page, PG_mlocked);
}

/* Shared memory that nobody maps: calls say by PG_referenced that they used it, and make nothing active. */
static bool is_calls_only(const struct page *page)
{
	return page_state(page) == PS_FILE && page_test(page, PG_swapbacked) &&
	       !page_mapcount(page);
}

/* Was it used since the last look? FATE_FREE: no. */
static enum fate check_references(struct page *page)
{
	unsigned long vm_flags;
	int entries = page_referenced(page, &vm_flags);
	bool called = page_test(page, PG_referenced);

	if (called)
		page_clear(page, PG_referenced);
	if (vm_flags & VM_LOCKED)
		return FATE_ACTIVATE;
	if (!entries && called && is_calls_only(page))
		return FATE_KEEP;
	if (!entries) /* read by a call, once: that alone keeps no page of a file */
		return FATE_FREE;
	page_set(page, PG_referenced);
	if (called || entries > 1)
		return FATE_ACTIVATE;
	if ((vm_flags & VM_EXEC) && !page_test(page, PG_swapbacked))
		return FATE_ACTIVATE;
	return FATE_KEEP;
}

static enum fate take_lazyfree(struct page *page)
{
	if (!try_to_discard(page))
		return FATE_ACTIVATE;
	count_vm_event(PGLAZYFREED);
	return FATE_FREE;
}

static enum fate take_cached(struct scan_control *sc, struct page *page, struct address_space *m)
{
	bool mapped = page_mapcount(page) > 0;

	if (mapped && !try_to_unmap(page))
		return FATE_ACTIVATE;
	if (page_test(page, PG_dirty)) {
		sc->dirty++;
		return FATE_KEEP;
	}
	if (mapped)
		return FATE_UNHOOKED;
	return mapping_evict_page(m, page) ? FATE_FREE : FATE_KEEP;
}

static enum fate take_locked(struct scan_control *sc, struct page *page)
{
	struct address_space *m = page_mapping(page);
	enum fate fate;

	if (is_unevictable(page))
		return FATE_KEEP;
	if (page_set_reclaim(page)) {
		sc->writeback++;
		return FATE_KEEP;
	}
	if (sc->clean_only)
		return m && !page_mapcount(page) && mapping_drop_page(m, page) ? FATE_FREE
									       : FATE_KEEP;
	if (page_test(page, PG_head) || page_is_ksm(page))
		return FATE_ACTIVATE;
	fate = sc->chosen ? FATE_FREE : check_references(page);
	if (fate != FATE_FREE && !sc->force)
		return fate;
	if (page_test(page, PG_swapbacked))
		return sc->gfp & __GFP_IO ? FATE_SWAP : FATE_KEEP;
	if (page_state(page) == PS_ANON)
		return take_lazyfree(page);
	return m ? take_cached(sc, page, m) : FATE_KEEP; /* cut off: its last user frees it */
}

static enum fate take_page(struct scan_control *sc, struct page *page)
{
	enum fate fate;

	if (!trylock_page(page))
		return FATE_KEEP;
	fate = take_locked(sc, page);
	if (fate == FATE_ACTIVATE)
		lru_activate(page);
	if (fate >= FATE_UNHOOKED) /* it stays locked, and so in its cache, until the flush */
		page_lock_give(page);
	else
		unlock_page(page);
	return fate;
}

/* What a cluster's pages become. */
struct taking {
	unsigned nr_gone, nr_unhooked, nr_swap;
	struct page *gone[LRU_CLUSTER], *unhooked[LRU_CLUSTER], *swap[LRU_CLUSTER];
	enum pageout_result result[LRU_CLUSTER]; /* of swap */
};

static void unhook(struct taking *t, struct page *page)
{
	t->result[t->nr_swap] = swap_unhook_page(page);
	t->swap[t->nr_swap++] = page;
}

/* The fate of each; those that stay are in @s again. */
static void decide(struct scan_control *sc, struct lru_scan *s, struct taking *t)
{
	unsigned stay = 0;

	for (unsigned i = 0; i < s->taken; i++) {
		struct page *page = s->pages[i];
		enum fate fate = take_page(sc, page);

		if (fate == FATE_FREE)
			t->gone[t->nr_gone++] = page;
		else if (fate == FATE_UNHOOKED)
			t->unhooked[t->nr_unhooked++] = page;
		else if (fate == FATE_SWAP)
			unhook(t, page);
		else
			s->pages[stay++] = page;
	}
	s->taken = stay;
}

/* No CPU has them any more: those that nobody has found meanwhile leave their cache. */
static void drop_unhooked(struct lru_scan *s, struct taking *t)
{
	for (unsigned i = 0; i < t->nr_unhooked; i++) {
		struct page *page = t->unhooked[i];

		if (mapping_evict_page(page_mapping(page), page))
			t->gone[t->nr_gone++] = page;
		else
			s->pages[s->taken++] = page;
		page_clear_wake(page, PG_locked);
	}
}

/* No CPU has them any more: their writes start, those that nothing is to be written of leave at once. */
static void swap_unhooked(struct scan_control *sc, struct lru_scan *s, struct taking *t)
{
	swap_out_ready(t->swap, t->result, t->nr_swap, false);
	for (unsigned i = 0; i < t->nr_swap; i++) {
		struct page *page = t->swap[i];

		if (t->result[i] == PAGEOUT_WRITING) {
			tracepoint(mm_vmscan_write_folio, page_to_pfn(page));
			sc->writeback++;
		} else if (t->result[i] != PAGEOUT_FREED) {
			lru_activate(page);
		}
		if (t->result[i] == PAGEOUT_FREED)
			t->gone[t->nr_gone++] = page;
		else
			s->pages[s->taken++] = page;
		page_clear_wake(page, PG_locked);
	}
}

void take_pages(struct scan_control *sc, struct lru_scan *s)
{
	struct taking t; /* the arrays are as long as their counts say */
	unsigned long cpus;

	t.nr_gone = t.nr_unhooked = t.nr_swap = 0;
	unhook_begin(&cpus);
	decide(sc, s, &t);
	unhook_end(&cpus);
	drop_unhooked(s, &t);
	swap_unhooked(sc, s, &t);
	for (unsigned i = 0; i < t.nr_gone; i++)
		swap_put_page(t.gone[i]); /* mostly the last reference */
	sc->freed += t.nr_gone;
	if (sc->dirty && !sc->force)
		writeback_press();
}
