/* unshare(2), setns(2), kcmp(2), close_range(2) with a table of its own: who shares what with whom. */
#include "tap.h"

#include <sched.h>
#include <sys/epoll.h>

enum {
	KCMP_FILE,
	KCMP_VM,
	KCMP_FILES,
	KCMP_FS,
	KCMP_SIGHAND,
	KCMP_IO,
	KCMP_SYSVSEM,
	KCMP_EPOLL_TFD,
	NR_KCMP
};

static long kcmp(pid_t a, pid_t b, int type, unsigned long i, unsigned long j)
{
	return syscall(SYS_kcmp, a, b, type, i, j);
}

struct child {
	pid_t pid, parent;
	int go[2];
};

static char stack[16 * 4096] __attribute__((aligned(16)));

static int sleep_until_told(void *arg)
{
	const struct child *c = arg;
	char byte;

	return read(c->go[0], &byte, 1) == 1 ? 0 : 1;
}

static struct child *start(int flags, int (*fn)(void *))
{
	struct child *c =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);

	CHECK(c != MAP_FAILED && pipe(c->go) == 0);
	c->parent = getpid();
	c->pid = clone(fn, stack + sizeof(stack), flags | SIGCHLD, c);
	CHECK(c->pid > 0);
	return c;
}

static void finish(struct child *c)
{
	int status = -1;

	EQ(write(c->go[1], "x", 1), 1);
	EQ(waitpid(c->pid, &status, 0), c->pid);
	EQ(status, 0);
	close(c->go[0]);
	close(c->go[1]);
	munmap(c, PAGE);
}

/* Equal in the parts of @flags, different in the others: and then one is less and the other is more. */
static void compare_parts(int flags)
{
	static const struct {
		int type, flag;
	} parts[] = { { KCMP_VM, CLONE_VM },
		      { KCMP_FILES, CLONE_FILES },
		      { KCMP_FS, CLONE_FS },
		      { KCMP_SIGHAND, CLONE_SIGHAND } };
	struct child *c = start(flags, sleep_until_told);
	pid_t me = getpid();

	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		long there = kcmp(me, c->pid, parts[i].type, 0, 0),
		     back = kcmp(c->pid, me, parts[i].type, 0, 0);

		if (flags & parts[i].flag) {
			EQ(there, 0);
			EQ(back, 0);
		} else {
			EQ(there + back, 3);
			CHECK(there == 1 || there == 2);
		}
		EQ(kcmp(me, c->pid, parts[i].type, 0, 0), there);
	}
	EQ(kcmp(me, c->pid, KCMP_IO, 0, 0), 0);
	EQ(kcmp(me, c->pid, KCMP_FILE, (unsigned)c->go[0], (unsigned)c->go[0]), 0);
	finish(c);
}

static void parts(void)
{
	compare_parts(0);
	compare_parts(CLONE_VM);
	compare_parts(CLONE_FILES);
	compare_parts(CLONE_FS);
	compare_parts(CLONE_VM | CLONE_SIGHAND);
	compare_parts(CLONE_VM | CLONE_FILES | CLONE_FS | CLONE_SIGHAND);
}

static void files(void)
{
	int a = open("/dev/null", O_RDONLY), b = open("/dev/null", O_RDONLY), a2 = dup(a);
	pid_t me = getpid();

	EQ(kcmp(me, me, KCMP_FILE, (unsigned)a, (unsigned)a2), 0);
	EQ(kcmp(me, me, KCMP_FILE, (unsigned)a, (unsigned)b) +
		   kcmp(me, me, KCMP_FILE, (unsigned)b, (unsigned)a2),
	   3);
	FAILS(kcmp(me, me, KCMP_FILE, (unsigned)a, 77), EBADF);
	FAILS(kcmp(me, me, KCMP_FILE, 77, (unsigned)a), EBADF);
	FAILS(kcmp(me, me, NR_KCMP, 0, 0), EINVAL);
	FAILS(kcmp(me, me, -1, 0, 0), EINVAL);
	FAILS(kcmp(me, 0x3fffffff, KCMP_VM, 0, 0), ESRCH);
	FAILS(kcmp(0x3fffffff, me, KCMP_VM, 0, 0), ESRCH);
	close(a);
	close(b);
	close(a2);
}

static void watched(void)
{
	struct {
		uint32_t efd, tfd, toff;
	} slot;
	int ep = epoll_create1(0), p[2], q[2];
	pid_t me = getpid();
	struct epoll_event ev = { .events = EPOLLIN };

	NEED(pipe(p) == 0 && pipe(q) == 0);
	NEED(epoll_ctl(ep, EPOLL_CTL_ADD, p[0], &ev) == 0);
	slot.efd = (uint32_t)ep;
	slot.tfd = (uint32_t)p[0];
	slot.toff = 0;
	EQ(kcmp(me, me, KCMP_EPOLL_TFD, (unsigned)p[0], (uintptr_t)&slot), 0);
	CHECK(kcmp(me, me, KCMP_EPOLL_TFD, (unsigned)q[0], (uintptr_t)&slot) > 0);
	FAILS(kcmp(me, me, KCMP_EPOLL_TFD, 77, (uintptr_t)&slot), EBADF);
	FAILS(kcmp(me, me, KCMP_EPOLL_TFD, (unsigned)p[0], 16), EFAULT);
	slot.toff = 1;
	FAILS(kcmp(me, me, KCMP_EPOLL_TFD, (unsigned)p[0], (uintptr_t)&slot), ENOENT);
	slot.toff = 0;
	slot.tfd = (uint32_t)q[0];
	FAILS(kcmp(me, me, KCMP_EPOLL_TFD, (unsigned)p[0], (uintptr_t)&slot), ENOENT);
	slot.efd = (uint32_t)p[0];
	FAILS(kcmp(me, me, KCMP_EPOLL_TFD, (unsigned)p[0], (uintptr_t)&slot), EINVAL);
	slot.efd = 77;
	FAILS(kcmp(me, me, KCMP_EPOLL_TFD, (unsigned)p[0], (uintptr_t)&slot), EBADF);
	for (int i = 0; i < 2; i++) {
		close(p[i]);
		close(q[i]);
	}
	close(ep);
}

