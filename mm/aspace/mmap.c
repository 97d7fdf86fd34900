/*
 * mmap(2) and munmap(2).
 *
 *   vm_map:    arguments -> flags -> address -> reserve (limits, commit charge, vmas, nodes, shared object)
 *              | commit point |  unmap what MAP_FIXED covers, merge or insert, statistics
 *   vm_unmap:  reserve a vma if the range cuts one in two | zap, take out of the tree, free tables, flush
 *
 * WHY      everything an operation can need is got before the first visible change, so a failed mmap leaves the old
 *          mapping alone, MAP_FIXED included (Linux may leave a hole), and munmap fails only where it must split.
 * I1       every page of a VM_ACCOUNT vma is in vm_committed_as, and no other of this mm.   [mm_check of all, tests]
 * I2       a page that was mapped is not reachable through any TLB when vm_unmap returns.        [simulator oracle]
 * I3       a table page covers a part of a vma that is populated; one that stays for a neighbour makes that populated. So
 *          unmapping the last vma of a table frees it.
 * LOCKS    mmap_lock for write, taken by vm_map and vm_unmap; the rest expects it. Sleeps.
 * COST     mmap: one tree look-up for the gap, one insertion, or a merge that needs no memory.
 * FAILS    as mmap(2) and munmap(2) ERRORS say; ENOMEM also for map_count > sysctl_max_map_count.
 * NOT HERE permission of the file (the caller's may_flags), growth of stacks and heaps (brk.c), the mapping that most calls
 *          ask for (mmap_plain.c).
 * SOURCES  mmap(2), munmap(2), setrlimit(2).   TESTED BY mmap_test.c, fuzz target vma
 */
#include "base/errno.h"
#include "mm/aspace/hugetlb_vma.h"
#include "mm/aspace/userfault_impl.h"
#include "mm/frames.h"
#include "mm/gather.h"
#include "mm/imports.h"
#include "mm/range.h"
#include "mm/seal.h"
#include "mm/shmem.h"
#include "sync/trace.h"
#include "uapi/mman.h"
#include "uapi/personality.h"

int sysctl_max_map_count = 65530;

unsigned long vm_pages_in(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	unsigned long pages = 0;

	for (; vma && vma->vm_start < end; vma = vma_next(mm, vma))
		pages += vma_pages_within(vma, start, end);
	return pages;
}

/* ---- munmap ---- */

struct unmap_ctx {
	struct mm_struct *mm;
	struct mmu_gather gather;
	struct vma_spares *spares;
	struct vm_area_struct *gone;	  /* unlinked vmas, by next_gone: in ascending order */
	struct vm_area_struct **gone_end; /* where the next one goes */
	unsigned long start, end;
	bool moved;   /* mremap: promised huge pages go on at another place */
	bool touched; /* some vma had entries: the gather is in use */
};

static inline void note_hiwater_vm(struct mm_struct *mm)
{
	if (mm->hiwater_vm < mm->total_vm)
		mm->hiwater_vm = mm->total_vm;
}

/* Field by field: the gather's array must not be cleared each time. */
static inline void unmap_begin(struct unmap_ctx *u, struct mm_struct *mm, unsigned long start,
			       unsigned long end)
{
	u->mm = mm;
	u->spares = NULL;
	u->start = start;
	u->end = end;
	u->gone = NULL;
	u->gone_end = &u->gone;
	u->moved = false;
	u->touched = false;
	note_hiwater_vm(mm);
}

/* The entries of [from, to) of @vma. */
static noinline_ void unmap_entries(struct unmap_ctx *u, struct vm_area_struct *vma,
				    unsigned long from, unsigned long to)
{
	if (!u->touched) {
		mm_update_hiwater_rss(u->mm);
		gather_begin(&u->gather, u->mm);
		u->touched = true;
	}
	range_zap(&u->gather, vma, from, to);
}

/* [from, to), which is not all of @vma, leaves it. Return: the vma that follows. */
static noinline_ struct vm_area_struct *
unmap_a_part(struct unmap_ctx *u, struct vm_area_struct *vma, unsigned long from, unsigned long to)
{
	bool two = from > vma->vm_start && to < vma->vm_end;
	bool told = vma->vm_ops && vma->vm_ops->parted;
	struct vm_area_struct *next = vma;

	if (unlikely(told))
		vma->vm_ops->parted(vma, from, to, two);
	if (two)
		next = (told ? vma_split_unopened : vma_split)(u->mm, u->spares, vma, to);
	else if (from > vma->vm_start)
		next = vma_next(u->mm, vma);
	if (from > vma->vm_start)
		vma_resize(u->mm, vma, vma->vm_start, from);
	else
		vma_resize(u->mm, vma, to, vma->vm_end);
	return next;
}

