/*
 * Where a mapping goes: the wish of the caller, or a gap of the address space.
 *
 *   top-down layout    the highest gap below mmap_base; when there is none, as bottom-up
 *   bottom-up layout   the lowest gap above a third of the window (personality ADDR_COMPAT_LAYOUT, vm.legacy_va_layout)
 *   MAP_32BIT          64-bit programs: the lowest gap of the second GiB
 *   above the window   with 5-level tables, only for a hint that lies there
 *
 * OWNS     mm->gap_top, mm->gap_len: what is known of gaps that are not there.
 * WHY      programs map one thing below the other: then the place is known without a search of the tree.
 * I1       no free gap of gap_len bytes or more lies in [gap_top, mmap_base).
 * I2       what comes back is free, but for MAP_FIXED, and keeps off the guard gap of a stack above it.
 * LOCKS    mmap_lock for write.   CONTEXT  a task; does not sleep.
 * COST     O(1) when I1 helps, else O(log n) for each stack that is in the way.
 * FAILS    ENOMEM, EINVAL, EPERM as mmap(2) has them.
 * SOURCES  mmap(2), personality(2), Documentation/x86/x86_64/5level-paging.   TESTED BY mmap_test.c
 */
#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"
#include "uapi/mman.h"

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

/* Does the call ask for the low 2 GiB, and is there anything above them? */
static bool wants_low_2g(unsigned flags)
{
	return sizeof(long) == 8 && (flags & MAP_32BIT);
}

/* Is the caller's wish possible as it is? */
static bool hint_fits(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned flags)
{
	unsigned long top = wants_low_2g(flags) ? LOW_2G_END : mm->task_size;
	struct vm_area_struct *next, *prev;

	if (len > top || addr > top - len)
		return false;
	if ((addr > MAP_WINDOW) != (addr + len > MAP_WINDOW)) /* not across its end */
		return false;
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

	if (wants_low_2g(flags))
		return gap_above(mm, mm->low_2g_base, LOW_2G_END, len, out) ? 0 : -ENOMEM;
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

/* The page of a hint; one too low means the lowest that everybody may have. */
static unsigned long round_hint(unsigned long addr)
{
	addr &= PAGE_MASK;
	return addr && addr < mmap_min_addr ? page_align(mmap_min_addr) : addr;
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
		return vm_may_map_at(addr) ? 0 : -EPERM;
	}
	addr = round_hint(addr);
	if (addr && hint_fits(mm, addr, len, flags)) {
		*out = addr;
		return 0;
	}
	return search_area(mm, addr, len, flags, out);
}
