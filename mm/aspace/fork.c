/*
 * fork: a second address space with the same contents.
 *
 *   for each vma: reserve node and vma, charge | insert | copy entries, write-protected on both sides if private
 *   then one flush of the parent's TLBs
 *
 *   pinned pages the child has copies of them before (pin.c).
 *   not copied   VM_DONTCOPY vmas; entries of shared mappings, devices, and of file mappings that never had a private
 *                page: a fault finds the page in the cache again. VM_WIPEONFORK: the child sees zeroes.
 *
 * WHY      sharing frames makes fork cost entries, not pages; leaving out what a fault can rebuild makes it cost only
 *          the entries of memory that is really private (Linux's rule, too).
 * I1       after mm_dup no private page has a writable entry in either mm, and its references count both.
 * I2       failure leaves nothing: the half-made mm is torn down like any other; the parent has only lost write
 *          rights that its next write faults bring back.
 * I3       a mapping's entries are copied under its invalidate_lock: truncate sees both sides or waits.
 * LOCKS    old->mmap_lock for write; invalidate_lock for read inside. The new mm is nobody else's yet. Sleeps.
 * FAILS    -ENOMEM (vma, node, table, commit charge).
 * NOT HERE tasks, files (sys/fork.c).   TESTED BY fork_test.c
 */
#include "base/errno.h"
#include "lib/string.h"
#include "mm/aspace/anon_vma_impl.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/aspace/hugetlb_vma.h"
#include "mm/aspace/userfault_impl.h"
#include "mm/frames.h"
#include "mm/gather.h"
#include "mm/ksm.h"
#include "mm/range.h"
#include "mm/thp.h"
#include "sync/failpoint.h"

struct dup_ctx {
	struct mm_struct *old, *new;
	struct mmu_gather gather; /* of the old mm */
};

/* What belongs to the program, not to its mappings. */
static void copy_fields(struct mm_struct *new, const struct mm_struct *old)
{
	new->mmap_base = old->mmap_base;
	new->mmap_legacy_base = old->mmap_legacy_base;
	new->low_2g_base = old->low_2g_base;
	new->task_size = old->task_size;
	new->mmap_topdown = old->mmap_topdown;
	new->has_sealed = old->has_sealed;
	new->membarrier = READ_ONCE(old->membarrier);
	new->start_code = old->start_code;
	new->end_code = old->end_code;
	new->start_data = old->start_data;
	new->end_data = old->end_data;
	new->start_brk = old->start_brk;
	new->brk = old->brk;
	new->start_stack = old->start_stack;
	new->arg_start = old->arg_start;
	new->arg_end = old->arg_end;
	new->env_start = old->env_start;
	new->env_end = old->env_end;
	new->vdso = old->vdso;
	memcpy(new->saved_auxv, old->saved_auxv, sizeof(new->saved_auxv));
	new->oom_score_adj = old->oom_score_adj;
	new->thp_disable = old->thp_disable;
	new->unusual = old->unusual &MM_CLOSED;
	new->cut_limited = old->cut_limited;
	thp_zero_fork(new, old);
	new->exe = old->exe;
	if (new->exe)
		new->exe->ops->hold(new->exe);
}

/* Can faults not bring back what the entries say? */
static bool must_copy(const struct vm_area_struct *vma, const struct vm_area_struct *copy)
{
	if (copy->vm_flags & VM_UFFD_WP) /* what is protected stays so */
		return true;
	if (vma->vm_flags & (VM_SHARED | VM_WIPEONFORK))
		return false;
	return vma->anon_vma || ((vma->vm_flags & (VM_HUGETLB | VM_MAYSHARE)) == VM_HUGETLB);
}

static int copy_entries(struct dup_ctx *d, struct vm_area_struct *vma,
			struct vm_area_struct *copy) no_lock_analysis
{
	struct range_copy_how how = { .uffd_wp = copy->vm_flags & VM_UFFD_WP };
	struct address_space *m = vma->mapping;
	int err = 0;

	if (unlikely(d->old->has_pinned) && !(vma->vm_flags & (VM_SHARED | VM_HUGETLB)))
		err = pins_copy(copy, vma);
	if (err < 0)
		return err;
	how.partly = err;
	if (m)
		rwsem_down_read(&m->invalidate_lock);
	err = failpoint("fork_copy") ? -ENOMEM : range_copy(&d->gather, d->new, vma, how);
	if (m)
		rwsem_up_read(&m->invalidate_lock);
	return err;
}

static int dup_vma(struct dup_ctx *d, struct vm_area_struct *vma)
{
	struct vma_req r = {
		vma->vm_start,	      vma->vm_end,  vma->vm_flags & ~(unsigned long)VM_LOCKED_ANY,
		vma->vm_pgoff,	      vma->mapping, vma->vm_ops,
		vma->vm_private_data, NULL,	    vma->vm_policy
	};
	struct vm_area_struct *copy;
	struct mmu_notify_range watch = { .mm = NULL };
	struct vma_spares spares;
	int err;

	if (vma->userfault && userfault_fork(d->new, vma, &r.userfault))
		return -ENOMEM;
	if (!r.userfault)
		r.flags &= ~(unsigned long)VM_UFFD_ANY;
	if (r.flags & VM_HUGETLB)
		r.private_data = hugetlb_forked(vma);
	if ((r.flags & VM_ACCOUNT) && commit_charge(vma_pages(vma), d->old->total_vm))
		return -ENOMEM;
	if (vma_spares_get(d->new, 1, NULL, vma->mapping, &spares)) {
		if (r.flags & VM_ACCOUNT)
			commit_uncharge(vma_pages(vma));
		return -ENOMEM;
	}
	copy = vma_insert(d->new, &spares, &r);
	if (r.flags & VM_HUGETLB)
		hugetlb_copied(copy, vma);
	vma_stat(d->new, r.flags, (long)vma_pages(vma));
	if (copy->vm_ops && copy->vm_ops->open)
		copy->vm_ops->open(copy);
	if (!must_copy(vma, copy))
		return 0;
	if (vma->anon_vma && anon_vma_fork(copy, vma))
		return -ENOMEM;
	copy->populated = true;
	if (!(vma->vm_flags & VM_SHARED))
		mmu_notify_begin(&watch, d->old, vma->vm_start, vma->vm_end,
				 MMU_NOTIFY_PROTECTION_PAGE);
	err = copy_entries(d, vma, copy);
	if (unlikely(watch.mm))
		gather_flush(&d->gather);
	mmu_notify_end(&watch);
	return err;
}

static int dup_vmas(struct dup_ctx *d)
{
	struct vm_area_struct *vma;
	int err = 0;

	gather_begin(&d->gather, d->old);
	for (vma = vma_first(d->old); vma && !err; vma = vma_next(d->old, vma)) {
		if (!(vma->vm_flags & VM_DONTCOPY))
			err = dup_vma(d, vma);
	}
	gather_end(&d->gather);
	return err;
}

int mm_dup(struct mm_struct *old, struct mm_struct **out)
{
	struct dup_ctx d;
	int err;

	d.old = old;
	d.new = mm_alloc();
	if (!d.new)
		return -ENOMEM;
	rwsem_down_write(&old->mmap_lock);
	copy_fields(d.new, old);
	d.new->unmerged = old->unmerged || old->locked_vm || old->has_userfault;
	err = old->ksm_slot ? ksm_enter(d.new) : 0;
	if (!err)
		err = dup_vmas(&d);
	if (err)
		userfault_cancel(old);
	userfault_up_write(old);
	if (err) {
		mmput(d.new);
		return err;
	}
	mm_update_hiwater(d.new);
	*out = d.new;
	return 0;
}
