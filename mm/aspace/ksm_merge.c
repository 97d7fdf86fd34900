/*
 * What merging does to entries: write-protect, compare, exchange; and the way back.
 *
 *   first page of its kind   the entry loses the write right, the page becomes KSM's where it is
 *   others                   the entry loses the write right, contents are compared, the entry shows the shared page
 *   a write to either        copy-on-write, as of a page shared by fork: KSM does not hear of it, the scan finds out
 *
 * OWNS     page->mapping of a shared page; the sharers of struct ksm_stable.
 * I1       a shared page is not exclusive and has no writable entry: its contents never change.           [mm_check]
 * I2       a page becomes shared, or leaves an entry for a shared one, only if every reference to it is an entry's or the
 *          scan's: who holds it to write into it (a pin) keeps it.
 * I3       an entry that shows a shared page is in a vma of the anon_vma of one of its sharers, at the sharer's index, or
 *          of a child that fork made of such; one that is not yet scanned has no sharer of its own.
 * LOCKS    ksm_mutex; mmap_lock for read; page locks (try, but to leave); ksm_lock, then anon_vma's and table locks.
 * CONTEXT  threads; sleeps.   COST  a flush per entry.   FAILS  false: the page is in use, or has changed.
 * NOT HERE moving a shared page (mm/reclaim/migrate.c): only that KSM knows the new one.   TESTED BY ksm_test.c
 */
#include "base/errno.h"
#include "mm/aspace/anon_vma_impl.h"
#include "mm/aspace/ksm_impl.h"
#include "mm/imports.h"
#include "mm/pt.h"
#include "mm/range.h"
#include "mm/swap.h"
#include "mm/swap_entry.h"
#include "mm/vmevent.h"

struct spinlock ksm_lock = SPINLOCK_INIT(RANK_MAPPING_VMAS);

/* ---- looking ---- */

struct vm_area_struct *ksm_item_lock(struct ksm_item *item) no_lock_analysis
{
	struct mm_struct *mm = item->slot->mm;
	struct vm_area_struct *vma;

	if (!mmget_not_zero(mm))
		return NULL;
	rwsem_down_read(&mm->mmap_lock);
	vma = find_vma(mm, item->addr);
	if (vma && vma->vm_start <= item->addr && ksm_vma_mergeable(vma))
		return vma;
	ksm_item_unlock(item);
	return NULL;
}

void ksm_item_unlock(struct ksm_item *item) no_lock_analysis
{
	struct mm_struct *mm = item->slot->mm;

	rwsem_up_read(&mm->mmap_lock);
	mmput(mm);
}

struct look {
	struct page *page;
	uaddr_t addr;
	bool merged_only;
};

static int look_at(pte_t e, uaddr_t va, void *arg)
{
	struct look *l = arg;
	struct page *page;

	if (pte_is_migration(e) && l->merged_only) /* the fault that breaks it waits */
		page = pfn_to_page(migration_pfn(e));
	else if (!pte_present(e) || pte_special(e) || pte_uffd_wp(e))
		return 0;
	else
		page = pfn_to_page(pte_pfn(e));
	/* Not one that MADV_FREE gave up: it may vanish. */
	if (page_state(page) != PS_ANON || page_test(page, PG_head) ||
	    !page_test(page, PG_swapbacked) || (l->merged_only && !page_is_ksm(page)))
		return 0;
	get_page(page);
	l->page = page;
	l->addr = va;
	return RANGE_STOP;
}

struct page *ksm_next_page(struct mm_struct *mm, uaddr_t *addr, uaddr_t end, bool merged_only)
{
	struct look l = { .merged_only = merged_only };

	if (range_each(mm, *addr, end, look_at, &l))
		*addr = l.addr;
	return l.page;
}

struct page *ksm_item_page(struct ksm_item *item)
{
	uaddr_t addr = item->addr;
	struct page *page;

	if (!ksm_item_lock(item))
		return NULL;
	page = ksm_next_page(item->slot->mm, &addr, addr + PAGE_SIZE, false);
	ksm_item_unlock(item);
	return page;
}

/* ---- entries ---- */

/* The entry of @item with its table locked, if it shows @page; NULL: not, nothing locked. */
static pte_t *lock_entry(struct ksm_item *item, const struct page *page, struct page **table)
{
	pte_t *pte = pt_find_locked(&item->slot->mm->root, item->addr, table), cur;

	if (!pte)
		return NULL;
	cur = pte_read(pte);
	if (pte_present(cur) && !pte_special(cur) && pte_pfn(cur) == page_to_pfn(page))
		return pte;
	pt_unlock(*table);
	return NULL;
}

/* The locked entry loses the write right, and the page its owner, unless somebody else holds it. */
static bool protect_locked(struct ksm_item *item, struct page *page, pte_t *pte)
{
	pte_t old = pte_clear(pte);
	bool alone;

	tlb_flush_page(&item->slot->mm->root, item->addr);
	mmu_notify_flush(item->slot->mm, item->addr, item->addr + PAGE_SIZE);
	alone = page_ref_count(page) == page_mapcount(page) + 1; /* the scan's */
	if (alone) {
		if (pte_dirty(old))
			page_set(page, PG_dirty);
		page_clear(page, PG_anon_exclusive);
		old = pte_wrprotect(pte_mkclean(old));
	}
	pte_set(pte, old);
	return alone;
}

