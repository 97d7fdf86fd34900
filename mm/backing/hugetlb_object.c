/*
 * Objects on huge pages: files of hugetlbfs and what MAP_HUGETLB makes.
 *
 *   page cache     a huge page stands in the index at the offset of its first small page; mapping_find gives any small
 *                  page of it
 *   place          huge page number in the object: offset >> HPAGE_ORDER
 *   o->resv        places that are promised or have a page (shared mappings, fallocate)
 *
 *   mmap shared    reserve [from, to): new places are promised pages | mount's limits | pool
 *   fault          place in o->resv: its promise becomes a page. Not: room in the mount, and a page beyond promises
 *   cut            pages leave; promises of places without a page end
 *   mmap private   every place promised; struct resv_map of the mapping: those whose promise was used
 *
 * OWNS     struct hugetlb_object, the place locks.
 * I1       a page in the cache: its place is in o->resv.                                  [hugetlb_check_object]
 * I2       pages and promises of an object are in its mount's used, once each; a page says its mount in page->private.
 * I3       cached pages are zeroed, up to date and dirty from birth: memory is the store.
 * LOCKS    place lock (rank HUGETLB, mutexes by hash), then invalidate_lock, which a cut holds for write.
 * FAILS    -ENOMEM for promises; -ENOSPC for pages (a fault's SIGBUS).
 * NOT HERE the pool (hugetlb.c), entries (mm/aspace/hugetlb.c).   TESTED BY hugetlb_test.c
 */
#include "base/errno.h"
#include "lib/fmt.h"
#include "lib/string.h"
#include "mm/backing/backing_impl.h"
#include "mm/hugetlb_pool.h"
#include "mm/imports.h"
#include "mm/shmem.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"
#include "sync/mutex.h"
#include "uapi/mman.h"

enum { PLACE_LOCKS = 32 };
static struct mutex place_locks[PLACE_LOCKS];

void hugetlb_object_boot(void)
{
	for (unsigned i = 0; i < PLACE_LOCKS; i++)
		mutex_init(&place_locks[i], RANK_HUGETLB);
}

static struct mutex *place_mutex(const struct address_space *m, unsigned long place)
{
	return &place_locks[((uintptr_t)m / sizeof(*m) + place) % PLACE_LOCKS];
}

void hugetlb_place_lock(const struct address_space *m, unsigned long place) no_lock_analysis
{
	mutex_lock(place_mutex(m, place));
}

void hugetlb_place_unlock(const struct address_space *m, unsigned long place) no_lock_analysis
{
	mutex_unlock(place_mutex(m, place));
}

int hugetlb_fill_zeroes(struct page *page, void *arg)
{
	for (unsigned i = 0; i < HPAGE_NR; i++) {
		void *p = kmap_local_page(page + i);

		frame_zero(p);
		kunmap_local(p);
		page_set(page + i, PG_uptodate);
	}
	return 0;
}

/* ---- promises ---- */

int hugetlb_reserve_private(struct address_space *m, unsigned long n)
{
	struct hugetlb_space *space = hugetlb_object_of(m)->space;
	long promises = hugetlb_space_get(space, (long)n);

	if (promises < 0)
		return -ENOMEM;
	if (!hugetlb_promise((unsigned long)promises))
		return 0;
	hugetlb_space_unget(space, (long)n, (long)n - promises);
	return -ENOMEM;
}

void hugetlb_unreserve_private(struct address_space *m, unsigned long n)
{
	hugetlb_unpromise((unsigned long)hugetlb_space_put(hugetlb_object_of(m)->space, (long)n));
}

int hugetlb_reserve(struct address_space *m, unsigned long from, unsigned long to)
{
	struct hugetlb_object *o = hugetlb_object_of(m);
	struct resv_region *spare = resv_spare();
	unsigned long want = resv_missing(&o->resv, from, to);

	if (!spare)
		return -ENOMEM;
	if (hugetlb_reserve_private(m, want)) {
		resv_spare_free(spare);
		return -ENOMEM;
	}
	/* What another mapping, or a fault, was faster with is promised twice. */
	hugetlb_unreserve_private(m, want - resv_add(&o->resv, from, to, spare));
	return 0;
}

