/*
 * KSM: private pages with the same contents become one. docs/book/ksm.md has the theory; the daemon's loop is
 * kernel/ksmd.c, the tunables are files of /sys/kernel/mm/ksm.
 */
#ifndef MM_KSM_H
#define MM_KSM_H

#include "base/compiler.h"
#include "base/types.h"

struct mm_struct;
struct page;
struct vm_area_struct;
struct rmap_walk;

enum ksm_run { KSM_STOP, KSM_MERGE, KSM_UNMERGE };
extern unsigned ksm_run; /* changed by ksm_set_run */
extern unsigned ksm_pages_to_scan, ksm_sleep_ms;
extern bool ksm_use_zero_pages;
extern bool ksm_merge_across_nodes; /* changed by ksm_set_across_nodes */
extern unsigned ksm_max_page_sharing;
extern unsigned ksm_chains_prune_ms;

struct ksm_counts {
	unsigned long shared, sharing, unshared, items; /* pages; items: all that are looked at */
	unsigned long full_scans, chains, dups;
};
void ksm_get_counts(struct ksm_counts *out);

/* 0; -EINVAL; KSM_UNMERGE: -ENOMEM, -EINTR, and then it stops. Sleeps. */
int must_check ksm_set_run(unsigned run);
/* 0, or -EBUSY while pages are merged. */
int must_check ksm_set_across_nodes(bool across);
int must_check ksm_set_max_sharing(unsigned max);

/* A piece of the daemon's work. Sleeps. Return: ms until the next is due; 0: go on. Nothing to do: KSM_IDLE. */
#define KSM_IDLE (~0U)
unsigned ksm_step(void);

/* madvise(2), mmap_lock held for write: [start, end) of @vma is going to be mergeable, or not any more. 0; 1: it is
 * already, or cannot be, and nobody minds; -ENOMEM, -EINTR. */
int must_check ksm_advise(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			  bool merge);
int must_check ksm_enter(struct mm_struct *mm); /* @mm has such vmas. 0 or -ENOMEM */
void ksm_exit(struct mm_struct *mm);		/* it has no users and no vmas any more */
void ksm_boot(void);

/* Reverse mapping of a page that KSM shares. */
int rmap_walk_ksm(const struct rmap_walk *w);
/* Migration: @new takes the place of the shared page @old, locked, which nobody maps. 0; -EAGAIN: others than the caller
 * refer to it. rmap_walk_ksm finds the places by @old until it is forgotten. */
int must_check ksm_replace_page(struct page *old, struct page *new);
void ksm_forget_page(struct page *old);

#endif
