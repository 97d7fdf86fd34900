/* Tests of range_move.c, in each geometry: entries, whole tables, large entries; against a model at random. */
#include "mm/pt/pt_test.h"

enum { BLOCKS = 8, PAGES = BLOCKS * HPAGE_NR };

static struct mm_struct mm;

/* The middle is where tables, and with PAE top-level entries, end. */
static const uaddr_t base = 0x40000000 - BLOCKS / 2 * HPAGE_SIZE;

static uaddr_t at(unsigned page)
{
	return base + (uaddr_t)page * PAGE_SIZE;
}

static void world(void)
{
	pt_world_begin(&mm, MIB(96));
}

static void world_gone(void)
{
	pt_check_large(&mm, &mm.root);
	pt_world_end(&mm);
}

static void map_run(unsigned first, unsigned n)
{
	for (unsigned i = first; i < first + n; i++)
		assert_int_equal(map_anon(&mm, at(i), i + 1), 0);
}

/* What the program finds at @page; 0: nothing. */
static unsigned long number_at(unsigned page)
{
	unsigned long n;

	return sim_read(&mm, at(page), &n, sizeof(n)) ? 0 : n;
}

static long rss(void)
{
	return atomic_long_read(&mm.rss_stat[MM_ANONPAGES]);
}

static long table_bytes(void)
{
	return atomic_long_read(&mm.pgtables_bytes);
}

static pte_t block_entry(unsigned page)
{
	return pt_peek(&mm.root, at(page), pt_huge_level());
}

/* Return: steps. */
static unsigned move_all(unsigned from, unsigned to, unsigned n)
{
	unsigned long len = (unsigned long)n * PAGE_SIZE, done = 0;
	unsigned steps = 0;

	assert_int_equal(range_move_prepare(&mm, at(from), at(to), len), 0);
	for (; done < len; steps++)
		done += range_move(&mm, at(from) + done, at(to) + done, len - done);
	assert_int_equal(done, len);
	return steps;
}

/* Inside one table, across tables with every phase, and back. */
static void move_I1_keeps_pages_and_accounts(void **state)
{
	static const unsigned moves[][3] = { { 0, 20, 20 }, { 20, 700, 20 }, { 700, 3, 20 } };

	world();
	map_run(0, 20);
	for (unsigned m = 0; m < ARRAY_SIZE(moves); m++) {
		unsigned from = moves[m][0], to = moves[m][1], n = moves[m][2];

		move_all(from, to, n);
		for (unsigned i = 0; i < n; i++) {
			assert_true(pte_none(entry_at(&mm, at(from + i))));
			assert_int_equal(number_at(to + i), i + 1);
		}
		assert_int_equal(rss(), n);
	}
	zap(&mm, at(0), at(PAGES));
	map_run(0, 1200);
	move_all(0, 1201, 1200);
	for (unsigned i = 0; i < 1200; i++)
		assert_true(pte_dirty(entry_at(&mm, at(1201 + i))));
	world_gone();
}

/* Two whole blocks and a page at each end: the tables of the two are what is moved. */
static void move_whole_tables_change_place(void **state)
{
	const unsigned from = HPAGE_NR - 1, to = 5 * HPAGE_NR - 1, n = 2 * HPAGE_NR + 2;
	pte_t first, second;

	world();
	map_run(HPAGE_NR - 3, 8);
	map_run(3 * HPAGE_NR - 2, 4);
	first = block_entry(HPAGE_NR);
	second = block_entry(2 * HPAGE_NR);
	assert_int_equal(move_all(from, to, n), 3);
	assert_true(pte_raw(block_entry(5 * HPAGE_NR)) == pte_raw(first));
	assert_true(pte_raw(block_entry(6 * HPAGE_NR)) == pte_raw(second));
	assert_true(pte_none(block_entry(HPAGE_NR)) && pte_none(block_entry(2 * HPAGE_NR)));
	for (unsigned i = 0; i < 5; i++)
		assert_int_equal(number_at(to + 1 + i), HPAGE_NR + i + 1);
	assert_int_equal(number_at(to), HPAGE_NR);
	assert_int_equal(number_at(to + n - 1), 3 * HPAGE_NR + 1);
	assert_int_equal(number_at(HPAGE_NR - 2), HPAGE_NR - 1); /* beside the range: stays */
	assert_int_equal(number_at(3 * HPAGE_NR + 1), 3 * HPAGE_NR + 2);
	assert_int_equal(rss(), 12);
	world_gone();
}

