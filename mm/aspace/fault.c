/*
 * Page faults: from an address to a final answer, or round again.
 *
 *   handle_mm_fault ── find vma ── grow stack? ── rights ──┐  (mmap_lock for read)
 *        ^                                                 v
 *        │ STAGE_RETRY            entry, table lock held:  none ── private anonymous: fault_anon
 *        └─────────────────────────────────────────────────┤       mapping or device: fault_file
 *                                                          write, entry not writable: fault_cow
 *                                                          else: somebody was faster, nothing to do
 *
 * OWNS     the loop; the zero page.
 * WHY      a fault is the most frequent way into mm: the straight path takes mmap_lock for read once, walks once, and
 *          takes one table lock twice (before and after getting a frame, because getting one may sleep).
 * I1       a stage never sleeps with the table lock held, and looks at the entry again after every drop of it.
 * I2       handle_mm_fault returns FAULT_OK only when the entry allows the access, or another thread has changed it
 *          since: then the access faults again.
 * I3       the zero page is mapped special and read-only; it is not in RSS.
 * LOCKS    mmap_lock for read (write while a stack grows); invalidate_lock where a cached page is made; table lock.
 * FAILS    MAPERR, ACCERR, BUS for the program's mistakes; OOM when a table or a frame is not to be had.
 * COST     first touch of anonymous memory: about 200 instructions beside zeroing the page and the entry code.
 * NOT HERE signals (arch), reclaim.   SOURCES  Gingell et al. 1987; mmap(2) SIGSEGV, SIGBUS.
 * TESTED BY fault_test.c, fork_test.c, fuzz target vma
 */
#include "base/errno.h"
#include "mm/alloc.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/aspace/userfault_impl.h"
#include "mm/frames.h"
#include "mm/gather.h"
#include "mm/imports.h"
#include "mm/range.h"
#include "mm/swap_entry.h"
#include "mm/vmevent.h"
#include "mm/writeback.h"

struct page *zero_page;

void fault_boot(void)
{
	zero_page = alloc_page(GFP_KERNEL | __GFP_ZERO);
	if (!zero_page)
		panic("no memory for the zero page");
}

/* May the access be? VM_WRITE or VM_EXEC alone can be read too: x86 cannot forbid it. */
int fault_rights(const struct fault_ctx *f)
{
	unsigned long flags = f->vma->vm_flags;

	if (f->force) /* what the program could give itself; shared memory is not written behind its rights */
		flags |= flags >> 4 & (flags & VM_SHARED ? VM_READ : VM_READ | VM_WRITE | VM_EXEC);
	if (f->access.write)
		return flags & VM_WRITE ? FAULT_OK : FAULT_ACCERR;
	if (f->access.exec && !(flags & VM_EXEC))
		return FAULT_ACCERR;
	if (f->read_right && !(flags & VM_READ))
		return FAULT_ACCERR;
	return flags & (VM_READ | VM_WRITE | VM_EXEC) ? FAULT_OK : FAULT_ACCERR;
}

/* An entry that is none may have been reaped a moment ago: that is seen here, for MM_REAPED was set before (reap.c, I1). */
static inline bool is_reaped(const struct fault_ctx *f)
{
	return unlikely(READ_ONCE(f->mm->unusual) & MM_REAPED);
}

/* There is no table for the entry yet, f->entry is the one above. STAGE_SMALL: now there is, and its lock is held. */
static noinline_ int fault_table(struct fault_ctx *f)
{
	int r = is_reaped(f) ? FAULT_BUS : fault_huge(f);

	if (r != STAGE_SMALL)
		return r;
	f->pte = pt_find_alloc_locked(f->mm, &f->mm->root, f->addr, &f->table);
	return f->pte ? STAGE_SMALL : FAULT_OOM;
}

/* Nothing is mapped: none, or a marker of a userfaultfd, which only files' mappings have and keep. Table lock held. */
static inline int fault_none(struct fault_ctx *f)
{
	kassert(pte_none(f->entry) || pte_is_uffd_marker(f->entry));
	if (is_reaped(f)) {
		pt_unlock(f->table);
		return FAULT_BUS;
	}
	return vma_is_anon(f->vma) ? fault_anon(f) : fault_file(f);
}

