/*
 * Memory for modules: high memory, zones, object caches with names of their own.
 *
 * OWNS     the windows that kmap() has opened; the names of caches that modules have made.
 * WHY      modules see the kernel's own struct page, struct zone and struct pglist_data, by Linux's member names (asserted here),
 *          so what they print is true at that moment, and lists of free blocks can be walked.
 * I1       a window of kmap is there until as many kunmap as kmap.
 * LOCKS    maps_lock (a mutex).   CONTEXT  threads; sleeps.
 * FAILS    NULL: no memory.
 * NOT HERE pages of programs (gup.c).
 * SOURCES  Linux Documentation/core-api/mm-api.rst.   TESTED BY  module_api (guest)
 */
#include "module/pages.h"

#include "arch/kernel_map.h"

#include "mm/alloc.h"
#include "mm/mm.h"
#include "mm/pt.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "module/view_impl.h"
#include "sync/failpoint.h"
#include "sync/mutex.h"

#define SAME(view, kernel, a, b)                                                                   \
	_Static_assert(offsetof(struct view, a) == offsetof(struct kernel, b), #view "." #a)
SAME(page_view, page, lru, lru);
SAME(page_view, page, mapping, mapping);
SAME(page_view, page, private, private);
SAME(page_view, page, _mapcount, _mapcount);
SAME(page_view, page, _refcount, _refcount);
_Static_assert(sizeof(struct page_view) == sizeof(struct page), "struct page_view");
SAME(zone_view, zone, _watermark, watermark);
SAME(zone_view, zone, zone_start_pfn, start_pfn);
SAME(zone_view, zone, present_pages, present_pages);
SAME(zone_view, zone, managed_pages, managed_pages);
SAME(zone_view, zone, lock, lock);
SAME(zone_view, zone, free_area, free_area);
SAME(zone_view, zone, vm_stat, stat);
_Static_assert(sizeof(struct zone_view) == sizeof(struct zone), "struct zone_view");
SAME(node_view, pglist_data, node_zones, node_zones);
SAME(node_view, pglist_data, node_start_pfn, start_pfn);
SAME(node_view, pglist_data, node_spanned_pages, spanned_pages);
SAME(node_view, pglist_data, node_present_pages, present_pages);
SAME(node_view, pglist_data, nr_zones, nr_zones);

static struct mutex maps_lock = MUTEX_INIT(maps_lock, RANK_MODULE_PARAM);

/* ---- high memory ---- */

struct window {
	struct list_head link; /* m: maps_lock */
	struct page *page;
	void *at;
	unsigned users;
};

static struct list_head windows = LIST_HEAD_INIT(windows); /* m */

static struct window *window_of(const struct page *page) must_hold(maps_lock)
{
	struct window *w;

	list_for_each_entry (w, &windows, link)
		if (w->page == page)
			return w;
	return NULL;
}

static struct window *window_new(struct page *page)
{
	struct window *w = failpoint("module_kmap") ? NULL : kzalloc(sizeof(*w), GFP_KERNEL);

	if (!w)
		return NULL;
	w->page = page;
	w->at = vmap(&page, 1);
	if (!w->at) {
		kfree(w);
		return NULL;
	}
	list_add(&w->link, &windows);
	return w;
}

/* NULL: no memory. */
void *module_kmap(struct page *page)
{
	void *at = page_address(page);
	struct window *w;

	if (at)
		return at;
	mutex_lock(&maps_lock);
	w = window_of(page);
	if (!w)
		w = window_new(page);
	if (w) {
		w->users++;
		at = w->at;
	}
	mutex_unlock(&maps_lock);
	return at;
}

void module_kunmap(struct page *page)
{
	struct window *w;

	if (page_address(page))
		return;
	mutex_lock(&maps_lock);
	w = window_of(page);
	if (w && !--w->users) {
		list_del(&w->link);
		vunmap(w->at);
		kfree(w);
	}
	mutex_unlock(&maps_lock);
}

/* Of a high page: where kmap has put it; NULL: nowhere. */
void *module_page_address(struct page *page)
{
	void *at = page_address(page);
	const struct window *w;

	if (at)
		return at;
	mutex_lock(&maps_lock);
	w = window_of(page);
	at = w ? w->at : NULL;
	mutex_unlock(&maps_lock);
	return at;
}

/* ---- memory that is mapped page by page ---- */

/* NULL: nothing is mapped there. */
struct page *module_vmalloc_to_page(const void *at)
{
	pte_t e = pt_peek_page(&kernel_root, (uaddr_t)at);

	return pte_present(e) && pfn_valid(pte_pfn(e)) ? pfn_to_page(pte_pfn(e)) : NULL;
}

bool module_is_vmalloc(const void *at)
{
	kaddr_t a = (kaddr_t)at;

	return (a >= VMALLOC_START && a < VMALLOC_END) || (a >= MODULES_START && a < MODULES_END);
}

/* ---- zones ---- */

struct pglist_data *module_next_node(const struct pglist_data *node)
{
	for (int n = node ? node->node_id + 1 : 0; n < CFG_MAX_NODES; n++)
		if (node_data[n] && node_data[n]->spanned_pages)
			return node_data[n];
	return NULL;
}

struct pglist_data *module_node(int n)
{
	return n >= 0 && n < CFG_MAX_NODES ? node_data[n] : NULL;
}

/* The next that a build like this has, of all nodes; NULL: the first, and the end. */
struct zone *module_next_zone(struct zone *z)
{
	struct pglist_data *node = z ? z->pgdat : module_next_node(NULL);
	enum zone_type t = z ? z->type + 1 : 0;

	for (; node; node = module_next_node(node), t = 0)
		for (; t < MAX_NR_ZONES; t++)
			if (zone_type_exists(t))
				return &node->node_zones[t];
	return NULL;
}

struct zone *module_page_zone(const struct page *page)
{
	return page_zone(page);
}

void module_si_meminfo(struct sysinfo_view *s)
{
	s->totalram = totalram_pages();
	s->freeram = nr_free_pages();
	s->sharedram = global_node_stat(NR_SHMEM);
	s->bufferram = 0;
	s->totalhigh = totalhigh_pages();
	s->freehigh = nr_free_highpages();
	s->mem_unit = PAGE_SIZE;
}

/* ---- one page ---- */

void module_get_page(struct page *page)
{
	get_page(page_head(page));
}

void module_put_page(struct page *page)
{
	put_page(page_head(page));
}

int module_page_count(struct page *page)
{
	return page_ref_count(page_head(page));
}

unsigned module_page_state(const struct page *page)
{
	return page_state(page);
}

int module_trylock_page(struct page *page)
{
	return trylock_page(page);
}

void module_set_dirty(struct page *page)
{
	page_set(page, PG_dirty);
}

/* ---- object caches ---- */

struct named_cache {
	struct list_head link; /* m */
	struct kmem_cache *cache;
	size_t size;
	char name[];
};

static struct list_head caches = LIST_HEAD_INIT(caches); /* m */

static struct named_cache *cache_of(const struct kmem_cache *c) must_hold(maps_lock)
{
	struct named_cache *n;

	list_for_each_entry (n, &caches, link)
		if (n->cache == c)
			return n;
	return NULL;
}

/* NULL: no memory. The name is the cache's own: its module may go first. */
struct kmem_cache *module_cache_create(const char *name, size_t size, size_t align, unsigned flags,
				       void (*ctor)(void *obj))
{
	size_t len = strlen(name) + 1;
	struct named_cache *n =
		failpoint("module_cache") ? NULL : kmalloc(sizeof(*n) + len, GFP_KERNEL);

	if (!n)
		return NULL;
	memcpy(n->name, name, len);
	n->size = size;
	n->cache = kmem_cache_create(n->name, size, align, flags & ~(unsigned)SLAB_PANIC, ctor);
	if (!n->cache) {
		kfree(n);
		return NULL;
	}
	mutex_lock(&maps_lock);
	list_add(&n->link, &caches);
	mutex_unlock(&maps_lock);
	return n->cache;
}

void module_cache_destroy(struct kmem_cache *c)
{
	struct named_cache *n;

	if (!c)
		return;
	mutex_lock(&maps_lock);
	n = cache_of(c);
	mutex_unlock(&maps_lock);
	if (kmem_cache_destroy(c)) {
		pr_err("kmem_cache_destroy %s: it still has objects", n ? n->name : "");
		return;
	}
	mutex_lock(&maps_lock);
	if (n)
		list_del(&n->link);
	mutex_unlock(&maps_lock);
	kfree(n);
}

unsigned module_cache_size(struct kmem_cache *c)
{
	struct named_cache *n;

	mutex_lock(&maps_lock);
	n = cache_of(c);
	mutex_unlock(&maps_lock);
	return n ? (unsigned)n->size : 0;
}

/* Bytes that may be used at memory of kvmalloc. */
size_t module_kvsize(const void *p)
{
	kaddr_t pos = (kaddr_t)p;
	struct vmalloc_info info;

	if (!p)
		return 0;
	if (vmalloc_info_next(&pos, &info) && info.start == (kaddr_t)p)
		return info.nr_pages * PAGE_SIZE;
	return ksize(p);
}
