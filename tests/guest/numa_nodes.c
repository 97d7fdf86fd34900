/*
 * Nodes: what /sys says of them, and that a page comes from where it should. The machine is described on the kernel's command
 * line (tools/guest-tests.py); without these words it has one node:
 *     nodes.mem=320,128,0    MiB by node        nodes.cpu=0,1   node by CPU      nodes.dist=10,25,25,10   the matrix
 *     nodes.stripe=33808     KiB: memory is dealt out to the nodes in turn, in such parts
 */
#include "mem.h"
#include "pagemap.h"

#include <sched.h>

#define NODES "/sys/devices/system/node/"
#define CPUS  "/sys/devices/system/cpu/"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE 25
#endif

enum { MAX_NODES = 4, MAX_CPUS = 8 };

static long mem[MAX_NODES], cpu_node[MAX_CPUS], dist[MAX_NODES * MAX_NODES], stripe;
static int nr_nodes = 1, nr_cpus;

/* ---- the machine as it should be ---- */

/* Numbers behind @word of the command line. Return: how many. */
static int words(const char *word, long *out, int max)
{
	static char line[4096];
	char *at;
	int n = 0;

	if (tap_read("/proc/cmdline", line, sizeof(line)) < 0)
		return 0;
	at = strstr(line, word);
	if (!at)
		return 0;
	at += strlen(word);
	do
		out[n++] = strtol(at, &at, 10);
	while (*at++ == ',' && n < max);
	return n;
}

static void read_machine(void)
{
	int n = words("nodes.mem=", mem, MAX_NODES);

	nr_cpus = (int)sysconf(_SC_NPROCESSORS_ONLN);
	nr_nodes = n ? n : 1;
	words("nodes.cpu=", cpu_node, MAX_CPUS);
	words("nodes.stripe=", &stripe, 1);
	if (!words("nodes.dist=", dist, MAX_NODES * MAX_NODES)) {
		for (int i = 0; i < nr_nodes * nr_nodes; i++)
			dist[i] = i % (nr_nodes + 1) ? 20 : 10;
	}
	if (!n)
		mem[0] = -1; /* some */
}

static int has_cpu(int node)
{
	for (int c = 0; c < nr_cpus; c++) {
		if (cpu_node[c] == node)
			return 1;
	}
	return 0;
}

static int has_memory(int node)
{
	return mem[node] != 0;
}

/* The nearest node with memory: where pages for @cpu are from. */
static int home_of(int cpu)
{
	int node = (int)cpu_node[cpu], best = node;

	for (int n = 0; n < nr_nodes && !has_memory(node); n++) {
		if (has_memory(n) &&
		    (!has_memory(best) || dist[node * nr_nodes + n] < dist[node * nr_nodes + best]))
			best = n;
	}
	return best;
}

static int on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(0, sizeof(set), &set) == 0;
}

/* Those of @n numbers for which @has holds, as Linux lists them: "0-1,3\n". */
static const char *list_of(int n, int (*has)(int))
{
	static char text[64];
	size_t len = 0;

	text[0] = '\0';
	for (int i = 0, end; i < n; i = end + 1) {
		end = i;
		if (!has(i))
			continue;
		while (end + 1 < n && has(end + 1))
			end++;
		len += (size_t)sprintf(text + len, "%s%d", len ? "," : "", i);
		if (end > i)
			len += (size_t)sprintf(text + len, "-%d", end);
	}
	strcpy(text + len, "\n");
	return text;
}

static int the_node;

static int cpu_is_the_node_s(int cpu)
{
	return cpu_node[cpu] == the_node;
}

static int any(int node)
{
	return node >= 0;
}

#define NEED_NODES                                                                                 \
	do {                                                                                       \
		if (access(NODES, F_OK))                                                           \
			SKIP("no nodes on this build");                                            \
	} while (0)

/* Debian's 32-bit kernels have neither; ours has its node all the same. */
#define NEED_NUMA_MAPS                                                                             \
	do {                                                                                       \
		if (access("/proc/self/numa_maps", F_OK))                                          \
			SKIP("no numa_maps, no numa_stat on this build");                          \
	} while (0)

/* ---- what is said ---- */

static void file_is(const char *want, const char *format, int node)
{
	char path[100], text[200];

	snprintf(path, sizeof(path), format, node);
	if (CHECK(tap_read(path, text, sizeof(text)) >= 0))
		tap_streq(__FILE__, __LINE__, path, text, want);
}

