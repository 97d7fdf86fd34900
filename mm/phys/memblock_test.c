/* memblock against a bitmap of pages. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/errno.h"
#include "lib/prng.h"
#include "mm/memblock.h"
#include "mm/phys/phys_impl.h"

enum { PAGES = 512 };

static phys_t at(unsigned page)
{
	return (phys_t)page << PAGE_SHIFT;
}

static void memory_is(unsigned i, phys_t start, phys_t end)
{
	struct memblock_range r;

	assert_true(memblock_memory(i, &r));
	assert_int_equal(r.start, start);
	assert_int_equal(r.end, end);
}

static void memory_ends_at(unsigned i)
{
	struct memblock_range r;

	assert_false(memblock_memory(i, &r));
}

static void memblock_I1_sorts_and_merges(void **state)
{
	memblock_reset();
	assert_int_equal(memblock_add(at(50), at(60), 0), 0);
	assert_int_equal(memblock_add(at(10), at(20), 0), 0);
	assert_int_equal(memblock_add(at(20), at(30), 0), 0);
	memory_is(0, at(10), at(30));
	memory_is(1, at(50), at(60));
	memory_ends_at(2);
	assert_int_equal(memblock_add(at(15), at(55), 0), 0);
	memory_is(0, at(10), at(60));
	memory_ends_at(1);
	assert_int_equal(memblock_total(), at(50));
	memblock_check();
}

static void memblock_I2_first_node_keeps_the_page(void **state)
{
	struct memblock_range r;

	memblock_reset();
	assert_int_equal(memblock_add(at(10), at(20), 1), 0);
	assert_int_equal(memblock_add(at(5), at(30), 0), 0);
	assert_true(memblock_memory(1, &r));
	assert_int_equal(r.node, 1);
	assert_int_equal(r.start, at(10));
	assert_int_equal(r.end, at(20));
	memory_is(0, at(5), at(10));
	memory_is(2, at(20), at(30));
	memblock_check();
}

static void memblock_I3_frame_zero_is_never_memory(void **state)
{
	memblock_reset();
	assert_int_equal(memblock_add(0, at(4), 0), 0);
	memory_is(0, at(1), at(4));
	assert_int_equal(memblock_add(0, at(1), 0), 0);
	memory_is(0, at(1), at(4));
}

static void memblock_rounds_memory_in_and_reservations_out(void **state)
{
	struct memblock_range r;

	memblock_reset();
	assert_int_equal(memblock_add(at(10) + 1, at(20) + 4095, 0), 0);
	memory_is(0, at(11), at(20));
	assert_int_equal(memblock_add(at(30) + 1, at(31) - 1, 0), 0);
	memory_ends_at(1);
	assert_int_equal(memblock_reserve(at(12) + 1, at(13) + 1), 0);
	assert_true(memblock_reserved(0, &r));
	assert_int_equal(r.start, at(12));
	assert_int_equal(r.end, at(14));
}

static void memblock_refuses_impossible_ranges(void **state)
{
	memblock_reset();
	assert_int_equal(memblock_add(at(5), at(5), 0), -EINVAL);
	assert_int_equal(memblock_add(at(6), at(5), 0), -EINVAL);
	assert_int_equal(memblock_add(at(6), ~(phys_t)0, 0), -EINVAL);
	assert_int_equal(memblock_add(at(5), at(6), -1), -EINVAL);
	assert_int_equal(memblock_add(at(5), at(6), CFG_MAX_NODES), -EINVAL);
	assert_int_equal(memblock_reserve(at(5), at(5)), -EINVAL);
	memory_ends_at(0);
}

static void memblock_full_table_changes_nothing(void **state)
{
	unsigned n;

	memblock_reset();
	for (n = 0; memblock_add(at(2 * n + 2), at(2 * n + 3), 0) == 0; n++)
		;
	assert_int_equal(n, 128);
	assert_int_equal(memblock_total(), at(128));
	assert_int_equal(memblock_add(at(1000), at(1001), 0), -ENOSPC);
	assert_int_equal(memblock_total(), at(128));
	assert_int_equal(memblock_add(at(4), at(5), 0), 0); /* covered already */
	memblock_check();
}

static void memblock_nodes_cut_and_join_ranges(void **state)
{
	memblock_reset();
	assert_int_equal(memblock_add(at(10), at(50), 0), 0);
	assert_int_equal(memblock_add(at(60), at(90), 0), 0);
	assert_int_equal(memblock_set_node(at(20), at(70), 2), 0); /* over the hole */
	memory_is(0, at(10), at(20));
	memory_is(1, at(20), at(50));
	memory_is(2, at(60), at(70));
	memory_is(3, at(70), at(90));
	assert_int_equal(memblock_set_node(at(30) + 5, at(31) + 5, 1), 0); /* whole pages */
	memory_is(2, at(30), at(31));
	memory_is(3, at(31), at(50));
	memblock_check();
	assert_int_equal(memblock_set_node(0, at(1000), 3), 0); /* and all together again */
	memory_is(0, at(10), at(50));
	memory_is(1, at(60), at(90));
	memory_ends_at(2);
	assert_int_equal(memblock_set_node(at(5), at(5), 1), -EINVAL);
	assert_int_equal(memblock_set_node(at(5), at(6), -1), -EINVAL);
	assert_int_equal(memblock_set_node(at(5), at(6), CFG_MAX_NODES), -EINVAL);
}

static void memblock_full_table_can_still_be_one_node_s(void **state)
{
	int err = 0;

	memblock_reset();
	assert_int_equal(memblock_add(at(1), at(4000), 0), 0);
	for (unsigned i = 1; i < 200 && !err; i++)
		err = memblock_set_node(at(2 * i), at(2 * i + 1), 1);
	assert_int_equal(err, -ENOSPC);
	memblock_check();
	assert_int_equal(memblock_total(), at(3999));
	assert_int_equal(memblock_set_node(0, at(4000), 0), 0);
	memory_is(0, at(1), at(4000));
	memory_ends_at(1);
}

