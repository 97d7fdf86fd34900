/*
 * Pending signals: the sets and queues of threads and groups, and the handlers' table.
 *
 * OWNS     struct sigpending, struct sigqueue, struct sighand_struct.
 * WHY      a signal is a bit in the set; what it carries (siginfo) is an entry of the queue. Standard signals (1-31) pend at
 *          most once, with the first one's information; real-time signals each have an entry.
 * I1       a signal with an entry in the queue has its bit in the set. A bit without an entry is a signal whose entry could
 *          not be had: it is delivered with empty information.
 * I2       every entry is charged to a user_account, except where none was given, and but for a fault's in the set's own entry:
 *          the thread that faulted takes it at once.
 * I3       sigpending.own is in the queue, or its link.next is NULL: most signals are taken before the next one comes.
 * LOCKS    sighand->lock.
 * CONTEXT  any (entries come from atomic memory).
 * SOURCES  signal(7), sigqueue(3), getrlimit(2) RLIMIT_SIGPENDING.
 */
#include "kernel/sigqueue.h"
#include "arch/sigframe.h"
#include "base/errno.h"
#include "kernel/posix_timer.h"
#include "kernel/task_impl.h"
#include "lib/string.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "sync/kassert.h"

static struct kmem_cache *sighand_cache, *sigqueue_cache;

/* Of a free sighand_struct no action is changed: a fork copies those that are, not two thousand bytes of zeroes. */
static void sighand_construct(void *obj)
{
	struct sighand_struct *sh = obj;

	sh->changed = 0;
	memset(sh->action, 0, sizeof(sh->action));
}

void signals_init(void)
{
	sighand_cache = kmem_cache_create("sighand_cache", sizeof(struct sighand_struct), 0,
					  SLAB_PANIC, sighand_construct);
	sigqueue_cache =
		kmem_cache_create("sigqueue", sizeof(struct sigqueue), 0, SLAB_PANIC, NULL);
}

/* ---- handlers ---- */

static void actions_copy(struct sighand_struct *to, const struct sighand_struct *from)
{
	sigset_k left = to->changed = from->changed;

	for (int sig; (sig = signal_first(left)) != 0; sigset_del(&left, sig))
		to->action[sig - 1] = from->action[sig - 1];
}

static void actions_clear(struct sighand_struct *sh)
{
	for (int sig; (sig = signal_first(sh->changed)) != 0; sigset_del(&sh->changed, sig))
		sh->action[sig - 1] = (struct k_sigaction){ 0 };
}

/* @from NULL: all default. */
struct sighand_struct *sighand_dup(const struct sighand_struct *from)
{
	struct sighand_struct *sh =
		failpoint("sighand") ? NULL : kmem_cache_alloc(sighand_cache, GFP_KERNEL);
	irqflags_t flags;

	if (!sh)
		return NULL;
	atomic_set(&sh->refs, 1);
	atomic_set(&sh->pins, 1);
	spin_init(&sh->lock, RANK_SIGHAND);
	waitq_init(&sh->signalfd_wait);
	if (!from)
		return sh;
	flags = spin_lock_irqsave((struct spinlock *)(uintptr_t)&from->lock);
	actions_copy(sh, from);
	spin_unlock_irqrestore((struct spinlock *)(uintptr_t)&from->lock, flags);
	return sh;
}

void sighand_put(struct sighand_struct *sh)
{
	if (!atomic_dec_and_test(&sh->refs))
		return;
	waitq_wake_all(
		&sh->signalfd_wait); /* who watches on hears no more of it; as on Linux they look once more */
	signal_wait_unpin(&sh->signalfd_wait);
}

void signal_wait_pin(struct waitq *q)
{
	atomic_inc(&container_of(q, struct sighand_struct, signalfd_wait)->pins);
}

void signal_wait_unpin(struct waitq *q)
{
	struct sighand_struct *sh = container_of(q, struct sighand_struct, signalfd_wait);

	if (!atomic_dec_and_test(&sh->pins))
		return;
	actions_clear(sh);
	kmem_cache_free(sighand_cache, sh);
}

