/* Read-ahead: windows of a sequential reader, the mark, random readers, several readers, faults, advice, failures. */
#include "sim/mm_test.h"

#include "mm/zone.h"
#include "sim/fakestore.h"

static struct fake_store s;
static struct file_ra_state ra;
static uint8_t buf[64 * 4096];

static void begin(uint64_t seed)
{
	struct sim_config cfg = { .seed = seed, .nr_cpus = 3 };

	sim_world_begin(&cfg);
	fake_store_begin(&s, FAKE_PAGES);
	ra_init(&ra, &s.m);
}

static void finish(void)
{
	mapping_check(&s.m);
	fake_store_end(&s);
	sim_world_end();
}

static bool page_has(unsigned long index, enum page_flag f)
{
	struct page *page = mapping_find(&s.m, index);
	bool has = page && page_test(page, f);

	if (page)
		put_page(page);
	return has;
}

static unsigned marks(void)
{
	unsigned n = 0;

	for (unsigned long i = 0; i < FAKE_PAGES; i++)
		n += page_has(i, PG_readahead);
	return n;
}

/* What read(2) of @n bytes at @pos does. */
static void read_at(struct file_ra_state *r, struct mm_struct *mm, uint64_t pos, size_t n)
{
	uint64_t at = pos;

	assert_int_equal(mapping_read_ra(&s.m, r, BASE, n, &at), n);
	assert_int_equal(sim_read(mm, BASE, buf, n), 0);
	assert_memory_equal(buf, s.disk + pos, n);
}

static struct mm_struct *reader(void)
{
	struct mm_struct *mm = new_mm();

	sim_use_mm(mm);
	map_at(mm, BASE, P(64), RW, ANON | MAP_FIXED);
	return mm;
}

static void reader_ends(struct mm_struct *mm)
{
	sim_use_mm(NULL);
	end_mm(mm);
}

static void windows_double_up_to_the_limit(void **state)
{
	struct mm_struct *mm;

	(void)state;
	begin(1);
	mm = reader();
	read_at(&ra, mm, 0, P(1));
	assert_int_equal(ra.start, 0);
	assert_int_equal(ra.size, 4);
	assert_int_equal(ra.async_size, 3);
	assert_int_equal(s.reads, 4);
	assert_true(page_has(1, PG_readahead));
	read_at(&ra, mm, P(1), P(1)); /* the mark: the next window, while this one lasts */
	assert_int_equal(ra.start, 4);
	assert_int_equal(ra.size, 8);
	assert_int_equal(s.reads, 12);
	assert_true(page_has(4, PG_readahead));
	read_at(&ra, mm, P(2), P(2));
	assert_int_equal(s.reads, 12);
	read_at(&ra, mm, P(4), P(1));
	assert_int_equal(ra.size, 16);
	assert_int_equal(s.reads, 28);
	for (unsigned i = 5; i < FAKE_PAGES; i++)
		read_at(&ra, mm, P(i), P(1));
	assert_int_equal(ra.size, RA_PAGES_DEFAULT);
	assert_int_equal(s.reads, FAKE_PAGES);
	assert_true(s.kicks < 16);
	for (unsigned i = 0; i < FAKE_PAGES; i++)
		assert_int_equal(s.read_of[i], 1);
	reader_ends(mm);
	finish();
}

static void readahead_I2_one_mark_a_window(void **state)
{
	struct mm_struct *mm;

	(void)state;
	begin(1);
	mm = reader();
	read_at(&ra, mm, 0, P(1));
	assert_int_equal(marks(), 1);
	for (unsigned i = 1; i < 100; i++) {
		read_at(&ra, mm, P(i), P(1));
		assert_true(marks() <= 2);
	}
	reader_ends(mm);
	finish();
}

static void random_readers_get_what_they_want(void **state)
{
	struct mm_struct *mm;

	(void)state;
	begin(1);
	mm = reader();
	read_at(&ra, mm, P(100), P(1));
	read_at(&ra, mm, P(30), P(2));
	read_at(&ra, mm, P(200) + 5, 100);
	assert_int_equal(s.reads, 4);
	assert_int_equal(marks(), 0);
	ra.random = true; /* POSIX_FADV_RANDOM: not even in sequence */
	for (unsigned i = 60; i < 70; i++)
		read_at(&ra, mm, P(i), P(1));
	assert_int_equal(s.reads, 14);
	ra_init(&ra, &s.m);
	ra.ra_pages = 0;
	for (unsigned i = 0; i < 10; i++)
		read_at(&ra, mm, P(i), P(1));
	assert_int_equal(s.reads, 24);
	reader_ends(mm);
	finish();
}

