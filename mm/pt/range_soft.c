/*
 * Entries that are not soft-dirty any more: pages unwritten since then; and those that are again, for they have moved.
 *
 * WHY      the write right goes with the bit, so that the next write faults and sets it: the CPU's own dirty bit belongs to
 *          write-back.
 * LOCKS    mmap_lock for write, so that no fault is between reading an entry and changing it; table locks inside.
 * CONTEXT  run functions: no sleep.   FAILS  never.   COST  an exchange for each entry that was written.
 * NOT HERE VM_SOFTDIRTY, and who sets the bit (mm/aspace/softdirty.c).   TESTED BY softdirty_test.c
 */
#include "mm/pt/range_impl.h"
#include "mm/swapped.h"

static inline pte_t soft_clean(pte_t e)
{
	return pte_clear_soft_dirty(pte_wrprotect(e));
}

static int soft_run(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last)
{
	for (unsigned n = run_entries(va, last); n > 0; n--, e++, va += PAGE_SIZE) {
		pte_t cur = pte_read(e);

		if (pte_is_migration(cur))
			pte_set(e, migration_clear_soft_dirty(cur));
		if (pte_is_swapped(cur))
			pte_set(e, swapped_set(cur, SWAP_SOFT_DIRTY, false));
		if (!pte_present(cur) || !(pte_write(cur) || pte_soft_dirty(cur)))
			continue;
		entry_change(e, cur, soft_clean(cur));
		if (pte_write(cur))
			gather_note(w->arg, va);
	}
	return 0;
}

/* Huge pages lie in one vma whole, and so in the range. */
static int soft_huge(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last)
{
	pte_t cur = pte_read(e);

	if (!pte_write(cur) && !pte_soft_dirty(cur))
		return 0;
	entry_change(e, cur, soft_clean(cur));
	if (pte_write(cur))
		gather_note_range(w->arg, va, last + 1);
	return 0;
}

static const struct pt_walk_ops soft_ops = { .run = soft_run, .huge = soft_huge };

void range_clear_soft_dirty(struct mmu_gather *g, uaddr_t start, uaddr_t end)
{
	struct pt_walk w = { .ops = &soft_ops, .root = &g->mm->root, .mm = g->mm, .arg = g };

	must(pt_walk_range(&w, start, end - 1) == 0);
}

static int mark_run(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last)
{
	for (unsigned n = run_entries(va, last); n > 0; n--, e++) {
		pte_t cur = pte_read(e);

		if (pte_present(cur))
			entry_change(e, cur, pte_mksoft_dirty(cur));
		else if (pte_is_migration(cur))
			pte_set(e, migration_mksoft_dirty(cur));
		else if (pte_is_swapped(cur))
			pte_set(e, swapped_set(cur, SWAP_SOFT_DIRTY, true));
	}
	return 0;
}

static int mark_huge(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last)
{
	entry_change(e, pte_read(e), pte_mksoft_dirty(pte_read(e)));
	return 0;
}

static const struct pt_walk_ops mark_ops = { .run = mark_run, .huge = mark_huge };

void range_mark_soft_dirty(struct mm_struct *mm, uaddr_t start, uaddr_t end)
{
	struct pt_walk w = { .ops = &mark_ops, .root = &mm->root, .mm = mm };

	must(pt_walk_range(&w, start, end - 1) == 0);
}
