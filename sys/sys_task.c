/*
 * System calls on tasks: ids, groups, sessions, limits, waiting, thread set-up.
 *
 * LOCKS    none held across a call down, but where a line says so.   CONTEXT  a task in a system call; may sleep.
 * SOURCES  getpid(2), setpgid(2), setsid(2), prlimit(2), getrusage(2), wait4(2), waitid(2),
 *          set_tid_address(2), set_robust_list(2), arch_prctl(2), set_thread_area(2), modify_ldt(2).
 */
#include "sys/sys.h"

#include "arch/ldt.h"
#include "drivers/tty.h"
#include "fs/file.h"
#include "fs/pidfd.h"
#include "mm/mm.h"
#include "uapi/ldt.h"

/* ---- ids ---- */

SYS(getpid)
{
	return current_task()->tgid;
}

SYS(gettid)
{
	return current_task()->pid;
}

SYS(getppid)
{
	return signal_parent_pid(current_task()->signal);
}

SYS(getpgid)
{
	return task_getpgid((int)a0);
}

SYS(getpgrp)
{
	return task_getpgid(0);
}

SYS(setpgid)
{
	return task_setpgid((int)a0, (int)a1);
}

SYS(getsid)
{
	return task_getsid((int)a0);
}

SYS(setsid)
{
	return task_setsid();
}

SYS(vhangup)
{
	if (!capable(CAP_SYS_TTY_CONFIG))
		return -EPERM;
	tty_vhangup_caller();
	return 0;
}

/* ---- limits and usage ---- */

static long limit_change(struct task *t, unsigned which, const struct rlimit64 *new_limit,
			 struct rlimit64 *old)
{
	struct rlimit64 *r = &t->signal->rlim[which];
	bool may_raise = capable(CAP_SYS_RESOURCE);
	irqflags_t f;
	long ret = 0;

	if (new_limit && new_limit->rlim_cur > new_limit->rlim_max)
		return -EINVAL;
	if (new_limit && which == RLIMIT_NOFILE && new_limit->rlim_max > (unsigned)sysctl_nr_open)
		return -EPERM;
	f = spin_lock_irqsave(&tasklist_lock);
	*old = *r;
	if (new_limit && new_limit->rlim_max > r->rlim_max && !may_raise) {
		ret = -EPERM;
	} else if (new_limit) {
		*r = *new_limit;
		signal_limits_changed(t->signal);
	}
	spin_unlock_irqrestore(&tasklist_lock, f);
	return ret;
}

SYS(prlimit64)
{
	struct rlimit64 limit, old;
	const struct cred *c = current_task()->cred, *o;
	struct task *t;
	long ret;

	if (a1 >= RLIM_NLIMITS)
		return -EINVAL;
	if (a2 && get_user(&limit, a2))
		return -EFAULT;
	t = task_find(a0 ? (int)a0 : current_task()->pid);
	if (!t)
		return -ESRCH;
	o = t->cred;
	if (t != current_task() && !capable(CAP_SYS_RESOURCE) &&
	    (c->uid != o->euid || c->uid != o->suid || c->uid != o->uid || c->gid != o->gid))
		ret = -EPERM;
	else
		ret = limit_change(t, (unsigned)a1, a2 ? &limit : NULL, &old);
	task_put(t);
	if (ret || !a3)
		return ret;
	return put_user(a3, &old);
}

struct rlimit_native {
	unsigned long cur, max;
};

/* "No limit" is all ones in the caller's word. */
static unsigned long limit_infinity(void)
{
	return abi_narrow() ? UINT32_MAX : ULONG_MAX;
}

static uint64_t limit_widen(unsigned long v)
{
	return v == limit_infinity() ? RLIM64_INFINITY : v;
}

