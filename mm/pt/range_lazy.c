/*
 * MADV_FREE: pages whose contents the program no longer wants, but which it keeps until memory is short.
 *
 *   range_lazyfree       the entry is made clean and old, its page loses PG_swapbacked: nobody has to keep what it holds
 *   try_to_discard       reclaim: such a page that is still clean goes; one that was written again is the program's as before
 *
 * WHY      a program that frees and takes memory again soon finds its pages still there, without a fault.
 * I1       a page is lazily free when it is anonymous, without PG_swapbacked and PG_dirty, and no entry of it is dirty.
 * I2       nothing written after range_lazyfree is lost: the entry is cleared in one step with reading D, and a CPU that
 *          keeps a clean translation must look at the entry again before it can set D (SDM volume 3A, "Accessed and
 *          Dirty Flags"), and finds it gone.
 * LOCKS    mmap_lock any mode; the table's lock from the walk.   CONTEXT  run functions: no sleep.
 * FAILS    never.
 * NOT HERE who may (mm/aspace/madvise.c), when they go (mm/aspace/lazyfree.c). A large entry is split first.
 * SOURCES  madvise(2) MADV_FREE.   TESTED BY mmap_test.c
 */
#include "mm/pt/range_impl.h"

#include "mm/lru.h"
#include "mm/swap.h"
#include "mm/vmevent.h"

struct lazy_ctx {
	struct mmu_gather *g;
	unsigned long pages; /* done */
};

/* The anonymous page of @e, or NULL. */
static struct page *anon_page_of(pte_t e)
{
	struct page *page;

	if (!pte_present(e) || pte_special(e))
		return NULL;
	page = entry_page(e);
	return page_state(page) == PS_ANON ? page : NULL;
}

/* Is there nothing outside of memory that says what the page holds? A copy in swap is forgotten, if it is nobody else's. */
static bool may_give_up(struct page *page)
{
	bool may;

	if (page_mapcount(page) != 1)
		return false; /* others may still want what it holds */
	if (!page_test(page, PG_swapcache) && !page_test(page, PG_dirty))
		return true;
	if (!trylock_page(page))
		return false;
	may = !page_test(page, PG_swapcache) || page_free_swap(page);
	if (may)
		page_clear(page, PG_dirty);
	unlock_page(page);
	return may;
}

static int lazy_run(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last)
{
	struct lazy_ctx *c = w->arg;

	for (;; e++, va += PAGE_SIZE) {
		pte_t cur = pte_read(e);
		struct page *page = anon_page_of(cur);

		if (page && !may_give_up(page))
			page = NULL;
		if (pte_is_swapped(cur)) { /* nobody has to keep it either: zeroes */
			(void)pte_clear(e);
			mm_rss_add(c->g->mm, MM_SWAPENTS, -1);
			swap_put(pte_swp_entry(cur));
		}
		if (page && page_test(page, PG_swapbacked)) {
			lru_lazyfree(page);
			c->pages++;
		}
		if (page && (pte_dirty(cur) || pte_young(cur))) {
			/* Cleared whole, so that a write on another CPU is seen as one or faults. */
			(void)pte_clear(e);
			pte_set(e, pte_mkold(pte_mkclean(cur)));
			gather_note(c->g, va);
		}
		if ((va | ~PAGE_MASK) == last)
			return 0;
	}
}

/* The huge page of zeroes is nobody's to give up. */
static int lazy_huge(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last)
{
	return pte_special(pte_read(e)) ? 0 : PT_SPLIT;
}

static const struct pt_walk_ops lazy_ops = { .run = lazy_run, .huge = lazy_huge };

void range_lazyfree(struct mmu_gather *g, uaddr_t start, uaddr_t end)
{
	struct lazy_ctx c = { .g = g };
	struct pt_walk w = { .ops = &lazy_ops, .root = &g->mm->root, .mm = g->mm, .arg = &c };

	must(pt_walk_range(&w, start, end - 1) == 0);
	count_vm_events(PGLAZYFREE, c.pages);
}
