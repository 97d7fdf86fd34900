/*
 * The real-time class: SCHED_FIFO and SCHED_RR, 99 priorities, before every fair thread.
 *
 * OWNS     runq->rt[], rt_map, nr_rt.
 * I1       a priority's bit in rt_map is set exactly while its list has threads; nr_rt counts them all.
 * I2       a preempted thread returns to the head of its list, one that yields or has used up its slice to the tail.
 * LOCKS    rq->lock.   COST  O(1): four words of bits.
 * SOURCES  sched(7).
 */
#include "kernel/sched_impl.h"

void rt_enqueue(struct runq *rq, struct thread *t, bool at_tail)
{
	unsigned prio = (unsigned)t->rt_effective;

	if (at_tail)
		list_add_tail(&t->run_link, &rq->rt[prio]);
	else
		list_add(&t->run_link, &rq->rt[prio]);
	rq->rt_map[prio / 32] |= 1U << prio % 32;
	rq->nr_rt++;
}

void rt_dequeue(struct runq *rq, struct thread *t)
{
	unsigned prio = (unsigned)t->rt_effective;

	list_del(&t->run_link);
	if (list_empty(&rq->rt[prio]))
		rq->rt_map[prio / 32] &= ~(1U << prio % 32);
	rq->nr_rt--;
}

struct thread *rt_first(const struct runq *rq)
{
	unsigned w = RT_WORDS;

	while (w-- > 0) {
		if (rq->rt_map[w]) {
			unsigned prio = w * 32 + 31 - (unsigned)__builtin_clz(rq->rt_map[w]);

			return list_first(&rq->rt[prio], struct thread, run_link);
		}
	}
	return NULL;
}
