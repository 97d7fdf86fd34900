/* Reclaim: what goes, what stays, and that all that was taken off a list is back or free; by the lists, and by every policy. */
#include "sim/mm_test.h"

#include "mm/alloc.h"
#include "mm/policy.h"
#include "mm/reclaim/reclaim_impl.h"
#include "mm/rmap.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "mm/vmevent.h"
#include "mm/vmscan.h"
#include "sim/fakestore.h"
#include "sim/fakeswap.h"

static struct fake_store s;

static void begin_small(uint64_t ram, unsigned pages)
{
	struct sim_config cfg = { .ram_bytes = ram, .nr_cpus = 1 };

	sim_world_begin(&cfg);
	fault_batch_pages = fault_around_pages = 16;
	dirty_expire_centisecs = 3000;
	dirty_writeback_centisecs = 500;
	fake_store_begin(&s, pages);
}

static void begin(unsigned pages)
{
	begin_small(0, pages);
}

static void finish(void)
{
	lru_check();
	assert_int_equal(global_node_stat(NR_ISOLATED_ANON) + global_node_stat(NR_ISOLATED_FILE),
			 0);
	mapping_check(&s.m);
	fake_store_end(&s);
	sim_world_end();
}

static void read_pages(unsigned first, unsigned nr)
{
	uint8_t buf[PAGE_SIZE];

	for (unsigned i = first; i < first + nr; i++) {
		assert_int_equal(mapping_read_kernel(&s.m, buf, PAGE_SIZE, P(i)), PAGE_SIZE);
		assert_memory_equal(buf, s.disk + P(i), PAGE_SIZE);
	}
}

static unsigned long reclaim(void)
{
	return reclaim_node(0, GFP_KERNEL);
}

static void clean_pages_that_were_read_once_go(void **state)
{
	unsigned long free;

	(void)state;
	begin(40);
	free = nr_free_pages();
	read_pages(0, 40);
	assert_int_equal(global_node_stat(NR_INACTIVE_FILE), 40);
	assert_true(nr_free_pages() <= free - 40);
	assert_int_equal(reclaim(), 40);
	assert_int_equal(global_node_stat(NR_FILE_PAGES), 0);
	assert_int_equal(vm_event_sum(PGSTEAL_DIRECT), 40);
	assert_int_equal(vm_event_sum(PGSTEAL_FILE), 40);
	assert_int_equal(vm_event_sum(PGSCAN_DIRECT), 40);
	read_pages(0, 40);
	finish();
}

static void pages_read_twice_are_active_and_outlive_a_stream(void **state)
{
	struct page *page;

	(void)state;
	begin(200);
	read_pages(0, 10);
	s.m.ra.prev_pos = 0;
	read_pages(20, 1);
	read_pages(0, 10);
	assert_int_equal(global_node_stat(NR_ACTIVE_FILE), 10);
	read_pages(40, 160);
	(void)reclaim();
	assert_int_equal(global_node_stat(NR_ACTIVE_FILE) + global_node_stat(NR_INACTIVE_FILE), 10);
	page = mapping_find(&s.m, 0);
	assert_non_null(page);
	put_page(page);
	finish();
}

static void mapped_pages_get_a_second_look(void **state)
{
	struct mm_struct *mm;

	(void)state;
	begin(40);
	mm = new_mm();
	assert_int_equal(map_file(mm, BASE, P(8), PROT_READ, MAP_SHARED, &s.m, 0), BASE);
	for (unsigned i = 0; i < 8; i++)
		(void)sim_peek(mm, BASE + P(i));
	(void)reclaim();
	tlb_flush_root(&mm->root); /* else the CPU has no reason to set A again */
	for (unsigned i = 0; i < 4; i++) {
		assert_non_null(page_at(mm, BASE + P(i)));
		(void)sim_peek(mm, BASE + P(i)); /* used again */
	}
	(void)reclaim();
	for (unsigned i = 0; i < 4; i++)
		assert_non_null(page_at(mm, BASE + P(i)));
	assert_true(global_node_stat(NR_ACTIVE_FILE) >= 4);
	for (unsigned i = 0; i < 5; i++)
		(void)reclaim();
	assert_int_equal(global_node_stat(NR_FILE_MAPPED), 0);
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(sim_peek(mm, BASE + P(i)), s.disk[P(i)]);
	end_mm(mm);
	finish();
}

