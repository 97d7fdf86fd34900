/*
 * Tasks: a thread of execution, its thread group (struct signal_struct) and the family of processes. Linux's names.
 * Locks: tasklist_lock (rank TASKLIST, irqsave) guards pid table, parent/children/thread lists, groups and sessions;
 * sighand->lock (rank SIGHAND, irqsave) guards signals of the group.
 */
#ifndef KERNEL_TASK_H
#define KERNEL_TASK_H

#include "arch/thread.h"
#include "kernel/sched.h"
#include "kernel/signal.h"
#include "lib/list.h"
#include "mm/imports.h"
#include "sync/waitq.h"
#include "uapi/resource.h"

struct files_struct; /* fs/file.h */
struct fs_struct;    /* fs/path.h */
struct tty;
struct mm_struct;

/* Credentials: immutable once installed (a change installs a copy); reference counted. */
struct cred {
	atomic_t refs;
	uint32_t uid, euid, suid, fsuid, gid, egid, sgid, fsgid;
	uint64_t cap_inheritable, cap_permitted, cap_effective, cap_bounding, cap_ambient;
	unsigned nr_groups;
	uint32_t groups[32];
};

/* One thread group ("process"). */
struct signal_struct {
	atomic_t refs;
	int nr_threads;                  /* t: tasklist_lock */
	struct list_head threads;        /* t: task->thread_link; the leader first */
	struct task *leader;             /* t */
	struct task *parent;             /* t: leader of the parent group; init's is NULL */
	struct list_head children;       /* t: signal->sibling of child groups */
	struct list_head sibling;        /* t */
	int pgrp, session;               /* t: ids */
	struct list_head pgrp_link;      /* t: hash of groups by pgrp */
	bool is_session_leader;          /* t */
	struct tty *tty;                 /* t: controlling terminal */
	struct sigpending shared_pending; /* s: sighand->lock */
	struct waitq wait_child;         /* wait4 sleeps here */
	int exit_code;                   /* t: wait status once group_exit */
	bool group_exit;                 /* s: all threads are to die */
	bool stopped;                    /* s: job control stop */
	int stop_code;                   /* s: signal that stopped it; reported by wait4 once */
	bool stop_reported, continued;   /* t: for WUNTRACED, WCONTINUED */
	int exit_signal;                 /* i after fork: SIGCHLD or clone's */
	struct rlimit64 rlim[RLIM_NLIMITS]; /* t */
	uint64_t utime_ns, stime_ns;     /* t: of dead threads */
	uint64_t cutime_ns, cstime_ns;   /* t: of waited-for children */
	unsigned long min_flt, maj_flt, cmin_flt, cmaj_flt, nvcsw, nivcsw, maxrss;
	uint64_t start_ns;
	struct itimer *itimer;           /* kernel/time.c; NULL until used */
	int oom_score_adj;
	bool no_new_privs, dumpable_off, has_execed;
	void *posix_timers;              /* owned by kernel/time.c */
};

struct task {
	struct thread thread;            /* first: thread_self() is the task */
	int pid, tgid;                   /* i */
	char comm[16];
	struct mm_ctx mm_ctx;            /* mm of the task; NULL for a kernel thread */
	struct files_struct *files;      /* o: own thread, or tasklist_lock to read from another */
	struct fs_struct *fs;            /* o */
	struct cred *cred;               /* o */
	struct signal_struct *signal;    /* i until reaped */
	struct sighand_struct *sighand;  /* s */
	struct sigpending pending;       /* s */
	sigset_k blocked, saved_mask;    /* o (written by self under sighand->lock) */
	bool restore_mask;               /* saved_mask is to be restored on the way to user mode (sigsuspend, ppoll) */
	struct sigaltstack_k altstack;   /* o */
	struct list_head thread_link;    /* t: signal->threads */
	struct list_head pid_link, all_link; /* t: hash by pid; all tasks */
	uaddr_t set_child_tid, clear_child_tid, robust_list; /* o */
	size_t robust_list_len;
	struct waitq *vfork_done;        /* the parent waits here until exec or exit (flag below) */
	bool *vfork_flag;
	int exit_state;                  /* t: 0, EXIT_ZOMBIE, EXIT_DEAD */
	int exit_code;                   /* t */
	unsigned long personality;
	struct restart_block restart;    /* o: restart_syscall(2) */
	unsigned long syscall_nr;        /* for /proc/PID/syscall, reports */
	atomic_t refs;
	bool in_execve;
	char *proctitle;                 /* unused by the kernel; reserved for prctl */
};

