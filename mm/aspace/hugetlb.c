/*
 * hugetlb in address spaces: mappings of huge pages from the pool, their faults, their reservations.
 *
 *   mmap     length and place in whole huge pages; pages are promised now (not with MAP_NORESERVE): ENOMEM here, not a
 *            signal later. Shared: promised to places of the object. Private: to the mapping; vm_private_data has the
 *            places whose promise was used, and whoever has it is the owner of the promises: fork's child is not.
 *   fault    shared: the cached page. Private: read of a cached one maps it; else a page of its own, zeroed or copied
 *   write to a private page that fork shares
 *            a copy. If the pool has none, the owner takes the page away from the children, whose next access is
 *            SIGBUS: the owner was promised memory, they were not. The mark in their vmas changes under i_mmap_lock, and
 *            whatever is made from a marked vma takes it along
 *   munmap   promises of places that never had a page end
 *
 * OWNS     vm_private_data of hugetlb vmas.
 * I1       every large entry of a VM_HUGETLB vma maps a compound page of the pool, of which it holds one reference and one
 *          _mapcount; mm->hugetlb_pages counts them. They are not in RSS.                                [mm_check]
 * I2       VM_HUGETLB vmas begin and end at multiples of HPAGE_SIZE, and so does their offset.            [mm_check]
 * I3       private pages are PS_ANON without an anon_vma: nobody looks for their entries.
 * LOCKS    mmap_lock (vm_private_data of a child: i_mmap_lock); place lock around a whole fault; invalidate_lock for read; table lock for the entry.
 * FAILS    mmap: -ENOMEM, -EINVAL. Faults: FAULT_BUS without a page and beyond the end, FAULT_OOM without a table.
 * NOT HERE userfaultfd's pages (hugetlb_uffd.c); pages that move (hugetlb_move.c); the pool and the objects (mm/backing/hugetlb*.c); zap, protect, fork's copy (mm/pt/range_huge.c).
 * SOURCES  mmap(2) MAP_HUGETLB; Linux Documentation/admin-guide/mm/hugetlbpage.rst, vm/hugetlbfs_reserv.rst.
 * TESTED BY hugetlb_test.c, tests/guest/huge_tlb.c, huge_tlbfs.c
 */
#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/aspace/hugetlb_vma.h"
#include "mm/gather.h"
#include "mm/range.h"
#include "mm/swap_entry.h"
#include "mm/vmalloc.h"
#include "uapi/mman.h"

/* vm_private_data of a child whose pages the owner has taken away. */
static char pages_taken;

static bool is_private(unsigned long vm_flags)
{
	return !(vm_flags & VM_MAYSHARE);
}

/* NULL: not the owner of promises. Shared mappings' private data is whose they are (shm). */
static struct resv_map *used_of(const struct vm_area_struct *vma)
{
	void *p = READ_ONCE(vma->vm_private_data);

	return !is_private(vma->vm_flags) || p == &pages_taken ? NULL : p;
}

void *hugetlb_forked(const struct vm_area_struct *vma)
{
	void *p = READ_ONCE(vma->vm_private_data);

	return !is_private(vma->vm_flags) || p == &pages_taken ? p : NULL;
}

void hugetlb_copied(struct vm_area_struct *to, const struct vm_area_struct *from)
{
	if (is_private(from->vm_flags) && READ_ONCE(from->vm_private_data) == &pages_taken)
		WRITE_ONCE(to->vm_private_data, &pages_taken);
}

static unsigned long place_of(const struct vm_area_struct *vma, uaddr_t addr)
{
	return huge_index(vma_index(vma, addr & HPAGE_MASK));
}

/* ---- mappings ---- */

static void hugetlb_open(struct vm_area_struct *vma)
{
	if (used_of(vma))
		resv_get(used_of(vma));
}

static void hugetlb_close(struct vm_area_struct *vma)
{
	if (used_of(vma))
		resv_put(used_of(vma));
}

static const struct vma_ops hugetlb_vma_ops = { .open = hugetlb_open, .close = hugetlb_close };

int hugetlb_map_check(const struct vm_map_args *a)
{
	if (a->pgoff & (HPAGE_NR - 1))
		return -EINVAL;
	return (a->flags & MAP_FIXED) && (a->addr & ~HPAGE_MASK) ? -EINVAL : 0;
}

