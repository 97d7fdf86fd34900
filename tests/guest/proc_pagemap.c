/*
 * /proc/PID/pagemap, /proc/kpagecount, /proc/kpageflags: the bits of pages whose history the program knows, in Linux's layout.
 */
#define _FILE_OFFSET_BITS 64
#include "tap.h"

#include "pagemap.h"

#include <sys/prctl.h>

#define PM_KNOWN (PM_EXCLUSIVE | PM_UFFD_WP | PM_FILE | PM_SWAP | PM_PRESENT)

static uint64_t kcount(const void *p)
{
	return word_at("/proc/kpagecount", pfn_of(p));
}

static char *map(size_t pages, int prot, int flags)
{
	return mmap(NULL, pages * PAGE, prot, flags | MAP_ANONYMOUS, -1, 0);
}

static void anonymous_pages(void)
{
	char *p = map(8, PROT_READ | PROT_WRITE, MAP_PRIVATE);
	uint64_t want = BIT(KPF_UPTODATE) | BIT(KPF_MMAP) | BIT(KPF_ANON) | BIT(KPF_SWAPBACKED);

	EQ(pagemap(p) & (PM_KNOWN | PM_PFN), 0);
	p[0] = 1;
	EQ(pagemap(p) & PM_KNOWN, PM_PRESENT | PM_EXCLUSIVE);
	EQ(kcount(p), 1);
	EQ(kflags(p) & (want | BIT(KPF_SLAB) | BIT(KPF_BUDDY) | BIT(KPF_NOPAGE)), want);
	(void)*(volatile char *)(p + 4 * PAGE); /* the zero page: a frame, but nobody's */
	EQ(pagemap(p + 4 * PAGE) & PM_KNOWN, PM_PRESENT);
	EQ(kflags(p + 4 * PAGE) & (BIT(KPF_ZERO_PAGE) | BIT(KPF_ANON)), BIT(KPF_ZERO_PAGE));
	mprotect(p, PAGE, PROT_NONE); /* the frame stays */
	EQ(pagemap(p) & PM_KNOWN, PM_PRESENT | PM_EXCLUSIVE);
	munmap(p, 8 * PAGE);
	EQ(pagemap(p) & (PM_KNOWN | PM_PFN), 0);
}

static void shared_and_file_pages(void)
{
	char *s = map(2, PROT_READ | PROT_WRITE, MAP_SHARED), *f, *g;
	int fd = open("/tmp/pagemap-file", O_CREAT | O_RDWR | O_TRUNC, 0600);

	s[0] = 1;
	EQ(pagemap(s) & PM_KNOWN, PM_PRESENT | PM_EXCLUSIVE | PM_FILE);
	EQ(kflags(s) & (BIT(KPF_ANON) | BIT(KPF_MMAP) | BIT(KPF_SWAPBACKED)),
	   BIT(KPF_MMAP) | BIT(KPF_SWAPBACKED));
	NEED(fd >= 0 && ftruncate(fd, 2 * PAGE) == 0);
	f = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	g = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	(void)*(volatile char *)f;
	(void)*(volatile char *)g;
	EQ(pfn_of(f), pfn_of(g));
	EQ(kcount(f), 2);
	EQ(pagemap(f) & PM_KNOWN, PM_PRESENT | PM_FILE); /* mapped twice: not exclusive */
	*f = 1;						 /* a copy of its own */
	CHECK(pfn_of(f) != pfn_of(g));
	EQ(pagemap(f) & PM_KNOWN, PM_PRESENT | PM_EXCLUSIVE);
	EQ(pagemap(g) & PM_KNOWN, PM_PRESENT | PM_EXCLUSIVE | PM_FILE);
	unlink("/tmp/pagemap-file");
	close(fd);
}

static void fork_shares_until_a_write(void)
{
	char *p = map(2, PROT_READ | PROT_WRITE, MAP_PRIVATE), c;
	uint64_t frame;
	int hold[2];
	pid_t pid;

	p[0] = 1;
	frame = pfn_of(p);
	NEED(pipe(hold) == 0);
	pid = fork();
	if (pid == 0) {
		close(hold[1]);
		_exit(read(hold[0], &c, 1) != 0);
	}
	EQ(pagemap(p) & PM_KNOWN, PM_PRESENT);
	EQ(word_at("/proc/kpagecount", frame), 2);
	p[0] = 2;
	CHECK(pfn_of(p) != frame);
	EQ(pagemap(p) & PM_KNOWN, PM_PRESENT | PM_EXCLUSIVE);
	EQ(word_at("/proc/kpagecount", frame), 1); /* the child's alone now */
	close(hold[1]);
	EQ(tap_wait(pid), 0);
}

