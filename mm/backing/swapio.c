/*
 * Swap areas come and go; their I/O.
 *
 *   NONE ─► SETUP: header, slots ─► ON ─► LEAVING: no slot is given out ─► empty ─► NONE
 *                                    ▲        │ swapoff gives up (no memory, a signal)
 *                                    └────────┘
 *
 * OWNS     the states of areas, the header, the end of a swap I/O.
 * WHY      the header is read by the device's own read(), so whatever can swap can be looked at: a disk, a file, compressed
 *          memory.
 * I1       a page has PG_locked (read) or PG_writeback (write) until its I/O ends, and stays in the cache so long, whose
 *          reference keeps it.
 * I2       what failed to be written stays PG_dirty: nobody takes the slot for the page's contents.
 * LOCKS    area->lock. Reads and writes are started without spinlocks.
 * CONTEXT  page_io_done: any; else threads.
 * FAILS    as swapon(2), swapoff(2) say. A short or wrong header is EINVAL.
 * SOURCES  swapon(2), mkswap(8): the header's layout.   TESTED BY swap_test.c
 */
#include "base/errno.h"
#include "lib/string.h"
#include "mm/alloc.h"
#include "mm/backing/backing_impl.h"
#include "mm/backing/swap_impl.h"
#include "mm/commit.h"
#include "mm/lru.h"
#include "mm/vmalloc.h"
#include "mm/vmevent.h"
#include "mm/zone.h"
#include "sync/failpoint.h"
#include "sync/klog.h"

/* The first page of an area, as mkswap writes it. */
struct swap_header {
	char bootbits[1024];
	uint32_t version, last_page, nr_badpages;
	uint8_t uuid[16], volume[16];
	uint32_t padding[117];
	uint32_t badpages[]; /* up to the magic */
};
#define MAGIC_AT (PAGE_SIZE - 10)
enum { MAX_BAD = (PAGE_SIZE - 10 - sizeof(struct swap_header)) / sizeof(uint32_t) };
_Static_assert(MAX_BAD == 637, "room for bad pages");

/* Slots that an entry, and a value of an index, can name. */
static unsigned long most_slots(void)
{
	pte_t all = pte_from_swap(0, ~0UL);

	unsigned long slots = (pte_swap_offset(all) >> SWAP_SLOT_SHIFT) + 1;

	return min_of(unsigned long, slots, (ULONG_MAX >> (SWP_TYPE_BITS + 1)) + 1);
}

/* ---- the end of an I/O ---- */

static void read_done(struct page *page, int err)
{
	page_set(page, err ? PG_error : PG_uptodate);
	page_clear_wake(page, PG_locked);
}

static void write_done(struct page *page, int err)
{
	if (err) {
		page_set(page, PG_error);
		page_set(page, PG_dirty);
	}
	page_written(page);
}

void swap_io_done(struct page *page, int err)
{
	static struct klog_limit limit;
	swp_entry_t entry = page_swap_entry(page);
	bool write = page_test(page, PG_writeback);

	if (err && klog_may(&limit, "swap_io_done"))
		pr_err("%s-error on swap-device (area %u, slot %lu): %d", write ? "Write" : "Read",
		       swp_type(entry), swp_offset(entry), err);
	put_page(page); /* the I/O's: who waits for its end finds the cache's and his own */
	if (write)
		write_done(page, err);
	else
		read_done(page, err);
	swap_drop_orphan(entry);
}

int swap_writepage(struct page *page)
{
	swp_entry_t entry = page_swap_entry(page);
	struct swapdev *dev = swap_area_of(entry)->dev;
	int err;

	kassert(page_test(page, PG_locked) && page_test(page, PG_swapcache));
	kassert(!page_test(page, PG_writeback));
	page_clear(page, PG_dirty);
	page_clear(page, PG_error);
	page_set(page, PG_writeback);
	get_page(page); /* the I/O's */
	writeback_account(page, true);
	count_vm_event(PSWPOUT);
	err = dev->ops->write(dev, swp_offset(entry), page);
	if (err)
		page_io_done(page, err);
	return err;
}

/* A locked page in the cache keeps its area, and so its device. */
void swap_kick(struct page **pages, unsigned n)
{
	struct swapdev *last = NULL;

	for (unsigned i = 0; i < n; i++) {
		struct swapdev *dev;

		if (!page_test(pages[i], PG_swapcache))
			continue;
		dev = swap_area_of(page_swap_entry(pages[i]))->dev;
		if (dev == last)
			continue;
		if (dev->ops->kick)
			dev->ops->kick(dev);
		last = dev;
	}
}

