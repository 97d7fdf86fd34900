/*
 * Conformance of translations: what is mapped is seen, what is flushed is gone, the CPU sets A and D, rights hold. Uses a root
 * of its own, activated on this CPU, and the end of kernel_root's vmalloc window.
 */
#include "arch/conformance/conformance.h"
#include "arch/irqflags.h"
#include "arch/pt.h"
#include "arch/uaccess.h"
#include "mm/alloc.h"
#include "mm/pt.h"

static const uaddr_t user_va = 0x08048000;
static const kaddr_t kernel_va = VMALLOC_END - 4 * PAGE_SIZE;

/* One kernel address shows frame after frame; each remapping is seen after its flush. */
static int kernel_window(struct page **pages)
{
	int failures = 0;
	volatile unsigned long *window = (volatile unsigned long *)kernel_va;

	for (unsigned round = 0; round < 4; round++) {
		struct page *page = pages[round & 1];
		unsigned long *linear = page_address(page);

		*linear = 100 + round;
		conform(pt_map_kernel(kernel_va, &page, 1, PTE_KERNEL) == 0);
		conform(*window == 100 + round);
		*window = 200 + round;
		conform(READ_ONCE(*linear) == 200 + round);
		pt_unmap_kernel(kernel_va, PAGE_SIZE);
		tlb_flush_kernel(kernel_va, kernel_va + PAGE_SIZE);
	}
	return failures;
}

/* The user entry becomes @e; the old one is flushed. */
static void set_user(struct pt_root *root, uaddr_t va, pte_t e)
{
	struct page *table;
	pte_t *slot = pt_find_locked(root, va, &table);

	(void)pte_clear(slot);
	if (!pte_none(e))
		pte_set(slot, e);
	pt_unlock(table);
	tlb_flush_page(root, va);
}

static int user_page(struct pt_root *root, struct page **pages)
{
	const pte_t rw = pte_prot_user(true, true, false), ro = pte_prot_user(true, false, false);
	int failures = 0;
	unsigned long word = 7;

	*(unsigned long *)page_address(pages[0]) = 11;
	*(unsigned long *)page_address(pages[1]) = 22;
	conform(copy_from_user_nofault(&word, user_va, sizeof(word)) == sizeof(word));
	set_user(root, user_va, pte_make(page_to_pfn(pages[0]), rw));
	conform(copy_from_user_nofault(&word, user_va, sizeof(word)) == 0 && word == 11);
	conform(pte_young(pt_peek(root, user_va, PT_PTE)) &&
		!pte_dirty(pt_peek(root, user_va, PT_PTE)));
	word = 33;
	conform(copy_to_user_nofault(user_va, &word, sizeof(word)) == 0);
	conform(pte_dirty(pt_peek(root, user_va, PT_PTE)));
	conform(*(unsigned long *)page_address(pages[0]) == 33);
	set_user(root, user_va, pte_make(page_to_pfn(pages[1]), ro));
	conform(copy_from_user_nofault(&word, user_va, sizeof(word)) == 0 && word == 22);
	conform(copy_to_user_nofault(user_va, &word, sizeof(word)) ==
		sizeof(word)); /* write protection binds the kernel */
	set_user(root, user_va, pte_modify(pte_make(page_to_pfn(pages[1]), rw), PTE_PROT_NONE_));
	conform(copy_from_user_nofault(&word, user_va, sizeof(word)) == sizeof(word));
	set_user(root, user_va, pte_from_raw(0));
	return failures;
}

/* A table under a top-level entry that was empty when the root was loaded. */
static int new_top_entry(struct pt_root *root, struct page *page)
{
	const uaddr_t va = USER_TOP - PAGE_SIZE * 16;
	int failures = 0;
	unsigned long word = 0;
	struct page *table;
	pte_t *slot = pt_find_alloc_locked(NULL, root, va, &table);

	conform(slot);
	if (!slot)
		return failures;
	pte_set(slot, pte_make(page_to_pfn(page), pte_prot_user(true, false, false)));
	pt_unlock(table);
	*(unsigned long *)page_address(page) = 44;
	conform(copy_from_user_nofault(&word, va, sizeof(word)) == 0 && word == 44);
	set_user(root, va, pte_from_raw(0));
	return failures;
}

static void free_tables_below(pte_t *tbl, int level)
{
	int next = level - 1;

	while (next > PT_PTE && pt_folded(next))
		next--;
	for (unsigned i = 0; i <= pt_index(level, USER_TOP - 1) || level != pt_top_level(); i++) {
		pte_t e;

		if (i >= 1U << pt_bits(level))
			return;
		e = pte_clear(tbl + i);
		if (!pte_present(e))
			continue;
		if (next > PT_PTE)
			free_tables_below(pt_table_ptr(e), next);
		pt_table_free(NULL, pfn_to_page(pte_pfn(e)));
	}
}

static void activate(struct pt_root *prev, struct pt_root *next)
{
	irqflags_t flags = irq_save();

	pt_activate(prev, next);
	irq_restore(flags);
}

static int user_root(struct page **pages)
{
	int failures = 0;
	struct pt_root root;
	struct page *table;
	pte_t *slot;

	conform(pt_root_alloc(&root) == 0);
	slot = pt_find_alloc_locked(NULL, &root, user_va, &table);
	conform(slot);
	if (slot)
		pt_unlock(table);
	/* Nobody changes roots under the test: the kernel is not preemptible, and nothing below has to wait. */
	activate(&kernel_root, &root);
	if (slot) {
		failures += user_page(&root, pages);
		failures += new_top_entry(&root, pages[1]);
	}
	activate(&root, &kernel_root);
	tlb_flush_root(&root);
	free_tables_below(root.top, pt_top_level());
	tlb_flush_root(&root);
	pt_root_free(&root);
	return failures;
}

int conformance_tlb(void)
{
	struct page *pages[2] = { alloc_page(GFP_KERNEL), alloc_page(GFP_KERNEL) };
	int failures = 0;

	conform(pages[0] && pages[1]);
	if (pages[0] && pages[1])
		failures += kernel_window(pages) + user_root(pages);
	for (unsigned i = 0; i < 2; i++) {
		if (pages[i])
			__free_page(pages[i]);
	}
	return failures;
}
