/* The room of files in memory: fallocate, holes and SEEK_DATA, blocks, truncation, limits; every error. */
#include "dir.h"
#include "figure.h"

#include <setjmp.h>
#include <sys/mount.h>
#include <sys/resource.h>

enum {
	KEEP = 1,
	PUNCH = 2,
	NO_HIDE = 4,
	COLLAPSE = 8,
	ZERO = 16,
	INSERT = 32,
	UNSHARE = 64,
	RW = PROT_READ | PROT_WRITE
};
#ifndef SEEK_DATA
#define SEEK_DATA 3
#define SEEK_HOLE 4
#endif

static long falloc(int fd, unsigned mode, int64_t off, int64_t len)
{
	if (IS64)
		return syscall(SYS_fallocate, fd, mode, off, len);
	return syscall(SYS_fallocate, fd, mode, (uint32_t)off, (uint32_t)(off >> 32), (uint32_t)len,
		       (uint32_t)(len >> 32));
}

static int64_t seek(int fd, int64_t off, int whence)
{
#if __SIZEOF_POINTER__ == 8
	return lseek(fd, off, whence);
#else
	return lseek64(fd, off, whence);
#endif
}

static struct stat st_of(int fd)
{
	struct stat st;

	memset(&st, 0, sizeof(st));
	EQ(fstat(fd, &st), 0);
	return st;
}

static int all(int fd, off_t from, off_t to, char want)
{
	static char buf[65536];

	while (from < to) {
		size_t n = (size_t)(to - from) < sizeof(buf) ? (size_t)(to - from) : sizeof(buf);

		if (pread(fd, buf, n, from) != (ssize_t)n)
			return 0;
		for (size_t i = 0; i < n; i++)
			if (buf[i] != want)
				return 0;
		from += (off_t)n;
	}
	return 1;
}

/* ---- fallocate: the modes ---- */

static void allocate(void)
{
	int fd = file("f", 0);

	NEED(fd >= 0);
	EQ(falloc(fd, 0, 0, 10 * PAGE), 0);
	EQ(st_of(fd).st_size, 10 * PAGE);
	EQ(blocks(fd), 80);
	CHECK(all(fd, 0, 10 * PAGE, 0));
	/* again, over what is there; and one byte makes a page */
	EQ(falloc(fd, 0, 5 * PAGE, 5 * PAGE), 0);
	EQ(blocks(fd), 80);
	EQ(falloc(fd, 0, 20 * PAGE - 1, 1), 0);
	EQ(st_of(fd).st_size, 20 * PAGE);
	EQ(blocks(fd), 88);
	EQ(falloc(fd, 0, 30 * PAGE + 5, 1), 0);
	EQ(st_of(fd).st_size, 30 * PAGE + 6);
	EQ(blocks(fd), 96);
	/* what is written stays */
	EQ(pwrite(fd, "abc", 3, 40 * PAGE), 3);
	EQ(falloc(fd, 0, 39 * PAGE, 3 * PAGE), 0);
	EQ(at(fd, 40 * PAGE + 2), 'c');
	EQ(at(fd, 40 * PAGE + 3), 0);
	EQ(st_of(fd).st_size, 42 * PAGE);
	EQ(blocks(fd), 96 + 24);
	close(fd);
	unlink("f");
}

static void allocate_keeps_the_size(void)
{
	int fd = file("f", 100);

	NEED(fd >= 0);
	EQ(falloc(fd, KEEP, 0, 4 * PAGE), 0);
	EQ(st_of(fd).st_size, 100);
	EQ(blocks(fd), 32);
	EQ(at(fd, 100), '!');
	EQ(pwrite(fd, "x", 1, 3 * PAGE), 1); /* uses what is there */
	EQ(blocks(fd), 32);
	EQ(st_of(fd).st_size, 3 * PAGE + 1);
	EQ(falloc(fd, KEEP, 100 * PAGE, PAGE), 0); /* far behind the end */
	EQ(blocks(fd), 40);
	EQ(ftruncate(fd, 3 * PAGE + 1), 0); /* the same size: Linux cuts what is behind it */
	EQ(blocks(fd), 32);
	EQ(ftruncate(fd, 0), 0);
	EQ(blocks(fd), 0);
	close(fd);
	unlink("f");
}

