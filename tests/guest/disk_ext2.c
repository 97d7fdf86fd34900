/*
 * ext2 on disks: what Linux's tools have put there, and what we put there, through unmounting. Disks: tools/disks.py;
 * the host runs e2fsck on them when the machine has ended.
 */
#define _FILE_OFFSET_BITS 64
#include "acl.h"
#include "disk.h"

#include <dirent.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/statvfs.h>

static char buf[1 << 20] __attribute__((aligned(4096)));
static const char *const disks[] = { "/dev/vdb", "/dev/vdc", "/dev/vdd" };
static const unsigned block_sizes[] = { 4096, 1024, 2048 };

static int mount_at(const char *dev, unsigned long flags)
{
	mkdir("mnt", 0755);
	return mount(dev, "mnt", "ext2", flags, NULL);
}

/* The open files and the directory of a test are gone when it ends: busy is our mistake. */
static int again(const char *dev)
{
	return umount("mnt") ? -1 : mount_at(dev, 0);
}

/* Run @fn on each disk, mounted, in a directory of its own that is gone afterwards. */
static void on_each(void (*fn)(const char *dev, unsigned block))
{
	NEED_DISKS();
	for (int i = 0; i < 3; i++) {
		struct statvfs before, after;

		NEED(mount_at(disks[i], 0) == 0);
		EQ(mkdir("mnt/t", 0755), 0);
		NEED(statvfs("mnt", &before) == 0);
		fn(disks[i], block_sizes[i]);
		OK(rmdir("mnt/t"));
		NEED(statvfs("mnt", &after) == 0);
		EQ(after.f_ffree - before.f_ffree, 1);
		OK(umount("mnt"));
	}
}

static int file_is_pattern(const char *path, size_t size, uint64_t first)
{
	int fd = open(path, O_RDONLY), good = 1;
	size_t done = 0;
	ssize_t n;

	if (fd < 0)
		return 0;
	while ((n = read(fd, buf, sizeof(buf))) > 0) {
		good &= is_pattern(buf, (size_t)n / SECTOR, first + done / SECTOR, 0);
		done += (size_t)n;
	}
	close(fd);
	return good && done == size;
}

static void tree_of(const char *dev, unsigned block)
{
	char text[256];
	struct stat st;
	ssize_t n;
	int names = 0, fd;
	DIR *d;

	CHECK(file_is_pattern("mnt/big", 1 << 20, 0));
	fd = open("mnt/odd", O_RDONLY);
	EQ(pread(fd, buf, sizeof(buf), 0), 9999);
	CHECK(is_pattern(buf, 9999 / SECTOR, 7, 0));
	close(fd);
	OK(stat("mnt/sparse", &st));
	EQ(st.st_size, 3000003);
	CHECK(st.st_blocks * 512 < 100000);
	EQ(st.st_mtime, 1234567890);
	EQ(st.st_blksize, block);
	fd = open("mnt/sparse", O_RDONLY);
	EQ(at(fd, 1500000), 0);
	EQ(at(fd, 3000002), 'd');
	close(fd);
	EQ(tap_read("mnt/fast", text, sizeof(text)), 6);
	STREQ(text, "hello\n");
	EQ(tap_read("mnt/slow", text, sizeof(text)), 6);
	n = readlink("mnt/slow", text, sizeof(text));
	EQ(n, 4 + 120 + 5);
	OK(stat("mnt/hard", &st));
	EQ(st.st_nlink, 2);
	d = opendir("mnt/dir/deep");
	NEED(d);
	while (readdir(d))
		names++;
	closedir(d);
	EQ(names, 202);
	EQ(tap_read("mnt/dir/deep/entry123xxx", text, sizeof(text)), 4);
	STREQ(text, "123\n");
	OK(stat("mnt", &st));
	EQ(st.st_ino, 2);
	FAILS(open("mnt/dir/none", O_RDONLY), ENOENT);
}

static void tree(void)
{
	on_each(tree_of);
}

