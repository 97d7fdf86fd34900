/*
 * System calls on signals: actions, masks, sending, waiting, the alternate stack.
 *
 * LOCKS    none here; kernel/signal.c has them.   CONTEXT  a task in a system call; may sleep.
 * SOURCES  sigaction(2), sigprocmask(2), sigsuspend(2), sigpending(2), sigtimedwait(2), kill(2), tgkill(2),
 *          rt_sigqueueinfo(2), sigaltstack(2), sigreturn(2), signal(2), pause(2).
 */
#include "sys/sys.h"

#include "arch/sigframe.h"
#include "fs/file.h"
#include "fs/pidfd.h"
#include "fs/proc.h"
#include "kernel/time.h"
#include "lib/string.h"

int get_sigset(uaddr_t addr, size_t size, uint64_t *out)
{
	if (size != sizeof(sigset_k))
		return -EINVAL;
	return get_user(out, addr);
}

/* The user's struct sigaction for rt_sigaction; the same order of fields on both ABIs. */
struct user_sigaction {
	unsigned long handler, flags, restorer;
	uint32_t mask[2];
};

SYS(rt_sigaction)
{
	struct k_sigaction act, old;
	struct user_sigaction u;
	long ret;

	if (a3 != sizeof(sigset_k))
		return -EINVAL;
	if (a1) {
		if (get_abi(&u, a1, "3p2i"))
			return -EFAULT;
		act = (struct k_sigaction){ u.handler, u.flags, u.restorer,
					    u.mask[0] | (uint64_t)u.mask[1] << 32 };
	}
	ret = signal_action((int)a0, a1 ? &act : NULL, a2 ? &old : NULL);
	if (ret || !a2)
		return ret;
	u = (struct user_sigaction){ old.handler,
				     old.flags,
				     old.restorer,
				     { (uint32_t)old.mask, (uint32_t)(old.mask >> 32) } };
	return put_abi(a2, &u, "3p2i");
}

/* i386 call 67: 32-bit mask, other field order. */
struct old_sigaction {
	unsigned long handler, mask, flags, restorer;
};

SYS(sigaction)
{
	struct k_sigaction act, old;
	struct old_sigaction u;
	long ret;

	if (a1) {
		if (get_abi(&u, a1, "4p"))
			return -EFAULT;
		act = (struct k_sigaction){ u.handler, u.flags, u.restorer, u.mask };
	}
	ret = signal_action((int)a0, a1 ? &act : NULL, a2 ? &old : NULL);
	if (ret || !a2)
		return ret;
	u = (struct old_sigaction){ old.handler, (unsigned long)old.mask, old.flags, old.restorer };
	return put_abi(a2, &u, "4p");
}

SYS(signal)
{
	struct k_sigaction act = { .handler = a1, .flags = SA_RESETHAND | SA_NODEFER }, old;
	long ret = signal_action((int)a0, &act, &old);

	return ret ? ret : (long)old.handler;
}

/* Apply one of SIG_BLOCK, UNBLOCK, SETMASK to the low @bits of the mask. */
static long change_mask(int how, uint64_t set, uint64_t keep)
{
	uint64_t mask = current_task()->blocked;

	if (how == SIG_BLOCK)
		mask |= set;
	else if (how == SIG_UNBLOCK)
		mask &= ~set;
	else if (how == SIG_SETMASK)
		mask = (mask & keep) | set;
	else
		return -EINVAL;
	signal_set_blocked(mask);
	return 0;
}

SYS(rt_sigprocmask)
{
	uint64_t old = current_task()->blocked, set;
	long ret = 0;

	if (a3 != sizeof(sigset_k))
		return -EINVAL;
	if (a1) {
		if (get_user(&set, a1))
			return -EFAULT;
		ret = change_mask((int)a0, set, 0);
	}
	if (ret || !a2)
		return ret;
	return put_user(a2, &old);
}

SYS(sigprocmask)
{
	uint32_t old = (uint32_t)current_task()->blocked, set;
	long ret = 0;

	if (a1) {
		if (get_user(&set, a1))
			return -EFAULT;
		ret = change_mask((int)a0, set, ~(uint64_t)UINT_MAX);
	}
	if (ret || !a2)
		return ret;
	return put_user(a2, &old);
}

SYS(sgetmask)
{
	return (long)(uint32_t)current_task()->blocked;
}

