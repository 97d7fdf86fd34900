/*
 * userfaultfd: which ranges are registered, and pages that the monitor brings.
 *
 *   register, unregister   flags VM_UFFD_* and vma->userfault, so vmas split and merge
 *   COPY        private: a new page of the process's own. Shared memory: a new page of the object
 *   ZEROPAGE    private: the zero page. Shared memory: a new page of the object
 *   CONTINUE    shared memory: the page that the object has
 *   hugetlb     the same in whole huge pages, but ZEROPAGE (hugetlb_uffd.c)
 *   WRITEPROTECT   entries lose the write right and get a mark; in shared memory also entries that are none
 *
 * WHY      the source of a copy is memory that may fault, in the monitor's own address space, so a page that cannot be
 *          copied at once is copied with mmap_lock dropped, and the place is looked for again.
 * I1       a page is put only where no entry is; who finds one reports EEXIST and has changed nothing.
 * I2       a new page of the object gets its entry before truncation can come: invalidate_lock is held over both.
 * LOCKS    mmap_lock: write to register, read to fill. invalidate_lock, then the table lock. Sleeps.
 * FAILS    as ioctl_userfaultfd(2) says.
 * SOURCES  ioctl_userfaultfd(2).   TESTED BY tests/guest/mem_uffd.c, model_test.c
 */
#include "arch/uaccess.h"
#include "base/errno.h"
#include "mm/alloc.h"
#include "mm/aspace/hugetlb_vma.h"
#include "mm/aspace/userfault_impl.h"
#include "mm/gather.h"
#include "mm/imports.h"
#include "mm/range.h"
#include "mm/shmem.h"
#include "mm/swap_entry.h"
#include "mm/vmalloc.h"

/* ---- ranges ---- */

static int check_range(const struct mm_struct *mm, const struct uffdio_range *r)
{
	if ((r->start | r->len) & ~(uint64_t)PAGE_MASK || !r->len)
		return -EINVAL;
	if (r->start < mmap_min_addr || r->start >= mm->task_size ||
	    r->len > mm->task_size - r->start)
		return -EINVAL;
	return 0;
}

/* Shared memory but System V segments, which Linux leaves out, too. */
static bool may_watch_shmem(const struct vm_area_struct *vma)
{
	return vma_is_shmem(vma) && !vma->vm_ops;
}

static bool can_userfault(const struct vm_area_struct *vma, unsigned long flags)
{
	if (flags & VM_UFFD_MINOR)
		return may_watch_shmem(vma) || (vma->vm_flags & VM_HUGETLB);
	return vma_is_anon(vma) || may_watch_shmem(vma) || (vma->vm_flags & VM_HUGETLB);
}

static unsigned long page_size_of(const struct vm_area_struct *vma)
{
	return vma->vm_flags & VM_HUGETLB ? HPAGE_SIZE : PAGE_SIZE;
}

/* Does [start, end) take @vma in whole huge pages, if it has such? */
static bool takes_whole_pages(const struct vm_area_struct *vma, unsigned long start,
			      unsigned long end)
{
	return vma_between_huge(vma, max_of(unsigned long, start, vma->vm_start)) &&
	       vma_between_huge(vma, min_of(unsigned long, end, vma->vm_end));
}

/* May all of the range be registered? mmap_lock held. */
static int check_register(struct userfault *uf, unsigned long start, unsigned long end,
			  unsigned long flags)
{
	struct vm_area_struct *vma = find_vma(uf->mm, start);

	if (!vma)
		return -ENOMEM;
	if (vma->vm_start >= end)
		return -EINVAL;
	for (; vma && vma->vm_start < end; vma = vma_next(uf->mm, vma)) {
		if (!can_userfault(vma, flags))
			return -EINVAL;
		if (!(vma->vm_flags & VM_MAYWRITE))
			return -EPERM;
		if (!takes_whole_pages(vma, start, end))
			return -EINVAL;
		if (vma->userfault && vma->userfault != uf)
			return -EBUSY;
	}
	return 0;
}

