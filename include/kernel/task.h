/*
 * Tasks: a thread of execution, its thread group (struct signal_struct) and the family of processes. Linux's names.
 * Locks: tasklist_lock (rank TASKLIST, irqsave) guards pid table, parent/children/thread lists, groups and sessions;
 * sighand->lock (rank SIGHAND, irqsave) guards signals of the group.
 */
#ifndef KERNEL_TASK_H
#define KERNEL_TASK_H

#include "kernel/cred.h"
#include "kernel/futex.h"
#include "kernel/ptrace.h"
#include "kernel/rseq.h"
#include "kernel/sched.h"
#include "kernel/seccomp.h"
#include "kernel/signal.h"
#include "mm/imports.h"
#include "sync/waitq.h"
#include "uapi/resource.h"

struct files_struct; /* fs/file.h */
struct fs_struct;    /* fs/path.h */
struct tty;
struct posix_timers;
struct sem_undo_list; /* ipc/undo.c */
struct pid;	      /* kernel/pid.c: a number in use as thread, group or session id */

struct task_io { /* /proc/PID/io: bytes and calls; what went to and from disks is in the thread's mm_ctx */
	uint64_t rchar, wchar, syscr, syscw;
	uint64_t disk_read, disk_dirtied, disk_dropped; /* of sums */
};

/* One thread group ("process"). */
struct signal_struct {
	atomic_t refs,
		raising; /* a: task structs of the group; execves that raise rights (kernel/ptrace.c) */
	int nr_threads;			    /* t: tasklist_lock; not yet reaped */
	int nr_live;			    /* t: not yet in task_exit_finish */
	struct list_head threads;	    /* t: task->thread_link; the leader first */
	struct task *leader;		    /* t */
	struct task *parent;		    /* t: leader of the parent group; init's is NULL */
	int parent_tgid;		    /* t to write; read without */
	struct list_head children, tracees; /* t: child groups' sibling; tasks' ptrace.link */
	struct list_head sibling;	    /* t */
	int pgrp, session;		    /* t: ids */
	struct pid *pgrp_pid, *session_pid; /* t: their entries, counted */
	struct list_head pgrp_link;	    /* t: groups of one pgrp */
	bool is_session_leader;		    /* t */
	struct tty *tty;		    /* t: controlling terminal */
	struct sigpending shared_pending;   /* s: sighand->lock */
	struct waitq wait_child;	    /* wait4 sleeps here */
	struct waitq wait_ended;	    /* woken when all threads have ended (pidfd) */
	int exit_code;			    /* s: wait status once group_exit */
	bool group_exit;		    /* s: all threads are to die */
	struct task *exec_task;		    /* s: this thread's execve kills the others */
	struct task *core;		    /* t: writes the core file; NULL */
	unsigned core_left;		    /* t: threads that it still waits for */
	bool stopping; /* s: job control stop under way, stop_left threads still run */
	int stop_left; /* s */
	bool stopped;  /* s: job control stop */
	int stop_code; /* s: signal that stopped it; reported by wait4 once */
	bool stop_reported, continued; /* s: for WUNTRACED, WCONTINUED */
	unsigned continue_count;       /* s: SIGCONTs so far, so that a stop under way sees one */
	int notify_code; /* s: CLD_STOPPED or CLD_CONTINUED the parent is still to be told; 0 */
	bool unkillable; /* i: init: signals without a handler are dropped */
	int exit_signal; /* i after fork: SIGCHLD or clone's */
	struct rlimit64 rlim[RLIM_NLIMITS];   /* t */
	struct mm_limits mm_limits;	      /* t: those of them that mm enforces; read without */
	uint64_t utime_ns, stime_ns, exec_ns; /* t: of reaped threads */
	uint64_t cutime_ns, cstime_ns;	      /* t: of waited-for children */
	unsigned long min_flt, maj_flt, cmin_flt, cmaj_flt, nvcsw, nivcsw, cnvcsw, cnivcsw; /* t */
	uint64_t cdisk_read, cdisk_dirtied;   /* t: of children that were waited for */
	struct task_io io;		      /* t: of reaped threads */
	unsigned long maxrss, cmaxrss;	      /* t: KiB */
	int maker_tid;			      /* t: the parent's thread that forked it */
	uint64_t start_ns;		      /* i */
	uint64_t cpu_limit_ns;		      /* s: next SIGXCPU; 0: not computed */
	struct itimer *itimer;		      /* s: kernel/itimer.c; NULL until used */
	struct posix_timers *posix;	      /* s to set: kernel/posix_timer.c; NULL until used */
	int oom_score_adj, oom_score_adj_min; /* min: the administrator's last word */
	bool has_execed;
	uint8_t dumpable;  /* enum suid_dump */
	bool is_subreaper; /* orphans below it become its children */
};

