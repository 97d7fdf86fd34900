/*
 * Parents and children: telling the parent, and waiting.
 *
 * OWNS     the passage of a zombie to its parent.
 * I1       a group is waited for when its leader is a zombie and no other thread of it is left.
 * I2       what a child has used is added to its parent's c-fields exactly once, when it is reaped by a wait.
 * LOCKS    tasklist_lock; a child's sighand->lock for its stop state.
 * COST     a wait for one pid: O(1); for any child: O(children).
 * SOURCES  wait4(2), waitid(2), sigaction(2) SA_NOCLDWAIT and SA_NOCLDSTOP, clone(2) __WCLONE.
 */
#include "base/errno.h"
#include "kernel/core.h"
#include "kernel/task_impl.h"

#define WAIT_NOTHREAD 0x20000000U
#define WAIT_WALL     0x40000000U
#define WAIT_WCLONE   0x80000000U

int task_wait_status(const struct task *t, int *code)
{
	const struct signal_struct *s = t->signal;
	int status = s->group_exit ? s->exit_code : t->exit_code;

	*code = !(status & 0x7f) ? CLD_EXITED : status & STATUS_CORE ? CLD_DUMPED : CLD_KILLED;
	return status;
}

/* ---- telling the parent ---- */

static void fill_child_info(struct siginfo_k *info, const struct task *t, int code, int status)
{
	uint64_t utime, stime;

	*info = (struct siginfo_k){ .si_signo = SIGCHLD, .si_code = code };
	group_times_locked(t->signal, &utime, &stime);
	info->pid = t->tgid;
	info->uid = t->cred->uid;
	info->status = status;
	info->utime = (long)(utime / (NSEC_PER_SEC / CFG_HZ));
	info->stime = (long)(stime / (NSEC_PER_SEC / CFG_HZ));
}

void signal_notify_of(struct task *to, struct task *t, int pid, int code, int status)
{
	struct siginfo_k info;

	if (code == CLD_EXITED || code == CLD_KILLED || code == CLD_DUMPED ||
	    !(to->sighand->action[SIGCHLD - 1].flags & SA_NOCLDSTOP)) {
		fill_child_info(&info, t, code, status);
		info.pid = pid;
		(void)signal_send_task_locked(to, SIGCHLD, &info, true);
	}
	waitq_wake_all(&to->signal->wait_child);
}

void signal_notify_parent(struct task *t, int code, int status)
{
	struct task *parent = t->signal->parent;

	if (parent)
		signal_notify_of(parent, t, t->tgid, code, status);
}

bool signal_notify_exit(struct task *t)
{
	struct signal_struct *s = t->signal;
	struct task *parent = s->parent;
	const struct k_sigaction *a;
	struct siginfo_k info;
	bool reap;
	int code, status = task_wait_status(t, &code);

	if (unlikely(t->ptrace.tracer) && (!parent || t->ptrace.tracer->signal != parent->signal)) {
		ptrace_notify_exit(t); /* the parent comes after it */
		return false;
	}
	if (!parent)
		return true;
	a = &parent->sighand->action[SIGCHLD - 1];
	reap = s->exit_signal == SIGCHLD && (a->handler == SIG_IGN || a->flags & SA_NOCLDWAIT);
	if (s->exit_signal && !(reap && a->handler == SIG_IGN)) {
		fill_child_info(&info, t, code,
				code == CLD_EXITED ? status >> 8 & 0xff : status & 0x7f);
		info.si_signo = s->exit_signal;
		(void)signal_send_task_locked(parent, s->exit_signal, &info, true);
	}
	waitq_wake_all(&parent->signal->wait_child);
	return reap;
}

/* ---- waiting ---- */

struct wait_ctx {
	int which;
	const struct signal_struct *group; /* this one only, whatever which says; NULL */
	unsigned options;
	struct wait_result *out;
	struct task *reaped; /* to be put after the lock is dropped */
	bool has_children;   /* some child could be waited for, now or later */
};

