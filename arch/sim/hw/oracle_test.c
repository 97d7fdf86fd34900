/* The simulated machine catches what it is there to catch: each test makes one mistake of a kernel and expects the panic. */
#include "arch/irqflags.h"
#include "arch/percpu.h"
#include "arch/sim/hw/sim_hw.h"
#include "mm/pt/pt_test.h"

static struct mm_struct mm;
static const uaddr_t va = 0x10000000;

static void begin(void)
{
	sim_world_begin(NULL);
	bare_mm_begin(&mm);
	must(map_anon(&mm, va, 0) == 0);
}

static struct page *unhook(void)
{
	struct page *table;
	pte_t *e = pt_find_locked(&mm.root, va, &table);
	struct page *page = pfn_to_page(pte_pfn(pte_clear(e)));

	range_account_unmap(&mm, page);
	pt_unlock(table);
	return page;
}

static void free_before_flush(void *arg)
{
	begin();
	sim_poke(&mm, va, 1);
	put_page(unhook());
}

/* A CPU has a large page in its TLB; one of its small pages, split and unmapped without a flush, is freed. */
static void free_part_of_large_page(void *arg)
{
	const uaddr_t large = HPAGE_SIZE * 20;
	struct page *table, *page;
	pte_t *e;

	begin();
	must(map_huge(&mm, large, 0) == 0);
	sim_poke(&mm, large + 9 * PAGE_SIZE, 1);
	e = pt_huge_locked(&mm.root, large, &table);
	page = pfn_to_page(pte_pfn(pte_clear(e)));
	pt_unlock(table);
	atomic_set(&page[3]._mapcount, -1);
	put_page(page + 3);
}

static void misaligned_large_page(void *arg)
{
	const uaddr_t large = HPAGE_SIZE * 20;
	struct page *table;
	pte_t *e;

	begin();
	e = pt_huge_alloc_locked(&mm, &mm.root, large, &table);
	pte_set(e, pte_make_large(phys_to_pfn(HPAGE_SIZE) + 16, rights_rw(), pt_huge_level()));
	pt_unlock(table);
	sim_poke(&mm, large, 1);
}

static void free_after_flush(void *arg)
{
	struct page *page;

	begin();
	sim_poke(&mm, va, 1);
	page = unhook();
	tlb_flush_page(&mm.root, va);
	put_page(page);
	panic("all is well");
}

static void touch_it(void *arg)
{
	sim_poke(&mm, va, 2);
}

/* CPU 1 has the translation; CPU 0 flushes only itself. */
static void flush_own_cpu_only(void *arg)
{
	struct page *page;

	begin();
	(void)sim_spawn(touch_it, NULL, 1);
	sim_run();
	pt_activate(sim_mmu[0].root, &mm.root);
	sim_cpu_select(1);
	pt_activate(sim_mmu[1].root, &mm.root);
	sim_use_mm(&mm);
	sim_poke(&mm, va, 3);
	sim_cpu_select(0);
	page = unhook();
	tlb_flush_page_local(va);
	put_page(page);
}

static void free_table_before_flush(void *arg)
{
	struct page *table, *page;

	begin();
	sim_poke(&mm, va, 1);
	page = unhook();
	(void)pt_find_locked(&mm.root, va, &table);
	pt_unlock(table);
	for (unsigned i = 0; i < SIM_TLB_SIZE;
	     i++) /* as an INVLPG that spares the table caches would */
		sim_tlb_drop(&sim_mmu[0].tlb[i]);
	put_page(page);
	pt_table_free(&mm, table);
}

static void weaken_without_flush(void *arg)
{
	struct page *table;
	pte_t *e;

	begin();
	sim_poke(&mm, va, 1);
	e = pt_find_locked(&mm.root, va, &table);
	pte_wrprotect_in_place(e);
	pt_unlock(table);
	must(sim_write(&mm, va, "x", 1) == 0); /* still allowed: the TLB has the old right */
	tlb_flush_page(&mm.root, va);
	must(sim_write(&mm, va, "x", 1) != 0);
	panic("write refused after the flush");
}

static void stale_kernel_window(void *arg)
{
	struct page *page;

	sim_world_begin(NULL);
	page = alloc_page(GFP_KERNEL);
	must(pt_map_kernel(VMALLOC_START, &page, 1, PTE_KERNEL) == 0);
	*(volatile char *)VMALLOC_START = 1;
	pt_unmap_kernel(VMALLOC_START, PAGE_SIZE);
	*(volatile char *)VMALLOC_START = 2; /* a real CPU would let it pass, too */
	__free_page(page);
}

static void remote_flush_with_interrupts_off(void *arg)
{
	begin();
	sim_cpu_select(1);
	pt_activate(NULL, &mm.root);
	sim_cpu_select(0);
	irq_disable();
	tlb_flush_page(&mm.root, va);
}

