/*
 * Pins: references for those who read and write a program's page behind its back, for as long as they like (DMA).
 *
 *   pin      PIN_BIAS references at once, so that a look at the count tells pins from references
 *   fork     the child gets a copy of each pinned private page at once; the parent keeps its page, and its write right
 *
 * OWNS     mm->has_pinned: somebody has pinned a page of it, once.
 * WHY      fork shares a page, and then whoever writes first gets a copy: if that is the parent, the device goes on with
 *          a page that is the child's alone. So a pinned page is not shared.
 * I1       a pinned private page is exclusive: a pin for reading takes it from those who share it first (gup.c).
 * I2       reclaim, migration and merging leave a page with references that they do not know of where it is.
 * LOCKS    a pin is taken with mmap_lock for read, under the table lock; fork has mmap_lock for write, so there are no new
 *          ones meanwhile. One that is given back while fork looks costs a copy.
 * CONTEXT  threads; unpin: any.   COST  of fork: nothing in a program of whose pages none was ever pinned; else a look at each entry.
 * FAILS    -ENOMEM: fork fails.
 * NOT HERE huge pages of hugetlb: fork shares them. Pins of shared memory need nothing: nobody gets a copy.
 * SOURCES  Linux Documentation/core-api/pin_user_pages.rst.   TESTED BY  fork_test.c, thp_test.c, module_pins (guest)
 */
#include "mm/pin.h"

#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/range.h"
#include "mm/swap.h"
#include "mm/swap_entry.h"
#include "mm/vmalloc.h"
#include "mm/zone.h"

void page_pin(struct page *page)
{
	atomic_add(&page->_refcount, PIN_BIAS - 1); /* get_page has counted one */
	mod_node_stat(page, NR_FOLL_PIN_ACQUIRED, 1);
}

void unpin_user_page(struct page *page)
{
	struct page *head = page_head(page);

	mod_node_stat(page, NR_FOLL_PIN_RELEASED, 1);
	kassert(page_ref_count(head) >= PIN_BIAS);
	atomic_sub(&head->_refcount, PIN_BIAS - 1);
	put_page(head);
}

/* ---- fork ---- */

struct pinned { /* the next one of a vma */
	uaddr_t at;
	struct page *page; /* with a reference */
	bool uffd_wp;
};

/* -EEXIST: a pinned page that is the parent's alone; the walk stops. */
static int find_pinned(pte_t e, uaddr_t at, void *arg)
{
	struct pinned *p = arg;
	struct page *page;

	if (!pte_present(e) || pte_special(e))
		return 0;
	page = pfn_to_page(pte_pfn(e));
	if (page_state(page) != PS_ANON || !page_test(page, PG_anon_exclusive) ||
	    !page_maybe_dma_pinned(page))
		return 0;
	get_page(page);
	*p = (struct pinned){ at, page, pte_uffd_wp(e) };
	return -EEXIST;
}

/* The child's own page. 0 or -ENOMEM. */
static int copy_pinned(struct vm_area_struct *copy, const struct pinned *p)
{
	struct fault_ctx f = { .mm = copy->vm_mm, .vma = copy, .addr = p->at };
	struct page *new = fault_anon_page(copy, p->at);

	if (!new)
		return -ENOMEM;
	copy_highpage(new, p->page);
	f.pte = pt_find_alloc_locked(f.mm, &f.mm->root, p->at, &f.table);
	if (!f.pte) {
		put_page(new);
		return -ENOMEM;
	}
	if (p->uffd_wp && (copy->vm_flags & VM_UFFD_WP))
		pte_set(f.pte, pte_uffd_marker()); /* fault_set_anon takes it over */
	fault_set_anon(&f, new);
	pt_unlock(f.table);
	return 0;
}

int pins_copy(struct vm_area_struct *copy, struct vm_area_struct *vma)
{
	struct pinned p = { .at = vma->vm_start - PAGE_SIZE };
	int copied = 0;

	while (range_each(vma->vm_mm, p.at + PAGE_SIZE, vma->vm_end, find_pinned, &p)) {
		int err = copy_pinned(copy, &p);

		swap_put_page(p.page);
		if (err)
			return err;
		copied = 1;
	}
	return copied;
}