static void not_for_strangers(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		if (setgid(1000) || setuid(1000))
			_exit(2);
		_exit(kcmp(getpid(), getppid(), KCMP_VM, 0, 0) == -1 && errno == EPERM ? 0 : 1);
	}
	EQ(tap_wait(pid), 0);
}

/* ---- unshare ---- */

static int own_files(void *arg)
{
	const struct child *c = arg;
	int bad = kcmp(c->parent, getpid(), KCMP_FILES, 0, 0) != 0;

	bad |= unshare(CLONE_FILES) != 0;
	bad |= kcmp(c->parent, getpid(), KCMP_FILES, 0, 0) <= 0;
	bad |= kcmp(c->parent, getpid(), KCMP_FILE, (unsigned)c->go[0], (unsigned)c->go[0]) != 0;
	close(c->go[1]); /* still open in the parent */
	return bad | sleep_until_told(arg);
}

static int own_fs(void *arg)
{
	const struct child *c = arg;
	int bad = kcmp(c->parent, getpid(), KCMP_FS, 0, 0) != 0;

	bad |= unshare(CLONE_FS) != 0;
	bad |= kcmp(c->parent, getpid(), KCMP_FS, 0, 0) <= 0;
	bad |= chdir("/proc") != 0;
	umask(0123);
	return bad | sleep_until_told(arg);
}

static void own_parts(void)
{
	char before[200], after[200];
	struct child *c = start(CLONE_FILES, own_files);

	finish(c);
	NEED(getcwd(before, sizeof(before)) != NULL);
	umask(022);
	c = start(CLONE_FS, own_fs);
	finish(c);
	NEED(getcwd(after, sizeof(after)) != NULL);
	EQ(strcmp(before, after), 0);
	EQ(umask(022), 022);
}

static int close_own(void *arg)
{
	const struct child *c = arg;
	int keep = c->go[0], bad;

	if (dup2(keep, 3) < 0)
		return 9;
	bad = syscall(SYS_close_range, 4, ~0U, 2 /* CLOSE_RANGE_UNSHARE */) != 0;
	bad |= kcmp(c->parent, getpid(), KCMP_FILES, 0, 0) <= 0;
	bad |= fcntl(4, F_GETFD) != -1;
	return bad | (read(3, &(char){ 0 }, 1) == 1 ? 0 : 2);
}

static void close_range_unshare(void)
{
	int fd = open("/dev/null", O_RDONLY);
	struct child *c;

	EQ(dup2(fd, 200), 200);
	c = start(CLONE_FILES, close_own);
	finish(c);
	EQ(fcntl(200, F_GETFD), 0);
	FAILS(syscall(SYS_close_range, 5, 4, 0), EINVAL);
	FAILS(syscall(SYS_close_range, 4, 5, 8), EINVAL);
	close(200);
	close(fd);
}

/* Of a process with one thread, sharing nothing, everything can be unshared; nobody has namespaces. */
static void arguments(void)
{
	EQ(unshare(0), 0);
	EQ(unshare(CLONE_VM | CLONE_FS | CLONE_FILES | CLONE_SIGHAND | CLONE_THREAD |
		   CLONE_SYSVSEM),
	   0);
	FAILS(unshare(CLONE_PARENT), EINVAL);
	FAILS(unshare(CLONE_VFORK), EINVAL);
	FAILS(unshare(CLONE_NEWUTS), EINVAL);
	FAILS(unshare(CLONE_NEWIPC | CLONE_NEWNET), EINVAL);
	FAILS(unshare(CLONE_NEWUSER), EINVAL);
	FAILS(syscall(SYS_setns, 77, 0), EBADF);
	FAILS(syscall(SYS_setns, 0, CLONE_NEWUTS), EINVAL);
	NEED(setuid(1000) == 0);
	EQ(unshare(CLONE_FS), 0);
	FAILS(unshare(CLONE_NEWUTS), EPERM);
	FAILS(unshare(CLONE_NEWUSER), EINVAL);
}

static int shares_memory(void *arg)
{
	int bad = unshare(CLONE_VM) != -1 || errno != EINVAL;

	bad |= unshare(CLONE_SIGHAND) != -1 || errno != EINVAL;
	bad |= unshare(CLONE_THREAD) != 0;
	return bad | sleep_until_told(arg);
}

static void not_apart(void)
{
	struct child *c = start(CLONE_VM | CLONE_SIGHAND, shares_memory);

	FAILS(unshare(CLONE_VM), EINVAL);
	finish(c);
	EQ(unshare(CLONE_VM), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(parts),     T(files),
						 T(watched),   T(not_for_strangers),
						 T(own_parts), T(close_range_unshare),
						 T(arguments), T(not_apart),
						 TEND };

	return tap_main(argc, argv, tests);
}
