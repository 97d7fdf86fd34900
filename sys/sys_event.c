/*
 * System calls that make and set files that are events: eventfd, timerfd, signalfd, userfaultfd, inotify.
 *
 * LOCKS    none.   CONTEXT  a task in a system call; may sleep.
 * SOURCES  eventfd(2), timerfd_create(2), signalfd(2), inotify(7).
 */
#include "sys/sys.h"

#include "fs/event.h"
#include "fs/inotify.h"
#include "fs/path.h"
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

static long do_settime(int fd, unsigned flags, uaddr_t unew, uaddr_t uold, bool time64)
{
	struct timerfd_spec spec, old;
	int err = get_itimerspec(unew, time64, &spec.value_ns, &spec.interval_ns);

	if (!err)
		err = timerfd_settime(fd, flags, &spec, &old);
	return err || !uold ? err : put_itimerspec(uold, time64, old.value_ns, old.interval_ns);
}

static long do_gettime(int fd, uaddr_t unow, bool time64)
{
	struct timerfd_spec now;
	int err = timerfd_gettime(fd, &now);

	return err ? err : put_itimerspec(unow, time64, now.value_ns, now.interval_ns);
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

SYS(inotify_init)
{
	return inotify_create(0);
}

SYS(inotify_init1)
{
	return inotify_create((unsigned)a0);
}

SYS(inotify_add_watch)
{
	unsigned mask = (unsigned)a2, lookup = mask & IN_DONT_FOLLOW ? 0 : LOOKUP_FOLLOW;
	struct path_ref p;
	int ret = inotify_check((int)a0, mask);

	if (ret)
		return ret;
	if (mask & IN_ONLYDIR)
		lookup |= LOOKUP_DIRECTORY;
	ret = user_path(AT_FDCWD, a1, lookup, &p);
	if (ret)
		return ret;
	ret = inotify_add((int)a0, &p, mask);
	path_put(&p);
	return ret;
}

SYS(inotify_rm_watch)
{
	return inotify_remove((int)a0, (int)a1);
}
