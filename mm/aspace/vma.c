/*
 * The vmas of an address space: insert, split, merge, resize.
 *
 * OWNS     struct vm_area_struct, the tree mm->vmas, the trees mapping->i_mmap.
 * WHY      one structure (lib/rangetree): find, ordered stepping and gaps. No list and no hash beside it to keep true.
 *
 *   merge    |--prev--|==new==|--next--|    the same in all but place: one of  prev+new  new+next  prev+new+next
 *   modify   |--prev--[== part of vma ==|--rest--]    move the border to prev when the new flags are prev's,
 *            else split (1 or 2 spares), set the flags, merge with both neighbours
 *
 * I1       vmas are disjoint, page aligned, not empty, inside [0, task_size), keyed by vm_start.       [mm_check]
 * I2       two neighbours that touch and could be one are one: what /proc/PID/maps shows is Linux's.     [mm_check]
 * I3       map_count is their number; total_vm, data_vm, exec_vm, stack_vm are sums over them.           [mm_check]
 * I4       a vma with a mapping holds it and is in its i_mmap tree, from insert to unlink.
 * I5       vm_pgoff of private anonymous memory is vm_start >> PAGE_SHIFT at birth, and mremap keeps it: it
 *          identifies the page, not the place.
 * LOCKS    mmap_lock for write. Bounds and vm_pgoff of a vma in an i_mmap tree change under i_mmap_lock too, because
 *          truncate reads them without mmap_lock; and outside the tree, because they are its key.
 * FAILS    vma_spares_get and vma_modify (-ENOMEM), before anything has changed. Nothing else.
 * COST     insert and unlink O(log n); merging needs no memory.
 * NOT HERE page tables (the caller zaps), limits and accounting (mmap.c).
 * TESTED BY mmap_test.c, fuzz target vma
 */
#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

static struct kmem_cache *vma_cache, *node_cache;

void vma_boot(void)
{
	vma_cache = kmem_cache_create("vm_area_struct", sizeof(struct vm_area_struct), 0,
				      SLAB_PANIC, NULL);
	node_cache = kmem_cache_create("vma_node", RANGETREE_NODE_SIZE, 64, SLAB_PANIC, NULL);
}

void *vma_node_alloc(void)
{
	return failpoint("vma_node") ? NULL : kmem_cache_alloc(node_cache, GFP_KERNEL);
}

void vma_node_free(void *node)
{
	kmem_cache_free(node_cache, node);
}

int vma_spares_get(struct mm_struct *mm, unsigned nr, struct vma_spares *s)
{
	s->nr = 0;
	if (rangetree_reserve(&mm->vmas, nr))
		return -ENOMEM;
	while (s->nr < nr) {
		struct vm_area_struct *vma =
			failpoint("vma") ? NULL : kmem_cache_alloc(vma_cache, GFP_KERNEL);

		if (!vma) {
			vma_spares_put(s);
			return -ENOMEM;
		}
		s->vma[s->nr++] = vma;
	}
	return 0;
}

void vma_spares_put(struct vma_spares *s)
{
	while (s->nr)
		kmem_cache_free(vma_cache, s->vma[--s->nr]);
}

struct vm_area_struct *find_vma(struct mm_struct *mm, unsigned long addr)
{
	return rangetree_find(&mm->vmas, addr);
}

struct vm_area_struct *vma_next(struct mm_struct *mm, const struct vm_area_struct *vma)
{
	return rangetree_find(&mm->vmas, vma->vm_end);
}

struct vm_area_struct *vma_first(struct mm_struct *mm)
{
	return rangetree_find(&mm->vmas, 0);
}

struct vm_area_struct *vma_prev(struct mm_struct *mm, unsigned long addr)
{
	return rangetree_find_prev(&mm->vmas, addr);
}

unsigned long vma_start_gap(const struct vm_area_struct *vma)
{
	const unsigned long gap = (unsigned long)STACK_GUARD_PAGES << PAGE_SHIFT;

	if (!(vma->vm_flags & VM_GROWSDOWN))
		return vma->vm_start;
	return vma->vm_start > gap ? vma->vm_start - gap : 0;
}

