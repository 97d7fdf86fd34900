/*
 * Which vmas become one, and which are cut: what /proc/PID/maps shows is what Linux 6.1 shows.
 *
 *   new range   |--prev--|==new==|--next--|    the same in all but place: one of  prev+new  new+next  prev+new+next
 *   modify      |--prev--[== part of vma ==|--rest--]    move the border to prev when the new flags are prev's,
 *               else split (1 or 2 spares), set the flags, join with both neighbours
 *
 * Two vmas are of one kind when flags, mapping, device, private data and memory policy are the same and offsets go on; only
 * VM_SOFTDIRTY does not matter: what they become has it if one of them had. Besides, their anon_vmas must allow it, because
 * a vma has one:
 *   - both the same, or neither has one: yes
 *   - the neighbour has one, and was never part of a fork (one chain); the range that joins it has none: yes
 *   - the range has one, the neighbour none: no
 *   - two different ones: no
 * When a new range touches both neighbours and these cannot be one: a mapping made by mmap goes to the next, one
 * that was moved or changed to the one before it.
 *
 * WHY      the rules are odd in places (a range with pages does not join a neighbour without), but programs count their
 *          lines in maps, and a rule of our own would show.
 * I1       who keeps a vma that absorbs another has all its anon_vmas, before rmap sees the new bounds.
 * LOCKS    mmap_lock for write; rmap locked over each change of bounds: a walk sees each page in one vma.
 * FAILS    vma_modify: -ENOMEM, before anything has changed. Merging that wants memory and gets none does not happen.
 * COST     two look-ups and a comparison; most merges move one border.
 * TESTED BY vma_merge_test.c, fuzz target vma
 */
#include "base/errno.h"
#include "mm/aspace/anon_vma_impl.h"
#include "mm/aspace/hugetlb_vma.h"
#include "mm/mempolicy.h"

/* Could @vma and @r be one vma, were they neighbours and without private pages? */
static bool same_kind(const struct vm_area_struct *vma, const struct vma_req *r)
{
	return vm_flags_merge(vma->vm_flags, r->flags) && vma->mapping == r->mapping &&
	       vma->vm_ops == r->ops && !(r->ops && r->ops->close) &&
	       vma->vm_private_data == r->private_data && vma->userfault == r->userfault &&
	       mpol_equal(vma->vm_policy, r->policy) &&
	       !(r->flags & (VM_IO | VM_PFNMAP | VM_DONTEXPAND));
}

/* May a range with anon_vma @av become part of @vma, as far as private pages go? */
static bool anon_allows(const struct anon_vma *av, const struct vm_area_struct *vma)
{
	const struct anon_vma_chain *c = vma->anon_vma_chain;

	if (c && !c->next && (!av || !vma->anon_vma))
		return true;
	return av == vma->anon_vma;
}

/* Of @n those that touch @r and are of its kind, whatever their anon_vmas. */
static struct vma_neighbours alike(struct vma_neighbours n, const struct vma_req *r)
{
	unsigned long pages = (r->end - r->start) >> PAGE_SHIFT;

	if (n.prev && (n.prev->vm_end != r->start || !same_kind(n.prev, r) ||
		       n.prev->vm_pgoff + vma_pages(n.prev) != r->pgoff))
		n.prev = NULL;
	if (n.next && (n.next->vm_start != r->end || !same_kind(n.next, r) ||
		       r->pgoff + pages != n.next->vm_pgoff))
		n.next = NULL;
	return n;
}

/* The choice for a range whose pages, if any, are in @av. */
static void choose_changed(struct vma_neighbours *n, const struct anon_vma *av)
{
	if (n->prev && !anon_allows(av, n->prev))
		n->prev = NULL;
	if (n->next && !anon_allows(av, n->next))
		n->next = NULL;
	if (n->prev && n->next && n->prev->anon_vma && n->next->anon_vma &&
	    n->prev->anon_vma != n->next->anon_vma)
		n->next = NULL;
}

/* The choice for a range that has never been touched. */
static void choose_fresh(struct vma_neighbours *n)
{
	if (n->next && !anon_allows(NULL, n->next))
		n->next = NULL;
	if (n->prev && !anon_allows(n->next ? n->next->anon_vma : NULL, n->prev))
		n->prev = NULL;
}

/* @to is going to have entries of @from: it needs its anon_vmas. 0 or -ENOMEM. */
static int anon_import(struct vm_area_struct *to, const struct vm_area_struct *from)
{
	struct anon_vma_chain *list = NULL;

	if (to->anon_vma || !from->anon_vma)
		return 0;
	if (anon_vma_chains_get(&list, anon_vma_chains_of(from)))
		return -ENOMEM;
	anon_vma_clone(to, from, &list);
	return 0;
}

