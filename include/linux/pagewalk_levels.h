/* Level by level through page tables: what linux/pagewalk.h is made of. */
#ifndef _LINUX_PAGEWALK_LEVELS_H
#define _LINUX_PAGEWALK_LEVELS_H

#include <linux/mm.h>

struct mm_walk;

/* Each may be NULL. A result other than 0 ends the walk: negative as an error, positive as "enough". */
struct mm_walk_ops {
	int (*pgd_entry)(pgd_t *pgd, unsigned long addr, unsigned long next, struct mm_walk *walk);
	int (*p4d_entry)(p4d_t *p4d, unsigned long addr, unsigned long next, struct mm_walk *walk);
	int (*pud_entry)(pud_t *pud, unsigned long addr, unsigned long next, struct mm_walk *walk);
	int (*pmd_entry)(pmd_t *pmd, unsigned long addr, unsigned long next, struct mm_walk *walk);
	int (*pte_entry)(pte_t *pte, unsigned long addr, unsigned long next, struct mm_walk *walk);
	int (*pte_hole)(unsigned long addr, unsigned long next, int depth, struct mm_walk *walk);
	int (*hugetlb_entry)(pte_t *pte, unsigned long hmask, unsigned long addr,
			     unsigned long next, struct mm_walk *walk);
	int (*test_walk)(unsigned long addr, unsigned long next, struct mm_walk *walk);
	int (*pre_vma)(unsigned long start, unsigned long end, struct mm_walk *walk);
	void (*post_vma)(struct mm_walk *walk);
};

enum page_walk_action { ACTION_SUBTREE, ACTION_CONTINUE, ACTION_AGAIN };

struct mm_walk {
	const struct mm_walk_ops *ops;
	struct mm_struct *mm;
	pgd_t *pgd;
	struct vm_area_struct *vma; /* NULL: outside of all */
	enum page_walk_action action;
	bool no_vma;
	void *private;
};

/* ---- the walk: @next is where an entry's part of the range ends ---- */
#define WALK_CALL(fn, ...) (walk->ops->fn ? walk->ops->fn(__VA_ARGS__) : 0)

static inline unsigned long walk_next(unsigned long addr, unsigned long size, unsigned long end)
{
	unsigned long next = (addr + size) & ~(size - 1);

	return next - 1 < end - 1 ? next : end;
}

static inline int walk_ptes(pmd_t *pmd, unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	int err = 0;

	for (; addr < end && !err; addr += PAGE_SIZE) {
		pte_t *pte = pte_offset_kernel(pmd, addr);

		err = WALK_CALL(pte_entry, pte, addr, addr + PAGE_SIZE, walk);
	}
	return err;
}

/*
 * One level above ptes: an entry that leads nowhere is a hole, one that is a page itself ends the walk there, others go on with
 * @below, unless the level's own function says that it is enough (ACTION_CONTINUE).
 */
#define WALK_LEVEL(level, up, span, depth, is_leaf, below)                                         \
	static inline int walk_##level##s(up##_t *table, unsigned long addr, unsigned long end,    \
					  struct mm_walk *walk)                                    \
	{                                                                                          \
		unsigned long next;                                                                \
		int err = 0;                                                                       \
                                                                                                   \
		for (; addr < end && !err; addr = next) {                                          \
			level##_t *e = level##_offset(table, addr);                                \
                                                                                                   \
			next = walk_next(addr, span, end);                                         \
			walk->action = ACTION_SUBTREE;                                             \
			if (level##_none(*e)) {                                                    \
				err = WALK_CALL(pte_hole, addr, next, depth, walk);                \
				continue;                                                          \
			}                                                                          \
			err = WALK_CALL(level##_entry, e, addr, next, walk);                       \
			if (!err && walk->action == ACTION_SUBTREE && !(is_leaf))                  \
				err = below(e, addr, next, walk);                                  \
		}                                                                                  \
		return err;                                                                        \
	}
WALK_LEVEL(pmd, pud, PMD_SIZE, 3, pmd_large(*e), walk_ptes)
WALK_LEVEL(pud, p4d, PUD_SIZE, 2, pud_large(*e), walk_pmds)
WALK_LEVEL(p4d, pgd, P4D_SIZE, 1, false, walk_puds)

static inline int walk_tables(unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	unsigned long next;
	int err = 0;

	for (; addr < end && !err; addr = next) {
		pgd_t *e = pgd_offset_pgd(walk->pgd, addr);

		next = walk_next(addr, PGDIR_SIZE, end);
		walk->action = ACTION_SUBTREE;
		if (pgd_none(*e)) {
			err = WALK_CALL(pte_hole, addr, next, 0, walk);
			continue;
		}
		err = WALK_CALL(pgd_entry, e, addr, next, walk);
		if (!err && walk->action == ACTION_SUBTREE)
			err = walk_p4ds(e, addr, next, walk);
	}
	return err;
}

static inline int walk_in_vma(unsigned long addr, unsigned long end, struct mm_walk *walk)
{
	int err = WALK_CALL(test_walk, addr, end, walk);

	if (err)
		return err > 0 ? 0 : err; /* positive: this vma is left out */
	err = WALK_CALL(pre_vma, addr, end, walk);
	if (!err)
		err = walk_tables(addr, end, walk);
	if (walk->ops->post_vma)
		walk->ops->post_vma(walk);
	return err;
}

#endif
