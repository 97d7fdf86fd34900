/*
 * Times and loads: the tick, CPU time divided into user and system, load averages.
 *
 * OWNS     the sampled times of run queues and threads; avenrun.
 * WHY      CPU time is exact (measured at each switch), only its division is sampled: stamping each entry to the kernel would
 *          cost more than a short system call. The tick runs only while a thread runs; an idle CPU has none.
 * I1       thread: utime_ns + stime_ns <= sum_exec_ns; the difference is younger than the last sample and is divided in
 *          proportion when asked for.
 * I2       load_next is a multiple of 5 s after boot; who moves it forward does that period's sum (compare-exchange). It is
 *          kept in ticks of 2^20 ns, so that it is one atomic word on 32 bits too; it wraps after 52 days, compared as such.
 * LOCKS    rq->lock for a queue's and its threads' times. avenrun: only the winner of I2 writes.
 * CONTEXT  sched_tick: the timer interrupt. load_update: any, with a run queue locked or not.
 * COST     tick 100 times a second of busy CPU.
 * SOURCES  getloadavg(3): exponential averages over 1, 5, 15 minutes of threads running or in state D.
 */
#include "arch/machine.h"
#include "kernel/sched_impl.h"
#include "kernel/task.h"
#include "kernel/time.h"

/* ---- load averages ---- */

enum {
	LOAD_TICK_SHIFT = 20,
	LOAD_PERIOD = 5000000000ULL >> LOAD_TICK_SHIFT,
	LOAD_ONE = 65536,
	LOAD_MAX_CATCH_UP = 720
};
/* 65536 * exp(-5 s / 60 s, 300 s, 900 s) */
static const uint32_t decay[3] = { 60296, 64453, 65173 };
static uint64_t avenrun[3];
static uint32_t load_next = LOAD_PERIOD; /* ticks */

unsigned sched_nr_running(void)
{
	unsigned long mask = READ_ONCE(sched_cpus);
	unsigned n = 0;

	for (; mask; mask &= mask - 1)
		n += READ_ONCE(runq_of((unsigned)__builtin_ctzl(mask))->nr_running);
	return n;
}

unsigned sched_nr_uninterruptible(void)
{
	unsigned long mask = READ_ONCE(sched_cpus);
	long n = 0;

	for (; mask; mask &= mask - 1)
		n += READ_ONCE(runq_of((unsigned)__builtin_ctzl(mask))->nr_uninterruptible);
	return n > 0 ? (unsigned)n : 0;
}

static void load_periods(uint64_t nr, unsigned active)
{
	unsigned i;

	if (nr > LOAD_MAX_CATCH_UP)
		nr = LOAD_MAX_CATCH_UP; /* an hour: the averages have converged */
	for (; nr > 0; nr--)
		for (i = 0; i < 3; i++)
			avenrun[i] = (avenrun[i] * decay[i] +
				      (uint64_t)active * LOAD_ONE * (LOAD_ONE - decay[i]) +
				      LOAD_ONE / 2) >>
				     16;
}

/* @leaving_idle: this CPU has been idle; what is runnable on it now was not in the periods missed. */
void load_update(uint64_t now, bool leaving_idle)
{
	uint32_t tick = (uint32_t)(now >> LOAD_TICK_SHIFT), next = READ_ONCE(load_next), nr;
	unsigned active;

	if (likely((int32_t)(tick - next) < 0))
		return;
	nr = (tick - next) / LOAD_PERIOD + 1;
	if (!__atomic_compare_exchange_n(&load_next, &next, next + nr * LOAD_PERIOD, false,
					 __ATOMIC_SEQ_CST, __ATOMIC_RELAXED))
		return;
	active = sched_nr_running() + sched_nr_uninterruptible();
	if (leaving_idle)
		active -= min_of(unsigned, active, this_runq()->nr_running);
	load_periods(nr, active);
}

void sched_loadavg(unsigned long out[3])
{
	unsigned i;

	load_update(clock_ns(), false);
	for (i = 0; i < 3; i++)
		out[i] = (unsigned long)avenrun[i];
}

/* ---- the tick ---- */

/* Give the time since the last sample to what the CPU is doing now. Return: the thread's share. */
static uint64_t sample(struct runq *rq, bool user)
{
	struct thread *t = rq->curr;
	uint64_t share = t->sum_exec_ns - t->utime_ns - t->stime_ns;

	if (user) {
		t->utime_ns += share;
		*(t->nice > 0 ? &rq->nice_ns : &rq->user_ns) += rq->unsampled_ns;
	} else {
		t->stime_ns += share;
		rq->system_ns += rq->unsampled_ns;
	}
	rq->unsampled_ns = 0;
	return share;
}

static bool slice_over(const struct runq *rq)
{
	const struct thread *t = rq->curr;
	uint64_t used = t->sum_exec_ns - t->slice_start_ns;

	if (!is_rt(t))
		return rq->nr_fair && used >= fair_slice(rq);
	return t->policy == SCHED_RR && used >= RR_SLICE_NS &&
	       !list_empty(&rq->rt[t->rt_effective]);
}

