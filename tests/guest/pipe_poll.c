/* Pipes, FIFOs, and waiting for descriptors: atomic writes, ends of file, SIGPIPE, poll(2), select(2), ppoll(2). */
#include "tap.h"

#include <limits.h>
#include <poll.h>
#include <sched.h>
#include <sys/ioctl.h>
#include <sys/select.h>
#include <sys/time.h>
#include <sys/uio.h>

enum { ATOMIC = 4096, CAPACITY = 65536 };

static volatile int got;

static void on_signal(int sig)
{
	got = sig;
}

static void simple(void)
{
	int p[2], n;
	char buf[100];

	NEED(pipe(p) == 0);
	EQ(write(p[1], "hello", 5), 5);
	EQ(ioctl(p[0], FIONREAD, &n), 0);
	EQ(n, 5);
	EQ(read(p[0], buf, 3), 3);
	EQ(memcmp(buf, "hel", 3), 0);
	EQ(write(p[1], "!!", 2), 2);
	EQ(read(p[0], buf, 100), 4);
	EQ(memcmp(buf, "lo!!", 4), 0);
	EQ(read(p[0], buf, 0), 0);
	EQ(write(p[1], "", 0), 0);
	close(p[1]);
	EQ(read(p[0], buf, 100), 0);
	EQ(read(p[0], buf, 100), 0);
	FAILS(write(p[0], "x", 1), EBADF);
	FAILS(lseek(p[0], 0, SEEK_SET), ESPIPE);
	FAILS(pread(p[0], buf, 1, 0), ESPIPE);
	FAILS(ftruncate(p[0], 0), EINVAL);
}

static void flags(void)
{
	int p[2];

	EQ(pipe2(p, O_CLOEXEC | O_NONBLOCK), 0);
	EQ(fcntl(p[0], F_GETFD), FD_CLOEXEC);
	EQ(fcntl(p[1], F_GETFL), O_WRONLY | O_NONBLOCK);
	EQ(fcntl(p[0], F_GETFL), O_RDONLY | O_NONBLOCK);
	FAILS(pipe2(p, 0x40), EINVAL);
	EQ(pipe(p), 0);
	EQ(fcntl(p[0], F_GETFL), O_RDONLY);
	EQ(fcntl(p[0], F_GETFD), 0);
}

static void broken(void)
{
	int p[2];

	NEED(pipe(p) == 0);
	close(p[0]);
	signal(SIGPIPE, on_signal);
	got = 0;
	FAILS(write(p[1], "x", 1), EPIPE);
	EQ(got, SIGPIPE);
	signal(SIGPIPE, SIG_IGN);
	FAILS(write(p[1], "x", 1), EPIPE);
}

static int write_to_broken(void *arg)
{
	int p[2];

	if (pipe(p))
		return 1;
	close(p[0]);
	return write(p[1], "x", 1) ? 2 : 3;
}

static void broken_kills(void)
{
	EQ(tap_child(write_to_broken, NULL), KILLED(SIGPIPE));
}

static void nonblocking(void)
{
	static char block[CAPACITY];
	int p[2];

	NEED(pipe2(p, O_NONBLOCK) == 0);
	FAILS(read(p[0], block, 1), EAGAIN);
	EQ(write(p[1], block, CAPACITY), CAPACITY);
	FAILS(write(p[1], "x", 1), EAGAIN);
	FAILS(write(p[1], block, ATOMIC), EAGAIN);
	EQ(read(p[0], block, ATOMIC), ATOMIC);
	EQ(write(p[1], block, ATOMIC), ATOMIC);
	EQ(read(p[0], block, ATOMIC - 1), ATOMIC - 1);
	FAILS(write(p[1], block, ATOMIC), EAGAIN); /* all or nothing */
	EQ(fcntl(p[0], F_GETPIPE_SZ), CAPACITY);
}

