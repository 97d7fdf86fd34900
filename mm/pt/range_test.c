/* Tests of range.c, gather.c and the freeing half of table.c, in each geometry. */
#include "base/errno.h"
#include "mm/pt/pt_test.h"
#include "mm/swap_entry.h"

enum { PAGES = 1500 }; /* more than one full gather array and several tables */

static struct mm_struct mm, child;

static const uaddr_t base =
	0x3ff00000; /* crosses a border of tables, and of top-level entries with PAE */

static uaddr_t at(unsigned i)
{
	return base + (uaddr_t)i * PAGE_SIZE;
}

static struct vm_area_struct vma_for(struct mm_struct *owner, unsigned long flags,
				     unsigned nr_pages)
{
	return (struct vm_area_struct){ .vm_start = base,
					.vm_end = at(nr_pages),
					.vm_mm = owner,
					.vm_flags = flags | VM_SOFTDIRTY };
}

static void world(void)
{
	pt_world_begin(&mm, 0);
}

static void world_gone(void)
{
	pt_world_end(&mm);
}

static void map_run(unsigned first, unsigned n)
{
	for (unsigned i = first; i < first + n; i++)
		assert_int_equal(map_anon(&mm, at(i), i), 0);
}

static long rss(const struct mm_struct *m)
{
	return atomic_long_read(&m->rss_stat[MM_ANONPAGES]);
}

/* I2, I3: any mixture of maps and zaps keeps RSS and NR_ANON_MAPPED equal to the model's count. */
static void range_I2_accounts_are_exact(void **state)
{
	static bool present[PAGES];
	unsigned count = 0;

	world();
	memset(present, 0, sizeof(present));
	for (unsigned round = 0; round < 60; round++) {
		unsigned first = (unsigned)sim_random(PAGES),
			 n = (unsigned)sim_random(PAGES - first) + 1;

		for (unsigned k = 0; k < 100; k++) {
			unsigned i = (unsigned)sim_random(PAGES);

			if (!present[i])
				map_run(i, 1);
			count += !present[i];
			present[i] = true;
		}
		zap(&mm, at(first), at(first + n));
		for (unsigned i = first; i < first + n; i++) {
			count -= present[i];
			present[i] = false;
		}
		assert_int_equal(rss(&mm), count);
		assert_int_equal(global_node_stat(NR_ANON_MAPPED), count);
		for (unsigned i = 0; i < PAGES; i++)
			assert_int_equal(pte_present(entry_at(&mm, at(i))), present[i]);
	}
	world_gone();
}

/* A large zap fills the gather array; with and without memory for the larger one. */
static void zap_of_many_pages(void **state)
{
	for (unsigned fail = 0; fail < 2; fail++) {
		world();
		map_run(0, PAGES);
		failpoint_arm(fail);
		zap(&mm, at(0), at(PAGES));
		failpoint_arm(0);
		assert_int_equal(rss(&mm), 0);
		world_gone();
	}
}

static int fork_copy(unsigned long vm_flags, unsigned nr_pages)
{
	struct vm_area_struct vma = vma_for(&mm, vm_flags, nr_pages);
	struct mmu_gather g;
	int err;

	gather_begin(&g, &mm);
	err = range_copy(&g, &child, &vma, (struct range_copy_how){ 0 });
	gather_end(&g);
	return err;
}

enum { RUN_ORDER = 6, RUN_PAGES = 1 << RUN_ORDER };

/* Pages that lie side by side, but for number 40, at addresses that do. Return: the first. */
static struct page *map_block(void)
{
	struct page *block = alloc_pages(GFP_KERNEL, RUN_ORDER);

	assert_non_null(block);
	split_page(block, RUN_ORDER);
	for (unsigned i = 0; i < RUN_PAGES; i++) {
		if (i != 40)
			assert_int_equal(map_page(&mm, at(i), block + i, i), 0);
	}
	__free_page(block + 40);
	return block;
}

/* Entry @i, through its table's lock. */
static void change_entry(unsigned i, pte_t (*to)(pte_t))
{
	struct page *table;
	pte_t *e = pt_find_locked(&mm.root, at(i), &table);

	pte_set(e, to(pte_read(e)));
	pt_unlock(table);
}

