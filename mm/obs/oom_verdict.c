/*
 * Out of memory, explained: who holds it, and what would have saved the one that is killed.
 *
 * OWNS     nothing.
 * WHY      Linux's report has all the figures and no conclusion; the conclusion is what who reads it is after. The killed program is
 *          often not the one to blame: files of tmpfs, tables, pipes are nobody's, and its end does not free them.
 *
 *   facts      every page is free, or somebody's: anonymous, shared, cached, kernel objects, tables, stacks, huge pages, zram's;
 *              the rest is the kernel's (pipes, sockets, drivers)
 *   verdict    who holds most decides. Free memory counts where the request could not have it (nodes of a policy, high memory)
 *
 * LOCKS    none: figures of nearly one moment.   CONTEXT  facts: a thread that may take slab's locks; text: any.
 * FAILS    never; text is cut at the end of the buffer.
 * NOT HERE the choice (mm/reclaim/oom.c), the log (kernel/oom_report.c).   TESTED BY oom_verdict_test.c, tests/guest/oom_hogs.c
 */
#include "lib/fmt.h"
#include "mm/alloc.h"
#include "mm/huge.h"
#include "mm/hugetlb.h"
#include "mm/mm.h"
#include "mm/oom.h"
#include "mm/show_mem.h"
#include "mm/slab.h"
#include "mm/swap.h"
#include "mm/zone.h"

enum { KB_SHIFT = PAGE_SHIFT - 10 };

/* ---- facts ---- */

static unsigned long list_pages(enum node_stat_item inactive, enum node_stat_item active)
{
	return global_node_stat(inactive) + global_node_stat(active);
}

/* Private memory: mapped, or on its way from or to swap. */
static unsigned long anon_pages(void)
{
	unsigned long listed = list_pages(NR_INACTIVE_ANON, NR_ACTIVE_ANON);
	unsigned long shmem = global_node_stat(NR_SHMEM);

	return max_of(unsigned long, global_node_stat(NR_ANON_MAPPED),
		      listed > shmem ? listed - shmem : 0);
}

static unsigned long cached_pages(void)
{
	unsigned long all = global_node_stat(NR_FILE_PAGES);
	unsigned long others = global_node_stat(NR_SHMEM) + global_node_stat(NR_SWAPCACHE);

	return all > others ? all - others : 0;
}

/* Free pages that a request of @gfp from @nodes could not have. */
static unsigned long barred_pages(nodemask_t nodes, unsigned gfp)
{
	enum zone_type highest = gfp_zone(gfp);
	unsigned long sum = 0;
	struct zone *z;

	for (unsigned n = 0; n < nr_nodes; n++) {
		for_each_zone (node_data[n], z) {
			if (!(nodes >> n & 1) || z->type > highest)
				sum += zone_stat(z, NR_FREE_PAGES);
		}
	}
	return sum;
}

static void largest_slab(struct oom_facts *f)
{
	struct slabinfo s;
	unsigned pos = 0;

	while (slabinfo_next(&pos, &s)) {
		unsigned long kb = s.num_slabs * s.pagesperslab << KB_SHIFT;

		if (kb > f->slab_kb) {
			f->slab_kb = kb;
			f->slab = s.name;
		}
	}
}

/* All that is in use and nobody's of the others. */
static unsigned long rest_kb(const struct oom_facts *f)
{
	unsigned long sum = f->free, total = totalram_pages() << KB_SHIFT;

	for (unsigned h = 0; h < OOM_KERNEL; h++)
		sum += f->held[h];
	return total > sum ? total - sum : 0;
}

void oom_facts_get(struct oom_facts *f, const struct mm_struct *victim, nodemask_t nodes,
		   unsigned gfp)
{
	struct hugetlb_counts huge;
	struct mm_struct *mm = NULL;

	*f = (struct oom_facts){ .free = nr_free_pages() << KB_SHIFT };
	hugetlb_count(HUGETLB_ANY_NODE, &huge);
	largest_slab(f);
	f->held[OOM_ANON] = anon_pages() << KB_SHIFT;
	f->held[OOM_SHMEM] = global_node_stat(NR_SHMEM) << KB_SHIFT;
	f->held[OOM_FILE] = cached_pages() << KB_SHIFT;
	f->held[OOM_SLAB] = list_pages(NR_SLAB_RECLAIMABLE, NR_SLAB_UNRECLAIMABLE) << KB_SHIFT;
	f->held[OOM_TABLES] = global_node_stat(NR_PAGETABLE) << KB_SHIFT;
	f->held[OOM_STACKS] = global_node_stat(NR_KERNEL_STACK_KB);
	f->held[OOM_HUGE] = huge.nr * (HPAGE_SIZE >> 10);
	f->held[OOM_ZRAM] = global_zone_stat(NR_ZSPAGES) << KB_SHIFT;
	f->held[OOM_KERNEL] = rest_kb(f);
	f->held[OOM_BARRED] = barred_pages(nodes, gfp) << KB_SHIFT;
	f->locked = global_zone_stat(NR_MLOCK) << KB_SHIFT;
	f->dirty = global_node_stat(NR_FILE_DIRTY) << KB_SHIFT;
	f->huge_free = huge.free * (HPAGE_SIZE >> 10);
	f->swap_total = total_swap_pages() << KB_SHIFT;
	f->swap_free = swap_pages_free() << KB_SHIFT;
	f->anon_of_victim = mm_rss_kb(victim, MM_ANONPAGES);
	f->shmem_of_victim = mm_rss_kb(victim, MM_SHMEMPAGES);
	while ((mm = mm_list_next(mm)))
		f->processes++;
}

