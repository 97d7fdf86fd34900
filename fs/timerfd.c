/*
 * timerfd_create(2): a timer that is read.
 *
 * OWNS     struct timerfd; one per file, in file->private.
 * WHY      a periodic timer rings once and is armed again when somebody looks (read, gettime): expirations nobody waits for
 *          are counted by a division, not by interrupts. Linux does the same.
 * I1       armed: ring() is due at expires_ns of the timer's clock. Then expired is false.
 * I2       expired: it rang at expires_ns and nobody has looked since; ticks counts that one.
 * I3       an absolute timer of the time of day is armed anew when that is set; with TFD_TIMER_CANCEL_ON_SET it is ready
 *          instead, and the next read says ECANCELED.
 * LOCKS    lock (rank OBJECT, interrupts off) for all below it in the struct; ring() comes in the timer interrupt. A stale
 *          ring() looks at the time and goes away, so arming needs no cancelling.
 * CONTEXT  tasks; ring: interrupt.
 * FAILS    EAGAIN, EINVAL, ECANCELED, ERESTARTSYS; ENOMEM and EMFILE at birth.
 * SOURCES  timerfd_create(2), proc(5) /proc/PID/fdinfo.   TESTED BY  tests/guest/event_timer.c
 */
#include "fs/event.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "fs/anon_file.h"
#include "fs/poll.h"
#include "fs/seq_file.h"
#include "kernel/cred.h"
#include "kernel/time.h"
#include "mm/slab.h"
#include "sync/failpoint.h"

struct timerfd {
	struct ktimer timer;
	struct clock_watch watch; /* on the list from birth, when the clock is the time of day */
	struct waitq wait;
	int clock; /* i */
	struct spinlock lock;
	bool armed, expired;
	bool follows; /* absolute time of day: moves when that is set */
	bool cancel_on_set, canceled;
	unsigned flags; /* of the last settime */
	uint64_t expires_ns, interval_ns;
	uint64_t ticks; /* expirations not read yet */
};

static bool is_realtime(int clock)
{
	return clock == CLOCK_REALTIME || clock == CLOCK_REALTIME_ALARM;
}

static uint64_t now_of(const struct timerfd *t)
{
	return t->follows ? realtime_ns() : clock_ns();
}

/* No later than the end of signed time. */
static uint64_t add_saturated(uint64_t a, uint64_t b)
{
	return a > INT64_MAX || b > INT64_MAX - a ? INT64_MAX : a + b;
}

/* Ask for a ring at expires_ns. lock held. */
static void arm(struct timerfd *t) must_hold(t->lock)
{
	uint64_t at = t->expires_ns;

	if (t->follows) {
		uint64_t real = realtime_ns();

		at = at > real ? add_saturated(clock_ns(), at - real) : 0;
	}
	t->armed = true;
	ktimer_arm(&t->timer, at);
}

static void ring(struct ktimer *timer)
{
	struct timerfd *t = container_of(timer, struct timerfd, timer);
	irqflags_t flags = spin_lock_irqsave(&t->lock);
	bool rings = t->armed && now_of(t) >= t->expires_ns;

	if (rings) {
		t->armed = false;
		t->expired = true;
		t->ticks++;
	} else if (t->armed) {
		arm(t);
	}
	spin_unlock_irqrestore(&t->lock, flags);
	if (rings)
		waitq_wake_all(&t->wait);
}

/* Somebody looks: count what a periodic timer has missed, and let it run on. lock held. */
static void catch_up(struct timerfd *t) must_hold(t->lock)
{
	uint64_t late, missed;

	if (!t->expired || !t->interval_ns)
		return;
	late = now_of(t);
	late = late > t->expires_ns ? late - t->expires_ns : 0;
	missed = late / t->interval_ns;
	t->ticks += missed;
	t->expires_ns = add_saturated(t->expires_ns, (missed + 1) * t->interval_ns);
	t->expired = false;
	arm(t);
}

