/* Waiting. */
#ifndef _LINUX_DELAY_H
#define _LINUX_DELAY_H

#include <linux/sched.h>

void msleep(unsigned int ms);
void udelay(unsigned int us);
#define mdelay(ms)		udelay((ms)*1000u)
#define ssleep(s)		msleep((s)*1000u)
#define usleep_range(low, high) msleep(((low) + 999u) / 1000u)
#define fsleep(us)		msleep(((us) + 999u) / 1000u)
#define ndelay(ns)		udelay(((ns) + 999u) / 1000u)
#define schedule_timeout_interruptible(t)                                                          \
	(module_set_state(TASK_INTERRUPTIBLE), schedule_timeout(t))
#define schedule_timeout_uninterruptible(t)                                                        \
	(module_set_state(TASK_UNINTERRUPTIBLE), schedule_timeout(t))
#define schedule_timeout_killable(t) (module_set_state(TASK_KILLABLE), schedule_timeout(t))

/* Until the time is over or a signal comes. Return: ms left. */
static inline unsigned long msleep_interruptible(unsigned int ms)
{
	long left = (long)msecs_to_jiffies(ms) + 1;

	while (left > 0 && !signal_pending(current))
		left = schedule_timeout_interruptible(left);
	return jiffies_to_msecs((unsigned long)left);
}

#endif
