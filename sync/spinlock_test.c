/* Spinlocks in both ways of waiting: one owner at a time, nobody forgotten, the word free in the end. */
#include "sim/sim.h"
#include "sync/spinlock.h"
#include <setjmp.h>
#include <stdarg.h>
/* cmocka needs the headers above before it. */
#include <cmocka.h>

enum { ROUNDS = 400 };

static struct spinlock lock;
static unsigned inside, total, by_cpu[4];

static void worker(void *arg) no_lock_analysis
{
	unsigned me = (unsigned)(uintptr_t)arg;

	for (unsigned i = 0; i < ROUNDS; i++) {
		spin_lock(&lock);
		assert_int_equal(inside, 0);
		inside++;
		sim_point();
		total++;
		by_cpu[me]++;
		inside--;
		spin_unlock(&lock);
		sim_point();
	}
}

static void one_owner_at_a_time(void **state)
{
	for (unsigned fair = 0; fair < 2; fair++) {
		for (uint64_t seed = 1; seed < 6; seed++) {
			struct sim_config cfg = { .nr_cpus = 4, .seed = seed };

			spin_fair = fair;
			total = 0;
			sim_world_begin(&cfg);
			spin_init(&lock, RANK_LRU);
			for (uintptr_t cpu = 0; cpu < 4; cpu++)
				sim_spawn(worker, (void *)cpu, (int)cpu);
			sim_run();
			assert_int_equal(total, 4 * ROUNDS);
			assert_int_equal(lock.raw.word, 0);
			sim_world_end();
		}
	}
	spin_fair = false;
}

/* ---- fair: the order of coming; more turns than a ticket has values ---- */

static unsigned order[1000], nr_order;
static bool done;

static void in_line(void *arg) no_lock_analysis
{
	unsigned me = (unsigned)(uintptr_t)arg;

	while (!READ_ONCE(done)) {
		spin_lock(&lock);
		if (nr_order < ARRAY_SIZE(order))
			order[nr_order++] = me;
		else
			WRITE_ONCE(done, true);
		/* Long enough for the others to come and wait. */
		for (unsigned i = 0; i < 30; i++)
			sim_point();
		spin_unlock(&lock);
	}
}

static void spin_fair_serves_in_turn(void **state)
{
	struct sim_config cfg = { .nr_cpus = 3, .seed = 7 };
	unsigned again = 0;

	spin_fair = true;
	nr_order = 0;
	done = false;
	sim_world_begin(&cfg);
	spin_init(&lock, RANK_LRU);
	for (uintptr_t cpu = 0; cpu < 3; cpu++)
		sim_spawn(in_line, (void *)cpu, (int)cpu);
	sim_run();
	assert_int_equal(lock.raw.word, 0);
	for (unsigned i = 1; i < ARRAY_SIZE(order); i++)
		again += order[i] == order[i - 1];
	assert_true(again < 10); /* nobody gets it twice while others wait */
	sim_world_end();
	spin_fair = false;
}

/* ---- try ---- */

static bool waiting;

static void waiter(void *arg) no_lock_analysis
{
	(void)arg;
	WRITE_ONCE(waiting, true);
	spin_lock(&lock);
	spin_unlock(&lock);
}

static void trier(void *arg) no_lock_analysis
{
	(void)arg;
	assert_true(spin_trylock(&lock));
	assert_false(spin_trylock(&lock));
	while (!READ_ONCE(waiting))
		cpu_relax();
	for (unsigned i = 0; i < 50; i++)
		sim_point();
	assert_true(spin_is_locked(&lock));
	spin_unlock(&lock);
}

static void a_try_takes_a_free_lock_only(void **state)
{
	for (unsigned fair = 0; fair < 2; fair++) {
		spin_fair = fair;
		waiting = false;
		sim_world_begin(NULL);
		spin_init(&lock, RANK_LRU);
		sim_spawn(trier, NULL, 0);
		sim_spawn(waiter, NULL, 1);
		sim_run();
		assert_false(spin_is_locked(&lock));
		sim_world_end();
	}
	spin_fair = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(one_owner_at_a_time),
		cmocka_unit_test(spin_fair_serves_in_turn),
		cmocka_unit_test(a_try_takes_a_free_lock_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
