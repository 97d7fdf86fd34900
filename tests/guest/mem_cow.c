/* Copy on write: what parents, children and grandchildren see of private and shared memory after fork(2). */
#include "mem.h"

enum { PAGES = 64 };

static char *mem(int how)
{
	return mmap(NULL, PAGES * PAGE, RW, how | MAP_ANONYMOUS, -1, 0);
}

static void fill(char *p, char seed)
{
	for (size_t i = 0; i < PAGES; i++)
		memset(p + i * PAGE, (char)(seed + i), PAGE);
}

/* Number of bytes of @p that are not what fill(@p, @seed) wrote. */
static long differs(const char *p, char seed)
{
	long n = 0;

	for (size_t i = 0; i < PAGES * PAGE; i++)
		n += p[i] != (char)(seed + i / PAGE);
	return n;
}

static int child_writes(void *arg)
{
	char *p = arg;

	if (differs(p, 1))
		return 1;
	fill(p, 50);
	return differs(p, 50) ? 2 : 0;
}

static void child_write_is_private(void)
{
	char *p = mem(MAP_PRIVATE);

	NEED(p != MAP_FAILED);
	fill(p, 1);
	EQ(tap_child(child_writes, p), 0);
	EQ(differs(p, 1), 0);
	fill(p, 2);
	EQ(differs(p, 2), 0);
}

static void parent_write_is_private(void)
{
	char *p = mem(MAP_PRIVATE), c;
	int go[2], status;
	pid_t pid;

	NEED(p != MAP_FAILED && pipe(go) == 0);
	fill(p, 1);
	pid = fork();
	if (pid == 0) {
		if (read(go[0], &c, 1) != 1)
			_exit(9);
		_exit(differs(p, 1) ? 1 : 0);
	}
	fill(p, 99);
	EQ(write(go[1], "x", 1), 1);
	status = tap_wait(pid);
	EQ(status, 0);
	EQ(differs(p, 99), 0);
}

static void shared_is_shared(void)
{
	char *p = mem(MAP_SHARED);
	pid_t pid;

	NEED(p != MAP_FAILED);
	fill(p, 1);
	pid = fork();
	if (pid == 0)
		_exit(child_writes(p));
	EQ(tap_wait(pid), 0);
	EQ(differs(p, 50), 0);
}

/* A chain of @depth descendants: each sees its parent's value and writes its own. */
static int chain(char *p, int depth)
{
	pid_t pid;
	int status;

	if (p[0] != depth || p[PAGE * 5] != depth)
		return 100 + depth;
	if (depth == 8)
		return 0;
	pid = fork();
	if (pid == 0) {
		if (p[0] != depth)
			_exit(200);
		p[0] = p[PAGE * 5] = (char)(depth + 1);
		_exit(chain(p, depth + 1));
	}
	status = tap_wait(pid);
	if (p[0] != depth || p[PAGE * 5] != depth)
		return 150 + depth;
	return status < 0 ? 99 : status >> 8;
}

static void family(void)
{
	char *p = mem(MAP_PRIVATE);

	NEED(p != MAP_FAILED);
	fill(p, 0);
	p[PAGE * 5] = 0;
	EQ(chain(p, 0), 0);
	EQ(p[0], 0);
}

/* Many children of one parent write different pages at the same time; nobody sees another's. */
static void siblings(void)
{
	enum { N = 12 };
	char *p = mem(MAP_PRIVATE), c;
	pid_t pid[N];
	int go[2];

	NEED(p != MAP_FAILED && pipe(go) == 0);
	fill(p, 1);
	for (int i = 0; i < N; i++) {
		pid[i] = fork();
		if (pid[i])
			continue;
		close(go[1]);
		if (read(go[0], &c, 1) != 0)
			_exit(9);
		for (size_t k = 0; k < PAGES; k++)
			if (p[k * PAGE + 7] != (char)(1 + k))
				_exit(1);
		for (size_t k = 0; k < PAGES; k++)
			p[k * PAGE + 7] = (char)(i * 3 + k);
		for (size_t k = 0; k < PAGES; k++)
			if (p[k * PAGE + 7] != (char)(i * 3 + k))
				_exit(2);
		_exit(0);
	}
	close(go[0]);
	close(go[1]);
	for (int i = 0; i < N; i++)
		EQ(tap_wait(pid[i]), 0);
	EQ(differs(p, 1), 0);
}

/* The parent dies first: the orphan's memory stays whole. */
static void orphan_keeps_memory(void)
{
	char *p = mem(MAP_PRIVATE), answer = 0;
	int out[2], hold[2];
	pid_t pid;

	NEED(p != MAP_FAILED && pipe(out) == 0 && pipe(hold) == 0);
	fill(p, 1);
	pid = fork();
	if (pid == 0) {
		close(out[0]);
		if (fork() == 0) {
			char c;

			close(hold[1]);
			if (read(hold[0], &c, 1) != 0)
				_exit(1);
			answer = differs(p, 1) ? 'n' : 'y';
			fill(p, 60);
			if (differs(p, 60))
				answer = 'N';
			_exit(write(out[1], &answer, 1) != 1);
		}
		_exit(0);
	}
	EQ(tap_wait(pid), 0);
	fill(p, 5);
	close(hold[0]);
	close(hold[1]);
	close(out[1]);
	EQ(read(out[0], &answer, 1), 1);
	EQ(answer, 'y');
}

