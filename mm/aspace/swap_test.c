/* Private pages in swap: out, in, shared by fork, marks of entries, rights, moves, errors, swapoff, many threads. */
#include "sim/swap_test.h"
#include "arch/pt.h"
#include "mm/migrate.h"
#include "mm/pt.h"

#include "mm/alloc.h"
#include "mm/range.h"
#include "mm/rmap.h"
#include "mm/vmalloc.h"
#include "mm/vmevent.h"

static pte_t entry_at(struct mm_struct *mm, unsigned long addr)
{
	return pt_peek(&mm->root, addr, PT_PTE);
}

static bool is_out(struct mm_struct *mm, unsigned long addr)
{
	return pte_is_swapped(entry_at(mm, addr));
}

static long swapents(struct mm_struct *mm)
{
	return atomic_long_read(&mm->rss_stat[MM_SWAPENTS]);
}

static void out_and_in_again(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	swap_world(100);
	map_at(mm, BASE, P(20), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 20; i++)
		sim_poke(mm, BASE + P(i) + i, (uint8_t)(i + 1));
	assert_int_equal(vm_advise(mm, BASE, P(20), MADV_PAGEOUT), 0);
	assert_int_equal(mm_rss(mm), 0);
	assert_int_equal(swapents(mm), 20);
	assert_int_equal(swap_pages_free(), 80);
	assert_int_equal(global_node_stat(NR_SWAPCACHE), 0);
	mm_check(mm);
	for (unsigned i = 0; i < 20; i++)
		assert_int_equal(sim_peek(mm, BASE + P(i) + i), i + 1);
	assert_int_equal(mm_rss(mm), 20);
	assert_int_equal(swapents(mm), 0);
	assert_int_equal(swap.reads,
			 1 + 20); /* with the header; what was read ahead is read once */
	mm_check(mm);
	rmap_check();
	swap_check();
	end_mm(mm);
	swap_world_end();
}

static void clean_pages_leave_without_a_write(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	swap_world(100);
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 7);
	assert_int_equal(push(mm, BASE), PAGEOUT_FREED);
	assert_int_equal(swap.writes, 1);
	assert_int_equal(sim_peek(mm, BASE), 7); /* stays in the cache */
	assert_int_equal(global_node_stat(NR_SWAPCACHE), 1);
	assert_int_equal(push(mm, BASE), PAGEOUT_FREED);
	assert_int_equal(swap.writes, 1);
	sim_poke(mm, BASE, 8); /* exclusive, so written in place; the slot is given back */
	assert_int_equal(global_node_stat(NR_SWAPCACHE), 0);
	assert_int_equal(swap_pages_free(), 100);
	assert_int_equal(push(mm, BASE), PAGEOUT_FREED);
	assert_int_equal(swap.writes, 2);
	assert_int_equal(sim_peek(mm, BASE), 8);
	sim_poke(mm, BASE, 9); /* takes over a page of the cache: what swap has is old */
	assert_int_equal(push(mm, BASE), PAGEOUT_FREED);
	assert_int_equal(swap.writes, 3);
	assert_int_equal(sim_peek(mm, BASE), 9);
	end_mm(mm);
	swap_world_end();
}

static void shared_by_fork(void **state)
{
	struct mm_struct *mm = new_mm(), *child, *other;

	(void)state;
	swap_world(100);
	map_at(mm, BASE, P(3), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 3; i++)
		sim_poke(mm, BASE + P(i), (uint8_t)(i + 1));
	assert_int_equal(push(mm, BASE), PAGEOUT_FREED);
	assert_int_equal(mm_dup(mm, &child), 0); /* one out, two in */
	assert_int_equal(swapents(child), 1);
	assert_int_equal(swap_count(pte_swp_entry(entry_at(mm, BASE))), 2);
	assert_false(swapped_test(entry_at(mm, BASE), SWAP_EXCLUSIVE));
	assert_int_equal(push(child, BASE + P(1)), PAGEOUT_FREED); /* out of both */
	assert_true(is_out(mm, BASE + P(1)) && is_out(child, BASE + P(1)));
	assert_int_equal(mm_dup(child, &other), 0);
	mm_check(mm);
	mm_check(child);
	assert_int_equal(sim_peek(mm, BASE), 1);
	assert_int_equal(sim_peek(child, BASE), 1);
	assert_ptr_equal(page_at(mm, BASE), page_at(child, BASE));
	sim_poke(child, BASE, 11); /* a copy */
	sim_poke(child, BASE + P(1), 12);
	assert_int_equal(sim_peek(mm, BASE), 1);
	assert_int_equal(sim_peek(other, BASE), 1);
	assert_int_equal(sim_peek(other, BASE + P(1)), 2);
	mm_check(mm);
	mm_check(child);
	mm_check(other);
	rmap_check();
	end_mm(mm);
	assert_int_equal(sim_peek(other, BASE + P(2)), 3);
	sim_poke(other, BASE + P(1), 22);
	assert_int_equal(sim_peek(child, BASE + P(1)), 12);
	end_mm(child);
	assert_int_equal(sim_peek(other, BASE + P(1)), 22);
	end_mm(other);
	swap_world_end();
}

