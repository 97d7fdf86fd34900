/*
 * /proc/sys/vm: the tunables of memory management.
 *
 * OWNS     nothing: each variable belongs to the file of mm/ that uses it.
 * WHY      a file is here when what it says holds here. Of Linux's are missing: watermark_boost_factor (no watermark is boosted),
 *          hugetlb_optimize_vmemmap (the page array stays whole), page_lock_unfairness. Two have nothing left to do and are kept
 *          for those who set them: stat_interval (counters are always exact), dirtytime_expire_seconds (no mount puts time stamps off).
 * LOCKS    none: an aligned word is written whole.   CONTEXT  a task; sleeps.
 * FAILS    -EINVAL for text that is no number or out of bounds.
 * SOURCES  Documentation of /proc/sys/vm (admin-guide/sysctl/vm), proc(5).   TESTED BY proc_sysvm.c
 */
#include "fs/sysctl.h"

#include "base/errno.h"
#include "fs/memfd.h"
#include "lib/string.h"
#include "mm/compact.h"
#include "mm/layout.h"
#include "mm/mm.h"
#include "mm/slab.h"
#include "mm/vmalloc.h"
#include "mm/vmscan.h"
#include "proc_impl.h"
#include "sync/klog.h"

enum { MIN_PCP_FRACTION = 8, HZ_OF_LINUX = 250 };

static int sysctl_drop_caches, stat_interval = 1, dirtytime_expire_seconds = 12 * 60 * 60;

static const struct sysctl vm_table[] = {
	{ "vm/overcommit_memory", .number = &sysctl_overcommit_memory, .max = 2 },
	{ "vm/overcommit_ratio", .number = &sysctl_overcommit_ratio, .max = INT_MAX,
	  .changed = commit_ratio_changed },
	{ "vm/overcommit_kbytes", .word = &sysctl_overcommit_kbytes,
	  .changed = commit_kbytes_changed },
	{ "vm/user_reserve_kbytes", .word = &sysctl_user_reserve_kbytes },
	{ "vm/admin_reserve_kbytes", .word = &sysctl_admin_reserve_kbytes },
	{ "vm/extfrag_threshold", .number = &sysctl_extfrag_threshold, .max = 1000 },
	{ "vm/compact_unevictable_allowed", .number = &sysctl_compact_unevictable_allowed,
	  .max = 1 },
	{ "vm/legacy_va_layout", .number = &sysctl_legacy_va_layout, .max = INT_MAX },
	{ "vm/compaction_proactiveness", .number = &sysctl_compaction_proactiveness, .max = 100,
	  .changed = kcompactd_look },
	{ "vm/stat_interval", .number = &stat_interval, .max = INT_MAX / HZ_OF_LINUX },
	{ "vm/dirtytime_expire_seconds", .number = &dirtytime_expire_seconds, .max = INT_MAX },
	{ "vm/mmap_rnd_bits", .number = &mmap_rnd_bits, .min = MMAP_RND_BITS_MIN,
	  .max = MMAP_RND_BITS_MAX, .mode = 0600 },
	{ "vm/max_map_count", .number = &sysctl_max_map_count, .max = INT_MAX },
	{ "vm/min_free_kbytes", .number = &min_free_kbytes, .max = INT_MAX,
	  .changed = setup_per_zone_wmarks },
	{ "vm/watermark_scale_factor", .number = &watermark_scale_factor, .min = 1, .max = 3000,
	  .changed = setup_per_zone_wmarks },
	{ "vm/swappiness", .number = &vm_swappiness, .max = 200 },
	{ "vm/vfs_cache_pressure", .number = &sysctl_vfs_cache_pressure, .max = INT_MAX },
	{ "vm/memfd_noexec", .number = &sysctl_memfd_noexec, .max = 2 },
};

/* Of machines that run 32-bit programs beside their own. */
static const struct sysctl compat_table[] = {
	{ "vm/mmap_rnd_compat_bits", .number = &mmap_rnd_compat_bits,
	  .min = MMAP_RND_COMPAT_BITS_MIN, .max = MMAP_RND_COMPAT_BITS_MAX, .mode = 0600 },
};

/* ---- numbers that are not taken as they are ---- */

static int min_addr_show(struct seq_file *m)
{
	seq_printf(m, "%lu\n", mmap_min_addr);
	return 0;
}

static int min_addr_store(struct proc_entry *e, char *text, size_t len)
{
	long v;
	int err = proc_parse_long(text, &v);

	if (err || v < 0 || v > (long)MIB(1024))
		return -EINVAL;
	mmap_min_addr = page_align((unsigned long)v);
	return 0;
}

static int pcp_fraction_show(struct seq_file *m)
{
	seq_printf(m, "%d\n", percpu_pagelist_high_fraction);
	return 0;
}

