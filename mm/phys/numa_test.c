/* Four nodes: who falls back to whom, whose pages a CPU gets, and the counters of numastat(8). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "mm/alloc.h"
#include "mm/phys/phys_impl.h"
#include "sim/sim.h"

enum { NODES = 4 };

static int begin(void **state)
{
	static const struct sim_config c = { .ram_bytes = MIB(128),
					     .nr_nodes = NODES,
					     .nr_cpus = 4 };

	sim_world_begin(&c);
	return 0;
}

static int end(void **state)
{
	sim_world_end();
	return 0;
}

/* Nodes in the order in which @node's zonelist names them, as decimal digits. */
static int fallback(int node)
{
	struct zone **z = node_data[node]->zonelist.zones;
	int order = 0, last = -1;

	for (; *z; z++) {
		if ((*z)->pgdat->node_id != last)
			order = order * 10 + (*z)->pgdat->node_id;
		last = (*z)->pgdat->node_id;
	}
	return order;
}

static void set_distances(const uint8_t d[NODES][NODES])
{
	for (int i = 0; i < NODES * NODES; i++)
		numa_set_distance(i / NODES, i % NODES, d[i / NODES][i % NODES]);
	zone_build_zonelists();
}

static void zone_I1_neighbours_come_by_distance(void **state)
{
	static const uint8_t line[NODES][NODES] = {
		{ 10, 20, 30, 40 }, { 20, 10, 20, 30 }, { 30, 20, 10, 20 }, { 40, 30, 20, 10 }
	};
	static const uint8_t square[NODES][NODES] = { /* equal but for the sum of way and number */
						      { 10, 21, 21, 31 },
						      { 21, 10, 31, 21 },
						      { 21, 31, 10, 21 },
						      { 31, 21, 21, 10 }
	};

	set_distances(line);
	assert_int_equal(fallback(0), 123);  /* 0123 */
	assert_int_equal(fallback(1), 1203); /* the next number before the one before */
	assert_int_equal(fallback(2), 2310);
	assert_int_equal(fallback(3), 3210);
	set_distances(square);
	assert_int_equal(fallback(0), 123);
	assert_int_equal(fallback(3) % 10, 0);
}

static void equal_distances_spread_the_load(void **state)
{
	unsigned first[NODES] = { 0 };

	for (int n = 0; n < NODES; n++) {
		struct zone **z = node_data[n]->zonelist.zones;

		while ((*z)->pgdat->node_id == n)
			z++;
		first[(*z)->pgdat->node_id]++;
	}
	for (int n = 0; n < NODES; n++)
		assert_int_equal(first[n], 1); /* nobody is everybody's neighbour */
}

static void node_states_say_what_there_is(void **state)
{
	assert_int_equal(nr_nodes, NODES);
	for (unsigned s = 0; s < NR_NODE_STATES; s++) {
		if (s != N_NORMAL_MEMORY)
			assert_int_equal(node_states((enum node_state)s), 15);
	}
	assert_true(node_state(3, N_CPU));
	assert_false(node_state(4, N_ONLINE) || node_state(-1, N_ONLINE) || node_online(4));
	assert_int_equal(node_cpu_mask(2), 4);
	assert_int_equal(node_distance(0, 0), LOCAL_DISTANCE);
	assert_int_equal(node_distance(0, 3), REMOTE_DISTANCE);
}

/* Sums over the zones of a node. */
static struct zone_numa counts(int node)
{
	struct zone_numa sum = { 0 };
	struct zone *z;

	for_each_zone (node_data[node], z)
		zone_numa_add(&sum, z);
	return sum;
}

static void expect(int node, const struct zone_numa *before, const struct zone_numa *more)
{
	struct zone_numa now = counts(node);
	const unsigned long *b = (const unsigned long *)before, *m = (const unsigned long *)more,
			    *n = (const unsigned long *)&now;

	for (unsigned i = 0; i < sizeof(now) / sizeof(long); i++)
		assert_int_equal(n[i], b[i] + m[i]);
}

