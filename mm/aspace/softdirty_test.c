/* Soft-dirty pages: what counts as written before and after clear_refs 4, whatever happens to the mapping. */
#include "mm/aspace/aspace_impl.h"
#include "sim/mm_test.h"

#include "mm/huge.h"
#include "mm/pt.h"
#include "mm/swap_entry.h"
#include "mm/thp.h"

#define H(n) (0x20000000UL + (unsigned long)(n)*HPAGE_SIZE)

static int world(void **state)
{
	(void)state;
	sim_world_begin(NULL);
	fault_batch_pages = 16;
	fault_around_pages = 16;
	return 0;
}

static int world_gone(void **state)
{
	(void)state;
	sim_world_end();
	return 0;
}

static bool is_soft(struct mm_struct *mm, unsigned long addr)
{
	struct vm_area_struct *vma = find_vma(mm, addr);
	pte_t e = pt_peek_page(&mm->root, addr);

	assert_true(vma && vma->vm_start <= addr);
	return (vma->vm_flags & VM_SOFTDIRTY) || (pte_present(e) && pte_soft_dirty(e));
}

/* A digit for each of the @n pages from @addr on: 1 counts as written. */
static const char *soft(struct mm_struct *mm, unsigned long addr, unsigned n)
{
	static char buf[65];

	mm_check(mm);
	for (unsigned i = 0; i < n; i++)
		buf[i] = is_soft(mm, addr + P(i)) ? '1' : '0';
	buf[n] = 0;
	return buf;
}

/* @n pages at BASE, all written, then cleared. */
static struct mm_struct *clean_mm(unsigned n)
{
	struct mm_struct *mm = new_mm();

	map_at(mm, BASE, P(n), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < n; i++)
		sim_poke(mm, BASE + P(i), (uint8_t)i);
	mm_clear_soft_dirty(mm);
	return mm;
}

static void writes_after_clearing_are_seen(void **state)
{
	struct mm_struct *mm = new_mm();
	unsigned long rss;

	(void)state;
	map_at(mm, BASE, P(8), RW, ANON | MAP_FIXED);
	assert_string_equal(soft(mm, BASE, 8), "11111111"); /* new */
	sim_poke(mm, BASE + P(1), 1);
	sim_poke(mm, BASE + P(2), 2);
	mm_clear_soft_dirty(mm);
	assert_string_equal(soft(mm, BASE, 8), "00000000");
	sim_peek(mm, BASE + P(1));
	sim_peek(mm, BASE + P(5)); /* the zero page */
	assert_string_equal(soft(mm, BASE, 8), "00000000");
	rss = mm_rss(mm);
	sim_poke(mm, BASE + P(2), 9);
	sim_poke(mm, BASE + P(5), 9);
	sim_poke(mm, BASE + P(6), 9); /* sequential: no batch, for page 7 is not written */
	assert_string_equal(soft(mm, BASE, 8), "00100110");
	assert_int_equal(mm_rss(mm), rss + 2);
	assert_int_equal(sim_peek(mm, BASE + P(1)), 1);
	mm_clear_soft_dirty(mm);
	assert_string_equal(soft(mm, BASE, 8), "00000000");
	end_mm(mm);
}

static void shared_memory_is_tracked(void **state)
{
	struct address_space *m = shmem_anon_create(P(20), false);
	struct mm_struct *mm = new_mm();

	(void)state;
	map_file(mm, BASE, P(20), RW, MAP_SHARED | MAP_FIXED, m, 0);
	for (unsigned i = 0; i < 10; i++)
		sim_poke(mm, BASE + P(i), 1);
	mm_clear_soft_dirty(mm);
	assert_string_equal(soft(mm, BASE, 20), "00000000000000000000");
	sim_peek(mm, BASE + P(9));
	sim_poke(mm, BASE + P(3), 2);  /* an entry */
	sim_poke(mm, BASE + P(12), 2); /* none */
	sim_peek(mm, BASE + P(13));
	assert_string_equal(soft(mm, BASE, 20), "00010000000010000000");
	sim_poke(mm, BASE + P(13), 2);
	assert_string_equal(soft(mm, BASE, 20), "00010000000011000000");
	end_mm(mm);
	m->ops->drop(m);
}

