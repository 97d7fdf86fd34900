/* From a page to its entries: through forks, splits, moves and files; families of anon_vmas; at the same time as changes. */
#include "arch/pt.h"
#include "mm/aspace/anon_vma_impl.h"
#include "mm/pt.h"
#include "mm/rmap.h"
#include "sim/fakestore.h"
#include "sim/mm_test.h"

struct found {
	unsigned nr;
	uaddr_t addr[16];
};

static int note(const struct rmap_entry *e, void *arg)
{
	struct found *f = arg;

	assert_ptr_equal(pfn_to_page(pte_pfn(pte_read(e->pte))), e->page);
	assert_true(f->nr < 16);
	f->addr[f->nr++] = e->addr;
	return 0;
}

static unsigned users(struct page *page, struct found *f)
{
	f->nr = 0;
	lock_page(page);
	assert_int_equal(rmap_walk(page, 0, note, f), 0);
	unlock_page(page);
	return f->nr;
}

static unsigned nr_users(struct page *page)
{
	struct found f;

	return users(page, &f);
}

static void a_page_of_one_program(void **state)
{
	struct mm_struct *mm = new_mm();
	struct found f;

	(void)state;
	map_at(mm, BASE, P(8), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE + P(5), 1);
	assert_int_equal(users(page_at(mm, BASE + P(5)), &f), 1);
	assert_int_equal(f.addr[0], BASE + P(5));
	assert_ptr_equal(page_anon_vma(page_at(mm, BASE + P(5))), find_vma(mm, BASE)->anon_vma);
	rmap_check();
	end_mm(mm);
}

/* The child sees what was there before the fork in common with the parent; what comes later is each one's own. */
static void generations_share_what_was_before_the_fork(void **state)
{
	struct mm_struct *mm = new_mm(), *child, *grandchild;
	struct page *page;

	(void)state;
	map_at(mm, BASE, P(4), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 1);
	page = page_at(mm, BASE);
	assert_int_equal(mm_dup(mm, &child), 0);
	assert_int_equal(mm_dup(child, &grandchild), 0);
	assert_int_equal(nr_users(page), 3);
	sim_poke(child, BASE, 2);
	assert_int_equal(nr_users(page), 2);
	assert_ptr_equal(page_anon_vma(page_at(child, BASE)), find_vma(child, BASE)->anon_vma);
	assert_ptr_not_equal(find_vma(child, BASE)->anon_vma, find_vma(mm, BASE)->anon_vma);
	rmap_check();
	end_mm(mm); /* the first of the family: its pages live on below */
	assert_int_equal(nr_users(page), 1);
	rmap_check();
	end_mm(child);
	rmap_check();
	assert_int_equal(sim_peek(grandchild, BASE), 1);
	end_mm(grandchild);
}

static void splits_merges_and_moves_keep_the_way(void **state)
{
	struct mm_struct *mm = new_mm(), *child;
	struct page *page;
	struct found f;

	(void)state;
	map_at(mm, BASE, P(9), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 9; i++)
		sim_poke(mm, BASE + P(i), (uint8_t)i);
	assert_int_equal(mm_dup(mm, &child), 0);
	page = page_at(mm, BASE + P(4));
	assert_int_equal(vm_protect(mm, BASE + P(3), P(3), PROT_READ), 0);
	assert_int_equal(nr_users(page), 2);
	rmap_check();
	assert_int_equal(vm_protect(mm, BASE + P(3), P(3), RW), 0);
	assert_string_equal(picture(mm), "0-9rw-");
	rmap_check();
	assert_int_equal(vm_unmap(mm, BASE + P(2), P(2)), 0);
	assert_int_equal(
		vm_remap(mm, BASE + P(4), P(3), P(3), MREMAP_MAYMOVE | MREMAP_FIXED, BASE + P(40)),
		BASE + P(40));
	assert_int_equal(users(page, &f), 2);
	assert_true(f.addr[0] == BASE + P(40) || f.addr[1] == BASE + P(40));
	rmap_check();
	end_mm(child);
	end_mm(mm);
}

static void mremap_that_leaves_the_old_vma_cuts_it_off(void **state)
{
	struct mm_struct *mm = new_mm();
	struct page *page;

	(void)state;
	map_at(mm, BASE, P(4), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE + P(1), 1);
	page = page_at(mm, BASE + P(1));
	assert_int_equal(vm_remap(mm, BASE, P(4), P(4),
				  MREMAP_MAYMOVE | MREMAP_FIXED | MREMAP_DONTUNMAP, BASE + P(9)),
			 BASE + P(9));
	assert_null(find_vma(mm, BASE)->anon_vma);
	assert_int_equal(nr_users(page), 1);
	sim_poke(mm, BASE + P(1), 2);
	assert_ptr_not_equal(page_anon_vma(page_at(mm, BASE + P(1))), page_anon_vma(page));
	rmap_check();
	end_mm(mm);
}

