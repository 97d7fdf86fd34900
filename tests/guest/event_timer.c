/* timerfd_create(2): once, periodic, absolute; what is left; ticks that nobody read; the time of day being set. */
#include "tap.h"

#include <poll.h>
#include <sys/timerfd.h>

enum { MS = 1000000 };

static struct itimerspec spec(long value_ms, long interval_ms)
{
	struct itimerspec s = { { interval_ms / 1000, interval_ms % 1000 * MS },
				{ value_ms / 1000, value_ms % 1000 * MS } };

	return s;
}

static int set(int fd, long value_ms, long interval_ms)
{
	struct itimerspec s = spec(value_ms, interval_ms);

	return timerfd_settime(fd, 0, &s, NULL);
}

static uint64_t ticks(int fd)
{
	uint64_t n = 0;

	return read(fd, &n, 8) == 8 ? n : ~0ULL;
}

static int ready(int fd, int ms)
{
	struct pollfd p = { fd, POLLIN | POLLOUT, 0 };

	return poll(&p, 1, ms) < 0 ? -1 : p.revents;
}

static void once(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_NONBLOCK);
	long long start = tap_now_ns();
	struct itimerspec now;
	uint64_t n;

	NEED(fd >= 0);
	EQ(timerfd_gettime(fd, &now), 0);
	EQ(now.it_value.tv_sec + now.it_value.tv_nsec, 0);
	FAILS(read(fd, &n, 8), EAGAIN);
	EQ(set(fd, 40, 0), 0);
	EQ(timerfd_gettime(fd, &now), 0);
	CHECK(now.it_value.tv_sec == 0 && now.it_value.tv_nsec > 0 &&
	      now.it_value.tv_nsec <= 40 * MS);
	EQ(ready(fd, 10000), POLLIN);
	CHECK(tap_now_ns() - start >= 40 * MS);
	EQ(ticks(fd), 1);
	EQ(ready(fd, 0), 0);
	EQ(timerfd_gettime(fd, &now), 0);
	EQ(now.it_value.tv_sec + now.it_value.tv_nsec, 0);
	close(fd);
}

/* Expirations nobody reads are counted. */
static void periodic(void)
{
	int fd = timerfd_create(CLOCK_BOOTTIME, 0);
	struct itimerspec now;
	uint64_t n = 0;

	NEED(fd >= 0);
	EQ(set(fd, 5, 10), 0);
	EQ(ticks(fd) >= 1, 1);
	tap_sleep_ms(60);
	n = ticks(fd);
	CHECK(n >= 5 && n < 1000000);
	EQ(timerfd_gettime(fd, &now), 0);
	EQ(now.it_interval.tv_nsec, 10 * MS);
	CHECK(now.it_value.tv_nsec <= 10 * MS);
	EQ(ticks(fd) >= 1, 1); /* waits */
	tap_sleep_ms(35);
	EQ(timerfd_gettime(fd, &now), 0); /* counts, and keeps the ticks */
	n = ticks(fd);
	CHECK(n >= 3);
	tap_sleep_ms(15);
	EQ(set(fd, 0, 10), 0); /* disarms and forgets */
	EQ(ready(fd, 30), 0);
	close(fd);
}

static void absolute(void)
{
	int clocks[] = { CLOCK_MONOTONIC, CLOCK_REALTIME };

	for (size_t i = 0; i < ARRAY_LEN(clocks); i++) {
		int fd = timerfd_create(clocks[i], TFD_NONBLOCK);
		struct itimerspec s = { { 0, 0 }, { 0, 0 } }, old;
		struct timespec now;

		NEED(fd >= 0);
		clock_gettime(clocks[i], &now);
		s.it_value = now;
		s.it_value.tv_sec += 1000;
		EQ(timerfd_settime(fd, TFD_TIMER_ABSTIME, &s, NULL), 0);
		EQ(ready(fd, 0), 0);
		s.it_value = (struct timespec){ 0, 1 }; /* long ago */
		EQ(timerfd_settime(fd, TFD_TIMER_ABSTIME, &s, &old), 0);
		CHECK(old.it_value.tv_sec >= 900 && old.it_value.tv_sec <= 1000);
		EQ(ready(fd, 10000), POLLIN);
		EQ(ticks(fd), 1);
		if (now.tv_sec < 2) { /* just booted */
			tap_sleep_ms(2000);
			clock_gettime(clocks[i], &now);
		}
		s.it_value = now;
		s.it_value.tv_sec -= 1;
		s.it_interval.tv_nsec = 100 * MS;
		EQ(timerfd_settime(fd, TFD_TIMER_ABSTIME, &s, NULL), 0);
		EQ(ready(fd, 10000), POLLIN);
		CHECK(ticks(fd) >= 11);
		close(fd);
	}
}

