/* Block devices: bytes, ends, partitions, errors, what the kernel tells of them. Disks: tools/disks.py. */
#define _FILE_OFFSET_BITS 64
#include "disk.h"

#include <sys/uio.h>

static char buf[1 << 20] __attribute__((aligned(4096)));

static void sizes(void)
{
	int fd, n = 0;
	unsigned long sectors = 0;
	uint64_t bytes = 0;

	NEED_DISKS();
	fd = open("/dev/vda", O_RDONLY);
	NEED(fd >= 0);
	OK(ioctl(fd, BLKGETSIZE64, &bytes));
	EQ(bytes, VDA_SECTORS * SECTOR);
	OK(ioctl(fd, BLKGETSIZE, &sectors));
	EQ(sectors, VDA_SECTORS);
	OK(ioctl(fd, BLKSSZGET, &n));
	EQ(n, 512);
	OK(ioctl(fd, BLKROGET, &n));
	EQ(n, 0);
	EQ(lseek(fd, 0, SEEK_END), VDA_SECTORS * SECTOR);
	FAILS(ioctl(fd, 0x1299, &n), ENOTTY);
	FAILS(ioctl(fd, BLKGETSIZE64, 8), EFAULT);
	close(fd);
	FAILS(open("/dev/vda/x", O_RDONLY), ENOTDIR);
	EQ(mknod("none", S_IFBLK | 0600, 254 << 8 | 255), 0);
	FAILS(open("none", O_RDONLY), ENXIO);
	unlink("none");
}

static void bytes(void)
{
	int fd;
	char *p;

	NEED_DISKS();
	fd = open("/dev/vda", O_RDONLY);
	NEED(fd >= 0);
	for (unsigned s = 16384; s < 16384 + 4096; s += 2048) {
		EQ(pread(fd, buf, sizeof(buf), (off_t)s * SECTOR), sizeof(buf));
		CHECK(is_pattern(buf, 2048, s, 0));
	}
	/* any offset, any length */
	EQ(pread(fd, buf, 1000, 31000 * SECTOR + 7), 1000);
	EQ((unsigned char)buf[1], (31000 & 0xff));
	EQ((unsigned char)buf[2], (31000 >> 8));
	p = mmap(NULL, 64 * SECTOR, PROT_READ, MAP_SHARED, fd, 30720 * SECTOR);
	NEED(p != MAP_FAILED);
	CHECK(is_pattern(p, 64, 30720, 0));
	munmap(p, 64 * SECTOR);
	/* the end */
	EQ(pread(fd, buf, 8192, VDA_SECTORS * SECTOR - 512), 512);
	CHECK(is_pattern(buf, 1, VDA_SECTORS - 1, 0));
	EQ(pread(fd, buf, 1, VDA_SECTORS * SECTOR), 0);
	close(fd);
	/* a disk that ends inside a page */
	fd = open("/dev/vdf", O_RDONLY);
	NEED(fd >= 0);
	EQ(pread(fd, buf, 4096, 2048 * SECTOR), 512);
	CHECK(is_pattern(buf, 1, 2048, 0));
	close(fd);
}