static void partial_when_large(void)
{
	static char block[2 * CAPACITY];
	int p[2];
	ssize_t n;

	NEED(pipe2(p, O_NONBLOCK) == 0);
	n = write(p[1], block, sizeof(block));
	EQ(n, CAPACITY);
	EQ(read(p[0], block, sizeof(block)), CAPACITY);
}

/* Writers of PIPE_BUF bytes and less never mix. */
static void atomic_writes(void)
{
	enum { WRITERS = 4, EACH = 150 };
	static const size_t sizes[WRITERS] = { 4096, 1000, 17, 2500 };
	int p[2], seen[WRITERS] = { 0 }, torn = 0;
	static char buf[ATOMIC];

	NEED(pipe(p) == 0);
	for (int w = 0; w < WRITERS; w++)
		if (fork() == 0) {
			memset(buf, 'a' + w, sizes[w]);
			for (int i = 0; i < EACH; i++)
				if (write(p[1], buf, sizes[w]) != (ssize_t)sizes[w])
					_exit(1);
			_exit(0);
		}
	close(p[1]);
	for (;;) {
		char c;
		size_t have = 1;
		int w;

		if (read(p[0], &c, 1) != 1)
			break;
		w = c - 'a';
		NEED(w >= 0 && w < WRITERS);
		while (have < sizes[w]) {
			ssize_t n = read(p[0], buf, sizes[w] - have);

			NEED(n > 0);
			for (ssize_t i = 0; i < n; i++)
				torn += buf[i] != c;
			have += (size_t)n;
		}
		seen[w]++;
	}
	EQ(torn, 0);
	for (int w = 0; w < WRITERS; w++)
		EQ(seen[w], EACH);
	while (wait(NULL) > 0)
		;
}

static void big_transfer(void)
{
	enum { TOTAL = 1 << 20 };
	static unsigned char buf[50000];
	int p[2], bad = 0;
	size_t n = 0;
	ssize_t r;
	pid_t pid;

	NEED(pipe(p) == 0);
	pid = fork();
	if (pid == 0) {
		static unsigned char all[TOTAL];

		close(p[0]);
		for (size_t i = 0; i < TOTAL; i++)
			all[i] = (unsigned char)(i * 7 + i / 251);
		_exit(write(p[1], all, TOTAL) == TOTAL ? 0 : 1);
	}
	close(p[1]);
	while ((r = read(p[0], buf, sizeof(buf))) > 0)
		for (ssize_t i = 0; i < r; i++, n++)
			bad += buf[i] != (unsigned char)(n * 7 + n / 251);
	EQ(n, TOTAL);
	EQ(bad, 0);
	EQ(tap_wait(pid), 0);
}

static void interrupted_write(void)
{
	static char block[2 * CAPACITY];
	struct sigaction sa = { .sa_handler = on_signal };
	struct itimerval t = { { 0, 0 }, { 0, 30000 } };
	int p[2];

	NEED(pipe(p) == 0);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &t, NULL);
	EQ(write(p[1], block, sizeof(block)), CAPACITY); /* what went in so far */
	setitimer(ITIMER_REAL, &t, NULL);
	FAILS(write(p[1], block, 1), EINTR);
}

static short poll_one(int fd, short events, int timeout)
{
	struct pollfd pf = { fd, events, 0x7fff };
	int n = poll(&pf, 1, timeout);

	if (n < 0)
		return -1;
	return n == (pf.revents != 0) ? pf.revents : -2;
}

