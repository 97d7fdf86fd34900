/* The scheduler: both CPUs are used, time is shared fairly, affinity and priorities hold, real-time goes first. */
#include "tap.h"

#include <poll.h>
#include <sched.h>
#include <sys/resource.h>
#include <sys/time.h>

enum { MS = 1000000 };

static volatile unsigned long *shared; /* one counter a process */

static int cpus(void)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	return sched_getaffinity(0, sizeof(set), &set) ? -1 : CPU_COUNT(&set);
}

static int pin(pid_t pid, int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	return sched_setaffinity(pid, sizeof(set), &set);
}

static void share(void)
{
	shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
}

static int where(void)
{
	unsigned cpu = 99;

	return syscall(SYS_getcpu, &cpu, NULL, NULL) ? -1 : (int)cpu;
}

/* CPU-bound children; each counts in shared[i]. Killed by stop_all. */
static void spin(pid_t *pid, int n, int cpu)
{
	for (int i = 0; i < n; i++) {
		pid[i] = fork();
		if (pid[i])
			continue;
		if (cpu >= 0)
			pin(0, cpu);
		for (;;)
			shared[i]++;
	}
}

static void stop_all(pid_t *pid, int n)
{
	for (int i = 0; i < n; i++)
		kill(pid[i], SIGKILL);
	for (int i = 0; i < n; i++)
		tap_wait(pid[i]);
}

static long long cpu_of(pid_t pid)
{
	char path[40], text[1000], *at;
	unsigned long long u = 0, s = 0;

	snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	if (tap_read(path, text, sizeof(text)) < 0 || !(at = strrchr(text, ')')))
		return -1;
	if (sscanf(at + 2, "%*c %*d %*d %*d %*d %*d %*u %*u %*u %*u %*u %llu %llu", &u, &s) != 2)
		return -1;
	return (long long)(u + s) * 10; /* ms */
}

static void affinity(void)
{
	cpu_set_t set;

	if (cpus() < 2)
		SKIP("one CPU");
	for (int i = 0; i < 20; i++) {
		EQ(pin(0, i & 1), 0);
		EQ(where(), i & 1);
	}
	CPU_ZERO(&set);
	EQ(sched_getaffinity(0, sizeof(set), &set), 0);
	EQ(CPU_COUNT(&set), 1);
	CPU_ZERO(&set);
	FAILS(sched_setaffinity(0, sizeof(set), &set), EINVAL);
	CPU_SET(1000, &set);
	FAILS(sched_setaffinity(0, sizeof(set), &set), EINVAL);
	FAILS(sched_setaffinity(0x7ffffff, sizeof(set), &set), ESRCH);
	CPU_ZERO(&set);
	CPU_SET(0, &set);
	CPU_SET(1, &set);
	CPU_SET(900, &set);
	EQ(sched_setaffinity(0, sizeof(set), &set), 0); /* CPUs that are not there are left out */
	FAILS(syscall(SYS_sched_getaffinity, 0, 1, &set), EINVAL);
}

static int my_cpu(void *arg)
{
	return where() + 10;
}

static void affinity_is_inherited(void)
{
	if (cpus() < 2)
		SKIP("one CPU");
	for (int i = 0; i < 6; i++) {
		EQ(pin(0, i & 1), 0);
		EQ(tap_child(my_cpu, NULL), EXITED(10 + (i & 1)));
	}
}

/* Two CPU-bound processes get a CPU each. */
static void both_cpus(void)
{
	pid_t pid[2];
	int cpu_seen[2];
	long long a, b;

	if (cpus() < 2)
		SKIP("one CPU");
	share();
	spin(pid, 2, -1);
	tap_sleep_ms(1200);
	a = cpu_of(pid[0]);
	b = cpu_of(pid[1]);
	for (int i = 0; i < 2; i++) {
		char path[40], text[1000], *at;

		snprintf(path, sizeof(path), "/proc/%d/stat", pid[i]);
		tap_read(path, text, sizeof(text));
		at = strrchr(text, ')');
		cpu_seen[i] = -1;
		/* Field 39 is the CPU last run on; field 3 follows the parenthesis. */
		for (int f = 2; at && f < 39; f++)
			at = strchr(at + 1, ' ');
		if (at)
			cpu_seen[i] = atoi(at + 1);
	}
	stop_all(pid, 2);
	CHECK(a >= 500);
	CHECK(b >= 500);
	CHECK(cpu_seen[0] >= 0 && cpu_seen[1] >= 0 && cpu_seen[0] != cpu_seen[1]);
	CHECK(shared[0] > 1000 && shared[1] > 1000);
}