/* The vmas of [start, end) get @flags instead of their VM_UFFD_* and belong to @uf. mmap_lock held for write. */
static int set_range(struct mm_struct *mm, unsigned long start, unsigned long end,
		     unsigned long flags, struct userfault *uf)
{
	struct vm_area_struct *vma;
	int err = 0;

	while (!err && start < end && (vma = find_vma(mm, start)) && vma->vm_start < end) {
		unsigned long from = max_of(unsigned long, start, vma->vm_start);
		unsigned long to = min_of(unsigned long, end, vma->vm_end);
		unsigned long all = (vma->vm_flags & ~(unsigned long)VM_UFFD_ANY) | flags;

		if (!(uf && vma->userfault == uf && (vma->vm_flags & flags) == flags))
			err = vma_modify_userfault(vma, from, to, all, uf);
		start = to;
	}
	return err;
}

static unsigned long flags_of_mode(uint64_t mode)
{
	return (mode & UFFDIO_REGISTER_MODE_MISSING ? VM_UFFD_MISSING : 0) |
	       (mode & UFFDIO_REGISTER_MODE_WP ? VM_UFFD_WP : 0) |
	       (mode & UFFDIO_REGISTER_MODE_MINOR ? VM_UFFD_MINOR : 0);
}

/* What ioctls there are for the range: no huge page can be the zero page. mmap_lock held. */
static uint64_t range_ioctls(struct mm_struct *mm, unsigned long start, unsigned long end,
			     uint64_t mode)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	uint64_t ioctls = UFFD_RANGE_IOCTLS;

	for (; vma && vma->vm_start < end; vma = vma_next(mm, vma)) {
		if (vma->vm_flags & VM_HUGETLB)
			ioctls &= ~(uint64_t)UFFD_BIT_ZEROPAGE;
	}
	if (!(mode & UFFDIO_REGISTER_MODE_WP))
		ioctls &= ~(uint64_t)UFFD_BIT_WRITEPROTECT;
	if (!(mode & UFFDIO_REGISTER_MODE_MINOR))
		ioctls &= ~(uint64_t)UFFD_BIT_CONTINUE;
	return ioctls;
}

int userfault_register(struct userfault *uf, const struct uffdio_range *r, uint64_t mode,
		       uint64_t *ioctls)
{
	const uint64_t known =
		UFFDIO_REGISTER_MODE_MISSING | UFFDIO_REGISTER_MODE_WP | UFFDIO_REGISTER_MODE_MINOR;
	unsigned long start = (unsigned long)r->start, end = start + (unsigned long)r->len;
	int err = !mode || (mode & ~known) ? -EINVAL : check_range(uf->mm, r);

	if (err)
		return err;
	if (!mmget_not_zero(uf->mm))
		return -ENOMEM;
	rwsem_down_write(&uf->mm->mmap_lock);
	err = check_register(uf, start, end, flags_of_mode(mode));
	if (!err) {
		uf->mm->has_userfault = true;
		err = set_range(uf->mm, start, end, flags_of_mode(mode), uf);
		*ioctls = range_ioctls(uf->mm, start, end, mode);
	}
	rwsem_up_write(&uf->mm->mmap_lock);
	mmput(uf->mm);
	return err;
}

static void set_wp(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool protect)
{
	struct mmu_notify_range watch;
	struct mmu_gather g;

	mmu_notify_begin(&watch, vma->vm_mm, start, end, MMU_NOTIFY_PROTECTION_VMA);
	gather_begin(&g, vma->vm_mm);
	if (protect && !vma_is_anon(vma))
		WRITE_ONCE(vma->populated, true);
	if (vma->vm_flags & VM_HUGETLB)
		range_uffd_wp_hugetlb(&g, start, end, protect);
	else
		range_uffd_wp(&g, start, end, protect, !vma_is_anon(vma));
	gather_end(&g);
	mmu_notify_end(&watch);
}

/* Whoever waits in the range goes on, and nothing in it stays protected. mmap_lock held for write. */
static void leave_range(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	for (; vma && vma->vm_start < end; vma = vma_next(mm, vma)) {
		unsigned long from = max_of(unsigned long, start, vma->vm_start);
		unsigned long to = min_of(unsigned long, end, vma->vm_end);

		if (vma->vm_flags & VM_UFFD_WP)
			set_wp(vma, from, to, false);
		if (vma->userfault)
			userfault_wake_range(vma->userfault, from, to - 1);
	}
}

