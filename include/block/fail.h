/* Transfers that fail on request: Linux's fault injection for block devices. */
#ifndef BLOCK_FAIL_H
#define BLOCK_FAIL_H

#include "block/block.h"

/* Which of the transfers of marked devices (block_device.make_it_fail) end with -EIO. All a. */
struct fail_make_request {
	int probability; /* of 100; 0: none */
	int interval;	 /* only each such one */
	int times;	 /* so many, then no more; -1: no end */
	int space;	 /* bytes that go well before */
};
extern struct fail_make_request fail_make_request;
void fail_make_request_interval(int n); /* the n-th from now on, and each n-th after it */
/* fail_make_request= of the command line, "interval,probability,space,times": so from the first transfer on, of every disk. */
int must_check fail_make_request_boot(const char *text);
extern bool fail_make_request_all; /* i: disks are marked as they are found */

/* Does this one fail? Any context. */
bool block_should_fail(const struct bio *bio);

#endif
