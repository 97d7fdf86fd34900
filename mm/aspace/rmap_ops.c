/*
 * What is done to all entries of a page: ageing, cleaning, unmapping.
 *
 *   page_referenced   has anybody used it since the last time? (reclaim)
 *   page_mkclean      the next write must be noticed (write-back): entries lose dirty and the write right
 *   try_to_unmap      nobody shall see it any more (reclaim, soft offlining)
 *
 * WHY      an entry that loses something is cleared, flushed, and set again under its table's lock: a CPU that uses it
 *          meanwhile faults and finds it set, and no write gets lost between reading D and clearing it.
 * I1       a cached page that a program may write without a fault is dirty: so write-back takes PG_dirty away first and
 *          cleans entries then, and what a program writes in between is in D.
 * LOCKS    rmap_walk's. TLBs are flushed under the table lock (nobody takes it with interrupts off).
 * COST     one flush per entry that changes; ageing flushes nothing: a CPU that keeps the entry does not set A again
 *          until it forgets it, so a page in constant use may look idle once. Linux on x86 does the same.
 *          A private page has its place in swap before it is unmapped.
 * NOT HERE contents' way to swap (mm/reclaim/pageout.c); moving pages (mm/reclaim/migrate.c).   TESTED BY rmap_test.c
 */
#include "mm/aspace/aspace_impl.h"
#include "mm/imports.h"
#include "mm/range.h"
#include "mm/swap.h"
#include "mm/vmalloc.h"

/* ---- ageing ---- */

struct referenced {
	unsigned long vm_flags;
	int nr;
	enum mmu_notify_young how; /* what watchers are to do */
};

static int take_young(const struct rmap_entry *e, void *arg)
{
	struct referenced *r = arg;
	bool young = pte_young(pte_read(e->pte)) && pte_test_and_clear_young(e->pte);

	young |= mmu_notify_young(e->vma->vm_mm, e->addr, e->addr + PAGE_SIZE, r->how);
	r->vm_flags |= READ_ONCE(e->vma->vm_flags);
	r->nr += young;
	return 0;
}

int page_referenced(struct page *page, unsigned long *vm_flags)
{
	struct referenced r = { .how = MMU_CLEAR_FLUSH_YOUNG };

	(void)rmap_walk(page, RMAP_LARGE, take_young, &r);
	if (r.nr)
		page_clear(page, PG_idle);
	if (page_test(page, PG_young)) { /* idle page tracking took the bits before us */
		page_clear(page, PG_young);
		r.nr++;
	}
	*vm_flags = r.vm_flags;
	return r.nr;
}

void page_idle_clear_refs(struct page *page)
{
	struct referenced r = { .how = MMU_CLEAR_YOUNG };

	(void)rmap_walk(page, RMAP_LARGE, take_young, &r);
	if (!r.nr)
		return;
	page_clear(page, PG_idle);
	page_set(page, PG_young);
}

/* ---- cleaning ---- */

struct cleaning {
	int cleaned;
	bool left;			  /* some entries, whose watchers were not told */
	const struct mmu_notify_set *set; /* who was; NULL: nobody */
};

static bool is_clean(const struct rmap_entry *e)
{
	pte_t cur = pte_read(e->pte);

	return !(READ_ONCE(e->vma->vm_flags) & VM_SHARED) || (!pte_dirty(cur) && !pte_write(cur));
}

static int clean_entry(const struct rmap_entry *e, void *arg)
{
	struct mm_struct *mm = e->vma->vm_mm;
	struct cleaning *c = arg;
	pte_t cur;

	if (is_clean(e))
		return 0;
	if (unlikely(!mmu_notify_told(c->set, mm, e->addr, e->addr + PAGE_SIZE))) {
		c->left = true;
		return 0;
	}
	cur = pte_clear(e->pte);
	tlb_flush_page(&mm->root, e->addr);
	mmu_notify_flush(mm, e->addr, e->addr + PAGE_SIZE);
	pte_set(e->pte, pte_wrprotect(pte_mkclean(cur)));
	c->cleaned++;
	return 0;
}

static int note_unclean(const struct rmap_entry *e, void *arg)
{
	if (!is_clean(e))
		mmu_notify_add(arg, e->vma->vm_mm, e->addr, e->addr + PAGE_SIZE);
	return 0;
}

/* Entries that watched programs have. What is clean stays so while the page is locked, so there is an end. */
static noinline_ int mkclean_watched(struct page *page)
{
	struct cleaning c = { .cleaned = 0 };

	do {
		struct mmu_notify_set set = { .nr = 0 };

		(void)rmap_walk(page, 0, note_unclean, &set);
		mmu_notify_set_start(&set, MMU_NOTIFY_PROTECTION_PAGE);
		c.set = &set;
		c.left = false;
		(void)rmap_walk(page, 0, clean_entry, &c);
		mmu_notify_set_end(&set);
	} while (c.left);
	return c.cleaned;
}

