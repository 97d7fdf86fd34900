/* KSM: what becomes one page, what the counters say, and what a write, a fork, an exit and an unmerge undo. */
#include "mm/ksm.h"
#include "sim/mm_test.h"

#include "mm/aspace/ksm_impl.h"
#include "mm/vmevent.h"
#include "mm/zone.h"

static int world(void **state)
{
	int err = mm_world_begin(state);

	ksm_pages_to_scan = 100000;
	ksm_sleep_ms = 1;
	ksm_max_page_sharing = 256;
	ksm_use_zero_pages = false;
	ksm_merge_across_nodes = true;
	assert_int_equal(ksm_set_run(KSM_MERGE), 0);
	return err;
}

static int world_gone(void **state)
{
	struct ksm_counts c;

	assert_int_equal(ksm_set_run(KSM_UNMERGE), 0);
	ksm_get_counts(&c);
	assert_int_equal(c.shared + c.sharing + c.unshared + c.items + c.chains + c.dups, 0);
	return mm_world_end(state);
}

/* A whole round, from its beginning. */
static void round_of_scan(void)
{
	unsigned long rounds = ksm_counts.full_scans;

	while (ksm_counts.full_scans == rounds && ksm_step() != KSM_IDLE)
		;
	rmap_check();
}

static void rounds(unsigned n)
{
	while (n--)
		round_of_scan();
}

static void expect(unsigned long shared, unsigned long sharing, unsigned long unshared,
		   unsigned long items)
{
	struct ksm_counts c;

	ksm_get_counts(&c);
	assert_int_equal(c.shared, shared);
	assert_int_equal(c.sharing, sharing);
	assert_int_equal(c.unshared, unshared);
	assert_int_equal(c.items, items);
}

/* @n pages at BASE, of the contents @byte, mergeable. */
static void fill(struct mm_struct *mm, unsigned first, unsigned n, uint8_t byte)
{
	map_at(mm, BASE + P(first), P(n), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < n; i++)
		sim_poke(mm, BASE + P(first + i) + 7, byte);
	assert_int_equal(vm_advise(mm, BASE + P(first), P(n), MADV_MERGEABLE), 0);
}

static void equal_pages_become_one(void **state)
{
	struct mm_struct *mm = new_mm(), *other = new_mm();
	unsigned long cows = vm_event_sum(COW_KSM);

	(void)state;
	fill(mm, 0, 6, 1);
	fill(other, 3, 4, 1);
	fill(mm, 6, 1, 2);
	rounds(1);
	expect(0, 0, 0, 11); /* seen for the first time */
	rounds(1);
	expect(1, 9, 1, 11);
	assert_int_equal(mm->ksm_merging_pages, 6);
	assert_int_equal(other->ksm_merging_pages, 4);
	for (unsigned i = 0; i < 6; i++)
		assert_ptr_equal(page_at(mm, BASE + P(i)), page_at(other, BASE + P(3)));
	assert_true(page_is_ksm(page_at(mm, BASE)));
	assert_int_equal(page_mapcount(page_at(mm, BASE)), 10);
	assert_int_equal(mm_rss(mm), 7);
	rounds(3);
	expect(1, 9, 1, 11);
	/* A write copies; the scan finds out. */
	sim_poke(mm, BASE + P(2), 9);
	assert_int_equal(vm_event_sum(COW_KSM), cows + 1);
	assert_int_equal(sim_peek(other, BASE + P(3)), 0);
	assert_int_equal(sim_peek(mm, BASE + P(2) + 7), 1);
	expect(1, 9, 1, 11);
	rounds(3);
	expect(1, 8, 2, 11);
	end_mm(mm);
	end_mm(other);
	rounds(1);
	expect(0, 0, 0, 0);
}

