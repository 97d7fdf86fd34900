/* What calls on files refuse, and how: the ERRORS of their man pages that no other program shows. */
#include "dir.h"
#include "mem.h"

#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/sendfile.h>
#include <sys/uio.h>

#ifndef SYS_copy_file_range
#define SYS_copy_file_range (IS64 ? 326 : 377)
#endif
#if defined(__i386__)
#define SYS_SEEK SYS_lseek /* off_t of 32 bits */
#endif

/* The largest file: its number of pages is an unsigned long. */
static int64_t max_file(void)
{
	return IS64 ? INT64_MAX : ((int64_t)1 << 44) - 4096;
}

static int64_t seek64(int fd, int64_t pos, int whence)
{
	return lseek64(fd, pos, whence);
}

static int truncate_as_nobody(void *unused)
{
	if (setgid(65534) || setuid(65534))
		return 9;
	FAILS(truncate("locked/f", 1), EACCES);
	FAILS(truncate("readable", 1), EACCES);
	return tap_failures != 0;
}

static void truncate_errors(void)
{
	char name[300], path[5000];

	enter("truncate");
	memset(name, 'n', sizeof(name));
	name[256] = '\0';
	for (size_t i = 0; i < sizeof(path) - 1; i++)
		path[i] = i % 2 ? '/' : '.';
	path[sizeof(path) - 1] = '\0';
	NEED(mkdir("locked", 0700) == 0 && touch("locked/f") == 0 && touch("readable") == 0);
	NEED(symlink("loop", "loop") == 0);
	EQ(tap_child(truncate_as_nobody, NULL), EXITED(0));
	FAILS(truncate("loop", 1), ELOOP);
	FAILS(truncate(name, 1), ENAMETOOLONG);
	FAILS(truncate(path, 1), ENAMETOOLONG);
	FAILS(truncate("", 1), ENOENT);
	NEED(mkdir("ro", 0755) == 0 && mount("none", "ro", "tmpfs", 0, NULL) == 0);
	NEED(touch("ro/f") == 0);
	NEED(mount("none", "ro", "tmpfs", MS_REMOUNT | MS_RDONLY, NULL) == 0);
	FAILS(truncate("ro/f", 1), EROFS);
	EQ(umount("ro"), 0);
}

/* Sizes and places behind the largest file. */
static void largest_file(void)
{
	const int wraps = IS64; /* the sum is no offset any more */
	int fd;
	char c = 'x';

	enter("largest");
	fd = open("f", O_CREAT | O_RDWR, 0600);
	NEED(fd >= 0);
	EQ(ftruncate64(fd, max_file()), 0);
	EQ(seek64(fd, 0, SEEK_END), max_file());
	EQ(seek64(fd, max_file(), SEEK_SET), max_file());
	if (wraps) {
		FAILS(pread64(fd, &c, 1, max_file()), EINVAL);
		FAILS(pwrite64(fd, "ab", 2, max_file() - 1), EINVAL);
	} else {
		EQ(pread64(fd, &c, 1, max_file()), 0);
		EQ(pwrite64(fd, "ab", 2, max_file() - 1), 1); /* as much as fits */
	}
	FAILS(pwrite64(fd, &c, 1, max_file()), wraps ? EINVAL : EFBIG);
	EQ(write(fd, &c, 0), 0);
	FAILS(write(fd, &c, 1), wraps ? EINVAL : EFBIG);
	FAILS(fallocate64(fd, 0, max_file() - 10, 12), EFBIG);
	if (!IS64 && !tap_compat()) {
		FAILS(ftruncate64(fd, max_file() + 1), EFBIG);
		EQ(seek64(fd, max_file() + 1, SEEK_SET), -1);
		EQ(errno, EINVAL);
	}
	EQ(ftruncate64(fd, 0), 0);
	close(fd);
}

static void lseek_errors(void)
{
	int fd, p[2];

	enter("lseek");
	fd = file("f", 100);
	NEED(fd >= 0 && pipe(p) == 0);
	EQ(seek64(99, 0, SEEK_SET), -1);
	EQ(errno, EBADF);
	EQ(seek64(open("f", O_PATH), 0, SEEK_SET), -1);
	EQ(errno, EBADF);
	EQ(seek64(p[0], 0, SEEK_CUR), -1);
	EQ(errno, ESPIPE);
	EQ(seek64(fd, -1, SEEK_SET), -1);
	EQ(errno, EINVAL);
	EQ(seek64(fd, -101, SEEK_END), -1);
	EQ(errno, EINVAL);
	EQ(seek64(fd, 7, SEEK_SET), 7);
	EQ(seek64(fd, -8, SEEK_CUR), -1);
	EQ(errno, EINVAL);
	EQ(seek64(fd, 0, 77), -1);
	EQ(errno, EINVAL);
	EQ(seek64(fd, 0, SEEK_CUR), 7);
	EQ(seek64(fd, max_file(), SEEK_CUR), -1);
	EQ(errno, EINVAL);
#if defined(__i386__)
	EQ(seek64(fd, (int64_t)3 << 30, SEEK_SET), (int64_t)3 << 30);
	FAILS(syscall(SYS_SEEK, fd, 0, SEEK_CUR), EOVERFLOW);
	EQ(seek64(fd, 0, SEEK_CUR), (int64_t)3 << 30);
	EQ(syscall(SYS_SEEK, fd, 5, SEEK_SET), 5);
#endif
}

