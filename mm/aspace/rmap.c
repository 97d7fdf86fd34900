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
 * NOT HERE what walks are for (rmap_ops.c, mm/reclaim/migrate.c); families of anon_vmas (anon_vma.c).
 *            TESTED BY rmap_test.c, fault_test.c
 */
#include "mm/aspace/anon_vma_impl.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/gather.h"
#include "mm/huge.h"
#include "mm/ksm.h"
#include "mm/range.h"
#include "mm/swap_entry.h"

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

static bool zap_bounds(struct vm_area_struct *vma, void *arg, uaddr_t *start, uaddr_t *end)
{
	const struct zap_ctx *z = arg;

	part_of(vma, z->first, z->last, start, end);
	return true;
}

static void zap_part(struct vm_area_struct *vma, void *arg, uaddr_t start, uaddr_t end)
{
	const struct zap_ctx *z = arg;
	struct mmu_gather g;

	mm_update_hiwater_rss(vma->vm_mm);
	gather_begin(&g, vma->vm_mm);
	g.keep_anon = !z->private_too;
	g.keep_uffd_wp = READ_ONCE(vma->vm_flags) & VM_UFFD_WP;
	range_zap(&g, vma, start, end);
	gather_end(&g);
}

static bool nobody_maps(struct address_space *m)
{
	bool nobody;

	spin_lock(&m->i_mmap_lock);
	nobody = ivtree_empty(&m->i_mmap);
	spin_unlock(&m->i_mmap_lock);
	return nobody;
}

void mapping_unmap_pages(struct address_space *m, unsigned long first, unsigned long last,
			 bool private_too)
{
	struct zap_ctx z = { first, last, private_too };

	if (nobody_maps(m))
		return;
	mmu_notify_each(m, &(struct mmu_notify_vmas){ .first = first,
						      .last = last,
						      .part = zap_bounds,
						      .change = zap_part,
						      .arg = &z,
						      .keep_anon = !private_too });
}

void rmap_lock_vma(struct vm_area_struct *vma) no_lock_analysis
{
	rmap_lock_bounds(vma);
}

void rmap_unlock_vma(struct vm_area_struct *vma) no_lock_analysis
{
	rmap_unlock_bounds(vma);
}

/* ---- walks ---- */

/* The entry of @vma at @addr, its table locked; NULL: none. A transparent large one is split unless the walk wants it. */
static pte_t *find_entry(const struct rmap_walk *w, struct rmap_entry *e)
{
	struct pt_root *root = &e->vma->vm_mm->root;

	if (w->flags & RMAP_LARGE)
		return pt_entry_locked(root, e->addr, &e->table, &e->large);
	return pt_find_locked(root, e->addr, &e->table);
}

/* Is @cur the entry that the walk looks for? */
static bool is_wanted(const struct rmap_walk *w, const struct rmap_entry *e, pte_t cur)
{
	pfn_t pfn = page_to_pfn(w->page);

	if (w->flags & RMAP_MIGRATION)
		return pte_is_migration(cur) && migration_pfn(cur) == pfn;
	if (!pte_present(cur) || pte_special(cur))
		return false;
	return pte_pfn(cur) == (e->large ? pfn & ~(pfn_t)(HPAGE_NR - 1) : pfn);
}

int rmap_visit(const struct rmap_walk *w, struct vm_area_struct *vma, uaddr_t addr)
{
	struct rmap_entry e = { .page = w->page, .vma = vma, .addr = addr };
	int r = 0;

	e.pte = find_entry(w, &e);
	if (!e.pte)
		return 0;
	if (is_wanted(w, &e, pte_read(e.pte)))
		r = w->fn(&e, w->arg);
	pt_unlock(e.table);
	return r;
}

/* @vma covers the page's index. */
static int visit_index(const struct rmap_walk *w, struct vm_area_struct *vma)
{
	return rmap_visit(w, vma, vma->vm_start + ((w->index - vma->vm_pgoff) << PAGE_SHIFT));
}

int rmap_walk_anon(const struct rmap_walk *w, struct anon_vma *av)
{
	struct ivtree_node *n;
	int r = 0;

	anon_vma_lock(av);
	ivtree_for_each (n, &av->chains, w->index, w->index) {
		r = visit_index(w, container_of(n, struct anon_vma_chain, node)->vma);
		if (r)
			break;
	}
	anon_vma_unlock(av);
	return r;
}

int rmap_walk_file(const struct rmap_walk *w, struct address_space *m)
{
	struct ivtree_node *n;
	int r = 0;

	spin_lock(&m->i_mmap_lock);
	ivtree_for_each (n, &m->i_mmap, w->index, w->index) {
		r = visit_index(w, container_of(n, struct vm_area_struct, i_mmap_node));
		if (r)
			break;
	}
	spin_unlock(&m->i_mmap_lock);
	return r;
}

int rmap_walk(struct page *page, unsigned flags, rmap_fn fn, void *arg)
{
	struct rmap_walk w = { page, page->index, flags, fn, arg };
	struct address_space *m = page_mapping(page);
	struct anon_vma *av;
	int r;

	if (m) {
		kassert(page_test(page, PG_locked));
		return rmap_walk_file(&w, m);
	}
	if (page_is_ksm(page))
		return rmap_walk_ksm(&w);
	av = page_state(page) == PS_ANON ? page_get_anon_vma(page) : NULL;
	if (!av)
		return 0; /* nobody maps it */
	r = rmap_walk_anon(&w, av);
	put_anon_vma(av);
	return r;
}
