/*
 * Memory that grows in place: the heap (brk) and stacks.
 *
 *   | start_brk ... brk |   -> up, until the next vma less its guard gap
 *   | gap of 256 pages, nothing may be mapped | stack vma |   <- down, by faults, until RLIMIT_STACK
 *
 * WHY      a stack grows when it is touched, at any distance inside the limit; the gap makes a jump over its end
 *          hit nothing instead of somebody's memory.
 * I1       no fault moves a stack to within 256 pages of an accessible mapping below that is not itself a stack.
 * LOCKS    mmap_lock for write. Sleeps.
 * FAILS    brk(2) never returns an error: the break stays. A stack that cannot grow is a MAPERR to its user.
 * NOT HERE the first stack page's contents (exec).
 * SOURCES  brk(2), getrlimit(2) RLIMIT_STACK, RLIMIT_DATA.   TESTED BY mmap_test.c, fault_test.c
 */
#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/aspace/userfault_impl.h"
#include "mm/imports.h"
#include "mm/rmap.h"
#include "uapi/personality.h"

/* Rights of heap and stack; both can be executed when personality(2) says that what is read can be. */
static unsigned long data_flags(void)
{
	bool exec = mm_ctx_current()->personality & READ_IMPLIES_EXEC;

	return VM_READ | VM_WRITE | VM_MAYREAD | VM_MAYWRITE | VM_MAYEXEC | (exec ? VM_EXEC : 0);
}

/* RLIMIT_DATA counts initialised data and heap. */
static bool data_limit_ok(const struct mm_struct *mm, unsigned long brk)
{
	unsigned long limit = vm_limits()->data;

	return limit == ULONG_MAX ||
	       (brk - mm->start_brk) + (mm->end_data - mm->start_data) <= limit;
}

/*
 * The break moves from page @from up to page @to. 0 or -ENOMEM. The heap's first piece stays apart from what the program file
 * has in front of it, as on Linux, where it looks for a vma to join no lower than the heap begins.
 */
static int brk_grow(struct mm_struct *mm, unsigned long from, unsigned long to)
{
	struct vm_area_struct *next = find_vma(mm, from), *below;

	if (to > mm->task_size || to < from)
		return -ENOMEM;
	if (next && to + PAGE_SIZE > vma_start_gap(next))
		return -ENOMEM;
	if ((mm->def_flags & VM_LOCKED) && !vm_may_lock(mm, (to - from) >> PAGE_SHIFT))
		return -ENOMEM;
	below = vma_around(mm, from, to).prev;
	return vm_map_anon(mm, from, to, data_flags() | mm->def_flags | VM_SOFTDIRTY,
			   below && below->vm_end > mm->start_brk);
}

static int brk_locked(struct mm_struct *mm, unsigned long brk, unsigned long *populate_from)
{
	unsigned long from = page_align(mm->brk), to = page_align(brk);
	int err = 0;

	if (brk < mm->start_brk || brk > ULONG_MAX - PAGE_SIZE || !data_limit_ok(mm, brk))
		return -ENOMEM;
	if (to < from)
		err = vm_unmap_locked(mm, to, from);
	else if (to > from)
		err = brk_grow(mm, from, to);
	if (err)
		return err;
	if (to > from && (mm->def_flags & VM_LOCKED))
		*populate_from = from;
	mm->brk = brk;
	return 0;
}

unsigned long vm_brk(struct mm_struct *mm, unsigned long brk)
{
	unsigned long populate_from = 0, now;

	rwsem_down_write(&mm->mmap_lock);
	(void)brk_locked(mm, brk, &populate_from);
	now = mm->brk;
	userfault_up_write(mm);
	if (populate_from)
		(void)populate_range(mm, populate_from, page_align(now), true);
	return now;
}

/* Would a stack that begins at @addr come too near what lies below? */
static bool stack_too_near(struct mm_struct *mm, const struct vm_area_struct *vma,
			   unsigned long addr)
{
	const unsigned long gap = (unsigned long)STACK_GUARD_PAGES << PAGE_SHIFT;
	struct vm_area_struct *prev = vma_prev(mm, vma->vm_start);

	if (!prev || (prev->vm_flags & VM_GROWSDOWN))
		return prev && prev->vm_end > addr;
	if (prev->vm_end > addr)
		return true;
	return (prev->vm_flags & (VM_READ | VM_WRITE | VM_EXEC)) && addr - prev->vm_end < gap;
}

int stack_grow(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long addr)
{
	unsigned long pages;

	addr &= PAGE_MASK;
	if (addr >= vma->vm_start)
		return 0; /* another thread was first */
	if (addr < mmap_min_addr || stack_too_near(mm, vma, addr))
		return -ENOMEM;
	if (anon_vma_prepare(
		    vma)) /* as Linux, before it touches a neighbour, whose it would be otherwise */
		return -ENOMEM;
	pages = (vma->vm_start - addr) >> PAGE_SHIFT;
	if (pages > vma->vm_pgoff || vma->vm_end - addr > vm_limits()->stack ||
	    !vm_may_expand(mm, vma->vm_flags, pages))
		return -ENOMEM;
	if ((vma->vm_flags & VM_LOCKED) && !vm_may_lock(mm, pages))
		return -ENOMEM;
	if ((vma->vm_flags & VM_ACCOUNT) && commit_charge(pages, mm->total_vm))
		return -ENOMEM;
	vma_resize(mm, vma, addr, vma->vm_end);
	vma_stat(mm, vma->vm_flags, (long)pages);
	if (vma->vm_flags & VM_LOCKED)
		mm->locked_vm += pages;
	return 0;
}

/* Not soft-dirty as a whole, as on Linux: its pages are, one by one. */
int vm_stack_setup(struct mm_struct *mm, unsigned long top, bool executable)
{
	unsigned long flags = data_flags() | VM_GROWSDOWN | (executable ? VM_EXEC : 0);
	int err;

	if (top > mm->task_size || top < PAGE_SIZE + mmap_min_addr)
		return -EINVAL;
	rwsem_down_write(&mm->mmap_lock);
	err = vm_pages_in(mm, top - PAGE_SIZE, top)
		      ? -EINVAL
		      : vm_map_anon(mm, top - PAGE_SIZE, top, flags, false);
	rwsem_up_write(&mm->mmap_lock);
	return err;
}

int vm_stack_expand(struct mm_struct *mm, unsigned long addr, unsigned long bytes)
{
	struct vm_area_struct *vma;
	unsigned long room;
	int err = -ENOMEM;

	rwsem_down_write(&mm->mmap_lock);
	vma = find_vma(mm, addr);
	if (vma && vma->vm_start <= addr && (vma->vm_flags & VM_GROWSDOWN)) {
		room = vma->vm_end - vma->vm_start;
		room = vm_limits()->stack > room ? (vm_limits()->stack - room) & PAGE_MASK : 0;
		err = stack_grow(mm, vma, vma->vm_start - min_of(unsigned long, bytes, room));
	}
	rwsem_up_write(&mm->mmap_lock);
	return err;
}
