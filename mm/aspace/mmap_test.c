/* mmap, munmap, mprotect, mremap, brk, madvise: arguments, vmas, limits, and failures at every allocation. */
#include "mm/aspace/aspace_impl.h"
#include "sim/mm_test.h"

#include "mm/huge.h"
#include "mm/zone.h"

static void mmap_arguments_as_the_man_page(void **state)
{
	struct mm_struct *mm = new_mm();
	struct vm_map_args ro = { .len = P(1), .prot = RW, .flags = MAP_SHARED };

	(void)state;
	assert_int_equal(map_at(mm, 0, 0, RW, ANON), -EINVAL);
	assert_int_equal(map_at(mm, 0, P(1), RW, MAP_ANONYMOUS), -EINVAL);
	assert_int_equal(map_at(mm, 0, ULONG_MAX, RW, ANON), -ENOMEM);
	assert_int_equal(map_at(mm, 0, USER_TOP + P(1), RW, ANON), -ENOMEM);
	assert_int_equal(map_at(mm, BASE + 1, P(1), RW, ANON | MAP_FIXED), -EINVAL);
	assert_int_equal(map_at(mm, 0, P(1), RW, ANON | MAP_FIXED), -EPERM);
	assert_int_equal(map_at(mm, USER_TOP, P(1), RW, ANON | MAP_FIXED), -ENOMEM);
	assert_int_equal(map_at(mm, 0, P(1), RW, MAP_SHARED | MAP_ANONYMOUS | MAP_GROWSDOWN),
			 -EINVAL);
	assert_int_equal(map_at(mm, BASE, P(2), RW, ANON | MAP_FIXED_NOREPLACE), BASE);
	assert_int_equal(map_at(mm, BASE + P(1), P(2), RW, ANON | MAP_FIXED_NOREPLACE), -EEXIST);
	ro.mapping = shmem_anon_create(P(4), false);
	ro.may_flags = VM_MAYREAD;
	assert_int_equal(vm_map(mm, &ro), -EACCES);
	ro.prot = PROT_READ | PROT_EXEC;
	assert_int_equal(vm_map(mm, &ro), -EPERM);
	ro.prot = PROT_READ;
	ro.pgoff = ULONG_MAX;
	assert_int_equal(vm_map(mm, &ro), -EOVERFLOW);
	ro.pgoff = 0;
	ro.flags = MAP_SHARED_VALIDATE | MAP_SYNC;
	assert_int_equal(vm_map(mm, &ro), -EOPNOTSUPP);
	ro.mapping->ops->drop(ro.mapping);
	end_mm(mm);
}

static void munmap_and_mprotect_arguments(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	assert_int_equal(vm_unmap(mm, BASE + 1, P(1)), -EINVAL);
	assert_int_equal(vm_unmap(mm, BASE, 0), -EINVAL);
	assert_int_equal(vm_unmap(mm, USER_TOP, P(1)), -EINVAL);
	assert_int_equal(vm_unmap(mm, BASE, P(5)), 0);
	assert_int_equal(vm_protect(mm, BASE + 1, P(1), PROT_READ), -EINVAL);
	assert_int_equal(vm_protect(mm, BASE, 0, PROT_READ), 0);
	assert_int_equal(vm_protect(mm, BASE, P(1), 0x80), -EINVAL);
	assert_int_equal(vm_protect(mm, BASE, P(1), PROT_READ), -ENOMEM);
	map_at(mm, BASE, P(2), RW, ANON | MAP_FIXED);
	assert_int_equal(vm_protect(mm, BASE, P(3), PROT_READ), -ENOMEM);
	assert_string_equal(picture(mm), "0-2r--"); /* what came before the hole is done */
	assert_int_equal(vm_protect(mm, BASE, P(1), PROT_READ | PROT_GROWSDOWN), -EINVAL);
	end_mm(mm);
}