static void contents_of(const char *dev, unsigned block)
{
	static char copy[200000];
	uint64_t seed = block;
	struct stat st;
	int fd = open("mnt/t/f", O_CREAT | O_RDWR, 0640);

	memset(copy, 0, sizeof(copy));
	for (int i = 0; i < 60; i++) { /* any place, any length; holes stay between */
		size_t pos = tap_random(&seed) % 190000, n = 1 + tap_random(&seed) % 9000;

		memset(copy + pos, 'a' + i % 26, n);
		EQ(pwrite(fd, copy + pos, n, (off_t)pos), n);
		if (i % 20 == 19)
			OK(fsync(fd));
	}
	OK(ftruncate(fd, 200000));
	EQ(pread(fd, buf, sizeof(buf), 0), 200000);
	EQ(memcmp(buf, copy, 200000), 0);
	close(fd);
	NEED(again(dev) == 0);
	fd = open("mnt/t/f", O_RDWR);
	EQ(pread(fd, buf, sizeof(buf), 0), 200000);
	EQ(memcmp(buf, copy, 200000), 0);
	OK(ftruncate(fd, 70001)); /* what is cut off is zero when it comes back */
	OK(ftruncate(fd, 140000));
	memset(copy + 70001, 0, 140000 - 70001);
	EQ(pread(fd, buf, sizeof(buf), 0), 140000);
	EQ(memcmp(buf, copy, 140000), 0);
	close(fd);
	NEED(again(dev) == 0);
	fd = open("mnt/t/f", O_RDONLY);
	EQ(pread(fd, buf, sizeof(buf), 0), 140000);
	EQ(memcmp(buf, copy, 140000), 0);
	OK(fstat(fd, &st));
	CHECK(st.st_blocks * 512 <= 80000);
	EQ(st.st_mode, S_IFREG | 0640);
	close(fd);
	OK(unlink("mnt/t/f"));
}

static void contents(void)
{
	on_each(contents_of);
}

enum { FIBMAP = 1, FIGETBSZ = 2 };
#define FS_IOC_FIEMAP 0xc020660bUL
enum {
	FIEMAP_FLAG_SYNC = 1,
	FIEMAP_FLAG_XATTR,
	FIEMAP_EXTENT_LAST = 1,
	FIEMAP_EXTENT_MERGED = 0x1000
};
struct fiemap {
	uint64_t fm_start, fm_length;
	uint32_t fm_flags, fm_mapped_extents, fm_extent_count, fm_reserved;
};
struct fiemap_extent {
	uint64_t fe_logical, fe_physical, fe_length, fe_reserved64[2];
	uint32_t fe_flags, fe_reserved[3];
};

/* Two runs with a hole between them, told by FIEMAP and FIBMAP alike; with whole pages the device shows the bytes there. */
static void runs_of(const char *dev, unsigned block)
{
	struct {
		struct fiemap head;
		struct fiemap_extent run[8];
	} m = { .head = { .fm_length = ~0ULL, .fm_extent_count = 8 } };
	int fd = open("mnt/t/runs", O_CREAT | O_RDWR, 0600), raw = open(dev, O_RDONLY), n, size = 0;
	unsigned long long end = 0;

	NEED(fd >= 0 && raw >= 0);
	OK(ioctl(fd, FS_IOC_FIEMAP, &m));
	EQ(m.head.fm_mapped_extents, 0);
	memset(buf, 0x5a, 4 * block);
	EQ(pwrite(fd, buf, 4 * block, 0), 4 * block);
	EQ(pwrite(fd, buf, block, 20 * block), block);
	OK(ioctl(fd, FIGETBSZ, &size));
	EQ(size, block);
	OK(ioctl(fd, FS_IOC_FIEMAP, &m));
	NEED(m.head.fm_mapped_extents >= 2 && m.head.fm_mapped_extents <= 8);
	for (unsigned i = 0; i < m.head.fm_mapped_extents; i++) {
		const struct fiemap_extent *e = &m.run[i];
		int is_last = i == m.head.fm_mapped_extents - 1;

		EQ(e->fe_logical, i && is_last ? 20 * block : end);
		EQ(e->fe_flags, FIEMAP_EXTENT_MERGED | (is_last ? FIEMAP_EXTENT_LAST : 0));
		n = (int)(e->fe_logical / block);
		OK(ioctl(fd, FIBMAP, &n));
		EQ(n, e->fe_physical / block);
		if (block == 4096) {
			EQ(pread(raw, buf, 4096, (off_t)e->fe_physical), 4096);
			CHECK(buf[0] == 0x5a && buf[4095] == 0x5a);
		}
		end = e->fe_logical + e->fe_length;
	}
	EQ(end, 21 * block);
	n = 10;
	OK(ioctl(fd, FIBMAP, &n));
	EQ(n, 0);
	n = -1;
	FAILS(ioctl(fd, FIBMAP, &n), EINVAL);
	m.head.fm_extent_count = 1;
	OK(ioctl(fd, FS_IOC_FIEMAP, &m));
	EQ(m.head.fm_mapped_extents, 1);
	EQ(m.run[0].fe_flags & FIEMAP_EXTENT_LAST, 0);
	m.head.fm_start = 20 * block;
	m.head.fm_extent_count = 0; /* only count */
	OK(ioctl(fd, FS_IOC_FIEMAP, &m));
	EQ(m.head.fm_mapped_extents, 1);
	m.head.fm_flags = FIEMAP_FLAG_SYNC | FIEMAP_FLAG_XATTR;
	FAILS(ioctl(fd, FS_IOC_FIEMAP, &m), EBADR);
	EQ(m.head.fm_flags, FIEMAP_FLAG_XATTR);
	m.head.fm_flags = 0;
	m.head.fm_length = 0;
	FAILS(ioctl(fd, FS_IOC_FIEMAP, &m), EINVAL);
	m.head.fm_extent_count = 0x7fffffff;
	FAILS(ioctl(fd, FS_IOC_FIEMAP, &m), EINVAL);
	FAILS(ioctl(fd, FS_IOC_FIEMAP, 8), EFAULT);
	close(fd);
	close(raw);
	OK(unlink("mnt/t/runs"));
}

