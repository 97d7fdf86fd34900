/* Compaction from user space: vm.compact_memory, nodeN/compact, the extfrag files; pages move, bytes stay. */
#include "mem.h"
#include "pagemap.h"
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>

enum { ROUNDS = 4 };
#define COMPACT	  "/proc/sys/vm/compact_memory"
#define PROACTIVE "/proc/sys/vm/compaction_proactiveness"
#define EXTFRAG	  "/sys/kernel/debug/extfrag/"
#define DEFRAG	  "/sys/kernel/mm/transparent_hugepage/defrag"

static size_t large; /* pages in what /proc/meminfo calls a huge page */

/* Free memory in blocks of a huge page or more, in huge pages: out of /proc/buddyinfo. */
static unsigned long large_blocks(void)
{
	static char text[8192];
	unsigned long sum = 0, n;
	unsigned order, least = (unsigned)__builtin_ctzl(large);

	if (tap_read("/proc/buddyinfo", text, sizeof(text)) < 0)
		return 0;
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n")) {
		char *p = strstr(line, "zone");

		p = p ? p + 4 : line;
		p += strspn(p, " ");
		p += strcspn(p, " ");
		for (order = 0; *(p += strspn(p, " ")); order++) {
			n = strtoul(p, &p, 10);
			if (order >= least)
				sum += n << (order - least);
		}
	}
	return sum;
}

static unsigned char byte_of(size_t page)
{
	return (unsigned char)(page * 31 + 7);
}

/* @pages small pages, every second one given back. */
static char *fragment(size_t pages)
{
	char *p = anon(pages, RW);

	if (p == MAP_FAILED)
		return NULL;
	prctl(PR_SET_THP_DISABLE, 1, 0, 0, 0);
	for (size_t i = 0; i < pages; i++)
		p[i * PAGE] = (char)byte_of(i);
	for (size_t i = 0; i < pages; i += 2)
		madvise(p + i * PAGE, PAGE, MADV_DONTNEED);
	prctl(PR_SET_THP_DISABLE, 0, 0, 0, 0);
	return p;
}

static int bytes_are_right(const char *p, size_t pages)
{
	for (size_t i = 1; i < pages; i += 2)
		if ((unsigned char)p[i * PAGE] != byte_of(i))
			return 0;
	return 1;
}

/* Nobody asks: it is enough that free memory is in pieces. */
static void before_anybody_asks(void)
{
	size_t pages = (size_t)meminfo_kb("MemFree:") / 4 * 7 / 8;
	long scanned = vmstat("compact_daemon_migrate_scanned"), woken;
	unsigned long before;
	char *p;

	if (pages < 16 * large || meminfo_kb("MemTotal:") > 300 * 1024)
		SKIP("less memory than that, or more");
	p = fragment(pages);
	NEED(p);
	before = large_blocks();
	woken = vmstat("compact_daemon_wake");
	OK(tap_put(PROACTIVE, "100"));
	for (int tries = 0; tries < 1000 && large_blocks() <= before + 2; tries++)
		usleep(10000);
	CHECK(large_blocks() > before + 2);
	CHECK(vmstat("compact_daemon_migrate_scanned") > scanned);
	EQ(vmstat("compact_daemon_wake"), woken);
	OK(tap_put(PROACTIVE, "0"));
	CHECK(bytes_are_right(p, pages));
	OK(munmap(p, pages * PAGE));
}

/* By @file, or (NULL) by those of the nodes. */
static void compacts(const char *file)
{
	size_t pages = 8 * large;
	unsigned long before;
	long scanned, moved;
	char *p;

	if (meminfo_kb("MemFree:") < 3 * (long)(pages * PAGE / 1024))
		SKIP("not enough memory to have it in pieces");
	p = fragment(pages);
	NEED(p);
	before = large_blocks();
	scanned = vmstat("compact_migrate_scanned");
	moved = vmstat("pgmigrate_success");
	if (file)
		tap_put(file, "1");
	for (int n = 0; !file && n < 4; n++) { /* the pages are of whatever node we ran on */
		char name[64];

		snprintf(name, sizeof(name), "/sys/devices/system/node/node%d/compact", n);
		if (access(name, W_OK) == 0)
			tap_put(name, "1");
	}
	CHECK(large_blocks() > before);
	CHECK(vmstat("compact_migrate_scanned") > scanned);
	CHECK(vmstat("compact_free_scanned") > 0);
	CHECK(vmstat("pgmigrate_success") > moved);
	CHECK(bytes_are_right(p, pages));
	EQ(munmap(p, pages * PAGE), 0);
}

static void whole_machine(void)
{
	compacts(COMPACT);
}

static void one_node(void)
{
	if (access("/sys/devices/system/node/node0/compact", W_OK))
		SKIP("no files of nodes on this build");
	compacts(NULL);
}

