/* The buddy allocator: numbered invariants, stealing between migrate types, and a model with random operations. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "arch/pt.h"
#include "lib/prng.h"
#include "mm/alloc.h"
#include "mm/phys/phys_impl.h"
#include "sim/sim.h"

enum { PB_PAGES = 1 << PAGEBLOCK_ORDER };

static struct zone *zone; /* the larger zone of a default world */

static int begin(void **state)
{
	sim_world_begin(NULL);
	zone = NULL;
	for (unsigned t = 0; t < MAX_NR_ZONES; t++) {
		struct zone *z = &node_data[0]->node_zones[t];

		if (!zone || z->present_pages > zone->present_pages)
			zone = z;
	}
	drain_all_pages();
	return 0;
}

static int end(void **state)
{
	sim_world_end();
	return 0;
}

static struct page *take(unsigned order, enum migratetype mt)
{
	irqflags_t flags = spin_lock_irqsave(&zone->lock);
	struct page *page = buddy_alloc_locked(zone, order, mt);

	if (page)
		page_set_state(page, PS_KERNEL);
	spin_unlock_irqrestore(&zone->lock, flags);
	if (page)
		page_alloc_prepare(page, order, 0);
	return page;
}

static void give(struct page *page, unsigned order)
{
	irqflags_t flags;

	atomic_set(&page->_refcount, 0);
	page_free_prepare(page, order, PS_FREE);
	flags = spin_lock_irqsave(&zone->lock);
	buddy_free_locked(zone, page, order);
	spin_unlock_irqrestore(&zone->lock, flags);
}

static unsigned long nr_free(unsigned order)
{
	return zone->free_area[order].nr_free;
}

static void buddy_I1_blocks_are_aligned(void **state)
{
	for (unsigned order = 0; order < NR_ORDERS; order++) {
		struct page *page = take(order, MIGRATE_MOVABLE);

		assert_non_null(page);
		assert_int_equal(page_to_pfn(page) & ((1UL << order) - 1), 0);
		for (unsigned long i = 0; i < 1UL << order; i++)
			assert_int_equal(page_state(page + i), PS_KERNEL);
		buddy_check(zone);
		give(page, order);
		buddy_check(zone);
	}
}

static void buddy_I2_merge_is_maximal(void **state)
{
	unsigned long before[NR_ORDERS];
	static struct page *pages[2000];

	for (unsigned o = 0; o < NR_ORDERS; o++)
		before[o] = nr_free(o);
	for (unsigned i = 0; i < 2000; i++)
		assert_non_null(pages[i] = take(0, MIGRATE_MOVABLE));
	buddy_check(zone);
	for (unsigned i = 0; i < 2000; i += 2)
		give(pages[i], 0);
	for (unsigned i = 1; i < 2000; i += 2)
		give(pages[i], 0);
	buddy_check(zone);
	for (unsigned o = 0; o < NR_ORDERS; o++)
		assert_int_equal(nr_free(o), before[o]);
}

static void buddy_I3_counts_each_page(void **state)
{
	unsigned long before = *zone_free_pages(zone);
	struct page *a = take(3, MIGRATE_MOVABLE), *b = take(0, MIGRATE_UNMOVABLE);

	assert_int_equal(*zone_free_pages(zone), before - 9);
	give(a, 3);
	assert_int_equal(*zone_free_pages(zone), before - 1);
	give(b, 0);
	assert_int_equal(*zone_free_pages(zone), before);
}

static bool has_movable(unsigned order)
{
	return !list_empty(&zone->free_area[order].free_list[MIGRATE_MOVABLE]);
}

static void buddy_splits_the_smallest_block(void **state)
{
	struct page *page = take(0, MIGRATE_MOVABLE);
	unsigned o = 1;

	while (o < NR_ORDERS && !has_movable(o))
		o++;
	assert_true(o < MAX_ORDER); /* the halves of the block that was split are there */
	unsigned long before = nr_free(o), larger = nr_free(MAX_ORDER);
	struct page *second = take(o, MIGRATE_MOVABLE);

	assert_int_equal(nr_free(o), before - 1);
	assert_int_equal(nr_free(MAX_ORDER), larger);
	give(second, o);
	give(page, 0);
}

