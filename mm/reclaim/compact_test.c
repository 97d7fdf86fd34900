/* Compaction: a fragmented zone has large blocks again, and nobody's bytes have changed. */
#include "mm/compact.h"
#include "mm/huge.h"
#include "mm/reclaim/reclaim_impl.h"
#include "mm/vmevent.h"
#include "mm/vmscan.h"
#include "sim/mm_test.h"
#include "sync/thread.h"

#include "mm/rmap.h"
#include "mm/thp.h"

enum { USED = 6 * HPAGE_NR, BLOCKS = 64 };
#define LARGE_GFP (GFP_HIGHUSER_MOVABLE | __GFP_COMP | __GFP_NOWARN | __GFP_RETRY_MAYFAIL)

static struct page *taken[BLOCKS * 4];
static unsigned nr_taken;

/* No free block of HPAGE_ORDER is left. */
static void take_large_blocks(void)
{
	struct page *page;

	for (nr_taken = 0; nr_taken < ARRAY_SIZE(taken); nr_taken++) {
		page = alloc_pages((LARGE_GFP | __GFP_NORETRY) & ~(gfp_t)__GFP_DIRECT_RECLAIM,
				   HPAGE_ORDER);
		if (!page)
			break;
		taken[nr_taken] = page;
	}
	assert_in_range(nr_taken, 1, ARRAY_SIZE(taken) - 1);
}

static void give_large_blocks(void)
{
	while (nr_taken)
		__free_pages(taken[--nr_taken], HPAGE_ORDER);
}

static unsigned long large_blocks(void)
{
	unsigned long n = 0;
	struct zone *z;

	for_each_zone (node_data[0], z)
		for (unsigned o = HPAGE_ORDER; o < NR_ORDERS; o++)
			n += z->free_area[o].nr_free << (o - HPAGE_ORDER);
	return n;
}

static uint8_t byte_of(unsigned page)
{
	return (uint8_t)(page * 7 + 1);
}

/* USED pages of which every second one is given back: half of the frames are free, and no large block. */
static struct mm_struct *fragmented(void)
{
	struct mm_struct *mm = new_mm();

	sysctl_compaction_proactiveness = 0;
	map_at(mm, BASE, P(USED), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < USED; i++)
		sim_poke(mm, BASE + P(i) + i % PAGE_SIZE, byte_of(i));
	take_large_blocks();
	for (unsigned i = 0; i < USED; i += 2)
		assert_int_equal(vm_advise(mm, BASE + P(i), P(1), MADV_DONTNEED), 0);
	drain_all_pages();
	assert_int_equal(large_blocks(), 0);
	return mm;
}

static void all_bytes_are_there(struct mm_struct *mm)
{
	for (unsigned i = 1; i < USED; i += 2)
		assert_int_equal(sim_peek(mm, BASE + P(i) + i % PAGE_SIZE), byte_of(i));
	rmap_check();
}

static void a_node_is_compacted(void **state)
{
	struct mm_struct *mm = fragmented();
	unsigned long free = nr_free_pages();

	(void)state;
	compact_node(0);
	assert_int_equal(nr_free_pages(), free);
	/* Three large blocks were free in pieces; the scanners meet in one. */
	assert_in_range(large_blocks(), 2, USED / 2 / HPAGE_NR);
	all_bytes_are_there(mm);
	assert_int_equal(mm_rss(mm), USED / 2);
	give_large_blocks();
	end_mm(mm);
}

static void an_allocation_makes_its_block(void **state)
{
	struct mm_struct *mm = fragmented();
	struct page *page;

	(void)state;
	assert_int_equal(vm_event_sum(COMPACTSTALL), 0);
	page = alloc_pages(LARGE_GFP, HPAGE_ORDER);
	assert_non_null(page);
	assert_int_equal(vm_event_sum(COMPACTSTALL), 1);
	assert_int_equal(vm_event_sum(COMPACTSUCCESS), 1);
	assert_int_equal(vm_event_sum(COMPACTFAIL), 0);
	assert_true(vm_event_sum(COMPACTMIGRATE_SCANNED) > 0 &&
		    vm_event_sum(COMPACTFREE_SCANNED) > 0);
	assert_true(vm_event_sum(COMPACTISOLATED) >= vm_event_sum(PGMIGRATE_SUCCESS));
	all_bytes_are_there(mm);
	__free_pages(page, HPAGE_ORDER);
	give_large_blocks();
	end_mm(mm);
}

/* A wish for a block of order 9 by somebody who does not wait. */
static void wish_for_a_block(void)
{
	assert_null(alloc_pages(LARGE_GFP & ~(gfp_t)__GFP_DIRECT_RECLAIM, HPAGE_ORDER));
	assert_false(kswapd_step(0));
	assert_int_equal(vm_event_sum(COMPACTSTALL), 0);
}