int hugetlb_find_area(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned flags,
		      struct rangetree_gap *out)
{
	const unsigned long more = HPAGE_SIZE - PAGE_SIZE; /* what aligning may cost */
	int err;

	if (flags & MAP_FIXED)
		return vm_find_area(mm, addr, len, flags, out);
	addr = round_up_pow2(addr, HPAGE_SIZE);
	err = addr ? vm_find_area(mm, addr, len, flags, out) : -ENOMEM;
	if (!err && out->start == addr)
		return 0;
	err = vm_find_area(mm, 0, len + more, flags, out);
	out->start =
		(out->start + more) & HPAGE_MASK; /* inside what is free: between the same two */
	return err;
}

/* Promises for what @r maps. 0 or -ENOMEM. */
static int promise(struct vma_req *r)
{
	unsigned long from = huge_index(r->pgoff), n = (r->end - r->start) >> HPAGE_SHIFT;
	struct resv_map *used;

	if (r->flags & VM_NORESERVE)
		return 0;
	if (!is_private(r->flags))
		return hugetlb_reserve(r->mapping, from, from + n);
	used = resv_alloc();
	if (!used)
		return -ENOMEM;
	if (hugetlb_reserve_private(r->mapping, n)) {
		resv_put(used);
		return -ENOMEM;
	}
	r->private_data = used;
	return 0;
}

int hugetlb_map_reserve(struct mm_struct *mm, struct vma_req *r)
{
	int err;

	if (!r->ops)
		r->ops = &hugetlb_vma_ops;
	err = promise(r);
	if (err)
		return err;
	mm->cut_limited = true;
	if (r->flags & VM_WRITE)
		hugetlb_grow(r->mapping, ((uint64_t)r->pgoff << PAGE_SHIFT) + (r->end - r->start));
	return 0;
}

void hugetlb_map_undo(struct vma_req *r)
{
	struct resv_map *used = is_private(r->flags) ? r->private_data : NULL;

	if (!used) /* of shared mappings promises belong to the object */
		return;
	hugetlb_unreserve_private(r->mapping, (r->end - r->start) >> HPAGE_SHIFT);
	resv_put(used);
}

void hugetlb_unmapped(struct vm_area_struct *vma, uaddr_t start, uaddr_t end)
{
	struct resv_map *used = used_of(vma);

	if (used)
		hugetlb_unreserve_private(
			vma->mapping,
			resv_missing(used, place_of(vma, start),
				     place_of(vma, start) + ((end - start) >> HPAGE_SHIFT)));
}

/* ---- faults ---- */

static int fault_of(int err)
{
	return err == -ENOMEM ? FAULT_OOM : FAULT_BUS;
}

struct huge_fault hugetlb_place(struct fault_ctx *f)
{
	return (struct huge_fault){ .f = f,
				    .vma = f->vma,
				    .m = f->vma->mapping,
				    .addr = f->addr & HPAGE_MASK,
				    .place = place_of(f->vma, f->addr) };
}

static pte_t entry_for(const struct huge_fault *h, const struct page *page, bool own)
{
	pte_t prot = pte_mkyoung(h->vma->vm_page_prot);

	if (own && (h->vma->vm_flags & VM_WRITE))
		prot = pte_mkwrite(prot);
	if (pte_write(prot) || own)
		prot = pte_mksoft_dirty(pte_mkdirty(prot));
	prot = pte_make_large(page_to_pfn(page), prot, pt_huge_level());
	return h->wp ? pte_mkuffd_wp(prot) : prot;
}

/* @page, whose reference the entry takes over, is mapped. Table lock held. */
static void set_entry(struct huge_fault *h, pte_t *e, struct page *page, bool own)
{
	atomic_inc(&page->_mapcount);
	pte_set(e, entry_for(h, page, own));
}

int hugetlb_map_page(struct huge_fault *h, struct page *page, bool own)
{
	struct page *table;
	pte_t *e = pt_huge_alloc_locked(h->f->mm, &h->f->mm->root, h->addr, &table);

	if (!e) {
		put_page(page);
		return FAULT_OOM;
	}
	kassert(!pte_present(pte_read(e))); /* the place lock, and mmap_lock, keep others out */
	if (!h->unmark && (h->vma->vm_flags & VM_UFFD_WP) && pte_is_uffd_marker(pte_read(e)))
		h->wp = true;
	set_entry(h, e, page, own);
	atomic_long_add(&h->f->mm->hugetlb_pages, 1);
	pt_unlock(table);
	/* Where writes are tracked the entry of shared memory is read-only at first. */
	return h->f->access.write && (h->wp || (!own && !pte_write(h->vma->vm_page_prot)))
		       ? STAGE_RETRY
		       : FAULT_OK;
}

