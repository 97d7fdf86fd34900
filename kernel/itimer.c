/*
 * Interval timers and the limit on CPU time.
 *
 * OWNS     signal->itimer (made at first use, freed with the group), signal->cpu_limit_ns.
 * WHY      ITIMER_REAL is a kernel timer; VIRTUAL and PROF and RLIMIT_CPU are looked at in the 100 Hz tick that samples CPU
 *          time, with its resolution.
 * LOCKS    sighand->lock guards the fields. A timer is cancelled without a lock held, because its function takes them.
 * CONTEXT  itimer_account: the timer interrupt.
 * SOURCES  setitimer(2), getrlimit(2) RLIMIT_CPU: SIGXCPU each second beyond the soft limit, SIGKILL at the hard one.
 */
#include "base/errno.h"
#include "kernel/posix_timer.h"
#include "kernel/task_impl.h"
#include "kernel/time.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

enum { REAL, VIRTUAL, PROF, NR_ITIMERS };

struct itimer {
	struct ktimer timer;		  /* REAL */
	struct signal_struct *sig;	  /* i */
	uint64_t real_expires_ns;	  /* s: 0: not running */
	uint64_t interval_ns[NR_ITIMERS]; /* s */
	uint64_t left_ns[NR_ITIMERS];	  /* s: VIRTUAL, PROF; 0: not running */
};

static void real_expired(struct ktimer *timer)
{
	struct itimer *it = container_of(timer, struct itimer, timer);
	struct task *leader;
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);

	leader = it->sig->leader;
	spin_lock(&leader->sighand->lock);
	if (it->interval_ns[REAL]) {
		it->real_expires_ns += it->interval_ns[REAL];
		if (it->real_expires_ns < clock_ns())
			it->real_expires_ns =
				clock_ns() + it->interval_ns[REAL]; /* it fell behind */
	} else {
		it->real_expires_ns = 0;
	}
	if (it->real_expires_ns && it->sig->nr_live)
		ktimer_arm(timer, it->real_expires_ns);
	spin_unlock(&leader->sighand->lock);
	(void)signal_send_task_locked(leader, SIGALRM, NULL, true);
	spin_unlock_irqrestore(&tasklist_lock, flags);
}

/* The calling process's timers, made if there are none. NULL: no memory. */
static struct itimer *get_itimer(void)
{
	struct task *me = current_task();
	struct itimer *it = READ_ONCE(me->signal->itimer), *fresh;
	irqflags_t flags;

	if (it)
		return it;
	fresh = failpoint("itimer") ? NULL : kzalloc(sizeof(*fresh), GFP_KERNEL);
	if (!fresh)
		return NULL;
	fresh->sig = me->signal;
	ktimer_init(&fresh->timer, real_expired);
	flags = spin_lock_irqsave(&me->sighand->lock);
	it = me->signal->itimer;
	if (!it) {
		it = me->signal->itimer = fresh;
		fresh = NULL;
	}
	spin_unlock_irqrestore(&me->sighand->lock, flags);
	kfree(fresh);
	return it;
}

static uint64_t time_left(const struct itimer *it, int which)
{
	uint64_t now = clock_ns();

	if (which != REAL)
		return it->left_ns[which];
	if (!it->real_expires_ns)
		return 0;
	return it->real_expires_ns > now ? it->real_expires_ns - now : 1;
}

long itimer_get(int which, uint64_t *value, uint64_t *interval)
{
	struct task *me = current_task();
	struct itimer *it = me->signal->itimer;
	irqflags_t flags;

	*value = 0;
	*interval = 0;
	if (which < 0 || which >= NR_ITIMERS)
		return -EINVAL;
	if (!it)
		return 0;
	flags = spin_lock_irqsave(&me->sighand->lock);
	*value = time_left(it, which);
	*interval = it->interval_ns[which];
	spin_unlock_irqrestore(&me->sighand->lock, flags);
	return 0;
}