static void kcompactd_makes_what_was_not_found(void **state)
{
	struct mm_struct *mm = fragmented();
	struct page *page;

	(void)state;
	kcompactd_step(0); /* nobody has asked */
	assert_int_equal(vm_event_sum(KCOMPACTD_WAKE), 0);
	wish_for_a_block();
	assert_int_equal(node_data[0]->kcompactd.order, HPAGE_ORDER);
	kcompactd_wait(0); /* does not wait */
	kcompactd_step(0);
	assert_int_equal(vm_event_sum(KCOMPACTD_WAKE), 1);
	assert_int_equal(large_blocks(), 1);
	assert_true(vm_event_sum(KCOMPACTD_MIGRATE_SCANNED) > 0);
	assert_int_equal(vm_event_sum(KCOMPACTD_MIGRATE_SCANNED),
			 vm_event_sum(COMPACTMIGRATE_SCANNED));
	assert_int_equal(vm_event_sum(KCOMPACTD_FREE_SCANNED), vm_event_sum(COMPACTFREE_SCANNED));
	kcompactd_wake(0, ZONE_MOVABLE, HPAGE_ORDER); /* there is one */
	assert_int_equal(node_data[0]->kcompactd.order, 0);
	page = alloc_pages(LARGE_GFP & ~(gfp_t)__GFP_DIRECT_RECLAIM, HPAGE_ORDER);
	assert_non_null(page);
	__free_pages(page, HPAGE_ORDER);
	all_bytes_are_there(mm);
	give_large_blocks();
	end_mm(mm);
}

static struct page *held[USED / 2];

/* References that keep the pages where they are. */
static void hold_all(struct mm_struct *mm)
{
	for (unsigned i = 1; i < USED; i += 2) {
		held[i / 2] = page_at(mm, BASE + P(i));
		get_page(held[i / 2]);
	}
}

static void drop_all(struct mm_struct *mm)
{
	for (unsigned i = 1; i < USED; i += 2) {
		assert_ptr_equal(page_at(mm, BASE + P(i)), held[i / 2]);
		put_page(held[i / 2]);
	}
}

static void kcompactd_I2_waits_where_it_was_in_vain(void **state)
{
	struct mm_struct *mm = fragmented();
	unsigned long scanned[12];

	(void)state;
	hold_all(mm);
	for (unsigned i = 0; i < ARRAY_SIZE(scanned); i++) {
		wish_for_a_block();
		kcompactd_step(0);
		scanned[i] = vm_event_sum(KCOMPACTD_MIGRATE_SCANNED);
	}
	assert_int_equal(vm_event_sum(KCOMPACTD_WAKE), ARRAY_SIZE(scanned));
	for (unsigned i = 1; i < ARRAY_SIZE(scanned); i++) /* runs: 0, 2, 5, 10 */
		assert_int_equal(scanned[i] > scanned[i - 1], i == 2 || i == 5 || i == 10);
	drop_all(mm);
	for (unsigned i = 11; i < 18; i++) {
		wish_for_a_block();
		kcompactd_step(0);
	}
	assert_int_equal(large_blocks(), 0); /* 8 are left out; the ninth run finds that it can */
	wish_for_a_block();
	kcompactd_step(0);
	assert_int_equal(large_blocks(), 1);
	all_bytes_are_there(mm);
	give_large_blocks();
	end_mm(mm);
}

/* What making pieces asked for is granted, or found to be in vain. Return: how many wishes there were. */
static unsigned long nothing_is_asked(void)
{
	assert_false(kswapd_step(0));
	kcompactd_step(0);
	return vm_event_sum(KCOMPACTD_WAKE);
}

static void kcompactd_looks_before_anybody_asks(void **state)
{
	struct mm_struct *mm = fragmented();
	unsigned long scanned, asked = nothing_is_asked(), large = large_blocks();

	(void)state;
	assert_true(fragmentation_score(node_data[0]) > 80);
	sysctl_compaction_proactiveness = 40;
	kcompactd_look();
	kcompactd_wait(0); /* does not wait */
	kcompactd_step(0);
	assert_in_range(fragmentation_score(node_data[0]), 0, 79);
	assert_true(large_blocks() > large);
	assert_int_equal(vm_event_sum(KCOMPACTD_WAKE), asked);
	scanned = vm_event_sum(KCOMPACTD_MIGRATE_SCANNED);
	assert_true(scanned > 0);
	sysctl_compaction_proactiveness = 0;
	kcompactd_look();
	kcompactd_step(0);
	assert_int_equal(vm_event_sum(KCOMPACTD_MIGRATE_SCANNED), scanned);
	all_bytes_are_there(mm);
	give_large_blocks();
	end_mm(mm);
}

static void kcompactd_looks_seldom_where_it_is_in_vain(void **state)
{
	struct mm_struct *mm = fragmented();
	uint64_t now;

	(void)state;
	hold_all(mm);
	(void)nothing_is_asked();
	kcompactd_look();
	sysctl_compaction_proactiveness = 100;
	now = clock_ns();
	kcompactd_step(0);
	assert_true(node_data[0]->kcompactd.next_look >= now + 32 * NSEC_PER_SEC);
	drop_all(mm);
	all_bytes_are_there(mm);
	give_large_blocks();
	end_mm(mm);
}

