/*
 * Out of memory: what the log says, and the kill itself.
 *
 * OWNS     nothing.
 * WHY      Linux's lines, to the letter: programs read them. After them come ours, with the conclusion.
 *
 *   who asked, for what      memory as a whole (mm/obs/show_mem.c)      who has how much      who goes      why, and what would have helped
 *
 *          Many kills at once print the whole report ten times in five seconds; who goes is said always.
 * LOCKS    tasklist_lock while tasks are looked at and killed.
 * CONTEXT  oom_deliver: the thread that faulted, as mm/reclaim/oom.c's callers.
 * NOT HERE whom and when (mm/reclaim/oom.c), what the conclusion says (mm/obs/oom_verdict.c).
 * SOURCES  logs of a real 6.1.   TESTED BY tests/guest/oom.c, oom_hogs.c, mem_numa.c
 */
#include "kernel/oom_reaper.h"
#include "kernel/task_impl.h"
#include "lib/fmt.h"
#include "mm/mempolicy.h"
#include "mm/mm.h"
#include "mm/oom.h"
#include "mm/show_mem.h"
#include "sync/klog.h"
#include "sync/tracepoint.h"

enum { WORDS = 400 };

static struct klog_limit whole_reports;

/* Each process with memory the caller lacks. tasklist_lock held. */
static void dump_tasks(unsigned long nodes)
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

static void report_want(const struct task *me)
{
	char words[128];

	(void)gfp_to_str(me->mm_ctx.oom_gfp, words, sizeof(words));
	pr_warn("%s invoked oom-killer: gfp_mask=%#x(%s), order=%d, oom_score_adj=%d", me->comm,
		me->mm_ctx.oom_gfp, words, (int)me->mm_ctx.oom_order, me->signal->oom_score_adj);
	show_mem();
	show_unreclaimable_slabs();
}

/* tasklist_lock held. */
static void report_choice(const struct task *me, const struct task *t)
{
	unsigned long nodes = ~me->mm_ctx.oom_barred;
	char asked[32] = "(null)", all[32];

	if (READ_ONCE(sysctl_oom_dump_tasks))
		dump_tasks(nodes);
	if (oom_is_bound(nodes))
		(void)nodes_to_str(nodes, asked, sizeof(asked));
	(void)nodes_to_str(node_states(N_MEMORY), all, sizeof(all));
	pr_info("oom-kill:constraint=CONSTRAINT_%s,nodemask=%s,cpuset=/,mems_allowed=%s,global_oom,"
		"task_memcg=/,task=%s,pid=%d,uid=%u",
		oom_is_bound(nodes) ? "MEMORY_POLICY" : "NONE", asked, all, t->comm, t->pid,
		t->cred->uid);
}

static void report_kill(const struct task *me, const struct task *t, const struct mm_struct *mm)
{
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

static void report_verdict(const struct oom_facts *f)
{
	char words[WORDS];

	(void)oom_held_to_str(f, words, sizeof(words));
	pr_info("oom-verdict: memory: %s", words);
	(void)oom_verdict_to_str(f, words, sizeof(words));
	pr_info("oom-verdict: %s", words);
}

/* All that use it; the whole report about the first, if @f. */
static void kill_users(struct mm_struct *victim, const struct oom_facts *f)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	bool reported = false;
	struct task *t;
	int nr;

	for (nr = 1; (t = pid_next_task(&nr)); nr++) {
		if (t->mm_ctx.mm != victim || t->signal->unkillable)
			continue;
		tracepoint(mark_victim, (unsigned)t->pid);
		if (!reported && f)
			report_choice(current_task(), t->signal->leader);
		if (!reported)
			report_kill(current_task(), t->signal->leader, victim);
		reported = true;
		t->mm_ctx.oom_victim = true;
		(void)signal_send_task_locked(t, SIGKILL, NULL, true);
		sched_hurry(&t->thread);
	}
	spin_unlock_irqrestore(&tasklist_lock, flags);
}

/* Every process that uses the address space dies, its members first among those that get memory. */
void oom_deliver(struct mm_struct *victim)
{
	const struct task *me = current_task();
	bool whole = klog_may(&whole_reports, "oom_kill_process");
	struct oom_facts f;

	if (whole) {
		oom_facts_get(&f, victim, ~me->mm_ctx.oom_barred, me->mm_ctx.oom_gfp);
		report_want(me);
	}
	kill_users(victim, whole ? &f : NULL);
	if (whole)
		report_verdict(&f);
	oom_reaper_wake();
}
