/*
 * mseal(2): mappings that stay as they are.
 *
 * A sealed vma is not unmapped, moved, resized, replaced by MAP_FIXED, given other rights, or emptied where it could not
 * be written; the program can still use it, and it dies with the address space.
 *
 * WHY      a program with a bug in it cannot be made to take its own protection away.
 * I1       a vma that is VM_SEALED keeps its place and its flags: whoever would change them asks vm_is_sealed first.
 * LOCKS    mmap_lock for write.   CONTEXT  a task; sleeps.
 * FAILS    as mseal(2) ERRORS: EINVAL, ENOMEM; EPERM where programs have 32 bits, as on Linux.
 * TESTED BY mmap_test.c
 */
#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"

bool vma_any_sealed(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma;

	for (vma = find_vma(mm, start); vma && vma->vm_start < end; vma = vma_next(mm, vma)) {
		if (vma->vm_flags & VM_SEALED)
			return true;
	}
	return false;
}

static bool has_hole(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	while (start < end) {
		struct vm_area_struct *vma = find_vma(mm, start);

		if (!vma || vma->vm_start > start)
			return true;
		start = vma->vm_end;
	}
	return false;
}

static int seal_locked(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	if (has_hole(mm, start, end))
		return -ENOMEM;
	mm->has_sealed = true;
	while (start < end) {
		struct vm_area_struct *vma = find_vma(mm, start);
		unsigned long stop = min_of(unsigned long, end, vma->vm_end);
		int err = vma_modify(mm, vma, start, stop, vma->vm_flags | VM_SEALED, &vma);

		if (err)
			return err;
		start = stop;
	}
	return 0;
}

int vm_seal(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	unsigned long end = addr + page_align(len);
	int err;

	if (!VM_SEALED)
		return -EPERM;
	if ((addr & ~PAGE_MASK) || (len && !page_align(len)) || end < addr)
		return -EINVAL;
	if (end == addr)
		return 0;
	rwsem_down_write(&mm->mmap_lock);
	err = seal_locked(mm, addr, end);
	rwsem_up_write(&mm->mmap_lock);
	return err;
}
