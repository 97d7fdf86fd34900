/*
 * Huge pages made small on demand: debugfs split_huge_pages.
 *
 * WHY      tests, and who hunts a fault, want to see what a program does when its huge pages are split under its feet.
 * I1       a huge page is split in every address space that maps it: large entries are all that makes it huge.
 * LOCKS    mmap_lock for read, then rmap's and table locks.   CONTEXT  threads; sleeps.
 * COST     a look at each block, a flush for each large entry.   FAILS  never.
 * NOT HERE splitting an entry (mm/pt/huge.c), the file (fs/debugfs_thp.c).   TESTED BY thp_test.c, tests/guest/huge_thp.c
 */
#include "mm/aspace/thp_impl.h"
#include "mm/mm.h"
#include "mm/range.h"
#include "mm/rmap.h"
#include "mm/thp.h"
#include "mm/vmevent.h"

/* The first page of the block at @addr with a reference; NULL: there is none, or it is of zeroes. */
static struct page *first_page(struct mm_struct *mm, uaddr_t addr)
{
	struct page *table, *page = NULL;
	pte_t e = pt_lookup_locked(&mm->root, addr, &table);

	if (!table)
		return NULL;
	if (pte_present(e) && !pte_special(e)) {
		page = pfn_to_page(pte_pfn(e));
		get_page(page);
	}
	pt_unlock(table);
	return page;
}

/* The walk has split the entry to get at it. */
static int seen(const struct rmap_entry *e, void *arg)
{
	(void)e;
	(void)arg;
	return 0;
}

static void split_block(struct mm_struct *mm, uaddr_t addr)
{
	struct page *page = first_page(mm, addr);

	if (!page)
		return;
	(void)rmap_walk(page, 0, seen, NULL);
	put_page(page);
	count_vm_event(THP_SPLIT_PAGE);
}

static void split_part(struct vm_area_struct *vma, uaddr_t start, uaddr_t end)
{
	struct mm_struct *mm = vma->vm_mm;

	if (vma->vm_flags & VM_HUGETLB)
		return;
	for (uaddr_t addr = start & HPAGE_MASK; addr < end; addr += HPAGE_SIZE) {
		if (thp_block_in(vma, addr) &&
		    pte_is_leaf(pt_peek(&mm->root, addr, pt_huge_level()), pt_huge_level()))
			split_block(mm, addr);
	}
}

void thp_split_range(struct mm_struct *mm, uaddr_t start, uaddr_t end)
{
	struct vm_area_struct *vma;

	rwsem_down_read(&mm->mmap_lock);
	for (vma = find_vma(mm, start); vma && vma->vm_start < end; vma = vma_next(mm, vma))
		split_part(vma, max_of(uaddr_t, start, vma->vm_start),
			   min_of(uaddr_t, end, vma->vm_end));
	rwsem_up_read(&mm->mmap_lock);
}

void thp_split_all(void)
{
	struct mm_struct *mm = NULL;

	while ((mm = mm_list_next(mm))) {
		if (!mm->thp_seen || !mmget_not_zero(mm))
			continue;
		thp_split_range(mm, 0, mm->task_size);
		mmput(mm);
	}
}
