/*
 * Batched unmapping: unhook entries, flush the TLBs, and only then give frames and table pages back.
 *
 * OWNS     the references that unhooked entries held, and unhooked tables, between unhook and flush.
 * WHY      a flush on another CPU costs an interrupt and a wait, so one is made for up to GATHER_MAX pages. A frame freed
 *          before the flush could get a new owner while a CPU still writes to it through its TLB.
 *
 *              range.c: clear entry ──► gather_page ──► [pages] ─┐
 *              table.c: clear entry ──► gather_table ─► [tables] ┼─ tlb_flush ──► free_pages_bulk, pt_table_free
 *              range.c: weaken entry ─► gather_note ──► range ───┘
 *
 * I1       nr < max whenever a run function is entered.                                    [gather_page]
 * I2       everything in pages and tables had its entry cleared, and [start, end) covers those entries.
 * I3       a run of more than one page had, when it was unhooked, none but anonymous ones or none but a cache's small ones, which
 *          may have become anonymous since (swap).                                     [gather_run, gather_files]
 * I4       after gather_flush nothing is pending and no TLB holds an entry that was noted.       [simulator's oracle]
 * LOCKS    none of its own: one thread's stack object. No spinlock may be held at relieve, flush and end, because the
 *          flush waits for other CPUs, which may be spinning on that lock.
 * CONTEXT  sleeping is not needed; the larger array is allocated without reclaim.
 * COST     per page: one store on collecting; one load, one store and a share of the bulk free on flushing.
 *          A transparent huge page is collected as one, because its pages lie side by side.
 * FAILS    never: without memory for the larger array it flushes every GATHER_INLINE pages.
 * TESTED BY  gather_test.c
 */
#include "mm/gather.h"
#include "arch/pt.h"
#include "mm/alloc.h"
#include "mm/huge.h"
#include "mm/imports.h"
#include "mm/mm.h"
#include "mm/notify.h"
#include "mm/swap.h"
#include "sync/failpoint.h"
#include "sync/trace.h"

enum {
	FREE_BLOCK_MIN = 3, /* order: fewer pages had better stay on the CPU's list */
	NO_RUN = ~0U >> 1   /* of mmu_gather.open */
};

void gather_begin(struct mmu_gather *g, struct mm_struct *mm)
{
	g->mm = mm;
	g->start = ~(uaddr_t)0;
	g->end = 0;
	g->full = false;
	g->keep_anon = false;
	g->keep_uffd_wp = false;
	g->reload = false;
	g->nr = 0;
	g->open = NO_RUN;
	g->nr_blocks = 0;
	g->max = GATHER_INLINE;
	g->runs = g->inline_runs;
	list_init(&g->tables);
}

void gather_begin_full(struct mmu_gather *g, struct mm_struct *mm)
{
	gather_begin(g, mm);
	g->full = true;
}

void gather_table(struct mmu_gather *g, struct page *table)
{
	list_add_tail(&table->lru, &g->tables);
}

/* Pages whose last reference is gone, on their way to the allocator. */
struct dead {
	unsigned nr_singles;
	struct page *singles[GATHER_INLINE];
};

static void free_singles(struct dead *d)
{
	if (d->nr_singles)
		free_pages_bulk(d->singles, d->nr_singles);
	d->nr_singles = 0;
}

static inline void free_single(struct dead *d, struct page *page)
{
	d->singles[d->nr_singles++] = page;
	if (d->nr_singles == ARRAY_SIZE(d->singles))
		free_singles(d);
}

/* The @n pages from @page on, of one zone: in blocks, as large as they can be. */
static void free_run(struct dead *d, struct page *page, unsigned n)
{
	while (n) {
		unsigned order = n >> FREE_BLOCK_MIN ? block_order_at(page_to_pfn(page), n) : 0;

		if (order < FREE_BLOCK_MIN || trace_on) { /* traced as they were allocated */
			order = 0;
			free_single(d, page);
		} else {
			free_pages_block(page, order);
		}
		page += 1U << order;
		n -= 1U << order;
	}
}

static inline void drop_page(struct dead *d, struct page *page)
{
	if (page_state(page) != PS_ANON)
		put_page(page);
	else if (atomic_dec_and_test(&page->_refcount))
		free_single(d, page);
	else
		swap_page_left(page);
}

/* The references of a run go; pages that nobody else has are freed, cut where one stays or a zone ends. */
static void drop_run(struct dead *d, struct page *page, unsigned n)
{
	struct page *first = page, *const start = page, *const end = page + n;
	unsigned long flags = READ_ONCE(page->flags);

	for (; page < end; page++) {
		kassert(page_state(page) == PS_ANON || page_state(page) == PS_FILE);
		if (!atomic_dec_and_test(&page->_refcount)) {
			if (page > first)
				free_run(d, first, (unsigned)(page - first));
			first = page + 1;
		} else if (unlikely((READ_ONCE(page->flags) ^ flags) & PAGE_PLACE_MASK)) {
			free_run(d, first, (unsigned)(page - first));
			first = page;
			flags = READ_ONCE(page->flags);
		}
	}
	free_run(d, first, (unsigned)(page - first));
	for (page = swap_in_use() ? start : end; unlikely(page < end); page++)
		swap_page_left(page);
}