SYS(setrlimit)
{
	struct rlimit_native n;
	struct rlimit64 limit, old;

	if (a0 >= RLIM_NLIMITS)
		return -EINVAL;
	if (get_abi(&n, a1, "2p"))
		return -EFAULT;
	limit = (struct rlimit64){ limit_widen(n.cur), limit_widen(n.max) };
	return limit_change(current_task(), (unsigned)a0, &limit, &old);
}

static long do_getrlimit(unsigned which, uaddr_t out, unsigned long infinity)
{
	struct rlimit64 old;
	struct rlimit_native n;
	long ret;

	if (which >= RLIM_NLIMITS)
		return -EINVAL;
	ret = limit_change(current_task(), which, NULL, &old);
	if (ret)
		return ret;
	n.cur = old.rlim_cur >= infinity ? infinity : (unsigned long)old.rlim_cur;
	n.max = old.rlim_max >= infinity ? infinity : (unsigned long)old.rlim_max;
	return put_abi(out, &n, "2p");
}

SYS(getrlimit)
{
	return do_getrlimit((unsigned)a0, a1, limit_infinity());
}

/* i386 call 76: values end at 0x7fffffff. */
SYS(getrlimit_old)
{
	return do_getrlimit((unsigned)a0, a1, INT_MAX);
}

SYS(getrusage)
{
	struct rusage_k ru;
	int who = (int)a0;

	if (who != RUSAGE_SELF_K && who != RUSAGE_CHILDREN_K && who != RUSAGE_THREAD_K)
		return -EINVAL;
	group_rusage(who, &ru);
	return put_abi(a1, &ru, "18l");
}

/* ---- waiting for children ---- */

enum { WNOHANG = 1, WUNTRACED = 2, WEXITED = 4, WCONTINUED = 8, WNOWAIT = 0x1000000 };
#define WAIT_NOTHREAD 0x20000000U
#define WAIT_WALL     0x40000000U
#define WAIT_WCLONE   0x80000000U
enum { P_ALL, P_PID, P_PGID, P_PIDFD };

static long do_wait4(int pid, uaddr_t ustatus, unsigned options, uaddr_t uru)
{
	struct wait_result w = { 0 };
	long ret;

	if (options & ~(WNOHANG | WUNTRACED | WCONTINUED | WAIT_NOTHREAD | WAIT_WALL | WAIT_WCLONE))
		return -EINVAL;
	if (pid == INT_MIN)
		return -ESRCH;
	ret = task_wait(pid, options | WEXITED, &w);
	if (ret <= 0)
		return ret;
	if (ustatus && put_user(ustatus, &w.status))
		return -EFAULT;
	if (uru && put_abi(uru, &w.ru, "18l"))
		return -EFAULT;
	return ret;
}

SYS(wait4)
{
	return do_wait4((int)a0, a1, (unsigned)a2, a3);
}

SYS(waitpid)
{
	return do_wait4((int)a0, a1, (unsigned)a2, 0);
}

/* The id of waitid as task_wait wants it. */
static long waitid_which(int type, int id, int *which)
{
	if (type == P_ALL)
		*which = -1;
	else if (type == P_PID && id > 0)
		*which = id;
	else if (type == P_PGID && id >= 0)
		*which = id ? -id : 0;
	else
		return -EINVAL;
	return 0;
}

/* A descriptor that does not block makes the wait not block, and then the error says so. */
static long wait_pidfd(int fd, unsigned options, struct wait_result *w)
{
	struct signal_struct *sig;
	unsigned flags;
	long ret = pidfd_group(fd, &sig, &flags);

	if (ret)
		return ret;
	ret = task_wait_group(sig, options | (flags & O_NONBLOCK ? WNOHANG : 0), w);
	signal_put(sig);
	return !ret && (flags & O_NONBLOCK) && !(options & WNOHANG) ? -EAGAIN : ret;
}

