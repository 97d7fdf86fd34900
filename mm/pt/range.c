/*
 * Ranges of entries with the accounting of mapped pages: zap, protect, copy, age, count as run functions.
 *
 * OWNS     the tie between an entry and its page: I1-I3 below.
 * WHY      one run per table: counters are summed in the run and added once, so that unmapping a resident page costs
 *          some thirty instructions, and RSS stays exact.
 * I1       a present entry without pte_special holds one reference and one _mapcount of its page.        [mm_check]
 * I2       mm->rss_stat[c] == such entries of kind c: PS_ANON: MM_ANONPAGES; other with PG_swapbacked:
 *          MM_SHMEMPAGES; the rest: MM_FILEPAGES. A migration entry counts as the page for which it stands, but holds
 *          neither reference nor _mapcount of it. A swapped entry is in MM_SWAPENTS, and one count of its slot.
 *                                                                                                        [mm_check]
 * I3       NR_ANON_MAPPED, NR_FILE_MAPPED count pages with _mapcount >= 0, once each.             [range_test]
 * I4       a private mapping's entry is writable only if its page is anonymous and PG_anon_exclusive: this entry's alone.
 *          So a page shared by fork is never written in place, and one that the kernel holds stays the program's. [mm_check]
 * LOCKS    table locks (rank PT) inside; two at once only in copy, whose writers exclude each other by mmap_lock held
 *          for write, so no order between the two is needed.
 * CONTEXT  see each contract; runs never sleep, PT_AGAIN leaves the lock for what must.
 * COST     target: zap 30, protect 10, copy 25 instructions per resident page.
 * FAILS    copy: -ENOMEM. The others need no memory.
 * NOT HERE which range (mm/aspace); freeing (gather.c); large entries (range_huge.c); moving (range_move.c).
 * TESTED BY  range_test.c
 */
#include "mm/range.h"
#include "base/errno.h"
#include "lib/xindex.h"
#include "mm/notify.h"
#include "mm/pt/range_impl.h"
#include "mm/swap.h"

/* How many of the @n entries from @e on are none; the first one is known to be. Sparse tables are mostly that. */
static inline unsigned none_run(const pte_t *e, unsigned n)
{
	const pte_t *p = e + 1, *const end = e + n;

	if (end - p >= 8 && !pte_any_of_8(p)) {
		for (p += 8; end - p >= 16 && !(pte_any_of_8(p) | pte_any_of_8(p + 8)); p += 16)
			;
		if (end - p >= 8 && !pte_any_of_8(p))
			p += 8;
	}
	while (p < end && !pte_any(p))
		p++;
	return (unsigned)(p - e);
}

/* ---- accounting ---- */

static enum node_stat_item mapped_stat(enum mm_counter kind)
{
	return kind == MM_ANONPAGES ? NR_ANON_MAPPED : NR_FILE_MAPPED;
}

void page_add_rmap(struct page *page)
{
	if (mapcount_inc(page))
		mod_node_stat(page, mapped_stat(page_counter(page)), 1);
}

void page_remove_rmap(struct page *page)
{
	enum mm_counter kind = page_counter(page);

	if (mapcount_dec(page, kind))
		mod_node_stat(page, mapped_stat(kind), -1);
}

void range_account_map(struct mm_struct *mm, struct page *page)
{
	page_add_rmap(page);
	mm_rss_add(mm, page_counter(page), 1);
}

void range_account_unmap(struct mm_struct *mm, struct page *page)
{
	page_remove_rmap(page);
	mm_rss_add(mm, page_counter(page), -1);
}

/* Sums of one run. Node statistics are kept for one node and one sign at a time. */
struct tally {
	long rss[NR_MM_COUNTERS];
	long mapped[2]; /* anonymous, file: of the node of @page */
	const struct page *page;
};

