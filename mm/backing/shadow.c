/*
 * Shadows of pages of files: what reclaim leaves in the index of a page that it has taken.
 *
 *   index:  page ──reclaim──► shadow: age of the lists (mm/track/workingset.c) ──read again──► page, maybe active at once
 *                                │ cut, the object ends; or the leaf has nothing else, and there are too many such
 *                                ▼
 *                              nothing
 *
 * A place of the index has a page, or a number (a value: lib/xindex.h), which is its shadow. Nothing is to be allocated when a
 * page leaves: its place is there. What remains in memory are the index's nodes; a leaf with nothing but shadows is on a
 * list, oldest first, and a shrinker drops such leaves when all together have more than 1/8 as many as memory has pages (so
 * they know of 8 times as many pages as there are, and take 2 % of memory at most).
 *
 * OWNS     values in the index of a mapping with a store, nr_values, struct xindex_keep of its leaves; WORKINGSET_NODES,
 *          WORKINGSET_NODERECLAIM.
 * WHY      as on Linux: what is known of a page that left costs nothing while the place has neighbours in memory.
 * I1       a leaf is on the list exactly when all its items are shadows: whoever changes an item of a mapping that has
 *          shadows asks again, and a leaf that is freed leaves the list first (shadow_leaf_freed).  [shadow_check]
 * I2       a shadow has no tags: nobody who looks for dirty pages meets one.
 * I3       a mapping whose leaf is on the list exists, as its end drops all items under m->lock; who holds list_lock and
 *          gets m->lock may use it until he gives m->lock back.
 * LOCKS    m->lock for a mapping's; under it list_lock (rank LRU). The shrinker takes them the other way, m->lock by try.
 * CONTEXT  any that may take m->lock.
 * FAILS    never.
 * NOT HERE distances (mm/track/workingset.c); shared memory's values (shmem_swap.c).
 * SOURCES  Linux mm/workingset.c's model; Megiddo & Modha 2003 (ghost lists).   TESTED BY shadow_test.c, tests/guest/disk_pages.c
 */
#include "mm/backing/shadow.h"

#include "mm/backing/backing_impl.h"
#include "mm/memmap.h"
#include "mm/shrinker.h"
#include "mm/swap.h"
#include "mm/workingset.h"
#include "mm/zone.h"

enum { DROP_BATCH = 512 /* shadows dropped under one m->lock */, PAGES_PER_LEAF = 8 };

static struct spinlock list_lock = SPINLOCK_INIT(RANK_LRU);
static struct list_head leaves = LIST_HEAD_INIT(leaves);
static atomic_long_t nr_leaves;

static void *value_of(uint32_t shadow)
{
	return xindex_value(shadow);
}

/* A 32-bit CPU's numbers have 31 bits: the one that says that it is a shadow is lost, and known. */
static uint32_t shadow_of(const void *value)
{
	return (uint32_t)xindex_number(value) | SHADOW_BIT;
}

/* ---- leaves of nothing else ---- */

static void count_leaf(const struct xindex_keep *leaf, long n)
{
	mod_node_stat(virt_to_page(leaf), WORKINGSET_NODES, n);
	atomic_long_add(&nr_leaves, n);
}

static void leaf_leave(struct xindex_keep *leaf) must_hold(list_lock)
{
	list_del(&leaf->link);
	leaf->link.next = NULL;
	count_leaf(leaf, -1);
}

void shadow_leaf_freed(void *node)
{
	struct xindex_keep *leaf = node;

	if (likely(!leaf->link.next))
		return;
	spin_lock(&list_lock);
	leaf_leave(leaf);
	spin_unlock(&list_lock);
}

static void leaf_join(struct address_space *m, unsigned long index, struct xindex_keep *leaf)
{
	leaf->owner = m;
	leaf->first = index;
	spin_lock(&list_lock);
	list_add_tail(&leaf->link, &leaves);
	spin_unlock(&list_lock);
	count_leaf(leaf, 1);
}

void shadow_leaf_changed(struct address_space *m, unsigned long index)
{
	struct xindex_keep *leaf;
	bool all;

	if (!m->ops->store)
		return;
	leaf = xindex_leaf(&m->pages, index, &all);
	if (!leaf || all == (leaf->link.next != NULL))
		return;
	if (all)
		leaf_join(m, index, leaf);
	else
		shadow_leaf_freed(leaf);
}