static void writing(void)
{
	int fd, part;

	NEED_DISKS();
	fd = open("/dev/vda", O_RDWR);
	part = open("/dev/vda1", O_RDWR);
	NEED(fd >= 0 && part >= 0);
	put_pattern(buf, 64, 2048, ~0ULL); /* the host looks at these after the machine's end */
	EQ(pwrite(part, buf, 64 * SECTOR, 0), 64 * SECTOR);
	OK(fsync(part));
	OK(ioctl(fd, BLKFLSBUF, 0));
	memset(buf, 0, 65 * SECTOR);
	EQ(pread(fd, buf, 65 * SECTOR, 2048 * SECTOR), 65 * SECTOR);
	CHECK(is_pattern(buf, 64, 2048, ~0ULL));
	CHECK(is_pattern(buf + 64 * SECTOR, 1, 2048 + 64, 0));
	/* a few bytes keep their neighbours */
	EQ(pwrite(fd, "abc", 3, 20000 * SECTOR + 100), 3);
	OK(fdatasync(fd));
	OK(ioctl(fd, BLKFLSBUF, 0));
	EQ(pread(fd, buf, SECTOR, 20000 * SECTOR), SECTOR);
	CHECK(memcmp(buf + 100, "abc", 3) == 0 && buf[99] == 0 && buf[103] == 0);
	put_pattern(buf, 1, 20000, 0);
	EQ(pwrite(fd, buf, SECTOR, 20000 * SECTOR), SECTOR);
	/* the end */
	EQ(pwrite(fd, buf, SECTOR, VDA_SECTORS * SECTOR - 100), 100);
	put_pattern(buf, 1, VDA_SECTORS - 1, 0);
	EQ(pwrite(fd, buf, SECTOR, VDA_SECTORS * SECTOR - SECTOR), SECTOR);
	FAILS(pwrite(fd, buf, 1, VDA_SECTORS * SECTOR), ENOSPC);
	EQ(lseek(part, 0, SEEK_END), 4096 * SECTOR);
	FAILS(pwrite(part, buf, 1, 4096 * SECTOR), ENOSPC);
	close(part);
	close(fd);
}

static void mapped(void)
{
	int fd;
	char *p;

	NEED_DISKS();
	fd = open("/dev/vda2", O_RDWR);
	NEED(fd >= 0);
	p = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	CHECK(is_pattern(p, 128, 6144, 0));
	put_pattern(p, 128, 6144, 77);
	EQ(pread(fd, buf, SECTOR, 5 * SECTOR), SECTOR);
	CHECK(is_pattern(buf, 1, 6149, 77));
	OK(msync(p, 16 * PAGE, MS_SYNC));
	close(fd);
	munmap(p, 16 * PAGE);
	fd = open("/dev/vda", O_RDONLY);
	NEED(fd >= 0);
	EQ(pread(fd, buf, 128 * SECTOR, 6144 * SECTOR), 128 * SECTOR);
	CHECK(is_pattern(buf, 128, 6144, 77));
	close(fd);
	fd = open("/dev/vda2", O_RDWR | O_SYNC);
	NEED(fd >= 0);
	put_pattern(buf, 128, 6144, 0);
	EQ(write(fd, buf, 128 * SECTOR), 128 * SECTOR);
	close(fd);
}

static long sectors_written(void)
{
	char text[256];
	long n = -1;

	if (tap_read("/sys/block/vda/stat", text, sizeof(text)) > 0)
		sscanf(text, "%*d %*d %*d %*d %*d %*d %ld", &n);
	return n;
}

/* RWF_DSYNC, RWF_SYNC: the bytes of this one write are on the disk when it returns, whatever the descriptor is. */
static void one_write_through(void)
{
	static char data[PAGE];
	struct iovec iov = { data, PAGE };
	int fd;

	NEED_DISKS();
	fd = open("/dev/vda2", O_RDWR);
	NEED(fd >= 0);
	put_pattern(data, 8, 6144, 0);
	sync();
	for (long flag = 2; flag <= 4; flag += 2)
		for (int own = 0; own < 2; own++) {
			long before = sectors_written();

			OK(lseek(fd, 0, SEEK_SET));
			EQ(syscall(SYS_pwritev2, fd, &iov, 1, own ? -1L : 0L, own ? -1L : 0L, flag),
			   PAGE);
			EQ(sectors_written() - before, 8);
			EQ(lseek(fd, 0, SEEK_CUR), own ? PAGE : 0);
		}
	close(fd);
}

static long number_in(const char *path)
{
	char text[256];

	return tap_read(path, text, sizeof(text)) < 0 ? -1 : atol(text);
}

