/*
 * mlock(2) and its family: memory that must stay in RAM.
 *
 * VM_LOCKED marks the vmas; reclaim passes over their pages. Locking faults everything in, so that the program meets no
 * fault later.
 *
 * I1       locked_vm is the sum over VM_LOCKED vmas, at most RLIMIT_MEMLOCK when it grows.          [mm_check]
 * LOCKS    mmap_lock for write while flags change, for read while pages are faulted in. Sleeps.
 * FAILS    as mlock(2) ERRORS: EINVAL, ENOMEM, EPERM; EAGAIN when not every page could be had.
 * NOT HERE the unevictable list (mm/track).   TESTED BY mmap_test.c
 */
#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"
#include "uapi/mman.h"

static int lock_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		    unsigned long end, bool lock)
{
	unsigned long flags = vma->vm_flags & ~(unsigned long)VM_LOCKED;
	unsigned long pages = (end - start) >> PAGE_SHIFT;
	int err;

	if (lock && !(flags & (VM_IO | VM_PFNMAP)))
		flags |= VM_LOCKED;
	if (flags == vma->vm_flags)
		return 0;
	err = vma_modify(mm, vma, start, end, flags, &vma);
	if (err)
		return err;
	mm->locked_vm += flags & VM_LOCKED ? pages : -pages;
	return 0;
}

/* 0, -ENOMEM at a hole (what came before is done) or for want of memory. */
static int lock_range(struct mm_struct *mm, unsigned long start, unsigned long end, bool lock)
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
static bool limit_allows(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	unsigned long pages = (end - start) >> PAGE_SHIFT;
	struct vm_area_struct *vma = find_vma(mm, start);

	for (; vma && vma->vm_start < end; vma = vma_next(mm, vma)) {
		if (vma->vm_flags & VM_LOCKED)
			pages -= (min_of(unsigned long, end, vma->vm_end) -
				  max_of(unsigned long, start, vma->vm_start)) >>
				 PAGE_SHIFT;
	}
	return vm_may_lock(mm, pages);
}

int vm_lock(struct mm_struct *mm, unsigned long addr, unsigned long len, bool lock)
{
	unsigned long start = addr & PAGE_MASK, end = start + page_align(len + (addr & ~PAGE_MASK));
	int err = 0;

	if (end < start || len > mm->task_size)
		return len > mm->task_size ? -ENOMEM : -EINVAL;
	if (start == end)
		return 0;
	if (lock && !mm->rlim_memlock)
		return -EPERM;
	rwsem_down_write(&mm->mmap_lock);
	if (lock && !limit_allows(mm, start, end))
		err = -ENOMEM;
	if (!err)
		err = lock_range(mm, start, end, lock);
	rwsem_up_write(&mm->mmap_lock);
	if (!err && lock)
		populate_range(mm, start, end);
	return err;
}

static int lock_all_vmas(struct mm_struct *mm, bool lock)
{
	struct vm_area_struct *vma = vma_first(mm);

	while (vma) {
		unsigned long end = vma->vm_end;

		if (lock_vma(mm, vma, vma->vm_start, end, lock))
			return -ENOMEM;
		vma = find_vma(mm, end); /* it may have merged */
	}
	return 0;
}

int vm_lock_all(struct mm_struct *mm, int flags)
{
	int err = 0;

	if (flags & ~(MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT) || flags == MCL_ONFAULT)
		return -EINVAL;
	if (flags && !mm->rlim_memlock)
		return -EPERM;
	rwsem_down_write(&mm->mmap_lock);
	if ((flags & MCL_CURRENT) && mm->total_vm > mm->rlim_memlock >> PAGE_SHIFT)
		err = -ENOMEM;
	if (!err)
		mm->def_flags = flags & MCL_FUTURE ? VM_LOCKED : 0;
	if (!err && (!flags || (flags & MCL_CURRENT)))
		err = lock_all_vmas(mm, flags != 0);
	rwsem_up_write(&mm->mmap_lock);
	if (!err && (flags & MCL_CURRENT) && !(flags & MCL_ONFAULT))
		populate_range(mm, 0, mm->task_size);
	return err;
}
