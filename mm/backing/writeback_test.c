/* Write-back: what is in the store after a sync is what was written before it; limits, ages, errors, invalidation. */
#include "sim/mm_test.h"

#include "mm/rmap.h"
#include "mm/zone.h"
#include "sim/fakestore.h"

static struct fake_store s;

static void begin(uint64_t seed, unsigned cpus, unsigned pages)
{
	struct sim_config cfg = { .seed = seed, .nr_cpus = cpus };

	sim_world_begin(&cfg);
	dirty_expire_centisecs = 3000;
	dirty_writeback_centisecs = 500;
	vm_dirty_bytes = dirty_background_bytes = 0;
	vm_dirty_ratio = 20;
	dirty_background_ratio = 10;
	fake_store_begin(&s, pages);
}

static void finish(void)
{
	mapping_check(&s.m);
	assert_int_equal(global_node_stat(NR_WRITEBACK), 0);
	fake_store_end(&s);
	assert_int_equal(global_node_stat(NR_FILE_DIRTY), 0);
	assert_int_equal(global_zone_stat(NR_ZONE_WRITE_PENDING), 0);
	assert_int_equal(global_node_stat(NR_FILE_PAGES), 0);
	sim_world_end();
}

static void put(unsigned page, const char *text)
{
	long n = (long)strlen(text);

	assert_int_equal(mapping_write_kernel(&s.m, text, (size_t)n, P(page)), n);
}

static bool on_disk(unsigned page, const char *text)
{
	return !memcmp(s.disk + P(page), text, strlen(text));
}

static void dirty_I1_counts_and_sync_writes(void **state)
{
	(void)state;
	begin(1, 1, 40);
	put(3, "three");
	put(9, "nine");
	assert_int_equal(global_node_stat(NR_FILE_DIRTY), 2);
	assert_false(on_disk(3, "three"));
	mapping_sync(&s.m, 0, 5);
	assert_true(on_disk(3, "three"));
	assert_false(on_disk(9, "nine"));
	assert_int_equal(global_node_stat(NR_FILE_DIRTY), 1);
	assert_int_equal(s.writes, 1);
	mapping_sync(&s.m, 0, ULONG_MAX);
	mapping_sync(&s.m, 0, ULONG_MAX);
	assert_int_equal(s.writes, 2);
	assert_true(on_disk(9, "nine"));
	put(3, "again");
	writeback_sync_all();
	assert_true(on_disk(3, "again"));
	assert_int_equal(global_node_stat(NR_WRITTEN), 3);
	assert_int_equal(global_node_stat(NR_DIRTIED), 3);
	finish();
}

static void a_mapping_that_writes_again_faults_again(void **state)
{
	struct mm_struct *mm, *other;

	(void)state;
	begin(1, 1, 40);
	mm = new_mm();
	other = new_mm();
	map_file(mm, BASE, P(10), RW, MAP_SHARED | MAP_FIXED, &s.m, 0);
	map_file(other, BASE, P(10), RW, MAP_SHARED | MAP_FIXED, &s.m, 2);
	sim_poke(mm, BASE + P(3), 'a');
	sim_poke(other, BASE + P(1) + 1, 'b');
	assert_int_equal(global_node_stat(NR_FILE_DIRTY), 1);
	mapping_sync(&s.m, 0, ULONG_MAX);
	assert_true(on_disk(3, "ab"));
	assert_int_equal(global_node_stat(NR_FILE_DIRTY), 0);
	sim_poke(other, BASE + P(1), 'c');
	assert_int_equal(global_node_stat(NR_FILE_DIRTY), 1);
	mapping_sync(&s.m, 0, ULONG_MAX);
	assert_true(on_disk(3, "cb"));
	assert_int_equal(sim_peek(mm, BASE + P(3)), 'c');
	mm_check(mm);
	rmap_check();
	sim_use_mm(NULL);
	end_mm(mm);
	end_mm(other);
	finish();
}

