/*
 * System calls on time: clocks, sleeping, interval timers. Times of the i386 ABI come in 32-bit and in 64-bit fields
 * (the *_time64 calls); x86_64 has only the latter.
 *
 * LOCKS    none.   CONTEXT  a task in a system call; may sleep.
 * SOURCES  clock_gettime(2), clock_nanosleep(2), nanosleep(2), gettimeofday(2), setitimer(2), alarm(2), times(2).
 */
#include "sys/sys.h"

#include "kernel/time.h"

int get_timespec(uaddr_t addr, bool time64, struct timespec64_k *out)
{
	if (time64 || !abi_32()) {
		if (get_user(out, addr))
			return -EFAULT;
		if (abi_32())
			out->tv_nsec = (int32_t)out->tv_nsec; /* the upper half is padding */
	} else {
		struct timespec_k ts;

		if (get_abi(&ts, addr, "2l"))
			return -EFAULT;
		*out = (struct timespec64_k){ ts.tv_sec, ts.tv_nsec };
	}
	if (out->tv_sec < 0 || out->tv_nsec < 0 || out->tv_nsec >= (int64_t)NSEC_PER_SEC)
		return -EINVAL;
	return 0;
}

int put_timespec(uaddr_t addr, bool time64, uint64_t ns)
{
	uint64_t sec = ns / NSEC_PER_SEC;

	if (time64 || !abi_32()) {
		struct timespec64_k ts = { (int64_t)sec, (int64_t)(ns - sec * NSEC_PER_SEC) };

		return put_user(addr, &ts);
	}
	struct timespec_k ts = { (long)sec, (long)(ns - sec * NSEC_PER_SEC) };

	return put_abi(addr, &ts, "2l");
}

uint64_t timespec_ns(const struct timespec64_k *ts)
{
	if ((uint64_t)ts->tv_sec >= PARK_FOREVER / NSEC_PER_SEC - 1)
		return PARK_FOREVER;
	return (uint64_t)ts->tv_sec * NSEC_PER_SEC + (uint64_t)ts->tv_nsec;
}

uint64_t deadline_after(const struct timespec64_k *ts)
{
	uint64_t ns = timespec_ns(ts), now = clock_ns();

	return ns >= PARK_FOREVER - now ? PARK_FOREVER - 1 : now + ns;
}

static long do_clock_gettime(int clock, uaddr_t uts, bool time64)
{
	uint64_t ns;
	int err = clock_read(clock, &ns);

	return err ? err : put_timespec(uts, time64, ns);
}

SYS(clock_gettime)
{
	return do_clock_gettime((int)a0, a1, false);
}

SYS(clock_gettime64)
{
	return do_clock_gettime((int)a0, a1, true);
}

static long do_clock_getres(int clock, uaddr_t uts, bool time64)
{
	uint64_t now;
	int err = clock_read(clock, &now);
	bool coarse = clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE;

	if (err || !uts)
		return err;
	return put_timespec(uts, time64, coarse ? NSEC_PER_SEC / CFG_HZ : 1);
}

SYS(clock_getres)
{
	return do_clock_getres((int)a0, a1, false);
}

SYS(clock_getres_time64)
{
	return do_clock_getres((int)a0, a1, true);
}

static long do_clock_settime(int clock, uaddr_t uts, bool time64)
{
	struct timespec64_k ts;
	int err = get_timespec(uts, time64, &ts);

	if (err)
		return err;
	if (clock != CLOCK_REALTIME)
		return -EINVAL;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	realtime_set(timespec_ns(&ts));
	return 0;
}

SYS(clock_settime)
{
	return do_clock_settime((int)a0, a1, false);
}

SYS(clock_settime64)
{
	return do_clock_settime((int)a0, a1, true);
}

/* What settimeofday(2) said last; the kernel has no use for it. One word: read and written at once. */
struct timezone_k {
	int minutes_west, dst;
};
static struct timezone_k timezone;
enum { MINUTES_WEST_MAX = 15 * 60 };

SYS(gettimeofday)
{
	uint64_t ns = realtime_ns(), sec = ns / NSEC_PER_SEC;
	struct timeval_k tv = { (long)sec, (long)((ns - sec * NSEC_PER_SEC) / NSEC_PER_USEC) };
	struct timezone_k tz = READ_ONCE(timezone);

	if (a0 && put_abi(a0, &tv, "2l"))
		return -EFAULT;
	return a1 ? put_user(a1, &tz) : 0;
}

SYS(settimeofday)
{
	struct timeval_k tv;
	struct timezone_k tz;

	if (a0 && get_abi(&tv, a0, "2l"))
		return -EFAULT;
	if (a0 && (tv.tv_sec < 0 || tv.tv_usec < 0 || tv.tv_usec >= 1000000))
		return -EINVAL;
	if (a1 && get_user(&tz, a1))
		return -EFAULT;
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	if (a1 && (tz.minutes_west > MINUTES_WEST_MAX || tz.minutes_west < -MINUTES_WEST_MAX))
		return -EINVAL;
	if (a1)
		WRITE_ONCE(timezone, tz);
	if (a0)
		realtime_set((uint64_t)tv.tv_sec * NSEC_PER_SEC +
			     (uint64_t)tv.tv_usec * NSEC_PER_USEC);
	return 0;
}

SYS(time)
{
	long now = (long)(realtime_ns() / NSEC_PER_SEC);

	return a0 && put_abi(a0, &now, "l") ? -EFAULT : now;
}

/* ---- sleeping ---- */