static void no_execute_bit_without_nx(void *arg)
{
	struct sim_config cfg = { .no_nx = true };
	struct page *table;
	pte_t *e;

	if (!PT_HAS_NX)
		panic("no-execute bit on a CPU without it");
	sim_world_begin(&cfg);
	bare_mm_begin(&mm);
	must(map_anon(&mm, va, 0) == 0);
	e = pt_find_locked(&mm.root, va, &table);
	*e = pte_from_raw(pte_raw(*e) | (uint64_t)1 << 63);
	pt_unlock(table);
	(void)sim_peek(&mm, va);
}

static void reserved_bits_in_pdpte(void *arg)
{
	if (!PT_TOP_RELOAD)
		panic("reserved bits in PDPTE");
	begin();
	mm.root.top[0] = pte_mkwrite(mm.root.top[0]);
	(void)sim_peek(&mm, va);
}

static void leak_a_page(void *arg)
{
	sim_world_begin(NULL);
	must(alloc_page(GFP_KERNEL) != NULL);
	sim_world_end();
}

static void wait_for_ever(void *arg)
{
	(void)thread_park(PARK_UNINTERRUPTIBLE, PARK_FOREVER);
}

static void deadlock(void *arg)
{
	sim_world_begin(NULL);
	(void)sim_spawn(wait_for_ever, NULL, -1);
	sim_run();
}

static void oracle_sees_every_mistake(void **state)
{
	assert_true(sim_panics(free_before_flush, NULL, "stale translation"));
	assert_true(sim_panics(free_after_flush, NULL, "all is well"));
	assert_true(sim_panics(free_part_of_large_page, NULL, "still translates"));
	assert_true(sim_panics(misaligned_large_page, NULL, "reserved bits"));
	assert_true(sim_panics(flush_own_cpu_only, NULL, "CPU 1 still translates"));
	assert_true(sim_panics(free_table_before_flush, NULL, "still walks it"));
	assert_true(sim_panics(weaken_without_flush, NULL, "write refused after the flush"));
	assert_true(sim_panics(stale_kernel_window, NULL, "a kernel window still maps it"));
	assert_true(sim_panics(remote_flush_with_interrupts_off, NULL, "interrupts off"));
	assert_true(
		sim_panics(no_execute_bit_without_nx, NULL, "no-execute bit on a CPU without it"));
	assert_true(sim_panics(reserved_bits_in_pdpte, NULL, "reserved bits in PDPTE"));
	assert_true(sim_panics(leak_a_page, NULL, "leak: 1 pages"));
	assert_true(sim_panics(deadlock, NULL, "every thread waits"));
}

/* Rights, A and D as the walker sets them. */
static void walker_sets_accessed_and_dirty(void **state)
{
	struct page *table;
	pte_t *e;

	begin();
	e = pt_find_locked(&mm.root, va, &table);
	pte_set(e, pte_mkold(pte_mkclean(pte_read(e))));
	pt_unlock(table);
	assert_int_equal(sim_peek(&mm, va), 0);
	assert_true(pte_young(entry_at(&mm, va)));
	assert_false(pte_dirty(entry_at(&mm, va)));
	sim_poke(&mm, va, 9);
	assert_true(pte_dirty(entry_at(&mm, va)));
	assert_int_equal(sim_exec(&mm, va) == 0, !PT_HAS_NX);
	assert_int_not_equal(sim_read(&mm, va + PAGE_SIZE, &e, 1), 0);
	assert_int_not_equal(sim_read(&mm, USER_TOP, &e, 1), 0);
	bare_mm_end(&mm);
	sim_world_end();
}

/* PAE: a new top-level entry is seen although the CPU keeps copies of the old ones. */
static void new_top_level_entry_is_seen(void **state)
{
	begin();
	sim_poke(&mm, va, 1);
	assert_int_equal(map_anon(&mm, 0x80000000, 7), 0);
	assert_int_equal(sim_peek(&mm, 0x80000000), 7);
	zap(&mm, va, va + PAGE_SIZE);
	bare_mm_end(&mm);
	sim_world_end();
}

static void high_frames_are_reached_by_slots_only(void **state)
{
	struct sim_config cfg = { .lowmem_bytes = MIB(16), .ram_bytes = MIB(32) };
	const pfn_t pfn = phys_to_pfn(MIB(16)) + 5;
	char *p, *q;

	sim_world_begin(&cfg);
	p = physmap_map_slot(0, pfn);
	q = physmap_map_slot(1, pfn);
	p[100] = 77;
	assert_int_equal(q[100], 77);
	physmap_unmap_slot(1);
	physmap_unmap_slot(0);
	if (zone_type_exists(ZONE_HIGHMEM))
		assert_null(page_address(pfn_to_page(pfn)));
	sim_world_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(oracle_sees_every_mistake),
		cmocka_unit_test(walker_sets_accessed_and_dirty),
		cmocka_unit_test(new_top_level_entry_is_seen),
		cmocka_unit_test(high_frames_are_reached_by_slots_only),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
