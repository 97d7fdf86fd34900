/*
 * POSIX timers: who gets which signal with what, how often a timer would have rung, CPU time, and every error. Lower bounds
 * of time only: nothing here fails because a machine is slow.
 */
#include "tap.h"

#include <pthread.h>
#include <sched.h>
#include <sys/resource.h>

enum { SIG = SIGUSR1, NONE_SIG = 0 };
enum { MS = 1000000 };

struct event { /* the kernel's sigevent */
	long value;
	int signo, notify, tid, pad[12];
};

struct spec {
	struct timespec interval, value;
};

static int create(int clock, int notify, int signo, long value, int tid)
{
	struct event e = { value, signo, notify, tid, { 0 } };
	int id = -1;

	return syscall(SYS_timer_create, clock, &e, &id) ? -1 : id;
}

static int set(int id, int flags, long long value_ns, long long interval_ns)
{
	struct spec s = { { interval_ns / 1000000000, interval_ns % 1000000000 },
			  { value_ns / 1000000000, value_ns % 1000000000 } };

	return (int)syscall(SYS_timer_settime, id, flags, &s, NULL);
}

static long long left(int id, long long *interval)
{
	struct spec s;

	if (syscall(SYS_timer_gettime, id, &s))
		return -1;
	if (interval)
		*interval = s.interval.tv_sec * 1000000000LL + s.interval.tv_nsec;
	return s.value.tv_sec * 1000000000LL + s.value.tv_nsec;
}

static int delete (int id)
{
	return (int)syscall(SYS_timer_delete, id);
}

static sigset_t only(int sig)
{
	sigset_t s;

	sigemptyset(&s);
	sigaddset(&s, sig);
	return s;
}

static void block(int sig)
{
	sigset_t s = only(sig);

	EQ(sigprocmask(SIG_BLOCK, &s, NULL), 0);
}

static int pends(int sig)
{
	sigset_t s;

	return sigpending(&s) == 0 && sigismember(&s, sig);
}

static int take(int sig, siginfo_t *info)
{
	sigset_t s = only(sig);

	return sigwaitinfo(&s, info);
}

/* The number of the timer in a siginfo of the kernel. */
static int timer_of(const siginfo_t *info)
{
	return ((const int *)info)[IS64 ? 4 : 3];
}

static void rings_once(void)
{
	static const int clocks[] = { CLOCK_REALTIME, CLOCK_MONOTONIC, CLOCK_BOOTTIME, 11 };
	siginfo_t info;

	block(SIG);
	for (unsigned i = 0; i < ARRAY_LEN(clocks); i++) {
		int id = create(clocks[i], SIGEV_SIGNAL, SIG, 4711 + (long)i, 0);

		NEED(id >= 0);
		EQ(left(id, NULL), 0);
		EQ(set(id, 0, MS, 0), 0);
		EQ(take(SIG, &info), SIG);
		EQ(info.si_code, SI_TIMER);
		EQ(info.si_value.sival_int, 4711 + i);
		EQ(timer_of(&info), id);
		EQ(info.si_overrun, 0);
		EQ(left(id, NULL), 0);
		EQ(delete (id), 0);
		CHECK(!pends(SIG));
	}
}

static void default_event(void)
{
	siginfo_t info;
	int first = -1, id = -1;

	block(SIGALRM);
	EQ(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &first), 0);
	EQ(syscall(SYS_timer_create, CLOCK_MONOTONIC, NULL, &id), 0);
	EQ(id, first + 1);
	EQ(set(id, 0, MS, 0), 0);
	EQ(take(SIGALRM, &info), SIGALRM);
	EQ(info.si_value.sival_int, id);
	EQ(timer_of(&info), id);
}

