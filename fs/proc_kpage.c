/*
 * /proc/kpagecount, kpageflags and kpagecgroup: one 64-bit word per frame, in Linux's bit layout.
 *
 * OWNS     nothing.
 * WHY      page-types and the labs read physical memory through these. A frame without a descriptor is NOPAGE, count 0.
 *          Every page of a free block is BUDDY, every page of a slab SLAB, as on Linux 6.1. No page is charged to a
 *          control group: kpagecgroup is all zero.
 * LOCKS    none: each word is a snapshot of one page, as on Linux.   CONTEXT  a task; sleeps on the user copy.
 * FAILS    -EINVAL for an offset or length that is not a multiple of 8.
 * SOURCES  Documentation of pagemap (admin-guide/mm/pagemap), proc(5).
 */
#include "fs/proc_impl.h"

#include "arch/uaccess.h"
#include "kernel/task.h"
#include "mm/huge.h"
#include "mm/mm.h"
#include "mm/thp.h"
#include "mm/zone.h"
#include "sync/klog.h"

enum {
	KPF_LOCKED,
	KPF_ERROR,
	KPF_REFERENCED,
	KPF_UPTODATE,
	KPF_DIRTY,
	KPF_LRU,
	KPF_ACTIVE,
	KPF_SLAB,
	KPF_WRITEBACK,
	KPF_RECLAIM,
	KPF_BUDDY,
	KPF_MMAP,
	KPF_ANON,
	KPF_SWAPCACHE,
	KPF_SWAPBACKED,
	KPF_COMPOUND_HEAD,
	KPF_COMPOUND_TAIL,
	KPF_HUGE,
	KPF_UNEVICTABLE = 18,
	KPF_HWPOISON,
	KPF_NOPAGE = 20,
	KPF_KSM,
	KPF_THP = 22,
	KPF_ZERO_PAGE = 24,
	KPF_IDLE = 25,
	KPF_PGTABLE = 26,
	KPF_RESERVED = 32,
	KPF_MLOCKED = 33
};

/* A flag of the page and the bit that shows it. */
static const struct {
	uint8_t flag, bit;
} flag_bits[] = {
	{ PG_locked, KPF_LOCKED },
	{ PG_error, KPF_ERROR },
	{ PG_referenced, KPF_REFERENCED },
	{ PG_uptodate, KPF_UPTODATE },
	{ PG_dirty, KPF_DIRTY },
	{ PG_lru, KPF_LRU },
	{ PG_active, KPF_ACTIVE },
	{ PG_writeback, KPF_WRITEBACK },
	{ PG_reclaim, KPF_RECLAIM },
	{ PG_swapcache, KPF_SWAPCACHE },
	{ PG_swapbacked, KPF_SWAPBACKED },
	{ PG_head, KPF_COMPOUND_HEAD },
	{ PG_unevictable, KPF_UNEVICTABLE },
	{ PG_idle, KPF_IDLE },
	{ PG_mlocked, KPF_MLOCKED },
	{ PG_hwpoison, KPF_HWPOISON },
};

/* A row of ordinary pages that a large entry maps looks like Linux's compound page. */
static uint64_t thp_bits(const struct page *page)
{
	if (!page_is_thp(page))
		return 0;
	return 1ULL << KPF_THP |
	       1ULL << (page_to_pfn(page) % HPAGE_NR ? KPF_COMPOUND_TAIL : KPF_COMPOUND_HEAD);
}

static uint64_t tail_bits(struct page *page)
{
	uint64_t bits = 1ULL << KPF_COMPOUND_TAIL;

	if (page_is_huge_zero(page))
		return bits | 1ULL << KPF_ZERO_PAGE | 1ULL << KPF_THP;
	return page_state(page_head(page)) == PS_SLAB ? bits | 1ULL << KPF_SLAB : bits;
}

