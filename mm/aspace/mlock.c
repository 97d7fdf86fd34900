/*
 * mlock(2) and its family: memory that must stay in RAM.
 *
 * VM_LOCKED marks the vmas; reclaim passes over their pages. Locking faults everything in, so that the program meets no
 * fault later; with VM_LOCKONFAULT pages are locked as they come.
 *
 * I1       pages that the vmas map are counted (mm/track/mlocked.c) in the same step in which the flags change, rmap locked:
 *          whoever takes an entry away or brings it back, and be it another program that moves the page, agrees.
 * I2       locked_vm is the sum over VM_LOCKED vmas, at most RLIMIT_MEMLOCK when it grows.          [mm_check]
 * LOCKS    mmap_lock for write while flags change, for read while pages are faulted in. Sleeps.
 * FAILS    as mlock(2) ERRORS: EINVAL, ENOMEM (limit, hole, a page that cannot be had), EPERM; EAGAIN for want of
 *          memory.
 * NOT HERE the unevictable list (mm/track).   TESTED BY mmap_test.c
 */
#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/imports.h"
#include "mm/range.h"
#include "uapi/mman.h"

static int mlock_entry(pte_t e, uaddr_t va, void *arg)
{
	(void)va;
	if (!pte_present(e) || pte_special(e))
		return 0;
	if (*(bool *)arg)
		page_mlock(pfn_to_page(pte_pfn(e)));
	else
		page_munlock(pfn_to_page(pte_pfn(e)));
	return 0;
}

void mlock_count_entries(struct mm_struct *mm, unsigned long start, unsigned long end, bool lock)
{
	(void)range_each(mm, start, end, mlock_entry, &lock);
}

/* [start, end) of @vma gets @lock, VM_LOCKED and VM_LOCKONFAULT or nothing. 0 or -ENOMEM. */
static int lock_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		    unsigned long end, unsigned long lock)
{
	unsigned long old = vma->vm_flags, flags = (old & ~(unsigned long)VM_LOCKED_ANY) | lock;
	unsigned long pages = (end - start) >> PAGE_SHIFT;
	int err;

	if (flags == old || (old & VM_SPECIAL))
		return 0;
	err = vma_modify(mm, vma, start, end, flags, &vma);
	if (!err && ((old ^ flags) & VM_LOCKED))
		mm->locked_vm += lock ? pages : -pages;
	return err;
}

/* 0, -ENOMEM at a hole (what came before is done) or for want of memory. */
static int lock_range(struct mm_struct *mm, unsigned long start, unsigned long end,
		      unsigned long lock)
{
	int err = 0;

	while (!err && start < end) {
		struct vm_area_struct *vma = find_vma(mm, start);
		unsigned long stop;

		if (!vma || vma->vm_start > start)
			return -ENOMEM;
		stop = min_of(unsigned long, end, vma->vm_end);
		err = lock_vma(mm, vma, start, stop, lock);
		start = stop;
	}
	return err;
}

/* Pages of the range that are locked already do not count twice. */
static bool limit_allows(struct mm_struct *mm, unsigned long start, unsigned long pages)
{
	unsigned long end = start + (pages << PAGE_SHIFT);
	struct vm_area_struct *vma;

	if (vm_may_lock(mm, pages))
		return true;
	for (vma = find_vma(mm, start); vma && vma->vm_start < end; vma = vma_next(mm, vma)) {
		if (vma->vm_flags & VM_LOCKED)
			pages -= vma_pages_within(vma, start, end);
	}
	return vm_may_lock(mm, pages);
}

/* mlock(2) has names of its own for what goes wrong when pages are faulted in. */
static int lock_errno(int err)
{
	return err == -EFAULT ? -ENOMEM : err == -ENOMEM ? -EAGAIN : err;
}

int vm_lock(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned long lock)
{
	unsigned long start = addr & PAGE_MASK, bytes = page_align(len + (addr & ~PAGE_MASK));
	int err = 0;

	if (lock && !vm_can_lock())
		return -EPERM;
	rwsem_down_write(&mm->mmap_lock);
	if (lock && !limit_allows(mm, start, bytes >> PAGE_SHIFT))
		err = -ENOMEM;
	else if (start + bytes < start)
		err = -EINVAL;
	else
		err = lock_range(mm, start, start + bytes, lock);
	rwsem_up_write(&mm->mmap_lock);
	if (err || !lock)
		return err;
	return lock_errno(populate_range(mm, start, start + bytes, false));
}

/* What cannot be split off stays as it is: mlockall(2) does what it can. */
static void lock_all_vmas(struct mm_struct *mm, unsigned long lock)
{
	struct vm_area_struct *vma = vma_first(mm);

	while (vma) {
		unsigned long end = vma->vm_end;

		(void)!lock_vma(mm, vma, vma->vm_start, end, lock);
		vma = find_vma(mm, end); /* it may have merged */
	}
}

int vm_lock_all(struct mm_struct *mm, int flags)
{
	unsigned long lock = VM_LOCKED | (flags & MCL_ONFAULT ? VM_LOCKONFAULT : 0);
	int err = 0;

	if ((flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT)) || flags == MCL_ONFAULT)
		return -EINVAL;
	if (flags && !vm_can_lock())
		return -EPERM;
	rwsem_down_write(&mm->mmap_lock);
	if ((flags & MCL_CURRENT) && mm->total_vm > vm_limits()->memlock >> PAGE_SHIFT &&
	    !vm_capable(MM_CAP_IPC_LOCK)) {
		err = -ENOMEM;
	} else {
		mm->def_flags &= ~(unsigned long)VM_LOCKED_ANY;
		mm->def_flags |= flags & MCL_FUTURE ? lock : 0;
		if (!flags || (flags & MCL_CURRENT))
			lock_all_vmas(mm, flags ? lock : 0);
	}
	rwsem_up_write(&mm->mmap_lock);
	if (!err && (flags & MCL_CURRENT))
		err = populate_range(mm, 0, mm->task_size, true);
	return err;
}
