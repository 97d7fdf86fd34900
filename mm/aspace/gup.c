/*
 * User pages for the kernel: faulted in, pinned, copied.
 *
 *   get_user_page   one page with a reference, with the rights of the program
 *   get_user_page_read   the same for reading, PROT_READ taken seriously where the page is not there yet
 *   pin_user_page   the same with a pin (mm/aspace/pin.c)
 *   mm_copy         bytes of another program, with its own rights, PROT_READ taken seriously
 *   mm_access       bytes of another program (exec arguments, ptrace, /proc/PID/mem), with the rights of a debugger: may
 *                   read what is not PROT_NONE for ever, and write read-only private memory, into a private copy
 *   mm_populate     make all pages present
 *
 * WHY      a reference keeps the frame, not the entry: the program may unmap it meanwhile, and writes through the
 *          frame then go nowhere. That is what a pin promises, no more.
 * I1       with @write the page returned is shared memory's, or private memory's own: never one that fork shares.
 * I2       bytes are copied with mmap_lock held. Without it a fork could share the page in between and the program get a copy
 *          of its own, older than what is written.
 * LOCKS    mmap_lock for read, dropped while a stack grows; table lock. Sleeps.
 * FAILS    -EFAULT, -ENOMEM, -EINTR (fatal signal); mm_populate: -EHWPOISON.
 * NOT HERE long-term pins: a write through a reference that is older than a clearing of soft-dirty bits is not seen.
 *          TESTED BY fork_test.c, fault_test.c, tests/guest/mem_others_race.c
 */
#include "base/errno.h"
#include "lib/string.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/aspace/userfault_impl.h"
#include "mm/huge.h"
#include "mm/imports.h"
#include "mm/pin.h"
#include "mm/pt.h"
#include "mm/swap.h"
#include "mm/vmalloc.h"
#include "mm/vmevent.h"

/* A private page that other programs map, too, or may? */
static bool is_shared_anon(pte_t e)
{
	const struct page *page = pfn_to_page(pte_pfn(e));

	return !pte_special(e) && page_state(page) == PS_ANON &&
	       !page_test(page, PG_anon_exclusive);
}

/* Does the entry give the caller what it wants? */
static bool entry_serves(const struct fault_ctx *f, pte_t e)
{
	const struct page *page;

	if (!pte_present(e) || !pfn_valid(pte_pfn(e)))
		return false;
	if (unlikely(f->pin) && is_shared_anon(e))
		return false;
	if (!f->access.write || pte_write(e))
		return true;
	if (!f->force || (f->vma->vm_flags & (VM_SHARED | VM_WRITE)) || pte_special(e))
		return false;
	if (vma_tracks_writes(f->vma) && !pte_soft_dirty(e))
		return false;
	page = pfn_to_page(pte_pfn(e));
	return page_state(page) == PS_ANON && page_test(page, PG_anon_exclusive);
}

/* The page of f->addr, if its entry serves, with a reference. */
static struct page *page_of_entry(const struct fault_ctx *f)
{
	struct page *table, *page = NULL;
	pte_t e = pt_lookup_locked(&f->mm->root, f->addr, &table);

	if (!table)
		return NULL;
	if (entry_serves(f, e)) {
		page = pfn_to_page(pte_pfn(e));
		get_page(page_head(page));
		if (unlikely(f->pin))
			page_pin(page_head(page));
	}
	pt_unlock(table);
	return page;
}

/* A pin for reading of a page that is shared on write: the program gets its own now, as by a debugger's write. */
static void unshare(struct fault_ctx *f)
{
	pte_t e = pt_peek_page(&f->mm->root, f->addr);

	if (pte_present(e) && pfn_valid(pte_pfn(e)) && is_shared_anon(e))
		f->access.write = f->force = true;
}

static bool is_special(pte_t e)
{
	return pte_present(e) && pte_special(e);
}

enum {
	LOOK_AGAIN = 1
}; /* a result besides 0 and -errno: drop mmap_lock, userfault_wait, start over */

/* mmap_lock held, f->vma covers f->addr. */
static int pin_in_vma(struct fault_ctx *f, struct page **out)
{
	int r = fault_rights(f);

	for (;;) {
		if (r == STAGE_WAIT)
			return LOOK_AGAIN;
		if (r != FAULT_OK)
			return fault_errno((enum fault_result)r);
		*out = page_of_entry(f);
		if (*out)
			return 0;
		if (!f->access.write && is_special(pt_peek_page(&f->mm->root, f->addr)))
			return -EFAULT; /* a device without page descriptors */
		if (unlikely(f->pin) && !f->access.write)
			unshare(f);
		count_vm_event(PGFAULT);
		r = fault_in(f);
	}
}

