/*
 * Process groups and sessions: job control's bookkeeping.
 *
 * OWNS     signal_struct.pgrp, session, is_session_leader.
 * I1       a group's members are all in one session.
 * I2       an orphaned group (no member has a parent in another group of its session) has nobody to continue it: its stopped
 *          members get SIGHUP and SIGCONT when it becomes so.
 * LOCKS    tasklist_lock.
 * COST     O(members of the group).
 * SOURCES  setpgid(2), setsid(2), credentials(7), POSIX 2.4.3 "orphaned process group".
 */
#include "base/errno.h"
#include "kernel/task_impl.h"

static bool has_living_parent_in(const struct signal_struct *s, int pgrp)
{
	const struct signal_struct *parent = s->parent ? s->parent->signal : NULL;

	if (!parent || s->parent == task_init())
		return false;
	return parent->pgrp != pgrp && parent->session == s->session;
}

bool pgrp_orphaned_without(int pgrp, const struct signal_struct *except)
{
	struct pid *p = pid_find(pgrp);
	struct signal_struct *s;

	if (!p)
		return true;
	list_for_each_entry (s, &p->groups, pgrp_link)
		if (s != except && s->nr_live && has_living_parent_in(s, pgrp))
			return false;
	return true;
}

static bool has_stopped_member(int pgrp)
{
	struct pid *p = pid_find(pgrp);
	struct signal_struct *s;

	if (p)
		list_for_each_entry (s, &p->groups, pgrp_link)
			if (READ_ONCE(s->stopped))
				return true;
	return false;
}

void pgrp_check_orphan(struct signal_struct *sig, struct task *parent)
{
	const struct signal_struct *except = parent ? NULL : sig;

	if (!parent)
		parent = sig->parent;
	if (!parent || parent->signal->pgrp == sig->pgrp || parent->signal->session != sig->session)
		return;
	if (!pgrp_orphaned_without(sig->pgrp, except) || !has_stopped_member(sig->pgrp))
		return;
	(void)signal_send_pgrp_locked(sig->pgrp, SIGHUP, NULL);
	(void)signal_send_pgrp_locked(sig->pgrp, SIGCONT, NULL);
}

bool pgrp_is_orphaned(int pgrp)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	bool yes = pgrp_orphaned_without(pgrp, NULL);

	spin_unlock_irqrestore(&tasklist_lock, flags);
	return yes;
}

static bool exists_locked(int pgrp, int session)
{
	struct pid *p = pid_find(pgrp);
	struct signal_struct *s;

	if (p)
		list_for_each_entry (s, &p->groups, pgrp_link)
			if (s->session == session)
				return true;
	return false;
}

bool pgrp_exists(int pgrp, int session)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	bool yes = exists_locked(pgrp, session);

	spin_unlock_irqrestore(&tasklist_lock, flags);
	return yes;
}

static long setpgid_locked(int pid, int pgid)
{
	struct signal_struct *me = current_task()->signal, *s;
	struct pid *p = pid_find(pid), *to = pid_find(pgid);

	if (!p || !p->task)
		return -ESRCH;
	s = p->task->signal;
	if (s->leader != p->task)
		return -EINVAL;
	if (s != me) {
		if (!s->parent || s->parent->signal != me)
			return -ESRCH;
		if (s->session != me->session)
			return -EPERM;
		if (s->has_execed)
			return -EACCES;
	}
	if (s->is_session_leader)
		return -EPERM;
	if (pgid != pid && !exists_locked(pgid, me->session))
		return -EPERM;
	if (s->pgrp != pgid)
		group_set_pgrp(s, to);
	return 0;
}

long task_setpgid(int pid, int pgid)
{
	irqflags_t flags;
	long ret;

	if (pgid < 0)
		return -EINVAL;
	if (!pid)
		pid = current_task()->tgid;
	if (!pgid)
		pgid = pid;
	flags = spin_lock_irqsave(&tasklist_lock);
	ret = setpgid_locked(pid, pgid);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return ret;
}

long task_getpgid(int pid)
{
	struct task *t;
	long ret;

	if (!pid)
		return current_task()->signal->pgrp;
	t = task_find(pid);
	if (!t)
		return -ESRCH;
	ret = t->signal->pgrp;
	task_put(t);
	return ret;
}

long task_getsid(int pid)
{
	struct task *t;
	long ret;

	if (!pid)
		return current_task()->signal->session;
	t = task_find(pid);
	if (!t)
		return -ESRCH;
	ret = t->signal->session;
	task_put(t);
	return ret;
}

long task_setsid(void)
{
	struct signal_struct *s = current_task()->signal;
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	struct pid *own = pid_find(current_task()->tgid);
	long ret = -EPERM;

	if (!s->is_session_leader && list_empty(&own->groups)) {
		s->is_session_leader = true;
		s->tty = NULL;
		group_set_pgrp(s, own);
		group_set_session(s, own);
		ret = own->nr;
	}
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return ret;
}

void session_forget_tty(const struct tty *tty)
{
	struct task *t;
	int pid = 0;

	for (; (t = pid_next_task(&pid)) != NULL; pid++)
		if (t->signal->tty == tty)
			WRITE_ONCE(t->signal->tty, NULL);
}
