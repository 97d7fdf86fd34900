/* Small objects for modules. */
#ifndef _LINUX_SLAB_H
#define _LINUX_SLAB_H

#include <linux/gfp.h>

struct kmem_cache;

void *kmalloc(size_t size, gfp_t gfp);
void *krealloc(const void *p, size_t size, gfp_t gfp);
void *kcalloc(size_t n, size_t size, gfp_t gfp);
void kfree(const void *p);
size_t ksize(const void *p);
char *kstrdup(const char *s, gfp_t gfp);
void *kmemdup(const void *p, size_t n, gfp_t gfp);
void *kmem_cache_alloc(struct kmem_cache *c, gfp_t gfp);
void kmem_cache_free(struct kmem_cache *c, void *obj);

#define kzalloc(size, gfp)	    kmalloc(size, (gfp) | __GFP_ZERO)
#define kmalloc_array(n, size, gfp) kcalloc(n, size, gfp)
#define kmem_cache_zalloc(c, gfp)   kmem_cache_alloc(c, (gfp) | __GFP_ZERO)

#endif