static void states(void)
{
	NEED_NODES;
	file_is(list_of(nr_nodes, any), NODES "possible", 0);
	file_is(list_of(nr_nodes, any), NODES "online", 0);
	file_is(list_of(nr_nodes, has_memory), NODES "has_memory", 0);
	file_is(list_of(nr_nodes, has_memory), NODES "has_normal_memory", 0);
	file_is(list_of(nr_nodes, has_cpu), NODES "has_cpu", 0);
}

static void link_is(const char *path, const char *want)
{
	char text[100];
	ssize_t n = readlink(path, text, sizeof(text) - 1);

	NEED(n > 0);
	text[n] = '\0';
	tap_streq(__FILE__, __LINE__, path, text, want);
}

static void processors_and_distances(void)
{
	char want[100], path[100];

	NEED_NODES;
	for (the_node = 0; the_node < nr_nodes; the_node++) {
		unsigned mask = 0;
		int len = 0;

		for (int to = 0; to < nr_nodes; to++)
			len += sprintf(want + len, "%s%ld", to ? " " : "",
				       dist[the_node * nr_nodes + to]);
		strcpy(want + len, "\n");
		file_is(want, NODES "node%d/distance", the_node);
		file_is(list_of(nr_cpus, cpu_is_the_node_s), NODES "node%d/cpulist", the_node);
		for (int c = 0; c < nr_cpus; c++)
			mask |= (unsigned)cpu_is_the_node_s(c) << c;
		sprintf(want, "%x\n", mask);
		file_is(want, NODES "node%d/cpumap", the_node);
	}
	for (int c = 0; c < nr_cpus; c++) {
		sprintf(path, CPUS "cpu%d/node%ld", c, cpu_node[c]);
		sprintf(want, "../../node/node%ld", cpu_node[c]);
		link_is(path, want);
		sprintf(path, NODES "node%ld/cpu%d", cpu_node[c], c);
		sprintf(want, "../../cpu/cpu%d", c);
		link_is(path, want);
	}
}

/* The number of a line of the node's meminfo. */
static long node_kb(int node, const char *label)
{
	char path[100], line[60];

	sprintf(path, NODES "node%d/meminfo", node);
	sprintf(line, "Node %d %s:", node, label);
	return figure_after(path, NULL, line);
}

/* Pages of a node's zones that the allocator manages, by /proc/zoneinfo. */
static long managed_pages(int node)
{
	static char text[1 << 16];
	long sum = 0;
	char head[32];

	sprintf(head, "Node %d, zone", node);
	if (tap_read("/proc/zoneinfo", text, sizeof(text)) < 0)
		return -1;
	for (char *at = text; (at = strstr(at, head)); at++)
		sum += strtol(strstr(at, "managed") + 8, NULL, 10);
	return sum;
}

static void memory_adds_up(void)
{
	long sum = 0;

	NEED_NODES;
	for (int n = 0; n < nr_nodes; n++) {
		long kb = node_kb(n, "MemTotal");

		sum += kb;
		EQ(managed_pages(n) * 4, kb);
		if (mem[n] >= 0) {
			CHECK(kb <= mem[n] * 1024);
			CHECK(kb >= mem[n] * 1024 / 100 * 93);
		}
	}
	EQ(sum, meminfo_kb("MemTotal:"));
}

static void a_processor_knows_its_node(void)
{
	for (int c = 0; c < nr_cpus; c++) {
		unsigned cpu = 99, node = 99;

		NEED(on_cpu(c));
		EQ(syscall(SYS_getcpu, &cpu, &node, NULL), 0);
		EQ(cpu, c);
		EQ(node, cpu_node[c]);
#ifdef __x86_64__
		unsigned long limit;

		/* as the vDSO's getcpu does */
		__asm__ volatile("lsl %1, %0" : "=r"(limit) : "r"(0x7bUL));
		EQ(limit, (unsigned long)cpu_node[c] << 12 | (unsigned)c);
#endif
	}
}

/* ---- where pages come from ---- */

/* Pages of each node in the mapping that begins at @p, by numa_maps. */
static int pages_by_node(const void *p, long *n)
{
	static char text[1 << 16];
	char head[40], *at, *end;

	if (tap_read("/proc/self/numa_maps", text, sizeof(text)) < 0)
		return 0;
	snprintf(head, sizeof(head), "%08lx ", (unsigned long)p);
	at = strstr(text, head);
	if (!at)
		return 0;
	end = strchr(at, '\n');
	for (int i = 0; i < MAX_NODES; i++) {
		char label[8];
		char *field;

		sprintf(label, " N%d=", i);
		field = strstr(at, label);
		n[i] = field && field < end ? strtol(field + strlen(label), NULL, 10) : 0;
	}
	return 1;
}

