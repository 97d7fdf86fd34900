/* Calls that synchronise files, advise on them and ask what of them is in memory: effects and every error. */
#include "dir.h"
#include "mem.h"

enum { WAIT_BEFORE = 1, WRITE = 2, WAIT_AFTER = 4 };
enum { NORMAL, RANDOM, SEQUENTIAL, WILLNEED, DONTNEED, NOREUSE };

#define LO(x) ((unsigned long)(uint32_t)(x))
#define HI(x) ((unsigned long)((uint64_t)(x) >> 32))

static long range_sync(int fd, int64_t off, int64_t n, unsigned flags)
{
	if (IS64)
		return syscall(SYS_sync_file_range, fd, off, n, flags);
	return syscall(SYS_sync_file_range, fd, LO(off), HI(off), LO(n), HI(n), flags);
}

static long advise(int fd, int64_t off, int64_t len, int advice)
{
#ifdef SYS_fadvise64_64
	return syscall(SYS_fadvise64_64, fd, LO(off), HI(off), LO(len), HI(len), advice);
#else
	return syscall(SYS_fadvise64, fd, off, len, advice);
#endif
}

static long ahead(int fd, int64_t off, size_t count)
{
	if (IS64)
		return syscall(SYS_readahead, fd, off, count);
	return syscall(SYS_readahead, fd, LO(off), HI(off), count);
}

/* One descriptor of every kind. */
static int reg, dir, path, fds[2], null, proc, rd, wr;

static int open_all(void)
{
	reg = file("f", 10 * PAGE);
	rd = open("f", O_RDONLY);
	wr = open("f", O_WRONLY);
	dir = open(".", O_RDONLY | O_DIRECTORY);
	path = open("f", O_PATH);
	null = open("/dev/null", O_RDWR);
	proc = open("/proc/self/status", O_RDONLY);
	return reg >= 0 && rd >= 0 && wr >= 0 && dir >= 0 && path >= 0 && null >= 0 && proc >= 0 &&
	       pipe(fds) == 0;
}

static void close_all(void)
{
	int all[] = { reg, dir, path, fds[0], fds[1], null, proc, rd, wr };

	for (unsigned i = 0; i < ARRAY_LEN(all); i++)
		close(all[i]);
	unlink("f");
}

static void sync_calls(void)
{
	NEED(open_all());
	EQ(write(reg, "data", 4), 4);
	EQ(fsync(reg), 0);
	EQ(fdatasync(reg), 0);
	EQ(fsync(rd), 0); /* open for reading is enough */
	EQ(fsync(dir), 0);
	EQ(fdatasync(dir), 0);
	FAILS(fsync(-1), EBADF);
	FAILS(fsync(path), EBADF);
	FAILS(fdatasync(path), EBADF);
	FAILS(fsync(fds[0]), EINVAL);
	FAILS(fsync(fds[1]), EINVAL);
	FAILS(fsync(null), EINVAL);
	FAILS(fdatasync(null), EINVAL);
	FAILS(fsync(proc), EINVAL);
	sync();
	EQ(syncfs(reg), 0);
	EQ(syncfs(dir), 0);
	EQ(syncfs(rd), 0);
	EQ(syncfs(fds[0]), 0);
	EQ(syncfs(null), 0);
	FAILS(syncfs(-1), EBADF);
	FAILS(syncfs(path), EBADF);
	close_all();
}

