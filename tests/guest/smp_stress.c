/* Everything at once on all CPUs: forks, execs, mappings, pipes, files, signals, threads; every byte is checked. */
#include "mem.h"

#include <pthread.h>
#include <sched.h>

static long long until; /* nanoseconds of CLOCK_MONOTONIC */

static int running(void)
{
	return tap_now_ns() < until;
}

static unsigned char byte_of(uint64_t seed, size_t at)
{
	return (unsigned char)(seed * 131 + at * 7 + (at >> 12) * 13);
}

static void paint(unsigned char *p, size_t len, uint64_t seed)
{
	for (size_t i = 0; i < len; i += 61)
		p[i] = byte_of(seed, i);
}

static int painted(const unsigned char *p, size_t len, uint64_t seed)
{
	for (size_t i = 0; i < len; i += 61)
		if (p[i] != byte_of(seed, i))
			return 0;
	return 1;
}

/* Each worker returns 0 or the number of the check that failed. */

static int forker(uint64_t seed)
{
	while (running()) {
		size_t len = (1 + tap_random(&seed) % 20) * PAGE;
		unsigned char *p = mmap(NULL, len, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
		uint64_t a = tap_random(&seed), b = tap_random(&seed);
		pid_t pid;

		if (p == MAP_FAILED)
			return 1;
		paint(p, len, a);
		pid = fork();
		if (pid == 0) {
			if (!painted(p, len, a))
				_exit(1);
			paint(p, len, b);
			_exit(painted(p, len, b) ? 0 : 2);
		}
		if (pid < 0)
			return 2;
		if (!painted(p, len, a))
			return 3;
		paint(p, len, ~a);
		if (tap_wait(pid) != 0)
			return 4;
		if (!painted(p, len, ~a))
			return 5;
		munmap(p, len);
	}
	return 0;
}

static int executer(uint64_t seed)
{
	char text[24];

	while (running()) {
		int code = (int)(tap_random(&seed) % 200);
		pid_t pid;

		snprintf(text, sizeof(text), "%d", code);
		pid = tap_random(&seed) & 1 ? vfork() : fork();
		if (pid == 0) {
			execl("/proc/self/exe", "smp_stress", "--exit", text, (char *)NULL);
			_exit(255);
		}
		if (pid < 0 || tap_wait(pid) != EXITED(code))
			return 1;
	}
	return 0;
}

static int mapper(uint64_t seed)
{
	enum { SLOTS = 24 };
	struct {
		unsigned char *p;
		size_t len;
		uint64_t paint;
	} s[SLOTS] = { { 0 } };

	while (running()) {
		uint64_t r = tap_random(&seed);
		int i = (int)(r % SLOTS);

		if (!s[i].p) {
			s[i].len = (1 + (r >> 8) % 30) * PAGE;
			s[i].paint = r;
			s[i].p = mmap(NULL, s[i].len, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
			if (s[i].p == MAP_FAILED)
				return 1;
			paint(s[i].p, s[i].len, r);
			continue;
		}
		if (!painted(s[i].p, s[i].len, s[i].paint))
			return 2;
		switch (r >> 20 & 3) {
		case 0:
			munmap(s[i].p, s[i].len);
			s[i].p = NULL;
			break;
		case 1:
			if (mprotect(s[i].p, s[i].len / 2 & -PAGE, PROT_READ) &&
			    s[i].len >= 2 * PAGE)
				return 3;
			if (!painted(s[i].p, s[i].len, s[i].paint) ||
			    mprotect(s[i].p, s[i].len, RW))
				return 4;
			break;
		case 2: {
			size_t more = s[i].len + PAGE * ((r >> 30) % 10);
			unsigned char *q = mremap(s[i].p, s[i].len, more, MREMAP_MAYMOVE);

			if (q == MAP_FAILED || !painted(q, s[i].len, s[i].paint))
				return 5;
			s[i].p = q;
			s[i].len = more;
			paint(q, more, s[i].paint);
			break;
		}
		default:
			s[i].paint = r;
			paint(s[i].p, s[i].len, r);
		}
	}
	return 0;
}

static int piper(uint64_t seed)
{
	static unsigned char buf[30000];
	int p[2], status;
	pid_t pid;
	uint64_t a = seed, b = seed;

	if (pipe(p))
		return 1;
	pid = fork();
	if (pid == 0) {
		close(p[0]);
		while (running()) {
			size_t n = 1 + tap_random(&a) % sizeof(buf);

			for (size_t i = 0; i < n; i++)
				buf[i] = byte_of(n, i);
			if (write(p[1], buf, n) != (ssize_t)n)
				_exit(1);
		}
		_exit(0);
	}
	close(p[1]);
	for (;;) {
		size_t n = 1 + tap_random(&b) % sizeof(buf), have = 0;

		while (have < n) {
			ssize_t r = read(p[0], buf + have, n - have);

			if (r < 0)
				return 2;
			if (r == 0)
				break;
			have += (size_t)r;
		}
		if (!have)
			break;
		if (have != n)
			return 3;
		for (size_t i = 0; i < n; i++)
			if (buf[i] != byte_of(n, i))
				return 4;
	}
	close(p[0]);
	status = tap_wait(pid);
	return status ? 5 : 0;
}

static int filer(uint64_t seed)
{
	static unsigned char buf[64 * 1024];
	char name[40], other[48];

	snprintf(name, sizeof(name), "file-%d", getpid());
	while (running()) {
		uint64_t r = tap_random(&seed);
		size_t len = 1 + r % sizeof(buf);
		int fd = open(name, O_CREAT | O_TRUNC | O_RDWR, 0600);
		unsigned char *map;

		if (fd < 0)
			return 1;
		for (size_t i = 0; i < len; i++)
			buf[i] = byte_of(r, i);
		if (write(fd, buf, len) != (ssize_t)len)
			return 2;
		snprintf(other, sizeof(other), "%s-%d", name, (int)(r & 7));
		if (rename(name, other))
			return 3;
		memset(buf, 0, len);
		if (pread(fd, buf, len, 0) != (ssize_t)len || buf[len - 1] != byte_of(r, len - 1) ||
		    !painted(buf, len, r))
			return 4;
		map = mmap(NULL, len, RW, MAP_SHARED, fd, 0);
		if (map == MAP_FAILED || !painted(map, len, r))
			return 5;
		paint(map, len, r + 1);
		munmap(map, len);
		if (pread(fd, buf, len, 0) != (ssize_t)len || !painted(buf, len, r + 1))
			return 6;
		close(fd);
		if (unlink(other))
			return 7;
	}
	return 0;
}

static volatile int hits;

static void on_signal(int sig)
{
	hits++;
}

static int signaller(uint64_t seed)
{
	sigset_t s, old;
	pid_t pid;

	signal(SIGUSR1, on_signal);
	sigemptyset(&s);
	sigaddset(&s, SIGUSR1);
	while (running()) {
		int before = hits;

		sigprocmask(SIG_BLOCK, &s, &old);
		pid = fork();
		if (pid == 0) {
			kill(getppid(), SIGUSR1);
			_exit(0);
		}
		sigsuspend(&old);
		sigprocmask(SIG_SETMASK, &old, NULL);
		if (hits != before + 1)
			return 1;
		if (tap_wait(pid) != 0)
			return 2;
		pid = fork();
		if (pid == 0)
			for (;;)
				sched_yield();
		kill(pid, SIGKILL);
		if (tap_wait(pid) != KILLED(SIGKILL))
			return 3;
	}
	return 0;
}

static void *thread_body(void *arg)
{
	unsigned char *p = mmap(NULL, 4 * PAGE, RW, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	intptr_t bad = p == MAP_FAILED;

	if (!bad) {
		paint(p, 4 * PAGE, (uintptr_t)arg);
		sched_yield();
		bad = !painted(p, 4 * PAGE, (uintptr_t)arg);
		munmap(p, 4 * PAGE);
	}
	return (void *)bad;
}

static int threader(uint64_t seed)
{
	while (running()) {
		pthread_t t[4];
		void *ret;

		for (int i = 0; i < 4; i++)
			if (pthread_create(&t[i], NULL, thread_body,
					   (void *)(uintptr_t)tap_random(&seed)))
				return 1;
		for (int i = 0; i < 4; i++)
			if (pthread_join(t[i], &ret) || ret)
				return 2;
	}
	return 0;
}

static int migrator(uint64_t seed)
{
	while (running()) {
		cpu_set_t set;

		CPU_ZERO(&set);
		CPU_SET(tap_random(&seed) & 1, &set);
		sched_setaffinity(0, sizeof(set), &set);
		tap_sleep_ms((long)(tap_random(&seed) % 3));
	}
	return 0;
}

static void run(int (*const *workers)(uint64_t), int n, int ms)
{
	pid_t pid[32];

	if (tap_quick())
		ms /= 3;
	until = tap_now_ns() + ms * 1000000LL;
	for (int i = 0; i < n; i++) {
		pid[i] = fork();
		if (pid[i] == 0)
			_exit(workers[i]((uint64_t)i * 77 + 1));
		CHECK(pid[i] > 0);
	}
	for (int i = 0; i < n; i++)
		EQ(tap_wait(pid[i]), 0);
}

static void forks(void)
{
	static int (*const w[])(uint64_t) = { forker, forker, forker, forker };

	run(w, ARRAY_LEN(w), 2000);
}

static void execs(void)
{
	static int (*const w[])(uint64_t) = { executer, executer, executer, forker };

	run(w, ARRAY_LEN(w), 2000);
}

static void mappings(void)
{
	static int (*const w[])(uint64_t) = { mapper, mapper, mapper };

	run(w, ARRAY_LEN(w), 2000);
}

static void pipes_and_files(void)
{
	static int (*const w[])(uint64_t) = { piper, piper, filer, filer, filer };

	run(w, ARRAY_LEN(w), 2000);
}

static void signals_and_threads(void)
{
	static int (*const w[])(uint64_t) = { signaller, signaller, threader, threader };

	run(w, ARRAY_LEN(w), 2000);
}

static void everything(void)
{
	static int (*const w[])(uint64_t) = { forker, executer,	 mapper,   piper,
					      filer,  signaller, threader, migrator,
					      forker, mapper,	 migrator };

	run(w, ARRAY_LEN(w), 6000);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(forks),      T(execs), T(mappings), T(pipes_and_files), T(signals_and_threads),
		T(everything), TEND
	};

	if (argc == 3 && strcmp(argv[1], "--exit") == 0)
		return atoi(argv[2]);
	return tap_main(argc, argv, tests);
}