/* First frame of node @n's zone with the most memory, and how many it spans: those of a machine without stripes. */
static void node_span(int node, uint64_t *start, uint64_t *end)
{
	static char text[1 << 16];
	char head[32];

	*start = ~0ULL;
	*end = 0;
	sprintf(head, "Node %d, zone", node);
	if (tap_read("/proc/zoneinfo", text, sizeof(text)) < 0)
		return;
	for (char *at = text; (at = strstr(at, head)); at++) {
		uint64_t spanned = strtoull(strstr(at, "spanned") + 8, NULL, 10);
		char *first = strstr(at, "start_pfn:"), *next = strstr(at + 1, "\nNode ");
		uint64_t s;

		if (!spanned || !first || (next && first > next))
			continue;
		s = strtoull(first + 10, NULL, 10);
		*start = s < *start ? s : *start;
		*end = s + spanned > *end ? s + spanned : *end;
	}
}

static int node_of_frame(uint64_t pfn)
{
	if (stripe)
		return (int)(pfn * 4 / (uint64_t)stripe % (uint64_t)nr_nodes);
	for (int n = 0; n < nr_nodes; n++) {
		uint64_t start, end;

		node_span(n, &start, &end);
		if (pfn >= start && pfn < end)
			return n;
	}
	return -1;
}

static char *small_pages(size_t pages)
{
	char *p = anon(pages, RW);

	if (p != MAP_FAILED)
		madvise(p, pages * PAGE, MADV_NOHUGEPAGE);
	return p;
}

static void pages_are_local(void)
{
	enum { N = 700 };

	NEED_NUMA_MAPS;
	for (int c = 0; c < nr_cpus; c++) {
		int home = home_of(c);
		long by[MAX_NODES];
		char *p;

		NEED(on_cpu(c));
		p = small_pages(N);
		NEED(p != MAP_FAILED);
		memset(p, c + 1, N * PAGE);
		NEED(pages_by_node(p, by));
		for (int n = 0; n < nr_nodes; n++)
			EQ(by[n], n == home ? N : 0);
		for (int i = 0; i < N; i += 100)
			EQ(node_of_frame(pagemap(p + (size_t)i * PAGE) & PM_PFN), home);
		munmap(p, N * PAGE);
	}
}

static void large_pages_are_local(void)
{
	const size_t large = 2 << 20;

	NEED_NUMA_MAPS;
	for (int c = 0; c < nr_cpus; c++) {
		char *p = mmap(NULL, 2 * large, RW, ANON, -1, 0), *at;
		long by[MAX_NODES];

		NEED(p != MAP_FAILED && on_cpu(c));
		at = (char *)(((uintptr_t)p + large - 1) & ~(large - 1));
		if (madvise(p, 2 * large, MADV_HUGEPAGE))
			SKIP("no huge pages");
		*at = 1;
		NEED(pages_by_node(p, by));
		EQ(by[home_of(c)], large / PAGE);
		munmap(p, 2 * large);
	}
}

/* Collapsed into a large page, they stay on the node where most of them were. */
static void collapse_goes_where_the_pages_are(void)
{
	const size_t large = 2 << 20;

	NEED_NUMA_MAPS;
	for (int c = 0; c < nr_cpus; c++) {
		char *p = mmap((void *)0x40000000, large, RW, ANON | MAP_FIXED_NOREPLACE, -1, 0);
		long by[MAX_NODES];

		NEED(p == (char *)0x40000000 && !madvise(p, large, MADV_NOHUGEPAGE));
		NEED(on_cpu(c));
		for (size_t at = 0; at < large; at += 3 * PAGE) /* holes: no block in place */
			p[at] = 1;
		NEED(on_cpu((c + 1) % nr_cpus));
		p[PAGE] = 1;
		NEED(madvise(p, large, MADV_HUGEPAGE) == 0);
		if (madvise(p, large, MADV_COLLAPSE))
			SKIP("no huge pages");
		NEED(pages_by_node(p, by));
		EQ(by[home_of(c)], large / PAGE);
		munmap(p, large);
	}
}

#define HUGETLB "hugepages/hugepages-2048kB/"

static long free_huge(int node)
{
	char path[100], text[32];

	sprintf(path, NODES "node%d/" HUGETLB "free_hugepages", node);
	return tap_read(path, text, sizeof(text)) < 0 ? -1 : strtol(text, NULL, 10);
}

