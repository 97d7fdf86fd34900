/*
 * madvise(2): advice and its effects.
 *
 *   effect on pages     DONTNEED, DONTNEED_LOCKED: entries zapped, private pages gone. FREE: pages may go while they stay
 *                       unwritten. REMOVE: a hole in shared memory. COLD: pages become old. PAGEOUT:
 *                       private pages go to swap, clean ones of files leave their cache.
 *                       POPULATE_READ, POPULATE_WRITE: faulted in. COLLAPSE: huge pages made of small ones.
 *   effect on the vma   DONTFORK, DOFORK, WIPEONFORK, KEEPONFORK, DONTDUMP, DODUMP, SEQUENTIAL, RANDOM, NORMAL,
 *                       HUGEPAGE, NOHUGEPAGE: flags, so vmas split and merge as on Linux
 *   reading ahead       WILLNEED, of shared memory in swap
 *
 * LOCKS    mmap_lock: read where entries change, write where flags do. REMOVE: the mapping's invalidate_lock, without
 *          mmap_lock. Sleeps.
 * FAILS    as madvise(2) ERRORS. Over a hole the rest is done and the result is ENOMEM; EAGAIN when a vma cannot be split.
 * NOT HERE page merging (ksm.c): MERGEABLE lets it begin, UNMERGEABLE undoes it.
 * TESTED BY mmap_test.c, tests/guest/disk_pages.c
 */
#include "base/errno.h"
#include "mm/aspace/hugetlb_vma.h"
#include "mm/aspace/thp_impl.h"
#include "mm/aspace/userfault_impl.h"
#include "mm/frames.h"
#include "mm/gather.h"
#include "mm/imports.h"
#include "mm/ksm.h"
#include "mm/range.h"
#include "mm/shmem.h"
#include "uapi/mman.h"

enum advice_kind {
	ADV_UNKNOWN,
	ADV_FLAGS,
	ADV_ZAP,
	ADV_FREE,
	ADV_AGE,
	ADV_PAGEOUT,
	ADV_WILLNEED,
	ADV_REMOVE,
	ADV_POPULATE,
	ADV_COLLAPSE,
	ADV_NOTHING
};

struct advice {
	unsigned long set, clear; /* vm_flags */
	enum advice_kind kind;
	bool discards; /* contents are lost: a sealed mapping that cannot be written refuses */
};

static const struct advice advices[] = {
	[MADV_NORMAL] = { 0, VM_SEQ_READ | VM_RAND_READ, ADV_FLAGS, false },
	[MADV_RANDOM] = { VM_RAND_READ, VM_SEQ_READ, ADV_FLAGS, false },
	[MADV_SEQUENTIAL] = { VM_SEQ_READ, VM_RAND_READ, ADV_FLAGS, false },
	[MADV_WILLNEED] = { 0, 0, ADV_WILLNEED, false },
	[MADV_DONTNEED] = { 0, 0, ADV_ZAP, true },
	[MADV_DONTNEED_LOCKED] = { 0, 0, ADV_ZAP, true },
	[MADV_FREE] = { 0, 0, ADV_FREE, true },
	[MADV_REMOVE] = { 0, 0, ADV_REMOVE, true },
	[MADV_DONTFORK] = { VM_DONTCOPY, 0, ADV_FLAGS, true },
	[MADV_DOFORK] = { 0, VM_DONTCOPY, ADV_FLAGS, false },
	[MADV_HUGEPAGE] = { VM_HUGEPAGE, VM_NOHUGEPAGE, ADV_FLAGS, false },
	[MADV_NOHUGEPAGE] = { VM_NOHUGEPAGE, VM_HUGEPAGE, ADV_FLAGS, false },
	[MADV_MERGEABLE] = { VM_MERGEABLE, 0, ADV_FLAGS, false },
	[MADV_UNMERGEABLE] = { 0, VM_MERGEABLE, ADV_FLAGS, false },
	[MADV_DONTDUMP] = { VM_DONTDUMP, 0, ADV_FLAGS, false },
	[MADV_DODUMP] = { 0, VM_DONTDUMP, ADV_FLAGS, false },
	[MADV_WIPEONFORK] = { VM_WIPEONFORK, 0, ADV_FLAGS, true },
	[MADV_KEEPONFORK] = { 0, VM_WIPEONFORK, ADV_FLAGS, false },
	[MADV_COLD] = { 0, 0, ADV_AGE, false },
	[MADV_PAGEOUT] = { 0, 0, ADV_PAGEOUT, false },
	[MADV_POPULATE_READ] = { 0, 0, ADV_POPULATE, false },
	[MADV_POPULATE_WRITE] = { 0, 0, ADV_POPULATE, false },
	[MADV_COLLAPSE] = { 0, 0, ADV_COLLAPSE, false },
};

