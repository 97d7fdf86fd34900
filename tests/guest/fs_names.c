/* Making, linking, renaming and removing names; directories and how they are read; times; sizes. */
#include "dir.h"

#include <dirent.h>
#include <limits.h>
#include <sys/syscall.h>

static long nlink_of(const char *name)
{
	struct stat st;

	return lstat(name, &st) ? -1 : (long)st.st_nlink;
}

static unsigned long long ino_of(const char *name)
{
	struct stat st;

	return lstat(name, &st) ? 0 : st.st_ino;
}

static int rename2(const char *from, const char *to, unsigned flags)
{
	return (int)syscall(SYS_renameat2, AT_FDCWD, from, AT_FDCWD, to, flags);
}

enum { NOREPLACE = 1, EXCHANGE = 2 };

static void making_and_removing(void)
{
	enter(__func__);
	OK(mkdir("d", 0755));
	FAILS(mkdir("d", 0755), EEXIST);
	FAILS(mkdir("d/", 0755), EEXIST);
	OK(mkdir("slash/", 0755));
	FAILS(mkdir(".", 0755), EEXIST);
	FAILS(mkdir("..", 0755), EEXIST);
	FAILS(mkdir("/", 0755), EEXIST);
	FAILS(mkdir("no/d", 0755), ENOENT);
	OK(touch("f"));
	FAILS(mkdir("f", 0755), EEXIST);
	FAILS(mkdir("f/d", 0755), ENOTDIR);
	FAILS(mknod("n/", S_IFREG | 0600, 0), ENOENT);
	FAILS(mknod("n", S_IFDIR | 0600, 0), EPERM);
	FAILS(mknod("n", 0170000 | 0600, 0), EINVAL);
	OK(mknod("n", 0600, 0));
	FAILS(mknod("n", 0600, 0), EEXIST);
	OK(mknod("s", S_IFSOCK | 0600, 0));
	FAILS(open("s", O_RDWR), ENXIO);
	FAILS(unlink("d"), EISDIR);
	FAILS(unlink("f/"), ENOTDIR);
	FAILS(unlink("nothing"), ENOENT);
	FAILS(unlink("nothing/"), ENOENT);
	FAILS(unlink("."), EISDIR);
	FAILS(rmdir("f"), ENOTDIR);
	FAILS(rmdir("d/."), EINVAL);
	FAILS(rmdir("d/.."), ENOTEMPTY);
	FAILS(rmdir("/"), EBUSY);
	OK(touch("d/x"));
	FAILS(rmdir("d"), ENOTEMPTY);
	OK(unlink("d/x"));
	OK(rmdir("d/"));
	OK(unlink("f"));
	OK(symlink("gone", "l"));
	FAILS(rmdir("l"), ENOTDIR);
	FAILS(symlink("x", "l"), EEXIST);
	FAILS(symlink("x", "new/"), ENOENT);
	OK(unlink("l"));
}

static void link_counts(void)
{
	char buf[64];
	int fd;

	enter(__func__);
	EQ(nlink_of("."), 2);
	OK(mkdir("a", 0755));
	OK(mkdir("b", 0755));
	EQ(nlink_of("."), 4);
	EQ(nlink_of("a"), 2);
	OK(mkdir("a/c", 0755));
	EQ(nlink_of("a"), 3);
	OK(rename("a/c", "b/c"));
	EQ(nlink_of("a"), 2);
	EQ(nlink_of("b"), 3);
	OK(touch("f"));
	OK(link("f", "g"));
	EQ(nlink_of("f"), 2);
	EQ(ino_of("f"), ino_of("g"));
	NEED((fd = open("f", O_RDWR)) >= 0);
	OK(unlink("f"));
	EQ(nlink_of("g"), 1);
	EQ(write(fd, "alive", 5), 5);
	OK(unlink("g"));
	EQ(pread(fd, buf, sizeof(buf), 0), 5);
	FAILS(link("a", "h"), EPERM);
	FAILS(link("nothing", "h"), ENOENT);
	OK(touch("k"));
	FAILS(link("k", "b"), EEXIST);
	FAILS(link("k", "h/"), ENOENT);
	OK(symlink("k", "to_k"));
	OK(link("to_k", "h"));
	EQ(ino_of("h"), ino_of("to_k"));
	OK(linkat(AT_FDCWD, "to_k", AT_FDCWD, "h2", AT_SYMLINK_FOLLOW));
	EQ(ino_of("h2"), ino_of("k"));
	FAILS(link("k", "/proc/x"), ENOENT); /* nothing can be made there */
	FAILS(open("/proc/x", O_CREAT | O_RDWR, 0600), ENOENT);
	FAILS(mkdir("/proc/x", 0700), ENOENT);
}