/* What [from, to) of @vma maps goes, and out of the sums. */
static always_inline_ void unmap_part(struct unmap_ctx *u, struct vm_area_struct *vma,
				      unsigned long from, unsigned long to)
{
	long pages = (long)((to - from) >> PAGE_SHIFT);

	if (vma->populated)
		unmap_entries(u, vma, from, to);
	if (unlikely(vma->vm_flags & VM_HUGETLB) && !u->moved)
		hugetlb_unmapped(vma, from, to);
	vma_stat(u->mm, vma->vm_flags, -pages);
	if (vma->vm_flags & VM_LOCKED)
		u->mm->locked_vm -= (unsigned long)pages;
	if (vma->vm_flags & VM_ACCOUNT)
		commit_uncharge((unsigned long)pages);
}

static inline void note_gone(struct unmap_ctx *u, struct vm_area_struct *vma)
{
	vma->next_gone = NULL;
	*u->gone_end = vma;
	u->gone_end = &vma->next_gone;
}

/* The part of @vma inside the range goes. Return: the vma that follows the part. */
static always_inline_ struct vm_area_struct *unmap_one(struct unmap_ctx *u,
						       struct vm_area_struct *vma)
{
	unsigned long from = max_of(unsigned long, u->start, vma->vm_start);
	unsigned long to = min_of(unsigned long, u->end, vma->vm_end);
	struct vm_area_struct *next;

	unmap_part(u, vma, from, to);
	if (to - from != vma->vm_end - vma->vm_start)
		return unmap_a_part(u, vma, from, to);
	next = vma_unlink(u->mm, vma);
	note_gone(u, vma);
	return next;
}

/*
 * munmap of what has not been touched: [start, end) is all of @vma, and that has no entries. Nothing is to be collected, cut or
 * flushed then, and there is no table that no neighbour needs (I3). Return: false: it is not so, nothing happened.
 */
static always_inline_ bool unmap_untouched(struct mm_struct *mm, struct vm_area_struct *vma,
					   unsigned long start, unsigned long end)
{
	unsigned long pages = (end - start) >> PAGE_SHIFT, flags = vma->vm_flags;

	if (vma->vm_start != start || vma->vm_end != end || vma->populated ||
	    unlikely(flags & (VM_HUGETLB | VM_LOCKED)) || unlikely(mm->frames) ||
	    unlikely(mm->notify))
		return false;
	trace(TRACE_UNMAP, start, end);
	note_hiwater_vm(mm);
	vma_stat(mm, flags, -(long)pages);
	if (flags & VM_ACCOUNT)
		commit_uncharge(pages);
	vm_gap_opened(mm, end, vma_unlink(mm, vma));
	vma_free(vma);
	return true;
}

static void free_gone(struct unmap_ctx *u)
{
	while (u->gone) {
		struct vm_area_struct *vma = u->gone;

		u->gone = vma->next_gone;
		vma_free(vma);
	}
}

/* The range lies below one leaf table, which a neighbour needs: then nothing can be freed above it either. The end of user
 * space, which need not be a table's, is no neighbour. */
static bool table_stays(unsigned long start, unsigned long end, unsigned long floor,
			unsigned long ceiling)
{
	unsigned long low = start & ~(pt_span(PT_PMD) - 1), last = low + (pt_span(PT_PMD) - 1);

	return end - 1 <= last && (floor > low || (ceiling != USER_TOP && ceiling - 1 < last));
}

/* I3: tables at both ends of [start, end) stay if a neighbour reaches into what they, or those above them, cover. */
static void leave_tables(struct vm_area_struct *prev, struct vm_area_struct *next,
			 unsigned long start, unsigned long end)
{
	unsigned long below = pt_span(pt_top_level()) - 1; /* one entry of the top table */

	if (prev && prev->vm_end > (start & ~below))
		WRITE_ONCE(prev->populated, true);
	if (next && next->vm_start <= ((end - 1) | below))
		WRITE_ONCE(next->populated, true);
}