/* @to takes over a range that has @flags: what counted as written must go on to. */
static void keep_soft_dirty(struct vm_area_struct *to, unsigned long flags)
{
	if ((flags & VM_SOFTDIRTY) && unlikely(vma_tracks_writes(to)))
		vma_mark_soft_dirty(to);
}

/* @gone's range is @keep's from now on: rmap, which is locked, finds nothing in it any more. */
static void unhook(struct vm_area_struct *gone)
{
	if (gone->mapping) {
		ivtree_remove(&gone->mapping->i_mmap, &gone->i_mmap_node);
		gone->mapping->i_mmap_writable -= vma_shared_maywrite(gone->vm_flags);
	}
	anon_vma_unlink_locked(gone);
}

static void joined(struct vm_area_struct *keep, struct vm_area_struct *gone)
{
	keep->populated |= gone->populated;
	keep_soft_dirty(keep, gone->vm_flags);
	anon_vma_release(gone);
	vma_free(gone);
}

/* @low, @mid, if there is one, and @high touch and become one, @keep, one of them, which has the anon_vmas of all. */
struct join {
	struct vm_area_struct *low, *mid, *high, *keep;
};

/* Out of the middle, where it was cut. */
static inline bool joined_middle(const struct join *j)
{
	return j->mid && j->keep == j->mid && !j->mid->mapping &&
	       anon_vma_join_locked(j->mid, j->low, j->high);
}

/* @keep grows first: so the summaries above the others stay as they are when these go. */
static void join(struct mm_struct *mm, const struct join *j)
{
	struct vm_area_struct *keep = j->keep, *gone = keep == j->low ? j->high : j->low;
	struct vm_area_struct *also = !j->mid ? NULL : keep == j->mid ? j->high : j->mid;
	unsigned long start = j->low->vm_start, end = j->high->vm_end, pgoff = j->low->vm_pgoff;

	bool middle;

	kassert(!gone->anon_vma || gone->anon_vma == keep->anon_vma);
	rangetree_join(&mm->vmas, start, also ? 2 : 1, keep);
	mm->map_count -= also ? 2 : 1;
	rmap_lock_bounds(keep);
	keep->vm_start = start;
	keep->vm_end = end;
	keep->vm_pgoff = pgoff;
	middle = joined_middle(j);
	if (!middle) {
		vma_rmap_change(keep);
		unhook(gone);
		if (also)
			unhook(also);
	}
	rmap_unlock_bounds(keep);
	if (middle && vma_parts_keep(mm, j->low, j->high)) {
		keep->populated |= j->low->populated | j->high->populated;
		keep_soft_dirty(keep, j->low->vm_flags | j->high->vm_flags);
		return;
	}
	joined(keep, gone);
	if (also)
		joined(keep, also);
}

/* The chosen neighbours grow over the free range @r. Return: the vma that has it, NULL without neighbours or memory. */
static struct vm_area_struct *grow_over(struct mm_struct *mm, const struct vma_req *r,
					struct vma_neighbours n)
{
	struct vm_area_struct *keep;

	if (n.prev && n.next && anon_import(n.prev, n.next))
		return NULL;
	if (n.prev)
		vma_resize(mm, n.prev, n.prev->vm_start, r->end);
	if (n.prev && n.next)
		join(mm, &(struct join){ n.prev, NULL, n.next, n.prev });
	else if (n.next)
		vma_resize(mm, n.next, r->start, n.next->vm_end);
	keep = n.prev ? n.prev : n.next;
	if (keep)
		keep_soft_dirty(keep, r->flags);
	return keep;
}

struct vm_area_struct *vma_merge_with(struct mm_struct *mm, const struct vma_req *r,
				      struct vma_neighbours n)
{
	n = alike(n, r);
	choose_fresh(&n);
	return grow_over(mm, r, n);
}

struct vm_area_struct *vma_merge_moved(struct mm_struct *mm, const struct vma_req *r,
				       const struct anon_vma *av)
{
	struct vma_neighbours n = alike(vma_around(mm, r->start, r->end), r);

	choose_changed(&n, av);
	return grow_over(mm, r, n);
}

static void policy_set(struct vm_area_struct *vma, struct mempolicy *pol)
{
	struct mempolicy *old = vma->vm_policy;

	if (likely(old == pol))
		return;
	vma->vm_policy = mpol_get(pol);
	mpol_put(old);
}

