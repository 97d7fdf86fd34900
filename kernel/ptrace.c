/*
 * ptrace(2): stops of the traced thread, and what the tracer does with it.
 *
 * OWNS     struct ptrace in each task; signal->tracees, the threads that a process's threads trace.
 *
 *	runs --ptrace_stop--> stopped, the tracer is told --wait--> reported --resume, detach, SIGKILL--> runs
 *
 * WHY      a stopped thread sleeps as a job-control stop does (sched_stop_current), but only its tracer or a SIGKILL ends it:
 *          SIGCONT passes over it. What a tracer reads and writes are the registers the thread left on its stack, so it
 *          first waits until the thread has left its CPU.
 * CALLS    a thread whose calls are watched has a limit of 0 for call numbers (arch/ptrace.h): each call takes the slow
 *          path into ptrace_call_enter, and nobody else pays for the question.
 * I1       tracer and link change with tasklist_lock and the traced thread's sighand->lock held.
 * I2       a thread that is not stopped has info NULL.
 * I3       WORK_PTRACE is set whenever a stop has ended: the frame may have been changed, so the way back reads all of it.
 * LOCKS    tasklist_lock, sighand->lock.   CONTEXT  tasks.
 * NOT HERE requests and their arguments (sys/sys_ptrace.c), registers (arch), waiting (wait.c), signals (signal_deliver.c).
 * SOURCES  ptrace(2), wait(2).   TESTED BY  tests/guest/trace_basic.c, trace_stops.c
 */
#include "kernel/ptrace.h"

#include "arch/ptrace.h"
#include "base/errno.h"
#include "kernel/sigqueue.h"
#include "kernel/task_impl.h"
#include "lib/string.h"

enum { MESSAGE_CALL_ENTRY = 1, MESSAGE_CALL_EXIT };

static irqflags_t lock_both(struct task *t) no_lock_analysis
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);

	spin_lock(&t->sighand->lock);
	return flags;
}

static void unlock_both(struct task *t, irqflags_t flags) no_lock_analysis
{
	spin_unlock(&t->sighand->lock);
	spin_unlock_irqrestore(&tasklist_lock, flags);
}

/* ---- stopping ---- */

static void notify_tracer(struct task *t, int why, int status)
{
	struct task *tracer = t->ptrace.tracer;

	signal_notify_of(tracer, t, t->pid, why, status & 0x7f);
}

/* Return: stopped; false: there is no tracer any more, or a SIGKILL. */
static bool begin_stop(struct task *me, int code, int why, struct siginfo_k *info) no_lock_analysis
{
	struct ptrace *p = &me->ptrace;
	irqflags_t flags = lock_both(me);
	bool ok = p->tracer && !me->mm_ctx.fatal_signal;

	if (ok) {
		p->stopped = true;
		p->reported = p->listening = false;
		p->code = code;
		p->info = info;
		p->resume_sig = 0;
		sched_stop_prepare();
	}
	spin_unlock(&me->sighand->lock);
	if (ok)
		notify_tracer(me, why, code);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return ok;
}

int ptrace_stop(int code, int why, struct siginfo_k *info)
{
	struct task *me = current_task();
	struct ptrace *p = &me->ptrace;
	irqflags_t flags;
	int sig;

	if (!begin_stop(me, code, why, info))
		return PTRACE_NO_STOP;
	sched_stop_current();
	flags = spin_lock_irqsave(&me->sighand->lock);
	p->stopped = p->listening = false;
	p->info = NULL;
	sig = p->resume_sig;
	p->resume_sig = 0;
	signal_recalc(me); /* what came meanwhile woke nobody */
	spin_unlock_irqrestore(&me->sighand->lock, flags);
	sched_work_set(&me->thread, WORK_PTRACE);
	arch_trace_refresh();
	return sig;
}