/* Neighbours go together; what is different among them is treated as it must be. */
static void runs_with_odd_pages(void **state)
{
	struct page *block;
	unsigned long before;

	world();
	block = map_block();
	change_entry(3, pte_mkold);
	change_entry(4, pte_wrprotect);
	change_entry(5, pte_mksoft_dirty);
	change_entry(6, pte_mkspecial); /* the frame is there, but not counted */
	range_account_unmap(&mm, block + 6);
	get_page(block + 10);
	assert_int_equal(rss(&mm), RUN_PAGES - 2);
	before = nr_free_pages();
	zap(&mm, at(2), at(RUN_PAGES));
	assert_int_equal(rss(&mm), 2);
	assert_int_equal(global_node_stat(NR_ANON_MAPPED), 2);
	assert_int_equal(page_ref_count(block + 10), 1);
	assert_int_equal(page_ref_count(block + 6), 1);
	for (unsigned i = 0; i < RUN_PAGES; i++) {
		assert_int_equal(pte_none(entry_at(&mm, at(i))), i >= 2);
		assert_int_equal(page_mapcount(block + i), i < 2);
	}
	assert_int_equal(nr_free_pages() - before, RUN_PAGES - 2 - 3); /* 6, 10; 40 was free */
	put_page(block + 10);
	put_page(block + 6);
	world_gone();
}

/* Pages of a cache for all entries of a run, the caller's reference besides; number 1 is the fault's, 40 is not there. */
static struct page *map_cached_block(void)
{
	struct page *block = alloc_pages(GFP_KERNEL, RUN_ORDER), *table;
	const pte_t prot = pte_wrprotect(pte_prot_user(true, true, false));
	void *slots[RUN_PAGES];
	pte_t *pte;

	assert_non_null(block);
	split_page(block, RUN_ORDER);
	pte = pt_find_alloc_locked(&mm, &mm.root, at(0), &table);
	assert_non_null(pte);
	for (unsigned i = 0; i < RUN_PAGES; i++) {
		page_become(block + i, PS_KERNEL, PS_FILE);
		page_set(block + i, PG_uptodate);
		slots[i] = i == 40 ? NULL : block + i;
	}
	pte_set(pte + 20, pte_mkspecial(pte_make(page_to_pfn(block + 1),
						 prot))); /* something is there already */
	range_map_own(&mm, pte + 1, block + 1, pte_mkyoung(prot));
	range_map_cached(&mm, pte, slots, RUN_PAGES, block + 1, prot, false);
	assert_int_equal(page_ref_count(block + 1), 2);
	assert_int_equal(page_ref_count(block + 2), 2);
	assert_int_equal(page_ref_count(block + 20), 1);
	pt_unlock(table);
	assert_true(pte_young(entry_at(&mm, at(1))));
	assert_false(pte_young(entry_at(&mm, at(2))));
	assert_int_equal(atomic_long_read(&mm.rss_stat[MM_FILEPAGES]), RUN_PAGES - 2);
	assert_int_equal(global_node_stat(NR_FILE_MAPPED), RUN_PAGES - 2);
	return block;
}

/* Of a cache's pages that lie side by side entries, counts and references go together; what an entry knew its page knows then. */
static void runs_of_a_cache_with_odd_pages(void **state)
{
	for (unsigned full = 0; full < 2; full++) {
		struct mmu_gather g;
		struct page *block;

		world();
		block = map_cached_block();
		change_entry(5, pte_mkdirty);
		change_entry(6, pte_mkwrite);
		page_set(block + 7, PG_swapbacked); /* another kind: counted in MM_SHMEMPAGES */
		mm_rss_add(&mm, MM_FILEPAGES, -1);
		mm_rss_add(&mm, MM_SHMEMPAGES, 1);
		put_page(block + 9); /* the entry's reference is the last one */
		if (full)
			gather_begin_full(&g, &mm);
		else
			gather_begin(&g, &mm);
		range_zap(&g, NULL, at(0), at(RUN_PAGES));
		assert_int_equal(page_ref_count(block + 8), 2); /* until the flush */
		assert_int_equal(page_state(block + 9), PS_FILE);
		assert_in_range(g.nr, 5, 7); /* runs end at 7, 20 and 40 */
		gather_end(&g);
		assert_int_equal(atomic_long_read(&mm.rss_stat[MM_FILEPAGES]), 0);
		assert_int_equal(atomic_long_read(&mm.rss_stat[MM_SHMEMPAGES]), 0);
		assert_int_equal(global_node_stat(NR_FILE_MAPPED), 0);
		assert_int_not_equal(page_state(block + 9), PS_FILE);
		for (unsigned i = 0; i < RUN_PAGES; i++) {
			assert_true(pte_none(entry_at(&mm, at(i))));
			if (i == 9)
				continue;
			assert_int_equal(page_mapcount(block + i), 0);
			assert_int_equal(page_ref_count(block + i), 1);
			assert_int_equal(page_test(block + i, PG_referenced), i == 1);
			assert_int_equal(page_test(block + i, PG_dirty), i == 5);
			put_page(block + i);
		}
		world_gone();
	}
}

