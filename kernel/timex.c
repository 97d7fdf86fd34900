/*
 * How good the time of day is, by those who look after it: adjtimex(2).
 *
 * OWNS     the state that NTP's daemons keep in the kernel: status, error bounds, time constant, and the offset of TAI, which
 *          is in the page that programs read (arch/vvar.h).
 * WHY      the clock can be set and stepped. It runs at the rate of its counter: programs compute it from a factor that they
 *          read without a lock, so that it cannot be changed under them. What asks for another rate, a slow approach to the
 *          right time or a leap second is refused (-EOPNOTSUPP) rather than noted and not done.
 * I1       maxerror grows by TOLERANCE_US a second, from when it was last given; at LIMIT_US the clock is unsynchronised.
 * LOCKS    ntp_lock (rank OBJECT), a leaf.   CONTEXT  tasks; never sleeps.
 * SOURCES  adjtimex(2), clock_adjtime(2), RFC 5905, the answers of Linux 6.1.   TESTED BY  tests/guest/time_adjust.c
 */
#include "kernel/timex.h"

#include "arch/vvar.h"
#include "base/errno.h"
#include "kernel/cred.h"
#include "kernel/time.h"
#include "sync/spinlock.h"
#include "sync/thread.h"

/* Modes. SINGLESHOT and READONLY have their meaning only with ADJTIME; without it they are OFFSET and NANO. */
enum {
	ADJ_OFFSET = 0x0001,
	ADJ_FREQUENCY = 0x0002,
	ADJ_MAXERROR = 0x0004,
	ADJ_ESTERROR = 0x0008,
	ADJ_STATUS = 0x0010,
	ADJ_TIMECONST = 0x0020,
	ADJ_TAI = 0x0080,
	ADJ_SETOFFSET = 0x0100,
	ADJ_MICRO = 0x1000,
	ADJ_NANO = 0x2000,
	ADJ_TICK = 0x4000,
	ADJ_ADJTIME = 0x8000,
	ADJ_SINGLESHOT = 0x0001,
	ADJ_READONLY = 0x2000
};
enum {
	STA_PLL = 0x0001,
	STA_INS = 0x0010,
	STA_DEL = 0x0020,
	STA_UNSYNC = 0x0040,
	STA_CLOCKERR = 0x1000,
	STA_NANO = 0x2000,
	STA_RONLY = 0xff00
};
enum { TIME_OK = 0, TIME_ERROR = 5 };
enum {
	LIMIT_US = 16000000,
	TOLERANCE_US = 500,
	TOLERANCE = TOLERANCE_US << 16, /* in units of 2^-16 ppm */
	TICK_US = 10000,		/* of a clock at its own rate */
	TICK_MIN = 9000,
	TICK_MAX = 11000,
	CONSTANT_MAX = 10,
	TAI_MAX = 100000
};
/* A frequency beyond is not a number of Linux's. */
#define FREQ_MAX (INT64_MAX / 65536000)

static struct spinlock ntp_lock = SPINLOCK_INIT(RANK_OBJECT);
static struct {
	unsigned status;
	long maxerror, esterror; /* us; maxerror: at second counted_s */
	long constant;
	int tai; /* s */
	uint64_t counted_s;
} ntp = { .status = STA_UNSYNC, .maxerror = LIMIT_US, .esterror = LIMIT_US, .constant = 2 };

void ntp_clear(void)
{
	irqflags_t flags = spin_lock_irqsave(&ntp_lock);

	ntp.status |= STA_UNSYNC;
	ntp.maxerror = ntp.esterror = LIMIT_US;
	spin_unlock_irqrestore(&ntp_lock, flags);
}

/* I1. */
static void grow_error(void) must_hold(ntp_lock)
{
	uint64_t now = clock_ns() / NSEC_PER_SEC,
		 n = min_of(uint64_t, now - ntp.counted_s, LIMIT_US / TOLERANCE_US);

	ntp.counted_s = now;
	if (!n)
		return;
	if (ntp.maxerror <= LIMIT_US - (long)n * TOLERANCE_US) {
		ntp.maxerror += (long)n * TOLERANCE_US;
		return;
	}
	ntp.maxerror = LIMIT_US;
	ntp.status |= STA_UNSYNC;
}

static int check_offset(const struct timex_k *t)
{
	if (!capable(CAP_SYS_TIME))
		return -EPERM;
	if (t->tv_usec < 0 ||
	    t->tv_usec >=
		    (int64_t)(t->modes & ADJ_NANO ? NSEC_PER_SEC : NSEC_PER_SEC / NSEC_PER_USEC))
		return -EINVAL;
	return 0;
}

