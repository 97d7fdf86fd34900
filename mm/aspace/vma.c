/*
 * The vmas of an address space: insert, split, resize, unlink.
 *
 * OWNS     struct vm_area_struct, the tree mm->vmas, the trees mapping->i_mmap.
 * WHY      one structure (lib/rangetree): find, ordered stepping and gaps. No list and no hash beside it to keep true.
 * I1       vmas are disjoint, page aligned, not empty, inside [0, task_size), keyed by vm_start.       [mm_check]
 * I2       two neighbours that touch, could be one (vma_merge.c) and have no anon_vma are one, unless
 *          mm->unmerged.                                                                                [mm_check]
 * I3       map_count is their number; total_vm, data_vm, exec_vm, stack_vm are sums over them.           [mm_check]
 * I4       a vma with a mapping holds it and is in its i_mmap tree from insert to unlink; so it is in the trees of its
 *          anon_vmas, from the first private page on.
 * I5       vm_pgoff of private anonymous memory is vm_start >> PAGE_SHIFT at birth, and mremap keeps it: it
 *          identifies the page, not the place.
 * I6       mm->parts: none, or two blank vmas, each with a chain that is in no tree: what the last join to a middle left.
 *          A program that protects a page and permits it again, over and over, cuts with these.
 * LOCKS    mmap_lock for write. Bounds and vm_pgoff of a vma in a tree by page offset change with rmap locked too, because
 *          rmap reads them without mmap_lock; and outside the tree, because they are its key.
 * FAILS    vma_spares_get (-ENOMEM), before anything has changed. Nothing else.
 * COST     insert and unlink O(log n).
 * NOT HERE merging (vma_merge.c), page tables (the caller zaps), limits and accounting (mmap.c).
 * TESTED BY mmap_test.c, vma_merge_test.c, fuzz target vma
 */
#include "base/errno.h"
#include "mm/aspace/anon_vma_impl.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/mempolicy.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

static struct kmem_cache *vma_caches[2], *node_cache; /* vmas: by has_node */