static void runs_are_copied_as_single_pages_are(void **state)
{
	struct page *block;
	unsigned long before;

	world();
	bare_mm_begin(&child);
	block = map_block();
	change_entry(7, pte_wrprotect);
	change_entry(9, pte_mksoft_dirty);
	assert_int_equal(fork_copy(VM_READ | VM_WRITE, RUN_PAGES), 0);
	for (unsigned i = 0; i < RUN_PAGES; i++) {
		pte_t ours = entry_at(&mm, at(i)), theirs = entry_at(&child, at(i));

		if (i == 40) {
			assert_true(pte_none(ours) && pte_none(theirs));
			continue;
		}
		assert_int_equal(pte_raw(theirs), pte_raw(pte_mkold(ours)));
		assert_false(pte_write(ours) || page_test(block + i, PG_anon_exclusive));
		assert_int_equal(pte_soft_dirty(ours), i == 9);
		assert_int_equal(page_mapcount(block + i), 2);
		assert_int_equal(page_ref_count(block + i), 2);
	}
	assert_int_equal(global_node_stat(NR_ANON_MAPPED), RUN_PAGES - 1);
	zap(&mm, at(0), at(RUN_PAGES)); /* the last but one: the pages stay */
	assert_int_equal(global_node_stat(NR_ANON_MAPPED), RUN_PAGES - 1);
	assert_int_equal(page_mapcount(block + 50), 1);
	before = nr_free_pages();
	zap(&child, at(0), at(RUN_PAGES));
	assert_int_equal(nr_free_pages() - before, RUN_PAGES - 1);
	assert_int_equal(global_node_stat(NR_ANON_MAPPED), 0);
	bare_mm_end(&child);
	world_gone();
}

/* Special entries are removed without any account; swap-like entries too. */
static void zap_special_and_swap_entries(void **state)
{
	struct page *table, *page;
	struct range_counts counts = { 0 };
	pte_t *e;

	world();
	page = alloc_page(GFP_KERNEL);
	e = pt_find_alloc_locked(&mm, &mm.root, base, &table);
	pte_set(e, pte_mkspecial(pte_make(page_to_pfn(page), pte_prot_user(true, false, false))));
	pte_set(e + 1, pte_from_swap(SWP_HWPOISON, 77));
	pt_unlock(table);
	map_run(2, 1);
	range_count(&mm, at(0), at(3), &counts);
	assert_int_equal(counts.present, 2);
	assert_int_equal(counts.special, 1);
	assert_int_equal(counts.swap, 1);
	assert_int_equal(counts.anon, 1);
	assert_int_equal(counts.dirty, 1);
	zap(&mm, at(0), at(3));
	assert_true(pte_none(entry_at(&mm, at(0))) && pte_none(entry_at(&mm, at(1))));
	assert_int_equal(page_ref_count(page), 1);
	assert_int_equal(page_mapcount(page), 0);
	__free_page(page);
	world_gone();
}

static void protect(unsigned long vm_flags, pte_t prot, unsigned n, unsigned long expect)
{
	struct vm_area_struct vma = vma_for(&mm, vm_flags, PAGES);
	struct mmu_gather g;

	gather_begin(&g, &mm);
	assert_int_equal(range_protect(&g, &vma, at(0), at(n), prot), expect);
	gather_end(&g);
}

static void protect_changes_rights_and_keeps_the_rest(void **state)
{
	pte_t before, e;

	world();
	map_run(0, 40);
	before = entry_at(&mm, at(5));
	protect(VM_READ, pte_prot_user(true, false, false), 40, 40);
	e = entry_at(&mm, at(5));
	assert_false(pte_write(e));
	assert_true(pte_user(e) && pte_dirty(e) && pte_young(e));
	assert_int_equal(pte_pfn(e), pte_pfn(before));
	protect(VM_READ, pte_prot_user(true, false, false), 40, 0); /* nothing to do */
	protect(0, pte_prot_user(false, false, false), 40, 40);
	e = entry_at(&mm, at(5));
	assert_true(pte_present(e));
	assert_false(pte_raw(e) & 1); /* absent for the hardware */
	assert_int_equal(pte_pfn(e), pte_pfn(before));
	protect(VM_READ | VM_WRITE, pte_prot_user(true, true, false), 40, 40);
	assert_true(pte_raw(entry_at(&mm, at(5))) == pte_raw(before));
	world_gone();
}

