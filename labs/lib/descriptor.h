/* Segment descriptors taken apart: in words, and as a figure. */
#ifndef LABS_DESCRIPTOR_H
#define LABS_DESCRIPTOR_H

#include <stdbool.h>
#include <stdint.h>

static inline uint32_t desc_base(uint64_t d)
{
	return (uint32_t)((d >> 16 & 0xffffff) | (d >> 32 & 0xff000000));
}

/* The 20 bits of the descriptor. */
static inline uint32_t desc_limit(uint64_t d)
{
	return (uint32_t)((d & 0xffff) | (d >> 32 & 0xf0000));
}

/* The last offset. */
static inline uint32_t desc_last(uint64_t d)
{
	return d >> 55 & 1 ? desc_limit(d) << 12 | 0xfff : desc_limit(d);
}

static inline unsigned desc_type(uint64_t d)
{
	return d >> 40 & 15;
}

static inline unsigned desc_dpl(uint64_t d)
{
	return d >> 45 & 3;
}

static inline bool desc_is_segment(uint64_t d) /* code or data; not: a table's, a task's */
{
	return d >> 44 & 1;
}

/* "code, readable, accessed"; "TSS, busy"; "not used". */
const char *desc_kind(uint64_t d);
/* "0-4 GiB": what it spans; of a system descriptor base and limit. */
const char *desc_span(uint64_t d);
/* lab_bits of it. */
void desc_figure(const char *title, uint64_t d);

/* The descriptor of what lar and lsl say and of @base. */
uint64_t desc_from(uint32_t base, long rights, long long last);

/* "60: index 12 of the GDT, RPL 0", as lab_bits. */
void selector_figure(const char *title, unsigned selector);

#endif
