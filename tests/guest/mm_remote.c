/* process_vm_readv(2), process_vm_writev(2), process_madvise(2), and the calls on descriptors of processes. */
#include "mem.h"

#include <poll.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/uio.h>

enum {
	SYS_PIDFD_SEND_SIGNAL = 424,
	SYS_PIDFD_OPEN = 434,
	SYS_PIDFD_GETFD = 438,
	SYS_PROCESS_MADVISE = 440,
	SYS_PROCESS_MRELEASE = 448
};
enum { ADV_COLD = 20, ADV_PAGEOUT = 21 };

static long readv_(pid_t pid, const struct iovec *l, unsigned long nl, const struct iovec *r,
		   unsigned long nr, unsigned long flags)
{
	return syscall(SYS_process_vm_readv, pid, l, nl, r, nr, flags);
}

static long writev_(pid_t pid, const struct iovec *l, unsigned long nl, const struct iovec *r,
		    unsigned long nr, unsigned long flags)
{
	return syscall(SYS_process_vm_writev, pid, l, nl, r, nr, flags);
}

/* A child that sleeps until it is killed; what is mapped now is its memory too. */
static pid_t sleeper(void)
{
	pid_t pid = fork();

	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL);
		for (;;)
			pause();
	}
	return pid;
}

static void end_child(pid_t pid)
{
	kill(pid, SIGKILL);
	EQ(tap_wait(pid), KILLED(SIGKILL));
}

static void reads_and_writes(void)
{
	char *p = anon(4, RW), buf[3 * 4096];
	struct iovec l[3], r[2];
	pid_t pid;

	NEED(p != MAP_FAILED);
	for (int i = 0; i < 4 * 4096; i++)
		p[i] = (char)(i / 7);
	pid = sleeper();
	memset(p, 0, 4 * PAGE); /* ours, not the child's */
	l[0] = (struct iovec){ buf, 10 };
	l[1] = (struct iovec){ buf + 10, 0 };
	l[2] = (struct iovec){ buf + 10, 8190 };
	r[0] = (struct iovec){ p + 100, 5000 };
	r[1] = (struct iovec){ p + 2 * PAGE, 3200 };
	EQ(readv_(pid, l, 3, r, 2, 0), 8200);
	for (int i = 0; i < 5000; i++)
		if (buf[i] != (char)((i + 100) / 7)) {
			EQ(i, -1);
			break;
		}
	for (int i = 0; i < 3200; i++)
		if (buf[5000 + i] != (char)((i + 2 * 4096) / 7)) {
			EQ(i, -1);
			break;
		}
	memset(buf, 'w', sizeof(buf));
	l[0] = (struct iovec){ buf, 6000 };
	r[0] = (struct iovec){ p + 4000, 6000 };
	EQ(writev_(pid, l, 1, r, 1, 0), 6000);
	EQ(p[4000], 0); /* the child's copy only */
	l[0] = (struct iovec){ buf, 6002 };
	memset(buf, 0, sizeof(buf));
	r[0] = (struct iovec){ p + 3999, 6002 };
	EQ(readv_(pid, l, 1, r, 1, 0), 6002);
	EQ(buf[0], (char)(3999 / 7));
	EQ(buf[1], 'w');
	EQ(buf[6000], 'w');
	EQ(buf[6001], (char)(10000 / 7));
	/* The shorter of the two vectors ends it. */
	l[0].iov_len = 5;
	EQ(readv_(pid, l, 1, r, 1, 0), 5);
	l[0].iov_len = 100;
	r[0].iov_len = 7;
	EQ(readv_(pid, l, 1, r, 1, 0), 7);
	end_child(pid);
}

