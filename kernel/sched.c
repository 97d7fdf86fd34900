/*
 * The scheduler's core: leaving a CPU, sleeping, waking.
 *
 *            park, stop                    unpark, deadline, signal, continue
 *	RUNNING ----------> INTERRUPTIBLE, KILLABLE, UNINTERRUPTIBLE, STOPPED ----------> RUNNING
 *	NEW --sched_start--> RUNNING --sched_exit--> DEAD
 *
 * OWNS     struct runq of each CPU, the scheduling half of struct thread.
 * I1       rq->lock is held across the switch: who sees a thread asleep under the lock knows that it is off its stack.
 * I2       rq->curr is in no queue; every other runnable thread of the CPU is in exactly one (fair or rt), or, between two
 *          queues, in none while its waker or rq->push holds it.
 * I3       nr_running counts curr (unless idle) and the queued ones.
 * I4       a wake-up of a thread that is not asleep leaves wake_token, and its next park returns at once.
 * I5       work_pending of a CPU equals curr->work after every switch; who sets a bit later kicks the CPU.
 * I6       active_mm is the running thread's mm, or (lazy) the last one, counted by the queue, while a kernel thread runs.
 * LOCKS    rq->lock (rank RUNQ); two: lower CPU first. thread->cpu changes only under the old queue's lock.
 * CONTEXT  waking: any. Sleeping: threads, interrupts on.
 * COST     O(1) typical; a switch loads page tables only when the next thread has other ones.
 * NOT HERE which thread is next (fair.c, rt.c), on which CPU (balance.c), times and loads (load.c), parameters (policy.c).
 */
#include "kernel/sched.h"
#include "arch/machine.h"
#include "arch/switch.h"
#include "base/errno.h"
#include "kernel/fair.h"
#include "kernel/task.h"
#include "kernel/task_impl.h"
#include "kernel/time.h"
#include "mm/mm.h"
#include "mm/vmalloc.h"
#include "sync/kassert.h"
#include "sync/trace.h"

DEFINE_PER_CPU(struct runq, runq);
static DEFINE_PER_CPU(struct task, idle_task);
bool sched_running;

/* ---- queues ---- */

static void unlock_thread(struct runq *rq, irqflags_t flags) no_lock_analysis
{
	spin_unlock_irqrestore(&rq->lock, flags);
}

void sched_lock_two(struct runq *a, struct runq *b)
{
	if (a->idle->cpu > b->idle->cpu) {
		struct runq *t = a;

		a = b;
		b = t;
	}
	spin_lock(&a->lock);
	spin_lock(&b->lock);
}

/* Its registered structure, and the sequence in it, are out of date. */
void sched_thread_moved(struct thread *t)
{
	if (task_of(t)->rseq.addr)
		(void)__atomic_fetch_or(&t->work, (unsigned long)WORK_RSEQ, __ATOMIC_SEQ_CST);
}

static inline void enqueue(struct runq *rq, struct thread *t, bool at_tail)
{
	if (likely(!is_rt(t)))
		fair_enqueue(rq, t);
	else
		rt_enqueue(rq, t, at_tail);
	t->on_rq = true;
}

void sched_enqueue(struct runq *rq, struct thread *t, bool at_tail)
{
	enqueue(rq, t, at_tail);
}

static inline void dequeue(struct runq *rq, struct thread *t)
{
	if (likely(!is_rt(t)))
		fair_dequeue(rq, t);
	else
		rt_dequeue(rq, t);
	t->on_rq = false;
}

void sched_dequeue(struct runq *rq, struct thread *t)
{
	dequeue(rq, t);
}

/* What account() leaves: the idle thread, other weights, long stretches. */
static noinline_ void account_rare(struct runq *rq, struct thread *t, uint64_t now)
{
	uint64_t delta = now - t->exec_start_ns;

	if ((int64_t)delta < 0)
		return; /* clocks of two CPUs may differ a little */
	t->exec_start_ns = now;
	if (t->is_idle) {
		rq->idle_ns += delta;
		return;
	}
	t->sum_exec_ns += delta;
	rq->unsampled_ns += delta;
	if (!is_rt(t))
		fair_charge(rq, t, fair_weigh(t, delta));
}

