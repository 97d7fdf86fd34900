/*
 * Clocks: the time of day, CPU clocks, sleeping.
 *
 * OWNS     the offset between the monotonic clock and the time of day; the coarse clock: both in the page that programs
 *          read too (arch/vvar.h); the list of clock watchers.
 * LOCKS    offset_lock (rank OBJECT) for settimeofday; coarse_lock (tried only); watch_lock for the watchers. Readers
 *          take none.
 * WHY      one hardware clock (clock_ns); the time of day is read from the CMOS clock once and then runs with it.
 * SOURCES  clock_gettime(2), clock_getcpuclockid(3), time(7).
 */
#include "kernel/time.h"
#include "arch/machine.h"
#include "arch/vvar.h"
#include "base/errno.h"
#include "kernel/task.h"
#include "kernel/timer_impl.h"
#include "kernel/timex.h"
#include "sync/percpu.h"

static struct spinlock offset_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct spinlock coarse_lock = SPINLOCK_INIT(RANK_RUNQ); /* try only, below a run queue's */
static struct spinlock watch_lock = SPINLOCK_INIT(RANK_CLOCK_WATCH);
static struct list_head watchers = LIST_HEAD_INIT(watchers); /* watch_lock */

void time_start(void)
{
	realtime_set(rtc_read_seconds() * NSEC_PER_SEC);
	timers_start();
}

uint64_t realtime_ns(void)
{
	return clock_ns() + read_whole_u64(&vvar->realtime_offset_ns);
}

uint64_t clock_coarse_ns(void)
{
	return read_whole_u64(&vvar->coarse_ns);
}

uint64_t realtime_coarse_ns(void)
{
	return read_whole_u64(&vvar->coarse_ns) + read_whole_u64(&vvar->realtime_offset_ns);
}

/* The last conversion of each CPU: one division a tick, not one a file access. */
struct coarse_ts {
	unsigned long gen; /* coarse_gen when it was made */
	struct timespec64_k ts;
};
static DEFINE_PER_CPU(struct coarse_ts, coarse_ts);
static unsigned long coarse_gen = 1; /* raised after the coarse time of day has changed */

/* Apart: its 64-bit numbers would cost the usual case an aligned stack. */
static noinline_ const struct timespec64_k *coarse_convert(struct coarse_ts *c, unsigned long gen)
{
	uint64_t ns = realtime_coarse_ns();

	c->ts = (struct timespec64_k){ (int64_t)(ns / NSEC_PER_SEC), (int64_t)(ns % NSEC_PER_SEC) };
	c->gen = gen;
	return &c->ts;
}

const struct timespec64_k *realtime_coarse_ts(void)
{
	struct coarse_ts *c = this_cpu_ptr(&coarse_ts);
	unsigned long gen = READ_ONCE(coarse_gen);

	return likely(c->gen == gen) ? &c->ts : coarse_convert(c, gen);
}

void clock_coarse_update(uint64_t now_ns)
{
	if (!spin_trylock(&coarse_lock))
		return;		      /* another CPU does it */
	if (now_ns > vvar->coarse_ns) /* it never falls */
		vvar->coarse_ns = now_ns;
	__atomic_fetch_add(&coarse_gen, 1, __ATOMIC_SEQ_CST);
	spin_unlock(&coarse_lock);
}

void clock_watch_add(struct clock_watch *w)
{
	spin_lock(&watch_lock);
	list_add_tail(&w->link, &watchers);
	spin_unlock(&watch_lock);
}

void clock_watch_del(struct clock_watch *w)
{
	spin_lock(&watch_lock);
	list_del(&w->link);
	spin_unlock(&watch_lock);
}

static void tell_watchers(void)
{
	struct clock_watch *w;

	spin_lock(&watch_lock);
	list_for_each_entry (w, &watchers, link)
		w->fn(w);
	spin_unlock(&watch_lock);
}

static void was_set(void)
{
	__atomic_fetch_add(&coarse_gen, 1, __ATOMIC_SEQ_CST);
	tell_watchers();
}

