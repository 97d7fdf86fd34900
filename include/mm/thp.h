/*
 * Transparent huge pages: who gets them, and the tunables of /sys/kernel/mm/transparent_hugepage. What a huge page is:
 * mm/huge.h; the daemon's loop: kernel/khugepaged.c.
 */
#ifndef MM_THP_H
#define MM_THP_H

#include "base/types.h"

struct mm_struct;
struct page;
struct vm_area_struct;

enum thp_enabled { THP_ALWAYS, THP_MADVISE, THP_NEVER };
/* How hard a fault tries: reclaims itself, leaves it to the background, that for advised areas only, …, never. */
enum thp_defrag {
	THP_DEFRAG_ALWAYS,
	THP_DEFRAG_DEFER,
	THP_DEFRAG_DEFER_MADVISE,
	THP_DEFRAG_MADVISE,
	THP_DEFRAG_NEVER
};
extern int thp_enabled, thp_defrag;
extern int thp_use_zero_page; /* 1: reading an untouched block maps a huge page of zeroes */

/* Tunables of the daemon, with Linux's names and defaults. */
extern int khugepaged_defrag;
extern unsigned khugepaged_pages_to_scan, khugepaged_max_ptes_none, khugepaged_max_ptes_swap,
	khugepaged_max_ptes_shared;
extern unsigned khugepaged_scan_sleep_ms, khugepaged_alloc_sleep_ms;
extern unsigned long khugepaged_pages_collapsed, khugepaged_full_scans;

/* May @vma have huge pages, by kind, advice, program and system? mmap_lock held. */
bool thp_allowed(const struct vm_area_struct *vma);
/* The same, and a whole block lies in it (THPeligible of smaps). */
bool thp_eligible(const struct vm_area_struct *vma);

/* A part of the huge page of zeroes? Any context. */
bool page_is_huge_zero(const struct page *page);
void thp_zero_boot(void);
void thp_zero_fork(struct mm_struct *new, const struct mm_struct *old);
void thp_zero_put(struct mm_struct *mm); /* nothing is mapped any more */

/* The huge pages of [start, end), or of all programs, become small. Locks: takes mmap_lock. Sleeps. */
void thp_split_range(struct mm_struct *mm, uaddr_t start, uaddr_t end);
void thp_split_all(void);

/* prctl(2) PR_SET_THP_DISABLE. */
void mm_set_thp_disable(struct mm_struct *mm, bool disable);

/*
 * One piece of the daemon's work: at most khugepaged_pages_to_scan pages looked at. Sleeps.
 * Return: milliseconds until the next piece is due; 0: go on at once.
 */
unsigned khugepaged_step(void);
void khugepaged_rewind(void); /* the next step begins at the first address space */

#endif
