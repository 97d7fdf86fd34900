/*
 * Segment descriptors: their bits put together, and struct user_desc of set_thread_area(2) and
 * modify_ldt(2) to one of them and back.
 *
 * OWNS     nothing: pure functions.
 * I1       desc_encode gives code and data segments of ring 3 only (S = 1, DPL = 3, L = 0): no
 *          gate, no TSS, no 64-bit code. So what a program asks for cannot raise its privilege,
 *          whatever it has put into the structure.
 * I2       the Accessed bit is set: a processor would write it at the first load, into a table
 *          that others may be reading.
 * NOT HERE who may have which descriptor (tls.c, entry/ldt.c).
 * SOURCES  modify_ldt(2), set_thread_area(2); SDM volume 3A, "Segment Descriptors".
 *          TESTED BY  desc_test.c.
 */
#include "ldt.h"

/* Access byte: present, ring 3, code or data, accessed. */
enum { DESC_USER = 0x71, DESC_WRITE_OR_READ = 0x02, DESC_PRESENT = 0x80 };
/* In the word whose low byte is the access byte (gdt_descriptor). */
enum { FLAG_AVL = 0x1000, FLAG_BIG = 0x4000, FLAG_PAGES = 0x8000 };

uint64_t gdt_descriptor(uint32_t base, uint32_t limit, uint32_t flags)
{
	const uint32_t low = (base & 0xffff) << 16 | (limit & 0xffff);
	const uint32_t high = (base & 0xff000000) | (limit & 0xf0000) | (flags & 0xf0ff) << 8 |
			      (base >> 16 & 0xff);

	return (uint64_t)high << 32 | low;
}

static bool rest_is_zero(const struct user_desc *d)
{
	return !d->base_addr && !d->limit && !d->contents && !d->seg_32bit && !d->limit_in_pages &&
	       !d->useable && !(sizeof(long) == 8 && d->lm);
}

bool desc_is_empty(const struct user_desc *d)
{
	return rest_is_zero(d) && d->read_exec_only && d->seg_not_present;
}

bool desc_is_zero(const struct user_desc *d)
{
	return rest_is_zero(d) && !d->read_exec_only && !d->seg_not_present;
}

uint64_t desc_encode(const struct user_desc *d)
{
	uint32_t flags = DESC_USER | (uint32_t)d->contents << 2;

	if (!d->read_exec_only)
		flags |= DESC_WRITE_OR_READ;
	if (!d->seg_not_present)
		flags |= DESC_PRESENT;
	if (d->useable)
		flags |= FLAG_AVL;
	if (d->seg_32bit)
		flags |= FLAG_BIG;
	if (d->limit_in_pages)
		flags |= FLAG_PAGES;
	return gdt_descriptor(d->base_addr, d->limit, flags);
}

void desc_decode(uint64_t v, struct user_desc *d)
{
	const uint32_t high = (uint32_t)(v >> 32);
	const unsigned entry = d->entry_number;

	*d = (struct user_desc){
		.entry_number = entry,
		.base_addr =
			(uint32_t)(v >> 16 & 0xffff) | (high & 0xff) << 16 | (high & 0xff000000),
		.limit = (uint32_t)(v & 0xffff) | (high & 0xf0000),
		.contents = high >> 10 & 3,
		.read_exec_only = !(high >> 9 & 1),
		.useable = high >> 20 & 1,
		.seg_32bit = high >> 22 & 1,
		.limit_in_pages = high >> 23 & 1,
		.seg_not_present = !(high >> 15 & 1),
	};
}
