/* The calls that name a file by a directory's descriptor, and the older ones without: openat(2) and its kin, utimensat(2)'s forebears. */
#include "dir.h"

#include <limits.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/time.h>
#include <utime.h>

static int dir;

/* A directory "d" with a file "f" of an ordinary user; dir: its descriptor. */
static int set_up(const char *name)
{
	enter(name);
	if (mkdir("d", 0777) || touch_mode("d/f", 0640) || chown("d/f", 1000, 1000))
		return -1;
	dir = open("d", O_RDONLY | O_DIRECTORY);
	return dir;
}

static struct stat of(const char *path)
{
	struct stat st = { .st_mode = 0 };

	(void)!lstat(path, &st);
	return st;
}

/* What every call of this kind says of bad descriptors and names. */
#define SAME_ERRORS(call)                                                                          \
	do {                                                                                       \
		int at = open("d/f", O_RDONLY);                                                    \
		const char *name = "x/y";                                                          \
		char *wrong = (char *)8;                                                           \
		EQ(at >= 0, 1);                                                                    \
		FAILS(call, ENOTDIR);                                                              \
		close(at);                                                                         \
		FAILS(call, EBADF);                                                                \
		at = dir;                                                                          \
		FAILS(call, ENOENT);                                                               \
		name = "";                                                                         \
		FAILS(call, ENOENT);                                                               \
		name = "f/y";                                                                      \
		FAILS(call, ENOTDIR);                                                              \
		name = wrong;                                                                      \
		FAILS(call, EFAULT);                                                               \
	} while (0)

static void making(void)
{
	NEED(set_up(__func__) >= 0);
	umask(022);
	OK(syscall(SYS_mkdirat, dir, "sub", 01777));
	EQ(of("d/sub").st_mode, S_IFDIR | 01755);
	FAILS(syscall(SYS_mkdirat, dir, "sub", 0700), EEXIST);
	FAILS(syscall(SYS_mkdirat, dir, "f", 0700), EEXIST);
	SAME_ERRORS(syscall(SYS_mkdirat, at, name, 0700));
	OK(syscall(SYS_mkdirat, -100, "d/abs", 0700));

	OK(syscall(SYS_mknodat, dir, "pipe", S_IFIFO | 0666, 0));
	EQ(of("d/pipe").st_mode, S_IFIFO | 0644);
	OK(syscall(SYS_mknodat, dir, "file", 0600, 0)); /* no type: a regular file */
	EQ(of("d/file").st_mode, S_IFREG | 0600);
	OK(syscall(SYS_mknodat, dir, "null", S_IFCHR | 0600, makedev(1, 3)));
	EQ(of("d/null").st_rdev, makedev(1, 3));
	OK(syscall(SYS_mknodat, dir, "sock", S_IFSOCK | 0600, 0));
	FAILS(syscall(SYS_mknodat, dir, "file", S_IFREG | 0600, 0), EEXIST);
	FAILS(syscall(SYS_mknodat, dir, "new", S_IFDIR | 0600, 0), EPERM);
	FAILS(syscall(SYS_mknodat, dir, "new", S_IFLNK | 0600, 0), EINVAL);
	SAME_ERRORS(syscall(SYS_mknodat, at, name, S_IFREG | 0600, 0));

	OK(syscall(SYS_symlinkat, "f", dir, "to_f"));
	EQ(of("d/to_f").st_size, 1);
	FAILS(syscall(SYS_symlinkat, "f", dir, "to_f"), EEXIST);
	FAILS(syscall(SYS_symlinkat, "", dir, "to_nothing"), ENOENT);
	SAME_ERRORS(syscall(SYS_symlinkat, "f", at, name));
	close(dir);
}