static void dirty_pages_stay_until_they_are_written(void **state)
{
	(void)state;
	begin(40);
	read_pages(0, 10);
	assert_int_equal(mapping_write_kernel(&s.m, "new", 3, P(4)), 3);
	for (unsigned i = 0; i < 3; i++)
		(void)reclaim();
	assert_int_equal(global_node_stat(NR_FILE_PAGES), 1);
	assert_true(writeback_step()); /* reclaim has asked for it, young as it is */
	for (unsigned i = 0; i < 5; i++)
		(void)reclaim();
	assert_int_equal(global_node_stat(NR_FILE_PAGES), 0);
	assert_memory_equal(s.disk + P(4), "new", 3);
	finish();
}

static void used_locked_and_pinned_pages_stay(void **state)
{
	struct mm_struct *mm;
	struct page *page;

	(void)state;
	begin(40);
	mm = new_mm();
	read_pages(0, 10);
	page = mapping_find(&s.m, 5);
	assert_int_equal(map_file(mm, BASE, P(2), PROT_READ, MAP_SHARED, &s.m, 0), BASE);
	sim_caps = MM_CAP_IPC_LOCK;
	assert_int_equal(vm_lock(mm, BASE, P(2), VM_LOCKED), 0);
	for (unsigned i = 0; i < 5; i++)
		(void)reclaim();
	assert_int_equal(global_node_stat(NR_FILE_PAGES), 3);
	assert_int_equal(global_node_stat(NR_UNEVICTABLE), 2);
	put_page(page);
	assert_int_equal(reclaim(), 1);
	assert_int_equal(vm_lock(mm, BASE, P(2), 0), 0);
	for (unsigned i = 0; i < 5; i++)
		(void)reclaim();
	assert_int_equal(global_node_stat(NR_FILE_PAGES), 0);
	end_mm(mm);
	sim_caps = 0;
	finish();
}

static void memory_given_up_goes_unless_written(void **state)
{
	struct mm_struct *mm;
	uint8_t byte = 55;

	(void)state;
	begin(1);
	mm = new_mm();
	assert_int_equal(map_at(mm, BASE, P(32), RW, ANON), BASE);
	for (unsigned i = 0; i < 32; i++)
		sim_poke(mm, BASE + P(i), (uint8_t)(i + 1));
	assert_int_equal(vm_advise(mm, BASE, P(32), MADV_FREE), 0);
	assert_int_equal(global_node_stat(NR_INACTIVE_FILE), 32);
	sim_poke(mm, BASE + P(3), 33);
	assert_int_equal(mm_access(mm, BASE + P(5), &byte, 1, true), 1); /* by another program */
	for (unsigned i = 0; i < 3; i++)
		(void)reclaim();
	assert_int_equal(mm_rss(mm), 2);
	assert_int_equal(vm_event_sum(PGLAZYFREED), 30);
	assert_int_equal(global_node_stat(NR_INACTIVE_FILE), 0);
	assert_int_equal(global_node_stat(NR_ACTIVE_ANON) + global_node_stat(NR_INACTIVE_ANON), 2);
	for (unsigned i = 0; i < 32; i++)
		assert_int_equal(sim_peek(mm, BASE + P(i)), i == 3 ? 33 : i == 5 ? 55 : 0);
	end_mm(mm);
	finish();
}

static void programs_memory_stays(void **state)
{
	struct mm_struct *mm;

	(void)state;
	begin(1);
	mm = new_mm();
	assert_int_equal(map_at(mm, BASE, P(16), RW, ANON), BASE);
	for (unsigned i = 0; i < 16; i++)
		sim_poke(mm, BASE + P(i), 7);
	assert_int_equal(reclaim(), 0);
	assert_int_equal(mm_rss(mm), 16);
	end_mm(mm);
	finish();
}

static void dropping_takes_clean_unmapped_pages(void **state)
{
	struct mm_struct *mm;

	(void)state;
	begin(40);
	mm = new_mm();
	read_pages(0, 40);
	read_pages(1, 20);
	assert_int_equal(mapping_write_kernel(&s.m, "x", 1, P(30)), 1);
	fault_around_pages = 1;
	assert_int_equal(map_file(mm, BASE, P(1), PROT_READ, MAP_SHARED, &s.m, 0), BASE);
	(void)sim_peek(mm, BASE);
	assert_int_equal(drop_cached_pages(), 38);
	assert_int_equal(global_node_stat(NR_FILE_PAGES), 2);
	end_mm(mm);
	finish();
}

