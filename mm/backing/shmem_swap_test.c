/* Shared memory in swap: out and in, what holes, cuts, calls, faults and figures see of it, errors, swapoff, many threads. */
#include "sim/swap_test.h"

#include "mm/alloc.h"
#include "mm/cachestat.h"
#include "mm/pt.h"
#include "mm/range.h"
#include "mm/rmap.h"
#include "mm/vmevent.h"

enum { N = 20 };

/* An object of N pages, page i full of i + 1, mapped at BASE. */
static struct address_space *new_object(struct mm_struct *mm)
{
	struct address_space *m = shmem_anon_create(P(N), false);

	assert_non_null(m);
	assert_int_equal(map_file(mm, BASE, P(N), RW, MAP_SHARED | MAP_FIXED, m, 0), BASE);
	for (unsigned i = 0; i < N; i++)
		sim_poke(mm, BASE + P(i) + i, (uint8_t)(i + 1));
	return m;
}

/* The page @index of @m out, whoever maps it. */
static enum pageout_result push_index(struct address_space *m, unsigned long index)
{
	struct page *page = mapping_find(m, index);
	enum pageout_result r;

	if (!page)
		return PAGEOUT_KEEP;
	lock_page(page);
	r = swap_out_page(page, true);
	unlock_page(page);
	swap_put_page(page);
	return r;
}

static void push_all(struct address_space *m)
{
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(push_index(m, i), PAGEOUT_FREED);
	assert_int_equal(m->nr_pages, 0);
	assert_int_equal(shmem_nr_swapped(m), N);
	mapping_check(m);
	swap_check();
}

static void end_object(struct mm_struct *mm, struct address_space *m)
{
	mapping_check(m);
	rmap_check();
	m->ops->drop(m);
	end_mm(mm);
	swap_world_end();
}

static void out_and_in_again(void **state)
{
	struct mm_struct *mm = new_mm();
	struct address_space *m;

	(void)state;
	swap_world(100);
	m = new_object(mm);
	assert_int_equal(global_node_stat(NR_SHMEM), N);
	assert_int_equal(vm_advise(mm, BASE, P(N), MADV_PAGEOUT), 0);
	assert_int_equal(mm_rss(mm), 0);
	assert_int_equal(atomic_long_read(&mm->rss_stat[MM_SWAPENTS]), 0); /* no entry of it */
	assert_int_equal(global_node_stat(NR_SHMEM), 0);
	assert_int_equal(global_node_stat(NR_FILE_PAGES), 0);
	assert_int_equal(swap_pages_free(), 100 - N);
	assert_int_equal(swap.writes, N);
	assert_int_equal(atomic_long_read(&vm_committed_as), N);
	mapping_check(m);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(sim_peek(mm, BASE + P(i) + i), i + 1);
	assert_int_equal(swap.reads, 1 + N);	  /* the header's */
	assert_int_equal(swap_pages_free(), 100); /* back in memory is out of swap */
	assert_int_equal(global_node_stat(NR_SHMEM), N);
	assert_int_equal(global_node_stat(NR_SWAPCACHE), 0);
	assert_int_equal(m->nr_pages, N);
	push_all(m);
	for (unsigned i = 0; i < N; i++)
		sim_poke(mm, BASE + P(i), 77);
	push_all(m);
	assert_int_equal(sim_peek(mm, BASE + P(3)), 77);
	assert_int_equal(sim_peek(mm, BASE + P(3) + 3), 4);
	end_object(mm, m);
}

static void calls_find_it(void **state)
{
	struct mm_struct *mm = new_mm();
	struct address_space *m;
	uint8_t buf[2] = { 0 };

	(void)state;
	swap_world(100);
	m = new_object(mm);
	push_all(m);
	assert_int_equal(mapping_read_kernel(m, buf, 2, P(5) + 5), 2);
	assert_int_equal(buf[0], 6);
	assert_int_equal(mapping_write_kernel(m, "ab", 2, P(6) - 1), 2); /* of two pages */
	assert_int_equal(sim_peek(mm, BASE + P(6)), 'b');
	assert_int_equal(sim_peek(mm, BASE + P(6) + 6), 7);
	assert_int_equal(sim_peek(mm, BASE + P(6) - 1), 'a');
	assert_int_equal(shmem_nr_swapped(m), N - 2);
	assert_int_equal(mapping_seek(m, P(9), false), P(9));
	assert_int_equal(mapping_seek(m, P(9), true), P(N));
	assert_int_equal(mapping_allocate(m, P(9), P(10)), 0);
	assert_int_equal(shmem_nr_swapped(m), N - 3);
	assert_int_equal(sim_peek(mm, BASE + P(9) + 9), 10);
	assert_int_equal(shmem_swap_usage(m, 8, 11), 3);
	assert_int_equal(shmem_swap_usage(m, 0, ULONG_MAX), N - 3);
	end_object(mm, m);
}