static void large_reads_come_at_once(void **state)
{
	struct mm_struct *mm;

	(void)state;
	begin(1);
	mm = reader();
	read_at(&ra, mm, 0, P(16));
	assert_true(s.reads >= 16 && s.reads <= 64);
	assert_true(s.kicks <= 3);
	reader_ends(mm);
	finish();
}

/* Two readers of one open file, or one that is interrupted by another: the mark leads on. */
static void several_readers_in_one_file(void **state)
{
	struct file_ra_state other;
	struct mm_struct *mm;

	(void)state;
	begin(1);
	mm = reader();
	ra_init(&other, &s.m);
	for (unsigned i = 0; i < 100; i++) {
		read_at(&ra, mm, P(i), P(1));
		read_at(&other, mm, P(128 + i), P(1));
	}
	for (unsigned i = 0; i < FAKE_PAGES; i++)
		assert_true(s.read_of[i] <= 1);
	assert_true(s.kicks < 60);
	ra_init(&other, &s.m); /* a newcomer where another has read already */
	read_at(&other, mm, P(50), P(1));
	reader_ends(mm);
	finish();
}

static void readahead_I1_ends_with_the_object(void **state)
{
	struct mm_struct *mm;

	(void)state;
	begin(1);
	mm = reader();
	s.m.size = P(6) + 10;
	read_at(&ra, mm, 0, P(1));
	read_at(&ra, mm, P(1), P(1));
	read_at(&ra, mm, P(2), P(4));
	assert_int_equal(s.reads, 7);
	ra_force(&s.m, 0, ULONG_MAX);
	assert_int_equal(s.reads, 7);
	assert_int_equal(mapping_invalidate(&s.m, 0, ULONG_MAX), 7);
	ra_force(&s.m, 3, 2);
	assert_int_equal(s.reads, 9);
	ra_force(&s.m, 100, 5);
	assert_int_equal(s.reads, 9);
	reader_ends(mm);
	finish();
}

/* ---- faults ---- */

static void faults_read_around(void **state)
{
	struct mm_struct *mm;

	(void)state;
	begin(1);
	mm = new_mm();
	map_file(mm, BASE, P(FAKE_PAGES), PROT_READ, MAP_SHARED | MAP_FIXED, &s.m, 0);
	assert_int_equal(sim_peek(mm, BASE + P(100) + 7), s.disk[P(100) + 7]);
	assert_int_equal(s.reads, RA_PAGES_DEFAULT);
	assert_true(page_has(84, PG_uptodate) && page_has(115, PG_uptodate));
	assert_false(page_has(83, PG_uptodate) || page_has(116, PG_uptodate));
	assert_int_equal(vm_advise(mm, BASE, P(FAKE_PAGES), MADV_RANDOM), 0);
	(void)sim_peek(mm, BASE + P(10));
	assert_int_equal(s.reads, RA_PAGES_DEFAULT + 1);
	assert_int_equal(vm_advise(mm, BASE, P(FAKE_PAGES), MADV_SEQUENTIAL), 0);
	for (unsigned i = 130; i < 200; i++)
		assert_int_equal(sim_peek(mm, BASE + P(i)), s.disk[P(i)]);
	assert_true(s.kicks < 12);
	sim_use_mm(NULL);
	end_mm(mm);
	finish();
}

static void faults_that_it_never_helps_stop_it(void **state)
{
	struct mm_struct *mm;
	unsigned before;

	(void)state;
	begin(1);
	s.m.ra.mmap_miss = 200;
	mm = new_mm();
	map_file(mm, BASE, P(FAKE_PAGES), PROT_READ, MAP_SHARED | MAP_FIXED, &s.m, 0);
	before = s.reads;
	(void)sim_peek(mm, BASE + P(100));
	assert_int_equal(s.reads, before + 1);
	sim_use_mm(NULL);
	end_mm(mm);
	finish();
}

/* ---- failures ---- */

