/*
 * Threads of the host play threads of the kernel, each on a virtual CPU of its own: for ThreadSanitizer.
 *
 * OWNS     the threads of the world, the clock (the host's), the lock of the simulated hardware.
 * WHY      sim/sched.c shows every order of locks and flushes, but one thing runs at a time, and each switch orders all that was
 *          before with all that comes after. Here nothing is ordered but by what mm itself does, and the sanitizer
 *          reports two accesses that nothing orders, whether or not they hurt in this run.
 *
 *              instrumented        lib/ sync/ mm/ and the test: the kernel
 *              not                 arch/sim/hw/ sim/: hardware and host; their locks order nothing in the sanitizer's eyes,
 *                                  but park and unpark do, as the scheduler's own locks would
 *
 * I1       a thread has one CPU from birth to death and no other thread has it: a thread that parks keeps it.
 * I2       bytes of user pages are moved by instructions that the sanitizer does not see (arch/sim_local.h): programs may race.
 * FAILS    panic when more threads are wanted than there are CPUs. A deadlock hangs; the test's alarm ends it.
 * NOT HERE determinism; deadlines only as the host keeps them.
 * TESTED BY sim/threads/race_test.c
 */
#define _GNU_SOURCE
#include "arch/percpu.h"
#include "base/errno.h"
#include "mm/mm.h"
#include "sim/sim_impl.h"
#include "sync/kassert.h"
#include <pthread.h>
#include <sched.h>
#include <stdlib.h>
#include <time.h>

struct sim_stack { /* what a thread has from the host */
	pthread_t id;
	pthread_mutex_t lock;
	pthread_cond_t wake;
};

static struct thread main_thread, *threads;
static unsigned nr_virtual_cpus, next_cpu;
static uint64_t random_seed;
static _Thread_local struct thread *self;
static _Thread_local uint64_t random_state;
static int hw_busy;

/* ---- the hardware's lock ---- */

void sim_hw_lock(void)
{
	while (__atomic_exchange_n(&hw_busy, 1, __ATOMIC_SEQ_CST))
		sched_yield();
}

void sim_hw_unlock(void)
{
	__atomic_store_n(&hw_busy, 0, __ATOMIC_SEQ_CST);
}

/* ---- imports of sync ---- */

struct thread *thread_self(void)
{
	return self;
}

struct thread *sim_threads(void)
{
	return threads;
}

struct lockorder_held *lockorder_current(void)
{
	return self ? &self->held : NULL;
}

uint64_t clock_ns(void)
{
	struct timespec t;

	(void)clock_gettime(CLOCK_MONOTONIC, &t);
	return (uint64_t)t.tv_sec * 1000000000 + (uint64_t)t.tv_nsec;
}

/* Wait for a token. @self->stack->lock held. Return: 0, -EINTR, -ETIMEDOUT. */
static int wait_token(enum park_mode mode, uint64_t deadline_ns)
{
	struct timespec until = { .tv_sec = (time_t)(deadline_ns / 1000000000),
				  .tv_nsec = (long)(deadline_ns % 1000000000) };
	struct sim_stack *s = self->stack;

	for (;;) {
		if (self->token) {
			self->token = false;
			return 0;
		}
		if (mode != PARK_UNINTERRUPTIBLE && self->fatal)
			return -EINTR;
		if (deadline_ns == PARK_FOREVER)
			(void)pthread_cond_wait(&s->wake, &s->lock);
		else if (pthread_cond_timedwait(&s->wake, &s->lock, &until))
			return -ETIMEDOUT;
	}
}

int thread_park(enum park_mode mode, uint64_t deadline_ns)
{
	int r;

	(void)pthread_mutex_lock(&self->stack->lock);
	r = wait_token(mode, deadline_ns);
	(void)pthread_mutex_unlock(&self->stack->lock);
	return r;
}

static void signal_thread(struct thread *t, bool *what)
{
	(void)pthread_mutex_lock(&t->stack->lock);
	*what = true;
	(void)pthread_cond_signal(&t->stack->wake);
	(void)pthread_mutex_unlock(&t->stack->lock);
}

/* Threads of the host are not told whether one runs: who waits sleeps. */
bool thread_may_spin_for(const struct thread *owner)
{
	(void)owner;
	return false;
}

void thread_unpark(struct thread *t)
{
	signal_thread(t, &t->token);
}

void sim_kill(struct thread *t)
{
	t->ctx.fatal_signal = true;
	signal_thread(t, &t->fatal);
}

static void relax(void)
{
	sched_yield();
}

void sim_point(void)
{
}

uint64_t sim_random(uint64_t n)
{
	random_state ^= random_state << 13;
	random_state ^= random_state >> 7;
	random_state ^= random_state << 17;
	return n ? random_state % n : 0;
}

/* ---- life ---- */

static struct sim_stack *new_stack(void)
{
	struct sim_stack *s = calloc(1, sizeof(*s));
	pthread_condattr_t attr;

	(void)pthread_condattr_init(&attr);
	(void)pthread_condattr_setclock(&attr, CLOCK_MONOTONIC);
	(void)pthread_mutex_init(&s->lock, NULL);
	(void)pthread_cond_init(&s->wake, &attr);
	return s;
}

static void begin_thread(struct thread *t)
{
	self = t;
	random_state = (random_seed + t->cpu) * 0x9E3779B97F4A7C15ULL + 1;
	sim_cpu_select(t->cpu);
}

static void *thread_main(void *arg)
{
	begin_thread(arg);
	self->fn(self->arg);
	if (self->held.nr)
		panic("sim: a thread ends with %u locks held", self->held.nr);
	sim_use_mm(NULL);
	return NULL;
}

struct thread *sim_spawn(void (*fn)(void *arg), void *arg, int cpu)
{
	struct thread *t = calloc(1, sizeof(*t));

	(void)cpu;
	if (next_cpu >= nr_virtual_cpus)
		panic("sim: a CPU for each thread: only %u", nr_virtual_cpus);
	t->cpu = next_cpu++;
	t->stack = new_stack();
	t->fn = fn;
	t->arg = arg;
	t->next = threads;
	threads = t;
	return t;
}

void sim_run(void)
{
	for (struct thread *t = threads; t != &main_thread; t = t->next)
		must(pthread_create(&t->stack->id, NULL, thread_main, t) == 0);
	for (struct thread *t = threads; t != &main_thread; t = t->next)
		(void)pthread_join(t->stack->id, NULL);
	while (threads != &main_thread) {
		struct thread *t = threads;

		threads = t->next;
		free(t->stack);
		free(t);
	}
	next_cpu = 1;
}

void sim_sched_begin(uint64_t seed, unsigned cpus, bool preempt)
{
	(void)preempt;
	random_seed = seed;
	nr_virtual_cpus = cpus;
	next_cpu = 1;
	main_thread = (struct thread){ .stack = new_stack() };
	threads = &main_thread;
	sim_hooks.relax = relax;
	sim_hooks.point = sim_point;
	begin_thread(&main_thread);
}

void sim_sched_end(void)
{
	free(main_thread.stack);
	self = NULL;
	threads = NULL;
}