static void sync_of_ranges(void)
{
	NEED(open_all());
	EQ(range_sync(reg, 0, 0, 0), 0);
	EQ(range_sync(reg, 0, 0, WAIT_BEFORE | WRITE | WAIT_AFTER), 0);
	EQ(range_sync(reg, 3, 5, WRITE), 0);
	EQ(range_sync(reg, 100 * PAGE, PAGE, WAIT_BEFORE), 0);
	EQ(range_sync(rd, 0, PAGE, WAIT_AFTER), 0);
	EQ(range_sync(dir, 0, 0, WRITE), 0);
	FAILS(range_sync(reg, 0, 0, 8), EINVAL);
	FAILS(range_sync(reg, -1, 1, WRITE), EINVAL);
	FAILS(range_sync(reg, 5, -1, WRITE), EINVAL);
	FAILS(range_sync(reg, INT64_MAX, 2, WRITE), EINVAL);
	FAILS(range_sync(fds[0], 0, 0, WRITE), ESPIPE);
	FAILS(range_sync(null, 0, 0, WRITE), ESPIPE);
	FAILS(range_sync(fds[0], 0, 0, 8), EINVAL);
	FAILS(range_sync(-1, 0, 0, 8), EBADF);
	FAILS(range_sync(path, 0, 0, 0), EBADF);
	close_all();
}

static void advice(void)
{
	NEED(open_all());
	for (int a = NORMAL; a <= NOREUSE; a++) {
		EQ(advise(reg, 0, 0, a), 0);
		EQ(advise(reg, 5, 10 * PAGE, a), 0);
		EQ(advise(reg, 1000 * PAGE, PAGE, a), 0);
		EQ(advise(wr, 0, PAGE, a), 0);
		EQ(advise(dir, 0, 0, a), 0);
		EQ(advise(null, 0, 0, a), 0);
		FAILS(advise(fds[0], 0, 0, a), ESPIPE);
		FAILS(advise(-1, 0, 0, a), EBADF);
		FAILS(advise(path, 0, 0, a), EBADF);
		FAILS(advise(reg, 0, -1, a), EINVAL);
	}
	FAILS(advise(reg, 0, 0, 6), EINVAL);
	FAILS(advise(reg, 0, 0, -1), EINVAL);
	FAILS(advise(fds[0], 0, 0, 6), ESPIPE);
	EQ(posix_fadvise(reg, 0, 0, POSIX_FADV_SEQUENTIAL), 0);
	EQ(posix_fadvise(fds[0], 0, 0, 0), ESPIPE); /* the function returns the error */
	close_all();
}

/* What memory is the store of cannot be dropped. */
static void advice_keeps_the_data(void)
{
	char buf[3 * 4096], c = 0;
	struct stat st;
	int fd = file("f", 0);

	NEED(fd >= 0);
	memset(buf, 'k', sizeof(buf));
	EQ(write(fd, buf, sizeof(buf)), sizeof(buf));
	EQ(advise(fd, 0, 0, DONTNEED), 0);
	EQ(advise(fd, 0, 0, WILLNEED), 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_blocks, 24);
	EQ(pread(fd, &c, 1, 2 * PAGE), 1);
	EQ(c, 'k');
	close(fd);
	unlink("f");
}

static void read_ahead(void)
{
	NEED(open_all());
	EQ(ahead(reg, 0, 10 * PAGE), 0);
	EQ(ahead(rd, 5 * PAGE, 0), 0);
	EQ(ahead(rd, 1000 * PAGE, PAGE), 0);
	FAILS(ahead(wr, 0, PAGE), EBADF);
	FAILS(ahead(path, 0, PAGE), EBADF);
	FAILS(ahead(-1, 0, PAGE), EBADF);
	FAILS(ahead(fds[0], 0, PAGE), EINVAL);
	FAILS(ahead(fds[1], 0, PAGE), EBADF);
	FAILS(ahead(dir, 0, PAGE), EINVAL);
	FAILS(ahead(null, 0, PAGE), EINVAL);
	close_all();
}

/* ---- cachestat ---- */

struct range {
	uint64_t off, len;
};
struct counts {
	uint64_t cache, dirty, writeback, evicted, recently_evicted;
};

static long cachestat_of(int fd, struct range *r, struct counts *c, unsigned flags)
{
	return syscall(451 /* cachestat */, fd, r, c, flags);
}

