/*
 * Files under /proc: Linux's layout line by line (patterns taken from captures of Linux 6.1), and numbers that agree with
 * each other and with what the program does.
 */
#include "tap.h"

#include <pthread.h>
#include <regex.h>
#include <sys/sysinfo.h>

static char text[1 << 20];

static int load(const char *path)
{
	long n = tap_read(path, text, sizeof(text));

	if (n < 0)
		tap_note("# %s cannot be read: %s", path, strerror(errno));
	return CHECK(n > 0);
}

static int matches(const char *pattern, const char *line)
{
	regex_t re;
	int ok;

	if (regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB))
		return 0;
	ok = regexec(&re, line, 0, NULL, 0) == 0;
	regfree(&re);
	return ok;
}

/* Every line of text matches the pattern. Return: lines. */
static int all_lines(const char *path, const char *pattern, int skip)
{
	regex_t re;
	int n = 0;
	char *end;

	if (!CHECK(regcomp(&re, pattern, REG_EXTENDED | REG_NOSUB) == 0))
		return 0;
	for (char *l = text; *l; l = end + 1) {
		end = strchr(l, '\n');
		if (!end) {
			CHECK(!"the last line ends");
			break;
		}
		*end = '\0';
		if (n >= skip && regexec(&re, l, 0, NULL, 0)) {
			tap_note("# %s line %d \"%s\" is not /%s/", path, n + 1, l, pattern);
			tap_failures++;
		}
		*end = '\n';
		n++;
	}
	regfree(&re);
	return n;
}

/* The value behind a label in text, -1: not there. */
static long long value(const char *label)
{
	char key[80], *at;

	if (strncmp(text, label, strlen(label)) == 0)
		return strtoll(text + strlen(label), NULL, 10);
	snprintf(key, sizeof(key), "\n%s", label);
	at = strstr(text, key);
	return at ? strtoll(at + strlen(key), NULL, 10) : -1;
}

/* The labels come in this order, others may stand between. */
static void in_order(const char *path, const char *const *labels, size_t n)
{
	char *at = text, key[80];

	for (size_t i = 0; i < n; i++) {
		char *next;

		snprintf(key, sizeof(key), "\n%s", labels[i]);
		next = i == 0 && strncmp(text, labels[0], strlen(labels[0])) == 0 ? text
										  : strstr(at, key);
		if (!next) {
			tap_note("# %s: \"%s\" is missing or not in its place", path, labels[i]);
			tap_failures++;
			continue;
		}
		at = next;
	}
}

/* KiB that may lie between two readings; today's Linux counts pages roughly, per CPU. */
static long long slack(void)
{
	return getenv("TAP_HOST") ? 2048 : 64;
}

static int native32(void)
{
	return !IS64 && !tap_compat();
}

static void meminfo(void)
{
	static const char *const labels[] = {
		"MemTotal:",	   "MemFree:",	      "MemAvailable:",
		"Buffers:",	   "Cached:",	      "SwapCached:",
		"Active:",	   "Inactive:",	      "Active(anon):",
		"Inactive(anon):", "Active(file):",   "Inactive(file):",
		"Unevictable:",	   "Mlocked:",	      "SwapTotal:",
		"SwapFree:",	   "Dirty:",	      "Writeback:",
		"AnonPages:",	   "Mapped:",	      "Shmem:",
		"KReclaimable:",   "Slab:",	      "SReclaimable:",
		"SUnreclaim:",	   "KernelStack:",    "PageTables:",
		"Bounce:",	   "WritebackTmp:",   "CommitLimit:",
		"Committed_AS:",   "VmallocTotal:",   "VmallocUsed:",
		"VmallocChunk:",   "Percpu:",	      "AnonHugePages:",
		"ShmemHugePages:", "ShmemPmdMapped:", "HugePages_Total:",
		"HugePages_Free:", "HugePages_Rsvd:", "HugePages_Surp:",
		"Hugepagesize:",   "Hugetlb:",	      "DirectMap4k:"
	};
	static const char *const high[] = { "Mlocked:",	 "HighTotal:", "HighFree:",
					    "LowTotal:", "LowFree:",   "SwapTotal:" };
	struct sysinfo si;

	NEED(load("/proc/meminfo"));
	all_lines("meminfo", "^([A-Za-z0-9_()]+: +[0-9]+ kB|HugePages_[A-Za-z]+: +[0-9]+)$", 0);
	/* "%-16s%8lu kB": the number ends in column 24 unless it is longer. */
	CHECK(matches("^MemTotal:       +[0-9]+ kB", text) && strstr(text, " kB") - text == 24);
	in_order("meminfo", labels, ARRAY_LEN(labels));
	if (native32())
		in_order("meminfo", high, ARRAY_LEN(high));
	CHECK(value("MemFree:") < value("MemTotal:"));
	CHECK(value("MemAvailable:") <= value("MemTotal:"));
	EQ(value("SReclaimable:") + value("SUnreclaim:"), value("Slab:"));
	EQ(value("Active(anon):") + value("Active(file):"), value("Active:"));
	EQ(value("Inactive(anon):") + value("Inactive(file):"), value("Inactive:"));
	if (native32()) {
		EQ(value("HighTotal:") + value("LowTotal:"), value("MemTotal:"));
		EQ(value("HighFree:") + value("LowFree:"), value("MemFree:"));
	}
	if (getenv("TAP_HOST"))
		return;
	EQ(sysinfo(&si), 0);
	EQ((long long)si.totalram * si.mem_unit / 1024, value("MemTotal:"));
}