static void allocated_is_not_data(void)
{
	int fd = file("f", 0);

	NEED(fd >= 0);
	EQ(falloc(fd, 0, 0, 8 * PAGE), 0);
	FAILS(seek(fd, 0, SEEK_DATA), ENXIO);
	EQ(seek(fd, 0, SEEK_HOLE), 0);
	EQ(pwrite(fd, "x", 1, 3 * PAGE + 7), 1);
	EQ(seek(fd, 0, SEEK_DATA), 3 * PAGE);
	EQ(seek(fd, 3 * PAGE, SEEK_HOLE), 4 * PAGE);
	CHECK(all(fd, 3 * PAGE, 3 * PAGE + 7, 0));
	CHECK(all(fd, 3 * PAGE + 8, 8 * PAGE, 0));
	close(fd);
	unlink("f");
}

static void allocated_pages_are_mapped(void)
{
	int fd = file("f", 0);
	char *p;

	NEED(fd >= 0);
	EQ(falloc(fd, 0, 0, 8 * PAGE), 0);
	p = mmap(NULL, 8 * PAGE, RW, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	for (unsigned i = 0; i < 8; i++)
		EQ(p[i * PAGE + i], 0);
	p[2 * PAGE] = 'm';
	EQ(at(fd, 2 * PAGE), 'm');
	EQ(blocks(fd), 64);
	munmap(p, 8 * PAGE);
	close(fd);
	unlink("f");
}

static void punch(void)
{
	int fd = file("f", 0);
	static char buf[16 * 4096];

	NEED(fd >= 0);
	memset(buf, 'a', sizeof(buf));
	EQ(write(fd, buf, sizeof(buf)), sizeof(buf));
	EQ(falloc(fd, PUNCH | KEEP, 2 * PAGE, 3 * PAGE), 0);
	EQ(blocks(fd), 13 * 8);
	EQ(st_of(fd).st_size, 16 * PAGE);
	CHECK(all(fd, 0, 2 * PAGE, 'a') && all(fd, 2 * PAGE, 5 * PAGE, 0) &&
	      all(fd, 5 * PAGE, 16 * PAGE, 'a'));
	/* parts of pages become zeroes, the page stays */
	EQ(falloc(fd, PUNCH | KEEP, 8 * PAGE + 10, PAGE), 0);
	EQ(blocks(fd), 13 * 8);
	CHECK(all(fd, 8 * PAGE, 8 * PAGE + 10, 'a') && all(fd, 8 * PAGE + 10, 9 * PAGE + 10, 0) &&
	      all(fd, 9 * PAGE + 10, 10 * PAGE, 'a'));
	EQ(falloc(fd, PUNCH | KEEP, 11 * PAGE + 5, 5), 0);
	CHECK(all(fd, 11 * PAGE, 11 * PAGE + 5, 'a') && all(fd, 11 * PAGE + 5, 11 * PAGE + 10, 0) &&
	      all(fd, 11 * PAGE + 10, 12 * PAGE, 'a'));
	/* over the end, and behind it */
	EQ(falloc(fd, PUNCH | KEEP, 15 * PAGE, 100 * PAGE), 0);
	EQ(blocks(fd), 12 * 8);
	EQ(falloc(fd, PUNCH | KEEP, 1000 * PAGE, PAGE), 0);
	EQ(st_of(fd).st_size, 16 * PAGE);
	EQ(falloc(fd, PUNCH | KEEP, 0, (int64_t)1 << 42), 0);
	EQ(blocks(fd), 0);
	CHECK(all(fd, 0, 16 * PAGE, 0));
	close(fd);
	unlink("f");
}

static void punch_under_mappings(void)
{
	int fd = file("f", 4 * PAGE);
	char *s = mmap(NULL, 4 * PAGE, RW, MAP_SHARED, fd, 0),
	     *p = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE, fd, 0);

	NEED(s != MAP_FAILED && p != MAP_FAILED);
	memset(s, 's', 4 * PAGE);
	p[PAGE] = 'p';
	EQ(p[2 * PAGE], 's');
	EQ(falloc(fd, PUNCH | KEEP, PAGE, 2 * PAGE), 0);
	EQ(s[PAGE], 0);
	EQ(s[2 * PAGE], 0);
	EQ(s[3 * PAGE], 's');
	EQ(p[PAGE], 'p'); /* a private copy is not the file's */
	EQ(p[PAGE + 1], 's');
	EQ(p[2 * PAGE], 0);
	EQ(blocks(fd), 32); /* the reads through the mappings have made pages again */
	close(fd);
	unlink("f");
}