static void cuts_and_holes(void **state)
{
	struct mm_struct *mm = new_mm();
	struct address_space *m;
	unsigned freed;

	(void)state;
	swap_world(100);
	m = new_object(mm);
	push_all(m);
	freed = swap.freed;
	assert_int_equal(mapping_punch(m, P(4), P(8)), 0);
	assert_int_equal(swap.freed - freed, 4);
	assert_int_equal(swap.reads, 1);
	assert_int_equal(shmem_nr_swapped(m), N - 4);
	assert_int_equal(atomic_long_read(&vm_committed_as), N - 4);
	assert_int_equal(mapping_seek(m, P(3), true), P(4));
	assert_int_equal(sim_peek(mm, BASE + P(5) + 5), 0);
	assert_int_equal(mapping_punch(m, P(9) + 9, P(10) + 1), 0); /* parts of two */
	assert_int_equal(sim_peek(mm, BASE + P(9) + 9), 0);
	assert_int_equal(sim_peek(mm, BASE + P(10) + 10), 11);
	assert_int_equal(mapping_truncate(m, P(15) + 15), 0);
	assert_int_equal(mapping_truncate(m, P(N)), 0);
	assert_int_equal(sim_peek(mm, BASE + P(14) + 14), 15);
	assert_int_equal(sim_peek(mm, BASE + P(15) + 15), 0);
	assert_int_equal(sim_peek(mm, BASE + P(17) + 17), 0);
	mapping_check(m);
	end_object(mm, m);
}

/* What cannot be read is not cut: nothing has changed then. */
static void errors_of_the_area(void **state)
{
	struct mm_struct *mm = new_mm();
	struct address_space *m;
	uint8_t byte;

	(void)state;
	swap_world(100);
	m = new_object(mm);
	swap.fail_writes = 1;
	assert_int_equal(push_index(m, 0), PAGEOUT_KEEP);
	assert_int_equal(global_node_stat(NR_SWAPCACHE), 1);
	assert_int_equal(sim_peek(mm, BASE), 1); /* found in the swap cache */
	assert_int_equal(global_node_stat(NR_SWAPCACHE), 0);
	swap.fail_writes = 0;
	push_all(m);
	swap.fail_reads = 1;
	assert_int_equal(sim_read(mm, BASE, &byte, 1), FAULT_BUS);
	assert_int_equal(mapping_read_kernel(m, &byte, 1, 0), -EIO);
	assert_int_equal(mapping_write_kernel(m, "x", 1, 0), -EIO);
	assert_int_equal(mapping_truncate(m, 1), -EIO);
	assert_int_equal(mapping_punch(m, 1, 3), -EIO);
	assert_int_equal(mapping_size(m), P(N));
	assert_int_equal(shmem_nr_swapped(m), N);
	swap.fail_reads = 0;
	assert_int_equal(sim_peek(mm, BASE), 1);
	swap.fail_reads = 1;
	assert_int_equal(swap_area_off(swap.type), 0);
	fakeswap_end(&swap);
	assert_int_equal(shmem_nr_swapped(m), N - 1); /* lost */
	assert_int_equal(sim_peek(mm, BASE), 1);
	assert_int_equal(sim_read(mm, BASE + P(1), &byte, 1), FAULT_BUS);
	assert_int_equal(mapping_read_kernel(m, &byte, 1, P(1)), -EIO);
	assert_int_equal(mapping_punch(m, P(1), P(2)), 0); /* a hole, and good again */
	assert_int_equal(sim_peek(mm, BASE + P(1) + 1), 0);
	m->ops->drop(m);
	end_mm(mm);
}

