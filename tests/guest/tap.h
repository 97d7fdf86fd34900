/*
 * Guest test programs in plain C: checks, and one line of the Test Anything Protocol per test.
 *
 * A program is a table of functions; each runs in a child process of its own under an alarm, so that a crash or a hang
 * costs one test. Checks print what was expected and what came ("# file:line: ..."), nothing when they hold.
 *     static void grow(void) { EQ(sysconf(_SC_PAGESIZE), 4096); FAILS(close(99), EBADF); }
 *     int main(int argc, char **argv) { static const struct tap_test t[] = { T(grow), TEND }; return tap_main(argc, argv, t); }
 * Arguments name the tests to run; none: all. TAP_QUICK in the environment asks for shorter loops, TAP_FLAT for no children.
 */
#ifndef TAP_H
#define TAP_H

#ifndef _GNU_SOURCE
#define _GNU_SOURCE
#endif
#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/types.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define PAGE	     ((size_t)4096)
#define IS64	     (sizeof(void *) == 8)
#define ARRAY_LEN(a) (sizeof(a) / sizeof((a)[0]))

struct tap_test {
	const char *name;
	void (*fn)(void);
	unsigned seconds; /* 0: TAP_SECONDS */
};
#define T(fn)                                                                                      \
	{                                                                                          \
#fn, fn, 0                                                                         \
	}
#define T_FOR(fn, seconds)                                                                         \
	{                                                                                          \
#fn, fn, seconds                                                                   \
	}
#define TEND                                                                                       \
	{                                                                                          \
		NULL, NULL, 0                                                                      \
	}
enum { TAP_SECONDS = 60, TAP_MAX_REPORTS = 12 };

/* Of the running test; one for all files of a program (weak). */
__attribute__((weak)) int tap_failures;
__attribute__((weak)) const char *tap_skip_reason;

__attribute__((format(printf, 1, 2))) static void tap_note(const char *format, ...)
{
	char line[700];
	va_list ap;
	int n;

	va_start(ap, format);
	n = vsnprintf(line, sizeof(line) - 1, format, ap);
	va_end(ap);
	if (n < 0)
		return;
	if (n > (int)sizeof(line) - 2)
		n = sizeof(line) - 2;
	line[n++] = '\n';
	if (write(1, line, (size_t)n) < 0)
		_exit(99);
}

/* Count a failure; true when it is still worth a report. */
static int tap_failed(void)
{
	return ++tap_failures <= TAP_MAX_REPORTS;
}

static int tap_eq(const char *file, int line, const char *what, long long got, long long want)
{
	if (got == want)
		return 1;
	if (tap_failed())
		tap_note("# %s:%d: %s: expected %lld (0x%llx), got %lld (0x%llx)", file, line, what,
			 want, want, got, got);
	return 0;
}

static int tap_check(const char *file, int line, const char *what, int holds)
{
	int err = errno;

	if (holds)
		return 1;
	if (tap_failed())
		tap_note("# %s:%d: not so: %s (errno %d, %s)", file, line, what, err,
			 strerror(err));
	errno = err;
	return 0;
}

static int tap_fails(const char *file, int line, const char *what, long got, int want)
{
	int err = errno;

	if (got == -1 && err == want)
		return 1;
	if (!tap_failed())
		return 0;
	if (got == -1)
		tap_note("# %s:%d: %s: expected error %d (%s), got %d (%s)", file, line, what, want,
			 strerror(want), err, strerror(err));
	else
		tap_note("# %s:%d: %s: expected error %d (%s), got success %ld", file, line, what,
			 want, strerror(want), got);
	return 0;
}

static int tap_streq(const char *file, int line, const char *what, const char *got,
		     const char *want)
{
	if (strcmp(got, want) == 0)
		return 1;
	if (tap_failed())
		tap_note("# %s:%d: %s: expected \"%.250s\", got \"%.250s\"", file, line, what, want,
			 got);
	return 0;
}

