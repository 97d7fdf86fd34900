/*
 * Geometry of the x86_64 kernel: long mode with 4 levels, or 5 where the CPU has LA57 and boot.S has switched it on
 * (SDM volume 3A, "4-Level Paging and 5-Level Paging").
 *
 * One image runs both. What differs is the P4D, folded without LA57, and the shift of the PGD; they hang on one variable
 * that is read-only after boot. With the level number constant, as in the descents of mm/pt, the other levels cost what
 * they cost where all is constant, and these two a compare and a branch. The kernel's addresses are the same in both
 * modes (pt_kernel_map.h): with 5 levels they lie below the last PGD entry.
 * The simulator has both modes as constants: ../x64, ../la57.
 */
#ifndef PT_GEOM_H
#define PT_GEOM_H

#include "base/compiler.h"
#include "base/types.h"

extern bool pt_la57;	    /* i: 5 levels */
extern uaddr_t pt_user_top; /* i */

#define VA_BITS (pt_la57 ? 57 : 48)

#include "arch/kernel_map.h"

enum { PT_PTE, PT_PMD, PT_PUD, PT_P4D, PT_PGD, PT_LEVELS };

enum {
	PT_HAS_NX = 1,
	PT_LARGE_LEVEL_MAX = PT_PUD,
	VA_WIDE = 1, /* more than 32 bits of addresses: VA_BITS for constants */
	PT_TOP_RELOAD = 0,
	PAGEBLOCK_ORDER = 9,
};

#define USER_TOP      pt_user_top /* TASK_SIZE: the lower half less a guard page */
#define PT_MAP_WINDOW 0x7ffffffff000UL

enum { PT_INDEX_BITS = 9, PT_FOLDED_SHIFT = PAGE_SHIFT + 3 * PT_INDEX_BITS };

static inline bool pt_folded(int level)
{
	return level == PT_P4D && likely(!pt_la57);
}

static inline unsigned pt_shift(int level)
{
	if (level == PT_PGD && likely(!pt_la57))
		return PT_FOLDED_SHIFT;
	return PAGE_SHIFT + (unsigned)level * PT_INDEX_BITS;
}

static inline unsigned pt_bits(int level)
{
	return pt_folded(level) ? 0 : PT_INDEX_BITS;
}

static inline uaddr_t pt_span(int level)
{
	return (uaddr_t)1 << pt_shift(level);
}

/* Never asked of a folded level. */
static inline unsigned pt_index(int level, uaddr_t va)
{
	const unsigned mask = (1U << PT_INDEX_BITS) - 1;

	if (level == PT_PGD && likely(!pt_la57))
		return (unsigned)(va >> PT_FOLDED_SHIFT) & mask;
	return (unsigned)(va >> (PAGE_SHIFT + (unsigned)level * PT_INDEX_BITS)) & mask;
}

static inline int pt_top_level(void)
{
	return PT_PGD;
}

static inline int pt_huge_level(void)
{
	return PT_PMD;
}

/* Bits VA_BITS-1 and above are all equal. */
static inline bool pt_canonical(uaddr_t va)
{
	const unsigned unused = 64 - VA_BITS;

	return (uaddr_t)((int64_t)(va << unused) >> unused) == va;
}

#endif
