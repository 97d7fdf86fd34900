/*
 * Acting on signals: on the way to user mode a thread stops, ends, or enters a handler.
 *
 * OWNS     the end of a system call that a signal interrupted: it is restarted, or returns EINTR.
 * WHY      everything a signal does to a thread is done by the thread itself at this one place, with no lock held.
 * I1       a system call's result is looked at for restart codes once: orig_ax becomes -1.
 * I2       a temporary mask (sigsuspend, ppoll) ends here: into the handler's frame, or at once if no handler runs.
 * I3       WORK_SIGNAL is clear while a handler's frame is built, whatever else pended when it was taken; setting the
 *          handler's mask afterwards, or the SIGSEGV of a frame that cannot be built, ends that. If nothing else pended the
 *          mask is set when the signal is taken, and a frame that cannot be built takes it back.
 * LOCKS    tasklist_lock, sighand->lock for taking a signal and for job-control stops; none while frames are built.
 * CONTEXT  a user thread about to return to user mode, interrupts on; may sleep.
 * SOURCES  signal(7) "Interruption of system calls and library functions by signal handlers", sigaction(2).
 */
#include "arch/abi.h"
#include "arch/sigframe.h"
#include "base/errno.h"
#include "kernel/imports.h"
#include "kernel/sigqueue.h"
#include "kernel/task_impl.h"
#include "lib/string.h"

/* One signal to be handled. */
struct delivery {
	int sig;
	bool is_last; /* nothing else pended when it was taken: block is blocked already */
	sigset_k blocked, block; /* before the handler; while it runs, too */
	struct k_sigaction action;
	struct sigframe_req
		req; /* its info is filled when the signal is taken, the rest if a handler runs */
};

static struct siginfo_k *info_of(struct delivery *d)
{
	return (struct siginfo_k *)(void *)d->req.info;
}

/* ---- job control ---- */

/* The first thread of the group to stop makes all others stop too. Both locks held. */
static void begin_stop(struct task *me, int sig)
{
	struct signal_struct *s = me->signal;
	struct task *t;

	s->stop_code = sig;
	s->stopping = true;
	s->stop_left = 0;
	list_for_each_entry (t, &s->threads, thread_link) {
		if (t->exiting)
			continue;
		t->stop_work |= STOP_COUNTED;
		s->stop_left++;
		if (t == me)
			continue;
		sched_work_set(&t->thread, WORK_SIGNAL);
		sched_signal_wake(&t->thread, false);
	}
}

void signal_stop_counted(struct task *me)
{
	struct signal_struct *s = me->signal;

	if (!(me->stop_work & STOP_COUNTED))
		return;
	me->stop_work &= ~(unsigned)STOP_COUNTED;
	if (--s->stop_left > 0 || !s->stopping)
		return;
	s->stopping = false;
	s->stopped = true;
	s->stop_reported = false;
	s->continued = false;
	s->notify_code = CLD_STOPPED;
}

/* @sig: the stop signal taken when continue_count was @count; 0: another thread began. */
static void stop_here(int sig, unsigned count)
{
	struct task *me = current_task();
	struct signal_struct *s = me->signal;
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	int notify;

	if (sig && sig != SIGSTOP && pgrp_orphaned_without(s->pgrp, NULL)) {
		spin_unlock_irqrestore(&tasklist_lock, flags); /* nobody could continue it */
		return;
	}
	spin_lock(&me->sighand->lock);
	if (sig && !s->stopping && !s->group_exit && s->continue_count == count)
		begin_stop(me, sig);
	if (me->stop_work && me->ptrace.tracer)
		me->stop_work |=
			STOP_TRAP; /* it stops for its tracer, which is told that the group has */
	else if (me->stop_work & STOP_COUNTED || s->stopped || s->stopping)
		sched_stop_prepare();
	me->stop_work &= ~(unsigned)STOP_REJOIN;
	signal_stop_counted(me);
	notify = s->notify_code;
	s->notify_code = 0;
	spin_unlock(&me->sighand->lock);
	if (notify)
		signal_notify_parent(s->leader, notify, s->stop_code);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	sched_stop_current();
}

/* ---- taking signals ---- */

enum verdict { TAKE_NEXT, RUN_HANDLER, STOP, END };

/* What to do about the signal just taken. sighand->lock held. */
static enum verdict judge(struct task *t, struct delivery *d)
{
	struct k_sigaction *a = &t->sighand->action[d->sig - 1];