static void rename_of_files(void)
{
	unsigned long long a, b;

	enter(__func__);
	OK(touch("a"));
	OK(touch("b"));
	OK(mkdir("d", 0755));
	a = ino_of("a");
	b = ino_of("b");
	OK(rename("a", "b"));
	CHECK(!there("a"));
	EQ(ino_of("b"), a);
	FAILS(rename("a", "b"), ENOENT);
	FAILS(rename("b", "d"), EISDIR);
	FAILS(rename("d", "b"), ENOTDIR);
	FAILS(rename("b", "d/no/x"), ENOENT);
	FAILS(rename("b", "c/"), ENOTDIR);
	FAILS(rename("b/", "c"), ENOTDIR);
	FAILS(rename("b", "."), EBUSY);
	FAILS(rename(".", "c"), EBUSY);
	FAILS(rename("d/..", "c"), EBUSY);
	OK(rename("b", "b"));
	OK(link("b", "b2"));
	OK(rename("b", "b2")); /* the same file: nothing happens */
	CHECK(there("b") && there("b2"));
	OK(touch("c"));
	FAILS(rename2("b", "c", NOREPLACE), EEXIST);
	OK(rename2("c", "e", NOREPLACE));
	b = ino_of("e");
	OK(rename2("b", "e", EXCHANGE));
	EQ(ino_of("b"), b);
	EQ(ino_of("e"), a);
	FAILS(rename2("b", "nothing", EXCHANGE), ENOENT);
	FAILS(rename2("b", "e", EXCHANGE | NOREPLACE), EINVAL);
	FAILS(rename2("b", "e", 64), EINVAL);
	OK(rename2("b", "d", EXCHANGE));
	OK(rmdir("b"));
	OK(unlink("d"));
}

static void rename_of_directories(void)
{
	unsigned long long a;

	enter(__func__);
	OK(mkdir("a", 0755) || mkdir("a/b", 0755) || mkdir("a/b/c", 0755) || mkdir("x", 0755));
	a = ino_of("a");
	FAILS(rename("a", "a/b/z"), EINVAL);
	FAILS(rename("a", "a/b"), EINVAL);
	FAILS(rename("a/b/c", "a"), ENOTEMPTY);
	FAILS(rename("a/b", "a"), ENOTEMPTY);
	FAILS(rename2("a", "a/b/c", EXCHANGE), EINVAL);
	FAILS(rename2("a/b/c", "a", EXCHANGE), EINVAL);
	OK(touch("x/f"));
	FAILS(rename("a", "x"), ENOTEMPTY);
	OK(unlink("x/f"));
	OK(rename("a", "x"));
	EQ(ino_of("x"), a);
	EQ(nlink_of("."), 3);
	OK(rename("x/", "y/"));
	OK(rename("y/b/c", "c"));
	EQ(nlink_of("y/b"), 2);
	EQ(nlink_of("."), 4);
	OK(rename2("y/b", "c", EXCHANGE));
	OK(mkdir("deep", 0755));
	OK(rename("c", "deep/c"));
	OK(chdir("deep/c"));
	OK(rename("../c", "../../up"));
	OK(chdir(".."));
	CHECK(there("up") && there("deep"));
}

