/*
 * kmalloc: memory by size, from size classes over slab caches; large sizes from the page allocator.
 *
 * OWNS     one cache per class; pages of large allocations (state KERNEL).
 * WHY      most kernel structures have a cache of their own; the rest come in any size and must not waste a page each.
 * I1       an object of class k has at least the size asked for, and is aligned to 8 bytes; one of a power of two to its
 *          size (debug builds, whose red zones would double large objects: to 64 at most).
 * I2       kfree finds the owner from the address alone: the page's state says slab or pages, the slab its cache.
 * LOCKS    none of its own.
 * CONTEXT  as kmem_cache_alloc; kfree: any.
 * COST     a table look-up more than the cache. Waste: at most 1/3 from 64 bytes on thanks to classes 96 and 192.
 * FAILS    NULL: no memory, or more than the largest block (4 MiB).
 * TESTED BY  kmalloc_test.c.
 */
#include "lib/string.h"
#include "mm/kva/slab_impl.h"

enum { NR_CLASSES = 13, TABLE_TOP = 192, CLASS_MAX = 8192 };

static const struct {
	unsigned size;
	const char *name;
} class_info[NR_CLASSES] = {
	{ 8, "kmalloc-8" },	     { 16, "kmalloc-16" },   { 32, "kmalloc-32" },
	{ 64, "kmalloc-64" },	     { 96, "kmalloc-96" },   { 128, "kmalloc-128" },
	{ 192, "kmalloc-192" },	     { 256, "kmalloc-256" }, { 512, "kmalloc-512" },
	{ 1024, "kmalloc-1k" },	     { 2048, "kmalloc-2k" }, { 4096, "kmalloc-4k" },
	{ CLASS_MAX, "kmalloc-8k" },
};

static struct kmem_cache classes[NR_CLASSES];

/* Class of sizes up to 192, by (size - 1) / 8. */
static const uint8_t small_class[TABLE_TOP / 8] = {
	0, 1, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6, 6, 6,
};

static inline unsigned class_of(size_t size)
{
	if (likely(size <= TABLE_TOP))
		return small_class[(size - (size != 0)) / 8];
	/* 193..256: 7, 257..512: 8, ... */
	return 7 + (24 - (unsigned)__builtin_clz((unsigned)size - 1));
}

void kmalloc_init(void)
{
	memset(classes, 0, sizeof(classes));
	for (unsigned i = 0; i < NR_CLASSES; i++) {
		unsigned size = class_info[i].size;
		unsigned widest = CFG_DEBUG ? 64 : PAGE_SIZE;
		unsigned align = is_pow2(size) ? min_of(unsigned, size, widest) : 8;

		slab_cache_setup(&classes[i], class_info[i].name, size, align, SLAB_PANIC);
	}
}

static unsigned order_of(size_t size)
{
	unsigned order = 0;

	while (order <= MAX_ORDER && (PAGE_SIZE << order) < size)
		order++;
	return order;
}

static noinline_ void *alloc_large(size_t size, gfp_t gfp)
{
	unsigned order = order_of(size);
	struct page *page;

	if (order > MAX_ORDER)
		return NULL;
	gfp &= ~(__GFP_HIGHMEM | __GFP_MOVABLE);
	page = alloc_pages(gfp | __GFP_COMP, order);
	if (!page)
		return NULL;
	mod_node_stat(page, NR_SLAB_UNRECLAIMABLE,
		      1L << order); /* counted as slab, as Linux does */
	return page_address(page);
}

static void free_large(struct page *page)
{
	unsigned order = page_order(page);

	if (page_state(page) != PS_KERNEL) {
		page_dump(page, "kfree of memory that kmalloc did not give");
		panic("kfree: bad pointer");
	}
	mod_node_stat(page, NR_SLAB_UNRECLAIMABLE, -(1L << order));
	__free_pages(page, order);
}

void *kmalloc(size_t size, gfp_t gfp)
{
	if (unlikely(size > CLASS_MAX))
		return alloc_large(size, gfp);
	return slab_alloc(&classes[class_of(size)], gfp, (kaddr_t)__builtin_return_address(0));
}

void kfree(const void *p)
{
	struct page *page;

	if (unlikely(!p))
		return;
	page = page_head(virt_to_page(p));
	if (likely(page_state(page) == PS_SLAB))
		slab_free(page->slab_cache, (void *)(uintptr_t)p,
			  (kaddr_t)__builtin_return_address(0));
	else
		free_large(page);
}

void *kcalloc(size_t n, size_t size, gfp_t gfp)
{
	size_t bytes;

	if (__builtin_mul_overflow(n, size, &bytes))
		return NULL;
	return kmalloc(bytes, gfp | __GFP_ZERO);
}

size_t ksize(const void *p)
{
	struct page *page;

	if (!p)
		return 0;
	page = page_head(virt_to_page(p));
	return page_state(page) == PS_SLAB ? page->slab_cache->object_size
					   : PAGE_SIZE << page_order(page);
}

void *krealloc(void *p, size_t size, gfp_t gfp)
{
	size_t old = ksize(p);
	void *n;

	if (p && size <= old)
		return p;
	n = kmalloc(size, gfp & ~__GFP_ZERO);
	if (!n)
		return NULL;
	if (p)
		memcpy(n, p, min_of(size_t, old, size));
	if ((gfp & __GFP_ZERO) && ksize(n) > old)
		memset((char *)n + old, 0, ksize(n) - old);
	kfree(p);
	return n;
}

void *kmemdup(const void *p, size_t n, gfp_t gfp)
{
	void *copy = kmalloc(n, gfp);

	return copy ? memcpy(copy, p, n) : NULL;
}

char *kstrndup(const char *s, size_t max, gfp_t gfp)
{
	size_t len = strnlen(s, max);
	char *copy = kmalloc(len + 1, gfp);

	if (!copy)
		return NULL;
	memcpy(copy, s, len);
	copy[len] = '\0';
	return copy;
}

char *kstrdup(const char *s, gfp_t gfp)
{
	return kstrndup(s, strlen(s), gfp);
}