/* Of no more than CHARGE_MAX_NS; half a 64-bit number at a time, where a register holds no more. */
static inline bool is_short(uint64_t delta)
{
	if (sizeof(long) == sizeof(delta))
		return likely(delta <= CHARGE_MAX_NS);
	return likely(!(uint32_t)(delta >> 32)) && likely((uint32_t)delta <= CHARGE_MAX_NS);
}

static inline void account(struct runq *rq, uint64_t now)
{
	struct thread *t = rq->curr;
	uint64_t delta = now - t->exec_start_ns;

	if (!is_short(delta) || unlikely(t->weight != WEIGHT_NICE_0)) {
		account_rare(rq, t, now);
		return;
	}
	t->exec_start_ns = now;
	t->sum_exec_ns += (unsigned long)delta;
	rq->unsampled_ns += (unsigned long)delta;
	if (likely(!is_rt(t)))
		fair_charge(rq, t, (unsigned long)delta);
}

void sched_account(struct runq *rq, uint64_t now)
{
	account(rq, now);
}

/* The CPU of @rq calls schedule() soon. */
void sched_resched(struct runq *rq)
{
	struct thread *t = rq->curr;

	/* The atomic operation also orders the queueing before it against an idle CPU's last look (cpu_idle_loop). */
	if (__atomic_fetch_or(&t->work, (unsigned long)WORK_RESCHED, __ATOMIC_SEQ_CST) &
	    WORK_RESCHED)
		return;
	if (rq == this_runq())
		this_cpu(work_pending) = t->work;
	else
		ipi_send(rq->idle->cpu, IPI_RESCHEDULE);
}

static void resched_ipi(void)
{
	this_cpu(work_pending) = READ_ONCE(this_runq()->curr->work);
	timer_want(sched_next_tick());
}

/* ---- the switch ---- */

static inline struct thread *pick_next(struct runq *rq)
{
	struct thread *t;

	if (unlikely(rq->nr_rt)) {
		t = rt_first(rq);
		dequeue(rq, t);
		return t;
	}
	if (unlikely(!pheap_first(&rq->fair)))
		return rq->idle;
	t = fair_take_first(rq);
	t->on_rq = false;
	return t;
}

/* @prev goes on waiting for the CPU, here or, if its affinity has changed, elsewhere. account() was just now. */
static inline void put_back(struct runq *rq, struct thread *prev, bool at_tail)
{
	prev->queued_ns = prev->exec_start_ns;
	if (likely(prev->cpus_allowed >> prev->cpu & 1)) {
		enqueue(rq, prev, at_tail);
		return;
	}
	rq->push = prev;
	rq->rare = true;
	rq->nr_running--;
}

/* @t leaves the queue to sleep. Its bursts tell sched_choose_cpu who is about to sleep again soon. */
static void note_sleep(struct runq *rq, struct thread *t)
{
	uint64_t burst;

	rq->nr_running--;
	t->nvcsw++;
	if (unlikely(task_of(t)->rseq.addr) && (long)thread_regs(&t->arch)->orig_ax < 0)
		sched_thread_moved(t); /* not in a system call: perhaps in a sequence */
	if (nr_cpus == 1)
		return;
	burst = t->sum_exec_ns - t->wake_exec_ns;
	t->wake_exec_ns = t->sum_exec_ns;
	if (burst > BURST_MAX_NS)
		burst = BURST_MAX_NS;
	t->burst_ns = (t->burst_ns * 3 + (uint32_t)burst) / 4;
}

/*
 * Does the first fair thread that waits come before @prev, which goes on wanting the CPU? After a yield (@at_tail) it does wherever
 * @prev stands. Then it is taken out before @prev goes in: mostly they are two, and neither finds the other in the heap.
 */
static inline bool first_is_next(const struct runq *rq, const struct thread *prev, bool at_tail)
{
	const struct pheap_node *first = pheap_first(&rq->fair);

	return likely(first && !is_rt(prev)) && (at_tail || first->key <= prev->vruntime);
}

