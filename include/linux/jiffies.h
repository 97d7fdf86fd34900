/* Ticks of the clock. */
#ifndef _LINUX_JIFFIES_H
#define _LINUX_JIFFIES_H

#include "base/config.h"

#define HZ CFG_HZ
unsigned long module_jiffies(void);
#define jiffies		    (module_jiffies())
#define jiffies_to_msecs(j) ((unsigned int)((j) * (1000u / HZ)))
#define msecs_to_jiffies(m) ((unsigned long)(((m) + 1000u / HZ - 1) / (1000u / HZ)))
#define time_after(a, b)    ((long)((b) - (a)) < 0)
#define time_before(a, b)   time_after(b, a)

#endif
