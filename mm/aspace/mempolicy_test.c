/* Memory policies: what they are, whose counts, where pages come from; two nodes. */
#include "sim/numa_test.h"

#include "mm/huge.h"
#include "mm/range.h"
#include "mm/thp.h"

static int make(unsigned mode, unsigned flags, nodemask_t nodes)
{
	struct mempolicy *pol;
	int err = mpol_new(mode, flags, nodes, &pol);

	mpol_put(pol);
	return err;
}

static void mempolicy_I1_modes_and_nodes_fit(void **state)
{
	const unsigned st = MPOL_F_STATIC_NODES, rel = MPOL_F_RELATIVE_NODES;
	struct mempolicy *pol;

	(void)state;
	assert_int_equal(make(MPOL_DEFAULT, 0, 0), 0);
	assert_int_equal(make(MPOL_DEFAULT, 0, 1), -EINVAL);
	assert_int_equal(make(MPOL_LOCAL, 0, 1), -EINVAL);
	assert_int_equal(make(MPOL_LOCAL, st, 0), -EINVAL);
	assert_int_equal(make(MPOL_PREFERRED, rel, 0), -EINVAL);
	assert_int_equal(make(MPOL_BIND, 0, 0), -EINVAL);
	assert_int_equal(make(MPOL_BIND, 0, 4), -EINVAL); /* no such node */
	assert_int_equal(make(MPOL_INTERLEAVE, st, 4), -EINVAL);
	assert_int_equal(mpol_new(MPOL_BIND, rel, 4 | 8, &pol), 0); /* 2, 3 of 0, 1 */
	assert_int_equal(pol->nodes, 3);
	assert_int_equal(pol->user, 12);
	mpol_put(pol);
	pol = policy(MPOL_PREFERRED, 6);
	assert_int_equal(pol->nodes, 2); /* one: the first that there is */
	mpol_put(pol);
	pol = policy(MPOL_PREFERRED, 0);
	assert_int_equal(pol->mode, MPOL_LOCAL);
	mpol_put(pol);
	assert_int_equal(atomic_read(&mpol_count), 0);
}

static void equal_are_those_that_act_and_report_the_same(void **state)
{
	struct mempolicy *a = policy(MPOL_BIND, 1), *b = policy(MPOL_BIND, 1),
			 *c = policy(MPOL_BIND, 3), *home;

	(void)state;
	home = mpol_with_home(a, 1);
	assert_non_null(home);
	assert_true(mpol_equal(a, b));
	assert_true(mpol_equal(NULL, NULL));
	assert_false(mpol_equal(a, c));
	assert_false(mpol_equal(a, NULL));
	assert_false(mpol_equal(a, home));
	mpol_put(a);
	mpol_put(b);
	mpol_put(c);
	mpol_put(home);
}

/* Text to policy and back. NULL: refused. */
static const char *round_trip(const char *text)
{
	static char buf[64];
	struct mempolicy *pol;

	if (mpol_parse(text, &pol))
		return NULL;
	(void)mpol_to_str(pol, buf, sizeof(buf));
	mpol_put(pol);
	return buf;
}

static void text_there_and_back(void **state)
{
	static const char *const good[] = { "default",	      "local",
					    "prefer:1",	      "bind:0-1",
					    "bind=static:1",  "interleave=relative:0-1",
					    "prefer (many):0" };
	static const char *const bad[] = { "",
					   "bind",
					   "bind:",
					   "bind:2",
					   "bind:1-0",
					   "bind:0x",
					   "bind:0,,1",
					   "bind=:0",
					   "bind=odd:0",
					   "prefer:0-1",
					   "prefer:",
					   "local:0",
					   "default:0",
					   "bin:0",
					   "bind:99999999999999999999",
					   "prefer (many)" };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(good); i++)
		assert_string_equal(round_trip(good[i]), good[i]);
	for (unsigned i = 0; i < ARRAY_SIZE(bad); i++)
		assert_null(round_trip(bad[i]));
	assert_string_equal(round_trip("bind:1,0"), "bind:0-1");
	assert_string_equal(round_trip("interleave"), "interleave:0-1");
	assert_string_equal(round_trip("prefer"), "local");
}

