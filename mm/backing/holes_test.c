/* Holes of memory-backed objects: SEEK_DATA and SEEK_HOLE against a model, fallocate undone on failure, counts. */
#include "sim/mm_test.h"

#include "mm/cachestat.h"
#include "mm/zone.h"

enum { PAGES = 700 }; /* more than one piece of a walk */
enum content { HOLE, ALLOCATED, DATA };
static uint8_t model[PAGES];

static int64_t model_seek(uint64_t pos, uint64_t size, bool hole)
{
	if (pos >= size)
		return -ENXIO;
	for (uint64_t i = pos >> PAGE_SHIFT; i << PAGE_SHIFT < size; i++) {
		if ((model[i] == DATA) != hole)
			return (int64_t)max_of(uint64_t, i << PAGE_SHIFT, pos);
	}
	return hole ? (int64_t)size : -ENXIO;
}

static void model_change(struct address_space *m)
{
	unsigned first = (unsigned)sim_random(PAGES - 20), n = 1 + (unsigned)sim_random(20);

	switch (sim_random(3)) {
	case 0:
		assert_int_equal(mapping_write_kernel(m, "x", 1, P(first) + 5), 1);
		model[first] = DATA;
		break;
	case 1:
		assert_int_equal(mapping_allocate(m, P(first), P(first + n)), 0);
		for (unsigned i = first; i < first + n; i++)
			model[i] = model[i] == HOLE ? ALLOCATED : DATA;
		break;
	default:
		assert_int_equal(mapping_punch(m, P(first), P(first + n)), 0);
		memset(model + first, HOLE, n);
	}
}

static void seek_finds_what_the_model_has(void **state)
{
	struct address_space *m = shmem_anon_create(P(PAGES) - 100, false);

	(void)state;
	memset(model, HOLE, sizeof(model));
	for (unsigned step = 0; step < 1500; step++) {
		uint64_t pos = sim_random(P(PAGES) + 500);
		bool hole = sim_random(2);

		model_change(m);
		assert_int_equal(mapping_seek(m, pos, hole), model_seek(pos, P(PAGES) - 100, hole));
	}
	mapping_check(m);
	m->ops->drop(m);
}

static void seek_passes_long_runs(void **state)
{
	struct address_space *m = shmem_anon_create(P(3 * PAGES), false);

	(void)state;
	assert_int_equal(mapping_allocate(m, 0, P(3 * PAGES) - 1), 0);
	assert_int_equal(mapping_seek(m, 0, false), -ENXIO);
	for (unsigned i = 0; i < 2 * PAGES; i++)
		assert_int_equal(mapping_write_kernel(m, "x", 1, P(i)), 1);
	assert_int_equal(mapping_seek(m, 3, true), P(2 * PAGES));
	assert_int_equal(mapping_seek(m, P(2 * PAGES), false), -ENXIO);
	m->ops->drop(m);
}

static void counts_are_of_the_range(void **state)
{
	struct address_space *m = shmem_anon_create(P(3 * PAGES), false);
	struct mapping_counts n;

	(void)state;
	assert_int_equal(mapping_allocate(m, P(1), P(2 * PAGES)), 0);
	mapping_count(m, 0, ULONG_MAX, &n);
	assert_int_equal(n.cached, 2 * PAGES - 1);
	mapping_count(m, 5, 5, &n);
	assert_int_equal(n.cached, 1);
	mapping_count(m, 0, 0, &n);
	assert_int_equal(n.cached, 0);
	mapping_count(m, 10, 700, &n);
	assert_int_equal(n.cached, 691);
	assert_int_equal(n.dirty + n.writeback, 0);
	m->ops->drop(m);
}

static void holes_I1_nth_failure_leaves_what_was(void **state)
{
	unsigned n;

	(void)state;
	for (n = 1;; n++) {
		struct address_space *m = shmem_anon_create(P(100), false);
		bool fired;
		int r;

		assert_int_equal(mapping_write_kernel(m, "abc", 3, P(4)), 3);
		assert_int_equal(mapping_allocate(m, P(6), P(7)), 0);
		failpoint_arm(n);
		r = mapping_allocate(m, P(2), P(10));
		fired = failpoint_fired();
		failpoint_arm(0);
		assert_true(r == 0 || (fired && (r == -ENOMEM || r == -ENOSPC)));
		assert_int_equal(m->nr_pages, r ? 2 : 8);
		mapping_check(m);
		m->ops->drop(m);
		sim_check_leaks();
		if (!fired)
			break;
	}
	assert_true(n > 7);
}

/* ---- at the same time ---- */

static struct address_space *busy;

static void thread_works(void *arg)
{
	for (unsigned k = 0; k < 40; k++) {
		unsigned long first = sim_random(60);
		struct page *page;

		switch ((unsigned long)arg) {
		case 0: /* the only one with the owner's lock */
			if (sim_random(3) == 0)
				failpoint_arm((unsigned)sim_random(30) + 1);
			(void)!mapping_allocate(busy, P(first), P(first + 8));
			failpoint_arm(0);
			break;
		case 1:
			assert_int_equal(mapping_punch(busy, P(first), P(first + 3)), 0);
			break;
		case 2:
			if (!mapping_get_page(busy, first, &page)) {
				assert_true(page_test(page, PG_uptodate));
				put_page(page);
			}
			break;
		default:
			assert_true(mapping_seek(busy, P(first), false) >= -ENXIO);
		}
	}
}

static void allocation_against_faults_and_punches(void **state)
{
	struct sim_config cfg = { .nr_cpus = 4 };

	(void)state;
	for (cfg.seed = 1; cfg.seed <= 10; cfg.seed++) {
		sim_world_begin(&cfg);
		busy = shmem_anon_create(P(70), false);
		for (unsigned long i = 0; i < 5; i++)
			sim_spawn(thread_works, (void *)i, -1);
		sim_run();
		mapping_check(busy);
		busy->ops->drop(busy);
		sim_world_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(seek_finds_what_the_model_has),
		T(seek_passes_long_runs),
		T(counts_are_of_the_range),
		T(holes_I1_nth_failure_leaves_what_was),
		cmocka_unit_test(allocation_against_faults_and_punches),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
