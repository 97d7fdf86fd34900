/*
 * /proc/PID/stat, statm, status, limits: a process in numbers.
 *
 * LOCKS    tasklist_lock for the family, the terminal, limits and the sum over threads; each kernel call its own.
 * CONTEXT  tasks; may sleep.
 * SOURCES  proc(5), fields in the order given there; getrlimit(2).
 */
#include "proc_impl.h"

#include "base/errno.h"
#include "fs/file.h"
#include "fs/path.h"
#include "fs/sysfs.h"
#include "kernel/task.h"
#include "mm/huge.h"
#include "mm/mm.h"
#include "mm/zone.h"
#include "sync/percpu.h"

enum {
	PF_EXITING = 0x4,
	PF_FORKNOEXEC = 0x40,
	PF_KTHREAD = 0x200000,
	NS_PER_TICK = 1000000000 / CFG_HZ
};

/* What belongs to the group, copied in one go. */
struct group_facts {
	int pgrp, session, tty_nr, tpgid, nr_threads;
	unsigned long min_flt, maj_flt, cmin_flt, cmaj_flt;
	uint64_t cutime_ns, cstime_ns, rss_limit;
	int exit_signal;
	bool has_execed;
};

/* @whole: faults of all threads, else of @t. */
static void group_read(struct task *t, struct group_facts *g, bool whole)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	struct signal_struct *sig = t->signal;
	struct task *thread;

	*g = (struct group_facts){ .pgrp = sig->pgrp,
				   .session = sig->session,
				   .tpgid = -1,
				   .nr_threads = sig->nr_threads,
				   .min_flt = sig->min_flt,
				   .maj_flt = sig->maj_flt,
				   .cmin_flt = sig->cmin_flt,
				   .cmaj_flt = sig->cmaj_flt,
				   .cutime_ns = sig->cutime_ns,
				   .cstime_ns = sig->cstime_ns,
				   .rss_limit = sig->rlim[RLIMIT_RSS].rlim_cur,
				   .exit_signal = sig->exit_signal,
				   .has_execed = sig->has_execed };
	if (!whole) {
		g->min_flt = 0;
		g->maj_flt = 0;
	}
	list_for_each_entry (thread, &sig->threads, thread_link) {
		if (!whole && thread != t)
			continue;
		g->min_flt += thread->mm_ctx.min_flt;
		g->maj_flt += thread->mm_ctx.maj_flt;
	}
	if (sig->tty && proc_tty_hooks.device) {
		dev_k dev = proc_tty_hooks.device(sig->tty);

		g->tty_nr =
			(int)((MINOR(dev) & 0xff) | MAJOR(dev) << 8 | (MINOR(dev) & ~0xffU) << 12);
		g->tpgid = proc_tty_hooks.foreground(sig->tty);
	}
	spin_unlock_irqrestore(&tasklist_lock, flags);
}

static int tracer_pid(const struct task *t)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	int pid = t->ptrace.tracer ? t->ptrace.tracer->pid : 0;

	spin_unlock_irqrestore(&tasklist_lock, flags);
	return pid;
}

static char state_letter(const struct task *t)
{
	if (READ_ONCE(t->ptrace.stopped) && !t->exit_state)
		return 't';
	if (t->exit_state == EXIT_ZOMBIE)
		return 'Z';
	return t->exit_state == EXIT_DEAD ? 'X' : thread_state_letter(&t->thread);
}

static unsigned task_flags(const struct task *t, const struct group_facts *g)
{
	unsigned flags = 0;

	if (t->thread.is_kthread)
		flags |= PF_KTHREAD;
	if (t->exit_state)
		flags |= PF_EXITING;
	if (!g->has_execed && !t->thread.is_kthread)
		flags |= PF_FORKNOEXEC;
	return flags;
}

static unsigned long ticks(uint64_t ns)
{
	return (unsigned long)(ns / NS_PER_TICK);
}

/* Fields 23 to 30: memory. @mm may be NULL: zeroes. */
static void put_memory(struct seq_file *m, const struct mm_struct *mm, const struct group_facts *g,
		       bool inspect)
{
	unsigned long limit = g->rss_limit > ULONG_MAX ? ULONG_MAX : (unsigned long)g->rss_limit;

	if (!mm) {
		seq_printf(m, " 0 0 %lu 0 0 0 0 0", limit);
		return;
	}
	seq_printf(m, " %lu %lu %lu", mm->total_vm << PAGE_SHIFT, mm_rss(mm), limit);
	if (inspect)
		seq_printf(m, " %lu %lu %lu 0 0", mm->start_code, mm->end_code, mm->start_stack);
	else
		seq_puts(m, " 1 1 0 0 0"); /* as Linux hides addresses */
}

