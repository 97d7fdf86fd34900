/* Tests of thp.c and collapse.c, in each geometry. */
#include "mm/alloc.h"
#include "mm/aspace/thp_impl.h"
#include "mm/pin.h"
#include "mm/range.h"
#include "mm/shrinker.h"
#include "mm/thp.h"
#include "mm/vmevent.h"
#include "sim/swap_test.h"

#define HUGE_BASE (HPAGE_SIZE * 20)
#define H(n)	  (HUGE_BASE + (unsigned long)(n)*HPAGE_SIZE)

static void world(void)
{
	const struct sim_config cfg = { .ram_bytes = MIB(160) };

	sim_world_begin(&cfg);
	thp_enabled = THP_MADVISE;
	thp_defrag = THP_DEFRAG_MADVISE;
	khugepaged_max_ptes_none = HPAGE_NR - 1;
}

static bool is_large(struct mm_struct *mm, unsigned long addr)
{
	return pte_is_leaf(pt_peek(&mm->root, addr, pt_huge_level()), pt_huge_level());
}

/* A writable area of @blocks blocks from H(0), advised. */
static struct mm_struct *huge_mm(unsigned blocks)
{
	struct mm_struct *mm = new_mm();

	assert_int_equal(map_at(mm, H(0), blocks * HPAGE_SIZE, RW, ANON | MAP_FIXED), H(0));
	assert_int_equal(vm_advise(mm, H(0), blocks * HPAGE_SIZE, MADV_HUGEPAGE), 0);
	return mm;
}

static void touch_makes_a_huge_page(void **state)
{
	unsigned long before;
	struct mm_struct *mm;

	world();
	before = vm_event_sum(THP_FAULT_ALLOC);
	mm = huge_mm(2);
	sim_poke(mm, H(0) + P(5) + 3, 77);
	assert_true(is_large(mm, H(0)));
	assert_false(is_large(mm, H(1)));
	assert_int_equal(mm_rss(mm), HPAGE_NR);
	assert_int_equal(global_node_stat(NR_ANON_THPS), HPAGE_NR);
	assert_int_equal(vm_event_sum(THP_FAULT_ALLOC), before + 1);
	for (unsigned i = 0; i < HPAGE_NR; i += 13)
		assert_int_equal(sim_peek(mm, H(0) + P(i) + 3), i == 5 ? 77 : 0);
	assert_int_equal(sim_peek(mm, H(0) + P(5) + 3), 77);
	mm_check(mm);
	assert_int_equal(vm_unmap(mm, H(0), HPAGE_SIZE), 0);
	assert_int_equal(mm_rss(mm), 0);
	assert_int_equal(global_node_stat(NR_ANON_THPS), 0);
	end_mm(mm);
	sim_world_end();
}

/* Reads share one block of zeroes; who writes gets a block of his own. */
static void reads_share_a_huge_page_of_zeroes(void **state)
{
	struct mm_struct *a, *b, *copy;
	unsigned long allocs, made;

	world();
	allocs = vm_event_sum(THP_ZERO_PAGE_ALLOC);
	made = vm_event_sum(THP_FAULT_ALLOC);
	a = huge_mm(3);
	b = huge_mm(1);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(sim_peek(a, H(i) + P(i)), 0);
	assert_int_equal(sim_peek(b, H(0) + P(9)), 0);
	assert_true(is_large(a, H(0)) && is_large(a, H(2)) && is_large(b, H(0)));
	assert_true(page_is_huge_zero(page_at(a, H(1) + P(5))));
	assert_ptr_equal(page_at(a, H(1)), page_at(b, H(0)));
	assert_int_equal(mm_rss(a) + mm_rss(b), 0);
	assert_int_equal(vm_event_sum(THP_ZERO_PAGE_ALLOC), allocs + 1);
	assert_int_equal(vm_event_sum(THP_FAULT_ALLOC), made);
	mm_check(a);
	sim_poke(a, H(1) + P(7), 7);
	assert_true(is_large(a, H(1)));
	assert_int_equal(mm_rss(a), HPAGE_NR);
	assert_int_equal(vm_event_sum(THP_FAULT_ALLOC), made + 1);
	assert_int_equal(sim_peek(a, H(1) + P(8)), 0);
	assert_int_equal(mm_dup(a, &copy), 0);
	sim_poke(copy, H(2), 1);
	assert_int_equal(sim_peek(a, H(2)), 0);
	assert_int_equal(sim_peek(copy, H(1) + P(7)), 7);
	mm_check(a);
	mm_check(copy);
	end_mm(copy);
	end_mm(b);
	assert_int_equal(shrink_caches(GFP_KERNEL), 0);
	end_mm(a);
	assert_int_equal(shrink_caches(GFP_KERNEL), HPAGE_NR);
	sim_world_end();
}

