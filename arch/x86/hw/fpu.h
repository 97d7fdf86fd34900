/* Floating-point and SSE state of user threads. Private to arch/x86. */
#ifndef HW_FPU_H
#define HW_FPU_H

#include "arch/processor.h"
#include "arch/thread.h"
#include "fxsave.h"
#include "lib/string.h"

extern bool fpu_trap; /* per-CPU: CR0.TS is set */

static inline void fpu_regs_save(struct fxsave *area)
{
#ifdef __x86_64__
	__asm__ volatile("fxsave64 %0" : "=m"(*area));
#else
	__asm__ volatile("fxsave %0" : "=m"(*area));
#endif
}

/* In the form that 32-bit code knows. */
static inline void fpu_regs_save32(struct fxsave *area)
{
	memset(area, 0, sizeof(*area));
	__asm__ volatile("fxsave %0" : "+m"(*area));
}

static inline void fpu_regs_load(const struct fxsave *area)
{
#ifdef __x86_64__
	__asm__ volatile("fxrstor64 %0" ::"m"(*area));
#else
	__asm__ volatile("fxrstor %0" ::"m"(*area));
#endif
}

static inline void fpu_trap_on(void)
{
	unsigned long cr0;

	if (this_cpu(fpu_trap))
		return;
	__asm__ volatile("mov %%cr0, %0" : "=r"(cr0));
	__asm__ volatile("mov %0, %%cr0" ::"r"(cr0 | CR0_TS) : "memory");
	this_cpu(fpu_trap) = true;
}

static inline void fpu_trap_off(void)
{
	if (!this_cpu(fpu_trap))
		return;
	__asm__ volatile("clts" ::: "memory");
	this_cpu(fpu_trap) = false;
}

/* Both sides of a switch, interrupts off. */
static inline void fpu_leave(struct arch_thread *prev)
{
	if (prev->fpu)
		fpu_regs_save(prev->fpu);
}

/* @next has user mode. */
static inline void fpu_enter(const struct arch_thread *next)
{
	if (likely(next->fpu)) {
		fpu_trap_off();
		fpu_regs_load(next->fpu);
	} else {
		fpu_trap_on();
	}
}

/* #NM in user mode: the running thread @t uses the FPU from now on. */
void fpu_first_use(struct arch_thread *t);
/* @child gets a copy of the state of @parent, who runs. */
void fpu_fork(struct arch_thread *child, const struct arch_thread *parent);
/* The running thread @t forgets its state: it starts anew at its next use. */
void fpu_reset(struct arch_thread *t);
/*
 * A new state for the running thread @t in two steps: its old one is forgotten and the caller fills
 * the area, sleeping if need be; then that is its state, any bytes: what the CPU would refuse is
 * cleared. Without the second step @t starts anew at its next use.
 */
struct fxsave *fpu_area_open(struct arch_thread *t);
void fpu_area_load(struct arch_thread *t);
/*
 * The running thread's registers to the user's memory at @to, in the form of its area; i386: and the head of a signal
 * frame's FPU state at @legacy, with an FSAVE image. Return: 0 or -EFAULT. May sleep. The thread has a state, and on i386
 * loses its x87 part: what follows must be fpu_reset(), for nothing else may fail any more.
 */
int must_check fpu_save_to_user(uaddr_t to, uaddr_t legacy);
/*
 * The running thread's state from the user's memory: an FXSAVE area at @from; i386: and the head of a signal frame's FPU
 * state at @legacy, whose FSAVE image wins. Return: false when the memory is not there at the moment or the CPU would refuse something: no state then.
 */
bool must_check fpu_load_from_user(struct arch_thread *t, uaddr_t from, uaddr_t legacy);
/* State of a thread that does not run. -EINVAL: a bit of MXCSR that the CPU would refuse. */
void fpu_get(const struct arch_thread *t, struct fxsave *out);
int must_check fpu_set(struct arch_thread *t, const struct fxsave *in);
/* Pending unmasked x87 and SSE exceptions of the running thread as si_code of SIGFPE. */
int fpu_exception_code(struct arch_thread *t, bool sse);

#endif