static void unmapping_loses_nothing(void **state)
{
	struct mm_struct *mm;
	unsigned long cached;

	(void)state;
	begin(1, 1, 40);
	mm = new_mm();
	map_file(mm, BASE, P(10), RW, MAP_SHARED | MAP_FIXED, &s.m, 0);
	sim_poke(mm, BASE + P(4), 'u');
	assert_int_equal(vm_unmap(mm, BASE, P(10)), 0);
	cached = s.m.nr_pages;
	assert_int_equal(mapping_invalidate(&s.m, 0, ULONG_MAX), cached - 1);
	mapping_sync(&s.m, 0, ULONG_MAX);
	assert_true(on_disk(4, "u"));
	assert_int_equal(mapping_invalidate(&s.m, 0, ULONG_MAX), 1);
	assert_int_equal(s.m.nr_pages, 0);
	sim_use_mm(NULL);
	end_mm(mm);
	finish();
}

static void msync_writes_what_is_mapped(void **state)
{
	struct mm_struct *mm;

	(void)state;
	begin(1, 1, 40);
	mm = new_mm();
	map_file(mm, BASE, P(10), RW, MAP_SHARED | MAP_FIXED, &s.m, 5);
	sim_poke(mm, BASE + P(1), 'x');
	sim_poke(mm, BASE + P(8), 'y');
	assert_int_equal(vm_sync(mm, BASE, P(2), MS_ASYNC), 0);
	assert_false(on_disk(6, "x"));
	assert_int_equal(vm_sync(mm, BASE, P(2), MS_SYNC), 0);
	assert_true(on_disk(6, "x"));
	assert_false(on_disk(13, "y"));
	s.fail_write = 13;
	assert_int_equal(vm_sync(mm, BASE, P(10), MS_SYNC), -EIO);
	assert_int_equal(vm_sync(mm, BASE, P(10), MS_SYNC), 0);
	sim_use_mm(NULL);
	end_mm(mm);
	finish();
}

/* ---- errors ---- */

static void an_error_is_told_once_to_each(void **state)
{
	errseq_t early, late;

	(void)state;
	begin(1, 1, 40);
	early = errseq_sample(&s.m.wb_err);
	assert_int_equal(errseq_check_and_advance(&s.m.wb_err, &early), 0);
	s.fail_write = 2;
	put(2, "lost");
	mapping_sync(&s.m, 0, ULONG_MAX);
	late = errseq_sample(&s.m.wb_err); /* nobody has been told: it will be */
	assert_int_equal(errseq_check_and_advance(&s.m.wb_err, &early), -EIO);
	assert_int_equal(errseq_check_and_advance(&s.m.wb_err, &early), 0);
	assert_int_equal(errseq_check_and_advance(&s.m.wb_err, &late), -EIO);
	late = errseq_sample(&s.m.wb_err); /* told: not news any more */
	assert_int_equal(errseq_check_and_advance(&s.m.wb_err, &late), 0);
	s.write_error = -ENOSPC;
	put(2, "more");
	mapping_sync(&s.m, 0, ULONG_MAX);
	assert_int_equal(errseq_check_and_advance(&s.m.wb_err, &early), -ENOSPC);
	assert_int_equal(errseq_check_and_advance(&s.m.wb_err, &late), -ENOSPC);
	assert_int_equal(mapping_take_error(&s.m), -ENOSPC);
	assert_int_equal(mapping_take_error(&s.m), 0);
	finish();
}

