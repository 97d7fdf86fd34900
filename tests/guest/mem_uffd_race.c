/*
 * userfaultfd(2) between processes, at once: a monitor in another process copies into memory while that is dropped, unmapped,
 * moved, forked and given up. What is read is right each time, no copy is done twice, and all pages are counted at the end.
 */
#include "mem.h"
#include "uffd.h"

#include <poll.h>
#include <sched.h>

enum { PAGES = 32, MONITORS = 2 };

/* What all processes of a test see. */
struct shared {
	volatile int stop;
	volatile uintptr_t base; /* where the area is */
	volatile int copied[MONITORS], there[MONITORS], refused[MONITORS], ready[MONITORS];
	volatile int forks, gone;
	volatile int bad; /* an errno that may not be */
};

static struct shared *all;
static char *area, *source; /* page @i of the source begins with stamp(i) */

static int stamp(size_t i)
{
	return (int)(i * 7 % 120) + 1;
}

/* Every page of data and stack that this process will ever write is there from now on. */
static void touch_all(void)
{
	volatile char deep[65536];

	for (size_t i = 0; i < sizeof(deep); i += 1024)
		deep[i] = 1;
	mlockall(MCL_CURRENT);
	munlockall();
}

static int setup(uint64_t features)
{
	all = mmap(NULL, sizeof(*all), RW, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	source = anon(PAGES, RW);
	touch_all();
	area = mmap(NULL, 4 * PAGES * PAGE, PROT_NONE, ANON | MAP_NORESERVE, -1, 0);
	if (all == MAP_FAILED || source == MAP_FAILED || area == MAP_FAILED)
		return -1;
	for (size_t i = 0; i < PAGES; i++)
		memset(source + i * PAGE, stamp(i), PAGE);
	if (mmap(area, PAGES * PAGE, RW, ANON | MAP_FIXED, -1, 0) != area)
		return -1;
	all->base = (uintptr_t)area;
	uffd = open_uffd(O_NONBLOCK, features);
	return uffd < 0 || features & F_FORK ? uffd : reg(area, PAGES, MISSING);
}

/* Page @i is copied. What may come of it depends on what its owner does; nothing else may. */
static int copy_page(int which, size_t i)
{
	char *to = (char *)all->base + i * PAGE;
	int r = copy(to, source + i * PAGE, 1, 0);
	struct range wake = { (uintptr_t)to, PAGE };

	if (r == 1)
		all->copied[which]++;
	else if (r == -EEXIST)
		all->there[which]++;
	else if (r == -ENOENT || r == -EAGAIN)
		all->refused[which]++;
	else if (r != -ESRCH)
		all->bad = r;
	if (r == -EEXIST)
		ioctl(uffd, WAKE, &wake); /* it may have come between a fault and our looking */
	return r;
}

/* One event, if there is one. */
static void serve(int which)
{
	struct msg m;

	if (read(uffd, &m, sizeof(m)) != (ssize_t)sizeof(m))
		return;
	if (m.event == PAGEFAULT)
		copy_page(which, (m.arg[1] - all->base) / PAGE % PAGES);
	if (m.event == REMAP)
		all->base = (uintptr_t)m.arg[1];
}

/* Answers faults, and copies pages that nobody asked for. Return: in the monitor, never. */
static pid_t monitor(int which)
{
	uint64_t state = (uint64_t)which + 5;
	pid_t pid = fork();

	if (pid)
		return pid;
	alarm(50);
	while (!all->stop) {
		serve(which);
		copy_page(which, tap_random(&state) % PAGES);
		sched_yield();
	}
	_exit(0);
}

static void end(pid_t pid)
{
	all->stop = 1;
	EQ(tap_wait(pid), EXITED(0));
	EQ(all->bad, 0);
}

/* All pages, read one by one, are what the monitor gives. */
static void read_all(void)
{
	for (size_t i = 0; i < PAGES; i++) {
		const char *p = (const char *)all->base + i * PAGE;

		if (p[0] != stamp(i) || p[PAGE - 1] != stamp(i)) {
			EQ(p[0], stamp(i));
			EQ(p[PAGE - 1], stamp(i));
			return;
		}
	}
}

/* Every page is there, and counted, once. */
static void all_are_counted(long before)
{
	read_all();
	EQ(resident((void *)all->base, PAGES), PAGES);
	EQ(status_kb("RssAnon:") - before, PAGES * 4);
	EQ(munmap((void *)all->base, PAGES * PAGE), 0);
	EQ(status_kb("RssAnon:") - before, 0);
}

static int rounds(void)
{
	return tap_quick() ? 30 : 100;
}

static void against_dontneed(void)
{
	uint64_t state = 1;
	long before;
	pid_t pid;

	NEED(setup(0) >= 0);
	before = status_kb("RssAnon:");
	pid = monitor(0);
	for (int i = 0; i < rounds(); i++) {
		size_t at = tap_random(&state) % PAGES, n = tap_random(&state) % (PAGES - at) + 1;

		EQ(madvise(area + at * PAGE, n * PAGE, MADV_DONTNEED), 0);
		EQ(area[at * PAGE], stamp(at));
		EQ(area[(at + n - 1) * PAGE], stamp(at + n - 1));
	}
	read_all();
	end(pid);
	all_are_counted(before);
	close(uffd);
}

static void against_munmap(void)
{
	uint64_t state = 2;
	long before;
	pid_t pid;

	NEED(setup(0) >= 0);
	before = status_kb("RssAnon:");
	pid = monitor(0);
	for (int i = 0; i < rounds(); i++) {
		size_t at = tap_random(&state) % PAGES, n = tap_random(&state) % (PAGES - at) + 1;
		char *p = area + at * PAGE;

		EQ(munmap(p, n * PAGE), 0);
		NEED(mmap(p, n * PAGE, RW, ANON | MAP_FIXED, -1, 0) == p);
		NEED(reg(p, n, MISSING) > 0);
		EQ(p[0], stamp(at));
		EQ(p[(n - 1) * PAGE], stamp(at + n - 1));
	}
	read_all();
	end(pid);
	all_are_counted(before);
	close(uffd);
}

/* The range moves to and fro; the monitor hears of it, and copies go where it was and where it is. */
static void against_mremap(void)
{
	char *here, *there;
	long before;
	pid_t pid;

	NEED(setup(F_REMAP) >= 0);
	before = status_kb("RssAnon:");
	pid = monitor(0);
	here = area;
	there = area + 2 * PAGES * PAGE;
	for (int i = 0; i < rounds(); i++) {
		char *was = here;

		NEED(mremap(here, PAGES * PAGE, PAGES * PAGE, MREMAP_MAYMOVE | MREMAP_FIXED,
			    there) == there);
		here = there;
		there = was;
		while (all->base != (uintptr_t)here)
			sched_yield();
		EQ(here[(size_t)i % PAGES * PAGE], stamp((size_t)i % PAGES));
		EQ(madvise(here + (size_t)i * 3 % PAGES * PAGE, PAGE, MADV_DONTNEED), 0);
	}
	read_all();
	end(pid);
	all_are_counted(before);
	close(uffd);
}

/* ---- fork ---- */

/* The child's memory is filled through a descriptor of its own, until it is gone. */
static void serve_child(int fd)
{
	int parents = uffd, r = 0;

	uffd = fd;
	for (size_t i = 0; r != -ESRCH; i++) {
		serve(1);
		r = copy_page(1, i % PAGES);
		sched_yield();
	}
	all->gone++;
	close(fd);
	uffd = parents;
}

static pid_t monitor_of_forks(void)
{
	pid_t pid = fork();
	uint64_t state = 9;
	struct msg m;

	if (pid)
		return pid;
	alarm(50);
	while (!all->stop) {
		if (read(uffd, &m, sizeof(m)) == (ssize_t)sizeof(m)) {
			if (m.event == PAGEFAULT)
				copy_page(0, (m.arg[1] - all->base) / PAGE % PAGES);
			if (m.event == FORK) {
				all->forks++;
				serve_child((int)m.arg[0]);
			}
		}
		copy_page(0, tap_random(&state) % PAGES);
		sched_yield();
	}
	_exit(0);
}

/* @i: how much of the memory the child reads before it ends. */
static int child_reads(int i)
{
	for (size_t at = 0; at < (size_t)i % (PAGES + 1); at++)
		if (area[at * PAGE] != stamp(at))
			return 1;
	return 0;
}

static void against_fork_and_exit(void)
{
	int n = tap_quick() ? 6 : 16;
	uint64_t state = 3;
	pid_t pid, child;
	long before;

	NEED(setup(F_FORK) >= 0);
	before = status_kb("RssAnon:");
	pid = monitor_of_forks(); /* nothing is watched yet: no event */
	NEED(reg(area, PAGES, MISSING) > 0);
	for (int i = 0; i < n; i++) {
		EQ(madvise(area + tap_random(&state) % PAGES * PAGE, PAGE, MADV_DONTNEED), 0);
		child = fork(); /* waits until the monitor has read of it */
		if (child == 0)
			_exit(child_reads(i));
		EQ(tap_wait(child), EXITED(0));
	}
	read_all();
	end(pid);
	EQ(all->forks, n);
	EQ(all->gone, n);
	all_are_counted(before);
	close(uffd);
}

/* ---- the same page from two sides ---- */

/* Copies each page once, beginning elsewhere than the other. */
static pid_t copier(int which)
{
	pid_t pid = fork();

	if (pid)
		return pid;
	alarm(50);
	while (!all->stop)
		sched_yield();
	for (size_t i = 0; i < PAGES; i++)
		while (copy_page(which, (i + (size_t)which * 5) % PAGES) == -EAGAIN)
			;
	_exit(0);
}

static void two_monitors(void)
{
	for (int i = 0; i < rounds() / 5; i++) {
		pid_t pids[MONITORS];
		long before;

		NEED(setup(0) >= 0);
		before = status_kb("RssAnon:");
		for (int which = 0; which < MONITORS; which++)
			pids[which] = copier(which);
		all->stop = 1;
		for (int which = 0; which < MONITORS; which++)
			EQ(tap_wait(pids[which]), EXITED(0));
		EQ(all->bad, 0);
		EQ(all->copied[0] + all->copied[1], PAGES);
		EQ(all->there[0] + all->there[1], PAGES);
		all_are_counted(before);
		close(uffd);
		munmap(area, 4 * PAGES * PAGE);
		munmap(source, PAGES * PAGE);
	}
}

/* Two processes map one object, each with a monitor of its own: a page comes into the object once. */
static int filler(int which, int fd)
{
	char *p = mmap(NULL, PAGES * PAGE, RW, MAP_SHARED, fd, 0);

	uffd = open_uffd(O_NONBLOCK, 0);
	if (p == MAP_FAILED || uffd < 0 || reg(p, PAGES, MISSING) < 0)
		return 1;
	all->ready[which] = 1;
	while (!all->ready[!which])
		sched_yield();
	for (size_t i = 0; i < PAGES; i++) {
		int r = copy(p + i * PAGE, source + i * PAGE, 1, 0);

		if (r == 1)
			all->copied[which]++;
		else if (r == -EEXIST)
			all->there[which]++;
		else
			all->bad = r;
	}
	for (size_t i = 0; i < PAGES; i++)
		if (p[i * PAGE] != stamp(i) || p[i * PAGE + PAGE - 1] != stamp(i))
			return 2;
	return 0;
}

static void one_object(void)
{
	for (int i = 0; i < rounds() / 5; i++) {
		int fd = (int)syscall(SYS_memfd_create, "x", 0);
		struct stat st;
		pid_t pids[2];

		NEED(setup(0) >= 0 && fd >= 0 && ftruncate(fd, PAGES * (off_t)PAGE) == 0);
		close(uffd);
		for (int which = 0; which < 2; which++) {
			pids[which] = fork();
			if (pids[which] == 0)
				_exit(filler(which, fd));
		}
		EQ(tap_wait(pids[0]), EXITED(0));
		EQ(tap_wait(pids[1]), EXITED(0));
		EQ(all->bad, 0);
		EQ(all->copied[0] + all->copied[1], PAGES);
		EQ(all->there[0] + all->there[1], PAGES);
		EQ(fstat(fd, &st), 0);
		EQ(st.st_blocks, PAGES * 8);
		close(fd);
		munmap(area, 4 * PAGES * PAGE);
		munmap(source, PAGES * PAGE);
	}
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(against_dontneed),
						 T(against_munmap),
						 T(against_mremap),
						 T(against_fork_and_exit),
						 T(two_monitors),
						 T(one_object),
						 TEND };

	return tap_main(argc, argv, tests);
}
