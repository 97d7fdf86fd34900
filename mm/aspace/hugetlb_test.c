/* Tests of hugetlb: the pool, promises, mappings, faults, fork; in each geometry. */
#include "mm/alloc.h"
#include "mm/hugetlb.h"
#include "mm/hugetlb_pool.h"
#include "mm/range.h"
#include "sim/numa_test.h"

#define HUGE_BASE (HPAGE_SIZE * 20)
#define H(n)	  (HUGE_BASE + (unsigned long)(n)*HPAGE_SIZE)
enum { TLB = MAP_HUGETLB | MAP_FIXED };

static void world_of(unsigned nodes, unsigned long pages)
{
	const struct sim_config cfg = { .ram_bytes = MIB(128), .nr_nodes = nodes };

	sim_world_begin(&cfg);
	hugetlb_resize(pages, HUGETLB_ANY_NODE);
}

static void world(unsigned long pages)
{
	world_of(1, pages);
}

static void world_gone(void)
{
	hugetlb_check();
	hugetlb_set_overcommit(0);
	hugetlb_resize(0, HUGETLB_ANY_NODE);
	sim_world_end();
}

static void expect(unsigned long nr, unsigned long nr_free, unsigned long resv,
		   unsigned long surplus)
{
	struct hugetlb_counts c;

	hugetlb_check();
	hugetlb_count(HUGETLB_ANY_NODE, &c);
	assert_int_equal(c.nr, nr);
	assert_int_equal(c.free, nr_free);
	assert_int_equal(c.resv, resv);
	assert_int_equal(c.surplus, surplus);
}

static long map_huge_at(struct mm_struct *mm, unsigned long block, unsigned long n, unsigned flags)
{
	return map_at(mm, H(block), n * HPAGE_SIZE, RW, flags | TLB | MAP_ANONYMOUS);
}

static void pool_grows_and_shrinks(void **state)
{
	world(5);
	expect(5, 5, 0, 0);
	hugetlb_resize(2, HUGETLB_ANY_NODE);
	expect(2, 2, 0, 0);
	hugetlb_resize(10000, HUGETLB_ANY_NODE);
	hugetlb_resize(3, HUGETLB_ANY_NODE);
	expect(3, 3, 0, 0);
	world_gone();
}

static void private_mapping_is_promised_its_pages(void **state)
{
	struct mm_struct *mm;

	world(4);
	mm = new_mm();
	assert_int_equal(map_huge_at(mm, 0, 3, MAP_PRIVATE), H(0));
	expect(4, 4, 3, 0);
	assert_int_equal(map_huge_at(mm, 8, 2, MAP_PRIVATE), -ENOMEM);
	expect(4, 4, 3, 0);
	sim_poke(mm, H(1) + P(3), 7);
	expect(4, 3, 2, 0);
	assert_int_equal(sim_peek(mm, H(1) + P(3)), 7);
	assert_int_equal(sim_peek(mm, H(1) + P(4)), 0);
	assert_int_equal(mm_rss(mm), 0);
	assert_int_equal(atomic_long_read(&mm->hugetlb_pages), 1);
	mm_check(mm);
	assert_int_equal(vm_unmap(mm, H(1), P(1)), -EINVAL);
	assert_int_equal(vm_unmap(mm, H(1) + P(1), HPAGE_SIZE), -EINVAL);
	assert_int_equal(vm_protect(mm, H(1), P(1), PROT_READ), -EINVAL);
	assert_int_equal(vm_unmap(mm, H(1), HPAGE_SIZE), 0);
	expect(4, 4, 2, 0);
	sim_poke(mm, H(0), 1);
	sim_poke(mm, H(2), 2);
	expect(4, 2, 0, 0);
	end_mm(mm);
	expect(4, 4, 0, 0);
	world_gone();
}

static void without_a_promise_there_may_be_none(void **state)
{
	struct mm_struct *mm;
	char c;

	world(2);
	mm = new_mm();
	assert_int_equal(map_huge_at(mm, 0, 3, MAP_PRIVATE | MAP_NORESERVE), H(0));
	expect(2, 2, 0, 0);
	sim_poke(mm, H(0), 1);
	sim_poke(mm, H(1), 1);
	assert_int_equal(sim_write(mm, H(2), "x", 1), FAULT_BUS);
	hugetlb_set_overcommit(1);
	assert_int_equal(sim_write(mm, H(2), "x", 1), FAULT_OK);
	expect(3, 0, 0, 1);
	assert_int_equal(vm_advise(mm, H(2), HPAGE_SIZE, MADV_DONTNEED), 0);
	expect(2, 0, 0, 0);
	hugetlb_set_overcommit(0);
	assert_int_equal(sim_read(mm, H(2), &c, 1), FAULT_BUS);
	end_mm(mm);
	expect(2, 2, 0, 0);
	world_gone();
}