static void the_last_one_takes_it_over(void **state)
{
	struct mm_struct *mm = new_mm(), *child;
	struct page *page;

	(void)state;
	swap_world(100);
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 5);
	assert_int_equal(mm_dup(mm, &child), 0);
	assert_int_equal(push(mm, BASE), PAGEOUT_FREED);
	assert_int_equal(sim_peek(child, BASE), 5);
	page = page_at(child, BASE);
	end_mm(mm); /* its entry goes with it */
	assert_int_equal(swap_pages_free(), 99);
	sim_poke(child, BASE, 6);
	assert_ptr_equal(page_at(child, BASE), page); /* no copy */
	assert_int_equal(swap_pages_free(), 100);
	assert_int_equal(global_node_stat(NR_SWAPCACHE), 0);
	end_mm(child);
	swap_world_end();
}

/* What MADV_FREE gave up waits among the file pages; on its way to swap it is an anonymous one again. */
static void given_up_then_pushed_out(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	swap_world(100);
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 7);
	assert_int_equal(vm_advise(mm, BASE, P(1), MADV_FREE), 0);
	assert_int_equal(global_node_stat(NR_INACTIVE_FILE), 1);
	swap.fail_writes = 1; /* so that it stays */
	assert_int_equal(push(mm, BASE), PAGEOUT_KEEP);
	swap.fail_writes = 0;
	assert_int_equal(global_node_stat(NR_INACTIVE_FILE), 0);
	assert_int_equal(global_node_stat(NR_INACTIVE_ANON), 1);
	lru_check();
	assert_int_equal(sim_peek(mm, BASE), 7);
	end_mm(mm);
	assert_int_equal(global_node_stat(NR_INACTIVE_ANON), 0);
	swap_world_end();
}

/* By MADV_PAGEOUT it goes without a slot, with swap and without; what was written again, or is looked at, stays or gets a slot. */
static void given_up_then_paged_out(void **state)
{
	(void)state;
	for (unsigned slots = 0; slots <= 100; slots += 100) {
		struct mm_struct *mm = new_mm();
		unsigned long before = vm_event_sum(PGLAZYFREED);
		struct page *pinned;

		if (slots)
			swap_world(slots);
		map_at(mm, BASE, P(40), RW, ANON | MAP_FIXED);
		for (unsigned i = 0; i < 40; i++)
			sim_poke(mm, BASE + P(i), 7);
		assert_int_equal(vm_advise(mm, BASE, P(40), MADV_FREE), 0);
		sim_poke(mm, BASE + P(3) + 1, 8);
		assert_int_equal(get_user_page(mm, BASE + P(5), false, &pinned), 0);
		assert_int_equal(vm_advise(mm, BASE, P(40), MADV_PAGEOUT), 0);
		assert_int_equal(mm_rss(mm), 2);
		assert_int_equal(swapents(mm), 0);
		assert_int_equal(vm_event_sum(PGLAZYFREED), before + 38);
		put_page(pinned);
		assert_int_equal(sim_peek(mm, BASE), 0);
		assert_int_equal(sim_peek(mm, BASE + P(3)), 7);
		assert_int_equal(sim_peek(mm, BASE + P(3) + 1), 8);
		assert_int_equal(sim_peek(mm, BASE + P(5)), 7);
		lru_check();
		end_mm(mm);
		if (slots) {
			assert_int_equal(swap_pages_free(), slots);
			swap_world_end();
		}
	}
}

