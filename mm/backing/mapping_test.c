/* The page cache: bytes against a model, holes, cuts, user copies that fault, a store, failures. */
#include "sim/fakestore.h"
#include "sim/mm_test.h"

#include "arch/pt.h"
#include "mm/alloc.h"
#include "mm/zone.h"

enum { FILE_MAX = 40 * 4096 };
static uint8_t model[FILE_MAX];
static size_t model_size;
static uint8_t buf[FILE_MAX];

static void model_write(struct address_space *m, size_t pos, size_t len)
{
	for (size_t i = 0; i < len; i++)
		buf[i] = (uint8_t)sim_random(256);
	assert_int_equal(mapping_write_kernel(m, buf, len, pos), len);
	memcpy(model + pos, buf, len);
	if (model_size < pos + len)
		model_size = pos + len;
}

static void model_read(struct address_space *m, size_t pos, size_t len)
{
	size_t want = pos >= model_size ? 0 : min_of(size_t, len, model_size - pos);

	assert_int_equal(mapping_read_kernel(m, buf, len, pos), want);
	assert_memory_equal(buf, model + pos, want);
}

static void model_cut(struct address_space *m, size_t size)
{
	assert_int_equal(mapping_truncate(m, size), 0);
	if (size < model_size)
		memset(model + size, 0, model_size - size);
	model_size = size;
}

static void model_punch(struct address_space *m, size_t pos, size_t len)
{
	assert_int_equal(mapping_punch(m, pos, pos + len), 0);
	memset(model + pos, 0, len);
}

static void mapping_I1_bytes_against_a_model(void **state)
{
	struct address_space *m = shmem_anon_create(0, false);

	(void)state;
	memset(model, 0, sizeof(model));
	model_size = 0;
	for (unsigned step = 0; step < 4000; step++) {
		size_t pos = sim_random(FILE_MAX - 9000),
		       len = sim_random(4) ? sim_random(300) : sim_random(9000);

		if (!sim_random(16))
			len = sim_random(FILE_MAX - pos); /* runs of new pages and of old ones */
		switch (sim_random(8)) {
		case 0:
		case 1:
		case 2:
			if (len)
				model_write(m, pos, len);
			break;
		case 3:
			model_cut(m, pos);
			break;
		case 4:
			model_punch(m, pos, len);
			break;
		default:
			model_read(m, pos, len);
			break;
		}
		if (step % 64 == 0)
			mapping_check(m);
	}
	model_read(m, 0, FILE_MAX);
	mapping_check(m);
	m->ops->drop(m);
}

static void holes_read_as_zeroes_without_a_page(void **state)
{
	struct address_space *m = shmem_anon_create(P(1000), false);

	(void)state;
	memset(buf, 1, sizeof(buf));
	assert_int_equal(mapping_read_kernel(m, buf, P(3), P(500) + 10), P(3));
	for (size_t i = 0; i < P(3); i++)
		assert_int_equal(buf[i], 0);
	assert_int_equal(m->nr_pages, 0);
	assert_int_equal(mapping_write_kernel(m, "x", 1, P(700)), 1);
	assert_int_equal(m->nr_pages, 1);
	assert_int_equal(global_node_stat(NR_SHMEM), 1);
	m->ops->drop(m);
}

/* ---- user copies ---- */

static void user_copies_fault_pages_in(void **state)
{
	struct address_space *m = shmem_anon_create(0, false);
	struct mm_struct *mm = new_mm();
	uint64_t pos = 100;

	(void)state;
	sim_use_mm(mm);
	map_at(mm, BASE, P(8), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE + P(1), 'q'); /* the other source pages are not there yet: zero page */
	assert_int_equal(mapping_write(m, BASE, P(4), &pos), P(4));
	assert_int_equal(pos, P(4) + 100);
	assert_int_equal(mapping_size(m), P(4) + 100);
	pos = 0;
	assert_int_equal(mapping_read(m, BASE + P(4), P(20), &pos), P(4)); /* the vma ends */
	assert_int_equal(sim_peek(mm, BASE + P(5) + 100), 'q');
	sim_use_mm(NULL);
	end_mm(mm);
	m->ops->drop(m);
}