/* Flags change from @old to @flags over [start, end), rmap locked: pages that are locked in memory are counted. */
static void count_locked(struct mm_struct *mm, unsigned long start, unsigned long end,
			 unsigned long old, unsigned long flags)
{
	if (unlikely((old ^ flags) & VM_LOCKED))
		mlock_count_entries(mm, start, end, flags & VM_LOCKED);
}

static inline void change_flags(struct vm_area_struct *vma, unsigned long flags)
{
	unsigned long old = vma->vm_flags;

	if (likely(!((old ^ flags) & VM_LOCKED))) {
		vma_set_flags(vma, flags);
		return;
	}
	rmap_lock_vma(vma);
	vma_set_flags(vma, flags);
	count_locked(vma->vm_mm, vma->vm_start, vma->vm_end, old, flags);
	rmap_unlock_vma(vma);
}

/* @r, at one end of @vma, goes to the one of @n that has these flags. */
static struct vm_area_struct *border_move(struct mm_struct *mm, struct vm_area_struct *vma,
					  const struct vma_req *r, struct vma_neighbours n)
{
	struct vm_area_struct *to = n.prev ? n.prev : n.next;

	rmap_lock_vma(to);
	if (to == n.prev) {
		vma_resize_locked(mm, vma, r->end, vma->vm_end);
		vma_resize_locked(mm, to, to->vm_start, r->end);
	} else {
		vma_resize_locked(mm, vma, vma->vm_start, r->start);
		vma_resize_locked(mm, to, r->start, to->vm_end);
	}
	count_locked(mm, r->start, r->end, vma->vm_flags, to->vm_flags);
	rmap_unlock_vma(to);
	to->populated |= vma->populated;
	keep_soft_dirty(to, r->flags);
	return to;
}

static struct vma_req part_of_vma(const struct vm_area_struct *vma, unsigned long start,
				  unsigned long end, unsigned long flags)
{
	return (struct vma_req){ start,
				 end,
				 flags,
				 vma_index(vma, start),
				 vma->mapping,
				 vma->vm_ops,
				 vma->vm_private_data,
				 vma->userfault,
				 vma->vm_policy };
}

/* As where it was cut out of them. It stays then, because the trees by page offset have it above the two (vma_cut). */
static inline bool has_what_others_have(const struct vm_area_struct *vma, struct vma_neighbours n)
{
	return vma->anon_vma == n.prev->anon_vma && vma->anon_vma == n.next->anon_vma;
}

/* @vma has just become like @n, of which it touches those there are: they are one. */
static struct vm_area_struct *rejoin(struct mm_struct *mm, struct vm_area_struct *vma,
				     struct vma_neighbours n)
{
	struct join j = { n.prev ? n.prev : vma, NULL, n.next ? n.next : vma, vma };

	if (n.prev && n.next) {
		j.mid = vma;
		if (!has_what_others_have(vma, n)) {
			if (anon_import(n.prev, n.next))
				return vma;
			j.keep = n.prev;
		}
	} else if (n.prev || n.next) {
		j.keep = n.prev ? n.prev : n.next;
	} else {
		return vma;
	}
	join(mm, &j);
	return j.keep;
}

/* Which of @n, the neighbours of the part @r of @vma, or of all of it, can be one with that when it is what @r says? */
static always_inline_ struct vma_neighbours
which_join(const struct vm_area_struct *vma, const struct vma_req *r, struct vma_neighbours n)
{
	n = alike(n, r);
	if (!(n.prev && n.next && has_what_others_have(vma, n)))
		choose_changed(&n, vma->anon_vma);
	return n; /* @vma itself is something else: it is none of them */
}

static struct vma_neighbours would_join(struct mm_struct *mm, const struct vm_area_struct *vma,
					const struct vma_req *r)
{
	struct vma_neighbours n = vma_around(mm, r->start, r->end);

	if (!may_be_alike(n, r->start, r->end, r->flags))
		return (struct vma_neighbours){ NULL, NULL };
	return which_join(vma, r, n);
}

/* Cut @r out of @vma, *splits times. Return: the vma that covers it. NULL: no memory, or too many. */
static struct vm_area_struct *cut_out(struct mm_struct *mm, struct vm_area_struct *vma,
				      const struct vma_req *r, unsigned splits)
{
	struct vma_spares spares;

	if (mm->map_count + (int)splits > sysctl_max_map_count ||
	    vma_spares_get(mm, splits, vma, vma->mapping, &spares))
		return NULL;
	if (splits == 1 && r->start > vma->vm_start)
		return vma_split(mm, &spares, vma, r->start);
	if (splits == 1)
		(void)vma_split(mm, &spares, vma, r->end);
	else
		vma_cut(mm, &spares, vma, r->start, r->end);
	return vma;
}

