/*
 * The swap cache: pages on the way to or from a swap area.
 *
 *   out   add_to_swap ─► entries become swapped ones ─► write ─► swap_drop_page: only the slot is left
 *   in    swap_read_page ─► valid ─► entries map it ─► page_free_swap, or it stays: leaves again without a write if clean
 *
 * OWNS     PG_swapcache, page->private of such a page; NR_SWAPCACHE, and its part of NR_FILE_PAGES.
 * WHY      two programs that share a page by fork must find one page when both fault on the slot; and who faults while the
 *          page is being written must find the page, not what the device had before.
 * I1       a page enters the cache locked, and leaves it locked; or as an orphan: no entry stands for its slot and only the
 *          cache refers to it. So PG_swapcache is stable for who has a reference and the page lock.
 * I2       a page that is not PG_uptodate is being read, or was in vain: then it is taken out by the next who wants it.
 * I3       a page of the cache that is clean (PG_dirty, and no entry's D) has its contents in the slot.
 * I4       no orphan stays, but for a while when a reference is put by who does not know of the cache: whoever puts one
 *          with swap_put_page, ends an I/O, or drops the last entry, looks after it.
 * LOCKS    area->lock (rank SWAPMAP) for slots[].pfn; under it the page's reference is taken, so what is found stays.
 * CONTEXT  find, orphans: any. Reading: threads, sleeps.
 * FAILS    -ENOSPC, -EEXIST, -ENOENT; read errors: PG_error, not PG_uptodate.
 * NOT HERE slots (swapmap.c), I/O (swapio.c).   TESTED BY swap_test.c
 */
#include "base/errno.h"
#include "mm/alloc.h"
#include "mm/backing/swap_impl.h"
#include "mm/lru.h"
#include "mm/mapping.h"
#include "mm/vmevent.h"
#include "mm/zone.h"

int sysctl_page_cluster = 3;

/* Reading ahead: pages of it that were used since the last window, how large that was, where its fault was. Hints, without a lock. */
enum { FIRST_HITS = 4 };
static unsigned ra_hits; /* a */
static unsigned long ra_window, ra_slot;

void swap_ra_reset(void)
{
	ra_hits = FIRST_HITS;
	ra_window = ra_slot = 0;
}

static void account(const struct page *page, long n)
{
	mod_node_stat(page, NR_SWAPCACHE, n);
	mod_node_stat(page, NR_FILE_PAGES, n);
}

/* ---- in ---- */

static void became_cached(struct page *page, swp_entry_t entry)
{
	get_page(page); /* the cache's */
	WRITE_ONCE(page->private, entry.val);
	page_set(page, PG_swapcache);
	account(page, 1);
}

int add_to_swap(struct page *page)
{
	swp_entry_t entry;
	int err;

	kassert(page_test(page, PG_locked) && !page_test(page, PG_swapcache));
	if (page_is_ksm(page) || page_test(page, PG_head) ||
	    (page_state(page) != PS_ANON && !page_test(page, PG_swapbacked)))
		return -EBUSY;
	err = swap_slot_get(page, &entry);
	if (err)
		return err;
	became_cached(page, entry);
	if (!page_test(page, PG_swapbacked)) /* MADV_FREE's, too: what they hold is kept */
		lru_unlazy(page);
	page_set(page, PG_dirty);
	return 0;
}

/* @page, new, locked and on no list, for @entry: 0, -EEXIST, -ENOENT. */
static int insert(swp_entry_t entry, struct page *page)
{
	struct swap_area *a = swap_area_of(entry);
	irqflags_t irq = spin_lock_irqsave(&a->lock);
	struct swap_slot *s = swap_slot_locked(entry);
	int err = 0;

	if (!s || !s->count || s->count == SLOT_BAD)
		err = -ENOENT;
	else if (slot_pfn(s))
		err = -EEXIST;
	if (!err) {
		page_become(page, PS_KERNEL, PS_ANON);
		page_set(page, PG_swapbacked);
		became_cached(page, entry);
		if (s->pfn)
			workingset_refault(page, s->pfn, swap_space_left());
		s->pfn = (uint32_t)page_to_pfn(page);
	}
	spin_unlock_irqrestore(&a->lock, irq);
	return err;
}