static void tells_what_is_left(void)
{
	const long long hour = 3600 * 1000000000LL;
	long long interval;
	struct spec s = { { 7, 8 }, { 9, 10 } }, old;
	int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIG, 0, 0);

	NEED(id >= 0);
	EQ(set(id, 0, hour, 5 * hour), 0);
	CHECK(left(id, &interval) <= hour && left(id, NULL) > 0);
	EQ(interval, 5 * hour);
	EQ(syscall(SYS_timer_settime, id, 0, &s, &old), 0);
	CHECK(old.value.tv_sec < 3600 && old.interval.tv_sec == 5 * 3600);
	EQ(set(id, 0, 0, hour), 0); /* a value of 0 stops it */
	EQ(left(id, NULL), 0);
	EQ(set(id, TIMER_ABSTIME, hour * 1000, 0), 0);
	CHECK(left(id, NULL) < hour * 1000 && left(id, NULL) > 0);
	CHECK(!pends(SIG));
}

static void past_is_now(void)
{
	siginfo_t info;
	int id = create(CLOCK_REALTIME, SIGEV_SIGNAL, SIG, 1, 0);

	block(SIG);
	NEED(id >= 0);
	EQ(set(id, TIMER_ABSTIME, 1, 0), 0);
	EQ(take(SIG, &info), SIG);
	EQ(info.si_overrun, 0);
}

/* One signal waits, however often the timer would have rung; the rest is its overrun. */
static void overruns(void)
{
	siginfo_t info;
	int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN, 0, 0);

	block(SIGRTMIN);
	NEED(id >= 0);
	EQ(set(id, 0, MS, MS), 0);
	tap_sleep_ms(20);
	CHECK(pends(SIGRTMIN));
	EQ(take(SIGRTMIN, &info), SIGRTMIN);
	CHECK(info.si_overrun >= 18);
	EQ(syscall(SYS_timer_getoverrun, id), info.si_overrun);
	EQ(take(SIGRTMIN, &info), SIGRTMIN); /* it goes on */
	EQ(delete (id), 0);
	FAILS(syscall(SYS_timer_getoverrun, id), EINVAL);
	id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIGRTMIN, 0, 0);
	EQ(syscall(SYS_timer_getoverrun, id), 0);
}

struct listener {
	int tid, ready[2], id;
};

static void *listen_for_it(void *arg)
{
	struct listener *l = arg;
	siginfo_t info;

	l->tid = (int)syscall(SYS_gettid);
	if (write(l->ready[1], "x", 1) != 1 || take(SIG, &info) != SIG)
		return NULL;
	return timer_of(&info) == l->id && info.si_code == SI_TIMER ? arg : NULL;
}

static void for_one_thread(void)
{
	struct listener l;
	pthread_t t;
	void *ok;
	char c;

	block(SIG);
	NEED(pipe(l.ready) == 0 && pthread_create(&t, NULL, listen_for_it, &l) == 0);
	EQ(read(l.ready[0], &c, 1), 1);
	l.id = create(CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIG, 0, l.tid);
	NEED(l.id >= 0);
	EQ(set(l.id, 0, MS, 0), 0);
	EQ(pthread_join(t, &ok), 0);
	CHECK(ok == &l);
	CHECK(!pends(SIG));
	FAILS(create(CLOCK_MONOTONIC, SIGEV_THREAD_ID, SIG, 0, 1), EINVAL); /* another process */
	EQ(set(l.id, 0, MS, MS), 0); /* the thread is gone: nobody hears it */
	tap_sleep_ms(5);
	CHECK(!pends(SIG));
}

static void silent(void)
{
	int id = create(CLOCK_MONOTONIC, SIGEV_NONE, NONE_SIG, 0, 0);
	long long interval;

	NEED(id >= 0);
	EQ(set(id, 0, MS, 0), 0);
	tap_sleep_ms(5);
	EQ(left(id, NULL), 0);
	EQ(set(id, 0, 2 * MS, 1000 * (long long)MS), 0);
	tap_sleep_ms(5);
	CHECK(left(id, &interval) > 0);
	EQ(interval, 1000 * (long long)MS);
}