static void vma_I2_neighbours_merge_and_split_as_on_linux(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(4), RW, ANON | MAP_FIXED);
	map_at(mm, BASE + P(4), P(4), RW, ANON | MAP_FIXED);
	assert_string_equal(picture(mm), "0-8rw-");
	assert_int_equal(vm_protect(mm, BASE + P(3), P(2), PROT_READ), 0);
	assert_string_equal(picture(mm), "0-3rw- 3-5r-- 5-8rw-");
	assert_int_equal(vm_protect(mm, BASE + P(4), P(2), PROT_READ), 0);
	assert_string_equal(picture(mm), "0-3rw- 3-6r-- 6-8rw-");
	assert_int_equal(vm_protect(mm, BASE + P(2), P(2), RW), 0);
	assert_string_equal(picture(mm), "0-4rw- 4-6r-- 6-8rw-");
	assert_int_equal(vm_protect(mm, BASE, P(8), RW), 0);
	assert_string_equal(picture(mm), "0-8rw-");
	assert_int_equal(vm_unmap(mm, BASE + P(2), P(3)), 0);
	assert_string_equal(picture(mm), "0-2rw- 5-8rw-");
	map_at(mm, BASE + P(2), P(3), RW, ANON | MAP_FIXED);
	assert_string_equal(picture(mm), "0-8rw-");
	map_at(mm, BASE + P(1), P(2), PROT_READ | PROT_EXEC, ANON | MAP_FIXED);
	assert_string_equal(picture(mm), "0-1rw- 1-3r-x 3-8rw-");
	assert_int_equal(vm_unmap(mm, BASE, P(20)), 0);
	assert_string_equal(picture(mm), "");
	end_mm(mm);
}

static void munmap_of_a_vmas_head_keeps_the_tables_of_its_tail(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(4), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 4; i++)
		sim_poke(mm, BASE + P(i), 7);
	assert_int_equal(vm_unmap(mm, BASE, P(2)), 0);
	assert_int_equal(sim_peek(mm, BASE + P(2)), 7);
	end_mm(mm);
}

static void vma_I2_file_mappings_merge_by_offset(void **state)
{
	struct mm_struct *mm = new_mm();
	struct address_space *m = shmem_anon_create(P(16), false);

	(void)state;
	map_file(mm, BASE, P(2), RW, MAP_SHARED | MAP_FIXED, m, 0);
	map_file(mm, BASE + P(2), P(2), RW, MAP_SHARED | MAP_FIXED, m, 2);
	assert_string_equal(picture(mm), "0-4rw-s");
	map_file(mm, BASE + P(4), P(2), RW, MAP_SHARED | MAP_FIXED, m, 8);
	assert_string_equal(picture(mm), "0-4rw-s 4-6rw-s");
	map_file(mm, BASE + P(6), P(2), RW, MAP_PRIVATE | MAP_FIXED, m, 10);
	assert_string_equal(picture(mm), "0-4rw-s 4-6rw-s 6-8rw-");
	mm_check(mm);
	end_mm(mm);
	m->ops->drop(m);
}

static void mmap_hints_and_top_down(void **state)
{
	struct mm_struct *mm = new_mm();
	unsigned long top = mm->mmap_base;
	long a, b, c;

	(void)state;
	a = map_at(mm, 0, P(3), PROT_READ, ANON);
	b = map_at(mm, 0, P(5), RW, ANON);
	assert_int_equal(a, top - P(3));
	assert_int_equal(b, a - P(5));
	assert_int_equal(vm_unmap(mm, (unsigned long)a, P(3)), 0);
	c = map_at(mm, 0, P(2), PROT_READ, ANON); /* the highest hole that fits */
	assert_int_equal(c, top - P(2));
	assert_int_equal(map_at(mm, BASE + 5, P(1), RW, ANON), BASE);
	assert_int_equal(map_at(mm, BASE, P(1), PROT_READ, ANON), top - P(3)); /* taken: anywhere */
	assert_int_equal(map_at(mm, 1, P(1), PROT_EXEC, ANON), (long)((unsigned long)b - P(1)));
	if (USER_TOP > 0x80000000UL && sizeof(long) == 8)
		assert_true(map_at(mm, 0, P(1), RW, ANON | MAP_32BIT) < 0x80000000L);
	end_mm(mm);
}

static unsigned random_prot(void)
{
	const unsigned prots[] = { PROT_NONE, PROT_READ, RW };

	return prots[sim_random(3)];
}