void vma_boot(void)
{
	anon_vma_boot();
	vma_caches[true] = kmem_cache_create("vm_area_struct", sizeof(struct vm_area_struct), 0,
					     SLAB_PANIC, NULL);
	vma_caches[false] = kmem_cache_create(
		"vm_area_anon", offsetof(struct vm_area_struct, i_mmap_node), 0, SLAB_PANIC, NULL);
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

static inline struct vm_area_struct *vma_alloc(bool has_node)
{
	struct vm_area_struct *vma =
		failpoint("vma") ? NULL : kmem_cache_alloc(vma_caches[has_node], GFP_KERNEL);

	if (likely(vma))
		vma->has_node = has_node;
	return vma;
}

struct vm_area_struct *vma_get(struct mm_struct *mm, bool has_node)
{
	return rangetree_reserve(&mm->vmas, 1) ? NULL : vma_alloc(has_node);
}

bool vma_parts_keep(struct mm_struct *mm, struct vm_area_struct *lower,
		    struct vm_area_struct *upper)
{
	if (mm->parts[0] || lower->has_node | upper->has_node || lower->vm_ops || lower->vm_policy)
		return false;
	mm->parts[0] = lower;
	mm->parts[1] = upper;
	return true;
}

void vma_parts_free(struct mm_struct *mm)
{
	for (unsigned i = 0; i < ARRAY_SIZE(mm->parts) && mm->parts[i]; i++) {
		anon_vma_release(mm->parts[i]);
		kmem_cache_free(vma_caches[false], mm->parts[i]);
		mm->parts[i] = NULL;
	}
}

/* Two parts of @like, which has one chain. The chains go into the list, as blank ones do. */
static void parts_take(struct mm_struct *mm, struct vma_spares *s)
{
	struct vm_area_struct *upper = mm->parts[1], *lower = mm->parts[0];

	s->chains = lower->anon_vma_chain;
	s->chains->next = upper->anon_vma_chain;
	s->vma[0] = upper;
	s->vma[1] = lower;
	s->nr = 2;
	mm->parts[0] = NULL;
	mm->parts[1] = NULL;
}

int vma_spares_get(struct mm_struct *mm, unsigned nr, const struct vm_area_struct *like,
		   bool has_node, struct vma_spares *s)
{
	vma_spares_init(s);
	if (rangetree_reserve(&mm->vmas, nr))
		return -ENOMEM;
	if (nr == 2 && mm->parts[0] && !has_node && like && like->anon_vma &&
	    !like->anon_vma_chain->next) {
		parts_take(mm, s);
		return 0;
	}
	if (like && like->anon_vma &&
	    anon_vma_chains_get(&s->chains, nr * anon_vma_chains_of(like)))
		return -ENOMEM;
	while (s->nr < nr) {
		struct vm_area_struct *vma = vma_alloc(has_node);

		if (!vma) {
			vma_spares_put(s);
			return -ENOMEM;
		}
		s->vma[s->nr++] = vma;
	}
	return 0;
}

static inline void vma_release(struct vm_area_struct *vma)
{
	kmem_cache_free(vma_caches[vma->has_node], vma);
}

void vma_spares_put(struct vma_spares *s)
{
	while (s->nr)
		vma_release(s->vma[--s->nr]);
	anon_vma_chains_put(&s->chains);
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

/*
 * A private page is made writable by the fault that makes it private; a store, a device that asks, and who tracks soft-dirty
 * pages, want to know of the first write.
 */
static pte_t page_prot(unsigned long flags, const struct address_space *mapping,
		       const struct vma_ops *ops)
{
	const unsigned long at_once = VM_WRITE | VM_SHARED | VM_SOFTDIRTY;
	bool write = (flags & at_once) == at_once && !(mapping && mapping->ops->store) &&
		     !(ops && ops->mkwrite);

	return pte_prot_user(flags & (VM_READ | VM_WRITE | VM_EXEC), write, flags & VM_EXEC);
}

void vma_set_flags(struct vm_area_struct *vma, unsigned long flags)
{
	WRITE_ONCE(vma->vm_flags, flags); /* rmap's walks read it */
	vma->vm_page_prot = page_prot(flags, vma->mapping, vma->vm_ops);
}

void vma_mark_soft_dirty(struct vm_area_struct *vma)
{
	if (vma_tracks_writes(vma))
		vma_set_flags(vma, vma->vm_flags | VM_SOFTDIRTY);
}

void vma_rmap_change(struct vm_area_struct *vma)
{
	if (vma->mapping)
		ivtree_change(&vma->mapping->i_mmap, &vma->i_mmap_node, vma->vm_pgoff,
			      vma_last_pgoff(vma));
	anon_vma_rmap_change(vma);
}

/* i_mmap_lock held. */
static void mapping_insert(struct vm_area_struct *vma)
{
	ivtree_insert(&vma->mapping->i_mmap, &vma->i_mmap_node, vma->vm_pgoff, vma_last_pgoff(vma));
	vma->mapping->i_mmap_writable += vma_shared_maywrite(vma->vm_flags);
}

static void mapping_hold(struct address_space *m)
{
	if (m)
		m->ops->hold(m);
}

/* What @r says, and no page yet; in no tree. Inlined: of a request made of constants nothing is written but these. */
static always_inline_ void fill_new(struct vm_area_struct *vma, struct mm_struct *mm,
				    const struct vma_req r, pte_t prot)
{
	vma->vm_start = r.start;
	vma->vm_end = r.end;
	vma->vm_mm = mm;
	vma->vm_pgoff = r.pgoff;
	vma->mapping = r.mapping;
	vma->vm_flags = r.flags;
	vma->vm_page_prot = prot;
	vma->vm_ops = r.ops;
	vma->vm_private_data = r.private_data;
	vma->vm_policy = mpol_get(r.policy);
	vma->userfault = r.userfault;
	vma->anon_vma = NULL;
	vma->anon_vma_chain = NULL;
	vma->fault_next = 0;
	vma->fault_run = 0;
	vma->populated = false;
}

void vma_insert_new(struct mm_struct *mm, struct vm_area_struct *vma, const struct vma_req *r)
{
	kassert(!r->mapping || vma->has_node);
	fill_new(vma, mm, *r, page_prot(r->flags, r->mapping, r->ops));
	rangetree_insert(&mm->vmas, vma->vm_start, vma->vm_end, vma);
	mm->map_count++;
	if (vma->mapping) {
		mapping_hold(vma->mapping);
		spin_lock(&vma->mapping->i_mmap_lock);
		mapping_insert(vma);
		spin_unlock(&vma->mapping->i_mmap_lock);
	}
}

struct vm_area_struct *vma_add_plain(struct mm_struct *mm, unsigned long start, unsigned long end,
				     unsigned long flags)
{
	struct vm_area_struct *vma = vma_get(mm, false);

	if (unlikely(!vma))
		return NULL;
	fill_new(vma, mm,
		 (struct vma_req){
			 .start = start, .end = end, .flags = flags, .pgoff = start >> PAGE_SHIFT },
		 pte_prot_user(flags & (VM_READ | VM_WRITE | VM_EXEC), false, flags & VM_EXEC));
	mm->map_count++;
	rangetree_insert(&mm->vmas, start, end, vma);
	return vma;
}

static always_inline_ void unlink_rmap(struct mm_struct *mm, struct vm_area_struct *vma)
{
	mm->map_count--;
	if (vma->mapping) {
		spin_lock(&vma->mapping->i_mmap_lock);
		ivtree_remove(&vma->mapping->i_mmap, &vma->i_mmap_node);
		vma->mapping->i_mmap_writable -= vma_shared_maywrite(vma->vm_flags);
		spin_unlock(&vma->mapping->i_mmap_lock);
	}
	if (vma->anon_vma)
		anon_vma_unlink(vma);
}

struct vm_area_struct *vma_unlink(struct mm_struct *mm, struct vm_area_struct *vma)
{
	struct vm_area_struct *next = rangetree_remove(&mm->vmas, vma->vm_start);

	unlink_rmap(mm, vma);
	return next;
}

void vma_unlink_rmap(struct mm_struct *mm, struct vm_area_struct *vma)
{
	unlink_rmap(mm, vma);
}

void vma_free(struct vm_area_struct *vma)
{
	if (vma->vm_ops && vma->vm_ops->close)
		vma->vm_ops->close(vma);
	if (vma->mapping)
		vma->mapping->ops->drop(vma->mapping);
	mpol_put(vma->vm_policy);
	vma_release(vma);
}

void vma_resize_locked(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		       unsigned long end)
{
	rangetree_resize(&mm->vmas, vma->vm_start, start, end);
	if (start >= vma->vm_start)
		vma->vm_pgoff += (start - vma->vm_start) >> PAGE_SHIFT;
	else
		vma->vm_pgoff -= (vma->vm_start - start) >> PAGE_SHIFT;
	vma->vm_start = start;
	vma->vm_end = end;
	vma_rmap_change(vma);
}

void vma_resize(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		unsigned long end)
{
	rmap_lock_vma(vma);
	vma_resize_locked(mm, vma, start, end);
	rmap_unlock_vma(vma);
}

/* A second vma of the same kind for [start, end) of @vma; in no tree yet. */
static void vma_copy(struct vm_area_struct *to, const struct vm_area_struct *vma,
		     unsigned long start, unsigned long end)
{
	kassert(!vma->mapping || to->has_node);
	to->vm_start = start;
	to->vm_end = end;
	to->vm_mm = vma->vm_mm;
	to->vm_page_prot = vma->vm_page_prot;
	to->vm_flags = vma->vm_flags;
	to->vm_pgoff = vma_index(vma, start);
	to->mapping = vma->mapping;
	to->vm_ops = vma->vm_ops;
	to->vm_private_data = vma->vm_private_data;
	to->vm_policy = mpol_get(vma->vm_policy);
	to->userfault = vma->userfault;
	to->anon_vma = NULL;
	to->anon_vma_chain = NULL;
	to->fault_next = vma->fault_next;
	to->fault_run = vma->fault_run;
	to->populated = vma->populated;
}

/* @part, cut off @vma, goes where rmap finds it. Rmap locked: nobody sees the two at once, or neither. */
static inline void hang_part(struct vm_area_struct *part, const struct vm_area_struct *vma,
			     struct vma_spares *s)
{
	part->vm_private_data = vma->vm_private_data; /* hugetlb may change it under this lock */
	if (part->mapping)
		mapping_insert(part);
	anon_vma_clone_locked(part, vma, &s->chains);
}

static void mapping_cut(struct vm_area_struct *lower, struct vm_area_struct *vma,
			struct vm_area_struct *upper)
{
	ivtree_cut(&vma->mapping->i_mmap, &vma->i_mmap_node, vma->vm_pgoff, vma_last_pgoff(vma),
		   &lower->i_mmap_node, &upper->i_mmap_node);
	vma->mapping->i_mmap_writable += 2 * vma_shared_maywrite(vma->vm_flags);
}

static inline void part_opened(struct vm_area_struct *part)
{
	if (part->vm_ops && part->vm_ops->open)
		part->vm_ops->open(part);
}

struct vm_area_struct *vma_split_unopened(struct mm_struct *mm, struct vma_spares *s,
					  struct vm_area_struct *vma, unsigned long addr)
{
	struct vm_area_struct *upper = vma_spare_take(s);

	kassert(vma->vm_start < addr && addr < vma->vm_end);
	vma_copy(upper, vma, addr, vma->vm_end);
	mapping_hold(vma->mapping);
	rangetree_split(&mm->vmas, vma->vm_start, addr, upper);
	mm->map_count++;
	rmap_lock_vma(vma);
	hang_part(upper, vma,
		  s); /* before @vma lets go of it: the summaries above stay as they are */
	vma->vm_end = addr;
	vma_rmap_change(vma);
	rmap_unlock_vma(vma);
	return upper;
}

struct vm_area_struct *vma_split(struct mm_struct *mm, struct vma_spares *s,
				 struct vm_area_struct *vma, unsigned long addr)
{
	struct vm_area_struct *upper = vma_split_unopened(mm, s, vma, addr);

	part_opened(upper);
	return upper;
}

/* The middle part is the old vma: so the new ones hang below it, on either side, in a tree that had but this. */
void vma_cut(struct mm_struct *mm, struct vma_spares *s, struct vm_area_struct *vma,
	     unsigned long start, unsigned long end)
{
	struct vm_area_struct *lower = vma_spare_take(s), *upper = vma_spare_take(s);
	const struct rangetree_cut cut = { start, end, lower, upper };

	kassert(vma->vm_start < start && start < end && end < vma->vm_end);
	vma_copy(lower, vma, vma->vm_start, start);
	vma_copy(upper, vma, end, vma->vm_end);
	mapping_hold(vma->mapping);
	mapping_hold(vma->mapping);
	rangetree_cut(&mm->vmas, vma->vm_start, &cut);
	mm->map_count += 2;
	rmap_lock_bounds(vma);
	vma->vm_pgoff = vma_index(vma, start);
	vma->vm_start = start;
	vma->vm_end = end;
	lower->vm_private_data = vma->vm_private_data; /* as in hang_part */
	upper->vm_private_data = vma->vm_private_data;
	if (vma->mapping)
		mapping_cut(lower, vma, upper);
	anon_vma_cut_locked(lower, vma, upper, &s->chains);
	rmap_unlock_bounds(vma);
	part_opened(upper);
	part_opened(lower);
}