struct page *swapcache_find(swp_entry_t entry)
{
	struct swap_area *a = swap_area_of(entry);
	irqflags_t irq = spin_lock_irqsave(&a->lock);
	const struct swap_slot *s = swap_slot_locked(entry);
	struct page *page = s && slot_pfn(s) ? pfn_to_page(s->pfn) : NULL;

	if (page)
		get_page(page);
	spin_unlock_irqrestore(&a->lock, irq);
	return page;
}

struct page *swapcache_use(swp_entry_t entry)
{
	struct page *page = swapcache_find(entry);

	/* While it is being written the bit is PG_reclaim. */
	if (page && page_test(page, PG_readahead) && !page_test(page, PG_writeback)) {
		page_clear(page, PG_readahead);
		count_vm_event(SWAP_RA_HIT);
		(void)__atomic_add_fetch(&ra_hits, 1, __ATOMIC_RELAXED);
	}
	return page;
}

bool swap_is_cached(swp_entry_t entry)
{
	struct swap_area *a = swap_area_of(entry);
	irqflags_t irq = spin_lock_irqsave(&a->lock);
	const struct swap_slot *s = swap_slot_locked(entry);
	bool cached = s && slot_pfn(s) && page_test(pfn_to_page(s->pfn), PG_uptodate);

	spin_unlock_irqrestore(&a->lock, irq);
	return cached;
}

bool swap_reads_at_once(swp_entry_t entry)
{
	return READ_ONCE(swap_area_of(entry)->sync);
}

/* ---- out ---- */

/* Area's lock held. */
static void take_out(struct swap_area *a, unsigned long slot, struct page *page)
{
	must(a->slots[slot].pfn == (uint32_t)page_to_pfn(page));
	a->slots[slot].pfn = 0;
	page_clear(page, PG_swapcache);
	WRITE_ONCE(page->private, 0); /* looked at by who has just put the page */
	account(page, -1);
}

void swapcache_del(struct page *page)
{
	swp_entry_t entry = page_swap_entry(page);
	struct swap_area *a = swap_area_of(entry);
	irqflags_t irq;

	kassert(page_test(page, PG_locked) && page_test(page, PG_swapcache));
	kassert(!page_test(page, PG_writeback));
	irq = spin_lock_irqsave(&a->lock);
	take_out(a, swp_offset(entry), page);
	swap_slot_freed(a, swp_offset(entry));
	spin_unlock_irqrestore(&a->lock, irq);
	put_page(page); /* the cache's; the caller has one */
}

bool page_free_swap(struct page *page)
{
	kassert(page_test(page, PG_locked));
	if (!page_test(page, PG_swapcache) || page_test(page, PG_writeback) ||
	    swap_count(page_swap_entry(page)))
		return false;
	/* No entry comes: only try_to_unmap makes one of a slot without, and that wants the page lock. */
	page_set(page, PG_dirty);
	swapcache_del(page);
	return true;
}

/* Only @refs references, and these are known: nobody gets another from now on. */
static bool freeze(struct page *page, int refs)
{
	return atomic_cmpxchg(&page->_refcount, refs, 0);
}

