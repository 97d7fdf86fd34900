/*
 * mprotect(2): rights of pages.
 *
 *   for each vma of the range: may it have these rights | charge if it turns private writable | split, flags, merge
 *   | entries get the rights
 *
 * A private page that somebody else may share stays without the write right in its entry: the next write fault
 * copies or takes it over (range_protect, I4 of mm/pt/range.c).
 *
 * I1       VM_ACCOUNT is set on a private vma that is or was writable; taking the write right away does not give the
 *          promise back, because its dirty pages stay.
 * LOCKS    mmap_lock for write. Sleeps.
 * FAILS    as mprotect(2) ERRORS: EINVAL, EACCES, ENOMEM. A failure in the middle leaves what was done before, which
 *          the man page allows; each vma changes whole or not at all.
 * NOT HERE protection keys.   TESTED BY mmap_test.c, fault_test.c, fuzz target vma
 */
#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/gather.h"
#include "mm/range.h"
#include "uapi/mman.h"

/* Pages to charge when @vma's [start, end) gets @flags; *out: flags with VM_ACCOUNT if so. */
static unsigned long protect_charge(const struct vm_area_struct *vma, unsigned long start,
				    unsigned long end, unsigned long flags, unsigned long *out)
{
	*out = flags;
	if (!(flags & VM_WRITE) ||
	    (vma->vm_flags & (VM_ACCOUNT | VM_WRITE | VM_SHARED | VM_NORESERVE)))
		return 0;
	*out = flags | VM_ACCOUNT;
	return (end - start) >> PAGE_SHIFT;
}

static int protect_vma(struct mmu_gather *g, struct vm_area_struct *vma, unsigned long start,
		       unsigned long end, unsigned long flags)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long old = vma->vm_flags, pages = (end - start) >> PAGE_SHIFT;
	unsigned long charge = protect_charge(vma, start, end, flags, &flags);
	bool write = (flags & VM_WRITE) && !(flags & VM_SHARED); /* shared: vm_page_prot knows */
	int err;

	if (charge && (!vm_may_expand(mm, flags, 0) || commit_charge(charge, mm->total_vm)))
		return -ENOMEM;
	err = vma_modify(mm, vma, start, end, flags, &vma);
	if (err) {
		commit_uncharge(charge);
		return err;
	}
	vma_stat(mm, old, -(long)pages);
	vma_stat(mm, flags, (long)pages);
	range_protect(g, vma, start, end,
		      write ? pte_mkwrite(vma->vm_page_prot) : vma->vm_page_prot);
	return 0;
}

/* PROT_GROWSDOWN: the change begins where the stack begins. */
static int protect_extend(struct vm_area_struct *vma, unsigned prot, unsigned long *start)
{
	if (prot & PROT_GROWSUP)
		return -EINVAL;
	if (!(prot & PROT_GROWSDOWN))
		return 0;
	if (!(vma->vm_flags & VM_GROWSDOWN))
		return -EINVAL;
	*start = vma->vm_start;
	return 0;
}

static int protect_locked(struct mm_struct *mm, unsigned long start, unsigned long end,
			  unsigned prot, struct mmu_gather *g)
{
	const unsigned long rights = VM_READ | VM_WRITE | VM_EXEC;
	struct vm_area_struct *vma = find_vma(mm, start);
	int err = vma && vma->vm_start < end ? protect_extend(vma, prot, &start) : -ENOMEM;

	while (!err && start < end) {
		unsigned long flags, stop;

		if (!vma || vma->vm_start > start)
			return -ENOMEM;
		flags = (vma->vm_flags & ~rights) | vm_flags_of_prot(prot);
		stop = min_of(unsigned long, end, vma->vm_end);
		if ((flags & ~(flags >> 4)) & rights) /* VM_MAYx stands 4 bits above VM_x */
			return -EACCES;
		err = flags == vma->vm_flags ? 0 : protect_vma(g, vma, start, stop, flags);
		start = stop;
		vma = find_vma(mm, start);
	}
	return err;
}

int vm_protect(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned prot)
{
	const unsigned known =
		PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM | PROT_GROWSDOWN | PROT_GROWSUP;
	struct mmu_gather g;
	int err;

	if ((addr & ~PAGE_MASK) || (prot & ~known) || !(~prot & (PROT_GROWSDOWN | PROT_GROWSUP)))
		return -EINVAL;
	if (!len)
		return 0;
	if (len > ULONG_MAX - PAGE_SIZE || addr + page_align(len) <= addr)
		return -ENOMEM;
	rwsem_down_write(&mm->mmap_lock);
	gather_begin(&g, mm);
	err = protect_locked(mm, addr, addr + page_align(len), prot, &g);
	gather_end(&g);
	rwsem_up_write(&mm->mmap_lock);
	return err;
}
