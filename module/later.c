/*
 * Timers, high-resolution timers and tasklets of modules.
 *
 * OWNS     jiffies; the queue of what is to be done, by time; the thread that does it (ksoftirqd), there while any module is.
 * WHY      Linux runs these in interrupts. Here a thread runs them, one after the other, as ksoftirqd may on Linux: so a module's
 *          code never interrupts the kernel's, and may look at tasks from there. in_interrupt() says yes, and current is the
 *          idle task, as on an idle Linux.
 * I1       l->queued exactly while l is in the queue. While l runs it is running; it may be freed by itself then.
 * LOCKS    later_lock (rank OBJECT).   CONTEXT  threads.   COST  arming: O(timers queued).
 * FAILS    never: the thread is there before a module is.
 * NOT HERE work that sleeps (work.c).   SOURCES  Linux Documentation/timers/.   TESTED BY  module_api (guest)
 */
#include "module/api.h"
#include "module/module_impl.h"

#include "base/errno.h"
#include "kernel/kthread.h"
#include "kernel/task.h"
#include "kernel/time.h"

static struct spinlock later_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct list_head laters = LIST_HEAD_INIT(laters); /* l: later_lock; earliest first */
static struct later_view *running;			 /* l */
static struct task *later_task;				 /* referenced */
static bool later_ends;					 /* l */
static struct waitq later_done = WAITQ_INIT(later_done);

/* ---- jiffies ---- */

static const uint64_t tick_ns = NSEC_PER_SEC / CFG_HZ;

/*
 * The variable that modules read; a timer's interrupt counts it while a module is there that names it. Whoever wakes in a module has it as the
 * clock is: a time that has been slept is seen.
 */
unsigned long module_ticks; /* a: it only rises */
static struct ktimer ticker;
static bool ticks_wanted, ticks_run; /* services_lock of load.c; ticks_run: read by the timer */

void module_tick(void)
{
	unsigned long now = (unsigned long)(clock_ns() / tick_ns), seen = READ_ONCE(module_ticks);

	if ((long)(now - seen) > 0)
		(void)__atomic_compare_exchange_n(&module_ticks, &seen, now, false,
						  __ATOMIC_SEQ_CST, __ATOMIC_RELAXED);
}

static void tick(struct ktimer *t)
{
	module_tick();
	if (READ_ONCE(ticks_run))
		ktimer_arm(t, (clock_ns() / tick_ns + 1) * tick_ns);
}

void module_uses_jiffies(void)
{
	WRITE_ONCE(ticks_wanted, true);
}

void module_ticks_start(void)
{
	module_tick();
	if (!READ_ONCE(ticks_wanted) || ticks_run)
		return;
	WRITE_ONCE(ticks_run, true);
	ktimer_init(&ticker, tick);
	ktimer_arm(&ticker, (clock_ns() / tick_ns + 1) * tick_ns);
}

void module_ticks_stop(void)
{
	if (!ticks_run)
		return;
	WRITE_ONCE(ticks_run, false);
	(void)ktimer_cancel(&ticker);
	WRITE_ONCE(ticks_wanted, false);
}

/* ---- the queue ---- */

/* Out of the queue. Return: it was there. */
static bool take_off(struct later_view *l) must_hold(later_lock)
{
	bool was = l->queued;

	if (was)
		list_del(&l->link);
	l->queued = false;
	return was;
}

bool module_later_arm(struct later_view *l, unsigned long long when_ns)
{
	struct later_view *at;
	bool was, first;

	spin_lock(&later_lock);
	was = take_off(l);
	l->when_ns = when_ns;
	l->queued = true;
	list_for_each_entry (at, &laters, link)
		if (at->when_ns > when_ns)
			break;
	list_add_tail(&l->link, &at->link);
	first = laters.next == &l->link;
	spin_unlock(&later_lock);
	if (first)
		thread_unpark(&later_task->thread);
	return was;
}

static bool is_running(const struct later_view *l)
{
	bool is;

	spin_lock(&later_lock);
	is = running == l;
	spin_unlock(&later_lock);
	return is;
}

void module_later_kick(void)
{
	struct task *t = READ_ONCE(later_task);

	if (t)
		thread_unpark(&t->thread);
}

/* Is its thread there? */
bool module_later_runs(void)
{
	return READ_ONCE(later_task) != NULL;
}

bool module_in_softirq(void)
{
	return later_task && current_task() == later_task;
}

/* @sync: on return it does not run, nor will. Return: it was queued. */
bool module_later_cancel(struct later_view *l, bool sync)
{
	bool was = false;

	for (;;) {
		spin_lock(&later_lock);
		was |= take_off(l);
		spin_unlock(&later_lock);
		if (!sync || module_in_softirq() || !is_running(l))
			return was;
		wait_event(&later_done, !is_running(l));
	}
}