static void a_files_page_and_its_private_copies(void **state)
{
	struct address_space *m = shmem_anon_create(P(8), false);
	struct mm_struct *a = new_mm(), *b = new_mm();
	struct page *page;
	struct found f;

	(void)state;
	map_file(a, BASE, P(8), RW, MAP_SHARED | MAP_FIXED, m, 0);
	map_file(b, BASE + P(20), P(4), RW, MAP_SHARED | MAP_FIXED, m, 3);
	map_file(b, BASE + P(40), P(4), RW, MAP_PRIVATE | MAP_FIXED, m, 4);
	sim_poke(a, BASE + P(5), 9);
	page = page_at(a, BASE + P(5));
	assert_int_equal(sim_peek(b, BASE + P(22)), 9);
	assert_int_equal(sim_peek(b, BASE + P(41)), 9);
	assert_int_equal(users(page, &f), 3);
	sim_poke(b, BASE + P(41), 1); /* a copy: anonymous, found through the vma's anon_vma */
	assert_int_equal(nr_users(page), 2);
	assert_int_equal(users(page_at(b, BASE + P(41)), &f), 1);
	assert_int_equal(f.addr[0], BASE + P(41));
	rmap_check();
	end_mm(a);
	assert_int_equal(nr_users(page), 1);
	end_mm(b);
	m->ops->drop(m);
}

static unsigned chains_of_first_vma(struct mm_struct *mm)
{
	return anon_vma_chains_of(vma_first(mm));
}

/* A daemon that forks and lets its child go on, a thousand times, does not carry all its ancestors along. */
static void anon_vma_I5_unused_ones_serve_again(void **state)
{
	struct mm_struct *mm = new_mm(), *child;

	(void)state;
	map_at(mm, BASE, P(2), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 50; i++) {
		sim_poke(mm, BASE, (uint8_t)i);
		assert_int_equal(mm_dup(mm, &child), 0);
		sim_poke(mm, BASE + P(1), (uint8_t)i);
		end_mm(mm);
		mm = child;
		assert_in_range(chains_of_first_vma(mm), 1, 3);
		rmap_check();
	}
	assert_int_equal(sim_peek(mm, BASE), 49);
	end_mm(mm);
}

static int stop(const struct rmap_entry *e, void *arg)
{
	(void)e;
	++*(unsigned *)arg;
	return 7;
}

static void a_walk_can_be_ended(void **state)
{
	struct mm_struct *mm = new_mm(), *child;
	struct page *page;
	unsigned calls = 0;

	(void)state;
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 1);
	assert_int_equal(mm_dup(mm, &child), 0);
	page = page_at(mm, BASE);
	assert_int_equal(rmap_walk(page, 0, stop, &calls), 7);
	assert_int_equal(calls, 1);
	end_mm(child);
	end_mm(mm);
}

static void an_unmapped_page_has_no_anon_vma_any_more(void **state)
{
	struct mm_struct *mm = new_mm();
	struct page *page;
	struct anon_vma *av;

	(void)state;
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 1);
	assert_int_equal(get_user_page(mm, BASE, true, &page), 0);
	av = page_get_anon_vma(page);
	assert_non_null(av);
	assert_int_equal(vm_unmap(mm, BASE, P(1)),
			 0); /* the vma is gone, the lookup's reference holds */
	assert_null(page_get_anon_vma(page));
	assert_int_equal(nr_users(page), 0);
	put_anon_vma(av);
	assert_null(page_get_anon_vma(page)); /* memory that is gone is not looked at */
	put_page(page);
	end_mm(mm);
}

/* ---- what walks are for ---- */

static unsigned long flags_seen;

static int referenced(struct page *page)
{
	int n;

	lock_page(page);
	n = page_referenced(page, &flags_seen);
	unlock_page(page);
	return n;
}

static void accessed_bits_are_taken_from_all(void **state)
{
	struct mm_struct *mm = new_mm(), *child;
	struct page *page;

	(void)state;
	map_at(mm, BASE, P(2), RW, ANON | MAP_FIXED);
	assert_int_equal(vm_lock(mm, BASE, P(1), VM_LOCKED), 0);
	sim_poke(mm, BASE, 1);
	page = page_at(mm, BASE);
	assert_int_equal(mm_dup(mm, &child), 0);
	assert_int_equal(sim_peek(child, BASE), 1);
	assert_int_equal(referenced(page), 2);
	assert_int_equal(referenced(page), 0);
	assert_true(flags_seen & VM_LOCKED);
	end_mm(child);
	end_mm(mm);
}