static int by_name(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

static void directories_read_in_full(void)
{
	enum { N = 3000 };
	static char *names[N + 10];
	char name[40];
	struct dirent *e;
	int n = 0, dots = 0;
	DIR *d;

	enter(__func__);
	for (int i = 0; i < N; i++) {
		sprintf(name, "file_with_a_longer_name_%d", i);
		NEED(touch(name) == 0);
	}
	NEED((d = opendir(".")) != NULL);
	while ((e = readdir(d)) != NULL && n < N + 10) {
		if (!strcmp(e->d_name, ".") || !strcmp(e->d_name, "..")) {
			dots++;
			EQ(e->d_type, DT_DIR);
			continue;
		}
		EQ(e->d_type, DT_REG);
		names[n++] = strdup(e->d_name);
	}
	EQ(n, N);
	EQ(dots, 2);
	qsort(names, (size_t)n, sizeof(*names), by_name);
	for (int i = 1; i < n; i++)
		CHECK(strcmp(names[i], names[i - 1]) != 0);
	closedir(d);
}

static void directories_change_while_read(void)
{
	enum { N = 1000 };
	char name[40];
	struct dirent *e;
	int removed = 0, rounds = 0, seen = 0;
	long pos = -1, at = 0;
	DIR *d;

	enter(__func__);
	for (int i = 0; i < N; i++) {
		sprintf(name, "f%d", i);
		NEED(touch(name) == 0);
	}
	NEED((d = opendir(".")) != NULL);
	while ((e = readdir(d)) != NULL) { /* as rm -r: remove what was just read */
		if (e->d_name[0] == '.')
			continue;
		OK(unlink(e->d_name));
		removed++;
	}
	EQ(removed, N);
	closedir(d);
	for (int i = 0; i < 100; i++) {
		sprintf(name, "r%d", i);
		NEED(touch(name) == 0);
	}
	NEED((d = opendir(".")) != NULL);
	while ((e = readdir(d)) != NULL && rounds++ < 1000) { /* renaming must not go on for ever */
		if (e->d_name[0] != 'r')
			continue;
		sprintf(name, "s%s", e->d_name + 1);
		OK(rename(e->d_name, name));
	}
	CHECK(rounds < 1000);
	rewinddir(d);
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] != 's')
			continue;
		if (++seen == 50) {
			pos = telldir(d);
			NEED((e = readdir(d)) != NULL);
			strcpy(name, e->d_name);
			seen++;
		}
	}
	EQ(seen, 100);
	seekdir(d, pos);
	NEED((e = readdir(d)) != NULL);
	STREQ(e->d_name, name);
	for (at = 0; (e = readdir(d)) != NULL; at++)
		;
	EQ(at, 49);
	closedir(d);
}

static void getdents_arguments(void)
{
	char buf[64];
	int fd;

	enter(__func__);
	OK(touch("a_name_that_is_long_enough_not_to_fit_in_a_small_buffer"));
	NEED((fd = open(".", O_RDONLY | O_DIRECTORY)) >= 0);
	FAILS(read(fd, buf, sizeof(buf)), EISDIR);
	FAILS(syscall(SYS_getdents64, fd, buf, 8), EINVAL);
	CHECK(syscall(SYS_getdents64, fd, buf, 64) > 0);
	FAILS(syscall(SYS_getdents64, fd, buf, 64), EINVAL); /* the long name */
	FAILS(syscall(SYS_getdents64, 99, buf, 64), EBADF);
	NEED((fd = open("a_name_that_is_long_enough_not_to_fit_in_a_small_buffer", O_RDONLY)) >= 0);
	FAILS(syscall(SYS_getdents64, fd, buf, 64), ENOTDIR);
}

static int newer(const struct timespec *a, const struct timespec *b)
{
	return a->tv_sec > b->tv_sec || (a->tv_sec == b->tv_sec && a->tv_nsec > b->tv_nsec);
}

static void times_move(void)
{
	struct timespec ts[2] = { { 1000, 5 }, { 2000, 6 } };
	struct stat before, after, dir;
	char c;
	int fd;

	enter(__func__);
	NEED((fd = open("f", O_CREAT | O_RDWR, 0600)) >= 0);
	OK(stat(".", &dir));
	OK(fstat(fd, &before));
	tap_sleep_ms(30);
	EQ(write(fd, "x", 1), 1);
	OK(fstat(fd, &after));
	CHECK(newer(&after.st_mtim, &before.st_mtim));
	CHECK(newer(&after.st_ctim, &before.st_ctim));
	OK(utimensat(AT_FDCWD, "f", ts, 0));
	OK(fstat(fd, &before));
	EQ(before.st_atim.tv_sec, 1000);
	EQ(before.st_atim.tv_nsec, 5);
	EQ(before.st_mtim.tv_sec, 2000);
	EQ(before.st_mtim.tv_nsec, 6);
	EQ(pread(fd, &c, 1, 0), 1); /* atime was before mtime: relatime moves it */
	OK(fstat(fd, &after));
	CHECK(after.st_atim.tv_sec > 1000);
	ts[0].tv_nsec = UTIME_OMIT;
	ts[1].tv_nsec = UTIME_NOW;
	OK(futimens(fd, ts));
	OK(fstat(fd, &before));
	EQ(before.st_atim.tv_sec, after.st_atim.tv_sec);
	CHECK(before.st_mtim.tv_sec > 2000);
	tap_sleep_ms(30);
	OK(mkdir("sub", 0700));
	OK(stat(".", &after));
	CHECK(newer(&after.st_mtim, &dir.st_mtim));
	OK(stat("f", &before));
	tap_sleep_ms(30);
	OK(chmod("f", 0640));
	OK(stat("f", &after));
	CHECK(newer(&after.st_ctim, &before.st_ctim));
	EQ(after.st_mtim.tv_sec, before.st_mtim.tv_sec);
}

