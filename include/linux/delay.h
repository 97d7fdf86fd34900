/* Waiting. */
#ifndef _LINUX_DELAY_H
#define _LINUX_DELAY_H

void msleep(unsigned int ms);
void udelay(unsigned int us);
#define mdelay(ms)		udelay((ms)*1000u)
#define ssleep(s)		msleep((s)*1000u)
#define usleep_range(low, high) msleep(((low) + 999u) / 1000u)
#define ndelay(ns)		udelay(((ns) + 999u) / 1000u)

#endif
