/* poll(2), select(2) and epoll(7): waiting for many files at once. */
#ifndef FS_POLL_H
#define FS_POLL_H

#include "sync/waitq.h"

enum {
	POLLIN = 1,
	POLLPRI = 2,
	POLLOUT = 4,
	POLLERR = 8,
	POLLHUP = 16,
	POLLNVAL = 32,
	POLLRDNORM = 64,
	POLLRDBAND = 128,
	POLLWRNORM = 256,
	POLLWRBAND = 512,
	POLLRDHUP = 0x2000
};

/* Keeps a queue that may otherwise go before its file does. */
struct poll_keeper {
	void (*get)(struct waitq *q);
	void (*put)(struct waitq *q);
};

/* A poller; fops->poll calls poll_wait for each queue that can make it ready. */
struct poll_table {
	void (*queue)(struct poll_table *pt, struct waitq *q);
	unsigned events; /* what a wake-up of the queue being joined can mean */
	const struct poll_keeper
		*keeper; /* of the queue being joined; NULL: it lives as long as its file */
};

static inline void poll_wait_kept(struct poll_table *pt, struct waitq *q, unsigned events,
				  const struct poll_keeper *keeper)
{
	if (!pt || !pt->queue)
		return;
	pt->events = events;
	pt->keeper = keeper;
	pt->queue(pt, q);
}

/* @q is woken for @events (POLL*) only. */
static inline void poll_wait_for(struct poll_table *pt, struct waitq *q, unsigned events)
{
	poll_wait_kept(pt, q, events, NULL);
}

static inline void poll_wait(struct poll_table *pt, struct waitq *q)
{
	poll_wait_kept(pt, q, ~0U, NULL);
}

struct pollfd_k {
	int fd;
	short events, revents;
};
/* poll(2) body on a kernel array. @deadline_ns absolute. Return: ready count, 0 at the deadline, -EINTR, -ENOMEM. */
long poll_files(struct pollfd_k *fds, unsigned nr, uint64_t deadline_ns);

#endif
