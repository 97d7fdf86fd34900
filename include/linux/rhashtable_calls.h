/* Finding, putting in, taking out. Included by linux/rhashtable.h. */
#ifndef _LINUX_RHASHTABLE_CALLS_H
#define _LINUX_RHASHTABLE_CALLS_H

#include <linux/rhashtable.h>

/* Table locked. */
static inline struct rhash_head *rht_find(struct rhashtable *ht, const void *key)
{
	struct rhashtable_compare_arg arg = { ht, key };
	struct rhash_head *h = ht->buckets[rht_key_hash(ht, key) & (ht->size - 1)];

	for (; h; h = h->next) {
		char *obj = (char *)rht_obj(ht, h);

		if (!(ht->p.obj_cmpfn ? ht->p.obj_cmpfn(&arg, obj)
				      : memcmp(obj + ht->p.key_offset, key, ht->p.key_len)))
			return h;
	}
	return NULL;
}

static inline void rht_hang(struct rhashtable *ht, struct rhash_head *h)
{
	struct rhash_head **bucket = &ht->buckets[rht_obj_hash(ht, h) & (ht->size - 1)];

	h->next = *bucket;
	*bucket = h;
}

/* Twice the buckets, when three quarters are in use; without memory it stays as it is. Table locked. */
static inline void rht_grow(struct rhashtable *ht)
{
	struct rhash_head **old = ht->buckets, **fresh;
	unsigned int n = ht->size;

	if ((unsigned int)atomic_read(&ht->nelems) <= n / 4 * 3 || ht->walkers)
		return;
	if (ht->p.max_size && n >= ht->p.max_size)
		return;
	fresh = (struct rhash_head **)kcalloc(2 * (size_t)n, sizeof(*fresh), GFP_ATOMIC);
	if (!fresh)
		return;
	ht->buckets = fresh;
	ht->size = 2 * n;
	for (unsigned int i = 0; i < n; i++)
		for (struct rhash_head *h = old[i], *next; h; h = next) {
			next = h->next;
			rht_hang(ht, h);
		}
	kfree(old);
}

/* @key not NULL: unless there is one already. The object that is there, NULL: it is in, or ERR_PTR. */
static inline void *rht_insert(struct rhashtable *ht, const void *key, struct rhash_head *h)
{
	struct rhash_head *there;
	unsigned long flags;
	bool full;

	spin_lock_irqsave(&ht->lock, flags);
	there = key ? rht_find(ht, key) : NULL;
	full = ht->p.max_size && (unsigned int)atomic_read(&ht->nelems) >= 2 * ht->p.max_size;
	if (!there && !full) {
		rht_hang(ht, h);
		atomic_inc(&ht->nelems);
		rht_grow(ht);
	}
	spin_unlock_irqrestore(&ht->lock, flags);
	return there ? rht_obj(ht, there) : full ? ERR_PTR(-E2BIG) : NULL;
}

static inline int rht_insert_result(void *there)
{
	return IS_ERR(there) ? (int)PTR_ERR(there) : there ? -EEXIST : 0;
}

static inline void *rhashtable_lookup(struct rhashtable *ht, const void *key,
				      const struct rhashtable_params params)
{
	struct rhash_head *h;
	unsigned long flags;

	(void)params;
	spin_lock_irqsave(&ht->lock, flags);
	h = rht_find(ht, key);
	spin_unlock_irqrestore(&ht->lock, flags);
	return h ? rht_obj(ht, h) : NULL;
}
#define rhashtable_lookup_fast rhashtable_lookup

#define RHT_KEY(ht, h) ((const char *)rht_obj(ht, h) + (ht)->p.key_offset)
#define rhashtable_insert_fast(ht, h, params)                                                      \
	((void)(params),                                                                           \
	 rht_insert_result(rht_insert(ht, (ht)->p.obj_hashfn ? NULL : RHT_KEY(ht, h), h)))
#define rhashtable_lookup_insert_fast(ht, h, params)                                               \
	((void)(params), rht_insert_result(rht_insert(ht, RHT_KEY(ht, h), h)))
#define rhashtable_lookup_get_insert_fast(ht, h, params)                                           \
	((void)(params), rht_insert(ht, RHT_KEY(ht, h), h))
#define rhashtable_lookup_insert_key(ht, key, h, params)                                           \
	((void)(params), rht_insert_result(rht_insert(ht, key, h)))
#define rhashtable_lookup_get_insert_key(ht, key, h, params)                                       \
	((void)(params), rht_insert(ht, key, h))

/* @fresh, or nothing, in the place of @h. 0, -ENOENT. */
static inline int rht_exchange(struct rhashtable *ht, struct rhash_head *h,
			       struct rhash_head *fresh)
{
	struct rhash_head **link;
	unsigned long flags;

	spin_lock_irqsave(&ht->lock, flags);
	link = &ht->buckets[rht_obj_hash(ht, h) & (ht->size - 1)];
	while (*link && *link != h)
		link = &(*link)->next;
	if (*link && fresh)
		fresh->next = h->next;
	if (*link)
		*link = fresh ? fresh : h->next;
	else
		h = NULL;
	if (h && !fresh)
		atomic_dec(&ht->nelems);
	spin_unlock_irqrestore(&ht->lock, flags);
	return h ? 0 : -ENOENT;
}
#define rhashtable_remove_fast(ht, h, params) ((void)(params), rht_exchange(ht, h, NULL))
/* Of one key with each other. */
#define rhashtable_replace_fast(ht, old, fresh, params)                                            \
	((void)(params), rht_obj_hash(ht, old) == rht_obj_hash(ht, fresh)                          \
				 ? rht_exchange(ht, old, fresh)                                    \
				 : -EINVAL)

#endif