/* The time of day was set. */
static void clock_set(struct clock_watch *w)
{
	struct timerfd *t = container_of(w, struct timerfd, watch);
	irqflags_t flags = spin_lock_irqsave(&t->lock);
	bool cancel = t->cancel_on_set;

	if (cancel) {
		t->canceled = true;
		t->ticks++;
	}
	if (t->follows && t->armed)
		arm(t);
	spin_unlock_irqrestore(&t->lock, flags);
	if (cancel)
		waitq_wake_all(&t->wait);
}

/* ---- reading ---- */

static bool has_ticks(struct timerfd *t)
{
	irqflags_t flags = spin_lock_irqsave(&t->lock);
	bool has = t->ticks;

	spin_unlock_irqrestore(&t->lock, flags);
	return has;
}

/* Expirations since the last read; 0: none. -ECANCELED. */
static int64_t take(struct timerfd *t)
{
	irqflags_t flags = spin_lock_irqsave(&t->lock);
	int64_t ret;

	if (t->canceled) {
		t->expired = false;
		ret = -ECANCELED;
	} else {
		catch_up(t);
		t->expired = false;
		ret = (int64_t)t->ticks;
	}
	t->canceled = false;
	t->ticks = 0;
	spin_unlock_irqrestore(&t->lock, flags);
	return ret;
}

static long timerfd_read(struct file *f, uaddr_t buf, size_t len, uint64_t *pos)
{
	struct timerfd *t = f->private;
	int64_t n;

	if (len < sizeof(n))
		return -EINVAL;
	do {
		if (!has_ticks(t)) {
			if (f->flags & O_NONBLOCK)
				return -EAGAIN;
			if (wait_event_interruptible(&t->wait, has_ticks(t)))
				return -ERESTARTSYS;
		}
		n = take(t);
	} while (!n); /* another reader was quicker */
	if (n < 0)
		return (long)n;
	return put_user(buf, &n) ? -EFAULT : (long)sizeof(n);
}

static unsigned timerfd_poll(struct file *f, struct poll_table *pt)
{
	struct timerfd *t = f->private;

	poll_wait_for(pt, &t->wait, POLLIN | POLLRDNORM);
	return has_ticks(t) ? POLLIN : 0;
}

static void timerfd_release(struct file *f)
{
	struct timerfd *t = f->private;

	if (is_realtime(t->clock))
		clock_watch_del(&t->watch);
	ktimer_cancel(&t->timer);
	kfree(t);
}

/* Time left and interval. lock held. */
static void spec_of(const struct timerfd *t, struct timerfd_spec *out) must_hold(t->lock)
{
	uint64_t now = now_of(t);

	out->interval_ns = t->interval_ns;
	out->value_ns = t->armed && t->expires_ns > now ? t->expires_ns - now : 0;
}

static void timerfd_show(struct file *f, struct seq_file *m)
{
	struct timerfd *t = f->private;
	struct timerfd_spec s;
	unsigned settime_flags;
	uint64_t ticks;
	irqflags_t flags = spin_lock_irqsave(&t->lock);

	spec_of(t, &s);
	settime_flags = t->flags;
	ticks = t->ticks;
	spin_unlock_irqrestore(&t->lock, flags);
	seq_printf(m, "clockid: %d\nticks: %llu\nsettime flags: 0%o\n", t->clock,
		   (unsigned long long)ticks, settime_flags);
	seq_printf(m, "it_value: (%llu, %llu)\nit_interval: (%llu, %llu)\n",
		   (unsigned long long)(s.value_ns / NSEC_PER_SEC),
		   (unsigned long long)(s.value_ns % NSEC_PER_SEC),
		   (unsigned long long)(s.interval_ns / NSEC_PER_SEC),
		   (unsigned long long)(s.interval_ns % NSEC_PER_SEC));
}

static const struct file_ops timerfd_fops = {
	.release = timerfd_release,
	.read = timerfd_read,
	.poll = timerfd_poll,
	.seek = anon_file_seek,
	.show_fdinfo = timerfd_show,
	.is_stream = true,
};

