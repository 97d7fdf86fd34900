/* Seals: what each forbids, the count of writable mappings through splits, moves and forks, sealing against mapping. */
#include "sim/mm_test.h"

#include "mm/seal.h"
#include "mm/zone.h"

static struct address_space *object(void)
{
	struct address_space *m = shmem_anon_create(P(10), false);
	static char buf[4 * 4096];

	assert_non_null(m);
	assert_int_equal(mapping_write_kernel(m, buf, sizeof(buf), 0), sizeof(buf));
	return m;
}

static void seal_I1_each_forbids_its_own(void **state)
{
	static char buf[3 * 4096];
	struct address_space *m = object();

	(void)state;
	assert_int_equal(mapping_add_seals(m, F_SEAL_SHRINK), 0);
	assert_int_equal(mapping_truncate(m, P(9)), -EPERM);
	assert_int_equal(mapping_truncate(m, P(10) + 5), 0);
	assert_int_equal(mapping_add_seals(m, F_SEAL_GROW), 0);
	assert_int_equal(mapping_truncate(m, P(11)), -EPERM);
	assert_int_equal(mapping_allocate(m, P(10), P(11)), -EPERM);
	assert_int_equal(mapping_write_kernel(m, buf, 6, P(10)), -EPERM);
	assert_int_equal(mapping_write_kernel(m, buf, 5, P(10)), 5);
	assert_int_equal(mapping_write_kernel(m, buf, P(3), P(8) + 1), P(2) - 1);
	assert_int_equal(mapping_punch(m, 0, P(1)), 0);
	assert_int_equal(mapping_add_seals(m, F_SEAL_WRITE), 0);
	assert_int_equal(mapping_write_kernel(m, buf, 1, 0), -EPERM);
	assert_int_equal(mapping_punch(m, 0, P(1)), -EPERM);
	assert_int_equal(mapping_add_seals(m, F_SEAL_SEAL), 0);
	assert_int_equal(mapping_add_seals(m, 0), -EPERM);
	assert_int_equal(m->seals, F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE);
	mapping_check(m);
	m->ops->drop(m);
}

static void seal_I2_counts_writable_mappings(void **state)
{
	struct address_space *m = object();
	struct mm_struct *mm = new_mm(), *child;

	(void)state;
	map_file(mm, BASE, P(9), RW, MAP_SHARED | MAP_FIXED, m, 0);
	assert_int_equal(m->i_mmap_writable, 1);
	assert_int_equal(vm_protect(mm, BASE + P(3), P(3), PROT_READ), 0);
	assert_int_equal(m->i_mmap_writable, 3);
	assert_int_equal(mm_dup(mm, &child), 0);
	assert_int_equal(m->i_mmap_writable, 6);
	assert_int_equal(vm_protect(mm, BASE + P(3), P(3), RW), 0);
	assert_int_equal(m->i_mmap_writable, 4);
	assert_int_equal(vm_unmap(mm, BASE + P(1), P(1)), 0);
	assert_int_equal(m->i_mmap_writable, 5);
	assert_true(vm_remap(mm, BASE + P(2), P(7), P(7), MREMAP_MAYMOVE | MREMAP_FIXED,
			     BASE + P(50)) > 0);
	assert_int_equal(m->i_mmap_writable, 5);
	map_file(mm, BASE + P(100), P(1), PROT_READ, MAP_PRIVATE | MAP_FIXED, m, 0);
	assert_int_equal(m->i_mmap_writable, 5);
	assert_int_equal(mapping_add_seals(m, F_SEAL_WRITE), -EBUSY);
	end_mm(child);
	assert_int_equal(m->i_mmap_writable, 2);
	end_mm(mm);
	assert_int_equal(m->i_mmap_writable, 0);
	assert_int_equal(mapping_add_seals(m, F_SEAL_WRITE), 0);
	m->ops->drop(m);
}

static void sealed_objects_are_mapped_to_read(void **state)
{
	struct address_space *m = object();
	struct mm_struct *mm = new_mm();

	(void)state;
	assert_int_equal(mapping_add_seals(m, F_SEAL_WRITE), 0);
	assert_int_equal(map_file(mm, BASE, P(1), RW, MAP_SHARED | MAP_FIXED, m, 0), -EPERM);
	assert_int_equal(map_file(mm, BASE, P(1), PROT_READ, MAP_SHARED | MAP_FIXED, m, 0), BASE);
	assert_int_equal(vm_protect(mm, BASE, P(1), RW), -EACCES);
	map_file(mm, BASE + P(1), P(1), RW, MAP_PRIVATE | MAP_FIXED, m, 0);
	sim_poke(mm, BASE + P(1), 'p');
	assert_int_equal(sim_peek(mm, BASE), 0);
	sim_use_mm(NULL);
	end_mm(mm);
	m->ops->drop(m);
}

/* ---- at the same time ---- */

static struct address_space *shared;
static bool sealed;

static void thread_maps(void *arg)
{
	struct mm_struct *mm = new_mm();
	unsigned long addr = BASE + P(20 * (unsigned long)arg);

	for (unsigned i = 0; i < 20; i++) {
		long r = map_file(mm, addr, P(2), RW, MAP_SHARED | MAP_FIXED, shared, 0);

		assert_true(r == (long)addr || r == -EPERM);
		if (r < 0)
			break;
		assert_false(sealed);
		sim_poke(mm, addr, 'w');
		assert_int_equal(vm_unmap(mm, addr, P(2)), 0);
		sim_point();
	}
	sim_use_mm(NULL);
	end_mm(mm);
}

static void thread_seals(void *arg)
{
	int err;

	(void)arg;
	do {
		sim_point();
		err = mapping_add_seals(shared, F_SEAL_WRITE);
		assert_true(err == 0 || err == -EBUSY);
	} while (err);
	sealed = true;
}

static void sealing_against_mapping(void **state)
{
	struct sim_config cfg = { .nr_cpus = 3 };

	(void)state;
	for (cfg.seed = 1; cfg.seed <= 8; cfg.seed++) {
		sim_world_begin(&cfg);
		sealed = false;
		shared = object();
		for (unsigned long i = 0; i < 3; i++)
			sim_spawn(thread_maps, (void *)i, -1);
		sim_spawn(thread_seals, NULL, -1);
		sim_run();
		mapping_check(shared);
		assert_true(sealed);
		shared->ops->drop(shared);
		sim_world_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(seal_I1_each_forbids_its_own),
		T(seal_I2_counts_writable_mappings),
		T(sealed_objects_are_mapped_to_read),
		cmocka_unit_test(sealing_against_mapping),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
