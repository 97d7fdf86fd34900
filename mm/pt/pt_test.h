/* For the tests of mm/pt: a bare mm without vmas, and pages in it. */
#ifndef MM_PT_TEST_H
#define MM_PT_TEST_H

#include "arch/pt.h"
#include "base/errno.h"
#include "mm/alloc.h"
#include "mm/gather.h"
#include "mm/huge.h"
#include "mm/mm.h"
#include "mm/range.h"
#include "sim/sim.h"
#include "sync/failpoint.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

#include <stdint.h>

#include <cmocka.h>

static inline void bare_mm_begin(struct mm_struct *mm)
{
	memset(mm, 0, sizeof(*mm));
	rwsem_init(&mm->mmap_lock, RANK_MM_MAP);
	must(pt_root_alloc(&mm->root) == 0);
}

/* Everything out, tables too; accounts must be even. */
static inline void bare_mm_end(struct mm_struct *mm)
{
	struct mmu_gather g;

	gather_begin_full(&g, mm);
	range_zap(&g, NULL, 0, USER_TOP);
	pt_free_tables(&g, 0, USER_TOP, 0, USER_TOP);
	gather_end(&g);
	for (int c = 0; c < NR_MM_COUNTERS; c++)
		assert_int_equal(atomic_long_read(&mm->rss_stat[c]), 0);
	assert_int_equal(atomic_long_read(&mm->pgtables_bytes), 0);
	pt_root_free(&mm->root);
}

/* A world of @ram_bytes (0: the usual) with @mm in it. */
static inline void pt_world_begin(struct mm_struct *mm, phys_t ram_bytes)
{
	const struct sim_config cfg = { .ram_bytes = ram_bytes };

	sim_world_begin(&cfg);
	bare_mm_begin(mm);
}

static inline void pt_world_end(struct mm_struct *mm)
{
	bare_mm_end(mm);
	sim_world_end();
}

static inline pte_t rights_rw(void)
{
	return pte_mkdirty(pte_mkyoung(pte_prot_user(true, true, false)));
}

/* @page, new, becomes the anonymous page at @va, @number in its first word. Return: 0 or -ENOMEM: it is freed. */
static inline int map_page(struct mm_struct *mm, uaddr_t va, struct page *page,
			   unsigned long number)
{
	struct page *table;
	pte_t *e;

	*(unsigned long *)page_address(page) = number;
	e = pt_find_alloc_locked(mm, &mm->root, va, &table);
	if (!e) {
		__free_page(page);
		return -ENOMEM;
	}
	must(pte_none(pte_read(e)));
	page_set(page, PG_anon_exclusive);
	page_become(page, PS_KERNEL, PS_ANON);
	range_account_map(mm, page);
	pte_set(e, pte_make(page_to_pfn(page), rights_rw()));
	pt_unlock(table);
	return 0;
}

/* A new anonymous page at @va, its number in the first word. Return: 0 or -ENOMEM. */
static inline int map_anon(struct mm_struct *mm, uaddr_t va, unsigned long number)
{
	struct page *page = alloc_page(GFP_KERNEL);

	return page ? map_page(mm, va, page, number) : -ENOMEM;
}

/* HPAGE_NR new pages at @va by one large entry; page i has number + i in its first word. 0 or -ENOMEM. */
static inline int map_huge(struct mm_struct *mm, uaddr_t va, unsigned long number)
{
	struct page *table, *page = alloc_pages(GFP_KERNEL, HPAGE_ORDER);
	struct page *spare = pt_table_alloc(mm);
	pte_t *e = pt_huge_alloc_locked(mm, &mm->root, va, &table);

	if (!page || !spare || !e) {
		if (e)
			pt_unlock(table);
		if (page)
			__free_pages(page, HPAGE_ORDER);
		if (spare)
			pt_table_free(mm, spare);
		return -ENOMEM;
	}
	split_page(page, HPAGE_ORDER);
	for (unsigned i = 0; i < HPAGE_NR; i++) {
		*(unsigned long *)page_address(page + i) = number + i;
		page_set(page + i, PG_anon_exclusive);
		page_become(page + i, PS_KERNEL, PS_ANON);
	}
	range_account_map_huge(mm, page);
	pt_deposit(table, spare);
	must(pte_set_if_none(e, pte_make_large(page_to_pfn(page), rights_rw(), pt_huge_level())));
	pt_unlock(table);
	return 0;
}

static inline pte_t entry_at(struct mm_struct *mm, uaddr_t va)
{
	return pt_peek(&mm->root, va, PT_PTE);
}

static inline void zap(struct mm_struct *mm, uaddr_t start, uaddr_t end)
{
	struct mmu_gather g;

	gather_begin(&g, mm);
	range_zap(&g, NULL, start, end);
	gather_end(&g);
}

#endif
