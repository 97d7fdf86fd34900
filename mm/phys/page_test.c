/* Page states and the page lock. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/errno.h"
#include "mm/alloc.h"
#include "sim/sim.h"

static struct page *page;
static unsigned inside, entered;

static int begin(void **state)
{
	sim_world_begin(NULL);
	page = alloc_page(GFP_KERNEL);
	inside = entered = 0;
	return 0;
}

static int end(void **state)
{
	__free_page(page);
	sim_world_end();
	return 0;
}

static void page_I1_states_change_along_the_edges(void **state)
{
	page_become(page, PS_KERNEL, PS_TABLE);
	assert_int_equal(page_state(page), PS_TABLE);
	page_become(page, PS_TABLE, PS_KERNEL);
	page_become(page, PS_KERNEL, PS_ANON);
	page_set(page, PG_dirty);
	page_become(page, PS_ANON, PS_KERNEL);
	assert_true(page_test(page, PG_dirty)); /* flags stay */
	assert_string_equal(page_state_name(PS_FILE), "file");
	assert_string_equal(page_state_name((enum page_state)15), "invalid");
}

static void wrong_state(void *arg)
{
	sim_world_begin(NULL);
	page_become(alloc_page(GFP_KERNEL), PS_SLAB, PS_KERNEL);
}

static void no_edge(void *arg)
{
	struct page *p;

	sim_world_begin(NULL);
	p = alloc_page(GFP_KERNEL);
	page_become(p, PS_KERNEL, PS_ANON);
	page_become(p, PS_ANON, PS_TABLE);
}

static void unlock_unlocked(void *arg)
{
	sim_world_begin(NULL);
	struct page *p = alloc_page(GFP_KERNEL);

	lock_page(p);
	unlock_page(p);
	unlock_page(p);
}

static void use_after_free(void *arg)
{
	sim_world_begin(NULL);
	struct page *p = alloc_page(GFP_KERNEL);

	__free_page(p);
	get_page(p);
}

static void page_misuse_is_fatal(void **state)
{
	assert_true(sim_panics(wrong_state, NULL, "not in the state"));
	assert_true(sim_panics(no_edge, NULL, "no such change"));
	assert_true(sim_panics(unlock_unlocked, NULL, ""));
	assert_true(sim_panics(use_after_free, NULL, "assertion"));
}

/* ---- found by number ---- */

static void make_users(struct page *p)
{
	p->mapping = (struct address_space *)PAGE_MAPPING_ANON;
	page_become(p, PS_KERNEL, PS_ANON);
}

static void page_found_by_its_number(void **state)
{
	struct page *p = alloc_page(GFP_KERNEL);
	pfn_t pfn = page_to_pfn(p);

	assert_null(page_get_by_pfn(pfn)); /* the kernel's own */
	make_users(p);
	assert_ptr_equal(page_get_by_pfn(pfn), p);
	assert_int_equal(page_ref_count(p), 2);
	put_page(p);
	put_page(p);
	assert_null(page_get_by_pfn(pfn)); /* free */
	assert_null(page_get_by_pfn(max_pfn + 1000));
}

static bool churning;
static pfn_t hot; /* a frame that has just been used */

/* Frames come and go as user's pages, and as parts of blocks whose owner knows nothing of references. */
static void thread_churns(void *arg)
{
	for (unsigned i = 0; i < 400; i++) {
		struct page *user = alloc_page(GFP_KERNEL), *block;
		unsigned order = (unsigned)sim_random(4);

		hot = page_to_pfn(user);
		make_users(user);
		sim_point();
		put_page(user);
		drain_all_pages();
		block = alloc_pages(GFP_KERNEL, order);
		sim_point();
		assert_int_equal(page_state(block), PS_KERNEL);
		__free_pages(block, order);
	}
	churning = false;
}

static void thread_looks(void *arg)
{
	while (churning) {
		struct page *p = page_get_by_pfn(hot & ~(pfn_t)sim_random(8));

		sim_point();
		if (!p)
			continue;
		assert_int_equal(page_state(p), PS_ANON);
		assert_true(page_ref_count(p) > 0);
		put_page(p);
	}
}

static void pages_found_by_number_while_they_come_and_go(void **state)
{
	churning = true;
	assert_non_null(sim_spawn(thread_churns, NULL, 0));
	assert_non_null(sim_spawn(thread_looks, NULL, 1));
	sim_run();
}

/* ---- lock ---- */

static void critical(void *arg)
{
	for (unsigned i = 0; i < 50; i++) {
		lock_page(page);
		assert_int_equal(inside++, 0);
		sim_point();
		entered++;
		inside--;
		unlock_page(page);
	}
}

static void pagelock_I1_one_at_a_time(void **state)
{
	for (int i = 0; i < 4; i++)
		assert_non_null(sim_spawn(critical, NULL, i % 2));
	sim_run();
	assert_int_equal(entered, 200);
	assert_false(page_test(page, PG_locked));
}

static void pagelock_try_does_not_wait(void **state)
{
	assert_true(trylock_page(page));
	assert_false(trylock_page(page));
	unlock_page(page);
	assert_true(trylock_page(page));
	unlock_page(page);
}

static int killed_result;

static void wait_to_be_killed(void *arg)
{
	killed_result = lock_page_killable(page);
}

static void pagelock_killable_ends_with_eintr(void **state)
{
	struct thread *victim;

	killed_result = 1;
	assert_true(trylock_page(page));
	victim = sim_spawn(wait_to_be_killed, NULL, 1);
	sim_kill(victim);
	sim_run();
	assert_int_equal(killed_result, -EINTR);
	unlock_page(page);
	assert_true(trylock_page(page)); /* the waiter left nothing behind */
	unlock_page(page);
}

#define world_test(f) cmocka_unit_test_setup_teardown(f, begin, end)

int main(void)
{
	const struct CMUnitTest tests[] = {
		world_test(page_I1_states_change_along_the_edges),
		cmocka_unit_test(page_misuse_is_fatal),
		world_test(page_found_by_its_number),
		world_test(pages_found_by_number_while_they_come_and_go),
		world_test(pagelock_I1_one_at_a_time),
		world_test(pagelock_try_does_not_wait),
		world_test(pagelock_killable_ends_with_eintr),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
