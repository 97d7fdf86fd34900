/*
 * The huge page of zeroes: what reading an untouched block maps, one for the whole system.
 *
 *   read of a block without a table     special large entry, read-only, with its spare table; no page is spent
 *   write to it                         a huge page of the program's own takes its place; no block free: it is split
 *   split                               HPAGE_NR special entries for the small page of zeroes
 *
 * OWNS     the block, while there is one: users counts the address spaces that have, or had, it mapped (mm->huge_zero).
 * WHY      a program that reads much more than it writes (a sparse table) spends one table, not a block, for each block that
 *          it looks at.
 * I1       while any mm has huge_zero set the block stays; without any it is the shrinker's to take.
 * LOCKS    zero_lock (rank OBJECT) for all of it; mm->huge_zero, once set, stays until the mm is empty.
 * CONTEXT  faults, fork: may sleep.
 * FAILS    thp_zero_get: NULL without a block free; then pages are small.
 * NOT HERE faults (thp.c), what a split makes of the entry (mm/pt/huge.c).
 * SOURCES  Linux Documentation/admin-guide/mm/transhuge.rst, use_zero_page.   TESTED BY thp_test.c, tests/guest/huge_thp.c
 */
#include "mm/alloc.h"
#include "mm/aspace/thp_impl.h"
#include "mm/mm.h"
#include "mm/shrinker.h"
#include "mm/thp.h"
#include "mm/vmevent.h"
#include "sync/failpoint.h"

int thp_use_zero_page = 1;

static struct spinlock zero_lock;
static struct page *zero_block; /* zero_lock */
static unsigned long users;	/* zero_lock */

static unsigned long unused(void)
{
	return READ_ONCE(zero_block) && !READ_ONCE(users) ? HPAGE_NR : 0;
}

static unsigned long shrink(unsigned long nr, gfp_t gfp)
{
	struct page *block = NULL;

	spin_lock(&zero_lock);
	if (!users) {
		block = zero_block;
		WRITE_ONCE(zero_block, NULL);
	}
	spin_unlock(&zero_lock);
	if (block)
		put_page(block); /* who has it pinned keeps it */
	return block ? HPAGE_NR : 0;
}

static const struct shrinker zero_shrinker = { .name = "thp-zero",
					       .count = unused,
					       .scan = shrink };

void thp_zero_boot(void)
{
	spin_init(&zero_lock, RANK_OBJECT);
	zero_block = NULL;
	users = 0;
	must(register_shrinker(&zero_shrinker) == 0);
}

/* @mm uses the block that there is. Return: false: there is none. */
static bool join(struct mm_struct *mm)
{
	bool there;

	spin_lock(&zero_lock);
	there = zero_block != NULL;
	if (there && !mm->huge_zero) {
		users++;
		WRITE_ONCE(mm->huge_zero, true);
	}
	spin_unlock(&zero_lock);
	return there;
}

static struct page *make_block(void)
{
	const gfp_t gfp = GFP_HIGHUSER | __GFP_ZERO | __GFP_COMP | __GFP_NOWARN | __GFP_NORETRY;
	struct page *block = failpoint("thp_zero") ? NULL : alloc_pages(gfp, HPAGE_ORDER);

	count_vm_event(block ? THP_ZERO_PAGE_ALLOC : THP_ZERO_PAGE_ALLOC_FAILED);
	return block;
}

/* It is everybody's, unless another CPU was faster. */
static void publish(struct page *block)
{
	spin_lock(&zero_lock);
	if (!zero_block) {
		WRITE_ONCE(zero_block, block);
		block = NULL;
	}
	spin_unlock(&zero_lock);
	if (block)
		put_page(block);
}

struct page *thp_zero_get(struct mm_struct *mm)
{
	while (!READ_ONCE(mm->huge_zero) && !join(mm)) {
		struct page *block = make_block();

		if (!block)
			return NULL;
		publish(block);
	}
	return zero_block; /* I1 */
}

void thp_zero_fork(struct mm_struct *new, const struct mm_struct *old)
{
	if (READ_ONCE(old->huge_zero))
		must(join(new));
}

void thp_zero_put(struct mm_struct *mm)
{
	if (!mm->huge_zero)
		return;
	mm->huge_zero = false;
	spin_lock(&zero_lock);
	users--;
	spin_unlock(&zero_lock);
}

bool page_is_huge_zero(const struct page *page)
{
	const struct page *block = READ_ONCE(zero_block);

	return block && page >= block && page < block + HPAGE_NR;
}