/* Written out: what a compiler makes of a loop over a few words is longer. */
static inline void tally_begin(struct tally *t)
{
	_Static_assert(NR_MM_COUNTERS == 4, "all of them");
	t->rss[0] = 0;
	t->rss[1] = 0;
	t->rss[2] = 0;
	t->rss[3] = 0;
	t->mapped[0] = 0;
	t->mapped[1] = 0;
	t->page = NULL;
}

static void tally_stats(struct tally *t)
{
	if (t->mapped[0])
		mod_node_stat(t->page, NR_ANON_MAPPED, t->mapped[0]);
	if (t->mapped[1])
		mod_node_stat(t->page, NR_FILE_MAPPED, t->mapped[1]);
	t->mapped[0] = 0;
	t->mapped[1] = 0;
}

/* @page was mapped for the first time or unmapped for the last (@n +1, -1). */
static inline void tally_mapped(struct tally *t, const struct page *page, enum mm_counter kind,
				long n)
{
	if (unlikely(t->page && page_node_id(t->page) != page_node_id(page)))
		tally_stats(t);
	t->page = page;
	t->mapped[kind != MM_ANONPAGES] += n;
}

static inline void rss_end(struct mm_struct *mm, enum mm_counter c, long n)
{
	if (n)
		mm_rss_add(mm, c, n);
}

static void tally_end(struct tally *t, struct mm_struct *mm)
{
	if (t->page)
		tally_stats(t);
	rss_end(mm, MM_FILEPAGES, t->rss[MM_FILEPAGES]);
	rss_end(mm, MM_ANONPAGES, t->rss[MM_ANONPAGES]);
	rss_end(mm, MM_SWAPENTS, t->rss[MM_SWAPENTS]);
	rss_end(mm, MM_SHMEMPAGES, t->rss[MM_SHMEMPAGES]);
}

/* ---- map ---- */

/* Entry @pte, which may be a marker, maps the page of the fault. Return: 1 when it is the page's first. */
static inline unsigned map_one(pte_t *pte, struct page *page, pte_t prot)
{
	get_page(page);
	pte_set(pte, pte_make(page_to_pfn(page), prot));
	return mapcount_inc(page);
}

void range_map_own(struct mm_struct *mm, pte_t *pte, struct page *own, pte_t prot)
{
	if (map_one(pte, own, prot))
		mod_node_stat(own, mapped_stat(page_counter(own)), 1);
	mm_rss_add(mm, page_counter(own), 1);
}

/* Pages mostly do not lie side by side, after a while: each entry is made of its page's number. */
static always_inline_ void map_slots(struct mm_struct *mm, pte_t *pte, void *const *slot,
				     unsigned n, const struct page *own, pte_t prot, bool values)
{
	const unsigned long alike = PAGE_PLACE_MASK | 1UL << PG_uptodate,
			    flags = READ_ONCE(own->flags);
	void *const *const end = slot + n;
	unsigned left_out = 0, first = 0;

	for (; slot < end; slot++, pte++) {
		struct page *page = *slot;
		bool odd; /* of another node, or not valid */

		if (unlikely(!page) || (values && xindex_is_value(page)) ||
		    unlikely(pte_any(pte))) {
			left_out++;
			continue;
		}
		odd = (READ_ONCE(page->flags) ^ flags) & alike;
		if (unlikely(odd) && !page_test(page, PG_uptodate)) {
			left_out++;
			continue;
		}
		kassert(page_counter(page) == page_counter(own));
		get_page(page);
		if (unlikely(odd))
			page_add_rmap(page);
		else
			first += mapcount_inc(page);
		pte_set(pte, pte_make(page_to_pfn(page), prot));
	}
	if (first)
		mod_node_stat(own, mapped_stat(page_counter(own)), first);
	mm_rss_add(mm, page_counter(own), n - left_out);
}

void range_map_cached(struct mm_struct *mm, pte_t *pte, void *const *slot, unsigned n,
		      const struct page *own, pte_t prot, bool values)
{
	if (unlikely(values))
		map_slots(mm, pte, slot, n, own, prot, true);
	else
		map_slots(mm, pte, slot, n, own, prot, false);
}

/* ---- zap ---- */

