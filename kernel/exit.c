/*
 * The end of threads and processes.
 *
 *	living --group_exit_last--> exiting --task_exit_finish--> ZOMBIE --wait, or nobody cares--> DEAD
 *
 * OWNS     task->exiting, exit_state, exit_code; signal->nr_live, group_exit.
 * I1       nr_live counts the threads that are not exiting; who makes it 0 ends the process.
 * I2       a thread other than the leader never becomes a zombie that somebody waits for: it reaps itself.
 * I3       a dying process has no children left: they are init's, or a subreaper's (prctl(2)).
 * I4       the parent is told when the leader is a zombie and the only thread left.
 * LOCKS    tasklist_lock, then sighand->lock.
 * SOURCES  exit(2), exit_group(2), wait(2), execve(2) "Effect on threads", clone(2).
 */
#include "base/errno.h"
#include "kernel/posix_timer.h"
#include "kernel/task_impl.h"
#include "kernel/time.h"
#include "mm/mm.h"
#include "sync/kassert.h"

/* ---- ending a group ---- */

int group_exit_begin(int code)
{
	struct task *me = current_task();
	struct signal_struct *s = me->signal;
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);

	spin_lock(&me->sighand->lock);
	if (!s->group_exit)
		signal_begin_group_exit_locked(s, code, me);
	code = s->exit_code;
	spin_unlock(&me->sighand->lock);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return code;
}

static void note_maxrss(struct task *t)
{
	struct mm_struct *mm = t->mm_ctx.mm;
	unsigned long kib;

	if (!mm)
		return;
	mm_update_hiwater(mm);
	kib = mm->hiwater_rss * (PAGE_SIZE / 1024);
	if (kib > t->signal->maxrss)
		t->signal->maxrss = kib;
}

/* The first step of the end; a second call finds it done. tasklist_lock held. Return: no thread of the group lives. */
static bool start_exit_locked(struct task *t)
{
	struct signal_struct *s = t->signal;
	int notify;

	if (t->exiting)
		return s->nr_live == 0;
	spin_lock(&t->sighand->lock);
	t->exiting = true;
	s->nr_live--;
	signal_stop_counted(t);
	if (s->nr_live)
		signal_retarget_locked(t, ~t->blocked);
	notify = s->notify_code;
	s->notify_code = 0;
	spin_unlock(&t->sighand->lock);
	if (notify)
		signal_notify_parent(s->leader, notify, s->stop_code);
	return s->nr_live == 0;
}

bool group_exit_last(void)
{
	struct task *me = current_task();
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	bool last = start_exit_locked(me);

	note_maxrss(me);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return last;
}

/* ---- children ---- */

static bool is_complete_zombie(const struct signal_struct *s)
{
	return s->leader->exit_state == EXIT_ZOMBIE && s->nr_threads == 1;
}

bool signal_group_ended(struct signal_struct *sig)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	bool ended = !sig->nr_threads || is_complete_zombie(sig);

	spin_unlock_irqrestore(&tasklist_lock, flags);
	return ended;
}

static void reap_locked(struct task *t)
{
	task_release_locked(t);
	task_put(t); /* the table's; a thread that still runs has its own */
}

static void send_pdeath_signals(struct signal_struct *child)
{
	struct task *t;

	list_for_each_entry (t, &child->threads, thread_link)
		if (t->pdeath_signal)
			(void)signal_send_task_locked(t, t->pdeath_signal, NULL, true);
}

/* Who takes over the children of the dying @s: the nearest ancestor that asked for that and lives, else init. */
static struct task *heir_of(const struct signal_struct *s)
{
	const struct task *p;

	for (p = s->parent; p; p = p->signal->parent)
		if (p->signal->is_subreaper && p->signal->nr_live)
			return p->signal->leader;
	return task_init();
}

static void give_away_children(struct signal_struct *s)
{
	struct task *heir = heir_of(s);
	struct signal_struct *child, *tmp;

	list_for_each_entry_safe (child, tmp, &s->children, sibling) {
		list_del_init(&child->sibling);
		group_link_child(child, heir);
		child->exit_signal = SIGCHLD;
		send_pdeath_signals(child);
		if (is_complete_zombie(child)) {
			if (signal_notify_exit(child->leader))
				reap_locked(child->leader);
			continue;
		}
		pgrp_check_orphan(child, s->leader);
	}
}

