/* Clocks and timers. Times are ns; the monotonic clock is clock_ns(). */
#ifndef KERNEL_TIME_H
#define KERNEL_TIME_H

#include "base/compiler.h"
#include "lib/list.h"
#include "lib/pheap.h"

/* A one-shot timer on the CPU that armed it; fn runs in the timer interrupt, interrupts off. */
struct ktimer {
	struct pheap_node node; /* q: the CPU's timer queue lock; key: when it expires, ns */
	void (*fn)(struct ktimer *t);
	unsigned cpu; /* q: where it was armed last */
	bool armed;   /* q */
};

void time_start(
	void); /* after the interrupt controllers: takes the timer interrupt, reads the RTC */
void time_start_secondary(void);
/* The hardware timer fires no later than @when_ns. Interrupts off. */
void timer_want(uint64_t when_ns);
void ktimer_init(struct ktimer *t, void (*fn)(struct ktimer *t));
void ktimer_arm(struct ktimer *t, uint64_t expires_ns); /* re-arms if armed. Any context. */
bool ktimer_cancel(
	struct ktimer *
		t); /* Return: was armed. On return fn is not running (except for its own caller). */

struct timespec_k {
	long tv_sec, tv_nsec;
};
struct timespec64_k { /* i386's *_time64 calls, and x86_64 */
	int64_t tv_sec, tv_nsec;
};

enum {
	CLOCK_REALTIME,
	CLOCK_MONOTONIC,
	CLOCK_PROCESS_CPUTIME_ID,
	CLOCK_THREAD_CPUTIME_ID,
	CLOCK_MONOTONIC_RAW,
	CLOCK_REALTIME_COARSE,
	CLOCK_MONOTONIC_COARSE,
	CLOCK_BOOTTIME,
	CLOCK_REALTIME_ALARM,
	CLOCK_BOOTTIME_ALARM,
	CLOCK_TAI = 11
};
/* Return: 0 and *ns, or -EINVAL. */
/* Negative ones are the CPU clocks of other processes and threads (clock_getcpuclockid(3)). */
int must_check clock_read(int clock, uint64_t *ns);
uint64_t realtime_ns(void); /* since 1970 */
/* The same as of the last tick of any busy CPU: up to 1/CFG_HZ s old, never falling, cheap. For time stamps. */
uint64_t realtime_coarse_ns(void);
/* The same, divided; thread context. Until the thread gives the CPU away or asks again. */
const struct timespec64_k *realtime_coarse_ts(void);
uint64_t clock_coarse_ns(void);
/* The scheduler has read the clock. Interrupts off. */
void clock_coarse_update(uint64_t now_ns);
void realtime_set(uint64_t ns); /* settimeofday */
/* Set it by @sec and @ns (less than a second) on. 0, -EINVAL: before the machine was started, or beyond what counts. */
int must_check realtime_step(int64_t sec, uint64_t ns);
/* CLOCK_TAI is @sec ahead of the time of day. */
void tai_set(int sec);
uint64_t tai_ns(void);
/* Somebody who has to know that the time of day was set: fn runs with a spinlock held (rank CLOCK_WATCH). */
struct clock_watch {
	struct list_head link;
	void (*fn)(struct clock_watch *w);
};
void clock_watch_add(struct clock_watch *w);
void clock_watch_del(struct clock_watch *w); /* on return fn does not run */
/* Sleep until the deadline. 0, or -EINTR. */
int must_check sleep_until(uint64_t deadline_ns);

/* setitimer(2)/alarm(2) on the calling process: ITIMER_REAL 0, VIRTUAL 1, PROF 2. ns; interval 0: once. */
long itimer_set(int which, uint64_t value_ns, uint64_t interval_ns, uint64_t *old_value,
		uint64_t *old_interval);
long itimer_get(int which, uint64_t *value, uint64_t *interval);
struct signal_struct;
/* The group is gone: nothing fires any more. */
void itimer_exit(struct signal_struct *sig);
/* In the tick: @exec_ns more CPU time of the calling group, in user mode or not. */
void itimer_account(uint64_t exec_ns, bool user);

#endif