/* A private page is made writable by the fault that makes it private; a store wants to know of the first write. */
pte_t vma_page_prot(unsigned long flags, const struct address_space *mapping)
{
	bool write = (flags & VM_WRITE) && (flags & VM_SHARED) && !(mapping && mapping->ops->store);

	return pte_prot_user(flags & (VM_READ | VM_WRITE | VM_EXEC), write, flags & VM_EXEC);
}

void vma_stat(struct mm_struct *mm, unsigned long flags, long pages)
{
	unsigned long n = (unsigned long)pages;

	mm->total_vm += n;
	if (flags & VM_GROWSDOWN)
		mm->stack_vm += n;
	else if ((flags & (VM_EXEC | VM_WRITE)) == VM_EXEC)
		mm->exec_vm += n;
	else if ((flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
		mm->data_vm += n;
}

/* Keep rmap walks of @m out while vmas change: whoever walks sees each mapped page in exactly one vma. */
static void rmap_lock(struct address_space *m) no_lock_analysis
{
	if (m)
		spin_lock(&m->i_mmap_lock);
}

static void rmap_unlock(struct address_space *m) no_lock_analysis
{
	if (m)
		spin_unlock(&m->i_mmap_lock);
}

/* In the tree by page offset, whose key are the bounds. rmap_lock held. */
static void rmap_in(struct vm_area_struct *vma)
{
	if (vma->mapping)
		ivtree_insert(&vma->mapping->i_mmap, &vma->i_mmap_node);
}

static void rmap_out(struct vm_area_struct *vma)
{
	if (vma->mapping)
		ivtree_remove(&vma->mapping->i_mmap, &vma->i_mmap_node);
}

static struct vm_area_struct *spare_take(struct vma_spares *s)
{
	kassert(s->nr);
	return s->vma[--s->nr];
}

/* rmap_lock held; the vma has its hold on the mapping. */
static void link_locked(struct mm_struct *mm, struct vm_area_struct *vma)
{
	rangetree_insert(&mm->vmas, vma->vm_start, vma->vm_end, vma);
	mm->map_count++;
	rmap_in(vma);
}

static void unlink_locked(struct mm_struct *mm, struct vm_area_struct *vma)
{
	rangetree_remove(&mm->vmas, vma->vm_start);
	mm->map_count--;
	rmap_out(vma);
}

static void mapping_hold(struct address_space *m)
{
	if (m)
		m->ops->hold(m);
}

struct vm_area_struct *vma_insert(struct mm_struct *mm, struct vma_spares *s,
				  const struct vma_req *r)
{
	struct vm_area_struct *vma = spare_take(s);

	vma->vm_start = r->start;
	vma->vm_end = r->end;
	vma->vm_mm = mm;
	vma->vm_page_prot = vma_page_prot(r->flags, r->mapping);
	vma->vm_flags = r->flags;
	vma->vm_pgoff = r->pgoff;
	vma->mapping = r->mapping;
	vma->vm_ops = r->ops;
	vma->vm_private_data = r->private_data;
	vma->fault_next = 0;
	vma->fault_run = 0;
	vma->populated = false;
	vma->has_anon = false;
	mapping_hold(vma->mapping);
	rmap_lock(vma->mapping);
	link_locked(mm, vma);
	rmap_unlock(vma->mapping);
	return vma;
}

void vma_unlink(struct mm_struct *mm, struct vm_area_struct *vma)
{
	rmap_lock(vma->mapping);
	unlink_locked(mm, vma);
	rmap_unlock(vma->mapping);
}

void vma_free(struct vm_area_struct *vma)
{
	if (vma->vm_ops && vma->vm_ops->close)
		vma->vm_ops->close(vma);
	if (vma->mapping)
		vma->mapping->ops->drop(vma->mapping);
	kmem_cache_free(vma_cache, vma);
}

/* rmap_lock held. */
static void resize_locked(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
			  unsigned long end)
{
	rangetree_resize(&mm->vmas, vma->vm_start, start, end);
	rmap_out(vma);
	if (start >= vma->vm_start)
		vma->vm_pgoff += (start - vma->vm_start) >> PAGE_SHIFT;
	else
		vma->vm_pgoff -= (vma->vm_start - start) >> PAGE_SHIFT;
	vma->vm_start = start;
	vma->vm_end = end;
	rmap_in(vma);
}

void vma_resize(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		unsigned long end)
{
	rmap_lock(vma->mapping);
	resize_locked(mm, vma, start, end);
	rmap_unlock(vma->mapping);
}

/* A second vma of the same kind for [start, end) of @vma; not in the tree yet. */
static void vma_copy(struct vm_area_struct *to, const struct vm_area_struct *vma,
		     unsigned long start, unsigned long end)
{
	to->vm_start = start;
	to->vm_end = end;
	to->vm_mm = vma->vm_mm;
	to->vm_page_prot = vma->vm_page_prot;
	to->vm_flags = vma->vm_flags;
	to->vm_pgoff = vma_index(vma, start);
	to->mapping = vma->mapping;
	to->vm_ops = vma->vm_ops;
	to->vm_private_data = vma->vm_private_data;
	to->fault_next = vma->fault_next;
	to->fault_run = vma->fault_run;
	to->populated = vma->populated;
	to->has_anon = vma->has_anon;
}

struct vm_area_struct *vma_split(struct mm_struct *mm, struct vma_spares *s,
				 struct vm_area_struct *vma, unsigned long addr)
{
	struct vm_area_struct *upper = spare_take(s);

	kassert(vma->vm_start < addr && addr < vma->vm_end);
	vma_copy(upper, vma, addr, vma->vm_end);
	mapping_hold(vma->mapping);
	rmap_lock(vma->mapping);
	rangetree_split(&mm->vmas, vma->vm_start, addr, upper);
	mm->map_count++;
	rmap_out(vma);
	vma->vm_end = addr;
	rmap_in(vma);
	rmap_in(upper);
	rmap_unlock(vma->mapping);
	if (upper->vm_ops && upper->vm_ops->open)
		upper->vm_ops->open(upper);
	return upper;
}

/* Could @vma and @r be one vma, were they neighbours? */
static bool same_kind(const struct vm_area_struct *vma, const struct vma_req *r)
{
	return vma->vm_flags == r->flags && vma->mapping == r->mapping && vma->vm_ops == r->ops &&
	       !(r->ops && r->ops->close) && vma->vm_private_data == r->private_data &&
	       !(r->flags & (VM_IO | VM_PFNMAP | VM_DONTEXPAND));
}

/* Entries of @from are @to's now. */
static void inherit(struct vm_area_struct *to, const struct vm_area_struct *from)
{
	to->has_anon |= from->has_anon;
	to->populated |= from->populated;
}

/* @next, which follows @vma without a gap, becomes part of it. */
static void absorb(struct mm_struct *mm, struct vm_area_struct *vma, struct vm_area_struct *next)
{
	rmap_lock(vma->mapping);
	rangetree_join(&mm->vmas, vma->vm_start);
	mm->map_count--;
	rmap_out(next);
	rmap_out(vma);
	vma->vm_end = next->vm_end;
	rmap_in(vma);
	rmap_unlock(vma->mapping);
	inherit(vma, next);
	vma_free(next);
}

struct vm_area_struct *vma_merge(struct mm_struct *mm, const struct vma_req *r)
{
	struct vm_area_struct *prev = vma_prev(mm, r->start), *next = find_vma(mm, r->end);
	unsigned long pages = (r->end - r->start) >> PAGE_SHIFT;

	if (prev && (prev->vm_end != r->start || !same_kind(prev, r) ||
		     prev->vm_pgoff + vma_pages(prev) != r->pgoff))
		prev = NULL;
	if (next &&
	    (next->vm_start != r->end || !same_kind(next, r) || r->pgoff + pages != next->vm_pgoff))
		next = NULL;
	if (prev)
		vma_resize(mm, prev, prev->vm_start, r->end);
	if (prev && next)
		absorb(mm, prev, next);
	else if (next)
		vma_resize(mm, next, r->start, next->vm_end);
	return prev ? prev : next;
}

static void flags_set(struct vm_area_struct *vma, unsigned long flags)
{
	vma->vm_flags = flags;
	vma->vm_page_prot = vma_page_prot(flags, vma->mapping);
}

/* The neighbour of @vma at the end where @r lies, if @r can become part of it. */
static struct vm_area_struct *border_neighbour(struct mm_struct *mm, struct vm_area_struct *vma,
					       const struct vma_req *r)
{
	bool low = r->start == vma->vm_start;
	struct vm_area_struct *to = low ? vma_prev(mm, r->start) : vma_next(mm, vma);

	if (!to || !same_kind(to, r))
		return NULL;
	if (low)
		return to->vm_end == r->start && to->vm_pgoff + vma_pages(to) == r->pgoff ? to
											  : NULL;
	return to->vm_start == r->end && vma_index(vma, r->end) == to->vm_pgoff ? to : NULL;
}

/* @r, at one end of @vma, goes to the neighbour that has these flags. NULL: there is none. */
static struct vm_area_struct *border_move(struct mm_struct *mm, struct vm_area_struct *vma,
					  const struct vma_req *r)
{
	struct vm_area_struct *to = border_neighbour(mm, vma, r);

	if (!to)
		return NULL;
	rmap_lock(vma->mapping);
	if (r->start == vma->vm_start) {
		resize_locked(mm, vma, r->end, vma->vm_end);
		resize_locked(mm, to, to->vm_start, r->end);
	} else {
		resize_locked(mm, vma, vma->vm_start, r->start);
		resize_locked(mm, to, r->start, to->vm_end);
	}
	rmap_unlock(vma->mapping);
	inherit(to, vma);
	return to;
}

/* @vma has just got the flags it has: join it with the neighbours that are like it now. */
static struct vm_area_struct *rejoin(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vma_req r = { vma->vm_start, vma->vm_end, vma->vm_flags,	      vma->vm_pgoff,
			     vma->mapping,  vma->vm_ops, vma->vm_private_data };
	struct vm_area_struct *prev = vma_prev(mm, r.start), *next = vma_next(mm, vma);

	if (next && next->vm_start == r.end && same_kind(next, &r) &&
	    vma_index(vma, r.end) == next->vm_pgoff)
		absorb(mm, vma, next);
	if (prev && prev->vm_end == r.start && same_kind(prev, &r) &&
	    prev->vm_pgoff + vma_pages(prev) == r.pgoff) {
		absorb(mm, prev, vma);
		return prev;
	}
	return vma;
}

int vma_modify(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
	       unsigned long end, unsigned long flags, struct vm_area_struct **out)
{
	struct vma_req r = { start,
			     end,
			     flags,
			     vma_index(vma, start),
			     vma->mapping,
			     vma->vm_ops,
			     vma->vm_private_data };
	unsigned splits = (start > vma->vm_start) + (end < vma->vm_end);
	struct vma_spares spares;

	*out = vma;
	if (flags == vma->vm_flags)
		return 0;
	if (splits == 1) {
		*out = border_move(mm, vma, &r);
		if (*out)
			return 0;
	}
	if (mm->map_count + (int)splits > sysctl_max_map_count)
		return -ENOMEM;
	if (splits && vma_spares_get(mm, splits, &spares))
		return -ENOMEM;
	if (end < vma->vm_end)
		vma_split(mm, &spares, vma, end);
	if (start > vma->vm_start)
		vma = vma_split(mm, &spares, vma, start);
	flags_set(vma, flags);
	*out = rejoin(mm, vma);
	return 0;
}
