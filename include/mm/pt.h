/*
 * Page tables: the one level-indexed walk (mm/pt/walk.c), table pages (table.c), and ranges (range.c).
 * Geometry and entry formats are the paging mode's: pt_geom.h, pt_entry.h.
 */
#ifndef MM_PT_H
#define MM_PT_H

#include "arch/tlb.h"
#include "mm/page.h"

struct mm_struct;
struct pt_walk;
struct mmu_gather;

#define PT_AGAIN 1 /* a run function stopped early: drop the lock, restart at w->resume */
#define PT_SPLIT 2 /* of huge: split it, then run() */

struct pt_walk_ops {
	bool fill; /* install missing tables */
	/* Entries e[0..] for [va, last] of one table of PTEs (@level PT_PTE), table lock held; must not sleep or allocate. */
	int (*run)(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last);
	/* A large entry, of whose range [va, last] may be a part, the lock of its table held. PT_SPLIT: it is split and
	 * comes to run(); so it is when the function is absent. A hugetlb entry is passed over instead. */
	int (*huge)(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last);
	/* In the place of a large entry a userfaultfd's marker (pte_is_uffd_marker), the lock of its table held; without the
	 * function it is passed over. Only hugetlb has them. */
	int (*mark)(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last);
	/* Nothing mapped in [va, last]; optional. No lock. */
	int (*hole)(struct pt_walk *w, int level, uaddr_t va, uaddr_t last);
	/* After PT_AGAIN, no lock held, may sleep; optional. Other than 0 ends the walk. */
	int (*again)(struct pt_walk *w);
};

struct pt_walk {
	const struct pt_walk_ops *ops;
	struct pt_root *root;
	struct mm_struct *mm; /* whose table pages are counted; NULL for the kernel */
	void *arg;	      /* the run function's own */
	uaddr_t resume; /* set with PT_AGAIN: the first page not done; past the last: nothing is left */
};

/**
 * pt_walk_range - visit the entries of [start, last].
 * @start, @last: @start page aligned, @last + 1 page aligned, one canonical half.
 * Return: 0, -ENOMEM (fill), or the first value other than 0 and PT_AGAIN that a callback returned.
 * Locks: mm->mmap_lock held (or the root private); takes each table's lock around run.   Sleeps: with fill.
 */
int must_check pt_walk_range(struct pt_walk *w, uaddr_t start, uaddr_t last);

/* Single-address descent. Return: the PTE slot with its lock held (pt_unlock it), NULL when a table is missing
 * (pt_find) or memory (pt_find_alloc) is, or for a hugetlb page. A transparent huge page in the way is split.
 * *table_page is for pt_unlock. */
pte_t *pt_find_locked(struct pt_root *root, uaddr_t va, struct page **table_page);
pte_t *must_check pt_find_alloc_locked(struct mm_struct *mm, struct pt_root *root, uaddr_t va,
				       struct page **table_page);
/* pt_find_locked, but NULL for any large page. */
pte_t *pt_find_small_locked(struct pt_root *root, uaddr_t va, struct page **table_page);
/* The same; then *upper is the entry where the way ends: none, or a large page's (PAE: its low half). */
pte_t *pt_find_fault_locked(struct pt_root *root, uaddr_t va, struct page **table_page,
			    pte_t *upper);
static inline void pt_unlock(struct page *table_page);
/* Snapshot without locks (reports, vtop): entry of @va at @level, none when absent. */
pte_t pt_peek(const struct pt_root *root, uaddr_t va, int level);
/* The same of the page at @va: a large entry reads as the small one that it stands for. */
pte_t pt_peek_page(const struct pt_root *root, uaddr_t va);
/* The same with its lock held, as nobody changes it: then *table_page is for pt_unlock; NULL: none, no lock. */
pte_t pt_lookup_locked(struct pt_root *root, uaddr_t va, struct page **table_page);
/* The entry itself, its lock held, *large: it maps a huge page. NULL: none, no lock. */
pte_t *pt_entry_locked(struct pt_root *root, uaddr_t va, struct page **table_page, bool *large);

/* ---- large entries (mm/pt/huge.c has the rules) ---- */
/* The entry of the huge level for @va, its table's lock held; NULL: a table is missing, or memory (alloc). */
pte_t *pt_huge_locked(struct pt_root *root, uaddr_t va, struct page **table_page);
pte_t *must_check pt_huge_alloc_locked(struct mm_struct *mm, struct pt_root *root, uaddr_t va,
				       struct page **table_page);
/* Give a table that holds a transparent large entry, or will at once, an empty spare table; take it back. Lock held. */
void pt_deposit(struct page *table, struct page *spare);
struct page *must_check pt_withdraw(struct page *table);
/* Collapse; mmap_lock for write and the vma's rmap locks held. The table of PTEs for @va's block, of which no CPU knows
 * any more; then it goes back, or the large entry @large is set, with the table, emptied, as its spare. */
struct page *must_check pt_unhook_table(struct pt_root *root, uaddr_t va);
void pt_hook_table(struct pt_root *root, uaddr_t va, struct page *table);
void pt_hook_huge(struct pt_root *root, uaddr_t va, pte_t large, struct page *spare);
/* Checker: alignment, spare tables. mmap_lock held. */
void pt_check_large(struct mm_struct *mm, struct pt_root *root);

/* Table pages (PS_TABLE): zeroed, lowmem, counted in NR_PAGETABLE and mm->pgtables_bytes. */
struct page *must_check pt_table_alloc(struct mm_struct *mm);
void pt_table_free(struct mm_struct *mm,
		   struct page *page); /* no translation may use it any more */
/* The lock is in page->private. */
static inline void pt_table_lock(struct page *page) no_lock_analysis
{
	_Static_assert(sizeof(struct raw_spinlock) <= sizeof(page->private), "lock fits");
	raw_spin_lock((struct raw_spinlock *)&page->private, RANK_PT);
}

static inline void pt_table_unlock(struct page *page) no_lock_analysis
{
	raw_spin_unlock((struct raw_spinlock *)&page->private, RANK_PT);
}

static inline void pt_unlock(struct page *table_page)
{
	pt_table_unlock(table_page);
}

/* Kernel ranges, on kernel_root: map pages / a physical run; unmap leaves tables in place. 0 or -ENOMEM. */
int must_check pt_map_kernel(kaddr_t va, struct page **pages, unsigned nr_pages, pte_t prot);
int must_check pt_map_kernel_phys(kaddr_t va, phys_t pa, size_t size, pte_t prot);
/* Other rights for what is mapped there. No TLB flush. */
void pt_protect_kernel(kaddr_t va, size_t size, pte_t prot);
void pt_unmap_kernel(kaddr_t va, size_t size); /* no TLB flush: the caller batches it */

/* Free the empty user tables that map nothing in [floor, ceiling) around [start, end); through @g. */
void pt_free_tables(struct mmu_gather *g, uaddr_t start, uaddr_t end, uaddr_t floor,
		    uaddr_t ceiling);

#endif