static int unregister_locked(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);

	if (!vma)
		return -ENOMEM;
	if (vma->vm_start >= end)
		return -EINVAL;
	for (; vma && vma->vm_start < end; vma = vma_next(mm, vma)) {
		if (!can_userfault(vma, vma->vm_flags) || !takes_whole_pages(vma, start, end))
			return -EINVAL;
	}
	leave_range(mm, start, end);
	return set_range(mm, start, end, 0, NULL);
}

int userfault_unregister(struct userfault *uf, const struct uffdio_range *r)
{
	unsigned long start = (unsigned long)r->start;
	int err = check_range(uf->mm, r);

	if (err)
		return err;
	if (!mmget_not_zero(uf->mm))
		return -ENOMEM;
	rwsem_down_write(&uf->mm->mmap_lock);
	err = unregister_locked(uf->mm, start, start + (unsigned long)r->len);
	rwsem_up_write(&uf->mm->mmap_lock);
	mmput(uf->mm);
	return err;
}

void userfault_unregister_all(struct userfault *uf)
{
	struct mm_struct *mm = uf->mm;
	struct vm_area_struct *vma;
	unsigned long at = 0;

	rwsem_down_write(&mm->mmap_lock);
	while ((vma = find_vma(mm, at))) {
		at = vma->vm_end;
		if (vma->userfault != uf)
			continue;
		if (vma->vm_flags & VM_UFFD_WP) /* no mark for who registers later */
			set_wp(vma, vma->vm_start, vma->vm_end, false);
		vma_forget_userfault(vma);
	}
	rwsem_up_write(&mm->mmap_lock);
}

int userfault_wake(struct userfault *uf, const struct uffdio_range *r)
{
	int err = check_range(uf->mm, r);

	if (!err)
		userfault_wake_range(uf, (unsigned long)r->start,
				     (unsigned long)(r->start + r->len - 1));
	return err;
}

/* The one registered vma that has all of [start, start + len). mmap_lock held. */
static struct vm_area_struct *vma_of(struct mm_struct *mm, const struct uffdio_range *r)
{
	struct vm_area_struct *vma = find_vma(mm, (unsigned long)r->start);

	if (!vma || !vma->userfault || r->start < vma->vm_start || r->start + r->len > vma->vm_end)
		return NULL;
	return vma;
}

static int protect_locked(struct userfault *uf, const struct uffdio_range *r, bool protect)
{
	struct vm_area_struct *vma = vma_of(uf->mm, r);

	if (atomic_read(&uf->changing))
		return -EAGAIN;
	if (!vma || !(vma->vm_flags & VM_UFFD_WP))
		return -ENOENT;
	if (!takes_whole_pages(vma, (unsigned long)r->start, (unsigned long)(r->start + r->len)))
		return -EINVAL;
	set_wp(vma, (unsigned long)r->start, (unsigned long)(r->start + r->len), protect);
	return 0;
}

int userfault_protect(struct userfault *uf, const struct uffdio_range *r, uint64_t mode)
{
	bool protect = mode & UFFDIO_WRITEPROTECT_MODE_WP;
	bool quiet = mode & UFFDIO_WRITEPROTECT_MODE_DONTWAKE;
	int err = check_range(uf->mm, r);

	if (err)
		return err;
	if ((mode & ~(uint64_t)(UFFDIO_WRITEPROTECT_MODE_WP | UFFDIO_WRITEPROTECT_MODE_DONTWAKE)) ||
	    (protect && quiet))
		return -EINVAL;
	if (!mmget_not_zero(uf->mm))
		return -ESRCH;
	rwsem_down_read(&uf->mm->mmap_lock);
	err = protect_locked(uf, r, protect);
	rwsem_up_read(&uf->mm->mmap_lock);
	mmput(uf->mm);
	if (!err && !protect && !quiet)
		err = userfault_wake(uf, r);
	return err;
}

/* ---- one page ---- */