static void buddy_exhausted_gives_null(void **state)
{
	static struct page *blocks[64];
	unsigned n = 0;

	while (n < 64 && (blocks[n] = take(MAX_ORDER, MIGRATE_MOVABLE)))
		n++;
	assert_true(n > 4 && n < 64);
	assert_null(take(MAX_ORDER, MIGRATE_UNMOVABLE));
	buddy_check(zone);
	while (n)
		give(blocks[--n], MAX_ORDER);
	buddy_check(zone);
}

/* ---- migrate types ---- */

static void buddy_unmovable_claims_a_whole_pageblock(void **state)
{
	struct page *page = take(0, MIGRATE_UNMOVABLE);
	pfn_t pfn = page_to_pfn(page);

	assert_int_equal(pageblock_type(zone, pfn), MIGRATE_UNMOVABLE);
	/* The next ones come from the same pageblock: no second one is spoilt. */
	static struct page *more[PB_PAGES - 1];

	for (unsigned i = 0; i < PB_PAGES - 1; i++) {
		more[i] = take(0, MIGRATE_UNMOVABLE);
		assert_int_equal(pageblock_type(zone, page_to_pfn(more[i])), MIGRATE_UNMOVABLE);
	}
	for (unsigned i = 0; i < PB_PAGES - 1; i++)
		give(more[i], 0);
	give(page, 0);
	buddy_check(zone);
}

static void buddy_movable_takes_small_blocks_without_claiming(void **state)
{
	static struct page *all[64], *rest[64 * 1024];
	unsigned n = 0, m = 0;
	struct page *page;

	/* One unmovable pageblock with free pages left, nothing movable anywhere. */
	struct page *seed = take(0, MIGRATE_UNMOVABLE);

	while (n < 64 && (page = take(MAX_ORDER, MIGRATE_MOVABLE)))
		all[n++] = page;
	while ((page = take(PAGEBLOCK_ORDER / 2 - 1, MIGRATE_UNMOVABLE)))
		rest[m++] = page;
	assert_true(m > 2);
	give(rest[--m], PAGEBLOCK_ORDER / 2 - 1);
	page = take(0, MIGRATE_MOVABLE);
	assert_non_null(page);
	assert_int_equal(pageblock_type(zone, page_to_pfn(page)), MIGRATE_UNMOVABLE);
	buddy_check(zone);
	give(page, 0);
	while (m)
		give(rest[--m], PAGEBLOCK_ORDER / 2 - 1);
	while (n)
		give(all[--n], MAX_ORDER);
	give(seed, 0);
	buddy_check(zone);
}

static void buddy_prefers_its_own_type(void **state)
{
	struct page *u = take(0, MIGRATE_UNMOVABLE);
	struct page *m = take(0, MIGRATE_MOVABLE);
	struct page *r = take(0, MIGRATE_RECLAIMABLE);

	assert_int_equal(pageblock_type(zone, page_to_pfn(m)), MIGRATE_MOVABLE);
	assert_int_not_equal(page_to_pfn(u) >> PAGEBLOCK_ORDER, page_to_pfn(m) >> PAGEBLOCK_ORDER);
	give(u, 0);
	give(m, 0);
	give(r, 0);
	buddy_check(zone);
}

static void buddy_bulk_take_is_contiguous_when_it_can(void **state)
{
	struct list_head list;
	struct page *page, *next, *prev = NULL;
	irqflags_t flags;
	unsigned runs = 0;

	list_init(&list);
	flags = spin_lock_irqsave(&zone->lock);
	int n = buddy_take_pages_locked(zone, 63, MIGRATE_MOVABLE, &list, &list);

	spin_unlock_irqrestore(&zone->lock, flags);
	assert_in_range(n, 63, 2 * 63);
	list_for_each_entry_safe (page, next, &list, lru) {
		runs += !prev || page != prev + 1;
		prev = page;
		page_alloc_prepare(page, 0, 0);
		n--;
	}
	assert_int_equal(n, 0);
	assert_true(runs <= 10);
	list_for_each_entry_safe (page, next, &list, lru)
		give(page, 0);
	buddy_check(zone);
}