static void times(void)
{
	struct timespec old[2] = { { 1000, 0 }, { 1000, 0 } };
	int fd = file("f", 8 * PAGE);
	struct stat a, b;

	NEED(fd >= 0);
	EQ(futimens(fd, old), 0);
	a = st_of(fd);
	tap_sleep_ms(30);
	EQ(falloc(fd, KEEP, 0, PAGE), 0);
	b = st_of(fd);
	CHECK(b.st_ctim.tv_sec > a.st_ctim.tv_sec || b.st_ctim.tv_nsec != a.st_ctim.tv_nsec);
	EQ(futimens(fd, old), 0);
	EQ(falloc(fd, PUNCH | KEEP, 0, PAGE), 0);
	CHECK(st_of(fd).st_mtim.tv_sec > 1000);
	EQ(futimens(fd, old), 0);
	EQ(ftruncate(fd, 8 * PAGE), 0); /* the same size */
	CHECK(st_of(fd).st_mtim.tv_sec > 1000);
	close(fd);
	unlink("f");
}

/* ---- fallocate: the errors ---- */

static void allocate_errors(void)
{
	int fd = file("f", 0), ro = open("f", O_RDONLY), path = open("f", O_PATH), fds[2],
	    null = open("/dev/null", O_RDWR);

	NEED(fd >= 0 && ro >= 0 && path >= 0 && null >= 0);
	FAILS(falloc(-1, 0, 0, 1), EBADF);
	FAILS(falloc(1000, 0, 0, 1), EBADF);
	FAILS(falloc(ro, 0, 0, 1), EBADF);
	FAILS(falloc(path, 0, 0, 1), EBADF);
	FAILS(falloc(fd, 0, 0, 0), EINVAL);
	FAILS(falloc(fd, 0, 0, -1), EINVAL);
	FAILS(falloc(fd, 0, -1, 1), EINVAL);
	FAILS(falloc(fd, 0, INT64_MAX, 1), EFBIG);
	FAILS(falloc(fd, 0, INT64_MAX - 10, INT64_MAX), EFBIG);
	FAILS(falloc(fd, PUNCH, 0, PAGE), EOPNOTSUPP);
	FAILS(falloc(fd, NO_HIDE, 0, PAGE), EOPNOTSUPP);
	FAILS(falloc(fd, COLLAPSE, 0, PAGE), EOPNOTSUPP);
	FAILS(falloc(fd, INSERT, 0, PAGE), EOPNOTSUPP);
	FAILS(falloc(fd, ZERO, 0, PAGE), EOPNOTSUPP);
	FAILS(falloc(fd, ZERO | KEEP, 0, PAGE), EOPNOTSUPP);
	FAILS(falloc(fd, UNSHARE, 0, PAGE), EOPNOTSUPP);
	FAILS(falloc(fd, UNSHARE | KEEP, 0, PAGE), EOPNOTSUPP);
	FAILS(falloc(fd, PUNCH | ZERO | KEEP, 0, PAGE), EOPNOTSUPP);
	FAILS(falloc(fd, 0x100, 0, PAGE), EOPNOTSUPP);
	FAILS(falloc(fd, 0x80000000U, 0, PAGE), EOPNOTSUPP);
	EQ(st_of(fd).st_size, 0);
	EQ(blocks(fd), 0);
	EQ(pipe(fds), 0);
	FAILS(falloc(fds[1], 0, 0, 1), ESPIPE);
	FAILS(falloc(null, 0, 0, 1), ENODEV);
	FAILS(falloc(fd, COLLAPSE | KEEP, 0, PAGE), EINVAL);
	FAILS(falloc(fd, INSERT | KEEP, 0, PAGE), EINVAL);
	close(fds[0]);
	close(fds[1]);
	close(null);
	close(ro);
	close(path);
	close(fd);
	unlink("f");
}

static void allocate_within_the_limit(void)
{
	struct rlimit old, small;
	int fd = file("f", 0), big = file("g", 100 * PAGE);

	NEED(fd >= 0 && big >= 0);
	signal(SIGXFSZ, SIG_IGN);
	EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = 10 * PAGE;
	EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
	EQ(falloc(fd, 0, 0, 10 * PAGE), 0);
	FAILS(falloc(fd, 0, 10 * PAGE, 1), EFBIG);
	FAILS(falloc(fd, KEEP, 10 * PAGE, 1), EFBIG);
	EQ(blocks(fd), 80);
	EQ(falloc(big, 0, 50 * PAGE, PAGE), 0); /* no growth: no limit */
	FAILS(ftruncate(fd, 11 * PAGE), EFBIG);
	EQ(ftruncate(big, 90 * PAGE), 0);
	EQ(setrlimit(RLIMIT_FSIZE, &old), 0);
	close(fd);
	close(big);
	unlink("f");
	unlink("g");
}