static void errors(void)
{
	char *p = anon(2, RW), *none = anon(1, PROT_NONE), buf[16];
	struct iovec l = { buf, 16 }, r = { p, 16 }, many[1025];
	pid_t pid = sleeper();

	NEED(p != MAP_FAILED && none != MAP_FAILED && pid > 0);
	for (int i = 0; i < 1025; i++)
		many[i] = (struct iovec){ buf, 0 };
	FAILS(readv_(pid, &l, 1, &r, 1, 1), EINVAL);
	FAILS(readv_(pid, many, 1025, &r, 1, 0), EINVAL);
	FAILS(readv_(pid, &l, 1, many, 1025, 0), EINVAL);
	EQ(readv_(pid, many, 1024, &r, 1, 0), 0);
	EQ(readv_(pid, &l, 1, many, 1024, 0), 0);
	EQ(readv_(pid, NULL, 0, &r, 1, 0), 0);
	EQ(readv_(pid, &l, 1, NULL, 0, 0), 0);
	FAILS(readv_(pid, (void *)1, 1, &r, 1, 0), EFAULT);
	FAILS(readv_(pid, &l, 1, (void *)1, 1, 0), EFAULT);
	FAILS(readv_(999999, &l, 1, &r, 1, 0), ESRCH);
	FAILS(readv_(-1, &l, 1, &r, 1, 0), ESRCH);
	l.iov_len = (size_t)-1;
	FAILS(readv_(pid, &l, 1, &r, 1, 0), EINVAL);
	l.iov_len = 16;
	r.iov_len = (size_t)-1;
	FAILS(readv_(pid, &l, 1, &r, 1, 0), EINVAL);
	r = (struct iovec){ (void *)8, 16 };
	FAILS(readv_(pid, &l, 1, &r, 1, 0), EFAULT);
	r = (struct iovec){ none, 16 };
	FAILS(readv_(pid, &l, 1, &r, 1, 0), EFAULT);
	FAILS(writev_(pid, &l, 1, &r, 1, 0), EFAULT);
	l.iov_base = none; /* local memory that cannot be written */
	r = (struct iovec){ p, 16 };
	FAILS(readv_(pid, &l, 1, &r, 1, 0), EFAULT);
	FAILS(writev_(pid, &l, 1, &r, 1, 0), EFAULT);
	end_child(pid);
	FAILS(readv_(pid, &l, 1, &r, 1, 0), ESRCH);
}

/* The rights of the other's memory count: no writing through a read-only mapping, no reading of what only can be written. */
static void rights_of_the_memory(void)
{
	char *ro = anon(1, RW), *wo = anon(1, PROT_WRITE), *xo = anon(1, PROT_EXEC),
	     buf[8] = "abcdefg";
	struct iovec l = { buf, 8 }, r = { ro, 8 };
	pid_t pid;

	NEED(ro != MAP_FAILED && wo != MAP_FAILED && xo != MAP_FAILED);
	ro[0] = 'r';
	OK(mprotect(ro, PAGE, PROT_READ));
	pid = sleeper();
	FAILS(writev_(pid, &l, 1, &r, 1, 0), EFAULT);
	EQ(readv_(pid, &l, 1, &r, 1, 0), 8);
	EQ(buf[0], 'r');
	r.iov_base = wo;
	EQ(writev_(pid, &l, 1, &r, 1, 0), 8);
	FAILS(readv_(pid, &l, 1, &r, 1, 0), EFAULT);
	r.iov_base = xo;
	FAILS(readv_(pid, &l, 1, &r, 1, 0), EFAULT);
	end_child(pid);
}

static void partial_results(void)
{
	char *p = anon(4, RW), *q = anon(4, RW);
	struct iovec l[2], r[2];
	pid_t pid;

	NEED(p != MAP_FAILED && q != MAP_FAILED);
	memset(p, 3, 4 * PAGE);
	OK(munmap(p + 2 * PAGE, PAGE));
	OK(munmap(q + 3 * PAGE, PAGE));
	pid = sleeper();
	l[0] = (struct iovec){ q, 3 * PAGE };
	r[0] = (struct iovec){ p + 100, 3 * PAGE };
	EQ(readv_(pid, l, 1, r, 1, 0), 2 * PAGE - 100); /* up to the hole */
	EQ(q[2 * PAGE - 101], 3);
	EQ(q[2 * PAGE - 100], 0);
	r[0] = (struct iovec){ p, 10 };
	r[1] = (struct iovec){ p + 2 * PAGE, 10 };
	EQ(readv_(pid, l, 1, r, 2, 0), 10);
	EQ(writev_(pid, l, 1, r, 2, 0), 10);
	r[0] = (struct iovec){ p, 2 * PAGE };
	l[0] = (struct iovec){ q + 2 * PAGE + 4000, 200 }; /* its own hole after 96 bytes */
	EQ(readv_(pid, l, 1, r, 1, 0), 96);
	EQ(writev_(pid, l, 1, r, 1, 0), 96);
	end_child(pid);
}

static void itself(void)
{
	char a[5] = "abcd", b[5] = "....";
	struct iovec l = { a, 4 }, r = { b, 4 };

	EQ(writev_(getpid(), &l, 1, &r, 1, 0), 4);
	STREQ(b, "abcd");
	a[0] = 'X';
	EQ(readv_(getpid(), &r, 1, &l, 1, 0), 4);
	STREQ(b, "Xbcd");
}

