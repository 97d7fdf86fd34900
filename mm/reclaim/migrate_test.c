/* Pages that move to other frames: contents, rights and counts stay; everybody waits; who holds a page keeps it. */
#include "arch/pt.h"
#include "mm/migrate.h"
#include "mm/pt.h"
#include "sim/mm_test.h"

#include "mm/alloc.h"
#include "mm/huge.h"
#include "mm/range.h"
#include "mm/rmap.h"
#include "mm/swap_entry.h"
#include "mm/vmevent.h"

static const struct migrate_control sync = { .mode = MIGRATE_SYNC };
static const struct migrate_control async = { .mode = MIGRATE_ASYNC };

static int move(struct page *page, const struct migrate_control *c)
{
	int status = 1;

	get_page(page);
	(void)migrate_pages(&page, &status, 1, c);
	return status;
}

static int move_at(struct mm_struct *mm, unsigned long addr)
{
	return move(page_at(mm, addr), &sync);
}

static void a_private_page_moves(void **state)
{
	struct mm_struct *mm = new_mm();
	struct page *old;
	pte_t before, after;

	(void)state;
	map_at(mm, BASE, P(4), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 4; i++)
		sim_poke(mm, BASE + P(i) + i, (uint8_t)(i + 1));
	old = page_at(mm, BASE + P(2));
	before = pt_peek(&mm->root, BASE + P(2), PT_PTE);
	assert_int_equal(move_at(mm, BASE + P(2)), 0);
	after = pt_peek(&mm->root, BASE + P(2), PT_PTE);
	assert_ptr_not_equal(page_at(mm, BASE + P(2)), old);
	assert_int_equal(page_ref_count(old), 0); /* given back */
	assert_int_equal(page_ref_count(page_at(mm, BASE + P(2))), 1);
	assert_int_equal(pte_write(after), pte_write(before));
	assert_int_equal(pte_dirty(after), pte_dirty(before));
	assert_int_equal(sim_peek(mm, BASE + P(2) + 2), 3);
	sim_poke(mm, BASE + P(2), 9); /* writable as before, without a copy */
	assert_int_equal(mm_rss(mm), 4);
	rmap_check();
	end_mm(mm);
}

static void a_page_shared_by_fork_moves_for_all(void **state)
{
	struct mm_struct *mm = new_mm(), *child, *grandchild;
	struct page *old, *now;

	(void)state;
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 5);
	assert_int_equal(mm_dup(mm, &child), 0);
	assert_int_equal(mm_dup(child, &grandchild), 0);
	assert_int_equal(
		vm_remap(child, BASE, P(1), P(1), MREMAP_MAYMOVE | MREMAP_FIXED, BASE + P(7)),
		BASE + P(7));
	old = page_at(mm, BASE);
	assert_int_equal(move(old, &async), 0);
	now = page_at(mm, BASE);
	assert_ptr_not_equal(now, old);
	assert_ptr_equal(page_at(child, BASE + P(7)), now);
	assert_ptr_equal(page_at(grandchild, BASE), now);
	assert_int_equal(page_mapcount(now), 3);
	assert_false(page_test(now, PG_anon_exclusive));
	rmap_check();
	sim_poke(child, BASE + P(7), 6);
	assert_int_equal(sim_peek(mm, BASE), 5);
	end_mm(child);
	end_mm(grandchild);
	sim_poke(mm, BASE, 7);
	assert_ptr_equal(page_at(mm, BASE), now);
	end_mm(mm);
}

static void a_cached_page_moves(void **state)
{
	struct address_space *m = shmem_anon_create(P(8), false);
	struct mm_struct *a = new_mm(), *b = new_mm();
	struct page *old, *now;
	uint8_t byte = 0;

	(void)state;
	map_file(a, BASE, P(8), RW, MAP_SHARED | MAP_FIXED, m, 0);
	map_file(b, BASE, P(2), PROT_READ, MAP_PRIVATE | MAP_FIXED, m, 3);
	sim_poke(a, BASE + P(3), 1);
	assert_int_equal(sim_peek(b, BASE), 1);
	old = page_at(a, BASE + P(3));
	assert_int_equal(move(old, &sync), 0);
	now = page_at(a, BASE + P(3));
	assert_ptr_not_equal(now, old);
	assert_ptr_equal(page_at(b, BASE), now);
	assert_int_equal(page_ref_count(now), 3);
	mapping_check(m);
	rmap_check();
	sim_poke(a, BASE + P(3), 2);
	assert_int_equal(sim_peek(b, BASE), 2);
	assert_int_equal(mapping_read_kernel(m, &byte, 1, P(3)), 1);
	assert_int_equal(byte, 2);
	end_mm(a);
	end_mm(b);
	old = mapping_find(m, 3); /* mapped by nobody */
	put_page(old);
	assert_int_equal(move(old, &sync), 0);
	assert_int_equal(mapping_read_kernel(m, &byte, 1, P(3)), 1);
	assert_int_equal(byte, 2);
	m->ops->drop(m);
}