/* A stop that is no signal's: SIGTRAP (or @sig) of the thread's own making. */
static int notify_stop(int sig, int code, int why)
{
	struct task *me = current_task();
	struct siginfo_k info;

	memset(&info, 0, sizeof(info));
	info.si_signo = sig;
	info.si_code = code;
	info.pid = me->pid;
	info.uid = me->cred->uid;
	return ptrace_stop(code, why, &info);
}

bool ptrace_wants(int event)
{
	const struct ptrace *p = &current_task()->ptrace;

	return READ_ONCE(p->tracer) && p->options >> event & 1;
}

void ptrace_event(int event, unsigned long message)
{
	struct ptrace *p = &current_task()->ptrace;

	if (!ptrace_wants(event))
		return;
	p->in_call = true;
	p->message = message;
	(void)notify_stop(SIGTRAP, SIGTRAP | event << 8, CLD_TRAPPED);
}

void ptrace_exec(int old_tid)
{
	struct task *me = current_task();

	arch_trace_exec(&me->thread.arch);
	if (likely(!READ_ONCE(me->ptrace.tracer)))
		return;
	if (ptrace_wants(PTRACE_EVENT_EXEC))
		ptrace_event(PTRACE_EVENT_EXEC, (unsigned long)old_tid);
	else if (!me->ptrace.seized)
		(void)signal_send_thread(me, SIGTRAP, &(struct siginfo_k){ .si_signo = SIGTRAP });
}

void ptrace_trap(void)
{
	struct task *me = current_task();
	struct signal_struct *s = me->signal;
	irqflags_t flags = spin_lock_irqsave(&me->sighand->lock);
	bool seized = me->ptrace.seized, in_group_stop = s->stopped || s->stopping;
	int sig = in_group_stop || !seized ? s->stop_code : SIGTRAP;

	me->stop_work &= ~(unsigned)STOP_TRAP;
	signal_recalc(me);
	spin_unlock_irqrestore(&me->sighand->lock, flags);
	if (seized)
		(void)notify_stop(sig, sig | PTRACE_EVENT_STOP << 8, CLD_STOPPED);
	else
		(void)ptrace_stop(sig, CLD_STOPPED, NULL);
}

/* ---- system calls ---- */

static void report_call(struct ptrace *p, unsigned long message)
{
	int code = SIGTRAP | (p->options & PTRACE_O_SYSGOOD ? 0x80 : 0), sig;

	p->message = message;
	sig = notify_stop(SIGTRAP, code, CLD_TRAPPED);
	if (sig > 0)
		(void)signal_send_thread(current_task(), sig, NULL);
}

long ptrace_call_enter(struct pt_regs *regs)
{
	struct task *me = current_task();
	struct ptrace *p = &me->ptrace;

	if (READ_ONCE(p->tracer)) {
		p->in_call = true;
		sched_work_set(&me->thread, WORK_PTRACE);
		if (p->syscall)
			report_call(p, MESSAGE_CALL_ENTRY);
	} else if (me->seccomp.mode == SECCOMP_DISABLED) {
		arch_trace_refresh(); /* set free while it ran */
	}
	if (me->mm_ctx.fatal_signal)
		return -1;
	if (me->seccomp.mode != SECCOMP_DISABLED && !seccomp_call(regs, (int)regs->orig_ax))
		return -1;
	return (int)regs->orig_ax;
}

void ptrace_exit_work(struct pt_regs *regs)
{
	struct ptrace *p = &current_task()->ptrace;

	sched_work_clear(WORK_PTRACE);
	if (!p->in_call)
		return;
	p->in_call = false;
	if (!READ_ONCE(p->tracer))
		return;
	if (p->syscall)
		report_call(p, MESSAGE_CALL_EXIT);
	else if (p->step)
		signal_force(SIGTRAP, TRAP_BRKPT, regs->ip);
}

/* ---- single steps ---- */

static void set_step(struct task *t, bool on)
{
	struct pt_regs *regs = thread_regs(&t->thread.arch);
	struct ptrace *p = &t->ptrace;

	p->step = on;
	if (on && !arch_trap_flag(regs)) {
		arch_set_trap_flag(regs, true);
		p->forced_tf = true;
	} else if (!on && p->forced_tf) {
		arch_set_trap_flag(regs, false);
		p->forced_tf = false;
	}
}

