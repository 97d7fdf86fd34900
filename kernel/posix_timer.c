/*
 * POSIX timers.
 *
 * OWNS     signal->posix: a process's timers, made with the first one, freed with the group.
 * WHY      a timer that repeats sends one signal and then waits until that is taken; how often it would have rung meanwhile
 *          is its overrun. So no interval, however short, floods a process or a processor.
 *
 *            set --expires--> queued --signal taken--> set, moved on by whole intervals
 *                 (not queued: ignored, no memory) --> set, likewise
 *
 * I1       a queued timer is not armed; a deleted one is in no list and never armed again.
 * I2       a timer of the time of day that was set relative runs on the monotonic clock: to set the date moves it not.
 * LOCKS    all->lock (rank OBJECT, irqsave) guards the list and the timers (l). A signal is sent without it.
 * CONTEXT  calls: tasks. Expiry: the timer interrupt. CPU time is looked at in the 100 Hz tick.
 * FAILS    -EAGAIN when the user may have no more signals pending: each timer is charged as one.
 * NOT HERE CPU time of other processes: -EINVAL.
 * SOURCES  timer_create(2), timer_settime(2), timer_getoverrun(2), sigevent(7).   TESTED BY time_posix.c
 */
#include "kernel/posix_timer.h"

#include "base/errno.h"
#include "kernel/task_impl.h"
#include "kernel/time.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

struct posix_timers {
	struct spinlock lock;
	struct list_head list; /* l: by id */
	int next_id;	       /* l */
	unsigned nr_cpu;       /* l: of CPU time; read without */
	struct signal_struct *sig;
	struct clock_watch watch;
};

struct posix_timer {
	atomic_t refs;
	struct list_head link;	  /* l */
	struct posix_timers *all; /* i */
	struct ktimer timer;
	int id, clock;		      /* i */
	struct timer_event event;     /* i */
	struct task *target;	      /* i, once published; of SIGEV_THREAD_ID */
	struct task *owner;	      /* i: of CLOCK_THREAD_CPUTIME_ID, referenced; NULL */
	struct user_account *account; /* i: charged */
	uint64_t expires_ns;	      /* l: by its clock; 0: not set */
	uint64_t interval_ns;	      /* l; 0: once */
	bool absolute;		      /* l */
	bool queued;		      /* l: its signal waits to be taken */
	bool dead;		      /* l */
	uint64_t overrun;	      /* l: so far */
	int last_overrun;	      /* l: of the signal taken last */
};

static bool is_cpu_clock(int clock)
{
	return clock == CLOCK_PROCESS_CPUTIME_ID || clock == CLOCK_THREAD_CPUTIME_ID;
}

static bool is_date_clock(int clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM || clock == CLOCK_TAI;
}

/* By the clock that @t runs on. No lock of rank TASKLIST or above held, for CPU clocks. */
static uint64_t now_of(const struct posix_timer *t)
{
	irqflags_t flags;
	uint64_t ns;

	if (t->owner)
		return thread_exec_ns(&t->owner->thread);
	if (is_cpu_clock(t->clock)) {
		flags = spin_lock_irqsave(&tasklist_lock);
		ns = group_exec_ns_locked(t->all->sig);
		spin_unlock_irqrestore(&tasklist_lock, flags);
		return ns;
	}
	if (!t->absolute || !is_date_clock(t->clock))
		return clock_ns();
	return t->clock == CLOCK_TAI ? tai_ns() : realtime_ns();
}

static uint64_t sum_capped(uint64_t a, uint64_t b)
{
	return a > UINT64_MAX / 2 || b > UINT64_MAX / 2 - a ? UINT64_MAX / 2 : a + b;
}

/* Lock held. CPU time is looked at in the tick. */
static void arm(struct posix_timer *t, uint64_t now)
{
	uint64_t wait = t->expires_ns > now ? t->expires_ns - now : 0;

	if (!t->expires_ns || t->dead || is_cpu_clock(t->clock) || t->event.notify == SIGEV_NONE)
		return;
	ktimer_arm(&t->timer, sum_capped(clock_ns(), wait));
}

