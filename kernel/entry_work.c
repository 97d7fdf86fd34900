/*
 * What a thread does before it enters user mode, the first time too, and traps that are signals.
 *
 * I1       on return the work word of the thread was 0 with interrupts off; who sets a bit later interrupts this CPU, and the
 *          return from that interrupt comes here again.
 */
#include "arch/machine.h"
#include "arch/uaccess.h"
#include "kernel/task.h"
#include "kernel/trace_hold.h"

/* At the end of a system call: no restartable sequence was on its way, as they make none. */
static bool in_syscall(const struct pt_regs *regs)
{
	return (long)regs->orig_ax >= 0;
}

void exit_to_user_work(struct pt_regs *regs)
{
	struct thread *t = thread_self();
	unsigned long work;

	while ((work = READ_ONCE(t->work))) {
		if (work & WORK_RESCHED) {
			schedule();
			if (task_of(t)->rseq.addr && !in_syscall(regs))
				work |= WORK_RSEQ;
		}
		if (unlikely(work & WORK_RSEQ)) {
			irq_enable();
			rseq_resume(regs);
			irq_disable();
		}
		if (unlikely(work & WORK_PTRACE)) {
			irq_enable();
			ptrace_exit_work(regs);
			irq_disable();
		}
		if (unlikely(work & WORK_TRACE)) {
			irq_enable();
			trace_hold();
			irq_disable();
		}
		if (work & (WORK_SIGNAL | WORK_RESTORE_MASK)) {
			irq_enable();
			signal_deliver(regs);
			irq_disable();
		}
	}
	this_cpu(work_pending) = 0;
}

/* CLONE_CHILD_SETTID: the child itself writes its number into its memory. */
static noinline_ void store_tid(struct task *t)
{
	irq_enable();
	if (put_user(t->set_child_tid, &t->pid))
		t->set_child_tid = 0; /* clone(2): the child's own bad address; nobody is told */
	irq_disable();
}

void ret_from_fork(void)
{
	struct task *t;

	sched_first_run();
	t = current_task();
	if (t->set_child_tid && t->mm_ctx.mm)
		store_tid(t);
}

void trap_signal(int sig, int code, uaddr_t addr)
{
	signal_force(sig, code, addr);
}