static bool protect(struct ksm_item *item, struct page *page)
{
	struct mmu_notify_range watch;
	struct page *table;
	bool done = false;
	pte_t *pte;

	mmu_notify_begin(&watch, item->slot->mm, item->addr, item->addr + PAGE_SIZE,
			 MMU_NOTIFY_CLEAR);
	pte = lock_entry(item, page, &table);
	if (pte) {
		done = protect_locked(item, page, pte);
		pt_unlock(table);
	}
	mmu_notify_end(&watch);
	return done;
}

/* ksm_lock held; @av comes with a reference. */
static void attach(struct ksm_item *item, struct ksm_stable *s, struct anon_vma *av,
		   unsigned long index)
{
	if (list_empty(&s->items))
		ksm_counts.shared++;
	else
		ksm_counts.sharing++;
	item->state = KSM_STABLE;
	item->stable = s;
	item->av = av;
	item->index = index;
	list_add_tail(&item->sharers, &s->items);
	s->nr++;
	item->slot->mm->ksm_merging_pages++;
}

/* The page of @s, locked, with a reference: it does not move now. NULL: it is gone. */
static struct page *lock_stable(struct ksm_stable *s)
{
	struct page *page = ksm_stable_page(s);

	while (page) {
		lock_page(page);
		if (ksm_stable_of(page) == s)
			break;
		unlock_page(page); /* it has moved */
		swap_put_page(page);
		page = ksm_stable_page(s);
	}
	return page;
}

/* While the page moves its mover finds by @item what stands for it there. */
void ksm_leave(struct ksm_item *item)
{
	struct ksm_stable *s = item->stable;
	struct page *page = lock_stable(s);

	spin_lock(&ksm_lock);
	list_del(&item->sharers);
	s->nr--;
	if (list_empty(&s->items))
		ksm_counts.shared--;
	else
		ksm_counts.sharing--;
	item->slot->mm->ksm_merging_pages--;
	spin_unlock(&ksm_lock);
	if (page) {
		unlock_page(page);
		swap_put_page(page);
	}
	put_anon_vma(item->av);
	item->state = KSM_NEW;
}

/* The write-protected @page, which all that may map it reach by its anon_vma, is @s's from now on. mmap_lock held. */
static bool convert(struct ksm_item *item, struct page *page, struct ksm_stable *s)
{
	struct anon_vma *av = page_get_anon_vma(page);
	struct page *table;
	pte_t *pte;

	if (!av)
		return false;
	spin_lock(&ksm_lock);
	pte = lock_entry(item, page, &table);
	if (pte && !pte_write(pte_read(pte)) && page_anon_vma(page) == av) {
		s->page = page;
		WRITE_ONCE(page->mapping,
			   (struct address_space *)((uintptr_t)s | PAGE_MAPPING_KSM));
		attach(item, s, av, page->index);
		av = NULL;
	}
	if (pte)
		pt_unlock(table);
	spin_unlock(&ksm_lock);
	if (av)
		put_anon_vma(av);
	return !av;
}

bool ksm_make_stable(struct ksm_item *item, struct page *page, struct ksm_stable *s)
{
	bool done = false;

	if (!ksm_item_lock(item))
		return false;
	if (trylock_page(page)) {
		done = page_anon_vma(page) && protect(item, page) && convert(item, page, s);
		unlock_page(page);
	}
	ksm_item_unlock(item);
	return done;
}

static void share_with(struct ksm_item *item, struct vm_area_struct *vma, struct page *kpage)
{
	atomic_inc(&vma->anon_vma->refcount);
	attach(item, ksm_stable_of(kpage), vma->anon_vma, vma_index(vma, item->addr));
}

/* The locked entry of @page shows @to instead, the page of zeroes if that is not KSM's. */
static void exchange(struct ksm_item *item, struct vm_area_struct *vma, pte_t *pte,
		     struct page *page, struct page *to)
{
	pte_t old = pte_clear(pte), new = pte_make(page_to_pfn(to), vma->vm_page_prot);

	tlb_flush_page(&vma->vm_mm->root, item->addr);
	mmu_notify_flush(vma->vm_mm, item->addr, item->addr + PAGE_SIZE);
	if (pte_soft_dirty(old))
		new = pte_mksoft_dirty(new);
	vma_page_unmapped(vma, page);
	range_account_unmap(vma->vm_mm, page);
	if (to == zero_page) {
		new = pte_mkspecial(new);
	} else {
		get_page(to);
		range_account_map(vma->vm_mm, to);
		vma_page_mapped(vma, to);
	}
	pte_set(pte, new);
	mmu_notify_change(vma->vm_mm, item->addr, new);
}

/* @page, locked, is write-protected here; its contents are those of @to. mmap_lock held. */
static bool replace(struct ksm_item *item, struct vm_area_struct *vma, struct page *page,
		    struct page *to)
{
	struct mmu_notify_range watch;
	struct page *table;
	bool done = false;
	pte_t *pte;