static bool kind_is(int advice, enum advice_kind kind)
{
	return advices[advice].kind == kind;
}

/* Memory of one program alone, without any file, not even /dev/zero. */
static bool has_no_file(const struct vm_area_struct *vma)
{
	return !vma->mapping && !vma->vm_ops && !(vma->vm_flags & VM_SHARED);
}

/* Does the advice make sense for this kind of vma? 0 or -errno. */
static int advice_allowed(const struct vm_area_struct *vma, int advice)
{
	switch (advice) {
	case MADV_COLD:
	case MADV_PAGEOUT:
		return vma->vm_flags & (VM_LOCKED | VM_PFNMAP | VM_HUGETLB) ? -EINVAL : 0;
	case MADV_DONTNEED:
		return vma->vm_flags & (VM_LOCKED | VM_PFNMAP) ? -EINVAL : 0;
	case MADV_DONTNEED_LOCKED:
		return vma->vm_flags & VM_PFNMAP ? -EINVAL : 0;
	case MADV_FREE:
		return vma_is_anon(vma) && !(vma->vm_flags & (VM_LOCKED | VM_PFNMAP)) ? 0 : -EINVAL;
	case MADV_DOFORK:
		return vma->vm_flags & VM_IO ? -EINVAL : 0;
	case MADV_DODUMP:
		return vma->vm_flags & VM_SPECIAL ? -EINVAL : 0;
	case MADV_HUGEPAGE:
		return vma->vm_flags & (VM_SPECIAL | VM_HUGETLB) ? -EINVAL : 0;
	case MADV_WIPEONFORK:
		return has_no_file(vma) ? 0 : -EINVAL;
	case MADV_REMOVE:
		if ((vma->vm_flags & VM_LOCKED) || !vma->mapping || vma->mapping->ops->store)
			return -EINVAL;
		return (vma->vm_flags & (VM_SHARED | VM_MAYWRITE)) == (VM_SHARED | VM_MAYWRITE)
			       ? 0
			       : -EACCES;
	default:
		return 0;
	}
}

/* EAGAIN: no memory for another vma, or too many of them; EINVAL: cuts a huge page of hugetlb. */
static int advise_flags(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
			unsigned long end, const struct advice *a)
{
	int err = 0;

	if (a->set & VM_HUGEPAGE)
		mm->thp_seen = true;
	if ((a->set | a->clear) & VM_MERGEABLE)
		err = ksm_advise(vma, start, end, a->set);
	if (err)
		return err > 0 ? 0 : err == -ENOMEM ? -EAGAIN : err;
	err = vma_modify(mm, vma, start, end, (vma->vm_flags & ~a->clear) | a->set, &vma);
	return err == -ENOMEM ? -EAGAIN : err;
}

/* MADV_COLD: the page of @e, if it is nobody else's, is as if it had just come. */
static int make_cold(pte_t e, uaddr_t va, void *arg)
{
	struct page *page;

	if (!pte_present(e) || pte_special(e))
		return 0;
	page = pfn_to_page(pte_pfn(e));
	if (page_mapcount(page) == 1)
		lru_deactivate(page);
	return 0;
}

