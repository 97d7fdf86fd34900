/*
 * Sending signals.
 *
 * OWNS     the way of a signal from its sender into a pending set, and the wake-up of who takes it.
 * WHY      a fatal default action ends the whole group at the moment of sending, so that no thread of it, asleep or
 *          computing, delays the end; every other signal is acted on by the receiving thread (signal_deliver.c).
 * I1       a signal that the group ignores and nobody blocks is dropped at once (and so SIGCHLD ignored costs nothing).
 * I2       SIGCONT and the stop signals delete each other from the pending sets at sending.
 * I3       WORK_SIGNAL of a thread is set whenever it has something deliverable; it may be set in vain, never missing.
 * I4       group_exit: every thread that is not ending, or began it itself, has SIGKILL pending and fatal_signal set.
 * I5       init (unkillable) is never sent a signal that it has no handler for.
 * LOCKS    tasklist_lock, then sighand->lock; the parent is told after the child's sighand->lock is dropped.
 * CONTEXT  any, interrupts included.
 * SOURCES  signal(7), kill(2), "Signal mask and pending signals", credentials(7).
 */
#include "kernel/signal.h"
#include "arch/sigframe.h"
#include "base/errno.h"
#include "kernel/sigqueue.h"
#include "kernel/task_impl.h"
#include "lib/string.h"
#include "sync/klog.h"

#define STOP_SIGNALS (sigmask(SIGSTOP) | sigmask(SIGTSTP) | sigmask(SIGTTIN) | sigmask(SIGTTOU))
#define IGNORED_BY_DEFAULT                                                                         \
	(sigmask(SIGCONT) | sigmask(SIGCHLD) | sigmask(SIGWINCH) | sigmask(SIGURG))
#define DUMPS_CORE                                                                                 \
	(sigmask(SIGQUIT) | sigmask(SIGILL) | sigmask(SIGTRAP) | sigmask(SIGABRT) |                \
	 sigmask(SIGFPE) | sigmask(SIGSEGV) | sigmask(SIGBUS) | sigmask(SIGSYS) |                  \
	 sigmask(SIGXCPU) | sigmask(SIGXFSZ))

/* Is @sig in @set, a constant set of signals below 33? */
static inline bool low_has(sigset_k set, int sig)
{
	return sig <= 32 && (uint32_t)set >> (sig - 1) & 1;
}

bool signal_is_default_ignored(int sig)
{
	return low_has(IGNORED_BY_DEFAULT, sig);
}

bool signal_dumps_core(int sig)
{
	return low_has(DUMPS_CORE, sig);
}

bool signal_is_stop(int sig)
{
	return low_has(STOP_SIGNALS, sig);
}

static uaddr_t handler_of(const struct task *t, int sig)
{
	return t->sighand->action[sig - 1].handler;
}

static bool is_ignored(const struct task *t, int sig)
{
	uaddr_t handler = handler_of(t, sig);

	if (likely(handler > SIG_IGN))
		return false;
	if ((t->blocked | t->wait_set) & sigmask(sig) && sig != SIGKILL)
		return false;
	if (unlikely(t->ptrace.tracer) && sig != SIGKILL)
		return false; /* the tracer may want to know */
	if (handler == SIG_DFL && t->signal->unkillable)
		return true;
	return handler == SIG_IGN || (handler == SIG_DFL && signal_is_default_ignored(sig));
}

static void wake_for_signal(struct task *t, bool fatal)
{
	sched_work_set(&t->thread, WORK_SIGNAL);
	if (t == current_task() && !fatal)
		return; /* it runs, here: it sees its work before it can sleep or leave */
	sched_signal_wake(&t->thread, fatal);
}

/* ---- job control at sending ---- */

static void continue_group(struct task *t)
{
	struct signal_struct *sig = t->signal;
	struct task *each;

	sigpending_remove(&sig->shared_pending, STOP_SIGNALS);
	list_for_each_entry (each, &sig->threads, thread_link) {
		sigpending_remove(&each->pending, STOP_SIGNALS);
		each->stop_work &= ~(unsigned)(STOP_COUNTED | STOP_REJOIN);
		if (!each->ptrace.stopped)
			sched_continue(&each->thread);
		if (unlikely(each->ptrace.tracer))
			ptrace_continued(each);
	}
	sig->continue_count++;
	if (sig->stopped) {
		sig->continued = true;
		sig->notify_code = CLD_CONTINUED;
	}
	sig->stopped = false;
	sig->stopping = false;
	sig->stop_left = 0;
}

static void forget_continue(struct task *t)
{
	struct signal_struct *sig = t->signal;
	struct task *each;

	sigpending_remove(&sig->shared_pending, sigmask(SIGCONT));
	list_for_each_entry (each, &sig->threads, thread_link)
		sigpending_remove(&each->pending, sigmask(SIGCONT));
}