/* What is remembered of the last search must never change its result: the highest gap that fits. */
static void mmap_finds_the_highest_gap_whatever_came_before(void **state)
{
	struct mm_struct *mm = new_mm();
	unsigned long low = mm->mmap_base - P(64);

	(void)state;
	map_at(mm, mm->mmap_base, P(2), PROT_READ, ANON | MAP_FIXED);
	for (unsigned step = 0; step < 3000; step++) {
		unsigned long n = 1 + sim_random(4);
		struct rangetree_gap want;
		unsigned long at = low + P(sim_random(60));

		if (sim_random(2)) {
			assert_int_equal(vm_unmap(mm, at, P(n)), 0);
			continue;
		}
		if (!rangetree_gap_highest(&mm->vmas, low - P(4000), mm->mmap_base, P(n), &want))
			fail();
		assert_int_equal(map_at(mm, 0, P(n), random_prot(), ANON), (long)want.start);
		if (want.start < low)
			assert_int_equal(vm_unmap(mm, low - P(100), P(140)), 0);
	}
	end_mm(mm);
}

static void mmap_keeps_off_the_guard_gap_of_a_stack(void **state)
{
	struct mm_struct *mm = new_mm();
	unsigned long top = BASE + P(4096);

	(void)state;
	assert_int_equal(vm_stack_setup(mm, top, false), 0);
	mm->mmap_base = top;
	mm->mmap_topdown = true;
	assert_int_equal(map_at(mm, 0, P(1), RW, ANON),
			 (long)(top - P(1) - P(STACK_GUARD_PAGES) - P(1)));
	/* A wish inside the gap is not granted. */
	assert_int_not_equal(map_at(mm, top - P(10), P(1), RW, ANON), (long)(top - P(10)));
	end_mm(mm);
}

/* ---- brk ---- */

static void brk_grows_shrinks_and_stops(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	mm->start_brk = mm->brk = BASE + 100;
	assert_int_equal(vm_brk(mm, 0), BASE + 100);
	assert_int_equal(vm_brk(mm, BASE + 200), BASE + 200);
	assert_string_equal(picture(mm), ""); /* the same page: nothing new */
	assert_int_equal(vm_brk(mm, BASE + P(3) + 1), BASE + P(3) + 1);
	assert_string_equal(picture(mm), "1-4rw-");
	sim_poke(mm, BASE + P(2), 1);
	assert_int_equal(vm_brk(mm, BASE + P(6)), BASE + P(6));
	assert_string_equal(picture(mm), "1-6rw-");
	assert_int_equal(vm_brk(mm, BASE + P(2)), BASE + P(2));
	assert_string_equal(picture(mm), "1-2rw-");
	assert_int_equal(mm_rss(mm), 0);
	map_at(mm, BASE + P(5), P(1), RW, ANON | MAP_FIXED);
	assert_int_equal(vm_brk(mm, BASE + P(5)), BASE + P(2)); /* a page stays free in between */
	assert_int_equal(vm_brk(mm, BASE + P(4)), BASE + P(4));
	sim_limits.data = P(5);
	assert_int_equal(vm_brk(mm, BASE + P(1)), BASE + P(1));
	end_mm(mm);
}

/* The first piece of the heap joins nothing in front of it; what follows joins the first piece. */
static void brk_begins_apart(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(2), RW, ANON | MAP_FIXED);
	mm->start_brk = mm->brk = BASE + P(2);
	assert_int_equal(vm_brk(mm, BASE + P(3)), BASE + P(3));
	assert_string_equal(picture(mm), "0-2rw- 2-3rw-");
	assert_int_equal(vm_brk(mm, BASE + P(5)), BASE + P(5));
	assert_string_equal(picture(mm), "0-2rw- 2-5rw-");
	assert_int_equal(vm_brk(mm, BASE + P(2)), BASE + P(2));
	assert_string_equal(picture(mm), "0-2rw-");
	end_mm(mm);
}

/* ---- mremap ---- */

static void mremap_errors(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(4), RW, ANON | MAP_FIXED);
	assert_int_equal(vm_remap(mm, BASE, P(4), P(8), 8, 0), -EINVAL);
	assert_int_equal(vm_remap(mm, BASE, P(4), P(8), MREMAP_FIXED, BASE), -EINVAL);
	assert_int_equal(vm_remap(mm, BASE + 1, P(4), P(8), 0, 0), -EINVAL);
	assert_int_equal(vm_remap(mm, BASE, P(4), 0, 0, 0), -EINVAL);
	assert_int_equal(vm_remap(mm, BASE + P(4), P(4), P(5), 0, 0), -EFAULT);
	assert_int_equal(vm_remap(mm, BASE, P(5), P(6), 0, 0), -EFAULT);
	assert_int_equal(vm_remap(mm, BASE, 0, P(6), MREMAP_MAYMOVE, 0), -EINVAL);
	assert_int_equal(vm_remap(mm, BASE, P(2), P(3), 0, 0), -ENOMEM);
	assert_int_equal(vm_remap(mm, BASE, P(4), P(6), 0, 0), BASE);
	assert_string_equal(picture(mm), "0-6rw-");
	assert_int_equal(vm_remap(mm, BASE, P(6), P(1), 0, 0), BASE);
	assert_string_equal(picture(mm), "0-1rw-");
	end_mm(mm);
}

