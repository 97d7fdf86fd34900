/*
 * The builder of the kernel's page tables: one descent and one filler for 2, 3 and 4 levels.
 *
 * OWNS     nothing: it writes the tables below the top table it is given.
 * WHY      mm/pt cannot be used before struct page exists, and struct page is reached through
 *          these tables.
 * LEVELS   the level of a folded table is that of the level above which has memory (owning_level):
 *          in 2-level mode a large page asked for at PT_PMD is an entry of the top table.
 * COST     kpt_map: one descent per table, then one store per entry.
 * FAILS    without memory for a table; the boot cannot go on then.
 * SOURCES  SDM volume 3A, "Paging".  TESTED BY  the boot tests: kernel_page_tables,
 *          conformance_physmap.
 */
#include "arch/x86/hw/kpt.h"

#include "arch/physmap.h"
#include "arch/tlb.h"

static int owning_level(int level)
{
	while (pt_folded(level))
		level++;
	return level;
}

static int next_lower(int level)
{
	do
		level--;
	while (pt_folded(level));
	return level;
}

static bool make_table(pte_t *e, int level, kpt_alloc_fn alloc)
{
	phys_t pa = alloc ? alloc(PAGE_SIZE, PAGE_SIZE) : 0;

	if (!pa)
		return false;
	frame_zero(phys_to_virt(pa));
	pte_set(e, pte_make_table(level, pa));
	return true;
}

pte_t *kpt_slot(pte_t *top, kaddr_t va, int level, kpt_alloc_fn alloc)
{
	int at = pt_top_level();
	pte_t *e = top + pt_index(at, va);

	level = owning_level(level);
	while (at > level) {
		if (pte_none(*e) && !make_table(e, at, alloc))
			return NULL;
		if (pte_is_leaf(*e, at))
			return NULL;
		e = pt_table_ptr(*e);
		at = next_lower(at);
		e += pt_index(at, va);
	}
	return e;
}

/* Largest level <= @max_level whose page fits at the start of the range. */
static int best_level(kaddr_t va, phys_t pa, phys_t len, int max_level)
{
	int level = max_level;

	while (level > PT_PTE &&
	       (pt_span(level) > len || (va | (kaddr_t)pa) & (pt_span(level) - 1)))
		level--;
	return owning_level(level);
}

bool kpt_map(kaddr_t va, phys_t pa, phys_t len, pte_t prot, int max_level, kpt_alloc_fn alloc)
{
	while (len) {
		int level = best_level(va, pa, len, max_level);
		uaddr_t span = pt_span(level);
		unsigned room = (1U << pt_bits(level)) - pt_index(level, va);
		pte_t *e = kpt_slot(kernel_root.top, va, level, alloc);

		if (!e)
			return false;
		for (; room && len >= span; room--, e++) {
			if (!pte_none(*e))
				return false;
			pte_set(e, level == PT_PTE ? pte_make(phys_to_pfn(pa), prot)
						   : pte_make_large(phys_to_pfn(pa), prot, level));
			va += span;
			pa += span;
			len -= span;
		}
	}
	return true;
}
