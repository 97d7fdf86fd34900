/*
 * Memory policies of mappings: mbind(2) on the vmas, and what a fault asks.
 *
 *   whose policy counts for an address:   its object's, where memory is the store (tmpfs, System V)
 *                                         else its vma's
 *                                         else the thread's that faults
 *
 * WHY      a vma has one policy, as it has one set of rights: so mbind cuts vmas and joins them like mprotect.
 * I1       vma->vm_policy is referenced, NULL: MPOL_DEFAULT. It goes with the vma through splits, mremap and fork.
 * I2       of a mapping of shared memory it is only what mbind has said last through this vma: it decides which vmas
 *          are one, not where pages come from.
 * LOCKS    mmap_lock for write to change a vma's policy, in any mode to use it.
 * COST     vma_alloc_pages without any policy in the machine: one load and one branch.
 * FAILS    -ENOMEM as any change that cuts a vma; what was done before stays, as on Linux.
 * NOT HERE moving pages that are there already (mm/reclaim/mbind.c).
 * SOURCES  mbind(2), set_mempolicy_home_node(2), numa(7).   TESTED BY mempolicy_test.c
 */
#include "mm/mempolicy.h"

#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/aspace/userfault_impl.h"
#include "mm/imports.h"

struct mempolicy *vma_policy_get(const struct vm_area_struct *vma, unsigned long addr)
{
	if (vma_is_shmem(vma))
		return shared_policy_get(vma->mapping, vma_index(vma, addr));
	return mpol_get(vma->vm_policy);
}

struct page *vma_alloc_by_policy(const struct vm_area_struct *vma, unsigned long addr, gfp_t gfp,
				 unsigned order)
{
	struct mempolicy *pol = vma_policy_get(vma, addr);
	unsigned long turn =
		(vma->vm_pgoff >> order) + ((addr - vma->vm_start) >> (PAGE_SHIFT + order));
	struct page *page;

	if (!pol)
		pol = mpol_get_task(mm_ctx_current());
	page = mpol_alloc(pol, gfp, order, turn);
	mpol_put(pol);
	return page;
}

bool vma_follows_thread(const struct vm_area_struct *vma)
{
	return !vma->vm_policy && mm_ctx_current()->mempolicy;
}

unsigned vma_alloc_bulk(const struct vm_area_struct *vma, unsigned long addr, gfp_t gfp, unsigned n,
			struct page **pages)
{
	unsigned got = 0;

	if (!mpol_any())
		return alloc_pages_bulk(gfp, n, pages);
	while (got < n) {
		pages[got] = vma_alloc_by_policy(vma, addr, gfp, 0);
		if (!pages[got])
			break;
		got++;
		addr += PAGE_SIZE;
	}
	return got;
}

static int set_one(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		   struct mempolicy *pol)
{
	int err;

	if (mpol_equal(vma->vm_policy, pol))
		return 0;
	err = vma_modify_policy(vma, start, end, pol, &vma);
	if (!err && vma_is_shmem(vma))
		err = shared_policy_set(vma->mapping, vma_index(vma, start),
					vma_index(vma, end - 1) + 1, pol);
	return err;
}

int vm_set_policy(struct mm_struct *mm, unsigned long start, unsigned long end,
		  struct mempolicy *pol)
{
	struct vm_area_struct *vma;
	int err = 0;

	while (!err && start < end && (vma = find_vma(mm, start)) && vma->vm_start < end) {
		unsigned long from = max_of(unsigned long, start, vma->vm_start);

		start = min_of(unsigned long, end, vma->vm_end);
		err = set_one(vma, from, start, pol);
	}
	return err;
}

/* 0, -EOPNOTSUPP, -ENOMEM; 1: there is no policy whose home it could be. */
static int set_home(struct mm_struct *mm, const struct mempolicy *old, unsigned long start,
		    unsigned long end, int home)
{
	struct mempolicy *pol;
	int err;

	if (!old)
		return 1;
	if (old->mode != MPOL_BIND && old->mode != MPOL_PREFERRED_MANY)
		return -EOPNOTSUPP;
	pol = mpol_with_home(old, home);
	if (!pol)
		return -ENOMEM;
	err = vm_set_policy(mm, start, end, pol);
	mpol_put(pol);
	return err;
}

int vm_set_home_node(struct mm_struct *mm, unsigned long start, unsigned long end, int home)
{
	struct vm_area_struct *vma;
	int err = 1, result = -ENOENT;

	rwsem_down_write(&mm->mmap_lock);
	while (err >= 0 && start < end && (vma = find_vma(mm, start)) && vma->vm_start < end) {
		unsigned long from = max_of(unsigned long, start, vma->vm_start);

		start = min_of(unsigned long, end, vma->vm_end);
		err = set_home(mm, vma->vm_policy, from, start, home);
		result = err == 1 ? result : err;
	}
	rwsem_up_write(&mm->mmap_lock);
	return result;
}

int vm_get_policy(struct mm_struct *mm, unsigned long addr, struct mempolicy **out)
{
	const struct vm_area_struct *vma;

	*out = NULL;
	rwsem_down_read(&mm->mmap_lock);
	vma = find_vma(mm, addr);
	if (vma && vma->vm_start > addr)
		vma = NULL;
	if (vma)
		*out = vma_policy_get(vma, addr);
	rwsem_up_read(&mm->mmap_lock);
	return vma ? 0 : -EFAULT;
}

int vm_node_of(struct mm_struct *mm, unsigned long addr)
{
	struct page *page;
	int err = get_user_page_read(mm, addr & PAGE_MASK, &page), node;

	if (err)
		return err;
	node = (int)page_node_id(page);
	put_page(page);
	return node;
}
