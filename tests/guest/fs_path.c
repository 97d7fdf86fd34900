/* Names to objects: path_resolution(7), open(2) with its flags, symbolic links, limits of length. */
#include "dir.h"

#include <limits.h>
#include <sys/syscall.h>

/* Run @fn in a child with an ordinary user's rights. Return: its result. */
static int as_user(int (*fn)(void *), void *arg)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (setgid(1000) || setuid(1000))
			_exit(77);
		_exit(fn(arg));
	}
	return pid < 0 ? -1 : WEXITSTATUS(tap_wait(pid));
}

static void set_up(void)
{
	NEED(mkdir("d", 0755) == 0);
	NEED(mkdir("d/e", 0755) == 0);
	NEED(touch_mode("f", 0644) == 0);
	NEED(touch_mode("d/g", 0644) == 0);
	NEED(symlink("f", "to_f") == 0);
	NEED(symlink("d", "to_d") == 0);
	NEED(symlink("d/", "to_d_slash") == 0);
	NEED(symlink("nothing", "to_nothing") == 0);
	NEED(symlink("loop", "loop") == 0);
}

static void errors_of_components(void)
{
	struct stat st;

	enter(__func__);
	set_up();
	FAILS(stat("", &st), ENOENT);
	FAILS(stat("nothing", &st), ENOENT);
	FAILS(stat("nothing/x", &st), ENOENT);
	FAILS(stat("f/x", &st), ENOTDIR);
	FAILS(stat("f/", &st), ENOTDIR);
	FAILS(stat("f/.", &st), ENOTDIR);
	FAILS(stat("f/..", &st), ENOTDIR);
	FAILS(stat("to_f/", &st), ENOTDIR);
	FAILS(lstat("to_f/", &st), ENOTDIR);
	FAILS(stat("to_nothing", &st), ENOENT);
	FAILS(stat("loop", &st), ELOOP);
	FAILS(stat("loop/x", &st), ELOOP);
	FAILS(stat((char *)1, &st), EFAULT);
	OK(lstat("loop", &st));
	OK(lstat("to_nothing", &st));
	OK(stat("d//e/../.././//d/e/", &st));
	OK(lstat("to_d", &st));
	CHECK(S_ISLNK(st.st_mode));
	EQ(st.st_size, 1);
	OK(lstat("to_d/", &st));
	CHECK(S_ISDIR(st.st_mode));
	OK(stat("to_d_slash/e", &st));
	OK(lstat("to_d_slash", &st));
	CHECK(S_ISLNK(st.st_mode));
	OK(stat("/", &st));
	OK(stat("/..", &st));
	OK(stat("/../../.", &st));
}

static void dot_dot_is_of_the_target(void)
{
	struct stat a, b;

	enter(__func__);
	NEED(mkdir("x", 0755) == 0 && mkdir("x/y", 0755) == 0);
	NEED(symlink("x/y", "short") == 0);
	OK(stat("short/..", &a));
	OK(stat("x", &b));
	EQ(a.st_ino, b.st_ino);
}

static void lengths(void)
{
	char name[300], path[4200];
	struct stat st;
	int fd;

	enter(__func__);
	memset(name, 'n', sizeof(name));
	name[255] = '\0';
	NEED((fd = open(name, O_CREAT | O_RDWR, 0600)) >= 0);
	close(fd);
	OK(stat(name, &st));
	OK(unlink(name));
	name[255] = 'n';
	name[256] = '\0';
	FAILS(stat(name, &st), ENAMETOOLONG);
	FAILS(open(name, O_CREAT | O_RDWR, 0600), ENAMETOOLONG);
	FAILS(mkdir(name, 0700), ENAMETOOLONG);
	for (size_t i = 0; i < sizeof(path); i++)
		path[i] = i % 2 ? '.' : '/';
	path[0] = '.';
	path[1] = '/';
	for (size_t i = 2; i < sizeof(path); i++)
		path[i] = i % 2 ? '/' : '.';
	path[4095] = '\0';
	OK(stat(path, &st));
	path[4095] = '.';
	path[4096] = '\0';
	FAILS(stat(path, &st), ENAMETOOLONG);
}

