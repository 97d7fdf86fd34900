/*
 * The imports of the floors below: what sync/ and mm/ know of threads.
 *
 * sync/thread.h: thread_park and thread_unpark are in sched.c; thread_self and clock_ns are the machine's.
 * sync/lockorder.h: the record of the running context. An interrupt has its CPU's own: the locks of the thread below it
 * are not its affair.
 * mm/imports.h: mm_ctx_current, oom_eligible; oom_deliver is oom_report.c's.
 */
#include "arch/machine.h"
#include "kernel/task_impl.h"
#include "mm/mempolicy.h"
#include "sync/percpu.h"

static struct mm_ctx boot_ctx;
static DEFINE_PER_CPU(struct lockorder_held, irq_held);

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

bool oom_eligible(const struct mm_struct *mm, unsigned long nodes)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	bool yes = false;
	struct task *t;
	int nr;

	for (nr = 1; !yes && (t = pid_next_task(&nr)); nr++)
		yes = t->mm_ctx.mm == mm && mpol_task_allows(&t->mm_ctx, nodes);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return yes;
}
