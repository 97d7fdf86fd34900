/* inotify(7): which operation is which event, moves, the ends of watches, flags, the queue, limits. */
#include "tap.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/inotify.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/sendfile.h>

#ifndef IN_MASK_CREATE
#define IN_MASK_CREATE 0x10000000
#endif
#define DIR_PATH "/tmp/inotify"
#define LIMITS	 "/proc/sys/fs/inotify/"

static char got[4096];
static uint32_t cookies[64];
static int nr_cookies;

static const struct {
	uint32_t bit;
	const char *name;
} bits[] = {
	{ IN_ACCESS, "access" },	   { IN_MODIFY, "modify" },
	{ IN_ATTRIB, "attrib" },	   { IN_CLOSE_WRITE, "close_write" },
	{ IN_CLOSE_NOWRITE, "close" },	   { IN_OPEN, "open" },
	{ IN_MOVED_FROM, "from" },	   { IN_MOVED_TO, "to" },
	{ IN_CREATE, "create" },	   { IN_DELETE, "delete" },
	{ IN_DELETE_SELF, "delete_self" }, { IN_MOVE_SELF, "move_self" },
	{ IN_UNMOUNT, "unmount" },	   { IN_Q_OVERFLOW, "overflow" },
	{ IN_IGNORED, "ignored" },	   { IN_ISDIR, "+dir" },
};

/* "wd:what:name" of one event. */
static void describe(const struct inotify_event *e)
{
	size_t n = strlen(got);

	n += (size_t)snprintf(got + n, sizeof(got) - n, "%s%d:", n ? " " : "", e->wd);
	for (size_t i = 0; i < ARRAY_LEN(bits); i++)
		if (e->mask & bits[i].bit)
			n += (size_t)snprintf(got + n, sizeof(got) - n, "%s", bits[i].name);
	if (e->len)
		snprintf(got + n, sizeof(got) - n, ":%s", e->name);
	if (e->cookie && nr_cookies < 64)
		cookies[nr_cookies++] = e->cookie;
}

/* All that is queued, as one line. */
static const char *events(int fd)
{
	static char buf[65536] __attribute__((aligned(8)));
	ssize_t n;

	got[0] = '\0';
	nr_cookies = 0;
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (char *p = buf; p < buf + n;) {
			struct inotify_event *e = (void *)p;

			describe(e);
			p += sizeof(*e) + e->len;
		}
	return got;
}

static int fresh(void)
{
	if (system("rm -rf " DIR_PATH) || mkdir(DIR_PATH, 0755))
		return -1;
	return inotify_init1(IN_NONBLOCK);
}

static int watch(int fd, const char *path)
{
	return inotify_add_watch(fd, path, IN_ALL_EVENTS);
}

static int make(const char *path, const char *text)
{
	return tap_write(path, text, strlen(text), 0644);
}

static void errors(void)
{
	int fd = fresh(), plain;

	NEED(fd >= 0);
	FAILS(inotify_init1(1), EINVAL);
	FAILS(inotify_init1(IN_NONBLOCK | 0x10), EINVAL);
	FAILS(inotify_add_watch(-1, "/", IN_OPEN), EBADF);
	FAILS(inotify_add_watch(99, "/", IN_OPEN), EBADF);
	FAILS(inotify_add_watch(0, "/", IN_OPEN), EINVAL);
	FAILS(inotify_add_watch(99, "/", 0), EINVAL);
	FAILS(inotify_add_watch(99, "/", 0x10000), EINVAL);
	FAILS(inotify_add_watch(fd, "/", IN_OPEN | IN_MASK_ADD | IN_MASK_CREATE), EINVAL);
	FAILS(inotify_add_watch(fd, "/none", IN_OPEN), ENOENT);
	FAILS(inotify_add_watch(fd, (char *)8, IN_OPEN), EFAULT);
	FAILS(inotify_add_watch(fd, "/proc/version", IN_OPEN | IN_ONLYDIR), ENOTDIR);
	FAILS(inotify_rm_watch(-1, 1), EBADF);
	FAILS(inotify_rm_watch(0, 1), EINVAL);
	FAILS(inotify_rm_watch(fd, 1), EINVAL);
	FAILS(read(fd, got, sizeof(got)), EAGAIN);
	FAILS(write(fd, got, 1), EBADF);
	FAILS(pread(fd, got, 16, 0), ESPIPE);
	plain = open("/", O_PATH);
	FAILS(inotify_add_watch(plain, "/", IN_OPEN), EBADF);
	close(plain);
	close(fd);
}