/* 0: by the watermarks; below 8 the lists would take too much. */
static int pcp_fraction_store(struct proc_entry *e, char *text, size_t len)
{
	long v;
	int err = proc_parse_long(text, &v);

	if (err || v < 0 || v > INT_MAX || (v && v < MIN_PCP_FRACTION))
		return -EINVAL;
	WRITE_ONCE(percpu_pagelist_high_fraction, (int)v);
	setup_per_zone_wmarks();
	return 0;
}

/* ---- lowmem_reserve_ratio: a number for each zone type ---- */

static int reserve_ratio_show(struct seq_file *m)
{
	const char *tab = "";

	for (unsigned t = 0; t < MAX_NR_ZONES; t++) {
		if (!zone_type_exists((enum zone_type)t))
			continue;
		seq_printf(m, "%s%d", tab, sysctl_lowmem_reserve_ratio[t]);
		tab = "\t";
	}
	seq_putc(m, '\n');
	return 0;
}

static bool is_blank(char c)
{
	return c == ' ' || c == '\t' || c == '\n';
}

/* Cut the next word off *text. NULL: there is none. */
static char *next_word(char **text)
{
	char *word = *text, *end;

	while (is_blank(*word))
		word++;
	for (end = word; *end && !is_blank(*end); end++)
		;
	*text = *end ? end + 1 : end;
	*end = '\0';
	return *word ? word : NULL;
}

/* As many numbers as there are, in the order shown; those not given stay. */
static int reserve_ratio_store(struct proc_entry *e, char *text, size_t len)
{
	int ratio[MAX_NR_ZONES];

	memcpy(ratio, sysctl_lowmem_reserve_ratio, sizeof(ratio));
	for (unsigned t = 0; t < MAX_NR_ZONES; t++) {
		char *word;
		long v;

		if (!zone_type_exists((enum zone_type)t))
			continue;
		word = next_word(&text);
		if (!word)
			break;
		if (proc_parse_long(word, &v) || v < INT_MIN || v > INT_MAX)
			return -EINVAL;
		ratio[t] = v < 1 ? 0 : (int)v;
	}
	memcpy(sysctl_lowmem_reserve_ratio, ratio, sizeof(ratio));
	setup_per_zone_wmarks();
	return 0;
}

/* ---- orders ---- */

/* 1: clean pages of files. 2: dentries and slabs; per-CPU caches, stacks and lazily unmapped ranges go with them. */
static void drop_caches(void)
{
	int what = READ_ONCE(sysctl_drop_caches);

	if (what & 1)
		(void)drop_cached_pages();
	if (what & 2) {
		caches_drop();
		vmalloc_purge();
		slab_shrink_all();
	}
	drain_all_pages();
}

static const struct sysctl order_table[] = {
	{ "vm/drop_caches", .number = &sysctl_drop_caches, .min = 1, .max = 4, .mode = 0200,
	  .changed = drop_caches },
};

/* Counters here are always exact: there is nothing to fold. */
static int stat_refresh_show(struct seq_file *m)
{
	return 0;
}

static int stat_refresh_store(struct proc_entry *e, char *text, size_t len)
{
	return 0;
}

/* vm.compact_memory: whatever is written, all zones are compacted (Linux 6.1 looks at no value). */
static int compact_store(struct proc_entry *e, char *text, size_t len)
{
	for (unsigned n = 0; n < nr_nodes; n++)
		compact_node((int)n);
	return 0;
}

void proc_sysvm_init(void)
{
	static struct proc_entry min_addr = { .show = min_addr_show, .store = min_addr_store },
				 fraction = { .show = pcp_fraction_show,
					      .store = pcp_fraction_store },
				 ratio = { .show = reserve_ratio_show,
					   .store = reserve_ratio_store },
				 refresh = { .show = stat_refresh_show,
					     .store = stat_refresh_store },
				 compact = { .store = compact_store };
	int err = sysctl_register(vm_table, ARRAY_SIZE(vm_table));

	err = err ? err : sysctl_register(order_table, ARRAY_SIZE(order_table));
	err = err ? err : proc_register("sys/vm/mmap_min_addr", 0644, &min_addr);
	err = err ? err : proc_register("sys/vm/percpu_pagelist_high_fraction", 0644, &fraction);
	err = err ? err : proc_register("sys/vm/lowmem_reserve_ratio", 0644, &ratio);
	err = err ? err : proc_register("sys/vm/stat_refresh", 0600, &refresh);
	err = err ? err : proc_register("sys/vm/compact_memory", 0200, &compact);
	if (sizeof(long) == 8)
		err = err ? err : sysctl_register(compat_table, ARRAY_SIZE(compat_table));
	if (CFG_NUMA)
		err = err ? err : proc_nodes_init();
	err = err ? err : proc_hugetlb_init();
	if (err)
		pr_warn("procfs: no memory for sys/vm");
}
