/*
 * The deterministic scheduler: coroutines play threads, virtual CPUs take turns by a seeded generator, time is virtual.
 *
 * OWNS     the threads of the world, which thread each CPU runs, the clock.
 * WHY      real concurrency finds a race once in a million runs and never again. Here every change of CPU is drawn from
 *          the seed, so a failing seed fails always, under a debugger too. What the kernel assumes holds: a CPU
 *          changes threads only when its thread parks; a thread changes CPUs only while parked.
 *
 *              thread_park ──► PARKED ──unpark, deadline, kill──► RUNNABLE ──its CPU is idle──► runs
 *              sim_point, sim_relax: another CPU goes on; this CPU's thread stays where it is
 *
 * I1       current[cpu], if any, is RUNNABLE and has cpu as its CPU.
 * I2       the host executes self == current[sim_cpu].                                      [switch_to]
 * I3       time moves forward only: 100 ns per preemption point, or to the next deadline when all CPUs are idle.
 * FAILS    panic when every thread waits and no deadline is left (a lost wake-up or a deadlock), or when one spins
 *          alone.
 * NOT HERE timer interrupts: kernel code is not preemptible, so they could only add deadlines.
 */
#define _GNU_SOURCE
#include "arch/percpu.h"
#include "arch/sim/hw/coro.h"
#include "arch/sim/hw/host.h"
#include "base/errno.h"
#include "mm/mm.h"
#include "sim/sim_impl.h"
#include "sync/klog.h"
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

enum { STACK_SIZE = 512 * 1024, POINT_NS = 100, POINT_ODDS = 4, SPIN_LIMIT = 1000000 };

struct sim_stack {
	void *sp; /* while not running */
	char *mem;
	void *fake;	    /* the sanitizer's */
	const void *bottom; /* of the stack, for the sanitizer */
	size_t size;
};

static struct thread main_thread;
static struct sim_stack main_stack;
static struct thread *threads, *self;
static struct thread *current[CFG_NR_CPUS];
static unsigned nr_virtual_cpus, nr_alive;
static bool preempt_on, running;
static uint64_t now_ns, random_state;
static unsigned spins;

uint64_t sim_random(uint64_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return n ? random_state % n : 0;
}

struct thread *sim_threads(void)
{
	return threads;
}

struct thread *thread_self(void)
{
	return self;
}

uint64_t clock_ns(void)
{
	return now_ns;
}

/* Every lock taken or given back passes here: the natural place to let another CPU run. */
struct lockorder_held *lockorder_current(void)
{
	sim_point();
	return self ? &self->held : NULL;
}

/* ---- changing threads ---- */

static void activate_mm_of(struct thread *t)
{
	struct pt_root *now = sim_mmu[t->cpu].root;
	struct pt_root *next = t->ctx.mm ? &t->ctx.mm->root : now;

	if (next != now)
		pt_activate(now, next);
}

static void switch_to(struct thread *t)
{
	struct thread *old = self;

	sim_cpu_select(t->cpu);
	if (current[t->cpu] != t) {
		current[t->cpu] = t;
		activate_mm_of(t);
	}
	if (t == old)
		return;
	self = t;
	host_fiber_leave(old->state == SIM_DONE ? NULL : &old->stack->fake, t->stack->bottom,
			 t->stack->size);
	coro_switch(&old->stack->sp, t->stack->sp);
	host_fiber_enter(old->stack->fake, NULL, NULL);
}

static void wake(struct thread *t, int reason)
{
	t->wake_reason = reason;
	t->state = SIM_RUNNABLE;
	if (!t->pinned)
		t->cpu = (unsigned)sim_random(nr_virtual_cpus);
}

/* Deadlines that have passed. Return: the next one, or PARK_FOREVER. */
static uint64_t expire_deadlines(void)
{
	uint64_t next = PARK_FOREVER;

	for (struct thread *t = threads; t; t = t->next) {
		if (t->state != SIM_PARKED)
			continue;
		if (t->deadline_ns <= now_ns)
			wake(t, -ETIMEDOUT);
		else if (t->deadline_ns < next)
			next = t->deadline_ns;
	}
	return next;
}

static bool can_run(const struct thread *t)
{
	return t->state == SIM_RUNNABLE && (!current[t->cpu] || current[t->cpu] == t);
}

/* A thread that may run now, not @except; NULL: none. Every candidate is equally likely. */
static struct thread *pick(const struct thread *except)
{
	struct thread *found = NULL;
	unsigned n = 0;

	for (struct thread *t = threads; t; t = t->next) {
		if (t != except && can_run(t) && sim_random(++n) == 0)
			found = t;
	}
	return found;
}

static void deadlock(void)
{
	for (struct thread *t = threads; t; t = t->next) {
		if (t->state != SIM_DONE)
			pr_err("sim: thread %p on CPU %u %s", (void *)t, t->cpu,
			       t->state == SIM_PARKED ? "waits for ever" : "is runnable");
	}
	panic("sim: every thread waits (deadlock or lost wake-up)");
}

