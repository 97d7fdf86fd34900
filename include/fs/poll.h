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

/* A poller; fops->poll calls poll_wait for each queue that can make it ready. */
struct poll_table {
	void (*queue)(struct poll_table *pt, struct waitq *q);
};

static inline void poll_wait(struct poll_table *pt, struct waitq *q)
{
	if (pt && pt->queue)
		pt->queue(pt, q);
}

struct pollfd_k {
	int fd;
	short events, revents;
};
/* poll(2) body on a kernel array. @deadline_ns absolute. Return: ready count, 0 at the deadline, -EINTR, -ENOMEM. */
long poll_files(struct pollfd_k *fds, unsigned nr, uint64_t deadline_ns);

#endif
