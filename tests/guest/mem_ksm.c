/* KSM: equal pages of several programs become one, a write parts them, exact figures in /sys/kernel/mm/ksm. */
#include "mem.h"

#include "pagemap.h"

#ifndef MADV_MERGEABLE
#define MADV_MERGEABLE	 12
#define MADV_UNMERGEABLE 13
#endif
#define KSM "/sys/kernel/mm/ksm/"

static long figure(const char *name)
{
	char path[80], text[32];

	snprintf(path, sizeof(path), KSM "%s", name);
	return tap_read(path, text, sizeof(text)) > 0 ? atol(text) : -1;
}

static int set(const char *name, long value)
{
	char path[80], text[32];

	snprintf(path, sizeof(path), KSM "%s", name);
	snprintf(text, sizeof(text), "%ld\n", value);
	return tap_write(path, text, strlen(text), 0);
}

/* Three whole rounds: what did not change meanwhile is merged. */
static void rounds(void)
{
	long want = figure("full_scans") + 4;

	while (figure("full_scans") < want)
		tap_sleep_ms(5);
}

static void begin(void)
{
	OK(set("run", 2));
	OK(set("pages_to_scan", 1000));
	OK(set("sleep_millisecs", 2));
	OK(set("run", 1));
}

static void expect(long shared, long sharing, long unshared)
{
	OK(set("run", 0)); /* between two rounds figures move */
	EQ(figure("pages_shared"), shared);
	EQ(figure("pages_sharing"), sharing);
	EQ(figure("pages_unshared"), unshared);
	EQ(figure("pages_volatile"), 0);
	OK(set("run", 1));
}

static char *filled(size_t pages, int byte)
{
	char *p = anon(pages, RW);

	if (p == MAP_FAILED)
		return NULL;
	memset(p, byte, pages * PAGE);
	OK(madvise(p, pages * PAGE, MADV_MERGEABLE));
	return p;
}

static void defaults(void)
{
	EQ(figure("run"), 0);
	EQ(figure("pages_to_scan"), 100);
	EQ(figure("sleep_millisecs"), 20);
	EQ(figure("max_page_sharing"), 256);
	EQ(figure("use_zero_pages"), 0);
	EQ(figure("stable_node_chains_prune_millisecs"), 2000);
	EQ(figure("full_scans"), 0);
	EQ(figure("stable_node_chains"), 0);
	EQ(figure("stable_node_dups"), 0);
	FAILS(set("run", 3), EINVAL);
	FAILS(set("max_page_sharing", 1), EINVAL);
	FAILS(set("use_zero_pages", 2), EINVAL);
	FAILS(set("run", -1), EINVAL);
}

static void equal_pages_become_one(void)
{
	long rss, cows;
	char *p, *q;

	begin();
	p = filled(16, 'a');
	q = filled(8, 'a');
	NEED(p && q);
	q[5 * PAGE] = 'b';
	rounds();
	expect(1, 22, 1);
	EQ(pfn_of(p), pfn_of(q));
	EQ(pfn_of(p), pfn_of(p + 15 * PAGE));
	EQ(kflags(p) >> KPF_KSM & 1, 1);
	EQ(word_at("/proc/kpagecount", pfn_of(p)), 23);
	EQ(has_vmflag(p, "mg"), 1);
	EQ(figure_after("/proc/self/ksm_merging_pages", NULL, ""), 23);
	rss = status_kb("RssAnon:");
	cows = vmstat("cow_ksm"); /* ksmd may have been before the 'b' */
	p[3 * PAGE] = 'x';
	EQ(vmstat("cow_ksm") - cows, 1);
	EQ(status_kb("RssAnon:"), rss);
	EQ(p[3 * PAGE + 1], 'a');
	EQ(q[0], 'a');
	CHECK(pfn_of(p + 3 * PAGE) != pfn_of(p));
	rounds();
	expect(1, 21, 2);
	OK(madvise(q, 8 * PAGE, MADV_UNMERGEABLE));
	EQ(has_vmflag(q, "mg"), 0);
	EQ(kflags(q) >> KPF_KSM & 1, 0);
	EQ(q[7 * PAGE], 'a');
	rounds();
	expect(1, 14, 1);
	OK(set("run", 2));
	EQ(figure("pages_shared") + figure("pages_sharing") + figure("pages_unshared"), 0);
	EQ(figure("full_scans"), 0);
	EQ(kflags(p) >> KPF_KSM & 1, 0);
	CHECK(pfn_of(p) != pfn_of(p + PAGE));
	OK(set("run", 0));
}