static void a_store_that_refuses_keeps_the_page_dirty(void **state)
{
	errseq_t since;

	(void)state;
	begin(1, 1, 40);
	since = errseq_sample(&s.m.wb_err);
	put(1, "one");
	s.refuse = 1;
	mapping_sync(&s.m, 0, ULONG_MAX);
	assert_int_equal(errseq_check_and_advance(&s.m.wb_err, &since), -EIO);
	assert_int_equal(global_node_stat(NR_FILE_DIRTY), 1);
	mapping_check(&s.m);
	mapping_sync(&s.m, 0, ULONG_MAX);
	assert_int_equal(errseq_check_and_advance(&s.m.wb_err, &since), 0);
	assert_true(on_disk(1, "one"));
	s.room = 0;
	assert_int_equal(mapping_write_kernel(&s.m, "x", 1, P(7)), -ENOSPC);
	assert_int_equal(global_node_stat(NR_FILE_DIRTY), 0);
	finish();
}

/* ---- truncation ---- */

static void bytes_behind_the_end_are_zero_in_the_store(void **state)
{
	struct mm_struct *mm;
	char c = 1;

	(void)state;
	begin(1, 1, 40);
	mm = new_mm();
	assert_int_equal(mapping_truncate(&s.m, P(5) + 10), 0);
	mapping_sync(&s.m, 0, ULONG_MAX);
	for (unsigned i = 10; i < PAGE_SIZE; i++)
		assert_int_equal(s.disk[P(5) + i], 0);
	map_file(mm, BASE, P(10), RW, MAP_SHARED | MAP_FIXED, &s.m, 0);
	sim_poke(mm, BASE + P(5) + 100, 'z');
	mapping_sync(&s.m, 0, ULONG_MAX);
	assert_int_equal(s.disk[P(5) + 100], 0);
	assert_int_equal(mapping_truncate(&s.m, P(9)), 0);
	assert_int_equal(mapping_read_kernel(&s.m, &c, 1, P(5) + 100), 1);
	assert_int_equal(c, 0);
	s.fail_read = 2; /* the page that the end cuts cannot be read: nothing happens */
	assert_int_equal(mapping_truncate(&s.m, P(2) + 1), -EIO);
	assert_int_equal(mapping_size(&s.m), P(9));
	sim_use_mm(NULL);
	end_mm(mm);
	finish();
}

/* ---- the flusher ---- */

static void thread_old_pages(void *arg)
{
	(void)thread_park(PARK_UNINTERRUPTIBLE, clock_ns() + 60000000000ULL);
	put(1, "one");
	assert_false(writeback_step());
	assert_false(on_disk(1, "one"));
	(void)thread_park(PARK_UNINTERRUPTIBLE, clock_ns() + 30100000000ULL);
	put(2, "two");
	assert_true(writeback_step());
	assert_true(on_disk(1, "one"));
	while (writeback_step())
		;
	mapping_sync(&s.m, 0, ULONG_MAX);
	(void)thread_park(PARK_UNINTERRUPTIBLE, clock_ns() + 30100000000ULL);
	assert_false(writeback_step());
	assert_true(list_empty(&s.bdi.dirty));
}

static void the_flusher_writes_what_is_old(void **state)
{
	(void)state;
	begin(1, 1, 40);
	sim_spawn(thread_old_pages, NULL, -1);
	sim_run();
	finish();
}

static void thread_laptop(void *arg)
{
	(void)arg;
	laptop_mode = 2;
	dirty_writeback_centisecs = 0;
	dirty_background_bytes = P(1);
	put(0, "one");
	put(1, "two");
	writeback_disk_used(); /* somebody reads */
	(void)thread_park(PARK_UNINTERRUPTIBLE, clock_ns() + NSEC_PER_SEC);
	while (writeback_step())
		;
	assert_int_equal(global_node_stat(NR_FILE_DIRTY),
			 2); /* it is not time, and background does not count */
	writeback_wait();    /* until it is */
	while (writeback_step())
		;
	assert_int_equal(global_node_stat(NR_FILE_DIRTY), 0);
	assert_true(on_disk(0, "one") && on_disk(1, "two"));
	put(0, "ten"); /* nobody uses the disk */
	while (writeback_step())
		;
	assert_int_equal(global_node_stat(NR_FILE_DIRTY), 1);
	mapping_sync(&s.m, 0, 0);
	laptop_mode = 0;
}

