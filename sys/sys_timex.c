/*
 * adjtimex(2), clock_adjtime(2).
 *
 * LOCKS    none.   CONTEXT  a task in a system call; may sleep.
 * SOURCES  adjtimex(2), clock_adjtime(2).   TESTED BY  tests/guest/time_adjust.c
 */
#include "sys/sys.h"

#include "kernel/time.h"
#include "kernel/timex.h"

/* struct timex with longs of 32 bits. */
struct timex_i386 {
	uint32_t modes;
	int32_t offset, freq, maxerror, esterror, status, constant, precision, tolerance;
	int32_t tv_sec, tv_usec, tick, ppsfreq, jitter, shift;
	int32_t stabil, jitcnt, calcnt, errcnt, stbcnt, tai, pad[11];
};

/* What a call may set. */
static int get_timex(struct timex_k *t, uaddr_t addr, bool time64)
{
	struct timex_i386 n;

	if (time64 || !abi_32())
		return get_user(t, addr);
	if (get_user(&n, addr))
		return -EFAULT;
	*t = (struct timex_k){ .modes = n.modes,
			       .offset = n.offset,
			       .freq = n.freq,
			       .maxerror = n.maxerror,
			       .esterror = n.esterror,
			       .status = n.status,
			       .constant = n.constant,
			       .tv_sec = n.tv_sec,
			       .tv_usec = n.tv_usec,
			       .tick = n.tick };
	return 0;
}

/* What the clock has; all other fields are zero. */
static int put_timex(uaddr_t addr, const struct timex_k *t, bool time64)
{
	struct timex_i386 n;

	if (time64 || !abi_32())
		return put_user(addr, t);
	n = (struct timex_i386){ .modes = t->modes,
				 .offset = (int32_t)t->offset,
				 .freq = (int32_t)t->freq,
				 .maxerror = (int32_t)t->maxerror,
				 .esterror = (int32_t)t->esterror,
				 .status = t->status,
				 .constant = (int32_t)t->constant,
				 .precision = (int32_t)t->precision,
				 .tolerance = (int32_t)t->tolerance,
				 .tv_sec = (int32_t)t->tv_sec,
				 .tv_usec = (int32_t)t->tv_usec,
				 .tick = (int32_t)t->tick,
				 .tai = t->tai };
	return put_user(addr, &n);
}

/* The structure comes back even when the call was refused. */
SYS(adjtimex)
{
	struct timex_k t;
	long ret;

	if (get_timex(&t, a0, false))
		return -EFAULT;
	ret = ntp_adjtime(&t);
	return put_timex(a0, &t, false) ? -EFAULT : ret;
}

/* A negative one is of a process or thread, or (3 in its low bits) a device's, of which there are none. */
static bool is_clock(int clock)
{
	uint64_t ns;

	return clock < 0 ? (clock & 7) != 3 : !clock_read(clock, &ns);
}

static long do_clock_adjtime(int clock, uaddr_t addr, bool time64)
{
	struct timex_k t;
	long ret;

	if (get_timex(&t, addr, time64))
		return -EFAULT;
	if (clock == CLOCK_REALTIME)
		ret = ntp_adjtime(&t);
	else
		ret = is_clock(clock) ? -EOPNOTSUPP : -EINVAL;
	return ret >= 0 && put_timex(addr, &t, time64) ? -EFAULT : ret;
}

SYS(clock_adjtime)
{
	return do_clock_adjtime((int)a0, a1, false);
}

SYS(clock_adjtime64)
{
	return do_clock_adjtime((int)a0, a1, true);
}