enum { EXIT_ZOMBIE = 1, EXIT_DEAD = 2 };
enum { PID_MAX = 32768 };

extern struct spinlock tasklist_lock;

static inline struct task *task_of(struct thread *t)
{
	return (struct task *)t;
}

/* The running task. Never NULL after sched_init. */
static inline struct task *current_task(void)
{
	return task_of(thread_self());
}

/* ---- making (sys/fork.c composes) ---- */
/* A task with kernel stack, pid 0, refs 1, nothing shared yet; not visible. NULL: no memory. */
struct task *must_check task_alloc(const char *comm);
/* Undo of task_alloc, for a task that was never published. */
void task_free_unpublished(struct task *t);
/* New group for @t copied from @parent's (rlimits, session, pgrp, tty, …), NULL: no memory. */
struct signal_struct *must_check signal_dup(struct task *parent, int exit_signal);
void signal_put(struct signal_struct *sig);
/* Give @t a pid (and tgid: own, or the group's when @thread), link it into table, family and group. -EAGAIN: no pid.
 * Fails with -ERESTARTNOINTR when a fatal signal is pending for the group. */
int must_check task_publish(struct task *t, struct task *parent, bool thread);
void task_get(struct task *t);
void task_put(struct task *t);   /* last: frees stack and struct */

/* ---- finding ---- */
struct task *task_find(int pid);     /* by thread id, with a reference; NULL */
struct task *task_find_leader(int tgid); /* group leader, referenced; NULL when it is not a leader's id */
/* The task with the smallest pid >= *pid, leaders only when @leaders; referenced; sets *pid. NULL at the end. */
struct task *task_next(int *pid, bool leaders);
unsigned nr_tasks(void), nr_processes_forked(void);
unsigned nr_running_tasks(void);
unsigned nr_user_processes(uint32_t uid); /* RLIMIT_NPROC */
struct task *task_init(void);             /* pid 1 */
struct mm_struct *must_check task_mm_get(struct task *t); /* its mm with users+1, or NULL */

/* ---- ending ---- */
/* The calling thread ends: sys/exit.c has let go of mm and files. Notifies the parent, reparents children to init,
 * orphaned stopped groups get SIGHUP+SIGCONT; never returns. */
noreturn_ void task_exit_finish(int code);
/* Every other thread of the group gets SIGKILL; sets group_exit and its code (first caller wins). */
void group_exit_begin(int code);
/* For exec: kill all other threads of the group and wait until they are gone; become leader with the leader's pid.
 * 0, or -EAGAIN when another group exit came first. */
int must_check group_become_single(void);

/* wait4/waitid body. @which: pid>0, 0 own group, -1 any, <-1 group. Return: pid, 0 (WNOHANG), -ECHILD, -ERESTARTSYS. */
struct wait_result {
	int pid, status, code; /* status as wait4's; code CLD_* */
	uint32_t uid;
	struct rusage_k ru;
};
long task_wait(int which, unsigned options, struct wait_result *out);

/* ---- groups and sessions (setpgid(2), setsid(2), getsid(2)), errors as documented ---- */
long task_setpgid(int pid, int pgid);
long task_getpgid(int pid);
long task_getsid(int pid);
long task_setsid(void);
bool pgrp_exists(int pgrp, int session);     /* some process of that group is in that session */
bool pgrp_is_orphaned(int pgrp);

/* ---- credentials ---- */
struct cred *cred_get(struct cred *c);
void cred_put(struct cred *c);
struct cred *must_check cred_dup(const struct cred *c);
bool capable(unsigned cap); /* of the current task's effective set */
enum { CAP_CHOWN = 0, CAP_DAC_OVERRIDE = 1, CAP_DAC_READ_SEARCH = 2, CAP_FOWNER = 3, CAP_FSETID = 4, CAP_KILL = 5,
       CAP_SETGID = 6, CAP_SETUID = 7, CAP_SYS_RAWIO = 17, CAP_SYS_CHROOT = 18, CAP_SYS_PTRACE = 19, CAP_SYS_ADMIN = 21,
       CAP_SYS_BOOT = 22, CAP_SYS_NICE = 23, CAP_SYS_RESOURCE = 24, CAP_SYS_TIME = 25, CAP_MKNOD = 27, CAP_LAST = 40 };

/* Resource limits: current soft limit of the calling task. */
uint64_t rlimit_cur(unsigned which);
void task_times(const struct task *t, uint64_t *utime_ns, uint64_t *stime_ns);

#endif
