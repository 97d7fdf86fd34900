/* chattr(1)'s flags: what an immutable file and one that only grows refuse, what new files inherit, who may set them. */
#include "dir.h"

#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define GETFLAGS     _IOR('f', 1, long)
#define SETFLAGS     _IOW('f', 2, long)
#define IMMUTABLE    0x10
#define APPEND	     0x20
#define NODUMP	     0x40
#define NOATIME	     0x80
#define NOT_TMPFS_FL 0x08 /* S */

static int set(const char *name, int flags)
{
	int fd = open(name, O_RDONLY), ret, err;

	CHECK(fd >= 0);
	ret = ioctl(fd, SETFLAGS, &flags);
	err = errno;
	close(fd);
	errno = err;
	return ret;
}

static int get(const char *name)
{
	int fd = open(name, O_RDONLY), flags = -1;

	CHECK(fd >= 0);
	OK(ioctl(fd, GETFLAGS, &flags));
	close(fd);
	return flags;
}

static void own_tmpfs(const char *dir)
{
	char again[20];

	enter(dir);
	OK(mount("none", ".", "tmpfs", 0, NULL));
	snprintf(again, sizeof(again), "../%s", dir);
	OK(chdir(again));
}

static void leave(void)
{
	char cwd[100];

	CHECK(getcwd(cwd, sizeof(cwd)));
	OK(chdir("/"));
	OK(umount(cwd));
	OK(rmdir(cwd));
}

static void immutable(void)
{
	struct stat st;
	int fd;

	own_tmpfs("fi");
	OK(touch("f"));
	OK(mkdir("d", 0755));
	OK(touch("d/in"));
	EQ(get("f"), 0);
	OK(set("f", IMMUTABLE));
	EQ(get("f"), IMMUTABLE);
	FAILS(open("f", O_WRONLY), EPERM);
	FAILS(open("f", O_RDWR | O_APPEND), EPERM);
	FAILS(access("f", W_OK), EPERM);
	FAILS(truncate("f", 0), EPERM);
	FAILS(chmod("f", 0600), EPERM);
	FAILS(chown("f", 1, 1), EPERM);
	FAILS(utimensat(AT_FDCWD, "f", NULL, 0), EPERM);
	FAILS(utimensat(AT_FDCWD, "f", (struct timespec[2]){ { 1, 0 }, { 1, 0 } }, 0), EPERM);
	FAILS(setxattr("f", "trusted.a", "1", 1, 0), EPERM);
	FAILS(link("f", "g"), EPERM);
	FAILS(rename("f", "g"), EPERM);
	FAILS(rename("d/in", "f"), EPERM);
	FAILS(unlink("f"), EPERM);
	fd = open("f", O_RDONLY);
	CHECK(fd >= 0);
	close(fd);
	OK(set("d", IMMUTABLE));
	FAILS(touch("d/new"), EPERM);
	FAILS(mkdir("d/sub", 0755), EPERM);
	FAILS(unlink("d/in"), EPERM);
	FAILS(rename("d/in", "in"), EPERM);
	FAILS(rmdir("d"), EPERM);
	fd = open("d/in", O_WRONLY);
	CHECK(fd >= 0);
	close(fd);
	OK(set("d", 0));
	OK(set("f", 0));
	OK(chmod("f", 0600));
	OK(unlink("f"));
	OK(stat("d/in", &st));
	leave();
}

static void append_only(void)
{
	int fd;

	own_tmpfs("fa");
	OK(touch("f"));
	OK(set("f", APPEND));
	FAILS(open("f", O_WRONLY), EPERM);
	FAILS(open("f", O_RDWR | O_TRUNC), EPERM);
	FAILS(open("f", O_WRONLY | O_APPEND | O_TRUNC), EPERM);
	fd = open("f", O_WRONLY | O_APPEND);
	CHECK(fd >= 0);
	EQ(write(fd, "abc", 3), 3);
	FAILS(fcntl(fd, F_SETFL, 0), EPERM);
	OK(fcntl(fd, F_SETFL, O_APPEND | O_NONBLOCK));
	FAILS(ftruncate(fd, 0), EPERM);
	FAILS(fallocate(fd, 3, 0, 1), EPERM);
	OK(fallocate(fd, 1, 0, 1));
	close(fd);
	FAILS(truncate("f", 0), EPERM);
	FAILS(chmod("f", 0600), EPERM);
	FAILS(chown("f", 1, 1), EPERM);
	OK(utimensat(AT_FDCWD, "f", NULL, 0));
	FAILS(utimensat(AT_FDCWD, "f", (struct timespec[2]){ { 1, 0 }, { 1, 0 } }, 0), EPERM);
	FAILS(removexattr("f", "trusted.a"), EPERM);
	FAILS(link("f", "g"), EPERM);
	FAILS(rename("f", "g"), EPERM);
	FAILS(unlink("f"), EPERM);
	OK(mkdir("d", 0755));
	OK(set("d", APPEND));
	OK(touch("d/new"));
	FAILS(unlink("d/new"), EPERM);
	FAILS(rename("d/new", "d/other"), EPERM);
	leave();
}

