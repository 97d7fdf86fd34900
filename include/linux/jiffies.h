/* Ticks of the clock. */
#ifndef _LINUX_JIFFIES_H
#define _LINUX_JIFFIES_H

#include <linux/kconfig.h>
#include <linux/types.h>

#include "base/config.h"

#define HZ	CONFIG_HZ
#define USER_HZ 100

_Static_assert(CFG_HZ == HZ, "ticks as the kernel counts them");

#define MSEC_PER_SEC  1000L
#define USEC_PER_MSEC 1000L
#define USEC_PER_SEC  1000000L

unsigned long module_jiffies(void);
unsigned long long module_jiffies64(void);
extern unsigned long volatile jiffies;
#define jiffies_64		  (module_jiffies64())
#define get_jiffies_64()	  ((u64)module_jiffies64())
#define MAX_JIFFY_OFFSET	  ((long)(((~0UL) >> 1) - 1))
#define INITIAL_JIFFIES		  0UL
#define jiffies_to_msecs(j)	  ((unsigned int)((j) * (1000u / HZ)))
#define jiffies_to_usecs(j)	  ((unsigned int)((j) * (1000000u / HZ)))
#define jiffies_to_nsecs(j)	  ((u64)(j) * (1000000000ULL / HZ))
#define msecs_to_jiffies(m)	  ((unsigned long)(((m) + 1000u / HZ - 1) / (1000u / HZ)))
#define usecs_to_jiffies(m)	  ((unsigned long)(((m) + 1000000u / HZ - 1) / (1000000u / HZ)))
#define nsecs_to_jiffies(n)	  ((unsigned long)((u64)(n) / (1000000000ULL / HZ)))
#define jiffies_to_clock_t(j)	  ((clock_t)((j) * (USER_HZ / HZ)))
#define round_jiffies(j)	  (((j) + HZ - 1) / HZ * HZ)
#define round_jiffies_relative(j) (j)

#define time_after(a, b)	  ((long)((b) - (a)) < 0)
#define time_before(a, b)	  time_after(b, a)
#define time_after_eq(a, b)	  ((long)((a) - (b)) >= 0)
#define time_before_eq(a, b)	  time_after_eq(b, a)
#define time_in_range(a, b, c)	  (time_after_eq(a, b) && time_before_eq(a, c))
#define time_after64(a, b)	  ((s64)((b) - (a)) < 0)
#define time_before64(a, b)	  time_after64(b, a)
#define time_is_before_jiffies(a) time_after(jiffies, a)
#define time_is_after_jiffies(a)  time_before(jiffies, a)

#endif
