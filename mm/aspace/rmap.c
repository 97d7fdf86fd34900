/*
 * Reverse mapping: from a page to the entries that map it.
 *
 *   cached page      page->mapping ──► address_space.i_mmap ──► vmas that show page->index ──► address ──► entry
 *   anonymous page   page->mapping ──► anon_vma.chains      ──► the same
 *
 * WHY      no list per page: entries are many, vmas are few, and only truncation, write-back, reclaim and migration ask.
 * I1       a vma is in its trees from before its first entry until after its last (vma.c I4), and its bounds change only
 *          with rmap locked: a walk misses no entry that was there when it began. mremap moves entries with rmap
 *          locked; fork inserts the child's vma behind the parent's in each tree before it copies, so that a walk
 *          that finds an entry gone from the parent's finds it, or nothing, in the child's.
 * I2       an anonymous page moves between anon_vmas of one family only, and towards the entry's own: who walks the older
 *          one's tree sees too many vmas, never too few.
 * LOCKS    i_mmap_lock or the root anon_vma's lock, then one table's lock at a time; the owner mm's mmap_lock is not held:
 *          tables stay because pt_free_tables comes after the vma has left the trees. No sleeping.
 * COST     O(log vmas) for each vma that may show the page, + its entry. An anonymous page that was never shared by fork:
 *          one vma.
 * NOT HERE families of anon_vmas: anon_vma.c.   TESTED BY rmap_test.c, fault_test.c
 */
#include "mm/aspace/anon_vma_impl.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/gather.h"
#include "mm/range.h"

/* The part of @vma that shows pages [first, last], of which it shows some. */
static void part_of(const struct vm_area_struct *vma, unsigned long first, unsigned long last,
		    uaddr_t *start, uaddr_t *end)
{
	unsigned long vma_last = vma->vm_pgoff + vma_pages(vma) - 1;

	*start = vma->vm_start;
	if (first > vma->vm_pgoff)
		*start += (first - vma->vm_pgoff) << PAGE_SHIFT;
	*end = vma->vm_end;
	if (last < vma_last)
		*end -= (vma_last - last) << PAGE_SHIFT;
}

struct zap_ctx {
	unsigned long first, last;
	bool private_too; /* ftruncate(2): SIGBUS beyond the end, for private copies as well */
};

static void zap_part(struct vm_area_struct *vma, const struct zap_ctx *z)
{
	struct mmu_gather g;
	uaddr_t start, end;

	part_of(vma, z->first, z->last, &start, &end);
	gather_begin(&g, vma->vm_mm);
	g.keep_anon = !z->private_too;
	range_zap(&g, vma, start, end);
	gather_end(&g);
}

void mapping_unmap_pages(struct address_space *m, unsigned long first, unsigned long last,
			 bool private_too)
{
	struct zap_ctx z = { first, last, private_too };
	struct ivtree_node *n;

	spin_lock(&m->i_mmap_lock);
	ivtree_for_each (n, &m->i_mmap, first, last)
		zap_part(container_of(n, struct vm_area_struct, i_mmap_node), &z);
	spin_unlock(&m->i_mmap_lock);
}

void rmap_lock_vma(struct vm_area_struct *vma) no_lock_analysis
{
	if (vma->mapping)
		spin_lock(&vma->mapping->i_mmap_lock);
	if (vma->anon_vma)
		anon_vma_lock(vma->anon_vma);
}

void rmap_unlock_vma(struct vm_area_struct *vma) no_lock_analysis
{
	if (vma->anon_vma)
		anon_vma_unlock(vma->anon_vma);
	if (vma->mapping)
		spin_unlock(&vma->mapping->i_mmap_lock);
}

/* ---- walks ---- */

struct rmap_walk {
	struct page *page;
	unsigned long index;
	int (*fn)(const struct rmap_entry *e, void *arg);
	void *arg;
};

/* The entry of @vma for the page, if it maps it. @vma covers the index. */
static int visit_vma(const struct rmap_walk *w, struct vm_area_struct *vma)
{
	struct rmap_entry e = { .page = w->page, .vma = vma };
	int r = 0;
	pte_t cur;

	e.addr = vma->vm_start + ((w->index - vma->vm_pgoff) << PAGE_SHIFT);
	e.pte = pt_find_locked(&vma->vm_mm->root, e.addr, &e.table);
	if (!e.pte)
		return 0;
	cur = pte_read(e.pte);
	if (pte_present(cur) && !pte_special(cur) && pte_pfn(cur) == page_to_pfn(w->page))
		r = w->fn(&e, w->arg);
	pt_unlock(e.table);
	return r;
}

static int walk_anon(const struct rmap_walk *w)
{
	struct anon_vma *av = page_get_anon_vma(w->page);
	struct ivtree_node *n;
	int r = 0;

	if (!av)
		return 0;
	anon_vma_lock(av);
	ivtree_for_each (n, &av->chains, w->index, w->index) {
		r = visit_vma(w, container_of(n, struct anon_vma_chain, node)->vma);
		if (r)
			break;
	}
	anon_vma_unlock(av);
	put_anon_vma(av);
	return r;
}

static int walk_file(const struct rmap_walk *w)
{
	struct address_space *m = page_mapping(w->page);
	struct ivtree_node *n;
	int r = 0;

	if (!m) /* truncated */
		return 0;
	spin_lock(&m->i_mmap_lock);
	ivtree_for_each (n, &m->i_mmap, w->index, w->index) {
		r = visit_vma(w, container_of(n, struct vm_area_struct, i_mmap_node));
		if (r)
			break;
	}
	spin_unlock(&m->i_mmap_lock);
	return r;
}

int rmap_walk(struct page *page, int (*fn)(const struct rmap_entry *e, void *arg), void *arg)
{
	struct rmap_walk w = { page, page->index, fn, arg };

	if (page_state(page) == PS_ANON)
		return walk_anon(&w);
	kassert(page_test(page, PG_locked));
	return page_state(page) == PS_FILE ? walk_file(&w) : 0;
}
