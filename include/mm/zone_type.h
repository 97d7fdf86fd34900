/* The types of zones. */
#ifndef MM_ZONE_TYPE_H
#define MM_ZONE_TYPE_H

#include "arch/pt.h"

/* Numbers as on Linux, where each width has four or five types; the type that the other width alone has is the last. */
enum zone_type {
	ZONE_DMA,
	ZONE_DMA32 = VA_WIDE ? 1 : 5,
	ZONE_NORMAL = VA_WIDE ? 2 : 1,
	ZONE_HIGHMEM = VA_WIDE ? 5 : 2,
	ZONE_MOVABLE = 3,
	ZONE_DEVICE = 4, /* memory of devices: there is none, but 64-bit tools expect its lines */
	MAX_NR_ZONES = 6
};

#endif