static int no_rights(void *arg)
{
	int fd;

	if (setuid(65534))
		return 1;
	fd = inotify_init1(IN_NONBLOCK);
	FAILS(inotify_add_watch(fd, DIR_PATH "/secret", IN_OPEN), EACCES);
	EQ(inotify_add_watch(fd, DIR_PATH, IN_OPEN), 1);
	return tap_failures;
}

static void rights(void)
{
	NEED(fresh() >= 0);
	EQ(make(DIR_PATH "/secret", "x"), 0);
	EQ(chmod(DIR_PATH "/secret", 0600), 0);
	EQ(tap_child(no_rights, NULL), 0);
}

static void a_file(void)
{
	int fd = fresh(), f;
	char c;

	NEED(fd >= 0);
	EQ(watch(fd, DIR_PATH), 1);
	EQ(make(DIR_PATH "/a", "hello"), 0);
	STREQ(events(fd), "1:create:a 1:open:a 1:modify:a 1:close_write:a");
	EQ(watch(fd, DIR_PATH "/a"), 2);
	f = open(DIR_PATH "/a", O_RDONLY);
	NEED(f >= 0);
	STREQ(events(fd), "1:open:a 2:open");
	EQ(read(f, &c, 1), 1);
	EQ(pread(f, &c, 1, 1), 1);
	STREQ(events(fd), "1:access:a 2:access 1:access:a 2:access");
	EQ(pread(f, &c, 1, 100), 0);
	STREQ(events(fd), "");
	close(f);
	STREQ(events(fd), "1:close:a 2:close");
	f = open(DIR_PATH "/a", O_RDWR | O_TRUNC);
	NEED(f >= 0);
	STREQ(events(fd), "1:modify:a 2:modify 1:open:a 2:open");
	EQ(ftruncate(f, 100), 0);
	STREQ(events(fd), "1:modify:a 2:modify");
	EQ(truncate(DIR_PATH "/a", 50), 0);
	STREQ(events(fd), "1:modify:a 2:modify");
	EQ(posix_fallocate(f, 0, 60), 0);
	STREQ(events(fd), "1:modify:a 2:modify");
	close(f);
	STREQ(events(fd), "1:close_write:a 2:close_write");
	f = open(DIR_PATH "/a", O_PATH);
	close(f);
	STREQ(events(fd), "");
	close(fd);
}

static void attributes(void)
{
	struct timespec omit[2] = { { 1, UTIME_OMIT }, { 1, UTIME_OMIT } };
	int fd = fresh();

	NEED(fd >= 0);
	EQ(make(DIR_PATH "/a", ""), 0);
	EQ(watch(fd, DIR_PATH "/a"), 1);
	EQ(chmod(DIR_PATH "/a", 0600), 0);
	STREQ(events(fd), "1:attrib");
	EQ(chown(DIR_PATH "/a", 5, 5), 0);
	STREQ(events(fd), "1:attrib");
	EQ(utimensat(AT_FDCWD, DIR_PATH "/a", NULL, 0), 0);
	STREQ(events(fd), "1:attrib");
	EQ(utimensat(AT_FDCWD, DIR_PATH "/a", omit, 0), 0);
	STREQ(events(fd), "");
	omit[0].tv_nsec = 5;
	EQ(utimensat(AT_FDCWD, DIR_PATH "/a", omit, 0), 0);
	STREQ(events(fd), "1:access");
	omit[0].tv_nsec = UTIME_OMIT;
	omit[1].tv_nsec = 5;
	EQ(utimensat(AT_FDCWD, DIR_PATH "/a", omit, 0), 0);
	STREQ(events(fd), "1:modify");
	EQ(link(DIR_PATH "/a", DIR_PATH "/b"), 0);
	STREQ(events(fd), "1:attrib");
	EQ(unlink(DIR_PATH "/b"), 0);
	STREQ(events(fd), "1:attrib");
	close(fd);
}