static void partitions(void)
{
	static char text[8192];
	char table[SECTOR], cut[SECTOR];
	int fd, part;

	NEED_DISKS();
	EQ(number_in("/sys/block/vda/size"), VDA_SECTORS);
	EQ(number_in("/sys/block/vda/vda1/start"), 2048);
	EQ(number_in("/sys/block/vda/vda1/size"), 4096);
	EQ(number_in("/sys/block/vda/vda5/start"), 10240 + 64);
	EQ(number_in("/sys/block/vda/vda6/start"), 14336 + 64);
	EQ(number_in("/sys/block/vdg/vdg2/start"), 4096);
	EQ(number_in("/sys/block/vdg/vdg3/size"), 7809);
	EQ(number_in("/sys/block/vda/queue/logical_block_size"), 512);
	EQ(number_in("/sys/block/vde/ro"), 1);
	EQ(number_in("/sys/dev/block/254:0/size"), VDA_SECTORS);
	EQ(number_in("/sys/dev/block/254:5/partition"), 5);
	EQ(number_in("/sys/class/block/vda6/start"), 14336 + 64);
	CHECK(tap_read("/proc/partitions", text, sizeof(text)) > 0);
	CHECK(strstr(text, "major minor  #blocks  name\n\n 254        0      16384 vda\n"));
	CHECK(strstr(text, " 254        5       1024 vda5\n"));
	fd = open("/dev/vda", O_RDWR);
	part = open("/dev/vda6", O_RDONLY);
	NEED(fd >= 0 && part >= 0);
	EQ(pread(part, buf, SECTOR, 0), SECTOR);
	CHECK(is_pattern(buf, 1, 14336 + 64, 0));
	FAILS(ioctl(part, BLKRRPART, 0), EINVAL);
	FAILS(ioctl(fd, BLKRRPART, 0), EBUSY);
	close(part);
	EQ(pread(fd, table, SECTOR, 0), SECTOR);
	memcpy(cut, table, SECTOR);
	memset(cut + 446 + 16, 0, 48); /* only the first is left */
	EQ(pwrite(fd, cut, SECTOR, 0), SECTOR);
	OK(ioctl(fd, BLKRRPART, 0));
	EQ(access("/dev/vda1", F_OK), 0);
	FAILS(access("/dev/vda2", F_OK), ENOENT);
	FAILS(access("/sys/block/vda/vda5", F_OK), ENOENT);
	FAILS(access("/sys/dev/block/254:5", F_OK), ENOENT);
	FAILS(access("/sys/class/block/vda5", F_OK), ENOENT);
	EQ(pwrite(fd, table, SECTOR, 0), SECTOR);
	OK(ioctl(fd, BLKRRPART, 0));
	EQ(access("/dev/vda6", F_OK), 0);
	EQ(number_in("/sys/block/vda/vda6/start"), 14336 + 64);
	close(fd);
}

/* Tables that no tool writes: whatever they say, no partition reaches beyond the disk. */
static void hostile_tables(void)
{
	char table[SECTOR], old[SECTOR];
	uint64_t seed = 5;
	int fd;

	NEED_DISKS();
	fd = open("/dev/vda", O_RDWR);
	NEED(fd >= 0);
	EQ(pread(fd, old, SECTOR, 0), SECTOR);
	for (int round = 0; round < 30; round++) {
		memcpy(table, old, SECTOR);
		for (int n = 0; n < 12; n++)
			table[446 + tap_random(&seed) % 64] = (char)tap_random(&seed);
		for (int i = 0; i < 4; i++) {
			table[446 + 16 * i] = 0;
			if (round % 3 == 0) /* chains that lead anywhere */
				table[446 + 16 * i + 4] = 5;
		}
		EQ(pwrite(fd, table, SECTOR, 0), SECTOR);
		OK(ioctl(fd, BLKRRPART, 0));
		for (int p = 1; p < 16; p++) {
			char path[64];
			long start, size;

			snprintf(path, sizeof(path), "/sys/block/vda/vda%d/start", p);
			start = number_in(path);
			snprintf(path, sizeof(path), "/sys/block/vda/vda%d/size", p);
			size = number_in(path);
			CHECK(start < 0 || (size > 0 && start + size <= VDA_SECTORS));
		}
	}
	EQ(pwrite(fd, old, SECTOR, 0), SECTOR);
	OK(ioctl(fd, BLKRRPART, 0));
	EQ(number_in("/sys/block/vda/vda6/size"), 2048);
	close(fd);
}

