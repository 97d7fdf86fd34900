/*
 * System calls of POSIX message queues.
 *
 * WHY      timeouts are points of the time of day; they become points of the monotonic clock here.
 * LOCKS    none.   CONTEXT  a task in a system call; may sleep.
 * SOURCES  mq_open(3), mq_unlink(3), mq_timedsend(3), mq_timedreceive(3), mq_notify(3), mq_getsetattr(2).
 */
#include "sys/sys.h"

#include "fs/path.h"
#include "ipc/mqueue.h"
#include "kernel/time.h"

SYS(mq_open)
{
	struct mq_attr_k attr;
	char *name;
	long ret;

	if (a3 && get_abi(&attr, a3, "8l"))
		return -EFAULT;
	ret = name_get(a0, false, &name);
	if (ret)
		return ret;
	ret = mqueue_open(name, (unsigned)a1, (uint32_t)a2, a3 ? &attr : NULL);
	name_put(name);
	return ret;
}

SYS(mq_unlink)
{
	char *name;
	long ret = name_get(a0, false, &name);

	if (ret)
		return ret;
	ret = mqueue_unlink(name);
	name_put(name);
	return ret;
}

/* An absolute time of day, or none, as a deadline. */
static int get_deadline(uaddr_t uts, bool time64, uint64_t *out)
{
	struct timespec64_k ts;
	uint64_t at, now, mono;
	int err;

	*out = PARK_FOREVER;
	if (!uts)
		return 0;
	err = get_timespec(uts, time64, &ts);
	if (err)
		return err;
	at = timespec_ns(&ts);
	now = realtime_ns();
	mono = clock_ns();
	if (at <= now)
		*out = 0;
	else if (at - now < PARK_FOREVER - mono)
		*out = mono + (at - now);
	return 0;
}

static long do_send(SYS_ARGS, bool time64)
{
	uint64_t deadline;
	long err = get_deadline(a4, time64, &deadline);

	return err ? err : mqueue_send((int)a0, a1, a2, (unsigned)a3, deadline);
}

SYS(mq_timedsend)
{
	return do_send(a0, a1, a2, a3, a4, a5, false);
}

SYS(mq_timedsend_time64)
{
	return do_send(a0, a1, a2, a3, a4, a5, true);
}

static long do_receive(SYS_ARGS, bool time64)
{
	uint64_t deadline;
	unsigned prio;
	long ret = get_deadline(a4, time64, &deadline);

	if (ret)
		return ret;
	ret = mqueue_receive((int)a0, a1, a2, &prio, deadline);
	if (ret >= 0 && a3 && put_user(a3, &prio))
		return -EFAULT;
	return ret;
}

SYS(mq_timedreceive)
{
	return do_receive(a0, a1, a2, a3, a4, a5, false);
}

SYS(mq_timedreceive_time64)
{
	return do_receive(a0, a1, a2, a3, a4, a5, true);
}

SYS(mq_notify)
{
	struct {
		long value;
		int signo, how;
	} ev;
	struct mq_notify_k n;

	if (!a1)
		return mqueue_notify((int)a0, NULL);
	if (get_abi(&ev, a1, "p2i"))
		return -EFAULT;
	n = (struct mq_notify_k){ .how = ev.how, .signo = ev.signo, .value = ev.value };
	return mqueue_notify((int)a0, &n);
}

SYS(mq_getsetattr)
{
	struct mq_attr_k set, old;
	int err;

	if (a1 && get_abi(&set, a1, "8l"))
		return -EFAULT;
	err = mqueue_attr((int)a0, a1 ? &set : NULL, &old);
	if (err)
		return err;
	return a2 && put_abi(a2, &old, "8l") ? -EFAULT : 0;
}
