/*
 * KSM: whose pages are looked at, in which order, and what becomes of each.
 *
 *   round:  for each slot (a program that has called MADV_MERGEABLE, or was forked from one)
 *             for each mergeable vma, for each private page:  item ──► like a shared page?          join it
 *                                                                      changed since the last look?  later
 *                                                                      like one of the unstable?     both become shared
 *                                                                      else                          unstable itself
 *
 * OWNS     struct ksm_slot, struct ksm_item, the tunables, where the scan is.
 * WHY      contents are compared only of pages that did not change between two rounds: what changes all the time would be
 *          copied back at once.
 * I1       ksm_counts: shared stables with a sharer, sharing all sharers but the first of each, unshared items in
 *          KSM_UNSTABLE, items all; what is left of these are volatile.                                  [ksm_check]
 * I2       items of a slot ascend by address; the scan removes those whose page has gone, so counts are those of the last
 *          round: after an unmap, a write or an exit they are late, as on Linux.
 * I3       mm->ksm_slot is set as long as a slot has the mm, which has a lazy reference of it.
 * LOCKS    ksm_mutex (rank KSM) for all but joining: slots_lock for the list of slots and mm->ksm_slot, so that madvise,
 *          fork and exit need not wait for the scan. mmap_lock inside.
 * CONTEXT  threads; sleeps.   FAILS  -ENOMEM of who joins; the scan skips what it has no memory for.
 * NOT HERE the thread (kernel/ksmd.c), the files (fs/sysfs_ksm.c).
 * SOURCES  madvise(2); Linux Documentation/admin-guide/mm/ksm.rst.   TESTED BY ksm_test.c
 */
#include "base/errno.h"
#include "lib/string.h"
#include "mm/aspace/ksm_impl.h"
#include "mm/imports.h"
#include "mm/slab.h"
#include "mm/swap.h"
#include "sync/failpoint.h"

unsigned ksm_run, ksm_pages_to_scan = 100, ksm_sleep_ms = 20;
unsigned ksm_max_page_sharing = 256, ksm_chains_prune_ms = 2000;
bool ksm_use_zero_pages, ksm_merge_across_nodes = true;

struct mutex ksm_mutex = MUTEX_INIT(ksm_mutex, RANK_KSM);
struct ksm_counts ksm_counts;

enum { PIECE = 64 }; /* pages of one step: a CPU is given back in between */

static struct spinlock slots_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct list_head slots = LIST_HEAD_INIT(slots); /* s */
static struct kmem_cache *slot_cache, *item_cache;
static uint32_t zero_checksum;

/* Where the scan is. k; slot also s. */
static struct {
	struct ksm_slot *slot; /* NULL: between two rounds */
	uaddr_t addr;	       /* to go on at */
	struct list_head *pos; /* the last item that was met, or the head */
	bool any;	       /* the slot has a mergeable vma */
	unsigned budget;       /* pages left of what one wake-up does */
} scan;

void ksm_boot(void)
{
	slot_cache = kmem_cache_create("ksm_mm_slot", sizeof(struct ksm_slot), 0, SLAB_PANIC, NULL);
	item_cache =
		kmem_cache_create("ksm_rmap_item", sizeof(struct ksm_item), 0, SLAB_PANIC, NULL);
	zero_checksum = ksm_checksum(zero_page);
	list_init(&slots);
	memset(&scan, 0, sizeof(scan));
	memset(&ksm_counts, 0, sizeof(ksm_counts));
	ksm_run = KSM_STOP;
	ksm_tree_boot();
}

void ksm_get_counts(struct ksm_counts *out)
{
	*out = ksm_counts; /* each word by itself, as on Linux */
}

/* ---- slots ---- */