struct task {
	struct thread thread; /* first: thread_self() is the task */
	int pid, tgid;	      /* i, but for a thread that becomes leader by execve */
	char comm[16];
	uint16_t ioprio;      /* class << 13 | level of ioprio_set(2); 0: by policy and nice */
	struct mm_ctx mm_ctx; /* mm of the task; NULL for a kernel thread */
	struct files_struct *files;	/* o: own thread, or tasklist_lock to read from another */
	struct fs_struct *fs;		/* o */
	struct cred *cred;		/* o to write, under tasklist_lock; t to read another's */
	struct user_account *account;	/* t: where it is counted */
	struct signal_struct *signal;	/* i; referenced until the struct is freed */
	struct sighand_struct *sighand; /* o to write, under tasklist_lock; referenced */
	struct sigpending pending;	/* s */
	sigset_k blocked, saved_mask;	/* o (written by self under sighand->lock) */
	sigset_k wait_set;		/* s: signals that sigtimedwait takes */
	bool restore_mask; /* saved_mask is to be restored on the way to user mode (sigsuspend, ppoll) */
	unsigned stop_work; /* s: STOP_*: to be looked at on the way to user mode */
	struct ptrace ptrace;
	struct task_seccomp seccomp;
	struct sigaltstack_k altstack;		/* o */
	struct list_head thread_link;		/* t: signal->threads */
	struct pid *pid_entry;			/* t: NULL when not published */
	uaddr_t set_child_tid, clear_child_tid; /* o */
	struct task_futex futex;
	struct task_rseq rseq;
	struct waitq *vfork_done; /* t: the parent waits here until exec or exit (flag below) */
	bool *vfork_flag;
	int exit_state;			      /* t: 0, EXIT_ZOMBIE, EXIT_DEAD */
	int exit_code;			      /* t: wait status */
	bool exiting;			      /* t: in task_exit_finish */
	struct restart_block restart;	      /* o: restart_syscall(2) */
	struct task_io io;		      /* o */
	uint32_t loginuid_inv, sessionid_inv; /* o: inverted, so that 0 is "not set" (audit) */
	atomic_t refs;
	int pdeath_signal;	  /* t: prctl(PR_SET_PDEATHSIG): sent when the parent ends; 0 */
	uint16_t module_state;	  /* o: how a module's schedule() is to sleep (module/kthread.c) */
	uint16_t module_preempt;  /* o: what a module's preempt_count() shows (module/sync.c) */
	bool in_execve, made_shm; /* o: the second: has made System V segments (ipc/shm.c) */
	bool no_new_privs;	  /* t to set, for ever: prctl(PR_SET_NO_NEW_PRIVS) */
	struct sem_undo_list *sem_undo;			 /* o: ipc/undo.c; NULL: nothing to undo */
	uint64_t timer_slack_ns, default_timer_slack_ns; /* prctl(PR_SET_TIMERSLACK) */
};

enum { EXIT_ZOMBIE = 1, EXIT_DEAD = 2, PID_MAX = 32768, PID_MIN_LIMIT = 301 };
extern int sysctl_pid_max; /* /proc/sys/kernel/pid_max */

extern struct spinlock tasklist_lock;

static inline struct task *task_of(struct thread *t)
{
	return (struct task *)(void *)t;
}

/* The running task. Never NULL after sched_init. */
static inline struct task *current_task(void)
{
	return (struct task *)(void *)this_cpu(current_arch_thread);
}

#include "kernel/task_calls.h"
#include "kernel/task_io.h"

#endif
