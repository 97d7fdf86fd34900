/* Faults: results, zero page, batches, stacks, files, truncation, several threads at once. */
#include "mm/aspace/aspace_impl.h"
#include "sim/mm_test.h"

#include "mm/alloc.h"
#include "mm/range.h"
#include "mm/zone.h"

static struct address_space *new_file(unsigned long pages)
{
	struct address_space *m = shmem_anon_create(P(pages), false);

	assert_non_null(m);
	for (unsigned long i = 0; i < pages; i++) {
		char c = (char)('a' + i % 26);

		assert_int_equal(mapping_write_kernel(m, &c, 1, P(i)), 1);
	}
	m->size = P(pages);
	return m;
}

static void file_gone(struct address_space *m)
{
	mapping_check(m);
	m->ops->drop(m);
}

static void fault_results_by_mapping_and_access(void **state)
{
	static const struct {
		unsigned prot;
		int read, write, exec;
	} cases[] = {
		{ PROT_NONE, FAULT_ACCERR, FAULT_ACCERR, FAULT_ACCERR },
		{ PROT_READ, FAULT_OK, FAULT_ACCERR, FAULT_ACCERR },
		{ PROT_WRITE, FAULT_OK, FAULT_OK, FAULT_ACCERR },
		{ PROT_EXEC, FAULT_OK, FAULT_ACCERR, FAULT_OK },
		{ PROT_READ | PROT_WRITE | PROT_EXEC, FAULT_OK, FAULT_OK, FAULT_OK },
	};
	struct mm_struct *mm = new_mm();
	char c;

	(void)state;
	for (unsigned i = 0; i < ARRAY_SIZE(cases); i++) {
		unsigned long addr = BASE + P(2 * i);

		map_at(mm, addr, P(1), cases[i].prot, ANON | MAP_FIXED);
		assert_int_equal(sim_read(mm, addr, &c, 1), cases[i].read);
		assert_int_equal(sim_write(mm, addr, "x", 1), cases[i].write);
		if (PT_HAS_NX || cases[i].exec == FAULT_OK || cases[i].prot == PROT_NONE)
			assert_int_equal(sim_exec(mm, addr), cases[i].exec);
		assert_int_equal(sim_read(mm, addr + P(1), &c, 1), FAULT_MAPERR);
		assert_int_equal(sim_write(mm, addr + P(1), &c, 1), FAULT_MAPERR);
		assert_int_equal(vm_protect(mm, addr, P(1), PROT_NONE), 0);
		assert_int_equal(sim_read(mm, addr, &c, 1), FAULT_ACCERR);
		mm_check(mm);
	}
	assert_int_equal(sim_read(mm, USER_TOP, &c, 1), FAULT_MAPERR);
	end_mm(mm);
}

static void fault_I3_reads_share_the_zero_page(void **state)
{
	struct mm_struct *mm = new_mm();
	struct range_counts n = { 0 };
	unsigned long before;

	(void)state;
	map_at(mm, BASE, P(40), RW, ANON | MAP_FIXED);
	sim_peek(mm, BASE);
	before = nr_free_pages();
	for (unsigned i = 0; i < 40; i++)
		assert_int_equal(sim_peek(mm, BASE + P(i) + i), 0);
	assert_int_equal(nr_free_pages(), before);
	assert_int_equal(mm_rss(mm), 0);
	range_count(mm, BASE, BASE + P(40), &n);
	assert_int_equal(n.special, 40);
	sim_poke(mm, BASE + P(7), 1);
	assert_int_equal(mm_rss(mm), 1);
	assert_int_equal(sim_peek(mm, BASE + P(8)), 0);
	mm_check(mm);
	end_mm(mm);
}

static void fault_batches_double_while_access_is_sequential(void **state)
{
	static const unsigned want[] = { 1,  3,	 3,  7,	 7,  7,	 7,  15, 15,
					 15, 15, 15, 15, 15, 15, 16, 32, 32 };
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(64), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < ARRAY_SIZE(want); i++) {
		sim_poke(mm, BASE + P(i), 1);
		if (i < 7)
			assert_int_equal(mm_rss(mm), want[i]);
		mm_check(mm);
	}
	for (unsigned i = ARRAY_SIZE(want); i < 64; i++)
		sim_poke(mm, BASE + P(i), 1);
	assert_int_equal(mm_rss(mm), 64); /* never beyond the vma */
	mm_check(mm);
	assert_int_equal(vm_unmap(mm, BASE, P(64)), 0);
	assert_int_equal(mm_rss(mm), 0);
	fault_batch_pages = 1;
	map_at(mm, BASE, P(64), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 20; i++)
		sim_poke(mm, BASE + P(i), 1);
	assert_int_equal(mm_rss(mm), 20);
	end_mm(mm);
}