/* Expiries up to @now; the next one is after it. Lock held. */
static uint64_t forward(struct posix_timer *t, uint64_t now)
{
	uint64_t n;

	if (t->expires_ns > now)
		return 0;
	n = (now - t->expires_ns) / t->interval_ns + 1;
	t->expires_ns = sum_capped(t->expires_ns, n == 1 ? t->interval_ns : n * t->interval_ns);
	return n;
}

static void put_timer(struct posix_timer *t)
{
	if (!atomic_dec_and_test(&t->refs))
		return;
	if (t->target)
		task_put(t->target);
	if (t->owner)
		task_put(t->owner);
	user_account_uncharge_signal(t->account);
	kfree(t);
}

/* Lock held. */
static struct posix_timer *find(struct posix_timers *all, int id)
{
	struct posix_timer *t;

	list_for_each_entry (t, &all->list, link) {
		if (t->id == id)
			return t;
	}
	return NULL;
}

/* ---- ringing ---- */

/* Return: 0 the signal is queued; else it is ignored, or there is no memory, or nobody to take it. */
static int send_signal(struct posix_timer *t)
{
	struct siginfo_k info = { .si_signo = t->event.signo,
				  .si_code = SI_TIMER,
				  .timerid = t->id,
				  .timer_value = t->event.value };
	irqflags_t flags = spin_lock_irqsave(&tasklist_lock);
	struct task *to = t->target ? t->target : t->all->sig->leader;
	int ret = signal_send_timer_locked(to, t->event.signo, &info, !t->target);

	spin_unlock_irqrestore(&tasklist_lock, flags);
	return ret;
}

/* @t has expired and is marked as queued, the lock is not held. Not sent: it goes on as if the signal had been taken. */
static void ring(struct posix_timer *t, uint64_t now)
{
	irqflags_t flags;

	if (!send_signal(t))
		return;
	flags = spin_lock_irqsave(&t->all->lock);
	t->queued = false;
	if (t->interval_ns && t->expires_ns) {
		(void)forward(t, now);
		arm(t, now);
	}
	spin_unlock_irqrestore(&t->all->lock, flags);
}

/* Lock held. Return: a signal is to be sent. */
static bool expire(struct posix_timer *t)
{
	if (t->event.notify == SIGEV_NONE)
		return false;
	t->queued = true;
	t->overrun = 0;
	if (!t->interval_ns)
		t->expires_ns = 0;
	return true;
}

static void expired(struct ktimer *timer)
{
	struct posix_timer *t = container_of(timer, struct posix_timer, timer);
	irqflags_t flags = spin_lock_irqsave(&t->all->lock);
	uint64_t now = now_of(t);
	bool rings = false;

	if (!t->dead && t->expires_ns && !t->queued) {
		if (t->expires_ns > now)
			arm(t, now); /* the date was set back */
		else
			rings = expire(t);
	}
	spin_unlock_irqrestore(&t->all->lock, flags);
	if (rings)
		ring(t, now);
}

/* The next timer of CPU time that is due, referenced. Lock held. */
static struct posix_timer *due(struct posix_timers *all, uint64_t group_ns, uint64_t thread_ns)
{
	struct posix_timer *t;

	list_for_each_entry (t, &all->list, link) {
		if (!is_cpu_clock(t->clock) || !t->expires_ns || t->event.notify == SIGEV_NONE ||
		    (t->owner && t->owner != current_task()))
			continue;
		if (t->expires_ns <= (t->owner ? thread_ns : group_ns)) {
			atomic_inc(&t->refs);
			return t;
		}
	}
	return NULL;
}

/* @t is due: it rings, unless its last signal still waits. Lock held. Return: a signal is to be sent. */
static bool expire_cpu(struct posix_timer *t, uint64_t now)
{
	bool waits = t->queued;
	uint64_t n = 1;

	if (t->interval_ns)
		n = forward(t, now);
	else
		t->expires_ns = 0;
	if (!waits)
		(void)expire(t);
	t->overrun += n - !waits;
	return !waits;
}