static void free_tables_around(struct unmap_ctx *u, struct vm_area_struct *prev,
			       struct vm_area_struct *next)
{
	unsigned long floor = prev ? prev->vm_end : 0, ceiling = next ? next->vm_start : USER_TOP;

	leave_tables(prev, next, u->start, u->end);
	if (!table_stays(u->start, u->end, floor, ceiling))
		pt_free_tables(&u->gather, u->start, u->end, floor, ceiling);
}

/* @vma: the first that ends beyond u->start. */
static always_inline_ void unmap_vmas(struct unmap_ctx *u, struct vm_area_struct *vma)
{
	while (vma && vma->vm_start < u->end)
		vma = unmap_one(u, vma);
	vm_gap_opened(u->mm, u->end, vma);
	if (u->touched) { /* else there is no table that no neighbour needs (I3) */
		free_tables_around(u, vma_prev(u->mm, u->start), vma);
		gather_end(&u->gather);
	}
	free_gone(u);
}

/* @vma: the first that ends beyond @start. @moved: mremap has emptied the range. */
static void unmap_from(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		       unsigned long end, struct vma_spares *spares, bool moved)
{
	struct mmu_notify_range r;
	struct unmap_ctx u;

	if (!vma || vma->vm_start >= end)
		return;
	mmu_notify_begin(&r, mm, start, end, MMU_NOTIFY_UNMAP);
	trace(TRACE_UNMAP, start, end);
	if (unlikely(mm->frames))
		frames_unmapped(mm, start, end);
	unmap_begin(&u, mm, start, end);
	u.spares = spares;
	u.moved = moved;
	unmap_vmas(&u, vma);
	mmu_notify_end(&r);
}

void vm_unmap_range(struct mm_struct *mm, unsigned long start, unsigned long end,
		    struct vma_spares *spares)
{
	unmap_from(mm, find_vma(mm, start), start, end, spares, false);
}

void vm_unmap_moved(struct mm_struct *mm, unsigned long start, unsigned long end,
		    struct vma_spares *spares)
{
	unmap_from(mm, find_vma(mm, start), start, end, spares, true);
}

void vm_free_tables(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *prev = vma_prev(mm, start), *next = find_vma(mm, start);
	struct mmu_gather g;

	leave_tables(prev, next, start, end);
	gather_begin(&g, mm);
	pt_free_tables(&g, start, end, prev ? prev->vm_end : 0, next ? next->vm_start : USER_TOP);
	gather_end(&g);
}

/* What cutting @vma in two takes: @nr vmas, this and perhaps another one. */
static int cut_reserve(struct mm_struct *mm, const struct vm_area_struct *vma, unsigned nr,
		       bool has_node, struct vma_spares *spares)
{
	return mm->map_count >= sysctl_max_map_count
		       ? -ENOMEM
		       : vma_spares_get(mm, nr, vma, has_node, spares);
}

/* Does unmapping [start, end) cut @vma, the first there, in two? */
static bool is_cut(const struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	return vma && vma->vm_start < start && end < vma->vm_end;
}

/* Unmapping [start, end) may cut what lies across its ends: no huge page of hugetlb, no device that refuses. 0 or -errno. */
static int range_may_be_cut(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *first = find_vma(mm, start), *last = find_vma(mm, end - 1);
	int err = first ? vma_may_split(first, start) : 0;

	return err || !last ? err : vma_may_split(last, end);
}

/* What only some programs have: huge pages that cannot be cut, seals, monitors that must hear. 0 or -errno. */
static noinline_ int unmap_allowed(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	int err = mm->cut_limited ? range_may_be_cut(mm, start, end) : 0;

	if (err)
		return err;
	if (vm_is_sealed(mm, start, end))
		return -EPERM;
	return userfault_unmap_prepare(mm, start, end) ? -ENOMEM : 0;
}

static always_inline_ int unmap_locked(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma;
	struct vma_spares spares;
	int err = 0;

	if (unlikely(mm->cut_limited | mm->has_sealed | mm->has_userfault))
		err = unmap_allowed(mm, start, end);
	if (err)
		return err;
	vma = find_vma(mm, start);
	if (vma && unmap_untouched(mm, vma, start, end))
		return 0;
	vma_spares_init(&spares);
	if (is_cut(vma, start, end) && cut_reserve(mm, vma, 1, vma->mapping, &spares))
		return -ENOMEM;
	unmap_from(mm, vma, start, end, &spares, false);
	return 0;
}

