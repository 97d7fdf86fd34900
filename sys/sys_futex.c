/*
 * futex(2): decoding the operation; kernel/futex.c waits and wakes.
 *
 * LOCKS    none.   CONTEXT  a task in a system call; may sleep.   SOURCES  futex(2).
 */
#include "sys/sys.h"

#include "kernel/futex.h"
#include "kernel/time.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

enum {
	FUTEX_WAIT,
	FUTEX_WAKE,
	FUTEX_FD,
	FUTEX_REQUEUE,
	FUTEX_CMP_REQUEUE,
	FUTEX_WAKE_OP,
	FUTEX_LOCK_PI,
	FUTEX_UNLOCK_PI,
	FUTEX_TRYLOCK_PI,
	FUTEX_WAIT_BITSET,
	FUTEX_WAKE_BITSET,
	FUTEX_WAIT_REQUEUE_PI,
	FUTEX_CMP_REQUEUE_PI,
	FUTEX_LOCK_PI2,
	FUTEX_PRIVATE = 128,
	FUTEX_CLOCK_REALTIME = 256
};

/* A point in time on either clock; never in the past of clock_ns. */
static uint64_t deadline_at(const struct timespec64_k *ts, bool realtime)
{
	uint64_t abs, now;

	if ((uint64_t)ts->tv_sec >= PARK_FOREVER / NSEC_PER_SEC - 1)
		return PARK_FOREVER;
	abs = (uint64_t)ts->tv_sec * NSEC_PER_SEC + (uint64_t)ts->tv_nsec;
	now = realtime ? realtime_ns() : clock_ns();
	return abs > now ? clock_ns() + (abs - now) : 0;
}

static bool op_waits(unsigned op)
{
	return op == FUTEX_WAIT || op == FUTEX_WAIT_BITSET || op == FUTEX_WAIT_REQUEUE_PI ||
	       op == FUTEX_LOCK_PI || op == FUTEX_LOCK_PI2;
}

static bool op_has_clock(unsigned op)
{
	return op == FUTEX_WAIT_BITSET || op == FUTEX_WAIT_REQUEUE_PI || op == FUTEX_LOCK_PI2;
}

/* The deadline of a wait: relative for WAIT, absolute for the others, of LOCK_PI by the time of day. */
static long futex_deadline(unsigned op, bool realtime, uaddr_t uts, bool time64, uint64_t *out)
{
	struct timespec64_k ts;
	long err;

	*out = PARK_FOREVER;
	if (!uts || !op_waits(op))
		return 0;
	err = get_timespec(uts, time64, &ts);
	if (err)
		return err;
	if (op == FUTEX_WAIT)
		*out = deadline_after(&ts);
	else
		*out = deadline_at(&ts, realtime || op == FUTEX_LOCK_PI);
	return 0;
}

/* ---- waiting ---- */

enum { WAIT_SHARED = 1 };

static long wait_restart(struct restart_block *r)
{
	long ret = futex_wait(r->addr, r->b & WAIT_SHARED, (uint32_t)r->a, (uint32_t)r->c,
			      r->deadline_ns);

	return ret == -ERESTARTSYS ? -ERESTART_RESTARTBLOCK : ret;
}

/* A wait with a deadline goes on to the same one after a signal, but not when a handler ran. */
static long do_wait(uaddr_t addr, bool shared, uint32_t val, uint32_t bitset, uint64_t deadline)
{
	long ret = futex_wait(addr, shared, val, bitset, deadline);

	if (ret != -ERESTARTSYS || deadline == PARK_FOREVER)
		return ret;
	current_task()->restart = (struct restart_block){ .fn = wait_restart,
							  .deadline_ns = deadline,
							  .addr = addr,
							  .a = val,
							  .b = shared ? WAIT_SHARED : 0,
							  .c = bitset };
	return -ERESTART_RESTARTBLOCK;
}

/* Those of locks with an owner. */
static long do_futex_pi(unsigned op, bool shared, uint64_t deadline, unsigned long a0,
			unsigned long a2, unsigned long a3, unsigned long a4, unsigned long a5)
{
	switch (op) {
	case FUTEX_LOCK_PI:
	case FUTEX_LOCK_PI2:
		return futex_lock_pi(a0, shared, false, deadline);
	case FUTEX_TRYLOCK_PI:
		return futex_lock_pi(a0, shared, true, PARK_FOREVER);
	case FUTEX_UNLOCK_PI:
		return futex_unlock_pi(a0, shared);
	case FUTEX_WAIT_REQUEUE_PI:
		return futex_wait_requeue_pi(a0, shared, (uint32_t)a2, deadline, a4);
	case FUTEX_CMP_REQUEUE_PI:
		return futex_cmp_requeue_pi(a0, shared, (int)a2, (int)a3, a4, (uint32_t)a5);
	default:
		return -ENOSYS;
	}
}

static long do_futex(SYS_ARGS, bool time64)
{
	unsigned op = (unsigned)a1 & ~(unsigned)(FUTEX_PRIVATE | FUTEX_CLOCK_REALTIME);
	bool shared = !(a1 & FUTEX_PRIVATE), realtime = a1 & FUTEX_CLOCK_REALTIME;
	uint64_t deadline;
	long err;

	if (realtime && !op_has_clock(op))
		return -ENOSYS;
	err = futex_deadline(op, realtime, a3, time64, &deadline);
	if (err)
		return err;
	switch (op) {
	case FUTEX_WAIT:
		return do_wait(a0, shared, (uint32_t)a2, UINT_MAX, deadline);
	case FUTEX_WAIT_BITSET:
		return do_wait(a0, shared, (uint32_t)a2, (uint32_t)a5, deadline);
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
		return do_futex_pi(op, shared, deadline, a0, a2, a3, a4, a5);
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

/* ---- futex_waitv(2) ---- */

struct futex_waitv_k {
	uint64_t val, uaddr;
	uint32_t flags, reserved;
};
enum { WAITV_32 = 2 };

static long read_waitv(uaddr_t from, unsigned nr, struct futex_wait_one *one)
{
	struct futex_waitv_k k;

	for (unsigned i = 0; i < nr; i++) {
		if (copy_from_user(&k, from + i * sizeof(k), sizeof(k)))
			return -EFAULT;
		if ((k.flags & ~(unsigned)FUTEX_PRIVATE) != WAITV_32 || k.reserved)
			return -EINVAL;
		one[i].addr = (uaddr_t)k.uaddr;
		one[i].val = (uint32_t)k.val;
		one[i].shared = !(k.flags & FUTEX_PRIVATE);
	}
	return 0;
}

SYS(futex_waitv)
{
	struct futex_wait_one *one;
	uint64_t deadline = PARK_FOREVER;
	struct timespec64_k ts;
	long ret;

	if (a2 || !(unsigned)a1 || (unsigned)a1 > FUTEX_WAITV_MAX || !a0)
		return -EINVAL;
	if (a3) {
		if (a4 != CLOCK_MONOTONIC && a4 != CLOCK_REALTIME)
			return -EINVAL;
		ret = get_timespec(a3, true, &ts);
		if (ret)
			return ret;
		deadline = deadline_at(&ts, a4 == CLOCK_REALTIME);
	}
	one = failpoint("futex_waitv") ? NULL : kmalloc((unsigned)a1 * sizeof(*one), GFP_KERNEL);
	if (!one)
		return -ENOMEM;
	ret = read_waitv(a0, (unsigned)a1, one);
	if (!ret)
		ret = futex_wait_many(one, (unsigned)a1, deadline);
	kfree(one);
	return ret;
}
