/* Kernel virtual ranges, device mappings, kernel stacks and windows on high memory. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "arch/pt.h"
#include "arch/tlb.h"
#include "lib/prng.h"
#include "mm/alloc.h"
#include "mm/imports.h"
#include "mm/pt.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "sim/sim.h"
#include "sync/failpoint.h"

/* Not fixtures: cmocka would take the SIGSEGV handler that makes vmalloc addresses work in the simulator. */
static void begin(void)
{
	sim_world_begin(NULL);
}

static void end(void)
{
	vmalloc_check();
	slab_check_all();
	sim_world_end();
}

static bool mapped(const void *p)
{
	return pte_present(pt_peek(&kernel_root, (uaddr_t)p, PT_PTE));
}

static void vmalloc_I2_pages_are_mapped_and_the_guard_is_not(void **state)
{
	begin();
	char *p = vmalloc(3 * PAGE_SIZE - 5);

	assert_non_null(p);
	assert_int_equal((uintptr_t)p % PAGE_SIZE, 0);
	for (unsigned i = 0; i < 3; i++)
		assert_true(mapped(p + i * PAGE_SIZE));
	assert_false(mapped(p + 3 * PAGE_SIZE));
	assert_int_equal(vmalloc_used(), 4 * PAGE_SIZE);
	memset(p, 0x42, 3 * PAGE_SIZE);
	vfree(p);
	assert_false(mapped(p));
	assert_int_equal(vmalloc_used(), 0);
	vfree(NULL);
	end();
}

static void vzalloc_is_zero_everywhere(void **state)
{
	begin();
	unsigned char *p = vmalloc(MIB(1));

	memset(p, 0xff, MIB(1));
	vfree(p);
	(void)vmalloc_purge();
	p = vzalloc(MIB(1));
	for (size_t i = 0; i < MIB(1); i += 97)
		assert_int_equal(p[i], 0);
	vfree(p);
	end();
}

static void vmalloc_refuses_the_impossible(void **state)
{
	begin();
	assert_null(vmalloc(0));
	assert_null(vmalloc(SIZE_MAX));
	assert_null(vmalloc(GIB(1))); /* more than there is RAM */
	assert_null(ioremap(0x1000, 0));
	assert_null(ioremap(~(phys_t)0 - 100, 4096)); /* wraps */
	assert_int_equal(vmalloc_used(), 0);
	end();
}

static void vmalloc_I3_addresses_come_back_only_after_the_flush(void **state)
{
	begin();
	char *a = vmalloc(PAGE_SIZE);
	unsigned long all = nr_free_pages();

	vfree(a);
	assert_int_equal(nr_free_pages(), all); /* the frame waits too */
	char *b = vmalloc(PAGE_SIZE);

	assert_ptr_not_equal(a, b);
	assert_true(vmalloc_purge() > 0);
	char *c = vmalloc(PAGE_SIZE);

	assert_ptr_equal(a, c); /* lowest hole */
	vfree(b);
	vfree(c);
	end();
}

static void vmalloc_batches_flushes(void **state)
{
	begin();
	unsigned long all;

	(void)vmalloc_purge();
	all = nr_free_pages();
	for (unsigned i = 0; i < 1000; i++)
		vfree(vmalloc(3 * PAGE_SIZE));
	assert_true(all - nr_free_pages() < 64 + 40); /* dead pages, and tables that stay */
	end();
}

static void ioremap_keeps_the_offset(void **state)
{
	begin();
	char *p = ioremap(0xfee00030, 0x20);
	struct vmalloc_info info;
	kaddr_t pos = 0;
	pte_t e;

	assert_int_equal((uintptr_t)p % PAGE_SIZE, 0x30);
	e = pt_peek(&kernel_root, (uaddr_t)p, PT_PTE);
	assert_int_equal(pte_phys(e), 0xfee00000);
	assert_true(vmalloc_info_next(&pos, &info));
	assert_int_equal(info.kind, VM_INFO_IOREMAP);
	assert_int_equal(info.phys, 0xfee00000);
	assert_int_equal(info.end - info.start, 2 * PAGE_SIZE);
	assert_false(vmalloc_info_next(&pos, &info));
	iounmap(p);
	/* Two pages when the bytes straddle. */
	p = memremap(0xe0ffe, 4);
	assert_true(mapped(p) && mapped((char *)((uintptr_t)p & PAGE_MASK) + PAGE_SIZE));
	iounmap(p);
	end();
}