static void positions(void)
{
	struct iovec v = { "x", 1 };
	int fd;
	char c;

	enter("positions");
	fd = file("f", 100);
	NEED(fd >= 0);
	FAILS(pread(fd, &c, 1, -1), EINVAL);
	FAILS(pwrite(fd, "x", 1, -1), EINVAL);
	FAILS(preadv(fd, &v, 1, -1), EINVAL);
	FAILS(pwritev(fd, &v, 1, -1), EINVAL);
	FAILS(pread(99, &c, 1, -1), EINVAL); /* the place is looked at first */
	FAILS(pread(99, &c, 1, 0), EBADF);
	FAILS(preadv(fd, &v, -1, 0), EINVAL);
	FAILS(pwritev(fd, &v, 1025, 0), EINVAL);
	EQ(pread(fd, &c, 0, 1000), 0);
}

/* RLIMIT_FSIZE: SIGXFSZ, and EFBIG when it is ignored. */
static int small_files(void *unused)
{
	struct rlimit l = { PAGE, PAGE };
	int in = file("in", 3 * PAGE), out = open("out", O_CREAT | O_RDWR, 0600);
	long long oi = 0, oo = PAGE;

	signal(SIGXFSZ, SIG_IGN);
	NEED_IN_CHILD(in >= 0 && out >= 0 && setrlimit(RLIMIT_FSIZE, &l) == 0);
	EQ(pwrite(out, "ab", 2, (off_t)PAGE - 1), 1);
	FAILS(pwrite(out, "x", 1, (off_t)PAGE), EFBIG);
	FAILS(syscall(SYS_copy_file_range, in, &oi, out, &oo, 10, 0), EFBIG);
	oo = 0;
	EQ(syscall(SYS_copy_file_range, in, &oi, out, &oo, 3 * PAGE, 0), (long)PAGE);
	EQ(lseek(out, (off_t)PAGE, SEEK_SET), (off_t)PAGE);
	FAILS(sendfile(out, in, NULL, 10), EFBIG);
	FAILS(ftruncate(out, (off_t)PAGE + 1), EFBIG);
	FAILS(fallocate(out, 0, 0, (off_t)PAGE + 1), EFBIG);
	EQ(ftruncate(in, (off_t)PAGE), 0); /* shorter is allowed */
	return tap_failures != 0;
}

static void file_size_limit(void)
{
	enter("fsize");
	EQ(tap_child(small_files, NULL), EXITED(0));
}

/* Without a copy of their own, files are copied inside one file system only. */
static void copies_between_file_systems(void)
{
	int in, out, proc;

	enter("between");
	NEED(mkdir("m", 0755) == 0 && mount("none", "m", "tmpfs", 0, NULL) == 0);
	in = file("f", 100);
	out = file("m/f", 0);
	proc = open("/proc/version", O_RDONLY);
	NEED(in >= 0 && out >= 0 && proc >= 0);
	FAILS(syscall(SYS_copy_file_range, in, NULL, out, NULL, 10, 0), EXDEV);
	FAILS(syscall(SYS_copy_file_range, out, NULL, in, NULL, 10, 0), EXDEV);
	FAILS(syscall(SYS_copy_file_range, proc, NULL, in, NULL, 10, 0), EXDEV);
	EQ(sendfile(out, in, NULL, 10), 10); /* it may */
	close(out);
	EQ(umount("m"), 0);
}

static void sendfile_to_a_full_pipe(void)
{
	int in, p[2];
	char c;

	enter("sendfile");
	in = file("f", 200 * (off_t)PAGE);
	NEED(in >= 0 && pipe2(p, O_NONBLOCK) == 0);
	EQ(sendfile(p[1], in, NULL, 200 * PAGE), 65536);
	FAILS(sendfile(p[1], in, NULL, 1), EAGAIN);
	EQ(lseek(in, 0, SEEK_CUR), 65536);
	close(p[0]);
	signal(SIGPIPE, SIG_IGN);
	FAILS(sendfile(p[1], in, NULL, 1), EPIPE);
	FAILS(sendfile(in, open("f", O_WRONLY), NULL, 1), EBADF);
	c = 0;
	EQ(pread(in, &c, 1, 0), 1);
}

