/*
 * remap_file_pages(2), as Linux has had it since 4.0: a part of a shared mapping is mapped anew at another offset.
 *
 * WHY      nonlinear mappings are no more; the call stays for old programs, which pay with a vma for each piece.
 * LOCKS    mmap_lock for write, over the check and the new mapping. Sleeps.
 * FAILS    EINVAL; what mmap(2) with MAP_SHARED and MAP_FIXED says.
 * SOURCES  remap_file_pages(2).   TESTED BY mmap_test.c
 */
#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"
#include "uapi/mman.h"

/* Does [start, end) lie in one shared mapping, maybe cut into vmas that are otherwise alike? */
static struct vm_area_struct *shared_range(struct mm_struct *mm, unsigned long start,
					   unsigned long end)
{
	struct vm_area_struct *first = find_vma(mm, start), *vma = first;

	if (!vma || vma->vm_start > start || !(vma->vm_flags & VM_SHARED))
		return NULL;
	while (vma->vm_end < end) {
		struct vm_area_struct *next = vma_next(mm, vma);

		if (!next || next->vm_start != vma->vm_end || next->mapping != first->mapping ||
		    ((next->vm_flags ^ first->vm_flags) & ~(unsigned long)VM_SOFTDIRTY))
			return NULL;
		vma = next;
	}
	return first;
}

static unsigned prot_of(unsigned long flags)
{
	return (flags & VM_READ ? PROT_READ : 0) | (flags & VM_WRITE ? PROT_WRITE : 0) |
	       (flags & VM_EXEC ? PROT_EXEC : 0);
}

/* The new mapping is there. Address, or -errno: what it shows went with those it replaced, and so does it. */
static long remap_tell(struct mm_struct *mm, const struct vm_map_args *args)
{
	struct vm_area_struct *vma = find_vma(mm, args->addr);
	int err = vma->vm_ops && vma->vm_ops->remapped ? vma->vm_ops->remapped(vma) : 0;

	if (err)
		(void)!vm_unmap_locked(mm, args->addr, args->addr + args->len);
	return err ? err : (long)args->addr;
}

static long remap_locked(struct mm_struct *mm, struct vm_map_args *args, bool *locked)
{
	struct vm_area_struct *vma = shared_range(mm, args->addr, args->addr + args->len);
	struct address_space *m;
	long r;

	if (!vma || !vma->mapping)
		return -EINVAL;
	m = vma->mapping;
	*locked = vma->vm_flags & VM_LOCKED;
	args->flags |= *locked ? MAP_LOCKED : 0;
	args->prot = prot_of(vma->vm_flags);
	args->may_flags = vma->vm_flags & (VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC);
	args->mapping = m;
	args->vm_ops = vma->vm_ops;
	args->vm_private_data = vma->vm_private_data;
	m->ops->hold(m); /* the old vma may go, and with it the last hold */
	if (vma->vm_ops &&
	    vma->vm_ops->open) /* nobody counts a vma that is mapped: here, the new one */
		vma->vm_ops->open(vma);
	r = vm_map_locked(mm, args);
	if (r >= 0 || r <= -4096)
		r = remap_tell(mm, args);
	else if (vma->vm_ops && vma->vm_ops->close)
		vma->vm_ops->close(vma); /* it is still there */
	m->ops->drop(m);
	return r;
}

int vm_remap_pages(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned long prot,
		   unsigned long pgoff, unsigned long flags)
{
	struct vm_map_args args = { .addr = addr & PAGE_MASK,
				    .len = len & PAGE_MASK,
				    .flags = MAP_SHARED | MAP_FIXED,
				    .pgoff = pgoff };
	bool locked = false;
	long r;

	if (prot || args.addr + args.len <= args.addr)
		return -EINVAL;
	if (pgoff + (args.len >> PAGE_SHIFT) < pgoff)
		return -EINVAL;
	rwsem_down_write(&mm->mmap_lock);
	r = remap_locked(mm, &args, &locked);
	rwsem_up_write(&mm->mmap_lock);
	if (r < 0 && r > -4096)
		return (int)r;
	if (locked || !(flags & MAP_NONBLOCK))
		(void)populate_range(mm, args.addr, args.addr + args.len, true);
	return 0;
}