#define CHECK(c)	 tap_check(__FILE__, __LINE__, #c, !!(c))
#define EQ(got, want)	 tap_eq(__FILE__, __LINE__, #got, (long long)(got), (long long)(want))
#define STREQ(got, want) tap_streq(__FILE__, __LINE__, #got, got, want)
#define FAILS(call, err) tap_fails(__FILE__, __LINE__, #call, (long)(call), err)
#define OK(call)	 tap_check(__FILE__, __LINE__, #call, (long)(call) != -1)
/* What the rest of a test stands on: leave it when it does not hold. */
#define NEED(c)                                                                                    \
	do {                                                                                       \
		if (!tap_check(__FILE__, __LINE__, #c, !!(c)))                                     \
			return;                                                                    \
	} while (0)
#define NEED_IN_CHILD(c) /* in what tap_child runs */                                              \
	do {                                                                                       \
		if (!tap_check(__FILE__, __LINE__, #c, !!(c)))                                     \
			return 1;                                                                  \
	} while (0)
#define SKIP(why)                                                                                  \
	do {                                                                                       \
		tap_skip_reason = why;                                                             \
		return;                                                                            \
	} while (0)

static int tap_quick(void)
{
	return getenv("TAP_QUICK") != NULL;
}

/* A 32-bit program on a 64-bit kernel: only where these programs are tried on Linux. */
static int tap_compat(void)
{
	struct utsname u;

	return !IS64 && uname(&u) == 0 && strcmp(u.machine, "x86_64") == 0;
}

/* Wait for @pid. Return: its wait status, -1 when there is no such child. */
static int tap_wait(pid_t pid)
{
	int status = -1;

	while (waitpid(pid, &status, 0) < 0)
		if (errno != EINTR)
			return -1;
	return status;
}

#define EXITED(code) (((code)&0xff) << 8)
#define KILLED(sig)  (sig)

/* Run @fn(@arg) in a child; what it returns is its exit status. Return: the wait status without the core bit. */
static int tap_child(int (*fn)(void *), void *arg)
{
	pid_t pid = fork();

	if (pid == 0)
		_exit(fn(arg));
	return pid < 0 ? -1 : tap_wait(pid) & ~0x80;
}

static void tap_sleep_ms(long ms)
{
	struct timespec t = { ms / 1000, ms % 1000 * 1000000 };

	while (nanosleep(&t, &t) < 0 && errno == EINTR)
		;
}

static long long tap_now_ns(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

/* The whole of a small file as a string; -1 when it cannot be read. */
static long tap_read(const char *path, char *buf, size_t size)
{
	int fd = open(path, O_RDONLY);
	size_t n = 0;
	ssize_t r = -1;

	if (fd < 0)
		return -1;
	while (n < size - 1 && (r = read(fd, buf + n, size - 1 - n)) > 0)
		n += (size_t)r;
	close(fd);
	buf[n] = '\0';
	return r < 0 ? -1 : (long)n;
}

static int tap_write_flags(const char *path, int flags, int mode, const void *data, size_t len)
{
	int fd = open(path, O_WRONLY | flags, mode), err;
	ssize_t n;

	if (fd < 0)
		return -1;
	n = write(fd, data, len);
	err = errno;
	close(fd);
	errno = err;
	return n == (ssize_t)len ? 0 : -1;
}

/* Make a file of it. */
static int tap_write(const char *path, const void *data, size_t len, int mode)
{
	return tap_write_flags(path, O_CREAT | O_TRUNC, mode, data, len);
}

/* Write @text to a file of /proc or /sys. Return: 0, -1 with errno. */
static int tap_put(const char *path, const char *text)
{
	return tap_write_flags(path, 0, 0, text, strlen(text));
}

/* A repeatable source of numbers. */
static uint64_t tap_random(uint64_t *state)
{
	uint64_t z = *state += 0x9e3779b97f4a7c15ULL;

	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* A test may take so long; TAP_MS in the environment is for all of them, and then what a test has started ends with it. */
static void tap_limit(const struct tap_test *t, int ms)
{
	struct itimerval it = { .it_value = { ms / 1000, ms % 1000 * 1000 } };

	signal(SIGALRM, SIG_DFL);
	if (ms <= 0) {
		alarm(t->seconds ? t->seconds : TAP_SECONDS);
		return;
	}
	setpgid(0, 0);
	setitimer(ITIMER_REAL, &it, NULL);
}

static int tap_run_one(const struct tap_test *t)
{
	const char *limit = getenv("TAP_MS");
	const int ms = limit ? atoi(limit) : 0;
	pid_t pid;
	int status;

	if (getenv("TAP_FLAT")) {
		tap_failures = 0;
		t->fn();
		return EXITED(tap_failures ? 1 : tap_skip_reason ? 2 : 0);
	}
	pid = fork();
	if (pid == 0) {
		tap_limit(t, ms);
		t->fn();
		if (tap_failures > TAP_MAX_REPORTS)
			tap_note("# and %d more", tap_failures - TAP_MAX_REPORTS);
		if (tap_skip_reason && !tap_failures)
			tap_note("# skipped: %s", tap_skip_reason);
		_exit(tap_failures ? 1 : tap_skip_reason ? 2 : 0);
	}
	status = pid < 0 ? -1 : tap_wait(pid);
	if (pid > 0 && ms > 0)
		kill(-pid, SIGKILL);
	if (status == -1)
		tap_note("# fork failed: %s", strerror(errno));
	else if (WIFSIGNALED(status))
		tap_note("# ended by signal %d%s", WTERMSIG(status),
			 WTERMSIG(status) == SIGALRM ? " (took too long)" : "");
	return status;
}

static int tap_main(int argc, char **argv, const struct tap_test *tests)
{
	const char *prog = strrchr(argv[0], '/') ? strrchr(argv[0], '/') + 1 : argv[0];
	int bad = 0, n = 0;

	setbuf(stdout, NULL);
	for (const struct tap_test *t = tests; t->name; t++) {
		int wanted = argc < 2, status;

		for (int i = 1; i < argc; i++)
			wanted |= strcmp(argv[i], t->name) == 0;
		if (!wanted)
			continue;
		status = tap_run_one(t);
		n++;
		if (status != 0 && status != EXITED(2))
			bad++;
		tap_note("%s %d - %s/%s%s", status == 0 || status == EXITED(2) ? "ok" : "not ok", n,
			 prog, t->name, status == EXITED(2) ? " # SKIP" : "");
	}
	if (n)
		tap_note("1..%d", n);
	return bad != 0;
}

#endif