/* ---- the calls ---- */

static int check_clock(int clock)
{
	if (clock == CLOCK_REALTIME || clock == CLOCK_MONOTONIC || clock == CLOCK_BOOTTIME)
		return 0;
	if (clock != CLOCK_REALTIME_ALARM && clock != CLOCK_BOOTTIME_ALARM)
		return -EINVAL;
	return capable(CAP_WAKE_ALARM) ? 0 : -EPERM;
}

int timerfd_create(int clock, unsigned flags)
{
	struct timerfd *t;
	int fd, err = flags & ~(unsigned)(O_CLOEXEC | O_NONBLOCK) ? -EINVAL : check_clock(clock);

	if (err)
		return err;
	t = failpoint("timerfd") ? NULL : kzalloc(sizeof(*t), GFP_KERNEL);
	if (!t)
		return -ENOMEM;
	ktimer_init(&t->timer, ring);
	waitq_init(&t->wait);
	spin_init(&t->lock, RANK_OBJECT);
	t->clock = clock;
	t->watch.fn = clock_set;
	if (is_realtime(clock))
		clock_watch_add(&t->watch);
	fd = anon_file_fd("[timerfd]", &timerfd_fops, t, O_RDWR | flags);
	if (fd < 0) {
		if (is_realtime(clock))
			clock_watch_del(&t->watch);
		kfree(t);
	}
	return fd;
}

/* The file behind @fd, referenced. 0, -EBADF, -EINVAL. */
static int timerfd_file(int fd, struct file **out)
{
	*out = fd_file(fd);
	if (!*out)
		return -EBADF;
	if ((*out)->ops == &timerfd_fops)
		return 0;
	fput(*out);
	return -EINVAL;
}

/* lock held. */
static void set_locked(struct timerfd *t, unsigned flags, const struct timerfd_spec *s)
	must_hold(t->lock)
{
	bool abs = flags & TFD_TIMER_ABSTIME;

	t->follows = abs && is_realtime(t->clock);
	t->cancel_on_set = t->follows && (flags & TFD_TIMER_CANCEL_ON_SET);
	t->canceled = t->canceled && t->cancel_on_set;
	t->flags = flags;
	t->ticks = 0;
	t->armed = t->expired = false;
	t->interval_ns = s->interval_ns;
	t->expires_ns = add_saturated(abs ? 0 : now_of(t), s->value_ns);
	if (s->value_ns)
		arm(t);
}

int timerfd_settime(int fd, unsigned flags, const struct timerfd_spec *spec,
		    struct timerfd_spec *old)
{
	struct timerfd *t;
	irqflags_t irq;
	struct file *f;
	int err;

	if (flags & ~(unsigned)(TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET))
		return -EINVAL;
	err = timerfd_file(fd, &f);
	if (err)
		return err;
	t = f->private;
	if (check_clock(t->clock)) { /* an alarm clock in the hands of somebody else */
		fput(f);
		return -EPERM;
	}
	(void)ktimer_cancel(&t->timer);
	irq = spin_lock_irqsave(&t->lock);
	catch_up(t);
	spec_of(t, old);
	set_locked(t, flags, spec);
	if (t->canceled && spec->value_ns) {
		t->canceled = false;
		err = -ECANCELED; /* the timer is set all the same */
	}
	spin_unlock_irqrestore(&t->lock, irq);
	fput(f);
	return err;
}

int timerfd_gettime(int fd, struct timerfd_spec *now)
{
	struct timerfd *t;
	irqflags_t irq;
	struct file *f;
	int err = timerfd_file(fd, &f);

	if (err)
		return err;
	t = f->private;
	irq = spin_lock_irqsave(&t->lock);
	catch_up(t);
	spec_of(t, now);
	spin_unlock_irqrestore(&t->lock, irq);
	fput(f);
	return 0;
}
