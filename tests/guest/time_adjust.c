/* adjtimex(2), clock_adjtime(2): what the clock says of itself, what may be set, by whom; CLOCK_TAI. */
#include "tap.h"

#include <limits.h>
#include <stddef.h>
#include <sys/timex.h>

#define SEC 1000000000LL
enum { UNSYNC = 0x40, NANO = 0x2000, READONLY = 0x2000, SINGLESHOT = 0x8001 };
#ifndef ADJ_SETOFFSET
#define ADJ_SETOFFSET 0x100
#endif

/* As clock_adjtime64 of i386 has it, and x86_64. */
struct timex64 {
	unsigned modes, pad0;
	long long offset, freq, maxerror, esterror;
	int status, pad1;
	long long constant, precision, tolerance, sec, usec, tick, ppsfreq, jitter;
	int shift, pad2;
	long long stabil, jitcnt, calcnt, errcnt, stbcnt;
	int tai, pad3[11];
};

static int adj(struct timex *t)
{
	return (int)syscall(SYS_adjtimex, t);
}

static int clock_adj(int clock, struct timex *t)
{
	return (int)syscall(SYS_clock_adjtime, clock, t);
}

static int set(unsigned modes, long value)
{
	struct timex t = { .modes = modes };

	t.offset = t.freq = t.maxerror = t.esterror = t.constant = t.tick = value;
	t.status = (int)value;
	return adj(&t);
}

static struct timex state(void)
{
	struct timex t;

	memset(&t, 0x55, sizeof(t));
	t.modes = 0;
	CHECK(adj(&t) >= 0);
	return t;
}

static long long now_of(int clock)
{
	struct timespec t = { 0, 0 };

	EQ(syscall(SYS_clock_gettime, clock, &t), 0);
	return t.tv_sec * SEC + t.tv_nsec;
}

/* The clock as it was found: nobody has looked after it. */
static void reset(void)
{
	struct timespec t;

	set(ADJ_STATUS, 1);
	set(ADJ_STATUS, UNSYNC); /* takes STA_NANO along */
	set(ADJ_TIMECONST, 0);
	set(ADJ_TAI, 0);
	set(ADJ_TICK, 10000);
	clock_gettime(CLOCK_REALTIME, &t);
	clock_settime(CLOCK_REALTIME, &t);
}

static void unsynchronised(void)
{
	struct timex t, zero, rest;
	long long before;
	int ret;

	reset();
	memset(&t, 0, sizeof(t));
	memset(&zero, 0, sizeof(zero));
	before = now_of(CLOCK_REALTIME);
	ret = adj(&t);
	EQ(ret, TIME_ERROR);
	CHECK(t.time.tv_sec * SEC + t.time.tv_usec * 1000LL >= before / 1000 * 1000);
	CHECK(t.time.tv_sec * SEC + t.time.tv_usec * 1000LL <= now_of(CLOCK_REALTIME));
	EQ(t.modes, 0);
	EQ(t.offset, 0);
	EQ(t.freq, 0);
	EQ(t.maxerror, 16000000);
	EQ(t.esterror, 16000000);
	EQ(t.status, UNSYNC);
	EQ(t.constant, 4);
	EQ(t.precision, 1);
	EQ(t.tolerance, 32768000);
	EQ(t.tick, 10000);
	EQ(t.tai, 0);
	EQ(memcmp(&t.ppsfreq, &zero.ppsfreq,
		  offsetof(struct timex, tai) - offsetof(struct timex, ppsfreq)),
	   0);
	t = state(); /* what was in the rest stays, but for 32-bit fields */
	memset(&rest, IS64 ? 0x55 : 0, sizeof(rest));
	EQ(memcmp((char *)&t + offsetof(struct timex, tai) + sizeof(int),
		  (char *)&rest + offsetof(struct timex, tai) + sizeof(int),
		  sizeof(t) - offsetof(struct timex, tai) - sizeof(int)),
	   0);
	memset(&t, 0, sizeof(t));
	EQ(clock_adj(CLOCK_REALTIME, &t), TIME_ERROR);
	EQ(t.tick, 10000);
}

