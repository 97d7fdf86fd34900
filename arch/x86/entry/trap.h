/* Calls from the entry assembly, and reports of traps. Private to arch/x86/entry. */
#ifndef ENTRY_TRAP_H
#define ENTRY_TRAP_H

#include "arch/regs.h"
#include "base/compiler.h"
#include "base/types.h"
#include "module/oops.h"

/* The fault number of Linux's sigcontext.trapno. */
enum trap_vector {
	TRAP_DE,
	TRAP_DB,
	TRAP_NMI,
	TRAP_BP,
	TRAP_OF,
	TRAP_BR,
	TRAP_UD,
	TRAP_NM,
	TRAP_DF,
	TRAP_09,
	TRAP_TS,
	TRAP_NP,
	TRAP_SS,
	TRAP_GP,
	TRAP_PF,
	TRAP_15,
	TRAP_MF,
	TRAP_AC,
	TRAP_MC,
	TRAP_XF,
	TRAP_IRET = 32, /* Linux's word for iret to a frame that cannot be, i386 */
	TRAP_NR
};

enum {
	PF_PRESENT = 1,
	PF_WRITE = 2,
	PF_USER = 4,
	PF_RSVD = 8,
	PF_FETCH = 16
}; /* error code of a page fault */

/* Exceptions other than page faults, from user / kernel mode. Interrupts off. */
void trap_user(struct pt_regs *regs, unsigned vector, unsigned long error);
void trap_kernel(struct pt_regs *regs, unsigned vector, unsigned long error);
/* x86_64: a system call by int 0x80; the result is in @regs afterwards. Interrupts on. */
void compat_call(struct pt_regs *regs);
/* x86_64: double fault and machine check, on the fatal stack. */
noreturn_ void trap_fatal(struct pt_regs *regs, unsigned vector, unsigned long error);
/* i386: double fault, in its task. */
noreturn_ void trap_double_fault(void);
/*
 * @regs: registers at an iret to user mode that faulted. Return: the thread's pt_regs with them put
 * in.
 */
struct pt_regs *trap_join_frame(struct pt_regs *regs);
void page_fault_user(struct pt_regs *regs, unsigned long error, uaddr_t addr);
void page_fault_kernel(struct pt_regs *regs, unsigned long error, uaddr_t addr);

/* Print @regs of kernel mode with the stack pointer @sp, the control registers, code bytes and the stack. */
void trap_report(const struct pt_regs *regs, unsigned long sp);
void trap_report_task(void); /* who runs where */

/* ---- oops.c ---- */
/* A trap in kernel mode that nobody expects: a report; where a module is at fault its task ends, else the machine. */
noreturn_ void trap_die(const struct pt_regs *regs, unsigned long sp, const char *what,
			unsigned long error);
/* The same, without a way back. */
noreturn_ void trap_die_final(const struct pt_regs *regs, unsigned long sp, const char *what,
			      unsigned long error);
noreturn_ void trap_die_fault(const struct pt_regs *regs, unsigned long sp, unsigned long error,
			      uaddr_t addr);

/* For panic: the last page fault's address, its vma, its tables, its frame, its events. */
void panic_memory(void);
void panic_memory_forget(void); /* the next note counts again: the machine goes on */
uaddr_t
panic_memory_note(void); /* that address is the one of now; the first call counts. Return: it */

/* Stack pointer of @regs, kernel mode: i386 pushes none, it points to where it would be. */
static inline unsigned long trap_kernel_sp(const struct pt_regs *regs)
{
	return sizeof(long) == 8 ? regs->sp : (unsigned long)&regs->sp;
}

extern unsigned long nmi_count;

#endif
