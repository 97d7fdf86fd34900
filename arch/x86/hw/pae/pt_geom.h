/* Geometry of i386 with PAE: 3 levels of 8-byte entries, 2 MiB large pages (SDM volume 3A, "PAE Paging"). */
#ifndef PT_GEOM_H
#define PT_GEOM_H

#define PT_GEOM_SHIFTS                                                                             \
	{                                                                                          \
		12, 21, 30, 30, 30                                                                 \
	}
#define PT_GEOM_BITS                                                                               \
	{                                                                                          \
		9, 9, 0, 0, 2                                                                      \
	}
#define VA_BITS 32

#include "arch/kernel_map.h"
#include "arch/x86/hw/pt_levels.h"

enum {
	PT_HAS_NX = 1,
	PT_LARGE_LEVEL_MAX = PT_PMD,
	VA_WIDE = 0, /* more than 32 bits of addresses: VA_BITS for constants */
	PT_TOP_RELOAD = 1,
	PAGEBLOCK_ORDER = 9,
};

#define USER_TOP      0xC0000000UL /* TASK_SIZE: the 3:1 split */
#define PT_MAP_WINDOW USER_TOP	   /* the end of what mappings get without asking for more */

/* Every 32-bit address is canonical; the simulator's addresses are wider than the mode's. */
static inline bool pt_canonical(uaddr_t va)
{
	return va >> 31 >> 1 == 0;
}

#endif
