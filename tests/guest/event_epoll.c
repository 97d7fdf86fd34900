/* epoll(7): level, edge and one-shot; nesting; what happens to a watched file that is closed; crowds of threads. */
#include "tap.h"

#include <poll.h>
#include <pthread.h>
#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/timerfd.h>

#ifndef EPOLLEXCLUSIVE
#define EPOLLEXCLUSIVE (1U << 28)
#endif
enum { NR_EPOLL_PWAIT2 = 441 };

static int ctl(int ep, int op, int fd, uint32_t events, uint64_t data)
{
	struct epoll_event ev = { .events = events, .data.u64 = data };

	return epoll_ctl(ep, op, fd, &ev);
}

static int add(int ep, int fd, uint32_t events)
{
	return ctl(ep, EPOLL_CTL_ADD, fd, events, (uint64_t)fd);
}

/* Events of the only ready file; 0: none; -1: an error or several. */
static int one(int ep, int ms)
{
	struct epoll_event ev[2];
	int n = epoll_wait(ep, ev, 2, ms);

	return n == 1 ? (int)ev[0].events : n == 0 ? 0 : -1;
}

static void put(int fd, uint64_t n)
{
	EQ(write(fd, &n, 8), 8);
}

static uint64_t get(int fd)
{
	uint64_t n = 0;

	return read(fd, &n, 8) == 8 ? n : ~0ULL;
}

static void level(void)
{
	int ep = epoll_create1(0), p[2];
	struct epoll_event ev[4];
	char c;

	NEED(ep >= 0 && pipe(p) == 0);
	EQ(ctl(ep, EPOLL_CTL_ADD, p[0], EPOLLIN, 0x1234567890abcdefULL), 0);
	EQ(epoll_wait(ep, ev, 4, 0), 0);
	EQ(write(p[1], "ab", 2), 2);
	for (int i = 0; i < 3; i++) {
		EQ(epoll_wait(ep, ev, 4, 1000), 1);
		EQ(ev[0].events, EPOLLIN);
		EQ(ev[0].data.u64, 0x1234567890abcdefULL);
	}
	EQ(read(p[0], &c, 1), 1);
	EQ(one(ep, 0), EPOLLIN);
	EQ(read(p[0], &c, 1), 1);
	EQ(one(ep, 0), 0);
	EQ(add(ep, p[1], EPOLLOUT | EPOLLIN), 0);
	EQ(one(ep, 0), EPOLLOUT);
	EQ(ctl(ep, EPOLL_CTL_MOD, p[1], 0, 0), 0);
	EQ(one(ep, 0), 0);
	close(p[1]);		  /* leaves the set by itself */
	EQ(one(ep, 0), EPOLLHUP); /* always wanted */
	EQ(ctl(ep, EPOLL_CTL_DEL, p[0], 0, 0), 0);
	EQ(one(ep, 0), 0);
	close(p[0]);
	close(ep);
}

