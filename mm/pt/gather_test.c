/* Tests of gather.c, in each geometry: nothing is freed before the flush, everything after it, each page once. */
#include "mm/pt/pt_test.h"

#include "mm/zone.h"

static struct mm_struct mm;
static struct mmu_gather g;

static const uaddr_t base = 0x40000000;

static void world(void)
{
	pt_world_begin(&mm, 0);
}

static void world_gone(void)
{
	pt_world_end(&mm);
}

static uaddr_t at(unsigned i)
{
	return base + (uaddr_t)i * PAGE_SIZE;
}

/* Clear the entry at @va by hand, as a run function does. Return: the page, with the entry's reference. */
static struct page *unhook(uaddr_t va)
{
	struct page *table, *page;
	pte_t *e = pt_find_locked(&mm.root, va, &table);

	page = pfn_to_page(pte_pfn(pte_clear(e)));
	range_account_unmap(&mm, page);
	gather_note(&g, va);
	pt_unlock(table);
	return page;
}

/* I4: the order unhook, flush, free; a reference that somebody else has keeps the page. */
static void gather_I4_freed_by_the_flush_not_before(void **state)
{
	struct page *kept, *gone;

	world();
	assert_int_equal(map_anon(&mm, at(0), 1), 0);
	assert_int_equal(map_anon(&mm, at(1), 2), 0);
	gather_begin(&g, &mm);
	gone = unhook(at(0));
	kept = unhook(at(1));
	get_page(kept);
	assert_false(gather_page(&g, gone));
	assert_false(gather_page(&g, kept));
	assert_int_equal(page_ref_count(gone), 1);
	assert_int_equal(page_ref_count(kept), 2);
	assert_int_equal(page_state(gone), PS_ANON);
	gather_flush(&g);
	assert_int_equal(g.nr, 0);
	assert_true(g.start > g.end);
	assert_int_not_equal(page_state(gone), PS_ANON);
	assert_int_equal(page_ref_count(kept), 1);
	gather_flush(&g); /* nothing to do */
	gather_end(&g);
	put_page(kept);
	world_gone();
}

/* I1: the array is never written beyond; without memory for the larger one the small one is flushed each time it is full. */
static void gather_I1_arrays_of_both_sizes(void **state)
{
	for (unsigned fail = 0; fail < 2; fail++) {
		const unsigned n = GATHER_INLINE * 3 + 5;
		unsigned full = 0;

		world();
		for (unsigned i = 0; i < n; i++)
			assert_int_equal(map_anon(&mm, at(i), i), 0);
		failpoint_arm(fail ? 1 : 0);
		gather_begin(&g, &mm);
		for (unsigned i = 0; i < n; i++) {
			if (gather_page(&g, unhook(at(i)))) {
				full++;
				gather_relieve(&g);
				assert_true(g.nr < g.max);
				if (fail) /* only the first attempt fails: the small array was flushed */
					assert_int_equal(g.nr, full == 1 ? 0 : GATHER_INLINE);
			}
		}
		assert_int_equal(full, fail ? 2 : 1);
		assert_int_equal(g.max, GATHER_MAX);
		gather_end(&g);
		failpoint_arm(0);
		assert_int_equal(g.max, 0);
		world_gone();
	}
}

/* Neighbours take one place, up to GATHER_RUN of them; each page's reference is dropped. */
static void gather_runs_are_joined(void **state)
{
	enum { ORDER = 9, NR = 1 << ORDER };
	struct page *block;
	unsigned long before;

	world();
	block = alloc_pages(GFP_KERNEL, ORDER);
	assert_non_null(block);
	split_page(block, ORDER);
	for (unsigned i = 0; i < NR; i++)
		page_become(block + i, PS_KERNEL, PS_ANON);
	get_page(block + 100);
	gather_begin(&g, &mm);
	assert_false(gather_run(&g, block, 60));
	assert_false(gather_run(&g, block + 60, GATHER_RUN - 60));
	assert_int_equal(g.nr, 1);
	assert_false(gather_run(&g, block + GATHER_RUN, 1)); /* that run is full */
	assert_false(gather_run(&g, block + GATHER_RUN + 2, NR - GATHER_RUN - 2));
	assert_int_equal(g.nr, 3);
	drain_all_pages();
	before = nr_free_pages();
	gather_end(&g);
	drain_all_pages();
	assert_int_equal(nr_free_pages() - before, NR - 2);
	assert_int_equal(page_ref_count(block + 100), 1);
	put_page(block + 100);
	put_page(block + GATHER_RUN + 1);
	world_gone();
}

