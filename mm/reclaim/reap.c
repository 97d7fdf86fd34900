/*
 * Reaping: the private memory of a program that is being killed goes now, not when its last thread has ended.
 *
 * WHY      a killed thread may wait for long: for a lock, for a device, for its turn on the CPU. Its memory is of no use to it.
 * I1       what was reaped does not come back as zeroes: a killed thread in the middle of write(2) gets an error. A fault looks at
 *          MM_REAPED first of all, and again when it finds an entry to be none: it was set before the entry went.
 * I2       whoever has waited for the program's end finds all of its memory free: its last thread takes mmap_lock for write,
 *          so what is being reaped is free before; and a lazy reference keeps no memory of it but the top table.
 * LOCKS    mmap_lock for read: with faults on other CPUs; against them the table locks, and MM_REAPED, which is set before.
 * CONTEXT  a thread; sleeps.   COST  O(resident pages).
 * FAILS    mm_reap: -EINTR: the caller is being killed itself. mm_try_reap: the lock is held for write.
 * NOT HERE who is being killed (kernel/), shared memory and hugetlb pages: they belong to others, or to a pool.
 * SOURCES  process_mrelease(2).   TESTED BY reap_test.c, tests/guest/mm_remote.c, module_stuck.c
 */
#include "base/errno.h"
#include "mm/frames.h"
#include "mm/gather.h"
#include "mm/notify.h"
#include "mm/oom.h"
#include "mm/range.h"

static bool is_reapable(const struct vm_area_struct *vma)
{
	return READ_ONCE(vma->populated) && !(vma->vm_flags & (VM_HUGETLB | VM_PFNMAP | VM_SHARED));
}

static void reap_locked(struct mm_struct *mm)
{
	struct mmu_notify_range watch;
	struct vm_area_struct *vma;
	struct mmu_gather g;

	mm_update_hiwater(mm);
	gather_begin(&g, mm);
	for (vma = find_vma(mm, 0); vma; vma = vma_next(mm, vma)) {
		if (!is_reapable(vma) ||
		    !mmu_notify_try_start(&watch, mm, vma->vm_start, vma->vm_end, MMU_NOTIFY_UNMAP))
			continue;
		range_zap(&g, vma, vma->vm_start, vma->vm_end);
		if (unlikely(watch.mm))
			gather_flush(&g);
		mmu_notify_end(&watch);
	}
	gather_end(&g);
}

static void no_more_faults(struct mm_struct *mm)
{
	(void)__atomic_fetch_or(&mm->unusual, MM_REAPED, __ATOMIC_SEQ_CST);
}

int mm_reap(struct mm_struct *mm)
{
	int err;

	no_more_faults(mm);
	err = rwsem_down_read_killable(&mm->mmap_lock);
	if (err)
		return -EINTR;
	reap_locked(mm);
	rwsem_up_read(&mm->mmap_lock);
	return 0;
}

bool mm_try_reap(struct mm_struct *mm)
{
	no_more_faults(mm);
	if (!rwsem_try_read(&mm->mmap_lock))
		return false;
	reap_locked(mm);
	rwsem_up_read(&mm->mmap_lock);
	return true;
}
