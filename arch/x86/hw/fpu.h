/* Floating-point and SSE state of user threads. Private to arch/x86. */
#ifndef HW_FPU_H
#define HW_FPU_H

#include "arch/thread.h"
#include "fxsave.h"

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
/*
 * A new state for the running thread @t in two steps: its old one is forgotten and the caller fills
 * the area, sleeping if need be; then that is its state, any bytes: what the CPU would refuse is
 * cleared. Without the second step @t starts anew at its next use.
 */
struct fxsave *fpu_area_open(struct arch_thread *t);
void fpu_area_load(struct arch_thread *t);
/*
 * The running thread's registers to the user's memory at @to, in the form of its area. Return: 0 or -EFAULT. May
 * sleep; @t has a state.
 */
int must_check fpu_save_to_user(uaddr_t to);
/*
 * The running thread's state from the user's memory: an FXSAVE area at @from; i386: and an FSAVE image at @legacy, which
 * wins. Return: false when the memory is not there at the moment or the CPU would refuse something: no state then.
 */
bool must_check fpu_load_from_user(struct arch_thread *t, uaddr_t from, uaddr_t legacy);
/* Pending unmasked x87 and SSE exceptions of the running thread as si_code of SIGFPE. */
int fpu_exception_code(struct arch_thread *t, bool sse);

#endif
