/*
 * alloc_pages: which zone gives the page, and what to do when none wants to.
 *
 * OWNS     the policy between callers and free lists: zonelist order, watermarks, the slow path.
 * WHY      the fast path must be a few tens of instructions (a fault is one allocation); everything that is rare,
 *          loops or sleeps stands apart, in stages around one struct alloc_ctx.
 *
 *	fast      first zone of the list above its low watermark: its per-CPU list
 *	near      if vm.zone_reclaim_mode asks for it: phys_reclaim_node, while the caller's own node is below its marks
 *	wake      phys_wake: background reclaim, for callers that allow it
 *	reserves  the same search down to the min watermark, or below it for those who may: HIGH half of it, ATOMIC a
 *	          quarter of the rest, a thread that is freeing memory all
 *	          - here callers that may not wait give up -
 *	drain     per-CPU lists of all CPUs back to the buddy, search again
 *	compact   for large blocks: phys_compact moves pages until one is free, search again
 *	relieve   phys_relieve frees something, search again; up to MAX_RETRIES rounds while that helps
 *	fail      NULL; __GFP_NOFAIL sleeps a moment and starts over
 *
 * I1       a zone gives a page only if free > mark + lowmem_reserve[type asked for] (or the caller has no mark).
 * I2       what is returned: PS_KERNEL, refcount 1, mapcount -1, mapping NULL, private 0, no PG_ flag but PG_head.
 * I3       recursion: while phys_relieve runs, the thread has MM_CTX_MEMALLOC, so its own allocations never relieve.
 * LOCKS    none held; takes pcp->lock, zone->lock through pcp.c and here for higher orders.
 * CONTEXT  any without __GFP_DIRECT_RECLAIM; with it a thread that may sleep.
 * COST     order 0 with a page on the CPU's list: about 60 instructions, no shared cache line written.
 * FAILS    NULL. It goes up as -ENOMEM, or, of a fault, to mm/reclaim/oom.c.
 * NOT HERE what to reclaim (mm/reclaim).   TESTED BY  alloc_test.c.
 */
#include "mm/alloc.h"
#include "lib/string.h"
#include "mm/imports.h"
#include "mm/lru.h"
#include "mm/node_reclaim.h"
#include "mm/phys/phys_impl.h"
#include "mm/vmalloc.h"
#include "mm/vmevent.h"
#include "sync/failpoint.h"
#include "sync/klog.h"
#include "sync/thread.h"
#include "sync/trace.h"

enum {
	MAX_RETRIES =
		16, /* rounds of reclaim that found something before an allocation gives up (Linux) */
	MAX_WARNINGS = 10, /* failures reported in the log */
	NOFAIL_PAUSE_MS = 10,
	RUN_MIN = 8, /* pages that are worth a block of their own */
};

/* The highest type that gfp bits DMA, HIGHMEM, DMA32, MOVABLE allow: gfp_zone() as a table, filled at boot. */
static uint8_t highest_type[16];

void alloc_init(void)
{
	for (gfp_t g = 0; g < ARRAY_SIZE(highest_type); g++)
		highest_type[g] = (uint8_t)gfp_zone(g);
}

static inline enum zone_type highest_of(gfp_t gfp)
{
	return (enum zone_type)highest_type[gfp & 15];
}

static inline enum migratetype migratetype_of(gfp_t gfp)
{
	kassert((gfp >> 3 & 3) == (unsigned)gfp_migratetype(gfp));
	return (enum migratetype)(gfp >> 3 & 3);
}

/* ---- one zone ---- */

static inline void count_alloc(const struct zone *z, unsigned long nr)
{
	count_vm_events((enum vm_event)(PGALLOC_DMA + z->type), nr);
}

static struct page *take_block(struct zone *z, unsigned order, enum migratetype mt,
			       const struct zone *wanted)
{
	irqflags_t flags = spin_lock_irqsave(&z->lock);
	struct page *page = buddy_alloc_locked(z, order, mt);

	if (page) { /* not BUDDY, not FREE: nobody else may think it is part of a free block */
		page_set_state(page, PS_KERNEL);
		pcp_count_alloc(pcp_mine(z), z, wanted);
	}
	spin_unlock_irqrestore(&z->lock, flags);
	return page;
}

