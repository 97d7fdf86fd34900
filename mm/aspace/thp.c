/*
 * Transparent huge pages: who gets one, and the fault that makes one.
 *
 *   first write to a block that no table covers     HPAGE_NR pages at once, zeroed, one large entry
 *   first read                                      the huge page of zeroes (thp_zero.c), until somebody writes
 *   no such block of memory free                    small pages, as ever (thp_fault_fallback)
 *   write to a large entry without the write right  every page is ours alone: taken over whole; else split, and the
 *                                                   small entry's fault goes on: COW copies one page, not a block
 *
 * OWNS     thp_enabled, thp_defrag.
 * WHY      a large entry saves HPAGE_NR - 1 faults and most TLB misses; it costs memory that is never touched. So it is
 *          given to who asks (madvise), unless the system is told otherwise: see docs/decisions.
 * I1       only private anonymous vmas without userfaultfd have large entries, and only over blocks that lie in the
 *          vma whole.
 * I2       index of page i of a block is that of its address: the pages are what small faults would have made.
 * LOCKS    mmap_lock in any mode; the lock of the table that holds the large entry, taken here.
 * FAILS    never for want of a block or of a spare table: the small fault may still succeed.
 * ZEROES   a write to the huge page of zeroes makes a huge page at once, as Linux 6.13 does; 6.1 splits, after which the
 *          block is small until khugepaged comes.
 * NOT HERE what a large entry is (mm/pt/huge.c), making huge pages of small ones (collapse.c).
 * SOURCES  madvise(2), Linux Documentation/admin-guide/mm/transhuge.rst.   TESTED BY thp_test.c
 */
#include "mm/thp.h"
#include "mm/alloc.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/aspace/hugetlb_vma.h"
#include "mm/aspace/thp_impl.h"
#include "mm/huge.h"
#include "mm/mempolicy.h"
#include "mm/range.h"
#include "mm/rmap.h"
#include "mm/vmalloc.h"
#include "mm/vmevent.h"
#include "sync/failpoint.h"

int thp_enabled = THP_MADVISE;
int thp_defrag = THP_DEFRAG_MADVISE;

/* ---- who ---- */

bool thp_possible(const struct vm_area_struct *vma)
{
	if (!vma_is_anon(vma) ||
	    (vma->vm_flags & (VM_NOHUGEPAGE | VM_IO | VM_PFNMAP | VM_SHARED | VM_UFFD_ANY)))
		return false;
	return !vma->vm_mm->thp_disable;
}

bool thp_allowed(const struct vm_area_struct *vma)
{
	int mode = READ_ONCE(thp_enabled);

	if (mode == THP_NEVER || (mode == THP_MADVISE && !(vma->vm_flags & VM_HUGEPAGE)))
		return false;
	return thp_possible(vma);
}

bool thp_eligible(const struct vm_area_struct *vma)
{
	unsigned long first = round_up_pow2(vma->vm_start, HPAGE_SIZE);

	return thp_allowed(vma) && first >= vma->vm_start && thp_block_in(vma, first);
}

void mm_set_thp_disable(struct mm_struct *mm, bool disable)
{
	rwsem_down_write(&mm->mmap_lock);
	mm->thp_disable = disable;
	rwsem_up_write(&mm->mmap_lock);
}

/* ---- the block of memory ---- */

static gfp_t fault_gfp(const struct vm_area_struct *vma)
{
	const gfp_t light = (GFP_HIGHUSER_MOVABLE & ~__GFP_RECLAIM) | __GFP_NOWARN | __GFP_NORETRY;
	bool advised = vma->vm_flags & VM_HUGEPAGE;

	switch (READ_ONCE(thp_defrag)) {
	case THP_DEFRAG_ALWAYS:
		return light | __GFP_RECLAIM;
	case THP_DEFRAG_DEFER:
		return light | __GFP_KSWAPD_RECLAIM;
	case THP_DEFRAG_DEFER_MADVISE:
		return light | (advised ? __GFP_RECLAIM : __GFP_KSWAPD_RECLAIM);
	case THP_DEFRAG_MADVISE:
		return light | (advised ? __GFP_RECLAIM : 0);
	default:
		return light;
	}
}

/* The pages of a block each on its own. */
static struct page *split_block(struct page *page)
{
	if (page)
		split_page(page, HPAGE_ORDER);
	return page;
}

