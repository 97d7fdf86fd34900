/*
 * Moving entries to another place of the same address space (mremap), and the tables for that.
 *
 *      from   |   xx|xxxxx|xxxxx|x    |      where a whole block (what one table of PTEs covers) moves to a whole block,
 *                |     |     |    |          the entry above changes place: a table with all its PTEs, or a large page
 *      to     |   xx|xxxxx|xxxxx|x    |      the ends, and all of a range that lies otherwise: entry by entry
 *
 * WHY      a table is moved by two stores, its PTEs by a thousand.
 * I1       counts, references, A and D go along unseen: pages are mapped as often as before, tables are as many.
 * I2       a transparent large entry takes its spare table along (I2 of huge.c).                        [pt_check_large]
 * I3       no CPU has a translation of the old place when range_move returns: who finds a page at the new place through
 *          rmap, unmaps and frees it, knows nothing of the old one.                          [simulator's oracle]
 * LOCKS    mmap_lock for write keeps faults and other changes out; the rmap locks of the vma keep rmap walks out, which
 *          alone use tables without mmap_lock: so a table may go from below one entry to below another. Table locks inside;
 *          two at once: all who take two hold mmap_lock for write, so no order between the two is needed.
 * COST     a block: some 60 instructions; an entry: 15; a TLB flush for each step.
 * FAILS    range_move_prepare, range_populate_tables: -ENOMEM. range_move: never.
 * NOT HERE vmas, rmap, what stays behind (mm/aspace/mremap.c).
 * SOURCES  the idea is Linux's (Fernandes 2019).   TESTED BY  range_move_test.c, mmap_test.c
 */
#include "base/errno.h"
#include "mm/huge.h"
#include "mm/pt/range_impl.h"

enum { STEP_BLOCKS = 64 }; /* most that one step moves: rmap is locked meanwhile */

/* How much of @len one step moves; *blocks: whole blocks, or else a part of what shares a table with @from. */
static unsigned long step_len(uaddr_t from, uaddr_t to, unsigned long len, bool *blocks)
{
	*blocks = !((from | to) & ~HPAGE_MASK) && len >= HPAGE_SIZE;
	if (*blocks)
		return min_of(unsigned long, len &HPAGE_MASK, STEP_BLOCKS *HPAGE_SIZE);
	return min_of(unsigned long, len, HPAGE_SIZE - (from & ~HPAGE_MASK));
}

/* Is there a table or a large page at @va? With mmap_lock held for write none comes. */
static bool has_block(const struct pt_root *root, uaddr_t va)
{
	const pte_t *e = pt_descend_huge(root, va);

	return e && !pte_none(pte_read(e));
}

/* ---- tables ---- */

static int nothing_run(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last)
{
	return 0;
}

static const struct pt_walk_ops populate_ops = { .fill = true, .run = nothing_run };

int range_populate_tables(struct mm_struct *mm, uaddr_t start, uaddr_t end)
{
	struct pt_walk w = { .ops = &populate_ops, .root = &mm->root, .mm = mm };

	return pt_walk_range(&w, start, end - 1);
}

/* What the blocks of [from, from + len) need at @to: the tables above. */
static int prepare_blocks(struct mm_struct *mm, uaddr_t from, uaddr_t to, unsigned long len)
{
	struct page *table;

	for (unsigned long done = 0; done < len; done += HPAGE_SIZE) {
		if (!has_block(&mm->root, from + done))
			continue;
		if (!pt_huge_alloc_locked(mm, &mm->root, to + done, &table))
			return -ENOMEM;
		pt_unlock(table);
	}
	return 0;
}

int range_move_prepare(struct mm_struct *mm, uaddr_t from, uaddr_t to, unsigned long len)
{
	unsigned long done, step;
	bool blocks;
	int err = 0;

	for (done = 0; done < len && !err; done += step) {
		step = step_len(from + done, to + done, len - done, &blocks);
		if (blocks)
			err = prepare_blocks(mm, from + done, to + done, step);
		else if (has_block(&mm->root, from + done))
			err = range_populate_tables(mm, to + done, to + done + step);
	}
	return err;
}