static void laptop_mode_waits_for_the_disk_to_turn(void **state)
{
	(void)state;
	begin(1, 1, 40);
	sim_spawn(thread_laptop, NULL, -1);
	sim_run();
	finish();
}

static void the_flusher_writes_above_the_background_limit(void **state)
{
	unsigned long background, thresh;
	char text[8];

	(void)state;
	begin(1, 1, 200);
	dirty_background_bytes = P(50);
	vm_dirty_bytes = P(1000);
	global_dirty_limits(&background, &thresh);
	assert_int_equal(background, 50);
	assert_int_equal(thresh, 1000);
	for (unsigned i = 0; i < 60; i++) {
		fmt_snprintf(text, sizeof(text), "p%u", i);
		put(i, text);
	}
	while (writeback_step())
		;
	assert_int_equal(global_node_stat(NR_FILE_DIRTY), 0);
	vm_dirty_bytes = P(40);
	global_dirty_limits(&background, &thresh);
	assert_int_equal(background, 20); /* never at or above the threshold */
	vm_dirty_bytes = dirty_background_bytes = 0;
	global_dirty_limits(&background, &thresh);
	assert_true(thresh > background && background > 0);
	assert_true(thresh <= nr_free_pages() / 5 + 20);
	finish();
}

/* ---- at the same time ---- */

enum { WRITERS = 3, OWN_PAGES = 20, IO_RUN_PAGES = 16 };
static unsigned writers_left;
static unsigned long worst_dirty;

static void thread_flusher(void *arg)
{
	while (READ_ONCE(writers_left)) {
		(void)writeback_step();
		(void)thread_park(PARK_UNINTERRUPTIBLE, clock_ns() + 100000);
	}
	fake_stop(&s.queue);
}

static uint8_t mine[WRITERS][OWN_PAGES];

/* A write of one byte, by a call or through a mapping. */
static void write_one(struct mm_struct *mm, unsigned me, unsigned i)
{
	unsigned page = me * OWN_PAGES + i;
	uint8_t byte = (uint8_t)sim_random(256);

	if (sim_random(2)) {
		sim_poke(mm, BASE + P(page) + me, byte);
	} else {
		mutex_lock(&s.lock);
		assert_int_equal(mapping_write_kernel(&s.m, &byte, 1, P(page) + me), 1);
		mutex_unlock(&s.lock);
	}
	mine[me][i] = byte;
}

static void thread_writer(void *arg)
{
	unsigned me = (unsigned)(uintptr_t)arg, first = me * OWN_PAGES;
	struct mm_struct *mm = new_mm();

	sim_use_mm(mm);
	map_file(mm, BASE, P(FAKE_PAGES), RW, MAP_SHARED | MAP_FIXED, &s.m, 0);
	for (unsigned i = 0; i < OWN_PAGES; i++)
		write_one(mm, me, i);
	for (unsigned round = 0; round < 12; round++) {
		for (unsigned k = 0; k < 8; k++)
			write_one(mm, me, (unsigned)sim_random(OWN_PAGES));
		if (global_node_stat(NR_FILE_DIRTY) > worst_dirty)
			worst_dirty = global_node_stat(NR_FILE_DIRTY);
		mapping_sync(&s.m, first, first + OWN_PAGES - 1);
		for (unsigned i = 0; i < OWN_PAGES; i++)
			assert_int_equal(s.disk[P(first + i) + me], mine[me][i]);
		if (sim_random(4) == 0)
			(void)mapping_invalidate(&s.m, 0, ULONG_MAX);
	}
	sim_use_mm(NULL);
	end_mm(mm);
	__atomic_fetch_sub(&writers_left, 1, __ATOMIC_SEQ_CST);
}