static inline struct page *take_from(struct zone *z, const struct alloc_ctx *ctx)
{
	enum migratetype mt = migratetype_of(ctx->gfp);

	return likely(ctx->order == 0) ? pcp_alloc(z, mt, ctx->preferred)
				       : take_block(z, ctx->order, mt, ctx->preferred);
}

static void zero_block(struct page *page, unsigned order)
{
	for (struct page *p = page; p < page + (1UL << order); p++)
		clear_highpage(p);
}

static always_inline_ void prepare(struct page *page, const struct zone *z, unsigned order,
				   gfp_t gfp)
{
	if (likely(order == 0))
		page_alloc_prepare_one(page);
	else
		page_alloc_prepare(page, order, gfp);
	count_alloc(z, 1UL << order);
}

/* What few callers need, out of the way of the others. */
static noinline_ struct page *finish_rare(struct page *page, const struct zone *z, unsigned order,
					  gfp_t gfp)
{
	bool zero = order == 0 && page_known_zero(page);

	prepare(page, z, order, gfp);
	trace(TRACE_PAGE_ALLOC, page_to_pfn(page), order);
	tracepoint(mm_page_alloc, page_to_pfn(page), order, migratetype_of(gfp), gfp);
	if ((gfp & __GFP_ZERO) && !zero)
		zero_block(page, order);
	return page;
}

static always_inline_ struct page *finish(struct page *page, struct zone *z, unsigned order,
					  gfp_t gfp)
{
	if (unlikely(trace_on) || (gfp & __GFP_ZERO))
		return finish_rare(page, z, order, gfp);
	prepare(page, z, order, gfp);
	return page;
}

static void finish_bulk(struct page **pages, unsigned n, struct zone *z, gfp_t gfp)
{
	bool rare = trace_on || (gfp & __GFP_ZERO);

	for (unsigned i = 0; i < n; i++) {
		if (unlikely(rare))
			(void)finish_rare(pages[i], z, 0, gfp);
		else
			page_alloc_prepare_one(pages[i]);
	}
	if (likely(!rare))
		count_alloc(z, n);
}

/* ---- the search ---- */

/* How deep a caller may go below the low watermark. */
enum reserve { RESERVE_NONE, RESERVE_MIN, RESERVE_HIGH, RESERVE_ATOMIC, RESERVE_ALL };

static unsigned long mark_of(const struct zone *z, enum reserve r)
{
	unsigned long min = z->watermark[WMARK_MIN];

	switch (r) {
	case RESERVE_NONE:
		return z->watermark[WMARK_LOW];
	case RESERVE_MIN:
		return min;
	case RESERVE_HIGH:
		return min - min / 2;
	case RESERVE_ATOMIC:
		min -= min / 2;
		return min - min / 4;
	default:
		return 0;
	}
}

static struct page *search(struct alloc_ctx *ctx, struct pglist_data *node, enum reserve reserve)
{
	for (struct zone **zp = node->first[ctx->highest]; *zp; zp++) {
		struct zone *z = *zp;

		if (z->type > ctx->highest)
			continue;
		if ((ctx->gfp & __GFP_THISNODE) && z->pgdat != node)
			break;
		if (!(ctx->nodes >> z->pgdat->node_id & 1))
			continue;
		if (!ctx->preferred)
			ctx->preferred = z;
		if (reserve != RESERVE_ALL &&
		    !zone_watermark_ok(z, ctx->order, mark_of(z, reserve), ctx->highest))
			continue;
		struct page *page = take_from(z, ctx);

		if (page)
			return finish(page, z, ctx->order, ctx->gfp);
	}
	return NULL;
}

/* ---- the slow path ---- */

static enum reserve reserve_for(gfp_t gfp, const struct mm_ctx *self)
{
	if ((gfp & __GFP_MEMALLOC) || (self->scoped & MM_CTX_MEMALLOC))
		return gfp & __GFP_NOMEMALLOC ? RESERVE_MIN : RESERVE_ALL;
	if (gfp & __GFP_ATOMIC)
		return RESERVE_ATOMIC;
	return (gfp & __GFP_HIGH) || self->oom_victim ? RESERVE_HIGH : RESERVE_MIN;
}