static void names(void)
{
	int fd = fresh();

	NEED(fd >= 0);
	EQ(watch(fd, DIR_PATH), 1);
	EQ(mkdir(DIR_PATH "/d", 0755), 0);
	STREQ(events(fd), "1:create+dir:d");
	EQ(symlink("d", DIR_PATH "/l"), 0);
	STREQ(events(fd), "1:create:l");
	EQ(mkfifo(DIR_PATH "/p", 0600), 0);
	STREQ(events(fd), "1:create:p");
	EQ(link(DIR_PATH "/p", DIR_PATH "/q"), 0);
	STREQ(events(fd), "1:create:q");
	EQ(unlink(DIR_PATH "/q"), 0);
	STREQ(events(fd), "1:delete:q");
	EQ(rmdir(DIR_PATH "/d"), 0);
	STREQ(events(fd), "1:delete+dir:d");
	FAILS(mkdir(DIR_PATH "/l", 0755), EEXIST);
	FAILS(unlink(DIR_PATH "/none"), ENOENT);
	STREQ(events(fd), "");
	close(fd);
}

static void a_directory(void)
{
	int fd = fresh(), d;
	char buf[1024];

	NEED(fd >= 0);
	EQ(watch(fd, DIR_PATH), 1);
	d = open(DIR_PATH, O_RDONLY | O_DIRECTORY);
	NEED(d >= 0);
	STREQ(events(fd), "1:open+dir");
	CHECK(syscall(SYS_getdents64, d, buf, sizeof(buf)) > 0);
	STREQ(events(fd), "1:access+dir");
	close(d);
	STREQ(events(fd), "1:close+dir");
	EQ(chmod(DIR_PATH, 0700), 0);
	STREQ(events(fd), "1:attrib+dir");
	EQ(rmdir(DIR_PATH), 0);
	STREQ(events(fd), "1:delete_self 1:ignored");
	FAILS(inotify_rm_watch(fd, 1), EINVAL);
	close(fd);
}

static void the_end_of_a_file(void)
{
	int fd = fresh(), f;

	NEED(fd >= 0);
	EQ(make(DIR_PATH "/a", ""), 0);
	EQ(make(DIR_PATH "/b", ""), 0);
	EQ(watch(fd, DIR_PATH "/a"), 1);
	EQ(watch(fd, DIR_PATH "/b"), 2);
	EQ(inotify_add_watch(fd, DIR_PATH, IN_DELETE), 3);
	EQ(unlink(DIR_PATH "/a"), 0);
	STREQ(events(fd), "1:attrib 1:delete_self 1:ignored 3:delete:a");
	f = open(DIR_PATH "/b", O_RDONLY);
	EQ(unlink(DIR_PATH "/b"), 0);
	STREQ(events(fd), "2:open 2:attrib 3:delete:b");
	close(f);
	STREQ(events(fd), "2:close 2:delete_self 2:ignored");
	close(fd);
}

static void moves(void)
{
	int fd = fresh();

	NEED(fd >= 0);
	EQ(mkdir(DIR_PATH "/x", 0755), 0);
	EQ(mkdir(DIR_PATH "/y", 0755), 0);
	EQ(make(DIR_PATH "/x/a", "1"), 0);
	EQ(make(DIR_PATH "/y/b", "2"), 0);
	EQ(watch(fd, DIR_PATH "/x"), 1);
	EQ(watch(fd, DIR_PATH "/y"), 2);
	EQ(watch(fd, DIR_PATH "/x/a"), 3);
	EQ(watch(fd, DIR_PATH "/y/b"), 4);
	EQ(rename(DIR_PATH "/x/a", DIR_PATH "/y/c"), 0);
	STREQ(events(fd), "1:from:a 2:to:c 3:move_self");
	EQ(nr_cookies, 2);
	EQ(cookies[0], cookies[1]);
	EQ(rename(DIR_PATH "/y/c", DIR_PATH "/y/b"), 0);
	STREQ(events(fd), "2:from:c 2:to:b 4:attrib 3:move_self 4:delete_self 4:ignored");
	EQ(rename(DIR_PATH "/y", DIR_PATH "/x/y"), 0);
	STREQ(events(fd), "1:to+dir:y 2:move_self");
	EQ(make(DIR_PATH "/x/e", ""), 0);
	events(fd);
	EQ(syscall(SYS_renameat2, AT_FDCWD, DIR_PATH "/x/e", AT_FDCWD, DIR_PATH "/x/y", 2), 0);
	STREQ(events(fd), "1:from:e 1:to:y 1:from+dir:y 1:to+dir:e 2:move_self");
	EQ(nr_cookies, 4);
	EQ(cookies[0], cookies[1]);
	EQ(cookies[2], cookies[3]);
	CHECK(cookies[0] != cookies[2]);
	EQ(rename(DIR_PATH "/x/y", DIR_PATH "/x/y"), 0); /* nothing to do */
	STREQ(events(fd), "");
	close(fd);
}