	d->action = *a;
	if (d->sig == SIGKILL)
		return END;
	if (a->handler == SIG_IGN)
		return TAKE_NEXT;
	if (a->handler != SIG_DFL) {
		if (a->flags & SA_RESETHAND)
			a->handler = SIG_DFL;
		return RUN_HANDLER;
	}
	if (signal_is_default_ignored(d->sig) || t->signal->unkillable)
		return TAKE_NEXT;
	return signal_is_stop(d->sig) ? STOP : END;
}

/* The group ends, or another thread's execve ends this thread. sighand->lock held. */
static bool must_end(const struct task *t)
{
	const struct signal_struct *s = t->signal;

	return s->group_exit || (s->exec_task && s->exec_task != t);
}

/* The signal has a handler: what is blocked while that runs. sighand->lock held. */
static inline void prepare_handler(struct task *t, struct delivery *d)
{
	d->blocked = t->blocked;
	d->block = d->action.mask;
	if (!(d->action.flags & SA_NODEFER))
		sigset_add(&d->block, d->sig);
	d->is_last = !(t->pending.set | t->signal->shared_pending.set);
	if (likely(d->is_last))
		t->blocked |= d->block;
	sched_work_clear(WORK_SIGNAL);
}

/*
 * The next signal, which may have a handler. sighand->lock held. If nothing else pends, its mask is set at once: then the
 * work that is left ends with the frame.
 */
static enum verdict take_next(struct task *t, struct delivery *d)
{
	struct sigpending *p = &t->pending;
	enum verdict v;

	d->sig = signal_first(p->set & ~t->blocked);
	if (!d->sig) {
		p = &t->signal->shared_pending;
		d->sig = signal_first(p->set & ~t->blocked);
	}
	if (!d->sig)
		return TAKE_NEXT;
	v = judge(t, d);
	if (unlikely(v == END))
		memset(info_of(d), 0, sizeof(*info_of(d)));
	sigpending_take(p, d->sig, v == END || d->action.flags & SA_SIGINFO ? info_of(d) : NULL);
	if (v == RUN_HANDLER)
		prepare_handler(t, d);
	return v;
}

/*
 * The next signal of a traced thread: its tracer sees it first, and may change or drop it. sighand->lock held, dropped
 * meanwhile.
 */
static noinline_ enum verdict take_traced(struct task *t, struct delivery *d,
					  irqflags_t *flags) no_lock_analysis
{
	struct siginfo_k *info = info_of(d);
	enum verdict v;
	int sig;

	memset(info, 0, sizeof(*info));
	d->sig = signal_dequeue_locked(t, t->blocked, info);
	if (d->sig && d->sig != SIGKILL) {
		spin_unlock_irqrestore(&t->sighand->lock, *flags);
		sig = ptrace_stop(d->sig, CLD_TRAPPED, info);
		*flags = spin_lock_irqsave(&t->sighand->lock);
		if (!sig)
			return TAKE_NEXT;
		if (sig != PTRACE_NO_STOP && sig != d->sig) {
			*info = (struct siginfo_k){ .si_signo = sig,
						    .pid = signal_parent_pid(t->signal) };
			d->sig = sig;
		}
		if (sigset_has(&t->blocked, d->sig)) { /* it waits until it is not */
			if (sigpending_add(&t->pending, t, d->sig, info, false))
				t->pending.set |= sigmask(d->sig);
			return TAKE_NEXT;
		}
	}
	if (!d->sig)
		return TAKE_NEXT;
	v = judge(t, d);
	if (v == RUN_HANDLER)
		prepare_handler(t, d);
	return v;
}
/* A signal's default action ends the process, perhaps with a core file; then the status says so. */
static noreturn_ void end_by(struct delivery *d)
{
	if (signal_dumps_core(d->sig))
		core_dump(info_of(d), d->sig);
	do_exit(group_exit_begin(d->sig));
}

/* Take signals until one has a handler. Return: false when none is left. Does not return if one ends the process. */
static bool take_signal(struct delivery *d)
{
	struct task *t = current_task();
	irqflags_t flags;

	for (;;) {
		enum verdict v = TAKE_NEXT;
		bool ends = false, stop_here_too = false, trap = false;
		unsigned count;

		flags = spin_lock_irqsave(&t->sighand->lock);
		count = t->signal->continue_count;
		d->sig = 0;
		if (unlikely(signal_must_look(t))) {
			ends = must_end(t);
			trap = !ends && t->stop_work == STOP_TRAP;
			stop_here_too = !ends && !trap;
		} else if (unlikely(t->ptrace.tracer)) {
			v = take_traced(t, d, &flags);
		} else {
			v = take_next(t, d);
		}
		if (v != RUN_HANDLER)
			signal_recalc(t);
		spin_unlock_irqrestore(&t->sighand->lock, flags);
		if (likely(v == RUN_HANDLER))
			return true;
		if (ends)
			do_exit(t->signal->group_exit ? t->signal->exit_code : 0);
		if (v == END)
			end_by(d);
		if (trap)
			ptrace_trap();
		else if (v == STOP || stop_here_too)
			stop_here(v == STOP ? d->sig : 0, count);
		else if (!d->sig)
			return false;
	}
}