static void set_locked(struct itimer *it, int which, uint64_t value_ns, uint64_t interval_ns)
{
	uint64_t now = clock_ns();

	it->interval_ns[which] = interval_ns;
	if (which != REAL) {
		it->left_ns[which] = value_ns;
		return;
	}
	it->real_expires_ns = !value_ns				? 0
			      : value_ns > UINT64_MAX / 2 - now ? UINT64_MAX / 2
								: now + value_ns;
	if (value_ns)
		ktimer_arm(&it->timer, it->real_expires_ns);
}

long itimer_set(int which, uint64_t value_ns, uint64_t interval_ns, uint64_t *old_value,
		uint64_t *old_interval)
{
	struct task *me = current_task();
	long err = itimer_get(which, old_value, old_interval);
	struct itimer *it;
	irqflags_t flags;

	if (err || (!value_ns && !me->signal->itimer))
		return err;
	it = get_itimer();
	if (!it)
		return -ENOMEM;
	if (which == REAL)
		(void)ktimer_cancel(&it->timer);
	flags = spin_lock_irqsave(&me->sighand->lock);
	set_locked(it, which, value_ns, interval_ns);
	spin_unlock_irqrestore(&me->sighand->lock, flags);
	return 0;
}

/* After this no thread of the group can set a timer again. */
void itimer_exit(struct signal_struct *sig)
{
	if (sig->itimer)
		(void)ktimer_cancel(&sig->itimer->timer);
}

/* Count down one CPU-time timer. Return: it has expired. */
static bool count_down(struct itimer *it, int which, uint64_t exec_ns)
{
	if (!it->left_ns[which])
		return false;
	if (it->left_ns[which] > exec_ns) {
		it->left_ns[which] -= exec_ns;
		return false;
	}
	it->left_ns[which] = it->interval_ns[which];
	return true;
}

static void account_timers(struct task *t, uint64_t exec_ns, bool user)
{
	struct itimer *it = t->signal->itimer;
	irqflags_t flags;
	bool virt, prof;

	flags = spin_lock_irqsave(&t->sighand->lock);
	virt = user && count_down(it, VIRTUAL, exec_ns);
	prof = count_down(it, PROF, exec_ns);
	spin_unlock_irqrestore(&t->sighand->lock, flags);
	if (virt)
		(void)signal_send_group(t, SIGVTALRM, NULL);
	if (prof)
		(void)signal_send_group(t, SIGPROF, NULL);
}

static void check_cpu_limit(struct task *t)
{
	struct signal_struct *s = t->signal;
	const struct rlimit64 *limit = &s->rlim[RLIMIT_CPU];
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	uint64_t used_ns = group_exec_ns_locked(s), soft_ns;
	int sig = 0;

	if (limit->rlim_max != RLIM64_INFINITY && used_ns / NSEC_PER_SEC >= limit->rlim_max) {
		sig = SIGKILL;
	} else if (limit->rlim_cur < UINT64_MAX / NSEC_PER_SEC) {
		soft_ns = limit->rlim_cur * NSEC_PER_SEC;
		if (s->cpu_limit_ns < soft_ns)
			s->cpu_limit_ns = soft_ns;
		if (used_ns >= s->cpu_limit_ns) {
			s->cpu_limit_ns = used_ns + NSEC_PER_SEC;
			sig = SIGXCPU;
		}
	}
	if (sig)
		(void)signal_send_task_locked(t, sig, NULL, true);
	spin_unlock_irqrestore(&tasklist_lock, flags);
}

void itimer_account(uint64_t exec_ns, bool user)
{
	struct task *t = current_task();

	posix_timers_account();
	if (t->signal->itimer)
		account_timers(t, exec_ns, user);
	if (t->signal->rlim[RLIMIT_CPU].rlim_cur != RLIM64_INFINITY)
		check_cpu_limit(t);
}