/* All free memory but @left pages. */
static unsigned hog(struct page **pages, unsigned max, unsigned long left)
{
	unsigned n = 0;

	while (n < max && nr_free_pages() > left) {
		pages[n] = alloc_page(GFP_NOWAIT | __GFP_NOWARN);
		if (!pages[n])
			break;
		n++;
	}
	return n;
}

static void unhog(struct page **pages, unsigned n)
{
	while (n)
		__free_page(pages[--n]);
}

static struct page *hogged[8192];

static void a_file_larger_than_memory_is_read(void **state)
{
	unsigned n;

	(void)state;
	begin_small(MIB(16), FAKE_PAGES);
	n = hog(hogged, ARRAY_SIZE(hogged), 200);
	for (unsigned round = 0; round < 3; round++)
		read_pages(0, FAKE_PAGES);
	assert_true(vm_event_sum(PGSTEAL_DIRECT) > 0);
	assert_true(global_node_stat(NR_FILE_PAGES) < FAKE_PAGES);
	unhog(hogged, n);
	finish();
}

static void kswapd_brings_the_zones_back(void **state)
{
	struct zone *z;
	unsigned n, steps = 0;

	(void)state;
	begin_small(MIB(16), FAKE_PAGES);
	z = node_data[0]->zonelist.zones[0];
	read_pages(0, FAKE_PAGES);
	n = hog(hogged, ARRAY_SIZE(hogged), z->watermark[WMARK_LOW] - 10);
	assert_true(node_data[0]->kswapd.wanted); /* the hog woke it */
	kswapd_wait(0);
	while (kswapd_step(0))
		steps++;
	assert_true(steps < 100);
	assert_true(zone_stat(z, NR_FREE_PAGES) > z->watermark[WMARK_HIGH]);
	assert_true(vm_event_sum(PGSTEAL_KSWAPD) > 0);
	assert_int_equal(vm_event_sum(PGSTEAL_DIRECT), 0);
	assert_true(vm_event_sum(PAGEOUTRUN) > 0);
	assert_false(kswapd_step(0));
	unhog(hogged, n);
	finish();
}

static void kswapd_I2_gives_up_where_nothing_can_go(void **state)
{
	unsigned n;

	(void)state;
	begin_small(MIB(16), 1);
	n = hog(hogged, ARRAY_SIZE(hogged), 0);
	for (unsigned i = 0; i < 100; i++) {
		phys_wake(0, ZONE_MOVABLE, 0);
		if (node_data[0]->kswapd.wanted)
			assert_false(kswapd_step(0));
	}
	assert_true(vm_event_sum(PAGEOUTRUN) <= 16);
	unhog(hogged, n);
	finish();
}

/* A program with @pages pages, twice what there is, over swap: every byte is what it was. */
static void overfill(unsigned pages)
{
	struct fakeswap sw;
	struct mm_struct *mm;
	unsigned n;

	fakeswap_begin(&sw, 4096);
	fakeswap_on(&sw, -1);
	mm = new_mm();
	n = hog(hogged, ARRAY_SIZE(hogged), pages / 2);
	assert_int_equal(map_at(mm, BASE, P(pages), RW, ANON), BASE);
	for (unsigned round = 1; round <= 3; round++) {
		for (unsigned i = 0; i < pages; i++) {
			if (round > 1)
				assert_int_equal(sim_peek(mm, BASE + P(i)),
						 (i * 7 + round - 1) % 256);
			sim_poke(mm, BASE + P(i), (uint8_t)(i * 7 + round));
		}
	}
	assert_int_equal(sim_oom_kills, 0);
	swap_check();
	end_mm(mm);
	assert_int_equal(swap_area_off(sw.type), 0);
	fakeswap_end(&sw);
	unhog(hogged, n);
}

static void memory_twice_the_ram_over_swap(void **state)
{
	enum { PAGES = 2048 };

	(void)state;
	begin_small(MIB(16), 1);
	overfill(PAGES);
	assert_true(vm_event_sum(PSWPOUT) > PAGES);
	assert_true(vm_event_sum(PSWPIN) > PAGES / 2);
	assert_true(vm_event_sum(PGSTEAL_ANON) > PAGES);
	finish();
}

