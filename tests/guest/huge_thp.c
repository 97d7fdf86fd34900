/* Transparent huge pages: who gets them, what counters say, what cuts and joins them. */
#include "huge.h"
#include "pagemap.h"
#include <pthread.h>
#include <sys/mount.h>
#include <sys/prctl.h>

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif
#define THP "/sys/kernel/mm/transparent_hugepage/"

static void setting(const char *file, const char *text)
{
	char path[128];

	snprintf(path, sizeof(path), THP "%s", file);
	EQ(tap_write(path, text, strlen(text), 0), 0);
}

static int setting_error(const char *file, const char *text)
{
	char path[128];
	int fd, err;

	snprintf(path, sizeof(path), THP "%s", file);
	fd = open(path, O_WRONLY);
	err = write(fd, text, strlen(text)) < 0 ? errno : 0;
	close(fd);
	return err;
}

static const char *reads(const char *file)
{
	static char text[200];
	char path[128];

	snprintf(path, sizeof(path), THP "%s", file);
	return tap_read(path, text, sizeof(text)) < 0 ? "" : text;
}

/* ---- memory ---- */

/* @n blocks, aligned to one, between pages that are not mapped; what is around stays free. */
static char *blocks(size_t n)
{
	char *p = mmap(NULL, (n + 2) * huge, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), *at;

	if (p == MAP_FAILED)
		return NULL;
	at = (char *)(((uintptr_t)p + huge) & ~(huge - 1));
	munmap(p, (n + 2) * huge);
	p = mmap(at, n * huge, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	return p == MAP_FAILED ? NULL : p;
}

static char *advised(size_t n)
{
	char *p = blocks(n);

	if (p && madvise(p, n * huge, MADV_HUGEPAGE))
		return NULL;
	return p;
}

static long kb(size_t bytes)
{
	return (long)(bytes >> 10);
}

static void formats(void)
{
	char want[32];

	STREQ(reads("enabled"), "always [madvise] never\n");
	STREQ(reads("defrag"), "always defer defer+madvise [madvise] never\n");
	STREQ(reads("shmem_enabled"), "always within_size advise [never] deny force\n");
	snprintf(want, sizeof(want), "%zu\n", huge);
	STREQ(reads("hpage_pmd_size"), want);
	snprintf(want, sizeof(want), "%zu\n", huge / PAGE - 1);
	STREQ(reads("khugepaged/max_ptes_none"), want);
	snprintf(want, sizeof(want), "%zu\n", huge / PAGE * 8);
	STREQ(reads("khugepaged/pages_to_scan"), want);
	STREQ(reads("khugepaged/scan_sleep_millisecs"), "10000\n");
	STREQ(reads("khugepaged/alloc_sleep_millisecs"), "60000\n");
	STREQ(reads("khugepaged/defrag"), "1\n");
	setting("enabled", "never\n");
	STREQ(reads("enabled"), "always madvise [never]\n");
	setting("enabled", "madvise");
	EQ(setting_error("enabled", "sometimes"), EINVAL);
	EQ(setting_error("defrag", "defer+"), EINVAL);
	EQ(setting_error("khugepaged/pages_to_scan", "0"), EINVAL);
	EQ(setting_error("khugepaged/max_ptes_none", "100000"), EINVAL);
	STREQ(reads("enabled"), "always [madvise] never\n");
}

static void touch_makes_one(void)
{
	long allocs = vmstat("thp_fault_alloc "), anon = meminfo("AnonHugePages:");
	long total = vmstat("nr_anon_transparent_hugepages ");
	char *p = advised(2);

	NEED(p);
	EQ(smaps(p, "THPeligible:"), 1);
	EQ(smaps(p, "AnonHugePages:"), 0);
	p[5 * PAGE + 1] = 7;
	EQ(vmstat("thp_fault_alloc ") - allocs, 1);
	EQ(meminfo("AnonHugePages:") - anon, kb(huge));
	EQ(vmstat("nr_anon_transparent_hugepages ") - total, 1);
	EQ(smaps(p, "AnonHugePages:"), kb(huge));
	EQ(smaps(p, "Rss:"), kb(huge));
	EQ(smaps(p, "Private_Dirty:"), kb(huge));
	for (size_t i = 0; i < huge; i += 509)
		EQ(p[i], i == 5 * PAGE + 1 ? 7 : 0);
	EQ(p[5 * PAGE + 1], 7);
	EQ(munmap(p, 2 * huge), 0);
	EQ(meminfo("AnonHugePages:") - anon, 0);
}

static int reads_twice(void *arg)
{
	char *p = arg, *q = advised(1);

	return q ? p[0] | p[huge] | q[9] : 1;
}

/* Reading maps one block of zeroes, the same for all; writing makes a block of its own. */
static void reading_maps_zeroes(void)
{
	const uint64_t zeroes = BIT(KPF_ZERO_PAGE) | BIT(KPF_THP);
	long made, rss, allocs = vmstat("thp_fault_alloc ");
	char *p = advised(3);

	NEED(p);
	EQ(tap_write("/proc/sys/vm/drop_caches", "3", 1, 0), 0); /* the unused one goes */
	made = vmstat("thp_zero_page_alloc ");
	rss = smaps(p, "Rss:");
	for (size_t i = 0; i < 3 * huge; i += huge / 4)
		EQ(p[i], 0);
	EQ(vmstat("thp_zero_page_alloc ") - made, 1);
	EQ(vmstat("thp_fault_alloc ") - allocs, 0);
	EQ(smaps(p, "Rss:") - rss, 0);
	EQ(smaps(p, "AnonHugePages:"), 0);
	EQ(pfn_of(p), pfn_of(p + huge));
	for (size_t i = 0; i < huge; i += huge / 4)
		EQ(kflags(p + i) & zeroes, zeroes);
	EQ(tap_child(reads_twice, p), 0);
	EQ(vmstat("thp_zero_page_alloc ") - made, 1);
	p[huge + 5] = 5;
	EQ(vmstat("thp_fault_alloc ") - allocs, 1);
	EQ(smaps(p, "AnonHugePages:"), kb(huge));
	EQ(p[huge + 4] | p[huge + 6] | p[0] | p[2 * huge], 0);
	EQ(munmap(p + PAGE, PAGE), 0); /* split: small zeroes */
	EQ(kflags(p) & zeroes, BIT(KPF_ZERO_PAGE));
	p[2 * PAGE] = 2;
	EQ(smaps(p + 2 * PAGE, "Rss:"), kb(huge + PAGE));
	EQ(p[3 * PAGE] | p[0], 0);
	EQ(munmap(p, 3 * huge), 0);
	setting("use_zero_page", "0");
	p = advised(1);
	NEED(p);
	EQ(p[0], 0);
	EQ(smaps(p, "AnonHugePages:"), kb(huge));
	EQ(munmap(p, huge), 0);
	setting("use_zero_page", "1");
	STREQ(reads("use_zero_page"), "1\n");
	EQ(setting_error("use_zero_page", "2"), EINVAL);
}

static long huge_kb_after_touch(char *p)
{
	p[0] = 1;
	return smaps(p, "AnonHugePages:");
}

static int disabled_in_child(void *arg)
{
	char *p = advised(1);

	(void)arg;
	if (prctl(PR_GET_THP_DISABLE, 0, 0, 0, 0) != 1 ||
	    figure_after("/proc/self/status", NULL, "THP_enabled:") != 0)
		return 1;
	return p && huge_kb_after_touch(p) == 0 ? 0 : 2;
}

static void who_gets_them(void)
{
	char *p = blocks(1), *q = advised(1), *r;

	NEED(p && q);
	EQ(smaps(p, "THPeligible:"), 0);
	EQ(huge_kb_after_touch(p), 0);
	EQ(madvise(q, huge, MADV_NOHUGEPAGE), 0);
	EQ(huge_kb_after_touch(q), 0);
	setting("enabled", "always");
	p = blocks(1);
	r = mmap(NULL, 2 * huge, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	NEED(p && r != MAP_FAILED);
	EQ(smaps(p, "THPeligible:"), 1);
	EQ(huge_kb_after_touch(p), kb(huge));
	EQ(huge_kb_after_touch(r), 0);
	setting("enabled", "never");
	p = advised(1);
	EQ(huge_kb_after_touch(p), 0);
	setting("enabled", "madvise");
	FAILS(prctl(PR_SET_THP_DISABLE, 1, 1, 0, 0), EINVAL);
	FAILS(prctl(PR_GET_THP_DISABLE, 1, 0, 0, 0), EINVAL);
	EQ(figure_after("/proc/self/status", NULL, "THP_enabled:"), 1);
	EQ(prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0), 0);
	EQ(tap_child(disabled_in_child, NULL), 0);
	EQ(prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0), 0);
	p = advised(1);
	EQ(huge_kb_after_touch(p), kb(huge));
}

