/*
 * Hash tables that grow with what is in them. As of Linux's, readers and writers need no lock of their own: each call takes the
 * table's spinlock, so what is found stays the caller's to protect (RCU). Shrinking, and several objects of one key (rhltable), are
 * not there. Cost: a call is O(1) on average, one insertion in n/2 moves n.
 */
#ifndef _LINUX_RHASHTABLE_H
#define _LINUX_RHASHTABLE_H

#include <linux/atomic.h>
#include <linux/err.h>
#include <linux/jhash.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

struct rhash_head {
	struct rhash_head *next;
};
struct rhashtable;
struct rhashtable_compare_arg {
	struct rhashtable *ht;
	const void *key;
};
typedef u32 (*rht_hashfn_t)(const void *key, u32 len, u32 seed);
typedef u32 (*rht_obj_hashfn_t)(const void *obj, u32 len, u32 seed);
typedef int (*rht_obj_cmpfn_t)(struct rhashtable_compare_arg *arg, const void *obj);

struct rhashtable_params {
	u16 nelem_hint, key_len, key_offset, head_offset;
	unsigned int max_size;
	u16 min_size;
	bool automatic_shrinking;
	rht_hashfn_t hashfn;
	rht_obj_hashfn_t obj_hashfn;
	rht_obj_cmpfn_t obj_cmpfn; /* 0: equal */
};
struct rhashtable {
	struct rhash_head **buckets; /* l: lock */
	unsigned int size, walkers;  /* l: buckets, a power of two; while somebody walks it stays */
	struct rhashtable_params p;
	spinlock_t lock;
	atomic_t nelems;
};
struct rhashtable_iter {
	struct rhashtable *ht;
	struct rhash_head *p;
	unsigned int slot, skip; /* where the next one is looked for */
};

#define RHT_MIN_SIZE 4U

static inline void *rht_obj(const struct rhashtable *ht, const struct rhash_head *h)
{
	return (char *)h - ht->p.head_offset;
}

static inline u32 rht_key_hash(const struct rhashtable *ht, const void *key)
{
	return (ht->p.hashfn ? ht->p.hashfn : jhash)(key, ht->p.key_len, 0);
}

static inline u32 rht_obj_hash(const struct rhashtable *ht, const struct rhash_head *h)
{
	const char *obj = (const char *)rht_obj(ht, h);

	return ht->p.obj_hashfn ? ht->p.obj_hashfn(obj, ht->p.key_len, 0)
				: rht_key_hash(ht, obj + ht->p.key_offset);
}

static inline int rhashtable_init(struct rhashtable *ht, const struct rhashtable_params *p)
{
	unsigned int size = RHT_MIN_SIZE, want = p->nelem_hint * 4 / 3;

	if ((p->key_len && p->obj_hashfn && !p->obj_cmpfn) || (!p->key_len && !p->obj_hashfn))
		return -EINVAL;
	while (size < want || size < p->min_size)
		size *= 2;
	memset(ht, 0, sizeof(*ht));
	ht->buckets = (struct rhash_head **)kcalloc(size, sizeof(*ht->buckets), GFP_KERNEL);
	if (!ht->buckets)
		return -ENOMEM;
	ht->size = size;
	ht->p = *p;
	spin_lock_init(&ht->lock);
	return 0;
}

static inline void rhashtable_free_and_destroy(struct rhashtable *ht,
					       void (*free)(void *obj, void *arg), void *arg)
{
	for (unsigned int i = 0; i < ht->size && free; i++)
		for (struct rhash_head *h = ht->buckets[i], *next; h; h = next) {
			next = h->next;
			free(rht_obj(ht, h), arg);
		}
	kfree(ht->buckets);
	ht->buckets = NULL;
	ht->size = 0;
}

static inline void rhashtable_destroy(struct rhashtable *ht)
{
	rhashtable_free_and_destroy(ht, NULL, NULL);
}

#include <linux/rhashtable_calls.h>
#include <linux/rhashtable_walk.h>

#endif