static uint64_t state_bits(struct page *page)
{
	switch (page_state(page)) {
	case PS_RESERVED:
		return 1ULL << KPF_RESERVED;
	case PS_BUDDY:
	case PS_FREE:
		return 1ULL << KPF_BUDDY;
	case PS_SLAB:
		return 1ULL << KPF_SLAB;
	case PS_TABLE:
		return 1ULL << KPF_PGTABLE;
	case PS_ANON:
		return 1ULL << KPF_ANON | (uint64_t)page_is_ksm(page) << KPF_KSM | thp_bits(page);
	case PS_TAIL:
		return tail_bits(page);
	default:
		if (page_is_huge_zero(page))
			return 1ULL << KPF_ZERO_PAGE | 1ULL << KPF_THP;
		return page == zero_page ? 1ULL << KPF_ZERO_PAGE : 0;
	}
}

static bool state_is_mappable(enum page_state s)
{
	return s == PS_ANON || s == PS_FILE || s == PS_KERNEL;
}

static uint64_t kpage_flags(pfn_t pfn)
{
	struct page *page;
	uint64_t bits;

	if (!pfn_valid(pfn))
		return 1ULL << KPF_NOPAGE;
	page = pfn_to_page(pfn);
	bits = state_bits(page);
	if (page_test(page_head((struct page *)(uintptr_t)page), PG_hugetlb) &&
	    (page_test(page, PG_head) || page_state(page) == PS_TAIL))
		bits |= 1ULL << KPF_HUGE;
	for (unsigned i = 0; i < ARRAY_SIZE(flag_bits); i++) {
		if (page_test(page, flag_bits[i].flag))
			bits |= 1ULL << flag_bits[i].bit;
	}
	if (state_is_mappable(page_state(page)) && page_mapcount(page) > 0)
		bits |= 1ULL << KPF_MMAP;
	return bits;
}

static uint64_t kpage_count(pfn_t pfn)
{
	const struct page *page;

	if (!pfn_valid(pfn))
		return 0;
	page = page_head(pfn_to_page(pfn));
	return state_is_mappable(page_state(page)) ? (uint64_t)max_of(int, 0, page_mapcount(page))
						   : 0;
}

static uint64_t kpage_cgroup(pfn_t pfn)
{
	return 0;
}

static long kpage_read(uaddr_t buf, size_t len, uint64_t *pos, uint64_t (*word)(pfn_t pfn))
{
	uint64_t chunk[64];
	long done = 0;

	if ((*pos | len) & 7)
		return -EINVAL;
	while (len && (*pos >> 3) < max_pfn) {
		size_t n = min_of(size_t, len / 8, ARRAY_SIZE(chunk));

		n = (size_t)min_of(uint64_t, n, max_pfn - (*pos >> 3));
		for (size_t i = 0; i < n; i++)
			chunk[i] = word((pfn_t)(*pos >> 3) + i);
		if (copy_to_user(buf + (unsigned long)done, chunk, n * 8))
			return done ? done : -EFAULT;
		done += (long)(n * 8);
		*pos += n * 8;
		len -= n * 8;
		cond_resched();
	}
	return done;
}

static long kpageflags_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	return kpage_read(buf, len, pos, kpage_flags);
}

static long kpagecount_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	return kpage_read(buf, len, pos, kpage_count);
}

static long kpagecgroup_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	return kpage_read(buf, len, pos, kpage_cgroup);
}

static const struct file_ops kpageflags_ops = { .read = kpageflags_read },
			     kpagecount_ops = { .read = kpagecount_read },
			     kpagecgroup_ops = { .read = kpagecgroup_read };
static struct proc_entry kpageflags = { .fops = &kpageflags_ops },
			 kpagecount = { .fops = &kpagecount_ops },
			 kpagecgroup = { .fops = &kpagecgroup_ops };

void proc_kpage_init(void)
{
	int err = proc_register("kpageflags", 0400, &kpageflags);

	err = err ? err : proc_register("kpagecount", 0400, &kpagecount);
	err = err ? err : proc_register("kpagecgroup", 0400, &kpagecgroup);
	if (err)
		pr_warn("procfs: no memory for the files about pages");
}
