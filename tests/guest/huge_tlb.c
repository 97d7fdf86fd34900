/* hugetlb: the pool, MAP_HUGETLB, promises, faults, fork, figures. */
#include "huge.h"

static void *map(size_t n, int flags)
{
	return mmap(NULL, n * huge, RW, flags, -1, 0);
}

static void pool_and_files(void)
{
	long free_kb;
	char path[128];

	pool(0, 0, 0, 0);
	CHECK(map(1, ANON_HUGE) == MAP_FAILED && errno == ENOMEM);
	free_kb = meminfo("MemFree:");
	set_vm("nr_hugepages", 5);
	pool(5, 5, 0, 0);
	CHECK(free_kb - meminfo("MemFree:") >= 5 * (long)(huge >> 10) - 512);
	snprintf(path, sizeof(path), "/sys/kernel/mm/hugepages/hugepages-%zukB/nr_hugepages",
		 huge >> 10);
	EQ(figure_after(path, NULL, ""), 5);
	EQ(tap_write(path, "2", 1, 0), 0);
	pool(2, 2, 0, 0);
	set_vm("nr_hugepages", 0);
	pool(0, 0, 0, 0);
}

static void private_memory(void)
{
	static char maps[8192];
	unsigned char vec[4];
	char *p, *q, *at, line[128];

	set_vm("nr_hugepages", 3);
	p = map(2, ANON_HUGE);
	NEED(p != MAP_FAILED);
	EQ((uintptr_t)p % huge, 0);
	pool(3, 3, 2, 0);
	CHECK(map(2, ANON_HUGE) == MAP_FAILED && errno == ENOMEM);
	for (size_t i = 0; i < 2 * huge; i += 4001)
		EQ(p[i], 0);
	pool(3, 1, 0, 0);
	p[huge + 5] = 7;
	EQ(smaps(p, "KernelPageSize:"), (long)(huge >> 10));
	EQ(smaps(p, "Private_Hugetlb:"), (long)(huge >> 9));
	EQ(smaps(p, "Rss:"), 0);
	EQ(figure_after("/proc/self/status", NULL, "HugetlbPages:"), (long)(huge >> 9));
	snprintf(line, sizeof(line),
		 "%08lx default file=/anon_hugepage\\040(deleted) huge anon=2 dirty=2 N",
		 (unsigned long)p);
	if (access("/proc/self/numa_maps", F_OK) == 0) { /* not without NUMA */
		long sum = 0;

		NEED(tap_read("/proc/self/numa_maps", maps, sizeof(maps)) > 0);
		NEED(at = strstr(maps, line));
		for (at += strlen(line) - 1; *at == 'N'; at++) /* on whichever nodes */
			sum += strtol(strchr(at, '=') + 1, &at, 10);
		EQ(sum, 2);
	}
	EQ(mincore(p, 4 * PAGE, vec), 0);
	EQ(vec[3] & 1, 1);
	FAILS(munmap(p, PAGE), EINVAL);
	FAILS(mprotect(p + PAGE, huge, PROT_READ), EINVAL);
	FAILS(madvise(p, huge, MADV_FREE), EINVAL);
	CHECK(mremap(p, huge, 2 * huge, MREMAP_MAYMOVE) == MAP_FAILED && errno == EINVAL);
	EQ(mlock(p, huge), 0);
	EQ(figure_after("/proc/self/status", NULL, "VmLck:"), 0);
	EQ(munmap(p, huge), 0);
	pool(3, 2, 0, 0);
	EQ(p[huge + 5], 7);
	EQ(madvise(p + huge, huge, MADV_DONTNEED), 0);
	pool(3, 3, 0, 0);
	EQ(p[huge + 5], 0);
	EQ(munmap(p + huge, huge), 0);
	q = mmap(p + PAGE, 10, RW, ANON_HUGE, -1, 0); /* a hint is rounded, the length too */
	CHECK(q != MAP_FAILED && (uintptr_t)q % huge == 0);
	EQ(munmap(q, huge), 0);
	CHECK(mmap(p + PAGE, huge, RW, ANON_HUGE | MAP_FIXED, -1, 0) == MAP_FAILED &&
	      errno == EINVAL);
	CHECK(map(1, ANON_HUGE | 16 << MAP_HUGE_SHIFT) == MAP_FAILED && errno == EINVAL);
	q = map(1, ANON_HUGE | (__builtin_ctzl(huge) << MAP_HUGE_SHIFT));
	CHECK(q != MAP_FAILED);
	EQ(munmap(q, huge), 0);
	pool(3, 3, 0, 0);
	set_vm("nr_hugepages", 0);
}