static void after_a_sync_the_store_has_it_all(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 12; seed++) {
		begin(seed, 3, FAKE_PAGES);
		s.queue.threaded = true;
		s.queue.max_delay_ns = seed % 3 ? 50000 : 0;
		dirty_expire_centisecs = 0;
		writers_left = WRITERS;
		for (uintptr_t i = 0; i < WRITERS; i++)
			sim_spawn(thread_writer, (void *)i, -1);
		sim_spawn(thread_flusher, NULL, -1);
		sim_spawn(fake_device, &s.queue, -1);
		sim_run();
		finish();
	}
}

static void dirty_I2_writers_wait_at_the_limit(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 4; seed++) {
		begin(seed, 3, FAKE_PAGES);
		s.queue.threaded = true;
		s.queue.max_delay_ns = 200000;
		vm_dirty_bytes = P(16);
		dirty_background_bytes = P(4);
		writers_left = WRITERS;
		worst_dirty = 0;
		for (uintptr_t i = 0; i < WRITERS; i++)
			sim_spawn(thread_writer, (void *)i, -1);
		sim_spawn(thread_flusher, NULL, -1);
		sim_spawn(fake_device, &s.queue, -1);
		sim_run();
		assert_true(worst_dirty <= 16 + WRITERS * IO_RUN_PAGES);
		finish();
	}
}

/* Cuts while pages are being written, and syncs while the file goes. */
static void thread_cutter(void *arg)
{
	for (unsigned i = 0; i < 20; i++) {
		mutex_lock(&s.lock);
		assert_int_equal(mapping_truncate(&s.m, sim_random(P(60))), 0);
		mutex_unlock(&s.lock);
		sim_point();
		mutex_lock(&s.lock);
		assert_int_equal(mapping_truncate(&s.m, P(60)), 0);
		mutex_unlock(&s.lock);
	}
	__atomic_fetch_sub(&writers_left, 1, __ATOMIC_SEQ_CST);
}

static void thread_scribbler(void *arg)
{
	for (unsigned i = 0; i < 60; i++) {
		char c = (char)i;

		mutex_lock(&s.lock);
		assert_int_equal(mapping_write_kernel(&s.m, &c, 1, sim_random(P(60))), 1);
		mutex_unlock(&s.lock);
		if (sim_random(5) == 0)
			writeback_sync_all();
	}
	__atomic_fetch_sub(&writers_left, 1, __ATOMIC_SEQ_CST);
}

static void cuts_against_writes_to_the_store(void **state)
{
	(void)state;
	for (uint64_t seed = 1; seed <= 8; seed++) {
		begin(seed, 3, 60);
		s.queue.threaded = true;
		s.queue.max_delay_ns = 30000;
		dirty_expire_centisecs = 0;
		writers_left = 3;
		sim_spawn(thread_cutter, NULL, -1);
		sim_spawn(thread_scribbler, NULL, -1);
		sim_spawn(thread_scribbler, NULL, -1);
		sim_spawn(thread_flusher, NULL, -1);
		sim_spawn(fake_device, &s.queue, -1);
		sim_run();
		finish();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(dirty_I1_counts_and_sync_writes),
		cmocka_unit_test(a_mapping_that_writes_again_faults_again),
		cmocka_unit_test(unmapping_loses_nothing),
		cmocka_unit_test(msync_writes_what_is_mapped),
		cmocka_unit_test(an_error_is_told_once_to_each),
		cmocka_unit_test(a_store_that_refuses_keeps_the_page_dirty),
		cmocka_unit_test(bytes_behind_the_end_are_zero_in_the_store),
		cmocka_unit_test(the_flusher_writes_what_is_old),
		cmocka_unit_test(laptop_mode_waits_for_the_disk_to_turn),
		cmocka_unit_test(the_flusher_writes_above_the_background_limit),
		cmocka_unit_test(after_a_sync_the_store_has_it_all),
		cmocka_unit_test(dirty_I2_writers_wait_at_the_limit),
		cmocka_unit_test(cuts_against_writes_to_the_store),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
