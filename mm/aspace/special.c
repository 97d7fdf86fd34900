/*
 * Mappings that no program asked for: the vDSO and the page it reads.
 *
 * WHY      the parts must touch, wherever the place is: one search for their sum, then all or nothing.
 *          They are charged to the program like any other mapping (RLIMIT_AS), as in Linux.
 * LOCKS    mmap_lock for write.   CONTEXT  exec, on the new mm; sleeps.
 * FAILS    -ENOMEM before anything has changed.
 * NOT HERE what the pages hold (arch), their names (ops->name).   TESTED BY special_test.c
 */
#include "mm/special.h"

#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"

static void insert_part(struct mm_struct *mm, struct vma_spares *spares, unsigned long start,
			const struct vm_special *part)
{
	struct vma_req r = { .start = start,
			     .end = start + (part->pages << PAGE_SHIFT),
			     .flags = part->vm_flags | VM_SOFTDIRTY,
			     .mapping = part->mapping,
			     .ops = part->ops };

	(void)vma_insert(mm, spares, &r);
	vma_stat(mm, part->vm_flags, (long)part->pages);
}

static long map_locked(struct mm_struct *mm, unsigned long hint, const struct vm_special *part,
		       unsigned nr)
{
	unsigned long pages = 0, at;
	struct rangetree_gap gap;
	struct vma_spares spares;

	for (unsigned i = 0; i < nr; i++)
		pages += part[i].pages;
	if (vm_find_area(mm, hint, pages << PAGE_SHIFT, 0, &gap) ||
	    !vm_may_expand(mm, part[0].vm_flags, pages) ||
	    mm->map_count + (int)nr > sysctl_max_map_count ||
	    vma_spares_get(mm, nr, NULL, true, &spares))
		return -ENOMEM;
	at = gap.start;
	for (unsigned i = 0; i < nr; i++) {
		insert_part(mm, &spares, at, &part[i]);
		at += part[i].pages << PAGE_SHIFT;
	}
	return (long)gap.start;
}

long vm_map_special(struct mm_struct *mm, unsigned long hint, const struct vm_special *part,
		    unsigned nr)
{
	long ret;

	kassert(nr && nr <= VM_SPECIAL_MAX);
	rwsem_down_write(&mm->mmap_lock);
	ret = map_locked(mm, hint, part, nr);
	rwsem_up_write(&mm->mmap_lock);
	return ret;
}