static void shared_mapping_and_its_object(void **state)
{
	struct address_space *m;
	struct mm_struct *a, *b;

	world(4);
	m = hugetlb_anon_create(3 * HPAGE_SIZE);
	a = new_mm();
	b = new_mm();
	assert_int_equal(map_file(a, H(0), 2 * HPAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, m, 0), H(0));
	expect(4, 4, 2, 0);
	assert_int_equal(map_file(b, H(4), 3 * HPAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, m, 0), H(4));
	expect(4, 4, 3, 0); /* two places are promised already */
	assert_int_equal(map_file(b, H(9), HPAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, m, 1), -EINVAL);
	sim_poke(a, H(1) + 9, 5);
	assert_int_equal(sim_peek(b, H(5) + 9), 5);
	expect(4, 3, 2, 0);
	hugetlb_check_object(hugetlb_object_of(m));
	mm_check(a);
	mm_check(b);
	assert_int_equal(hugetlb_punch(m, HPAGE_SIZE, 2 * HPAGE_SIZE), 0);
	expect(4, 4, 2, 0);
	assert_int_equal(sim_peek(b, H(5) + 9),
			 0); /* not promised any more, but there is one free */
	expect(4, 3, 2, 0);
	assert_int_equal(hugetlb_truncate(m, HPAGE_SIZE), 0);
	expect(4, 4, 1, 0);
	assert_int_equal(sim_write(b, H(5), "x", 1), FAULT_BUS);
	end_mm(a);
	end_mm(b);
	expect(4, 4, 1, 0); /* promises are the object's */
	m->ops->drop(m);
	expect(4, 4, 0, 0);
	world_gone();
}

static void fork_copies_on_write(void **state)
{
	struct mm_struct *mm, *child;

	world(4);
	mm = new_mm();
	assert_int_equal(map_huge_at(mm, 0, 2, MAP_PRIVATE), H(0));
	sim_poke(mm, H(0) + P(9), 1);
	assert_int_equal(mm_dup(mm, &child), 0);
	expect(4, 3, 1, 0);
	assert_int_equal(sim_peek(child, H(0) + P(9)), 1);
	sim_poke(child, H(0) + P(9), 2);
	expect(4, 2, 1, 0);
	assert_int_equal(sim_peek(mm, H(0) + P(9)), 1);
	sim_poke(mm, H(0) + P(9), 3); /* alone with it now */
	expect(4, 2, 1, 0);
	sim_poke(child, H(1), 4); /* beyond promises there is one */
	expect(4, 1, 1, 0);
	mm_check(mm);
	mm_check(child);
	end_mm(child);
	assert_int_equal(sim_peek(mm, H(0) + P(9)), 3);
	end_mm(mm);
	expect(4, 4, 0, 0);
	world_gone();
}

/* Nothing is left: the parent, who was promised its page, takes it; the child's next access is SIGBUS. */
static void owner_takes_the_page_from_the_child(void **state)
{
	struct mm_struct *mm, *child;
	char c;

	world(1);
	mm = new_mm();
	assert_int_equal(map_huge_at(mm, 0, 1, MAP_PRIVATE), H(0));
	sim_poke(mm, H(0), 1);
	assert_int_equal(mm_dup(mm, &child), 0);
	assert_int_equal(sim_write(child, H(0), "x", 1), FAULT_BUS);
	assert_int_equal(sim_peek(child, H(0)), 1);
	sim_poke(mm, H(0), 2);
	assert_int_equal(sim_read(child, H(0), &c, 1), FAULT_BUS);
	assert_int_equal(sim_peek(mm, H(0)), 2);
	end_mm(child);
	end_mm(mm);
	expect(1, 1, 0, 0);
	world_gone();
}

