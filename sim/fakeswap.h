/* A swap device for tests, in host memory, that delays, reorders and fails. */
#ifndef SIM_FAKESWAP_H
#define SIM_FAKESWAP_H

#include "mm/swap.h"
#include "sim/fakequeue.h"

struct fakeswap {
	struct swapdev dev;
	uint8_t *disk; /* dev.nr_slots pages, with mkswap's header */
	struct fake_queue queue;
	unsigned fail_reads, fail_writes; /* one of so many fails; 0: none */
	bool refuse;			  /* the error comes from the call, not later */
	unsigned reads, writes, freed, discarded;
	unsigned type; /* its number, after swapon */
};

/* @slots: with the header. */
void fakeswap_begin(struct fakeswap *s, unsigned long slots);
void fakeswap_end(struct fakeswap *s);
/* swapon of it, which must succeed. @prio: -1: none wished. */
void fakeswap_on(struct fakeswap *s, int prio);

#endif
