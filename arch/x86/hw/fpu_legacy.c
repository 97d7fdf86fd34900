/*
 * From the FSAVE to the FXSAVE image. Pure: memory to memory. (The other way the processor goes: uaccess.S.)
 *
 * The images differ in the tags: FSAVE has two bits per register (valid, zero, special, empty),
 * FXSAVE one (in use). Tags go by physical register, contents by distance from the top of the stack.
 *
 * SOURCES  SDM volume 1, "x87 FPU Tag Word", "Recreating FSAVE format".
 */
#include "fpu_legacy.h"

#include "lib/string.h"

enum { TAG_EMPTY = 3 };

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