/* @at_tail: @prev lets the others run before it. */
static inline struct thread *leave_and_pick(struct runq *rq, struct thread *prev, bool at_tail)
{
	struct thread *next;

	if (prev->state != TS_RUNNING) {
		note_sleep(rq, prev);
		return pick_next(rq);
	}
	if (likely(!prev->is_idle) && likely(first_is_next(rq, prev, at_tail))) {
		next = pick_next(rq);
		put_back(rq, prev, at_tail);
		prev->nivcsw++;
		return next;
	}
	if (!prev->is_idle)
		put_back(rq, prev, at_tail);
	next = pick_next(rq);
	prev->nivcsw += next != prev;
	return next;
}

static inline void switch_mm(struct runq *rq, struct thread *next)
{
	struct mm_struct *mm = task_of(next)->mm_ctx.mm;

	if (!mm) {
		if (rq->active_mm && !rq->lazy) {
			mmgrab(rq->active_mm);
			rq->lazy = true;
		}
		return;
	}
	if (rq->lazy) {
		rq->drop_mm = rq->active_mm;
		rq->rare = true;
		rq->lazy = false;
	}
	if (mm != rq->active_mm) {
		pt_activate(rq->active_mm ? &rq->active_mm->root : NULL, &mm->root);
		rq->active_mm = mm;
	}
}

/* What the thread that was left here still needs. Interrupts are on meanwhile if something is to be freed. */
static noinline_ void finish_rare(struct runq *rq, struct thread *left)
{
	struct mm_struct *drop = rq->drop_mm;
	struct thread *push = rq->push;
	bool dead = left->state == TS_DEAD;

	rq->drop_mm = NULL;
	rq->push = NULL;
	rq->rare = false;
	if (push)
		sched_activate(NULL, push);
	if (!drop && !dead)
		return;
	irq_enable();
	if (drop)
		mmdrop(drop);
	if (dead) {
		arch_thread_free(&left->arch);
		kstack_free(left->kstack);
		left->kstack = NULL;
		__atomic_store_n(&left->on_cpu, false, __ATOMIC_RELEASE);
		task_put(task_of(left));
	}
	irq_disable();
}

/* First act on the new stack: rq->lock is still held from the old one. */
static void finish_switch(void) no_lock_analysis
{
	struct runq *rq = this_runq();
	struct thread *left = rq->left;
	bool rare = rq->rare;

	if (CFG_DEBUG)
		lockorder_spin_acquire(&rq->lock.raw, RANK_RUNQ, true);
	if (likely(!rare) || left->state != TS_DEAD)
		left->on_cpu = false;
	spin_unlock(&rq->lock);
	if (unlikely(rare))
		finish_rare(rq, left);
}

void sched_first_run(void)
{
	finish_switch();
}

/* @t has waited from queued_ns to @now. */
static inline void note_delay(struct runq *rq, struct thread *t, uint64_t now)
{
	uint64_t waited = now - t->queued_ns;

	if (unlikely((int64_t)waited < 0))
		return; /* as in account_rare */
	t->run_delay_ns += waited;
	rq->delay_ns += waited;
}

/* @next is rq->curr already. Leaving idle: the clock of samples starts again. Switching: the slice's end is an event. */
static void start_clocks(struct runq *rq, struct thread *prev, struct thread *next, uint64_t now)
{
	next->exec_start_ns = now;
	next->slice_start_ns = next->sum_exec_ns;
	if (next->is_idle)
		return;
	note_delay(rq, next, now);
	if (prev->is_idle) {
		if (rq->tick_due_ns < now)
			rq->tick_due_ns = now + TICK_NS;
		load_update(now, true);
		clock_coarse_update(now);
		timer_want(sched_next_tick());
	} else if (rq->nr_running > 1 && now >= rq->slice_event_ns) {
		/* Else the timer comes before this slice can end, and looks again. */
		timer_want(sched_next_tick());
	}
}

static noinline_ void trace_switch(struct thread *prev, struct thread *next)
{
	unsigned long from = (unsigned long)task_of(prev)->pid,
		      to = (unsigned long)task_of(next)->pid;

	trace(TRACE_SWITCH, from, to);
	tracepoint(sched_switch, from, to);
}

