/* Clocks, sleeping, interval timers: never early, never backwards, and the right rest after an interruption. */
#include "tap.h"

#include <sys/time.h>
#include <sys/times.h>

enum { MS = 1000000 };

static volatile int alarms;

static void on_alarm(int sig)
{
	alarms++;
}

static void catch_alarm(int flags)
{
	struct sigaction sa = { .sa_handler = on_alarm, .sa_flags = flags };

	sigaction(SIGALRM, &sa, NULL);
	sigaction(SIGVTALRM, &sa, NULL);
	sigaction(SIGPROF, &sa, NULL);
	alarm(0); /* the harness's: the driver limits the whole program */
	alarms = 0;
}

static long long clock_of(int id)
{
	struct timespec t = { -1, -1 };

	if (clock_gettime(id, &t) || t.tv_nsec < 0 || t.tv_nsec > 999999999)
		return -1;
	return t.tv_sec * 1000000000LL + t.tv_nsec;
}

static void clocks(void)
{
	static const int all[] = { CLOCK_REALTIME,	     CLOCK_MONOTONIC,
				   CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID,
				   CLOCK_MONOTONIC_RAW,	     CLOCK_REALTIME_COARSE,
				   CLOCK_MONOTONIC_COARSE,   CLOCK_BOOTTIME };
	struct timespec t;

	for (size_t i = 0; i < ARRAY_LEN(all); i++) {
		CHECK(clock_of(all[i]) >= 0);
		EQ(clock_getres(all[i], &t), 0);
		CHECK(t.tv_sec == 0 && t.tv_nsec >= 1 && t.tv_nsec <= 10 * MS);
	}
	FAILS(syscall(SYS_clock_gettime, 77, &t), EINVAL);
	EQ(syscall(SYS_clock_getres, CLOCK_MONOTONIC, NULL), 0);
	CHECK(clock_of(CLOCK_REALTIME) > 1577836800LL * 1000000000); /* later than 2020 */
}

static void monotonic(void)
{
	long long last = clock_of(CLOCK_MONOTONIC), now, start = last;
	int n = 0, backwards = 0;

	do {
		now = clock_of(CLOCK_MONOTONIC);
		backwards += now < last;
		last = now;
		n++;
	} while (now - start < 200 * MS);
	EQ(backwards, 0);
	CHECK(n > 100);
}

static void clocks_agree(void)
{
	struct timeval tv;
	long long real = clock_of(CLOCK_REALTIME), mono = clock_of(CLOCK_MONOTONIC),
		  raw = clock_of(CLOCK_MONOTONIC_RAW);
	time_t t = time(NULL);

	EQ(gettimeofday(&tv, NULL), 0);
	CHECK(tv.tv_sec * 1000000000LL + tv.tv_usec * 1000LL >= real - 1000);
	CHECK(tv.tv_sec * 1000000000LL + tv.tv_usec * 1000LL < real + 500LL * MS);
	CHECK(t >= real / 1000000000 && t <= tv.tv_sec + 1);
	tap_sleep_ms(100);
	CHECK(llabs((clock_of(CLOCK_REALTIME) - real) - (clock_of(CLOCK_MONOTONIC) - mono)) <
	      50 * MS);
	CHECK(llabs((clock_of(CLOCK_MONOTONIC_RAW) - raw) - (clock_of(CLOCK_MONOTONIC) - mono)) <
	      50 * MS);
}

static void sleeping(void)
{
	static const long ns[] = { 1, 1000, 100000, MS, 10 * MS, 50 * MS };
	struct timespec t;

	for (size_t i = 0; i < ARRAY_LEN(ns); i++) {
		long long start = clock_of(CLOCK_MONOTONIC), took;

		t = (struct timespec){ 0, ns[i] };
		EQ(nanosleep(&t, NULL), 0);
		took = clock_of(CLOCK_MONOTONIC) - start;
		CHECK(took >= ns[i]);
		CHECK(took < ns[i] + 300LL * MS);
	}
	t = (struct timespec){ 0, 0 };
	EQ(nanosleep(&t, NULL), 0);
	t = (struct timespec){ 0, 1000000000 };
	FAILS(nanosleep(&t, NULL), EINVAL);
	t = (struct timespec){ 0, -1 };
	FAILS(nanosleep(&t, NULL), EINVAL);
	t = (struct timespec){ -1, 0 };
	FAILS(nanosleep(&t, NULL), EINVAL);
}