/* Return: the page's kind. */
static inline enum mm_counter zap_page(struct mmu_gather *g, struct tally *t, pte_t old)
{
	struct page *page = entry_page(old);
	enum mm_counter kind = page_counter(page);

	if (kind != MM_ANONPAGES)
		keep_access_bits(page, old);
	if (unlikely(g->mlocked))
		page_munlock(page);
	t->rss[kind]--;
	if (mapcount_dec(page, kind))
		tally_mapped(t, page, kind, -1);
	return kind;
}

/* The neighbours of the anonymous page of @old, which has been zapped: as many of the @n entries from @e on as can go with it. */
static inline unsigned zap_with(struct mmu_gather *g, struct tally *t, pte_t *e, unsigned n,
				pte_t old)
{
	unsigned unmapped;

	if (!n || !pte_follows(pte_read_locked(e), old) || g->mlocked || g->keep_uffd_wp)
		return 0;
	n = zap_neighbours(e, min_of(unsigned, n, GATHER_RUN - 1), old, &unmapped);
	t->rss[MM_ANONPAGES] -= n;
	if (unmapped)
		tally_mapped(t, entry_page(old), MM_ANONPAGES, -(long)unmapped);
	return n;
}

/* If entry @e, @old, is of a page that zap_files takes: as many of the @n from it on as do go. */
static inline unsigned zap_file_run(struct mmu_gather *g, struct tally *t, pte_t *e, unsigned n,
				    pte_t old, bool *full)
{
	enum mm_counter kind;
	struct page *page;
	unsigned unmapped;

	if (!pte_present(old) || pte_special(old) || g->mlocked || g->keep_uffd_wp)
		return 0;
	page = entry_page(old);
	if (!page_is_small_file(page))
		return 0;
	kind = page_counter(
		page); /* a page of shared memory that nobody maps may become anonymous */
	n = zap_files(e, min_of(unsigned, n, GATHER_RUN), g->full, &unmapped);
	t->rss[kind] -= n;
	if (unmapped)
		tally_mapped(t, page, MM_FILEPAGES, -(long)unmapped);
	*full = gather_files(g, page, n);
	return n;
}

/* Is the entry, of whatever kind, protected for a userfaultfd? */
static bool entry_uffd_wp(pte_t e)
{
	if (pte_present(e))
		return pte_uffd_wp(e);
	return pte_is_uffd_marker(e) || (pte_is_migration(e) && migration_uffd_wp(e)) ||
	       (pte_is_swapped(e) && swapped_test(e, SWAP_UFFD_WP));
}

static noinline_ void zap_absent(struct tally *t, pte_t old)
{
	if (pte_is_migration(old))
		t->rss[page_counter(moving_page(old))]--;
	if (!pte_is_swapped(old))
		return;
	t->rss[MM_SWAPENTS]--;
	swap_put(pte_swp_entry(old));
}

/* Entry @e of the @n from it on, @old, goes, with neighbours as far as they can go with it. Return: how many; *full: so is @g. */
static inline unsigned zap_entry(struct mmu_gather *g, struct tally *t, pte_t *e, unsigned n,
				 pte_t old, bool *full)
{
	unsigned gone = zap_file_run(g, t, e, n, old, full);

	if (gone)
		return gone;
	if (g->full) /* no user code of this mm runs: A and D cannot change */
		pte_set(e, pte_from_raw(0));
	else
		old = pte_clear(e);
	if (unlikely(g->keep_uffd_wp) && entry_uffd_wp(old))
		pte_set(e, pte_uffd_marker());
	if (unlikely(!pte_present(old))) {
		zap_absent(t, old);
		return 1;
	}
	if (pte_special(old))
		return 1;
	if (zap_page(g, t, old) == MM_ANONPAGES)
		gone = zap_with(g, t, e + 1, n - 1, old);
	*full = gone ? gather_run(g, entry_page(old), gone + 1) : gather_page(g, entry_page(old));
	return gone + 1;
}

