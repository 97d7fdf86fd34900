/* Object caches and kmalloc, Linux's interface. */
#ifndef MM_SLAB_H
#define MM_SLAB_H

#include "base/compiler.h"
#include "mm/gfp.h"

struct kmem_cache;

enum slab_flags {
	SLAB_HWCACHE_ALIGN = 1,
	SLAB_RECLAIM_ACCOUNT = 2, /* counted as SReclaimable */
	SLAB_PANIC = 4,		  /* boot: failure to create is fatal */
	SLAB_POISON = 8,	  /* debug builds set these for all */
	SLAB_RED_ZONE = 16,
};

/* @align 0: natural. @ctor runs once per object when its slab is made (may be NULL). @name is kept. NULL: no memory. */
struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align, unsigned flags,
				     void (*ctor)(void *obj));
void *must_check kmem_cache_alloc(struct kmem_cache *c, gfp_t gfp);
static inline void *must_check kmem_cache_zalloc(struct kmem_cache *c, gfp_t gfp)
{
	return kmem_cache_alloc(c, gfp | __GFP_ZERO);
}
void kmem_cache_free(struct kmem_cache *c, void *obj); /* NULL is ignored */
/* Return: 0, or -EBUSY when objects are still allocated. */
int must_check kmem_cache_destroy(struct kmem_cache *c);
/* Give empty slabs and magazines back to the page allocator. Return: pages freed. */
unsigned long kmem_cache_shrink(struct kmem_cache *c);
/* Is @obj, an address in low memory, the object of its cache that this CPU has freed last, and nobody has got again? Any context. */
bool slab_freed_last(const void *obj);
unsigned long slab_shrink_all(void);
struct page;
/* Name of the cache that @page, in state PS_SLAB a moment ago, belongs to; "" when it has left it. Return: length. */
size_t slab_owner_name(const struct page *page, char *buf, size_t size);

/* 8 bytes to 8 KiB from size classes, beyond that whole pages. @size 0 gives a unique pointer. kfree(NULL) is legal. */
void *must_check kmalloc(size_t size, gfp_t gfp);
static inline void *must_check kzalloc(size_t size, gfp_t gfp)
{
	return kmalloc(size, gfp | __GFP_ZERO);
}
/* n * size with overflow check: NULL. */
void *must_check kcalloc(size_t n, size_t size, gfp_t gfp);
/* Old contents kept up to the smaller size; on NULL the old object lives on. */
void *must_check krealloc(void *p, size_t size, gfp_t gfp);
void kfree(const void *p);
size_t ksize(const void *p); /* usable bytes */
char *must_check kstrdup(const char *s, gfp_t gfp);
char *must_check kstrndup(const char *s, size_t max, gfp_t gfp);
void *must_check kmemdup(const void *p, size_t n, gfp_t gfp);

void slab_init(void); /* after meminit */

/* One line of /proc/slabinfo; iterate with *pos from 0. Return: false past the last. */
struct slabinfo {
	const char *name;
	unsigned long active_objs, num_objs, active_slabs, num_slabs;
	unsigned objsize, objperslab, pagesperslab;
};
bool slabinfo_next(unsigned *pos, struct slabinfo *out);
void slab_check_all(void); /* checker: panics on a violated invariant */

#endif
