/* The scheduler of the simulator: repeatable, no lost wake-ups, virtual time. */
#include "arch/percpu.h"
#include "base/errno.h"
#include "sim/sim.h"
#include "sync/mutex.h"
#include "sync/spinlock.h"
#include "sync/waitq.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>

#include <stdint.h>

#include <cmocka.h>

enum { WORKERS = 6, ROUNDS = 50 };

static struct spinlock lock;
static struct mutex mutex;
static unsigned order[WORKERS * ROUNDS], nr_order, in_mutex;
static long counter;

static void worker(void *arg)
{
	for (unsigned i = 0; i < ROUNDS; i++) {
		unsigned cpu = cpu_id();
		long seen;

		spin_lock(&lock);
		order[nr_order++] = (unsigned)(uintptr_t)arg;
		seen = counter;
		sim_point();
		counter = seen + 1; /* lost, were the lock not exclusive */
		spin_unlock(&lock);
		assert_int_equal(cpu, cpu_id());
		mutex_lock(&mutex);
		assert_int_equal(in_mutex++, 0);
		sim_point();
		in_mutex--;
		mutex_unlock(&mutex);
	}
}

static void run_workers(uint64_t seed)
{
	struct sim_config cfg = { .nr_cpus = 3, .seed = seed };

	sim_world_begin(&cfg);
	spin_init(&lock, RANK_OBJECT);
	mutex_init(&mutex, RANK_FS_MOUNT);
	nr_order = 0;
	counter = 0;
	for (uintptr_t i = 0; i < WORKERS; i++)
		(void)sim_spawn(worker, (void *)i, -1);
	sim_run();
	assert_int_equal(counter, WORKERS * ROUNDS);
	sim_world_end();
}

static void same_seed_same_run(void **state)
{
	static unsigned first[WORKERS * ROUNDS];

	run_workers(7);
	memcpy(first, order, sizeof(first));
	run_workers(7);
	assert_memory_equal(first, order, sizeof(first));
	run_workers(8);
	assert_memory_not_equal(first, order, sizeof(first));
}

static struct waitq queue;
static bool flag;
static int results[3];

static void sleeper(void *arg)
{
	results[0] = wait_event_mode(&queue, flag, PARK_UNINTERRUPTIBLE, PARK_FOREVER);
}

static void killed(void *arg)
{
	results[1] = wait_event_mode(&queue, false, PARK_KILLABLE, PARK_FOREVER);
}

static void timed(void *arg)
{
	uint64_t before = clock_ns();

	results[2] = thread_park(PARK_UNINTERRUPTIBLE, before + NSEC_PER_SEC * 3600);
	assert_true(clock_ns() >= before + NSEC_PER_SEC * 3600);
}

static void waker(void *arg)
{
	(void)thread_park(PARK_UNINTERRUPTIBLE, clock_ns() + 1000);
	flag = true;
	waitq_wake_all(&queue);
	sim_kill(arg);
}

static void waits_end_as_they_should(void **state)
{
	for (uint64_t seed = 1; seed < 20; seed++) {
		struct sim_config cfg = { .seed = seed };

		sim_world_begin(&cfg);
		waitq_init(&queue);
		flag = false;
		(void)sim_spawn(sleeper, NULL, 0);
		(void)sim_spawn(waker, sim_spawn(killed, NULL, -1), 1);
		(void)sim_spawn(timed, NULL, -1);
		sim_run();
		assert_int_equal(results[0], 0);
		assert_int_equal(results[1], -EINTR);
		assert_int_equal(results[2], -ETIMEDOUT);
		sim_world_end();
	}
}

static void unpark_before_park_is_kept(void **state)
{
	sim_world_begin(NULL);
	thread_unpark(thread_self());
	assert_int_equal(thread_park(PARK_UNINTERRUPTIBLE, PARK_FOREVER), 0);
	assert_int_equal(thread_park(PARK_UNINTERRUPTIBLE, clock_ns() + 5), -ETIMEDOUT);
	sim_world_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same_seed_same_run),
		cmocka_unit_test(waits_end_as_they_should),
		cmocka_unit_test(unpark_before_park_is_kept),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