static void private_mapping_of_a_shared_object(void **state)
{
	struct address_space *m;
	struct mm_struct *mm;

	world(3);
	m = hugetlb_anon_create(HPAGE_SIZE);
	mm = new_mm();
	assert_int_equal(map_file(mm, H(0), HPAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, m, 0), H(0));
	assert_int_equal(map_file(mm, H(2), HPAGE_SIZE, RW, MAP_PRIVATE | MAP_FIXED, m, 0), H(2));
	expect(3, 3, 2, 0);
	sim_poke(mm, H(0), 5);
	assert_int_equal(sim_peek(mm, H(2)), 5);
	expect(3, 2, 1, 0);
	sim_poke(mm, H(2) + 1, 6);
	expect(3, 1, 0, 0);
	assert_int_equal(sim_peek(mm, H(2)), 5);
	assert_int_equal(sim_peek(mm, H(0) + 1), 0);
	mm_check(mm);
	m->ops->drop(m);
	end_mm(mm);
	expect(3, 3, 0, 0);
	world_gone();
}

static void arguments(void **state)
{
	struct vm_map_args a = { .len = 100,
				 .prot = RW,
				 .flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB };
	struct mm_struct *mm;
	long at;

	world(4);
	mm = new_mm();
	a.may_flags = VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	at = vm_map(mm, &a); /* rounded up, and aligned */
	assert_true(at > 0 && !(at & ~HPAGE_MASK));
	expect(4, 4, 1, 0);
	assert_int_equal(find_vma(mm, (unsigned long)at)->vm_end, at + (long)HPAGE_SIZE);
	a.flags |= MAP_FIXED;
	a.addr = H(3) + P(1);
	assert_int_equal(vm_map(mm, &a), -EINVAL);
	a.flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB | 16 << MAP_HUGE_SHIFT;
	assert_int_equal(vm_map(mm, &a), -EINVAL);
	a.flags = (unsigned)(MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB) | (unsigned)HPAGE_SHIFT
										  << MAP_HUGE_SHIFT;
	at = vm_map(mm, &a);
	assert_true(at > 0);
	a.len = 0;
	assert_int_equal(vm_map(mm, &a), -EINVAL);
	a.len = ULONG_MAX - PAGE_SIZE;
	assert_int_equal(vm_map(mm, &a), -ENOMEM);
	assert_int_equal(
		vm_remap(mm, (unsigned long)at, HPAGE_SIZE, 2 * HPAGE_SIZE, MREMAP_MAYMOVE, 0),
		-EINVAL);
	assert_int_equal(vm_advise(mm, (unsigned long)at, HPAGE_SIZE, MADV_FREE), -EINVAL);
	assert_int_equal(vm_advise(mm, (unsigned long)at + P(1), P(1), MADV_DONTNEED), -EINVAL);
	end_mm(mm);
	expect(4, 4, 0, 0);
	world_gone();
}

/* Promises are kept by place in the object: a mapping that moves keeps them, one that is replaced gives them back. */
static void moving_takes_promises_along(void **state)
{
	const unsigned long to = MREMAP_MAYMOVE | MREMAP_FIXED;
	struct mm_struct *mm;

	world(4);
	mm = new_mm();
	assert_int_equal(map_huge_at(mm, 0, 4, MAP_PRIVATE), H(0));
	sim_poke(mm, H(1), 1);
	sim_poke(mm, H(3), 3);
	expect(4, 2, 2, 0);
	assert_int_equal(vm_remap(mm, H(1), 2 * HPAGE_SIZE, 2 * HPAGE_SIZE, to, H(9)), H(9));
	expect(4, 2, 2, 0);
	mm_check(mm);
	assert_int_equal(sim_peek(mm, H(9)), 1);
	sim_poke(mm, H(10), 2);
	expect(4, 1, 1, 0);
	assert_int_equal(vm_remap(mm, H(9), 2 * HPAGE_SIZE, HPAGE_SIZE, to, H(0)), H(0));
	expect(4, 2, 0, 0); /* the target's promise, the tail's page */
	assert_int_equal(vm_unmap(mm, H(0), HPAGE_SIZE), 0);
	expect(4, 3, 0, 0);
	assert_int_equal(map_huge_at(mm, 3, 2, MAP_PRIVATE), H(3)); /* what it replaces serves it */
	expect(4, 4, 2, 0);
	assert_int_equal(map_huge_at(mm, 3, 4, MAP_PRIVATE), H(3));
	expect(4, 4, 4, 0);
	end_mm(mm);
	expect(4, 4, 0, 0);
	world_gone();
}