bool swap_drop_page(struct page *page)
{
	swp_entry_t entry = page_swap_entry(page);
	struct swap_area *a = swap_area_of(entry);
	bool dropped = false;
	irqflags_t irq;

	kassert(page_test(page, PG_locked) && page_test(page, PG_swapcache));
	irq = spin_lock_irqsave(&a->lock);
	if (!page_test(page, PG_writeback) && freeze(page, 2)) {
		/* Dirty is looked at last: who had a reference to write through is gone. */
		dropped = !page_test(page, PG_dirty) || !a->slots[swp_offset(entry)].count;
		if (dropped) {
			take_out(a, swp_offset(entry), page);
			if (a->slots[swp_offset(entry)].count)
				a->slots[swp_offset(entry)].pfn = workingset_eviction(page);
			swap_slot_freed(a, swp_offset(entry));
		}
		atomic_set(&page->_refcount, dropped ? 1 : 2);
	}
	spin_unlock_irqrestore(&a->lock, irq);
	return dropped;
}

struct page *swap_take_orphan(struct swap_area *a, unsigned long slot)
{
	const struct swap_slot *s = &a->slots[slot];
	struct page *page = slot_pfn(s) ? pfn_to_page(s->pfn) : NULL;

	if (!page || s->count || page_test(page, PG_writeback) || page_test(page, PG_locked) ||
	    !freeze(page, 1)) /* an I/O looks again when it ends */
		return NULL;
	take_out(a, slot, page);
	atomic_set(&page->_refcount, 1);
	return page;
}

void swap_free_orphan(struct page *page)
{
	put_page(page);
}

void swap_drop_orphan(swp_entry_t entry)
{
	struct swap_area *a = swap_area_of(entry);
	struct page *page = NULL;
	irqflags_t irq;

	if (swp_type(entry) >= MAX_SWAPFILES)
		return;
	irq = spin_lock_irqsave(&a->lock);
	if (swap_slot_locked(entry) && swp_offset(entry)) {
		page = swap_take_orphan(a, swp_offset(entry));
		if (page)
			swap_slot_freed(a, swp_offset(entry));
	}
	spin_unlock_irqrestore(&a->lock, irq);
	if (page)
		swap_free_orphan(page);
}

/* The page may be anybody's by now, who writes without knowing of this look: what is read then is no entry, or that of another
 * page, which is as well. */
racy_ void swap_page_dropped(struct page *page)
{
	swap_drop_orphan((swp_entry_t){ READ_ONCE(page->private) });
}

/* ---- migration ---- */

int swapcache_replace(struct page *old, struct page *new)
{
	swp_entry_t entry = page_swap_entry(old);
	struct swap_area *a = swap_area_of(entry);
	irqflags_t irq = spin_lock_irqsave(&a->lock);
	bool done = !page_test(old, PG_writeback) && freeze(old, 2);

	if (done) {
		page_set(new, PG_swapcache);
		new->private = entry.val;
		get_page(new);
		a->slots[swp_offset(entry)].pfn = (uint32_t)page_to_pfn(new);
		page_clear(old, PG_swapcache);
		old->private = 0;
		atomic_set(&old->_refcount, 1);
	}
	spin_unlock_irqrestore(&a->lock, irq);
	if (!done)
		return -EAGAIN;
	account(old, -1);
	account(new, 1);
	return 0;
}

/* ---- reading ---- */

/* @page, new, enters the cache, its lock and a reference the I/O's. 0, -EEXIST, -ENOENT. */
static int read_prepare(swp_entry_t entry, struct page *page)
{
	int err;

	if (!trylock_page(page))
		panic("a new page is locked");
	err = insert(entry, page);
	if (err) {
		unlock_page(page);
		return err;
	}
	lru_add(page);
	count_vm_event(PSWPIN);
	get_page(page); /* the I/O's */
	page_lock_give(page);
	return 0;
}

/* The page, in the cache and locked, keeps the area. */
static void read_start(struct swap_area *a, unsigned long slot, struct page *page)
{
	int err = a->dev->ops->read(a->dev, slot, page);

	if (err)
		page_io_done(page, err);
}

static void read_kick(struct swap_area *a)
{
	if (a->dev->ops->kick)
		a->dev->ops->kick(a->dev);
}