static void read_only(void)
{
	int fd, n = 0;

	NEED_DISKS();
	fd = open("/dev/vde", O_RDWR);
	NEED(fd >= 0);
	OK(ioctl(fd, BLKROGET, &n));
	EQ(n, 1);
	FAILS(write(fd, "x", 1), EPERM);
	EQ(read(fd, buf, 4096), 4096);
	close(fd);
}

static int may_not_say_so(void *arg)
{
	int on = 1;

	NEED_IN_CHILD(setuid(1000) == 0);
	FAILS(ioctl(*(int *)arg, BLKROSET, &on), EACCES);
	return tap_failures != 0;
}

/* A device that root says is not written. */
static void made_read_only(void)
{
	int fd, on = 1, is = 0;

	NEED_DISKS();
	NEED((fd = open("/dev/vdb", O_RDWR)) >= 0);
	mkdir("mnt", 0755);
	EQ(tap_child(may_not_say_so, &fd), 0);
	FAILS(ioctl(fd, BLKROSET, 16), EFAULT);
	OK(ioctl(fd, BLKROSET, &on));
	OK(ioctl(fd, BLKROGET, &is));
	EQ(is, 1);
	FAILS(pwrite(fd, buf, 512, 0), EPERM);
	close(fd);
	FAILS(mount("/dev/vdb", "mnt", "ext2", 0, NULL), EACCES);
	OK(mount("/dev/vdb", "mnt", "ext2", MS_RDONLY, NULL));
	OK(umount("mnt"));
	NEED((fd = open("/dev/vdb", O_RDONLY)) >= 0);
	on = 0;
	OK(ioctl(fd, BLKROSET, &on));
	OK(ioctl(fd, BLKROGET, &is));
	EQ(is, 0);
	close(fd);
	OK(mount("/dev/vdb", "mnt", "ext2", 0, NULL));
	OK(umount("mnt"));
}

static void bad_sectors(void)
{
	int fd, again;

	NEED_DISKS();
	fd = open("/dev/vdf", O_RDWR);
	again = open("/dev/vdf", O_RDWR);
	NEED(fd >= 0 && again >= 0);
	FAILS(pread(fd, buf, 512, 64 * SECTOR), EIO);
	FAILS(pread(fd, buf, 512, 64 * SECTOR), EIO); /* and again */
	EQ(pread(fd, buf, 512, 256 * SECTOR), 512);
	CHECK(is_pattern(buf, 1, 256, 0));
	put_pattern(buf, 8, 128, 0);
	EQ(pwrite(fd, buf, 8 * SECTOR, 128 * SECTOR), 8 * SECTOR);
	FAILS(fsync(fd), EIO);
	OK(fsync(fd)); /* told once to each */
	FAILS(fsync(again), EIO);
	EQ(pwrite(fd, buf, 8 * SECTOR, 512 * SECTOR), 8 * SECTOR);
	OK(fsync(fd));
	put_pattern(buf, 8, 512, 0);
	EQ(pwrite(fd, buf, 8 * SECTOR, 512 * SECTOR), 8 * SECTOR);
	close(fd);
	close(again);
}

