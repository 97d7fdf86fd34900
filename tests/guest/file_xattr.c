/* Extended attributes: what tmpfs keeps (trusted.*, security.*) and what it does not, each call by path, link and descriptor. */
#include "dir.h"

#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/xattr.h>

static const char NAME[] = "trusted.colour";

static void values(void)
{
	char buf[64];

	enter("xv");
	EQ(touch("f"), 0);
	FAILS(getxattr("f", NAME, buf, sizeof(buf)), ENODATA);
	EQ(setxattr("f", NAME, "green", 5, 0), 0);
	EQ(getxattr("f", NAME, NULL, 0), 5);
	EQ(getxattr("f", NAME, buf, sizeof(buf)), 5);
	EQ(memcmp(buf, "green", 5), 0);
	EQ(setxattr("f", NAME, "blue", 4, XATTR_REPLACE), 0);
	EQ(getxattr("f", NAME, buf, 4), 4);
	EQ(memcmp(buf, "blue", 4), 0);
	FAILS(getxattr("f", NAME, buf, 3), ERANGE);
	EQ(setxattr("f", NAME, "", 0, 0), 0);
	EQ(getxattr("f", NAME, buf, sizeof(buf)), 0);
	EQ(removexattr("f", NAME), 0);
	FAILS(removexattr("f", NAME), ENODATA);
	EQ(listxattr("f", buf, sizeof(buf)), 0);
}

static void lists(void)
{
	char buf[64];

	enter("xl");
	EQ(touch("f"), 0);
	EQ(setxattr("f", "trusted.a", "1", 1, XATTR_CREATE), 0);
	EQ(setxattr("f", "security.b", "2", 1, XATTR_CREATE), 0);
	EQ(listxattr("f", NULL, 0), 21);
	FAILS(listxattr("f", buf, 20), ERANGE);
	EQ(listxattr("f", buf, sizeof(buf)), 21);
	EQ(memcmp(buf, "security.b\0trusted.a", 21), 0);
	EQ(rename("f", "g"), 0);
	EQ(listxattr("g", NULL, 0), 21);
}

static void links_and_descriptors(void)
{
	char buf[8];
	int fd;

	enter("xd");
	EQ(touch("f"), 0);
	EQ(symlink("f", "l"), 0);
	EQ(lsetxattr("l", NAME, "link", 4, 0), 0);
	FAILS(getxattr("l", NAME, buf, sizeof(buf)), ENODATA);
	EQ(lgetxattr("l", NAME, buf, sizeof(buf)), 4);
	EQ(llistxattr("l", NULL, 0), (long)sizeof(NAME));
	EQ(lremovexattr("l", NAME), 0);
	fd = open("f", O_RDONLY);
	EQ(fsetxattr(fd, NAME, "fd", 2, 0), 0);
	EQ(fgetxattr(fd, NAME, buf, sizeof(buf)), 2);
	EQ(flistxattr(fd, NULL, 0), (long)sizeof(NAME));
	EQ(getxattr("l", NAME, buf, sizeof(buf)), 2);
	EQ(fremovexattr(fd, NAME), 0);
	close(fd);
	FAILS(fgetxattr(fd, NAME, buf, sizeof(buf)), EBADF);
	fd = open("f", O_PATH);
	FAILS(fgetxattr(fd, NAME, buf, sizeof(buf)), EBADF);
	FAILS(fsetxattr(fd, NAME, "x", 1, 0), EBADF);
	close(fd);
}

static void refused(void)
{
	char name[300], *bad = mmap(NULL, 4096, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	static char large[65537];

	enter("xr");
	EQ(touch("f"), 0);
	memset(name, 'a', sizeof(name));
	memcpy(name, "trusted.", 8);
	name[299] = 0;
	FAILS(setxattr("f", name, "1", 1, 0), ERANGE);
	name[255] = 0;
	EQ(setxattr("f", name, "1", 1, 0), 0);
	FAILS(setxattr("f", "", "1", 1, 0), ERANGE);
	FAILS(setxattr("f", "trusted.", "1", 1, 0), EINVAL);
	FAILS(setxattr("f", NAME, "1", 1, 4), EINVAL);
	FAILS(setxattr("f", NAME, "1", 1, XATTR_REPLACE), ENODATA);
	EQ(setxattr("f", NAME, "1", 1, XATTR_CREATE), 0);
	FAILS(setxattr("f", NAME, "1", 1, XATTR_CREATE), EEXIST);
	FAILS(setxattr("f", NAME, large, sizeof(large), 0), E2BIG);
	EQ(setxattr("f", NAME, large, sizeof(large) - 1, 0), 0);
	FAILS(setxattr("f", NAME, bad, 1, 0), EFAULT);
	FAILS(setxattr("f", bad, "1", 1, 0), EFAULT);
	FAILS(getxattr("f", NAME, bad, 65536), EFAULT);
	FAILS(getxattr("none", NAME, name, 8), ENOENT);
	FAILS(setxattr("f", "user.a", "1", 1, 0), EOPNOTSUPP);
	FAILS(getxattr("f", "user.a", name, 8), EOPNOTSUPP);
	FAILS(setxattr("f", "nospace", "1", 1, 0), EOPNOTSUPP);
	FAILS(getxattr("f", "system.posix_acl_access", name, 8), ENODATA);
	FAILS(getxattr("/proc/self/maps", "system.posix_acl_access", name, 8), EOPNOTSUPP);
	EQ(listxattr("/proc/self/maps", name, 8), 0);
	FAILS(getxattr("/proc/self/maps", NAME, name, 8), EOPNOTSUPP);
	EQ(symlink("f", "l"), 0);
	FAILS(lsetxattr("l", "user.a", "1", 1, 0), EPERM);
	FAILS(lgetxattr("l", "user.a", name, 8), ENODATA);
	EQ(munmap(bad, 4096), 0);
}

static void not_root(void)
{
	char buf[8];
	int status;

	enter("xn");
	EQ(touch_mode("f", 0666), 0);
	EQ(setxattr("f", NAME, "1", 1, 0), 0);
	EQ(setxattr("f", "security.s", "1", 1, 0), 0);
	if (fork() == 0) {
		if (setuid(1000))
			_exit(1);
		if (setxattr("f", NAME, "2", 1, 0) != -1 || errno != EPERM)
			_exit(2);
		if (getxattr("f", NAME, buf, 8) != -1 || errno != ENODATA)
			_exit(3);
		if (setxattr("f", "security.s", "2", 1, 0) != -1 || errno != EPERM)
			_exit(4);
		if (getxattr("f", "security.s", buf, 8) != 1)
			_exit(5);
		_exit(listxattr("f", NULL, 0) == sizeof("security.s") ? 0 : 6);
	}
	EQ(wait(&status) > 0, 1);
	EQ(status, 0);
}

static void read_only(void)
{
	char buf[8];

	enter("xo");
	EQ(mkdir("m", 0755), 0);
	EQ(mount("none", "m", "tmpfs", 0, NULL), 0);
	EQ(touch("m/f"), 0);
	EQ(setxattr("m/f", NAME, "1", 1, 0), 0);
	EQ(mount("none", "m", "tmpfs", MS_REMOUNT | MS_RDONLY, NULL), 0);
	FAILS(setxattr("m/f", NAME, "1", 1, 0), EROFS);
	FAILS(removexattr("m/f", NAME), EROFS);
	EQ(getxattr("m/f", NAME, buf, sizeof(buf)), 1);
	EQ(umount("m"), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(values),  T(lists),	  T(links_and_descriptors),
						 T(refused), T(not_root), T(read_only),
						 TEND };

	return tap_main(argc, argv, tests);
}
