/*
 * x86_64: system calls of i386, which come by int 0x80.
 *
 * WHY      the handlers are those of both tables; what differs is which register has which argument, and that a long in
 *          memory has 32 bits (arch/abi.h).
 * I1       t->abi32 is t->program32 but while a call by int 0x80 runs, when it is true. So a 64-bit program may use such
 *          calls, as on Linux, with addresses below 4 GiB.
 * LOCKS    none: a thread's own fields.   CONTEXT  a thread in a system call, interrupts on.
 * SOURCES  System V ABI i386; syscall(2).   TESTED BY  tests/guest/proc_compat.c
 */
#ifdef __x86_64__
#include "arch/machine.h"
#include "arch/percpu.h"
#include "arch/thread.h"
#include "arch/x86/hw/watch.h"
#include "kernel/ptrace.h"
#include "trap.h"

void compat_call(struct pt_regs *regs)
{
	struct arch_thread *t = this_cpu(current_arch_thread);
	long nr = (long)regs->orig_ax;
	sys_fn fn;

	t->abi32 = true;
	if (unlikely(!this_cpu(call_limit)))
		nr = ptrace_call_enter(regs);
	if (likely(nr != -1)) {
		fn = sys_call_table32[(unsigned long)nr < sys_call_nr ? (unsigned long)nr
								      : sys_call_nr];
		regs->ax = (unsigned long)fn((uint32_t)regs->bx, (uint32_t)regs->cx,
					     (uint32_t)regs->dx, (uint32_t)regs->si,
					     (uint32_t)regs->di, (uint32_t)regs->bp);
	}
	t->abi32 = t->program32;
}
#endif
