/* fork and copy-on-write: a family tree of programs against a byte model, exact counts, failures. */
#include "mm/pt.h"
#include "sim/mm_test.h"

#include "mm/alloc.h"
#include "mm/pin.h"
#include "mm/range.h"
#include "mm/rmap.h"
#include "mm/vmalloc.h"
#include "mm/zone.h"

static void fork_I1_shares_frames_until_the_first_write(void **state)
{
	struct mm_struct *mm = new_mm(), *child;
	struct page *page;

	(void)state;
	map_at(mm, BASE, P(4), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 1);
	page = page_at(mm, BASE);
	assert_int_equal(mm_dup(mm, &child), 0);
	assert_ptr_equal(page_at(child, BASE), page);
	assert_int_equal(page_ref_count(page), 2);
	assert_int_equal(page_mapcount(page), 2);
	assert_false(pte_write(pt_peek(&mm->root, BASE, PT_PTE)));
	sim_poke(child, BASE + 1, 2);
	assert_ptr_not_equal(page_at(child, BASE), page);
	assert_int_equal(page_ref_count(page), 1);
	sim_poke(mm, BASE + 1, 3); /* the last user takes it over */
	assert_ptr_equal(page_at(mm, BASE), page);
	assert_int_equal(sim_peek(child, BASE + 1), 2);
	assert_int_equal(sim_peek(child, BASE), 1);
	mm_check(child);
	end_mm(mm);
	end_mm(child);
}

static void fork_leaves_out_what_faults_bring_back(void **state)
{
	struct mm_struct *mm = new_mm(), *child;
	struct address_space *m = shmem_anon_create(P(8), false);

	(void)state;
	map_file(mm, BASE, P(4), RW, MAP_SHARED | MAP_FIXED, m, 0);
	map_file(mm, BASE + P(4), P(4), RW, MAP_PRIVATE | MAP_FIXED, m, 0);
	map_at(mm, BASE + P(8), P(4), RW, ANON | MAP_FIXED);
	map_at(mm, BASE + P(12), P(4), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 16; i++)
		sim_poke(mm, BASE + P(i), (uint8_t)(i + 1));
	assert_int_equal(vm_advise(mm, BASE + P(8), P(2), MADV_DONTFORK), 0);
	assert_int_equal(vm_advise(mm, BASE + P(12), P(4), MADV_WIPEONFORK), 0);
	assert_int_equal(mm_dup(mm, &child), 0);
	assert_int_equal(mm_rss(child), 4 + 2);
	sim_poke(mm, BASE + P(1), 99);
	assert_int_equal(sim_peek(child, BASE + P(1)), 99);
	assert_int_equal(sim_peek(child, BASE + P(5)), 6);
	assert_int_equal(sim_write(child, BASE + P(8), "x", 1), FAULT_MAPERR);
	assert_int_equal(sim_peek(child, BASE + P(10)), 11);
	assert_int_equal(sim_peek(child, BASE + P(13)), 0);
	end_mm(child);
	end_mm(mm);
	m->ops->drop(m);
}

static void fork_smaps_divide_shared_pages(void **state)
{
	struct mm_struct *mm = new_mm(), *child;
	struct smaps_stat s;

	(void)state;
	map_at(mm, BASE, P(4), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 4; i++)
		sim_poke(mm, BASE + P(i), 1);
	assert_int_equal(mm_dup(mm, &child), 0);
	sim_poke(child, BASE, 2);
	vma_smaps(vma_first(mm), &s);
	assert_int_equal(s.rss, P(4));
	assert_int_equal(s.pss, P(1) + P(3) / 2);
	assert_int_equal(s.private_dirty, P(1));
	assert_int_equal(s.shared_dirty, P(3));
	assert_int_equal(s.anonymous, P(4));
	end_mm(child);
	end_mm(mm);
}

/* ---- exclusive pages ---- */

static uint8_t pinned_byte(struct page *page)
{
	const uint8_t *p = kmap_local_page(page);
	uint8_t byte = p[0];

	kunmap_local(p);
	return byte;
}

static bool is_writable(struct mm_struct *mm, unsigned page)
{
	return pte_write(pt_peek_page(&mm->root, BASE + P(page)));
}

/* When nobody else has the pages any more, the first write to one of a block brings the right for those behind it: up to
 * one that somebody has, and not beyond the block. */