static void idle_tracking_and_reclaim_do_not_disturb_each_other(void **state)
{
	struct mm_struct *mm = new_mm();
	struct page *page;

	(void)state;
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 1);
	page = page_at(mm, BASE);
	page_set(page, PG_idle);
	page_idle_clear_refs(page); /* used: not idle, and reclaim shall know */
	assert_false(page_test(page, PG_idle));
	assert_int_equal(referenced(page), 1);
	page_set(page, PG_idle);
	page_idle_clear_refs(page);
	assert_true(page_test(page, PG_idle));
	assert_int_equal(referenced(page), 0);
	assert_true(page_test(page, PG_idle));
	end_mm(mm);
}

/* What write-back does before it writes a page out. */
static int clean(struct page *page)
{
	int n;

	lock_page(page);
	page_clear(page, PG_dirty);
	n = page_mkclean(page);
	unlock_page(page);
	return n;
}

static void mkclean_makes_the_next_write_noticed(void **state)
{
	struct mm_struct *mm = new_mm(), *other = new_mm();
	static struct fake_store store;
	struct page *page;

	(void)state;
	fake_store_begin(&store, 4);
	map_file(mm, BASE, P(4), RW, MAP_SHARED | MAP_FIXED, &store.m, 0);
	map_file(other, BASE, P(2), RW, MAP_SHARED | MAP_FIXED, &store.m, 1);
	map_file(other, BASE + P(8), P(4), RW, MAP_PRIVATE | MAP_FIXED, &store.m, 0);
	sim_poke(mm, BASE + P(1), 1);
	sim_poke(other, BASE, 2);
	sim_poke(other, BASE + P(9), 3); /* its own copy: not write-back's business */
	page = page_at(mm, BASE + P(1));
	assert_true(page_test(page, PG_dirty));
	assert_int_equal(clean(page), 2);
	assert_int_equal(clean(page), 0);
	assert_int_equal(sim_peek(mm, BASE + P(1)), 2);
	assert_false(page_test(page, PG_dirty));
	sim_poke(other, BASE, 4);
	assert_true(page_test(page, PG_dirty));
	assert_int_equal(clean(page), 1);
	sim_poke(other, BASE + P(9), 5);
	assert_false(page_test(page, PG_dirty));
	end_mm(other);
	end_mm(mm);
	fake_store_end(&store);
}

static void unmapped_everywhere_and_faulted_in_again(void **state)
{
	struct address_space *m = shmem_anon_create(P(4), false);
	struct mm_struct *mm = new_mm(), *other = new_mm();
	struct page *page;

	(void)state;
	map_file(mm, BASE, P(4), RW, MAP_SHARED | MAP_FIXED, m, 0);
	map_file(other, BASE, P(4), PROT_READ, MAP_PRIVATE | MAP_FIXED, m, 0);
	sim_poke(mm, BASE + P(2), 6);
	assert_int_equal(sim_peek(other, BASE + P(2)), 6);
	page = mapping_find(m, 2);
	lock_page(page);
	assert_true(try_to_unmap(page));
	unlock_page(page);
	assert_int_equal(page_ref_count(page), 2); /* the cache's and ours */
	put_page(page);
	assert_int_equal(mm_rss(mm), 0);
	assert_null(page_at(other, BASE + P(2)));
	assert_int_equal(sim_peek(other, BASE + P(2)), 6);
	assert_int_equal(sim_peek(mm, BASE + P(2)), 6);
	rmap_check();
	end_mm(other);
	end_mm(mm);
	m->ops->drop(m);
}

static void nth_failure_of_split_and_fork(void **state)
{
	(void)state;
	for (unsigned n = 1;; n++) {
		struct mm_struct *mm = new_mm(), *child, *next;
		int err;

		map_at(mm, BASE, P(8), RW, ANON | MAP_FIXED);
		sim_poke(mm, BASE + P(3), 1);
		assert_int_equal(mm_dup(mm, &child), 0);
		sim_poke(child, BASE + P(2), 1);
		failpoint_arm(n);
		err = vm_protect(child, BASE + P(2), P(3), PROT_READ);
		if (!err)
			err = vm_unmap(child, BASE + P(6), P(1));
		if (!err)
			err = mm_dup(child, &next);
		failpoint_arm(0);
		rmap_check();
		if (!err)
			end_mm(next);
		end_mm(child);
		end_mm(mm);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_true(n < 100);
	}
}

/* ---- at the same time ---- */

enum { BUSY_PAGES = 12 };
static struct mm_struct *busy;
static bool over;