SYS(waitid)
{
	struct wait_result w = { 0 };
	struct siginfo_k info = { 0 };
	unsigned options = (unsigned)a3;
	int which = -1;
	long ret = a0 == P_PIDFD ? ((int)a1 < 0 ? -EINVAL : 0)
				 : waitid_which((int)a0, (int)a1, &which);

	if (ret || !(options & (WEXITED | WUNTRACED | WCONTINUED)))
		return -EINVAL;
	if (options & ~(WNOHANG | WUNTRACED | WEXITED | WCONTINUED | WNOWAIT | WAIT_NOTHREAD |
			WAIT_WALL | WAIT_WCLONE))
		return -EINVAL;
	ret = a0 == P_PIDFD ? wait_pidfd((int)a1, options, &w) : task_wait(which, options, &w);
	if (ret > 0) {
		info.si_signo = SIGCHLD;
		info.si_code = w.code;
		info.pid = w.pid;
		info.uid = w.uid;
		info.status = w.code == CLD_EXITED	? w.status >> 8 & 0xff
			      : w.code == CLD_STOPPED	? w.status >> 8 & 0xff
			      : w.code == CLD_TRAPPED	? w.status >> 8 /* with the event */
			      : w.code == CLD_CONTINUED ? SIGCONT
							: w.status & 0x7f;
	}
	/* Zeros when there was nothing to report: also beside an error, as in Linux. */
	if (a2 && put_siginfo(a2, &info))
		return -EFAULT;
	if (ret < 0)
		return ret;
	if (ret > 0 && a4 && put_abi(a4, &w.ru, "18l"))
		return -EFAULT;
	return 0;
}

/* ---- thread set-up ---- */

struct task *task_or_self(int pid)
{
	if (pid)
		return task_find(pid);
	task_get(current_task());
	return current_task();
}

SYS(set_tid_address)
{
	current_task()->clear_child_tid = a0;
	return current_task()->pid;
}

SYS(set_robust_list)
{
	if (a1 != 3 * abi_word())
		return -EINVAL;
	current_task()->futex.robust = a0;
	current_task()->futex.robust_len = a1;
	return 0;
}

SYS(get_robust_list)
{
	struct task *t = task_or_self((int)a0);
	size_t len = 3 * abi_word();
	uaddr_t head;
	bool may;

	if (!t)
		return -ESRCH;
	may = task_may_ptrace(t, true);
	head = t->futex.robust;
	task_put(t);
	if (!may)
		return -EPERM;
	return put_abi(a1, &head, "p") || put_abi(a2, &len, "p") ? -EFAULT : 0;
}

SYS(rseq)
{
	enum { RSEQ_UNREGISTER = 1 };

	if ((int)a2 == RSEQ_UNREGISTER)
		return rseq_unregister(a0, (uint32_t)a1, (uint32_t)a3);
	return a2 ? -EINVAL : rseq_register(a0, (uint32_t)a1, (uint32_t)a3);
}

SYS(arch_prctl)
{
	return arch_prctl(&current_task()->thread.arch, (int)a0, a1);
}

/* The result is an int even where system calls give long: an error does not have the high half set (modify_ldt(2)). */
SYS(modify_ldt)
{
	return (long)(unsigned)ldt_modify((int)a0, a1, a2);
}

SYS(set_thread_area)
{
	struct user_desc d;
	long ret;

	if (get_user(&d, a0))
		return -EFAULT;
	ret = arch_set_tls(&current_task()->thread.arch, &d, true);
	if (ret)
		return ret;
	return put_user(a0, &d);
}

SYS(get_thread_area)
{
	struct user_desc d = { 0 };
	long ret;

	if (get_user(&d.entry_number, a0))
		return -EFAULT;
	ret = arch_get_tls(&current_task()->thread.arch, &d);
	if (ret)
		return ret;
	return put_user(a0, &d);
}

SYS(personality)
{
	unsigned long old = current_task()->mm_ctx.personality;

	if ((uint32_t)a0 != UINT_MAX)
		current_task()->mm_ctx.personality = (uint32_t)a0;
	return (long)old;
}
