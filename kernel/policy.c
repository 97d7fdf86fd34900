/*
 * Scheduling parameters of a thread, and how it looks from outside.
 *
 * LOCKS    the lock of the thread's run queue. A queued thread leaves its queue, changes, and is queued again.
 * SOURCES  sched_setscheduler(2), sched_setaffinity(2), setpriority(2), proc(5) "state" and "wchan".
 */
#include "arch/machine.h"
#include "base/errno.h"
#include "kernel/sched_impl.h"
#include "lib/string.h"

enum {
	HURRY_NS = 20000000
}; /* of the time of a weight that counts it 87 times slower: enough to end */

struct params {
	int policy, rt_priority, nice;
};

static void change(struct thread *t, const struct params *p) no_lock_analysis
{
	irqflags_t flags;
	struct runq *rq = sched_lock_thread(t, &flags);
	bool queued = t->on_rq;

	if (rq->curr == t)
		sched_account(rq, clock_ns()); /* what it used so far counts by the old weight */
	if (queued)
		sched_dequeue(rq, t);
	t->policy = p->policy;
	t->rt_priority = p->rt_priority;
	t->nice = p->nice;
	t->weight = fair_weight(p->policy, p->nice);
	if (queued)
		sched_enqueue(rq, t, true);
	if (queued || rq->curr == t)
		sched_resched(rq);
	spin_unlock_irqrestore(&rq->lock, flags);
}

int sched_set_policy(struct thread *t, int policy, int rt_priority)
{
	struct params p = { policy & ~SCHED_RESET_ON_FORK, rt_priority, t->nice };
	bool rt = p.policy == SCHED_FIFO || p.policy == SCHED_RR;

	if (!rt && p.policy != SCHED_OTHER && p.policy != SCHED_BATCH && p.policy != SCHED_IDLE)
		return -EINVAL;
	if (rt ? rt_priority < 1 || rt_priority > RT_PRIO_MAX : rt_priority != 0)
		return -EINVAL;
	t->reset_on_fork = policy & SCHED_RESET_ON_FORK;
	change(t, &p);
	return 0;
}

void sched_set_nice(struct thread *t, int nice)
{
	struct params p = { t->policy, t->rt_priority, nice < -20 ? -20 : nice > 19 ? 19 : nice };

	change(t, &p);
}

void sched_hurry(struct thread *t) no_lock_analysis
{
	irqflags_t flags;
	struct runq *rq = sched_lock_thread(t, &flags);
	bool queued = t->on_rq;

	if (rq->curr == t)
		sched_account(rq, clock_ns());
	if (queued)
		sched_dequeue(rq, t);
	t->weight = fair_weight(SCHED_OTHER, -20);
	t->vruntime = min_of(uint64_t, t->vruntime, rq->min_vruntime - HURRY_NS);
	if (queued)
		sched_enqueue(rq, t, false);
	if (queued)
		sched_resched(rq);
	spin_unlock_irqrestore(&rq->lock, flags);
}

/* A waiting thread moves at once, a running one when its CPU next puts it back: that is asked for. */
int sched_set_affinity(struct thread *t, unsigned long mask) no_lock_analysis
{
	irqflags_t flags;
	struct runq *rq;

	if (!(mask & READ_ONCE(sched_cpus)))
		return -EINVAL;
	rq = sched_lock_thread(t, &flags);
	t->cpus_allowed = mask;
	if (!(mask >> t->cpu & 1) && t->on_rq) {
		sched_dequeue(rq, t);
		rq->nr_running--;
		sched_activate(rq, t);
		irq_restore(flags);
		return 0;
	}
	if (!(mask >> t->cpu & 1) && rq->curr == t)
		sched_resched(rq);
	spin_unlock_irqrestore(&rq->lock, flags);
	return 0;
}

char thread_state_letter(const struct thread *t)
{
	switch (t->state) {
	case TS_INTERRUPTIBLE:
		return 'S';
	case TS_UNINTERRUPTIBLE:
	case TS_KILLABLE:
		return 'D';
	case TS_STOPPED:
		return 'T';
	case TS_DEAD:
		return 'X';
	default:
		return 'R';
	}
}

bool thread_asleep_do(struct thread *t, void (*fn)(struct thread *t, void *arg),
		      void *arg) no_lock_analysis
{
	irqflags_t flags;
	struct runq *rq = sched_lock_thread(t, &flags);
	bool asleep = t->state >= TS_INTERRUPTIBLE && t->state <= TS_STOPPED && !t->on_cpu;

	if (asleep)
		fn(t, arg);
	spin_unlock_irqrestore(&rq->lock, flags);
	return asleep;
}

const char *thread_wchan(const struct thread *t)
{
	static char names[CFG_NR_CPUS][64];
	char *name = names[cpu_id()], *plus;

	if (t->state == TS_RUNNING || t->state == TS_DEAD || !t->wait_address)
		return "0";
	if (!symbol_format((kaddr_t)t->wait_address, name, sizeof(names[0])))
		return "0";
	plus = strchr(name, '+');
	if (plus)
		*plus = '\0';
	return name;
}