static void sizes_and_holes(void)
{
	struct stat st;
	char c = 1;
	int fd;

	enter(__func__);
	NEED((fd = open("f", O_CREAT | O_RDWR, 0600)) >= 0);
	OK(ftruncate(fd, 1 << 30));
	OK(fstat(fd, &st));
	EQ(st.st_size, 1 << 30);
	EQ(st.st_blocks, 0);
	EQ(pread(fd, &c, 1, 1 << 29), 1);
	EQ(c, 0);
	EQ(pwrite(fd, "z", 1, 1 << 29), 1);
	OK(fstat(fd, &st));
	EQ(st.st_blocks, 8);
	EQ(lseek(fd, 0, SEEK_END), 1 << 30);
	EQ(lseek(fd, -5, SEEK_CUR), (1 << 30) - 5);
	FAILS(lseek(fd, -1, SEEK_SET), EINVAL);
	FAILS(lseek(fd, 0, 77), EINVAL);
	EQ(pread(fd, &c, 1, 1 << 30), 0);
	OK(ftruncate(fd, 3));
	OK(ftruncate(fd, 10));
	EQ(pread(fd, &c, 1, 5), 1);
	EQ(c, 0);
	FAILS(ftruncate(fd, -1), EINVAL);
	FAILS(truncate(".", 0), EISDIR);
	close(fd);
	NEED((fd = open("f", O_WRONLY | O_APPEND)) >= 0);
	EQ(lseek(fd, 0, SEEK_SET), 0);
	EQ(write(fd, "end", 3), 3);
	OK(fstat(fd, &st));
	EQ(st.st_size, 13);
	EQ(lseek(fd, 0, SEEK_CUR), 13);
	close(fd);
	NEED((fd = open("f", O_RDONLY | O_TRUNC)) >= 0 || 1);
}

static const char *name_of(int i, char *text)
{
	sprintf(text, "%s%d", i & 1 ? "a_name_longer_than_what_a_dentry_holds_inline" : "n", i);
	return text;
}

/*
 * In machines of 64 MiB more names than the kernel's table has places for at first, which are an eighth of the pages: it grows
 * with them, and shrinks.
 */
static void thousands(void)
{
	long pages = sysconf(_SC_PHYS_PAGES) / 6;
	const int names = pages > 6001 ? 6001 : (int)pages | 1;
	char name[80], other[80];
	struct stat st;

	enter(__func__);
	umask(0);
	for (int i = 0; i < names; i++)
		NEED(mknod(name_of(i, name), S_IFREG | (i & 0777), 0) == 0);
	for (int i = 0; i < names; i += 5) /* numbers above all */
		OK(rename(name_of(i, name), name_of(names + i, other)));
	for (int i = 0; i < names; i++) {
		int moved = i % 5 == 0;

		FAILS(mknod(name_of(moved ? names + i : i, name), S_IFREG | 0600, 0), EEXIST);
		OK(lstat(name, &st));
		EQ(st.st_mode & 0777, i & 0777);
		EQ(access(name_of(i, name), F_OK), moved ? -1 : 0);
	}
	for (int i = 0; i < names; i++) { /* in another order: the numbers have no common divisor */
		int k = (int)((long)i * 4096 % names);

		OK(unlink(name_of(k % 5 ? k : names + k, name)));
		FAILS(lstat(name, &st), ENOENT);
	}
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(making_and_removing),
						 T(link_counts),
						 T(rename_of_files),
						 T(rename_of_directories),
						 T(directories_read_in_full),
						 T(directories_change_while_read),
						 T(getdents_arguments),
						 T(times_move),
						 T(sizes_and_holes),
						 T(thousands),
						 TEND };

	return tap_main(argc, argv, tests);
}