static void what_was_read_in_vain_is_read_again(void **state)
{
	struct mm_struct *mm;
	uint64_t pos = P(2);

	(void)state;
	begin(1);
	mm = reader();
	s.fail_read = 2;
	read_at(&ra, mm, 0, P(1)); /* page 2 comes along, badly */
	assert_int_equal(s.read_of[2], 1);
	assert_int_equal(mapping_read_ra(&s.m, &ra, BASE, 10, &pos), -EIO);
	assert_int_equal(pos, P(2));
	assert_int_equal(s.read_of[2], 2);
	s.fail_read = FAKE_NEVER;
	read_at(&ra, mm, P(2), P(1));
	reader_ends(mm);
	mm = new_mm();
	s.fail_read = 150;
	map_file(mm, BASE, P(FAKE_PAGES), PROT_READ, MAP_SHARED | MAP_FIXED, &s.m, 0);
	assert_int_equal(sim_read(mm, BASE + P(150), buf, 1), FAULT_BUS);
	s.fail_read = FAKE_NEVER;
	assert_int_equal(sim_peek(mm, BASE + P(150)), s.disk[P(150)]);
	sim_use_mm(NULL);
	end_mm(mm);
	finish();
}

static void nth_failure_reads_right_all_the_same(void **state)
{
	(void)state;
	for (unsigned n = 1;; n++) {
		struct mm_struct *mm;
		uint64_t pos = 0;
		bool fired;
		long r;

		begin(1);
		mm = reader();
		sim_poke(mm, BASE, 1);
		failpoint_arm(n);
		r = mapping_read_ra(&s.m, &ra, BASE, 100, &pos);
		fired = failpoint_fired();
		failpoint_arm(0);
		assert_true(r == 100 || (fired && r == -ENOMEM));
		if (r == 100) {
			assert_int_equal(sim_read(mm, BASE, buf, 100), 0);
			assert_memory_equal(buf, s.disk, 100);
		}
		reader_ends(mm);
		finish();
		if (!fired)
			return;
	}
}

/* ---- at the same time, with a disk that is late ---- */

static unsigned readers_left;

static void thread_reads(void *arg)
{
	struct mm_struct *mm = new_mm();
	struct file_ra_state mine;
	uint64_t pos = sim_random(P(50));
	uint8_t here[2000];

	sim_use_mm(mm);
	ra_init(&mine, &s.m);
	map_at(mm, BASE, P(4), RW, ANON | MAP_FIXED);
	map_file(mm, BASE + P(8), P(FAKE_PAGES), PROT_READ, MAP_SHARED | MAP_FIXED, &s.m, 0);
	for (unsigned i = 0; i < 40; i++) {
		uint64_t at = pos, page = sim_random(FAKE_PAGES);

		assert_int_equal(mapping_read_ra(&s.m, &mine, BASE, sizeof(here), &at),
				 sizeof(here));
		assert_int_equal(sim_read(mm, BASE, here, sizeof(here)), 0);
		assert_memory_equal(here, s.disk + pos, sizeof(here));
		pos = sim_random(8) ? at : sim_random(P(200));
		assert_int_equal(sim_peek(mm, BASE + P(8 + page)), s.disk[P(page)]);
		if (sim_random(6) == 0)
			(void)mapping_invalidate(&s.m, 0, ULONG_MAX);
	}
	sim_use_mm(NULL);
	end_mm(mm);
	if (__atomic_sub_fetch(&readers_left, 1, __ATOMIC_SEQ_CST) == 0)
		fake_stop(&s.queue);
}

static void readers_and_a_slow_disk(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 10; seed++) {
		begin(seed);
		s.queue.threaded = true;
		s.queue.max_delay_ns = seed & 1 ? 100000 : 0;
		readers_left = 4;
		for (unsigned i = 0; i < 4; i++)
			sim_spawn(thread_reads, NULL, -1);
		sim_spawn(fake_device, &s.queue, -1);
		sim_run();
		finish();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(windows_double_up_to_the_limit),
		cmocka_unit_test(readahead_I2_one_mark_a_window),
		cmocka_unit_test(random_readers_get_what_they_want),
		cmocka_unit_test(large_reads_come_at_once),
		cmocka_unit_test(several_readers_in_one_file),
		cmocka_unit_test(readahead_I1_ends_with_the_object),
		cmocka_unit_test(faults_read_around),
		cmocka_unit_test(faults_that_it_never_helps_stop_it),
		cmocka_unit_test(what_was_read_in_vain_is_read_again),
		cmocka_unit_test(nth_failure_reads_right_all_the_same),
		cmocka_unit_test(readers_and_a_slow_disk),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
