/* What adjtimex(2) tells and changes of the time of day. */
#ifndef KERNEL_TIMEX_H
#define KERNEL_TIMEX_H

#include "base/compiler.h"
#include "base/types.h"

/* struct timex of x86_64, and struct __timex64 of i386's clock_adjtime64. */
struct timex_k {
	uint32_t modes, pad0;
	int64_t offset, freq, maxerror, esterror;
	int32_t status, pad1;
	int64_t constant, precision, tolerance;
	int64_t tv_sec, tv_usec;
	int64_t tick, ppsfreq, jitter;
	int32_t shift, pad2;
	int64_t stabil, jitcnt, calcnt, errcnt, stbcnt;
	int32_t tai, pad3[11];
};

/**
 * ntp_adjtime - do what @t->modes says, then fill @t with the state of the clock.
 * Return: TIME_OK (0), TIME_ERROR (5: nobody has set the clock by a better one); -EINVAL, -EPERM (CAP_SYS_TIME); -EOPNOTSUPP:
 * the clock would have to run faster or slower, or have a leap second.   See: adjtimex(2), clock_adjtime(2).
 */
int must_check ntp_adjtime(struct timex_k *t);
/* The time of day was set: how far it is off is unknown. */
void ntp_clear(void);

#endif