/* ---- what /proc/sys/vm sets ---- */

enum { OF_EACH = 128 };

static void round_at(unsigned priority)
{
	struct scan_control sc = { .node = node_data[0],
				   .highest = ZONE_MOVABLE,
				   .gfp = GFP_KERNEL,
				   .priority = priority,
				   .wanted = ULONG_MAX };

	shrink_node(&sc);
}

/* OF_EACH pages of a file and, over swap, as many of a program. */
static struct mm_struct *begin_with_both(struct fakeswap *sw, uint64_t ram)
{
	struct mm_struct *mm;

	begin_small(ram, OF_EACH);
	fakeswap_begin(sw, 2 * OF_EACH);
	fakeswap_on(sw, -1);
	mm = new_mm();
	read_pages(0, OF_EACH);
	assert_int_equal(map_at(mm, BASE, P(OF_EACH), RW, ANON), BASE);
	for (unsigned i = 0; i < OF_EACH; i++)
		sim_poke(mm, BASE + P(i), 1);
	return mm;
}

static void end_with_both(struct fakeswap *sw, struct mm_struct *mm)
{
	vm_swappiness = 60;
	end_mm(mm);
	assert_int_equal(swap_area_off(sw->type), 0);
	fakeswap_end(sw);
	finish();
}

static void swappiness_divides_a_round(void **state)
{
	static const int of[] = { 0, 1, 60, 100, 199, 200 };

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(of); i++) {
		struct fakeswap sw;
		struct mm_struct *mm = begin_with_both(&sw, 0);

		vm_swappiness = of[i];
		round_at(1); /* half of each list, and of that the share, rounded up */
		assert_int_equal(vm_event_sum(PGSCAN_ANON), (OF_EACH / 2 * of[i] + 199) / 200);
		assert_int_equal(vm_event_sum(PGSCAN_FILE),
				 (OF_EACH / 2 * (200 - of[i]) + 199) / 200);
		end_with_both(&sw, mm);
	}
}

static unsigned long marks_high(void)
{
	unsigned long sum = 0;
	struct zone *z;

	for_each_zone (node_data[0], z)
		sum += z->watermark[WMARK_HIGH];
	return sum;
}

/* Swappiness 0: no swap while cached pages suffice; swap before anybody is killed. */
static void swappiness_0_swaps_when_files_cannot_suffice(void **state)
{
	struct fakeswap sw;
	struct mm_struct *mm;
	unsigned long files;
	unsigned n;

	(void)state;
	mm = begin_with_both(&sw, MIB(16));
	vm_swappiness = 0;
	n = hog(hogged, ARRAY_SIZE(hogged), marks_high() - OF_EACH / 4);
	round_at(0);
	assert_int_equal(vm_event_sum(PGSCAN_ANON), 0);
	assert_int_equal(vm_event_sum(PGSTEAL_FILE), OF_EACH);
	read_pages(0, 16);
	files = global_node_stat(NR_INACTIVE_FILE) + global_node_stat(NR_ACTIVE_FILE);
	n += hog(hogged + n, ARRAY_SIZE(hogged) - n, marks_high() - files);
	assert_true(files + nr_free_pages() <= marks_high());
	round_at(0);
	assert_int_equal(vm_event_sum(PGSCAN_ANON), OF_EACH);
	unhog(hogged, n);
	end_with_both(&sw, mm);
}

/* kswapd is woken at the low mark, not above, and sleeps again above the high one, at most a round's wish above. */
static void kswapd_works_by_the_marks(void)
{
	struct kswapd *k = &node_data[0]->kswapd;
	struct zone *z = node_data[0]->zonelist.zones[0];
	unsigned long high = z->watermark[WMARK_HIGH];
	unsigned n;

	read_pages(0, FAKE_PAGES);
	k->wanted = false;
	n = hog(hogged, ARRAY_SIZE(hogged), z->watermark[WMARK_LOW] + LRU_CLUSTER);
	assert_false(k->wanted);
	n += hog(hogged + n, ARRAY_SIZE(hogged) - n, z->watermark[WMARK_LOW] - 1);
	assert_true(k->wanted);
	while (kswapd_step(0))
		;
	assert_in_range(zone_stat(z, NR_FREE_PAGES), high + 1, 2 * high + 2 * LRU_CLUSTER);
	unhog(hogged, n);
}

