/* mmap(2), munmap(2), mprotect(2), brk(2), mremap(2), madvise(2): effects, errors, and what /proc/self/maps says of them. */
#include "mem.h"

struct map_line {
	unsigned long start, end, offset;
	char perms[5], name[128];
};

/* Lines of /proc/self/maps that touch [start, end). Return: how many; at most @max are stored. */
static int maps_of(unsigned long start, unsigned long end, struct map_line *out, int max)
{
	static char text[65536];
	int n = 0;

	if (tap_read("/proc/self/maps", text, sizeof(text)) < 0)
		return -1;
	for (char *l = strtok(text, "\n"); l; l = strtok(NULL, "\n")) {
		struct map_line m = { 0 };
		int at = 0;

		if (sscanf(l, "%lx-%lx %4s %lx %*x:%*x %*u%n", &m.start, &m.end, m.perms, &m.offset,
			   &at) < 4)
			return -1;
		if (sscanf(l + at, " %127s", m.name) < 1)
			m.name[0] = '\0';
		if (m.end <= start || m.start >= end)
			continue;
		if (n < max)
			out[n] = m;
		n++;
	}
	return n;
}

/* Does a read of one byte at @p kill with SIGSEGV? */
static int touch_read(void *p)
{
	return *(volatile char *)p & 0;
}

static int touch_write(void *p)
{
	*(volatile char *)p = 1;
	return 0;
}

static int can_read(void *p)
{
	return tap_child(touch_read, p) == 0;
}

static int can_write(void *p)
{
	return tap_child(touch_write, p) == 0;
}

static void anonymous_memory(void)
{
	char *p = anon(16, RW);

	NEED(p != MAP_FAILED);
	EQ((uintptr_t)p % PAGE, 0);
	for (size_t i = 0; i < 16 * PAGE; i++)
		if (p[i]) {
			CHECK(!"memory is zero");
			break;
		}
	memset(p, 0x5a, 16 * PAGE);
	EQ(p[16 * PAGE - 1], 0x5a);
	EQ(munmap(p, 16 * PAGE), 0);
	CHECK(!can_read(p));
	p = anon(4, RW);
	NEED(p != MAP_FAILED);
	EQ(p[0] | p[PAGE] | p[2 * PAGE] | p[3 * PAGE], 0);
	EQ(munmap(p, 4 * PAGE), 0);
}

static void mmap_errors(void)
{
	int fd = open("f", O_CREAT | O_RDWR, 0600), ro = open("f", O_RDONLY),
	    wo = open("f", O_WRONLY), p[2];
	int an = MAP_PRIVATE | MAP_ANONYMOUS;

	NEED(fd >= 0 && ro >= 0 && wo >= 0);
	EQ(pipe(p), 0);
	FAILS(mmap(NULL, 0, RW, an, -1, 0), EINVAL);
	FAILS(mmap(NULL, PAGE, RW, MAP_ANONYMOUS, -1, 0), EINVAL);
	FAILS(mmap(NULL, PAGE, RW, MAP_PRIVATE, -1, 0), EBADF);
	FAILS(mmap(NULL, PAGE, RW, MAP_PRIVATE, 99, 0), EBADF);
	FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, wo, 0), EACCES);
	FAILS(mmap(NULL, PAGE, RW, MAP_SHARED, ro, 0), EACCES);
	FAILS(mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, p[0], 0), ENODEV);
	FAILS(mmap((void *)1, PAGE, RW, an | MAP_FIXED, -1, 0), EINVAL);
	FAILS(mmap(NULL, (size_t)-1, RW, an, -1, 0), ENOMEM);
	FAILS(mmap((void *)(~(uintptr_t)0 - PAGE + 1), PAGE, RW, an | MAP_FIXED, -1, 0), ENOMEM);
	if (!tap_compat())
		FAILS(mmap((void *)(IS64 ? (uintptr_t)1 << 63 : 0xf0000000u), PAGE, RW,
			   an | MAP_FIXED, -1, 0),
		      ENOMEM);
	if (IS64)
		FAILS(syscall(SYS_mmap, NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 123), EINVAL);
	/* A private mapping of a read-only descriptor may be writable. */
	CHECK(mmap(NULL, PAGE, RW, MAP_PRIVATE, ro, 0) != MAP_FAILED);
	/* Root may map page 0, others not: here only that a hint of 0 is no request for it. */
	CHECK(mmap(NULL, PAGE, RW, an, -1, 0) != NULL);
	unlink("f");
}

