/*
 * What the basic operations cost, in guest instructions: run it under `-icount shift=0,sleep=off`, where one
 * instruction advances the clock by one nanosecond, so that CLOCK_MONOTONIC counts them (tools/costs.py does).
 * An ordinary static Linux program. Each row is the mean of many operations, loop and clock calls taken off.
 */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static unsigned long long now(void)
{
	struct timespec ts;

	syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &ts);
	return ts.tv_sec * 1000000000ULL + (unsigned long long)ts.tv_nsec;
}

static unsigned long long clock_cost;

static void row(const char *name, unsigned long long start, unsigned long n)
{
	unsigned long long t = now() - start - clock_cost;

	printf("%-18s %10llu\n", name, t / n);
}

static void null_syscall(void)
{
	unsigned long long t = now();

	for (int i = 0; i < 2000; i++)
		syscall(SYS_getppid);
	row("null_syscall", t, 2000);
}

static void faults(void)
{
	const size_t n = 2048;
	unsigned long long t;
	char *p = mmap(NULL, n * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	volatile char sum = 0;

	t = now();
	for (size_t i = 0; i < n; i++)
		p[i * 4096] = 1;
	row("anon_fault", t, n);
	t = now();
	munmap(p, n * 4096);
	row("munmap_resident", t, n);
	p = mmap(NULL, n * 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	t = now();
	for (size_t i = 0; i < n; i++)
		sum += p[i * 4096];
	row("zero_read_fault", t, n);
	t = now();
	for (size_t i = 0; i < n; i++)
		p[i * 4096] = 1;
	row("zero_upgrade", t, n);
	munmap(p, n * 4096);
	t = now();
	for (int i = 0; i < 500; i++)
		munmap(mmap(NULL, 4096, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0), 4096);
	row("mmap_munmap", t, 500);
	(void)sum;
}

enum { RW = PROT_READ | PROT_WRITE, ANON = MAP_PRIVATE | MAP_ANONYMOUS };

static char *map(size_t pages, int prot)
{
	return mmap(NULL, pages * 4096, prot, ANON, -1, 0);
}

static char *map_touched(size_t pages)
{
	char *p = map(pages, RW);

	for (size_t i = 0; i < pages; i++)
		p[i * 4096] = 1;
	return p;
}

/* One page in each 2 MiB: every touch takes a table, too. */
static void sparse(void)
{
	const size_t n = 64, step = 2 << 20;
	char *p = mmap(NULL, n * step, RW, ANON | MAP_NORESERVE, -1, 0);
	unsigned long long t = now();

	for (size_t i = 0; i < n; i++)
		p[i * step] = 1;
	row("sparse_fault", t, n);
	t = now();
	munmap(p, n * step);
	row("sparse_unmap", t, n);
}

static void mappings(void)
{
	char *p = map_touched(1024), *q;
	unsigned long long t = now();

	for (int i = 0; i < 200; i++) {
		q = map(1, RW);
		*(volatile char *)q = 1;
		munmap(q, 4096);
	}
	row("mmap_touch_munmap", t, 200);
	t = now();
	madvise(p, 1024 * 4096, MADV_DONTNEED);
	row("madv_dontneed", t, 1024);
	t = now();
	for (size_t i = 0; i < 1024; i++)
		p[i * 4096] = 1;
	row("refault", t, 1024);
	q = map(3, PROT_NONE) + 4096; /* alone: nothing to join */
	mprotect(q, 4096, RW);
	*(volatile char *)q = 1;
	t = now();
	for (int i = 0; i < 500; i++)
		mprotect(q, 4096, i & 1 ? RW : PROT_READ);
	row("mprotect_1", t, 500);
	mprotect(q, 4096, RW);
	t = now();
	for (int i = 0; i < 500; i++)
		mprotect(p + 512 * 4096, 4096, i & 1 ? RW : PROT_READ);
	row("mprotect_split", t, 500);
	mprotect(p, 1024 * 4096, RW);
	t = now();
	for (int i = 0; i < 20; i++)
		mprotect(p, 1024 * 4096, i & 1 ? RW : PROT_READ);
	row("mprotect_1024", t, 20);
	mprotect(p, 1024 * 4096, RW);
	unsigned char vec[1024];
	t = now();
	for (int i = 0; i < 20; i++)
		mincore(p, 1024 * 4096, vec);
	row("mincore_1024", t, 20);
}

static void moves(void)
{
	char *room = map(4096, PROT_NONE), *p, *to[2] = { room, room + 2048 * 4096 };
	unsigned long long t;

	p = mmap(to[0], 4096, RW, ANON | MAP_FIXED, -1, 0);
	*(volatile char *)p = 1;
	munmap(p + 4096, 64 * 4096);
	t = now();
	for (int i = 0; i < 200; i++) {
		mremap(p, 4096, 2 * 4096, 0);
		mremap(p, 2 * 4096, 4096, 0);
	}
	row("mremap_grow", t, 200);
	t = now();
	for (int i = 1; i <= 200; i++)
		p = mremap(p, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, to[i & 1]);
	row("mremap_move_1", t, 200);
	munmap(room, 4096 * 4096);
	room = map(4096, PROT_NONE);
	to[0] = room + 7 * 4096;
	to[1] = room + 2048 * 4096;
	p = mmap(to[0], 256 * 4096, RW, ANON | MAP_FIXED, -1, 0);
	for (int i = 0; i < 256; i++)
		p[i * 4096] = 1;
	t = now();
	for (int i = 1; i <= 50; i++)
		p = mremap(p, 256 * 4096, 256 * 4096, MREMAP_MAYMOVE | MREMAP_FIXED, to[i & 1]);
	row("mremap_move_256", t, 50);
	munmap(room, 4096 * 4096);
	/* 8 MiB at the same place of their tables. */
	room = map(8192, PROT_NONE);
	to[0] = (char *)(((unsigned long)room + (4 << 20) - 1) & -(4ul << 20));
	to[1] = to[0] + (12 << 20);
	p = mmap(to[0], 2048 * 4096, RW, ANON | MAP_FIXED, -1, 0);
	for (int i = 0; i < 2048; i++)
		p[i * 4096] = 1;
	t = now();
	for (int i = 1; i <= 20; i++)
		p = mremap(p, 2048 * 4096, 2048 * 4096, MREMAP_MAYMOVE | MREMAP_FIXED, to[i & 1]);
	row("mremap_move_2048", t, 20);
	munmap(room, 8192 * 4096);
}

static void heap(void)
{
	char *b = (char *)syscall(SYS_brk, 0);
	unsigned long long t;

	b = (char *)(((unsigned long)b + 4095) & -4096ul);
	syscall(SYS_brk, b);
	t = now();
	for (int i = 0; i < 50; i++) {
		syscall(SYS_brk, b + 16 * 4096);
		for (int k = 0; k < 16; k++)
			*(volatile char *)(b + k * 4096) = 1;
		syscall(SYS_brk, b);
	}
	row("brk_16", t, 50);
}

/* @n mappings that cannot be one, and what one more costs. */
static void many(int n)
{
	char name[32],
		*area = mmap(NULL, (size_t)n * 2 * 4096, PROT_NONE, ANON | MAP_NORESERVE, -1, 0),
		*p[100];
	unsigned long long t;

	munmap(area, (size_t)n * 2 * 4096);
	for (int i = 0; i < n; i++)
		mmap(area + (size_t)i * 2 * 4096, 4096, RW, ANON | MAP_FIXED | MAP_NORESERVE, -1,
		     0);
	t = now();
	for (int i = 0; i < 100; i++)
		p[i] = mmap(NULL, 4096, i & 1 ? RW : PROT_READ, ANON, -1, 0);
	snprintf(name, sizeof(name), "vma_mmap_%d", n);
	row(name, t, 100);
	t = now();
	for (int i = 0; i < 100; i++)
		*(volatile char *)(area + (size_t)(n / 100 * i) * 2 * 4096) = 1;
	snprintf(name, sizeof(name), "vma_fault_%d", n);
	row(name, t, 100);
	t = now();
	for (int i = 0; i < 100; i++)
		munmap(p[i], 4096);
	snprintf(name, sizeof(name), "vma_munmap_%d", n);
	row(name, t, 100);
	munmap(area, (size_t)n * 2 * 4096);
}

static void forks(const char *self)
{
	unsigned long long t = now();

	for (int i = 0; i < 100; i++) {
		pid_t pid = fork();

		if (!pid)
			_exit(0);
		waitpid(pid, NULL, 0);
	}
	row("fork_exit_wait", t, 100);
	t = now();
	for (int i = 0; i < 30; i++) {
		pid_t pid = vfork();

		if (!pid) {
			execl(self, self, "exit", (char *)NULL);
			_exit(1);
		}
		waitpid(pid, NULL, 0);
	}
	row("vfork_exec", t, 30);
}

static void pipes(void)
{
	int a[2], b[2];
	char c = 0;
	unsigned long long t;

	if (pipe(a) || pipe(b))
		exit(1);
	pid_t pid = fork();

	if (!pid) {
		close(a[1]);
		while (read(a[0], &c, 1) == 1)
			if (write(b[1], &c, 1) != 1)
				_exit(1);
		_exit(0);
	}
	t = now();
	for (int i = 0; i < 500; i++) {
		if (write(a[1], &c, 1) != 1 || read(b[0], &c, 1) != 1)
			exit(1);
	}
	row("pipe_pingpong", t, 500);
	close(a[1]);
	waitpid(pid, NULL, 0);
}

/* A file of the tmpfs root, by mappings: every page is cached. */
static void file_faults(const char *name, int fd, size_t n, int flags, int write)
{
	char *p = mmap(NULL, n * 4096, PROT_READ | PROT_WRITE, flags, fd, 0);
	volatile char *v = p;
	unsigned long long t = now();

	for (size_t i = 0; i < n; i++) {
		if (write)
			v[i * 4096] = 1;
		else
			(void)v[i * 4096];
	}
	row(name, t, n);
	munmap(p, n * 4096);
}

static void file_calls(const char *name, int fd, size_t size, unsigned n, int write)
{
	static char *buf; /* not in .bss: the other rows are a small process's */
	unsigned long long t;

	if (!buf)
		buf = malloc(1 << 20);
	if (!buf)
		exit(1);
	memset(buf, 1, size);
	lseek(fd, 0, SEEK_SET);
	t = now();
	for (unsigned i = 0; i < n; i++)
		if ((write ? pwrite(fd, buf, size, (off_t)(i * size))
			   : pread(fd, buf, size, (off_t)(i * size))) != (ssize_t)size)
			exit(1);
	row(name, t, n);
}

static void files(void)
{
	const unsigned n = 1024;
	int fd = open("costs.file", O_CREAT | O_TRUNC | O_RDWR, 0600);

	if (fd < 0)
		exit(1);
	file_calls("write4k_new", fd, 4096, n, 1);
	file_calls("write4k", fd, 4096, n, 1);
	file_calls("read4k", fd, 4096, n, 0);
	file_faults("file_priv_read", fd, n, MAP_PRIVATE, 0);
	file_faults("file_shared_read", fd, n, MAP_SHARED, 0);
	file_faults("file_shared_write", fd, n, MAP_SHARED, 1);
	file_faults("file_priv_write", fd, n, MAP_PRIVATE, 1);
	if (ftruncate(fd, 0))
		exit(1);
	file_calls("write1m_new", fd, 1 << 20, 8, 1);
	file_calls("write1m", fd, 1 << 20, 8, 1);
	file_calls("read1m", fd, 1 << 20, 8, 0);
	close(fd);
	unlink("costs.file");
}

int main(int argc, char **argv)
{
	unsigned long long t;

	if (argc > 1)
		return 0;
	t = now();
	clock_cost = now() - t;
	null_syscall();
	faults();
	forks(argv[0]);
	pipes();
	files(); /* last: its buffer makes the process larger */
	sparse();
	mappings();
	moves();
	heap();
	many(100);
	many(1000);
	many(10000);
	return 0;
}