/* Finish a sleep to an absolute deadline; on a signal say how to go on. b: relative (remaining time goes to addr). */
static long sleep_restartable(struct restart_block *r)
{
	int err = sleep_until(r->deadline_ns);
	uint64_t now;

	if (!err)
		return 0;
	now = clock_ns();
	if (now >= r->deadline_ns)
		return 0;
	if (r->addr && put_timespec(r->addr, r->b, r->deadline_ns - now))
		return -EFAULT;
	r->fn = sleep_restartable;
	return -ERESTART_RESTARTBLOCK;
}

static long sleep_relative(const struct timespec64_k *ts, uaddr_t rem, bool time64)
{
	struct restart_block *r = &current_task()->restart;

	*r = (struct restart_block){ .deadline_ns = deadline_after(ts), .addr = rem, .b = time64 };
	return sleep_restartable(r);
}

SYS(nanosleep)
{
	struct timespec64_k ts;
	int err = get_timespec(a0, false, &ts);

	return err ? err : sleep_relative(&ts, a1, false);
}

enum { TIMER_ABSTIME = 1 };

/* Clocks that can be read, but have no timers. */
static bool never_rings(int clock)
{
	return clock == CLOCK_THREAD_CPUTIME_ID || clock == CLOCK_MONOTONIC_RAW ||
	       clock == CLOCK_REALTIME_COARSE || clock == CLOCK_MONOTONIC_COARSE;
}

static long do_clock_nanosleep(int clock, unsigned flags, uaddr_t uts, uaddr_t rem, bool time64)
{
	struct timespec64_k ts;
	uint64_t now, target;
	int err = clock_read(clock, &now);

	if (err || never_rings(clock))
		return err ? -EINVAL : -EOPNOTSUPP;
	err = get_timespec(uts, time64, &ts);
	if (err)
		return err;
	if (!(flags & TIMER_ABSTIME))
		return sleep_relative(&ts, rem, time64);
	target = timespec_ns(&ts);
	if (target <= now)
		return 0;
	err = sleep_until(clock_ns() + (target - now));
	return err == -EINTR ? -ERESTARTNOHAND : err;
}

SYS(clock_nanosleep)
{
	return do_clock_nanosleep((int)a0, (unsigned)a1, a2, a3, false);
}

SYS(clock_nanosleep_time64)
{
	return do_clock_nanosleep((int)a0, (unsigned)a1, a2, a3, true);
}

SYS(restart_syscall)
{
	struct restart_block *r = &current_task()->restart;

	return r->fn ? r->fn(r) : -EINTR;
}

/* ---- interval timers ---- */

struct itimerval_k {
	struct timeval_k interval, value;
};

static struct timeval_k timeval_of(uint64_t ns)
{
	uint64_t sec = ns / NSEC_PER_SEC;

	return (struct timeval_k){ (long)sec, (long)((ns - sec * NSEC_PER_SEC) / NSEC_PER_USEC) };
}

static bool timeval_ok(const struct timeval_k *tv)
{
	return tv->tv_sec >= 0 && tv->tv_usec >= 0 && tv->tv_usec < 1000000;
}

static uint64_t timeval_ns(const struct timeval_k *tv)
{
	return (uint64_t)tv->tv_sec * NSEC_PER_SEC + (uint64_t)tv->tv_usec * NSEC_PER_USEC;
}

SYS(setitimer)
{
	struct itimerval_k it = { 0 }, old;
	uint64_t old_value, old_interval;
	long ret;

	if (a1 && get_abi(&it, a1, "4l"))
		return -EFAULT;
	if (!timeval_ok(&it.value) || !timeval_ok(&it.interval))
		return -EINVAL;
	ret = itimer_set((int)a0, timeval_ns(&it.value), timeval_ns(&it.interval), &old_value,
			 &old_interval);
	if (ret || !a2)
		return ret;
	old = (struct itimerval_k){ timeval_of(old_interval), timeval_of(old_value) };
	return put_abi(a2, &old, "4l");
}

SYS(getitimer)
{
	struct itimerval_k it;
	uint64_t value, interval;
	long ret = itimer_get((int)a0, &value, &interval);

	if (ret)
		return ret;
	it = (struct itimerval_k){ timeval_of(interval), timeval_of(value) };
	return put_abi(a1, &it, "4l");
}

/* Seconds left of the previous alarm, rounded up as Linux does (at least 1 when one was pending). */
SYS(alarm)
{
	uint64_t old_value, old_interval;
	long ret =
		itimer_set(0, (uint64_t)(unsigned)a0 * NSEC_PER_SEC, 0, &old_value, &old_interval);

	if (ret)
		return ret;
	ret = (long)((old_value + NSEC_PER_SEC / 2) / NSEC_PER_SEC);
	return !ret && old_value ? 1 : ret;
}

SYS(times)
{
	const uint64_t tick = NSEC_PER_SEC / CFG_HZ;
	struct signal_struct *sig = current_task()->signal;
	struct rusage_k ru;
	long t[4];

	group_rusage(RUSAGE_SELF_K, &ru);
	t[0] = (long)(timeval_ns(&ru.ru_utime) / tick);
	t[1] = (long)(timeval_ns(&ru.ru_stime) / tick);
	t[2] = (long)(sig->cutime_ns / tick);
	t[3] = (long)(sig->cstime_ns / tick);
	if (a0 && put_abi(a0, &t, "4l"))
		return -EFAULT;
	return (long)(clock_ns() / tick);
}