static bool relieve(struct alloc_ctx *ctx, struct mm_ctx *self)
{
	unsigned outer = self->scoped & MM_CTX_MEMALLOC;
	bool helped;

	self->scoped |= MM_CTX_MEMALLOC;
	helped = phys_relieve(ctx);
	self->scoped = (self->scoped & ~(unsigned)MM_CTX_MEMALLOC) | outer;
	return helped;
}

/* A large block by moving pages. Its makers hold no lock that a move needs; those of small ones may. */
static bool compact(struct alloc_ctx *ctx, struct mm_ctx *self)
{
	unsigned outer = self->scoped & MM_CTX_MEMALLOC;
	bool helped;

	if (!(ctx->gfp & __GFP_IO))
		return false;
	self->scoped |= MM_CTX_MEMALLOC;
	helped = phys_compact(ctx);
	self->scoped = (self->scoped & ~(unsigned)MM_CTX_MEMALLOC) | outer;
	return helped;
}

/* Another round of reclaim? */
static bool worth_retrying(const struct alloc_ctx *ctx, bool helped, const struct mm_ctx *self)
{
	if (!helped || (ctx->gfp & __GFP_NORETRY) || self->fatal_signal)
		return false;
	if (ctx->order > COSTLY_ORDER && !(ctx->gfp & __GFP_RETRY_MAYFAIL))
		return false;
	return ctx->retries < MAX_RETRIES;
}

static struct page *reclaim_and_search(struct alloc_ctx *ctx, struct pglist_data *node)
{
	struct mm_ctx *self = mm_ctx_current();
	enum reserve reserve = reserve_for(ctx->gfp, self);
	struct page *page;
	bool helped;

	might_sleep();
	count_vm_event((enum vm_event)(ALLOCSTALL_DMA + ctx->highest));
	drain_all_pages();
	page = search(ctx, node, reserve);
	if (!page && ctx->order > COSTLY_ORDER && compact(ctx, self))
		page = search(ctx, node, reserve);
	do {
		if (page)
			return page;
		ctx->retries++;
		helped = relieve(ctx, self);
		page = search(ctx, node, reserve);
	} while (!page && worth_retrying(ctx, helped, self));
	return page;
}

static void warn_failed(const struct alloc_ctx *ctx)
{
	static unsigned warnings; /* a race prints one more */
	char text[128];

	if ((ctx->gfp & __GFP_NOWARN) || warnings >= MAX_WARNINGS)
		return;
	warnings++;
	(void)gfp_to_str(ctx->gfp, text, sizeof(text));
	pr_warn("page allocation failure: order:%u, mode:%#x(%s), %lu pages free", ctx->order,
		ctx->gfp, text, nr_free_pages());
}

static bool may_reclaim(gfp_t gfp, const struct mm_ctx *self)
{
	return (gfp & __GFP_DIRECT_RECLAIM) && !(self->scoped & MM_CTX_MEMALLOC);
}

/* vm.zone_reclaim_mode: the caller's own node gives what is cheap there, before the search comes to others. */
static noinline_ void relieve_own_node(struct alloc_ctx *ctx, struct pglist_data *node,
				       struct mm_ctx *self)
{
	unsigned outer = self->scoped & MM_CTX_MEMALLOC;

	if (!may_reclaim(ctx->gfp, self) || !(ctx->nodes >> node->node_id & 1))
		return;
	for (unsigned t = 0; t <= (unsigned)ctx->highest; t++) {
		const struct zone *z = &node->node_zones[t];

		if (zone_has_memory(z) &&
		    zone_watermark_ok(z, ctx->order, z->watermark[WMARK_LOW], ctx->highest))
			return;
	}
	self->scoped |= MM_CTX_MEMALLOC;
	(void)phys_reclaim_node(ctx, node);
	self->scoped = (self->scoped & ~(unsigned)MM_CTX_MEMALLOC) | outer;
}