static void masks(void)
{
	int fd = fresh();

	NEED(fd >= 0);
	EQ(make(DIR_PATH "/a", ""), 0);
	EQ(inotify_add_watch(fd, DIR_PATH "/a", IN_OPEN), 1);
	EQ(inotify_add_watch(fd, DIR_PATH "/a", IN_ATTRIB), 1);
	close(open(DIR_PATH "/a", O_RDONLY));
	STREQ(events(fd), "");
	EQ(inotify_add_watch(fd, DIR_PATH "/a", IN_OPEN | IN_MASK_ADD), 1);
	close(open(DIR_PATH "/a", O_RDONLY));
	EQ(chmod(DIR_PATH "/a", 0640), 0);
	STREQ(events(fd), "1:open 1:attrib");
	FAILS(inotify_add_watch(fd, DIR_PATH "/a", IN_CLOSE | IN_MASK_CREATE), EEXIST);
	EQ(chmod(DIR_PATH "/a", 0600), 0);
	STREQ(events(fd), "1:attrib");
	EQ(inotify_add_watch(fd, DIR_PATH, IN_CREATE | IN_MASK_CREATE), 2);
	EQ(inotify_rm_watch(fd, 1), 0);
	STREQ(events(fd), "1:ignored");
	FAILS(inotify_rm_watch(fd, 1), EINVAL);
	EQ(inotify_add_watch(fd, DIR_PATH "/a", IN_OPEN), 3); /* numbers do not come back */
	close(fd);
}

static void once(void)
{
	int fd = fresh();

	NEED(fd >= 0);
	EQ(make(DIR_PATH "/a", ""), 0);
	EQ(inotify_add_watch(fd, DIR_PATH, IN_OPEN | IN_CLOSE | IN_ONESHOT), 1);
	close(open(DIR_PATH "/a", O_RDONLY));
	STREQ(events(fd), "1:open:a 1:ignored");
	close(open(DIR_PATH "/a", O_RDONLY));
	STREQ(events(fd), "");
	close(fd);
}

static void links(void)
{
	int fd = fresh();

	NEED(fd >= 0);
	EQ(mkdir(DIR_PATH "/d", 0755), 0);
	EQ(symlink("d", DIR_PATH "/l"), 0);
	EQ(inotify_add_watch(fd, DIR_PATH "/l", IN_CREATE), 1);
	EQ(inotify_add_watch(fd, DIR_PATH "/d", IN_CREATE), 1);
	EQ(inotify_add_watch(fd, DIR_PATH "/l", IN_DELETE_SELF | IN_DONT_FOLLOW), 2);
	EQ(make(DIR_PATH "/l/a", ""), 0);
	STREQ(events(fd), "1:create:a");
	EQ(unlink(DIR_PATH "/l"), 0);
	STREQ(events(fd), "2:delete_self 2:ignored");
	close(fd);
}

static void names_that_are_gone(void)
{
	int fd = fresh(), other = inotify_init1(IN_NONBLOCK), f;

	NEED(fd >= 0 && other >= 0);
	EQ(make(DIR_PATH "/a", ""), 0);
	f = open(DIR_PATH "/a", O_RDWR);
	EQ(inotify_add_watch(fd, DIR_PATH, IN_MODIFY | IN_CLOSE), 1);
	EQ(inotify_add_watch(other, DIR_PATH, IN_MODIFY | IN_CLOSE | IN_EXCL_UNLINK), 1);
	EQ(write(f, "x", 1), 1);
	STREQ(events(fd), "1:modify:a");
	STREQ(events(other), "1:modify:a");
	EQ(unlink(DIR_PATH "/a"), 0);
	EQ(write(f, "x", 1), 1);
	close(f);
	STREQ(events(fd), "1:modify:a 1:close_write:a");
	STREQ(events(other), "");
	close(fd);
	close(other);
}