int ksm_enter(struct mm_struct *mm)
{
	struct ksm_slot *s;

	if (READ_ONCE(mm->ksm_slot))
		return 0;
	s = failpoint("ksm_slot") ? NULL : kmem_cache_alloc(slot_cache, GFP_KERNEL);
	if (!s)
		return -ENOMEM;
	s->mm = mm;
	list_init(&s->items);
	spin_lock(&slots_lock);
	if (!mm->ksm_slot) {
		mmgrab(mm);
		WRITE_ONCE(mm->ksm_slot, s);
		list_add_tail(&s->link, &slots);
		s = NULL;
	}
	spin_unlock(&slots_lock);
	if (s)
		kmem_cache_free(slot_cache, s);
	return 0;
}

int ksm_advise(struct vm_area_struct *vma, unsigned long start, unsigned long end, bool merge)
{
	const unsigned long never = VM_SHARED | VM_MAYSHARE | VM_SPECIAL | VM_HUGETLB;

	if (!!(vma->vm_flags & VM_MERGEABLE) == merge || (merge && (vma->vm_flags & never)))
		return 1;
	if (merge)
		return ksm_enter(vma->vm_mm);
	return vma->anon_vma ? ksm_break_range(vma, start, end) : 0;
}

/* @s has no items and is not where the scan is. */
static void slot_free(struct ksm_slot *s)
{
	struct mm_struct *mm = s->mm;

	kmem_cache_free(slot_cache, s);
	mmdrop(mm);
}

/* A slot that was never scanned goes at once; others when the scan comes to them. */
void ksm_exit(struct mm_struct *mm)
{
	struct ksm_slot *s;

	if (likely(!READ_ONCE(mm->ksm_slot)))
		return;
	spin_lock(&slots_lock);
	s = mm->ksm_slot;
	if (s && (s == scan.slot || !list_empty(&s->items)))
		s = NULL;
	if (s) {
		list_del(&s->link);
		mm->ksm_slot = NULL;
	}
	spin_unlock(&slots_lock);
	if (s)
		slot_free(s);
}

/* ---- items ---- */

static void leave_trees(struct ksm_item *item)
{
	if (item->state == KSM_STABLE)
		ksm_leave(item);
	else if (item->state == KSM_UNSTABLE)
		ksm_unstable_remove(item);
}

static void item_free(struct ksm_item *item)
{
	leave_trees(item);
	list_del(&item->link);
	item->slot->mm->ksm_rmap_items--;
	kmem_cache_free(item_cache, item);
	ksm_counts.items--;
}

/* All behind @pos, up to those at @addr. */
static void items_drop(struct ksm_slot *s, struct list_head *pos, uaddr_t addr)
{
	while (pos->next != &s->items) {
		struct ksm_item *item = list_entry(pos->next, struct ksm_item, link);

		if (item->addr >= addr)
			return;
		item_free(item);
	}
}

static void items_drop_all(struct ksm_slot *s, struct list_head *pos)
{
	while (pos->next != &s->items)
		item_free(list_entry(pos->next, struct ksm_item, link));
}

/* The item of @addr in the slot of the scan; NULL: no memory. */
static struct ksm_item *item_at(uaddr_t addr)
{
	struct ksm_slot *s = scan.slot;
	struct ksm_item *item;

	items_drop(s, scan.pos, addr);
	if (scan.pos->next != &s->items) {
		item = list_entry(scan.pos->next, struct ksm_item, link);
		if (item->addr == addr)
			goto found;
	}
	item = failpoint("ksm_item") ? NULL : kmem_cache_zalloc(item_cache, GFP_KERNEL);
	if (!item)
		return NULL;
	item->slot = s;
	item->addr = addr;
	list_add(&item->link, scan.pos);
	ksm_counts.items++;
	s->mm->ksm_rmap_items++;
found:
	scan.pos = &item->link;
	return item;
}

/* ---- one page ---- */

/* Both look the same. One becomes a shared page, the other joins it. */
static void merge_two(struct ksm_item *item, struct page *page, struct ksm_item *other,
		      struct page *other_page)
{
	struct ksm_group *group;
	struct ksm_stable *s = ksm_stable_alloc(&group);

