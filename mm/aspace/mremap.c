/*
 * mremap(2): grow, shrink and move mappings.
 *
 *   shrink            munmap of the tail
 *   grow in place     when nothing is behind; up to a stack, too, as on Linux
 *   move              reserve: address, charge, tables at the new place, vmas, nodes
 *                     | new vma, entries change place table by table, old range unmapped
 *
 * WHY      moving costs one exchange per entry, or per table, not a copy per page. vm_pgoff goes along, so a page's
 *          index stays.
 * I1       between the reservation and the end no step can fail: no page is ever in neither place.
 * I2       rmap is locked while entries and tables move: a walk would miss those in flight.
 * LOCKS    mmap_lock for write, then rmap's. Sleeps.
 * FAILS    as mremap(2) ERRORS: EAGAIN, EFAULT, EINVAL, ENOMEM; then nothing has changed, but for MREMAP_FIXED, whose
 *          target may be unmapped and whose tail may be cut, as on Linux.
 *          hugetlb: -EINVAL for growth, which would need promises, and for what is not whole huge pages.
 * NOT HERE userfaultfd's events (userfault.c), how entries move (mm/pt/range_move.c).   TESTED BY mmap_test.c,
 *          hugetlb_test.c, fuzz target vma
 */
#include "base/errno.h"
#include "mm/aspace/anon_vma_impl.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/aspace/hugetlb_vma.h"
#include "mm/aspace/userfault_impl.h"
#include "mm/gather.h"
#include "mm/range.h"
#include "uapi/mman.h"

struct remap_ctx {
	struct mm_struct *mm;
	struct vm_area_struct *vma;
	unsigned long addr, old_len, new_len, new_addr, flags;
	unsigned long charge; /* pages committed for the growth */
	bool locked;	      /* VM_LOCKED: what it gains is faulted in */
	bool relocked;	      /* relock_old has taken VM_LOCKED away */
};

/* May [addr, addr + old_len) of one vma become new_len long, or move? 0 or what mremap(2) says. */
static int remap_check(struct remap_ctx *c)
{
	struct vm_area_struct *vma = find_vma(c->mm, c->addr);
	unsigned long more = (c->new_len - c->old_len) >> PAGE_SHIFT;

	c->vma = vma;
	if (!vma || vma->vm_start > c->addr)
		return -EFAULT;
	c->locked = vma->vm_flags & VM_LOCKED;
	if (!c->old_len && !(vma->vm_flags & (VM_SHARED | VM_MAYSHARE)))
		return -EINVAL; /* old_len 0 makes a second mapping: only of shared memory */
	if ((c->flags & MREMAP_DONTUNMAP) && (vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP)))
		return -EINVAL;
	if (c->old_len > vma->vm_end - c->addr)
		return -EFAULT;
	if (c->new_len == c->old_len)
		return 0;
	if (vma_index(vma, c->addr) + (c->new_len >> PAGE_SHIFT) < vma_index(vma, c->addr))
		return -EINVAL;
	if (vma->vm_flags & (VM_DONTEXPAND | VM_PFNMAP))
		return -EFAULT;
	if ((vma->vm_flags & VM_LOCKED) && !vm_may_lock(c->mm, more))
		return -EAGAIN;
	return vm_may_expand(c->mm, vma->vm_flags, more) ? 0 : -ENOMEM;
}

/* Growth of accounted memory is promised first. */
static int remap_charge(struct remap_ctx *c, unsigned long pages)
{
	if (!(c->vma->vm_flags & VM_ACCOUNT))
		return 0;
	if (commit_charge(pages, c->mm->total_vm))
		return -ENOMEM;
	c->charge = pages;
	return 0;
}

static void remap_stat(struct remap_ctx *c, unsigned long flags, unsigned long pages)
{
	vma_stat(c->mm, flags, (long)pages);
	if (flags & VM_LOCKED)
		c->mm->locked_vm += pages;
	mm_update_hiwater(c->mm);
}

