/*
 * The page cache of one object.
 *
 *   struct address_space { pages: radix index, page offset -> struct page, one reference held by the cache }
 *
 *   page:  allocated, private -> locked by its fill, in the index, contents undefined -> uptodate, unlocked -> out of the
 *          index (mapping NULL; whoever still has a reference sees the old contents) -> freed by the last put
 *
 * OWNS     struct address_space, its index, the life of PS_FILE pages.
 * WHY      one copy for read, write, mmap and exec: a page is found by (mapping, index) and nowhere else.
 * I1       a page in the index has mapping and index of its place, state PS_FILE, refcount >= 1.  [mapping_check]
 * I2       nr_pages is the number of pages in the index, nr_values of values; without a store, their sum also what
 *          ops->reserve has granted and ops->release not taken back.                              [mapping_check]
 * I3       PG_uptodate, once set, stays until the page is freed or its frame breaks (PG_hwpoison). Contents are undefined
 *          without.
 * I4       with a store, a dirty page has the tag DIRTY, one being written the tag WRITEBACK; the second may also stay
 *          a while behind (writeback.c).                                                         [mapping_check]
 * LOCKS    m->lock (rank INDEX) for the index; the page lock for contents becoming valid and for leaving the cache.
 *          A lookup takes m->lock, a reference, and drops it; what it found may leave the cache at any time,
 *          so who needs it to stay asks mapping_owns() under the page lock or a table lock.
 * CONTEXT  threads; fill may sleep. mapping_find also where sleeping is forbidden.
 * COST     hit: one spinlock, one load per index level. A new page: allocation, fill, one more spinlock.
 * FAILS    -ENOMEM (page or index node), ops->reserve's and ops->fill's errors; then the cache is as before.
 * NOT HERE bytes (fileio.c), cutting (truncate.c), write-back, which pages leave first (mm/reclaim).
 * SOURCES  Gorman 2004, ch. 10; SVR4's unified cache (Gingell et al. 1987).   TESTED BY mapping_test.c
 */
#include "mm/mapping_window.h"
#include "mm/migrate.h"

#include "base/errno.h"
#include "mm/alloc.h"
#include "mm/backing/backing_impl.h"
#include "mm/backing/shadow.h"
#include "mm/huge.h"
#include "mm/mempolicy.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "mm/writeback.h"
#include "sync/failpoint.h"

static struct kmem_cache *node_cache;

void mapping_boot(void)
{
	node_cache = kmem_cache_create("radix_tree_node", xindex_node_size, 0,
				       SLAB_PANIC | SLAB_RECLAIM_ACCOUNT, NULL);
	shadow_boot();
}

static void *node_alloc(void)
{
	return failpoint("mapping_node") ? NULL : kmem_cache_alloc(node_cache, GFP_KERNEL);
}

static void node_free(void *node)
{
	kmem_cache_free(node_cache, node);
}

/* One that was in a tree. */
static void node_leaves(void *node)
{
	shadow_leaf_freed(node);
	node_free(node);
}

void mapping_init(struct address_space *m, const struct address_space_ops *ops, void *owner,
		  gfp_t gfp, unsigned flags)
{
	*m = (struct address_space){ .ops = ops, .owner = owner, .gfp = gfp, .flags = flags };
	spin_init(&m->lock, RANK_INDEX);
	spin_init(&m->i_mmap_lock, RANK_MAPPING_VMAS);
	rwsem_init(&m->invalidate_lock, RANK_MAPPING_INVAL);
	xindex_init(&m->pages);
	list_init(&m->wb_link);
	m->bdi = ops->store ? &default_bdi : NULL;
	ra_init(&m->ra, m);
	ivtree_init(&m->i_mmap);
}

void mapping_destroy(struct address_space *m)
{
	kassert(ivtree_empty(&m->i_mmap));
	mapping_remove_range(m, 0, ULONG_MAX, false);
	kassert(!m->nr_pages && !m->nr_values);
	shared_policy_free(m);
	if (m->bdi)
		writeback_forget(m);
	else
		shmem_swap_end(m);
}

/* A 32-bit CPU reads 8 bytes in two halves: there the writer's lock keeps them together. */
uint64_t mapping_size(const struct address_space *m)
{
	struct spinlock *lock = (struct spinlock *)(uintptr_t)&m->lock;
	uint64_t size;

	if (sizeof(long) == sizeof(size))
		return READ_ONCE(m->size);
	spin_lock(lock);
	size = m->size;
	spin_unlock(lock);
	return size;
}