static void poll_pipes(void)
{
	static char block[CAPACITY];
	int p[2];

	NEED(pipe2(p, O_NONBLOCK) == 0);
	EQ(poll_one(p[0], POLLIN, 0), 0);
	EQ(poll_one(p[1], POLLOUT, 0), POLLOUT);
	EQ(write(p[1], block, CAPACITY), CAPACITY);
	EQ(poll_one(p[0], POLLIN | POLLRDNORM, 0), POLLIN | POLLRDNORM);
	EQ(poll_one(p[1], POLLOUT, 0), 0);
	EQ(read(p[0], block, 1), 1);
	EQ(poll_one(p[1], POLLOUT, 0), 0); /* less than PIPE_BUF free */
	EQ(read(p[0], block, CAPACITY), CAPACITY - 1);
	EQ(poll_one(p[1], POLLOUT, 0), POLLOUT);
	close(p[1]);
	EQ(poll_one(p[0], POLLIN, 0), POLLHUP);
	EQ(pipe(p), 0);
	close(p[0]);
	EQ(poll_one(p[1], POLLOUT, 0), POLLOUT | POLLERR);
	close(p[1]);
	EQ(poll_one(p[1], POLLIN, 0), POLLNVAL);
	EQ(poll_one(-5, POLLIN, 0), 0);
}

static void poll_others(void)
{
	int file = open("f", O_CREAT | O_RDWR, 0600), null = open("/dev/null", O_RDWR);

	EQ(poll_one(file, POLLIN | POLLOUT, 0), POLLIN | POLLOUT);
	EQ(poll_one(null, POLLIN | POLLOUT, 0), POLLIN | POLLOUT);
	unlink("f");
}

static void poll_waits(void)
{
	int p[2];
	long long start = tap_now_ns();
	pid_t pid;

	NEED(pipe(p) == 0);
	EQ(poll_one(p[0], POLLIN, 50), 0);
	CHECK(tap_now_ns() - start >= 50000000);
	pid = fork();
	if (pid == 0) {
		tap_sleep_ms(50);
		_exit(write(p[1], "x", 1) != 1);
	}
	EQ(poll_one(p[0], POLLIN, 5000), POLLIN);
	EQ(tap_wait(pid), 0);
	EQ(poll_one(p[0], POLLIN, -1), POLLIN);
	start = tap_now_ns();
	EQ(poll(NULL, 0, 30), 0);
	CHECK(tap_now_ns() - start >= 30000000);
	FAILS(poll((struct pollfd *)(uintptr_t)1, 100000000, 0), EINVAL);
}

static void poll_signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	struct timespec t = { 5, 0 };
	struct itimerval in_20ms = { { 0, 0 }, { 0, 20000 } };
	sigset_t block, none;
	int p[2];
	struct pollfd pf;

	NEED(pipe(p) == 0);
	sigaction(SIGALRM, &sa, NULL);
	setitimer(ITIMER_REAL, &in_20ms, NULL);
	EQ(poll_one(p[0], POLLIN, 5000), -1);
	EQ(errno, EINTR); /* never restarted */
	sigemptyset(&none);
	sigemptyset(&block);
	sigaddset(&block, SIGALRM);
	sigprocmask(SIG_BLOCK, &block, NULL);
	got = 0;
	raise(SIGALRM);
	EQ(got, 0);
	pf = (struct pollfd){ p[0], POLLIN, 0 };
	FAILS(ppoll(&pf, 1, &t, &none), EINTR);
	EQ(got, SIGALRM);
	sigprocmask(SIG_SETMASK, NULL, &none);
	EQ(sigismember(&none, SIGALRM), 1);
	t = (struct timespec){ 0, 10000000 };
	EQ(ppoll(&pf, 1, &t, NULL), 0);
	t.tv_nsec = -1;
	FAILS(ppoll(&pf, 1, &t, NULL), EINVAL);
}