static void user_copies_are_short_at_a_bad_address(void **state)
{
	struct address_space *m = shmem_anon_create(0, false);
	struct mm_struct *mm = new_mm();
	uint64_t pos = 0;
	char c = 'z';

	(void)state;
	sim_use_mm(mm);
	map_at(mm, BASE, P(2), RW, ANON | MAP_FIXED);
	assert_int_equal(mapping_write(m, BASE + P(2), 10, &pos), -EFAULT);
	assert_int_equal(m->nr_pages, 0);
	assert_int_equal(mapping_write_kernel(m, &c, 1, P(1) + 50), 1);
	assert_int_equal(mapping_write(m, BASE, P(3), &pos), P(2));
	assert_int_equal(pos, P(2));
	pos = P(1);
	assert_int_equal(mapping_write_kernel(m, &c, 1, P(1) + 50), 1);
	assert_int_equal(mapping_write(m, BASE + P(2) - 10, 100, &pos),
			 10); /* the rest of the page stays */
	assert_int_equal(mapping_read_kernel(m, &c, 1, P(1) + 50), 1);
	assert_int_equal(c, 'z');
	pos = 0;
	assert_int_equal(mapping_read(m, BASE + P(2), 10, &pos), -EFAULT);
	assert_int_equal(pos, 0);
	m->size = P(1) + 60;
	pos = P(1) + 70; /* behind the end, in a page that is there */
	assert_int_equal(mapping_write(m, BASE + P(2), 10, &pos), -EFAULT);
	assert_int_equal(mapping_size(m), P(1) + 60);
	sim_use_mm(NULL);
	end_mm(mm);
	m->ops->drop(m);
}

/* write(fd, p) where p is the very page of the file, mapped and not present: no deadlock, no lost byte. */
static void a_file_is_written_from_its_own_mapping(void **state)
{
	struct address_space *m = shmem_anon_create(P(4), false);
	struct mm_struct *mm = new_mm();
	uint64_t pos = P(2);

	(void)state;
	assert_int_equal(mapping_write_kernel(m, "own", 3, 0), 3);
	sim_use_mm(mm);
	map_file(mm, BASE, P(4), RW, MAP_SHARED | MAP_FIXED, m, 0);
	assert_int_equal(mapping_write(m, BASE + P(2), 100, &pos), 100); /* a hole onto itself */
	pos = P(1);
	assert_int_equal(mapping_write(m, BASE, P(1), &pos), P(1));
	assert_int_equal(sim_peek(mm, BASE + P(1) + 2), 'n');
	sim_use_mm(NULL);
	end_mm(mm);
	m->ops->drop(m);
}

/* ---- high memory ---- */

static void user_copies_through_kmap_windows(void **state)
{
	struct sim_config cfg = { .ram_bytes = MIB(64), .lowmem_bytes = MIB(16) };
	struct address_space *m;
	struct mm_struct *mm;
	uint64_t pos = 0;

	(void)state;
	if (sizeof(long) == 8 && VA_BITS != 32)
		return;
	sim_world_begin(&cfg);
	m = shmem_anon_create(0, false);
	mm = new_mm();
	sim_use_mm(mm);
	map_at(mm, BASE, P(8), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 4; i++)
		sim_poke(mm, BASE + P(i) + i, (uint8_t)(i + 1));
	assert_int_equal(mapping_write(m, BASE, P(4), &pos), P(4));
	pos = 0;
	assert_int_equal(mapping_read(m, BASE + P(4), P(4), &pos), P(4));
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(sim_peek(mm, BASE + P(4 + i) + i), i + 1);
	sim_use_mm(NULL);
	end_mm(mm);
	m->ops->drop(m);
	sim_world_end();
}