/* Fields 45 to 52. */
static void put_layout(struct seq_file *m, const struct mm_struct *mm, const struct task *t,
		       bool inspect)
{
	if (mm && inspect)
		seq_printf(m, " %lu %lu %lu %lu %lu %lu %lu %d\n", mm->start_data, mm->end_data,
			   mm->start_brk, mm->arg_start, mm->arg_end, mm->env_start, mm->env_end,
			   t->exit_code);
	else
		seq_printf(m, " 0 0 0 0 0 0 0 %d\n", inspect ? t->exit_code : 0);
}

static void put_signals(struct seq_file *m, struct task *t)
{
	sigset_k pending, shared, blocked, ignored, caught;

	signal_sets(t, &pending, &shared, &blocked, &ignored, &caught);
	seq_printf(m, " %lu %lu %lu %lu", (unsigned long)(pending & 0x7fffffff),
		   (unsigned long)(blocked & 0x7fffffff), (unsigned long)(ignored & 0x7fffffff),
		   (unsigned long)(caught & 0x7fffffff));
}

static void put_times(struct seq_file *m, struct task *t, const struct group_facts *g, bool whole)
{
	uint64_t utime, stime;
	int nice = t->thread.nice, rt = t->thread.rt_effective;

	if (whole)
		group_times(t, &utime, &stime);
	else
		task_times(t, &utime, &stime);
	seq_printf(m, " %lu %lu %lu %lu %d %d %d 0 %lu", ticks(utime), ticks(stime),
		   ticks(g->cutime_ns), ticks(g->cstime_ns), rt ? -1 - rt : 20 + nice, nice,
		   g->nr_threads, ticks(t->thread.start_ns));
}

int pid_stat_show(struct seq_file *m, struct task *t)
{
	struct mm_struct *mm = task_mm_get(t);
	bool inspect = task_may_inspect(t), whole = !proc_of_thread(m);
	char state = state_letter(t);
	struct group_facts g;

	group_read(t, &g, whole);
	seq_printf(m, "%d (%s) %c %d %d %d %d %d %u %lu %lu %lu %lu", t->pid, t->comm, state,
		   signal_parent_pid(t->signal), g.pgrp, g.session, g.tty_nr, g.tpgid,
		   task_flags(t, &g), g.min_flt, g.cmin_flt, g.maj_flt, g.cmaj_flt);
	put_times(m, t, &g, whole);
	put_memory(m, mm, &g, inspect);
	put_signals(m, t);
	seq_printf(m, " %d 0 0 %d %u %d %d 0 0 0", state == 'S' || state == 'D', g.exit_signal,
		   t->thread.cpu, t->thread.rt_priority, t->thread.policy);
	put_layout(m, mm, t, inspect);
	if (mm)
		mmput(mm);
	return 0;
}

int pid_statm_show(struct seq_file *m, struct task *t)
{
	struct mm_struct *mm = task_mm_get(t);
	unsigned long shared, text;

	if (!mm) {
		seq_puts(m, "0 0 0 0 0 0 0\n");
		return 0;
	}
	shared = (unsigned long)(atomic_long_read(&mm->rss_stat[MM_FILEPAGES]) +
				 atomic_long_read(&mm->rss_stat[MM_SHMEMPAGES]));
	text = (page_align(mm->end_code) - (mm->start_code & PAGE_MASK)) >> PAGE_SHIFT;
	seq_printf(m, "%lu %lu %lu %lu 0 %lu 0\n", mm->total_vm, mm_rss(mm), shared, text,
		   mm->data_vm + mm->stack_vm);
	mmput(mm);
	return 0;
}

/* ---- status ---- */

static const char *state_name(char letter)
{
	static const char *const names[] = { "R (running)", "S (sleeping)",	"D (disk sleep)",
					     "T (stopped)", "t (tracing stop)", "X (dead)",
					     "Z (zombie)",  "I (idle)" };
	unsigned i;

	for (i = 0; i < ARRAY_SIZE(names); i++)
		if (names[i][0] == letter)
			return names[i];
	return "R (running)";
}

static unsigned umask_of(struct task *t)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	unsigned mask = t->fs ? t->fs->umask : 0;

	spin_unlock_irqrestore(&tasklist_lock, flags);
	return mask;
}

static void put_comm(struct seq_file *m, const struct task *t)
{
	const char *p;

	seq_puts(m, "Name:\t");
	for (p = t->comm; *p; p++) {
		if (*p == '\n')
			seq_puts(m, "\\n");
		else if (*p == '\\')
			seq_puts(m, "\\\\");
		else
			seq_putc(m, *p);
	}
	seq_putc(m, '\n');
}