static uint64_t cached(int fd, uint64_t off, uint64_t len)
{
	struct range r = { off, len };
	struct counts c;

	memset(&c, 0x55, sizeof(c));
	EQ(cachestat_of(fd, &r, &c, 0), 0);
	EQ(c.dirty, 0); /* nothing waits to be written: memory is the store */
	EQ(c.writeback, 0);
	EQ(c.evicted, 0);
	EQ(c.recently_evicted, 0);
	return c.cache;
}

static void cachestat_counts(void)
{
	char *p, buf[4096];
	int fd = file("f", 100 * PAGE);

	NEED(fd >= 0);
	EQ(cached(fd, 0, 0), 0);
	EQ(pread(fd, buf, sizeof(buf), 0), PAGE); /* a hole stays one */
	EQ(cached(fd, 0, 0), 0);
	EQ(pwrite(fd, buf, 100, 3 * PAGE), 100);
	EQ(pwrite(fd, buf, PAGE, 7 * PAGE + 1), PAGE);
	EQ(cached(fd, 0, 0), 3);
	EQ(cached(fd, 3 * PAGE, 1), 1);
	EQ(cached(fd, 3 * PAGE + 4095, 1), 1);
	EQ(cached(fd, 4 * PAGE, 3 * PAGE), 0);
	EQ(cached(fd, 4 * PAGE, 3 * PAGE + 1), 1);
	EQ(cached(fd, 8 * PAGE, 0), 1);
	EQ(cached(fd, 200 * PAGE, 0), 0);
	p = mmap(NULL, 100 * PAGE, RW, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	p[50 * PAGE] = 1;
	EQ(cached(fd, 0, 0), 4);
	EQ(ftruncate(fd, 50 * PAGE), 0);
	EQ(cached(fd, 0, 0), 3);
	EQ(cached(fd, 0, UINT64_MAX), 3);
	EQ(munmap(p, 100 * PAGE), 0);
	close(fd);
	unlink("f");
}

static void cachestat_errors(void)
{
	struct range r = { 0, 0 };
	struct counts c;

	NEED(open_all());
	if (cachestat_of(reg, &r, &c, 0) != 0 && errno == ENOSYS)
		SKIP("an older kernel");
	EQ(cachestat_of(reg, &r, &c, 0), 0);
	FAILS(cachestat_of(-1, &r, &c, 0), EBADF);
	FAILS(cachestat_of(path, &r, &c, 0), EBADF);
	FAILS(cachestat_of(-1, NULL, NULL, 1), EBADF);
	FAILS(cachestat_of(reg, NULL, &c, 0), EFAULT);
	FAILS(cachestat_of(reg, NULL, &c, 1), EFAULT);
	FAILS(cachestat_of(reg, &r, &c, 1), EINVAL);
	FAILS(cachestat_of(reg, &r, NULL, 0), EFAULT);
	EQ(cachestat_of(rd, &r, &c, 0), 0); /* the owner may */
	EQ(cachestat_of(null, &r, &c, 0), 0);
	EQ(c.cache, 0);
	close_all();
}

static int as_nobody(void *arg)
{
	struct range r = { 0, 0 };
	struct counts c;
	int fd;

	if (setgid(65534) || setuid(65534))
		return 1;
	fd = open("f", O_RDONLY);
	if (fd < 0)
		return 2;
	return cachestat_of(fd, &r, &c, 0) == -1 && errno == EPERM ? 0 : 3;
}

/* Who can neither write the file nor owns it learns nothing about it. */
static void cachestat_of_others(void)
{
	int fd = file("f", PAGE);

	NEED(fd >= 0);
	if (getuid() != 0)
		SKIP("not root");
	EQ(fchmod(fd, 0644), 0);
	EQ(tap_child(as_nobody, NULL), 0);
	close(fd);
	unlink("f");
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(sync_calls), T(sync_of_ranges),   T(advice),		 T(advice_keeps_the_data),
		T(read_ahead), T(cachestat_counts), T(cachestat_errors), T(cachestat_of_others),
		TEND
	};

	return tap_main(argc, argv, tests);
}