/* ---- whole blocks ---- */

static void lock_two(struct page *a, struct page *b)
{
	pt_table_lock(a);
	if (b != a)
		pt_table_lock(b);
}

static void unlock_two(struct page *a, struct page *b)
{
	if (b != a)
		pt_table_unlock(b);
	pt_table_unlock(a);
}

/* If there is a table at @to, it is an empty one, and changes place with what comes. */
static void move_block(struct pt_root *root, uaddr_t from, uaddr_t to)
{
	pte_t *src = pt_descend_huge(root, from), *dst = pt_descend_huge(root, to);
	struct page *src_table = virt_to_page(src), *dst_table = virt_to_page(dst);
	pte_t moved, there;

	must(dst);
	lock_two(src_table, dst_table);
	moved = pte_clear(src);
	there = pte_clear(dst);
	if (!pte_none(there))
		pte_set(src, there);
	if (pte_is_leaf(moved, pt_huge_level()) && !entry_is_hugetlb(moved) &&
	    dst_table != src_table)
		pt_deposit(dst_table, pt_withdraw(src_table));
	pte_set(dst, moved);
	unlock_two(src_table, dst_table);
}

static void move_blocks(struct pt_root *root, uaddr_t from, uaddr_t to, unsigned long len)
{
	for (unsigned long done = 0; done < len; done += HPAGE_SIZE) {
		if (has_block(root, from + done))
			move_block(root, from + done, to + done);
	}
	/* INVLPG makes a CPU forget upper entries too, whatever the address: those at @to, of empty tables, with them. */
	tlb_flush_range(root, from, from + len, PAGE_SIZE);
}

/* ---- entry by entry ---- */

/* Up to the end of @to's table. Return: entries done. The two tables may be one. */
static unsigned move_part(struct pt_root *root, struct page *src_table, pte_t *e, uaddr_t to,
			  unsigned n)
{
	unsigned room = (unsigned)((HPAGE_SIZE - (to & ~HPAGE_MASK)) >> PAGE_SHIFT);
	struct page *dst_table;
	pte_t *d = pt_descend(root, to, &dst_table);

	must(d);
	n = min_of(unsigned, n, room);
	if (dst_table != src_table)
		pt_table_lock(dst_table);
	for (unsigned i = 0; i < n; i++, d++) {
		if (pte_none(pte_read(e + i)))
			continue;
		kassert(pte_none(pte_read(d)));
		pte_set(d, pte_clear(e + i));
	}
	if (dst_table != src_table)
		pt_table_unlock(dst_table);
	return n;
}

static int move_run(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last)
{
	const uaddr_t *shift = w->arg;
	struct page *src_table = virt_to_page(e);
	unsigned n = run_entries(va, last);

	for (unsigned done = 0; done < n;)
		done += move_part(w->root, src_table, e + done,
				  va + *shift + ((uaddr_t)done << PAGE_SHIFT), n - done);
	tlb_flush_range(w->root, va, last + 1, PAGE_SIZE);
	return 0;
}

static const struct pt_walk_ops move_ops = { .run = move_run };

unsigned long range_move(struct mm_struct *mm, uaddr_t from, uaddr_t to, unsigned long len)
{
	uaddr_t shift = to - from; /* modulo the word */
	struct pt_walk w = { .ops = &move_ops, .root = &mm->root, .mm = mm, .arg = &shift };
	bool blocks;
	unsigned long step = step_len(from, to, len, &blocks);

	kassert(from + len <= to || to + len <= from);
	if (blocks)
		move_blocks(&mm->root, from, to, step);
	else
		must(pt_walk_range(&w, from, from + step - 1) == 0);
	return step;
}