static void runs(void)
{
	on_each(runs_of);
}

/* /proc/PID/io and getrusage(2): what this process made disks do. */
struct disk_use {
	long long read, dirtied, cancelled;
	long in, out;
};

static struct disk_use disk_use(void)
{
	char text[400];
	struct disk_use u = { -1, -1, -1, 0, 0 };
	struct rusage ru;

	OK(getrusage(RUSAGE_SELF, &ru));
	CHECK(tap_read("/proc/self/io", text, sizeof(text)) > 0);
	EQ(sscanf(strstr(text, "read_bytes"),
		  "read_bytes: %lld\nwrite_bytes: %lld\ncancelled_write_bytes: %lld\n", &u.read,
		  &u.dirtied, &u.cancelled),
	   3);
	u.in = ru.ru_inblock;
	u.out = ru.ru_oublock;
	return u;
}

static void charged_of(const char *dev, unsigned block)
{
	int fd = open("mnt/t/io", O_CREAT | O_RDWR, 0600), tries = 0;
	struct disk_use a = disk_use(), b;

	(void)block;
	EQ(write(fd, buf, 65536), 65536);
	b = disk_use();
	CHECK(b.dirtied - a.dirtied >= 65536 && b.dirtied - a.dirtied < 1 << 20);
	CHECK(b.out - a.out >= 128);
	close(fd);
	NEED(again(dev) == 0);
	fd = open("mnt/t/io", O_RDWR);
	a = disk_use();
	EQ(read(fd, buf, 65536), 65536);
	b = disk_use();
	CHECK(b.read - a.read >= 65536 && b.read - a.read < 1 << 20);
	CHECK(b.in - a.in >= 128);
	EQ(pread(fd, buf, 65536, 0), 65536); /* from the cache */
	EQ(disk_use().read, b.read);
	do { /* what is dirty and never written; the flusher may be first */
		OK(fsync(fd));
		EQ(pwrite(fd, buf, 65536, 0), 65536);
		a = disk_use();
		OK(ftruncate(fd, 0));
		b = disk_use();
	} while (b.cancelled - a.cancelled < 65536 && ++tries < 10);
	EQ(b.cancelled - a.cancelled, 65536);
	close(fd);
	OK(unlink("mnt/t/io"));
}

static void charged(void)
{
	on_each(charged_of);
}

/* Through one, two and three levels of pointers, with holes of all kinds, and back. */
static void far_of(const char *dev, unsigned block)
{
	static const off_t places[] = { 0,	  5 << 10,	300 << 10,   5 << 20,
					66 << 20, 1100LL << 20, 5000LL << 20 };
	off_t ptrs = block / 4;
	struct statvfs before, after;
	int fd, n = 0;

	OK(statvfs("mnt", &before));
	fd = open("mnt/t/far", O_CREAT | O_RDWR, 0600);
	for (size_t i = 0; i < ARRAY_LEN(places); i++)
		if (places[i] >> 10 < ptrs * ptrs * ptrs * (off_t)(block >> 10)) {
			EQ(pwrite(fd, &places[i], 8, places[i] + 100), 8);
			n++;
		}
	CHECK(n >= 6);
	close(fd);
	NEED(again(dev) == 0);
	fd = open("mnt/t/far", O_RDWR);
	for (int i = n - 1; i >= 0; i--) {
		off_t got = 0;

		EQ(pread(fd, &got, 8, places[i] + 100), 8);
		EQ(got, places[i]);
		if (i)
			EQ(at(fd, places[i] - 10), 0);
		OK(ftruncate(fd, places[i] + 50)); /* from behind, one level after the other */
	}
	close(fd);
	OK(unlink("mnt/t/far"));
	OK(statvfs("mnt", &after));
	EQ(after.f_bfree, before.f_bfree);
}

static void far(void)
{
	on_each(far_of);
}

