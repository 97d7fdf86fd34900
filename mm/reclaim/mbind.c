/*
 * Pages follow their policies: mbind(2) with MPOL_MF_STRICT and MPOL_MF_MOVE, migrate_pages(2).
 *
 *   mbind           one mapping after the other? | STRICT alone: is every page where it should be? | vmas get the policy
 *                   | MOVE: pages on other nodes than asked for move, to where the policy would put them now
 *   migrate_pages   node by node: all pages of the program on this one go to that one
 *
 * WHY      pages are taken in batches of BATCH, as a range may have any number of them and memory for a list of all of
 *          them may be what is short.
 * I1       a page that several entries map moves only with MOVE_ALL: others have their own wishes.
 * I2       of a page that is to move we have a reference, taken under the table lock of an entry that maps it.
 * LOCKS    mmap_lock: for write in mbind, so that no fault comes between the look and the move; for read in
 *          migrate_pages. Page locks and rmap's inside migrate_pages().
 * FAILS    -EFAULT: a hole. -EIO: STRICT, and a page is or stays elsewhere; the policy is set then if MOVE was asked for.
 * NOT HERE how a page moves (migrate.c, mm/aspace/hugetlb_move.c).
 * SOURCES  mbind(2), migrate_pages(2).   TESTED BY mbind_test.c
 */
#include "base/errno.h"
#include "mm/hugetlb_pool.h"
#include "mm/mapping.h"
#include "mm/mempolicy.h"
#include "mm/migrate.h"
#include "mm/mm.h"
#include "mm/range.h"
#include "mm/swap.h"
#include "sync/failpoint.h"

enum { BATCH = 32 };

struct collect {
	nodemask_t nodes; /* pages there are to move */
	bool all;	  /* also those mapped more than once */
	unsigned n;
	uaddr_t next; /* where the next batch begins */
	struct page *pages[BATCH];
	int status[BATCH];
};

static bool vma_migratable(const struct vm_area_struct *vma)
{
	return !(vma->vm_flags & (VM_IO | VM_PFNMAP));
}

static struct page *page_on(pte_t e, nodemask_t nodes)
{
	struct page *page;

	if (!pte_present(e) || pte_special(e))
		return NULL;
	page = pfn_to_page(pte_pfn(e));
	return nodes >> page_node_id(page) & 1 ? page : NULL;
}

static int collect_entry(pte_t e, uaddr_t va, void *arg)
{
	struct collect *c = arg;
	struct page *page = page_on(e, c->nodes);

	if (!page || (!c->all && page_mapcount(page) > 1))
		return 0;
	if (c->n == BATCH) {
		c->next = va;
		return RANGE_STOP;
	}
	get_page(page);
	c->pages[c->n++] = page;
	return 0;
}

/* Pages of [start, end) of @vma, as @c says, go where @how says. mmap_lock held. Return: how many did not. */
static unsigned long move_part(struct vm_area_struct *vma, unsigned long start, unsigned long end,
			       struct collect *c, const struct migrate_control *how)
{
	unsigned long failed = 0;

	while (start < end) {
		c->n = 0;
		c->next = end;
		(void)range_each(vma->vm_mm, start, end, collect_entry, c);
		start = c->next;
		failed += migrate_pages(c->pages, c->status, c->n, how);
	}
	return failed;
}

/* The same for huge pages of hugetlb, which go where @pol, or else @node, says. */
static unsigned long move_huge_part(struct vm_area_struct *vma, unsigned long start,
				    unsigned long end, const struct collect *c,
				    const struct mempolicy *pol, int node)
{
	unsigned long failed = 0;

	for (start &= HPAGE_MASK; start < end; start += HPAGE_SIZE) {
		struct mpol_where to = { .node = node, .nodes = 1UL << node };
		int err;

		if (pol)
			to = mpol_where(pol, huge_index(vma_index(vma, start)));
		err = hugetlb_move(vma, start, c->nodes, &to, c->all);
		failed += err && err != -ENOENT && err != -EACCES;
	}
	return failed;
}

static gfp_t gfp_for(struct page *old)
{
	struct address_space *m = page_mapping(old);

	return m ? m->gfp : GFP_HIGHUSER_MOVABLE;
}

/* ---- mbind ---- */

/* The frame that a fault would get now. */
static struct page *new_by_policy(struct page *old, void *arg)
{
	const struct vm_area_struct *vma = arg;
	unsigned long addr = vma->vm_start + ((old->index - vma->vm_pgoff) << PAGE_SHIFT);

	return vma_alloc_pages(vma, addr, gfp_for(old), 0);
}

static int misplaced_entry(pte_t e, uaddr_t va, void *arg)
{
	(void)va;
	return page_on(e, *(nodemask_t *)arg) ? -EIO : 0;
}