static void kept_and_inherited(void)
{
	struct { /* as in statx(2) */
		uint32_t mask, blksize;
		uint64_t attributes;
		uint32_t nlink, uid, gid;
		uint16_t mode, pad;
		uint64_t ino, size, blocks, attributes_mask, rest[26];
	} sx;
	struct stat st;
	char c = 0;
	int fd, flags;

	own_tmpfs("fk");
	OK(mkdir("d", 0755));
	OK(set("d", NODUMP | NOATIME));
	OK(touch("d/f"));
	OK(mkdir("d/sub", 0755));
	EQ(get("d/f"), NODUMP | NOATIME);
	EQ(get("d/sub"), NODUMP | NOATIME);
	OK(set("d/f", APPEND | NODUMP | NOATIME));
	OK(syscall(SYS_statx, AT_FDCWD, "d/f", 0, 0x7ff, &sx));
	EQ(sx.attributes & 0x70, APPEND | NODUMP);
	EQ(sx.attributes_mask & 0x70, 0x70);
	fd = open("d/f", O_RDWR | O_APPEND);
	CHECK(fd >= 0);
	EQ(write(fd, "a", 1), 1);
	OK(set("d/f", NOATIME));
	OK(futimens(fd, (struct timespec[2]){ { 7, 0 }, { 8, 0 } }));
	EQ(pread(fd, &c, 1, 0), 1);
	OK(fstat(fd, &st));
	EQ(st.st_atime, 7);
	OK(set("d/f", 0));
	EQ(pread(fd, &c, 1, 0), 1);
	OK(fstat(fd, &st));
	CHECK(st.st_atime != 7);
	close(fd);
	FAILS(set("d/f", NOT_TMPFS_FL), EOPNOTSUPP);
	EQ(get("d/f"), 0);
	fd = open("d/f", O_RDONLY);
	FAILS(ioctl(fd, SETFLAGS, NULL), EFAULT);
	FAILS(ioctl(fd, GETFLAGS, NULL), EFAULT);
	close(fd);
	OK(mkfifo("p", 0600));
	fd = open("p", O_RDWR);
	CHECK(fd >= 0);
	flags = 0;
	FAILS(ioctl(fd, GETFLAGS, &flags), ENOTTY);
	close(fd);
	fd = open("/proc/self/maps", O_RDONLY);
	FAILS(ioctl(fd, GETFLAGS, &flags), ENOTTY);
	FAILS(ioctl(fd, SETFLAGS, &flags), ENOTTY);
	close(fd);
	OK(mount("none", ".", "tmpfs", MS_REMOUNT | MS_RDONLY, NULL));
	FAILS(set("d/f", NODUMP), EROFS);
	leave();
}

static void as_somebody(void)
{
	if (setgid(1000) || setuid(1000))
		_exit(1);
	FAILS(set("theirs", NODUMP), EPERM);
	FAILS(set("mine", IMMUTABLE), EPERM);
	FAILS(set("mine", APPEND), EPERM);
	OK(set("mine", NODUMP));
	FAILS(set("fixed", 0), EPERM);
	_exit(tap_failures ? 1 : 0);
}

static void whose(void)
{
	int status;
	pid_t p;

	own_tmpfs("fw");
	OK(touch("theirs"));
	OK(touch("mine"));
	OK(chown("mine", 1000, 1000));
	OK(touch("fixed"));
	OK(chown("fixed", 1000, 1000));
	OK(set("fixed", IMMUTABLE));
	p = fork();
	if (!p)
		as_somebody();
	EQ(waitpid(p, &status, 0), p);
	EQ(status, 0);
	EQ(get("mine"), NODUMP);
	leave();
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(immutable), T(append_only),
						 T(kept_and_inherited), T(whose), TEND };

	return tap_main(argc, argv, tests);
}
