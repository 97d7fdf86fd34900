/*
 * Batched unmapping: unhook entries, flush every TLB, only then free frames and table pages. Nothing else frees
 * a mapped frame.
 */
#ifndef MM_GATHER_H
#define MM_GATHER_H

#include "mm/pt.h"

enum { GATHER_INLINE = 32, GATHER_MAX = 512 };

struct mmu_gather {
	struct mm_struct *mm;
	uaddr_t start, end;  /* range to flush; start > end: nothing */
	bool full;           /* whole mm is going (exit): one flush of the root */
	bool freed_tables;
	unsigned nr, max;    /* pages collected */
	struct page **pages; /* inline_pages or one allocated page of pointers */
	struct page *inline_pages[GATHER_INLINE];
};

void gather_begin(struct mmu_gather *g, struct mm_struct *mm);
void gather_begin_full(struct mmu_gather *g, struct mm_struct *mm);
/* An entry at @va was cleared or lost rights: it must be flushed. */
void gather_note(struct mmu_gather *g, uaddr_t va);
/* The page's last PTE reference goes when flushed (put_page). Return: true when full: flush outside the lock. */
bool gather_page(struct mmu_gather *g, struct page *page);
void gather_table(struct mmu_gather *g, struct page *table);
void gather_flush(struct mmu_gather *g); /* flush and free what is collected; may be called many times */
void gather_end(struct mmu_gather *g);   /* flush, free, release */

#endif
