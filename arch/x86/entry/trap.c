/*
 * Exceptions other than page faults.
 *
 * OWNS     the table of what each vector means for a user program (Linux's signals and si_codes).
 * USER     the program gets the signal; its number and error code go to the thread for the signal
 *          frame. #NM is not an error: the thread starts to use the FPU (hw/fpu.c).
 * KERNEL   an instruction of the exception table goes on at its fix-up; anything else is a bug:
 *          report, panic.
 * INT3     in the kernel it may be a probe's (module/kprobe.c).
 * NMI      counted by the entry code and nothing else.
 * #DF      the report says "kernel stack overflow" when the address that faulted lies in a stack's
 *          guard page.
 * CONTEXT  called by trap32.S / trap64.S with interrupts off; user traps run with interrupts on.
 * LOCKS    none here; trap_signal takes the signal locks.
 * NOT HERE page faults (pagefault.c), interrupts (irq.c), what the signal does (kernel/signal.c).
 * SOURCES  SDM volume 3A, "Exception and Interrupt Reference"; signal(7), sigaction(2).
 */
#include "trap.h"

#include "arch/irqflags.h"
#include "arch/machine.h"
#include "arch/probe.h"
#include "arch/thread.h"
#include "arch/uaccess.h"
#include "arch/x86/hw/desc.h"
#include "arch/x86/hw/extable.h"
#include "arch/x86/hw/fpu.h"
#include "lib/string.h"
#include "mm/vmalloc.h"
#include "uapi/signal.h"

unsigned long nmi_count;

struct trap_kind {
	const char *name;
	uint8_t sig;
	uint8_t code;	 /* si_code; 0: SI_KERNEL */
	bool addr_is_ip; /* si_addr; else 0 */
};

static const struct trap_kind kinds[TRAP_NR] = {
	[TRAP_DE] = { "divide error", SIGFPE, FPE_INTDIV, true },
	[TRAP_DB] = { "debug", SIGTRAP, TRAP_BRKPT, true }, /* debug_code */
	[TRAP_BP] = { "int3", SIGTRAP, 0, false },
	[TRAP_OF] = { "overflow", SIGSEGV, 0, false },
	[TRAP_BR] = { "bounds", SIGSEGV, 0, false },
	[TRAP_UD] = { "invalid opcode", SIGILL, ILL_ILLOPN, true },
	[TRAP_NM] = { "device not available", SIGSEGV, 0, false },
	[TRAP_DF] = { "double fault", SIGSEGV, 0, false },
	[TRAP_09] = { "coprocessor segment overrun", SIGFPE, 0, false },
	[TRAP_TS] = { "invalid TSS", SIGSEGV, 0, false },
	[TRAP_NP] = { "segment not present", SIGBUS, 0, false },
	[TRAP_SS] = { "stack segment", SIGBUS, 0, false },
	[TRAP_GP] = { "general protection fault", SIGSEGV, 0, false },
	[TRAP_MF] = { "fpu exception", SIGFPE, 0, true }, /* code: fpu_exception_code */
	[TRAP_AC] = { "alignment check", SIGBUS, BUS_ADRALN, false },
	[TRAP_MC] = { "machine check", SIGBUS, 0, false },
	[TRAP_XF] = { "simd exception", SIGFPE, 0, true },
	[TRAP_IRET] = { "iret exception", SIGILL, ILL_BADSTK, false },
};

enum { TRAP_HWBKPT = 4, DR6_HITS = 0xf, DR6_STEP = 0x4000 };

static const struct trap_kind *trap_kind(unsigned vector)
{
	static const struct trap_kind reserved = { "reserved exception", SIGSEGV, 0, false };

	return vector < TRAP_NR && kinds[vector].name ? &kinds[vector] : &reserved;
}