/* CPU time is looked at in the tick: it rings while the program computes. */
static void cpu_time(void)
{
	/* The last two are what the C library passes for the first two. */
	static const int clocks[] = { CLOCK_PROCESS_CPUTIME_ID, CLOCK_THREAD_CPUTIME_ID, -6, -2 };
	siginfo_t info;

	block(SIG);
	for (unsigned i = 0; i < ARRAY_LEN(clocks); i++) {
		int id = create(clocks[i], SIGEV_SIGNAL, SIG, 0, 0);

		NEED(id >= 0);
		EQ(set(id, 0, 20 * MS, 0), 0);
		CHECK(left(id, NULL) > 0);
		while (!pends(SIG))
			;
		EQ(take(SIG, &info), SIG);
		EQ(timer_of(&info), id);
		EQ(left(id, NULL), 0);
		EQ(set(id, 0, 10 * MS, 10 * MS), 0);
		for (int n = 0; n < 2; n++) {
			while (!pends(SIG))
				;
			EQ(take(SIG, &info), SIG);
		}
		EQ(delete (id), 0);
	}
}

static volatile int heard;

static void hear(int sig)
{
	heard++;
}

/* While its signal is ignored a timer goes on. */
static void ignored_for_a_while(void)
{
	int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIG, 0, 0);

	NEED(id >= 0 && signal(SIG, SIG_IGN) != SIG_ERR);
	EQ(set(id, 0, MS, MS), 0);
	tap_sleep_ms(5);
	CHECK(signal(SIG, hear) == SIG_IGN);
	while (heard < 3)
		tap_sleep_ms(1);
	EQ(delete (id), 0);
}

static void not_inherited(void)
{
	int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIG, 0, 0), pid;

	NEED(id >= 0);
	pid = fork();
	if (pid == 0)
		_exit(left(id, NULL) != -1 || errno != EINVAL ||
		      create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIG, 0, 0) != 0);
	EQ(tap_wait(pid), 0);
	EQ(left(id, NULL), 0);
}

static void errors(void)
{
	struct spec bad = { { 0, 0 }, { 0, 1000000000 } }, negative = { { 0, 0 }, { -1, 0 } };
	struct rlimit limit, none = { 0, 0 };
	struct event e = { 0 };
	int id = create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIG, 0, 0), other;

	NEED(id >= 0);
	/* A number is spent when the timer is refused for its event or its number's place, not before. */
	FAILS(create(99, SIGEV_SIGNAL, SIG, 0, 0), EINVAL);
	FAILS(create(CLOCK_MONOTONIC_RAW, SIGEV_SIGNAL, SIG, 0, 0), EOPNOTSUPP);
	FAILS(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, 0, 0, 0), EINVAL);
	FAILS(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, 65, 0, 0), EINVAL);
	FAILS(create(CLOCK_MONOTONIC, 3, SIG, 0, 0), EINVAL);
	FAILS(syscall(SYS_timer_create, CLOCK_MONOTONIC, 8, &other), EFAULT);
	e.signo = SIG;
	FAILS(syscall(SYS_timer_create, CLOCK_MONOTONIC, &e, 8), EFAULT);
	EQ(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIG, 0, 0), id + 5);
	FAILS(syscall(SYS_timer_settime, id, 0, &bad, NULL), EINVAL);
	FAILS(syscall(SYS_timer_settime, id, 0, &negative, NULL), EINVAL);
	FAILS(syscall(SYS_timer_settime, id, 0, NULL, NULL), EINVAL);
	FAILS(syscall(SYS_timer_settime, id, 0, 8, NULL), EFAULT);
	FAILS(syscall(SYS_timer_gettime, id, 8), EFAULT);
	FAILS(set(id + 9, 0, 0, 0), EINVAL);
	FAILS(left(-1, NULL), EINVAL);
	FAILS(delete (id + 9), EINVAL);
	EQ(delete (id), 0);
	FAILS(delete (id), EINVAL);
	EQ(getrlimit(RLIMIT_SIGPENDING, &limit), 0);
	EQ(setrlimit(RLIMIT_SIGPENDING, &none), 0);
	FAILS(create(CLOCK_MONOTONIC, SIGEV_SIGNAL, SIG, 0, 0), EAGAIN);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = {
		T(rings_once),	  T(default_event), T(tells_what_is_left),
		T(past_is_now),	  T(overruns),	    T(for_one_thread),
		T(silent),	  T(cpu_time),	    T(ignored_for_a_while),
		T(not_inherited), T(errors),	    TEND
	};

	return tap_main(argc, argv, tests);
}
