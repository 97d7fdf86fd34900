/*
 * First touch of private anonymous memory.
 *
 *   read    the zero page, special and read-only: no frame is spent; for a walk upwards, several entries, as with writes
 *   write   a zeroed frame; and when the program walks upwards through the vma, several at once:
 *
 *     fault at the address after the last fault's pages -> twice as many pages as then: 1 2 4 8 16, then 16
 *     each batch ends at the naturally aligned block of fault_batch_pages, at the vma's end, and before the first
 *     entry that is not none; when free memory is near the watermarks, or the thread has a memory
 *     policy of its own, it is one page
 *
 * WHY      entry, look-up, walk and locks cost several hundred instructions and are shared by the batch. Doubling bounds
 *          what a program that stops walking has for nothing by what it has touched.
 * I1       each page mapped is counted: RSS is exact, whatever the batch.
 * I2       pages beyond the touched one are not young: a working-set sample does not see them. Where writes are tracked
 *          (soft-dirty) there are none: they would count as written.
 * LOCKS    table lock at the call; dropped while frames are got and zeroed. fault_next and fault_run of the vma are
 *          hints without a lock: a torn or stale value makes a batch of another size.
 * FAILS    FAULT_OOM when not one frame is to be had; fewer than wished is no failure.
 * ALTERNATIVES a batch by the previous entry's presence: needs no state, but doubles nothing, so the first bytes of
 *          every small mapping would cost 16 pages.
 * TESTED BY fault_test.c
 */
#include "mm/alloc.h"
#include "mm/aspace/aspace_impl.h"
#include "mm/aspace/userfault_impl.h"
#include "mm/lru.h"
#include "mm/mempolicy.h"
#include "mm/range.h"
#include "mm/swap_entry.h"
#include "mm/vmalloc.h"
#include "sync/failpoint.h"

int fault_batch_pages = FAULT_BATCH_MAX;

struct page *fault_anon_page(const struct vm_area_struct *vma, uaddr_t addr)
{
	return failpoint("anon_page") ? NULL : vma_alloc_pages(vma, addr, GFP_HIGHUSER_MOVABLE, 0);
}

static pte_t anon_prot(const struct vm_area_struct *vma)
{
	pte_t prot = vma->vm_page_prot;

	prot = pte_mksoft_dirty(pte_mkdirty(prot));
	return vma->vm_flags & VM_WRITE ? pte_mkwrite(prot) : prot;
}

void fault_set_anon(struct fault_ctx *f, struct page *page)
{
	pte_t prot = pte_mkyoung(anon_prot(f->vma));

	if (unlikely(f->vma->vm_flags & VM_UFFD_WP) && pte_is_uffd_marker(pte_read(f->pte)))
		prot = pte_mkuffd_wp(prot);
	page_set_anon_rmap(page, f->vma, f->addr);
	atomic_set(&page->_mapcount, 0); /* new: nobody else counts */
	mod_node_stat(page, NR_ANON_MAPPED, 1);
	mm_rss_add(f->mm, MM_ANONPAGES, 1);
	vma_page_mapped(f->vma, page);
	lru_add(page);
	pte_set(f->pte, pte_make(page_to_pfn(page), prot));
}

/* Twice the high watermark free in the zone that user pages come from first. */
static bool memory_is_plentiful(void)
{
	const struct zone *z = this_cpu(numa_local)->zonelist.zones[0];

	return z && (unsigned long)atomic_long_read(&z->stat[NR_FREE_PAGES]) >
			    2 * z->watermark[WMARK_HIGH];
}

/* Of the @n entries from @e on, how many in a row say what @start says: nothing, or the page of zeroes? */
static inline unsigned same_start(const pte_t *e, unsigned n, pte_t start)
{
	const pte_t *const first = e, *const end = e + n;

	while (e < end && pte_raw(pte_mkold(pte_read_locked(e))) == pte_raw(pte_mkold(start)))
		e++;
	return (unsigned)(e - first);
}

/* The fault goes on where the last one ended: how many pages it should map. */
static noinline_ unsigned walk_size(const struct fault_ctx *f)
{
	struct vm_area_struct *vma = f->vma;
	unsigned max = min_of(unsigned, fault_batch_pages, FAULT_BATCH_MAX), n;
	uaddr_t block_end;

	if (max <= 1 || vma_tracks_writes(vma) || (mpol_any() && vma_follows_thread(vma)) ||
	    !memory_is_plentiful()) {
		WRITE_ONCE(vma->fault_run, 1);
		return 1;
	}
	n = READ_ONCE(vma->fault_run) * 2;
	n = n < 2 ? 2 : n > max ? max : n;
	WRITE_ONCE(vma->fault_run,
		   (uint8_t)n); /* what cuts this batch short does not end the walk */
	block_end = (f->addr | ((uaddr_t)FAULT_BATCH_MAX * PAGE_SIZE - 1)) +
		    1; /* a table holds whole blocks */
	n = min_of(unsigned, n, (block_end - f->addr) >> PAGE_SHIFT);
	n = min_of(unsigned, n, ((f->stop ? f->stop : vma->vm_end) - f->addr) >> PAGE_SHIFT);
	return 1 + same_start(f->pte + 1, n - 1, f->entry);
}

/* How many pages this fault should map, from its address up. Table lock held. */
static inline unsigned batch_size(const struct fault_ctx *f)
{
	if (READ_ONCE(f->vma->fault_next) == (uint32_t)(f->addr >> PAGE_SHIFT))
		return walk_size(f);
	WRITE_ONCE(f->vma->fault_run, 1);
	return 1;
}