/* pagemap and the files about frames. */
static void frames_are_contiguous(void)
{
	char *p = advised(1);
	uint64_t first, flags;

	NEED(p);
	p[0] = 1;
	EQ(pagemap(p) & (PM_PRESENT | PM_EXCLUSIVE), PM_PRESENT | PM_EXCLUSIVE);
	first = pfn_of(p);
	EQ(first % (huge / PAGE), 0);
	for (size_t i = 0; i < huge / PAGE; i += 73) {
		EQ(pfn_of(p + i * PAGE), first + i);
		EQ(word_at("/proc/kpagecount", first + i), 1);
		flags = kflags(p + i * PAGE);
		EQ(flags & (BIT(KPF_ANON) | BIT(KPF_THP)), BIT(KPF_ANON) | BIT(KPF_THP));
		EQ(flags >> KPF_COMPOUND_HEAD & 1, i == 0);
		EQ(flags >> KPF_COMPOUND_TAIL & 1, i != 0);
	}
	EQ(munmap(p + PAGE, PAGE), 0);
	EQ(kflags(p) & (BIT(KPF_ANON) | BIT(KPF_THP)), BIT(KPF_ANON));
}

static void number_pages(char *p, size_t bytes)
{
	for (size_t i = 0; i < bytes / PAGE; i++)
		*(unsigned *)(void *)(p + i * PAGE) = (unsigned)i + 1;
}

