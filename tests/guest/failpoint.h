/*
 * Every allocation of an operation fails once (debug kernels only: /proc/mnemos/failpoint). The call must say so, leave
 * nothing half made and leak nothing (the driver compares the free pages).
 */
#ifndef FAILPOINT_H
#define FAILPOINT_H

#include "tap.h"

static int points = -1;

static void arm(int n)
{
	char text[16];

	/* the write itself allocates: while an old count is pending it may be the one that fails */
	while (pwrite(points, text, (size_t)sprintf(text, "%d", n), 0) < 0 && errno == ENOMEM)
		;
}

/* Did the armed failure happen? Disarms. */
static int fired(void)
{
	char text[64] = "";
	int reached = 0, hit = 0, disarm;

	for (disarm = 0; disarm < 2; disarm++) {
		if (pread(points, text, sizeof(text) - 1, 0) > 0)
			break;
	}
	if (sscanf(text, "reached %d fired %d", &reached, &hit) != 2)
		hit = 0;
	if (disarm) /* the read took the failure: the operation had not */
		hit = 0;
	arm(0);
	return hit;
}

/* Repeat @op with its first, second, ... allocation failing until none does. @undo after a success. */
static void every_failure_is(int want, const char *name, int (*op)(void), void (*undo)(void))
{
	int n, r, err, hit;

	for (n = 1; n < 200; n++) {
		arm(n);
		errno = 0;
		r = op();
		err = errno;
		hit = fired();
		if (r >= 0) {
			undo();
			if (!hit)
				return;
			continue;
		}
		if (err != want)
			tap_eq(__FILE__, __LINE__, name, err, want);
		if (!hit && err == want)
			tap_check(__FILE__, __LINE__, name, 0);
	}
	tap_check(__FILE__, __LINE__, name, n < 200);
}

static void every_failure(const char *name, int (*op)(void), void (*undo)(void))
{
	every_failure_is(ENOMEM, name, op, undo);
}

/* Return: false when the kernel has no failpoints. */
static int failpoints_open(void)
{
	points = open("/proc/mnemos/failpoint", O_RDWR);
	return points >= 0;
}

#endif
