/* Tests of table.c, in each geometry: how many tables there are, when they come and go, and the kernel's own mappings. */
#include "mm/pt/pt_test.h"

static struct mm_struct mm;

static void world(void)
{
	pt_world_begin(&mm, 0);
}

static void world_gone(void)
{
	pt_world_end(&mm);
}

static long nr_tables(void)
{
	return atomic_long_read(&mm.pgtables_bytes) >> PAGE_SHIFT;
}

enum { SPOTS = 200 };

/* Tables that pages at va[0..n) need: distinct prefixes at every level but the top. */
static long tables_needed(const uaddr_t *va, unsigned n)
{
	long sum = 0;

	for (int level = PT_PMD; level <= pt_top_level(); level++) {
		if (pt_folded(level))
			continue;
		for (unsigned i = 0; i < n; i++) {
			bool seen = false;

			for (unsigned j = 0; j < i && !seen; j++)
				seen = va[i] >> pt_shift(level) == va[j] >> pt_shift(level);
			sum += !seen;
		}
	}
	return sum;
}

static uaddr_t random_page(void)
{
	/* Half of them near each other, so that they share tables. */
	uaddr_t range = sim_random(2) ? (uaddr_t)pt_span(PT_PMD) * 4 : USER_TOP;

	return (uaddr_t)sim_random(range / PAGE_SIZE) * PAGE_SIZE;
}

/* I2: pgtables_bytes counts the tables below the top one, exactly. */
static void table_I2_pgtables_bytes_is_exact(void **state)
{
	static uaddr_t va[SPOTS];
	unsigned n = 0;

	world();
	assert_int_equal(nr_tables(), 0);
	while (n < SPOTS) {
		uaddr_t at = random_page();

		if (pte_present(entry_at(&mm, at)))
			continue;
		va[n++] = at;
		assert_int_equal(map_anon(&mm, at, n), 0);
		if (n % 20 == 0)
			assert_int_equal(nr_tables(), tables_needed(va, n));
	}
	assert_int_equal(global_node_stat(NR_PAGETABLE), nr_tables());
	world_gone();
}

static void free_around(uaddr_t start, uaddr_t end, uaddr_t floor, uaddr_t ceiling)
{
	struct mmu_gather g;

	gather_begin(&g, &mm);
	pt_free_tables(&g, start, end, floor, ceiling);
	gather_end(&g);
}

/* A table goes when all it covers lies between floor and ceiling, not before. */
static void floor_and_ceiling_keep_tables(void **state)
{
	const uaddr_t span = pt_span(PT_PMD), at = span * 5 + PAGE_SIZE * 3;
	long all;

	world();
	assert_int_equal(map_anon(&mm, at, 1), 0);
	all = nr_tables();
	zap(&mm, at, at + PAGE_SIZE);
	assert_int_equal(nr_tables(), all);
	free_around(at, at + PAGE_SIZE, span * 5 + PAGE_SIZE, USER_TOP);
	assert_int_equal(nr_tables(), all); /* something may lie right below */
	free_around(at, at + PAGE_SIZE, 0, span * 6 - PAGE_SIZE);
	assert_int_equal(nr_tables(), all); /* or above */
	free_around(at, at + PAGE_SIZE, span * 5, span * 6);
	assert_int_equal(nr_tables(), all - 1); /* the leaf table alone */
	assert_int_equal(map_anon(&mm, at, 1), 0);
	assert_int_equal(nr_tables(), all);
	zap(&mm, at, at + PAGE_SIZE);
	free_around(at, at + PAGE_SIZE, 0, USER_TOP);
	assert_int_equal(nr_tables(), 0);
	world_gone();
}

/* The same for ranges over many tables, against what is mapped beside them. */
static void ranges_free_what_nobody_else_uses(void **state)
{
	const uaddr_t span = pt_span(PT_PMD);
	uaddr_t left = span * 3 - PAGE_SIZE, right = span * 9 + PAGE_SIZE;

	world();
	assert_int_equal(map_anon(&mm, left, 1), 0);
	assert_int_equal(map_anon(&mm, right, 2), 0);
	for (uaddr_t va = span * 3; va < span * 9; va += span)
		assert_int_equal(map_anon(&mm, va, 3), 0);
	zap(&mm, span * 3, span * 9);
	free_around(span * 3, span * 9, left + PAGE_SIZE, right);
	assert_int_equal(nr_tables(), tables_needed((uaddr_t[]){ left, right }, 2));
	assert_true(pte_present(entry_at(&mm, left)) && pte_present(entry_at(&mm, right)));
	world_gone();
}

static void last_page_of_user_space(void **state)
{
	const uaddr_t at = USER_TOP - PAGE_SIZE;

	world();
	assert_int_equal(map_anon(&mm, at, 1), 0);
	assert_true(nr_tables() > 0);
	zap(&mm, at, USER_TOP);
	free_around(at, USER_TOP, 0, USER_TOP);
	assert_int_equal(nr_tables(), 0);
	world_gone();
}