static int as_nobody(void *arg)
{
	pid_t pid = *(pid_t *)arg;
	char buf[4];
	struct iovec l = { buf, 4 }, r = { arg, 4 };
	int fd = (int)syscall(SYS_PIDFD_OPEN, pid, 0);

	if (setgid(65534) || setuid(65534))
		return 1;
	if (readv_(pid, &l, 1, &r, 1, 0) != -1 || errno != EPERM)
		return 2;
	if (syscall(SYS_PROCESS_MADVISE, fd, &r, 1, ADV_COLD, 0) != -1 || errno != EACCES)
		return 3;
	if (syscall(SYS_PIDFD_GETFD, fd, 0, 0) != -1 || errno != EPERM)
		return 4;
	if (syscall(SYS_PIDFD_SEND_SIGNAL, fd, 0, NULL, 0) != -1 || errno != EPERM)
		return 5;
	return 0;
}

static void not_allowed(void)
{
	pid_t pid = sleeper();

	EQ(tap_child(as_nobody, &pid), 0);
	end_child(pid);
}

static void a_tenth_of_a_second(struct pollfd *p, int want)
{
	EQ(poll(p, 1, 100), want);
}

static void descriptor_of_a_process(void)
{
	pid_t pid = sleeper();
	int fd = (int)syscall(SYS_PIDFD_OPEN, pid, 0), nb, status;
	struct pollfd p = { fd, POLLIN, 0 };
	char text[256], want[64], name[64], c;

	NEED(fd >= 0);
	EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	FAILS(read(fd, &c, 1), EINVAL);
	snprintf(name, sizeof(name), "/proc/self/fdinfo/%d", fd);
	snprintf(want, sizeof(want), "\nPid:\t%d\nNSpid:\t%d\n", (int)pid, (int)pid);
	CHECK(tap_read(name, text, sizeof(text)) > 0);
	CHECK(strstr(text, want) != NULL);
	nb = (int)syscall(SYS_PIDFD_OPEN, pid, O_NONBLOCK);
	EQ(fcntl(nb, F_GETFL) & O_NONBLOCK, O_NONBLOCK);
	FAILS(syscall(SYS_PIDFD_OPEN, pid, 1), EINVAL);
	FAILS(syscall(SYS_PIDFD_OPEN, 0, 0), EINVAL);
	FAILS(syscall(SYS_PIDFD_OPEN, -1, 0), EINVAL);
	FAILS(syscall(SYS_PIDFD_OPEN, 999999, 0), ESRCH);
	a_tenth_of_a_second(&p, 0);
	EQ(syscall(SYS_PIDFD_SEND_SIGNAL, fd, 0, NULL, 0), 0);
	FAILS(syscall(SYS_PIDFD_SEND_SIGNAL, fd, 99, NULL, 0), EINVAL);
	FAILS(syscall(SYS_PIDFD_SEND_SIGNAL, fd, SIGKILL, NULL, 1), EINVAL);
	FAILS(syscall(SYS_PIDFD_SEND_SIGNAL, 0, SIGKILL, NULL, 0), EBADF);
	FAILS(syscall(SYS_PIDFD_SEND_SIGNAL, 99, SIGKILL, NULL, 0), EBADF);
	EQ(syscall(SYS_PIDFD_SEND_SIGNAL, fd, SIGKILL, NULL, 0), 0);
	EQ(poll(&p, 1, 10000), 1); /* ready as soon as it has ended, */
	EQ(p.revents & POLLIN, POLLIN);
	EQ(syscall(SYS_PIDFD_SEND_SIGNAL, fd, SIGKILL, NULL, 0), 0); /* a zombie still takes it */
	EQ(waitpid(pid, &status, 0), pid);
	EQ(status, KILLED(SIGKILL));
	EQ(poll(&p, 1, 0), 1); /* and for ever */
	FAILS(syscall(SYS_PIDFD_SEND_SIGNAL, fd, 0, NULL, 0), ESRCH);
	CHECK(tap_read(name, text, sizeof(text)) > 0);
	CHECK(strstr(text, "\nPid:\t-1\n") != NULL);
	close(fd);
	close(nb);
}

static void descriptor_taken_over(void)
{
	int p[2], fd, got;
	pid_t pid;
	char c = 0;

	NEED(pipe(p) == 0);
	pid = sleeper();
	fd = (int)syscall(SYS_PIDFD_OPEN, pid, 0);
	got = (int)syscall(SYS_PIDFD_GETFD, fd, p[1], 0);
	NEED(got >= 0);
	EQ(fcntl(got, F_GETFD), FD_CLOEXEC);
	EQ(write(got, "x", 1), 1);
	EQ(read(p[0], &c, 1), 1);
	EQ(c, 'x');
	FAILS(syscall(SYS_PIDFD_GETFD, fd, 77, 0), EBADF);
	FAILS(syscall(SYS_PIDFD_GETFD, fd, p[1], 1), EINVAL);
	FAILS(syscall(SYS_PIDFD_GETFD, p[0], p[1], 0), EBADF);
	end_child(pid);
	FAILS(syscall(SYS_PIDFD_GETFD, fd, p[1], 0), ESRCH);
}

