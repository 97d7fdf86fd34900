/*
 * The signal state of the calling thread: mask, actions, alternate stack, waiting for signals.
 *
 * LOCKS    sighand->lock. A change of mask also hands signals pending for the group to another thread.
 * I1       blocked never contains SIGKILL and SIGSTOP.
 * I2       after a change of mask WORK_SIGNAL says exactly whether something is deliverable.
 * SOURCES  sigaction(2), sigprocmask(2), sigsuspend(2), sigtimedwait(2), sigaltstack(2), signal(7), execve(2).
 */
#include "arch/sigframe.h"
#include "base/errno.h"
#include "kernel/kthread.h"
#include "kernel/sigqueue.h"
#include "kernel/task_impl.h"
#include "lib/string.h"
#include "sync/kassert.h"

#define UNBLOCKABLE (sigmask(SIGKILL) | sigmask(SIGSTOP))

bool signal_pending(void)
{
	return sched_work_seen(WORK_SIGNAL);
}

bool fatal_signal_pending(void)
{
	return current_task()->mm_ctx.fatal_signal;
}

/* Something that signal_deliver has to look at. */
static inline bool has_work(const struct task *t)
{
	const sigset_k pending = t->pending.set | t->signal->shared_pending.set;

	return (pending && pending & ~(t->blocked & ~t->wait_set)) || signal_must_look(t);
}

static inline void recalc(struct task *t)
{
	if (unlikely(has_work(t)))
		sched_work_set(&t->thread, WORK_SIGNAL);
	else if (unlikely(t->thread.work & WORK_SIGNAL) && t == current_task())
		sched_work_clear(WORK_SIGNAL);
}

void signal_recalc(struct task *t)
{
	recalc(t);
}

/* Signals of @newly that pend for the group and this thread no longer takes go to another one. */
static void retarget(struct task *t, sigset_k newly)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);

	spin_lock(&t->sighand->lock);
	signal_retarget_locked(t, newly);
	spin_unlock(&t->sighand->lock);
	spin_unlock_irqrestore(&tasklist_lock, flags);
}

static void change_blocked(struct task *t, sigset_k mask)
{
	irqflags_t flags = spin_lock_irqsave(&t->sighand->lock);
	sigset_k newly = mask & ~t->blocked & t->signal->shared_pending.set;

	t->blocked = mask & ~UNBLOCKABLE;
	recalc(t);
	spin_unlock_irqrestore(&t->sighand->lock, flags);
	if (unlikely(newly && t->signal->nr_live > 1))
		retarget(t, newly);
}

void signal_set_blocked(sigset_k mask)
{
	struct task *t = current_task();

	mask &= ~UNBLOCKABLE;
	if (mask != t->blocked)
		change_blocked(t, mask);
}

void signal_block_more(sigset_k add)
{
	struct task *t = current_task();

	change_blocked(t, t->blocked | add);
}

void signal_set_temp_mask(sigset_k mask)
{
	struct task *t = current_task();

	t->saved_mask = t->blocked;
	t->restore_mask = true;
	sched_work_set(&t->thread, WORK_RESTORE_MASK);
	change_blocked(t, mask);
}

void signal_end_temp_mask(void)
{
	struct task *t = current_task();

	if (!t->restore_mask)
		return;
	t->restore_mask = false;
	sched_work_clear(WORK_RESTORE_MASK);
	change_blocked(t, t->saved_mask);
}

sigset_k signal_pending_set(void)
{
	struct task *t = current_task();
	irqflags_t flags = spin_lock_irqsave(&t->sighand->lock);
	sigset_k set = (t->pending.set | t->signal->shared_pending.set) & t->blocked;

	spin_unlock_irqrestore(&t->sighand->lock, flags);
	return set;
}

/* An action that ignores @sig also drops what is pending of it. tasklist_lock and sighand->lock held. */
static void drop_ignored(struct task *t, int sig)
{
	uaddr_t handler = t->sighand->action[sig - 1].handler;
	struct task *each;

	if (handler != SIG_IGN && !(handler == SIG_DFL && signal_is_default_ignored(sig)))
		return;
	sigpending_remove(&t->signal->shared_pending, sigmask(sig));
	list_for_each_entry (each, &t->signal->threads, thread_link)
		sigpending_remove(&each->pending, sigmask(sig));
}