static void huge_pages_come_from_the_cpus_node(void)
{
	const size_t large = 2 << 20;
	int with_memory = 0;
	char pages[12];

	NEED_NODES;
	if (access("/sys/kernel/mm/" HUGETLB, F_OK))
		SKIP("huge pages of another size");
	for (int n = 0; n < nr_nodes; n++)
		with_memory += has_memory(n);
	sprintf(pages, "%d", 2 * with_memory); /* few: a small machine may be fragmented by now */
	if (tap_put("/proc/sys/vm/nr_hugepages", pages))
		SKIP("no hugetlb");
	for (int n = 0; n < nr_nodes; n++) /* dealt out in turn */
		EQ(free_huge(n), has_memory(n) ? 2 : 0);
	for (int c = 0; c < nr_cpus; c++) {
		char *p = mmap(NULL, 2 * large, RW, ANON | MAP_HUGETLB, -1, 0);
		long before = free_huge(home_of(c));

		NEED(p != MAP_FAILED && on_cpu(c));
		p[0] = p[large] = 1;
		EQ(free_huge(home_of(c)), before - 2);
		munmap(p, 2 * large);
		EQ(free_huge(home_of(c)), before);
	}
	EQ(tap_put("/proc/sys/vm/nr_hugepages", "0"), 0);
	tap_put("/proc/sys/vm/nr_overcommit_hugepages", "2"); /* made when they are wanted */
	for (int c = 0; c < nr_cpus; c++) {
		char *p;

		NEED(on_cpu(c));
		p = mmap(NULL, large, RW, ANON | MAP_HUGETLB, -1, 0);
		NEED(p != MAP_FAILED);
		EQ(free_huge(home_of(c)), 1);
		munmap(p, large);
	}
	tap_put("/proc/sys/vm/nr_overcommit_hugepages", "0");
}

/* ---- counters ---- */

enum { HIT, MISS, FOREIGN, INTERLEAVE, LOCAL, OTHER, COUNTERS };

static void counters(int node, long *c)
{
	static const char *const names[COUNTERS] = { "numa_hit ",     "numa_miss ",
						     "numa_foreign ", "interleave_hit ",
						     "local_node ",   "other_node " };
	char path[100], text[400], *at = text;

	sprintf(path, NODES "node%d/numastat", node);
	NEED(tap_read(path, text, sizeof(text)) > 0);
	for (int i = 0; i < COUNTERS; i++) {
		NEED(strncmp(at, names[i], strlen(names[i])) == 0);
		c[i] = strtol(at + strlen(names[i]), &at, 10);
		at++;
	}
	EQ(c[HIT] + c[MISS], c[LOCAL] + c[OTHER]);
}

static void all_counters(long c[MAX_NODES][COUNTERS])
{
	for (int n = 0; n < nr_nodes; n++)
		counters(n, c[n]);
}

/* What touching @n pages changes beyond what reading the counters does by itself. The tables of the pages exist. */
static void changes(char *p, int n, long more[MAX_NODES][COUNTERS])
{
	long a[MAX_NODES][COUNTERS], b[MAX_NODES][COUNTERS], c[MAX_NODES][COUNTERS];

	all_counters(a);
	all_counters(b);
	for (int i = 1; i <= n; i++)
		p[(size_t)i * PAGE] = 1;
	all_counters(c);
	for (int i = 0; i < MAX_NODES * COUNTERS; i++)
		more[0][i] = (&c[0][0])[i] - 2 * (&b[0][0])[i] + (&a[0][0])[i];
}

static int counted_exactly(long more[MAX_NODES][COUNTERS], int node, int n, int place)
{
	for (int i = 0; i < nr_nodes; i++) {
		for (int c = 0; c < COUNTERS; c++) {
			if (more[i][c] != (i == node && (c == HIT || c == place) ? n : 0))
				return 0;
		}
	}
	return 1;
}

static void each_page_is_counted_once(void)
{
	enum { N = 300, TRIES = 10 };

	NEED_NODES;
	for (int c = 0; c < nr_cpus; c++) {
		long more[MAX_NODES][COUNTERS] = { { 0 } };
		int exact = 0, home = home_of(c);

		NEED(on_cpu(c));
		for (int i = 0; i < TRIES && !exact; i++) { /* others allocate too, now and then */
			char *p = mmap((void *)0x40000000, (N + 1) * PAGE, RW, ANON, -1, 0);

			NEED(p == (char *)0x40000000);
			madvise(p, (N + 1) * PAGE, MADV_NOHUGEPAGE);
			*p = 1; /* one table has room for all */
			memset(more, 0, sizeof(more));
			changes(p, N, more);
			exact = counted_exactly(more, home, N, cpu_node[c] == home ? LOCAL : OTHER);
			munmap(p, (N + 1) * PAGE);
		}
		if (!CHECK(exact))
			tap_note("# CPU %d: hit %ld local %ld other %ld", c, more[home][HIT],
				 more[home][LOCAL], more[home][OTHER]);
	}
}

