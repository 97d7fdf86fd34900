/*
 * Soft-dirty: which pages a program has written since somebody asked (clear_refs, pagemap bit 55).
 *
 *   new, a longer heap     VM_SOFTDIRTY: all of the vma counts as written; entries are what they are
 *   clear_refs 4           the flag goes; entries lose the bit and the write right
 *   write                  faults: fault_cow, fault_anon, fault_huge, fault_hugetlb and userfaultfd's copies set the bit
 *   mprotect               gives the write right only to entries that have the bit, others fault first
 *   mremap                 what moves gets the bit; what it gains is as its vma is: no bit before the first write
 *   fork                   the child has the parent's flags and bits
 *   migration              the bit travels in the migration entry
 *
 * WHY      who copies a running program (a checkpoint, a live move) copies only what was written. A mapping that was
 *          replaced by another at the same place must not look unwritten: so what is new has a flag, and a vma that
 *          joins one with the flag gets it.
 * I1       in a vma without VM_SOFTDIRTY an entry that is not soft-dirty is not writable.                  [mm_check]
 * I2       where writes are tracked no entry is made writable ahead of its write: anonymous faults do not batch.
 * LOCKS    mmap_lock for write.   CONTEXT  threads; sleeps.   COST  one walk of what is mapped, one flush.   FAILS  never.
 * NOT HERE VM_PFNMAP: device memory keeps its flag, for it changes by itself. Writes through references that the kernel
 *          took before (gup.c).
 * SOURCES  Linux Documentation/admin-guide/mm/soft-dirty.rst.   TESTED BY softdirty_test.c, proc_softdirty.c
 */
#include "mm/aspace/aspace_impl.h"
#include "mm/gather.h"
#include "mm/range.h"

void mm_clear_soft_dirty(struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	struct mmu_notify_range watch;
	struct mmu_gather g;

	rwsem_down_write(&mm->mmap_lock);
	mmu_notify_begin(&watch, mm, 0, ~0UL, MMU_NOTIFY_SOFT_DIRTY);
	gather_begin(&g, mm);
	for (vma = vma_first(mm); vma; vma = vma_next(mm, vma)) {
		if (vma->vm_flags & VM_PFNMAP)
			continue;
		vma_set_flags(vma, vma->vm_flags & ~(unsigned long)VM_SOFTDIRTY);
		if (READ_ONCE(vma->populated))
			range_clear_soft_dirty(&g, vma->vm_start, vma->vm_end);
	}
	gather_end(&g);
	mmu_notify_end(&watch);
	rwsem_up_write(&mm->mmap_lock);
}