void realtime_set(uint64_t ns)
{
	irqflags_t flags = spin_lock_irqsave(&offset_lock);

	vvar->realtime_offset_ns = ns - clock_ns();
	spin_unlock_irqrestore(&offset_lock, flags);
	was_set();
	ntp_clear();
}

/* Seconds that count: 30 years less than nanoseconds in 63 bits. */
enum { YEAR_SECONDS = 365 * 24 * 3600 };
#define SETTOD_MAX (INT64_MAX / (int64_t)NSEC_PER_SEC - 30LL * YEAR_SECONDS)

int realtime_step(int64_t sec, uint64_t ns)
{
	irqflags_t flags = spin_lock_irqsave(&offset_lock);
	const uint64_t by = (uint64_t)sec * NSEC_PER_SEC + ns, offset = vvar->realtime_offset_ns;
	bool ok = sec < SETTOD_MAX && sec > -SETTOD_MAX;

	/* Neither the monotonic clock nor the day may be passed: both are far below 2^63 ns here. */
	ok = ok && (int64_t)(offset + by) >= 0 &&
	     clock_ns() + offset + by < SETTOD_MAX * NSEC_PER_SEC;
	if (ok)
		vvar->realtime_offset_ns = offset + by;
	spin_unlock_irqrestore(&offset_lock, flags);
	if (!ok)
		return -EINVAL;
	was_set();
	ntp_clear();
	return 0;
}

uint64_t tai_ns(void)
{
	return realtime_ns() + read_whole_u64(&vvar->tai_offset_ns);
}

void tai_set(int sec)
{
	irqflags_t flags = spin_lock_irqsave(&offset_lock);

	vvar->tai_offset_ns = (uint64_t)sec * NSEC_PER_SEC;
	spin_unlock_irqrestore(&offset_lock, flags);
	was_set();
}

/* CPU time of the group of @t. */
static uint64_t group_cpu_ns(struct task *t)
{
	uint64_t utime, stime;

	group_times(t, &utime, &stime);
	return utime + stime;
}

/* A negative clock id: ~pid << 3, bit 2 for a thread, and in bits 0-1 what is measured (2: CPU time exactly). */
static int read_foreign_clock(int clock, uint64_t *ns)
{
	bool of_thread = clock & 4;
	int pid = ~(clock >> 3);
	struct task *t;

	if ((clock & 3) == 3)
		return -EINVAL;
	if (!pid)
		t = task_find(of_thread ? current_task()->pid : current_task()->tgid);
	else
		t = of_thread ? task_find(pid) : task_find_leader(pid);
	if (!t)
		return -EINVAL;
	*ns = of_thread ? thread_exec_ns(&t->thread) : group_cpu_ns(t);
	task_put(t);
	return 0;
}

int clock_read(int clock, uint64_t *ns)
{
	switch (clock) {
	case CLOCK_REALTIME_COARSE:
		*ns = realtime_coarse_ns();
		return 0;
	case CLOCK_MONOTONIC_COARSE:
		*ns = clock_coarse_ns();
		return 0;
	case CLOCK_REALTIME:
	case CLOCK_REALTIME_ALARM:
		*ns = realtime_ns();
		return 0;
	case CLOCK_TAI:
		*ns = tai_ns();
		return 0;
	case CLOCK_MONOTONIC:
	case CLOCK_MONOTONIC_RAW:
	case CLOCK_BOOTTIME:
	case CLOCK_BOOTTIME_ALARM:
		*ns = clock_ns();
		return 0;
	case CLOCK_PROCESS_CPUTIME_ID:
		*ns = group_cpu_ns(current_task());
		return 0;
	case CLOCK_THREAD_CPUTIME_ID:
		*ns = thread_exec_ns(thread_self());
		return 0;
	default:
		return clock < 0 ? read_foreign_clock(clock, ns) : -EINVAL;
	}
}

int sleep_until(uint64_t deadline_ns)
{
	for (;;) {
		int err = thread_park(PARK_INTERRUPTIBLE, deadline_ns);

		if (err == -ETIMEDOUT)
			return 0;
		if (err)
			return err;
	}
}
