/* Between range.c and range_huge.c: contexts of the runs, and what both do to a page. */
#ifndef MM_PT_RANGE_IMPL_H
#define MM_PT_RANGE_IMPL_H

#include "mm/pt/pt_impl.h"
#include "mm/range.h"
#include "mm/swap_entry.h"
#include "mm/zone.h"

static inline struct page *entry_page(pte_t e)
{
	return pfn_to_page(pte_pfn(e));
}

static inline enum mm_counter page_counter(const struct page *page)
{
	if (page_state(page) == PS_ANON)
		return MM_ANONPAGES;
	/* Not by page->mapping: truncate may have cut the page off while it is mapped. */
	return page_test(page, PG_swapbacked) ? MM_SHMEMPAGES : MM_FILEPAGES;
}

/* One more entry maps @page. Return: true for the first. */
static inline bool mapcount_inc(struct page *page)
{
	return atomic_add_return(&page->_mapcount, 1) == 0;
}

/*
 * One entry fewer. Return: true for the last. Of an exclusive page our own entry is the only way to another mapping
 * (fork, which mmap_lock keeps out), so its count of one cannot change meanwhile.
 */
static inline bool mapcount_dec(struct page *page, enum mm_counter kind)
{
	if (kind == MM_ANONPAGES && page_test(page, PG_anon_exclusive)) {
		atomic_set(&page->_mapcount, -1);
		return true;
	}
	return atomic_add_return(&page->_mapcount, -1) < 0;
}

/* What pages that go together have in common. */
#define PAGE_ALIKE_MASK (PAGE_STATE_MASK | PAGE_PLACE_MASK | 1UL << PG_head | 1UL << PG_swapbacked)

/* The page that is being moved, for which the migration entry @e stands: alive as long as the table is locked. */
static inline struct page *moving_page(pte_t e)
{
	return pfn_to_page(migration_pfn(e));
}

/* For gather->keep_anon: what does not belong to the file. */
static inline bool is_private_entry(pte_t e)
{
	if (pte_is_migration(e))
		return page_state(moving_page(e)) == PS_ANON;
	return !pte_present(e) || pte_special(e) || page_state(entry_page(e)) == PS_ANON;
}

static inline bool page_is_own(const struct page *page)
{
	const unsigned long own = 1UL << PG_anon_exclusive;

	return (READ_ONCE(page->flags) & (PAGE_STATE_MASK | own)) ==
	       ((unsigned long)PS_ANON << PAGE_STATE_SHIFT | own);
}

/* Is the page of entry @e this entry's alone (I4 of range.c)? */
static inline bool page_is_exclusive(pte_t e)
{
	return !pte_special(e) && page_is_own(entry_page(e));
}

/* A second entry is going to map the anonymous @page. */
static inline void page_share(struct page *page)
{
	if (page_test(page, PG_anon_exclusive))
		page_clear(page, PG_anon_exclusive);
}

/* Could a CPU that keeps the old translation do what the new one forbids? */
static inline bool loses_rights(pte_t old, pte_t new)
{
	return pte_user(old) && (!pte_user(new) || (pte_write(old) && !pte_write(new)) ||
				 (pte_exec(old) && !pte_exec(new)));
}

/* Entries of one page up to and with the one that ends at @last. */
static inline unsigned run_entries(uaddr_t va, uaddr_t last)
{
	return (unsigned)((last - va) >> PAGE_SHIFT) + 1;
}

/* Replace a present entry; A and D that the CPU sets meanwhile are carried over. */
static inline void entry_change(pte_t *e, pte_t cur, pte_t to)
{
	for (;;) {
		pte_t old = pte_replace(e, to);

		if (likely(pte_raw(old) == pte_raw(cur)))
			return;
		cur = to;
		if (pte_young(old))
			to = pte_mkyoung(to);
		if (pte_dirty(old))
			to = pte_mkdirty(to);
	}
}

enum {
	CARE_PRIVATE = 1, /* only where I4 of range.c allows it */
	CARE_TRACKED = 2, /* only where the entry is soft-dirty */
};

static inline bool write_must_fault(unsigned care, pte_t e)
{
	return ((care & CARE_PRIVATE) && !page_is_exclusive(e)) ||
	       ((care & CARE_TRACKED) && !pte_soft_dirty(e));
}

struct protect_ctx {
	struct mmu_gather *g;
	pte_t prot;
	unsigned care; /* CARE_*: the write right is not everybody's */
	unsigned long changed;
};

struct copy_ctx {
	struct mmu_gather *g;
	struct mm_struct *dst;
	bool cow;	    /* private: the write right goes from both */
	bool uffd_wp;	    /* the child is watched like the parent */
	bool partly;	    /* the child has entries, which stay */
	bool want_huge;	    /* copy_huge waits for what copy_again gets: the entry's table and */
	struct page *spare; /* a table for pt_deposit */
};

/* The parent's entry *src, @cur, that covers [va, va + size): write-protected if private. Return: bits of the child's. */
static inline pte_t copy_bits(struct copy_ctx *c, pte_t *src, pte_t cur, uaddr_t va,
			      unsigned long size)
{
	if (c->cow && pte_write(cur)) {
		pte_wrprotect_in_place(src);
		gather_note_range(c->g, va, va + size);
		cur = pte_wrprotect(cur);
	}
	if (!c->uffd_wp)
		cur = pte_clear_uffd_wp(cur);
	return pte_mkold(c->cow ? cur : pte_mkclean(cur));
}

struct age_ctx {
	struct mmu_gather *g;
	unsigned long young;
};

struct each_ctx {
	int (*fn)(pte_t e, uaddr_t va, void *arg);
	void *arg;
};

/* ---- range_runs.c ---- */
/* What the entry @old knew about a page that lives on without it. */
void keep_access_bits(struct page *page, pte_t old);
/*
 * The entry before @e was @first, of an anonymous page: as many of the @n from @e on as map the frames behind it are cleared,
 * their pages' _mapcounts with them. Return: how many; *unmapped: so many pages are mapped nowhere any more.
 */
unsigned zap_neighbours(pte_t *e, unsigned n, pte_t first, unsigned *unmapped);
/*
 * Entry @e maps a cache's page (page_is_small_file): it is cleared, and as many of the @n from it on as map the frames behind
 * it. @full: the whole mm is going. Return: how many, one at least; *unmapped: as above.
 */
unsigned zap_files(pte_t *e, unsigned n, bool full, unsigned *unmapped);
/* The same for fork, of a private mapping that nobody watches: entries from @d on become copies. *weakened: some lost the write right. */
unsigned copy_neighbours(pte_t *e, pte_t *d, unsigned n, pte_t first, bool *weakened);

/* Is the large entry @e hugetlb's: it maps a page of the pool, whole or not at all, or is a marker? */
static inline bool entry_is_hugetlb(pte_t e)
{
	return !pte_present(e) || (!pte_special(e) && page_test(entry_page(e), PG_head));
}

/* ---- range_huge.c: the runs over large entries ---- */
int zap_huge(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last);
int protect_huge(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last);
int copy_huge(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last);
int copy_huge_prepare(struct pt_walk *w); /* 0 or -ENOMEM */
int zap_mark(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last);
int copy_mark(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last);
int age_huge(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last);
int each_huge(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last);

#endif
