/*
 * Writes to entries without the write right: copy, or take over.
 *
 *   write-protected for a userfaultfd    its monitor is told
 *   zero page                        a zeroed frame takes its place, or several if the program walks upwards (fault_anon.c)
 *   anonymous, exclusive             taken over: the entry becomes writable, and soft-dirty; its neighbours too, if they can
 *   anonymous, no longer shared      the same, and the page is exclusive again: nobody but this entry refers to it
 *   anonymous, shared by fork; or a cached page under a private mapping       copied
 *   shared mapping of a store        the store reserves, the entry becomes writable, the page is dirty; under the page lock
 *
 *   copy:   reference to the old page | lock dropped: frame, copy | lock: entry unchanged?  clear, flush, set new
 *
 * WHY      flush between clear and set, under the table lock: another CPU must not write the new page while a third
 *          still reads the old one.
 * I1       a private page is written in place only when it is this entry's alone. An exclusive page is, whoever holds
 *          references to it meanwhile (get_user_page, isolation): a pin made for writing goes on seeing the program's page.
 *          A page that was shared may be pinned for another program, so then the one reference must be this entry's.
 * I2       the page copied from cannot be written meanwhile: every entry of it lacks the write right, and it has the
 *          reference taken here, so nobody takes it over.
 * LOCKS    table lock at the call; dropped while a frame is got. TLB flush under it (nobody takes it with interrupts off).
 * FAILS    FAULT_OOM, FAULT_BUS (the store has no room).
 * SOURCES  copy-on-write after Mach (Rashid et al. 1987).   TESTED BY fork_test.c, fault_test.c
 */
#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/aspace/userfault_impl.h"
#include "mm/range.h"
#include "mm/swap.h"
#include "mm/vmalloc.h"
#include "mm/vmevent.h"

/* The entry becomes writable as it is. More rights need no flush: a stale entry faults, and finds nothing to do. */
static int take_over(struct fault_ctx *f)
{
	pte_t e = pte_clear_uffd_wp(pte_mkyoung(pte_mksoft_dirty(pte_mkdirty(f->entry))));

	if (f->vma->vm_flags &
	    VM_WRITE) /* not so under ptrace: then the page is the program's own now, still read-only */
		e = pte_mkwrite(e);
	(void)pte_replace(f->pte, e);
	pt_unlock(f->table);
	tlb_flush_page_local(f->addr);
	count_vm_event(PGREUSE);
	return FAULT_OK;
}

/* Is the entry still what it was? A and D may have been set by the CPU. Table lock held. */
static bool entry_same(const struct fault_ctx *f)
{
	pte_t now = pte_read(f->pte);

	return pte_raw(pte_mkyoung(pte_mkdirty(now))) ==
	       pte_raw(pte_mkyoung(pte_mkdirty(f->entry)));
}

/*
 * The locked @page, of an object with a store, gets dirty, then writable through the entry: in this order, so that who
 * unmaps it in between finds it dirty and tagged. Return: a fault's result.
 */
static int make_writable(struct fault_ctx *f, struct address_space *m, struct page *page)
{
	int err = m->ops->reserve ? m->ops->reserve(m, page->index, 1) : 0;

	if (err)
		return err == -ENOMEM ? FAULT_OOM : FAULT_BUS;
	mapping_set_dirty(m, page);
	f->dirtied = true;
	pt_table_lock(f->table);
	if (entry_same(f))
		return take_over(f); /* drops the lock */
	pt_unlock(f->table);
	return STAGE_RETRY;
}

/* The first write to a page that a device has mapped and wants to be asked for. */
static noinline_ int device_write(struct fault_ctx *f)
{
	int err;

	pt_unlock(f->table);
	err = f->vma->vm_ops->mkwrite(f->vma, vma_index(f->vma, f->addr), f->access);
	if (err == -EAGAIN) /* the program tries again */
		return FAULT_OK;
	if (err)
		return err == -ENOMEM ? FAULT_OOM : FAULT_BUS;
	pt_table_lock(f->table);
	if (entry_same(f))
		return take_over(f); /* drops the lock */
	pt_unlock(f->table);
	return STAGE_RETRY;
}

/*
 * The store must know that a shared page gets dirty. The page lock keeps write-back out, which protects the entries and
 * takes the page for clean: so an entry is writable only while the page is dirty.
 */
static int shared_write(struct fault_ctx *f)
{
	struct address_space *m = f->vma->mapping;
	struct page *page = pfn_to_page(pte_pfn(f->entry));
	int r = STAGE_RETRY;

	if (unlikely(f->vma->vm_ops && f->vma->vm_ops->mkwrite))
		return device_write(f);
	if (pte_special(f->entry) || !m)
		return take_over(f);
	if (!m->ops->store) {
		page_set(page, PG_dirty);
		return take_over(f);
	}
	get_page(page);
	pt_unlock(f->table);
	lock_page(page);
	if (mapping_owns(m, page))
		r = make_writable(f, m, page);
	unlock_page(page);
	put_page(page);
	return r;
}

static inline void fill_copy(struct page *new, struct page *old)
{
	if (old == zero_page)
		clear_highpage(new);
	else
		copy_highpage(new, old);
}

