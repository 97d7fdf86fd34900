/*
 * Reclaim: pages of programs and caches leave memory when it gets short. Who asks: the allocator, through phys_wake and
 * phys_relieve (mm/alloc.h), and kswapd, the thread of each node that kernel/kswapd.c loops.
 */
#ifndef MM_VMSCAN_H
#define MM_VMSCAN_H

#include "mm/lru.h"

extern int vm_swappiness; /* 0..200: how gladly anonymous pages go, against cached ones */

/* One piece of background reclaim of @node: a bounded scan, until every zone is above its high watermark. Sleeps.
 * Return: true when there is more to do. */
bool kswapd_step(int node);
/* Until there may be work: an allocation found the node's zones below their low watermarks. */
void kswapd_wait(int node);
/* Nothing of the node could be freed lately, often in a row: it is left alone. */
bool kswapd_gave_up(int node);

/* vm.drop_caches: all cached pages go that are clean and not mapped. Sleeps. Return: how many. */
unsigned long drop_cached_pages(void);
/* Scan all lists of @node once at full depth, whatever is free: tests. Return: pages freed. */
unsigned long reclaim_node(int node, gfp_t gfp);
/* Take those of @pages that may go, used or not, as MADV_PAGEOUT does: each with a reference, which goes, too. Sleeps.
 * Return: how many are free. */
unsigned reclaim_these(struct page **pages, unsigned n);

/* ---- by which policy (mm/reclaim/stand_in.c, mm/policy.h); lru2 is the lists' own ---- */
struct policy;
const struct policy *reclaim_policy(void); /* the one in force */
/* Can it run on a machine, or does it need the future? */
bool policy_can_reclaim(const struct policy *p);
/* From now on pages are chosen by the policy @name; all that are on the lists are new to it, in their order. Sleeps.
 * 0; -EINVAL: there is none of this name, or it cannot; -ENOMEM: the old one stays. */
int must_check reclaim_policy_set(const char *name, size_t len);

#endif