/* Who may do it, and with which values. */
static int check(const struct timex_k *t)
{
	bool adjtime = t->modes & ADJ_ADJTIME,
	     reads = adjtime ? t->modes & ADJ_READONLY : !t->modes;

	if (adjtime && !(t->modes & ADJ_SINGLESHOT))
		return -EINVAL;
	if (!reads && !capable(CAP_SYS_TIME))
		return -EPERM;
	if (!adjtime && (t->modes & ADJ_TICK) && (t->tick < TICK_MIN || t->tick > TICK_MAX))
		return -EINVAL;
	if (t->modes & ADJ_SETOFFSET) {
		int err = check_offset(t);

		if (err)
			return err;
	}
	if (sizeof(long) == 8 && (t->modes & ADJ_FREQUENCY) &&
	    (t->freq > FREQ_MAX || t->freq < -FREQ_MAX))
		return -EINVAL;
	return 0;
}

/* Would the clock have to run otherwise than it does? */
static bool changes_rate(const struct timex_k *t) must_hold(ntp_lock)
{
	unsigned status = t->modes & ADJ_STATUS ? (unsigned)t->status : ntp.status;

	if (t->modes & ADJ_ADJTIME)
		return !(t->modes & ADJ_READONLY) && t->offset;
	return ((t->modes & ADJ_FREQUENCY) && t->freq) ||
	       ((t->modes & ADJ_TICK) && t->tick != TICK_US) ||
	       ((t->modes & ADJ_OFFSET) && (status & STA_PLL) && t->offset) ||
	       ((t->modes & ADJ_STATUS) && (t->status & (STA_INS | STA_DEL)));
}

static void set_status(unsigned status) must_hold(ntp_lock)
{
	if ((ntp.status & STA_PLL) && !(status & STA_PLL))
		ntp.status = STA_UNSYNC;
	ntp.status = (ntp.status & STA_RONLY) | (status & ~(unsigned)STA_RONLY);
}

static void set_constant(int64_t constant) must_hold(ntp_lock)
{
	if (!(ntp.status & STA_NANO))
		constant += 4;
	ntp.constant = (long)(constant < 0 ? 0 : min_of(int64_t, constant, CONSTANT_MAX));
}

/* In Linux's order: later ones see what earlier ones have set. Return: whether TAI's offset is another. */
static bool change(const struct timex_k *t) must_hold(ntp_lock)
{
	int tai = ntp.tai;

	if (t->modes & ADJ_STATUS)
		set_status((unsigned)t->status);
	if (t->modes & ADJ_NANO)
		ntp.status |= STA_NANO;
	if (t->modes & ADJ_MICRO)
		ntp.status &= ~(unsigned)STA_NANO;
	if (t->modes & ADJ_MAXERROR)
		ntp.maxerror = (long)t->maxerror;
	if (t->modes & ADJ_ESTERROR)
		ntp.esterror = (long)t->esterror;
	if (t->modes & ADJ_TIMECONST)
		set_constant(t->constant);
	if ((t->modes & ADJ_TAI) && t->constant >= 0 && t->constant <= TAI_MAX)
		ntp.tai = (int)t->constant;
	return ntp.tai != tai;
}

static void fill(struct timex_k *t, uint64_t now_ns) must_hold(ntp_lock)
{
	const bool nano = ntp.status & STA_NANO;
	const uint64_t sec = now_ns / NSEC_PER_SEC, ns = now_ns - sec * NSEC_PER_SEC;

	t->offset = t->freq = 0;
	t->maxerror = ntp.maxerror;
	t->esterror = ntp.esterror;
	t->status = (int)ntp.status;
	t->constant = ntp.constant;
	t->precision = 1;
	t->tolerance = TOLERANCE;
	t->tv_sec = (int64_t)sec;
	t->tv_usec = (int64_t)(nano ? ns : ns / NSEC_PER_USEC);
	t->tick = TICK_US;
	t->ppsfreq = t->jitter = t->stabil = 0; /* of pulses, which no device gives */
	t->jitcnt = t->calcnt = t->errcnt = t->stbcnt = 0;
	t->shift = 0;
	t->tai = ntp.tai;
}

static int step(const struct timex_k *t)
{
	return t->modes & ADJ_SETOFFSET
		       ? realtime_step(t->tv_sec, (uint64_t)t->tv_usec *
							  (t->modes & ADJ_NANO ? 1 : NSEC_PER_USEC))
		       : 0;
}

int ntp_adjtime(struct timex_k *t)
{
	bool tai_changed = false, refused;
	irqflags_t flags;
	int ret = check(t);

	if (ret)
		return ret;
	flags = spin_lock_irqsave(&ntp_lock);
	refused = changes_rate(t);
	spin_unlock_irqrestore(&ntp_lock, flags);
	ret = refused ? -EOPNOTSUPP : step(t);
	if (ret)
		return ret;
	flags = spin_lock_irqsave(&ntp_lock);
	grow_error();
	if (t->modes && !(t->modes & ADJ_ADJTIME))
		tai_changed = change(t);
	ret = ntp.status & (STA_UNSYNC | STA_CLOCKERR) ? TIME_ERROR : TIME_OK;
	fill(t, realtime_ns());
	spin_unlock_irqrestore(&ntp_lock, flags);
	if (tai_changed)
		tai_set(t->tai);
	return ret;
}
