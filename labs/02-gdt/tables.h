/* Lab 2: the descriptor tables, as /proc/descriptor_tables gives them. */
#ifndef TABLES_H
#define TABLES_H

#include <stdbool.h>
#include <stdint.h>

enum { MAX_GDT = 32, MAX_LDT = 16, NR_GATES = 256, TSS_WORDS = 26 };

struct table {
	unsigned selector; /* of LDT and TSS */
	unsigned long base;
	unsigned limit;
};

struct tables {
	struct table gdtr, idtr, ldtr, tr;
	unsigned long cr0, cr2, cr3, cr4;
	unsigned long long efer;
	bool has_efer;
	uint64_t gdt[MAX_GDT], ldt[MAX_LDT];
	uint64_t gate[NR_GATES][2]; /* the second word of 64-bit kernels */
	uint32_t tss[TSS_WORDS];
	unsigned nr_gdt, nr_ldt, nr_gates;
};

/* Return: 0, or -1: the module does not answer. */
int tables_read(struct tables *t);

static inline unsigned long gate_offset(const uint64_t gate[2])
{
	return (unsigned long)((gate[0] & 0xffff) | (gate[0] >> 32 & 0xffff0000)) |
	       (unsigned long)(gate[1] << 16 << 16);
}

static inline unsigned gate_selector(const uint64_t gate[2])
{
	return gate[0] >> 16 & 0xffff;
}

/* P, DPL and type: 8e is an interrupt gate for ring 0. */
static inline unsigned gate_access(const uint64_t gate[2])
{
	return gate[0] >> 40 & 0xff;
}

/* What Linux uses entry @index of the GDT for. */
const char *gdt_use(unsigned index);
const char *vector_name(unsigned vector);

#endif
