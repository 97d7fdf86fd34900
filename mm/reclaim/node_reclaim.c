/*
 * Node reclaim: memory that is near is made free rather than taken from afar.
 *
 *   own node below its low watermarks ──► mode 0: the next node of the list
 *                                         else: pages of files that nobody maps, here; then the search as usual
 *
 * OWNS     vm.zone_reclaim_mode, min_unmapped_ratio, min_slab_ratio; a flag per node: somebody is at it.
 * WHY      a page of a distant node costs its user each time. Off by default, as on Linux: for most a large cache is worth more.
 * I1       it ends: one round at a fixed depth. What it cannot free the next node gives.
 * I2       mode 1 takes clean pages that nobody maps, and nothing else; 2 has dirty ones written, too, so that they are clean next
 *          time; 4 takes whatever may go.
 * LOCKS    none held.   CONTEXT  as phys_relieve, with MM_CTX_MEMALLOC set by the caller.
 * COST     nothing while the mode is 0; then 1/16 of the node's lists.
 * FAILS    false: nothing was freed, which zone_reclaim_failed counts when it was tried.
 * SOURCES  Documentation/admin-guide/sysctl/vm: zone_reclaim_mode.   TESTED BY node_reclaim_test.c, tests/guest/proc_sysvm.c
 */
#include "mm/node_reclaim.h"

#include "mm/reclaim/reclaim_impl.h"
#include "mm/shrinker.h"
#include "mm/vmevent.h"
#include "mm/writeback.h"

enum { NODE_RECLAIM_PRIORITY = 4 };

int node_reclaim_mode;
int sysctl_min_unmapped_ratio = 1, sysctl_min_slab_ratio = 5;

static int busy[CFG_MAX_NODES]; /* a: a thread is at it */

static unsigned long managed_pages(const struct pglist_data *node)
{
	unsigned long sum = 0;

	for (unsigned t = 0; t < MAX_NR_ZONES; t++)
		sum += (unsigned long)atomic_long_read(&node->node_zones[t].managed_pages);
	return sum;
}

/* Pages of files that the mode may take. */
static unsigned long candidates(const struct pglist_data *node, int mode)
{
	unsigned long n = node_stat(node, NR_INACTIVE_FILE) + node_stat(node, NR_ACTIVE_FILE);
	unsigned long not = mode & RECLAIM_UNMAP ? 0 : node_stat(node, NR_FILE_MAPPED);

	if (!(mode & RECLAIM_WRITE))
		not += node_stat(node, NR_FILE_DIRTY);
	return n > not ? n - not : 0;
}

static bool has_more(unsigned long pages, const struct pglist_data *node, int percent)
{
	return pages > managed_pages(node) * (unsigned)percent / 100;
}

static unsigned long take(struct alloc_ctx *ctx, struct pglist_data *node, int mode)
{
	struct scan_control sc = { .node = node,
				   .highest = ctx->highest,
				   .gfp = ctx->gfp,
				   .priority = NODE_RECLAIM_PRIORITY,
				   .wanted =
					   max_of(unsigned long, 1UL << ctx->order, LRU_CLUSTER) };

	if (has_more(candidates(node, mode), node, READ_ONCE(sysctl_min_unmapped_ratio))) {
		if (mode & RECLAIM_UNMAP)
			shrink_node(&sc);
		else
			shrink_clean(&sc);
	}
	if (has_more(node_stat(node, NR_SLAB_RECLAIMABLE), node, READ_ONCE(sysctl_min_slab_ratio)))
		sc.freed += shrink_slab(ctx->gfp, NODE_RECLAIM_PRIORITY);
	if ((mode & RECLAIM_WRITE) && node_stat(node, NR_FILE_DIRTY))
		writeback_press();
	return sc.freed;
}

bool phys_reclaim_node(struct alloc_ctx *ctx, struct pglist_data *node)
{
	int idle = 0, mode = READ_ONCE(node_reclaim_mode);
	int *flag = &busy[node->node_id];
	unsigned long freed;

	if (!has_more(candidates(node, mode), node, READ_ONCE(sysctl_min_unmapped_ratio)) &&
	    !has_more(node_stat(node, NR_SLAB_RECLAIMABLE), node, READ_ONCE(sysctl_min_slab_ratio)))
		return false;
	if (!__atomic_compare_exchange_n(flag, &idle, 1, false, __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
		return false;
	freed = take(ctx, node, mode);
	if (freed)
		drain_all_pages();
	else
		count_vm_event(PGSCAN_ZONE_RECLAIM_FAILED);
	__atomic_store_n(flag, 0, __ATOMIC_RELEASE);
	return freed;
}