/* Numbers follow what the program does, to the page. */
static void meminfo_follows(void)
{
	enum { PAGES = 2000 };
	volatile char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE,
				MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	long long anon, free_kb;

	NEED(p != MAP_FAILED);
	if (getenv("TAP_HOST"))
		SKIP("the host is never quiet");
	NEED(load("/proc/meminfo") && value("AnonPages:") >= 0); /* what this touches itself */
	NEED(load("/proc/meminfo"));
	anon = value("AnonPages:");
	free_kb = value("MemFree:");
	for (size_t i = 0; i < PAGES; i++)
		p[i * PAGE] = 1;
	NEED(load("/proc/meminfo"));
	EQ(value("AnonPages:") - anon, PAGES * 4);
	CHECK(free_kb - value("MemFree:") >= PAGES * 4);
	CHECK(free_kb - value("MemFree:") < PAGES * 4 + 1024);
	munmap((void *)p, PAGES * PAGE);
	NEED(load("/proc/meminfo"));
	EQ(value("AnonPages:"), anon);
}

static void zoneinfo(void)
{
	static const char *const one[] = { "^Node 0, zone      DMA$",
					   "^  per-node stats$",
					   "^  pages free     [0-9]+$",
					   "^        boost    [0-9]+$",
					   "^        min      [0-9]+$",
					   "^        low      [0-9]+$",
					   "^        high     [0-9]+$",
					   "^        spanned  [0-9]+$",
					   "^        present  [0-9]+$",
					   "^        managed  [0-9]+$",
					   "^        cma      [0-9]+$",
					   "^        protection: \\(([0-9]+, )+[0-9]+\\)$",
					   "^      nr_free_pages [0-9]+$",
					   "^  pagesets$",
					   "^    cpu: 0$",
					   "^              count: +[0-9]+$",
					   "^              high:  [0-9]+$",
					   "^              batch: +[0-9]+$",
					   "^  vm stats threshold: [0-9]+$",
					   "^  node_unreclaimable:  [0-9]+$",
					   "^  start_pfn:           [0-9]+$" };
	size_t at = 0;
	char *save;

	NEED(load("/proc/zoneinfo"));
	all_lines(
		"zoneinfo",
		"^(Node [0-9]+, zone +[A-Za-z0-9]+|  per-node stats|  pages free     [0-9]+|"
		"        (boost|min|low|high|promo|spanned|present|managed|cma) +[0-9]+|        protection: \\([0-9, ]+\\)|"
		"      [a-z0-9_]+ +[0-9]+|  pagesets|    cpu: [0-9]+|              (count|high|batch|high_min|high_max): +[0-9]+|"
		"  vm stats threshold: [0-9]+|  node_unreclaimable:  [0-9]+|  start_pfn:           [0-9]+)$",
		0);
	for (char *l = strtok_r(text, "\n", &save); l && at < ARRAY_LEN(one);
	     l = strtok_r(NULL, "\n", &save))
		at += matches(one[at], l);
	EQ(at, ARRAY_LEN(one));
	if (at < ARRAY_LEN(one))
		tap_note("# not found in its place: /%s/", one[at]);
}

/* Zone counters with the per-CPU lists, the vmstat counter and MemFree are the same pages. */
static void free_pages_agree(void)
{
	long long zones = 0, n, vm, kb;
	char *save;

	if (getenv("TAP_HOST"))
		SKIP("the host is never quiet");
	NEED(load("/proc/zoneinfo"));
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		if (sscanf(l, " nr_free_pages %lld", &n) == 1 || sscanf(l, " count: %lld", &n) == 1)
			zones += n;
	NEED(load("/proc/vmstat"));
	vm = value("nr_free_pages ");
	NEED(load("/proc/meminfo"));
	kb = value("MemFree:");
	CHECK(llabs(zones - vm) < 128);
	CHECK(llabs(vm - kb / 4) < 128);
	if (tap_failures)
		tap_note("# zones %lld vmstat %lld meminfo %lld", zones, vm, kb / 4);
}

