/*
 * /proc/PID/mem, clear_refs, coredump_filter: a process's memory itself, and what is remembered of its use.
 *
 *   mem         bytes at their addresses; reads and writes as a debugger: what the program may not write is copied first
 *   clear_refs  1 all, 2 anonymous, 3 file pages: not referenced from now on; 4: not soft-dirty; 5: VmHWM falls to VmRSS
 *
 * LOCKS    mmap_lock (mm_access; for read while accessed bits are cleared); no lock while bytes move to or from the caller.
 * CONTEXT  tasks; may sleep.
 * FAILS    mem: -EACCES at open; -EIO where nothing is mapped; 0 bytes for a process without memory. clear_refs: -EINVAL.
 * SOURCES  proc(5); Linux Documentation/filesystems/proc.rst.   TESTED BY proc_pagemap.c, proc_mem.c
 */
#include "proc_impl.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "kernel/task.h"
#include "lib/string.h"
#include "mm/gather.h"
#include "mm/mm.h"
#include "mm/range.h"
#include "mm/slab.h"
#include "sync/failpoint.h"
#include "vfs_impl.h"

/* ---- mem ---- */

static int mem_open(struct inode *inode, struct file *f)
{
	return task_may_inspect(proc_task_of(inode)) ? 0 : -EACCES;
}

/* Up to a page between @buf, kernel memory of a page, and the process. Return: bytes, or -errno. */
static long mem_part(struct mm_struct *mm, char *page, uaddr_t buf, size_t n, uint64_t at,
		     bool write)
{
	if (write && copy_from_user(page, buf, n))
		return -EFAULT;
	n = at < USER_TOP ? mm_access(mm, (unsigned long)at, page, n, write) : 0;
	if (!n)
		return -EIO;
	return !write && copy_to_user(buf, page, n) ? -EFAULT : (long)n;
}

static long mem_move(struct mm_struct *mm, uaddr_t buf, size_t len, uint64_t *pos, bool write)
{
	char *page = failpoint("proc_mem") ? NULL : kmalloc(PAGE_SIZE, GFP_KERNEL);
	size_t done = 0;
	long n = 0;

	if (!page)
		return -ENOMEM;
	while (done < len && !fatal_signal_pending()) {
		n = mem_part(mm, page, buf + done, min_of(size_t, len - done, PAGE_SIZE), *pos,
			     write);
		if (n < 0)
			break;
		done += (size_t)n;
		*pos += (uint64_t)n;
	}
	kfree(page);
	return done || n >= 0 ? (long)done : n;
}

static long mem_rw(struct file *f, uaddr_t buf, size_t len, uint64_t *pos, bool write)
{
	struct mm_struct *mm;
	long ret = task_mm_inspect(proc_task_of(f->inode), &mm);

	if (ret || !mm)
		return ret;
	ret = mem_move(mm, buf, len, pos, write);
	mmput(mm);
	return ret;
}

static long mem_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	return mem_rw(f, buf, len, pos, false);
}

static long mem_write(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	return mem_rw(f, buf, len, pos, true);
}

/* An address is any number: there is no end to seek from. */
static int64_t mem_seek(struct file *f, int64_t off, int whence)
{
	if (whence != SEEK_SET && whence != SEEK_CUR)
		return -EINVAL;
	f->pos = whence == SEEK_SET ? (uint64_t)off : f->pos + (uint64_t)off;
	return (int64_t)f->pos;
}

const struct file_ops pid_mem_fops = {
	.open = mem_open, .read = mem_read, .write = mem_write, .seek = mem_seek
};

/* ---- clear_refs ---- */

enum { CLEAR_ALL = 1, CLEAR_ANON, CLEAR_MAPPED, CLEAR_SOFT_DIRTY, CLEAR_PEAK };

static int forget_reference(pte_t e, uaddr_t va, void *arg)
{
	struct page *page;

	if (!pte_present(e) || pte_special(e))
		return 0;
	page = pfn_to_page(pte_pfn(e));
	if (page_test(page, PG_referenced))
		page_clear(page, PG_referenced);
	if (page_test(page, PG_young))
		page_clear(page, PG_young);
	return 0;
}

static bool is_wanted(const struct vm_area_struct *vma, long what)
{
	if (vma->vm_flags & VM_PFNMAP)
		return false;
	return what == CLEAR_ALL || (what == CLEAR_MAPPED) == proc_vma_is_file(vma);
}

static void clear_references(struct mm_struct *mm, long what)
{
	struct vm_area_struct *vma;
	struct mmu_gather g;

	rwsem_down_read(&mm->mmap_lock);
	gather_begin(&g, mm);
	for (vma = vma_first(mm); vma; vma = vma_next(mm, vma)) {
		if (!is_wanted(vma, what))
			continue;
		(void)range_age(&g, vma->vm_start, vma->vm_end);
		(void)range_each(mm, vma->vm_start, vma->vm_end, forget_reference, NULL);
	}
	gather_end(&g);
	rwsem_up_read(&mm->mmap_lock);
}

static void reset_peak(struct mm_struct *mm)
{
	rwsem_down_write(&mm->mmap_lock);
	mm->hiwater_rss = mm_rss(mm);
	rwsem_up_write(&mm->mmap_lock);
}

int clear_refs_store(struct task *t, char *text, size_t len)
{
	struct mm_struct *mm;
	long what;
	int err = proc_parse_long(text, &what);

	if (err || what < CLEAR_ALL || what > CLEAR_PEAK)
		return -EINVAL;
	mm = task_mm_get(t);
	if (!mm)
		return 0;
	if (what == CLEAR_PEAK)
		reset_peak(mm);
	else if (what == CLEAR_SOFT_DIRTY)
		mm_clear_soft_dirty(mm);
	else
		clear_references(mm, what);
	mmput(mm);
	return 0;
}

/* ---- coredump_filter: kinds of mappings, a bit each ---- */

enum { FILTER_BITS = 9 };

int coredump_filter_show(struct seq_file *m, struct task *t)
{
	struct mm_struct *mm = task_mm_get(t);

	if (!mm)
		return 0;
	seq_printf(m, "%08x\n", READ_ONCE(mm->dump_filter));
	mmput(mm);
	return 0;
}

int coredump_filter_store(struct task *t, char *text, size_t len)
{
	struct mm_struct *mm;
	uint64_t v;

	if (str_to_u64(text, &v) || v > UINT32_MAX)
		return -EINVAL;
	mm = task_mm_get(t);
	if (!mm)
		return -ESRCH;
	WRITE_ONCE(mm->dump_filter, (unsigned)v & ((1U << FILTER_BITS) - 1));
	mmput(mm);
	return 0;
}