/* ---- the end of a group ---- */

void signal_kill_thread_locked(struct task *t)
{
	if (t->exiting)
		return;
	t->pending.set |= sigmask(SIGKILL);
	t->mm_ctx.fatal_signal = true;
	wake_for_signal(t, true);
}

void signal_begin_group_exit_locked(struct signal_struct *sig, int status,
				    const struct task *except)
{
	struct task *t;

	sig->group_exit = true;
	sig->exit_code = status;
	sig->stopping = false;
	sig->stopped = false;
	list_for_each_entry (t, &sig->threads, thread_link)
		if (t != except)
			signal_kill_thread_locked(t);
}

/* ---- choosing the thread ---- */

/* A stopped process keeps all but SIGKILL pending until it continues. */
static bool takes(const struct task *t, int sig)
{
	if (t->exiting)
		return false;
	if (sig == SIGKILL)
		return true;
	return !READ_ONCE(t->thread.stop_wanted) &&
	       (!sigset_has(&t->blocked, sig) || sigset_has(&t->wait_set, sig));
}

static struct task *choose_thread(struct task *t, int sig, bool group)
{
	struct task *each;

	if (takes(t, sig))
		return t;
	if (group)
		list_for_each_entry (each, &t->signal->threads, thread_link)
			if (takes(each, sig))
				return each;
	return NULL;
}

static bool ends_group_at_once(const struct task *t, int sig)
{
	if (sig == SIGKILL)
		return true;
	return handler_of(t, sig) == SIG_DFL && !((t->blocked | t->wait_set) & sigmask(sig)) &&
	       !low_has(IGNORED_BY_DEFAULT | STOP_SIGNALS | DUMPS_CORE, sig) && !t->ptrace.tracer;
}

static void hand_over(struct task *t, int sig, bool group)
{
	struct task *to = choose_thread(t, sig, group);

	if (!to)
		return;
	if (ends_group_at_once(to, sig)) {
		if (!to->signal->group_exit)
			signal_begin_group_exit_locked(to->signal, sig, NULL);
		return;
	}
	wake_for_signal(to, false);
}

void signal_retarget_locked(struct task *t, sigset_k set)
{
	struct task *each;

	if (!(set & t->signal->shared_pending.set))
		return;
	list_for_each_entry (each, &t->signal->threads, thread_link)
		if (each != t && !each->exiting &&
		    set & t->signal->shared_pending.set & ~each->blocked)
			wake_for_signal(each, false);
}

enum { SEND_DROPPED = 1 }; /* ignored, or nobody is there to take it */
enum { SEND_GROUP = 1, SEND_TIMER = 2 };

static int send_locked(struct task *t, int sig, const struct siginfo_k *info, unsigned how)
{
	bool group = how & SEND_GROUP;
	struct sigpending *p = group ? &t->signal->shared_pending : &t->pending;
	int err;

	if (t->signal->nr_live == 0 || (!group && t->exiting))
		return SEND_DROPPED;
	if (sig == SIGCONT && !t->signal->group_exit)
		continue_group(t);
	else if (signal_is_stop(sig))
		forget_continue(t);
	if (is_ignored(t, sig))
		return SEND_DROPPED;
	err = sigpending_add(p, t, sig, info, how & SEND_TIMER);
	if (err)
		return err;
	if (waitq_active(&t->sighand->signalfd_wait))
		waitq_wake_all(&t->sighand->signalfd_wait);
	hand_over(t, sig, group);
	return 0;
}

static int send_and_tell(struct task *t, int sig, const struct siginfo_k *info, unsigned how)
{
	struct signal_struct *s = t->signal;
	int err, notify;

	spin_lock(&t->sighand->lock);
	err = send_locked(t, sig, info, how);
	notify = s->notify_code;
	s->notify_code = 0;
	spin_unlock(&t->sighand->lock);
	if (notify)
		signal_notify_parent(s->leader, notify, SIGCONT);
	return err;
}

int signal_send_task_locked(struct task *t, int sig, const struct siginfo_k *info, bool group)
{
	int err = send_and_tell(t, sig, info, group ? SEND_GROUP : 0);

	return err == SEND_DROPPED ? 0 : err;
}

int signal_send_timer_locked(struct task *t, int sig, const struct siginfo_k *info, bool group)
{
	return send_and_tell(t, sig, info, SEND_TIMER | (group ? SEND_GROUP : 0));
}

/* ---- public senders ---- */

static int send(struct task *t, int sig, const struct siginfo_k *info, bool group)
{
	irqflags_t flags;
	int err;

	if (sig < 0 || sig > NSIG)
		return -EINVAL;
	if (!sig)
		return 0;
	flags = spin_lock_irqsave(&tasklist_lock);
	err = signal_send_task_locked(t, sig, info, group);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return err;
}