/* ---- words ---- */

size_t oom_held_to_str(const struct oom_facts *f, char *buf, size_t size)
{
	static const char *const names[] = { "anonymous",   "shared",	   "cached",
					     "slab",	    "page tables", "stacks",
					     "huge pages",  "zram",	   "other kernel memory",
					     "out of reach" };
	size_t n = fmt_scnprintf(buf, size, "free %lukB", f->free);

	for (unsigned h = 0; h < NR_OOM_HOLDERS; h++) {
		if (f->held[h])
			n += fmt_scnprintf(buf + n, size - n, ", %s%s %lukB",
					   h == OOM_BARRED ? "of free memory " : "", names[h],
					   f->held[h]);
	}
	return n;
}

static enum oom_holder most(const struct oom_facts *f)
{
	enum oom_holder best = OOM_ANON;

	for (unsigned h = 0; h < NR_OOM_HOLDERS; h++) {
		if (f->held[h] > f->held[best])
			best = (enum oom_holder)h;
	}
	return best;
}

/* What swap could have done for @kb: the end of a sentence. */
static size_t swap_words(const struct oom_facts *f, unsigned long kb, char *buf, size_t size)
{
	if (f->locked >= kb / 2)
		return fmt_scnprintf(buf, size,
				     "%lukB are locked, swap cannot take them: lower "
				     "RLIMIT_MEMLOCK",
				     f->locked);
	if (!f->swap_total)
		return fmt_scnprintf(buf, size, "there is no swap: %lukB of it would hold them",
				     kb);
	if (f->swap_free > f->swap_total / 16)
		return fmt_scnprintf(buf, size, "swap has %lukB free and did not take them in time",
				     f->swap_free);
	return fmt_scnprintf(buf, size, "swap is full: %lukB more of it would hold them", kb);
}

static size_t anon_words(const struct oom_facts *f, char *buf, size_t size)
{
	unsigned long all = f->held[OOM_ANON], his = f->anon_of_victim;
	size_t n;

	if (his >= all / 2)
		n = fmt_scnprintf(buf, size,
				  "one program has %lukB of private memory: a limit for "
				  "it (RLIMIT_AS, RLIMIT_DATA), or swap: ",
				  his);
	else
		n = fmt_scnprintf(buf, size,
				  "%u programs have %lukB of private memory together: "
				  "fewer of them (RLIMIT_NPROC), or swap: ",
				  f->processes, all);
	return n + swap_words(f, his >= all / 2 ? his : all, buf + n, size - n);
}

static size_t shmem_words(const struct oom_facts *f, char *buf, size_t size)
{
	unsigned long all = f->held[OOM_SHMEM], his = f->shmem_of_victim;
	size_t n;

	if (his >= all / 2)
		n = fmt_scnprintf(buf, size,
				  "one program has %lukB of shared memory: a limit "
				  "(kernel.shmall, RLIMIT_AS), or swap: ",
				  his);
	else
		n = fmt_scnprintf(buf, size,
				  "%lukB are in tmpfs and shared memory that no killed "
				  "program gives back: a limit (size= of the mount, "
				  "kernel.shmall), or swap: ",
				  all);
	return n + swap_words(f, all, buf + n, size - n);
}

size_t oom_verdict_to_str(const struct oom_facts *f, char *buf, size_t size)
{
	enum oom_holder who = most(f);
	unsigned long kb = f->held[who];

	switch (who) {
	case OOM_ANON:
		return anon_words(f, buf, size);
	case OOM_SHMEM:
		return shmem_words(f, buf, size);
	case OOM_FILE:
		return fmt_scnprintf(buf, size,
				     "%lukB are cached files, %lukB of them dirty: a "
				     "lower vm.dirty_bytes, less that is mapped and "
				     "locked",
				     kb, f->dirty);
	case OOM_SLAB:
		return fmt_scnprintf(buf, size,
				     "%lukB are kernel objects, %lukB of them in %s: a "
				     "limit on what is made (RLIMIT_NPROC, "
				     "RLIMIT_NOFILE, nr_inodes= of tmpfs, "
				     "vm.max_map_count)",
				     kb, f->slab_kb, f->slab ? f->slab : "no cache");
	case OOM_TABLES:
		return fmt_scnprintf(buf, size,
				     "%lukB are page tables: fewer or denser mappings "
				     "(RLIMIT_AS, RLIMIT_NPROC), huge pages",
				     kb);
	case OOM_STACKS:
		return fmt_scnprintf(buf, size,
				     "%lukB are kernel stacks: fewer threads "
				     "(RLIMIT_NPROC, kernel.threads-max)",
				     kb);
	case OOM_HUGE:
		return fmt_scnprintf(buf, size,
				     "%lukB are kept as huge pages, %lukB of them unused: "
				     "a lower vm.nr_hugepages",
				     kb, f->huge_free);
	case OOM_ZRAM:
		return fmt_scnprintf(buf, size,
				     "%lukB are zram's: its mem_limit, or swap on a disk", kb);
	case OOM_BARRED:
		return fmt_scnprintf(buf, size,
				     "%lukB are free where this request could not have "
				     "them: a memory policy (set_mempolicy, mbind) that "
				     "allows more nodes, or less kernel memory below "
				     "high memory",
				     kb);
	default:
		return fmt_scnprintf(buf, size,
				     "%lukB are the kernel's, of pipes, sockets and "
				     "drivers: a limit on them (RLIMIT_NOFILE, "
				     "fs.pipe-user-pages-soft, net.core.wmem_max)",
				     kb);
	}
}
