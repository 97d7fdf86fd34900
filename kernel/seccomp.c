/*
 * seccomp(2): what a thread may call.
 *
 * OWNS     task->seccomp and task->no_new_privs; struct seccomp_filter, which points to the older one that it came after.
 * WHY      filters are never changed or taken away, and a child has its parent's: so they are a tree that grows from the
 *          leaves to the root, shared by reference, and a thread has one pointer into it.
 * I1       a mode that is on stays on; a thread's filter is only ever replaced by one that has it as an ancestor.
 * I2       a filter's program has passed bpf_check.
 * I3       a thread whose mode is on has its calls watched (arch/ptrace.h): nobody else pays for the question.
 * LOCKS    tasklist_lock for the mode and filter of a thread, also its own; the thread itself reads without: what it reads is
 *          an ancestor of what another has just put there, and is kept by that (I1).
 * COST     a call: all filters of the thread, newest first.
 * CONTEXT  the thread itself, in a system call.
 * SOURCES  seccomp(2), ptrace(2) PTRACE_EVENT_SECCOMP.   TESTED BY  tests/guest/proc_seccomp.c
 */
#include "kernel/seccomp.h"

#include "arch/abi.h"
#include "arch/ptrace.h"
#include "base/errno.h"
#include "kernel/imports.h"
#include "kernel/task_impl.h"
#include "lib/bpf.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "sync/klog.h"
#include "sync/percpu.h"

struct seccomp_filter {
	atomic_t refs;		      /* threads and younger filters */
	struct seccomp_filter *older; /* i; referenced */
	unsigned total; /* i: instructions of this and all older ones, and OVERHEAD for each */
	bool log;	/* i */
	uint16_t nr;	/* i */
	struct bpf_insn insns[];
};

enum { TOTAL_MAX = 32768, OVERHEAD = 4, ERRNO_MAX = 4095, SYS_SECCOMP = 1 };
#define ACTION(verdict) ((verdict)&0xffff0000U)
#define DATA(verdict)	((verdict)&0xffffU)

/* What filters see: struct seccomp_data. */
struct seccomp_data {
	int nr;
	uint32_t arch;
	uint64_t ip, args[6];
};
enum { DATA_WORDS = sizeof(struct seccomp_data) / 4 };
_Static_assert(DATA_WORDS == 16, "seccomp_data");

/* ---- filters ---- */

static void filter_put(struct seccomp_filter *f)
{
	while (f && atomic_dec_and_test(&f->refs)) {
		struct seccomp_filter *older = f->older;

		kfree(f);
		f = older;
	}
}

void seccomp_free(struct task *t)
{
	filter_put(t->seccomp.filter);
}

static bool is_ancestor(const struct seccomp_filter *old, const struct seccomp_filter *f)
{
	while (f && f != old)
		f = f->older;
	return f == old;
}

/* Actions from the strictest on are ordered as signed numbers are. */
static uint32_t run_filters(const struct seccomp_filter *f, const struct seccomp_data *d, bool *log)
{
	uint32_t verdict = SECCOMP_RET_ALLOW;

	for (; f; f = f->older) {
		const uint32_t v = bpf_run(f->insns, (const uint32_t *)d, DATA_WORDS);

		if ((int32_t)ACTION(v) < (int32_t)ACTION(verdict)) {
			verdict = v;
			*log = f->log;
		}
	}
	return verdict;
}

static void fill_data(struct seccomp_data *d, const struct pt_regs *regs, int nr)
{
	d->nr = nr;
	d->arch = arch_call_abi();
	d->ip = regs->ip;
	for (unsigned n = 0; n < 6; n++)
		d->args[n] = regs_syscall_arg(regs, n);
}

/* ---- what comes of a verdict ---- */

static void tell(int nr, int sig, uint32_t verdict, const struct pt_regs *regs)
{
	const struct task *me = current_task();

	pr_info("audit: type=1326 uid=%u gid=%u pid=%d comm=\"%s\" sig=%d arch=%x syscall=%d compat=%d ip=0x%lx code=0x%x",
		me->cred->uid, me->cred->gid, me->pid, me->comm, sig, arch_call_abi(), nr,
		abi_narrow(), regs->ip, ACTION(verdict));
}