static void advise_pages(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
			 unsigned long end, enum advice_kind kind)
{
	struct mmu_notify_range watch;
	struct mmu_gather g;

	if (!READ_ONCE(vma->populated))
		return;
	if (kind == ADV_PAGEOUT) {
		vma_page_out(vma, start, end);
		return;
	}
	mm_update_hiwater(mm);
	watch.mm = NULL;
	if (kind == ADV_ZAP || kind == ADV_FREE)
		mmu_notify_begin(&watch, mm, start, end, MMU_NOTIFY_CLEAR);
	gather_begin(&g, mm);
	g.keep_uffd_wp = (vma->vm_flags & VM_UFFD_WP) && !vma_is_anon(vma);
	if (kind == ADV_ZAP) {
		if (unlikely(mm->frames))
			frames_unmapped(mm, start, end);
		range_zap(&g, vma, start, end);
	} else if (kind == ADV_FREE) {
		range_lazyfree(&g, start, end);
	} else {
		(void)range_age(&g, start, end);
		(void)range_each(mm, start, end, make_cold, NULL);
	}
	gather_end(&g);
	mmu_notify_end(&watch);
}

/* Shared memory comes back from swap; what a file's store has, or a private page's slot, waits for its fault. */
static void advise_willneed(struct vm_area_struct *vma, unsigned long start, unsigned long end)
{
	if (vma->mapping)
		shmem_read_ahead(vma->mapping, vma_index(vma, start), vma_index(vma, end - 1));
}

/* The part of [start, end) inside @vma. mmap_lock held as the kind wants. */
static int advise_vma(struct mm_struct *mm, struct vm_area_struct *vma, unsigned long start,
		      unsigned long end, int advice)
{
	const struct advice *a = &advices[advice];
	int err = advice_allowed(vma, advice);

	if (err)
		return err;
	if (a->kind == ADV_FLAGS)
		return advise_flags(mm, vma, start, end, a);
	if (a->kind == ADV_WILLNEED)
		advise_willneed(vma, start, end);
	else if (a->kind != ADV_NOTHING)
		advise_pages(mm, vma, start, end, a->kind);
	return 0;
}

/* What is sealed against changes and cannot be written is not to be emptied either: mseal(2). */
static bool seal_forbids(struct mm_struct *mm, unsigned long start, unsigned long end, int advice)
{
	struct vm_area_struct *vma;

	if (!mm->has_sealed || !advices[advice].discards)
		return false;
	for (vma = find_vma(mm, start); vma && vma->vm_start < end; vma = vma_next(mm, vma)) {
		if ((vma->vm_flags & VM_SEALED) && has_no_file(vma) && !(vma->vm_flags & VM_WRITE))
			return true;
	}
	return false;
}

/* Is it what a monitor (userfaultfd) wants to know of? */
static bool announces(int advice)
{
	return advices[advice].kind == ADV_ZAP || advices[advice].kind == ADV_FREE;
}

/* The vmas of [start, end) one by one. 0, -ENOMEM after a hole, or the first error. */
static int advise_locked(struct mm_struct *mm, unsigned long start, unsigned long end, int advice)
{
	unsigned long announced = start; /* the monitor, if there is one, has heard of all below */
	int hole = 0;

	if (seal_forbids(mm, start, end, advice))
		return -EPERM;
	while (start < end) {
		struct vm_area_struct *vma = find_vma(mm, start);
		unsigned long stop;
		int err;

		if (!vma || vma->vm_start >= end)
			return -ENOMEM;
		if (vma->vm_start > start) {
			hole = -ENOMEM;
			start = vma->vm_start;
		}
		stop = min_of(unsigned long, end, vma->vm_end);
		if ((vma->vm_flags & VM_HUGETLB) &&
		    (advice == MADV_DONTNEED || advice == MADV_DONTNEED_LOCKED)) {
			if (start & ~HPAGE_MASK)
				return -EINVAL;
			stop &= HPAGE_MASK; /* part of a page stays */
			if (stop == start)
				break;
		}
		if (announces(advice) && start >= announced && !advice_allowed(vma, advice) &&
		    userfault_remove(vma, start, stop)) {
			announced = stop;
			continue; /* mmap_lock was dropped */
		}
		err = advise_vma(mm, vma, start, stop, advice);
		if (err)
			return err;
		start = stop;
	}
	return hole;
}

