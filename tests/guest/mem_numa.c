/* Where pages are on a machine with two nodes: after mbind, set_mempolicy, move_pages, migrate_pages. Skipped on others. */
#include "policy.h"

#include <sched.h>
#include <sys/klog.h>

enum { N = 64 };

static unsigned long memory_nodes(void)
{
	unsigned long mask = 0;

	return get_policy(NULL, &mask, NULL, MPOL_F_MEMS_ALLOWED) ? 0 : mask;
}

#define NEED_TWO()                                                                                 \
	do {                                                                                       \
		if ((memory_nodes() & 3) != 3)                                                     \
			SKIP("needs two nodes with memory");                                       \
	} while (0)

/* How many of @n pages from @p on are on @node; what is not there counts for none. */
static int on_node(char *p, int n, int node)
{
	void *pages[512];
	int status[512], sum = 0;

	for (int i = 0; i < n; i++)
		pages[i] = p + i * PAGE;
	if (move(0, (unsigned long)n, pages, NULL, status, 0))
		return -1;
	for (int i = 0; i < n; i++)
		sum += status[i] == node;
	return sum;
}

static void touch(char *p, int n)
{
	for (int i = 0; i < n; i++)
		p[i * PAGE] = (char)(i + 1);
}

static int intact(const char *p, int n)
{
	for (int i = 0; i < n; i++)
		if (p[i * PAGE] != (char)(i + 1))
			return 0;
	return 1;
}

static long numastat(int node, const char *name)
{
	char path[64], label[32];

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/numastat", node);
	snprintf(label, sizeof(label), "%s ", name);
	return figure_after(path, NULL, label);
}

static void bind_places(void)
{
	char *p = anon(2 * N, RW);

	NEED_TWO();
	NEED(p != MAP_FAILED);
	for (int node = 0; node < 2; node++) {
		char *q = p + node * N * PAGE;

		EQ(bind_(q, N, MPOL_BIND, 1UL << node, 0), 0);
		touch(q, N);
		EQ(on_node(q, N, node), N);
		EQ(node_of(q), node);
	}
	EQ(on_node(p, 2 * N, 0), N);
}

static void preferred_places(void)
{
	char *p = anon(3 * N, RW);

	NEED_TWO();
	NEED(p != MAP_FAILED);
	EQ(bind_(p, N, MPOL_PREFERRED, 2, 0), 0);
	EQ(bind_(p + N * PAGE, N, MPOL_PREFERRED_MANY, 2, 0), 0);
	EQ(bind_(p + 2 * N * PAGE, N, MPOL_BIND, 3, 0), 0);
	EQ(syscall(NR_SET_MEMPOLICY_HOME_NODE, p + 2 * N * PAGE, N * PAGE, 1L, 0L), 0);
	touch(p, 3 * N);
	EQ(on_node(p, 3 * N, 1), 3 * N);
}

/* Turn by turn, by place, whoever touches first; and it is counted. */
static void interleave_places(void)
{
	char *p = anon(N, RW);
	long hits[2] = { numastat(0, "interleave_hit"), numastat(1, "interleave_hit") };
	int first;

	NEED_TWO();
	NEED(p != MAP_FAILED);
	EQ(bind_(p, N, MPOL_INTERLEAVE, 3, 0), 0);
	for (int i = N - 1; i >= 0; i -= 2)
		p[i * PAGE] = (char)(i + 1);
	touch(p, N);
	first = node_of(p);
	for (int i = 0; i < N; i++)
		EQ(node_of(p + i * PAGE), (first + i) % 2);
	EQ(on_node(p, N, 0), N / 2);
	CHECK(numastat(0, "interleave_hit") - hits[0] >= N / 2);
	CHECK(numastat(1, "interleave_hit") - hits[1] >= N / 2);
	CHECK(strncmp(numa_line(p), "interleave:0-1 anon=64 dirty=64 active=0 N0=32 N1=32 ", 53) ==
	      0);
}