	if (!s)
		return;
	if (!ksm_make_stable(item, page, s)) {
		ksm_stable_free(s, group);
		return;
	}
	ksm_stable_insert(s, group);
	ksm_unstable_remove(other);
	if (!ksm_join(other, other_page, page)) {
		struct vm_area_struct *vma;

		ksm_leave(item);
		vma = ksm_item_lock(item); /* a page shared with nobody is private again */
		if (vma) {
			(void)!ksm_break_range(vma, item->addr, item->addr + PAGE_SIZE);
			ksm_item_unlock(item);
		}
	}
}

static void scan_unstable(struct ksm_item *item, struct page *page)
{
	struct page *other_page;
	struct ksm_item *other = ksm_unstable_search_insert(item, page, &other_page);

	if (!other)
		return;
	merge_two(item, page, other, other_page);
	swap_put_page(other_page);
}

static void scan_page(struct ksm_item *item, struct page *page)
{
	struct ksm_stable *s = ksm_stable_of(page);
	uint32_t checksum;
	struct page *kpage;

	if (s && item->state == KSM_STABLE && item->stable == s)
		return;
	leave_trees(item);
	kpage = ksm_stable_search(page);
	if (kpage) {
		(void)ksm_join(item, page, kpage);
		swap_put_page(kpage);
		return;
	}
	checksum = ksm_checksum(page);
	if (checksum != item->checksum) {
		item->checksum = checksum;
		return;
	}
	if (ksm_use_zero_pages && checksum == zero_checksum && ksm_join_zero(item, page))
		return;
	scan_unstable(item, page);
}

/* ---- the scan ---- */

/* The next page of the slot, with a reference, and its item. NULL: no more, or *nomem. */
static struct page *next_in_slot(struct ksm_item **item, bool *nomem)
{
	struct mm_struct *mm = scan.slot->mm;
	struct vm_area_struct *vma;
	struct page *page = NULL;

	if (!mmget_not_zero(mm))
		return NULL;
	rwsem_down_read(&mm->mmap_lock);
	for (vma = find_vma(mm, scan.addr); vma && !page; vma = vma_next(mm, vma)) {
		scan.any |= (vma->vm_flags & VM_MERGEABLE) != 0;
		if (!ksm_vma_mergeable(vma))
			continue;
		scan.addr = max_of(uaddr_t, scan.addr, vma->vm_start);
		page = ksm_next_page(mm, &scan.addr, vma->vm_end, false);
		if (page)
			break;
	}
	if (page) {
		*item = item_at(scan.addr);
		scan.addr += PAGE_SIZE;
	}
	rwsem_up_read(&mm->mmap_lock);
	mmput(mm);
	*nomem = page && !*item;
	return page;
}

/* The slot after the one that is done, which goes if it has nothing mergeable any more. NULL: the round is over. */
static void next_slot(void)
{
	struct ksm_slot *done = scan.slot;

	if (done)
		items_drop_all(done, scan.pos);
	spin_lock(&slots_lock);
	scan.slot = NULL;
	if (!list_empty(&slots) && !done)
		scan.slot = list_entry(slots.next, struct ksm_slot, link);
	else if (done && done->link.next != &slots)
		scan.slot = list_entry(done->link.next, struct ksm_slot, link);
	if (done && list_empty(&done->items) && (!scan.any || !atomic_read(&done->mm->mm_users))) {
		list_del(&done->link);
		done->mm->ksm_slot = NULL;
	} else {
		done = NULL;
	}
	spin_unlock(&slots_lock);
	if (done)
		slot_free(done);
	scan.addr = 0;
	scan.any = false;
	scan.pos = scan.slot ? &scan.slot->items : NULL;
}

