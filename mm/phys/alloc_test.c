/* alloc_pages: zones, watermarks, reserves, compound pages, reference counts, and what happens when memory ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/pt.h"
#include "mm/alloc.h"
#include "mm/imports.h"
#include "mm/phys/phys_impl.h"
#include "mm/shrinker.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "mm/vmevent.h"
#include "sim/sim.h"
#include "sync/failpoint.h"

static const struct sim_config high_world = { .ram_bytes = MIB(96), .lowmem_bytes = MIB(48) };

static int begin(void **state)
{
	sim_world_begin(NULL);
	return 0;
}

static int begin_high(void **state)
{
	sim_world_begin(VA_BITS == 32 ? &high_world : NULL);
	return 0;
}

static int end(void **state)
{
	struct zone *z;

	for_each_zone (node_data[0], z) {
		if (zone_has_memory(z))
			buddy_check(z);
		pcp_check(z);
	}
	sim_world_end();
	return 0;
}

/* ---- what is returned ---- */

static void alloc_I2_every_order_is_as_promised(void **state)
{
	unsigned long all = nr_free_pages();

	for (unsigned order = 0; order <= MAX_ORDER; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);

		assert_non_null(page);
		assert_int_equal(page_to_pfn(page) & ((1UL << order) - 1), 0);
		assert_int_equal(page_state(page), PS_KERNEL);
		assert_int_equal(page_ref_count(page), 1);
		assert_int_equal(page_mapcount(page), 0);
		assert_null(page->mapping);
		assert_int_equal(page->private, 0);
		assert_int_equal(nr_free_pages(), all - (1UL << order));
		memset(page_address(page), 0x33, PAGE_SIZE << order);
		__free_pages(page, order);
		assert_int_equal(nr_free_pages(), all);
	}
	assert_null(alloc_pages(GFP_KERNEL | __GFP_NOWARN, MAX_ORDER + 1));
}

static void alloc_zeroes_what_is_asked_for(void **state)
{
	for (unsigned order = 0; order < 4; order++) {
		struct page *page = alloc_pages(GFP_KERNEL, order);
		const char *bytes = page_address(page);

		memset(page_address(page), 0xff, PAGE_SIZE << order);
		__free_pages(page, order);
		page = alloc_pages(GFP_KERNEL | __GFP_ZERO, order);
		bytes = page_address(page);
		for (size_t i = 0; i < PAGE_SIZE << order; i++)
			assert_int_equal(bytes[i], 0);
		__free_pages(page, order);
	}
	unsigned long addr = get_zeroed_page(GFP_KERNEL);

	assert_int_equal(*(long *)addr, 0);
	free_page(addr);
	free_page(0);
}

static void alloc_compound_pages_count_at_the_head(void **state)
{
	struct page *page = alloc_pages(GFP_KERNEL | __GFP_COMP, 3);

	assert_true(page_test(page, PG_head));
	assert_int_equal(page_order(page), 3);
	for (unsigned i = 1; i < 8; i++) {
		assert_int_equal(page_state(page + i), PS_TAIL);
		assert_ptr_equal(page_head(page + i), page);
	}
	get_page(page);
	put_page(page + 5);
	assert_int_equal(page_ref_count(page), 1);
	put_page(page + 7);
	assert_int_equal(page_ref_count(page), 0);
	assert_int_equal(page_order(page), 0);
}

static void put_page_frees_with_the_last_reference(void **state)
{
	struct page *page = alloc_page(GFP_KERNEL);
	unsigned long all = nr_free_pages();

	get_page(page);
	__free_page(page);
	assert_int_equal(nr_free_pages(), all);
	put_page(page);
	assert_int_equal(nr_free_pages(), all + 1);
}

static void free_clears_what_the_user_left(void **state)
{
	struct page *page = alloc_page(GFP_KERNEL);

	page_become(page, PS_KERNEL, PS_ANON);
	page->mapping = (struct address_space *)8;
	page_set(page, PG_dirty);
	page_set(page, PG_referenced);
	page_set(page, PG_swapbacked);
	put_page(page);
	assert_ptr_equal(alloc_page(GFP_KERNEL), page);
	assert_int_equal(page->flags & ((1UL << NR_PAGE_FLAGS) - 1), 0);
	assert_null(page->mapping);
	put_page(page);
}