static void rights_moves_and_marks(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	swap_world(100);
	map_at(mm, BASE, P(4), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 4; i++)
		sim_poke(mm, BASE + P(i), (uint8_t)(i + 1));
	assert_int_equal(vm_advise(mm, BASE, P(4), MADV_PAGEOUT), 0);
	assert_int_equal(vm_protect(mm, BASE, P(1), PROT_READ), 0);
	assert_int_equal(sim_write(mm, BASE, "x", 1), FAULT_ACCERR);
	assert_int_equal(sim_peek(mm, BASE), 1);
	assert_false(pte_write(entry_at(mm, BASE)));
	assert_int_equal(vm_protect(mm, BASE, P(1), RW), 0);
	sim_poke(mm, BASE, 9);
	assert_int_equal(
		vm_remap(mm, BASE + P(1), P(1), P(1), MREMAP_MAYMOVE | MREMAP_FIXED, BASE + P(9)),
		BASE + P(9));
	assert_true(is_out(mm, BASE + P(9)));
	assert_int_equal(sim_peek(mm, BASE + P(9)), 2);
	assert_true(swapped_test(entry_at(mm, BASE + P(2)), SWAP_SOFT_DIRTY));
	mm_clear_soft_dirty(mm);
	assert_false(swapped_test(entry_at(mm, BASE + P(2)), SWAP_SOFT_DIRTY));
	assert_int_equal(sim_peek(mm, BASE + P(2)), 3);
	assert_false(pte_soft_dirty(entry_at(mm, BASE + P(2))));
	sim_poke(mm, BASE + P(2), 4);
	assert_true(pte_soft_dirty(entry_at(mm, BASE + P(2))));
	assert_int_equal(vm_advise(mm, BASE + P(3), P(1), MADV_FREE), 0);
	assert_int_equal(sim_peek(mm, BASE + P(3)), 0);
	assert_int_equal(swapents(mm), 0);
	mm_check(mm);
	end_mm(mm);
	swap_world_end();
}

static void unmapping_frees_slots(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	swap_world(100);
	map_at(mm, BASE, P(8), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 8; i++)
		sim_poke(mm, BASE + P(i), 1);
	assert_int_equal(vm_advise(mm, BASE, P(8), MADV_PAGEOUT), 0);
	assert_int_equal(sim_peek(mm, BASE + P(2)), 1); /* cached, and mapped */
	assert_int_equal(vm_advise(mm, BASE, P(4), MADV_DONTNEED), 0);
	assert_int_equal(sim_peek(mm, BASE + P(1)), 0);
	assert_int_equal(vm_unmap(mm, BASE, P(8)), 0);
	assert_int_equal(swapents(mm), 0);
	assert_int_equal(swap_pages_free(), 100);
	assert_int_equal(global_node_stat(NR_SWAPCACHE), 0);
	end_mm(mm);
	swap_world_end();
}

static void a_full_area_keeps_pages(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	swap_world(5);
	map_at(mm, BASE, P(8), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 8; i++)
		sim_poke(mm, BASE + P(i), (uint8_t)(i + 1));
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(push(mm, BASE + P(i)), i < 5 ? PAGEOUT_FREED : PAGEOUT_FULL);
	assert_false(swap_space_left());
	mm_check(mm);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(sim_peek(mm, BASE + P(i)), i + 1);
	assert_true(swap_space_left()); /* when it is scarce slots are given back at once */
	end_mm(mm);
	swap_world_end();
}

static void pinned_and_locked_pages_stay(void **state)
{
	struct mm_struct *mm = new_mm();
	struct page *page;
	uint8_t *p;

	(void)state;
	swap_world(100);
	map_at(mm, BASE, P(2), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 1);
	sim_poke(mm, BASE + P(1), 2);
	assert_int_equal(get_user_page(mm, BASE, true, &page), 0);
	assert_int_equal(push(mm, BASE), PAGEOUT_KEEP);
	assert_int_equal(swap.writes, 0);
	p = kmap_local_page(page);
	*p = 77; /* through the pin */
	kunmap_local(p);
	assert_int_equal(sim_peek(mm, BASE), 77); /* the same page */
	assert_ptr_equal(page_at(mm, BASE), page);
	put_page(page);
	assert_int_equal(vm_lock(mm, BASE, P(2), VM_LOCKED), 0);
	assert_int_equal(push(mm, BASE + P(1)), PAGEOUT_KEEP);
	assert_false(is_out(mm, BASE + P(1)));
	assert_int_equal(vm_lock(mm, BASE, P(2), 0), 0);
	assert_int_equal(push(mm, BASE), PAGEOUT_FREED);
	assert_int_equal(sim_peek(mm, BASE), 77);
	end_mm(mm);
	swap_world_end();
}