static noinline_ struct page *alloc_slow(gfp_t gfp, unsigned order, struct pglist_data *node,
					 nodemask_t allowed)
{
	struct mm_ctx *self = mm_ctx_current();
	struct alloc_ctx ctx = { .order = order, .highest = highest_of(gfp), .nodes = allowed };
	struct page *page;

	if (unlikely(order > MAX_ORDER))
		return NULL;
	if (self->scoped & (MM_CTX_NOIO | MM_CTX_NOFS))
		gfp &= ~(self->scoped & MM_CTX_NOIO ? __GFP_IO | __GFP_FS : __GFP_FS);
	ctx.gfp = gfp;
	if (unlikely(READ_ONCE(node_reclaim_mode)))
		relieve_own_node(&ctx, node, self);
	for (;;) {
		page = search(&ctx, node, RESERVE_NONE); /* the fast path saw the first zone only */
		if (page)
			return page;
		if (gfp & __GFP_KSWAPD_RECLAIM)
			phys_wake(node->node_id, ctx.highest, order);
		page = search(&ctx, node, reserve_for(gfp, self));
		if (!page && may_reclaim(gfp, self))
			page = reclaim_and_search(&ctx, node);
		if (page || !(gfp & __GFP_NOFAIL) || !may_reclaim(gfp, self))
			break;
		ctx.retries = 0;
		(void)thread_park(PARK_UNINTERRUPTIBLE,
				  clock_ns() + NOFAIL_PAUSE_MS * NSEC_PER_MSEC);
	}
	if (!page) {
		self->oom_barred = ~allowed;
		self->oom_gfp = gfp;
		self->oom_order = order;
		warn_failed(&ctx);
	}
	return page;
}

/* ---- the interface ---- */

/*
 * The path of nearly every allocation: one page, the first zone above its low watermark, a page on this CPU's list. It calls
 * nothing, so that the compiler needs no stack frame for it; all else is alloc_slow's.
 */
static always_inline_ struct page *alloc_fast(struct pglist_data *node, gfp_t gfp,
					      bool zero) no_lock_analysis
{
	enum zone_type highest = highest_of(gfp);
	struct zone *z = *node->first[highest];
	struct list_head *list, *first;
	struct page *page;
	struct pcp *p;
	bool known_zero;

	if (unlikely(!z) || unlikely(atomic_long_read(&z->stat[NR_FREE_PAGES]) <=
				     (long)z->watermark[WMARK_LOW] + z->lowmem_reserve[highest]))
		return alloc_slow(gfp, 0, node, NODES_ALL);
	p = pcp_mine(z);
	list = &p->lists[migratetype_of(gfp)];
	irqflags_t flags = irq_save();

	if (unlikely(!spin_trylock(&p->lock))) { /* another CPU drains our list */
		irq_restore(flags);
		return alloc_slow(gfp, 0, node, NODES_ALL);
	}
	if (zero && migratetype_of(gfp) == MIGRATE_UNMOVABLE && !list_empty(&p->lists[PCP_ZEROED]))
		list = &p->lists[PCP_ZEROED];
	first = list->next;
	if (unlikely(first == list)) {
		spin_unlock_irqrestore(&p->lock, flags);
		return alloc_slow(gfp, 0, node, NODES_ALL);
	}
	list_del_first(list, first);
	p->count--;
	p->numa_hit++;
	spin_unlock_irqrestore(&p->lock, flags);
	page = list_entry(first, struct page, lru);
	if (unlikely(trace_on))
		return finish_rare(page, z, 0, gfp);
	known_zero = zero && page_known_zero(page);
	prepare(page, z, 0, gfp);
	if (zero && !known_zero)
		clear_highpage(page);
	return page;
}

static noinline_ struct page *alloc_zeroed(struct pglist_data *node, gfp_t gfp)
{
	return alloc_fast(node, gfp, true);
}

static always_inline_ struct page *alloc_from(struct pglist_data *node, gfp_t gfp, unsigned order)
{
	if (!(gfp & __GFP_NOFAIL) && failpoint("alloc_pages"))
		return NULL;
	if (unlikely(order != 0))
		return alloc_slow(gfp, order, node, NODES_ALL);
	return unlikely(gfp & __GFP_ZERO) ? alloc_zeroed(node, gfp) : alloc_fast(node, gfp, false);
}

static struct pglist_data *node_or_local(int node)
{
	kassert(node == NUMA_NO_NODE || node_online(node));
	return node < 0 ? this_cpu(numa_local) : node_data[node];
}

struct page *alloc_pages(gfp_t gfp, unsigned order)
{
	return alloc_from(this_cpu(numa_local), gfp, order);
}

struct page *alloc_pages_node(int node, gfp_t gfp, unsigned order)
{
	return alloc_from(node_or_local(node), gfp, order);
}