static void cow_neighbours_are_taken_over_together(void **state)
{
	struct mm_struct *mm = new_mm(), *child;
	struct page *page;

	(void)state;
	map_at(mm, BASE, P(32), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 32; i++)
		sim_poke(mm, BASE + P(i), (uint8_t)i);
	assert_int_equal(mm_dup(mm, &child), 0);
	assert_int_equal(get_user_page(child, BASE + P(9), false, &page), 0);
	end_mm(child);
	sim_poke(mm, BASE + P(2), 102);
	for (unsigned i = 0; i < 32; i++) {
		bool taken = i >= 2 && i < 9;

		assert_int_equal(is_writable(mm, i), taken);
		assert_int_equal(page_test(page_at(mm, BASE + P(i)), PG_anon_exclusive), taken);
	}
	mm_check(mm);
	sim_poke(mm, BASE + P(9), 109); /* a copy: somebody looks at the old one */
	assert_int_equal(pinned_byte(page), 9);
	assert_false(is_writable(mm, 10));
	put_page(page);
	sim_poke(mm, BASE + P(12), 112);
	assert_true(is_writable(mm, 15) && !is_writable(mm, 16) && !is_writable(mm, 10));
	for (unsigned i = 0; i < 32; i++)
		assert_int_equal(sim_peek(mm, BASE + P(i)),
				 i + 100 * (i == 2 || i == 9 || i == 12));
	end_mm(mm);
}

/* Where it is asked which pages are written, and where a fault shall map one page, only the written one changes. */
static void cow_neighbours_that_must_fault(void **state)
{
	(void)state;
	for (unsigned tracked = 0; tracked < 2; tracked++) {
		struct mm_struct *mm = new_mm(), *child;

		map_at(mm, BASE, P(8), RW, ANON | MAP_FIXED);
		for (unsigned i = 0; i < 8; i++)
			sim_poke(mm, BASE + P(i), 1);
		if (tracked)
			mm_clear_soft_dirty(mm);
		fault_batch_pages = tracked ? 16 : 1;
		assert_int_equal(mm_dup(mm, &child), 0);
		end_mm(child);
		sim_poke(mm, BASE, 2);
		assert_true(is_writable(mm, 0) && !is_writable(mm, 1));
		end_mm(mm);
	}
}

/* Who pinned a page for writing goes on sharing it with the program, whatever happens to rights meanwhile. */
static void cow_I1_a_pin_does_not_make_a_copy(void **state)
{
	struct mm_struct *mm = new_mm();
	struct page *page;
	uint8_t byte = 9;

	(void)state;
	map_at(mm, BASE, P(2), RW, ANON | MAP_FIXED);
	assert_int_equal(get_user_page(mm, BASE, true, &page), 0);
	assert_int_equal(vm_protect(mm, BASE, P(2), PROT_READ), 0);
	assert_int_equal(vm_protect(mm, BASE, P(2), RW), 0);
	sim_poke(mm, BASE, 7);
	assert_int_equal(pinned_byte(page), 7);
	assert_ptr_equal(page_at(mm, BASE), page);
	assert_int_equal(vm_protect(mm, BASE, P(2), PROT_READ), 0);
	assert_int_equal(mm_access(mm, BASE, &byte, 1, true), 1); /* a debugger's write */
	assert_int_equal(pinned_byte(page), 9);
	put_page(page);
	end_mm(mm);
}

/* Who pins a page and the program go on sharing it over a fork: the child has a copy at once. */
static void fork_copies_what_is_pinned(void **state)
{
	struct mm_struct *mm = new_mm(), *child;
	struct page *page, *next;
	int refs;

	(void)state;
	map_at(mm, BASE, P(4), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 4; i++)
		sim_poke(mm, BASE + P(i), (uint8_t)(i + 1));
	assert_int_equal(pin_user_page(mm, BASE + P(1), true, &page), 0);
	assert_true(page_maybe_dma_pinned(page));
	refs = page_ref_count(page);
	assert_int_equal(refs, 1 + PIN_BIAS);
	next = page_at(mm, BASE + P(2));
	assert_int_equal(mm_dup(mm, &child), 0);
	assert_ptr_equal(page_at(mm, BASE + P(1)), page);
	assert_true(pte_write(pt_peek(&mm->root, BASE + P(1), PT_PTE)));
	assert_true(page_test(page, PG_anon_exclusive));
	assert_int_equal(page_ref_count(page), refs);
	assert_ptr_not_equal(page_at(child, BASE + P(1)), page);
	assert_true(pte_write(pt_peek(&child->root, BASE + P(1), PT_PTE)));
	assert_ptr_equal(page_at(child, BASE + P(2)), next);
	assert_int_equal(mm_rss(child), 4);
	for (unsigned i = 0; i < 4; i++)
		assert_int_equal(sim_peek(child, BASE + P(i)), i + 1);
	assert_false(child->has_pinned);
	sim_poke(mm, BASE + P(1), 7);
	assert_int_equal(pinned_byte(page), 7);
	assert_int_equal(sim_peek(child, BASE + P(1)), 2);
	mm_check(child);
	mm_check(mm);
	rmap_check();
	unpin_user_page(page);
	assert_int_equal(page_ref_count(page), 1);
	assert_false(page_maybe_dma_pinned(page));
	end_mm(child);
	end_mm(mm);
}