int vm_unmap_locked(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	return unmap_locked(mm, start, end);
}

int vm_unmap(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	int err;

	if ((addr & ~PAGE_MASK) || addr > mm->task_size || len > mm->task_size - addr || !len)
		return -EINVAL;
	rwsem_down_write(&mm->mmap_lock);
	err = unmap_locked(mm, addr, addr + page_align(len));
	userfault_up_write(mm);
	return err;
}

/* Tables of [start, end), below which nothing is mapped any more, and nothing is until @next. */
static void free_tables_of_run(struct unmap_ctx *u, unsigned long start, unsigned long end,
			       const struct vm_area_struct *next)
{
	pt_free_tables(&u->gather, start, end, 0, next ? next->vm_start : USER_TOP);
}

/* Every vma, which stays in the tree; and the tables by runs of vmas that lie close together: most upper entries are never
 * looked at. */
static void unmap_each(struct unmap_ctx *u)
{
	struct vm_area_struct *vma = vma_first(u->mm);
	unsigned long run = vma ? vma->vm_start : 0;

	while (vma) {
		struct vm_area_struct *gone = vma;
		unsigned long end = vma->vm_end;

		unmap_part(u, gone, gone->vm_start, end);
		vma = vma_next(u->mm, gone);
		vma_unlink_rmap(u->mm, gone);
		note_gone(u, gone);
		if (vma && vma->vm_start - end < pt_span(PT_PMD))
			continue;
		free_tables_of_run(u, run, end, vma);
		run = vma ? vma->vm_start : 0;
	}
}

void vm_unmap_all(struct mm_struct *mm)
{
	struct mmu_notify_range r;
	struct unmap_ctx u;

	rwsem_down_write(&mm->mmap_lock);
	mmu_notify_begin(&r, mm, 0, ~0UL, MMU_NOTIFY_UNMAP);
	unmap_begin(&u, mm, 0, USER_TOP);
	mm_update_hiwater_rss(mm);
	gather_begin_full(&u.gather, mm);
	u.touched = true;
	unmap_each(&u);
	gather_end(&u.gather);
	mmu_notify_end(&r);
	rangetree_destroy(&mm->vmas);
	free_gone(&u);
	vma_parts_free(mm);
	kassert(atomic_long_read(&mm->pgtables_bytes) == 0);
	kassert(mm->total_vm == 0 && mm->map_count == 0 && mm->locked_vm == 0 && mm_rss(mm) == 0);
	rwsem_up_write(&mm->mmap_lock);
}

/* ---- mmap ---- */

struct map_ctx {
	struct mm_struct *mm;
	const struct vm_map_args *args;
	struct vma_req req;
	struct vma_neighbours around; /* of the range, if it is free */
	unsigned long charge;	      /* pages committed */
	unsigned long charge_later;   /* pages that what is replaced gives back first */
	struct address_space *object; /* made here; our reference */
	bool free;		      /* the range is known to hold no vma */
	bool counted;		      /* in mapping->i_mmap_writable, until the vma is */
	bool merged; /* the neighbours have grown over the range: nothing left to do */
	struct vm_area_struct *vma; /* blank: for a free range */
	struct vma_spares spares;   /* for one that is not */
};

/* The flags that every mapping of a file may have: MAP_SHARED_VALIDATE refuses any other. */
static const unsigned file_flags_known =
	MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_32BIT | MAP_GROWSDOWN | MAP_DENYWRITE |
	MAP_EXECUTABLE | MAP_LOCKED | MAP_NORESERVE | MAP_POPULATE | MAP_NONBLOCK | MAP_STACK |
	MAP_HUGETLB | MAP_HUGE_2MB | MAP_HUGE_1GB | MAP_UNINITIALIZED;

/* Where files end: the offset is signed, and its page number fits a word. */
static const unsigned long file_pages_max =
	(unsigned long)(sizeof(long) == 8 ? (uint64_t)INT64_MAX >> PAGE_SHIFT : ULONG_MAX);

static bool is_shared(const struct vm_map_args *a)
{
	return (a->flags & MAP_TYPE) != MAP_PRIVATE;
}

static bool is_file(const struct vm_map_args *a)
{
	return a->file || a->mapping || a->vm_ops;
}

/* Is it what vm_map_plain does, and is nothing wrong with its length and offset? */
static inline bool is_plain(const struct vm_map_args *a)
{
	const unsigned harmless = MAP_ANONYMOUS | MAP_STACK;

	return (a->flags & ~harmless) == MAP_PRIVATE && !is_file(a) && !a->pgoff;
}

