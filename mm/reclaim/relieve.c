/*
 * Direct reclaim: what an allocation that found no page does before it fails.
 *
 * OWNS     nothing.
 * WHY      memory that nobody needs now sits in caches: objects of file systems, free objects in magazines, empty slabs,
 *          dead kernel ranges, cached stacks, pages on the lists of other CPUs. All of it comes back before a
 *          program is told that there is none.
 * LOCKS    none held on entry or kept.
 * CONTEXT  a thread that may sleep, with MM_CTX_MEMALLOC set by the caller (alloc.c): what it allocates itself comes from
 *          the reserve and never enters here again.
 * COST     proportional to what is cached. It runs only below the min watermark, in one thread at a time: the others
 *          wait a moment and look again.
 * FAILS    false: nothing was freed, another try makes no sense.
 *
 * The order is from the top down: freed dentries leave empty slabs, empty slabs leave pages on per-CPU lists.
 * Pages of programs have no copy elsewhere while there is no swap, and tmpfs pages are the only copy: there is nothing to
 * take there. TESTED BY  alloc_test.c.
 */
#include "mm/alloc.h"
#include "mm/shrinker.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "sync/thread.h"

static int busy; /* a thread is at it */

bool phys_relieve(struct alloc_ctx *ctx)
{
	unsigned long before = nr_free_pages();
	int idle = 0;

	if (!__atomic_compare_exchange_n(&busy, &idle, 1, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED)) {
		(void)thread_park(PARK_UNINTERRUPTIBLE, clock_ns() + NSEC_PER_MSEC);
		return true; /* what it has found may serve us too */
	}
	(void)shrink_caches(ctx->gfp);
	(void)vmalloc_purge();
	(void)slab_shrink_all();
	drain_all_pages();
	__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
	return nr_free_pages() > before;
}

void phys_wake(int node)
{
	(void)node; /* no background thread: everything reclaimable is taken directly, above */
}