static void buddyinfo(void)
{
	long long sum = 0, free_pages = 0, n;
	char *save, *save2;

	NEED(load("/proc/buddyinfo"));
	CHECK(all_lines("buddyinfo", "^Node [0-9]+, zone +[A-Za-z0-9]+ ( *[0-9]+ ){11}$", 0) >= 1);
	CHECK(matches("^Node 0, zone      DMA ", text));
	CHECK(strchr(text, '\n') - text == 22 + 11 * 7);
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		int order = 0;

		for (char *w = strtok_r(l + 22, " ", &save2); w; w = strtok_r(NULL, " ", &save2))
			sum += atoll(w) << order++;
		EQ(order, 11);
	}
	NEED(load("/proc/zoneinfo"));
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
		if (sscanf(l, " pages free %lld", &n) == 1)
			free_pages += n;
	if (!getenv("TAP_HOST"))
		CHECK(llabs(sum - free_pages) < 128);
}

static void pagetypeinfo(void)
{
	int rows;

	NEED(load("/proc/pagetypeinfo"));
	CHECK(matches("^Page block order: (9|10)\n", text));
	rows = all_lines(
		"pagetypeinfo",
		"^(Page block order: (9|10)|Pages per block:  (512|1024)||"
		"Free pages count per migrate type at order       0      1      2      3      4      5      6      7      "
		"8      9     10 |"
		"Node    [0-3], zone +[A-Za-z0-9]+, type +[A-Za-z]+( +>?[0-9]+){11} |"
		"Number of blocks type     Unmovable      Movable  Reclaimable   HighAtomic( +CMA)? +Isolate |"
		"Node [0-3], zone +[A-Za-z0-9]+( +[0-9]+){5,6} )$",
		0);
	CHECK(rows >= 12);
}

static void slabinfo(void)
{
	NEED(load("/proc/slabinfo"));
	CHECK(strncmp(text,
		      "slabinfo - version: 2.1\n"
		      "# name            <active_objs> <num_objs> <objsize> <objperslab> <pagesperslab> : tunables <limit> "
		      "<batchcount> <sharedfactor> : slabdata <active_slabs> <num_slabs> <sharedavail>\n",
		      200) == 0);
	CHECK(all_lines(
		      "slabinfo",
		      "^[^ ]+ +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+ +[0-9]+ : tunables    0    0    0 : slabdata +[0-9]+ +[0-9]+ "
		      "     0$",
		      2) > 10);
	CHECK(strstr(text, "\nkmalloc-64 ") && strstr(text, "\ntask_struct ") &&
	      strstr(text, "\nvm_area_struct ") && strstr(text, "\ndentry "));
}