/* Edge: once per wake-up that can mean what is wanted. */
static void edge(void)
{
	int ep = epoll_create1(0), p[2], e = eventfd(5, EFD_SEMAPHORE | EFD_NONBLOCK);
	char buf[64];

	NEED(ep >= 0 && e >= 0 && pipe(p) == 0);
	EQ(add(ep, p[0], EPOLLIN | EPOLLET), 0);
	EQ(write(p[1], "abc", 3), 3);
	EQ(one(ep, 1000), EPOLLIN);
	EQ(one(ep, 0), 0);
	EQ(read(p[0], buf, 1), 1);
	EQ(one(ep, 0), 0);
	EQ(write(p[1], "d", 1), 1);
	EQ(one(ep, 0), EPOLLIN);
	EQ(one(ep, 0), 0);
	EQ(ctl(ep, EPOLL_CTL_MOD, p[0], EPOLLIN | EPOLLET, 0), 0); /* asks anew */
	EQ(one(ep, 0), EPOLLIN);
	EQ(one(ep, 0), 0);
	EQ(read(p[0], buf, 64), 3);
	EQ(write(p[1], "e", 1), 1);
	EQ(read(p[0], buf, 64), 1);
	EQ(one(ep, 0), 0); /* the edge was there, the data is not */
	EQ(ctl(ep, EPOLL_CTL_DEL, p[0], 0, 0), 0);
	EQ(add(ep, e, EPOLLIN | EPOLLET), 0);
	EQ(one(ep, 0), EPOLLIN);
	EQ(get(e), 1);
	EQ(one(ep, 0), 0); /* taking wakes writers only */
	put(e, 1);
	EQ(one(ep, 0), EPOLLIN);
	EQ(ctl(ep, EPOLL_CTL_MOD, e, EPOLLIN | EPOLLOUT | EPOLLET, 0), 0);
	EQ(one(ep, 0), EPOLLIN | EPOLLOUT);
	EQ(get(e), 1);
	EQ(one(ep, 0), EPOLLIN | EPOLLOUT);
	close(e);
	close(p[0]);
	close(p[1]);
	close(ep);
}

static void oneshot(void)
{
	int ep = epoll_create1(0), e = eventfd(1, 0);

	NEED(ep >= 0 && e >= 0);
	EQ(add(ep, e, EPOLLIN | EPOLLONESHOT), 0);
	EQ(one(ep, 0), EPOLLIN);
	EQ(one(ep, 0), 0);
	put(e, 1);
	EQ(one(ep, 0), 0);
	FAILS(add(ep, e, EPOLLIN), EEXIST);
	EQ(ctl(ep, EPOLL_CTL_MOD, e, EPOLLOUT | EPOLLONESHOT, 7), 0);
	EQ(one(ep, 0), EPOLLOUT);
	EQ(one(ep, 0), 0);
	EQ(ctl(ep, EPOLL_CTL_MOD, e, EPOLLIN | EPOLLOUT | EPOLLONESHOT | EPOLLET, 7), 0);
	EQ(one(ep, 0), EPOLLIN | EPOLLOUT);
	EQ(one(ep, 0), 0);
	close(e);
	close(ep);
}

