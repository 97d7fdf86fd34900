/*
 * /proc/PID/pagemap: 64 bits for each page of a process's address space, at offset 8 * (address / page size).
 *
 * FORMAT   0-54 frame number (of a page that is swapped out: 0-4 area, 5-54 slot), 55 soft-dirty, 56 mapped here alone,
 *          57 write-protected for a userfaultfd, 61 file or shared memory, 62 swapped out, 63 present.
 *          Bit 55 is set for all of a mapping that is new, or whose soft-dirty bits were never cleared.
 * WHY      frame numbers are root's: without CAP_SYS_ADMIN at open they read as zero.
 * LOCKS    mmap_lock for read while a batch is looked up; the copy to the user comes after.
 * CONTEXT  tasks; may sleep.
 * FAILS    -EACCES at open; -EINVAL for an offset or length that is not a multiple of 8.
 * SOURCES  proc(5); Linux Documentation/admin-guide/mm/pagemap.rst.   TESTED BY proc_pagemap.c
 */
#include "proc_impl.h"

#include "arch/pt.h"
#include "arch/uaccess.h"
#include "base/errno.h"
#include "kernel/task.h"
#include "mm/mm.h"
#include "mm/pt.h"
#include "mm/slab.h"
#include "mm/swapped.h"
#include "sync/failpoint.h"
#include "vfs_impl.h"

enum { PM_BATCH = 512, PM_SWAP_TYPE_BITS = 5 };
#define PM_SOFT_DIRTY (1ULL << 55)
#define PM_EXCLUSIVE  (1ULL << 56)
#define PM_UFFD_WP    (1ULL << 57)
#define PM_FILE	      (1ULL << 61)
#define PM_SWAP	      (1ULL << 62)
#define PM_PRESENT    (1ULL << 63)

static uint64_t page_bits(const struct page *page)
{
	uint64_t v = page_state(page) == PS_ANON ? 0 : PM_FILE;

	return page_mapcount(page) == 1 ? v | PM_EXCLUSIVE : v;
}

/* The page is on its way to another frame. */
static uint64_t migration_bits(pte_t e)
{
	uint64_t v = page_bits(pfn_to_page(migration_pfn(e)));

	if (pte_swap_offset(e) & MIGRATION_UFFD_WP)
		v |= PM_UFFD_WP;
	return pte_swap_offset(e) & MIGRATION_SOFT_DIRTY ? v | PM_SOFT_DIRTY : v;
}

/* An entry that is neither none nor present. */
static uint64_t swap_bits(pte_t e, bool show_pfn)
{
	unsigned type = pte_swap_type(e);
	uint64_t v = PM_SWAP;

	if (type == SWP_MARKER)
		return pte_swap_offset(e) & SWP_MARKER_UFFD_WP ? PM_UFFD_WP : 0;
	if (pte_is_migration(e))
		return v | migration_bits(e) |
		       (show_pfn ? type | (uint64_t)migration_pfn(e) << PM_SWAP_TYPE_BITS : 0);
	if (type == SWP_HWPOISON || type == SWP_LOST)
		return v |
		       (show_pfn ? type | (uint64_t)pte_swap_offset(e) << PM_SWAP_TYPE_BITS : 0);
	if (show_pfn)
		v |= type | (uint64_t)swp_offset(pte_swp_entry(e)) << PM_SWAP_TYPE_BITS;
	if (swapped_test(e, SWAP_SOFT_DIRTY))
		v |= PM_SOFT_DIRTY;
	return swapped_test(e, SWAP_UFFD_WP) ? v | PM_UFFD_WP : v;
}

static uint64_t entry_bits(pte_t e, bool show_pfn)
{
	uint64_t v;

	if (pte_none(e))
		return 0;
	if (!pte_present(e))
		return swap_bits(e, show_pfn);
	v = PM_PRESENT | (show_pfn ? pte_pfn(e) : 0);
	if (pte_soft_dirty(e))
		v |= PM_SOFT_DIRTY;
	if (pte_uffd_wp(e))
		v |= PM_UFFD_WP;
	return pte_special(e) ? v : v | page_bits(page_head(pfn_to_page(pte_pfn(e))));
}

/* Entries of @nr pages from @vpn on; pages that no mapping covers are zero. */
static void fill_batch(struct mm_struct *mm, uint64_t vpn, unsigned nr, bool show_pfn,
		       uint64_t *out)
{
	struct vm_area_struct *vma = NULL;

	rwsem_down_read(&mm->mmap_lock);
	for (unsigned i = 0; i < nr; i++) {
		unsigned long va = (unsigned long)(vpn + i) << PAGE_SHIFT;

		if (!vma || va >= vma->vm_end)
			vma = find_vma(mm, va);
		out[i] = 0;
		if (!vma || va < vma->vm_start)
			continue;
		out[i] = entry_bits(pt_peek_page(&mm->root, va), show_pfn);
		if (vma->vm_flags & VM_SOFTDIRTY)
			out[i] |= PM_SOFT_DIRTY;
	}
	rwsem_up_read(&mm->mmap_lock);
}

static long read_mm(struct mm_struct *mm, bool show_pfn, uaddr_t buf, size_t len, uint64_t *pos)
{
	uint64_t *batch =
		failpoint("pagemap") ? NULL : kmalloc(PM_BATCH * sizeof(*batch), GFP_KERNEL);
	uint64_t end = (uint64_t)USER_TOP >> PAGE_SHIFT;
	size_t done = 0;

	if (!batch)
		return -ENOMEM;
	while (done < len && *pos / 8 < end) {
		uint64_t vpn = *pos / 8;
		unsigned n = (unsigned)min_of(uint64_t, min_of(size_t, (len - done) / 8, PM_BATCH),
					      end - vpn);

		fill_batch(mm, vpn, n, show_pfn, batch);
		if (copy_to_user(buf + done, batch, n * 8))
			break;
		done += n * 8;
		*pos += n * 8;
		if (fatal_signal_pending())
			break;
	}
	kfree(batch);
	return done || !len || *pos / 8 >= end ? (long)done : -EFAULT;
}

/* f->private: may the opener see frame numbers? */
static int pagemap_open(struct inode *inode, struct file *f)
{
	if (!task_may_inspect(proc_task_of(inode)))
		return -EACCES;
	f->private = capable(CAP_SYS_ADMIN) ? f : NULL;
	return 0;
}

static long pagemap_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct mm_struct *mm;
	long ret = task_mm_inspect(proc_task_of(f->inode), &mm);

	if (ret || !mm)
		return ret;
	if (*pos % 8 || len % 8)
		ret = -EINVAL;
	else
		ret = read_mm(mm, f->private != NULL, buf, len, pos);
	mmput(mm);
	return ret;
}

const struct file_ops pagemap_fops = { .open = pagemap_open, .read = pagemap_read };
