/*
 * What a page-table entry says that is neither none nor present: pte_from_swap's type. The offset depends on it.
 * Whoever meets an entry of a type he does not handle leaves it alone; zap clears any.
 */
#ifndef MM_SWAP_ENTRY_H
#define MM_SWAP_ENTRY_H

enum swap_entry_type {
	/* 0 .. MAX_SWAPFILES - 1: the page is in that swap area, at slot offset */
	MAX_SWAPFILES = 24,
	SWP_MIGRATION_READ =
		28, /* the page with frame number offset is being moved; it was read-only */
	SWP_MIGRATION_WRITE = 29, /* the same; it was writable */
	SWP_MARKER = 30,	  /* no page, but something to remember: offset is SWP_MARKER_* */
	SWP_HWPOISON = 31,	  /* the frame offset is broken: an access is SIGBUS */
};

enum { SWP_MARKER_UFFD_WP = 1 };

#endif