static void errors(void)
{
	int ep = epoll_create(1), other = epoll_create1(EPOLL_CLOEXEC), e = eventfd(0, 0), file,
	    dir, null;
	struct epoll_event ev;

	NEED(ep >= 0 && other >= 0 && e >= 0);
	EQ(fcntl(other, F_GETFD), FD_CLOEXEC);
	EQ(fcntl(ep, F_GETFD), 0);
	EQ(fcntl(ep, F_GETFL), O_RDWR);
	FAILS(syscall(SYS_epoll_create1, 1), EINVAL);
	FAILS(syscall(SYS_epoll_create, 0), EINVAL);
	FAILS(syscall(SYS_epoll_create, -1), EINVAL);
	FAILS(add(99, e, EPOLLIN), EBADF);
	FAILS(add(ep, 99, EPOLLIN), EBADF);
	FAILS(add(e, ep, EPOLLIN), EINVAL);
	FAILS(add(ep, ep, EPOLLIN), EINVAL);
	FAILS(ctl(ep, 4, e, EPOLLIN, 0), EINVAL);
	FAILS(ctl(ep, EPOLL_CTL_MOD, e, EPOLLIN, 0), ENOENT);
	FAILS(ctl(ep, EPOLL_CTL_DEL, e, EPOLLIN, 0), ENOENT);
	EQ(add(ep, e, EPOLLIN), 0);
	FAILS(add(ep, e, EPOLLIN), EEXIST);
	FAILS(syscall(SYS_epoll_ctl, ep, EPOLL_CTL_MOD, e, 8), EFAULT);
	EQ(syscall(SYS_epoll_ctl, ep, EPOLL_CTL_DEL, e, 8), 0);
	file = open("f", O_CREAT | O_RDWR, 0600);
	dir = open(".", O_RDONLY);
	null = open("/dev/null", O_RDWR);
	FAILS(add(ep, file, EPOLLIN), EPERM);
	FAILS(add(ep, dir, EPOLLIN), EPERM);
	FAILS(add(ep, null, EPOLLIN), EPERM);
	FAILS(epoll_wait(99, &ev, 1, 0), EBADF);
	FAILS(epoll_wait(e, &ev, 1, 0), EINVAL);
	FAILS(epoll_wait(ep, &ev, 0, 0), EINVAL);
	FAILS(epoll_wait(ep, &ev, -1, 0), EINVAL);
	FAILS(epoll_wait(ep, &ev, 0x7fffffff / 12 + 1, 0), EINVAL);
	EQ(add(ep, e, EPOLLOUT), 0);
	FAILS(syscall(SYS_epoll_pwait, ep, 8, 1, 0, NULL, 8), EFAULT);
	EQ(one(ep, 0), EPOLLOUT); /* not lost */
	FAILS(add(ep, other, EPOLLIN | EPOLLEXCLUSIVE), EINVAL);
	FAILS(ctl(ep, EPOLL_CTL_MOD, e, EPOLLIN | EPOLLEXCLUSIVE, 0), EINVAL);
	EQ(ctl(ep, EPOLL_CTL_DEL, e, 0, 0), 0);
	FAILS(add(ep, e, EPOLLIN | EPOLLPRI | EPOLLEXCLUSIVE), EINVAL);
	FAILS(add(ep, e, EPOLLIN | EPOLLONESHOT | EPOLLEXCLUSIVE), EINVAL);
	EQ(add(ep, e, EPOLLOUT | EPOLLET | EPOLLEXCLUSIVE), 0);
	EQ(one(ep, 0), EPOLLOUT);
	FAILS(ctl(ep, EPOLL_CTL_MOD, e, EPOLLIN, 0), EINVAL);
	FAILS(read(ep, &ev, sizeof(ev)), EINVAL);
	FAILS(write(ep, &ev, sizeof(ev)), EINVAL);
	FAILS(syscall(SYS_epoll_pwait, ep, &ev, 1, 0, &ev, 4), EINVAL);
}

/* Closing the last descriptor of a file takes it out of every set; a duplicate keeps it in, under the old number. */
static void closing(void)
{
	int ep = epoll_create1(0), ep2 = epoll_create1(0), e = eventfd(1, 0), copy;
	struct epoll_event ev[4];

	NEED(ep >= 0 && ep2 >= 0 && e >= 0);
	EQ(add(ep, e, EPOLLIN), 0);
	EQ(add(ep2, e, EPOLLIN), 0);
	copy = dup(e);
	EQ(add(ep, copy, EPOLLIN), 0); /* another number: another entry */
	EQ(epoll_wait(ep, ev, 4, 0), 2);
	close(e);
	EQ(epoll_wait(ep, ev, 4, 0), 2);
	EQ(epoll_wait(ep2, ev, 4, 0), 1);
	EQ(ev[0].data.u64, (uint64_t)e);
	FAILS(ctl(ep, EPOLL_CTL_DEL, e, 0, 0), EBADF);
	EQ(dup2(copy, e), e); /* the same file under the same number again */
	FAILS(add(ep, e, EPOLLIN), EEXIST);
	EQ(ctl(ep, EPOLL_CTL_DEL, e, 0, 0), 0);
	EQ(epoll_wait(ep, ev, 4, 0), 1);
	close(e);
	close(copy);
	EQ(epoll_wait(ep, ev, 4, 0), 0);
	EQ(epoll_wait(ep2, ev, 4, 0), 0);
	e = eventfd(1, 0); /* another file under that number */
	EQ(add(ep, e, EPOLLIN), 0);
	EQ(epoll_wait(ep, ev, 4, 0), 1);
	close(ep); /* the set goes first */
	put(e, 1);
	close(e);
	close(ep2);
}