static void mremap_moves_contents(void **state)
{
	struct mm_struct *mm = new_mm();
	long to;

	(void)state;
	map_at(mm, BASE, P(600), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 600; i += 7)
		sim_poke(mm, BASE + P(i), (uint8_t)i);
	map_at(mm, BASE + P(600), P(1), PROT_READ, ANON | MAP_FIXED);
	to = vm_remap(mm, BASE, P(600), P(700), MREMAP_MAYMOVE, 0);
	assert_true(to != (long)BASE);
	for (unsigned i = 0; i < 600; i += 7)
		assert_int_equal(sim_peek(mm, (unsigned long)to + P(i)), (uint8_t)i);
	assert_int_equal(sim_peek(mm, (unsigned long)to + P(650)), 0);
	assert_int_equal(sim_write(mm, BASE, "x", 1), FAULT_MAPERR);
	mm_check(mm);
	assert_int_equal(vm_remap(mm, (unsigned long)to, P(700), P(700),
				  MREMAP_MAYMOVE | MREMAP_DONTUNMAP, 0) < 0,
			 0);
	assert_int_equal(sim_peek(mm, (unsigned long)to), 0); /* the old place is empty, not gone */
	end_mm(mm);
}

/* Whole tables change place: shared, private, and untouched parts; rmap finds every page at its new place. */
static void mremap_moves_whole_tables(void **state)
{
	const unsigned long from = BASE + HPAGE_SIZE - P(2), len = 2 * HPAGE_SIZE + P(5);
	static const unsigned flags[] = { ANON, MAP_SHARED | MAP_ANONYMOUS };
	long tables;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(flags); i++) {
		struct mm_struct *mm = new_mm();
		const unsigned long to = from + 7 * HPAGE_SIZE;

		map_at(mm, from, len, RW, flags[i] | MAP_FIXED);
		for (unsigned long at = 0; at < len; at += P(61))
			sim_poke(mm, from + at, (uint8_t)(at / P(61) + 1));
		tables = atomic_long_read(&mm->pgtables_bytes);
		assert_int_equal(vm_remap(mm, from, len, len, MREMAP_MAYMOVE | MREMAP_FIXED, to),
				 to);
		assert_int_equal(atomic_long_read(&mm->pgtables_bytes), tables);
		for (unsigned long at = 0; at < len; at += P(61))
			assert_int_equal(sim_peek(mm, to + at), (uint8_t)(at / P(61) + 1));
		assert_int_equal(sim_write(mm, from + P(61), "x", 1), FAULT_MAPERR);
		rmap_check();
		end_mm(mm);
	}
}

