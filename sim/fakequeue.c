/*
 * What fake devices have in common: requests that end late, and in another order than they began.
 *
 * OWNS     struct fake_queue.
 * I1       each request submitted is finished once.
 * LOCKS    lock (rank OBJECT).   CONTEXT  threads of the simulator; without one (not threaded) the caller's own.
 */
#include "sim/fakequeue.h"
#include "sim/sim.h"
#include "sync/kassert.h"

void fake_queue_init(struct fake_queue *q,
		     void (*finish)(struct fake_queue *, const struct fake_request *))
{
	spin_init(&q->lock, RANK_OBJECT);
	waitq_init(&q->work);
	q->nr = 0;
	q->finish = finish;
}

void fake_submit(struct fake_queue *q, struct page *page, unsigned long place, bool write)
{
	struct fake_request r = { page, place, write };

	if (!q->threaded) {
		q->finish(q, &r);
		return;
	}
	spin_lock(&q->lock);
	if (q->nr == FAKE_QUEUE)
		panic("fake device: queue full");
	q->request[q->nr++] = r;
	spin_unlock(&q->lock);
	waitq_wake_all(&q->work);
}

/* A request taken out of the queue at random. Return: false: there is none. */
static bool take_request(struct fake_queue *q, struct fake_request *r)
{
	bool any;

	spin_lock(&q->lock);
	any = q->nr;
	if (any) {
		unsigned i = (unsigned)sim_random(q->nr);

		*r = q->request[i];
		q->request[i] = q->request[--q->nr];
	}
	spin_unlock(&q->lock);
	return any;
}

void fake_device(void *arg)
{
	struct fake_queue *q = arg;
	struct fake_request r;

	for (;;) {
		wait_event(&q->work, READ_ONCE(q->nr) || READ_ONCE(q->stop));
		if (!take_request(q, &r)) {
			if (READ_ONCE(q->stop))
				return;
			continue;
		}
		if (q->max_delay_ns)
			(void)thread_park(PARK_UNINTERRUPTIBLE,
					  clock_ns() + sim_random(q->max_delay_ns));
		q->finish(q, &r);
	}
}

void fake_stop(struct fake_queue *q)
{
	WRITE_ONCE(q->stop, true);
	waitq_wake_all(&q->work);
}