/* All ready files get their turn when few are asked for at a time. */
static void fairness(void)
{
	enum { N = 10 };
	int ep = epoll_create1(0), e[N], seen[N] = { 0 };
	struct epoll_event ev[3];

	NEED(ep >= 0);
	for (int i = 0; i < N; i++) {
		e[i] = eventfd(1, 0);
		EQ(ctl(ep, EPOLL_CTL_ADD, e[i], EPOLLIN, (uint64_t)i), 0);
	}
	for (int round = 0; round < N; round++) {
		NEED(epoll_wait(ep, ev, 3, 0) == 3);
		for (int i = 0; i < 3; i++)
			seen[ev[i].data.u64]++;
	}
	for (int i = 0; i < N; i++)
		EQ(seen[i], 3);
	close(ep);
}

static void nested(void)
{
	int outer = epoll_create1(0), inner = epoll_create1(0), e = eventfd(0, 0);
	struct pollfd p = { outer, POLLIN | POLLOUT, 0 };

	NEED(outer >= 0 && inner >= 0 && e >= 0);
	EQ(add(outer, inner, EPOLLIN), 0);
	EQ(add(inner, e, EPOLLIN), 0);
	EQ(one(outer, 0), 0);
	EQ(poll(&p, 1, 0), 0);
	put(e, 1);
	EQ(poll(&p, 1, 0), 1);
	EQ(p.revents, POLLIN);
	EQ(one(outer, 1000), EPOLLIN);
	EQ(one(inner, 0), EPOLLIN);
	EQ(get(e), 1);
	EQ(one(outer, 0), 0);
	EQ(poll(&p, 1, 0), 0);
	EQ(ctl(outer, EPOLL_CTL_MOD, inner, EPOLLIN | EPOLLET, 0), 0);
	put(e, 1);
	EQ(one(outer, 0), EPOLLIN);
	EQ(one(outer, 0), 0);
	put(e, 1);
	EQ(one(outer, 0), EPOLLIN);
	close(inner);
	EQ(one(outer, 0), 0);
	close(outer);
	close(e);
}

static void loops(void)
{
	int s[7], e = eventfd(1, 0);

	for (int i = 0; i < 7; i++)
		NEED((s[i] = epoll_create1(0)) >= 0);
	EQ(add(s[0], s[1], EPOLLIN), 0);
	FAILS(add(s[1], s[0], EPOLLIN), ELOOP);
	EQ(add(s[1], s[2], EPOLLIN), 0);
	FAILS(add(s[2], s[0], EPOLLIN), ELOOP);
	EQ(add(s[2], s[3], EPOLLIN), 0);
	EQ(add(s[3], s[4], EPOLLIN), 0);
	FAILS(add(s[4], s[5], EPOLLIN), ELOOP); /* a chain of six */
	EQ(add(s[4], e, EPOLLIN), 0);
	for (int i = 0; i < 5; i++)
		EQ(one(s[i], 0), EPOLLIN);
	EQ(add(s[5], s[6], EPOLLIN), 0);
	FAILS(add(s[6], s[0], EPOLLIN), ELOOP);
	EQ(add(s[0], s[4], EPOLLIN), 0); /* a shorter way is no loop */
	EQ(ctl(s[2], EPOLL_CTL_DEL, s[3], 0, 0), 0);
	EQ(add(s[5], s[0], EPOLLIN), 0);
	EQ(one(s[5], 0), EPOLLIN);
	for (int i = 0; i < 7; i++)
		close(s[i]);
	close(e);
}

static volatile int caught;

static void on_signal(int sig)
{
	caught = sig;
}