/* Run the next thread. rq->lock held with interrupts off; released on return. */
static void switch_away(struct runq *rq, bool at_tail) no_lock_analysis
{
	struct thread *prev = rq->curr, *next;
	uint64_t now = clock_ns();

	rq->slice_over = false;
	account(rq, now);
	if (prev->work & WORK_RESCHED)
		(void)__atomic_fetch_and(&prev->work, ~(unsigned long)WORK_RESCHED,
					 __ATOMIC_SEQ_CST);
	next = leave_and_pick(rq, prev, at_tail);
	rq->curr = next;
	start_clocks(rq, prev, next, now);
	this_cpu(work_pending) = READ_ONCE(next->work);
	if (next == prev) {
		spin_unlock(&rq->lock);
		return;
	}
	rq->switches++;
	rq->left = prev;
	next->on_cpu = true;
	switch_mm(rq, next);
	this_cpu(trace_tid) = (uint32_t)task_of(next)->pid;
	if (unlikely(trace_on))
		trace_switch(prev, next);
	if (CFG_DEBUG)
		lockorder_spin_release(&rq->lock.raw, RANK_RUNQ); /* the next thread has it */
	arch_switch(&prev->arch, &next->arch);
	finish_switch();
}

void schedule(void) no_lock_analysis
{
	irqflags_t flags = irq_save();
	struct runq *rq = this_runq();

	spin_lock(&rq->lock);
	switch_away(rq, rq->slice_over && is_rt(rq->curr));
	irq_restore(flags);
}

void cond_resched(void)
{
	if (thread_self()->work & WORK_RESCHED)
		schedule();
}

void sched_yield_current(void) no_lock_analysis
{
	struct runq *rq;
	struct thread *me;

	irq_disable();
	rq = this_runq();
	me = rq->curr;
	if (rq->nr_running <= 1) {
		irq_enable();
		return;
	}
	spin_lock(&rq->lock);
	if (!is_rt(me) && rq->nr_fair && me->vruntime < pheap_first(&rq->fair)->key)
		me->vruntime = pheap_first(&rq->fair)->key; /* what it gives away is gone */
	switch_away(rq, true);
	irq_enable();
}

/* ---- sleeping ---- */

static bool interrupted(const struct thread *t, enum park_mode mode)
{
	if (mode == PARK_INTERRUPTIBLE)
		return READ_ONCE(t->work) & WORK_SIGNAL && sched_work_seen(WORK_SIGNAL);
	return mode == PARK_KILLABLE && task_of((struct thread *)(uintptr_t)t)->mm_ctx.fatal_signal;
}

static bool counts_as_load(enum thread_state state)
{
	return state == TS_UNINTERRUPTIBLE || state == TS_KILLABLE;
}

static bool is_asleep(const struct thread *t)
{
	return t->state >= TS_INTERRUPTIBLE && t->state <= TS_STOPPED;
}

struct park_timer {
	struct ktimer timer;
	struct thread *thread;
};

/* Leave the CPU in @mode unless something came first. Return: as thread_park. */
static always_inline_ int sleep_now(struct thread *me, enum park_mode mode) no_lock_analysis
{
	static const uint8_t state_of[] = {
		[PARK_UNINTERRUPTIBLE] = TS_UNINTERRUPTIBLE,
		[PARK_KILLABLE] = TS_KILLABLE,
		[PARK_INTERRUPTIBLE] = TS_INTERRUPTIBLE,
	};
	struct runq *rq = this_runq();
	int err = 0;

	spin_lock(&rq->lock);
	if (me->wake_token) {
		me->wake_token = false;
	} else if (interrupted(me, mode)) {
		err = -EINTR;
	} else {
		me->state = (enum thread_state)state_of[mode];
		if (counts_as_load(me->state))
			rq->nr_uninterruptible++;
		switch_away(rq, false);
		return me->park_result;
	}
	spin_unlock(&rq->lock);
	return err;
}

static bool wake_asleep(struct thread *t, int result);

static void park_timeout(struct ktimer *timer)
{
	(void)wake_asleep(container_of(timer, struct park_timer, timer)->thread, -ETIMEDOUT);
}

/* The deadline is over already: only a token counts. */
static int park_expired(struct thread *me) no_lock_analysis
{
	irqflags_t flags;
	struct runq *rq = sched_lock_thread(me, &flags);
	bool token = me->wake_token;

	me->wake_token = false;
	unlock_thread(rq, flags);
	return token ? 0 : -ETIMEDOUT;
}