static void kept(void)
{
	long long start = now_of(CLOCK_MONOTONIC);
	struct timex t;

	reset();
	t = (struct timex){ .modes = ADJ_STATUS | ADJ_MAXERROR | ADJ_ESTERROR,
			    .maxerror = 1000,
			    .esterror = 2000 };
	EQ(adj(&t), TIME_OK);
	t = state();
	EQ(t.status, 0);
	EQ(t.esterror, 2000);
	CHECK(t.maxerror >= 1000);
	CHECK(t.maxerror <= 1000 + 500 * ((now_of(CLOCK_MONOTONIC) - start) / SEC + 2));
	EQ(set(ADJ_NANO, 0), TIME_OK);
	EQ(state().status, NANO);
	EQ(set(ADJ_STATUS, 0xffff & ~(0x30 | 1)),
	   TIME_ERROR); /* what only the kernel sets stays as it is */
	EQ(state().status, 0x00ff - 0x30 - 1 + NANO);
	EQ(set(ADJ_STATUS, 0), TIME_OK);
	EQ(set(ADJ_TIMECONST, 7), TIME_OK);
	EQ(state().constant, 7);
	EQ(set(ADJ_TIMECONST, 11), TIME_OK);
	EQ(state().constant, 10);
	EQ(set(ADJ_TIMECONST, -1), TIME_OK);
	EQ(state().constant, 0);
	EQ(set(ADJ_MICRO, 0), TIME_OK);
	EQ(set(ADJ_TIMECONST, 3), TIME_OK); /* in the older unit */
	EQ(state().constant, 7);
	t = state();
	t.modes = ADJ_NANO;
	EQ(adj(&t), TIME_OK);
	CHECK(t.time.tv_usec < SEC);
	EQ(set(ADJ_MAXERROR, 16000001), TIME_OK);
	reset();
	EQ(state().status, UNSYNC);
	EQ(state().maxerror, 16000000);
}

static void errors(void)
{
	static const struct {
		int clock, err;
	} clocks[] = { { CLOCK_MONOTONIC, EOPNOTSUPP },
		       { CLOCK_PROCESS_CPUTIME_ID, EOPNOTSUPP },
		       { CLOCK_BOOTTIME, EOPNOTSUPP },
		       { CLOCK_TAI, EOPNOTSUPP },
		       { 10, EINVAL },
		       { 77, EINVAL },
		       { -6, EOPNOTSUPP },
		       { -5, EINVAL } };
	struct timex t;

	FAILS(syscall(SYS_adjtimex, 16), EFAULT);
	FAILS(syscall(SYS_clock_adjtime, CLOCK_REALTIME, 16), EFAULT);
	FAILS(syscall(SYS_clock_adjtime, 77, 16), EFAULT);
	for (unsigned i = 0; i < ARRAY_LEN(clocks); i++) {
		memset(&t, 0, sizeof(t));
		FAILS(clock_adj(clocks[i].clock, &t), clocks[i].err);
	}
	FAILS(set(ADJ_TICK, 8999), EINVAL);
	FAILS(set(ADJ_TICK, 11001), EINVAL);
	FAILS(set(0x8000, 0), EINVAL);
	if (IS64) {
		FAILS(set(ADJ_FREQUENCY, LONG_MAX), EINVAL);
		FAILS(set(ADJ_FREQUENCY, LONG_MIN), EINVAL);
	}
	EQ(set(ADJ_TICK, 10000), TIME_ERROR); /* as it is */
	EQ(set(ADJ_FREQUENCY, 0), TIME_ERROR);
	EQ(set(ADJ_OFFSET, 5000), TIME_ERROR); /* nothing without STA_PLL */
	EQ(set(SINGLESHOT, 0), TIME_ERROR);
	EQ(set(SINGLESHOT | READONLY, 77), TIME_ERROR);
	t = state();
	t.modes = SINGLESHOT | READONLY;
	t.offset = 77;
	EQ(adj(&t), TIME_ERROR);
	EQ(t.offset, 0); /* all that was asked for is done */
	EQ(t.tick, 10000);
	t.modes = ADJ_SETOFFSET;
	t.time.tv_sec = 0;
	t.time.tv_usec = 1000000;
	FAILS(adj(&t), EINVAL);
	t.time.tv_usec = -1;
	FAILS(adj(&t), EINVAL);
	t.modes = ADJ_SETOFFSET | ADJ_NANO;
	t.time.tv_usec = SEC;
	FAILS(adj(&t), EINVAL);
	t.modes = ADJ_SETOFFSET;
	t.time.tv_sec =
		-(time_t)(now_of(CLOCK_REALTIME) / SEC); /* before the machine was started */
	t.time.tv_usec = 0;
	FAILS(adj(&t), EINVAL);
}

/* A clock that runs at the rate of its counter has no other. */
static void one_rate(void)
{
	reset();
	FAILS(set(ADJ_TICK, 10001), EOPNOTSUPP);
	FAILS(set(ADJ_FREQUENCY, 65536), EOPNOTSUPP);
	FAILS(set(SINGLESHOT, 100), EOPNOTSUPP);
	FAILS(set(ADJ_STATUS, STA_INS), EOPNOTSUPP);
	FAILS(set(ADJ_STATUS | ADJ_OFFSET, 0x101), EOPNOTSUPP);
	EQ(state().status, UNSYNC);
}