static always_inline_ int modify_here(struct mm_struct *mm, struct vm_area_struct *vma,
				      const struct vma_req *r, struct vm_area_struct **out)
{
	unsigned splits = (r->start > vma->vm_start) + (r->end < vma->vm_end);
	struct vma_neighbours n = { NULL, NULL };

	*out = vma;
	if (r->flags == vma->vm_flags && r->policy == vma->vm_policy)
		return 0;
	if (unlikely(mm->cut_limited)) {
		int err = vma_may_split(vma, r->start);

		if (!err)
			err = vma_may_split(vma, r->end);
		if (err)
			return err;
	}
	if (splits < 2)
		n = would_join(mm, vma, r);
	if (splits && (n.prev || n.next)) {
		*out = border_move(mm, vma, r, n);
		return 0;
	}
	if (splits) {
		vma = cut_out(mm, vma, r, splits);
		if (!vma)
			return -ENOMEM;
	}
	change_flags(vma, r->flags);
	policy_set(vma, r->policy);
	vma->userfault = r->userfault;
	*out = n.prev || n.next ? rejoin(mm, vma, n) : vma;
	return 0;
}

static noinline_ int modify(struct mm_struct *mm, struct vm_area_struct *vma,
			    const struct vma_req *r, struct vm_area_struct **out)
{
	return modify_here(mm, vma, r, out);
}

static noinline_ int modify_part(struct mm_struct *mm, struct vm_area_struct *vma,
				 unsigned long start, unsigned long end, unsigned long flags,
				 struct vm_area_struct **out)
{
	struct vma_req r = part_of_vma(vma, start, end, flags);

	return modify_here(mm, vma, &r, out);
}

/* All of @vma gets @flags, which one of @n has. Return: the vma that covers it. */
static noinline_ struct vm_area_struct *modify_alike(struct vm_area_struct *vma,
						     struct vma_neighbours n, unsigned long flags)
{
	struct vma_req r = part_of_vma(vma, vma->vm_start, vma->vm_end, flags);

	n = which_join(vma, &r, n);
	change_flags(vma, flags);
	return rejoin(vma->vm_mm, vma, n);
}

/* What most ask for: all of @vma, which no neighbour is like then, needs neither a request nor spares. */
int vma_modify(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
	       unsigned long end, unsigned long flags, struct vm_area_struct **out)
{
	struct vma_neighbours n;

	if (start != vma->vm_start || end != vma->vm_end)
		return modify_part(mm, vma, start, end, flags, out);
	*out = vma;
	if (unlikely(flags == vma->vm_flags))
		return 0;
	n = vma_around(mm, start, end);
	if (may_be_alike(n, start, end, flags))
		*out = modify_alike(vma, n, flags);
	else
		change_flags(vma, flags);
	return 0;
}

int vma_modify_apart(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		     unsigned long end, unsigned long flags, struct vm_area_struct **out)
{
	struct vma_req r = part_of_vma(vma, start, end, flags);
	unsigned splits = (start > vma->vm_start) + (end < vma->vm_end);

	if (splits)
		vma = cut_out(mm, vma, &r, splits);
	if (!vma)
		return -ENOMEM;
	change_flags(vma, flags);
	mm->unmerged = true;
	*out = vma;
	return 0;
}

int vma_modify_userfault(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			 unsigned long flags, struct userfault *uf)
{
	struct vma_req r = part_of_vma(vma, start, end, flags);

	r.userfault = uf;
	return modify(vma->vm_mm, vma, &r, &vma);
}

int vma_modify_policy(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		      struct mempolicy *pol, struct vm_area_struct **out)
{
	struct vma_req r = part_of_vma(vma, start, end, vma->vm_flags);

	r.policy = pol;
	return modify(vma->vm_mm, vma, &r, out);
}

void vma_forget_userfault(struct vm_area_struct *vma)
{
	struct vma_req r;

	vma_set_flags(vma, vma->vm_flags & ~(unsigned long)VM_UFFD_ANY);
	vma->userfault = NULL;
	r = part_of_vma(vma, vma->vm_start, vma->vm_end, vma->vm_flags);
	(void)rejoin(vma->vm_mm, vma, would_join(vma->vm_mm, vma, &r));
}
