/* Registers of interrupted code. */
#ifndef _ASM_PTRACE_H
#define _ASM_PTRACE_H

#include <linux/types.h>

#include "arch/regs.h"

#define user_mode(regs)			  regs_user_mode(regs)
#define instruction_pointer(regs)	  ((regs)->ip)
#define instruction_pointer_set(regs, at) ((void)((regs)->ip = (at)))
#define regs_return_value(regs)		  ((regs)->ax)
#define regs_set_return_value(regs, v)	  ((void)((regs)->ax = (v)))
#define frame_pointer(regs)		  ((regs)->bp)
#define profile_pc(regs)		  ((regs)->ip)
/* Of kernel mode. */
#define kernel_stack_pointer(regs) ((unsigned long)regs_return_slot(regs))
#define user_stack_pointer(regs)   ((regs)->sp)

/* Argument @n of the function at whose first instruction @regs are. */
static inline unsigned long regs_get_kernel_argument(struct pt_regs *regs, unsigned int n)
{
#ifdef __x86_64__
	const unsigned long in[] = { regs->di, regs->si, regs->dx, regs->cx, regs->r8, regs->r9 };
#else
	const unsigned long in[] = { regs->ax, regs->dx, regs->cx };
#endif
	const unsigned int nr = sizeof(in) / sizeof(in[0]);

	return n < nr ? in[n] : regs_return_slot(regs)[n - nr + 1];
}

#endif
