/* Numbers of signals, and sending them. */
#ifndef _LINUX_SIGNAL_H
#define _LINUX_SIGNAL_H

#include <linux/sched.h>

#define POLL_IN	    1
#define POLL_OUT    2
#define POLL_MSG    3
#define POLL_ERR    4
#define POLL_PRI    5
#define POLL_HUP    6
#define _NSIG	    64
#define _NSIG_BPW   (8 * sizeof(long))
#define _NSIG_WORDS (_NSIG / _NSIG_BPW)
#define sigmask(n)  (1UL << ((n)-1))

/* What a handler with SA_SIGINFO is told. A module's signals say SI_KERNEL; si_int is kept only here. */
typedef struct kernel_siginfo {
	int si_signo, si_errno, si_code;
	int si_pid, si_uid, si_int;
	void *si_ptr, *si_addr;
} kernel_siginfo_t;
#define siginfo		 kernel_siginfo
#define clear_siginfo(i) ((void)__builtin_memset(i, 0, sizeof(*(i))))

#define send_sig_info(sig, info, task) module_send_sig(sig, task)
#define kill_pid(pid, sig, priv)       module_kill_pid(pid, sig)
#define kill_proc(nr, sig, priv)       module_kill_pid(find_vpid(nr), sig)
#define allow_signal(sig)	       module_allow_signal(sig, 1)
#define disallow_signal(sig)	       module_allow_signal(sig, 0)
#define flush_signals(task)	       ((void)(task))

static inline int module_kill_pid(struct pid *pid, int sig)
{
	struct task_struct *task = module_pid_task(pid);

	return task ? module_send_sig(sig, task) : -ESRCH;
}

/* ---- sets ---- */
#define SIGSET_WORD(set, n) ((set)->sig[((n)-1) / _NSIG_BPW])
#define SIGSET_BIT(n)	    (1UL << (((n)-1) % _NSIG_BPW))
#define sigaddset(set, n)   ((void)(SIGSET_WORD(set, n) |= SIGSET_BIT(n)))
#define sigdelset(set, n)   ((void)(SIGSET_WORD(set, n) &= ~SIGSET_BIT(n)))
#define sigismember(set, n) ((int)((SIGSET_WORD(set, n) & SIGSET_BIT(n)) != 0))
#define sigemptyset(set)    ((void)__builtin_memset(set, 0, sizeof(sigset_t)))
#define sigfillset(set)	    ((void)__builtin_memset(set, 255, sizeof(sigset_t)))

static inline int sigisemptyset(const sigset_t *set)
{
	unsigned long any = 0;

	for (unsigned int i = 0; i < _NSIG_WORDS; i++)
		any |= set->sig[i];
	return !any;
}

#endif
