/* A table of the firmware's as its bytes. Private to the parsers: acpi.c, acpi_numa.c. */
#ifndef X86_ACPI_TABLE_H
#define X86_ACPI_TABLE_H

#include "arch/acpi.h"

enum { SDT_HEADER = 36 };

struct table {
	const uint8_t *bytes;
	uint32_t len;
};

/* Reads beyond its end give zero, as fields that an older revision does not have. */
static inline uint64_t field(const struct table *t, uint32_t off, uint32_t size)
{
	uint64_t v = 0;

	if (off > t->len || size > t->len - off)
		return 0;
	for (uint32_t i = size; i-- > 0;)
		v = v << 8 | t->bytes[off + i];
	return v;
}

/* Map the table at @pa; any signature. Return: false when its header or @check'ed sum is wrong. */
bool table_open(struct table *t, phys_t pa, acpi_map_fn map, bool check);

/* The entry at *off of a table of {type, length} entries, and *off behind it. Return: false at the end or at nonsense. */
bool table_entry(const struct table *t, uint32_t *off, struct table *e);

#endif