static void send_sigsys(struct pt_regs *regs, int nr, uint32_t verdict, bool fatal)
{
	struct siginfo_k info = { .si_signo = SIGSYS,
				  .si_errno = (int)DATA(verdict),
				  .si_code = SYS_SECCOMP,
				  .call_addr = regs->ip,
				  .call_nr = nr,
				  .call_arch = arch_call_abi() };

	regs->ax = regs->orig_ax; /* as if the call had never been entered */
	signal_force_info(&info, fatal);
}

static void kill_caller(struct pt_regs *regs, int nr, uint32_t verdict)
{
	tell(nr, SIGSYS, verdict, regs);
	if (ACTION(verdict) == SECCOMP_RET_KILL_THREAD &&
	    READ_ONCE(current_task()->signal->nr_live) > 1)
		do_exit(SIGSYS);
	send_sigsys(regs, nr, verdict, true);
}

static bool filter_call(struct pt_regs *regs, int nr)
{
	struct task *me = current_task();
	struct seccomp_data d;
	uint32_t verdict;
	bool log, asked = false;

again:
	log = false;
	fill_data(&d, regs, nr);
	verdict = run_filters(READ_ONCE(me->seccomp.filter), &d, &log);
	switch (ACTION(verdict)) {
	case SECCOMP_RET_LOG:
		tell(nr, 0, verdict, regs);
		return true;
	case SECCOMP_RET_ALLOW:
		return true;
	case SECCOMP_RET_ERRNO:
		regs->ax = -(unsigned long)min_of(uint32_t, DATA(verdict), ERRNO_MAX);
		break;
	case SECCOMP_RET_TRAP:
		send_sigsys(regs, nr, verdict, false);
		break;
	case SECCOMP_RET_TRACE:
		if (asked)
			return true; /* the tracer has decided */
		regs->ax = (unsigned long)-ENOSYS;
		if (!ptrace_wants(PTRACE_EVENT_SECCOMP))
			break;
		ptrace_event(PTRACE_EVENT_SECCOMP, DATA(verdict));
		nr = (int)regs->orig_ax;
		if (me->mm_ctx.fatal_signal || nr < 0)
			return false;
		asked = true;
		goto again;
	default:
		kill_caller(regs, nr, verdict);
		return false;
	}
	if (log)
		tell(nr, 0, verdict, regs);
	return false;
}

bool seccomp_call(struct pt_regs *regs, int nr)
{
	if (current_task()->seccomp.mode == SECCOMP_FILTER)
		return filter_call(regs, nr);
	if (arch_call_is_basic(nr))
		return true;
	tell(nr, SIGKILL, 0, regs);
	do_exit(SIGKILL);
}

/* ---- switching it on ---- */

/* tasklist_lock held. */
static void switch_on(struct task *t, int mode)
{
	t->seccomp.mode = mode;
	arch_filter_calls(&t->thread.arch);
}

int seccomp_set_strict(void)
{
	struct task *me = current_task();
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	bool ok = me->seccomp.mode != SECCOMP_FILTER;

	if (ok)
		switch_on(me, SECCOMP_STRICT);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	if (!ok)
		return -EINVAL;
	arch_set_tsc(false); /* not even the time */
	arch_trace_refresh();
	return 0;
}

/* A thread of the caller's process that has filters of its own, or none that SECCOMP_FLAG_TSYNC could give it: its number; 0. */
static int find_stranger(struct task *me)
{
	struct task *t;

	list_for_each_entry (t, &me->signal->threads, thread_link) {
		if (t == me || t->exiting || t->seccomp.mode == SECCOMP_DISABLED)
			continue;
		if (t->seccomp.mode == SECCOMP_STRICT ||
		    !is_ancestor(t->seccomp.filter, me->seccomp.filter))
			return t->pid;
	}
	return 0;
}

/* The new filter @f, whose reference it takes, is @t's. */
static void give(struct task *t, struct seccomp_filter *f, unsigned nr)
{
	struct seccomp_filter *was = t->seccomp.filter;

	t->seccomp.nr_filters = nr;
	WRITE_ONCE(t->seccomp.filter, f);
	switch_on(t, SECCOMP_FILTER);
	if (was) /* not the last: @f has it as an ancestor */
		atomic_dec(&was->refs);
}