static void alloc_on_each_cpu(void *arg)
{
	int node = numa_node_id();
	struct zone_numa before = counts(node);
	struct page *pages[9];

	assert_int_equal(node, cpu_id());
	assert_ptr_equal(this_cpu(numa_local), node_data[node]);
	pages[0] = alloc_page(GFP_HIGHUSER_MOVABLE);
	pages[1] = alloc_pages_node(NUMA_NO_NODE, GFP_HIGHUSER_MOVABLE, 2);
	assert_int_equal(alloc_pages_bulk(GFP_HIGHUSER_MOVABLE, 7, pages + 2), 7);
	expect(node, &before, &(struct zone_numa){ .hit = 9, .local = 9 });
	for (unsigned i = 0; i < 9; i++) {
		assert_int_equal(page_node_id(pages[i]), node);
		__free_pages(pages[i], i == 1 ? 2 : 0);
	}
	*(unsigned *)arg |= 1U << node;
}

static void each_cpu_gets_its_node_s_pages(void **state)
{
	static unsigned done;

	done = 0;
	for (unsigned cpu = 0; cpu < NODES; cpu++)
		assert_non_null(sim_spawn(alloc_on_each_cpu, &done, cpu));
	sim_run();
	assert_int_equal(done, 15);
}

static void other_nodes_are_counted_as_other(void **state)
{
	int here = numa_node_id(), there = (here + 1) % NODES;
	struct zone_numa before = counts(there);
	struct page *page = alloc_pages_node(there, GFP_HIGHUSER, 0), *more[5];

	assert_int_equal(page_node_id(page), there);
	assert_int_equal(alloc_pages_bulk_node(there, GFP_HIGHUSER, 5, more), 5);
	numa_count_interleave(page);
	expect(there, &before, &(struct zone_numa){ .hit = 6, .other = 6, .interleave = 1 });
	__free_page(page);
	for (unsigned i = 0; i < 5; i++)
		__free_page(more[i]);
}

static void masks_bound_the_search(void **state)
{
	int here = numa_node_id(), there = (here + 2) % NODES;
	struct zone_numa before = counts(there), mine = counts(here);

	for (unsigned order = 0; order < 2; order++) {
		struct page *page = alloc_pages_nodemask(GFP_HIGHUSER, order, here, 1UL << there);

		assert_int_equal(page_node_id(page), there);
		__free_pages(page, order);
	}
	assert_null(alloc_pages_nodemask(GFP_NOWAIT | __GFP_NOWARN, 0, here, 0));
	/* The first node allowed is the one wanted. */
	expect(there, &before, &(struct zone_numa){ .hit = 2, .other = 2 });
	expect(here, &mine, &(struct zone_numa){ 0 });
}

/* Take all that node @n gives without help from its neighbours. Return: the list. */
static unsigned long exhaust(int n, struct list_head *pages)
{
	const gfp_t gfp = GFP_NOWAIT | __GFP_HIGHMEM | __GFP_THISNODE | __GFP_NOWARN;
	struct page *page;
	unsigned long nr = 0;

	list_init(pages);
	while ((page = alloc_pages_node(n, gfp, 0))) {
		assert_int_equal(page_node_id(page), n);
		list_add(&page->lru, pages);
		nr++;
	}
	return nr;
}

static void a_full_node_s_wishes_are_met_elsewhere(void **state)
{
	int here = numa_node_id(), there = fallback(here) / 100 % 10;
	struct list_head pages;
	unsigned long nr = exhaust(here, &pages);
	struct zone_numa mine = counts(here), before = counts(there);
	struct page *page, *next;

	assert_true(nr > MIB(24) / PAGE_SIZE);
	page = alloc_page(GFP_NOWAIT | __GFP_HIGHMEM);
	assert_int_equal(page_node_id(page), there);
	expect(there, &before, &(struct zone_numa){ .miss = 1, .other = 1 });
	expect(here, &mine, &(struct zone_numa){ .foreign = 1 });
	__free_page(page);
	assert_null(alloc_pages_nodemask(GFP_NOWAIT | __GFP_HIGHMEM | __GFP_NOWARN, 0, here,
					 1UL << here));
	list_for_each_entry_safe (page, next, &pages, lru) {
		list_del(&page->lru);
		__free_page(page);
	}
}