static void vmstat(void)
{
	static const char *const labels[] = { "nr_free_pages",
					      "nr_zone_inactive_anon",
					      "nr_mlock",
					      "nr_inactive_anon",
					      "nr_slab_reclaimable",
					      "nr_anon_pages",
					      "nr_mapped",
					      "nr_file_pages",
					      "nr_shmem",
					      "nr_kernel_stack",
					      "nr_page_table_pages",
					      "pgpgin",
					      "pgalloc_dma",
					      "pgfree",
					      "pgfault",
					      "pgmajfault",
					      "oom_kill" };
	long long before;
	volatile char *p;

	NEED(load("/proc/vmstat"));
	CHECK(all_lines("vmstat", "^[a-z0-9_]+ [0-9]+$", 0) > 40);
	in_order("vmstat", labels, ARRAY_LEN(labels));
	before = value("pgfault ");
	p = mmap(NULL, 600 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	for (size_t i = 0; i < 600; i++)
		p[i * PAGE] = 1;
	NEED(load("/proc/vmstat"));
	CHECK(value("pgfault ") > before);
}

static void system_files(void)
{
	static const char *const few[][2] = {
		/* the only disk is one in memory that has no size now */
		{ "/proc/diskstats", "^ 252       0 zram0( [0-9]+){17}\n$" },
		{ "/proc/partitions", "^major minor  #blocks  name\n\n$" },
		{ "/proc/modules", "^$" },
	};

	NEED(load("/proc/version"));
	CHECK(matches("^Linux version 6\\.[^ ]+ .*\n$", text));
	NEED(load("/proc/uptime"));
	CHECK(matches("^[0-9]+\\.[0-9][0-9] [0-9]+\\.[0-9][0-9]\n$", text));
	NEED(load("/proc/loadavg"));
	CHECK(matches(
		"^[0-9]+\\.[0-9][0-9] [0-9]+\\.[0-9][0-9] [0-9]+\\.[0-9][0-9] [0-9]+/[0-9]+ [0-9]+\n$",
		text));
	NEED(load("/proc/swaps"));
	CHECK(strncmp(text, "Filename\t\t\t\tType\t\tSize\t\tUsed\t\tPriority\n", 42) == 0);
	for (size_t i = 0; i < ARRAY_LEN(few) && !getenv("TAP_HOST"); i++) {
		CHECK(tap_read(few[i][0], text, sizeof(text)) >= 0);
		CHECK(matches(few[i][1], text));
	}
	NEED(load("/proc/filesystems"));
	CHECK(strstr(text, "nodev\ttmpfs\n") && strstr(text, "nodev\tproc\n"));
	all_lines("filesystems", "^(nodev)?\t[a-z0-9_]+$", 0);
	NEED(load("/proc/mounts"));
	all_lines("mounts", "^[^ ]+ /[^ ]* [a-z0-9_.]+ (rw|ro)[^ ]* 0 0$", 0);
	CHECK(strstr(text, "proc /proc proc "));
	NEED(load("/proc/iomem"));
	all_lines("iomem", "^ *[0-9a-f]{8,}-[0-9a-f]{8,} : .+$", 0);
	CHECK(strstr(text, " : System RAM\n") && strstr(text, " : Kernel code\n") &&
	      strstr(text, " : Kernel data\n"));
}

static void stat_file(void)
{
	NEED(load("/proc/stat"));
	CHECK(matches(
		"^cpu  [0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+ [0-9]+\ncpu0 ",
		text));
	all_lines(
		"stat",
		"^(cpu[0-9]*  ?([0-9]+ ){9}[0-9]+|intr [0-9 ]+|ctxt [0-9]+|btime [0-9]+|processes [0-9]+|procs_running "
		"[0-9]+|procs_blocked [0-9]+|softirq( [0-9]+){11})$",
		0);
	CHECK(value("btime ") > 1577836800);
	CHECK(value("procs_running ") >= 1);
}

/* Ten lines, by name and in order, as many columns as CPUs. */
static void softirqs_file(void)
{
	static const char *const names[] = { "HI",	 "TIMER",   "NET_TX", "NET_RX",	 "BLOCK",
					     "IRQ_POLL", "TASKLET", "SCHED",  "HRTIMER", "RCU" };
	char *line;

	NEED(load("/proc/softirqs"));
	CHECK(matches("^                    CPU0       (CPU[0-9]+       ?)*\n", text));
	line = strchr(text, '\n');
	for (unsigned i = 0; i < 10; i++) {
		char want[40];

		NEED(line);
		snprintf(want, sizeof(want), "%12s: ", names[i]);
		EQ(strncmp(line + 1, want, strlen(want)), 0);
		CHECK(matches("^[A-Z_]+:( +[0-9]+)+\n", line + 1 + strspn(line + 1, " ")));
		line = strchr(line + 1, '\n');
	}
	STREQ(line, "\n");
}

/* The serial port has the log. */
static void consoles_file(void)
{
	NEED(load("/proc/consoles"));
	STREQ(text, "ttyS0                -W- (EC p a)    4:64\n");
}

static void cpuinfo(void)
{
	NEED(load("/proc/cpuinfo"));
	CHECK(strncmp(text, "processor\t: 0\nvendor_id\t: ", 26) == 0);
	all_lines("cpuinfo", "^([A-Za-z0-9_ ]+\t+: ?.*|[a-z]+ management:.*|)$", 0);
	CHECK(strstr(text, "\nmodel name\t: ") && strstr(text, "\nflags\t\t: ") &&
	      strstr(text, "\nbogomips\t: "));
	CHECK(strstr(text, " fpu ") && strstr(text, " tsc "));
}

static void maps(void)
{
	int column = IS64 ? 73 : 49;
	char *save;

	NEED(load("/proc/self/maps"));
	all_lines(
		"maps",
		"^[0-9a-f]{8,16}-[0-9a-f]{8,16} [r-][w-][x-][sp] [0-9a-f]{8,} [0-9a-f]{2}:[0-9a-f]{2} [0-9]+ .*$",
		0);
	CHECK(strstr(text, "[stack]\n"));
	if (tap_compat())
		column = -1;
	for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save)) {
		char *name = strpbrk(l, "/[");

		if (!name) {
			EQ(l[strlen(l) - 1], ' '); /* an anonymous line ends with a space */
			continue;
		}
		if (column >= 0)
			EQ(name - l, column);
	}
}