/* A child that lost a page, and all that is made of its mapping afterwards, never reads zeroes instead. */
static void taken_pages_stay_taken(void **state)
{
	struct mm_struct *mm, *child, *grandchild;
	char c;

	world(2);
	mm = new_mm();
	assert_int_equal(map_huge_at(mm, 0, 2, MAP_PRIVATE), H(0));
	sim_poke(mm, H(0), 1);
	sim_poke(mm, H(1), 1);
	assert_int_equal(mm_dup(mm, &child), 0);
	sim_poke(mm, H(1), 2);
	hugetlb_resize(4, HUGETLB_ANY_NODE); /* there is memory again */
	assert_int_equal(vm_protect(child, H(1), HPAGE_SIZE, PROT_READ), 0);
	assert_int_equal(sim_read(child, H(1), &c, 1), FAULT_BUS);
	assert_int_equal(
		vm_remap(child, H(1), HPAGE_SIZE, HPAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, H(5)),
		H(5));
	assert_int_equal(sim_read(child, H(5), &c, 1), FAULT_BUS);
	assert_int_equal(mm_dup(child, &grandchild), 0);
	assert_int_equal(sim_read(grandchild, H(5), &c, 1), FAULT_BUS);
	assert_int_equal(sim_peek(mm, H(1)), 2);
	end_mm(grandchild);
	end_mm(child);
	end_mm(mm);
	expect(4, 4, 0, 0);
	world_gone();
}

/* Whatever allocation fails, promises and pages are as before, or the operation is done. */
static void every_failure(void **state)
{
	for (unsigned step = 0; step < 3; step++) {
		bool done = false;

		for (unsigned nth = 1; !done; nth++) {
			struct mm_struct *mm, *child = NULL;
			long r = 0;

			world(4);
			mm = new_mm();
			if (step) {
				assert_int_equal(
					map_huge_at(mm, 0, 2, step == 1 ? MAP_SHARED : MAP_PRIVATE),
					H(0));
				sim_poke(mm, H(1), 1);
			}
			failpoint_arm(nth);
			if (step == 0)
				r = map_huge_at(mm, 0, 2, MAP_PRIVATE) == (long)H(0) ? 0 : -ENOMEM;
			else if (step == 1)
				r = sim_write(mm, H(0), "x", 1);
			else
				r = mm_dup(mm, &child) ? -ENOMEM : sim_write(child, H(1), "x", 1);
			failpoint_arm(0);
			assert_true(r == 0 || r == -ENOMEM || r == FAULT_OOM || r == FAULT_BUS);
			done = r == 0;
			mm_check(mm);
			if (child)
				end_mm(child);
			end_mm(mm);
			expect(4, 4, 0, 0);
			world_gone();
		}
	}
}

/* ---- nodes ---- */

static unsigned long free_on(int node)
{
	struct hugetlb_counts c;

	hugetlb_count(node, &c);
	return c.free;
}

static unsigned node_at(struct mm_struct *mm, unsigned long block)
{
	return page_node_id(pfn_to_page(pte_pfn(pt_peek_page(&mm->root, H(block)))));
}

/* mbind says where pages are taken, whoever has them; a promise is kept only if there is a page. */
static void policies_say_which_node(void **state)
{
	struct mm_struct *mm;

	(void)state;
	world_of(2, 6);
	assert_int_equal(free_on(0), 3);
	mm = new_mm();
	map_huge_at(mm, 0, 4, MAP_PRIVATE);
	assert_int_equal(bind(mm, H(0), 4 * HPAGE_NR, MPOL_BIND, 2, 0), 0);
	for (unsigned long b = 0; b < 3; b++) {
		sim_poke(mm, H(b), 1);
		assert_int_equal(node_at(mm, b), 1);
	}
	expect(6, 3, 1, 0);
	assert_int_equal(sim_write(mm, H(3), "x", 1), FAULT_BUS); /* none there */
	expect(6, 3, 1, 0);
	hugetlb_set_overcommit(1);
	sim_poke(mm, H(3), 1);
	assert_int_equal(node_at(mm, 3), 1);
	expect(7, 3, 0, 1);
	map_huge_at(mm, 8, 2, MAP_SHARED);
	assert_int_equal(bind(mm, H(8), 2 * HPAGE_NR, MPOL_PREFERRED_MANY, 2, 0), 0);
	sim_poke(mm, H(8), 1);
	assert_int_equal(node_at(mm, 8), 0);
	end_mm(mm);
	expect(6, 6, 0, 0);
	mm = new_mm();
	map_huge_at(mm, 1, 4, MAP_SHARED);
	assert_int_equal(bind(mm, H(1), 4 * HPAGE_NR, MPOL_INTERLEAVE, 3, 0), 0);
	for (unsigned long b = 1; b < 5; b++) {
		sim_poke(mm, H(b), 1);
		assert_int_equal(node_at(mm, b), (b - 1) % 2);
	}
	end_mm(mm);
	world_gone();
}