struct page *thp_alloc(gfp_t gfp, int node, nodemask_t nodes)
{
	return failpoint("thp") ? NULL
				: split_block(alloc_pages_nodemask(gfp, HPAGE_ORDER, node, nodes));
}

/* A block for a fault at @addr, from the nodes that the policy there says. */
static struct page *thp_alloc_for(const struct vm_area_struct *vma, unsigned long addr)
{
	return failpoint("thp")
		       ? NULL
		       : split_block(vma_alloc_pages(vma, addr, fault_gfp(vma), HPAGE_ORDER));
}

void thp_free(struct page *block)
{
	for (unsigned i = 0; i < HPAGE_NR; i++)
		must(atomic_dec_and_test(&block[i]._refcount));
	free_pages_block(block, HPAGE_ORDER);
}

static void zero_block(struct page *block)
{
	for (unsigned i = 0; i < HPAGE_NR; i++) {
		void *p = kmap_local_page(block + i);

		frame_zero(p);
		kunmap_local(p);
	}
}

pte_t thp_entry(const struct vm_area_struct *vma, struct page *block)
{
	pte_t prot = pte_mkyoung(pte_mksoft_dirty(pte_mkdirty(vma->vm_page_prot)));

	if (vma->vm_flags & VM_WRITE)
		prot = pte_mkwrite(prot);
	return pte_make_large(page_to_pfn(block), prot, pt_huge_level());
}

/* ---- faults ---- */

/* Hang @block, its pages ready, under the entry for f->addr. Return: false when something is there. */
static bool install_block(struct fault_ctx *f, struct page *block, struct page *spare)
{
	struct page *table;
	pte_t *e = pt_huge_alloc_locked(f->mm, &f->mm->root, f->addr, &table);
	bool done;

	if (!e)
		return false;
	/* Others hook tables without the lock: compare and exchange. Who zaps needs the lock, so accounts may follow. */
	done = pte_none(pte_read(e)) && pte_set_if_none(e, thp_entry(f->vma, block));
	if (done) {
		pt_deposit(table, spare);
		range_account_map_huge(f->mm, block);
		thp_block_mapped(f->vma, block);
	}
	pt_unlock(table);
	return done;
}

/* Zeroed pages for the block at @f->addr. NULL: none, counted. */
static struct page *new_block(struct fault_ctx *f)
{
	unsigned long first = f->addr & HPAGE_MASK;
	struct page *block = NULL;

	if (!anon_vma_prepare(f->vma))
		block = thp_alloc_for(f->vma, first);
	if (!block) {
		count_vm_event(THP_FAULT_FALLBACK);
		return NULL;
	}
	zero_block(block);
	for (unsigned i = 0; i < HPAGE_NR; i++)
		page_set_anon_rmap(block + i, f->vma, first + ((unsigned long)i << PAGE_SHIFT));
	lru_add_block(block, HPAGE_NR);
	return block;
}

/* The first read of a block. FAULT_OK, or STAGE_SMALL. */
static int map_zeroes(struct fault_ctx *f)
{
	struct page *zeroes = thp_zero_get(f->mm), *table, *spare = NULL;
	pte_t *e = NULL, entry;

	if (zeroes)
		spare = pt_table_alloc(f->mm);
	if (spare)
		e = pt_huge_alloc_locked(f->mm, &f->mm->root, f->addr, &table);
	if (!e) {
		if (spare)
			pt_table_free(f->mm, spare);
		count_vm_event(THP_FAULT_FALLBACK);
		return STAGE_SMALL;
	}
	entry = pte_mkspecial(pte_mkyoung(f->vma->vm_page_prot));
	entry = pte_make_large(page_to_pfn(zeroes), entry, pt_huge_level());
	if (pte_none(pte_read(e)) && pte_set_if_none(e, entry)) {
		pt_deposit(table, spare);
		spare = NULL;
	}
	pt_unlock(table);
	if (spare)
		pt_table_free(f->mm, spare);
	return spare ? STAGE_SMALL : FAULT_OK;
}

/* Is the entry still that of the huge page of zeroes? */
static bool is_zeroes(pte_t e)
{
	return pte_is_leaf(e, pt_huge_level()) && pte_special(e);
}