static void room(void)
{
	int fd = fresh(), n = -1;
	char buf[256] __attribute__((aligned(8)));
	struct inotify_event *e = (void *)buf;

	NEED(fd >= 0);
	EQ(watch(fd, DIR_PATH), 1);
	EQ(make(DIR_PATH "/123456789012345", ""), 0);  /* create open close_write */
	EQ(make(DIR_PATH "/1234567890123456", ""), 0); /* one byte more: another 16 */
	EQ(ioctl(fd, FIONREAD, &n), 0);
	EQ(n, 3 * 32 + 3 * 48);
	FAILS(read(fd, buf, 31), EINVAL);
	EQ(read(fd, buf, 32), 32);
	EQ(e->mask, IN_CREATE);
	EQ(e->cookie, 0);
	EQ(e->len, 16);
	STREQ(e->name, "123456789012345");
	EQ(read(fd, buf, 111), 64);
	EQ(read(fd, buf, 48), 48);
	EQ(e->len, 32);
	for (n = 16; n < 32; n++)
		EQ(e->name[n], 0);
	FAILS(read(fd, (char *)8, 4096), EFAULT); /* and one event is lost */
	EQ(ioctl(fd, FIONREAD, &n), 0);
	EQ(n, 48);
	FAILS(ioctl(fd, FIONREAD, 8), EFAULT);
	FAILS(ioctl(fd, TIOCGWINSZ, buf), ENOTTY);
	close(fd);
}

static void equal_events(void)
{
	int fd = fresh(), f;

	NEED(fd >= 0);
	EQ(make(DIR_PATH "/a", ""), 0);
	EQ(inotify_add_watch(fd, DIR_PATH, IN_MODIFY | IN_ATTRIB), 1);
	f = open(DIR_PATH "/a", O_RDWR);
	for (int i = 0; i < 5; i++)
		EQ(write(f, "x", 1), 1);
	EQ(fchmod(f, 0600), 0);
	EQ(write(f, "x", 1), 1);
	STREQ(events(fd), "1:modify:a 1:attrib:a 1:modify:a");
	close(f);
	close(fd);
}

static void put_limit(const char *name, const char *value)
{
	char path[128];

	snprintf(path, sizeof(path), LIMITS "%s", name);
	EQ(tap_put(path, value), 0);
}

static void overflow(void)
{
	int fd, f;

	put_limit("max_queued_events", "3");
	fd = fresh();
	put_limit("max_queued_events", "16384");
	NEED(fd >= 0);
	EQ(watch(fd, DIR_PATH), 1);
	EQ(make(DIR_PATH "/a", "text"), 0);
	EQ(make(DIR_PATH "/b", "text"), 0);
	STREQ(events(fd), "1:create:a 1:open:a 1:modify:a -1:overflow");
	f = open(DIR_PATH "/a", O_RDONLY);
	close(f);
	EQ(inotify_rm_watch(fd, 1), 0);
	STREQ(events(fd), "1:open:a 1:close:a 1:ignored");
	close(fd);
}

static int few_of_them(void *arg)
{
	int fd[4], n;

	if (setuid(65533))
		return 1;
	for (n = 0; n < 3; n++)
		fd[n] = inotify_init1(0);
	EQ(fd[1], fd[0] + 1);
	FAILS(fd[2], EMFILE);
	EQ(inotify_add_watch(fd[0], "/", IN_OPEN), 1);
	EQ(inotify_add_watch(fd[1], "/", IN_OPEN), 1);
	FAILS(inotify_add_watch(fd[0], "/tmp", IN_OPEN), ENOSPC);
	EQ(inotify_add_watch(fd[0], "/", IN_CLOSE), 1);
	close(fd[1]);
	EQ(inotify_add_watch(fd[0], "/tmp", IN_OPEN), 3);
	EQ(inotify_rm_watch(fd[0], 1), 0);
	EQ(inotify_add_watch(fd[0], "/proc", IN_OPEN), 4);
	fd[1] = inotify_init();
	CHECK(fd[1] >= 0);
	return tap_failures;
}