static void a_failing_device(void **state)
{
	struct mm_struct *mm = new_mm();
	uint8_t byte;

	(void)state;
	for (int refuse = 0; refuse <= 1; refuse++) {
		swap_world(100);
		swap.refuse = refuse;
		map_at(mm, BASE, P(2), RW, ANON | MAP_FIXED);
		sim_poke(mm, BASE, 3);
		swap.fail_writes = 1;
		assert_int_equal(push(mm, BASE), PAGEOUT_KEEP);
		assert_int_equal(sim_peek(mm, BASE), 3); /* still in the cache */
		swap.fail_writes = 0;
		assert_int_equal(push(mm, BASE), PAGEOUT_FREED);
		swap.fail_reads = 1;
		assert_int_equal(sim_read(mm, BASE, &byte, 1), FAULT_BUS);
		assert_int_equal(swapents(mm), 1);
		swap.fail_reads = 0;
		assert_int_equal(sim_peek(mm, BASE), 3); /* it was a passing one */
		assert_int_equal(push(mm, BASE), PAGEOUT_FREED);
		swap.fail_reads = 1;
		assert_int_equal(swap_area_off(swap.type), 0);
		fakeswap_end(&swap);
		assert_int_equal(swapents(mm), 0);
		assert_int_equal(sim_read(mm, BASE, &byte, 1), FAULT_BUS);
		mm_check(mm);
		assert_int_equal(vm_unmap(mm, BASE, P(2)), 0);
	}
	end_mm(mm);
}

static void swapoff_brings_all_back(void **state)
{
	struct mm_struct *mm = new_mm(), *child;

	(void)state;
	swap_world(200);
	map_at(mm, BASE, P(60), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 60; i++)
		sim_poke(mm, BASE + P(i), (uint8_t)(i + 1));
	assert_int_equal(vm_advise(mm, BASE, P(60), MADV_PAGEOUT), 0);
	assert_int_equal(vm_protect(mm, BASE + P(30), P(5), PROT_NONE), 0);
	assert_int_equal(mm_dup(mm, &child), 0);
	assert_int_equal(sim_peek(child, BASE), 1);
	assert_int_equal(swap_area_off(swap.type), 0);
	fakeswap_end(&swap);
	assert_int_equal(swapents(mm) + swapents(child), 0);
	mm_check(mm);
	mm_check(child);
	rmap_check();
	assert_int_equal(vm_protect(mm, BASE + P(30), P(5), RW), 0);
	for (unsigned i = 0; i < 60; i++)
		assert_int_equal(sim_peek(mm, BASE + P(i)), i + 1);
	end_mm(mm);
	end_mm(child);
	assert_int_equal(swap_area_off(0), -EINVAL);
}

/* Whatever of it finds no memory: the area stays, and goes later. */
static void swapoff_without_memory(void **state)
{
	unsigned refused = 0;
	bool fired = true;

	(void)state;
	for (unsigned n = 1; fired; n++) {
		struct mm_struct *mm = new_mm();
		int err;

		swap_world(64);
		map_at(mm, BASE, P(10), RW, ANON | MAP_FIXED);
		for (unsigned i = 0; i < 10; i++)
			sim_poke(mm, BASE + P(i), (uint8_t)(i + 1));
		assert_int_equal(vm_advise(mm, BASE, P(10), MADV_PAGEOUT), 0);
		failpoint_arm(n);
		err = swap_area_off(swap.type);
		fired = failpoint_fired();
		failpoint_arm(0);
		if (err) {
			assert_int_equal(err, -ENOMEM);
			refused++;
			assert_int_equal(sim_peek(mm, BASE), 1);
			assert_int_equal(push(mm, BASE), PAGEOUT_FREED); /* it is in use */
			assert_int_equal(swap_area_off(swap.type), 0);
		}
		fakeswap_end(&swap);
		assert_int_equal(swapents(mm), 0);
		for (unsigned i = 0; i < 10; i++)
			assert_int_equal(sim_peek(mm, BASE + P(i)), i + 1);
		mm_check(mm);
		end_mm(mm);
	}
	assert_true(refused > 0);
}

