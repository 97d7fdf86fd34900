/* What the files of kernel/ that deal with tasks and signals share. */
#ifndef KERNEL_TASK_IMPL_H
#define KERNEL_TASK_IMPL_H

#include "kernel/task.h"

/* ---- pid.c: numbers. tasklist_lock held unless said otherwise ---- */
struct pid {
	struct pid *next; /* hash chain */
	int nr;
	unsigned refs;		 /* as thread, as group, as session */
	struct task *task;	 /* the thread with this id; NULL: only a group or a session */
	struct list_head groups; /* signal_struct.pgrp_link: the processes of the group */
};

void pids_init(void);
struct pid *must_check pid_new(void); /* without the lock; NULL: no memory */
void pid_discard(struct pid *p);      /* a pid_new that was not used; without the lock */
/* Give @p a free number and enter it, refs 1. Return: number, or -EAGAIN. */
int must_check pid_take_number(struct pid *p, int wanted); /* @wanted: 0 for any */
struct pid *pid_find(int nr);
struct pid *pid_ref(struct pid *p);
void pid_unref(struct pid *p); /* the last one frees the number */
/* The task with the smallest pid >= *nr; sets *nr. NULL at the end. */
struct task *pid_next_task(int *nr);

/* ---- task.c ---- */
void tasks_init(void);
/* Take @t out of table, group and family; the caller puts the table's reference after it has dropped tasklist_lock. */
void task_release_locked(struct task *t);
/* The process joins @pgrp (an entry that exists) / @session. */
void group_set_pgrp(struct signal_struct *sig, struct pid *pgrp);
void group_set_session(struct signal_struct *sig, struct pid *session);
void group_link_child(struct signal_struct *sig, struct task *parent);
void group_usage_locked(struct signal_struct *sig, struct rusage_k *ru);
uint64_t group_exec_ns_locked(struct signal_struct *sig);
void group_times_locked(struct signal_struct *sig, uint64_t *utime_ns, uint64_t *stime_ns);

/* ---- session.c: tasklist_lock held ---- */
/* Orphaned: no member has a parent in another group of the same session. @except: a group that is ending; NULL. */
bool pgrp_orphaned_without(int pgrp, const struct signal_struct *except);
/* @sig leaves its group: if that becomes orphaned with stopped members, SIGHUP and SIGCONT. @parent: whose child it was. */
void pgrp_check_orphan(struct signal_struct *sig, struct task *parent);

void signals_init(void);
/* ---- signal.c: tasklist_lock held ---- */
void posix_timers_free(struct signal_struct *sig); /* posix_timer.c: of a group that is gone */
/* A POSIX timer's signal. 0; 1: it is ignored, or nobody is there to take it; -EAGAIN: no memory. */
int signal_send_timer_locked(struct task *t, int sig, const struct siginfo_k *info, bool group);
int signal_send_task_locked(struct task *t, int sig, const struct siginfo_k *info, bool group);
int signal_send_pgrp_locked(int pgrp, int sig, const struct siginfo_k *info);
/* sighand->lock held too. */
void signal_kill_thread_locked(struct task *t);
/* All threads of the group but @except are to end. */
void signal_begin_group_exit_locked(struct signal_struct *sig, int status,
				    const struct task *except);
void signal_retarget_locked(struct task *t, sigset_k set);
/* Take the next signal outside @mask, first of the thread's, then of the group's. Return: its number; 0: none. */
int signal_dequeue_locked(struct task *t, sigset_k mask, struct siginfo_k *info);
/* The thread has to look for something other than signals: the group stops or ends, or another thread's execve ends it. */
static inline bool signal_must_look(const struct task *t)
{
	const struct signal_struct *s = t->signal;

	return t->stop_work || s->group_exit || (s->exec_task && s->exec_task != t);
}
/* @add too is blocked for the caller, who has taken a signal and not looked for more. */
void signal_block_more(sigset_k add);
/* @me stops or ends: it is no longer one of those the group's stop waits for. */
void signal_stop_counted(struct task *me);
/* The caller's action for @sig becomes the default. Takes the lock. */
void signal_reset_action(int sig);
bool signal_is_default_ignored(int sig);
bool signal_is_stop(int sig);
bool signal_dumps_core(int sig);
/* The zombie leader @t is complete: tell its parent. Return: nobody will wait, reap it now. */
bool signal_notify_exit(struct task *t);
/* SIGCHLD about @t, under the number @pid, to @to, unless that wants none of stopped children; and a wake-up. */
void signal_notify_of(struct task *to, struct task *t, int pid, int code, int status);
/* ---- exit.c: tasklist_lock held ---- */
/* A zombie thread other than the leader is gone from its group: who waits for that? */
void exit_thread_reaped(struct signal_struct *s);
/* The zombie @t is no longer the caller's tracee: it is its parent's, or nobody's. */
void exit_untraced(struct task *t);

#endif