/* The entry and what it calls for. mmap_lock held. */
static int fault_entry(struct fault_ctx *f)
{
	if (!READ_ONCE(f->vma->populated))
		WRITE_ONCE(f->vma->populated, true);
	f->pte = pt_find_fault_locked(&f->mm->root, f->addr, &f->table, &f->entry);
	if (unlikely(!f->pte)) {
		int r = fault_table(f);

		if (r != STAGE_SMALL)
			return r;
	}
	f->entry = pte_read(f->pte);
	if (unlikely(READ_ONCE(f->mm->unhooked) != READ_ONCE(f->mm->flushed)))
		gather_flush_unhooked(f->mm);
	if (pte_none(f->entry))
		return fault_none(f);
	if (unlikely(!pte_present(f->entry)))
		return pte_is_uffd_marker(f->entry) ? fault_none(f) : fault_swap(f);
	if (f->access.write && !pte_write(f->entry))
		return fault_cow(f);
	/* A call faults it in to be written (MADV_POPULATE_WRITE): what MADV_FREE gave up is wanted again. */
	if (f->access.write && !pte_dirty(f->entry))
		pte_set(f->pte, pte_mkyoung(pte_mkdirty(f->entry)));
	pt_unlock(f->table);
	tlb_flush_page_local(f->addr); /* the CPU may have kept what the entry was */
	return FAULT_OK;
}

int fault_in(struct fault_ctx *f)
{
	int r;

	if (unlikely(READ_ONCE(f->mm->unusual))) {
		if (READ_ONCE(f->mm->unusual) & MM_REAPED)
			return FAULT_BUS;
		if (fault_rights(f) == FAULT_OK)
			fault_closed(f);
	}
	do {
		r = fault_rights(f);
		if (r == FAULT_OK)
			r = fault_entry(f);
	} while (r == STAGE_RETRY && !mm_ctx_current()->fatal_signal);
	return r == STAGE_RETRY ? FAULT_KILLED : r;
}

int fault_errno(enum fault_result r)
{
	if (r == FAULT_OK)
		return 0;
	return r == FAULT_OOM ? -ENOMEM : r == FAULT_KILLED ? -EINTR : -EFAULT;
}

bool fault_grow_stack(struct mm_struct *mm, uaddr_t addr)
{
	struct vm_area_struct *vma;
	int err = -EFAULT;

	rwsem_down_write(&mm->mmap_lock);
	vma = find_vma(mm, addr);
	if (vma && vma->vm_start <= addr)
		err = 0;
	else if (vma && (vma->vm_flags & VM_GROWSDOWN))
		err = stack_grow(mm, vma, addr);
	rwsem_up_write(&mm->mmap_lock);
	return !err;
}

/* One attempt with mmap_lock; STAGE_RETRY after a stack has grown. */
static int fault_locked(struct fault_ctx *f)
{
	struct mm_struct *mm = f->mm;
	int r = FAULT_MAPERR;

	rwsem_down_read(&mm->mmap_lock);
	f->vma = find_vma(mm, f->addr);
	if (likely(f->vma && f->vma->vm_start <= f->addr))
		r = fault_in(f);
	else if (f->vma && (f->vma->vm_flags & VM_GROWSDOWN))
		r = STAGE_RETRY;
	rwsem_up_read(&mm->mmap_lock);
	if (r == STAGE_RETRY && !fault_grow_stack(mm, f->addr))
		r = FAULT_MAPERR;
	return r;
}

/* The monitor's turn. A signal ends it: one of user mode's returns to it, is handled, and faults again. */
static int fault_wait(struct fault_ctx *f)
{
	if (!userfault_wait(f))
		return STAGE_RETRY;
	return f->access.user && !mm_ctx_current()->fatal_signal ? FAULT_OK : FAULT_KILLED;
}

/* Field by field: what the stages find out needs no zero. */
static inline void fault_begin(struct fault_ctx *f, struct mm_struct *mm,
			       const struct fault_info *info)
{
	f->mm = mm;
	f->addr = info->addr & PAGE_MASK;
	f->stop = 0;
	f->access = info->access;
	f->made = false;
	f->read_right = false;
	f->grow = false;
	f->force = false;
	f->major = false;
	f->dirtied = false;
	f->exact = info->addr;
}

enum fault_result handle_mm_fault(struct mm_struct *mm, const struct fault_info *info)
{
	struct userfault_waiter waiter; /* filled only by who waits */
	struct mm_ctx *ctx;
	struct fault_ctx f;
	int r;

	fault_begin(&f, mm, info);
	f.waiter = &waiter;
	count_vm_event(PGFAULT);
	if (info->addr >= mm->task_size)
		return FAULT_MAPERR;
	do {
		r = fault_locked(&f);
		if (unlikely(r == STAGE_WAIT))
			r = fault_wait(&f);
	} while (r == STAGE_RETRY);
	if (unlikely(f.dirtied))
		dirty_throttle();
	ctx = mm_ctx_current();
	if (f.major) {
		count_vm_event(PGMAJFAULT);
		ctx->maj_flt++;
	} else {
		ctx->min_flt++;
	}
	return (enum fault_result)r;
}
