/* Objects of which a number is always there. */
#ifndef _LINUX_MEMPOOL_H
#define _LINUX_MEMPOOL_H

#include <linux/mm.h>
#include <linux/slab.h>
#include <linux/wait.h>

typedef void *(mempool_alloc_t)(gfp_t gfp, void *data);
typedef void(mempool_free_t)(void *element, void *data);

typedef struct mempool_s {
	spinlock_t lock;
	int min_nr, curr_nr; /* kept for bad times: wanted, there */
	void **elements;
	void *pool_data;
	mempool_alloc_t *alloc;
	mempool_free_t *free;
	wait_queue_head_t wait;
} mempool_t;

static inline void *mempool_alloc_slab(gfp_t gfp, void *data)
{
	return kmem_cache_alloc((struct kmem_cache *)data, gfp);
}

static inline void mempool_free_slab(void *element, void *data)
{
	kmem_cache_free((struct kmem_cache *)data, element);
}

static inline void *mempool_kmalloc(gfp_t gfp, void *data)
{
	return kmalloc((size_t)data, gfp);
}

static inline void mempool_kfree(void *element, void *data)
{
	(void)data;
	kfree(element);
}

static inline void *mempool_alloc_pages(gfp_t gfp, void *order)
{
	return alloc_pages(gfp, (unsigned int)(unsigned long)order);
}

static inline void mempool_free_pages(void *element, void *order)
{
	__free_pages((struct page *)element, (unsigned int)(unsigned long)order);
}

static inline void mempool_destroy(mempool_t *pool)
{
	if (!pool)
		return;
	while (pool->curr_nr)
		pool->free(pool->elements[--pool->curr_nr], pool->pool_data);
	kfree(pool->elements);
	kfree(pool);
}

/* NULL: no memory for @min of them. */
static inline mempool_t *mempool_create(int min, mempool_alloc_t *alloc, mempool_free_t *free,
					void *data)
{
	mempool_t *pool = kzalloc(sizeof(*pool), GFP_KERNEL);

	if (!pool)
		return NULL;
	pool->min_nr = min;
	pool->pool_data = data;
	pool->alloc = alloc;
	pool->free = free;
	init_waitqueue_head(&pool->wait);
	pool->elements = kmalloc_array((size_t)min, sizeof(void *), GFP_KERNEL);
	while (pool->elements && pool->curr_nr < min) {
		void *element = alloc(GFP_KERNEL, data);

		if (!element)
			break;
		pool->elements[pool->curr_nr++] = element;
	}
	if (pool->elements && pool->curr_nr == min)
		return pool;
	mempool_destroy(pool);
	return NULL;
}

static inline void *module_mempool_take(mempool_t *pool)
{
	void *element = NULL;

	spin_lock(&pool->lock);
	if (pool->curr_nr)
		element = pool->elements[--pool->curr_nr];
	spin_unlock(&pool->lock);
	return element;
}

/* With __GFP_DIRECT_RECLAIM it waits until somebody gives one back, so it does not fail. */
static inline void *mempool_alloc(mempool_t *pool, gfp_t gfp)
{
	void *element = pool->alloc((gfp & ~__GFP_DIRECT_RECLAIM) | __GFP_NOWARN, pool->pool_data);

	if (!element)
		element = module_mempool_take(pool);
	if (!element && gfp & __GFP_DIRECT_RECLAIM)
		wait_event(pool->wait, (element = module_mempool_take(pool)) != NULL);
	return element;
}

static inline void mempool_free(void *element, mempool_t *pool)
{
	if (!element)
		return;
	spin_lock(&pool->lock);
	if (pool->curr_nr < pool->min_nr) {
		pool->elements[pool->curr_nr++] = element;
		element = NULL;
	}
	spin_unlock(&pool->lock);
	if (element)
		pool->free(element, pool->pool_data);
	else
		wake_up(&pool->wait);
}

#define mempool_create_slab_pool(min, cache)                                                       \
	mempool_create(min, mempool_alloc_slab, mempool_free_slab, cache)
#define mempool_create_kmalloc_pool(min, size)                                                     \
	mempool_create(min, mempool_kmalloc, mempool_kfree, (void *)(unsigned long)(size))
#define mempool_create_page_pool(min, order)                                                       \
	mempool_create(min, mempool_alloc_pages, mempool_free_pages, (void *)(unsigned long)(order))

#include <linux/mempool_resize.h>

#endif