/* The end of a block, or a page in the way, cuts one batch short, not those after it. */
static void fault_batches_go_on_after_one_cut_short(void **state)
{
	struct mm_struct *mm = new_mm();
	unsigned long before = mm_ctx_current()->min_flt;

	(void)state;
	map_at(mm, BASE, P(96), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 96; i++)
		sim_poke(mm, BASE + P(i), 1);
	assert_int_equal(mm_ctx_current()->min_flt - before, 5 + 5); /* 1 2 4 8 1, then 16 */
	end_mm(mm);
}

/* Reads walk upwards as writes do: no frame is spent. The writes that come then find zeroes and replace them by batches. */
static void fault_batches_of_zeroes(void **state)
{
	struct mm_struct *mm = new_mm();
	unsigned long before = mm_ctx_current()->min_flt;

	(void)state;
	map_at(mm, BASE, P(96), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 64; i++)
		assert_int_equal(sim_peek(mm, BASE + P(i)), 0);
	assert_int_equal(mm_ctx_current()->min_flt - before, 5 + 3);
	assert_int_equal(mm_rss(mm), 0);
	mm_check(mm);
	sim_poke(mm, BASE + P(32), 1); /* alone: nobody walks yet */
	assert_int_equal(mm_rss(mm), 1);
	assert_ptr_equal(page_at(mm, BASE + P(33)), zero_page);
	sim_poke(mm, BASE + P(33), 1);
	assert_int_equal(mm_rss(mm), 3);
	before = mm_ctx_current()->min_flt;
	for (unsigned i = 34; i < 96; i++) { /* zeroes up to 63, nothing from there on */
		assert_int_equal(sim_peek(mm, BASE + P(i)), 0);
		sim_poke(mm, BASE + P(i), (uint8_t)i);
	}
	assert_int_equal(mm_rss(mm), 64);
	assert_int_equal(mm_ctx_current()->min_flt - before,
			 4 + 6 + 6); /* 4 8 2 16, then a read, and writes: 1 2 4 8 1 */
	for (unsigned i = 34; i < 96; i++)
		assert_int_equal(sim_peek(mm, BASE + P(i)), i);
	assert_ptr_equal(page_at(mm, BASE + P(31)), zero_page);
	end_mm(mm);
}

static void fault_batch_stops_at_a_mapped_page(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(16), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE + P(5), 55);
	for (unsigned i = 0; i < 16; i++) {
		if (i != 5)
			sim_poke(mm, BASE + P(i), 1);
	}
	assert_int_equal(sim_peek(mm, BASE + P(5)), 55);
	assert_int_equal(mm_rss(mm), 16);
	end_mm(mm);
}

static void stack_grows_to_its_limit_and_no_further(void **state)
{
	struct mm_struct *mm = new_mm();
	unsigned long top = BASE + P(8192);

	(void)state;
	sim_limits.stack = P(100);
	assert_int_equal(vm_stack_setup(mm, top, false), 0);
	sim_poke(mm, top - 1, 1);
	assert_int_equal(sim_write(mm, top - P(50), "x", 1), FAULT_OK);
	assert_int_equal(mm->stack_vm, 50);
	assert_int_equal(sim_write(mm, top - P(100), "x", 1), FAULT_OK);
	assert_int_equal(sim_write(mm, top - P(100) - 1, "x", 1), FAULT_MAPERR);
	assert_int_equal(mm->stack_vm, 100);
	assert_int_equal(mm->map_count, 1);
	end_mm(mm);
}

