/* Pages of files that reclaim took, and that come back: what makes active, what drops shadows, how many there may be. */
#include "sim/mm_test.h"

#include "mm/cachestat.h"
#include "mm/lru.h"
#include "mm/shrinker.h"
#include "mm/vmscan.h"
#include "sim/fakestore.h"

static struct fake_store s;

static long figure(enum node_stat_item item)
{
	return (long)global_node_stat(item);
}

static void begin(unsigned pages)
{
	struct sim_config cfg = { .nr_cpus = 1 };

	sim_world_begin(&cfg);
	fake_store_begin(&s, pages);
	s.m.ra.ra_pages = 0;
}

static void finish(void)
{
	lru_check();
	mapping_check(&s.m);
	fake_store_end(&s);
	assert_int_equal(figure(WORKINGSET_NODES), 0);
	sim_world_end();
}

static void read_pages(unsigned first, unsigned nr)
{
	uint8_t buf[PAGE_SIZE];

	for (unsigned i = first; i < first + nr; i++) {
		assert_int_equal(mapping_read_kernel(&s.m, buf, PAGE_SIZE, P(i)), PAGE_SIZE);
		assert_memory_equal(buf, s.disk + P(i), PAGE_SIZE);
	}
	mapping_check(&s.m);
}

static struct page *cached(unsigned long index)
{
	struct page *page = mapping_find(&s.m, index);

	assert_non_null(page);
	put_page(page);
	return page;
}

static void evict(unsigned long index)
{
	struct page *page = mapping_find(&s.m, index);

	assert_non_null(page);
	lru_isolate_page(page); /* as a scan has it: on no list */
	lock_page(page);
	assert_true(mapping_evict_page(&s.m, page));
	unlock_page(page);
	put_page(page);
	mapping_check(&s.m);
}

static void what_reclaim_took_is_remembered(void **state)
{
	(void)state;
	begin(100);
	read_pages(0, 100);
	assert_int_equal(reclaim_node(0, GFP_KERNEL), 100);
	mapping_check(&s.m);
	assert_int_equal(s.m.nr_pages, 0);
	assert_int_equal(s.m.nr_values, 100);
	assert_int_equal(figure(WORKINGSET_NODES), 2);
	read_pages(0, 1); /* a leaf has a page: it is none of them */
	assert_int_equal(figure(WORKINGSET_NODES), 1);
	read_pages(1, 99);
	assert_int_equal(s.m.nr_values, 0);
	assert_int_equal(figure(WORKINGSET_NODES), 0);
	assert_int_equal(figure(WORKINGSET_REFAULT_FILE), 100);
	assert_int_equal(figure(WORKINGSET_ACTIVATE_FILE), 0); /* nothing was active: no room */
	finish();
}

/* With @active active pages, one that comes back after @others have left. Return: it is active. */
static bool comes_back_active(unsigned active, unsigned others)
{
	bool is_active;

	begin(32);
	read_pages(0, 32);
	for (unsigned i = 0; i < active; i++)
		lru_activate(cached(31 - i));
	for (unsigned i = 0; i <= others; i++)
		evict(i);
	read_pages(0, 1);
	is_active = page_test(cached(0), PG_active);
	assert_int_equal(figure(WORKINGSET_REFAULT_FILE), 1);
	assert_int_equal(figure(WORKINGSET_ACTIVATE_FILE), is_active);
	assert_int_equal(figure(WORKINGSET_RESTORE_FILE), 0);
	assert_int_equal(figure(NR_ACTIVE_FILE), active + is_active);
	finish();
	return is_active;
}

static void distances_are_exact(void **state)
{
	(void)state;
	for (unsigned others = 0; others < 6; others++) {
		for (unsigned active = 0; active < 6; active++)
			assert_int_equal(comes_back_active(active, others), others + 1 <= active);
	}
}

static void once_active_is_known(void **state)
{
	(void)state;
	begin(8);
	read_pages(0, 8);
	for (unsigned i = 4; i < 8; i++)
		lru_activate(cached(i));
	page_set(cached(0), PG_workingset); /* a scan made it inactive */
	evict(0);
	read_pages(0, 1);
	assert_true(page_test(cached(0), PG_workingset));
	assert_int_equal(figure(WORKINGSET_RESTORE_FILE), 1);
	finish();
}

static void who_writes_the_whole_page_wants_nothing_back(void **state)
{
	uint8_t buf[PAGE_SIZE] = { 1 };

	(void)state;
	begin(4);
	read_pages(0, 4);
	evict(1);
	evict(2);
	assert_int_equal(mapping_write_kernel(&s.m, buf, PAGE_SIZE, P(1)), PAGE_SIZE);
	assert_int_equal(figure(WORKINGSET_REFAULT_FILE), 0);
	assert_int_equal(s.m.nr_values, 1);
	assert_int_equal(mapping_write_kernel(&s.m, buf, 10, P(2)), 10); /* the rest is read */
	assert_int_equal(figure(WORKINGSET_REFAULT_FILE), 1);
	assert_int_equal(s.m.nr_values, 0);
	finish();
}

