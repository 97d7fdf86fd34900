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
#include "mm/vmevent.h"

enum { MAX_SHRINKERS = 16, OBJECTS_PER_PAGE = 2 };

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

/* Of @nr objects, how many are asked for at @priority; below 0: all. */
static unsigned long share(unsigned long nr, int priority)
{
	return priority < 0 ? nr : min_of(unsigned long, nr, (nr >> priority) * OBJECTS_PER_PAGE);
}

static unsigned long shrink_all(gfp_t gfp, int priority)
{
	unsigned long freed = 0;

	for (unsigned i = 0; i < MAX_SHRINKERS; i++) {
		const struct shrinker *s = __atomic_load_n(&shrinkers[i], __ATOMIC_ACQUIRE);
		unsigned long nr = s ? share(s->count(), priority) : 0;

		if (nr)
			freed += s->scan(nr, gfp);
		count_vm_events(SLABS_SCANNED, nr);
	}
	return freed;
}

unsigned long shrink_caches(gfp_t gfp)
{
	return shrink_all(gfp, -1);
}

unsigned long shrink_slab(gfp_t gfp, unsigned priority)
{
	return shrink_all(gfp, (int)priority);
}