/* watermark_scale_factor: the marks' distance, in 10000ths of a zone. min_free_kbytes: all marks. */
static void marks_say_when_kswapd_works(void **state)
{
	struct zone *z;
	unsigned long min, size;

	(void)state;
	begin_small(MIB(16), FAKE_PAGES);
	z = node_data[0]->zonelist.zones[0];
	min = z->watermark[WMARK_MIN];
	size = (unsigned long)atomic_long_read(&z->managed_pages);
	kswapd_works_by_the_marks();
	watermark_scale_factor = 300;
	setup_per_zone_wmarks();
	assert_int_equal(z->watermark[WMARK_HIGH], min + 2 * (size * 300 / 10000));
	kswapd_works_by_the_marks();
	watermark_scale_factor = 10;
	min_free_kbytes *= 2;
	setup_per_zone_wmarks();
	assert_in_range(z->watermark[WMARK_MIN], 2 * min, 2 * min + 1);
	kswapd_works_by_the_marks();
	min_free_kbytes /= 2;
	setup_per_zone_wmarks();
	finish();
}

/* ---- by a policy of mm/reclaim/policy ---- */

static void choose_policy(const char *name)
{
	assert_int_equal(reclaim_policy_set(name, strlen(name)), 0);
	assert_string_equal(reclaim_policy()->name, name);
}

static void finish_with_policy(void)
{
	choose_policy("lru2");
	finish();
}

/* Each of them, under the worst: all is as it was, and the lists are whole. */
static void every_policy_keeps_what_programs_have(void **state)
{
	(void)state;
	for (const struct policy *const *p = __start_policies; p < __stop_policies; p++) {
		if (!policy_can_reclaim(*p))
			continue;
		begin_small(MIB(16), FAKE_PAGES);
		choose_policy((*p)->name);
		overfill(1024);
		assert_true(vm_event_sum(PSWPOUT) >= 512);
		for (unsigned round = 0; round < 2; round++)
			read_pages(0, FAKE_PAGES);
		while (global_node_stat(NR_FILE_PAGES))
			(void)reclaim();
		finish_with_policy();
	}
}

static void policies_that_cannot_are_refused(void **state)
{
	(void)state;
	begin(1);
	assert_int_equal(reclaim_policy_set("opt", 3), -EINVAL);
	assert_int_equal(reclaim_policy_set("fif", 3), -EINVAL);
	assert_int_equal(reclaim_policy_set("", 0), -EINVAL);
	assert_string_equal(reclaim_policy()->name, "lru2");
	finish();
}

static bool is_cached(unsigned i)
{
	struct page *page = mapping_find(&s.m, i);

	if (page)
		put_page(page);
	return page;
}

/* A page or some are wanted. Return: the oldest of [@first, @last) that is there. */
static unsigned relieve(unsigned first, unsigned last)
{
	struct alloc_ctx ctx = { .nodes = 1, .highest = ZONE_MOVABLE, .gfp = GFP_KERNEL };

	assert_true(phys_relieve(&ctx));
	while (first < last && !is_cached(first))
		first++;
	return first;
}

/* Pages go in the order in which they came, but for those used since, where a policy asks. */
static void order_of_leaving(const char *policy, bool asks)
{
	unsigned oldest, next;

	begin(256);
	choose_policy(policy);
	read_pages(0, 256);
	oldest = relieve(0, 256);
	assert_in_range(oldest, 32, 128);
	for (unsigned i = 0; i < oldest; i++)
		assert_false(is_cached(i));
	read_pages(oldest, 4);
	next = relieve(oldest + 4, 256);
	assert_in_range(next, oldest + 32, 255);
	for (unsigned i = oldest; i < 256; i++)
		assert_int_equal(is_cached(i), i >= next || (asks && i < oldest + 4));
	finish_with_policy();
}

static void policies_differ_in_who_leaves(void **state)
{
	(void)state;
	order_of_leaving("fifo", false);
	order_of_leaving("clock0", true);
	order_of_leaving("second", true);
	order_of_leaving("sieve", true);
	order_of_leaving("lru", true); /* a late hit */
}