static void rights_of_the_moment_count(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(3), RW, ANON | MAP_FIXED);
	for (unsigned i = 0; i < 3; i++)
		sim_poke(mm, BASE + P(i), 1);
	assert_int_equal(vm_protect(mm, BASE, P(1), PROT_NONE), 0);
	assert_int_equal(vm_protect(mm, BASE + P(1), P(1), PROT_READ), 0);
	for (unsigned i = 0; i < 3; i++)
		assert_int_equal(move_at(mm, BASE + P(i)), 0);
	assert_int_equal(sim_write(mm, BASE, "x", 1), FAULT_ACCERR);
	assert_int_equal(sim_write(mm, BASE + P(1), "x", 1), FAULT_ACCERR);
	assert_int_equal(sim_peek(mm, BASE + P(1)), 1);
	sim_poke(mm, BASE + P(2), 2);
	rmap_check();
	end_mm(mm);
}

static void who_holds_a_page_keeps_it(void **state)
{
	struct mm_struct *mm = new_mm();
	unsigned long fails = vm_event_sum(PGMIGRATE_FAIL);
	struct page *page;

	(void)state;
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	assert_int_equal(get_user_page(mm, BASE, true, &page), 0);
	assert_int_equal(move(page, &sync), -EAGAIN);
	assert_int_equal(move(page, &async), -EAGAIN);
	assert_ptr_equal(page_at(mm, BASE), page);
	sim_poke(mm, BASE, 3); /* the entry is as it was: still writable, still exclusive */
	assert_ptr_equal(page_at(mm, BASE), page);
	put_page(page);
	assert_int_equal(vm_event_sum(PGMIGRATE_FAIL), fails + 2);
	assert_int_equal(move(page, &sync), 0);
	rmap_check();
	end_mm(mm);
}

/* Locked by one of two programs that show it: counted once before and after, and not at all once it is unlocked. */
static void a_locked_page_moves(void **state)
{
	struct mm_struct *mm = new_mm(), *child;
	struct page *now;

	(void)state;
	map_at(mm, BASE, P(2), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 1);
	sim_poke(mm, BASE + P(1), 2);
	assert_int_equal(vm_lock(mm, BASE, P(1), VM_LOCKED), 0);
	assert_int_equal(mm_dup(mm, &child), 0);
	assert_int_equal(move_at(mm, BASE), 0);
	now = page_at(mm, BASE);
	assert_ptr_equal(page_at(child, BASE), now);
	assert_true(page_test(now, PG_mlocked) && page_test(now, PG_unevictable));
	assert_int_equal(global_zone_stat(NR_MLOCK), 1);
	assert_int_equal(vm_lock(child, BASE, P(2), VM_LOCKED | VM_LOCKONFAULT), 0);
	assert_int_equal(move_at(child, BASE), 0);
	assert_int_equal(vm_lock(mm, BASE, P(1), 0), 0);
	assert_true(page_test(page_at(mm, BASE), PG_mlocked));
	assert_int_equal(global_zone_stat(NR_MLOCK), 2);
	end_mm(child);
	assert_int_equal(global_zone_stat(NR_MLOCK), 0);
	assert_int_equal(move_at(mm, BASE + P(1)), 0);
	end_mm(mm);
}

static void kinds_that_do_not_move(void **state)
{
	struct page *kernels = alloc_page(GFP_KERNEL);

	(void)state;
	assert_int_equal(move(kernels, &sync), -EBUSY);
	assert_true(trylock_page(kernels));
	assert_int_equal(move(kernels, &async), -EAGAIN); /* locked: not waited for */
	unlock_page(kernels);
	__free_page(kernels);
}

