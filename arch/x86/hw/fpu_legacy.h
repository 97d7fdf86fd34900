/*
 * The FSAVE image of 1987 in terms of the FXSAVE image: i386 signal frames have both. Private to
 * arch/x86.
 */
#ifndef HW_FPU_LEGACY_H
#define HW_FPU_LEGACY_H

#include "fxsave.h"

struct fsave {
	uint32_t cw, sw, tag;	 /* low 16 bits; tag: 2 bits per physical register */
	uint32_t ip, cs, dp, ds; /* cs: opcode in the high half */
	struct {
		uint8_t bytes[10];
	} st[8]; /* from the top of the stack */
};
_Static_assert(sizeof(struct fsave) == 108, "FSAVE image");

/* The other way, of a thread that does not run. */
void fsave_take_fxsave(struct fsave *to, const struct fxsave *from);

/* The x87 part of @to becomes @from; with @alone the SSE part gets its initial value. */
void fxsave_take_fsave(struct fxsave *to, const struct fsave *from, bool alone);

#endif
