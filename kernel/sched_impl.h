/* The run queue of a CPU; private to the scheduler's files. */
#ifndef KERNEL_SCHED_IMPL_H
#define KERNEL_SCHED_IMPL_H

#include "kernel/sched.h"
#include "sync/percpu.h"

struct mm_struct;

enum { RT_WORDS = (RT_PRIO_MAX + 1 + 31) / 32 };
enum { WEIGHT_NICE_0 = 1024, WEIGHT_IDLE = 3 };
enum { TICK_NS = 1000000000 / CFG_HZ };
/* Far from 0, so that a thread behind its queue's minimum does not wrap when it moves to another queue. */
#define VRUNTIME_START (1ULL << 60)
enum { BURST_MAX_NS = 100000000, BURST_SHORT_NS = 200000 };

struct runq {
	struct spinlock lock; /* irqsave; rank RUNQ. Guards all of this (r), held across a switch */
	struct thread *curr;  /* r; its own CPU may read without */
	struct thread *idle;  /* i */
	struct thread *left;  /* r: whom this CPU has just left */
	unsigned nr_running;  /* r: runnable threads, the running one included, idle not */
	struct pheap fair;    /* r: waiting fair threads by vruntime */
	unsigned nr_fair;     /* r: their number */
	uint64_t min_vruntime;	   /* r: never falls; new and woken threads start near it */
	uint32_t rt_map[RT_WORDS]; /* r: which rt lists have threads; word 0 bit 0 is priority 0 */
	struct list_head rt[RT_PRIO_MAX + 1]; /* r: waiting real-time threads by priority */
	unsigned nr_rt;			      /* r */
	struct mm_struct *
		active_mm; /* own CPU, interrupts off: whose tables are loaded; NULL: the kernel's */
	bool lazy;	   /* own CPU: no thread running here owns active_mm; the queue counts it */
	struct mm_struct *drop_mm; /* own CPU: lazy reference to give back after the switch */
	struct thread *push;	   /* own CPU: thread left here that must go to another CPU */
	bool rare; /* own CPU: drop_mm, push, or a dead thread: finish_rare after the switch */
	bool slice_over; /* r: curr has used up its slice */
	long nr_uninterruptible; /* r: went to sleep here minus woken from here; only the sum over CPUs means something */
	uint64_t tick_due_ns; /* r: next sample */
	uint64_t
		slice_event_ns; /* own CPU: the timer is set to look at slices then, if not before; past: not set */
	uint64_t unsampled_ns; /* r: CPU time since the last sample */
	uint64_t user_ns, nice_ns, system_ns, idle_ns, switches; /* r */
	uint64_t delay_ns; /* r: for how long threads have waited for this CPU */
};

DECLARE_PER_CPU(struct runq, runq);

static inline struct runq *this_runq(void)
{
	return this_cpu_ptr(&runq);
}

static inline struct runq *runq_of(unsigned cpu)
{
	return &per_cpu(runq, cpu);
}

static inline bool is_rt(const struct thread *t)
{
	return t->rt_effective > 0;
}

/* sched.c. All with rq->lock held. */
void sched_account(struct runq *rq, uint64_t now);
void sched_enqueue(struct runq *rq, struct thread *t, bool at_tail);
void sched_dequeue(struct runq *rq, struct thread *t);
void sched_resched(struct runq *rq);
void sched_thread_moved(struct thread *t);
/* Queue the runnable @t where it should run. @from: locked queue of t->cpu, or NULL; released. Interrupts off. */
void sched_activate(struct runq *from, struct thread *t) no_lock_analysis;
/* The queue with the smaller CPU number first. */
void sched_lock_two(struct runq *a, struct runq *b) no_lock_analysis;

/* The queue that @t belongs to, locked. */
static inline struct runq *sched_lock_thread(struct thread *t, irqflags_t *flags) no_lock_analysis
{
	*flags = irq_save();
	for (;;) {
		unsigned cpu = READ_ONCE(t->cpu);
		struct runq *rq = runq_of(cpu);

		spin_lock(&rq->lock);
		if (likely(t->cpu == cpu))
			return rq;
		spin_unlock(&rq->lock);
	}
}

/* fair.c, fair.h */
unsigned fair_weight(int policy, int nice);
uint64_t fair_slice(const struct runq *rq);

/* rt.c */
void rt_enqueue(struct runq *rq, struct thread *t, bool at_tail);
void rt_dequeue(struct runq *rq, struct thread *t);
struct thread *rt_first(const struct runq *rq);

/* balance.c */
extern unsigned long sched_cpus; /* a: CPUs whose run queues are ready */
void sched_add_cpu(unsigned cpu);
unsigned sched_choose_among(const struct thread *t, unsigned long mask);

/* Where @t, about to become runnable, should run. Interrupts off. */
static inline unsigned sched_choose_cpu(const struct thread *t)
{
	unsigned long mask = t->cpus_allowed & READ_ONCE(sched_cpus);

	if (likely(mask == 1UL << t->cpu) || !mask)
		return t->cpu;
	return sched_choose_among(t, mask);
}

/* Take a waiting thread from a busier CPU. Interrupts off, no lock. */
bool sched_pull(void);
/* In the tick: wake an idle CPU to pull from here, or pull from one that has at least two more than this one. */
void sched_balance_tick(void);

/* load.c */
void load_update(uint64_t now, bool leaving_idle);

#endif
