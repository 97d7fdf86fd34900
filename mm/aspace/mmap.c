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
 * I3       every table page lies below a vma or above one: exit frees the tables along the vmas.
 * LOCKS    mmap_lock for write, taken by vm_map and vm_unmap; the rest expects it. Sleeps.
 * COST     mmap: one tree look-up for the gap, one insertion, or a merge that needs no memory.
 * FAILS    as mmap(2) and munmap(2) ERRORS say; ENOMEM also for map_count > sysctl_max_map_count.
 * NOT HERE permission of the file (the caller's may_flags), growth of stacks and heaps (brk.c).
 * SOURCES  mmap(2), munmap(2), setrlimit(2).   TESTED BY mmap_test.c, fuzz target vma
 */
#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/gather.h"
#include "mm/range.h"
#include "mm/shmem.h"
#include "sync/trace.h"
#include "uapi/mman.h"

int sysctl_max_map_count = 65530;
unsigned long mmap_min_addr = 65536;

/* ---- limits ---- */

unsigned long vm_flags_of_prot(unsigned prot)
{
	return (prot & PROT_READ ? VM_READ : 0) | (prot & PROT_WRITE ? VM_WRITE : 0) |
	       (prot & PROT_EXEC ? VM_EXEC : 0);
}

bool vm_may_expand(const struct mm_struct *mm, unsigned long flags, unsigned long pages)
{
	bool data = (flags & (VM_WRITE | VM_SHARED | VM_GROWSDOWN)) == VM_WRITE;

	if (mm->total_vm + pages > mm->rlim_as >> PAGE_SHIFT)
		return false;
	return !data || mm->data_vm + pages <= mm->rlim_data >> PAGE_SHIFT;
}

bool vm_may_lock(const struct mm_struct *mm, unsigned long pages)
{
	return mm->locked_vm + pages <= mm->rlim_memlock >> PAGE_SHIFT;
}

bool vm_accountable(unsigned long flags)
{
	return (flags & (VM_NORESERVE | VM_SHARED | VM_WRITE)) == VM_WRITE;
}

unsigned long vm_pages_in(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	unsigned long pages = 0;

	for (; vma && vma->vm_start < end; vma = vma_next(mm, vma)) {
		unsigned long from = max_of(unsigned long, start, vma->vm_start);

		pages += (min_of(unsigned long, end, vma->vm_end) - from) >> PAGE_SHIFT;
	}
	return pages;
}

/* ---- addresses ---- */

/* Highest free [a, a + len) in [low, high) that keeps off the guard gap of a stack above it. */
static bool gap_below(struct mm_struct *mm, unsigned long low, unsigned long high,
		      unsigned long len, unsigned long *out)
{
	for (;;) {
		struct vm_area_struct *next;

		if (!rangetree_gap_highest(&mm->vmas, low, high, len, out))
			return false;
		next = find_vma(mm, *out);
		if (!next || *out + len <= vma_start_gap(next))
			return true;
		if (vma_start_gap(next) <= low)
			return false;
		high = vma_start_gap(next);
	}
}

/*
 * Programs map one thing below the other: when no gap of @len is above gap_top, the place right below the vma that
 * covers it or comes next is the highest, if it is large enough. Unmapping above forgets what was known.
 */
static bool gap_known(struct mm_struct *mm, unsigned long low, unsigned long len,
		      unsigned long *out)
{
	struct vm_area_struct *vma, *prev;
	unsigned long edge, floor;

	if (!mm->gap_len || len < mm->gap_len)
		return false;
	vma = find_vma(mm, mm->gap_top - 1);
	edge = vma && vma->vm_start < mm->mmap_base ? vma->vm_start : mm->mmap_base;
	if (vma && edge > vma_start_gap(vma))
		return false;
	prev = vma_prev(mm, edge);
	floor = prev && prev->vm_end > low ? prev->vm_end : low;
	if (edge < floor || edge - floor < len)
		return false;
	*out = edge - len;
	mm->gap_top = edge;
	return true;
}

static bool gap_above(struct mm_struct *mm, unsigned long low, unsigned long high,
		      unsigned long len, unsigned long *out)
{
	for (;;) {
		struct vm_area_struct *next;

		if (!rangetree_gap_lowest(&mm->vmas, low, high, len, out))
			return false;
		next = find_vma(mm, *out);
		if (!next || *out + len <= vma_start_gap(next))
			return true;
		low = next->vm_end;
		if (low >= high)
			return false;
	}
}

/* Is the caller's wish possible as it is? */
static bool hint_fits(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	struct vm_area_struct *next, *prev;

	if (addr < mmap_min_addr || addr > mm->task_size - len)
		return false;
	if ((addr > MAP_WINDOW) != (addr + len > MAP_WINDOW))
		return false; /* neither side of the border was asked for */
	next = find_vma(mm, addr);
	prev = vma_prev(mm, addr);
	return (!next || addr + len <= vma_start_gap(next)) && (!prev || prev->vm_end <= addr);
}

/* Look where the layout says; a top-down mm that is full below its base is searched above it too. */
static int search_area(struct mm_struct *mm, unsigned long hint, unsigned long len, unsigned flags,
		       unsigned long *out)
{
	unsigned long window = hint > MAP_WINDOW ? mm->task_size : MAP_WINDOW;
	unsigned long low = page_align(mmap_min_addr);

	if (sizeof(long) == 8 && (flags & MAP_32BIT))
		return gap_above(mm, 0x40000000, 0x80000000, len, out) ? 0 : -ENOMEM;
	if (mm->mmap_topdown) {
		unsigned long top = mm->mmap_base + (window - MAP_WINDOW);

		if (window == MAP_WINDOW && gap_known(mm, low, len, out))
			return 0;
		if (gap_below(mm, low, top, len, out)) {
			mm->gap_len = window == MAP_WINDOW ? len : 0;
			mm->gap_top = *out + len;
			return 0;
		}
	}
	return gap_above(mm, mm->mmap_legacy_base, window, len, out) ? 0 : -ENOMEM;
}

int vm_find_area(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned flags,
		 unsigned long *out)
{
	if (len > mm->task_size)
		return -ENOMEM;
	if (flags & MAP_FIXED) {
		if (addr > mm->task_size - len)
			return -ENOMEM;
		if (addr & ~PAGE_MASK)
			return -EINVAL;
		*out = addr;
		return addr < mmap_min_addr ? -EPERM : 0;
	}
	addr = addr > ULONG_MAX - PAGE_SIZE ? 0 : page_align(addr);
	if (addr && !(sizeof(long) == 8 && (flags & MAP_32BIT)) && hint_fits(mm, addr, len)) {
		*out = addr;
		return 0;
	}
	return search_area(mm, addr, len, flags, out);
}

/* ---- munmap ---- */

struct unmap_ctx {
	struct mm_struct *mm;
	struct mmu_gather gather;
	struct vma_spares *spares;
	struct vm_area_struct *gone; /* unlinked vmas, by next_gone */
	unsigned long start, end;
};

/* Field by field: the gather's array must not be cleared each time. */
static void unmap_begin(struct unmap_ctx *u, struct mm_struct *mm, unsigned long start,
			unsigned long end)
{
	u->mm = mm;
	u->spares = NULL;
	u->start = start;
	u->end = end;
	u->gone = NULL;
	mm_update_hiwater(mm);
}

/* The part of @vma inside the range goes. Return: the vma that follows the part. */
static struct vm_area_struct *unmap_one(struct unmap_ctx *u, struct vm_area_struct *vma)
{
	unsigned long from = max_of(unsigned long, u->start, vma->vm_start);
	unsigned long to = min_of(unsigned long, u->end, vma->vm_end);
	long pages = (long)((to - from) >> PAGE_SHIFT);
	struct vm_area_struct *next;

	if (vma->populated)
		range_zap(&u->gather, vma, from, to);
	vma_stat(u->mm, vma->vm_flags, -pages);
	if (vma->vm_flags & VM_LOCKED)
		u->mm->locked_vm -= (unsigned long)pages;
	if (vma->vm_flags & VM_ACCOUNT)
		commit_uncharge((unsigned long)pages);
	if (from > vma->vm_start && to < vma->vm_end) {
		next = vma_split(u->mm, u->spares, vma, to);
		vma_resize(u->mm, vma, vma->vm_start, from);
		return next;
	}
	next = vma_next(u->mm, vma);
	if (from > vma->vm_start) {
		vma_resize(u->mm, vma, vma->vm_start, from);
	} else if (to < vma->vm_end) {
		vma_resize(u->mm, vma, to, vma->vm_end);
		next = vma;
	} else {
		vma_unlink(u->mm, vma);
		vma->next_gone = u->gone;
		u->gone = vma;
	}
	return next;
}

static void free_gone(struct unmap_ctx *u)
{
	while (u->gone) {
		struct vm_area_struct *vma = u->gone;

		u->gone = vma->next_gone;
		vma_free(vma);
	}
}

/* @vma: the first that ends beyond @start. */
static void unmap_from(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		       unsigned long end, struct vma_spares *spares)
{
	struct vm_area_struct *prev;
	struct unmap_ctx u;

	if (!vma || vma->vm_start >= end)
		return;
	trace(TRACE_UNMAP, start, end);
	unmap_begin(&u, mm, start, end);
	u.spares = spares;
	gather_begin(&u.gather, mm);
	while (vma && vma->vm_start < end)
		vma = unmap_one(&u, vma);
	if (end > mm->gap_top)
		mm->gap_len = 0;
	prev = vma_prev(mm, start);
	pt_free_tables(&u.gather, start, end, prev ? prev->vm_end : 0,
		       vma ? vma->vm_start : USER_TOP);
	gather_end(&u.gather);
	free_gone(&u);
}

void vm_unmap_range(struct mm_struct *mm, unsigned long start, unsigned long end,
		    struct vma_spares *spares)
{
	unmap_from(mm, find_vma(mm, start), start, end, spares);
}

void vm_free_tables(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *prev = vma_prev(mm, start), *next = find_vma(mm, start);
	struct mmu_gather g;

	gather_begin(&g, mm);
	pt_free_tables(&g, start, end, prev ? prev->vm_end : 0, next ? next->vm_start : USER_TOP);
	gather_end(&g);
}

/* What cutting @vma in two takes, and @more vmas. */
static int cut_reserve(struct mm_struct *mm, const struct vm_area_struct *vma, unsigned more,
		       struct vma_spares *spares)
{
	return mm->map_count >= sysctl_max_map_count ? -ENOMEM
						     : vma_spares_get(mm, 1 + more, vma, spares);
}

/* Does unmapping [start, end) cut @vma, the first there, in two? */
static bool is_cut(const struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	return vma && vma->vm_start < start && end < vma->vm_end;
}

int vm_unmap_locked(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	struct vm_area_struct *vma = find_vma(mm, start);
	struct vma_spares spares;

	vma_spares_init(&spares);
	if (is_cut(vma, start, end) && cut_reserve(mm, vma, 0, &spares))
		return -ENOMEM;
	unmap_from(mm, vma, start, end, &spares);
	return 0;
}

int vm_unmap(struct mm_struct *mm, unsigned long addr, unsigned long len)
{
	int err;

	if ((addr & ~PAGE_MASK) || addr > mm->task_size || len > mm->task_size - addr || !len)
		return -EINVAL;
	rwsem_down_write(&mm->mmap_lock);
	err = vm_unmap_locked(mm, addr, addr + page_align(len));
	rwsem_up_write(&mm->mmap_lock);
	return err;
}

/* Tables of [start, end), below which nothing is mapped any more, and nothing is until @next. */
static void free_tables_of_run(struct unmap_ctx *u, unsigned long start, unsigned long end,
			       const struct vm_area_struct *next)
{
	pt_free_tables(&u->gather, start, end, 0, next ? next->vm_start : USER_TOP);
}

/* Every vma, and the tables by runs of vmas that lie close together: most upper entries are never looked at. */
static void unmap_each(struct unmap_ctx *u)
{
	struct vm_area_struct *vma = vma_first(u->mm);
	unsigned long run = vma ? vma->vm_start : 0;

	while (vma) {
		unsigned long end = vma->vm_end;

		vma = unmap_one(u, vma);
		if (vma && vma->vm_start - end < pt_span(PT_PMD))
			continue;
		free_tables_of_run(u, run, end, vma);
		run = vma ? vma->vm_start : 0;
	}
}

void vm_unmap_all(struct mm_struct *mm)
{
	struct unmap_ctx u;

	rwsem_down_write(&mm->mmap_lock);
	unmap_begin(&u, mm, 0, USER_TOP);
	gather_begin_full(&u.gather, mm);
	unmap_each(&u);
	gather_end(&u.gather);
	free_gone(&u);
	rangetree_destroy(&mm->vmas);
	kassert(atomic_long_read(&mm->pgtables_bytes) == 0);
	kassert(mm->total_vm == 0 && mm->map_count == 0 && mm->locked_vm == 0 && mm_rss(mm) == 0);
	rwsem_up_write(&mm->mmap_lock);
}

/* ---- mmap ---- */

struct map_ctx {
	struct mm_struct *mm;
	const struct vm_map_args *args;
	struct vma_req req;
	unsigned long charge;	      /* pages committed */
	struct address_space *object; /* made here; our reference */
	bool free;		      /* the range is known to hold no vma */
	bool merged; /* the neighbours have grown over the range: nothing left to do */
	struct vma_spares spares;
};

/* mmap(2) ERRORS: EINVAL, EOPNOTSUPP, EOVERFLOW, ENOMEM of the arguments alone. */
static int map_check_args(const struct vm_map_args *a)
{
	unsigned type = a->flags & MAP_TYPE;
	const unsigned known = MAP_TYPE | MAP_FIXED | MAP_ANONYMOUS | MAP_32BIT | MAP_GROWSDOWN |
			       MAP_DENYWRITE | MAP_EXECUTABLE | MAP_LOCKED | MAP_NORESERVE |
			       MAP_POPULATE | MAP_NONBLOCK | MAP_STACK | MAP_HUGETLB;

	if (!a->len)
		return -EINVAL;
	if (a->len > ULONG_MAX - PAGE_SIZE)
		return -ENOMEM;
	if (a->pgoff + (page_align(a->len) >> PAGE_SHIFT) < a->pgoff)
		return -EOVERFLOW;
	if (type != MAP_SHARED && type != MAP_PRIVATE &&
	    (type != MAP_SHARED_VALIDATE || !a->mapping))
		return -EINVAL;
	if (type == MAP_SHARED_VALIDATE && (a->flags & ~known))
		return -EOPNOTSUPP;
	if ((a->flags & MAP_GROWSDOWN) && (a->mapping || type != MAP_PRIVATE))
		return -EINVAL;
	return a->flags & MAP_HUGETLB ? -ENOMEM : 0; /* the pool of huge pages is empty */
}

/* Rights and kind of the vma. 0, -EACCES, -EPERM. */
static int map_flags(const struct mm_struct *mm, const struct vm_map_args *a, unsigned long *out)
{
	unsigned long flags =
		vm_flags_of_prot(a->prot) | mm->def_flags | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC;
	bool shared = (a->flags & MAP_TYPE) != MAP_PRIVATE, file = a->mapping || a->vm_ops;

	if (file && !(a->may_flags & VM_MAYREAD))
		return -EACCES;
	if (shared && file && (a->prot & PROT_WRITE) && !(a->may_flags & VM_MAYWRITE))
		return -EACCES;
	if (file && !(a->may_flags & VM_MAYEXEC)) {
		if (a->prot & PROT_EXEC)
			return -EPERM;
		flags &= ~(unsigned long)VM_MAYEXEC;
	}
	if (shared)
		flags |= VM_SHARED | VM_MAYSHARE;
	if (shared && file && !(a->may_flags & VM_MAYWRITE))
		flags &= ~(unsigned long)(VM_MAYWRITE | VM_SHARED);
	if (a->flags & MAP_GROWSDOWN)
		flags |= VM_GROWSDOWN;
	if (a->flags & MAP_LOCKED)
		flags |= VM_LOCKED;
	if ((a->flags & MAP_NORESERVE) && sysctl_overcommit_memory != OVERCOMMIT_NEVER)
		flags |= VM_NORESERVE;
	flags |= a->may_flags & (VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_DONTCOPY | VM_DONTDUMP);
	*out = flags;
	return 0;
}

/* Limits of the process on the new mapping, less what it replaces. */
static int map_check_limits(struct map_ctx *c)
{
	struct mm_struct *mm = c->mm;
	unsigned long pages = (c->req.end - c->req.start) >> PAGE_SHIFT, replaced = 0;

	if (!c->free)
		replaced = vm_pages_in(mm, c->req.start, c->req.end);
	if (!vm_may_expand(mm, c->req.flags, pages - replaced))
		return -ENOMEM;
	if ((c->req.flags & VM_LOCKED) && !vm_may_lock(mm, pages))
		return -EAGAIN;
	return mm->map_count > sysctl_max_map_count ? -ENOMEM : 0;
}

/* Everything the commit needs. On failure nothing is kept. */
static int map_reserve(struct map_ctx *c)
{
	unsigned long pages = (c->req.end - c->req.start) >> PAGE_SHIFT;
	bool reserve = !(c->req.flags & VM_NORESERVE);
	struct vm_area_struct *there;
	int err;

	if (vm_accountable(c->req.flags)) {
		if (commit_charge(pages, c->mm->total_vm))
			return -ENOMEM;
		c->charge = pages;
		c->req.flags |= VM_ACCOUNT;
	}
	if (!c->args->mapping && !c->args->vm_ops && (c->req.flags & VM_SHARED)) {
		c->object = shmem_anon_create((uint64_t)pages << PAGE_SHIFT, reserve);
		c->req.mapping = c->object;
		if (!c->object)
			return -ENOMEM; /* shared: nothing is charged */
	}
	vma_spares_init(&c->spares);
	c->merged = c->free && vma_merge(c->mm, &c->req);
	if (c->merged)
		return 0;
	there = c->free ? NULL : find_vma(c->mm, c->req.start);
	if (is_cut(there, c->req.start, c->req.end))
		err = cut_reserve(c->mm, there, 1, &c->spares);
	else
		err = vma_spares_get(c->mm, 1, NULL, &c->spares);
	if (!err)
		return 0;
	if (c->object)
		c->object->ops->drop(c->object);
	commit_uncharge(c->charge);
	return err;
}

static void map_commit(struct map_ctx *c)
{
	struct mm_struct *mm = c->mm;
	long pages = (long)((c->req.end - c->req.start) >> PAGE_SHIFT);

	if (!c->free)
		vm_unmap_range(mm, c->req.start, c->req.end, &c->spares);
	if (!c->merged && (c->free || !vma_merge(mm, &c->req)))
		vma_insert(mm, &c->spares, &c->req);
	vma_stat(mm, c->req.flags, pages);
	if (c->req.flags & VM_LOCKED)
		mm->locked_vm += (unsigned long)pages;
	trace(TRACE_MAP, c->req.start, c->req.end);
	vma_spares_put(&c->spares);
	if (c->object)
		c->object->ops->drop(c->object); /* the vma holds it */
}

static int map_place(struct map_ctx *c)
{
	const struct vm_map_args *a = c->args;
	unsigned flags = a->flags & MAP_FIXED_NOREPLACE ? a->flags | MAP_FIXED : a->flags;
	unsigned long len = page_align(a->len);
	struct vm_area_struct *vma;
	int err = vm_find_area(c->mm, a->addr, len, flags, &c->req.start);

	if (err)
		return err;
	c->req.end = c->req.start + len;
	c->free = true; /* what vm_find_area chose itself */
	if (!(flags & MAP_FIXED))
		return 0;
	vma = find_vma(c->mm, c->req.start);
	c->free = !vma || vma->vm_start >= c->req.end;
	return (a->flags & MAP_FIXED_NOREPLACE) && !c->free ? -EEXIST : 0;
}

/* mmap_lock held for write. */
static int map_locked(struct map_ctx *c)
{
	const struct vm_map_args *a = c->args;
	int err = map_place(c);

	if (!err)
		err = map_flags(c->mm, a, &c->req.flags);
	if (err)
		return err;
	c->req.mapping = a->mapping;
	c->req.ops = a->vm_ops;
	c->req.private_data = a->vm_private_data;
	if (a->mapping || a->vm_ops)
		c->req.pgoff = a->pgoff;
	else
		c->req.pgoff = c->req.flags & VM_MAYSHARE ? 0 : c->req.start >> PAGE_SHIFT;
	err = map_check_limits(c);
	if (!err)
		err = map_reserve(c);
	if (!err)
		map_commit(c);
	return err;
}

long vm_map(struct mm_struct *mm, const struct vm_map_args *args)
{
	int err = map_check_args(args);
	struct map_ctx c;

	if (err)
		return err;
	c.mm = mm;
	c.args = args;
	c.charge = 0;
	c.object = NULL;
	rwsem_down_write(&mm->mmap_lock);
	err = map_locked(&c);
	rwsem_up_write(&mm->mmap_lock);
	if (err)
		return err;
	if ((c.req.flags & VM_LOCKED) ||
	    (args->flags & (MAP_POPULATE | MAP_NONBLOCK)) == MAP_POPULATE)
		populate_range(mm, c.req.start, c.req.end);
	return (long)c.req.start;
}

int vm_map_anon(struct mm_struct *mm, unsigned long start, unsigned long end, unsigned long flags)
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
	if (!vma_merge(mm, &r)) {
		if (vma_spares_get(mm, 1, NULL, &spares)) {
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
