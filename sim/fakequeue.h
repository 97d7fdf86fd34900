/* The requests of a fake device: they wait for a thread, which ends them in random order, after random times. */
#ifndef SIM_FAKEQUEUE_H
#define SIM_FAKEQUEUE_H

#include "base/types.h"
#include "sync/spinlock.h"
#include "sync/waitq.h"

struct page;

enum { FAKE_QUEUE = 512 };

struct fake_request {
	struct page *page;
	unsigned long place; /* where on the device; its owner's affair */
	bool write;
};

struct fake_queue {
	struct spinlock lock;
	struct fake_request request[FAKE_QUEUE];
	unsigned nr;
	struct waitq work;
	bool threaded, stop;   /* requests wait for fake_device; it is to end */
	uint64_t max_delay_ns; /* of a request; 0: none */
	void (*finish)(struct fake_queue *q, const struct fake_request *r);
};

void fake_queue_init(struct fake_queue *q,
		     void (*finish)(struct fake_queue *, const struct fake_request *));
/* Not threaded: it is finished at once. */
void fake_submit(struct fake_queue *q, struct page *page, unsigned long place, bool write);
/* Thread body, @arg: the queue. It ends when nothing is queued after fake_stop. */
void fake_device(void *arg);
void fake_stop(struct fake_queue *q);

#endif