static void limits(void)
{
	char old[64], number[32];

	NEED(tap_read(LIMITS "max_user_watches", old, sizeof(old)) > 0);
	CHECK(atol(old) >= 8192);
	NEED(tap_read(LIMITS "max_user_instances", number, sizeof(number)) > 0);
	put_limit("max_user_instances", "2");
	put_limit("max_user_watches", "2");
	EQ(tap_child(few_of_them, NULL), 0);
	put_limit("max_user_instances", number);
	put_limit("max_user_watches", old);
	FAILS(tap_put(LIMITS "max_queued_events", "-1"), EINVAL);
}

static void *late(void *arg)
{
	tap_sleep_ms(30);
	make(DIR_PATH "/late", "");
	return NULL;
}

static void waiting(void)
{
	struct pollfd p = { .events = POLLIN | POLLRDNORM };
	struct epoll_event ev = { .events = EPOLLIN | EPOLLET };
	int fd = fresh(), ep = epoll_create1(0);
	char buf[64] __attribute__((aligned(8)));
	pthread_t t;

	NEED(fd >= 0 && ep >= 0);
	p.fd = fd;
	EQ(inotify_add_watch(fd, DIR_PATH, IN_CREATE | IN_DELETE), 1);
	EQ(epoll_ctl(ep, EPOLL_CTL_ADD, fd, &ev), 0);
	EQ(poll(&p, 1, 0), 0);
	pthread_create(&t, NULL, late, NULL);
	EQ(poll(&p, 1, 20000), 1);
	EQ(p.revents, POLLIN | POLLRDNORM);
	pthread_join(t, NULL);
	EQ(epoll_wait(ep, &ev, 1, 0), 1);
	EQ(ev.events, EPOLLIN);
	EQ(epoll_wait(ep, &ev, 1, 0), 0);
	EQ(fcntl(fd, F_SETFL, 0), 0);
	EQ(read(fd, buf, sizeof(buf)), 32);
	EQ(unlink(DIR_PATH "/late"), 0);
	EQ(read(fd, buf, sizeof(buf)), 32);
	pthread_create(&t, NULL, late, NULL);
	EQ(read(fd, buf, sizeof(buf)), 32); /* sleeps */
	pthread_join(t, NULL);
	close(ep);
	close(fd);
}

static void nothing(int sig)
{
}

static void interrupted(void)
{
	struct sigaction sa = { .sa_handler = nothing };
	int fd = fresh();
	char c[64];

	NEED(fd >= 0);
	EQ(fcntl(fd, F_SETFL, 0), 0);
	sigaction(SIGALRM, &sa, NULL);
	alarm(1);
	FAILS(read(fd, c, sizeof(c)), EINTR);
	close(fd);
}

static void unmounted(void)
{
	int fd = fresh();

	NEED(fd >= 0);
	EQ(mount("none", DIR_PATH, "tmpfs", 0, NULL), 0);
	EQ(make(DIR_PATH "/a", ""), 0);
	EQ(inotify_add_watch(fd, DIR_PATH "/a", IN_OPEN), 1);
	EQ(umount(DIR_PATH), 0);
	STREQ(events(fd), "1:unmount 1:ignored");
	close(fd);
}

static void copies(void)
{
	int fd = fresh(), a, b;
	off_t off = 0;

	NEED(fd >= 0);
	EQ(make(DIR_PATH "/a", "some text"), 0);
	EQ(make(DIR_PATH "/b", ""), 0);
	a = open(DIR_PATH "/a", O_RDONLY);
	b = open(DIR_PATH "/b", O_RDWR);
	EQ(watch(fd, DIR_PATH "/a"), 1);
	EQ(watch(fd, DIR_PATH "/b"), 2);
	EQ(sendfile(b, a, &off, 9), 9);
	STREQ(events(fd), "1:access 2:modify");
	close(a);
	close(b);
	close(fd);
}

static void program(void)
{
	int fd = fresh(), status;
	pid_t pid;

	NEED(fd >= 0);
	EQ(make(DIR_PATH "/a", "#!/none\n"), 0);
	EQ(chmod(DIR_PATH "/a", 0755), 0);
	EQ(inotify_add_watch(fd, DIR_PATH, IN_OPEN), 1);
	pid = fork();
	if (pid == 0) {
		execl(DIR_PATH "/a", "a", (char *)NULL);
		_exit(errno);
	}
	status = tap_wait(pid);
	EQ(status, EXITED(ENOENT));
	STREQ(events(fd), "1:open:a");
	close(fd);
}