static void thread_forks(void *arg)
{
	(void)arg;
	sim_use_mm(busy);
	for (unsigned k = 0; k < 15; k++) {
		struct mm_struct *child;

		if (mm_dup(busy, &child))
			continue;
		for (unsigned i = 0; i < 4; i++)
			sim_poke(child, BASE + P(sim_random(BUSY_PAGES)), 2);
		mmput(child);
	}
	over = true;
}

/* Moves a part there and back, discards, writes again. */
static void thread_moves(void *arg)
{
	(void)arg;
	sim_use_mm(busy);
	while (!over) {
		unsigned long at = BASE + P(100 + sim_random(8));

		must(vm_remap(busy, BASE + P(100), P(8), P(8), MREMAP_MAYMOVE | MREMAP_FIXED,
			      BASE + P(200)) > 0);
		must(vm_remap(busy, BASE + P(200), P(8), P(8), MREMAP_MAYMOVE | MREMAP_FIXED,
			      BASE + P(100)) > 0);
		must(vm_advise(busy, at, P(1), MADV_DONTNEED) == 0);
		sim_poke(busy, at, 1);
	}
}

static int count_one(const struct rmap_entry *e, void *arg)
{
	(void)e;
	++*(int *)arg;
	return 0;
}

/* A pinned page stays what it is; who maps it changes all the time. */
static void thread_walks(void *arg)
{
	(void)arg;
	while (!over) {
		unsigned long at =
			BASE + P(sim_random(2) ? 100 + sim_random(8) : sim_random(BUSY_PAGES));
		struct page *page;
		int n = 0;

		if (get_user_page(busy, at, false, &page))
			continue; /* just moved away */
		lock_page(page);
		must(rmap_walk(page, 0, count_one, &n) == 0);
		must(n <= 3); /* the parent and the children alive */
		unlock_page(page);
		put_page(page);
	}
}

static void walks_while_programs_change(void **state)
{
	struct sim_config cfg = { .nr_cpus = 4 };

	(void)state;
	for (cfg.seed = 1; cfg.seed <= 8; cfg.seed++) {
		sim_world_begin(&cfg);
		busy = new_mm();
		over = false;
		map_at(busy, BASE, P(BUSY_PAGES), RW, ANON | MAP_FIXED);
		map_at(busy, BASE + P(100), P(8), RW, ANON | MAP_FIXED);
		for (unsigned i = 0; i < BUSY_PAGES; i++)
			sim_poke(busy, BASE + P(i), 1);
		for (unsigned i = 0; i < 8; i++)
			sim_poke(busy, BASE + P(100 + i), 1);
		sim_spawn(thread_forks, NULL, 0);
		sim_spawn(thread_moves, NULL, 1);
		sim_spawn(thread_walks, NULL, 2);
		sim_spawn(thread_walks, NULL, 3);
		sim_run();
		rmap_check();
		end_mm(busy);
		sim_world_end();
	}
}

/* Threads that touch one vma for the first time at once agree on its anon_vma. */
static void thread_first_touch(void *arg)
{
	sim_use_mm(busy);
	sim_poke(busy, BASE + P((uintptr_t)arg), 1);
}

static void first_touches_at_once(void **state)
{
	struct sim_config cfg = { .nr_cpus = 4 };

	(void)state;
	for (cfg.seed = 1; cfg.seed <= 20; cfg.seed++) {
		sim_world_begin(&cfg);
		busy = new_mm();
		map_at(busy, BASE, P(4), RW, ANON | MAP_FIXED);
		map_at(busy, BASE + P(4), P(4), RW | PROT_EXEC, ANON | MAP_FIXED);
		for (uintptr_t i = 0; i < 8; i++)
			sim_spawn(thread_first_touch, (void *)i, -1);
		sim_run();
		rmap_check();
		end_mm(busy);
		sim_world_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_page_of_one_program),
		T(generations_share_what_was_before_the_fork),
		T(splits_merges_and_moves_keep_the_way),
		T(mremap_that_leaves_the_old_vma_cuts_it_off),
		T(a_files_page_and_its_private_copies),
		T(anon_vma_I5_unused_ones_serve_again),
		T(a_walk_can_be_ended),
		T(an_unmapped_page_has_no_anon_vma_any_more),
		T(accessed_bits_are_taken_from_all),
		T(idle_tracking_and_reclaim_do_not_disturb_each_other),
		T(mkclean_makes_the_next_write_noticed),
		T(unmapped_everywhere_and_faulted_in_again),
		T(nth_failure_of_split_and_fork),
		cmocka_unit_test(walks_while_programs_change),
		cmocka_unit_test(first_touches_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