static void stack_keeps_its_distance(void **state)
{
	struct mm_struct *mm = new_mm();
	unsigned long top = BASE + P(8192), below = top - P(1000);

	(void)state;
	assert_int_equal(vm_stack_setup(mm, top, false), 0);
	map_at(mm, below - P(1), P(1), RW, ANON | MAP_FIXED);
	assert_int_equal(sim_write(mm, below + P(STACK_GUARD_PAGES), "x", 1), FAULT_OK);
	assert_int_equal(sim_write(mm, below + P(STACK_GUARD_PAGES) - 1, "x", 1), FAULT_MAPERR);
	assert_int_equal(vm_protect(mm, below - P(1), P(1), PROT_NONE), 0);
	assert_int_equal(sim_write(mm, below + P(STACK_GUARD_PAGES) - 1, "x", 1), FAULT_OK);
	end_mm(mm);
}

static void file_mappings_show_the_cache(void **state)
{
	struct mm_struct *mm = new_mm();
	struct address_space *m = new_file(40);
	char c = 'X';

	(void)state;
	map_file(mm, BASE, P(40), RW, MAP_PRIVATE | MAP_FIXED, m, 0);
	map_file(mm, BASE + P(64), P(40), RW, MAP_SHARED | MAP_FIXED, m, 0);
	for (unsigned i = 0; i < 40; i++) {
		assert_int_equal(sim_peek(mm, BASE + P(i)), 'a' + i % 26);
		assert_int_equal(sim_peek(mm, BASE + P(64 + i)), 'a' + i % 26);
	}
	mm_check(mm);
	sim_poke(mm, BASE + P(3), 'p'); /* private: nobody else sees it */
	assert_int_equal(sim_peek(mm, BASE + P(67)), 'd');
	sim_poke(mm, BASE + P(64 + 5), 's'); /* shared: everybody */
	assert_int_equal(sim_peek(mm, BASE + P(5)), 's');
	assert_int_equal(mapping_read_kernel(m, &c, 1, P(5)), 1);
	assert_int_equal(c, 's');
	c = 'w';
	assert_int_equal(mapping_write_kernel(m, &c, 1, P(6)), 1);
	assert_int_equal(sim_peek(mm, BASE + P(6)), 'w');
	assert_int_equal(mm->rss_stat[MM_ANONPAGES].v, 1);
	assert_int_equal(mm->rss_stat[MM_SHMEMPAGES].v, 79);
	end_mm(mm);
	file_gone(m);
}

static void file_fault_around_maps_only_what_is_cached(void **state)
{
	struct mm_struct *mm = new_mm();
	struct address_space *m = new_file(64);

	(void)state;
	assert_int_equal(mapping_punch(m, P(20), P(24)), 0);
	map_file(mm, BASE, P(64), PROT_READ, MAP_SHARED | MAP_FIXED, m, 0);
	sim_peek(mm, BASE + P(5));
	assert_int_equal(mm_rss(mm), 16);
	sim_peek(mm, BASE + P(17));
	assert_int_equal(mm_rss(mm), 28);
	fault_around_pages = 4;
	sim_peek(mm, BASE + P(40));
	assert_int_equal(mm_rss(mm), 32);
	fault_around_pages = 1;
	sim_peek(mm, BASE + P(50));
	assert_int_equal(mm_rss(mm), 33);
	assert_int_equal(sim_peek(mm, BASE + P(21)),
			 0); /* a shared mapping of a hole makes its page */
	assert_int_equal(m->nr_pages, 61);
	end_mm(mm);
	file_gone(m);
}

/* A mapping that begins in a block gets a whole block from there, but nothing of the next table; the next fault the next block. */
static void file_windows_from_where_a_mapping_begins(void **state)
{
	const uaddr_t span = pt_span(PT_PMD), end_of_table = (BASE | (span - 1)) + 1;
	struct mm_struct *mm = new_mm();
	struct address_space *m = new_file(64);

	(void)state;
	map_file(mm, BASE + P(13), P(64), PROT_READ, MAP_SHARED | MAP_FIXED, m, 0);
	(void)sim_peek(mm, BASE + P(14));
	assert_int_equal(mm_rss(mm), 16);
	assert_non_null(page_at(mm, BASE + P(13)));
	assert_non_null(page_at(mm, BASE + P(28)));
	assert_null(page_at(mm, BASE + P(29)));
	(void)sim_peek(mm, BASE + P(40));
	assert_int_equal(mm_rss(mm), 16 + 16); /* 32 to 47 */
	assert_int_equal(vm_unmap(mm, BASE, P(100)), 0);
	map_file(mm, end_of_table - P(5), P(64), PROT_READ, MAP_SHARED | MAP_FIXED, m, 0);
	(void)sim_peek(mm, end_of_table - P(2));
	assert_int_equal(mm_rss(mm), 5);
	(void)sim_peek(mm, end_of_table + P(2));
	assert_int_equal(mm_rss(mm), 5 + 16);
	end_mm(mm);
	file_gone(m);
}