static void link_chains(void)
{
	char name[16], target[16];
	struct stat st;

	enter(__func__);
	NEED(touch_mode("l0", 0600) == 0);
	for (int i = 1; i <= 41; i++) {
		sprintf(name, "l%d", i);
		sprintf(target, "l%d", i - 1);
		NEED(symlink(target, name) == 0);
	}
	OK(stat("l40", &st));
	FAILS(stat("l41", &st), ELOOP);
	FAILS(open("l1", O_RDONLY | O_NOFOLLOW), ELOOP);
	OK(open("l0", O_RDONLY | O_NOFOLLOW));
}

static void absolute_links_and_long_targets(void)
{
	char target[4096], buf[4200];
	struct stat st, cwd_st;
	char cwd[1000];

	enter(__func__);
	NEED(getcwd(cwd, sizeof(cwd)) != NULL);
	NEED(symlink(cwd, "abs") == 0);
	OK(stat("abs", &st));
	OK(stat(".", &cwd_st));
	EQ(st.st_ino, cwd_st.st_ino);
	OK(stat("abs/abs/abs/.", &st));
	EQ(st.st_ino, cwd_st.st_ino);
	memset(target, '/', sizeof(target));
	memcpy(target, "./", 2);
	target[4095] = '\0';
	OK(symlink(target, "long"));
	EQ(readlink("long", buf, sizeof(buf)), 4095);
	OK(stat("long", &st));
	EQ(st.st_ino, cwd_st.st_ino);
	EQ(readlink("long", buf, 10), 10);
	FAILS(syscall(SYS_readlink, "long", buf, 0), EINVAL);
	FAILS(readlink(".", buf, 10), EINVAL);
	FAILS(symlink("", "empty"), ENOENT);
}

