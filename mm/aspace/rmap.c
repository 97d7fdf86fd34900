/*
 * From a page to the entries that map it: mappings.
 *
 * A cached page's entries are found through its mapping's tree of vmas: page offset -> address in each.
 *
 * WHY      no list per page: entries are many, vmas are few, and only truncation and reclaim ask.
 * I1       a vma is in the tree from before its first entry until after its last (vma.c I4), and its bounds change
 *          only under i_mmap_lock: a walk misses no entry that was there when it began, but those that fork or mremap
 *          have in flight, whom invalidate_lock keeps out.
 * LOCKS    i_mmap_lock (rank MAPPING_VMAS), then table locks; the owner mm's mmap_lock is not held: tables stay because
 *          pt_free_tables comes after the vma has left the tree. No sleeping.
 * COST     O(log vmas of the mapping) for each that shows the page, + entries.
 * NOT HERE anonymous pages.   TESTED BY fault_test.c
 */
#include "mm/aspace/aspace_impl.h"
#include "mm/gather.h"
#include "mm/range.h"

/* The part of @vma that shows pages [first, last], of which it shows some. */
static void part_of(const struct vm_area_struct *vma, unsigned long first, unsigned long last,
		    uaddr_t *start, uaddr_t *end)
{
	unsigned long vma_last = vma->vm_pgoff + vma_pages(vma) - 1;

	*start = vma->vm_start;
	if (first > vma->vm_pgoff)
		*start += (first - vma->vm_pgoff) << PAGE_SHIFT;
	*end = vma->vm_end;
	if (last < vma_last)
		*end -= (vma_last - last) << PAGE_SHIFT;
}

struct zap_ctx {
	unsigned long first, last;
	bool private_too; /* ftruncate(2): SIGBUS beyond the end, for private copies as well */
};

static void zap_part(struct vm_area_struct *vma, const struct zap_ctx *z)
{
	struct mmu_gather g;
	uaddr_t start, end;

	part_of(vma, z->first, z->last, &start, &end);
	gather_begin(&g, vma->vm_mm);
	g.keep_anon = !z->private_too;
	range_zap(&g, vma, start, end);
	gather_end(&g);
}

void mapping_unmap_pages(struct address_space *m, unsigned long first, unsigned long last,
			 bool private_too)
{
	struct zap_ctx z = { first, last, private_too };
	struct ivtree_node *n;

	spin_lock(&m->i_mmap_lock);
	ivtree_for_each (n, &m->i_mmap, first, last)
		zap_part(container_of(n, struct vm_area_struct, i_mmap_node), &z);
	spin_unlock(&m->i_mmap_lock);
}