static void private_file_pages_are_tracked(void **state)
{
	struct address_space *m = shmem_anon_create(P(8), false);
	struct mm_struct *mm = new_mm();

	(void)state;
	for (unsigned i = 0; i < 8; i++)
		assert_int_equal(mapping_write_kernel(m, "x", 1, P(i)), 1);
	map_file(mm, BASE, P(8), RW, MAP_PRIVATE | MAP_FIXED, m, 0);
	sim_poke(mm, BASE + P(1), 1);
	mm_clear_soft_dirty(mm);
	sim_peek(mm, BASE + P(4));
	assert_string_equal(soft(mm, BASE, 8), "00000000");
	sim_poke(mm, BASE + P(1), 2); /* its own already */
	sim_poke(mm, BASE + P(5), 2); /* a copy of what is mapped */
	assert_string_equal(soft(mm, BASE, 8), "01000100");
	end_mm(mm);
	m->ops->drop(m);
}

/* The rights of mprotect do not open a way around the fault. */
static void mprotect_does_not_hide_writes(void **state)
{
	struct address_space *m = shmem_anon_create(P(8), false);
	struct mm_struct *mm = clean_mm(8);

	(void)state;
	sim_poke(mm, BASE + P(2), 1);
	assert_int_equal(vm_protect(mm, BASE, P(8), PROT_READ), 0);
	assert_int_equal(vm_protect(mm, BASE, P(8), RW), 0);
	assert_string_equal(soft(mm, BASE, 8), "00100000");
	assert_true(pte_write(pt_peek_page(&mm->root, BASE + P(2))));
	assert_false(pte_write(pt_peek_page(&mm->root, BASE + P(3))));
	sim_poke(mm, BASE + P(3), 1);
	assert_string_equal(soft(mm, BASE, 8), "00110000");
	map_file(mm, BASE + P(16), P(8), RW, MAP_SHARED | MAP_FIXED, m, 0);
	for (unsigned i = 16; i < 24; i++)
		sim_poke(mm, BASE + P(i), 1);
	mm_clear_soft_dirty(mm);
	assert_int_equal(vm_protect(mm, BASE + P(16), P(4), PROT_READ), 0);
	assert_int_equal(vm_protect(mm, BASE + P(16), P(4), RW), 0);
	assert_string_equal(soft(mm, BASE + P(16), 8), "00000000");
	sim_poke(mm, BASE + P(17), 1);
	sim_poke(mm, BASE + P(20), 1);
	assert_string_equal(soft(mm, BASE + P(16), 8), "01001000");
	end_mm(mm);
	m->ops->drop(m);
}

static void what_moves_is_new_what_it_gains_is_not(void **state)
{
	struct mm_struct *mm = clean_mm(8);
	const unsigned fixed = MREMAP_MAYMOVE | MREMAP_FIXED;

	(void)state;
	assert_int_equal(vm_remap(mm, BASE + P(2), P(2), P(2), fixed, BASE + P(32)), BASE + P(32));
	assert_string_equal(soft(mm, BASE + P(32), 2), "11");
	assert_false(find_vma(mm, BASE + P(32))->vm_flags & VM_SOFTDIRTY); /* by its entries */
	assert_string_equal(soft(mm, BASE + P(4), 4), "0000");
	assert_int_equal(sim_peek(mm, BASE + P(33)), 3);
	assert_int_equal(vm_remap(mm, BASE + P(4), P(4), P(6), 0, 0), BASE + P(4));
	assert_string_equal(soft(mm, BASE + P(4), 6), "000000");
	sim_poke(mm, BASE + P(9), 1);
	assert_string_equal(soft(mm, BASE + P(4), 6), "000001");
	mm_clear_soft_dirty(mm);
	assert_int_equal(vm_remap(mm, BASE, P(2), P(3), fixed, BASE + P(48)), BASE + P(48));
	assert_string_equal(soft(mm, BASE + P(48), 3), "110");
	end_mm(mm);
}

/* A mapping at the place of an old one, or beside it, must not look unwritten. */
static void new_memory_marks_what_it_joins(void **state)
{
	struct mm_struct *mm = clean_mm(8);

	(void)state;
	map_at(mm, BASE + P(12), P(2), RW, ANON | MAP_FIXED);
	assert_string_equal(soft(mm, BASE, 8), "00000000");
	assert_string_equal(soft(mm, BASE + P(12), 2), "11");
	map_at(mm, BASE + P(3), P(1), RW, ANON | MAP_FIXED);
	assert_string_equal(picture(mm), "0-8rw- 12-14rw-");
	assert_string_equal(soft(mm, BASE, 8), "11111111");
	mm_clear_soft_dirty(mm);
	map_at(mm, BASE + P(8), P(2), PROT_READ, ANON | MAP_FIXED);
	assert_string_equal(soft(mm, BASE, 10), "0000000011");
	assert_int_equal(vm_protect(mm, BASE + P(8), P(1), RW), 0); /* the border moves */
	assert_string_equal(picture(mm), "0-9rw- 9-10r-- 12-14rw-");
	assert_string_equal(soft(mm, BASE, 10), "1111111111");
	end_mm(mm);
}