/* Written here and there, each page by itself; upwards 1, 2, 4 ... */
static void file_writes_map_neighbours_on_a_walk(void **state)
{
	static const unsigned at[] = { 5, 40, 50, 51, 53, 57 }, rss[] = { 1, 2, 3, 5, 9, 17 };
	struct mm_struct *mm = new_mm();
	struct address_space *m = new_file(100);

	(void)state;
	map_file(mm, BASE, P(100), RW, MAP_SHARED | MAP_FIXED, m, 0);
	for (unsigned i = 0; i < sizeof(at) / sizeof(at[0]); i++) {
		sim_poke(mm, BASE + P(at[i]), 1);
		assert_int_equal(mm_rss(mm), rss[i]);
	}
	(void)sim_peek(mm, BASE + P(20));
	assert_int_equal(mm_rss(mm), 17 + 16);
	end_mm(mm);
	file_gone(m);
}

/* Nothing is mapped for a hole, whichever slot of its window it has. */
static void file_windows_begin_and_end_with_holes(void **state)
{
	struct mm_struct *mm = new_mm();
	struct address_space *m = new_file(64);

	(void)state;
	assert_int_equal(mapping_punch(m, P(16), P(17)), 0);
	assert_int_equal(mapping_punch(m, P(47), P(48)), 0);
	map_file(mm, BASE, P(64), PROT_READ, MAP_SHARED | MAP_FIXED, m, 0);
	(void)sim_peek(mm, BASE + P(20));
	assert_int_equal(mm_rss(mm), 15);
	(void)sim_peek(mm, BASE + P(40));
	assert_int_equal(mm_rss(mm), 30);
	assert_int_equal(m->nr_pages, 62);
	end_mm(mm);
	file_gone(m);
}

static void file_windows_double_while_a_program_walks_upwards(void **state)
{
	static const unsigned upto[] = { 16, 32, 64, 128, 256, 384, 500 };
	struct mm_struct *mm = new_mm();
	struct address_space *m = new_file(500);
	unsigned at = 0;

	(void)state;
	map_file(mm, BASE, P(500), PROT_READ, MAP_SHARED | MAP_FIXED, m, 0);
	for (unsigned i = 0; i < sizeof(upto) / sizeof(upto[0]); i++) {
		(void)sim_peek(mm, BASE + P(at));
		assert_int_equal(mm_rss(mm), upto[i]);
		at = upto[i];
	}
	assert_int_equal(vm_unmap(mm, BASE, P(500)), 0);
	map_file(mm, BASE, P(500), PROT_READ, MAP_SHARED | MAP_FIXED, m, 0);
	for (unsigned i = 0; i < 6; i++) /* downwards, and not where the last one ended */
		(void)sim_peek(mm, BASE + P(255 - 16 * i));
	assert_int_equal(mm_rss(mm), 6 * 16);
	end_mm(mm);
	file_gone(m);
}

static void file_neighbours_of_a_locked_mapping_are_locked(void **state)
{
	struct mm_struct *mm = new_mm();
	struct address_space *m = new_file(64);
	char c;

	(void)state;
	sim_limits.memlock = P(100);
	assert_int_equal(mapping_punch(m, P(3), P(4)), 0);
	map_file(mm, BASE, P(64), PROT_READ, MAP_SHARED | MAP_FIXED, m, 0);
	assert_int_equal(vm_lock(mm, BASE, P(64), VM_LOCKED | VM_LOCKONFAULT), 0);
	(void)sim_peek(mm, BASE + P(20));
	assert_int_equal(mm_rss(mm), 16);
	failpoint_arm(1); /* nothing to be had for the hole: its neighbours stay unmapped, too */
	assert_int_equal(sim_read(mm, BASE + P(3), &c, 1), FAULT_OOM);
	failpoint_arm(0);
	assert_int_equal(mm_rss(mm), 16);
	(void)sim_peek(mm, BASE + P(5));
	assert_int_equal(mm_rss(mm), 31);
	for (unsigned i = 0; i < 16; i++) {
		struct page *page = mapping_find(m, i);

		assert_true(page ? page_test(page, PG_mlocked) : i == 3);
		if (page)
			put_page(page);
	}
	end_mm(mm);
	file_gone(m);
}