int signal_send_thread(struct task *t, int sig, const struct siginfo_k *info)
{
	return send(t, sig, info, false);
}

int signal_send_group(struct task *t, int sig, const struct siginfo_k *info)
{
	return send(t, sig, info, true);
}

void signal_kill_group(struct task *t)
{
	(void)send(t, SIGKILL, NULL, true);
}

int signal_send_pgrp_locked(int pgrp, int sig, const struct siginfo_k *info)
{
	struct pid *p = pid_find(pgrp);
	struct signal_struct *s;

	if (!p || list_empty(&p->groups))
		return -ESRCH;
	list_for_each_entry (s, &p->groups, pgrp_link)
		if (sig)
			(void)signal_send_task_locked(s->leader, sig, info, true);
	return 0;
}

int signal_send_pgrp(int pgrp, int sig, const struct siginfo_k *info)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	int err = signal_send_pgrp_locked(pgrp, sig, info);

	spin_unlock_irqrestore(&tasklist_lock, flags);
	return err;
}

/* ---- kill(2) ---- */

static bool may_kill(const struct task *t, int sig)
{
	const struct cred *c = current_task()->cred, *o = t->cred;

	if (c == o || c->euid == o->suid || c->euid == o->uid || c->uid == o->suid ||
	    c->uid == o->uid)
		return true;
	return (sig == SIGCONT && current_task()->signal->session == t->signal->session) ||
	       capable(CAP_KILL);
}

static long kill_one(struct task *t, int sig, const struct siginfo_k *info)
{
	if (!may_kill(t, sig))
		return -EPERM;
	return sig ? signal_send_task_locked(t, sig, info, true) : 0;
}

/* The results of several: success if one succeeded, else permission, else nobody there. */
static void combine(long *total, long one)
{
	if (*total == -ESRCH || !one)
		*total = one;
}

static long kill_pgrp(int pgrp, int sig, const struct siginfo_k *info)
{
	struct pid *p = pid_find(pgrp);
	struct signal_struct *s;
	long ret = -ESRCH;

	if (!p)
		return -ESRCH;
	list_for_each_entry (s, &p->groups, pgrp_link)
		combine(&ret, kill_one(s->leader, sig, info));
	return ret;
}

/* All but init and the caller. */
static long kill_all(int sig, const struct siginfo_k *info)
{
	struct task *t;
	long ret = -ESRCH;
	int nr;

	for (nr = 2; (t = pid_next_task(&nr)); nr++)
		if (t == t->signal->leader && t->signal != current_task()->signal &&
		    !t->thread.is_kthread)
			combine(&ret, kill_one(t, sig, info));
	return ret;
}

static long kill_pid(int pid, int sig, const struct siginfo_k *info)
{
	struct pid *p = pid_find(pid);

	return p && p->task ? kill_one(p->task->signal->leader, sig, info) : -ESRCH;
}

long signal_kill(int pid, int sig, const struct siginfo_k *info)
{
	irqflags_t flags;
	long ret;

	if (sig < 0 || sig > NSIG)
		return -EINVAL;
	if (pid == INT_MIN)
		return -ESRCH;
	flags = spin_lock_irqsave(&tasklist_lock);
	if (pid > 0)
		ret = kill_pid(pid, sig, info);
	else if (pid == -1)
		ret = kill_all(sig, info);
	else
		ret = kill_pgrp(pid ? -pid : current_task()->signal->pgrp, sig, info);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return ret;
}

/* ---- faults ---- */

void signal_force_info(const struct siginfo_k *info, bool fatal)
{
	struct task *t = current_task();
	const int sig = info->si_signo;
	struct k_sigaction *a = &t->sighand->action[sig - 1];
	irqflags_t flags = spin_lock_irqsave(&t->sighand->lock);

	if (fatal || t->blocked & sigmask(sig) || a->handler == SIG_IGN) {
		a->handler = SIG_DFL;
		t->blocked &= ~sigmask(sig);
	}
	if (a->handler == SIG_DFL)
		t->signal->unkillable = false;
	sigpending_force(&t->pending, t, info);
	sched_work_set(&t->thread, WORK_SIGNAL);
	spin_unlock_irqrestore(&t->sighand->lock, flags);
}

void signal_force(int sig, int code, uaddr_t addr)
{
	struct siginfo_k info;

	memset(&info, 0, SIGINFO_KEPT);
	info.si_signo = sig;
	info.si_code = code;
	info.addr = addr;
	if (sig == SIGBUS && code == BUS_MCEERR_AR) {
		const struct task *t = current_task();

		pr_err("MCE: Killing %s:%d due to hardware memory corruption fault at %lx", t->comm,
		       t->pid, (unsigned long)addr);
		info.addr_lsb = PAGE_SHIFT;
	}
	signal_force_info(&info, false);
}