static unsigned number_at(const char *p, size_t page)
{
	return *(const unsigned *)(const void *)(p + page * PAGE);
}

/* Each call on a part splits, and leaves the rest alone. */
static void parts(void)
{
	size_t per = huge / PAGE;
	long splits, free_kb;
	char *p = advised(4), *moved, none[32];

	NEED(p);
	number_pages(p, 4 * huge);
	EQ(smaps(p, "AnonHugePages:"), kb(4 * huge));
	setting("khugepaged/max_ptes_none", "0"); /* the daemon must not mend what is cut here */
	splits = vmstat("thp_split_pmd ");
	EQ(madvise(p + 3 * PAGE, 2 * PAGE, MADV_DONTNEED), 0);
	EQ(smaps(p, "AnonHugePages:"), kb(3 * huge));
	EQ(smaps(p, "Rss:"), kb(4 * huge) - 8);
	EQ(number_at(p, 3), 0);
	EQ(mprotect(p + huge + PAGE, PAGE, PROT_READ), 0);
	EQ(mprotect(p + huge + PAGE, PAGE, RW), 0);
	moved = mremap(p + 2 * huge + 8 * PAGE, PAGE, PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
		       p + 5 * huge);
	CHECK(moved == p + 5 * huge);
	EQ(number_at(moved, 0), 2 * per + 9);
	free_kb = meminfo("MemFree:");
	EQ(munmap(p + 3 * huge + PAGE, huge - PAGE), 0);
	CHECK(meminfo("MemFree:") - free_kb >=
	      kb(huge) - 1024); /* at once, not when all of it goes */
	EQ(vmstat("thp_split_pmd ") - splits, 4);
	EQ(number_at(p, 3 * per), 3 * per + 1);
	EQ(number_at(p, per + 1), per + 2);
	EQ(number_at(p, 2 * per + 7), 2 * per + 8);
	EQ(number_at(p, 2 * per + 9), 2 * per + 10);
	p[huge + PAGE] = 3;
	EQ(p[huge + PAGE], 3);
	snprintf(none, sizeof(none), "%zu", per - 1);
	setting("khugepaged/max_ptes_none", none);
}

static int split_file(const char *text)
{
	return tap_put("/sys/kernel/debug/split_huge_pages", text);
}

