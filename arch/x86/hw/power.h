/* What power.c needs mapped beforehand, because it may run in a panic. */
#ifndef HW_POWER_H
#define HW_POWER_H

#include "base/types.h"

struct power_maps {
	const uint8_t *dsdt;		      /* acpi.dsdt_len bytes, or NULL */
	volatile void *sleep_control, *reset; /* registers in memory, or NULL */
};
extern struct power_maps power_maps;

#endif