static void nth_failure_moves_nothing(void **state)
{
	struct mm_struct *mm = new_mm();
	unsigned n;

	(void)state;
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 4);
	for (n = 1;; n++) {
		struct page *old = page_at(mm, BASE);
		int err;

		failpoint_arm(n);
		err = move(old, &sync);
		failpoint_arm(0);
		mm_check(mm);
		rmap_check();
		if (!err)
			break;
		assert_int_equal(err, -ENOMEM);
		assert_ptr_equal(page_at(mm, BASE), old);
	}
	assert_true(n > 1);
	assert_int_equal(sim_peek(mm, BASE), 4);
	end_mm(mm);
}

/* ---- entries while the page is on its way: a new_page that looks and acts in the middle is too early, so by hand ---- */

static struct page *frozen;
static struct anon_vma *frozen_av;

static int freeze_entry(const struct rmap_entry *e, void *arg)
{
	(void)arg;
	pte_set(e->pte, pte_make_migration(pte_clear(e->pte)));
	tlb_flush_page(&e->vma->vm_mm->root, e->addr);
	return 0;
}

/* As migration does before it copies; the counts of the entries stay, to be restored below. */
static void freeze(struct mm_struct *mm, unsigned long addr)
{
	frozen = page_at(mm, addr);
	get_page(frozen);
	page_set(frozen, PG_locked); /* by another thread, so to say */
	frozen_av = page_get_anon_vma(frozen);
	(void)rmap_walk(frozen, 0, freeze_entry, NULL);
}

static int thaw_entry(const struct rmap_entry *e, void *arg)
{
	pte_t cur = pte_read(e->pte), new = pte_make(page_to_pfn(frozen), e->vma->vm_page_prot);

	++*(unsigned *)arg;
	pte_set(e->pte, migration_is_write(cur) ? pte_mkdirty(pte_mkwrite(new)) : new);
	return 0;
}

/* Return: how many entries there were. */
static unsigned thaw(void)
{
	unsigned n = 0;
	struct rmap_walk w = { frozen, frozen->index, RMAP_MIGRATION, thaw_entry, &n };

	(void)rmap_walk_anon(&w, frozen_av);
	put_anon_vma(frozen_av);
	page_clear(frozen, PG_locked);
	return n;
}

static void mprotect_weakens_what_is_on_its_way(void **state)
{
	struct mm_struct *mm = new_mm();

	(void)state;
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 4);
	freeze(mm, BASE);
	assert_int_equal(vm_protect(mm, BASE, P(1), PROT_READ), 0);
	assert_int_equal(pte_swap_type(pt_peek(&mm->root, BASE, PT_PTE)), SWP_MIGRATION_READ);
	assert_int_equal(mm_rss(mm), 1);
	assert_int_equal(thaw(), 1);
	put_page(frozen);
	assert_int_equal(sim_write(mm, BASE, "x", 1), FAULT_ACCERR);
	assert_int_equal(vm_protect(mm, BASE, P(1), RW), 0);
	sim_poke(mm, BASE, 5);
	assert_ptr_equal(page_at(mm, BASE), frozen);
	end_mm(mm);
}

static void mremap_takes_it_along_and_unmap_forgets_it(void **state)
{
	struct mm_struct *mm = new_mm();
	struct range_counts counts = { 0 };
	uint8_t vec = 0;

	(void)state;
	sim_use_mm(mm);
	map_at(mm, BASE, P(2), RW, ANON | MAP_FIXED);
	map_at(mm, BASE + P(20), P(1), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE + P(20), 0);
	sim_poke(mm, BASE, 4);
	freeze(mm, BASE);
	assert_int_equal(vm_remap(mm, BASE, P(2), P(2), MREMAP_MAYMOVE | MREMAP_FIXED, BASE + P(8)),
			 BASE + P(8));
	range_count(mm, BASE + P(8), BASE + P(9), &counts);
	assert_int_equal(counts.anon, 1);
	assert_int_equal(vm_mincore(mm, BASE + P(8), P(1), BASE + P(20)), 0);
	assert_int_equal(sim_read(mm, BASE + P(20), &vec, 1), 0);
	assert_int_equal(vec, 1);
	assert_int_equal(thaw(), 1);
	assert_int_equal(sim_peek(mm, BASE + P(8)), 4);
	put_page(frozen);
	freeze(mm, BASE + P(8));
	page_remove_rmap(frozen);
	put_page(frozen);
	assert_int_equal(vm_unmap(mm, BASE + P(8), P(1)), 0);
	assert_int_equal(mm_rss(mm), 1);
	assert_int_equal(thaw(), 0);
	put_page(frozen);
	end_mm(mm);
}

/* ---- at the same time ---- */