/* debugfs split_huge_pages: of a range, of all; contents stay. */
static void split_on_demand(void)
{
	char *p = advised(3), text[80];
	long splits = vmstat("thp_split_page");

	NEED(p != NULL);
	if (access("/sys/kernel/debug/split_huge_pages", F_OK)) /* once: the run before left it */
		mount("debugfs", "/sys/kernel/debug", "debugfs", 0, NULL);
	for (size_t i = 0; i < 3; i++)
		number_pages(p + i * huge, huge);
	if (smaps(p, "AnonHugePages:") != (long)(3 * huge >> 10))
		SKIP("no huge pages free");
	EQ(madvise(p, 3 * huge, MADV_NOHUGEPAGE),
	   0); /* the daemon must not mend what is cut here */
	snprintf(text, sizeof(text), "%d,0x%lx,0x%lx", getpid(), (unsigned long)p + huge + PAGE,
		 (unsigned long)p + huge + 2 * PAGE);
	EQ(split_file(text), 0);
	EQ(smaps(p, "AnonHugePages:"), (long)(2 * huge >> 10));
	EQ(vmstat("thp_split_page"), splits + 1);
	FAILS(split_file("0,0x0,0x1000"), ESRCH);
	FAILS(split_file("2,0x0,0x1000"), EINVAL); /* kthreadd has no memory */
	FAILS(split_file("5"), EINVAL);
	FAILS(split_file("x"), EINVAL);
	EQ(split_file("1\n"), 0);
	EQ(smaps(p, "AnonHugePages:"), 0);
	CHECK(vmstat("thp_split_page") >= splits + 3);
	for (size_t i = 0; i < 3 * huge / PAGE; i += 7)
		EQ(number_at(p, i), number_at(p, i % (huge / PAGE)));
	munmap(p, 3 * huge);
}

static int child_writes_one(void *arg)
{
	char *p = arg;
	size_t per = huge / PAGE;

	if (smaps(p, "AnonHugePages:") != kb(huge) || smaps(p, "Shared_Dirty:") != kb(huge))
		return 1;
	p[7 * PAGE] = 99;
	if (smaps(p, "AnonHugePages:") != 0 || smaps(p, "Private_Dirty:") != 4)
		return 2;
	for (size_t i = 0; i < per; i++)
		if (i != 7 && number_at(p, i) != i + 1)
			return 3;
	return 0;
}

static void fork_shares(void)
{
	char *p = advised(1);
	long reuse;

	NEED(p);
	number_pages(p, huge);
	EQ(tap_child(child_writes_one, p), 0);
	EQ(smaps(p, "AnonHugePages:"), kb(huge));
	reuse = vmstat("pgreuse ");
	number_pages(p, huge);
	EQ(smaps(p, "AnonHugePages:"), kb(huge));
	CHECK(vmstat("pgreuse ") - reuse <= 4); /* taken over whole, not page by page */
	EQ(number_at(p, 7), 8);
}

/* MADV_COLLAPSE: contents, figures, errors. */
static void collapse(void)
{
	char *p = blocks(3);
	long allocs, anon = meminfo("AnonHugePages:");

	NEED(p);
	number_pages(p, huge);
	EQ(madvise(p + PAGE, PAGE, MADV_DONTNEED), 0);
	EQ(smaps(p, "Rss:"), kb(huge) - 4);
	allocs = vmstat("thp_collapse_alloc ");
	EQ(madvise(p, huge, MADV_COLLAPSE), 0);
	EQ(vmstat("thp_collapse_alloc ") - allocs, 1);
	EQ(smaps(p, "AnonHugePages:"), kb(huge));
	EQ(smaps(p, "Rss:"), kb(huge));
	EQ(meminfo("AnonHugePages:") - anon, kb(huge));
	for (size_t i = 0; i < huge / PAGE; i++)
		EQ(number_at(p, i), i == 1 ? 0 : i + 1);
	EQ(madvise(p, huge, MADV_COLLAPSE), 0);		       /* it is one */
	FAILS(madvise(p + huge, huge, MADV_COLLAPSE), EINVAL); /* nothing there */
	FAILS(madvise(p + PAGE, PAGE, MADV_COLLAPSE), EINVAL); /* no block in it */
	EQ(madvise(p, PAGE, MADV_NOHUGEPAGE), 0);
	EQ(madvise(p, huge, MADV_NOHUGEPAGE), 0);
	EQ(smaps(p, "AnonHugePages:"), kb(huge)); /* advice is for the future */
	number_pages(p + 2 * huge, huge);
	EQ(madvise(p + 2 * huge, huge, MADV_NOHUGEPAGE), 0);
	FAILS(madvise(p + 2 * huge, huge, MADV_COLLAPSE), EINVAL);
}

static long collapsed_by_daemon(void)
{
	return strtol(reads("khugepaged/pages_collapsed"), NULL, 10);
}