static void what_is_held_stays(void **state)
{
	struct mm_struct *mm = fragmented();

	(void)state;
	hold_all(mm);
	assert_null(alloc_pages(LARGE_GFP, HPAGE_ORDER));
	assert_int_equal(vm_event_sum(COMPACTFAIL), vm_event_sum(COMPACTSTALL));
	assert_int_equal(vm_event_sum(COMPACTSUCCESS), 0);
	drop_all(mm);
	all_bytes_are_there(mm);
	give_large_blocks();
	end_mm(mm);
}

static unsigned moved(struct mm_struct *mm, struct page *const *was)
{
	unsigned n = 0;

	for (unsigned i = 1; i < USED; i += 2)
		n += page_at(mm, BASE + P(i)) != was[i / 2];
	return n;
}

static void locked_pages_move_if_they_may(void **state)
{
	static struct page *was[USED / 2];
	struct mm_struct *mm;

	(void)state;
	mm = fragmented();
	for (unsigned i = 1; i < USED; i += 2) {
		was[i / 2] = page_at(mm, BASE + P(i));
		assert_int_equal(vm_lock(mm, BASE + P(i), P(1), VM_LOCKED), 0);
	}
	sysctl_compact_unevictable_allowed = 0;
	compact_node(0);
	assert_int_equal(moved(mm, was), 0);
	sysctl_compact_unevictable_allowed = 1;
	compact_node(0);
	assert_true(moved(mm, was) > 0);
	assert_int_equal(global_zone_stat(NR_MLOCK), USED / 2);
	all_bytes_are_there(mm);
	give_large_blocks();
	end_mm(mm);
}

static void a_huge_page_is_left_whole(void **state)
{
	const unsigned long at = round_up_pow2(BASE, HPAGE_SIZE);
	struct mm_struct *mm = new_mm();
	struct page *page;

	(void)state;
	thp_enabled = THP_ALWAYS;
	map_at(mm, at, HPAGE_SIZE, RW, ANON | MAP_FIXED);
	sim_poke(mm, at, 1);
	page = page_at(mm, at);
	assert_true(page_is_thp(page));
	compact_node(0);
	assert_ptr_equal(page_at(mm, at), page);
	assert_true(page_is_thp(page));
	thp_enabled = THP_MADVISE;
	end_mm(mm);
}

static void indices(void **state)
{
	struct zone z = { 0 };

	(void)state;
	assert_int_equal(fragmentation_index(&z, 3), 0); /* nothing is free: for want of memory */
	assert_int_equal(unusable_free_index(&z, 3), 1000);
	z.free_area[0].nr_free = 96;
	z.free_area[2].nr_free = 1;
	assert_int_equal(fragmentation_index(&z, 2), -1000);
	/* 100 pages in 97 blocks: 1000 - (1000 + 100 * 1000 / 8) / 97 */
	assert_int_equal(fragmentation_index(&z, 3), 1000 - 13500 / 97);
	assert_int_equal(unusable_free_index(&z, 3), 1000);
	assert_int_equal(unusable_free_index(&z, 2), 960);
	assert_int_equal(unusable_free_index(&z, 0), 0);
	z.free_area[4].nr_free = 1; /* holds two of order 3 */
	assert_int_equal(unusable_free_index(&z, 3), (116 - 16) * 1000 / 116);
}

/* Programs change their memory on other CPUs while it is compacted. */
static struct mm_struct *shared;

static void writer(void *arg)
{
	unsigned long first = (unsigned long)(uintptr_t)arg;

	sim_use_mm(shared);
	for (unsigned round = 0; round < 3; round++)
		for (unsigned long i = first; i < USED; i += 37) {
			sim_poke(shared, BASE + P(i), (uint8_t)(i + round));
			assert_int_equal(sim_peek(shared, BASE + P(i)), (uint8_t)(i + round));
			if (sim_random(8) == 0)
				(void)!vm_advise(shared, BASE + P(i), P(1), MADV_DONTNEED);
		}
	sim_use_mm(NULL);
}

static void compactor(void *arg)
{
	(void)arg;
	compact_node(0);
	compact_node(0);
}

static void against_writers(void **state)
{
	(void)state;
	shared = fragmented();
	sim_spawn(writer, (void *)1, 0);
	sim_spawn(writer, (void *)2, 1);
	sim_spawn(compactor, NULL, 0);
	sim_spawn(compactor, NULL, 1);
	sim_run();
	rmap_check();
	give_large_blocks();
	end_mm(shared);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_node_is_compacted),
		T(an_allocation_makes_its_block),
		T(kcompactd_makes_what_was_not_found),
		T(kcompactd_I2_waits_where_it_was_in_vain),
		T(kcompactd_looks_before_anybody_asks),
		T(kcompactd_looks_seldom_where_it_is_in_vain),
		T(what_is_held_stays),
		T(locked_pages_move_if_they_may),
		T(a_huge_page_is_left_whole),
		T(indices),
		T(against_writers),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