/* The range ends with its vma and nothing is behind: move the end. Return: false when it cannot be. */
static bool grow_in_place(struct remap_ctx *c)
{
	unsigned long end = c->addr + c->new_len, more = (c->new_len - c->old_len) >> PAGE_SHIFT;
	struct vm_area_struct *vma = c->vma, *next;
	struct vma_req r = { vma->vm_end,	   end,
			     vma->vm_flags,	   vma_index(vma, vma->vm_end),
			     vma->mapping,	   vma->vm_ops,
			     vma->vm_private_data, vma->userfault,
			     vma->vm_policy };

	if (c->addr + c->old_len != vma->vm_end || end < c->addr || end > c->mm->task_size)
		return false;
	next = vma_next(c->mm, vma);
	if (next && end > next->vm_start)
		return false;
	if (!vma_merge_moved(c->mm, &r, vma->anon_vma)) /* a kind that never merges still grows */
		vma_resize(c->mm, vma, vma->vm_start, end);
	remap_stat(c, vma->vm_flags, more);
	c->new_addr = c->addr;
	return true;
}

/* What a userfaultfd had protected is not its any more, where it does not follow. */
static void unwatch_old(struct remap_ctx *c, unsigned long len)
{
	struct mmu_gather g;

	gather_begin(&g, c->mm);
	range_uffd_wp(&g, c->addr, c->addr + len, false, false);
	gather_end(&g);
}

/* The entries of the old place go to the new one: @vma's, which has all anon_vmas of the old. */
static void move_entries(struct remap_ctx *c, struct vm_area_struct *vma, bool unwatch)
{
	unsigned long len = min_of(unsigned long, c->old_len, c->new_len), done = 0;
	struct mmu_notify_range watch;

	mmu_notify_begin(&watch, c->mm, c->addr, c->addr + len, MMU_NOTIFY_UNMAP);
	if (len && unwatch)
		unwatch_old(c, len);
	while (done < len) {
		unsigned long to = c->new_addr + done, moved;

		rmap_lock_vma(vma);
		moved = range_move(c->mm, c->addr + done, to, len - done);
		if (c->relocked)
			mlock_count_entries(c->mm, to, to + moved, true);
		rmap_unlock_vma(vma);
		done += moved;
	}
	mmu_notify_end(&watch);
	if (len && vma_tracks_writes(vma)) /* it was not there before */
		range_mark_soft_dirty(c->mm, c->new_addr, c->new_addr + len);
}

/* After the move: the old range goes, or (MREMAP_DONTUNMAP) stays, empty. */
static void leave_old(struct remap_ctx *c, bool account, struct vma_spares *spares)
{
	unsigned long old_pages = c->old_len >> PAGE_SHIFT;

	if (c->flags & MREMAP_DONTUNMAP) {
		struct vm_area_struct *old = find_vma(c->mm, c->addr);

		if (old->vm_start == c->addr && old->vm_end == c->addr + c->old_len)
			anon_vma_unlink(old); /* empty: as if it had never been touched */
		if (account)		      /* both are promised now */
			c->charge = 0;
		return;
	}
	if (!c->old_len)
		return;
	vm_unmap_moved(c->mm, c->addr, c->addr + c->old_len, spares);
	if (account) /* unmapping gave back the old pages, which have only moved */
		atomic_long_add(&vm_committed_as, (long)old_pages);
}

/* MREMAP_DONTUNMAP: what stays behind is empty, and not locked any more; as in Linux 6.1 it joins no neighbour for that.
 * The same with the old flags takes it back, and cannot fail. 0 or -ENOMEM. */