static bool matches(const struct wait_ctx *w, const struct signal_struct *s)
{
	bool is_clone = s->exit_signal != SIGCHLD;

	if (w->group && w->group != s)
		return false;
	if (w->which > 0 && s->leader->pid != w->which)
		return false;
	if (w->which == 0 && s->pgrp != current_task()->signal->pgrp)
		return false;
	if (w->which < -1 && s->pgrp != -w->which)
		return false;
	return w->options & WAIT_WALL || is_clone == !!(w->options & WAIT_WCLONE);
}

static void add_child_usage(struct signal_struct *me, const struct signal_struct *s)
{
	unsigned long rss = max_of(unsigned long, s->maxrss, s->cmaxrss);

	me->cutime_ns += s->utime_ns + s->cutime_ns;
	me->cstime_ns += s->stime_ns + s->cstime_ns;
	me->cmin_flt += s->min_flt + s->cmin_flt;
	me->cmaj_flt += s->maj_flt + s->cmaj_flt;
	me->cnvcsw += s->nvcsw + s->cnvcsw;
	me->cdisk_read += s->io.disk_read + s->cdisk_read;
	me->cdisk_dirtied += s->io.disk_dirtied + s->cdisk_dirtied;
	me->cnivcsw += s->nivcsw + s->cnivcsw;
	if (rss > me->cmaxrss)
		me->cmaxrss = rss;
}

static void report(struct wait_ctx *w, struct task *t, int code, int status)
{
	struct signal_struct *s = t->signal;

	w->out->pid = t->pid;
	w->out->uid = t->cred->uid;
	w->out->code = code;
	w->out->status = status;
	group_usage_locked(s, &w->out->ru);
}

static bool wait_exited(struct wait_ctx *w, struct signal_struct *s)
{
	struct task *t = s->leader;
	int code, status;

	if (!(w->options & WAIT_EXITED) || t->exit_state != EXIT_ZOMBIE || s->nr_threads > 1)
		return false;
	if (unlikely(t->ptrace.tracer) && t->ptrace.tracer->signal != current_task()->signal)
		return false; /* its tracer first */
	status = task_wait_status(t, &code);
	report(w, t, code, status);
	if (w->options & WAIT_NOWAIT)
		return true;
	task_release_locked(t);
	add_child_usage(current_task()->signal, s);
	w->reaped = t;
	return true;
}

static bool traced_by_me(const struct task *t)
{
	return unlikely(t->ptrace.tracer != NULL) &&
	       t->ptrace.tracer->signal == current_task()->signal;
}

static bool wait_stopped(struct wait_ctx *w, struct signal_struct *s)
{
	bool found, keep = w->options & WAIT_NOWAIT;
	int code = 0, status = 0;

	if (!(w->options & (WAIT_STOPPED | WAIT_CONTINUED)) || traced_by_me(s->leader))
		return false;
	spin_lock(&s->leader->sighand->lock);
	if (w->options & WAIT_STOPPED && s->stopped && !s->stop_reported) {
		code = CLD_STOPPED;
		status = s->stop_code << 8 | 0x7f;
		s->stop_reported = !keep;
	} else if (w->options & WAIT_CONTINUED && s->continued) {
		code = CLD_CONTINUED;
		status = 0xffff;
		s->continued = keep;
	}
	found = code;
	spin_unlock(&s->leader->sighand->lock);
	if (found)
		report(w, s->leader, code, status);
	return found;
}

/* ---- those whom the caller's process traces ---- */

static bool matches_tracee(const struct wait_ctx *w, const struct task *t)
{
	const struct signal_struct *s = t->signal;

	if (w->options & WAIT_NOTHREAD && t->ptrace.tracer != current_task())
		return false;
	if (w->group)
		return w->group == s && t == s->leader;
	if (w->which > 0)
		return t->pid == w->which;
	if (w->which == 0)
		return s->pgrp == current_task()->signal->pgrp;
	return w->which == -1 || s->pgrp == -w->which;
}