/* ---- model: the set of pages handed out ---- */

struct held {
	struct page *page;
	unsigned order;
};

static void buddy_random_operations_keep_all_invariants(void **state)
{
	static uint8_t used[MIB(64) / PAGE_SIZE];
	static struct held held[3000];
	unsigned nr = 0;
	unsigned long before = *zone_free_pages(zone), out = 0;
	struct prng rng;

	prng_seed(&rng, 42);
	for (unsigned step = 0; step < 12000; step++) {
		if (nr < 3000 && prng_below(&rng, 100) < (step / 1500 % 2 ? 40u : 60u)) {
			unsigned order = prng_below(&rng, 4) ? prng_below(&rng, 3)
							     : prng_below(&rng, NR_ORDERS);
			struct page *page = take(order, (enum migratetype)prng_below(&rng, 3));

			if (!page)
				continue;
			for (unsigned long i = 0; i < 1UL << order; i++)
				assert_int_equal(used[page_to_pfn(page) + i]++, 0);
			held[nr++] = (struct held){ page, order };
			out += 1UL << order;
		} else if (nr) {
			unsigned i = prng_below(&rng, nr);

			for (unsigned long p = 0; p < 1UL << held[i].order; p++)
				used[page_to_pfn(held[i].page) + p]--;
			give(held[i].page, held[i].order);
			out -= 1UL << held[i].order;
			held[i] = held[--nr];
		}
		assert_int_equal(*zone_free_pages(zone), before - out);
		if (step % 500 == 0)
			buddy_check(zone);
	}
	while (nr) {
		nr--;
		give(held[nr].page, held[nr].order);
	}
	buddy_check(zone);
	assert_int_equal(*zone_free_pages(zone), before);
}

/* ---- misuse is fatal ---- */

static void free_twice(void *arg)
{
	struct page *page;

	sim_world_begin(NULL); /* in the child process */
	page = alloc_pages(GFP_KERNEL, 0);
	__free_page(page);
	__free_page(page);
}

static void free_mapped(void *arg)
{
	struct page *page;

	sim_world_begin(NULL); /* in the child process */
	page = alloc_pages(GFP_KERNEL, 0);
	page_become(page, PS_KERNEL, PS_ANON);
	atomic_set(&page->_mapcount, 0);
	put_page(page);
}

static void free_table(void *arg)
{
	struct page *page;

	sim_world_begin(NULL); /* in the child process */
	page = alloc_pages(GFP_KERNEL, 0);
	page_become(page, PS_KERNEL, PS_TABLE);
	put_page(page);
}

static void free_wrong_order(void *arg)
{
	sim_world_begin(NULL);
	__free_pages(alloc_pages(GFP_KERNEL | __GFP_COMP, 3), 2);
}

static void free_middle(void *arg)
{
	sim_world_begin(NULL);
	__free_pages(alloc_pages(GFP_KERNEL, 3) + 2, 1);
}

static void misuse_is_fatal(void **state)
{
	assert_true(sim_panics(free_twice, NULL, "bad page"));
	assert_true(sim_panics(free_mapped, NULL, "freed while mapped"));
	assert_true(sim_panics(free_table, NULL, "its owner must end first"));
	assert_true(sim_panics(free_wrong_order, NULL, "another order"));
	assert_true(sim_panics(free_middle, NULL, "no reference"));
}

#define world_test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(buddy_I1_blocks_are_aligned),
		world_test(buddy_I2_merge_is_maximal),
		world_test(buddy_I3_counts_each_page),
		world_test(buddy_splits_the_smallest_block),
		world_test(buddy_exhausted_gives_null),
		world_test(buddy_unmovable_claims_a_whole_pageblock),
		world_test(buddy_movable_takes_small_blocks_without_claiming),
		world_test(buddy_prefers_its_own_type),
		world_test(buddy_bulk_take_is_contiguous_when_it_can),
		world_test(buddy_random_operations_keep_all_invariants),
		cmocka_unit_test(misuse_is_fatal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
