/*
 * The names in /proc and /sys, all of them and in order, as Linux 6.1 of Debian prints them (captured from its i386, PAE and
 * x86_64 kernels). A name with + has a line only where a word has 64 bits, with - only where it has 32. The four
 * nr_tlb_* of vmstat are those of a Linux with CONFIG_DEBUG_TLBFLUSH.
 */
#include "tap.h"

static const char vmstat_names[] =
	"nr_free_pages nr_zone_inactive_anon nr_zone_active_anon nr_zone_inactive_file "
	"nr_zone_active_file nr_zone_unevictable nr_zone_write_pending nr_mlock "
	"nr_bounce nr_zspages nr_free_cma +numa_hit +numa_miss +numa_foreign "
	"+numa_interleave +numa_local +numa_other nr_inactive_anon nr_active_anon "
	"nr_inactive_file nr_active_file nr_unevictable nr_slab_reclaimable "
	"nr_slab_unreclaimable nr_isolated_anon nr_isolated_file workingset_nodes "
	"workingset_refault_anon workingset_refault_file workingset_activate_anon "
	"workingset_activate_file workingset_restore_anon workingset_restore_file "
	"workingset_nodereclaim nr_anon_pages nr_mapped nr_file_pages nr_dirty "
	"nr_writeback nr_writeback_temp nr_shmem nr_shmem_hugepages nr_shmem_pmdmapped "
	"nr_file_hugepages nr_file_pmdmapped nr_anon_transparent_hugepages "
	"nr_vmscan_write nr_vmscan_immediate_reclaim nr_dirtied nr_written "
	"nr_throttled_written nr_kernel_misc_reclaimable nr_foll_pin_acquired "
	"nr_foll_pin_released nr_kernel_stack nr_page_table_pages "
	"nr_sec_page_table_pages nr_swapcached +pgpromote_success +pgpromote_candidate "
	"nr_dirty_threshold nr_dirty_background_threshold pgpgin pgpgout pswpin pswpout "
	"pgalloc_dma +pgalloc_dma32 pgalloc_normal -pgalloc_high pgalloc_movable "
	"+pgalloc_device allocstall_dma +allocstall_dma32 allocstall_normal "
	"-allocstall_high allocstall_movable +allocstall_device pgskip_dma "
	"+pgskip_dma32 pgskip_normal -pgskip_high pgskip_movable +pgskip_device pgfree "
	"pgactivate pgdeactivate pglazyfree pgfault pgmajfault pglazyfreed pgrefill "
	"pgreuse pgsteal_kswapd pgsteal_direct pgdemote_kswapd pgdemote_direct "
	"pgscan_kswapd pgscan_direct pgscan_direct_throttle pgscan_anon pgscan_file "
	"pgsteal_anon pgsteal_file +zone_reclaim_failed pginodesteal slabs_scanned "
	"kswapd_inodesteal kswapd_low_wmark_hit_quickly kswapd_high_wmark_hit_quickly "
	"pageoutrun pgrotated drop_pagecache drop_slab oom_kill +numa_pte_updates "
	"+numa_huge_pte_updates +numa_hint_faults +numa_hint_faults_local "
	"+numa_pages_migrated pgmigrate_success pgmigrate_fail thp_migration_success "
	"thp_migration_fail thp_migration_split compact_migrate_scanned "
	"compact_free_scanned compact_isolated compact_stall compact_fail "
	"compact_success compact_daemon_wake compact_daemon_migrate_scanned "
	"compact_daemon_free_scanned htlb_buddy_alloc_success htlb_buddy_alloc_fail "
	"unevictable_pgs_culled unevictable_pgs_scanned unevictable_pgs_rescued "
	"unevictable_pgs_mlocked unevictable_pgs_munlocked unevictable_pgs_cleared "
	"unevictable_pgs_stranded thp_fault_alloc thp_fault_fallback "
	"thp_fault_fallback_charge thp_collapse_alloc thp_collapse_alloc_failed "
	"thp_file_alloc thp_file_fallback thp_file_fallback_charge thp_file_mapped "
	"thp_split_page thp_split_page_failed thp_deferred_split_page thp_split_pmd "
	"thp_scan_exceed_none_pte thp_scan_exceed_swap_pte thp_scan_exceed_share_pte "
	"+thp_split_pud thp_zero_page_alloc thp_zero_page_alloc_failed thp_swpout "
	"thp_swpout_fallback balloon_inflate balloon_deflate balloon_migrate nr_tlb_remote_flush nr_tlb_remote_flush_received nr_tlb_local_flush_all nr_tlb_local_flush_one swap_ra "
	"swap_ra_hit ksm_swpin_copy cow_ksm -zswpin -zswpout direct_map_level2_splits "
	"direct_map_level3_splits nr_unstable";

