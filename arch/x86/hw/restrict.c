/*
 * Threads that may not do everything: whose system calls are filtered, and who may not read the time-stamp counter.
 *
 * OWNS     t->filtered, t->no_tsc; per-CPU: CR4.TSD.
 * I1       no CPU goes on with a limit of call numbers for a thread that became filtered before arch_filter_cpu was called for
 *          it (ptrace.c, I2).
 * CONTEXT  the running thread; arch_filter_calls also of another, with a lock that admits one caller.
 * SOURCES  seccomp(2), prctl(2) PR_SET_TSC; SDM volume 3A, "Control Registers".   TESTED BY  tests/guest/proc_seccomp.c
 */
#include "arch/abi.h"
#include "arch/irqflags.h"
#include "arch/percpu.h"
#include "arch/ptrace.h"
#include "cr.h"
#include "watch.h"

void arch_filter_calls(struct arch_thread *t)
{
	WRITE_ONCE(watch_used, true);
	WRITE_ONCE(t->filtered, true);
}

void arch_filter_fence(void)
{
	__atomic_thread_fence(__ATOMIC_SEQ_CST);
}

/* Who has no filters puts it right at its next call. */
void arch_filter_cpu(unsigned cpu)
{
	*(unsigned long *)((uintptr_t)&call_limit + percpu_offset_of(cpu)) = 0;
}

void watch_load_tsc(bool off)
{
	const unsigned long cr4 = cr4_read() & ~(unsigned long)CR4_TSD;

	cr4_write(off ? cr4 | CR4_TSD : cr4);
}

void arch_set_tsc(bool on)
{
	irqflags_t flags = irq_save();

	WRITE_ONCE(watch_used, true);
	this_cpu(current_arch_thread)->no_tsc = !on;
	watch_load_tsc(!on);
	irq_restore(flags);
}

bool arch_tsc_is_on(void)
{
	return !this_cpu(current_arch_thread)->no_tsc;
}

enum { AUDIT_ARCH_I386 = 0x40000003 };

uint32_t arch_call_abi(void)
{
	return abi_narrow() ? AUDIT_ARCH_I386 : PTRACE_ARCH;
}

/* asm/unistd_32.h: exit, read, write, sigreturn; asm/unistd_64.h: read, write, rt_sigreturn, exit. */
bool arch_call_is_basic(int nr)
{
	if (abi_32())
		return nr == 1 || nr == 3 || nr == 4 || nr == 119;
	return nr == 0 || nr == 1 || nr == 15 || nr == 60;
}