static void signals(void)
{
	struct sigaction sa = { .sa_handler = on_signal, .sa_flags = SA_RESTART };
	int ep = epoll_create1(0), e = eventfd(0, 0);
	struct epoll_event ev;
	sigset_t alrm, none, old;
	struct timespec t = { 5, 0 };

	NEED(ep >= 0 && e >= 0);
	EQ(add(ep, e, EPOLLIN), 0);
	sigaction(SIGALRM, &sa, NULL);
	ualarm(20000, 0);
	FAILS(epoll_wait(ep, &ev, 1, -1), EINTR); /* never restarted */
	EQ(caught, SIGALRM);
	sigemptyset(&none);
	sigemptyset(&alrm);
	sigaddset(&alrm, SIGALRM);
	sigprocmask(SIG_BLOCK, &alrm, &old);
	caught = 0;
	raise(SIGALRM);
	EQ(epoll_wait(ep, &ev, 1, 0), 0);
	EQ(caught, 0);
	FAILS(epoll_pwait(ep, &ev, 1, 5000, &none), EINTR);
	EQ(caught, SIGALRM);
	sigprocmask(SIG_BLOCK, NULL, &old);
	EQ(sigismember(&old, SIGALRM), 1);
	caught = 0;
	raise(SIGALRM);
	put(e, 1);
	EQ(epoll_pwait(ep, &ev, 1, 5000, &none), 1); /* events go first */
	get(e);
	EQ(caught, 0); /* the mask came back before it was delivered */
	caught = 0;
	FAILS(syscall(NR_EPOLL_PWAIT2, ep, &ev, 1, &t, &none, 8), EINTR);
	EQ(caught, SIGALRM);
}

static void timeouts(void)
{
	int ep = epoll_create1(0);
	struct epoll_event ev;
	long long start = tap_now_ns(), t[2] = { 0, 30000000 };

	NEED(ep >= 0);
	EQ(epoll_wait(ep, &ev, 1, 30), 0);
	CHECK(tap_now_ns() - start >= 30000000);
	start = tap_now_ns();
	EQ(syscall(NR_EPOLL_PWAIT2, ep, &ev, 1, t, NULL, 0), 0);
	CHECK(tap_now_ns() - start >= 30000000);
	t[1] = 0;
	EQ(syscall(NR_EPOLL_PWAIT2, ep, &ev, 1, t, NULL, 0), 0);
	t[1] = 1000000000;
	FAILS(syscall(NR_EPOLL_PWAIT2, ep, &ev, 1, t, NULL, 0), EINVAL);
	FAILS(syscall(NR_EPOLL_PWAIT2, ep, &ev, 1, 8, NULL, 0), EFAULT);
	close(ep);
}

static void all_kinds(void)
{
	int ep = epoll_create1(0), timer = timerfd_create(CLOCK_MONOTONIC, 0), sfd, seen = 0;
	struct itimerspec soon = { { 0, 0 }, { 0, 1000000 } };
	struct epoll_event ev[4];
	sigset_t usr1;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	sfd = signalfd(-1, &usr1, 0);
	NEED(ep >= 0 && timer >= 0 && sfd >= 0);
	EQ(add(ep, timer, EPOLLIN), 0);
	EQ(add(ep, sfd, EPOLLIN), 0);
	EQ(timerfd_settime(timer, 0, &soon, NULL), 0);
	EQ(epoll_wait(ep, ev, 4, 10000), 1);
	EQ(ev[0].data.u64, (uint64_t)timer);
	raise(SIGUSR1);
	EQ(epoll_wait(ep, ev, 4, 0), 2);
	for (int i = 0; i < 2; i++)
		seen |= ev[i].data.u64 == (uint64_t)timer ? 1
			: ev[i].data.u64 == (uint64_t)sfd ? 2
							  : 4;
	EQ(seen, 3);
	close(sfd);
	close(timer);
	EQ(epoll_wait(ep, ev, 4, 0), 0);
	close(ep);
}