/* A thread that has ended, or a process whose parent is another one. */
static bool wait_tracee_exited(struct wait_ctx *w, struct task *t)
{
	struct signal_struct *s = t->signal;
	bool is_leader = t == s->leader;
	int code, status;

	if (!(w->options & WAIT_EXITED) || t->exit_state != EXIT_ZOMBIE)
		return false;
	if (is_leader &&
	    (s->nr_threads > 1 || (s->parent && s->parent->signal == current_task()->signal)))
		return false;
	status = task_wait_status(t, &code);
	report(w, t, code, status);
	if (w->options & WAIT_NOWAIT)
		return true;
	if (is_leader) {
		spin_lock(&t->sighand->lock);
		ptrace_unlink_locked(t);
		spin_unlock(&t->sighand->lock);
		exit_untraced(t);
		return true;
	}
	task_release_locked(t);
	w->reaped = t;
	exit_thread_reaped(s);
	return true;
}

static bool wait_tracee_stopped(struct wait_ctx *w, struct task *t)
{
	struct ptrace *p = &t->ptrace;
	int code = 0;

	spin_lock(&t->sighand->lock);
	if (p->stopped && !p->listening && !p->reported && !t->exit_state) {
		code = p->code;
		p->reported = !(w->options & WAIT_NOWAIT);
	}
	spin_unlock(&t->sighand->lock);
	if (code)
		report(w, t, CLD_TRAPPED, code << 8 | 0x7f);
	return code;
}

static bool try_tracee(struct wait_ctx *w, struct task *t)
{
	if (!matches_tracee(w, t))
		return false;
	w->has_children = true;
	return wait_tracee_exited(w, t) || wait_tracee_stopped(w, t);
}

static noinline_ bool try_tracees(struct wait_ctx *w)
{
	struct task *t, *tmp;

	list_for_each_entry_safe (t, tmp, &current_task()->signal->tracees, ptrace.link)
		if (try_tracee(w, t))
			return true;
	return false;
}

static bool try_child(struct wait_ctx *w, struct signal_struct *s)
{
	if (!matches(w, s))
		return false;
	w->has_children = true;
	return wait_exited(w, s) || wait_stopped(w, s);
}

static bool try_all(struct wait_ctx *w)
{
	struct signal_struct *me = current_task()->signal, *s;
	struct pid *p;

	if (unlikely(!list_empty(&me->tracees)) && try_tracees(w))
		return true;
	if (w->which > 0 && !w->group) {
		p = pid_find(w->which);
		if (!p || !p->task || p->task->signal->leader != p->task ||
		    !p->task->signal->parent)
			return false;
		return p->task->signal->parent->signal == me && try_child(w, p->task->signal);
	}
	list_for_each_entry (s, &me->children, sibling)
		if (try_child(w, s))
			return true;
	return false;
}

/* Return: a child's pid; 0: none is ready; -ECHILD. */
static long wait_once(struct wait_ctx *w)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	bool found = try_all(w);

	spin_unlock_irqrestore(&tasklist_lock, flags);
	if (found)
		return w->out->pid;
	return w->has_children ? 0 : -ECHILD;
}

/* The zombie's last steps may still run on another CPU; its memory is back when the wait returns. */
static void bury(struct task *t)
{
	if (!t)
		return;
	sched_wait_gone(&t->thread);
	task_put(t);
}

static long wait_for(struct wait_ctx *w)
{
	struct waitq *q = &current_task()->signal->wait_child;
	struct waiter waiter;
	int err = 0;
	long ret;

	waitq_add(q, &waiter);
	for (;;) {
		w->has_children = false;
		ret = wait_once(w);
		if (ret || w->options & WAIT_NOHANG)
			break;
		ret = err ? -ERESTARTSYS : 0;
		if (err)
			break;
		err = thread_park(PARK_INTERRUPTIBLE, PARK_FOREVER);
	}
	waitq_del(q, &waiter);
	bury(w->reaped);
	return ret;
}

long task_wait(int which, unsigned options, struct wait_result *out)
{
	return wait_for(&(struct wait_ctx){ .which = which, .options = options, .out = out });
}

long task_wait_group(const struct signal_struct *sig, unsigned options, struct wait_result *out)
{
	return wait_for(
		&(struct wait_ctx){ .which = -1, .group = sig, .options = options, .out = out });
}
