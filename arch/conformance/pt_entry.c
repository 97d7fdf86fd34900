/*
 * Conformance of pt_geom.h and pt_entry.h: constructors and readers agree, encodings do not overlap, changes in memory lose
 * nothing.
 */
#include "arch/conformance/conformance.h"
#include "arch/pt.h"

static const pfn_t sample = 0x12345;

static int geometry(void)
{
	int failures = 0;
	unsigned bits = PAGE_SHIFT;

	for (int level = PT_PTE; level <= pt_top_level(); level++) {
		conform(pt_folded(level) == (pt_bits(level) == 0));
		conform(pt_span(level) == (uaddr_t)1 << pt_shift(level));
		if (!pt_folded(level))
			conform(pt_shift(level) == bits);
		bits += pt_bits(level);
	}
	conform(bits == VA_BITS);
	conform(pt_canonical(USER_TOP - 1));
	conform((USER_TOP & ~PAGE_MASK) == 0);
	conform(pt_canonical(VMALLOC_START) && pt_canonical(VMALLOC_END - 1) &&
		VMALLOC_START < VMALLOC_END);
	conform(VMALLOC_END - VMALLOC_START >= MIB(40));
	return failures;
}

static int user_rights(void)
{
	int failures = 0;

	for (unsigned rights = 0; rights < 8; rights++) {
		bool r = rights & 1, w = rights & 2, x = rights & 4;
		pte_t e = pte_make(sample, pte_prot_user(r, w, x));

		conform(pte_present(e) && !pte_none(e) && !pte_is_swap(e));
		conform(pte_is_leaf(e, PT_PTE));
		conform(pte_pfn(e) == sample && pte_phys(e) == pfn_to_phys(sample));
		conform(pte_write(e) == w);
		conform(pte_user(e) == (rights != 0));
		if (rights && pt_nx_mask && PT_HAS_NX)
			conform(pte_exec(e) == x);
		conform(!pte_young(e) && !pte_dirty(e) && !pte_global(e) && !pte_special(e));
	}
	return failures;
}

static int kernel_rights(void)
{
	int failures = 0;
	pte_t rw = pte_make(sample, PTE_KERNEL), ro = pte_make(sample, PTE_KERNEL_RO);
	pte_t code = pte_make(sample, PTE_KERNEL_EXEC),
	      device = pte_make(sample, PTE_KERNEL_NOCACHE);

	conform(!pte_user(rw) && !pte_user(ro) && !pte_user(code) && !pte_user(device));
	conform(pte_write(rw) && pte_write(device) && !pte_write(ro));
	conform(!(pte_write(code) && pte_exec(code)) && pte_exec(code));
	conform(pte_global(rw) && pte_pfn(device) == sample);
	if (pt_nx_mask && PT_HAS_NX)
		conform(!pte_exec(rw) && !pte_exec(ro) && !pte_exec(device));
	return failures;
}

static int changes_by_value(void)
{
	int failures = 0;
	pte_t e = pte_make(sample, pte_prot_user(true, true, false));
	pte_t none;

	conform(pte_young(pte_mkyoung(e)) && !pte_young(pte_mkold(pte_mkyoung(e))));
	conform(pte_dirty(pte_mkdirty(e)) && !pte_dirty(pte_mkclean(pte_mkdirty(e))));
	conform(!pte_write(pte_wrprotect(e)) && pte_write(pte_mkwrite(pte_wrprotect(e))));
	conform(pte_special(pte_mkspecial(e)));
	e = pte_mkspecial(pte_mkdirty(pte_mkyoung(e)));
	none = pte_modify(e, PTE_PROT_NONE_);
	conform(pte_present(none) && !pte_user(none) && !pte_write(none) && !pte_is_swap(none));
	conform(!(pte_raw(none) & 1)); /* the hardware must not walk through */
	conform(pte_pfn(none) == sample && pte_young(none) && pte_dirty(none) && pte_special(none));
	conform(pte_raw(pte_modify(none, pte_prot_user(true, true, false))) == pte_raw(e));
	conform(pte_raw(pte_from_raw(pte_raw(e))) == pte_raw(e));
	return failures;
}

static int swap_entries(void)
{
	static const unsigned long offsets[] = { 0, 1, 0xff, 0x100, 0x7fffff };
	int failures = 0;

	for (unsigned type = 0; type < 32; type++) {
		for (unsigned i = 0; i < ARRAY_SIZE(offsets); i++) {
			pte_t e = pte_from_swap(type, offsets[i]);

			conform(pte_is_swap(e) && !pte_none(e) && !pte_present(e) && pte_any(&e));
			conform(pte_swap_type(e) == type && pte_swap_offset(e) == offsets[i]);
		}
	}
	return failures;
}

/* A large page without rights stays large and in place, is no swap entry, and splits into pages without rights. */
static int large_entry(pte_t none, int level)
{
	pte_t small = pte_small_of(none, 3);
	int failures = 0;

	conform(pte_is_leaf(none, level) && pte_present(none) && !(pte_raw(none) & 1));
	conform(!pte_is_swap(none) && pte_pfn(none) == 1 << 10);
	conform(pte_present(small) && !pte_is_swap(small) && pte_pfn(small) == (1 << 10) + 3);
	conform(pte_raw(pte_small_of(pte_make_large(1 << 10, PTE_KERNEL, level), 0)) ==
		pte_raw(pte_make(1 << 10, PTE_KERNEL)));
	return failures;
}