static void mremap_of_length_0_maps_shared_memory_again(void **state)
{
	struct mm_struct *mm = new_mm();
	long to;

	(void)state;
	map_at(mm, BASE, P(2), RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	sim_poke(mm, BASE + P(1), 5);
	to = vm_remap(mm, BASE, 0, P(2), MREMAP_MAYMOVE, 0);
	assert_int_equal(sim_peek(mm, (unsigned long)to + P(1)), 5);
	sim_poke(mm, (unsigned long)to, 9);
	assert_int_equal(sim_peek(mm, BASE), 9);
	/* In the place of itself: what it was to be a second mapping of is gone. */
	assert_int_equal(vm_remap(mm, BASE, 0, P(1), MREMAP_MAYMOVE | MREMAP_FIXED, BASE), -EFAULT);
	assert_int_not_equal(find_vma(mm, BASE)->vm_start, BASE);
	end_mm(mm);
}

/* ---- limits ---- */

static void limits_are_kept(void **state)
{
	struct mm_struct *mm = new_mm();
	int old = sysctl_max_map_count;

	(void)state;
	sim_limits.as = P(10);
	assert_int_equal(map_at(mm, BASE, P(11), PROT_READ, ANON | MAP_FIXED), -ENOMEM);
	assert_int_equal(map_at(mm, BASE, P(10), PROT_READ, ANON | MAP_FIXED), BASE);
	assert_int_equal(map_at(mm, BASE, P(10), PROT_READ, ANON | MAP_FIXED),
			 BASE); /* replaces itself */
	assert_int_equal(vm_remap(mm, BASE, P(10), P(11), MREMAP_MAYMOVE, 0), -ENOMEM);
	sim_limits.as = ULONG_MAX;
	sim_limits.data = P(3);
	assert_int_equal(map_at(mm, BASE + P(20), P(4), RW, ANON | MAP_FIXED), -ENOMEM);
	assert_int_equal(map_at(mm, BASE + P(20), P(4), PROT_READ, ANON | MAP_FIXED), BASE + P(20));
	sim_limits.data = ULONG_MAX;
	sim_limits.memlock = P(1);
	assert_int_equal(map_at(mm, BASE + P(40), P(2), RW, ANON | MAP_FIXED | MAP_LOCKED),
			 -EAGAIN);
	sysctl_max_map_count = 2;
	assert_int_equal(vm_unmap(mm, BASE + P(1), P(1)), -ENOMEM);
	assert_int_equal(vm_protect(mm, BASE + P(1), P(1), RW), -ENOMEM);
	assert_int_equal(vm_unmap(mm, BASE, P(1)), 0);
	sysctl_max_map_count = old;
	end_mm(mm);
}

static void commit_I1_modes_0_1_2(void **state)
{
	struct mm_struct *mm = new_mm();
	unsigned long ram = totalram_pages();

	(void)state;
	assert_int_equal(map_at(mm, 0, P(ram + 1), RW, ANON), -ENOMEM);
	assert_true(map_at(mm, 0, P(ram + 1), PROT_READ, ANON) > 0 || sizeof(long) == 4);
	assert_int_not_equal(map_at(mm, 0, P(ram + 1), RW, ANON | MAP_NORESERVE), -ENOMEM);
	assert_int_equal(atomic_long_read(&vm_committed_as), 0);
	sysctl_overcommit_memory = OVERCOMMIT_ALWAYS;
	map_at(mm, BASE, P(ram + 1), RW, ANON | MAP_FIXED);
	assert_int_equal(atomic_long_read(&vm_committed_as), ram + 1);
	assert_int_equal(vm_unmap(mm, BASE, P(ram + 1)), 0);
	sysctl_overcommit_memory = OVERCOMMIT_NEVER;
	assert_int_equal(
		map_at(mm, BASE, P(vm_commit_limit() + 1), RW, ANON | MAP_FIXED | MAP_NORESERVE),
		-ENOMEM);
	assert_int_equal(map_at(mm, BASE, P(vm_commit_limit() / 2), RW, ANON | MAP_FIXED), BASE);
	assert_int_equal(vm_protect(mm, BASE, P(1), PROT_READ), 0);
	assert_int_equal(atomic_long_read(&vm_committed_as), vm_commit_limit() / 2);
	sysctl_overcommit_memory = OVERCOMMIT_GUESS;
	end_mm(mm);
}

static void commit_I1_survives_mremap_mprotect_and_fork(void **state)
{
	struct mm_struct *mm = new_mm(), *child;
	long to;

	(void)state;
	map_at(mm, BASE, P(8), PROT_READ, ANON | MAP_FIXED);
	assert_int_equal(atomic_long_read(&vm_committed_as), 0);
	assert_int_equal(vm_protect(mm, BASE, P(4), RW), 0);
	assert_int_equal(atomic_long_read(&vm_committed_as), 4);
	to = vm_remap(mm, BASE, P(4), P(6), MREMAP_MAYMOVE, 0);
	assert_int_equal(atomic_long_read(&vm_committed_as), 6);
	assert_int_equal(mm_dup(mm, &child), 0);
	assert_int_equal(atomic_long_read(&vm_committed_as), 12);
	mmput(child);
	assert_int_equal(vm_remap(mm, (unsigned long)to, P(6), P(1), 0, 0), to);
	assert_int_equal(atomic_long_read(&vm_committed_as), 1);
	map_at(mm, BASE + P(64), P(5), RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	assert_int_equal(atomic_long_read(&vm_committed_as), 6);
	assert_int_equal(vm_unmap(mm, BASE + P(64), P(2)),
			 0); /* the object lives whole until its last page goes */
	assert_int_equal(atomic_long_read(&vm_committed_as), 6);
	end_mm(mm);
}

/* ---- madvise ---- */

static void madvise_effects_and_errors(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(8), RW, ANON | MAP_FIXED);
	assert_int_equal(vm_advise(mm, BASE, P(1), 77), -EINVAL);
	assert_int_equal(vm_advise(mm, BASE + 1, P(1), MADV_DONTNEED), -EINVAL);
	assert_int_equal(vm_advise(mm, BASE, 0, MADV_DONTNEED), 0);
	sim_poke(mm, BASE + P(2), 1);
	assert_int_equal(vm_advise(mm, BASE, P(8), MADV_DONTNEED), 0);
	assert_int_equal(mm_rss(mm), 0);
	assert_int_equal(sim_peek(mm, BASE + P(2)), 0);
	assert_int_equal(vm_advise(mm, BASE, P(9), MADV_DONTNEED), -ENOMEM);
	assert_int_equal(vm_advise(mm, BASE + P(2), P(2), MADV_DONTFORK), 0);
	assert_int_equal(mm->map_count, 3);
	assert_int_equal(vm_advise(mm, BASE + P(2), P(2), MADV_DOFORK), 0);
	assert_int_equal(mm->map_count, 1);
	assert_int_equal(vm_advise(mm, BASE, P(8), MADV_WILLNEED), 0);
	assert_int_equal(vm_advise(mm, BASE, P(8), MADV_REMOVE), -EINVAL);
	assert_int_equal(vm_advise(mm, BASE, P(4), MADV_POPULATE_WRITE), 0);
	assert_int_equal(mm_rss(mm) >= 4, 1);
	end_mm(mm);
}

static void madvise_remove_punches_a_hole(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(4), RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	for (unsigned i = 0; i < 4; i++)
		sim_poke(mm, BASE + P(i), 3);
	assert_int_equal(vm_advise(mm, BASE + P(1), P(2), MADV_REMOVE), 0);
	assert_int_equal(mm_rss(mm), 2);
	assert_int_equal(sim_peek(mm, BASE + P(1)), 0);
	assert_int_equal(sim_peek(mm, BASE + P(3)), 3);
	end_mm(mm);
}

/* ---- mlock, mincore, msync ---- */

static void mlock_counts_limits_and_faults_in(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(8), RW, ANON | MAP_FIXED);
	sim_limits.memlock = P(5);
	assert_int_equal(vm_lock(mm, BASE + P(1) + 5, P(2), VM_LOCKED), 0); /* 3 pages */
	assert_int_equal(mm->locked_vm, 3);
	assert_int_equal(mm_rss(mm), 3);
	assert_int_equal(mm->map_count, 3);
	assert_int_equal(vm_lock(mm, BASE + P(1), P(5), VM_LOCKED), 0);
	assert_int_equal(vm_lock(mm, BASE, P(8), VM_LOCKED), -ENOMEM);
	assert_int_equal(vm_lock_all(mm, MCL_CURRENT), -ENOMEM);
	assert_int_equal(vm_lock_all(mm, 8), -EINVAL);
	assert_int_equal(vm_advise(mm, BASE + P(1), P(1), MADV_DONTNEED), -EINVAL);
	assert_int_equal(vm_sync(mm, BASE, P(8), MS_INVALIDATE), -EBUSY);
	assert_int_equal(vm_lock(mm, BASE, P(8), 0), 0);
	assert_int_equal(mm->locked_vm, 0);
	assert_int_equal(mm->map_count, 3); /* what has pages does not join what has none */
	assert_int_equal(vm_lock(mm, BASE + P(7), P(2), VM_LOCKED), -ENOMEM);
	sim_limits.memlock = ULONG_MAX;
	assert_int_equal(vm_lock_all(mm, MCL_CURRENT | MCL_FUTURE), 0);
	assert_int_equal(mm_rss(mm), 8);
	map_at(mm, BASE + P(8), P(2), RW, ANON | MAP_FIXED);
	assert_int_equal(mm_rss(mm), 10);
	assert_int_equal(vm_lock_all(mm, 0), 0);
	assert_int_equal(mm->locked_vm, 0);
	sim_limits.memlock = 0;
	assert_int_equal(vm_lock(mm, BASE, P(1), VM_LOCKED), -EPERM);
	end_mm(mm);
}