static void discarding(void)
{
	uint64_t range[2] = { 4 << 20, 1 << 20 };
	int fd;

	NEED_DISKS();
	fd = open("/dev/vdg", O_RDWR);
	NEED(fd >= 0);
	memset(buf, 'd', sizeof(buf));
	EQ(pwrite(fd, buf, sizeof(buf), 4 << 20), sizeof(buf));
	OK(ioctl(fd, BLKDISCARD, range));
	CHECK(pread(fd, buf, 4096, 4 << 20) == 4096);
	range[0] = 100;
	FAILS(ioctl(fd, BLKDISCARD, range), EINVAL);
	range[0] = 8 << 20;
	FAILS(ioctl(fd, BLKDISCARD, range), EINVAL);
	close(fd);
	fd = open("/dev/vdg", O_RDONLY);
	FAILS(ioctl(fd, BLKDISCARD, range), EBADF);
	close(fd);
}

/* Four readers and writers at once, each in sectors of its own. */
static int hammer(void *arg)
{
	uint64_t seed = (uint64_t)(uintptr_t)arg + 1, base = 16384 + 1024 * (uintptr_t)arg;
	char page[4096];
	int fd = open("/dev/vda", O_RDWR);

	for (int i = 0; i < (tap_quick() ? 60 : 300); i++) {
		uint64_t s = base + tap_random(&seed) % 1000, n = 1 + tap_random(&seed) % 8;

		if (pread(fd, page, n * SECTOR, (off_t)(s * SECTOR)) != (ssize_t)(n * SECTOR) ||
		    !is_pattern(page, n, s, 0))
			return 1;
		if (pwrite(fd, page, n * SECTOR, (off_t)(s * SECTOR)) != (ssize_t)(n * SECTOR))
			return 2;
		if (i % 40 == 0 && (fsync(fd) || ioctl(fd, BLKFLSBUF, 0)))
			return 3;
	}
	close(fd);
	return 0;
}

static void at_once(void)
{
	pid_t pids[4];

	NEED_DISKS();
	for (uintptr_t i = 0; i < 4; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(hammer((void *)i));
	}
	for (int i = 0; i < 4; i++)
		EQ(tap_wait(pids[i]), 0);
}

/* Reads and writes so far, from /proc/diskstats. */
static void count(const char *name, long *reads, long *writes)
{
	static char text[8192];
	char *p;

	*reads = *writes = -1;
	if (tap_read("/proc/diskstats", text, sizeof(text)) > 0 && (p = strstr(text, name)))
		sscanf(p + strlen(name), "%ld %*d %*d %*d %ld", reads, writes);
}

/* The number after @label in the file at @path. */
static long kilobytes(const char *path, const char *label)
{
	static char text[16384];
	char *p;

	if (tap_read(path, text, sizeof(text)) <= 0 || !(p = strstr(text, label)))
		return -1;
	return atol(p + strlen(label));
}

static void statistics(void)
{
	long r0, w0, r1, w1;
	long in = kilobytes("/proc/vmstat", "pgpgin "), out = kilobytes("/proc/vmstat", "pgpgout ");
	int fd;

	NEED_DISKS();
	count(" vda ", &r0, &w0);
	CHECK(r0 > 0 && w0 >= 0);
	fd = open("/dev/vda", O_RDWR);
	NEED(fd >= 0);
	OK(ioctl(fd, BLKFLSBUF, 0));
	EQ(pread(fd, buf, 65536, 24576 * SECTOR), 65536);
	EQ(pwrite(fd, buf, 65536, 24576 * SECTOR), 65536);
	OK(fsync(fd));
	count(" vda ", &r1, &w1);
	CHECK(r1 > r0 && w1 > w0);
	CHECK(w1 - w0 < 16); /* neighbours go together */
	CHECK(kilobytes("/proc/vmstat", "pgpgin ") - in >= 64);
	CHECK(kilobytes("/proc/vmstat", "pgpgout ") - out >= 64);
	CHECK(kilobytes("/proc/meminfo", "Buffers:") >= 64);
	close(fd);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(sizes),	    T(bytes),
						 T(writing),	    T(one_write_through),
						 T(mapped),	    T(partitions),
						 T(hostile_tables), T(read_only),
						 T(made_read_only), T(bad_sectors),
						 T(discarding),	    T(at_once),
						 T(statistics),	    TEND };

	return tap_main(argc, argv, tests);
}