static int zap_run(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last)
{
	struct mmu_gather *g = w->arg;
	uaddr_t first_cleared = 0, end_cleared = 0;
	bool full = false;
	struct tally t;

	tally_begin(&t);
	for (unsigned n = run_entries(va, last), step; n > 0 && !full; n -= step) {
		pte_t old = pte_read(e);

		step = 1;
		if (pte_none(old)) {
			step = none_run(e, n);
		} else if (likely(!g->keep_anon) || !is_private_entry(old)) {
			step = zap_entry(g, &t, e, n, old, &full);
			if (!end_cleared)
				first_cleared = va;
			end_cleared = va + ((uaddr_t)step << PAGE_SHIFT);
		}
		e += step;
		va += (uaddr_t)step << PAGE_SHIFT;
	}
	w->resume = va;
	if (end_cleared)
		gather_note_range(g, first_cleared, end_cleared);
	tally_end(&t, g->mm);
	return full ? PT_AGAIN : 0;
}

static int zap_again(struct pt_walk *w)
{
	gather_relieve(w->arg);
	return 0;
}

static const struct pt_walk_ops zap_ops = {
	.run = zap_run, .huge = zap_huge, .mark = zap_mark, .again = zap_again
};

void range_zap(struct mmu_gather *g, struct vm_area_struct *vma, uaddr_t start, uaddr_t end)
{
	struct pt_walk w = { .ops = &zap_ops, .root = &g->mm->root, .mm = g->mm, .arg = g };

	g->mlocked = vma && (READ_ONCE(vma->vm_flags) & VM_LOCKED);
	kassert(!vma || (vma->vm_mm == g->mm && vma->vm_start <= start && end <= vma->vm_end));
	if (start < end)
		must(pt_walk_range(&w, start, end - 1) == 0);
}

/* ---- protect ---- */

/* The loop of protect_alike, for a @diff and an @own that the compiler knows something of. */
static always_inline_ unsigned flip_alike(pte_t *e, unsigned n, pte_t old, pteval_t diff, bool own)
{
	pte_t *const first = e, *const end = e + n;

	for (; e != end; e++) {
		pte_t cur = pte_read_locked(e);

		if (!pte_alike(cur, old) || (own && !page_is_own(entry_page(cur))) ||
		    !pte_flip(e, cur, diff)) /* the CPU was here: the caller looks again */
			break;
	}
	return (unsigned)(e - first);
}

/*
 * Of the @n entries from @e on those that are as @old was, which has become @new: neighbours mostly are, and the same
 * change does. For the write right each page must be its entry's alone, as @old's was. Return: how many were changed.
 */
static noinline_ unsigned protect_alike(pte_t *e, unsigned n, pte_t old, pte_t new,
					bool private_write)
{
	const pteval_t diff = pte_raw(old) ^ pte_raw(new);

	if (private_write && (!pte_write(new) || pte_special(old)))
		return 0;
	if ((uint32_t)diff != diff) /* the right to execute */
		return flip_alike(e, n, old, diff, private_write);
	return private_write ? flip_alike(e, n, old, (uint32_t)diff, true)
			     : flip_alike(e, n, old, (uint32_t)diff, false);
}

/* What the present entry @cur becomes with the rights @prot. */
static always_inline_ pte_t protected_entry(pte_t cur, pte_t prot, unsigned care)
{
	pte_t to = pte_modify(cur, prot);

	if ((care && write_must_fault(care, cur)) || unlikely(pte_uffd_wp(cur)))
		to = pte_wrprotect(to);
	return to;
}

static noinline_ void protect_absent(pte_t *e, pte_t cur, pte_t prot)
{
	if (pte_is_migration(cur) && !pte_write(prot))
		pte_set(e, migration_wrprotect(cur));
}