/* mmap(2) ERRORS of length and offset alone. */
static inline int map_check_args(const struct vm_map_args *a)
{
	unsigned long pages = page_align(a->len) >> PAGE_SHIFT;

	if (!a->len)
		return -EINVAL;
	if (a->len > ULONG_MAX - PAGE_SIZE)
		return -ENOMEM;
	if (a->pgoff + pages < a->pgoff)
		return -EOVERFLOW;
	return unlikely(mapping_is_hugetlb(a->mapping)) ? hugetlb_map_check(a) : 0;
}

/* mmap(2) ERRORS of the file: what it was opened for against what is wanted. */
static int map_check_file(const struct vm_map_args *a)
{
	unsigned type = a->flags & MAP_TYPE;
	unsigned long pages = page_align(a->len) >> PAGE_SHIFT;

	if (a->mapping && a->pgoff + pages > file_pages_max)
		return -EOVERFLOW;
	if (type != MAP_SHARED && type != MAP_PRIVATE && type != MAP_SHARED_VALIDATE)
		return -EINVAL;
	if (type == MAP_SHARED_VALIDATE && (a->flags & ~file_flags_known))
		return -EOPNOTSUPP;
	if (is_shared(a) && (a->prot & PROT_WRITE) && !(a->may_flags & VM_MAYWRITE))
		return -EACCES;
	if (!(a->may_flags & VM_MAYREAD))
		return -EACCES;
	if ((a->prot & PROT_EXEC) && !(a->may_flags & VM_MAYEXEC))
		return -EPERM;
	if (a->refuse)
		return a->refuse;
	return a->flags & MAP_GROWSDOWN ? -EINVAL : 0;
}

static int map_check_anon(const struct vm_map_args *a)
{
	unsigned type = a->flags & MAP_TYPE;

	if (type != MAP_SHARED && type != MAP_PRIVATE)
		return -EINVAL;
	return type == MAP_SHARED && (a->flags & MAP_GROWSDOWN) ? -EINVAL : 0;
}

/* mlock(2): does what the flags lock fit? 0, -EPERM, -EAGAIN. */
static int map_check_lock(const struct map_ctx *c, unsigned long flags)
{
	if ((c->args->flags & MAP_LOCKED) && !vm_can_lock())
		return -EPERM;
	if (!(flags & VM_LOCKED))
		return 0;
	return vm_may_lock(c->mm, (c->req.end - c->req.start) >> PAGE_SHIFT) ? 0 : -EAGAIN;
}

/* Rights: those asked for, and PROT_EXEC where personality(2) says that reading implies it. */
static unsigned map_prot(const struct vm_map_args *a)
{
	if (!(mm_ctx_current()->personality & READ_IMPLIES_EXEC) || !(a->prot & PROT_READ))
		return a->prot;
	return is_file(a) && !(a->may_flags & VM_MAYEXEC) ? a->prot : a->prot | PROT_EXEC;
}

/* What the vma is to be; nothing is checked. */
static unsigned long map_flags(const struct mm_struct *mm, const struct vm_map_args *a)
{
	unsigned long flags = vm_map_flags(mm, map_prot(a));

	if (is_file(a) && !(a->may_flags & VM_MAYEXEC))
		flags &= ~(unsigned long)VM_MAYEXEC;
	if (is_shared(a))
		flags |= VM_SHARED | VM_MAYSHARE;
	if (is_shared(a) && is_file(a) && !(a->may_flags & VM_MAYWRITE))
		flags &= ~(unsigned long)(VM_MAYWRITE | VM_SHARED);
	if (a->flags & MAP_GROWSDOWN)
		flags |= VM_GROWSDOWN;
	if (a->flags & MAP_LOCKED)
		flags |= VM_LOCKED;
	if (a->flags & MAP_SYNC)
		flags |= VM_SYNC;
	if ((a->flags & MAP_NORESERVE) && sysctl_overcommit_memory != OVERCOMMIT_NEVER)
		flags |= VM_NORESERVE;
	return flags |
	       (a->may_flags & (VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTCOPY | VM_DONTDUMP));
}