static void absolute_sleep(void)
{
	struct timespec t;
	long long until = clock_of(CLOCK_MONOTONIC) + 40 * MS;

	t.tv_sec = (time_t)(until / 1000000000);
	t.tv_nsec = (long)(until % 1000000000);
	EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL), 0);
	CHECK(clock_of(CLOCK_MONOTONIC) >= until);
	EQ(clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &t, NULL), 0); /* past: at once */
	until = clock_of(CLOCK_REALTIME) + 20 * MS;
	t.tv_sec = (time_t)(until / 1000000000);
	t.tv_nsec = (long)(until % 1000000000);
	EQ(clock_nanosleep(CLOCK_REALTIME, TIMER_ABSTIME, &t, NULL), 0);
	CHECK(clock_of(CLOCK_REALTIME) >= until);
	EQ(clock_nanosleep(77, 0, &t, NULL), EINVAL);
	for (int i = 0; i < 3; i++) { /* the library asks for none of these itself */
		static const int mute[] = { CLOCK_MONOTONIC_RAW, CLOCK_REALTIME_COARSE,
					    CLOCK_MONOTONIC_COARSE };

		EQ(clock_nanosleep(mute[i], 0, &t, NULL), EOPNOTSUPP);
	}
}

static void interrupted(void)
{
	struct itimerval in_30ms = { { 0, 0 }, { 0, 30000 } };
	struct timespec t = { 2, 0 }, rest = { 0, 0 };

	catch_alarm(0);
	EQ(setitimer(ITIMER_REAL, &in_30ms, NULL), 0);
	FAILS(nanosleep(&t, &rest), EINTR);
	EQ(alarms, 1);
	CHECK(rest.tv_sec == 1 && rest.tv_nsec > 600000000 && rest.tv_nsec <= 990000000);
	EQ(setitimer(ITIMER_REAL, &in_30ms, NULL), 0);
	EQ(clock_nanosleep(CLOCK_MONOTONIC, 0, &t, &rest), EINTR);
	CHECK(rest.tv_sec == 1);
}

/* A stop and a continue do not end a sleep: the rest is slept. */
static void sleep_through_stop(void)
{
	long long start = clock_of(CLOCK_MONOTONIC);
	pid_t pid = fork();
	int status;

	if (pid == 0) {
		struct timespec t = { 0, 150 * MS };

		_exit(nanosleep(&t, NULL) == 0 ? 4 : 5);
	}
	tap_sleep_ms(20);
	kill(pid, SIGSTOP);
	EQ(waitpid(pid, &status, WUNTRACED), pid);
	kill(pid, SIGCONT);
	EQ(tap_wait(pid), EXITED(4));
	CHECK(clock_of(CLOCK_MONOTONIC) - start >= 150 * MS);
}

static void real_timer(void)
{
	struct itimerval t = { { 0, 5000 }, { 0, 20000 } }, old = { { 9, 9 }, { 9, 9 } };
	long long start = clock_of(CLOCK_MONOTONIC);

	catch_alarm(SA_RESTART);
	EQ(setitimer(ITIMER_REAL, &t, &old), 0);
	EQ(old.it_value.tv_sec | old.it_value.tv_usec | old.it_interval.tv_usec, 0);
	while (alarms < 5)
		pause();
	CHECK(clock_of(CLOCK_MONOTONIC) - start >= 40 * MS);
	EQ(getitimer(ITIMER_REAL, &old), 0);
	EQ(old.it_interval.tv_usec, 5000);
	CHECK(old.it_value.tv_sec == 0 && old.it_value.tv_usec <= 5000);
	memset(&t, 0, sizeof(t));
	EQ(setitimer(ITIMER_REAL, &t, &old), 0);
	alarms = 0;
	tap_sleep_ms(20);
	EQ(alarms, 0);
	t.it_value.tv_usec = 1000000;
	FAILS(setitimer(ITIMER_REAL, &t, NULL), EINVAL);
	t.it_value.tv_usec = 0;
	FAILS(setitimer((__typeof__(ITIMER_REAL))7, &t, NULL), EINVAL);
}

static void alarm_calls(void)
{
	catch_alarm(0);
	EQ(alarm(100), 0);
	EQ(alarm(50), 100);
	EQ(alarm(0), 50);
	EQ(alarm(0), 0);
	EQ(alarm(1), 0);
	FAILS(pause(), EINTR);
	EQ(alarms, 1);
}

static void burn(int which, int clock_id)
{
	struct itimerval t = { { 0, 0 }, { 0, 50000 } };
	long long start = clock_of(clock_id);
	volatile unsigned n = 0;

	catch_alarm(0);
	EQ(setitimer((__typeof__(ITIMER_REAL))which, &t, NULL), 0);
	while (!alarms && clock_of(CLOCK_MONOTONIC))
		n++;
	EQ(alarms, 1);
	CHECK(clock_of(clock_id) - start >= 35 * MS);
}

