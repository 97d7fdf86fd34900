/*
 * Reverse mapping: from a page to every entry of every page table that maps it. Anonymous pages through their
 * anon_vma, cached pages through their mapping's tree of vmas. docs/book/rmap.md has the theory.
 */
#ifndef MM_RMAP_H
#define MM_RMAP_H

#include "mm/lru.h"
#include "mm/vma.h"

/* ---- anonymous pages: whose vmas may map them (mm/aspace/anon_vma.c) ---- */
int must_check anon_vma_make(struct vm_area_struct *vma); /* anon_vma_prepare's other half */

/**
 * anon_vma_prepare - before @vma gets its first private page.
 * Return: 0, vma->anon_vma is set; or -ENOMEM. Locks: mmap_lock in any mode, no spinlock. Sleeps. Usual cost: one test.
 */
static inline int must_check anon_vma_prepare(struct vm_area_struct *vma)
{
	return likely(READ_ONCE(vma->anon_vma) != NULL) ? 0 : anon_vma_make(vma);
}

/* The page's anon_vma with a reference; NULL when nobody maps the page any more. Any context. */
struct anon_vma *page_get_anon_vma(const struct page *page);
void put_anon_vma(struct anon_vma *av);

/*
 * Keep rmap walks out of everything @vma maps: i_mmap_lock and the anon_vma's root lock, as far as it has them.
 * For who moves entries between places (mremap) or exchanges tables (khugepaged). mmap_lock held for write.
 */
void rmap_lock_vma(struct vm_area_struct *vma) no_lock_analysis;
void rmap_unlock_vma(struct vm_area_struct *vma) no_lock_analysis;

static inline struct address_space *anon_vma_as_mapping(const struct anon_vma *av)
{
	return (struct address_space *)((uintptr_t)av | PAGE_MAPPING_ANON);
}

/* @page, filled and not yet visible, is private memory at @index of @mapping (an anon_vma) from now on, nobody else's.
 * Uncounted. One store says all: nobody else changes the flags of a page that cannot be found. */
static inline void page_set_anon(struct page *page, struct address_space *mapping,
				 unsigned long index)
{
	const unsigned long set =
		1UL << PG_uptodate | 1UL << PG_swapbacked | 1UL << PG_anon_exclusive;
	const unsigned long edge = (unsigned long)(PS_KERNEL ^ PS_ANON) << PAGE_STATE_SHIFT;

	if (CFG_DEBUG)
		page_check_edge(page, PS_KERNEL, PS_ANON);
	page->mapping = mapping;
	page->index = index;
	/* last: from now on it may be found by its number */
	__atomic_store_n(&page->flags, (page->flags | set) ^ edge, __ATOMIC_RELEASE);
}

/* The same for the page of @vma at @addr. */
static inline void page_set_anon_rmap(struct page *page, const struct vm_area_struct *vma,
				      uaddr_t addr)
{
	kassert(vma->anon_vma);
	page_set_anon(page, anon_vma_as_mapping(vma->anon_vma),
		      vma->vm_pgoff + ((addr - vma->vm_start) >> PAGE_SHIFT));
}

/* The only entry of the shared @page, which nobody else refers to, is @vma's: it belongs there now. Table lock held. */
static inline void page_move_anon_rmap(struct page *page, const struct vm_area_struct *vma)
{
	WRITE_ONCE(page->mapping, anon_vma_as_mapping(vma->anon_vma));
	page_set(page, PG_anon_exclusive);
}

/* An entry of @vma maps @page now, or did until now: count it if it is locked. Table lock held,
 * and mmap_lock or rmap's: vma_modify changes VM_LOCKED and counts with both. */
static inline void vma_page_mapped(const struct vm_area_struct *vma, struct page *page)
{
	if (unlikely(READ_ONCE(vma->vm_flags) & VM_LOCKED))
		page_mlock(page);
}
static inline void vma_page_unmapped(const struct vm_area_struct *vma, struct page *page)
{
	if (unlikely(READ_ONCE(vma->vm_flags) & VM_LOCKED))
		page_munlock(page);
}

/* @new takes over contents and place of @old, which nobody maps and only the caller refers to. */
void page_replace_anon(struct page *old, struct page *new);

/* ---- walks (mm/aspace/rmap.c) ---- */
enum rmap_flags {
	RMAP_LARGE = 1, /* a large entry that maps the page is shown as it is; else it is split */
	RMAP_MIGRATION =
		2, /* the migration entries that stand for the page, instead of present ones */
};

struct rmap_entry {
	struct page *page;
	struct vm_area_struct *vma;
	uaddr_t addr;	    /* of the page in the vma */
	pte_t *pte;	    /* its table's lock is held */
	struct page *table; /* that table */
	bool large;	    /* *pte maps a huge page of which this is a part */
};
typedef int (*rmap_fn)(const struct rmap_entry *e, void *arg);

/**
 * rmap_walk - every entry that maps @page, one after the other.
 * @flags: enum rmap_flags. @fn: called with the table lock held; must not sleep. Other than 0 ends the walk.
 * Return: 0, or @fn's last result. Locks: takes i_mmap_lock or the anon_vma's root lock over all. The caller holds a
 * reference and, for a cached page, the page lock; for an anonymous page without the page lock the walk is a snapshot.
 */
int rmap_walk(struct page *page, unsigned flags, rmap_fn fn, void *arg);

/* Its parts, for who knows the object though the page is not mapped (migration), or has places of his own (KSM). */
struct rmap_walk {
	struct page *page;
	unsigned long index;
	unsigned flags;
	rmap_fn fn;
	void *arg;
};
int rmap_walk_anon(const struct rmap_walk *w, struct anon_vma *av);
int rmap_walk_file(const struct rmap_walk *w, struct address_space *m);
int rmap_visit(const struct rmap_walk *w, struct vm_area_struct *vma, uaddr_t addr);

/* ---- what walks are for (mm/aspace/rmap_ops.c); the caller as for rmap_walk ---- */
/* Take the accessed bits of all entries. Return: how many were set; *vm_flags: those of all vmas that map the page. */
int page_referenced(struct page *page, unsigned long *vm_flags);
/* For idle page tracking: the same, but the page remembers (PG_young), and is not idle any more. */
void page_idle_clear_refs(struct page *page);
/* For rmap_fn: @old, the entry's, is unhooked: no CPU uses it any more, once unhooked_cpus are flushed; a dirty one of a page whose
 * lock does not keep others from it is flushed at once. */
void rmap_flush_entry(const struct rmap_entry *e, pte_t old);
/* For rmap_fn: the entry goes, @then is set in its place; counts, dirty, young and its reference are seen to. */
void rmap_take_entry(const struct rmap_entry *e, pte_t then);
/* Unmap a page, locked, in a page cache or the swap cache, everywhere; dirty and young move to it. Return: true when nobody
 * maps it any more; false when a locked mapping (mlock) keeps it. */
bool try_to_unmap(struct page *page);
/* Unmap an anonymous page that MADV_FREE gave up, locked, everywhere, unless it was written since or is in use. Return: nobody
 * maps it any more; what it holds is lost. */
bool try_to_discard(struct page *page);

/* ---- checkers ---- */
/* Is the anonymous @page's anon_vma one of @vma's? mmap_lock held. */
bool anon_vma_covers(const struct vm_area_struct *vma, const struct page *page);
/* The vma's own rules. Return: NULL, or what is wrong. mmap_lock held. */
const char *anon_vma_check(const struct vm_area_struct *vma);
/* Every entry of every mm is found from its page, and nothing else; panics otherwise. Exact while nobody changes anything. */
void rmap_check(void);

#endif
