/* Segment descriptors in words and as figures. */
#include "descriptor.h"

#include "lab.h"

static const char *system_kind(uint64_t d)
{
	switch (desc_type(d)) {
	case 2:
		return "LDT";
	case 5:
		return "task gate";
	case 9:
		return "TSS, available";
	case 11:
		return "TSS, busy";
	case 14:
		return "interrupt gate";
	case 15:
		return "trap gate";
	default:
		return "system";
	}
}

static const char *type_words(uint64_t d)
{
	const unsigned t = desc_type(d);

	if (!desc_is_segment(d))
		return system_kind(d);
	if (t & 8)
		return lab_f("code%s%s%s", t & 4 ? ", conforming" : "", t & 2 ? ", readable" : "",
			     t & 1 ? ", accessed" : "");
	return lab_f("data%s%s%s", t & 4 ? ", expands down" : "", t & 2 ? ", writable" : "",
		     t & 1 ? ", accessed" : "");
}

const char *desc_kind(uint64_t d)
{
	return d ? type_words(d) : "not used";
}

const char *desc_span(uint64_t d)
{
	if (!d)
		return "";
	if (!desc_base(d) && desc_last(d) == 0xffffffff)
		return "0 - 4 GiB";
	return lab_f("%08x + %x", desc_base(d), desc_last(d));
}

void desc_figure(const char *title, uint64_t d)
{
	const struct lab_field f[] = {
		{ "base 31-24", 63, 56, lab_f("base %08x", desc_base(d)) },
		{ "G", 55, 55,
		  d >> 55 & 1 ? "the limit counts pages of 4096 bytes" : "the limit counts bytes" },
		{ "D/B", 54, 54, d >> 54 & 1 ? "32-bit code, or a stack with ESP" : NULL },
		{ "L", 53, 53, d >> 53 & 1 ? "64-bit code" : NULL },
		{ "AVL", 52, 52, NULL },
		{ "limit 19-16", 51, 48,
		  lab_f("limit %05x: the last offset is %x", desc_limit(d), desc_last(d)) },
		{ "P", 47, 47, d >> 47 & 1 ? "present" : "not present" },
		{ "DPL", 46, 45, lab_f("for ring %u", desc_dpl(d)) },
		{ "S", 44, 44, desc_is_segment(d) ? "code or data" : "system" },
		{ "type", 43, 40, type_words(d) },
		{ "base 23-16", 39, 32, NULL },
		{ "base 15-0", 31, 16, NULL },
		{ "limit 15-0", 15, 0, NULL },
	};

	lab_bits(title, d, 64, f, sizeof(f) / sizeof(f[0]));
}

uint64_t desc_from(uint32_t base, long rights, long long last)
{
	const uint32_t limit = (uint32_t)(rights & 0x800000 ? last >> 12 : last);
	const uint32_t low = base << 16 | (limit & 0xffff);
	const uint32_t high = (base & 0xff000000) | ((uint32_t)rights & 0xf0ff00) |
			      (limit & 0xf0000) | (base >> 16 & 0xff);

	return (uint64_t)high << 32 | low;
}

void selector_figure(const char *title, unsigned selector)
{
	const struct lab_field f[] = {
		{ "index", 15, 3, lab_f("entry %u", selector >> 3) },
		{ "TI", 2, 2, selector & 4 ? "of the LDT" : "of the GDT" },
		{ "RPL", 1, 0, lab_f("asked for with the rights of ring %u", selector & 3) },
	};

	lab_bits(title, selector, 16, f, 3);
}