void posix_timers_account(void)
{
	struct posix_timers *all = current_task()->signal->posix;
	uint64_t group_ns, thread_ns;
	struct posix_timer *t;
	irqflags_t flags;
	bool rings;

	if (!all || !READ_ONCE(all->nr_cpu))
		return;
	flags = spin_lock_irqsave(&tasklist_lock);
	group_ns = group_exec_ns_locked(all->sig);
	spin_unlock_irqrestore(&tasklist_lock, flags);
	thread_ns = thread_exec_ns(&current_task()->thread);
	do {
		flags = spin_lock_irqsave(&all->lock);
		t = due(all, group_ns, thread_ns);
		rings = t && expire_cpu(t, t->owner ? thread_ns : group_ns);
		spin_unlock_irqrestore(&all->lock, flags);
		if (rings)
			ring(t, t->owner ? thread_ns : group_ns);
		if (t)
			put_timer(t);
	} while (t);
}

void posix_timer_taken(struct siginfo_k *info)
{
	struct posix_timers *all = current_task()->signal->posix;
	struct posix_timer *t;
	irqflags_t flags;

	if (!all)
		return;
	flags = spin_lock_irqsave(&all->lock);
	t = find(all, info->timerid);
	if (t && t->queued) {
		t->queued = false;
		if (t->interval_ns && !is_cpu_clock(t->clock)) {
			uint64_t now = now_of(t), n = forward(t, now);

			t->overrun += n ? n - 1 : 0;
			arm(t, now);
		}
		t->last_overrun = (int)min_of(uint64_t, t->overrun, INT_MAX);
		info->overrun = t->last_overrun;
	}
	spin_unlock_irqrestore(&all->lock, flags);
}

/* ---- making ---- */

/* The date was set: timers of that clock look again. */
static void date_set(struct clock_watch *w)
{
	struct posix_timers *all = container_of(w, struct posix_timers, watch);
	irqflags_t flags = spin_lock_irqsave(&all->lock);
	struct posix_timer *t;

	list_for_each_entry (t, &all->list, link) {
		if (t->absolute && is_date_clock(t->clock) && !t->queued)
			arm(t, now_of(t));
	}
	spin_unlock_irqrestore(&all->lock, flags);
}

/* The calling process's, made if there are none. NULL: no memory. */
static struct posix_timers *get_all(void)
{
	struct task *me = current_task();
	struct posix_timers *all = me->signal->posix, *fresh;
	irqflags_t flags;

	if (all)
		return all;
	fresh = failpoint("posix_timers") ? NULL : kzalloc(sizeof(*fresh), GFP_KERNEL);
	if (!fresh)
		return NULL;
	spin_init(&fresh->lock, RANK_OBJECT);
	list_init(&fresh->list);
	fresh->sig = me->signal;
	fresh->watch.fn = date_set;
	flags = spin_lock_irqsave(&me->sighand->lock);
	all = me->signal->posix;
	if (!all)
		me->signal->posix = fresh;
	spin_unlock_irqrestore(&me->sighand->lock, flags);
	if (all) {
		kfree(fresh);
		return all;
	}
	clock_watch_add(&fresh->watch);
	return fresh;
}

/* The caller's own CPU clocks by the numbers that the C library has for them: those of process 0. clock_getcpuclockid(3). */
static int own_clock(int clock)
{
	enum { PROCESS_0 = ~0U << 3 | 2, THREAD_0 = ~0U << 3 | 4 | 2 };

	return clock == (int)PROCESS_0	? CLOCK_PROCESS_CPUTIME_ID
	       : clock == (int)THREAD_0 ? CLOCK_THREAD_CPUTIME_ID
					: clock;
}

static int check_clock(int clock)
{
	uint64_t now;

	if (clock < 0 || clock_read(clock, &now))
		return -EINVAL;
	if (clock == CLOCK_MONOTONIC_RAW || clock == CLOCK_REALTIME_COARSE ||
	    clock == CLOCK_MONOTONIC_COARSE)
		return -EOPNOTSUPP;
	return 0;
}

