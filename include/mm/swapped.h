/* Entries whose page is in swap: an offset is the slot, and three bits that the entry had. */
#ifndef MM_SWAPPED_H
#define MM_SWAPPED_H

#include "mm/swap_entry.h"

/* With 2-level tables 20 bits are left for the slot: 4 GiB an area. */
enum {
	SWAP_UFFD_WP = 1,
	SWAP_SOFT_DIRTY = 2,
	SWAP_EXCLUSIVE =
		4, /* no other entry anywhere stands for the slot: the page was PG_anon_exclusive */
	SWAP_BITS = 7,
	SWAP_SLOT_SHIFT = 3
};

/* A page's place in swap: area and slot. Linux's name. 0: none, for slot 0 of an area is its header. */
typedef struct {
	unsigned long val;
} swp_entry_t;
enum { SWP_TYPE_BITS = 5 };

static inline swp_entry_t swp_entry(unsigned type, unsigned long slot)
{
	return (swp_entry_t){ slot << SWP_TYPE_BITS | type };
}

static inline unsigned swp_type(swp_entry_t entry)
{
	return (unsigned)(entry.val & ((1UL << SWP_TYPE_BITS) - 1));
}

static inline unsigned long swp_offset(swp_entry_t entry)
{
	return entry.val >> SWP_TYPE_BITS;
}

/* Is the page of @e swapped out? */
static inline bool pte_is_swapped(pte_t e)
{
	return pte_is_swap(e) && pte_swap_type(e) < MAX_SWAPFILES;
}

static inline swp_entry_t pte_swp_entry(pte_t e)
{
	return swp_entry(pte_swap_type(e), pte_swap_offset(e) >> SWAP_SLOT_SHIFT);
}

/* What stands for the present entry @e while its page is in swap. */
static inline pte_t pte_make_swapped(pte_t e, swp_entry_t entry, bool exclusive)
{
	unsigned long bits = (pte_uffd_wp(e) ? SWAP_UFFD_WP : 0) |
			     (pte_soft_dirty(e) ? SWAP_SOFT_DIRTY : 0) |
			     (exclusive ? SWAP_EXCLUSIVE : 0);

	return pte_from_swap(swp_type(entry), swp_offset(entry) << SWAP_SLOT_SHIFT | bits);
}

static inline bool swapped_test(pte_t e, unsigned bit)
{
	return pte_swap_offset(e) & bit;
}

static inline pte_t swapped_set(pte_t e, unsigned bit, bool on)
{
	unsigned long offset = pte_swap_offset(e) & ~(unsigned long)bit;

	return pte_from_swap(pte_swap_type(e), on ? offset | bit : offset);
}

#endif
