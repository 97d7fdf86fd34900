/*
 * What an address space looks like from outside: the figures of smaps and the names of maps.
 *
 * OWNS     nothing.
 * I1       rss is the number of entries with a page; pss divides each page by the entries that map it, in 1/4096ths,
 *          as Linux does, so that the sum over all programs is the memory in use.
 * LOCKS    mmap_lock for read, from the caller; table locks inside. The figures of two pages are of two moments.
 * SOURCES  proc(5) /proc/PID/smaps, /proc/PID/maps.   TESTED BY fork_test.c
 */
#include "lib/string.h"
#include "mm/mapping.h"
#include "mm/range.h"
#include "mm/shmem.h"
#include "mm/swap.h"

enum { PSS_SHIFT = 12 };

struct smaps_ctx {
	struct smaps_stat *out;
	uint64_t pss, dirty, anon, shmem, swap; /* bytes << PSS_SHIFT; parts of pss; swap's own */
	struct vm_area_struct *hides; /* private, of an object that is partly in swap; else NULL */
};

static int smaps_entry(pte_t e, uaddr_t va, void *arg)
{
	struct smaps_ctx *c = arg;
	struct smaps_stat *s = c->out;
	struct page *page;
	unsigned long share;
	bool dirty, moving;
	int maps;

	if (c->hides && shmem_swapped(c->hides->mapping, vma_index(c->hides, va), &moving))
		s->swap -= PAGE_SIZE;
	moving = pte_is_migration(e);
	if (pte_is_swapped(e)) {
		unsigned count = swap_count(pte_swp_entry(e));

		s->swap += PAGE_SIZE;
		c->swap += (PAGE_SIZE << PSS_SHIFT) / (count ? count : 1);
	}
	if (!moving && (!pte_present(e) || pte_special(e)))
		return 0;
	page = page_head(pfn_to_page(moving ? migration_pfn(e) : pte_pfn(e)));
	maps = moving ? 1 : page_mapcount(page);
	if (page_test(page, PG_head)) { /* hugetlb: not in RSS */
		*(maps > 1 ? &s->hugetlb_shared : &s->hugetlb_private) += PAGE_SIZE;
		return 0;
	}
	dirty = (!moving && pte_dirty(e)) || page_test(page, PG_dirty);
	s->rss += PAGE_SIZE;
	share = (PAGE_SIZE << PSS_SHIFT) / (unsigned)(maps > 0 ? maps : 1);
	c->pss += share;
	c->dirty += dirty ? share : 0;
	if (page_state(page) == PS_ANON) {
		s->anonymous += PAGE_SIZE;
		c->anon += share;
		if (!dirty && !page_test(page, PG_swapbacked)) /* MADV_FREE, not written since */
			s->lazyfree += PAGE_SIZE;
	} else if (page_test(page, PG_swapbacked)) {
		c->shmem += share;
	}
	if ((!moving && pte_young(e)) || page_test(page, PG_referenced))
		s->referenced += PAGE_SIZE;
	if (maps > 1)
		*(dirty ? &s->shared_dirty : &s->shared_clean) += PAGE_SIZE;
	else
		*(dirty ? &s->private_dirty : &s->private_clean) += PAGE_SIZE;
	return 0;
}

/* What the object of @vma has in swap is the vma's, too, where it does not have a page of its own. */
static void smaps_shared(struct smaps_ctx *c, struct vm_area_struct *vma)
{
	struct address_space *m = vma->mapping;
	unsigned long n = m ? shmem_swap_usage(m, vma_index(vma, vma->vm_start),
					       vma_index(vma, vma->vm_end - 1))
			    : 0;

	c->out->swap = n << PAGE_SHIFT;
	if (n && !(vma->vm_flags & VM_SHARED))
		c->hides = vma;
}

void vma_smaps(struct vm_area_struct *vma, struct smaps_stat *out)
{
	struct smaps_ctx c = { .out = out };

	*out = (struct smaps_stat){ 0 };
	smaps_shared(&c, vma);
	(void)range_each(vma->vm_mm, vma->vm_start, vma->vm_end, smaps_entry, &c);
	out->anon_huge = range_count_huge(vma->vm_mm, vma->vm_start, vma->vm_end) << PAGE_SHIFT;
	out->pss = (unsigned long)(c.pss >> PSS_SHIFT);
	out->swap_pss = (unsigned long)(c.swap >> PSS_SHIFT);
	out->pss_dirty = (unsigned long)(c.dirty >> PSS_SHIFT);
	out->pss_anon = (unsigned long)(c.anon >> PSS_SHIFT);
	out->pss_shmem = (unsigned long)(c.shmem >> PSS_SHIFT);
	out->pss_file = (unsigned long)((c.pss - c.anon - c.shmem) >> PSS_SHIFT);
	if (vma->vm_flags & VM_LOCKED)
		out->locked = out->pss;
}

size_t vma_name(struct vm_area_struct *vma, char *buf, size_t size)
{
	const struct mm_struct *mm = vma->vm_mm;
	const char *name = vma->vm_ops && vma->vm_ops->name ? vma->vm_ops->name(vma) : NULL;

	if (vma->mapping && vma->mapping->ops->name)
		return vma->mapping->ops->name(vma->mapping, buf, size);
	if (name)
		return str_copy(buf, name, size);
	if (mm->start_brk && vma->vm_start <= mm->brk && vma->vm_end >= mm->start_brk)
		return str_copy(buf, "[heap]", size);
	if (vma->vm_start <= mm->start_stack && vma->vm_end >= mm->start_stack)
		return str_copy(buf, "[stack]", size);
	return str_copy(buf, "", size);
}