static void selecting(void)
{
	int p[2], q[2];
	fd_set r, w;
	struct timeval t = { 0, 0 };

	NEED(pipe(p) == 0 && pipe(q) == 0);
	FD_ZERO(&r);
	FD_ZERO(&w);
	FD_SET(p[0], &r);
	FD_SET(q[0], &r);
	FD_SET(p[1], &w);
	EQ(select(q[1] + 1, &r, &w, NULL, &t), 1);
	CHECK(!FD_ISSET(p[0], &r) && !FD_ISSET(q[0], &r) && FD_ISSET(p[1], &w));
	EQ(write(q[1], "x", 1), 1);
	FD_SET(p[0], &r);
	FD_SET(q[0], &r);
	EQ(select(q[1] + 1, &r, NULL, NULL, NULL), 1);
	CHECK(!FD_ISSET(p[0], &r) && FD_ISSET(q[0], &r));
	close(q[1]);
	t = (struct timeval){ 0, 30000 };
	FD_ZERO(&r);
	FD_SET(p[0], &r);
	EQ(select(p[0] + 1, &r, NULL, NULL, &t), 0);
	CHECK(!FD_ISSET(p[0], &r));
	FD_SET(q[1], &r);
	FAILS(select(q[1] + 1, &r, NULL, NULL, &t), EBADF);
	FAILS(select(-1, NULL, NULL, NULL, &t), EINVAL);
	t = (struct timeval){ -1, 0 };
	FAILS(select(0, NULL, NULL, NULL, &t), EINVAL);
}

static void fifos(void)
{
	int r, w;
	char c;
	pid_t pid;

	EQ(mkfifo("fifo", 0644), 0);
	FAILS(mkfifo("fifo", 0644), EEXIST);
	FAILS(open("fifo", O_WRONLY | O_NONBLOCK), ENXIO);
	r = open("fifo", O_RDONLY | O_NONBLOCK);
	CHECK(r >= 0);
	EQ(read(r, &c, 1), 0); /* no writer yet: end of file */
	w = open("fifo", O_WRONLY | O_NONBLOCK);
	CHECK(w >= 0);
	FAILS(read(r, &c, 1), EAGAIN);
	EQ(write(w, "f", 1), 1);
	EQ(read(r, &c, 1), 1);
	EQ(c, 'f');
	close(w);
	EQ(poll_one(r, POLLIN, 0), POLLHUP);
	close(r);
	/* Opening waits for the other side. */
	pid = fork();
	if (pid == 0) {
		tap_sleep_ms(40);
		w = open("fifo", O_WRONLY);
		_exit(write(w, "late", 4) != 4);
	}
	r = open("fifo", O_RDONLY);
	CHECK(r >= 0);
	EQ(read(r, &c, 1), 1);
	EQ(c, 'l');
	EQ(tap_wait(pid), 0);
	close(r);
	CHECK(open("fifo", O_RDWR) >= 0);
	unlink("fifo");
}

static void on_alarm(int sig)
{
	(void)sig;
}

/* A partner who was there for a moment was there: on another CPU it may have opened, and closed again, before our open
 * goes on. The sides of a round meet by @turn; the writer is the first of them in every second round. */
static void fifo_partner_gone(void)
{
	struct sigaction wake = { .sa_handler = on_alarm }; /* no SA_RESTART: the open ends */
	volatile unsigned *turn =
		mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	unsigned rounds = tap_quick() ? 500 : 5000;
	int fd;
	pid_t pid;

	NEED(turn != MAP_FAILED);
	NEED(sigaction(SIGALRM, &wake, NULL) == 0);
	NEED(mkfifo("gone", 0600) == 0);
	pid = fork();
	NEED(pid >= 0);
	for (unsigned i = 0; i < rounds; i++) {
		alarm(10);
		fd = open("gone", (i % 2 != 0) == (pid == 0) ? O_RDONLY : O_WRONLY);
		alarm(0);
		if (fd < 0)
			*turn = UINT_MAX / 2; /* the other does not wait for us */
		if (fd < 0 && pid == 0)
			_exit(1);
		NEED(fd >= 0);
		close(fd);
		__atomic_add_fetch(turn, 1, __ATOMIC_SEQ_CST);
		while (*turn < 2 * (i + 1))
			sched_yield();
	}
	if (pid == 0)
		_exit(0);
	EQ(tap_wait(pid), 0);
	munmap((void *)turn, PAGE);
}

