/*
 * Where a mapping goes: the wish of the caller, or a gap of the address space.
 *
 *   top-down layout    the highest gap below mmap_base; when there is none, as bottom-up
 *   bottom-up layout   the lowest gap above a third of the window (personality ADDR_COMPAT_LAYOUT, vm.legacy_va_layout)
 *   MAP_32BIT          64-bit programs: the lowest gap of the second GiB
 *   above the window   with 5-level tables, only for a hint that lies there
 *
 * OWNS     mm->gap_top, mm->gap_len: what is known of gaps that are not there.
 * WHY      programs map one thing below the other: so the search begins where the last one ended.
 * I1       with gap_len not 0, no gap that gap_len bytes or more could have lies in [gap_top, mmap_base). Mapping keeps
 *          that true; unmapping, which makes gaps, moves gap_top up (vm_gap_opened).                       [mmap_test]
 * I2       what comes back is free, but for MAP_FIXED, and keeps off the guard gap of a stack above it.
 * LOCKS    mmap_lock for write.   CONTEXT  a task; does not sleep.
 * COST     O(1) mostly, when I1 helps, else O(log n) for each stack that is in the way.
 * FAILS    ENOMEM, EINVAL, EPERM as mmap(2) has them.
 * SOURCES  mmap(2), personality(2), Documentation/x86/x86_64/5level-paging.   TESTED BY mmap_test.c
 */
#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"
#include "uapi/mman.h"

/* The @len bytes at out->start are free. Do they keep off the guard gap of a stack above? */
static inline bool off_guard_gap(const struct rangetree_gap *out, unsigned long len)
{
	const struct vm_area_struct *next = out->next;

	return !next || likely(!(next->vm_flags & VM_GROWSDOWN)) ||
	       out->start + len <= vma_start_gap(next);
}

/* Highest free [a, a + len) in [low, high) that keeps off the guard gap of a stack above it. */
static always_inline_ bool gap_below(struct mm_struct *mm, unsigned long low, unsigned long high,
				     unsigned long len, struct rangetree_gap *out)
{
	while (rangetree_gap_highest(&mm->vmas, low, high, len, out)) {
		if (off_guard_gap(out, len))
			return true;
		high = vma_start_gap(out->next);
		if (high <= low)
			return false;
	}
	return false;
}

static noinline_ bool gap_above(struct mm_struct *mm, unsigned long low, unsigned long high,
				unsigned long len, struct rangetree_gap *out)
{
	while (rangetree_gap_lowest(&mm->vmas, low, high, len, out)) {
		if (off_guard_gap(out, len))
			return true;
		low = ((const struct vm_area_struct *)out->next)->vm_end;
		if (low >= high)
			return false;
	}
	return false;
}

/* gap_below in the window of all programs, from where I1 allows. */
static bool gap_below_base(struct mm_struct *mm, unsigned long low, unsigned long len,
			   struct rangetree_gap *out)
{
	bool known = mm->gap_len && len >= mm->gap_len;
	const struct vm_area_struct *next;

	if (!gap_below(mm, low, known ? mm->gap_top : mm->mmap_base, len, out))
		return false;
	next = out->next;
	if (!known || len == mm->gap_len) {
		mm->gap_len = len;
		mm->gap_top = out->start + len;
	} else if (next &&
		   mm->gap_top <= next->vm_end) { /* nothing smaller was passed over either */
		mm->gap_top = out->start + len;
	}
	return true;
}

/* Does the call ask for the low 2 GiB, and is there anything above them? */
static bool wants_low_2g(unsigned flags)
{
	return sizeof(long) == 8 && (flags & MAP_32BIT);
}

/* Is the caller's wish possible as it is? */
static noinline_ bool hint_fits(struct mm_struct *mm, unsigned long addr, unsigned long len,
				unsigned flags, struct rangetree_gap *out)
{
	unsigned long top = wants_low_2g(flags) ? LOW_2G_END : mm->task_size;
	struct vm_area_struct *first;

	if (len > top || addr > top - len)
		return false;
	if ((addr > MAP_WINDOW) != (addr + len > MAP_WINDOW)) /* not across its end */
		return false;
	out->start = addr;
	first = find_vma(mm, addr);
	if (first && first->vm_start < addr + len)
		return false;
	rangetree_around(&mm->vmas, addr, addr + len, &out->prev, &out->next);
	return off_guard_gap(out, len);
}

/* Where few programs look. */
static noinline_ int search_rarely(struct mm_struct *mm, unsigned long hint, unsigned long len,
				   unsigned flags, struct rangetree_gap *out)
{
	unsigned long window =
		hint > MAP_WINDOW || mm->task_size < MAP_WINDOW ? mm->task_size : MAP_WINDOW;

	if (wants_low_2g(flags))
		return gap_above(mm, mm->low_2g_base, LOW_2G_END, len, out) ? 0 : -ENOMEM;
	if (mm->mmap_topdown && window > MAP_WINDOW &&
	    gap_below(mm, page_align(mmap_min_addr), mm->mmap_base + (window - MAP_WINDOW), len,
		      out))
		return 0;
	return gap_above(mm, mm->mmap_legacy_base, window, len, out) ? 0 : -ENOMEM;
}

/* Where the layout says; a top-down mm that is full below its base is searched above it too. */
int vm_find_anywhere(struct mm_struct *mm, unsigned long len, struct rangetree_gap *out)
{
	if (unlikely(len > mm->task_size))
		return -ENOMEM;
	if (likely(mm->mmap_topdown) &&
	    likely(gap_below_base(mm, page_align(mmap_min_addr), len, out)))
		return 0;
	return search_rarely(mm, 0, len, 0, out);
}

/* The page of a hint; one too low means the lowest that everybody may have. */
static unsigned long round_hint(unsigned long addr)
{
	addr &= PAGE_MASK;
	return addr && addr < mmap_min_addr ? page_align(mmap_min_addr) : addr;
}

int vm_find_area(struct mm_struct *mm, unsigned long addr, unsigned long len, unsigned flags,
		 struct rangetree_gap *out)
{
	if (len > mm->task_size)
		return -ENOMEM;
	if (flags & MAP_FIXED) {
		if (addr > mm->task_size - len)
			return -ENOMEM;
		if (addr & ~PAGE_MASK)
			return -EINVAL;
		out->start = addr;
		out->prev = NULL;
		out->next = NULL;
		return vm_may_map_at(addr) ? 0 : -EPERM;
	}
	addr = round_hint(addr);
	if (addr && hint_fits(mm, addr, len, flags, out))
		return 0;
	if (!wants_low_2g(flags) && (addr <= MAP_WINDOW || mm->task_size <= MAP_WINDOW))
		return vm_find_anywhere(mm, len, out);
	return search_rarely(mm, addr, len, flags, out);
}