static int protect_run(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last)
{
	struct protect_ctx *c = w->arg;
	const unsigned care = c->care;
	const pte_t prot = c->prot;
	uaddr_t first_lost = 0, end_lost = 0;
	unsigned long changed = 0;

	for (unsigned n = run_entries(va, last), more; n > 0; n--, e++, va += PAGE_SIZE) {
		pte_t cur = pte_read(e), to;
		uaddr_t first = va;

		if (!pte_present(cur)) {
			protect_absent(e, cur, prot);
			continue;
		}
		to = protected_entry(cur, prot, care);
		if (pte_raw(to) == pte_raw(cur))
			continue;
		entry_change(e, cur, to);
		more = n > 1 ? protect_alike(e + 1, n - 1, cur, to, care & CARE_PRIVATE) : 0;
		changed += more + 1;
		n -= more;
		e += more;
		va += (uaddr_t)more << PAGE_SHIFT;
		if (!loses_rights(cur, to))
			continue;
		first_lost = end_lost ? first_lost : first;
		end_lost = va + PAGE_SIZE;
	}
	c->changed += changed;
	if (end_lost)
		gather_note_range(c->g, first_lost, end_lost);
	return 0;
}

static unsigned protect_care(const struct vm_area_struct *vma)
{
	return (vma->vm_flags & VM_SHARED ? 0 : CARE_PRIVATE) |
	       (vma_tracks_writes(vma) ? CARE_TRACKED : 0);
}

static const struct pt_walk_ops protect_ops = { .run = protect_run, .huge = protect_huge };

unsigned long range_protect(struct mmu_gather *g, struct vm_area_struct *vma, uaddr_t start,
			    uaddr_t end, pte_t prot)
{
	struct protect_ctx c = {
		.g = g,
		.prot = prot,
		.care = pte_write(prot) ? protect_care(vma) : 0,
	};
	struct pt_walk w = { .ops = &protect_ops, .root = &g->mm->root, .mm = g->mm, .arg = &c };
	struct mmu_notify_range watch;

	if (start >= end)
		return 0;
	mmu_notify_begin(&watch, g->mm, start, end, MMU_NOTIFY_PROTECTION_VMA);
	must(pt_walk_range(&w, start, end - 1) == 0);
	if (unlikely(watch.mm))
		gather_flush(g);
	mmu_notify_end(&watch);
	return c.changed;
}

bool range_protect_page(struct vm_area_struct *vma, uaddr_t va, pte_t prot)
{
	struct pt_root *root = &vma->vm_mm->root;
	bool lost = false;
	struct page *table;
	pte_t *e = pt_descend(root, va, &table), cur, to;

	if (unlikely(!e))
		return false;
	pt_table_lock(table);
	cur = pte_read_locked(e);
	if (likely(pte_present(cur))) {
		to = protected_entry(cur, prot, pte_write(prot) ? protect_care(vma) : 0);
		if (pte_raw(to) != pte_raw(cur)) {
			entry_change(e, cur, to);
			lost = loses_rights(cur, to);
		}
	} else {
		protect_absent(e, cur, prot);
		/* Reclaim took it: a CPU may still have the entry that was there. */
		lost = READ_ONCE(vma->vm_mm->unhooked) != READ_ONCE(vma->vm_mm->flushed);
	}
	pt_table_unlock(table);
	if (lost)
		tlb_flush_page(root, va);
	return true;
}

/* ---- copy ---- */

/* One entry of the child. */
static inline pte_t copy_entry(struct copy_ctx *c, struct tally *t, pte_t *src, pte_t cur,
			       uaddr_t va)
{
	struct page *page;
	enum mm_counter kind;

	cur = copy_bits(c, src, cur, va, PAGE_SIZE);
	if (pte_special(cur))
		return cur;
	page = entry_page(cur);
	kind = page_counter(page);
	get_page(page_head(page));
	if (kind == MM_ANONPAGES)
		page_share(page);
	(void)mapcount_inc(page); /* not the first: the parent's entry maps it */
	t->rss[kind]++;
	return cur;
}