static void put_ids(struct seq_file *m, struct task *t)
{
	struct cred *c = task_cred_get(t);
	unsigned i;

	seq_printf(m, "Uid:\t%u\t%u\t%u\t%u\nGid:\t%u\t%u\t%u\t%u\nFDSize:\t%u\nGroups:\t", c->uid,
		   c->euid, c->suid, c->fsuid, c->gid, c->egid, c->sgid, c->fsgid, task_fd_size(t));
	for (i = 0; c->groups && i < c->groups->nr; i++)
		seq_printf(m, i ? " %u" : "%u", c->groups->id[i]);
	seq_puts(m, " \n");
	cred_put(c);
}

static void put_kb(struct seq_file *m, const char *label, unsigned long kb)
{
	seq_printf(m, "%s:\t%8lu kB\n", label, kb);
}

static void put_mm(struct seq_file *m, struct mm_struct *mm)
{
	unsigned long anon = (unsigned long)atomic_long_read(&mm->rss_stat[MM_ANONPAGES]);
	unsigned long file = (unsigned long)atomic_long_read(&mm->rss_stat[MM_FILEPAGES]);
	unsigned long shmem = (unsigned long)atomic_long_read(&mm->rss_stat[MM_SHMEMPAGES]);
	unsigned long rss = mm_rss(mm), text, lib;
	const unsigned kb = PAGE_SHIFT - 10;

	text = page_align(mm->end_code) - (mm->start_code & PAGE_MASK);
	text = min_of(unsigned long, text, mm->exec_vm << PAGE_SHIFT);
	lib = (mm->exec_vm << PAGE_SHIFT) - text;
	put_kb(m, "VmPeak", max_of(unsigned long, mm->hiwater_vm, mm->total_vm) << kb);
	put_kb(m, "VmSize", mm->total_vm << kb);
	put_kb(m, "VmLck", mm->locked_vm << kb);
	put_kb(m, "VmPin", 0);
	put_kb(m, "VmHWM", max_of(unsigned long, mm->hiwater_rss, rss) << kb);
	put_kb(m, "VmRSS", rss << kb);
	put_kb(m, "RssAnon", anon << kb);
	put_kb(m, "RssFile", file << kb);
	put_kb(m, "RssShmem", shmem << kb);
	put_kb(m, "VmData", mm->data_vm << kb);
	put_kb(m, "VmStk", mm->stack_vm << kb);
	put_kb(m, "VmExe", text >> 10);
	put_kb(m, "VmLib", lib >> 10);
	put_kb(m, "VmPTE", (unsigned long)atomic_long_read(&mm->pgtables_bytes) >> 10);
	put_kb(m, "VmSwap", (unsigned long)atomic_long_read(&mm->rss_stat[MM_SWAPENTS]) << kb);
	put_kb(m, "HugetlbPages",
	       (unsigned long)atomic_long_read(&mm->hugetlb_pages) * (HPAGE_SIZE >> 10));
	seq_printf(m, "CoreDumping:\t0\nTHP_enabled:\t%d\n", !mm->thp_disable);
}

static void put_signal_sets(struct seq_file *m, struct task *t)
{
	sigset_k pending, shared, blocked, ignored, caught;

	signal_sets(t, &pending, &shared, &blocked, &ignored, &caught);
	seq_printf(
		m,
		"SigPnd:\t%016llx\nShdPnd:\t%016llx\nSigBlk:\t%016llx\nSigIgn:\t%016llx\nSigCgt:\t%016llx\n",
		(unsigned long long)pending, (unsigned long long)shared,
		(unsigned long long)blocked, (unsigned long long)ignored,
		(unsigned long long)caught);
}

static void put_caps(struct seq_file *m, struct task *t)
{
	struct cred *c = task_cred_get(t);

	seq_printf(
		m,
		"CapInh:\t%016llx\nCapPrm:\t%016llx\nCapEff:\t%016llx\nCapBnd:\t%016llx\nCapAmb:\t%016llx\n",
		(unsigned long long)c->cap_inheritable, (unsigned long long)c->cap_permitted,
		(unsigned long long)c->cap_effective, (unsigned long long)c->cap_bounding,
		(unsigned long long)c->cap_ambient);
	cred_put(c);
}

static void put_placement(struct seq_file *m, const struct task *t)
{
	unsigned long cpus =
		t->thread.cpus_allowed & (nr_cpus < sizeof(long) * 8 ? (1UL << nr_cpus) - 1 : ~0UL);
	unsigned long nodes = node_states(N_MEMORY);

	seq_puts(m, "Cpus_allowed:\t");
	seq_bit_map(m, cpus, nr_cpus);
	seq_puts(m, "Cpus_allowed_list:\t");
	seq_bit_list(m, cpus);
	seq_puts(m, "Mems_allowed:\t"); /* as wide as Debian's kernels print it */
	seq_bit_map(m, nodes, CFG_NUMA ? 1024 : 1);
	seq_puts(m, "Mems_allowed_list:\t");
	seq_bit_list(m, nodes);
	seq_printf(m, "voluntary_ctxt_switches:\t%lu\nnonvoluntary_ctxt_switches:\t%lu\n",
		   t->thread.nvcsw, t->thread.nivcsw);
}

