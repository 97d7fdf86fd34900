/* What of an address space is in memory, and what must stay there or as it is: bodies of system calls, errors as the man
 * pages. They take mmap_lock themselves. */
#ifndef MM_WIRE_H
#define MM_WIRE_H

#include "base/compiler.h"
#include "base/types.h"

struct mm_struct;

/* mlock2(2): @lock is VM_LOCKED, with VM_LOCKONFAULT too, or 0 for munlock(2). */
int must_check vm_lock(struct mm_struct *mm, unsigned long addr, unsigned long len,
		       unsigned long lock);
int must_check vm_lock_all(struct mm_struct *mm,
			   int flags); /* mlockall(2): MCL_*; 0: munlockall(2) */
/* mincore(2): a byte a page to user memory @vec. */
int must_check vm_mincore(struct mm_struct *mm, unsigned long addr, unsigned long len, uaddr_t vec);
int must_check vm_seal(struct mm_struct *mm, unsigned long addr, unsigned long len); /* mseal(2) */
/* What advice on @len bytes is about: [addr, *end). 0 or -EINVAL. */
int must_check vm_advice_range(unsigned long addr, unsigned long len, unsigned long *end);
/* remap_file_pages(2). */
int must_check vm_remap_pages(struct mm_struct *mm, unsigned long addr, unsigned long len,
			      unsigned long prot, unsigned long pgoff, unsigned long flags);
int must_check vm_sync(struct mm_struct *mm, unsigned long addr, unsigned long len,
		       int flags); /* msync(2) */

#endif