/* I3: CPUs that know the old place, entries or tables, forget it. */
static void move_I3_no_cpu_knows_the_old_place(void **state)
{
	static const unsigned places[][3] = { { 0, 1000, 4 },
					      { HPAGE_NR, 5 * HPAGE_NR, HPAGE_NR } };
	char byte;

	for (unsigned i = 0; i < ARRAY_SIZE(places); i++) {
		const unsigned *p = places[i];

		world();
		map_run(p[0], 4);
		assert_int_equal(number_at(p[0] + 2), p[0] + 3);
		move_all(p[0], p[1], p[2]);
		assert_int_not_equal(sim_read(&mm, at(p[0] + 2), &byte, 1), 0);
		assert_int_equal(number_at(p[1] + 2), p[0] + 3);
		world_gone();
	}
}

/* A table where the block goes holds nothing, and goes the other way: none is lost or freed. */
static void move_exchanges_with_an_empty_table(void **state)
{
	long before;
	char byte;

	world();
	map_run(5, 1);
	assert_int_equal(range_populate_tables(&mm, at(5 * HPAGE_NR), at(6 * HPAGE_NR)), 0);
	assert_int_not_equal(sim_read(&mm, at(5 * HPAGE_NR + 5), &byte, 1), 0); /* walks it */
	before = table_bytes();
	move_all(0, 5 * HPAGE_NR, HPAGE_NR);
	assert_int_equal(table_bytes(), before);
	assert_int_equal(number_at(5 * HPAGE_NR + 5), 6);
	assert_int_equal(number_at(5), 0);
	assert_false(pte_none(block_entry(0)));
	map_run(7, 1);
	assert_int_equal(number_at(7), 8);
	world_gone();
}

/* Where nothing is mapped no table is made. */
static void move_of_nothing_makes_no_tables(void **state)
{
	world();
	map_run(0, 1);
	zap(&mm, at(0), at(1));
	move_all(HPAGE_NR, 4 * HPAGE_NR, 2 * HPAGE_NR);
	move_all(HPAGE_NR + 1, 4 * HPAGE_NR, 2 * HPAGE_NR);
	assert_true(pte_none(block_entry(4 * HPAGE_NR)) && pte_none(block_entry(5 * HPAGE_NR)));
	world_gone();
}

/* I2: below another entry of the same table, and of another. */
static void move_I2_large_entries_stay_large(void **state)
{
	static const unsigned to[] = { 2 * HPAGE_NR, 6 * HPAGE_NR, 0 };
	unsigned from = 0;
	pte_t large;

	world();
	assert_int_equal(map_huge(&mm, at(0), 1), 0);
	large = block_entry(0);
	for (unsigned i = 0; i < ARRAY_SIZE(to); i++) {
		assert_int_equal(number_at(from + 3), 4);
		move_all(from, to[i], HPAGE_NR);
		assert_int_equal(number_at(from + 3), 0);
		assert_int_equal(pte_phys(block_entry(to[i])), pte_phys(large));
		assert_true(pte_is_leaf(block_entry(to[i]), pt_huge_level()));
		pt_check_large(&mm, &mm.root);
		from = to[i];
	}
	assert_int_equal(rss(), HPAGE_NR);
	assert_int_equal(global_node_stat(NR_ANON_THPS), HPAGE_NR);
	world_gone();
}

/* To a place that lies otherwise, or in part: split. */
static void move_otherwise_splits_large_entries(void **state)
{
	world();
	assert_int_equal(map_huge(&mm, at(0), 1), 0);
	assert_int_equal(number_at(3), 4);
	move_all(0, HPAGE_NR + 1, HPAGE_NR);
	for (unsigned i = 0; i < HPAGE_NR; i++)
		assert_int_equal(number_at(HPAGE_NR + 1 + i), i + 1);
	assert_int_equal(map_huge(&mm, at(3 * HPAGE_NR), 1), 0);
	move_all(3 * HPAGE_NR, 5 * HPAGE_NR, HPAGE_NR - 1);
	assert_int_equal(number_at(4 * HPAGE_NR - 1), HPAGE_NR);
	assert_int_equal(number_at(6 * HPAGE_NR - 2), HPAGE_NR - 1);
	assert_int_equal(rss(), 2 * HPAGE_NR);
	assert_int_equal(global_node_stat(NR_ANON_THPS), 0);
	world_gone();
}

