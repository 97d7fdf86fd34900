/*
 * From the FSAVE to the FXSAVE image and back. Pure: memory to memory. (For a signal frame the processor does it: uaccess.S.)
 *
 * The images differ in the tags: FSAVE has two bits per register (valid, zero, special, empty),
 * FXSAVE one (in use). Tags go by physical register, contents by distance from the top of the stack.
 *
 * SOURCES  SDM volume 1, "x87 FPU Tag Word", "Recreating FSAVE format".
 */
#include "fpu_legacy.h"

#include "lib/string.h"

enum { TAG_VALID, TAG_ZERO, TAG_SPECIAL, TAG_EMPTY };
enum { EXPONENT_MAX = 0x7fff };

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

/* What is in a register that is in use. */
static unsigned tag_of(const uint8_t *bytes)
{
	uint64_t mantissa;
	uint16_t exponent;

	memcpy(&mantissa, bytes, sizeof(mantissa));
	memcpy(&exponent, bytes + sizeof(mantissa), sizeof(exponent));
	exponent &= EXPONENT_MAX;
	if (!exponent && !mantissa)
		return TAG_ZERO;
	return exponent && exponent != EXPONENT_MAX && mantissa >> 63 ? TAG_VALID : TAG_SPECIAL;
}

void fsave_take_fxsave(struct fsave *to, const struct fxsave *from)
{
	unsigned top = from->sw >> 11 & 7;

	*to = (struct fsave){ .cw = from->cw | 0xffff0000U,
			      .sw = from->sw | 0xffff0000U,
			      .tag = 0xffff0000U,
			      .ip = from->ip,
			      .cs = (from->cs & 0xffff) | (uint32_t)from->fop << 16,
			      .dp = from->dp,
			      .ds = from->ds | 0xffff0000U };
	for (unsigned i = 0; i < 8; i++) {
		unsigned phys = (top + i) & 7;
		unsigned tag = from->tag >> phys & 1 ? tag_of(from->st[i].bytes) : TAG_EMPTY;

		to->tag |= tag << 2 * phys;
		memcpy(to->st[i].bytes, from->st[i].bytes, sizeof(to->st[i].bytes));
	}
}
