/*
 * What the running thread may still do: RLIMIT_AS, RLIMIT_DATA, RLIMIT_MEMLOCK, vm.mmap_min_addr.
 *
 * WHY      the limits are the calling process's, not the address space's: two processes may share one (vfork), and a
 *          debugger that makes another's stack grow does so under its own limits, as on Linux.
 * I1       limits do not change by themselves: mm_ctx.limits points at the process's, which setrlimit(2) rewrites.
 * LOCKS    none; the sums of the mm are read under its mmap_lock.
 * FAILS    false: the caller knows which errno its manual page wants.
 * NOT HERE RLIMIT_STACK (brk.c), overcommit (mm/track/commit.c).
 * SOURCES  getrlimit(2), capabilities(7), Documentation/admin-guide/sysctl/vm.   TESTED BY mmap_test.c
 */
#include "mm/aspace/aspace_impl.h"
#include "mm/imports.h"

unsigned long mmap_min_addr = 65536;

const struct mm_limits vm_no_limits = { ULONG_MAX, ULONG_MAX, ULONG_MAX, ULONG_MAX, ULONG_MAX };

const struct mm_limits *vm_limits(void)
{
	return vm_limits_of(mm_ctx_current());
}

bool vm_capable(unsigned cap)
{
	return mm_ctx_current()->caps & cap;
}

bool vm_may_expand(const struct mm_struct *mm, unsigned long flags, unsigned long pages)
{
	return vm_fits(mm, vm_limits(), flags, pages);
}

bool vm_may_lock(const struct mm_struct *mm, unsigned long pages)
{
	return mm->locked_vm + pages <= vm_limits()->memlock >> PAGE_SHIFT ||
	       vm_capable(MM_CAP_IPC_LOCK);
}

bool vm_can_lock(void)
{
	return vm_limits()->memlock || vm_capable(MM_CAP_IPC_LOCK);
}

bool vm_may_map_at(unsigned long addr)
{
	return addr >= mmap_min_addr || vm_capable(MM_CAP_SYS_RAWIO);
}
