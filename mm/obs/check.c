/*
 * Checkers: an address space against its own rules.
 *
 *   the tree     rangetree_check; vma.c I1 order and alignment, I2 nothing left to merge, I3 the sums
 *   the entries  each in a vma that allows it; range.c I1 counts, I2 RSS, I4 no shared private page writable; each page
 *                shows the object's page that belongs there
 *
 * OWNS     nothing. Called by tests and fuzzers, by nobody else; panics with the invariant's number.
 * LOCKS    mmap_lock for read. Exact only while nobody else changes the mm.
 */
#include "mm/huge.h"
#include "mm/mapping.h"
#include "mm/mempolicy.h"
#include "mm/range.h"
#include "mm/rmap.h"
#include "mm/swap.h"
#include "sync/kassert.h"

struct mm_sums {
	unsigned long total, data, exec, stack, locked;
	int count;
};

struct entries_ctx {
	struct mm_struct *mm;
	long rss[NR_MM_COUNTERS];
	long hugetlb; /* small pages of large entries of VM_HUGETLB vmas */
};

static void fail(const struct mm_struct *mm, const char *what, unsigned long addr)
{
	panic("mm_check: %s at %#lx (mm %p)", what, addr, (const void *)mm);
}

static unsigned long pages_of(const struct vm_area_struct *vma)
{
	return (vma->vm_end - vma->vm_start) >> PAGE_SHIFT;
}

static bool should_be_one(const struct vm_area_struct *a, const struct vm_area_struct *b)
{
	return a->vm_end == b->vm_start &&
	       !((a->vm_flags ^ b->vm_flags) & ~(unsigned long)VM_SOFTDIRTY) &&
	       a->mapping == b->mapping && a->vm_ops == b->vm_ops &&
	       !(a->vm_ops && a->vm_ops->close) && a->vm_private_data == b->vm_private_data &&
	       a->userfault == b->userfault && mpol_equal(a->vm_policy, b->vm_policy) &&
	       a->vm_pgoff + pages_of(a) == b->vm_pgoff && !a->anon_vma && !b->anon_vma &&
	       !a->vm_mm->unmerged &&
	       !(a->vm_flags & (VM_IO | VM_PFNMAP | VM_DONTEXPAND | VM_GROWSDOWN));
}

static void check_vma(const struct mm_struct *mm, const struct vm_area_struct *vma,
		      struct mm_sums *s)
{
	unsigned long n = pages_of(vma), flags = vma->vm_flags;

	if (((vma->vm_start | vma->vm_end) & ~PAGE_MASK) || vma->vm_start >= vma->vm_end ||
	    vma->vm_end > mm->task_size || vma->vm_mm != mm)
		fail(mm, "I1: bounds of a vma", vma->vm_start);
	if ((flags & ~(flags >> 4)) & (VM_READ | VM_WRITE | VM_EXEC))
		fail(mm, "rights beyond VM_MAYx", vma->vm_start);
	if (!vma->userfault != !(flags & VM_UFFD_ANY))
		fail(mm, "registered with nobody, or not registered with somebody", vma->vm_start);
	s->count++;
	s->total += n;
	if (flags & VM_GROWSDOWN)
		s->stack += n;
	else if ((flags & (VM_EXEC | VM_WRITE)) == VM_EXEC)
		s->exec += n;
	else if ((flags & (VM_WRITE | VM_SHARED)) == VM_WRITE)
		s->data += n;
	if (flags & VM_LOCKED)
		s->locked += n;
}

static void check_vmas(struct mm_struct *mm)
{
	struct vm_area_struct *vma, *prev = NULL;
	struct mm_sums s = { .count = 0 };
	const char *bad = rangetree_check(&mm->vmas);

	if (bad)
		fail(mm, bad, 0);
	for (vma = vma_first(mm); vma; prev = vma, vma = vma_next(mm, vma)) {
		check_vma(mm, vma, &s);
		if (prev && prev->vm_end > vma->vm_start)
			fail(mm, "I1: overlap", vma->vm_start);
		if (prev && should_be_one(prev, vma))
			fail(mm, "I2: two vmas that could be one", vma->vm_start);
		bad = anon_vma_check(vma);
		if (bad)
			fail(mm, bad, vma->vm_start);
	}
	if (s.count != mm->map_count || s.total != mm->total_vm || s.data != mm->data_vm ||
	    s.exec != mm->exec_vm || s.stack != mm->stack_vm || s.locked != mm->locked_vm)
		fail(mm, "I3: sums over vmas", 0);
}

/* Is @page what @vma shows at @va? */
static bool belongs(const struct vm_area_struct *vma, const struct page *page, uaddr_t va)
{
	unsigned long index = vma->vm_pgoff + ((va - vma->vm_start) >> PAGE_SHIFT);

	if (page_state(page) == PS_ANON && page_is_ksm(page))
		return (vma->vm_flags & (VM_SHARED | VM_MERGEABLE)) == VM_MERGEABLE;
	if (page->index != index)
		return false;
	if (page_state(page) == PS_ANON)
		return !(vma->vm_flags & VM_SHARED) && anon_vma_covers(vma, page);
	return page_state(page) == PS_FILE && (page->mapping == vma->mapping || !page->mapping);
}

