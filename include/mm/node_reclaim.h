/* Node reclaim: who finds his own node full frees what is cheap there before he takes a page of a distant one. */
#ifndef MM_NODE_RECLAIM_H
#define MM_NODE_RECLAIM_H

#include "mm/alloc.h"

/* vm.zone_reclaim_mode. 0: the next node gives. */
enum { RECLAIM_ZONE = 1, RECLAIM_WRITE = 2, RECLAIM_UNMAP = 4 };
extern int node_reclaim_mode;
/* vm.min_unmapped_ratio, vm.min_slab_ratio: % of a node. With no more pages of unmapped files, and of reclaimable kernel
 * objects, than this the node is left alone. */
extern int sysctl_min_unmapped_ratio, sysctl_min_slab_ratio;

/**
 * phys_reclaim_node - up-call of an allocation whose own node is below its low watermarks.
 * Return: true when something was freed there.   Locks, sleeps: as phys_relieve; one thread a node, others go on.
 */
bool phys_reclaim_node(struct alloc_ctx *ctx, struct pglist_data *node);

#endif