/* I3: a page that is not anonymous is never made the beginning of a run of those that lie behind it; nor after a flush. */
static void gather_I3_runs_are_of_anonymous_pages(void **state)
{
	enum { ORDER = 3, NR = 1 << ORDER };
	struct page *block;

	world();
	block = alloc_pages(GFP_KERNEL, ORDER);
	assert_non_null(block);
	split_page(block, ORDER);
	for (unsigned i = 0; i < NR; i++)
		if (i != 2)
			page_become(block + i, PS_KERNEL, PS_ANON);
	gather_begin(&g, &mm);
	assert_false(gather_run(&g, block, 2));
	gather_flush(&g);
	assert_false(gather_page(&g, block + 2));
	assert_false(gather_run(&g, block + 3, 2));
	assert_int_equal(g.nr, 2);
	assert_false(gather_run(&g, block + 5, 3));
	assert_int_equal(g.nr, 2);
	gather_end(&g);
	for (unsigned i = 0; i < NR; i++)
		assert_int_equal(page_ref_count(block + i), 0);
	world_gone();
}

static void gather_tables_are_freed_after_the_flush(void **state)
{
	struct page *table;
	long bytes;

	world();
	assert_int_equal(map_anon(&mm, at(0), 1), 0);
	bytes = atomic_long_read(&mm.pgtables_bytes);
	zap(&mm, at(0), at(1));
	assert_int_equal(atomic_long_read(&mm.pgtables_bytes), bytes);
	table = pt_table_alloc(&mm);
	assert_non_null(table);
	gather_begin(&g, &mm);
	gather_table(&g, table);
	assert_int_equal(page_state(table), PS_TABLE);
	assert_int_equal(atomic_long_read(&mm.pgtables_bytes), bytes + (long)PAGE_SIZE);
	gather_end(&g);
	assert_int_equal(atomic_long_read(&mm.pgtables_bytes), bytes);
	assert_int_not_equal(page_state(table), PS_TABLE);
	world_gone();
}

/* HPAGE_NR pages that lie side by side: the block goes back whole, or without the pages that others have. */
static void gather_blocks_with_and_without_others(void **state)
{
	for (unsigned others = 0; others < 3; others++) {
		struct page *block;
		unsigned long before, now;

		world();
		block = alloc_pages(GFP_KERNEL, HPAGE_ORDER);
		assert_non_null(block);
		split_page(block, HPAGE_ORDER);
		for (unsigned i = 0; i < HPAGE_NR; i++)
			page_become(block + i, PS_KERNEL, PS_ANON);
		for (unsigned i = 0; i < others; i++)
			get_page(block + i * 7);
		drain_all_pages();
		before = nr_free_pages();
		gather_begin(&g, &mm);
		assert_false(gather_block(&g, block));
		assert_int_equal(nr_free_pages(), before);
		gather_end(&g);
		drain_all_pages();
		now = nr_free_pages();
		assert_int_equal(now - before, HPAGE_NR - others);
		for (unsigned i = 0; i < others; i++) {
			assert_int_equal(page_ref_count(block + i * 7), 1);
			put_page(block + i * 7);
		}
		world_gone();
	}
}

/* I2: a range that was noted is flushed although no page was collected (mprotect). */
static void gather_I2_noted_ranges_are_flushed(void **state)
{
	world();
	assert_int_equal(map_anon(&mm, at(0), 1), 0);
	gather_begin(&g, &mm);
	gather_note_range(&g, at(3), at(9));
	gather_note(&g, at(1));
	assert_int_equal(g.start, at(1));
	assert_int_equal(g.end, at(9));
	gather_flush(&g);
	assert_true(g.start > g.end);
	gather_end(&g);
	world_gone();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(gather_I4_freed_by_the_flush_not_before),
		cmocka_unit_test(gather_I1_arrays_of_both_sizes),
		cmocka_unit_test(gather_runs_are_joined),
		cmocka_unit_test(gather_I3_runs_are_of_anonymous_pages),
		cmocka_unit_test(gather_tables_are_freed_after_the_flush),
		cmocka_unit_test(gather_blocks_with_and_without_others),
		cmocka_unit_test(gather_I2_noted_ranges_are_flushed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