/* 0: the page, and mmap_lock is held for reading: until it is dropped fork does not share the page. */
static int pin_locked(struct fault_ctx *f, struct page **out) no_lock_analysis
{
	struct mm_struct *mm = f->mm;
	struct userfault_waiter waiter;
	int err = -EFAULT;
	bool below_stack;

	f->waiter = &waiter;
	f->exact = f->addr;
	f->made = false; /* that was the page before */
	do {
		rwsem_down_read(&mm->mmap_lock);
		f->vma = f->addr < mm->task_size ? find_vma(mm, f->addr) : NULL;
		below_stack = f->grow && f->vma && f->vma->vm_start > f->addr &&
			      (f->vma->vm_flags & VM_GROWSDOWN);
		if (f->vma && f->vma->vm_start <= f->addr)
			err = pin_in_vma(f, out);
		if (!err)
			return 0;
		rwsem_up_read(&mm->mmap_lock);
		if (err == LOOK_AGAIN && userfault_wait(f))
			return -EINTR;
	} while (err == LOOK_AGAIN || (below_stack && fault_grow_stack(mm, f->addr)));
	return err;
}

static int pin_one(struct fault_ctx *f, struct page **out) no_lock_analysis
{
	int err = pin_locked(f, out);

	if (!err)
		rwsem_up_read(&f->mm->mmap_lock);
	return err;
}

int get_user_page(struct mm_struct *mm, unsigned long addr, bool write, struct page **out)
{
	struct fault_ctx f = { .mm = mm, .addr = addr & PAGE_MASK, .access.write = write };

	return pin_one(&f, out);
}

int get_user_page_read(struct mm_struct *mm, unsigned long addr, struct page **out)
{
	struct fault_ctx f = { .mm = mm, .addr = addr & PAGE_MASK };

	*out = NULL;
	rwsem_down_read(&mm->mmap_lock);
	f.vma = f.addr < mm->task_size ? find_vma(mm, f.addr) : NULL;
	if (f.vma && f.vma->vm_start <= f.addr && fault_rights(&f) == FAULT_OK)
		*out = page_of_entry(&f);
	rwsem_up_read(&mm->mmap_lock);
	if (*out && *out != zero_page)
		return 0;
	if (*out)
		put_page(
			*out); /* the page of zeroes is nobody's: whoever asks for it must have the right to read */
	f.read_right = true;
	return pin_one(&f, out);
}

int pin_user_page(struct mm_struct *mm, unsigned long addr, bool write, struct page **out)
{
	struct fault_ctx f = {
		.mm = mm, .addr = addr & PAGE_MASK, .access.write = write, .pin = true
	};

	WRITE_ONCE(mm->has_pinned, true);
	return pin_one(&f, out);
}

int get_stack_page(struct mm_struct *mm, unsigned long addr, struct page **out)
{
	struct fault_ctx f = {
		.mm = mm, .addr = addr & PAGE_MASK, .access.write = true, .grow = true
	};

	return pin_one(&f, out);
}

/* Bytes of the page that holds @at, from there on. 0 or what pin_locked says. */
static int copy_piece(struct fault_ctx *f, unsigned long at, char *buf, size_t n) no_lock_analysis
{
	struct page *page;
	char *p;
	int err;

	f->addr = at & PAGE_MASK;
	err = pin_locked(f, &page);
	if (err)
		return err;
	p = kmap_local_page(page);
	if (f->access.write)
		memcpy(p + (at & ~PAGE_MASK), buf, n);
	else
		memcpy(buf, p + (at & ~PAGE_MASK), n);
	kunmap_local(p);
	if (f->access.write)
		page_mark_dirty(page);
	rwsem_up_read(&f->mm->mmap_lock);
	swap_put_page(page);
	return 0;
}

static size_t copy_all(struct fault_ctx *f, unsigned long addr, char *buf, size_t len)
{
	size_t done = 0;

	while (done < len) {
		unsigned long at = addr + done;
		size_t n = min_of(size_t, len - done, PAGE_SIZE - (at & ~PAGE_MASK));

		if (at < addr || copy_piece(f, at, buf + done, n))
			break;
		done += n;
	}
	return done;
}

size_t mm_access(struct mm_struct *mm, unsigned long addr, void *buf, size_t len, bool write)
{
	struct fault_ctx f = { .mm = mm, .access.write = write, .force = true, .grow = true };

	return copy_all(&f, addr, buf, len);
}

size_t mm_copy(struct mm_struct *mm, unsigned long addr, void *buf, size_t len, bool write)
{
	struct fault_ctx f = { .mm = mm, .access.write = write, .read_right = !write };

	return copy_all(&f, addr, buf, len);
}

