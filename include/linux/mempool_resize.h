/* How many a pool keeps, changed. Included by linux/mempool.h. */
#ifndef _LINUX_MEMPOOL_RESIZE_H
#define _LINUX_MEMPOOL_RESIZE_H

#include <linux/mempool.h>

/* @min of them are kept from now on: 0, -ENOMEM. */
static inline int mempool_resize(mempool_t *pool, int min)
{
	void **fresh = kmalloc_array((size_t)min, sizeof(void *), GFP_KERNEL), **old;

	if (!fresh)
		return -ENOMEM;
	while (pool->curr_nr > min)
		pool->free(pool->elements[--pool->curr_nr], pool->pool_data);
	spin_lock(&pool->lock);
	for (int i = 0; i < pool->curr_nr; i++)
		fresh[i] = pool->elements[i];
	old = pool->elements;
	pool->elements = fresh;
	pool->min_nr = min;
	spin_unlock(&pool->lock);
	kfree(old);
	while (pool->curr_nr < min) {
		void *element = pool->alloc(GFP_KERNEL, pool->pool_data);

		if (!element)
			return -ENOMEM;
		mempool_free(element, pool);
	}
	return 0;
}

#endif