/* Pages of the range that are promised already and will be given back: only the rest must be promised now. */
static unsigned long accounted_in(const struct map_ctx *c)
{
	struct vm_area_struct *vma = find_vma(c->mm, c->req.start);
	unsigned long pages = 0;

	for (; vma && vma->vm_start < c->req.end; vma = vma_next(c->mm, vma)) {
		if (vma->vm_flags & VM_ACCOUNT)
			pages += vma_pages_within(vma, c->req.start, c->req.end);
	}
	return pages;
}

static int map_charge(struct map_ctx *c, unsigned long pages)
{
	unsigned long back = c->free ? 0 : accounted_in(c);

	c->charge = pages > back ? pages - back : 0;
	if (commit_charge(c->charge, c->mm->total_vm))
		return -ENOMEM;
	c->charge_later = pages - c->charge;
	c->req.flags |= VM_ACCOUNT;
	return 0;
}

/* A sealed object is not mapped to be written; to be read it is, for ever. */
static int map_seals(struct map_ctx *c)
{
	c->counted = false;
	if (!c->args->mapping || !vma_shared_maywrite(c->req.flags))
		return 0;
	c->counted = !mapping_map_writable(c->args->mapping);
	if (c->counted)
		return 0;
	c->req.flags &= ~(unsigned long)VM_MAYWRITE;
	return c->req.flags & VM_WRITE ? -EPERM : 0;
}

/* What replacing takes: to tell monitors, a vma, and one for a vma that the range cuts in two. */
static noinline_ int map_get_vmas(struct map_ctx *c)
{
	struct vm_area_struct *there;

	vma_spares_init(&c->spares);
	if (userfault_unmap_prepare(c->mm, c->req.start, c->req.end))
		return -ENOMEM;
	there = find_vma(c->mm, c->req.start);
	if (is_cut(there, c->req.start, c->req.end))
		return cut_reserve(c->mm, there, 2, there->mapping || c->req.mapping, &c->spares);
	return vma_spares_get(c->mm, 1, NULL, c->req.mapping, &c->spares);
}

/* The vma, unless the neighbours grow over the range. */
static int map_get_vma(struct map_ctx *c)
{
	if (!c->free)
		return map_get_vmas(c);
	c->merged = vma_merge(c->mm, &c->req, c->around);
	if (c->merged)
		return 0;
	c->vma = vma_get(c->mm, c->req.mapping);
	return likely(c->vma) ? 0 : -ENOMEM;
}

/* What MAP_FIXED replaces goes first: its promised pages may be those that the new mapping gets. As on Linux, it stays gone
 * when that fails. */
static int map_reserve_huge(struct map_ctx *c)
{
	int err = c->free ? 0 : vm_unmap_locked(c->mm, c->req.start, c->req.end);

	if (err)
		return err;
	c->free = true;
	return hugetlb_map_reserve(c->mm, &c->req);
}

/* What the pages of a mapping that is not plain come from. On failure nothing is kept. */
static noinline_ int map_reserve_object(struct map_ctx *c)
{
	if (c->req.flags & VM_HUGETLB)
		return map_reserve_huge(c);
	if (c->req.mapping || c->req.ops || !is_shared(c->args))
		return 0;
	c->object = shmem_anon_create(c->req.end - c->req.start, !(c->req.flags & VM_NORESERVE));
	c->req.mapping = c->object;
	return c->object ? 0 : -ENOMEM;
}

static noinline_ void map_undo_object(struct map_ctx *c)
{
	if (c->req.flags & VM_HUGETLB)
		hugetlb_map_undo(&c->req);
	if (c->object)
		c->object->ops->drop(c->object);
}

/* Everything the commit needs. On failure nothing is kept. */
static int map_reserve(struct map_ctx *c)
{
	unsigned long pages = (c->req.end - c->req.start) >> PAGE_SHIFT;
	int err;

	if (vm_accountable(c->req.flags) && map_charge(c, pages))
		return -ENOMEM;
	err = map_reserve_object(c);
	if (!err) {
		err = map_get_vma(c);
		if (likely(!err))
			return 0;
		map_undo_object(c);
	}
	commit_uncharge(c->charge);
	return err;
}

static noinline_ void map_replace(struct map_ctx *c)
{
	struct mm_struct *mm = c->mm;

	vm_unmap_range(mm, c->req.start, c->req.end, &c->spares);
	if (c->charge_later)
		atomic_long_add(&vm_committed_as, (long)c->charge_later);
	if (!vma_merge(mm, &c->req, vma_around(mm, c->req.start, c->req.end)))
		(void)vma_insert(mm, &c->spares, &c->req);
	vma_spares_put(&c->spares);
}

