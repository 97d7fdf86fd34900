/*
 * A huge page of hugetlb goes to another node: mbind(2), migrate_pages(2), move_pages(2).
 *
 *   private   place lock | page of the pool | entry away, flush | nobody else has a reference? contents | entry of the new one
 *   shared    place lock | page of the pool | all entries away  | nobody but the cache has one? contents, place in the cache;
 *             who wants it faults it in again
 *
 * WHY      no migration entries, as small pages have them: whoever misses the entry waits for the place lock. A private page is the
 *          only copy of its contents, so its entry must never be seen missing by a zap or a fork: the table lock is held until
 *          the new one stands, while 2 or 4 MiB are copied (a tenth of a millisecond or two).
 * I1       a page that somebody has pinned, or that a child has in common with its parent (private), stays: -EBUSY.
 * I2       the pool stays as large as it was; the figures of its nodes change (hugetlb_take_for).
 * LOCKS    mmap_lock in any mode, then as a fault: place lock, invalidate_lock for read, page lock, table lock.
 * FAILS    -ENOMEM: no page there; -EBUSY. Then all is as before, but that entries of shared memory may have to be faulted in.
 * SOURCES  move_pages(2), mbind(2).   TESTED BY hugetlb_test.c, tests/guest/mem_numa.c
 */
#include "base/errno.h"
#include "mm/aspace/hugetlb_vma.h"
#include "mm/migrate.h"
#include "mm/range.h"
#include "mm/rmap.h"
#include "mm/vmevent.h"
#include "sync/failpoint.h"

struct huge_move {
	struct vm_area_struct *vma;
	uaddr_t addr;
	unsigned long place;
	struct page *old, *new;
};

/* The page that is mapped at @addr, with a reference; NULL: none. */
static struct page *page_mapped(const struct huge_move *h)
{
	struct page *table, *page = NULL;
	pte_t *e = pt_huge_locked(&h->vma->vm_mm->root, h->addr, &table);

	if (!e)
		return NULL;
	if (pte_present(pte_read(e))) {
		page = pfn_to_page(pte_pfn(pte_read(e)));
		get_page(page);
	}
	pt_unlock(table);
	return page;
}

/* The entry @was, with the new page. */
static pte_t entry_of(const struct huge_move *h, pte_t was)
{
	pte_t prot = pte_mkyoung(h->vma->vm_page_prot);

	if (pte_write(was))
		prot = pte_mkwrite(prot);
	if (pte_dirty(was))
		prot = pte_mkdirty(prot);
	if (pte_soft_dirty(was))
		prot = pte_mksoft_dirty(prot);
	prot = pte_make_large(page_to_pfn(h->new), prot, pt_huge_level());
	return pte_uffd_wp(was) ? pte_mkuffd_wp(prot) : prot;
}

/* The entry's reference goes from the old page to the new one, which gets one more. 0 or -EBUSY. Table lock held. */
static int exchange_private(const struct huge_move *h, pte_t *e)
{
	pte_t was = pte_clear(e);

	tlb_flush_range(&h->vma->vm_mm->root, h->addr, h->addr + HPAGE_SIZE, HPAGE_SIZE);
	mmu_notify_flush(h->vma->vm_mm, h->addr, h->addr + HPAGE_SIZE);
	if (page_ref_count(h->old) != 2 || page_mapcount(h->old) != 1) {
		pte_set(e, was);
		return -EBUSY;
	}
	hugetlb_copy_page(h->new, h->old);
	page_become(h->new, PS_KERNEL, PS_ANON);
	get_page(h->new);
	atomic_inc(&h->new->_mapcount);
	pte_set(e, entry_of(h, was));
	atomic_dec(&h->old->_mapcount);
	put_page(h->old); /* not the last: the caller has one */
	return 0;
}

static int move_private(const struct huge_move *h)
{
	struct mmu_notify_range watch;
	struct page *table;
	int err = -EBUSY;
	pte_t *e;

	mmu_notify_begin(&watch, h->vma->vm_mm, h->addr, h->addr + HPAGE_SIZE, MMU_NOTIFY_CLEAR);
	e = pt_huge_locked(&h->vma->vm_mm->root, h->addr, &table);
	if (e && pte_present(pte_read(e)) && pfn_to_page(pte_pfn(pte_read(e))) == h->old)
		err = exchange_private(h, e);
	if (e)
		pt_unlock(table);
	mmu_notify_end(&watch);
	return err;
}

/* Is a part of [first, last] mapped where a userfaultfd has marks, which are in entries only? */
static bool has_marks(struct address_space *m, unsigned long first, unsigned long last)
{
	struct ivtree_node *n;
	bool found = false;

	spin_lock(&m->i_mmap_lock);
	ivtree_for_each (n, &m->i_mmap, first, last)
		found |= container_of(n, struct vm_area_struct, i_mmap_node)->vm_flags & VM_UFFD_WP;
	spin_unlock(&m->i_mmap_lock);
	return found;
}

static int move_shared(const struct huge_move *h)
{
	struct address_space *m = h->vma->mapping;
	unsigned long first = h->place << HPAGE_ORDER, last = first + HPAGE_NR - 1;
	int err = -EBUSY;

	lock_page(h->old);
	if (page_mapping(h->old) == m && !has_marks(m, first, last)) {
		mapping_unmap_pages(m, first, last, false);
		err = mapping_replace_page(m, h->old, h->new, 2) ? -EBUSY : 0;
	}
	unlock_page(h->old);
	return err;
}

/* Place locked. */
static int move_place(struct huge_move *h, const struct mpol_where *to)
{
	bool fresh;
	int err;

	h->new = failpoint("migrate_page") ? NULL : hugetlb_take_for(to, &fresh);
	if (!h->new)
		return -ENOMEM;
	err = page_state(h->old) == PS_ANON ? move_private(h) : move_shared(h);
	if (!err)
		hugetlb_moved(h->old, h->new, fresh);
	put_page(h->new); /* its entry, or the cache, has its own; or nobody wants it */
	count_vm_events(err ? PGMIGRATE_FAIL : PGMIGRATE_SUCCESS, HPAGE_NR);
	return err;
}

int hugetlb_move(struct vm_area_struct *vma, unsigned long addr, nodemask_t from,
		 const struct mpol_where *to, bool all)
{
	struct huge_move h = { .vma = vma,
			       .addr = addr & HPAGE_MASK,
			       .place = huge_index(vma_index(vma, addr & HPAGE_MASK)) };
	struct address_space *m = vma->mapping;
	int err = -ENOENT;

	hugetlb_place_lock(m, h.place);
	rwsem_down_read(&m->invalidate_lock);
	h.old = page_mapped(&h);
	if (h.old && !(from >> page_node_id(h.old) & 1))
		err = 0;
	else if (h.old)
		err = page_mapcount(h.old) > 1 && !all ? -EACCES : move_place(&h, to);
	if (h.old)
		put_page(h.old);
	rwsem_up_read(&m->invalidate_lock);
	hugetlb_place_unlock(m, h.place);
	return err;
}