static void too_large_of(const char *dev, unsigned block)
{
	off_t most = block == 1024 ? ((12LL + 256 + 65536 + 16777216) << 10) : 0;
	int fd = open("mnt/t/f", O_CREAT | O_RDWR, 0600);

	FAILS(ftruncate(fd, 1LL << 42), EFBIG);
	FAILS(pwrite(fd, "x", 1, 1LL << 42), EFBIG);
	if (most) {
		OK(ftruncate(fd, most));
		FAILS(ftruncate(fd, most + 1), EFBIG);
		FAILS(pwrite(fd, "x", 1, most), EFBIG);
		EQ(pwrite(fd, "xy", 2, most - 1), 1);
		OK(ftruncate(fd, 0));
	}
	close(fd);
	OK(unlink("mnt/t/f"));
}

static void too_large(void)
{
	on_each(too_large_of);
}

static void names_of(const char *dev, unsigned block)
{
	char name[300], text[300];
	struct stat st;
	int fd;

	OK(mkdir("mnt/t/a", 0700));
	OK(mkdir("mnt/t/a/b", 0700));
	OK(stat("mnt/t/a", &st));
	EQ(st.st_nlink, 3);
	OK(touch("mnt/t/a/f"));
	OK(link("mnt/t/a/f", "mnt/t/g"));
	OK(rename("mnt/t/a/f", "mnt/t/a/b/f"));
	OK(rename("mnt/t/a/b", "mnt/t/b")); /* ".." changes, link counts too */
	OK(stat("mnt/t/a", &st));
	EQ(st.st_nlink, 2);
	OK(stat("mnt/t", &st));
	EQ(st.st_nlink, 4);
	OK(stat("mnt/t/b/../g", &st));
	EQ(st.st_nlink, 2);
	FAILS(rename("mnt/t/a", "mnt/t/b"), ENOTEMPTY);
	FAILS(rename("mnt/t/b", "mnt/t/b/x"), EINVAL);
	FAILS(rmdir("mnt/t/b"), ENOTEMPTY);
	FAILS(rename("mnt/t/g", "mnt/t/a"), EISDIR);
	OK(rename("mnt/t/b", "mnt/t/a")); /* over an empty directory */
	OK(touch("mnt/t/h"));
	OK(rename("mnt/t/h", "mnt/t/g")); /* over a file with another name */
	OK(stat("mnt/t/a/f", &st));
	EQ(st.st_nlink, 1);
	FAILS(syscall(SYS_renameat2, AT_FDCWD, "mnt/t/g", AT_FDCWD, "mnt/t/a/f", 2), EINVAL);
	FAILS(syscall(SYS_renameat2, AT_FDCWD, "mnt/t/g", AT_FDCWD, "mnt/t/a/f", 1), EEXIST);
	memset(name, 'n', sizeof(name));
	memcpy(name, "mnt/t/", 6);
	name[6 + 256] = '\0';
	FAILS(touch(name), ENAMETOOLONG);
	name[6 + 255] = '\0';
	OK(touch(name));
	memset(text, 's', 59);
	text[59] = '\0';
	OK(symlink(text, "mnt/t/short"));
	text[59] = 's';
	text[60] = '\0';
	OK(symlink(text, "mnt/t/long"));
	OK(mknod("mnt/t/null", S_IFCHR | 0666, 1 << 8 | 3));
	OK(mknod("mnt/t/fifo", S_IFIFO | 0600, 0));
	fd = open("mnt/t/fifo", O_RDWR);
	CHECK(fd >= 0 && write(fd, "x", 1) == 1);
	close(fd);
	NEED(again(dev) == 0);
	EQ(readlink("mnt/t/short", buf, 300), 59);
	EQ(readlink("mnt/t/long", buf, 300), 60);
	EQ(memcmp(buf, text, 60), 0);
	OK(lstat("mnt/t/null", &st));
	EQ(st.st_rdev, 1 << 8 | 3);
	OK(lstat("mnt/t/fifo", &st));
	CHECK(S_ISFIFO(st.st_mode));
	CHECK(there("mnt/t/g") && there("mnt/t/a/f") && there(name) && !there("mnt/t/h") &&
	      !there("mnt/t/b"));
	unlink(name);
	unlink("mnt/t/short");
	unlink("mnt/t/long");
	unlink("mnt/t/null");
	unlink("mnt/t/fifo");
	unlink("mnt/t/g");
	unlink("mnt/t/a/f");
	OK(rmdir("mnt/t/a"));
}

static void names(void)
{
	on_each(names_of);
}