static void a_cut_drops_shadows(void **state)
{
	(void)state;
	begin(FAKE_PAGES);
	read_pages(0, FAKE_PAGES);
	assert_int_equal(reclaim_node(0, GFP_KERNEL), FAKE_PAGES);
	assert_int_equal(figure(WORKINGSET_NODES), FAKE_PAGES / 64);
	assert_int_equal(mapping_truncate(&s.m, P(70)), 0);
	mapping_check(&s.m);
	assert_int_equal(s.m.nr_values, 70);
	assert_int_equal(figure(WORKINGSET_NODES), 2);
	assert_int_equal(mapping_truncate(&s.m, P(1)), 0); /* the tree is its root */
	mapping_check(&s.m);
	assert_int_equal(s.m.nr_values, 1);
	assert_int_equal(figure(WORKINGSET_NODES), 0);
	read_pages(0, 1);
	assert_int_equal(figure(WORKINGSET_REFAULT_FILE), 1);
	finish();
}

static void what_is_dropped_on_demand_is_forgotten(void **state)
{
	(void)state;
	begin(40);
	read_pages(0, 40);
	assert_int_equal(drop_cached_pages(), 40);
	assert_int_equal(s.m.nr_values, 0);
	read_pages(0, 40);
	assert_int_equal(figure(WORKINGSET_REFAULT_FILE), 0);
	assert_int_equal(mapping_invalidate(&s.m, 0, 19), 20);
	evict(30);
	assert_int_equal(mapping_invalidate(&s.m, 20, 39), 19); /* past the shadow */
	assert_int_equal(s.m.nr_values, 1);
	finish();
}

static void cachestat_tells_who_left_and_when(void **state)
{
	struct mapping_counts n;

	(void)state;
	begin(16);
	read_pages(0, 16);
	for (unsigned i = 0; i < 8; i++)
		evict(i);
	for (unsigned i = 12; i < 15; i++)
		lru_activate(cached(i));
	mapping_count(&s.m, 0, 15, &n);
	assert_int_equal(n.cached, 8);
	assert_int_equal(n.evicted, 8);
	assert_int_equal(n.recent, 0); /* 3 became active: the last that left is 4 away */
	lru_activate(cached(11));
	lru_activate(cached(10));
	mapping_count(&s.m, 0, 15, &n);
	assert_int_equal(n.recent, 0);
	finish();
}

/* ---- how many there may be ---- */

static int zero_fill(struct address_space *m, struct page *page)
{
	(void)m;
	page_io_done(page, 0);
	return 0;
}

static int no_store(struct address_space *m, struct page *page, const struct writeback_ctl *ctl)
{
	(void)m, (void)page, (void)ctl;
	return -EIO;
}

static const struct address_space_ops sparse_ops = { .fill = zero_fill, .store = no_store };

static void leaf_at(struct address_space *m, unsigned long index)
{
	struct page *page;

	assert_int_equal(mapping_get_page(m, index, &page), 0);
	lru_isolate_page(page);
	lock_page(page);
	assert_true(mapping_evict_page(m, page));
	unlock_page(page);
	put_page(page);
}

static void there_are_not_too_many(void **state)
{
	struct sim_config cfg = { .ram_bytes = 16 << 20, .nr_cpus = 1 };
	unsigned long most, n = 0;
	struct address_space m;

	(void)state;
	sim_world_begin(&cfg);
	mapping_init(&m, &sparse_ops, NULL, GFP_HIGHUSER, 0);
	most = totalram_pages() / 8;
	for (; n < most + 20; n++)
		leaf_at(&m, n * 64 + n % 64);
	assert_int_equal(figure(WORKINGSET_NODES), n);
	assert_int_equal(shrink_caches(GFP_KERNEL), 20);
	assert_int_equal(shrink_caches(GFP_KERNEL), 0);
	mapping_check(&m);
	assert_int_equal(figure(WORKINGSET_NODES), most);
	assert_int_equal(figure(WORKINGSET_NODERECLAIM), 20);
	assert_int_equal(m.nr_values, most);
	for (unsigned long i = 0; i < 30; i++) /* the oldest went */
		leaf_at(&m, i * 64 + i % 64);
	assert_int_equal(figure(WORKINGSET_REFAULT_FILE), 10);
	mapping_destroy(&m);
	assert_int_equal(figure(WORKINGSET_NODES), 0);
	sim_world_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_reclaim_took_is_remembered),
		cmocka_unit_test(distances_are_exact),
		cmocka_unit_test(once_active_is_known),
		cmocka_unit_test(who_writes_the_whole_page_wants_nothing_back),
		cmocka_unit_test(a_cut_drops_shadows),
		cmocka_unit_test(what_is_dropped_on_demand_is_forgotten),
		cmocka_unit_test(cachestat_tells_who_left_and_when),
		cmocka_unit_test(there_are_not_too_many),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
