/* A swap device for tests, in host memory, that delays, reorders and fails. */
#ifndef SIM_FAKESWAP_H
#define SIM_FAKESWAP_H

#include "mm/swap.h"
#include "sync/spinlock.h"
#include "sync/waitq.h"

enum { FAKESWAP_QUEUE = 512 };

struct fakeswap_request {
	struct page *page;
	unsigned long slot;
	bool write;
};

struct fakeswap {
	struct swapdev dev;
	uint8_t *disk; /* dev.nr_slots pages, with mkswap's header */
	struct spinlock lock;
	struct fakeswap_request queue[FAKESWAP_QUEUE];
	unsigned nr_queued;
	struct waitq work;
	bool threaded, stop;		  /* requests wait for fakeswap_device; it is to end */
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
/* Thread body: serves requests in random order, after random times, until s->stop. */
void fakeswap_device(void *arg);
void fakeswap_stop(struct fakeswap *s);

#endif