/* The fault has mapped @n pages: the next one may go on behind them. */
static void note_run(const struct fault_ctx *f, unsigned n)
{
	WRITE_ONCE(f->vma->fault_next, (uint32_t)(f->addr >> PAGE_SHIFT) + n);
}

static int anon_read(struct fault_ctx *f)
{
	pte_t e = pte_mkspecial(pte_make(page_to_pfn(zero_page), f->vma->vm_page_prot));
	unsigned n = batch_size(f);

	pte_set(f->pte, pte_mkyoung(e));
	for (unsigned i = 1; i < n; i++)
		pte_set(f->pte + i, e);
	pt_unlock(f->table);
	note_run(f, n);
	return FAULT_OK;
}

/* What range_account_map does, once for all: the pages are new, so each is mapped for the first time. */
static void account_batch(struct mm_struct *mm, struct page **pages, unsigned n)
{
	unsigned first = 0;

	mm_rss_add(mm, MM_ANONPAGES, n);
	for (unsigned i = nr_nodes > 1 ? 1 : n; i <= n; i++) { /* runs of one node */
		if (i < n && page_node_id(pages[i]) == page_node_id(pages[first]))
			continue;
		mod_node_stat(pages[first], NR_ANON_MAPPED, i - first);
		first = i;
	}
}

/* Of @n pages, how many entries are still as they were; if they map zeroes they are cleared and flushed. Table lock held. */
static unsigned make_room(struct fault_ctx *f, unsigned n)
{
	unsigned i = same_start(f->pte, n, f->entry);

	if (pte_none(f->entry) || !i)
		return i;
	for (unsigned k = 0; k < i; k++)
		pte_forget(f->pte + k);
	tlb_flush_range(&f->mm->root, f->addr, f->addr + i * PAGE_SIZE, PAGE_SIZE);
	return i;
}

/* Map as many of the @n zeroed pages as there is room for. Return: how many. Table lock held. */
static unsigned set_batch(struct fault_ctx *f, struct page **pages, unsigned n)
{
	const struct vm_area_struct *vma = f->vma;
	struct address_space *mapping = anon_vma_as_mapping(vma->anon_vma);
	unsigned long index = vma->vm_pgoff + ((f->addr - vma->vm_start) >> PAGE_SHIFT);
	pte_t later = anon_prot(vma), prot = pte_mkyoung(later), *const e = f->pte;

	n = make_room(f, n);
	if (!n)
		return 0;
	for (unsigned i = 0; i < n; i++, prot = later) {
		struct page *page = pages[i];

		page_set_anon(page, mapping, index + i);
		atomic_set(&page->_mapcount, 0);
		pte_set(e + i, pte_make(page_to_pfn(page), prot));
	}
	for (unsigned i = 0; unlikely(vma->vm_flags & VM_LOCKED) && i < n; i++)
		page_mlock(pages[i]);
	account_batch(f->mm, pages, n);
	lru_add_pages(pages, n);
	return n;
}

static int anon_write_batch(struct fault_ctx *f, unsigned n)
{
	struct page *pages[FAULT_BATCH_MAX];
	unsigned got = 0, done;

	if (!failpoint("anon_batch"))
		got = vma_alloc_bulk(f->vma, f->addr, GFP_HIGHUSER_MOVABLE | __GFP_NOWARN, n,
				     pages);
	if (!got)
		return FAULT_OOM;
	for (unsigned i = 0; i < got; i++)
		clear_highpage(pages[i]);
	pt_table_lock(f->table);
	done = set_batch(f, pages, got);
	pt_unlock(f->table);
	for (unsigned i = done; i < got; i++)
		put_page(pages[i]);
	note_run(f, done);
	return FAULT_OK;
}

static int anon_write_one(struct fault_ctx *f)
{
	struct page *page = fault_anon_page(f->vma, f->addr);

	if (!page)
		return FAULT_OOM;
	clear_highpage(page);
	pt_table_lock(f->table);
	if (likely(pte_none(pte_read(f->pte)))) {
		fault_set_anon(f, page);
		page = NULL;
	}
	pt_unlock(f->table);
	if (unlikely(page != NULL))
		put_page(page); /* another thread was faster */
	note_run(f, 1);
	return FAULT_OK;
}

int fault_anon_upgrade(struct fault_ctx *f)
{
	unsigned n = batch_size(f);
	int r;

	if (n == 1) {
		note_run(f, 1);
		return STAGE_SMALL;
	}
	pt_unlock(f->table);
	r = anon_vma_prepare(f->vma) ? FAULT_OOM : anon_write_batch(f, n);
	if (r != FAULT_OOM)
		return r;
	WRITE_ONCE(f->vma->fault_next,
		   0); /* no batch next time: the copy of one page is all there is memory for */
	return STAGE_RETRY;
}

int fault_anon(struct fault_ctx *f)
{
	unsigned n;
	int r;

	if (unlikely(f->vma->vm_flags & VM_UFFD_MISSING)) {
		pt_unlock(f->table);
		return userfault_deliver(f, VM_UFFD_MISSING);
	}
	if (!f->access.write)
		return anon_read(f);
	n = batch_size(f);
	pt_unlock(f->table);
	if (anon_vma_prepare(f->vma))
		return FAULT_OOM;
	if (n == 1)
		return anon_write_one(f);
	r = anon_write_batch(f, n);
	return r == FAULT_OOM ? anon_write_one(f) : r;
}