/* The first item of all, at index 0, has no leaf until there is another. */
void shadow_page_came(struct address_space *m, unsigned long index)
{
	shadow_leaf_changed(m, index);
	if (m->pages.nr == 2)
		shadow_leaf_changed(m, 0);
}

/* ---- pages leave and come back ---- */

void shadow_put(struct address_space *m, const struct page *page)
{
	xindex_untag(&m->pages, page->index);
	xindex_replace(&m->pages, page->index, value_of(workingset_eviction(page)));
	WRITE_ONCE(m->nr_values, m->nr_values + 1);
	shadow_leaf_changed(m, page->index);
}

uint32_t shadow_take(struct address_space *m, struct page *page)
{
	void *item = m->ops->store ? xindex_find(&m->pages, page->index) : NULL;

	if (!xindex_is_value(item))
		return 0;
	xindex_replace(&m->pages, page->index, page);
	WRITE_ONCE(m->nr_values, m->nr_values - 1);
	return shadow_of(item);
}

void shadow_refault(struct page *page, uint32_t shadow)
{
	if (!page_test(page,
		       PG_uptodate)) /* it is to be read: who writes all of it wants nothing back */
		workingset_refault(page, shadow, swap_space_left());
}

bool shadow_is_recent(const void *value)
{
	return workingset_is_recent(shadow_of(value), true, swap_space_left());
}

/* ---- gone ---- */

void shadows_drop(struct address_space *m, unsigned long index, unsigned long last)
{
	spin_lock(&m->lock);
	for (unsigned n = 0; n < DROP_BATCH; n++) {
		void *item = xindex_next(&m->pages, &index);

		if (!xindex_is_value(item) || index > last)
			break;
		mapping_forget_value(m, index);
	}
	spin_unlock(&m->lock);
}

/* All shadows of a leaf that has nothing else. m->lock held. */
static void leaf_drop(struct address_space *m, unsigned long first)
{
	first &= ~(XINDEX_LEAF_SLOTS - 1UL);
	for (unsigned long i = first; i - first < XINDEX_LEAF_SLOTS; i++) {
		if (xindex_find(&m->pages, i))
			mapping_forget_value(m, i);
	}
}

/* The leaf that is longest on the list. Return: 0; 1: it went; -1: there is none. */
static int drop_oldest(void) no_lock_analysis
{
	struct xindex_keep *leaf;
	struct address_space *m;
	unsigned long first;
	bool mine;

	spin_lock(&list_lock);
	if (list_empty(&leaves)) {
		spin_unlock(&list_lock);
		return -1;
	}
	leaf = list_entry(leaves.next, struct xindex_keep, link);
	m = leaf->owner;
	first = leaf->first;
	mine = spin_trylock(&m->lock);
	if (!mine) {
		list_del(&leaf->link);
		list_add_tail(&leaf->link, &leaves);
	}
	spin_unlock(&list_lock);
	if (!mine)
		return 0;
	mod_node_stat(virt_to_page(leaf), WORKINGSET_NODERECLAIM, 1);
	leaf_drop(m, first);
	spin_unlock(&m->lock);
	return 1;
}

static unsigned long too_many(void)
{
	unsigned long most = totalram_pages() / PAGES_PER_LEAF;
	unsigned long nr = (unsigned long)atomic_long_read(&nr_leaves);

	return nr > most ? nr - most : 0;
}

static unsigned long drop_leaves(unsigned long nr, gfp_t gfp)
{
	unsigned long freed = 0;

	(void)gfp;
	while (nr--) {
		int r = drop_oldest();

		if (r < 0)
			break;
		freed += (unsigned long)r;
	}
	return freed;
}

static const struct shrinker shadow_shrinker = { .name = "mm-shadow",
						 .count = too_many,
						 .scan = drop_leaves };

void shadow_boot(void)
{
	list_head_init(&leaves);
	atomic_long_set(&nr_leaves, 0);
	must(register_shrinker(&shadow_shrinker) == 0);
}

const char *shadow_check(const struct address_space *m)
{
	unsigned long index = 0;

	while (m->ops->store && xindex_next(&m->pages, &index)) {
		bool all;
		const struct xindex_keep *leaf = xindex_leaf(&m->pages, index, &all);

		if (leaf && (all != (leaf->link.next != NULL) || (all && leaf->owner != m)))
			return "shadow.c, I1: leaf";
		index |= XINDEX_LEAF_SLOTS - 1;
		if (!++index)
			break;
	}
	return NULL;
}