static int relock_old(struct remap_ctx *c, unsigned long flags)
{
	unsigned long old = c->vma->vm_flags, pages = c->old_len >> PAGE_SHIFT;
	int err;

	if (!(c->flags & MREMAP_DONTUNMAP) || !((old ^ flags) & VM_LOCKED))
		return 0;
	if (flags & VM_LOCKED)
		err = vma_modify(c->mm, c->vma, c->addr, c->addr + c->old_len, flags, &c->vma);
	else
		err = vma_modify_apart(c->mm, c->vma, c->addr, c->addr + c->old_len, flags,
				       &c->vma);
	if (err)
		return err;
	c->mm->locked_vm += flags & VM_LOCKED ? pages : -pages;
	c->relocked = !(flags & VM_LOCKED); /* not counted until they are in the new, locked, vma */
	return 0;
}

/*
 * The vma at the old place, or beside the new one, with the most chains: what is cut in the end may be one vma with its
 * new neighbours, and then has theirs.
 */
static const struct vm_area_struct *most_chains(const struct remap_ctx *c)
{
	const struct vm_area_struct *const beside[] = {
		vma_prev(c->mm, c->new_addr),
		find_vma(c->mm, c->new_addr + c->new_len),
	};
	const struct vm_area_struct *most = c->vma;

	for (unsigned i = 0; i < ARRAY_SIZE(beside); i++) {
		if (beside[i] && anon_vma_chains_of(beside[i]) > anon_vma_chains_of(most))
			most = beside[i];
	}
	return most;
}

/* What moving needs: tables, a vma for the new place, one more if the old vma is cut in two. */
static int move_reserve(struct remap_ctx *c, struct vma_spares *spares)
{
	unsigned long len = min_of(unsigned long, c->old_len, c->new_len);

	if (c->mm->map_count >= sysctl_max_map_count - 3)
		return -ENOMEM;
	if (vma_spares_get(c->mm, 2, most_chains(c), c->vma->mapping, spares))
		return -ENOMEM;
	if (!c->vma->populated || !range_move_prepare(c->mm, c->addr, c->new_addr, len))
		return 0;
	vm_free_tables(c->mm, c->new_addr, c->new_addr + len); /* those it got */
	vma_spares_put(spares);
	return -ENOMEM;
}

/* The new place's vma, as the old one's range is now. Memory never touched takes the page numbers of its new place. */
static void move_request(const struct remap_ctx *c, struct vma_req *r)
{
	const struct vm_area_struct *vma = c->vma;
	bool untouched = vma_is_anon(vma) && !vma->anon_vma; /* no page knows its offset */

	*r = (struct vma_req){ c->new_addr,
			       c->new_addr + c->new_len,
			       vma->vm_flags,
			       untouched ? c->new_addr >> PAGE_SHIFT : vma_index(vma, c->addr),
			       vma->mapping,
			       vma->vm_ops,
			       vma->vm_private_data,
			       vma->userfault,
			       vma->vm_policy };
	if (vma->userfault && !userfault_follows(vma)) {
		r->userfault = NULL;
		r->flags &= ~(unsigned long)VM_UFFD_ANY;
	}
}

/*
 * The new range becomes part of a neighbour. NULL: it does not. MREMAP_DONTUNMAP of memory never touched to beside what stays
 * behind would leave one vma and nothing of the move: Linux 6.1 keeps such a range apart, from its other neighbour too.
 */
static struct vm_area_struct *merge_new(struct remap_ctx *c, const struct vma_req *r)
{
	const struct vm_area_struct *vma = c->vma;

	if ((c->flags & MREMAP_DONTUNMAP) && vma_is_anon(vma) && !vma->anon_vma &&
	    (r->start == vma->vm_end || r->end == vma->vm_start)) {
		c->mm->unmerged = true;
		return NULL;
	}
	return vma_merge_moved(c->mm, r, vma->anon_vma);
}