/* Without memory for the n-th table the ones before it stay and are counted; the next attempt uses them. */
static void no_memory_for_the_nth_table(void **state)
{
	bool fired = true;

	for (unsigned n = 1; fired; n++) {
		struct page *table;
		pte_t *e;

		world();
		failpoint_arm(n);
		e = pt_find_alloc_locked(&mm, &mm.root, 0x08048000, &table);
		fired = failpoint_fired();
		failpoint_arm(0);
		if (e)
			pt_unlock(table);
		assert_true(fired == !e);
		if (fired)
			assert_true(nr_tables() < tables_needed((uaddr_t[]){ 0x08048000 }, 1));
		assert_int_equal(map_anon(&mm, 0x08048000, 1), 0);
		assert_int_equal(nr_tables(), tables_needed((uaddr_t[]){ 0x08048000 }, 1));
		world_gone();
	}
}

/* ---- two CPUs install the same tables ---- */

static void install(void *arg)
{
	uaddr_t start = (uaddr_t)(uintptr_t)arg;

	for (unsigned i = 0; i < 16; i++) {
		assert_int_equal(map_anon(&mm, start + i * 2 * PAGE_SIZE, i), 0);
		sim_point();
	}
}

static void table_I3_one_table_when_two_cpus_race(void **state)
{
	for (uint64_t seed = 1; seed < 20; seed++) {
		struct sim_config cfg = { .seed = seed };
		const uaddr_t at = pt_span(PT_PMD) * 7;

		sim_world_begin(&cfg);
		bare_mm_begin(&mm);
		sim_spawn(install, (void *)(uintptr_t)at, 0);
		sim_spawn(install, (void *)(uintptr_t)(at + PAGE_SIZE), 1);
		sim_run();
		assert_int_equal(nr_tables(), tables_needed(&at, 1));
		assert_int_equal(atomic_long_read(&mm.rss_stat[MM_ANONPAGES]), 32);
		world_gone();
	}
}

/* ---- the kernel's own ---- */

static void kernel_ranges_show_their_frames(void **state)
{
	const kaddr_t va = VMALLOC_END - 64 * PAGE_SIZE;
	struct page *pages[4];
	long tables;

	world();
	for (unsigned i = 0; i < 4; i++) {
		pages[i] = alloc_page(GFP_KERNEL);
		assert_non_null(pages[i]);
	}
	assert_int_equal(pt_map_kernel(va, pages, 4, PTE_KERNEL), 0);
	for (unsigned i = 0; i < 4; i++) {
		assert_int_equal(pte_pfn(pt_peek(&kernel_root, va + i * PAGE_SIZE, PT_PTE)),
				 page_to_pfn(pages[i]));
		*(unsigned long *)(va + i * PAGE_SIZE) = i + 70;
		assert_int_equal(*(unsigned long *)page_address(pages[i]), i + 70);
	}
	tables = (long)global_node_stat(NR_PAGETABLE);
	pt_unmap_kernel(va, 4 * PAGE_SIZE);
	tlb_flush_kernel(va, va + 4 * PAGE_SIZE);
	assert_int_equal(global_node_stat(NR_PAGETABLE), tables); /* they stay */
	assert_int_equal(pt_map_kernel_phys(va, page_to_phys(pages[2]), PAGE_SIZE, PTE_KERNEL), 0);
	assert_int_equal(*(unsigned long *)va, 72);
	pt_unmap_kernel(va, PAGE_SIZE);
	tlb_flush_kernel(va, va + PAGE_SIZE);
	for (unsigned i = 0; i < 4; i++)
		__free_page(pages[i]);
	world_gone();
}

/* A range over two tables that cannot get the second: no entry is left of the first part. */
static void kernel_range_without_memory_leaves_nothing(void **state)
{
	struct sim_config cfg = { .keep_leaks = true }; /* the kernel's tables stay */
	kaddr_t border = VMALLOC_START + pt_span(PT_PMD) * 3, va = border - 2 * PAGE_SIZE;
	struct page *pages[4];
	bool fired = true;

	sim_world_begin(&cfg);
	bare_mm_begin(&mm);
	for (unsigned i = 0; i < 4; i++)
		pages[i] = alloc_page(GFP_KERNEL);
	for (unsigned n = 1; fired; n++) {
		int err;

		failpoint_arm(n);
		err = pt_map_kernel(va, pages, 4, PTE_KERNEL);
		fired = failpoint_fired();
		failpoint_arm(0);
		assert_int_equal(err, fired ? -ENOMEM : 0);
		for (unsigned i = 0; i < 4; i++)
			assert_int_equal(
				pte_present(pt_peek(&kernel_root, va + i * PAGE_SIZE, PT_PTE)),
				!fired);
	}
	pt_unmap_kernel(va, 4 * PAGE_SIZE);
	tlb_flush_kernel(va, va + 4 * PAGE_SIZE);
	for (unsigned i = 0; i < 4; i++)
		__free_page(pages[i]);
	world_gone();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(table_I2_pgtables_bytes_is_exact),
		cmocka_unit_test(floor_and_ceiling_keep_tables),
		cmocka_unit_test(ranges_free_what_nobody_else_uses),
		cmocka_unit_test(last_page_of_user_space),
		cmocka_unit_test(no_memory_for_the_nth_table),
		cmocka_unit_test(table_I3_one_table_when_two_cpus_race),
		cmocka_unit_test(kernel_ranges_show_their_frames),
		cmocka_unit_test(kernel_range_without_memory_leaves_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