/* Four on one CPU: a quarter of the work each. (Of CPU time not: what a busy host takes from this machine counts as somebody's.) */
static void fair(void)
{
	enum { N = 4 };
	pid_t pid[N];
	long long t[N], sum = 0;

	share();
	spin(pid, N, 0);
	tap_sleep_ms(1200);
	for (int i = 0; i < N; i++)
		sum += t[i] = (long long)shared[i];
	stop_all(pid, N);
	for (int i = 0; i < N; i++)
		CHECK(t[i] * N > sum / 2 && t[i] * N < sum * 2);
}

static void nice_values(void)
{
	pid_t pid[2];
	long long a, b;

	share();
	EQ(getpriority(PRIO_PROCESS, 0), 0);
	spin(pid, 2, 0);
	EQ(setpriority(PRIO_PROCESS, (id_t)pid[1], 10), 0);
	EQ(getpriority(PRIO_PROCESS, (id_t)pid[1]), 10);
	tap_sleep_ms(1500);
	a = cpu_of(pid[0]);
	b = cpu_of(pid[1]);
	stop_all(pid, 2);
	CHECK(a > 3 * b); /* the weights stand 1024 to 110 */
	CHECK(b > 0);
	EQ(setpriority(PRIO_PROCESS, 0, 100), 0);
	EQ(getpriority(PRIO_PROCESS, 0), 19);
	FAILS(setpriority(PRIO_PROCESS, 0x7ffffff, 0), ESRCH);
	FAILS(setpriority(77, 0, 0), EINVAL);
	if (setuid(1000) == 0)
		FAILS(setpriority(PRIO_PROCESS, 0, 0), EACCES);
}

/* A sleeper wakes soon though others burn the CPU. */
static void wake_latency(void)
{
	pid_t pid[3];
	long long worst = 0;

	share();
	spin(pid, 3, 0);
	pin(0, 0);
	for (int i = 0; i < 30; i++) {
		long long start = tap_now_ns(), late;

		tap_sleep_ms(10);
		late = tap_now_ns() - start - 10 * MS;
		worst = late > worst ? late : worst;
	}
	stop_all(pid, 3);
	CHECK(worst < 400 * MS);
}

static void real_time(void)
{
	struct sched_param p = { .sched_priority = 10 }, got;
	pid_t pid[1];
	unsigned long before, after;
	long long start;

	share();
	EQ(syscall(SYS_sched_getscheduler, 0), SCHED_OTHER);
	EQ(sched_get_priority_max(SCHED_RR), 99);
	EQ(sched_get_priority_min(SCHED_RR), 1);
	EQ(sched_get_priority_max(SCHED_OTHER), 0);
	if (syscall(SYS_sched_setscheduler, 0, SCHED_RR, &p) < 0 && errno == EPERM &&
	    getenv("TAP_HOST"))
		SKIP("not on this host");
	EQ(syscall(SYS_sched_getscheduler, 0), SCHED_RR);
	EQ(syscall(SYS_sched_getparam, 0, &got), 0);
	EQ(got.sched_priority, 10);
	p.sched_priority = 0;
	FAILS(syscall(SYS_sched_setscheduler, 0, SCHED_RR, &p), EINVAL);
	p.sched_priority = 100;
	FAILS(syscall(SYS_sched_setscheduler, 0, SCHED_RR, &p), EINVAL);
	FAILS(syscall(SYS_sched_setscheduler, 0, 99, &p), EINVAL);
	/* While we run on CPU 0 a fair process there does not. */
	p.sched_priority = 0;
	pid[0] = fork();
	if (pid[0] == 0) {
		syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &p);
		pin(0, 0);
		for (;;)
			shared[0]++;
	}
	tap_sleep_ms(50);
	pin(0, 0);
	before = shared[0];
	CHECK(before > 0);
	start = tap_now_ns();
	while (tap_now_ns() - start < 200 * MS)
		;
	after = shared[0];
	EQ(after - before, 0);
	stop_all(pid, 1);
	EQ(syscall(SYS_sched_setscheduler, 0, SCHED_OTHER, &p), 0);
	p.sched_priority = 5;
	if (setuid(1000) == 0)
		FAILS(syscall(SYS_sched_setscheduler, 0, SCHED_RR, &p), EPERM);
}

/* Two real-time processes of one priority take turns. */
static void round_robin(void)
{
	struct sched_param p = { .sched_priority = 5 };
	pid_t pid[2];

	share();
	for (int i = 0; i < 2; i++) {
		pid[i] = fork();
		if (pid[i])
			continue;
		/* First the class: pinned as a fair process it might never get to it. */
		if (syscall(SYS_sched_setscheduler, 0, SCHED_RR, &p) < 0)
			_exit(9);
		pin(0, 0);
		for (;;)
			shared[i]++;
	}
	p.sched_priority = 20;
	if (syscall(SYS_sched_setscheduler, 0, SCHED_RR, &p) < 0) {
		stop_all(pid, 2);
		SKIP("no real-time here");
	}
	tap_sleep_ms(700);
	stop_all(pid, 2);
	CHECK(shared[0] > 1000);
	CHECK(shared[1] > 1000);
}

