/* Physical memory for tests of those who read tables of the firmware. */
#ifndef SIM_ACPI_TEST_H
#define SIM_ACPI_TEST_H

#include "base/types.h"
#include "lib/string.h"
#include <stdlib.h>

enum { MEM = 0x20000 };

static uint8_t mem[MEM];

/* A copy that ends where the parser said it would read: ASan sees a byte too many. */
static const void *map(phys_t pa, size_t len)
{
	static uint8_t *window;

	free(window);
	window = NULL;
	if (pa >= MEM || len > MEM - pa)
		return NULL;
	window = malloc(len);
	memcpy(window, mem + pa, len);
	return window;
}

static void put(unsigned at, uint64_t v, unsigned size)
{
	for (unsigned i = 0; i < size; i++)
		mem[at + i] = (uint8_t)(v >> 8 * i);
}

#endif
