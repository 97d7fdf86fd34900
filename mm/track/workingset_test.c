/* Pages that come back from swap: exact distances, what makes active, counters, and what is known of a page that left. */
#include "sim/swap_test.h"

#include "mm/lru.h"
#include "mm/rmap.h"
#include "mm/workingset.h"

enum { N = 16 };

static long figure(enum node_stat_item item)
{
	return (long)global_node_stat(item);
}

static struct mm_struct *pages_of_a_program(void)
{
	struct mm_struct *mm = new_mm();

	sysctl_page_cluster = 0;
	swap_world(100);
	map_at(mm, BASE, P(N), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < N; i++)
		sim_poke(mm, BASE + P(i), 1);
	return mm;
}

static void end(struct mm_struct *mm)
{
	lru_check();
	end_mm(mm);
	swap_world_end();
	sysctl_page_cluster = 3;
}

/* With @active active pages, one that comes back after @others have left. Return: it is active. */
static bool comes_back_active(unsigned active, unsigned others)
{
	struct mm_struct *mm = pages_of_a_program();
	bool is_active;

	for (unsigned i = 0; i < active; i++)
		lru_activate(page_at(mm, BASE + P(N - 1 - i)));
	for (unsigned i = 0; i <= others; i++)
		assert_int_equal(push(mm, BASE + P(i)), PAGEOUT_FREED);
	assert_int_equal(lru_size(node_data[0], LRU_ACTIVE_ANON), active);
	assert_int_equal(sim_peek(mm, BASE), 1);
	is_active = page_test(page_at(mm, BASE), PG_active);
	assert_int_equal(figure(WORKINGSET_REFAULT_ANON), 1);
	assert_int_equal(figure(WORKINGSET_ACTIVATE_ANON), is_active);
	assert_int_equal(lru_size(node_data[0], LRU_ACTIVE_ANON), active + is_active);
	end(mm);
	return is_active;
}

/* The page itself and each that left after it are the distance; room is what is active. */
static void distances_are_exact(void **state)
{
	(void)state;
	for (unsigned others = 0; others < 8; others++) {
		for (unsigned active = 0; active < 8; active++) {
			assert_int_equal(comes_back_active(active, others), others + 1 <= active);
			sim_world_end();
			sim_world_begin(NULL);
		}
	}
}

static void activations_count(void **state)
{
	struct mm_struct *mm = pages_of_a_program();

	(void)state;
	assert_int_equal(push(mm, BASE), PAGEOUT_FREED);
	for (unsigned i = 1; i <= 5; i++) /* distance 6, room 5 */
		lru_activate(page_at(mm, BASE + P(i)));
	assert_int_equal(sim_peek(mm, BASE), 1);
	assert_false(page_test(page_at(mm, BASE), PG_active));
	end(mm);
}

/* What was active and is again: restored. */
static void once_active_is_known(void **state)
{
	struct mm_struct *mm = pages_of_a_program();

	(void)state;
	for (unsigned i = 0; i < 4; i++)
		lru_activate(page_at(mm, BASE + P(N - 1 - i)));
	page_set(page_at(mm, BASE), PG_workingset); /* a scan made it inactive */
	assert_int_equal(push(mm, BASE), PAGEOUT_FREED);
	assert_int_equal(push(mm, BASE + P(1)), PAGEOUT_FREED);
	assert_int_equal(sim_peek(mm, BASE), 1);
	assert_true(page_test(page_at(mm, BASE), PG_workingset));
	assert_int_equal(figure(WORKINGSET_RESTORE_ANON), 1);
	assert_int_equal(sim_peek(mm, BASE + P(1)), 1);
	assert_int_equal(figure(WORKINGSET_RESTORE_ANON), 1);
	assert_int_equal(figure(WORKINGSET_REFAULT_ANON), 2);
	assert_int_equal(figure(WORKINGSET_REFAULT_FILE), 0);
	end(mm);
}

/* A slot that nobody wants has no memory of its page. */
static void shadows_go_with_their_slot(void **state)
{
	struct mm_struct *mm = pages_of_a_program();

	(void)state;
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(push(mm, BASE + P(i)), PAGEOUT_FREED);
	assert_int_equal(vm_advise(mm, BASE, P(N), MADV_DONTNEED), 0);
	swap_check();
	assert_int_equal(swap_pages_free(), 100);
	for (unsigned i = 0; i < N; i++)
		sim_poke(mm, BASE + P(i), 2);
	assert_int_equal(push(mm, BASE), PAGEOUT_FREED);
	assert_int_equal(sim_peek(mm, BASE), 2);
	assert_int_equal(figure(WORKINGSET_REFAULT_ANON), 1);
	end(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(distances_are_exact),
		IN_WORLD(activations_count),
		IN_WORLD(once_active_is_known),
		IN_WORLD(shadows_go_with_their_slot),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