/* The daemon joins what was touched page by page. */
static void daemon_joins(void)
{
	char *p = blocks(1);
	long collapsed;

	NEED(p);
	collapsed = collapsed_by_daemon();
	setting("enabled", "never");
	EQ(madvise(p, huge, MADV_HUGEPAGE), 0);
	number_pages(p, huge);
	EQ(smaps(p, "AnonHugePages:"), 0);
	setting("enabled", "madvise");
	for (int i = 0; i < 2000 && collapsed_by_daemon() == collapsed; i++) {
		if (i % 20 == 0)
			setting("khugepaged/scan_sleep_millisecs", "10000"); /* which wakes it */
		tap_sleep_ms(10);
	}
	EQ(smaps(p, "AnonHugePages:"), kb(huge));
	EQ(collapsed_by_daemon(), collapsed + 1); /* counted last */
	for (size_t i = 0; i < huge / PAGE; i++)
		EQ(number_at(p, i), i + 1);
}

/* The kernel reads and writes them like any memory. */
static void system_calls_use_them(void)
{
	char *p = advised(2);
	int fd = open("/tmp/huge_thp.data", O_RDWR | O_CREAT | O_TRUNC, 0600);
	char c = 0;

	NEED(p && fd >= 0);
	number_pages(p, huge);
	EQ(write(fd, p, huge), huge);
	EQ(pread(fd, p + huge, huge, 0), huge);
	EQ(memcmp(p, p + huge, huge), 0);
	EQ(smaps(p, "AnonHugePages:"), kb(2 * huge));
	EQ(mprotect(p, 2 * huge, PROT_NONE), 0);
	FAILS(pread(fd, p, 1, 0), EFAULT);
	EQ(mprotect(p, 2 * huge, PROT_READ), 0);
	FAILS(pread(fd, p, 1, 0), EFAULT);
	EQ(number_at(p, 9), 10);
	EQ(mprotect(p, 2 * huge, RW), 0);
	EQ(pread(fd, p + 5, 1, 0), 1);
	EQ(smaps(p, "AnonHugePages:"), kb(2 * huge)); /* nothing of this was a part */
	EQ(pread(fd, &c, 1, 4096), 1);
	EQ(c, 2);
	close(fd);
	unlink("/tmp/huge_thp.data");
}

/* ---- races ---- */

static char *race_area;
static volatile int race_stop;

static void *race_touch(void *arg)
{
	size_t me = (size_t)(uintptr_t)arg, per = huge / PAGE;

	for (size_t i = me; i < 4 * per; i += 2)
		*(unsigned *)(void *)(race_area + i * PAGE) = (unsigned)i + 1;
	return NULL;
}

static void *race_split(void *arg)
{
	(void)arg;
	for (size_t i = 0; !race_stop; i = (i + 1) % 4) {
		char *p = race_area + i * huge + 3 * PAGE;

		mprotect(p, PAGE, PROT_READ | PROT_WRITE | PROT_EXEC);
		mprotect(p, PAGE, RW);
		madvise(race_area, 4 * huge, MADV_COLLAPSE);
	}
	return NULL;
}

static void threads_race(void)
{
	pthread_t t[3];

	race_area = advised(4);
	NEED(race_area);
	/* One mapping for good: parts of one never touched, each touched first at the same time, need not join again. */
	race_area[0] = 1;
	EQ(madvise(race_area, 4 * huge, MADV_DONTNEED), 0);
	for (int round = 0; round < (tap_quick() ? 2 : 6); round++) {
		race_stop = 0;
		for (size_t i = 0; i < 2; i++)
			EQ(pthread_create(&t[i], NULL, race_touch, (void *)i), 0);
		EQ(pthread_create(&t[2], NULL, race_split, NULL), 0);
		pthread_join(t[0], NULL);
		pthread_join(t[1], NULL);
		race_stop = 1;
		pthread_join(t[2], NULL);
		for (size_t i = 0; i < 4 * huge / PAGE; i++)
			EQ(number_at(race_area, i), i + 1);
		EQ(smaps(race_area, "Rss:"), kb(4 * huge));
		EQ(madvise(race_area, 4 * huge, MADV_DONTNEED), 0);
	}
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(formats),
						 T(touch_makes_one),
						 T(reading_maps_zeroes),
						 T(who_gets_them),
						 T(frames_are_contiguous),
						 T(parts),
						 T(split_on_demand),
						 T(fork_shares),
						 T(collapse),
						 T(daemon_joins),
						 T(threads_race),
						 T(system_calls_use_them),
						 TEND };

	huge = (size_t)strtoul(reads("hpage_pmd_size"), NULL, 10);
	if (!huge) {
		puts("1..0 # SKIP no transparent huge pages");
		return 0;
	}
	return tap_main(argc, argv, tests);
}