static void heap_growth_is_new(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	mm->start_brk = mm->brk = BASE;
	assert_int_equal(vm_brk(mm, BASE + P(4)), BASE + P(4));
	sim_poke(mm, BASE, 1);
	mm_clear_soft_dirty(mm);
	assert_int_equal(vm_brk(mm, BASE + P(2)), BASE + P(2));
	assert_string_equal(soft(mm, BASE, 2), "00");
	assert_int_equal(vm_brk(mm, BASE + P(4)), BASE + P(4));
	assert_string_equal(soft(mm, BASE, 4), "1111");
	end_mm(mm);
}

static void fork_keeps_what_was_written(void **state)
{
	struct mm_struct *mm = clean_mm(8), *child;

	(void)state;
	sim_poke(mm, BASE + P(2), 1);
	assert_int_equal(mm_dup(mm, &child), 0);
	assert_string_equal(soft(mm, BASE, 8), "00100000");
	assert_string_equal(soft(child, BASE, 8), "00100000");
	sim_poke(child, BASE + P(4), 1);
	sim_poke(mm, BASE + P(5), 1);
	assert_string_equal(soft(mm, BASE, 8), "00100100");
	assert_string_equal(soft(child, BASE, 8), "00101000");
	mm_clear_soft_dirty(child);
	assert_string_equal(soft(mm, BASE, 8), "00100100");
	end_mm(child);
	sim_poke(mm, BASE + P(4), 1); /* alone again */
	assert_string_equal(soft(mm, BASE, 8), "00101100");
	end_mm(mm);
}

static void advice_and_debuggers(void **state)
{
	struct mm_struct *mm = clean_mm(8);
	char byte = 'x';

	(void)state;
	sim_poke(mm, BASE, 1);
	sim_poke(mm, BASE + P(1), 1);
	assert_int_equal(vm_advise(mm, BASE, P(1), MADV_DONTNEED), 0);
	assert_int_equal(vm_advise(mm, BASE + P(1), P(2), MADV_FREE), 0);
	assert_string_equal(soft(mm, BASE, 8), "01000000");
	assert_int_equal(mm_access(mm, BASE + P(4), &byte, 1, true), 1);
	assert_int_equal(vm_protect(mm, BASE + P(5), P(2), PROT_READ), 0);
	assert_int_equal(mm_access(mm, BASE + P(5), &byte, 1, true),
			 1); /* what it may not write itself */
	assert_string_equal(soft(mm, BASE, 8), "01001100");
	assert_int_equal(mm_copy(mm, BASE + P(7), &byte, 1, true), 1);
	assert_string_equal(soft(mm, BASE, 8), "01001101");
	end_mm(mm);
}

static void huge_pages_are_tracked_whole(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, H(0), 2 * HPAGE_SIZE, RW, ANON | MAP_FIXED);
	assert_int_equal(vm_advise(mm, H(0), 2 * HPAGE_SIZE, MADV_HUGEPAGE), 0);
	sim_poke(mm, H(0), 1);
	sim_poke(mm, H(1), 1);
	mm_clear_soft_dirty(mm);
	assert_true(pte_is_leaf(pt_peek(&mm->root, H(0), pt_huge_level()), pt_huge_level()));
	sim_peek(mm, H(0) + P(3));
	assert_string_equal(soft(mm, H(0), 4), "0000");
	assert_int_equal(vm_protect(mm, H(0), HPAGE_SIZE, PROT_READ), 0);
	assert_int_equal(vm_protect(mm, H(0), HPAGE_SIZE, RW), 0);
	assert_string_equal(soft(mm, H(0), 4), "0000");
	sim_poke(mm, H(0) + P(2), 1);
	assert_true(pte_is_leaf(pt_peek(&mm->root, H(0), pt_huge_level()), pt_huge_level()));
	assert_string_equal(soft(mm, H(0), 4), "1111");
	assert_string_equal(soft(mm, H(1), 4), "0000");
	assert_int_equal(vm_advise(mm, H(1) + P(9), P(1), MADV_DONTNEED), 0); /* splits it */
	assert_string_equal(soft(mm, H(1), 4), "0000");
	sim_poke(mm, H(1) + P(2), 1);
	assert_string_equal(soft(mm, H(1), 4), "0010");
	end_mm(mm);
}

