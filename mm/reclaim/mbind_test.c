/* Pages that follow their policy: mbind's flags, migrate_pages, move_pages; two nodes. */
#include "sim/numa_test.h"

#include "mm/mapping.h"
#include "mm/rmap.h"

enum { STRICT = MPOL_MF_STRICT, MOVE = MPOL_MF_MOVE, MOVE_ALL = MPOL_MF_MOVE_ALL };

/* @n pages of node 0 at BASE, page i begins with i + 1. */
static struct mm_struct *mm_with_pages(unsigned n)
{
	struct mm_struct *mm = new_mm();

	map_at(mm, BASE, P(n), RW, ANON | MAP_FIXED);
	touch(mm, BASE, n);
	return mm;
}

static void assert_contents(struct mm_struct *mm, unsigned n)
{
	for (unsigned i = 0; i < n; i++)
		assert_int_equal(sim_peek(mm, BASE + P(i)), i + 1);
	rmap_check();
}

static void mbind_moves_what_is_elsewhere(void **state)
{
	struct mm_struct *mm = mm_with_pages(40);

	(void)state;
	assert_int_equal(bind(mm, BASE, 20, MPOL_BIND, 2, MOVE), 0);
	assert_string_equal(nodes_at(mm, BASE, 40), "1111111111111111111100000000000000000000");
	assert_int_equal(bind(mm, BASE, 4, MPOL_INTERLEAVE, 3, MOVE), 0);
	assert_string_equal(nodes_at(mm, BASE, 6),
			    "111111"); /* all on one of its nodes: none is misplaced */
	assert_int_equal(bind(mm, BASE, 40, MPOL_INTERLEAVE, 1, MOVE), 0);
	assert_string_equal(nodes_at(mm, BASE, 6), "000000");
	assert_contents(mm, 40);
	assert_int_equal(mm_rss(mm), 40);
	end_mm(mm);
}

static void strict_alone_only_looks(void **state)
{
	struct mm_struct *mm = mm_with_pages(4);
	struct mempolicy *pol;

	(void)state;
	assert_int_equal(bind(mm, BASE, 4, MPOL_BIND, 2, STRICT), -EIO);
	assert_int_equal(vm_get_policy(mm, BASE, &pol), 0);
	assert_null(pol);
	assert_int_equal(bind(mm, BASE, 4, MPOL_BIND, 1, STRICT), 0);
	assert_int_equal(bind(mm, BASE, 4, MPOL_BIND, 2, STRICT | MOVE), 0);
	assert_string_equal(nodes_at(mm, BASE, 4), "1111");
	end_mm(mm);
}

static void a_hole_is_a_fault(void **state)
{
	struct mm_struct *mm = mm_with_pages(8);

	(void)state;
	assert_int_equal(vm_unmap(mm, BASE + P(3), P(1)), 0);
	assert_int_equal(bind(mm, BASE, 8, MPOL_BIND, 2, MOVE), -EFAULT);
	assert_int_equal(bind(mm, BASE + P(3), 1, MPOL_BIND, 2, 0), -EFAULT);
	assert_int_equal(bind(mm, BASE + P(4), 5, MPOL_BIND, 2, 0), -EFAULT);
	assert_int_equal(vm_mbind(mm, BASE, BASE + P(8), NULL, 0, MOVE), 0);
	assert_string_equal(nodes_at(mm, BASE, 8), "000.0000");
	end_mm(mm);
}

static void shared_pages_need_move_all(void **state)
{
	struct mm_struct *mm = mm_with_pages(4), *child;

	(void)state;
	assert_int_equal(mm_dup(mm, &child), 0);
	touch(child, BASE, 1); /* page 0 is each one's own */
	assert_int_equal(bind(mm, BASE, 4, MPOL_BIND, 2, MOVE), 0);
	assert_string_equal(nodes_at(mm, BASE, 4), "1000");
	assert_int_equal(bind(mm, BASE, 4, MPOL_BIND, 2, MOVE_ALL), 0);
	assert_string_equal(nodes_at(mm, BASE, 4), "1111");
	assert_string_equal(nodes_at(child, BASE, 4), "0111");
	assert_contents(mm, 4);
	assert_contents(child, 4);
	end_mm(child);
	end_mm(mm);
}