static bool may_use(int clock)
{
	return (clock != CLOCK_REALTIME_ALARM && clock != CLOCK_BOOTTIME_ALARM) ||
	       capable(CAP_WAKE_ALARM);
}

/* Whom the signal is for: *target referenced, NULL: the group. 0, -EINVAL. */
static int check_event(const struct timer_event *e, struct task **target)
{
	*target = NULL;
	if (e->notify == SIGEV_NONE)
		return 0;
	if (e->notify != SIGEV_SIGNAL && e->notify != SIGEV_THREAD && e->notify != SIGEV_THREAD_ID)
		return -EINVAL;
	if (e->signo <= 0 || e->signo > NSIG)
		return -EINVAL;
	if (e->notify != SIGEV_THREAD_ID)
		return 0;
	*target = e->tid > 0 ? task_find(e->tid) : NULL;
	if (*target && (*target)->signal == current_task()->signal)
		return 0;
	if (*target)
		task_put(*target);
	*target = NULL;
	return -EINVAL;
}

/* Charged, in no list and without a target yet. */
static int new_timer(int clock, const struct timer_event *e, struct posix_timer **out)
{
	struct task *me = current_task();
	struct posix_timer *t;

	if (!user_account_charge_signal(me->account, rlimit_cur(RLIMIT_SIGPENDING)))
		return -EAGAIN;
	t = failpoint("posix_timer") ? NULL : kzalloc(sizeof(*t), GFP_KERNEL);
	if (!t) {
		user_account_uncharge_signal(me->account);
		return -EAGAIN;
	}
	atomic_set(&t->refs, 1);
	t->account = me->account;
	t->clock = clock;
	t->event = *e;
	if (clock == CLOCK_THREAD_CPUTIME_ID) {
		task_get(me);
		t->owner = me;
	}
	ktimer_init(&t->timer, expired);
	*out = t;
	return 0;
}

static int id_after(int id)
{
	return id == INT_MAX ? 0 : id + 1;
}

/* A timer that is refused for its event has had a number, as on Linux. */
static void lose_id(struct posix_timers *all)
{
	irqflags_t flags = spin_lock_irqsave(&all->lock);

	all->next_id = id_after(all->next_id);
	spin_unlock_irqrestore(&all->lock, flags);
}

/* From now on it can be found. Numbers rise, as long as there are any. */
static void publish(struct posix_timers *all, struct posix_timer *t)
{
	irqflags_t flags = spin_lock_irqsave(&all->lock);

	do {
		t->id = all->next_id;
		all->next_id = id_after(t->id);
	} while (find(all, t->id));
	if (t->event.value_is_id)
		t->event.value = t->id;
	t->all = all;
	all->nr_cpu += is_cpu_clock(t->clock);
	list_add_tail(&t->link, &all->list);
	spin_unlock_irqrestore(&all->lock, flags);
}

int posix_timer_create(int clock, const struct timer_event *event, int *id)
{
	struct posix_timers *all = get_all();
	struct posix_timer *t;
	int err;

	clock = own_clock(clock);
	err = check_clock(clock);
	if (err)
		return err;
	err = all ? new_timer(clock, event, &t) : -EAGAIN;
	if (err)
		return err;
	err = check_event(event, &t->target);
	if (!err && !may_use(clock))
		err = -EPERM;
	if (err) {
		lose_id(all);
		put_timer(t);
		return err;
	}
	publish(all, t);
	*id = t->id;
	return 0;
}

/* ---- what is done with them ---- */

/* Referenced; NULL: none has this number. */
static struct posix_timer *get_timer(int id)
{
	struct posix_timers *all = current_task()->signal->posix;
	struct posix_timer *t;
	irqflags_t flags;

	if (!all)
		return NULL;
	flags = spin_lock_irqsave(&all->lock);
	t = find(all, id);
	if (t)
		atomic_inc(&t->refs);
	spin_unlock_irqrestore(&all->lock, flags);
	return t;
}