/* One small part of a page of hugetlb's pool. */
static int check_hugetlb(struct entries_ctx *c, const struct vm_area_struct *vma, pte_t e,
			 uaddr_t va)
{
	struct page *page = pfn_to_page(pte_pfn(e)), *head = page_head(page);

	if (((vma->vm_start | vma->vm_end) & ~HPAGE_MASK) || (vma->vm_pgoff & (HPAGE_NR - 1)))
		fail(c->mm, "bounds of a hugetlb vma", vma->vm_start);
	if (!page_test(head, PG_hugetlb) || page_mapcount(head) < 1 ||
	    page_ref_count(head) < page_mapcount(head))
		fail(c->mm, "counts of a hugetlb page", va);
	if (pte_write(e) && !(vma->vm_flags & VM_SHARED) &&
	    (page_state(head) != PS_ANON || page_mapcount(head) != 1))
		fail(c->mm, "shared private hugetlb page writable", va);
	if (page_state(head) == PS_FILE &&
	    head->index !=
		    ((vma->vm_pgoff + ((va - vma->vm_start) >> PAGE_SHIFT)) & ~(HPAGE_NR - 1UL)))
		fail(c->mm, "hugetlb page does not belong here", va);
	c->hugetlb++;
	return 0;
}

static void count_page(struct entries_ctx *c, const struct page *page)
{
	if (page_state(page) == PS_ANON)
		c->rss[MM_ANONPAGES]++;
	else
		c->rss[page_test(page, PG_swapbacked) ? MM_SHMEMPAGES : MM_FILEPAGES]++;
}

static void check_swapped(struct entries_ctx *c, const struct vm_area_struct *vma, pte_t e,
			  uaddr_t va)
{
	unsigned count = swap_count(pte_swp_entry(e));

	if (!vma->anon_vma || !vma->populated)
		fail(c->mm, "swapped entry in a vma without private pages", va);
	if (!count)
		fail(c->mm, "swapped entry of a free slot", va);
	if (swapped_test(e, SWAP_EXCLUSIVE) && count != 1)
		fail(c->mm, "exclusive slot of others", va);
	c->rss[MM_SWAPENTS]++;
}

static int check_entry(pte_t e, uaddr_t va, void *arg)
{
	struct entries_ctx *c = arg;
	struct vm_area_struct *vma = find_vma(c->mm, va);
	struct page *page;

	if (!vma || vma->vm_start > va)
		fail(c->mm, "entry outside every vma", va);
	if (pte_is_migration(e))
		count_page(c, pfn_to_page(migration_pfn(e)));
	if (pte_is_swapped(e))
		check_swapped(c, vma, e, va);
	if (!pte_present(e))
		return 0; /* that, or a marker */
	if (pte_uffd_wp(e) && pte_write(e))
		fail(c->mm, "entry watched by a userfaultfd, but writable", va);
	if (!vma->populated)
		fail(c->mm, "entry in a vma said to be empty", va);
	if (pte_write(e) && !(vma->vm_flags & VM_WRITE))
		fail(c->mm, "entry writable, vma not", va);
	if (pte_write(e) && !pte_soft_dirty(e) && vma_tracks_writes(vma))
		fail(c->mm, "soft-dirty I1: a write would not be seen", va);
	if (pte_user(e) != ((vma->vm_flags & (VM_READ | VM_WRITE | VM_EXEC)) != 0))
		fail(c->mm, "entry for the user, or not, unlike the vma", va);
	if (vma->vm_flags & VM_HUGETLB)
		return check_hugetlb(c, vma, e, va);
	if (pte_special(e)) {
		if (pte_write(e) && !(vma->vm_flags & VM_SHARED))
			fail(c->mm, "special entry writable", va);
		return 0;
	}
	page = pfn_to_page(pte_pfn(e));
	if (page_mapcount(page) < 1 || page_ref_count(page) < page_mapcount(page))
		fail(c->mm, "I1: counts of a mapped page", va);
	if ((vma->vm_flags & VM_LOCKED) && !page_test(page, PG_mlocked))
		fail(c->mm, "mlocked I1: page of a locked vma not counted", va);
	if (!belongs(vma, page, va))
		fail(c->mm, "page does not belong here", va);
	if (pte_write(e) && !(vma->vm_flags & VM_SHARED) &&
	    (page_state(page) != PS_ANON || !page_test(page, PG_anon_exclusive)))
		fail(c->mm, "I4: shared private page writable", va);
	if (page_state(page) == PS_ANON && page_test(page, PG_anon_exclusive) &&
	    (page_mapcount(page) != 1 || page_anon_vma(page) != vma->anon_vma))
		fail(c->mm, "I4: exclusive page of others", va);
	count_page(c, page);
	return 0;
}

void mm_check(struct mm_struct *mm)
{
	struct entries_ctx c = { .mm = mm };

	rwsem_down_read(&mm->mmap_lock);
	check_vmas(mm);
	pt_check_large(mm, &mm->root);
	(void)range_each(mm, 0, USER_TOP, check_entry, &c);
	for (int i = 0; i < NR_MM_COUNTERS; i++) {
		if (c.rss[i] != atomic_long_read(&mm->rss_stat[i]))
			fail(mm, "I2: RSS", (unsigned long)i);
	}
	if (c.hugetlb != atomic_long_read(&mm->hugetlb_pages) * HPAGE_NR)
		fail(mm, "hugetlb_pages", 0);
	rwsem_up_read(&mm->mmap_lock);
}
