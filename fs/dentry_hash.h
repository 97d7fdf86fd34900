/* The table that finds a dentry by (parent, name): dcache.c's own. */
#ifndef DENTRY_HASH_H
#define DENTRY_HASH_H

#include "vfs_impl.h"

/* All d (dcache_lock). Buckets 0 to mask + split are in use; those from 0 to base_mask for ever. */
struct dentry_hash {
	struct list_head *base;
	uint32_t base_mask, mask, split;
	bool grown;	  /* there are more than those */
	bool wants_room;  /* read without the lock: dentry_hash_extend would help */
	bool has_spare;	  /* read without the lock: dentry_hash_trim would free something */
	unsigned long nr; /* names */
	unsigned long grow_at, shrink_at; /* with more names, with fewer the table follows */
};
extern struct dentry_hash dentry_hash;

static inline uint32_t dentry_hash_of(const struct dentry *parent, uint32_t name_hash)
{
	uint32_t h = name_hash ^ (uint32_t)((uintptr_t)parent >> 5);

	return h ^ h >> 15;
}

/* The bucket of a name in a table that has grown. */
struct list_head *dentry_bucket_grown(uint32_t hash) must_hold(dcache_lock);

static inline struct list_head *dentry_bucket(const struct dentry *parent, uint32_t name_hash)
	must_hold(dcache_lock)
{
	uint32_t h = dentry_hash_of(parent, name_hash);

	return likely(!dentry_hash.grown) ? &dentry_hash.base[h & dentry_hash.base_mask]
					  : dentry_bucket_grown(h);
}

void dentry_hash_init(void);
void dentry_hash_grow(void) must_hold(dcache_lock);
void dentry_hash_shrink(void) must_hold(dcache_lock);

/* @d, whose parent and name stay, can be found; or not any more. */
static inline void dentry_hash_add(struct dentry *d) must_hold(dcache_lock)
{
	list_add(&d->hash_link, dentry_bucket(d->parent, d->hash));
	if (unlikely(++dentry_hash.nr > dentry_hash.grow_at))
		dentry_hash_grow();
}

static inline void dentry_hash_del(struct dentry *d) must_hold(dcache_lock)
{
	list_del_init(&d->hash_link);
	if (unlikely(--dentry_hash.nr < dentry_hash.shrink_at))
		dentry_hash_shrink();
}

/* Make room for more buckets, free what has none: where the flags say so. No lock held; sleep. */
void dentry_hash_extend(void);
void dentry_hash_trim(void);

#endif