static const char meminfo_names[] =
	"MemTotal MemFree MemAvailable Buffers Cached SwapCached Active Inactive "
	"Active(anon) Inactive(anon) Active(file) Inactive(file) Unevictable Mlocked "
	"-HighTotal -HighFree -LowTotal -LowFree SwapTotal SwapFree -Zswap -Zswapped "
	"Dirty Writeback AnonPages Mapped Shmem KReclaimable Slab SReclaimable "
	"SUnreclaim KernelStack PageTables SecPageTables NFS_Unstable Bounce "
	"WritebackTmp CommitLimit Committed_AS VmallocTotal VmallocUsed VmallocChunk "
	"Percpu HardwareCorrupted AnonHugePages ShmemHugePages ShmemPmdMapped "
	"FileHugePages FilePmdMapped HugePages_Total HugePages_Free HugePages_Rsvd "
	"HugePages_Surp Hugepagesize Hugetlb DirectMap4k";

static const char status_names[] =
	"Name Umask State Tgid Ngid Pid PPid TracerPid Uid Gid FDSize Groups NStgid "
	"NSpid NSpgid NSsid VmPeak VmSize VmLck VmPin VmHWM VmRSS RssAnon RssFile "
	"RssShmem VmData VmStk VmExe VmLib VmPTE VmSwap HugetlbPages CoreDumping "
	"THP_enabled Threads SigQ SigPnd ShdPnd SigBlk SigIgn SigCgt CapInh CapPrm "
	"CapEff CapBnd CapAmb NoNewPrivs Seccomp Seccomp_filters "
	"Speculation_Store_Bypass SpeculationIndirectBranch Cpus_allowed "
	"Cpus_allowed_list Mems_allowed Mems_allowed_list voluntary_ctxt_switches "
	"nonvoluntary_ctxt_switches";

static const char node_names[] =
	"per-node nr_inactive_anon nr_active_anon nr_inactive_file nr_active_file "
	"nr_unevictable nr_slab_reclaimable nr_slab_unreclaimable nr_isolated_anon "
	"nr_isolated_file workingset_nodes workingset_refault_anon "
	"workingset_refault_file workingset_activate_anon workingset_activate_file "
	"workingset_restore_anon workingset_restore_file workingset_nodereclaim "
	"nr_anon_pages nr_mapped nr_file_pages nr_dirty nr_writeback nr_writeback_temp "
	"nr_shmem nr_shmem_hugepages nr_shmem_pmdmapped nr_file_hugepages "
	"nr_file_pmdmapped nr_anon_transparent_hugepages nr_vmscan_write "
	"nr_vmscan_immediate_reclaim nr_dirtied nr_written nr_throttled_written "
	"nr_kernel_misc_reclaimable nr_foll_pin_acquired nr_foll_pin_released "
	"nr_kernel_stack nr_page_table_pages nr_sec_page_table_pages nr_swapcached "
	"+pgpromote_success +pgpromote_candidate";

static const char empty_zone_names[] =
	"pages boost min low high spanned present managed cma protection";

static const char zone_names[] =
	"nr_free_pages nr_zone_inactive_anon nr_zone_active_anon nr_zone_inactive_file "
	"nr_zone_active_file nr_zone_unevictable nr_zone_write_pending nr_mlock "
	"nr_bounce nr_zspages nr_free_cma +numa_hit +numa_miss +numa_foreign "
	"+numa_interleave +numa_local +numa_other pagesets cpu count high batch vm "
	"node_unreclaimable start_pfn";

static const char smaps_names[] =
	"Size KernelPageSize MMUPageSize Rss Pss Pss_Dirty Shared_Clean Shared_Dirty "
	"Private_Clean Private_Dirty Referenced Anonymous LazyFree AnonHugePages "
	"ShmemPmdMapped FilePmdMapped Shared_Hugetlb Private_Hugetlb Swap SwapPss "
	"Locked THPeligible VmFlags";

