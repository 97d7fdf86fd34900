/* Walking over all objects of a table. Included by linux/rhashtable.h. */
#ifndef _LINUX_RHASHTABLE_WALK_H
#define _LINUX_RHASHTABLE_WALK_H

#include <linux/rhashtable.h>

static inline void rhashtable_walk_enter(struct rhashtable *ht, struct rhashtable_iter *it)
{
	unsigned long flags;

	*it = (struct rhashtable_iter){ .ht = ht };
	spin_lock_irqsave(&ht->lock, flags);
	ht->walkers++; /* nothing moves to another bucket meanwhile */
	spin_unlock_irqrestore(&ht->lock, flags);
}

static inline void rhashtable_walk_exit(struct rhashtable_iter *it)
{
	unsigned long flags;

	spin_lock_irqsave(&it->ht->lock, flags);
	it->ht->walkers--;
	spin_unlock_irqrestore(&it->ht->lock, flags);
}

static inline int rhashtable_walk_start_check(struct rhashtable_iter *it)
{
	(void)it;
	rcu_read_lock();
	return 0;
}
#define rhashtable_walk_start(it) ((void)rhashtable_walk_start_check(it))

static inline void rhashtable_walk_stop(struct rhashtable_iter *it)
{
	(void)it;
	rcu_read_unlock();
}

/* The object at the place of @it; NULL: that was all. Table locked. */
static inline struct rhash_head *rht_at(struct rhashtable_iter *it)
{
	for (; it->slot < it->ht->size; it->slot++, it->skip = 0) {
		struct rhash_head *h = it->ht->buckets[it->slot];

		for (unsigned int i = 0; h && i < it->skip; i++)
			h = h->next;
		if (h)
			return h;
	}
	return NULL;
}

static inline void *rhashtable_walk_next(struct rhashtable_iter *it)
{
	struct rhashtable *ht = it->ht;
	struct rhash_head *h;
	unsigned long flags;

	spin_lock_irqsave(&ht->lock, flags);
	h = rht_at(it);
	it->skip++;
	it->p = h;
	spin_unlock_irqrestore(&ht->lock, flags);
	return h ? rht_obj(ht, h) : NULL;
}

/* The one that next gave last; before that the first. */
static inline void *rhashtable_walk_peek(struct rhashtable_iter *it)
{
	struct rhashtable *ht = it->ht;
	struct rhash_head *h = it->p;
	unsigned long flags;

	spin_lock_irqsave(&ht->lock, flags);
	if (!h)
		h = rht_at(it);
	spin_unlock_irqrestore(&ht->lock, flags);
	return h ? rht_obj(ht, h) : NULL;
}

#endif
