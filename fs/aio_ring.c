/*
 * Asynchronous I/O: the ring of events.
 *
 *     head ──> e e e e <── tail       taken at head: by io_getevents(2), or by the program itself; put at tail: here
 *
 * OWNS     tail, and how many places are given away.
 * I1       events in the ring and places given away are at most nr - 1: an event that was promised has a place.
 * I2       head is the program's, read afresh each time and taken modulo nr; tail is ours, the program's copy is only written.
 * LOCKS    ctx->lock (mutex, rank FS_FILE) around each use of the ring, user copies of events included.
 * CONTEXT  tasks; may sleep.   COST  an event: two writes into the page cache.
 * FAILS    as io_submit(2), io_getevents(2).
 * SOURCES  io_getevents(2), libaio's ring.   TESTED BY  tests/guest/file_aio.c
 */
#include "aio_impl.h"

#include "arch/uaccess.h"
#include "base/errno.h"
#include "fs/event.h"
#include "fs/file.h"
#include "mm/mapping.h"

static unsigned ring_head(struct aio_ctx *ctx) must_hold(ctx->lock)
{
	uint32_t head = 0;

	(void)mapping_read_kernel(ctx->mapping, &head, sizeof(head),
				  offsetof(struct aio_ring, head));
	return head % ctx->nr;
}

static void put_ring(struct aio_ctx *ctx, unsigned offset, uint32_t v)
{
	(void)mapping_write_kernel(ctx->mapping, &v, sizeof(v), offset);
}

static uint64_t event_offset(unsigned i)
{
	return sizeof(struct aio_ring) + (uint64_t)i * sizeof(struct aio_event);
}

int aio_reserve(struct aio_ctx *ctx)
{
	int err = -EAGAIN;
	unsigned used;

	mutex_lock(&ctx->lock);
	used = (ctx->tail + ctx->nr - ring_head(ctx)) % ctx->nr;
	if (ctx->dead)
		err = -EINVAL;
	else if (used + ctx->pending < ctx->nr - 1) {
		ctx->pending++;
		err = 0;
	}
	mutex_unlock(&ctx->lock);
	return err;
}

void aio_unreserve(struct aio_ctx *ctx)
{
	mutex_lock(&ctx->lock);
	ctx->pending--;
	mutex_unlock(&ctx->lock);
	waitq_wake_all(&ctx->wait);
}

void aio_complete(struct aio_ctx *ctx, const struct aio_event *e, struct file *resfd)
{
	mutex_lock(&ctx->lock);
	(void)mapping_write_kernel(ctx->mapping, e, sizeof(*e), event_offset(ctx->tail));
	ctx->tail = (ctx->tail + 1) % ctx->nr;
	put_ring(ctx, offsetof(struct aio_ring, tail), ctx->tail);
	ctx->pending--;
	mutex_unlock(&ctx->lock);
	waitq_wake_all(&ctx->wait);
	if (resfd) {
		eventfd_signal(resfd);
		fput(resfd);
	}
}

/* ---- io_getevents(2) ---- */

struct taking {
	struct aio_ctx *ctx;
	long min, nr, done;
	uaddr_t to;
	int err;
};

/* Take what is there. Return: is that all that was waited for? */
static bool take(struct taking *t)
{
	struct aio_ctx *ctx = t->ctx;
	struct aio_event e;
	unsigned head;

	mutex_lock(&ctx->lock);
	head = ring_head(ctx);
	while (!t->err && t->done < t->nr && head != ctx->tail) {
		(void)mapping_read_kernel(ctx->mapping, &e, sizeof(e), event_offset(head));
		if (put_user(t->to + (size_t)t->done * sizeof(e), &e)) {
			t->err = -EFAULT;
			break;
		}
		t->done++;
		head = (head + 1) % ctx->nr;
		put_ring(ctx, offsetof(struct aio_ring, head), head);
	}
	if (ctx->dead)
		t->err = -EINVAL;
	mutex_unlock(&ctx->lock);
	return t->err || t->done >= t->min;
}

long aio_events(struct aio_ctx *ctx, long min, long nr, uaddr_t to, uint64_t deadline_ns)
{
	struct taking t = { .ctx = ctx, .min = min, .nr = nr, .to = to };
	int err = 0;

	if (!take(&t) && deadline_ns)
		err = wait_event_mode(&ctx->wait, take(&t), PARK_INTERRUPTIBLE, deadline_ns);
	if (t.done)
		return t.done;
	return t.err ? t.err : err == -EINTR ? -EINTR : 0;
}
