/*
 * Faults on mappings of files, shared memory and devices, where no entry is.
 *
 *   read                       the cached page and, when it is there, its cached neighbours: fault_around_pages from the beginning
 *                              of its aligned block or of the vma; where a program walks upwards, up to eight times as many
 *                              from the fault on
 *   write to shared            the cached page, and neighbours where a program walks upwards: 2, 4, 8 ...
 *   write to private           a copy of the cached page becomes anonymous
 *   not cached                 made under invalidate_lock, then round again
 *
 * WHY      neighbours cost a look-up and an entry each, a fault of their own ten times that; only pages with valid
 *          contents are taken, so nothing is read or made that nobody asked for.
 * I1       an entry is set only if, under the table lock, the page was in the cache: truncate unmaps after removing, so it
 *          finds every entry set before, and whoever holds a reference makes it look (see mm/backing/truncate.c).
 * I2       no entry lies beyond the end of the object: FAULT_BUS there. The last page's tail reads as zeroes.
 * I3       neighbours are not young; each is counted in RSS.
 * LOCKS    table lock, then the mapping's lock inside (ranks PT < INDEX); invalidate_lock without the table lock.
 * FAILS    FAULT_BUS beyond the end and for errors of the store; FAULT_OOM.
 * TESTED BY fault_test.c
 */
#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/aspace/userfault_impl.h"
#include "mm/mapping_window.h"
#include "mm/poison.h"
#include "mm/range.h"
#include "mm/shmem.h"
#include "mm/swap_entry.h"
#include "mm/vmalloc.h"

enum { AROUND_MAX = 16, AROUND_GROWS = 8 };

int fault_around_pages = AROUND_MAX;