	mmu_notify_begin(&watch, vma->vm_mm, item->addr, item->addr + PAGE_SIZE, MMU_NOTIFY_CLEAR);
	spin_lock(&ksm_lock);
	pte = lock_entry(item, page, &table);
	if (pte) {
		done = !pte_write(pte_read(pte));
		if (done)
			exchange(item, vma, pte, page, to);
		pt_unlock(table);
	}
	if (done && to != zero_page)
		share_with(item, vma, to);
	spin_unlock(&ksm_lock);
	mmu_notify_end(&watch);
	if (done)
		put_page(page); /* the entry's: not the last, the scan has one */
	return done;
}

/* The program was forked from one that shares @page: the entry is there already. */
static bool join_own(struct ksm_item *item, struct vm_area_struct *vma, struct page *page)
{
	struct page *table;
	pte_t *pte;

	spin_lock(&ksm_lock);
	pte = lock_entry(item, page, &table);
	if (pte) {
		pt_unlock(table);
		share_with(item, vma, page);
	}
	spin_unlock(&ksm_lock);
	return pte != NULL;
}

static bool join_with(struct ksm_item *item, struct page *page, struct page *to)
{
	struct vm_area_struct *vma = ksm_item_lock(item);
	bool done = false;

	if (!vma)
		return false;
	if (page == to) {
		done = join_own(item, vma, page);
	} else if (trylock_page(page)) {
		done = page_anon_vma(page) && protect(item, page) && !ksm_compare(page, to) &&
		       replace(item, vma, page, to);
		unlock_page(page);
	}
	ksm_item_unlock(item);
	return done;
}

bool ksm_join(struct ksm_item *item, struct page *page, struct page *kpage)
{
	return join_with(item, page, kpage);
}

bool ksm_join_zero(struct ksm_item *item, struct page *page)
{
	return join_with(item, page, zero_page);
}

/* ---- the way back ---- */

/* As a write would, though the program may have no right to. */
static int break_at(struct vm_area_struct *vma, uaddr_t addr)
{
	struct fault_ctx f = { .mm = vma->vm_mm,
			       .vma = vma,
			       .addr = addr,
			       .exact = addr,
			       .access.write = true,
			       .force = true };
	int r = fault_in(&f);

	return r == FAULT_OK ? 0 : fault_errno((enum fault_result)r);
}

int ksm_break_range(struct vm_area_struct *vma, uaddr_t start, uaddr_t end)
{
	struct page *page;
	int err = 0;

	while (!err && start < end && (page = ksm_next_page(vma->vm_mm, &start, end, true))) {
		swap_put_page(page);
		err = mm_ctx_current()->fatal_signal ? -EINTR : break_at(vma, start);
	}
	return err;
}

/* ---- reverse mapping ---- */

/* May @vma have the entry by one of the sharers before @item? The family's lock is held. */
static bool seen_before(const struct ksm_stable *s, const struct ksm_item *item,
			const struct vm_area_struct *vma)
{
	const struct ksm_item *i;
	struct ivtree_node *n;

	list_for_each_entry (i, &s->items, sharers) {
		if (i == item)
			return false;
		if (i->av->root != item->av->root || i->index != item->index)
			continue;
		ivtree_for_each (n, &i->av->chains, i->index, i->index) {
			if (container_of(n, struct anon_vma_chain, node)->vma == vma)
				return true;
		}
	}
	return false;
}

static int walk_item(const struct rmap_walk *w, const struct ksm_stable *s,
		     const struct ksm_item *item)
{
	struct ivtree_node *n;
	int r = 0;

	anon_vma_lock(item->av);
	ivtree_for_each (n, &item->av->chains, item->index, item->index) {
		struct vm_area_struct *vma = container_of(n, struct anon_vma_chain, node)->vma;

		if (seen_before(s, item, vma))
			continue;
		r = rmap_visit(w, vma,
			       vma->vm_start + ((item->index - vma->vm_pgoff) << PAGE_SHIFT));
		if (r)
			break;
	}
	anon_vma_unlock(item->av);
	return r;
}

int rmap_walk_ksm(const struct rmap_walk *w)
{
	const struct ksm_stable *s;
	const struct ksm_item *item;
	int r = 0;

	spin_lock(&ksm_lock);
	s = ksm_stable_of(w->page);
	if (s) {
		list_for_each_entry (item, &s->items, sharers) {
			r = walk_item(w, s, item);
			if (r)
				break;
		}
	}
	spin_unlock(&ksm_lock);
	return r;
}

/* ---- migration ---- */

int ksm_replace_page(struct page *old, struct page *new)
{
	int err = -EAGAIN;

	spin_lock(&ksm_lock); /* who finds it by its stable has a reference, or comes later */
	if (page_ref_count(old) == 1) {
		page_replace_anon(old, new);
		ksm_stable_of(old)->page = new;
		err = 0;
	}
	spin_unlock(&ksm_lock);
	return err;
}

void ksm_forget_page(struct page *old)
{
	spin_lock(&ksm_lock);
	WRITE_ONCE(old->mapping, NULL);
	spin_unlock(&ksm_lock);
}