static void errors(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, TFD_CLOEXEC), p[2];
	struct itimerspec s = spec(1000, 0), bad = { { 0, 0 }, { 0, 1000000000 } },
			  negative = { { 0, 0 }, { -1, 0 } };
	uint64_t n;

	NEED(fd >= 0 && pipe(p) == 0);
	EQ(fcntl(fd, F_GETFD), FD_CLOEXEC);
	EQ(fcntl(fd, F_GETFL), O_RDWR);
	FAILS(timerfd_create(CLOCK_PROCESS_CPUTIME_ID, 0), EINVAL);
	FAILS(timerfd_create(CLOCK_MONOTONIC_RAW, 0), EINVAL);
	FAILS(timerfd_create(99, 0), EINVAL);
	FAILS(timerfd_create(CLOCK_MONOTONIC, 1), EINVAL);
	FAILS(timerfd_settime(fd, 4, &s, NULL), EINVAL);
	FAILS(timerfd_settime(fd, 0, &bad, NULL), EINVAL);
	FAILS(timerfd_settime(fd, 0, &negative, NULL), EINVAL);
	FAILS(syscall(SYS_timerfd_settime, fd, 0, 8, NULL), EFAULT);
	FAILS(timerfd_settime(p[0], 0, &s, NULL), EINVAL);
	FAILS(timerfd_settime(99, 0, &s, NULL), EBADF);
	FAILS(timerfd_gettime(p[0], &s), EINVAL);
	FAILS(timerfd_gettime(99, &s), EBADF);
	FAILS(syscall(SYS_timerfd_gettime, fd, 8), EFAULT);
	EQ(set(fd, 1, 0), 0);
	EQ(ready(fd, 10000), POLLIN);
	FAILS(read(fd, &n, 7), EINVAL);
	FAILS(write(fd, &n, 8), EINVAL);
	FAILS(pread(fd, &n, 8, 0), ESPIPE);
	FAILS(read(fd, (void *)8, 8), EFAULT); /* and the tick is gone */
	EQ(ready(fd, 0), 0);
	close(fd);
}

static void fdinfo(void)
{
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	char path[64], text[512], *at;
	struct itimerspec s = spec(9000, 2500);
	int sec, nsec;

	NEED(fd >= 0);
	EQ(timerfd_settime(fd, 0, &s, NULL), 0);
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	NEED(tap_read(path, text, sizeof(text)) > 0);
	at = strstr(text, "clockid: ");
	NEED(at);
	CHECK(strstr(at, "clockid: 1\nticks: 0\nsettime flags: 00\nit_value: (8, ") == at);
	EQ(sscanf(strstr(at, "it_value:"), "it_value: (%d, %d)\nit_interval: (2, 500000000)\n",
		  &sec, &nsec),
	   2);
	snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	memset(text, 0, sizeof(text));
	EQ(readlink(path, text, sizeof(text)), 20);
	STREQ(text, "anon_inode:[timerfd]");
	close(fd);
}

static void on_alarm(int sig)
{
}

static void interrupted(void)
{
	struct sigaction sa = { .sa_handler = on_alarm };
	int fd = timerfd_create(CLOCK_MONOTONIC, 0);
	uint64_t n;

	NEED(fd >= 0);
	sigaction(SIGALRM, &sa, NULL);
	ualarm(20000, 0);
	FAILS(read(fd, &n, 8), EINTR);
	close(fd);
}

/* Only an absolute timer of the time of day moves when that is set. Not on a machine whose clock matters. */
static void clock_is_set(void)
{
	int abs = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK),
	    watch = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK),
	    rel = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK);
	struct itimerspec s = { { 0, 0 }, { 0, 0 } }, left;
	struct timespec now;
	uint64_t n;

	if (access("/proc/mnemos", F_OK))
		SKIP("the clock is not ours");
	NEED(abs >= 0 && watch >= 0 && rel >= 0);
	clock_gettime(CLOCK_REALTIME, &now);
	s.it_value = now;
	s.it_value.tv_sec += 5000;
	EQ(timerfd_settime(abs, TFD_TIMER_ABSTIME, &s, NULL), 0);
	EQ(timerfd_settime(watch, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &s, NULL), 0);
	EQ(set(rel, 4000 * 1000, 0), 0);
	EQ(ready(watch, 0), 0);
	now.tv_sec += 4900;
	EQ(clock_settime(CLOCK_REALTIME, &now), 0);
	EQ(ready(abs, 0), 0);
	EQ(timerfd_gettime(abs, &left), 0);
	CHECK(left.it_value.tv_sec < 101);
	EQ(timerfd_gettime(rel, &left), 0);
	CHECK(left.it_value.tv_sec > 3900);
	EQ(ready(watch, 0), POLLIN);
	FAILS(read(watch, &n, 8), ECANCELED);
	FAILS(read(watch, &n, 8), EAGAIN);
	now.tv_sec += 200;
	EQ(clock_settime(CLOCK_REALTIME, &now), 0);
	EQ(ready(abs, 10000), POLLIN);
	EQ(ticks(abs), 1);
	s.it_value.tv_sec += 100000;
	FAILS(timerfd_settime(watch, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &s, NULL),
	      ECANCELED);
	FAILS(read(watch, &n, 8), EAGAIN);
	EQ(timerfd_gettime(watch, &left), 0);
	CHECK(left.it_value.tv_sec > 90000);
	close(abs);
	close(watch);
	close(rel);
}

/* Without CAP_WAKE_ALARM. */
static int plain_user(void *arg)
{
	int fd = timerfd_create(CLOCK_REALTIME_ALARM, 0);

	if (fd >= 0)
		close(fd);
	if (setuid(1000) || fd < 0)
		return 1;
	return timerfd_create(CLOCK_BOOTTIME_ALARM, 0) == -1 && errno == EPERM ? 0 : 2;
}

static void alarm_clocks(void)
{
	if (getuid())
		SKIP("needs root");
	EQ(tap_child(plain_user, NULL), EXITED(0));
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(once),	  T(periodic),	   T(absolute),
						 T(errors),	  T(fdinfo),	   T(interrupted),
						 T(clock_is_set), T(alarm_clocks), TEND };

	return tap_main(argc, argv, tests);
}