static void open_flags(void)
{
	enter(__func__);
	set_up();
	FAILS(open("f", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	FAILS(open("to_f", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	FAILS(open("to_nothing", O_RDWR | O_CREAT | O_EXCL, 0600), EEXIST);
	FAILS(open("f", O_RDONLY | O_DIRECTORY), ENOTDIR);
	FAILS(open("to_f", O_RDONLY | O_NOFOLLOW), ELOOP);
	FAILS(open("to_d", O_RDONLY | O_NOFOLLOW | O_DIRECTORY), ENOTDIR);
	FAILS(open("d", O_WRONLY), EISDIR);
	FAILS(open("d", O_RDWR), EISDIR);
	FAILS(open("d", O_RDONLY | O_CREAT, 0600), EISDIR);
	FAILS(open("new/", O_RDWR | O_CREAT, 0600), EISDIR);
	FAILS(open("nothing/new", O_RDWR | O_CREAT, 0600), ENOENT);
	FAILS(open("f/new", O_RDWR | O_CREAT, 0600), ENOTDIR);
	FAILS(open(".", O_RDWR | O_CREAT, 0600), EISDIR);
	FAILS(open("/", O_RDWR | O_CREAT, 0600), EISDIR);
	OK(open("d", O_RDONLY | O_DIRECTORY));
	OK(open("to_d/", O_RDONLY));
	/* through a dangling link the target is made */
	OK(open("to_nothing", O_RDWR | O_CREAT, 0600));
	OK(access("nothing", F_OK));
	FAILS(open("loop", O_RDWR | O_CREAT, 0600), ELOOP);
}

static void path_descriptors(void)
{
	char buf[64], c;
	struct stat st;
	int fd, dfd;

	enter(__func__);
	set_up();
	NEED((fd = open("f", O_PATH)) >= 0);
	FAILS(read(fd, &c, 1), EBADF);
	FAILS(write(fd, &c, 1), EBADF);
	FAILS(lseek(fd, 0, SEEK_SET), EBADF);
	FAILS(syscall(SYS_fchmod, fd, 0600), EBADF);
	FAILS(ftruncate(fd, 0), EBADF);
	OK(fstat(fd, &st));
	CHECK(S_ISREG(st.st_mode));
	close(fd);
	NEED((fd = open("to_f", O_PATH | O_NOFOLLOW)) >= 0);
	OK(fstat(fd, &st));
	CHECK(S_ISLNK(st.st_mode));
	EQ(readlinkat(fd, "", buf, sizeof(buf)), 1);
	close(fd);
	NEED((dfd = open("d", O_PATH | O_DIRECTORY)) >= 0);
	OK(fstatat(dfd, "g", &st, 0));
	OK(fstatat(dfd, "", &st, AT_EMPTY_PATH));
	CHECK(S_ISDIR(st.st_mode));
	FAILS(fstatat(dfd, "", &st, 0), ENOENT);
	OK(openat(dfd, "g", O_RDONLY));
	OK(openat(dfd, "../f", O_RDONLY));
	FAILS(openat(99, "g", O_RDONLY), EBADF);
	OK(openat(99, "/", O_RDONLY));
	NEED((fd = open("f", O_RDONLY)) >= 0);
	FAILS(openat(fd, "g", O_RDONLY), ENOTDIR);
	OK(fchdir(dfd));
	OK(access("g", F_OK));
	FAILS(fchdir(fd), ENOTDIR);
}

static void unnamed_files(void)
{
	char path[64];
	struct stat st;
	int fd;

	enter(__func__);
	fd = open(".", O_TMPFILE | O_RDWR, 0600);
	NEED(fd >= 0);
	OK(fstat(fd, &st));
	EQ(st.st_nlink, 0);
	EQ(write(fd, "hello", 5), 5);
	sprintf(path, "/proc/self/fd/%d", fd);
	OK(linkat(AT_FDCWD, path, AT_FDCWD, "named", AT_SYMLINK_FOLLOW));
	OK(stat("named", &st));
	EQ(st.st_nlink, 1);
	EQ(st.st_size, 5);
	fd = open(".", O_TMPFILE | O_RDWR | O_EXCL, 0600);
	NEED(fd >= 0);
	sprintf(path, "/proc/self/fd/%d", fd);
	FAILS(linkat(AT_FDCWD, path, AT_FDCWD, "named2", AT_SYMLINK_FOLLOW), ENOENT);
	FAILS(open(".", O_TMPFILE | O_RDONLY, 0600), EINVAL);
}

static int user_checks(void *arg)
{
	struct stat st;

	tap_failures = 0;
	FAILS(stat("locked/x", &st), EACCES);
	FAILS(open("locked", O_RDONLY), EACCES);
	FAILS(open("noread", O_RDONLY), EACCES);
	FAILS(open("nowrite", O_WRONLY), EACCES);
	OK(open("nowrite", O_RDONLY));
	FAILS(open("nowrite", O_RDONLY | O_TRUNC), EACCES);
	FAILS(open("newfile", O_CREAT | O_WRONLY, 0600), EACCES);
	FAILS(mkdir("newdir", 0700), EACCES);
	FAILS(unlink("noread"), EACCES);
	FAILS(chmod("nowrite", 0777), EPERM);
	FAILS(chown("nowrite", 1000, 1000), EPERM);
	OK(stat("search/x", &st));
	FAILS(open("search", O_RDONLY), EACCES);
	OK(open("public/mine", O_CREAT | O_WRONLY, 0600));
	FAILS(unlink("public/roots"), EPERM);
	FAILS(rename("public/roots", "public/z"), EPERM);
	OK(unlink("public/mine"));
	FAILS(mknod("public/dev", S_IFCHR | 0600, 0x103), EPERM);
	OK(mknod("public/fifo", S_IFIFO | 0600, 0));
	FAILS(open("nowrite", O_RDONLY | O_NOATIME), EPERM);
	FAILS(chroot("public"), EPERM);
	return tap_failures;
}

static void rights_of_an_ordinary_user(void)
{
	enter(__func__);
	NEED(getuid() == 0);
	NEED(chmod(".", 0755) == 0);
	NEED(mkdir("locked", 0700) == 0 && touch_mode("locked/x", 0666) == 0);
	NEED(mkdir("search", 0711) == 0 && touch_mode("search/x", 0666) == 0);
	NEED(mkdir("public", 0) == 0 && chmod("public", 01777) == 0 &&
	     touch_mode("public/roots", 0666) == 0);
	NEED(touch_mode("noread", 0600) == 0 && touch_mode("nowrite", 0644) == 0);
	EQ(as_user(user_checks, NULL), 0);
}

static int group_checks(void *arg)
{
	tap_failures = 0;
	OK(open("group", O_RDWR));
	FAILS(open("owner", O_RDONLY), EACCES); /* the owner's bits count, not the group's */
	OK(chmod("owner", 0600));
	OK(open("owner", O_RDONLY));
	return tap_failures;
}

static void owner_before_group_before_others(void)
{
	enter(__func__);
	NEED(touch_mode("group", 0060) == 0 && chown("group", 0, 1000) == 0 &&
	     chmod("group", 0060) == 0);
	NEED(touch_mode("owner", 0077) == 0 && chown("owner", 1000, 1000) == 0 &&
	     chmod("owner", 0077) == 0);
	NEED(chmod(".", 0755) == 0);
	EQ(as_user(group_checks, NULL), 0);
}

static void working_directory_and_root(void)
{
	char a[600], b[600];
	struct stat st;
	pid_t pid;

	enter(__func__);
	set_up();
	NEED(getcwd(a, sizeof(a)) != NULL);
	OK(chdir("d/e"));
	NEED(getcwd(b, sizeof(b)) != NULL);
	CHECK(strncmp(a, b, strlen(a)) == 0);
	STREQ(b + strlen(a), "/d/e");
	OK(chdir("../.."));
	FAILS(chdir("f"), ENOTDIR);
	FAILS(syscall(SYS_getcwd, b, 2), ERANGE);
	OK(mkdir("gone", 0700));
	OK(chdir("gone"));
	OK(rmdir("../gone"));
	FAILS(syscall(SYS_getcwd, b, sizeof(b)), ENOENT);
	FAILS(open("x", O_CREAT | O_RDWR, 0600), ENOENT);
	FAILS(mkdir("x", 0700), ENOENT);
	OK(stat(".", &st));
	EQ(st.st_nlink, 0);
	OK(chdir(".."));
	NEED(getcwd(b, sizeof(b)) != NULL);
	STREQ(b, a);
	if (getuid())
		return;
	pid = fork();
	if (pid == 0) {
		tap_failures = 0;
		OK(chroot("d"));
		OK(chdir("/"));
		OK(stat("/g", &st));
		OK(stat("/../../g", &st));
		FAILS(stat("/d", &st), ENOENT);
		NEED(getcwd(b, sizeof(b)) != NULL);
		STREQ(b, "/");
		_exit(tap_failures);
	}
	EQ(tap_wait(pid), 0);
}

static void umask_and_modes(void)
{
	struct stat st;
	int fd;

	enter(__func__);
	umask(027);
	NEED((fd = open("m", O_CREAT | O_RDWR, 0666)) >= 0);
	OK(fstat(fd, &st));
	EQ(st.st_mode & 07777, 0640);
	OK(mkdir("md", 0777));
	OK(stat("md", &st));
	EQ(st.st_mode & 07777, 0750);
	/* no right at all: the maker may still use what open gave */
	NEED((fd = open("n", O_CREAT | O_RDWR, 0)) >= 0);
	EQ(write(fd, "x", 1), 1);
	umask(0);
	OK(mkdir("sg", 02777));
	OK(chmod("sg", 02777));
	OK(chown("sg", 0, 55));
	OK(chmod("sg", 02777));
	OK(mkdir("sg/sub", 0700));
	OK(stat("sg/sub", &st));
	EQ(st.st_gid, 55);
	EQ(st.st_mode & 07777, 02700);
	NEED((fd = open("sg/file", O_CREAT | O_RDWR, 0700)) >= 0);
	OK(fstat(fd, &st));
	EQ(st.st_gid, 55);
	OK(chmod("sg/file", 06755));
	OK(chown("sg/file", 7, 8));
	OK(fstat(fd, &st));
	EQ(st.st_mode & 07777, 0755);
}

static void running_programs_are_not_written(void)
{
	char self[200];
	pid_t pid;
	int fd, p[2], copy, in;
	char buf[65536];
	ssize_t n;

	enter(__func__);
	if (tap_compat())
		SKIP("needs its own program file");
	NEED((in = open("/proc/self/exe", O_RDONLY)) >= 0);
	NEED((copy = open("prog", O_CREAT | O_WRONLY, 0700)) >= 0);
	while ((n = read(in, buf, sizeof(buf))) > 0)
		EQ(write(copy, buf, (size_t)n), n);
	pid = fork();
	if (pid == 0) { /* still open for writing in the parent */
		execl("./prog", "prog", "nothing", NULL);
		_exit(errno == ETXTBSY ? 5 : 6);
	}
	EQ(tap_wait(pid), EXITED(5));
	close(copy);
	NEED(pipe(p) == 0);
	pid = fork();
	if (pid == 0) {
		dup2(p[0], 0);
		dup2(p[1], 1);
		execl("./prog", "prog", "read_one", NULL);
		_exit(6);
	}
	for (int i = 0; i < 500; i++) {
		sprintf(self, "/proc/%d/exe", (int)pid);
		n = readlink(self, buf, sizeof(buf) - 1);
		if (n > 5 && !memcmp(buf + n - 5, "/prog", 5))
			break;
		tap_sleep_ms(5);
	}
	FAILS(open("prog", O_WRONLY), ETXTBSY);
	FAILS(open("prog", O_RDWR), ETXTBSY);
	fd = open("prog", O_RDONLY);
	CHECK(fd >= 0);
	kill(pid, SIGKILL);
	tap_wait(pid);
	for (int i = 0; i < 100 && (fd = open("prog", O_WRONLY)) < 0; i++)
		tap_sleep_ms(5);
	CHECK(fd >= 0);
}

/* What the program above becomes: it waits until it is killed. */
static void read_one(void)
{
	pause();
}

static void nothing_and_nowhere(void)
{
	char buf[300];
	int dir;
	pid_t pid;

	enter(__func__);
	NEED(mkdir("jail", 0755) == 0 && symlink("target", "link") == 0);
	FAILS(readlink("", buf, sizeof(buf)), ENOENT);
	dir = open(".", O_RDONLY);
	FAILS(readlinkat(dir, "", buf, sizeof(buf)), ENOENT);
	close(dir);
	dir = open("link", O_PATH | O_NOFOLLOW);
	EQ(readlinkat(dir, "", buf, sizeof(buf)), 6);
	close(dir);
	pid = fork();
	if (pid == 0) { /* outside of the root */
		long len = chroot("jail") ? 0 : syscall(SYS_getcwd, buf, sizeof(buf));

		_exit(len < 15 || buf[len - 1] || (size_t)len != strlen(buf) + 1 ||
		      strncmp(buf, "(unreachable)/", 14) ||
		      syscall(SYS_getcwd, buf, len - 1) != -1 || errno != ERANGE);
	}
	EQ(tap_wait(pid), 0);
	pid = fork();
	if (pid == 0) /* CAP_SYS_CHROOT is asked for last */
		_exit(chmod("jail", 0700) || setuid(1000) || chroot("jail") != -1 ||
		      errno != EACCES || chroot(".") != -1 || errno != EPERM);
	EQ(tap_wait(pid), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(errors_of_components),
						 T(dot_dot_is_of_the_target),
						 T(lengths),
						 T(nothing_and_nowhere),
						 T(link_chains),
						 T(absolute_links_and_long_targets),
						 T(open_flags),
						 T(path_descriptors),
						 T(unnamed_files),
						 T(rights_of_an_ordinary_user),
						 T(owner_before_group_before_others),
						 T(working_directory_and_root),
						 T(umask_and_modes),
						 T(running_programs_are_not_written),
						 TEND };
	if (argc == 2 && !strcmp(argv[1], "read_one")) {
		read_one();
		return 0;
	}
	if (argc == 2 && !strcmp(argv[1], "nothing"))
		return 0;
	return tap_main(argc, argv, tests);
}