/* What the monitor of the old place must hear. 0 or -ENOMEM. */
static int move_announce(struct remap_ctx *c)
{
	int err;

	if (!c->old_len || !c->vma->userfault)
		return 0;
	err = userfault_remap_prepare(c->vma, c->addr, c->new_addr, c->old_len);
	if (!err && !(c->flags & MREMAP_DONTUNMAP))
		err = userfault_unmap_prepare(c->mm, c->addr, c->addr + c->old_len);
	return err;
}

static int move_vma(struct remap_ctx *c)
{
	struct vm_area_struct *vma = c->vma, *new;
	bool account = vma->vm_flags & VM_ACCOUNT, populated = vma->populated;
	unsigned long flags = vma->vm_flags;
	struct vma_spares spares;
	struct vma_req r;
	bool unwatch;
	int err;

	move_request(c, &r);
	unwatch = (flags ^ r.flags) & VM_UFFD_WP;
	err = vma_may_split(vma, c->addr);
	if (!err)
		err = vma_may_split(vma, c->addr + c->old_len);
	if (!err)
		err = move_announce(c);
	if (!err)
		err = relock_old(c, flags & ~(unsigned long)VM_LOCKED_ANY);
	if (!err && move_reserve(c, &spares)) {
		(void)!relock_old(c, flags);
		err = -ENOMEM;
	}
	if (err) {
		commit_uncharge(c->charge);
		return err;
	}
	vma = c->vma; /* relocking may have cut it */
	new = merge_new(c, &r);
	if (!new) {
		new = vma_insert(c->mm, &spares, &r);
		anon_vma_clone(new, vma, &spares.chains);
		if (vma->vm_flags & VM_HUGETLB)
			hugetlb_copied(new, vma);
		if (new->vm_ops &&new->vm_ops->open)
			new->vm_ops->open(new);
	}
	new->populated |= populated;
	remap_stat(c, r.flags, c->new_len >> PAGE_SHIFT);
	if (populated)
		move_entries(c, new, unwatch);
	leave_old(c, account, &spares);
	vma_spares_put(&spares);
	return 0;
}

/* munmap(2) of a part of the caller's range: the arguments may point anywhere. */
static int unmap_part(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	return start > end || end > mm->task_size ? -EINVAL : vm_unmap_locked(mm, start, end);
}

/* mremap(2) EINVAL, ENOMEM of a place of the caller's. */
static int remap_check_target(const struct remap_ctx *c)
{
	const struct mm_struct *mm = c->mm;

	if ((c->new_addr & ~PAGE_MASK) || c->new_len > mm->task_size ||
	    c->new_addr > mm->task_size - c->new_len)
		return -EINVAL;
	if (c->addr + c->old_len > c->new_addr && c->new_addr + c->new_len > c->addr)
		return -EINVAL;
	/* Cutting source and target may take two vmas more, and moving three. */
	if (mm->map_count + 2 >= sysctl_max_map_count - 3)
		return -ENOMEM;
	return (c->flags & MREMAP_FIXED) && !vm_may_map_at(c->new_addr) ? -EPERM : 0;
}

/*
 * Room for the move: the target is emptied, and what the source loses goes. Then the source is looked at, as in Linux 6.1: it
 * may be what was replaced (a second mapping, old_len 0).
 */
static int remap_make_room(struct remap_ctx *c)
{
	unsigned long old_len = c->old_len;
	int err = 0;

	c->old_len = min_of(unsigned long, old_len, c->new_len);
	if (c->flags & MREMAP_FIXED)
		err = vm_unmap_locked(c->mm, c->new_addr, c->new_addr + c->new_len);
	if (!err && old_len > c->new_len)
		err = unmap_part(c->mm, c->addr + c->new_len, c->addr + old_len);
	return err ? err : remap_check(c);
}