static void what_changes_is_left_alone(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	fill(mm, 0, 2, 1);
	for (uint8_t k = 2; k < 8; k++) {
		rounds(1);
		expect(0, 0, 0, 2);
		sim_poke(mm, BASE, k);
		sim_poke(mm, BASE + P(1), k);
	}
	rounds(2);
	expect(1, 1, 0, 2);
	assert_int_equal(vm_unmap(mm, BASE, P(1)), 0);
	rounds(1);
	expect(1, 0, 0, 1);
	end_mm(mm);
}

static void unmergeable_gets_its_pages_back(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	fill(mm, 0, 4, 1);
	rounds(2);
	expect(1, 3, 0, 4);
	assert_int_equal(vm_protect(mm, BASE + P(1), P(1), PROT_READ), 0);
	assert_int_equal(vm_advise(mm, BASE, P(2), MADV_UNMERGEABLE), 0);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(page_is_ksm(page_at(mm, BASE + P(i))), i >= 2);
	assert_int_equal(sim_write(mm, BASE + P(1), "x", 1), FAULT_ACCERR);
	assert_int_equal(sim_peek(mm, BASE + P(1) + 7), 1);
	rounds(1);
	expect(1, 1, 0, 2);
	assert_int_equal(ksm_set_run(KSM_UNMERGE), 0);
	expect(0, 0, 0, 0);
	assert_int_equal(ksm_counts.full_scans, 0);
	assert_false(page_is_ksm(page_at(mm, BASE + P(3))));
	assert_int_equal(ksm_set_run(3), -EINVAL);
	end_mm(mm);
}

static void children_share_on(void **state)
{
	struct mm_struct *mm = new_mm(), *child, *late;

	(void)state;
	fill(mm, 0, 2, 1);
	rounds(2);
	assert_int_equal(mm_dup(mm, &child), 0);
	rmap_check();
	assert_int_equal(page_mapcount(page_at(mm, BASE)), 4);
	rounds(1);
	expect(1, 3, 0, 4);
	assert_int_equal(mm_dup(child, &late), 0);
	end_mm(child);
	end_mm(mm);
	rounds(2);
	expect(1, 1, 0, 2);
	assert_int_equal(sim_peek(late, BASE + 7), 1);
	sim_poke(late, BASE, 5);
	end_mm(late);
}

/* Pages that fork shares are merged with others: for one program at a time. */
static void pages_shared_by_fork_merge(void **state)
{
	struct mm_struct *mm = new_mm(), *child;

	(void)state;
	fill(mm, 0, 2, 1);
	assert_int_equal(mm_dup(mm, &child), 0);
	rounds(4);
	expect(1, 3, 0, 4);
	assert_ptr_equal(page_at(mm, BASE), page_at(child, BASE + P(1)));
	sim_poke(mm, BASE, 3);
	assert_int_equal(sim_peek(child, BASE), 0);
	end_mm(mm);
	end_mm(child);
}

static void a_page_has_so_many_sharers(void **state)
{
	struct mm_struct *mm = new_mm();
	struct ksm_counts c;

	(void)state;
	assert_int_equal(ksm_set_max_sharing(1), -EINVAL);
	assert_int_equal(ksm_set_max_sharing(4), 0);
	fill(mm, 0, 10, 1);
	rounds(3);
	expect(3, 7, 0, 10);
	ksm_get_counts(&c);
	assert_int_equal(c.chains, 1);
	assert_int_equal(c.dups, 3);
	assert_int_equal(ksm_set_max_sharing(5), -EBUSY);
	assert_int_equal(ksm_set_across_nodes(false), -EBUSY);
	assert_int_equal(vm_unmap(mm, BASE, P(10)), 0);
	rounds(2);
	assert_int_equal(ksm_set_max_sharing(5), 0);
	end_mm(mm);
}

