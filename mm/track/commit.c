/*
 * Overcommit: what has been promised, and whether to promise more.
 *
 *   mode 0  guess   refuse only a single request larger than all of RAM and swap
 *   mode 1  always  never refuse
 *   mode 2  never   the sum of promises stays below vm_commit_limit() less two reserves: one for the administrator, from
 *                   everybody else; one of 1/32 of the program's size, so that none takes the last page
 *
 * OWNS     vm_committed_as, the sysctls of overcommit.
 * WHY      private writable memory is promised when it is mapped and allocated when it is touched; only mode 2
 *          keeps the promise by counting, so the count is kept in every mode (it is Committed_AS).
 * I1       vm_committed_as is the sum over address spaces of the pages of VM_ACCOUNT vmas, plus what shared
 *          objects have charged.                                                      [mm_check of each, tests]
 * LOCKS    none: one atomic. Two requests at once may both pass a limit only one fits; each is seen by the next.
 * COST     one atomic addition; mode 2 adds a sum over the zones.
 * NOT HERE which vmas count (mm/aspace), what happens when a promise cannot be kept (reclaim, OOM).
 * SOURCES  proc(5), overcommit-accounting of the kernel documentation.   TESTED BY mm/aspace/mmap_test.c
 */
#include "mm/commit.h"

#include "base/errno.h"
#include "mm/imports.h"
#include "mm/zone.h"
#include "sync/failpoint.h"
#include "sync/kassert.h"

int sysctl_overcommit_memory = OVERCOMMIT_GUESS;
int sysctl_overcommit_ratio = 50;
unsigned long sysctl_overcommit_kbytes;
unsigned long sysctl_user_reserve_kbytes, sysctl_admin_reserve_kbytes; /* set by commit_boot */
atomic_long_t vm_committed_as;
static atomic_long_t swap_pages; /* of all areas in use: promises may count on them */

enum {
	KB_SHIFT = PAGE_SHIFT - 10, /* pages to kB */
	USER_RESERVE_MAX_KB = 128 * 1024,
	ADMIN_RESERVE_MAX_KB = 8 * 1024,
	SURELY_SMALL = 16, /* pages less than any machine's RAM: no need to add up the zones */
};

void commit_ratio_changed(void)
{
	sysctl_overcommit_kbytes = 0;
}

void commit_kbytes_changed(void)
{
	sysctl_overcommit_ratio = 0;
}

void commit_boot(void)
{
	unsigned long share_kb = (nr_free_pages() << KB_SHIFT) / 32;

	sysctl_user_reserve_kbytes = min_of(unsigned long, share_kb, USER_RESERVE_MAX_KB);
	sysctl_admin_reserve_kbytes = min_of(unsigned long, share_kb, ADMIN_RESERVE_MAX_KB);
}

void commit_swap(unsigned long pages, bool more)
{
	atomic_long_add(&swap_pages, more ? (long)pages : -(long)pages);
}

unsigned long vm_commit_limit(void)
{
	unsigned long allowed = sysctl_overcommit_kbytes >> KB_SHIFT;

	if (!sysctl_overcommit_kbytes)
		allowed = (unsigned long)((uint64_t)totalram_pages() *
					  (unsigned)sysctl_overcommit_ratio / 100);
	return allowed + (unsigned long)atomic_long_read(&swap_pages);
}

/* Mode 2: does the sum, which includes the request, stay within the limit? */
static bool within_limit(unsigned long sum, unsigned long total_vm)
{
	unsigned long allowed = vm_commit_limit(), reserve;

	reserve = min_of(unsigned long, sysctl_user_reserve_kbytes >> KB_SHIFT, total_vm / 32);
	if (!(mm_ctx_current()->caps & MM_CAP_SYS_ADMIN))
		reserve += sysctl_admin_reserve_kbytes >> KB_SHIFT;
	return sum < (allowed > reserve ? allowed - reserve : 0);
}

int commit_charge(unsigned long pages, unsigned long total_vm)
{
	unsigned long sum = (unsigned long)atomic_long_add_return(&vm_committed_as, (long)pages);
	bool ok = true;

	if (failpoint("commit_charge"))
		ok = false;
	else if (sysctl_overcommit_memory == OVERCOMMIT_GUESS)
		ok = pages <= SURELY_SMALL ||
		     pages <= totalram_pages() + (unsigned long)atomic_long_read(&swap_pages);
	else if (sysctl_overcommit_memory == OVERCOMMIT_NEVER)
		ok = within_limit(sum, total_vm);
	if (ok)
		return 0;
	commit_uncharge(pages);
	return -ENOMEM;
}

void commit_uncharge(unsigned long pages)
{
	long left = atomic_long_add_return(&vm_committed_as, -(long)pages);

	kassert(left >= 0);
	(void)left;
}
