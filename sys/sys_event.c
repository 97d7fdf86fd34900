/*
 * System calls that make and set files that are events: eventfd, timerfd, signalfd, userfaultfd.
 *
 * LOCKS    none.   CONTEXT  a task in a system call; may sleep.
 * SOURCES  eventfd(2), timerfd_create(2), signalfd(2).
 */
#include "sys/sys.h"

#include "fs/event.h"
#include "kernel/time.h"

SYS(eventfd)
{
	return eventfd_create((unsigned)a0, 0);
}

SYS(eventfd2)
{
	return eventfd_create((unsigned)a0, (unsigned)a1);
}

SYS(userfaultfd)
{
	return userfaultfd_create((unsigned)a0);
}

SYS(timerfd_create)
{
	return timerfd_create((int)a0, (unsigned)a1);
}

/* struct itimerspec in either format: two timespecs. */
static int get_spec(uaddr_t addr, bool time64, struct timerfd_spec *out)
{
	size_t size = time64 || !ABI_32 ? sizeof(struct timespec64_k) : sizeof(struct timespec_k);
	struct timespec64_k interval, value;
	int err = get_timespec(addr, time64, &interval),
	    err2 = get_timespec(addr + size, time64, &value);

	if (err == -EFAULT || err2 == -EFAULT)
		return -EFAULT;
	if (err || err2)
		return -EINVAL;
	out->interval_ns = timespec_ns(&interval);
	out->value_ns = timespec_ns(&value);
	return 0;
}

static int put_spec(uaddr_t addr, bool time64, const struct timerfd_spec *s)
{
	size_t size = time64 || !ABI_32 ? sizeof(struct timespec64_k) : sizeof(struct timespec_k);
	int err = put_timespec(addr, time64, s->interval_ns);

	return err ? err : put_timespec(addr + size, time64, s->value_ns);
}

static long do_settime(int fd, unsigned flags, uaddr_t unew, uaddr_t uold, bool time64)
{
	struct timerfd_spec spec, old;
	int err = get_spec(unew, time64, &spec);

	if (!err)
		err = timerfd_settime(fd, flags, &spec, &old);
	return err || !uold ? err : put_spec(uold, time64, &old);
}

static long do_gettime(int fd, uaddr_t unow, bool time64)
{
	struct timerfd_spec now;
	int err = timerfd_gettime(fd, &now);

	return err ? err : put_spec(unow, time64, &now);
}

SYS(timerfd_settime)
{
	return do_settime((int)a0, (unsigned)a1, a2, a3, false);
}

SYS(timerfd_settime64)
{
	return do_settime((int)a0, (unsigned)a1, a2, a3, true);
}

SYS(timerfd_gettime)
{
	return do_gettime((int)a0, a1, false);
}

SYS(timerfd_gettime64)
{
	return do_gettime((int)a0, a1, true);
}

static long do_signalfd(int fd, uaddr_t umask, size_t size, unsigned flags)
{
	uint64_t mask;
	int err = get_sigset(umask, size, &mask);

	return err ? err : signalfd_create(fd, mask, flags);
}

SYS(signalfd)
{
	return do_signalfd((int)a0, a1, a2, 0);
}

SYS(signalfd4)
{
	return do_signalfd((int)a0, a1, a2, (unsigned)a3);
}