static volatile int got_xfsz;

static void on_xfsz(int sig)
{
	got_xfsz++;
}

static void allocate_beyond_the_limit_signals(void)
{
	struct rlimit old, small;
	int fd = file("f", 0);

	NEED(fd >= 0);
	signal(SIGXFSZ, on_xfsz);
	EQ(getrlimit(RLIMIT_FSIZE, &old), 0);
	small = old;
	small.rlim_cur = PAGE;
	EQ(setrlimit(RLIMIT_FSIZE, &small), 0);
	FAILS(falloc(fd, 0, 0, PAGE + 1), EFBIG);
	EQ(got_xfsz, 1);
	FAILS(ftruncate(fd, PAGE + 1), EFBIG);
	EQ(got_xfsz, 2);
	EQ(setrlimit(RLIMIT_FSIZE, &old), 0);
	close(fd);
	unlink("f");
}

static void a_failed_allocation_leaves_nothing(void)
{
	int fd, other;

	NEED(mkdir("m", 0755) == 0);
	if (mount("none", "m", "tmpfs", 0, "size=16k") != 0) {
		rmdir("m");
		SKIP("no right to mount");
	}
	fd = file("m/f", 0);
	other = file("m/g", 0);
	NEED(fd >= 0 && other >= 0);
	EQ(pwrite(fd, "x", 1, PAGE), 1);
	FAILS(falloc(fd, 0, 0, 5 * PAGE), ENOSPC);
	EQ(blocks(fd), 8);
	EQ(st_of(fd).st_size, PAGE + 1);
	FAILS(falloc(fd, 0, 0, 100 * PAGE), ENOSPC);
	EQ(blocks(fd), 8);
	EQ(falloc(other, 0, 0, 2 * PAGE), 0);
	FAILS(falloc(fd, 0, 0, 3 * PAGE), ENOSPC); /* page 0 is to be had, page 2 not */
	EQ(blocks(fd), 8);
	EQ(falloc(fd, 0, 0, 2 * PAGE), 0);
	EQ(blocks(fd), 16);
	FAILS(falloc(other, KEEP, 0, 3 * PAGE), ENOSPC);
	EQ(blocks(other), 16);		    /* what an earlier call got stays */
	EQ(pwrite(other, "y", 1, PAGE), 1); /* and can be written though the file system is full */
	FAILS(pwrite(other, "y", 1, 2 * PAGE), ENOSPC);
	close(fd);
	close(other);
	EQ(umount("m"), 0);
	rmdir("m");
}

/* Pages that were ever given out. */
static long pages_given(void)
{
	static const char *const names[] = { "pgalloc_dma ", "pgalloc_dma32 ", "pgalloc_normal ",
					     "pgalloc_high ", "pgalloc_movable " };
	long sum = 0;

	for (size_t i = 0; i < sizeof(names) / sizeof(*names); i++) {
		long n = figure_after("/proc/vmstat", NULL, names[i]);

		sum += n > 0 ? n : 0;
	}
	return sum;
}

/* What the file system could never hold is refused before anything is taken. */
static void more_than_there_can_be(void)
{
	enum { MOST = 4096 };
	long before;
	int fd;

	NEED(mkdir("m", 0755) == 0);
	if (mount("none", "m", "tmpfs", 0, "size=16m") != 0) {
		rmdir("m");
		SKIP("no right to mount");
	}
	fd = file("m/f", 0);
	NEED(fd >= 0);
	before = pages_given();
	CHECK(before > 0);
	FAILS(falloc(fd, 0, 0, (MOST + 1) * PAGE), ENOSPC);
	FAILS(falloc(fd, KEEP, PAGE - 1, MOST * PAGE), ENOSPC); /* in parts of one page more */
	CHECK(pages_given() - before < MOST / 8);
	EQ(blocks(fd), 0);
	close(fd);
	EQ(umount("m"), 0);
	rmdir("m");
}

/* ---- holes ---- */

