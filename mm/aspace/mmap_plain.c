/*
 * mmap(2) of private memory, for which the kernel finds the place: what most calls ask for. Nothing in the flags can be wrong
 * then, no object is needed and nothing is replaced; so what mmap.c keeps in structures stays in registers here.
 *
 * OWNS     nothing. The same checks in the same order as mmap.c's.
 * LOCKS    mmap_lock for write, taken here. Sleeps.
 * COST     one look-up for the gap; the insertion beside it, or a merge.
 * FAILS    as mmap(2) says; nothing has changed then.
 * SOURCES  mmap(2), setrlimit(2).   TESTED BY mmap_test.c, fuzz target vma
 */
#include "base/errno.h"
#include "mm/aspace/userfault_impl.h"
#include "mm/imports.h"
#include "sync/trace.h"
#include "uapi/personality.h"

/* Do the neighbours grow over the range at @gap? */
static noinline_ bool merge_with(struct mm_struct *mm, const struct rangetree_gap *gap,
				 unsigned long end, unsigned long flags)
{
	const struct vma_req r = {
		.start = gap->start, .end = end, .flags = flags, .pgoff = gap->start >> PAGE_SHIFT
	};

	return vma_merge(mm, &r, (struct vma_neighbours){ gap->prev, gap->next });
}

/* The vma of the range at @gap, charged. 0 or -ENOMEM (nothing has changed). */
static always_inline_ int add_range(struct mm_struct *mm, const struct rangetree_gap *gap,
				    unsigned long len, unsigned long flags)
{
	const struct vma_neighbours n = { gap->prev, gap->next };
	unsigned long end = gap->start + len, pages = len >> PAGE_SHIFT;

	if (vm_accountable(flags)) {
		if (commit_charge(pages, mm->total_vm))
			return -ENOMEM;
		flags |= VM_ACCOUNT;
	}
	if (!(may_be_alike(n, gap->start, end, flags) && merge_with(mm, gap, end, flags)) &&
	    unlikely(!vma_add_plain(mm, gap->start, end, flags))) {
		if (flags & VM_ACCOUNT)
			commit_uncharge(pages);
		return -ENOMEM;
	}
	vma_stat(mm, flags, (long)pages);
	if (unlikely(flags & VM_LOCKED))
		mm->locked_vm += pages;
	trace(TRACE_MAP, gap->start, end);
	return 0;
}

/* mmap_lock held for write. 0 or -errno. */
static always_inline_ int map_plain(struct mm_struct *mm, unsigned long addr, unsigned long len,
				    unsigned prot, struct rangetree_gap *gap)
{
	const struct mm_ctx *ctx = mm_ctx_current();
	unsigned long flags;
	int err;

	if (mm->map_count > sysctl_max_map_count)
		return -ENOMEM;
	err = addr < PAGE_SIZE ? vm_find_anywhere(mm, len, gap)
			       : vm_find_area(mm, addr, len, 0, gap);
	if (err)
		return err;
	if (unlikely(ctx->personality & READ_IMPLIES_EXEC) && (prot & PROT_READ))
		prot |= PROT_EXEC;
	flags = vm_map_flags(mm, prot);
	if (unlikely(flags & VM_LOCKED) && !vm_may_lock(mm, len >> PAGE_SHIFT))
		return -EAGAIN;
	if (!vm_fits(mm, vm_limits_of(ctx), flags, len >> PAGE_SHIFT))
		return -ENOMEM;
	return add_range(mm, gap, len, flags);
}

long vm_map_plain(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned prot)
{
	struct rangetree_gap gap;
	bool locked;
	int err;

	if (!len)
		return -EINVAL;
	if (len > ULONG_MAX - PAGE_SIZE)
		return -ENOMEM;
	len = page_align(len);
	rwsem_down_write(&mm->mmap_lock);
	err = map_plain(mm, addr, len, prot, &gap);
	locked = mm->def_flags & VM_LOCKED;
	userfault_up_write(mm);
	if (err)
		return err;
	if (unlikely(locked))
		(void)populate_range(mm, gap.start, gap.start + len, true);
	return (long)gap.start;
}
