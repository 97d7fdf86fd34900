/* Watching the page tables of a program (include/linux/mmu_notifier.h): the layouts that both sides know. */
#ifndef MODULE_MMU_VIEW_H
#define MODULE_MMU_VIEW_H

#include "arch/pt.h"
#include "lib/list.h"
#include "module/views.h"

struct mmu_range_view { /* struct mmu_notifier_range */
	struct mm_view *mm;
	unsigned long start, end;
	unsigned flags;
	unsigned event; /* enum mmu_notifier_event */
	void *owner;
};
#define MMU_RANGE_BLOCKABLE_VIEW 1

struct mmu_watch_view; /* struct mmu_notifier */
struct mmu_ops_view {  /* struct mmu_notifier_ops */
	void (*release)(struct mmu_watch_view *w, struct mm_view *mm);
	int (*clear_flush_young)(struct mmu_watch_view *w, struct mm_view *mm, unsigned long start,
				 unsigned long end);
	int (*clear_young)(struct mmu_watch_view *w, struct mm_view *mm, unsigned long start,
			   unsigned long end);
	int (*test_young)(struct mmu_watch_view *w, struct mm_view *mm, unsigned long address);
	void (*change_pte)(struct mmu_watch_view *w, struct mm_view *mm, unsigned long address,
			   pte_t pte);
	int (*invalidate_range_start)(struct mmu_watch_view *w, const struct mmu_range_view *r);
	void (*invalidate_range_end)(struct mmu_watch_view *w, const struct mmu_range_view *r);
	void (*invalidate_range)(struct mmu_watch_view *w, struct mm_view *mm, unsigned long start,
				 unsigned long end);
	struct mmu_watch_view *(*alloc_notifier)(struct mm_view *mm);
	void (*free_notifier)(struct mmu_watch_view *w);
};
struct mmu_watch_view {
	const struct mmu_ops_view *ops;
	struct mm_view *mm;
	unsigned int users;
	/* The kernel's side (module/mmu_notifier.c). */
	struct mmu_watch_view *next;
	struct list_head link;
	unsigned long since;
	int running;
	bool listed;
};

struct mmu_interval_view; /* struct mmu_interval_notifier */
struct mmu_interval_ops_view {
	bool (*invalidate)(struct mmu_interval_view *w, const struct mmu_range_view *r,
			   unsigned long seq);
};
struct mmu_interval_view {
	struct { /* of struct interval_tree_node */
		unsigned long start, last;
	} interval_tree;
	const struct mmu_interval_ops_view *ops;
	struct mm_view *mm;
	unsigned long invalidate_seq;
	/* The kernel's side. */
	struct list_head in_mm, link, later;
	bool inside; /* in in_mm's list, not only meant to be */
};

#endif
