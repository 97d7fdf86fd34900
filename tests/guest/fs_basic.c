/* Files: opening, positions, sizes, holes, descriptors, stat fields, directories being read, temporary files, devices. */
#include "tap.h"

#include <dirent.h>
#include <sys/ioctl.h>
#include <sys/resource.h>
#include <sys/statfs.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <sys/uio.h>

static int exists(const char *path)
{
	return access(path, F_OK) == 0;
}

static void open_flags(void)
{
	int fd = open("f", O_CREAT | O_EXCL | O_RDWR, 0640);
	struct stat st;
	char c;

	NEED(fd >= 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_mode, S_IFREG | 0640);
	EQ(write(fd, "abc", 3), 3);
	FAILS(open("f", O_CREAT | O_EXCL | O_RDWR, 0640), EEXIST);
	close(fd);
	fd = open("f", O_RDONLY);
	FAILS(write(fd, "x", 1), EBADF);
	FAILS(ftruncate(fd, 0), EINVAL);
	close(fd);
	fd = open("f", O_WRONLY | O_TRUNC);
	FAILS(read(fd, &c, 1), EBADF);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 0);
	close(fd);
	fd = open("f", O_WRONLY | O_APPEND);
	EQ(write(fd, "12", 2), 2);
	EQ(lseek(fd, 0, SEEK_SET), 0);
	EQ(write(fd, "34", 2), 2);
	EQ(lseek(fd, 0, SEEK_CUR), 4);
	EQ(fcntl(fd, F_GETFL) & ~0100000, O_WRONLY | O_APPEND);
	close(fd);
	FAILS(open("f", O_DIRECTORY | O_RDONLY), ENOTDIR);
	FAILS(open(".", O_RDWR), EISDIR);
	FAILS(open(".", O_CREAT | O_RDONLY, 0600), EISDIR);
	FAILS(open("none", O_RDONLY), ENOENT);
	FAILS(open("f/x", O_RDONLY), ENOTDIR);
	FAILS(open("f/", O_RDONLY), ENOTDIR);
	EQ(symlink("f", "link"), 0);
	FAILS(open("link", O_RDONLY | O_NOFOLLOW), ELOOP);
	FAILS(open("link", O_CREAT | O_EXCL, 0600), EEXIST);
	unlink("link");
	unlink("f");
}

static void path_only(void)
{
	struct stat st;
	char c;
	int fd;

	NEED(tap_write("f", "data", 4, 0600) == 0);
	fd = open("f", O_PATH);
	CHECK(fd >= 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 4);
	FAILS(read(fd, &c, 1), EBADF);
	FAILS(write(fd, "x", 1), EBADF);
	FAILS(lseek(fd, 0, SEEK_SET), EBADF);
	FAILS(syscall(SYS_fchmod, fd, 0600), EBADF);
	EQ(fcntl(fd, F_GETFL) & ~0100000, O_PATH);
	close(fd);
	unlink("f");
}

static void positions(void)
{
	int fd = open("f", O_CREAT | O_RDWR, 0600), dup_fd, other;
	char buf[10] = "";

	NEED(fd >= 0);
	EQ(write(fd, "0123456789", 10), 10);
	EQ(lseek(fd, 3, SEEK_SET), 3);
	EQ(read(fd, buf, 2), 2);
	EQ(memcmp(buf, "34", 2), 0);
	EQ(lseek(fd, -2, SEEK_END), 8);
	EQ(lseek(fd, 1, SEEK_CUR), 9);
	FAILS(lseek(fd, -20, SEEK_CUR), EINVAL);
	FAILS(lseek(fd, 0, 99), EINVAL);
	FAILS(lseek(99, 0, SEEK_SET), EBADF);
	EQ(lseek(fd, 0, SEEK_CUR), 9);
	EQ(pread(fd, buf, 4, 2), 4);
	EQ(memcmp(buf, "2345", 4), 0);
	EQ(pwrite(fd, "XY", 2, 0), 2);
	EQ(lseek(fd, 0, SEEK_CUR), 9);
	FAILS(pread(fd, buf, 1, -1), EINVAL);
	/* Duplicates share the position, another opening has its own. */
	dup_fd = dup(fd);
	EQ(lseek(dup_fd, 1, SEEK_SET), 1);
	EQ(read(fd, buf, 1), 1);
	EQ(buf[0], 'Y');
	EQ(lseek(dup_fd, 0, SEEK_CUR), 2);
	other = open("f", O_RDONLY);
	EQ(lseek(other, 0, SEEK_CUR), 0);
	EQ(pread(fd, buf, 10, 10), 0);
	EQ(pread(fd, buf, 10, 8), 2);
	unlink("f");
}