/* ---- queues ---- */

void sigpending_init(struct sigpending *p)
{
	p->set = 0;
	list_init(&p->queue);
	p->own.link.next = NULL;
}

static void free_entry(struct sigpending *p, struct sigqueue *q)
{
	list_del(&q->link);
	if (q->account)
		user_account_uncharge_signal(q->account);
	if (likely(q == &p->own))
		q->link.next = NULL;
	else
		kmem_cache_free(sigqueue_cache, q);
}

void sigpending_flush(struct sigpending *p)
{
	p->set = 0;
	while (!list_empty(&p->queue))
		free_entry(p, list_first(&p->queue, struct sigqueue, link));
}

void sigpending_remove(struct sigpending *p, sigset_k mask)
{
	struct sigqueue *q, *tmp;

	if (!(p->set & mask))
		return;
	p->set &= ~mask;
	list_for_each_entry_safe (q, tmp, &p->queue, link)
		if (sigmask(q->signo) & mask)
			free_entry(p, q);
}

static struct sigqueue *new_entry(struct sigpending *p, struct task *t, uint64_t limit)
{
	struct user_account *u = t->account;
	struct sigqueue *q = &p->own;

	if (!u || !user_account_charge_signal(u, limit))
		return NULL;
	if (unlikely(q->link.next))
		q = failpoint("sigqueue") ? NULL : kmem_cache_alloc(sigqueue_cache, GFP_ATOMIC);
	if (!q) {
		user_account_uncharge_signal(u);
		return NULL;
	}
	q->account = u;
	return q;
}

static inline bool queued_by_user(const struct siginfo_k *info)
{
	return info && info->si_code != SI_USER;
}

int sigpending_add(struct sigpending *p, struct task *t, int sig, const struct siginfo_k *info,
		   bool timer)
{
	bool realtime = sig >= SIGRTMIN;
	uint64_t limit =
		realtime && !timer ? t->signal->rlim[RLIMIT_SIGPENDING].rlim_cur : UINT64_MAX;
	struct sigqueue *q;

	if (!realtime && !timer && sigset_has(&p->set, sig))
		return 0;
	q = new_entry(p, t, limit);
	if (q) {
		if (info)
			memcpy(q->bytes, info, SIGINFO_KEPT);
		else
			memset(q->bytes, 0, SIGINFO_KEPT);
		if (!info)
			q->code = SI_KERNEL;
		q->signo = sig;
		q->timer = timer;
		list_add_tail(&q->link, &p->queue);
	} else if (timer || (realtime && queued_by_user(info))) {
		return -EAGAIN; /* sigqueue(3): its information may not be lost */
	}
	sigset_add(&p->set, sig);
	return 0;
}

void sigpending_force(struct sigpending *p, struct task *t, const struct siginfo_k *info)
{
	const sigset_k mask = sigmask(info->si_signo);
	struct sigqueue *q = &p->own;

	sigpending_remove(p, mask);
	if (likely(!q->link.next)) {
		q->account = NULL;
		q->timer = false;
		memcpy(q->bytes, info, SIGINFO_KEPT);
		list_add_tail(&q->link, &p->queue);
		p->set |= mask;
	} else if (sigpending_add(p, t, info->si_signo, info, false)) {
		p->set |= mask;
	}
}

void sigpending_take(struct sigpending *p, int sig, struct siginfo_k *info)
{
	struct sigqueue *q, *found = NULL;
	bool more = false;

	list_for_each_entry (q, &p->queue, link) {
		if (q->signo != sig)
			continue;
		more = found;
		if (found)
			break;
		found = q;
	}
	if (!more)
		sigset_del(&p->set, sig);
	if (found) {
		if (unlikely(found->timer))
			posix_timer_taken((struct siginfo_k *)(void *)found->bytes);
		if (info)
			memcpy(info, found->bytes, SIGINFO_KEPT);
		free_entry(p, found);
	} else if (info) {
		memset(info, 0, SIGINFO_KEPT);
		info->si_signo = sig;
	}
}