static void smaps(void)
{
	static const char *const keys[] = { "Size:",
					    "KernelPageSize:",
					    "MMUPageSize:",
					    "Rss:",
					    "Pss:",
					    "Pss_Dirty:",
					    "Shared_Clean:",
					    "Shared_Dirty:",
					    "Private_Clean:",
					    "Private_Dirty:",
					    "Referenced:",
					    "Anonymous:",
					    "LazyFree:",
					    "AnonHugePages:",
					    "ShmemPmdMapped:",
					    "FilePmdMapped:",
					    "Shared_Hugetlb:",
					    "Private_Hugetlb:",
					    "Swap:",
					    "SwapPss:",
					    "Locked:",
					    "THPeligible:",
					    "VmFlags:" };
	long long rss = 0, n;
	char *save;

	NEED(load("/proc/self/smaps"));
	in_order("smaps", keys, ARRAY_LEN(keys));
	all_lines(
		"smaps",
		"^([0-9a-f]+-[0-9a-f]+ .*|[A-Za-z_]+: +[0-9]+ kB|THPeligible: +[01]|ProtectionKey: +[0-9]+|VmFlags: ([a-z]{2} )+)$",
		0);
	CHECK(strstr(text, "\nRss: ") &&
	      strchr(strstr(text, "\nRss: "), 'k') - strstr(text, "\nRss: ") == 26);
	/* Twice: the first time also pages in what this takes. */
	for (int i = 0; i < 2; i++) {
		NEED(load("/proc/self/smaps"));
		rss = 0;
		for (char *l = strtok_r(text, "\n", &save); l; l = strtok_r(NULL, "\n", &save))
			if (sscanf(l, "Rss: %lld", &n) == 1)
				rss += n;
		NEED(load("/proc/self/status"));
	}
	CHECK(llabs(rss - value("VmRSS:")) <= slack());
}

static void status(void)
{
	static const char *const labels[] = { "Name:\t",
					      "Umask:\t0022",
					      "State:\tR (running)",
					      "Tgid:\t",
					      "Ngid:\t",
					      "Pid:\t",
					      "PPid:\t",
					      "TracerPid:\t0",
					      "Uid:\t0\t0\t0\t0",
					      "Gid:\t0\t0\t0\t0",
					      "FDSize:\t",
					      "Groups:\t",
					      "NStgid:\t",
					      "NSpid:\t",
					      "NSpgid:\t",
					      "NSsid:\t",
					      "VmPeak:\t",
					      "VmSize:\t",
					      "VmLck:\t",
					      "VmPin:\t",
					      "VmHWM:\t",
					      "VmRSS:\t",
					      "RssAnon:\t",
					      "RssFile:\t",
					      "RssShmem:\t",
					      "VmData:\t",
					      "VmStk:\t",
					      "VmExe:\t",
					      "VmLib:\t",
					      "VmPTE:\t",
					      "VmSwap:\t",
					      "CoreDumping:\t",
					      "Threads:\t1",
					      "SigQ:\t",
					      "SigPnd:\t",
					      "ShdPnd:\t",
					      "SigBlk:\t",
					      "SigIgn:\t",
					      "SigCgt:\t",
					      "CapInh:\t",
					      "CapPrm:\t",
					      "CapEff:\t",
					      "CapBnd:\t",
					      "CapAmb:\t",
					      "NoNewPrivs:\t",
					      "Cpus_allowed:\t",
					      "Cpus_allowed_list:\t",
					      "voluntary_ctxt_switches:\t",
					      "nonvoluntary_ctxt_switches:\t" };
	sigset_t s;

	umask(022);
	sigemptyset(&s);
	sigaddset(&s, SIGUSR1);
	sigaddset(&s, SIGUSR2);
	sigprocmask(SIG_BLOCK, &s, NULL);
	signal(SIGHUP, SIG_IGN);
	raise(SIGUSR2);
	NEED(load("/proc/self/status"));
	in_order("status", labels, ARRAY_LEN(labels));
	EQ(value("Pid:\t"), getpid());
	EQ(value("PPid:\t"), getppid());
	CHECK(matches("\nVmSize:\t +[0-9]+ kB\n", text));
	CHECK(strstr(text, "\nVmRSS:\t") &&
	      strchr(strstr(text, "\nVmRSS:\t"), 'k') - strstr(text, "\nVmRSS:\t") == 17);
	EQ(value("RssAnon:\t") + value("RssFile:\t") + value("RssShmem:\t"), value("VmRSS:\t"));
	CHECK(strstr(text, "\nSigBlk:\t0000000000000a00\n"));
	CHECK(strstr(text, "\nSigIgn:\t0000000000000001\n"));
	CHECK(strstr(text, "\nSigPnd:\t0000000000000800\n") ||
	      strstr(text, "\nShdPnd:\t0000000000000800\n"));
}

