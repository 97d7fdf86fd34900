/*
 * Migration: a page's contents move to another frame, and everybody who maps it maps that one then.
 *
 *   lock old │ new page │ each entry of old ──► migration entry │ only our references left? │ contents, place in the
 *   cache │ each migration entry ──► entry of new │ unlock, put old
 *                                             no ──► each migration entry ──► entry of old, as it was
 *
 * A fault on a migration entry sleeps until the old page is unlocked (mm/aspace/fault_swap.c). fork copies migration
 * entries, mprotect weakens them, zap clears them: all see them under the table lock, none needs the page.
 *
 * WHY      entries that say "wait" instead of none: with none a fault would make a second page.
 * I1       from the first migration entry to the last the old page is locked, has our reference, and its object (anon_vma
 *          reference, or the cache under the page lock) stays: so every migration entry is found again.
 * I2       contents are copied only when nobody can read or write them: no entry maps the page, all TLBs are flushed, and
 *          there is no reference but ours and the cache's. A cached page is copied and exchanged in one step with its
 *          reference count at zero; an anonymous one has no other way to a new user than its entries.
 * I3       after a failure all is as before; the entries may have lost A, which is no loss.
 * I4       an exclusive page stays exclusive unless a fork copied its migration entry: the mark is read from the old page
 *          under the table lock that fork held.
 * LOCKS    page lock of old (and of new, unknown to others), then rmap's and table locks. Sleeps.
 * COST     one flush per entry and the copy.
 * FAILS    -EAGAIN, -EBUSY, -ENOMEM per page.
 * NOT HERE which pages move, and where (compaction, mempolicy); what KSM knows of its pages (mm/aspace/ksm_merge.c).
 * TESTED BY migrate_test.c
 */
#include "mm/migrate.h"
#include "base/errno.h"
#include "mm/alloc.h"
#include "mm/ksm.h"
#include "mm/mapping.h"
#include "mm/notify.h"
#include "mm/range.h"
#include "mm/swap.h"
#include "mm/vmalloc.h"
#include "mm/vmevent.h"
#include "sync/failpoint.h"
#include "sync/tracepoint.h"

enum { ATTEMPTS_SYNC = 10, ATTEMPTS_ASYNC = 3 };

struct move {
	struct page *old, *new;
	struct anon_vma *av;	 /* of an anonymous page: referenced; else */
	struct address_space *m; /* the cache it is in; else it is KSM's */
};

/* ---- entries ---- */

static int entry_to_migration(const struct rmap_entry *e, void *arg)
{
	struct mm_struct *mm = e->vma->vm_mm;
	pte_t old;

	if (unlikely(!mmu_notify_told(arg, mm, e->addr, e->addr + PAGE_SIZE)))
		return 1; /* it stays, and with its reference the page */
	old = pte_clear(e->pte);
	tlb_flush_page(&mm->root, e->addr);
	mmu_notify_flush(mm, e->addr, e->addr + PAGE_SIZE);
	if (pte_young(old))
		page_set(e->page, PG_referenced);
	pte_set(e->pte, pte_make_migration(old));
	vma_page_unmapped(e->vma, e->page);
	page_remove_rmap(e->page);
	put_page(e->page); /* not the last: we have one */
	return 0;
}

/* The entry of @to that stands where @from, a migration entry, was. */
static pte_t entry_of(const struct vm_area_struct *vma, struct page *to, pte_t from)
{
	pte_t e = pte_make(page_to_pfn(to), vma->vm_page_prot);

	if (migration_is_write(from) && (READ_ONCE(vma->vm_flags) & VM_WRITE))
		e = pte_mkwrite(e);
	if (pte_swap_offset(from) & MIGRATION_DIRTY)
		e = pte_mkdirty(e);
	if (pte_swap_offset(from) & MIGRATION_SOFT_DIRTY)
		e = pte_mksoft_dirty(e);
	if (migration_uffd_wp(from))
		e = pte_mkuffd_wp(e);
	return e;
}

static int migration_to_entry(const struct rmap_entry *e, void *arg)
{
	struct page *to = arg;

	if (to != e->page && page_test(e->page, PG_anon_exclusive) && page_state(to) == PS_ANON)
		page_set(to, PG_anon_exclusive);
	get_page(to);
	page_add_rmap(to);
	vma_page_mapped(e->vma, to);
	pte_set(e->pte, entry_of(e->vma, to, pte_read(e->pte)));
	return 0;
}

static void walk(const struct move *v, unsigned flags, rmap_fn fn, void *arg)
{
	struct rmap_walk w = { v->old, v->old->index, flags, fn, arg };

	if (v->av)
		(void)rmap_walk_anon(&w, v->av);
	else if (v->m)
		(void)rmap_walk_file(&w, v->m);
	else
		(void)rmap_walk_ksm(&w);
}