/* One vma of the range: has it pages on @wrong nodes that may not be there (-EIO), or that cannot go away (1)? */
static int check_vma(struct vm_area_struct *vma, unsigned long start, unsigned long end,
		     nodemask_t wrong, unsigned flags)
{
	int err;

	if (!(flags & MPOL_MF_STRICT) || ((flags & ~MPOL_MF_STRICT) && vma_migratable(vma)))
		return 0;
	err = range_each(vma->vm_mm, start, end, misplaced_entry, &wrong);
	return err && (flags & ~MPOL_MF_STRICT) ? 1 : err;
}

/*
 * 0; 1: done, but a page cannot move; -EFAULT: [start, end) has a hole; -EIO. @pol NULL: holes do not matter, but there must be
 * a vma. Of a hole and a page that come together the hole is told when it follows the page's vma, as on Linux.
 */
static int check_range(struct mm_struct *mm, unsigned long start, unsigned long end,
		       nodemask_t wrong, unsigned flags, const struct mempolicy *pol)
{
	struct vm_area_struct *vma = find_vma(mm, start), *next;
	int err, unmovable = 0;

	if (!vma || vma->vm_start >= end || (pol && vma->vm_start > start))
		return -EFAULT;
	for (; vma && vma->vm_start < end; vma = next) {
		next = vma_next(mm, vma);
		if (pol && vma->vm_end < end && (!next || next->vm_start > vma->vm_end))
			return -EFAULT;
		err = check_vma(vma, max_of(unsigned long, start, vma->vm_start),
				min_of(unsigned long, end, vma->vm_end), wrong, flags);
		if (err < 0)
			return err;
		unmovable |= err;
	}
	return unmovable;
}

/* What lies elsewhere than @pol, NULL: none, says. Return: how many stay. */
static unsigned long move_range(struct mm_struct *mm, unsigned long start, unsigned long end,
				nodemask_t wrong, const struct mempolicy *pol, bool all)
{
	struct collect c = { .nodes = wrong, .all = all };
	struct vm_area_struct *vma;
	unsigned long failed = 0;

	for (vma = find_vma(mm, start); vma && vma->vm_start < end; vma = vma_next(mm, vma)) {
		const struct migrate_control how = { .new_page = new_by_policy,
						     .arg = vma,
						     .mode = MIGRATE_SYNC };

		unsigned long from = max_of(unsigned long, start, vma->vm_start);
		unsigned long to = min_of(unsigned long, end, vma->vm_end);

		if (vma->vm_flags & VM_HUGETLB)
			failed += move_huge_part(vma, from, to, &c, pol, 0);
		else if (vma_migratable(vma))
			failed += move_part(vma, from, to, &c, &how);
	}
	return failed;
}

int vm_mbind(struct mm_struct *mm, unsigned long start, unsigned long end, struct mempolicy *pol,
	     nodemask_t asked, unsigned flags)
{
	bool moves = flags & (MPOL_MF_MOVE | MPOL_MF_MOVE_ALL);
	unsigned long left = 0;
	int err, checked;

	if (!pol)
		flags &= ~(unsigned)MPOL_MF_STRICT;
	rwsem_down_write(&mm->mmap_lock);
	checked = check_range(mm, start, end, ~asked, flags, pol);
	err = checked < 0 ? checked : vm_set_policy(mm, start, end, pol);
	if (!err && moves)
		left = move_range(mm, start, end, ~asked, pol, flags & MPOL_MF_MOVE_ALL);
	rwsem_up_write(&mm->mmap_lock);
	if (!err && (checked || left) && (flags & MPOL_MF_STRICT))
		err = -EIO;
	return err;
}

/* ---- to a node of the caller's choice ---- */

static struct page *new_on_node(struct page *old, void *node)
{
	return alloc_pages_node(*(int *)node, gfp_for(old) | __GFP_THISNODE, 0);
}

static unsigned long node_to_node(struct mm_struct *mm, int from, int to, bool all)
{
	const struct migrate_control how = { .new_page = new_on_node,
					     .arg = &to,
					     .mode = MIGRATE_SYNC };
	struct collect c = { .nodes = 1UL << from, .all = all };
	struct vm_area_struct *vma;
	unsigned long left = 0;

	for (vma = vma_first(mm); vma; vma = vma_next(mm, vma)) {
		if (vma->vm_flags & VM_HUGETLB)
			left += move_huge_part(vma, vma->vm_start, vma->vm_end, &c, NULL, to);
		else if (vma_migratable(vma))
			left += move_part(vma, vma->vm_start, vma->vm_end, &c, &how);
	}
	return left;
}

/*
 * The next pair of @todo: the i-th node of @from goes to the i-th of @to. First those whose target has nothing left that
 * is yet to go elsewhere, or a node would have to take in before it gives away. Return: false when none is left.
 */