static noinline_ int park_timed(struct thread *me, enum park_mode mode, uint64_t deadline_ns)
{
	struct park_timer pt = { .thread = me };
	irqflags_t flags;
	int err;

	if (clock_ns() >= deadline_ns)
		return park_expired(me);
	ktimer_init(&pt.timer, park_timeout);
	flags = irq_save();
	ktimer_arm(&pt.timer, deadline_ns);
	err = sleep_now(me, mode);
	irq_restore(flags);
	if (err != -ETIMEDOUT)
		(void)ktimer_cancel(&pt.timer);
	return err;
}

int thread_park(enum park_mode mode, uint64_t deadline_ns)
{
	struct thread *me = thread_self();
	int err;

	if (CFG_DEBUG)
		might_sleep();
	kassert(!me->is_idle);
	me->wait_address = __builtin_return_address(0);
	if (unlikely(deadline_ns != PARK_FOREVER))
		return park_timed(me, mode, deadline_ns);
	irq_disable();
	err = sleep_now(me, mode);
	irq_enable();
	return err;
}

/* ---- waking ---- */

static inline void check_preempt(struct runq *rq, struct thread *t)
{
	struct thread *curr = rq->curr;
	bool preempts;

	if (curr->is_idle)
		preempts = true;
	else if (is_rt(t) || is_rt(curr))
		preempts = t->rt_effective > curr->rt_effective;
	else
		preempts = fair_preempts(t, curr);
	if (preempts)
		sched_resched(rq);
}

/* The queue of @cpu, where @t goes, locked. @from: as below; released. */
static noinline_ struct runq *queue_elsewhere(struct runq *from, struct thread *t,
					      unsigned cpu) no_lock_analysis
{
	struct runq *rq = runq_of(cpu);

	t->vruntime += rq->min_vruntime - from->min_vruntime;
	WRITE_ONCE(t->cpu, cpu);
	t->nr_migrations++;
	sched_thread_moved(t);
	spin_unlock(&from->lock);
	spin_lock(&rq->lock);
	return rq;
}

/* Queue the runnable @t on the CPU it should run on. @rq: the locked queue of t->cpu; released. Interrupts off. */
static always_inline_ void activate(struct runq *rq, struct thread *t) no_lock_analysis
{
	unsigned cpu = sched_choose_cpu(t);

	if (unlikely(cpu != t->cpu))
		rq = queue_elsewhere(rq, t, cpu);
	t->queued_ns = clock_ns();
	if (likely(!is_rt(t)))
		fair_place_woken(rq, t);
	enqueue(rq, t, true);
	rq->nr_running++;
	check_preempt(rq, t);
	spin_unlock(&rq->lock);
}

void sched_activate(struct runq *from, struct thread *t) no_lock_analysis
{
	if (!from) {
		from = runq_of(t->cpu);
		spin_lock(&from->lock);
	}
	activate(from, t);
}

/* rq->lock held, released. @t is asleep. */
static always_inline_ void wake_now(struct runq *rq, struct thread *t, int result)
{
	if (counts_as_load(t->state))
		rq->nr_uninterruptible--;
	t->state = TS_RUNNING;
	t->park_result = result;
	activate(rq, t);
}

static noinline_ void wake_locked(struct runq *rq, struct thread *t, int result)
{
	wake_now(rq, t, result);
}

static bool wake_asleep(struct thread *t, int result) no_lock_analysis
{
	irqflags_t flags;
	struct runq *rq = sched_lock_thread(t, &flags);
	bool asleep = is_asleep(t) && t->state != TS_STOPPED;

	if (asleep)
		wake_locked(rq, t, result);
	else
		spin_unlock(&rq->lock);
	irq_restore(flags);
	return asleep;
}

bool thread_may_spin_for(const struct thread *owner)
{
	const struct runq *rq = this_runq();
	unsigned cpu;

	if (!(cpu_online_mask() & (cpu_online_mask() - 1)) || READ_ONCE(rq->nr_running) > 1)
		return false;
	if (!owner)
		return true;
	for_each_online_cpu (cpu) {
		if (READ_ONCE(runq_of(cpu)->curr) == owner)
			return true;
	}
	return false;
}

