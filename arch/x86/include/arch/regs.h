/* User-visible registers as the entry code leaves them on the kernel stack: Linux's struct pt_regs layouts. */
#ifndef ARCH_REGS_H
#define ARCH_REGS_H

#include "arch/processor.h"
#include "base/types.h"

#ifdef __x86_64__
struct pt_regs {
	unsigned long r15, r14, r13, r12, bp, bx;
	unsigned long r11, r10, r9, r8, ax, cx, dx, si, di;
	unsigned long orig_ax; /* system call number, or error code, or -1 */
	unsigned long ip, cs, flags, sp, ss;
};
#else
struct pt_regs {
	unsigned long bx, cx, dx, si, di, bp, ax;
	unsigned long ds, es, fs, gs;
	unsigned long orig_ax;		     /* system call number, or error code, or -1 */
	unsigned long ip, cs, flags, sp, ss; /* sp, ss only from user mode */
};
#endif

static inline bool regs_user_mode(const struct pt_regs *r)
{
	return (r->cs & 3) == 3;
}

/* System call arguments 0..5, by the ABI of the code that made the call. */
static inline unsigned long regs_syscall_arg(const struct pt_regs *r, unsigned n)
{
#ifdef __x86_64__
	const unsigned long a[6] = { r->di, r->si, r->dx, r->r10, r->r8, r->r9 },
			    narrow[6] = { r->bx, r->cx, r->dx, r->si, r->di, r->bp };

	if (r->cs == SEL_USER32_CS)
		return (uint32_t)narrow[n];
#else
	const unsigned long a[6] = { r->bx, r->cx, r->dx, r->si, r->di, r->bp };
#endif
	return a[n];
}

/* Of kernel mode, at a function's first instruction: where its return address is. */
static inline unsigned long *regs_return_slot(struct pt_regs *r)
{
#ifdef __x86_64__
	return (unsigned long *)r->sp;
#else
	return &r->sp; /* the frame ends there */
#endif
}

#endif