long signal_action(int sig, const struct k_sigaction *act, struct k_sigaction *old)
{
	struct task *t = current_task();
	irqflags_t flags;

	if (sig < 1 || sig > NSIG || (act && sigmask(sig) & UNBLOCKABLE))
		return -EINVAL;
	flags = spin_lock_irqsave(&tasklist_lock);
	spin_lock(&t->sighand->lock);
	if (old)
		*old = t->sighand->action[sig - 1];
	if (act) {
		sigset_add(&t->sighand->changed, sig);
		t->sighand->action[sig - 1] = *act;
		t->sighand->action[sig - 1].mask &= ~UNBLOCKABLE;
		drop_ignored(t, sig);
	}
	spin_unlock(&t->sighand->lock);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	return 0;
}

/* The handler of a signal that a kernel thread takes note of. */
enum { SIG_KTHREAD = 2 };

void signal_ignore_all(struct task *t)
{
	for (int sig = 1; sig <= NSIG; sig++)
		t->sighand->action[sig - 1].handler = SIG_IGN;
	t->sighand->changed = ~(sigset_k)0;
}

void signal_heed_all(void)
{
	struct task *t = current_task();
	irqflags_t flags = spin_lock_irqsave(&t->sighand->lock);

	for (int sig = 1; sig <= NSIG; sig++)
		t->sighand->action[sig - 1] = (struct k_sigaction){ .handler = SIG_DFL };
	t->sighand->changed = 0;
	spin_unlock_irqrestore(&t->sighand->lock, flags);
}

void signal_allow(int sig, bool allowed)
{
	struct task *t = current_task();
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);

	spin_lock(&t->sighand->lock);
	t->sighand->action[sig - 1].handler = allowed ? SIG_KTHREAD : SIG_IGN;
	drop_ignored(t, sig);
	spin_unlock(&t->sighand->lock);
	spin_unlock_irqrestore(&tasklist_lock, flags);
}

void signal_reset_action(int sig)
{
	struct task *t = current_task();
	irqflags_t flags = spin_lock_irqsave(&t->sighand->lock);

	t->sighand->action[sig - 1].handler = SIG_DFL;
	spin_unlock_irqrestore(&t->sighand->lock, flags);
}

int signal_dequeue_locked(struct task *t, sigset_k mask, struct siginfo_k *info)
{
	struct sigpending *p = &t->pending;
	int sig = signal_first(p->set & ~mask);

	if (!sig) {
		p = &t->signal->shared_pending;
		sig = signal_first(p->set & ~mask);
	}
	if (sig)
		sigpending_take(p, sig, info);
	return sig;
}

static int take_one_of(struct task *t, sigset_k set, struct siginfo_k *info, sigset_k wait_set)
{
	irqflags_t flags = spin_lock_irqsave(&t->sighand->lock);
	int sig = signal_dequeue_locked(t, ~set, info);

	memset((char *)info + SIGINFO_KEPT, 0, sizeof(*info) - SIGINFO_KEPT);
	t->wait_set = sig ? 0 : wait_set;
	signal_recalc(t);
	spin_unlock_irqrestore(&t->sighand->lock, flags);
	return sig;
}

long signal_timedwait(sigset_k set, struct siginfo_k *info, uint64_t deadline_ns)
{
	struct task *t = current_task();
	int sig, err = 0;

	set &= ~UNBLOCKABLE;
	for (;;) {
		sig = take_one_of(t, set, info, err ? 0 : set);
		if (sig)
			return sig;
		if (err)
			return err == -ETIMEDOUT ? -EAGAIN : -EINTR;
		err = thread_park(PARK_INTERRUPTIBLE, deadline_ns);
	}
}

int signal_take(sigset_k set, struct siginfo_k *info)
{
	return take_one_of(current_task(), set & ~UNBLOCKABLE, info, 0);
}

