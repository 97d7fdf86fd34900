/*
 * Kernel timers: one queue per CPU, one hardware timer that is armed only for what is really wanted.
 *
 * OWNS     struct timer_queue of each CPU, the timer interrupt.
 * WHY      no periodic tick: a CPU is interrupted for its first timer, for the end of a slice if somebody waits, and for the
 *          100 Hz sample while a thread runs; an idle CPU only for its first timer.
 * I1       timer->armed exactly while its node is in the heap of timer->cpu's queue.
 * I2       armed_ns is what this CPU's hardware timer is set to (UINT64_MAX: nothing) and no later than the first timer; it may
 *          be earlier than anything wanted: then the interrupt finds nothing due and sets it anew.
 * I3       running is the timer whose fn runs on the queue's CPU; ktimer_cancel waits for it to change.
 * LOCKS    queue->lock (rank TIMER), interrupts off; not held while fn runs. armed_ns: own CPU, interrupts off.
 * CONTEXT  any.
 * COST     arm O(1), cancel and expire O(log n) amortised. A slice or deadline later than armed_ns touches no hardware.
 */
#include "arch/irqflags.h"
#include "arch/machine.h"
#include "kernel/sched.h"
#include "kernel/time.h"
#include "kernel/timer_impl.h"
#include "sync/kassert.h"
#include "sync/percpu.h"
#include "sync/spinlock.h"

struct timer_queue {
	struct spinlock lock;
	bool ready;
	struct pheap heap;	/* q */
	struct ktimer *running; /* q */
	uint64_t armed_ns;	/* own CPU, interrupts off */
};

static DEFINE_PER_CPU(struct timer_queue, timer_queue)
= {
	.lock = SPINLOCK_INIT(RANK_TIMER),
	.armed_ns = UINT64_MAX,
};

static struct timer_queue *queue_of(unsigned cpu)
{
	return &per_cpu(timer_queue, cpu);
}

void timer_want(uint64_t when_ns)
{
	struct timer_queue *q = this_cpu_ptr(&timer_queue);

	if (when_ns >= q->armed_ns || unlikely(!q->ready))
		return;
	q->armed_ns = when_ns;
	timer_arm_ns(when_ns);
}

void ktimer_init(struct ktimer *t, void (*fn)(struct ktimer *t))
{
	t->fn = fn;
	t->cpu = 0;
	t->armed = false;
}

/* Lock the queue that @t is or was in. */
static struct timer_queue *lock_queue(const struct ktimer *t, irqflags_t *flags) no_lock_analysis
{
	*flags = irq_save();
	for (;;) {
		unsigned cpu = READ_ONCE(t->cpu);
		struct timer_queue *q = queue_of(cpu);

		spin_lock(&q->lock);
		if (likely(t->cpu == cpu))
			return q;
		spin_unlock(&q->lock);
	}
}

static void remove_timer(struct timer_queue *q, struct ktimer *t)
{
	if (!t->armed)
		return;
	pheap_remove(&q->heap, &t->node);
	t->armed = false;
}

void ktimer_arm(struct ktimer *t, uint64_t expires_ns) no_lock_analysis
{
	irqflags_t flags;
	struct timer_queue *q = lock_queue(t, &flags), *mine = this_cpu_ptr(&timer_queue);

	remove_timer(q, t);
	if (q != mine) {
		if (q->running == t) {
			mine = q; /* it re-arms while its fn runs there: ktimer_cancel must find it there */
		} else {
			WRITE_ONCE(t->cpu, cpu_id());
			spin_unlock(&q->lock);
			spin_lock(&mine->lock);
		}
	}
	t->node.key = expires_ns;
	t->armed = true;
	pheap_insert(&mine->heap, &t->node);
	spin_unlock(&mine->lock);
	if (mine == this_cpu_ptr(&timer_queue))
		timer_want(expires_ns); /* else that CPU looks at its queue when fn has returned */
	irq_restore(flags);
}

bool ktimer_cancel(struct ktimer *t) no_lock_analysis
{
	bool was_armed = false;

	for (;;) {
		irqflags_t flags;
		struct timer_queue *q = lock_queue(t, &flags);
		bool busy = q->running == t && q != this_cpu_ptr(&timer_queue);

		was_armed |= t->armed;
		remove_timer(q, t);
		spin_unlock_irqrestore(&q->lock, flags);
		if (!busy)
			return was_armed;
		cpu_relax();
	}
}

/* Run what is due. Interrupts off. */
static void run_expired(struct timer_queue *q, uint64_t now) no_lock_analysis
{
	struct pheap_node *n;

	spin_lock(&q->lock);
	while ((n = pheap_first(&q->heap)) && n->key <= now) {
		struct ktimer *t = container_of(n, struct ktimer, node);

		remove_timer(q, t);
		q->running = t;
		spin_unlock(&q->lock);
		t->fn(t);
		spin_lock(&q->lock);
		q->running = NULL; /* @t may be gone by now */
	}
	spin_unlock(&q->lock);
}

/* Set the hardware to the earliest of what is wanted. */
static void rearm(struct timer_queue *q)
{
	const struct pheap_node *n;

	spin_lock(&q->lock); /* another CPU may cancel the first timer now */
	n = pheap_first(&q->heap);
	if (n)
		timer_want(n->key);
	spin_unlock(&q->lock);
	timer_want(sched_next_tick());
}

static void timer_interrupt(void)
{
	struct timer_queue *q = this_cpu_ptr(&timer_queue);

	q->armed_ns = UINT64_MAX;
	run_expired(q, clock_ns());
	sched_tick();
	rearm(q);
}

static void start_this_cpu(void)
{
	struct timer_queue *q = this_cpu_ptr(&timer_queue);
	irqflags_t flags = irq_save();

	q->ready = true;
	rearm(q);
	irq_restore(flags);
}

void timers_start(void)
{
	timer_set_handler(timer_interrupt);
	start_this_cpu();
}

void time_start_secondary(void)
{
	start_this_cpu();
}