/* All contents change at once: what was shared is found gone in the middle of the search for others. */
static void contents_change_all_at_once(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(24), RW, ANON | MAP_FIXED);
	assert_int_equal(vm_advise(mm, BASE, P(24), MADV_MERGEABLE), 0);
	for (unsigned k = 0; k < 12; k++) {
		unsigned kinds = k % 2 ? 12 : 2;

		for (unsigned i = 0; i < 24; i++)
			sim_poke(mm, BASE + P(i),
				 (uint8_t)(1 + (i * 7 + k * 5) % kinds + 100 * (i >= 20)));
		rounds(3);
		assert_int_equal(ksm_counts.unshared + ksm_counts.shared + ksm_counts.sharing, 24);
		assert_int_equal(ksm_counts.chains, 0);
		assert_true(ksm_counts.shared <= kinds * 2);
	}
	end_mm(mm);
}

/* A shared page goes in the middle of a round: the search that meets it finds what lies behind it all the same. */
static void a_gone_page_hides_no_other(void **state)
{
	static const uint8_t bytes[] = { 9, 8, 1, 1, 5, 5 };
	struct mm_struct *mm = new_mm();
	unsigned long full;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(bytes); i++)
		fill(mm, i, 1, bytes[i]);
	rounds(3);
	expect(2, 2, 2, 6); /* the pages of 1 are the tree's root, those of 5 its greater child */
	ksm_pages_to_scan = 1;
	full = ksm_counts.full_scans;
	assert_int_not_equal(ksm_step(), KSM_IDLE);
	sim_poke(mm, BASE + P(2) + 7, 20);
	sim_poke(mm, BASE + P(3) + 7, 21);
	sim_poke(mm, BASE + P(1) + 7, 5);
	while (ksm_counts.full_scans == full && ksm_step() != KSM_IDLE)
		;
	expect(1, 2, 1, 6);
	rmap_check();
	end_mm(mm);
}

static void zeroes_become_the_zero_page(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	ksm_use_zero_pages = true;
	fill(mm, 0, 3, 0);
	rounds(3);
	expect(0, 0, 0, 0);
	assert_int_equal(mm_rss(mm), 0);
	assert_int_equal(sim_peek(mm, BASE), 0);
	sim_poke(mm, BASE, 1);
	end_mm(mm);
}

static void held_pages_stay_and_shared_ones_move(void **state)
{
	struct mm_struct *mm = new_mm();
	struct page *page;
	uint8_t byte = 3;

	(void)state;
	fill(mm, 0, 2, 1);
	assert_int_equal(get_user_page(mm, BASE, true, &page), 0);
	rounds(4);
	assert_ptr_equal(page_at(mm, BASE), page); /* who holds it may write */
	assert_int_equal(ksm_counts.sharing, 0);
	put_page(page);
	rounds(3);
	expect(1, 1, 0, 2);
	page = page_at(mm, BASE);
	assert_int_equal(sim_migrate(mm, BASE, true), 0);
	assert_ptr_not_equal(page_at(mm, BASE), page);
	assert_false(page_is_ksm(page));
	assert_ptr_equal(page_at(mm, BASE + P(1)), page_at(mm, BASE));
	rounds(1);
	expect(1, 1, 0, 2);
	fill(mm, 2, 1, 1); /* the moved one is found by its contents */
	rounds(2);
	expect(1, 2, 0, 3);
	assert_ptr_equal(page_at(mm, BASE + P(2)), page_at(mm, BASE));
	assert_int_equal(get_user_page(mm, BASE, true, &page), 0); /* a copy of its own */
	assert_false(page_is_ksm(page));
	put_page(page);
	assert_int_equal(mm_access(mm, BASE + P(1), &byte, 1, true), 1);
	end_mm(mm);
}

static void moved_and_locked_pages(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	sim_limits.memlock = P(100);
	fill(mm, 0, 4, 1);
	assert_int_equal(vm_lock(mm, BASE, P(4), VM_LOCKED), 0);
	rounds(3);
	expect(1, 3, 0, 4);
	assert_int_equal(global_zone_stat(NR_MLOCK), 1);
	assert_int_equal(
		vm_remap(mm, BASE, P(2), P(2), MREMAP_MAYMOVE | MREMAP_FIXED, BASE + P(20)),
		BASE + P(20));
	rmap_check();
	rounds(2);
	expect(1, 3, 0, 4);
	assert_int_equal(vm_lock(mm, BASE, P(40), 0), -ENOMEM);
	end_mm(mm);
	assert_int_equal(global_zone_stat(NR_MLOCK), 0);
}

