/*
 * Being told when page tables of a program change: as Linux 6.1. Events come before and after munmap, mprotect, madvise, mremap, writes
 * to shared pages, fork, reclaim, migration, truncation, merging and collapsing.
 */
#ifndef _LINUX_MMU_NOTIFIER_H
#define _LINUX_MMU_NOTIFIER_H

#include <linux/interval_tree.h>
#include <linux/list.h>
#include <linux/mm_types.h>
#include <linux/mmap_lock.h>
#include <linux/spinlock.h>
#include <linux/srcu.h>

#define mmu_range_view	      mmu_notifier_range
#define mmu_watch_view	      mmu_notifier
#define mmu_ops_view	      mmu_notifier_ops
#define mmu_interval_view     mmu_interval_notifier
#define mmu_interval_ops_view mmu_interval_notifier_ops

#include "module/mmu_view.h"

enum mmu_notifier_event {
	MMU_NOTIFY_UNMAP,
	MMU_NOTIFY_CLEAR,
	MMU_NOTIFY_PROTECTION_VMA,
	MMU_NOTIFY_PROTECTION_PAGE,
	MMU_NOTIFY_SOFT_DIRTY,
	MMU_NOTIFY_RELEASE,
	MMU_NOTIFY_MIGRATE,
	MMU_NOTIFY_EXCLUSIVE,
};
#define MMU_NOTIFIER_RANGE_BLOCKABLE MMU_RANGE_BLOCKABLE_VIEW

int mmu_notifier_register(struct mmu_notifier *n, struct mm_struct *mm);
int __mmu_notifier_register(struct mmu_notifier *n, struct mm_struct *mm);
void mmu_notifier_unregister(struct mmu_notifier *n, struct mm_struct *mm);
struct mmu_notifier *mmu_notifier_get_locked(const struct mmu_notifier_ops *ops,
					     struct mm_struct *mm);
struct mmu_notifier *mmu_notifier_get(const struct mmu_notifier_ops *ops, struct mm_struct *mm);
void mmu_notifier_put(struct mmu_notifier *n);
void mmu_notifier_synchronize(void);
int mm_has_notifiers(struct mm_struct *mm);

int mmu_interval_notifier_insert(struct mmu_interval_notifier *n, struct mm_struct *mm,
				 unsigned long start, unsigned long length,
				 const struct mmu_interval_notifier_ops *ops);
int mmu_interval_notifier_insert_locked(struct mmu_interval_notifier *n, struct mm_struct *mm,
					unsigned long start, unsigned long length,
					const struct mmu_interval_notifier_ops *ops);
void mmu_interval_notifier_remove(struct mmu_interval_notifier *n);
unsigned long mmu_interval_read_begin(struct mmu_interval_notifier *n);

static inline void mmu_interval_set_seq(struct mmu_interval_notifier *n, unsigned long seq)
{
	WRITE_ONCE(n->invalidate_seq, seq);
}

static inline bool mmu_interval_read_retry(struct mmu_interval_notifier *n, unsigned long seq)
{
	return READ_ONCE(n->invalidate_seq) != seq;
}
#define mmu_interval_check_retry mmu_interval_read_retry

static inline bool mmu_notifier_range_blockable(const struct mmu_notifier_range *r)
{
	return r->flags & MMU_NOTIFIER_RANGE_BLOCKABLE;
}

#endif