static void creating(void)
{
	int fd;

	NEED(set_up(__func__) >= 0);
	umask(027);
	fd = (int)syscall(SYS_creat, "d/new", 0666);
	NEED(fd >= 0);
	EQ(of("d/new").st_mode, S_IFREG | 0640);
	EQ(write(fd, "abc", 3), 3);
	FAILS(read(fd, &fd, 1), EBADF); /* for writing only */
	close(fd);
	fd = (int)syscall(SYS_creat, "d/new", 0600);
	NEED(fd >= 0);
	EQ(of("d/new").st_size, 0);
	EQ(of("d/new").st_mode, S_IFREG | 0640);
	close(fd);
	FAILS(syscall(SYS_creat, "d", 0600), EISDIR);
	FAILS(syscall(SYS_creat, "d/x/y", 0600), ENOENT);
	FAILS(syscall(SYS_creat, "d/f/y", 0600), ENOTDIR);
	FAILS(syscall(SYS_creat, 8, 0600), EFAULT);
	close(dir);
}

static void removing_and_renaming(void)
{
	NEED(set_up(__func__) >= 0);
	NEED(mkdir("d/sub", 0700) == 0 && mkdir("other", 0700) == 0 &&
	     touch_mode("d/sub/x", 0600) == 0);
	FAILS(syscall(SYS_unlinkat, dir, "sub", 0), EISDIR);
	FAILS(syscall(SYS_unlinkat, dir, "sub", AT_REMOVEDIR), ENOTEMPTY);
	FAILS(syscall(SYS_unlinkat, dir, "f", AT_REMOVEDIR), ENOTDIR);
	FAILS(syscall(SYS_unlinkat, dir, "f", 0x8000), EINVAL);
	OK(syscall(SYS_unlinkat, dir, "sub/x", 0));
	FAILS(syscall(SYS_unlinkat, dir, "sub/.", AT_REMOVEDIR), EINVAL);
	OK(syscall(SYS_unlinkat, dir, "sub", AT_REMOVEDIR));
	SAME_ERRORS(syscall(SYS_unlinkat, at, name, 0));

	OK(syscall(SYS_renameat, dir, "f", -100, "other/g"));
	EQ(of("other/g").st_uid, 1000);
	FAILS(lstat("d/f", &(struct stat){ 0 }), ENOENT);
	FAILS(syscall(SYS_renameat, dir, "f", -100, "other/g"), ENOENT);
	OK(syscall(SYS_renameat, -100, "other/g", dir, "f"));
	FAILS(syscall(SYS_renameat, -100, "other", dir, "f"), ENOTDIR);
	FAILS(syscall(SYS_renameat, dir, "f", -100, "other"), EISDIR);
	FAILS(syscall(SYS_renameat, -100, "d", dir, "inside"), EINVAL);
	SAME_ERRORS(syscall(SYS_renameat, at, name, dir, "z"));
	close(dir);
}

static void modes_and_owners(void)
{
	struct stat st;

	NEED(set_up(__func__) >= 0 && symlink("f", "d/to_f") == 0);
	OK(syscall(SYS_fchmodat, dir, "to_f", 04711)); /* of what it points to */
	EQ(of("d/f").st_mode, S_IFREG | 04711);
	EQ(of("d/to_f").st_mode, S_IFLNK | 0777);
	SAME_ERRORS(syscall(SYS_fchmodat, at, name, 0600));

	OK(syscall(SYS_fchownat, dir, "to_f", 7, -1, AT_SYMLINK_NOFOLLOW));
	EQ(of("d/to_f").st_uid, 7);
	EQ(of("d/f").st_uid, 1000);
	OK(syscall(SYS_fchownat, dir, "to_f", -1, 8, 0));
	st = of("d/f");
	EQ(st.st_uid, 1000);
	EQ(st.st_gid, 8);
	EQ(st.st_mode, S_IFREG | 0711); /* the set-user-ID bit goes */
	OK(syscall(SYS_fchownat, dir, "", 9, 9, AT_EMPTY_PATH));
	EQ(of("d").st_uid, 9);
	FAILS(syscall(SYS_fchownat, dir, "f", 0, 0, 0x8000), EINVAL);
	SAME_ERRORS(syscall(SYS_fchownat, at, name, 1, 1, 0));
	OK(lchown("d/to_f", 11, 12));
	EQ(of("d/to_f").st_gid, 12);
	EQ(of("d/f").st_gid, 8);
	FAILS(lchown("d/none", 1, 1), ENOENT);
	close(dir);
}