/* What cannot be said with a file offset. */
static void sendfile_behind_the_largest_file(void)
{
	off64_t off = max_file();
	int in, out;

	enter("overflow");
	in = file("f", 100);
	out = file("g", 0);
	NEED(in >= 0 && out >= 0 && ftruncate64(in, max_file()) == 0);
	FAILS(sendfile64(out, in, &off, 10), IS64 ? EINVAL : EOVERFLOW);
	EQ(off, max_file());
	off -= 3;
	if (IS64)
		FAILS(sendfile64(out, in, &off, 10), EINVAL);
	EQ(sendfile64(out, in, &off, IS64 ? 3 : 10), 3);
	EQ(off, max_file());
	EQ(sendfile64(out, in, &off, 0), 0);
#if defined(__i386__)
	long small = INT32_MAX;

	FAILS(syscall(SYS_sendfile, out, in, &small, 10), EOVERFLOW);
	EQ(small, INT32_MAX);
	FAILS(truncate64("f", max_file() + 1), tap_compat() ? 0 : EFBIG);
#endif
	EQ(ftruncate64(in, 0), 0);
	close(in);
	close(out);
}

/* A sealed file, met by its name or as the target of a copy. */
static void sealed_files(void)
{
	int fd = (int)syscall(SYS_memfd_create, "x", 2 /* MFD_ALLOW_SEALING */);
	int from = (int)syscall(SYS_memfd_create, "y", 0);
	char name[64];

	enter("sealed");
	NEED(fd >= 0 && from >= 0 && ftruncate(fd, 50) == 0 && ftruncate(from, 100) == 0);
	NEED(fcntl(fd, 1033 /* F_ADD_SEALS */, 2 | 4 | 8 /* SHRINK, GROW, WRITE */) == 0);
	snprintf(name, sizeof(name), "/proc/self/fd/%d", fd);
	FAILS(truncate(name, 10), EPERM);
	FAILS(truncate(name, 100), EPERM);
	EQ(truncate(name, 50), 0);
	FAILS(syscall(SYS_copy_file_range, from, NULL, fd, NULL, 10, 0), EPERM);
	FAILS(sendfile(fd, from, NULL, 10), EPERM);
	FAILS(fallocate(fd, 0, 0, 100), EPERM);
	close(fd);
	close(from);
}

/* A file system with room for three pages. */
static void copies_into_a_full_file_system(void)
{
	int in, out;

	enter("full");
	NEED(mkdir("m", 0755) == 0 && mount("none", "m", "tmpfs", 0, "size=12k") == 0);
	in = file("m/f", 100);
	out = file("m/g", 0);
	NEED(in >= 0 && out >= 0 && pwrite(in, "x", 1, 0) == 1 &&
	     pwrite(in, "y", 1, (off_t)PAGE) == 1);
	EQ(ftruncate(in, 2 * (off_t)PAGE), 0);
	EQ(syscall(SYS_copy_file_range, in, NULL, out, NULL, 2 * PAGE, 0), (long)PAGE);
	FAILS(syscall(SYS_copy_file_range, in, NULL, out, NULL, PAGE, 0), ENOSPC);
	FAILS(fallocate(out, 0, 0, 2 * (off_t)PAGE), ENOSPC);
	EQ(at(out, 0), 'x');
	close(in);
	close(out);
	EQ(umount("m"), 0);
}

/* A system call that needs a page which cannot be: the mapping's file has ended. */
static void buffers_behind_the_end(void)
{
	int fd, other;
	char *p;

	enter("behind");
	fd = file("f", (off_t)PAGE);
	other = file("g", (off_t)PAGE);
	NEED(fd >= 0 && other >= 0);
	p = mmap(NULL, 2 * PAGE, RW, MAP_SHARED, fd, 0);
	NEED(p != MAP_FAILED);
	FAILS(pread(other, p + PAGE, 10, 0), EFAULT);
	EQ(pread(other, p + PAGE - 5, 10, 0), 5);
	FAILS(pwrite(other, p + PAGE, 10, 0), EFAULT);
	EQ(pwrite(other, p + PAGE - 5, 10, 0), 5);
	FAILS(open(p + PAGE, O_RDONLY), EFAULT);
	munmap(p, 2 * PAGE);
}

/* Flags and advice that may be given and change no result. */
static void hints(void)
{
	struct iovec v = { "gift", 4 };
	char buf[8];
	int fd, p[2];

	enter("hints");
	fd = file("f", 100);
	NEED(fd >= 0 && pipe(p) == 0 && pwrite(fd, "data", 4, 0) == 4);
	EQ(vmsplice(p[1], &v, 1, SPLICE_F_GIFT | SPLICE_F_NONBLOCK), 4);
	EQ(splice(fd, NULL, p[1], NULL, 4, SPLICE_F_MORE | SPLICE_F_MOVE), 4);
	EQ(read(p[0], buf, sizeof(buf)), 8);
	EQ(memcmp(buf, "giftdata", 8), 0);
	EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM), 0);
	EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_NOREUSE), 0);
	EQ(posix_fadvise(fd, 0, 0, POSIX_FADV_NORMAL), 0);
	close(fd);
	close(p[0]);
	close(p[1]);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(truncate_errors),
						 T(largest_file),
						 T(lseek_errors),
						 T(positions),
						 T(file_size_limit),
						 T(copies_between_file_systems),
						 T(sendfile_to_a_full_pipe),
						 T(sendfile_behind_the_largest_file),
						 T(sealed_files),
						 T(hints),
						 T(copies_into_a_full_file_system),
						 T(buffers_behind_the_end),
						 TEND };

	return tap_main(argc, argv, tests);
}