static void nth_failure_merges_less(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	failpoint_arm(1);
	map_at(mm, BASE, P(4), RW, ANON | MAP_FIXED);
	failpoint_arm(1);
	(void)!vm_advise(mm, BASE, P(4), MADV_MERGEABLE);
	failpoint_arm(0);
	fill(mm, 0, 4, 1);
	for (unsigned n = 1; n < 12; n++) {
		failpoint_arm(n);
		for (unsigned k = 0; k < 4; k++)
			(void)ksm_step();
		failpoint_arm(0);
		mm_check(mm);
		rmap_check();
		assert_int_equal(sim_peek(mm, BASE + P(3) + 7), 1);
	}
	rounds(3);
	expect(1, 3, 0, 4);
	end_mm(mm);
}

/* ---- at the same time ---- */

enum { BUSY_PAGES = 8 };
static struct mm_struct *busy;
static unsigned writers;

static void thread_writes(void *arg)
{
	unsigned long me = (unsigned long)arg;
	uint8_t seen[BUSY_PAGES] = { 0 };

	sim_use_mm(busy);
	for (unsigned k = 0; k < 600; k++) {
		unsigned i = (unsigned)sim_random(BUSY_PAGES);

		must(sim_peek(busy, BASE + P(i) + me) == seen[i]);
		seen[i] = (uint8_t)sim_random(2);
		sim_poke(busy, BASE + P(i) + me, seen[i]);
	}
	writers--;
}

static void thread_scans(void *arg)
{
	(void)arg;
	while (writers)
		(void)ksm_step();
}

static void thread_disturbs(void *arg)
{
	(void)arg;
	while (writers) {
		unsigned long at = BASE + P(sim_random(BUSY_PAGES));
		struct mm_struct *child;

		if (mm_dup(busy, &child))
			continue;
		(void)sim_migrate(busy, at, true);
		must(vm_advise(child, at, P(1), MADV_UNMERGEABLE) == 0);
		must(vm_advise(child, at, P(1), MADV_DONTNEED) == 0);
		must(sim_peek(child, at) == 0);
		mmput(child);
	}
}

static void programs_write_while_pages_merge(void **state)
{
	struct sim_config cfg = { .nr_cpus = 4 };

	(void)state;
	for (cfg.seed = 1; cfg.seed <= 6; cfg.seed++) {
		sim_world_begin(&cfg);
		ksm_pages_to_scan = 8;
		must(ksm_set_run(KSM_MERGE) == 0);
		busy = new_mm();
		fill(busy, 0, BUSY_PAGES, 0);
		writers = 2;
		sim_spawn(thread_writes, (void *)0, 0);
		sim_spawn(thread_writes, (void *)1, 1);
		sim_spawn(thread_scans, NULL, 2);
		sim_spawn(thread_disturbs, NULL, 3);
		sim_run();
		rounds(2);
		end_mm(busy);
		must(ksm_set_run(KSM_UNMERGE) == 0);
		sim_world_end();
	}
}

#undef T
#define T(f) cmocka_unit_test_setup_teardown(f, world, world_gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(equal_pages_become_one),
		T(what_changes_is_left_alone),
		T(unmergeable_gets_its_pages_back),
		T(children_share_on),
		T(pages_shared_by_fork_merge),
		T(a_page_has_so_many_sharers),
		T(contents_change_all_at_once),
		T(a_gone_page_hides_no_other),
		T(zeroes_become_the_zero_page),
		T(held_pages_stay_and_shared_ones_move),
		T(moved_and_locked_pages),
		T(nth_failure_merges_less),
		cmocka_unit_test(programs_write_while_pages_merge),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
