/*
 * Table pages: birth, lock, death; and the kernel's own mappings.
 *
 * OWNS     every page in state PS_TABLE below a top table (the top table is arch's, with the kernel half in it).
 * I1       a PS_TABLE page is zero when it is hooked and zero when it is freed.                   [pt_free_tables]
 * I2       mm->pgtables_bytes == PAGE_SIZE * PS_TABLE pages hooked below mm->root.                [table_test]
 * I3       an entry that points to a table changes only from none (compare-and-exchange) and back to none
 *          (pt_free_tables, mmap_lock held for write), but for huge.c and range_move.c.
 * LOCKS    the lock of a table page guards its PTEs and large entries; it lives in page->private. Entries that point to
 *          tables need none (I3).
 * CONTEXT  alloc may sleep; lock any context without interrupts.
 * COST     one zeroed page per 512 (2-level: 1024) PTEs; the kernel's tables are never freed, so a vmalloc range
 *          that comes and goes pays once.
 * FAILS    alloc: NULL.
 * NOT HERE when a freed table may be used again: gather.c flushes first, because a CPU's walker may hold pointers to
 *          tables in its paging-structure caches (SDM volume 3A, "Caching Translation Information").
 * TESTED BY  table_test.c, walk_test.c
 */
#include "base/errno.h"
#include "mm/alloc.h"
#include "mm/gather.h"
#include "mm/mm.h"
#include "mm/pt/pt_impl.h"
#include "sync/failpoint.h"

struct page *pt_table_alloc(struct mm_struct *mm)
{
	struct page *page;

	if (failpoint("pt_table"))
		return NULL;
	page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!page)
		return NULL;
	page_become(page, PS_KERNEL, PS_TABLE);
	WRITE_ONCE(page->private, 0);
	mod_node_stat(page, NR_PAGETABLE, 1);
	if (mm)
		atomic_long_add(&mm->pgtables_bytes, PAGE_SIZE);
	return page;
}

void pt_table_free(struct mm_struct *mm, struct page *page)
{
	mod_node_stat(page, NR_PAGETABLE, -1);
	if (mm)
		atomic_long_add(&mm->pgtables_bytes, -(long)PAGE_SIZE);
	WRITE_ONCE(page->private, 0);
	page_become(page, PS_TABLE, PS_KERNEL);
	if (!CFG_DEBUG)
		page_set(page, PG_zeroed); /* I1: who wants a zeroed page need not clear it */
	__free_page(page);
}

/* CPUs that have copies of the top entries see the change only after loading CR3 again. */
static void reload_top(struct pt_root *root)
{
	(void)__atomic_fetch_or(&root->reload_mask, READ_ONCE(root->cpu_mask), __ATOMIC_SEQ_CST);
	tlb_flush_root(root);
}

int pt_install_table(struct mm_struct *mm, struct pt_root *root, pte_t *e, int level)
{
	struct page *page = pt_table_alloc(mm);

	if (!page)
		return -ENOMEM;
	if (!pte_set_if_none(e, pte_make_table(level, page_to_phys(page)))) {
		pt_table_free(mm, page); /* another CPU was faster; nobody has seen ours */
		return 0;
	}
	if (PT_TOP_RELOAD && level == pt_top_level())
		reload_top(root);
	return 0;
}

/* ---- freeing empty tables ---- */

struct free_ctx {
	struct mmu_gather *g;
	uaddr_t floor, roof; /* nothing is mapped in [floor, roof], inclusive */
};

static void unhook(struct free_ctx *c, pte_t *e, int level, uaddr_t va)
{
	struct page *page = pfn_to_page(pte_pfn(pte_clear(e)));

	gather_note(c->g, va & PAGE_MASK);
	if (PT_TOP_RELOAD && level == pt_top_level())
		c->g->reload = true;
	gather_table(c->g, page);
}

/* Below entry @e of @level, that covers [va, last] of what the caller wants freed: free what lies in [floor, roof] whole. */
static void free_below(struct free_ctx *c, pte_t *tbl, int level, uaddr_t va, uaddr_t last)
{
	for (;;) {
		uaddr_t whole_first = va & ~(pt_span(level) - 1);
		uaddr_t whole_last = va | (pt_span(level) - 1);
		uaddr_t stop = min_of(uaddr_t, whole_last, last);
		pte_t *e = tbl + pt_index(level, va);
		pte_t cur = pte_read(e);
		int next = level - 1;

		while (pt_folded(next))
			next--;
		if (!pte_none(cur) && next > PT_PTE)
			free_below(c, pt_table_ptr(cur), next, va, stop);
		if (!pte_none(cur) && whole_first >= c->floor && whole_last <= c->roof)
			unhook(c, e, level, va);
		if (stop == last)
			return;
		va = stop + 1;
	}
}