/* ---- pages ---- */

/* A page that is wanted. */
struct take {
	struct hugetlb_space *space;
	const struct mempolicy *pol;
	unsigned long place;
	bool has_promise; /* the place has one */
	bool promised;	  /* take_page: that one was used, or one of the mount's minimum */
};

/* 0 or -ENOSPC. */
static int take_page(struct take *t, struct page **out)
{
	long need = t->has_promise ? 0 : hugetlb_space_get(t->space, 1);

	if (need < 0)
		return -ENOSPC;
	t->promised = need == 0;
	*out = hugetlb_take(t->promised, t->pol, t->place);
	if (*out) {
		(*out)->private = (unsigned long)t->space;
		return 0;
	}
	if (!t->has_promise)
		hugetlb_space_unget(t->space, 1, t->promised);
	return -ENOSPC;
}

/* Undo of take_page: place and mount are as before. */
static void untake_page(const struct take *t, struct page *page)
{
	page->private = 0;
	hugetlb_untake(page, t->promised);
	if (!t->has_promise)
		hugetlb_space_unget(t->space, 1, t->promised);
}

int hugetlb_private_page(struct address_space *m, struct resv_map *used, unsigned long place,
			 const struct hugetlb_filler *fill, struct page **out)
{
	struct take t = { .space = hugetlb_object_of(m)->space,
			  .pol = fill->pol,
			  .place = place,
			  .has_promise = used && resv_missing(used, place, place + 1) };
	struct resv_region *spare = t.has_promise ? resv_spare() : NULL;
	int err;

	if (t.has_promise && !spare)
		return -ENOMEM;
	err = take_page(&t, out);
	if (!err) {
		err = fill->fn(*out, fill->arg);
		if (err)
			untake_page(&t, *out);
	}
	if (err)
		resv_spare_free(spare);
	else if (t.has_promise)
		(void)resv_add(used, place, place + 1, spare);
	return err;
}

/* @page is the cached one of @place from now on. 0, or -ENOMEM: nothing has changed. */
static int cache_page(struct address_space *m, unsigned long place, struct page *page)
{
	int err;

	page_become(page, PS_KERNEL, PS_FILE);
	page->index = place << HPAGE_ORDER;
	page_set(page, PG_dirty);
	err = mapping_add_page(m, page);
	if (err) {
		page_clear(page, PG_dirty);
		page_become(page, PS_FILE, PS_KERNEL);
	}
	return err;
}

static int make_page(struct address_space *m, unsigned long place,
		     const struct hugetlb_filler *fill, struct page **out)
{
	struct hugetlb_object *o = hugetlb_object_of(m);
	struct take t = { .space = o->space,
			  .pol = fill->pol,
			  .place = place,
			  .has_promise = !resv_missing(&o->resv, place, place + 1) };
	struct resv_region *spare = t.has_promise ? NULL : resv_spare();
	int err = t.has_promise || spare ? take_page(&t, out) : -ENOMEM;

	if (err) {
		resv_spare_free(spare);
		return err;
	}
	err = fill->fn(*out, fill->arg);
	if (!err)
		err = cache_page(m, place, *out);
	if (err) {
		untake_page(&t, *out);
		resv_spare_free(spare);
		return err;
	}
	/* A mapping that reserved the place meanwhile was promised a page that is there. */
	if (!t.has_promise && !resv_add(&o->resv, place, place + 1, spare))
		hugetlb_unreserve_private(m, 1);
	return 0;
}

int hugetlb_get_page(struct address_space *m, unsigned long place, const struct mempolicy *pol,
		     struct page **out)
{
	const struct hugetlb_filler zeroes = { hugetlb_fill_zeroes, NULL, pol };

	*out = mapping_find(m, place << HPAGE_ORDER);
	return *out ? 0 : make_page(m, place, &zeroes, out);
}

int hugetlb_new_page(struct address_space *m, unsigned long place,
		     const struct hugetlb_filler *fill, struct page **out)
{
	struct page *there = mapping_find(m, place << HPAGE_ORDER);

	if (!there)
		return make_page(m, place, fill, out);
	put_page(there);
	return -EEXIST;
}