static void lists_in_front_are_shared_by_the_node_s_cpus(void **state)
{
	struct zone *z = node_data[1]->zonelist.zones[0];

	setup_per_zone_wmarks();
	assert_int_equal(z->pcp[0].high,
			 max_of(int, (int)z->watermark[WMARK_LOW], z->pcp[0].batch * 4));
	numa_set_cpu(1, 0); /* node 1 has no CPU any more: all four share it */
	setup_per_zone_wmarks();
	assert_int_equal(z->pcp[0].high,
			 max_of(int, (int)z->watermark[WMARK_LOW] / 4, z->pcp[0].batch * 4));
	numa_set_cpu(1, 1);
}

enum { MIXED = 6000 };

static void check_all(void)
{
	struct zone *z;

	for (unsigned n = 0; n < nr_nodes; n++) {
		for_each_zone (node_data[n], z) {
			buddy_check(z);
			pcp_check(z);
		}
	}
}

/* Pageblocks change owner within one node's part of them; blocks never join across its edge. */
static void pageblocks_of_two_nodes_stay_apart(void **state)
{
	static const struct sim_config c = { .ram_bytes = MIB(64),
					     .nr_nodes = 2,
					     .node_stripe = MIB(1) + 5 * PAGE_SIZE };
	static const gfp_t kinds[] = { GFP_KERNEL, GFP_HIGHUSER_MOVABLE,
				       GFP_KERNEL | __GFP_RECLAIMABLE };
	static struct page *pages[MIXED];
	static unsigned orders[MIXED];

	sim_world_begin(&c);
	for (unsigned i = 0; i < MIXED; i++) {
		int node = (int)(i & 1);

		orders[i] = (unsigned)sim_random(4) ? 0 : (unsigned)sim_random(5);
		pages[i] = alloc_pages_node(node, kinds[sim_random(3)] | __GFP_NOWARN, orders[i]);
		if (i % 1000 == 0)
			check_all();
	}
	check_all();
	for (unsigned i = 0; i < MIXED; i++) {
		if (pages[i])
			__free_pages(pages[i], orders[i]);
	}
	drain_all_pages();
	check_all();
	sim_world_end();
}

static void what_cannot_be_is_ignored(void **state)
{
	numa_set_cpu(CFG_NR_CPUS, 1);
	numa_set_cpu(0, CFG_MAX_NODES);
	numa_set_cpu(0, -1);
	assert_int_equal(cpu_to_node(0), 0);
	assert_int_equal(cpu_to_node(CFG_NR_CPUS + 7), 0);
	numa_set_distance(0, 1, 9);
	numa_set_distance(0, 1, 256);
	numa_set_distance(-1, 1, 11);
	numa_set_distance(0, CFG_MAX_NODES, 11);
	assert_int_equal(node_distance(0, 1), REMOTE_DISTANCE);
	assert_int_equal(node_distance(0, 77), REMOTE_DISTANCE);
	numa_set_nodes(CFG_MAX_NODES + 1);
	numa_set_nodes(1);
	assert_int_equal(nr_nodes, NODES);
}

#define world_test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(zone_I1_neighbours_come_by_distance),
		world_test(equal_distances_spread_the_load),
		world_test(node_states_say_what_there_is),
		world_test(each_cpu_gets_its_node_s_pages),
		world_test(other_nodes_are_counted_as_other),
		world_test(masks_bound_the_search),
		world_test(a_full_node_s_wishes_are_met_elsewhere),
		world_test(lists_in_front_are_shared_by_the_node_s_cpus),
		cmocka_unit_test(pageblocks_of_two_nodes_stay_apart),
		world_test(what_cannot_be_is_ignored),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
