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
#include "mm/imports.h"
#include "mm/range.h"
#include "uapi/mman.h"
#include "uapi/personality.h"

struct protect_req {
	struct mmu_gather *g;
	unsigned long start, end, prot;
	const struct mm_ctx *ctx;
	bool touched; /* some vma had entries: the gather is in use */
};

/* Pages to charge when @vma's [start, end) gets @flags; *out: flags with VM_ACCOUNT if so. */
static unsigned long protect_charge(const struct vm_area_struct *vma, unsigned long start,
				    unsigned long end, unsigned long flags, unsigned long *out)
{
	*out = flags;
	if (!(flags & VM_WRITE) ||
	    (vma->vm_flags & (VM_ACCOUNT | VM_WRITE | VM_SHARED | VM_NORESERVE | VM_HUGETLB)))
		return 0;
	*out = flags | VM_ACCOUNT;
	return (end - start) >> PAGE_SHIFT;
}

/* Does memory that turns into data still fit? What was over its limit before may stay so. */
static inline bool protect_fits(const struct mm_struct *mm, const struct mm_limits *l,
				unsigned long old, unsigned long flags, unsigned long pages)
{
	return vm_fits(mm, l, flags, pages) || !vm_fits(mm, l, old, pages);
}

/* The sums over vmas of a kind, when @pages change from @old to @flags: mostly private data, writable or no longer. */
static inline void protect_stat(struct mm_struct *mm, unsigned long old, unsigned long flags,
				unsigned long pages)
{
	if (likely(!(old & (VM_EXEC | VM_SHARED | VM_GROWSDOWN)) && !(flags & VM_EXEC))) {
		mm->data_vm += flags & VM_WRITE ? pages : -pages;
		return;
	}
	vma_stat(mm, old, -(long)pages);
	vma_stat(mm, flags, (long)pages);
}

/* From p->start on. */
static inline void protect_entries(struct protect_req *p, struct vm_area_struct *vma,
				   unsigned long end, pte_t prot)
{
	if (end - p->start == PAGE_SIZE && likely(!vma->vm_mm->notify) &&
	    range_protect_page(vma, p->start, prot))
		return;
	if (!p->touched)
		gather_begin(p->g, vma->vm_mm);
	p->touched = true;
	(void)range_protect(p->g, vma, p->start, end, prot);
}

static int protect_vma(struct protect_req *p, struct vm_area_struct *vma, unsigned long end,
		       unsigned long flags)
{
	struct mm_struct *mm = vma->vm_mm;
	unsigned long old = vma->vm_flags, pages = (end - p->start) >> PAGE_SHIFT;
	unsigned long charge = protect_charge(vma, p->start, end, flags, &flags);
	bool write = (flags & VM_WRITE) && !(flags & VM_SHARED); /* shared: vm_page_prot knows */
	int err;

	if ((flags & VM_WRITE) && !protect_fits(mm, vm_limits_of(p->ctx), old, flags, pages))
		return -ENOMEM;
	if (charge && commit_charge(charge, mm->total_vm))
		return -ENOMEM;
	err = vma_modify(mm, vma, p->start, end, flags, &vma);
	if (err) {
		commit_uncharge(charge);
		return err;
	}
	if ((old ^ flags) & (VM_WRITE | VM_EXEC)) /* the parts of total_vm that it counts in */
		protect_stat(mm, old, flags, pages);
	if (vma->populated)
		protect_entries(p, vma, end,
				write ? pte_mkwrite(vma->vm_page_prot) : vma->vm_page_prot);
	/* Locked memory that has become writable is copied now: its owner wants no fault later. */
	if (write && (old & (VM_WRITE | VM_LOCKED)) == VM_LOCKED)
		(void)populate_locked_vma(vma, p->start, end);
	return 0;
}

enum { PROT_GROWS = PROT_GROWSDOWN | PROT_GROWSUP };

/* PROT_GROWSDOWN: the change begins where the stack begins. No stack of this machine grows up. */
static always_inline_ int protect_extend(struct protect_req *p, struct vm_area_struct *vma)
{
	if (p->prot & PROT_GROWSUP)
		return vma && vma->vm_start <= p->start ? -EINVAL : -ENOMEM;
	if (!vma || vma->vm_start >= p->end)
		return -ENOMEM;
	p->start = vma->vm_start;
	return vma->vm_flags & VM_GROWSDOWN ? 0 : -EINVAL;
}

/* personality(2) READ_IMPLIES_EXEC: what may be executed is when it may be read. */
static inline unsigned protect_prot(const struct protect_req *p, const struct vm_area_struct *vma)
{
	bool implied = (p->ctx->personality & READ_IMPLIES_EXEC) && (p->prot & PROT_READ) &&
		       (vma->vm_flags & VM_MAYEXEC);

	return (unsigned)p->prot | (implied ? PROT_EXEC : 0);
}

/* What @vma has of the range. */
static always_inline_ int protect_part(struct protect_req *p, struct vm_area_struct *vma)
{
	const unsigned long rights = VM_READ | VM_WRITE | VM_EXEC;
	unsigned long flags = (vma->vm_flags & ~rights) | vm_flags_of_prot(protect_prot(p, vma));
	unsigned long stop = min_of(unsigned long, p->end, vma->vm_end);
	int err = 0;

	if ((flags & ~(flags >> 4)) & rights) /* VM_MAYx stands 4 bits above VM_x */
		return -EACCES;
	if (flags != vma->vm_flags)
		err = protect_vma(p, vma, stop, flags);
	p->start = stop;
	return err;
}

static int protect_locked(struct mm_struct *mm, struct protect_req *p)
{
	struct vm_area_struct *vma = find_vma(mm, p->start);
	int err = unlikely(p->prot & PROT_GROWS) ? protect_extend(p, vma) : 0;

	if (!err && vm_is_sealed(mm, p->start, p->end) && vma && vma->vm_start <= p->start)
		err = -EPERM;
	while (!err) {
		if (!vma || vma->vm_start > p->start)
			return -ENOMEM;
		err = protect_part(p, vma);
		if (likely(p->start == p->end))
			break;
		vma = find_vma(mm, p->start);
	}
	return err;
}

int vm_protect(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned long prot)
{
	const unsigned long rights = PROT_READ | PROT_WRITE | PROT_EXEC | PROT_SEM;
	struct protect_req p = { .start = addr, .end = addr + page_align(len), .prot = prot };
	struct mmu_gather g;
	int err;

	if ((addr & ~PAGE_MASK) || ((prot & ~rights) && (prot & PROT_GROWS) == PROT_GROWS))
		return -EINVAL;
	if (!len)
		return 0;
	if (p.end <= addr)
		return -ENOMEM;
	if (prot & ~(rights | PROT_GROWS))
		return -EINVAL;
	rwsem_down_write(&mm->mmap_lock);
	p.g = &g;
	p.ctx = mm_ctx_current();
	err = protect_locked(mm, &p);
	if (p.touched)
		gather_end(&g);
	rwsem_up_write(&mm->mmap_lock);
	return err;
}