static void fdinfo(void)
{
	int fd = fresh();
	char path[64], text[512], want[128];
	struct stat st;

	NEED(fd >= 0);
	EQ(inotify_add_watch(fd, DIR_PATH, IN_OPEN | IN_ONESHOT), 1);
	EQ(inotify_add_watch(fd, "/", IN_ALL_EVENTS | IN_EXCL_UNLINK), 2);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	NEED(tap_read(path, text, sizeof(text)) > 0);
	stat(DIR_PATH, &st);
	snprintf(want, sizeof(want), "inotify wd:1 ino:%lx sdev:", (unsigned long)st.st_ino);
	CHECK(strstr(text, want));
	CHECK(strstr(text, "mask:80000020 ignored_mask:0 "));
	CHECK(strstr(text, "mask:4000fff ignored_mask:0 "));
	CHECK(strstr(text, "wd:2") < strstr(text, "wd:1"));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	memset(text, 0, sizeof(text));
	EQ(readlink(path, text, sizeof(text)), 18);
	STREQ(text, "anon_inode:inotify");
	close(fd);
}

static void many(void)
{
	int fd = fresh(), n;
	char path[64];

	NEED(fd >= 0);
	for (n = 1; n <= 500; n++) {
		snprintf(path, sizeof(path), DIR_PATH "/%d", n);
		if (mkdir(path, 0755) || inotify_add_watch(fd, path, IN_CREATE) != n)
			break;
	}
	EQ(n, 501);
	for (n = 2; n <= 500; n += 2)
		if (inotify_rm_watch(fd, n))
			break;
	EQ(n, 502);
	events(fd);
	EQ(make(DIR_PATH "/499/x", ""), 0);
	EQ(make(DIR_PATH "/500/x", ""), 0);
	STREQ(events(fd), "499:create:x");
	close(fd);
	EQ(make(DIR_PATH "/499/y", ""), 0);
}

/* One makes and removes names, one adds and removes watches, one reads: nothing is lost, nothing left over. */
static void *busy_names(void *arg)
{
	for (int i = 0; i < 300; i++) {
		make(DIR_PATH "/d/x", "1");
		rename(DIR_PATH "/d/x", DIR_PATH "/d/y");
		unlink(DIR_PATH "/d/y");
	}
	return NULL;
}

static void *busy_watches(void *arg)
{
	for (int i = 0; i < 300; i++) {
		int wd = inotify_add_watch(*(int *)arg, DIR_PATH "/d", IN_ALL_EVENTS | IN_ONESHOT);

		if (i % 2)
			inotify_rm_watch(*(int *)arg, wd);
		close(inotify_init1(0));
	}
	return NULL;
}

static void race(void)
{
	int fd = fresh(), other = inotify_init1(IN_NONBLOCK);
	pthread_t a, b;
	char buf[8192] __attribute__((aligned(8)));
	long creates = 0, deletes = 0;
	ssize_t n;

	NEED(fd >= 0 && other >= 0);
	EQ(mkdir(DIR_PATH "/d", 0755), 0);
	EQ(inotify_add_watch(fd, DIR_PATH "/d", IN_CREATE | IN_DELETE), 1);
	pthread_create(&a, NULL, busy_names, NULL);
	pthread_create(&b, NULL, busy_watches, &other);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	while ((n = read(fd, buf, sizeof(buf))) > 0)
		for (char *p = buf; p < buf + n;) {
			struct inotify_event *e = (void *)p;

			creates += e->mask == IN_CREATE;
			deletes += e->mask == IN_DELETE;
			p += sizeof(*e) + e->len;
		}
	EQ(creates, 300);
	EQ(deletes, 300);
	close(fd);
	close(other);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(errors),
						 T(rights),
						 T(a_file),
						 T(attributes),
						 T(names),
						 T(a_directory),
						 T(the_end_of_a_file),
						 T(moves),
						 T(masks),
						 T(once),
						 T(links),
						 T(names_that_are_gone),
						 T(room),
						 T(equal_events),
						 T(overflow),
						 T(limits),
						 T(waiting),
						 T(interrupted),
						 T(unmounted),
						 T(copies),
						 T(program),
						 T(fdinfo),
						 T(many),
						 T(race),
						 TEND };

	return tap_main(argc, argv, tests);
}
