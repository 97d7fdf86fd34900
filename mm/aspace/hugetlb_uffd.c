/*
 * hugetlb under a userfaultfd: faults that are the monitor's, and the huge pages that it brings.
 *
 *   COPY        shared: a new page of the object. Private: a page of the program's own, promised or not as for a fault
 *   CONTINUE    shared: the page that the object has
 *
 * WHY      the monitor's memory may lie in the same object, and faulting it in needs the place lock: so it is copied without
 *          faults, and what is missing sends the caller out to touch it and come again. A page that could not be filled is
 *          given back, and the promise with it.
 * I1       a page comes only where no entry is, and no cached page of shared memory: else EEXIST and nothing has changed.
 * LOCKS    mmap_lock held for read; place lock, then invalidate_lock for read, as in a fault.
 * FAILS    as ioctl_userfaultfd(2) says.
 * SOURCES  ioctl_userfaultfd(2).   TESTED BY tests/guest/mem_uffd.c
 */
#include "arch/uaccess.h"
#include "base/errno.h"
#include "mm/aspace/hugetlb_vma.h"
#include "mm/aspace/userfault_impl.h"
#include "mm/pt.h"
#include "mm/vmalloc.h"

unsigned long hugetlb_monitored(const struct huge_fault *h)
{
	struct page *page;

	if (likely(!(h->vma->vm_flags & (VM_UFFD_MISSING | VM_UFFD_MINOR))))
		return 0;
	page = mapping_find(h->m, h->place << HPAGE_ORDER);
	if (!page)
		return h->vma->vm_flags & VM_UFFD_MISSING;
	put_page(page);
	return h->vma->vm_flags & VM_MAYSHARE ? h->vma->vm_flags & VM_UFFD_MINOR : 0;
}

int hugetlb_deliver(struct huge_fault *h, unsigned long reason)
{
	h->f->addr = h->addr;
	return userfault_deliver(h->f, reason);
}

static int fill_user(struct page *page, void *arg)
{
	uaddr_t src = *(const uaddr_t *)arg;

	for (unsigned i = 0; i < HPAGE_NR; i++, src += PAGE_SIZE) {
		void *p = kmap_local_page(page + i);
		size_t left = copy_from_user_nofault(p, src, PAGE_SIZE);

		kunmap_local(p);
		if (left)
			return -ENOENT;
		page_set(page + i, PG_uptodate);
	}
	return 0;
}

/* The page for the place, referenced. */
static int page_for(struct huge_fault *h, const uaddr_t *src, struct page **out)
{
	const struct hugetlb_filler fill = { fill_user, (void *)(uintptr_t)src, h->vma->vm_policy };

	if (!src) {
		*out = mapping_find(h->m, h->place << HPAGE_ORDER);
		return *out ? 0 : -EFAULT;
	}
	if (h->vma->vm_flags & VM_MAYSHARE)
		return hugetlb_new_page(h->m, h->place, &fill, out);
	return hugetlb_own_page(h, &fill, out);
}

static int fill_locked(struct huge_fault *h, const uaddr_t *src)
{
	bool own = !(h->vma->vm_flags & VM_MAYSHARE);
	struct page *page;
	int err;

	if (hugetlb_at_end(h))
		return -EFAULT;
	if (pte_present(pt_peek_page(&h->f->mm->root, h->addr)))
		return -EEXIST;
	err = page_for(h, src, &page);
	if (err)
		return err == -ENOSPC ? -ENOMEM : err;
	return hugetlb_map_page(h, page, own) == FAULT_OOM ? -ENOMEM : 0;
}

int hugetlb_fill_place(struct vm_area_struct *vma, unsigned long addr, const uaddr_t *src, bool wp)
{
	struct fault_ctx f = { .mm = vma->vm_mm, .vma = vma, .addr = addr };
	struct huge_fault h = hugetlb_place(&f);
	int err;

	h.wp = wp;
	h.unmark = true;
	hugetlb_place_lock(h.m, h.place);
	rwsem_down_read(&h.m->invalidate_lock);
	err = fill_locked(&h, src);
	rwsem_up_read(&h.m->invalidate_lock);
	hugetlb_place_unlock(h.m, h.place);
	return err;
}