void thread_unpark(struct thread *t) no_lock_analysis
{
	irqflags_t flags;
	struct runq *rq = sched_lock_thread(t, &flags);

	if (likely(is_asleep(t) && t->state != TS_STOPPED)) {
		wake_now(rq, t, 0);
	} else {
		t->wake_token = true;
		spin_unlock(&rq->lock);
	}
	irq_restore(flags);
}

void sched_start(struct thread *t)
{
	irqflags_t flags = irq_save();

	kassert(t->state == TS_NEW);
	task_get(task_of(t)); /* the running thread's own reference, put by finish_rare */
	t->state = TS_RUNNING;
	t->vruntime += this_runq()->min_vruntime + fair_slice(this_runq());
	sched_activate(NULL, t);
	irq_restore(flags);
}

/* ---- signals and job control ---- */

void sched_work_set(struct thread *t, unsigned long bits)
{
	irqflags_t flags = irq_save();

	(void)__atomic_fetch_or(&t->work, bits, __ATOMIC_SEQ_CST);
	if (t == this_runq()->curr)
		this_cpu(work_pending) = t->work;
	irq_restore(flags);
}

bool sched_work_seen(unsigned long bits)
{
	bool seen = READ_ONCE(thread_self()->work) & bits;

	if (seen)
		this_cpu(work_pending) = bits;
	return seen;
}

void sched_work_clear(unsigned long bits)
{
	irqflags_t flags = irq_save();
	struct thread *t = this_runq()->curr;

	(void)__atomic_fetch_and(&t->work, ~bits, __ATOMIC_SEQ_CST);
	this_cpu(work_pending) = t->work;
	irq_restore(flags);
}

static void kick_locked(struct runq *rq, struct thread *t)
{
	if (rq->curr != t)
		return;
	if (rq == this_runq())
		this_cpu(work_pending) = READ_ONCE(t->work);
	else
		ipi_send(t->cpu, IPI_RESCHEDULE);
}

void sched_kick(struct thread *t) no_lock_analysis
{
	irqflags_t flags;
	struct runq *rq = sched_lock_thread(t, &flags);

	kick_locked(rq, t);
	unlock_thread(rq, flags);
}

void sched_signal_wake(struct thread *t, bool fatal) no_lock_analysis
{
	irqflags_t flags;
	struct runq *rq = sched_lock_thread(t, &flags);

	if (t->state == TS_INTERRUPTIBLE ||
	    (fatal && (t->state == TS_KILLABLE || t->state == TS_STOPPED))) {
		t->stop_wanted = t->stop_wanted && !fatal;
		wake_locked(rq, t, -EINTR);
	} else {
		if (fatal)
			t->stop_wanted = false;
		kick_locked(rq, t);
		spin_unlock(&rq->lock);
	}
	irq_restore(flags);
}

void sched_stop_prepare(void) no_lock_analysis
{
	irqflags_t flags;
	struct runq *rq = sched_lock_thread(thread_self(), &flags);

	thread_self()->stop_wanted = true;
	unlock_thread(rq, flags);
}

void sched_stop_current(void) no_lock_analysis
{
	irqflags_t flags = irq_save();
	struct thread *me = thread_self();

	for (;;) {
		struct runq *rq = this_runq();

		spin_lock(&rq->lock);
		if (!me->stop_wanted || task_of(me)->mm_ctx.fatal_signal) {
			me->stop_wanted = false;
			unlock_thread(rq, flags);
			return;
		}
		me->state = TS_STOPPED;
		switch_away(rq, false);
	}
}

void sched_continue(struct thread *t) no_lock_analysis
{
	irqflags_t flags;
	struct runq *rq = sched_lock_thread(t, &flags);

	t->stop_wanted = false;
	if (t->state == TS_STOPPED)
		wake_locked(rq, t, 0);
	else
		spin_unlock(&rq->lock);
	irq_restore(flags);
}

/* ---- address spaces ---- */

struct mm_struct *sched_use_mm(struct mm_struct *mm)
{
	struct task *me = current_task();
	struct mm_struct *old = me->mm_ctx.mm, *drop;
	irqflags_t flags = irq_save();
	struct runq *rq = this_runq();

