/* POSIX timers of a process: timer_create(2) and its kin. */
#ifndef KERNEL_POSIX_TIMER_H
#define KERNEL_POSIX_TIMER_H

#include "base/compiler.h"
#include "base/types.h"

struct signal_struct;
struct siginfo_k;

enum { SIGEV_SIGNAL, SIGEV_NONE, SIGEV_THREAD, SIGEV_THREAD_ID = 4 };

/* struct sigevent, what of it counts. */
struct timer_event {
	int notify, signo, tid;
	long value;
	bool value_is_id; /* no event was given: sigval is the timer's number */
};

struct timer_times {
	uint64_t value_ns, interval_ns; /* value 0: not running */
};

/* timer_create(2): *id, or -EINVAL, -EOPNOTSUPP, -EPERM, -EAGAIN, -ENOMEM. */
int must_check posix_timer_create(int clock, const struct timer_event *event, int *id);
/* @old is what posix_timer_get would have said. -EINVAL: no such timer. */
int must_check posix_timer_set(int id, bool absolute, const struct timer_times *times,
			       struct timer_times *old);
int must_check posix_timer_get(int id, struct timer_times *times);
int must_check posix_timer_overrun(int id); /* >= 0 */
int posix_timer_delete(int id);

/* All of the group's go: exec, or its last thread ends. */
void posix_timers_exit(struct signal_struct *sig);
/* The calling task takes a timer's signal: @info gets its overrun, the timer goes on. sighand->lock held. */
void posix_timer_taken(struct siginfo_k *info);
/* In the tick: timers of CPU time of the calling task. */
void posix_timers_account(void);
#endif
