/* The image that FXSAVE writes and FXRSTOR reads. Private to arch/x86. */
#ifndef HW_FXSAVE_H
#define HW_FXSAVE_H

#include "base/types.h"

enum { FPU_AREA_SIZE = 512 };

/* The legacy header of an FXSAVE area, and its register blocks (SDM volume 1, "FXSAVE Area"). */
struct fxsave {
	uint16_t cw, sw;
	uint8_t tag, reserved; /* tag: bit n set = register n (physical) in use */
	uint16_t fop;
	uint32_t ip, cs, dp, ds; /* 64-bit form: ip and dp are 8 bytes */
	uint32_t mxcsr, mxcsr_mask;
	struct {
		uint8_t bytes[16]; /* 10 used */
	} st[8];		   /* from the top of the stack */
	uint8_t xmm[16][16];
	uint8_t unused[96]; /* last 48: the user's, zero here */
};
_Static_assert(sizeof(struct fxsave) == FPU_AREA_SIZE, "FXSAVE area");

#endif