/* The @n entries from @e on come after @cur at @va, whose copy stands before @d. Return: how many are copied as its neighbours. */
static inline unsigned copy_with(struct copy_ctx *c, struct tally *t, pte_t *e, pte_t *d,
				 unsigned n, pte_t cur, uaddr_t va)
{
	bool weakened = false;

	if (!n || !pte_follows(pte_read_locked(e), cur) || !c->cow || c->partly ||
	    !pte_present(cur) || pte_special(cur) || pte_uffd_wp(cur) ||
	    page_state(entry_page(cur)) != PS_ANON)
		return 0;
	n = copy_neighbours(e, d, n, cur, &weakened);
	if (weakened)
		gather_note_range(c->g, va + PAGE_SIZE, va + ((uaddr_t)n + 1) * PAGE_SIZE);
	t->rss[MM_ANONPAGES] += n;
	return n;
}

/* The same of a page that is being moved: whoever moves it comes to the child's entry after the parent's. */
static noinline_ pte_t copy_moving(struct copy_ctx *c, struct tally *t, pte_t *src, pte_t cur)
{
	struct page *page = moving_page(cur);

	if (c->cow) {
		cur = migration_wrprotect(cur);
		pte_set(src, cur);
		if (page_state(page) == PS_ANON)
			page_share(page);
	}
	t->rss[page_counter(page)]++;
	return c->uffd_wp ? cur : migration_set_uffd_wp(cur, false);
}

/* The same of one that is in swap: of a private one no entry has the page alone any more. */
static noinline_ pte_t copy_swapped(struct copy_ctx *c, struct tally *t, pte_t *src, pte_t cur)
{
	if (c->cow && swapped_test(cur, SWAP_EXCLUSIVE)) {
		cur = swapped_set(cur, SWAP_EXCLUSIVE, false);
		pte_set(src, cur);
	}
	swap_dup(pte_swp_entry(cur));
	t->rss[MM_SWAPENTS]++;
	return c->uffd_wp ? cur : swapped_set(cur, SWAP_UFFD_WP, false);
}

/* The child's of the parent's *src, @cur, which is not present. */
static noinline_ pte_t copy_absent(struct copy_ctx *c, struct tally *t, pte_t *src, pte_t cur)
{
	if (pte_is_migration(cur))
		return copy_moving(c, t, src, cur);
	return pte_is_swapped(cur) ? copy_swapped(c, t, src, cur) : cur;
}

/* Does the child get the entry, which is not present? */
static bool is_inherited(const struct copy_ctx *c, pte_t e)
{
	return !pte_is_uffd_marker(e) || c->uffd_wp;
}

static int copy_run(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last)
{
	struct copy_ctx *c = w->arg;
	unsigned n = run_entries(va, last);
	struct page *dst_table = NULL;
	pte_t *d = NULL;
	struct tally t;
	unsigned more;

	tally_begin(&t);
	for (; n > 0; n--, e++, va += PAGE_SIZE) {
		pte_t cur = pte_read(e);

		if (pte_none(cur)) {
			more = none_run(e, n) - 1;
			n -= more;
			e += more;
			va += (uaddr_t)more << PAGE_SHIFT;
			d = d ? d + more + 1 : NULL;
			continue;
		}
		if (!pte_present(cur) && !is_inherited(c, cur)) {
			d = d ? d + 1 : NULL;
			continue;
		}
		if (!d) {
			d = pt_find_locked(&c->dst->root, va, &dst_table);
			if (!d)
				break; /* first page of a table that dst lacks */
		}
		if (unlikely(c->partly) && !pte_none(pte_read_locked(d))) {
			d++;
			continue;
		}
		pte_set(d++, pte_present(cur) ? copy_entry(c, &t, e, cur, va)
					      : copy_absent(c, &t, e, cur));
		more = copy_with(c, &t, e + 1, d, n - 1, cur, va);
		n -= more;
		e += more;
		d += more;
		va += (uaddr_t)more << PAGE_SHIFT;
	}
	w->resume = va;
	if (dst_table && d)
		pt_unlock(dst_table);
	tally_end(&t, c->dst);
	return n ? PT_AGAIN : 0;
}