struct page *alloc_pages_nodemask(gfp_t gfp, unsigned order, int node, nodemask_t allowed)
{
	if (!(gfp & __GFP_NOFAIL) && failpoint("alloc_pages"))
		return NULL;
	return alloc_slow(gfp, order, node_or_local(node), allowed);
}

void numa_count_interleave(const struct page *page)
{
	irqflags_t flags = irq_save();

	pcp_mine(page_zone(page))->numa_interleave++;
	irq_restore(flags);
}

/* The first zone may give @n pages and stay above its low watermark. */
static bool plenty(const struct zone *z, unsigned n, enum zone_type highest)
{
	long need = (long)z->watermark[WMARK_LOW] + z->lowmem_reserve[highest] + (long)n;

	return atomic_long_read(&z->stat[NR_FREE_PAGES]) > need;
}

/*
 * As many as a block of the type has, if there is one at hand: then neighbours lie side by side, come without a look at
 * each other's list, and can go back together. Return: 0 if there is none.
 */
static unsigned take_run(struct zone *z, enum migratetype mt, unsigned n, struct page **pages)
{
	unsigned order = floor_log2(n);
	irqflags_t flags = spin_lock_irqsave(&z->lock);
	struct page *page = buddy_alloc_own_locked(z, order, mt);

	if (page) {
		page_set_state(page, PS_KERNEL); /* as take_block does */
		pcp_mine(z)->numa_hit += 1UL << order;
	}
	spin_unlock_irqrestore(&z->lock, flags);
	if (!page)
		return 0;
	for (unsigned i = 0; i < 1U << order; i++)
		pages[i] = page + i;
	return 1U << order;
}

static unsigned take_bulk(struct zone *z, enum migratetype mt, unsigned n, struct page **pages)
{
	unsigned got = n >= RUN_MIN ? take_run(z, mt, n, pages) : 0;

	if (got < n)
		got += (unsigned)pcp_alloc_bulk(z, mt, (int)(n - got), pages + got);
	return got;
}

static unsigned alloc_bulk(struct pglist_data *node, gfp_t gfp, unsigned n, struct page **pages)
{
	enum zone_type highest = highest_of(gfp);
	struct zone *z = *node->first[highest];
	unsigned got = 0;

	if (failpoint("alloc_pages_bulk"))
		return 0;
	if (z && plenty(z, n, highest))
		got = take_bulk(z, migratetype_of(gfp), n, pages);
	if (got)
		finish_bulk(pages, got, z, gfp);
	while (got < n) {
		struct page *page = alloc_from(node, gfp, 0);

		if (!page)
			break;
		pages[got++] = page;
	}
	return got;
}

unsigned alloc_pages_bulk(gfp_t gfp, unsigned n, struct page **pages)
{
	return alloc_bulk(this_cpu(numa_local), gfp, n, pages);
}

unsigned alloc_pages_bulk_node(int node, gfp_t gfp, unsigned n, struct page **pages)
{
	return alloc_bulk(node_or_local(node), gfp, n, pages);
}

/* ---- free ---- */

/* Pages of programs and caches are on the lists of reclaim, or have been. */
static inline bool was_listed(const struct page *page)
{
	return READ_ONCE(page->flags) & PAGE_LIST_FLAGS;
}

static void trace_free(const struct page *page, unsigned order)
{
	trace(TRACE_PAGE_FREE, page_to_pfn(page), order);
	tracepoint(mm_page_free, page_to_pfn(page), order);
}

/* Blocks, and every free while tracing. Refcount is 0. */
static noinline_ void free_block_slow(struct page *page, unsigned order)
{
	struct zone *z = page_zone(page);

	if (page_test(page, PG_hugetlb)) {
		page_recycle(page, order);
		hugetlb_page_freed(page);
		return;
	}
	count_vm_events(PGFREE, 1UL << order);
	trace_free(page, order);
	if (order == 0) {
		page_free_prepare_one(page, PS_PCP);
		pcp_free(z, page);
		return;
	}
	page_free_prepare(page, order, PS_FREE);
	irqflags_t flags = spin_lock_irqsave(&z->lock);

	buddy_free_locked(z, page, order);
	spin_unlock_irqrestore(&z->lock, flags);
}

static noinline_ void free_listed(struct page *page)
{
	lru_free_block(page, 1);
	free_block_slow(page, 0);
}

