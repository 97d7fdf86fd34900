/*
 * What a page-table entry says that is neither none nor present: pte_from_swap's type. The offset depends on it.
 * Whoever meets an entry of a type he does not handle leaves it alone; zap clears any.
 */
#ifndef MM_SWAP_ENTRY_H
#define MM_SWAP_ENTRY_H

#include "pt_entry.h"

enum swap_entry_type {
	/* 0 .. MAX_SWAPFILES - 1: the page is in that swap area: mm/swapped.h */
	MAX_SWAPFILES = 24,
	SWP_LOST =
		27, /* swapped out, and the area could not be read when it was taken out of use: an access is SIGBUS */
	SWP_MIGRATION_READ =
		28, /* the page is being moved; it was read-only. Offset: migration_pfn */
	SWP_MIGRATION_WRITE = 29, /* the same; it was writable */
	SWP_MARKER = 30,	  /* no page, but something to remember: offset is SWP_MARKER_* */
	SWP_HWPOISON = 31,	  /* the frame offset is broken: an access is SIGBUS */
};

enum { SWP_MARKER_UFFD_WP = 1 };

/* The offset of a migration entry: the frame, and three bits that the entry had. */
enum {
	MIGRATION_UFFD_WP = 1,
	MIGRATION_SOFT_DIRTY = 2,
	MIGRATION_DIRTY = 4,
	MIGRATION_PFN_SHIFT =
		3 /* with 2-level tables an offset has 23 bits: 20 of a frame's number */
};

static inline bool pte_is_migration(pte_t e)
{
	return pte_is_swap(e) && (pte_swap_type(e) | 1) == SWP_MIGRATION_WRITE;
}

static inline bool pte_is_hwpoison(pte_t e)
{
	return pte_is_swap(e) && pte_swap_type(e) == SWP_HWPOISON;
}

static inline pfn_t migration_pfn(pte_t e)
{
	return pte_swap_offset(e) >> MIGRATION_PFN_SHIFT;
}

static inline bool migration_uffd_wp(pte_t e)
{
	return pte_swap_offset(e) & MIGRATION_UFFD_WP;
}

/* What is protected is not writable. */
static inline pte_t migration_set_uffd_wp(pte_t e, bool protect)
{
	unsigned long offset = pte_swap_offset(e) & ~(unsigned long)MIGRATION_UFFD_WP;

	return protect ? pte_from_swap(SWP_MIGRATION_READ, offset | MIGRATION_UFFD_WP)
		       : pte_from_swap(pte_swap_type(e), offset);
}

static inline bool migration_is_write(pte_t e)
{
	return pte_swap_type(e) == SWP_MIGRATION_WRITE;
}

/* What stands for the present entry @e while its page moves. */
static inline pte_t pte_make_migration(pte_t e)
{
	unsigned long bits = (pte_uffd_wp(e) ? MIGRATION_UFFD_WP : 0) |
			     (pte_soft_dirty(e) ? MIGRATION_SOFT_DIRTY : 0) |
			     (pte_dirty(e) ? MIGRATION_DIRTY : 0);

	return pte_from_swap(pte_write(e) ? SWP_MIGRATION_WRITE : SWP_MIGRATION_READ,
			     (unsigned long)pte_pfn(e) << MIGRATION_PFN_SHIFT | bits);
}

/* The same without the write right (fork, mprotect). */
static inline pte_t migration_wrprotect(pte_t e)
{
	return pte_from_swap(SWP_MIGRATION_READ, pte_swap_offset(e));
}

/* The page counts as written, or (clear_refs) as unwritten: then a write must fault. */
static inline pte_t migration_mksoft_dirty(pte_t e)
{
	return pte_from_swap(pte_swap_type(e), pte_swap_offset(e) | MIGRATION_SOFT_DIRTY);
}

static inline pte_t migration_clear_soft_dirty(pte_t e)
{
	return pte_from_swap(SWP_MIGRATION_READ,
			     pte_swap_offset(e) & ~(unsigned long)MIGRATION_SOFT_DIRTY);
}

/* What comes here is to be write-protected for a userfaultfd (pte_mkuffd_wp). */
static inline pte_t pte_uffd_marker(void)
{
	return pte_from_swap(SWP_MARKER, SWP_MARKER_UFFD_WP);
}

static inline bool pte_is_uffd_marker(pte_t e)
{
	return pte_is_swap(e) && pte_swap_type(e) == SWP_MARKER;
}

#endif
