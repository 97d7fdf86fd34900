/*
 * madvise(2): advice and its effects.
 *
 *   effect on pages     DONTNEED, FREE: entries zapped, private pages gone. REMOVE: a hole in shared memory.
 *                       POPULATE_READ, POPULATE_WRITE: faulted in. COLLAPSE: huge pages made of small ones.
 *   effect on the vma   DONTFORK, DOFORK, WIPEONFORK, KEEPONFORK, DONTDUMP, DODUMP, SEQUENTIAL, RANDOM, NORMAL,
 *                       HUGEPAGE, NOHUGEPAGE: flags, so vmas split and merge as on Linux
 *   none                WILLNEED (memory is the store), COLD, PAGEOUT, MERGEABLE, UNMERGEABLE
 *
 * WHY      FREE frees at once: the caller may see zeroes from any moment on, and now is one.
 * LOCKS    mmap_lock: read where entries go, write where flags change. REMOVE: the mapping's invalidate_lock, without
 *          mmap_lock. Sleeps.
 * FAILS    as madvise(2) ERRORS. Over a hole the rest is done and the result is ENOMEM.
 * TESTED BY mmap_test.c
 */
#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/aspace/thp_impl.h"
#include "mm/gather.h"
#include "mm/range.h"
#include "uapi/mman.h"

struct advice {
	unsigned long set, clear; /* vm_flags */
	enum {
		ADV_UNKNOWN,
		ADV_FLAGS,
		ADV_ZAP,
		ADV_REMOVE,
		ADV_POPULATE,
		ADV_COLLAPSE,
		ADV_NOTHING
	} kind;
};

static const struct advice advices[] = {
	[MADV_NORMAL] = { 0, VM_SEQ_READ | VM_RAND_READ, ADV_FLAGS },
	[MADV_RANDOM] = { VM_RAND_READ, VM_SEQ_READ, ADV_FLAGS },
	[MADV_SEQUENTIAL] = { VM_SEQ_READ, VM_RAND_READ, ADV_FLAGS },
	[MADV_WILLNEED] = { 0, 0, ADV_NOTHING },
	[MADV_DONTNEED] = { 0, 0, ADV_ZAP },
	[MADV_FREE] = { 0, 0, ADV_ZAP },
	[MADV_REMOVE] = { 0, 0, ADV_REMOVE },
	[MADV_DONTFORK] = { VM_DONTCOPY, 0, ADV_FLAGS },
	[MADV_DOFORK] = { 0, VM_DONTCOPY, ADV_FLAGS },
	[MADV_MERGEABLE] = { 0, 0, ADV_NOTHING },
	[MADV_UNMERGEABLE] = { 0, 0, ADV_NOTHING },
	[MADV_HUGEPAGE] = { VM_HUGEPAGE, VM_NOHUGEPAGE, ADV_FLAGS },
	[MADV_NOHUGEPAGE] = { VM_NOHUGEPAGE, VM_HUGEPAGE, ADV_FLAGS },
	[MADV_DONTDUMP] = { VM_DONTDUMP, 0, ADV_FLAGS },
	[MADV_DODUMP] = { 0, VM_DONTDUMP, ADV_FLAGS },
	[MADV_WIPEONFORK] = { VM_WIPEONFORK, 0, ADV_FLAGS },
	[MADV_KEEPONFORK] = { 0, VM_WIPEONFORK, ADV_FLAGS },
	[MADV_COLD] = { 0, 0, ADV_NOTHING },
	[MADV_PAGEOUT] = { 0, 0, ADV_NOTHING },
	[MADV_POPULATE_READ] = { 0, 0, ADV_POPULATE },
	[MADV_POPULATE_WRITE] = { 0, 0, ADV_POPULATE },
	[MADV_COLLAPSE] = { 0, 0, ADV_COLLAPSE },
};

/* Does the advice make sense for this kind of vma? 0 or -errno. */
static int advice_allowed(const struct vm_area_struct *vma, int advice)
{
	switch (advice) {
	case MADV_DONTNEED:
	case MADV_COLD:
	case MADV_PAGEOUT:
		return vma->vm_flags & (VM_LOCKED | VM_PFNMAP) ? -EINVAL : 0;
	case MADV_FREE:
		return vma_is_anon(vma) && !(vma->vm_flags & VM_LOCKED) ? 0 : -EINVAL;
	case MADV_DOFORK:
		return vma->vm_flags & VM_IO ? -EINVAL : 0;
	case MADV_DODUMP:
		return vma->vm_flags & (VM_IO | VM_PFNMAP | VM_DONTEXPAND) ? -EINVAL : 0;
	case MADV_WIPEONFORK:
		return vma_is_anon(vma) && !(vma->vm_flags & VM_SHARED) ? 0 : -EINVAL;
	case MADV_REMOVE:
		if ((vma->vm_flags & VM_LOCKED) || !vma->mapping || vma->mapping->ops->store)
			return -EINVAL;
		return (vma->vm_flags & (VM_SHARED | VM_WRITE)) == (VM_SHARED | VM_WRITE) ? 0
											  : -EACCES;
	default:
		return 0;
	}
}