static void every_frame_is_something(void)
{
	uint64_t flags[512], count[512], seen = 0, nopage = 0, buddy = 0, slab = 0, table = 0;
	int f = open("/proc/kpageflags", O_RDONLY), c = open("/proc/kpagecount", O_RDONLY);
	ssize_t n;

	while ((n = read(f, flags, sizeof(flags))) > 0) {
		EQ(read(c, count, sizeof(count)), n);
		for (ssize_t i = 0; i < n / 8; i++) {
			seen++;
			nopage += flags[i] >> KPF_NOPAGE & 1;
			buddy += flags[i] >> KPF_BUDDY & 1;
			slab += flags[i] >> KPF_SLAB & 1;
			table += flags[i] >> KPF_PGTABLE & 1;
			/* what is mapped is counted, what is free or a table is not */
			if (!!(flags[i] & BIT(KPF_MMAP)) != (count[i] != 0))
				CHECK(!"MMAP and the count disagree");
			if ((flags[i] & (BIT(KPF_BUDDY) | BIT(KPF_PGTABLE))) && count[i])
				CHECK(!"a free page or a table is mapped");
		}
	}
	EQ(read(c, count, sizeof(count)), 0);
	CHECK(seen > 4096 && nopage < seen);
	CHECK(buddy > seen / 10);
	CHECK(slab > 0 && table > 3);
	close(f);
	close(c);
}

#define BITMAP "/sys/kernel/mm/page_idle/bitmap"

static void set_idle(uint64_t pfn)
{
	uint64_t word = BIT(pfn % 64);
	int fd = open(BITMAP, O_WRONLY);

	EQ(pwrite(fd, &word, 8, (off_t)(pfn / 64 * 8)), 8);
	close(fd);
}

static int is_idle(uint64_t pfn)
{
	return word_at(BITMAP, pfn / 64) >> pfn % 64 & 1;
}

static int nothing(void *arg)
{
	return 0;
}

static void idle_until_it_is_touched(void)
{
	char *p = map(2, PROT_READ | PROT_WRITE, MAP_PRIVATE),
	     *s = map(2, PROT_READ | PROT_WRITE, MAP_SHARED);
	uint64_t a, b, word = ~0ULL;
	int fd;

	p[PAGE] = 1;
	p[0] = 1;
	s[0] = 1;
	a = pfn_of(p);
	b = pfn_of(s);
	EQ(is_idle(a), 0);
	set_idle(a);
	set_idle(b);
	EQ(is_idle(a), 1);
	EQ(is_idle(b), 1);
	EQ(word_at("/proc/kpageflags", a) >> 25 & 1, 1);
	tap_child(nothing,
		  NULL); /* other tables were in use since: no CPU remembers the old entry */
	p[0] = 2;
	EQ(is_idle(a), 0);
	EQ(is_idle(b), 1);
	EQ(word_at("/proc/kpageflags", a) >> 25 & 1, 0);
	munmap(s, 2 * PAGE);
	fd = open(BITMAP, O_RDWR);
	FAILS(pread(fd, &word, 8, 4), EINVAL);
	FAILS(pwrite(fd, &word, 4, 0), EINVAL);
	FAILS(pwrite(fd, &word, 8, (off_t)1 << 40), ENXIO);
	EQ(pread(fd, &word, 8, (off_t)1 << 40), 0);
	close(fd);
}

static void what_is_refused(void)
{
	uint64_t v[2];
	int fd = open("/proc/self/pagemap", O_RDONLY);

	FAILS(pread(fd, v, 8, 4), EINVAL);
	FAILS(pread(fd, v, 12, 0), EINVAL);
	EQ(pread(fd, v, 16, 0), 16);
	EQ(v[0] | v[1], 0); /* page 0 and 1 */
	/* the kernel's half is not in it */
	EQ(pread(fd, v, 8, IS64 ? (off_t)1 << 56 : (off_t)0xc0000000 / PAGE * 8), 0);
	close(fd);
	fd = open("/proc/kpageflags", O_RDONLY);
	FAILS(pread(fd, v, 8, 4), EINVAL);
	FAILS(pread(fd, v, 4, 0), EINVAL);
	EQ(pread(fd, v, 8, (off_t)1 << 50), 0);
	close(fd);
}

static int as_nobody(void *arg)
{
	uint64_t v;

	if (setgid(65534) || setuid(65534))
		return 1;
	if (open("/proc/kpageflags", O_RDONLY) >= 0 || errno != EACCES)
		return 2;
	if (prctl(PR_SET_DUMPABLE, 1L)) /* setuid took the right to look at oneself away */
		return 3;
	v = pagemap(arg);
	if ((v & (PM_PRESENT | PM_PFN)) != PM_PRESENT) /* there, but not where */
		return 4;
	return tap_failures != 0;
}

static void frame_numbers_are_roots(void)
{
	char *p = map(1, PROT_READ | PROT_WRITE, MAP_PRIVATE);

	*p = 1;
	CHECK(pfn_of(p) != 0);
	EQ(tap_child(as_nobody, p), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(anonymous_pages),	      T(shared_and_file_pages),
		T(fork_shares_until_a_write), T(every_frame_is_something),
		T(idle_until_it_is_touched),  T(what_is_refused),
		T(frame_numbers_are_roots),   TEND
	};

	return tap_main(argc, argv, tests);
}