static void inherited_position(void)
{
	int fd = open("f", O_CREAT | O_RDWR, 0600);
	pid_t pid;

	EQ(write(fd, "abcdef", 6), 6);
	EQ(lseek(fd, 0, SEEK_SET), 0);
	pid = fork();
	if (pid == 0) {
		char c;

		_exit(read(fd, &c, 1) == 1 ? c : 0);
	}
	EQ(tap_wait(pid), EXITED('a'));
	EQ(lseek(fd, 0, SEEK_CUR), 1);
	unlink("f");
}

static void sizes_and_holes(void)
{
	int fd = open("f", O_CREAT | O_RDWR, 0600);
	struct stat st;
	static char buf[20000];

	EQ(lseek(fd, 100000, SEEK_SET), 100000);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 0);
	EQ(write(fd, "end", 3), 3);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 100003);
	EQ(st.st_blocks, 8); /* one page */
	EQ(st.st_blksize, 4096);
	memset(buf, 1, sizeof(buf));
	EQ(pread(fd, buf, sizeof(buf), 90000), 10003);
	EQ(buf[0] | buf[9999], 0);
	EQ(memcmp(buf + 10000, "end", 3), 0);
	EQ(ftruncate(fd, 100001), 0);
	EQ(ftruncate(fd, 100010), 0);
	EQ(pread(fd, buf, 100, 100000), 10);
	EQ(memcmp(buf, "e\0\0\0\0\0\0\0\0\0", 10), 0);
	EQ(truncate("f", 5), 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_size, 5);
	EQ(st.st_blocks, 0);
	FAILS(ftruncate(fd, -1), EINVAL);
	FAILS(truncate("f", -1), EINVAL);
	FAILS(truncate(".", 0), EISDIR);
	FAILS(truncate("none", 0), ENOENT);
	EQ(ftruncate(fd, (off_t)1 << 30), 0); /* holes cost nothing */
	EQ(fstat(fd, &st), 0);
	EQ(st.st_blocks, 0);
	unlink("f");
}