/* A child writes to its memory without an end while everything moves. */
static void against_a_writer(void)
{
	size_t pages = 2 * large;
	char *p;
	int status;
	pid_t pid;

	if (meminfo_kb("MemFree:") < 3 * (long)(pages * PAGE / 1024))
		SKIP("not enough memory to have it in pieces");
	p = fragment(pages);
	NEED(p);
	pid = fork();
	if (pid == 0)
		for (unsigned round = 1;; round++)
			for (size_t i = 1; i < pages; i += 2) {
				volatile unsigned *word = (volatile unsigned *)(p + i * PAGE + 64);

				*word = round;
				if (*word != round)
					_exit(1);
			}
	for (int i = 0; i < ROUNDS; i++)
		tap_put(COMPACT, "1");
	kill(pid, SIGKILL);
	EQ(waitpid(pid, &status, 0), pid);
	CHECK(WIFSIGNALED(status));
	CHECK(bytes_are_right(p, pages));
	EQ(munmap(p, pages * PAGE), 0);
}

/* One byte in each huge page of @p; those that got small pages give them back. Return: how many. */
static unsigned touch_huge(char *p, unsigned n)
{
	unsigned small = 0;

	for (unsigned i = 0; i < n; i++) {
		char *at = p + i * large * PAGE;
		unsigned char resident[2] = { 0, 0 };

		*(volatile char *)at = (char)i;
		OK(mincore(at, 2 * PAGE, resident));
		if (!(resident[1] & 1)) {
			OK(madvise(at, PAGE, MADV_DONTNEED));
			small++;
		}
	}
	return small;
}

/* More huge pages than there are blocks for, and nobody who asks waits: kcompactd makes the rest. */
static void in_the_background(void)
{
	size_t pages = (size_t)meminfo_kb("MemFree:") / 4 * 3 / 4, align = large * PAGE;
	long woken = vmstat("compact_daemon_wake"), stalls = vmstat("compact_stall"),
	     scanned = vmstat("compact_daemon_migrate_scanned");
	unsigned n, left = 1;
	char *p, *at, *huge;

	if (pages < 36 * large || meminfo_kb("MemTotal:") > 300 * 1024)
		SKIP("less memory than that, or more");
	p = fragment(pages);
	NEED(p);
	n = (unsigned)large_blocks() + 2;
	huge = anon((n + 1) * large, RW);
	NEED(huge != MAP_FAILED);
	at = (char *)(((uintptr_t)huge + align - 1) & ~(uintptr_t)(align - 1));
	OK(tap_put(DEFRAG, "defer"));
	OK(madvise(at, n * align, MADV_HUGEPAGE));
	for (int tries = 0; tries < 500 && left; tries++) {
		left = touch_huge(at, n);
		if (left)
			usleep(10000);
	}
	OK(tap_put(DEFRAG, "madvise"));
	EQ(left, 0);
	CHECK(vmstat("compact_daemon_wake") > woken);
	CHECK(vmstat("compact_daemon_migrate_scanned") > scanned);
	EQ(vmstat("compact_stall"), stalls);
	for (unsigned i = 0; i < n; i++)
		EQ(at[i * align], (char)i);
	CHECK(bytes_are_right(p, pages));
	OK(munmap(huge, (n + 1) * align));
	OK(munmap(p, pages * PAGE));
}

static void limits(void)
{
	char text[64];

	CHECK(open(COMPACT, O_RDONLY) < 0);
	EQ(tap_read("/proc/sys/vm/extfrag_threshold", text, sizeof(text)), 4);
	CHECK(!strcmp(text, "500\n"));
	tap_put("/proc/sys/vm/compact_unevictable_allowed", "0");
	EQ(tap_read("/proc/sys/vm/compact_unevictable_allowed", text, sizeof(text)), 2);
	CHECK(!strcmp(text, "0\n"));
	tap_put("/proc/sys/vm/compact_unevictable_allowed", "1");
}

/* Each line: a zone, eleven figures; order 0 can always be had where there is a free page. */
static void indices(void)
{
	static char text[4096];
	int made = mkdir("/sys/kernel/debug", 0700), mounted;
	unsigned lines = 0;

	(void)made; /* it may be there */
	mounted = mount("debug", "/sys/kernel/debug", "debugfs", 0, NULL);
	NEED(tap_read(EXTFRAG "extfrag_index", text, sizeof(text)) > 0);
	for (char *line = strtok(text, "\n"); line; line = strtok(NULL, "\n"), lines++) {
		char zone[16];
		double v[11];

		EQ(sscanf(line, "Node %*d, zone %15s %lf %lf %lf %lf %lf %lf %lf %lf %lf %lf %lf",
			  zone, v, v + 1, v + 2, v + 3, v + 4, v + 5, v + 6, v + 7, v + 8, v + 9,
			  v + 10),
		   12);
		CHECK(v[0] == -1 || v[0] == 0);
		for (int i = 0; i < 11; i++)
			CHECK(v[i] >= -1 && v[i] <= 1);
	}
	CHECK(lines >= 1);
	CHECK(tap_read(EXTFRAG "unusable_index", text, sizeof(text)) > 0);
	CHECK(strstr(text, " 0.000 "));
	if (mounted == 0)
		EQ(umount("/sys/kernel/debug"), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(whole_machine),	T(one_node), T(against_a_writer), T(in_the_background),
		T(before_anybody_asks), T(limits),   T(indices),	  TEND
	};
	int failed;

	large = (size_t)meminfo_kb("Hugepagesize:") * 1024 / PAGE;
	tap_put(PROACTIVE, "0"); /* free memory in pieces stays so until a test says */
	failed = tap_main(argc, argv, tests);
	tap_put(PROACTIVE, "20");
	return failed;
}