static void file_I2_sigbus_beyond_the_end(void **state)
{
	struct mm_struct *mm = new_mm();
	struct address_space *m = new_file(8);
	char c;

	(void)state;
	map_file(mm, BASE, P(10), RW, MAP_SHARED | MAP_FIXED, m, 0);
	map_file(mm, BASE + P(16), P(10), RW, MAP_PRIVATE | MAP_FIXED, m, 0);
	assert_int_equal(sim_read(mm, BASE + P(8), &c, 1), FAULT_BUS);
	assert_int_equal(sim_write(mm, BASE + P(24), &c, 1), FAULT_BUS);
	for (unsigned i = 0; i < 8; i++) {
		sim_poke(mm, BASE + P(i) + 200, 1);
		sim_poke(mm, BASE + P(16 + i), 2);
	}
	assert_int_equal(mapping_truncate(m, P(4) + 100), 0);
	mm_check(mm);
	assert_int_equal(sim_read(mm, BASE + P(5), &c, 1), FAULT_BUS);
	assert_int_equal(sim_read(mm, BASE + P(16 + 5), &c, 1),
			 FAULT_BUS);			      /* private copies go, too */
	assert_int_equal(sim_peek(mm, BASE + P(4) + 200), 0); /* the tail is cleared */
	assert_int_equal(sim_peek(mm, BASE + P(16 + 3)), 2);
	assert_int_equal(mapping_truncate(m, P(8)), 0);
	assert_int_equal(sim_peek(mm, BASE + P(5)), 0);
	mm_check(mm);
	end_mm(mm);
	file_gone(m);
}

static void file_punch_keeps_private_copies(void **state)
{
	struct mm_struct *mm = new_mm();
	struct address_space *m = new_file(8);

	(void)state;
	map_file(mm, BASE, P(8), RW, MAP_PRIVATE | MAP_FIXED, m, 0);
	sim_poke(mm, BASE + P(2), 'p');
	assert_int_equal(sim_peek(mm, BASE + P(3)), 'd');
	assert_int_equal(mapping_punch(m, P(1) + 5, P(4) + 5), 0);
	assert_int_equal(sim_peek(mm, BASE + P(2)), 'p');
	assert_int_equal(sim_peek(mm, BASE + P(3)), 0);
	assert_int_equal(sim_peek(mm, BASE + P(1)), 'b');
	assert_int_equal(sim_peek(mm, BASE + P(4)), 0);
	end_mm(mm);
	file_gone(m);
}

static void file_unmaps_with_its_pages_flags(void **state)
{
	struct mm_struct *mm = new_mm();
	struct address_space *m = new_file(1);
	struct page *page;

	(void)state;
	map_file(mm, BASE, P(1), RW, MAP_SHARED | MAP_FIXED, m, 0);
	sim_poke(mm, BASE, 1);
	page = mapping_find(m, 0);
	/* What /proc/kpageflags shows of shared memory: uptodate, dirty, swap-backed; mapped once. */
	assert_true(page_test(page, PG_uptodate) && page_test(page, PG_dirty) &&
		    page_test(page, PG_swapbacked));
	assert_int_equal(page_mapcount(page), 1);
	put_page(page);
	end_mm(mm);
	file_gone(m);
}

/* ---- a device ---- */

static struct page *device_page;
static int device_fault(struct vm_area_struct *vma, unsigned long index, struct fault_access access,
			struct page **out)
{
	(void)vma;
	(void)access;
	if (index > 1)
		return -EIO;
	get_page(device_page);
	*out = device_page;
	return 0;
}

static const struct vma_ops device_ops = { .fault = device_fault };