enum {
	COPY_UNLOCKED = 1
}; /* a result besides 0 and -errno: copy c->page with mmap_lock dropped, then again */

struct fill_ctx {
	struct userfault *uf;
	const struct userfault_fill *fill;
	struct vm_area_struct *vma;
	unsigned long addr;
	uaddr_t src;
	struct page *page; /* filled already, for addr; NULL: not yet */
	bool wp;
};

static unsigned long object_pages(const struct address_space *m)
{
	return (unsigned long)((mapping_size(m) + PAGE_SIZE - 1) >> PAGE_SHIFT);
}

/* Bits of the entry: never writable what is not the process's own, or is to be watched. */
static pte_t entry_for(const struct fill_ctx *c, struct page *page, bool cached)
{
	pte_t e = pte_make(page_to_pfn(page), c->vma->vm_page_prot);
	bool write = (c->vma->vm_flags & VM_WRITE) && (!cached || (c->vma->vm_flags & VM_SHARED));

	e = pte_mkyoung(pte_mksoft_dirty(pte_mkdirty(e)));
	if (c->wp)
		return pte_mkuffd_wp(e);
	return write ? pte_mkwrite(e) : pte_wrprotect(e);
}

/* @page, whose reference goes to the entry, gets mapped. 0, -EEXIST, -ENOMEM. */
static int install(struct fill_ctx *c, struct page *page, bool cached)
{
	struct mm_struct *mm = c->vma->vm_mm;
	struct page *table;
	pte_t *pte, old;

	if (pte_present(pt_peek_page(&mm->root, c->addr)))
		return -EEXIST;
	pte = pt_find_alloc_locked(mm, &mm->root, c->addr, &table);
	if (!pte)
		return -ENOMEM;
	old = pte_read(pte);
	if (!pte_none(old) && !pte_is_uffd_marker(old)) {
		pt_unlock(table);
		return -EEXIST;
	}
	if (!cached)
		page_set_anon_rmap(page, c->vma, c->addr);
	lru_add(page);
	range_account_map(mm, page);
	vma_page_mapped(c->vma, page);
	pte_set(pte, entry_for(c, page, cached));
	pt_unlock(table);
	return 0;
}

static int install_zero(struct fill_ctx *c)
{
	pte_t e = pte_mkspecial(pte_make(page_to_pfn(zero_page), c->vma->vm_page_prot));
	struct mm_struct *mm = c->vma->vm_mm;
	struct page *table;
	pte_t *pte;
	int err = -EEXIST;

	if (c->vma->mapping && vma_index(c->vma, c->addr) >= object_pages(c->vma->mapping))
		return -EFAULT;
	if (pte_present(pt_peek_page(&mm->root, c->addr)))
		return -EEXIST;
	pte = pt_find_alloc_locked(mm, &mm->root, c->addr, &table);
	if (!pte)
		return -ENOMEM;
	if (pte_none(pte_read(pte))) {
		pte_set(pte, pte_mkyoung(e));
		err = 0;
	}
	pt_unlock(table);
	return err;
}

/* All of @page from the monitor's memory, without a fault. Return: bytes done. */
static size_t copy_nofault(struct page *page, uaddr_t src, size_t done)
{
	char *p = kmap_local_page(page);
	size_t left = copy_from_user_nofault(p + done, src + done, PAGE_SIZE - done);

	kunmap_local(p);
	return PAGE_SIZE - left;
}

/* The same with faults. No lock held. 0 or -EFAULT. */
static int copy_page(struct page *page, uaddr_t src)
{
	size_t done = 0;
	char probe;

	if (!access_ok(src, PAGE_SIZE))
		return -EFAULT;
	while ((done = copy_nofault(page, src, done)) < PAGE_SIZE) {
		if (copy_from_user(&probe, src + done, 1))
			return -EFAULT;
	}
	return 0;
}

static void zero_page_of(struct page *page)
{
	void *p = kmap_local_page(page);

	frame_zero(p);
	kunmap_local(p);
}

