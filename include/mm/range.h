/*
 * What is done to the entries of a part of a vma: mapping, zapping, protecting, copying, moving, ageing, counting. Run functions
 * over the walk of mm/pt.h, with the accounting that belongs to an entry: one reference and one _mapcount of its
 * page, one page of RSS, NR_ANON_MAPPED or NR_FILE_MAPPED with the first and the last mapping. An entry with
 * pte_special() has none of these.
 *
 * Everywhere: [start, end) page aligned inside @vma (or the user half), mmap_lock held as said; table locks are
 * taken inside. @g belongs to the mm whose entries are removed or weakened; the caller ends it, and may rely on
 * the change only after gather_flush or gather_end.
 */
#ifndef MM_RANGE_H
#define MM_RANGE_H

#include "arch/pt.h"
#include "mm/gather.h"
#include "mm/mm.h"

/* Remove all entries. Dirty and young move to the page. Locks: mmap_lock any mode, or i_mmap_lock (truncate). May flush. */
void range_zap(struct mmu_gather *g, struct vm_area_struct *vma, uaddr_t start, uaddr_t end);

/**
 * range_protect - give all present entries the rights @prot.
 * A private vma's entry gets the write right only where its page is anonymous and nobody else's (PG_anon_exclusive), so
 * a COW page stays write-protected and the fault handler decides. mmap_lock held for write. Who watches the address space
 * (mm/notify.h) is told. Return: entries changed.
 */
unsigned long range_protect(struct mmu_gather *g, struct vm_area_struct *vma, uaddr_t start,
			    uaddr_t end, pte_t prot);

/* The same of the page at @va alone, and flushed; nobody is told. Return: false: no table of small entries is there, nothing was done. */
bool must_check range_protect_page(struct vm_area_struct *vma, uaddr_t va, pte_t prot);

struct range_copy_how {
	bool uffd_wp; /* write protection for a userfaultfd comes along */
	bool partly; /* @dst has some entries, which stay; what they stand for is left as it is in the parent */
};

/**
 * range_copy - fork: @dst gets the entries of @vma, a vma of g->mm; private writable ones lose the write right in both.
 * mmap_lock of both held for write. Return: 0 or -ENOMEM (what was copied stays in @dst, to be zapped). Sleeps.
 */
int must_check range_copy(struct mmu_gather *g, struct mm_struct *dst, struct vm_area_struct *vma,
			  struct range_copy_how how);

/* Make every table for [start, end), so that pt_find_alloc_locked there cannot fail. 0 or -ENOMEM. Sleeps. */
int must_check range_populate_tables(struct mm_struct *mm, uaddr_t start, uaddr_t end);

/**
 * range_move - mremap: entries of [from, from + len) go to @to, where nothing is mapped; the two are disjoint.
 * range_move_prepare got the tables, and mmap_lock is held for write since. The rmap locks of the vma are held; they may
 * be dropped between two steps. Return: how much this step has moved: call again for the rest.
 */
unsigned long range_move(struct mm_struct *mm, uaddr_t from, uaddr_t to, unsigned long len);
/* 0 or -ENOMEM (tables may stay, to be freed by pt_free_tables). Sleeps. */
int must_check range_move_prepare(struct mm_struct *mm, uaddr_t from, uaddr_t to,
				  unsigned long len);

/* MADV_FREE: private pages become the system's to take while they stay unwritten. mmap_lock any mode. */
void range_lazyfree(struct mmu_gather *g, uaddr_t start, uaddr_t end);

/* Clear the accessed bits. Return: how many were set. mmap_lock any mode. */
unsigned long range_age(struct mmu_gather *g, uaddr_t start, uaddr_t end);

/* clear_refs 4: entries lose the soft-dirty bit and the write right. mmap_lock for write. */
void range_clear_soft_dirty(struct mmu_gather *g, uaddr_t start, uaddr_t end);
/* All that is mapped counts as written. mmap_lock for write. */
void range_mark_soft_dirty(struct mm_struct *mm, uaddr_t start, uaddr_t end);

struct range_counts {
	unsigned long present, swap, special, anon, file, shmem, young, dirty; /* entries */
};
/* Add up what is mapped. mmap_lock any mode. */
void range_count(struct mm_struct *mm, uaddr_t start, uaddr_t end, struct range_counts *out);

/* A byte of @vec for each page of [start, end): is it in memory? @none where no entry says so. mmap_lock any mode. */
enum { CORE_ABSENT, CORE_PRESENT, CORE_UNKNOWN };
void range_core(struct mm_struct *mm, uaddr_t start, uaddr_t end, uint8_t none, uint8_t *vec);

/* Call @fn for every entry that is not none, table lock held (so no sleeping). Return: 0 or @fn's first other result,
 * which is RANGE_STOP or an errno: 1 means something to the walk. */
enum { RANGE_STOP = 2 };
int range_each(struct mm_struct *mm, uaddr_t start, uaddr_t end,
	       int (*fn)(pte_t e, uaddr_t va, void *arg), void *arg);

/* userfaultfd: protect [start, end) from writes, or lift that; @markers: also where no entry is. mmap_lock any mode. */
void range_uffd_wp(struct mmu_gather *g, uaddr_t start, uaddr_t end, bool protect, bool markers);
/* The same for a hugetlb mapping, in whole huge pages; marks what is not mapped, too. Sleeps. */
void range_uffd_wp_hugetlb(struct mmu_gather *g, uaddr_t start, uaddr_t end, bool protect);

/* ---- one page, table lock held; without RSS: a page that moves ---- */
void page_add_rmap(struct page *page);
void page_remove_rmap(struct page *page);

/* ---- one page, table lock held: what fault, rmap and the above share ---- */
/* @page, whose reference the caller gives away, gets mapped: _mapcount, node statistics, RSS. */
void range_account_map(struct mm_struct *mm, struct page *page);
/* The entry @pte of a fault, which is none or a marker, gets the cached page @own with @prot, a reference and all counts. The
 * lock of the cache's index held, too. */
void range_map_own(struct mm_struct *mm, pte_t *pte, struct page *own, pte_t prot);
/* The same for the entries of the @n from @pte on that are none: each for its @slot of the index, if that has a page that is
 * valid. @own: a page of that cache. @values: slots may have values. */
void range_map_cached(struct mm_struct *mm, pte_t *pte, void *const *slot, unsigned n,
		      const struct page *own, pte_t prot, bool values);
/* The opposite, without the reference (that goes through gather_page). */
void range_account_unmap(struct mm_struct *mm, struct page *page);
/* range_account_map for the HPAGE_NR pages from @page on, which a large entry maps. */
void range_account_map_huge(struct mm_struct *mm, struct page *page);
/* The large entry is one no more: its table of small entries takes over references and counts. */
void range_account_split(pte_t large);
/* The opposite: a large entry takes over those of HPAGE_NR small ones, for the pages from @page on. */
void range_account_join(struct page *page);
/* Is each page of the large entry @e anonymous and nobody else's? */
bool range_huge_exclusive(pte_t e);
/* Pages of [start, end) that large entries map. mmap_lock any mode. */
unsigned long range_count_huge(struct mm_struct *mm, uaddr_t start, uaddr_t end);

#endif