static int read_then_write(void *arg)
{
	char *p = arg;

	/* The zero page was mapped by the parent's read. */
	if (p[0] || p[PAGE])
		return 1;
	p[0] = 5;
	return p[0] == 5 && p[PAGE] == 0 && p[1] == 0 ? 0 : 2;
}

static void zero_page_after_fork(void)
{
	char *p = mem(MAP_PRIVATE);

	NEED(p != MAP_FAILED);
	EQ(p[0] | p[PAGE], 0);
	EQ(tap_child(read_then_write, p), 0);
	EQ(p[0], 0);
	p[0] = 1;
	EQ(p[1], 0);
}

static int kernel_writes(void *arg)
{
	char *p = arg;
	int fd[2];

	/* The copy is made by the kernel's own write into the page. */
	if (pipe(fd) || write(fd[1], "kernel", 6) != 6 || read(fd[0], p + 100, 6) != 6)
		return 1;
	return memcmp(p + 100, "kernel", 6) ? 2 : p[99] != 1 ? 3 : 0;
}

static void kernel_write_copies(void)
{
	char *p = mem(MAP_PRIVATE);

	NEED(p != MAP_FAILED);
	fill(p, 1);
	EQ(tap_child(kernel_writes, p), 0);
	EQ(differs(p, 1), 0);
}

static void private_file(void)
{
	char *p, buf[4];
	int fd = open("f", O_CREAT | O_RDWR, 0600);

	NEED(fd >= 0);
	for (size_t i = 0; i < PAGES; i++) {
		char page[4096];

		memset(page, (char)(1 + i), PAGE);
		EQ(write(fd, page, PAGE), PAGE);
	}
	p = mmap(NULL, PAGES * PAGE, RW, MAP_PRIVATE, fd, 0);
	NEED(p != MAP_FAILED);
	EQ(differs(p, 1), 0);
	EQ(tap_child(child_writes, p), 0);
	EQ(differs(p, 1), 0);
	p[0] = 9;
	EQ(pread(fd, buf, 1, 0), 1);
	EQ(buf[0], 1);
	/* A page not yet written follows the file, a written one does not. */
	EQ(pwrite(fd, "\x44", 1, PAGE), 1);
	EQ(p[PAGE], 0x44);
	EQ(pwrite(fd, "\x55", 1, 0), 1);
	EQ(p[0], 9);
	unlink("f");
}

static int protect_and_write(void *arg)
{
	char *p = arg;

	if (mprotect(p, PAGES * PAGE, PROT_READ) || mprotect(p, PAGES * PAGE, RW))
		return 1;
	fill(p, 50);
	return differs(p, 50) ? 2 : 0;
}

static void protection_keeps_cow(void)
{
	char *p = mem(MAP_PRIVATE);

	NEED(p != MAP_FAILED);
	fill(p, 1);
	EQ(tap_child(protect_and_write, p), 0);
	EQ(differs(p, 1), 0);
	EQ(mprotect(p, PAGES * PAGE, PROT_READ), 0);
	EQ(tap_child(protect_and_write, p), 0);
	EQ(differs(p, 1), 0);
}

static int move_and_write(void *arg)
{
	char *p = mremap(arg, PAGES * PAGE, 2 * PAGES * PAGE, MREMAP_MAYMOVE);

	if (p == MAP_FAILED || differs(p, 1))
		return 1;
	fill(p, 50);
	return differs(p, 50) ? 2 : 0;
}

static void moved_mapping(void)
{
	char *p = mem(MAP_PRIVATE);

	NEED(p != MAP_FAILED);
	fill(p, 1);
	EQ(tap_child(move_and_write, p), 0);
	EQ(differs(p, 1), 0);
}

/* kpagecount of the page at @p: how often it is mapped; -1 where that cannot be read. */
static long map_count(const char *p)
{
	uint64_t entry = 0, count = 0;
	int fd = open("/proc/self/pagemap", O_RDONLY), kfd = open("/proc/kpagecount", O_RDONLY);
	long ret = -1;

	if (fd >= 0 && kfd >= 0 && pread(fd, &entry, 8, (off_t)((uintptr_t)p / PAGE * 8)) == 8 &&
	    entry >> 63 && (entry & ((1ull << 55) - 1)) &&
	    pread(kfd, &count, 8, (off_t)((entry & ((1ull << 55) - 1)) * 8)) == 8)
		ret = (long)count;
	close(fd);
	close(kfd);
	return ret;
}

static void counts(void)
{
	char *p = mem(MAP_PRIVATE), c;
	int go[2];
	pid_t pid;

	NEED(p != MAP_FAILED && pipe(go) == 0);
	fill(p, 1);
	if (map_count(p) < 0)
		SKIP("no /proc/kpagecount");
	EQ(map_count(p), 1);
	pid = fork();
	if (pid == 0) {
		close(go[1]);
		_exit(read(go[0], &c, 1) != 0);
	}
	EQ(map_count(p), 2);
	EQ(map_count(p + PAGE), 2);
	p[0] = 9;
	EQ(map_count(p), 1);
	close(go[1]);
	EQ(tap_wait(pid), 0);
	EQ(map_count(p + PAGE), 1);
	p[PAGE] = 1;
	EQ(map_count(p + PAGE), 1);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(child_write_is_private),
						 T(parent_write_is_private),
						 T(shared_is_shared),
						 T(family),
						 T(siblings),
						 T(orphan_keeps_memory),
						 T(zero_page_after_fork),
						 T(kernel_write_copies),
						 T(private_file),
						 T(protection_keeps_cow),
						 T(moved_mapping),
						 T(counts),
						 TEND };

	return tap_main(argc, argv, tests);
}