static void a_mapping_has_its_nodes(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(32), RW, ANON | MAP_FIXED);
	assert_int_equal(bind(mm, BASE + P(4), 4, MPOL_BIND, 2, 0), 0);
	assert_int_equal(bind(mm, BASE + P(8), 8, MPOL_INTERLEAVE, 3, 0), 0);
	assert_int_equal(bind(mm, BASE + P(16), 4, MPOL_PREFERRED, 2, 0), 0);
	assert_int_equal(bind(mm, BASE + P(20), 4, MPOL_PREFERRED_MANY, 2, 0), 0);
	assert_int_equal(bind(mm, BASE + P(24), 4, MPOL_LOCAL, 0, 0), 0);
	touch(mm, BASE, 32);
	assert_string_equal(nodes_at(mm, BASE, 32), "00001111010101011111111100000000");
	end_mm(mm);
}

/* Interleaving goes by the place in the mapping: in whatever order pages are touched, and in batches. */
static void mempolicy_turns_go_by_place(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(40), RW, ANON | MAP_FIXED);
	assert_int_equal(bind(mm, BASE, 40, MPOL_INTERLEAVE, 3, 0), 0);
	sim_poke(mm, BASE + P(7), 1);
	sim_poke(mm, BASE + P(4), 1);
	sim_poke(mm, BASE + P(9), 1);
	assert_string_equal(nodes_at(mm, BASE, 10), "....0..1.1");
	touch(mm, BASE, 40);
	assert_string_equal(nodes_at(mm, BASE, 40), "0101010101010101010101010101010101010101");
	end_mm(mm);
}

static void a_thread_has_a_policy_where_no_mapping_has(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(12), RW, ANON | MAP_FIXED);
	assert_int_equal(bind(mm, BASE + P(4), 4, MPOL_BIND, 1, 0), 0);
	mpol_set_task(policy(MPOL_BIND, 2));
	touch(mm, BASE, 12);
	assert_string_equal(nodes_at(mm, BASE, 12), "111100001111");
	mpol_set_task(NULL);
	assert_int_equal(atomic_read(&mpol_count), 1); /* the mapping's */
	end_mm(mm);
}

static void copies_obey_the_policy(void **state)
{
	struct mm_struct *mm = new_mm(), *child;

	(void)state;
	map_at(mm, BASE, P(4), RW, ANON | MAP_FIXED);
	touch(mm, BASE, 4);
	assert_int_equal(bind(mm, BASE, 4, MPOL_BIND, 2, 0), 0);
	assert_string_equal(nodes_at(mm, BASE, 4), "0000"); /* what is there stays */
	assert_int_equal(mm_dup(mm, &child), 0);
	touch(child, BASE, 2); /* the child's mapping has the policy too */
	assert_string_equal(nodes_at(child, BASE, 4), "1100");
	end_mm(child);
	end_mm(mm);
}

static void a_shared_object_has_the_policy(void **state)
{
	struct address_space *m = shmem_anon_create(P(16), false);
	struct mm_struct *mm = new_mm(), *other = new_mm();
	struct mempolicy *pol;
	unsigned first;

	(void)state;
	map_file(mm, BASE, P(16), RW, MAP_SHARED | MAP_FIXED, m, 0);
	map_file(other, BASE, P(16), RW, MAP_SHARED | MAP_FIXED, m, 0);
	assert_int_equal(bind(mm, BASE + P(2), 4, MPOL_BIND, 2, 0), 0);
	assert_int_equal(bind(mm, BASE + P(8), 4, MPOL_INTERLEAVE, 3, 0), 0);
	end_mm(mm); /* the object keeps it */
	touch(other, BASE, 12);
	assert_string_equal(nodes_at(other, BASE, 8), "00111100");
	first = page_node_id(
		page_at(other, BASE + P(8))); /* the row begins where the object's number says */
	assert_string_equal(nodes_at(other, BASE + P(8), 4), first ? "1010" : "0101");
	pol = shared_policy_get(m, 3);
	assert_int_equal(pol->mode, MPOL_BIND);
	mpol_put(pol);
	assert_null(shared_policy_get(m, 6));
	end_mm(other);
	m->ops->drop(m);
	assert_int_equal(atomic_read(&mpol_count), 0);
}

