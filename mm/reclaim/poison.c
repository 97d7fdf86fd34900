/*
 * Frames out of use: broken ones, whose contents are lost, and doubtful ones, whose contents move away.
 *
 *   memory_failure     private page     each entry ──► hwpoison entry: an access is SIGBUS (BUS_MCEERR_AR)
 *                      cached, dirty    the same; it leaves the cache, the file has an error (EIO of fsync)
 *                      cached, clean    unmapped and out of the cache: read again when wanted, nobody notices
 *                      memory-backed    hwpoison entries; it stays in the cache, as a page without contents: EIO, SIGBUS
 *   soft_offline_page  migration; the old frame is kept
 *
 * OWNS     PG_hwpoison, num_poisoned_pages, and one reference of each such page: so it never becomes free again, whoever
 *          else still has references.
 * I1       PG_hwpoison set: our reference is held, and no entry maps the page.                      [poison_test]
 * I2       an entry of a cached page is found: PG_uptodate goes first, and who maps a cached page asks for it with the
 *          table locked (mm/aspace/fault_file.c), so after a walk over all tables nobody maps it again.
 * LOCKS    the page lock, then rmap's. unpoison_lock: two who bring the same page back.   CONTEXT  threads; sleeps.
 * FAILS    -EBUSY for the kernel's own pages, hugetlb, pages shared by KSM, locked in memory (soft only) or pinned.
 * NOT HERE machine checks: a PC that reports broken memory by itself; only programs with CAP_SYS_ADMIN do so here.
 * SOURCES  madvise(2); Linux Documentation/mm/hwpoison.rst.   TESTED BY poison_test.c
 */
#include "mm/poison.h"

#include "base/errno.h"
#include "mm/imports.h"
#include "mm/mapping.h"
#include "mm/migrate.h"
#include "mm/mm.h"
#include "mm/rmap.h"
#include "mm/swap_entry.h"
#include "mm/wire.h"
#include "sync/klog.h"
#include "uapi/mman.h"

atomic_long_t num_poisoned_pages;
int sysctl_memory_failure_recovery = 1;

static struct spinlock unpoison_lock = SPINLOCK_INIT(RANK_LRU);

/* A page of programs or of the cache, by itself. */
static bool is_of_users(const struct page *page)
{
	return (page_state(page) == PS_ANON || page_state(page) == PS_FILE) &&
	       !page_test(page, PG_head);
}

/* The reference of @page is ours from now on. */
static void take_out_of_use(struct page *page)
{
	page_set(page, PG_hwpoison);
	atomic_long_add(&num_poisoned_pages, 1);
}

/* ---- contents lost ---- */

static int poison_entry(const struct rmap_entry *e, void *arg)
{
	const bool *lost = arg;

	rmap_take_entry(e, *lost ? pte_from_swap(SWP_HWPOISON, page_to_pfn(e->page))
				 : pte_from_raw(0));
	return 0;
}

static void unmap_all(struct page *page, bool lost)
{
	if (page_mapcount(page) > 0)
		(void)rmap_walk(page, 0, poison_entry, &lost);
}

/* The page is locked. 0 or -errno. */
static int fail_locked(struct page *page)
{
	struct address_space *m = page_mapping(page);
	bool lost = true;

	if (page_test(page, PG_hwpoison))
		return -EHWPOISON;
	(void)!page_wait_clear(page, PG_writeback, PARK_UNINTERRUPTIBLE);
	if (!m && !page_anon_vma(page) && page_mapcount(page) > 0)
		return -EBUSY; /* KSM's, or cut off a file and not yet unmapped */
	if (m && m->ops->store)
		lost = page_test(page, PG_dirty);
	take_out_of_use(page);
	page_clear(page, PG_uptodate);
	unmap_all(page, lost);
	if (m)
		mapping_poison_page(m, page, lost);
	else
		WRITE_ONCE(page->mapping, NULL);
	return 0;
}

int memory_failure(struct page *page)
{
	pfn_t pfn = page_to_pfn(page);
	int err = -EBUSY;

	if (!READ_ONCE(sysctl_memory_failure_recovery))
		panic("Memory failure on page %lx", (unsigned long)pfn);
	if (is_of_users(page)) {
		lock_page(page);
		err = fail_locked(page);
		unlock_page(page);
	}
	if (err)
		put_page(page);
	pr_info("Memory failure: %#lx: %s", (unsigned long)pfn, err ? "ignored" : "recovered");
	return err;
}

/* ---- contents move ---- */

int soft_offline_page(struct page *page)
{
	const struct migrate_control c = { .mode = MIGRATE_SYNC, .keep = true };
	int status = -EBUSY;

	if (page_test(page, PG_hwpoison))
		status = 0;
	else if (is_of_users(page) && !migrate_pages(&page, &status, 1, &c)) {
		take_out_of_use(page);
		WRITE_ONCE(page->mapping, NULL);
		return 0;
	}
	put_page(page);
	return status == -EAGAIN ? -EBUSY : status;
}

/* ---- and back ---- */

int unpoison_memory(pfn_t pfn)
{
	struct page *page = pfn_to_page(pfn);
	bool mine;
	int err = 0;

	if (!pfn_valid(pfn))
		return -ENXIO;
	spin_lock(&unpoison_lock);
	mine = page_test(page, PG_hwpoison);
	if (mine && (page_ref_count(page) != 1 || page_mapping(page)))
		err = -EBUSY;
	if (mine && !err)
		page_clear(page, PG_hwpoison);
	spin_unlock(&unpoison_lock);
	if (!mine || err)
		return err;
	atomic_long_add(&num_poisoned_pages, -1);
	put_page(page);
	pr_info("Unpoison: Software-unpoisoned page %#lx", (unsigned long)pfn);
	return 0;
}

/* ---- madvise ---- */

static int poison_at(struct mm_struct *mm, unsigned long addr, int advice)
{
	bool soft = advice == MADV_SOFT_OFFLINE;
	struct page *page;
	int err = get_user_page(mm, addr, false, &page);

	if (err)
		return err;
	pr_info("%s pfn %#lx at process virtual address %#lx",
		soft ? "Soft offlining" : "Injecting memory failure for",
		(unsigned long)page_to_pfn(page), addr);
	return soft ? soft_offline_page(page) : memory_failure(page);
}

int vm_poison(struct mm_struct *mm, unsigned long addr, unsigned long len, int advice)
{
	unsigned long end;
	int err = vm_advice_range(addr, len, &end);

	if (err || end == addr)
		return err;
	if (!(mm_ctx_current()->caps & MM_CAP_SYS_ADMIN))
		return -EPERM;
	for (; !err && addr < end; addr += PAGE_SIZE)
		err = poison_at(mm, addr, advice);
	return err;
}