static void pages_of_the_cache_move(void **state)
{
	struct mm_struct *mm = new_mm();
	struct page *old;

	(void)state;
	swap_world(100);
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 3);
	assert_int_equal(push(mm, BASE), PAGEOUT_FREED);
	assert_int_equal(sim_peek(mm, BASE), 3);
	old = page_at(mm, BASE);
	assert_true(page_test(old, PG_swapcache));
	assert_int_equal(sim_migrate(mm, BASE, true), 0);
	assert_ptr_not_equal(page_at(mm, BASE), old);
	assert_true(page_test(page_at(mm, BASE), PG_swapcache));
	swap_check();
	rmap_check();
	assert_int_equal(push(mm, BASE), PAGEOUT_FREED);
	assert_int_equal(swap.writes, 1);
	assert_int_equal(sim_peek(mm, BASE), 3);
	end_mm(mm);
	swap_world_end();
}

static void areas_by_priority(void **state)
{
	static struct fakeswap b, c;
	struct mm_struct *mm = new_mm();

	(void)state;
	swap_world(10);
	fakeswap_begin(&b, 600);
	fakeswap_begin(&c, 600);
	fakeswap_on(&b, 5);
	fakeswap_on(&c, 5);
	map_at(mm, BASE, P(1100), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 1100; i++)
		sim_poke(mm, BASE + P(i), (uint8_t)i);
	assert_int_equal(vm_advise(mm, BASE, P(700), MADV_PAGEOUT), 0);
	assert_int_equal(swap.writes, 0); /* the last */
	assert_in_range(b.writes, 255, 445);
	assert_int_equal(b.writes + c.writes, 700);
	swap_check();
	assert_int_equal(swap_area_off(b.type), 0);
	for (unsigned i = 0; i < 1100; i++)
		assert_int_equal(sim_peek(mm, BASE + P(i)), (uint8_t)i);
	mm_check(mm);
	end_mm(mm);
	assert_int_equal(swap_area_off(c.type), 0);
	fakeswap_end(&b);
	fakeswap_end(&c);
	swap_world_end();
}

static void headers(void **state)
{
	static const struct {
		unsigned at;
		uint32_t value;
	} wrong[] = {
		{ 1024, 2 }, { 1028, 0 }, { 1028, 100 }, { 1032, 638 }, { PAGE_SIZE - 8, 0 }
	};
	static const uint32_t bad[] = { 2, 7, 9 };
	unsigned type;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(wrong); i++) {
		fakeswap_begin(&swap, 50);
		memcpy(swap.disk + wrong[i].at, &wrong[i].value, 4);
		assert_int_equal(swap_area_on(&swap.dev, 0, &type), -EINVAL);
		fakeswap_end(&swap);
	}
	fakeswap_begin(&swap, 50);
	memcpy(swap.disk + 1032, bad, 4);
	memcpy(swap.disk + 1536, bad + 1, 8);
	assert_int_equal(swap_area_on(&swap.dev, SWAP_FLAG_DISCARD, &type), 0);
	assert_int_equal(total_swap_pages(), 47);
	assert_int_equal(swap.discarded, 49);
	swap_check();
	assert_int_equal(swap_area_off(type), 0);
	swap.fail_reads = 0;
	fakeswap_end(&swap);
}

/* The n-th allocation that fails, over page-out, fork and page-in. */
static void any_allocation_may_fail(void **state)
{
	(void)state;
	for (unsigned n = 1; n < 200; n++) {
		struct mm_struct *mm = new_mm(), *child = NULL;
		bool fired;
		uint8_t byte = 0;

		swap_world(64);
		map_at(mm, BASE, P(10), RW, ANON | MAP_FIXED);
		for (unsigned i = 0; i < 10; i++)
			sim_poke(mm, BASE + P(i), (uint8_t)(i + 1));
		failpoint_arm(n);
		(void)!vm_advise(mm, BASE, P(10), MADV_PAGEOUT);
		(void)!mm_dup(mm, &child);
		for (unsigned i = 0; i < 10; i++) {
			int r = sim_read(mm, BASE + P(i), &byte, 1);

			assert_true(r == 0 || r == FAULT_OOM);
		}
		fired = failpoint_fired();
		failpoint_arm(0);
		for (unsigned i = 0; i < 10; i++)
			assert_int_equal(sim_peek(mm, BASE + P(i)), i + 1);
		mm_check(mm);
		if (child)
			end_mm(child);
		end_mm(mm);
		swap_world_end();
		if (!fired)
			return;
	}
	fail_msg("always another allocation");
}

