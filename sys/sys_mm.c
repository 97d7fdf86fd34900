/*
 * System calls on memory: turn descriptors into mappings and arguments into struct vm_map_args; mm/aspace does the rest.
 *
 * LOCKS    none held across a call down.   CONTEXT  a task in a system call; may sleep.
 * SOURCES  mmap(2), munmap(2), mprotect(2), mremap(2), brk(2), madvise(2), mincore(2), msync(2), mlock(2),
 *          mlock2(2), mseal(2), pkeys(7).
 */
#include "sys/sys.h"

#include "arch/vdso.h"
#include "fs/file.h"
#include "fs/path.h"
#include "kernel/khugepaged.h"
#include "kernel/ksmd.h"
#include "kernel/task_calls.h"
#include "mm/ksm.h"
#include "mm/mm.h"
#include "mm/poison.h"
#include "mm/wire.h"
#include "uapi/mman.h"

static struct mm_struct *current_mm(void)
{
	return current_task()->mm_ctx.mm;
}

/* What the file was opened for goes along; vm_map holds it against what is wanted. */
static long map_file(struct file *f, struct vm_map_args *args)
{
	unsigned acc = f->flags & O_ACCMODE;
	int err = 0;

	if (f->flags & O_PATH)
		return -EBADF;
	args->file = true;
	args->may_flags = (acc != O_WRONLY ? VM_MAYREAD : 0) | (acc != O_RDONLY ? VM_MAYWRITE : 0);
	if (!f->path.mnt || !path_noexec(&f->path))
		args->may_flags |= VM_MAYEXEC;
	if (f->ops->mmap)
		err = f->ops->mmap(f, args);
	else
		args->refuse = -ENODEV;
	return err ? err : vm_map(current_mm(), args);
}

static noinline_ long map_fd(int fd, struct vm_map_args *args)
{
	struct file *f = fd_file(fd);
	long ret;

	if (!f)
		return -EBADF;
	ret = map_file(f, args);
	fput(f);
	return ret;
}

/* Field by field: of a struct that is cleared as a whole compilers make a loop. */
static inline long do_mmap(uaddr_t addr, unsigned long len, unsigned long prot, unsigned long flags,
			   int fd, unsigned long pgoff)
{
	struct vm_map_args args;

	if (likely((flags & ~(unsigned long)MAP_STACK) == (MAP_PRIVATE | MAP_ANONYMOUS) && !pgoff))
		return vm_map_plain(current_mm(), addr, len, (unsigned)prot);
	args.addr = addr;
	args.len = len;
	args.prot = (unsigned)prot;
	args.flags = (unsigned)flags;
	args.pgoff = pgoff;
	args.mapping = NULL;
	args.may_flags = 0;
	args.file = false;
	args.refuse = 0;
	args.vm_ops = NULL;
	args.vm_private_data = NULL;
	return flags & MAP_ANONYMOUS ? vm_map(current_mm(), &args) : map_fd(fd, &args);
}

/* x86_64: the offset is in bytes. */
SYS(mmap)
{
	if (a5 & ~PAGE_MASK)
		return -EINVAL;
	return do_mmap(a0, a1, a2, a3, (int)a4, a5 >> PAGE_SHIFT);
}

/* i386: in pages. */
SYS(mmap2)
{
	return do_mmap(a0, a1, a2, a3, (int)a4, a5);
}

/* i386 call 90: the arguments lie in memory. */
SYS(mmap_old)
{
	unsigned long a[6];

	if (get_abi(&a, a0, "6p"))
		return -EFAULT;
	return sys_mmap(a[0], a[1], a[2], a[3], a[4], a[5]);
}

SYS(munmap)
{
	return vm_unmap(current_mm(), a0, a1);
}

SYS(mprotect)
{
	return vm_protect(current_mm(), a0, a1, a2);
}

/* The vDSO is at @now: calls by sysenter, this one too, and handlers of every thread in @mm return there from now on. */
static void vdso_moved(struct mm_struct *mm, uaddr_t now)
{
	struct pt_regs *regs = current_regs();
	irqflags_t flags;
	struct task *t;

	if (vdso_offsets.landing && regs->ip == mm->vdso + vdso_offsets.landing)
		regs->ip = now + vdso_offsets.landing;
	WRITE_ONCE(mm->vdso, now);
	for (int pid = 1; (t = task_next(&pid, false)); pid++) {
		flags = spin_lock_irqsave(
			&tasklist_lock); /* a thread that has an address space has its stack */
		if (t->mm_ctx.mm == mm)
			arch_thread_set_vdso(&t->thread.arch, now);
		spin_unlock_irqrestore(&tasklist_lock, flags);
		task_put(t);
	}
}

SYS(mremap)
{
	struct mm_struct *mm = current_mm();
	long to = vm_remap(mm, a0, a1, a2, a3, a4);

	if (a0 == mm->vdso && a0 && (to > 0 || to < -4095) && (uaddr_t)to != a0)
		vdso_moved(mm, (uaddr_t)to);
	return to;
}

SYS(brk)
{
	return (long)vm_brk(current_mm(), a0);
}

SYS(madvise)
{
	int err;

	if ((int)a2 == MADV_HUGEPAGE)
		khugepaged_wake();
	if ((int)a2 == MADV_HWPOISON || (int)a2 == MADV_SOFT_OFFLINE)
		return vm_poison(current_mm(), a0, a1, (int)a2);
	err = vm_advise(current_mm(), a0, a1, (int)a2);
	if ((int)a2 == MADV_MERGEABLE && READ_ONCE(ksm_run) == KSM_MERGE)
		ksmd_wake();
	return err;
}

SYS(mincore)
{
	return vm_mincore(current_mm(), a0, a1, a2);
}

SYS(msync)
{
	return vm_sync(current_mm(), a0, a1, (int)a2);
}

SYS(mlock)
{
	return vm_lock(current_mm(), a0, a1, VM_LOCKED);
}

SYS(mlock2)
{
	if ((int)a2 & ~MLOCK_ONFAULT)
		return -EINVAL;
	return vm_lock(current_mm(), a0, a1, VM_LOCKED | (a2 ? VM_LOCKONFAULT : 0));
}

SYS(munlock)
{
	return vm_lock(current_mm(), a0, a1, 0);
}

SYS(mlockall)
{
	return (int)a0 ? vm_lock_all(current_mm(), (int)a0) : -EINVAL;
}

SYS(munlockall)
{
	return vm_lock_all(current_mm(), 0);
}

SYS(remap_file_pages)
{
	return vm_remap_pages(current_mm(), a0, a1, a2, a3, a4);
}

SYS(mseal)
{
	return VM_SEALED && a2 ? -EINVAL : vm_seal(current_mm(), a0, a1);
}

/*
 * Protection keys, as on a CPU that has none: Linux's x86_64 has not even key 0 then, and its 32-bit kernels have not the
 * calls. pkeys(7).
 */
enum { PKEY_ACCESS_MASK = 3, HAS_PKEY_CALLS = sizeof(long) == 8 };

SYS(pkey_alloc)
{
	if (!HAS_PKEY_CALLS)
		return -ENOSYS;
	return a0 || (a1 & ~(unsigned long)PKEY_ACCESS_MASK) ? -EINVAL : -ENOSPC;
}

SYS(pkey_free)
{
	return HAS_PKEY_CALLS ? -EINVAL : -ENOSYS;
}

SYS(pkey_mprotect)
{
	if (!HAS_PKEY_CALLS)
		return -ENOSYS;
	return (int)a3 == -1 ? vm_protect(current_mm(), a0, a1, a2) : -EINVAL;
}