/* ---- cutting ---- */

void hugetlb_release(struct address_space *m, unsigned long nr)
{
	hugetlb_object_of(m)->freed += nr;
}

enum { PLACES_END = 0 }; /* as an end: all there are */

/*
 * Pages and promises of places [from, to) end. A page takes its own share of the mount along when it is freed. @spare: as
 * resv_del. invalidate_lock held for write, or nobody else knows the object.
 */
static void cut(struct hugetlb_object *o, unsigned long from, unsigned long to, bool private_too,
		struct resv_region *spare)
{
	unsigned long removed;

	o->freed = 0;
	mapping_remove_range(o->mapping, from << HPAGE_ORDER, (to << HPAGE_ORDER) - 1, private_too);
	removed = resv_del(&o->resv, from, to ? to : ULONG_MAX, spare);
	hugetlb_unreserve_private(o->mapping, removed - o->freed);
}

/* Zero what there is of bytes [from, to). */
static void zero_bytes(struct address_space *m, uint64_t from, uint64_t to)
{
	while (from < to) {
		unsigned off = (unsigned)(from & (PAGE_SIZE - 1));
		unsigned n = (unsigned)min_of(uint64_t, PAGE_SIZE - off, to - from);
		struct page *page = mapping_find(m, (unsigned long)(from >> PAGE_SHIFT));
		char *p;

		from += n;
		if (!page)
			continue;
		p = kmap_local_page(page);
		memset(p + off, 0, n);
		kunmap_local(p);
		put_page(page);
	}
}

int hugetlb_punch(struct address_space *m, uint64_t start, uint64_t end)
{
	uint64_t first = round_up_pow2(start, (uint64_t)HPAGE_SIZE);
	uint64_t stop = round_down_pow2(end, (uint64_t)HPAGE_SIZE);
	struct resv_region *spare;

	if (seal_forbids_write(m))
		return -EPERM;
	spare = resv_spare();
	if (!spare)
		return -ENOMEM;
	rwsem_down_write(&m->invalidate_lock);
	if (first >= stop) {
		resv_spare_free(spare);
		zero_bytes(m, start, end);
	} else {
		zero_bytes(m, start, first);
		zero_bytes(m, stop, end);
		cut(hugetlb_object_of(m), (unsigned long)(first >> HPAGE_SHIFT),
		    (unsigned long)(stop >> HPAGE_SHIFT), true, spare);
	}
	rwsem_up_write(&m->invalidate_lock);
	return 0;
}

int hugetlb_truncate(struct address_space *m, uint64_t size)
{
	uint64_t old = mapping_size(m);

	if (size & ~(uint64_t)HPAGE_MASK)
		return -EINVAL;
	if (seal_resize_ok(m, size))
		return -EPERM;
	rwsem_down_write(&m->invalidate_lock);
	mapping_set_size(m, size);
	if (size < old)
		cut(hugetlb_object_of(m), (unsigned long)(size >> HPAGE_SHIFT), PLACES_END, true,
		    NULL);
	rwsem_up_write(&m->invalidate_lock);
	return 0;
}

void hugetlb_grow(struct address_space *m, uint64_t size)
{
	rwsem_down_write(&m->invalidate_lock);
	if (mapping_size(m) < size)
		mapping_set_size(m, size);
	rwsem_up_write(&m->invalidate_lock);
}

int hugetlb_allocate(struct address_space *m, uint64_t start, uint64_t end, bool grow)
{
	unsigned long place = (unsigned long)(start >> HPAGE_SHIFT);
	unsigned long stop = (unsigned long)((end + HPAGE_SIZE - 1) >> HPAGE_SHIFT);
	int err = seal_resize_ok(m, max_of(uint64_t, mapping_size(m), end));

	for (; place < stop && !err; place++) {
		struct page *page;

		if (mm_ctx_current()->fatal_signal)
			return -EINTR;
		hugetlb_place_lock(m, place);
		rwsem_down_read(&m->invalidate_lock);
		err = hugetlb_get_page(m, place, NULL, &page);
		rwsem_up_read(&m->invalidate_lock);
		hugetlb_place_unlock(m, place);
		if (!err)
			put_page(page);
	}
	if (!err && grow)
		hugetlb_grow(m, end);
	return err;
}