/* faccessat asks for the real IDs, with AT_EACCESS for the effective ones. */
static void may_one(void)
{
	NEED(set_up(__func__) >= 0 && symlink("none", "d/dangling") == 0);
	OK(syscall(SYS_faccessat, dir, "f", R_OK | W_OK));
	FAILS(syscall(SYS_faccessat, dir, "f", X_OK),
	      EACCES); /* no execute bit: not for root either */
	FAILS(syscall(SYS_faccessat, dir, "dangling", F_OK), ENOENT);
	FAILS(syscall(SYS_faccessat, dir, "f", 8), EINVAL);
	SAME_ERRORS(syscall(SYS_faccessat, at, name, F_OK));
#ifndef SYS_faccessat2
#define SYS_faccessat2 439
#endif
	OK(syscall(SYS_faccessat2, dir, "dangling", F_OK, AT_SYMLINK_NOFOLLOW));
	OK(syscall(SYS_faccessat2, dir, "", R_OK | X_OK, AT_EMPTY_PATH));
	FAILS(syscall(SYS_faccessat2, dir, "f", F_OK, 0x8000), EINVAL);
	SAME_ERRORS(syscall(SYS_faccessat2, at, name, F_OK, 0));
	NEED(setresgid(2000, 1000, 1000) == 0 && setresuid(2000, 1000, 0) == 0);
	FAILS(syscall(SYS_faccessat, dir, "f", R_OK), EACCES);
	FAILS(syscall(SYS_faccessat2, dir, "f", R_OK, 0), EACCES);
	OK(syscall(SYS_faccessat2, dir, "f", R_OK | W_OK, AT_EACCESS));
	close(dir);
}

static void times(void)
{
	const struct utimbuf two = { .actime = 1000, .modtime = 2000 };
	const struct timeval both[2] = { { 3000, 111111 }, { 4000, 999999 } };
	const struct timeval bad[2] = { { 1, 0 }, { 1, 1000000 } };
	struct stat st;
	time_t now;

	NEED(set_up(__func__) >= 0);
	OK(syscall(SYS_utime, "d/f", &two));
	st = of("d/f");
	EQ(st.st_atime, 1000);
	EQ(st.st_mtime, 2000);
	EQ(st.st_mtim.tv_nsec, 0);
	OK(syscall(SYS_utimes, "d/f", both));
	st = of("d/f");
	EQ(st.st_atime, 3000);
	EQ(st.st_atim.tv_nsec, 111111000);
	EQ(st.st_mtim.tv_nsec, 999999000);
	FAILS(syscall(SYS_utimes, "d/f", bad), EINVAL);
	FAILS(syscall(SYS_utimes, "d/none", both), ENOENT);
	FAILS(syscall(SYS_utimes, "d/f", 8), EFAULT);
	FAILS(syscall(SYS_utime, "d/f", 8), EFAULT);
	OK(syscall(SYS_futimesat, dir, "f", both));
	EQ(of("d/f").st_mtime, 4000);
	SAME_ERRORS(syscall(SYS_futimesat, at, name, both));
	now = time(NULL);
	OK(syscall(SYS_futimesat, dir, NULL, NULL)); /* the directory itself */
	CHECK(of("d").st_mtime >= now);
	NEED(setresuid(2000, 2000, 0) == 0); /* not the owner, may not write */
	FAILS(syscall(SYS_utime, "d/f", &two), EPERM);
	FAILS(syscall(SYS_utime, "d/f", NULL), EACCES);
	close(dir);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(making), T(creating), T(removing_and_renaming), T(modes_and_owners), T(may_one),
		T(times),  TEND
	};

	return tap_main(argc, argv, tests);
}