void mapping_set_size_locked(struct address_space *m, uint64_t size)
{
	spin_lock(&m->lock);
	WRITE_ONCE(m->size, size);
	spin_unlock(&m->lock);
}

/* A small page of the huge one in whose place @index lies. */
static noinline_ struct page *find_in_huge(struct address_space *m, unsigned long index)
{
	struct page *page;

	spin_lock(&m->lock);
	page = xindex_find(&m->pages, index & ~(unsigned long)(HPAGE_NR - 1));
	if (page)
		get_page(page);
	spin_unlock(&m->lock);
	return page ? page + (index & (HPAGE_NR - 1)) : NULL;
}

struct page *mapping_find(struct address_space *m, unsigned long index)
{
	struct page *page;

	if (unlikely(m->flags & MAPPING_HUGETLB))
		return find_in_huge(m, index);
	spin_lock(&m->lock);
	page = item_page(xindex_find(&m->pages, index));
	if (page)
		get_page(page);
	spin_unlock(&m->lock);
	return page;
}

/* The pages of @n slots with a reference each; NULL where there is none, or a value, or no @valid one. @values: there may be some. */
static always_inline_ void get_slots(void *const *slot, struct page **pages, unsigned n, bool valid,
				     bool values)
{
	for (unsigned i = 0; i < n; i++) {
		struct page *page = slot ? slot[i] : NULL;

		if (values)
			page = item_page(page);
		if (page && valid && unlikely(!page_test(page, PG_uptodate)))
			page = NULL;
		if (page)
			get_page(page);
		pages[i] = page;
	}
}

static always_inline_ void find_run(struct address_space *m, unsigned long first, unsigned nr,
				    struct page **pages, bool valid)
{
	spin_lock(&m->lock);
	for (unsigned n = nr; nr; n = nr) {
		void *const *slot = xindex_slots(&m->pages, first, &n);

		if (unlikely(m->nr_values))
			get_slots(slot, pages, n, valid, true);
		else
			get_slots(slot, pages, n, valid, false);
		first += n;
		pages += n;
		nr -= n;
	}
	spin_unlock(&m->lock);
}

void mapping_find_run(struct address_space *m, unsigned long first, unsigned nr,
		      struct page **pages)
{
	if (unlikely(m->flags & MAPPING_HUGETLB)) {
		for (unsigned i = 0; i < nr; i++)
			pages[i] = find_in_huge(m, first + i);
		return;
	}
	find_run(m, first, nr, pages, true);
}

struct page *mapping_map_run(struct address_space *m, struct mm_struct *mm,
			     const struct mapping_window *w)
{
	unsigned long index = w->first;
	struct page *own;
	pte_t *pte = w->pte;

	kassert(!(m->flags & MAPPING_HUGETLB));
	spin_lock(&m->lock);
	own = item_page(xindex_find(&m->pages, index + w->at));
	if (unlikely(!own) || unlikely(!page_test(own, PG_uptodate))) {
		spin_unlock(&m->lock);
		return NULL;
	}
	range_map_own(mm, pte + w->at, own, w->own_prot);
	for (unsigned left = w->nr > 1 ? w->nr : 0, n; left; left -= n, index += n, pte += n) {
		void *const *slot;

		n = left;
		slot = xindex_slots(&m->pages, index, &n);
		if (likely(slot != NULL))
			range_map_cached(mm, pte, slot, n, own, w->prot, m->nr_values);
	}
	spin_unlock(&m->lock);
	return own;
}

void mapping_find_all(struct address_space *m, unsigned long first, unsigned nr,
		      struct page **pages)
{
	find_run(m, first, nr, pages, false);
}

unsigned mapping_find_span(struct address_space *m, unsigned long first, unsigned max,
			   struct page **out)
{
	struct page *page = NULL;
	void *const *slot;
	unsigned n = 0;

	spin_lock(&m->lock);
	slot = xindex_slots(&m->pages, first, &max);
	if (likely(slot != NULL))
		page = item_page(*slot);
	if (likely(page && !(m->flags & MAPPING_HUGETLB))) {
		for (; n < max && slot[n] == page + n && page_test(page + n, PG_uptodate); n++)
			get_page(page + n);
	}
	spin_unlock(&m->lock);
	*out = page;
	if (unlikely(n && !page_address(page + n - 1))) {
		put_pages(page, n);
		return 0;
	}
	return n;
}

void mapping_count_pages(struct address_space *m, const struct page *page, long n)
{
	if (m->flags & MAPPING_HUGETLB)
		return;
	mod_node_stat(page, NR_FILE_PAGES, n);
	if (m->flags & MAPPING_SHMEM)
		mod_node_stat(page, NR_SHMEM, n);
}