bool ptrace_step_suspend(struct pt_regs *regs)
{
	struct task *me = current_task();

	if (!me->ptrace.step)
		return false;
	set_step(me, false);
	return true;
}

void ptrace_handler_entered(void)
{
	(void)notify_stop(SIGTRAP, SIGTRAP, CLD_TRAPPED);
}

/* How the stopped @t goes on. */
static void set_mode(struct task *t, enum ptrace_mode mode)
{
	t->ptrace.syscall = mode == PTRACE_MODE_SYSCALL;
	set_step(t, mode == PTRACE_MODE_STEP);
	arch_trace_calls(&t->thread.arch, mode != PTRACE_MODE_CONT);
}

/* ---- families ---- */

/* Both locks held. */
static void trace_link(struct task *t, struct task *tracer, bool seize, unsigned options)
{
	t->ptrace.capable = tracer->cred->cap_effective >> CAP_SYS_PTRACE & 1;
	t->ptrace.tracer = tracer;
	t->ptrace.seized = seize;
	t->ptrace.options = options;
	list_add_tail(&t->ptrace.link, &tracer->signal->tracees);
}

void ptrace_unlink_locked(struct task *t)
{
	list_del_init(&t->ptrace.link);
	t->ptrace.tracer = NULL;
}

/* Both locks held: nobody traces @t from now on; it goes on, or joins the stop of its group. */
static void set_free(struct task *t, int sig)
{
	struct signal_struct *s = t->signal;
	struct ptrace *p = &t->ptrace;

	ptrace_unlink_locked(t);
	p->seized = p->syscall = false;
	p->options = 0;
	t->stop_work &= ~(unsigned)STOP_TRAP;
	if (!t->exiting && (s->stopped || s->stopping))
		t->stop_work |= STOP_REJOIN;
	if (t->stop_work)
		sched_work_set(&t->thread, WORK_SIGNAL);
	arch_trace_calls(&t->thread.arch, false);
	if (!p->stopped)
		return;
	set_step(t, false);
	p->resume_sig = sig;
	p->stopped = false;
	sched_continue(&t->thread);
}

void ptrace_exit_tracer(struct task *me)
{
	struct task *t, *tmp;

	list_for_each_entry_safe (t, tmp, &me->signal->tracees, ptrace.link) {
		bool kill = t->ptrace.options & PTRACE_O_EXITKILL;

		if (t->ptrace.tracer != me)
			continue;
		spin_lock(&t->sighand->lock);
		set_free(t, 0);
		spin_unlock(&t->sighand->lock);
		if (kill)
			(void)signal_send_task_locked(t, SIGKILL, NULL, true);
		if (t->exit_state == EXIT_ZOMBIE)
			exit_untraced(t);
	}
}

void ptrace_notify_exit(struct task *t)
{
	int code, status = task_wait_status(t, &code);

	signal_notify_of(t->ptrace.tracer, t, t->pid, code,
			 code == CLD_EXITED ? status >> 8 & 0xff : status & 0x7f);
}

/* sighand->lock held. */
static void wake_to_trap(struct task *t)
{
	t->stop_work |= STOP_TRAP;
	sched_work_set(&t->thread, WORK_SIGNAL);
	if (t->ptrace.listening) {
		t->ptrace.stopped = t->ptrace.listening = false;
		sched_continue(&t->thread);
	} else {
		sched_signal_wake(&t->thread, false);
	}
}

void ptrace_continued(struct task *t)
{
	if (t->ptrace.seized)
		wake_to_trap(t);
}

void ptrace_clone_regs(struct task *child)
{
	if (current_task()->ptrace.forced_tf)
		arch_set_trap_flag(thread_regs(&child->thread.arch), false);
}

int ptrace_clone_event(bool vfork, int exit_signal)
{
	int event = vfork		     ? PTRACE_EVENT_VFORK
		    : exit_signal != SIGCHLD ? PTRACE_EVENT_CLONE
					     : PTRACE_EVENT_FORK;

	return ptrace_wants(event) ? event : 0;
}