static bool next_pair(nodemask_t todo, nodemask_t from, nodemask_t to, int *source, int *dest)
{
	bool same_number = nodes_weight(from) == nodes_weight(to);
	bool found = false;

	for (int s = 0; s < CFG_MAX_NODES; s++) {
		int d;

		if (!(todo >> s & 1) || (!same_number && (to >> s & 1)))
			continue;
		d = nodes_nth(to, nodes_weight(from & ((1UL << s) - 1)));
		if (d == s)
			continue;
		found = true;
		*source = s;
		*dest = d;
		if (!(todo >> d & 1))
			break;
	}
	return found;
}

long vm_migrate_nodes(struct mm_struct *mm, nodemask_t from, nodemask_t to, bool all)
{
	nodemask_t todo = from;
	unsigned long left = 0;
	int s, d;

	rwsem_down_read(&mm->mmap_lock);
	while (next_pair(todo, from, to, &s, &d)) {
		todo &= ~(1UL << s);
		left += node_to_node(mm, s, d, all);
	}
	rwsem_up_read(&mm->mmap_lock);
	return (long)left;
}

/* ---- move_pages(2) ---- */

/* PROT_NONE: Linux 6.1 takes such an entry for one that waits for a NUMA hinting fault, and sees no page (hugetlb's it does). */
static bool is_withheld(const struct vm_area_struct *vma, pte_t e)
{
	return pte_present(e) && !pte_user(e) && !(vma->vm_flags & VM_HUGETLB);
}

/* The page at @addr with a reference in *out: 0, -EFAULT, -ENOENT. mmap_lock held. */
static int look_up(struct vm_area_struct *vma, unsigned long addr, struct page **out)
{
	int absent = vma->mapping ? -ENOENT : -EFAULT; /* as Linux: it would be zeroes */
	struct page *table;
	pte_t e = pt_lookup_locked(&vma->vm_mm->root, addr, &table);

	if (!table)
		return absent;
	if (pte_none(e)) {
		pt_unlock(table);
		return absent;
	}
	if (is_withheld(vma, e)) {
		bool block = pte_is_leaf(pt_peek(&vma->vm_mm->root, addr, PT_PMD), PT_PMD);

		absent = block ? absent : -ENOENT;
	} else if (pte_present(e) && !pte_special(e)) {
		*out = page_head(pfn_to_page(pte_pfn(e)));
		get_page(*out);
		absent = 0;
	} else {
		absent = pte_present(e) ? -EFAULT : -ENOENT;
	}
	pt_unlock(table);
	return absent;
}

static int look_up_in(struct mm_struct *mm, unsigned long addr, bool to_move, struct page **out)
{
	struct vm_area_struct *vma = find_vma(mm, addr);

	if (!vma || vma->vm_start > addr || (to_move && !vma_migratable(vma)))
		return -EFAULT;
	return look_up(vma, addr & PAGE_MASK, out);
}

int vm_page_status(struct mm_struct *mm, unsigned long addr)
{
	struct page *page;
	int ret;

	rwsem_down_read(&mm->mmap_lock);
	ret = look_up_in(mm, addr, false, &page);
	rwsem_up_read(&mm->mmap_lock);
	if (ret)
		return ret;
	ret = (int)page_node_id(page);
	swap_put_page(page);
	return ret;
}

/* What the page, of which there is a reference in @page, has to do to be on @node: as vm_page_pick. */
static int pick(struct page *page, int node, bool all)
{
	if ((int)page_node_id(page) == node)
		return 0;
	return page_mapcount(page) > 1 && !all ? -EACCES : 1;
}

/* As vm_page_pick, but that it moves at once: a huge page is found by its mapping only. */
static int move_huge(struct mm_struct *mm, unsigned long addr, int node, bool all)
{
	const struct mpol_where to = { .node = node, .nodes = 1UL << node };

	return hugetlb_move(find_vma(mm, addr), addr, ~to.nodes, &to, all);
}

int vm_page_pick(struct mm_struct *mm, unsigned long addr, int node, bool all, struct page **out)
{
	struct page *page;
	int ret;

	rwsem_down_read(&mm->mmap_lock);
	ret = look_up_in(mm, addr, true, &page);
	if (!ret) {
		bool huge = page_test(page, PG_hugetlb);

		ret = pick(page, node, all);
		if (ret != 1 || huge)
			swap_put_page(page);
		if (ret == 1 && huge)
			ret = move_huge(mm, addr, node, all);
		else if (ret == 1)
			*out = page;
	}
	rwsem_up_read(&mm->mmap_lock);
	return ret;
}

unsigned vm_pages_to_node(struct page **pages, unsigned n, int node)
{
	const struct migrate_control how = { .new_page = new_on_node,
					     .arg = &node,
					     .mode = MIGRATE_SYNC };
	int status[BATCH];
	unsigned left = 0;

	for (unsigned i = 0; i < n; i += BATCH)
		left += migrate_pages(pages + i, status, min_of(unsigned, BATCH, n - i), &how);
	return left;
}
