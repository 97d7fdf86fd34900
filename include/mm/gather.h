/*
 * Batched unmapping: unhook entries, flush every TLB, only then free frames and table pages. Nothing else frees
 * a mapped frame.
 */
#ifndef MM_GATHER_H
#define MM_GATHER_H

#include "mm/pt.h"

enum {
	GATHER_INLINE = 32,
	GATHER_MAX = PAGE_SIZE / sizeof(unsigned long),
	GATHER_BLOCKS = 8,
	GATHER_RUN_BITS = 8, /* pages of a run */
	GATHER_RUN = 1 << GATHER_RUN_BITS
};

struct mmu_gather {
	struct mm_struct *mm;
	uaddr_t start, end; /* range to flush; start > end: nothing */
	bool full; /* whole mm is going (exit): no user code of it runs anywhere any more */
	bool keep_anon; /* range_zap leaves anonymous and special entries alone (hole punched in a file) */
	bool mlocked;	    /* range_zap: the vma is VM_LOCKED */
	bool keep_uffd_wp;  /* range_zap leaves markers where a userfaultfd had entries protected */
	bool reload;	    /* a top-level entry was cleared where CPUs keep copies of it (PAE) */
	unsigned nr_blocks; /* transparent huge pages collected */
	struct list_head tables; /* table pages unhooked, by page->lru */
	unsigned nr, max;	 /* runs collected */
	unsigned open;		 /* == nr: the last is of anonymous pages, and can go on */
	/* inline_runs or one allocated page: runs of pages that lie side by side, first frame << GATHER_RUN_BITS | pages - 1 */
	unsigned long *runs;
	unsigned long inline_runs[GATHER_INLINE];
	struct page *blocks[GATHER_BLOCKS]; /* first pages */
};

void gather_begin(struct mmu_gather *g, struct mm_struct *mm);
/* For a mm that nobody uses any more: one flush of everything, entries cleared without atomics. */
void gather_begin_full(struct mmu_gather *g, struct mm_struct *mm);

/* Entries in [start, end) were cleared or lost rights: they must be flushed. */
static inline void gather_note_range(struct mmu_gather *g, uaddr_t start, uaddr_t end)
{
	if (start < g->start)
		g->start = start;
	if (end > g->end)
		g->end = end;
}

static inline void gather_note(struct mmu_gather *g, uaddr_t va)
{
	gather_note_range(g, va, va + PAGE_SIZE);
}

/* A reference that an unhooked entry held: dropped after the flush. Return: true when full: call gather_relieve, no lock held. */
static inline bool must_check gather_page(struct mmu_gather *g, struct page *page)
{
	kassert(g->nr < g->max);
	g->runs[g->nr++] = (unsigned long)page_to_pfn(page) << GATHER_RUN_BITS;
	return g->nr == g->max;
}

/* The same for the @n anonymous pages from @page on, which may go on where the last such ones ended. */
static inline bool must_check gather_run(struct mmu_gather *g, struct page *page, unsigned n)
{
	kassert(n >= 1 && n <= GATHER_RUN);
	if (g->nr == g->open) {
		unsigned long last = g->runs[g->nr - 1], more = last % GATHER_RUN;

		if ((last >> GATHER_RUN_BITS) + more + 1 == page_to_pfn(page) &&
		    more + n < GATHER_RUN) {
			g->runs[g->nr - 1] += n;
			return false;
		}
	}
	kassert(g->nr < g->max);
	g->runs[g->nr++] = (unsigned long)page_to_pfn(page) << GATHER_RUN_BITS | (n - 1);
	g->open = g->nr;
	return g->nr == g->max;
}

/* The same for @n pages of a cache, from @page on, that are no compound ones. */
static inline bool must_check gather_files(struct mmu_gather *g, struct page *page, unsigned n)
{
	kassert(n >= 1 && n <= GATHER_RUN && g->nr < g->max);
	g->runs[g->nr++] = (unsigned long)page_to_pfn(page) << GATHER_RUN_BITS | (n - 1);
	return g->nr == g->max;
}

/* The same for the HPAGE_NR pages from @page on, of each of which a large entry held a reference. */
static inline bool must_check gather_block(struct mmu_gather *g, struct page *page)
{
	kassert(g->nr_blocks < GATHER_BLOCKS);
	g->blocks[g->nr_blocks++] = page;
	return g->nr_blocks == GATHER_BLOCKS;
}

/* Make room for more pages: a larger array the first time, a flush otherwise. May sleep (the flush waits for CPUs). */
void gather_relieve(struct mmu_gather *g);
/* A table page that no entry points to any more. */
void gather_table(struct mmu_gather *g, struct page *table);
/* Flush and free what is collected; may be called many times. */
void gather_flush(struct mmu_gather *g);
/* Flush, free, release. */
void gather_end(struct mmu_gather *g);

/* Reclaim has unhooked entries that it flushes later, many together. Who makes a new one from what he found under a table's lock
 * flushes before, if mm->unhooked is not mm->flushed: no CPU may see the old page behind the new one. */
void gather_flush_unhooked(struct mm_struct *mm);
/* What rmap unhooks between these two is flushed by the second, which sleeps for nobody but TLB flushes; *cpus is theirs. Until
 * then a page whose entry was dirty stays locked, and in its cache. */
void unhook_begin(unsigned long *cpus);
void unhook_end(unsigned long *cpus);

#endif
