/* Asynchronous I/O, io_setup(2): contexts and the ring of their events. */
#ifndef FS_AIO_H
#define FS_AIO_H

#include "base/compiler.h"
#include "base/types.h"

struct aio_ctx;
struct file;

/* What became of a request: struct io_event, the same for all programs. */
struct aio_event {
	uint64_t data, obj;
	int64_t res, res2;
};

/* A context with room for @nr_events in the caller's memory, at *id. 0, -EINVAL, -EAGAIN (fs.aio-max-nr), -ENOMEM. */
int must_check aio_create(unsigned nr_events, uaddr_t *id);
/* The caller's context at @id with a reference, or NULL. */
struct aio_ctx *aio_find(uaddr_t id);
void aio_put(struct aio_ctx *ctx);
/* No more requests or events, and its ring at @id goes; waits for what other threads have under way. 0, -EINVAL: somebody
 * else's was first. */
int must_check aio_destroy(struct aio_ctx *ctx, uaddr_t id);
unsigned aio_room(const struct aio_ctx *ctx); /* events that the ring can have */

/* Place for one event in the ring: 0, -EAGAIN. It is used by aio_complete or given back by aio_unreserve. May sleep. */
int must_check aio_reserve(struct aio_ctx *ctx);
void aio_unreserve(struct aio_ctx *ctx);
/* @resfd: an eventfd that is told, or NULL. Takes over its reference. May sleep. */
void aio_complete(struct aio_ctx *ctx, const struct aio_event *e, struct file *resfd);

/**
 * aio_events - wait for @min events and take up to @nr of them.
 * @deadline_ns: absolute; 0: what is there.
 * Return: how many were copied to @to; -EINVAL: the context is gone; -EFAULT, -EINTR when there are none.
 */
long aio_events(struct aio_ctx *ctx, long min, long nr, uaddr_t to, uint64_t deadline_ns);

/* IOCB_CMD_POLL: the event comes once @f has one of @events, its result says which. Takes over the reserved place and, when it
 * returns 0, the references of @f and @resfd. 0, -EINVAL (nothing to wait for), -ENOMEM. */
int must_check aio_poll(struct aio_ctx *ctx, struct file *f, unsigned events,
			const struct aio_event *e, struct file *resfd);
/* The poll request whose block is at @obj ends without having been ready: its event comes all the same. 0, -EINVAL: none such. */
int must_check aio_cancel(struct aio_ctx *ctx, uint64_t obj);

void aio_init(void); /* /proc/sys/fs/aio-nr, aio-max-nr */

#endif