/* tasklist_lock held. */
static void give_all(struct task *me)
{
	struct task *t;

	list_for_each_entry (t, &me->signal->threads, thread_link) {
		if (t == me || t->exiting)
			continue;
		atomic_inc(&me->seccomp.filter->refs);
		give(t, me->seccomp.filter, me->seccomp.nr_filters);
		if (me->no_new_privs) /* what let the caller add it */
			t->no_new_privs = true;
	}
}

/* tasklist_lock held. On success the reference to @f is the thread's. */
static int add_locked(struct task *me, struct seccomp_filter *f, unsigned flags)
{
	struct seccomp_filter *older = me->seccomp.filter;
	int stranger;

	if (me->seccomp.mode == SECCOMP_STRICT)
		return -EINVAL;
	f->total = (unsigned)f->nr + (older ? older->total + OVERHEAD : 0);
	if (f->total > TOTAL_MAX)
		return -ENOMEM;
	stranger = flags & SECCOMP_FLAG_TSYNC ? find_stranger(me) : 0;
	if (stranger)
		return flags & SECCOMP_FLAG_TSYNC_ESRCH ? -ESRCH : stranger;
	f->older = older;
	if (older)
		atomic_inc(&older->refs);
	give(me, f, me->seccomp.nr_filters + 1);
	if (flags & SECCOMP_FLAG_TSYNC)
		give_all(me);
	return 0;
}

static struct seccomp_filter *filter_new(const struct bpf_insn *insns, unsigned nr)
{
	const size_t size = nr * sizeof(*insns);
	struct seccomp_filter *f;

	f = failpoint("seccomp") ? NULL : kmalloc(sizeof(*f) + size, GFP_KERNEL);
	if (!f)
		return NULL;
	*f = (struct seccomp_filter){ .refs = { 1 }, .nr = (uint16_t)nr };
	memcpy(f->insns, insns, size);
	return f;
}

static int check(const struct bpf_insn *insns, unsigned nr)
{
	uint16_t *scratch = kmalloc(nr * sizeof(*scratch), GFP_KERNEL);
	bool ok;

	if (!scratch)
		return -ENOMEM;
	ok = bpf_check(insns, nr, DATA_WORDS, scratch);
	kfree(scratch);
	return ok ? 0 : -EINVAL;
}

/* Those that run now have their new filters at their next call. */
static void filter_running(void)
{
	unsigned cpu;

	arch_filter_fence();
	for_each_online_cpu (cpu)
		arch_filter_cpu(cpu);
}

int seccomp_add_filter(const struct bpf_insn *insns, unsigned nr, unsigned flags)
{
	struct task *me = current_task();
	struct seccomp_filter *f;
	irqflags_t irq;
	int err;

	if (!nr || nr > BPF_INSNS_MAX)
		return -EINVAL;
	if (!me->no_new_privs && !capable(CAP_SYS_ADMIN))
		return -EACCES;
	err = check(insns, nr);
	if (err)
		return err;
	f = filter_new(insns, nr);
	if (!f)
		return -ENOMEM;
	f->log = flags & SECCOMP_FLAG_LOG;
	irq = spin_lock_irqsave(&tasklist_lock);
	err = add_locked(me, f, flags);
	spin_unlock_irqrestore(&tasklist_lock, irq);
	if (err)
		kfree(f);
	else if (flags & SECCOMP_FLAG_TSYNC)
		filter_running();
	else
		arch_trace_refresh();
	return err;
}

void seccomp_no_new_privs(void)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);

	current_task()->no_new_privs = true;
	spin_unlock_irqrestore(&tasklist_lock, flags);
}

void seccomp_fork(struct task *c)
{
	const struct task *me = current_task();

	c->no_new_privs = me->no_new_privs;
	if (likely(me->seccomp.mode == SECCOMP_DISABLED))
		return;
	c->seccomp = me->seccomp;
	if (c->seccomp.filter)
		atomic_inc(&c->seccomp.filter->refs);
	arch_filter_calls(&c->thread.arch);
}

bool seccomp_knows(uint32_t action)
{
	switch (action) {
	case SECCOMP_RET_KILL_PROCESS:
	case SECCOMP_RET_KILL_THREAD:
	case SECCOMP_RET_TRAP:
	case SECCOMP_RET_ERRNO:
	case SECCOMP_RET_TRACE:
	case SECCOMP_RET_LOG:
	case SECCOMP_RET_ALLOW:
		return true;
	default:
		return false;
	}
}