/* Pages that leave a locked mapping, which stays behind empty and unlocked, are locked where they go. */
static void mremap_takes_the_lock_along(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(3), RW, ANON | MAP_FIXED);
	assert_int_equal(vm_lock(mm, BASE, P(3), VM_LOCKED), 0);
	assert_int_equal(global_zone_stat(NR_MLOCK), 3);
	assert_int_equal(vm_remap(mm, BASE + P(1), P(1), P(1),
				  MREMAP_MAYMOVE | MREMAP_DONTUNMAP | MREMAP_FIXED, BASE + P(9)),
			 BASE + P(9));
	assert_int_equal(global_zone_stat(NR_MLOCK), 3);
	assert_int_equal(mm->locked_vm, 3);
	mm_check(mm);
	end_mm(mm);
	assert_int_equal(global_zone_stat(NR_MLOCK), 0);
}

static void mincore_and_msync(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	sim_use_mm(mm);
	map_at(mm, BASE, P(200), RW, ANON | MAP_FIXED);
	map_at(mm, BASE + P(300), P(4), RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
	for (unsigned i = 0; i < 200; i += 50)
		sim_poke(mm, BASE + P(i), 1);
	sim_poke(mm, BASE + P(301), 1);
	assert_int_equal(vm_mincore(mm, BASE, P(200), BASE + P(100)), 0);
	for (unsigned i = 0; i < 200; i++)
		assert_int_equal(sim_peek(mm, BASE + P(100) + i), i % 50 == 0);
	assert_int_equal(vm_advise(mm, BASE + P(300), P(4), MADV_DONTNEED), 0);
	assert_int_equal(vm_mincore(mm, BASE + P(300), P(4), BASE),
			 0); /* cached, though not mapped */
	assert_int_equal(sim_peek(mm, BASE), 0);
	assert_int_equal(sim_peek(mm, BASE + 1), 1);
	assert_int_equal(vm_mincore(mm, BASE + 1, P(1), BASE), -EINVAL);
	assert_int_equal(vm_mincore(mm, BASE + P(199), P(2), BASE), -ENOMEM);
	assert_int_equal(vm_mincore(mm, BASE, P(2), BASE + P(250)), -EFAULT);
	assert_int_equal(vm_sync(mm, BASE, P(200), MS_SYNC), 0);
	assert_int_equal(vm_sync(mm, BASE, P(300), MS_SYNC), -ENOMEM);
	assert_int_equal(vm_sync(mm, BASE, P(2), MS_SYNC | MS_ASYNC), -EINVAL);
	sim_use_mm(NULL);
	end_mm(mm);
}

/* One mapping of two that share a table, or one above it, was used; it goes first. */
static void the_used_goes_first(unsigned long used, unsigned long other)
{
	struct mm_struct *mm = new_mm();
	long tables = atomic_long_read(&mm->pgtables_bytes);

	map_at(mm, used, P(8), RW, ANON | MAP_FIXED);
	map_at(mm, other, P(8), PROT_READ, ANON | MAP_FIXED);
	sim_use_mm(mm);
	sim_poke(mm, used + P(3), 1);
	sim_use_mm(NULL);
	assert_true(atomic_long_read(&mm->pgtables_bytes) > tables);
	assert_int_equal(vm_unmap(mm, used, P(8)), 0);
	assert_int_equal(vm_unmap(mm, other, P(8)), 0);
	assert_int_equal(atomic_long_read(&mm->pgtables_bytes), tables);
	end_mm(mm);
}

/* The last pages of user space share their table with nobody. */
static void tables_go_at_the_end_of_user_space(void **state)
{
	struct mm_struct *mm = new_mm();
	long tables = atomic_long_read(&mm->pgtables_bytes);
	unsigned long at = mm->task_size - P(4);

	assert_int_equal(map_at(mm, at, P(4), RW, ANON | MAP_FIXED), at);
	sim_use_mm(mm);
	sim_poke(mm, at, 1);
	sim_use_mm(NULL);
	assert_int_equal(vm_unmap(mm, at, P(4)), 0);
	assert_int_equal(atomic_long_read(&mm->pgtables_bytes), tables);
	end_mm(mm);
}

/* A table that stayed for a neighbour goes with it, touched or not, on either side. */
static void tables_go_with_the_last(void **state)
{
	static const unsigned long apart[] = { P(8), P(0x8000), P(0x20000) };

	for (unsigned i = 0; i < ARRAY_SIZE(apart); i++) {
		the_used_goes_first(BASE, BASE + apart[i]);
		the_used_goes_first(BASE + apart[i], BASE);
	}
}

/* ---- the n-th failure ---- */

static long do_map(struct mm_struct *mm)
{
	return map_at(mm, BASE + P(3), P(2), PROT_READ, ANON | MAP_FIXED);
}

static long do_map_shared(struct mm_struct *mm)
{
	return map_at(mm, BASE + P(3), P(2), RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
}

static long do_unmap(struct mm_struct *mm)
{
	return vm_unmap(mm, BASE + P(3), P(2));
}

static long do_protect(struct mm_struct *mm)
{
	return vm_protect(mm, BASE + P(3), P(2), PROT_READ);
}

static long do_move(struct mm_struct *mm)
{
	return vm_remap(mm, BASE + P(3), P(2), P(700), MREMAP_MAYMOVE, 0);
}

static long do_advise(struct mm_struct *mm)
{
	return vm_advise(mm, BASE + P(3), P(2), MADV_DONTFORK);
}

static long do_brk(struct mm_struct *mm)
{
	return vm_brk(mm, BASE + P(2010)) == BASE + P(2010) ? 0 : -ENOMEM;
}

static long do_populate(struct mm_struct *mm)
{
	return vm_advise(mm, BASE + P(2), P(4), MADV_POPULATE_WRITE);
}

static long do_fork(struct mm_struct *mm)
{
	struct mm_struct *child;
	int err = mm_dup(mm, &child);

	if (!err)
		mmput(child);
	return err;
}

/* An mm with one vma of 8 pages, some touched; every allocation of @op fails once. */
static void fail_each(long (*op)(struct mm_struct *mm))
{
	for (unsigned n = 1;; n++) {
		struct mm_struct *mm = new_mm();
		bool fired;
		long r;

		mm->start_brk = mm->brk = BASE + P(2000);
		map_at(mm, BASE, P(8), RW, ANON | MAP_FIXED);
		sim_poke(mm, BASE, 1);
		sim_poke(mm, BASE + P(4), 1);
		rangetree_unreserve(&mm->vmas);
		failpoint_arm(n);
		r = op(mm);
		fired = failpoint_fired();
		failpoint_arm(0);
		if (r < 0 && r > -4096) {
			assert_true(fired);
			assert_int_equal(r, op == do_advise ? -EAGAIN : -ENOMEM);
			assert_string_equal(picture(mm), "0-8rw-");
			assert_int_equal(atomic_long_read(&vm_committed_as), 8);
			assert_int_equal(sim_peek(mm, BASE), 1);
		}
		end_mm(mm);
		sim_check_leaks();
		if (!fired)
			return;
		assert_true(n < 200);
	}
}

static void nth_failure_leaves_nothing_changed(void **state)
{
	(void)state;
	fail_each(do_map);
	fail_each(do_map_shared);
	fail_each(do_unmap);
	fail_each(do_protect);
	fail_each(do_move);
	fail_each(do_advise);
	fail_each(do_brk);
	fail_each(do_populate);
	fail_each(do_fork);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(mmap_arguments_as_the_man_page),
		T(munmap_and_mprotect_arguments),
		T(vma_I2_neighbours_merge_and_split_as_on_linux),
		T(munmap_of_a_vmas_head_keeps_the_tables_of_its_tail),
		T(tables_go_with_the_last),
		T(tables_go_at_the_end_of_user_space),
		T(vma_I2_file_mappings_merge_by_offset),
		T(mmap_hints_and_top_down),
		T(mmap_finds_the_highest_gap_whatever_came_before),
		T(mmap_keeps_off_the_guard_gap_of_a_stack),
		T(brk_grows_shrinks_and_stops),
		T(brk_begins_apart),
		T(mremap_errors),
		T(mremap_moves_contents),
		T(mremap_moves_whole_tables),
		T(mremap_of_length_0_maps_shared_memory_again),
		T(limits_are_kept),
		T(commit_I1_modes_0_1_2),
		T(commit_I1_survives_mremap_mprotect_and_fork),
		T(madvise_effects_and_errors),
		T(madvise_remove_punches_a_hole),
		T(mlock_counts_limits_and_faults_in),
		T(mremap_takes_the_lock_along),
		T(mincore_and_msync),
		T(nth_failure_leaves_nothing_changed),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