static void attributes_of(const char *dev, unsigned block)
{
	struct timespec ts[2] = { { 1000, 5 }, { -2000, 999 } };
	struct stat st;
	int fd;

	OK(touch("mnt/t/f"));
	OK(chown("mnt/t/f", 70000, 100001));
	OK(chmod("mnt/t/f", 04751));
	OK(utimensat(AT_FDCWD, "mnt/t/f", ts, 0));
	NEED(again(dev) == 0);
	OK(stat("mnt/t/f", &st));
	EQ(st.st_uid, 70000);
	EQ(st.st_gid, 100001);
	EQ(st.st_mode, S_IFREG | 04751);
	EQ(st.st_atime, 1000);
	EQ(st.st_mtime, -2000);
	EQ(st.st_mtim.tv_nsec, 0); /* whole seconds are kept */
	fd = open("mnt/t/f", O_RDWR);
	FAILS(fallocate(fd, 0, 0, 10), EOPNOTSUPP);
	EQ(write(fd, buf, 5000), 5000);
	EQ(lseek(fd, 100, SEEK_DATA), 100);
	EQ(lseek(fd, 100, SEEK_HOLE), 5000);
	FAILS(lseek(fd, 5000, SEEK_DATA), ENXIO);
	close(fd);
	OK(unlink("mnt/t/f"));
	fd = open("mnt/t", O_TMPFILE | O_RDWR, 0600);
	NEED(fd >= 0);
	EQ(write(fd, "tmp", 3), 3);
	CHECK(at(fd, 2) == 'p');
	close(fd);
}

static void attributes(void)
{
	on_each(attributes_of);
}

/* chattr(1)'s: on the disk, beside those that are ext2's own. */
static void flags_of(const char *dev, unsigned block)
{
	const unsigned long get = _IOR('f', 1, long), set = _IOW('f', 2, long);
	int fd, flags = 0x10 | 0x40;

	OK(touch("mnt/t/fl"));
	fd = open("mnt/t/fl", O_RDONLY);
	OK(ioctl(fd, (int)set, &flags));
	close(fd);
	NEED(again(dev) == 0);
	FAILS(open("mnt/t/fl", O_WRONLY), EPERM);
	FAILS(unlink("mnt/t/fl"), EPERM);
	fd = open("mnt/t/fl", O_RDONLY);
	flags = 0;
	OK(ioctl(fd, (int)get, &flags));
	EQ(flags, 0x10 | 0x40);
	flags = 0;
	OK(ioctl(fd, (int)set, &flags));
	close(fd);
	OK(unlink("mnt/t/fl"));
}

static void flags(void)
{
	on_each(flags_of);
}

static void mapped_of(const char *dev, unsigned block)
{
	size_t size = 40 * PAGE + 123;
	int fd = open("mnt/t/m", O_CREAT | O_RDWR, 0600);
	struct stat st;
	char *p;

	OK(ftruncate(fd, (off_t)size)); /* one hole */
	p = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	for (size_t i = 0; i < 41; i += 2)
		p[i * PAGE + 5] = (char)('A' + i % 26);
	p[size - 1] = 'z';
	OK(msync(p, size, MS_SYNC));
	OK(fstat(fd, &st));
	CHECK(st.st_blocks * 512 >= 20 * (long)PAGE && st.st_blocks * 512 <= 22 * (long)PAGE);
	p[3 * PAGE] = 'q'; /* dirty when it is unmapped */
	close(fd);
	munmap(p, size);
	NEED(again(dev) == 0);
	fd = open("mnt/t/m", O_RDONLY);
	for (off_t i = 0; i < 41; i += 2)
		EQ(at(fd, i * (off_t)PAGE + 5), 'A' + i % 26);
	EQ(at(fd, 3 * (off_t)PAGE), 'q');
	EQ(at(fd, (off_t)size - 1), 'z');
	EQ(at(fd, 1 * (off_t)PAGE + 5), 0);
	p = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
	NEED(p != MAP_FAILED);
	p[5] = '!';
	EQ(at(fd, 5), 'A');
	munmap(p, PAGE);
	close(fd);
	OK(unlink("mnt/t/m"));
}

static void mapped(void)
{
	on_each(mapped_of);
}

static void many_of(const char *dev, unsigned block)
{
	int n = block == 2048 ? 150 : 600, seen = 0;
	char name[64];
	struct stat st;
	DIR *d;

	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "mnt/t/name-%d-%.*s", i, i % 30,
			 "abcdefghijklmnopqrstuvwxyzabcd");
		NEED(touch(name) == 0);
	}
	d = opendir("mnt/t");
	while (readdir(d)) {
		if (++seen % 7 == 0) { /* names go while it is read */
			int i = seen / 7 * 3 % n;

			snprintf(name, sizeof(name), "mnt/t/name-%d-%.*s", i, i % 30,
				 "abcdefghijklmnopqrstuvwxyzabcd");
			unlink(name);
		}
	}
	closedir(d);
	CHECK(seen > n / 2);
	NEED(again(dev) == 0);
	for (int i = 0; i < n; i++) {
		snprintf(name, sizeof(name), "mnt/t/name-%d-%.*s", i, i % 30,
			 "abcdefghijklmnopqrstuvwxyzabcd");
		if (there(name))
			OK(unlink(name));
	}
	OK(stat("mnt/t", &st));
	CHECK(st.st_size >= 4096 && st.st_nlink == 2);
}

