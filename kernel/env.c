/*
 * The imports of the floors below: what sync/ and mm/ know of threads.
 *
 * sync/thread.h: thread_self; thread_park and thread_unpark are in sched.c; clock_ns is the machine's.
 * sync/lockorder.h: the record of the running context. An interrupt has its CPU's own: the locks of the thread below it
 * are not its affair.
 * mm/imports.h: mm_ctx_current, oom_deliver.
 */
#include "arch/machine.h"
#include "kernel/task_impl.h"
#include "mm/mm.h"
#include "sync/klog.h"
#include "sync/percpu.h"

static struct mm_ctx boot_ctx;
static DEFINE_PER_CPU(struct lockorder_held, irq_held);

struct thread *thread_self(void)
{
	return (struct thread *)(void *)this_cpu(current_arch_thread);
}

struct lockorder_held *lockorder_current(void)
{
	if (!CFG_DEBUG || !sched_running)
		return NULL;
	return in_interrupt() ? this_cpu_ptr(&irq_held) : thread_self()->held;
}

struct mm_ctx *mm_ctx_current(void)
{
	struct thread *t = thread_self();

	return likely(t) ? &task_of(t)->mm_ctx : &boot_ctx;
}

/* Every process that uses the address space dies, its members first among those that get memory. */
void oom_deliver(struct mm_struct *victim)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	struct task *t;
	int nr;

	for (nr = 1; (t = pid_next_task(&nr)); nr++) {
		if (t->mm_ctx.mm != victim || t->signal->unkillable)
			continue;
		if (!t->mm_ctx.oom_victim)
			pr_err("Out of memory: Killed process %d (%s)", t->tgid, t->comm);
		t->mm_ctx.oom_victim = true;
		(void)signal_send_task_locked(t, SIGKILL, NULL, true);
	}
	spin_unlock_irqrestore(&tasklist_lock, flags);
}