static void vmap_borrows_pages(void **state)
{
	begin();
	struct page *pages[3];
	unsigned long all;
	char *p;

	for (unsigned i = 0; i < 3; i++)
		pages[i] = alloc_page(GFP_KERNEL | __GFP_ZERO);
	all = nr_free_pages();
	p = vmap(pages, 3);
	p[PAGE_SIZE] = 7;
	assert_int_equal(*(char *)page_address(pages[1]), 7);
	vunmap(p);
	(void)vmalloc_purge();
	(void)slab_shrink_all();
	drain_all_pages();
	assert_true(nr_free_pages() + 8 >= all); /* only tables stay */
	for (unsigned i = 0; i < 3; i++) {
		assert_int_equal(page_ref_count(pages[i]), 1);
		__free_page(pages[i]);
	}
	end();
}

static void module_memory_has_its_rights(void **state)
{
	begin();
	char *p = vmalloc_module(3 * PAGE_SIZE);

	assert_non_null(p);
	assert_true((kaddr_t)p >= MODULES_START && (kaddr_t)p + 4 * PAGE_SIZE <= MODULES_END);
	for (unsigned i = 0; i < 3 * PAGE_SIZE; i += 64)
		assert_int_equal(p[i], 0);
	memset(p, 0x90, 3 * PAGE_SIZE);
	vmalloc_protect(p, PAGE_SIZE, VM_RIGHTS_CODE);
	vmalloc_protect(p + PAGE_SIZE, PAGE_SIZE, VM_RIGHTS_CONST);
	vmalloc_protect(p, 0, VM_RIGHTS_DATA);
	for (unsigned i = 0; i < 3; i++) {
		pte_t e = pt_peek(&kernel_root, (uaddr_t)p + i * PAGE_SIZE, PT_PTE);

		assert_int_equal(pte_write(e), i == 2);
		assert_int_equal(pte_exec(e), i == 0 || !PT_HAS_NX);
	}
	vfree_module(p);
	assert_false(mapped(p));
	vfree_module(NULL);
	assert_null(vmalloc_module(0));
	assert_null(vmalloc_module(MODULES_END - MODULES_START + 1));
	end();
}

static void vmalloc_info_lists_by_address(void **state)
{
	begin();
	char *a = vmalloc(PAGE_SIZE), *b = vmalloc(5 * PAGE_SIZE), *c = vmalloc(PAGE_SIZE);
	struct vmalloc_info info;
	kaddr_t pos = 0;

	vfree(a);
	assert_true(vmalloc_info_next(&pos, &info)); /* dead ones are not shown */
	assert_int_equal(info.start, (kaddr_t)b);
	assert_int_equal(info.nr_pages, 5);
	assert_int_not_equal(info.caller, 0);
	assert_true(vmalloc_info_next(&pos, &info));
	assert_int_equal(info.start, (kaddr_t)c);
	assert_false(vmalloc_info_next(&pos, &info));
	vfree(b);
	vfree(c);
	end();
}

/* ---- stacks ---- */

static void kstack_has_a_guard_page_below(void **state)
{
	begin();
	char *s = kstack_alloc();

	assert_non_null(s);
	assert_false(mapped(s - PAGE_SIZE));
	for (unsigned i = 0; i < KSTACK_PAGES; i++)
		assert_true(mapped(s + i * PAGE_SIZE));
	assert_true(kstack_is_guard((kaddr_t)s - 1));
	assert_true(kstack_is_guard((kaddr_t)s - PAGE_SIZE));
	assert_false(kstack_is_guard((kaddr_t)s));
	assert_false(kstack_is_guard(0));
	assert_int_equal(global_node_stat(NR_KERNEL_STACK_KB), KSTACK_PAGES * 4);
	memset(s, 1, KSTACK_PAGES * PAGE_SIZE);
	kstack_free(s);
	assert_int_equal(global_node_stat(NR_KERNEL_STACK_KB), 0);
	assert_ptr_equal(kstack_alloc(), s); /* cached */
	kstack_free(s);
	kstack_free(NULL);
	end();
}

static void kstack_many(void **state)
{
	begin();
	void *s[30];

	for (unsigned i = 0; i < 30; i++)
		assert_non_null(s[i] = kstack_alloc());
	assert_int_equal(global_node_stat(NR_KERNEL_STACK_KB), 30 * KSTACK_PAGES * 4);
	for (unsigned i = 0; i < 30; i++)
		kstack_free(s[i]);
	assert_int_equal(global_node_stat(NR_KERNEL_STACK_KB), 0);
	end();
}

/* ---- failures ---- */

static void *try_all(unsigned which)
{
	switch (which) {
	case 0:
		return vmalloc(20 * PAGE_SIZE);
	case 1:
		return ioremap(0xfee00000, 3 * PAGE_SIZE);
	default:
		return kstack_alloc();
	}
}

static void vmalloc_every_failure_is_clean(void **state)
{
	begin();
	for (unsigned which = 0; which < 3; which++) {
		for (unsigned n = 1;; n++) {
			void *p;

			failpoint_arm(n);
			p = try_all(which);
			bool fired = failpoint_fired();

			failpoint_arm(0);
			assert_true(p || fired);
			if (which == 2)
				kstack_free(p);
			else
				vfree(p);
			vmalloc_check();
			sim_check_leaks();
			assert_int_equal(vmalloc_used(), 0);
			if (!fired)
				break;
		}
	}
	end();
}