static void bound_threads_and_the_pool(void **state)
{
	struct mm_struct *mm;

	(void)state;
	world_of(2, 4);
	mm = new_mm();
	mpol_set_task(policy(MPOL_BIND, 2));
	assert_int_equal(map_huge_at(mm, 0, 3, MAP_PRIVATE), -ENOMEM); /* 2 are on node 1 */
	expect(4, 4, 0, 0);
	map_huge_at(mm, 0, 2, MAP_PRIVATE);
	sim_poke(mm, H(0), 1);
	assert_int_equal(node_at(mm, 0), 1);
	hugetlb_resize_by_policy(6);
	assert_int_equal(free_on(1), 3);
	hugetlb_resize_by_policy(5);
	assert_int_equal(free_on(1), 2);
	assert_int_equal(free_on(0), 2);
	mpol_set_task(NULL);
	hugetlb_resize_by_policy(7);
	assert_int_equal(free_on(0) + free_on(1), 6);
	end_mm(mm);
	world_gone();
}

enum { MOVE = MPOL_MF_MOVE, MOVE_ALL = MPOL_MF_MOVE_ALL, STRICT = MPOL_MF_STRICT };

/* Touched from BASE's node 0, block b's first byte b + 1 and its last b + 2. */
static void fill(struct mm_struct *mm, unsigned long from, unsigned long n)
{
	assert_int_equal(bind(mm, H(from), (unsigned)(n * HPAGE_NR), MPOL_PREFERRED, 1, 0), 0);
	for (unsigned long b = from; b < from + n; b++) {
		sim_poke(mm, H(b), (uint8_t)(b + 1));
		sim_poke(mm, H(b + 1) - 1, (uint8_t)(b + 2));
		assert_int_equal(node_at(mm, b), 0);
	}
}

/* Its contents are there, on @node, and it can be written to. */
static void expect_at(struct mm_struct *mm, unsigned long block, unsigned node)
{
	assert_int_equal(sim_peek(mm, H(block)), block + 1);
	assert_int_equal(sim_peek(mm, H(block + 1) - 1), block + 2);
	assert_int_equal(node_at(mm, block), node);
	sim_poke(mm, H(block), (uint8_t)(block + 1));
	assert_int_equal(node_at(mm, block), node);
	mm_check(mm);
}

static void private_pages_move(void **state)
{
	struct mm_struct *mm;
	struct page *page;

	(void)state;
	world_of(2, 4);
	mm = new_mm();
	map_huge_at(mm, 0, 2, MAP_PRIVATE);
	fill(mm, 0, 2);
	assert_int_equal(bind(mm, H(0), HPAGE_NR, MPOL_BIND, 2, MOVE | STRICT), 0);
	expect_at(mm, 0, 1);
	expect_at(mm, 1, 0);
	expect(4, 2, 0, 0);
	assert_int_equal(free_on(0), 1);
	assert_int_equal(vm_migrate_nodes(mm, 1, 2, false), 0);
	expect_at(mm, 1, 1);
	expect(4, 2, 0, 0);
	assert_int_equal(free_on(0), 2);
	/* Node 1 has none left that is free: new ones, for which old ones leave the pool. */
	map_huge_at(mm, 4, 2, MAP_PRIVATE);
	fill(mm, 4, 2);
	expect(4, 0, 0, 0);
	assert_int_equal(vm_migrate_nodes(mm, 1, 2, false), 0);
	expect_at(mm, 4, 1);
	expect_at(mm, 5, 1);
	expect(4, 0, 0, 0);
	/* One by one, by any address in it. */
	assert_int_equal(vm_page_pick(mm, H(4) + P(3), 0, false, &page), 0);
	expect_at(mm, 4, 0);
	assert_int_equal(vm_page_status(mm, H(4) + P(3)), 0);
	assert_int_equal(vm_page_pick(mm, H(4), 0, false, &page), 0);
	end_mm(mm);
	expect(4, 4, 0, 0);
	assert_int_equal(free_on(0), 1);
	world_gone();
}