static void advice_for_another(void)
{
	char *p = anon(8, RW);
	struct iovec v[3] = { { p, PAGE }, { p + 2 * PAGE, 2 * PAGE }, { (char *)p + 1, PAGE } };
	pid_t pid;
	int fd;

	NEED(p != MAP_FAILED);
	memset(p, 1, 8 * PAGE);
	pid = sleeper();
	fd = (int)syscall(SYS_PIDFD_OPEN, pid, 0);
	NEED(fd >= 0);
	EQ(syscall(SYS_PROCESS_MADVISE, fd, v, 2, ADV_COLD, 0), 3 * PAGE);
	EQ(syscall(SYS_PROCESS_MADVISE, fd, v, 2, ADV_PAGEOUT, 0), 3 * PAGE);
	EQ(syscall(SYS_PROCESS_MADVISE, fd, v, 2, MADV_WILLNEED, 0), 3 * PAGE);
	EQ(syscall(SYS_PROCESS_MADVISE, fd, v, 3, ADV_COLD, 0), 3 * PAGE); /* what came before */
	FAILS(syscall(SYS_PROCESS_MADVISE, fd, v + 2, 1, ADV_COLD, 0), EINVAL);
	FAILS(syscall(SYS_PROCESS_MADVISE, fd, v, 2, ADV_COLD, 1), EINVAL);
	FAILS(syscall(SYS_PROCESS_MADVISE, fd, v, 2, MADV_DONTNEED, 0), EINVAL);
	FAILS(syscall(SYS_PROCESS_MADVISE, fd, v, 2, 99, 0), EINVAL);
	FAILS(syscall(SYS_PROCESS_MADVISE, fd, v, 1025, ADV_COLD, 0), EINVAL);
	FAILS(syscall(SYS_PROCESS_MADVISE, fd, (void *)1, 1, ADV_COLD, 0), EFAULT);
	FAILS(syscall(SYS_PROCESS_MADVISE, 0, v, 2, ADV_COLD, 0), EBADF);
	end_child(pid);
	FAILS(syscall(SYS_PROCESS_MADVISE, fd, v, 2, ADV_COLD, 0), ESRCH);
}

/* A killed process may be gone before the call comes: then that is what it says. */
static void release_of_the_killed(void)
{
	size_t len = 2000 * PAGE;
	char *p = mmap(NULL, len, RW, ANON | MAP_POPULATE, -1, 0);
	int gone = 0;

	NEED(p != MAP_FAILED);
	FAILS(syscall(SYS_PROCESS_MRELEASE, -1, 0), EBADF);
	FAILS(syscall(SYS_PROCESS_MRELEASE, 0, 0), EBADF);
	FAILS(syscall(SYS_PROCESS_MRELEASE, 0, 1), EINVAL);
	for (int i = 0; i < 20; i++) {
		pid_t pid = sleeper();
		int fd = (int)syscall(SYS_PIDFD_OPEN, pid, 0);
		long ret;

		NEED(fd >= 0);
		FAILS(syscall(SYS_PROCESS_MRELEASE, fd, 1), EINVAL);
		FAILS(syscall(SYS_PROCESS_MRELEASE, fd, 0), EINVAL); /* alive */
		EQ(kill(pid, SIGKILL), 0);
		ret = syscall(SYS_PROCESS_MRELEASE, fd, 0);
		if (ret) {
			EQ(errno, ESRCH);
			gone++;
		}
		EQ(tap_wait(pid), KILLED(SIGKILL));
		FAILS(syscall(SYS_PROCESS_MRELEASE, fd, 0), ESRCH);
		close(fd);
	}
	tap_note("%d of 20 were gone before", gone);
	EQ(p[len - 1], 0);
	munmap(p, len);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(reads_and_writes),
		T(errors),
		T(rights_of_the_memory),
		T(partial_results),
		T(itself),
		T(not_allowed),
		T(descriptor_of_a_process),
		T(descriptor_taken_over),
		T(advice_for_another),
		T(release_of_the_killed),
		TEND,
	};

	return tap_main(argc, argv, tests);
}
