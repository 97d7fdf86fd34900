/* Timers in ns. Their functions run in a thread. */
#ifndef _LINUX_HRTIMER_H
#define _LINUX_HRTIMER_H

#include <linux/ktime.h>
#include <linux/timer.h>

enum hrtimer_restart { HRTIMER_NORESTART, HRTIMER_RESTART };
enum hrtimer_mode {
	HRTIMER_MODE_ABS,
	HRTIMER_MODE_REL,
	HRTIMER_MODE_PINNED,
	HRTIMER_MODE_ABS_PINNED = 2,
	HRTIMER_MODE_REL_PINNED,
	HRTIMER_MODE_SOFT,
	HRTIMER_MODE_ABS_SOFT = 4,
	HRTIMER_MODE_REL_SOFT
};
#define CLOCK_REALTIME	0
#define CLOCK_MONOTONIC 1
#define CLOCK_BOOTTIME	7

void module_hrtimer_start(struct hrtimer *t, long long ns, bool relative);
unsigned long long module_hrtimer_forward(struct hrtimer *t, long long now, long long interval);

static inline void hrtimer_init(struct hrtimer *t, int clock, enum hrtimer_mode mode)
{
	(void)mode;
	*t = (struct hrtimer){ .clock = clock };
}

static inline void hrtimer_setup(struct hrtimer *t, enum hrtimer_restart (*fn)(struct hrtimer *),
				 int clock, enum hrtimer_mode mode)
{
	hrtimer_init(t, clock, mode);
	t->function = (void *)fn;
}

#define hrtimer_start(t, when, mode)	      module_hrtimer_start(t, when, (mode)&1)
#define hrtimer_start_range_ns(t, when, d, m) hrtimer_start(t, when, m)
#define hrtimer_start_expires(t, mode)	      module_hrtimer_start(t, hrtimer_get_expires(t), false)
#define hrtimer_restart(t)		      module_hrtimer_start(t, hrtimer_get_expires(t), false)
#define hrtimer_cancel(t)		      module_later_cancel(&(t)->later, true)
#define hrtimer_try_to_cancel(t)	      module_later_cancel(&(t)->later, false)
#define hrtimer_forward(t, now, interval)     ((u64)module_hrtimer_forward(t, now, interval))
#define hrtimer_forward_now(t, interval)      hrtimer_forward(t, ktime_get(), interval)
#define hrtimer_cb_get_time(t)		      ktime_get()
#define hrtimer_get_expires(t)		      ((ktime_t)(t)->later.when_ns)
#define hrtimer_get_expires_ns(t)	      ((s64)(t)->later.when_ns)
#define hrtimer_set_expires(t, when)	      ((void)((t)->later.when_ns = (u64)(when)))
#define hrtimer_add_expires_ns(t, ns)	      ((void)((t)->later.when_ns += (u64)(ns)))
#define hrtimer_get_remaining(t)	      ktime_sub(hrtimer_get_expires(t), ktime_get())
#define hrtimer_active(t)		      ((bool)READ_ONCE((t)->later.queued))
#define hrtimer_is_queued(t)		      hrtimer_active(t)
#define hrtimer_callback_running(t)	      0

#endif