static void free_collected(struct mmu_gather *g)
{
	struct dead d;

	d.nr_singles = 0;
	for (unsigned i = 0; i < g->nr; i++) {
		struct page *page = pfn_to_page(g->runs[i] >> GATHER_RUN_BITS);
		unsigned more = g->runs[i] % GATHER_RUN;

		if (more)
			drop_run(&d, page, more + 1);
		else
			drop_page(&d, page);
	}
	g->nr = 0;
	g->open = NO_RUN;
	free_singles(&d);
}

/* A reference of each page of a block goes; if it was the last of all of them the block is given back whole. */
static void free_block(struct page *block)
{
	uint8_t dead[HPAGE_NR];
	unsigned nr = 0;

	if (page_test(block, PG_head)) { /* hugetlb: one reference for all */
		put_page(block);
		return;
	}
	for (unsigned i = 0; i < HPAGE_NR; i++) {
		dead[i] = atomic_dec_and_test(&block[i]._refcount);
		if (!dead[i])
			swap_page_left(block + i);
		nr += dead[i];
	}
	if (nr == HPAGE_NR) {
		free_pages_block(block, HPAGE_ORDER);
		return;
	}
	for (unsigned i = 0; i < HPAGE_NR; i++) {
		struct page *page = block + i;

		if (dead[i])
			free_pages_bulk(&page, 1);
	}
}

static bool table_is_empty(const struct page *table)
{
	const unsigned long *word = page_address(table);

	for (unsigned i = 0; i < PAGE_SIZE / sizeof(*word); i++) {
		if (word[i])
			return false;
	}
	return true;
}

static void free_tables(struct mmu_gather *g)
{
	while (!list_empty(&g->tables)) {
		struct page *table = list_first(&g->tables, struct page, lru);

		list_del(&table->lru);
		kassert(table_is_empty(table));
		pt_table_free(g->mm, table);
	}
}

void gather_flush_unhooked(struct mm_struct *mm)
{
	unsigned long unhooked = __atomic_load_n(&mm->unhooked, __ATOMIC_SEQ_CST);

	tlb_flush_root(&mm->root);
	WRITE_ONCE(mm->flushed, unhooked); /* of several the last: once too often does no harm */
}

void unhook_begin(unsigned long *cpus)
{
	*cpus = 0;
	mm_ctx_current()->unhooked_cpus = cpus;
}

void unhook_end(unsigned long *cpus)
{
	mm_ctx_current()->unhooked_cpus = NULL;
	if (*cpus)
		tlb_flush_cpus(*cpus);
}

static void flush_tlbs(struct mmu_gather *g)
{
	struct pt_root *root = &g->mm->root;

	if (unlikely(g->mm->notify) && g->start < g->end)
		g->mm->notify->ops->flush(g->mm, g->start, g->end);
	if (g->reload) {
		(void)__atomic_fetch_or(&root->reload_mask, READ_ONCE(root->cpu_mask),
					__ATOMIC_SEQ_CST);
		tlb_flush_root(root);
	} else if (READ_ONCE(g->mm->unhooked) != READ_ONCE(g->mm->flushed)) {
		gather_flush_unhooked(g->mm);
	} else if (g->start < g->end) {
		if (g->full)
			tlb_flush_root(root);
		else
			tlb_flush_range(root, g->start, g->end, PAGE_SIZE);
	}
	g->reload = false;
	g->start = ~(uaddr_t)0;
	g->end = 0;
}

static noinline_ void free_all(struct mmu_gather *g)
{
	if (g->nr)
		free_collected(g);
	while (g->nr_blocks)
		free_block(g->blocks[--g->nr_blocks]);
	free_tables(g);
}

void gather_flush(struct mmu_gather *g)
{
	flush_tlbs(g);
	if (g->nr || g->nr_blocks || !list_empty(&g->tables)) /* who protects collects nothing */
		free_all(g);
}

void gather_relieve(struct mmu_gather *g)
{
	if (g->nr == g->max && g->max == GATHER_INLINE && !failpoint("gather_array")) {
		struct page *page = alloc_page(GFP_NOWAIT | __GFP_NOWARN);

		if (page) {
			unsigned long *array = page_address(page);

			for (unsigned i = 0; i < g->nr; i++)
				array[i] = g->runs[i];
			g->runs = array;
			g->max = GATHER_MAX;
			return;
		}
	}
	gather_flush(g);
}

void gather_end(struct mmu_gather *g)
{
	gather_flush(g);
	if (g->max != GATHER_INLINE)
		__free_page(virt_to_page(g->runs));
	g->max = 0;
}
