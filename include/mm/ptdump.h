/* Whole page tables, entry by entry, for debugfs. */
#ifndef MM_PTDUMP_H
#define MM_PTDUMP_H

#include "arch/pt.h"
#include "arch/tlb.h"

/* @e, an entry in a table of @level, stands for addresses from @va on: a page of any size, or (not present) nothing. */
typedef void (*ptdump_fn)(void *arg, uaddr_t va, int level, pte_t e);

/**
 * ptdump_walk - every entry that ends a walk, for [va, last], addresses rising.
 * @root: kernel_root, or a process's with its mmap_lock held in any mode.   @va, @last: one canonical half.
 * Locks: none: each entry is a snapshot.   Sleeps: if @fn does.   Cost: one call per entry, absent tables at once.
 */
void ptdump_walk(const struct pt_root *root, uaddr_t va, uaddr_t last, ptdump_fn fn, void *arg);

#endif