static const char rollup_names[] =
	"Rss Pss Pss_Dirty Pss_Anon Pss_File Pss_Shmem Shared_Clean Shared_Dirty "
	"Private_Clean Private_Dirty Referenced Anonymous LazyFree AnonHugePages "
	"ShmemPmdMapped FilePmdMapped Shared_Hugetlb Private_Hugetlb Swap SwapPss "
	"Locked";

static const char node_meminfo_names[] =
	"MemTotal MemFree MemUsed SwapCached Active Inactive Active(anon) "
	"Inactive(anon) Active(file) Inactive(file) Unevictable Mlocked Dirty Writeback "
	"FilePages Mapped AnonPages Shmem KernelStack PageTables SecPageTables "
	"NFS_Unstable Bounce WritebackTmp KReclaimable Slab SReclaimable SUnreclaim "
	"AnonHugePages ShmemHugePages ShmemPmdMapped FileHugePages FilePmdMapped "
	"HugePages_Total HugePages_Free HugePages_Surp";

static const char numastat_names[] =
	"numa_hit numa_miss numa_foreign interleave_hit local_node other_node";

static const char stat_names[] =
	"cpu cpu0 intr ctxt btime processes procs_running procs_blocked softirq";

static char text[1 << 19];

static int load(const char *path)
{
	return CHECK(tap_read(path, text, sizeof(text)) > 0);
}

static int wide(void)
{
	return IS64 || tap_compat();
}

/* The next name of the list that this kernel has. False: there is none. */
static int next_wanted(const char **list, char name[64])
{
	int len;

	while (sscanf(*list, "%63s%n", name, &len) == 1) {
		*list += len;
		if (*name != '+' && *name != '-')
			return 1;
		if ((*name == '+') == wide()) {
			memmove(name, name + 1, strlen(name));
			return 1;
		}
	}
	return 0;
}

/* The name in a line: its word number @skip, up to a colon. */
static void line_name(const char *line, int skip, char name[64])
{
	int len;

	*name = '\0';
	while (skip-- > 0 && sscanf(line, "%*s%n", &len) == 0)
		line += len;
	(void)sscanf(line, " %63[^: \t\n]", name);
}

/* Of further processors there may be any number. */
static int is_another_cpu(const char *name)
{
	return strncmp(name, "cpu", 3) == 0 && name[3] >= '1' && name[3] <= '9';
}

/* The lines from @at to @end (NULL: all) have these names, and no others are there. */
static void names(const char *path, char *at, const char *end, int skip, const char *list)
{
	char got[64], want[64];

	while (*at && (!end || at < end)) {
		line_name(at, skip, got);
		at = strchr(at, '\n');
		at = at ? at + 1 : strchr(text, '\0');
		if (!*got || is_another_cpu(got))
			continue;
		if (!next_wanted(&list, want))
			strcpy(want, "(the end)");
		if (strcmp(got, want)) {
			tap_note("# %s: \"%s\" where Linux has \"%s\"", path, got, want);
			tap_failures++;
			return;
		}
	}
	if (next_wanted(&list, want)) {
		tap_note("# %s: ends where Linux has \"%s\"", path, want);
		tap_failures++;
	}
}

static void file_names(const char *path, int skip, const char *list)
{
	if (load(path))
		names(path, text, NULL, skip, list);
}

static void machine(void)
{
	static const char levels[] = "DirectMap4M", large[] = "DirectMap2M";
	char list[sizeof(meminfo_names) + sizeof(large) + 1];

	file_names("/proc/vmstat", 0, vmstat_names);
	file_names("/proc/stat", 0, stat_names);
	NEED(load("/proc/meminfo"));
	sprintf(list, "%s %s", meminfo_names, strstr(text, levels) ? levels : large);
	names("/proc/meminfo", text, NULL, 0, list);
	CHECK(!wide() || !strstr(text, levels));
}

/* What follows the first processor's lists is the same for the others: taken out. */
static void drop_other_cpus(void)
{
	char *at = text;

	while ((at = strstr(at, "\n    cpu: ")) != NULL) {
		char *end = ++at;

		if (atoi(at + 9) == 0)
			continue;
		for (int i = 0; i < 4; i++)
			end = strchr(end, '\n') + 1;
		memmove(at, end, strlen(end) + 1);
		at--;
	}
}