static void pages_that_stay(void **state)
{
	struct mm_struct *mm, *child;
	struct page *pinned, *page;

	(void)state;
	world_of(2, 4);
	mm = new_mm();
	map_huge_at(mm, 0, 2, MAP_PRIVATE);
	fill(mm, 0, 1);
	assert_int_equal(vm_page_pick(mm, H(1), 1, false, &page), -ENOENT);
	assert_int_equal(get_user_page(mm, H(0), true, &pinned), 0);
	assert_int_equal(vm_page_pick(mm, H(0), 1, false, &page), -EBUSY);
	assert_int_equal(bind(mm, H(0), HPAGE_NR, MPOL_BIND, 2, MOVE | STRICT), -EIO);
	put_page(pinned);
	failpoint_arm(1);
	assert_int_equal(vm_page_pick(mm, H(0), 1, false, &page), -ENOMEM);
	failpoint_arm(0);
	assert_int_equal(mm_dup(mm, &child), 0);
	assert_int_equal(vm_page_pick(mm, H(0), 1, false, &page), -EACCES);
	assert_int_equal(vm_page_pick(mm, H(0), 1, true, &page), -EBUSY);
	expect(4, 3, 1, 0);
	end_mm(child);
	expect_at(mm, 0, 0);
	assert_int_equal(vm_page_pick(mm, H(0), 1, false, &page), 0);
	expect_at(mm, 0, 1);
	end_mm(mm);
	expect(4, 4, 0, 0);
	world_gone();
}

static void shared_pages_move(void **state)
{
	struct address_space *m;
	struct mm_struct *mm, *other;
	struct page *pinned, *page;

	(void)state;
	world_of(2, 4);
	m = hugetlb_anon_create(2 * HPAGE_SIZE);
	mm = new_mm();
	other = new_mm();
	map_file(mm, H(0), 2 * HPAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, m, 0);
	map_file(other, H(0), 2 * HPAGE_SIZE, RW, MAP_SHARED | MAP_FIXED, m, 0);
	fill(mm, 0, 2);
	assert_int_equal(sim_peek(other, H(0)), 1);
	assert_int_equal(bind(mm, H(0), 2 * HPAGE_NR, MPOL_BIND, 2, MOVE), 0);
	expect_at(mm, 0, 0);
	expect_at(mm, 1, 1);
	assert_int_equal(bind(mm, H(0), 2 * HPAGE_NR, MPOL_BIND, 2, MOVE_ALL | STRICT), 0);
	expect_at(mm, 0, 1);
	expect_at(other, 0, 1);
	expect_at(other, 1, 1);
	assert_int_equal(get_user_page(mm, H(0), true, &pinned), 0);
	assert_int_equal(vm_page_pick(mm, H(0), 0, true, &page), -EBUSY);
	put_page(pinned);
	expect_at(mm, 0, 1);
	mapping_check(m);
	expect(4, 2, 0, 0);
	end_mm(mm);
	end_mm(other);
	m->ops->drop(m);
	expect(4, 4, 0, 0);
	world_gone();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(pool_grows_and_shrinks),
		cmocka_unit_test(private_mapping_is_promised_its_pages),
		cmocka_unit_test(without_a_promise_there_may_be_none),
		cmocka_unit_test(shared_mapping_and_its_object),
		cmocka_unit_test(fork_copies_on_write),
		cmocka_unit_test(owner_takes_the_page_from_the_child),
		cmocka_unit_test(private_mapping_of_a_shared_object),
		cmocka_unit_test(arguments),
		cmocka_unit_test(moving_takes_promises_along),
		cmocka_unit_test(taken_pages_stay_taken),
		cmocka_unit_test(every_failure),
		cmocka_unit_test(policies_say_which_node),
		cmocka_unit_test(bound_threads_and_the_pool),
		cmocka_unit_test(private_pages_move),
		cmocka_unit_test(pages_that_stay),
		cmocka_unit_test(shared_pages_move),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