/* ---- threads ---- */

enum { WORK_PAGES = 24, WORK_STEPS = 150 };
static struct mm_struct *shared_mm;
static unsigned running;

static void last_stops(void)
{
	if (!__atomic_sub_fetch(&running, 1, __ATOMIC_SEQ_CST))
		fake_stop(&swap.queue);
}

/* Each writes its own byte of every page, and finds it again. */
static void worker(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;
	uint8_t mine[WORK_PAGES] = { 0 };

	sim_use_mm(shared_mm);
	for (unsigned step = 0; step < WORK_STEPS; step++) {
		unsigned i = (unsigned)sim_random(WORK_PAGES);
		uaddr_t va = BASE + P(i) + me * 100;

		assert_int_equal(sim_peek(shared_mm, va), mine[i]);
		if (sim_random(2))
			sim_poke(shared_mm, va, ++mine[i]);
		if (!sim_random(8))
			(void)sim_migrate(shared_mm, BASE + P(sim_random(WORK_PAGES)),
					  sim_random(2));
	}
	sim_use_mm(NULL);
	last_stops();
}

static void forker(void *arg)
{
	(void)arg;
	for (unsigned step = 0; step < 12; step++) {
		struct mm_struct *child;

		if (mm_dup(shared_mm, &child))
			continue;
		sim_use_mm(child);
		for (unsigned i = 0; i < 6; i++)
			(void)sim_peek(child, BASE + P(sim_random(WORK_PAGES)));
		sim_poke(child, BASE + P(sim_random(WORK_PAGES)) + 50, 1);
		sim_use_mm(NULL);
		mmput(child);
	}
	last_stops();
}

static void pusher(void *arg)
{
	(void)arg;
	for (unsigned step = 0; step < WORK_STEPS; step++) {
		unsigned long at = BASE + P(sim_random(WORK_PAGES));

		(void)!vm_advise(shared_mm, at, P(1 + sim_random(6)), MADV_PAGEOUT);
		sim_point();
	}
	last_stops();
}

static void switcher(void *arg)
{
	(void)arg;
	for (unsigned step = 0; step < 5; step++) {
		(void)thread_park(PARK_UNINTERRUPTIBLE, clock_ns() + sim_random(2000000));
		assert_int_equal(swap_area_off(swap.type), 0);
		assert_int_equal(swap_area_on(&swap.dev, 0, &swap.type), 0);
	}
	last_stops();
}

static void threads_at_once(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 6; seed++) {
		struct sim_config cfg = { .nr_cpus = 4, .seed = seed };

		sim_world_end();
		sim_world_begin(&cfg);
		shared_mm = new_mm();
		swap_world(300);
		swap.queue.threaded = true;
		map_at(shared_mm, BASE, P(WORK_PAGES), RW, ANON | MAP_FIXED);
		running = 6;
		sim_spawn(fake_device, &swap.queue, -1);
		sim_spawn(fake_device, &swap.queue, -1);
		for (uintptr_t i = 1; i <= 3; i++)
			sim_spawn(worker, (void *)i, -1);
		sim_spawn(forker, NULL, -1);
		sim_spawn(pusher, NULL, -1);
		sim_spawn(switcher, NULL, -1);
		sim_run();
		swap.queue.threaded = false;
		mm_check(shared_mm);
		rmap_check();
		swap_check();
		end_mm(shared_mm);
		swap_world_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(out_and_in_again),	   IN_WORLD(clean_pages_leave_without_a_write),
		IN_WORLD(shared_by_fork),	   IN_WORLD(the_last_one_takes_it_over),
		IN_WORLD(rights_moves_and_marks),  IN_WORLD(given_up_then_pushed_out),
		IN_WORLD(given_up_then_paged_out), IN_WORLD(unmapping_frees_slots),
		IN_WORLD(a_full_area_keeps_pages), IN_WORLD(pinned_and_locked_pages_stay),
		IN_WORLD(a_failing_device),	   IN_WORLD(swapoff_brings_all_back),
		IN_WORLD(swapoff_without_memory),  IN_WORLD(pages_of_the_cache_move),
		IN_WORLD(areas_by_priority),	   IN_WORLD(headers),
		IN_WORLD(any_allocation_may_fail), IN_WORLD(threads_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