/* A page with what is wanted, in c->page. 0; -ENOMEM; COPY_UNLOCKED: the source is not in memory. */
static int prepare_page(struct fill_ctx *c)
{
	bool shared = c->vma->vm_flags & VM_SHARED;

	if (c->page)
		return 0;
	c->page = shared ? mapping_new_page(c->vma->mapping, vma_index(c->vma, c->addr))
			 : fault_anon_page(c->vma, c->addr);
	if (!c->page)
		return -ENOMEM;
	if (c->fill->kind == USERFAULT_ZERO)
		zero_page_of(c->page);
	else if (!access_ok(c->src, PAGE_SIZE) || copy_nofault(c->page, c->src, 0) < PAGE_SIZE)
		return COPY_UNLOCKED;
	return 0;
}

/* Shared memory: the new page goes into the object, then into the entry. */
static int fill_shared(struct fill_ctx *c)
{
	struct address_space *m = c->vma->mapping;
	int err = prepare_page(c);

	if (err)
		return err;
	if (vma_index(c->vma, c->addr) >= object_pages(m))
		return -EFAULT;
	if (range_populate_tables(c->uf->mm, c->addr, c->addr + PAGE_SIZE))
		return -ENOMEM;
	page_set(c->page, PG_uptodate);
	page_set(c->page, PG_dirty);
	c->page->index = vma_index(c->vma, c->addr);
	err = mapping_add_page(m, c->page);
	if (err)
		return err == -ENOSPC ? -ENOMEM : err;
	err = install(c, c->page, true);
	if (!err)
		c->page = NULL; /* the entry's */
	return err;
}

static int fill_private(struct fill_ctx *c)
{
	int err;

	if (c->fill->kind == USERFAULT_ZERO)
		return install_zero(c);
	err = prepare_page(c);
	if (err)
		return err;
	if (c->vma->mapping && vma_index(c->vma, c->addr) >= object_pages(c->vma->mapping))
		return -EFAULT;
	err = install(c, c->page, false);
	if (!err)
		c->page = NULL;
	return err;
}

static int fill_continue(struct fill_ctx *c)
{
	unsigned long index = vma_index(c->vma, c->addr);
	struct page *page;
	int err = mapping_lookup_page(c->vma->mapping, index, &page);

	if (err)
		return err == -ENOENT ? -EFAULT : err;
	err = -EFAULT;
	if (index < object_pages(c->vma->mapping))
		err = install(c, page, true);
	if (err)
		put_page(page);
	return err;
}

/* One huge page. */
static int fill_hugetlb(struct fill_ctx *c)
{
	int err = hugetlb_fill_place(c->vma, c->addr,
				     c->fill->kind == USERFAULT_COPY ? &c->src : NULL, c->wp);

	return err == -ENOENT ? COPY_UNLOCKED : err;
}

static int fill_page(struct fill_ctx *c) no_lock_analysis
{
	struct address_space *m = c->vma->mapping;
	int err;

	WRITE_ONCE(c->vma->populated,
		   true); /* first: a table may be made although the page is refused */
	if (c->vma->vm_flags & VM_HUGETLB)
		return fill_hugetlb(c);
	if (m)
		rwsem_down_read(&m->invalidate_lock);
	if (c->fill->kind == USERFAULT_CONTINUE)
		err = fill_continue(c);
	else if (c->vma->vm_flags & VM_SHARED)
		err = fill_shared(c);
	else
		err = fill_private(c);
	if (m)
		rwsem_up_read(&m->invalidate_lock);
	return err;
}

/* ---- the loop ---- */

/* May @vma be filled in this way? */
static int fill_allowed(const struct vm_area_struct *vma, const struct userfault_fill *fill)
{
	const struct uffdio_range *r = &fill->range;

	if (vma->vm_flags & VM_HUGETLB)
		return fill->kind != USERFAULT_ZERO &&
				       takes_whole_pages(vma, (unsigned long)r->start,
							 (unsigned long)(r->start + r->len))
			       ? 0
			       : -EINVAL;
	if (fill->kind == USERFAULT_CONTINUE)
		return may_watch_shmem(vma) ? 0 : -EINVAL;
	return vma_is_anon(vma) || may_watch_shmem(vma) ? 0 : -EINVAL;
}