/* A frame, from the nodes that the object's policy or the thread's says. */
static inline struct page *cache_alloc(struct address_space *m, unsigned long index, gfp_t gfp)
{
	if (!mpol_any())
		return alloc_page(gfp);
	return m->flags & MAPPING_SHMEM ? shared_policy_alloc(m, index, gfp) : mpol_alloc_task(gfp);
}

struct page *mapping_alloc_frame(struct address_space *m, unsigned long index, gfp_t gfp)
{
	return cache_alloc(m, index, gfp);
}

struct page *mapping_new_page_gfp(struct address_space *m, unsigned long index, gfp_t gfp)
{
	struct page *page = failpoint("mapping_page") ? NULL : cache_alloc(m, index, gfp);

	if (!page)
		return NULL;
	page_become(page, PS_KERNEL, PS_FILE);
	page->index = index;
	page->private = 0;
	return page;
}

unsigned mapping_new_pages(struct address_space *m, unsigned n, struct page **pages)
{
	unsigned got;

	if (failpoint("mapping_pages") || mpol_any())
		return 0;
	got = alloc_pages_bulk(m->gfp | __GFP_NOWARN, n, pages);
	for (unsigned i = 0; i < got; i++) {
		page_become(pages[i], PS_KERNEL, PS_FILE);
		pages[i]->private = 0;
	}
	return got;
}

/* Put into the index, under the caller's m->lock attempts; -ENOMEM asks for nodes. *shadow: what was there instead. */
static int insert_once(struct address_space *m, struct page *page, struct xindex_reserve *r,
		       uint32_t *shadow)
{
	int err;

	spin_lock(&m->lock);
	err = xindex_insert(&m->pages, page->index, page, r);
	if (unlikely(err == -EEXIST)) {
		*shadow = shadow_take(m, page);
		err = *shadow ? 0 : -EEXIST;
	}
	if (!err) {
		if (unlikely(m->nr_values || *shadow))
			shadow_page_came(m, page->index);
		m->nr_pages++;
		WRITE_ONCE(page->mapping, m);
	}
	spin_unlock(&m->lock);
	return err;
}

int mapping_add_page(struct address_space *m, struct page *page)
{
	struct xindex_reserve r;
	uint32_t shadow = 0;
	int err;

	xindex_reserve_init(&r);
	if (!m->ops->store && m->ops->reserve) {
		err = m->ops->reserve(m, page->index, 1);
		if (err)
			return err;
	}
	get_page(page); /* the cache's. Atomic: a look-up by number may have one for a moment */
	if (m->flags & MAPPING_SHMEM)
		page->flags |= 1UL << PG_swapbacked;
	for (;;) {
		err = insert_once(m, page, &r, &shadow);
		if (err != -ENOMEM)
			break;
		err = xindex_reserve_fill(&r, node_alloc, node_free);
		if (err)
			break;
	}
	xindex_reserve_drop(&r, node_free);
	if (!err) {
		mapping_count_pages(m, page, 1);
		if (unlikely(shadow))
			shadow_refault(page, shadow);
		if (!(m->flags & MAPPING_HUGETLB))
			lru_add(page);
		return 0;
	}
	put_page(page);
	if (!m->ops->store && m->ops->release)
		m->ops->release(m, 1);
	return err;
}

/* Out of the index. m->lock held. */
static void take_out(struct address_space *m, struct page *page)
{
	must(xindex_remove(&m->pages, page->index, node_leaves) == page);
	if (unlikely(m->nr_values))
		shadow_leaf_changed(m, page->index);
	m->nr_pages--;
	WRITE_ONCE(page->mapping, NULL);
}

/* The same, and its place remembers it. */
static void leave_shadow(struct address_space *m, struct page *page)
{
	shadow_put(m, page);
	m->nr_pages--;
	WRITE_ONCE(page->mapping, NULL);
}

void mapping_forget_value(struct address_space *m, unsigned long index)
{
	must(xindex_is_value(xindex_remove(&m->pages, index, node_leaves)));
	WRITE_ONCE(m->nr_values, m->nr_values - 1);
}

void mapping_remove_page(struct address_space *m, struct page *page)
{
	kassert(page_test(page, PG_locked) && mapping_owns(m, page));
	kassert(!page_test(page, PG_writeback));
	spin_lock(&m->lock);
	take_out(m, page);
	spin_unlock(&m->lock);
	if (m->ops->store && page_test(page, PG_dirty))
		dirty_drop(page);
	mapping_count_pages(m, page, -1);
	page_clear(page, PG_dirty);
}