int page_mkclean(struct page *page)
{
	struct cleaning c = { .cleaned = 0 };

	if (page_mapcount(page) <= 0)
		return 0;
	if (!mmu_notify_any())
		(void)rmap_walk(page, 0, clean_entry, &c);
	if (mmu_notify_any() || unlikely(c.left))
		c.cleaned += mkclean_watched(page);
	return c.cleaned;
}

/* ---- moving ---- */

void page_replace_anon(struct page *old, struct page *new)
{
	copy_highpage(new, old);
	page_copy_flags(new, old);
	new->index = old->index;
	WRITE_ONCE(new->mapping, old->mapping);
	page_become(new, PS_KERNEL, PS_ANON);
	lru_add(new);
}

/* ---- unmapping ---- */

/* On its way to swap: who wants its contents waits for the page lock, which the caller keeps until the flush. Write-back of a
 * file's page does not wait so long. */
static bool lock_guards(const struct page *page)
{
	return page_test(page, PG_swapcache) || page_test(page, PG_swapbacked);
}

/* A CPU that keeps a clean entry looks at the table before it sets D, and finds it gone. One that keeps a dirty entry writes on:
 * so the page is written out after the flush. */
void rmap_flush_entry(const struct rmap_entry *e, pte_t old)
{
	struct pt_root *root = &e->vma->vm_mm->root;
	unsigned long *cpus = mm_ctx_current()->unhooked_cpus;

	if (!cpus || (pte_dirty(old) && !lock_guards(e->page))) {
		tlb_flush_page(root, e->addr);
		mmu_notify_flush(e->vma->vm_mm, e->addr, e->addr + PAGE_SIZE);
		return;
	}
	/* The entry first, then the mask: as a flush does. */
	(void)__atomic_add_fetch(&e->vma->vm_mm->unhooked, 1, __ATOMIC_SEQ_CST);
	*cpus |= READ_ONCE(root->cpu_mask);
}

void rmap_take_entry(const struct rmap_entry *e, pte_t then)
{
	struct mm_struct *mm = e->vma->vm_mm;
	pte_t old = pte_clear(e->pte);

	rmap_flush_entry(e, old);
	if (pte_dirty(old))
		page_set(e->page, PG_dirty);
	if (pte_young(old))
		page_set(e->page, PG_referenced);
	if (!pte_none(then))
		pte_set(e->pte, then);
	mm_update_hiwater_rss(mm);
	vma_page_unmapped(e->vma, e->page);
	range_account_unmap(mm, e->page);
	put_page(e->page); /* not the last: the caller has one */
}

/* The entry of an anonymous page says from now on where in swap the page is. */
static void take_to_swap(const struct rmap_entry *e)
{
	swp_entry_t entry = page_swap_entry(e->page);
	bool exclusive = page_test(e->page, PG_anon_exclusive);

	swap_dup(entry);
	rmap_take_entry(e, pte_make_swapped(pte_read(e->pte), entry, exclusive));
	mm_rss_add(e->vma->vm_mm, MM_SWAPENTS, 1);
	if (exclusive) /* the entry remembers it; the page has none */
		page_clear(e->page, PG_anon_exclusive);
}

static int unmap_entry(const struct rmap_entry *e, void *arg)
{
	if (READ_ONCE(e->vma->vm_flags) & VM_LOCKED)
		return 1; /* it stays */
	if (unlikely(!mmu_notify_told(arg, e->vma->vm_mm, e->addr, e->addr + PAGE_SIZE)))
		return 1;
	if (page_state(e->page) == PS_ANON)
		take_to_swap(e);
	else /* what a userfaultfd protects stays so where no page is */
		rmap_take_entry(e, pte_uffd_wp(pte_read(e->pte)) ? pte_uffd_marker()
								 : pte_from_raw(0));
	return 0;
}

/* What watchers were told of is flushed at once. */
noinline_ void rmap_unmap_watched(struct page *page, rmap_fn fn)
{
	struct mm_ctx *ctx = mm_ctx_current();
	unsigned long *cpus = ctx->unhooked_cpus;
	struct mmu_notify_set set;

	mmu_notify_page(&set, page, MMU_NOTIFY_CLEAR);
	ctx->unhooked_cpus = NULL;
	(void)rmap_walk(page, 0, fn, &set);
	ctx->unhooked_cpus = cpus;
	mmu_notify_set_end(&set);
}

bool try_to_unmap(struct page *page)
{
	kassert(page_test(page, PG_locked) &&
		(page_mapping(page) || page_test(page, PG_swapcache)));
	if (page_mapcount(page) > 0)
		rmap_unmap(page, unmap_entry);
	return page_mapcount(page) == 0;
}
