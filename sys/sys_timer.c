/*
 * System calls on POSIX timers.
 *
 * OWNS     nothing.  WHY  argument checks at the border; struct sigevent and itimerspec of both ABIs.
 * CONTEXT  a task in a system call; may sleep.
 * SOURCES  timer_create(2), timer_settime(2), timer_getoverrun(2), timer_delete(2), sigevent(7).
 */
#include "sys/sys.h"

#include "kernel/posix_timer.h"
#include "kernel/time.h"

enum { TIMER_ABSTIME = 1 };

static size_t timespec_size(bool time64)
{
	return time64 ? sizeof(struct timespec64_k) : 2 * abi_word();
}

int get_itimerspec(uaddr_t addr, bool time64, uint64_t *value_ns, uint64_t *interval_ns)
{
	struct timespec64_k interval, value;
	int err = get_timespec(addr, time64, &interval),
	    err2 = get_timespec(addr + timespec_size(time64), time64, &value);

	if (err == -EFAULT || err2 == -EFAULT)
		return -EFAULT;
	if (err || err2)
		return -EINVAL;
	*interval_ns = timespec_ns(&interval);
	*value_ns = timespec_ns(&value);
	return 0;
}

int put_itimerspec(uaddr_t addr, bool time64, uint64_t value_ns, uint64_t interval_ns)
{
	int err = put_timespec(addr, time64, interval_ns);

	return err ? err : put_timespec(addr + timespec_size(time64), time64, value_ns);
}

/* The same on both ABIs, but for the width of the value. */
struct sigevent_k {
	long value;
	int signo, notify, tid;
};

SYS(timer_create)
{
	struct timer_event e = { .notify = SIGEV_SIGNAL, .signo = SIGALRM, .value_is_id = true };
	struct sigevent_k user;
	int id, err;

	if (a1 && get_abi(&user, a1, "l3i"))
		return -EFAULT;
	if (a1)
		e = (struct timer_event){ user.notify, user.signo, user.tid, user.value, false };
	err = posix_timer_create((int)a0, &e, &id);
	if (err)
		return err;
	err = put_user(a2, &id);
	if (err)
		(void)posix_timer_delete(id);
	return err;
}

static long set_time(int id, bool absolute, uaddr_t unew, uaddr_t uold, bool time64)
{
	struct timer_times new, old;
	int err = unew ? get_itimerspec(unew, time64, &new.value_ns, &new.interval_ns) : -EINVAL;

	if (!err)
		err = posix_timer_set(id, absolute, &new, &old);
	return err || !uold ? err : put_itimerspec(uold, time64, old.value_ns, old.interval_ns);
}

static long get_time(int id, uaddr_t ucur, bool time64)
{
	struct timer_times t;
	int err = posix_timer_get(id, &t);

	return err ? err : put_itimerspec(ucur, time64, t.value_ns, t.interval_ns);
}

SYS(timer_settime)
{
	return set_time((int)a0, a1 & TIMER_ABSTIME, a2, a3, false);
}

SYS(timer_settime64)
{
	return set_time((int)a0, a1 & TIMER_ABSTIME, a2, a3, true);
}

SYS(timer_gettime)
{
	return get_time((int)a0, a1, false);
}

SYS(timer_gettime64)
{
	return get_time((int)a0, a1, true);
}

SYS(timer_getoverrun)
{
	return posix_timer_overrun((int)a0);
}

SYS(timer_delete)
{
	return posix_timer_delete((int)a0);
}