static void vmalloc_out_of_memory_is_null(void **state)
{
	begin();
	static void *held[200];
	unsigned n = 0;

	while (n < 200 && (held[n] = vmalloc(MIB(1))))
		n++;
	assert_true(n > 20 && n < 200);
	while (n)
		vfree(held[--n]);
	end();
}

/* ---- model ---- */

static void vmalloc_I1_random_ranges_are_disjoint(void **state)
{
	begin();
	static struct {
		unsigned char *p;
		size_t size;
		unsigned char tag;
	} held[60];
	unsigned nr = 0;
	struct prng rng;

	prng_seed(&rng, 11);
	for (unsigned step = 0; step < 1500; step++) {
		if (nr < 60 && prng_below(&rng, 2)) {
			held[nr].size = 1 + prng_below(&rng, 12 * PAGE_SIZE);
			held[nr].p = vmalloc(held[nr].size);
			held[nr].tag = (unsigned char)step;
			assert_non_null(held[nr].p);
			memset(held[nr].p, held[nr].tag, held[nr].size);
			nr++;
		} else if (nr) {
			unsigned i = prng_below(&rng, nr);

			for (size_t b = 0; b < held[i].size; b += 511)
				assert_int_equal(held[i].p[b], held[i].tag);
			vfree(held[i].p);
			held[i] = held[--nr];
		}
		if (step % 100 == 0)
			vmalloc_check();
	}
	while (nr)
		vfree(held[--nr].p);
	end();
}

/* ---- windows ---- */

static const struct sim_config high_world = { .ram_bytes = MIB(96), .lowmem_bytes = MIB(48) };

static void kmap_I1_windows_nest(void **state)
{
	struct page *low, *high[KMAP_SLOTS];
	char *at[KMAP_SLOTS];

	sim_world_begin(VA_BITS == 32 ? &high_world : NULL);
	low = alloc_page(GFP_KERNEL);
	assert_ptr_equal(kmap_local_page(low), page_address(low));
	kunmap_local(page_address(low));
	for (unsigned i = 0; i < KMAP_SLOTS; i++) {
		high[i] = alloc_page(GFP_HIGHUSER);
		at[i] = kmap_local_page(high[i]);
		at[i][i] = (char)(i + 1);
		for (unsigned j = 0; j < i; j++) {
			assert_ptr_not_equal(at[i], at[j]);
			assert_int_equal(at[j][j], j + 1);
		}
	}
	assert_int_equal(mm_ctx_current()->kmap_depth, VA_BITS == 32 ? KMAP_SLOTS : 0);
	for (unsigned i = KMAP_SLOTS; i-- > 0;)
		kunmap_local(at[i]);
	assert_int_equal(mm_ctx_current()->kmap_depth, 0);
	for (unsigned i = 0; i < KMAP_SLOTS; i++) {
		char *p = kmap_local_page(high[i]);

		assert_int_equal(p[i], i + 1);
		kunmap_local(p);
		__free_page(high[i]);
	}
	__free_page(low);
	sim_world_end();
}

static void free_nothing(void *arg)
{
	sim_world_begin(NULL);
	char *p = vmalloc(2 * PAGE_SIZE);

	vfree(p + PAGE_SIZE);
}

static void free_stack_wrongly(void *arg)
{
	sim_world_begin(NULL);
	vfree(kstack_alloc());
}

static void vmalloc_misuse_is_fatal(void **state)
{
	assert_true(sim_panics(free_nothing, NULL, "where no range starts"));
	assert_true(sim_panics(free_stack_wrongly, NULL, "where no range starts"));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vmalloc_I2_pages_are_mapped_and_the_guard_is_not),
		cmocka_unit_test(vzalloc_is_zero_everywhere),
		cmocka_unit_test(vmalloc_refuses_the_impossible),
		cmocka_unit_test(vmalloc_I3_addresses_come_back_only_after_the_flush),
		cmocka_unit_test(vmalloc_batches_flushes),
		cmocka_unit_test(ioremap_keeps_the_offset),
		cmocka_unit_test(vmap_borrows_pages),
		cmocka_unit_test(module_memory_has_its_rights),
		cmocka_unit_test(vmalloc_info_lists_by_address),
		cmocka_unit_test(kstack_has_a_guard_page_below),
		cmocka_unit_test(kstack_many),
		cmocka_unit_test(vmalloc_every_failure_is_clean),
		cmocka_unit_test(vmalloc_out_of_memory_is_null),
		cmocka_unit_test(vmalloc_I1_random_ranges_are_disjoint),
		cmocka_unit_test(kmap_I1_windows_nest),
		cmocka_unit_test(vmalloc_misuse_is_fatal),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