/* ---- swapon ---- */

static int read_header(struct swapdev *dev, struct page *page)
{
	int err;

	lock_page(page);
	page_lock_give(page);
	err = dev->ops->read(dev, 0, page);
	if (err)
		page_io_done(page, err);
	else if (dev->ops->kick)
		dev->ops->kick(dev);
	(void)!page_wait_clear(page, PG_locked, PARK_UNINTERRUPTIBLE);
	return page_test(page, PG_uptodate) ? 0 : err ? err : -EIO;
}

/* Pages with the header, as it says and as there is room; 0: it is no header of ours. */
static unsigned long header_slots(const struct swapdev *dev, const struct swap_header *h)
{
	unsigned long slots;

	if (memcmp((const char *)h + MAGIC_AT, "SWAPSPACE2", 10) != 0) {
		pr_err("Unable to find swap-space signature");
		return 0;
	}
	if (h->version != 1) {
		pr_warn("Unable to handle swap header version %u", h->version);
		return 0;
	}
	if (!h->last_page || h->nr_badpages > MAX_BAD || (h->nr_badpages && dev->file))
		return 0;
	slots = min_of(unsigned long, (unsigned long)h->last_page + 1, most_slots());
	if (slots <= h->last_page)
		pr_warn("Truncating oversized swap area, only using %luk out of %luk",
			slots << (PAGE_SHIFT - 10),
			((unsigned long)h->last_page + 1) << (PAGE_SHIFT - 10));
	if (slots > max_of(unsigned long, dev->nr_slots, dev->nr_header)) {
		pr_warn("Swap area shorter than signature indicates");
		return 0;
	}
	return min_of(unsigned long, slots, dev->nr_slots);
}

/* Mark the header and bad slots. Return: usable ones; 0: none, or the list is wrong. */
static unsigned long mark_bad(struct swap_area *a, const struct swap_header *h)
{
	unsigned long good = a->nr_slots - 1;

	a->slots[0].count = SLOT_BAD;
	for (unsigned i = 0; i < h->nr_badpages; i++) {
		uint32_t bad = h->badpages[i];

		if (!bad || bad > h->last_page)
			return 0;
		if (bad >= a->nr_slots || a->slots[bad].count == SLOT_BAD)
			continue;
		a->slots[bad].count = SLOT_BAD;
		good--;
	}
	return good;
}

static void count_clusters(struct swap_area *a)
{
	for (unsigned long slot = 0; slot < a->nr_slots; slot++)
		a->cluster_free[slot / SWAP_CLUSTER] += !a->slots[slot].count;
}

static void free_arrays(struct swap_slot *slots, uint16_t *cluster_free)
{
	vfree(slots);
	vfree(cluster_free);
}

/* From now on who has an entry of the area that was here before finds free slots. */
static void publish(struct swap_area *a, const struct swap_area *made)
{
	irqflags_t irq = spin_lock_irqsave(&a->lock);

	a->slots = made->slots;
	a->cluster_free = made->cluster_free;
	a->nr_slots = made->nr_slots;
	WRITE_ONCE(a->pages, made->pages);
	spin_unlock_irqrestore(&a->lock, irq);
}

/* The area's arrays, from its header. 0, -ENOMEM, -EINVAL. */
static int setup_slots(struct swap_area *a, const struct swapdev *dev, const struct swap_header *h)
{
	struct swap_area made = { .nr_slots = header_slots(dev, h) };
	unsigned long clusters = (made.nr_slots + SWAP_CLUSTER - 1) / SWAP_CLUSTER;

	if (!made.nr_slots)
		return -EINVAL;
	if (failpoint("swap_slots"))
		return -ENOMEM;
	made.slots = vzalloc(made.nr_slots * sizeof(*made.slots));
	made.cluster_free = vzalloc(clusters * sizeof(*made.cluster_free));
	if (!made.slots || !made.cluster_free) {
		free_arrays(made.slots, made.cluster_free);
		return -ENOMEM;
	}
	made.pages = mark_bad(&made, h);
	if (!made.pages) {
		pr_warn("Empty swap-file");
		free_arrays(made.slots, made.cluster_free);
		return -EINVAL;
	}
	count_clusters(&made);
	publish(a, &made);
	return 0;
}

/* Read the header of @dev and make @a as it says; nobody looks at @a. */
static int setup(struct swap_area *a, struct swapdev *dev)
{
	struct page *page = failpoint("swap_header") ? NULL : alloc_page(GFP_KERNEL);
	int err;

	if (!page)
		return -ENOMEM;
	err = dev->nr_slots ? read_header(dev, page) : -EINVAL;
	if (!err)
		err = setup_slots(a, dev, page_address(page));
	put_page(page);
	return err;
}

