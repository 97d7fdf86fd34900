/*
 * /proc files about memory as a whole: meminfo, slabinfo, vmallocinfo.
 *
 * OWNS     nothing: every number is read from its counter when the file is opened.
 * WHY      Linux 6.1's labels, order and padding, so that free, vmstat and slabtop read them. A line about something this
 *          kernel does not have (huge pages, swap, bounce buffers) is a true zero, not left out: tools expect it.
 * LOCKS    none held across seq_printf.   CONTEXT  a task; sleeps.
 * NOT HERE vmstat (proc_vmstat.c), zones (proc_zone.c), single pages (proc_kpage.c), tunables (proc_sysvm.c).
 * SOURCES  proc(5), the captured texts of a real 6.1.
 */
#include "fs/proc_impl.h"

#include "arch/machine.h"
#include "block/block.h"
#include "lib/fmt.h"
#include "mm/hugetlb.h"
#include "mm/mm.h"
#include "mm/poison.h"
#include "mm/slab.h"
#include "mm/swap.h"
#include "mm/vmalloc.h"
#include "mm/zone.h"
#include "sync/klog.h"

static void line(struct seq_file *m, const char *label, unsigned long pages)
{
	seq_put_kb(m, label, pages << (PAGE_SHIFT - 10));
}

/* Pages that a new program could have without swapping: Linux's estimate, free memory above the low watermarks, and what is cheap
 * to reclaim less a half or the watermarks. tmpfs pages are not. */
unsigned long mem_available_pages(void)
{
	unsigned long low = 0, free = nr_free_pages(), slab = global_node_stat(NR_SLAB_RECLAIMABLE);
	unsigned long file = global_node_stat(NR_ACTIVE_FILE) + global_node_stat(NR_INACTIVE_FILE);
	struct zone *z;

	for (unsigned n = 0; n < nr_nodes; n++) {
		for_each_zone (node_data[n], z)
			low += z->watermark[WMARK_LOW];
	}
	free = free > low ? free - low : 0;
	return free + file - min_of(unsigned long, file / 2, low) + slab -
	       min_of(unsigned long, slab / 2, low);
}

static void meminfo_lru(struct seq_file *m)
{
	unsigned long aa = global_node_stat(NR_ACTIVE_ANON),
		      ia = global_node_stat(NR_INACTIVE_ANON);
	unsigned long af = global_node_stat(NR_ACTIVE_FILE),
		      inf = global_node_stat(NR_INACTIVE_FILE);

	line(m, "Active", aa + af);
	line(m, "Inactive", ia + inf);
	line(m, "Active(anon)", aa);
	line(m, "Inactive(anon)", ia);
	line(m, "Active(file)", af);
	line(m, "Inactive(file)", inf);
	line(m, "Unevictable", global_node_stat(NR_UNEVICTABLE));
	line(m, "Mlocked", global_zone_stat(NR_MLOCK));
}

static void meminfo_kernel(struct seq_file *m)
{
	unsigned long reclaimable = global_node_stat(NR_SLAB_RECLAIMABLE);
	unsigned long unreclaimable = global_node_stat(NR_SLAB_UNRECLAIMABLE);

	line(m, "KReclaimable", reclaimable + global_node_stat(NR_KERNEL_MISC_RECLAIMABLE));
	line(m, "Slab", reclaimable + unreclaimable);
	line(m, "SReclaimable", reclaimable);
	line(m, "SUnreclaim", unreclaimable);
	seq_put_kb(m, "KernelStack", global_node_stat(NR_KERNEL_STACK_KB));
	line(m, "PageTables", global_node_stat(NR_PAGETABLE));
	line(m, "SecPageTables", global_node_stat(NR_SECONDARY_PAGETABLE));
	line(m, "NFS_Unstable", 0);
	line(m, "Bounce", global_zone_stat(NR_BOUNCE));
	line(m, "WritebackTmp", global_node_stat(NR_WRITEBACK_TEMP));
	line(m, "CommitLimit", vm_commit_limit());
	line(m, "Committed_AS", (unsigned long)max_of(long, 0, atomic_long_read(&vm_committed_as)));
	/* On 64 bits the total has more digits than the field: Linux prints it from column 17 all the same. */
	seq_put_kb(m, "VmallocTotal", vmalloc_total() >> 10);
	seq_put_kb(m, "VmallocUsed", vmalloc_used() >> 10);
	seq_put_kb(m, "VmallocChunk", 0);
	seq_put_kb(m, "Percpu", nr_cpus * (unsigned long)(__stop_percpu - __start_percpu) >> 10);
}