static void map_commit(struct map_ctx *c)
{
	struct mm_struct *mm = c->mm;
	long pages = (long)((c->req.end - c->req.start) >> PAGE_SHIFT);

	if (!c->free)
		map_replace(c);
	else if (!c->merged)
		vma_insert_new(mm, c->vma, &c->req);
	vma_stat(mm, c->req.flags, pages);
	if (c->req.flags & VM_LOCKED)
		mm->locked_vm += (unsigned long)pages;
	trace(TRACE_MAP, c->req.start, c->req.end);
	if (c->object)
		c->object->ops->drop(c->object); /* the vma holds it */
}

static inline void map_take_place(struct map_ctx *c, const struct rangetree_gap *gap,
				  unsigned long len)
{
	c->req.start = gap->start;
	c->req.end = gap->start + len;
	c->around = (struct vma_neighbours){ gap->prev, gap->next };
	c->free = true; /* what vm_find_area chose itself */
}

/* Where it goes, as the flags say. 0 or -errno. */
static int map_place(struct map_ctx *c)
{
	const struct vm_map_args *a = c->args;
	unsigned flags = a->flags & MAP_FIXED_NOREPLACE ? a->flags | MAP_FIXED : a->flags;
	unsigned long len = page_align(a->len);
	struct vm_area_struct *vma;
	struct rangetree_gap gap;
	int err;

	if (c->mm->map_count > sysctl_max_map_count)
		return -ENOMEM;
	if (mapping_is_hugetlb(a->mapping))
		err = hugetlb_find_area(c->mm, a->addr, len, flags, &gap);
	else
		err = vm_find_area(c->mm, a->addr, len, flags, &gap);
	if (err)
		return err;
	map_take_place(c, &gap, len);
	if (!(flags & MAP_FIXED))
		return 0;
	vma = find_vma(c->mm, c->req.start);
	c->free = !vma || vma->vm_start >= c->req.end;
	if (c->free)
		c->around = vma_around(c->mm, c->req.start, c->req.end);
	if ((a->flags & MAP_FIXED_NOREPLACE) && !c->free)
		return -EEXIST;
	err = c->free || !c->mm->cut_limited ? 0
					     : range_may_be_cut(c->mm, c->req.start, c->req.end);
	if (err)
		return err;
	return vm_is_sealed(c->mm, c->req.start, c->req.end) ? -EPERM : 0;
}

/* In the order of Linux's checks, so that of several mistakes the same one is reported. */
static int map_check(struct map_ctx *c)
{
	const struct vm_map_args *a = c->args;
	unsigned long replaced = 0, flags = map_flags(c->mm, a);
	int err = map_check_lock(c, flags);

	if (!err)
		err = is_file(a) ? map_check_file(a) : map_check_anon(a);
	if (err)
		return err;
	if (mapping_is_hugetlb(a->mapping))
		flags |= VM_HUGETLB | VM_DONTEXPAND | (a->flags & MAP_NORESERVE ? VM_NORESERVE : 0);
	if (flags & VM_SPECIAL)
		flags &= ~(unsigned long)VM_LOCKED_ANY;
	c->req.flags = flags;
	if (!c->free)
		replaced = vm_pages_in(c->mm, c->req.start, c->req.end);
	return vm_may_expand(c->mm, flags, ((c->req.end - c->req.start) >> PAGE_SHIFT) - replaced)
		       ? 0
		       : -ENOMEM;
}

/* What is asked for, and where it goes; nothing has changed. 0 or -errno. */
static noinline_ int map_prepare(struct map_ctx *c)
{
	const struct vm_map_args *a = c->args;
	int err = map_place(c);

	c->charge_later = 0;
	c->object = NULL;

	if (!err)
		err = map_check(c);
	if (err)
		return err;
	c->req.mapping = a->mapping;
	c->req.ops = a->vm_ops;
	c->req.private_data = a->vm_private_data;
	if (a->mapping || a->vm_ops)
		c->req.pgoff = a->pgoff;
	else
		c->req.pgoff = is_shared(a) ? 0 : c->req.start >> PAGE_SHIFT;
	return map_seals(c);
}

/* mmap_lock held for write. */
static int map_locked(struct map_ctx *c)
{
	int err = map_prepare(c);

	if (err)
		return err;
	err = map_reserve(c);
	if (!err)
		map_commit(c);
	if (c->counted)
		mapping_unmap_writable(c->args->mapping);
	return err;
}