/* Ranges of an object against an array: set at random, cut, covered. */
static void shared_policy_I1_ranges_against_an_array(void **state)
{
	enum { PAGES = 64 };
	struct address_space *m = shmem_anon_create(P(PAGES), false);
	struct mempolicy *pols[3] = { NULL, policy(MPOL_BIND, 1), policy(MPOL_BIND, 2) };
	struct mempolicy *want[PAGES] = { NULL };

	(void)state;
	for (unsigned i = 0; i < 3000; i++) {
		unsigned long from = (unsigned long)sim_random(PAGES);
		unsigned long to = from + 1 + (unsigned long)sim_random(PAGES - from);
		struct mempolicy *pol = pols[sim_random(3)];

		assert_int_equal(shared_policy_set(m, from, to, pol), 0);
		for (unsigned long n = from; n < to; n++)
			want[n] = pol;
		for (unsigned long n = 0; n < PAGES; n++) {
			struct mempolicy *is = shared_policy_get(m, n);

			assert_ptr_equal(is, want[n]);
			mpol_put(is);
		}
	}
	m->ops->drop(m);
	assert_int_equal(atomic_read(&pols[1]->refs), 1);
	mpol_put(pols[1]);
	mpol_put(pols[2]);
}

static void vmas_are_cut_and_joined_by_policy(void **state)
{
	struct mm_struct *mm = new_mm();
	struct mempolicy *pol;

	(void)state;
	map_at(mm, BASE, P(8), RW, ANON | MAP_FIXED);
	assert_int_equal(bind(mm, BASE + P(2), 2, MPOL_BIND, 2, 0), 0);
	assert_string_equal(picture(mm), "0-2rw- 2-4rw- 4-8rw-");
	assert_int_equal(bind(mm, BASE + P(4), 2, MPOL_BIND, 2, 0), 0);
	assert_string_equal(picture(mm), "0-2rw- 2-6rw- 6-8rw-");
	assert_int_equal(
		vm_remap(mm, BASE + P(2), P(1), P(1), MREMAP_MAYMOVE | MREMAP_FIXED, BASE + P(16)),
		(long)(BASE + P(16)));
	assert_int_equal(vm_get_policy(mm, BASE + P(16), &pol), 0);
	assert_non_null(pol);
	assert_int_equal(pol->nodes, 2);
	mpol_put(pol);
	assert_int_equal(vm_get_policy(mm, BASE + P(2), &pol), -EFAULT);
	assert_int_equal(vm_set_home_node(mm, BASE, BASE + P(2), 1), -ENOENT);
	assert_int_equal(vm_set_home_node(mm, BASE, BASE + P(5), 1), 0);
	assert_string_equal(picture(mm), "0-2rw- 3-5rw- 5-6rw- 6-8rw- 16-17rw-");
	end_mm(mm);
}

static void a_home_node_is_tried_first(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(4), RW, ANON | MAP_FIXED);
	assert_int_equal(bind(mm, BASE, 2, MPOL_BIND, 3, 0), 0);
	sim_poke(mm, BASE, 1);
	assert_int_equal(vm_set_home_node(mm, BASE, BASE + P(2), 1), 0);
	sim_poke(mm, BASE + P(1), 1);
	assert_string_equal(nodes_at(mm, BASE, 2), "01");
	end_mm(mm);
}