SYS(ssetmask)
{
	uint32_t old = (uint32_t)current_task()->blocked;

	signal_set_blocked((uint32_t)a0);
	return (long)old;
}

SYS(rt_sigpending)
{
	sigset_k set = signal_pending_set();

	if (a1 > sizeof(set))
		return -EINVAL;
	return copy_to_user(a0, &set, a1) ? -EFAULT : 0;
}

SYS(sigpending)
{
	uint32_t set = (uint32_t)signal_pending_set();

	return put_user(a0, &set);
}

/* Sleep until a signal is to be handled; its handler runs with the old mask saved. */
static long wait_for_signal(void)
{
	while (!signal_pending())
		(void)thread_park(PARK_INTERRUPTIBLE, PARK_FOREVER);
	return -ERESTARTNOHAND;
}

SYS(rt_sigsuspend)
{
	sigset_k set;
	int err = get_sigset(a0, a1, &set);

	if (err)
		return err;
	signal_set_temp_mask(set);
	return wait_for_signal();
}

/* i386: the mask is the third argument. */
SYS(sigsuspend)
{
	signal_set_temp_mask((uint32_t)a2);
	return wait_for_signal();
}

SYS(pause)
{
	return wait_for_signal();
}

static long do_sigtimedwait(uaddr_t uset, uaddr_t uinfo, uaddr_t uts, size_t size, bool time64)
{
	uint64_t deadline = PARK_FOREVER;
	struct timespec64_k ts;
	struct siginfo_k info;
	sigset_k set;
	long ret = get_sigset(uset, size, &set);

	if (!ret && uts) {
		ret = get_timespec(uts, time64, &ts);
		if (!ret)
			deadline = deadline_after(&ts);
	}
	if (ret)
		return ret;
	ret = signal_timedwait(set, &info, deadline);
	if (ret > 0 && uinfo && put_siginfo(uinfo, &info))
		return -EFAULT;
	return ret;
}

SYS(rt_sigtimedwait)
{
	return do_sigtimedwait(a0, a1, a2, a3, false);
}

SYS(rt_sigtimedwait_time64)
{
	return do_sigtimedwait(a0, a1, a2, a3, true);
}

/* ---- sending ---- */

static void info_of_sender(struct siginfo_k *info, int sig, int code)
{
	const struct task *t = current_task();

	memset(info, 0, SIGINFO_KEPT);
	info->si_signo = sig;
	info->si_code = code;
	info->pid = t->tgid;
	info->uid = t->cred->uid;
}

SYS(kill)
{
	struct siginfo_k info;

	info_of_sender(&info, (int)a1, SI_USER);
	return signal_kill((int)a0, (int)a1, &info);
}

/* May the caller signal @t? kill(2): real or effective uid against real or saved uid; SIGCONT within a session. */
static bool may_signal(struct task *t, int sig)
{
	const struct cred *c = current_task()->cred, *o = t->cred;

	if (c->euid == o->suid || c->euid == o->uid || c->uid == o->suid || c->uid == o->uid)
		return true;
	if (sig == SIGCONT && current_task()->signal->session == t->signal->session)
		return true;
	return capable(CAP_KILL);
}

/* @tgid -1: any group. */
static long signal_one_thread(int tgid, int tid, int sig, const struct siginfo_k *info)
{
	struct task *t;
	long ret;

	if (tid <= 0 || tgid == 0 || sig < 0 || sig > NSIG)
		return -EINVAL;
	t = task_find(tid);
	if (!t)
		return -ESRCH;
	if (tgid > 0 && t->tgid != tgid)
		ret = -ESRCH;
	else if (!may_signal(t, sig))
		ret = -EPERM;
	else
		ret = sig ? signal_send_thread(t, sig, info) : 0;
	task_put(t);
	return ret;
}

/* What sender and permissions of pidfd_send_signal(2) allow; @info is the caller's own wording when @uinfo is given. */
static long get_pidfd_info(uaddr_t uinfo, int sig, const struct task *t, struct siginfo_k *info)
{
	info_of_sender(info, sig, SI_USER);
	if (!uinfo)
		return 0;
	if (get_siginfo(info, uinfo))
		return -EFAULT;
	if (sig != info->si_signo)
		return -EINVAL;
	if (t->signal != current_task()->signal &&
	    (info->si_code >= 0 || info->si_code == SI_TKILL))
		return -EPERM;
	return 0;
}

