/*
 * shmdt(2): unmapping what is left of one attachment.
 *
 * WHY      munmap, mprotect and mremap may have cut an attachment in pieces; a piece belongs to it if it still lies where it
 *          would, its offset in the object from @addr, and maps the object of the first piece.
 * LOCKS    mmap_lock for write.   CONTEXT  tasks; sleeps.
 * COST     O(pieces).
 * FAILS    -EINVAL when no piece is found; unmapping whole vmas cannot fail.
 * SOURCES  shmop(2).   TESTED BY  tests/guest/ipc_shm.c
 */
#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/aspace/userfault_impl.h"

struct detach {
	unsigned long addr;
	const struct vma_ops *ops;
	struct address_space *mapping; /* of the first piece; NULL: none yet */
};

static bool belongs(const struct detach *d, const struct vm_area_struct *vma)
{
	if (vma->vm_ops != d->ops || (d->mapping && vma->mapping != d->mapping))
		return false;
	return (vma->vm_start - d->addr) >> PAGE_SHIFT == vma->vm_pgoff;
}

/* The next piece at or above @from; NULL: there is none. */
static struct vm_area_struct *next_piece(struct mm_struct *mm, const struct detach *d,
					 unsigned long from)
{
	struct vm_area_struct *vma = find_vma(mm, from);

	for (; vma; vma = vma_next(mm, vma)) {
		if (vma->vm_start < d->addr)
			continue;
		if (d->mapping &&
		    vma->vm_end - d->addr > page_align((unsigned long)mapping_size(d->mapping)))
			return NULL; /* beyond where a piece can be */
		if (belongs(d, vma))
			return vma;
	}
	return NULL;
}

static int detach_locked(struct mm_struct *mm, struct detach *d)
{
	struct vm_area_struct *vma = next_piece(mm, d, d->addr);
	struct address_space *m;
	int err = 0;

	if (!vma)
		return -EINVAL;
	m = d->mapping = vma->mapping;
	m->ops->hold(m); /* the last piece may be its last user */
	while (vma && !err) {
		unsigned long end = vma->vm_end;

		err = vm_unmap_locked(mm, vma->vm_start, end);
		vma = next_piece(mm, d, end);
	}
	m->ops->drop(m);
	return err;
}

int vm_unmap_attached(struct mm_struct *mm, unsigned long addr, const struct vma_ops *ops)
{
	struct detach d = { addr, ops, NULL };
	int err;

	if (addr & ~PAGE_MASK)
		return -EINVAL;
	rwsem_down_write(&mm->mmap_lock);
	err = detach_locked(mm, &d);
	userfault_up_write(mm);
	return err;
}