/* The first write to a block that was read before. FAULT_OK, or STAGE_SMALL: it is split, if it is there. */
static int replace_zeroes(struct fault_ctx *f)
{
	unsigned long first = f->addr & HPAGE_MASK;
	struct page *table, *block = new_block(f);
	struct mmu_notify_range watch;
	pte_t *e;
	bool done;

	if (!block)
		return STAGE_SMALL;
	mmu_notify_begin(&watch, f->mm, first, first + HPAGE_SIZE, MMU_NOTIFY_CLEAR);
	e = pt_huge_locked(&f->mm->root, f->addr, &table);
	done = is_zeroes(pte_read(e));
	if (done) {
		(void)pte_clear(e);
		tlb_flush_range(&f->mm->root, first, first + HPAGE_SIZE, HPAGE_SIZE);
		mmu_notify_flush(f->mm, first, first + HPAGE_SIZE);
		pte_set(e, thp_entry(f->vma, block));
		range_account_map_huge(f->mm, block);
		thp_block_mapped(f->vma, block);
	}
	pt_unlock(table);
	mmu_notify_end(&watch);
	if (!done) {
		thp_free(block);
		return STAGE_RETRY;
	}
	count_vm_event(THP_FAULT_ALLOC);
	return FAULT_OK;
}

/* The first write to a block. STAGE_SMALL: as small pages. */
static int make_huge(struct fault_ctx *f)
{
	struct page *block = new_block(f), *spare;

	if (!block)
		return STAGE_SMALL;
	spare = pt_table_alloc(f->mm);
	if (!spare) {
		thp_free(block);
		count_vm_event(THP_FAULT_FALLBACK);
		return STAGE_SMALL;
	}
	if (!install_block(f, block, spare)) {
		pt_table_free(f->mm, spare);
		thp_free(block);
		return STAGE_SMALL; /* a table, or no memory for one above: the small fault finds out */
	}
	count_vm_event(THP_FAULT_ALLOC);
	return FAULT_OK;
}

/* Is the block this entry's alone? Then every page of it is marked so. The entry's lock held: no fork of it goes on. */
static bool may_take(const struct fault_ctx *f, pte_t e)
{
	struct page *block = pfn_to_page(pte_pfn(e));

	for (struct page *p = block; p < block + HPAGE_NR; p++) {
		if (!page_test(p, PG_anon_exclusive) &&
		    (page_ref_count(p) != 1 || !page_anon_vma(p)))
			return false;
	}
	for (struct page *p = block; p < block + HPAGE_NR; p++) {
		if (!page_test(p, PG_anon_exclusive))
			page_move_anon_rmap(p, f->vma);
	}
	return true;
}

/* A large entry is there, and was in the way of the access. */
static int use_huge(struct fault_ctx *f)
{
	struct page *table;
	pte_t *e = pt_huge_locked(&f->mm->root, f->addr, &table), cur;
	int r = FAULT_OK;

	cur = pte_read(e);
	if (f->access.write && is_zeroes(cur) && (f->vma->vm_flags & VM_WRITE) &&
	    thp_allowed(f->vma)) {
		pt_unlock(table);
		return replace_zeroes(f);
	}
	if (!pte_is_leaf(cur, pt_huge_level())) {
		r = STAGE_SMALL; /* no more */
	} else if (f->access.write && !pte_write(cur)) {
		if (is_zeroes(cur) || pte_uffd_wp(cur) || !(f->vma->vm_flags & VM_WRITE) ||
		    !may_take(f, cur)) {
			r = STAGE_SMALL;
		} else {
			cur = pte_mksoft_dirty(pte_mkyoung(pte_mkdirty(pte_mkwrite(cur))));
			(void)pte_replace(e, cur);
			count_vm_event(PGREUSE);
		}
	}
	pt_unlock(table);
	if (r == FAULT_OK)
		tlb_flush_page_local(f->addr);
	return r;
}

int fault_huge(struct fault_ctx *f)
{
	pte_t e = f->entry;

	if (f->vma->vm_flags & VM_HUGETLB)
		return fault_hugetlb(f);
	if (pte_is_leaf(e, pt_huge_level()))
		return use_huge(f);
	if (!pte_none(e) || !thp_allowed(f->vma) || !thp_block_in(f->vma, f->addr & HPAGE_MASK))
		return STAGE_SMALL;
	if (!f->mm->thp_seen)
		WRITE_ONCE(f->mm->thp_seen, true);
	return !f->access.write && READ_ONCE(thp_use_zero_page) ? map_zeroes(f) : make_huge(f);
}
