/* Reports for the log when memory has run out: where all of it is, and what would have helped. */
#ifndef MM_SHOW_MEM_H
#define MM_SHOW_MEM_H

#include "mm/numa.h"

struct mm_struct;

/* Linux's report, from "Mem-Info:" on: lists, nodes, zones, free blocks, swap. No locks held; takes one zone's at a time. */
void show_mem(void);
/* Linux's "Unreclaimable slab info:", if kernel objects take more memory than what programs and caches have on the lists. */
void show_unreclaimable_slabs(void);

/* ---- the verdict: mm/obs/oom_verdict.c ---- */

/* Who may hold memory. */
enum oom_holder {
	OOM_ANON,
	OOM_SHMEM, /* tmpfs, shared mappings, System V, memfd */
	OOM_FILE,
	OOM_SLAB,
	OOM_TABLES,
	OOM_STACKS,
	OOM_HUGE,   /* the pool of hugetlb */
	OOM_ZRAM,   /* what zram keeps */
	OOM_KERNEL, /* all else that is in use: pages of pipes, sockets, drivers, the kernel's own */
	OOM_BARRED, /* free, where the request could not have it */
	NR_OOM_HOLDERS
};

/* What is known when memory has run out. All in KiB but processes. */
struct oom_facts {
	unsigned long held[NR_OOM_HOLDERS], free, locked, dirty, huge_free;
	unsigned long swap_total, swap_free;
	unsigned long anon_of_victim, shmem_of_victim;
	unsigned long slab_kb; /* of slab */
	const char *slab;      /* the cache that has most; NULL: none */
	unsigned processes;
};

/* Look. @victim: who is to be killed; @nodes, @gfp: what the request could have. A snapshot; no locks held. */
void oom_facts_get(struct oom_facts *f, const struct mm_struct *victim, nodemask_t nodes,
		   unsigned gfp);
/* "anonymous 1200kB, ...": who holds memory, without those that hold none. Return: stored without NUL. Any context. */
size_t oom_held_to_str(const struct oom_facts *f, char *buf, size_t size);
/* Who holds most, and what would have saved the victim, as one sentence. Return: stored without NUL. Any context. */
size_t oom_verdict_to_str(const struct oom_facts *f, char *buf, size_t size);

#endif
