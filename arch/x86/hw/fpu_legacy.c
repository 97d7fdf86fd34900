/*
 * Between the FSAVE and the FXSAVE image. Pure: memory to memory.
 *
 * The images differ in the tags: FSAVE has two bits per register (valid, zero, special, empty),
 * FXSAVE one (in use). The missing bit follows from the register's contents. Tags go by physical
 * register, contents by distance from the top of the stack.
 *
 * SOURCES  SDM volume 1, "x87 FPU Tag Word", "Recreating FSAVE format".
 */
#include "fpu_legacy.h"

#include "lib/string.h"

enum { TAG_VALID, TAG_ZERO, TAG_SPECIAL, TAG_EMPTY };

/* Of an 80-bit number: sign and exponent in the last two bytes. */
static unsigned tag_of(const uint8_t bytes[10])
{
	uint64_t mantissa;
	unsigned exponent;

	memcpy(&mantissa, bytes, sizeof(mantissa));
	exponent = bytes[8] | (bytes[9] & 0x7fU) << 8;
	if (exponent == 0)
		return mantissa ? TAG_SPECIAL : TAG_ZERO;
	if (exponent == 0x7fff || !(mantissa >> 63))
		return TAG_SPECIAL;
	return TAG_VALID;
}

static uint32_t full_tags(const struct fxsave *fx)
{
	const unsigned top = fx->sw >> 11 & 7;
	uint32_t tags = 0;

	if (!fx->tag)
		return 0xffff; /* all empty, as between two x87 computations */
	for (unsigned phys = 0; phys < 8; phys++) {
		const unsigned in_use = fx->tag >> phys & 1;
		const unsigned tag = in_use ? tag_of(fx->st[(phys - top) & 7].bytes) : TAG_EMPTY;

		tags |= tag << 2 * phys;
	}
	return tags;
}

void fsave_from_fxsave(struct fsave *to, const struct fxsave *from)
{
	to->cw = from->cw | 0xffff0000;
	to->sw = from->sw | 0xffff0000;
	to->tag = full_tags(from) | 0xffff0000;
	to->ip = from->ip;
	to->cs = (from->cs & 0xffff) | (uint32_t)from->fop << 16;
	to->dp = from->dp;
	to->ds = from->ds;
#pragma GCC unroll 8
	for (unsigned i = 0; i < 8; i++)
		memcpy(to->st[i].bytes, from->st[i].bytes, sizeof(to->st[i].bytes));
}

void fxsave_take_fsave(struct fxsave *to, const struct fsave *from, bool alone)
{
	to->cw = (uint16_t)from->cw;
	to->sw = (uint16_t)from->sw;
	to->tag = 0;
	for (unsigned phys = 0; phys < 8 && (from->tag & 0xffff) != 0xffff; phys++)
		if ((from->tag >> 2 * phys & 3) != TAG_EMPTY)
			to->tag |= (uint8_t)(1U << phys);
	to->fop = (uint16_t)(from->cs >> 16);
	to->ip = from->ip;
	to->cs = from->cs & 0xffff;
	to->dp = from->dp;
	to->ds = from->ds;
	for (unsigned i = 0; i < 8; i++)
		memcpy(to->st[i].bytes, from->st[i].bytes, sizeof(from->st[i].bytes));
	if (alone)
		to->mxcsr = 0x1f80;
}