/* ---- zones ---- */

static void alloc_zone_is_the_one_asked_for(void **state)
{
	struct page *page = alloc_page(GFP_DMA);

	assert_int_equal(page_zone(page)->type, ZONE_DMA);
	__free_page(page);
	page = alloc_page(GFP_HIGHUSER_MOVABLE);
	assert_int_equal(page_zone(page)->type, VA_BITS == 32 ? ZONE_HIGHMEM : ZONE_DMA32);
	if (VA_BITS == 32)
		assert_null(page_address(page));
	__free_page(page);
	page = alloc_page(GFP_KERNEL);
	assert_true(page_zone(page)->type != ZONE_HIGHMEM);
	assert_non_null(page_address(page));
	__free_page(page);
}

static void alloc_high_pages_are_zeroed_through_a_window(void **state)
{
	struct page *page = alloc_page(GFP_HIGHUSER_MOVABLE | __GFP_ZERO);
	char *bytes = kmap_local_page(page);

	for (size_t i = 0; i < PAGE_SIZE; i++)
		assert_int_equal(bytes[i], 0);
	bytes[0] = 1;
	kunmap_local(bytes);
	assert_int_equal(mm_ctx_current()->kmap_depth, 0);
	put_page(page);
}

/* Every page GFP_@gfp can have, chained through lru; the count in *nr. */
static void take_all(struct list_head *list, gfp_t gfp, unsigned long *nr)
{
	struct page *page;

	list_init(list);
	for (*nr = 0; (page = alloc_page(gfp | __GFP_NOWARN)); ++*nr)
		list_add(&page->lru, list);
}

static void give_all(struct list_head *list)
{
	struct page *page, *next;

	list_for_each_entry_safe (page, next, list, lru)
		__free_page(page);
}

static void alloc_I1_user_pages_leave_the_reserve(void **state)
{
	struct list_head pages;
	unsigned long nr;
	struct zone *dma = &node_data[0]->node_zones[ZONE_DMA];
	struct zone *z;

	take_all(&pages, GFP_HIGHUSER_MOVABLE, &nr);
	assert_true(nr > 10000);
	for_each_zone (node_data[0], z) {
		if (!zone_has_memory(z))
			continue;
		assert_true(zone_stat(z, NR_FREE_PAGES) >= z->watermark[WMARK_MIN]);
	}
	/* What the reserve keeps for those who need this zone is more than the watermark. */
	assert_true(zone_stat(dma, NR_FREE_PAGES) >=
		    dma->watermark[WMARK_MIN] + (unsigned long)dma->lowmem_reserve[ZONE_MOVABLE]);
	struct page *page = alloc_page(GFP_DMA);

	assert_non_null(page);
	__free_page(page);
	give_all(&pages);
}

/* What user pages leave of the DMA zone is its min mark and its reserve: exactly, whatever /proc/sys/vm says they are. */
static void user_pages_leave_of_dma(int ratio, int min_kbytes)
{
	struct zone *dma = &node_data[0]->node_zones[ZONE_DMA];
	unsigned long all, keeps, nr;
	struct list_head pages;

	sysctl_lowmem_reserve_ratio[ZONE_DMA] = ratio;
	min_free_kbytes = min_kbytes;
	setup_per_zone_wmarks();
	drain_all_pages();
	all = zone_stat(dma, NR_FREE_PAGES);
	keeps = dma->watermark[WMARK_MIN] + (unsigned long)dma->lowmem_reserve[ZONE_MOVABLE];
	take_all(&pages, GFP_HIGHUSER_MOVABLE, &nr);
	assert_int_equal(zone_stat(dma, NR_FREE_PAGES), min_of(unsigned long, all, keeps));
	give_all(&pages);
}