void hugetlb_copy_page(struct page *to, struct page *from)
{
	for (unsigned i = 0; i < HPAGE_NR; i++) {
		copy_highpage(to + i, from + i);
		page_set(to + i, PG_uptodate);
	}
}

static int fill_copy(struct page *to, void *from)
{
	hugetlb_copy_page(to, from);
	return 0;
}

int hugetlb_own_page(struct huge_fault *h, const struct hugetlb_filler *fill, struct page **out)
{
	int err = hugetlb_private_page(h->m, used_of(h->vma), h->place, fill, out);

	if (!err)
		page_become(*out, PS_KERNEL, PS_ANON);
	return err;
}

/* Zeroes, or a copy of @from. */
static int own_page(struct huge_fault *h, struct page *from, struct page **out)
{
	const struct mempolicy *pol = h->vma->vm_policy;
	const struct hugetlb_filler copy = { fill_copy, from, pol };
	const struct hugetlb_filler zeroes = { hugetlb_fill_zeroes, NULL, pol };

	return hugetlb_own_page(h, from ? &copy : &zeroes, out);
}

/* Private memory, nothing mapped: the cached page to read, or a page of its own. */
static int private_page(struct huge_fault *h)
{
	struct page *cached = mapping_find(h->m, h->place << HPAGE_ORDER), *page;
	int err;

	if (cached && !h->f->access.write)
		return hugetlb_map_page(h, cached, false);
	err = own_page(h, cached, &page);
	if (cached)
		put_page(cached);
	return err ? fault_of(err) : hugetlb_map_page(h, page, true);
}

/* No entry. invalidate_lock held for read. */
static int missing(struct huge_fault *h)
{
	struct page *page;
	unsigned long reason;
	int err;

	if (hugetlb_at_end(h) || h->vma->vm_private_data == &pages_taken)
		return FAULT_BUS;
	reason = hugetlb_monitored(h);
	if (unlikely(reason != 0))
		return hugetlb_deliver(h, reason);
	if (!(h->vma->vm_flags & VM_MAYSHARE))
		return private_page(h);
	err = hugetlb_get_page(h->m, h->place, h->vma->vm_policy, &page);
	return err ? fault_of(err) : hugetlb_map_page(h, page, false);
}

/* ---- copy on write ---- */

static bool part_of_child(struct vm_area_struct *vma, void *arg, uaddr_t *start, uaddr_t *end)
{
	const struct huge_fault *h = arg;

	if (vma == h->vma || (vma->vm_flags & VM_MAYSHARE) || used_of(vma))
		return false;
	*start = vma->vm_start + (((h->place << HPAGE_ORDER) - vma->vm_pgoff) << PAGE_SHIFT);
	*end = *start + HPAGE_SIZE;
	return true;
}

static void take_from_child(struct vm_area_struct *vma, void *arg, uaddr_t start, uaddr_t end)
{
	struct mmu_gather g;

	(void)arg;
	WRITE_ONCE(vma->vm_private_data, &pages_taken);
	gather_begin(&g, vma->vm_mm);
	range_zap(&g, vma, start, end);
	gather_end(&g);
}

/* Children lose the page at the place; the owner, whose mapping @h->vma is, was promised it. */
static void take_from_children(struct huge_fault *h)
{
	const unsigned long index = h->place << HPAGE_ORDER;

	mmu_notify_each(h->m, &(struct mmu_notify_vmas){ .first = index,
							 .last = index,
							 .part = part_of_child,
							 .change = take_from_child,
							 .arg = h });
}

/* The entry becomes writable as it is. Table lock held. */
static void allow_write(struct huge_fault *h, pte_t *e)
{
	pte_t to = pte_clear_uffd_wp(pte_mkyoung(pte_mksoft_dirty(pte_mkdirty(pte_read(e)))));

	if (h->vma->vm_flags & VM_WRITE)
		to = pte_mkwrite(to);
	(void)pte_replace(e, to);
}