static void seek_data_and_holes(void)
{
	int fd = file("f", 20 * PAGE + 9);

	NEED(fd >= 0);
	FAILS(seek(fd, 0, SEEK_DATA), ENXIO);
	EQ(seek(fd, 5, SEEK_HOLE), 5);
	EQ(pwrite(fd, "x", 1, 3 * PAGE + 100), 1);
	EQ(pwrite(fd, "x", 1, 4 * PAGE), 1);
	EQ(pwrite(fd, "x", 1, 20 * PAGE + 1), 1);
	EQ(seek(fd, 0, SEEK_DATA), 3 * PAGE);
	EQ(seek(fd, 3 * PAGE + 50, SEEK_DATA), 3 * PAGE + 50);
	EQ(seek(fd, 0, SEEK_HOLE), 0);
	EQ(seek(fd, 3 * PAGE, SEEK_HOLE), 5 * PAGE);
	EQ(seek(fd, 4 * PAGE + 1, SEEK_HOLE), 5 * PAGE);
	EQ(seek(fd, 5 * PAGE + 1, SEEK_HOLE), 5 * PAGE + 1);
	EQ(seek(fd, 5 * PAGE, SEEK_DATA), 20 * PAGE);
	EQ(seek(fd, 20 * PAGE, SEEK_HOLE), 20 * PAGE + 9); /* the end is a hole */
	EQ(seek(fd, 20 * PAGE + 8, SEEK_DATA), 20 * PAGE + 8);
	FAILS(seek(fd, 20 * PAGE + 9, SEEK_DATA), ENXIO);
	FAILS(seek(fd, 20 * PAGE + 9, SEEK_HOLE), ENXIO);
	FAILS(seek(fd, -1, SEEK_DATA), ENXIO);
	FAILS(seek(fd, -1, SEEK_HOLE), ENXIO);
	EQ(lseek(fd, 7, SEEK_SET), 7);
	FAILS(seek(fd, INT64_MAX, SEEK_HOLE), ENXIO);
	EQ(lseek(fd, 0, SEEK_CUR), 7); /* a failed one moves nothing */
	FAILS(seek(fd, 0, 5), EINVAL);
	close(fd);
	unlink("f");
}

static void a_read_makes_no_data(void)
{
	int fd = file("f", 50 * PAGE);
	char buf[100];
	volatile char *p = mmap(NULL, 50 * PAGE, RW, MAP_SHARED, fd, 0);

	NEED(p != MAP_FAILED);
	EQ(pread(fd, buf, sizeof(buf), 10 * PAGE), sizeof(buf));
	EQ(blocks(fd), 0);
	(void)p[20 * PAGE]; /* a shared mapping has to make it */
	EQ(blocks(fd), 8);
	EQ(seek(fd, 0, SEEK_DATA), 20 * PAGE);
	EQ(munmap((void *)p, 50 * PAGE), 0);
	close(fd);
	unlink("f");
}

static void sparse_and_huge(void)
{
	const int64_t far = (int64_t)1 << 40; /* 1 TiB */
	int fd = open("f", O_CREAT | O_TRUNC | O_RDWR | 0100000, 0600);
	char c = 0;

	NEED(fd >= 0);
#if __SIZEOF_POINTER__ == 8
	EQ(pwrite(fd, "e", 1, far), 1);
	EQ(pread(fd, &c, 1, far), 1);
#else
	EQ(pwrite64(fd, "e", 1, far), 1);
	EQ(pread64(fd, &c, 1, far), 1);
#endif
	EQ(c, 'e');
	EQ(seek(fd, 0, SEEK_END), far + 1);
	EQ(seek(fd, 0, SEEK_DATA), far);
	EQ(seek(fd, 5, SEEK_HOLE), 5);
	EQ(seek(fd, far, SEEK_HOLE), far + 1);
	EQ(falloc(fd, PUNCH | KEEP, 100, far), 0);
	EQ(falloc(fd, KEEP, far - 10 * (int64_t)PAGE, PAGE), 0);
	EQ(falloc(fd, PUNCH | KEEP, far, PAGE), 0);
	FAILS(seek(fd, 0, SEEK_DATA), ENXIO);
	close(fd);
	unlink("f");
}

/* ---- truncation ---- */

static void truncate_errors(void)
{
	int fd = file("f", 100), ro = open("f", O_RDONLY), path = open("f", O_PATH), fds[2];

	NEED(fd >= 0 && ro >= 0);
	FAILS(ftruncate(fd, -1), EINVAL);
	FAILS(truncate("f", -1), EINVAL);
	FAILS(ftruncate(ro, 5), EINVAL);
	FAILS(ftruncate(path, 5), EBADF);
	FAILS(ftruncate(-1, 5), EBADF);
	FAILS(truncate("none", 5), ENOENT);
	FAILS(truncate(".", 5), EISDIR);
	FAILS(truncate("f/x", 5), ENOTDIR);
	FAILS(truncate((char *)1, 5), EFAULT);
	EQ(pipe(fds), 0);
	FAILS(ftruncate(fds[1], 5), EINVAL);
	FAILS(truncate("/dev/null", 5), EINVAL);
	EQ(mkfifo("p", 0600), 0);
	FAILS(truncate("p", 5), EINVAL);
	unlink("p");
	EQ(st_of(fd).st_size, 100);
	close(fds[0]);
	close(fds[1]);
	close(ro);
	close(path);
	close(fd);
	unlink("f");
}

