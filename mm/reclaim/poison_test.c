/* Frames out of use: who sees SIGBUS, who sees nothing, what is counted, and that they never come back by themselves. */
#include "mm/poison.h"
#include "sim/mm_test.h"

#include "mm/rmap.h"
#include "sim/fakestore.h"

static int world(void **state)
{
	int err = mm_world_begin(state);

	sim_caps = MM_CAP_SYS_ADMIN;
	return err;
}

static int world_gone(void **state)
{
	sim_caps = 0;
	assert_int_equal(atomic_long_read(&num_poisoned_pages), 0);
	return mm_world_end(state);
}

/* Poisoned, and only our reference left; then as before. */
static void back_into_use(struct page *page)
{
	assert_true(page_test(page, PG_hwpoison));
	assert_int_equal(page_ref_count(page), 1);
	assert_int_equal(page_mapcount(page), 0);
	assert_int_equal(unpoison_memory(page_to_pfn(page)), 0);
	assert_false(page_test(page, PG_hwpoison));
	assert_int_equal(unpoison_memory(page_to_pfn(page)), 0);
}

static void private_contents_are_lost_for_all(void **state)
{
	struct mm_struct *mm = new_mm(), *child, *later;
	struct page *page;
	uint8_t byte;

	(void)state;
	map_at(mm, BASE, P(3), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 3; i++)
		sim_poke(mm, BASE + P(i), 1);
	assert_int_equal(mm_dup(mm, &child), 0);
	page = page_at(mm, BASE + P(1));
	assert_int_equal(vm_poison(mm, BASE + P(1), P(1), MADV_HWPOISON), 0);
	assert_int_equal(atomic_long_read(&num_poisoned_pages), 1);
	assert_int_equal(mm_rss(mm), 2);
	assert_int_equal(mm_rss(child), 2);
	assert_int_equal(sim_read(mm, BASE + P(1), &byte, 1), FAULT_HWPOISON);
	assert_int_equal(sim_write(child, BASE + P(1), "x", 1), FAULT_HWPOISON);
	assert_int_equal(sim_peek(mm, BASE), 1);
	assert_int_equal(vm_poison(mm, BASE + P(1), P(1), MADV_HWPOISON), -EFAULT);
	assert_int_equal(mm_dup(child, &later), 0); /* who comes later is told as well */
	assert_int_equal(sim_read(later, BASE + P(1), &byte, 1), FAULT_HWPOISON);
	assert_int_equal(vm_advise(mm, BASE + P(1), P(1), MADV_DONTNEED), 0);
	assert_int_equal(sim_peek(mm, BASE + P(1)), 0); /* another page */
	rmap_check();
	end_mm(later);
	end_mm(child);
	end_mm(mm);
	back_into_use(page);
}

static void memory_backed_contents_are_lost_in_the_cache(void **state)
{
	struct mm_struct *mm = new_mm();
	struct address_space *m = shmem_anon_create(P(2), false);
	struct page *page;
	uint8_t byte = 0;

	(void)state;
	map_file(mm, BASE, P(2), RW, MAP_SHARED | MAP_FIXED, m, 0);
	map_file(mm, BASE + P(8), P(2), RW, MAP_PRIVATE | MAP_FIXED, m, 0);
	sim_poke(mm, BASE, 7);
	assert_int_equal(sim_peek(mm, BASE + P(8)), 7);
	page = page_at(mm, BASE);
	assert_int_equal(vm_poison(mm, BASE, P(1), MADV_HWPOISON), 0);
	assert_int_equal(sim_read(mm, BASE, &byte, 1), FAULT_HWPOISON);
	assert_int_equal(sim_read(mm, BASE + P(8), &byte, 1), FAULT_HWPOISON);
	assert_int_equal(vm_advise(mm, BASE, P(16), MADV_DONTNEED), -ENOMEM);
	assert_int_equal(sim_read(mm, BASE, &byte, 1), FAULT_HWPOISON); /* the object remembers */
	assert_int_equal(sim_write(mm, BASE + P(8), "x", 1), FAULT_HWPOISON);
	assert_int_equal(mapping_read_kernel(m, &byte, 1, 0), -EIO);
	assert_int_equal(mapping_write_kernel(m, &byte, 1, 0), -EIO);
	assert_int_equal(sim_peek(mm, BASE + P(1)), 0);
	assert_int_equal(unpoison_memory(page_to_pfn(page)), -EBUSY);
	assert_int_equal(mapping_punch(m, 0, P(1)), 0);
	assert_int_equal(sim_peek(mm, BASE), 0);
	mapping_check(m);
	end_mm(mm);
	m->ops->drop(m);
	back_into_use(page);
}

