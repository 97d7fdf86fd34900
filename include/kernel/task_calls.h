/* What can be done with tasks; included by kernel/task.h. */
#ifndef KERNEL_TASK_CALLS_H
#define KERNEL_TASK_CALLS_H

#include "base/compiler.h"
#include "base/types.h"
#include "uapi/resource.h"

struct task;
struct signal_struct;
struct sighand_struct;
struct mm_struct;
struct tty;

/* ---- making (sys/fork.c composes) ---- */
/*
 * A task with kernel stack, pid 0, refs 1, nothing shared yet (cred, signal, sighand, files, fs, mm NULL); not visible.
 * Scheduling parameters and the signal mask are the caller's. NULL: no memory.
 */
struct task *must_check task_alloc(const char *comm);
/* Undo of task_alloc, for a task that was never published: puts cred, signal, sighand too; the rest is the caller's. */
void task_free_unpublished(struct task *t);
/* New group for @t copied from @parent's (rlimits, session, pgrp, tty, …), NULL: no memory. */
struct signal_struct *must_check signal_dup(struct task *parent, int exit_signal);
struct signal_struct *signal_get(struct signal_struct *sig); /* a thread joins the group */
void signal_put(struct signal_struct *sig);
bool signal_group_ended(struct signal_struct *sig); /* zombie or gone */
/* Status of the zombie @t as wait4 shows it, and its CLD_ code. */
int task_wait_status(const struct task *t, int *code);
struct task *signal_leader_get(struct signal_struct *sig); /* referenced; NULL: waited for */
void signal_limits_changed(
	struct signal_struct *sig); /* rlim has: mm_limits follows. tasklist_lock */
/* Give @t a pid (and tgid: own, or the group's when @thread), link it into table, family and group. -EAGAIN: no pid.
 * @parent NULL: the caller's parent (CLONE_PARENT). Fails with -ERESTARTNOINTR when a signal is pending for the caller. @t has cred, signal, sighand.
 * @nr: this pid and no other (-EINVAL: out of range, -EEXIST: in use); 0: any. */
int must_check task_publish(struct task *t, struct task *parent, bool thread, int nr);
void task_get(struct task *t);
void task_put(struct task *t); /* last: frees stack and struct */
/* Pid 1, made first of all; then kthreadd, pid 2. fn(arg) runs in a kernel thread that may exec. */
struct task *task_create_init(void (*fn)(void *), void *arg);
/* exec or exit: the parent of a vfork goes on. */
void vfork_release(struct task *t);

/* ---- finding ---- */
struct task *task_find(int pid); /* by thread id, with a reference; NULL */
struct task *
task_find_leader(int tgid); /* group leader, referenced; NULL when it is not a leader's id */
/* The task with the smallest pid >= *pid, leaders only when @leaders; referenced; sets *pid. NULL at the end. */
struct task *task_next(int *pid, bool leaders);
/* The thread of @leader's group with the smallest pid >= *pid; referenced; sets *pid. NULL at the end. */
struct task *task_next_thread(struct task *leader, int *pid);
unsigned nr_tasks(void), nr_processes_forked(void);
extern int max_threads; /* /proc/sys/kernel/threads-max: then fork(2) says EAGAIN, to root too */
unsigned nr_running_tasks(void);
int last_pid(void);
struct task *task_init(void);				   /* pid 1 */
struct mm_struct *must_check task_mm_get(struct task *t);  /* its mm with users+1, or NULL */
struct mm_struct *must_check task_mm_grab(struct task *t); /* its mm with count+1, or NULL */
bool mm_is_dying(const struct mm_struct *mm); /* every task that has it is being killed or ends */
int signal_parent_pid(struct signal_struct *sig); /* the parent group's id, 0 for none. No lock */

/* ---- ending ---- */
/* The calling thread ends: sys/exit.c has let go of mm and files. Notifies the parent, reparents children to init,
 * orphaned stopped groups get SIGHUP+SIGCONT; never returns. @code: wait status. */
noreturn_ void task_exit_finish(int code);
/* Every other thread of the group gets SIGKILL; sets group_exit and its code (first caller wins). Return: the code. */
int group_exit_begin(int code);
/* First act of an ending thread: is it the last one of its group? (then sys/exit.c ends what the group owns). Notes the
 * resident set for getrusage, so the mm must still be there. */
bool group_exit_last(void);
/* For exec: kill all other threads of the group and wait until they are gone; become leader with the leader's pid.
 * 0, or -EAGAIN when another group exit came first. */
int must_check group_become_single(void);
/* For exec: handlers no longer shared with another process. 0 or -ENOMEM. */
int must_check sighand_unshare(void);

/* wait4/waitid body. @which: pid>0, 0 own group, -1 any, <-1 group. Return: pid, 0 (WNOHANG), -ECHILD, -ERESTARTSYS. */
struct wait_result {
	int pid, status, code; /* status as wait4's; code CLD_* */
	uint32_t uid;
	struct rusage_k ru;
};
enum {
	WAIT_NOHANG = 1,
	WAIT_STOPPED = 2,
	WAIT_EXITED = 4,
	WAIT_CONTINUED = 8,
	WAIT_NOWAIT = 0x1000000
};
long task_wait(int which, unsigned options, struct wait_result *out);
/* The same for the child that is group @sig. */
long task_wait_group(const struct signal_struct *sig, unsigned options, struct wait_result *out);

/* ---- groups and sessions (setpgid(2), setsid(2), getsid(2)), errors as documented ---- */
long task_setpgid(int pid, int pgid);
long task_getpgid(int pid);
long task_getsid(int pid);
long task_setsid(void);
/* @tty is nobody's controlling terminal any more. tasklist_lock held. O(tasks). */
void session_forget_tty(const struct tty *tty);
bool pgrp_exists(int pgrp, int session); /* some process of that group is in that session */
bool pgrp_is_orphaned(int pgrp);

/* ---- use of resources ---- */
uint64_t rlimit_cur(unsigned which); /* current soft limit of the calling task */
void task_times(const struct task *t, uint64_t *utime_ns, uint64_t *stime_ns); /* of the thread */
/* Of the whole group of @t: reaped threads and living ones. tasklist_lock is taken. */
void group_times(struct task *t, uint64_t *utime_ns, uint64_t *stime_ns);
/* Sums of /proc/PID/io: one more; of the whole group, with reaped threads. */
struct task_io;
void task_io_add(struct task_io *sum, const struct task *t);
void group_io(struct task *t, struct task_io *out);
enum { RUSAGE_SELF_K = 0, RUSAGE_CHILDREN_K = -1, RUSAGE_THREAD_K = 1 };
void group_rusage(int who, struct rusage_k *ru); /* of the calling process */

#endif