/* MREMAP_FIXED and MREMAP_DONTUNMAP: to a place of the caller's or any other. */
static int remap_to(struct remap_ctx *c)
{
	unsigned map_flags = c->flags & MREMAP_FIXED ? MAP_FIXED : 0;
	unsigned long more;
	struct rangetree_gap gap;
	int err = remap_check_target(c);

	if (!err)
		err = remap_make_room(c);
	if (err)
		return err;
	if ((c->flags & MREMAP_DONTUNMAP) &&
	    !vm_may_expand(c->mm, c->vma->vm_flags, c->new_len >> PAGE_SHIFT))
		return -ENOMEM;
	err = vm_find_area(c->mm, c->new_addr, c->new_len, map_flags, &gap);
	c->new_addr = gap.start;
	more = c->flags & MREMAP_DONTUNMAP ? c->new_len : c->new_len - c->old_len;
	if (!err)
		err = remap_charge(c, more >> PAGE_SHIFT);
	return err ? err : move_vma(c);
}

/* Without a wish for another place: the range becomes longer, where it is or, if it may move, elsewhere. */
static int remap_grow(struct remap_ctx *c)
{
	int err = remap_check(c);
	struct rangetree_gap gap;

	if (!err)
		err = remap_charge(c, (c->new_len - c->old_len) >> PAGE_SHIFT);
	if (err)
		return err;
	if (grow_in_place(c))
		return 0;
	err = c->flags & MREMAP_MAYMOVE ? vm_find_area(c->mm, 0, c->new_len, 0, &gap) : -ENOMEM;
	if (err) {
		commit_uncharge(c->charge);
		return err;
	}
	c->new_addr = gap.start;
	return move_vma(c);
}

/* hugetlb: whole huge pages, no more than there were. 0 or -EINVAL. */
static int remap_check_huge(struct remap_ctx *c)
{
	c->old_len = round_up_pow2(c->old_len, HPAGE_SIZE);
	c->new_len = round_up_pow2(c->new_len, HPAGE_SIZE);
	if ((c->addr | c->new_addr) & ~HPAGE_MASK)
		return -EINVAL;
	return c->new_len > c->old_len ? -EINVAL : 0;
}

static int remap_locked(struct remap_ctx *c)
{
	struct vm_area_struct *vma = find_vma(c->mm, c->addr);

	if (!vma || vma->vm_start > c->addr)
		return -EFAULT;
	if ((vma->vm_flags & VM_HUGETLB) && remap_check_huge(c))
		return -EINVAL;
	if (vm_is_sealed(c->mm, c->addr, c->addr + c->old_len))
		return -EPERM;
	if (c->flags & (MREMAP_FIXED | MREMAP_DONTUNMAP))
		return remap_to(c);
	c->new_addr = c->addr;
	if (c->old_len == c->new_len)
		return 0;
	if (c->old_len > c->new_len)
		return unmap_part(c->mm, c->addr + c->new_len, c->addr + c->old_len);
	return remap_grow(c);
}

long vm_remap(struct mm_struct *mm, unsigned long addr, unsigned long old_len,
	      unsigned long new_len, unsigned long flags, unsigned long new_addr)
{
	const unsigned long moves = MREMAP_FIXED | MREMAP_DONTUNMAP;
	struct remap_ctx c = {
		.mm = mm,
		.addr = addr,
		.flags = flags,
		.new_addr = new_addr,
		.old_len = page_align(old_len),
		.new_len = page_align(new_len),
	};
	int err;

	if ((flags & ~(moves | MREMAP_MAYMOVE)) || ((flags & moves) && !(flags & MREMAP_MAYMOVE)))
		return -EINVAL;
	if ((flags & MREMAP_DONTUNMAP) && old_len != new_len)
		return -EINVAL;
	if ((addr & ~PAGE_MASK) || !c.new_len)
		return -EINVAL;
	rwsem_down_write(&mm->mmap_lock);
	err = remap_locked(&c);
	userfault_up_write(mm);
	if (err)
		return err;
	if (c.locked && c.new_len > c.old_len)
		(void)populate_range(mm, c.new_addr + c.old_len, c.new_addr + c.new_len, true);
	return (long)c.new_addr;
}