/* Frees and a change of mind in between: who is known is found out anew. */
static void a_policy_follows_another(void **state)
{
	static const char *const turn[] = { "arc", "fifo", "lru2", "s3fifo", "random", "lru2" };
	struct mm_struct *mm;

	(void)state;
	begin(100);
	mm = new_mm();
	for (unsigned i = 0; i < ARRAY_SIZE(turn); i++) {
		choose_policy(turn[i]);
		read_pages(0, 100);
		assert_int_equal(map_at(mm, BASE, P(64), RW, ANON), BASE);
		sim_poke(mm, BASE, 1);
		(void)relieve(0, 100);
		assert_int_equal(vm_unmap(mm, BASE, P(32)), 0);
		(void)drop_cached_pages();
		assert_int_equal(global_node_stat(NR_FILE_PAGES), 0);
		read_pages(0, 50);
		(void)relieve(0, 50);
		assert_int_equal(vm_unmap(mm, BASE, P(64)), 0);
	}
	end_mm(mm);
	finish_with_policy();
}

/* No memory for its tables: the old one stays, nothing leaks. */
static void a_policy_needs_memory(void **state)
{
	unsigned long free;
	unsigned n;

	(void)state;
	begin_small(MIB(16), 1);
	free = nr_free_pages();
	n = hog(hogged, ARRAY_SIZE(hogged), 40);
	assert_int_equal(reclaim_policy_set("arc", 3), -ENOMEM);
	assert_string_equal(reclaim_policy()->name, "lru2");
	unhog(hogged, n);
	(void)vmalloc_purge();
	choose_policy("arc");
	choose_policy("lru2");
	(void)vmalloc_purge();
	(void)slab_shrink_all();
	assert_in_range(nr_free_pages(), free - 8, free);
	finish();
}

/* ---- what leaves the cache is out of every TLB before that ---- */

static struct fakeswap slow;
static struct swapdev_ops slow_ops;
static int (*slow_write)(struct swapdev *dev, unsigned long slot, struct page *page);
static struct mm_struct *seen_mm;
enum { BEFORE, SEEN, LEFT, CHANGED, SEEN_AGAIN };
static int phase;

static void wait_for_phase(int want)
{
	while (READ_ONCE(phase) < want)
		(void)thread_park(PARK_UNINTERRUPTIBLE, clock_ns() + 1000);
}

/* The first page of the cluster has left; the second one's write takes until the reader has looked again. */
static int write_slowly(struct swapdev *dev, unsigned long slot, struct page *page)
{
	WRITE_ONCE(phase, LEFT);
	wait_for_phase(SEEN_AGAIN);
	return slow_write(dev, slot, page);
}

static void reader(void *arg)
{
	sim_use_mm(seen_mm);
	assert_int_equal(sim_peek(seen_mm, BASE), s.disk[0]);
	WRITE_ONCE(phase, SEEN);
	wait_for_phase(CHANGED);
	assert_int_equal(sim_peek(seen_mm, BASE), 'x');
	WRITE_ONCE(phase, SEEN_AGAIN);
	sim_use_mm(NULL);
}

static void changer(void *arg)
{
	wait_for_phase(LEFT);
	assert_int_equal(mapping_write_kernel(&s.m, "x", 1, 0), 1);
	WRITE_ONCE(phase, CHANGED);
}

static void taker(void *arg)
{
	struct page *two[] = { page_at(seen_mm, BASE), page_at(seen_mm, BASE + P(1)) };

	wait_for_phase(SEEN);
	get_page(two[0]);
	get_page(two[1]);
	assert_int_equal(reclaim_these(two, 2), 2);
}

static void begin_slow(int (*write)(struct swapdev *, unsigned long, struct page *))
{
	struct sim_config cfg = { .nr_cpus = 3 };

	sim_world_begin(&cfg);
	fake_store_begin(&s, 8);
	fakeswap_begin(&slow, 10);
	slow.dev.sync = true;
	slow_ops = *slow.dev.ops;
	slow_write = slow_ops.write;
	slow_ops.write = write;
	slow.dev.ops = &slow_ops;
	fakeswap_on(&slow, -1);
	phase = BEFORE;
	seen_mm = new_mm();
}

static void end_slow(void)
{
	sim_run();
	end_mm(seen_mm);
	assert_int_equal(swap_area_off(slow.type), 0);
	fakeswap_end(&slow);
	finish();
}