/* From the line after a zone's name to the next zone. */
static void one_zone(char *at, char *end)
{
	char list[4096] = "", label[] = "        present ";
	char *present = strstr(at, label);

	if (!CHECK(present && (!end || present < end)))
		return;
	if (strncmp(at, "  per-node stats", 16) == 0)
		strcat(strcat(list, node_names), " ");
	strcat(list, empty_zone_names);
	if (strtol(present + strlen(label), NULL, 10) > 0)
		strcat(strcat(list, " "), zone_names);
	names("/proc/zoneinfo", at, end, 0, list);
}

static void zones(void)
{
	static const char *const of64[] = { "DMA", "DMA32", "Normal", "Movable", "Device" },
				 *const of32[] = { "DMA", "Normal", "HighMem", "Movable" };
	unsigned nr = wide() ? ARRAY_LEN(of64) : ARRAY_LEN(of32), n = 0;
	char *at, *end, name[32];

	NEED(load("/proc/zoneinfo"));
	drop_other_cpus();
	for (at = text; at; at = end) {
		int node = -1, len = 0;

		NEED(sscanf(at, "Node %d, zone %31s%n", &node, name, &len) == 2);
		STREQ(name, wide() ? of64[n % nr] : of32[n % nr]);
		EQ(node, n / nr);
		n++;
		end = strstr(at, "\nNode ");
		end = end ? end + 1 : NULL;
		one_zone(at + len + 1, end);
	}
	EQ(n % nr, 0);
}

/* Every mapping has all lines. */
static void mappings(void)
{
	unsigned long first, last;
	int n = 0;
	char *end, *next;

	NEED(load("/proc/self/smaps"));
	for (char *at = text; *at; at = end, n++) {
		NEED(sscanf(at, "%lx-%lx ", &first, &last) == 2);
		at = strchr(at, '\n') + 1;
		next = strstr(at, "\nVmFlags: ");
		NEED(next);
		end = strchr(next + 1, '\n') + 1;
		CHECK(end[-2] == ' ');
		names("/proc/self/smaps", at, end, 0, smaps_names);
	}
	CHECK(n >= 5);
	NEED(load("/proc/self/smaps_rollup"));
	names("/proc/self/smaps_rollup", strchr(text, '\n') + 1, NULL, 0, rollup_names);
}

static int words(const char *at)
{
	int n = 0, len;

	while (sscanf(at, "%*s%n", &len) == 0 && *at) {
		at += len;
		at += strspn(at, " \n");
		n++;
	}
	return n;
}

static void process(void)
{
	static const char *const limits[] = {
		"Limit",
		"Max cpu time",
		"Max file size",
		"Max data size",
		"Max stack size",
		"Max core file size",
		"Max resident set",
		"Max processes",
		"Max open files",
		"Max locked memory",
		"Max address space",
		"Max file locks",
		"Max pending signals",
		"Max msgqueue size",
		"Max nice priority",
		"Max realtime priority",
		"Max realtime timeout",
	};
	char *at = text, name[26];

	file_names("/proc/self/status", 0, status_names);
	NEED(load("/proc/self/limits"));
	for (unsigned i = 0; i < ARRAY_LEN(limits); i++) {
		snprintf(name, sizeof(name), "%-25s", limits[i]);
		NEED(at && strncmp(at, name, 25) == 0);
		at = strchr(at, '\n');
		at = at ? at + 1 : NULL;
	}
	CHECK(at && !*at);
	NEED(load("/proc/self/stat"));
	EQ(words(text), 52);
	NEED(load("/proc/self/statm"));
	EQ(words(text), 7);
}

static void nodes(void)
{
	file_names("/sys/devices/system/node/node0/meminfo", 2, node_meminfo_names);
	file_names("/sys/devices/system/node/node0/numastat", 0, numastat_names);
}

/* The stack as a new program has it: its strings' page and 128 KiB. */
static void new_stack(void)
{
	unsigned long start = 0, end = 0;
	char *at;

	NEED(load("/proc/self/maps"));
	at = strstr(text, "[stack]");
	NEED(at);
	while (at > text && at[-1] != '\n')
		at--;
	EQ(sscanf(at, "%lx-%lx", &start, &end), 2);
	EQ((end - start) / PAGE, 33);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(machine), T(zones),	   T(mappings), T(process),
						 T(nodes),   T(new_stack), TEND };

	return tap_main(argc, argv, tests);
}
