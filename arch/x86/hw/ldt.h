/* Segments that a program describes itself: struct user_desc and local descriptor tables. Private to arch/x86. */
#ifndef HW_LDT_H
#define HW_LDT_H

#include "base/types.h"
#include "uapi/ldt.h"

enum { LDT_MAX_ENTRIES = 8192 };

/* A whole table; never changed once a CPU may use it, only replaced. */
struct ldt {
	unsigned nr_entries;
	uint64_t entries[];
};

/* Descriptor with type-and-flags word @flags (bits 0-7 access byte, 12-15 AVL L D G). */
uint64_t gdt_descriptor(uint32_t base, uint32_t limit, uint32_t flags);

/* LDTR of this CPU = @l; NULL: no table, every LDT selector is invalid. Interrupts off. */
void ldt_load(const struct ldt *l);

/* "Free this entry" as new programs say it: read-only, not present, all else 0. */
bool desc_is_empty(const struct user_desc *d);
/* And as old ones say it: all 0. */
bool desc_is_zero(const struct user_desc *d);
/* A code or data segment of ring 3, Accessed; lm is ignored, for it would make 64-bit code. */
uint64_t desc_encode(const struct user_desc *d);
/* All but entry_number. */
void desc_decode(uint64_t v, struct user_desc *d);

#endif