static int child_writes(void *arg)
{
	char *p = arg;

	if (p[9] != 1)
		return 1;
	p[9] = 2;
	return p[9] == 2 ? 0 : 2;
}

static void fork_and_shared(void)
{
	char *p, *s;

	set_vm("nr_hugepages", 4);
	p = map(1, ANON_HUGE);
	s = map(1, MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB);
	NEED(p != MAP_FAILED && s != MAP_FAILED);
	p[9] = 1;
	s[9] = 1;
	pool(4, 2, 0, 0);
	EQ(tap_child(child_writes, p), 0);
	EQ(p[9], 1);
	EQ(tap_child(child_writes, s), 0);
	EQ(s[9], 2);
	pool(4, 2, 0, 0);
	EQ(smaps(s, "Private_Hugetlb:"), (long)(huge >> 10));
	munmap(p, huge);
	munmap(s, huge);
	pool(4, 4, 0, 0);
	set_vm("nr_hugepages", 0);
}

static int touch_first(void *arg)
{
	*(volatile char *)arg = 1;
	return 0;
}

static void without_promise(void)
{
	char *p;

	set_vm("nr_hugepages", 1);
	p = map(2, ANON_HUGE | MAP_NORESERVE);
	NEED(p != MAP_FAILED);
	pool(1, 1, 0, 0);
	p[0] = 1;
	EQ(tap_child(touch_first, p + huge), KILLED(SIGBUS));
	set_vm("nr_overcommit_hugepages", 1);
	EQ(tap_child(touch_first, p + huge), 0);
	pool(1, 0, 0, 0);
	p[huge] = 1;
	pool(2, 0, 0, 1);
	set_vm("nr_overcommit_hugepages", 0);
	set_vm("nr_hugepages", 0); /* what is in use stays, as surplus */
	pool(2, 0, 0, 2);
	munmap(p, 2 * huge);
	pool(0, 0, 0, 0);
}

/* The owner was promised its page: it keeps it, the child loses it. */
static void owner_wins(void)
{
	int go[2], back[2];
	char *p, c;
	pid_t pid;

	set_vm("nr_hugepages", 1);
	p = map(1, ANON_HUGE);
	NEED(p != MAP_FAILED && pipe(go) == 0 && pipe(back) == 0);
	p[0] = 1;
	pid = fork();
	if (pid == 0) {
		c = p[0];
		if (write(back[1], &c, 1) != 1 || read(go[0], &c, 1) != 1)
			_exit(1);
		_exit(*(volatile char *)p);
	}
	EQ(read(back[0], &c, 1), 1);
	p[0] = 2;
	EQ(p[0], 2);
	EQ(write(go[1], "x", 1), 1);
	EQ(tap_wait(pid) & ~0x80, KILLED(SIGBUS));
	munmap(p, huge);
	pool(1, 1, 0, 0);
	set_vm("nr_hugepages", 0);
}

static void system_calls_use_it(void)
{
	char *p;
	int fd = open("/tmp/huge_tlb.data", O_RDWR | O_CREAT | O_TRUNC, 0600);

	set_vm("nr_hugepages", 2);
	p = map(2, ANON_HUGE);
	NEED(p != MAP_FAILED && fd >= 0);
	memset(p, 5, huge);
	EQ(write(fd, p, huge), huge);
	EQ(pread(fd, p + huge, huge, 0), huge);
	EQ(memcmp(p, p + huge, huge), 0);
	close(fd);
	unlink("/tmp/huge_tlb.data");
	munmap(p, 2 * huge);
	pool(2, 2, 0, 0);
	set_vm("nr_hugepages", 0);
}

/* The boot with these words: tools/guest-tests.py. */
static void boot_words(void)
{
	char text[1024];

	CHECK(tap_read("/proc/cmdline", text, sizeof(text)) > 0);
	if (!strstr(text, "hugepagesz=1G hugepages=9 "))
		SKIP("not on this command line");
	pool(3, 3, 0, 0);
	CHECK(tap_read("/sys/kernel/mm/transparent_hugepage/enabled", text, sizeof(text)) > 0);
	STREQ(text, "always madvise [never]\n");
	set_vm("nr_hugepages", 0);
	pool(0, 0, 0, 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(pool_and_files),  T(private_memory),
						 T(fork_and_shared), T(without_promise),
						 T(owner_wins),	     T(system_calls_use_it),
						 T(boot_words),	     TEND };

	huge_init();
	return tap_main(argc, argv, tests);
}