/* A set that watches the signals of a process that is gone. */
static void signals_of_the_dead(void)
{
	int ep = epoll_create1(0), child, status;
	struct epoll_event ev;
	sigset_t usr1;

	sigemptyset(&usr1);
	sigaddset(&usr1, SIGUSR1);
	sigprocmask(SIG_BLOCK, &usr1, NULL);
	int sfd = signalfd(-1, &usr1, 0);

	NEED(ep >= 0 && sfd >= 0);
	child = fork();
	if (!child)
		_exit(add(ep, sfd, EPOLLIN) != 0);
	status = tap_wait(child);
	EQ(status, EXITED(0));
	EQ(epoll_wait(ep, &ev, 1, 0), 0); /* it was told, and looked: nothing pends for us */
	raise(SIGUSR1);			  /* wakes our queue, which the set does not know */
	EQ(epoll_wait(ep, &ev, 1, 0), 0);
	FAILS(add(ep, sfd, EPOLLIN), EEXIST);
	EQ(ctl(ep, EPOLL_CTL_MOD, sfd, EPOLLIN, 0), 0); /* asks for us */
	EQ(one(ep, 0), EPOLLIN);
	close(sfd);
	close(ep);
}

static void fdinfo(void)
{
	int ep = epoll_create1(0), e = eventfd(0, 0);
	char path[64], text[512], want[128];

	NEED(ep >= 0 && e >= 0);
	EQ(ctl(ep, EPOLL_CTL_ADD, e, EPOLLIN | EPOLLET, 0xabcdef), 0);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", ep);
	NEED(tap_read(path, text, sizeof(text)) > 0);
	snprintf(want, sizeof(want),
		 "tfd: %8d events: 80000019 data:           abcdef  pos:0 ino:", e);
	CHECK(strstr(text, want));
	snprintf(path, sizeof(path), "/proc/self/fd/%d", ep);
	memset(text, 0, sizeof(text));
	EQ(readlink(path, text, sizeof(text)), 22);
	STREQ(text, "anon_inode:[eventpoll]");
	close(ep);
	close(e);
}

/* A thousand descriptors; only what is ready is reported. */
static void many(void)
{
	enum { N = 1000 };
	static int e[N];
	struct rlimit limit = { N + 100, N + 100 };
	int ep = epoll_create1(0), got = 0;
	struct epoll_event ev[64];
	static char seen[N];

	setrlimit(RLIMIT_NOFILE, &limit);
	NEED(ep >= 0);
	for (int i = 0; i < N; i++) {
		e[i] = eventfd(0, 0);
		NEED(e[i] >= 0 &&
		     ctl(ep, EPOLL_CTL_ADD, e[i], EPOLLIN | EPOLLET, (uint64_t)i) == 0);
	}
	EQ(epoll_wait(ep, ev, 64, 0), 0);
	for (int i = 0; i < N; i += 7)
		put(e[i], 1);
	for (int n; (n = epoll_wait(ep, ev, 64, 0)) > 0; got += n)
		for (int i = 0; i < n; i++)
			seen[ev[i].data.u64]++;
	EQ(got, (N + 6) / 7);
	for (int i = 0; i < N; i++)
		EQ(seen[i], i % 7 == 0);
	for (int i = 0; i < N; i += 2)
		EQ(ctl(ep, EPOLL_CTL_DEL, e[i], 0, 0), 0);
	for (int i = 0; i < N; i++)
		put(e[i], 1);
	got = 0;
	for (int n; (n = epoll_wait(ep, ev, 64, 0)) > 0; got += n)
		for (int i = 0; i < n; i++)
			EQ(ev[i].data.u64 % 2, 1);
	EQ(got, N / 2);
	close(ep);
}