/* A number for a new area. -1: none is left. */
static int claim_type(void)
{
	for (int i = 0; i < MAX_SWAPFILES; i++) {
		enum area_state none = AREA_NONE;

		if (__atomic_compare_exchange_n(&swap_areas[i].state, &none, AREA_SETUP, false,
						__ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
			return i;
	}
	return -1;
}

/* Back to NONE. @a has nothing in use. */
static void forget(struct swap_area *a)
{
	struct swap_slot *slots;
	uint16_t *cluster_free;
	irqflags_t irq = spin_lock_irqsave(&a->lock);

	slots = a->slots;
	cluster_free = a->cluster_free;
	a->slots = NULL;
	a->cluster_free = NULL;
	a->dev = NULL;
	a->nr_slots = 0;
	WRITE_ONCE(a->pages, 0); /* looked at without the lock, as is state */
	WRITE_ONCE(a->used, 0);
	a->next = 0;
	WRITE_ONCE(a->state, AREA_NONE);
	spin_unlock_irqrestore(&a->lock, irq);
	free_arrays(slots, cluster_free);
}

/* Without a wish an area comes after all others: -2, -3, ... as on Linux. */
static int priority(int flags)
{
	int least = -1;

	if (flags & SWAP_FLAG_PREFER)
		return flags & SWAP_FLAG_PRIO_MASK;
	for (unsigned i = 0; i < MAX_SWAPFILES; i++) {
		if (READ_ONCE(swap_areas[i].state) >= AREA_ON)
			least = min_of(int, least, swap_areas[i].prio);
	}
	return least - 1;
}

int nr_swap_areas;

static void set_state(struct swap_area *a, enum area_state state)
{
	irqflags_t irq = spin_lock_irqsave(&a->lock);

	WRITE_ONCE(a->state, state);
	spin_unlock_irqrestore(&a->lock, irq);
}

int swap_area_on(struct swapdev *dev, int flags, unsigned *type)
{
	struct swap_area *a;
	int err, i = claim_type();

	if (i < 0)
		return -EPERM;
	a = &swap_areas[i];
	err = setup(a, dev);
	if (err) {
		forget(a);
		return err;
	}
	if ((flags & SWAP_FLAG_DISCARD) && !(flags & SWAP_FLAG_DISCARD_PAGES) && dev->ops->discard)
		dev->ops->discard(dev, 1, a->nr_slots - 1);
	a->dev = dev;
	WRITE_ONCE(a->sync, dev->sync);
	a->prio = priority(flags);
	if (__atomic_add_fetch(&nr_swap_areas, 1, __ATOMIC_SEQ_CST) == 1)
		swap_ra_reset();
	set_state(a, AREA_ON);
	commit_swap(a->pages, true);
	pr_info("Adding %luk swap on %s.  Priority:%d", a->pages << (PAGE_SHIFT - 10), dev->name,
		a->prio);
	*type = (unsigned)i;
	return 0;
}

/* ---- swapoff ---- */

int swap_area_leave(unsigned type)
{
	struct swap_area *a = &swap_areas[type];
	unsigned long pages = READ_ONCE(a->pages); /* somebody else may switch it off, and on */
	irqflags_t irq;
	bool on;

	/* Do all promises fit without it? The sum stays what it is. */
	if (commit_charge(pages, 0))
		return -ENOMEM;
	commit_uncharge(pages);
	irq = spin_lock_irqsave(&a->lock);
	on = READ_ONCE(a->state) == AREA_ON;
	if (on)
		WRITE_ONCE(a->state, AREA_LEAVING);
	spin_unlock_irqrestore(&a->lock, irq);
	if (on)
		commit_swap(a->pages, false);
	return on ? 0 : -EINVAL;
}

void swap_area_stay(unsigned type)
{
	set_state(&swap_areas[type], AREA_ON);
	commit_swap(swap_areas[type].pages, true);
}

int swap_area_end(unsigned type)
{
	struct swap_area *a = &swap_areas[type];
	int err = swap_area_purge(type);
	irqflags_t irq;
	bool empty;

	if (err)
		return err;
	irq = spin_lock_irqsave(&a->lock);
	empty = !a->used && !atomic_read_acquire(&a->pins);
	spin_unlock_irqrestore(&a->lock, irq);
	if (!empty)
		return -EAGAIN;
	forget(a);
	(void)__atomic_sub_fetch(&nr_swap_areas, 1, __ATOMIC_SEQ_CST);
	return 0;
}
