/* Overcommit accounting: memory promised to programs, in pages, by the modes of proc(5) /proc/sys/vm/overcommit_memory. */
#ifndef MM_COMMIT_H
#define MM_COMMIT_H

#include "base/atomic.h"
#include "base/compiler.h"

enum { OVERCOMMIT_GUESS, OVERCOMMIT_ALWAYS, OVERCOMMIT_NEVER };

extern int sysctl_overcommit_memory, sysctl_overcommit_ratio;
extern unsigned long sysctl_overcommit_kbytes; /* not 0: instead of the ratio */
extern unsigned long sysctl_user_reserve_kbytes, sysctl_admin_reserve_kbytes;
extern atomic_long_t vm_committed_as; /* pages */

void commit_boot(void); /* the reserves, from what is free */
/* After a store: the other of the two no longer counts. */
void commit_ratio_changed(void), commit_kbytes_changed(void);
unsigned long vm_commit_limit(void); /* pages */
/**
 * commit_charge - promise @pages more.
 * @total_vm: size in pages of the address space that asks; 0: the kernel (a file system).
 * Return: 0, or -ENOMEM when the mode in force refuses.   Context: any.
 */
int must_check commit_charge(unsigned long pages, unsigned long total_vm);
void commit_uncharge(unsigned long pages);
/* @pages of swap come into use, or (@more false) leave it. */
void commit_swap(unsigned long pages, bool more);

#endif