static void watch_limit(void)
{
	static const char path[] = "/proc/sys/fs/epoll/max_user_watches";
	int ep = epoll_create1(0), e = eventfd(0, 0), e2 = eventfd(0, 0);
	char old[32];

	if (access("/proc/mnemos", F_OK))
		SKIP("the limit is not ours");
	NEED(ep >= 0 && e >= 0 && e2 >= 0 && tap_read(path, old, sizeof(old)) > 0);
	CHECK(atoi(old) > 1000);
	EQ(tap_write(path, "1\n", 2, 0), 0);
	EQ(add(ep, e, EPOLLIN), 0);
	FAILS(add(ep, e2, EPOLLIN), ENOSPC);
	EQ(ctl(ep, EPOLL_CTL_DEL, e, 0, 0), 0);
	EQ(add(ep, e2, EPOLLIN), 0);
	EQ(tap_write(path, old, strlen(old), 0), 0);
}

/* ---- threads ---- */

struct crowd {
	int ep, e, n;
	int taken[4];
};

struct crowd_arg {
	struct crowd *c;
	int me;
};

/* One-shot: each event is one thread's until it arms the file again. */
static void *crowd_take(void *arg)
{
	struct crowd_arg *a = arg;
	struct epoll_event ev;

	for (;;) {
		if (epoll_wait(a->c->ep, &ev, 1, -1) != 1)
			return NULL;
		if (ev.data.u64 == 99)
			return a;
		if (get(a->c->e) != 1)
			return NULL;
		a->c->taken[a->me]++;
		if (ctl(a->c->ep, EPOLL_CTL_MOD, a->c->e, EPOLLIN | EPOLLONESHOT, 1))
			return NULL;
	}
}

static void crowd(void)
{
	enum { THREADS = 4 };
	struct crowd c = {
		epoll_create1(0), eventfd(0, EFD_SEMAPHORE), tap_quick() ? 200 : 1500, { 0 }
	};
	struct crowd_arg arg[THREADS];
	int stop = eventfd(0, 0), sum = 0;
	pthread_t t[THREADS];

	NEED(c.ep >= 0 && c.e >= 0);
	EQ(ctl(c.ep, EPOLL_CTL_ADD, c.e, EPOLLIN | EPOLLONESHOT, 1), 0);
	EQ(ctl(c.ep, EPOLL_CTL_ADD, stop, EPOLLIN, 99), 0);
	for (int i = 0; i < THREADS; i++) {
		arg[i] = (struct crowd_arg){ &c, i };
		NEED(pthread_create(&t[i], NULL, crowd_take, &arg[i]) == 0);
	}
	for (int i = 0; i < c.n; i++)
		put(c.e, 1);
	while (__atomic_load_n(&c.taken[0], __ATOMIC_RELAXED) +
		       __atomic_load_n(&c.taken[1], __ATOMIC_RELAXED) +
		       __atomic_load_n(&c.taken[2], __ATOMIC_RELAXED) +
		       __atomic_load_n(&c.taken[3], __ATOMIC_RELAXED) <
	       c.n)
		tap_sleep_ms(1);
	put(stop, 1);
	for (int i = 0; i < THREADS; i++) {
		void *ret;

		pthread_join(t[i], &ret);
		CHECK(ret);
		sum += c.taken[i];
	}
	EQ(sum, c.n);
}

/* Sleepers are woken one per event: none sleeps on while there is work, whoever takes it. */
static void *level_take(void *arg)
{
	struct crowd_arg *a = arg;
	struct epoll_event ev;
	uint64_t n;

	for (;;) {
		if (epoll_wait(a->c->ep, &ev, 1, -1) != 1)
			return NULL;
		if (ev.data.u64 == 99)
			return a;
		if (read(a->c->e, &n, 8) == 8)
			a->c->taken[a->me]++;
	}
}