/* Same place, same contents: @new takes over what the cache and its users know of @old. m->lock held. */
static void take_place(struct address_space *m, struct page *old, struct page *new)
{
	for (unsigned i = 0; i < 1U << page_order(old); i++) {
		copy_highpage(new + i, old + i);
		page_copy_flags(new + i, old + i);
	}
	new->index = old->index;
	new->private = old->private;
	page_become(new, PS_KERNEL, PS_FILE);
	xindex_replace(&m->pages, old->index, new);
	get_page(new); /* the cache's */
	WRITE_ONCE(new->mapping, m);
	WRITE_ONCE(old->mapping, NULL);
}

int mapping_replace_page(struct address_space *m, struct page *old, struct page *new, int expected)
{
	bool done;

	kassert(page_test(old, PG_locked) && mapping_owns(m, old));
	spin_lock(&m->lock);
	/* Who found it before has a reference, and then it stays. With none left nobody writes to it, and who has its number
	 * gets none. */
	done = page_test(old, PG_uptodate) && atomic_cmpxchg(&old->_refcount, expected, 0);
	if (done) {
		take_place(m, old, new);
		atomic_set(&old->_refcount, expected - 1);
	}
	spin_unlock(&m->lock);
	if (!done)
		return -EAGAIN;
	mapping_count_pages(m, old, -1);
	mapping_count_pages(m, new, 1);
	if (!(m->flags & MAPPING_HUGETLB))
		lru_add(new);
	if (m->ops->store && page_test(old, PG_dirty)) {
		mod_node_stat(old, NR_FILE_DIRTY, -1);
		mod_node_stat(new, NR_FILE_DIRTY, 1);
	}
	return 0;
}

/* I3 of shmem.c, asserted. */
static maybe_unused bool page_holds_zeroes(struct page *page)
{
	const unsigned long *word = kmap_local_page(page);
	unsigned i = 0;

	while (i < PAGE_SIZE / sizeof(*word) && !word[i])
		i++;
	kunmap_local(word);
	return i == PAGE_SIZE / sizeof(*word);
}

/* Whoever looks a page up takes his reference under m->lock: with two, nobody is about to map it or to write into it. */
static bool drop_page(struct address_space *m, struct page *page, bool shadow)
{
	bool unused;

	spin_lock(&m->lock);
	unused = page_ref_count(page) == 2 && !page_test(page, PG_dirty) &&
		 !page_test(page, PG_writeback);
	if (unused) {
		kassert(!(m->flags & MAPPING_SHMEM) || page_holds_zeroes(page));
		if (shadow)
			leave_shadow(m, page);
		else
			take_out(m, page);
		mapping_count_pages(
			m, page, -1); /* unlocked, @m may be gone: it waited for this page only */
		if (!m->ops->store && m->ops->release)
			m->ops->release(m, 1);
	}
	spin_unlock(&m->lock);
	if (!unused)
		return false;
	put_page(page); /* the cache's */
	return true;
}

bool mapping_drop_page(struct address_space *m, struct page *page)
{
	return drop_page(m, page, false);
}

bool mapping_evict_page(struct address_space *m, struct page *page)
{
	return drop_page(m, page, m->ops->store);
}

/* Read @page, which is locked: the lock is the I/O's. */
static int fill_start(struct address_space *m, struct page *page)
{
	int err;

	page_clear(page, PG_error);
	page_lock_give(page);
	err = m->ops->fill(m, page);
	if (err)
		page_io_done(page, err);
	return err;
}

/* lock_page for who may hold another page and a file system's lock: the page of a file while its map is read from the
 * device's. A device's page is never locked by who waits for a file's. */
static void lock_inner(struct page *page)
{
	while (!trylock_page(page))
		(void)!page_wait_clear(page, PG_locked, PARK_UNINTERRUPTIBLE);
}

/* A page whose contents could not be read leaves the cache. Return: its error, or -EAGAIN when it is gone or good by now. */
static int fill_failed(struct address_space *m, struct page *page)
{
	int err = -EAGAIN;

	lock_inner(page);
	if (mapping_owns(m, page) && !page_test(page, PG_uptodate) && page_test(page, PG_error)) {
		err = -(int)page->private;
		mapping_remove_page(m, page);
		if (!m->ops->store && m->ops->release)
			m->ops->release(m, 1);
		put_page(page); /* the cache's */
	}
	unlock_page(page);
	return err;
}

/* Until the read that runs has ended. 0, an error, or -EAGAIN: look again. */
static int fill_wait(struct address_space *m, struct page *page)
{
	int err = page_wait_clear(page, PG_locked, PARK_KILLABLE);

	if (err || page_test(page, PG_uptodate))
		return err;
	return fill_failed(m, page);
}