/* May the range be filled now? mmap_lock held; sets c->vma. */
static int fill_place(struct fill_ctx *c)
{
	if (atomic_read(&c->uf->changing))
		return -EAGAIN;
	c->vma = vma_of(c->uf->mm, &c->fill->range);
	if (!c->vma)
		return -ENOENT;
	if (c->wp && !(c->vma->vm_flags & VM_UFFD_WP))
		return -EINVAL;
	if (fill_allowed(c->vma, c->fill))
		return -EINVAL;
	if (c->page && (page_state(c->page) == PS_FILE) != !!(c->vma->vm_flags & VM_SHARED)) {
		put_page(c->page); /* another vma is there now */
		c->page = NULL;
	}
	return !(c->vma->vm_flags & (VM_SHARED | VM_HUGETLB)) && anon_vma_prepare(c->vma) ? -ENOMEM
											  : 0;
}

/* Pages one after the other. mmap_lock held. Return: 0 at the end of the range, else what stopped it. */
static int fill_pages(struct fill_ctx *c)
{
	uint64_t end = c->fill->range.start + c->fill->range.len;
	int err = fill_place(c);

	while (!err && c->addr < end) {
		err = fill_page(c);
		if (err)
			break;
		c->addr += page_size_of(c->vma);
		c->src += page_size_of(c->vma);
		if (mm_ctx_current()->fatal_signal)
			err = -EINTR;
	}
	return err;
}

/* With mmap_lock dropped: fill c->page, or (hugetlb) make that what is to be copied is in memory. 0, -EFAULT, -EINTR. */
static int copy_unlocked(struct fill_ctx *c)
{
	char probe;

	if (c->page)
		return copy_page(c->page, c->src);
	if (!access_ok(c->src, HPAGE_SIZE))
		return -EFAULT;
	for (size_t done = 0; done < HPAGE_SIZE; done += PAGE_SIZE) {
		if (copy_from_user(&probe, c->src + done, 1))
			return -EFAULT;
	}
	if (copy_from_user(&probe, c->src + HPAGE_SIZE - 1, 1)) /* it may begin inside a page */
		return -EFAULT;
	return mm_ctx_current()->fatal_signal ? -EINTR : 0;
}

static int64_t fill_range(struct fill_ctx *c)
{
	struct mm_struct *mm = c->uf->mm;
	uint64_t done;
	int err;

	do {
		rwsem_down_read(&mm->mmap_lock);
		err = fill_pages(c);
		rwsem_up_read(&mm->mmap_lock);
	} while (err == COPY_UNLOCKED && !(err = copy_unlocked(c)));
	if (c->page)
		put_page(c->page);
	done = c->addr - c->fill->range.start;
	return done ? (int64_t)done : err;
}

int userfault_fill(struct userfault *uf, const struct userfault_fill *fill, int64_t *done)
{
	struct fill_ctx c = { .uf = uf,
			      .fill = fill,
			      .addr = (unsigned long)fill->range.start,
			      .src = (uaddr_t)fill->src,
			      .wp = fill->kind == USERFAULT_COPY &&
				    (fill->mode & UFFDIO_COPY_MODE_WP) };

	if (!mmget_not_zero(uf->mm))
		return -ESRCH;
	*done = fill_range(&c);
	mmput(uf->mm);
	if (*done < 0)
		return (int)*done;
	if (!(fill->mode & UFFDIO_MODE_DONTWAKE))
		userfault_wake_range(uf, (unsigned long)fill->range.start,
				     (unsigned long)(fill->range.start + (uint64_t)*done - 1));
	return (uint64_t)*done == fill->range.len ? 0 : -EAGAIN;
}

int userfault_check_fill(struct userfault *uf, const struct userfault_fill *fill)
{
	uint64_t known =
		UFFDIO_MODE_DONTWAKE | (fill->kind == USERFAULT_COPY ? UFFDIO_COPY_MODE_WP : 0);
	int err = check_range(uf->mm, &fill->range);

	if (atomic_read(&uf->changing))
		return -EAGAIN;
	if (err)
		return err;
	if (fill->kind == USERFAULT_COPY && fill->src + fill->range.len <= fill->src)
		return -EINVAL;
	return fill->mode & ~known ? -EINVAL : 0;
}