/* ---- restarting system calls ---- */

static void restart(struct pt_regs *regs, unsigned long nr)
{
	regs->ax = nr;
	regs->ip -= 2; /* `syscall`, `int 0x80`: both two bytes */
}

/* At the end of a call. @action NULL: no handler runs. */
static void finish_syscall(struct pt_regs *regs, const struct k_sigaction *action)
{
	const unsigned long nr = regs->orig_ax;

	switch (-(long)regs->ax) {
	case ERESTART_RESTARTBLOCK:
		if (action)
			regs->ax = (unsigned long)-EINTR;
		else
			restart(regs, abi_sys_restart(abi_narrow()));
		break;
	case ERESTARTNOHAND:
		if (action)
			regs->ax = (unsigned long)-EINTR;
		else
			restart(regs, nr);
		break;
	case ERESTARTSYS:
		if (action && !(action->flags & SA_RESTART))
			regs->ax = (unsigned long)-EINTR;
		else
			restart(regs, nr);
		break;
	case ERESTARTNOINTR:
		restart(regs, nr);
		break;
	default:
		break;
	}
	regs->orig_ax = (unsigned long)-1;
}

/* ---- handlers ---- */

static bool uses_altstack(const struct task *t, const struct k_sigaction *a, uaddr_t sp)
{
	const struct sigaltstack_k *s = &t->altstack;

	if (!(a->flags & SA_ONSTACK) || s->ss_flags & SS_DISABLE || !s->ss_size)
		return false;
	if ((unsigned)s->ss_flags & SS_AUTODISARM)
		return true;
	return sp - s->ss_sp > s->ss_size || sp == s->ss_sp;
}

static void fill_request(struct delivery *d, const struct task *t, uaddr_t sp)
{
	const struct k_sigaction *a = &d->action;
	struct sigframe_req *req = &d->req;

	req->sig = d->sig;
	req->siginfo = a->flags & SA_SIGINFO;
	req->switch_stack = uses_altstack(t, a, sp);
	req->handler = a->handler;
	req->restorer = a->flags & SA_RESTORER ? a->restorer : 0;
	req->mask = t->restore_mask ? t->saved_mask : d->blocked;
	req->altstack.sp = t->altstack.ss_sp;
	req->altstack.size = t->altstack.ss_size;
	req->altstack.flags = t->altstack.ss_flags;
}

/* @trap: the program was stopped somewhere in its own code. */
static void run_handler(struct pt_regs *regs, struct delivery *d, bool trap)
{
	struct task *t = current_task();

	if (unlikely(t->rseq.addr) && trap)
		rseq_signal(regs);
	fill_request(d, t, regs->sp);
	if (unlikely(sigframe_push(regs, &d->req))) {
		signal_set_blocked(d->blocked);
		if (d->sig == SIGSEGV)
			signal_reset_action(SIGSEGV); /* its own handler cannot be entered */
		signal_force(SIGSEGV, SI_KERNEL, 0);
		return;
	}
	if (unlikely(t->restore_mask)) {
		t->restore_mask = false;
		sched_work_clear(WORK_RESTORE_MASK);
	}
	if (d->req.switch_stack && (unsigned)t->altstack.ss_flags & SS_AUTODISARM)
		t->altstack = (struct sigaltstack_k){ .ss_flags = SS_DISABLE };
	if (unlikely(!d->is_last))
		signal_block_more(d->block);
}

void signal_deliver(struct pt_regs *regs)
{
	struct task *t = current_task();
	struct delivery d;

	if (take_signal(&d)) {
		bool stepping = unlikely(t->ptrace.step) && ptrace_step_suspend(regs);
		const bool trap = (long)regs->orig_ax < 0;

		if (!trap)
			finish_syscall(regs, &d.action);
		run_handler(regs, &d, trap);
		if (unlikely(stepping))
			ptrace_handler_entered();
		return;
	}
	if ((long)regs->orig_ax >= 0)
		finish_syscall(regs, NULL);
	if (t->restore_mask) {
		t->restore_mask = false;
		sched_work_clear(WORK_RESTORE_MASK);
		signal_set_blocked(t->saved_mask);
	}
}