static void thread_policy_places(void)
{
	char *p = anon(2 * N, RW);
	int fd = memfd_create("x", 0);
	char page[4096] = { 1 };
	char *q;

	NEED_TWO();
	NEED(p != MAP_FAILED && fd >= 0);
	EQ(set_policy(MPOL_BIND, 2), 0);
	touch(p, N);
	for (int i = 0; i < N; i++)
		EQ(write(fd, page, sizeof(page)), 4096); /* pages of files, too */
	EQ(set_policy(MPOL_BIND, 1), 0);
	touch(p + N * PAGE, N);
	EQ(set_policy(MPOL_DEFAULT, 0), 0);
	EQ(on_node(p, 2 * N, 1), N);
	EQ(on_node(p + N * PAGE, N, 0), N);
	q = mmap(NULL, N * PAGE, PROT_READ, MAP_SHARED, fd, 0);
	NEED(q != MAP_FAILED);
	for (int i = 0; i < N; i++)
		(void)*(volatile char *)(q + i * PAGE);
	EQ(on_node(q, N, 1), N);
	close(fd);
}

static int touch_in_child(void *arg)
{
	char *p = arg;

	touch(p, N);
	return on_node(p, N, 1) != N || node_of(p + 2 * N * PAGE) != 0;
}

/* The copy that a write after fork makes goes where the mapping says. */
static void fork_copies_places(void)
{
	char *p = anon(3 * N, RW);

	NEED_TWO();
	NEED(p != MAP_FAILED);
	EQ(set_policy(MPOL_BIND, 1), 0);
	touch(p, 3 * N);
	EQ(bind_(p, N, MPOL_BIND, 2, 0), 0);
	EQ(on_node(p, N, 0), N); /* without MOVE they stay */
	EQ(tap_child(touch_in_child, p), EXITED(0));
	EQ(on_node(p, 3 * N, 0), 3 * N);
}

static void shared_object_places(void)
{
	int fd = memfd_create("x", 0);
	char *p, *q;

	NEED_TWO();
	NEED(fd >= 0 && ftruncate(fd, 2 * N * PAGE) == 0);
	p = mmap(NULL, 2 * N * PAGE, RW, MAP_SHARED, fd, 0);
	q = mmap(NULL, 2 * N * PAGE, RW, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED && q != MAP_FAILED);
	EQ(bind_(p + N * PAGE, N, MPOL_BIND, 2, 0), 0);
	EQ(bind_(p, N, MPOL_INTERLEAVE, 3, 0), 0);
	munmap(p, 2 * N * PAGE);
	touch(q, 2 * N);
	EQ(on_node(q, N, 0), N / 2);
	EQ(on_node(q + N * PAGE, N, 1), N);
	close(fd);
}

static void mbind_moves(void)
{
	char *p = anon(N, RW);
	long moved = vmstat("pgmigrate_success");

	NEED_TWO();
	NEED(p != MAP_FAILED);
	EQ(bind_(p, N, MPOL_BIND, 1, 0), 0);
	touch(p, N);
	FAILS(bind_(p, N, MPOL_BIND, 2, MPOL_MF_STRICT), EIO);
	EQ(mode_of(p), MPOL_BIND);
	EQ(nodes_of(p), 1);
	EQ(bind_(p, N / 2, MPOL_BIND, 2, MPOL_MF_MOVE | MPOL_MF_STRICT), 0);
	EQ(on_node(p, N, 1), N / 2);
	EQ(on_node(p, N / 2, 1), N / 2);
	CHECK(intact(p, N));
	CHECK(vmstat("pgmigrate_success") - moved >= N / 2);
	CHECK(strncmp(numa_line(p), "bind:1 anon=32 dirty=32 active=0 N1=32 ", 39) == 0);
}

static void locked_pages_move(void)
{
	char *p = anon(N, RW);

	NEED_TWO();
	NEED(p != MAP_FAILED && bind_(p, N, MPOL_BIND, 1, 0) == 0 && mlock(p, N * PAGE) == 0);
	touch(p, N);
	EQ(bind_(p, N, MPOL_BIND, 2, MPOL_MF_MOVE | MPOL_MF_STRICT), 0);
	EQ(on_node(p, N, 1), N);
	EQ(status_kb("VmLck:"), (long)(N * PAGE / 1024));
	CHECK(intact(p, N));
}

