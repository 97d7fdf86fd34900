/*
 * Traps in kernel mode that nobody expects.
 *
 * OWNS     the number of oopses; die_cpu, the CPU that reports one.
 * WHO      where a module is loaded it is at fault: the task ends by SIGKILL and the machine goes on, tainted. What the task
 *          held stays held, and the modules on its stack cannot be unloaded any more (module/oops.c); all, where none is: a
 *          module's last call leaves no trace. Without modules it is the kernel's bug: nobody knows what is damaged; panic.
 * PANIC    nevertheless where no task can be ended for it: in interrupts and what stands for them (timers and
 *          tasklets of modules), the idle task, init; with kernel.panic_on_oops or "oops=panic" always.
 * STACK    the task's end begins on an empty stack: a module may have used all of it. i386 reports a full
 *          stack from a task of the processor's own, from which there is no way back: panic.
 * LOCKS    none while it reports; the log's.   CONTEXT  any, interrupts off.
 * NOT HERE registers, code, stack (trap_report.c); vmas and tables (panic_memory.c).
 * SOURCES  Linux Documentation/admin-guide/bug-hunting.rst (what a report says), sysctl/kernel.rst.
 * TESTED BY  module_oops (guest), the boots ARCH/panic-null and ARCH/panic-code
 */
#include "trap.h"

#include "arch/irqflags.h"
#include "arch/machine.h"
#include "arch/processor.h"
#include "drivers/serial.h"
#include "kernel/task.h"
#include "module/notify.h"
#include "module/oops.h"
#include "sync/kassert.h"
#include "sync/klog.h"
#include "sync/taint.h"
#include "sys/sys.h"

enum { NOBODY = -1, MODULE_IPS = 16, SYMBOL_TEXT = 96 };

static atomic_t die_cpu = { NOBODY };
static unsigned nr_oopses; /* by die_cpu's owner */

/* One report at a time. Return: false, this CPU is inside one. */
static bool report_begin(void)
{
	while (!atomic_cmpxchg(&die_cpu, NOBODY, (int)cpu_id())) {
		if (atomic_read(&die_cpu) == (int)cpu_id())
			return false;
		cpu_relax();
	}
	return true;
}

static void report_end(void)
{
	panic_memory_forget();
	atomic_set(&die_cpu, NOBODY);
}

static void say_fault(unsigned long error, uaddr_t addr)
{
	const char *what = error & PF_FETCH   ? "instruction fetch"
			   : error & PF_WRITE ? "write access"
					      : "read access";

	if (addr < PAGE_SIZE)
		klog(KLOG_ALERT, "BUG: kernel NULL pointer dereference, address: %0*lx",
		     (int)sizeof(long) * 2, addr);
	else
		klog(KLOG_ALERT, "BUG: unable to handle page fault for address: %0*lx",
		     (int)sizeof(long) * 2, addr);
	klog(KLOG_ALERT, "#PF: supervisor %s in kernel mode", what);
	klog(KLOG_ALERT, "#PF: error_code(0x%04lx) - %s", error,
	     error & PF_RSVD	  ? "reserved bit violation"
	     : error & PF_PRESENT ? "permissions violation"
				  : "not-present page");
}

static const char *why_panic(void)
{
	const struct task *t = current_task();

	if (in_interrupt() || module_is_softirq())
		return "Fatal exception in interrupt";
	if (panic_on_oops)
		return "Fatal exception";
	if (!t || !t->pid)
		return "Attempted to kill the idle task!";
	return t->signal == task_init()->signal ? "Attempted to kill init! exitcode=0x00000009"
						: NULL;
}

/* On an empty stack. */
noreturn_ static void end_task(void)
{
	struct task *t = current_task();

	irq_enable();
	if (t->exiting) {
		klog(KLOG_ALERT, "Fixing recursive fault but reboot is needed!");
		for (;;)
			(void)thread_park(PARK_UNINTERRUPTIBLE, PARK_FOREVER);
	}
	if (t->thread.is_kthread)
		task_exit_finish(SIGKILL);
	do_exit(SIGKILL);
}

noreturn_ static void on_empty_stack(void (*fn)(void))
{
	const unsigned long top = (unsigned long)current_regs();

#ifdef __x86_64__
	__asm__ volatile("mov %0, %%rsp; xor %%ebp, %%ebp; call *%1" ::"r"(top), "r"(fn)
			 : "memory");
#else
	__asm__ volatile("mov %0, %%esp; xor %%ebp, %%ebp; call *%1" ::"r"(top), "r"(fn)
			 : "memory");
#endif
	__builtin_unreachable();
}

struct cause {
	const char *what;
	unsigned long error;
	uaddr_t addr; /* of a page fault */
	bool fault;
	bool final; /* there is no way back to the task's stack */
};

static void report(const struct pt_regs *regs, unsigned long sp, const struct cause *c)
{
	if (c->fault)
		say_fault(c->error, c->addr);
	klog(KLOG_ALERT, "%s: %04lx [#%u] SMP", c->fault ? "Oops" : c->what, c->error, ++nr_oopses);
	trap_report(regs, sp);
	(void)taint_add(TAINT_DIE);
	module_notify_die(c->fault ? "Oops" : c->what, (struct pt_regs *)regs, (long)c->error);
}

noreturn_ static void end_machine(const struct pt_regs *regs, const char *what, const char *fatal)
{
	char where[SYMBOL_TEXT];

	if (fatal)
		panic("%s", fatal);
	symbol_format(regs->ip, where, sizeof(where));
	panic("%s in %s", what, where);
}

noreturn_ static void die(const struct pt_regs *regs, unsigned long sp, const struct cause *c)
{
	const struct stack_place at = { regs->bp, sp, regs->ip };
	unsigned long ips[MODULE_IPS];
	const bool first = report_begin();
	const char *fatal;
	bool goes_on;
	unsigned n;

	panic_memory_note();
	n = first ? backtrace_modules(&at, ips, MODULE_IPS) : 0;
	goes_on = first && modules_any() && !c->final;
	fatal = goes_on ? why_panic() : NULL;
	goes_on &= !fatal;
	if (!goes_on) {
		klog_panic();
		serial_panic();
		klog_set_console_level(KLOG_DEBUG + 1);
	}
	report(regs, sp, c);
	if (!goes_on)
		end_machine(regs, c->what, fatal);
	if (c->fault)
		panic_memory();
	pr_err("---[ end trace %016x ]---", 0);
	if (!(regs->flags & FLAG_IF))
		pr_info("note: %s[%d] exited with irqs disabled", current_task()->comm,
			current_task()->pid);
	module_oops(ips, n);
	report_end();
	on_empty_stack(end_task);
}

void trap_die(const struct pt_regs *regs, unsigned long sp, const char *what, unsigned long error)
{
	die(regs, sp, &(struct cause){ .what = what, .error = error });
}

void trap_die_final(const struct pt_regs *regs, unsigned long sp, const char *what,
		    unsigned long error)
{
	die(regs, sp, &(struct cause){ .what = what, .error = error, .final = true });
}

void trap_die_fault(const struct pt_regs *regs, unsigned long sp, unsigned long error, uaddr_t addr)
{
	die(regs, sp,
	    &(struct cause){ .what = "page fault", .error = error, .addr = addr, .fault = true });
}
