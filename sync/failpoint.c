/*
 * Failpoints: the n-th allocation site reached fails, once. A test arms n = 1, 2, 3 … until the call succeeds, and so
 * walks every error path.
 *
 * OWNS     the countdown and the count of sites reached since arming.
 * LOCKS    none: both are atomic.
 * CONTEXT  any. Debug builds only; the inline front is constant false elsewhere.
 */
#include "sync/failpoint.h"
#include "base/atomic.h"

static atomic_t countdown; /* 0: disarmed; 1: the next site fails */
static atomic_t reached;
static atomic_t fired;

void failpoint_arm(unsigned nth)
{
	atomic_set(&reached, 0);
	atomic_set(&fired, 0);
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

/* @name is for the debugger and for reports: which site it was. */
bool failpoint_hit(const char *name)
{
	int left = atomic_read(&countdown);

	(void)name;
	atomic_inc(&reached);
	while (left > 0) {
		if (!atomic_cmpxchg(&countdown, left, left - 1)) {
			left = atomic_read(&countdown);
			continue;
		}
		if (left != 1)
			return false;
		atomic_set(&fired, 1);
		return true;
	}
	return false;
}