/* A page found in the cache before its contents were valid. 0, an error, or -EAGAIN: look again. */
static int wait_uptodate(struct address_space *m, struct page *page)
{
	int err = page_wait_clear(page, PG_locked, PARK_KILLABLE);

	if (err || page_test(page, PG_uptodate))
		return err;
	if (page_test(page, PG_hwpoison))
		return -EIO;
	lock_inner(page);
	if (!mapping_owns(m, page) || page_test(page, PG_uptodate)) {
		unlock_page(page);
		return -EAGAIN;
	}
	(void)fill_start(
		m, page); /* read ahead in vain: once more, for us; the error is in the page */
	if (m->ops->kick)
		m->ops->kick(m);
	return fill_wait(m, page);
}

int mapping_start_page(struct address_space *m, unsigned long index, gfp_t gfp, struct page **out)
{
	struct page *page = mapping_new_page_gfp(m, index, gfp);
	int err;

	if (!page)
		return -ENOMEM;
	if (!trylock_page(page))
		panic("a new page is locked");
	err = mapping_add_page(m, page);
	if (err) {
		unlock_page(page);
		put_page(page);
		return err;
	}
	(void)fill_start(m, page);
	*out = page;
	return 0;
}

/* A page that is not there. 0, an error, or -EAGAIN: somebody else has made it. */
static int make_page(struct address_space *m, unsigned long index, struct page **out)
{
	struct page *page;
	int err = mapping_start_page(m, index, m->gfp, &page);

	if (err)
		return err == -EEXIST ? -EAGAIN : err;
	if (m->ops->kick)
		m->ops->kick(m);
	if (likely(page_test(page, PG_uptodate)))
		err = 0;
	else
		err = fill_wait(m, page);
	if (err)
		put_page(page);
	else
		*out = page;
	return err;
}

/* No page is there: it comes back from swap, or @make says that a new one shall. As make_page; -ENOENT: neither. */
static int bring_page(struct address_space *m, unsigned long index, bool make, struct page **out)
{
	int err = shmem_has_swapped(m) ? shmem_swap_in(m, index, out) : -ENOENT;

	return err == -ENOENT && make ? make_page(m, index, out) : err;
}

static int find_or_make(struct address_space *m, unsigned long index, bool make, struct page **out)
{
	for (;;) {
		struct page *page = mapping_find(m, index);
		int err;

		if (!page) {
			err = bring_page(m, index, make, out);
		} else if (page_test(page, PG_uptodate)) {
			*out = page;
			return 0;
		} else {
			err = wait_uptodate(m, page);
			if (err)
				put_page(page);
			else
				*out = page;
		}
		if (err != -EAGAIN)
			return err;
	}
}

int mapping_get_page(struct address_space *m, unsigned long index, struct page **out)
{
	return find_or_make(m, index, true, out);
}

int mapping_lookup_page(struct address_space *m, unsigned long index, struct page **out)
{
	return find_or_make(m, index, false, out);
}

void mapping_check(struct address_space *m)
{
	unsigned long index = 0, nr = 0, values = 0;
	struct page *page;
	const char *bad;

	spin_lock(&m->lock);
	bad = xindex_check(&m->pages);
	for (page = xindex_next(&m->pages, &index); page && !bad;
	     page = xindex_next(&m->pages, &index)) {
		if (xindex_is_value(page))
			values++;
		else if (page->mapping != m || page->index != index ||
			 page_state(page) != PS_FILE ||
			 page_ref_count(page) < 1 + page_mapcount(page))
			bad = "I1: page";
		else if (m->ops->store &&
			 page_test(page, PG_dirty) !=
				 xindex_tag_get(&m->pages, index, XINDEX_TAG_DIRTY))
			bad = "I4: tag";
		else if (page_test(page, PG_writeback) &&
			 !xindex_tag_get(&m->pages, index, XINDEX_TAG_WRITEBACK))
			bad = "I4: tag of a page being written";
		nr++;
		if (!++index)
			break;
	}
	if (!bad && (nr != m->nr_pages + m->nr_values || values != m->nr_values))
		bad = "I2: count";
	if (!bad)
		bad = shadow_check(m);
	spin_unlock(&m->lock);
	spin_lock(&m->i_mmap_lock);
	if (m->i_mmap_writable < 0 || (m->i_mmap_writable && (m->seals & F_SEAL_WRITE)))
		bad = "writable mappings of a sealed object";
	spin_unlock(&m->i_mmap_lock);
	if (bad)
		panic("mapping_check: %s (index %lu)", bad, index);
}