/* A page on its way to another frame: the entry that comes back must fault. */
static void migration_entries_forget(void **state)
{
	pte_t e = pte_make(5, pte_mksoft_dirty(pte_mkdirty(pte_prot_user(true, true, false))));
	pte_t way = pte_make_migration(e);

	(void)state;
	assert_true(migration_is_write(way));
	assert_true(pte_swap_offset(way) & MIGRATION_SOFT_DIRTY);
	way = migration_clear_soft_dirty(way);
	assert_true(pte_is_migration(way) && !migration_is_write(way));
	assert_false(pte_swap_offset(way) & MIGRATION_SOFT_DIRTY);
	way = migration_mksoft_dirty(way);
	assert_true(pte_swap_offset(way) & MIGRATION_SOFT_DIRTY);
	assert_int_equal(migration_pfn(way), 5);
}

static void migrated_pages_stay_as_they_are(void **state)
{
	struct mm_struct *mm = clean_mm(8);

	(void)state;
	sim_poke(mm, BASE + P(2), 1);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(sim_migrate(mm, BASE + P(i), false), 0);
	assert_string_equal(soft(mm, BASE, 8), "00100000");
	sim_poke(mm, BASE + P(1), 1);
	assert_string_equal(soft(mm, BASE, 8), "01100000");
	end_mm(mm);
}

/* Whole tables, and large pages, change place by one entry. */
static void moved_blocks_are_new(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, H(0), 3 * HPAGE_SIZE, RW, ANON | MAP_FIXED);
	assert_int_equal(vm_advise(mm, H(1), HPAGE_SIZE, MADV_HUGEPAGE), 0);
	sim_poke(mm, H(0) + P(2), 1);
	sim_poke(mm, H(1), 1);
	mm_clear_soft_dirty(mm);
	assert_int_equal(
		vm_remap(mm, H(0), HPAGE_SIZE, HPAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, H(8)),
		H(8));
	assert_int_equal(
		vm_remap(mm, H(1), HPAGE_SIZE, HPAGE_SIZE, MREMAP_MAYMOVE | MREMAP_FIXED, H(12)),
		H(12));
	assert_string_equal(soft(mm, H(8), 4), "0010");
	assert_string_equal(soft(mm, H(12), 4), "1111");
	end_mm(mm);
}

static void vma_merges_whatever_the_flag(void **state)
{
	struct mm_struct *mm = clean_mm(4);
	unsigned long prot;

	(void)state;
	/* One is tracked, one new: they are as one. */
	map_at(mm, BASE + P(4), P(4), PROT_READ, ANON | MAP_FIXED);
	assert_int_equal(vm_protect(mm, BASE + P(4), P(4), RW), 0);
	assert_string_equal(picture(mm), "0-8rw-");
	prot = find_vma(mm, BASE)->vm_flags;
	assert_true(prot & VM_SOFTDIRTY);
	end_mm(mm);
}

int main(void)
{
	static const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(writes_after_clearing_are_seen, world, world_gone),
		cmocka_unit_test_setup_teardown(shared_memory_is_tracked, world, world_gone),
		cmocka_unit_test_setup_teardown(private_file_pages_are_tracked, world, world_gone),
		cmocka_unit_test_setup_teardown(mprotect_does_not_hide_writes, world, world_gone),
		cmocka_unit_test_setup_teardown(what_moves_is_new_what_it_gains_is_not, world,
						world_gone),
		cmocka_unit_test_setup_teardown(new_memory_marks_what_it_joins, world, world_gone),
		cmocka_unit_test_setup_teardown(heap_growth_is_new, world, world_gone),
		cmocka_unit_test_setup_teardown(fork_keeps_what_was_written, world, world_gone),
		cmocka_unit_test_setup_teardown(advice_and_debuggers, world, world_gone),
		cmocka_unit_test_setup_teardown(huge_pages_are_tracked_whole, world, world_gone),
		cmocka_unit_test_setup_teardown(migration_entries_forget, world, world_gone),
		cmocka_unit_test_setup_teardown(migrated_pages_stay_as_they_are, world, world_gone),
		cmocka_unit_test_setup_teardown(moved_blocks_are_new, world, world_gone),
		cmocka_unit_test_setup_teardown(vma_merges_whatever_the_flag, world, world_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
