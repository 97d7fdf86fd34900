/* Geometry of i386 without PAE: 2 levels of 4-byte entries, 4 MiB large pages (SDM volume 3A, "32-Bit Paging"). */
#ifndef PT_GEOM_H
#define PT_GEOM_H

#define PT_GEOM_SHIFTS                                                                             \
	{                                                                                          \
		12, 22, 22, 22, 22                                                                 \
	}
#define PT_GEOM_BITS                                                                               \
	{                                                                                          \
		10, 0, 0, 0, 10                                                                    \
	}
#define VA_BITS 32

#include "arch/kernel_map.h"
#include "arch/x86/hw/pt_levels.h"

enum {
	PT_HAS_NX = 0,
	PT_LARGE_LEVEL_MAX = PT_PGD, /* 4 MiB pages stand in the top table: the PMD is folded */
	VA_WIDE = 0,		     /* more than 32 bits of addresses: VA_BITS for constants */
	PT_TOP_RELOAD = 0,
	PAGEBLOCK_ORDER = 10,
};

#define USER_TOP      0xC0000000UL /* TASK_SIZE: the 3:1 split */
#define PT_MAP_WINDOW USER_TOP	   /* the end of what mappings get without asking for more */

/* Every 32-bit address is canonical; the simulator's addresses are wider than the mode's. */
static inline bool pt_canonical(uaddr_t va)
{
	return va >> 31 >> 1 == 0;
}

#endif