static void meminfo_huge(struct seq_file *m)
{
	unsigned long kb_4k, kb_large, kb_1g;
	struct hugetlb_counts c;

	seq_printf(m, "HardwareCorrupted: %5lu kB\n",
		   (unsigned long)atomic_long_read(&num_poisoned_pages) << (PAGE_SHIFT - 10));
	line(m, "AnonHugePages", global_node_stat(NR_ANON_THPS));
	line(m, "ShmemHugePages", global_node_stat(NR_SHMEM_THPS));
	line(m, "ShmemPmdMapped", global_node_stat(NR_SHMEM_PMDMAPPED));
	line(m, "FileHugePages", global_node_stat(NR_FILE_THPS));
	line(m, "FilePmdMapped", global_node_stat(NR_FILE_PMDMAPPED));
	hugetlb_count(HUGETLB_ANY_NODE, &c);
	seq_printf(m, "HugePages_Total:   %5lu\nHugePages_Free:    %5lu\n", c.nr, c.free);
	seq_printf(m, "HugePages_Rsvd:    %5lu\nHugePages_Surp:    %5lu\n", c.resv, c.surplus);
	seq_put_kb(m, "Hugepagesize", HPAGE_SIZE >> 10);
	seq_put_kb(m, "Hugetlb", c.nr * (HPAGE_SIZE >> 10));
	physmap_direct_sizes(&kb_4k, &kb_large, &kb_1g);
	seq_put_kb(m, "DirectMap4k", kb_4k);
	seq_put_kb(m, pt_shift(PT_PMD) == 22 ? "DirectMap4M" : "DirectMap2M", kb_large);
	if (kb_1g)
		seq_put_kb(m, "DirectMap1G", kb_1g);
}

static int meminfo_show(struct seq_file *m)
{
	unsigned long total = totalram_pages(), high = totalhigh_pages();
	unsigned long free = nr_free_pages(), free_high = nr_free_highpages();
	unsigned long buffers = block_cached_pages();
	unsigned long cached = global_node_stat(NR_FILE_PAGES) - global_node_stat(NR_SWAPCACHE);

	line(m, "MemTotal", total);
	line(m, "MemFree", free);
	line(m, "MemAvailable", mem_available_pages());
	line(m, "Buffers", buffers);
	line(m, "Cached", cached > buffers ? cached - buffers : 0);
	line(m, "SwapCached", global_node_stat(NR_SWAPCACHE));
	meminfo_lru(m);
	if (zone_type_exists(ZONE_HIGHMEM)) {
		line(m, "HighTotal", high);
		line(m, "HighFree", free_high);
		line(m, "LowTotal", total - high);
		line(m, "LowFree", free - free_high);
	}
	line(m, "SwapTotal", total_swap_pages());
	line(m, "SwapFree", swap_pages_free());
	if (!CFG_NUMA) /* Debian's 32-bit kernels are built with zswap */
		seq_puts(m, "Zswap:                 0 kB\nZswapped:              0 kB\n");
	line(m, "Dirty", global_node_stat(NR_FILE_DIRTY));
	line(m, "Writeback", global_node_stat(NR_WRITEBACK));
	line(m, "AnonPages", global_node_stat(NR_ANON_MAPPED));
	line(m, "Mapped", global_node_stat(NR_FILE_MAPPED));
	line(m, "Shmem", global_node_stat(NR_SHMEM));
	meminfo_kernel(m);
	meminfo_huge(m);
	return 0;
}

/* ---- slabinfo, vmallocinfo ---- */

static int slabinfo_show(struct seq_file *m)
{
	struct slabinfo s;
	unsigned pos = 0;

	seq_puts(
		m,
		"slabinfo - version: 2.1\n"
		"# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> "
		"<batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>\n");
	while (slabinfo_next(&pos, &s))
		seq_printf(
			m,
			"%-17s %6lu %6lu %6u %4u %4d : tunables %4u %4u %4u : slabdata %6lu %6lu %6lu\n",
			s.name, s.active_objs, s.num_objs, s.objsize, s.objperslab,
			(int)s.pagesperslab, 0U, 0U, 0U, s.active_slabs, s.num_slabs, 0UL);
	return 0;
}

static void vmallocinfo_pages(struct seq_file *m, const struct vmalloc_info *v)
{
	if (v->nr_pages)
		seq_printf(m, " pages=%u", v->nr_pages);
	seq_puts(m, v->kind == VM_INFO_VMAP ? " vmap" : " vmalloc");
	for (unsigned n = 0; CFG_NUMA && n < nr_nodes; n++) {
		if (v->node_pages[n])
			seq_printf(m, " N%u=%u", n, v->node_pages[n]);
	}
}

static int vmallocinfo_show(struct seq_file *m)
{
	const int word = 2 * sizeof(long), phys = 2 * sizeof(pte_t);
	struct vmalloc_info v;
	char caller[80];
	kaddr_t pos = 0;

	while (vmalloc_info_next(&pos, &v)) {
		symbol_format(v.caller, caller, sizeof(caller));
		seq_printf(m, "0x%0*lx-0x%0*lx %7lu %s", word, v.start, word, v.end,
			   v.end - v.start, caller);
		if (v.kind == VM_INFO_IOREMAP)
			seq_printf(m, " phys=0x%0*llx ioremap", phys, (unsigned long long)v.phys);
		else
			vmallocinfo_pages(m, &v);
		seq_putc(m, '\n');
	}
	return 0;
}

static struct proc_entry meminfo = { .show = meminfo_show }, slabinfo = { .show = slabinfo_show },
			 vmallocinfo = { .show = vmallocinfo_show };

void proc_mem_init(void)
{
	int err = proc_register("meminfo", 0444, &meminfo);

	err = err ? err : proc_register("slabinfo", 0400, &slabinfo);
	err = err ? err : proc_register("vmallocinfo", 0400, &vmallocinfo);
	if (err)
		pr_warn("procfs: no memory for the files about memory");
}