/* Pages of one node are gone: who is bound to it gets none, who only prefers it gets others. */
static void bound_is_bound(void **state)
{
	struct mempolicy *bound = policy(MPOL_BIND, 2), *prefers = policy(MPOL_PREFERRED, 2),
			 *many = policy(MPOL_PREFERRED_MANY, 2);
	const gfp_t gfp = (GFP_HIGHUSER_MOVABLE | __GFP_NOWARN) & ~__GFP_DIRECT_RECLAIM;
	struct page *page, *list = NULL;

	(void)state;
	while ((page = mpol_alloc(bound, gfp, 0, 0))) {
		assert_int_equal(page_node_id(page), 1);
		page->private = (unsigned long)list;
		list = page;
	}
	page = mpol_alloc(prefers, gfp, 0, 0);
	assert_non_null(page);
	assert_int_equal(page_node_id(page), 0);
	put_page(page);
	page = mpol_alloc(many, gfp, 0, 0);
	assert_non_null(page);
	put_page(page);
	while (list) {
		page = list;
		list = (struct page *)page->private;
		put_page(page);
	}
	mpol_put(bound);
	mpol_put(prefers);
	mpol_put(many);
}

static void huge_pages_obey(void **state)
{
	struct mm_struct *mm = new_mm();
	unsigned long at = round_up_pow2(BASE, HPAGE_SIZE);

	(void)state;
	thp_enabled = THP_ALWAYS;
	map_at(mm, at, 2 * HPAGE_SIZE, RW, ANON | MAP_FIXED);
	assert_int_equal(bind(mm, at, 2 * HPAGE_NR, MPOL_BIND, 2, 0), 0);
	sim_poke(mm, at, 1);
	assert_string_equal(nodes_at(mm, at, 4), "1111");
	assert_int_equal(range_count_huge(mm, at, at + HPAGE_SIZE), HPAGE_NR);
	end_mm(mm);
	thp_enabled = THP_MADVISE;
}

static void pages_of_no_place_come_in_turn(void **state)
{
	int nodes[4];

	(void)state;
	mpol_set_task(policy(MPOL_INTERLEAVE, 3));
	for (unsigned i = 0; i < 4; i++) {
		struct page *page;

		assert_int_equal(mpol_task_next(), (int)(i & 1));
		page = mpol_alloc_task(GFP_KERNEL);
		assert_non_null(page);
		nodes[i] = (int)page_node_id(page);
		put_page(page);
	}
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(nodes[i], i & 1);
	mpol_set_task(NULL);
}

/* Every allocation on the way fails once: the mapping is as before, or done. */
static void no_memory_changes_nothing(void **state)
{
	struct address_space *m = shmem_anon_create(P(8), false);
	struct mm_struct *mm = new_mm();
	struct mempolicy *pol = policy(MPOL_BIND, 2);
	int err;

	(void)state;
	map_file(mm, BASE, P(8), RW, MAP_SHARED | MAP_FIXED, m, 0);
	for (unsigned n = 1;; n++) {
		failpoint_arm(n);
		err = vm_mbind(mm, BASE + P(2), BASE + P(4), pol, 2, 0);
		failpoint_arm(0);
		mm_check(mm);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_null(shared_policy_get(m, 2));
		assert_in_range(n, 1, 20);
	}
	mpol_put(pol);
	end_mm(mm);
	m->ops->drop(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T2(mempolicy_I1_modes_and_nodes_fit),
		T2(equal_are_those_that_act_and_report_the_same),
		T2(text_there_and_back),
		T2(a_mapping_has_its_nodes),
		T2(mempolicy_turns_go_by_place),
		T2(a_thread_has_a_policy_where_no_mapping_has),
		T2(copies_obey_the_policy),
		T2(a_shared_object_has_the_policy),
		T2(shared_policy_I1_ranges_against_an_array),
		T2(vmas_are_cut_and_joined_by_policy),
		T2(a_home_node_is_tried_first),
		T2(bound_is_bound),
		T2(huge_pages_obey),
		T2(pages_of_no_place_come_in_turn),
		T2(no_memory_changes_nothing),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