/* What range_protect does to a page range_protect_page does, too; where there is no table it does nothing. */
static void one_page_is_protected_as_many_are(void **state)
{
	const unsigned long kinds[] = { VM_READ, 0, VM_READ | VM_WRITE,
					VM_READ | VM_WRITE | VM_SHARED };
	char byte = 1;

	world();
	map_run(0, 2);
	sim_poke(&mm, at(0), 1);
	sim_poke(&mm, at(1), 1);
	for (unsigned own = 2; own-- > 0;) {
		for (unsigned k = 0; k < ARRAY_SIZE(kinds); k++) {
			struct vm_area_struct vma = vma_for(&mm, kinds[k], 3);
			pte_t prot = pte_prot_user(kinds[k] & VM_READ, kinds[k] & VM_WRITE, false);

			protect(kinds[k], prot, 1, !own || k != 3);
			assert_true(range_protect_page(&vma, at(1), prot));
			if (!(kinds[k] & VM_WRITE)) /* and no CPU thinks otherwise */
				assert_int_not_equal(sim_write(&mm, at(1), &byte, 1), 0);
			assert_int_equal(pte_raw(entry_at(&mm, at(0))) & ~PTE_BITS_PFN,
					 pte_raw(entry_at(&mm, at(1))) & ~PTE_BITS_PFN);
			assert_true(range_protect_page(&vma, at(2), prot));
			assert_true(pte_none(entry_at(&mm, at(2))));
			assert_false(range_protect_page(&vma, at(PAGES * 2), prot));
		}
		for (unsigned i = 0; i < 2 && own; i++) /* others may map them, too */
			page_clear(pfn_to_page(pte_pfn(entry_at(&mm, at(i)))), PG_anon_exclusive);
	}
	world_gone();
}

/* I4: a page that fork shares stays write-protected whatever mprotect asks. */
static void range_I4_protect_leaves_shared_pages_readonly(void **state)
{
	struct page *page;

	world();
	map_run(0, 2);
	page = pfn_to_page(pte_pfn(entry_at(&mm, at(1))));
	page_clear(page, PG_anon_exclusive); /* another program may map it */
	protect(VM_READ, pte_prot_user(true, false, false), 2, 2);
	protect(VM_READ | VM_WRITE, pte_prot_user(true, true, false), 2, 1);
	assert_true(pte_write(entry_at(&mm, at(0))));
	assert_false(pte_write(entry_at(&mm, at(1))));
	protect(VM_READ | VM_WRITE | VM_SHARED, pte_prot_user(true, true, false), 2, 1);
	assert_true(pte_write(entry_at(&mm, at(1))));
	world_gone();
}

static void copy_shares_and_write_protects_both(void **state)
{
	world();
	bare_mm_begin(&child);
	for (unsigned i = 0; i < PAGES; i += 3)
		map_run(i, 1);
	assert_int_equal(fork_copy(VM_READ | VM_WRITE, PAGES), 0);
	for (unsigned i = 0; i < PAGES; i++) {
		pte_t ours = entry_at(&mm, at(i)), theirs = entry_at(&child, at(i));

		assert_int_equal(pte_present(ours), i % 3 == 0);
		assert_int_equal(pte_present(theirs), i % 3 == 0);
		if (i % 3)
			continue;
		assert_int_equal(pte_pfn(ours), pte_pfn(theirs));
		assert_false(pte_write(ours) || pte_write(theirs));
		assert_int_equal(page_mapcount(pfn_to_page(pte_pfn(ours))), 2);
		assert_int_equal(page_ref_count(pfn_to_page(pte_pfn(ours))), 2);
	}
	assert_int_equal(rss(&child), rss(&mm));
	assert_int_equal(global_node_stat(NR_ANON_MAPPED), rss(&mm));
	bare_mm_end(&child);
	assert_int_equal(global_node_stat(NR_ANON_MAPPED), rss(&mm));
	world_gone();
}