/* ---- the thread's end ---- */

/* Somebody's execve waits for this thread to go. */
static void wake_exec(const struct signal_struct *s)
{
	if (s->exec_task)
		thread_unpark(&s->exec_task->thread);
}

void exit_thread_reaped(struct signal_struct *s)
{
	struct task *leader = s->leader;

	wake_exec(s);
	if (is_complete_zombie(s) && !s->exec_task)
		waitq_wake_all(&s->wait_ended);
	if (is_complete_zombie(s) && !s->exec_task && signal_notify_exit(leader))
		reap_locked(leader);
}

void exit_untraced(struct task *t)
{
	struct signal_struct *s = t->signal;

	if (t != s->leader) {
		reap_locked(t);
		exit_thread_reaped(s);
	} else if (is_complete_zombie(s) &&
		   !(s->parent && s->parent->signal == current_task()->signal)) {
		if (signal_notify_exit(t)) /* else the parent knows already */
			reap_locked(t);
	}
}

static void become_zombie(struct task *me)
{
	struct signal_struct *s = me->signal;

	if (unlikely(!list_empty(&s->tracees)))
		ptrace_exit_tracer(me);
	me->exit_state = EXIT_ZOMBIE;
	if (me != s->leader && unlikely(me->ptrace.tracer))
		ptrace_notify_exit(me); /* it waits for its tracer */
	else if (me != s->leader)
		reap_locked(me);
	exit_thread_reaped(s);
}

static void check_init(const struct task *me)
{
	if (me->signal == task_init()->signal)
		panic("Attempted to kill init! exitcode=0x%08x",
		      (unsigned)(me->signal->group_exit ? me->signal->exit_code : me->exit_code));
}

noreturn_ void task_exit_finish(int code)
{
	struct task *me = current_task();
	irqflags_t flags;
	bool last;

	me->exit_code = code;
	vfork_release(me);
	last = group_exit_last();
	if (last) {
		check_init(me);
		itimer_exit(me->signal);
		posix_timers_exit(me->signal);
	}
	flags = spin_lock_irqsave(&tasklist_lock);
	if (last) {
		give_away_children(me->signal);
		pgrp_check_orphan(me->signal, NULL);
	}
	become_zombie(me);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	sched_exit();
}

/* ---- execve in a group of several threads ---- */

/* The old leader is a zombie and the only other thread: the caller takes its number and place. */
static void take_over_leader(struct task *me)
{
	struct signal_struct *s = me->signal, *child;
	struct task *old = s->leader;
	struct pid *own = me->pid_entry;
	int own_pid = me->pid;

	me->pid_entry = old->pid_entry;
	me->pid_entry->task = me;
	me->pid = old->pid;
	old->pid_entry = own;
	own->task = old;
	old->pid = own_pid;
	s->leader = me;
	list_del(&me->thread_link);
	list_add(&me->thread_link, &s->threads);
	list_for_each_entry (child, &s->children, sibling)
		child->parent = me;
	reap_locked(old);
}

static bool others_are_gone(const struct task *me)
{
	const struct signal_struct *s = me->signal;

	if (s->leader == me)
		return s->nr_threads == 1;
	return s->nr_threads == 2 && s->leader->exit_state == EXIT_ZOMBIE;
}

static int begin_exec(struct task *me)
{
	struct signal_struct *s = me->signal;
	struct task *t;
	int err = 0;

	spin_lock(&me->sighand->lock);
	if (s->group_exit || s->exec_task) {
		err = -EAGAIN;
	} else {
		s->exec_task = me;
		list_for_each_entry (t, &s->threads, thread_link)
			if (t != me)
				signal_kill_thread_locked(t);
	}
	spin_unlock(&me->sighand->lock);
	return err;
}

int group_become_single(void)
{
	struct task *me = current_task();
	struct signal_struct *s = me->signal;
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	int err = s->nr_threads > 1 ? begin_exec(me) : 0;

	while (!err && !others_are_gone(me)) {
		spin_unlock_irqrestore(&tasklist_lock, flags);
		err = thread_park(PARK_KILLABLE, PARK_FOREVER) ? -EAGAIN : 0;
		flags = spin_lock_irqsave(&tasklist_lock);
	}
	if (!err && s->leader != me)
		take_over_leader(me);
	if (s->exec_task == me)
		s->exec_task = NULL;
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return err;
}
