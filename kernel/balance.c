/*
 * Which CPU a thread runs on.
 *
 * OWNS     the set of CPUs that schedule.
 * WHY      a woken thread goes to its last CPU if that is idle (warm caches), else to an idle one, else it waits at its last.
 *          Two threads that hand work to each other and run shortly in between (a pipe's ends) stay on one CPU: waking
 *          another CPU takes longer (30 us in an emulator) than waiting for the waker to sleep. A CPU that becomes idle
 *          pulls; the tick of a busy one evens out what that leaves. With one CPU nothing here costs anything.
 * LOCKS    looks at other queues without their locks (a hint); moves a thread with both locks held, lower CPU first.
 * COST     O(CPUs).
 */
#include "arch/machine.h"
#include "base/atomic.h"
#include "kernel/sched_impl.h"

unsigned long sched_cpus;

/* Threads looked at for one that may move, before giving up. */
enum { PULL_TRIES = 16 };

void sched_add_cpu(unsigned cpu)
{
	atomic_set_bit(cpu, &sched_cpus);
}

static bool cpu_is_idle(unsigned cpu)
{
	return READ_ONCE(runq_of(cpu)->nr_running) == 0;
}

/* An idle CPU of @mask, or -1. */
static int find_idle(unsigned long mask)
{
	for (; mask; mask &= mask - 1) {
		unsigned cpu = (unsigned)__builtin_ctzl(mask);

		if (cpu_is_idle(cpu))
			return (int)cpu;
	}
	return -1;
}

/* The waker runs alone here, will sleep soon, and so will @t. */
static bool joins_waker(const struct thread *t, unsigned long mask)
{
	const struct runq *rq = this_runq();
	const struct thread *waker = rq->curr;

	return rq->nr_running == 1 && !waker->is_idle && mask >> rq->idle->cpu & 1 &&
	       waker->burst_ns < BURST_SHORT_NS && t->burst_ns < BURST_SHORT_NS && !in_interrupt();
}

/* @mask: CPUs allowed, not empty. */
unsigned sched_choose_among(const struct thread *t, unsigned long mask)
{
	int idle;

	if (joins_waker(t, mask))
		return cpu_id();
	if (mask >> t->cpu & 1 && cpu_is_idle(t->cpu))
		return t->cpu;
	idle = find_idle(mask);
	if (idle >= 0)
		return (unsigned)idle;
	return mask >> t->cpu & 1 ? t->cpu : (unsigned)__builtin_ctzl(mask);
}

/* A waiting thread of @rq that may run on @cpu. */
static struct thread *find_movable(struct runq *rq, unsigned cpu)
{
	struct thread *t = rq->nr_rt ? rt_first(rq) : NULL;
	struct pheap_node *n = NULL;
	unsigned tries;

	if (t && t->cpus_allowed >> cpu & 1)
		return t;
	for (tries = 0; tries < PULL_TRIES && (n = pheap_walk(&rq->fair, n)); tries++) {
		t = container_of(n, struct thread, run_node);
		if (t->cpus_allowed >> cpu & 1)
			return t;
	}
	return NULL;
}

static bool pull_from(struct runq *from, struct runq *to) no_lock_analysis
{
	struct thread *t;

	sched_lock_two(from, to);
	t = find_movable(from, to->idle->cpu);
	if (t) {
		sched_dequeue(from, t);
		from->nr_running--;
		t->vruntime += to->min_vruntime - from->min_vruntime;
		WRITE_ONCE(t->cpu, to->idle->cpu);
		t->nr_migrations++;
		sched_thread_moved(t);
		sched_enqueue(to, t, true);
		to->nr_running++;
	}
	spin_unlock(&from->lock);
	spin_unlock(&to->lock);
	return t != NULL;
}

/* Pull from a CPU with more than @more_than threads. */
static bool pull_from_busier(unsigned more_than)
{
	struct runq *me = this_runq();
	unsigned long mask = READ_ONCE(sched_cpus) & ~(1UL << me->idle->cpu);

	for (; mask; mask &= mask - 1) {
		struct runq *rq = runq_of((unsigned)__builtin_ctzl(mask));

		if (READ_ONCE(rq->nr_running) > more_than && pull_from(rq, me))
			return true;
	}
	return false;
}

bool sched_pull(void)
{
	return pull_from_busier(1);
}

/* An idle CPU may have looked for work here just before it came; unequal queues even out by one thread a tick. */
void sched_balance_tick(void)
{
	const struct runq *me = this_runq();
	int idle;

	if (nr_cpus == 1)
		return;
	idle = me->nr_running > 1 ? find_idle(READ_ONCE(sched_cpus)) : -1;
	if (idle >= 0)
		ipi_send((unsigned)idle, IPI_RESCHEDULE);
	else
		(void)pull_from_busier(me->nr_running + 1);
}