/* Is slot @slot of @a in use, but not in memory? */
static bool worth_reading(struct swap_area *a, unsigned long slot)
{
	irqflags_t irq = spin_lock_irqsave(&a->lock);
	const struct swap_slot *s = slot && slot < a->nr_slots ? &a->slots[slot] : NULL;
	bool worth = s && s->count && s->count != SLOT_BAD && !slot_pfn(s);

	spin_unlock_irqrestore(&a->lock, irq);
	return worth;
}

/* Return: false: there is no memory. */
static bool read_neighbour(struct swap_area *a, unsigned long slot)
{
	struct page *page;

	if (!worth_reading(a, slot))
		return true;
	page = alloc_page(GFP_HIGHUSER_MOVABLE | __GFP_NORETRY | __GFP_NOWARN);
	if (!page)
		return false;
	if (!read_prepare(swp_entry((unsigned)(a - swap_areas), slot), page)) {
		page_set(page, PG_readahead);
		count_vm_event(SWAP_RA);
		read_start(a, slot, page);
	}
	swap_put_page(page);
	return true;
}

/* In the order of slots, which is the device's: what lies side by side is one request. */
static void read_window(struct swap_area *a, unsigned long first, unsigned long nr,
			unsigned long wanted, struct page *page)
{
	bool room = true;

	kassert(wanted - first < nr); /* or nobody would ever unlock @page */
	for (unsigned long slot = first; slot < first + nr; slot++) {
		if (slot == wanted)
			read_start(a, slot, page);
		else if (room)
			room = read_neighbour(a, slot);
	}
}

/* How many pages the fault at @slot is to read: as many more as were used of the last ones; without any, one, unless it goes on
 * where the last fault was. It shrinks by halves. Linux's rule. */
static unsigned long read_ahead(unsigned long slot)
{
	unsigned long most = 1UL << min_of(int, READ_ONCE(sysctl_page_cluster), 8);
	unsigned hits = __atomic_exchange_n(&ra_hits, 0, __ATOMIC_RELAXED);
	unsigned long prev = READ_ONCE(ra_slot), n = 1;

	if (most == 1)
		return 1;
	if (!hits)
		WRITE_ONCE(ra_slot, slot);
	if (hits)
		for (n = 4; n < hits + 2;)
			n *= 2;
	else if (slot == prev + 1 || slot + 1 == prev)
		n = 2;
	n = min_of(unsigned long, max_of(unsigned long, n, READ_ONCE(ra_window) / 2), most);
	WRITE_ONCE(ra_window, n);
	return n;
}

int swap_read_page(swp_entry_t entry, struct page *page, bool around)
{
	struct swap_area *a = swap_area_of(entry);
	unsigned long slot = swp_offset(entry), window = 1;
	int err = read_prepare(entry, page);

	if (err)
		return err;
	if (around && !READ_ONCE(a->sync))
		window = read_ahead(slot);
	atomic_inc(&a->pins);
	read_window(a, slot & ~(window - 1), window, slot, page);
	read_kick(a);
	atomic_dec(&a->pins);
	return 0;
}

/* ---- swapoff ---- */

/* The page of a slot without entries, found with a reference. 0 or -EINTR. */
static int purge_page(struct page *page, swp_entry_t entry)
{
	int err = lock_page_killable(page);

	if (err)
		return err;
	err = page_wait_clear(page, PG_writeback, PARK_KILLABLE);
	if (!err && swapcache_owns(page, entry))
		(void)page_free_swap(page);
	unlock_page(page);
	return err;
}

int swap_area_purge(unsigned type)
{
	const struct swap_area *a = &swap_areas[type];
	int err = 0;

	for (unsigned long slot = 1; slot < a->nr_slots && !err; slot++) {
		swp_entry_t entry = swp_entry(type, slot);
		struct page *page = swapcache_find(entry);

		if (!page)
			continue;
		err = purge_page(page, entry);
		swap_put_page(page);
	}
	return err;
}