/* Shared mappings keep the write right; the child's entries start clean and old. */
static void copy_of_a_shared_mapping(void **state)
{
	pte_t e;

	world();
	bare_mm_begin(&child);
	map_run(0, 3);
	assert_int_equal(fork_copy(VM_READ | VM_WRITE | VM_SHARED, 3), 0);
	e = entry_at(&child, at(1));
	assert_true(pte_write(e) && pte_write(entry_at(&mm, at(1))));
	assert_false(pte_dirty(e) || pte_young(e));
	bare_mm_end(&child);
	world_gone();
}

static void copy_survives_every_failure(void **state)
{
	unsigned nth, failures = 0;

	world();
	map_run(0, PAGES);
	for (nth = 1;; nth++) {
		int err;

		bare_mm_begin(&child);
		failpoint_arm(nth);
		err = fork_copy(VM_READ | VM_WRITE, PAGES);
		failpoint_arm(0);
		assert_true(err == 0 || err == -ENOMEM);
		failures += err != 0;
		bare_mm_end(&child);
		if (!err && nth > failures)
			break;
	}
	assert_true(failures > 0);
	assert_int_equal(rss(&mm), PAGES);
	world_gone();
}

/* What the CPU may still have in its TLB must not outlive fork or a right taken away. */
static void weakened_entries_are_flushed(void **state)
{
	char byte = 1;

	world();
	bare_mm_begin(&child);
	map_run(0, 4);
	sim_poke(&mm, at(0), 1);
	assert_int_equal(fork_copy(VM_READ | VM_WRITE, 4), 0);
	assert_int_not_equal(sim_write(&mm, at(0), &byte, 1), 0);
	bare_mm_end(&child);
	for (unsigned i = 0; i < 4; i++) /* what the faults of the next writes do */
		page_set(pfn_to_page(pte_pfn(entry_at(&mm, at(i)))), PG_anon_exclusive);
	protect(VM_READ | VM_WRITE, pte_prot_user(true, true, false), 4, 4);
	sim_poke(&mm, at(1), 1);
	protect(VM_READ, pte_prot_user(true, false, false), 4, 4);
	assert_int_not_equal(sim_write(&mm, at(1), &byte, 1), 0);
	assert_int_equal(sim_peek(&mm, at(2)), 2);
	world_gone();
}

/* An empty table that a CPU has walked through and remembers. */
static void empty_table_goes_after_a_flush(void **state)
{
	struct mmu_gather g;
	char byte;

	world();
	map_run(0, 1);
	sim_poke(&mm, at(0), 1);
	zap(&mm, at(0), at(1));
	assert_int_not_equal(sim_read(&mm, at(1), &byte, 1),
			     0); /* the walk stops at the table: now it is cached */
	gather_begin(&g, &mm);
	pt_free_tables(&g, at(0), at(1), 0, USER_TOP);
	gather_end(&g);
	assert_int_equal(atomic_long_read(&mm.pgtables_bytes), 0);
	world_gone();
}

static void populate_survives_every_failure(void **state)
{
	unsigned nth;
	int err;

	sim_world_begin(NULL);
	for (nth = 1, err = -ENOMEM; err; nth++) {
		bare_mm_begin(&mm);
		failpoint_arm(nth);
		err = range_populate_tables(&mm, at(0), at(PAGES));
		failpoint_arm(0);
		assert_true(err == 0 || err == -ENOMEM);
		bare_mm_end(&mm);
	}
	assert_true(nth > 2);
	sim_world_end();
}

static void age_counts_and_clears(void **state)
{
	struct mmu_gather g;

	world();
	map_run(0, 10);
	gather_begin(&g, &mm);
	assert_int_equal(range_age(&g, at(0), at(20)), 10);
	assert_int_equal(range_age(&g, at(0), at(20)), 0);
	gather_end(&g);
	sim_poke(&mm, at(4), 1); /* the CPU marks it again, because the flush made it look */
	gather_begin(&g, &mm);
	assert_int_equal(range_age(&g, at(0), at(20)), 1);
	gather_end(&g);
	world_gone();
}

/* ---- tables ---- */

static long tables(void)
{
	return atomic_long_read(&mm.pgtables_bytes) / (long)PAGE_SIZE;
}

static void unmap(uaddr_t start, uaddr_t end, uaddr_t floor, uaddr_t ceiling)
{
	struct mmu_gather g;

	gather_begin(&g, &mm);
	range_zap(&g, NULL, start, end);
	pt_free_tables(&g, start, end, floor, ceiling);
	gather_end(&g);
}