/* What is pinned for reading is the program's own, too: the last one that shares it does not take it. */
static void a_pin_for_reading_takes_a_shared_page(void **state)
{
	struct mm_struct *mm = new_mm(), *child;
	struct page *page, *shared;

	(void)state;
	map_at(mm, BASE, P(2), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 1);
	assert_int_equal(mm_dup(mm, &child), 0);
	shared = page_at(mm, BASE);
	assert_int_equal(vm_protect(mm, BASE, P(2), PROT_READ), 0);
	assert_int_equal(pin_user_page(mm, BASE, false, &page), 0);
	assert_ptr_not_equal(page, shared);
	assert_ptr_equal(page_at(mm, BASE), page);
	assert_ptr_equal(page_at(child, BASE), shared);
	assert_false(pte_write(pt_peek(&mm->root, BASE, PT_PTE)));
	assert_true(page_test(page, PG_anon_exclusive));
	assert_int_equal(vm_protect(mm, BASE, P(2), RW), 0);
	sim_poke(mm, BASE, 5);
	assert_int_equal(pinned_byte(page), 5);
	unpin_user_page(page);
	assert_int_equal(pin_user_page(mm, BASE + P(1), false, &page), 0); /* of zeroes */
	assert_ptr_equal(page, zero_page);
	unpin_user_page(page);
	end_mm(child);
	end_mm(mm);
}

/* Out of memory at each step of such a fork. */
static void fork_of_a_pinned_page_without_memory(void **state)
{
	struct mm_struct *mm = new_mm(), *child;
	struct page *page;

	(void)state;
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 3);
	assert_int_equal(pin_user_page(mm, BASE, true, &page), 0);
	for (unsigned n = 1;; n++) {
		bool fired;
		int err;

		failpoint_arm(n);
		err = mm_dup(mm, &child);
		fired = failpoint_fired();
		failpoint_arm(0);
		if (!fired) {
			assert_int_equal(err, 0);
			break;
		}
		assert_int_equal(err, -ENOMEM);
		mm_check(mm);
		assert_ptr_equal(page_at(mm, BASE), page);
		assert_int_equal(page_ref_count(page), 1 + PIN_BIAS);
	}
	assert_int_equal(sim_peek(child, BASE), 3);
	unpin_user_page(page);
	end_mm(child);
	end_mm(mm);
}

/* A page pinned while it was shared may be the other program's to see: a write leaves it as it was. */
static void cow_I1_a_pin_of_a_shared_page_makes_a_copy(void **state)
{
	struct mm_struct *mm = new_mm(), *child;
	struct page *page;

	(void)state;
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 1);
	assert_int_equal(mm_dup(mm, &child), 0);
	assert_false(page_test(page_at(mm, BASE), PG_anon_exclusive));
	assert_int_equal(get_user_page(child, BASE, false, &page), 0);
	end_mm(child);
	sim_poke(mm, BASE, 2);
	assert_int_equal(pinned_byte(page), 1);
	assert_ptr_not_equal(page_at(mm, BASE), page);
	put_page(page);
	end_mm(mm);
}