/* A clean page of a file is read again; of a dirty one the file has an error. */
static void a_file_has_its_contents_elsewhere(void **state)
{
	struct mm_struct *mm = new_mm();
	static struct fake_store store;
	struct address_space *m = &store.m;
	struct page *clean, *dirty;
	errseq_t seen = 0;
	uint8_t byte;

	(void)state;
	fake_store_begin(&store, 2);
	map_file(mm, BASE, P(2), RW, MAP_SHARED | MAP_FIXED, m, 0);
	byte = sim_peek(mm, BASE);
	clean = page_at(mm, BASE);
	assert_int_equal(vm_poison(mm, BASE, P(1), MADV_HWPOISON), 0);
	assert_int_equal(errseq_check_and_advance(&m->wb_err, &seen), 0);
	assert_int_equal(sim_peek(mm, BASE), byte);
	assert_ptr_not_equal(page_at(mm, BASE), clean);
	sim_poke(mm, BASE + P(1), 9);
	dirty = page_at(mm, BASE + P(1));
	assert_int_equal(vm_poison(mm, BASE + P(1), P(1), MADV_HWPOISON), 0);
	assert_int_equal(errseq_check_and_advance(&m->wb_err, &seen), -EIO);
	assert_int_equal(sim_read(mm, BASE + P(1), &byte, 1), FAULT_HWPOISON);
	assert_int_equal(mapping_read_kernel(m, &byte, 1, P(1)), 1); /* what the store has */
	mapping_check(m);
	end_mm(mm);
	fake_store_end(&store);
	back_into_use(clean);
	back_into_use(dirty);
}

static void doubtful_frames_are_left(void **state)
{
	struct mm_struct *mm = new_mm();
	struct address_space *m = shmem_anon_create(P(1), false);
	struct page *was[2];

	(void)state;
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	map_file(mm, BASE + P(1), P(1), RW, MAP_SHARED | MAP_FIXED, m, 0);
	for (unsigned i = 0; i < 2; i++) {
		sim_poke(mm, BASE + P(i), (uint8_t)(i + 1));
		was[i] = page_at(mm, BASE + P(i));
	}
	assert_int_equal(vm_poison(mm, BASE, P(2), MADV_SOFT_OFFLINE), 0);
	assert_int_equal(atomic_long_read(&num_poisoned_pages), 2);
	for (unsigned i = 0; i < 2; i++) {
		assert_int_equal(sim_peek(mm, BASE + P(i)), i + 1);
		assert_ptr_not_equal(page_at(mm, BASE + P(i)), was[i]);
		get_page(was[i]);
		assert_int_equal(unpoison_memory(page_to_pfn(was[i])), -EBUSY);
		put_page(was[i]);
	}
	rmap_check();
	end_mm(mm);
	m->ops->drop(m);
	back_into_use(was[0]);
	back_into_use(was[1]);
}

static void who_may_and_what_cannot(void **state)
{
	struct mm_struct *mm = new_mm();
	struct page *page;
	uint8_t byte;

	(void)state;
	map_at(mm, BASE, P(2), RW, ANON | MAP_FIXED);
	assert_int_equal(sim_read(mm, BASE, &byte, 1), 0);
	assert_int_equal(vm_poison(mm, BASE, P(1), MADV_HWPOISON), -EBUSY); /* the zero page */
	assert_int_equal(vm_poison(mm, BASE, P(1), MADV_SOFT_OFFLINE), -EBUSY);
	assert_int_equal(vm_poison(mm, BASE + 1, P(1), MADV_HWPOISON), -EINVAL);
	assert_int_equal(vm_poison(mm, BASE, 0, MADV_HWPOISON), 0);
	assert_int_equal(vm_poison(mm, BASE + P(9), P(1), MADV_HWPOISON), -EFAULT);
	sim_poke(mm, BASE, 1);
	assert_int_equal(get_user_page(mm, BASE, true, &page), 0);
	assert_int_equal(vm_poison(mm, BASE, P(1), MADV_SOFT_OFFLINE), -EBUSY); /* pinned */
	put_page(page);
	sim_caps = 0;
	assert_int_equal(vm_poison(mm, BASE, P(1), MADV_HWPOISON), -EPERM);
	assert_int_equal(vm_poison(mm, BASE + 1, P(1), MADV_HWPOISON), -EINVAL);
	assert_int_equal(vm_poison(mm, BASE, 0, MADV_HWPOISON), 0);
	sim_caps = MM_CAP_SYS_ADMIN;
	assert_int_equal(sim_peek(mm, BASE), 1);
	assert_int_equal(unpoison_memory(max_pfn), -ENXIO);
	end_mm(mm);
}

static void broken_with_no_recovery(void *arg)
{
	struct mm_struct *mm;

	(void)mm_world_begin(arg);
	sim_caps = MM_CAP_SYS_ADMIN;
	sysctl_memory_failure_recovery = 0;
	mm = new_mm();
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 1);
	(void)!vm_poison(mm, BASE, P(1), MADV_HWPOISON);
}

static void a_panic_if_told_so(void **state)
{
	assert_true(sim_panics(broken_with_no_recovery, state, "Memory failure on page"));
}

static void nth_failure_leaves_the_page(void **state)
{
	struct mm_struct *mm = new_mm();
	struct page *old;
	unsigned n;

	(void)state;
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 4);
	old = page_at(mm, BASE);
	for (n = 1;; n++) {
		int err;

		failpoint_arm(n);
		err = vm_poison(mm, BASE, P(1), MADV_SOFT_OFFLINE);
		failpoint_arm(0);
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_ptr_equal(page_at(mm, BASE), old);
		assert_int_equal(page_ref_count(old), 1);
	}
	assert_true(n > 1);
	end_mm(mm);
	back_into_use(old);
}

#undef T
#define T(f) cmocka_unit_test_setup_teardown(f, world, world_gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(private_contents_are_lost_for_all),
		T(memory_backed_contents_are_lost_in_the_cache),
		T(a_file_has_its_contents_elsewhere),
		T(doubtful_frames_are_left),
		T(who_may_and_what_cannot),
		T(nth_failure_leaves_the_page),
		cmocka_unit_test(a_panic_if_told_so),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