static void device_pages_are_not_counted(void **state)
{
	struct mm_struct *mm = new_mm();
	struct vm_map_args a = {
		.addr = BASE,
		.len = P(3),
		.prot = RW,
		.flags = MAP_SHARED | MAP_FIXED,
		.vm_ops = &device_ops,
		.may_flags = VM_MAYREAD | VM_MAYWRITE | VM_DONTEXPAND,
	};
	char c;

	(void)state;
	device_page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	assert_int_equal(vm_map(mm, &a), BASE);
	sim_poke(mm, BASE + 9, 9);
	assert_int_equal(sim_peek(mm, BASE + P(1) + 9), 9);
	assert_int_equal(sim_read(mm, BASE + P(2), &c, 1), FAULT_BUS);
	assert_int_equal(mm_rss(mm), 0);
	assert_int_equal(vm_remap(mm, BASE, P(3), P(4), MREMAP_MAYMOVE, 0), -EFAULT);
	end_mm(mm);
	put_page(device_page);
}

/* ---- the kernel's own access ---- */

static void access_of_another_program(void **state)
{
	struct mm_struct *mm = new_mm();
	struct address_space *m = new_file(4);
	char buf[P(2)], trap[] = "brk"; /* a breakpoint */
	struct page *page;

	(void)state;
	map_file(mm, BASE, P(4), PROT_READ, MAP_PRIVATE | MAP_FIXED, m, 0);
	assert_int_equal(mm_access(mm, BASE + P(1), buf, sizeof(buf), false), sizeof(buf));
	assert_int_equal(buf[0], 'b');
	assert_int_equal(mm_access(mm, BASE + P(1) + 7, trap, 3, true), 3);
	assert_int_equal(sim_peek(mm, BASE + P(1) + 8), 'r');
	assert_int_equal(sim_write(mm, BASE + P(1), "x", 1), FAULT_ACCERR);
	assert_int_equal(mapping_read_kernel(m, buf, 1, P(1) + 7), 1);
	assert_int_equal(buf[0], 0); /* the file has not changed */
	assert_int_equal(mm_access(mm, BASE + P(3), buf, sizeof(buf), false), P(1));
	assert_int_equal(get_user_page(mm, BASE, true, &page), -EFAULT);
	assert_int_equal(get_user_page(mm, BASE, false, &page), 0);
	put_page(page);
	mm_check(mm);
	end_mm(mm);
	file_gone(m);
}

/* ---- failures ---- */

static void nth_failure_of_a_fault_is_oom_and_leaves_nothing(void **state)
{
	(void)state;
	for (unsigned kind = 0; kind < 4; kind++) {
		for (unsigned n = 1;; n++) {
			struct mm_struct *mm = new_mm();
			struct address_space *m = new_file(2);
			bool fired;
			int r;

			if (kind == 0)
				map_at(mm, BASE, P(2), RW, ANON | MAP_FIXED);
			else
				map_file(mm, BASE, P(2), RW,
					 (kind == 1 ? MAP_PRIVATE : MAP_SHARED) | MAP_FIXED, m, 0);
			assert_int_equal(mapping_punch(m, 0, kind == 3 ? P(1) : 0), 0);
			failpoint_arm(n);
			r = sim_write(mm, BASE, "x", 1);
			fired = failpoint_fired();
			failpoint_arm(0);
			/* A hole that gets no promise is a full file system: SIGBUS. */
			assert_true(r == FAULT_OK ||
				    (fired && (r == FAULT_OOM || (kind == 3 && r == FAULT_BUS))));
			end_mm(mm);
			file_gone(m);
			sim_check_leaks();
			if (!fired)
				break;
			assert_true(n < 50);
		}
	}
}

/* ---- several threads ---- */

enum { THREADS = 4, SHARED_PAGES = 48 };
static struct mm_struct *shared_mm;

/* Each thread writes its own byte of every page, in its own order, and reads it back. */
static void thread_writes(void *arg)
{
	unsigned long me = (unsigned long)arg;

	sim_use_mm(shared_mm);
	for (unsigned k = 0; k < SHARED_PAGES; k++) {
		unsigned long page = me % 2 ? k : sim_random(SHARED_PAGES);

		sim_poke(shared_mm, BASE + P(page) + me, (uint8_t)(page + me));
		assert_int_equal(sim_peek(shared_mm, BASE + P(page) + me), (uint8_t)(page + me));
	}
}