/* Lock held. @now: by its clock. */
static void times_of(struct posix_timer *t, uint64_t now, struct timer_times *out)
{
	bool none = t->event.notify == SIGEV_NONE;

	*out = (struct timer_times){ 0, t->interval_ns };
	if (!t->expires_ns)
		return;
	if (t->interval_ns && (t->queued || none))
		t->overrun += forward(t, now);
	if (t->expires_ns > now)
		out->value_ns = t->expires_ns - now;
	else
		out->value_ns = none ? 0 : 1; /* about to ring */
}

int posix_timer_get(int id, struct timer_times *times)
{
	struct posix_timer *t = get_timer(id);
	irqflags_t flags;
	uint64_t now;

	if (!t)
		return -EINVAL;
	now = now_of(t);
	flags = spin_lock_irqsave(&t->all->lock);
	times_of(t, now, times);
	spin_unlock_irqrestore(&t->all->lock, flags);
	put_timer(t);
	return 0;
}

int posix_timer_set(int id, bool absolute, const struct timer_times *times, struct timer_times *old)
{
	struct posix_timer *t = get_timer(id);
	irqflags_t flags;
	uint64_t now;

	if (!t)
		return -EINVAL;
	now = now_of(t);
	flags = spin_lock_irqsave(&t->all->lock);
	times_of(t, now, old);
	t->expires_ns = 0;
	spin_unlock_irqrestore(&t->all->lock, flags);
	(void)ktimer_cancel(&t->timer); /* its function finds nothing to do, and is over now */
	flags = spin_lock_irqsave(&t->all->lock);
	t->queued = false;
	t->overrun = 0;
	t->last_overrun = 0;
	t->absolute = absolute;
	t->interval_ns = times->interval_ns;
	if (!is_cpu_clock(t->clock))
		now = now_of(t);
	if (times->value_ns)
		t->expires_ns = absolute ? times->value_ns : sum_capped(now, times->value_ns);
	arm(t, now);
	spin_unlock_irqrestore(&t->all->lock, flags);
	put_timer(t);
	return 0;
}

int posix_timer_overrun(int id)
{
	struct posix_timer *t = get_timer(id);
	int n;

	if (!t)
		return -EINVAL;
	n = READ_ONCE(t->last_overrun);
	put_timer(t);
	return n;
}

/* Taken out of the list by the caller, with the list's reference. */
static void end_timer(struct posix_timer *t)
{
	(void)ktimer_cancel(&t->timer);
	while (atomic_read(&t->refs) > 1) /* another CPU is in a call on it, or in its tick */
		cpu_relax();
	put_timer(t);
}

/* Timer @id, or any if @id is negative, leaves the list. NULL: there is none. */
static struct posix_timer *take_out(struct posix_timers *all, int id)
{
	irqflags_t flags = spin_lock_irqsave(&all->lock);
	struct posix_timer *t = NULL;

	if (id >= 0)
		t = find(all, id);
	else if (!list_empty(&all->list))
		t = list_first(&all->list, struct posix_timer, link);
	if (t) {
		t->dead = true;
		all->nr_cpu -= is_cpu_clock(t->clock);
		list_del_init(&t->link);
	}
	spin_unlock_irqrestore(&all->lock, flags);
	return t;
}

int posix_timer_delete(int id)
{
	struct posix_timers *all = current_task()->signal->posix;
	struct posix_timer *t = all && id >= 0 ? take_out(all, id) : NULL;

	if (!t)
		return -EINVAL;
	end_timer(t);
	return 0;
}

void posix_timers_exit(struct signal_struct *sig)
{
	struct posix_timer *t;

	while (sig->posix && (t = take_out(sig->posix, -1)) != NULL)
		end_timer(t);
}

void posix_timers_free(struct signal_struct *sig)
{
	if (!sig->posix)
		return;
	clock_watch_del(&sig->posix->watch);
	kfree(sig->posix);
}
