/* Geometry of 5-level paging of long mode, CR4.LA57 (SDM volume 3A, "4-Level Paging and 5-Level Paging"). */
#ifndef PT_GEOM_H
#define PT_GEOM_H

#define PT_GEOM_SHIFTS                                                                             \
	{                                                                                          \
		12, 21, 30, 39, 48                                                                 \
	}
#define PT_GEOM_BITS                                                                               \
	{                                                                                          \
		9, 9, 9, 9, 9                                                                      \
	}
#define VA_BITS 57

#include "arch/kernel_map.h"
#include "arch/x86/hw/pt_levels.h"

enum {
	PT_HAS_NX = 1,
	PT_LARGE_LEVEL_MAX = PT_PUD,
	VA_WIDE = 1, /* more than 32 bits of addresses: VA_BITS for constants */
	PT_TOP_RELOAD = 0,
	PAGEBLOCK_ORDER = 9,
};

#define USER_TOP      0xfffffffffff000UL /* TASK_SIZE: the lower half less a guard page */
#define PT_MAP_WINDOW 0x7ffffffff000UL	 /* the end of what mappings get without asking for more */

/* Bits VA_BITS-1 and above are all equal. */
static inline bool pt_canonical(uaddr_t va)
{
	const unsigned unused = 64 - VA_BITS;

	return (uaddr_t)((int64_t)(va << unused) >> unused) == va;
}

#endif