/* Field by field: the spares need none. */
static inline void map_begin(struct map_ctx *c, struct mm_struct *mm,
			     const struct vm_map_args *args)
{
	c->mm = mm;
	c->args = args;
	c->charge = 0;
	c->req.userfault = NULL;
	c->req.policy = NULL;
}

long vm_map_locked(struct mm_struct *mm, const struct vm_map_args *args)
{
	int err = map_check_args(args);
	struct map_ctx c;

	if (err)
		return err;
	map_begin(&c, mm, args);
	err = map_locked(&c);
	return err ? err : (long)c.req.start;
}

/* The device knows of its vma; one that it refuses goes again. */
static noinline_ int map_tell_device(struct map_ctx *c)
{
	struct vm_area_struct *vma = find_vma(c->mm, c->req.start);
	int err = vma->vm_ops->mapped(vma);

	if (err) {
		vma->vm_ops = NULL;
		(void)!vm_unmap_locked(c->mm, c->req.start, c->req.end);
		return err;
	}
	vma_set_flags(vma, vma->vm_flags); /* it may have changed them, and its ops */
	if (vma->vm_ops->may_split)
		c->mm->cut_limited = true;
	return 0;
}

static noinline_ long map_other(struct mm_struct *mm, const struct vm_map_args *args)
{
	int err = map_check_args(args);
	struct map_ctx c;

	if (err)
		return err;
	map_begin(&c, mm, args);
	rwsem_down_write(&mm->mmap_lock);
	err = map_locked(&c);
	if (!err && args->vm_ops && args->vm_ops->mapped)
		err = map_tell_device(&c);
	userfault_up_write(mm);
	if (err)
		return err;
	if ((c.req.flags & VM_LOCKED) ||
	    (args->flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE)
		(void)populate_range(mm, c.req.start, c.req.end, true);
	return (long)c.req.start;
}

/* MAP_HUGETLB without a file makes an object of its own; lengths are in huge pages. */
static noinline_ long map_hugetlb(struct mm_struct *mm, const struct vm_map_args *args)
{
	struct vm_map_args a = *args;
	bool anon = !a.mapping;
	long ret;

	if (!a.len)
		return -EINVAL;
	a.len = round_up_pow2(a.len, HPAGE_SIZE);
	if (!a.len)
		return -ENOMEM;
	if (anon) {
		if (!hugetlb_size_ok(a.flags))
			return -EINVAL;
		a.mapping = hugetlb_anon_create(a.len);
		a.pgoff = 0;
		a.may_flags |= VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
		if (!a.mapping)
			return -ENOMEM;
	}
	ret = map_other(mm, &a);
	if (anon)
		a.mapping->ops->drop(a.mapping);
	return ret;
}

static noinline_ long map_any(struct mm_struct *mm, const struct vm_map_args *args)
{
	bool huge = mapping_is_hugetlb(args->mapping);

	if (likely(!huge && !(args->flags & MAP_HUGETLB)))
		return map_other(mm, args);
	return args->mapping && !huge ? -EINVAL : map_hugetlb(mm, args);
}

long vm_map(struct mm_struct *mm, const struct vm_map_args *args)
{
	return is_plain(args) ? vm_map_plain(mm, args->addr, args->len, args->prot)
			      : map_any(mm, args);
}

int vm_map_anon(struct mm_struct *mm, unsigned long start, unsigned long end, unsigned long flags,
		bool join)
{
	struct vma_req r = { .start = start,
			     .end = end,
			     .flags = flags | VM_ACCOUNT,
			     .pgoff = start >> PAGE_SHIFT };
	unsigned long pages = (end - start) >> PAGE_SHIFT;
	struct vma_spares spares;

	if (!vm_may_expand(mm, flags, pages) || mm->map_count > sysctl_max_map_count ||
	    commit_charge(pages, mm->total_vm))
		return -ENOMEM;
	if (!join || !vma_merge(mm, &r, vma_around(mm, start, end))) {
		if (vma_spares_get(mm, 1, NULL, false, &spares)) {
			commit_uncharge(pages);
			return -ENOMEM;
		}
		vma_insert(mm, &spares, &r);
	}
	vma_stat(mm, flags, (long)pages);
	if (flags & VM_LOCKED)
		mm->locked_vm += pages;
	return 0;
}
