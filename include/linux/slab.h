/* Small objects for modules. */
#ifndef _LINUX_SLAB_H
#define _LINUX_SLAB_H

#include <linux/gfp.h>
#include <linux/kernel.h>

struct kmem_cache;

#define SLAB_HWCACHE_ALIGN	1u
#define SLAB_RECLAIM_ACCOUNT	2u
#define SLAB_TEMPORARY		2u
#define SLAB_PANIC		4u
#define SLAB_POISON		8u
#define SLAB_RED_ZONE		16u
#define SLAB_STORE_USER		0u
#define SLAB_CONSISTENCY_CHECKS 0u
#define SLAB_MEM_SPREAD		0u
#define SLAB_ACCOUNT		0u
#define SLAB_NO_MERGE		0u
#define KMALLOC_MAX_SIZE	(1UL << 22)
#define ZERO_SIZE_PTR		((void *)16)
#define ZERO_OR_NULL_PTR(p)	((unsigned long)(p) <= 16)

/* Of no bytes one gets ZERO_SIZE_PTR, which may be given to all of these. */
void *module_kmalloc(size_t size, gfp_t gfp);
void *module_krealloc(const void *p, size_t size, gfp_t gfp);
void module_kfree(const void *p);
bool module_freed_last(const void *p);
size_t module_ksize(const void *p);

static inline void *kmalloc(size_t size, gfp_t gfp)
{
	return size ? module_kmalloc(size, gfp) : ZERO_SIZE_PTR;
}

/* What is freed twice in a row is a bug that is told of, as by Linux's hardened free lists; here with the place of the module. */
static inline void kfree(const void *p)
{
	if (ZERO_OR_NULL_PTR(p))
		return;
	BUG_ON(module_freed_last(p));
	module_kfree(p);
}

static inline size_t ksize(const void *p)
{
	return ZERO_OR_NULL_PTR(p) ? 0 : module_ksize(p);
}

static inline void *krealloc(const void *p, size_t size, gfp_t gfp)
{
	if (ZERO_OR_NULL_PTR(p))
		return kmalloc(size, gfp);
	if (size)
		return module_krealloc(p, size, gfp);
	kfree(p);
	return ZERO_SIZE_PTR;
}

struct kmem_cache *kmem_cache_create(const char *name, size_t size, size_t align,
				     unsigned int flags, void (*ctor)(void *obj));
void kmem_cache_destroy(struct kmem_cache *c);
void *kmem_cache_alloc(struct kmem_cache *c, gfp_t gfp);
void kmem_cache_free(struct kmem_cache *c, void *obj);
unsigned int kmem_cache_size(struct kmem_cache *c);
unsigned long kmem_cache_shrink(struct kmem_cache *c);

#define KMEM_CACHE(type, flags)                                                                    \
	kmem_cache_create(#type, sizeof(struct type), __alignof__(struct type), flags, NULL)
#define kzalloc(size, gfp)	   kmalloc(size, (gfp) | __GFP_ZERO)
#define kmalloc_node(size, gfp, n) kmalloc(size, gfp)
#define kzalloc_node(size, gfp, n) kzalloc(size, gfp)
#define kmem_cache_zalloc(c, gfp)  kmem_cache_alloc(c, (gfp) | __GFP_ZERO)
#define kfree_sensitive(p)	   kzfree(p)
#define kfree_const(p)		   kfree(p)

#define kcalloc(n, size, gfp) kmalloc_array(n, size, (gfp) | __GFP_ZERO)
static inline void *kmalloc_array(size_t n, size_t size, gfp_t gfp)
{
	size_t all;

	return __builtin_mul_overflow(n, size, &all) ? NULL : kmalloc(all, gfp);
}

static inline void kzfree(const void *p)
{
	if (p)
		__builtin_memset((void *)p, 0, ksize(p));
	kfree(p);
}

#define kmem_cache_create_usercopy(name, size, align, flags, from, n, ctor)                        \
	kmem_cache_create(name, size, align, flags, ctor)

static inline void *krealloc_array(void *p, size_t n, size_t size, gfp_t gfp)
{
	size_t all;

	return __builtin_mul_overflow(n, size, &all) ? NULL : krealloc(p, all, gfp);
}

static inline void kmem_cache_free_bulk(struct kmem_cache *c, size_t n, void **objs)
{
	while (n)
		kmem_cache_free(c, objs[--n]);
}

/* All @n, or none: 0. */
static inline int kmem_cache_alloc_bulk(struct kmem_cache *c, gfp_t gfp, size_t n, void **objs)
{
	for (size_t i = 0; i < n; i++) {
		objs[i] = kmem_cache_alloc(c, gfp);
		if (!objs[i]) {
			kmem_cache_free_bulk(c, i, objs);
			return 0;
		}
	}
	return (int)n;
}

#endif