static void cpu_timers(void)
{
	burn(ITIMER_PROF, CLOCK_PROCESS_CPUTIME_ID);
	burn(ITIMER_VIRTUAL, CLOCK_PROCESS_CPUTIME_ID);
}

/* Sleeping costs nothing; working costs what it takes. */
static int cpu_time_is_right(void)
{
	long long cpu = clock_of(CLOCK_PROCESS_CPUTIME_ID), wall = clock_of(CLOCK_MONOTONIC), cpu2;
	struct tms a, b;
	volatile unsigned n = 0;
	long ticks;
	int slept;

	CHECK(times(&a) != -1);
	tap_sleep_ms(100);
	cpu2 = clock_of(CLOCK_PROCESS_CPUTIME_ID);
	slept = cpu2 - cpu < 50 * MS;
	while (clock_of(CLOCK_PROCESS_CPUTIME_ID) - cpu2 < 100 * MS)
		n++;
	CHECK(clock_of(CLOCK_MONOTONIC) - wall >= 200 * MS);
	times(&b);
	ticks = b.tms_utime + b.tms_stime - a.tms_utime - a.tms_stime;
	CHECK(ticks >= 5);
	return slept && ticks <= 60;
}

/* A host that stops a processor makes what runs there dearer: once in some tries it does not. */
static void cpu_time(void)
{
	int right = 0;

	for (int i = 0; i < 8 && !right; i++)
		right = cpu_time_is_right();
	CHECK(right);
}

struct wake {
	int who, late_ms;
};

/* Sleep until @at, and tell how late that became. */
static int sleep_and_tell(int fd, int who, long long at)
{
	struct timespec ts = { (time_t)(at / (1000 * MS)), (long)(at % (1000 * MS)) };
	struct wake w = { .who = who };

	while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &ts, NULL) == EINTR)
		continue;
	w.late_ms = (int)((clock_of(CLOCK_MONOTONIC) - at) / MS);
	return write(fd, &w, sizeof(w)) != sizeof(w);
}

/* Many sleepers at once wake in the order of their times; on a host that stops for longer than lies between two of them, they just wake. */
static void many_sleepers(void)
{
	enum { N = 12, APART_MS = 40 };
	long long from = clock_of(CLOCK_MONOTONIC) + 100 * MS;
	struct wake woken[N];
	int p[2], latest = 0;

	NEED(pipe(p) == 0);
	for (int i = 0; i < N; i++)
		if (fork() == 0)
			_exit(sleep_and_tell(p[1], i, from + APART_MS * MS * (N - 1 - i)));
	for (int i = 0; i < N; i++)
		EQ(wait(NULL) > 0, 1);
	EQ(read(p[0], woken, sizeof(woken)), sizeof(woken));
	for (int i = 0; i < N; i++) {
		CHECK(woken[i].late_ms >= 0);
		if (woken[i].late_ms > latest)
			latest = woken[i].late_ms;
	}
	for (int i = 0; i < N && latest < APART_MS / 2; i++)
		EQ(woken[i].who, N - 1 - i);
}

static void setting_the_clock(void)
{
	struct timespec old, t;

	EQ(clock_gettime(CLOCK_REALTIME, &old), 0);
	if (getenv("TAP_HOST"))
		SKIP("not on the host");
	t = (struct timespec){ old.tv_sec + 1000, old.tv_nsec };
	EQ(clock_settime(CLOCK_REALTIME, &t), 0);
	EQ(clock_gettime(CLOCK_REALTIME, &t), 0);
	CHECK(t.tv_sec >= old.tv_sec + 1000 && t.tv_sec <= old.tv_sec + 1010);
	EQ(clock_settime(CLOCK_REALTIME, &old), 0);
	FAILS(clock_settime(CLOCK_MONOTONIC, &t), EINVAL);
	t.tv_nsec = -1;
	FAILS(clock_settime(CLOCK_REALTIME, &t), EINVAL);
	if (setuid(1000) == 0)
		FAILS(clock_settime(CLOCK_REALTIME, &old), EPERM);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(clocks),
						 T(monotonic),
						 T(clocks_agree),
						 T(sleeping),
						 T(absolute_sleep),
						 T(interrupted),
						 T(sleep_through_stop),
						 T(real_timer),
						 T(alarm_calls),
						 T(cpu_timers),
						 T(cpu_time),
						 T(many_sleepers),
						 T(setting_the_clock),
						 TEND };

	return tap_main(argc, argv, tests);
}
