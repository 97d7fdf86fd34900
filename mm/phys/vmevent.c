/*
 * Event counters: how often something happened since boot, as /proc/vmstat shows it.
 *
 * OWNS     struct vm_events, one per CPU.
 * WHY      counting must cost one instruction on the fault path: each CPU adds to its own copy, readers sum.
 * I1       only its own CPU writes a copy; one addition to memory, so an interrupt cannot lose a count on x86.
 * LOCKS    none. A sum read while others count is a little old, never wrong by more than what happens meanwhile.
 * CONTEXT  any.
 * NOT HERE levels that go up and down (zone.c: zone and node statistics).
 */
#include "mm/vmevent.h"

DEFINE_PER_CPU(struct vm_events, vm_events);

const char *const vm_event_names[NR_VM_EVENTS] = {
	[PGPGIN] = "pgpgin",
	[PGPGOUT] = "pgpgout",
	[PSWPIN] = "pswpin",
	[PSWPOUT] = "pswpout",
	[PGALLOC_DMA] = "pgalloc_dma",
	[PGALLOC_DMA32] = "pgalloc_dma32",
	[PGALLOC_NORMAL] = "pgalloc_normal",
	[PGALLOC_HIGH] = "pgalloc_high",
	[PGALLOC_MOVABLE] = "pgalloc_movable",
	[ALLOCSTALL_DMA] = "allocstall_dma",
	[ALLOCSTALL_DMA32] = "allocstall_dma32",
	[ALLOCSTALL_NORMAL] = "allocstall_normal",
	[ALLOCSTALL_HIGH] = "allocstall_high",
	[ALLOCSTALL_MOVABLE] = "allocstall_movable",
	[PGFREE] = "pgfree",
	[PGACTIVATE] = "pgactivate",
	[PGDEACTIVATE] = "pgdeactivate",
	[PGLAZYFREE] = "pglazyfree",
	[PGFAULT] = "pgfault",
	[PGMAJFAULT] = "pgmajfault",
	[PGLAZYFREED] = "pglazyfreed",
	[PGREFILL] = "pgrefill",
	[PGREUSE] = "pgreuse",
	[OOM_KILL] = "oom_kill",
	[DROP_PAGECACHE] = "drop_pagecache",
	[DROP_SLAB] = "drop_slab",
	[UNEVICTABLE_PGMLOCKED] = "unevictable_pgs_mlocked",
	[UNEVICTABLE_PGMUNLOCKED] = "unevictable_pgs_munlocked",
};

unsigned long vm_event_sum(enum vm_event e)
{
	unsigned long sum = 0;
	unsigned cpu;

	for_each_possible_cpu (cpu)
		sum += READ_ONCE(per_cpu(vm_events, cpu).count[e]);
	return sum;
}
