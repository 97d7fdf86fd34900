/* A full node gives what is cheap before a distant one is asked, as vm.zone_reclaim_mode says; two nodes. */
#include "sim/numa_test.h"

#include "mm/node_reclaim.h"
#include "mm/rmap.h"
#include "mm/vmevent.h"
#include "sim/fakestore.h"

enum { CACHED = FAKE_PAGES };

static struct fake_store s;
static struct page *taken[1 << 16];
static unsigned nr_taken;

static bool is_low(const struct pglist_data *node)
{
	for (unsigned t = 0; t < MAX_NR_ZONES; t++) {
		const struct zone *z = &node->node_zones[t];

		if (zone_has_memory(z) &&
		    zone_watermark_ok(z, 0, z->watermark[WMARK_LOW], ZONE_MOVABLE))
			return false;
	}
	return true;
}

/* Pages of a file on node 0, and nothing else of it is free. */
static void full_node(void)
{
	uint8_t c;

	node_reclaim_mode = 0;
	sysctl_min_unmapped_ratio = sysctl_min_slab_ratio = 0;
	fake_store_begin(&s, CACHED);
	for (unsigned i = 0; i < CACHED; i++)
		assert_int_equal(mapping_read_kernel(&s.m, &c, 1, P(i)), 1);
	for (nr_taken = 0; !is_low(node_data[0]); nr_taken++) {
		assert_true(nr_taken < ARRAY_SIZE(taken));
		taken[nr_taken] = alloc_pages(GFP_HIGHUSER_MOVABLE | __GFP_THISNODE, 0);
		assert_non_null(taken[nr_taken]);
	}
	assert_int_equal(node_stat(node_data[0], NR_INACTIVE_FILE), CACHED);
}

static void empty_node(void)
{
	while (nr_taken)
		__free_page(taken[--nr_taken]);
	fake_store_end(&s);
	node_reclaim_mode = 0;
	sysctl_min_unmapped_ratio = 1;
	sysctl_min_slab_ratio = 5;
}

/* Return: the node of a page that is wanted on node 0. */
static unsigned node_of_next(void)
{
	struct page *page = alloc_pages(GFP_HIGHUSER_MOVABLE, 0);
	unsigned node;

	assert_non_null(page);
	node = page_node_id(page);
	__free_page(page);
	return node;
}

static unsigned long cached(void)
{
	return node_stat(node_data[0], NR_INACTIVE_FILE);
}

static void without_it_the_next_node_gives(void **state)
{
	(void)state;
	full_node();
	assert_int_equal(node_of_next(), 1);
	assert_int_equal(cached(), CACHED);
	empty_node();
}

static void clean_pages_go_first(void **state)
{
	(void)state;
	full_node();
	node_reclaim_mode = RECLAIM_ZONE;
	assert_int_equal(node_of_next(), 0);
	assert_true(cached() < CACHED && cached() >= CACHED / 4);
	empty_node();
}

static void min_unmapped_ratio_keeps_them(void **state)
{
	(void)state;
	full_node();
	node_reclaim_mode = RECLAIM_ZONE;
	sysctl_min_unmapped_ratio = 100;
	sysctl_min_slab_ratio = 100;
	assert_int_equal(node_of_next(), 1);
	assert_int_equal(cached(), CACHED);
	assert_int_equal(vm_event_sum(PGSCAN_ZONE_RECLAIM_FAILED), 0);
	empty_node();
}

/* Which of the bits takes what is mapped. */
static void mapped_pages_stay(void **state)
{
	struct mm_struct *mm;

	(void)state;
	full_node();
	mm = new_mm();
	assert_int_equal(map_file(mm, BASE, P(CACHED), PROT_READ, MAP_SHARED, &s.m, 0), BASE);
	for (unsigned i = 0; i < CACHED; i++)
		(void)sim_peek(mm, BASE + P(i));
	node_reclaim_mode = RECLAIM_ZONE;
	sysctl_min_slab_ratio = 100;
	assert_int_equal(node_of_next(), 1);
	assert_int_equal(node_stat(node_data[0], NR_FILE_MAPPED), CACHED);
	end_mm(mm);
	empty_node();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T2(without_it_the_next_node_gives),
		T2(clean_pages_go_first),
		T2(min_unmapped_ratio_keeps_them),
		T2(mapped_pages_stay),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
