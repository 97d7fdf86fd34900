/*
 * The relocations of relocatable files, x86_64 (RELA) and i386 (REL).
 *
 * OWNS     nothing; pure code.
 * WHY      one table of {width, relative, which values fit} per machine instead of a case for each type. All types are here that
 *          mean something without a GOT or thread-local storage; the compiler makes no others for kernel code.
 *
 *	x86_64  S+A:   64 (8 bytes)  32 (zero-extended)  32S (sign-extended)  16  8
 *	        S+A-P: PC64  PC32  PLT32 (no PLT: a direct call)  PC16  PC8
 *	i386    the same without 64 and 32S; 32-bit sums wrap, as addresses do
 *
 * CONTEXT  any.   FAILS  -ENOEXEC: a value that its field cannot hold. Nothing is written then.
 * SOURCES  System V ABI, AMD64 supplement, "Relocation"; System V ABI, Intel386 supplement, "Relocation".
 * TESTED BY  relfile_test.c, fuzz target relfile.
 */
#include "module/relfile.h"

#include "base/errno.h"
#include "lib/string.h"

enum fit {
	FIT_WRAP,     /* as many bits as there are */
	FIT_UNSIGNED, /* zero-extended gives the value */
	FIT_SIGNED,   /* sign-extended gives the value */
	FIT_EITHER,
};

struct reloc_type {
	uint8_t nr, width;
	bool relative;
	uint8_t fit;
};

static const struct reloc_type types64[] = {
	{ 0, 0, false, FIT_WRAP },	/* NONE */
	{ 1, 8, false, FIT_WRAP },	/* 64 */
	{ 2, 4, true, FIT_SIGNED },	/* PC32 */
	{ 4, 4, true, FIT_SIGNED },	/* PLT32 */
	{ 10, 4, false, FIT_UNSIGNED }, /* 32 */
	{ 11, 4, false, FIT_SIGNED },	/* 32S */
	{ 12, 2, false, FIT_EITHER },	/* 16 */
	{ 13, 2, true, FIT_SIGNED },	/* PC16 */
	{ 14, 1, false, FIT_EITHER },	/* 8 */
	{ 15, 1, true, FIT_SIGNED },	/* PC8 */
	{ 24, 8, true, FIT_WRAP },	/* PC64 */
};

static const struct reloc_type types32[] = {
	{ 0, 0, false, FIT_WRAP },    /* NONE */
	{ 1, 4, false, FIT_WRAP },    /* 32 */
	{ 2, 4, true, FIT_WRAP },     /* PC32 */
	{ 4, 4, true, FIT_WRAP },     /* PLT32 */
	{ 20, 2, false, FIT_EITHER }, /* 16 */
	{ 21, 2, true, FIT_SIGNED },  /* PC16 */
	{ 22, 1, false, FIT_EITHER }, /* 8 */
	{ 23, 1, true, FIT_SIGNED },  /* PC8 */
};

static const struct reloc_type *type_of(bool wide, uint32_t type)
{
	const struct reloc_type *t = wide ? types64 : types32;
	unsigned n = wide ? ARRAY_SIZE(types64) : ARRAY_SIZE(types32);

	for (unsigned i = 0; i < n; i++)
		if (t[i].nr == type)
			return &t[i];
	return NULL;
}

int reloc_width(bool wide, uint32_t type)
{
	const struct reloc_type *t = type_of(wide, type);

	return t ? t->width : -1;
}

static bool fits(const struct reloc_type *t, int64_t v)
{
	const unsigned bits = t->width * 8u;
	bool is_unsigned, is_signed;

	if (t->fit == FIT_WRAP)
		return true;
	is_unsigned = (uint64_t)v >> bits == 0;
	is_signed = v >= -(INT64_C(1) << (bits - 1)) && v < INT64_C(1) << (bits - 1);
	if (t->fit == FIT_EITHER)
		return is_unsigned || is_signed;
	return t->fit == FIT_SIGNED ? is_signed : is_unsigned;
}

/* What the place says is to be added, sign-extended. */
static int64_t addend_in_place(const void *place, unsigned width)
{
	uint64_t raw = 0;

	memcpy(&raw, place, width);
	return (int64_t)(raw << (64 - 8 * width)) >> (64 - 8 * width);
}

int reloc_apply(bool wide, const struct rel_reloc *r, void *place, uint64_t address, uint64_t value)
{
	const struct reloc_type *t = type_of(wide, r->type);
	uint64_t v;

	if (!t)
		return -ENOEXEC;
	if (!t->width)
		return 0;
	v = value + (uint64_t)(wide ? r->addend : addend_in_place(place, t->width));
	if (t->relative)
		v -= address;
	if (!wide) /* addresses are 32 bits wide; small fields see a signed one */
		v = (uint64_t)(int64_t)(int32_t)(uint32_t)v;
	if (!fits(t, (int64_t)v))
		return -ENOEXEC;
	memcpy(place, &v, t->width); /* little-endian: the low bytes come first */
	return 0;
}
