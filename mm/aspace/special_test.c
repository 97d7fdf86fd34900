/* Mappings that the kernel makes by itself: place, neighbours, accounting, limits, failures. */
#include "mm/alloc.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/special.h"
#include "sim/mm_test.h"

enum { DATA = VM_READ | VM_MAYREAD | VM_IO | VM_PFNMAP | VM_DONTEXPAND, CODE = VM_READ | VM_EXEC };
#define CODE_FLAGS (CODE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | VM_DONTEXPAND)

static int data_fault(struct vm_area_struct *vma, unsigned long index, struct fault_access access,
		      struct page **out)
{
	(void)access;
	(void)vma;
	(void)index;
	*out = alloc_page(GFP_KERNEL);
	return *out ? 0 : -ENOMEM;
}

static const struct vma_ops data_ops = { .fault = data_fault };

static long map_both(struct mm_struct *mm, unsigned long hint, struct address_space *m)
{
	const struct vm_special parts[] = { { 1, DATA, NULL, &data_ops },
					    { 2, CODE_FLAGS, m, NULL } };

	return vm_map_special(mm, hint, parts, 2);
}

static void parts_touch_and_are_counted(void **state)
{
	struct address_space *m = shmem_anon_create(P(2), false);
	struct mm_struct *mm = new_mm();
	struct vm_area_struct *vma;

	(void)state;
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	assert_int_equal(map_both(mm, BASE + P(1), m), BASE + P(1));
	assert_string_equal(picture(mm), "0-1rw- 1-2r-- 2-4r-x");
	assert_int_equal(mm->total_vm, 4);
	assert_int_equal(mm->exec_vm, 2);
	assert_int_equal(atomic_long_read(&vm_committed_as), 1);
	vma = find_vma(mm, BASE + P(2));
	assert_ptr_equal(vma->mapping, m);
	assert_int_equal(vma->vm_pgoff, 0);
	assert_int_equal(vm_protect(mm, BASE + P(1), P(1), RW), -EACCES);
	sim_peek(mm, BASE + P(3));
	end_mm(mm);
	m->ops->drop(m);
}

static void hint_taken_or_not_the_place_is_mmaps(void **state)
{
	struct address_space *m = shmem_anon_create(P(2), false);
	struct mm_struct *mm = new_mm();
	unsigned long top = mm->mmap_base;

	(void)state;
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	assert_int_equal(map_both(mm, BASE, m), top - P(3));
	assert_int_equal(map_both(mm, 0, m), top - P(6));
	assert_int_equal(map_both(mm, MAP_WINDOW - P(1), m),
			 top - P(9)); /* it does not fit there */
	end_mm(mm);
	m->ops->drop(m);
}

static void no_memory_nothing_mapped(void **state)
{
	struct address_space *m = shmem_anon_create(P(2), false);
	struct mm_struct *mm = new_mm();
	bool fired = true;
	long ret = -1;

	(void)state;
	sim_limits.as = P(2);
	assert_int_equal(map_both(mm, BASE, m), -ENOMEM);
	sim_limits.as = ULONG_MAX;
	for (unsigned n = 1; fired; n++) {
		failpoint_arm(n);
		ret = map_both(mm, BASE, m);
		fired = failpoint_fired();
		failpoint_arm(0);
		if (fired) {
			assert_int_equal(ret, -ENOMEM);
			assert_string_equal(picture(mm), "");
			assert_int_equal(mm->total_vm, 0);
		}
	}
	assert_int_equal(ret, BASE);
	end_mm(mm);
	m->ops->drop(m);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(parts_touch_and_are_counted),
		T(hint_taken_or_not_the_place_is_mmaps),
		T(no_memory_nothing_mapped),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