enum { BUSY_PAGES = 10, BLOCK_PAGES = 8 };
#define BUSY_BLOCK (BASE & HPAGE_MASK)
static struct mm_struct *busy;
static struct address_space *busy_file;
static unsigned writers;

/* Each writer has its own byte of each page, and finds there what it wrote. */
static void thread_writes(void *arg)
{
	unsigned long me = (unsigned long)arg;
	uint8_t seen[2 * BUSY_PAGES] = { 0 };

	sim_use_mm(busy);
	for (unsigned k = 0; k < 1500; k++) {
		unsigned i = (unsigned)sim_random(2 * BUSY_PAGES);
		unsigned long at = BASE + P(i) + me;

		must(sim_peek(busy, at) == seen[i]);
		sim_poke(busy, at, ++seen[i]);
	}
	writers--;
}

static void thread_forks(void *arg)
{
	(void)arg;
	while (writers) {
		struct mm_struct *child;
		uint8_t byte;

		if (mm_dup(busy, &child))
			continue;
		for (unsigned i = 0; i < 3; i++) {
			unsigned long at = BASE + P(3 * i + sim_random(3)) + 100;

			must(sim_peek(child, at) == 0);
			sim_poke(child, at, 1); /* the parent never sees it */
			must(sim_read(busy, at, &byte, 1) == 0 && byte == 0);
		}
		mmput(child);
	}
}

static void thread_moves(void *arg)
{
	static const struct migrate_control *const modes[] = { &sync, &async };

	(void)arg;
	while (writers) {
		struct page *page;
		int status;

		if (get_user_page(busy, BASE + P(sim_random(2 * BUSY_PAGES)), false, &page))
			continue;
		(void)migrate_pages(&page, &status, 1, modes[sim_random(2)]);
		must(status == 0 || status == -EAGAIN || status == -EBUSY); /* the zero page */
	}
}

static void thread_changes_rights(void *arg)
{
	(void)arg;
	while (writers) {
		unsigned long at = BASE + P(sim_random(BUSY_PAGES));
		struct mm_struct *child;

		/* Of a copy, so that the writers may go on. */
		if (mm_dup(busy, &child))
			continue;
		must(vm_lock(child, at, P(BUSY_PAGES), VM_LOCKED) == 0);
		must(vm_lock(child, at + P(sim_random(4)), P(4), 0) == 0);
		must(vm_protect(child, at, P(1), PROT_READ) == 0);
		must(vm_lock(child, at, P(1), 0) == 0);
		must(sim_write(child, at, "x", 1) == FAULT_ACCERR);
		must(vm_advise(child, at, P(1), MADV_DONTNEED) == 0);
		must(sim_peek(child, at) == 0);
		mmput(child);
	}
}

static void everybody_works_while_pages_move(void **state)
{
	struct sim_config cfg = { .nr_cpus = 4 };

	(void)state;
	for (cfg.seed = 1; cfg.seed <= 8; cfg.seed++) {
		cfg.nr_nodes = cfg.seed % 2 ? 1 : 2;
		cfg.lowmem_bytes = cfg.seed % 3 ? 0 : MIB(32);
		sim_world_begin(&cfg);
		busy = new_mm();
		busy_file = shmem_anon_create(P(BUSY_PAGES), false);
		map_at(busy, BASE, P(BUSY_PAGES), RW, ANON | MAP_FIXED);
		map_file(busy, BASE + P(BUSY_PAGES), P(BUSY_PAGES), RW, MAP_SHARED | MAP_FIXED,
			 busy_file, 0);
		writers = 2;
		/* Each on a CPU of its own: who loops until the writers are done never sleeps. */
		sim_spawn(thread_writes, (void *)0, 0);
		sim_spawn(thread_writes, (void *)1, 1);
		sim_spawn(cfg.seed % 2 ? thread_changes_rights : thread_forks, NULL, 2);
		sim_spawn(thread_moves, NULL, 3);
		sim_run();
		rmap_check();
		mapping_check(busy_file);
		end_mm(busy);
		busy_file->ops->drop(busy_file);
		assert_true(vm_event_sum(PGMIGRATE_SUCCESS) > 100);
		assert_int_equal(global_zone_stat(NR_MLOCK), 0);
		sim_world_end();
	}
}

/* Huge pages are made of the pages that others take out of them. */
static void thread_collapses(void *arg)
{
	(void)arg;
	while (writers) {
		int err = vm_advise(busy, BUSY_BLOCK, HPAGE_SIZE, MADV_COLLAPSE);

		/* never -EINVAL: what is being moved is waited for */
		must(err == 0 || err == -EAGAIN || err == -ENOMEM);
	}
}