static void memblock_alloc_prefers_its_node(void **state)
{
	memblock_reset();
	lowmem_end_pfn = 0;
	assert_int_equal(memblock_add(at(16), at(100), 0), 0);
	assert_int_equal(memblock_set_node(at(32), at(34), 1), 0);
	assert_int_equal(memblock_alloc_node(PAGE_SIZE, PAGE_SIZE, 1), at(33));
	assert_int_equal(memblock_alloc_node(PAGE_SIZE, PAGE_SIZE, 1), at(32));
	assert_int_equal(memblock_alloc_node(PAGE_SIZE, PAGE_SIZE, 1), at(99)); /* full */
	assert_int_equal(memblock_alloc_node(PAGE_SIZE, PAGE_SIZE, 3), at(98)); /* none of it */
	assert_int_equal(memblock_alloc(PAGE_SIZE, PAGE_SIZE), at(97));
}

static void memblock_alloc_is_top_down_and_aligned(void **state)
{
	memblock_reset();
	lowmem_end_pfn = 0;
	assert_int_equal(memblock_add(at(16), at(100), 0), 0);
	assert_int_equal(memblock_reserve(at(90), at(95)), 0);
	assert_int_equal(memblock_alloc(PAGE_SIZE, PAGE_SIZE), at(99));
	assert_int_equal(memblock_alloc(5 * PAGE_SIZE, PAGE_SIZE), at(85)); /* 95..99 has 4 */
	assert_int_equal(memblock_alloc(16 * PAGE_SIZE, 16 * PAGE_SIZE), at(64));
	memblock_set_alloc_limit(at(40));
	assert_int_equal(memblock_alloc(1, 1), at(39));
	assert_int_equal(memblock_alloc(100 * PAGE_SIZE, PAGE_SIZE), 0);
	memblock_free(at(39), at(40));
	assert_int_equal(memblock_alloc(1, 1), at(39));
}

static void memblock_limit_cuts_the_top(void **state)
{
	memblock_reset();
	assert_int_equal(memblock_add(at(16), at(100), 0), 0);
	assert_int_equal(memblock_add(at(200), at(300), 0), 0);
	memblock_limit(at(50) + 5);
	memory_is(0, at(16), at(50));
	memory_ends_at(1);
	assert_int_equal(memblock_end_of_ram(), at(50));
}

/* ---- model ---- */

static void model_compare(const bool *want, bool (*get)(unsigned, struct memblock_range *))
{
	static bool have[PAGES];
	struct memblock_range r;

	for (unsigned p = 0; p < PAGES; p++)
		have[p] = false;
	for (unsigned i = 0; get(i, &r); i++) {
		for (phys_t p = r.start >> PAGE_SHIFT; p < r.end >> PAGE_SHIFT; p++)
			have[p] = true;
	}
	assert_memory_equal(have, want, sizeof(have));
}

static void model_set(bool *m, unsigned s, unsigned e, bool v)
{
	for (unsigned p = s; p < e; p++)
		m[p] = v;
}

static void memblock_random_maps_equal_the_bitmap(void **state)
{
	for (uint64_t seed = 1; seed <= 60; seed++) {
		static bool mem[PAGES], res[PAGES];
		struct prng rng;

		prng_seed(&rng, seed);
		memblock_reset();
		lowmem_end_pfn = 0;
		model_set(mem, 0, PAGES, false);
		model_set(res, 0, PAGES, false);
		for (unsigned step = 0; step < 60; step++) {
			unsigned s = 1 + prng_below(&rng, PAGES - 2),
				 e = s + 1 + prng_below(&rng, 40);

			e = e > PAGES ? PAGES : e;
			switch (prng_below(&rng, 5)) {
			case 0:
			case 1:
				assert_int_equal(memblock_add(at(s), at(e), 0), 0);
				model_set(mem, s, e, true);
				break;
			case 2:
				assert_int_equal(memblock_remove(at(s), at(e)), 0);
				model_set(mem, s, e, false);
				break;
			case 3:
				assert_int_equal(memblock_reserve(at(s), at(e)), 0);
				model_set(res, s, e, true);
				break;
			default:
				memblock_free(at(s), at(e));
				model_set(res, s, e, false);
			}
			memblock_check();
			model_compare(mem, memblock_memory);
			model_compare(res, memblock_reserved);
		}
		/* Every page that is memory and not reserved can be had, exactly once, highest first. */
		for (unsigned p = PAGES; p-- > 0;) {
			if (mem[p] && !res[p])
				assert_int_equal(memblock_alloc(1, 1), at(p));
		}
		assert_int_equal(memblock_alloc(1, 1), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(memblock_I1_sorts_and_merges),
		cmocka_unit_test(memblock_I2_first_node_keeps_the_page),
		cmocka_unit_test(memblock_I3_frame_zero_is_never_memory),
		cmocka_unit_test(memblock_rounds_memory_in_and_reservations_out),
		cmocka_unit_test(memblock_refuses_impossible_ranges),
		cmocka_unit_test(memblock_full_table_changes_nothing),
		cmocka_unit_test(memblock_nodes_cut_and_join_ranges),
		cmocka_unit_test(memblock_full_table_can_still_be_one_node_s),
		cmocka_unit_test(memblock_alloc_prefers_its_node),
		cmocka_unit_test(memblock_alloc_is_top_down_and_aligned),
		cmocka_unit_test(memblock_limit_cuts_the_top),
		cmocka_unit_test(memblock_random_maps_equal_the_bitmap),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