static int advise_flags(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
			unsigned long end, const struct advice *a)
{
	if (a->set & VM_HUGEPAGE)
		mm->thp_seen = true;
	return vma_modify(mm, vma, start, end, (vma->vm_flags & ~a->clear) | a->set, &vma);
}

static void advise_zap(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		       unsigned long end)
{
	struct mmu_gather g;

	mm_update_hiwater(mm);
	gather_begin(&g, mm);
	range_zap(&g, vma, start, end);
	gather_end(&g);
}

/* The vmas of [start, end) one by one. mmap_lock held as the kind wants. 0, -ENOMEM after a hole, or the first error. */
static int advise_locked(struct mm_struct *mm, unsigned long start, unsigned long end, int advice)
{
	const struct advice *a = &advices[advice];
	int hole = 0;

	while (start < end) {
		struct vm_area_struct *vma = find_vma(mm, start);
		unsigned long stop;
		int err;

		if (!vma || vma->vm_start >= end)
			return -ENOMEM;
		if (vma->vm_start > start) {
			hole = -ENOMEM;
			start = vma->vm_start;
		}
		stop = min_of(unsigned long, end, vma->vm_end);
		err = advice_allowed(vma, advice);
		if (!err && a->kind == ADV_FLAGS)
			err = advise_flags(mm, vma, start, stop, a);
		else if (!err && a->kind == ADV_ZAP)
			advise_zap(mm, vma, start, stop);
		if (err)
			return err;
		start = stop;
	}
	return hole;
}

/* One vma's part of a hole in shared memory: the mapping is held, mmap_lock dropped, because truncation comes first. */
static int remove_step(struct mm_struct *mm, unsigned long *start, unsigned long end)
{
	struct vm_area_struct *vma;
	struct address_space *m = NULL;
	uint64_t from = 0, to = 0;
	int err = -ENOMEM;

	rwsem_down_read(&mm->mmap_lock);
	vma = find_vma(mm, *start);
	if (vma && vma->vm_start <= *start)
		err = advice_allowed(vma, MADV_REMOVE);
	if (!err) {
		m = vma->mapping;
		m->ops->hold(m);
		from = (uint64_t)vma_index(vma, *start) << PAGE_SHIFT;
		end = min_of(unsigned long, end, vma->vm_end);
		to = from + (end - *start);
	}
	rwsem_up_read(&mm->mmap_lock);
	if (err)
		return err;
	err = mapping_punch(m, from, to);
	m->ops->drop(m);
	*start = end;
	return err;
}

static int advise_remove(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	int err = 0;

	while (!err && start < end)
		err = remove_step(mm, &start, end);
	return err;
}

int vm_advise(struct mm_struct *mm, unsigned long addr, unsigned long len,
	      int advice) no_lock_analysis
{
	unsigned long end = addr + page_align(len);
	bool write;
	int err;

	if (advice < 0 || advice >= (int)ARRAY_SIZE(advices) || advices[advice].kind == ADV_UNKNOWN)
		return -EINVAL;
	if ((addr & ~PAGE_MASK) || (len && !page_align(len)) || end < addr)
		return -EINVAL;
	if (end == addr)
		return 0;
	if (advices[advice].kind == ADV_REMOVE)
		return advise_remove(mm, addr, end);
	if (advices[advice].kind == ADV_POPULATE)
		return mm_populate(mm, addr, end - addr, advice == MADV_POPULATE_WRITE);
	if (advices[advice].kind == ADV_COLLAPSE)
		return thp_collapse(mm, addr, end);
	write = advices[advice].kind == ADV_FLAGS;
	if (write)
		rwsem_down_write(&mm->mmap_lock);
	else
		rwsem_down_read(&mm->mmap_lock);
	err = advise_locked(mm, addr, end, advice);
	if (write)
		rwsem_up_write(&mm->mmap_lock);
	else
		rwsem_up_read(&mm->mmap_lock);
	return err;
}