/* The calling thread gives its CPU away for good: find who goes on. */
static void leave_cpu(void)
{
	current[self->cpu] = NULL;
	for (;;) {
		uint64_t next = expire_deadlines();
		struct thread *t = pick(NULL);

		if (t) {
			switch_to(t);
			return;
		}
		if (next == PARK_FOREVER)
			deadlock();
		now_ns = next;
	}
}

void sim_point(void)
{
	struct thread *t;

	if (!running)
		return;
	now_ns += POINT_NS;
	spins = 0;
	if (!preempt_on || sim_random(POINT_ODDS))
		return;
	(void)expire_deadlines();
	t = pick(NULL);
	if (t && t != self)
		switch_to(t);
}

/* The running thread spins for something that only another CPU can do. */
static void relax(void)
{
	uint64_t next;
	struct thread *t;

	now_ns += POINT_NS;
	next = expire_deadlines();
	t = pick(self);
	if (t) {
		switch_to(t);
		return;
	}
	if (next != PARK_FOREVER && next > now_ns)
		now_ns = next;
	if (++spins > SPIN_LIMIT)
		panic("sim: a thread spins and nobody else can run");
}

/* ---- the imports of sync ---- */

int thread_park(enum park_mode mode, uint64_t deadline_ns)
{
	if (self->token) {
		self->token = false;
		return 0;
	}
	if (mode != PARK_UNINTERRUPTIBLE && self->fatal)
		return -EINTR;
	if (deadline_ns <= now_ns)
		return -ETIMEDOUT;
	self->mode = mode;
	self->deadline_ns = deadline_ns;
	self->state = SIM_PARKED;
	leave_cpu();
	return self->wake_reason;
}

/* One runs at a time, and time stands still meanwhile. */
bool thread_may_spin_for(const struct thread *owner)
{
	(void)owner;
	return false;
}

void thread_unpark(struct thread *t)
{
	if (t->state == SIM_PARKED)
		wake(t, 0);
	else
		t->token = true;
}

void sim_kill(struct thread *t)
{
	t->fatal = true;
	t->ctx.fatal_signal = true;
	if (t->state == SIM_PARKED && t->mode != PARK_UNINTERRUPTIBLE)
		wake(t, -EINTR);
}

/* ---- life ---- */

static void thread_main(void)
{
	host_fiber_enter(NULL, NULL, NULL);
	self->fn(self->arg);
	if (self->held.nr)
		panic("sim: a thread ends with %u locks held", self->held.nr);
	sim_use_mm(NULL);
	self->state = SIM_DONE;
	if (--nr_alive == 0)
		thread_unpark(&main_thread);
	leave_cpu();
}

struct thread *sim_spawn(void (*fn)(void *arg), void *arg, int cpu)
{
	struct thread *t = calloc(1, sizeof(*t));

	t->stack = calloc(1, sizeof(*t->stack));
	t->stack->mem =
		mmap(NULL, STACK_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	t->stack->bottom = t->stack->mem;
	t->stack->size = STACK_SIZE;
	t->stack->sp = coro_prepare(t->stack->mem + STACK_SIZE, thread_main);
	t->fn = fn;
	t->arg = arg;
	t->pinned = cpu >= 0;
	t->cpu = cpu >= 0 ? (unsigned)cpu : (unsigned)sim_random(nr_virtual_cpus);
	if (t->cpu >= nr_virtual_cpus)
		panic("sim: no CPU %u", t->cpu);
	t->next = threads;
	threads = t;
	nr_alive++;
	return t;
}

static void free_threads(void)
{
	while (threads != &main_thread) {
		struct thread *t = threads;

		threads = t->next;
		munmap(t->stack->mem, STACK_SIZE);
		free(t->stack);
		free(t);
	}
}

void sim_run(void)
{
	if (self != &main_thread)
		panic("sim: sim_run inside a thread");
	running = true;
	while (nr_alive)
		(void)thread_park(PARK_UNINTERRUPTIBLE, PARK_FOREVER);
	running = false;
	free_threads();
}

/* The bounds of the host's stack, which the sanitizer wants to know on the way back to it. */
static void find_main_stack(void)
{
	pthread_attr_t attr;
	void *bottom = NULL;

	if (pthread_getattr_np(pthread_self(), &attr) == 0) {
		(void)pthread_attr_getstack(&attr, &bottom, &main_stack.size);
		(void)pthread_attr_destroy(&attr);
	}
	main_stack.bottom = bottom;
}

void sim_sched_begin(uint64_t seed, unsigned cpus, bool preempt)
{
	random_state = seed * 0x9E3779B97F4A7C15ULL + 1;
	nr_virtual_cpus = cpus;
	preempt_on = preempt;
	running = false;
	now_ns = 1000000000;
	nr_alive = 0;
	spins = 0;
	main_thread = (struct thread){ .stack = &main_stack, .pinned = true };
	find_main_stack();
	threads = &main_thread;
	self = &main_thread;
	for (unsigned cpu = 0; cpu < CFG_NR_CPUS; cpu++)
		current[cpu] = NULL;
	current[0] = self;
	sim_hooks.relax = relax;
	sim_hooks.point = sim_point;
}

void sim_sched_end(void)
{
	if (nr_alive)
		panic("sim: the world ends with %u threads alive", nr_alive);
	free_threads();
	self = NULL;
	threads = NULL;
}