/* A table goes exactly when no neighbour lies in what it covers. */
static void free_tables_respects_neighbours(void **state)
{
	const uaddr_t a = pt_span(PT_PMD) * 4, b = a + PAGE_SIZE * 9;
	long one;

	world();
	assert_int_equal(map_anon(&mm, a, 0), 0);
	one = tables();
	assert_int_equal(map_anon(&mm, b, 0), 0);
	assert_int_equal(tables(), one); /* the same tables */
	unmap(a, a + PAGE_SIZE, 0, b);
	assert_int_equal(tables(), one);
	assert_true(pte_present(entry_at(&mm, b)));
	unmap(b, b + PAGE_SIZE, 0, USER_TOP);
	assert_int_equal(tables(), 0);
	world_gone();
}

/* Upper tables that a far neighbour needs stay, lower ones go. */
static void free_tables_level_by_level(void **state)
{
	const uaddr_t a = pt_span(PT_PMD) * 4, b = a + pt_span(PT_PMD) * 3;
	long one;

	world();
	assert_int_equal(map_anon(&mm, a, 0), 0);
	one = tables();
	assert_int_equal(map_anon(&mm, b, 0), 0);
	assert_int_equal(tables(), one + 1);
	unmap(b, b + PAGE_SIZE, a + PAGE_SIZE, USER_TOP);
	assert_int_equal(tables(), one);
	assert_true(pte_present(entry_at(&mm, a)));
	world_gone();
}

static void free_tables_at_the_end_of_user_space(void **state)
{
	world();
	assert_int_equal(map_anon(&mm, USER_TOP - PAGE_SIZE, 0), 0);
	unmap(USER_TOP - PAGE_SIZE, USER_TOP, 0, USER_TOP);
	assert_int_equal(tables(), 0);
	world_gone();
}

/* Kernel ranges: mapped, used through the window, unmapped, all or nothing on failure. */
static void kernel_ranges(void **state)
{
	struct page *pages[3];
	unsigned nth, failures = 0;
	int err;

	world();
	for (unsigned i = 0; i < 3; i++)
		pages[i] = alloc_page(GFP_KERNEL);
	for (nth = 1, err = -ENOMEM; err; nth++) {
		failpoint_arm(nth);
		err = pt_map_kernel(VMALLOC_START + pt_span(PT_PMD) - PAGE_SIZE, pages, 3,
				    PTE_KERNEL);
		failpoint_arm(0);
		failures += err != 0;
		assert_int_equal(
			pte_present(pt_peek(&kernel_root,
					    VMALLOC_START + pt_span(PT_PMD) - PAGE_SIZE, PT_PTE)),
			err == 0);
	}
	assert_true(failures > 0);
	strcpy((char *)VMALLOC_START + pt_span(PT_PMD) - 5, "crosses tables");
	assert_memory_equal(page_address(pages[1]), "es tables", 9);
	pt_unmap_kernel(VMALLOC_START + pt_span(PT_PMD) - PAGE_SIZE, 3 * PAGE_SIZE);
	tlb_flush_kernel(VMALLOC_START, VMALLOC_START + 2 * pt_span(PT_PMD));
	for (unsigned i = 0; i < 3; i++)
		__free_page(pages[i]);
	world_gone();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(range_I2_accounts_are_exact),
		cmocka_unit_test(zap_of_many_pages),
		cmocka_unit_test(runs_with_odd_pages),
		cmocka_unit_test(runs_of_a_cache_with_odd_pages),
		cmocka_unit_test(runs_are_copied_as_single_pages_are),
		cmocka_unit_test(zap_special_and_swap_entries),
		cmocka_unit_test(protect_changes_rights_and_keeps_the_rest),
		cmocka_unit_test(one_page_is_protected_as_many_are),
		cmocka_unit_test(range_I4_protect_leaves_shared_pages_readonly),
		cmocka_unit_test(copy_shares_and_write_protects_both),
		cmocka_unit_test(copy_of_a_shared_mapping),
		cmocka_unit_test(copy_survives_every_failure),
		cmocka_unit_test(weakened_entries_are_flushed),
		cmocka_unit_test(empty_table_goes_after_a_flush),
		cmocka_unit_test(populate_survives_every_failure),
		cmocka_unit_test(age_counts_and_clears),
		cmocka_unit_test(free_tables_respects_neighbours),
		cmocka_unit_test(free_tables_level_by_level),
		cmocka_unit_test(free_tables_at_the_end_of_user_space),
		cmocka_unit_test(kernel_ranges),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