void ptrace_inherit(struct task *child)
{
	struct ptrace *p = &current_task()->ptrace;
	irqflags_t flags = lock_both(child);

	if (p->tracer && !child->ptrace.tracer) {
		trace_link(child, p->tracer, p->seized, p->options);
		if (p->seized)
			child->stop_work |= STOP_TRAP;
		else
			child->pending.set |= sigmask(SIGSTOP);
		sched_work_set(&child->thread, WORK_SIGNAL);
	}
	unlock_both(child, flags);
}

/* ---- beginning ---- */

/* The thread of the parent that made the caller, if it is still there, else its leader. */
static struct task *maker(const struct task *me)
{
	struct task *parent = me->signal->parent;
	struct pid *p = pid_find(me->signal->maker_tid);

	return p && p->task && p->task->signal == parent->signal ? p->task : parent;
}

int ptrace_traceme(void)
{
	struct task *me = current_task();
	irqflags_t flags = lock_both(me);
	int err = -EPERM;

	if (!me->ptrace.tracer && me->signal->parent) {
		trace_link(me, maker(me), false, 0);
		err = 0;
	}
	unlock_both(me, flags);
	return err;
}

/* A thread that job control has stopped becomes one that its tracer has. Both locks held. Return: it was one. */
static bool take_over_stop(struct task *t)
{
	if (!READ_ONCE(t->thread.stop_wanted))
		return false;
	t->stop_work |= STOP_TRAP;
	sched_work_set(&t->thread, WORK_SIGNAL);
	sched_continue(&t->thread);
	return true;
}

/* signal->raising: how many are at it, and above that how often it was done. */
enum { RAISED = 1 << 16 };

static struct waitq rights_let = WAITQ_INIT(rights_let);

static bool is_raising(const struct task *t)
{
	return atomic_read(&t->signal->raising) % RAISED != 0;
}

bool ptrace_rights_hold(void)
{
	struct task *me = current_task();
	irqflags_t flags;
	bool may;

	atomic_inc(
		&me->signal
			 ->raising); /* before the look: an attach comes before it, and is seen, or waits */
	flags = lock_both(me);
	may = !me->ptrace.tracer || me->ptrace.capable;
	unlock_both(me, flags);
	return may;
}

void ptrace_rights_let(void)
{
	(void)atomic_add_return(&current_task()->signal->raising, RAISED - 1);
	waitq_wake_all(&rights_let);
}

/* lock_both, at a moment when no execve of the process raises rights, and the caller may trace it. 0, -EPERM, -EINTR. */
static int lock_to_attach(struct task *t, irqflags_t *flags) no_lock_analysis
{
	for (;;) {
		int seen = atomic_read(&t->signal->raising);

		if (!task_may_ptrace(t, true))
			return -EPERM;
		*flags = lock_both(t);
		if (seen % RAISED == 0 && atomic_read(&t->signal->raising) == seen)
			return 0;
		unlock_both(t, *flags);
		if (wait_event_interruptible(&rights_let, !is_raising(t)))
			return -EINTR;
	}
}

static bool attach_is_done(const struct task *t)
{
	return READ_ONCE(t->ptrace.stopped) || READ_ONCE(t->exiting) ||
	       READ_ONCE(t->ptrace.tracer) != current_task();
}

int ptrace_attach(struct task *t, bool seize, unsigned options) no_lock_analysis
{
	irqflags_t flags;
	bool ok, was_stopped = false;
	int err;

	if (t->thread.is_kthread || t->signal == current_task()->signal)
		return -EPERM;
	err = lock_to_attach(t, &flags);
	if (err)
		return err;
	ok = !t->ptrace.tracer && !t->exiting && !t->exit_state && t->pid_entry;
	if (ok) {
		trace_link(t, current_task(), seize, options);
		was_stopped = take_over_stop(t);
	}
	spin_unlock(&t->sighand->lock);
	if (ok && !seize)
		(void)signal_send_task_locked(t, SIGSTOP, NULL, false);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	if (ok &&
	    was_stopped) /* it only changes who has it stopped: that is over when the call returns */
		(void)wait_event_killable(&current_task()->signal->wait_child, attach_is_done(t));
	return ok ? 0 : -EPERM;
}