static void thread_protects(void *arg)
{
	(void)arg;
	sim_use_mm(shared_mm);
	for (unsigned k = 0; k < 40; k++) {
		unsigned long at = sim_random(16);

		assert_int_equal(vm_protect(shared_mm, BASE + P(SHARED_PAGES + at), P(4),
					    k % 2 ? PROT_READ : RW),
				 0);
		assert_int_equal(
			vm_advise(shared_mm, BASE + P(SHARED_PAGES + at), P(4), MADV_DONTNEED), 0);
		sim_peek(shared_mm, BASE + P(SHARED_PAGES + at));
	}
}

static void threads_fault_on_the_same_pages(void **state)
{
	struct sim_config cfg = { .nr_cpus = 4 };

	(void)state;
	for (cfg.seed = 1; cfg.seed <= 8; cfg.seed++) {
		sim_world_begin(&cfg);
		shared_mm = new_mm();
		map_at(shared_mm, BASE, P(SHARED_PAGES + 20), RW, ANON | MAP_FIXED);
		for (unsigned long i = 0; i < THREADS; i++)
			sim_spawn(thread_writes, (void *)i, -1);
		sim_spawn(thread_protects, NULL, -1);
		sim_run();
		end_mm(shared_mm);
		sim_world_end();
	}
}

static struct address_space *shared_file;

static void thread_truncates(void *arg)
{
	(void)arg;
	for (unsigned k = 0; k < 30; k++) {
		assert_int_equal(mapping_truncate(shared_file, P(sim_random(20))), 0);
		sim_point();
		assert_int_equal(mapping_truncate(shared_file, P(20)), 0);
	}
}

static void thread_touches_file(void *arg)
{
	unsigned long write = (unsigned long)arg;
	char c = 1;

	sim_use_mm(shared_mm);
	for (unsigned k = 0; k < 200; k++) {
		unsigned long at = BASE + P(sim_random(40));
		int r = write ? sim_write(shared_mm, at, &c, 1) : sim_read(shared_mm, at, &c, 1);

		assert_true(r == FAULT_OK || r == FAULT_BUS);
	}
}

static void truncate_races_with_faults(void **state)
{
	struct sim_config cfg = { .nr_cpus = 3 };

	(void)state;
	for (cfg.seed = 1; cfg.seed <= 10; cfg.seed++) {
		sim_world_begin(&cfg);
		shared_mm = new_mm();
		shared_file = shmem_anon_create(P(20), false);
		map_file(shared_mm, BASE, P(20), RW, MAP_SHARED | MAP_FIXED, shared_file, 0);
		map_file(shared_mm, BASE + P(20), P(20), RW, MAP_PRIVATE | MAP_FIXED, shared_file,
			 0);
		sim_spawn(thread_truncates, NULL, -1);
		sim_spawn(thread_touches_file, (void *)0, -1);
		sim_spawn(thread_touches_file, (void *)1, -1);
		sim_run();
		assert_int_equal(mapping_truncate(shared_file, 0), 0);
		assert_int_equal(mm_rss(shared_mm), 0);
		assert_int_equal(shared_file->nr_pages, 0);
		file_gone(shared_file);
		end_mm(shared_mm);
		sim_world_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(fault_results_by_mapping_and_access),
		T(fault_I3_reads_share_the_zero_page),
		T(fault_batches_double_while_access_is_sequential),
		T(fault_batches_go_on_after_one_cut_short),
		T(fault_batches_of_zeroes),
		T(fault_batch_stops_at_a_mapped_page),
		T(stack_grows_to_its_limit_and_no_further),
		T(stack_keeps_its_distance),
		T(file_mappings_show_the_cache),
		T(file_fault_around_maps_only_what_is_cached),
		T(file_windows_begin_and_end_with_holes),
		T(file_windows_from_where_a_mapping_begins),
		T(file_writes_map_neighbours_on_a_walk),
		T(file_windows_double_while_a_program_walks_upwards),
		T(file_neighbours_of_a_locked_mapping_are_locked),
		T(file_I2_sigbus_beyond_the_end),
		T(file_punch_keeps_private_copies),
		T(file_unmaps_with_its_pages_flags),
		T(device_pages_are_not_counted),
		T(access_of_another_program),
		T(nth_failure_of_a_fault_is_oom_and_leaves_nothing),
		cmocka_unit_test(threads_fault_on_the_same_pages),
		cmocka_unit_test(truncate_races_with_faults),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