/* One vma's part of a hole in shared memory: the mapping is held, mmap_lock dropped, because truncation comes first. */
static int remove_step(struct mm_struct *mm, unsigned long *start, unsigned long end, int *hole)
{
	struct vm_area_struct *vma;
	struct address_space *m = NULL;
	uint64_t from = 0, to = 0;
	int err = -ENOMEM;

	rwsem_down_read(&mm->mmap_lock);
	vma = find_vma(mm, *start);
	if (vma && vma->vm_start < end) {
		*hole = vma->vm_start > *start ? -ENOMEM : *hole;
		*start = max_of(unsigned long, *start, vma->vm_start);
		end = min_of(unsigned long, end, vma->vm_end);
		err = seal_forbids(mm, *start, end, MADV_REMOVE) ? -EPERM
								 : advice_allowed(vma, MADV_REMOVE);
	}
	if (!err) {
		m = vma->mapping;
		m->ops->hold(m);
		from = (uint64_t)vma_index(vma, *start) << PAGE_SHIFT;
		to = from + (end - *start);
		(void)userfault_remove(vma, *start, end);
	}
	rwsem_up_read(&mm->mmap_lock);
	if (err)
		return err;
	err = mapping_punch(m, from, to);
	m->ops->drop(m);
	*start = end;
	return err;
}

static int advise_remove(struct mm_struct *mm, unsigned long start, unsigned long end)
{
	int err = 0, hole = 0;

	while (!err && start < end)
		err = remove_step(mm, &start, end, &hole);
	return err ? err : hole;
}

static int advise_write(struct mm_struct *mm, unsigned long start, unsigned long end, int advice)
{
	int err;

	rwsem_down_write(&mm->mmap_lock);
	err = advise_locked(mm, start, end, advice);
	rwsem_up_write(&mm->mmap_lock);
	return err;
}

static int advise_read(struct mm_struct *mm, unsigned long start, unsigned long end, int advice)
{
	int err;

	rwsem_down_read(&mm->mmap_lock);
	err = advise_locked(mm, start, end, advice);
	rwsem_up_read(&mm->mmap_lock);
	return err;
}

int vm_advice_range(unsigned long addr, unsigned long len, unsigned long *end)
{
	*end = addr + page_align(len);
	return (addr & ~PAGE_MASK) || (len && !page_align(len)) || *end < addr ? -EINVAL : 0;
}

int vm_advise(struct mm_struct *mm, unsigned long addr, unsigned long len, int advice)
{
	unsigned long end;
	int err;

	if (advice < 0 || advice >= (int)ARRAY_SIZE(advices) || kind_is(advice, ADV_UNKNOWN))
		return -EINVAL;
	err = vm_advice_range(addr, len, &end);
	if (err || end == addr)
		return err;
	switch (advices[advice].kind) {
	case ADV_REMOVE:
		return advise_remove(mm, addr, end);
	case ADV_POPULATE:
		return mm_populate(mm, addr, end - addr, advice == MADV_POPULATE_WRITE);
	case ADV_COLLAPSE:
		return thp_collapse(mm, addr, end);
	case ADV_FLAGS:
		return advise_write(mm, addr, end, advice);
	default:
		return advise_read(mm, addr, end, advice);
	}
}
