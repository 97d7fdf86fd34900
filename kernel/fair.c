/*
 * The fair class: the waiting thread with the least virtual run time runs next.
 *
 * OWNS     runq->fair, nr_fair, min_vruntime; thread->vruntime, weight.
 * WHY      virtual time advances slower for heavier threads, so equal virtual times mean shares by weight; a woken thread
 *          starts near the queue's minimum and so soon runs, without being able to save up CPU time. A new thread
 *          starts a slice behind its parent (sched_start): else threads that make threads would always come before one
 *          that slept (a fork bomb kept a woken shell waiting for 15 s).
 * I1       runq->fair holds exactly the waiting fair threads, keyed by vruntime; nr_fair is their number.
 * I2       min_vruntime never falls; it follows the least of the running and the waiting threads.
 * LOCKS    rq->lock.
 * COST     enqueue O(1), dequeue O(log n) amortised (pairing heap).
 * CONSTANTS a latency of 12 ms shared by the runnable threads, at least 3 ms each; a woken thread gets half a latency of
 *          credit and preempts when it is 1 ms behind.
 * SOURCES  nice(2), sched(7): one nice level is a factor of 1.25.
 */
#include "kernel/fair.h"

uint64_t fair_weigh(const struct thread *t, uint64_t delta_ns)
{
	if (delta_ns > CHARGE_MAX_NS)
		delta_ns = CHARGE_MAX_NS;
	return t->weight == WEIGHT_NICE_0 ? delta_ns : delta_ns * WEIGHT_NICE_0 / t->weight;
}

/* 1024 * 1.25^-nice, rounded; SCHED_IDLE threads have next to nothing. */
unsigned fair_weight(int policy, int nice)
{
	uint64_t w = (uint64_t)WEIGHT_NICE_0 << 16;

	if (policy == SCHED_IDLE)
		return WEIGHT_IDLE;
	for (; nice > 0; nice--)
		w = w * 4 / 5;
	for (; nice < 0; nice++)
		w = w * 5 / 4;
	return (unsigned)((w + 0x8000) >> 16);
}

uint64_t fair_slice(const struct runq *rq)
{
	uint32_t slice = LATENCY_NS / (rq->nr_fair + 1);

	return slice < MIN_SLICE_NS ? MIN_SLICE_NS : slice;
}