/* ---- objects ---- */

bool hugetlb_size_ok(unsigned flags)
{
	unsigned log = flags >> MAP_HUGE_SHIFT & MAP_HUGE_MASK;

	return !log || log == HPAGE_SHIFT;
}

void hugetlb_object_init(struct hugetlb_object *o, struct address_space *mapping,
			 struct hugetlb_space *space)
{
	o->mapping = mapping;
	o->space = space;
	o->freed = 0;
	resv_init(&o->resv);
}

void hugetlb_object_destroy(struct hugetlb_object *o)
{
	cut(o, 0, PLACES_END, false, NULL);
	kassert(list_empty(&o->resv.regions));
	mapping_destroy(o->mapping);
}

struct hugetlb_anon {
	struct address_space mapping;
	struct hugetlb_object object;
	atomic_t refs;
	unsigned long ino; /* i: for /proc/PID/maps */
	char name[16];	   /* i */
};

unsigned hugetlb_dev_minor;

static struct hugetlb_anon *anon_of(struct address_space *m)
{
	return container_of(m, struct hugetlb_anon, mapping);
}

static struct hugetlb_object *anon_object(struct address_space *m)
{
	return &anon_of(m)->object;
}

static void anon_hold(struct address_space *m)
{
	atomic_inc(&anon_of(m)->refs);
}

static void anon_drop(struct address_space *m)
{
	if (!atomic_dec_and_test(&anon_of(m)->refs))
		return;
	hugetlb_object_destroy(&anon_of(m)->object);
	kfree(anon_of(m));
}

static size_t anon_name(struct address_space *m, char *buf, size_t size)
{
	return fmt_scnprintf(buf, size, "/%s (deleted)", anon_of(m)->name);
}

static void anon_ident(struct address_space *m, unsigned *major, unsigned *minor,
		       unsigned long *ino)
{
	*major = 0;
	*minor = hugetlb_dev_minor;
	*ino = anon_of(m)->ino;
}

static const struct address_space_ops anon_ops = {
	.release = hugetlb_release,
	.hold = anon_hold,
	.drop = anon_drop,
	.name = anon_name,
	.ident = anon_ident,
	.hugetlb = anon_object,
};

struct address_space *hugetlb_anon_create(uint64_t size)
{
	struct hugetlb_anon *a = failpoint("hugetlb_anon") ? NULL : kzalloc(sizeof(*a), GFP_KERNEL);

	if (!a)
		return NULL;
	mapping_init(&a->mapping, &anon_ops, a, GFP_HIGHUSER, MAPPING_HUGETLB);
	a->mapping.size = size;
	hugetlb_object_init(&a->object, &a->mapping, NULL);
	a->ino = shmem_next_ino();
	str_copy(a->name, "anon_hugepage", sizeof(a->name));
	atomic_set(&a->refs, 1);
	return &a->mapping;
}

struct address_space *hugetlb_named_create(const char *name, uint64_t size, bool reserve)
{
	struct address_space *m = hugetlb_anon_create(size);

	if (!m)
		return NULL;
	str_copy(anon_of(m)->name, name, sizeof(anon_of(m)->name));
	if (!reserve || !hugetlb_reserve(m, 0, (unsigned long)(size >> HPAGE_SHIFT)))
		return m;
	anon_drop(m);
	return NULL;
}

void hugetlb_set_ino(struct address_space *m, unsigned long ino)
{
	anon_of(m)->ino = ino;
}

/* ---- checker ---- */

void hugetlb_check_object(struct hugetlb_object *o)
{
	unsigned long index = 0;
	struct page *page;

	mapping_check(o->mapping);
	spin_lock(&o->mapping->lock);
	while ((page = xindex_next(&o->mapping->pages, &index))) {
		must(page_test(page, PG_hugetlb) && page_order(page) == HPAGE_ORDER);
		must(resv_missing(&o->resv, huge_index(index), huge_index(index) + 1) ==
		     0); /* I1 */
		index += HPAGE_NR;
	}
	spin_unlock(&o->mapping->lock);
}