bool signal_any_pending(sigset_k set)
{
	struct task *t = current_task();
	irqflags_t flags = spin_lock_irqsave(&t->sighand->lock);
	bool any = (t->pending.set | t->signal->shared_pending.set) & set;

	spin_unlock_irqrestore(&t->sighand->lock, flags);
	return any;
}

struct waitq *signal_wait_queue(void)
{
	return &current_task()->sighand->signalfd_wait;
}

static bool on_altstack(const struct task *t, uaddr_t sp)
{
	return !(t->altstack.ss_flags & SS_DISABLE) &&
	       sp - t->altstack.ss_sp <= t->altstack.ss_size && sp != t->altstack.ss_sp;
}

long signal_altstack(const struct sigaltstack_k *ss, struct sigaltstack_k *old, uaddr_t sp)
{
	struct task *t = current_task();
	struct sigaltstack_k fresh;
	bool on = on_altstack(t, sp) && !((unsigned)t->altstack.ss_flags & SS_AUTODISARM);
	int mode;

	if (old) {
		*old = t->altstack;
		if (on)
			old->ss_flags |= SS_ONSTACK;
	}
	if (!ss)
		return 0;
	if (on)
		return -EPERM;
	fresh = *ss;
	mode = (int)((unsigned)fresh.ss_flags & ~SS_AUTODISARM);
	if (mode != 0 && mode != SS_ONSTACK && mode != SS_DISABLE)
		return -EINVAL;
	if (mode == SS_DISABLE) {
		fresh.ss_sp = 0;
		fresh.ss_size = 0;
	} else if (fresh.ss_size < MINSIGSTKSZ_K) {
		return -ENOMEM;
	}
	fresh.ss_flags = (int)((unsigned)mode & ~(unsigned)SS_ONSTACK) |
			 (int)((unsigned)ss->ss_flags & SS_AUTODISARM);
	t->altstack = fresh;
	return 0;
}

void signal_exec_reset(struct task *t)
{
	irqflags_t flags = spin_lock_irqsave(&t->sighand->lock);
	sigset_k left = t->sighand->changed;

	for (int sig; (sig = signal_first(left)) != 0; sigset_del(&left, sig)) {
		struct k_sigaction *a = &t->sighand->action[sig - 1];
		const bool ignored = a->handler == SIG_IGN;

		*a = (struct k_sigaction){ .handler = ignored ? SIG_IGN : SIG_DFL };
		if (!ignored)
			sigset_del(&t->sighand->changed, sig);
	}
	t->altstack = (struct sigaltstack_k){ .ss_flags = SS_DISABLE };
	spin_unlock_irqrestore(&t->sighand->lock, flags);
}

int sighand_unshare(void)
{
	struct task *t = current_task();
	struct sighand_struct *old = t->sighand, *fresh;
	irqflags_t flags;

	if (atomic_read(&old->refs) == 1)
		return 0;
	fresh = sighand_dup(old);
	if (!fresh)
		return -ENOMEM;
	flags = spin_lock_irqsave(&tasklist_lock); /* senders look up sighand under it */
	t->sighand = fresh;
	spin_unlock_irqrestore(&tasklist_lock, flags);
	sighand_put(old);
	return 0;
}

void signal_sets(struct task *t, sigset_k *pending, sigset_k *shared, sigset_k *blocked,
		 sigset_k *ignored, sigset_k *caught)
{
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	sigset_k left;

	spin_lock(&t->sighand->lock);
	*pending = t->pending.set;
	*shared = t->signal->shared_pending.set;
	*blocked = t->blocked;
	*ignored = 0;
	*caught = 0;
	left = t->sighand->changed;
	for (int sig; (sig = signal_first(left)) != 0; sigset_del(&left, sig)) {
		uaddr_t handler = t->sighand->action[sig - 1].handler;

		if (handler == SIG_IGN)
			sigset_add(ignored, sig);
		else if (handler != SIG_DFL)
			sigset_add(caught, sig);
	}
	spin_unlock(&t->sighand->lock);
	spin_unlock_irqrestore(&tasklist_lock, flags);
}
