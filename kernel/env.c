/*
 * The imports of the floors below: what sync/ and mm/ know of threads.
 *
 * sync/thread.h: thread_park and thread_unpark are in sched.c; thread_self and clock_ns are the machine's.
 * sync/lockorder.h: the record of the running context. An interrupt has its CPU's own: the locks of the thread below it
 * are not its affair.
 * mm/imports.h: mm_ctx_current, oom_eligible, oom_deliver.
 */
#include "arch/machine.h"
#include "kernel/oom_reaper.h"
#include "kernel/task_impl.h"
#include "mm/mempolicy.h"
#include "mm/mm.h"
#include "mm/oom.h"
#include "sync/klog.h"
#include "sync/percpu.h"
#include "sync/tracepoint.h"

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

/* Each process with memory the caller lacks. tasklist_lock held. */
static void oom_dump_tasks(unsigned long nodes)
{
	struct task *t;
	int nr;

	pr_info("Tasks state (memory values in pages):");
	pr_info("[  pid  ]   uid  tgid total_vm      rss pgtables_bytes swapents oom_score_adj name");
	for (nr = 1; (t = pid_next_task(&nr)); nr++) {
		const struct mm_struct *mm = t->mm_ctx.mm;

		if (t != t->signal->leader || !mm || !mpol_task_allows(&t->mm_ctx, nodes))
			continue;
		pr_info("[%7d] %5u %5d %8lu %8lu %8ld %8ld         %5d %s", t->pid, t->cred->uid,
			t->pid, mm->total_vm, mm_rss(mm), atomic_long_read(&mm->pgtables_bytes),
			atomic_long_read(&mm->rss_stat[MM_SWAPENTS]), t->signal->oom_score_adj,
			t->comm);
	}
}

/* Linux's lines, to the letter: programs read them. */
static void oom_report(const struct task *t, const struct mm_struct *mm)
{
	const struct task *me = current_task();
	unsigned long nodes = ~me->mm_ctx.oom_barred;
	char asked[32] = "(null)", all[32];

	if (oom_is_bound(nodes))
		(void)nodes_to_str(nodes, asked, sizeof(asked));
	(void)nodes_to_str(node_states(N_MEMORY), all, sizeof(all));
	pr_warn("%s invoked oom-killer: gfp_mask=0x0(), order=0, oom_score_adj=%d", me->comm,
		me->signal->oom_score_adj);
	if (READ_ONCE(sysctl_oom_dump_tasks))
		oom_dump_tasks(nodes);
	pr_info("oom-kill:constraint=CONSTRAINT_%s,nodemask=%s,cpuset=/,mems_allowed=%s,global_oom,"
		"task_memcg=/,task=%s,pid=%d,uid=%u",
		oom_is_bound(nodes) ? "MEMORY_POLICY" : "NONE", asked, all, t->comm, t->pid,
		t->cred->uid);
	pr_err("Out of memory%s: Killed process %d (%s) total-vm:%lukB, anon-rss:%lukB, file-rss:%lukB, "
	       "shmem-rss:%lukB, UID:%u pgtables:%lukB oom_score_adj:%d",
	       sysctl_oom_kill_allocating_task && me->mm_ctx.mm == mm
		       ? " (oom_kill_allocating_task)"
		       : "",
	       t->pid, t->comm, mm->total_vm << (PAGE_SHIFT - 10), mm_rss_kb(mm, MM_ANONPAGES),
	       mm_rss_kb(mm, MM_FILEPAGES), mm_rss_kb(mm, MM_SHMEMPAGES), t->cred->uid,
	       (unsigned long)atomic_long_read(&mm->pgtables_bytes) >> 10,
	       t->signal->oom_score_adj);
}

/* Every process that uses the address space dies, its members first among those that get memory. */
void oom_deliver(struct mm_struct *victim)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	bool reported = false;
	struct task *t;
	int nr;

	for (nr = 1; (t = pid_next_task(&nr)); nr++) {
		if (t->mm_ctx.mm != victim || t->signal->unkillable)
			continue;
		tracepoint(mark_victim, (unsigned)t->pid);
		if (!reported)
			oom_report(t->signal->leader, victim);
		reported = true;
		t->mm_ctx.oom_victim = true;
		(void)signal_send_task_locked(t, SIGKILL, NULL, true);
		sched_hurry(&t->thread);
	}
	spin_unlock_irqrestore(&tasklist_lock, flags);
	oom_reaper_wake();
}
