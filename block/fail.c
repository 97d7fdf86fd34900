/*
 * Transfers that fail on request.
 *
 *   a bio of a marked device ── space left? ── the interval-th? ── probability ── times left? ──> -EIO
 *
 * OWNS     fail_make_request and its count.
 * WHY      what a bad disk does to those above it is tried out in one place, for every driver, in every build: the n-th
 *          transfer from now on is interval=n, times=1, probability=100; of a boot: fail_make_request=n,100,0,1.
 * LOCKS    none: atomics; two transfers at once may both fail or neither where one should have.
 * CONTEXT  any.   COST  a load for devices that are not marked.
 * FAILS    never.   SOURCES  Linux Documentation/fault-injection.   TESTED BY  tests/guest/disk_swap.c
 */
#include "block/fail.h"

#include "base/errno.h"
#include "block/gendisk.h"
#include "lib/string.h"

struct fail_make_request fail_make_request = { .interval = 1, .times = 1 };
bool fail_make_request_all;
static atomic_t counted, rolled; /* transfers that came to that question */

void fail_make_request_interval(int n)
{
	atomic_set(&counted, 0);
	WRITE_ONCE(fail_make_request.interval, n);
}

int fail_make_request_boot(const char *text)
{
	enum { INTERVAL, PROBABILITY, SPACE, TIMES, NUMBERS };
	int n[NUMBERS];

	for (int i = 0; i < NUMBERS; i++) {
		const bool endless = i == TIMES && !strcmp(text, "-1");
		const char *end = text + 2;
		uint64_t v = endless ? 0 : str_to_size(text, &end);

		if (end == text || *end != (i == TIMES ? '\0' : ',') || v > INT_MAX)
			return -EINVAL;
		n[i] = endless ? -1 : (int)v;
		text = end + 1;
	}
	fail_make_request = (struct fail_make_request){ .interval = n[INTERVAL],
							.probability = n[PROBABILITY],
							.space = n[SPACE],
							.times = n[TIMES] };
	fail_make_request_all = true;
	return 0;
}

static bool take_space(int bytes)
{
	int space = READ_ONCE(fail_make_request.space);

	if (space <= bytes)
		return false;
	WRITE_ONCE(fail_make_request.space, space - bytes);
	return true;
}

/* 0 to 99, each as often, in no order that anybody sees. */
static unsigned roll(void)
{
	return ((unsigned)atomic_add_return(&rolled, 1) * 2654435761U >> 16) % 100;
}

bool block_should_fail(const struct bio *bio)
{
	struct fail_make_request *f = &fail_make_request;
	int probability = READ_ONCE(f->probability), interval = READ_ONCE(f->interval);

	if (likely(!READ_ONCE(bio->bdev->make_it_fail) &&
		   !READ_ONCE(bio->bdev->disk->whole.make_it_fail)))
		return false;
	if (!probability || !READ_ONCE(f->times) ||
	    take_space((int)(bio->nr_sectors << SECTOR_SHIFT)))
		return false;
	if (interval > 1 && atomic_add_return(&counted, 1) % interval)
		return false;
	if (roll() >= (unsigned)probability)
		return false;
	if (READ_ONCE(f->times) > 0)
		WRITE_ONCE(f->times, f->times - 1);
	return true;
}
