/*
 * What the kernel says of a trap in kernel mode.
 *
 * WHY      this is all a person has afterwards: registers, control registers, the instruction's
 *          bytes, the stack by names. It is printed before panic() so that a second fault in the
 *          report still leaves the first lines.
 * CONTEXT  any, also the double-fault stack: no locks, no allocation, little stack.
 * NOT HERE what becomes of the task or the machine (oops.c, panic.c).
 */
#include "trap.h"

#include "arch/machine.h"
#include "arch/msr.h"
#include "arch/percpu.h"
#include "arch/processor.h"
#include "arch/thread.h"
#include "arch/x86/hw/peek.h"
#include "kernel/task.h"
#include "lib/fmt.h"
#include "module/module.h"
#include "sync/klog.h"
#include "sync/taint.h"

#ifdef __x86_64__
#define TRAP_R "R"
#else
#define TRAP_R "E"
#endif
enum { CODE_BEFORE = 16, CODE_BYTES = 48, SYMBOL_TEXT = 96 };

#define read_cr(n)                                                                                 \
	({                                                                                         \
		unsigned long v_;                                                                  \
		__asm__ volatile("mov %%cr" #n ", %0" : "=r"(v_));                                 \
		v_;                                                                                \
	})

static void print_registers(const struct pt_regs *r, unsigned long sp)
{
#ifdef __x86_64__
	pr_err("RAX: %016lx RBX: %016lx RCX: %016lx", r->ax, r->bx, r->cx);
	pr_err("RDX: %016lx RSI: %016lx RDI: %016lx", r->dx, r->si, r->di);
	pr_err("RBP: %016lx R08: %016lx R09: %016lx", r->bp, r->r8, r->r9);
	pr_err("R10: %016lx R11: %016lx R12: %016lx", r->r10, r->r11, r->r12);
	pr_err("R13: %016lx R14: %016lx R15: %016lx", r->r13, r->r14, r->r15);
	pr_err("FS:  %016llx GS: %016llx knlGS: %016llx", (unsigned long long)rdmsr(MSR_FS_BASE),
	       (unsigned long long)rdmsr(MSR_GS_BASE),
	       (unsigned long long)rdmsr(MSR_KERNEL_GS_BASE));
#else
	pr_err("EAX: %08lx EBX: %08lx ECX: %08lx EDX: %08lx", r->ax, r->bx, r->cx, r->dx);
	pr_err("ESI: %08lx EDI: %08lx EBP: %08lx ESP: %08lx", r->si, r->di, r->bp, sp);
	pr_err("DS: %04lx ES: %04lx FS: %04lx GS: %04lx", r->ds & 0xffff, r->es & 0xffff,
	       r->fs & 0xffff, r->gs & 0xffff);
#endif
	pr_err("CR0: %08lx CR2: %0*lx CR3: %0*lx CR4: %08lx", read_cr(0), (int)sizeof(long) * 2,
	       panic_memory_note(), (int)sizeof(long) * 2, read_cr(3), read_cr(4));
}

static void print_code(unsigned long ip)
{
	char text[CODE_BYTES * 3 + 3];
	size_t n = 0;

	for (unsigned long a = ip - CODE_BEFORE; a != ip - CODE_BEFORE + CODE_BYTES; a++) {
		unsigned long word;
		const unsigned long base = a & ~(sizeof(word) - 1);
		const unsigned shift = (unsigned)(a - base) * 8;

		if (!kernel_peek(base, &word))
			n += fmt_scnprintf(text + n, sizeof(text) - n, "?? ");
		else
			n += fmt_scnprintf(text + n, sizeof(text) - n,
					   a == ip ? "<%02x> " : "%02x ",
					   (unsigned)(word >> shift & 0xff));
	}
	pr_err("Code: %s", text);
}

void trap_report_task(void)
{
	const struct task *t = current_task();
	char taints[TAINT_TEXT];

	taint_format(taints);
	pr_err("CPU: %u PID: %d Comm: %s %s %s %s", cpu_id(), t ? t->pid : 0,
	       t ? t->comm : "swapper", taints, KERNEL_RELEASE, "#1");
}

void trap_report(const struct pt_regs *regs, unsigned long sp)
{
	const int wide = (int)sizeof(long) * 2;
	char where[SYMBOL_TEXT];

	symbol_format(regs->ip, where, sizeof(where));
	trap_report_task();
	pr_err(TRAP_R "IP: %04lx:%s [%0*lx]", regs->cs & 0xffff, where, wide, regs->ip);
	print_code(regs->ip);
	pr_err(TRAP_R "SP: %04x:%0*lx EFLAGS: %08lx", SEL_KERNEL_DS, wide, sp, regs->flags);
	print_registers(regs, sp);
	backtrace_print(&(struct stack_place){ regs->bp, sp, regs->ip });
	modules_print();
}
