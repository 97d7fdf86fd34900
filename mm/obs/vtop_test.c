/* vtop against the simulated MMU's own walk, in each geometry. */
#include "sim/mm_test.h"

#include "arch/sim/hw/sim_hw.h"
#include "mm/pt.h"
#include "mm/slab.h"
#include "mm/vtop.h"

enum { MAPS = 60, PROBES = 10000 };

static unsigned long base_of(unsigned i)
{
	/* Spread over all tables, also the top one. */
	return (USER_TOP / (MAPS + 1) * (i + 1)) & PAGE_MASK;
}

static void vtop_I1_steps_lead_from_the_top_to_the_leaf(void **state)
{
	struct mm_struct *mm;
	struct vtop v;

	(void)state;
	sim_world_begin(NULL);
	mm = new_mm();
	map_at(mm, BASE, P(2), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 1);
	vtop_walk(&mm->root, BASE + 5, &v);
	assert_int_equal(v.end, VTOP_MAPPED);
	assert_int_equal(v.steps[0].level, PT_PGD);
	assert_int_equal(v.steps[0].entry_pa,
			 mm->root.top_phys + pt_index(PT_PGD, BASE) * sizeof(pte_t));
	for (unsigned i = 1; i < v.nr_steps; i++)
		assert_int_equal(v.steps[i].entry_pa, pt_table_pa(v.steps[i - 1].entry) +
							      v.steps[i].index * sizeof(pte_t));
	assert_int_equal(v.steps[v.nr_steps - 1].level, PT_PTE);
	assert_int_equal(pte_raw(v.steps[v.nr_steps - 1].entry),
			 pte_raw(pt_peek(&mm->root, BASE, PT_PTE)));
	assert_int_equal(v.page_size, PAGE_SIZE);
	vtop_walk(&mm->root, BASE + P(1), &v);
	assert_int_equal(v.end, VTOP_EMPTY);
	vtop_walk(&mm->root, (uaddr_t)1 << (VA_BITS == 32 ? 40 : VA_BITS), &v);
	assert_int_equal(v.end, VTOP_NOT_CANONICAL);
	assert_int_equal(v.nr_steps, 0);
	end_mm(mm);
	sim_world_end();
}

static bool cpu_may(uaddr_t va, enum sim_access access, phys_t *pa)
{
	bool present;

	return sim_translate(va, access, true, pa, &present) == 0;
}

/* One address: the two walks agree in what is found and what is allowed. */
static void compare(struct mm_struct *mm, uaddr_t va)
{
	phys_t pa;
	struct vtop v;
	bool read = cpu_may(va, SIM_READ, &pa);

	vtop_walk(&mm->root, va, &v);
	assert_int_equal(v.end == VTOP_MAPPED && v.user, read);
	if (!read)
		return;
	assert_int_equal(v.pa, pa);
	assert_int_equal(v.write, cpu_may(va, SIM_WRITE, &pa));
	assert_int_equal(v.exec, cpu_may(va, SIM_EXEC, &pa));
}

static void vtop_I2_agrees_with_the_mmu(void **state)
{
	static const unsigned prots[] = { PROT_NONE, PROT_READ, RW, RW | PROT_EXEC,
					  PROT_READ | PROT_EXEC };
	struct mm_struct *mm;

	(void)state;
	sim_world_begin(NULL);
	mm = new_mm();
	for (unsigned i = 0; i < MAPS; i++) {
		assert_int_equal((unsigned long)map_at(mm, base_of(i), P(64), RW, ANON | MAP_FIXED),
				 base_of(i));
		for (unsigned n = 0; n < 24; n++)
			sim_poke(mm, base_of(i) + P(sim_random(64)), (uint8_t)n);
		assert_int_equal(vm_protect(mm, base_of(i) + P(16), P(48), prots[i % 5]), 0);
	}
	sim_use_mm(mm);
	for (unsigned n = 0; n < PROBES; n++) {
		uaddr_t va = base_of((unsigned)sim_random(MAPS)) + sim_random(P(80));

		compare(mm, n % 4 ? va : (uaddr_t)sim_random(USER_TOP));
	}
	sim_use_mm(NULL);
	end_mm(mm);
	sim_world_end();
}

static void vtop_prot_none_keeps_the_frame(void **state)
{
	struct mm_struct *mm;
	struct vtop v;
	phys_t pa;
	char bits[64];

	(void)state;
	sim_world_begin(NULL);
	mm = new_mm();
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 1);
	vtop_walk(&mm->root, BASE, &v);
	pa = v.pa;
	vtop_bits(v.steps[v.nr_steps - 1].entry, PT_PTE, bits, sizeof(bits));
	assert_string_equal(bits,
			    PT_HAS_NX ? " P RW US A D soft-dirty NX" : " P RW US A D soft-dirty");
	assert_int_equal(vm_protect(mm, BASE, P(1), PROT_NONE), 0);
	vtop_walk(&mm->root, BASE, &v);
	assert_int_equal(v.end, VTOP_PROT_NONE);
	assert_int_equal(v.pa, pa);
	end_mm(mm);
	sim_world_end();
}

static void vtop_owners_and_flags_have_names(void **state)
{
	struct mm_struct *mm;
	struct vtop v;
	char text[200];
	struct page *page;
	void *obj;

	(void)state;
	sim_world_begin(NULL);
	mm = new_mm();
	map_at(mm, BASE, P(1), RW, ANON | MAP_FIXED);
	sim_poke(mm, BASE, 1);
	vtop_walk(&mm->root, BASE, &v);
	page = pfn_to_page(phys_to_pfn(v.pa));
	vtop_page_flags(page, text, sizeof(text));
	assert_non_null(strstr(text, " uptodate"));
	vtop_page_owner(page, text, sizeof(text));
	assert_non_null(strstr(text, "anonymous, index"));
	vtop_page_owner(pfn_to_page(phys_to_pfn(v.steps[v.nr_steps - 1].entry_pa)), text,
			sizeof(text));
	assert_string_equal(text, "page table");
	obj = kmalloc(64, GFP_KERNEL);
	vtop_page_owner(virt_to_page(obj), text, sizeof(text));
	assert_string_equal(text, "slab kmalloc-64");
	kfree(obj);
	end_mm(mm);
	sim_world_end();
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(vtop_I1_steps_lead_from_the_top_to_the_leaf),
		cmocka_unit_test(vtop_I2_agrees_with_the_mmu),
		cmocka_unit_test(vtop_prot_none_keeps_the_frame),
		cmocka_unit_test(vtop_owners_and_flags_have_names),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