/* A program that runs is not cut. */
static void truncate_a_running_program(void)
{
	char self[4096];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);

	NEED(n > 0);
	self[n] = '\0';
	FAILS(truncate(self, 0), ETXTBSY);
}

static void open_truncates(void)
{
	int fd = file("f", 3 * PAGE), again;
	char *p = mmap(NULL, 3 * PAGE, RW, MAP_SHARED, fd, 0);

	NEED(p != MAP_FAILED);
	memset(p, 'x', 3 * PAGE);
	EQ(blocks(fd), 24);
	again = open("f", O_WRONLY | O_TRUNC);
	CHECK(again >= 0);
	EQ(st_of(fd).st_size, 0);
	EQ(blocks(fd), 0);
	EQ(ftruncate(fd, 2 * PAGE), 0);
	EQ(p[PAGE], 0);
	close(again);
	close(fd);
	unlink("f");
}

static sigjmp_buf back;

static void on_bus(int sig)
{
	siglongjmp(back, sig);
}

static int signal_of(volatile char *p)
{
	int sig;

	signal(SIGBUS, on_bus);
	signal(SIGSEGV, on_bus);
	sig = sigsetjmp(back, 1);
	if (!sig)
		(void)*p;
	return sig;
}

/* Every mapping of every process loses what is cut, private copies too, and sees the file again when it has grown. */
static void truncation_reaches_all(void)
{
	int fd = file("f", 6 * PAGE), to[2], from[2];
	char *s = mmap(NULL, 6 * PAGE, RW, MAP_SHARED, fd, 0), c;
	pid_t pid;

	NEED(s != MAP_FAILED && pipe(to) == 0 && pipe(from) == 0);
	memset(s, 's', 6 * PAGE);
	pid = fork();
	if (pid == 0) {
		char *p = mmap(NULL, 6 * PAGE, RW, MAP_PRIVATE, fd, 0);
		int bad = p == MAP_FAILED;

		p[4 * PAGE] = 'p';
		p[PAGE] = 'p';
		bad |= p[2 * PAGE] != 's';
		bad |= write(from[1], "1", 1) != 1 || read(to[0], &c, 1) != 1;
		bad |= signal_of(p + 4 * PAGE) != SIGBUS || signal_of(s + 4 * PAGE) != SIGBUS;
		bad |= signal_of(p + 3 * PAGE) != SIGBUS || p[PAGE] != 'p';
		bad |= p[2 * PAGE + 9] != 's' || p[2 * PAGE + 10] != 0;
		bad |= write(from[1], "2", 1) != 1 || read(to[0], &c, 1) != 1;
		bad |= p[4 * PAGE] != 0 || s[4 * PAGE] != 0;
		_exit(bad);
	}
	EQ(read(from[0], &c, 1), 1);
	EQ(ftruncate(fd, 2 * PAGE + 10), 0);
	EQ(blocks(fd), 24);
	EQ(write(to[1], "1", 1), 1);
	EQ(read(from[0], &c, 1), 1);
	EQ(ftruncate(fd, 6 * PAGE), 0);
	EQ(write(to[1], "2", 1), 1);
	EQ(tap_wait(pid), 0);
	EQ(blocks(fd), 32);
	close(fd);
	unlink("f");
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(allocate),
						 T(allocate_keeps_the_size),
						 T(allocated_is_not_data),
						 T(allocated_pages_are_mapped),
						 T(punch),
						 T(punch_under_mappings),
						 T(times),
						 T(allocate_errors),
						 T(allocate_within_the_limit),
						 T(allocate_beyond_the_limit_signals),
						 T(a_failed_allocation_leaves_nothing),
						 T(more_than_there_can_be),
						 T(seek_data_and_holes),
						 T(a_read_makes_no_data),
						 T(sparse_and_huge),
						 T(truncate_errors),
						 T(truncate_a_running_program),
						 T(open_truncates),
						 T(truncation_reaches_all),
						 TEND };

	return tap_main(argc, argv, tests);
}