/* ---- a file system with a store ---- */

static void a_store_is_read_once_and_told_of_the_first_write(void **state)
{
	struct mm_struct *mm = new_mm();
	static struct fake_store s;
	char c;

	(void)state;
	fake_store_begin(&s, 20);
	s.room = 2;
	s.refuse_read = 13;
	s.m.ra.ra_pages = 0; /* page by page */
	map_file(mm, BASE, P(20), RW, MAP_SHARED | MAP_FIXED, &s.m, 0);
	assert_int_equal(sim_peek(mm, BASE + P(3)), s.disk[P(3)]);
	assert_int_equal(mapping_read_kernel(&s.m, &c, 1, P(3)), 1);
	assert_int_equal(s.reads, 1);
	assert_int_equal(s.room, 2);
	sim_poke(mm, BASE + P(3), 'x');
	sim_poke(mm, BASE + P(3) + 1, 'x');
	assert_int_equal(s.room, 1);
	assert_true(xindex_tag_get(&s.m.pages, 3, XINDEX_TAG_DIRTY));
	assert_int_equal(global_node_stat(NR_FILE_DIRTY), 1);
	sim_poke(mm, BASE + P(4), 'y'); /* write first */
	assert_int_equal(s.room, 0);
	assert_int_equal(sim_write(mm, BASE + P(5), "z", 1), FAULT_BUS); /* full */
	assert_int_equal(sim_read(mm, BASE + P(13), &c, 1), FAULT_BUS);
	assert_int_equal(mapping_read_kernel(&s.m, &c, 1, P(13)), -EIO);
	s.room = 100;
	assert_int_equal(mapping_write_kernel(&s.m, "w", 1, P(6) + 1),
			 1); /* the rest comes from the store */
	assert_int_equal(sim_peek(mm, BASE + P(6)), s.disk[P(6)]);
	mapping_check(&s.m);
	end_mm(mm);
	assert_int_equal(mapping_truncate(&s.m, 0), 0);
	assert_int_equal(global_node_stat(NR_FILE_DIRTY), 0);
	fake_store_end(&s);
}

/* ---- limits and failures ---- */

static struct shmem_space space;

static int limited_reserve(struct address_space *m, unsigned long index, unsigned long nr)
{
	(void)m;
	(void)index;
	return shmem_charge(&space, nr);
}

static void limited_hold(struct address_space *m)
{
	(void)m;
}

static void limited_release(struct address_space *m, unsigned long nr)
{
	(void)m;
	shmem_uncharge(&space, nr);
}

static const struct address_space_ops limited_ops = {
	.fill = shmem_fill,
	.reserve = limited_reserve,
	.release = limited_release,
	.hold = limited_hold,
	.drop = limited_hold,
};

static void shmem_I1_a_mount_has_a_limit(void **state)
{
	struct address_space m;

	(void)state;
	space = (struct shmem_space){ .max_pages = 3 };
	mapping_init(&m, &limited_ops, NULL, GFP_KERNEL, MAPPING_SHMEM);
	assert_int_equal(mapping_write_kernel(&m, buf, P(5), 0), P(3));
	assert_int_equal(mapping_write_kernel(&m, buf, 1, P(9)), -ENOSPC);
	assert_int_equal(atomic_long_read(&space.used_pages), 3);
	assert_int_equal(mapping_truncate(&m, P(1)), 0);
	assert_int_equal(atomic_long_read(&space.used_pages), 1);
	mapping_destroy(&m);
	assert_int_equal(atomic_long_read(&space.used_pages), 0);
}