static void yielding(void)
{
	pid_t pid;
	int ok = 1;

	share();
	pin(0, 0);
	pid = fork();
	if (pid == 0)
		for (;;) {
			shared[0]++;
			sched_yield();
		}
	for (int i = 0; i < 300; i++)
		ok &= sched_yield() == 0;
	EQ(ok, 1);
	tap_sleep_ms(20);
	CHECK(shared[0] > 10);
	kill(pid, SIGKILL);
	tap_wait(pid);
}

/* Processes that sleep and wake all the time, more than CPUs, while affinity changes under them. */
static void migrating(void)
{
	enum { N = 6 };
	pid_t pid[N];
	int rounds = tap_quick() ? 20 : 60;

	share();
	for (int i = 0; i < N; i++) {
		pid[i] = fork();
		if (pid[i])
			continue;
		for (;;) {
			shared[i]++;
			if (shared[i] % 50 == 0)
				tap_sleep_ms(1);
		}
	}
	if (cpus() >= 2)
		for (int r = 0; r < rounds; r++) {
			for (int i = 0; i < N; i++)
				EQ(pin(pid[i], (r + i) & 1), 0);
			tap_sleep_ms(5);
		}
	else
		tap_sleep_ms(200);
	for (int i = 0; i < N; i++) {
		unsigned long v = shared[i];

		for (int k = 0; k < 500 && shared[i] == v; k++)
			tap_sleep_ms(2);
		CHECK(shared[i] != v);
	}
	stop_all(pid, N);
}

static unsigned long long context_switches(void)
{
	char text[8192], *at = NULL;

	CHECK(tap_read("/proc/stat", text, sizeof(text)) > 0 && (at = strstr(text, "\nctxt ")));
	return at ? strtoull(at + 6, NULL, 10) : 0;
}

/* Two on one processor that wait for each other: each round is two switches at least. */
static void load_and_counts(void)
{
	unsigned long long before = context_switches();
	int to[2], back[2];
	pid_t pid;
	char c = 'x';

	NEED(pipe(to) == 0 && pipe(back) == 0 && pin(0, 0) == 0);
	pid = fork();
	if (pid == 0) {
		close(to[1]);
		while (read(to[0], &c, 1) == 1)
			if (write(back[1], &c, 1) != 1)
				_exit(1);
		_exit(0);
	}
	NEED(pid > 0);
	for (int i = 0; i < 50; i++)
		CHECK(write(to[1], &c, 1) == 1 && read(back[0], &c, 1) == 1);
	CHECK(context_switches() >= before + 100);
	close(to[1]);
	EQ(waitpid(pid, NULL, 0), pid);
}

static void heard(int sig)
{
	shared[2]++;
}

/* Of signals_from_afar: one signal for each round, a little later than in the last. */
static void signal_in_rounds(pid_t to, unsigned long rounds)
{
	for (unsigned long i = 1; i <= rounds; i++) {
		while (shared[0] < i)
			;
		for (shared[1] = 0; shared[1] < i % 1024;)
			shared[1]++;
		kill(to, SIGUSR1);
		while (shared[2] < i)
			;
	}
	_exit(0);
}

/*
 * A signal from the other CPU meets a call on its way to sleep, before its interrupt has come: the call ends as interrupted
 * calls do, not with a number that is the kernel's own.
 */
static void signals_from_afar(void)
{
	enum { N = 8192 };
	const struct sigaction sa = { .sa_handler = heard };
	pid_t me = getpid(), pid;
	unsigned wrong = 0;

	share();
	OK(sigaction(SIGUSR1, &sa, NULL));
	pin(0, 0);
	pid = fork();
	if (pid == 0) {
		pin(0, 1);
		signal_in_rounds(me, N);
	}
	for (unsigned long i = 1; i <= N; i++) {
		shared[0] = i;
		while (shared[2] < i)
			wrong += poll(NULL, 0, 1) < 0 && errno != EINTR;
	}
	EQ(wrong, 0);
	EQ(tap_wait(pid), 0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(affinity),  T(affinity_is_inherited), T(both_cpus),
		T(fair),      T(nice_values),		T(wake_latency),
		T(real_time), T(round_robin),		T(yielding),
		T(migrating), T(load_and_counts),	T(signals_from_afar),
		TEND
	};

	return tap_main(argc, argv, tests);
}
