#include "mm/alloc.h"
#include "mm/lru.h"
#include "sim/mm_test.h"

static struct page *anon_page(bool swapbacked)
{
	struct page *page = alloc_page(GFP_HIGHUSER_MOVABLE);

	assert_non_null(page);
	page_become(page, PS_KERNEL, PS_ANON);
	if (swapbacked)
		page_set(page, PG_swapbacked);
	return page;
}

static void assert_sizes(unsigned long ia, unsigned long aa, unsigned long inf, unsigned long af)
{
	assert_int_equal(global_node_stat(NR_INACTIVE_ANON), ia);
	assert_int_equal(global_node_stat(NR_ACTIVE_ANON), aa);
	assert_int_equal(global_node_stat(NR_INACTIVE_FILE), inf);
	assert_int_equal(global_node_stat(NR_ACTIVE_FILE), af);
	lru_check();
}

static void lru_I1_flags_choose_the_list(void **state)
{
	struct page *a = anon_page(true), *f = anon_page(false);

	(void)state;
	lru_add(a);
	lru_add(a); /* it is there */
	lru_add(f);
	assert_sizes(1, 0, 1, 0);
	lru_activate(a);
	lru_activate(a);
	assert_sizes(0, 1, 1, 0);
	mark_page_accessed(f);
	assert_sizes(0, 1, 1, 0);
	mark_page_accessed(f);
	assert_sizes(0, 1, 0, 1);
	lru_lazyfree(a);
	assert_sizes(0, 0, 1, 1);
	lru_unlazy(a);
	lru_deactivate(f);
	lru_deactivate(f);
	assert_sizes(1, 0, 1, 0);
	put_page(a);
	put_page(f);
	assert_sizes(0, 0, 0, 0);
}

static void lru_I3_a_freed_page_is_on_no_list_at_once(void **state)
{
	struct page *pages[40];
	unsigned long free = nr_free_pages();

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(pages); i++)
		pages[i] = anon_page(i % 5 != 0); /* runs of several kinds */
	lru_add_pages(pages, ARRAY_SIZE(pages));
	assert_sizes(32, 0, 8, 0);
	for (unsigned i = 0; i < ARRAY_SIZE(pages); i += 3)
		lru_activate(pages[i]);
	lru_check();
	for (unsigned i = 0; i < ARRAY_SIZE(pages); i++)
		atomic_set(&pages[i]->_refcount, 0);
	free_pages_bulk(pages, ARRAY_SIZE(pages));
	assert_sizes(0, 0, 0, 0);
	assert_int_equal(nr_free_pages(), free);
}

static void block_I3_all_pages_leave_together(void **state)
{
	struct page *block = alloc_pages(GFP_HIGHUSER_MOVABLE, 4);

	(void)state;
	split_page(block, 4);
	for (unsigned i = 0; i < 16; i++) {
		page_become(block + i, PS_KERNEL, PS_ANON);
		page_set(block + i, PG_swapbacked);
	}
	lru_add_block(block, 16);
	assert_sizes(16, 0, 0, 0);
	lru_activate(block + 3);
	for (unsigned i = 0; i < 16; i++)
		atomic_set(&block[i]._refcount, 0);
	free_pages_block(block, 4);
	assert_sizes(0, 0, 0, 0);
}

static void scan(struct lru_scan *s, enum lru_list l, unsigned nr)
{
	*s = (struct lru_scan){ .list = l, .highest = ZONE_MOVABLE, .nr = nr };
	lru_isolate(node_data[0], s);
}

static void isolate_takes_the_oldest(void **state)
{
	struct page *pages[6];
	struct lru_scan s;

	(void)state;
	for (unsigned i = 0; i < 6; i++)
		pages[i] = anon_page(true);
	lru_add_pages(pages, 4);
	lru_add(pages[4]);
	lru_add(pages[5]);
	lru_rotate(pages[5]);
	scan(&s, LRU_INACTIVE_ANON, 3);
	assert_int_equal(s.taken, 3);
	assert_ptr_equal(s.pages[0], pages[5]);
	assert_ptr_equal(s.pages[1], pages[0]);
	assert_ptr_equal(s.pages[2], pages[1]);
	assert_int_equal(page_ref_count(pages[0]), 2);
	assert_sizes(3, 0, 0, 0);
	lru_putback(s.pages, 3);
	assert_sizes(6, 0, 0, 0);
	for (unsigned i = 0; i < 3; i++)
		put_page(s.pages[i]);
	for (unsigned i = 0; i < 6; i++)
		put_page(pages[i]);
}