/* @len bytes at the beginning of page @first, the n-th allocation failing: pages are there for what was written only. */
static void fail_writes(unsigned long first, size_t len)
{
	for (unsigned n = 1;; n++) {
		struct address_space *m = shmem_anon_create(P(100), false);
		bool fired;
		long r;

		failpoint_arm(n);
		r = mapping_write_kernel(m, buf, len, P(first));
		fired = failpoint_fired();
		failpoint_arm(0);
		assert_true(fired ? r == -ENOMEM || r == -ENOSPC || r > 0 : r == (long)len);
		assert_int_equal(m->nr_pages, r > 0 ? (P(1) - 1 + (size_t)r) / P(1) : 0);
		mapping_check(m);
		m->ops->drop(m);
		sim_check_leaks();
		if (!fired)
			return;
	}
}

static void nth_failure_of_a_write_leaves_nothing(void **state)
{
	(void)state;
	fail_writes(80, 3);
	fail_writes(10, P(20));
}

static struct page *cached_at(struct address_space *m, unsigned long index)
{
	struct page *page = mapping_find(m, index);

	assert_non_null(page);
	put_page(page);
	return page;
}

/* A long write makes its pages by blocks, gives back what it did not need, and leaves what is there; so does the next file. */
static void long_writes_make_neighbours(void **state)
{
	unsigned long free = nr_free_pages();

	(void)state;
	for (unsigned round = 0; round < 2; round++) {
		struct address_space *m = shmem_anon_create(0, false);
		struct page *fifth;

		model_size = 0;
		memset(model, 0, sizeof(model));
		model_write(m, P(5) + 7, 1);
		fifth = cached_at(m, 5);
		model_write(m, 0, P(32));
		assert_ptr_equal(cached_at(m, 5), fifth);
		assert_int_equal(m->nr_pages, 32);
		for (unsigned i = 1; i < 16; i++) {
			if (i != 5)
				assert_ptr_equal(cached_at(m, i),
						 cached_at(m, i == 6 ? 4 : i - 1) + 1);
		}
		model_write(m, 10, P(31)); /* old pages, by runs */
		model_read(m, 0, P(33));
		model_cut(m, P(16) + 1);
		assert_int_equal(m->nr_pages, 17);
		m->ops->drop(m);
	}
	assert_in_range(nr_free_pages(), free - 16, free); /* slabs of nodes may stay */
}

/* ---- at the same time ---- */

static struct address_space *busy;

static void thread_writes(void *arg)
{
	unsigned long me = (unsigned long)arg;
	char c = (char)me;

	for (unsigned k = 0; k < 60; k++) {
		struct page *page;

		if (me == 0) { /* only one writer: the inode's lock */
			assert_int_equal(mapping_write_kernel(busy, &c, 1, P(sim_random(30))), 1);
			continue;
		}
		assert_int_equal(mapping_get_page(busy, sim_random(30), &page), 0);
		assert_true(page_test(page, PG_uptodate));
		sim_point();
		put_page(page);
	}
}

static void pages_are_made_once_whoever_asks(void **state)
{
	struct sim_config cfg = { .nr_cpus = 4 };

	(void)state;
	for (cfg.seed = 1; cfg.seed <= 6; cfg.seed++) {
		sim_world_begin(&cfg);
		busy = shmem_anon_create(P(30), false);
		for (unsigned long i = 0; i < 4; i++)
			sim_spawn(thread_writes, (void *)i, -1);
		sim_run();
		mapping_check(busy);
		busy->ops->drop(busy);
		sim_world_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(mapping_I1_bytes_against_a_model),
		T(holes_read_as_zeroes_without_a_page),
		T(user_copies_fault_pages_in),
		T(user_copies_are_short_at_a_bad_address),
		T(a_file_is_written_from_its_own_mapping),
		cmocka_unit_test(user_copies_through_kmap_windows),
		T(a_store_is_read_once_and_told_of_the_first_write),
		T(shmem_I1_a_mount_has_a_limit),
		T(nth_failure_of_a_write_leaves_nothing),
		T(long_writes_make_neighbours),
		cmocka_unit_test(pages_are_made_once_whoever_asks),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
