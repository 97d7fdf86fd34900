/*
 * Registers of a thread that another one traces, as ptrace(2) and core files lay them out, and what the machine does for a
 * traced thread: its system calls, its debug registers. Calls on a thread that is not the caller: it is off its CPU.
 */
#ifndef ARCH_PTRACE_H
#define ARCH_PTRACE_H

#include "arch/thread.h"

#ifdef __x86_64__
enum { USER_REGS = 27, USER_DEBUG_AT = 848, USER_SIZE = 928, USER_FPREGS_SIZE = 512 };
#define PTRACE_ARCH 0xc000003eU /* AUDIT_ARCH_X86_64 */
typedef uint32_t core_uid_t;	/* of a user in a core file */
#else
enum { USER_REGS = 17, USER_DEBUG_AT = 252, USER_SIZE = 284, USER_FPREGS_SIZE = 108 };
#define PTRACE_ARCH 0x40000003U /* AUDIT_ARCH_I386 */
typedef uint16_t core_uid_t;
#endif
enum { USER_DEBUG_REGS = 8, USER_FXREGS_SIZE = 512 };

/* Word @n < USER_REGS of struct user_regs_struct. The trap flag is as in the frame. */
unsigned long arch_user_reg(const struct arch_thread *t, unsigned n);
/* 0, or -EIO: a value that user mode cannot have. */
int must_check arch_set_user_reg(struct arch_thread *t, unsigned n, unsigned long v);
enum { USER_REG_FLAGS = sizeof(long) == 8 ? 18 : 14 };

/* struct user_fpregs_struct, USER_FPREGS_SIZE bytes; the FXSAVE area. 0, -EINVAL (a reserved bit of MXCSR). */
void arch_user_fpregs(const struct arch_thread *t, void *out);
int must_check arch_set_user_fpregs(struct arch_thread *t, const void *in);
void arch_user_fxregs(const struct arch_thread *t, void *out);
int must_check arch_set_user_fxregs(struct arch_thread *t, const void *in);

/* u_debugreg[@n], @n < USER_DEBUG_REGS. 0, -EIO (4 and 5), -EINVAL (an address or a kind that cannot be watched). */
unsigned long arch_debug_reg(const struct arch_thread *t, unsigned n);
int must_check arch_set_debug_reg(struct arch_thread *t, unsigned n, unsigned long v);

/* @t's calls are watched from its next run on: each goes through ptrace_call_enter. */
void arch_trace_calls(struct arch_thread *t, bool on);
void arch_trace_refresh(void); /* the running thread: now */
void arch_trace_exec(
	struct arch_thread *t); /* the running thread has a new program: no debug registers */

/* @t's calls go through ptrace_call_enter for good, whoever traces it: from its next run on; arch_trace_refresh: now. */
void arch_filter_calls(struct arch_thread *t);
/* ... of all threads that became so before arch_filter_fence, on @cpu: now. */
void arch_filter_fence(void);
void arch_filter_cpu(unsigned cpu);
/* May the running thread, and those it makes, read the time-stamp counter? Else it is a fault. */
void arch_set_tsc(bool on);
bool arch_tsc_is_on(void);
/* Of the running thread's call: AUDIT_ARCH_*; is @nr read, write, the return from a signal or exit of its ABI? */
uint32_t arch_call_abi(void);
bool arch_call_is_basic(int nr);

#define TRAP_FLAG 0x100UL
bool arch_trap_flag(const struct pt_regs *regs);
void arch_set_trap_flag(struct pt_regs *regs, bool on);

#endif
