/*
 * Direct reclaim: what an allocation that found no page does before it fails.
 *
 *   lists    rounds of falling priority over the lists of the nodes that may give, until a cluster of pages is free (vmscan.c)
 *   caches   if that gave nothing: all that sits in caches. Objects of file systems, free objects in magazines, empty slabs, dead
 *            kernel ranges, cached stacks, pages on the lists of other CPUs
 *
 * OWNS     nothing.
 * WHY      all of it comes back before a program is told that there is none.
 * I1       it ends: 13 rounds, each bounded by the lists as they were; one pause at most where pages are being written.
 * LOCKS    none held on entry or kept.
 * CONTEXT  a thread that may sleep, with MM_CTX_MEMALLOC set by the caller (alloc.c): what it allocates itself comes from
 *          the reserve and never enters here again.
 * COST     proportional to what is cached. It runs only below the min watermark. The caches are emptied by one thread at a
 *          time: the others wait a moment and look again.
 * FAILS    false: nothing was freed and nothing is on the lists, another try makes no sense. The caller's tries are counted.
 *
 * The order of the second part is from the top down: freed dentries leave empty slabs, empty slabs leave pages on per-CPU lists.
 * TESTED BY  vmscan_test.c, alloc_test.c.
 */
#include "mm/alloc.h"
#include "mm/reclaim/reclaim_impl.h"
#include "mm/shrinker.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "sync/thread.h"
#include "sync/tracepoint.h"

enum { PAUSE_NS = 10 * 1000 * 1000 };

static int busy; /* a thread empties the caches */

/* One round over all nodes that may give. */
static void shrink_nodes(struct scan_control *sc, nodemask_t nodes)
{
	for (unsigned n = 0; n < nr_nodes; n++) {
		if (!(nodes >> n & 1))
			continue;
		sc->node = node_data[n];
		shrink_node(sc);
	}
}

static bool lists_are_empty(nodemask_t nodes, enum zone_type highest)
{
	unsigned long sum = 0;

	for (unsigned n = 0; n < nr_nodes; n++) {
		if (nodes >> n & 1)
			sum += reclaimable_pages(node_data[n], highest);
	}
	return !sum;
}

static unsigned long shrink_lists_of(const struct alloc_ctx *ctx)
{
	struct scan_control sc = { .highest = ctx->highest,
				   .gfp = ctx->gfp,
				   .priority = DEF_PRIORITY,
				   .wanted = LRU_CLUSTER };
	bool paused = false;

	if (lists_are_empty(ctx->nodes, ctx->highest))
		return 0;
	for (;;) {
		shrink_nodes(&sc, ctx->nodes);
		if (sc.freed >= sc.wanted || !sc.priority)
			return sc.freed;
		if (!paused && sc.dirty + sc.writeback && sc.priority < DEF_PRIORITY - 2) {
			(void)thread_park(PARK_KILLABLE, clock_ns() + PAUSE_NS);
			paused = true;
		}
		sc.priority--;
	}
}

/* Return: false: another thread is at it. */
static bool empty_caches(gfp_t gfp)
{
	int idle = 0;

	if (!__atomic_compare_exchange_n(&busy, &idle, 1, false, __ATOMIC_ACQUIRE,
					 __ATOMIC_RELAXED))
		return false;
	(void)shrink_caches(gfp);
	(void)vmalloc_purge();
	(void)slab_shrink_all();
	drain_all_pages();
	__atomic_store_n(&busy, 0, __ATOMIC_RELEASE);
	return true;
}

bool phys_relieve(struct alloc_ctx *ctx)
{
	unsigned long before = nr_free_pages(), freed;

	tracepoint(mm_vmscan_direct_reclaim_begin, ctx->order, ctx->gfp);
	freed = shrink_lists_of(ctx);
	tracepoint(mm_vmscan_direct_reclaim_end, freed);
	if (freed) {
		for (unsigned n = 0; n < nr_nodes; n++)
			WRITE_ONCE(node_data[n]->kswapd.failures, 0);
		if (freed >= LRU_CLUSTER)
			ctx->retries = 0;
		drain_all_pages();
		return true;
	}
	if (!empty_caches(ctx->gfp)) {
		(void)thread_park(PARK_UNINTERRUPTIBLE, clock_ns() + NSEC_PER_MSEC);
		return true; /* what the other has found may serve us too */
	}
	/* Pages that were used a moment ago go at the second or third look. */
	return nr_free_pages() > before || !lists_are_empty(ctx->nodes, ctx->highest);
}