static void no_cpu_reads_what_has_left_the_cache(void **state)
{
	(void)state;
	begin_slow(write_slowly);
	assert_int_equal(map_file(seen_mm, BASE, P(1), PROT_READ, MAP_SHARED, &s.m, 0), BASE);
	assert_int_equal(map_at(seen_mm, BASE + P(1), P(1), RW, ANON), BASE + P(1));
	(void)sim_peek(seen_mm, BASE);
	sim_poke(seen_mm, BASE + P(1), 1);
	sim_spawn(taker, NULL, 0);
	sim_spawn(reader, NULL, 1);
	sim_spawn(changer, NULL, 2);
	end_slow();
}

/* Who has written through its TLB and does so again, while the page is being written out or after that. */
static void scribbler(void *arg)
{
	sim_use_mm(seen_mm);
	sim_poke(seen_mm, BASE, 1);
	WRITE_ONCE(phase, SEEN);
	wait_for_phase(LEFT);
	sim_poke(seen_mm, BASE, 2);
	sim_use_mm(NULL);
}

static int write_then_wait(struct swapdev *dev, unsigned long slot, struct page *page)
{
	int err = slow_write(dev, slot, page);

	WRITE_ONCE(phase, LEFT);
	(void)thread_park(PARK_UNINTERRUPTIBLE, clock_ns() + 1000 * 1000);
	return err;
}

static void one_taker(void *arg)
{
	struct page *page;

	wait_for_phase(SEEN);
	page = page_at(seen_mm, BASE);
	get_page(page);
	(void)reclaim_these(&page, 1);
}

static void dirty_entries_are_flushed_before_the_write(void **state)
{
	(void)state;
	begin_slow(write_then_wait);
	assert_int_equal(map_at(seen_mm, BASE, P(1), RW, ANON), BASE);
	sim_spawn(one_taker, NULL, 0);
	sim_spawn(scribbler, NULL, 1);
	sim_run();
	assert_int_equal(sim_peek(seen_mm, BASE), 2);
	end_slow();
}

static void locked_shared_memory_is_passed_over_until_unlocked(void **state)
{
	struct address_space *m;
	struct fakeswap sw;

	(void)state;
	begin(1);
	fakeswap_begin(&sw, 64);
	fakeswap_on(&sw, -1);
	m = shmem_anon_create(P(8), false);
	assert_int_equal(mapping_write_kernel(m, "x", 1, P(2)), 1);
	assert_int_equal(mapping_write_kernel(m, "x", 1, P(7)), 1);
	shmem_lock(m, true);
	for (unsigned i = 0; i < 3; i++)
		(void)reclaim();
	assert_int_equal(global_node_stat(NR_UNEVICTABLE), 2);
	shmem_lock(m, false);
	assert_int_equal(global_node_stat(NR_UNEVICTABLE), 0);
	assert_int_equal(global_node_stat(NR_INACTIVE_ANON) + global_node_stat(NR_ACTIVE_ANON), 2);
	m->ops->drop(m);
	assert_int_equal(swap_area_off(sw.type), 0);
	fakeswap_end(&sw);
	finish();
}

#undef T
#define T(test) cmocka_unit_test(test)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(clean_pages_that_were_read_once_go),
		T(pages_read_twice_are_active_and_outlive_a_stream),
		T(mapped_pages_get_a_second_look),
		T(dirty_pages_stay_until_they_are_written),
		T(used_locked_and_pinned_pages_stay),
		T(memory_given_up_goes_unless_written),
		T(programs_memory_stays),
		T(dropping_takes_clean_unmapped_pages),
		T(a_file_larger_than_memory_is_read),
		T(kswapd_brings_the_zones_back),
		T(memory_twice_the_ram_over_swap),
		T(swappiness_divides_a_round),
		T(swappiness_0_swaps_when_files_cannot_suffice),
		T(marks_say_when_kswapd_works),
		T(no_cpu_reads_what_has_left_the_cache),
		T(dirty_entries_are_flushed_before_the_write),
		T(every_policy_keeps_what_programs_have),
		T(policies_that_cannot_are_refused),
		T(policies_differ_in_who_leaves),
		T(a_policy_follows_another),
		T(a_policy_needs_memory),
		T(locked_shared_memory_is_passed_over_until_unlocked),
		T(kswapd_I2_gives_up_where_nothing_can_go),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
