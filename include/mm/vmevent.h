/* Event counters of /proc/vmstat, split per CPU; names and order are Linux 6.1's (mm/phys/vmevent.c has the names). */
#ifndef MM_VMEVENT_H
#define MM_VMEVENT_H

#include "sync/percpu.h"

enum vm_event {
	PGPGIN,
	PGPGOUT,
	PSWPIN,
	PSWPOUT,
	PGALLOC_DMA,
	PGALLOC_DMA32,
	PGALLOC_NORMAL,
	PGALLOC_HIGH,
	PGALLOC_MOVABLE,
	ALLOCSTALL_DMA,
	ALLOCSTALL_DMA32,
	ALLOCSTALL_NORMAL,
	ALLOCSTALL_HIGH,
	ALLOCSTALL_MOVABLE,
	PGFREE,
	PGACTIVATE,
	PGDEACTIVATE,
	PGLAZYFREE,
	PGFAULT,
	PGMAJFAULT,
	PGLAZYFREED,
	PGREFILL,
	PGREUSE,
	OOM_KILL,
	DROP_PAGECACHE,
	DROP_SLAB,
	UNEVICTABLE_PGMLOCKED,
	UNEVICTABLE_PGMUNLOCKED,
	NR_VM_EVENTS
};

struct vm_events {
	unsigned long count[NR_VM_EVENTS];
};
DECLARE_PER_CPU(struct vm_events, vm_events);

static inline void count_vm_events(enum vm_event e, unsigned long n)
{
	this_cpu(vm_events).count[e] += n;
}

static inline void count_vm_event(enum vm_event e)
{
	count_vm_events(e, 1);
}

extern const char *const vm_event_names[NR_VM_EVENTS];
unsigned long vm_event_sum(enum vm_event e); /* over all CPUs */

#endif
