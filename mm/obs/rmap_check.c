/*
 * Checker: reverse mapping against a full walk of all page tables of all address spaces.
 *
 *   for each mm, each entry with a page:  rmap_walk(page) meets this very entry, and as many as _mapcount says
 *
 * Every entry that a walk meets does map the page (it looks), so from both follows that walks find all entries and no
 * entry is uncounted.
 *
 * OWNS     nothing. Called by tests and fuzzers; panics with what is wrong.
 * LOCKS    mmap_lock of one mm for read, a page lock, and what rmap_walk takes. Entries are copied out in batches, because
 *          rmap's locks come before the table's. Exact only while nobody else changes anything.
 * COST     entries of all mms times sharers.
 */
#include "mm/range.h"
#include "mm/rmap.h"

enum { BATCH = 64 };

struct seen {
	uaddr_t va;
	struct page *page;
};

struct batch {
	uaddr_t next; /* where to go on */
	unsigned nr;
	struct seen seen[BATCH];
};

static int collect(pte_t e, uaddr_t va, void *arg)
{
	struct batch *b = arg;

	if (b->nr == BATCH)
		return RANGE_STOP;
	b->next = va + PAGE_SIZE;
	if (pte_present(e) && !pte_special(e) && page_state(pfn_to_page(pte_pfn(e))) != PS_TAIL &&
	    !page_test(pfn_to_page(pte_pfn(e)), PG_head)) /* hugetlb has no rmap */
		b->seen[b->nr++] = (struct seen){ va, pfn_to_page(pte_pfn(e)) };
	return 0;
}

struct hits {
	const struct mm_struct *mm;
	uaddr_t va;
	int nr;
	bool met;
};

static int count_hit(const struct rmap_entry *e, void *arg)
{
	struct hits *h = arg;

	h->nr++;
	if (e->vma->vm_mm == h->mm && e->addr == h->va) {
		if (h->met)
			panic("rmap_check: entry at %#lx met twice", (unsigned long)h->va);
		h->met = true;
	}
	return 0;
}

static void check_entry(const struct mm_struct *mm, const struct seen *s)
{
	struct hits h = { mm, s->va, 0, false };

	lock_page(s->page);
	(void)rmap_walk(s->page, RMAP_LARGE, count_hit, &h);
	unlock_page(s->page);
	if (h.met && h.nr == page_mapcount(s->page))
		return;
	if (page_is_ksm(s->page) && h.nr <= page_mapcount(s->page))
		return; /* a child that was not scanned yet may outlive its parent */
	page_dump(s->page, "rmap_check");
	panic("rmap_check: mm %p, entry at %#lx %s, %d entries found", (const void *)mm,
	      (unsigned long)s->va, h.met ? "found" : "not found", h.nr);
}

static void check_mm(struct mm_struct *mm)
{
	struct batch b = { .next = 0 };
	int more;

	rwsem_down_read(&mm->mmap_lock);
	do {
		b.nr = 0;
		more = range_each(mm, b.next, USER_TOP, collect, &b);
		for (unsigned i = 0; i < b.nr; i++)
			check_entry(mm, &b.seen[i]);
	} while (more);
	rwsem_up_read(&mm->mmap_lock);
}

void rmap_check(void)
{
	struct mm_struct *mm = NULL;

	while ((mm = mm_list_next(mm)))
		check_mm(mm);
}
