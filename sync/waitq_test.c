/* Wait queues in the simulated machine: no lost wake-up, one exclusive waiter per wake_one, time-outs. */
#include "base/errno.h"
#include "sim/sim.h"
#include "sync/waitq.h"
#include <setjmp.h>
#include <stdarg.h>
/* cmocka needs the headers above before it. */
#include <cmocka.h>

enum { SEEDS = 40, ITEMS = 50, CONSUMERS = 4 };

static struct waitq q;
static int items, eaten;

static void begin(uint64_t seed)
{
	struct sim_config cfg = { .seed = seed, .nr_cpus = 3 };

	sim_world_begin(&cfg);
	waitq_init(&q);
	items = 0;
	eaten = 0;
}

static bool take_item(void)
{
	if (items == 0)
		return false;
	items--;
	return true;
}

static void consumer(void *arg)
{
	unsigned i;

	for (i = 0; i < ITEMS; i++) {
		bool got = false;

		assert_int_equal(wait_event_exclusive(&q, got || (got = take_item()),
						      PARK_UNINTERRUPTIBLE, PARK_FOREVER),
				 0);
		eaten++;
		sim_point();
	}
}

static void producer(void *arg)
{
	unsigned i;

	for (i = 0; i < ITEMS * CONSUMERS; i++) {
		items++;
		waitq_wake_one(&q);
		if (sim_random(3) == 0)
			sim_point();
	}
}

/* As many wake_ones as items: if two fell on one sleeper, another would sleep for ever and the simulator panic. */
static void waitq_I3_exclusive_wake_ups_are_not_lost(void **state)
{
	uint64_t seed;
	unsigned i;

	for (seed = 1; seed <= SEEDS; seed++) {
		begin(seed);
		for (i = 0; i < CONSUMERS; i++)
			sim_spawn(consumer, NULL, -1);
		sim_spawn(producer, NULL, -1);
		sim_run();
		assert_int_equal(eaten, ITEMS * CONSUMERS);
		assert_true(list_empty(&q.waiters));
		sim_world_end();
	}
}

static bool flag;
static unsigned saw_flag;

static void watcher(void *arg)
{
	wait_event(&q, flag);
	saw_flag++;
}

static void setter(void *arg)
{
	uint64_t n;

	for (n = sim_random(20); n > 0; n--)
		sim_point();
	flag = true;
	waitq_wake_all(&q);
}

static void waitq_wake_all_reaches_everybody(void **state)
{
	uint64_t seed;
	unsigned i;

	for (seed = 1; seed <= 5 * SEEDS; seed++) {
		begin(seed);
		flag = false;
		saw_flag = 0;
		for (i = 0; i < 5; i++)
			sim_spawn(watcher, NULL, -1);
		sim_spawn(setter, NULL, -1);
		sim_run();
		assert_int_equal(saw_flag, 5);
		sim_world_end();
	}
}

static void sleeper(void *arg)
{
	uint64_t start = clock_ns();

	assert_int_equal(wait_event_mode(&q, false, PARK_INTERRUPTIBLE, start + 5000000),
			 -ETIMEDOUT);
	assert_true(clock_ns() - start >= 5000000);
	assert_int_equal(wait_event_exclusive(&q, false, PARK_INTERRUPTIBLE, start), -ETIMEDOUT);
}

static void waitq_time_out(void **state)
{
	begin(1);
	sim_spawn(sleeper, NULL, -1);
	sim_run();
	assert_true(list_empty(&q.waiters));
	sim_world_end();
}

static struct thread *victim;

static void dying_consumer(void *arg)
{
	bool got = false;

	if (wait_event_exclusive(&q, got || (got = take_item()), PARK_INTERRUPTIBLE,
				 PARK_FOREVER) == 0)
		eaten++;
}

static void one_item_and_a_kill(void *arg)
{
	uint64_t n;

	for (n = sim_random(10); n > 0; n--)
		sim_point();
	items++;
	waitq_wake_one(&q);
	for (n = sim_random(10); n > 0; n--)
		sim_point();
	sim_kill(victim);
	items++;
	waitq_wake_one(&q);
}

static void one_meal(void *arg)
{
	bool got = false;

	(void)wait_event_exclusive(&q, got || (got = take_item()), PARK_UNINTERRUPTIBLE,
				   PARK_FOREVER);
	eaten++;
}

/* Two items, two consumers, one of which may die chosen: its wake-up must reach the other. */
static void waitq_chosen_waiter_that_gives_up_passes_it_on(void **state)
{
	uint64_t seed;

	for (seed = 1; seed <= 20 * SEEDS; seed++) {
		begin(seed);
		victim = sim_spawn(dying_consumer, NULL, -1);
		sim_spawn(one_meal, NULL, -1);
		sim_spawn(one_item_and_a_kill, NULL, -1);
		sim_run();
		assert_true(eaten >= 1);
		sim_world_end();
	}
}

static unsigned callbacks;

static void count_call(struct waiter *w)
{
	callbacks++;
}

static void waitq_callbacks_are_called_until_removed(void **state)
{
	struct waiter w = { .wake = count_call };

	begin(1);
	callbacks = 0;
	waitq_add_callback(&q, &w);
	assert_true(waitq_active(&q));
	waitq_wake_all(&q);
	waitq_wake_one(&q);
	assert_int_equal(callbacks, 2);
	waitq_del(&q, &w);
	waitq_del(&q, &w);
	waitq_wake_all(&q);
	assert_int_equal(callbacks, 2);
	assert_false(waitq_active(&q));
	sim_world_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(waitq_I3_exclusive_wake_ups_are_not_lost),
		cmocka_unit_test(waitq_wake_all_reaches_everybody),
		cmocka_unit_test(waitq_time_out),
		cmocka_unit_test(waitq_chosen_waiter_that_gives_up_passes_it_on),
		cmocka_unit_test(waitq_callbacks_are_called_until_removed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