static void statm_and_stat(void)
{
	long long size, resident, shared, code, data, vm_size, vm_rss, vm_exe;
	int pid = 0, ppid = 0, pgrp = 0, sid = 0;
	char state = 0, *end;
	unsigned long long vsize = 0;
	long rss = 0;

	for (int i = 0; i < 2; i++) {
		NEED(load("/proc/self/statm"));
		EQ(sscanf(text, "%lld %lld %lld %lld 0 %lld 0\n", &size, &resident, &shared, &code,
			  &data),
		   5);
		NEED(load("/proc/self/status"));
		vm_size = value("VmSize:\t");
		vm_rss = value("VmRSS:\t");
		vm_exe = value("VmExe:\t");
	}
	EQ(size * 4, vm_size);
	CHECK(llabs(resident * 4 - vm_rss) <= slack());
	EQ(code * 4, vm_exe);
	NEED(load("/proc/self/stat"));
	CHECK(matches("^[0-9]+ \\(proc_files\\) R ([0-9-]+ ){48}[0-9-]+\n$", text));
	end = strrchr(text, ')');
	NEED(end);
	EQ(sscanf(end, ") %c %d %d %d", &state, &ppid, &pgrp, &sid), 4);
	sscanf(text, "%d", &pid);
	EQ(pid, getpid());
	EQ(ppid, getppid());
	EQ(pgrp, getpgrp());
	EQ(sid, getsid(0));
	EQ(sscanf(end,
		  ") %*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %*u %*u %*d %*d %*d %*d %*d %*d %*u %llu %ld",
		  &vsize, &rss),
	   2);
	EQ((long long)vsize, vm_size * 1024);
	CHECK(llabs(rss * 4 - vm_rss) <= slack());
}

static void rss_follows(void)
{
	enum { PAGES = 300 };
	long long before;
	char *p = mmap(NULL, PAGES * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1,
		       0);

	NEED(p != MAP_FAILED);
	if (getenv("TAP_HOST"))
		SKIP("Linux counts roughly");
	NEED(load("/proc/self/status") && value("RssAnon:\t") >= 0);
	NEED(load("/proc/self/status"));
	before = value("RssAnon:\t");
	for (size_t i = 0; i < PAGES; i++)
		p[i * PAGE] = 1;
	NEED(load("/proc/self/status"));
	EQ(value("RssAnon:\t") - before, PAGES * 4);
	EQ(madvise(p, PAGES * PAGE / 2, MADV_DONTNEED), 0);
	NEED(load("/proc/self/status"));
	EQ(value("RssAnon:\t") - before, PAGES * 2);
}

static void limits_file(void)
{
	NEED(load("/proc/self/limits"));
	CHECK(strncmp(text,
		      "Limit                     Soft Limit           Hard Limit           Units     \n",
		      79) == 0);
	CHECK(strstr(text, "\nMax stack size            8388608              "));
	EQ(all_lines("limits", "^Max [a-z ]+ +(unlimited|[0-9]+) +(unlimited|[0-9]+) +[a-z]* *$",
		     1),
	   17);
}

