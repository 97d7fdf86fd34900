/*
 * swapoff: everything of an area comes back to memory.
 *
 *   no slot is given out any more │ every shared object: its places in the area come back │ every address space: swapped
 *   entries of the area are faulted in, one by one │ pages that no entry stands for leave the cache │ empty? else again
 *
 * WHY      from entries to slots, not the other way: nothing knows who has a slot, as on Linux. What comes back is mapped by
 *          the fault's own code, so counts, rights and marks are its.
 * I1       an area is gone only when no slot is in use: until then each round finds what forks and faults have moved on.
 * I2       a page that cannot be read becomes a mark (SWP_LOST), and its program gets SIGBUS if it ever looks.
 * LOCKS    mmap_lock of one address space at a time, for read. Sleeps; a fatal signal ends it, and the area stays.
 * COST     the entries of all programs, for each round.
 * FAILS    -ENOMEM: it does not fit into memory; -EINTR; -EINVAL: no such area.
 * TESTED BY swap_test.c
 */
#include "base/errno.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/range.h"
#include "mm/shmem.h"
#include "mm/swap.h"

struct unuse {
	unsigned type;
	uaddr_t addr; /* found: the first swapped entry of the area */
};

static int find_swapped(pte_t e, uaddr_t va, void *arg)
{
	struct unuse *u = arg;

	if (!pte_is_swapped(e) || pte_swap_type(e) != u->type)
		return 0;
	u->addr = va;
	return RANGE_STOP;
}

/* The page of f's entry cannot be read: nobody shall wait for it. */
static void mark_lost(struct fault_ctx *f, pte_t old)
{
	f->pte = pt_find_locked(&f->mm->root, f->addr, &f->table);
	if (!f->pte)
		return;
	if (pte_raw(pte_read(f->pte)) == pte_raw(old)) {
		pte_set(f->pte, pte_from_swap(SWP_LOST, 0));
		mm_rss_add(f->mm, MM_SWAPENTS, -1);
		swap_put(pte_swp_entry(old));
	}
	pt_unlock(f->table);
}

/* Bring the page at @addr back. 0 or -errno. */
static int unuse_entry(struct vm_area_struct *vma, uaddr_t addr, unsigned type)
{
	struct fault_ctx f = { .mm = vma->vm_mm, .vma = vma, .addr = addr };
	int r;

	f.pte = pt_find_locked(&f.mm->root, addr, &f.table);
	if (!f.pte)
		return 0;
	f.entry = pte_read(f.pte);
	if (!pte_is_swapped(f.entry) || pte_swap_type(f.entry) != type) {
		pt_unlock(f.table);
		return 0;
	}
	r = fault_swap(&f);
	if (r == FAULT_BUS)
		mark_lost(&f, f.entry);
	if (r == FAULT_OOM)
		return -ENOMEM;
	return mm_ctx_current()->fatal_signal ? -EINTR : 0;
}

static int unuse_vma(struct vm_area_struct *vma, unsigned type)
{
	struct unuse u = { .type = type };
	uaddr_t start = vma->vm_start;
	int err = 0;

	while (!err && start < vma->vm_end &&
	       range_each(vma->vm_mm, start, vma->vm_end, find_swapped, &u)) {
		err = unuse_entry(vma, u.addr, type);
		start = u.addr; /* again, if it did not work at once */
	}
	return err;
}

static int unuse_mm(struct mm_struct *mm, unsigned type)
{
	struct vm_area_struct *vma;
	int err = 0;

	if (!atomic_long_read(&mm->rss_stat[MM_SWAPENTS]) || !mmget_not_zero(mm))
		return 0;
	rwsem_down_read(&mm->mmap_lock);
	for (vma = vma_first(mm); vma && !err; vma = vma_next(mm, vma)) {
		if (READ_ONCE(vma->anon_vma))
			err = unuse_vma(vma, type);
	}
	rwsem_up_read(&mm->mmap_lock);
	mmput(mm);
	return err;
}

static int unuse_all(unsigned type)
{
	struct mm_struct *mm;
	int err = shmem_unuse(type);

	if (err)
		return err;
	for (mm = mm_list_next(NULL); mm && !err; mm = mm_list_next(mm))
		err = unuse_mm(mm, type);
	if (mm)
		mmdrop(mm);
	return err;
}

/* If memory runs out by what the caller does it shall be the first to go. */
static void count_origin(int n)
{
	struct mm_struct *mm = mm_ctx_current()->mm;

	if (mm)
		(void)__atomic_add_fetch(&mm->oom_origin, n, __ATOMIC_RELAXED);
}

int swap_area_off(unsigned type)
{
	int err = swap_area_leave(type);

	if (err)
		return err;
	count_origin(1);
	do {
		err = unuse_all(type);
		if (!err)
			err = swap_area_end(type);
		if (err == -EAGAIN) /* a program that is ending still has some: let it */
			(void)thread_park(PARK_KILLABLE, clock_ns() + NSEC_PER_MSEC);
		if (err == -EAGAIN && mm_ctx_current()->fatal_signal)
			err = -EINTR;
	} while (err == -EAGAIN);
	if (err)
		swap_area_stay(type);
	count_origin(-1);
	return err;
}