static void many(void)
{
	on_each(many_of);
}

/* Until it is full, and empty again. */
static void full_of(const char *dev, unsigned block)
{
	struct statvfs before, now;
	ssize_t n;
	int fd;

	if (block != 2048)
		return;
	OK(statvfs("mnt", &before));
	CHECK(before.f_bavail < before.f_bfree);
	fd = open("mnt/t/fill", O_CREAT | O_RDWR, 0600);
	while ((n = write(fd, buf, 65536)) > 0)
		;
	CHECK(n < 0 && errno == ENOSPC);
	OK(fsync(fd));
	OK(statvfs("mnt", &now));
	EQ(now.f_bavail, 0);
	CHECK(now.f_bfree < 4);
	FAILS(mkdir("mnt/t/no", 0700), ENOSPC);
	close(fd);
	OK(unlink("mnt/t/fill"));
	OK(statvfs("mnt", &now));
	EQ(now.f_bfree, before.f_bfree);
	/* the last blocks are not for everybody */
	OK(chmod("mnt/t", 0777));
	if (fork() == 0) {
		if (setuid(1000))
			_exit(1);
		fd = open("mnt/t/user", O_CREAT | O_RDWR, 0600);
		while ((n = write(fd, buf, 65536)) > 0)
			;
		_exit(n < 0 && errno == ENOSPC ? 0 : 2);
	}
	EQ(tap_wait(-1), 0);
	OK(statvfs("mnt", &now));
	CHECK(now.f_bavail <= 1);
	CHECK(now.f_bfree >= before.f_bfree - before.f_bavail - 4);
	OK(unlink("mnt/t/user"));
	for (int i = 0;; i++) { /* inodes end, too */
		char name[32];

		snprintf(name, sizeof(name), "mnt/t/i%d", i);
		if (touch(name)) {
			EQ(errno, ENOSPC);
			CHECK(i > 50);
			while (i--) {
				snprintf(name, sizeof(name), "mnt/t/i%d", i);
				OK(unlink(name));
			}
			break;
		}
	}
}

static void full(void)
{
	on_each(full_of);
}

static void mounting(void)
{
	struct stat st, top;
	int fd;

	NEED_DISKS();
	mkdir("mnt", 0755);
	FAILS(mount("/dev/vda", "mnt", "ext2", 0, NULL), EINVAL);
	FAILS(mount("/dev/null", "mnt", "ext2", 0, NULL), ENOTBLK);
	FAILS(mount("/dev/none", "mnt", "ext2", 0, NULL), ENOENT);
	FAILS(mount("/dev/vdb", "mnt", "ext2", 0, "what=ever"), EINVAL);
	FAILS(mount_at("/dev/vde", 0), EACCES);
	OK(mount_at("/dev/vde", MS_RDONLY));
	CHECK(file_is_pattern("mnt/big", 1 << 20, 0));
	FAILS(open("mnt/new", O_CREAT | O_RDWR, 0600), EROFS);
	FAILS(mount(NULL, "mnt", NULL, MS_REMOUNT, NULL), EACCES);
	OK(umount("mnt"));
	fd = open("/dev/vdb", O_RDWR);
	FAILS(mount_at("/dev/vdb", 0), EBUSY); /* somebody writes to the device */
	close(fd);
	OK(mount_at("/dev/vdb", 0));
	FAILS(open("/dev/vdb", O_RDWR), EBUSY);
	OK(stat("mnt/big", &st));
	EQ(st.st_dev, 254 << 8 | 16);
	mkdir("mnt2", 0755);
	OK(mount("/dev/vdb", "mnt2", "ext2", 0, NULL)); /* the same tree */
	OK(stat("mnt2/big", &top));
	EQ(top.st_ino, st.st_ino);
	FAILS(mount("/dev/vdb", "mnt2", "ext2", MS_RDONLY, NULL), EBUSY);
	OK(umount("mnt2"));
	fd = open("mnt/w", O_CREAT | O_RDWR, 0600);
	FAILS(mount(NULL, "mnt", NULL, MS_REMOUNT | MS_RDONLY, NULL), EBUSY);
	FAILS(umount("mnt"), EBUSY);
	unlink("mnt/w");
	EQ(write(fd, "gone", 4), 4);
	close(fd);
	OK(mount(NULL, "mnt", NULL, MS_REMOUNT | MS_RDONLY, NULL));
	FAILS(mkdir("mnt/d", 0700), EROFS);
	OK(mount(NULL, "mnt", NULL, MS_REMOUNT, NULL));
	OK(mkdir("mnt/d", 0700));
	OK(rmdir("mnt/d"));
	OK(umount("mnt"));
}