static void cow_the_last_user_owns_the_page(void **state)
{
	struct mm_struct *mm = new_mm(), *child;
	struct page *page;

	(void)state;
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 1);
	page = page_at(mm, BASE);
	assert_int_equal(mm_dup(mm, &child), 0);
	end_mm(mm);
	assert_false(page_test(page, PG_anon_exclusive));
	sim_poke(child, BASE, 2);
	assert_ptr_equal(page_at(child, BASE), page);
	assert_true(page_test(page, PG_anon_exclusive));
	assert_ptr_equal(page_anon_vma(page), vma_first(child)->anon_vma);
	rmap_check();
	end_mm(child);
}

/* ---- a family against a byte model ---- */

enum { FAMILY = 6, PAGES = 40 };
struct program {
	struct mm_struct *mm;
	uint8_t bytes[PAGES]; /* byte 5 of each page */
};
static struct program family[FAMILY];
/* Pages 0-23 anonymous, 24-31 private file, 32-39 shared file. */
enum { FIRST_FILE = 24, FIRST_SHARED = 32 };

static void write_byte(struct program *p, unsigned page, uint8_t value)
{
	sim_poke(p->mm, BASE + P(page) + 5, value);
	p->bytes[page] = value;
	if (page < FIRST_SHARED)
		return;
	for (unsigned i = 0; i < FAMILY; i++)
		family[i].bytes[page] = value;
	/* The private mapping shows the file where it has no copy of its own: the model keeps them apart. */
}

static void compare_program(const struct program *p)
{
	for (unsigned i = 0; i < PAGES; i++)
		assert_int_equal(sim_peek(p->mm, BASE + P(i) + 5), p->bytes[i]);
	mm_check(p->mm);
}

static void fork_program(struct program *parent, struct program *child)
{
	*child = *parent;
	assert_int_equal(mm_dup(parent->mm, &child->mm), 0);
	compare_program(parent);
}

static void new_program(struct program *p, struct address_space *m)
{
	*p = (struct program){ .mm = new_mm() };
	map_at(p->mm, BASE, P(FIRST_FILE), RW, ANON | MAP_FIXED);
	map_file(p->mm, BASE + P(FIRST_FILE), P(8), RW, MAP_PRIVATE | MAP_FIXED, m, 0);
	map_file(p->mm, BASE + P(FIRST_SHARED), P(8), RW, MAP_SHARED | MAP_FIXED, m, 8);
}

static void family_step(void)
{
	struct program *p = &family[sim_random(FAMILY)], *q = &family[sim_random(FAMILY)];

	if (!p->mm)
		return;
	switch (sim_random(16)) {
	case 0:
		if (!q->mm)
			fork_program(p, q);
		break;
	case 1:
		if (q->mm && p != q) {
			end_mm(p->mm);
			p->mm = NULL;
		}
		break;
	case 2:
		compare_program(p);
		break;
	default:
		write_byte(p, (unsigned)sim_random(PAGES), (uint8_t)sim_random(256));
		break;
	}
}

static void fork_I1_family_tree_against_a_byte_model(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 6; round++) {
		struct address_space *m = shmem_anon_create(P(16), false);

		memset(family, 0, sizeof(family));
		new_program(&family[0], m);
		for (unsigned step = 0; step < 1500; step++)
			family_step();
		for (unsigned i = 0; i < FAMILY; i++) {
			if (!family[i].mm)
				continue;
			compare_program(&family[i]);
			end_mm(family[i].mm);
		}
		m->ops->drop(m);
		sim_check_leaks();
	}
}

/* ---- at the same time ---- */

static struct mm_struct *busy_mm;

static void thread_forks(void *arg)
{
	unsigned long me = (unsigned long)arg;

	sim_use_mm(busy_mm);
	for (unsigned k = 0; k < 12; k++) {
		struct mm_struct *child;

		if (mm_dup(busy_mm, &child))
			continue;
		for (unsigned i = 0; i < 8; i++)
			sim_poke(child, BASE + P(sim_random(16)) + 100 + me,
				 0xee); /* never seen by the others */
		mm_check(child);
		mmput(child);
	}
}

static void thread_counts(void *arg)
{
	unsigned long me = (unsigned long)arg;
	uint8_t seen[16] = { 0 };

	sim_use_mm(busy_mm);
	for (unsigned k = 0; k < 300; k++) {
		unsigned page = (unsigned)sim_random(16);
		unsigned long at = BASE + P(page) + me;

		assert_int_equal(sim_peek(busy_mm, at), seen[page]);
		sim_poke(busy_mm, at, ++seen[page]);
		assert_int_equal(sim_peek(busy_mm, BASE + P(page) + 100 + me), 0);
	}
}