static int child_writes(void *arg)
{
	char *p = arg;

	for (int i = 0; i < 8; i++) {
		if (p[i * PAGE] != 'c')
			return 1;
		p[i * PAGE] = (char)i;
	}
	rounds();
	for (int i = 0; i < 8; i++) {
		if (p[i * PAGE] != (char)i || p[i * PAGE + 1] != 'c')
			return 2;
	}
	return 0;
}

static void children(void)
{
	char *p;

	begin();
	p = filled(8, 'c');
	NEED(p);
	rounds();
	EQ(tap_child(child_writes, p), 0);
	for (int i = 0; i < 8; i++)
		EQ(p[i * PAGE], 'c');
	rounds();
	expect(1, 7, 0);
	OK(munmap(p, 8 * PAGE));
	OK(set("run", 2));
	OK(set("run", 0));
}

static void chains_and_zeroes(void)
{
	char *p;

	begin();
	OK(set("max_page_sharing", 4));
	p = filled(10, 'd');
	NEED(p);
	rounds();
	expect(3, 7, 0);
	EQ(figure("stable_node_chains"), 1);
	EQ(figure("stable_node_dups"), 3);
	FAILS(set("max_page_sharing", 256), EBUSY);
	OK(set("run", 2));
	OK(set("max_page_sharing", 256));
	OK(set("use_zero_pages", 1));
	memset(p, 0, 10 * PAGE);
	OK(set("run", 1));
	rounds();
	expect(0, 0, 0);
	EQ(kflags(p) >> KPF_ZERO_PAGE & 1, 1);
	EQ(p[9 * PAGE], 0);
	OK(set("use_zero_pages", 0));
	OK(set("run", 2));
	OK(set("run", 0));
}

/* The page at @p goes to another node and back, if there is one; else wherever compaction wants it. */
static void move(char *p)
{
	void *page = p;
	int status;

	for (int node = 1; node >= 0; node--) {
		if (syscall(SYS_move_pages, 0, 1UL, &page, &node, &status, 4 /* MOVE_ALL */) ||
		    status < 0)
			tap_put("/proc/sys/vm/compact_memory", "1\n");
	}
}

/* Whoever moves pages meanwhile: a copy is counted when it is made, not when it is tried. */
static void a_copy_counts_once(void)
{
	enum { COPIES = 512, TIMES = 2 };
	pid_t mover;
	char *p;

	for (int i = 0; i < TIMES; i++) {
		long cows;

		begin();
		p = filled(COPIES, 'e');
		NEED(p);
		rounds();
		OK(set("run", 0));
		CHECK(figure("pages_sharing") > COPIES / 2);
		mover = fork();
		if (mover == 0) {
			for (;;)
				move(p + (COPIES - 1) * PAGE);
		}
		cows = vmstat("cow_ksm");
		for (int k = 0; k < COPIES; k++)
			p[(size_t)k * PAGE] = 'f';
		EQ(vmstat("cow_ksm") - cows, COPIES);
		kill(mover, SIGKILL);
		EQ(tap_wait(mover), SIGKILL);
		OK(munmap(p, COPIES * PAGE));
	}
	OK(set("run", 2));
	OK(set("run", 0));
}

static void what_is_ignored(void)
{
	char *p = mmap(NULL, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	NEED(p != MAP_FAILED);
	OK(madvise(p, PAGE, MADV_MERGEABLE));
	EQ(has_vmflag(p, "mg"), 0);
	OK(madvise(p, PAGE, MADV_UNMERGEABLE));
	FAILS(madvise(p + 1, PAGE, MADV_MERGEABLE), EINVAL);
	OK(munmap(p, PAGE));
	FAILS(madvise(p, PAGE, MADV_MERGEABLE), ENOMEM);
}

static void end(void)
{
	set("run", 2);
	set("run", 0);
	set("pages_to_scan", 100);
	set("sleep_millisecs", 20);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(defaults),	       T(equal_pages_become_one), T(children), T(chains_and_zeroes),
		T(a_copy_counts_once), T(what_is_ignored),	  TEND
	};
	int result;

	end();
	result = tap_main(argc, argv, tests);
	end();
	return result;
}