static void descriptors(void)
{
	int a = open("/dev/null", O_RDONLY), b;
	struct rlimit r = { 50, 50 };

	NEED(a >= 0);
	b = dup(a);
	CHECK(b > a);
	EQ(dup2(a, 30), 30);
	EQ(dup2(a, a), a);
	FAILS(dup2(77, 31), EBADF);
	FAILS(dup2(a, -1), EBADF);
	FAILS(syscall(SYS_dup3, a, a, 0), EINVAL);
	FAILS(syscall(SYS_dup3, a, 31, 12345), EINVAL);
	EQ(fcntl(a, F_DUPFD, 33), 33);
	EQ(fcntl(a, F_DUPFD_CLOEXEC, 33), 34);
	EQ(fcntl(34, F_GETFD), FD_CLOEXEC);
	EQ(fcntl(33, F_GETFD), 0);
	EQ(close(33), 0);
	FAILS(close(33), EBADF);
	EQ(dup(a) < 33, 1);
	EQ(setrlimit(RLIMIT_NOFILE, &r), 0);
	FAILS(fcntl(a, F_DUPFD, 50), EINVAL);
	FAILS(dup2(a, 50), EBADF);
	EQ(dup2(a, 49), 49);
	while (dup(a) >= 0)
		;
	EQ(errno, EMFILE);
	FAILS(open("/dev/null", O_RDONLY), EMFILE);
	close(b);
	EQ(open("/dev/null", O_RDONLY), b); /* the lowest free number */
	EQ(fcntl(a, F_SETFL, O_NONBLOCK), 0);
	EQ(fcntl(a, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	FAILS(fcntl(a, 9999, 0), EINVAL);
	FAILS(fcntl(77, F_GETFD), EBADF);
}

static void stat_fields(void)
{
	struct stat st, st2, dir;
	struct timespec before, after;

	clock_gettime(CLOCK_REALTIME_COARSE, &before);
	NEED(tap_write("f", "12345", 5, 0604) == 0);
	clock_gettime(CLOCK_REALTIME, &after);
	EQ(stat("f", &st), 0);
	EQ(st.st_mode, S_IFREG | 0604);
	EQ(st.st_nlink, 1);
	EQ(st.st_size, 5);
	EQ(st.st_blocks, 8);
	EQ(st.st_uid, 0);
	EQ(st.st_gid, 0);
	CHECK(st.st_ino != 0);
	CHECK(st.st_mtim.tv_sec >= before.tv_sec - 1 && st.st_mtim.tv_sec <= after.tv_sec);
	EQ(stat(".", &dir), 0);
	EQ(dir.st_dev, st.st_dev);
	CHECK(S_ISDIR(dir.st_mode));
	EQ(dir.st_nlink, 2);
	EQ(mkdir("d", 0700), 0);
	EQ(stat(".", &dir), 0);
	EQ(dir.st_nlink, 3);
	EQ(rmdir("d"), 0);
	EQ(link("f", "g"), 0);
	EQ(stat("g", &st2), 0);
	EQ(st2.st_ino, st.st_ino);
	EQ(st2.st_nlink, 2);
	EQ(symlink("some/where", "l"), 0);
	EQ(lstat("l", &st2), 0);
	EQ(st2.st_mode, S_IFLNK | 0777);
	EQ(st2.st_size, 10);
	FAILS(stat("l", &st2), ENOENT);
	unlink("l");
	unlink("f");
	EQ(stat("g", &st2), 0);
	EQ(st2.st_nlink, 1);
	unlink("g");
}

static void times_change(void)
{
	struct stat a, b;
	struct timespec set[2] = { { 1000000000, 5 }, { 1100000000, 7 } };
	struct timespec omit[2] = { { 0, UTIME_OMIT }, { 0, UTIME_OMIT } };

	NEED(tap_write("f", "x", 1, 0600) == 0);
	EQ(utimensat(AT_FDCWD, "f", set, 0), 0);
	EQ(stat("f", &a), 0);
	EQ(a.st_atim.tv_sec, 1000000000);
	EQ(a.st_atim.tv_nsec, 5);
	EQ(a.st_mtim.tv_sec, 1100000000);
	EQ(a.st_mtim.tv_nsec, 7);
	EQ(utimensat(AT_FDCWD, "f", omit, 0), 0);
	EQ(stat("f", &b), 0);
	EQ(b.st_mtim.tv_sec, 1100000000);
	EQ(utimensat(AT_FDCWD, "f", NULL, 0), 0);
	EQ(stat("f", &b), 0);
	CHECK(b.st_mtim.tv_sec > 1100000000);
	EQ(utimensat(AT_FDCWD, "f", set, 0), 0);
	NEED(tap_write("f", "y", 1, 0600) == 0);
	EQ(stat("f", &b), 0);
	CHECK(b.st_mtim.tv_sec > 1100000000);
	EQ(b.st_atim.tv_sec, 1000000000);
	set[0].tv_nsec = 2000000000;
	FAILS(utimensat(AT_FDCWD, "f", set, 0), EINVAL);
	unlink("f");
}

static void statx_fields(void)
{
	struct { /* as in statx(2) */
		uint32_t mask, blksize;
		uint64_t attributes;
		uint32_t nlink, uid, gid;
		uint16_t mode, pad;
		uint64_t ino, size, blocks, rest[26];
	} x;

	NEED(tap_write("f", "123", 3, 0640) == 0);
	memset(&x, 0x55, sizeof(x));
	EQ(syscall(SYS_statx, AT_FDCWD, "f", 0, 0x7ff, &x), 0);
	EQ(x.mask & 0x7ff, 0x7ff & (x.mask | ~0x800));
	EQ(x.blksize, 4096);
	EQ(x.nlink, 1);
	EQ(x.mode, S_IFREG | 0640);
	EQ(x.size, 3);
	EQ(x.blocks, 8);
	FAILS(syscall(SYS_statx, AT_FDCWD, "f", 0x80000, 0x7ff, &x), EINVAL);
	FAILS(syscall(SYS_statx, AT_FDCWD, "f", 0, 0x80000000, &x), EINVAL);
	unlink("f");
}

static void unlinked_while_open(void)
{
	int fd = open("f", O_CREAT | O_RDWR, 0600);
	struct stat st;
	char buf[4], path[40], target[200];
	ssize_t n;

	EQ(write(fd, "gone", 4), 4);
	EQ(unlink("f"), 0);
	EQ(exists("f"), 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_nlink, 0);
	EQ(pread(fd, buf, 4, 0), 4);
	EQ(memcmp(buf, "gone", 4), 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	n = readlink(path, target, sizeof(target) - 1);
	CHECK(n > 10);
	target[n > 0 ? n : 0] = '\0';
	STREQ(target + (n > 10 ? n - 10 : 0), " (deleted)");
	EQ(open(path, O_RDONLY) >= 0, 1);
	EQ(open("f", O_CREAT | O_EXCL | O_RDWR, 0600) >= 0, 1);
	EQ(unlink("f"), 0);
}

static void temporary_file(void)
{
	int fd = open(".", O_TMPFILE | O_RDWR, 0600);
	struct stat st;
	char path[40];

	if (fd < 0 && errno == EOPNOTSUPP)
		SKIP("no O_TMPFILE");
	NEED(fd >= 0);
	EQ(write(fd, "tmp", 3), 3);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_nlink, 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	EQ(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW), 0);
	EQ(stat("named", &st), 0);
	EQ(st.st_size, 3);
	EQ(st.st_nlink, 1);
	unlink("named");
	FAILS(open(".", O_TMPFILE | O_RDONLY, 0600), EINVAL);
}

static int compare(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void directories_read(void)
{
	enum { N = 300 };
	static char names[N + 10][16], *sorted[N + 10];
	char name[16];
	struct dirent *e;
	DIR *d;
	int n = 0;

	EQ(mkdir("d", 0700), 0);
	for (int i = 0; i < N; i++) {
		snprintf(name, sizeof(name), "d/f%03d", i);
		NEED(tap_write(name, "", 0, 0600) == 0);
	}
	d = opendir("d");
	NEED(d);
	while ((e = readdir(d)) && n < N + 10) {
		snprintf(names[n], sizeof(names[n]), "%.15s", e->d_name);
		sorted[n] = names[n];
		EQ(e->d_type, e->d_name[0] == '.' ? DT_DIR : DT_REG);
		n++;
	}
	EQ(n, N + 2);
	qsort(sorted, (size_t)n, sizeof(sorted[0]), compare);
	STREQ(sorted[0], ".");
	STREQ(sorted[1], "..");
	for (int i = 0; i < N && i + 2 < n; i++) {
		snprintf(name, sizeof(name), "f%03d", i);
		STREQ(sorted[i + 2], name);
	}
	/* Removing what was read while reading loses nothing. */
	rewinddir(d);
	n = 0;
	while ((e = readdir(d)))
		if (e->d_name[0] != '.') {
			snprintf(names[0], sizeof(names[0]), "d/%.13s", e->d_name);
			EQ(unlink(names[0]), 0);
			n++;
		}
	EQ(n, N);
	closedir(d);
	EQ(rmdir("d"), 0);
}

static void directory_calls(void)
{
	char buf[600];
	int fd = open(".", O_RDONLY | O_DIRECTORY);

	FAILS(read(fd, buf, 10), EISDIR);
	FAILS(syscall(SYS_getdents64, fd, buf, 1), EINVAL); /* too small for an entry */
	CHECK(syscall(SYS_getdents64, fd, buf, sizeof(buf)) > 0);
	EQ(syscall(SYS_getdents64, fd, buf, sizeof(buf)), 0);
	EQ(lseek(fd, 0, SEEK_SET), 0);
	CHECK(syscall(SYS_getdents64, fd, buf, sizeof(buf)) > 0);
	close(fd);
	fd = open("/dev/null", O_RDONLY);
	FAILS(syscall(SYS_getdents64, fd, buf, sizeof(buf)), ENOTDIR);
	/* A removed directory is empty. */
	EQ(mkdir("d", 0700), 0);
	fd = open("d", O_RDONLY | O_DIRECTORY);
	EQ(rmdir("d"), 0);
	FAILS(syscall(SYS_getdents64, fd, buf, sizeof(buf)), ENOENT);
	FAILS(openat(fd, "x", O_CREAT | O_RDWR, 0600), ENOENT);
}

static void umask_and_modes(void)
{
	mode_t old = umask(077);
	struct stat st;
	int fd;

	EQ(umask(027), 077);
	fd = open("f", O_CREAT | O_RDWR, 0666);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_mode & 07777, 0640);
	EQ(mkdir("d", 0777), 0);
	EQ(stat("d", &st), 0);
	EQ(st.st_mode & 07777, 0750);
	EQ(fchmod(fd, 04755), 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_mode & 07777, 04755);
	/* Ownership changes and writes take the set-user-ID bit away. */
	EQ(fchown(fd, 10, 20), 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_mode & 07777, 0755);
	EQ(st.st_uid, 10);
	EQ(st.st_gid, 20);
	EQ(fchown(fd, (uid_t)-1, 30), 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_uid, 10);
	EQ(st.st_gid, 30);
	umask(old);
	unlink("f");
	rmdir("d");
}

static void set_group_directories(void)
{
	struct stat st;

	EQ(mkdir("d", 0777), 0);
	EQ(chown("d", 0, 4321), 0);
	EQ(chmod("d", 02777), 0);
	EQ(tap_write("d/f", "", 0, 0600), 0);
	EQ(stat("d/f", &st), 0);
	EQ(st.st_gid, 4321);
	EQ(mkdir("d/sub", 0700), 0);
	EQ(stat("d/sub", &st), 0);
	EQ(st.st_gid, 4321);
	EQ(st.st_mode & 07777, 02700);
	rmdir("d/sub");
	unlink("d/f");
	rmdir("d");
}

static void devices(void)
{
	static char buf[100000];
	int fd = open("/dev/zero", O_RDWR);
	struct stat st;

	memset(buf, 1, sizeof(buf));
	EQ(read(fd, buf, sizeof(buf)), sizeof(buf));
	EQ(buf[0] | buf[sizeof(buf) - 1], 0);
	EQ(write(fd, buf, 10), 10);
	fd = open("/dev/null", O_RDWR);
	EQ(read(fd, buf, 10), 0);
	EQ(write(fd, buf, sizeof(buf)), sizeof(buf));
	EQ(stat("/dev/null", &st), 0);
	EQ(st.st_mode, S_IFCHR | 0666);
	EQ(major(st.st_rdev) * 1000 + minor(st.st_rdev), 1003);
	fd = open("/dev/full", O_RDWR);
	EQ(read(fd, buf, 10), 10);
	FAILS(write(fd, buf, 10), ENOSPC);
	fd = open("/dev/urandom", O_RDONLY);
	memset(buf, 0, 1000);
	EQ(read(fd, buf, 1000), 1000);
	CHECK(memcmp(buf, buf + 500, 500) != 0);
	EQ(mknod("n", S_IFCHR | 0600, makedev(1, 3)), 0);
	fd = open("n", O_WRONLY);
	EQ(write(fd, "x", 1), 1);
	close(fd);
	EQ(unlink("n"), 0);
	EQ(mknod("n", S_IFCHR | 0600, makedev(250, 77)), 0);
	FAILS(open("n", O_RDONLY), ENXIO);
	EQ(unlink("n"), 0);
	EQ(mknod("s", S_IFSOCK | 0600, 0), 0);
	FAILS(open("s", O_RDONLY), ENXIO);
	EQ(unlink("s"), 0);
	FAILS(mknod("n", S_IFDIR | 0600, 0), EPERM);
	EQ(mknod("n", 0600, 0), 0);
	EQ(unlink("n"), 0);
}

static void zero_mapping(void)
{
	int fd = open("/dev/zero", O_RDWR);
	char *p = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);

	CHECK(p != MAP_FAILED);
	EQ(p[PAGE], 0);
	p[PAGE] = 1;
	EQ(p[PAGE + 1], 0);
	EQ(munmap(p, 2 * PAGE), 0);
}

static void file_system(void)
{
	struct statfs a, b;
	int fd;
	static char block[65536];

	EQ(statfs(".", &a), 0);
	EQ(a.f_bsize, 4096);
	EQ(a.f_namelen, 255);
	CHECK(a.f_blocks > 0 && a.f_bfree <= a.f_blocks);
	fd = open("f", O_CREAT | O_RDWR, 0600);
	EQ(write(fd, block, sizeof(block)), sizeof(block));
	EQ(fstatfs(fd, &b), 0);
	EQ(a.f_type, b.f_type);
	if (!getenv("TAP_HOST"))
		EQ(a.f_bfree - b.f_bfree, 16);
	unlink("f");
}

static void randomly(void)
{
	enum { SIZE = 200000, STEPS = 600 };
	static unsigned char model[SIZE], buf[SIZE];
	int fd = open("f", O_CREAT | O_RDWR, 0600);
	uint64_t seed = 99;
	size_t size = 0;

	NEED(fd >= 0);
	/* Random writes, reads and cuts against a model in memory. */
	for (int i = 0; i < STEPS; i++) {
		uint64_t r = tap_random(&seed);
		size_t at = (size_t)(r % SIZE), len = (size_t)((r >> 32) % 9000);

		if (at + len > SIZE)
			len = SIZE - at;
		if ((r >> 60) < 8) {
			for (size_t k = 0; k < len; k++)
				model[at + k] = buf[k] = (unsigned char)(i + k);
			NEED(pwrite(fd, buf, len, (off_t)at) == (ssize_t)len);
			size = len && at + len > size ? at + len : size;
		} else if ((r >> 60) < 10) {
			NEED(ftruncate(fd, (off_t)at) == 0);
			if (at < size)
				memset(model + at, 0, size - at);
			size = at;
		} else {
			ssize_t n = pread(fd, buf, len, (off_t)at),
				want = at >= size ? 0 : (ssize_t)(size - at);

			NEED(n == (want < (ssize_t)len ? want : (ssize_t)len));
			NEED(memcmp(buf, model + at, (size_t)n) == 0);
		}
	}
	EQ(lseek(fd, 0, SEEK_END), size);
	NEED(pread(fd, buf, SIZE, 0) == (ssize_t)size);
	EQ(memcmp(buf, model, size), 0);
	unlink("f");
}

static int makes_files(void *arg)
{
	struct stat st;
	int dir = *(int *)arg, fd;

	NEED_IN_CHILD(setresgid(77, 77, 77) == 0 && setresuid(77, 77, 77) == 0);
	umask(0);
	NEED_IN_CHILD((fd = openat(dir, "a", O_CREAT | O_RDWR, 02775)) >= 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_mode & 07777, 0775);
	EQ(st.st_gid, 99);
	NEED_IN_CHILD((fd = openat(dir, "b", O_CREAT | O_RDWR, 02765)) >= 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_mode & 07777, 02765); /* no execution by the group: the bit means something else */
	NEED_IN_CHILD((fd = openat(dir, ".", O_TMPFILE | O_RDWR, 02770)) >= 0);
	EQ(fstat(fd, &st), 0);
	EQ(st.st_mode & 07777, 0770);
	umask(0010);
	EQ(mknodat(dir, "c", S_IFIFO | 02770, 0), 0);
	EQ(fstatat(dir, "c", &st, 0), 0);
	EQ(st.st_mode & 07777, 0760);
	return tap_failures != 0;
}

/* A directory that gives its group away gives no rights of that group to who is not in it. */
static void groups_of_directories(void)
{
	int dir;

	NEED(mkdir("sgid", 0777) == 0);
	OK(chown("sgid", 0, 99));
	OK(chmod("sgid", 02777));
	NEED((dir = open("sgid", O_RDONLY)) >= 0);
	EQ(tap_child(makes_files, &dir), 0);
	OK(unlinkat(dir, "a", 0));
	OK(unlinkat(dir, "b", 0));
	OK(unlinkat(dir, "c", 0));
	close(dir);
	OK(rmdir("sgid"));
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(open_flags),
						 T(path_only),
						 T(positions),
						 T(inherited_position),
						 T(sizes_and_holes),
						 T(descriptors),
						 T(stat_fields),
						 T(times_change),
						 T(statx_fields),
						 T(unlinked_while_open),
						 T(temporary_file),
						 T(directories_read),
						 T(directory_calls),
						 T(umask_and_modes),
						 T(set_group_directories),
						 T(devices),
						 T(zero_mapping),
						 T(file_system),
						 T(randomly),
						 T(groups_of_directories),
						 TEND };

	umask(022);
	return tap_main(argc, argv, tests);
}
