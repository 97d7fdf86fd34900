/* Signals: actions, masks, queues, delivery. signal(7), sigaction(2). 64 signals on both ABIs. */
#ifndef KERNEL_SIGNAL_H
#define KERNEL_SIGNAL_H

#include "arch/regs.h"
#include "arch/sigframe.h"
#include "base/atomic.h"
#include "lib/list.h"
#include "sync/spinlock.h"
#include "sync/waitq.h"
#include "uapi/signal.h"

struct task;

typedef uint64_t sigset_k; /* bit n-1 is signal n */
#define sigmask(sig) (1ULL << ((sig)-1))

/* Is @sig in @set? By halves: shifting 64 bits takes a 32-bit processor seven instructions. */
static inline bool sigset_has(const sigset_k *set, int sig)
{
	const unsigned n = (unsigned)sig - 1;

	return ((const uint32_t *)set)[n / 32] >> n % 32 & 1;
}

static inline void sigset_add(sigset_k *set, int sig)
{
	const unsigned n = (unsigned)sig - 1;

	if (sizeof(long) == sizeof(*set))
		*set |= 1ULL << n;
	else
		((uint32_t *)set)[n / 32] |= 1U << n % 32;
}

static inline void sigset_del(sigset_k *set, int sig)
{
	const unsigned n = (unsigned)sig - 1;

	if (sizeof(long) == sizeof(*set))
		*set &= ~(1ULL << n);
	else
		((uint32_t *)set)[n / 32] &= ~(1U << n % 32);
}

struct k_sigaction {
	uaddr_t handler; /* SIG_DFL 0, SIG_IGN 1 */
	unsigned long flags;
	uaddr_t restorer;
	sigset_k mask;
};

struct sighand_struct {
	atomic_t refs; /* tasks */
	atomic_t pins; /* one for all tasks together, and whoever else must find signalfd_wait */
	struct spinlock lock; /* irqsave; rank SIGHAND */
	sigset_k changed;     /* has every signal whose action is not all zero; lock */
	struct k_sigaction action[NSIG];
	struct waitq signalfd_wait;
};

struct sigqueue {
	struct list_head link;	      /* s */
	struct user_account *account; /* i: charged; NULL: nobody */
	bool timer;		      /* i: of a POSIX timer, which waits for it to be taken */
	union {
		struct {
			int signo, error, code;
		};
		uint64_t bytes[SIGINFO_KEPT / 8];
	};
};

struct sigpending {
	sigset_k set;
	struct list_head
		queue; /* struct sigqueue: at most one for signals 1-31, any number (RLIMIT_SIGPENDING) for 32-64 */
	struct sigqueue own; /* the first that pends needs no memory; link.next NULL: free */
};

struct sigaltstack_k {
	uaddr_t ss_sp;
	int ss_flags;
	unsigned long ss_size;
};

/* What an interrupted system call needs to go on (nanosleep, futex, poll). */
struct restart_block {
	long (*fn)(struct restart_block *);
	uint64_t deadline_ns;
	uaddr_t addr, addr2;
	unsigned long a, b, c;
};

/* ---- sending; permission is the caller's affair ---- */
/* @info may be NULL (SI_KERNEL). To one thread / to the group (any thread that can take it). 0, -EAGAIN, -ESRCH. */
int signal_send_thread(struct task *t, int sig, const struct siginfo_k *info);
int signal_send_group(struct task *t, int sig, const struct siginfo_k *info);
int signal_send_pgrp(int pgrp, int sig,
		     const struct siginfo_k *info); /* -ESRCH when the group is empty */
/* kill(2) semantics with permission checks and pid 0, -1, -pgrp. */
long signal_kill(int pid, int sig, const struct siginfo_k *info);
/* A synchronous fault of the calling thread: cannot be blocked or ignored (then it kills). */
void signal_force(int sig, int code, uaddr_t addr);
/* The same with more to say: @info has the signal. @fatal: whatever its action is, it ends the process. */
void signal_force_info(const struct siginfo_k *info, bool fatal);
void signal_kill_group(struct task *t); /* SIGKILL at once, e.g. OOM */

/* ---- state ---- */
bool signal_pending(void); /* the calling task has a deliverable one */
bool fatal_signal_pending(void);
void signal_recalc(struct task *t); /* after a mask change: TIF work bit (sighand->lock held) */
void signal_set_blocked(
	sigset_k mask); /* of the calling task; SIGKILL and SIGSTOP stay deliverable */
/* Temporary mask until the system call ends (sigsuspend, ppoll, pselect, epoll_pwait). */
void signal_set_temp_mask(sigset_k mask);
/* The call ends without -EINTR: the mask is the old one again before any signal is delivered. */
void signal_end_temp_mask(void);
long signal_action(int sig, const struct k_sigaction *act,
		   struct k_sigaction *old); /* 0, -EINVAL */
sigset_k signal_pending_set(void);
long signal_timedwait(sigset_k set, struct siginfo_k *info,
		      uint64_t deadline_ns); /* signo, -EAGAIN, -EINTR */
/* Take one signal of @set that pends for the calling thread, blocked or not. Return: its number; 0: none. */
int signal_take(sigset_k set, struct siginfo_k *info);
bool signal_any_pending(sigset_k set); /* is there one? */
/* The queue woken for every signal sent to the caller's process; it goes with the tasks that share the handlers, unless
 * somebody pins it. */
struct waitq *signal_wait_queue(void);
void signal_wait_pin(struct waitq *q);
void signal_wait_unpin(struct waitq *q);
long signal_altstack(const struct sigaltstack_k *ss, struct sigaltstack_k *old, uaddr_t sp);
struct sighand_struct *must_check sighand_dup(const struct sighand_struct *from);
void sighand_put(struct sighand_struct *sh);
void sigpending_init(struct sigpending *p);
void sigpending_flush(struct sigpending *p);
/* exec: handlers to default (ignored ones stay), altstack off. */
void signal_exec_reset(struct task *t);
/* Signal numbers ignored / caught, for /proc/PID/status. */
void signal_sets(struct task *t, sigset_k *pending, sigset_k *shared, sigset_k *blocked,
		 sigset_k *ignored, sigset_k *caught);
/* Deliver what is pending to the current task on its way to user mode; restarts system calls. */
void signal_deliver(struct pt_regs *regs);
/* Child state changes (exit, stop, continue): SIGCHLD to the parent. tasklist_lock held. */
void signal_notify_parent(struct task *t, int code, int status);

#endif