/* What concerns a part of it splits it into small pages of zeroes. */
static void huge_zeroes_split(void **state)
{
	struct mm_struct *mm;

	world();
	mm = huge_mm(3);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(sim_peek(mm, H(i)), 0);
	assert_int_equal(vm_unmap(mm, H(0) + P(3), P(2)), 0);
	assert_false(is_large(mm, H(0)));
	assert_ptr_equal(page_at(mm, H(0) + P(9)), zero_page);
	sim_poke(mm, H(0) + P(9), 9);
	assert_int_equal(sim_peek(mm, H(0) + P(9)), 9);
	assert_int_equal(sim_peek(mm, H(0) + P(10)), 0);
	assert_int_equal(mm_rss(mm), 1);
	assert_int_equal(vm_advise(mm, H(1), HPAGE_SIZE, MADV_FREE), 0);
	assert_true(is_large(mm, H(1)));
	assert_int_equal(vm_protect(mm, H(1), HPAGE_SIZE, PROT_READ), 0);
	assert_int_equal(vm_protect(mm, H(1), HPAGE_SIZE, RW), 0);
	failpoint_arm(1); /* no block */
	sim_poke(mm, H(1) + P(4), 4);
	failpoint_arm(0);
	assert_false(is_large(mm, H(1)));
	assert_int_equal(mm_rss(mm), 2);
	assert_int_equal(
		vm_remap(mm, H(2), HPAGE_SIZE, HPAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, H(6)),
		H(6));
	assert_true(page_is_huge_zero(page_at(mm, H(6))));
	mm_check(mm);
	thp_use_zero_page = 0;
	assert_int_equal(vm_advise(mm, H(6), HPAGE_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(sim_peek(mm, H(6)), 0);
	assert_int_equal(mm_rss(mm), 2 + HPAGE_NR);
	thp_use_zero_page = 1;
	mm_check(mm);
	end_mm(mm);
	assert_int_equal(shrink_caches(GFP_KERNEL), HPAGE_NR);
	sim_world_end();
}

/* Only whole blocks inside the vma. */
static void thp_I1_edges_of_a_vma_are_small(void **state)
{
	struct mm_struct *mm;

	world();
	mm = new_mm();
	map_at(mm, H(0) + P(1), 2 * HPAGE_SIZE, RW, ANON | MAP_FIXED);
	assert_int_equal(vm_advise(mm, H(0) + P(1), 2 * HPAGE_SIZE, MADV_HUGEPAGE), 0);
	sim_poke(mm, H(0) + P(1), 1);
	sim_poke(mm, H(1) + P(1), 1);
	sim_poke(mm, H(2), 1);
	assert_false(is_large(mm, H(0)));
	assert_true(is_large(mm, H(1)));
	assert_false(is_large(mm, H(2)));
	assert_int_equal(mm_rss(mm), HPAGE_NR + 2);
	assert_true(thp_eligible(find_vma(mm, H(1))));
	end_mm(mm);
	sim_world_end();
}

static bool becomes_huge(struct mm_struct *mm, unsigned block)
{
	bool large;

	sim_poke(mm, H(block), 1);
	large = is_large(mm, H(block));
	assert_int_equal(vm_advise(mm, H(block), HPAGE_SIZE, MADV_DONTNEED), 0);
	assert_int_equal(vm_unmap(mm, H(block), HPAGE_SIZE), 0); /* the table, too */
	map_at(mm, H(block), HPAGE_SIZE, RW, ANON | MAP_FIXED);
	return large;
}

static void modes_and_advice(void **state)
{
	struct mm_struct *mm, *copy;

	world();
	mm = new_mm();
	map_at(mm, H(0), 4 * HPAGE_SIZE, RW, ANON | MAP_FIXED);
	assert_false(becomes_huge(mm, 0));
	thp_enabled = THP_ALWAYS;
	assert_true(becomes_huge(mm, 0));
	assert_int_equal(vm_advise(mm, H(1), HPAGE_SIZE, MADV_NOHUGEPAGE), 0);
	assert_false(becomes_huge(mm, 1));
	mm_set_thp_disable(mm, true);
	assert_false(becomes_huge(mm, 2));
	assert_int_equal(mm_dup(mm, &copy), 0);
	assert_false(becomes_huge(copy, 2));
	end_mm(copy);
	mm_set_thp_disable(mm, false);
	assert_true(becomes_huge(mm, 2));
	thp_enabled = THP_NEVER;
	assert_int_equal(vm_advise(mm, H(3), HPAGE_SIZE, MADV_HUGEPAGE), 0);
	assert_false(becomes_huge(mm, 3));
	thp_enabled = THP_ALWAYS;
	map_at(mm, H(5), HPAGE_SIZE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	sim_poke(mm, H(5), 1);
	assert_false(is_large(mm, H(5)));
	thp_enabled = THP_MADVISE;
	end_mm(mm);
	sim_world_end();
}

/* Without a block of memory, or with any allocation failing, the access succeeds with small pages, or is out of memory. */
static void fault_survives_every_failure(void **state)
{
	unsigned oom = 0, small = 0;

	world();
	for (unsigned nth = 1;; nth++) {
		struct mm_struct *mm = huge_mm(1);
		bool large;
		int r;

		failpoint_arm(nth);
		r = sim_write(mm, H(0), "x", 1);
		failpoint_arm(0);
		assert_true(r == FAULT_OK || r == FAULT_OOM);
		large = is_large(mm, H(0));
		oom += r == FAULT_OOM;
		small += r == FAULT_OK && !large;
		end_mm(mm);
		if (r == FAULT_OK && large)
			break;
	}
	assert_true(small >= 2);
	sim_world_end();
}

static void no_block_free_falls_back(void **state)
{
	struct mm_struct *mm, *hog;
	unsigned long before;

	world();
	thp_defrag = THP_DEFRAG_NEVER; /* compaction would find one */
	before = vm_event_sum(THP_FAULT_FALLBACK);
	hog = new_mm();
	map_at(hog, BASE, MIB(140), RW, ANON | MAP_FIXED);
	for (unsigned long a = 0; a < MIB(140); a += P(1)) { /* a page of each pair goes again */
		sim_poke(hog, BASE + a, 1);
		if (nr_free_pages() < 4096)
			break;
	}
	for (unsigned long a = 0; a < MIB(140); a += P(2))
		assert_int_equal(vm_advise(hog, BASE + a, P(1), MADV_DONTNEED), 0);
	drain_all_pages();
	mm = huge_mm(20);
	for (unsigned i = 0; i < 20; i++)
		sim_poke(mm, H(i), 1);
	assert_true(vm_event_sum(THP_FAULT_FALLBACK) > before);
	assert_false(is_large(mm, H(19)));
	end_mm(mm);
	end_mm(hog);
	sim_world_end();
}

/* fork shares; the child's write splits its own entry and copies one page; alone again, the parent takes over the whole. */
static void cow_copies_one_page(void **state)
{
	struct mm_struct *mm, *child;
	unsigned long reused;

	world();
	mm = huge_mm(1);
	for (unsigned i = 0; i < HPAGE_NR; i += 7)
		sim_poke(mm, H(0) + P(i), (uint8_t)i);
	assert_int_equal(mm_dup(mm, &child), 0);
	assert_true(is_large(child, H(0)) && is_large(mm, H(0)));
	sim_poke(child, H(0) + P(14), 99);
	assert_false(is_large(child, H(0)));
	assert_true(is_large(mm, H(0)));
	assert_int_equal(sim_peek(mm, H(0) + P(14)), 14);
	assert_int_equal(sim_peek(child, H(0) + P(14)), 99);
	assert_int_equal(sim_peek(child, H(0) + P(21)), 21);
	assert_int_equal(page_mapcount(page_at(mm, H(0) + P(14))), 1);
	assert_int_equal(page_mapcount(page_at(mm, H(0) + P(15))), 2);
	assert_int_equal(mm_rss(child), HPAGE_NR);
	mm_check(child);
	mm_check(mm);
	end_mm(child);
	reused = vm_event_sum(PGREUSE);
	sim_poke(mm, H(0) + P(3), 4);
	assert_true(is_large(mm, H(0)));
	assert_int_equal(vm_event_sum(PGREUSE), reused + 1);
	sim_poke(mm, H(0) + P(4), 4);
	assert_int_equal(vm_event_sum(PGREUSE), reused + 1);
	end_mm(mm);
	sim_world_end();
}

/* What is done to a part of a huge page is done to that part. */
static void parts_are_split_off(void **state)
{
	unsigned long splits;
	struct mm_struct *mm;
	long moved;

	world();
	mm = huge_mm(4);
	for (unsigned b = 0; b < 4; b++)
		for (unsigned i = 0; i < 10; i++)
			sim_poke(mm, H(b) + P(i), (uint8_t)(10 * b + i));
	splits = vm_event_sum(THP_SPLIT_PMD);
	assert_int_equal(vm_unmap(mm, H(0) + P(3), P(2)), 0);
	assert_int_equal(vm_protect(mm, H(1) + P(3), P(2), PROT_READ), 0);
	assert_int_equal(vm_advise(mm, H(2) + P(3), P(2), MADV_DONTNEED), 0);
	moved = vm_remap(mm, H(3) + P(3), P(2), P(2), MREMAP_MAYMOVE | MREMAP_FIXED, BASE);
	assert_int_equal(moved, BASE);
	assert_int_equal(vm_event_sum(THP_SPLIT_PMD), splits + 4);
	assert_int_equal(mm_rss(mm), 4 * HPAGE_NR - 4);
	assert_int_equal(sim_write(mm, H(0) + P(3), "x", 1), FAULT_MAPERR);
	assert_int_equal(sim_write(mm, H(1) + P(3), "x", 1), FAULT_ACCERR);
	assert_int_equal(sim_peek(mm, H(1) + P(3)), 13);
	assert_int_equal(sim_peek(mm, H(2) + P(3)), 0);
	assert_int_equal(sim_peek(mm, BASE), 33);
	for (unsigned b = 0; b < 4; b++) {
		assert_int_equal(sim_peek(mm, H(b) + P(2)), 10 * b + 2);
		assert_int_equal(sim_peek(mm, H(b) + P(5)), 10 * b + 5);
	}
	mm_check(mm);
	end_mm(mm);
	sim_world_end();
}

/* Whoever maps a huge page has it small afterwards; what lies outside of the range is as it was. */
static void all_are_split_on_demand(void **state)
{
	struct mm_struct *mm, *child;

	world();
	mm = huge_mm(3);
	for (unsigned b = 0; b < 3; b++)
		sim_poke(mm, H(b) + P(7), (uint8_t)(b + 1));
	assert_int_equal(mm_dup(mm, &child), 0);
	thp_split_range(child, H(1) + P(3), H(1) + P(4));
	assert_false(is_large(mm, H(1)) || is_large(child, H(1)));
	assert_true(is_large(mm, H(0)) && is_large(child, H(2)));
	assert_int_equal(vm_event_sum(THP_SPLIT_PAGE), 1);
	assert_int_equal(vm_event_sum(THP_SPLIT_PMD), 2);
	thp_split_all();
	assert_int_equal(vm_event_sum(THP_SPLIT_PAGE), 3);
	assert_int_equal(global_node_stat(NR_ANON_THPS), 0);
	for (unsigned b = 0; b < 3; b++) {
		assert_false(is_large(mm, H(b)) || is_large(child, H(b)));
		assert_int_equal(sim_peek(child, H(b) + P(7)), b + 1);
	}
	assert_ptr_equal(page_at(mm, H(2)), page_at(child, H(2)));
	mm_check(mm);
	mm_check(child);
	end_mm(child);
	end_mm(mm);
	sim_world_end();
}

/* A pin is of one page, and does not split. */
static void pins_do_not_split(void **state)
{
	struct mm_struct *mm;
	struct page *page;

	world();
	mm = huge_mm(1);
	sim_poke(mm, H(0) + P(9), 5);
	assert_int_equal(get_user_page(mm, H(0) + P(9) + 100, true, &page), 0);
	assert_true(is_large(mm, H(0)));
	assert_ptr_equal(page, page_at(mm, H(0) + P(9)));
	assert_int_equal(page_ref_count(page), 2);
	assert_int_equal(vm_unmap(mm, H(0), HPAGE_SIZE), 0);
	assert_int_equal(page_ref_count(page), 1);
	put_page(page);
	end_mm(mm);
	sim_world_end();
}

/* fork: of a huge page with a pin only that page is copied; the rest is shared, in small entries. */
static void fork_splits_what_is_pinned(void **state)
{
	struct mm_struct *mm, *child;
	struct page *page;

	world();
	mm = huge_mm(2);
	for (unsigned i = 0; i < 12; i++)
		sim_poke(mm, H(0) + P(i), (uint8_t)(i + 1));
	sim_poke(mm, H(1), 77);
	assert_int_equal(pin_user_page(mm, H(0) + P(9), true, &page), 0);
	assert_int_equal(mm_dup(mm, &child), 0);
	assert_false(is_large(mm, H(0)) || is_large(child, H(0)));
	assert_true(is_large(mm, H(1)) && is_large(child, H(1)));
	assert_ptr_equal(page_at(mm, H(0) + P(9)), page);
	assert_ptr_not_equal(page_at(child, H(0) + P(9)), page);
	assert_ptr_equal(page_at(child, H(0) + P(8)), page - 1);
	assert_true(pte_write(pt_peek_page(&mm->root, H(0) + P(9))));
	for (unsigned i = 0; i < 12; i++)
		assert_int_equal(sim_peek(child, H(0) + P(i)), i + 1);
	assert_int_equal(sim_peek(child, H(1)), 77);
	assert_int_equal(mm_rss(child), 2 * HPAGE_NR);
	mm_check(mm);
	mm_check(child);
	unpin_user_page(page);
	end_mm(child);
	end_mm(mm);
	sim_world_end();
}

/* ---- collapse ---- */

/* A block of small pages: page i holds byte i, those of i % hole == 0 are not there. */
static struct mm_struct *small_block(unsigned hole)
{
	struct mm_struct *mm = new_mm();

	assert_int_equal(map_at(mm, H(0), 2 * HPAGE_SIZE, RW, ANON | MAP_FIXED), H(0));
	for (unsigned i = HPAGE_NR; i-- > 0;) {
		if (!hole || i % hole)
			sim_poke(mm, H(0) + P(i), (uint8_t)i);
	}
	assert_false(is_large(mm, H(0)));
	return mm;
}

static void collapse_copies_into_a_block(void **state)
{
	unsigned long tables, rss, allocs;
	struct mm_struct *mm;

	world();
	allocs = vm_event_sum(THP_COLLAPSE_ALLOC);
	mm = small_block(5);
	tables = (unsigned long)atomic_long_read(&mm->pgtables_bytes);
	rss = mm_rss(mm);
	assert_true(rss < HPAGE_NR);
	assert_int_equal(vm_advise(mm, H(0), HPAGE_SIZE, MADV_COLLAPSE), 0);
	assert_true(is_large(mm, H(0)));
	assert_int_equal(mm_rss(mm), HPAGE_NR);
	assert_int_equal(atomic_long_read(&mm->pgtables_bytes), tables);
	assert_int_equal(vm_event_sum(THP_COLLAPSE_ALLOC), allocs + 1);
	for (unsigned i = 0; i < HPAGE_NR; i++)
		assert_int_equal(sim_peek(mm, H(0) + P(i)), i % 5 ? (uint8_t)i : 0);
	sim_poke(mm, H(0) + P(1), 9);
	assert_int_equal(vm_advise(mm, H(0), HPAGE_SIZE, MADV_COLLAPSE), 0); /* it is huge */
	mm_check(mm);
	end_mm(mm);
	sim_world_end();
}

/* Pages that lie side by side become huge where they are, pinned or not. */
static void collapse_in_place(void **state)
{
	struct page *table, *page;
	struct mm_struct *mm;

	world();
	mm = huge_mm(1);
	sim_poke(mm, H(0) + P(8), 8);
	assert_non_null(pt_find_locked(&mm->root, H(0), &table));
	pt_unlock(table);
	assert_false(is_large(mm, H(0)));
	page = page_at(mm, H(0) + P(8));
	get_page(page);
	assert_int_equal(vm_advise(mm, H(0), HPAGE_SIZE, MADV_COLLAPSE), 0);
	assert_true(is_large(mm, H(0)));
	assert_ptr_equal(page, page_at(mm, H(0) + P(8)));
	assert_int_equal(global_node_stat(NR_ANON_THPS), HPAGE_NR);
	put_page(page);
	sim_poke(mm, H(0) + P(8), 9);
	assert_int_equal(sim_peek(mm, H(0) + P(8)), 9);
	mm_check(mm);
	end_mm(mm);
	sim_world_end();
}

static void collapse_refuses(void **state)
{
	struct mm_struct *mm;
	struct page *page;

	world();
	mm = small_block(0);
	assert_int_equal(get_user_page(mm, H(0) + P(3), true, &page), 0);
	assert_int_equal(vm_advise(mm, H(0), HPAGE_SIZE, MADV_COLLAPSE), -EAGAIN);
	assert_int_equal(sim_peek(mm, H(0) + P(3)), 3);
	put_page(page);
	assert_int_equal(vm_advise(mm, H(1), HPAGE_SIZE, MADV_COLLAPSE),
			 -EINVAL); /* nothing there */
	assert_int_equal(vm_advise(mm, H(0) + P(1), P(1), MADV_COLLAPSE), -EINVAL);
	/* a part that touches a border of a block: of memory that can be huge, and of such that cannot */
	assert_int_equal(vm_advise(mm, H(0), P(1), MADV_COLLAPSE), 0);
	assert_int_equal(vm_advise(mm, H(0), HPAGE_SIZE, MADV_NOHUGEPAGE), 0);
	assert_int_equal(vm_advise(mm, H(0), P(1), MADV_COLLAPSE), -EINVAL);
	assert_int_equal(vm_advise(mm, H(0), HPAGE_SIZE, MADV_HUGEPAGE), 0);
	assert_int_equal(vm_advise(mm, H(2), P(1), MADV_COLLAPSE), -ENOMEM);
	assert_int_equal(vm_protect(mm, H(0), HPAGE_SIZE, PROT_READ), 0);
	assert_int_equal(vm_advise(mm, H(0), HPAGE_SIZE, MADV_COLLAPSE), -EINVAL);
	assert_int_equal(vm_protect(mm, H(0), HPAGE_SIZE, RW), 0);
	failpoint_arm(1);
	assert_int_equal(vm_advise(mm, H(0), HPAGE_SIZE, MADV_COLLAPSE), -ENOMEM);
	failpoint_arm(0);
	assert_int_equal(vm_advise(mm, H(0), 2 * HPAGE_SIZE, MADV_COLLAPSE), -EINVAL);
	assert_true(is_large(mm, H(0))); /* what could be done is */
	mm_check(mm);
	end_mm(mm);
	sim_world_end();
}

/* Pages shared with a child are copied; the child keeps the old ones. */
static void collapse_of_shared_pages(void **state)
{
	struct mm_struct *mm, *child;

	world();
	mm = small_block(0);
	assert_int_equal(mm_dup(mm, &child), 0);
	sim_poke(mm, H(0), 200);
	assert_int_equal(vm_advise(mm, H(0), HPAGE_SIZE, MADV_COLLAPSE), 0);
	assert_true(is_large(mm, H(0)));
	sim_poke(mm, H(0) + P(1), 201);
	for (unsigned i = 0; i < HPAGE_NR; i++) {
		assert_int_equal(sim_peek(child, H(0) + P(i)), (uint8_t)i);
		assert_int_equal(sim_peek(mm, H(0) + P(i)), i < 2 ? 200 + i : (uint8_t)i);
	}
	mm_check(mm);
	end_mm(child);
	end_mm(mm);
	sim_world_end();
}

static void daemon_finds_and_respects_bounds(void **state)
{
	unsigned long exceeded, collapsed;
	struct mm_struct *mm;

	world();
	mm = small_block(2);
	collapsed = khugepaged_pages_collapsed;
	(void)khugepaged_step(); /* not advised */
	assert_false(is_large(mm, H(0)));
	assert_int_equal(vm_advise(mm, H(0), 2 * HPAGE_SIZE, MADV_HUGEPAGE), 0);
	khugepaged_max_ptes_none = HPAGE_NR / 2 - 1;
	exceeded = vm_event_sum(THP_SCAN_EXCEED_NONE_PTE);
	(void)khugepaged_step();
	assert_false(is_large(mm, H(0)));
	assert_true(vm_event_sum(THP_SCAN_EXCEED_NONE_PTE) > exceeded);
	khugepaged_max_ptes_none = HPAGE_NR / 2;
	assert_int_equal(khugepaged_step(), khugepaged_scan_sleep_ms);
	assert_true(is_large(mm, H(0)));
	assert_false(is_large(mm, H(1)));
	assert_int_equal(khugepaged_pages_collapsed, collapsed + 1);
	assert_int_equal(sim_peek(mm, H(0) + P(3)), 3);
	end_mm(mm);
	sim_world_end();
}

/* Pages in swap come back for it; what the area keeps of them is given up. The daemon fetches so many and no more. */
static void collapse_fetches_from_swap(void **state)
{
	unsigned long exceeded;
	struct mm_struct *mm;

	(void)state;
	swap_world(100);
	thp_enabled = THP_MADVISE;
	khugepaged_max_ptes_none = HPAGE_NR - 1;
	mm = small_block(0);
	assert_int_equal(vm_advise(mm, H(0) + P(4), P(6), MADV_PAGEOUT), 0);
	assert_int_equal(mm_rss(mm), HPAGE_NR - 6);
	assert_int_equal(sim_peek(mm, H(0) + P(5)), 5); /* this one stays in the cache, too */
	assert_int_equal(vm_advise(mm, H(0), HPAGE_SIZE, MADV_COLLAPSE), 0);
	assert_true(is_large(mm, H(0)));
	assert_int_equal(atomic_long_read(&mm->rss_stat[MM_SWAPENTS]), 0);
	assert_int_equal(swap_pages_free(), 100);
	for (unsigned i = 0; i < HPAGE_NR; i++)
		assert_int_equal(sim_peek(mm, H(0) + P(i)), (uint8_t)i);
	mm_check(mm);
	end_mm(mm);

	mm = small_block(0);
	assert_int_equal(vm_advise(mm, H(0) + P(4), P(3), MADV_PAGEOUT), 0);
	assert_int_equal(vm_advise(mm, H(0), HPAGE_SIZE, MADV_HUGEPAGE), 0);
	khugepaged_max_ptes_swap = 2;
	exceeded = vm_event_sum(THP_SCAN_EXCEED_SWAP_PTE);
	(void)khugepaged_step();
	assert_false(is_large(mm, H(0)));
	assert_int_equal(vm_event_sum(THP_SCAN_EXCEED_SWAP_PTE), exceeded + 1);
	khugepaged_max_ptes_swap = 3;
	(void)khugepaged_step();
	assert_true(is_large(mm, H(0)));
	khugepaged_max_ptes_swap = HPAGE_NR / 8;
	assert_int_equal(sim_peek(mm, H(0) + P(5)), 5);
	mm_check(mm);
	end_mm(mm);
	swap_world_end();
}

/* What the area cannot read makes no huge page, and is lost to nobody else. */
static void collapse_of_what_cannot_be_read(void **state)
{
	struct mm_struct *mm;

	(void)state;
	swap_world(100);
	mm = small_block(0);
	assert_int_equal(vm_advise(mm, H(0) + P(4), P(2), MADV_PAGEOUT), 0);
	swap.fail_reads = 1;
	assert_int_equal(vm_advise(mm, H(0), HPAGE_SIZE, MADV_COLLAPSE), -EINVAL);
	swap.fail_reads = 0;
	assert_false(is_large(mm, H(0)));
	assert_int_equal(sim_peek(mm, H(0) + P(3)), 3);
	mm_check(mm);
	end_mm(mm);
	swap_world_end();
}

/* Whatever allocation fails, nothing has changed or all has. */
static void collapse_survives_every_failure(void **state)
{
	int err = -1;

	world();
	for (unsigned nth = 1; err; nth++) {
		struct mm_struct *mm = small_block(3);

		failpoint_arm(nth);
		err = vm_advise(mm, H(0), HPAGE_SIZE, MADV_COLLAPSE);
		failpoint_arm(0);
		assert_true(err == 0 || err == -ENOMEM);
		assert_int_equal(is_large(mm, H(0)), err == 0);
		for (unsigned i = 0; i < HPAGE_NR; i += 9)
			assert_int_equal(sim_peek(mm, H(0) + P(i)), i % 3 ? (uint8_t)i : 0);
		end_mm(mm);
	}
	sim_world_end();
}

/* ---- races ---- */

static struct mm_struct *racing;
static unsigned writes;

static void write_pages(void *arg)
{
	const unsigned first = (unsigned)(uintptr_t)arg;

	sim_use_mm(racing);
	for (unsigned i = first; i < HPAGE_NR; i += 32) {
		sim_poke(racing, H(0) + P(i), (uint8_t)i);
		writes++;
		assert_int_equal(sim_peek(racing, H(0) + P(i)), (uint8_t)i);
	}
	sim_use_mm(NULL);
}

static void collapse_often(void *arg)
{
	for (unsigned i = 0; i < 20; i++) {
		int err = vm_advise(racing, H(0), HPAGE_SIZE, MADV_COLLAPSE);

		assert_true(err == 0 || err == -EINVAL || err == -EAGAIN);
		sim_point();
		if (i % 3 == 2) /* splits */
			assert_int_equal(
				vm_protect(racing, H(1) - P(1), P(1), i & 1 ? RW : PROT_READ), 0);
	}
}

static void faults_race_with_collapse_and_split(void **state)
{
	for (uint64_t seed = 1; seed <= 10; seed++) {
		const struct sim_config cfg = { .ram_bytes = MIB(96), .seed = seed };

		sim_world_begin(&cfg);
		racing = huge_mm(1);
		writes = 0;
		if (seed & 1) /* the first touch races, too */
			assert_int_equal(vm_advise(racing, H(0), HPAGE_SIZE, MADV_NOHUGEPAGE), 0);
		if (seed & 1)
			sim_poke(racing, H(0) + P(3), 1);
		assert_int_equal(vm_advise(racing, H(0), HPAGE_SIZE, MADV_HUGEPAGE), 0);
		(void)sim_spawn(write_pages, (void *)1, 0);
		(void)sim_spawn(write_pages, (void *)2, 1);
		(void)sim_spawn(collapse_often, NULL, -1);
		sim_run();
		assert_int_equal(writes, 2 * (HPAGE_NR / 32));
		for (unsigned i = 1; i < HPAGE_NR; i += 32)
			assert_int_equal(sim_peek(racing, H(0) + P(i)), (uint8_t)i);
		end_mm(racing);
		sim_world_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(touch_makes_a_huge_page),
		cmocka_unit_test(reads_share_a_huge_page_of_zeroes),
		cmocka_unit_test(huge_zeroes_split),
		cmocka_unit_test(thp_I1_edges_of_a_vma_are_small),
		cmocka_unit_test(modes_and_advice),
		cmocka_unit_test(fault_survives_every_failure),
		cmocka_unit_test(no_block_free_falls_back),
		cmocka_unit_test(cow_copies_one_page),
		cmocka_unit_test(parts_are_split_off),
		cmocka_unit_test(all_are_split_on_demand),
		cmocka_unit_test(pins_do_not_split),
		cmocka_unit_test(fork_splits_what_is_pinned),
		cmocka_unit_test(collapse_copies_into_a_block),
		cmocka_unit_test(collapse_in_place),
		cmocka_unit_test(collapse_refuses),
		cmocka_unit_test(collapse_of_shared_pages),
		IN_WORLD(collapse_fetches_from_swap),
		IN_WORLD(collapse_of_what_cannot_be_read),
		cmocka_unit_test(daemon_finds_and_respects_bounds),
		cmocka_unit_test(collapse_survives_every_failure),
		cmocka_unit_test(faults_race_with_collapse_and_split),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