static void prepare_survives_every_failure(void **state)
{
	const unsigned long len = (2 * HPAGE_NR + 7) * PAGE_SIZE;
	unsigned nth;
	int err = -ENOMEM;

	for (nth = 1; err; nth++) {
		world();
		map_run(HPAGE_NR, 1);
		map_run(3 * HPAGE_NR, 1);
		failpoint_arm(nth);
		err = range_move_prepare(&mm, at(HPAGE_NR), at(5 * HPAGE_NR), len);
		failpoint_arm(0);
		assert_true(err == 0 || err == -ENOMEM);
		assert_int_equal(number_at(HPAGE_NR), HPAGE_NR + 1);
		world_gone();
	}
	assert_true(nth > 2);
}

/* ---- the model: a number for each page, moved as the pages are ---- */

static unsigned long model[PAGES];

static bool model_has(unsigned first, unsigned n)
{
	for (unsigned i = first; i < first + n; i++) {
		if (model[i])
			return true;
	}
	return false;
}

static void model_map(unsigned long number)
{
	unsigned page = (unsigned)sim_random(PAGES), block = page & ~(HPAGE_NR - 1u);
	unsigned n = sim_random(4) || model_has(block, HPAGE_NR) ? 1 : HPAGE_NR;

	if (n == HPAGE_NR) {
		page = block;
		if (!pte_none(block_entry(block)) || rss() > 3 * HPAGE_NR)
			return;
		assert_int_equal(map_huge(&mm, at(block), number), 0);
	} else if (!model[page]) {
		assert_int_equal(map_anon(&mm, at(page), number), 0);
	} else {
		return;
	}
	for (unsigned i = 0; i < n; i++)
		model[page + i] = number + i;
}

static void model_zap(unsigned first, unsigned n)
{
	zap(&mm, at(first), at(first + n));
	memset(&model[first], 0, n * sizeof(model[0]));
}

/* A place or a length: of whole blocks now and then. */
static unsigned some_pages(void)
{
	unsigned n = (unsigned)sim_random(PAGES);

	return sim_random(2) ? n & ~(HPAGE_NR - 1u) : n;
}

static void model_move(void)
{
	unsigned from = some_pages(), to = some_pages(), n = some_pages() / 2 + 1;

	n = sim_random(2) ? n & ~(HPAGE_NR - 1u) : n;
	if (!n || from + n > PAGES || to + n > PAGES || (from < to + n && to < from + n))
		return;
	model_zap(to, n);
	move_all(from, to, n);
	memcpy(&model[to], &model[from], n * sizeof(model[0]));
	memset(&model[from], 0, n * sizeof(model[0]));
}

static void model_compare(void)
{
	long mapped = 0;

	for (unsigned i = 0; i < PAGES; i++) {
		mapped += model[i] != 0;
		assert_int_equal(number_at(i), model[i]);
	}
	assert_int_equal(rss(), mapped);
	pt_check_large(&mm, &mm.root);
}

static void moves_at_random_as_the_model(void **state)
{
	world();
	memset(model, 0, sizeof(model));
	for (unsigned long step = 1; step < 400; step++) {
		if (sim_random(3))
			model_map(step << 16);
		else
			model_move();
		if (step % 40 == 0)
			model_compare();
	}
	world_gone();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(move_I1_keeps_pages_and_accounts),
		cmocka_unit_test(move_whole_tables_change_place),
		cmocka_unit_test(move_I3_no_cpu_knows_the_old_place),
		cmocka_unit_test(move_exchanges_with_an_empty_table),
		cmocka_unit_test(move_of_nothing_makes_no_tables),
		cmocka_unit_test(move_I2_large_entries_stay_large),
		cmocka_unit_test(move_otherwise_splits_large_entries),
		cmocka_unit_test(prepare_survives_every_failure),
		cmocka_unit_test(moves_at_random_as_the_model),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
