/*
 * What of a range is in memory, a byte a page: the inner loop of mincore(2).
 *
 * WHY      programs ask about megabytes; a callback per entry costs three times the answer.
 * LOCKS    mmap_lock any mode; the table's lock from the walk.   CONTEXT  run functions: no sleep.   FAILS  never.
 * TESTED BY mmap_test.c
 */
#include "lib/string.h"
#include "mm/pt/range_impl.h"
#include "mm/swap.h"

struct core_ctx {
	uaddr_t start;
	uint8_t none;
	uint8_t *vec;
};

/* Of an entry that is neither none nor present. */
static uint8_t core_of_other(pte_t e, uint8_t none)
{
	if (pte_is_migration(e) || pte_is_hwpoison(e))
		return CORE_PRESENT;
	if (pte_is_swapped(e)) /* on its way out, or read ahead */
		return swap_is_cached(pte_swp_entry(e)) ? CORE_PRESENT : CORE_ABSENT;
	return pte_swap_type(e) == SWP_MARKER ? CORE_UNKNOWN
					      : CORE_ABSENT; /* a marker is as good as none */
}

static int core_run(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last)
{
	const struct core_ctx *c = w->arg;
	uint8_t *vec = c->vec + ((va - c->start) >> PAGE_SHIFT);
	uint8_t *end = c->vec + ((last - c->start) >> PAGE_SHIFT) + 1;

	for (; end - vec >= 8 && pte_all_of_8(e); vec += 8, e += 8)
		memset(vec, CORE_PRESENT, 8);
	for (; vec < end; vec++, e++) {
		pte_t cur = pte_read(e);

		if (likely(pte_present(cur)))
			*vec = CORE_PRESENT;
		else if (!pte_none(cur))
			*vec = core_of_other(cur, c->none);
	}
	return 0;
}

static int core_huge(struct pt_walk *w, pte_t *e, uaddr_t va, uaddr_t last)
{
	const struct core_ctx *c = w->arg;

	memset(c->vec + ((va - c->start) >> PAGE_SHIFT), CORE_PRESENT,
	       ((last - va) >> PAGE_SHIFT) + 1);
	return 0;
}

void range_core(struct mm_struct *mm, uaddr_t start, uaddr_t end, uint8_t none, uint8_t *vec)
{
	static const struct pt_walk_ops ops = { .run = core_run, .huge = core_huge };
	struct core_ctx c = { start, none, vec };
	struct pt_walk w = { .ops = &ops, .root = &mm->root, .mm = mm, .arg = &c };

	memset(vec, none, (end - start) >> PAGE_SHIFT);
	must(pt_walk_range(&w, start, end - 1) == 0);
}