void sched_tick(void)
{
	struct runq *rq = this_runq();
	const struct pt_regs *regs = irq_regs();
	bool user = regs && regs_user_mode(regs), sampled = false;
	uint64_t now = clock_ns(), share = 0;

	if (rq->curr->is_idle)
		return;
	spin_lock(&rq->lock);
	sched_account(rq, now);
	if (now >= rq->tick_due_ns) {
		rq->tick_due_ns = now + TICK_NS;
		share = sample(rq, user);
		sampled = true;
	}
	if (slice_over(rq)) {
		rq->slice_over = true;
		sched_resched(rq);
	}
	spin_unlock(&rq->lock);
	if (!sampled)
		return;
	load_update(now, false);
	clock_coarse_update(now);
	if (!rq->curr->is_kthread)
		itimer_account(share, user);
	sched_balance_tick();
}

/* When the running thread's slice ends, if somebody waits for that. */
static uint64_t slice_end(const struct runq *rq)
{
	const struct thread *t = rq->curr;
	uint64_t slice;

	if (t->work & WORK_RESCHED)
		return UINT64_MAX; /* announced already: not again until it leaves */
	if (is_rt(t) && t->policy == SCHED_RR)
		slice = RR_SLICE_NS;
	else if (!is_rt(t) && rq->nr_fair)
		slice = fair_slice(rq);
	else
		return UINT64_MAX;
	return t->exec_start_ns + slice - (t->sum_exec_ns - t->slice_start_ns);
}

uint64_t sched_next_tick(void)
{
	struct runq *rq = this_runq();
	uint64_t end;

	if (rq->curr->is_idle)
		return UINT64_MAX;
	end = slice_end(rq);
	if (end > rq->tick_due_ns)
		end = rq->tick_due_ns;
	rq->slice_event_ns = end;
	return end;
}

/* ---- reports ---- */

void sched_cpu_times(unsigned cpu, struct cpu_times *out)
{
	struct runq *rq = runq_of(cpu);
	irqflags_t flags;

	*out = (struct cpu_times){ 0 };
	if (!(sched_cpus >> cpu & 1))
		return;
	flags = spin_lock_irqsave(&rq->lock);
	sched_account(rq, clock_ns());
	out->user_ns = rq->user_ns;
	out->nice_ns = rq->nice_ns;
	out->system_ns = rq->system_ns;
	out->idle_ns = rq->idle_ns;
	out->switches = rq->switches;
	spin_unlock_irqrestore(&rq->lock, flags);
}

void sched_cpu_stat(unsigned cpu, struct cpu_sched_stat *out)
{
	struct runq *rq = runq_of(cpu);
	irqflags_t flags = spin_lock_irqsave(&rq->lock);

	sched_account(rq, clock_ns());
	out->run_ns = rq->user_ns + rq->nice_ns + rq->system_ns + rq->unsampled_ns;
	out->delay_ns = rq->delay_ns;
	out->switches = rq->switches;
	spin_unlock_irqrestore(&rq->lock, flags);
}

static void account_thread(struct runq *rq, struct thread *t)
{
	if (rq->curr == t)
		sched_account(rq, clock_ns());
}

uint64_t thread_exec_ns(struct thread *t) no_lock_analysis
{
	irqflags_t flags;
	struct runq *rq = sched_lock_thread(t, &flags);
	uint64_t ns;

	account_thread(rq, t);
	ns = t->sum_exec_ns;
	spin_unlock_irqrestore(&rq->lock, flags);
	return ns;
}

/* ns * part / whole, in microseconds so that the product cannot overflow: @ns is at most some ticks. */
static uint64_t proportion(uint64_t ns, uint64_t part, uint64_t whole)
{
	return ns / 1000 * (part / 1000 + 1) / (whole / 1000 + 1) * 1000;
}

/* What no sample has divided yet goes to both in proportion; without any sample it counts as user time. */
void thread_times(struct thread *t, uint64_t *utime_ns, uint64_t *stime_ns) no_lock_analysis
{
	irqflags_t flags;
	struct runq *rq = sched_lock_thread(t, &flags);
	uint64_t u, s, rest;

	account_thread(rq, t);
	u = t->utime_ns;
	s = t->stime_ns;
	rest = t->sum_exec_ns - u - s;
	if (s)
		s += min_of(uint64_t, proportion(rest, s, u + s), rest);
	/* What was shown once never falls again, nor does its complement. */
	if (s < t->shown_stime_ns)
		s = t->shown_stime_ns;
	if (t->sum_exec_ns - s < t->shown_utime_ns)
		s = t->sum_exec_ns - t->shown_utime_ns;
	t->shown_stime_ns = s;
	t->shown_utime_ns = t->sum_exec_ns - s;
	*utime_ns = t->shown_utime_ns;
	*stime_ns = s;
	spin_unlock_irqrestore(&rq->lock, flags);
}
