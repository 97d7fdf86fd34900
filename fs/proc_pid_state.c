/*
 * /proc/PID: what a thread is doing, and what it had of the processors: stack, syscall, wchan, sched, schedstat; and
 * /proc/schedstat.
 *
 * OWNS     nothing.
 * WHY      who looks for a program that hangs asks in which call it waits, and where in the kernel. Only of a thread that
 *          sleeps can that be said: its run queue stays locked while its stack is read.
 *          sched has the lines of Linux that are counted here; there is no load tracking, so its averages are left out.
 *          /proc/schedstat: fields 1 to 6 of a line, which Linux counts only with sched_schedstats set, are 0, as without.
 * LOCKS    the thread's run queue, inside thread_asleep_do.   CONTEXT  tasks; may sleep.
 * SOURCES  proc(5); ptrace(2) "Ptrace access mode checking"; Linux Documentation/scheduler/sched-stats.rst.
 * TESTED BY proc_more.c
 */
#include "proc_impl.h"

#include "arch/machine.h"
#include "base/errno.h"
#include "kernel/task.h"
#include "kernel/time.h"
#include "sync/percpu.h"

enum { MAX_STACK = 32, SYMBOL_TEXT = 96, SYSCALL_ARGS = 6 };
enum { PRIO_DEFAULT = 120, PRIO_RT_BASE = 99, SCHEDSTAT_VERSION = 15 };

/* ---- where it waits ---- */

struct trace {
	unsigned long ip[MAX_STACK];
	unsigned nr, first; /* of the entries; the first that is not the scheduler's */
};

static void trace_sleeper(struct thread *t, void *arg)
{
	struct trace *trace = arg;
	struct stack_place at = arch_thread_place(&t->arch);

	trace->nr = backtrace_save(&at, trace->ip, MAX_STACK);
	for (unsigned i = 0; i < trace->nr; i++) {
		if (trace->ip[i] == (unsigned long)t->wait_address)
			trace->first = i;
	}
}

int pid_stack_show(struct seq_file *m, struct task *t)
{
	struct trace trace = { .nr = 0 };
	char text[SYMBOL_TEXT];

	if (!capable(CAP_SYS_ADMIN))
		return -EACCES;
	if (!task_may_ptrace(t, false))
		return -EPERM;
	if (t == current_task())
		trace.nr = backtrace_save(&STACK_PLACE((unsigned long)pid_stack_show), trace.ip,
					  MAX_STACK);
	else
		(void)thread_asleep_do(&t->thread, trace_sleeper, &trace);
	for (unsigned i = trace.first; i < trace.nr; i++) {
		symbol_format(trace.ip[i], text, sizeof(text));
		seq_printf(m, "[<0>] %s\n", text);
	}
	return 0;
}

static void copy_regs(struct thread *t, void *arg)
{
	*(struct pt_regs *)arg = *thread_regs(&t->arch);
}

static void put_syscall(struct seq_file *m, const struct pt_regs *r)
{
	seq_printf(m, "%ld", (long)r->orig_ax);
	for (unsigned i = 0; i < SYSCALL_ARGS && (long)r->orig_ax >= 0; i++)
		seq_printf(m, " 0x%lx", regs_syscall_arg(r, i));
	seq_printf(m, " 0x%lx 0x%lx\n", r->sp, r->ip);
}

int pid_syscall_show(struct seq_file *m, struct task *t)
{
	struct pt_regs regs;

	if (!task_may_ptrace(t, true))
		return -EPERM;
	if (t == current_task())
		regs = *current_regs();
	else if (t->exit_state || !thread_asleep_do(&t->thread, copy_regs, &regs)) {
		seq_puts(m, "running\n");
		return 0;
	}
	if (t->thread.is_kthread)
		regs = (struct pt_regs){ .orig_ax = (unsigned long)-1 };
	put_syscall(m, &regs);
	return 0;
}

int pid_wchan_show(struct seq_file *m, struct task *t)
{
	seq_puts(m, task_may_inspect(t) ? thread_wchan(&t->thread) : "0");
	return 0;
}

/* ---- what it had of the processors ---- */

int pid_schedstat_show(struct seq_file *m, struct task *t)
{
	seq_printf(m, "%llu %llu %lu\n", (unsigned long long)thread_exec_ns(&t->thread),
		   (unsigned long long)t->thread.run_delay_ns, t->thread.nvcsw + t->thread.nivcsw);
	return 0;
}

static void put_ns(struct seq_file *m, const char *name, uint64_t ns)
{
	seq_printf(m, "%-45s:%14llu.%06u\n", name, (unsigned long long)(ns / NSEC_PER_MSEC),
		   (unsigned)(ns % NSEC_PER_MSEC));
}

static void put_number(struct seq_file *m, const char *name, unsigned long long n)
{
	seq_printf(m, "%-45s:%21llu\n", name, n);
}

int pid_sched_show(struct seq_file *m, struct task *t)
{
	const struct thread *th = &t->thread;
	uint64_t exec = thread_exec_ns(&t->thread), before = clock_ns();

	seq_printf(m, "%s (%d, #threads: %d)\n", t->comm, t->pid, t->signal->nr_threads);
	seq_puts(m, "-------------------------------------------------------------------\n");
	put_ns(m, "se.exec_start", th->exec_start_ns);
	put_ns(m, "se.sum_exec_runtime", exec);
	put_number(m, "se.nr_migrations", th->nr_migrations);
	put_number(m, "nr_switches", th->nvcsw + th->nivcsw);
	put_number(m, "nr_voluntary_switches", th->nvcsw);
	put_number(m, "nr_involuntary_switches", th->nivcsw);
	put_number(m, "se.load.weight",
		   (unsigned long long)th->weight << (sizeof(long) == 8 ? 10 : 0));
	put_number(m, "policy", (unsigned)th->policy);
	put_number(m, "prio",
		   (unsigned)(th->rt_effective ? PRIO_RT_BASE - th->rt_effective
					       : PRIO_DEFAULT + th->nice));
	put_number(m, "clock-delta", clock_ns() - before);
	return 0;
}

static int schedstat_show(struct seq_file *m)
{
	struct cpu_sched_stat s;
	unsigned cpu;

	seq_printf(m, "version %d\ntimestamp %llu\n", SCHEDSTAT_VERSION,
		   (unsigned long long)(clock_ns() / (NSEC_PER_SEC / CFG_HZ)));
	for_each_online_cpu (cpu) {
		sched_cpu_stat(cpu, &s);
		seq_printf(m, "cpu%u 0 0 0 0 0 0 %llu %llu %llu\n", cpu,
			   (unsigned long long)s.run_ns, (unsigned long long)s.delay_ns,
			   (unsigned long long)s.switches);
	}
	return 0;
}

void proc_schedstat_init(void)
{
	static struct proc_entry entry = { .show = schedstat_show };

	boot_need(proc_register("schedstat", 0444, &entry), "/proc/", "schedstat");
}
