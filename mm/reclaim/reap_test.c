/* Reaping: private memory goes, shared memory stays, and nothing comes back. */
#include "mm/oom.h"
#include "sim/mm_test.h"
#include "sync/thread.h"

static long rss(const struct mm_struct *mm, int counter)
{
	return atomic_long_read(&mm->rss_stat[counter]);
}

static void private_goes_shared_stays(void **state)
{
	struct address_space *m;
	struct mm_struct *mm;
	uint8_t c;

	sim_world_begin(NULL);
	mm = new_mm();
	m = shmem_anon_create(P(8), false);
	assert_non_null(m);
	assert_int_equal(map_at(mm, BASE, P(20), RW, ANON | MAP_FIXED), BASE);
	assert_int_equal(map_file(mm, BASE + P(32), P(8), RW, MAP_SHARED | MAP_FIXED, m, 0),
			 BASE + P(32));
	assert_int_equal(map_file(mm, BASE + P(48), P(8), RW, MAP_PRIVATE | MAP_FIXED, m, 0),
			 BASE + P(48));
	for (unsigned i = 0; i < 20; i++)
		sim_poke(mm, BASE + P(i), 1);
	for (unsigned i = 0; i < 8; i++) {
		sim_poke(mm, BASE + P(32 + i), 2);
		sim_poke(mm, BASE + P(48 + i), 3);
	}
	assert_int_equal(rss(mm, MM_ANONPAGES), 28);
	assert_int_equal(rss(mm, MM_SHMEMPAGES), 8);
	assert_int_equal(mm_reap(mm), 0);
	assert_int_equal(rss(mm, MM_ANONPAGES), 0);
	assert_int_equal(rss(mm, MM_SHMEMPAGES), 8);
	assert_int_equal(mm->hiwater_rss, 36);
	assert_int_equal(sim_read(mm, BASE, &c, 1), FAULT_BUS); /* no zeroes in the place of data */
	assert_int_equal(sim_write(mm, BASE + P(50), &c, 1), FAULT_BUS);
	assert_int_equal(sim_peek(mm, BASE + P(33)), 2); /* its entry is there */
	assert_int_equal(mm_reap(mm), 0);
	mmgrab(mm);
	mmput(mm); /* it has ended; who reaps it now finds nothing */
	assert_true(mm_try_reap(mm));
	assert_int_equal(mm_reap(mm), 0);
	mmdrop(mm);
	m->ops->drop(m);
	sim_world_end();
}

static struct mm_struct *busy_mm;
static int told;
static bool holding;

static void holds_the_lock(void *arg)
{
	rwsem_down_write(&busy_mm->mmap_lock);
	holding = true;
	while (told == 1)
		(void)thread_park(PARK_UNINTERRUPTIBLE, clock_ns() + NSEC_PER_MSEC);
	rwsem_up_write(&busy_mm->mmap_lock);
}

static void is_killed(void *arg)
{
	while (!holding)
		(void)thread_park(PARK_UNINTERRUPTIBLE, clock_ns() + NSEC_PER_MSEC);
	sim_kill(thread_self());
	told = mm_reap(busy_mm);
}

static void who_is_killed_does_not_wait(void **state)
{
	sim_world_begin(NULL);
	busy_mm = new_mm();
	told = 1;
	holding = false;
	sim_spawn(holds_the_lock, NULL, 0);
	sim_spawn(is_killed, NULL, 1);
	sim_run();
	assert_int_equal(told, -EINTR);
	mmput(busy_mm);
	sim_world_end();
}

enum { FULL = 24, SEVEN = 7 };
static unsigned zeroes;

/* Copies shared pages, so that a fault of it may be under way whenever the pages are reaped. */
static void writes_sevens(void *arg)
{
	uint8_t c = SEVEN;

	for (unsigned i = 0; i < FULL; i++) {
		(void)sim_write(busy_mm, BASE + P(i) + 1, &c, 1);
		sim_point();
	}
}

static void reads_sevens(void *arg)
{
	uint8_t c;

	for (unsigned i = 0; i < 4 * FULL; i++) {
		c = SEVEN;
		if (sim_read(busy_mm, BASE + P(i % FULL), &c, 1) == FAULT_OK && c != SEVEN)
			zeroes++;
		sim_point();
	}
}

static void reaps(void *arg)
{
	for (unsigned n = (unsigned)sim_random(150); n; n--)
		sim_point();
	assert_int_equal(mm_reap(busy_mm), 0);
}

static void nothing_comes_back_as_zeroes(void **state)
{
	for (uint64_t seed = 1; seed <= 40; seed++) {
		struct sim_config cfg = { .nr_cpus = 4, .seed = seed };
		struct mm_struct *mm;

		sim_world_begin(&cfg);
		mm = new_mm();
		zeroes = 0;
		map_at(mm, BASE, P(FULL), RW, ANON | MAP_FIXED);
		for (unsigned i = 0; i < FULL; i++)
			sim_poke(mm, BASE + P(i), SEVEN);
		assert_int_equal(mm_dup(mm, &busy_mm), 0);
		sim_spawn(writes_sevens, NULL, -1);
		sim_spawn(writes_sevens, NULL, -1);
		sim_spawn(reads_sevens, NULL, -1);
		sim_spawn(reads_sevens, NULL, -1);
		sim_spawn(reaps, NULL, -1);
		sim_run();
		assert_int_equal(zeroes, 0);
		mmput(busy_mm);
		mmput(mm);
		sim_world_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(private_goes_shared_stays),
		cmocka_unit_test(who_is_killed_does_not_wait),
		cmocka_unit_test(nothing_comes_back_as_zeroes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