/* Return: false when a round is over, or there is nothing to do. */
static bool scan_one(void)
{
	struct ksm_item *item = NULL;
	struct page *page;
	bool nomem = false;

	if (!scan.slot) {
		ksm_unstable_reset();
		ksm_stable_prune();
		next_slot();
		if (!scan.slot)
			return false;
	}
	page = next_in_slot(&item, &nomem);
	if (page) {
		if (item)
			scan_page(item, page);
		swap_put_page(page);
		return !nomem;
	}
	next_slot();
	ksm_counts.full_scans += !scan.slot;
	return scan.slot;
}

unsigned ksm_step(void)
{
	unsigned n, ms = KSM_IDLE;

	mutex_lock(&ksm_mutex);
	if (READ_ONCE(ksm_run) == KSM_MERGE && !list_empty(&slots)) {
		if (!scan.budget)
			scan.budget = READ_ONCE(ksm_pages_to_scan);
		for (n = PIECE; n && scan.budget; n--) {
			scan.budget--;
			if (!scan_one())
				scan.budget = 0;
		}
		ms = scan.budget ? 0 : READ_ONCE(ksm_sleep_ms);
	}
	mutex_unlock(&ksm_mutex);
	return ms;
}

/* ---- control ---- */

/* Private copies of all that @mm shares. 0 or -errno. */
static int unmerge_mm(struct mm_struct *mm)
{
	struct vm_area_struct *vma;
	int err = 0;

	if (!mmget_not_zero(mm))
		return 0;
	rwsem_down_read(&mm->mmap_lock);
	for (vma = vma_first(mm); vma && !err; vma = vma_next(mm, vma)) {
		if (ksm_vma_mergeable(vma))
			err = ksm_break_range(vma, vma->vm_start, vma->vm_end);
	}
	rwsem_up_read(&mm->mmap_lock);
	mmput(mm);
	return err;
}

/* ksm_mutex held. All programs have their own pages again, and nothing is remembered. */
static int unmerge_all(void)
{
	int err = 0;

	scan.slot = NULL;
	scan.budget = 0;
	ksm_unstable_reset();
	do {
		scan.any = true;
		next_slot();
		if (!scan.slot)
			break;
		err = unmerge_mm(scan.slot->mm);
		if (!err)
			items_drop_all(scan.slot, &scan.slot->items);
	} while (!err);
	ksm_stable_prune();
	spin_lock(&slots_lock);
	scan.slot = NULL;
	spin_unlock(&slots_lock);
	if (!err)
		ksm_counts.full_scans = 0;
	return err;
}

int ksm_set_run(unsigned run)
{
	int err = 0;

	if (run > KSM_UNMERGE)
		return -EINVAL;
	mutex_lock(&ksm_mutex);
	if (ksm_run != run) {
		WRITE_ONCE(ksm_run, run);
		if (run == KSM_UNMERGE)
			err = unmerge_all();
		if (err)
			WRITE_ONCE(ksm_run, KSM_STOP);
	}
	mutex_unlock(&ksm_mutex);
	return err;
}

/* ksm_mutex held: the trees may be ordered anew. */
static bool none_merged(void)
{
	if (ksm_counts.shared)
		return false;
	ksm_stable_prune();
	return ksm_stable_empty();
}

int ksm_set_across_nodes(bool across)
{
	int err = 0;

	mutex_lock(&ksm_mutex);
	if (ksm_merge_across_nodes != across) {
		if (none_merged()) {
			ksm_unstable_reset();
			ksm_merge_across_nodes = across;
		} else {
			err = -EBUSY;
		}
	}
	mutex_unlock(&ksm_mutex);
	return err;
}

int ksm_set_max_sharing(unsigned max)
{
	int err = 0;

	if (max < 2)
		return -EINVAL;
	mutex_lock(&ksm_mutex);
	if (ksm_max_page_sharing != max) {
		if (none_merged())
			ksm_max_page_sharing = max;
		else
			err = -EBUSY;
	}
	mutex_unlock(&ksm_mutex);
	return err;
}
