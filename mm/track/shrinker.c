/*
 * Shrinkers: who can give memory back besides the page lists.
 *
 * OWNS     the table of registered caches.
 * WHY      caches of higher floors (dentries, inodes) must give way to programs, but the allocator may not know them.
 * I1       a slot is set once, by one atomic exchange, and never changes again.
 * LOCKS    none: see I1.
 * CONTEXT  shrink_caches: a thread that may sleep, no locks above rank FS_INNER.
 * NOT HERE when to ask (mm/reclaim/relieve.c).
 */
#include "mm/shrinker.h"
#include "base/atomic.h"
#include "base/errno.h"

enum { MAX_SHRINKERS = 16 };

static const struct shrinker *shrinkers[MAX_SHRINKERS]; /* a */

int register_shrinker(const struct shrinker *s)
{
	for (unsigned i = 0; i < MAX_SHRINKERS; i++) {
		const struct shrinker *none = NULL;

		if (__atomic_compare_exchange_n(&shrinkers[i], &none, s, false, __ATOMIC_RELEASE,
						__ATOMIC_RELAXED) ||
		    none == s)
			return 0;
	}
	return -ENOSPC;
}

unsigned long shrink_caches(gfp_t gfp)
{
	unsigned long freed = 0;

	for (unsigned i = 0; i < MAX_SHRINKERS; i++) {
		const struct shrinker *s = __atomic_load_n(&shrinkers[i], __ATOMIC_ACQUIRE);
		unsigned long nr = s ? s->count() : 0;

		if (nr)
			freed += s->scan(nr, gfp);
	}
	return freed;
}