static void alloc_I1_follows_the_sysctls(void **state)
{
	int ratio = sysctl_lowmem_reserve_ratio[ZONE_DMA], min_kbytes = min_free_kbytes;

	user_pages_leave_of_dma(ratio, min_kbytes);
	user_pages_leave_of_dma(0, min_kbytes);
	user_pages_leave_of_dma(1, min_kbytes); /* all of it is kept */
	user_pages_leave_of_dma(ratio, 2 * min_kbytes);
	user_pages_leave_of_dma(0, 4 * min_kbytes);
	sysctl_lowmem_reserve_ratio[ZONE_DMA] = ratio;
	min_free_kbytes = min_kbytes;
	setup_per_zone_wmarks();
}

static void alloc_reserves_open_by_rank(void **state)
{
	static const gfp_t steps[] = { GFP_KERNEL, GFP_NOWAIT | __GFP_HIGH, GFP_ATOMIC,
				       GFP_NOWAIT | __GFP_MEMALLOC };
	struct list_head pages[4];
	unsigned long nr[4];

	for (unsigned i = 0; i < 4; i++) {
		take_all(&pages[i], steps[i], &nr[i]);
		assert_true(nr[i] > 0); /* each may go deeper than the one before */
	}
	assert_int_equal(nr_free_pages(), 0);
	for (unsigned i = 0; i < 4; i++)
		give_all(&pages[i]);
}

static void alloc_memalloc_scope_uses_the_reserve(void **state)
{
	struct list_head pages;
	unsigned long nr;

	take_all(&pages, GFP_KERNEL, &nr);
	assert_null(alloc_page(GFP_KERNEL | __GFP_NOWARN));
	mm_ctx_current()->scoped |= MM_CTX_MEMALLOC;
	struct page *page = alloc_page(GFP_KERNEL);

	mm_ctx_current()->scoped = 0;
	assert_non_null(page);
	__free_page(page);
	give_all(&pages);
}

static void watermark_counts_the_order(void **state)
{
	struct zone *z = *node_data[0]->first[ZONE_NORMAL];
	unsigned long free = zone_stat(z, NR_FREE_PAGES);

	assert_true(zone_watermark_ok(z, 0, free - 1, ZONE_DMA));
	assert_false(zone_watermark_ok(z, 0, free, ZONE_DMA));
	assert_false(zone_watermark_ok(z, 1, free - 1, ZONE_DMA));
	assert_true(zone_watermark_ok(z, 1, free - 2, ZONE_DMA));
}

/* ---- relief ---- */

static unsigned long shrinkable;
static struct list_head shrink_list;

static unsigned long shrink_count(void)
{
	return shrinkable;
}

static unsigned long shrink_scan(unsigned long nr, gfp_t gfp)
{
	unsigned long n = 0;

	for (; n < nr && shrinkable; n++, shrinkable--) {
		struct page *page = list_first(&shrink_list, struct page, lru);

		list_del(&page->lru);
		__free_page(page);
	}
	return n;
}

static void alloc_asks_shrinkers_before_it_fails(void **state)
{
	static const struct shrinker s = { "test", shrink_count, shrink_scan };
	struct list_head pages;
	unsigned long nr, stalls = vm_event_sum(ALLOCSTALL_NORMAL);

	assert_int_equal(register_shrinker(&s), 0);
	unsigned long had;

	take_all(&shrink_list, GFP_KERNEL, &had);
	assert_true(had > 10000);
	shrinkable = had;
	take_all(&pages, GFP_KERNEL, &nr); /* all of it again */
	assert_int_equal(shrinkable, 0);
	assert_true(nr >= had);
	assert_true(vm_event_sum(ALLOCSTALL_NORMAL) > stalls);
	give_all(&pages);
}

static void alloc_drains_other_cpus_before_it_fails(void **state)
{
	struct list_head pages;
	unsigned long nr;
	struct zone *z;

	take_all(&pages, GFP_KERNEL, &nr);
	for_each_zone (node_data[0], z)
		assert_true(pcp_count(z) == 0 || z->type == ZONE_HIGHMEM);
	give_all(&pages);
}

