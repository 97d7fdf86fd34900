/*
 * Failpoints: the n-th allocation site reached fails, once. A test arms n = 1, 2, 3 … until the call succeeds, and so
 * walks every error path.
 *
 * OWNS     the countdown, the count of sites reached since arming, the name of the one that failed.
 * WHY      programs arm through /proc/mnemos/failpoint; what fails before there are any the command line says (failpoint=N),
 *          and the log then tells which it was: a boot that goes another way explains itself.
 * LOCKS    none: all are atomic.
 * CONTEXT  any. Debug builds only; the inline front is constant false elsewhere.
 */
#include "sync/failpoint.h"
#include "base/atomic.h"
#include "sync/klog.h"

static atomic_t countdown; /* 0: disarmed; 1: the next site fails */
static atomic_t reached;
static atomic_t fired;
static const char *fired_name = ""; /* a */
static bool from_boot;		    /* i once threads run: armed by failpoint_boot */

void failpoint_arm(unsigned nth)
{
	atomic_set(&reached, 0);
	atomic_set(&fired, 0);
	WRITE_ONCE(fired_name, "");
	atomic_set(&countdown, (int)nth);
}

unsigned failpoint_count(void)
{
	return (unsigned)atomic_read(&reached);
}

bool failpoint_fired(void)
{
	return atomic_read(&fired) != 0;
}

const char *failpoint_name(void)
{
	return READ_ONCE(fired_name);
}

void failpoint_boot(unsigned nth)
{
	from_boot = true;
	failpoint_arm(nth);
}

static void tell(const char *name)
{
	WRITE_ONCE(fired_name, name);
	atomic_set(&fired, 1);
	if (from_boot)
		pr_warn("failpoint: allocation %s fails", name);
}

/* @name: for reports. */
bool failpoint_hit(const char *name)
{
	int left = atomic_read(&countdown);

	atomic_inc(&reached);
	while (left > 0) {
		if (!atomic_cmpxchg(&countdown, left, left - 1)) {
			left = atomic_read(&countdown);
			continue;
		}
		if (left != 1)
			return false;
		tell(name);
		return true;
	}
	return false;
}
