/* Per-CPU lists: what stands in front of the buddy must not lose, double or misplace a page. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mm/alloc.h"
#include "mm/phys/phys_impl.h"
#include "mm/vmevent.h"
#include "sim/sim.h"
#include "sync/percpu.h"

static struct zone *zone;

static int begin(void **state)
{
	sim_world_begin(NULL);
	zone = *node_data[0]->first[ZONE_NORMAL];
	drain_all_pages();
	return 0;
}

static int end(void **state)
{
	pcp_check(zone);
	sim_world_end();
	return 0;
}

static struct pcp *mine(void)
{
	return &zone->pcp[cpu_id()];
}

static void pcp_I1_a_miss_brings_a_batch(void **state)
{
	struct page *page = alloc_page(GFP_KERNEL);

	int count = mine()->count;

	/* A batch of one is one page; else batch + 1, a power of two, or odd pieces and that. One of them is ours. */
	assert_in_range(count + 1, mine()->batch, 2 * mine()->batch + 1);
	pcp_check(zone);
	__free_page(page);
	assert_int_equal(mine()->count, count + 1);
	assert_int_equal(page_state(page), PS_PCP);
}

static void pcp_last_freed_is_first_given(void **state)
{
	struct page *a = alloc_page(GFP_KERNEL), *b = alloc_page(GFP_KERNEL);

	__free_page(a);
	__free_page(b);
	assert_ptr_equal(alloc_page(GFP_KERNEL), b);
	assert_ptr_equal(alloc_page(GFP_KERNEL), a);
	__free_page(a);
	__free_page(b);
}

static void pcp_I3_listed_pages_are_free_but_not_in_the_buddy(void **state)
{
	unsigned long all = nr_free_pages(), buddy = zone_stat(zone, NR_FREE_PAGES);
	struct page *page = alloc_page(GFP_KERNEL);

	assert_int_equal(nr_free_pages(), all - 1);
	assert_int_equal(zone_stat(zone, NR_FREE_PAGES), buddy - (unsigned)mine()->count - 1);
	__free_page(page);
	assert_int_equal(nr_free_pages(), all);
	drain_all_pages();
	assert_int_equal(zone_stat(zone, NR_FREE_PAGES), buddy);
	assert_int_equal(mine()->count, 0);
}

static void pcp_gives_back_above_high(void **state)
{
	static struct page *pages[4096];
	unsigned n = (unsigned)mine()->high + 10;

	assert_true(n <= 4096);
	for (unsigned i = 0; i < n; i++)
		assert_non_null(pages[i] = alloc_page(GFP_KERNEL));
	for (unsigned i = 0; i < n; i++) {
		__free_page(pages[i]);
		assert_true(mine()->count <= mine()->high);
	}
	pcp_check(zone);
	buddy_check(zone);
}

static void pcp_bulk_equals_singles(void **state)
{
	struct page *pages[100];
	unsigned long all = nr_free_pages();

	assert_int_equal(alloc_pages_bulk(GFP_KERNEL, 100, pages), 100);
	assert_int_equal(nr_free_pages(), all - 100);
	for (unsigned i = 0; i < 100; i++) {
		assert_int_equal(page_state(pages[i]), PS_KERNEL);
		assert_int_equal(page_ref_count(pages[i]), 1);
		atomic_set(&pages[i]->_refcount, 0);
	}
	free_pages_bulk(pages, 100);
	assert_int_equal(nr_free_pages(), all);
	pcp_check(zone);
}

/* A batch lies side by side where there is a block for it, and is complete anyhow. */
static void pcp_bulk_takes_blocks(void **state)
{
	const enum vm_event counter = (enum vm_event)(PGALLOC_DMA + zone->type);
	unsigned long all = nr_free_pages(), allocs = vm_event_sum(counter);
	struct page *pages[24];

	assert_int_equal(alloc_pages_bulk(GFP_KERNEL, 24, pages), 24);
	for (unsigned i = 0; i < 24; i++) {
		assert_true(i == 0 || i >= 16 || pages[i] == pages[i - 1] + 1);
		assert_int_equal(page_state(pages[i]), PS_KERNEL);
	}
	assert_int_equal(vm_event_sum(counter) - allocs, 24);
	assert_int_equal(nr_free_pages(), all - 24);
	for (unsigned i = 0; i < 24; i++)
		__free_page(pages[i]);
	assert_int_equal(nr_free_pages(), all);
	pcp_check(zone);
	buddy_check(zone);
}

static void pcp_follows_the_pageblock_type(void **state)
{
	struct page *m = alloc_page(GFP_HIGHUSER_MOVABLE), *u = alloc_page(GFP_KERNEL);
	struct zone *z = page_zone(m);

	if (z == zone) {
		__free_page(m);
		__free_page(u);
		assert_ptr_equal(list_first(&mine()->lists[MIGRATE_MOVABLE], struct page, lru), m);
		assert_ptr_equal(list_first(&mine()->lists[MIGRATE_UNMOVABLE], struct page, lru),
				 u);
		return;
	}
	__free_page(m);
	__free_page(u);
}

/* ---- several CPUs ---- */

static void churn(void *arg)
{
	struct page *held[40];
	unsigned n = 0;

	for (unsigned step = 0; step < 400; step++) {
		if (n < 40 && sim_random(2)) {
			held[n] = alloc_page(sim_random(2) ? GFP_KERNEL : GFP_HIGHUSER_MOVABLE);
			n += held[n] != NULL;
		} else if (n) {
			__free_page(held[--n]);
		}
		if (sim_random(50) == 0)
			drain_all_pages();
	}
	while (n)
		__free_page(held[--n]);
}

static void pcp_drain_by_another_cpu_loses_nothing(void **state)
{
	unsigned long all = nr_free_pages();

	for (int cpu = 0; cpu < 2; cpu++) {
		assert_non_null(sim_spawn(churn, NULL, cpu));
		assert_non_null(sim_spawn(churn, NULL, cpu));
	}
	sim_run();
	assert_int_equal(nr_free_pages(), all);
	pcp_check(zone);
	drain_all_pages();
	buddy_check(zone);
}

#define world_test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(pcp_I1_a_miss_brings_a_batch),
		world_test(pcp_last_freed_is_first_given),
		world_test(pcp_I3_listed_pages_are_free_but_not_in_the_buddy),
		world_test(pcp_gives_back_above_high),
		world_test(pcp_bulk_equals_singles),
		world_test(pcp_bulk_takes_blocks),
		world_test(pcp_follows_the_pageblock_type),
		world_test(pcp_drain_by_another_cpu_loses_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