static void node_figures_follow(void)
{
	enum { N = 400 };

	NEED_NODES;
	for (int c = 0; c < nr_cpus; c++) {
		int home = home_of(c);
		char path[100], *p = small_pages(N);
		long kb, pages;

		NEED(on_cpu(c) && p != MAP_FAILED);
		sprintf(path, NODES "node%d/vmstat", home);
		for (int i = 0; i < 2; i++) { /* once for the pages that looking takes */
			kb = node_kb(home, "AnonPages");
			pages = figure_after(path, NULL, "nr_anon_pages ");
		}
		memset(p, 1, N * PAGE);
		EQ(node_kb(home, "AnonPages"), kb + N * 4);
		EQ(figure_after(path, NULL, "nr_anon_pages "), pages + N);
		munmap(p, N * PAGE);
		EQ(node_kb(home, "AnonPages"), kb);
	}
}

static void counters_can_be_switched_off(void)
{
	long c[MAX_NODES][COUNTERS];

	NEED_NUMA_MAPS;
	NEED(tap_put("/proc/sys/vm/numa_stat", "0") == 0);
	all_counters(c);
	for (int i = 0; i < nr_nodes * COUNTERS; i++)
		EQ((&c[0][0])[i], 0);
	EQ(vmstat("numa_hit"), 0);
	FAILS(tap_put("/proc/sys/vm/numa_stat", "2"), EINVAL);
	EQ(tap_put("/proc/sys/vm/numa_stat", "1"), 0);
	all_counters(c);
	for (int i = 0; i < nr_nodes; i++)
		CHECK(c[i][HIT] < 50); /* from 0 again */
	each_page_is_counted_once();
}

/* The nearest other node with memory. */
static int neighbour(int node)
{
	int best = -1;

	for (int n = 0; n < nr_nodes; n++) {
		if (n != node && has_memory(n) &&
		    (best < 0 || dist[node * nr_nodes + n] < dist[node * nr_nodes + best]))
			best = n;
	}
	return best;
}

static void a_full_node_asks_its_neighbour(void)
{
	int cpu = nr_cpus - 1, home = home_of(cpu), next = neighbour(home);
	long a[MAX_NODES][COUNTERS], b[MAX_NODES][COUNTERS], by[MAX_NODES], free_kb, min;
	size_t pages;
	char *p, zone[32];

	NEED_NODES;
	if (next < 0 || mem[next] < mem[home] || mem[home] > 160)
		SKIP("needs a small node beside a larger one");
	NEED(on_cpu(cpu));
	free_kb = node_kb(home, "MemFree");
	pages = (size_t)free_kb / 4 + 4096;
	p = small_pages(pages);
	NEED(p != MAP_FAILED);
	all_counters(a);
	for (size_t i = 0; i < pages; i++)
		p[i * PAGE] = 1;
	all_counters(b);
	for (int i = 0; i < 100; i++) { /* one that compaction moves is nowhere for a moment */
		NEED(pages_by_node(p, by));
		if (by[home] + by[next] == (long)pages)
			break;
		tap_sleep_ms(20);
	}
	EQ(by[home] + by[next], pages);
	CHECK(by[next] > 0); /* kswapd and other CPUs' lists may have given some to the home */
	CHECK(by[next] < 8192);
	sprintf(zone, "Node %d, zone    DMA32", home);
	min = figure_after("/proc/zoneinfo", zone, "        min ");
	CHECK(min > 0);
	CHECK(node_kb(home, "MemFree") / 4 >= min);
	EQ(b[next][MISS] - a[next][MISS], b[home][FOREIGN] - a[home][FOREIGN]);
	CHECK(b[next][MISS] - a[next][MISS] >= by[next]);
	CHECK(b[home][LOCAL] - a[home][LOCAL] >= by[home] || cpu_node[cpu] != home);
	EQ(b[home][MISS] - a[home][MISS], 0);
	munmap(p, pages * PAGE);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(states),
						 T(processors_and_distances),
						 T(memory_adds_up),
						 T(a_processor_knows_its_node),
						 T(pages_are_local),
						 T(large_pages_are_local),
						 T(collapse_goes_where_the_pages_are),
						 T(huge_pages_come_from_the_cpus_node),
						 T(each_page_is_counted_once),
						 T(counters_can_be_switched_off),
						 T(node_figures_follow),
						 T(a_full_node_asks_its_neighbour),
						 TEND };

	read_machine();
	return tap_main(argc, argv, tests);
}