static void who_uses_it_keeps_it(void **state)
{
	struct mm_struct *mm = new_mm();
	struct address_space *m;
	struct page *page;

	(void)state;
	swap_world(10);
	m = new_object(mm);
	assert_int_equal(get_user_page(mm, BASE, true, &page), 0);
	assert_int_equal(push_index(m, 0), PAGEOUT_KEEP);
	assert_ptr_equal(page_at(mm, BASE), page); /* not even unmapped */
	put_page(page);
	assert_int_equal(vm_lock(mm, BASE, P(2), VM_LOCKED), 0);
	assert_int_equal(push_index(m, 1), PAGEOUT_KEEP);
	assert_int_equal(vm_lock(mm, BASE, P(2), 0), 0);
	shmem_lock(m, true);
	assert_int_equal(push_index(m, 1), PAGEOUT_KEEP);
	shmem_lock(m, false);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(push_index(m, i), i < 10 ? PAGEOUT_FREED : PAGEOUT_FULL);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(sim_peek(mm, BASE + P(i) + i), i + 1);
	end_object(mm, m);
}

/* fallocate's pages have no contents: zeroes go to swap. */
static void allocated_pages_go_too(void **state)
{
	struct mm_struct *mm = new_mm();
	struct address_space *m = shmem_anon_create(P(4), false);

	(void)state;
	swap_world(10);
	assert_int_equal(mapping_allocate(m, 0, P(4)), 0);
	assert_int_equal(push_index(m, 2), PAGEOUT_FREED);
	assert_int_equal(shmem_nr_swapped(m), 1);
	assert_int_equal(map_file(mm, BASE, P(4), RW, MAP_SHARED | MAP_FIXED, m, 0), BASE);
	assert_int_equal(sim_peek(mm, BASE + P(2)), 0);
	end_object(mm, m);
}

static void what_programs_are_told(void **state)
{
	struct mm_struct *mm = new_mm();
	struct address_space *m;
	struct mapping_counts n;
	struct smaps_stat s;
	bool cached;
	uint8_t vec[N];

	(void)state;
	sysctl_page_cluster = 0;
	swap_world(100);
	m = new_object(mm);
	push_all(m);
	mapping_count(m, 2, 5, &n);
	assert_int_equal(n.cached, 0);
	assert_int_equal(n.evicted, 4);
	vma_smaps(vma_first(mm), &s);
	assert_int_equal(s.swap, P(N));
	assert_int_equal(s.swap_pss, 0);
	assert_int_equal(map_file(mm, BASE + P(100), P(N), RW, MAP_PRIVATE | MAP_FIXED, m, 0),
			 BASE + P(100));
	sim_poke(mm, BASE + P(103), 9); /* a page of its own; the object's is back */
	assert_int_equal(push_index(m, 3), PAGEOUT_FREED);
	vma_smaps(find_vma(mm, BASE + P(100)), &s);
	assert_int_equal(s.swap, P(N - 1));
	assert_int_equal(s.anonymous, P(1));
	assert_int_equal(map_at(mm, BASE + P(200), P(1), RW, ANON | MAP_FIXED), BASE + P(200));
	assert_int_equal(vm_advise(mm, BASE + P(4), P(2), MADV_WILLNEED), 0);
	assert_true(shmem_swapped(m, 4, &cached) && cached);
	assert_true(shmem_swapped(m, 6, &cached) && !cached);
	assert_int_equal(vm_mincore(mm, BASE, P(N), BASE + P(200)), 0);
	assert_int_equal(sim_read(mm, BASE + P(200), vec, N), 0);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(vec[i] & 1, i == 4 || i == 5);
	assert_int_equal(global_node_stat(NR_SWAPCACHE), 2);
	end_object(mm, m);
	sysctl_page_cluster = 3;
}

static void swapoff_brings_all_back(void **state)
{
	struct mm_struct *mm = new_mm();
	struct address_space *m, *gone;

	(void)state;
	swap_world(100);
	m = new_object(mm);
	push_all(m);
	gone = shmem_anon_create(P(2), false);
	assert_int_equal(mapping_write_kernel(gone, "x", 1, 0), 1);
	assert_int_equal(push_index(gone, 0), PAGEOUT_FREED);
	gone->ops->drop(gone); /* its slot with it */
	assert_int_equal(swap_pages_free(), 100 - N);
	assert_int_equal(swap_area_off(swap.type), 0);
	fakeswap_end(&swap);
	assert_int_equal(m->nr_pages, N);
	assert_int_equal(shmem_nr_swapped(m), 0);
	for (unsigned i = 0; i < N; i++)
		assert_int_equal(sim_peek(mm, BASE + P(i) + i), i + 1);
	mapping_check(m);
	m->ops->drop(m);
	end_mm(mm);
}