static bool may_be_written(const struct huge_fault *h, const struct page *page)
{
	return (h->vma->vm_flags & VM_SHARED) ||
	       (page_state(page) == PS_ANON && page_ref_count(page) == 1);
}

/* @new takes the place of the entry's page, which is put. Table lock held. */
static void exchange(struct huge_fault *h, pte_t *e, struct page *old, struct page *new)
{
	(void)pte_clear(e);
	tlb_flush_range(&h->f->mm->root, h->addr, h->addr + HPAGE_SIZE, HPAGE_SIZE);
	mmu_notify_flush(h->f->mm, h->addr, h->addr + HPAGE_SIZE);
	atomic_dec(&old->_mapcount);
	set_entry(h, e, new, true);
}

/* Is entry @e still @was, but for what the CPU sets? Table lock held. */
static bool entry_same(pte_t *e, pte_t was)
{
	pte_t now = pte_read(e);

	return pte_present(now) && pte_pfn(now) == pte_pfn(was) &&
	       pte_uffd_wp(now) == pte_uffd_wp(was);
}

/* The children have lost @old, the page of entry @e: it is ours. Return: FAULT_OK, or STAGE_RETRY: one of them was copying. */
static int take_over(struct huge_fault *h, pte_t *e, struct page *table, struct page *old,
		     pte_t was) no_lock_analysis
{
	int r = STAGE_RETRY;

	take_from_children(h);
	pt_table_lock(table);
	/* Who has it pinned sees what is written: as on Linux, there is no other page to write to. */
	if (entry_same(e, was) && page_mapcount(old) == 1) {
		allow_write(h, e);
		r = FAULT_OK;
	}
	pt_unlock(table);
	put_page(old);
	tlb_flush_page_local(h->addr);
	return r;
}

/* Write to an entry without the write right; the place lock keeps others from changing it, but for zaps. */
static int write_protected(struct huge_fault *h, pte_t *e, struct page *table) no_lock_analysis
{
	struct page *old = pfn_to_page(pte_pfn(pte_read(e))), *new;
	struct mmu_notify_range watch;
	pte_t was = pte_read(e);
	int err;

	if (unlikely(pte_uffd_wp(was)) && (h->vma->vm_flags & VM_UFFD_WP)) {
		pt_unlock(table);
		return hugetlb_deliver(h, VM_UFFD_WP);
	}
	if (may_be_written(h, old)) {
		allow_write(h, e);
		pt_unlock(table);
		tlb_flush_page_local(h->addr);
		return FAULT_OK;
	}
	get_page(old);
	pt_unlock(table);
	err = own_page(h, old, &new);
	if (err == -ENOSPC && used_of(h->vma) && page_state(old) == PS_ANON)
		return take_over(h, e, table, old, was);
	if (err) {
		put_page(old);
		return fault_of(err);
	}
	mmu_notify_begin(&watch, h->f->mm, h->addr, h->addr + HPAGE_SIZE, MMU_NOTIFY_CLEAR);
	pt_table_lock(table);
	if (entry_same(e, was)) {
		exchange(h, e, old, new);
		new = old; /* the entry's reference */
	}
	pt_unlock(table);
	mmu_notify_end(&watch);
	put_page(new);
	put_page(old);
	return FAULT_OK;
}

/* Place lock held. */
static int fault_place(struct huge_fault *h) no_lock_analysis
{
	struct page *table;
	pte_t *e = pt_huge_locked(&h->f->mm->root, h->addr, &table);
	int r;

	if (e && pte_present(pte_read(e))) {
		if (h->f->access.write && !pte_write(pte_read(e)))
			return write_protected(h, e, table);
		pt_unlock(table);
		tlb_flush_page_local(h->addr);
		return FAULT_OK;
	}
	if (e)
		pt_unlock(table);
	rwsem_down_read(&h->m->invalidate_lock);
	r = missing(h);
	rwsem_up_read(&h->m->invalidate_lock);
	return r;
}

int fault_hugetlb(struct fault_ctx *f)
{
	struct huge_fault h = hugetlb_place(f);
	int r;

	hugetlb_place_lock(h.m, h.place);
	r = fault_place(&h);
	hugetlb_place_unlock(h.m, h.place);
	return r;
}
