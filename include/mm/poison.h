/*
 * Frames that are not to be used any more, because they are broken or soon will be. docs/book/rmap.md has the theory.
 */
#ifndef MM_POISON_H
#define MM_POISON_H

#include "base/atomic.h"
#include "mm/memmap.h"

extern atomic_long_t num_poisoned_pages;   /* out of use: HardwareCorrupted of /proc/meminfo */
extern int sysctl_memory_failure_recovery; /* /proc/sys/vm; 0: broken memory is a panic */

/**
 * memory_failure - the contents of @page are lost: whoever accesses them gets SIGBUS.
 * @page: with a reference of the caller's, which is given away. Return: 0 it is out of use; -EBUSY: it is of a kind that
 * cannot be given up; -EHWPOISON: it was out of use already.   Sleeps.
 */
int must_check memory_failure(struct page *page);
/* The frame is still good, but shall not be used: its contents move. As above, and -ENOMEM: there is no other frame. */
int must_check soft_offline_page(struct page *page);
/* Back into use. 0, also when it was; -ENXIO: no such frame; -EBUSY: somebody still holds it. */
int must_check unpoison_memory(pfn_t pfn);

/* MADV_HWPOISON and MADV_SOFT_OFFLINE: page by page what is above. Errors as madvise(2). */
struct mm_struct;
int must_check vm_poison(struct mm_struct *mm, unsigned long addr, unsigned long len, int advice);

/* The page cache's part (mm/backing/truncate.c): the locked and unmapped @page of @m is broken, and if @lost it was all
 * there was of its contents. */
struct address_space;
void mapping_poison_page(struct address_space *m, struct page *page, bool lost);
bool mapping_is_poisoned(struct address_space *m, unsigned long index);

#endif