static int of_others(void *arg)
{
	struct timex t = { .modes = ADJ_SETOFFSET };

	NEED_IN_CHILD(setuid(1000) == 0);
	EQ(set(0, 0), TIME_ERROR);
	EQ(set(SINGLESHOT | READONLY, 77), TIME_ERROR);
	FAILS(set(SINGLESHOT, 0), EPERM);
	FAILS(set(ADJ_TICK, 10000), EPERM);
	FAILS(set(ADJ_TICK, 1), EPERM);
	FAILS(set(ADJ_MICRO, 0), EPERM);
	FAILS(set(ADJ_TAI, 0), EPERM);
	FAILS(set(SINGLESHOT | READONLY | ADJ_SETOFFSET, 0), EPERM);
	FAILS(adj(&t), EPERM);
	FAILS(clock_adj(CLOCK_REALTIME, &t), EPERM);
	return tap_failures != 0;
}

static void rights(void)
{
	reset();
	EQ(tap_child(of_others, NULL), 0);
}

static void steps_by(unsigned mode, long sec, long frac, long long ns)
{
	struct timex t = { .modes = ADJ_SETOFFSET | mode };
	long long m0 = now_of(CLOCK_MONOTONIC), r0 = now_of(CLOCK_REALTIME), r1;

	t.time.tv_sec = sec;
	t.time.tv_usec = frac;
	EQ(adj(&t), TIME_ERROR);
	r1 = now_of(CLOCK_REALTIME);
	CHECK(r1 - r0 >= ns && r1 - r0 <= ns + now_of(CLOCK_MONOTONIC) - m0);
}

static void stepped(void)
{
	struct timex64 t = { .modes = ADJ_SETOFFSET | ADJ_NANO, .sec = 3, .usec = 5 };
	long long r0, r1;

	reset();
	steps_by(0, 100, 500000, 100 * SEC + SEC / 2);
	steps_by(0, -101, 500000, -(100 * SEC + SEC / 2));
	steps_by(ADJ_NANO, 1, 999999999, SEC + 999999999);
	steps_by(ADJ_NANO, -2, 1, -(SEC + 999999999));
	set(ADJ_STATUS, 0);
	set(ADJ_MAXERROR, 1000);
	steps_by(ADJ_NANO, 0, 0, 0); /* nobody knows how right it is then */
	EQ(state().maxerror, 16000000);
	r0 = now_of(CLOCK_REALTIME);
	EQ(syscall(IS64 ? SYS_clock_adjtime : 405, CLOCK_REALTIME, &t), TIME_ERROR);
	r1 = now_of(CLOCK_REALTIME);
	CHECK(r1 - r0 >= 3 * SEC + 5);
	EQ(t.tick, 10000);
	CHECK(t.sec * SEC + t.usec >= r0 + 3 * SEC + 5 && t.sec * SEC + t.usec <= r1);
	EQ(t.pad3[10], 0);
	t.modes = ADJ_SETOFFSET | ADJ_NANO;
	t.sec = -4;
	t.usec = SEC - 5;
	EQ(syscall(IS64 ? SYS_clock_adjtime : 405, CLOCK_REALTIME, &t), TIME_ERROR);
	reset();
}

static void tai_is(int sec)
{
	struct timespec t;
	long long r0, r1;

	EQ(state().tai, sec);
	r0 = now_of(CLOCK_REALTIME);
	EQ(clock_gettime(CLOCK_TAI, &t), 0); /* perhaps without the kernel */
	CHECK(now_of(CLOCK_TAI) - sec * SEC >= t.tv_sec * SEC + t.tv_nsec - sec * SEC);
	r1 = now_of(CLOCK_REALTIME);
	CHECK(t.tv_sec * SEC + t.tv_nsec - sec * SEC >= r0);
	CHECK(t.tv_sec * SEC + t.tv_nsec - sec * SEC <= r1);
}

static void atomic_time(void)
{
	reset();
	tai_is(0);
	EQ(set(ADJ_TAI, 37), TIME_ERROR);
	tai_is(37);
	EQ(set(ADJ_TAI, -1), TIME_ERROR); /* not that */
	EQ(set(ADJ_TAI, 100001), TIME_ERROR);
	tai_is(37);
	reset();
	tai_is(0);
}

int main(int argc, char **argv)
{
	static const struct tap_test tests[] = { T(unsynchronised), T(kept),   T(errors),
						 T(one_rate),	    T(rights), T(stepped),
						 T(atomic_time),    TEND };

	return tap_main(argc, argv, tests);
}