static void alloc_shrinks_slab_before_it_fails(void **state)
{
	static void *objs[500];
	struct list_head pages;
	unsigned long nr, slab = global_node_stat(NR_SLAB_UNRECLAIMABLE);

	for (unsigned i = 0; i < 500; i++)
		objs[i] = kmalloc(2048, GFP_KERNEL);
	for (unsigned i = 0; i < 500; i++)
		kfree(objs[i]);
	take_all(&pages, GFP_KERNEL, &nr);
	assert_true(global_node_stat(NR_SLAB_UNRECLAIMABLE) <= slab + 4);
	give_all(&pages);
}

static void pause_free(void *arg)
{
	struct list_head *pages = arg;

	give_all(pages);
	list_init(pages);
}

static struct page *nofail_page;

static void nofail_alloc(void *arg)
{
	nofail_page = alloc_page(GFP_KERNEL | __GFP_NOFAIL | __GFP_NOWARN);
}

static void alloc_nofail_waits(void **state)
{
	struct list_head pages;
	unsigned long nr;

	take_all(&pages, GFP_KERNEL, &nr);
	nofail_page = NULL;
	assert_non_null(sim_spawn(nofail_alloc, NULL, 0));
	assert_non_null(sim_spawn(pause_free, &pages, 1));
	sim_run();
	assert_non_null(nofail_page);
	__free_page(nofail_page);
}

static void alloc_failpoints_fail_cleanly(void **state)
{
	unsigned long all = nr_free_pages();
	struct page *page;

	failpoint_arm(1);
	page = alloc_page(GFP_KERNEL);
	assert_null(page);
	assert_true(failpoint_fired());
	page = alloc_page(GFP_KERNEL);
	assert_non_null(page);
	__free_page(page);
	failpoint_arm(1);
	page = alloc_page(GFP_KERNEL | __GFP_NOFAIL);
	assert_non_null(page);
	failpoint_arm(0);
	__free_page(page);
	assert_int_equal(nr_free_pages(), all);
}

static void events_count_pages(void **state)
{
	unsigned long freed = vm_event_sum(PGFREE);
	struct page *page = alloc_pages(GFP_DMA, 3);
	unsigned long dma = vm_event_sum(PGALLOC_DMA);
	struct zone_numa numa;

	__free_pages(page, 3);
	assert_int_equal(vm_event_sum(PGFREE), freed + 8);
	page = alloc_pages(GFP_DMA, 1);
	assert_int_equal(vm_event_sum(PGALLOC_DMA), dma + 2);
	__free_pages(page, 1);
	zone_numa_stat(&node_data[0]->node_zones[ZONE_DMA], &numa);
	assert_int_equal(numa.hit, 2);
	assert_int_equal(numa.local, 2);
}

#define world_test(f) cmocka_unit_test_setup_teardown(f, begin, end)
#define high_test(f)  cmocka_unit_test_setup_teardown(f, begin_high, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(alloc_I2_every_order_is_as_promised),
		world_test(alloc_zeroes_what_is_asked_for),
		world_test(alloc_compound_pages_count_at_the_head),
		world_test(put_page_frees_with_the_last_reference),
		world_test(free_clears_what_the_user_left),
		high_test(alloc_zone_is_the_one_asked_for),
		high_test(alloc_high_pages_are_zeroed_through_a_window),
		high_test(alloc_I1_user_pages_leave_the_reserve),
		high_test(alloc_I1_follows_the_sysctls),
		world_test(alloc_reserves_open_by_rank),
		world_test(alloc_memalloc_scope_uses_the_reserve),
		world_test(watermark_counts_the_order),
		world_test(alloc_drains_other_cpus_before_it_fails),
		world_test(alloc_shrinks_slab_before_it_fails),
		world_test(alloc_asks_shrinkers_before_it_fails),
		world_test(alloc_nofail_waits),
		world_test(alloc_failpoints_fail_cleanly),
		world_test(events_count_pages),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