static void level_crowd(void)
{
	enum { THREADS = 3 };
	struct crowd c = { epoll_create1(0),
			   eventfd(0, EFD_SEMAPHORE | EFD_NONBLOCK),
			   tap_quick() ? 200 : 1500,
			   { 0 } };
	struct crowd_arg arg[THREADS];
	int stop = eventfd(0, 0), sum = 0;
	pthread_t t[THREADS];

	NEED(c.ep >= 0 && c.e >= 0);
	EQ(ctl(c.ep, EPOLL_CTL_ADD, c.e, EPOLLIN, 1), 0);
	for (int i = 0; i < THREADS; i++) {
		arg[i] = (struct crowd_arg){ &c, i };
		NEED(pthread_create(&t[i], NULL, level_take, &arg[i]) == 0);
	}
	for (int i = 0; i < c.n; i++)
		put(c.e, 1);
	EQ(ctl(c.ep, EPOLL_CTL_ADD, stop, EPOLLIN, 99), 0);
	while (__atomic_load_n(&c.taken[0], __ATOMIC_RELAXED) +
		       __atomic_load_n(&c.taken[1], __ATOMIC_RELAXED) +
		       __atomic_load_n(&c.taken[2], __ATOMIC_RELAXED) <
	       c.n)
		tap_sleep_ms(1);
	put(stop, 1);
	for (int i = 0; i < THREADS; i++) {
		void *ret;

		pthread_join(t[i], &ret);
		CHECK(ret);
		sum += c.taken[i];
	}
	EQ(sum, c.n);
}

struct churn {
	int ep, rounds;
	volatile int stop;
};

/* Files come and go while somebody waits. */
static void *churn_files(void *arg)
{
	struct churn *c = arg;

	for (int i = 0; i < c->rounds; i++) {
		int p[2], e = eventfd(i % 3 == 0, 0), inner = epoll_create1(0);

		if (e < 0 || inner < 0 || pipe(p) ||
		    add(c->ep, e, EPOLLIN | (i & 1 ? EPOLLET : 0)) || add(c->ep, p[0], EPOLLIN) ||
		    add(inner, p[1], EPOLLOUT) || add(c->ep, inner, EPOLLIN | EPOLLET))
			return NULL;
		if (write(p[1], "x", 1) != 1)
			return NULL;
		if (i % 5 == 0 && ctl(c->ep, EPOLL_CTL_DEL, p[0], 0, 0))
			return NULL;
		close(i & 1 ? e : inner);
		close(p[i & 1]);
		close(p[!(i & 1)]);
		close(i & 1 ? inner : e);
	}
	return c;
}

static void *churn_wait(void *arg)
{
	struct churn *c = arg;
	struct epoll_event ev[8];

	while (!c->stop)
		if (epoll_wait(c->ep, ev, 8, 1) < 0)
			return NULL;
	return c;
}

static void churn(void)
{
	struct churn c = { epoll_create1(0), tap_quick() ? 60 : 400, 0 };
	pthread_t files[2], waiters[2];
	struct epoll_event ev;
	void *ret;

	NEED(c.ep >= 0);
	for (int i = 0; i < 2; i++) {
		NEED(pthread_create(&waiters[i], NULL, churn_wait, &c) == 0);
		NEED(pthread_create(&files[i], NULL, churn_files, &c) == 0);
	}
	for (int i = 0; i < 2; i++) {
		pthread_join(files[i], &ret);
		CHECK(ret);
	}
	c.stop = 1;
	for (int i = 0; i < 2; i++) {
		pthread_join(waiters[i], &ret);
		CHECK(ret);
	}
	EQ(epoll_wait(c.ep, &ev, 1, 0), 0);
	close(c.ep);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(level),    T(edge),	     T(oneshot),
		T(errors),   T(closing),     T(fairness),
		T(nested),   T(loops),	     T(signals),
		T(timeouts), T(all_kinds),   T(signals_of_the_dead),
		T(fdinfo),   T(many),	     T(watch_limit),
		T(crowd),    T(level_crowd), T(churn),
		TEND
	};

	return tap_main(argc, argv, tests);
}