/* ---- one page, locked ---- */

/* Pages of a kind that moves: a program's, or a cache's with valid contents. Not part of a hugetlb page. */
static bool may_move(const struct page *page)
{
	if (page_test(page, PG_head))
		return false;
	if (page_state(page) == PS_ANON)
		return page_anon_vma(page) || page_is_ksm(page);
	return page_mapping(page) && page_test(page, PG_uptodate);
}

/* The object whose vmas map the page. Return: false when it is not mapped by any and in no cache: about to be freed. */
static bool find_object(struct move *v)
{
	v->m = page_mapping(v->old);
	if (v->m || page_is_ksm(v->old))
		return true;
	v->av = page_get_anon_vma(v->old);
	return v->av;
}

static int exchange_anon(struct move *v)
{
	bool cached = page_test(v->old, PG_swapcache);

	if (page_ref_count(v->old) != 1 + cached)
		return -EAGAIN;
	page_replace_anon(v->old, v->new);
	return cached ? swapcache_replace(v->old, v->new) : 0;
}

static int exchange(struct move *v)
{
	if (v->m)
		return mapping_replace_page(v->m, v->old, v->new, 2);
	return v->av ? exchange_anon(v) : ksm_replace_page(v->old, v->new);
}

static noinline_ void unmap_watched(const struct move *v)
{
	struct mmu_notify_set set;

	mmu_notify_page(&set, v->old, MMU_NOTIFY_CLEAR);
	walk(v, 0, entry_to_migration, &set);
	mmu_notify_set_end(&set);
}

/* With v->new at hand. 0 or -EAGAIN. */
static int move_mapped(struct move *v)
{
	struct page *to = v->new;
	int err;

	if (page_mapcount(v->old) > 0 && mmu_notify_any())
		unmap_watched(v);
	else if (page_mapcount(v->old) > 0)
		walk(v, 0, entry_to_migration, NULL);
	err = exchange(v);
	if (err)
		to = v->old;
	walk(v, RMAP_MIGRATION, migration_to_entry, to);
	if (!err && !v->m && !v->av)
		ksm_forget_page(v->old);
	return err;
}

static struct page *target(struct page *old, const struct migrate_control *c)
{
	int any = 0;

	if (failpoint("migrate_page"))
		return NULL;
	return c->new_page ? c->new_page(old, c->arg) : migrate_target_node(old, &any);
}

/* The page is locked. 0 or why not. */
static int move_locked(struct page *old, const struct migrate_control *c)
{
	struct move v = { .old = old };
	int err;

	if (page_test(old, PG_writeback) && c->mode != MIGRATE_SYNC)
		return -EAGAIN;
	(void)!page_wait_clear(old, PG_writeback, PARK_UNINTERRUPTIBLE);
	if (!may_move(old))
		return -EBUSY;
	if (!find_object(&v))
		return page_ref_count(old) == 1 ? 0 : -EAGAIN;
	v.new = target(old, c);
	err = v.new ? 0 : -ENOMEM;
	if (!err && !trylock_page(v.new))
		panic("a new page is locked");
	if (!err)
		err = move_mapped(&v);
	if (v.new) {
		unlock_page(v.new);
		swap_put_page(
			v.new); /* its entries and the cache have theirs; or nobody wants it */
	}
	if (v.av)
		put_anon_vma(v.av);
	return err;
}

static int move_one(struct page *page, const struct migrate_control *c)
{
	unsigned tries = c->mode == MIGRATE_SYNC ? ATTEMPTS_SYNC : ATTEMPTS_ASYNC;
	int err = -EAGAIN;

	while (err == -EAGAIN && tries--) {
		if (c->mode == MIGRATE_SYNC)
			lock_page(page);
		else if (!trylock_page(page))
			continue;
		err = move_locked(page, c);
		unlock_page(page);
	}
	return err;
}

unsigned migrate_pages(struct page **pages, int *status, unsigned n,
		       const struct migrate_control *c)
{
	unsigned failed = 0;

	for (unsigned i = 0; i < n; i++) {
		status[i] = move_one(pages[i], c);
		failed += status[i] != 0;
		if (!c->keep)
			swap_put_page(pages[i]);
	}
	count_vm_events(PGMIGRATE_SUCCESS, n - failed);
	count_vm_events(PGMIGRATE_FAIL, failed);
	tracepoint(mm_migrate_pages, n - failed, failed);
	return failed;
}

struct page *migrate_target_node(struct page *old, void *nid)
{
	struct address_space *m = page_mapping(old);

	return alloc_pages_node(*(int *)nid, m ? m->gfp : GFP_HIGHUSER_MOVABLE, 0);
}
