/* Mutexes in the simulated machine: exclusion, order, hand-over and interruption under random schedules. */
#include "base/errno.h"
#include "sim/sim.h"
#include "sync/kassert.h"
#include "sync/mutex.h"
#include <setjmp.h>
#include <stdarg.h>
/* cmocka needs the headers above before it. */
#include <cmocka.h>

enum { THREADS = 6, ROUNDS = 60, SEEDS = 30 };

static struct mutex lock;
static unsigned inside, total;

static void critical_section(void)
{
	inside++;
	assert_int_equal(inside, 1);
	sim_point();
	assert_int_equal(inside, 1);
	inside--;
	total++;
}

static void locker(void *arg)
{
	unsigned i;

	for (i = 0; i < ROUNDS; i++) {
		if (sim_random(4) == 0) {
			if (!mutex_trylock(&lock))
				continue;
		} else {
			mutex_lock(&lock);
		}
		critical_section();
		mutex_unlock(&lock);
		if (sim_random(3) == 0)
			sim_point();
	}
}

/* Let others run, on this CPU too. */
static void rest(void)
{
	(void)thread_park(PARK_UNINTERRUPTIBLE, clock_ns() + 200);
}

static void begin(uint64_t seed)
{
	struct sim_config cfg = { .seed = seed, .nr_cpus = 3 };

	sim_world_begin(&cfg);
	mutex_init(&lock, RANK_FS);
	inside = 0;
	total = 0;
}

static void mutex_I1_excludes_under_any_schedule(void **state)
{
	uint64_t seed;
	unsigned i;

	for (seed = 1; seed <= SEEDS; seed++) {
		begin(seed);
		for (i = 0; i < THREADS; i++)
			sim_spawn(locker, NULL, -1);
		sim_run();
		assert_false(mutex_is_locked(&lock));
		assert_int_equal(atomic_read(&lock.nr_waiters), 0);
		sim_world_end();
	}
}

static unsigned entered;

static void sleepy_owner(void *arg)
{
	mutex_lock(&lock);
	while (entered + (unsigned)atomic_read(&lock.nr_waiters) < THREADS)
		rest();
	mutex_unlock(&lock);
}

static void queued(void *arg)
{
	mutex_lock(&lock);
	entered++;
	mutex_unlock(&lock);
}

/* With every waiter asleep a single unlock must start a chain that wakes them all: nobody is forgotten. */
static void mutex_I2_no_waiter_is_forgotten(void **state)
{
	uint64_t seed;
	unsigned i;

	for (seed = 1; seed <= SEEDS; seed++) {
		begin(seed);
		entered = 0;
		sim_spawn(sleepy_owner, NULL, 0);
		for (i = 0; i < THREADS; i++)
			sim_spawn(queued, NULL, -1);
		sim_run();
		assert_int_equal(entered, THREADS);
		sim_world_end();
	}
}

static struct thread *victim;
static bool held; /* the victim may start to wait */
static int victim_err;

static void victim_main(void *arg)
{
	while (!held)
		rest();
	victim_err = mutex_lock_interruptible(&lock);
	if (!victim_err)
		mutex_unlock(&lock);
}

static void owner_kills(void *arg)
{
	mutex_lock(&lock);
	held = true;
	while (!atomic_read(&lock.nr_waiters))
		rest();
	sim_kill(victim);
	while (atomic_read(&lock.nr_waiters))
		rest();
	mutex_unlock(&lock);
}

static void mutex_wait_ends_with_a_signal(void **state)
{
	begin(7);
	held = false;
	sim_spawn(owner_kills, NULL, 0);
	victim = sim_spawn(victim_main, NULL, 1);
	sim_run();
	assert_int_equal(victim_err, -EINTR);
	assert_false(mutex_is_locked(&lock));
	sim_world_end();
}

static void killer(void *arg)
{
	uint64_t n;

	for (n = sim_random(40); n > 0; n--)
		sim_point();
	sim_kill(victim);
}

static void short_owner(void *arg)
{
	unsigned i;

	for (i = 0; i < 4; i++) {
		mutex_lock(&lock);
		sim_point();
		mutex_unlock(&lock);
		sim_point();
	}
}

/* A waiter that is chosen and killed at the same time passes its chance on: else the last thread sleeps for ever. */
static void mutex_I2_killed_waiter_passes_the_wake_on(void **state)
{
	uint64_t seed;

	for (seed = 1; seed <= 20 * SEEDS; seed++) {
		begin(seed);
		entered = 0;
		held = true;
		sim_spawn(short_owner, NULL, 0);
		victim = sim_spawn(victim_main, NULL, 1);
		sim_spawn(queued, NULL, 2);
		sim_spawn(killer, NULL, 0);
		sim_run();
		assert_int_equal(entered, 1);
		assert_false(mutex_is_locked(&lock));
		sim_world_end();
	}
}

static void lock_again(void *arg)
{
	mutex_lock(&lock);
	mutex_lock(&lock);
}

static void mutex_taken_twice_is_caught(void **state)
{
	begin(1);
	assert_true(sim_panics(lock_again, NULL, "taken twice"));
	sim_world_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mutex_I1_excludes_under_any_schedule),
		cmocka_unit_test(mutex_I2_no_waiter_is_forgotten),
		cmocka_unit_test(mutex_wait_ends_with_a_signal),
		cmocka_unit_test(mutex_I2_killed_waiter_passes_the_wake_on),
		cmocka_unit_test(mutex_taken_twice_is_caught),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
