/*
 * Memory that programs gave up by MADV_FREE, taken when there is none else.
 *
 * OWNS     mm->has_lazyfree: the address space may hold such pages.
 * WHY      asked by the page allocator like any cache (mm/track/shrinker.c), so it gives before a program is killed.
 * LOCKS    called with any lock of rank MM_MAP or below held by the allocating thread, so mmap_lock is only tried: an
 *          address space that is being changed keeps its pages for this time.
 * CONTEXT  a thread that may sleep.   FAILS never.
 * NOT HERE which entries (mm/pt/range_lazy.c).   TESTED BY mmap_test.c
 */
#include "mm/aspace/aspace_impl.h"
#include "mm/gather.h"
#include "mm/range.h"
#include "mm/shrinker.h"

static bool may_hold(struct vm_area_struct *vma)
{
	return vma_is_anon(vma) && vma->populated && !(vma->vm_flags & (VM_LOCKED | VM_SPECIAL));
}

static unsigned long take_from(struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	unsigned long freed = 0;
	struct mmu_gather g;
	bool left = false;

	if (!rwsem_try_read(&mm->mmap_lock))
		return 0;
	WRITE_ONCE(mm->has_lazyfree, false);
	mm_update_hiwater(mm);
	gather_begin(&g, mm);
	for (vma = vma_first(mm); vma; vma = vma_next(mm, vma)) {
		if (may_hold(vma))
			freed += range_zap_lazyfree(&g, vma->vm_start, vma->vm_end, &left);
	}
	gather_end(&g);
	if (left)
		WRITE_ONCE(mm->has_lazyfree, true);
	rwsem_up_read(&mm->mmap_lock);
	return freed;
}

static unsigned long lazyfree_count(void)
{
	struct mm_struct *mm;
	unsigned long some = 0;

	for (mm = mm_list_next(NULL); mm; mm = mm_list_next(mm))
		some |= READ_ONCE(mm->has_lazyfree);
	return some;
}

static unsigned long lazyfree_scan(unsigned long nr, gfp_t gfp)
{
	struct mm_struct *mm;
	unsigned long freed = 0;

	(void)nr, (void)gfp;
	for (mm = mm_list_next(NULL); mm; mm = mm_list_next(mm)) {
		if (READ_ONCE(mm->has_lazyfree))
			freed += take_from(mm);
	}
	return freed;
}

void lazyfree_boot(void)
{
	static const struct shrinker shrinker = { "mm-lazyfree", lazyfree_count, lazyfree_scan };

	must(register_shrinker(&shrinker) == 0);
}
