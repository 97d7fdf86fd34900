/*
 * What every pt_geom.h derives from its table of {shift, index bits} per level. Included by pt_geom.h only, after
 * PT_GEOM_SHIFTS, PT_GEOM_BITS and VA_BITS.
 */
#ifndef X86_PT_LEVELS_H
#define X86_PT_LEVELS_H

#include "base/types.h"

enum { PT_PTE, PT_PMD, PT_PUD, PT_P4D, PT_PGD, PT_LEVELS };

static const unsigned char pt_geom_shift[PT_LEVELS] = PT_GEOM_SHIFTS;
static const unsigned char pt_geom_bits[PT_LEVELS] = PT_GEOM_BITS;

/* Lowest address bit that the level's index uses; of a folded level: of the level above. */
static inline unsigned pt_shift(int level)
{
	return pt_geom_shift[level];
}

/* Width of the level's index; 0: the mode does not have the level. */
static inline unsigned pt_bits(int level)
{
	return pt_geom_bits[level];
}

static inline bool pt_folded(int level)
{
	return pt_geom_bits[level] == 0;
}

/* Bytes that one entry of the level maps. */
static inline uaddr_t pt_span(int level)
{
	return (uaddr_t)1 << pt_geom_shift[level];
}

/* Number of the entry for @va in a table of the level. */
static inline unsigned pt_index(int level, uaddr_t va)
{
	return (unsigned)(va >> pt_geom_shift[level]) & ((1U << pt_geom_bits[level]) - 1);
}

/* No mode folds its top level. */
static inline int pt_top_level(void)
{
	return PT_PGD;
}

/* Level of the table that an entry of a large user page stands in: the PMD, or where it is folded the level above. */
static inline int pt_huge_level(void)
{
	int level = PT_PMD;

	while (pt_folded(level))
		level++;
	return level;
}

#endif