static void shared_pages_stay(void)
{
	char *p = anon(N, RW);
	int go[2];
	pid_t pid;

	NEED_TWO();
	NEED(p != MAP_FAILED && pipe(go) == 0);
	EQ(bind_(p, N, MPOL_BIND, 1, 0), 0);
	touch(p, N);
	pid = fork();
	if (pid == 0) {
		char c;

		close(go[1]);
		_exit(read(go[0], &c, 1) != 0 || !intact(p, N));
	}
	p[0] = 1; /* its own copy now */
	EQ(bind_(p, N, MPOL_BIND, 2, MPOL_MF_MOVE), 0);
	EQ(on_node(p, N, 1), 1);
	EQ(bind_(p, N, MPOL_BIND, 2, MPOL_MF_MOVE_ALL), 0);
	EQ(on_node(p, N, 1), N);
	CHECK(intact(p, N));
	close(go[1]);
	EQ(tap_wait(pid), EXITED(0));
}

static void move_pages_moves(void)
{
	char *p = anon(N, RW), *gone = anon(1, RW), *untouched = anon(1, PROT_READ);
	void *pages[N + 2];
	int nodes[N + 2], status[N + 2];

	NEED_TWO();
	NEED(p != MAP_FAILED && untouched != MAP_FAILED && munmap(gone, PAGE) == 0);
	EQ(set_policy(MPOL_BIND, 1), 0);
	touch(p, N);
	for (int i = 0; i < N + 2; i++) {
		pages[i] = i < N ? p + i * PAGE : i == N ? untouched : gone;
		nodes[i] = i % 3 == 0;
		status[i] = 99;
	}
	EQ(move(0, N + 2, pages, nodes, status, MPOL_MF_MOVE), 0);
	for (int i = 0; i < N; i++) {
		EQ(status[i], i % 3 == 0);
		EQ(node_of(pages[i]), i % 3 == 0);
	}
	EQ(status[N], -EFAULT); /* it would be zeroes */
	EQ(status[N + 1], -EFAULT);
	CHECK(intact(p, N));
}

static void shared_status(void)
{
	char *p = anon(1, RW);
	void *pages[1] = { p };
	int nodes[1] = { 1 }, status[1] = { 99 }, go[2];
	pid_t pid;

	NEED_TWO();
	NEED(p != MAP_FAILED && pipe(go) == 0 && set_policy(MPOL_BIND, 1) == 0);
	p[0] = 1;
	pid = fork();
	if (pid == 0) {
		char c;

		close(go[1]);
		_exit(read(go[0], &c, 1) != 0);
	}
	EQ(move(0, 1, pages, nodes, status, MPOL_MF_MOVE), 0);
	EQ(status[0], -EACCES);
	EQ(move(0, 1, pages, nodes, status, MPOL_MF_MOVE_ALL), 0);
	EQ(status[0], 1);
	nodes[0] = 0;
	EQ(move(pid, 1, pages, nodes, status, MPOL_MF_MOVE_ALL),
	   0); /* the same page of the other's */
	EQ(status[0], 0);
	EQ(node_of(p), 0);
	close(go[1]);
	EQ(tap_wait(pid), EXITED(0));
}

static void migrate_moves_all(void)
{
	char *p = anon(2 * N, RW);

	NEED_TWO();
	NEED(p != MAP_FAILED);
	EQ(bind_(p, N, MPOL_BIND, 1, 0), 0);
	EQ(bind_(p + N * PAGE, N, MPOL_BIND, 2, 0), 0);
	touch(p, 2 * N);
	CHECK(migrate(0, 1, 2) >= 0);
	EQ(on_node(p, 2 * N, 1), 2 * N);
	CHECK(migrate(getpid(), 2, 1) >= 0);
	EQ(on_node(p, 2 * N, 0), 2 * N);
	CHECK(migrate(0, 3, 3) == 0);
	EQ(on_node(p, 2 * N, 0), 2 * N);
	CHECK(intact(p, N));
	EQ(nodes_of(p + N * PAGE), 2); /* policies do not change by that */
}

/* A node that is full: who is bound to it is killed or refused; who prefers it goes on elsewhere. */
static void preference_gives_way(void)
{
	size_t free_kb, want;
	char *p;

	NEED_TWO();
	free_kb = (size_t)figure_after("/sys/devices/system/node/node1/meminfo", NULL,
				       "Node 1 MemFree:");
	NEED(free_kb > 1024 && free_kb < (1 << 20));
	want = free_kb / 4 + 256;
	p = anon(want, RW);
	NEED(p != MAP_FAILED && bind_(p, want, MPOL_PREFERRED, 2, 0) == 0);
	for (size_t i = 0; i < want; i++)
		p[i * PAGE] = 1;
	EQ(node_of(p), 1);
	CHECK(node_of(p + (want - 1) * PAGE) != 1);
}

