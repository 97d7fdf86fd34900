/*
 * What a thread does before it returns to user mode, and traps that are signals.
 *
 * I1       on return the work word of the thread was 0 with interrupts off; who sets a bit later interrupts this CPU, and the
 *          return from that interrupt comes here again.
 */
#include "arch/machine.h"
#include "kernel/task.h"

void exit_to_user_work(struct pt_regs *regs)
{
	struct thread *t = thread_self();
	unsigned long work;

	while ((work = READ_ONCE(t->work))) {
		if (work & WORK_RESCHED)
			schedule();
		if (work & (WORK_SIGNAL | WORK_RESTORE_MASK)) {
			irq_enable();
			signal_deliver(regs);
			irq_disable();
		}
	}
	this_cpu(work_pending) = 0;
}

void trap_signal(int sig, int code, uaddr_t addr)
{
	signal_force(sig, code, addr);
}
