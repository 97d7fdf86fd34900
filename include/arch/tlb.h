/*
 * Translation caches. A pt_root is one top-level table with the CPUs that may hold its translations. On
 * return from a flush NO CPU uses the old translation.
 */
#ifndef ARCH_TLB_H
#define ARCH_TLB_H

#include "base/compiler.h"
#include "base/config.h"
#include "base/types.h"
#include "pt_entry.h"

struct ldt;

struct pt_root {
	pte_t *top;		   /* i: top table (lowmem); PAE: 4 entries, 32-byte aligned */
	phys_t top_phys;	   /* i */
	unsigned long cpu_mask;	   /* a: CPUs on which it is active or lazily kept */
	unsigned long reload_mask; /* a: CPUs that must reload CR3 (PAE top-level change) */
	struct ldt *ldt;	   /* the program's own segments, arch/ldt.h; NULL: none */
};

extern struct pt_root kernel_root; /* the kernel's own tables */

/* A top table with the kernel half in place. Return: 0 or -ENOMEM. May sleep. */
int must_check pt_root_alloc(struct pt_root *root);
/* Free the top table; no CPU may be using it. Kernel half untouched. */
void pt_root_free(struct pt_root *root);
/* The root's user half is now on this CPU. @prev NULL at first. Interrupts off. Lazy roots stay in cpu_mask. */
void pt_activate(struct pt_root *prev, struct pt_root *next);

/* One page / [start, end) with entries of @stride bytes / everything user of @root, on all CPUs of its mask. */
void tlb_flush_page(struct pt_root *root, uaddr_t va);
void tlb_flush_range(struct pt_root *root, uaddr_t start, uaddr_t end, unsigned long stride);
void tlb_flush_root(struct pt_root *root);
/* Everything of every root on the CPUs of @cpus: for entries of many roots that were unhooked, those of their cpu_masks. */
void tlb_flush_cpus(unsigned long cpus);
/* Kernel addresses [start, end), every CPU. */
void tlb_flush_kernel(kaddr_t start, kaddr_t end);
/* This CPU only. */
void tlb_flush_page_local(uaddr_t va);

/* Counters for /proc/vmstat: nr_tlb_remote_flush, _received, nr_tlb_local_flush_all, _one. */
struct tlb_stats {
	unsigned long remote_flush, remote_received, local_flush_all, local_flush_one;
};
void tlb_stats_read(struct tlb_stats *sum);

#endif