static void any_allocation_may_fail(void **state)
{
	(void)state;
	for (unsigned n = 1; n < 200; n++) {
		struct mm_struct *mm = new_mm();
		struct address_space *m;
		uint8_t byte = 0;
		bool fired;

		swap_world(64);
		m = new_object(mm);
		failpoint_arm(n);
		for (unsigned i = 0; i < N; i += 2)
			(void)push_index(m, i);
		for (unsigned i = 0; i < N; i++) {
			int r = sim_read(mm, BASE + P(i) + i, &byte, 1);

			assert_true(r == 0 || r == FAULT_OOM);
		}
		fired = failpoint_fired();
		failpoint_arm(0);
		for (unsigned i = 0; i < N; i++)
			assert_int_equal(sim_peek(mm, BASE + P(i) + i), i + 1);
		end_object(mm, m);
		if (!fired)
			return;
	}
	fail_msg("always another allocation");
}

/* ---- threads ---- */

enum { STEPS = 150 };
static struct mm_struct *shared_mm;
static struct address_space *object;
static unsigned running;

static void last_stops(void)
{
	if (!__atomic_sub_fetch(&running, 1, __ATOMIC_SEQ_CST))
		fake_stop(&swap.queue);
}

/* Each writes its own byte of every page, by call or through its mapping, and finds it again. */
static void worker(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg;
	uint8_t mine[N] = { 0 }, byte;

	sim_use_mm(shared_mm);
	for (unsigned step = 0; step < STEPS; step++) {
		unsigned i = (unsigned)sim_random(N);
		unsigned long at = P(i) + me * 100;

		if (sim_random(2)) {
			assert_int_equal(sim_peek(shared_mm, BASE + at), mine[i]);
		} else {
			assert_int_equal(mapping_read_kernel(object, &byte, 1, at), 1);
			assert_int_equal(byte, mine[i]);
		}
		if (!sim_random(3))
			sim_poke(shared_mm, BASE + at, ++mine[i]);
		else if (sim_random(2) && ++mine[i])
			assert_int_equal(mapping_write_kernel(object, &mine[i], 1, at), 1);
		if (!sim_random(8))
			(void)sim_migrate(shared_mm, BASE + P(sim_random(N)), sim_random(2));
	}
	sim_use_mm(NULL);
	last_stops();
}

static void pusher(void *arg)
{
	(void)arg;
	for (unsigned step = 0; step < STEPS; step++) {
		(void)push_index(object, sim_random(N));
		sim_point();
	}
	last_stops();
}

/* Pages behind those that the workers use. */
static void cutter(void *arg)
{
	(void)arg;
	for (unsigned step = 0; step < STEPS / 3; step++) {
		unsigned long at = N + sim_random(6);

		assert_int_equal(mapping_write_kernel(object, "z", 1, P(at)), 1);
		sim_point();
		if (sim_random(2))
			assert_int_equal(mapping_punch(object, P(N), P(N + 6)), 0);
		else
			assert_int_equal(mapping_truncate(object, P(N) + sim_random(9000)), 0);
		(void)push_index(object, N + sim_random(6));
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

/* Objects come and go while swapoff looks at them. */
static void maker(void *arg)
{
	(void)arg;
	for (unsigned step = 0; step < STEPS / 3; step++) {
		struct address_space *m = shmem_anon_create(P(3), false);

		for (unsigned i = 0; i < 3; i++)
			assert_int_equal(mapping_write_kernel(m, "y", 1, P(i)), 1);
		(void)push_index(m, 0);
		(void)push_index(m, 2);
		sim_point();
		m->ops->drop(m);
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
		object = shmem_anon_create(P(N), false);
		map_file(shared_mm, BASE, P(N), RW, MAP_SHARED | MAP_FIXED, object, 0);
		running = 7;
		sim_spawn(fake_device, &swap.queue, -1);
		sim_spawn(fake_device, &swap.queue, -1);
		for (uintptr_t i = 1; i <= 3; i++)
			sim_spawn(worker, (void *)i, -1);
		sim_spawn(pusher, NULL, -1);
		sim_spawn(cutter, NULL, -1);
		sim_spawn(switcher, NULL, -1);
		sim_spawn(maker, NULL, -1);
		sim_run();
		swap.queue.threaded = false;
		end_object(shared_mm, object);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		IN_WORLD(out_and_in_again),	   IN_WORLD(calls_find_it),
		IN_WORLD(cuts_and_holes),	   IN_WORLD(errors_of_the_area),
		IN_WORLD(who_uses_it_keeps_it),	   IN_WORLD(allocated_pages_go_too),
		IN_WORLD(what_programs_are_told),  IN_WORLD(swapoff_brings_all_back),
		IN_WORLD(any_allocation_may_fail), IN_WORLD(threads_at_once),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
