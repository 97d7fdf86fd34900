/* Reader-writer semaphores in the simulated machine. */
#include "base/errno.h"
#include "sim/sim.h"
#include "sync/rwsem.h"
#include <setjmp.h>
#include <stdarg.h>
/* cmocka needs the headers above before it. */
#include <cmocka.h>

enum { THREADS = 6, ROUNDS = 40, SEEDS = 30 };

static struct rwsem sem;
static unsigned readers, writers, most_readers, reads, writes;

/* Let others run, on this CPU too. */
static void rest(void)
{
	(void)thread_park(PARK_UNINTERRUPTIBLE, clock_ns() + 200);
}

static void begin(uint64_t seed)
{
	struct sim_config cfg = { .seed = seed, .nr_cpus = 3 };

	sim_world_begin(&cfg);
	rwsem_init(&sem, RANK_MM_MAP);
	readers = writers = most_readers = reads = writes = 0;
}

static void end(void)
{
	assert_int_equal(atomic_long_read(&sem.count), 0);
	sim_world_end();
}

static void in_read(void)
{
	readers++;
	if (readers > most_readers)
		most_readers = readers;
	assert_int_equal(writers, 0);
	sim_point();
	assert_int_equal(writers, 0);
	readers--;
	reads++;
}

static void in_write(void)
{
	writers++;
	assert_int_equal(writers, 1);
	assert_int_equal(readers, 0);
	sim_point();
	assert_int_equal(writers, 1);
	assert_int_equal(readers, 0);
	writers--;
	writes++;
}

static void one_round(void)
{
	switch (sim_random(6)) {
	case 0:
		rwsem_down_write(&sem);
		in_write();
		rwsem_up_write(&sem);
		break;
	case 1:
		rwsem_down_write(&sem);
		in_write();
		rwsem_downgrade(&sem);
		in_read();
		rwsem_up_read(&sem);
		break;
	case 2:
		if (rwsem_try_write(&sem)) {
			in_write();
			rwsem_up_write(&sem);
		}
		break;
	case 3:
		if (rwsem_try_read(&sem)) {
			in_read();
			rwsem_up_read(&sem);
		}
		break;
	default:
		rwsem_down_read(&sem);
		in_read();
		rwsem_up_read(&sem);
		break;
	}
}

static void user(void *arg)
{
	unsigned i;

	for (i = 0; i < ROUNDS; i++)
		one_round();
}

static void rwsem_I1_writers_alone_under_any_schedule(void **state)
{
	unsigned shared = 0, i;
	uint64_t seed;

	for (seed = 1; seed <= SEEDS; seed++) {
		begin(seed);
		for (i = 0; i < THREADS; i++)
			sim_spawn(user, NULL, -1);
		sim_run();
		shared += most_readers > 1;
		end();
	}
	assert_true(shared > 0);
}

static struct thread *victim;
static bool held; /* the victims may start to wait */
static int victim_err;

static void writer_victim(void *arg)
{
	while (!held)
		rest();
	victim_err = rwsem_down_write_killable(&sem);
	if (!victim_err)
		rwsem_up_write(&sem);
}

static void late_reader(void *arg)
{
	uint64_t n;

	while (!held)
		rest();
	for (n = sim_random(20); n > 0; n--)
		rest();
	rwsem_down_read(&sem);
	in_read();
	rwsem_up_read(&sem);
}

/* A reader holds it, a writer waits, a reader waits behind the writer: when the writer is killed that reader gets in. */
static void holder(void *arg)
{
	rwsem_down_read(&sem);
	held = true;
	while (!(atomic_long_read(&sem.count) & RWSEM_WAITING))
		rest();
	sim_kill(victim);
	while (!reads)
		rest();
	rwsem_up_read(&sem);
}

static void rwsem_I2_killed_writer_lets_readers_in(void **state)
{
	uint64_t seed;

	for (seed = 1; seed <= SEEDS; seed++) {
		begin(seed);
		held = false;
		victim_err = 0;
		sim_spawn(holder, NULL, 0);
		victim = sim_spawn(writer_victim, NULL, 1);
		sim_spawn(late_reader, NULL, 2);
		sim_run();
		assert_true(victim_err == -EINTR || victim_err == 0);
		assert_int_equal(reads, 1);
		end();
	}
}

static void killer(void *arg)
{
	uint64_t n;

	for (n = sim_random(60); n > 0; n--)
		sim_point();
	sim_kill(victim);
}

/* A kill at any moment leaves a consistent semaphore: everybody else finishes. */
static void rwsem_I3_kill_at_any_moment(void **state)
{
	uint64_t seed;
	unsigned i;

	for (seed = 1; seed <= 10 * SEEDS; seed++) {
		begin(seed);
		held = true;
		victim_err = 0;
		victim = sim_spawn(writer_victim, NULL, 1);
		sim_spawn(killer, NULL, 0);
		for (i = 0; i < 4; i++)
			sim_spawn(user, NULL, -1);
		sim_run();
		end();
	}
}

/* ---- who sleeps is passed, but not for ever ---- */

static bool served;
static unsigned rounds;

static void late_one(bool write)
{
	while (!held)
		rest();
	if (write)
		rwsem_down_write(&sem);
	else
		rwsem_down_read(&sem);
	served = true;
	if (write)
		rwsem_up_write(&sem);
	else
		rwsem_up_read(&sem);
}

static void late_writer(void *arg)
{
	late_one(true);
}

static void waiting_reader(void *arg)
{
	late_one(false);
}

/* One of two, one of which nearly always has it. */
static void overlapping_reader(void *other)
{
	while (!served) {
		unsigned n = rounds;

		rwsem_down_read(&sem);
		held = true;
		rounds++;
		for (unsigned i = 0; !served && rounds < n + 2 && i < 100; i++)
			rest();
		rwsem_up_read(&sem);
	}
}

static void busy_writer(void *arg)
{
	while (!served) {
		rwsem_down_write(&sem);
		held = true;
		rounds++;
		rest();
		rwsem_up_write(&sem);
	}
}

static void nobody_starves(void (*busy)(void *), void (*late)(void *))
{
	for (uint64_t seed = 1; seed <= 5; seed++) {
		begin(seed);
		held = served = false;
		rounds = 0;
		sim_spawn(busy, NULL, 0);
		sim_spawn(busy, NULL, 1);
		sim_spawn(late, NULL, 2);
		sim_run();
		assert_true(served);
		end();
	}
}

static void rwsem_I4_writer_gets_in_between_readers(void **state)
{
	nobody_starves(overlapping_reader, late_writer);
}

static void rwsem_I4_everybody_gets_in_between_writers(void **state)
{
	nobody_starves(busy_writer, waiting_reader);
	nobody_starves(busy_writer, late_writer);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(rwsem_I1_writers_alone_under_any_schedule),
		cmocka_unit_test(rwsem_I2_killed_writer_lets_readers_in),
		cmocka_unit_test(rwsem_I3_kill_at_any_moment),
		cmocka_unit_test(rwsem_I4_writer_gets_in_between_readers),
		cmocka_unit_test(rwsem_I4_everybody_gets_in_between_writers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