static void who_holds_a_page_keeps_it(void **state)
{
	struct mm_struct *mm = mm_with_pages(2);
	struct page *page;

	(void)state;
	assert_int_equal(get_user_page(mm, BASE, true, &page), 0);
	assert_int_equal(bind(mm, BASE, 2, MPOL_BIND, 2, MOVE), 0);
	assert_string_equal(nodes_at(mm, BASE, 2), "01");
	assert_int_equal(bind(mm, BASE, 2, MPOL_LOCAL, 0, 0), 0);
	assert_int_equal(bind(mm, BASE, 2, MPOL_BIND, 2, MOVE | STRICT), -EIO);
	put_page(page);
	assert_int_equal(bind(mm, BASE, 2, MPOL_PREFERRED, 2, MOVE | STRICT), 0);
	assert_string_equal(nodes_at(mm, BASE, 2), "11");
	end_mm(mm);
}

static void cached_pages_move(void **state)
{
	struct address_space *m = shmem_anon_create(P(8), false);
	struct mm_struct *mm = new_mm();

	(void)state;
	map_file(mm, BASE, P(8), RW, MAP_SHARED | MAP_FIXED, m, 0);
	touch(mm, BASE, 8);
	assert_int_equal(bind(mm, BASE + P(2), 4, MPOL_BIND, 2, MOVE | STRICT), 0);
	assert_string_equal(nodes_at(mm, BASE, 8), "00111100");
	assert_contents(mm, 8);
	mapping_check(m);
	end_mm(mm);
	m->ops->drop(m);
}

static void all_pages_of_a_node_go_to_another(void **state)
{
	struct mm_struct *mm = mm_with_pages(40);

	(void)state;
	assert_int_equal(bind(mm, BASE, 10, MPOL_BIND, 2, MOVE), 0);
	assert_int_equal(vm_migrate_nodes(mm, 1, 2, false), 0);
	assert_string_equal(nodes_at(mm, BASE, 40), "1111111111111111111111111111111111111111");
	assert_int_equal(vm_migrate_nodes(mm, 1, 2, false), 0);
	assert_int_equal(vm_migrate_nodes(mm, 3, 3, false), 0); /* each to itself */
	assert_int_equal(vm_migrate_nodes(mm, 3, 1, false), 0);
	assert_string_equal(nodes_at(mm, BASE, 12), "000000000000");
	assert_contents(mm, 40);
	end_mm(mm);
}

static void pages_are_picked_one_by_one(void **state)
{
	struct mm_struct *mm = mm_with_pages(4), *child;
	struct page *pages[2];

	(void)state;
	map_at(mm, BASE + P(8), P(2), RW, ANON | MAP_FIXED);
	(void)sim_peek(mm, BASE + P(8));
	assert_int_equal(vm_page_status(mm, BASE), 0);
	assert_int_equal(vm_page_status(mm, BASE + P(8)), -EFAULT); /* the zero page */
	assert_int_equal(vm_page_status(mm, BASE + P(9)), -EFAULT); /* untouched */
	assert_int_equal(vm_page_status(mm, BASE + P(20)), -EFAULT);
	assert_int_equal(vm_page_pick(mm, BASE, 0, false, &pages[0]), 0);
	assert_int_equal(vm_page_pick(mm, BASE, 1, false, &pages[0]), 1);
	assert_int_equal(vm_page_pick(mm, BASE + P(3), 1, false, &pages[1]), 1);
	assert_int_equal(vm_pages_to_node(pages, 2, 1), 0);
	assert_string_equal(nodes_at(mm, BASE, 4), "1001");
	assert_int_equal(mm_dup(mm, &child), 0);
	assert_int_equal(vm_page_pick(mm, BASE, 0, false, &pages[0]), -EACCES);
	assert_int_equal(vm_page_pick(mm, BASE, 0, true, &pages[0]), 1);
	assert_int_equal(vm_pages_to_node(pages, 1, 0), 0);
	assert_string_equal(nodes_at(child, BASE, 4), "0001");
	assert_contents(mm, 4);
	end_mm(child);
	end_mm(mm);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T2(mbind_moves_what_is_elsewhere),
		T2(strict_alone_only_looks),
		T2(a_hole_is_a_fault),
		T2(shared_pages_need_move_all),
		T2(who_holds_a_page_keeps_it),
		T2(cached_pages_move),
		T2(all_pages_of_a_node_go_to_another),
		T2(pages_are_picked_one_by_one),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
