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

/* A queued thread leaves its queue while it changes; what it used so far counts by the old weight. */
struct change {
	irqflags_t flags;
	struct runq *rq;
	bool queued;
};

static struct change begin_change(struct thread *t) no_lock_analysis
{
	struct change c;

	c.rq = sched_lock_thread(t, &c.flags);
	c.queued = t->on_rq;
	if (c.rq->curr == t)
		sched_account(c.rq, clock_ns());
	if (c.queued)
		sched_dequeue(c.rq, t);
	return c;
}

static void end_change(struct change *c, struct thread *t, bool at_tail) no_lock_analysis
{
	if (c->queued)
		sched_enqueue(c->rq, t, at_tail);
	if (c->queued || c->rq->curr == t)
		sched_resched(c->rq);
	spin_unlock_irqrestore(&c->rq->lock, c->flags);
}

static void change(struct thread *t, const struct params *p)
{
	struct change c = begin_change(t);

	t->policy = p->policy;
	t->rt_priority = p->rt_priority;
	t->rt_effective = max_of(int, t->rt_priority, t->rt_lent);
	t->nice = p->nice;
	t->weight = fair_weight(p->policy, p->nice);
	end_change(&c, t, true);
}

void sched_lend_priority(struct thread *t, int rt_priority)
{
	struct change c = begin_change(t);

	t->rt_lent = rt_priority;
	t->rt_effective = max_of(int, t->rt_priority, rt_priority);
	end_change(&c, t, false);
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

void sched_hurry(struct thread *t)
{
	struct change c = begin_change(t);

	t->weight = fair_weight(SCHED_OTHER, -20);
	t->vruntime = min_of(uint64_t, t->vruntime, c.rq->min_vruntime - HURRY_NS);
	end_change(&c, t, false);
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