/* The old entry goes, then @new is set. Table lock held, entry unchanged. */
static void exchange(struct fault_ctx *f, struct page *old, struct page *new)
{
	if (!pte_special(f->entry)) {
		vma_page_unmapped(f->vma, old);
		range_account_unmap(f->mm, old);
	}
	(void)pte_clear(f->pte);
	tlb_flush_page(&f->mm->root, f->addr);
	mmu_notify_flush(f->mm, f->addr, f->addr + PAGE_SIZE);
	fault_set_anon(f, new);
	mmu_notify_change(f->mm, f->addr, pte_read(f->pte));
}

static int copy_page(struct fault_ctx *f, struct page *old)
{
	bool counted = !pte_special(f->entry), same;
	struct mmu_notify_range watch;
	struct page *new;

	get_page(old);
	pt_unlock(f->table);
	new = anon_vma_prepare(f->vma) ? NULL : fault_anon_page(f->vma, f->addr);
	if (!new) {
		put_page(old);
		return FAULT_OOM;
	}
	fill_copy(new, old);
	mmu_notify_begin(&watch, f->mm, f->addr, f->addr + PAGE_SIZE, MMU_NOTIFY_CLEAR);
	pt_table_lock(f->table);
	same = entry_same(f);
	if (same)
		exchange(f, old, new);
	pt_unlock(f->table);
	watch.flushed = true;
	mmu_notify_end(&watch);
	if (!same)
		put_page(new);
	else if (counted)
		put_page(old); /* the entry's */
	swap_put_page(old);
	return same ? FAULT_OK : STAGE_RETRY;
}

/* Somebody else refers to @page. Is it only the swap cache, whose copy nobody needs? Then it has no other now. */
static noinline_ bool take_from_swap(struct page *page)
{
	if (!page_test(page, PG_swapcache) || page_mapcount(page) != 1 || !trylock_page(page))
		return false;
	(void)page_free_swap(page);
	unlock_page(page);
	return page_ref_count(page) == 1;
}

/* Is the anonymous @page this entry's alone? Then it is marked so. Table lock held: no fork goes on in this table. */
static always_inline_ bool may_take(const struct fault_ctx *f, struct page *page)
{
	if (page_test(page, PG_anon_exclusive))
		return true;
	if (page_ref_count(page) != 1 && (likely(!swap_in_use()) || !take_from_swap(page)))
		return false;
	if (!page_anon_vma(page))
		return false;
	page_move_anon_rmap(page, f->vma);
	return true;
}

/* Could the write right be given on behalf of a write that has not happened? */
static bool may_take_ahead(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & VM_WRITE) && !vma_tracks_writes(vma) && fault_batch_pages > 1;
}

/* An entry without the write right, of an anonymous page that is this entry's alone: the entry may have the right. */
static bool may_take_neighbour(const struct fault_ctx *f, pte_t e)
{
	struct page *page;

	if (!pte_present(e) || pte_write(e) || pte_special(e) || pte_uffd_wp(e))
		return false;
	page = pfn_to_page(pte_pfn(e));
	return page_state(page) == PS_ANON && may_take(f, page);
}

/*
 * The entry of f->addr is going to be taken over: those behind it, up to the end of their block, come along as long as they
 * could be, too. Not dirty, not young: only their first write will not fault. Table lock held.
 */
static void take_neighbours(const struct fault_ctx *f)
{
	const uaddr_t block = (uaddr_t)FAULT_BATCH_MAX * PAGE_SIZE;
	uaddr_t end = min_of(uaddr_t, (f->addr | (block - 1)) + 1, f->vma->vm_end);
	pte_t *e = f->pte + 1;

	if (!may_take_ahead(f->vma))
		return;
	for (uaddr_t va = f->addr + PAGE_SIZE; va < end; va += PAGE_SIZE, e++) {
		pte_t cur = pte_read_locked(e);

		if (!may_take_neighbour(f, cur))
			return;
		pte_mkwrite_in_place(e);
		if (pte_young(cur)) /* else no CPU has it */
			tlb_flush_page_local(va);
	}
}

/* The page of f->entry has become this entry's alone, or was. */
static int take_over_anon(struct fault_ctx *f)
{
	take_neighbours(f);
	return take_over(f);
}

/* The first write to a page of zeroes. */
static int zero_write(struct fault_ctx *f)
{
	/* Who watches is told of one page. */
	int r = unlikely(f->mm->notify) ? STAGE_SMALL : fault_anon_upgrade(f);

	return r == STAGE_SMALL ? copy_page(f, zero_page) : r;
}

int fault_cow(struct fault_ctx *f)
{
	struct page *page;
	bool ksm;
	int r;

	if (unlikely(pte_uffd_wp(f->entry)) && (f->vma->vm_flags & VM_UFFD_WP)) {
		pt_unlock(f->table);
		return userfault_deliver(f, VM_UFFD_WP);
	}
	if (f->vma->vm_flags & VM_SHARED)
		return shared_write(f);
	if (pte_special(f->entry) && !pfn_valid(pte_pfn(f->entry))) {
		pt_unlock(f->table);
		return FAULT_BUS;
	}
	page = pfn_to_page(pte_pfn(f->entry));
	if (page == zero_page && pte_special(f->entry) && vma_is_anon(f->vma))
		return zero_write(f);
	if (pte_special(f->entry) || page_state(page) != PS_ANON)
		return copy_page(f, page);
	if (may_take(f, page))
		return take_over_anon(f);
	ksm = page_is_ksm(page);
	r = copy_page(f, page);
	if (ksm && r == FAULT_OK) /* not a copy that was too late and begins again */
		count_vm_event(COW_KSM);
	return r;
}