/* The first that is due, running from now on; else NULL, and *until is when there may be one. */
static struct later_view *next_due(uint64_t *until)
{
	struct later_view *l = NULL;

	spin_lock(&later_lock);
	*until = PARK_FOREVER;
	if (!list_empty(&laters)) {
		l = list_first(&laters, struct later_view, link);
		*until = l->when_ns;
		if (*until > clock_ns())
			l = NULL;
		else
			(void)take_off(l);
	}
	running = l;
	spin_unlock(&later_lock);
	return l;
}

static bool ends(void)
{
	bool e;

	spin_lock(&later_lock);
	e = later_ends;
	spin_unlock(&later_lock);
	return e;
}

static void later_main(void *unused)
{
	struct later_view *l;
	uint64_t until;

	while (!ends()) {
		module_irq_run_pending();
		l = next_due(&until);
		if (l) {
			module_entered();
			module_tick();
			l->run(l);
		} else {
			(void)thread_park(PARK_INTERRUPTIBLE, until);
		}
		spin_lock(&later_lock);
		running = NULL;
		spin_unlock(&later_lock);
		waitq_wake_all(&later_done);
	}
}

int module_later_start(void)
{
	struct task *kthreadd = task_find(2);

	later_ends = false;
	later_task = kthreadd ? kthread_make(later_main, NULL, "ksoftirqd/0", kthreadd) : NULL;
	if (kthreadd)
		task_put(kthreadd);
	if (!later_task)
		return -ENOMEM;
	task_get(later_task);
	sched_start(&later_task->thread);
	return 0;
}

void module_later_stop(void)
{
	struct task *t = later_task;

	if (!t)
		return;
	spin_lock(&later_lock);
	later_ends = true;
	spin_unlock(&later_lock);
	thread_unpark(&t->thread);
	module_task_wait_gone(t);
	later_task = NULL;
	list_init(&laters); /* what modules have forgotten there is gone with them */
}

/* ---- timers ---- */

void module_timer_run(struct later_view *l)
{
	const struct timer_view *t = container_of(l, struct timer_view, later);
	void (*fn)(unsigned long) = (void (*)(unsigned long))t->function;

	fn(t->data);
}

int module_mod_timer(struct timer_view *t, unsigned long expires)
{
	t->expires = expires;
	t->later.run = module_timer_run;
	return module_later_arm(&t->later, module_jiffies_ns(expires));
}

/* ---- high-resolution timers ---- */

enum { HRTIMER_NORESTART, HRTIMER_RESTART };

static void hrtimer_run(struct later_view *l)
{
	struct hrtimer_view *t = container_of(l, struct hrtimer_view, later);
	int (*fn)(struct hrtimer_view *) = (int (*)(struct hrtimer_view *))t->function;

	if (fn(t) == HRTIMER_RESTART)
		(void)module_later_arm(l, l->when_ns);
}

/* @ns: on its clock, or from now on. */
void module_hrtimer_start(struct hrtimer_view *t, long long ns, bool relative)
{
	uint64_t now = clock_ns();

	if (relative)
		ns += (long long)now;
	else if (t->clock == CLOCK_REALTIME)
		ns -= (long long)(realtime_ns() - now);
	t->later.run = hrtimer_run;
	(void)module_later_arm(&t->later, ns < 0 ? 0 : (uint64_t)ns);
}

/* Beyond @now by whole @interval. Return: how many. */
unsigned long long module_hrtimer_forward(struct hrtimer_view *t, long long now, long long interval)
{
	uint64_t n;

	if (interval <= 0 || now < (long long)t->later.when_ns)
		return 0;
	n = (uint64_t)(now - (long long)t->later.when_ns) / (uint64_t)interval + 1;
	t->later.when_ns += n * (uint64_t)interval;
	return n;
}

/* ---- tasklets ---- */

static void tasklet_run(struct later_view *l)
{
	struct tasklet_view *t = container_of(l, struct tasklet_view, later);
	void (*fn)(unsigned long) = (void (*)(unsigned long))t->func;

	if (__atomic_load_n(&t->disabled, __ATOMIC_SEQ_CST))
		t->missed = true;
	else
		fn(t->data);
}

void module_tasklet_schedule(struct tasklet_view *t)
{
	t->later.run = tasklet_run;
	if (!READ_ONCE(t->later.queued))
		(void)module_later_arm(&t->later, 0);
}

static bool tasklet_idle(const struct tasklet_view *t)
{
	return !READ_ONCE(t->later.queued) && !is_running(&t->later);
}

/* Until it is neither due nor running. */
void module_tasklet_kill(struct tasklet_view *t)
{
	if (!module_in_softirq())
		wait_event(&later_done, tasklet_idle(t));
}

void module_tasklet_enable(struct tasklet_view *t)
{
	if (__atomic_sub_fetch(&t->disabled, 1, __ATOMIC_SEQ_CST) == 0 && t->missed) {
		t->missed = false;
		module_tasklet_schedule(t);
	}
}
