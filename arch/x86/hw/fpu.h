/* Floating-point and SSE state of user threads. Private to arch/x86. */
#ifndef HW_FPU_H
#define HW_FPU_H

#include "arch/thread.h"
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

/* Both sides of a switch, interrupts off. */
void fpu_switch(struct arch_thread *prev, const struct arch_thread *next);
/* #NM in user mode: the running thread @t uses the FPU from now on. */
void fpu_first_use(struct arch_thread *t);
/* @child gets a copy of the state of @parent, who runs. */
void fpu_fork(struct arch_thread *child, const struct arch_thread *parent);
/* The running thread @t forgets its state: it starts anew at its next use. */
void fpu_reset(struct arch_thread *t);
/* The running thread's registers into its area. Return: the area, or NULL when it has no state. */
const struct fxsave *fpu_save_current(struct arch_thread *t);
/* The running thread @t gets the state @state, any bytes: what the CPU would refuse is cleared. */
void fpu_load_current(struct arch_thread *t, const struct fxsave *state);
/* Pending unmasked x87 and SSE exceptions of the running thread as si_code of SIGFPE. */
int fpu_exception_code(struct arch_thread *t, bool sse);

#endif