static void fork_while_threads_write(void **state)
{
	struct sim_config cfg = { .nr_cpus = 4 };

	(void)state;
	for (cfg.seed = 1; cfg.seed <= 6; cfg.seed++) {
		sim_world_begin(&cfg);
		busy_mm = new_mm();
		map_at(busy_mm, BASE, P(16), RW, ANON | MAP_FIXED);
		for (unsigned long i = 0; i < 3; i++)
			sim_spawn(thread_counts, (void *)i, -1);
		sim_spawn(thread_forks, (void *)0, -1);
		sim_spawn(thread_forks, (void *)1, -1);
		sim_run();
		end_mm(busy_mm);
		sim_world_end();
	}
}

/* ---- failures and exactness ---- */

static void fork_I2_nth_failure_leaves_nothing(void **state)
{
	struct mm_struct *mm = new_mm(), *child;
	struct address_space *m = shmem_anon_create(P(4), false);
	unsigned n;
	int err;

	(void)state;
	map_at(mm, BASE, P(600), RW, ANON | MAP_FIXED);
	map_file(mm, BASE + P(700), P(4), RW, MAP_PRIVATE | MAP_FIXED, m, 0);
	map_at(mm, BASE + P(3000), P(4), PROT_READ, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 600; i += 9)
		sim_poke(mm, BASE + P(i), (uint8_t)i);
	sim_poke(mm, BASE + P(701), 7);
	for (n = 1;; n++) {
		unsigned long before = nr_free_pages();
		long promised = atomic_long_read(&vm_committed_as);
		bool fired;

		failpoint_arm(n);
		err = mm_dup(mm, &child);
		fired = failpoint_fired();
		failpoint_arm(0);
		mm_check(mm);
		if (!err)
			break;
		assert_true(fired && err == -ENOMEM);
		assert_int_equal(atomic_long_read(&vm_committed_as), promised);
		phys_relieve(&(struct alloc_ctx){ .gfp = GFP_KERNEL });
		assert_true(nr_free_pages() + 8 >= before);
		for (unsigned i = 0; i < 600; i += 9)
			assert_int_equal(sim_peek(mm, BASE + P(i)), (uint8_t)i);
	}
	assert_true(n > 5);
	end_mm(child);
	end_mm(mm);
	m->ops->drop(m);
}

static void exit_gives_everything_back(void **state)
{
	(void)state;
	for (unsigned round = 0; round < 3; round++) {
		struct mm_struct *mm = new_mm(), *child;

		map_at(mm, BASE, P(2000), RW, ANON | MAP_FIXED);
		map_at(mm, BASE + P(4000), P(50), RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED);
		for (unsigned i = 0; i < 2000; i += 3)
			sim_poke(mm, BASE + P(i), 1);
		for (unsigned i = 0; i < 50; i++)
			sim_poke(mm, BASE + P(4000 + i), 1);
		assert_int_equal(mm_dup(mm, &child), 0);
		for (unsigned i = 0; i < 2000; i += 5)
			sim_poke(child, BASE + P(i), 2);
		mmput(mm);
		mm_check(child);
		mmput(child);
		sim_check_leaks();
		assert_int_equal(global_node_stat(NR_ANON_MAPPED), 0);
		assert_int_equal(global_node_stat(NR_FILE_MAPPED), 0);
		assert_int_equal(global_node_stat(NR_SHMEM), 0);
		assert_int_equal(global_node_stat(NR_FILE_PAGES), 0);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(fork_I1_shares_frames_until_the_first_write),
		T(fork_leaves_out_what_faults_bring_back),
		T(fork_smaps_divide_shared_pages),
		T(cow_neighbours_are_taken_over_together),
		T(cow_neighbours_that_must_fault),
		T(cow_I1_a_pin_does_not_make_a_copy),
		T(cow_I1_a_pin_of_a_shared_page_makes_a_copy),
		T(fork_copies_what_is_pinned),
		T(a_pin_for_reading_takes_a_shared_page),
		T(fork_of_a_pinned_page_without_memory),
		T(cow_the_last_user_owns_the_page),
		T(fork_I1_family_tree_against_a_byte_model),
		cmocka_unit_test(fork_while_threads_write),
		T(fork_I2_nth_failure_leaves_nothing),
		T(exit_gives_everything_back),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
