/*
 * futex(2): decoding the operation; kernel/futex.c waits and wakes.
 *
 * LOCKS    none.   CONTEXT  a task in a system call; may sleep.   SOURCES  futex(2).
 */
#include "sys/sys.h"

#include "kernel/futex.h"
#include "kernel/time.h"

enum {
	FUTEX_WAIT,
	FUTEX_WAKE,
	FUTEX_FD,
	FUTEX_REQUEUE,
	FUTEX_CMP_REQUEUE,
	FUTEX_WAKE_OP,
	FUTEX_WAIT_BITSET = 9,
	FUTEX_WAKE_BITSET = 10,
	FUTEX_PRIVATE = 128,
	FUTEX_CLOCK_REALTIME = 256
};

/* The deadline of a wait: relative for WAIT, absolute on either clock for WAIT_BITSET. */
static long futex_deadline(unsigned op, bool realtime, uaddr_t uts, bool time64, uint64_t *out)
{
	struct timespec64_k ts;
	uint64_t abs, now;
	long err;

	*out = PARK_FOREVER;
	if (!uts)
		return 0;
	err = get_timespec(uts, time64, &ts);
	if (err)
		return err;
	if (op == FUTEX_WAIT) {
		*out = deadline_after(&ts);
		return 0;
	}
	if ((uint64_t)ts.tv_sec >= PARK_FOREVER / NSEC_PER_SEC - 1)
		return 0;
	abs = (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
	now = realtime ? realtime_ns() : clock_ns();
	*out = abs > now ? clock_ns() + (abs - now) : 0;
	return 0;
}

static long do_futex(SYS_ARGS, bool time64)
{
	unsigned op = (unsigned)a1 & ~(unsigned)(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME);
	bool shared = !(a1 & FUTEX_PRIVATE), realtime = a1 & FUTEX_CLOCK_REALTIME;
	uint64_t deadline;
	long err;

	switch (op) {
	case FUTEX_WAIT:
	case FUTEX_WAIT_BITSET:
		err = futex_deadline(op, realtime, a3, time64, &deadline);
		if (err)
			return err;
		return futex_wait(a0, shared, (uint32_t)a2,
				  op == FUTEX_WAIT ? UINT_MAX : (uint32_t)a5, deadline);
	case FUTEX_WAKE:
		return futex_wake(a0, shared, (int)a2, UINT_MAX);
	case FUTEX_WAKE_BITSET:
		return futex_wake(a0, shared, (int)a2, (uint32_t)a5);
	case FUTEX_REQUEUE:
	case FUTEX_CMP_REQUEUE:
		return futex_requeue(a0, shared, (int)a2, (int)a3, a4, op == FUTEX_CMP_REQUEUE,
				     (uint32_t)a5);
	case FUTEX_WAKE_OP:
		return futex_wake_op(a0, shared, (int)a2, (int)a3, a4, (uint32_t)a5);
	default:
		return -ENOSYS;
	}
}

SYS(futex)
{
	return do_futex(a0, a1, a2, a3, a4, a5, false);
}

SYS(futex_time64)
{
	return do_futex(a0, a1, a2, a3, a4, a5, true);
}
