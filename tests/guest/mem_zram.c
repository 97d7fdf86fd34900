/* /dev/zramN as a disk: its bytes, its size, a file system on it, what it gives back, who is in its way, /sys/class/zram-control. */
#include "disk.h"
#include "zram.h"

#include <sys/klog.h>

#define CONTROL "/sys/class/zram-control/"
enum { MB = 1 << 20, KEPT = 6 };

/* The first figures of mm_stat: bytes kept, compressed, of memory, limit, most, pages of one word. */
static void figures(unsigned long long s[KEPT])
{
	char text[200];

	memset(s, 0xff, KEPT * sizeof(s[0]));
	CHECK(tap_read(SYS "mm_stat", text, sizeof(text)) > 0);
	EQ(sscanf(text, "%llu %llu %llu %llu %llu %llu", &s[0], &s[1], &s[2], &s[3], &s[4], &s[5]),
	   KEPT);
}

static void is_empty(void)
{
	unsigned long long s[KEPT];

	figures(s);
	EQ(s[0], 0);
	EQ(s[1], 0);
	EQ(s[2], 0);
}

static void has(const char *path, const char *want)
{
	char text[200];

	CHECK(tap_read(path, text, sizeof(text)) >= 0);
	STREQ(text, want);
}

static void bytes(void)
{
	static unsigned char page[4096], want[4096];
	unsigned long long s[KEPT];
	uint64_t size = 0;
	int fd;

	OK(set("disksize", "4M\n"));
	fd = open(DEV, O_RDWR);
	OK(ioctl(fd, BLKGETSIZE64, &size));
	EQ(size, 4 * MB);
	EQ(pread(fd, page, PAGE, 0), PAGE);
	CHECK(!memcmp(page, want, PAGE)); /* zeroes, and no memory for them */
	for (unsigned i = 0; i < 64; i++) {
		fill(page, i);
		EQ(pwrite(fd, page, PAGE, (off_t)(i * PAGE)), PAGE);
	}
	EQ(pwrite(fd, "middle", 6, 5 * (off_t)PAGE + 1000), 6);
	OK(fsync(fd));
	figures(s);
	EQ(s[0], 64 * PAGE);
	CHECK(s[1] <= s[0] && s[2] >= s[1]);
	OK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED)); /* from the disk again */
	for (unsigned i = 0; i < 64; i++) {
		EQ(pread(fd, page, PAGE, (off_t)(i * PAGE)), PAGE);
		fill(want, i);
		if (i == 5)
			memcpy(want + 1000, "middle", 6);
		CHECK(!memcmp(page, want, PAGE));
	}
	FAILS(pwrite(fd, page, PAGE, 4 * MB), ENOSPC);
	EQ(pread(fd, page, PAGE, 4 * MB), 0);
	OK(close(fd));
	OK(set("reset", "1\n"));
	is_empty();
}

static void what_is_given_back(void)
{
	uint64_t range[2] = { 2 * PAGE + 512, 3 * PAGE }; /* two whole pages */
	unsigned long long s[KEPT];
	static unsigned char page[4096], want[4096];
	int fd;

	OK(set("disksize", "1M\n"));
	fd = open(DEV, O_RDWR);
	for (unsigned i = 0; i < 8; i++) {
		fill(page, 3 * i);
		EQ(pwrite(fd, page, PAGE, (off_t)(i * PAGE)), PAGE);
	}
	OK(fsync(fd));
	OK(ioctl(fd, BLKDISCARD, range));
	figures(s);
	EQ(s[0], 6 * PAGE);
	EQ(pread(fd, page, PAGE, 3 * PAGE), PAGE);
	for (unsigned i = 0; i < PAGE; i++)
		EQ(page[i], 0);
	range[0] = 6 * PAGE;
	range[1] = PAGE + 512;
	OK(ioctl(fd, BLKZEROOUT, range));
	EQ(pread(fd, page, PAGE, 6 * PAGE), PAGE);
	for (unsigned i = 0; i < PAGE; i++)
		EQ(page[i], 0);
	EQ(pread(fd, page, PAGE, 7 * PAGE), PAGE);
	fill(want, 21);
	memset(want, 0, 512);
	CHECK(!memcmp(page, want, PAGE));
	range[1] = MB;
	FAILS(ioctl(fd, BLKZEROOUT, range), EINVAL); /* behind the end */
	range[0] = 0;
	OK(ioctl(fd, BLKDISCARD, range));
	OK(close(fd));
	is_empty();
	OK(set("reset", "1\n"));
}

static void size_and_users(void)
{
	char text[4096];
	uint64_t size = 1;
	int fd = open(DEV, O_RDONLY);

	has(SYS "initstate", "0\n");
	has(SYS "disksize", "0\n");
	OK(ioctl(fd, BLKGETSIZE64, &size));
	EQ(size, 0);
	EQ(read(fd, text, 1), 0);
	FAILS(set("disksize", "0\n"), EINVAL);
	OK(set("disksize", "3000000\n")); /* rounded up to pages; it may grow while it is open */
	FAILS(set("disksize", "4M\n"), EBUSY);
	has(SYS "disksize", "3002368\n");
	has(SYS "size", "5864\n");
	has(SYS "initstate", "1\n");
	has(SYS "mem_used_total", "0\n");
	has(SYS "queue/rotational", "0\n");
	has(SYS "queue/logical_block_size", "4096\n");
	CHECK(tap_read("/proc/partitions", text, sizeof(text)) > 0);
	CHECK(strstr(text, " 252        0       2932 zram0\n") != NULL);
	FAILS(set("reset", "1\n"), EBUSY);
	OK(close(fd));
	OK(set("reset", "1\n"));
	CHECK(tap_read("/proc/partitions", text, sizeof(text)) > 0);
	CHECK(!strstr(text, "zram0"));
}