static long node_free_kb(int node)
{
	char path[64], label[32];

	snprintf(path, sizeof(path), "/sys/devices/system/node/node%d/meminfo", node);
	snprintf(label, sizeof(label), "Node %d MemFree:", node);
	return figure_after(path, NULL, label);
}

/* A child that touches @kb of node @node: its thread is bound to it, or (@mapping) the memory. Then it waits for @go. */
static pid_t touch_kb(long kb, int node, int mapping, int ready, const int *go)
{
	size_t pages = (size_t)kb * 1024 / PAGE;
	pid_t pid = fork();
	char c, *p;

	if (pid)
		return pid;
	close(go[1]);
	p = mmap(NULL, pages * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (p == MAP_FAILED || (mapping ? bind_(p, pages, MPOL_BIND, 1UL << node, 0)
					: set_policy(MPOL_BIND, 1UL << node)))
		_exit(1);
	for (size_t i = 0; i < pages; i++)
		p[i * PAGE] = 1;
	_exit(write(ready, "r", 1) != 1 || read(go[0], &c, 1) != 0);
}

/* Node 1 is full: who has most of all memory, but may have none there, stays. */
static void a_full_node_kills_who_has_of_it(void)
{
	static char text[1 << 18], want[96];
	int ready[2], go[2], n;
	pid_t holder, eater;
	char c;

	NEED_TWO();
	long other = node_free_kb(0), full = node_free_kb(1), held = full + full / 8;

	if (getenv("TAP_HOST") || full < 16384 || full > 200000 || other < held + 32768)
		SKIP("needs a small node 1 and a larger node 0");
	NEED(pipe(ready) == 0 && pipe(go) == 0);
	holder = touch_kb(held, 0, 0, ready[1], go);
	NEED(read(ready[0], &c, 1) == 1);
	eater = touch_kb(full + 4096, 1, 1, ready[1], go);
	EQ(tap_wait(eater) & ~0x80, KILLED(SIGKILL));
	close(go[1]);
	EQ(tap_wait(holder), EXITED(0));
	n = klogctl(3, text, sizeof(text) - 1);
	NEED(n > 0);
	text[n] = '\0';
	CHECK(strstr(text,
		     "constraint=CONSTRAINT_MEMORY_POLICY,nodemask=1,cpuset=/,mems_allowed=0-") !=
	      NULL);
	snprintf(want, sizeof(want), "task_memcg=/,task=mem_numa,pid=%d,uid=0", eater);
	CHECK(strstr(text, want) != NULL);
}

/* ---- hugetlb ---- */

static void put_number(const char *path, long n)
{
	char text[24];

	snprintf(text, sizeof(text), "%ld", n);
	EQ(tap_put(path, text), 0);
}

static const char *pool_file(int node, const char *name)
{
	static char path[128];

	snprintf(path, sizeof(path),
		 "/sys/devices/system/node/node%d/hugepages/hugepages-2048kB/%s", node, name);
	return path;
}

static long pool_of(int node, const char *name)
{
	return figure_after(pool_file(node, name), NULL, "");
}

static int bound_to_nothing_free(void *arg)
{
	char *p = mmap(NULL, 2 << 20, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);

	(void)arg;
	if (p == MAP_FAILED || bind_(p, (2 << 20) / PAGE, MPOL_BIND, 1, 0))
		return 1;
	p[0] = 1; /* promised, but node 0 has none: SIGBUS */
	return 2;
}

/* Huge pages are made, and taken, where policies say. */
static void huge_pages_follow(void)
{
	const size_t huge = 2 << 20;
	char *p;

	NEED_TWO();
	put_number(pool_file(1, "nr_hugepages"), 3);
	if (pool_of(1, "nr_hugepages") != 3) {
		put_number(pool_file(1, "nr_hugepages"), 0);
		SKIP("no huge pages on node 1");
	}
	EQ(pool_of(0, "nr_hugepages"), 0);
	p = mmap(NULL, 2 * huge, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	NEED(p != MAP_FAILED);
	EQ(bind_(p, 2 * huge / PAGE, MPOL_BIND, 2, 0), 0);
	p[0] = p[huge] = 1;
	EQ(pool_of(1, "free_hugepages"), 1);
	EQ(node_of(p), 1);
	EQ(tap_child(bound_to_nothing_free, NULL), KILLED(SIGBUS));
	EQ(set_policy(MPOL_BIND, 1), 0); /* of the thread: nothing is promised it */
	FAILS((long)mmap(NULL, huge, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0), ENOMEM);
	put_number("/proc/sys/vm/nr_hugepages_mempolicy", 4);
	EQ(pool_of(0, "nr_hugepages"), 1);
	EQ(figure_after("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages_mempolicy", NULL,
			""),
	   4);
	EQ(set_policy(MPOL_DEFAULT, 0), 0);
	munmap(p, 2 * huge);
	put_number("/proc/sys/vm/nr_hugepages", 0);
	EQ(pool_of(0, "nr_hugepages") + pool_of(1, "nr_hugepages"), 0);
}

/* Huge pages go to another node with their contents, also to one that has none free; the pool stays as large. */
static void huge_pages_move(void)
{
	const size_t huge = 2 << 20;
	int nodes[2] = { 1, 1 }, status[2] = { 99, 99 };
	void *pages[2];
	char *p;

	NEED_TWO();
	put_number(pool_file(0, "nr_hugepages"), 2);
	if (pool_of(0, "nr_hugepages") != 2) {
		put_number(pool_file(0, "nr_hugepages"), 0);
		SKIP("no huge pages on node 0");
	}
	p = mmap(NULL, 2 * huge, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB, -1, 0);
	NEED(p != MAP_FAILED);
	memset(p, 0x55, huge);
	memset(p + huge, 0x66, huge);
	pages[0] = p + 5 * PAGE; /* any address in it */
	pages[1] = p + huge;
	EQ(move(0, 2, pages, NULL, status, 0), 0);
	EQ(status[0], 0);
	EQ(status[1], 0);
	EQ(move(0, 2, pages, nodes, status, MPOL_MF_MOVE), 0);
	EQ(status[0], 1);
	EQ(status[1], 1);
	EQ(node_of(p), 1);
	EQ(pool_of(0, "nr_hugepages"), 0);
	EQ(pool_of(1, "nr_hugepages"), 2);
	EQ(pool_of(1, "free_hugepages"), 0);
	EQ(pool_of(1, "surplus_hugepages"), 0);
	EQ(bind_(p, huge / PAGE, MPOL_BIND, 1, MPOL_MF_MOVE | MPOL_MF_STRICT), 0);
	EQ(node_of(p), 0);
	EQ(migrate(0, 1, 2), 0);
	EQ(node_of(p), 1);
	for (size_t i = 0; i < huge; i++)
		NEED(p[i] == 0x55 && p[huge + i] == 0x66);
	p[0] = 1;
	munmap(p, 2 * huge);
	put_number("/proc/sys/vm/nr_hugepages", 0);
	EQ(pool_of(0, "nr_hugepages") + pool_of(1, "nr_hugepages"), 0);
}

static void default_is_local(void)
{
	cpu_set_t cpus;
	unsigned cpu, node;
	char *p;

	NEED_TWO();
	for (int c = 0; c < 2; c++) {
		CPU_ZERO(&cpus);
		CPU_SET(c, &cpus);
		if (sched_setaffinity(0, sizeof(cpus), &cpus))
			SKIP("needs two processors");
		NEED(syscall(SYS_getcpu, &cpu, &node, NULL) == 0);
		EQ(cpu, c);
		p = anon(N, RW);
		NEED(p != MAP_FAILED);
		touch(p, N);
		EQ(on_node(p, N, (int)node), N);
		EQ(bind_(p, N, MPOL_LOCAL, 0, 0), 0);
		munmap(p, N * PAGE);
	}
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(bind_places),		 T(preferred_places),
		T(interleave_places),	 T(thread_policy_places),
		T(fork_copies_places),	 T(shared_object_places),
		T(mbind_moves),		 T(locked_pages_move),
		T(shared_pages_stay),	 T(move_pages_moves),
		T(shared_status),	 T(migrate_moves_all),
		T(preference_gives_way), T(a_full_node_kills_who_has_of_it),
		T(huge_pages_follow),	 T(huge_pages_move),
		T(default_is_local),	 TEND
	};

	return tap_main(argc, argv, tests);
}