static always_inline_ void free_block(struct page *page, unsigned order)
{
	if (was_listed(page) && order == 0) { /* the page of a program or a cache */
		free_listed(page);
		return;
	}
	if (unlikely(order) || unlikely(trace_on)) {
		free_block_slow(page, order);
		return;
	}
	count_vm_event(PGFREE);
	page_free_prepare_one(page, PS_PCP);
	pcp_free(page_zone(page), page);
}

static inline bool last_reference(struct page *page)
{
	int left = atomic_add_return(&page->_refcount, -1);

	if (unlikely(left < 0))
		page_bad(page, "freed with no reference");
	return left == 0;
}

/* Apart, so that who is not the last pays for no registers. */
noinline_ void page_put_last(struct page *page, int left)
{
	if (unlikely(left < 0))
		page_bad(page, "freed with no reference");
	free_block(page, page_order(page));
}

void put_page(struct page *page)
{
	put_page_cached(page_head(page));
}

void put_pages(struct page *page, unsigned n)
{
	for (struct page *const end = page + n; page < end; page++) {
		int left = atomic_add_return(&page->_refcount, -1);

		kassert(page_state(page) != PS_TAIL);
		if (unlikely(left <= 0))
			page_put_last(page, left);
	}
}

void __free_pages(struct page *page, unsigned order)
{
	bool compound = page_test(page, PG_head);

	if (last_reference(page)) {
		free_block(page, order);
		return;
	}
	/* Somebody looks at the first page just now (page_get_by_pfn): he frees it, and knows of no order. */
	while (!compound && order-- > 0)
		free_block(page + (1UL << order), order);
}

void free_pages_bulk(struct page **pages, unsigned n)
{
	unsigned i = 0;

	lru_free_pages(pages, n);
	count_vm_events(PGFREE, n);
	for (unsigned t = 0; unlikely(trace_on) && t < n; t++)
		trace_free(pages[t], 0);
	while (i < n)
		i += pcp_free_bulk(page_zone(pages[i]), pages + i, n - i);
}

void split_page(struct page *page, unsigned order)
{
	kassert(page_ref_count(page) == 1 && !page_test(page, PG_head));
	for (struct page *p = page + 1; p < page + (1UL << order); p++)
		atomic_set(&p->_refcount, 1);
}

struct page *alloc_free_block(struct zone *z, pfn_t pfn, unsigned max_order, unsigned *order)
{
	struct page *page = NULL;

	if (!pfn_valid(pfn) || page_state(pfn_to_page(pfn)) != PS_BUDDY)
		return NULL; /* a look without the lock: most are not */
	irqflags_t flags = spin_lock_irqsave(&z->lock);

	if (zone_watermark_ok(z, 0, z->watermark[WMARK_MIN] + (1UL << max_order), z->type))
		page = buddy_take_block_locked(z, pfn, max_order, order);
	if (page)
		page_set_state(page, PS_KERNEL);
	spin_unlock_irqrestore(&z->lock, flags);
	if (page) {
		page_alloc_prepare(page, *order, 0);
		split_page(page, *order);
	}
	return page;
}

void free_pages_block(struct page *page, unsigned order)
{
	struct zone *z = page_zone(page);

	lru_free_block(page, 1U << order);
	count_vm_events(PGFREE, 1UL << order);
	trace_free(page, order);
	for (struct page *p = page; p < page + (1UL << order); p++)
		page_free_prepare_one(p, PS_FREE);
	irqflags_t flags = spin_lock_irqsave(&z->lock);

	buddy_free_locked(z, page, order);
	spin_unlock_irqrestore(&z->lock, flags);
}

unsigned long __get_free_pages(gfp_t gfp, unsigned order)
{
	struct page *page;

	kassert(!(gfp & __GFP_HIGHMEM));
	page = alloc_pages(gfp, order);
	return page ? (unsigned long)page_address(page) : 0;
}

unsigned long get_zeroed_page(gfp_t gfp)
{
	return __get_free_pages(gfp | __GFP_ZERO, 0);
}

void free_pages(unsigned long addr, unsigned order)
{
	if (addr)
		__free_pages(virt_to_page((const void *)addr), order);
}

void drain_all_pages(void)
{
	struct zone *z;

	for (unsigned i = 0; i < nr_nodes; i++) {
		for_each_zone (node_data[i], z)
			pcp_drain_zone(z);
	}
}