/* The same for a range under one leaf table: down the one path, then up again as far as tables are free whole. */
static void free_path(struct free_ctx *c, pte_t *tbl, uaddr_t va)
{
	pte_t *path[PT_LEVELS];
	int level = pt_top_level(), lowest = PT_LEVELS;

	for (; level > PT_PTE; level--) {
		pte_t cur;

		if (pt_folded(level))
			continue;
		path[level] = tbl + pt_index(level, va);
		cur = pte_read(path[level]);
		if (pte_none(cur))
			break;
		lowest = level;
		tbl = pt_table_ptr(cur);
	}
	for (level = lowest; level <= pt_top_level(); level++) {
		if (pt_folded(level))
			continue;
		if ((va & ~(pt_span(level) - 1)) < c->floor ||
		    (va | (pt_span(level) - 1)) > c->roof)
			return;
		unhook(c, path[level], level, va);
	}
}

void pt_free_tables(struct mmu_gather *g, uaddr_t start, uaddr_t end, uaddr_t floor,
		    uaddr_t ceiling)
{
	struct free_ctx c = { .g = g, .floor = floor, .roof = ceiling - 1 };

	kassert(floor <= start && start < end && end <= ceiling && ceiling <= USER_TOP);
	if (ceiling ==
	    USER_TOP) /* what shares a table with the end of user space is not user's, or nothing */
		c.roof |= pt_span(pt_top_level()) - 1;
	if ((start ^ (end - 1)) < pt_span(PT_PMD))
		free_path(&c, g->mm->root.top, start);
	else
		free_below(&c, g->mm->root.top, pt_top_level(), start, end - 1);
}

/* ---- the kernel's own ranges ---- */

struct kmap_ctx {
	struct page **pages; /* next page; NULL: a physical run */
	phys_t pa;	     /* next frame of the run */
	pte_t prot;
};

static int kernel_map_run(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last)
{
	struct kmap_ctx *c = w->arg;

	for (;; e++, va += PAGE_SIZE) {
		pfn_t pfn = c->pages ? page_to_pfn(*c->pages++) : phys_to_pfn(c->pa);

		kassert(pte_none(pte_read(e)));
		pte_set(e, pte_make(pfn, c->prot));
		c->pa += PAGE_SIZE;
		if ((va | ~PAGE_MASK) == last)
			return 0;
	}
}

static int kernel_unmap_run(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last)
{
	for (;; e++, va += PAGE_SIZE) {
		(void)pte_clear(e);
		if ((va | ~PAGE_MASK) == last)
			return 0;
	}
}

static int kernel_protect_run(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last)
{
	const pte_t *prot = w->arg;

	for (;; e++, va += PAGE_SIZE) {
		(void)pte_replace(e, pte_modify(pte_read(e), *prot));
		if ((va | ~PAGE_MASK) == last)
			return 0;
	}
}

static const struct pt_walk_ops kernel_protect_ops = { .run = kernel_protect_run };
static const struct pt_walk_ops kernel_map_ops = { .fill = true, .run = kernel_map_run };
static const struct pt_walk_ops kernel_unmap_ops = { .run = kernel_unmap_run };

void pt_unmap_kernel(kaddr_t va, size_t size)
{
	struct pt_walk w = { .ops = &kernel_unmap_ops, .root = &kernel_root };

	must(pt_walk_range(&w, va, va + size - 1) == 0);
}

void pt_protect_kernel(kaddr_t va, size_t size, pte_t prot)
{
	struct pt_walk w = { .ops = &kernel_protect_ops, .root = &kernel_root, .arg = &prot };

	must(pt_walk_range(&w, va, va + size - 1) == 0);
}

static int kernel_map(kaddr_t va, size_t size, struct kmap_ctx *c)
{
	struct pt_walk w = { .ops = &kernel_map_ops, .root = &kernel_root, .arg = c };
	int err = pt_walk_range(&w, va, va + size - 1);

	if (err) /* nobody has used the addresses: no flush */
		pt_unmap_kernel(va, size);
	return err;
}

int pt_map_kernel(kaddr_t va, struct page **pages, unsigned nr_pages, pte_t prot)
{
	struct kmap_ctx c = { .pages = pages, .prot = prot };

	return kernel_map(va, (size_t)nr_pages << PAGE_SHIFT, &c);
}

int pt_map_kernel_phys(kaddr_t va, phys_t pa, size_t size, pte_t prot)
{
	struct kmap_ctx c = { .pa = pa, .prot = prot };

	return kernel_map(va, size, &c);
}