static void reopen_pipe(void)
{
	int p[2], again;
	char path[40], c;

	NEED(pipe(p) == 0);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", p[1]);
	again = open(path, O_WRONLY);
	CHECK(again >= 0);
	close(p[1]);
	EQ(write(again, "z", 1), 1);
	EQ(read(p[0], &c, 1), 1);
	EQ(c, 'z');
	close(again);
	EQ(read(p[0], &c, 1), 0);
	/* No other side is waited for: the pipe was open once. */
	snprintf(path, sizeof(path), "/proc/self/fd/%d", p[0]);
	again = open(path, O_RDONLY);
	CHECK(again >= 0);
	EQ(read(again, &c, 1), 0);
}

static void vectors(void)
{
	int p[2];
	char a[3] = "", b[5] = "";
	struct iovec out[3] = { { (char *)"ab", 2 }, { NULL, 0 }, { (char *)"cdef", 4 } },
		     in[2] = { { a, 2 }, { b, 4 } };

	NEED(pipe(p) == 0);
	EQ(writev(p[1], out, 3), 6);
	EQ(readv(p[0], in, 2), 6);
	STREQ(a, "ab");
	STREQ(b, "cdef");
}

/* A ring of processes hands a token round. */
static void ring(void)
{
	enum { N = 10 };
	int rounds = tap_quick() ? 20 : 100, fd[N][2];
	unsigned token = 0;

	for (int i = 0; i < N; i++)
		NEED(pipe(fd[i]) == 0);
	for (int i = 0; i < N; i++)
		if (fork() == 0) {
			for (int k = 0; k < rounds; k++) {
				if (read(fd[i][0], &token, 4) != 4)
					_exit(1);
				token++;
				if (write(fd[(i + 1) % N][1], &token, 4) != 4)
					_exit(2);
			}
			_exit(0);
		}
	/* Start it, and take it out of the first pipe after the last round. */
	EQ(write(fd[0][1], &token, 4), 4);
	for (int i = 0; i < N; i++) {
		int status;

		EQ(wait(&status) > 0, 1);
		EQ(status, 0);
	}
	EQ(read(fd[0][0], &token, 4), 4);
	EQ(token, (unsigned)(N * rounds));
}

static void no_places(void)
{
	struct iovec v = { &(char){ 0 }, 1 };
	int p[2];

	NEED(pipe(p) == 0);
	FAILS(preadv(p[0], &v, 1, 0), ESPIPE);
	FAILS(pwritev(p[1], &v, 1, 0), ESPIPE);
	FAILS(pwritev(p[0], &v, 1, 0), ESPIPE); /* before it is found to be the wrong end */
	close(p[0]);
	close(p[1]);
}

/* personality(2) STICKY_TIMEOUTS: the time left is not written back. */
static void sticky_timeouts(void)
{
	struct timeval tv = { 0, 10 };
	struct timespec ts = { 0, 10000 };

	EQ(syscall(SYS_personality, 0x4000000), 0);
#ifdef SYS__newselect
	EQ(syscall(SYS__newselect, 0, NULL, NULL, NULL, &tv), 0);
#else
	EQ(syscall(SYS_select, 0, NULL, NULL, NULL, &tv), 0);
#endif
	EQ(tv.tv_usec, 10);
	EQ(syscall(SYS_ppoll, NULL, 0, &ts, NULL, 8), 0);
	EQ(ts.tv_nsec, 10000);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(simple),
						 T(flags),
						 T(no_places),
						 T(sticky_timeouts),
						 T(broken),
						 T(broken_kills),
						 T(nonblocking),
						 T(partial_when_large),
						 T(atomic_writes),
						 T(big_transfer),
						 T(interrupted_write),
						 T(poll_pipes),
						 T(poll_others),
						 T(poll_waits),
						 T(poll_signals),
						 T(selecting),
						 T(fifos),
						 T(fifo_partner_gone),
						 T_FOR(reopen_pipe, 10),
						 T(vectors),
						 T(ring),
						 TEND };

	return tap_main(argc, argv, tests);
}