static void process_files(void)
{
	char path[300], want[300];
	struct stat st;
	ssize_t n;
	int fd;

	NEED(tap_read("/proc/self/cmdline", text, sizeof(text)) > 0);
	CHECK(strstr(text, "proc_files") != NULL);
	n = readlink("/proc/self/exe", path, sizeof(path) - 1);
	CHECK(n > 0);
	path[n > 0 ? n : 0] = '\0';
	CHECK(strstr(path, "/proc_files") != NULL);
	n = readlink("/proc/self/cwd", path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	CHECK(getcwd(want, sizeof(want)) != NULL);
	STREQ(path, want);
	n = readlink("/proc/self", path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	EQ(atoi(path), getpid());
	fd = open("/dev/null", O_RDONLY);
	snprintf(want, sizeof(want), "/proc/self/fd/%d", fd);
	n = readlink(want, path, sizeof(path) - 1);
	path[n > 0 ? n : 0] = '\0';
	STREQ(path, "/dev/null");
	OK(lstat(want, &st));
	EQ(st.st_size, 64);
	OK(lstat("/proc/mounts", &st));
	EQ(st.st_size, 11);
	OK(lstat("/proc/self/exe", &st));
	EQ(st.st_size, 0);
	EQ(tap_read("/proc/self/comm", text, sizeof(text)), 11);
	STREQ(text, "proc_files\n");
	FAILS(open("/proc/99999/stat", O_RDONLY), ENOENT);
	FAILS(open("/proc/none", O_RDONLY), ENOENT);
	FAILS(open("/proc/new", O_CREAT | O_RDWR, 0600), ENOENT);
	FAILS(mkdir("/proc/dir", 0700), ENOENT);
	FAILS(unlink("/proc/version"), EPERM);
}

static void environment(void)
{
	pid_t pid = fork();
	char path[40];

	if (pid == 0) {
		char *env[] = { (char *)"ONE=1", (char *)"TWO=2", NULL },
		     *argv[] = { (char *)"x", (char *)"--wait", NULL };

		execve("/proc/self/exe", argv, env);
		_exit(1);
	}
	tap_sleep_ms(200);
	snprintf(path, sizeof(path), "/proc/%d/environ", pid);
	EQ(tap_read(path, text, sizeof(text)), 12);
	EQ(memcmp(text, "ONE=1\0TWO=2\0", 12), 0);
	snprintf(path, sizeof(path), "/proc/%d/cmdline", pid);
	EQ(tap_read(path, text, sizeof(text)), 9);
	EQ(memcmp(text, "x\0--wait\0", 9), 0);
	kill(pid, SIGKILL);
	tap_wait(pid);
	EQ(access(path, F_OK), -1);
}

static void page_map(void)
{
	int fd = open("/proc/self/pagemap", O_RDONLY), kf = open("/proc/kpageflags", O_RDONLY);
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	uint64_t e[2], flags = 0;

	NEED(fd >= 0 && p != MAP_FAILED);
	p[0] = 1;
	EQ(pread(fd, e, 16, (off_t)((uintptr_t)p / PAGE * 8)), 16);
	EQ(e[0] >> 63, 1); /* present */
	EQ(e[0] >> 61 & 1, 0);
	EQ(e[1] & ~(1ULL << 55), 0); /* soft-dirty: new */
	FAILS(pread(fd, e, 7, 0), EINVAL);
	FAILS(pread(fd, e, 8, 4), EINVAL);
	if (kf < 0)
		SKIP("no /proc/kpageflags");
	EQ(pread(kf, &flags, 8, (off_t)((e[0] & ((1ull << 55) - 1)) * 8)), 8);
	CHECK(flags >> 12 & 1); /* ANON */
	CHECK(flags >> 11 & 1); /* MMAP */
	EQ(pread(kf, &flags, 8, 0), 8);
}

static void every_file_twice(void)
{
	static const char *const files[] = {
		"meminfo",     "zoneinfo",   "buddyinfo",   "pagetypeinfo", "slabinfo",
		"vmallocinfo", "iomem",	     "cpuinfo",	    "stat",	    "mounts",
		"self/maps",   "self/smaps", "self/status", "interrupts",   "vmstat",
		"softirqs",    "misc",	     "devices",	    "consoles"
	};
	static char again[1 << 18];
	char path[60];

	/* Read whole, and in small pieces: the same length when nothing changes in between. */
	for (size_t i = 0; i < ARRAY_LEN(files); i++) {
		int fd;
		ssize_t n;
		size_t got = 0;

		snprintf(path, sizeof(path), "/proc/%s", files[i]);
		fd = open(path, O_RDONLY);
		if (!CHECK(fd >= 0)) {
			tap_note("# %s", path);
			continue;
		}
		while (got < sizeof(again) - 100 && (n = read(fd, again + got, 97)) > 0)
			got += (size_t)n;
		CHECK(got > 0);
		EQ(memchr(again, '\0', got) == NULL, 1);
		EQ(again[got - 1], '\n');
		EQ(lseek(fd, 0, SEEK_SET), 0);
		EQ(read(fd, again, 10), 10);
		FAILS(write(fd, "x", 1), EBADF);
		close(fd);
	}
}

/* ---- one open file, several readers ---- */

enum { READERS = 4, SHARED_ROUNDS = 60, SHARED_VMAS = 64 };

static int shared_fd;
static pthread_barrier_t shared_start;

/* Each gets a text from its beginning on, whoever was first; a text of the whole machine begins with its first line. */
static void *shared_reader(void *arg)
{
	char text[16384];

	for (int i = 0; i < SHARED_ROUNDS; i++) {
		long n;

		pthread_barrier_wait(&shared_start);
		n = pread(shared_fd, text, sizeof(text), 0);
		if (n < 1000 || memchr(text, '\0', (size_t)n) ||
		    (i % 2 && strncmp(text, "MemTotal:", 9) != 0))
			return arg;
		pthread_barrier_wait(&shared_start);
	}
	return NULL;
}

static void shared_by_threads(void)
{
	char *map = mmap(NULL, SHARED_VMAS * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	pthread_t t[READERS];
	void *bad;

	NEED(map != MAP_FAILED);
	for (size_t i = 0; i < SHARED_VMAS; i += 2)
		NEED(mprotect(map + i * PAGE, PAGE, PROT_NONE) == 0);
	NEED(pthread_barrier_init(&shared_start, NULL, READERS + 1) == 0);
	for (int i = 0; i < READERS; i++)
		NEED(pthread_create(&t[i], NULL, shared_reader, &shared_start) == 0);
	for (int i = 0; i < SHARED_ROUNDS; i++) {
		shared_fd = open(i % 2 ? "/proc/meminfo" : "/proc/self/smaps", O_RDONLY);
		pthread_barrier_wait(&shared_start);
		pthread_barrier_wait(&shared_start);
		EQ(lseek(shared_fd, 0, SEEK_CUR), 0);
		close(shared_fd);
	}
	for (int i = 0; i < READERS; i++) {
		EQ(pthread_join(t[i], &bad), 0);
		CHECK(!bad);
	}
	munmap(map, SHARED_VMAS * PAGE);
}

/* @len bytes from @at on; a read may give fewer. Return: what there were. */
static size_t all_from(int fd, char *buf, size_t len, off_t at)
{
	size_t got = 0;
	ssize_t n;

	while (got < len && (n = pread(fd, buf + got, len - got, at + (off_t)got)) > 0)
		got += (size_t)n;
	return got;
}

/* A long text comes in pieces: read in any, and from the middle, it is the same. */
static void pieces_of_maps(void)
{
	enum { VMAS = 1000, ROOM = 1 << 18, LAST = 700, FAR = 30001, SOME = 5000 };
	char *map = mmap(NULL, VMAS * PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static char whole[ROOM], again[ROOM];
	size_t got = 0, len = 0;
	ssize_t n;
	int fd;

	NEED(map != MAP_FAILED);
	for (size_t i = 0; i < VMAS; i += 2)
		NEED(mprotect(map + i * PAGE, PAGE, PROT_NONE) == 0);
	fd = open("/proc/self/maps", O_RDONLY);
	NEED(fd >= 0);
	while ((n = read(fd, whole + len, ROOM - len)) > 0)
		len += (size_t)n;
	CHECK(len > FAR + SOME);
	EQ(read(fd, again, 1), 0);
	EQ(lseek(fd, 0, SEEK_SET), 0);
	while ((n = read(fd, again + got, 1013)) > 0)
		got += (size_t)n;
	EQ(got, len);
	EQ(memcmp(again, whole, len), 0);
	EQ(all_from(fd, again, LAST, (off_t)(len - LAST)), LAST);
	EQ(memcmp(again, whole + len - LAST, LAST), 0);
	EQ(all_from(fd, again, SOME, FAR), SOME);
	EQ(memcmp(again, whole + FAR, SOME), 0);
	EQ(all_from(fd, again, SOME, 1), SOME);
	EQ(memcmp(again, whole + 1, SOME), 0);
	EQ(pread(fd, again, 1, (off_t)len), 0);
	EQ(read(fd, (void *)1, 10), 0); /* at its end nothing is copied */
	FAILS(pread(fd, (void *)1, 10, 0), EFAULT);
	close(fd);
	munmap(map, VMAS * PAGE);
}

/* The directory is each process's, and each thread's; /proc/net is the caller's. */
static void net_of_a_process(void)
{
	char text[4096], other[4096];
	struct stat st, file;
	int dir, fd;

	EQ(readlink("/proc/net", text, sizeof(text)), 8);
	CHECK(!memcmp(text, "self/net", 8));
	OK(lstat("/proc/net", &st));
	EQ(st.st_mode, S_IFLNK | 0777);
	OK(lstat("/proc/self/net", &st));
	EQ(st.st_mode, S_IFDIR | 0555);
	OK(lstat("/proc/thread-self/net/unix", &file));
	EQ(file.st_mode, S_IFREG | 0444);
	NEED(tap_read("/proc/net/unix", text, sizeof(text)) > 0);
	NEED(tap_read("/proc/self/net/unix", other, sizeof(other)) > 0);
	STREQ(text, other);
	FAILS(open("/proc/self/net/none", O_RDONLY), ENOENT);
	dir = open("/proc/self/net", O_RDONLY | O_DIRECTORY);
	NEED(dir >= 0);
	fd = openat(dir, "../comm", O_RDONLY);
	CHECK(fd >= 0);
	close(fd);
	close(dir);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(meminfo),
						 T(meminfo_follows),
						 T(zoneinfo),
						 T(free_pages_agree),
						 T(buddyinfo),
						 T(pagetypeinfo),
						 T(slabinfo),
						 T(vmstat),
						 T(system_files),
						 T(stat_file),
						 T(cpuinfo),
						 T(maps),
						 T(smaps),
						 T(status),
						 T(statm_and_stat),
						 T(softirqs_file),
						 T(consoles_file),
						 T(rss_follows),
						 T(limits_file),
						 T(process_files),
						 T(environment),
						 T(page_map),
						 T(every_file_twice),
						 T(shared_by_threads),
						 T(pieces_of_maps),
						 T(net_of_a_process),
						 TEND };

	if (argc == 2 && strcmp(argv[1], "--wait") == 0)
		for (;;)
			pause();
	return tap_main(argc, argv, tests);
}