/* What is being faulted in, and how far it is. */
struct populate {
	struct mm_struct *mm;
	unsigned long at, end;
	struct userfault_waiter *waiter; /* NULL: mmap_lock cannot be dropped */
};

/* The part of one vma. mmap_lock held. Return: also LOOK_AGAIN, then p->at has been reached. */
static int populate_vma(struct populate *p, struct vm_area_struct *vma, bool write)
{
	unsigned long end = min_of(unsigned long, p->end, vma->vm_end);
	struct fault_ctx f = { .mm = vma->vm_mm,
			       .vma = vma,
			       .access.write = write,
			       .stop = end,
			       .waiter = p->waiter };
	unsigned long step = vma->vm_flags & VM_HUGETLB ? HPAGE_SIZE : PAGE_SIZE;
	int r = FAULT_OK;

	for (; p->at < end && r == FAULT_OK;
	     p->at = r == FAULT_OK ? (p->at & ~(step - 1)) + step : p->at) {
		f.addr = f.exact = p->at;
		f.made = false;
		r = mm_ctx_current()->fatal_signal ? FAULT_KILLED : fault_in(&f);
	}
	if (r == FAULT_HWPOISON)
		return -EHWPOISON;
	return r == STAGE_WAIT ? LOOK_AGAIN : fault_errno((enum fault_result)r);
}

/* After LOOK_AGAIN: mmap_lock dropped, the page waited for, mmap_lock taken. 0 or -EINTR. */
static int populate_wait(struct populate *p) no_lock_analysis
{
	struct fault_ctx f = { .waiter = p->waiter };
	int err;

	rwsem_up_read(&p->mm->mmap_lock);
	err = userfault_wait(&f);
	rwsem_down_read(&p->mm->mmap_lock);
	return err;
}

/* MADV_POPULATE_*: what the rights do not allow is a mistake of the caller. */
static int populate_checked(struct populate *p, struct vm_area_struct *vma, bool write)
{
	if ((vma->vm_flags & (VM_IO | VM_PFNMAP)) ||
	    !(vma->vm_flags & (write ? VM_WRITE : VM_READ)))
		return -EINVAL;
	return populate_vma(p, vma, write);
}

int mm_populate(struct mm_struct *mm, unsigned long addr, unsigned long len, bool write)
{
	struct userfault_waiter waiter;
	struct populate p = { mm, addr, addr + len, &waiter };
	int err = 0, hole = 0;

	rwsem_down_read(&mm->mmap_lock);
	while (!err && p.at < p.end) {
		struct vm_area_struct *vma = find_vma(mm, p.at);

		if (!vma || vma->vm_start > p.at)
			hole = -ENOMEM;
		if (!vma || vma->vm_start >= p.end)
			break;
		p.at = max_of(unsigned long, p.at, vma->vm_start);
		err = populate_checked(&p, vma, write);
		if (err == LOOK_AGAIN)
			err = populate_wait(&p);
	}
	rwsem_up_read(&mm->mmap_lock);
	return err ? err : hole;
}

/* Private writable memory is faulted in for writing, so that no write faults later; shared memory stays clean. */
static int populate_locked(struct populate *p, struct vm_area_struct *vma)
{
	bool write = (vma->vm_flags & (VM_WRITE | VM_SHARED)) == VM_WRITE;
	int err;

	if (vma->vm_flags & (VM_IO | VM_PFNMAP | VM_LOCKONFAULT))
		return 0;
	p->at = max_of(unsigned long, p->at, vma->vm_start);
	err = populate_vma(p, vma, write);
	return err == -EHWPOISON ? -EFAULT : err;
}

int populate_locked_vma(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	struct populate p = { vma->vm_mm, start, end, NULL };

	return populate_locked(&p, vma);
}

int populate_range(struct mm_struct *mm, unsigned long start, unsigned long end, bool best_effort)
{
	struct userfault_waiter waiter;
	struct populate p = { mm, start, end, &waiter };
	struct vm_area_struct *vma;
	int err = 0;

	rwsem_down_read(&mm->mmap_lock);
	while (!err && p.at < end && (vma = find_vma(mm, p.at)) && vma->vm_start < end) {
		unsigned long stop = vma->vm_end;

		err = populate_locked(&p, vma);
		if (err == LOOK_AGAIN) {
			err = populate_wait(&p);
			continue;
		}
		p.at = stop;
		if (best_effort && err != -EINTR)
			err = 0;
	}
	rwsem_up_read(&mm->mmap_lock);
	return err;
}
