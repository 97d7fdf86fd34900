/* Compaction: pages that can move go to one end of their zone, so that large blocks become free at the other. */
#ifndef MM_COMPACT_H
#define MM_COMPACT_H

#include "mm/alloc.h"

/**
 * phys_compact - up-call of an allocation that found no block of its order: make one.
 * Return: true when another search makes sense.   Waits for nobody's page lock.   Locks: as __GFP_DIRECT_RECLAIM allows.
 * Counts COMPACTSTALL, and _SUCCESS or _FAIL.
 */
bool phys_compact(struct alloc_ctx *ctx);
/* Every zone of @node, from end to end (vm.compact_memory, nodeN/compact). Sleeps; no locks held. */
void compact_node(int node);

/*
 * kcompactd, a thread of each node that kernel/kswapd.c loops: blocks for those who could not wait.
 * kcompactd_wake: no block of @order was found; order 0: nothing is wanted. Any context.
 * kcompactd_wait: until one is wanted. kcompactd_step: what is wanted now, as far as it can be had. Sleep.
 */
void kcompactd_wake(int node, enum zone_type highest, unsigned order);
void kcompactd_wait(int node);
void kcompactd_step(int node);
/* The same, and before anybody asks: every half second, if free memory is in so small pieces that vm.compaction_proactiveness
 * (0: never, 100: always) says so. It was set: look now. */
void kcompactd_look(void);
extern int sysctl_compaction_proactiveness;

/* Why an allocation of @order from @z would fail, times 1000: 0 for want of memory, 1000 for fragmentation; -1000: it would
 * not. Any context, a snapshot. */
int fragmentation_index(const struct zone *z, unsigned order);
/* How much of the free memory is no use for @order, times 1000. Any context, a snapshot. */
int unusable_free_index(const struct zone *z, unsigned order);

extern int
	sysctl_extfrag_threshold; /* fragmentation_index up to which compaction is not worth it */
extern int sysctl_compact_unevictable_allowed; /* pages locked in memory move too */

#endif
