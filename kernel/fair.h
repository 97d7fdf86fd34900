/* The fair class's part of every switch, inline; the theory is in fair.c. rq->lock held. */
#ifndef KERNEL_FAIR_H
#define KERNEL_FAIR_H

#include "kernel/sched_impl.h"

/*
 * More than this between two looks at the clock, which a busy CPU takes every tick, is time in which a hypervisor ran
 * something else: the thread that was on the CPU has not had it. Charged, it would wait until all others had as much.
 */
enum { CHARGE_MAX_NS = 3 * TICK_NS };

enum {
	LATENCY_NS = 12000000,
	MIN_SLICE_NS = 3000000,
	WAKE_CREDIT_NS = LATENCY_NS / 2,
	PREEMPT_NS = 1000000
};
_Static_assert(VRUNTIME_START > WAKE_CREDIT_NS, "min_vruntime, which never falls, begins there");

/* @t has been woken: it starts near the minimum of @rq. */
static inline void fair_place_woken(struct runq *rq, struct thread *t)
{
	uint64_t least = rq->min_vruntime - WAKE_CREDIT_NS; /* it began at VRUNTIME_START */

	if (t->vruntime < least)
		t->vruntime = least;
}

static inline bool fair_preempts(const struct thread *woken, const struct thread *curr)
{
	return woken->vruntime + PREEMPT_NS < curr->vruntime;
}

static inline void fair_enqueue(struct runq *rq, struct thread *t)
{
	t->run_node.key = t->vruntime;
	pheap_insert(&rq->fair, &t->run_node);
	rq->nr_fair++;
}

static inline void fair_dequeue(struct runq *rq, struct thread *t)
{
	pheap_remove(&rq->fair, &t->run_node);
	rq->nr_fair--;
}

/* The first of the queue, which is not empty, taken out. */
static inline struct thread *fair_take_first(struct runq *rq)
{
	rq->nr_fair--;
	return container_of(pheap_take_first(&rq->fair), struct thread, run_node);
}

static inline struct thread *fair_first(const struct runq *rq)
{
	struct pheap_node *n = pheap_first(&rq->fair);

	return n ? container_of(n, struct thread, run_node) : NULL;
}

/* What of @delta_ns @t is charged for, by its weight. */
uint64_t fair_weigh(const struct thread *t, uint64_t delta_ns);

/* @t, which is running, has used @delta_ns, as fair_weigh() weighs it. */
static inline void fair_charge(struct runq *rq, struct thread *t, uint64_t delta_ns)
{
	const struct pheap_node *first = pheap_first(&rq->fair);
	uint64_t least;

	t->vruntime += delta_ns;
	least = first && first->key < t->vruntime ? first->key : t->vruntime;
	if (least > rq->min_vruntime)
		rq->min_vruntime = least;
}

#endif