static int copy_again(struct pt_walk *w)
{
	struct copy_ctx *c = w->arg;
	struct page *table;

	if (c->want_huge)
		return copy_huge_prepare(w);
	if (!pt_find_alloc_locked(c->dst, &c->dst->root, w->resume, &table))
		return -ENOMEM;
	pt_unlock(table);
	return 0;
}

static const struct pt_walk_ops copy_ops = {
	.run = copy_run, .huge = copy_huge, .mark = copy_mark, .again = copy_again
};

int range_copy(struct mmu_gather *g, struct mm_struct *dst, struct vm_area_struct *vma,
	       struct range_copy_how how)
{
	struct copy_ctx c = { .g = g,
			      .dst = dst,
			      .cow = !(vma->vm_flags & VM_SHARED),
			      .uffd_wp = how.uffd_wp,
			      .partly = how.partly };
	struct pt_walk w = { .ops = &copy_ops, .root = &g->mm->root, .mm = g->mm, .arg = &c };

	int err = pt_walk_range(&w, vma->vm_start, vma->vm_end - 1);

	if (c.spare)
		pt_table_free(dst, c.spare);
	return err;
}

/* ---- age, count ---- */

static int age_run(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last)
{
	struct age_ctx *c = w->arg;

	for (unsigned n = run_entries(va, last); n > 0; n--, e++, va += PAGE_SIZE) {
		pte_t cur = pte_read(e);

		if (!pte_present(cur) || !pte_young(cur) || !pte_test_and_clear_young(e))
			continue;
		c->young++;
		gather_note(c->g, va); /* a CPU that keeps the entry would not set the bit again */
	}
	return 0;
}

static const struct pt_walk_ops age_ops = { .run = age_run, .huge = age_huge };

unsigned long range_age(struct mmu_gather *g, uaddr_t start, uaddr_t end)
{
	struct age_ctx c = { .g = g };
	struct pt_walk w = { .ops = &age_ops, .root = &g->mm->root, .mm = g->mm, .arg = &c };

	must(pt_walk_range(&w, start, end - 1) == 0);
	return c.young;
}

static int each_run(struct pt_walk *w, pte_t *e, int level, uaddr_t va, uaddr_t last)
{
	struct each_ctx *c = w->arg;

	for (unsigned n = run_entries(va, last); n > 0; n--, e++, va += PAGE_SIZE) {
		pte_t cur = pte_read(e);
		int r = pte_none(cur) ? 0 : c->fn(cur, va, c->arg);

		kassert(r != PT_AGAIN);
		if (r)
			return r;
	}
	return 0;
}

static const struct pt_walk_ops each_ops = { .run = each_run, .huge = each_huge };

int range_each(struct mm_struct *mm, uaddr_t start, uaddr_t end,
	       int (*fn)(pte_t e, uaddr_t va, void *arg), void *arg)
{
	struct each_ctx c = { .fn = fn, .arg = arg };
	struct pt_walk w = { .ops = &each_ops, .root = &mm->root, .mm = mm, .arg = &c };

	return start < end ? pt_walk_range(&w, start, end - 1) : 0;
}

static int count_one(pte_t e, uaddr_t va, void *arg)
{
	struct range_counts *c = arg;

	bool moving = pte_is_migration(e);

	if (pte_is_swap(e) && !moving) {
		c->swap++;
		return 0;
	}
	c->present++;
	c->young += !moving && pte_young(e);
	c->dirty += !moving && pte_dirty(e);
	if (!moving && pte_special(e)) {
		c->special++;
		return 0;
	}
	switch (page_counter(moving ? moving_page(e) : entry_page(e))) {
	case MM_ANONPAGES:
		c->anon++;
		break;
	case MM_SHMEMPAGES:
		c->shmem++;
		break;
	default:
		c->file++;
		break;
	}
	return 0;
}

void range_count(struct mm_struct *mm, uaddr_t start, uaddr_t end, struct range_counts *out)
{
	(void)range_each(mm, start, end, count_one, out);
}