/* Number of pages of the object; the last may be partly used. */
static unsigned long object_pages(const struct address_space *m)
{
	return (unsigned long)((mapping_size(m) + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

/* The page does not exist or is not valid yet: make it so, then look again. No table lock. */
static int make_cached(struct fault_ctx *f, unsigned long index)
{
	struct address_space *m = f->vma->mapping;
	struct page *page;
	int err = -ENXIO;
	bool cached = false;

	if (shmem_swapped(m, index, &cached))
		f->major = f->major || !cached;
	if (m->ops->store && index < object_pages(m)) {
		struct page *there = mapping_find(m, index);

		if (there)
			put_page(there); /* it is being read */
		else
			f->major = true;
		if (!there)
			ra_fault(m, index, f->vma->vm_flags);
	}
	rwsem_down_read(&m->invalidate_lock);
	if (index < object_pages(m))
		err = mapping_get_page(m, index, &page);
	rwsem_up_read(&m->invalidate_lock);
	if (err == -EINTR)
		return STAGE_RETRY; /* to be killed */
	if (err == -EIO && mapping_is_poisoned(m, index))
		return FAULT_HWPOISON;
	if (err)
		return err == -ENOMEM ? FAULT_OOM : FAULT_BUS;
	put_page(page);
	f->made = true;
	return STAGE_RETRY;
}

/*
 * How many pages this fault may map. One where the last window of the vma ended is the next step of a walk upwards: after
 * the second such step windows double, up to AROUND_GROWS times what a single fault gets. So a window is never larger than
 * what has been walked already. A write to shared memory gets its own page, as on Linux, until it is a walk: then 2, 4, 8 ...
 */
static unsigned around_size(const struct fault_ctx *f, bool *walk)
{
	struct vm_area_struct *vma = f->vma;
	unsigned single = min_of(unsigned, fault_around_pages, AROUND_MAX), size, run;

	*walk = READ_ONCE(vma->fault_next) == (uint32_t)(f->addr >> PAGE_SHIFT);
	if (unlikely(vma->vm_flags & (VM_UFFD_WP | VM_UFFD_MINOR)) || single < 2)
		return 1;
	size = f->access.write ? 1 : single;
	run = f->access.write ? 1 : single / 2;
	if (*walk) {
		run = min_of(unsigned, single *AROUND_GROWS, READ_ONCE(vma->fault_run) * 2);
		size = max_of(unsigned, size, run);
	}
	WRITE_ONCE(vma->fault_run, (uint8_t)run);
	return size;
}

/*
 * The entries around f->addr: from the beginning of its aligned block or, where the vma begins later, as many from there, as on
 * Linux: smaps of a program's parts say the same. On a walk upwards from f->addr on.
 */
static void around_choose(const struct fault_ctx *f, unsigned long index, unsigned long end,
			  struct mapping_window *w)
{
	const uaddr_t block = (uaddr_t)AROUND_MAX * PAGE_SIZE;
	bool walk;
	unsigned max = around_size(f, &walk);
	uaddr_t low = f->addr, last;

	if (!walk && max > 1)
		low = max_of(uaddr_t, low & ~(block - 1), f->vma->vm_start);
	last = min_of(uaddr_t, f->addr | (pt_span(PT_PMD) - 1), f->vma->vm_end - 1);
	w->at = (unsigned)((f->addr - low) >> PAGE_SHIFT);
	w->nr = (unsigned)((last - low) >> PAGE_SHIFT) + 1;
	if (w->at >= max) { /* fewer than the block wished for: around the fault */
		w->nr -= w->at - max / 2;
		w->at = max / 2;
	}
	w->nr = min_of(unsigned, w->nr, max);
	w->first = index - w->at;
	w->nr = (unsigned)min_of(unsigned long, w->nr, end - w->first);
}

/* Nothing mapped there: none, or a userfaultfd's marker. */
static bool is_vacant(const pte_t *pte)
{
	pte_t e = pte_read(pte);

	return pte_none(e) || pte_is_uffd_marker(e);
}

/* The rights of the fault's own entry, which may have been a marker. */
static inline pte_t own_prot(const struct fault_ctx *f)
{
	pte_t prot = pte_mkyoung(f->vma->vm_page_prot);

	if (unlikely(f->vma->vm_flags & VM_UFFD_WP) && pte_is_uffd_marker(pte_read(f->pte)))
		prot = pte_mkuffd_wp(prot);
	return prot;
}

/* The @i-th page of @w alone, and tell. NULL: it is not cached. */
static struct page *map_locked_one(struct fault_ctx *f, const struct mapping_window *w, unsigned i)
{
	struct mapping_window one = *w;
	struct page *page;

	one.first += i;
	one.pte += i;
	one.nr = 1;
	one.at = 0;
	if (i != w->at)
		one.own_prot = w->prot;
	page = mapping_map_run(f->vma->mapping, f->mm, &one);
	if (page)
		vma_page_mapped(f->vma, page);
	return page;
}

/* VM_LOCKED: each page that gets mapped is told, so they go one by one; the fault's first: without it none is mapped. */
static noinline_ struct page *map_locked(struct fault_ctx *f, const struct mapping_window *w)
{
	struct page *own = map_locked_one(f, w, w->at);

	for (unsigned i = 0; own && i < w->nr; i++) {
		if (i != w->at && pte_none(pte_read(w->pte + i)))
			(void)map_locked_one(f, w, i);
	}
	return own;
}

/* Map the cached page and its neighbours with the rights of the vma. */
static int file_map(struct fault_ctx *f, unsigned long index, unsigned long end)
{
	struct address_space *m = f->vma->mapping;
	struct page *own, *marked = NULL;
	struct mapping_window w = { .prot = f->vma->vm_page_prot, .own_prot = own_prot(f) };

	around_choose(f, index, end, &w);
	w.pte = f->pte - w.at;
	own = unlikely(f->vma->vm_flags & VM_LOCKED) ? map_locked(f, &w)
						     : mapping_map_run(m, f->mm, &w);
	if (unlikely(!own)) {
		pt_unlock(f->table);
		return make_cached(f, index);
	}
	WRITE_ONCE(f->vma->fault_next, (uint32_t)(f->addr >> PAGE_SHIFT) + w.nr - w.at);
	if (f->access.write && !m->ops->store && !page_test(own, PG_dirty))
		page_set(own, PG_dirty);
	if (unlikely(m->ops->store && page_test(own, PG_readahead))) {
		marked = own;
		get_page(marked);
	}
	pt_unlock(f->table);
	if (unlikely(marked != NULL)) {
		ra_fault_mark(m, marked, index, f->vma->vm_flags);
		put_page(marked);
	}
	/* A store wants to know of the first write: the entry is read-only, fault_cow asks it. */
	return f->access.write && !pte_write(f->vma->vm_page_prot) ? STAGE_RETRY : FAULT_OK;
}

/* Write to a private mapping: a copy at once, without mapping the original first. */
static int file_copy(struct fault_ctx *f, unsigned long index)
{
	struct page *old = mapping_find(f->vma->mapping, index), *new;
	int r = FAULT_OK;

	pt_unlock(f->table);
	if (!old || !page_test(old, PG_uptodate)) {
		if (old)
			put_page(old);
		return make_cached(f, index);
	}
	new = anon_vma_prepare(f->vma) ? NULL : fault_anon_page(f->vma, f->addr);
	if (!new) {
		put_page(old);
		return FAULT_OOM;
	}
	copy_highpage(new, old);
	pt_table_lock(f->table);
	if (is_vacant(f->pte) && mapping_owns(f->vma->mapping, old)) {
		fault_set_anon(f, new);
		new = NULL;
	} else {
		r = STAGE_RETRY;
	}
	pt_unlock(f->table);
	if (new)
		put_page(new);
	put_page(old);
	return r;
}

/* The device's frame for @index. False: it has none of its own. Table lock held. */
static bool device_map_pfn(struct fault_ctx *f, unsigned long index)
{
	pfn_t pfn;

	if (!f->vma->vm_ops->pfn || !f->vma->vm_ops->pfn(f->vma, index, &pfn))
		return false;
	if (pte_none(pte_read(f->pte)))
		pte_set(f->pte, pte_mkspecial(pte_mkyoung(pte_make(pfn, f->vma->vm_page_prot))));
	return true;
}

/* Mapped; a write to what is not writable comes again, to be copied. */
static int device_mapped(const struct fault_ctx *f)
{
	return f->access.write && !pte_write(f->vma->vm_page_prot) ? STAGE_RETRY : FAULT_OK;
}

/* A device gives its page; one that is neither file nor anonymous is mapped special: nobody counts it. */
static int device_map(struct fault_ctx *f, unsigned long index)
{
	struct page *page;
	pte_t e;
	int err;

	if (device_map_pfn(f, index)) {
		pt_unlock(f->table);
		return device_mapped(f);
	}
	pt_unlock(f->table);
	err = f->vma->vm_ops->fault(f->vma, index, f->access, &page);
	if (err == -EAGAIN) /* the device has a frame for it now */
		return STAGE_RETRY;
	if (err)
		return err == -ENOMEM ? FAULT_OOM : FAULT_BUS;
	pt_table_lock(f->table);
	if (pte_none(pte_read(f->pte))) {
		e = pte_mkyoung(pte_make(page_to_pfn(page), f->vma->vm_page_prot));
		if (page_state(page) == PS_FILE) {
			range_account_map(f->mm, page);
			vma_page_mapped(f->vma, page);
			get_page(page);
		} else {
			e = pte_mkspecial(e);
		}
		pte_set(f->pte, e);
	}
	pt_unlock(f->table);
	put_page(page);
	return device_mapped(f);
}

/* Is the page, because it is there or because it is not, the monitor's? VM_UFFD_* or 0. */
static unsigned long monitored(const struct fault_ctx *f, unsigned long index)
{
	struct page *page = mapping_find(f->vma->mapping, index);
	bool cached;

	if (!page && shmem_swapped(f->vma->mapping, index, &cached))
		return 0; /* the object has it: it comes back by itself */
	if (!page)
		return f->vma->vm_flags & VM_UFFD_MISSING;
	put_page(page);
	return f->vma->vm_flags & VM_UFFD_MINOR;
}

/* No page there. A refused write to a private mapping, too, gives the vma its anon_vma, as on Linux: that decides what merges. */
static int beyond_end(struct fault_ctx *f)
{
	bool copies = f->access.write && !(f->vma->vm_flags & VM_SHARED);

	pt_unlock(f->table);
	return copies && anon_vma_prepare(f->vma) ? FAULT_OOM : FAULT_BUS;
}

int fault_file(struct fault_ctx *f)
{
	unsigned long index = vma_index(f->vma, f->addr), end;

	if (!f->vma->mapping)
		return device_map(f, index);
	end = object_pages(f->vma->mapping);
	if (index >= end)
		return beyond_end(f);
	if (unlikely(f->vma->vm_flags & (VM_UFFD_MISSING | VM_UFFD_MINOR)) && !f->made) {
		unsigned long reason = monitored(f, index);

		if (reason) {
			pt_unlock(f->table);
			return userfault_deliver(f, reason);
		}
	}
	if (f->access.write && !(f->vma->vm_flags & VM_SHARED))
		return file_copy(f, index);
	return file_map(f, index, end);
}