/* Four at once make, write, move and remove; each checks what it reads. */
static int worker(void *arg)
{
	uint64_t seed = (uint64_t)(uintptr_t)arg;
	char a[64], b[64], data[9000], got[9000];

	for (int i = 0; i < (tap_quick() ? 40 : 150); i++) {
		size_t n = 1 + tap_random(&seed) % sizeof(data);
		int fd;

		snprintf(a, sizeof(a), "mnt/t/%d.%d", (int)(uintptr_t)arg, i);
		snprintf(b, sizeof(b), "mnt/t/d/%d.%d", (int)(uintptr_t)arg, i % 9);
		memset(data, 'a' + i % 26, n);
		if (tap_write(a, data, n, 0600) || rename(a, b))
			return 1;
		fd = open(b, O_RDONLY);
		if (read(fd, got, sizeof(got)) != (ssize_t)n || memcmp(got, data, n) != 0)
			return 2;
		close(fd);
		if (i % 16 == 0)
			sync();
		if (i % 3 == 0 && unlink(b))
			return 3;
	}
	return 0;
}

static void at_once_of(const char *dev, unsigned block)
{
	pid_t pids[4];
	char name[64];

	OK(mkdir("mnt/t/d", 0700));
	for (uintptr_t i = 0; i < 4; i++) {
		pids[i] = fork();
		if (pids[i] == 0)
			_exit(worker((void *)i));
	}
	for (int i = 0; i < 4; i++)
		EQ(tap_wait(pids[i]), 0);
	NEED(again(dev) == 0);
	for (int i = 0; i < 36; i++) {
		snprintf(name, sizeof(name), "mnt/t/d/%d.%d", i / 9, i % 9);
		unlink(name);
	}
	OK(rmdir("mnt/t/d"));
}

static void at_once(void)
{
	on_each(at_once_of);
}

/* What is dirty gets to the disk, and what is read comes from there. */
static void large_of(const char *dev, unsigned block)
{
	size_t mb = block == 2048 ? 3 : tap_quick() ? 6 : 12;
	int fd = open("mnt/t/large", O_CREAT | O_RDWR, 0600);

	for (size_t i = 0; i < mb; i++) {
		put_pattern(buf, sizeof(buf) / SECTOR, i * (sizeof(buf) / SECTOR), 0);
		EQ(write(fd, buf, sizeof(buf)), sizeof(buf));
	}
	OK(fsync(fd));
	close(fd);
	NEED(again(dev) == 0);
	CHECK(file_is_pattern("mnt/t/large", mb << 20, 0));
	OK(unlink("mnt/t/large"));
}

static void large(void)
{
	on_each(large_of);
}

/* ---- extended attributes and access lists ---- */

static long attr_is(const char *path, const char *name, const char *want)
{
	char got[4096];
	long n = getxattr(path, name, got, sizeof(got));

	return n == (long)strlen(want) && !memcmp(got, want, (size_t)n);
}