/* An ext2 made by busybox, files on it, and again after a umount. */
static void file_system(void)
{
	unsigned long long s[KEPT];

	OK(set("disksize", "16M\n"));
	EQ(run_shell("mke2fs " DEV " >/dev/null"), 0);
	mkdir("zmnt", 0700);
	OK(mount(DEV, "zmnt", "ext2", 0, NULL));
	FAILS(set("reset", "1\n"), EBUSY);
	EQ(run_shell("cp /bin/busybox zmnt/a && mkdir zmnt/d && cp zmnt/a zmnt/d/b && sync"), 0);
	OK(umount("zmnt"));
	figures(s);
	CHECK(s[0] > 2 * MB && s[1] < s[0]);
	OK(mount(DEV, "zmnt", "ext2", 0, NULL));
	EQ(run_shell("cmp zmnt/a /bin/busybox && cmp zmnt/d/b /bin/busybox && rm -r zmnt/d"), 0);
	OK(umount("zmnt"));
	OK(rmdir("zmnt"));
	OK(set("reset", "1\n"));
	is_empty();
}

/* Without memory a write fails, and says so; what was there is there. */
static void limit(void)
{
	static unsigned char page[4096], want[4096];
	int fd;

	OK(set("disksize", "1M\n"));
	OK(set("mem_limit", "64K\n"));
	fd = open(DEV, O_RDWR | O_SYNC);
	fill(page, 0);
	EQ(pwrite(fd, page, PAGE, 0), PAGE);
	for (unsigned i = 1; i < 15; i++)
		EQ(pwrite(fd, page, PAGE, (off_t)(i * PAGE)), PAGE);
	for (unsigned i = 15; i < 20; i++)
		(void)!pwrite(fd, page, PAGE, (off_t)(i * PAGE));
	FAILS(pwrite(fd, page, PAGE, 20 * PAGE), EIO);
	OK(posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED));
	EQ(pread(fd, page, PAGE, 3 * PAGE), PAGE);
	fill(want, 0);
	CHECK(!memcmp(page, want, PAGE));
	OK(close(fd));
	OK(set("reset", "1\n"));
	is_empty();
}

/* How often the log has @what. */
static int said(const char *what)
{
	static char text[1 << 18];
	int n = klogctl(3 /* all of it */, text, sizeof(text) - 1), found = 0;

	text[n > 0 ? n : 0] = '\0';
	for (const char *p = strstr(text, what); p; p = strstr(p + 1, what))
		found++;
	return found;
}

/* Hundreds of pages that cannot be written: each stays what it was, and the log does not drown. */
static void log_of_errors(void)
{
	enum { N = 300, PERIODS = 3, AT_ONCE = 10 };
	int before = said("-error on swap-device");
	unsigned char *p;

	begin("4M\n", 1024);
	OK(set("mem_limit", "64K\n"));
	p = filled(N);
	(void)!page_out(p, N);
	EQ(spoilt(p, N), 0);
	CHECK(said("-error on swap-device") >
	      0); /* another program's may have used up this time's */
	CHECK(said("-error on swap-device") <= before + PERIODS * AT_ONCE);
	OK(munmap(p, N * PAGE));
	end();
}

static void more_devices(void)
{
	char text[40], path[80];
	struct stat st;
	int n, fd;

	CHECK(tap_read(CONTROL "hot_add", text, sizeof(text)) > 0);
	n = atoi(text);
	NEED(n >= 1 && n <= 3);
	snprintf(path, sizeof(path), "/sys/block/zram%d/disksize", n);
	OK(tap_put(path, "1M\n"));
	snprintf(path, sizeof(path), "zram_%d", n);
	OK(mknod(path, S_IFBLK | 0600, (dev_t)(252 << 8 | n)));
	fd = open(path, O_RDWR);
	EQ(write(fd, "some", 4), 4);
	FAILS(tap_put(CONTROL "hot_remove", text), EBUSY);
	OK(close(fd));
	OK(tap_put(CONTROL "hot_remove", text));
	FAILS(tap_put(CONTROL "hot_remove", text), ENODEV);
	FAILS(tap_put(CONTROL "hot_remove", "99\n"), ENODEV);
	FAILS(open(path, O_RDWR), ENXIO);
	OK(unlink(path));
	snprintf(path, sizeof(path), "/sys/block/zram%d", n);
	FAILS(stat(path, &st), ENOENT);
	OK(stat("/sys/block/zram0", &st));
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(bytes),	    T(what_is_given_back),
						 T(size_and_users), T(file_system),
						 T(limit),	    T(log_of_errors),
						 T(more_devices),   TEND };

	return tap_main(argc, argv, tests);
}
