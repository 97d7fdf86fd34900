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
	return 0;
}