static void stored_attributes_of(const char *dev, unsigned block)
{
	static const char names[] =
		"user.a\0user.bb\0system.posix_acl_access\0trusted.t\0security.s";
	struct acl_text a, b;
	size_t size = acl_make(&a, 6, UOBJ, 6, -1, UNAMED, 7, 70000, GOBJ, 4, -1, GNAMED, 5, 3,
			       AMASK, 6, -1, OTHERS, 0, -1);
	struct stat st;
	char list[256];

	EQ(touch("mnt/t/f"), 0);
	OK(setxattr("mnt/t/f", "trusted.t", "one", 3, 0));
	OK(setxattr("mnt/t/f", "user.bb", "two", 3, 0));
	OK(setxattr("mnt/t/f", "security.s", "", 0, 0));
	OK(setxattr("mnt/t/f", "user.a", "three", 5, XATTR_CREATE));
	OK(acl_set("mnt/t/f", ACCESS_ACL, &a, size));
	OK(setxattr("mnt/t/f", "user.bb", "four", 4, XATTR_REPLACE));
	FAILS(setxattr("mnt/t/f", "user.a", "x", 1, XATTR_CREATE), EEXIST);
	FAILS(setxattr("mnt/t/f", "user.", "x", 1, 0), EINVAL);
	FAILS(setxattr("mnt/t/f", "user.big", buf, block, 0), ENOSPC);
	OK(stat("mnt/t/f", &st));
	EQ(st.st_blocks, block / 512);
	for (int round = 0; round < 2; round++) {
		EQ(listxattr("mnt/t/f", list, sizeof(list)), sizeof(names));
		EQ(memcmp(list, names, sizeof(names)), 0);
		CHECK(attr_is("mnt/t/f", "user.a", "three"));
		CHECK(attr_is("mnt/t/f", "user.bb", "four"));
		CHECK(attr_is("mnt/t/f", "trusted.t", "one"));
		CHECK(attr_is("mnt/t/f", "security.s", ""));
		EQ(getxattr("mnt/t/f", ACCESS_ACL, &b, sizeof(b)), (long)size);
		EQ(memcmp(&a, &b, size), 0);
		EQ(mode_of("mnt/t/f"), 0660);
		NEED(again(dev) == 0);
	}
	OK(chmod("mnt/t/f", 0600));
	OK(removexattr("mnt/t/f", "user.a"));
	NEED(again(dev) == 0);
	EQ(getxattr("mnt/t/f", ACCESS_ACL, &b, sizeof(b)), (long)size);
	EQ(b.e[4].perm, 0);
	FAILS(getxattr("mnt/t/f", "user.a", NULL, 0), ENODATA);
	OK(removexattr("mnt/t/f", "user.bb"));
	OK(removexattr("mnt/t/f", "trusted.t"));
	OK(removexattr("mnt/t/f", "security.s"));
	OK(removexattr("mnt/t/f", ACCESS_ACL));
	OK(stat("mnt/t/f", &st));
	EQ(st.st_blocks, 0);
	OK(symlink("f", "mnt/t/l"));
	OK(lsetxattr("mnt/t/l", "trusted.l", "link", 4,
		     0)); /* beside a text that is in the inode */
	NEED(again(dev) == 0);
	EQ(readlink("mnt/t/l", list, sizeof(list)), 1);
	EQ(lgetxattr("mnt/t/l", "trusted.l", list, sizeof(list)), 4);
	OK(unlink("mnt/t/l"));
	OK(unlink("mnt/t/f"));
}

static void stored_attributes(void)
{
	on_each(stored_attributes_of);
}

static void default_lists_of(const char *dev, unsigned block)
{
	struct acl_text a, b;
	size_t size = acl_make(&a, 5, UOBJ, 7, -1, UNAMED, 7, 1000, GOBJ, 5, -1, AMASK, 7, -1,
			       OTHERS, 0, -1);

	OK(acl_set("mnt/t", DEFAULT_ACL, &a, size));
	OK(mkdir("mnt/t/d", 0777));
	EQ(touch_mode("mnt/t/d/f", 0666), 0);
	NEED(again(dev) == 0);
	EQ(mode_of("mnt/t/d"), 0770);
	EQ(mode_of("mnt/t/d/f"), 0660);
	EQ(getxattr("mnt/t/d", DEFAULT_ACL, &b, sizeof(b)), (long)size);
	EQ(memcmp(&a, &b, size), 0);
	EQ(getxattr("mnt/t/d/f", ACCESS_ACL, &b, sizeof(b)), (long)size);
	EQ(may("mnt/t/d/f", R_OK | W_OK, 1000, 1000, -1), 0);
	EQ(may("mnt/t/d/f", R_OK, 1001, 1001, -1), EACCES);
	OK(mount(dev, "mnt", "ext2", MS_REMOUNT, "noacl,nouser_xattr"));
	EQ(may("mnt/t/d/f", R_OK, 1000, 1000, -1), EACCES);
	FAILS(getxattr("mnt/t/d/f", ACCESS_ACL, NULL, 0), EOPNOTSUPP);
	FAILS(setxattr("mnt/t/d/f", "user.a", "1", 1, 0), EOPNOTSUPP);
	OK(mount(dev, "mnt", "ext2", MS_REMOUNT, "acl,user_xattr"));
	EQ(may("mnt/t/d/f", R_OK, 1000, 1000, -1), 0);
	OK(unlink("mnt/t/d/f"));
	OK(rmdir("mnt/t/d"));
}

static void default_lists(void)
{
	on_each(default_lists_of);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(tree),	  T(contents),	T(runs),  T(charged),
		T(far),		  T(too_large), T(names), T(attributes),
		T(flags),	  T(mapped),	T(many),  T(full),
		T(mounting),	  T(at_once),	T(large), T(stored_attributes),
		T(default_lists), TEND
	};

	return tap_main(argc, argv, tests);
}