/* A pidfd, or the directory of a process in /proc. */
static long process_of_fd(int fd, struct task **out)
{
	long ret = pidfd_task(fd, out);
	struct file *f = ret == -EBADF ? fd_file(fd) : NULL;

	if (!f)
		return ret;
	*out = f->flags & O_PATH ? NULL : proc_dir_process(f);
	fput(f);
	if (*out && READ_ONCE((*out)->exit_state) == EXIT_DEAD) {
		task_put(*out);
		return -ESRCH;
	}
	return *out ? 0 : -EBADF;
}

SYS(pidfd_send_signal)
{
	struct siginfo_k info;
	int sig = (int)a1;
	struct task *t;
	long ret;

	if (a3)
		return -EINVAL;
	ret = process_of_fd((int)a0, &t);
	if (ret)
		return ret;
	ret = get_pidfd_info(a2, sig, t, &info);
	if (!ret && (sig < 0 || sig > NSIG))
		ret = -EINVAL;
	if (!ret && !may_signal(t, sig))
		ret = -EPERM;
	if (!ret && sig)
		ret = signal_send_group(t, sig, &info);
	task_put(t);
	return ret;
}

SYS(tkill)
{
	struct siginfo_k info;

	info_of_sender(&info, (int)a1, SI_TKILL);
	return signal_one_thread(-1, (int)a0, (int)a1, &info);
}

SYS(tgkill)
{
	struct siginfo_k info;

	info_of_sender(&info, (int)a2, SI_TKILL);
	return (int)a0 <= 0 ? -EINVAL : signal_one_thread((int)a0, (int)a1, (int)a2, &info);
}

/* A process may not pose as the kernel or as kill(2), except towards itself. */
static long get_queued_info(uaddr_t uinfo, int sig, int target, struct siginfo_k *info)
{
	if (get_siginfo(info, uinfo))
		return -EFAULT;
	if ((info->si_code >= 0 || info->si_code == SI_TKILL) && target != current_task()->tgid)
		return -EPERM;
	info->si_signo = sig;
	return 0;
}

SYS(rt_sigqueueinfo)
{
	struct siginfo_k info;
	long err = get_queued_info(a2, (int)a1, (int)a0, &info);

	if (err)
		return err;
	return (int)a0 <= 0 ? -ESRCH : signal_kill((int)a0, (int)a1, &info);
}

SYS(rt_tgsigqueueinfo)
{
	struct siginfo_k info;
	long err = get_queued_info(a3, (int)a2, (int)a0, &info);

	if (err)
		return err;
	return (int)a0 <= 0 ? -EINVAL : signal_one_thread((int)a0, (int)a1, (int)a2, &info);
}

/* ---- the alternate stack, and the way back from handlers ---- */

struct user_altstack {
	unsigned long sp;
	int flags;
	unsigned long size;
};

SYS(sigaltstack)
{
	struct sigaltstack_k ss, old;
	struct user_altstack u;
	long ret;

	if (a0) {
		if (get_abi(&u, a0, "pip"))
			return -EFAULT;
		ss = (struct sigaltstack_k){ u.sp, u.flags, u.size };
	}
	ret = signal_altstack(a0 ? &ss : NULL, a1 ? &old : NULL, current_regs()->sp);
	if (ret || !a1)
		return ret;
	u = (struct user_altstack){ .sp = old.ss_sp, .flags = old.ss_flags, .size = old.ss_size };
	return put_abi(a1, &u, "pip");
}

static bool altstack_differs(const struct sigframe_altstack *s)
{
	const struct sigaltstack_k *now = &current_task()->altstack;

	return s->sp != now->ss_sp || s->size != now->ss_size || s->flags != now->ss_flags;
}

static long do_sigreturn(bool rt)
{
	struct pt_regs *regs = current_regs();
	struct sigframe_saved saved;
	struct sigaltstack_k ss;

	if (sigframe_pop(regs, rt, &saved)) {
		signal_force(SIGSEGV, SI_KERNEL, 0);
		return 0;
	}
	signal_set_blocked(saved.mask);
	if (saved.has_altstack && altstack_differs(&saved.altstack)) {
		ss = (struct sigaltstack_k){ saved.altstack.sp, saved.altstack.flags,
					     saved.altstack.size };
		(void)signal_altstack(&ss, NULL, regs->sp);
	}
	return (long)regs->ax;
}

SYS(sigreturn)
{
	return do_sigreturn(false);
}

SYS(rt_sigreturn)
{
	return do_sigreturn(true);
}