static void put_queue(struct seq_file *m, struct task *t, int nr_threads)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	uint64_t limit = t->signal->rlim[RLIMIT_SIGPENDING].rlim_cur;
	unsigned queued = user_account_signals(t->account);

	spin_unlock_irqrestore(&tasklist_lock, flags);
	seq_printf(m, "Threads:\t%d\nSigQ:\t%u/%lu\n", nr_threads, queued, (unsigned long)limit);
}

int pid_status_show(struct seq_file *m, struct task *t)
{
	struct mm_struct *mm = task_mm_get(t);
	struct group_facts g;

	group_read(t, &g, true);
	put_comm(m, t);
	seq_printf(
		m,
		"Umask:\t%04o\nState:\t%s\nTgid:\t%d\nNgid:\t0\nPid:\t%d\nPPid:\t%d\nTracerPid:\t%d\n",
		umask_of(t), state_name(state_letter(t)), t->tgid, t->pid,
		signal_parent_pid(t->signal), tracer_pid(t));
	put_ids(m, t);
	seq_printf(m, "NStgid:\t%d\nNSpid:\t%d\nNSpgid:\t%d\nNSsid:\t%d\n", t->tgid, t->pid, g.pgrp,
		   g.session);
	if (mm) {
		put_mm(m, mm);
		mmput(mm);
	}
	put_queue(m, t, g.nr_threads);
	put_signal_sets(m, t);
	put_caps(m, t);
	seq_printf(m, "NoNewPrivs:\t%d\nSeccomp:\t%d\nSeccomp_filters:\t%u\n", t->no_new_privs,
		   t->seccomp.mode, t->seccomp.nr_filters);
	seq_puts(m,
		 "Speculation_Store_Bypass:\tunknown\nSpeculationIndirectBranch:\tunsupported\n");
	put_placement(m, t);
	return 0;
}

/* ---- limits ---- */

static void put_limit(struct seq_file *m, uint64_t v)
{
	if (v == RLIM64_INFINITY)
		seq_printf(m, "%-20s ", "unlimited");
	else
		seq_printf(m, "%-20llu ", (unsigned long long)v);
}

int pid_limits_show(struct seq_file *m, struct task *t)
{
	static const struct {
		const char *name, *unit;
	} rows[RLIM_NLIMITS] = {
		[RLIMIT_CPU] = { "Max cpu time", "seconds" },
		[RLIMIT_FSIZE] = { "Max file size", "bytes" },
		[RLIMIT_DATA] = { "Max data size", "bytes" },
		[RLIMIT_STACK] = { "Max stack size", "bytes" },
		[RLIMIT_CORE] = { "Max core file size", "bytes" },
		[RLIMIT_RSS] = { "Max resident set", "bytes" },
		[RLIMIT_NPROC] = { "Max processes", "processes" },
		[RLIMIT_NOFILE] = { "Max open files", "files" },
		[RLIMIT_MEMLOCK] = { "Max locked memory", "bytes" },
		[RLIMIT_AS] = { "Max address space", "bytes" },
		[RLIMIT_LOCKS] = { "Max file locks", "locks" },
		[RLIMIT_SIGPENDING] = { "Max pending signals", "signals" },
		[RLIMIT_MSGQUEUE] = { "Max msgqueue size", "bytes" },
		[RLIMIT_NICE] = { "Max nice priority", NULL },
		[RLIMIT_RTPRIO] = { "Max realtime priority", NULL },
		[RLIMIT_RTTIME] = { "Max realtime timeout", "us" },
	};
	struct rlimit64 rlim[RLIM_NLIMITS];
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	unsigned i;

	for (i = 0; i < RLIM_NLIMITS; i++)
		rlim[i] = t->signal->rlim[i];
	spin_unlock_irqrestore(&tasklist_lock, flags);
	seq_printf(m, "%-25s %-20s %-20s %-10s\n", "Limit", "Soft Limit", "Hard Limit", "Units");
	for (i = 0; i < RLIM_NLIMITS; i++) {
		seq_printf(m, "%-25s ", rows[i].name);
		put_limit(m, rlim[i].rlim_cur);
		put_limit(m, rlim[i].rlim_max);
		if (rows[i].unit)
			seq_printf(m, "%-10s", rows[i].unit);
		seq_putc(m, '\n');
	}
	return 0;
}