static int table_entries(void)
{
	int failures = 0;

	for (int level = PT_PMD; level <= pt_top_level(); level++) {
		pte_t e = pte_make_table(level, pfn_to_phys(sample));

		if (pt_folded(level))
			continue;
		conform(pte_present(e) && !pte_is_leaf(e, level));
		conform(pt_table_pa(e) == pfn_to_phys(sample));
		conform(pt_table_pa(pte_read_upper(&e)) == pfn_to_phys(sample));
		if (level <= PT_LARGE_LEVEL_MAX && !(PT_TOP_RELOAD && level == pt_top_level())) {
			pte_t large = pte_make_large(1 << 10, PTE_KERNEL, level);

			conform(pte_is_leaf(large, level) && pte_pfn(large) == 1 << 10);
			conform(pte_is_leaf(pte_read_upper(&large), level));
			conform(large_entry(pte_modify(large, PTE_PROT_NONE_), level) == 0);
		}
	}
	return failures;
}

/* Any of eight, wherever it is; forgotten it is none; and which frame is the next. */
static int neighbours(void)
{
	pte_t a = pte_make(sample, pte_prot_user(true, true, false)), run[8] = { { 0 } };
	int failures = 0;

	for (unsigned i = 0; i < ARRAY_SIZE(run); i++)
		pte_set(run + i, a);
	for (unsigned i = 0; i < ARRAY_SIZE(run); i++) {
		conform(pte_all_of_8(run));
		pte_set(run + i, pte_modify(a, PTE_PROT_NONE_));
		conform(!pte_all_of_8(run));
		pte_set(run + i, a);
	}
	for (unsigned i = 0; i < ARRAY_SIZE(run); i++)
		pte_forget(run + i);
	for (unsigned i = 0; i < ARRAY_SIZE(run); i++) {
		conform(!pte_any_of_8(run));
		pte_set(run + i, i % 2 ? a : pte_modify(a, PTE_PROT_NONE_));
		conform(pte_any_of_8(run));
		pte_forget(run + i);
		conform(pte_none(pte_read(run + i)));
	}
	conform(pte_follows(pte_mkyoung(pte_make(sample + 1, pte_prot_user(true, false, false))),
			    a));
	conform(!pte_follows(a, a) && !pte_follows(pte_make(sample + 2, a), a));
	conform(!pte_follows(pte_make(sample + 1, pte_prot_user(true, true, true)), a) ||
		pte_exec(a));
	conform(!pte_follows(pte_mkspecial(pte_make(sample + 1, a)), a));
	return failures;
}

static int changes_in_memory(void)
{
	int failures = 0;
	pte_t a = pte_make(sample, pte_prot_user(true, true, false));
	pte_t b = pte_make(sample + 1, pte_prot_user(true, false, true));
	pte_t slot = pte_from_raw(0), e;

	conform(pte_set_if_none(&slot, a));
	conform(!pte_set_if_none(&slot, b));
	conform(pte_raw(pte_read(&slot)) == pte_raw(a));
	conform(pte_raw(pte_replace(&slot, pte_mkyoung(pte_mkdirty(b)))) == pte_raw(a));
	conform(pte_test_and_clear_young(&slot) && !pte_test_and_clear_young(&slot));
	conform(pte_dirty(pte_read(&slot)) && pte_pfn(pte_read(&slot)) == sample + 1);
	conform(pte_raw(pte_clear(&slot)) == pte_raw(pte_mkdirty(b)));
	conform(pte_none(pte_read(&slot)) && !pte_any(&slot));
	e = pte_modify(a, PTE_PROT_NONE_);
	conform(pte_any(&a) && pte_any(&e));
	failures += neighbours();
	pte_set(&slot, a);
	pte_wrprotect_in_place(&slot);
	conform(pte_raw(pte_read(&slot)) == pte_raw(pte_wrprotect(a)));
	pte_mkwrite_in_place(&slot);
	conform(pte_raw(pte_read(&slot)) == pte_raw(pte_mkwrite(a)));
	pte_wrprotect_in_place(&slot);
	e = pte_read_locked(&slot);
	conform(pte_raw(e) == pte_raw(pte_wrprotect(a)));
	conform(!pte_flip(&slot, a, pte_raw(a) ^ pte_raw(b)));
	conform(!pte_flip(&slot, a, pte_raw(a) ^ pte_raw(e)));
	conform(pte_raw(pte_read(&slot)) == pte_raw(e));
	conform(pte_flip(&slot, e, pte_raw(e) ^ pte_raw(a)));
	conform(pte_raw(pte_read(&slot)) == pte_raw(a));
	conform(pte_flip(&slot, a,
			 pte_raw(a) ^ pte_raw(b))); /* the frame, and the right to execute */
	conform(pte_raw(pte_read(&slot)) == pte_raw(b));
	return failures;
}

int conformance_pt_entry(void)
{
	return geometry() + user_rights() + kernel_rights() + changes_by_value() + swap_entries() +
	       table_entries() + changes_in_memory();
}