static void fixed(void)
{
	char *p = anon(8, RW), *q;

	NEED(p != MAP_FAILED);
	memset(p, 1, 8 * PAGE);
	q = mmap(p + 2 * PAGE, 2 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	CHECK(q == p + 2 * PAGE);
	EQ(p[2 * PAGE - 1], 1);
	EQ(p[2 * PAGE], 0);
	EQ(p[4 * PAGE - 1], 0);
	EQ(p[4 * PAGE], 1);
	FAILS(mmap(p + PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0),
	      EEXIST);
	EQ(p[PAGE], 1);
	EQ(munmap(p + 4 * PAGE, 4 * PAGE), 0);
	q = mmap(p + 4 * PAGE, 4 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1,
		 0);
	CHECK(q == p + 4 * PAGE);
	/* A hint that is free is taken, one that is not gives another place. */
	EQ(munmap(q, 4 * PAGE), 0);
	CHECK(mmap(q, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0) == q);
	q = mmap(p, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	CHECK(q != MAP_FAILED && q != p);
}

static void unmap_pieces(void)
{
	char *p = anon(10, RW);

	NEED(p != MAP_FAILED);
	memset(p, 7, 10 * PAGE);
	EQ(munmap(p + 3 * PAGE, 2 * PAGE), 0);
	CHECK(can_read(p + 3 * PAGE - 1));
	CHECK(!can_read(p + 3 * PAGE));
	CHECK(!can_read(p + 5 * PAGE - 1));
	CHECK(can_read(p + 5 * PAGE));
	EQ(p[5 * PAGE], 7);
	EQ(munmap(p + 3 * PAGE, 2 * PAGE), 0); /* nothing there is no error */
	FAILS(munmap(p + 1, PAGE), EINVAL);
	FAILS(munmap(p, 0), EINVAL);
	FAILS(munmap((void *)(~(uintptr_t)0 - PAGE + 1), 2 * PAGE), EINVAL);
	EQ(munmap(p, 100), 0); /* length is rounded up */
	CHECK(!can_read(p));
	CHECK(can_read(p + PAGE));
	EQ(munmap(p, 10 * PAGE), 0); /* over holes */
	CHECK(!can_read(p + 9 * PAGE));
}

static void protection(void)
{
	char *p = anon(6, RW);

	NEED(p != MAP_FAILED);
	memset(p, 9, 6 * PAGE);
	EQ(mprotect(p + PAGE, 2 * PAGE, PROT_READ), 0);
	CHECK(can_write(p));
	CHECK(!can_write(p + PAGE));
	CHECK(!can_write(p + 3 * PAGE - 1));
	CHECK(can_write(p + 3 * PAGE));
	EQ(p[PAGE], 9);
	EQ(mprotect(p + 2 * PAGE, PAGE, PROT_NONE), 0);
	CHECK(!can_read(p + 2 * PAGE));
	EQ(mprotect(p, 6 * PAGE, RW), 0);
	CHECK(can_write(p + 2 * PAGE));
	EQ(p[2 * PAGE], 9);
	FAILS(syscall(SYS_mprotect, p + 1, PAGE, RW), EINVAL);
	EQ(mprotect(p, 0, PROT_NONE), 0);
	CHECK(can_read(p));
	EQ(munmap(p + 2 * PAGE, PAGE), 0);
	FAILS(mprotect(p, 6 * PAGE, PROT_READ), ENOMEM);
	CHECK(can_write(p + 3 * PAGE)); /* what lies behind the hole keeps its rights */
	FAILS(mprotect(p, PAGE, 0x1000), EINVAL);
	FAILS(mprotect(p + 2 * PAGE, PAGE, PROT_READ), ENOMEM);
}

static void protect_shared_read_only(void)
{
	int fd;
	char *p;

	NEED(tap_write("f", "abc", 3, 0600) == 0);
	fd = open("f", O_RDONLY);
	p = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	FAILS(mprotect(p, PAGE, RW), EACCES);
	EQ(p[1], 'b');
	CHECK(!can_write(p));
	unlink("f");
}

static void maps_split_and_merge(void)
{
	struct map_line m[8];
	char *base = anon(12, PROT_NONE), *p;
	unsigned long a;

	NEED(base != MAP_FAILED);
	/* A hole on each side keeps neighbours from merging. */
	EQ(munmap(base, PAGE), 0);
	EQ(munmap(base + 11 * PAGE, PAGE), 0);
	p = mmap(base + PAGE, 10 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	NEED(p == base + PAGE);
	a = (unsigned long)p;
	EQ(maps_of(a, a + 10 * PAGE, m, 8), 1);
	EQ(m[0].start, a);
	EQ(m[0].end, a + 10 * PAGE);
	STREQ(m[0].perms, "rw-p");
	EQ(m[0].offset, 0);
	STREQ(m[0].name, "");
	EQ(mprotect(p + 3 * PAGE, 2 * PAGE, PROT_READ), 0);
	EQ(maps_of(a, a + 10 * PAGE, m, 8), 3);
	EQ(m[0].end, a + 3 * PAGE);
	EQ(m[1].end, a + 5 * PAGE);
	STREQ(m[1].perms, "r--p");
	STREQ(m[2].perms, "rw-p");
	EQ(mprotect(p + 3 * PAGE, 2 * PAGE, RW), 0);
	EQ(maps_of(a, a + 10 * PAGE, m, 8), 1);
	EQ(munmap(p + 4 * PAGE, PAGE), 0);
	EQ(maps_of(a, a + 10 * PAGE, m, 8), 2);
	p = mmap(p + 4 * PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
	NEED(p != MAP_FAILED);
	EQ(maps_of(a, a + 10 * PAGE, m, 8), 1);
	EQ(mmap(p, PAGE, RW, MAP_SHARED | MAP_ANONYMOUS | MAP_FIXED, -1, 0) == p, 1);
	EQ(maps_of(a, a + 10 * PAGE, m, 8), 3);
	STREQ(m[1].perms, "rw-s");
	STREQ(m[1].name, "/dev/zero");
}

/* What two opens map are two mappings, though file and offsets go on. */
static void maps_of_two_opens(void)
{
	char *base = anon(8, PROT_NONE);
	struct map_line m[8];
	unsigned long a = (unsigned long)base + PAGE;
	int fd[2];

	NEED(base != MAP_FAILED && tap_write("two", "x", 1, 0600) == 0);
	for (int i = 0; i < 2; i++)
		NEED((fd[i] = open("two", O_RDWR)) >= 0);
	for (int i = 0; i < 3; i++)
		NEED(mmap(base + (1 + i) * PAGE, PAGE, RW, MAP_PRIVATE | MAP_FIXED, fd[i / 2],
			  i * (off_t)PAGE) != MAP_FAILED);
	EQ(maps_of(a, a + 3 * PAGE, m, 8), 2);
	EQ(m[0].end, a + 2 * PAGE);
	NEED(mmap(base + 3 * PAGE, PAGE, RW, MAP_PRIVATE | MAP_FIXED, dup(fd[0]),
		  2 * (off_t)PAGE) != MAP_FAILED);
	EQ(maps_of(a, a + 3 * PAGE, m, 8), 1);
	EQ(unlink("two"), 0);
}

static void maps_of_files(void)
{
	struct map_line m[8];
	static char data[6 * 4096];
	char cwd[100], want[128], *p;
	unsigned long a;
	int fd;

	NEED(tap_write("mapped", data, sizeof(data), 0600) == 0);
	NEED(getcwd(cwd, sizeof(cwd)) != NULL);
	snprintf(want, sizeof(want), "%s/mapped", cwd);
	fd = open("mapped", O_RDWR);
	p = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE, fd, PAGE);
	NEED(p != MAP_FAILED);
	a = (unsigned long)p;
	EQ(maps_of(a, a + 4 * PAGE, m, 8), 1);
	EQ(m[0].offset, PAGE);
	STREQ(m[0].name, want);
	EQ(mprotect(p + 2 * PAGE, PAGE, PROT_NONE), 0);
	EQ(maps_of(a, a + 4 * PAGE, m, 8), 3);
	EQ(m[1].offset, 3 * PAGE);
	EQ(m[2].offset, 4 * PAGE);
	EQ(mprotect(p + 2 * PAGE, PAGE, PROT_READ), 0);
	EQ(maps_of(a, a + 4 * PAGE, m, 8), 1);
	close(fd);
	unlink("mapped");
	EQ(maps_of(a, a + 4 * PAGE, m, 8), 1);
	STREQ(m[0].name, want);
}

static void break_moves(void)
{
	char *start = (char *)syscall(SYS_brk, 0), *p;
	struct map_line m[8];

	NEED(start != NULL);
	p = (char *)syscall(SYS_brk, start + 5 * PAGE);
	CHECK(p == start + 5 * PAGE);
	memset(start, 3, 5 * PAGE);
	CHECK(maps_of((unsigned long)start, (unsigned long)p, m, 8) >= 1);
	STREQ(m[0].name, "[heap]");
	p = (char *)syscall(SYS_brk, start + 2 * PAGE);
	CHECK(p == start + 2 * PAGE);
	CHECK(can_read(start + PAGE));
	CHECK(!can_read((char *)(((uintptr_t)start + 3 * PAGE) & -PAGE)));
	p = (char *)syscall(SYS_brk, start + 4 * PAGE);
	CHECK(p == start + 4 * PAGE);
	EQ(((char *)(((uintptr_t)start + 3 * PAGE) & -PAGE))[0], 0); /* given back and zero again */
	/* Impossible requests change nothing and return the break. */
	CHECK((char *)syscall(SYS_brk, 1) == start + 4 * PAGE);
	CHECK((char *)syscall(SYS_brk, (uintptr_t)-PAGE) == start + 4 * PAGE);
	CHECK((char *)syscall(SYS_brk, start) == start);
}

static void stack_grows(void)
{
	struct map_line m[4];
	char here;
	volatile char *p = &here;
	unsigned long a = (unsigned long)&here;
	int n = maps_of(a, a + 1, m, 4);
	unsigned long low;

	EQ(n, 1);
	STREQ(m[0].name, "[stack]");
	low = m[0].start;
	/* 200 pages further down: the mapping follows. */
	p = (volatile char *)(low - 200 * PAGE);
	*p = 1;
	EQ(maps_of(a, a + 1, m, 4), 1);
	CHECK(m[0].start <= low - 200 * PAGE);
	EQ(*p, 1);
}

static int far_below_stack(void *unused)
{
	char here;

	/* Beyond the stack limit of 8 MiB. */
	*(volatile char *)((uintptr_t)&here - (9ul << 20)) = 1;
	return 0;
}

static void recurse(volatile char *up)
{
	volatile char block[3000];

	block[0] = up[0];
	block[2999] = 1;
	if (block[2999])
		recurse(block);
	up[0] = block[0];
}

static int overflow_stack(void *unused)
{
	char c = 0;

	recurse(&c);
	return 0;
}

static void stack_limit(void)
{
	EQ(tap_child(far_below_stack, NULL), KILLED(SIGSEGV));
	EQ(tap_child(overflow_stack, NULL), KILLED(SIGSEGV));
}

static void grows_down_mapping(void)
{
	char *p = anon(64, RW), *g;

	NEED(p != MAP_FAILED);
	EQ(munmap(p, 64 * PAGE), 0);
	g = mmap(p + 60 * PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN,
		 -1, 0);
	CHECK(g == p + 60 * PAGE);
	g[0] = 1;
	g[-1] = 2;
	g[-3 * (long)PAGE] = 3;
	EQ(g[-1], 2);
	CHECK(can_write(g - 4 * PAGE));
}

/* A mapping that has grown down to another one stays apart from it: it had private pages of its own before they touched. */
static void grown_mappings_stay_apart(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN;
	char *p = anon(64, RW);
	struct map_line m[2];

	NEED(p != MAP_FAILED);
	EQ(munmap(p, 64 * PAGE), 0);
	NEED(mmap(p + 30 * PAGE, PAGE, RW, flags, -1, 0) == p + 30 * PAGE);
	p[26 * PAGE] = 1;
	NEED(mmap(p + 32 * PAGE, PAGE, RW, flags, -1, 0) == p + 32 * PAGE);
	p[31 * PAGE] = 2;
	EQ(mlock(p + 26 * PAGE, 7 * PAGE), 0);
	EQ(maps_of((uintptr_t)p + 26 * PAGE, (uintptr_t)p + 33 * PAGE, m, 2), 2);
	EQ(m[0].start, (uintptr_t)p + 26 * PAGE);
	EQ(m[1].start, (uintptr_t)p + 31 * PAGE);
	EQ(munmap(p, 64 * PAGE), 0);
}

/* The gap below a stack is kept free of what mmap places, not of a mapping that grows in its place. */
static void grows_up_to_a_stack(void)
{
	const int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_GROWSDOWN;
	char *p = anon(16, RW);

	NEED(p != MAP_FAILED && munmap(p + PAGE, 15 * PAGE) == 0);
	NEED(mmap(p + 8 * PAGE, PAGE, RW, flags, -1, 0) == p + 8 * PAGE);
	FAILS(mremap(p, PAGE, 9 * PAGE, 0), ENOMEM);
	EQ((uintptr_t)mremap(p, PAGE, 8 * PAGE, 0), (uintptr_t)p);
	CHECK(can_write(p + 7 * PAGE));
	EQ(munmap(p, 16 * PAGE), 0);
}

static void zero_page(void)
{
	char *p = anon(256, RW);
	long sum = 0;

	NEED(p != MAP_FAILED);
	for (size_t i = 0; i < 256; i++)
		sum += p[i * PAGE];
	EQ(sum, 0);
	for (size_t i = 0; i < 256; i += 2)
		p[i * PAGE + 5] = (char)i;
	for (size_t i = 0; i < 256; i++)
		EQ(p[i * PAGE + 5], (char)(i % 2 ? 0 : i));
	EQ(munmap(p, 256 * PAGE), 0);
}

static void remap(void)
{
	char *p = anon(8, RW), *q, *target = anon(16, RW);

	NEED(p != MAP_FAILED && target != MAP_FAILED);
	for (int i = 0; i < 8; i++)
		p[i * PAGE] = (char)(i + 1);
	CHECK(mremap(p, 8 * PAGE, 4 * PAGE, 0) == p);
	CHECK(!can_read(p + 4 * PAGE));
	EQ(mmap(p + 4 * PAGE, PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0) ==
		   p + 4 * PAGE,
	   1);
	FAILS(mremap(p, 4 * PAGE, 32 * PAGE, 0), ENOMEM);
	q = mremap(p, 4 * PAGE, 32 * PAGE, MREMAP_MAYMOVE);
	NEED(q != MAP_FAILED);
	CHECK(q != p);
	for (int i = 0; i < 4; i++)
		EQ(q[i * PAGE], i + 1);
	EQ(q[4 * PAGE], 0);
	q[31 * PAGE] = 1;
	CHECK(!can_read(p));
	target[0] = 77;
	p = mremap(q, 4 * PAGE, 4 * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED, target);
	CHECK(p == target);
	EQ(p[0], 1);
	EQ(p[3 * PAGE], 4);
	CHECK(!can_read(q));
	CHECK(can_read(q + 4 * PAGE));
	EQ(q[31 * PAGE], 1);
}

static void remap_errors(void)
{
	char *p = anon(8, RW);

	NEED(p != MAP_FAILED);
	FAILS(mremap(p + 1, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EINVAL);
	FAILS(mremap(p, PAGE, 0, MREMAP_MAYMOVE), EINVAL);
	FAILS(mremap(p, PAGE, 2 * PAGE, 0x1000), EINVAL);
	FAILS(mremap(p, PAGE, PAGE, MREMAP_FIXED, p + 4 * PAGE), EINVAL);
	FAILS(mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, p + PAGE), EINVAL);
	FAILS(mremap(p, 2 * PAGE, 2 * PAGE, MREMAP_FIXED | MREMAP_MAYMOVE, p + 4 * PAGE + 8),
	      EINVAL);
	EQ(munmap(p + 4 * PAGE, 4 * PAGE), 0);
	FAILS(mremap(p + 4 * PAGE, PAGE, 2 * PAGE, MREMAP_MAYMOVE), EFAULT);
	FAILS(mremap(p, 6 * PAGE, 7 * PAGE, MREMAP_MAYMOVE), EFAULT);
	CHECK(mremap(p, PAGE, (size_t)-PAGE, MREMAP_MAYMOVE) == MAP_FAILED);
}

static void advise(void)
{
	char *p = anon(8, RW);

	NEED(p != MAP_FAILED);
	memset(p, 4, 8 * PAGE);
	EQ(madvise(p + PAGE, 2 * PAGE, MADV_DONTNEED), 0);
	EQ(p[0], 4);
	EQ(p[PAGE], 0);
	EQ(p[3 * PAGE - 1], 0);
	EQ(p[3 * PAGE], 4);
	EQ(madvise(p, PAGE, MADV_NORMAL), 0);
	EQ(madvise(p, PAGE, MADV_WILLNEED), 0);
	EQ(madvise(p, 0, MADV_DONTNEED), 0);
	FAILS(madvise(p + 1, PAGE, MADV_DONTNEED), EINVAL);
	FAILS(madvise(p, PAGE, 12345), EINVAL);
	EQ(munmap(p + 4 * PAGE, PAGE), 0);
	FAILS(madvise(p, 8 * PAGE, MADV_DONTNEED), ENOMEM);
	EQ(p[7 * PAGE], 0); /* the parts that exist were advised */
	FAILS(madvise(p + 4 * PAGE, PAGE, MADV_DONTNEED), ENOMEM);
}

static void dont_fork(void)
{
	char *p = anon(2, RW);

	NEED(p != MAP_FAILED);
	p[0] = 1;
	EQ(madvise(p, PAGE, MADV_DONTFORK), 0);
	EQ(tap_child(touch_read, p), KILLED(SIGSEGV));
	EQ(p[0], 1);
	EQ(madvise(p, PAGE, MADV_DOFORK), 0);
	EQ(tap_child(touch_read, p), 0);
}

static void shared_anonymous(void)
{
	char *p = mmap(NULL, 4 * PAGE, RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	NEED(p != MAP_FAILED);
	EQ(p[0], 0);
	EQ(tap_child(touch_write, p + PAGE), 0);
	EQ(p[PAGE], 1);
	EQ(tap_child(touch_write, p + 3 * PAGE), 0);
	EQ(p[3 * PAGE], 1);
	EQ(p[2 * PAGE], 0);
	EQ(madvise(p, 4 * PAGE, MADV_DONTNEED), 0);
	EQ(p[PAGE], 1); /* shared: the object keeps it */
}

static void populate_and_big(void)
{
	char *p = mmap(NULL, 64 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	char *big;

	NEED(p != MAP_FAILED);
	EQ(p[63 * PAGE], 0);
	/* Address space is not memory: 1 GiB reserved, two pages used. */
	big = mmap(NULL, 1u << 30, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	NEED(big != MAP_FAILED);
	big[0] = 1;
	big[(1u << 30) - 1] = 2;
	EQ(big[1u << 29], 0);
	EQ(munmap(big, 1u << 30), 0);
}

static void many_mappings(void)
{
	enum { N = 1500 };
	static char *p[N];
	char *base = anon(2 * N, PROT_NONE);

	NEED(base != MAP_FAILED);
	for (int i = 0; i < N; i++) {
		p[i] = mmap(base + 2 * i * PAGE, PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
			    -1, 0);
		NEED(p[i] == base + 2 * i * PAGE);
		*(int *)p[i] = i;
	}
	for (int i = 0; i < N; i++)
		if (!EQ(*(int *)p[i], i))
			break;
	for (int i = 0; i < N; i += 2)
		EQ(munmap(p[i], PAGE), 0);
	for (int i = 1; i < N; i += 2)
		if (!EQ(*(int *)p[i], i))
			break;
	EQ(munmap(base, 2 * N * PAGE), 0);
	CHECK(!can_read(p[1]));
}

static void exec_protection(void)
{
	static const unsigned char code[] = { 0xb8, 42, 0, 0, 0, 0xc3 }; /* mov $42, %eax; ret */
	char *p = anon(1, RW);
	int (*fn)(void) = (int (*)(void))(uintptr_t)p;

	NEED(p != MAP_FAILED);
	memcpy(p, code, sizeof(code));
	EQ(mprotect(p, PAGE, PROT_READ | PROT_EXEC), 0);
	EQ(fn(), 42);
	CHECK(!can_write(p));
	EQ(mprotect(p, PAGE, RW | PROT_EXEC), 0);
	p[1] = 43;
	EQ(fn(), 43);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(anonymous_memory),
						 T(mmap_errors),
						 T(fixed),
						 T(unmap_pieces),
						 T(protection),
						 T(protect_shared_read_only),
						 T(maps_split_and_merge),
						 T(maps_of_two_opens),
						 T(maps_of_files),
						 T(break_moves),
						 T(stack_grows),
						 T(stack_limit),
						 T(grows_down_mapping),
						 T(grown_mappings_stay_apart),
						 T(grows_up_to_a_stack),
						 T(zero_page),
						 T(remap),
						 T(remap_errors),
						 T(advise),
						 T(dont_fork),
						 T(shared_anonymous),
						 T(populate_and_big),
						 T(many_mappings),
						 T(exec_protection),
						 TEND };

	return tap_main(argc, argv, tests);
}
