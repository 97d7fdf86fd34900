/* Times in ns. */
#ifndef _LINUX_KTIME_H
#define _LINUX_KTIME_H

#include <linux/jiffies.h>
#include <linux/mm_types.h>

uint64_t clock_ns(void);
uint64_t realtime_ns(void);

#define KTIME_MAX		 ((ktime_t)((~0ULL) >> 1))
#define KTIME_SEC_MAX		 (KTIME_MAX / 1000000000LL)
#define NSEC_PER_SEC_L		 1000000000LL
#define ktime_set(s, ns)	 ((ktime_t)((s64)(s)*NSEC_PER_SEC_L + (s64)(ns)))
#define ktime_get()		 ((ktime_t)clock_ns())
#define ktime_get_boottime()	 ktime_get()
#define ktime_get_raw()		 ktime_get()
#define ktime_get_coarse()	 ktime_get()
#define ktime_get_real()	 ((ktime_t)realtime_ns())
#define ktime_get_ns()		 ((u64)clock_ns())
#define local_clock()		 ((u64)clock_ns())
#define sched_clock()		 ((u64)clock_ns())
#define ktime_get_raw_ns()	 ((u64)clock_ns())
#define ktime_get_boottime_ns()	 ((u64)clock_ns())
#define ktime_get_boot_ns()	 ((u64)clock_ns())
#define ktime_get_mono_fast_ns() ((u64)clock_ns())
#define ktime_get_real_ns()	 ((u64)realtime_ns())
#define ktime_get_seconds()	 ((time64_t)(clock_ns() / 1000000000ULL))
#define ktime_get_real_seconds() ((time64_t)(realtime_ns() / 1000000000ULL))
#define get_seconds()		 ((unsigned long)ktime_get_real_seconds())
#define ktime_add(a, b)		 ((ktime_t)((a) + (b)))
#define ktime_sub(a, b)		 ((ktime_t)((a) - (b)))
#define ktime_add_ns(k, n)	 ((ktime_t)((k) + (s64)(n)))
#define ktime_sub_ns(k, n)	 ((ktime_t)((k) - (s64)(n)))
#define ktime_add_us(k, n)	 ktime_add_ns(k, (s64)(n)*1000)
#define ktime_add_ms(k, n)	 ktime_add_ns(k, (s64)(n)*1000000)
#define ktime_to_ns(k)		 ((s64)(k))
#define ktime_to_us(k)		 ((s64)(k) / 1000)
#define ktime_to_ms(k)		 ((s64)(k) / 1000000)
#define ktime_us_delta(a, b)	 ktime_to_us(ktime_sub(a, b))
#define ktime_ms_delta(a, b)	 ktime_to_ms(ktime_sub(a, b))
#define ns_to_ktime(n)		 ((ktime_t)(n))
#define us_to_ktime(n)		 ((ktime_t)((s64)(n)*1000))
#define ms_to_ktime(n)		 ((ktime_t)((s64)(n)*1000000))
#define ktime_compare(a, b)	 ((a) < (b) ? -1 : (a) > (b))
#define ktime_after(a, b)	 ((a) > (b))
#define ktime_before(a, b)	 ((a) < (b))

struct timespec {
	long tv_sec, tv_nsec;
};
struct timeval {
	long tv_sec, tv_usec;
};

static inline struct timespec64 ns_to_timespec64(s64 ns)
{
	return (struct timespec64){ ns / NSEC_PER_SEC_L, (long)(ns % NSEC_PER_SEC_L) };
}

static inline struct timespec ns_to_timespec(s64 ns)
{
	return (struct timespec){ (long)(ns / NSEC_PER_SEC_L), (long)(ns % NSEC_PER_SEC_L) };
}

#define ktime_to_timespec64(k)	       ns_to_timespec64(k)
#define ktime_to_timespec(k)	       ns_to_timespec(k)
#define timespec64_to_ns(ts)	       ((s64)(ts)->tv_sec * NSEC_PER_SEC_L + (ts)->tv_nsec)
#define timespec_to_ns(ts)	       timespec64_to_ns(ts)
#define timespec64_to_ktime(ts)	       ((ktime_t)timespec64_to_ns(&(ts)))
#define ktime_get_ts64(ts)	       ((void)(*(ts) = ns_to_timespec64(ktime_get())))
#define ktime_get_ts(ts)	       ((void)(*(ts) = ns_to_timespec(ktime_get())))
#define ktime_get_real_ts64(ts)	       ((void)(*(ts) = ns_to_timespec64(ktime_get_real())))
#define ktime_get_real_ts(ts)	       ((void)(*(ts) = ns_to_timespec(ktime_get_real())))
#define ktime_get_coarse_real_ts64(ts) ktime_get_real_ts64(ts)
#define ktime_get_boottime_ts64(ts)    ktime_get_ts64(ts)
#define getnstimeofday(ts)	       ktime_get_real_ts(ts)
#define getnstimeofday64(ts)	       ktime_get_real_ts64(ts)
#define current_kernel_time()	       ns_to_timespec(ktime_get_real())
#define do_gettimeofday(tv)                                                                        \
	do {                                                                                       \
		s64 now_ = ktime_get_real();                                                       \
		(tv)->tv_sec = (long)(now_ / NSEC_PER_SEC_L);                                      \
		(tv)->tv_usec = (long)(now_ % NSEC_PER_SEC_L / 1000);                              \
	} while (0)

struct tm {
	int tm_sec, tm_min, tm_hour, tm_mday, tm_mon;
	long tm_year;
	int tm_wday, tm_yday;
};
/* The calendar of @secs since 1970, @offset seconds east. */
void time64_to_tm(time64_t secs, int offset, struct tm *result);
#define time_to_tm(secs, offset, result) time64_to_tm(secs, offset, result)

static inline unsigned long timespec64_to_jiffies(const struct timespec64 *ts)
{
	return nsecs_to_jiffies(timespec64_to_ns(ts) + NSEC_PER_SEC_L / HZ - 1);
}
#define timespec64_sub(a, b) ns_to_timespec64(timespec64_to_ns(&(a)) - timespec64_to_ns(&(b)))
#define timespec64_add(a, b) ns_to_timespec64(timespec64_to_ns(&(a)) + timespec64_to_ns(&(b)))

#endif