static void thread_touches_block(void *arg)
{
	unsigned long me = (unsigned long)arg;
	uint8_t seen[BLOCK_PAGES] = { 0 };

	sim_use_mm(busy);
	for (unsigned k = 0; k < 400; k++) {
		unsigned i = (unsigned)sim_random(BLOCK_PAGES);

		must(sim_peek(busy, BUSY_BLOCK + P(i) + me) == seen[i]);
		sim_poke(busy, BUSY_BLOCK + P(i) + me, ++seen[i]);
	}
	writers--;
}

static void thread_moves_block(void *arg)
{
	(void)arg;
	while (writers) {
		struct page *page;
		int status;

		if (!get_user_page(busy, BUSY_BLOCK + P(sim_random(BLOCK_PAGES)), false, &page))
			(void)migrate_pages(&page, &status, 1, &sync);
	}
}

static void pages_move_while_blocks_are_made_of_them(void **state)
{
	struct sim_config cfg = { .nr_cpus = 4 };

	(void)state;
	for (cfg.seed = 1; cfg.seed <= 6; cfg.seed++) {
		sim_world_begin(&cfg);
		busy = new_mm();
		map_at(busy, BUSY_BLOCK, HPAGE_SIZE, RW, ANON | MAP_FIXED);
		sim_poke(busy, BUSY_BLOCK, 0);
		writers = 2;
		sim_spawn(thread_touches_block, (void *)0, 0);
		sim_spawn(thread_touches_block, (void *)1, 1);
		sim_spawn(thread_collapses, NULL, 2);
		sim_spawn(thread_moves_block, NULL, 3);
		sim_run();
		rmap_check();
		end_mm(busy);
		sim_world_end();
	}
}

/* A page that is cut off while it moves does not come back. */
static void thread_cuts(void *arg)
{
	(void)arg;
	for (unsigned k = 0; k < 300; k++) {
		uint8_t byte = 1;

		for (unsigned i = 0; i < 4; i++)
			must(mapping_write_kernel(busy_file, &byte, 1, P(i)) == 1);
		must(mapping_punch(busy_file, 0, P(4)) == 0);
		for (unsigned i = 0; i < 4; i++) {
			must(mapping_read_kernel(busy_file, &byte, 1, P(i)) == 1);
			must(byte == 0);
			byte = 1;
		}
	}
	writers = 0;
}

static void thread_moves_cached(void *arg)
{
	(void)arg;
	sim_use_mm(busy);
	while (writers) {
		struct page *page = mapping_find(busy_file, (unsigned long)sim_random(4));
		uint8_t byte;
		int status;

		(void)sim_read(busy, BASE + P(sim_random(4)), &byte, 1);
		if (page)
			(void)migrate_pages(&page, &status, 1, &sync);
	}
}

static void pages_move_while_a_hole_is_punched(void **state)
{
	struct sim_config cfg = { .nr_cpus = 3 };

	(void)state;
	for (cfg.seed = 1; cfg.seed <= 8; cfg.seed++) {
		sim_world_begin(&cfg);
		busy = new_mm();
		busy_file = shmem_anon_create(P(8), false);
		map_file(busy, BASE, P(8), RW, MAP_SHARED | MAP_FIXED, busy_file, 0);
		writers = 1;
		sim_spawn(thread_cuts, NULL, 0);
		sim_spawn(thread_moves_cached, NULL, 1);
		sim_spawn(thread_moves_cached, NULL, 2);
		sim_run();
		rmap_check();
		mapping_check(busy_file);
		end_mm(busy);
		busy_file->ops->drop(busy_file);
		sim_world_end();
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(a_private_page_moves),
		T(a_page_shared_by_fork_moves_for_all),
		T(a_cached_page_moves),
		T(rights_of_the_moment_count),
		T(who_holds_a_page_keeps_it),
		T(a_locked_page_moves),
		T(kinds_that_do_not_move),
		T(nth_failure_moves_nothing),
		T(mprotect_weakens_what_is_on_its_way),
		T(mremap_takes_it_along_and_unmap_forgets_it),
		cmocka_unit_test(everybody_works_while_pages_move),
		cmocka_unit_test(pages_move_while_a_hole_is_punched),
		cmocka_unit_test(pages_move_while_blocks_are_made_of_them),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