	spin_lock(&tasklist_lock); /* task_mm_get: who sees the old one, has it in time */
	me->mm_ctx.mm = mm;
	spin_unlock(&tasklist_lock);
	if (mm)
		me->thread.is_kthread = false;
	switch_mm(rq, &me->thread);
	drop = rq->drop_mm;
	rq->drop_mm = NULL;
	rq->rare = false;
	irq_restore(flags);
	if (drop)
		mmdrop(drop);
	return old;
}

/* A dead address space need not be kept until the next program comes along. Own CPU, interrupts off. */
static void leave_dead_mm(struct runq *rq)
{
	struct mm_struct *mm = rq->active_mm;

	if (!rq->lazy || atomic_read(&mm->mm_users))
		return;
	pt_activate(&mm->root, &kernel_root);
	rq->active_mm = NULL;
	rq->lazy = false;
	irq_enable();
	mmdrop(mm);
	irq_disable();
}

/* ---- ends and beginnings ---- */

noreturn_ void sched_exit(void) no_lock_analysis
{
	struct runq *rq;

	irq_disable();
	rq = this_runq();
	spin_lock(&rq->lock);
	rq->curr->state = TS_DEAD;
	rq->rare = true;
	switch_away(rq, false);
	panic("a dead thread runs");
}

void sched_wait_gone(const struct thread *t)
{
	while (__atomic_load_n(&t->on_cpu, __ATOMIC_ACQUIRE))
		cpu_relax();
}

void sched_fork(struct thread *t)
{
	const struct thread *me = thread_self();
	bool reset = me->reset_on_fork;

	t->state = TS_NEW;
	t->cpu = cpu_id();
	t->cpus_allowed = me->cpus_allowed;
	t->policy = reset && me->rt_priority ? SCHED_OTHER : me->policy;
	t->rt_priority = reset ? 0 : me->rt_priority;
	t->rt_effective = t->rt_priority;
	t->nice = reset && me->nice < 0 ? 0 : me->nice;
	if (me->is_idle)
		t->cpus_allowed = ~0UL;
	t->weight = fair_weight(t->policy, t->nice);
	t->start_ns = clock_ns();
	t->burst_ns = me->burst_ns;
	if (me->vruntime > this_runq()->min_vruntime)
		t->vruntime = me->vruntime - this_runq()->min_vruntime;
}

static void init_idle(unsigned cpu)
{
	struct task *t = &per_cpu(idle_task, cpu);
	struct runq *rq = runq_of(cpu);
	unsigned i;

	t->thread.is_idle = true;
	t->thread.is_kthread = true;
	t->thread.on_cpu = true;
	t->thread.cpu = cpu;
	t->thread.cpus_allowed = 1UL << cpu;
	t->thread.weight = 0; /* nobody's: account_rare() */
	t->thread.exec_start_ns = clock_ns();
	t->cred = &init_cred;
	atomic_set(&t->refs, 1);
	__builtin_memcpy(t->comm, "swapper/0", 10);
	t->comm[8] = (char)('0' + cpu);
	spin_init(&rq->lock, RANK_RUNQ);
	for (i = 0; i <= RT_PRIO_MAX; i++)
		list_init(&rq->rt[i]);
	rq->min_vruntime = VRUNTIME_START;
	rq->idle = &t->thread;
	rq->curr = &t->thread;
	sched_add_cpu(cpu);
	arch_thread_init_boot(&t->thread.arch);
}

void sched_init(void)
{
	init_idle(0);
	tasks_init();
	ipi_register(IPI_RESCHEDULE, resched_ipi);
}

void sched_init_secondary(unsigned cpu)
{
	init_idle(cpu);
}

noreturn_ void cpu_idle_loop(void)
{
	sched_running = true;
	for (;;) {
		struct runq *rq;

		irq_disable();
		rq = this_runq();
		leave_dead_mm(rq);
		sched_work_clear(
			WORK_RESCHED); /* before the look: who queues later sets it again and interrupts us */
		if (READ_ONCE(rq->nr_running) || sched_pull())
			schedule();
		else
			cpu_idle_wait();
	}
}