/* ---- the tracer's requests ---- */

int ptrace_check(struct task *t, bool any)
{
	const struct ptrace *p = &t->ptrace;
	irqflags_t flags = lock_both(t);
	bool ok = p->tracer == current_task() && (any || (p->stopped && !p->listening));

	unlock_both(t, flags);
	if (!ok)
		return -ESRCH;
	if (!any)
		sched_wait_gone(&t->thread);
	return 0;
}

void ptrace_resume(struct task *t, enum ptrace_mode mode, int sig)
{
	irqflags_t flags = spin_lock_irqsave(&t->sighand->lock);

	if (t->ptrace.stopped) { /* not killed meanwhile */
		set_mode(t, mode);
		t->ptrace.resume_sig = sig;
		t->ptrace.stopped = false;
		sched_continue(&t->thread);
	}
	spin_unlock_irqrestore(&t->sighand->lock, flags);
}

void ptrace_detach(struct task *t, int sig)
{
	irqflags_t flags = lock_both(t);

	if (t->ptrace.tracer == current_task())
		set_free(t, sig);
	unlock_both(t, flags);
}

int ptrace_interrupt(struct task *t)
{
	irqflags_t flags = spin_lock_irqsave(&t->sighand->lock);
	int err = t->ptrace.seized ? 0 : -EIO;

	if (!err && !t->exiting)
		wake_to_trap(t);
	spin_unlock_irqrestore(&t->sighand->lock, flags);
	return err;
}

int ptrace_listen(struct task *t)
{
	irqflags_t flags = spin_lock_irqsave(&t->sighand->lock);
	struct ptrace *p = &t->ptrace;
	int err = -EIO;

	if (p->seized && p->stopped && p->info && p->info->si_code >> 8 == PTRACE_EVENT_STOP) {
		p->listening = true;
		err = 0;
		if (t->stop_work & STOP_TRAP) { /* something has happened since */
			p->stopped = p->listening = false;
			sched_continue(&t->thread);
		}
	}
	spin_unlock_irqrestore(&t->sighand->lock, flags);
	return err;
}

int ptrace_siginfo(struct task *t, struct siginfo_k *info, bool set)
{
	irqflags_t flags = spin_lock_irqsave(&t->sighand->lock);
	struct ptrace *p = &t->ptrace;
	int err = !p->stopped ? -ESRCH : p->info ? 0 : -EINVAL;

	if (!err && set)
		*p->info = *info;
	else if (!err)
		*info = *p->info;
	spin_unlock_irqrestore(&t->sighand->lock, flags);
	return err;
}

bool ptrace_peek_signal(struct task *t, bool shared, uint64_t n, struct siginfo_k *info)
{
	struct sigpending *p = shared ? &t->signal->shared_pending : &t->pending;
	irqflags_t flags = spin_lock_irqsave(&t->sighand->lock);
	struct sigqueue *q;
	bool found = false;

	memset(info, 0, sizeof(*info));
	list_for_each_entry (q, &p->queue, link) {
		if (n--)
			continue;
		memcpy(info, q->bytes, SIGINFO_KEPT);
		found = true;
		break;
	}
	spin_unlock_irqrestore(&t->sighand->lock, flags);
	return found;
}

void ptrace_set_blocked(struct task *t, uint64_t mask)
{
	irqflags_t flags = spin_lock_irqsave(&t->sighand->lock);

	t->blocked = mask & ~(sigmask(SIGKILL) | sigmask(SIGSTOP));
	sched_work_set(&t->thread, WORK_SIGNAL); /* it looks for itself */
	spin_unlock_irqrestore(&t->sighand->lock, flags);
}