static void isolate_passes_over_higher_zones(void **state)
{
	struct page *page = anon_page(true);
	struct lru_scan s = { .list = LRU_INACTIVE_ANON, .nr = 8 };

	(void)state;
	lru_add(page);
	s.highest = ZONE_DMA;
	lru_isolate(node_data[0], &s);
	assert_int_equal(s.taken, page_zone_id(page) == ZONE_DMA);
	if (s.taken) {
		lru_putback(s.pages, 1);
		put_page(page);
	}
	put_page(page);
}

static void isolated_I4_page_that_gets_locked_is_not_linked(void **state)
{
	struct page *page = anon_page(true);
	struct lru_scan s;

	(void)state;
	lru_add(page);
	scan(&s, LRU_INACTIVE_ANON, 1);
	page_mlock(page); /* the count lies where the links were */
	page_mlock(page);
	lru_putback(s.pages, 1);
	assert_false(page_test(page, PG_lru));
	assert_int_equal(global_node_stat(NR_UNEVICTABLE), 1);
	page_munlock(page);
	page_munlock(page);
	assert_sizes(1, 0, 0, 0);
	put_page(page);
	scan(&s, LRU_INACTIVE_ANON, 1);
	page_mlock(page);
	page_munlock(page); /* that linked it */
	lru_putback(s.pages, 1);
	assert_sizes(1, 0, 0, 0);
	assert_int_equal(global_node_stat(NR_UNEVICTABLE), 0);
	put_page(page);
	put_page(page);
}

static void culled_pages_are_counted_and_come_back(void **state)
{
	struct page *page = anon_page(true);

	(void)state;
	lru_add(page);
	lru_cull(page);
	lru_cull(page);
	assert_sizes(0, 0, 0, 0);
	assert_int_equal(global_node_stat(NR_UNEVICTABLE), 1);
	lru_rescue(page);
	assert_sizes(1, 0, 0, 0);
	lru_cull(page);
	put_page(page);
	assert_int_equal(global_node_stat(NR_UNEVICTABLE), 0);
}

static void programs_pages_are_listed(void **state)
{
	struct mm_struct *mm = new_mm();
	struct address_space *m = shmem_anon_create(P(8), false);

	(void)state;
	assert_int_equal(map_at(mm, BASE, P(64), RW, ANON), BASE);
	assert_int_equal(map_file(mm, BASE + P(64), P(8), RW, MAP_SHARED, m, 0), BASE + P(64));
	for (unsigned i = 0; i < 72; i++)
		assert_int_equal(sim_write(mm, BASE + P(i), "x", 1), 0);
	assert_sizes(72, 0, 0, 0);
	assert_int_equal(vm_lock(mm, BASE, P(4), VM_LOCKED), 0);
	assert_int_equal(global_node_stat(NR_UNEVICTABLE), 4);
	assert_sizes(68, 0, 0, 0);
	assert_int_equal(vm_unmap(mm, BASE, P(32)), 0);
	assert_sizes(40, 0, 0, 0);
	end_mm(mm);
	assert_sizes(8, 0, 0, 0);
	m->ops->drop(m);
	assert_sizes(0, 0, 0, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(lru_I1_flags_choose_the_list),
		T(lru_I3_a_freed_page_is_on_no_list_at_once),
		T(block_I3_all_pages_leave_together),
		T(isolate_takes_the_oldest),
		T(isolate_passes_over_higher_zones),
		T(isolated_I4_page_that_gets_locked_is_not_linked),
		T(culled_pages_are_counted_and_come_back),
		T(programs_pages_are_listed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