/* Why the debug exception came: DR6, cleared for the next one. */
static int debug_code(struct arch_thread *t)
{
	unsigned long dr6;

	__asm__ volatile("mov %%dr6, %0" : "=r"(dr6));
	__asm__ volatile("mov %0, %%dr6" ::"r"(0xffff0ff0UL));
	t->debug.status = dr6 & (DR6_STEP | DR6_HITS);
	if (dr6 & DR6_STEP)
		return TRAP_TRACE;
	return dr6 & DR6_HITS ? TRAP_HWBKPT : TRAP_BRKPT;
}

static int trap_code(struct arch_thread *t, unsigned vector)
{
	int code = trap_kind(vector)->code;

	if (vector == TRAP_DB)
		code = debug_code(t);
	else if (vector == TRAP_MF || vector == TRAP_XF)
		code = fpu_exception_code(t, vector == TRAP_XF);
	return code ? code : SI_KERNEL;
}

void trap_user(struct pt_regs *regs, unsigned vector, unsigned long error)
{
	struct arch_thread *t = this_cpu(current_arch_thread);
	const struct trap_kind *kind = trap_kind(vector);
	int code;

	if (vector == TRAP_NM && !t->fpu) {
		fpu_first_use(t);
		return;
	}
	code = trap_code(t, vector);
	irq_enable();
	t->trap_nr = vector;
	t->error_code = error;
	/*
	 * An exception we cannot name the cause of comes again: SIGFPE 0 is SI_KERNEL, without
	 * address.
	 */
	trap_signal(kind->sig, code, kind->addr_is_ip && code != SI_KERNEL ? regs->ip : 0);
}

noprobe void trap_kernel(struct pt_regs *regs, unsigned vector, unsigned long error)
{
	unsigned long fixup;

	if (vector == TRAP_BP && kprobe_trap(regs))
		return;
	fixup = extable_find(regs->ip);
	if (vector == TRAP_DB) { /* a watched address, touched for the program: not its doing */
		(void)debug_code(this_cpu(current_arch_thread));
		return;
	}
	if (!fixup)
		trap_die(regs, trap_kernel_sp(regs), trap_kind(vector)->name, error);
	regs->ip = fixup;
}

struct pt_regs *trap_join_frame(struct pt_regs *regs)
{
	struct pt_regs *user = current_regs();

	memmove(user, regs, offsetof(struct pt_regs, orig_ax));
	user->orig_ax = (unsigned long)-1;
	return user;
}

static unsigned long read_cr2(void)
{
	unsigned long cr2;

	__asm__ volatile("mov %%cr2, %0" : "=r"(cr2));
	return cr2;
}

noreturn_ static void double_fault_die(const struct pt_regs *regs, unsigned long sp)
{
	if (!kstack_is_guard(read_cr2()))
		trap_die_final(regs, sp, "double fault", 0);
	if (sizeof(long) == 8)
		trap_die(regs, page_align(sp), "kernel stack overflow", 0);
	trap_die_final(regs, page_align(sp), "kernel stack overflow", 0); /* in a task of its own */
}

#ifdef __x86_64__
void trap_fatal(struct pt_regs *regs, unsigned vector, unsigned long error)
{
	if (vector == TRAP_DF)
		double_fault_die(regs, regs->sp);
	trap_die_final(regs, regs->sp, trap_kind(vector)->name, error);
}
#else
/* The processor has left the interrupted state in the CPU's ordinary TSS. */
void trap_double_fault(void)
{
	const struct tss *t = this_cpu_ptr(&cpu_tss);
	struct pt_regs regs = {
		.bx = t->bx,
		.cx = t->cx,
		.dx = t->dx,
		.si = t->si,
		.di = t->di,
		.bp = t->bp,
		.ax = t->ax,
		.ds = t->ds,
		.es = t->es,
		.fs = t->fs,
		.gs = t->gs,
		.orig_ax = (unsigned long)-1,
		.ip = t->ip,
		.cs = t->cs,
		.flags = t->flags,
		.sp = t->sp,
		.ss = t->ss,
	};

	double_fault_die(&regs, t->sp);
}
#endif
